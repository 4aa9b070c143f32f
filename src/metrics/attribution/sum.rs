//! Sums of fractions that may have many denominators, and how they are shown so that they add up.
//!
//! Owns exactness where [`Ratio`] cannot hold it: paths of up to thousands of touches have a common
//! denominator far beyond 128 bits. A sum is therefore kept per denominator, which is exact, and
//! joined into one fraction if that fits. Refuses to lose a residual: it goes to the largest part.

use crate::{Ratio, allocate};
use std::collections::BTreeMap;

/// A sum of fractions, by denominator.
#[derive(Clone, Debug, Default)]
pub struct ExactSum(BTreeMap<i128, i128>);

/// Parts of one in which inexact sums are held.
const FINE: i128 = 1_000_000_000_000_000_000;
/// Parts of one in which inexact conversions are shown.
const BILLION: i128 = 1_000_000_000;

impl ExactSum {
    /// Adds `num / den`, `den` above zero; `None` when it does not fit.
    pub fn add(&mut self, num: i128, den: i128) -> Option<()> {
        let sum = self.0.entry(den).or_default();
        *sum = sum.checked_add(num)?;
        Some(())
    }

    /// The sum as one fraction, if it fits.
    pub fn ratio(&self) -> Option<Ratio> {
        self.0
            .iter()
            .try_fold(Ratio::ZERO, |sum, (den, num)| sum.checked_add(Ratio::new(*num, *den)?))
    }

    /// The sum in parts of [`FINE`], at most one part per denominator too small.
    fn fine(&self) -> Option<i128> {
        self.0.iter().try_fold(0_i128, |sum, (den, num)| {
            let whole = num.div_euclid(*den).checked_mul(FINE)?;
            let rest = num.rem_euclid(*den).checked_mul(FINE)?.div_euclid(*den);
            sum.checked_add(whole)?.checked_add(rest)
        })
    }
}

/// Makes `parts` sum to `total` by changing the largest one (the first of equals).
fn settle(parts: &mut [i128], total: i128) -> Option<()> {
    let sum = parts.iter().try_fold(0_i128, |sum, part| sum.checked_add(*part))?;
    let residual = total.checked_sub(sum)?;
    let largest =
        parts.iter().enumerate().max_by_key(|(at, part)| (**part, std::cmp::Reverse(*at)));
    let at = largest.map(|(at, _)| at);
    match at.and_then(|at| parts.get_mut(at)) {
        Some(part) => {
            *part = part.checked_add(residual)?;
            Some(())
        }
        None => (residual == 0).then_some(()),
    }
}

/// Rounds fine parts, which sum to `total`, to multiples of one `unit`-th that sum to it as well.
fn rounded(mut fine: Vec<i128>, total: i128, unit: i128) -> Option<Vec<i64>> {
    settle(&mut fine, total.checked_mul(FINE)?)?;
    let parts: Option<Vec<Ratio>> =
        fine.into_iter().map(|part| Ratio::new(part, FINE / unit)).collect();
    allocate(&parts?)
}

fn as_billionths(parts: Vec<i64>) -> Option<Vec<Ratio>> {
    parts.into_iter().map(|part| Ratio::new(i128::from(part), BILLION)).collect()
}

/// Sums as billionths that add up to `total`.
pub fn billionths(sums: &[ExactSum], total: i128) -> Option<Vec<Ratio>> {
    let fine: Option<Vec<i128>> = sums.iter().map(ExactSum::fine).collect();
    as_billionths(rounded(fine?, total, BILLION)?)
}

/// Sums as whole numbers that add up to `total`.
pub fn whole(sums: &[ExactSum], total: i128) -> Option<Vec<i64>> {
    let fine: Option<Vec<i128>> = sums.iter().map(ExactSum::fine).collect();
    rounded(fine?, total, 1)
}

/// `total` shared in proportion to `weights`, finely; zeros when no weight is above zero.
fn shared(weights: &[f64], total: u64) -> Vec<i128> {
    let sum: f64 = weights.iter().sum();
    let part = |weight: &f64| {
        let share = if sum > 0.0 { weight / sum } else { 0.0 };
        // Saturating and at most 2^64 * 10^18; rounding errors are settled by the caller.
        (share * total as f64 * FINE as f64) as i128
    };
    weights.iter().map(part).collect()
}

/// `total` as billionths in proportion to `weights`, exactly adding up.
pub fn shared_billionths(weights: &[f64], total: u64) -> Option<Vec<Ratio>> {
    as_billionths(rounded(shared(weights, total), i128::from(total), BILLION)?)
}

/// `total` as whole numbers in proportion to `weights`, exactly adding up.
pub fn shared_whole(weights: &[f64], total: u64) -> Option<Vec<i64>> {
    rounded(shared(weights, total), i128::from(total), 1)
}

/// Fractions in billionths that sum to their rounded sum; `None` when a part does not fit.
pub fn shown(parts: &[Ratio]) -> Option<Vec<i64>> {
    let billion = Ratio::new(BILLION, 1)?;
    let scaled: Option<Vec<Ratio>> = parts.iter().map(|part| part.checked_mul(billion)).collect();
    allocate(&scaled?)
}
