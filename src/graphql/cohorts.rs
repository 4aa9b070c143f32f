//! Retention cohorts of the whole company: customers by the month in which they began.
//!
//! Owns how they are asked for and shown. Refuses a 0 for a month that has not ended, and NRR and GRR
//! where nobody saw what was paid.

use crate::asked::asked;
use crate::attribution::ratio;
use crate::company::{Asking, Company};
use crate::enums::{CohortBasis, NullReason};
use crate::errors::Refusal;
use crate::numbers::{CountMeasure, count};
use crate::rollups::DecimalMeasure;
use crate::scalars::{CurrencyCode, DateTime, YearMonth, int};
use async_graphql::{Context, Result, SimpleObject};
use domain::{Area, CanonicalKind, Month, Timestamp};
use metrics::kpi::{ordering_members, retention_cohorts};
use metrics::revenue::{Cohorts, Grain, PERIODS_MAX, Question, extent, ledger, periods};
use metrics::{Measured, NullReason as Reason, Ratio, Share};
use std::collections::BTreeMap;

/// One cell: a cohort so many months after it began.
#[derive(SimpleObject)]
pub(crate) struct CohortCell {
    /// Months since the month in which it began, which is 0.
    age: i32,
    /// Customers who are active.
    customers: CountMeasure,
    /// The same over how many began.
    retention: DecimalMeasure,
    /// What they pay over what they began with; of subscriptions only.
    nrr: DecimalMeasure,
    /// The same, nobody counted with more than they began with; of subscriptions only.
    grr: DecimalMeasure,
}

/// Customers who began in a month.
#[derive(SimpleObject)]
pub(crate) struct CohortRow {
    /// The month.
    month: YearMonth,
    /// The currency of what they began to pay; null for orders.
    currency: Option<CurrencyCode>,
    /// How many began.
    size: i32,
    /// By age; those of months that have not ended are null with `IMMATURE`.
    cells: Vec<CohortCell>,
}

/// A table of cohorts.
#[derive(SimpleObject)]
pub(crate) struct CohortResult {
    /// By month, and by currency.
    rows: Vec<CohortRow>,
    /// Why there are no rows.
    null_reason: Option<NullReason>,
    /// The metric policy, name and version.
    policy: String,
    /// The moment as of which it holds.
    as_of: DateTime,
    /// When this was known: asked for again with both times, the answer is the same.
    known_at: DateTime,
}

fn within(month: Month, asking: Asking) -> bool {
    asking.from.is_none_or(|from| month >= from.0) && asking.to.is_none_or(|to| month <= to.0)
}

async fn of_orders(
    asked: &crate::asked::Asked,
    company: &Company,
    asking: Asking,
    ages: u32,
) -> Result<Vec<CohortRow>> {
    let facts = company.facts(asked, &[CanonicalKind::Payment, CanonicalKind::Refund]).await?;
    let members = ordering_members(&facts, &company.zone);
    let share = |cell: &Measured<Share>| match cell.value.and_then(|share| share.ratio()) {
        Some(exact) => Measured::some(exact),
        None => Measured::none(cell.null_reason.unwrap_or(Reason::NoData)),
    };
    let none: Measured<Ratio> = Measured::none(Reason::NotApplicable);
    let rows = retention_cohorts(&members, ages, company.open_month());
    let row = |row: metrics::kpi::CohortRow| CohortRow {
        month: YearMonth(row.month),
        currency: None,
        size: int(row.size),
        cells: (0..)
            .zip(&row.cells)
            .map(|(age, cell)| CohortCell {
                age,
                customers: count(&cell.clone().map(|share| share.good)),
                retention: ratio(&share(cell)),
                nrr: ratio(&none),
                grr: ratio(&none),
            })
            .collect(),
    };
    Ok(rows.into_iter().filter(|one| within(one.month, asking)).map(row).collect())
}

