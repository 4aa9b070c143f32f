//! Conversion, orders, renewal, retention, surveys, support, reach and targets.

use super::build::{at, money};
use crate::kpi::*;
use crate::{Measured, NullReason, Policy, Ratio, Share};
use domain::{Canonical, Date, Fact, Money, Month, ProfileId, RecordId, TicketStatus, Timestamp};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

fn r(num: i128, den: i128) -> Ratio {
    Ratio::new(num, den).unwrap()
}

fn share(good: i64, total: i64) -> Measured<Share> {
    Measured::some(Share { good, total })
}

fn window(from: &str, until: &str) -> Window {
    Window { from: at(from), until: at(until) }
}

fn events(list: &[(usize, &str)]) -> Vec<FunnelEvent> {
    list.iter().map(|(step, on)| FunnelEvent { step: *step, at: at(on) }).collect()
}

fn january(order: Order, within_days: Option<i64>, as_of: &str) -> FunnelOptions {
    FunnelOptions {
        entered: window("2026-01-01", "2026-02-01"),
        within_ms: within_days.map(|days| days * DAY_MS),
        order,
        as_of: at(as_of),
    }
}

fn reached(funnel: &Funnel) -> Vec<i64> {
    funnel.steps.iter().map(|step| step.reached).collect()
}

#[test]
fn orders_of_steps_differ_in_what_they_accept() {
    let subjects = [
        events(&[(0, "2026-01-01"), (1, "2026-01-02"), (2, "2026-01-03")]), // in order
        events(&[(0, "2026-01-01"), (2, "2026-01-03")]),                    // one skipped
        events(&[(0, "2026-01-05"), (2, "2026-01-06"), (1, "2026-01-07")]), // turned round
        events(&[(0, "2026-01-05"), (1, "2025-12-01")]),                    // before the entry
        events(&[(1, "2026-01-05"), (2, "2026-01-06")]),                    // no entry
        events(&[(0, "2026-02-01"), (1, "2026-02-02")]),                    // enters too late
    ];
    let of = |order| reached(&funnel(&subjects, 3, january(order, None, "2026-06-01")));
    assert_eq!(of(Order::Strict), [4, 2, 1]);
    assert_eq!(of(Order::AtLeast), [4, 3, 3]);
    assert_eq!(of(Order::Any), [4, 3, 2]);
}

#[test]
fn conversion_counts_only_entrants_whose_window_has_ended() {
    let subjects = [
        events(&[(0, "2026-01-01"), (1, "2026-01-11")]), // on the tenth day: not within ten
        events(&[(0, "2026-01-01"), (1, "2026-01-10")]),
        events(&[(0, "2026-01-20"), (1, "2026-01-21")]), // converted, but too young to count
    ];
    let found = funnel(&subjects, 2, january(Order::Strict, Some(10), "2026-01-25"));
    assert_eq!((found.entrants, found.immature), (2, 1));
    assert_eq!(found.steps[1].conversion, Some(share(1, 2)));
    assert_eq!(drop_off(&found.steps[1].overall), Measured::some(r(1, 2)));
    assert_eq!(found.steps[1].time.value.unwrap().median, r(i128::from(9 * DAY_MS), 1));
    let later = funnel(&subjects, 2, january(Order::Strict, Some(10), "2026-01-30"));
    assert_eq!(later.steps[1].overall, share(2, 3));
    let early = funnel(&subjects, 2, january(Order::Strict, Some(10), "2026-01-05"));
    assert_eq!(early.steps[1].overall, Measured::none(NullReason::Immature));
    let nobody = funnel(&[], 2, january(Order::Strict, None, "2026-01-05"));
    assert_eq!(nobody.steps[1].overall, Measured::none(NullReason::NoData));
    assert_eq!(drop_off(&nobody.steps[1].overall).null_reason, Some(NullReason::NoData));
}

