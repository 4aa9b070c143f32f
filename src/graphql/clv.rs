//! Predicted lifetime value of a customer.
//!
//! Owns how it is asked for and shown. It is computed for the answer, from the customer's facts and
//! the stored fit of the epoch; no prediction is stored. Refuses to show a number of a fit that did
//! not converge.

use crate::asked::asked;
use crate::enums::{ModelFamily, NullReason};
use crate::errors::Refusal;
use crate::known::then;
use crate::loaders::FitsOf;
use crate::scalars::{CurrencyCode, DateTime, Decimal, MoneyValue};
use async_graphql::{Context, Object, Result, SimpleObject};
use domain::{Area, Money, Timestamp};
use metrics::clv::{Estimate, Family, FittedModel, Horizon, Prediction, StoredFit, predict};
use metrics::{Measured, Ratio};
use std::sync::Arc;
use store::StoreError;
use store::fits::FitRow;

/// The fits of an epoch.
pub(crate) struct Fits {
    fits: Vec<StoredFit>,
    fitted: Vec<Timestamp>,
}

impl Fits {
    pub(crate) fn read(rows: Vec<FitRow>) -> Result<Self, StoreError> {
        let corrupt = |what| StoreError::Corrupt { what };
        let (mut fits, mut fitted) = (Vec::new(), Vec::new());
        for row in rows {
            let family = Family::parse(&row.family).ok_or_else(|| corrupt("model_fit.family"))?;
            let body: FittedModel =
                serde_json::from_str(&row.fit).map_err(|_| corrupt("model_fit.fit"))?;
            fitted.push(row.fitted);
            fits.push(StoredFit { family, part: row.part, data_hash: row.data_hash, fitted: body });
        }
        Ok(Self { fits, fitted })
    }
}

/// An estimated amount; or the reason why there is none.
#[derive(SimpleObject)]
pub(crate) struct MoneyEstimate {
    /// The amount, rounded to the currency's smallest unit.
    value: Option<MoneyValue>,
    /// Why there is none.
    null_reason: Option<NullReason>,
    /// What is missing and what to do, where the model says so.
    detail: Option<&'static str>,
}

/// An estimated number; or the reason why there is none.
#[derive(SimpleObject)]
pub(crate) struct NumberEstimate {
    /// The number.
    value: Option<f64>,
    /// Why there is none.
    null_reason: Option<NullReason>,
    /// What is missing and what to do, where the model says so.
    detail: Option<&'static str>,
}

/// Between what an estimated amount lies, as far as the parameters of the model are uncertain. What
/// one customer will do varies more.
#[derive(SimpleObject)]
pub(crate) struct MoneyInterval {
    /// The 10th percentile.
    p10: Option<MoneyValue>,
    /// The 90th percentile.
    p90: Option<MoneyValue>,
    /// Why there is none.
    null_reason: Option<NullReason>,
    /// What is missing and what to do, where the model says so.
    detail: Option<&'static str>,
}

/// A model of lifetime value that was fitted to all customers of a currency, or to all contracts of
/// a billing period.
pub(crate) struct ModelFit {
    fits: Arc<Fits>,
    at: usize,
}

/// A model of lifetime value that was fitted to all customers of a currency, or to all contracts of
/// a billing period.
#[Object]
impl ModelFit {
    /// Names this fit: family, population, and a hash of the data that it was fitted to.
    async fn id(&self) -> Result<String> {
        let fit = self.fit()?;
        Ok(format!("{}/{}/{}", fit.family.as_str(), fit.part, fit.data_hash))
    }

    /// What it was fitted for.
    async fn family(&self) -> Result<ModelFamily> {
        Ok(self.fit()?.family.into())
    }

    /// Which population: a currency, or a billing period as `1 month`.
    async fn population(&self) -> Result<&str> {
        Ok(&self.fit()?.part)
    }

    /// The model.
    async fn model(&self) -> Result<&str> {
        Ok(&self.fit()?.fitted.model)
    }

