//! The health of a customer: a weighted mean of dimensions, after the purchase.
//!
//! Formula: sum(weight * points) / sum(weight), rounded half to even. Points are linear between the
//! values for poor and good, or steps (Totango's rule: good = 100, average = 60, poor = 0, each
//! dimension rounded). Refuses to invent an input: what is missing does what the model says.

use super::config::{Dimension, HealthInput, HealthModel, Missing, Points, Scale};
use super::{DAY_MS, bought, dated};
use crate::exact::quotient;
use crate::{Measured, NullReason, Ratio, Sources};
use domain::{Canonical, PaymentStatus, ProfileFacts, SurveyKind, Ticket, TicketStatus, Timestamp};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// What health is derived from.
#[derive(Clone, Copy, Debug)]
pub struct HealthFacts<'a> {
    /// The profile's facts.
    pub facts: &'a ProfileFacts,
    /// Which sources exist.
    pub sources: &'a Sources,
    /// The time zone in which days are counted.
    pub zone: &'a TimeZone,
}

/// One dimension of a score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DimensionScore {
    /// What was measured.
    pub input: HealthInput,
    /// Its weight.
    pub weight: i64,
    /// The value measured, or why there is none.
    pub value: Measured<i64>,
    /// Its points, 0 to 100; those of a missing input if the model gives any.
    pub points: Measured<i64>,
}

/// A customer's health at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthScore {
    /// 0 to 100. `NOT_APPLICABLE` before the purchase, `MISSING_INPUT` when the model asks for an
    /// input that is missing, `NO_DATA` when all are.
    pub score: Measured<i64>,
    /// The band it lies in.
    pub band: Option<String>,
    /// The dimensions, in the order of the model; empty before the purchase.
    pub dimensions: Vec<DimensionScore>,
    /// The segment whose weights and bands were used.
    pub segment: String,
    /// The version of the model.
    pub version: String,
}

/// The mean points of things graded good, average and poor: five good, three average and two poor
/// at 100, 60 and 40 points make 76. `ZERO_DENOMINATOR` without any.
#[must_use]
pub fn quality_score(good: i64, average: i64, poor: i64, points: Points) -> Measured<Ratio> {
    let part = |count: i64, points: i64| i128::from(count) * i128::from(points);
    let sum = part(good, points.good) + part(average, points.average) + part(poor, points.poor);
    quotient(sum, i128::from(good) + i128::from(average) + i128::from(poor)).into()
}

fn is_open(ticket: &Ticket, as_of: Timestamp) -> bool {
    let done = matches!(ticket.status, TicketStatus::Solved | TicketStatus::Closed);
    !done || ticket.solved_at.is_some_and(|at| at > as_of)
}

/// The value of an input at `as_of`, over `(as_of - window, as_of]`.
fn measure(
    from: &HealthFacts<'_>,
    dimension: &Dimension,
    as_of: Timestamp,
) -> Result<i64, NullReason> {
    let need = |has: bool| if has { Ok(()) } else { Err(NullReason::NoSource) };
    let begin = as_of.plus_millis(-i64::from(dimension.window_days) * DAY_MS);
    let within = |at: Timestamp| begin < at && at <= as_of;
    let facts = || from.facts.facts.iter().map(|fact| (fact, dated(fact)));
    let count = |n: usize| i64::try_from(n).map_err(|_| NullReason::Overflow);
    match dimension.input {
        HealthInput::ActiveDays => {
            need(from.sources.has_usage)?;
            let used = facts().filter_map(|(fact, at)| match &fact.body {
                Canonical::UsageEvent(_) => at.filter(|at| within(*at)),
                _ => None,
            });
            let days: BTreeSet<_> = used.map(|at| at.date_in(from.zone)).collect();
            count(days.len())
        }
        HealthInput::OpenTickets => {
            need(from.sources.has_tickets)?;
            let open = facts().filter(|(fact, at)| match &fact.body {
                Canonical::Ticket(ticket) => {
                    at.is_none_or(|at| at <= as_of) && is_open(ticket, as_of)
                }
                _ => false,
            });
            count(open.count())
        }
        HealthInput::TicketsOpened => {
            need(from.sources.has_tickets)?;
            let opened = facts().filter(|(fact, at)| {
                matches!(fact.body, Canonical::Ticket(_)) && at.is_some_and(within)
            });
            count(opened.count())
        }
        HealthInput::FirstReplyMinutes => {
            need(from.sources.has_tickets)?;
            let replies = facts().filter_map(|(fact, at)| match &fact.body {
                Canonical::Ticket(ticket) => {
                    let replied = ticket.first_replied_at.filter(|reply| *reply <= as_of)?;
                    let opened = at.filter(|at| within(*at))?;
                    Some((replied.as_millis() - opened.as_millis()).max(0))
                }
                _ => None,
            });
            let mut waits: Vec<i64> = replies.collect();
            waits.sort_unstable();
            // Of an even number the longer of the middle two: no wait is made up.
            waits.get(waits.len() / 2).map(|ms| ms / 60_000).ok_or(NullReason::NoData)
        }
        HealthInput::Nps => {
            need(from.sources.has_surveys)?;
            let answers = facts().filter_map(|(fact, at)| match &fact.body {
                Canonical::SurveyResponse(answer)
                    if answer.kind == SurveyKind::Nps && (0..=10).contains(&answer.score) =>
                {
                    Some((at.filter(|at| within(*at))?, fact.record, answer.score))
                }
                _ => None,
            });
            answers.max().map(|(_, _, score)| score).ok_or(NullReason::NoData)
        }
        HealthInput::FailedPayments => {
            need(from.sources.has_payments)?;
            let tried: Vec<PaymentStatus> = facts()
                .filter(|(_, at)| at.is_some_and(within))
                .filter_map(|(fact, _)| match &fact.body {
                    Canonical::Payment(payment) => Some(payment.status),
                    _ => None,
                })
                .filter(|status| matches!(status, PaymentStatus::Failed | PaymentStatus::Succeeded))
                .collect();
            if tried.is_empty() {
                return Err(NullReason::NoData);
            }
            count(tried.iter().filter(|status| **status == PaymentStatus::Failed).count())
        }
    }
}

