//! Funnels over any ordered milestones: conversion, drop-off, lift, time to get there.
//!
//! Owns who counts as an entrant and what counts as reaching a step. Refuses to call a journey lost
//! before its window has ended: such entrants are shown as immature and count in no share, so that a
//! rate once shown does not rise later by itself. The rate of events is another number with another
//! name, [`event_rate`].

use super::{Spread, Window, spread};
use crate::exact::{minus, over};
use crate::{Measured, NullReason, Ratio, Share};
use domain::Timestamp;

/// What counts as having reached a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// Every step before it, each at or after the one before.
    Strict,
    /// It or any later one, since the entry: steps may be skipped. The rule of lifecycle stages.
    AtLeast,
    /// It and every step before it, in whatever order, before the entry included.
    Any,
}

/// A milestone reached by a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunnelEvent {
    /// Which step, from 0.
    pub step: usize,
    /// When.
    pub at: Timestamp,
}

/// What to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunnelOptions {
    /// Subjects whose first event of step 0 in this window makes them entrants.
    pub entered: Window,
    /// Milliseconds within which a step counts, from the entry, half-open; `None` is for ever.
    pub within_ms: Option<i64>,
    /// What counts as reaching.
    pub order: Order,
    /// The moment asked about: later events do not exist yet.
    pub as_of: Timestamp,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunnelStep {
    /// Entrants who reached it, of those whose window has ended.
    pub reached: i64,
    /// Of those who reached the step before; `None` for the first.
    pub conversion: Option<Measured<Share>>,
    /// Of all entrants.
    pub overall: Measured<Share>,
    /// Milliseconds from the entry to it.
    pub time: Measured<Spread>,
}

/// A funnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Funnel {
    /// Entrants whose window has ended.
    pub entrants: i64,
    /// Entrants whose window has not ended; in no share.
    pub immature: i64,
    /// The steps, the entry first.
    pub steps: Vec<FunnelStep>,
}

/// When each step was reached, as far as it went; the entry first.
fn reached(
    events: &[FunnelEvent],
    entry: Timestamp,
    end: Option<Timestamp>,
    steps: usize,
    order: Order,
) -> Vec<Timestamp> {
    let in_time = |at: Timestamp| end.is_none_or(|end| at < end);
    let first = |takes: &dyn Fn(&FunnelEvent) -> bool| {
        events.iter().filter(|event| in_time(event.at) && takes(event)).map(|event| event.at).min()
    };
    let mut times = vec![entry];
    let mut last = entry;
    for step in 1..steps {
        let at = match order {
            Order::Strict => first(&|event| event.step == step && event.at >= last),
            Order::AtLeast => {
                first(&|event| (step..steps).contains(&event.step) && event.at >= entry)
            }
            Order::Any => first(&|event| event.step == step).map(|at| at.max(last)),
        };
        let Some(at) = at else { break };
        times.push(at);
        last = at;
    }
    times
}

/// The funnel of `steps` steps over subjects, given as their events in any order.
#[must_use]
pub fn funnel(subjects: &[Vec<FunnelEvent>], steps: usize, options: FunnelOptions) -> Funnel {
    let FunnelOptions { entered, within_ms, order, as_of } = options;
    let mut times: Vec<Vec<i64>> = vec![Vec::new(); steps];
    let (mut entrants, mut immature) = (0_i64, 0_i64);
    for subject in subjects {
        let events: Vec<FunnelEvent> =
            subject.iter().copied().filter(|event| event.at <= as_of).collect();
        let entries = events.iter().filter(|event| event.step == 0 && entered.contains(event.at));
        let Some(entry) = entries.map(|event| event.at).min() else { continue };
        let end = within_ms.map(|within| entry.plus_millis(within));
        if end.is_some_and(|end| end > as_of) {
            immature += 1;
            continue;
        }
        entrants += 1;
        for (slot, at) in times.iter_mut().zip(reached(&events, entry, end, steps, order)) {
            slot.push(at.as_millis() - entry.as_millis());
        }
    }
    let count = |list: &[i64]| i64::try_from(list.len()).unwrap_or(i64::MAX);
    let share = |good, total| match Share::of(good, total) {
        Err(NullReason::NoData) if immature > 0 && entrants == 0 => Err(NullReason::Immature),
        other => other,
    };
    let mut before = None;
    let step = |list: &Vec<i64>| {
        let here = count(list);
        let conversion = before.map(|before| share(here, before).into());
        before = Some(here);
        FunnelStep {
            reached: here,
            conversion,
            overall: share(here, entrants).into(),
            time: spread(list),
        }
    };
    let steps = times.iter().map(step).collect();
    Funnel { entrants, immature, steps }
}

/// Leads of a cohort that qualified (became MQL, or SQL) within `days`, of all leads whose days have
/// passed. A lead is the time it became one, and when it qualified.
#[must_use]
pub fn lead_qualification(
    leads: &[(Timestamp, Option<Timestamp>)],
    cohort: Window,
    days: i64,
    as_of: Timestamp,
) -> Measured<Share> {
    let events = |(lead, qualified): &(Timestamp, Option<Timestamp>)| {
        let qualified = qualified.map(|at| FunnelEvent { step: 1, at });
        [FunnelEvent { step: 0, at: *lead }].into_iter().chain(qualified).collect()
    };
    let subjects: Vec<Vec<FunnelEvent>> = leads.iter().map(events).collect();
    let within_ms = Some(days.saturating_mul(86_400_000));
    let options = FunnelOptions { entered: cohort, within_ms, order: Order::Strict, as_of };
    let found = funnel(&subjects, 2, options);
    let last = found.steps.last();
    last.map_or(Measured::none(NullReason::NoData), |step| step.overall.clone())
}

/// `1 - conversion`.
#[must_use]
pub fn drop_off(conversion: &Measured<Share>) -> Measured<Ratio> {
    let lost = |share: &Share| Share { good: share.total - share.good, total: share.total }.ratio();
    match &conversion.value {
        Some(share) => lost(share).ok_or(NullReason::ZeroDenominator).into(),
        None => Measured::none(conversion.null_reason.unwrap_or(NullReason::NoData)),
    }
}

/// `after / before - 1`: +0.18 is 18 % more.
#[must_use]
pub fn lift(before: Ratio, after: Ratio) -> Measured<Ratio> {
    over(after, before).and_then(|share| minus(share, Ratio::whole(1))).into()
}

/// Events of a later milestone per event of an earlier one in the same period, whoever they belong
/// to. Not a conversion rate: it can exceed 1 and follows no one.
#[must_use]
pub fn event_rate(earlier: i64, later: i64) -> Measured<Ratio> {
    crate::exact::quotient(i128::from(later), i128::from(earlier)).into()
}