    /// Why this model; where there is no fit, why.
    async fn why(&self) -> Result<&str> {
        Ok(&self.fit()?.fitted.why)
    }

    /// Parameters in the order of the model, times in weeks, amounts in the smallest unit of the
    /// currency, tenure in billing periods; empty where there is no fit.
    async fn parameters(&self) -> Result<&[f64]> {
        Ok(&self.fit()?.fitted.params)
    }

    /// Their standard errors; null if unknown.
    async fn standard_errors(&self) -> Result<Option<&Vec<f64>>> {
        Ok(self.fit()?.fitted.standard_errors.as_ref())
    }

    /// The log-likelihood; null where there is no fit.
    async fn log_likelihood(&self) -> Result<Option<f64>> {
        Ok(self.fit()?.fitted.log_likelihood)
    }

    /// Customers or contracts that it was fitted to.
    async fn n(&self) -> Result<i32> {
        Ok(i32::try_from(self.fit()?.fitted.n).unwrap_or(i32::MAX))
    }

    /// When it was fitted.
    async fn fitted_at(&self) -> Option<DateTime> {
        self.fits.fitted.get(self.at).copied().map(DateTime)
    }
}

impl ModelFit {
    fn fit(&self) -> Result<&StoredFit, StoreError> {
        self.fits.fits.get(self.at).ok_or(StoreError::Corrupt { what: "model_fit" })
    }
}

/// Lifetime value of a customer: what it brought so far, and what is expected of it.
pub(crate) struct PredictedLifetimeValue {
    prediction: Prediction,
    horizon: Horizon,
    fits: Arc<Fits>,
    policy: String,
    as_of: Timestamp,
    known_at: Timestamp,
}

fn amount(measured: &Measured<Money>, detail: Option<&'static str>) -> MoneyEstimate {
    MoneyEstimate {
        value: measured.value.map(Into::into),
        null_reason: measured.null_reason.map(Into::into),
        detail,
    }
}

fn money(estimate: &Estimate<Money>) -> MoneyEstimate {
    amount(&estimate.measured, estimate.detail)
}

fn number(estimate: &Estimate<f64>) -> NumberEstimate {
    NumberEstimate {
        value: estimate.measured.value,
        null_reason: estimate.measured.null_reason.map(Into::into),
        detail: estimate.detail,
    }
}

/// Lifetime value of a customer: what it brought so far, and what is expected of it. What counts for
/// another customer (an invoice that a person's company pays) is not in it.
#[Object]
impl PredictedLifetimeValue {
    /// Whether it was judged by its contracts, and not by when it buys: so is everybody who has or had
    /// a subscription.
    async fn contractual(&self) -> bool {
        self.prediction.contractual
    }

    /// The models behind the estimates, as `pareto-nbd + gamma-gamma`; null where there is none.
    async fn model(&self) -> Option<&str> {
        Some(self.prediction.model.as_str()).filter(|name| !name.is_empty())
    }

    /// The fits behind the estimates.
    async fn fits(&self) -> Vec<ModelFit> {
        let named = |fit: &StoredFit| {
            self.prediction
                .fits
                .iter()
                .any(|(family, part)| *family == fit.family && *part == fit.part)
        };
        let places = self.fits.fits.iter().enumerate().filter(|(_, fit)| named(fit));
        places.map(|(at, _)| ModelFit { fits: Arc::clone(&self.fits), at }).collect()
    }

    /// The currency of all amounts; null if there are none, or in several.
    async fn currency(&self) -> Option<CurrencyCode> {
        self.prediction.currency.map(CurrencyCode)
    }

    /// Months ahead that were asked for.
    async fn horizon_months(&self) -> i32 {
        i32::try_from(self.horizon.months).unwrap_or(i32::MAX)
    }

    /// Succeeded payments less refunds so far.
    async fn historic_revenue(&self) -> MoneyEstimate {
        amount(&self.prediction.historic, None)
    }

