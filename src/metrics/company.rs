//! Spans of months, as company-wide numbers are asked for.

use crate::kpi::Window;
use crate::revenue::start_of;
use domain::{Month, Timestamp};
use jiff::tz::TimeZone;

fn month_start(month: Month, tz: &TimeZone) -> Option<Timestamp> {
    let year = i16::try_from(month.0.div_euclid(12)).ok()?;
    let number = i8::try_from(month.0.rem_euclid(12)).ok()? + 1;
    start_of(jiff::civil::Date::new(year, number, 1).ok()?, tz)
}

/// The span from the beginning of a month to the end of another; open where there is none.
#[must_use]
pub fn month_window(from: Option<Month>, to: Option<Month>, tz: &TimeZone) -> Window {
    let start = |month: Option<Month>| month_start(month?, tz);
    let after = to.map(|to| Month(to.0.saturating_add(1)));
    Window {
        from: start(from).unwrap_or(Timestamp::from_millis(i64::MIN)),
        until: start(after).unwrap_or(Timestamp::from_millis(i64::MAX)),
    }
}
