//! Attribution and acquisition over the unified customers.
//!
//! Owns how they are asked for and shown. Refuses to convert: amounts stand by currency. Channels and
//! what is unattributed sum to the total exactly.

use crate::asked::asked;
use crate::company::{Asking, Company};
use crate::enums::{AttributionGrouping, AttributionModel, NullReason, SpendLoading};
use crate::errors::Refusal;
use crate::numbers::{CountMeasure, count};
use crate::rollups::{DecimalMeasure, decimal};
use crate::scalars::{CurrencyCode, DateTime, Decimal, MoneyValue, YearMonth, int};
use async_graphql::{Context, Object, Result, SimpleObject};
use domain::{Area, CanonicalKind, Money, Month, ProfileId};
use metrics::acquisition::{
    AcquisitionRow, CacOptions, acquisition as acquisition_rows, expenses, new_customers,
};
use metrics::attribution::{CompanyCredit, Journeys, Model};
use metrics::{Measured, NullReason as Reason, Ratio};

const DAY_MS: i64 = 86_400_000;

/// What a channel or campaign is credited with.
#[derive(SimpleObject)]
pub(crate) struct AttributionRow {
    /// The channel or campaign; `unattributed` for what nothing explains.
    name: String,
    /// New customers credited to it, to nine decimals.
    conversions: Decimal,
    /// What their first purchases were worth, by currency; nothing is converted.
    value: Vec<MoneyValue>,
    /// Markov: the share of all conversions that would be lost without it.
    removal_effect: Option<f64>,
}

/// Credits of new customers to channels or campaigns: rows and unattributed sum to the total exactly.
#[derive(SimpleObject)]
pub(crate) struct AttributionResult {
    /// By name.
    rows: Vec<AttributionRow>,
    /// What no touch explains.
    unattributed: Option<AttributionRow>,
    /// New customers in the span.
    conversions: i32,
    /// What their first purchases were worth, by currency.
    value: Vec<MoneyValue>,
    /// Whether credits are exact fractions, shown to nine decimals; those of `MARKOV` are estimates.
    exact: Option<bool>,
    /// Markov: the chance that a journey converts.
    base_conversion: Option<f64>,
    /// Touches behind it.
    touches: i32,
    /// Touches and first purchases left out, since no source dates them.
    left_out: i32,
    /// Why there are no rows.
    null_reason: Option<NullReason>,
    /// The metric policy, name and version.
    policy: String,
    /// The moment as of which it holds.
    as_of: DateTime,
    /// When this was known: asked for again with both times, the answer is the same.
    known_at: DateTime,
}

/// Nine decimals.
fn billionths(count: i64) -> Decimal {
    let ratio = Ratio::new(i128::from(count), 1_000_000_000);
    Decimal(ratio.and_then(|ratio| ratio.to_decimal(9)).unwrap_or_default())
}

fn row(credit: CompanyCredit) -> AttributionRow {
    AttributionRow {
        name: credit.name,
        conversions: billionths(credit.billionths),
        value: credit.value.into_iter().map(Into::into).collect(),
        removal_effect: credit.removal_effect,
    }
}

/// How credit is asked for.
pub(crate) struct Crediting {
    pub model: AttributionModel,
    pub by: AttributionGrouping,
    pub look_back_days: Option<i32>,
    pub half_life_days: i32,
}

impl Crediting {
    fn model(&self) -> Result<Model, Refusal> {
        let half_life_ms = i64::from(self.half_life_days) * DAY_MS;
        Ok(match self.model {
            AttributionModel::First => Model::First,
            AttributionModel::Last => Model::Last,
            AttributionModel::Linear => Model::Linear,
            AttributionModel::TimeDecay if half_life_ms > 0 => Model::TimeDecay { half_life_ms },
            AttributionModel::TimeDecay => {
                return Err(Refusal::bad_input("'halfLifeDays' must be 1 or more".to_owned()));
            }
            AttributionModel::UShaped => Model::UShaped,
            AttributionModel::WShaped => Model::WShaped,
            AttributionModel::Markov => Model::Markov,
        })
    }
}

