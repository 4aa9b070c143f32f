//! Referrals and product reviews.

use crate::exact::{fraction, quotient};
use crate::{Measured, NullReason, Ratio, Share};
use domain::{Money, ProfileId};
use std::collections::BTreeSet;

/// Active customers who referred someone, of all active customers. A referrer who is not active
/// does not count.
#[must_use]
pub fn referral_rate(
    referrers: &BTreeSet<ProfileId>,
    active: &BTreeSet<ProfileId>,
) -> Measured<Share> {
    let whole = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    Share::of(whole(referrers.intersection(active).count()), whole(active.len())).into()
}

/// Net revenue of referred customers over all net revenue, of one currency, exactly.
#[must_use]
pub fn referred_revenue_share(referred: Money, all: Money) -> Measured<Ratio> {
    fraction(referred, all).into()
}

/// Reviews of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reviews {
    /// How many.
    pub n: i64,
    /// Mean of their stars, exactly.
    pub mean: Ratio,
    /// Reviews outside the scale, which do not count.
    pub left_out: i64,
}

/// Number and mean of reviews on a scale from 1 to `best` stars; `NO_DATA` without one.
#[must_use]
pub fn reviews(stars: &[i64], best: i64) -> Measured<Reviews> {
    let kept: Vec<i128> =
        stars.iter().filter(|n| (1..=best).contains(*n)).copied().map(i128::from).collect();
    let measure = || {
        let n = i64::try_from(kept.len()).map_err(|_| NullReason::Overflow)?;
        if n == 0 {
            return Err(NullReason::NoData);
        }
        let mean = quotient(kept.iter().sum(), i128::from(n))?;
        let left_out = i64::try_from(stars.len() - kept.len()).unwrap_or(i64::MAX);
        Ok(Reviews { n, mean, left_out })
    };
    measure().into()
}
