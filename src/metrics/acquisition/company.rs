//! What the unified customers cost, by month, channel and currency, and when they have paid it back.
//!
//! Owns who is a new customer and what it has brought since. Refuses a lifetime value over amounts of
//! several currencies, and a curve over amounts that no source dates.

use super::{
    Acquired, CacOptions, CacRow, Cohort, Expense, Loading, PaybackCurve, cac_rows, ltv_to_cac,
    payback_curve,
};
use crate::cells::{UNDATED, channel_word, first_purchase};
use crate::exact::{quotient, rounded, times};
use crate::{Margin, Measured, NullReason, Ratio, Sources, UNATTRIBUTED};
use domain::{
    Canonical, CompanyFacts, Currency, Money, Month, PaymentStatus, ProfileId, Spend, SpendKind,
};
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, HashMap};

/// A customer since its first purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCustomer {
    /// The month of its first purchase; [`UNDATED`] if no source dates it.
    pub month: Month,
    /// The channel that brought it; `None` is unattributed.
    pub channel: Option<String>,
    /// The currency of its first purchase.
    pub currency: Currency,
    /// Net revenue to date in that currency by the month of payment, in minor units.
    pub revenue: BTreeMap<Month, i128>,
    /// Whether it paid in other currencies, too.
    pub mixed: bool,
}

/// A row of the table, with what its customers are worth so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcquisitionRow {
    /// Expense, customers, cost.
    pub cac: CacRow,
    /// Paid media per new customer.
    pub cpa: Measured<Money>,
    /// Margin to date of these customers per customer.
    pub ltv: Measured<Money>,
    /// The same over the cost.
    pub ltv_to_cac: Measured<Ratio>,
    /// Margin of these customers month by month against their cost.
    pub payback: PaybackCurve,
}

/// New customers from payments and refunds, with the channels by which they came.
#[must_use]
pub fn new_customers(
    facts: &CompanyFacts,
    channels: &HashMap<ProfileId, Option<String>>,
    tz: &TimeZone,
) -> Vec<NewCustomer> {
    let mut list = Vec::new();
    for (owner, facts) in facts {
        let Some((owner, first)) = owner.zip(first_purchase(facts)) else { continue };
        let currency = first.amount.currency;
        let (mut revenue, mut mixed): (BTreeMap<Month, i128>, _) = (BTreeMap::new(), false);
        for fact in facts {
            let (at, amount, sign) = match &fact.body {
                Canonical::Payment(paid) if paid.status == PaymentStatus::Succeeded => {
                    (paid.paid_at, paid.amount, 1)
                }
                Canonical::Refund(back) if back.status == PaymentStatus::Succeeded => {
                    (back.refunded_at, back.amount, -1)
                }
                _ => continue,
            };
            if amount.currency != currency {
                mixed = true;
                continue;
            }
            let month = at.or(fact.occurred_at).map_or(UNDATED, |at| at.month_in(tz));
            *revenue.entry(month).or_default() += sign * i128::from(amount.amount_minor);
        }
        list.push(NewCustomer {
            month: first.at.map_or(UNDATED, |at| at.month_in(tz)),
            channel: channels.get(&owner).cloned().flatten(),
            currency,
            revenue,
            mixed,
        });
    }
    list
}

/// Expenses as they are stored.
#[must_use]
pub fn expenses(spends: &[Spend]) -> Vec<Expense> {
    let line = |spend: &Spend| Expense {
        day: spend.day,
        channel: channel_word(spend.channel.as_deref()),
        campaign: spend.campaign.clone(),
        kind: spend.kind,
        amount: spend.amount,
    };
    spends.iter().map(line).collect()
}

/// Margin of customers by month, or why it is not known.
fn margins(
    members: &[&NewCustomer],
    margin: Option<Margin>,
    currency: Currency,
) -> Result<BTreeMap<Month, Money>, NullReason> {
    let margin = margin.ok_or(NullReason::NoMargin)?;
    if members.iter().any(|one| one.mixed) {
        return Err(NullReason::MixedCurrency);
    }
    let mut sums: BTreeMap<Month, i128> = BTreeMap::new();
    for (month, minor) in members.iter().flat_map(|one| &one.revenue) {
        *sums.entry(*month).or_default() += minor;
    }
    let earned = |(month, minor): (Month, i128)| {
        let exact = Ratio::new(minor, 1).ok_or(NullReason::Overflow)?;
        Ok((month, rounded(times(exact, margin.ratio())?, currency)?))
    };
    sums.into_iter().map(earned).collect()
}

/// The table with payback curves of `ages` months; months from `open` on have not ended.
#[must_use]
pub fn acquisition(
    expenses: &[Expense],
    customers: &[NewCustomer],
    options: CacOptions,
    sources: &Sources,
    margin: Option<Margin>,
    (ages, open): (u32, Month),
) -> Vec<AcquisitionRow> {
    let mut counts: BTreeMap<(Month, Option<String>, Currency), i64> = BTreeMap::new();
    for one in customers {
        *counts.entry((one.month, one.channel.clone(), one.currency)).or_default() += 1;
    }
    let acquired: Vec<Acquired> = counts
        .into_iter()
        .map(|((month, channel, currency), customers)| Acquired {
            month,
            channel,
            currency,
            customers,
        })
        .collect();
    let media: Vec<Expense> =
        expenses.iter().filter(|line| line.kind == SpendKind::PaidMedia).cloned().collect();
    let all = CacOptions { loading: Loading::FullyLoaded, ..options };
    let key = |row: &CacRow| (row.month, row.channel.clone(), row.currency);
    let mut per_action: BTreeMap<_, Measured<Money>> = cac_rows(&media, &acquired, all, sources)
        .into_iter()
        .map(|row| (key(&row), row.cac))
        .collect();
    let row = |cac: CacRow| {
        let belongs = |one: &&NewCustomer| {
            let channel = one.channel.as_deref().unwrap_or(UNATTRIBUTED);
            one.month == cac.month
                && one.currency == cac.currency
                && cac.channel.as_deref().is_none_or(|wanted| wanted == channel)
        };
        let members: Vec<&NewCustomer> = customers.iter().filter(belongs).collect();
        let earned = margins(&members, margin, cac.currency);
        let n = i128::try_from(members.len()).unwrap_or(i128::MAX);
        let ltv: Measured<Money> = earned
            .as_ref()
            .map_err(|reason| *reason)
            .and_then(|earned| {
                if n == 0 {
                    return Err(NullReason::NoNewCustomers);
                }
                let sum = earned.values().map(|part| i128::from(part.amount_minor)).sum();
                rounded(quotient(sum, n)?, cac.currency)
            })
            .into();
        let dated = earned.and_then(|earned| {
            if earned.contains_key(&UNDATED) { Err(NullReason::NoData) } else { Ok(earned) }
        });
        let cohort = Cohort {
            month: cac.month,
            customers: i64::try_from(members.len()).unwrap_or(i64::MAX),
            cost: cac.spend.clone(),
            margin: dated.into(),
        };
        let none = Measured::none(NullReason::NoSource);
        AcquisitionRow {
            cpa: per_action.remove(&key(&cac)).unwrap_or(none),
            ltv_to_cac: ltv_to_cac(&ltv, &cac.cac),
            ltv,
            payback: payback_curve(&cohort, ages, open),
            cac,
        }
    };
    cac_rows(expenses, &acquired, options, sources).into_iter().map(row).collect()
}