async fn of_subscriptions(
    asked: &crate::asked::Asked,
    company: &Company,
    asking: Asking,
    ages: u32,
) -> Result<Vec<CohortRow>> {
    let holders = company.holders(asked).await?.of;
    let (policy, zone) = (&company.epoch.policy.revenue, &company.zone);
    let first = holders.values().filter_map(|one| extent(&one.items, policy, zone));
    let Some(first) = first.map(|extent| extent.from).min() else { return Ok(Vec::new()) };
    // Months that have ended: a cell of the present one would still change.
    let until = metrics::month_window(None, Some(Month(company.open_month().0 - 1)), zone).until;
    if until <= first {
        return Ok(Vec::new());
    }
    let list = periods(Grain::Month, zone, first, until).ok_or_else(|| {
        Refusal::bad_input(format!("more than {PERIODS_MAX} months of subscriptions"))
    })?;
    let question = Question { policy, tz: zone, periods: &list, conversion: None };
    let mut cohorts = Cohorts::new(&question);
    for holder in holders.values() {
        cohorts.add(&ledger(&holder.items, &question));
    }
    let assumed: Vec<(domain::Currency, Timestamp, Timestamp)> = holders
        .values()
        .flat_map(|one| &one.assumed)
        .map(|(currency, stretch)| {
            (*currency, stretch.from, stretch.until.unwrap_or(Timestamp::from_millis(i64::MAX)))
        })
        .collect();
    let mut rows: BTreeMap<(Month, domain::Currency), CohortRow> = BTreeMap::new();
    for cell in cohorts.cells() {
        let Some(month) = Month::parse(&cell.cohort) else { continue };
        let age = u32::try_from(cell.age).unwrap_or(u32::MAX);
        if !within(month, asking) || age >= ages {
            continue;
        }
        let at = Month(month.0.saturating_add(i32::try_from(age).unwrap_or(i32::MAX)));
        let span = metrics::month_window(Some(month), Some(at), zone);
        let unseen = assumed.iter().any(|(currency, from, until)| {
            *currency == cell.currency && *from < span.until && span.from < *until
        });
        let seen = |measured: Measured<Ratio>| match (unseen, &measured.value) {
            (true, Some(_)) => Measured::none(Reason::NoData),
            _ => measured,
        };
        let row = rows.entry((month, cell.currency)).or_insert_with(|| CohortRow {
            month: YearMonth(month),
            currency: Some(CurrencyCode(cell.currency)),
            size: int(cell.joined),
            cells: Vec::new(),
        });
        row.cells.push(CohortCell {
            age: i32::try_from(cell.age).unwrap_or(i32::MAX),
            customers: count(&cell.customers),
            retention: ratio(&cell.retention),
            nrr: ratio(&seen(cell.nrr)),
            grr: ratio(&seen(cell.grr)),
        });
    }
    Ok(rows.into_values().collect())
}

/// Retention cohorts.
pub(crate) async fn cohorts(
    ctx: &Context<'_>,
    basis: CohortBasis,
    ages: i32,
    asking: Asking,
) -> Result<Option<CohortResult>> {
    let asked = asked(ctx)?;
    asked.see(Area::Rollups)?;
    let ages = u32::try_from(ages)
        .ok()
        .filter(|ages| (1..=60).contains(ages))
        .ok_or_else(|| Refusal::bad_input("'ages' must be from 1 to 60 months".to_owned()))?;
    let company = Company::of(asked, asking).await?;
    let sources = &company.epoch.sources;
    let (has, rows) = match basis {
        CohortBasis::Orders => {
            (sources.has_payments, of_orders(asked, &company, asking, ages).await?)
        }
        CohortBasis::Subscriptions => {
            (sources.has_subscriptions, of_subscriptions(asked, &company, asking, ages).await?)
        }
    };
    let reason = match (has, rows.is_empty()) {
        (false, _) => Some(Reason::NoSource),
        (true, true) => Some(Reason::NoData),
        (true, false) => None,
    };
    Ok(Some(CohortResult {
        rows,
        null_reason: reason.map(Into::into),
        policy: company.epoch.policy.label(),
        as_of: DateTime(company.as_of),
        known_at: DateTime(company.epoch.closed),
    }))
}
