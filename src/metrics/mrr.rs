//! What a subscription counts now, exactly, from its items and status as they stand.
//!
//! Trials, paused, incomplete, unpaid and ended contracts count 0. How it came about over time is
//! [`crate::revenue`]'s. Rounded only where shown; [`allocate`] places the residual so that shown
//! parts sum.

use crate::revenue::{Days, monthly};
use crate::{NullReason, Policy, Ratio};
use domain::{Subscription, SubscriptionItem, SubscriptionStatus, Timestamp};

/// One item's exact amount per month, in minor units.
fn item_mrr(item: &SubscriptionItem) -> Result<Ratio, NullReason> {
    monthly(Ratio::whole(item.amount_minor), item.interval, item.interval_count)
}

/// Whether the subscription runs and is paid for at `now`.
fn counts(sub: &Subscription, policy: &Policy, now: Timestamp) -> bool {
    let begun = sub.started_at.is_none_or(|at| at <= now);
    let end = match sub.status {
        SubscriptionStatus::Canceled => sub.ended_at.or(sub.canceled_at),
        _ => sub.ended_at,
    };
    let running = end.is_none_or(|at| at > now);
    let trial = sub.trial_end.is_some_and(|at| at > now);
    let status = match sub.status {
        SubscriptionStatus::Active => true,
        SubscriptionStatus::PastDue => policy.revenue.dunning_days != Days::Of(0),
        // Ended by its status; it counts only when asked about a time before the end.
        SubscriptionStatus::Canceled => end.is_some(),
        SubscriptionStatus::Trialing
        | SubscriptionStatus::Unpaid
        | SubscriptionStatus::Paused
        | SubscriptionStatus::Incomplete => false,
    };
    status && begun && running && !trial
}

/// One subscription's exact MRR at `now`, in minor units of its currency; zero when it does not
/// count. Known from the items as they are today: an earlier `now` sees today's prices.
///
/// # Errors
/// [`NullReason::InvalidData`] for an interval of zero, [`NullReason::Overflow`].
pub fn subscription_mrr(
    sub: &Subscription,
    policy: &Policy,
    now: Timestamp,
) -> Result<Ratio, NullReason> {
    if !counts(sub, policy, now) {
        return Ok(Ratio::ZERO);
    }
    sub.items.iter().try_fold(Ratio::ZERO, |sum, item| {
        sum.checked_add(item_mrr(item)?).ok_or(NullReason::Overflow)
    })
}

/// Rounds parts so that they sum to the rounded total: each half to even, the residual to the
/// largest part (the first of equals). `None` when a number does not fit into 64 bits.
#[must_use]
pub fn allocate(parts: &[Ratio]) -> Option<Vec<i64>> {
    let total = parts.iter().try_fold(Ratio::ZERO, |sum, part| sum.checked_add(*part))?;
    let mut rounded: Vec<i64> = parts.iter().map(|part| part.round_i64()).collect::<Option<_>>()?;
    let sum = rounded.iter().try_fold(0_i64, |sum, part| sum.checked_add(*part))?;
    let residual = total.round_i64()?.checked_sub(sum)?;
    let largest = rounded
        .iter()
        .enumerate()
        .max_by_key(|(index, part)| (part.unsigned_abs(), std::cmp::Reverse(*index)));
    if let Some((index, _)) = largest
        && let Some(part) = rounded.get_mut(index)
    {
        *part = part.checked_add(residual)?;
    }
    Some(rounded)
}
