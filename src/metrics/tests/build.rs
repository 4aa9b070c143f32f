//! Short ways to write facts.

use crate::{Dims, Margin, Policy, Sources};
use domain::*;

pub(super) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub(super) fn money(code: &str, minor: i64) -> Money {
    Money::from_minor(minor, Currency::parse(code).unwrap())
}

pub(super) fn key(stream: &str, id: i64) -> RecordKey {
    RecordKey::new("s", stream, id.to_string())
}

pub(super) fn fact(stream: &str, id: i64, body: Canonical) -> Fact {
    Fact { record: key(stream, id).id(), occurred_at: None, owned: true, body }
}

pub(super) fn paid(id: i64, when: &str, amount: Money, status: PaymentStatus) -> Fact {
    let body = Payment {
        status,
        amount,
        method: None,
        failure_code: None,
        paid_at: Timestamp::parse(when),
        links: Vec::new(),
    };
    fact("payments", id, Canonical::Payment(body))
}

pub(super) fn payment(id: i64, when: &str, amount: Money) -> Fact {
    paid(id, when, amount, PaymentStatus::Succeeded)
}

pub(super) fn refund(id: i64, of: i64, when: &str, amount: Money) -> Fact {
    let body = Refund {
        status: PaymentStatus::Succeeded,
        amount,
        reason: None,
        refunded_at: Timestamp::parse(when),
        links: vec![Link { role: LinkRole::Payment, target: key("payments", of) }],
    };
    fact("refunds", id, Canonical::Refund(body))
}

pub(super) fn used(id: i64, when: Timestamp) -> Fact {
    let body = UsageEvent { action: None, quantity: None, used_at: Some(when), links: Vec::new() };
    fact("usage", id, Canonical::UsageEvent(body))
}

pub(super) fn ticket(id: i64, when: &str, status: TicketStatus) -> Fact {
    let body = Ticket {
        subject: None,
        status,
        priority: None,
        channel: None,
        comment_count: None,
        created_at: Timestamp::parse(when),
        first_replied_at: None,
        solved_at: None,
        links: Vec::new(),
    };
    fact("tickets", id, Canonical::Ticket(body))
}

pub(super) fn answer(id: i64, when: &str, kind: SurveyKind, score: i64) -> Fact {
    let responded_at = Timestamp::parse(when);
    let body = SurveyResponse { kind, score, comment: None, responded_at, links: Vec::new() };
    fact("surveys", id, Canonical::SurveyResponse(body))
}

pub(super) fn item(minor: i64, interval: Interval, count: u32) -> SubscriptionItem {
    SubscriptionItem { product: None, amount_minor: minor, interval, interval_count: count }
}

pub(super) fn subscription(code: &str, items: Vec<SubscriptionItem>) -> Subscription {
    Subscription {
        status: SubscriptionStatus::Active,
        currency: Currency::parse(code).unwrap(),
        items,
        started_at: Some(at("2024-01-01")),
        trial_end: None,
        current_period_end: None,
        canceled_at: None,
        ended_at: None,
        cancellation_reason: None,
        links: Vec::new(),
    }
}

pub(super) fn profile(facts: Vec<Fact>) -> ProfileFacts {
    ProfileFacts {
        profile: ProfileId(1),
        kind: ProfileKind::Company,
        sources: Default::default(),
        facts,
        overrides: Vec::new(),
    }
}

pub(super) fn spend(day: &str, channel: Option<&str>, amount: Money) -> Spend {
    let channel = channel.map(str::to_owned);
    Spend {
        day: Date::parse(day).unwrap(),
        channel,
        campaign: None,
        kind: SpendKind::PaidMedia,
        amount,
    }
}

pub(super) fn dims(segment: &str, channel: Option<&str>, stage: Stage) -> Dims {
    Dims { segment: segment.to_owned(), channel: channel.map(str::to_owned), stage }
}

pub(super) fn policy(margin: Option<&str>) -> Policy {
    Policy { gross_margin: margin.map(|m| Margin::parse(m).unwrap()), ..Policy::default() }
}

pub(super) const ALL: Sources = Sources {
    has_payments: true,
    has_tickets: true,
    has_surveys: true,
    has_subscriptions: true,
    has_spend: true,
    has_usage: true,
};

/// All months up to January 2027.
pub(super) const SPAN: crate::Span = crate::Span { from: None, to: None, now: Month(2027 * 12) };
