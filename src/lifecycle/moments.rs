//! Facts as a timeline: what happened when, in one order that does not depend on how facts arrived.
//!
//! Owns how a fact is dated and what it means for the rules. Refuses the rules themselves.

use crate::rules::{action_word, stage_word};
use domain::{
    Canonical, DealStatus, Fact, InvoiceStatus, LinkRole, PaymentStatus, ProfileFacts, RecordId,
    SubscriptionStatus, SurveyKind, Timestamp, VendorStay,
};
use std::collections::{BTreeMap, BTreeSet};

/// Something that happened. The order of the variants is the order within one instant: what adds
/// comes before what takes away, engagement before purchase.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// A record of the profile exists.
    Known,
    /// A person gave contact data; the vendor's stage word beside it.
    ContactData(Option<String>),
    /// A source claims a stage (normalised word).
    VendorStage(String),
    /// A marketing action (normalised word).
    Touch(String),
    /// A support request.
    Ticket,
    /// A subscription began to run.
    SubscriptionStarted,
    /// A deal was opened.
    DealOpened,
    /// A payment succeeded.
    Paid,
    /// An invoice was paid.
    InvoicePaid,
    /// A deal was won.
    DealWon,
    /// An answer to a recommendation survey.
    Nps(i64),
    /// A deal was lost.
    DealLost,
    /// The record, a payment or its invoice, no longer counts: given back in full.
    GivenBack(RecordId),
    /// A subscription ended.
    SubscriptionEnded,
    /// A source says that a stage (normalised word) was left for an earlier one.
    VendorStageLeft(String),
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    pub at: Timestamp,
    pub what: What,
    pub record: RecordId,
    /// Whether the time is a guess (see the crate's documentation).
    pub guessed: bool,
}

/// The time that a fact states, by the field that means it.
fn own_time(fact: &Fact) -> Option<Timestamp> {
    let own = match &fact.body {
        Canonical::Contact(c) => c.created_at,
        Canonical::Company(c) => c.created_at,
        Canonical::Deal(d) => d.created_at,
        Canonical::Ticket(t) => t.created_at,
        Canonical::Subscription(s) => s.started_at,
        Canonical::Invoice(i) => i.paid_at.or(i.issued_at),
        Canonical::Payment(p) => p.paid_at,
        Canonical::Refund(r) => r.refunded_at,
        Canonical::Spend(s) => Some(s.day.start_utc()),
        Canonical::Touchpoint(t) => t.touched_at,
        Canonical::SurveyResponse(s) => s.responded_at,
        Canonical::UsageEvent(u) => u.used_at,
        Canonical::ExchangeRate(e) => Some(e.day.start_utc()),
    };
    own.or(fact.occurred_at)
}

/// When undated facts are taken to have happened.
fn fallback(facts: &[Fact], now: Timestamp) -> Timestamp {
    let created = facts
        .iter()
        .filter(|fact| matches!(fact.body, Canonical::Contact(_) | Canonical::Company(_)))
        .filter_map(own_time)
        .min();
    created.or_else(|| facts.iter().filter_map(own_time).min()).unwrap_or(now).min(now)
}

