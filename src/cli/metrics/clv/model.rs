//! One model of purchases and one of amounts: fitted, chosen or given.

use super::args::{ClvArgs, ModelName};
use crate::cli::Failure;
use crate::cli::metrics::columns::params;
use crate::cli::metrics::retention::Refusal;
use metrics::clv::{
    self, BgBb, BgNbd, Chosen, Correlation, Fit, GammaGamma, Histories, MbgNbd, Model, ParetoNbd,
    Purchasing, Reason, Relation, Spend,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// How a model came about.
#[derive(Debug, Default, Serialize)]
pub struct ModelReport {
    pub model: &'static str,
    pub params: Option<BTreeMap<&'static str, f64>>,
    pub standard_errors: Option<BTreeMap<&'static str, f64>>,
    pub log_likelihood: Option<f64>,
    /// Customers fitted.
    pub n: Option<f64>,
    pub data_hash: Option<String>,
    /// Null when the parameters were given.
    pub converged: Option<bool>,
    pub failure: Option<Refusal>,
}

/// What is computed with a model.
type OfPurchases<'a> = &'a dyn Fn(&dyn Purchasing) -> Result<f64, Reason>;
type OfAmounts<'a> = &'a dyn Fn(&GammaGamma) -> Result<f64, Reason>;

/// The variance of its logarithm.
type PurchasesVariance = Box<dyn Fn(OfPurchases<'_>) -> Result<f64, Reason>>;
type AmountsVariance = Box<dyn Fn(OfAmounts<'_>) -> Result<f64, Reason>>;

/// That of given parameters.
pub fn unknown(_: OfPurchases<'_>) -> Result<f64, Reason> {
    Err(Reason::NoCovariance)
}

/// A model of purchases that can be asked, or the reason why not.
pub struct Purchases {
    pub report: ModelReport,
    pub model: Result<Box<dyn Purchasing>, Reason>,
    pub variance: PurchasesVariance,
}

/// The same of amounts.
pub struct Amounts {
    pub report: ModelReport,
    pub model: Result<GammaGamma, Reason>,
    pub variance: AmountsVariance,
    pub correlation: Correlation,
}

fn report<M: Model<N>, const N: usize>(fit: &Result<Fit<M, N>, Reason>) -> ModelReport {
    let named = |values: [f64; N]| M::NAMES.into_iter().zip(values).collect();
    let mut report = ModelReport { model: M::NAME, ..ModelReport::default() };
    match fit {
        Ok(fit) => {
            report.params = Some(named(fit.model.params()));
            report.standard_errors = fit.standard_errors.map(named);
            report.log_likelihood = Some(fit.log_likelihood);
            report.n = Some(fit.n);
            report.data_hash = Some(fit.data_hash.clone());
            report.converged = Some(fit.converged());
            report.failure = fit.failure.map(Refusal::from);
        }
        Err(reason) => {
            report.converged = Some(false);
            report.failure = Some(Refusal::from(*reason));
        }
    }
    report
}

/// The model, when its parameters are those of a maximum.
fn usable<M: Model<N>, const N: usize>(
    fit: Result<Fit<M, N>, Reason>,
) -> Result<Fit<M, N>, Reason> {
    let fit = fit?;
    fit.failure.map_or(Ok(fit), Err)
}

fn fitted<M: Model<4> + Purchasing + 'static>(fit: Result<Fit<M, 4>, Reason>) -> Purchases {
    let report = report(&fit);
    let fit = usable(fit);
    let model = match &fit {
        Ok(fit) => Ok(Box::new(fit.model) as Box<dyn Purchasing>),
        Err(reason) => Err(*reason),
    };
    let variance: PurchasesVariance = Box::new(move |value: OfPurchases<'_>| match &fit {
        Ok(fit) => clv::ln_variance(fit, |model| value(model)),
        Err(reason) => Err(*reason),
    });
    Purchases { report, model, variance }
}

/// A model with given parameters.
fn given<M: Model<N>, const N: usize>(params: [f64; N]) -> Result<(M, ModelReport), Failure> {
    let model = M::of(params).map_err(|reason| Failure::Usage(format!("--params: {reason}")))?;
    let params = Some(M::NAMES.into_iter().zip(params).collect());
    Ok((model, ModelReport { model: M::NAME, params, ..ModelReport::default() }))
}

fn purchases_of<M: Model<4> + Purchasing + 'static>(
    args: &ClvArgs,
    fit: impl FnOnce() -> Result<Fit<M, 4>, Reason>,
) -> Result<Purchases, Failure> {
    let Some(values) = params(&args.params, M::NAMES)? else { return Ok(fitted(fit())) };
    let (model, report) = given::<M, 4>(values)?;
    Ok(Purchases { report, model: Ok(Box::new(model)), variance: Box::new(unknown) })
}

