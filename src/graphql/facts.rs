//! Deals, tickets, subscriptions, invoices, payments, refunds, touchpoints, survey responses.
//!
//! Owns their types and the one way in which a customer's lists of them are answered.

use crate::asked::asked;
use crate::connection::{Page, connection, cursor, place};
use crate::enums::{
    BillingInterval, DealStatus, InvoiceStatus, PaymentStatus, SubscriptionStatus, SurveyKind,
    TicketStatus,
};
use crate::loaders::{FactsOf, Total};
use crate::records::RecordReference;
use crate::scalars::{CurrencyCode, DateTime, MoneyValue, int};
use async_graphql::{Context, ID, SimpleObject};
use domain::{Canonical, Currency, Money, RecordId, Timestamp};
use store::StoreError;
use store::read::{Fact, FactKind, Slice};

/// A GraphQL type that shows one kind of fact.
pub(crate) trait FromFact: Sized {
    /// Its kind.
    const KIND: FactKind;
    /// The fact as its type.
    fn from_fact(fact: &Fact) -> Result<Self, StoreError>;
}

/// The id of a fact: its kind and its record.
fn fact_id(kind: FactKind, fact: &Fact) -> ID {
    ID(format!("{}:{}", kind.as_str(), fact.record.id))
}

fn time(at: Option<Timestamp>) -> Option<DateTime> {
    at.map(DateTime)
}

fn minor(amount: i64, currency: Currency) -> MoneyValue {
    Money::from_minor(amount, currency).into()
}

