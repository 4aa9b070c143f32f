//! When a cohort has paid back what it cost.
//!
//! Owns the curve of cumulative margin against the cost of acquisition. Refuses months that have
//! not ended (null, not 0) and shows negative margins as they are.

use crate::exact::{amount, fraction};
use crate::{Measured, NullReason};
use domain::{Money, Month};
use std::collections::BTreeMap;

/// Customers acquired in one month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cohort {
    /// The month.
    pub month: Month,
    /// How many.
    pub customers: i64,
    /// What acquiring all of them cost.
    pub cost: Measured<Money>,
    /// Margin by the month it was earned in, in the currency of the cost; or why there is none
    /// (`NO_MARGIN`).
    pub margin: Measured<BTreeMap<Month, Money>>,
}

/// One month of a curve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaybackPoint {
    /// Months since the month of acquisition, which is 0.
    pub age: u32,
    /// Margin of the cohort from its first month to the end of this one.
    pub cumulative_margin: Measured<Money>,
    /// `cumulative_margin / cost`, exactly.
    pub recovered: Measured<crate::Ratio>,
}

/// The curve of a cohort.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaybackCurve {
    /// The cohort's month.
    pub month: Month,
    /// One point per age, from 0.
    pub points: Vec<PaybackPoint>,
    /// Months until cumulative margin >= cost, the month of acquisition being the first; 0 when
    /// nothing was spent. `NOT_REACHED` if it has not been by the last month that ended.
    pub payback_months: Measured<u32>,
}

/// The curve of `ages` months (at most 600). Months from `open` on have not ended.
#[must_use]
pub fn payback_curve(cohort: &Cohort, ages: u32, open: Month) -> PaybackCurve {
    let reason = |reason: Option<NullReason>| reason.unwrap_or(NullReason::NoData);
    let cost = cohort.cost.value.ok_or(reason(cohort.cost.null_reason));
    let cost = if cohort.customers > 0 { cost } else { Err(NullReason::NoNewCustomers) };
    let margin = cohort.margin.value.as_ref().ok_or(reason(cohort.margin.null_reason));
    let earned = cost.and_then(|cost| {
        let margin = margin?;
        if margin.values().any(|part| part.currency != cost.currency) {
            return Err(NullReason::MixedCurrency);
        }
        Ok((cost, margin))
    });
    let mut sum = 0_i128;
    let mut payback = match earned {
        Ok((cost, _)) if cost.amount_minor <= 0 => Some(0),
        _ => None,
    };
    let mut points = Vec::new();
    for age in 0..ages.min(600) {
        let month = Month(cohort.month.0.saturating_add(i32::try_from(age).unwrap_or(i32::MAX)));
        let ended = if month < open { Ok(()) } else { Err(NullReason::Immature) };
        let cumulative = earned.and_then(|(cost, margin)| {
            ended?;
            sum += margin.get(&month).map_or(0, |part| i128::from(part.amount_minor));
            amount(sum, cost.currency)
        });
        if let (Ok(sum), Ok((cost, _)), None) = (cumulative, earned, payback)
            && sum.amount_minor >= cost.amount_minor
        {
            payback = Some(age + 1);
        }
        let recovered = earned.and_then(|(cost, _)| fraction(cumulative?, cost));
        points.push(PaybackPoint {
            age,
            cumulative_margin: cumulative.into(),
            recovered: recovered.into(),
        });
    }
    let payback = earned.and_then(|_| payback.ok_or(NullReason::NotReached));
    PaybackCurve { month: cohort.month, points, payback_months: payback.into() }
}
