//! Recurring revenue in cells and rollups: months, rounding, running sums.

use super::build::*;
use crate::revenue::{
    Book, KnownSubscription, Question, Rates, Slicing, SubscriptionState, ledger, periods,
    recurring_cells, stored_periods,
};
use crate::revenue::{Grain, SamePeriod};
use crate::{
    Cell, Component, Dimension, Exchange, Measured, NullReason, Policy, RollupRow, Span, merge,
    rollup, rollup_in,
};
use domain::*;
use proptest::prelude::*;

const BY: &[Dimension] = &[Dimension::Month, Dimension::Channel];

/// A subscription by what it costs from each moment on, and when it ends.
fn known(id: i64, prices: &[(&str, i64, Interval)], ended: Option<&str>) -> KnownSubscription {
    let state = |(from, minor, interval): &(&str, i64, Interval)| SubscriptionState {
        since: Some(at(from)),
        body: Subscription {
            started_at: Some(at(prices[0].0)),
            ended_at: ended.map(at),
            canceled_at: ended.map(at),
            ..subscription("EUR", vec![item(*minor, *interval, 1)])
        },
    };
    KnownSubscription { record: RecordId(id), states: prices.iter().map(state).collect() }
}

fn of(list: &[KnownSubscription], channel: &str) -> Vec<Cell> {
    recurring_cells(list, &dims("small", Some(channel), Stage::Purchase), &Policy::default())
}

fn months(cells: &[Cell], by: &[Dimension], span: Span) -> Vec<RollupRow> {
    rollup(cells, by, span, None, &Policy::default(), &ALL)
}

fn minor(one: &Measured<Money>) -> i64 {
    one.value.as_ref().unwrap().amount_minor
}

fn column(cells: &[Cell]) -> Vec<(Component, String, i64)> {
    cells.iter().map(|c| (c.key.component, c.key.month.to_string(), c.value)).collect()
}

fn until(month: &str) -> Span {
    Span { from: None, to: None, now: Month::parse(month).unwrap() }
}

/// 100.00 a year, then 100.00 a month, then 50.00, over, and back at 70.00.
fn story() -> Vec<KnownSubscription> {
    let (month, year) = (Interval::Month, Interval::Year);
    vec![
        known(
            1,
            &[
                ("2025-01-10", 10_000, year),
                ("2025-03-01", 10_000, month),
                ("2025-04-20", 5_000, month),
            ],
            Some("2025-06-15"),
        ),
        known(2, &[("2025-09-01", 7_000, month)], None),
    ]
}

#[test]
fn each_movement_lies_in_its_month() {
    use Component as C;
    let expected = [
        (C::MrrNew, "2025-01", 833),
        (C::MrrReactivation, "2025-09", 7_000),
        (C::MrrExpansion, "2025-03", 9_167),
        (C::MrrContraction, "2025-04", 5_000),
        (C::MrrChurn, "2025-06", 5_000),
        (C::SubscribersNew, "2025-01", 1),
        (C::SubscribersReactivated, "2025-09", 1),
        (C::SubscribersChurned, "2025-06", 1),
    ];
    let expected: Vec<_> = expected.iter().map(|(c, m, v)| (*c, (*m).to_owned(), *v)).collect();
    assert_eq!(column(&of(&story(), "seo")), expected);
    let mut turned = story();
    turned.reverse();
    assert_eq!(of(&turned, "seo"), of(&story(), "seo"));
    assert_eq!(of(&[], "seo"), []);
}

#[test]
fn rows_run_on_through_months_in_which_nothing_moves() {
    let rows = months(&of(&story(), "seo"), &[Dimension::Month], until("2025-10"));
    let ends: Vec<(String, i64, i64, i64)> = rows
        .iter()
        .map(|row| {
            let r = &row.recurring;
            let month = row.month.unwrap().to_string();
            (month, minor(&r.start), minor(&r.net_new), minor(&r.end))
        })
        .collect();
    let row = |month: &str, start, net, end| (month.to_owned(), start, net, end);
    assert_eq!(
        ends,
        [
            row("2025-01", 0, 833, 833),
            row("2025-02", 833, 0, 833),
            row("2025-03", 833, 9_167, 10_000),
            row("2025-04", 10_000, -5_000, 5_000),
            row("2025-05", 5_000, 0, 5_000),
            row("2025-06", 5_000, -5_000, 0),
            row("2025-09", 0, 7_000, 7_000),
            row("2025-10", 7_000, 0, 7_000),
        ]
    );
}

