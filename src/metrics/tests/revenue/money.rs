//! Conversion, rounding, slices and one-off revenue.

use super::*;
use crate::NullReason;
use crate::revenue::{
    FindingKind, FxDate, NO_PRODUCT, Order, OrderFinding, Orders, RateError, Rates, rounding_rows,
};
use domain::Date;
use std::io::Read as _;
use std::path::Path;

fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn dec(text: &str) -> Ratio {
    Ratio::parse_decimal(text).unwrap()
}

fn table(rows: &[(&str, &str, &str, &str)]) -> Rates {
    let mut rates = Rates::default();
    for (on, base, quote, rate) in rows {
        rates.add(day(on), cur(base), cur(quote), dec(rate)).unwrap();
    }
    rates
}

#[test]
fn rates_are_found_directly_inversely_or_through_another_currency() {
    let rates = table(&[
        ("2025-01-03", "EUR", "USD", "1.25"),
        ("2025-01-03", "EUR", "GBP", "0.8"),
        ("2025-01-03", "EUR", "JPY", "160.5"),
        ("2025-01-10", "USD", "EUR", "0.9"),
    ]);
    let policy = preset("default");
    let find = |from: &str, to: &str, on: &str| rates.rate(cur(from), cur(to), day(on), &policy);
    assert_eq!(find("EUR", "USD", "2025-01-03"), Ok(dec("1.25")));
    assert_eq!(find("USD", "EUR", "2025-01-03"), Ok(dec("0.8")));
    assert_eq!(find("USD", "EUR", "2025-01-10"), Ok(dec("0.9")));
    assert_eq!(find("USD", "GBP", "2025-01-05"), Ok(dec("0.64")));
    assert_eq!(find("USD", "USD", "1999-01-01"), Ok(Ratio::whole(1)));
    // A weekend takes the last rate, a month does not; the past never takes a later one.
    assert_eq!(find("EUR", "GBP", "2025-01-10"), Ok(dec("0.8")));
    assert_eq!(find("EUR", "GBP", "2025-01-11"), Err(NullReason::MissingRate));
    assert_eq!(find("EUR", "GBP", "2025-01-02"), Err(NullReason::MissingRate));
    assert_eq!(find("EUR", "SEK", "2025-01-03"), Err(NullReason::MissingRate));
    // Yen have no cents: 100 minor units of EUR are 160.5 yen.
    let minor = rates.minor_rate(cur("EUR"), cur("JPY"), day("2025-01-03"), &policy).unwrap();
    assert_eq!(minor.checked_mul(Ratio::whole(100)), Some(dec("160.5")));
    let through = RevenuePolicy { fx_pivot: Some(cur("GBP")), ..policy.clone() };
    assert_eq!(
        rates.rate(cur("USD"), cur("JPY"), day("2025-01-03"), &through),
        Err(NullReason::MissingRate)
    );
    let mut rates = rates;
    let usd = cur("USD");
    assert_eq!(rates.add(day("2025-01-03"), cur("EUR"), usd, dec("1.3")), Err(RateError::Conflict));
    assert_eq!(
        rates.add(day("2025-01-03"), cur("EUR"), usd, dec("0")),
        Err(RateError::NotPositive)
    );
    assert_eq!(rates.add(day("2025-01-03"), usd, usd, dec("2")), Err(RateError::SameCurrency));
    assert_eq!(rates.len(), 4);
}

/// A customer who pays 100 EUR, then 150, then leaves; another who pays 50 USD throughout.
fn europeans() -> [Vec<ItemPeriod>; 2] {
    let eur = |start, end, amount| ItemPeriod {
        currency: cur("EUR"),
        subscription: "s".to_owned(),
        ..monthly(start, end, amount)
    };
    [
        vec![
            eur("2025-01-01", Some("2025-02-15"), 100),
            eur("2025-02-15", Some("2025-04-15"), 150),
        ],
        vec![monthly("2025-01-01", None, 50)],
    ]
}

fn first_of_months() -> Rates {
    table(&[
        ("2025-01-01", "EUR", "USD", "1.00"),
        ("2025-02-01", "EUR", "USD", "1.10"),
        ("2025-02-15", "EUR", "USD", "1.20"),
        ("2025-03-01", "EUR", "USD", "1.30"),
        ("2025-03-15", "EUR", "USD", "1.40"),
        ("2025-04-01", "EUR", "USD", "1.50"),
    ])
}

