//! Unit economics: what a customer is worth against what it cost.
//!
//! Owns the ratios. Refuses a division by zero (a churn of 0 makes the simple lifetime value
//! undefined: use a model with a finite one) and two currencies in one ratio.

use crate::exact::{fraction, minus, over, quotient, rounded, times};
use crate::{Margin, Measured, NullReason, Ratio};
use domain::Money;

/// Cost per action: `cost / conversions`, rounded half to even. Paid media only, where a cost of
/// acquisition counts all of marketing and sales.
#[must_use]
pub fn cpa(cost: Money, conversions: i64) -> Measured<Money> {
    quotient(i128::from(cost.amount_minor), i128::from(conversions))
        .and_then(|exact| rounded(exact, cost.currency))
        .into()
}

/// `lifetime value as margin / CAC`, exactly.
#[must_use]
pub fn ltv_to_cac(clv_margin: &Measured<Money>, cac: &Measured<Money>) -> Measured<Ratio> {
    let of = |measured: &Measured<Money>| {
        measured.value.ok_or(measured.null_reason.unwrap_or(NullReason::NoData))
    };
    of(clv_margin).and_then(|clv| fraction(clv, of(cac)?)).into()
}

/// `(margin - cost) / cost`, exactly.
#[must_use]
pub fn return_on_cost(margin: Money, cost: Money) -> Measured<Ratio> {
    fraction(margin, cost).and_then(|share| minus(share, Ratio::whole(1))).into()
}

/// The simple lifetime value `ARPU * margin / churn`, per period of ARPU and churn, rounded half to
/// even. Null with `ZERO_DENOMINATOR` at a churn of 0.
#[must_use]
pub fn simple_ltv(arpu: Money, margin: Option<Margin>, churn: Ratio) -> Measured<Money> {
    let value = || {
        let margin = margin.ok_or(NullReason::NoMargin)?;
        let earned = times(Ratio::whole(arpu.amount_minor), margin.ratio())?;
        rounded(over(earned, churn)?, arpu.currency)
    };
    value().into()
}

/// `CAC / (ARPU * margin)`: periods until the margin of a steady customer covers its cost, exactly.
#[must_use]
pub fn simple_payback_months(cac: Money, arpu: Money, margin: Option<Margin>) -> Measured<Ratio> {
    let months = || {
        let margin = margin.ok_or(NullReason::NoMargin)?;
        over(fraction(cac, arpu)?, margin.ratio())
    };
    months().into()
}