#[test]
fn an_answer_from_a_month_on_begins_with_what_was_paid_before() {
    let cells = of(&story(), "seo");
    let month = |text| Month::parse(text);
    let span = Span { from: month("2025-03"), to: month("2025-05"), ..until("2026-01") };
    let rows = months(&cells, &[Dimension::Month], span);
    assert_eq!(rows.len(), 3);
    assert_eq!(minor(&rows[0].recurring.start), 833);
    let rows = months(&cells, &[], span);
    let r = &rows[0].recurring;
    assert_eq!((minor(&r.start), minor(&r.end), minor(&r.new)), (833, 5_000, 0));
    assert_eq!((minor(&r.expansion), minor(&r.contraction)), (9_167, 5_000));
    assert_eq!((minor(&r.churn), minor(&r.net_new), minor(&r.fx)), (0, 4_167, 0));
    assert_eq!(r.subscribers_new, Measured::some(0));
}

#[test]
fn what_is_scheduled_counts_when_its_month_has_begun() {
    let cells = of(&[known(1, &[("2025-01-10", 1_000, Interval::Month)], Some("2026-05-20"))], "x");
    assert!(cells.iter().any(|cell| cell.key.component == Component::MrrChurn));
    for (now, left, lost) in [("2026-04", 1_000, 0), ("2026-05", 0, 1_000)] {
        let rows = months(&cells, &[], until(now));
        assert_eq!((minor(&rows[0].recurring.end), minor(&rows[0].recurring.churn)), (left, lost));
        let last = months(&cells, &[Dimension::Month], until(now)).pop().unwrap();
        assert_eq!(last.month, Month::parse(now));
    }
    // Money of a month that has not begun has a row; what will be paid then is not known.
    let key = |cell: &Cell| crate::CellKey {
        component: Component::GrossPayments,
        month: Month::parse("2026-12").unwrap(),
        ..cell.key.clone()
    };
    let early = Cell { key: key(&cells[0]), value: 5 };
    let all: Vec<Cell> = cells.iter().cloned().chain([early]).collect();
    let last = months(&all, &[Dimension::Month], until("2026-04")).pop().unwrap();
    assert_eq!(last.recurring.end, Measured::none(NullReason::Immature));
}

#[test]
fn prices_that_nobody_saw_hide_expansion_and_contraction_only() {
    let mut one = known(1, &[("2025-01-10", 1_000, Interval::Month)], None);
    one.states[0].since = Some(at("2025-03-05"));
    let rows = months(&of(&[one.clone()], "seo"), &[Dimension::Month], until("2025-05"));
    let assumed: Vec<i64> = rows.iter().map(|row| row.recurring.assumed_subscriptions).collect();
    assert_eq!(assumed, [1, 1, 1, 0, 0]);
    for row in &rows {
        let r = &row.recurring;
        let hidden = row.month < Month::parse("2025-04");
        let reason = hidden.then_some(NullReason::NoData);
        assert_eq!((r.expansion.null_reason, r.contraction.null_reason), (reason, reason));
        assert_eq!(minor(&r.start) + minor(&r.net_new), minor(&r.end));
    }
    // Of a span it counts if it was assumed in any of its months.
    for (from, n) in [("2025-03", 1), ("2025-04", 0)] {
        let span = Span { from: Month::parse(from), ..until("2025-05") };
        let rows = months(&of(&[one.clone()], "seo"), &[], span);
        assert_eq!(rows[0].recurring.assumed_subscriptions, n);
    }
    // Versions without times: never seen.
    one.states[0].since = None;
    let rows = months(&of(&[one], "seo"), &[], until("2030-05"));
    assert_eq!(rows[0].recurring.assumed_subscriptions, 1);
    let no_source = crate::Sources { has_subscriptions: false, ..ALL };
    let rows = rollup(&of(&story(), "x"), &[], SPAN, None, &Policy::default(), &no_source);
    assert_eq!(rows[0].recurring.expansion, Measured::none(NullReason::NoSource));
    assert_eq!(rows[0].recurring.end, Measured::none(NullReason::NoSource));
}

