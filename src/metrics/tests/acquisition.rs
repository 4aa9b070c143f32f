//! Expense, CAC, payback and unit economics: worked examples, traps and properties.

use super::build::{ALL, at, money};
use crate::acquisition::*;
use crate::{Margin, Measured, NullReason, Ratio, Sources, UNATTRIBUTED};
use domain::{Currency, Date, Money, Month, SpendKind};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn r(num: i128, den: i128) -> Ratio {
    Ratio::new(num, den).unwrap()
}

fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn month(text: &str) -> Month {
    Month::parse(text).unwrap()
}

fn usd(minor: i64) -> Money {
    money("USD", minor)
}

fn line(on: &str, channel: Option<&str>, kind: SpendKind, amount: Money) -> Expense {
    Expense { day: day(on), channel: channel.map(str::to_owned), campaign: None, kind, amount }
}

fn ads(on: &str, minor: i64) -> Expense {
    line(on, Some("ads"), SpendKind::PaidMedia, usd(minor))
}

fn won(month_text: &str, channel: Option<&str>, customers: i64) -> Acquired {
    let currency = Currency::parse("USD").unwrap();
    Acquired { month: month(month_text), channel: channel.map(str::to_owned), currency, customers }
}

fn options(from: &str, until: &str) -> CacOptions {
    CacOptions {
        loading: Loading::FullyLoaded,
        lag_months: 0,
        from: month(from),
        until: month(until),
    }
}

fn row<'a>(rows: &'a [CacRow], on: &str, channel: Option<&str>) -> &'a CacRow {
    rows.iter().find(|row| row.month == month(on) && row.channel.as_deref() == channel).unwrap()
}

#[test]
fn fifty_thousand_for_25_customers_is_2000_and_8000_is_four_times_that() {
    let cost = [line("2026-01-31", None, SpendKind::People, usd(5_000_000))];
    let rows = cac_rows(&cost, &[won("2026-01", None, 25)], options("2026-01", "2026-02"), &ALL);
    let cac = row(&rows, "2026-01", None).cac.clone();
    assert_eq!(cac, Measured::some(usd(200_000)));
    let margin = Margin::parse("0.8");
    let ltv = simple_ltv(usd(50_000), margin, r(5, 100));
    assert_eq!(ltv, Measured::some(usd(800_000)));
    assert_eq!(ltv_to_cac(&ltv, &cac), Measured::some(r(4, 1)));
    assert_eq!(simple_payback_months(usd(200_000), usd(50_000), margin), Measured::some(r(5, 1)));
    assert_eq!(cpa(usd(1_000), 3), Measured::some(usd(333)));
    assert_eq!(return_on_cost(usd(150), usd(100)), Measured::some(r(1, 2)));
}

#[test]
fn what_has_no_meaning_says_why() {
    let none = Measured::<Money>::none;
    assert_eq!(
        simple_ltv(usd(1), Margin::parse("0.8"), Ratio::ZERO),
        none(NullReason::ZeroDenominator)
    );
    assert_eq!(simple_ltv(usd(1), None, r(1, 2)), none(NullReason::NoMargin));
    assert_eq!(cpa(usd(1), 0), none(NullReason::ZeroDenominator));
    let cac = Measured::some(usd(5));
    let ratio = |clv: Measured<Money>, cac: &Measured<Money>| ltv_to_cac(&clv, cac).null_reason;
    assert_eq!(ratio(none(NullReason::NoMargin), &cac), Some(NullReason::NoMargin));
    assert_eq!(
        ratio(Measured::some(usd(5)), &none(NullReason::NoNewCustomers)),
        Some(NullReason::NoNewCustomers)
    );
    assert_eq!(ratio(Measured::some(money("EUR", 5)), &cac), Some(NullReason::MixedCurrency));
    assert_eq!(
        ratio(Measured::some(usd(5)), &Measured::some(usd(0))),
        Some(NullReason::ZeroDenominator)
    );
}

