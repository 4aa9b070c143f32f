//! A number or the reason why there is none, and which sources exist to measure from.

use crate::Ratio;
use serde::{Deserialize, Serialize};

/// A value, or the reason why there is none. Exactly one is set; the constructors see to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured<T> {
    /// The value.
    pub value: Option<T>,
    /// Why there is none.
    pub null_reason: Option<NullReason>,
}

impl<T> Measured<T> {
    /// A value.
    #[must_use]
    pub const fn some(value: T) -> Self {
        Self { value: Some(value), null_reason: None }
    }

    /// No value, because of `reason`.
    #[must_use]
    pub const fn none(reason: NullReason) -> Self {
        Self { value: None, null_reason: Some(reason) }
    }

    /// The value made into another one.
    #[must_use]
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Measured<U> {
        Measured { value: self.value.map(f), null_reason: self.null_reason }
    }
}

impl<T> From<Result<T, NullReason>> for Measured<T> {
    fn from(result: Result<T, NullReason>) -> Self {
        match result {
            Ok(value) => Self::some(value),
            Err(reason) => Self::none(reason),
        }
    }
}

/// Why a number is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NullReason {
    /// No source of the deployment supplies what it is made of.
    NoSource,
    /// The sources exist and have nothing for this customer or period.
    NoData,
    /// A cost per new customer where there was no new customer.
    NoNewCustomers,
    /// The policy states no gross margin.
    NoMargin,
    /// Money of other currencies is concerned, and there is no rate to convert it.
    MixedCurrency,
    /// No exchange rate for a day that is concerned.
    MissingRate,
    /// A ratio to zero.
    ZeroDenominator,
    /// The number has no meaning for this grouping (spend by segment or stage).
    NotAttributable,
    /// A record contradicts itself (a billing interval of zero months).
    InvalidData,
    /// The exact result does not fit into 64 bits.
    Overflow,
    /// The period it covers has not ended yet; the number would still change.
    Immature,
    /// What is asked for did not happen so far (a cohort has not paid back its cost).
    NotReached,
    /// An input is missing, and the configuration asks for all of them.
    MissingInput,
    /// The number has no meaning for this customer (a lead score after the purchase).
    NotApplicable,
    /// There is too little to learn a model from.
    TooLittleData,
    /// The data do not determine the model.
    NotConverged,
}

impl NullReason {
    /// Every reason.
    pub const ALL: [Self; 16] = [
        Self::NoSource,
        Self::NoData,
        Self::NoNewCustomers,
        Self::NoMargin,
        Self::MixedCurrency,
        Self::MissingRate,
        Self::ZeroDenominator,
        Self::NotAttributable,
        Self::InvalidData,
        Self::Overflow,
        Self::Immature,
        Self::NotReached,
        Self::MissingInput,
        Self::NotApplicable,
        Self::TooLittleData,
        Self::NotConverged,
    ];

    /// As clients see it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoSource => "NO_SOURCE",
            Self::NoData => "NO_DATA",
            Self::NoNewCustomers => "NO_NEW_CUSTOMERS",
            Self::NoMargin => "NO_MARGIN",
            Self::MixedCurrency => "MIXED_CURRENCY",
            Self::MissingRate => "MISSING_RATE",
            Self::ZeroDenominator => "ZERO_DENOMINATOR",
            Self::NotAttributable => "NOT_ATTRIBUTABLE",
            Self::InvalidData => "INVALID_DATA",
            Self::Overflow => "OVERFLOW",
            Self::Immature => "IMMATURE",
            Self::NotReached => "NOT_REACHED",
            Self::MissingInput => "MISSING_INPUT",
            Self::NotApplicable => "NOT_APPLICABLE",
            Self::TooLittleData => "TOO_LITTLE_DATA",
            Self::NotConverged => "NOT_CONVERGED",
        }
    }
}

/// How many of a number of things count: good answers of all, customers who came back of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Those that count.
    pub good: i64,
    /// All of them; above zero where the share is measured.
    pub total: i64,
}

impl Share {
    /// A share of something.
    ///
    /// # Errors
    /// [`NullReason::NoData`] when there is nothing to have a share of.
    pub fn of(good: i64, total: i64) -> Result<Self, NullReason> {
        if total > 0 { Ok(Self { good, total }) } else { Err(NullReason::NoData) }
    }

    /// `good / total`, exactly.
    #[must_use]
    pub fn ratio(&self) -> Option<Ratio> {
        Ratio::new(i128::from(self.good), i128::from(self.total))
    }
}

/// Which kinds of source the deployment has: what no source supplies is null, not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[allow(clippy::struct_excessive_bools)] // independent facts about the deployment
pub struct Sources {
    /// Payments and refunds.
    pub has_payments: bool,
    /// Tickets.
    pub has_tickets: bool,
    /// Survey answers.
    pub has_surveys: bool,
    /// Subscriptions.
    pub has_subscriptions: bool,
    /// Marketing and sales expense.
    pub has_spend: bool,
    /// Uses of the product.
    pub has_usage: bool,
}
