//! The numbers of one profile.
//!
//! Owns what counts for a person or a company by itself: every fact linked to it, owned or not.
//! Sums over profiles are made of [`crate::cells`] instead, in which a fact counts once.

use crate::mrr::subscription_mrr;
use crate::{Measured, NullReason, Policy, Ratio, Share, Sources};
use domain::{
    Canonical, Currency, Fact, Money, PaymentStatus, ProfileFacts, RecordId, SurveyKind,
    TicketStatus, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is measured of one profile at a moment. Money lists hold one entry per currency, by code;
/// an empty list is a known zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    /// Succeeded payments less succeeded refunds, tax included.
    pub revenue: Measured<Vec<Money>>,
    /// Succeeded payments.
    pub gross_payments: Measured<Vec<Money>>,
    /// Succeeded refunds, positive.
    pub refunded: Measured<Vec<Money>>,
    /// Historic CLV as revenue: `revenue` over the whole relationship.
    pub revenue_clv: Measured<Vec<Money>>,
    /// Historic CLV as margin: `revenue_clv` times the policy's gross margin.
    pub margin_clv: Measured<Vec<Money>>,
    /// Monthly recurring revenue at the moment.
    pub mrr: Measured<Vec<Money>>,
    /// The first succeeded payment, refunded or not.
    pub first_payment_at: Measured<Timestamp>,
    /// The last succeeded payment.
    pub last_payment_at: Measured<Timestamp>,
    /// Succeeded payments.
    pub payment_count: Measured<i64>,
    /// Failed attempts to pay.
    pub failed_payment_count: Measured<i64>,
    /// Tickets.
    pub ticket_count: Measured<i64>,
    /// Tickets neither solved nor closed.
    pub open_ticket_count: Measured<i64>,
    /// CSAT answers that are good, of all.
    pub csat: Measured<Share>,
    /// The latest answer to a recommendation survey, 0 to 10.
    pub nps_latest: Measured<i64>,
}

/// Exact sums by currency.
#[derive(Default)]
struct Sums(BTreeMap<Currency, i128>);

impl Sums {
    fn add(&mut self, currency: Currency, minor: i128) {
        *self.0.entry(currency).or_default() += minor;
    }

    fn scaled(&self, by: Ratio) -> Result<Vec<Money>, NullReason> {
        let entry = |(currency, minor): (&Currency, &i128)| {
            let sum = Ratio::new(*minor, 1).and_then(|sum| sum.checked_mul(by));
            let minor = sum.and_then(Ratio::round_i64).ok_or(NullReason::Overflow)?;
            Ok(Money::from_minor(minor, *currency))
        };
        self.0.iter().map(entry).collect()
    }
}

/// Whether a fact belongs to the time up to `now`; an undated one does.
fn known(at: Option<Timestamp>, fact: &Fact, now: Timestamp) -> bool {
    at.or(fact.occurred_at).is_none_or(|at| at <= now)
}

#[derive(Default)]
struct Tally {
    gross: Sums,
    refunded: Sums,
    net: Sums,
    payments: i64,
    failed: i64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    tickets: i64,
    open: i64,
    csat_good: i64,
    csat: i64,
    nps: Option<(Option<Timestamp>, RecordId, i64)>,
    mrr: BTreeMap<Currency, Ratio>,
    mrr_problem: Option<NullReason>,
}

