//! The JSON of Stripe's customers, subscriptions, invoices and events, with every key of the published 2026-08 fixtures.

use super::ledger::{Ledger, What, prefix};
use super::payment_shape::{charge, refund};
use super::{
    Customer, Event, Interval, Invoice, InvoiceStatus, Line, Subscription, VERSION, unit_amount,
};
use crate::json::Json;
use crate::rng::mix;

/// How many items a list inside an object holds before it must be paged.
pub(crate) const NESTED: usize = 10;

pub(super) fn seconds(ms: i64) -> i64 {
    ms.div_euclid(1_000)
}

pub(super) fn hash(text: &str) -> u64 {
    text.bytes().fold(0x811c_9dc5, |h, b| mix(h ^ u64::from(b)))
}

/// Any object by its kind and place.
pub(crate) fn object(ledger: &Ledger, what: What, at: usize) -> Option<String> {
    let mut j = Json::with_capacity(3_000);
    match what {
        What::Customer => customer(&mut j, ledger.customers.get(at)?),
        What::Subscription => subscription(&mut j, ledger, ledger.subscriptions.get(at)?),
        What::Invoice => invoice(&mut j, ledger, ledger.invoices.get(at)?, false),
        What::Charge => charge(&mut j, ledger, ledger.charges.get(at)?),
        What::Refund => refund(&mut j, ledger, ledger.refunds.get(at)?),
    }
    Some(j.into_string())
}

pub(super) fn address(j: &mut Json, name: &str, c: &Customer) {
    j.key(name);
    j.open();
    j.text("city", &c.city);
    j.text("country", c.country);
    j.text_or_null("line1", c.line1.as_deref());
    j.null("line2");
    j.text("postal_code", &c.zip);
    j.text_or_null("state", Some(c.state.as_str()).filter(|s| !s.is_empty()));
    j.close();
}

