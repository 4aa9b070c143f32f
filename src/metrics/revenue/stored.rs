//! Item periods of a subscription record: what it says now and what it said before.
//!
//! Owns from when to when each version of a record holds. A version holds from the vendor's time of
//! it to that of the next; the first one is taken to hold since the subscription began, and how long
//! that assumes something nobody saw is told; and what of it had happened by a moment. Refuses to make
//! up a change between two versions.

use super::item::{Cancellation, Cause, ItemPeriod, Stretch};
use crate::Ratio;
use domain::{Subscription, SubscriptionItem, SubscriptionStatus, Timestamp};
use std::collections::BTreeMap;

/// One version of a subscription record.
#[derive(Clone, Debug, PartialEq)]
pub struct SubscriptionState {
    /// The vendor's time of the version; `None` when its versions carry no time.
    pub since: Option<Timestamp>,
    /// What it says.
    pub body: Subscription,
}

/// What became of a record's versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredStates {
    /// The periods.
    pub periods: Vec<ItemPeriod>,
    /// Time in which the first known version is assumed to have held already: a change within it
    /// was never seen. `None` when the record was seen from its beginning.
    pub assumed: Option<Stretch>,
    /// Neither a start nor a version tells when it began; it has no periods.
    pub undated: bool,
}

impl SubscriptionState {
    /// A version of a record. Versions are times in milliseconds or sequence numbers: only times from
    /// 1990 to 2200 say since when it held.
    #[must_use]
    pub fn of(version: Option<i64>, body: Subscription) -> Self {
        let since = version
            .filter(|at| (631_152_000_000..7_258_118_400_000).contains(at))
            .map(Timestamp::from_millis);
        Self { since, body }
    }
}

/// What had happened to a subscription by a moment: versions of then, without ends and cancellations
/// that came later; none if it had not begun. Where versions carry no times, the first one is what it
/// began as.
#[must_use]
pub fn states_until(states: Vec<SubscriptionState>, as_of: Timestamp) -> Vec<SubscriptionState> {
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

/// Versions later than the start by no more than this are the first ones: vendors write a record a
/// moment after it begins.
const FIRST_WITHIN_MS: i64 = 60 * 60 * 1000;

/// When a version says that the subscription ended.
fn ended(state: &SubscriptionState) -> Option<Timestamp> {
    let body = &state.body;
    match body.status {
        SubscriptionStatus::Canceled => body.ended_at.or(body.canceled_at).or(state.since),
        _ => body.ended_at,
    }
}

fn cancellation(body: &Subscription) -> Option<Cancellation> {
    let asked = body.canceled_at.is_some();
    let over = body.status == SubscriptionStatus::Canceled || body.ended_at.is_some();
    (asked || over).then(|| Cancellation {
        requested_at: body.canceled_at,
        at_once: body.canceled_at.zip(body.ended_at).is_some_and(|(asked, ended)| ended <= asked),
        cause: Cause::of(body.cancellation_reason.as_deref()),
    })
}

/// Items of one product are told apart by their order.
fn named(items: &[SubscriptionItem]) -> BTreeMap<(String, usize), &SubscriptionItem> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    items
        .iter()
        .map(|item| {
            let product = item.product.as_deref().unwrap_or_default();
            let nth = seen.entry(product).or_default();
            *nth += 1;
            ((product.to_owned(), *nth), item)
        })
        .collect()
}

/// The periods of one record from its versions in the order in which they were known, the last one
/// as it holds now. `subscription` names it; `origin` is for findings.
#[must_use]
pub fn stored_periods(
    subscription: &str,
    origin: u64,
    states: &[SubscriptionState],
) -> StoredStates {
    let Some((first, last)) = states.first().zip(states.last()) else {
        return StoredStates::default();
    };
    let Some(begin) = first.body.started_at.or(first.since) else {
        return StoredStates { undated: true, ..StoredStates::default() };
    };
    let end = ended(last);
    let mut periods: Vec<ItemPeriod> = Vec::new();
    // The running period of each item.
    let mut running: BTreeMap<(String, usize), usize> = BTreeMap::new();
    let mut from = begin;
    for (at, state) in states.iter().enumerate() {
        // A version without a time holds at once: the one before it is not known to have held.
        let next = states.get(at + 1);
        let until = next.map(|next| next.since.unwrap_or(from).max(from));
        let until = match (until, ended(state).or(end)) {
            (Some(until), Some(end)) => Some(until.min(end)),
            (until, end) => until.or(end),
        };
        let empty = until.is_some_and(|until| until <= from);
        let counts = match state.body.status {
            SubscriptionStatus::Incomplete => false,
            SubscriptionStatus::Trialing => state.body.trial_end.is_some(),
            _ => true,
        };
        if counts && (!empty || (next.is_none() && periods.is_empty())) {
            let items = named(&state.body.items);
            running.retain(|key, _| items.contains_key(key));
            for (key, item) in items {
                let fresh = period(subscription, &key, origin, state, item, (from, until));
                let index = running.get(&key).copied();
                match index.and_then(|index| periods.get_mut(index)) {
                    Some(before) if continues(before, &fresh) => {
                        before.end = fresh.end;
                        before.trial_end = fresh.trial_end;
                        extend(&mut before.pauses, &fresh.pauses);
                        extend(&mut before.arrears, &fresh.arrears);
                    }
                    _ => {
                        running.insert(key, periods.len());
                        periods.push(fresh);
                    }
                }
            }
        }
        from = until.unwrap_or(from).max(from);
    }
    // How it ended is said of what ran last.
    if let Some(told) = cancellation(&last.body) {
        for one in periods.iter_mut().filter(|one| one.end == end) {
            let requested_at = told.requested_at.map(|at| at.max(one.start));
            one.cancellation = Some(Cancellation { requested_at, ..told });
        }
    }
    let seen = first.since.filter(|since| *since > begin.plus_millis(FIRST_WITHIN_MS));
    let assumed = match first.since {
        Some(_) => seen.map(|until| Stretch { from: begin, until: Some(until) }),
        None => Some(Stretch { from: begin, until: None }),
    };
    StoredStates { periods, assumed, undated: false }
}

/// Whether a period goes on at the same price.
fn continues(before: &ItemPeriod, next: &ItemPeriod) -> bool {
    before.end == Some(next.start)
        && before.amount == next.amount
        && before.currency == next.currency
        && (before.interval, before.interval_count) == (next.interval, next.interval_count)
}

fn extend(list: &mut Vec<Stretch>, more: &[Stretch]) {
    for one in more {
        match list.last_mut() {
            Some(last) if last.until == Some(one.from) => last.until = one.until,
            _ => list.push(*one),
        }
    }
}

fn period(
    subscription: &str,
    (product, nth): &(String, usize),
    origin: u64,
    state: &SubscriptionState,
    item: &SubscriptionItem,
    (from, until): (Timestamp, Option<Timestamp>),
) -> ItemPeriod {
    let stretch = |holds: bool| if holds { vec![Stretch { from, until }] } else { Vec::new() };
    let status = state.body.status;
    let late = matches!(status, SubscriptionStatus::PastDue | SubscriptionStatus::Unpaid);
    ItemPeriod {
        subscription: subscription.to_owned(),
        item: format!("{product}#{nth}"),
        product: item.product.clone(),
        end: until,
        interval: item.interval,
        interval_count: item.interval_count,
        trial_end: state.body.trial_end,
        pauses: stretch(status == SubscriptionStatus::Paused),
        arrears: stretch(late),
        origin,
        ..ItemPeriod::monthly(from, Ratio::whole(item.amount_minor), state.body.currency)
    }
}
