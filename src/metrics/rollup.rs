//! Rollups: rows of business numbers from additive cells, ratios formed when read.
//!
//! Owns grouping and the reasons for missing values. Rows are per currency, or all in
//! one that amounts are converted to ([`rollup_in`]); currencies are never added. The sums of the rows equal the row of no dimension exactly: rounding happens only in the
//! averages and ratios, which are not sums.

mod recurring;

pub use recurring::{Recurring, Span};

use crate::exact;
use crate::{
    Cell, CellKey, Component, Exchange, Measured, NullReason, Policy, Ratio, Sources, allocate,
};
use domain::{Currency, Money, Month, Stage};
use recurring::{Exact, Streams, columns};
use std::collections::{BTreeMap, BTreeSet};

/// The channel of what no channel is known for.
pub const UNATTRIBUTED: &str = "unattributed";

/// What rows can be split by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// The month, in the policy's time zone.
    Month,
    /// The acquisition channel.
    Channel,
    /// The segment.
    Segment,
    /// The present stage.
    Stage,
}

/// One row: the dimensions asked for, and the numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupRow {
    /// If split by month; [`crate::UNDATED`] for what no source dates.
    pub month: Option<Month>,
    /// If split by channel; [`UNATTRIBUTED`] where none is known.
    pub channel: Option<String>,
    /// If split by segment; `unknown` where none is known.
    pub segment: Option<String>,
    /// If split by stage.
    pub stage: Option<Stage>,
    /// The currency of every amount in the row.
    pub currency: Currency,
    /// Customers whose first payment was made in this currency.
    pub new_customers: Measured<i64>,
    /// Succeeded payments less succeeded refunds, each in its own month.
    pub revenue: Measured<Money>,
    /// Expense.
    pub spend: Measured<Money>,
    /// Historic revenue CLV: revenue to date of the customers acquired, per customer.
    pub clv_revenue: Measured<Money>,
    /// Historic margin CLV: the same times the gross margin.
    pub clv_margin: Measured<Money>,
    /// Expense per new customer.
    pub cac: Measured<Money>,
    /// Margin CLV over CAC, four decimals, from the exact fraction.
    pub ltv_to_cac: Measured<String>,
    /// Recurring revenue and its movements.
    pub recurring: Recurring,
}

/// One row of a plain count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountRow {
    /// If split by month.
    pub month: Option<Month>,
    /// If split by channel.
    pub channel: Option<String>,
    /// If split by segment.
    pub segment: Option<String>,
    /// If split by stage.
    pub stage: Option<Stage>,
    /// The sum.
    pub value: Measured<i64>,
}

type Group = (Option<Month>, Option<String>, Option<String>, Option<Stage>);

fn group(key: &CellKey, by: &[Dimension]) -> Group {
    let has = |dimension| by.contains(&dimension);
    let word = |text: &Option<String>, none: &str| text.clone().unwrap_or_else(|| none.to_owned());
    (
        has(Dimension::Month).then_some(key.month),
        has(Dimension::Channel).then(|| word(&key.channel, UNATTRIBUTED)),
        has(Dimension::Segment).then(|| word(&key.segment, "unknown")),
        key.stage.filter(|_| has(Dimension::Stage)),
    )
}

/// Sums of one group in one currency.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    customers: i128,
    gross: i128,
    refunds: i128,
    spend: i128,
    cohort: i128,
    overflow: bool,
}

impl Sums {
    fn add(&mut self, component: Component, value: i64) {
        self.overflow |= value == i64::MAX || value == i64::MIN;
        let value = i128::from(value);
        match component {
            Component::NewCustomers => self.customers += value,
            Component::GrossPayments => self.gross += value,
            Component::Refunds => self.refunds += value,
            Component::Spend => self.spend += value,
            Component::CohortRevenue => self.cohort += value,
            // Tickets are no money; recurring revenue is added up in [`Streams`].
            _ => {}
        }
    }
}

/// What a row is computed with besides its sums.
struct Context<'a> {
    policy: &'a Policy,
    sources: &'a Sources,
    /// Whether expense can be told apart by the dimensions asked for.
    attributable: bool,
}