fn metadata(j: &mut Json, pairs: &[(&'static str, String)]) {
    j.key("metadata");
    j.open();
    for (key, value) in pairs {
        j.text(key, value);
    }
    j.close();
}

/// A customer.
pub(crate) fn customer(j: &mut Json, c: &Customer) {
    j.open();
    j.text("id", &c.id);
    j.text("object", "customer");
    if c.line1.is_some() || !c.zip.is_empty() {
        address(j, "address", c);
    } else {
        j.null("address");
    }
    j.int("balance", 0);
    j.int("created", seconds(c.created_ms));
    j.text("currency", c.currency);
    j.null("default_source");
    j.flag("delinquent", c.delinquent);
    j.text_or_null("description", c.description.as_deref());
    j.null("discount");
    j.text_or_null("email", c.mail.as_deref());
    j.text("invoice_prefix", &prefix(&c.id));
    j.put("invoice_settings", r#"{"custom_fields":null,"default_payment_method":null,"footer":null,"rendering_options":null}"#);
    j.flag("livemode", false);
    metadata(j, &c.metadata);
    j.text_or_null("name", c.name.as_deref());
    j.int("next_invoice_sequence", c.invoices + 1);
    j.text_or_null("phone", c.phone.as_deref());
    j.put("preferred_locales", "[]");
    j.null("shipping");
    j.text("tax_exempt", "none");
    j.null("test_clock");
    j.close();
}

fn price_id(plan: usize, interval: Interval, currency: &str) -> String {
    let h = mix(plan as u64 * 31 + u64::from(interval == Interval::Year)) ^ hash(currency);
    format!("price_1R{}", crate::text::base62(h, 1, 22))
}

fn product_id(plan: usize) -> String {
    format!("prod_{}", crate::text::base62(mix(plan as u64 + 77), 1, 14))
}

/// When the price list was made: before anything else in the sandbox's world.
const PRICES_CREATED: i64 = 1_672_531_200;

fn price(j: &mut Json, s: &Subscription) {
    let amount = unit_amount(s.plan, s.interval, s.currency);
    j.open();
    j.text("id", &price_id(s.plan, s.interval, s.currency));
    j.text("object", "price");
    j.flag("active", true);
    j.text("billing_scheme", "per_unit");
    j.int("created", PRICES_CREATED);
    j.text("currency", s.currency);
    j.null("custom_unit_amount");
    j.flag("livemode", false);
    j.null("lookup_key");
    j.put("metadata", "{}");
    j.text("nickname", super::PLANS.get(s.plan).map_or("", |p| p.0));
    j.text("product", &product_id(s.plan));
    j.key("recurring");
    j.open();
    j.text("interval", s.interval.name());
    j.int("interval_count", 1);
    j.null("meter");
    j.null("trial_period_days");
    j.text("usage_type", "licensed");
    j.close();
    j.text("tax_behavior", "unspecified");
    j.nulls(&["tiers_mode", "transform_quantity"]);
    j.text("type", "recurring");
    j.int("unit_amount", amount);
    j.text("unit_amount_decimal", &amount.to_string());
    j.close();
}

fn plan(j: &mut Json, s: &Subscription) {
    let amount = unit_amount(s.plan, s.interval, s.currency);
    j.open();
    j.text("id", &price_id(s.plan, s.interval, s.currency));
    j.text("object", "plan");
    j.flag("active", true);
    j.int("amount", amount);
    j.text("amount_decimal", &amount.to_string());
    j.text("billing_scheme", "per_unit");
    j.int("created", PRICES_CREATED);
    j.text("currency", s.currency);
    j.text("interval", s.interval.name());
    j.int("interval_count", 1);
    j.flag("livemode", false);
    j.put("metadata", "{}");
    j.null("meter");
    j.text("nickname", super::PLANS.get(s.plan).map_or("", |p| p.0));
    j.text("product", &product_id(s.plan));
    j.nulls(&["tiers_mode", "transform_usage", "trial_period_days"]);
    j.text("usage_type", "licensed");
    j.close();
}

/// The item of a subscription.
pub(crate) fn subscription_item(j: &mut Json, s: &Subscription) {
    j.open();
    j.text("id", &s.item);
    j.text("object", "subscription_item");
    j.null("billing_thresholds");
    j.int("created", seconds(s.created_ms) + 1);
    j.int("current_period_end", seconds(s.period_end_ms));
    j.int("current_period_start", seconds(s.period_start_ms));
    j.put("discounts", "[]");
    j.put("metadata", "{}");
    j.key("plan");
    plan(j, s);
    j.key("price");
    price(j, s);
    j.int("quantity", s.quantity);
    j.text("subscription", &s.id);
    j.put("tax_rates", "[]");
    j.close();
}

/// A subscription.
pub(crate) fn subscription(j: &mut Json, ledger: &Ledger, s: &Subscription) {
    j.open();
    j.text("id", &s.id);
    j.text("object", "subscription");
    j.nulls(&["application", "application_fee_percent"]);
    j.put("automatic_tax", r#"{"disabled_reason":null,"enabled":false,"liability":null}"#);
    j.int("billing_cycle_anchor", seconds(s.anchor_ms));
    j.null("billing_cycle_anchor_config");
    j.put("billing_mode", r#"{"flexible":null,"type":"classic"}"#);
    j.put("billing_schedules", "[]");
    j.null("billing_thresholds");
    j.int_or_null("cancel_at", s.cancel_at_period_end.then_some(seconds(s.period_end_ms)));
    j.flag("cancel_at_period_end", s.cancel_at_period_end);
    j.int_or_null("canceled_at", s.canceled_ms.map(seconds));
    j.key("cancellation_details");
    j.open();
    j.null("comment");
    j.text_or_null("feedback", s.feedback);
    j.text_or_null("reason", s.cancel_reason);
    j.close();
    j.text(
        "collection_method",
        if s.sends_invoice { "send_invoice" } else { "charge_automatically" },
    );
    j.int("created", seconds(s.created_ms));
    j.text("currency", s.currency);
    j.text_or_null("customer", ledger.customers.get(s.customer).map(|c| c.id.as_str()));
    j.null("customer_account");
    j.int_or_null("days_until_due", s.sends_invoice.then_some(30));
    j.nulls(&["default_payment_method", "default_source"]);
    j.put("default_tax_rates", "[]");
    j.null("description");
    j.put("discounts", "[]");
    j.int_or_null("ended_at", s.ended_ms.map(seconds));
    j.put("invoice_settings", r#"{"account_tax_ids":null,"custom_fields":null,"description":null,"footer":null,"issuer":{"type":"self"}}"#);
    j.key("items");
    j.open();
    j.text("object", "list");
    j.key("data");
    j.open_list();
    subscription_item(j, s);
    j.close_list();
    j.flag("has_more", false);
    j.text("url", &format!("/v1/subscription_items?subscription={}", s.id));
    j.close();
    j.text_or_null(
        "latest_invoice",
        s.latest_invoice.and_then(|i| ledger.invoices.get(i)).map(|i| i.id.as_str()),
    );
    j.flag("livemode", false);
    j.put("managed_payments", r#"{"enabled":false}"#);
    let deal: Vec<(&'static str, String)> =
        s.deal.iter().map(|d| ("hubspot_deal_id", d.to_string())).collect();
    metadata(j, &deal);
    j.null("next_pending_invoice_item_invoice");
    j.null("on_behalf_of");
    match s.paused_until_ms {
        Some(until) => {
            j.key("pause_collection");
            j.open();
            j.text("behavior", "void");
            j.int("resumes_at", seconds(until));
            j.close();
        }
        None => j.null("pause_collection"),
    }
    j.put("payment_settings", r#"{"payment_method_options":null,"payment_method_types":null,"save_default_payment_method":"off"}"#);
    j.nulls(&[
        "pending_invoice_item_interval",
        "pending_setup_intent",
        "pending_update",
        "schedule",
    ]);
    j.int("start_date", seconds(s.created_ms));
    j.text("status", s.status.name());
    j.nulls(&["test_clock", "transfer_data"]);
    j.int_or_null("trial_end", s.trial.map(|t| seconds(t.1)));
    j.put("trial_settings", r#"{"end_behavior":{"missing_payment_method":"create_invoice"}}"#);
    j.int_or_null("trial_start", s.trial.map(|t| seconds(t.0)));
    j.close();
}

/// A line of an invoice.
pub(crate) fn line(j: &mut Json, ledger: &Ledger, i: &Invoice, l: &Line) {
    let s = i.subscription.and_then(|at| ledger.subscriptions.get(at));
    j.open();
    j.text("id", &l.id);
    j.text("object", "line_item");
    j.int("amount", l.amount);
    j.text("currency", i.currency);
    j.text("description", &l.description);
    j.put("discount_amounts", "[]");
    j.flag("discountable", true);
    j.put("discounts", "[]");
    j.text("invoice", &i.id);
    j.flag("livemode", false);
    j.put("metadata", "{}");
    j.key("parent");
    j.open();
    match s {
        Some(s) => {
            j.null("invoice_item_details");
            j.key("subscription_item_details");
            j.open();
            j.null("invoice_item");
            j.flag("proration", l.proration);
            j.put("proration_details", r#"{"credited_items":null}"#);
            j.text("subscription", &s.id);
            j.text("subscription_item", &s.item);
            j.close();
            j.text("type", "subscription_item_details");
        }
        None => {
            j.key("invoice_item_details");
            j.open();
            j.text("invoice_item", &l.id.replacen("il_", "ii_", 1));
            j.flag("proration", false);
            j.put("proration_details", r#"{"credited_items":null}"#);
            j.null("subscription");
            j.close();
            j.null("subscription_item_details");
            j.text("type", "invoice_item_details");
        }
    }
    j.close();
    j.key("period");
    j.open();
    j.int("end", seconds(l.period.1));
    j.int("start", seconds(l.period.0));
    j.close();
    j.put("pretax_credit_amounts", "[]");
    j.key("pricing");
    j.open();
    match s.filter(|_| !l.proration) {
        Some(s) => {
            j.key("price_details");
            j.open();
            j.text("price", &price_id(s.plan, s.interval, s.currency));
            j.text("product", &product_id(s.plan));
            j.close();
        }
        None => j.null("price_details"),
    }
    j.text("type", "price_details");
    j.text("unit_amount_decimal", &(l.amount / l.quantity.max(1)).to_string());
    j.close();
    j.int("quantity", l.quantity);
    j.text("quantity_decimal", &l.quantity.to_string());
    j.text_or_null("subscription", s.map(|s| s.id.as_str()));
    j.int("subtotal", l.amount);
    j.put("taxes", "[]");
    j.close();
}

/// An invoice; with `payments` its list of payments is expanded.
pub(crate) fn invoice(j: &mut Json, ledger: &Ledger, i: &Invoice, payments: bool) {
    let c = ledger.customers.get(i.customer);
    j.open();
    j.text("id", &i.id);
    j.text("object", "invoice");
    j.text("account_country", "US");
    j.text("account_name", "Sandbox");
    j.null("account_tax_ids");
    let due = if i.status == InvoiceStatus::Void { 0 } else { i.total };
    j.int("amount_due", due);
    j.int("amount_overpaid", 0);
    j.int("amount_paid", i.paid);
    j.int("amount_remaining", due - i.paid.min(due));
    j.int("amount_shipping", 0);
    j.null("application");
    j.int("attempt_count", i.attempts);
    j.flag("attempted", i.attempts > 0 || i.paid_ms.is_some());
    j.flag("auto_advance", matches!(i.status, InvoiceStatus::Draft | InvoiceStatus::Open));
    j.put("automatic_tax", r#"{"disabled_reason":null,"enabled":false,"liability":null,"provider":null,"status":null}"#);
    j.int_or_null(
        "automatically_finalizes_at",
        (i.status == InvoiceStatus::Draft).then_some(seconds(i.created_ms) + 3_600),
    );
    j.text("billing_reason", i.reason);
    j.text(
        "collection_method",
        if i.sends_invoice { "send_invoice" } else { "charge_automatically" },
    );
    j.int("created", seconds(i.created_ms));
    j.text("currency", i.currency);
    j.null("custom_fields");
    j.text_or_null("customer", c.map(|c| c.id.as_str()));
    j.null("customer_account");
    match c.filter(|c| c.line1.is_some()) {
        Some(c) => address(j, "customer_address", c),
        None => j.null("customer_address"),
    }
    j.text_or_null("customer_email", i.customer_mail.as_deref());
    j.text_or_null("customer_name", i.customer_name.as_deref());
    j.text_or_null("customer_phone", i.customer_phone.as_deref());
    j.null("customer_shipping");
    j.text("customer_tax_exempt", "none");
    j.put("customer_tax_ids", "[]");
    j.nulls(&["default_payment_method", "default_source"]);
    j.put("default_tax_rates", "[]");
    j.null("description");
    j.put("discounts", "[]");
    j.int_or_null("due_date", i.due_ms.map(seconds));
    j.int_or_null("effective_at", i.finalized_ms.map(seconds));
    j.int_or_null("ending_balance", i.finalized_ms.map(|_| 0));
    j.nulls(&["footer", "from_invoice", "hosted_invoice_url", "invoice_pdf"]);
    j.put("issuer", r#"{"type":"self"}"#);
    j.nulls(&["last_finalization_error", "latest_revision"]);
    j.key("lines");
    j.open();
    j.text("object", "list");
    j.key("data");
    j.open_list();
    for l in i.lines.iter().take(NESTED) {
        line(j, ledger, i, l);
    }
    j.close_list();
    j.flag("has_more", i.lines.len() > NESTED);
    j.text("url", &format!("/v1/invoices/{}/lines", i.id));
    j.close();
    j.flag("livemode", false);
    j.put("metadata", "{}");
    j.int_or_null("next_payment_attempt", i.next_attempt_ms.map(seconds));
    j.text_or_null("number", i.finalized_ms.map(|_| i.number.as_str()));
    j.null("on_behalf_of");
    match i.subscription.and_then(|at| ledger.subscriptions.get(at)) {
        Some(s) => {
            j.key("parent");
            j.open();
            j.null("quote_details");
            j.key("subscription_details");
            j.open();
            j.put("metadata", "{}");
            j.text("subscription", &s.id);
            j.close();
            j.text("type", "subscription_details");
            j.close();
        }
        None => j.null("parent"),
    }
    j.put(
        "payment_settings",
        r#"{"default_mandate":null,"payment_method_options":null,"payment_method_types":null}"#,
    );
    if payments {
        j.key("payments");
        j.open();
        j.text("object", "list");
        j.key("data");
        j.open_list();
        if i.intent.is_some() {
            invoice_payment(j, i);
        }
        j.close_list();
        j.flag("has_more", false);
        j.text("url", &format!("/v1/invoice_payments?invoice={}", i.id));
        j.close();
    }
    j.int("period_end", seconds(i.period.1));
    j.int("period_start", seconds(i.period.0));
    j.int("post_payment_credit_notes_amount", 0);
    j.int("pre_payment_credit_notes_amount", 0);
    j.nulls(&["receipt_number", "rendering", "shipping_cost", "shipping_details"]);
    j.int("starting_balance", 0);
    j.null("statement_descriptor");
    j.text("status", i.status.name());
    j.key("status_transitions");
    j.open();
    j.int_or_null("finalized_at", i.finalized_ms.map(seconds));
    j.int_or_null("marked_uncollectible_at", i.uncollectible_ms.map(seconds));
    j.int_or_null("paid_at", i.paid_ms.map(seconds));
    j.int_or_null("voided_at", i.voided_ms.map(seconds));
    j.close();
    // newer API versions name the subscription under `parent` only
    j.null("subscription");
    j.int("subtotal", i.total);
    j.int("subtotal_excluding_tax", i.total);
    j.null("test_clock");
    j.int("total", i.total);
    j.put("total_discount_amounts", "[]");
    j.int("total_excluding_tax", i.total);
    j.put("total_pretax_credit_amounts", "[]");
    j.put("total_taxes", "[]");
    j.int_or_null("webhooks_delivered_at", i.finalized_ms.map(seconds));
    j.close();
}

/// What pays an invoice.
pub(crate) fn invoice_payment(j: &mut Json, i: &Invoice) {
    j.open();
    j.text("id", &i.id.replacen("in_", "inpay_", 1));
    j.text("object", "invoice_payment");
    j.int_or_null("amount_paid", i.paid_ms.map(|_| i.paid));
    j.int("amount_requested", i.total);
    j.int("created", seconds(i.finalized_ms.unwrap_or(i.created_ms)));
    j.text("currency", i.currency);
    j.text("invoice", &i.id);
    j.flag("is_default", true);
    j.flag("livemode", false);
    j.key("payment");
    j.open();
    j.text_or_null("payment_intent", i.intent.as_deref());
    j.text("type", "payment_intent");
    j.close();
    j.text(
        "status",
        match i.status {
            InvoiceStatus::Paid => "paid",
            InvoiceStatus::Void => "canceled",
            _ => "open",
        },
    );
    j.key("status_transitions");
    j.open();
    j.int_or_null("canceled_at", i.voided_ms.map(seconds));
    j.int_or_null("paid_at", i.paid_ms.map(seconds));
    j.close();
    j.close();
}

/// A journal entry.
pub(crate) fn event(j: &mut Json, e: &Event) {
    j.open();
    j.text("id", &e.id);
    j.text("object", "event");
    j.text("api_version", VERSION);
    j.int("created", seconds(e.created_ms));
    j.key("data");
    j.open();
    j.put("object", &e.object);
    if let Some(previous) = &e.previous {
        j.put("previous_attributes", previous);
    }
    j.close();
    j.flag("livemode", false);
    j.int("pending_webhooks", 0);
    j.put("request", r#"{"id":null,"idempotency_key":null}"#);
    j.text("type", e.kind);
    j.close();
}
