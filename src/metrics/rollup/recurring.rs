//! Movements of recurring revenue as columns of rollups.
//!
//! Owns running sums: what customers pay at the end of a month is the sum of all movements up to it, so
//! start + movements = end in every row, and every slice adds up to the whole. Owns which months have a
//! row though nothing moved in them. Refuses months that have not begun: movements that lie in them are
//! scheduled, not made.

use super::{Group, RollupRow};
use crate::{Cell, Component, Measured, NullReason, Ratio, allocate};
use domain::{Currency, Money, Month, Stage};
use std::collections::{BTreeMap, BTreeSet};

/// Most months before the last one that have a row though nothing happened in them.
const MONTHS_MAX: i32 = 1200;

/// The months that an answer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first one; `None` is the first that anything is known of.
    pub from: Option<Month>,
    /// The last one; `None` is the last that has begun.
    pub to: Option<Month>,
    /// The month of the moment as of which the answer holds: later ones have not begun.
    pub now: Month,
}

impl Span {
    /// The last month that has begun.
    fn last(&self) -> Month {
        self.to.map_or(self.now, |to| to.min(self.now))
    }
}

/// Recurring revenue in a row, amounts per month in the row's currency:
/// `start + new + reactivation + expansion - contraction - churn + fx = end`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recurring {
    /// At the start of the row's months.
    pub start: Measured<Money>,
    /// Of customers who pay for the first time.
    pub new: Measured<Money>,
    /// Of customers who had left.
    pub reactivation: Measured<Money>,
    /// More from customers who stayed; null where prices of then are assumed.
    pub expansion: Measured<Money>,
    /// Less from customers who stayed, positive; null where prices of then are assumed.
    pub contraction: Measured<Money>,
    /// Lost with customers who left, positive.
    pub churn: Measured<Money>,
    /// All movements: `new + reactivation + expansion - contraction - churn`.
    pub net_new: Measured<Money>,
    /// What exchange rates changed; nothing unless amounts are converted.
    pub fx: Measured<Money>,
    /// At the end of the row's months, or so far as they have begun.
    pub end: Measured<Money>,
    /// Customers who pay for the first time.
    pub subscribers_new: Measured<i64>,
    /// Customers who had left and pay again.
    pub subscribers_reactivated: Measured<i64>,
    /// Customers who left.
    pub subscribers_churned: Measured<i64>,
    /// Subscriptions first seen after they began, whose price in the row's months is assumed.
    pub assumed_subscriptions: i64,
}

/// Sums of one month.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    /// In the order of [`Component::RECURRING`].
    sums: [i128; 10],
    overflow: bool,
}

impl Flow {
    fn add(&mut self, component: Component, value: i64) {
        let at = Component::RECURRING.iter().position(|one| *one == component);
        if let Some(sum) = at.and_then(|at| self.sums.get_mut(at)) {
            *sum += i128::from(value);
            self.overflow |= value == i64::MAX || value == i64::MIN;
        }
    }

    fn net(&self) -> i128 {
        let [new, reactivation, expansion, contraction, churn, ..] = self.sums;
        new + reactivation + expansion - contraction - churn
    }
}

/// A row's dimensions but the month.
type Slice = (Option<String>, Option<String>, Option<Stage>);

fn slice(group: &Group) -> Slice {
    (group.1.clone(), group.2.clone(), group.3)
}

/// New, reactivation, expansion, contraction, churn.
type Moved = [Result<Ratio, NullReason>; 5];

/// What a row shows, before rounding.
#[derive(Clone, Debug)]
pub(super) struct Exact {
    start: Result<Ratio, NullReason>,
    moved: Moved,
    end: Result<Ratio, NullReason>,
    subscribers: [i128; 3],
    assumed: i128,
    overflow: bool,
}

impl Exact {
    const NOTHING: Self = Self {
        start: Ok(Ratio::ZERO),
        moved: [Ok(Ratio::ZERO); 5],
        end: Ok(Ratio::ZERO),
        subscribers: [0; 3],
        assumed: 0,
        overflow: false,
    };
}

/// Movement cells by slice and currency.
pub(super) struct Streams {
    by_month: bool,
    span: Span,
    of: BTreeMap<Slice, BTreeMap<Currency, BTreeMap<Month, Flow>>>,
}

impl Streams {
    pub fn new(by_month: bool, span: Span) -> Self {
        Self { by_month, span, of: BTreeMap::new() }
    }

