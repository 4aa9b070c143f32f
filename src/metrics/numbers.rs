//! The numbers of one profile.
//!
//! Owns what counts for a person or a company by itself: every fact linked to it, owned or not.
//! Sums over profiles are made of [`crate::cells`] instead, in which a fact counts once.

use crate::exact;
use crate::mrr::subscription_mrr;
use crate::{Exchange, Measured, NullReason, Policy, Ratio, Share, Sources};
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

/// Exact sums by currency, or why there are none.
#[derive(Default)]
struct Sums {
    of: BTreeMap<Currency, Ratio>,
    problem: Option<NullReason>,
}

impl Sums {
    fn add(&mut self, (currency, minor): Worth) {
        let sum = self.of.entry(currency).or_insert(Ratio::ZERO);
        match minor.and_then(|minor| sum.checked_add(minor).ok_or(NullReason::Overflow)) {
            Ok(total) => *sum = total,
            Err(reason) => self.problem = self.problem.max(Some(reason)),
        }
    }

    fn scaled(&self, by: Ratio) -> Result<Vec<Money>, NullReason> {
        if let Some(reason) = self.problem {
            return Err(reason);
        }
        let entry = |(currency, sum): (&Currency, &Ratio)| {
            let minor = sum.checked_mul(by).and_then(Ratio::round_i64);
            Ok(Money::from_minor(minor.ok_or(NullReason::Overflow)?, *currency))
        };
        self.of.iter().map(entry).collect()
    }
}

/// An amount in the currency in which it is added up.
type Worth = (Currency, Result<Ratio, NullReason>);

fn minus((currency, minor): Worth) -> Worth {
    (currency, minor.and_then(|minor| exact::minus(Ratio::ZERO, minor)))
}

/// Whether a fact belongs to the time up to `now`; an undated one does.
fn known(at: Option<Timestamp>, fact: &Fact, now: Timestamp) -> bool {
    at.or(fact.occurred_at).is_none_or(|at| at <= now)
}

#[derive(Default)]
struct Tally<'x, 'r> {
    /// Into which currency amounts are converted, if they are.
    exchange: Option<&'x mut Exchange<'r>>,
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
    mrr: Sums,
}

impl Tally<'_, '_> {
    fn worth(&mut self, minor: Ratio, currency: Currency, at: Option<Timestamp>) -> Worth {
        match &mut self.exchange {
            None => (currency, Ok(minor)),
            Some(exchange) => (exchange.target(), exchange.at(minor, currency, at)),
        }
    }

    fn amount(&mut self, amount: Money, at: Option<Timestamp>) -> Worth {
        self.worth(Ratio::whole(amount.amount_minor), amount.currency, at)
    }

    fn count(&mut self, fact: &Fact, policy: &Policy, now: Timestamp) {
        match &fact.body {
            Canonical::Payment(payment) if known(payment.paid_at, fact, now) => {
                match payment.status {
                    PaymentStatus::Succeeded => {
                        let at = payment.paid_at.or(fact.occurred_at);
                        let worth = self.amount(payment.amount, at);
                        self.gross.add(worth);
                        self.net.add(worth);
                        self.payments += 1;
                        if let Some(at) = at {
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
                let worth = self.amount(refund.amount, refund.refunded_at.or(fact.occurred_at));
                self.refunded.add(worth);
                self.net.add(minus(worth));
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
                    let worth = self.worth(mrr, sub.currency, Some(now));
                    self.mrr.add(worth);
                }
                Err(reason) => self.mrr.problem = self.mrr.problem.max(Some(reason)),
            },
            _ => {}
        }
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
    tallied(facts, policy, available, now, None)
}

/// The same with every amount converted: payments and refunds by the rate of their own day, MRR by
/// that of `now`, each as the policy's rate date says. An amount without a rate makes the numbers
/// that hold it null; [`Exchange::missing`] names it.
#[must_use]
pub fn numbers_in(
    exchange: &mut Exchange<'_>,
    facts: &ProfileFacts,
    policy: &Policy,
    available: &Sources,
    now: Timestamp,
) -> Numbers {
    tallied(facts, policy, available, now, Some(exchange))
}

fn tallied(
    facts: &ProfileFacts,
    policy: &Policy,
    available: &Sources,
    now: Timestamp,
    exchange: Option<&mut Exchange<'_>>,
) -> Numbers {
    let mut tally = Tally { exchange, ..Tally::default() };
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
        mrr: need(available.has_subscriptions).and_then(|()| tally.mrr.scaled(one)).into(),
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
