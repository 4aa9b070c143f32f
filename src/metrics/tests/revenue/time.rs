//! Periods and billing anchors.

use super::*;
use crate::revenue::Billing;
use domain::Interval;

fn paris() -> TimeZone {
    TimeZone::get("Europe/Paris").unwrap()
}

#[test]
fn periods_are_half_open_and_follow_the_clocks_of_the_zone() {
    let tz = paris();
    let days =
        periods(Grain::Day, &tz, at("2026-03-28T12:00:00Z"), at("2026-03-31T00:00:00Z")).unwrap();
    let hours: Vec<i64> =
        days.iter().map(|day| (day.end.as_millis() - day.start.as_millis()) / 3_600_000).collect();
    // Clocks go forward on the 29th; the last instant lies on the 31st in Paris.
    assert_eq!(hours, [24, 23, 24, 24]);
    assert_eq!(days[3].name, "2026-03-31");
    let autumn =
        periods(Grain::Day, &tz, at("2026-10-24T23:00:00Z"), at("2026-10-25T12:00:00Z")).unwrap();
    assert_eq!(autumn[0].end.as_millis() - autumn[0].start.as_millis(), 25 * 3_600_000);
    for pair in days.windows(2) {
        assert_eq!(pair[0].end, pair[1].start);
    }
    let names = |grain| -> Vec<String> {
        let list = periods(grain, &tz, at("2025-11-30T23:30:00Z"), at("2026-01-31T23:00:00Z"));
        list.unwrap().into_iter().map(|period| period.name).collect()
    };
    assert_eq!(names(Grain::Month), ["2025-12", "2026-01"]);
    assert_eq!(names(Grain::Quarter), ["2025-Q4", "2026-Q1"]);
    assert_eq!(names(Grain::Year), ["2025", "2026"]);
    assert!(periods(Grain::Day, &UTC, at("2026-01-01"), at("2026-01-01")).unwrap().is_empty());
    assert_eq!(periods(Grain::Day, &UTC, at("1900-01-01"), at("2100-01-01")), None);
}

#[test]
fn a_change_at_midnight_belongs_to_the_day_that_begins_in_the_zone() {
    let (tz, policy) = (paris(), preset("default"));
    let item = monthly("2025-12-31T23:00:00Z", None, 10);
    let months = periods(Grain::Month, &tz, at("2025-12-01"), at("2026-01-31")).unwrap();
    let question = Question { policy: &policy, tz: &tz, periods: &months, conversion: None };
    let found = rows(&[vec![item]], &question);
    assert_eq!((val(&found[0].new), val(&found[1].new)), (0, 1_000));
    assert_eq!(found[1].period.name, "2026-01");
}

#[test]
fn billing_periods_are_counted_from_the_anchor() {
    let days = |anchor: &str, interval, count| -> Vec<String> {
        let billing = Billing::new(at(anchor), interval, count, &UTC).unwrap();
        (0..5).map(|i| billing.start(i).unwrap().date_in(&UTC).to_string()).collect()
    };
    assert_eq!(
        days("2025-01-31", Interval::Month, 1),
        ["2025-01-31", "2025-02-28", "2025-03-31", "2025-04-30", "2025-05-31"]
    );
    assert_eq!(
        days("2024-02-29", Interval::Year, 1),
        ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]
    );
    assert_eq!(days("2025-01-01", Interval::Week, 2)[4], "2025-02-26");
    let billing = Billing::new(at("2025-01-31"), Interval::Month, 1, &UTC).unwrap();
    for (day, index) in [
        ("2025-01-30T23:59:59Z", -1),
        ("2025-01-31", 0),
        ("2025-02-27", 0),
        ("2025-02-28", 1),
        ("2025-03-30", 1),
        ("2025-03-31", 2),
        ("2035-01-31", 120),
    ] {
        assert_eq!(billing.index_at(at(day)), Some(index), "{day}");
    }
    assert_eq!(billing.end_of_period_at(at("2025-02-10")), Some(at("2025-02-28")));
    assert!(Billing::new(at("2025-01-31"), Interval::Month, 0, &UTC).is_none());
    // Across a change of the clocks the hour of the day stays.
    let tz = paris();
    let billing = Billing::new(at("2026-03-15T09:00:00Z"), Interval::Month, 1, &tz).unwrap();
    assert_eq!(billing.start(1), Some(at("2026-04-15T08:00:00Z")));
}