#[test]
fn who_comes_and_goes_in_a_month_is_nothing_under_a_netting_policy() {
    let mut net = Policy::default();
    net.revenue.same_period = SamePeriod::Net;
    let list = [
        known(1, &[("2025-01-10", 1_000, Interval::Month)], Some("2025-01-20")),
        known(2, &[("2025-03-10", 3_000, Interval::Month)], None),
    ];
    let dims = dims("small", None, Stage::Purchase);
    let cells = recurring_cells(&list, &dims, &net);
    assert_eq!(
        column(&cells),
        [
            (Component::MrrNew, "2025-03".to_owned(), 3_000),
            (Component::SubscribersNew, "2025-03".to_owned(), 1)
        ]
    );
}

#[test]
fn what_a_rate_does_is_a_column_of_its_own() {
    let stored = |on: &str, rate: &str| ExchangeRate {
        day: Date::parse(on).unwrap(),
        base: Currency::parse("EUR").unwrap(),
        quote: Currency::parse("USD").unwrap(),
        rate: Rate::parse(rate).unwrap(),
    };
    let rates = Rates::of(&[
        stored("2025-01-01", "1.5"),
        stored("2025-02-01", "2"),
        stored("2025-03-01", "1.25"),
    ]);
    let (policy, usd) = (Policy::default(), Currency::parse("USD").unwrap());
    let cells = merge(
        of(&[known(1, &[("2025-01-10", 1_001, Interval::Month)], None)], "seo")
            .into_iter()
            .chain(of(&[known(2, &[("2025-01-12", 3_333, Interval::Month)], None)], "mail")),
    );
    let mut exchange = Exchange::new(usd, &rates, &policy);
    let rows =
        rollup_in(&mut exchange, &cells, &[Dimension::Month], until("2025-03"), &policy, &ALL);
    let shown: Vec<[i64; 4]> = rows
        .iter()
        .map(|row| &row.recurring)
        .map(|r| [minor(&r.start), minor(&r.net_new), minor(&r.fx), minor(&r.end)])
        .collect();
    // 4334 at 1.5, 2 and 1.25.
    assert_eq!(shown, [[0, 6_501, 0, 6_501], [6_501, 0, 2_167, 8_668], [8_668, 0, -3_250, 5_418]]);
    let parts = rollup_in(&mut exchange, &cells, BY, until("2025-03"), &policy, &ALL);
    for total in &rows {
        let of: Vec<_> = parts.iter().filter(|row| row.month == total.month).collect();
        assert_eq!(of.len(), 2);
        let columns: [fn(&RollupRow) -> &Measured<Money>; 5] = [
            |row| &row.recurring.start,
            |row| &row.recurring.new,
            |row| &row.recurring.net_new,
            |row| &row.recurring.fx,
            |row| &row.recurring.end,
        ];
        for column in columns {
            let sum: i64 = of.iter().map(|row| minor(column(row))).sum();
            assert_eq!(sum, minor(column(total)), "{total:?}");
        }
    }
    // A rate that is missing hides what it would have converted.
    let rows =
        rollup_in(&mut exchange, &cells, &[Dimension::Month], until("2026-03"), &policy, &ALL);
    let last = &rows.last().unwrap().recurring;
    assert_eq!(last.end, Measured::none(NullReason::MissingRate));
    assert!(!exchange.missing().is_empty());
}

/// A subscription: the day of its beginning from 2025 on, how long each price holds, the price and whether
/// it is of a year, and after how many days it ends.
type Invented = (i64, Vec<(i64, i64, bool)>, Option<i64>);

/// A few subscriptions of one customer.
fn customer() -> impl Strategy<Value = Vec<Invented>> {
    let price = (1_i64..200, 0_i64..100_000, any::<bool>());
    let one = (0_i64..500, prop::collection::vec(price, 1..4), prop::option::of(100_i64..900));
    prop::collection::vec(one, 1..4)
}