#[test]
fn lift_and_event_rate_are_other_numbers() {
    assert_eq!(lift(r(50, 100), r(59, 100)), Measured::some(r(18, 100)));
    assert_eq!(lift(Ratio::ZERO, r(1, 2)), Measured::none(NullReason::ZeroDenominator));
    assert_eq!(event_rate(4, 6), Measured::some(r(3, 2)));
    assert_eq!(event_rate(0, 6), Measured::none(NullReason::ZeroDenominator));
}

#[test]
fn leads_qualify_within_their_days() {
    let leads = [
        (at("2026-01-01"), Some(at("2026-01-15"))),
        (at("2026-01-01"), Some(at("2026-03-15"))),
        (at("2026-01-02"), None),
        (at("2026-02-02"), Some(at("2026-02-03"))),
    ];
    let cohort = window("2026-01-01", "2026-02-01");
    assert_eq!(lead_qualification(&leads, cohort, 30, at("2026-06-01")), share(1, 3));
    let early = lead_qualification(&leads, cohort, 30, at("2026-01-20"));
    assert_eq!(early, Measured::none(NullReason::Immature));
}

#[test]
fn the_sales_cycle_has_a_median_and_a_mean() {
    let deals = [
        (at("2026-01-01"), at("2026-01-11")),
        (at("2026-01-01"), at("2026-01-03")),
        (at("2026-01-05"), at("2026-01-25")),
        (at("2026-01-05"), at("2026-01-09")),
        (at("2026-01-09"), at("2026-01-05")), // won before it was opened
        (at("2026-01-01"), at("2026-02-01")), // not in the window
    ];
    let cycle = sales_cycle(&deals, window("2026-01-01", "2026-02-01")).value.unwrap();
    assert_eq!((cycle.n, cycle.left_out), (4, 1));
    assert_eq!(cycle.median, r(i128::from(7 * DAY_MS), 1)); // of 2, 4, 10 and 20 days
    assert_eq!(cycle.mean, r(i128::from(9 * DAY_MS), 1));
    assert_eq!(spread(&[]), Measured::none(NullReason::NoData));
    assert_eq!(spread(&[3, 4]).value.unwrap().median, r(7, 2));
}

#[test]
fn orders_given_back_in_full_are_none() {
    let order = |customer: Option<i64>, on: &str, net: Money| CustomerOrder {
        customer: customer.map(ProfileId),
        at: at(on),
        net,
    };
    let orders = [
        order(Some(1), "2026-01-01", money("EUR", 100)),
        order(Some(1), "2026-01-05", money("EUR", 101)),
        order(Some(2), "2026-01-05", money("EUR", 100)),
        order(Some(2), "2026-01-06", money("EUR", 0)),
        order(None, "2026-01-06", money("JPY", 7)),
        order(Some(3), "2026-02-01", money("EUR", 999)),
    ];
    let january = window("2026-01-01", "2026-02-01");
    let average = average_order_value(&orders, january).value.unwrap();
    assert_eq!(average, [money("EUR", 100), money("JPY", 7)]);
    assert_eq!(repeat_rate(&orders, january), share(1, 2));
    let march = window("2026-03-01", "2026-04-01");
    assert_eq!(average_order_value(&orders, march).null_reason, Some(NullReason::NoData));
    assert_eq!(repeat_rate(&orders, march).null_reason, Some(NullReason::NoData));
}

#[test]
fn renewals_wait_for_the_days_of_grace() {
    let contract = |due: &str, value: i64, renewed: Option<(&str, i64)>| Contract {
        due_at: at(due),
        value: money("EUR", value),
        renewed: renewed.map(|(on, value)| (at(on), money("EUR", value))),
    };
    let contracts = [
        contract("2026-01-10", 100, Some(("2026-01-05", 150))),
        contract("2026-01-10", 100, Some(("2026-01-20", 80))),
        contract("2026-01-10", 200, None),
        contract("2026-01-10", 100, Some(("2026-02-20", 100))), // after the grace
        contract("2026-01-31", 500, None),                      // still in it
        contract("2026-01-10", 0, None),
        contract("2026-02-01", 900, None),
    ];
    let january = window("2026-01-01", "2026-02-01");
    let rows = renewals(&contracts, january, 30, at("2026-02-15"));
    let row = &rows[0];
    assert_eq!((rows.len(), row.pending, row.left_out), (1, 1, 1));
    assert_eq!(row.count, share(2, 4));
    assert_eq!(row.gross_value, Measured::some(r(180, 500)));
    assert_eq!(row.net_value, Measured::some(r(230, 500)));
    let early = renewals(&contracts[4..5], january, 30, at("2026-02-15"));
    assert_eq!(early[0].count, Measured::none(NullReason::Immature));
}

