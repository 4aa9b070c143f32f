//! Stripe's HTTP interface: the lists, single objects, nested lists and the journal of events.
//! Answers and errors have the shapes of its published API.

use super::ledger::RETENTION_MS;
use super::{Ledger, SubscriptionStatus, VERSION, What, payment_shape, shape};
use crate::json::Json;
use crate::text::{base62, percent_decode};
use crate::wire::{Reply, Request};

const PAGE_MAX: usize = 100;

/// An error in Stripe's shape.
pub(crate) fn error(status: u16, code: Option<&str>, message: &str, param: Option<&str>) -> Reply {
    let mut j = Json::new();
    j.open();
    j.key("error");
    j.open();
    if let Some(code) = code {
        j.text("code", code);
        j.text(
            "doc_url",
            &format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-")),
        );
    }
    j.text("message", message);
    if let Some(param) = param {
        j.text("param", param);
    }
    j.text(
        "type",
        if status == 429 || status < 500 { "invalid_request_error" } else { "api_error" },
    );
    j.close();
    j.close();
    Reply::json(status, j.into_string())
}

/// The lists that are paged alike.
#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    Customers,
    Subscriptions,
    Invoices,
    Charges,
    Refunds,
    Events,
}

impl List {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "customers" => Some(Self::Customers),
            "subscriptions" => Some(Self::Subscriptions),
            "invoices" => Some(Self::Invoices),
            "charges" => Some(Self::Charges),
            "refunds" => Some(Self::Refunds),
            "events" => Some(Self::Events),
            _ => None,
        }
    }

    fn singular(self) -> &'static str {
        match self {
            Self::Customers => "customer",
            Self::Subscriptions => "subscription",
            Self::Invoices => "invoice",
            Self::Charges => "charge",
            Self::Refunds => "refund",
            Self::Events => "event",
        }
    }

    /// The parameters besides those of paging.
    fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Customers => &["email", "test_clock"],
            Self::Subscriptions => {
                &["customer", "status", "price", "collection_method", "test_clock"]
            }
            Self::Invoices => &["customer", "status", "subscription", "collection_method"],
            Self::Charges => &["customer", "payment_intent", "transfer_group"],
            Self::Refunds => &["charge", "payment_intent"],
            Self::Events => &["type", "types", "delivery_success"],
        }
    }
}

/// What a list is asked for.
#[derive(Default)]
struct Query {
    limit: usize,
    starting_after: Option<String>,
    ending_before: Option<String>,
    /// Bounds of `created` in seconds, inclusive.
    from: i64,
    to: i64,
    filters: Vec<(String, String)>,
    types: Vec<String>,
    expand: Vec<String>,
}

impl Query {
    fn parse(pairs: Vec<(String, String)>, allowed: &[&str]) -> Result<Self, Reply> {
        let mut query = Self { limit: 10, from: i64::MIN, to: i64::MAX, ..Self::default() };
        for (key, value) in pairs {
            let number = |key: &str| {
                value.parse::<i64>().map_err(|_| {
                    error(
                        400,
                        Some("parameter_invalid_integer"),
                        &format!("Invalid integer: {value}"),
                        Some(key),
                    )
                })
            };
            match key.as_str() {
                "limit" => {
                    let limit = number("limit")?;
                    query.limit = usize::try_from(limit).ok().filter(|n| (1..=PAGE_MAX).contains(n)).ok_or_else(|| {
                        error(400, None, &format!("This value must be between 1 and {PAGE_MAX} (it currently is '{limit}')."), Some("limit"))
                    })?;
                }
                "starting_after" => query.starting_after = Some(value),
                "ending_before" => query.ending_before = Some(value),
                "created" => (query.from, query.to) = (number("created")?, number("created")?),
                "created[gte]" => query.from = query.from.max(number("created")?),
                "created[gt]" => query.from = query.from.max(number("created")?.saturating_add(1)),
                "created[lte]" => query.to = query.to.min(number("created")?),
                "created[lt]" => query.to = query.to.min(number("created")?.saturating_sub(1)),
                "types[]" if allowed.contains(&"types") => query.types.push(value),
                other if other.starts_with("types[") && allowed.contains(&"types") => {
                    query.types.push(value)
                }
                other if other == "expand" || other.starts_with("expand[") => {
                    query.expand.push(value)
                }
                other if allowed.contains(&other) => query.filters.push((key, value)),
                other => {
                    return Err(error(
                        400,
                        Some("parameter_unknown"),
                        &format!("Received unknown parameter: {other}"),
                        Some(other),
                    ));
                }
            }
        }
        if query.starting_after.is_some() && query.ending_before.is_some() {
            return Err(error(
                400,
                None,
                "You may only specify one of these parameters: ending_before, starting_after.",
                None,
            ));
        }
        Ok(query)
    }

