//! What a customer pays, as a step function of time.
//!
//! Owns the merging of items into states, the grouping of changes that are one, and conversion: a
//! state holds every item's MRR in its own currency and in the currency of the answer.

use super::calendar::Period;
use super::item::{Cause, Finding, FindingKind, ItemPeriod};
use super::policy::{RevenuePolicy, SamePeriod};
use super::rates::Rates;
use super::segment::{Frame, Segment, segments, settle};
use crate::{MissingRate, NullReason, Ratio};
use domain::{Currency, Timestamp};
use jiff::tz::TimeZone;

/// The currency of the answer.
#[derive(Clone, Copy, Debug)]
pub struct Conversion<'a> {
    /// The currency to convert to.
    pub target: Currency,
    /// The rates.
    pub rates: &'a Rates,
}

/// What is asked, beside the customers: how it is counted, where days begin, and when.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// How it is counted.
    pub policy: &'a RevenuePolicy,
    /// The organisation's time zone.
    pub tz: &'a TimeZone,
    /// The periods of the answer, in order and without gaps.
    pub periods: &'a [Period],
    /// Conversion; without one every currency is answered by itself.
    pub conversion: Option<Conversion<'a>>,
}

impl Question<'_> {
    /// The first instant after the last period.
    #[must_use]
    pub fn horizon(&self) -> Timestamp {
        self.periods.last().map_or(Timestamp::from_millis(0), |period| period.end)
    }
}

/// One item in a state.
#[derive(Clone, Debug)]
pub(super) struct Part<'i> {
    /// Which item: periods of one item share it.
    pub item: usize,
    pub product: Option<&'i str>,
    pub currency: Currency,
    /// In the item's currency.
    pub mrr: Ratio,
    /// In the currency of the answer.
    pub value: Result<Ratio, NullReason>,
    /// What one minor unit of the item's currency is worth in the answer's.
    pub rate: Result<Ratio, NullReason>,
    /// Whether it keeps a customer a customer.
    pub holds: bool,
    /// Why it ends, if it ends with this state.
    pub cause: Cause,
}

/// What a customer has from an instant on.
#[derive(Clone, Debug)]
pub(super) struct State<'i> {
    pub at: Timestamp,
    pub parts: Vec<Part<'i>>,
}

impl State<'_> {
    pub fn pays(&self) -> bool {
        self.parts.iter().any(|part| part.mrr.is_positive())
    }

    pub fn holds(&self) -> bool {
        self.parts.iter().any(|part| part.holds)
    }
}

fn convert(
    segment: &Segment,
    currency: Currency,
    question: &Question<'_>,
) -> Result<Ratio, NullReason> {
    match question.conversion {
        None => Ok(Ratio::whole(1)),
        Some(to) => to.rates.minor_rate(currency, to.target, segment.rate_day, question.policy),
    }
}

/// An item's segments, and which item they are of.
struct Track<'i> {
    item: usize,
    period: &'i ItemPeriod,
    segments: Vec<Segment>,
    next: usize,
}

