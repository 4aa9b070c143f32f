//! Numbers and rollups in a reporting currency.

use super::build::*;
use crate::revenue::{FxDate, Rates, RevenuePolicy};
use crate::{
    Component, Dimension, Exchange, Measured, MissingRate, NullReason, Policy, cells, merge,
    numbers_in, rollup, rollup_in, spend_cells,
};
use domain::*;
use proptest::prelude::*;

fn cur(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn rates(rows: &[(&str, &str, &str)]) -> Rates {
    let stored: Vec<ExchangeRate> = rows
        .iter()
        .map(|(on, quote, rate)| ExchangeRate {
            day: day(on),
            base: cur("EUR"),
            quote: cur(quote),
            rate: Rate::parse(rate).unwrap(),
        })
        .collect();
    Rates::of(&stored)
}

fn by_date(fx_date: FxDate) -> Policy {
    let fx_fixed_on = (fx_date == FxDate::Fixed).then(|| "2025-01-01".to_owned());
    let revenue = RevenuePolicy { fx_date, fx_fixed_on, ..RevenuePolicy::default() };
    Policy { revenue, ..policy(Some("0.5")) }
}

#[test]
fn of_two_words_about_a_day_the_first_one_handed_in_counts() {
    let table = rates(&[("2025-01-01", "USD", "2"), ("2025-01-01", "USD", "4")]);
    let policy = RevenuePolicy::default();
    let rate = table.rate(cur("EUR"), cur("USD"), day("2025-01-01"), &policy).unwrap();
    assert_eq!((rate.numerator(), rate.denominator(), table.len()), (2, 1, 1));
}

#[test]
fn each_payment_is_converted_by_the_rate_of_its_own_day() {
    let facts = profile(vec![
        payment(1, "2025-01-01", money("USD", 10_000)),
        payment(2, "2025-01-20", money("USD", 10_000)),
        payment(3, "2025-01-20", money("EUR", 1)),
        refund(4, 2, "2025-02-01", money("USD", 5_000)),
        payment(5, "2025-01-20", money("JPY", 0)),
    ]);
    let table = rates(&[
        ("2025-01-01", "USD", "2"),
        ("2025-01-20", "USD", "4"),
        ("2025-02-01", "USD", "1"),
    ]);
    let of = |policy: &Policy, on: &str| {
        let mut exchange = Exchange::new(cur("EUR"), &table, policy);
        let numbers = numbers_in(&mut exchange, &facts, policy, &ALL, at(on));
        (numbers, exchange.missing().clone())
    };
    let (own, missing) = of(&by_date(FxDate::Transaction), "2025-03-01");
    // 5000 + 2500 + 1 - 5000
    assert_eq!(own.revenue, Measured::some(vec![money("EUR", 2_501)]));
    assert_eq!(own.gross_payments, Measured::some(vec![money("EUR", 7_501)]));
    assert_eq!(own.refunded, Measured::some(vec![money("EUR", 5_000)]));
    // 1250.5: halves go to the even one.
    assert_eq!(own.margin_clv, Measured::some(vec![money("EUR", 1_250)]));
    assert!(missing.is_empty());
    let (own, _) = of(&by_date(FxDate::MonthStart), "2025-03-01");
    assert_eq!(own.gross_payments, Measured::some(vec![money("EUR", 10_001)]));
    let (own, _) = of(&by_date(FxDate::Fixed), "2025-03-01");
    assert_eq!(own.revenue, Measured::some(vec![money("EUR", 7_501)]));
    // What cannot be converted is in no sum, and no sum is without it.
    let (own, missing) = {
        let mut facts = facts.clone();
        facts.facts.push(payment(6, "2025-02-15", money("USD", 1)));
        let policy = by_date(FxDate::Transaction);
        let mut exchange = Exchange::new(cur("EUR"), &table, &policy);
        let own = numbers_in(&mut exchange, &facts, &policy, &ALL, at("2025-03-01"));
        (own, exchange.missing().clone())
    };
    assert_eq!(own.revenue, Measured::none(NullReason::MissingRate));
    assert_eq!(own.refunded, Measured::some(vec![money("EUR", 5_000)]));
    assert_eq!(own.payment_count, Measured::some(5));
    let expected = MissingRate { from: cur("USD"), day: Some(day("2025-02-15")) };
    assert_eq!(missing.into_iter().collect::<Vec<_>>(), [expected]);
}

#[test]
fn a_cac_of_mixed_currencies_is_one_number_by_the_months_rate() {
    let customer = |id, on: &str, amount| {
        let facts = profile(vec![payment(id, on, amount)]);
        cells(&facts, &dims("small", Some("seo"), Stage::Purchase), &policy(None))
    };
    let mut list = customer(1, "2025-01-15", money("USD", 40_000));
    list.extend(customer(2, "2025-01-20", money("EUR", 10_000)));
    list.extend(customer(3, "2025-02-20", money("EUR", 10_000)));
    list.extend(spend_cells(RecordId(4), &spend("2025-01-05", Some("seo"), money("EUR", 30_000))));
    let list = merge(list);
    let table = rates(&[("2025-01-01", "USD", "2"), ("2025-01-15", "USD", "4")]);
    let policy = by_date(FxDate::Transaction);
    // Apart, the dollars have no expense.
    let apart = rollup(&list, &[Dimension::Month], SPAN, Some(cur("USD")), &policy, &ALL);
    assert_eq!(apart[0].cac, Measured::none(NullReason::MixedCurrency));
    let mut exchange = Exchange::new(cur("EUR"), &table, &policy);
    let rows = rollup_in(&mut exchange, &list, &[Dimension::Month], SPAN, &policy, &ALL);
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.currency == cur("EUR")));
    assert_eq!(rows[0].new_customers, Measured::some(2));
    assert_eq!(rows[0].revenue, Measured::some(money("EUR", 30_000)));
    assert_eq!(rows[0].cac, Measured::some(money("EUR", 15_000)));
    assert_eq!(rows[0].ltv_to_cac, Measured::some("0.5000".to_owned()));
    assert_eq!(rows[1].spend, Measured::some(money("EUR", 0)));
    // Without January's rate its revenue is unknown, its expense is not.
    let none = Rates::default();
    let mut exchange = Exchange::new(cur("EUR"), &none, &policy);
    let rows = rollup_in(&mut exchange, &list, &[Dimension::Month], SPAN, &policy, &ALL);
    assert_eq!(rows[0].revenue, Measured::none(NullReason::MissingRate));
    assert_eq!(rows[0].clv_revenue, Measured::none(NullReason::MissingRate));
    assert_eq!(rows[0].cac, Measured::some(money("EUR", 15_000)));
    assert_eq!(rows[1].revenue, Measured::some(money("EUR", 10_000)));
    let expected = MissingRate { from: cur("USD"), day: Some(day("2025-01-01")) };
    assert_eq!(exchange.missing().iter().copied().collect::<Vec<_>>(), [expected]);
    // No rows are one row of zeros.
    let mut exchange = Exchange::new(cur("EUR"), &none, &policy);
    let rows = rollup_in(&mut exchange, &[], &[], SPAN, &policy, &ALL);
    assert_eq!(rows[0].revenue, Measured::some(money("EUR", 0)));
    assert_eq!(rows[0].cac, Measured::none(NullReason::NoNewCustomers));
}