#[test]
fn the_young_half_of_the_triangle_is_null() {
    let month = |text: &str| Month::parse(text).unwrap();
    let member = |start: &str, active: &[&str]| Member {
        start: month(start),
        active: active.iter().map(|text| month(text)).collect(),
    };
    let members = [
        member("2026-01", &["2026-01", "2026-02", "2026-03"]),
        member("2026-01", &["2026-01", "2026-03"]), // away for a month
        member("2026-02", &["2026-02"]),
    ];
    let rows = retention_cohorts(&members, 3, month("2026-04"));
    assert_eq!(rows[0].cells, [share(2, 2), share(1, 2), share(2, 2)]);
    assert_eq!(rows[1].cells[..2], [share(1, 1), share(0, 1)]);
    assert_eq!(rows[1].cells[2], Measured::none(NullReason::Immature));
}

fn answer(who: Option<i64>, on: &str, record: i64, score: i64) -> Answer {
    Answer { respondent: who.map(ProfileId), at: at(on), record: RecordId(record), score }
}

#[test]
fn seventy_three_promoters_and_twelve_detractors_make_61() {
    let all = (0..100).map(|index| {
        let score = if index < 73 {
            9
        } else if index < 88 {
            7
        } else {
            6
        };
        answer(Some(index), "2026-01-05", index, score)
    });
    let answers: Vec<Answer> = all.collect();
    let found = nps(&answers, window("2026-01-01", "2026-02-01")).value.unwrap();
    assert_eq!((found.score, found.n, found.passives), (r(61, 1), 100, 15));
    // Adjusted Wald: 73.75 and 12.75 of 103, +- 1.96 * 0.0689.
    let (low, high) = found.interval;
    assert!((low - 45.7177).abs() < 1e-3 && (high - 72.7289).abs() < 1e-3, "{low} {high}");
}

#[test]
fn the_latest_answer_of_a_respondent_counts() {
    let january = window("2026-01-01", "2026-02-01");
    let mut answers = vec![
        answer(Some(1), "2026-01-05", 1, 10),
        answer(Some(1), "2026-01-09", 2, 3),
        answer(Some(1), "2026-02-01", 3, 10), // after the window
        answer(Some(2), "2026-01-05", 5, 7),
        answer(Some(2), "2026-01-05", 4, 0), // the same moment, an earlier record
        answer(None, "2026-01-05", 6, 10),
        answer(None, "2026-01-05", 7, 11), // off the scale
    ];
    let found = nps(&answers, january).value.unwrap();
    assert_eq!((found.promoters, found.passives, found.detractors, found.left_out), (1, 1, 1, 1));
    answers.reverse();
    assert_eq!(nps(&answers, january).value, Some(found));
    let none = nps(&answers, window("2026-03-01", "2026-04-01"));
    assert_eq!(none, Measured::none(NullReason::NoData));
    let one = nps(&[answer(None, "2026-01-05", 1, 10)], january).value.unwrap();
    assert!(one.interval.0 < 0.0 && one.interval.1 == 100.0, "one answer says little");
}

#[test]
fn satisfaction_has_a_wilson_interval_and_a_mean() {
    let scores = [5, 5, 5, 4, 4, 4, 4, 4, 2, 1, 6];
    let answers: Vec<Answer> =
        scores.iter().zip(0..).map(|(score, id)| answer(None, "2026-01-05", id, *score)).collect();
    let found = csat(&answers, window("2026-01-01", "2026-02-01"), 4).value.unwrap();
    assert_eq!((found.share, found.left_out), (Share { good: 8, total: 10 }, 1));
    assert_eq!(found.mean, r(38, 10));
    // Wilson for 8 of 10: 0.4902 to 0.9433.
    assert!((found.interval.0 - 0.4902).abs() < 1e-4 && (found.interval.1 - 0.9433).abs() < 1e-4);
}