/// The states of one customer, in order; what has no state has nothing.
pub(super) fn states<'i>(
    items: &'i [ItemPeriod],
    question: &Question<'_>,
    findings: &mut Vec<Finding>,
) -> Vec<State<'i>> {
    let settled = settle(items, findings);
    let mut tracks: Vec<Track<'i>> = Vec::with_capacity(settled.len());
    let mut cuts: Vec<Timestamp> = Vec::new();
    let mut item = 0_usize;
    let mut before: Option<&ItemPeriod> = None;
    for (period, end) in settled {
        let same = before.is_some_and(|before| {
            !period.subscription.is_empty()
                && before.subscription == period.subscription
                && before.item == period.item
        });
        if !same {
            item += 1;
        }
        before = Some(period);
        let converting = question.conversion.is_some_and(|to| to.target != period.currency);
        let frame = Frame {
            policy: question.policy,
            tz: question.tz,
            converting,
            horizon: question.horizon(),
        };
        let segments = segments(period, end, &frame, findings);
        cuts.extend(segments.iter().map(|one| one.from));
        cuts.extend(segments.last().and_then(|one| one.until));
        tracks.push(Track { item, period, segments, next: 0 });
    }
    cuts.sort_unstable();
    cuts.dedup();
    let mut list: Vec<State<'i>> = Vec::with_capacity(cuts.len());
    // Tracks that have begun and not ended, by index.
    let mut open: Vec<usize> = Vec::new();
    let mut order: Vec<usize> = (0..tracks.len()).collect();
    let begins = |track: &Track<'_>| track.segments.first().map(|one| one.from);
    order.retain(|index| tracks.get(*index).is_some_and(|track| begins(track).is_some()));
    order.sort_by_key(|index| tracks.get(*index).and_then(begins));
    let mut waiting = order.into_iter().peekable();
    for at in cuts {
        while let Some(index) = waiting
            .next_if(|index| tracks.get(*index).and_then(begins).is_some_and(|from| from <= at))
        {
            open.push(index);
        }
        let mut parts = Vec::with_capacity(open.len());
        open.retain(|index| {
            let Some(track) = tracks.get_mut(*index) else { return false };
            while track
                .segments
                .get(track.next)
                .is_some_and(|one| one.until.is_some_and(|until| until <= at))
            {
                track.next += 1;
            }
            let Some(segment) = track.segments.get(track.next) else { return false };
            let rate = convert(segment, track.period.currency, question);
            // Nothing is worth nothing at any rate.
            let free = segment.mrr.is_zero();
            if rate == Err(NullReason::MissingRate) && !free {
                let (from, day) = (track.period.currency, Some(segment.rate_day));
                let kind = FindingKind::MissingRate(MissingRate { from, day });
                findings.push(Finding { origin: track.period.origin, kind });
            }
            parts.push(Part {
                item: track.item,
                product: track.period.product.as_deref(),
                currency: track.period.currency,
                mrr: segment.mrr,
                value: if free {
                    Ok(Ratio::ZERO)
                } else {
                    rate.and_then(|rate| segment.mrr.checked_mul(rate).ok_or(NullReason::Overflow))
                },
                rate,
                holds: segment.holds,
                cause: segment.cause,
            });
            true
        });
        parts.sort_by_key(|part| part.item);
        list.push(State { at, parts });
    }
    netted(grouped(list, question.policy), question)
}

/// Changes that follow the first within the policy's minutes become one, at the first's instant.
fn grouped<'i>(list: Vec<State<'i>>, policy: &RevenuePolicy) -> Vec<State<'i>> {
    let window = i64::from(policy.group_minutes) * 60_000;
    let mut kept: Vec<State<'i>> = Vec::with_capacity(list.len());
    for state in list {
        match kept.last_mut() {
            Some(first) if state.at.as_millis() - first.at.as_millis() < window.max(1) => {
                first.parts = state.parts;
            }
            _ => kept.push(state),
        }
    }
    kept
}

/// Under a netting policy only the last state of a period is one.
fn netted<'i>(list: Vec<State<'i>>, question: &Question<'_>) -> Vec<State<'i>> {
    if question.policy.same_period == SamePeriod::Both {
        return list;
    }
    let index = |at: Timestamp| question.periods.partition_point(|period| period.end <= at);
    let mut kept: Vec<State<'i>> = Vec::with_capacity(list.len());
    for state in list {
        match kept.last_mut() {
            Some(before)
                if before.at >= question.periods.first().map_or(state.at, |p| p.start)
                    && index(before.at) == index(state.at) =>
            {
                *before = state;
            }
            _ => kept.push(state),
        }
    }
    kept
}

/// The time that items are about, half-open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The first start.
    pub from: Timestamp,
    /// The last end, or just after the last change of what goes on.
    pub until: Timestamp,
    /// Whether any of it goes on without an end.
    pub open: bool,
}

impl Extent {
    /// What both are about.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            from: self.from.min(other.from),
            until: self.until.max(other.until),
            open: self.open || other.open,
        }
    }
}

/// The time that these items are about; `None` when nothing ever counts.
#[must_use]
pub fn extent(items: &[ItemPeriod], policy: &RevenuePolicy, tz: &TimeZone) -> Option<Extent> {
    let mut unheard = Vec::new();
    let horizon = Timestamp::from_millis(i64::MAX);
    let frame = Frame { policy, tz, converting: false, horizon };
    let mut span: Option<Extent> = None;
    for (item, end) in settle(items, &mut unheard) {
        let list = segments(item, end, &frame, &mut unheard);
        let (Some(first), Some(last)) = (list.first(), list.last()) else { continue };
        let until = last.until.unwrap_or(last.from.plus_millis(1));
        let own = Extent { from: first.from, until, open: last.until.is_none() };
        span = Some(span.map_or(own, |span| span.and(own)));
    }
    span
}