/// The timeline up to `now`, each moment once.
pub(crate) fn moments(profile: &ProfileFacts, now: Timestamp) -> Vec<Moment> {
    let fallback = fallback(&profile.facts, now);
    let mut list = Vec::with_capacity(profile.facts.len() * 2);
    let mut add = |at: Option<Timestamp>, record: RecordId, what: What| {
        let (at, guessed) = at.map_or((fallback, true), |at| (at, false));
        list.push(Moment { at, what, record, guessed });
    };
    for fact in &profile.facts {
        let at = own_time(fact);
        let record = fact.record;
        if !matches!(fact.body, Canonical::Spend(_) | Canonical::ExchangeRate(_)) {
            add(at, record, What::Known);
        }
        match &fact.body {
            Canonical::Contact(contact) => {
                let claims = claims(contact.vendor_stage.as_deref(), &contact.vendor_stays, at);
                if !contact.emails.is_empty() || !contact.phones.is_empty() {
                    // The stage beside the data was that of then, and became another one.
                    let then = claims.at(at).or_else(|| claims.present.clone());
                    add(at, record, What::ContactData(then));
                    for (entered, stage) in &claims.entered {
                        let entered = entered.max(&at);
                        add(*entered, record, What::ContactData(Some(stage.clone())));
                    }
                }
                claims.tell(|at, what| add(at, record, what));
            }
            Canonical::Company(company) => {
                let claims = claims(company.vendor_stage.as_deref(), &company.vendor_stays, at);
                claims.tell(|at, what| add(at, record, what));
            }
            Canonical::Touchpoint(touch) => {
                add(at, record, What::Touch(action_word(&touch.action)))
            }
            Canonical::Ticket(_) => add(at, record, What::Ticket),
            Canonical::Deal(deal) => {
                let closed = deal.closed_at.or(fact.occurred_at).or(at);
                // A deal that closed before it was created was opened no later than it closed.
                let opened = match (deal.status, at, closed) {
                    (DealStatus::Won | DealStatus::Lost, Some(at), Some(closed)) => {
                        Some(at.min(closed))
                    }
                    _ => at,
                };
                add(opened, record, What::DealOpened);
                match deal.status {
                    DealStatus::Open => {}
                    DealStatus::Won => add(closed, record, What::DealWon),
                    DealStatus::Lost => add(closed, record, What::DealLost),
                }
            }
            Canonical::Subscription(sub) => {
                let end = ended(sub, at);
                // A trial that never became a contract was no contract, and nobody left.
                let trial = end.is_some() && sub.trial_end >= end;
                if sub.status != SubscriptionStatus::Incomplete && !trial {
                    add(at, record, What::SubscriptionStarted);
                    if end.is_some() || sub.status == SubscriptionStatus::Canceled {
                        add(end, record, What::SubscriptionEnded);
                    }
                }
            }
            Canonical::Invoice(invoice) => {
                let paid = invoice.status == InvoiceStatus::Paid;
                if paid && invoice.total.amount_minor > 0 && invoice.amount_paid_minor > 0 {
                    add(at, record, What::InvoicePaid);
                }
            }
            Canonical::Payment(payment) => {
                if payment.status == PaymentStatus::Succeeded && payment.amount.amount_minor > 0 {
                    add(at, record, What::Paid);
                }
            }
            Canonical::SurveyResponse(answer) => {
                if answer.kind == SurveyKind::Nps {
                    add(at, record, What::Nps(answer.score));
                }
            }
            Canonical::Refund(_)
            | Canonical::Spend(_)
            | Canonical::UsageEvent(_)
            | Canonical::ExchangeRate(_) => {}
        }
    }
    for (at, record, target) in given_back(&profile.facts) {
        add(at, record, What::GivenBack(target));
    }
    list.retain(|moment| moment.at <= now);
    list.sort();
    list.dedup();
    list
}

/// The stages in a vendor's order; of others nobody knows which comes before which.
const VENDOR_ORDER: [&str; 7] = [
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
];

/// What a vendor claims of one record: stages as they are compared.
struct Claims {
    /// Now.
    present: Option<String>,
    /// When each was entered, the earliest first.
    entered: Vec<(Option<Timestamp>, String)>,
    /// When one was left for an earlier one.
    left: Vec<(Timestamp, String)>,
}