fn office() -> CalendarConfig {
    let day = || vec!["09:00-12:00".to_owned(), "13:00-18:00".to_owned()];
    let hours = ["monday", "tuesday", "wednesday", "thursday", "friday"];
    CalendarConfig {
        timezone: "Europe/Paris".to_owned(),
        hours: hours.into_iter().map(|name| (name.to_owned(), day())).collect(),
        holidays: vec!["2026-05-01".to_owned()],
    }
}

#[test]
fn business_hours_skip_nights_weekends_and_holidays() {
    let calendar = WorkingCalendar::new(&office()).unwrap();
    let hours = |from: &str, until: &str| {
        calendar.between(at(from), at(until)).unwrap() as f64 / HOUR_MS as f64
    };
    // Thursday 30 April 17:00 in Paris to Monday 4 May 10:00; the Friday is a holiday.
    assert_eq!(hours("2026-04-30T15:00:00Z", "2026-05-04T08:00:00Z"), 2.0);
    assert_eq!(hours("2026-05-04T09:30:00Z", "2026-05-04T11:30:00Z"), 1.0); // over lunch
    assert_eq!(hours("2026-05-02T09:00:00Z", "2026-05-03T09:00:00Z"), 0.0);
    assert_eq!(hours("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"), 0.0);
    assert_eq!(calendar.between(at("2026-01-02"), at("2026-01-01")), Err(NullReason::InvalidData));
    assert_eq!(calendar.between(at("0001-01-01"), at("9999-12-31")), Err(NullReason::InvalidData));
    // The night in which clocks go forward has 23 hours, the one back 25.
    let always: BTreeMap<String, Vec<String>> =
        ["sunday"].into_iter().map(|d| (d.to_owned(), vec!["00:00-24:00".to_owned()])).collect();
    let sundays = WorkingCalendar::new(&CalendarConfig { hours: always, ..office() }).unwrap();
    let spent = |from: &str, until: &str| sundays.between(at(from), at(until)).unwrap() / HOUR_MS;
    assert_eq!(spent("2026-03-28", "2026-03-31"), 23);
    assert_eq!(spent("2026-10-24", "2026-10-27"), 25);
}

#[test]
fn every_mistake_in_a_calendar_is_reported() {
    let mut config = office();
    config.timezone = "Paris".to_owned();
    config.hours.insert("caturday".to_owned(), Vec::new());
    config.hours.insert("monday".to_owned(), vec!["9-5".to_owned()]);
    config.hours.insert("tuesday".to_owned(), vec!["09:00-12:00".into(), "11:00-13:00".into()]);
    config.holidays = vec!["2026-02-30".to_owned()];
    let keys: Vec<String> =
        WorkingCalendar::new(&config).unwrap_err().into_iter().map(|p| p.key).collect();
    assert_eq!(
        keys,
        ["timezone", "hours.caturday", "hours.monday", "hours.tuesday", "holidays[0]"]
    );
    config = CalendarConfig { hours: BTreeMap::new(), ..office() };
    assert_eq!(WorkingCalendar::new(&config).unwrap_err()[0].key, "hours");
}

