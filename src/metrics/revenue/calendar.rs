//! Time as reports and bills cut it, in the organisation's time zone.
//!
//! Owns half-open periods (a day of a clock change has 23 or 25 hours) and billing periods counted
//! from an anchor: the 31st of January is followed by the 28th of February and the 31st of March.

use domain::{Interval, Timestamp};
use jiff::civil;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan as _};

/// How long the periods of a report are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grain {
    /// Calendar days.
    Day,
    /// Calendar months.
    Month,
    /// Quarters from January, April, July and October.
    Quarter,
    /// Calendar years.
    Year,
}

impl Grain {
    /// As shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    fn first_of(self, date: civil::Date) -> civil::Date {
        let month = match self {
            Self::Day => return date,
            Self::Month => date.month(),
            Self::Quarter => (date.month() - 1) / 3 * 3 + 1,
            Self::Year => 1,
        };
        civil::Date::new(date.year(), month, 1).unwrap_or(date)
    }

    fn span(self) -> Span {
        match self {
            Self::Day => 1.day(),
            Self::Month => 1.month(),
            Self::Quarter => 3.months(),
            Self::Year => 1.year(),
        }
    }

    fn name(self, date: civil::Date) -> String {
        match self {
            Self::Day => date.to_string(),
            Self::Month => format!("{:04}-{:02}", date.year(), date.month()),
            Self::Quarter => format!("{:04}-Q{}", date.year(), (date.month() - 1) / 3 + 1),
            Self::Year => format!("{:04}", date.year()),
        }
    }
}

/// A period of a report, half-open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// `2026-11-22`, `2026-11`, `2026-Q4` or `2026`.
    pub name: String,
    /// First instant.
    pub start: Timestamp,
    /// First instant after it.
    pub end: Timestamp,
}

/// Most periods of a report.
pub const PERIODS_MAX: usize = 20_000;

/// The periods that `from..until` touches, in order; the last one holds the instant before
/// `until`. `None` when there are more than [`PERIODS_MAX`], none when `until` is not after `from`.
#[must_use]
pub fn periods(
    grain: Grain,
    tz: &TimeZone,
    from: Timestamp,
    until: Timestamp,
) -> Option<Vec<Period>> {
    let mut list = Vec::new();
    let mut date = grain.first_of(zoned(from, tz).date());
    let mut start = start_of(date, tz)?;
    while start < until {
        if list.len() == PERIODS_MAX {
            return None;
        }
        let next = date.checked_add(grain.span()).ok()?;
        let end = start_of(next, tz)?;
        list.push(Period { name: grain.name(date), start, end });
        (date, start) = (next, end);
    }
    Some(list)
}

/// The first instant of a day in `tz`; `None` at the ends of time.
#[must_use]
pub fn start_of(date: civil::Date, tz: &TimeZone) -> Option<Timestamp> {
    let at = date.to_zoned(tz.clone()).ok()?;
    Some(Timestamp::from_millis(at.timestamp().as_millisecond()))
}

/// An instant on the clocks of `tz`.
pub(super) fn zoned(at: Timestamp, tz: &TimeZone) -> jiff::Zoned {
    jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default().to_zoned(tz.clone())
}

/// The first instants of the calendar months that begin after `after` and before `until`.
pub(super) fn month_starts(tz: &TimeZone, after: Timestamp, until: Timestamp) -> Vec<Timestamp> {
    let months = periods(Grain::Month, tz, after, until).unwrap_or_default();
    months.iter().map(|month| month.start).filter(|start| *start > after).collect()
}

/// Billing periods counted from an anchor.
#[derive(Clone, Debug)]
pub struct Billing<'a> {
    anchor: jiff::Zoned,
    interval: Interval,
    count: i64,
    tz: &'a TimeZone,
}

impl<'a> Billing<'a> {
    /// Periods of `count` intervals from `anchor` on, on the clocks of `tz`. `None` for an
    /// interval of zero.
    #[must_use]
    pub fn new(
        anchor: Timestamp,
        interval: Interval,
        count: u32,
        tz: &'a TimeZone,
    ) -> Option<Self> {
        (count > 0).then(|| Self {
            anchor: zoned(anchor, tz),
            interval,
            count: i64::from(count),
            tz,
        })
    }

    /// The start of period `index`, counted from the anchor and not from the period before, so
    /// that a short month does not shift those after it. `None` beyond the ends of time.
    #[must_use]
    pub fn start(&self, index: i64) -> Option<Timestamp> {
        let n = index.checked_mul(self.count)?;
        let span = Span::new();
        let span = match self.interval {
            Interval::Day => span.try_days(n),
            Interval::Week => span.try_weeks(n),
            Interval::Month => span.try_months(n),
            Interval::Year => span.try_years(n),
        };
        let at = self.anchor.datetime().checked_add(span.ok()?).ok()?;
        let at = at.to_zoned(self.tz.clone()).ok()?;
        Some(Timestamp::from_millis(at.timestamp().as_millisecond()))
    }

    /// The period that holds `at`, by its index; before the anchor it is negative.
    #[must_use]
    pub fn index_at(&self, at: Timestamp) -> Option<i64> {
        // Average lengths in milliseconds: a guess, at most a few steps off; then exactly.
        let length = match self.interval {
            Interval::Day => 86_400_000,
            Interval::Week => 604_800_000,
            Interval::Month => 2_629_746_000,
            Interval::Year => 31_556_952_000,
        };
        let passed = at.as_millis() - self.anchor.timestamp().as_millisecond();
        let mut index = passed.div_euclid(self.count.saturating_mul(length));
        while self.start(index)? > at {
            index -= 1;
        }
        while self.start(index + 1).is_some_and(|next| next <= at) {
            index += 1;
        }
        Some(index)
    }

    /// The end of the period that holds `at`.
    #[must_use]
    pub fn end_of_period_at(&self, at: Timestamp) -> Option<Timestamp> {
        self.start(self.index_at(at)? + 1)
    }
}
