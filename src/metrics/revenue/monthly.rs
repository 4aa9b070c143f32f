//! Prices per billing interval as prices per month, exactly, and what proration does to a bill.
//!
//! Formula: amount times intervals per month (day 365/12, week 52/12, month 1, year 1/12) over the
//! interval count. Nothing is rounded here.

use crate::{NullReason, Ratio};
use domain::Interval;

/// `amount` per `count` intervals as an amount per month, in the same unit.
///
/// # Errors
/// [`NullReason::InvalidData`] for an interval of zero, [`NullReason::Overflow`].
pub fn monthly(amount: Ratio, interval: Interval, count: u32) -> Result<Ratio, NullReason> {
    let (num, den) = match interval {
        Interval::Day => (365, 12),
        Interval::Week => (52, 12),
        Interval::Month => (1, 1),
        Interval::Year => (1, 12),
    };
    if count == 0 {
        return Err(NullReason::InvalidData);
    }
    Ratio::new(num, den * i128::from(count))
        .and_then(|per_month| amount.checked_mul(per_month))
        .ok_or(NullReason::Overflow)
}

/// MRR from a prorated invoice line, where the source has nothing better: the line net of tax,
/// scaled up from the seconds it is for to those of its whole billing period.
///
/// # Errors
/// [`NullReason::InvalidData`] when the line is for no time or the interval is zero,
/// [`NullReason::Overflow`].
pub fn monthly_of_prorated(
    net_amount: Ratio,
    line_seconds: i64,
    period_seconds: i64,
    interval: Interval,
    count: u32,
) -> Result<Ratio, NullReason> {
    if line_seconds <= 0 || period_seconds < line_seconds {
        return Err(NullReason::InvalidData);
    }
    let scale = Ratio::new(i128::from(period_seconds), i128::from(line_seconds));
    let whole = scale.and_then(|scale| net_amount.checked_mul(scale));
    monthly(whole.ok_or(NullReason::Overflow)?, interval, count)
}

/// The two lines that a change within a billing period puts on the bill: what is given back for
/// the rest of the old price (negative) and charged for the rest of the new one. They are not MRR.
///
/// # Errors
/// [`NullReason::InvalidData`] when the rest is not within the period, [`NullReason::Overflow`].
pub fn proration_lines(
    old_amount: Ratio,
    new_amount: Ratio,
    rest_seconds: i64,
    period_seconds: i64,
) -> Result<(Ratio, Ratio), NullReason> {
    if period_seconds <= 0 || !(0..=period_seconds).contains(&rest_seconds) {
        return Err(NullReason::InvalidData);
    }
    let lines = || {
        let rest = Ratio::new(i128::from(rest_seconds), i128::from(period_seconds))?;
        let back = old_amount.checked_mul(rest)?;
        Some((Ratio::ZERO.checked_sub(back)?, new_amount.checked_mul(rest)?))
    };
    lines().ok_or(NullReason::Overflow)
}
