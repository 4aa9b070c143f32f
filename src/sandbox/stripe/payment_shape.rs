//! The JSON of Stripe's charges and refunds, with every key of the published 2026-08 fixtures.

use super::ledger::Ledger;
use super::shape::{NESTED, address, hash, seconds};
use super::{Charge, Customer, Refund};
use crate::json::Json;

/// A charge.
pub(crate) fn charge(j: &mut Json, ledger: &Ledger, c: &Charge) {
    let customer = ledger.customers.get(c.customer);
    let paid = c.failure.is_none();
    let h = customer.map_or(0, |c| hash(&c.id));
    j.open();
    j.text("id", &c.id);
    j.text("object", "charge");
    j.int("amount", c.amount);
    j.int("amount_captured", if paid { c.amount } else { 0 });
    j.int("amount_refunded", c.refunded);
    j.nulls(&["application", "application_fee", "application_fee_amount"]);
    j.text_or_null("balance_transaction", paid.then(|| c.id.replacen("ch_", "txn_", 1)).as_deref());
    j.key("billing_details");
    j.open();
    match customer {
        Some(customer) => address(j, "address", customer),
        None => j.null("address"),
    }
    j.text_or_null("email", customer.and_then(|c| c.mail.as_deref()));
    j.text_or_null("name", customer.and_then(|c| c.name.as_deref()));
    j.text_or_null("phone", customer.and_then(|c| c.phone.as_deref()));
    j.null("tax_id");
    j.close();
    j.text("calculated_statement_descriptor", "SANDBOX");
    j.flag("captured", paid);
    j.int("created", seconds(c.created_ms));
    j.text("currency", c.currency);
    j.text_or_null("customer", customer.map(|c| c.id.as_str()));
    j.text("description", c.description);
    j.flag("disputed", false);
    j.null("failure_balance_transaction");
    j.text_or_null("failure_code", c.failure.map(|f| f.0));
    j.text_or_null("failure_message", c.failure.map(|f| f.1));
    j.put("fraud_details", "{}");
    j.flag("livemode", false);
    j.put("metadata", "{}");
    j.null("on_behalf_of");
    if paid {
        j.put(
            "outcome",
            r#"{"advice_code":null,"network_advice_code":null,"network_decline_code":null,"network_status":"approved_by_network","reason":null,"seller_message":"Payment complete.","type":"authorized"}"#,
        );
    } else {
        j.put(
            "outcome",
            r#"{"advice_code":"try_again_later","network_advice_code":null,"network_decline_code":null,"network_status":"declined_by_network","reason":"generic_decline","seller_message":"The bank declined the payment.","type":"issuer_declined"}"#,
        );
    }
    j.flag("paid", paid);
    j.text("payment_intent", &c.intent);
    j.text("payment_method", &format!("pm_1R{}", crate::text::base62(h, 2, 22)));
    j.key("payment_method_details");
    j.open();
    card(j, h, c.amount);
    j.text("type", "card");
    j.close();
    j.nulls(&["receipt_email", "receipt_number", "receipt_url"]);
    j.flag("refunded", paid && c.refunded == c.amount);
    j.key("refunds");
    j.open();
    j.text("object", "list");
    j.key("data");
    j.open_list();
    for r in c.refunds.iter().rev().take(NESTED).filter_map(|at| ledger.refunds.get(*at)) {
        refund_of(j, c, customer, r);
    }
    j.close_list();
    j.flag("has_more", c.refunds.len() > NESTED);
    j.text("url", &format!("/v1/charges/{}/refunds", c.id));
    j.close();
    j.nulls(&[
        "review",
        "shipping",
        "source",
        "source_transfer",
        "statement_descriptor",
        "statement_descriptor_suffix",
    ]);
    j.text("status", if paid { "succeeded" } else { "failed" });
    j.nulls(&["transfer_data", "transfer_group"]);
    j.close();
}

fn card(j: &mut Json, h: u64, amount: i64) {
    let (brand, last4) = match h % 3 {
        0 => ("visa", 4_242),
        1 => ("mastercard", 4_444),
        _ => ("amex", 8_431),
    };
    j.key("card");
    j.open();
    j.int("amount_authorized", amount);
    j.null("authorization_code");
    j.text("brand", brand);
    j.put(
        "checks",
        r#"{"address_line1_check":null,"address_postal_code_check":null,"cvc_check":"pass"}"#,
    );
    j.text("country", "US");
    j.int("exp_month", 1 + (h >> 8) as i64 % 12);
    j.int("exp_year", 2_028 + (h >> 16) as i64 % 4);
    j.put("extended_authorization", r#"{"status":"disabled"}"#);
    j.text("fingerprint", &crate::text::base62(h, 3, 16));
    j.text("funding", "credit");
    j.put("incremental_authorization", r#"{"status":"unavailable"}"#);
    j.null("installments");
    j.text("last4", &last4.to_string());
    j.null("mandate");
    j.put("multicapture", r#"{"status":"unavailable"}"#);
    j.text("network", brand);
    j.put("network_token", r#"{"used":false}"#);
    j.null("network_transaction_id");
    j.put(
        "overcapture",
        &format!(r#"{{"maximum_amount_capturable":{amount},"status":"unavailable"}}"#),
    );
    j.text("regulated_status", "unregulated");
    j.nulls(&["three_d_secure", "transaction_link_id", "wallet"]);
    j.close();
}

/// A refund.
pub(crate) fn refund(j: &mut Json, ledger: &Ledger, r: &Refund) {
    if let Some(charge) = ledger.charges.get(r.charge) {
        refund_of(j, charge, ledger.customers.get(charge.customer), r);
    }
}

fn refund_of(j: &mut Json, c: &Charge, customer: Option<&Customer>, r: &Refund) {
    j.open();
    j.text("id", &r.id);
    j.text("object", "refund");
    j.int("amount", r.amount);
    j.text("balance_transaction", &r.id.replacen("re_", "txn_", 1));
    j.text("charge", &c.id);
    j.int("created", seconds(r.created_ms));
    j.text("currency", c.currency);
    j.text_or_null("customer", customer.map(|c| c.id.as_str()));
    j.null("customer_account");
    j.put("destination_details", r#"{"card":{"reference":null,"reference_status":"pending","reference_type":"acquirer_reference_number","type":"refund"},"type":"card"}"#);
    j.put("metadata", "{}");
    j.text("payment_intent", &c.intent);
    j.text_or_null(
        "payment_method",
        customer.map(|c| format!("pm_1R{}", crate::text::base62(hash(&c.id), 2, 22))).as_deref(),
    );
    j.text_or_null("reason", r.reason);
    j.nulls(&["receipt_number", "source_transfer_reversal"]);
    j.text("status", "succeeded");
    j.null("transfer_reversal");
    j.close();
}
