//! Targets: what a number is to be at the end of a quarter, and how far it has come.
//!
//! Owns quarters, goals and the reading of progress. Refuses a target that asks for no change.

use crate::exact::{compare, minus, over, quotient, times};
use crate::{Measured, NullReason, Problem, Ratio, catalog};
use domain::{Month, Timestamp};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;

/// A quarter of a calendar year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quarter {
    year: i16,
    /// 1 to 4.
    quarter: i8,
}

impl Quarter {
    /// Parses `2026-Q4`; years 1 to 9998.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, quarter) = text.trim().split_once("-Q")?;
        let (year, quarter) = (year.parse().ok()?, quarter.parse().ok()?);
        let fits = (1..=9998).contains(&year) && (1..=4).contains(&quarter);
        fits.then_some(Self { year, quarter })
    }

    /// Its first month.
    #[must_use]
    pub fn first_month(self) -> Month {
        Month(i32::from(self.year) * 12 + (i32::from(self.quarter) - 1) * 3)
    }

    /// Its span, `[start, end)`, in a time zone.
    #[must_use]
    pub fn window(self, zone: &TimeZone) -> Option<super::Window> {
        let start = |month: Month| {
            let year = i16::try_from(month.0.div_euclid(12)).ok()?;
            let day = jiff::civil::Date::new(year, month.0.rem_euclid(12) as i8 + 1, 1).ok()?;
            let at = day.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond();
            Some(Timestamp::from_millis(at))
        };
        let first = self.first_month();
        Some(super::Window { from: start(first)?, until: start(Month(first.0 + 3))? })
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-Q{}", self.year, self.quarter)
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// A value.
    Reach(Ratio),
    /// So much less than the baseline: 0.15 is 15 % less.
    ReduceBy(Ratio),
    /// So much more than the baseline.
    RaiseBy(Ratio),
}

/// A target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The metric, as the catalogue names it.
    pub metric: String,
    /// By the end of which quarter.
    pub quarter: Quarter,
    /// Where it started.
    pub baseline: Ratio,
    /// What is asked for.
    pub goal: Goal,
}

/// A target as written in the configuration; numbers are decimal text, exactly one goal is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetConfig {
    /// The metric, as the catalogue names it.
    pub metric: String,
    /// `2026-Q4`.
    pub quarter: String,
    /// Where it started.
    pub baseline: String,
    /// The value to reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<String>,
    /// The share by which to reduce it: `"0.15"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reduce_by: Option<String>,
    /// The share by which to raise it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raise_by: Option<String>,
}

impl TargetConfig {
    /// The target.
    ///
    /// # Errors
    /// Every mistake, with its key.
    pub fn read(&self) -> Result<Target, Vec<Problem>> {
        let mut found = Vec::new();
        let mut say = |key: &str, message: &str| {
            found.push(Problem { key: key.to_owned(), message: message.to_owned() });
        };
        if !catalog().iter().any(|definition| definition.name == self.metric) {
            say("metric", "is in no catalogue; metricCatalog lists the names");
        }
        let quarter = Quarter::parse(&self.quarter);
        if quarter.is_none() {
            say("quarter", "is no quarter; expected e.g. \"2026-Q4\"");
        }
        let baseline = Ratio::parse_decimal(&self.baseline);
        if baseline.is_none() {
            say("baseline", "is no decimal number; expected e.g. \"0.05\"");
        }
        let given =
            [("reach", &self.reach), ("reduce_by", &self.reduce_by), ("raise_by", &self.raise_by)];
        let given: Vec<(&str, &String)> =
            given.into_iter().filter_map(|(key, text)| Some((key, text.as_ref()?))).collect();
        let goal = match given.as_slice() {
            [(key, text)] => match (Ratio::parse_decimal(text), *key) {
                (None, _) => {
                    say(key, "is no decimal number; expected e.g. \"0.15\"");
                    None
                }
                (Some(value), "reach") => Some(Goal::Reach(value)),
                (Some(value), _) if value.numerator() <= 0 => {
                    say(key, "must be above 0");
                    None
                }
                (Some(value), "reduce_by") => Some(Goal::ReduceBy(value)),
                (Some(value), _) => Some(Goal::RaiseBy(value)),
            },
            _ => {
                say("reach", "give exactly one of reach, reduce_by and raise_by");
                None
            }
        };
        match (quarter, baseline, goal) {
            (Some(quarter), Some(baseline), Some(goal)) if found.is_empty() => {
                Ok(Target { metric: self.metric.clone(), quarter, baseline, goal })
            }
            _ => Err(found),
        }
    }
}

/// How a target stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pace {
    /// The quarter has not begun.
    NotStarted,
    /// The value is reached or passed.
    Met,
    /// At least as much of the way is done as of the quarter.
    OnTrack,
    /// Less of the way is done than of the quarter.
    Behind,
    /// The quarter is over and the value is not reached.
    Missed,
}

/// A reading of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The value asked for.
    pub target: Ratio,
    /// `(actual - baseline) / (target - baseline)`: 0 at the start, 1 when met, below 0 when it
    /// went the other way.
    pub progress: Ratio,
    /// The share of the quarter that has passed, 0 to 1.
    pub elapsed: Ratio,
    /// How it stands.
    pub pace: Pace,
}

/// The reading of a target at `as_of`, in the organisation's time zone. `ZERO_DENOMINATOR` for a
/// target equal to its baseline; a missing actual value keeps its reason.
#[must_use]
pub fn progress(
    target: &Target,
    actual: &Measured<Ratio>,
    as_of: Timestamp,
    zone: &TimeZone,
) -> Measured<Progress> {
    let read = || {
        let actual = actual.value.ok_or(actual.null_reason.unwrap_or(NullReason::NoData))?;
        let baseline = target.baseline;
        let value = match target.goal {
            Goal::Reach(value) => value,
            Goal::ReduceBy(share) => minus(baseline, times(baseline, share)?)?,
            Goal::RaiseBy(share) => {
                baseline.checked_add(times(baseline, share)?).ok_or(NullReason::Overflow)?
            }
        };
        let way = over(minus(actual, baseline)?, minus(value, baseline)?)?;
        let window = target.quarter.window(zone).ok_or(NullReason::InvalidData)?;
        let span = |from: Timestamp, until: Timestamp| {
            i128::from(until.as_millis()) - i128::from(from.as_millis())
        };
        let passed = as_of.clamp(window.from, window.until);
        let elapsed = quotient(span(window.from, passed), span(window.from, window.until))?;
        let pace = if as_of < window.from {
            Pace::NotStarted
        } else if compare(way, Ratio::whole(1))? != Ordering::Less {
            Pace::Met
        } else if as_of >= window.until {
            Pace::Missed
        } else if compare(way, elapsed)? != Ordering::Less {
            Pace::OnTrack
        } else {
            Pace::Behind
        };
        Ok(Progress { target: value, progress: way, elapsed, pace })
    };
    read().into()
}
