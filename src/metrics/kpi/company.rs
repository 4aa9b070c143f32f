//! From facts to what the numbers of this module are computed from.
//!
//! Owns what an order, an answer, a contract up for renewal, a month of activity and a milestone is in
//! terms of stored facts. Refuses facts that no source dates, which are counted as left out.

use super::{Answer, Contract, CustomerOrder, Member, TicketTimes, Window};
use crate::cells::payments;
use crate::revenue::{Billing, ItemPeriod};
use domain::{
    Canonical, CompanyFacts, DealStatus, Fact, Money, ProfileFacts, ProfileId, Stage,
    SubscriptionStatus, SurveyKind, Timestamp, Transition,
};
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

/// Payments net of what was given back. Those that no source dates are in none of them.
#[must_use]
pub fn orders(facts: &CompanyFacts) -> Vec<CustomerOrder> {
    let mut list = Vec::new();
    for (owner, facts) in facts {
        for paid in payments(facts) {
            let Some(at) = paid.at else { continue };
            let net = i64::try_from(paid.net()).unwrap_or(i64::MAX);
            let net = Money::from_minor(net, paid.amount.currency);
            list.push(CustomerOrder { customer: *owner, at, net });
        }
    }
    list
}

/// Every fact with its owner.
fn each(facts: &CompanyFacts) -> impl Iterator<Item = (Option<ProfileId>, &Fact)> {
    facts.iter().flat_map(|(owner, facts)| facts.iter().map(|fact| (*owner, fact)))
}

/// When won deals were opened and won.
#[must_use]
pub fn won_deals(facts: &CompanyFacts) -> Vec<(Timestamp, Timestamp)> {
    let won = |fact: &Fact| match &fact.body {
        Canonical::Deal(deal) if deal.status == DealStatus::Won => {
            Some((deal.created_at?, deal.closed_at?))
        }
        _ => None,
    };
    each(facts).filter_map(|(_, fact)| won(fact)).collect()
}

/// Answers to surveys of a kind.
#[must_use]
pub fn answers(facts: &CompanyFacts, kind: SurveyKind) -> Vec<Answer> {
    let answer = |(respondent, fact): (Option<ProfileId>, &Fact)| match &fact.body {
        Canonical::SurveyResponse(one) if one.kind == kind => Some(Answer {
            respondent,
            at: one.responded_at.or(fact.occurred_at)?,
            record: fact.record,
            score: one.score,
        }),
        _ => None,
    };
    each(facts).filter_map(answer).collect()
}

/// When tickets were opened and first answered.
#[must_use]
pub fn tickets(facts: &CompanyFacts) -> Vec<TicketTimes> {
    let times = |fact: &Fact| match &fact.body {
        Canonical::Ticket(ticket) => {
            let created_at = ticket.created_at.or(fact.occurred_at)?;
            Some(TicketTimes { created_at, first_reply_at: ticket.first_replied_at })
        }
        _ => None,
    };
    each(facts).filter_map(|(_, fact)| times(fact)).collect()
}

/// Customers who are active in a window: an order in it, or a contract that runs at its end.
#[must_use]
pub fn active_customers(
    facts: &CompanyFacts,
    window: Window,
    as_of: Timestamp,
) -> BTreeSet<ProfileId> {
    let end = window.until.plus_millis(-1).min(as_of);
    let runs = |fact: &Fact| match &fact.body {
        Canonical::Subscription(sub) => {
            let ended = match sub.status {
                SubscriptionStatus::Canceled => sub.ended_at.or(sub.canceled_at),
                _ => sub.ended_at,
            };
            let dead = sub.status == SubscriptionStatus::Canceled && ended.is_none();
            let paid =
                !matches!(sub.status, SubscriptionStatus::Incomplete | SubscriptionStatus::Unpaid);
            paid && !dead
                && sub.started_at.is_none_or(|at| at <= end)
                && sub.trial_end.is_none_or(|at| at <= end)
                && ended.is_none_or(|at| at > end)
        }
        _ => false,
    };
    let mut active: BTreeSet<ProfileId> = orders(facts)
        .iter()
        .filter(|order| {
            window.contains(order.at) && order.at <= as_of && order.net.amount_minor > 0
        })
        .filter_map(|order| order.customer)
        .collect();
    active.extend(each(facts).filter(|(_, fact)| runs(fact)).filter_map(|(owner, _)| owner));
    active
}