#[test]
fn first_answers_are_measured_in_either_kind_of_hours() {
    let calendar = WorkingCalendar::new(&office()).unwrap();
    let ticket = |created: &str, reply: Option<&str>| TicketTimes {
        created_at: at(created),
        first_reply_at: reply.map(at),
    };
    let tickets = [
        ticket("2026-05-04T08:00:00Z", Some("2026-05-04T09:00:00Z")),
        ticket("2026-05-04T15:00:00Z", Some("2026-05-05T08:00:00Z")), // overnight
        ticket("2026-05-04T15:00:00Z", Some("2026-05-04T14:00:00Z")), // before it was opened
        ticket("2026-05-04T15:00:00Z", None),
        ticket("2026-05-04T15:00:00Z", Some("2026-05-20T08:00:00Z")), // not known yet
    ];
    let may = window("2026-05-01", "2026-06-01");
    let of = |hours| first_response(&tickets, may, hours, at("2026-05-10"));
    let calendar_hours = of(Hours::Calendar);
    assert_eq!(calendar_hours.unanswered, 2);
    let time = calendar_hours.time.value.unwrap();
    assert_eq!((time.n, time.left_out, time.median), (2, 1, r(i128::from(9 * HOUR_MS), 1)));
    let time = of(Hours::Business(&calendar)).time.value.unwrap();
    assert_eq!((time.left_out, time.median), (1, r(i128::from(3 * HOUR_MS), 2)));
    let silent = first_response(&tickets[3..4], may, Hours::Calendar, at("2026-05-10"));
    assert_eq!(silent.time, Measured::none(NullReason::NotReached));
    assert_eq!(tickets_per_100_active(7, 40), Measured::some(r(35, 2)));
    assert_eq!(tickets_per_100_active(7, 0).null_reason, Some(NullReason::ZeroDenominator));
}

/// The reading of first answers, by hand: three tickets of May answered, one not yet, one of April.
#[test]
fn the_reading_of_first_answers_goes_by_the_business_hours_of_the_policy() {
    let ticket = |id: i64, created: &str, reply: Option<&str>| {
        let mut fact = super::build::ticket(id, created, TicketStatus::Open);
        if let Canonical::Ticket(body) = &mut fact.body {
            body.first_replied_at = reply.map(at);
        }
        fact
    };
    let answered = vec![
        ticket(1, "2026-05-04T08:00:00Z", Some("2026-05-04T09:30:00Z")), // 1.5 h
        ticket(2, "2026-05-04T15:00:00Z", Some("2026-05-05T08:00:00Z")), // 17 h, 2 h of them worked
        ticket(3, "2026-05-06T08:00:00Z", Some("2026-05-06T13:00:00Z")), // 5 h, 4 h without lunch
        ticket(4, "2026-05-07T08:00:00Z", None),
        ticket(5, "2026-04-30T15:00:00Z", Some("2026-05-04T08:00:00Z")), // not of May
    ];
    let read = |facts: Vec<Fact>, policy: &Policy| {
        let inputs = KpiInputs {
            facts: BTreeMap::from([(Some(ProfileId(1)), facts)]),
            contracts: Vec::new(),
            assumed: Vec::new(),
            leads: Vec::new(),
            channels: HashMap::new(),
            sources: super::build::ALL,
        };
        let span = Span {
            window: window("2026-05-01", "2026-06-01"),
            as_of: at("2026-05-10"),
            lead_days: 30,
            grace_days: 30,
        };
        readings(Kpi::FirstResponse, &inputs, policy, span)
    };
    let hours = |quarters: i128| r(quarters * i128::from(HOUR_MS), 4);
    let always = read(answered.clone(), &Policy::default());
    assert_eq!(always.len(), 1);
    // Calendar hours: 1.5, 5 and 17; the median is 5, the mean 23.5 / 3.
    assert_eq!(always[0].value, Measured::some(hours(20)));
    assert_eq!(always[0].mean, Some(r(47 * i128::from(HOUR_MS), 6)));
    assert_eq!((always[0].n, always[0].pending, always[0].left_out), (Some(3), 1, 0));
    let policy = Policy { business_hours: Some(office()), ..Policy::default() };
    assert_eq!(policy.problems(), []);
    // Business hours: 1.5, 4 and 2.
    let worked = read(answered.clone(), &policy);
    assert_eq!(worked[0].value, Measured::some(hours(8)));
    assert_eq!(worked[0].mean, Some(hours(10)));
    // Sources that say of no ticket when it was answered say nothing.
    let silent = read(answered[3..4].to_vec(), &Policy::default());
    assert_eq!(silent[0].value, Measured::none(NullReason::NoSource));
    let wrong = CalendarConfig { timezone: "Paris".to_owned(), ..office() };
    let wrong = Policy { business_hours: Some(wrong), ..Policy::default() };
    let keys: Vec<String> = wrong.problems().into_iter().map(|one| one.key).collect();
    assert_eq!(keys, ["business_hours.timezone"]);
}