    /// Adds a cell of one of [`Component::RECURRING`], whatever its month.
    pub fn add(&mut self, cell: &Cell, group: &Group) {
        let (Some(currency), month) = (cell.key.currency, cell.key.month) else { return };
        if month <= self.span.last() {
            let flows = self.of.entry(slice(group)).or_default().entry(currency).or_default();
            flows.entry(month).or_default().add(cell.key.component, cell.value);
        }
    }

    /// The rows of each currency by itself. `rows` are those that there are for other reasons.
    pub fn apart<'g>(
        &self,
        rows: impl Iterator<Item = (&'g Group, Currency)>,
    ) -> BTreeMap<(Group, Currency), Exact> {
        let mut others: BTreeMap<(Slice, Currency), BTreeSet<Month>> = BTreeMap::new();
        for (group, currency) in rows {
            others.entry((slice(group), currency)).or_default().extend(group.0);
        }
        let none = BTreeSet::new();
        let mut found = BTreeMap::new();
        for (of, units) in &self.of {
            for (unit, flows) in units {
                let other = others.get(&(of.clone(), *unit)).unwrap_or(&none);
                let units = BTreeMap::from([(*unit, flows)]);
                let exact = |value, _, _| Ratio::new(value, 1).ok_or(NullReason::Overflow);
                for (month, row) in self.rows(&units, other, exact) {
                    let (channel, segment, stage) = of.clone();
                    found.insert(((month, channel, segment, stage), *unit), row);
                }
            }
        }
        found
    }

    /// The rows of all currencies in one; `worth` converts minor units by the rate of a month.
    pub fn together<'g>(
        &self,
        rows: impl Iterator<Item = &'g Group>,
        mut worth: impl FnMut(i128, Currency, Month) -> Result<Ratio, NullReason>,
    ) -> BTreeMap<Group, Exact> {
        let mut others: BTreeMap<Slice, BTreeSet<Month>> = BTreeMap::new();
        for group in rows {
            others.entry(slice(group)).or_default().extend(group.0);
        }
        let none = BTreeSet::new();
        let mut found = BTreeMap::new();
        for (of, units) in &self.of {
            let units = units.iter().map(|(unit, flows)| (*unit, flows)).collect();
            let other = others.get(of).unwrap_or(&none);
            for (month, row) in self.rows(&units, other, &mut worth) {
                let (channel, segment, stage) = of.clone();
                found.insert((month, channel, segment, stage), row);
            }
        }
        found
    }

    /// What a row without movement cells shows: nothing, or that its months have not begun.
    pub fn none(&self, group: &Group) -> Result<Exact, NullReason> {
        match group.0 {
            Some(month) if month > self.span.now => Err(NullReason::Immature),
            _ => Ok(Exact::NOTHING),
        }
    }

    /// The months that have a row: those of movements, those in which somebody pays, and `others`.
    fn months(
        &self,
        units: &BTreeMap<Currency, &BTreeMap<Month, Flow>>,
        others: &BTreeSet<Month>,
    ) -> BTreeSet<Month> {
        let last = self.span.last();
        let first = self.span.from.unwrap_or(Month(i32::MIN));
        let within = |month: &Month| *month >= first && *month <= last;
        let dated = |month: &&Month| **month != crate::UNDATED;
        let mut months: BTreeSet<Month> =
            others.iter().filter(dated).copied().filter(within).collect();
        for flows in units.values() {
            months.extend(flows.keys().copied().filter(within));
            let known = flows.keys().next().copied().unwrap_or(last);
            let begin = first.max(known).max(Month(last.0.saturating_sub(MONTHS_MAX - 1)));
            let mut level: i128 = flows.range(..begin).map(|(_, flow)| flow.net()).sum();
            for month in (begin.0..=last.0).map(Month) {
                level += flows.get(&month).map_or(0, Flow::net);
                if level != 0 {
                    months.insert(month);
                }
            }
        }
        months
    }

    fn rows(
        &self,
        units: &BTreeMap<Currency, &BTreeMap<Month, Flow>>,
        others: &BTreeSet<Month>,
        mut worth: impl FnMut(i128, Currency, Month) -> Result<Ratio, NullReason>,
    ) -> Vec<(Option<Month>, Exact)> {
        let last = self.span.last();
        let first = self.span.from.unwrap_or(Month(i32::MIN));
        let stretches: Vec<(Option<Month>, Month, Month)> = if self.by_month {
            self.months(units, others).into_iter().map(|one| (Some(one), one, one)).collect()
        } else {
            vec![(None, first, last)]
        };
        let mut rows = Vec::with_capacity(stretches.len());
        let mut past: BTreeMap<Currency, Past<'_>> =
            units.iter().map(|(unit, flows)| (*unit, Past::new(flows))).collect();
        for (shown, begin, end) in stretches {
            let mut row = Exact::NOTHING;
            let mut sum = |to: &mut Result<Ratio, NullReason>, value, unit, month| {
                let more = worth(value, unit, month);
                *to = to.and_then(|sum| sum.checked_add(more?).ok_or(NullReason::Overflow));
            };
            for (unit, past) in &mut past {
                past.until(begin, |_, _| ());
                sum(&mut row.start, past.level, *unit, Month(begin.0.saturating_sub(1)));
                let seen = past.seen_by(begin);
                past.until(Month(end.0.saturating_add(1)), |month, flow| {
                    for (to, value) in row.moved.iter_mut().zip(flow.sums) {
                        sum(to, value, *unit, month);
                    }
                    let [_, _, _, _, _, new, back, left, ..] = flow.sums;
                    for (to, more) in row.subscribers.iter_mut().zip([new, back, left]) {
                        *to += more;
                    }
                });
                sum(&mut row.end, past.level, *unit, end);
                row.assumed += past.assumed - seen;
                row.overflow |= past.overflow;
            }
            rows.push((shown, row));
        }
        rows
    }
}