#[test]
fn exchange_rates_are_a_row_of_their_own_by_every_policy() {
    let rates = first_of_months();
    let to = Conversion { target: cur("USD"), rates: &rates };
    let months = cut(Grain::Month, "2025-01-01", "2025-05-01");
    let expected: [(FxDate, [[i64; 6]; 4]); 4] = [
        (
            // Bills on the 1st at 1.00 and 1.10; from the 15th of February at 1.20 and 1.40.
            FxDate::ServicePeriodStart,
            [
                [15_000, 0, 0, 0, 0, 0],
                [0, 0, 6_000, 0, 0, 1_000 + 1_000],
                [0, 0, 0, 0, 0, 3_000],
                [0, 0, 0, 0, 21_000, 0],
            ],
        ),
        (
            FxDate::MonthStart,
            [
                [15_000, 0, 0, 0, 0, 0],
                [0, 0, 5_500, 0, 0, 1_000],
                [0, 0, 0, 0, 0, 3_000],
                [0, 0, 0, 0, 22_500, 3_000],
            ],
        ),
        (
            FxDate::Transaction,
            [
                [15_000, 0, 0, 0, 0, 0],
                [0, 0, 6_000, 0, 0, 2_000],
                [0, 0, 0, 0, 0, 0],
                [0, 0, 0, 0, 18_000, 0],
            ],
        ),
        (
            FxDate::Fixed,
            [
                [5_000 + 13_000, 0, 0, 0, 0, 0],
                [0, 0, 6_500, 0, 0, 0],
                [0, 0, 0, 0, 0, 0],
                [0, 0, 0, 0, 19_500, 0],
            ],
        ),
    ];
    for (fx_date, wanted) in expected {
        let policy = RevenuePolicy {
            name: "own".to_owned(),
            fx_date,
            fx_fixed_on: Some("2025-03-01".to_owned()),
            fx_gap_days: 3,
            ..RevenuePolicy::default()
        };
        let rows = rows(&europeans(), &asked(&policy, &months, Some(to)));
        let found: Vec<[i64; 6]> = rows.iter().map(moves).collect();
        assert_eq!(found, wanted, "{fx_date:?}");
        assert!(rows.iter().all(adds_up), "{fx_date:?}");
        let (start, end) = (val(&rows[2].start), val(&rows[2].end));
        assert_eq!(rows[2].nrr.value, Ratio::new(end.into(), start.into()), "{fx_date:?}");
    }
}

#[test]
fn without_a_rate_numbers_are_null_and_come_back_when_there_is_one() {
    let rates =
        table(&[("2025-03-01", "EUR", "USD", "1.30"), ("2025-03-15", "EUR", "USD", "1.40")]);
    let to = Conversion { target: cur("USD"), rates: &rates };
    let months = cut(Grain::Month, "2025-01-01", "2025-05-01");
    let policy = RevenuePolicy {
        name: "own".to_owned(),
        fx_date: FxDate::MonthStart,
        fx_gap_days: 31,
        ..preset("default")
    };
    let question = asked(&policy, &months, Some(to));
    let rows = rows(&europeans(), &question);
    let missing = Measured::none(NullReason::MissingRate);
    assert_eq!((&rows[0].new, &rows[0].end), (&missing, &missing));
    assert_eq!(rows[0].start, Measured::some(0));
    assert_eq!((&rows[1].expansion, &rows[1].end, &rows[1].fx), (&missing, &missing, &missing));
    assert_eq!(rows[1].new, Measured::some(0));
    // From March on it is known what they pay: 150 EUR at 1.30 and 50 USD.
    assert_eq!((&rows[2].start, rows[2].end.value), (&missing, Some(24_500)));
    assert_eq!(rows[2].nrr, Measured::none(NullReason::MissingRate));
    assert_eq!(moves(&rows[3]), [0, 0, 0, 0, 21_000, 1_500]);
    assert_eq!((rows[3].start.value, rows[3].end.value), (Some(24_500), Some(5_000)));
    assert_eq!(rows[0].customers.end, 2, "customers are counted whatever they are worth");
    let found = ledger(&europeans()[0], &question).findings;
    assert_eq!(found.len(), 1);
    assert!(matches!(found[0].kind, FindingKind::MissingRate(_)), "{found:?}");
}