/// Declares a fact's type: the three fields that all have, and its own.
macro_rules! fact {
    ($(#[$doc:meta])* $name:ident, $kind:ident,
     { $($(#[$fdoc:meta])* $field:ident: $ty:ty = |$body:ident| $value:expr,)* }) => {
        $(#[$doc])*
        #[derive(SimpleObject)]
        pub(crate) struct $name {
            /// Globally unique; see `node`.
            id: ID,
            /// When it happened; when it was first seen, if the source does not say.
            occurred_at: DateTime,
            /// The source record behind it.
            record: RecordReference,
            $($(#[$fdoc])* $field: $ty,)*
        }
        impl $name {
            /// The id, as the interface `Node` asks for it.
            pub(crate) async fn node_id(&self, _ctx: &Context<'_>) -> async_graphql::Result<ID> {
                Ok(self.id.clone())
            }
        }
        impl FromFact for $name {
            const KIND: FactKind = FactKind::$kind;
            fn from_fact(fact: &Fact) -> Result<Self, StoreError> {
                let Canonical::$kind(body) = &fact.body else {
                    return Err(StoreError::Corrupt { what: "profile_fact.kind" });
                };
                Ok(Self {
                    id: fact_id(FactKind::$kind, fact),
                    occurred_at: DateTime(fact.occurred),
                    record: (&fact.record).into(),
                    $($field: { let $body = body; $value },)*
                })
            }
        }
    };
}

fact!(
    /// A sales opportunity. A deal stage is not a lifecycle stage.
    Deal, Deal, {
        /// Name.
        name: Option<String> = |d| d.name.clone(),
        /// Pipeline, as the source names it.
        pipeline: Option<String> = |d| d.pipeline.clone(),
        /// Stage in the pipeline, as the source names it.
        deal_stage: Option<String> = |d| d.deal_stage.clone(),
        /// Open, won or lost.
        status: DealStatus = |d| d.status.into(),
        /// Amount, if known.
        amount: Option<MoneyValue> = |d| d.amount.map(Into::into),
        /// When it was opened.
        created_at: Option<DateTime> = |d| time(d.created_at),
        /// When it was won or lost.
        closed_at: Option<DateTime> = |d| time(d.closed_at),
    }
);

fact!(
    /// A support request.
    Ticket, Ticket, {
        /// Subject line.
        subject: Option<String> = |t| t.subject.as_ref().map(|s| s.expose().to_owned()),
        /// Where it stands.
        status: TicketStatus = |t| t.status.into(),
        /// Priority, as the source names it.
        priority: Option<String> = |t| t.priority.clone(),
        /// How it came in, as the source names it.
        channel: Option<String> = |t| t.channel.clone(),
        /// Number of comments, if known.
        comment_count: Option<i32> = |t| t.comment_count.map(int),
        /// When it was opened.
        created_at: Option<DateTime> = |t| time(t.created_at),
        /// When an agent answered first; to the minute where the source says how long it took.
        first_replied_at: Option<DateTime> = |t| time(t.first_replied_at),
        /// When it was solved.
        solved_at: Option<DateTime> = |t| time(t.solved_at),
    }
);

/// One line of a subscription.
#[derive(SimpleObject)]
pub(crate) struct SubscriptionItem {
    /// Product or price, as the source names it.
    product: Option<String>,
    /// Amount per interval for the whole quantity.
    amount: MoneyValue,
    /// The billing interval.
    interval: BillingInterval,
    /// Number of intervals between bills.
    interval_count: i32,
}

fact!(
    /// A recurring contract.
    Subscription, Subscription, {
        /// Where it stands.
        status: SubscriptionStatus = |s| s.status.into(),
        /// Currency of all items.
        currency: CurrencyCode = |s| CurrencyCode(s.currency),
        /// Its lines.
        items: Vec<SubscriptionItem> = |s| s.items.iter().map(|item| SubscriptionItem {
            product: item.product.clone(),
            amount: minor(item.amount_minor, s.currency),
            interval: item.interval.into(),
            interval_count: int(i64::from(item.interval_count)),
        }).collect(),
        /// When it began.
        started_at: Option<DateTime> = |s| time(s.started_at),
        /// When the trial ends or ended.
        trial_end: Option<DateTime> = |s| time(s.trial_end),
        /// When the paid period ends.
        current_period_end: Option<DateTime> = |s| time(s.current_period_end),
        /// When cancellation was asked for.
        canceled_at: Option<DateTime> = |s| time(s.canceled_at),
        /// When it ended.
        ended_at: Option<DateTime> = |s| time(s.ended_at),
        /// Reason of the cancellation, as the source names it.
        cancellation_reason: Option<String> = |s| s.cancellation_reason.clone(),
    }
);

fact!(
    /// A bill.
    Invoice, Invoice, {
        /// Number shown to the customer.
        number: Option<String> = |i| i.number.clone(),
        /// Where it stands.
        status: InvoiceStatus = |i| i.status.into(),
        /// Total with tax.
        total: MoneyValue = |i| i.total.into(),
        /// Tax within the total; null when the source does not say.
        tax: Option<MoneyValue> = |i| i.tax_minor.map(|tax| minor(tax, i.total.currency)),
        /// Paid so far.
        amount_paid: MoneyValue = |i| minor(i.amount_paid_minor, i.total.currency),
        /// When it was issued.
        issued_at: Option<DateTime> = |i| time(i.issued_at),
        /// When it is due.
        due_at: Option<DateTime> = |i| time(i.due_at),
        /// When it was paid in full.
        paid_at: Option<DateTime> = |i| time(i.paid_at),
    }
);

fact!(
    /// Money received, or an attempt to.
    Payment, Payment, {
        /// Where it stands.
        status: PaymentStatus = |p| p.status.into(),
        /// Amount.
        amount: MoneyValue = |p| p.amount.into(),
        /// Method, as the source names it.
        method: Option<String> = |p| p.method.clone(),
        /// Why it failed, as the source names it.
        failure_code: Option<String> = |p| p.failure_code.clone(),
        /// When the money moved.
        paid_at: Option<DateTime> = |p| time(p.paid_at),
    }
);

fact!(
    /// Money given back.
    Refund, Refund, {
        /// Where it stands.
        status: PaymentStatus = |r| r.status.into(),
        /// Amount, positive.
        amount: MoneyValue = |r| r.amount.into(),
        /// Why, as the source names it.
        reason: Option<String> = |r| r.reason.clone(),
        /// When the money moved.
        refunded_at: Option<DateTime> = |r| time(r.refunded_at),
    }
);

fact!(
    /// A contact with the company's marketing.
    Touchpoint, Touchpoint, {
        /// What happened, as the source names it.
        action: String = |t| t.action.clone(),
        /// Channel.
        channel: Option<String> = |t| t.channel.clone(),
        /// Campaign, as the source names it.
        campaign: Option<String> = |t| t.campaign.clone(),
        /// When.
        touched_at: Option<DateTime> = |t| time(t.touched_at),
    }
);

fact!(
    /// An answer to a survey.
    SurveyResponse, SurveyResponse, {
        /// Which survey.
        kind: SurveyKind = |s| s.kind.into(),
        /// NPS: 0 to 10. CSAT: 1 to 5.
        score: i32 = |s| int(s.score),
        /// Comment.
        comment: Option<String> = |s| s.comment.as_ref().map(|c| c.expose().to_owned()),
        /// When.
        responded_at: Option<DateTime> = |s| time(s.responded_at),
    }
);

fact!(
    /// A use of the product.
    UsageEvent, UsageEvent, {
        /// What was used, as the source names it.
        action: Option<String> = |u| u.action.clone(),
        /// How often or how much, if the source counts; null beyond 32 bits.
        quantity: Option<i32> = |u| u.quantity.and_then(|n| i32::try_from(n).ok()),
        /// When.
        used_at: Option<DateTime> = |u| time(u.used_at),
    }
);

connection!(
    /// Deals of a customer, the newest first.
    DealConnection, DealEdge, Deal, total
);
connection!(
    /// Tickets of a customer, the newest first.
    TicketConnection, TicketEdge, Ticket, total
);
connection!(
    /// Subscriptions of a customer, the newest first.
    SubscriptionConnection, SubscriptionEdge, Subscription, total
);
connection!(
    /// Invoices of a customer, the newest first.
    InvoiceConnection, InvoiceEdge, Invoice, total
);
connection!(
    /// Payments of a customer, the newest first.
    PaymentConnection, PaymentEdge, Payment, total
);
connection!(
    /// Refunds of a customer, the newest first.
    RefundConnection, RefundEdge, Refund, total
);
connection!(
    /// Touchpoints of a customer, the newest first.
    TouchpointConnection, TouchpointEdge, Touchpoint, total
);
connection!(
    /// Survey responses of a customer, the newest first.
    SurveyResponseConnection, SurveyResponseEdge, SurveyResponse, total
);
connection!(
    /// Uses of the product by a customer, the newest first.
    UsageEventConnection, UsageEventEdge, UsageEvent, total
);

/// A page of a customer's facts of a kind, newest first.
pub(crate) async fn facts<N: FromFact, C>(
    ctx: &Context<'_>,
    customer: i64,
    first: Option<i32>,
    after: Option<String>,
    connection: fn(Page<N>, Total) -> C,
) -> async_graphql::Result<Option<C>> {
    let asked = asked(ctx)?;
    if let Some(area) = N::KIND.area() {
        asked.see(area)?;
    }
    let list = N::KIND.as_str();
    let first = asked.size("first", first)?;
    let after = after.map(|text| place::<(i64, i64)>("after", list, &text)).transpose()?;
    let start = after.map(|(at, id)| (Timestamp::from_millis(at), RecordId(id)));
    let slice = Slice { limit: first + 1, after: start };
    let rows = asked.loaders.facts.load(customer, FactsOf { kind: N::KIND, slice }).await?;
    let rows = rows
        .iter()
        .take(first as usize + 1)
        .map(|fact| {
            let key = (fact.occurred.as_millis(), fact.record.id.0);
            Ok((cursor(list, &key), N::from_fact(fact)?))
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    let page = Page::forward(rows, first, after.is_some());
    Ok(Some(connection(page, Total::Facts(N::KIND, customer))))
}