#[test]
fn the_three_textbook_formulas_are_three_arguments() {
    use FirstPayment::{Excluded, Included};
    use Timing::{EndOfPeriod, StartOfPeriod};
    // Four more decimals than cents, to see the published digits.
    let clv = |first, timing| {
        textbook_clv(usd(100_000_000), r(8, 10), r(1, 10), first, timing)
            .value
            .unwrap()
            .amount_minor
    };
    assert_eq!(clv(Included, StartOfPeriod), 366_666_667);
    assert_eq!(clv(Excluded, StartOfPeriod), 266_666_667);
    assert_eq!(clv(Included, EndOfPeriod), 333_333_333);
    assert_eq!(clv(Excluded, EndOfPeriod), 242_424_242);
    let why = |retention, discount| {
        textbook_clv(usd(1), retention, discount, Included, StartOfPeriod).null_reason.unwrap()
    };
    assert_eq!(why(r(1, 1), Ratio::ZERO), NullReason::ZeroDenominator);
    assert_eq!(why(r(11, 10), r(1, 10)), NullReason::InvalidData);
    assert_eq!(why(r(-1, 10), r(1, 10)), NullReason::InvalidData);
    assert_eq!(why(r(1, 2), r(-1, 10)), NullReason::InvalidData);
}

#[test]
fn a_restated_window_replaces_and_does_not_add() {
    let report = |id: &str, source: &str, from: &str, until: &str, seen: &str, lines| SpendReport {
        id: id.to_owned(),
        source: source.to_owned(),
        from: day(from),
        until: day(until),
        observed_at: at(seen),
        lines,
    };
    let mut reports = vec![
        report(
            "1",
            "ads",
            "2026-01-01",
            "2026-02-01",
            "2026-02-01",
            vec![
                ads("2026-01-10", 100),
                ads("2026-01-20", 200),
                ads("2026-02-01", 999), // outside [from, until)
            ],
        ),
        report("2", "ads", "2026-01-15", "2026-02-01", "2026-02-05", vec![ads("2026-01-16", 150)]),
        report("3", "mail", "2026-01-01", "2026-02-01", "2026-02-06", vec![ads("2026-01-20", 7)]),
    ];
    let total = |reports: &[SpendReport], known: &str| {
        let (lines, findings) = spend_as_known(reports, at(known));
        (lines.iter().map(|line| line.amount.amount_minor).sum::<i64>(), findings)
    };
    let outside = vec![SpendFinding { report: "1".into(), line: 3, day: day("2026-02-01") }];
    assert_eq!(total(&reports, "2026-03-01"), (100 + 150 + 7, outside.clone()));
    assert_eq!(total(&reports, "2026-02-05"), (100 + 150, outside.clone()));
    assert_eq!(total(&reports, "2026-02-04"), (300, outside));
    assert_eq!(total(&reports, "2026-01-31"), (0, Vec::new()));
    let before = spend_as_known(&reports, at("2026-03-01"));
    reports.reverse();
    assert_eq!(spend_as_known(&reports, at("2026-03-01")), before);
}

#[test]
fn nobody_acquired_is_null_and_the_expense_is_carried() {
    let cost = [ads("2026-01-05", 100), ads("2026-02-05", 300), ads("2026-03-05", 500)];
    let rows =
        cac_rows(&cost, &[won("2026-03", Some("ads"), 3)], options("2026-01", "2026-05"), &ALL);
    for (on, spend, cac, carried, cumulative) in [
        ("2026-01", 100, Err(NullReason::NoNewCustomers), 100, Err(NullReason::NoNewCustomers)),
        ("2026-02", 300, Err(NullReason::NoNewCustomers), 400, Err(NullReason::NoNewCustomers)),
        ("2026-03", 500, Ok(167), 0, Ok(300)),
        ("2026-04", 0, Err(NullReason::NoNewCustomers), 0, Ok(300)),
    ] {
        let row = row(&rows, on, Some("ads"));
        assert_eq!(row.spend, Measured::some(usd(spend)), "{on}");
        assert_eq!(row.carried, Measured::some(usd(carried)), "{on}");
        assert_eq!(row.cac, cac.map(usd).into(), "{on}");
        assert_eq!(row.cumulative_cac, cumulative.map(usd).into(), "{on}");
    }
}