/// Which channels brought new customers.
pub(crate) async fn attribution(
    ctx: &Context<'_>,
    crediting: Crediting,
    asking: Asking,
) -> Result<Option<AttributionResult>> {
    let asked = asked(ctx)?;
    asked.see(Area::Rollups)?;
    let model = crediting.model()?;
    let company = Company::of(asked, asking).await?;
    let kinds = [
        CanonicalKind::Payment,
        CanonicalKind::Refund,
        CanonicalKind::Touchpoint,
        CanonicalKind::Deal,
    ];
    let facts = company.facts(asked, &kinds).await?;
    let owners: Vec<ProfileId> = facts.keys().copied().flatten().collect();
    let number = company.epoch.number;
    let accounts = asked.store.employers_known(&asked.scope, &owners, number).await?;
    let journeys = Journeys::new(&facts, &accounts, crediting.by.into(), company.window);
    let look_back = crediting.look_back_days.map(|days| i64::from(days) * DAY_MS);
    let refused = |error: metrics::attribution::AttributionError| {
        Refusal::bad_input(format!("it cannot be attributed: {error}"))
    };
    let found = journeys.attribute(model, look_back).map_err(refused)?;
    let reason = if !company.epoch.sources.has_payments {
        Some(Reason::NoSource)
    } else {
        (found.conversions == 0).then_some(Reason::NoData)
    };
    let left_out = journeys.undated + journeys.undated_conversions;
    Ok(Some(AttributionResult {
        rows: found.credits.into_iter().map(row).collect(),
        unattributed: reason.is_none().then(|| row(found.unattributed)),
        conversions: int(i64::try_from(found.conversions).unwrap_or(i64::MAX)),
        value: found.value.into_iter().map(Into::into).collect(),
        exact: reason.is_none().then_some(found.exact),
        base_conversion: found.base_conversion,
        touches: i32::try_from(journeys.touches()).unwrap_or(i32::MAX),
        left_out: int(left_out),
        null_reason: reason.map(Into::into),
        policy: company.epoch.policy.label(),
        as_of: DateTime(company.as_of),
        known_at: DateTime(company.epoch.closed),
    }))
}

fn amount(measured: &Measured<Money>) -> DecimalMeasure {
    decimal(measured, Money::to_major_string)
}

pub(crate) fn ratio(measured: &Measured<Ratio>) -> DecimalMeasure {
    let shown: Measured<String> = match measured.value {
        Some(ratio) => ratio.to_decimal(6).ok_or(Reason::Overflow).into(),
        None => Measured { value: None, null_reason: measured.null_reason },
    };
    decimal(&shown, String::clone)
}

/// One month of a payback curve.
#[derive(SimpleObject)]
pub(crate) struct PaybackPoint {
    /// Months since the month of acquisition, which is 0.
    age: i32,
    /// Margin of the cohort to the end of this month.
    cumulative_margin: DecimalMeasure,
    /// The same over what the cohort cost; null for months that have not ended.
    recovered: DecimalMeasure,
}

/// What the customers acquired in a month cost and have brought since, by channel and currency.
pub(crate) struct Acquisition(AcquisitionRow);

/// What the customers acquired in a month cost and have brought since, by channel and currency. Rows
/// of channels sum to the blended row.
#[Object]
impl Acquisition {
    /// The month of the first purchases.
    async fn month(&self) -> YearMonth {
        YearMonth(self.0.cac.month)
    }

    /// The channel, `unattributed` for none; null is all of them together.
    async fn channel(&self) -> Option<&str> {
        self.0.cac.channel.as_deref()
    }

    /// The currency of all amounts.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.cac.currency)
    }

    /// Expense, of the month `lagMonths` before.
    async fn spend(&self) -> DecimalMeasure {
        amount(&self.0.cac.spend)
    }

    /// Customers whose first purchase, not given back in full, was in this month and currency.
    async fn new_customers(&self) -> CountMeasure {
        count(&self.0.cac.new_customers)
    }

    /// Expense per new customer.
    async fn cac(&self) -> DecimalMeasure {
        amount(&self.0.cac.cac)
    }

    /// Expense of this month and of those directly before it that brought nobody.
    async fn carried_spend(&self) -> DecimalMeasure {
        amount(&self.0.cac.carried)
    }

    /// Expense per new customer from the first month asked for to this one.
    async fn cumulative_cac(&self) -> DecimalMeasure {
        amount(&self.0.cac.cumulative_cac)
    }

    /// Paid media per new customer.
    async fn cpa(&self) -> DecimalMeasure {
        amount(&self.0.cpa)
    }

    /// Margin to date of these customers, per customer.
    async fn ltv(&self) -> DecimalMeasure {
        amount(&self.0.ltv)
    }

    /// The same over CAC.
    async fn ltv_to_cac(&self) -> DecimalMeasure {
        ratio(&self.0.ltv_to_cac)
    }

    /// Months until the margin of these customers covered what they cost, the first included.
    async fn payback_months(&self) -> CountMeasure {
        count(&self.0.payback.payback_months.clone().map(i64::from))
    }

    /// Margin month by month against the cost.
    async fn payback(&self) -> Vec<PaybackPoint> {
        let point = |point: &metrics::acquisition::PaybackPoint| PaybackPoint {
            age: i32::try_from(point.age).unwrap_or(i32::MAX),
            cumulative_margin: amount(&point.cumulative_margin),
            recovered: ratio(&point.recovered),
        };
        self.0.payback.points.iter().map(point).collect()
    }
}