/// Rows of `cells` split by `by` and by currency, sorted by month, channel, segment, stage and
/// currency; only those of `currency` if it is given. With no dimension the rows are the totals
/// (and one row of zeros stands for no cells if a currency is given).
///
/// Expense has no segment and no stage: with those dimensions it is null with `NOT_ATTRIBUTABLE`,
/// and so are CAC and LTV:CAC. A CAC in a currency without expense, where there is expense in
/// another one, is null with `MIXED_CURRENCY`.
///
/// `cells` are those of the months of `span`, and those of [`Component::RECURRING`] of all months before,
/// too. Split by month, every month in which something is paid has a row, and `start` is what was paid
/// at the end of the month before; else it is what was paid before `span` began, and `end` what is at
/// its end. Movements of months that have not begun are left out.
#[must_use]
pub fn rollup(
    cells: &[Cell],
    by: &[Dimension],
    span: Span,
    currency: Option<Currency>,
    policy: &Policy,
    sources: &Sources,
) -> Vec<RollupRow> {
    let mut streams = Streams::new(by.contains(&Dimension::Month), span);
    let attributable = !by.contains(&Dimension::Segment) && !by.contains(&Dimension::Stage);
    let mut groups: BTreeMap<Group, BTreeMap<Currency, Sums>> = BTreeMap::new();
    for cell in cells {
        let Some(unit) = cell.key.currency else { continue };
        if cell.key.component == Component::Spend && !attributable {
            continue;
        }
        if cell.key.component.is_recurring() {
            streams.add(cell, &group(&cell.key, by));
            continue;
        }
        let sums = groups.entry(group(&cell.key, by)).or_default().entry(unit).or_default();
        sums.add(cell.key.component, cell.value);
    }
    if let Some(unit) = currency.filter(|_| by.is_empty()) {
        groups.entry((None, None, None, None)).or_default().entry(unit).or_default();
    }
    let had = groups.iter().flat_map(|(group, units)| units.keys().map(move |unit| (group, *unit)));
    let mut recurring = streams.apart(had);
    for (group, unit) in recurring.keys() {
        groups.entry(group.clone()).or_default().entry(*unit).or_default();
    }
    let context = Context { policy, sources, attributable };
    let mut rows = Vec::new();
    for (group, units) in groups {
        let spending: BTreeSet<Currency> =
            units.iter().filter(|(_, sums)| sums.spend != 0).map(|(unit, _)| *unit).collect();
        for (unit, sums) in units {
            if currency.is_none_or(|wanted| wanted == unit) {
                let mixed = !spending.is_empty() && !spending.contains(&unit);
                let exact = recurring.remove(&(group.clone(), unit));
                let exact = exact.map_or_else(|| streams.none(&group), Ok);
                let totals = Totals::from(&sums);
                let mut row = context.row(group.clone(), unit, (&totals, &exact), mixed);
                row.recurring.finish();
                rows.push(row);
            }
        }
    }
    rows
}

/// Sums of one group in the currency of the answer, exact.
struct Totals {
    customers: i128,
    revenue: Result<Ratio, NullReason>,
    spend: Result<Ratio, NullReason>,
    cohort: Result<Ratio, NullReason>,
    overflow: bool,
}

impl From<&Sums> for Totals {
    fn from(sums: &Sums) -> Self {
        let whole = |value: i128| Ratio::new(value, 1).ok_or(NullReason::Overflow);
        Self {
            customers: sums.customers,
            revenue: whole(sums.gross - sums.refunds),
            spend: whole(sums.spend),
            cohort: whole(sums.cohort),
            overflow: sums.overflow,
        }
    }
}

impl Totals {
    const NONE: Self = Self {
        customers: 0,
        revenue: Ok(Ratio::ZERO),
        spend: Ok(Ratio::ZERO),
        cohort: Ok(Ratio::ZERO),
        overflow: false,
    };

