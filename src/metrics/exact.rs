//! Arithmetic of exact fractions and amounts with the reason why a result is missing.
//!
//! Owns the checked operations that metrics share. Refuses to round: callers show.

use crate::{NullReason, Ratio};
use domain::{Currency, Money};
use std::cmp::Ordering;

/// `a - b`.
pub(crate) fn minus(a: Ratio, b: Ratio) -> Result<Ratio, NullReason> {
    a.checked_sub(b).ok_or(NullReason::Overflow)
}

/// `a * b`.
pub(crate) fn times(a: Ratio, b: Ratio) -> Result<Ratio, NullReason> {
    a.checked_mul(b).ok_or(NullReason::Overflow)
}

/// `a / b`.
pub(crate) fn over(a: Ratio, b: Ratio) -> Result<Ratio, NullReason> {
    if b.is_zero() {
        return Err(NullReason::ZeroDenominator);
    }
    a.checked_div(b).ok_or(NullReason::Overflow)
}

/// `num / den` of whole numbers.
pub(crate) fn quotient(num: i128, den: i128) -> Result<Ratio, NullReason> {
    if den == 0 {
        return Err(NullReason::ZeroDenominator);
    }
    Ratio::new(num, den).ok_or(NullReason::Overflow)
}

/// Which is larger.
pub(crate) fn compare(a: Ratio, b: Ratio) -> Result<Ordering, NullReason> {
    Ok(minus(a, b)?.numerator().cmp(&0))
}

/// An amount from a wide sum of minor units.
pub(crate) fn amount(minor: i128, currency: Currency) -> Result<Money, NullReason> {
    let minor = i64::try_from(minor).map_err(|_| NullReason::Overflow)?;
    Ok(Money::from_minor(minor, currency))
}

/// An amount from an exact one, rounded half to even.
pub(crate) fn rounded(minor: Ratio, currency: Currency) -> Result<Money, NullReason> {
    amount(minor.round(), currency)
}

/// The fraction of two amounts of one currency.
pub(crate) fn fraction(part: Money, whole: Money) -> Result<Ratio, NullReason> {
    if part.currency != whole.currency {
        return Err(NullReason::MixedCurrency);
    }
    quotient(i128::from(part.amount_minor), i128::from(whole.amount_minor))
}
