//! Rows of recurring revenue: ledgers added up by period and slice.
//!
//! Owns the additive cells, the rounding of a row so that its parts sum, and the ratios, which are
//! formed from exact sums when read. A slice is a product line or whatever label the caller gives
//! a customer; the rows of all slices sum to the row of no slice exactly, before rounding and,
//! with [`rounding_rows`], after it.

use super::item::Cause;
use super::ledger::{Change, Ledger, LineKind, Step};
use super::row::{Counts, RevenueRow, Sums};
use super::state::Question;
use super::sum::Sum;
use crate::{NullReason, Ratio};
use domain::{Currency, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Columns of a ledger that have a sum.
pub(super) const COLUMNS: usize = LineKind::COLUMNS.len();

/// How rows are split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slicing {
    /// Not at all: only by currency, where nothing is converted.
    Whole,
    /// By the label given with each customer.
    Label,
    /// By product line; customers are counted in each one they have.
    Product,
}

/// The product line of what no source names one for.
pub const NO_PRODUCT: &str = "(none)";

type Key = (Option<String>, Currency);

/// The additive parts of one key in one period.
#[derive(Clone, Debug, Default)]
struct Bucket {
    columns: [Sum; COLUMNS],
    unconverted: Sum,
    /// Columns that are null.
    lost: BTreeMap<usize, NullReason>,
    counts: Counts,
    live: i64,
    /// Parts of the level that have no value.
    unknown: i64,
    why: Option<NullReason>,
    /// What the opening cohort has more at the end than at the start.
    cohort: Sum,
    /// The same, nobody counted with more than at the start.
    kept: Sum,
    /// Members of the opening cohort who left.
    left: i64,
    cohort_lost: Option<NullReason>,
}

/// Sums of ledgers.
#[derive(Clone, Debug)]
pub struct Book<'a> {
    question: &'a Question<'a>,
    slicing: Slicing,
    /// By key and by the period's index; index -1 is everything before the first period.
    cells: BTreeMap<Key, BTreeMap<i64, Bucket>>,
}

/// How one customer stands within one key while their steps are added.
#[derive(Clone, Debug)]
struct Standing {
    period: i64,
    live: bool,
    unknown: i64,
    why: Option<NullReason>,
    level: Result<Ratio, NullReason>,
    /// At the period's start.
    opened_live: bool,
    opened: Result<Ratio, NullReason>,
    left: bool,
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            period: i64::MIN,
            live: false,
            unknown: 0,
            why: None,
            level: Ok(Ratio::ZERO),
            opened_live: false,
            opened: Ok(Ratio::ZERO),
            left: false,
        }
    }
}

fn plus(a: Result<Ratio, NullReason>, b: Result<Ratio, NullReason>) -> Result<Ratio, NullReason> {
    a?.checked_add(b?).ok_or(NullReason::Overflow)
}

impl<'a> Book<'a> {
    /// An empty book.
    #[must_use]
    pub const fn new(question: &'a Question<'a>, slicing: Slicing) -> Self {
        Self { question, slicing, cells: BTreeMap::new() }
    }

    fn currency(&self, original: Currency) -> Currency {
        self.question.conversion.map_or(original, |to| to.target)
    }

    fn key(&self, label: Option<&str>, product: Option<&str>, currency: Currency) -> Key {
        let slice = match self.slicing {
            Slicing::Whole => None,
            Slicing::Label => label.map(str::to_owned),
            Slicing::Product => Some(product.unwrap_or(NO_PRODUCT).to_owned()),
        };
        (slice, self.currency(currency))
    }

    /// The index of the period that holds `at`; `None` after the last one.
    fn index(&self, at: Timestamp) -> Option<i64> {
        let first = self.question.periods.first()?;
        if at < first.start {
            return Some(-1);
        }
        let index = self.question.periods.partition_point(|period| period.end <= at);
        (index < self.question.periods.len()).then_some(index as i64)
    }

    /// Adds one customer's ledger under a label.
    pub fn add(&mut self, ledger: &Ledger, label: Option<&str>) {
        let mut standings: BTreeMap<Key, Standing> = BTreeMap::new();
        for step in &ledger.steps {
            let Some(period) = self.index(step.at) else { break };
            self.add_step(step, period, label, &mut standings);
        }
        for (key, standing) in standings {
            self.close(&key, &standing);
        }
    }