/// Contracts at the ends of their billing periods: one for each period that ended, at the price of
/// then, renewed when the next period began. `items` are the periods of all items; a price that
/// changed continues its contract. Trials are no contract.
#[must_use]
pub fn contracts(items: &[ItemPeriod], tz: &TimeZone, as_of: Timestamp) -> Vec<Contract> {
    // One item of one subscription, in its order.
    let mut lines: BTreeMap<(&str, &str), Vec<&ItemPeriod>> = BTreeMap::new();
    for item in items {
        lines.entry((&item.subscription, &item.item)).or_default().push(item);
    }
    let mut list = Vec::new();
    for mut periods in lines.into_values() {
        periods.sort_by_key(|one| one.start);
        let Some(first) = periods.first() else { continue };
        let anchor = first.trial_end.map_or(first.start, |trial| trial.max(first.start));
        let end = periods.last().and_then(|last| last.end);
        let holds = |at: Timestamp| {
            periods.iter().rev().find(|one| one.start <= at && one.end.is_none_or(|end| at < end))
        };
        let Some(billing) = Billing::new(anchor, first.interval, first.interval_count, tz) else {
            continue;
        };
        // At most the days of a lifetime.
        for index in 1..36_525 {
            let (Some(begun), Some(due_at)) = (billing.start(index - 1), billing.start(index))
            else {
                break;
            };
            if begun > as_of || end.is_some_and(|end| begun >= end) {
                break;
            }
            let value = |at: Timestamp| {
                let one = holds(at)?;
                Some(Money::from_minor(one.amount.round_i64()?, one.currency))
            };
            let Some(value_before) = value(begun) else { continue };
            let renewed = value(due_at).filter(|_| due_at <= as_of);
            list.push(Contract {
                due_at,
                value: value_before,
                // A contract that goes on was renewed by the last moment of its old period.
                renewed: renewed.map(|value| (due_at.plus_millis(-1), value)),
            });
        }
    }
    list
}

/// Customers by the month of their first order, with the months in which they ordered.
#[must_use]
pub fn ordering_members(facts: &CompanyFacts, tz: &TimeZone) -> Vec<Member> {
    let mut months: BTreeMap<ProfileId, BTreeSet<domain::Month>> = BTreeMap::new();
    for order in orders(facts).iter().filter(|order| order.net.amount_minor > 0) {
        if let Some(customer) = order.customer {
            months.entry(customer).or_default().insert(order.at.month_in(tz));
        }
    }
    let member = |active: BTreeSet<domain::Month>| {
        active.first().copied().map(|start| Member { start, active })
    };
    months.into_values().filter_map(member).collect()
}

/// Something that happens in the life of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Milestone {
    /// It enters a lifecycle stage, or one beyond it.
    Stage(Stage),
    /// It is touched by the marketing.
    Touch,
    /// It does this, as the source names it (`form_submission`).
    Action(String),
    /// A deal is opened.
    DealOpened,
    /// A deal is won.
    DealWon,
    /// A trial begins.
    TrialStarted,
    /// A contract begins to be paid.
    SubscriptionStarted,
    /// The first payment that was not given back in full.
    FirstPayment,
    /// The second such payment.
    SecondPayment,
    /// A ticket is opened.
    TicketOpened,
}

impl Milestone {
    /// When a customer reached it: all that it knows of, owned or not. `entry` asks for the very
    /// stage, and not one beyond it.
    #[must_use]
    pub fn moments(
        &self,
        facts: &ProfileFacts,
        transitions: &[Transition],
        entry: bool,
    ) -> Vec<Timestamp> {
        let dated = |takes: &dyn Fn(&Fact) -> Option<Timestamp>| {
            facts.facts.iter().filter_map(takes).collect::<Vec<_>>()
        };
        match self {
            Self::Stage(stage) => transitions
                .iter()
                .filter(|step| if entry { step.to == *stage } else { step.to >= *stage })
                .map(|step| step.occurred_at)
                .collect(),
            Self::Touch => dated(&|fact| match &fact.body {
                Canonical::Touchpoint(touch) => touch.touched_at.or(fact.occurred_at),
                _ => None,
            }),
            Self::Action(action) => dated(&|fact| match &fact.body {
                Canonical::Touchpoint(touch) if touch.action == *action => {
                    touch.touched_at.or(fact.occurred_at)
                }
                _ => None,
            }),
            Self::DealOpened => dated(&|fact| match &fact.body {
                Canonical::Deal(deal) => deal.created_at.or(fact.occurred_at),
                _ => None,
            }),
            Self::DealWon => dated(&|fact| match &fact.body {
                Canonical::Deal(deal) if deal.status == DealStatus::Won => deal.closed_at,
                _ => None,
            }),
            Self::TrialStarted => dated(&|fact| match &fact.body {
                Canonical::Subscription(sub) => sub.trial_end.and(sub.started_at),
                _ => None,
            }),
            Self::SubscriptionStarted => dated(&|fact| match &fact.body {
                Canonical::Subscription(sub) => {
                    let paid = sub.trial_end.max(sub.started_at)?;
                    let ended = sub.ended_at.or(sub.canceled_at);
                    let in_trial = ended.is_some_and(|ended| ended <= paid);
                    let begun = sub.status != SubscriptionStatus::Incomplete && !in_trial;
                    begun.then_some(paid)
                }
                _ => None,
            }),
            Self::FirstPayment | Self::SecondPayment => {
                let nth = usize::from(*self == Self::SecondPayment);
                let owned: Vec<Fact> =
                    facts.facts.iter().map(|fact| Fact { owned: true, ..fact.clone() }).collect();
                let paid = payments(&owned);
                let kept = paid.iter().filter(|paid| paid.net() > 0);
                kept.filter_map(|paid| paid.at).nth(nth).into_iter().collect()
            }
            Self::TicketOpened => dated(&|fact| match &fact.body {
                Canonical::Ticket(ticket) => ticket.created_at.or(fact.occurred_at),
                _ => None,
            }),
        }
    }
}
