//! Median and mean of durations.
//!
//! Owns their exact form. Refuses negative durations: a deal won before it was opened is counted as
//! left out.

use super::Window;
use crate::{Measured, NullReason, Ratio};
use domain::Timestamp;

/// The middle of a number of durations, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// How many.
    pub n: i64,
    /// The middle one; of an even number the mean of the two in the middle.
    pub median: Ratio,
    /// The mean.
    pub mean: Ratio,
    /// Durations below zero, which do not count.
    pub left_out: i64,
}

/// Median and mean of durations, in any order; `NO_DATA` when none is left.
#[must_use]
pub fn spread(durations_ms: &[i64]) -> Measured<Spread> {
    let mut kept: Vec<i64> = durations_ms.iter().copied().filter(|ms| *ms >= 0).collect();
    kept.sort_unstable();
    let measure = || {
        let middle = |at: usize| kept.get(at).copied().map(i128::from).ok_or(NullReason::NoData);
        let (low, high) = (middle(kept.len().saturating_sub(1) / 2)?, middle(kept.len() / 2)?);
        let sum: i128 = kept.iter().copied().map(i128::from).sum();
        let n = i64::try_from(kept.len()).map_err(|_| NullReason::Overflow)?;
        Ok(Spread {
            n,
            median: crate::exact::quotient(low + high, 2)?,
            mean: crate::exact::quotient(sum, i128::from(n))?,
            left_out: i64::try_from(durations_ms.len() - kept.len()).unwrap_or(i64::MAX),
        })
    };
    measure().into()
}

/// Length of the sales cycle: won less opened, of the deals won in the window. A deal is when it
/// was opened and when it was won.
#[must_use]
pub fn sales_cycle(deals: &[(Timestamp, Timestamp)], won: Window) -> Measured<Spread> {
    let length = |(opened, won): &(Timestamp, Timestamp)| won.as_millis() - opened.as_millis();
    let lengths: Vec<i64> = deals.iter().filter(|deal| won.contains(deal.1)).map(length).collect();
    spread(&lengths)
}