/// A present stage without a date of its own is taken to be as old as the record.
fn claims(present: Option<&str>, stays: &[VendorStay], at: Option<Timestamp>) -> Claims {
    let present = present.map(stage_word).filter(|word| !word.is_empty());
    let mut stays: Vec<(Timestamp, String, Option<Timestamp>)> = stays
        .iter()
        .map(|stay| (stay.entered_at, stage_word(&stay.stage), stay.exited_at))
        .filter(|(_, word, _)| !word.is_empty())
        .collect();
    stays.sort();
    let rank = |word: &str| VENDOR_ORDER.iter().position(|known| *known == word);
    let mut left = Vec::new();
    for (entered, word, exited) in &stays {
        let Some(exited) = exited else { continue };
        // What came next: the vendor writes both dates at once, to the second.
        let slack = exited.plus_millis(-1_000);
        let later =
            stays.iter().find(|(at, other, _)| *at >= slack && at >= entered && other != word);
        let next = later.map(|(_, other, _)| other.as_str()).or(present.as_deref());
        let back = match (rank(word), next.map(rank)) {
            // It was cleared.
            (_, None) => true,
            (Some(rank), Some(Some(next))) => next < rank,
            _ => false,
        };
        if back {
            left.push((*exited, word.clone()));
        }
    }
    let dated = |word: &String| stays.iter().any(|(_, other, _)| other == word);
    let undated = present.iter().filter(|word| !dated(word)).map(|word| (at, word.clone()));
    let mut entered: Vec<(Option<Timestamp>, String)> = undated.collect();
    entered.extend(stays.into_iter().map(|(at, word, _)| (Some(at), word)));
    Claims { present, entered, left }
}

impl Claims {
    /// The stage at a moment: the last one entered by then, else the first one.
    fn at(&self, at: Option<Timestamp>) -> Option<String> {
        let mut by_then = self.entered.iter().filter(|(entered, _)| *entered <= at);
        by_then.next_back().or(self.entered.first()).map(|(_, word)| word.clone())
    }

    fn tell(self, mut add: impl FnMut(Option<Timestamp>, What)) {
        for (at, word) in self.entered {
            add(at, What::VendorStage(word));
        }
        for (at, word) in self.left {
            add(Some(at), What::VendorStageLeft(word));
        }
    }
}

/// When a subscription ended, if the sources say so.
pub(crate) fn ended(sub: &domain::Subscription, began: Option<Timestamp>) -> Option<Timestamp> {
    let ended = match sub.status {
        SubscriptionStatus::Canceled => sub.ended_at.or(sub.canceled_at).or(began),
        _ => sub.ended_at,
    }?;
    // An end before the beginning is a mistake of the source; the contract was never longer.
    Some(began.map_or(ended, |began| ended.max(began)))
}

/// Payments whose succeeded refunds reach their amount, and the invoices they paid: the moment at
/// which that became true, the deciding refund, and what no longer counts.
fn given_back(facts: &[Fact]) -> Vec<(Option<Timestamp>, RecordId, RecordId)> {
    let mut refunds: BTreeMap<RecordId, BTreeSet<(Option<Timestamp>, RecordId, i64)>> =
        BTreeMap::new();
    for fact in facts {
        let Canonical::Refund(refund) = &fact.body else { continue };
        if refund.status != PaymentStatus::Succeeded {
            continue;
        }
        for link in refund.links.iter().filter(|link| link.role == LinkRole::Payment) {
            refunds.entry(link.target.id()).or_default().insert((
                own_time(fact),
                fact.record,
                refund.amount.amount_minor,
            ));
        }
    }
    let mut found = Vec::new();
    for fact in facts {
        let Canonical::Payment(payment) = &fact.body else { continue };
        let Some(list) = refunds.get(&fact.record) else { continue };
        if payment.status != PaymentStatus::Succeeded || payment.amount.amount_minor <= 0 {
            continue;
        }
        let paid = own_time(fact);
        let mut sum = 0_i128;
        for (at, record, amount) in list {
            sum += i128::from(*amount);
            if sum >= i128::from(payment.amount.amount_minor) {
                let at = (*at).max(paid);
                found.push((at, *record, fact.record));
                let invoices = payment.links.iter().filter(|l| l.role == LinkRole::Invoice);
                found.extend(invoices.map(|link| (at, *record, link.target.id())));
                break;
            }
        }
    }
    found
}
