//! Stored subscriptions as item periods, by the customer that they count for.
//!
//! Owns which versions of a record carry a time. Refuses subscriptions without an owner or a beginning:
//! they are counted as left out.

use domain::{Currency, ProfileId, Subscription, SubscriptionStatus, Timestamp};
use metrics::revenue::{ItemPeriod, Stretch, SubscriptionState, stored_periods};
use std::collections::BTreeMap;
use store::read::SubscriptionHistory;

/// Everything of one customer.
#[derive(Default)]
pub(crate) struct Holder {
    pub items: Vec<ItemPeriod>,
    /// Times in which a first price is taken to have held already.
    pub assumed: Vec<(Currency, Stretch)>,
}

/// Subscriptions by customer.
#[derive(Default)]
pub(crate) struct Holders {
    pub of: BTreeMap<ProfileId, Holder>,
    pub subscriptions: i32,
    pub left_out: i32,
}

/// Versions are times in milliseconds or sequence numbers; only times from 1990 to 2200 say when.
fn version_time(version: Option<i64>) -> Option<Timestamp> {
    version
        .filter(|at| (631_152_000_000..7_258_118_400_000).contains(at))
        .map(Timestamp::from_millis)
}

/// What had happened to a subscription by a moment: versions of then, without ends and cancellations
/// that came later. Where versions carry no times, the first one is what it began as.
fn states_until(states: Vec<SubscriptionState>, as_of: Timestamp) -> Vec<SubscriptionState> {
    let mut kept: Vec<SubscriptionState> = Vec::with_capacity(states.len());
    for state in states {
        if kept.is_empty() || state.since.is_none_or(|since| since <= as_of) {
            kept.push(state);
        }
    }
    let begun = |state: &SubscriptionState| {
        state.body.started_at.or(state.since).is_none_or(|at| at <= as_of)
    };
    if !kept.first().is_none_or(begun) {
        return Vec::new();
    }
    for state in &mut kept {
        let body = &mut state.body;
        let later = |at: &Timestamp| *at > as_of;
        if body.ended_at.as_ref().is_some_and(later) && body.status == SubscriptionStatus::Canceled
        {
            body.status = SubscriptionStatus::Active;
        }
        body.ended_at = body.ended_at.filter(|at| !later(at));
        if body.canceled_at.as_ref().is_some_and(later) {
            body.canceled_at = None;
            body.cancellation_reason = None;
        }
    }
    kept
}

impl Holders {
    /// From subscriptions by their records, by what had happened to them at `as_of`.
    pub(crate) fn gather<'a>(
        histories: impl IntoIterator<Item = (i64, &'a SubscriptionHistory)>,
        as_of: Timestamp,
    ) -> Self {
        let mut found = Self::default();
        for (record, history) in histories {
            let state = |(version, body): &(Option<i64>, Subscription)| SubscriptionState {
                since: version_time(*version),
                body: body.clone(),
            };
            let states: Vec<SubscriptionState> = history.versions.iter().map(state).collect();
            let states = states_until(states, as_of);
            let stored = stored_periods(&record.to_string(), record.unsigned_abs(), &states);
            let (Some(owner), false) = (history.owner, stored.undated) else {
                // What had not begun is not left out: it was not there.
                found.left_out += i32::from(!states.is_empty());
                continue;
            };
            found.subscriptions += 1;
            let holder = found.of.entry(owner).or_default();
            if let (Some(assumed), Some(item)) = (stored.assumed, stored.periods.first()) {
                holder.assumed.push((item.currency, assumed));
            }
            holder.items.extend(stored.periods);
        }
        found
    }
}
