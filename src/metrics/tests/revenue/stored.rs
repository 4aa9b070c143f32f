//! Versions of subscription records as periods.

use super::*;
use crate::revenue::{Cause, LineKind, Stretch, SubscriptionState, stored_periods};
use domain::{Interval, Subscription, SubscriptionItem, SubscriptionStatus};
use proptest::prelude::*;

fn state(since: &str, status: SubscriptionStatus, dollars: &[i64]) -> SubscriptionState {
    let item = |dollars: &i64| SubscriptionItem {
        product: Some("seat".to_owned()),
        amount_minor: dollars * 100,
        interval: Interval::Month,
        interval_count: 1,
    };
    let body = Subscription {
        status,
        currency: cur("USD"),
        items: dollars.iter().map(item).collect(),
        started_at: Some(at("2026-01-10")),
        trial_end: None,
        current_period_end: None,
        canceled_at: None,
        ended_at: None,
        cancellation_reason: None,
        links: Vec::new(),
    };
    SubscriptionState { since: Some(at(since)), body }
}

fn active(since: &str, dollars: &[i64]) -> SubscriptionState {
    state(since, SubscriptionStatus::Active, dollars)
}

fn gone(since: &str, asked: &str, ended: &str, reason: &str) -> SubscriptionState {
    let mut state = state(since, SubscriptionStatus::Canceled, &[30]);
    state.body.canceled_at = Some(at(asked));
    state.body.ended_at = Some(at(ended));
    state.body.cancellation_reason = Some(reason.to_owned());
    state
}

fn told(states: &[SubscriptionState], policy: &str) -> Vec<String> {
    let stored = stored_periods("s1", 1, states);
    let ledger = ledger_of(&stored.periods, &preset(policy));
    assert_eq!(ledger.findings, [], "{states:?}");
    story(&ledger)
}

#[test]
fn a_price_holds_from_its_version_to_the_next() {
    let states = [
        active("2026-01-10", &[20]),
        active("2026-02-03", &[20]),
        active("2026-03-05", &[30]),
        active("2026-04-07", &[30, 5]),
        active("2026-05-09", &[30]),
    ];
    let stored = stored_periods("s1", 1, &states);
    assert_eq!((stored.assumed, stored.undated), (None, false));
    assert_eq!(stored.periods.len(), 3, "the same price goes on: {:?}", stored.periods);
    assert_eq!(
        told(&states, "default"),
        [
            "2026-01-10 New 20.00",
            "2026-03-05 Upsell 10.00",
            "2026-04-07 Upsell 5.00",
            "2026-05-09 Contraction -5.00",
        ]
    );
}

#[test]
fn what_was_seen_late_says_since_when_it_is_assumed() {
    let stored = stored_periods("s1", 1, &[active("2026-03-01", &[20])]);
    let assumed = Stretch { from: at("2026-01-10"), until: Some(at("2026-03-01")) };
    assert_eq!(stored.assumed, Some(assumed));
    assert_eq!(stored.periods[0].start, at("2026-01-10"));
    let mut undated = active("2026-03-01", &[20]);
    undated.since = None;
    let stored = stored_periods("s1", 1, &[undated.clone()]);
    assert_eq!(stored.assumed, Some(Stretch { from: at("2026-01-10"), until: None }));
    undated.body.started_at = None;
    let stored = stored_periods("s1", 1, &[undated]);
    assert!(stored.undated && stored.periods.is_empty());
    assert_eq!(stored_periods("s1", 1, &[]), crate::revenue::StoredStates::default());
}

#[test]
fn an_end_is_told_with_its_cause_when_the_version_after_it_tells_it() {
    for (reason, cause) in [
        ("cancellation_requested", "Voluntary"),
        ("payment_failed", "Involuntary"),
        ("other", "Unknown"),
    ] {
        let mut asked = active("2026-03-05", &[30]);
        asked.body.canceled_at = Some(at("2026-03-05"));
        let end = gone("2026-03-10", "2026-03-05", "2026-03-10", reason);
        let first = active("2026-01-10", &[30]);
        let churn = format!("2026-03-10 Churn({cause}) -30.00");
        let expected = ["2026-01-10 New 30.00".to_owned(), churn];
        assert_eq!(told(&[first.clone(), asked, end.clone()], "default"), expected);
        // Neither the request nor the running contract was seen.
        assert_eq!(told(&[first, end.clone()], "default"), expected);
        assert_eq!(told(&[end], "default"), expected);
    }
}

#[test]
fn a_contract_that_never_ran_has_no_periods() {
    let incomplete = state("2026-01-10", SubscriptionStatus::Incomplete, &[30]);
    assert!(stored_periods("s1", 1, std::slice::from_ref(&incomplete)).periods.is_empty());
    let states = [incomplete, active("2026-01-11", &[30])];
    assert_eq!(told(&states, "default"), ["2026-01-11 New 30.00"]);
    assert!(
        told(&[state("2026-01-10", SubscriptionStatus::Trialing, &[30])], "default").is_empty()
    );
}

#[test]
fn pauses_and_late_payments_last_from_version_to_version() {
    let states = [
        active("2026-01-10", &[30]),
        state("2026-02-01", SubscriptionStatus::PastDue, &[30]),
        state("2026-02-08", SubscriptionStatus::Unpaid, &[30]),
        active("2026-02-20", &[30]),
        state("2026-03-01", SubscriptionStatus::Paused, &[30]),
        active("2026-04-01", &[30]),
    ];
    let stored = stored_periods("s1", 1, &states);
    let [period] = &stored.periods[..] else { panic!("{:?}", stored.periods) };
    let stretch = |from, until| Stretch { from: at(from), until: Some(at(until)) };
    assert_eq!(period.arrears, [stretch("2026-02-01", "2026-02-20")]);
    assert_eq!(period.pauses, [stretch("2026-03-01", "2026-04-01")]);
}

proptest! {
    #[test]
    fn any_versions_make_a_ledger_that_adds_up(
        versions in prop::collection::vec((0_i64..500, 0_usize..7, prop::collection::vec(0_i64..90, 0..3)), 1..9),
        ended in prop::option::of(0_i64..600),
    ) {
        let statuses = SubscriptionStatus::ALL;
        let day = |n: i64| at("2026-01-01").plus_days(n);
        let mut states: Vec<SubscriptionState> = versions
            .iter()
            .map(|(since, status, dollars)| {
                let one = state("2026-01-10", statuses[*status % statuses.len()], dollars);
                SubscriptionState { since: Some(day(*since)), ..one }
            })
            .collect();
        if let (Some(last), Some(ended)) = (states.last_mut(), ended) {
            last.body.status = SubscriptionStatus::Canceled;
            last.body.ended_at = Some(day(ended));
        }
        let stored = stored_periods("s1", 1, &states);
        for row in by_month(std::slice::from_ref(&stored.periods), &preset("default"), "2026-01-01", "2028-01-01") {
            prop_assert!(adds_up(&row), "{row:?}");
        }
        let ledger = ledger_of(&stored.periods, &preset("default"));
        let churns = ledger.steps.iter().flat_map(|step| &step.lines);
        let voluntary = LineKind::Churn(Cause::Voluntary);
        prop_assert!(churns.into_iter().all(|line| line.kind != voluntary));
    }
}
