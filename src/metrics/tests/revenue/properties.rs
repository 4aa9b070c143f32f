//! What must hold of any history: sums, identities, and no dependence on order.

use super::*;
use crate::revenue::{
    Cancellation, Cause, Days, Discount, Duration, FreePlan, FxDate, Off, Rates, SamePeriod,
    Stretch, rounding_rows,
};
use domain::{Date, Interval};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::collections::BTreeMap;

const CURRENCIES: [&str; 3] = ["USD", "EUR", "JPY"];

/// Histories of a run: 2,000, or what C360_MRR_HISTORIES says (100,000 for the full property).
fn histories() -> u32 {
    #[allow(clippy::disallowed_methods)] // the tests' own switch
    let asked = std::env::var("C360_MRR_HISTORIES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(2_000)
}

fn day(n: i64) -> Timestamp {
    at("2024-01-01").plus_days(n)
}

fn any_stretch() -> impl Strategy<Value = Stretch> {
    (0..500_i64, prop::option::of(-5..120_i64)).prop_map(|(from, length)| Stretch {
        from: day(from),
        until: length.map(|n| day(from + n)),
    })
}

fn any_discount() -> impl Strategy<Value = Discount> {
    let off = prop_oneof![
        (-10..120_i128).prop_map(|share| Off::Share(Ratio::new(share, 100).unwrap())),
        (-10..5_000_i64).prop_map(|cents| Off::Amount(Ratio::whole(cents))),
    ];
    let duration =
        prop::sample::select(vec![Duration::Forever, Duration::Repeating, Duration::Once]);
    let bound = || prop::option::of((0..600_i64).prop_map(day));
    (off, duration, bound(), bound()).prop_map(|(off, duration, from, until)| Discount {
        off,
        duration,
        from,
        until,
    })
}

prop_compose! {
    fn any_item()(
        (start, length, cents, currency) in (0..600_i64, prop::option::of(-3..400_i64), -50..20_000_i64, 0..3_usize),
        (interval, count) in (prop::sample::select(Interval::ALL.to_vec()), 0..5_u32),
        (subscription, item, product) in (0..4_u8, 0..2_u8, prop::option::of(0..3_u8)),
        discounts in prop::collection::vec(any_discount(), 0..2),
        (trial, pauses) in (prop::option::of(0..30_i64), prop::collection::vec(any_stretch(), 0..2)),
        arrears in prop::collection::vec(any_stretch(), 0..2),
        cancellation in prop::option::of((prop::option::of(-5..400_i64), any::<bool>(), 0..3_usize)),
    ) -> ItemPeriod {
        ItemPeriod {
            start: day(start),
            subscription: if subscription == 0 { String::new() } else { format!("s{subscription}") },
            item: format!("i{item}"),
            product: product.map(|p| format!("p{p}")),
            end: length.map(|n| day(start + n)),
            amount: Ratio::whole(cents),
            currency: cur(CURRENCIES[currency]),
            interval,
            interval_count: count,
            discounts,
            trial_end: trial.map(|n| day(start + n)),
            anchor: None,
            pauses,
            arrears,
            cancellation: cancellation.map(|(asked, at_once, cause)| Cancellation {
                requested_at: asked.map(|n| day(start + n)),
                at_once,
                cause: Cause::ALL[cause],
            }),
            given_back: None,
            origin: 0,
        }
    }
}

prop_compose! {
    fn any_policy()(
        base in prop::sample::select(RevenuePolicy::PRESETS.to_vec()),
        fx_date in prop::sample::select(vec![FxDate::ServicePeriodStart, FxDate::MonthStart, FxDate::Transaction, FxDate::Fixed]),
        pause in prop::sample::select(vec![Days::Unlimited, Days::Of(0), Days::Of(20)]),
        back in prop::sample::select(vec![Days::Unlimited, Days::Of(0), Days::Of(60)]),
        free in prop::sample::select(vec![FreePlan::Churn, FreePlan::Contraction]),
        same in prop::sample::select(vec![SamePeriod::Both, SamePeriod::Net]),
        group in prop::sample::select(vec![0_u32, 60, 3 * 24 * 60]),
    ) -> RevenuePolicy {
        RevenuePolicy {
            name: "own".to_owned(),
            fx_date,
            fx_fixed_on: Some("2024-03-01".to_owned()),
            pause_churn_days: pause,
            reactivation_days: back,
            free_plan: free,
            same_period: same,
            group_minutes: group,
            ..RevenuePolicy::preset(base).unwrap()
        }
    }
}

/// Rates of every third day, with a hole of two months.
fn rates() -> Rates {
    let mut rates = Rates::default();
    for n in (0..1_300).step_by(3).filter(|n| !(400..460).contains(n)) {
        let on = Date::parse(&day(n).to_string()[..10]).unwrap();
        let step = i128::from(n % 37);
        let mut add = |quote, num, den| {
            rates.add(on, cur("EUR"), cur(quote), Ratio::new(num, den).unwrap()).unwrap();
        };
        add("USD", 10_800 + step * 13, 10_000);
        add("JPY", 15_700 + step * 29, 100);
    }
    rates
}

fn check(
    customers: &[Vec<ItemPeriod>],
    policy: &RevenuePolicy,
    grain: Grain,
    rates: Option<&Rates>,
) -> Result<(), TestCaseError> {
    let months = cut(grain, "2024-01-01", "2027-01-01");
    let conversion = rates.map(|rates| Conversion { target: cur("USD"), rates });
    let question = asked(policy, &months, conversion);
    let mut whole = Book::new(&question, Slicing::Whole);
    let mut labels = Book::new(&question, Slicing::Label);
    let mut products = Book::new(&question, Slicing::Product);
    let seen = (at(EVER.0), at(EVER.1));
    let known = |row: &RevenueRow| {
        row.start.value.is_some()
            && row.fx.value.is_some()
            && row.end.value.is_some()
            && row.churn.value.is_some()
            && row.expansion.value.is_some()
            && row.new.value.is_some()
            && row.reactivation.value.is_some()
            && row.contraction.value.is_some()
    };
    for (n, items) in customers.iter().enumerate() {
        let found = ledger(items, &question);
        // Order decides nothing.
        let mut turned = items.clone();
        turned.reverse();
        if turned.len() > 2 {
            turned.rotate_left(1);
        }
        prop_assert_eq!(&found, &ledger(&turned, &question));
        whole.add(&found, None);
        labels.add(&found, Some(["a", "b", "c"][n % 3]));
        products.add(&found, None);
        // The identity holds for each customer by themselves.
        let mut own = Book::new(&question, Slicing::Whole);
        own.add(&found, None);
        for row in own.rows(seen).iter().filter(|row| known(row)) {
            prop_assert!(adds_up(row), "{row:?}");
        }
        // Someone is a customer or not: what comes and goes alternates.
        let mut inside = false;
        for step in &found.steps {
            let after = step.after.iter().any(|one| one.live);
            let comes = step.changes.iter().any(|(_, c)| {
                matches!(c, crate::revenue::Change::New | crate::revenue::Change::Reactivation)
            });
            let goes =
                step.changes.iter().any(|(_, c)| matches!(c, crate::revenue::Change::Churn(_)));
            prop_assert_eq!(comes, !inside && after);
            prop_assert_eq!(goes, inside && !after);
            inside = after;
        }
    }
    let totals = whole.rows(seen);
    let mut last: BTreeMap<Currency, (Measured<i64>, i64)> = BTreeMap::new();
    for row in &totals {
        prop_assert!(!known(row) || adds_up(row), "{row:?}");
        if rates.is_some() {
            let c = row.customers;
            prop_assert_eq!(c.start + c.new + c.reactivated - c.churned(), c.end, "{:?}", row);
        }
        if let Some((end, customers)) =
            last.insert(row.currency, (row.end.clone(), row.customers.end))
        {
            prop_assert_eq!((&row.start, row.customers.start), (&end, customers));
        }
        for share in [&row.grr, &row.logo_churn] {
            let within = |r: Ratio| !r.is_negative() && r <= Ratio::whole(1);
            prop_assert!(share.value.is_none_or(within), "{:?}", row);
        }
    }
    for book in [&labels, &products] {
        let mut slices = book.rows(seen);
        slices.extend(rounding_rows(&totals, &slices, "(rounding)"));
        for total in totals.iter().filter(|row| known(row)) {
            let of: Vec<&RevenueRow> = slices
                .iter()
                .filter(|s| s.period == total.period && s.currency == total.currency)
                .collect();
            prop_assert!(of.iter().all(|s| adds_up(s)));
            let columns: [fn(&RevenueRow) -> i64; 9] = [
                |r| val(&r.start),
                |r| val(&r.end),
                |r| val(&r.new),
                |r| val(&r.reactivation),
                |r| val(&r.upsell),
                |r| val(&r.cross_sell),
                |r| val(&r.contraction),
                |r| val(&r.churn),
                |r| val(&r.fx),
            ];
            for column in columns {
                prop_assert_eq!(of.iter().map(|s| column(s)).sum::<i64>(), column(total));
            }
        }
    }
    Ok(())
}

#[test]
fn any_history_adds_up_for_every_customer_period_and_slice() {
    let rates = rates();
    let per_case = 4;
    let config =
        ProptestConfig { cases: (histories() / per_case).max(1), ..ProptestConfig::default() };
    let customer = prop::collection::vec(any_item(), 1..6);
    let customers = prop::collection::vec(customer, per_case as usize);
    let grain = prop::sample::select(vec![Grain::Month, Grain::Month, Grain::Quarter, Grain::Year]);
    TestRunner::new(config)
        .run(
            &(customers, any_policy(), grain, any::<bool>()),
            |(customers, policy, grain, converted)| {
                check(&customers, &policy, grain, converted.then_some(&rates))
            },
        )
        .unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn fractions_are_ordered_exactly(a in any::<(i64, u32)>(), b in any::<(i64, u32)>()) {
        let ratio = |(num, den): (i64, u32)| Ratio::new(i128::from(num), i128::from(den) + 1).unwrap();
        let product = |x: (i64, u32), y: (i64, u32)| i128::from(x.0) * (i128::from(y.1) + 1);
        prop_assert_eq!(ratio(a).cmp(&ratio(b)), product(a, b).cmp(&product(b, a)));
    }

    #[test]
    fn decimals_are_read_exactly(num in any::<i64>(), places in 0..19_u32) {
        let exact = Ratio::new(i128::from(num), 10_i128.pow(places)).unwrap();
        let text = exact.to_decimal(places).unwrap();
        prop_assert_eq!(Ratio::parse_decimal(&text), Some(exact));
    }
}

#[test]
fn what_is_no_decimal_is_none() {
    for text in ["", ".", "-", "1.2.3", "1e5", "0x10", "1,5", "٣", "NaN"] {
        assert_eq!(Ratio::parse_decimal(text), None, "{text}");
    }
    assert_eq!(Ratio::parse_decimal("5."), Some(Ratio::whole(5)));
    assert_eq!(Ratio::parse_decimal("-.5"), Ratio::new(-1, 2));
    assert_eq!(Ratio::parse_decimal(&"9".repeat(60)), None);
}