/// The sums of everything before a month.
struct Past<'f> {
    left: std::iter::Peekable<std::collections::btree_map::Iter<'f, Month, Flow>>,
    flows: &'f BTreeMap<Month, Flow>,
    level: i128,
    assumed: i128,
    seen: i128,
    overflow: bool,
}

impl<'f> Past<'f> {
    fn new(flows: &'f BTreeMap<Month, Flow>) -> Self {
        let left = flows.iter().peekable();
        Self { left, flows, level: 0, assumed: 0, seen: 0, overflow: false }
    }

    /// Goes on to a month, over those before it.
    fn until(&mut self, month: Month, mut over: impl FnMut(Month, &Flow)) {
        while let Some((at, flow)) = self.left.next_if(|(at, _)| **at < month) {
            over(*at, flow);
            let [.., assumed, seen] = flow.sums;
            self.level += flow.net();
            self.assumed += assumed;
            self.seen += seen;
            self.overflow |= flow.overflow;
        }
    }

    /// How many assumed subscriptions had been seen when `month`, the next one, began.
    fn seen_by(&self, month: Month) -> i128 {
        let [.., seen] = self.flows.get(&month).copied().unwrap_or_default().sums;
        self.seen + seen
    }
}

/// The columns, each amount rounded by itself; [`Recurring::finish`] belongs behind it.
pub(super) fn columns(
    row: &Result<Exact, NullReason>,
    has_subscriptions: bool,
    currency: Currency,
) -> Recurring {
    let known = match row {
        _ if !has_subscriptions => Err(NullReason::NoSource),
        Ok(row) if row.overflow => Err(NullReason::Overflow),
        Ok(row) => Ok(row),
        Err(reason) => Err(*reason),
    };
    let shown = |exact: Result<Ratio, NullReason>| -> Measured<Money> {
        let minor = exact.and_then(|exact| exact.round_i64().ok_or(NullReason::Overflow));
        minor.map(|minor| Money::from_minor(minor, currency)).into()
    };
    let count = |of: fn(&[i128; 3]) -> i128| -> Measured<i64> {
        known
            .and_then(|row| i64::try_from(of(&row.subscribers)).map_err(|_| NullReason::Overflow))
            .into()
    };
    let part =
        |of: fn(&Moved) -> Result<Ratio, NullReason>| shown(known.and_then(|row| of(&row.moved)));
    let later = || Measured::none(NullReason::NoData);
    let assumed = known.map_or(0, |row| row.assumed);
    Recurring {
        start: shown(known.and_then(|row| row.start)),
        new: part(|[new, ..]| *new),
        reactivation: part(|[_, back, ..]| *back),
        expansion: part(|[_, _, more, ..]| *more),
        contraction: part(|[_, _, _, less, _]| *less),
        churn: part(|[.., churn]| *churn),
        net_new: later(),
        fx: later(),
        end: shown(known.and_then(|row| row.end)),
        subscribers_new: count(|[new, ..]| *new),
        subscribers_reactivated: count(|[_, back, _]| *back),
        subscribers_churned: count(|[.., left]| *left),
        assumed_subscriptions: i64::try_from(assumed).unwrap_or(i64::MAX),
    }
}