    fn filter(&self, name: &str) -> Option<&str> {
        self.filters.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
    }
}

/// Answers a request. `version` of the request, when given, is echoed.
pub(crate) fn respond(ledger: &Ledger, request: &Request, now_ms: i64) -> Reply {
    let version = request.version.clone().unwrap_or_else(|| VERSION.to_owned());
    let reply = route(ledger, request, now_ms);
    reply
        .with("Stripe-Version", version)
        .with("Request-Id", format!("req_{}", base62(0x7e9, request.number, 14)))
}

fn route(ledger: &Ledger, request: &Request, now_ms: i64) -> Reply {
    let segments = request.segments();
    let unrecognized = || {
        let message = format!("Unrecognized request URL ({}: {}).", request.method, request.path);
        error(404, None, &message, None)
    };
    if request.method != "GET" {
        return unrecognized();
    }
    match segments.as_slice() {
        ["v1", "account"] => Reply::json(
            200,
            r#"{"id":"acct_1Sandbox00000000","object":"account","country":"US","default_currency":"usd","charges_enabled":true,"payouts_enabled":true,"details_submitted":true,"email":"owner@sandbox.example","type":"standard","metadata":{}}"#.to_owned(),
        ),
        ["v1", "subscription_items"] => subscription_items(ledger, request),
        ["v1", "invoice_payments"] => invoice_payments(ledger, request),
        ["v1", "invoices", id, "lines"] => lines(ledger, &percent_decode(id), request),
        ["v1", "charges", id, "refunds"] => charge_refunds(ledger, &percent_decode(id), request),
        ["v1", name] => match List::parse(name) {
            Some(list) => page(ledger, list, request, now_ms),
            None => unrecognized(),
        },
        ["v1", name, id] => match List::parse(name) {
            Some(list) => single(ledger, list, &percent_decode(id), request, now_ms),
            None => unrecognized(),
        },
        _ => unrecognized(),
    }
}

fn missing(kind: &str, id: &str, param: &str, status: u16) -> Reply {
    error(status, Some("resource_missing"), &format!("No such {kind}: '{id}'"), Some(param))
}

fn expands_payments(query: &Query) -> Result<bool, Reply> {
    match query.expand.iter().find(|e| !matches!(e.as_str(), "data.payments" | "payments")) {
        Some(other) => Err(error(
            400,
            None,
            &format!("This property cannot be expanded ({other})."),
            Some("expand"),
        )),
        None => Ok(!query.expand.is_empty()),
    }
}

fn single(ledger: &Ledger, list: List, id: &str, request: &Request, now_ms: i64) -> Reply {
    let query = match Query::parse(request.pairs(), &[]) {
        Ok(query) => query,
        Err(reply) => return reply,
    };
    if list == List::Events {
        let live =
            ledger.events.iter().find(|e| e.id == id && e.created_ms >= now_ms - RETENTION_MS);
        return match live {
            Some(event) => {
                let mut j = Json::new();
                shape::event(&mut j, event);
                Reply::json(200, j.into_string())
            }
            None => missing("event", id, "id", 404),
        };
    }
    let found = ledger.find(id).filter(|(what, _)| *what == what_of(list));
    let Some((what, at)) = found else { return missing(list.singular(), id, "id", 404) };
    if what == What::Customer && ledger.customers.get(at).is_some_and(|c| c.deleted) {
        let mut j = Json::new();
        j.open();
        j.text("id", id);
        j.text("object", "customer");
        j.flag("deleted", true);
        j.close();
        return Reply::json(200, j.into_string());
    }
    let payments = match expands_payments(&query) {
        Ok(payments) => payments && what == What::Invoice,
        Err(reply) => return reply,
    };
    match (payments, ledger.invoices.get(at)) {
        (true, Some(invoice)) => {
            let mut j = Json::new();
            shape::invoice(&mut j, ledger, invoice, true);
            Reply::json(200, j.into_string())
        }
        _ => Reply::json(200, shape::object(ledger, what, at).unwrap_or_default()),
    }
}

fn what_of(list: List) -> What {
    match list {
        List::Customers => What::Customer,
        List::Subscriptions => What::Subscription,
        List::Invoices => What::Invoice,
        List::Charges | List::Events => What::Charge,
        List::Refunds => What::Refund,
    }
}

