//! Why there is no number.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a model gives no number, or rejects a row. Where a number is missing, one of these stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// A parameter is not a positive finite number.
    BadParameter,
    /// Horizon, discount rate or margin is negative or not finite.
    BadArgument,
    /// Repeat purchases without a time of the last, or it stands at the first purchase.
    RecencyZero,
    /// No repeat purchase, yet a time of the last.
    RecencyWithoutRepeat,
    /// The last purchase is after the end of the observation.
    RecencyAfterEnd,
    /// The history has a negative or non-finite number.
    BadHistory,
    /// More transactions than opportunities, or than opportunities up to the last.
    MoreThanOpportunities,
    /// The first purchase is after the end of what was observed in whole.
    NotYetObserved,
    /// There is nothing to fit.
    NoData,
    /// Nobody bought again: how often and how long customers buy cannot be told.
    NoRepeatPurchases,
    /// The search ended without a maximum of the likelihood.
    NotConverged,
    /// The likelihood grows towards a limit: it has no maximum at finite parameters, since the data show
    /// no variety between customers, or nothing but it.
    NoMaximum,
    /// The likelihood is flat in some direction: the data do not tell the parameters apart.
    NotIdentified,
    /// The mean of the distribution is infinite at these parameters (Gamma-Gamma with `q <= 1`).
    MeanInfinite,
    /// The sum over an endless future is infinite without a discount.
    NoDiscount,
    /// The number is too large or too small to be written.
    OutOfRange,
    /// No purchase with an amount above zero: there is no spend to learn from.
    NoSpend,
    /// No gross margin was given.
    NoMargin,
    /// It was not asked for.
    NotAsked,
    /// The model was not fitted to data, so its uncertainty is not known.
    NoCovariance,
}

impl Reason {
    /// What is wrong, and what to do.
    pub fn message(self) -> &'static str {
        match self {
            Self::BadParameter => "a parameter is not a positive finite number",
            Self::BadArgument => {
                "the horizon, the discount rate or the margin is negative or not finite"
            }
            Self::RecencyZero => "repeat purchases (x > 0), but the last at time 0",
            Self::RecencyWithoutRepeat => "no repeat purchase (x = 0), but a time of the last",
            Self::RecencyAfterEnd => "the last purchase is after the end of the observation",
            Self::BadHistory => "the history has a negative number or one that is not finite",
            Self::MoreThanOpportunities => "more transactions than opportunities for them",
            Self::NotYetObserved => {
                "the first purchase is after the end of what was observed in whole"
            }
            Self::NoData => "there is nothing to fit",
            Self::NoRepeatPurchases => {
                "nobody bought again, so the pace of purchases cannot be told; observe for longer"
            }
            Self::NotConverged => {
                "the search ended without a maximum of the likelihood; try another model or more data"
            }
            Self::NoMaximum => {
                "the likelihood has no maximum at finite parameters: the data show no variety between \
                 customers, or nothing else; try another model or more data"
            }
            Self::NotIdentified => {
                "the data do not tell the parameters apart; try a model with fewer, or more data"
            }
            Self::MeanInfinite => "the mean is infinite at these parameters (q <= 1)",
            Self::NoDiscount => "an endless future needs a discount rate above 0",
            Self::OutOfRange => "the number is too large or too small to be written",
            Self::NoSpend => "no repeat purchase has an amount above zero",
            Self::NoMargin => "no gross margin was given: what is known is revenue",
            Self::NotAsked => "it was not asked for",
            Self::NoCovariance => "parameters that were given have no known uncertainty",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for Reason {}

/// The number, if it is one that can be written.
pub(super) fn finite(value: f64) -> Result<f64, Reason> {
    if value.is_finite() { Ok(value) } else { Err(Reason::OutOfRange) }
}

/// Parameters that are positive and finite.
pub(super) fn positive<const N: usize>(params: [f64; N]) -> Result<[f64; N], Reason> {
    if params.iter().all(|p| *p > 0.0 && p.is_finite()) {
        Ok(params)
    } else {
        Err(Reason::BadParameter)
    }
}

/// An argument that is not negative and finite.
pub(super) fn not_negative(value: f64) -> Result<f64, Reason> {
    if value >= 0.0 && value.is_finite() { Ok(value) } else { Err(Reason::BadArgument) }
}
