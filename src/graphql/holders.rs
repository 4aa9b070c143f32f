//! Stored subscriptions as item periods, by the customer that they count for.
//!
//! Owns which versions of a record carry a time. Refuses subscriptions without an owner or a beginning:
//! they are counted as left out.

use domain::{Currency, ProfileId, Subscription, Timestamp};
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

impl Holders {
    /// From subscriptions by their records.
    pub(crate) fn gather<'a>(
        histories: impl IntoIterator<Item = (i64, &'a SubscriptionHistory)>,
    ) -> Self {
        let mut found = Self::default();
        for (record, history) in histories {
            let state = |(version, body): &(Option<i64>, Subscription)| SubscriptionState {
                since: version_time(*version),
                body: body.clone(),
            };
            let states: Vec<SubscriptionState> = history.versions.iter().map(state).collect();
            let stored = stored_periods(&record.to_string(), record.unsigned_abs(), &states);
            let (Some(owner), false) = (history.owner, stored.undated) else {
                found.left_out += 1;
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