/// The time of creation of a listed row in seconds, or `None` when the list leaves it out.
fn listed(ledger: &Ledger, list: List, at: usize, query: &Query, oldest_ms: i64) -> Option<i64> {
    let customer = |at: usize| ledger.customers.get(at);
    // deleting a customer takes its record away, not what it paid
    let is = |name: &str, value: Option<&str>| {
        query.filter(name).is_none_or(|wanted| Some(wanted) == value)
    };
    let created_ms = match list {
        List::Customers => {
            let c = customer(at).filter(|c| !c.deleted)?;
            let mail = query.filter("email").is_none_or(|m| Some(m) == c.mail.as_deref());
            (mail && query.filter("test_clock").is_none()).then_some(c.created_ms)?
        }
        List::Subscriptions => {
            let s = ledger.subscriptions.get(at)?;
            let status = match query.filter("status") {
                Some("all") => true,
                Some("ended") => s.status == SubscriptionStatus::Canceled,
                Some(wanted) => s.status.name() == wanted,
                None => s.status != SubscriptionStatus::Canceled,
            };
            let method = if s.sends_invoice { "send_invoice" } else { "charge_automatically" };
            (status
                && is("customer", customer(s.customer).map(|c| c.id.as_str()))
                && is("collection_method", Some(method)))
            .then_some(s.created_ms)?
        }
        List::Invoices => {
            let i = ledger.invoices.get(at)?;
            let subscription =
                i.subscription.and_then(|s| ledger.subscriptions.get(s)).map(|s| s.id.as_str());
            let method = if i.sends_invoice { "send_invoice" } else { "charge_automatically" };
            (is("customer", customer(i.customer).map(|c| c.id.as_str()))
                && is("status", Some(i.status.name()))
                && is("subscription", subscription)
                && is("collection_method", Some(method)))
            .then_some(i.created_ms)?
        }
        List::Charges => {
            let c = ledger.charges.get(at)?;
            (is("customer", customer(c.customer).map(|c| c.id.as_str()))
                && is("payment_intent", Some(&c.intent))
                && is("transfer_group", None))
            .then_some(c.created_ms)?
        }
        List::Refunds => {
            let r = ledger.refunds.get(at)?;
            let charge = ledger.charges.get(r.charge);
            (is("charge", charge.map(|c| c.id.as_str()))
                && is("payment_intent", charge.map(|c| c.intent.as_str())))
            .then_some(r.created_ms)?
        }
        List::Events => {
            let e = ledger.events.get(at)?;
            let wanted = |pattern: &str| match pattern.strip_suffix('*') {
                Some(prefix) => e.kind.starts_with(prefix),
                None => e.kind == pattern,
            };
            let kind = (query.types.is_empty() || query.types.iter().any(|t| wanted(t)))
                && query.filter("type").is_none_or(wanted);
            (kind && e.created_ms >= oldest_ms).then_some(e.created_ms)?
        }
    };
    let created = created_ms.div_euclid(1_000);
    (query.from <= created && created <= query.to).then_some(created)
}

fn page(ledger: &Ledger, list: List, request: &Request, now_ms: i64) -> Reply {
    let query = match Query::parse(request.pairs(), list.parameters()) {
        Ok(query) => query,
        Err(reply) => return reply,
    };
    if list == List::Subscriptions
        && let Some(status) = query.filter("status")
        && ![
            "all",
            "ended",
            "active",
            "past_due",
            "unpaid",
            "canceled",
            "incomplete",
            "incomplete_expired",
            "trialing",
            "paused",
        ]
        .contains(&status)
    {
        return error(400, None, "Invalid status", Some("status"));
    }
    let payments = match expands_payments(&query) {
        Ok(payments) => payments,
        Err(reply) => return reply,
    };
    let count = match list {
        List::Customers => ledger.customers.len(),
        List::Subscriptions => ledger.subscriptions.len(),
        List::Invoices => ledger.invoices.len(),
        List::Charges => ledger.charges.len(),
        List::Refunds => ledger.refunds.len(),
        List::Events => ledger.events.len(),
    };
    let oldest_ms = now_ms - RETENTION_MS;
    // the place of the object a page goes on from; a deleted one is not there any more
    let place = |id: &str| match list {
        List::Events => ledger.events.iter().position(|e| e.id == id),
        _ => ledger
            .find(id)
            .filter(|(what, at)| {
                *what == what_of(list)
                    && !(list == List::Customers
                        && ledger.customers.get(*at).is_some_and(|c| c.deleted))
            })
            .map(|(_, at)| at),
    };
    let accepted = |at: &usize| listed(ledger, list, *at, &query, oldest_ms).is_some();
    let (rows, more): (Vec<usize>, bool) = if let Some(id) = &query.ending_before {
        let Some(at) = place(id) else { return missing(list.singular(), id, "ending_before", 400) };
        let mut newer = (at + 1..count).filter(accepted);
        let mut rows: Vec<usize> = newer.by_ref().take(query.limit).collect();
        rows.reverse();
        (rows, newer.next().is_some())
    } else {
        let end = match &query.starting_after {
            Some(id) => match place(id) {
                Some(at) => at,
                None => return missing(list.singular(), id, "starting_after", 400),
            },
            None => count,
        };
        let mut older = (0..end).rev().filter(accepted);
        let rows = older.by_ref().take(query.limit).collect();
        (rows, older.next().is_some())
    };
    let mut j = Json::with_capacity(rows.len() * 3_200 + 200);
    j.open();
    j.text("object", "list");
    j.key("data");
    j.open_list();
    for at in rows {
        match (list, payments, ledger.invoices.get(at)) {
            (List::Events, ..) => {
                if let Some(event) = ledger.events.get(at) {
                    shape::event(&mut j, event);
                }
            }
            (List::Invoices, true, Some(invoice)) => shape::invoice(&mut j, ledger, invoice, true),
            _ => {
                if let Some(object) = shape::object(ledger, what_of(list), at) {
                    j.raw(&object);
                }
            }
        }
    }
    j.close_list();
    j.flag("has_more", more);
    j.text("url", &request.path);
    j.close();
    Reply::json(200, j.into_string())
}