/// The model of purchases that was asked for, with the reason of a choice.
pub fn purchases(
    args: &ClvArgs,
    model: ModelName,
    data: &Histories,
) -> Result<(Purchases, String), Failure> {
    let asked = "it was asked for".to_owned();
    Ok(match model {
        ModelName::BgNbd => (purchases_of(args, || BgNbd::fit(data))?, asked),
        ModelName::MbgNbd => (purchases_of(args, || MbgNbd::fit(data))?, asked),
        ModelName::ParetoNbd => (purchases_of(args, || ParetoNbd::fit(data))?, asked),
        ModelName::BgBb => (purchases_of(args, || BgBb::fit(data))?, asked),
        ModelName::Auto => {
            let (_, why) = clv::models(Relation::Continuous);
            match clv::likelier(ParetoNbd::fit(data), MbgNbd::fit(data)) {
                Ok((Chosen::Pareto(fit), figures)) => {
                    (fitted(Ok(fit)), format!("{why}: {figures}"))
                }
                Ok((Chosen::Mbg(fit), figures)) => (fitted(Ok(fit)), format!("{why}: {figures}")),
                Err(reason) => (fitted::<ParetoNbd>(Err(reason)), why.to_owned()),
            }
        }
    })
}

/// A model of purchases by its name, with these parameters.
pub fn by_row(model: ModelName, params: [f64; 4]) -> Result<Box<dyn Purchasing>, Reason> {
    Ok(match model {
        ModelName::MbgNbd => Box::new(MbgNbd::of(params)?),
        ModelName::ParetoNbd => Box::new(ParetoNbd::of(params)?),
        ModelName::BgBb => Box::new(BgBb::of(params)?),
        ModelName::BgNbd | ModelName::Auto => Box::new(BgNbd::of(params)?),
    })
}

/// The names of the parameters of a model, and its own.
pub fn names(model: ModelName) -> (&'static str, [&'static str; 4]) {
    match model {
        ModelName::MbgNbd => (MbgNbd::NAME, MbgNbd::NAMES),
        ModelName::ParetoNbd => (ParetoNbd::NAME, ParetoNbd::NAMES),
        ModelName::BgBb => (BgBb::NAME, BgBb::NAMES),
        ModelName::BgNbd | ModelName::Auto => (BgNbd::NAME, BgNbd::NAMES),
    }
}

/// The model of amounts.
pub fn amounts(args: &ClvArgs, spends: &[Spend]) -> Result<Amounts, Failure> {
    let correlation = Correlation::of(spends);
    if let Some(values) = params(&args.spend_params, GammaGamma::NAMES)? {
        let (model, report) = given::<GammaGamma, 3>(values)?;
        let variance = Box::new(|_: OfAmounts<'_>| Err(Reason::NoCovariance));
        return Ok(Amounts { report, model: Ok(model), variance, correlation });
    }
    let fit = GammaGamma::fit(spends);
    let report = report(&fit);
    let fit = usable(fit);
    let model = fit.as_ref().map(|fit| fit.model).map_err(|reason| *reason);
    let variance: AmountsVariance = Box::new(move |value: OfAmounts<'_>| match &fit {
        Ok(fit) => clv::ln_variance(fit, value),
        Err(reason) => Err(*reason),
    });
    Ok(Amounts { report, model, variance, correlation })
}