#[test]
fn a_trial_needs_no_rate() {
    let rates = table(&[("2025-02-15", "EUR", "USD", "1.30")]);
    let to = Conversion { target: cur("USD"), rates: &rates };
    let months = cut(Grain::Month, "2025-02-01", "2025-03-01");
    let policy = preset("default");
    let item = ItemPeriod {
        currency: cur("EUR"),
        trial_end: Some(at("2025-02-15")),
        ..monthly("2025-02-01", None, 100)
    };
    let question = asked(&policy, &months, Some(to));
    assert_eq!(ledger(std::slice::from_ref(&item), &question).findings, []);
    assert_eq!(moves(&rows(&[vec![item]], &question)[0]), [13_000, 0, 0, 0, 0, 0]);
}

#[test]
fn changing_currency_is_neither_new_nor_churn() {
    let items = vec![
        monthly("2025-01-01", Some("2025-02-10"), 100),
        ItemPeriod { currency: cur("EUR"), ..monthly("2025-02-10", None, 100) },
    ];
    let rows = by_month(&[items], &preset("default"), "2025-02-01", "2025-03-01");
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[0].currency, moves(&rows[0])), (cur("EUR"), [0, 0, 10_000, 0, 0, 0]));
    assert_eq!((rows[1].currency, moves(&rows[1])), (cur("USD"), [0, 0, 0, 10_000, 0, 0]));
}

#[test]
fn rows_are_rounded_once_and_parts_sum_with_the_rest_named() {
    // Three times a third of a cent and more: 8.333... dollars each.
    let yearly =
        |start| vec![ItemPeriod { interval: domain::Interval::Year, ..monthly(start, None, 100) }];
    let customers = [yearly("2025-01-10"), yearly("2025-01-10"), yearly("2025-02-10")];
    let policy = preset("default");
    let months = cut(Grain::Month, "2025-01-01", "2025-04-01");
    let question = asked(&policy, &months, None);
    let mut whole = Book::new(&question, Slicing::Whole);
    let mut parts = Book::new(&question, Slicing::Label);
    for (items, label) in customers.iter().zip(["a", "b", "c"]) {
        let ledger = ledger(items, &question);
        whole.add(&ledger, None);
        parts.add(&ledger, Some(label));
    }
    let seen = (at(EVER.0), at(EVER.1));
    let (totals, mut slices) = (whole.rows(seen), parts.rows(seen));
    let ends: Vec<i64> = totals.iter().map(|row| val(&row.end)).collect();
    assert_eq!(ends, [1_667, 2_500, 2_500]);
    slices.extend(rounding_rows(&totals, &slices, "(rounding)"));
    assert!(totals.iter().chain(&slices).all(adds_up));
    for total in &totals {
        let of: Vec<_> = slices.iter().filter(|s| s.period == total.period).collect();
        assert_eq!(of.iter().map(|s| val(&s.end)).sum::<i64>(), val(&total.end));
        assert_eq!(of.iter().map(|s| val(&s.new)).sum::<i64>(), val(&total.new));
    }
    // A customer's own line never moves by a cent that is not theirs.
    let a: Vec<_> = slices.iter().filter(|s| s.slice.as_deref() == Some("a")).collect();
    assert!(a.windows(2).all(|pair| pair[0].end == pair[1].start));
    assert_eq!(val(&a[2].end), 833);
}

#[test]
fn products_are_slices_of_the_same_movements() {
    let items = vec![
        named("a", "crm", "2025-01-01", Some("2025-02-10"), 100),
        named("a", "suite", "2025-02-10", None, 150),
        monthly("2025-03-10", None, 7),
    ];
    let policy = preset("default");
    let months = cut(Grain::Month, "2025-01-01", "2025-04-01");
    let question = asked(&policy, &months, None);
    let mut book = Book::new(&question, Slicing::Product);
    book.add(&ledger(&items, &question), None);
    let rows = book.rows((at(EVER.0), at(EVER.1)));
    assert!(rows.iter().all(adds_up));
    let row = |slice: &str, month: &str| {
        let mut of = rows.iter().filter(|r| r.slice.as_deref() == Some(slice));
        of.find(|r| r.period.name == month).unwrap()
    };
    // A change of plan: the expansion of 50 is 150 of the one less 100 of the other.
    assert_eq!(val(&row("crm", "2025-02").expansion), -10_000);
    assert_eq!(val(&row("suite", "2025-02").expansion), 15_000);
    assert_eq!(val(&row(NO_PRODUCT, "2025-03").cross_sell), 700);
}

