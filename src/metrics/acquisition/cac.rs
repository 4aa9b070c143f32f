//! Cost to acquire a customer, by month, channel and currency.
//!
//! Owns the table. Rows of channels (the unattributed one included) sum to the blended row exactly.
//! Refuses a cost per nobody: a month without new customers is null, and its expense is carried on.

use super::{Expense, Loading};
use crate::exact::{amount, quotient, rounded};
use crate::{Measured, NullReason, Sources, UNATTRIBUTED};
use domain::{Currency, Money, Month};
use std::collections::{BTreeMap, BTreeSet};

/// New customers of a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acquired {
    /// The month of their first payment.
    pub month: Month,
    /// Their channel; `None` is unattributed.
    pub channel: Option<String>,
    /// The currency of their first payment.
    pub currency: Currency,
    /// How many.
    pub customers: i64,
}

/// What to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacOptions {
    /// Which expense counts.
    pub loading: Loading,
    /// Months by which expense precedes the customers it brings: with 1, January's expense is
    /// divided by February's customers.
    pub lag_months: u32,
    /// First month of customers.
    pub from: Month,
    /// First month no longer asked for; at most 1,200 after `from`.
    pub until: Month,
}

/// Most months of a table.
const MONTHS_MAX: i32 = 1_200;

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacRow {
    /// The month in which the customers were acquired.
    pub month: Month,
    /// The channel, [`UNATTRIBUTED`] included; `None` is blended, over all of them.
    pub channel: Option<String>,
    /// The currency of every amount.
    pub currency: Currency,
    /// Expense of the month `lag_months` before.
    pub spend: Measured<Money>,
    /// New customers.
    pub new_customers: Measured<i64>,
    /// `spend / new_customers`, rounded half to even.
    pub cac: Measured<Money>,
    /// Expense of this and the months directly before it that brought nobody.
    pub carried: Measured<Money>,
    /// Expense over customers from the first month asked for to this one.
    pub cumulative_cac: Measured<Money>,
}

#[derive(Clone, Copy, Default)]
struct Sums {
    spend: i128,
    customers: i128,
}

type Group = (Option<String>, Currency);

/// The table: for every channel and currency met in the range, and blended, a row per month.
///
/// A currency in which a month's channel has customers and no expense, beside another in which it
/// has expense, is null with `MIXED_CURRENCY`: convert first. No source of expense or of payments
/// is `NO_SOURCE`. An empty or too long range gives no rows.
#[must_use]
pub fn cac_rows(
    expenses: &[Expense],
    acquired: &[Acquired],
    options: CacOptions,
    sources: &Sources,
) -> Vec<CacRow> {
    let CacOptions { loading, lag_months, from, until } = options;
    let months = until.0.saturating_sub(from.0);
    if !(1..=MONTHS_MAX).contains(&months) {
        return Vec::new();
    }
    let lag = i32::try_from(lag_months).unwrap_or(i32::MAX);
    let word =
        |channel: &Option<String>| channel.clone().unwrap_or_else(|| UNATTRIBUTED.to_owned());
    let mut cells: BTreeMap<(Month, Group), Sums> = BTreeMap::new();
    let mut add = |month: Month, channel: &Option<String>, currency, sums: Sums| {
        if from <= month && month < until {
            for channel in [None, Some(word(channel))] {
                let cell = cells.entry((month, (channel, currency))).or_default();
                cell.spend += sums.spend;
                cell.customers += sums.customers;
            }
        }
    };
    for line in expenses.iter().filter(|line| loading.counts(line.kind)) {
        let month = Month(line.day.month().0.saturating_add(lag));
        let spend = i128::from(line.amount.amount_minor);
        add(month, &line.channel, line.amount.currency, Sums { spend, customers: 0 });
    }
    for group in acquired {
        let customers = i128::from(group.customers);
        add(group.month, &group.channel, group.currency, Sums { spend: 0, customers });
    }
    let groups: BTreeSet<Group> = cells.keys().map(|(_, group)| group.clone()).collect();
    let need = |has: bool| if has { Ok(()) } else { Err(NullReason::NoSource) };
    let (has_spend, has_customers) = (need(sources.has_spend), need(sources.has_payments));
    let mut rows = Vec::new();
    for (channel, currency) in groups {
        let (mut total, mut carried) = (Sums::default(), 0_i128);
        for month in (from.0..until.0).map(Month) {
            let cell = |currency| {
                cells.get(&(month, (channel.clone(), currency))).copied().unwrap_or_default()
            };
            let here = cell(currency);
            let elsewhere = |found: &(Month, Group)| {
                found.0 == month && found.1.0 == channel && found.1.1 != currency
            };
            let mixed = here.spend == 0
                && here.customers != 0
                && cells.iter().any(|(key, sums)| elsewhere(key) && sums.spend != 0);
            total.spend += here.spend;
            total.customers += here.customers;
            carried = if here.customers == 0 { carried + here.spend } else { 0 };
            let known = has_spend.and(has_customers);
            let per_customer = |sums: Sums| {
                known?;
                if sums.customers == 0 {
                    return Err(NullReason::NoNewCustomers);
                }
                rounded(quotient(sums.spend, sums.customers)?, currency)
            };
            let clash = if mixed { Err(NullReason::MixedCurrency) } else { Ok(()) };
            let customers = i64::try_from(here.customers).map_err(|_| NullReason::Overflow);
            rows.push(CacRow {
                month,
                channel: channel.clone(),
                currency,
                spend: has_spend.and_then(|()| amount(here.spend, currency)).into(),
                new_customers: has_customers.and(customers).into(),
                cac: clash.and_then(|()| per_customer(here)).into(),
                carried: known.and_then(|()| amount(carried, currency)).into(),
                cumulative_cac: per_customer(total).into(),
            });
        }
    }
    rows.sort_by(|a, b| (a.month, &a.channel, a.currency).cmp(&(b.month, &b.channel, b.currency)));
    rows
}
