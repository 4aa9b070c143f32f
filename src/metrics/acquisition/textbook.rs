//! The textbook formulas of customer lifetime value, which differ by two conventions.
//!
//! Owns the sum behind them. Refuses a default: three formulas in print give 366.67, 266.67 and
//! 333.33 for one customer (m = 100, r = 0.8, d = 0.1), so the conventions are arguments.

use crate::exact::{compare, minus, over, rounded, times};
use crate::{Measured, NullReason, Ratio};
use domain::Money;
use std::cmp::Ordering;

/// Whether the first payment, which is certain, is part of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FirstPayment {
    /// It is still to come: the value of a customer about to be won.
    Included,
    /// It was made: the residual value of a customer just won.
    Excluded,
}

/// When in a period its payment is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timing {
    /// At its start: the first period's is not discounted.
    StartOfPeriod,
    /// At its end: every payment is discounted by one period more.
    EndOfPeriod,
}

/// Lifetime value of a customer who pays the margin `m` per period, stays from one period to the
/// next with probability `retention` (r), at a discount rate per period of `discount` (d), for ever:
/// the sum over t from 0 (or from 1 without the first payment) of m·rᵗ/(1+d)^(t+δ), δ being 1 for
/// payments at the end of periods. In closed form m(1+d)/(1+d−r), m·r/(1+d−r), m/(1+d−r) and
/// m·r/((1+d)(1+d−r)). Source: Fader & Hardie, note 024. Rounded half to even.
///
/// Null with `INVALID_DATA` for r outside 0 to 1 or d below 0, with `ZERO_DENOMINATOR` where r = 1
/// and d = 0 (the sum is infinite).
#[must_use]
pub fn textbook_clv(
    margin: Money,
    retention: Ratio,
    discount: Ratio,
    first_payment: FirstPayment,
    timing: Timing,
) -> Measured<Money> {
    let value = || {
        let one = Ratio::whole(1);
        let share = retention.numerator() >= 0 && compare(retention, one)? != Ordering::Greater;
        if !share || discount.numerator() < 0 {
            return Err(NullReason::InvalidData);
        }
        let growth = one.checked_add(discount).ok_or(NullReason::Overflow)?;
        let first = match first_payment {
            FirstPayment::Included => growth,
            FirstPayment::Excluded => retention,
        };
        let sum = over(first, minus(growth, retention)?)?;
        let sum = match timing {
            Timing::StartOfPeriod => sum,
            Timing::EndOfPeriod => over(sum, growth)?,
        };
        rounded(times(sum, Ratio::whole(margin.amount_minor))?, margin.currency)
    };
    value().into()
}