/// The points of a value.
fn points(dimension: &Dimension, steps: Points, value: i64) -> Result<i64, NullReason> {
    let (good, poor) = (i128::from(dimension.good), i128::from(dimension.poor));
    let value = i128::from(value);
    // More is better where good lies above poor.
    let reaches = |mark: i128| if good > poor { value >= mark } else { value <= mark };
    if dimension.scale == Scale::Steps {
        let average = dimension.average.map_or(good, i128::from);
        return Ok(if reaches(good) {
            steps.good
        } else if reaches(average) {
            steps.average
        } else {
            steps.poor
        });
    }
    let way = quotient(100 * (value - poor), good - poor)?;
    i64::try_from(way.round().clamp(0, 100)).map_err(|_| NullReason::Overflow)
}

/// The health of a profile at `as_of` in a segment. Later facts do not exist yet.
#[must_use]
pub fn health_score(
    from: &HealthFacts<'_>,
    model: &HealthModel,
    segment: &str,
    as_of: Timestamp,
) -> HealthScore {
    let version = model.version.clone();
    let none = |reason, segment: &str, dimensions| HealthScore {
        score: Measured::none(reason),
        band: None,
        dimensions,
        segment: segment.to_owned(),
        version: version.clone(),
    };
    let Some(weights) = model.of_segment(segment) else {
        return none(NullReason::InvalidData, segment, Vec::new());
    };
    if !bought(&from.facts.facts, as_of) {
        return none(NullReason::NotApplicable, &weights.segment, Vec::new());
    }
    let score_of = |dimension: &Dimension| {
        let value = measure(from, dimension, as_of);
        let points = match value {
            Ok(value) => points(dimension, weights.points, value),
            Err(_) if model.missing == Missing::Neutral => Ok(model.neutral),
            Err(reason) => Err(reason),
        };
        DimensionScore {
            input: dimension.input,
            weight: dimension.weight,
            value: value.into(),
            points: points.into(),
        }
    };
    let dimensions: Vec<DimensionScore> = weights.dimensions.iter().map(score_of).collect();
    if dimensions.iter().all(|dimension| dimension.value.value.is_none()) {
        return none(NullReason::NoData, &weights.segment, dimensions);
    }
    let scored = || dimensions.iter().filter_map(|d| Some((d.weight, d.points.value?)));
    if model.missing == Missing::Null && scored().count() < dimensions.len() {
        return none(NullReason::MissingInput, &weights.segment, dimensions);
    }
    let (sum, weight) = scored().fold((0_i128, 0_i128), |(sum, all), (weight, points)| {
        (sum + i128::from(weight) * i128::from(points), all + i128::from(weight))
    });
    let score =
        quotient(sum, weight).and_then(|exact| exact.round_i64().ok_or(NullReason::Overflow));
    let reached = |score: i64| weights.bands.iter().rev().find(move |band| band.from <= score);
    HealthScore {
        band: score.ok().and_then(reached).map(|band| band.name.clone()),
        score: score.into(),
        dimensions,
        segment: weights.segment.clone(),
        version,
    }
}