fn built(customer: &[Invented]) -> Vec<KnownSubscription> {
    let day = |n: i64| at("2025-01-01").plus_days(n);
    let one = |(id, (begin, prices, ended)): (i64, &Invented)| {
        let ended = ended.map(|after| day(begin + after));
        let mut from = *begin;
        let states = prices.iter().map(|(gap, minor, yearly)| {
            let since = Some(day(from));
            from += gap;
            let interval = if *yearly { Interval::Year } else { Interval::Month };
            let body = Subscription {
                started_at: Some(day(*begin)),
                ended_at: ended,
                ..subscription("EUR", vec![item(*minor, interval, 1)])
            };
            SubscriptionState { since, body }
        });
        KnownSubscription { record: RecordId(id), states: states.collect() }
    };
    (0..).zip(customer).map(one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Start + movements = end in every row; slices add up to the whole; no movement is off what the
    /// ledger says exactly by more than a minor unit for each of a customer's changes.
    #[test]
    fn rows_balance_and_follow_the_ledger(customers in prop::collection::vec(customer(), 1..5)) {
        let policy = Policy::default();
        let tz = policy.time_zone();
        let last = Month::parse("2028-12").unwrap();
        let (begin, end) = (at("2025-01-01"), at("2029-01-01"));
        let list = periods(Grain::Month, &tz, begin, end).unwrap();
        let question = Question { policy: &policy.revenue, tz: &tz, periods: &list, conversion: None };
        let mut book = Book::new(&question, Slicing::Whole);
        let (mut cells, mut steps) = (Vec::new(), 0_i64);
        for (nth, customer) in customers.iter().enumerate() {
            let held = built(customer);
            let channel = ["seo", "mail"][nth % 2];
            let own = of(&held, channel);
            prop_assert!(own.iter().all(|cell| cell.value > 0), "{:?}", own);
            cells.extend(own);
            let items: Vec<_> = held
                .iter()
                .flat_map(|one| stored_periods(&one.record.0.to_string(), 0, &one.states).periods)
                .collect();
            let ledger = ledger(&items, &question);
            steps += i64::try_from(ledger.steps.len()).unwrap();
            book.add(&ledger, None);
        }
        let cells = merge(cells);
        let span = Span { from: None, to: None, now: last };
        let rows = months(&cells, &[Dimension::Month], span);
        let mut before = 0;
        for row in &rows {
            let r = &row.recurring;
            prop_assert_eq!(minor(&r.start), before);
            prop_assert_eq!(minor(&r.start) + minor(&r.net_new), minor(&r.end));
            before = minor(&r.end);
        }
        let parts = months(&cells, BY, span);
        for row in &rows {
            let sum: i64 =
                parts.iter().filter(|p| p.month == row.month).map(|p| minor(&p.recurring.end)).sum();
            prop_assert_eq!(sum, minor(&row.recurring.end));
        }
        for part in &parts {
            let r = &part.recurring;
            prop_assert_eq!(minor(&r.start) + minor(&r.net_new), minor(&r.end));
        }
        if let Some(whole) = months(&cells, &[], span).first() {
            prop_assert_eq!(minor(&whole.recurring.end), before);
            let sum: i64 = rows.iter().map(|row| minor(&row.recurring.churn)).sum();
            prop_assert_eq!(minor(&whole.recurring.churn), sum);
        }
        for exact in book.rows((begin, end)) {
            let month = exact.period.start.month_in(&tz);
            let Some(row) = rows.iter().find(|row| row.month == Some(month)) else {
                prop_assert!(exact.end.value.unwrap_or(0).abs() <= steps);
                continue;
            };
            let r = &row.recurring;
            let pairs = [
                (&r.start, &exact.start),
                (&r.new, &exact.new),
                (&r.reactivation, &exact.reactivation),
                (&r.expansion, &exact.expansion),
                (&r.contraction, &exact.contraction),
                (&r.churn, &exact.churn),
                (&r.end, &exact.end),
            ];
            for (cell, book) in pairs {
                prop_assert!((minor(cell) - book.value.unwrap()).abs() <= steps + 1);
            }
            let count = |one: &Measured<i64>| one.value.unwrap();
            prop_assert_eq!(count(&r.subscribers_new), exact.customers.new);
            prop_assert_eq!(count(&r.subscribers_reactivated), exact.customers.reactivated);
            prop_assert_eq!(count(&r.subscribers_churned), exact.customers.churned());
        }
    }
}
