//! Fits as they are kept: parameters and their uncertainty as plain numbers, by the population that
//! they were fitted to.
//!
//! Owns the way there and back. Refuses a fit that did not converge: there is the reason instead.

use super::{Bdw, Chosen, Fit, GammaGamma, MbgNbd, Model, ParetoNbd, Reason, Sbg};
use serde::{Deserialize, Serialize};

/// What a population of customers is fitted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// When customers without a contract buy, and whether they still do; by currency.
    Purchases,
    /// How much they spend each time; by currency.
    Amounts,
    /// How long contracts last; by billing period.
    Contracts,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 3] = [Self::Purchases, Self::Amounts, Self::Contracts];

    /// As stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Purchases => "purchases",
            Self::Amounts => "amounts",
            Self::Contracts => "contracts",
        }
    }

    /// The inverse of [`Family::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// A model fitted to a population, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FittedModel {
    /// The model's name; of several that were tried, the one chosen.
    pub model: String,
    /// Why this model.
    pub why: String,
    /// Parameters in the order of the model; times in weeks, amounts in minor units, tenure in
    /// billing periods. Empty where there is no fit.
    pub params: Vec<f64>,
    /// Their standard errors.
    pub standard_errors: Option<Vec<f64>>,
    /// The covariance of the logarithms of the parameters.
    pub ln_covariance: Option<Vec<Vec<f64>>>,
    /// The log-likelihood; `None` where there is no fit.
    pub log_likelihood: Option<f64>,
    /// Customers, or contracts, that were fitted.
    pub n: u64,
    /// Why there is no fit.
    pub failure: Option<Reason>,
}

/// A fit with its population.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredFit {
    /// What for.
    pub family: Family,
    /// Which population: a currency, or a billing period (`1 month`).
    pub part: String,
    /// A hash of what was fitted: another one says that the data changed.
    pub data_hash: String,
    /// The fit.
    pub fitted: FittedModel,
}

fn array<const N: usize>(list: &[f64]) -> Result<[f64; N], Reason> {
    list.try_into().map_err(|_| Reason::BadParameter)
}

impl FittedModel {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    pub(super) fn of<M: Model<N>, const N: usize>(fit: &Fit<M, N>, why: String) -> Self {
        if let Some(reason) = fit.failure {
            return Self::none(M::NAME, reason, fit.n as u64);
        }
        Self {
            model: M::NAME.to_owned(),
            why,
            params: fit.model.params().to_vec(),
            standard_errors: fit.standard_errors.map(|list| list.to_vec()),
            ln_covariance: fit.ln_covariance.map(|all| all.map(|row| row.to_vec()).to_vec()),
            log_likelihood: Some(fit.log_likelihood),
            n: fit.n as u64,
            failure: None,
        }
    }

    pub(super) fn none(model: &str, reason: Reason, n: u64) -> Self {
        Self {
            model: model.to_owned(),
            why: reason.message().to_owned(),
            params: Vec::new(),
            standard_errors: None,
            ln_covariance: None,
            log_likelihood: None,
            n,
            failure: Some(reason),
        }
    }

    fn fit<M: Model<N>, const N: usize>(&self) -> Result<Fit<M, N>, Reason> {
        if let Some(reason) = self.failure {
            return Err(reason);
        }
        let covariance = |rows: &Vec<Vec<f64>>| {
            let rows: Vec<[f64; N]> =
                rows.iter().map(|row| array(row)).collect::<Result<_, _>>().ok()?;
            <[[f64; N]; N]>::try_from(rows).ok()
        };
        #[allow(clippy::cast_precision_loss, reason = "a count of customers")]
        Ok(Fit {
            model: M::of(array(&self.params)?)?,
            standard_errors: self.standard_errors.as_deref().and_then(|list| array(list).ok()),
            ln_covariance: self.ln_covariance.as_ref().and_then(covariance),
            log_likelihood: self.log_likelihood.unwrap_or_default(),
            n: self.n as f64,
            data_hash: String::new(),
            evaluations: 0,
            failure: None,
        })
    }

    /// The model of purchases.
    ///
    /// # Errors
    /// Why there is none.
    pub fn purchases(&self) -> Result<Chosen, Reason> {
        if self.model == MbgNbd::NAME {
            Ok(Chosen::Mbg(self.fit()?))
        } else {
            Ok(Chosen::Pareto(self.fit::<ParetoNbd, 4>()?))
        }
    }

    /// The model of amounts.
    ///
    /// # Errors
    /// Why there is none.
    pub fn amounts(&self) -> Result<Fit<GammaGamma, 3>, Reason> {
        self.fit()
    }

    /// The model of contracts.
    ///
    /// # Errors
    /// Why there is none.
    pub fn contracts(&self) -> Result<Tenure, Reason> {
        if self.model == Bdw::NAME {
            Ok(Tenure::Bdw(self.fit()?))
        } else {
            Ok(Tenure::Sbg(self.fit()?))
        }
    }
}

/// A model of how long contracts last.
#[derive(Clone, Debug, PartialEq)]
pub enum Tenure {
    /// The same chance to leave at every renewal.
    Sbg(Fit<Sbg, 2>),
    /// One that changes with tenure.
    Bdw(Fit<Bdw, 3>),
}