impl Tally {
    fn count(&mut self, fact: &Fact, policy: &Policy, now: Timestamp) {
        match &fact.body {
            Canonical::Payment(payment) if known(payment.paid_at, fact, now) => {
                match payment.status {
                    PaymentStatus::Succeeded => {
                        let minor = i128::from(payment.amount.amount_minor);
                        self.gross.add(payment.amount.currency, minor);
                        self.net.add(payment.amount.currency, minor);
                        self.payments += 1;
                        if let Some(at) = payment.paid_at.or(fact.occurred_at) {
                            self.first = Some(self.first.map_or(at, |first| first.min(at)));
                            self.last = self.last.max(Some(at));
                        }
                    }
                    PaymentStatus::Failed => self.failed += 1,
                    PaymentStatus::Pending | PaymentStatus::Canceled => {}
                }
            }
            Canonical::Refund(refund)
                if refund.status == PaymentStatus::Succeeded
                    && known(refund.refunded_at, fact, now) =>
            {
                let minor = i128::from(refund.amount.amount_minor);
                self.refunded.add(refund.amount.currency, minor);
                self.net.add(refund.amount.currency, -minor);
            }
            Canonical::Ticket(ticket) if known(ticket.created_at, fact, now) => {
                self.tickets += 1;
                let done = matches!(ticket.status, TicketStatus::Solved | TicketStatus::Closed);
                let later = ticket.solved_at.is_some_and(|at| at > now);
                if !done || later {
                    self.open += 1;
                }
            }
            Canonical::SurveyResponse(answer) if known(answer.responded_at, fact, now) => {
                match answer.kind {
                    SurveyKind::Csat if (1..=5).contains(&answer.score) => {
                        self.csat += 1;
                        self.csat_good += i64::from(answer.score >= policy.csat_good_from);
                    }
                    SurveyKind::Nps if (0..=10).contains(&answer.score) => {
                        let at = answer.responded_at.or(fact.occurred_at);
                        self.nps = self.nps.max(Some((at, fact.record, answer.score)));
                    }
                    // Outside its scale: no answer that could be counted.
                    SurveyKind::Csat | SurveyKind::Nps => {}
                }
            }
            Canonical::Subscription(sub) => match subscription_mrr(sub, policy, now) {
                Ok(Ratio::ZERO) => {}
                Ok(mrr) => {
                    let sum = self.mrr.entry(sub.currency).or_insert(Ratio::ZERO);
                    match sum.checked_add(mrr) {
                        Some(total) => *sum = total,
                        None => self.mrr_problem = Some(NullReason::Overflow),
                    }
                }
                Err(reason) => self.mrr_problem = self.mrr_problem.max(Some(reason)),
            },
            _ => {}
        }
    }

    fn mrr(&self) -> Result<Vec<Money>, NullReason> {
        if let Some(reason) = self.mrr_problem {
            return Err(reason);
        }
        let entry = |(currency, sum): (&Currency, &Ratio)| {
            let minor = sum.round_i64().ok_or(NullReason::Overflow)?;
            Ok(Money::from_minor(minor, *currency))
        };
        self.mrr.iter().map(entry).collect()
    }
}

/// The numbers of one profile at `now`, from every fact linked to it. Later facts do not count yet.
#[must_use]
pub fn numbers(
    facts: &ProfileFacts,
    policy: &Policy,
    available: &Sources,
    now: Timestamp,
) -> Numbers {
    let mut tally = Tally::default();
    for fact in &facts.facts {
        tally.count(fact, policy, now);
    }
    let need = |has: bool| if has { Ok(()) } else { Err(NullReason::NoSource) };
    let payments = need(available.has_payments);
    let tickets = need(available.has_tickets);
    let surveys = need(available.has_surveys);
    let one = Ratio::whole(1);
    let revenue = payments.and_then(|()| tally.net.scaled(one));
    let margin = policy.gross_margin.ok_or(NullReason::NoMargin);
    let csat = if tally.csat > 0 {
        Ok(Share { good: tally.csat_good, total: tally.csat })
    } else {
        Err(NullReason::NoData)
    };
    Numbers {
        revenue_clv: revenue.clone().into(),
        revenue: revenue.into(),
        gross_payments: payments.and_then(|()| tally.gross.scaled(one)).into(),
        refunded: payments.and_then(|()| tally.refunded.scaled(one)).into(),
        margin_clv: payments.and(margin).and_then(|m| tally.net.scaled(m.ratio())).into(),
        mrr: need(available.has_subscriptions).and_then(|()| tally.mrr()).into(),
        first_payment_at: payments.and(tally.first.ok_or(NullReason::NoData)).into(),
        last_payment_at: payments.and(tally.last.ok_or(NullReason::NoData)).into(),
        payment_count: payments.map(|()| tally.payments).into(),
        failed_payment_count: payments.map(|()| tally.failed).into(),
        ticket_count: tickets.map(|()| tally.tickets).into(),
        open_ticket_count: tickets.map(|()| tally.open).into(),
        csat: surveys.and(csat).into(),
        nps_latest: surveys.and(tally.nps.map(|nps| nps.2).ok_or(NullReason::NoData)).into(),
    }
}