/// Shows converted amounts so that they sum to the rounded total: movements over all rows, levels over
/// the rows of a month.
pub(super) fn settle(rows: &mut [RollupRow], exact: &[Result<Exact, NullReason>]) {
    let known = || (0_usize..).zip(exact).filter_map(|(at, row)| Some((at, row.as_ref().ok()?)));
    type Column = fn(&mut Recurring) -> &mut Measured<Money>;
    let moved: [Column; 5] = [
        |row| &mut row.new,
        |row| &mut row.reactivation,
        |row| &mut row.expansion,
        |row| &mut row.contraction,
        |row| &mut row.churn,
    ];
    for (nth, column) in moved.into_iter().enumerate() {
        let of = |row: &Exact| row.moved.get(nth).copied().unwrap_or(Ok(Ratio::ZERO));
        share(rows, &known().map(|(at, row)| (at, of(row))).collect::<Vec<_>>(), column);
    }
    let mut months: BTreeMap<Option<Month>, Vec<(usize, &Exact)>> = BTreeMap::new();
    for (at, row) in known() {
        months.entry(rows.get(at).and_then(|row| row.month)).or_default().push((at, row));
    }
    for list in months.values() {
        let of = |of: fn(&Exact) -> Result<Ratio, NullReason>| -> Vec<_> {
            list.iter().map(|(at, row)| (*at, of(row))).collect()
        };
        share(rows, &of(|row| row.start), |row| &mut row.start);
        share(rows, &of(|row| row.end), |row| &mut row.end);
    }
}

/// Writes parts, by their rows, so that they sum to their rounded total, if all of them are known.
fn share(
    rows: &mut [RollupRow],
    parts: &[(usize, Result<Ratio, NullReason>)],
    column: impl Fn(&mut Recurring) -> &mut Measured<Money>,
) {
    let exact: Result<Vec<Ratio>, NullReason> = parts.iter().map(|(_, part)| *part).collect();
    let Some(shown) = exact.ok().and_then(|parts| allocate(&parts)) else { return };
    for ((at, _), minor) in parts.iter().zip(shown) {
        let amount = rows.get_mut(*at).and_then(|row| column(&mut row.recurring).value.as_mut());
        if let Some(amount) = amount {
            amount.amount_minor = minor;
        }
    }
}

impl Recurring {
    /// Fills in what follows from the amounts shown: all movements, and what exchange rates did. What
    /// was not seen is unknown then; what is paid, and so the sum of all that moved it, is not.
    pub(super) fn finish(&mut self) {
        let minor = |one: &Measured<Money>| match one.value {
            Some(money) => Ok(i128::from(money.amount_minor)),
            None => Err(one.null_reason.unwrap_or(NullReason::NoData)),
        };
        let net = || {
            Ok(minor(&self.new)? + minor(&self.reactivation)? + minor(&self.expansion)?
                - minor(&self.contraction)?
                - minor(&self.churn)?)
        };
        let net: Result<i128, NullReason> = net();
        let fx = || Ok(minor(&self.end)? - minor(&self.start)? - net?);
        let fx: Result<i128, NullReason> = fx();
        let amounts = [&self.start, &self.end, &self.new];
        let currency = amounts.iter().find_map(|one| one.value).map(|money| money.currency);
        let shown = |sum: Result<i128, NullReason>| -> Measured<Money> {
            let minor = sum.and_then(|sum| i64::try_from(sum).map_err(|_| NullReason::Overflow));
            let money = minor.and_then(|minor| {
                Ok(Money::from_minor(minor, currency.ok_or(NullReason::NoData)?))
            });
            money.into()
        };
        (self.net_new, self.fx) = (shown(net), shown(fx));
        if self.assumed_subscriptions > 0 && self.new.null_reason != Some(NullReason::NoSource) {
            self.expansion = Measured::none(NullReason::NoData);
            self.contraction = Measured::none(NullReason::NoData);
        }
    }
}