proptest! {
    #[test]
    fn converted_parts_sum_to_the_converted_total(
        amounts in prop::collection::vec((0..3_usize, 0..4_usize, 0..28_u32, 1..1_000_000_i64), 1..40),
        rate in 1..1_000_000_u32,
    ) {
        let codes = ["EUR", "USD", "JPY"];
        let mut list = Vec::new();
        for (id, (code, channel, on, minor)) in (1_i64..).zip(&amounts) {
            let when = format!("2025-0{}-{:02}", 1 + channel % 3, on + 1);
            let facts = profile(vec![payment(id, &when, money(codes[*code], *minor))]);
            let channel = ["seo", "ads", "mail", "fairs"][*channel];
            list.extend(cells(&facts, &dims("small", Some(channel), Stage::Purchase), &policy(None)));
        }
        let list = merge(list);
        let (rate, yen) = (format!("1.{rate:06}"), format!("16{}.{rate:06}", rate % 10));
        let table = rates(&[
            ("2025-01-01", "USD", &rate), ("2025-02-01", "USD", "0.98765"), ("2025-03-01", "USD", "1.1"),
            ("2025-01-01", "JPY", &yen), ("2025-02-01", "JPY", "150"), ("2025-03-01", "JPY", "160.07"),
        ]);
        let policy = by_date(FxDate::Transaction);
        let sum = |by: &[Dimension]| {
            let mut exchange = Exchange::new(cur("EUR"), &table, &policy);
            let rows = rollup_in(&mut exchange, &list, by, SPAN, &policy, &ALL);
            rows.iter().map(|row| row.revenue.value.unwrap().amount_minor).sum::<i64>()
        };
        let total = sum(&[]);
        for by in [Dimension::Month, Dimension::Channel, Dimension::Segment, Dimension::Stage] {
            prop_assert_eq!(sum(&[by]), total);
        }
        prop_assert_eq!(sum(&[Dimension::Month, Dimension::Channel]), total);
        let gross = list.iter().filter(|c| c.key.component == Component::GrossPayments);
        prop_assert!(gross.count() > 0);
    }
}