/// A list inside an object, in its own order.
fn nested<T>(
    rows: &[T],
    id: impl Fn(&T) -> String,
    kind: &str,
    request: &Request,
    allowed: &[&str],
    write: impl Fn(&mut Json, &T),
) -> Reply {
    let query = match Query::parse(request.pairs(), allowed) {
        Ok(query) => query,
        Err(reply) => return reply,
    };
    let start = match &query.starting_after {
        None => 0,
        Some(after) => match rows.iter().position(|row| id(row) == *after) {
            Some(at) => at + 1,
            None => return missing(kind, after, "starting_after", 400),
        },
    };
    let end = (start + query.limit).min(rows.len());
    let mut j = Json::with_capacity(2_000);
    j.open();
    j.text("object", "list");
    j.key("data");
    j.open_list();
    rows.get(start..end).unwrap_or(&[]).iter().for_each(|row| write(&mut j, row));
    j.close_list();
    j.flag("has_more", end < rows.len());
    j.text("url", &request.path);
    j.close();
    Reply::json(200, j.into_string())
}

fn lines(ledger: &Ledger, id: &str, request: &Request) -> Reply {
    let Some(invoice) = ledger
        .find(id)
        .filter(|(what, _)| *what == What::Invoice)
        .and_then(|(_, at)| ledger.invoices.get(at))
    else {
        return missing("invoice", id, "invoice", 404);
    };
    nested(
        &invoice.lines,
        |l| l.id.clone(),
        "line_item",
        request,
        &[],
        |j, l| shape::line(j, ledger, invoice, l),
    )
}

fn charge_refunds(ledger: &Ledger, id: &str, request: &Request) -> Reply {
    let Some(charge) = ledger
        .find(id)
        .filter(|(what, _)| *what == What::Charge)
        .and_then(|(_, at)| ledger.charges.get(at))
    else {
        return missing("charge", id, "charge", 404);
    };
    let rows: Vec<_> =
        charge.refunds.iter().rev().filter_map(|at| ledger.refunds.get(*at)).collect();
    nested(
        &rows,
        |r| r.id.clone(),
        "refund",
        request,
        &[],
        |j, r| payment_shape::refund(j, ledger, r),
    )
}

fn subscription_items(ledger: &Ledger, request: &Request) -> Reply {
    let pairs = request.pairs();
    let Some((_, id)) = pairs.iter().find(|(k, _)| k == "subscription") else {
        return error(
            400,
            Some("parameter_missing"),
            "Missing required param: subscription.",
            Some("subscription"),
        );
    };
    let found = ledger
        .find(id)
        .filter(|(what, _)| *what == What::Subscription)
        .and_then(|(_, at)| ledger.subscriptions.get(at));
    let Some(subscription) = found else { return missing("subscription", id, "subscription", 404) };
    nested(
        &[subscription],
        |s| s.item.clone(),
        "subscription_item",
        request,
        &["subscription"],
        |j, s| shape::subscription_item(j, s),
    )
}

fn invoice_payments(ledger: &Ledger, request: &Request) -> Reply {
    let pairs = request.pairs();
    let find = |key: &str| pairs.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
    let rows: Vec<&super::Invoice> = ledger
        .invoices
        .iter()
        .rev()
        .filter(|i| i.intent.is_some())
        .filter(|i| find("invoice").is_none_or(|id| i.id == id))
        .filter(|i| {
            find("payment[payment_intent]").is_none_or(|id| i.intent.as_deref() == Some(id))
        })
        .collect();
    let allowed = ["invoice", "status", "payment[type]", "payment[payment_intent]"];
    nested(
        &rows,
        |i| i.id.replacen("in_", "inpay_", 1),
        "invoice_payment",
        request,
        &allowed,
        |j, i| shape::invoice_payment(j, i),
    )
}