#[test]
fn loading_lag_and_referral_credits_decide_what_counts() {
    let credit = |qualified_on: Option<&str>| ReferralCredit {
        qualified_on: qualified_on.map(day),
        amount: usd(5_000),
    };
    let mut cost = referral_credits(&[credit(Some("2026-01-15")), credit(None)]);
    cost.push(ads("2026-01-31", 1_000));
    cost.push(line("2026-01-01", None, SpendKind::People, usd(90_000)));
    let customers = [won("2026-01", Some("ads"), 1), won("2026-02", Some(REFERRAL_CHANNEL), 2)];
    let range = options("2026-01", "2026-03");
    let full = cac_rows(&cost, &customers, range, &ALL);
    assert_eq!(row(&full, "2026-01", None).cac, Measured::some(usd(96_000)));
    assert_eq!(row(&full, "2026-01", Some(UNATTRIBUTED)).spend, Measured::some(usd(90_000)));
    let paid = cac_rows(&cost, &customers, CacOptions { loading: Loading::Paid, ..range }, &ALL);
    assert_eq!(row(&paid, "2026-01", None).cac, Measured::some(usd(6_000)));
    let late = cac_rows(&cost, &customers, CacOptions { lag_months: 1, ..range }, &ALL);
    assert_eq!(row(&late, "2026-02", Some(REFERRAL_CHANNEL)).cac, Measured::some(usd(2_500)));
    assert_eq!(row(&late, "2026-01", None).spend, Measured::some(usd(0)));
}

#[test]
fn other_currencies_and_missing_sources_are_no_zero() {
    let eur = line("2026-01-05", Some("ads"), SpendKind::PaidMedia, money("EUR", 100));
    let customers = [won("2026-01", Some("ads"), 1)];
    let range = options("2026-01", "2026-02");
    let rows = cac_rows(std::slice::from_ref(&eur), &customers, range, &ALL);
    let of = |code: &str| rows.iter().find(|row| row.currency.code() == code).unwrap();
    assert_eq!(of("USD").cac.null_reason, Some(NullReason::MixedCurrency));
    assert_eq!(of("EUR").cac.null_reason, Some(NullReason::NoNewCustomers));
    let rows = cac_rows(&[], &customers, range, &Sources { has_spend: false, ..ALL });
    assert_eq!(rows[0].cac.null_reason, Some(NullReason::NoSource));
    assert_eq!(rows[0].spend.null_reason, Some(NullReason::NoSource));
    assert_eq!(rows[0].new_customers, Measured::some(1));
    // Known to be free: a zero, not a null.
    assert_eq!(cac_rows(&[], &customers, range, &ALL)[0].cac, Measured::some(usd(0)));
    for (from, until) in [("2026-02", "2026-01"), ("2026-01", "2026-01"), ("0001-01", "9999-12")] {
        assert!(
            cac_rows(std::slice::from_ref(&eur), &customers, options(from, until), &ALL).is_empty()
        );
    }
}

fn cohort(margins: &[(&str, i64)], cost: i64) -> Cohort {
    let margin = margins.iter().map(|(on, minor)| (month(on), usd(*minor))).collect();
    Cohort {
        month: month("2026-01"),
        customers: 2,
        cost: Measured::some(usd(cost)),
        margin: Measured::some(margin),
    }
}