/// What new customers cost.
#[derive(SimpleObject)]
pub(crate) struct AcquisitionResult {
    /// By month, the blended row first, then by channel and currency.
    rows: Vec<Acquisition>,
    /// Why there are no rows.
    null_reason: Option<NullReason>,
    /// The metric policy, name and version.
    policy: String,
    /// The moment as of which it holds.
    as_of: DateTime,
    /// When this was known: asked for again with both times, the answer is the same.
    known_at: DateTime,
}

/// How cost is asked for.
pub(crate) struct Costing {
    pub loading: SpendLoading,
    pub lag_months: i32,
    pub ages: i32,
}

/// What new customers cost, by month and channel.
pub(crate) async fn acquisition(
    ctx: &Context<'_>,
    costing: Costing,
    asking: Asking,
) -> Result<Option<AcquisitionResult>> {
    let asked = asked(ctx)?;
    asked.see(Area::Rollups)?;
    let within = |name: &str, value: i32, most: u32| {
        u32::try_from(value)
            .ok()
            .filter(|value| *value <= most)
            .ok_or_else(|| Refusal::bad_input(format!("'{name}' must be from 0 to {most}")))
    };
    let lag_months = within("lagMonths", costing.lag_months, 24)?;
    let ages = within("ages", costing.ages, 60)?;
    let company = Company::of(asked, asking).await?;
    let epoch = &company.epoch;
    let facts = company.facts(asked, &[CanonicalKind::Payment, CanonicalKind::Refund]).await?;
    let most = asked.shared.limits.facts_max;
    let spends = asked.store.all_spends_known(&asked.scope, epoch.number, most).await?;
    let mut spends = spends.ok_or_else(|| crate::company::too_many(most))?;
    let today = company.as_of.date_in(&company.zone);
    spends.retain(|spend| spend.day <= today);
    let known = asked.store.new_customers_known(&asked.scope, epoch.number).await?;
    let channels = known.into_iter().map(|(id, (_, channel))| (id, channel)).collect();
    let customers = new_customers(&facts, &channels, &company.zone);
    let open = company.open_month();
    // Without a span: from the first expense or customer to the present month.
    let first = spends
        .iter()
        .map(|spend| spend.day.month())
        .chain(customers.iter().map(|one| one.month).filter(|month| *month != metrics::UNDATED))
        .min();
    let from = asking.from.map(|month| month.0).or(first);
    let last = asking.to.map_or(open, |month| month.0.min(open));
    let rows = match from {
        Some(from) => {
            let options = CacOptions {
                loading: costing.loading.into(),
                lag_months,
                from,
                until: Month(last.0.saturating_add(1)),
            };
            let margin = epoch.policy.gross_margin;
            let lines = expenses(&spends);
            acquisition_rows(&lines, &customers, options, &epoch.sources, margin, (ages, open))
        }
        None => Vec::new(),
    };
    let any = epoch.sources.has_payments || epoch.sources.has_spend;
    let none = if any { Reason::NoData } else { Reason::NoSource };
    let reason = rows.is_empty().then_some(none);
    Ok(Some(AcquisitionResult {
        rows: rows.into_iter().map(Acquisition).collect(),
        null_reason: reason.map(Into::into),
        policy: epoch.policy.label(),
        as_of: DateTime(company.as_of),
        known_at: DateTime(epoch.closed),
    }))
}
