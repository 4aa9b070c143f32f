//! The commercial standing at a moment, beside the stage.
//!
//! Owns the order of precedence (past due, active, trialing, paused, churned, lapsed, prospect) and
//! the reading of cancellation reasons. Refuses to guess a date that no source gives.

use crate::moments::{Moment, What, ended};
use crate::rules::Rules;
use domain::{
    Canonical, ProfileFacts, RecordId, Status, Subscription, SubscriptionStatus, Timestamp,
};
use std::collections::BTreeSet;

/// How one subscription stands at a moment, and since when.
enum Standing {
    PastDue,
    Active(Option<Timestamp>),
    Trialing(Option<Timestamp>),
    Paused,
    /// It was more than a trial and ended.
    Ended(Timestamp),
    /// Not begun, never paid for, or ended within its trial.
    Nothing,
}

fn standing(
    sub: &Subscription,
    began: Option<Timestamp>,
    fallback: Timestamp,
    now: Timestamp,
) -> Standing {
    if sub.status == SubscriptionStatus::Incomplete || began.is_some_and(|began| began > now) {
        return Standing::Nothing;
    }
    let end = match sub.status {
        SubscriptionStatus::Canceled => Some(ended(sub, began).unwrap_or(fallback)),
        _ => ended(sub, began),
    };
    if let Some(end) = end.filter(|end| *end <= now) {
        let in_trial = sub.trial_end.is_some_and(|trial| end <= trial);
        return if in_trial { Standing::Nothing } else { Standing::Ended(end) };
    }
    if sub.trial_end.is_some_and(|trial| trial > now) {
        return Standing::Trialing(began);
    }
    match sub.status {
        SubscriptionStatus::PastDue | SubscriptionStatus::Unpaid => Standing::PastDue,
        SubscriptionStatus::Paused => Standing::Paused,
        SubscriptionStatus::Trialing => Standing::Trialing(began),
        // A canceled one that ends later still runs.
        SubscriptionStatus::Active
        | SubscriptionStatus::Canceled
        | SubscriptionStatus::Incomplete => Standing::Active(sub.trial_end.max(began)),
    }
}

/// Voluntary, involuntary or unknown, by the vendor's cancellation reason (Stripe's words).
fn churned(reason: Option<&str>) -> Status {
    match reason.map(|text| text.trim().to_ascii_lowercase()).as_deref() {
        Some("cancellation_requested") => Status::ChurnedVoluntary,
        Some("payment_failed" | "payment_disputed") => Status::ChurnedInvoluntary,
        _ => Status::ChurnedUnknown,
    }
}

/// The status at `now`, and since when if a source says. `entered` dates a prospect.
pub(crate) fn status(
    facts: &ProfileFacts,
    moments: &[Moment],
    rules: &Rules,
    now: Timestamp,
    entered: Option<Timestamp>,
) -> (Status, Option<Timestamp>) {
    let fallback = moments.first().map_or(now, |moment| moment.at);
    let (mut past_due, mut paused) = (false, false);
    let mut active: Option<Option<Timestamp>> = None;
    let mut trialing: Option<Option<Timestamp>> = None;
    let mut last_end: Option<(Timestamp, RecordId, Status)> = None;
    for fact in &facts.facts {
        let Canonical::Subscription(sub) = &fact.body else { continue };
        let began = sub.started_at.or(fact.occurred_at);
        match standing(sub, began, fallback, now) {
            Standing::PastDue => past_due = true,
            Standing::Paused => paused = true,
            // The earliest of several; an unknown beginning makes the whole unknown.
            Standing::Active(since) => active = Some(active.map_or(since, |a| a.min(since))),
            Standing::Trialing(since) => trialing = Some(trialing.map_or(since, |t| t.min(since))),
            Standing::Ended(at) => {
                let this = (at, fact.record, churned(sub.cancellation_reason.as_deref()));
                last_end = last_end.max(Some(this));
            }
            Standing::Nothing => {}
        }
    }
    if past_due {
        return (Status::PastDue, None);
    }
    if let Some(since) = active {
        return (Status::Active, since);
    }
    if let Some(since) = trialing {
        return (Status::Trialing, since);
    }
    if paused {
        return (Status::Paused, None);
    }
    let bought = purchases(moments);
    match (last_end, bought) {
        (Some((end, _, status)), bought) if bought.is_none_or(|(_, last)| last <= end) => {
            (status, Some(end))
        }
        (_, Some((first, last))) => {
            let lapses = last.plus_days(rules.lapse_days);
            if lapses > now {
                (Status::Active, Some(first))
            } else {
                (Status::Lapsed, Some(lapses))
            }
        }
        (_, None) => (Status::Prospect, entered),
    }
}

/// First and last purchase that was not given back.
fn purchases(moments: &[Moment]) -> Option<(Timestamp, Timestamp)> {
    let void: BTreeSet<RecordId> = moments
        .iter()
        .filter_map(|m| if let What::GivenBack(record) = m.what { Some(record) } else { None })
        .collect();
    let mut bought = moments
        .iter()
        .filter(|m| matches!(m.what, What::Paid | What::InvoicePaid | What::DealWon))
        .filter(|m| !void.contains(&m.record))
        .map(|m| m.at);
    let first = bought.next()?;
    Some((first, bought.next_back().unwrap_or(first)))
}