    fn bucket(&mut self, key: &Key, period: i64) -> &mut Bucket {
        self.cells.entry(key.clone()).or_default().entry(period).or_default()
    }

    /// What each key has after a step: whether it is live, its value and how many parts have none.
    fn holdings(&self, step: &Step, label: Option<&str>) -> BTreeMap<Key, Standing> {
        let mut map: BTreeMap<Key, Standing> = BTreeMap::new();
        for one in &step.after {
            let key = self.key(label, one.product.as_deref(), one.currency);
            let to = map.entry(key).or_default();
            to.live |= one.live;
            to.level = plus(to.level, one.value);
            if let Err(reason) = one.value {
                (to.unknown, to.why) = (to.unknown + 1, Some(reason));
            }
        }
        map
    }

    fn changes(&self, step: &Step, label: Option<&str>) -> BTreeSet<(Key, Change)> {
        if self.slicing != Slicing::Product {
            return step
                .changes
                .iter()
                .map(|(currency, change)| (self.key(label, None, *currency), *change))
                .collect();
        }
        let mut set = BTreeSet::new();
        for line in &step.lines {
            let change = match line.kind {
                LineKind::New => Change::New,
                LineKind::Reactivation => Change::Reactivation,
                LineKind::Churn(cause) => Change::Churn(cause),
                LineKind::Upsell | LineKind::CrossSell | LineKind::Contraction => {
                    if line.amount.is_positive() { Change::Expansion } else { Change::Contraction }
                }
                LineKind::Fx | LineKind::Unconverted => continue,
            };
            set.insert((self.key(label, line.product.as_deref(), line.currency), change));
        }
        set
    }

    fn add_step(
        &mut self,
        step: &Step,
        period: i64,
        label: Option<&str>,
        standings: &mut BTreeMap<Key, Standing>,
    ) {
        let after = self.holdings(step, label);
        let mut keys: BTreeSet<Key> = standings.keys().chain(after.keys()).cloned().collect();
        for line in &step.lines {
            keys.insert(self.key(label, line.product.as_deref(), line.currency));
        }
        for key in &keys {
            let standing = standings.entry(key.clone()).or_default();
            if standing.period != period {
                let done = standing.clone();
                self.close(key, &done);
                standing.period = period;
                standing.opened_live = standing.live;
                standing.opened = standing.level;
                standing.left = false;
            }
        }
        for line in &step.lines {
            let key = self.key(label, line.product.as_deref(), line.currency);
            let bucket = self.bucket(&key, period);
            match line.kind.column().and_then(|column| bucket.columns.get_mut(column)) {
                Some(sum) => sum.add(line.value),
                None => bucket.unconverted.add(line.value),
            }
        }
        for lost in &step.lost {
            let key = self.key(label, lost.product.as_deref(), lost.currency);
            if let Some(column) = lost.kind.column() {
                self.bucket(&key, period).lost.insert(column, lost.reason);
            }
        }
        for (key, change) in self.changes(step, label) {
            self.bucket(&key, period).counts.add(change);
        }
        for (key, standing) in standings.iter_mut() {
            let now = after.get(key).cloned().unwrap_or_default();
            if now.live != standing.live || now.unknown != standing.unknown {
                let bucket = self.bucket(key, period);
                bucket.live += i64::from(now.live) - i64::from(standing.live);
                bucket.unknown += now.unknown - standing.unknown;
                bucket.why = bucket.why.or(now.why);
            }
            standing.left |= standing.live && !now.live;
            (standing.live, standing.level) = (now.live, now.level);
            (standing.unknown, standing.why) = (now.unknown, now.why);
        }
    }

    /// Adds what one customer of the opening cohort became by the end of a period.
    fn close(&mut self, key: &Key, standing: &Standing) {
        if !standing.opened_live {
            return;
        }
        let deltas = || {
            let opened = standing.opened?;
            let zero = Ratio::ZERO;
            // Who returned within the period is reactivated, and not retained.
            let closed = if standing.left { zero } else { standing.level? };
            let delta = closed.checked_sub(opened).ok_or(NullReason::Overflow)?;
            Ok((delta, if delta.is_negative() { delta } else { zero }))
        };
        let bucket = self.bucket(key, standing.period);
        bucket.left += i64::from(standing.left);
        match deltas() {
            Ok((delta, kept)) => {
                bucket.cohort.add(delta);
                bucket.kept.add(kept);
            }
            Err(reason) => bucket.cohort_lost = Some(reason),
        }
    }

