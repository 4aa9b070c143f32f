//! What a customer's subscriptions contribute to the additive cells of rollups.
//!
//! Owns the rounding of movements to whole minor units such that they telescope, and the months of what
//! is assumed. Refuses `now`: what is scheduled (an end, the end of a dunning window) lies in the month
//! in which it would happen, and whoever reads the cells leaves out months that have not begun.

use super::calendar::{Grain, periods};
use super::item::ItemPeriod;
use super::ledger::{Change, LineKind, ledger};
use super::policy::SamePeriod;
use super::state::{Question, extent};
use super::stored::{SubscriptionState, states_until, stored_periods};
use crate::cells::merge_wide;
use crate::{Cell, CellKey, Component, Dims, Policy, Ratio};
use domain::{Canonical, Currency, Fact, Month, ProfileFacts, RecordId, Subscription, Timestamp};
use std::collections::BTreeMap;

/// A subscription of a customer, with what it said before.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownSubscription {
    /// The record.
    pub record: RecordId,
    /// Its versions, the last one last.
    pub states: Vec<SubscriptionState>,
}

impl KnownSubscription {
    /// A subscription by the versions of its record, each with the vendor's version if that was kept;
    /// with `as_of` only what had happened by then.
    #[must_use]
    pub fn of(
        record: RecordId,
        versions: &[(Option<i64>, Subscription)],
        as_of: Option<Timestamp>,
    ) -> Self {
        let states = versions.iter();
        let states = states.map(|(at, body)| SubscriptionState::of(*at, body.clone())).collect();
        let states = match as_of {
            Some(as_of) => states_until(states, as_of),
            None => states,
        };
        Self { record, states }
    }
}

/// The subscriptions that count for a customer.
pub fn owned_subscriptions(facts: &ProfileFacts) -> impl Iterator<Item = RecordId> {
    let own = |fact: &&Fact| fact.owned && matches!(fact.body, Canonical::Subscription(_));
    facts.facts.iter().filter(own).map(|fact| fact.record)
}

/// What a line of a ledger adds to, and whether it is shown below zero there.
const fn component(kind: LineKind) -> Option<(Component, bool)> {
    match kind {
        LineKind::New => Some((Component::MrrNew, false)),
        LineKind::Reactivation => Some((Component::MrrReactivation, false)),
        LineKind::Upsell | LineKind::CrossSell => Some((Component::MrrExpansion, false)),
        LineKind::Contraction => Some((Component::MrrContraction, true)),
        LineKind::Churn(_) => Some((Component::MrrChurn, true)),
        // Nothing is converted here.
        LineKind::Fx | LineKind::Unconverted => None,
    }
}

const fn counted(change: Change) -> Option<Component> {
    match change {
        Change::New => Some(Component::SubscribersNew),
        Change::Reactivation => Some(Component::SubscribersReactivated),
        Change::Churn(_) => Some(Component::SubscribersChurned),
        Change::Expansion | Change::Contraction => None,
    }
}

/// What one customer's subscriptions contribute, in the currencies in which they are paid. Sorted, one
/// cell per key, no zeros; independent of the order of the subscriptions.
///
/// What a customer pays in a currency is rounded to whole minor units, half to even, after each change,
/// and a movement is the difference of two rounded levels: movements of any time add up to the rounded
/// level at its end less that at its start, exactly and in every sum over customers. Rounding keeps
/// order, so no movement changes its sign, and each is off its exact amount by less than one minor unit.
///
/// Subscriptions without a beginning contribute nothing. One that was first seen after it began counts
/// from its beginning at its first known price, and the months in which that is assumed are counted.
#[must_use]
pub fn recurring_cells(
    subscriptions: &[KnownSubscription],
    dims: &Dims,
    policy: &Policy,
) -> Vec<Cell> {
    if subscriptions.is_empty() {
        return Vec::new();
    }
    let tz = policy.time_zone();
    let channel = crate::cells::channel_word(dims.channel.as_deref());
    let key = |component: Component, month: Month, currency: Currency| CellKey {
        component,
        month,
        channel: channel.clone(),
        segment: Some(dims.segment.clone()),
        stage: Some(dims.stage),
        currency: Some(currency),
    };
    let mut list: Vec<(CellKey, i128)> = Vec::new();
    let mut items: Vec<ItemPeriod> = Vec::new();
    for one in subscriptions {
        let stored =
            stored_periods(&one.record.0.to_string(), one.record.0.unsigned_abs(), &one.states);
        if let (Some(assumed), Some(item)) = (stored.assumed, stored.periods.first()) {
            let from = assumed.from.month_in(&tz);
            list.push((key(Component::AssumedFrom, from, item.currency), 1));
            if let Some(until) = assumed.until {
                let Month(last) = until.plus_millis(-1).month_in(&tz);
                list.push((key(Component::AssumedUntil, Month(last + 1), item.currency), 1));
            }
        }
        items.extend(stored.periods);
    }
    // Periods matter only where the movements of one become one. Over more of them than a report may
    // have, each movement stays by itself.
    let months = match policy.revenue.same_period {
        SamePeriod::Both => None,
        SamePeriod::Net => extent(&items, &policy.revenue, &tz)
            .and_then(|time| periods(Grain::Month, &tz, time.from, time.until)),
    };
    let months = months.unwrap_or_default();
    let question =
        Question { policy: &policy.revenue, tz: &tz, periods: &months, conversion: None };
    let mut levels: BTreeMap<Currency, Ratio> = BTreeMap::new();
    for step in ledger(&items, &question).steps {
        let month = step.at.month_in(&tz);
        let mut moved: BTreeMap<(Currency, Component), (Ratio, bool)> = BTreeMap::new();
        for line in &step.lines {
            let Some((component, falls)) = component(line.kind) else { continue };
            let sum = moved.entry((line.currency, component)).or_insert((Ratio::ZERO, falls));
            // The ledger refuses customers whose sums do not fit.
            sum.0 = sum.0.checked_add(line.amount).unwrap_or(sum.0);
        }
        for ((currency, component), (amount, falls)) in moved {
            let level = levels.entry(currency).or_insert(Ratio::ZERO);
            let after = level.checked_add(amount).unwrap_or(*level);
            let minor = after.round() - level.round();
            *level = after;
            list.push((key(component, month, currency), if falls { -minor } else { minor }));
        }
        for (currency, change) in step.changes {
            if let Some(component) = counted(change) {
                list.push((key(component, month, currency), 1));
            }
        }
    }
    merge_wide(list)
}