fn order(customer: Option<&str>, on: &str, cents: i64, refund: bool) -> Order {
    let customer = customer.map(str::to_owned);
    Order {
        customer,
        at: at(on),
        amount: Ratio::whole(cents),
        currency: cur("USD"),
        refund,
        origin: 1,
    }
}

#[test]
fn refunds_are_negative_cash_on_their_day_and_unknown_buyers_stay_in_the_sums() {
    let months = cut(Grain::Month, "2025-01-01", "2025-03-01");
    let orders = [
        order(Some("a"), "2025-01-05", 1_000, false),
        order(None, "2025-01-06", 500, false),
        order(Some("a"), "2025-02-05", -1_200, true),
        order(Some("b"), "2026-02-05", 300, false),
    ];
    let book = Orders::new(&orders, &months);
    let rows = book.rows(&months);
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0].period, None);
    assert_eq!(rows[0].net.value, Some(Ratio::whole(600)));
    assert_eq!((rows[0].orders, rows[0].refunds, rows[0].customers), (3, 1, 2));
    assert_eq!(rows[0].average_order.value, Some(Ratio::whole(200)));
    assert_eq!(rows[1].unidentified_sales.value, Some(Ratio::whole(500)));
    assert_eq!(rows[1].net.value, Some(Ratio::whole(1_500)));
    assert_eq!(rows[2].net.value, Some(Ratio::whole(-1_200)));
    assert_eq!(rows[2].average_order, Measured::none(NullReason::ZeroDenominator));
    assert_eq!(book.findings(), [(1, OrderFinding::RefundExceedsPayments)]);
}

/// The invoices as collected beside the project: 541,909 lines of a retailer.
#[test]
fn a_retailers_totals_are_exact_and_nobodys_money_is_dropped() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/clv/uci_online_retail_invoices.csv.gz");
    let Ok(file) = std::fs::File::open(&path) else {
        #[allow(clippy::disallowed_methods)] // the tests' own switch
        let required = std::env::var_os("C360_REQUIRE_ALL").is_some();
        assert!(!required, "the invoices are missing");
        eprintln!("skipped: the invoices are not beside the project");
        return;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    let hundred = Ratio::whole(100);
    let orders: Vec<Order> = (0_u64..)
        .zip(text.lines().skip(1))
        .map(|(origin, line)| {
            let fields: Vec<&str> = line.split(',').collect();
            let [_, customer, when, .., amount, _, cancelled] = fields[..] else {
                panic!("{line}")
            };
            Order {
                customer: (!customer.is_empty()).then(|| customer.to_owned()),
                at: at(&format!("{when}Z")),
                amount: dec(amount).checked_mul(hundred).unwrap(),
                currency: cur("GBP"),
                refund: cancelled == "1",
                origin,
            }
        })
        .collect();
    let months = cut(Grain::Month, "2010-12-01", "2012-01-01");
    let book = Orders::new(&orders, &months);
    let rows = book.rows(&months);
    let all = &rows[0];
    let pounds = |sum: &Measured<Ratio>| {
        sum.value.unwrap().checked_div(hundred).unwrap().to_decimal(3).unwrap()
    };
    assert_eq!(all.orders + all.refunds, 25_900);
    assert_eq!((all.refunds, all.customers), (3_836, 4_372));
    assert_eq!(pounds(&all.net), "9747747.934");
    assert_eq!(pounds(&all.identified_sales), "8911407.904");
    assert_eq!(pounds(&all.identified_refunds), "-611342.090");
    let parts = [
        &all.identified_sales,
        &all.unidentified_sales,
        &all.identified_refunds,
        &all.unidentified_refunds,
    ];
    let sum =
        parts.iter().fold(Ratio::ZERO, |sum, part| sum.checked_add(part.value.unwrap()).unwrap());
    assert_eq!(Some(sum), all.net.value);
    // Months sum to the whole.
    let months = rows[1..]
        .iter()
        .fold(Ratio::ZERO, |sum, row| sum.checked_add(row.net.value.unwrap()).unwrap());
    assert_eq!(Some(months), all.net.value);
    assert!(book.findings().iter().any(|(_, one)| *one == OrderFinding::NegativeSale));
}