#[test]
fn referrals_and_reviews_are_shares_of_what_is_known() {
    let ids = |list: &[i64]| list.iter().copied().map(ProfileId).collect::<BTreeSet<_>>();
    assert_eq!(referral_rate(&ids(&[1, 2, 9]), &ids(&[1, 2, 3, 4])), share(2, 4));
    assert_eq!(referral_rate(&ids(&[1]), &ids(&[])).null_reason, Some(NullReason::NoData));
    let part = referred_revenue_share(money("USD", 22), money("USD", 100));
    assert_eq!(part, Measured::some(r(22, 100)));
    let mixed = referred_revenue_share(money("EUR", 22), money("USD", 100));
    assert_eq!(mixed.null_reason, Some(NullReason::MixedCurrency));
    let found = reviews(&[5, 4, 4, 0, 6], 5).value.unwrap();
    assert_eq!((found.n, found.mean, found.left_out), (3, r(13, 3), 2));
    assert_eq!(reviews(&[9], 5).null_reason, Some(NullReason::NoData));
}

#[test]
fn what_no_source_reports_is_null_and_never_zero() {
    let day = |channel: Option<&str>, on: &str, counts: ChannelCounts| ChannelDay {
        channel: channel.map(str::to_owned),
        day: Date::parse(on).unwrap(),
        counts,
    };
    let counts =
        |impressions, clicks| ChannelCounts { impressions, clicks, ..ChannelCounts::default() };
    let days = [
        day(Some("ads"), "2026-01-01", counts(Some(1_000), Some(30))),
        day(Some("ads"), "2026-01-02", counts(Some(500), None)), // clicks late
        day(Some("mail"), "2026-01-02", counts(None, Some(5))),
        day(None, "2026-01-03", counts(Some(0), Some(0))),
        day(Some("ads"), "2026-02-01", counts(Some(9), Some(9))),
    ];
    let date = |text: &str| Date::parse(text).unwrap();
    let rows = channel_reach(&days, date("2026-01-01"), date("2026-02-01"));
    let of = |name: Option<&str>| rows.iter().find(|row| row.channel.as_deref() == name).unwrap();
    assert_eq!(of(None).impressions, Measured::some(1_500));
    assert_eq!(of(Some("ads")).clicks, Measured::some(30));
    assert_eq!(of(Some("ads")).click_through_rate, Measured::some(r(3, 100)));
    assert_eq!(of(Some("mail")).impressions, Measured::none(NullReason::NoSource));
    assert_eq!(of(Some("mail")).click_through_rate, Measured::none(NullReason::NoSource));
    let none = of(Some("unattributed")).click_through_rate.clone();
    assert_eq!(none, Measured::none(NullReason::ZeroDenominator));
    assert_eq!(of(None).open_rate, Measured::none(NullReason::NoSource));
    let empty = channel_reach(&[], date("2026-01-01"), date("2026-02-01"));
    assert_eq!((empty.len(), empty[0].sessions.null_reason), (1, Some(NullReason::NoSource)));
}

fn target(reduce_by: Option<&str>, reach: Option<&str>) -> TargetConfig {
    TargetConfig {
        metric: "csat".to_owned(),
        quarter: "2026-Q4".to_owned(),
        baseline: "0.20".to_owned(),
        reach: reach.map(str::to_owned),
        reduce_by: reduce_by.map(str::to_owned),
        raise_by: None,
    }
}

