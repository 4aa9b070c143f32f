//! Dates without a clock: milliseconds since 1970 to and from the text forms the vendors use.
//! The day arithmetic is Howard Hinnant's `civil_from_days` and its inverse.

/// Milliseconds in a second, a minute, an hour and a day.
pub(crate) const SECOND: i64 = 1_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Year, month and day of a count of days since 1970-01-01.
pub(crate) fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

/// Days since 1970-01-01 of a date.
pub(crate) fn days(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - 719_468
}

/// The same time of day some months later, on the last day of the month where the day is missing.
pub(crate) fn add_months(ms: i64, months: i64) -> i64 {
    let day_no = ms.div_euclid(DAY);
    let (y, m, d) = civil(day_no);
    let total = y * 12 + (m - 1) + months;
    let (ny, nm) = (total.div_euclid(12), total.rem_euclid(12) + 1);
    let length = days(ny + i64::from(nm == 12), nm % 12 + 1, 1) - days(ny, nm, 1);
    days(ny, nm, d.min(length)) * DAY + ms.rem_euclid(DAY)
}

/// `2026-09-01`.
pub(crate) fn date(ms: i64) -> String {
    let (y, m, d) = civil(ms.div_euclid(DAY));
    format!("{y:04}-{m:02}-{d:02}")
}

/// `2026-09-01T12:00:00Z`, as Zendesk writes times.
pub(crate) fn iso_seconds(ms: i64) -> String {
    let t = ms.rem_euclid(DAY) / SECOND;
    format!("{}T{:02}:{:02}:{:02}Z", date(ms), t / 3_600, t / 60 % 60, t % 60)
}

/// `2026-09-01T12:00:00.000Z`, as HubSpot writes times.
pub(crate) fn iso_millis(ms: i64) -> String {
    let t = ms.rem_euclid(DAY);
    let s = t / SECOND;
    format!("{}T{:02}:{:02}:{:02}.{:03}Z", date(ms), s / 3_600, s / 60 % 60, s % 60, t % SECOND)
}

/// Reads the forms above, a plain date, or a count of milliseconds.
pub(crate) fn parse(text: &str) -> Option<i64> {
    if let Ok(ms) = text.parse::<i64>() {
        return Some(ms);
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (y, m, d) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    if !(1..=12).contains(&m) || !(1..=31).contains(&d) || text.get(4..5) != Some("-") {
        return None;
    }
    let midnight = days(y, m, d) * DAY;
    if text.len() == 10 {
        return Some(midnight);
    }
    let (h, mi, s) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let ms = match text.get(19..20) {
        Some(".") => number(20, 23)?,
        Some("Z") | None => 0,
        Some(_) => return None,
    };
    Some(midnight + h * HOUR + mi * MINUTE + s * SECOND + ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_go_back_and_forth() {
        for day_no in (-800_000..800_000).step_by(97) {
            let (y, m, d) = civil(day_no);
            assert_eq!(days(y, m, d), day_no);
        }
        let t = days(2026, 9, 1) * DAY + 45_296_789;
        assert_eq!(iso_millis(t), "2026-09-01T12:34:56.789Z");
        assert_eq!(parse("2026-09-01T12:34:56.789Z"), Some(t));
        assert_eq!(parse("2026-09-01"), Some(days(2026, 9, 1) * DAY));
        assert_eq!(parse("soon"), None);
    }

    #[test]
    fn a_month_after_the_31st_ends_on_the_last_day() {
        let january = days(2026, 1, 31) * DAY;
        assert_eq!(date(add_months(january, 1)), "2026-02-28");
        assert_eq!(date(add_months(january, 12)), "2027-01-31");
        assert_eq!(date(add_months(january, 11)), "2026-12-31");
    }
}
