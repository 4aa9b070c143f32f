//! Working time: how much of a span lies within business hours.
//!
//! Owns hours per weekday, holidays and the time zone, daylight saving included. Refuses spans
//! longer than 30 years, which are mistakes in a date.

use crate::{NullReason, Problem};
use domain::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Business hours as written in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CalendarConfig {
    /// IANA name of the time zone; UTC if not given.
    pub timezone: String,
    /// Spans per weekday (`monday = ["09:00-12:30", "13:30-18:00"]`); an absent day is free.
    pub hours: BTreeMap<String, Vec<String>>,
    /// Free days, `YYYY-MM-DD`.
    pub holidays: Vec<String>,
}

impl Default for CalendarConfig {
    fn default() -> Self {
        Self { timezone: "UTC".to_owned(), hours: BTreeMap::new(), holidays: Vec::new() }
    }
}

/// Business hours, checked.
#[derive(Clone, Debug)]
pub struct WorkingCalendar {
    zone: TimeZone,
    /// Spans by weekday, Monday first; an end of `None` is midnight.
    hours: [Vec<(Time, Option<Time>)>; 7],
    holidays: BTreeSet<Date>,
}

const DAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
/// Longest span, in days.
const DAYS_MAX: i64 = 30 * 366;

fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    let two = |part: &str| (part.len() == 2).then(|| part.parse::<i8>().ok()).flatten();
    Time::new(two(hour)?, two(minute)?, 0, 0).ok()
}

/// `09:00-17:30`; an end of 24:00 is midnight.
fn span(text: &str) -> Option<(Time, Option<Time>)> {
    let (start, end) = text.split_once('-')?;
    let start = time(start)?;
    if end.trim() == "24:00" {
        return Some((start, None));
    }
    let end = time(end)?;
    (start < end).then_some((start, Some(end)))
}

impl WorkingCalendar {
    /// Reads a configuration.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn new(config: &CalendarConfig) -> Result<Self, Vec<Problem>> {
        let mut found = Vec::new();
        let mut say = |key: String, message: &str| {
            found.push(Problem { key, message: message.to_owned() });
        };
        let zone = TimeZone::get(&config.timezone).ok();
        if zone.is_none() {
            say("timezone".into(), "is not an IANA time zone; expected e.g. \"Europe/Paris\"");
        }
        let mut hours: [Vec<(Time, Option<Time>)>; 7] = Default::default();
        for (day, spans) in &config.hours {
            let key = format!("hours.{day}");
            let Some(at) = DAYS.iter().position(|name| name == day) else {
                say(key, "is not a weekday; expected monday to sunday");
                continue;
            };
            let read: Option<Vec<_>> = spans.iter().map(|text| span(text)).collect();
            let Some(mut read) = read else {
                say(key, "expected spans such as \"09:00-17:30\", the end after the start");
                continue;
            };
            read.sort_unstable_by_key(|(start, _)| *start);
            let overlap = |pair: &[(Time, Option<Time>)]| match pair {
                [(_, end), (start, _)] => end.is_none_or(|end| end > *start),
                _ => false,
            };
            if read.windows(2).any(overlap) {
                say(key, "spans overlap; join them");
            }
            if let Some(slot) = hours.get_mut(at) {
                *slot = read;
            }
        }
        let mut holidays = BTreeSet::new();
        for (at, text) in config.holidays.iter().enumerate() {
            match text.trim().parse::<Date>() {
                Ok(day) => {
                    holidays.insert(day);
                }
                Err(_) => say(format!("holidays[{at}]"), "is no day; expected YYYY-MM-DD"),
            }
        }
        if hours.iter().all(Vec::is_empty) {
            say("hours".into(), "no business hours; give at least one weekday");
        }
        match zone {
            Some(zone) if found.is_empty() => Ok(Self { zone, hours, holidays }),
            _ => Err(found),
        }
    }

    /// Milliseconds of business hours in `[from, until)`.
    ///
    /// # Errors
    /// [`NullReason::InvalidData`] when `until` is before `from` or more than 30 years later.
    pub fn between(&self, from: Timestamp, until: Timestamp) -> Result<i64, NullReason> {
        let length = until.as_millis().saturating_sub(from.as_millis());
        if !(0..=DAYS_MAX.saturating_mul(86_400_000)).contains(&length) {
            return Err(NullReason::InvalidData);
        }
        let day = |at: Timestamp| {
            let at = jiff::Timestamp::from_millisecond(at.as_millis());
            at.map(|at| at.to_zoned(self.zone.clone()).date()).map_err(|_| NullReason::InvalidData)
        };
        let (mut at, last) = (day(from)?, day(until)?);
        let mut sum = 0_i64;
        loop {
            sum += self.of_day(at, from, until)?;
            if at >= last {
                return Ok(sum);
            }
            at = at.tomorrow().map_err(|_| NullReason::InvalidData)?;
        }
    }

    fn of_day(&self, day: Date, from: Timestamp, until: Timestamp) -> Result<i64, NullReason> {
        if self.holidays.contains(&day) {
            return Ok(0);
        }
        let weekday = usize::try_from(Weekday::to_monday_zero_offset(day.weekday())).unwrap_or(0);
        let instant = |day: Date, time: Time| {
            let zoned = day.to_datetime(time).to_zoned(self.zone.clone());
            zoned
                .map(|zoned| zoned.timestamp().as_millisecond())
                .map_err(|_| NullReason::InvalidData)
        };
        let mut sum = 0;
        for (start, end) in self.hours.get(weekday).into_iter().flatten() {
            let start = instant(day, *start)?.max(from.as_millis());
            let end = match end {
                Some(end) => instant(day, *end)?,
                None => {
                    instant(day.tomorrow().map_err(|_| NullReason::InvalidData)?, Time::midnight())?
                }
            };
            sum += (end.min(until.as_millis()) - start).max(0);
        }
        Ok(sum)
    }
}
