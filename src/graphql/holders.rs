//! Stored subscriptions as item periods, by the customer that they count for.
//!
//! Owns whose they are. Refuses subscriptions without an owner or a beginning: they are counted as
//! left out.

use domain::{Currency, ProfileId, Timestamp};
use metrics::revenue::{ItemPeriod, Stretch, SubscriptionState, states_until, stored_periods};
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

impl Holders {
    /// From subscriptions by their records, by what had happened to them at `as_of`.
    pub(crate) fn gather<'a>(
        histories: impl IntoIterator<Item = (i64, &'a SubscriptionHistory)>,
        as_of: Timestamp,
    ) -> Self {
        let mut found = Self::default();
        for (record, history) in histories {
            let states = history.versions.iter();
            let states = states.map(|(at, body)| SubscriptionState::of(*at, body.clone()));
            let states = states_until(states.collect(), as_of);
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
