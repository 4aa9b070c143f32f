//! Points in time, days, months and the clock.
//!
//! Owns how time is represented (milliseconds since 1970 in UTC) and how months are cut in the
//! organisation's time zone. Refuses to read the clock anywhere but in [`SystemClock`].

use serde::{Deserialize, Serialize};
use std::fmt;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// Earliest and latest instants that can be written as RFC 3339 (years 0001 to 9999).
const RANGE_MS: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_207_200_000;

impl Timestamp {
    /// From milliseconds since the epoch, clamped to the years 0001 to 9999.
    #[must_use]
    pub fn from_millis(ms: i64) -> Self {
        Self(ms.clamp(*RANGE_MS.start(), *RANGE_MS.end()))
    }

    /// From whole seconds since the epoch; `None` outside the years 0001 to 9999.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        let ms = seconds.checked_mul(1000)?;
        RANGE_MS.contains(&ms).then_some(Self(ms))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Parses RFC 3339 (`2026-11-22T05:52:00Z`, any offset) or a plain date (midnight UTC).
    /// `None` when the text is neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(at) = text.parse::<jiff::Timestamp>() {
            return Some(Self(at.as_millisecond()));
        }
        let day = Date::parse(text)?;
        Some(day.start_utc())
    }

    /// The same instant moved by `ms` milliseconds (may be negative), clamped.
    #[must_use]
    pub fn plus_millis(self, ms: i64) -> Self {
        Self::from_millis(self.0.saturating_add(ms))
    }

    /// The same instant moved by whole days of 24 hours.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        self.plus_millis(days.saturating_mul(86_400_000))
    }

    /// The calendar month this instant falls in, in `tz`.
    #[must_use]
    pub fn month_in(self, tz: &jiff::tz::TimeZone) -> Month {
        let date = self.date_in(tz);
        Month::new(date.0.year(), date.0.month()).unwrap_or(Month(0))
    }

    /// The calendar day this instant falls on, in `tz`.
    #[must_use]
    pub fn date_in(self, tz: &jiff::tz::TimeZone) -> Date {
        let at = jiff::Timestamp::from_millisecond(self.0).unwrap_or_default();
        Date(at.to_zoned(tz.clone()).date())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(at) => write!(f, "{at}"),
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A calendar day without a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(jiff::civil::Date);

impl Date {
    /// Parses `YYYY-MM-DD`; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.trim().parse::<jiff::civil::Date>().ok().map(Self)
    }

    /// Midnight UTC of this day; the last day of the year 9999 begins at the end of time.
    #[must_use]
    pub fn start_utc(self) -> Timestamp {
        match self.0.to_zoned(jiff::tz::TimeZone::UTC) {
            Ok(start) => Timestamp::from_millis(start.timestamp().as_millisecond()),
            Err(_) if self.0.year() > 0 => Timestamp(*RANGE_MS.end()),
            Err(_) => Timestamp(*RANGE_MS.start()),
        }
    }

    /// The first day of the month it lies in.
    #[must_use]
    pub fn first_of_month(self) -> Self {
        Self(self.0.first_of_month())
    }

    /// The month this day lies in.
    #[must_use]
    pub fn month(self) -> Month {
        Month::new(self.0.year(), self.0.month()).unwrap_or(Month(0))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A calendar month, counted as `year * 12 + (month - 1)`, so months subtract and order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Month(pub i32);

impl Month {
    /// From a year and a month 1..=12; `None` when the month is out of range.
    #[must_use]
    pub fn new(year: i16, month: i8) -> Option<Self> {
        (1..=12).contains(&month).then(|| Self(i32::from(year) * 12 + i32::from(month) - 1))
    }

    /// Its first day; `None` outside the years that can be written.
    #[must_use]
    pub fn first_day(self) -> Option<Date> {
        let year = i16::try_from(self.0.div_euclid(12)).ok()?;
        let month = i8::try_from(self.0.rem_euclid(12) + 1).ok()?;
        jiff::civil::Date::new(year, month, 1).ok().map(Date)
    }

    /// Parses `YYYY-MM`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        Self::new(year.parse().ok()?, month.parse().ok()?)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.div_euclid(12), self.0.rem_euclid(12) + 1)
    }
}

/// Where the time comes from. Everything but [`SystemClock`] is handed one.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock: the only place in the project that asks the time.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)]
    fn now(&self) -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_millisecond())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn instants_survive_being_written_and_read() {
        let at = Timestamp::parse("2026-02-28T23:59:59.123+02:00").unwrap();
        assert_eq!(at.to_string(), "2026-02-28T21:59:59.123Z");
        assert_eq!(Timestamp::parse(&at.to_string()), Some(at));
        assert_eq!(Timestamp::parse("2026-02-30"), None);
        assert_eq!(Timestamp::parse("0000-00-00"), None);
        let last = Timestamp::parse("9999-12-31").unwrap();
        assert_eq!(last.to_string(), "9999-12-30T22:00:00Z");
        assert_eq!(Timestamp::parse("0000-01-01").unwrap().to_string(), "0001-01-01T00:00:00Z");
    }

    #[test]
    fn months_are_cut_in_the_organisations_zone() {
        let tz = jiff::tz::TimeZone::get("Europe/Paris").unwrap();
        let at = Timestamp::parse("2026-01-31T23:30:00Z").unwrap();
        assert_eq!(at.month_in(&tz).to_string(), "2026-02");
        assert_eq!(at.month_in(&jiff::tz::TimeZone::UTC).to_string(), "2026-01");
        assert_eq!(Month::parse("2026-02"), Some(at.month_in(&tz)));
    }
}