    /// The rows, by slice, currency and period; periods before a key's first change and after it
    /// are rows of zeros, except those before any key has changed. `seen` is the time that the
    /// data covers: a period that is not wholly within it is partial.
    #[must_use]
    pub fn rows(&self, seen: (Timestamp, Timestamp)) -> Vec<RevenueRow> {
        let mut rows = Vec::new();
        for ((slice, currency), buckets) in &self.cells {
            let mut level = Sum::default();
            let (mut live, mut unknown, mut why) = (0_i64, 0_i64, None);
            let mut advance = |bucket: Option<&Bucket>| {
                let opened = (level, live, unknown, why);
                if let Some(bucket) = bucket {
                    bucket.columns.iter().for_each(|sum| level.add_sum(*sum));
                    level.add_sum(bucket.unconverted);
                    live += bucket.live;
                    unknown += bucket.unknown;
                    why = why.or(bucket.why);
                }
                (opened, (level, live, unknown, why))
            };
            advance(buckets.get(&-1));
            for (index, period) in (0_i64..).zip(self.question.periods) {
                let bucket = buckets.get(&index);
                let (opened, closed) = advance(bucket);
                let none = Bucket::default();
                let bucket = bucket.unwrap_or(&none);
                let sums = sums(bucket, opened, closed);
                let partial = period.start < seen.0 || period.end > seen.1;
                let of = |slice: &Option<String>| (slice.clone(), *currency);
                rows.push(RevenueRow::new(period, partial, of(slice), &sums, self.question.policy));
            }
        }
        rows
    }
}

type Level = (Sum, i64, i64, Option<NullReason>);

/// What a row is computed from.
fn sums(bucket: &Bucket, opened: Level, closed: Level) -> Sums {
    let known = |(level, _, unknown, why): Level| {
        if unknown > 0 { Err(why.unwrap_or(NullReason::MissingRate)) } else { level.total() }
    };
    let (start, end) = (known(opened), known(closed));
    let mut columns = [Ok(Ratio::ZERO); COLUMNS];
    for (index, (slot, sum)) in columns.iter_mut().zip(bucket.columns).enumerate() {
        *slot = match bucket.lost.get(&index) {
            Some(reason) => Err(*reason),
            None => sum.total(),
        };
    }
    // What a rate did is not known where the level is not.
    if let Some(fx) = LineKind::Fx.column().and_then(|column| columns.get_mut(column)) {
        *fx = start.and(end).and(*fx);
    }
    let cohort = |sum: Sum| match bucket.cohort_lost {
        Some(reason) => Err(reason),
        None => plus(start, sum.total()),
    };
    Sums {
        start,
        end,
        columns,
        counts: Counts { start: opened.1, end: closed.1, ..bucket.counts },
        cohort_end: cohort(bucket.cohort),
        cohort_kept: cohort(bucket.kept),
        cohort_left: bucket.left,
    }
}

/// One more row per period and currency where shown amounts of slices do not sum to the shown
/// total, for each is rounded by itself: the difference, as a slice of the name `name`. With it the
/// parts sum to the cent, every row keeps its own identity, and no customer is shown a cent that is
/// not theirs.
#[must_use]
pub fn rounding_rows(totals: &[RevenueRow], slices: &[RevenueRow], name: &str) -> Vec<RevenueRow> {
    let mut sums: BTreeMap<(&str, Currency), RevenueRow> = BTreeMap::new();
    for row in totals {
        sums.insert((&row.period.name, row.currency), row.rest(name));
    }
    for row in slices {
        if let Some(rest) = sums.get_mut(&(row.period.name.as_str(), row.currency)) {
            rest.take_off(row);
        }
    }
    sums.into_values().filter(RevenueRow::has_amounts).collect()
}

impl Counts {
    fn add(&mut self, change: Change) {
        match change {
            Change::New => self.new += 1,
            Change::Reactivation => self.reactivated += 1,
            Change::Expansion => self.expanded += 1,
            Change::Contraction => self.contracted += 1,
            Change::Churn(Cause::Voluntary) => self.churned_voluntary += 1,
            Change::Churn(Cause::Involuntary) => self.churned_involuntary += 1,
            Change::Churn(Cause::Unknown) => self.churned_unknown += 1,
        }
    }
}
