//! Worked examples of billing systems' documentation: MRR.

use super::build::*;
use crate::revenue::{Days, RevenuePolicy};
use crate::{Measured, NullReason, Policy, numbers, subscription_mrr};
use domain::*;
use std::path::Path;

fn mrr(subs: &[Subscription], policy: &Policy, now: &str) -> Measured<Vec<Money>> {
    let facts = subs
        .iter()
        .zip(0..)
        .map(|(sub, id)| fact("subscriptions", id, Canonical::Subscription(sub.clone())));
    numbers(&profile(facts.collect()), policy, &ALL, at(now)).mrr
}

fn usd(subs: &[Subscription]) -> i64 {
    mrr(subs, &Policy::default(), "2025-01-01").value.unwrap()[0].amount_minor
}

fn one(minor: i64, interval: Interval, count: u32) -> Subscription {
    subscription("USD", vec![item(minor, interval, count)])
}

#[test]
fn intervals_become_months_exactly() {
    use Interval::{Day, Month, Week, Year};
    for (minor, interval, count, monthly) in [
        (200_000, Year, 1, 16_667), // $2,000 a year for four seats: 166.67
        (120_000, Year, 1, 10_000), // $1,200 a year
        (60_000, Year, 1, 5_000),   // $600 a year
        (9_000, Month, 3, 3_000),   // $90 for three months
        (25_000, Month, 1, 25_000), // $250 after the upgrade; proration lines are not items
        (1_000, Week, 1, 4_333),    // 52/12
        (1_000, Week, 2, 2_167),    // 26/12
        (100, Day, 1, 3_042),       // 365/12
        (1, Year, 2, 0),
    ] {
        assert_eq!(usd(&[one(minor, interval, count)]), monthly, "{minor} {interval:?} {count}");
    }
}

#[test]
fn a_hundred_monthly_and_fifty_yearly_make_12500() {
    let mut subs = vec![one(10_000, Interval::Month, 1); 100];
    subs.extend(vec![one(60_000, Interval::Year, 1); 50]);
    assert_eq!(usd(&subs), 1_250_000);
    // Three thirds of a cent are a cent: rounded once, at the end.
    assert_eq!(usd(&vec![one(4, Interval::Year, 1); 3]), 1);
}

#[test]
fn a_second_product_adds_and_its_end_takes_away() {
    let gold = one(200_000, Interval::Year, 1);
    let silver = one(6_000, Interval::Month, 1);
    assert_eq!(usd(&[gold.clone(), silver.clone()]) - usd(std::slice::from_ref(&gold)), 6_000);
    let ended = Subscription {
        status: SubscriptionStatus::Canceled,
        ended_at: Some(at("2024-06-15")),
        ..silver
    };
    assert_eq!(usd(&[gold, ended]), 16_667);
}

#[test]
fn cancellation_counts_when_the_paid_period_ends() {
    let sarah = Subscription {
        status: SubscriptionStatus::Canceled,
        started_at: Some(at("2024-04-15")),
        canceled_at: Some(at("2024-06-08")),
        ended_at: Some(at("2024-06-15")),
        ..one(1_000, Interval::Month, 1)
    };
    let on = |day| mrr(std::slice::from_ref(&sarah), &Policy::default(), day);
    assert_eq!(on("2024-04-14"), Measured::some(Vec::new()));
    assert_eq!(on("2024-06-10"), Measured::some(vec![money("USD", 1_000)]));
    assert_eq!(on("2024-06-15"), Measured::some(Vec::new()));
}

#[test]
fn trials_and_pauses_count_nothing_and_late_payers_by_policy() {
    use SubscriptionStatus as S;
    let revenue = RevenuePolicy { dunning_days: Days::Of(0), ..RevenuePolicy::default() };
    let strict = Policy { revenue, ..Policy::default() };
    for (status, counted) in [
        (S::Trialing, false),
        (S::Paused, false),
        (S::Incomplete, false),
        (S::Unpaid, false),
        (S::Canceled, false),
        (S::PastDue, true),
        (S::Active, true),
    ] {
        let sub = Subscription { status, ..one(1_000, Interval::Month, 1) };
        let list = mrr(std::slice::from_ref(&sub), &Policy::default(), "2025-01-01").value.unwrap();
        assert_eq!(!list.is_empty(), counted, "{status:?}");
        let list = mrr(&[sub], &strict, "2025-01-01").value.unwrap();
        assert_eq!(!list.is_empty(), counted && status != S::PastDue, "{status:?}");
    }
    let trial =
        Subscription { trial_end: Some(at("2025-02-01")), ..one(1_000, Interval::Month, 1) };
    assert_eq!(mrr(&[trial], &Policy::default(), "2025-01-31"), Measured::some(Vec::new()));
}

#[test]
fn currencies_keep_their_exponent_and_stay_apart() {
    let subs = [
        subscription("JPY", vec![item(12_000, Interval::Year, 1)]),
        subscription("KWD", vec![item(12_000, Interval::Year, 1)]),
    ];
    let expected = vec![money("JPY", 1_000), money("KWD", 1_000)];
    assert_eq!(mrr(&subs, &Policy::default(), "2025-01-01"), Measured::some(expected));
    assert_eq!(money("JPY", 1_000).to_string(), "1000 JPY");
    assert_eq!(money("KWD", 1_000).to_string(), "1.000 KWD");
}

#[test]
fn an_interval_of_zero_is_invalid_and_not_infinite() {
    let sub = one(1_000, Interval::Month, 0);
    assert_eq!(
        mrr(std::slice::from_ref(&sub), &Policy::default(), "2025-01-01"),
        Measured::none(NullReason::InvalidData)
    );
    assert_eq!(
        subscription_mrr(&sub, &Policy::default(), at("2025-01-01")),
        Err(NullReason::InvalidData)
    );
}

/// The examples as collected beside the project: the figures this crate computes today.
#[test]
fn collected_examples_give_the_documented_figures() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/clv/vendor_worked_examples.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        #[allow(clippy::disallowed_methods)] // the tests' own switch
        let required = std::env::var_os("C360_REQUIRE_ALL").is_some();
        assert!(!required, "the worked examples are missing");
        eprintln!("skipped: the worked examples are not beside the project");
        return;
    };
    let all: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let expected = |id: &str, name: &str| {
        let example = all.iter().find(|e| e["id"] == id).unwrap();
        example["expect"][name].as_str().unwrap().to_owned()
    };
    let shown = |subs: &[Subscription]| money("USD", usd(subs)).to_major_string();
    let gold = one(200_000, Interval::Year, 1);
    assert_eq!(shown(std::slice::from_ref(&gold)), expected("chartmogul-syncalytics", "new"));
    let quarterly = one(9_000, Interval::Month, 3);
    assert_eq!(shown(&[quarterly]), expected("chartmogul-quarterly", "mrr"));
    let upgraded = one(25_000, Interval::Month, 1);
    assert_eq!(shown(&[upgraded]), expected("chartmogul-proration", "mrr_after"));
    let mut many = vec![one(10_000, Interval::Month, 1); 100];
    many.extend(vec![one(60_000, Interval::Year, 1); 50]);
    assert_eq!(shown(&many), expected("stripe-glossary", "mrr"));
    assert_eq!(shown(&[one(120_000, Interval::Year, 1)]), expected("stripe-annual", "mrr"));
    // CAC: 50,000 for 25 customers.
    let cac = crate::Ratio::new(50_000, 25).unwrap();
    assert_eq!(cac.to_decimal(0).unwrap(), expected("cac-ltv", "cac"));
}
