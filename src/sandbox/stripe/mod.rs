//! Stripe: customers, subscriptions, invoices, charges and refunds in the order of their
//! creation, and the journal of events. Refuses: deciding what happens, and HTTP itself.

mod api;
mod ledger;
mod payment_shape;
mod shape;

pub(crate) use api::{error, respond};
pub(crate) use ledger::{Ledger, NewSubscription, What};

use crate::calendar::add_months;

/// The API version whose shapes are served.
pub(crate) const VERSION: &str = "2026-08-26.dahlia";

/// How often a price recurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interval {
    Month,
    Year,
}

impl Interval {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The end of a period that begins at a time.
    pub(crate) fn after(self, anchor_ms: i64, periods: i64) -> i64 {
        add_months(anchor_ms, periods * if self == Self::Month { 1 } else { 12 })
    }
}

/// What is sold, in rising order.
pub(crate) static PLANS: [(&str, i64); 4] =
    [("Solo", 1_900), ("Team", 4_900), ("Business", 9_900), ("Enterprise", 24_900)];

/// What a unit costs in minor units; a year costs ten months. The factors are round figures
/// near the exchange rates, so that prices look like prices.
pub(crate) fn unit_amount(plan: usize, interval: Interval, currency: &str) -> i64 {
    let cents = PLANS.get(plan).map_or(1_900, |p| p.1);
    let month = match currency {
        "gbp" => cents * 8 / 10 / 100 * 100,
        "jpy" => cents * 150 / 100 / 100 * 100,
        "pln" => cents * 4 / 100 * 100,
        "inr" => cents * 80 / 1_000 * 1_000,
        "sek" => cents * 10 / 100 * 100,
        _ => cents,
    };
    if interval == Interval::Month { month } else { month * 10 }
}

/// A customer.
#[derive(Debug, Clone)]
pub(crate) struct Customer {
    pub(crate) id: String,
    pub(crate) created_ms: i64,
    pub(crate) name: Option<String>,
    pub(crate) mail: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) currency: &'static str,
    pub(crate) country: &'static str,
    pub(crate) city: String,
    pub(crate) state: String,
    pub(crate) zip: String,
    pub(crate) line1: Option<String>,
    pub(crate) delinquent: bool,
    pub(crate) invoices: i64,
    pub(crate) metadata: Vec<(&'static str, String)>,
    pub(crate) deleted: bool,
    /// Whom the record is really about; never served.
    pub(crate) person: Option<u32>,
    /// Which company the record is really about; never served.
    pub(crate) company: Option<u32>,
}

/// Where a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SubscriptionStatus {
    Trialing,
    Active,
    PastDue,
    Canceled,
}

impl SubscriptionStatus {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Trialing => "trialing",
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Canceled => "canceled",
        }
    }
}

/// A subscription with one item.
#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) item: String,
    pub(crate) customer: usize,
    pub(crate) plan: usize,
    pub(crate) interval: Interval,
    pub(crate) currency: &'static str,
    pub(crate) quantity: i64,
    pub(crate) created_ms: i64,
    pub(crate) anchor_ms: i64,
    /// How many whole periods since the anchor have begun.
    pub(crate) periods: i64,
    pub(crate) period_start_ms: i64,
    pub(crate) period_end_ms: i64,
    pub(crate) trial: Option<(i64, i64)>,
    pub(crate) status: SubscriptionStatus,
    pub(crate) cancel_at_period_end: bool,
    pub(crate) canceled_ms: Option<i64>,
    pub(crate) ended_ms: Option<i64>,
    pub(crate) cancel_reason: Option<&'static str>,
    pub(crate) feedback: Option<&'static str>,
    pub(crate) paused_until_ms: Option<i64>,
    pub(crate) sends_invoice: bool,
    pub(crate) latest_invoice: Option<usize>,
    pub(crate) deal: Option<u64>,
}

/// Where an invoice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InvoiceStatus {
    Draft,
    Open,
    Paid,
    Void,
    Uncollectible,
}

impl InvoiceStatus {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Void => "void",
            Self::Uncollectible => "uncollectible",
        }
    }
}

/// A line of an invoice.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) description: String,
    pub(crate) amount: i64,
    pub(crate) quantity: i64,
    pub(crate) period: (i64, i64),
    pub(crate) proration: bool,
}

/// An invoice; all amounts in minor units.
#[derive(Debug, Clone)]
pub(crate) struct Invoice {
    pub(crate) id: String,
    pub(crate) customer: usize,
    pub(crate) subscription: Option<usize>,
    pub(crate) number: String,
    pub(crate) currency: &'static str,
    pub(crate) created_ms: i64,
    pub(crate) period: (i64, i64),
    pub(crate) reason: &'static str,
    pub(crate) sends_invoice: bool,
    pub(crate) lines: Vec<Line>,
    pub(crate) total: i64,
    pub(crate) paid: i64,
    pub(crate) status: InvoiceStatus,
    pub(crate) attempts: i64,
    pub(crate) next_attempt_ms: Option<i64>,
    pub(crate) due_ms: Option<i64>,
    pub(crate) finalized_ms: Option<i64>,
    pub(crate) paid_ms: Option<i64>,
    pub(crate) voided_ms: Option<i64>,
    pub(crate) uncollectible_ms: Option<i64>,
    /// The payment intent, once something is to be paid by card.
    pub(crate) intent: Option<String>,
    /// What the customer was called when the invoice was made.
    pub(crate) customer_name: Option<String>,
    pub(crate) customer_mail: Option<String>,
    pub(crate) customer_phone: Option<String>,
}

/// A charge.
#[derive(Debug, Clone)]
pub(crate) struct Charge {
    pub(crate) id: String,
    pub(crate) customer: usize,
    pub(crate) intent: String,
    pub(crate) amount: i64,
    pub(crate) refunded: i64,
    pub(crate) currency: &'static str,
    pub(crate) created_ms: i64,
    /// Why it failed.
    pub(crate) failure: Option<(&'static str, &'static str)>,
    pub(crate) description: &'static str,
    pub(crate) refunds: Vec<usize>,
}

/// A refund.
#[derive(Debug, Clone)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) charge: usize,
    pub(crate) amount: i64,
    pub(crate) created_ms: i64,
    pub(crate) reason: Option<&'static str>,
}

/// An entry of the journal, with the object as it was then.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) kind: &'static str,
    pub(crate) created_ms: i64,
    pub(crate) object: Box<str>,
    pub(crate) previous: Option<Box<str>>,
}
