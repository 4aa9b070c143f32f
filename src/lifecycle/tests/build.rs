//! Short ways to write facts.

use crate::{Lifecycle, Rules, derive};
use domain::*;

pub(super) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub(super) fn key(stream: &str, id: i64) -> RecordKey {
    RecordKey::new("s", stream, id.to_string())
}

fn fact(stream: &str, id: i64, body: Canonical) -> Fact {
    Fact { record: key(stream, id).id(), occurred_at: None, owned: true, body }
}

pub(super) fn contact(id: i64, created: &str, vendor_stage: Option<&str>) -> Fact {
    let body = Contact {
        emails: vec![Pii::new("a@example.com")],
        vendor_stage: vendor_stage.map(str::to_owned),
        created_at: Timestamp::parse(created),
        ..Contact::default()
    };
    fact("contacts", id, Canonical::Contact(body))
}

pub(super) fn company(id: i64, created: &str) -> Fact {
    let body = Company { created_at: Timestamp::parse(created), ..Company::default() };
    fact("companies", id, Canonical::Company(body))
}

pub(super) fn deal(id: i64, created: &str, closed: Option<(&str, DealStatus)>) -> Fact {
    let body = Deal {
        name: None,
        pipeline: None,
        deal_stage: None,
        status: closed.map_or(DealStatus::Open, |(_, status)| status),
        amount: None,
        created_at: Timestamp::parse(created),
        closed_at: closed.and_then(|(at, _)| Timestamp::parse(at)),
        links: Vec::new(),
    };
    fact("deals", id, Canonical::Deal(body))
}

pub(super) fn eur(minor: i64) -> Money {
    Money::from_minor(minor, Currency::parse("EUR").unwrap())
}

pub(super) fn payment(id: i64, paid: &str) -> Fact {
    let body = Payment {
        status: PaymentStatus::Succeeded,
        amount: eur(1000),
        method: None,
        failure_code: None,
        paid_at: Timestamp::parse(paid),
        links: vec![Link { role: LinkRole::Invoice, target: key("invoices", id) }],
    };
    fact("payments", id, Canonical::Payment(body))
}

pub(super) fn invoice(id: i64, paid: &str, minor: i64) -> Fact {
    let body = Invoice {
        number: None,
        status: InvoiceStatus::Paid,
        total: eur(minor),
        tax_minor: None,
        amount_paid_minor: minor,
        issued_at: None,
        due_at: None,
        paid_at: Timestamp::parse(paid),
        links: Vec::new(),
    };
    fact("invoices", id, Canonical::Invoice(body))
}

pub(super) fn refund(id: i64, of: i64, when: &str, minor: i64) -> Fact {
    let body = Refund {
        status: PaymentStatus::Succeeded,
        amount: eur(minor),
        reason: None,
        refunded_at: Timestamp::parse(when),
        links: vec![Link { role: LinkRole::Payment, target: key("payments", of) }],
    };
    fact("refunds", id, Canonical::Refund(body))
}

pub(super) fn touch(id: i64, when: &str, action: &str) -> Fact {
    let body = Touchpoint {
        action: action.to_owned(),
        channel: None,
        campaign: None,
        touched_at: Timestamp::parse(when),
        links: Vec::new(),
    };
    fact("touchpoints", id, Canonical::Touchpoint(body))
}

pub(super) fn nps(id: i64, when: &str, score: i64) -> Fact {
    let body = SurveyResponse {
        kind: SurveyKind::Nps,
        score,
        comment: None,
        responded_at: Timestamp::parse(when),
        links: Vec::new(),
    };
    fact("surveys", id, Canonical::SurveyResponse(body))
}

pub(super) fn subscription(status: SubscriptionStatus, began: &str) -> Subscription {
    Subscription {
        status,
        currency: Currency::parse("EUR").unwrap(),
        items: Vec::new(),
        started_at: Timestamp::parse(began),
        trial_end: None,
        current_period_end: None,
        canceled_at: None,
        ended_at: None,
        cancellation_reason: None,
        links: Vec::new(),
    }
}

pub(super) fn subscribed(id: i64, sub: Subscription) -> Fact {
    fact("subscriptions", id, Canonical::Subscription(sub))
}

pub(super) fn canceled(id: i64, began: &str, ended: &str, reason: Option<&str>) -> Fact {
    let sub = Subscription {
        ended_at: Timestamp::parse(ended),
        cancellation_reason: reason.map(str::to_owned),
        ..subscription(SubscriptionStatus::Canceled, began)
    };
    subscribed(id, sub)
}

pub(super) fn profile(facts: Vec<Fact>) -> ProfileFacts {
    ProfileFacts {
        profile: ProfileId(1),
        kind: ProfileKind::Person,
        sources: Default::default(),
        facts,
        overrides: Vec::new(),
    }
}

pub(super) fn life(facts: Vec<Fact>, now: &str) -> Lifecycle {
    derive(&profile(facts), &Rules::default(), at(now))
}

/// The history as lines: day, stage, rule.
pub(super) fn lines(life: &Lifecycle) -> Vec<String> {
    let day = |at: Timestamp| at.to_string().chars().take(10).collect::<String>();
    let steps = life.transitions.iter();
    steps.map(|t| format!("{} {} {}", day(t.occurred_at), t.to.as_str(), t.rule_id)).collect()
}

/// What must be true of every history.
pub(super) fn assert_sound(life: &Lifecycle, now: Timestamp) {
    assert!(!life.transitions.is_empty());
    assert_eq!(life.transitions[0].from, None);
    assert_eq!(life.transitions[0].direction, Direction::Entry);
    for pair in life.transitions.windows(2) {
        assert_eq!(pair[1].from, Some(pair[0].to));
        assert_ne!(pair[0].to, pair[1].to);
        assert!(pair[0].occurred_at <= pair[1].occurred_at);
        let forward = pair[1].to > pair[0].to;
        assert_eq!(pair[1].direction == Direction::Forward, forward);
    }
    let last = life.transitions.last().unwrap();
    assert!(last.occurred_at <= now);
    assert_eq!((life.stage, life.stage_since), (last.to, last.occurred_at));
    assert!(life.transitions.iter().all(|t| !t.reason.is_empty() && t.evidence.len() <= 5));
}