#[test]
fn reducing_by_15_percent_in_a_quarter_has_a_pace() {
    let paris = TimeZone::get("Europe/Paris").unwrap();
    let reduce = target(Some("0.15"), None).read().unwrap();
    let read = |actual, on: &str| {
        progress(&reduce, &Measured::some(actual), at(on), &paris).value.unwrap()
    };
    let half = read(r(185, 1_000), "2026-11-15T23:00:00Z");
    assert_eq!((half.target, half.progress), (r(17, 100), r(1, 2)));
    // 1 October to 16 November in Paris: 46 days and the hour of the autumn, of 92 days and that hour.
    assert_eq!(half.elapsed, r(46 * 24 + 1, 92 * 24 + 1));
    assert_eq!(half.pace, Pace::Behind);
    assert_eq!(read(r(185, 1_000), "2026-11-10").pace, Pace::OnTrack);
    assert_eq!(read(r(16, 100), "2026-11-10").pace, Pace::Met);
    assert_eq!(read(r(25, 100), "2026-11-10").progress, r(-5, 3));
    assert_eq!(read(r(18, 100), "2026-12-31T22:59:59Z").pace, Pace::Behind);
    assert_eq!(read(r(18, 100), "2026-12-31T23:00:00Z").pace, Pace::Missed);
    assert_eq!(read(r(18, 100), "2026-09-30T21:59:59Z").pace, Pace::NotStarted);
    let missing =
        progress(&reduce, &Measured::none(NullReason::NoSource), at("2026-11-01"), &paris);
    assert_eq!(missing.null_reason, Some(NullReason::NoSource));
    let same = target(None, Some("0.2")).read().unwrap();
    let none = progress(&same, &Measured::some(r(1, 2)), at("2026-11-01"), &paris);
    assert_eq!(none.null_reason, Some(NullReason::ZeroDenominator));
}

#[test]
fn every_mistake_in_a_target_is_reported() {
    let bad = TargetConfig {
        metric: "luck".to_owned(),
        quarter: "2026-Q5".to_owned(),
        baseline: "5%".to_owned(),
        ..target(Some("0"), None)
    };
    let keys: Vec<String> = bad.read().unwrap_err().into_iter().map(|p| p.key).collect();
    assert_eq!(keys, ["metric", "quarter", "baseline", "reduce_by"]);
    assert_eq!(target(Some("0.1"), Some("1")).read().unwrap_err()[0].key, "reach");
    assert_eq!(target(None, None).read().unwrap_err()[0].key, "reach");
    assert_eq!(target(None, Some("1,5")).read().unwrap_err()[0].key, "reach");
    assert_eq!(target(None, Some("-1.25")).read().unwrap().goal, Goal::Reach(r(-5, 4)));
}

proptest! {
    #[test]
    fn funnels_narrow_and_do_not_depend_on_order(
        subjects in prop::collection::vec(prop::collection::vec((0_usize..4, 0_i64..60), 0..8), 0..20),
        within in prop::option::of(1_i64..40),
    ) {
        let start = at("2026-01-01");
        let event = |(step, day): &(usize, i64)| FunnelEvent { step: *step, at: start.plus_days(*day) };
        let straight: Vec<Vec<FunnelEvent>> =
            subjects.iter().map(|list| list.iter().map(event).collect()).collect();
        let turned: Vec<Vec<FunnelEvent>> =
            straight.iter().rev().map(|list| list.iter().rev().copied().collect()).collect();
        for order in [Order::Strict, Order::AtLeast, Order::Any] {
            let options = january(order, within, "2026-02-15");
            let found = funnel(&straight, 4, options);
            prop_assert_eq!(&found, &funnel(&turned, 4, options));
            let counts = reached(&found);
            prop_assert!(counts.windows(2).all(|pair| pair[0] >= pair[1]), "{:?}", counts);
            prop_assert_eq!(counts[0], found.entrants);
        }
    }

    /// Splitting a span anywhere loses no business hour.
    #[test]
    fn business_hours_are_additive(a in 0_i64..9_000, b in 0_i64..9_000, c in 0_i64..9_000) {
        let calendar = WorkingCalendar::new(&office()).unwrap();
        let mut points = [a, b, c];
        points.sort_unstable();
        let start = at("2026-01-01");
        let [a, b, c] = points.map(|hours| Timestamp::from_millis(start.as_millis() + hours * HOUR_MS));
        let spent = |from, until| calendar.between(from, until).unwrap();
        prop_assert_eq!(spent(a, b) + spent(b, c), spent(a, c));
    }
}