    /// The same times the gross margin of the metric policy.
    async fn historic_margin(&self) -> MoneyEstimate {
        amount(&self.prediction.historic_margin, None)
    }

    /// The chance that it is still a customer; of a running contract 1, of an ended one 0.
    async fn p_alive(&self) -> NumberEstimate {
        number(&self.prediction.p_alive)
    }

    /// Purchases within the horizon; of contracts, renewals.
    async fn expected_transactions(&self) -> NumberEstimate {
        number(&self.prediction.expected)
    }

    /// Revenue within the horizon, discounted.
    async fn expected_residual(&self) -> MoneyEstimate {
        money(&self.prediction.residual)
    }

    /// The same times the gross margin of the metric policy.
    async fn expected_residual_margin(&self) -> MoneyEstimate {
        money(&self.prediction.residual_margin)
    }

    /// How uncertain the expected residual is.
    async fn interval(&self) -> MoneyInterval {
        let ends = &self.prediction.interval;
        MoneyInterval {
            p10: ends.measured.value.map(|(low, _)| low.into()),
            p90: ends.measured.value.map(|(_, high)| high.into()),
            null_reason: ends.measured.null_reason.map(Into::into),
            detail: ends.detail,
        }
    }

    /// Historic revenue and expected residual together.
    async fn total(&self) -> MoneyEstimate {
        money(&self.prediction.total)
    }

    /// The same times the gross margin of the metric policy.
    async fn total_margin(&self) -> MoneyEstimate {
        money(&self.prediction.total_margin)
    }

    /// The metric policy, name and version.
    async fn policy(&self) -> &str {
        &self.policy
    }

    /// The moment in the customer's life as of which it holds.
    async fn as_of(&self) -> DateTime {
        DateTime(self.as_of)
    }

    /// When it was known: asked for again with both times, the answer is the same.
    async fn known_at(&self) -> DateTime {
        DateTime(self.known_at)
    }
}

fn horizon(months: i32, discount: &Decimal) -> Result<Horizon, Refusal> {
    let months = u32::try_from(months).ok().filter(|months| (1..=600).contains(months));
    let months = months
        .ok_or_else(|| Refusal::bad_input("'horizonMonths' must be from 1 to 600".to_owned()))?;
    let ratio = Ratio::parse_decimal(&discount.0);
    let allowed = |ratio: &Ratio| *ratio >= Ratio::ZERO && *ratio <= Ratio::whole(10);
    let discount = ratio.filter(allowed).ok_or_else(|| {
        Refusal::bad_input("'discount' must be from 0 to 10: 0.1 is 10 % a year".to_owned())
    })?;
    #[allow(clippy::cast_precision_loss, reason = "an estimate begins here")]
    let discount = discount.numerator() as f64 / discount.denominator() as f64;
    Ok(Horizon { months, discount })
}

/// Lifetime value of a customer.
pub(crate) async fn clv(
    ctx: &Context<'_>,
    customer: i64,
    (months, discount): (i32, Decimal),
    as_of: Option<DateTime>,
    known_at: Option<DateTime>,
) -> Result<Option<PredictedLifetimeValue>> {
    let asked = asked(ctx)?;
    asked.see(Area::CustomerNumbers)?;
    let horizon = horizon(months, &discount)?;
    let then = then(ctx, customer, as_of, known_at).await?;
    let epoch = &then.known.epoch;
    // All customers are judged by the same fits.
    let fits = asked.loaders.fits.load(0, FitsOf { epoch: epoch.number }).await?;
    let fits = fits.first().cloned().ok_or(StoreError::Corrupt { what: "model_fit" })?;
    let prediction = predict(then.facts()?, &fits.fits, &epoch.policy, horizon, then.as_of);
    Ok(Some(PredictedLifetimeValue {
        prediction,
        horizon,
        fits,
        policy: epoch.policy.label(),
        as_of: then.as_of,
        known_at: epoch.closed,
    }))
}