    /// Adds the sums of a month in a currency.
    fn add(&mut self, sums: &Sums, from: Currency, month: Month, exchange: &mut Exchange<'_>) {
        let mut plus = |sum: Result<Ratio, NullReason>, more: i128| {
            let more = Ratio::new(more, 1).ok_or(NullReason::Overflow);
            let worth = more.and_then(|more| exchange.in_month(more, from, month));
            sum.and_then(|sum| sum.checked_add(worth?).ok_or(NullReason::Overflow))
        };
        self.revenue = plus(self.revenue, sums.gross - sums.refunds);
        self.spend = plus(self.spend, sums.spend);
        self.cohort = plus(self.cohort, sums.cohort);
        self.customers += sums.customers;
        self.overflow |= sums.overflow;
    }
}

/// Rows with every amount converted into one currency. The sums of a month are converted by the rate
/// of its first day (or the policy's fixed one): so is what the customers acquired in it brought to
/// date, whenever they brought it, which makes LTV:CAC free of what rates did since. New customers
/// are those of all currencies. Where a rate is missing the numbers concerned are null with
/// `MISSING_RATE`, and [`Exchange::missing`] names it. Shown revenue and spend of the rows sum to
/// their rounded total: what rounding leaves over is in the largest row. Recurring revenue is converted by
/// the rate of each month; what rates changed from one to the next is `fx`, which holds the cents that
/// rounding the others leaves over, so that start + movements + fx = end.
#[must_use]
pub fn rollup_in(
    exchange: &mut Exchange<'_>,
    cells: &[Cell],
    by: &[Dimension],
    span: Span,
    policy: &Policy,
    sources: &Sources,
) -> Vec<RollupRow> {
    let mut streams = Streams::new(by.contains(&Dimension::Month), span);
    let attributable = !by.contains(&Dimension::Segment) && !by.contains(&Dimension::Stage);
    let mut groups: BTreeMap<Group, BTreeMap<(Month, Currency), Sums>> = BTreeMap::new();
    for cell in cells {
        let Some(unit) = cell.key.currency else { continue };
        if cell.key.component == Component::Spend && !attributable {
            continue;
        }
        if cell.key.component.is_recurring() {
            streams.add(cell, &group(&cell.key, by));
            continue;
        }
        let of = groups.entry(group(&cell.key, by)).or_default();
        of.entry((cell.key.month, unit)).or_default().add(cell.key.component, cell.value);
    }
    if by.is_empty() {
        groups.entry((None, None, None, None)).or_default();
    }
    let mut recurring = streams.together(groups.keys(), |value, unit, month| {
        let value = Ratio::new(value, 1).ok_or(NullReason::Overflow)?;
        exchange.in_month(value, unit, month)
    });
    for group in recurring.keys() {
        groups.entry(group.clone()).or_default();
    }
    let context = Context { policy, sources, attributable };
    let mut rows = Vec::with_capacity(groups.len());
    let (mut revenue, mut spend, mut moved) = (Vec::new(), Vec::new(), Vec::new());
    for (group, units) in groups {
        let mut totals = Totals::NONE;
        for ((month, unit), sums) in &units {
            totals.add(sums, *unit, *month, exchange);
        }
        revenue.push(totals.revenue);
        spend.push(totals.spend);
        let exact = recurring.remove(&group).map_or_else(|| streams.none(&group), Ok);
        rows.push(context.row(group, exchange.target(), (&totals, &exact), false));
        moved.push(exact);
    }
    settle(&mut rows, &revenue, |row| &mut row.revenue);
    settle(&mut rows, &spend, |row| &mut row.spend);
    recurring::settle(&mut rows, &moved);
    rows.iter_mut().for_each(|row| row.recurring.finish());
    rows
}

/// Shows parts so that they sum to the rounded total, if all of them are known.
fn settle(
    rows: &mut [RollupRow],
    parts: &[Result<Ratio, NullReason>],
    column: impl Fn(&mut RollupRow) -> &mut Measured<Money>,
) {
    let exact: Result<Vec<Ratio>, NullReason> = parts.iter().copied().collect();
    let Some(shown) = exact.ok().and_then(|parts| allocate(&parts)) else { return };
    for (row, minor) in rows.iter_mut().zip(shown) {
        if let Some(amount) = &mut column(row).value {
            amount.amount_minor = minor;
        }
    }
}