#[test]
fn a_cohort_has_paid_back_when_its_margin_reaches_its_cost() {
    let steady = cohort(
        &[("2026-01", 40), ("2026-02", 40), ("2026-03", 40), ("2026-04", 40), ("2026-05", 40)],
        200,
    );
    let curve = payback_curve(&steady, 8, month("2026-07"));
    assert_eq!(curve.payback_months, Measured::some(5));
    assert_eq!(curve.points[1].cumulative_margin, Measured::some(usd(80)));
    assert_eq!(curve.points[1].recovered, Measured::some(r(2, 5)));
    assert_eq!(curve.points[5].cumulative_margin, Measured::some(usd(200)));
    assert_eq!(curve.points[6].cumulative_margin, Measured::none(NullReason::Immature));
    let early = payback_curve(&steady, 8, month("2026-05"));
    assert_eq!(early.payback_months, Measured::none(NullReason::NotReached));
    let credits = cohort(&[("2026-01", 150), ("2026-02", -120)], 200);
    let curve = payback_curve(&credits, 2, month("2026-07"));
    assert_eq!(curve.points[1].cumulative_margin, Measured::some(usd(30)));
    assert_eq!(
        payback_curve(&cohort(&[], 0), 1, month("2026-07")).payback_months,
        Measured::some(0)
    );
}

#[test]
fn a_curve_without_margin_cost_or_customers_says_why() {
    let whole = cohort(&[("2026-01", 1)], 1);
    let why =
        |cohort: &Cohort| payback_curve(cohort, 1, month("2027-01")).payback_months.null_reason;
    let no_margin = Cohort { margin: Measured::none(NullReason::NoMargin), ..whole.clone() };
    assert_eq!(why(&no_margin), Some(NullReason::NoMargin));
    let nobody = Cohort { customers: 0, ..whole.clone() };
    assert_eq!(why(&nobody), Some(NullReason::NoNewCustomers));
    let unknown = Cohort { cost: Measured::none(NullReason::NoSource), ..whole.clone() };
    assert_eq!(why(&unknown), Some(NullReason::NoSource));
    let other: BTreeMap<_, _> = [(month("2026-01"), money("EUR", 1))].into();
    let mixed = Cohort { margin: Measured::some(other), ..whole };
    assert_eq!(why(&mixed), Some(NullReason::MixedCurrency));
}

proptest! {
    #[test]
    fn channels_and_unattributed_sum_to_blended(
        lines in prop::collection::vec((0_u8..4, 1_u8..28, 1_u8..5, -500_i64..5_000), 0..40),
        customers in prop::collection::vec((0_u8..4, 1_u8..5, 0_i64..9), 0..20),
    ) {
        let name = |index: u8| ["ads", "mail", "seo"].get(usize::from(index)).copied();
        let cost: Vec<Expense> = lines.iter().map(|(channel, on, month, minor)| {
            line(&format!("2026-{month:02}-{on:02}"), name(*channel), SpendKind::PaidMedia, usd(*minor))
        }).collect();
        let customers: Vec<Acquired> = customers.iter()
            .map(|(channel, month, n)| won(&format!("2026-{month:02}"), name(*channel), *n)).collect();
        let rows = cac_rows(&cost, &customers, options("2026-01", "2026-05"), &ALL);
        for on in ["2026-01", "2026-02", "2026-03", "2026-04"] {
            let of = |blended: bool| {
                let rows = rows.iter().filter(|row| row.month == month(on) && row.channel.is_none() == blended);
                rows.fold((0, 0), |sum, row| {
                    (sum.0 + row.spend.value.unwrap().amount_minor, sum.1 + row.new_customers.value.unwrap())
                })
            };
            prop_assert_eq!(of(true), of(false));
        }
        let spent: i64 = cost.iter().map(|line| line.amount.amount_minor).sum();
        let shown: i64 = rows.iter().filter(|row| row.channel.is_none())
            .map(|row| row.spend.value.unwrap().amount_minor).sum();
        prop_assert_eq!(spent, shown);
    }
}