impl Context<'_> {
    fn row(
        &self,
        group: Group,
        currency: Currency,
        (sums, recurring): (&Totals, &Result<Exact, NullReason>),
        mixed: bool,
    ) -> RollupRow {
        let need = |has: bool| if has { Ok(()) } else { Err(NullReason::NoSource) };
        let sound = if sums.overflow { Err(NullReason::Overflow) } else { Ok(()) };
        let paid = need(self.sources.has_payments).and(sound);
        let spent = need(self.sources.has_spend)
            .and(if self.attributable { Ok(()) } else { Err(NullReason::NotAttributable) })
            .and(sound);
        let some = if sums.customers > 0 { Ok(()) } else { Err(NullReason::NoNewCustomers) };
        let margin = self.policy.gross_margin.ok_or(NullReason::NoMargin);
        let clash = if mixed { Err(NullReason::MixedCurrency) } else { Ok(()) };
        let whole = |value: i128| i64::try_from(value).map_err(|_| NullReason::Overflow);
        let each = |sum: Result<Ratio, NullReason>| {
            let count = Ratio::new(sums.customers, 1).ok_or(NullReason::Overflow)?;
            exact::over(sum?, count)
        };
        let money = |ratio: Ratio| {
            let minor = ratio.round_i64().ok_or(NullReason::Overflow)?;
            Ok(Money::from_minor(minor, currency))
        };
        let share = |ratio: Ratio| {
            let margin = margin?;
            ratio.checked_mul(margin.ratio()).ok_or(NullReason::Overflow)
        };
        let clv = paid.and(some).and_then(|()| each(sums.cohort));
        let cac = paid.and(spent).and(some).and(clash);
        let ltv_to_cac = paid.and(spent).and(some).and(margin).and(clash).and_then(|_| {
            let exact = share(exact::over(sums.cohort?, sums.spend?)?)?;
            exact.to_decimal(4).ok_or(NullReason::Overflow)
        });
        let (month, channel, segment, stage) = group;
        RollupRow {
            month,
            channel,
            segment,
            stage,
            currency,
            new_customers: paid.and_then(|()| whole(sums.customers)).into(),
            revenue: paid.and(sums.revenue).and_then(money).into(),
            spend: spent.and(sums.spend).and_then(money).into(),
            clv_revenue: clv.and_then(money).into(),
            clv_margin: clv.and_then(share).and_then(money).into(),
            cac: cac.and_then(|()| each(sums.spend)).and_then(money).into(),
            ltv_to_cac: ltv_to_cac.into(),
            recurring: columns(recurring, self.sources.has_subscriptions, currency),
        }
    }
}

/// Sums of a component that is a count, over all currencies, split by `by` and sorted. Amounts of
/// money answer `MIXED_CURRENCY`: they are rows of [`rollup`].
#[must_use]
pub fn counts(
    cells: &[Cell],
    component: Component,
    by: &[Dimension],
    sources: &Sources,
) -> Vec<CountRow> {
    let has = match component {
        Component::NewCustomers
        | Component::GrossPayments
        | Component::Refunds
        | Component::CohortRevenue => sources.has_payments,
        Component::Tickets => sources.has_tickets,
        Component::Spend => sources.has_spend,
        _ => sources.has_subscriptions,
    };
    let mut sums: BTreeMap<Group, (i128, bool)> = BTreeMap::new();
    if by.is_empty() {
        sums.entry((None, None, None, None)).or_default();
    }
    for cell in cells.iter().filter(|cell| cell.key.component == component) {
        let sum = sums.entry(group(&cell.key, by)).or_default();
        sum.0 += i128::from(cell.value);
        sum.1 |= cell.value == i64::MAX || cell.value == i64::MIN;
    }
    let row = |((month, channel, segment, stage), (sum, overflow)): (Group, (i128, bool))| {
        let value = match (has, component.is_count(), overflow) {
            (false, ..) => Err(NullReason::NoSource),
            (_, false, _) => Err(NullReason::MixedCurrency),
            (_, _, true) => Err(NullReason::Overflow),
            _ => i64::try_from(sum).map_err(|_| NullReason::Overflow),
        };
        CountRow { month, channel, segment, stage, value: value.into() }
    };
    sums.into_iter().map(row).collect()
}
