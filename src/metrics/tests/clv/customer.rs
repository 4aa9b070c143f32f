//! The lifetime value of one customer from its facts and stored fits, held to sums by hand.

use crate::clv::{
    Family, FittedModel, Horizon, Population, Sbg, StoredFit, Survival, contract_of, predict,
    purchase_lines,
};
use crate::tests::build::{at, fact, money, payment, refund};
use crate::{Margin, Measured, NullReason, Policy};
use domain::*;
use jiff::tz::TimeZone;

fn subscription(
    start: &str,
    trial: Option<&str>,
    ended: Option<&str>,
    interval: Interval,
) -> Subscription {
    Subscription {
        status: if ended.is_some() {
            SubscriptionStatus::Canceled
        } else {
            SubscriptionStatus::Active
        },
        currency: Currency::parse("EUR").unwrap(),
        items: vec![SubscriptionItem {
            product: None,
            amount_minor: 10_000,
            interval,
            interval_count: 1,
        }],
        started_at: Timestamp::parse(start),
        trial_end: trial.and_then(Timestamp::parse),
        current_period_end: None,
        canceled_at: None,
        ended_at: ended.and_then(Timestamp::parse),
        cancellation_reason: None,
        links: Vec::new(),
    }
}

fn profile(facts: Vec<Fact>) -> ProfileFacts {
    ProfileFacts {
        profile: ProfileId(1),
        kind: ProfileKind::Person,
        sources: Default::default(),
        facts,
        overrides: Vec::new(),
    }
}

/// A stored fit with these parameters.
fn stored(family: Family, part: &str, model: &str, params: &[f64]) -> StoredFit {
    let n = params.len();
    let small = |i: usize| (0..n).map(|j| if i == j { 1e-4 } else { 0.0 }).collect();
    StoredFit {
        family,
        part: part.to_owned(),
        data_hash: "h".to_owned(),
        fitted: FittedModel {
            model: model.to_owned(),
            why: String::new(),
            params: params.to_vec(),
            standard_errors: None,
            ln_covariance: Some((0..n).map(small).collect()),
            log_likelihood: Some(-1.0),
            n: 100,
            failure: None,
        },
    }
}

const YEAR: Horizon = Horizon { months: 12, discount: 0.0 };

#[test]
fn contracts_count_renewals_from_their_own_anchor() {
    let tz = TimeZone::UTC;
    let state = |sub: &Subscription, when: &str| {
        contract_of(sub, &tz, at(when)).map(|one| (one.period, one.renewals, one.ended))
    };
    let month = |made, ended| Some(("1 month".to_owned(), made, ended));
    let running = subscription("2026-01-31", None, None, Interval::Month);
    assert_eq!(state(&running, "2026-01-30"), None);
    assert_eq!(state(&running, "2026-02-27"), month(0, false));
    assert_eq!(state(&running, "2026-02-28"), month(1, false));
    assert_eq!(state(&running, "2026-03-31"), month(2, false));
    // Given up with the period: it was not renewed into the next.
    let over = subscription("2026-01-15", None, Some("2026-03-15"), Interval::Month);
    assert_eq!(state(&over, "2026-02-20"), month(1, false), "before it ended");
    assert_eq!(state(&over, "2026-06-01"), month(1, true));
    let mid = subscription("2026-01-15", None, Some("2026-03-20"), Interval::Month);
    assert_eq!(state(&mid, "2026-06-01"), month(2, true));
    // Nothing before the end of a trial; who leaves in it was none.
    let trial = subscription("2026-01-01", Some("2026-01-15"), None, Interval::Year);
    assert_eq!(state(&trial, "2026-01-10"), None);
    assert_eq!(state(&trial, "2027-01-15"), Some(("1 year".to_owned(), 1, false)));
    let left = subscription("2026-01-01", Some("2026-01-15"), Some("2026-01-12"), Interval::Month);
    assert_eq!(state(&left, "2026-06-01"), None);
}

#[test]
fn contracts_of_any_age_are_fitted_together() {
    // One cohort in whole: the same as its survivors.
    let whole = Survival::of_contracts(&[30, 20, 10], &[0, 0, 0, 40]).unwrap();
    let plain = Survival::new(vec![100.0, 70.0, 50.0, 40.0]).unwrap();
    assert_eq!(whole.survivors(), plain.survivors());
    let (a, b) = (Sbg::fit(&whole).unwrap(), Sbg::fit(&plain).unwrap());
    assert!((a.model.alpha - b.model.alpha).abs() < 1e-9, "{a:?} {b:?}");
    // Younger contracts count for as long as they were seen: their likelihood adds up.
    let model = Sbg { alpha: 0.7, beta: 1.5 };
    let mixed = Survival::of_contracts(&[30, 25, 10], &[5, 15, 0, 40]).unwrap();
    let kept = |t: u32| (0..t).map(f64::from).map(|j| (1.5 + j) / (0.7 + 1.5 + j)).product::<f64>();
    let expected = 30.0 * (1.0 - kept(1)).ln()
        + 25.0 * (kept(1) - kept(2)).ln()
        + 10.0 * (kept(2) - kept(3)).ln()
        + 15.0 * kept(1).ln()
        + 40.0 * kept(3).ln();
    let found = model.log_likelihood(&mixed).unwrap();
    assert!((found - expected).abs() < 1e-9 * expected.abs(), "{found} {expected}");
    assert!(Survival::of_contracts(&[], &[7]).is_err(), "nobody came to a renewal");
}

#[test]
fn a_running_contract_is_worth_its_expected_renewals() {
    let facts = profile(vec![
        payment(1, "2026-01-10", money("EUR", 10_000)),
        payment(2, "2026-02-10", money("EUR", 10_000)),
        refund(1, 2, "2026-02-11", money("EUR", 2_500)),
        fact(
            "subs",
            1,
            Canonical::Subscription(subscription("2026-01-10", None, None, Interval::Month)),
        ),
    ]);
    let fits = [stored(Family::Contracts, "1 month", "sbg", &[0.7, 1.5])];
    let policy = Policy { gross_margin: Margin::parse("0.8"), ..Policy::default() };
    let now = at("2026-02-20");
    let found = predict(&facts, &fits, &policy, Horizon { months: 3, discount: 0.1 }, now);
    // One renewal was made; the next ones are due after 18, 49 and 79 days of the 91.25.
    let step = |j: f64| (1.5 + j) / (2.2 + j);
    let kept = [step(1.0), step(1.0) * step(2.0), step(1.0) * step(2.0) * step(3.0)];
    let worth = |days: f64| 1.1_f64.powf(-days / 365.0);
    let expected: f64 = kept.iter().sum();
    let residual =
        10_000.0 * (kept[0] * worth(18.0) + kept[1] * worth(49.0) + kept[2] * worth(79.0));
    let minor = |value: &Measured<Money>| value.value.unwrap().amount_minor as f64;
    assert!(found.contractual);
    assert_eq!(found.p_alive.measured.value, Some(1.0));
    assert!((found.expected.measured.value.unwrap() - expected).abs() < 1e-12);
    assert!((minor(&found.residual.measured) - residual).abs() <= 0.5);
    assert_eq!(found.historic.value, Some(money("EUR", 17_500)));
    assert_eq!(found.historic_margin.value, Some(money("EUR", 14_000)));
    assert!((minor(&found.total.measured) - residual - 17_500.0).abs() <= 0.5);
    assert!((minor(&found.total_margin.measured) - 0.8 * (residual + 17_500.0)).abs() <= 0.5);
    let (low, high) = found.interval.measured.value.unwrap();
    assert!((low.amount_minor as f64) < residual && residual < high.amount_minor as f64);
    // Given up: nothing is expected, what it brought stays.
    let over = subscription("2026-01-10", None, Some("2026-02-10"), Interval::Month);
    let mut facts = facts;
    facts.facts[3] = fact("subs", 1, Canonical::Subscription(over));
    let found = predict(&facts, &fits, &policy, YEAR, now);
    assert_eq!(found.p_alive.measured.value, Some(0.0));
    assert_eq!(found.total.measured.value, Some(money("EUR", 17_500)));
    // Before it was given up it was not.
    let then = predict(&facts, &fits, &policy, YEAR, at("2026-02-01"));
    assert_eq!(then.p_alive.measured.value, Some(1.0));
    assert_eq!(then.historic.value, Some(money("EUR", 10_000)));
}

#[test]
fn purchases_are_judged_by_the_fits_of_their_currency() {
    let facts = profile(vec![
        payment(1, "2026-01-01", money("EUR", 3_000)),
        payment(2, "2026-01-29T08:00:00Z", money("EUR", 4_000)),
        payment(3, "2026-01-29T20:00:00Z", money("EUR", 1_000)),
        payment(4, "2026-02-10", money("EUR", 9_999)),
        refund(1, 4, "2026-02-12", money("EUR", 9_999)),
    ]);
    assert_eq!(purchase_lines(&facts).len(), 5);
    let fits = [
        stored(Family::Purchases, "EUR", "pareto-nbd", &[0.55, 10.58, 0.61, 11.67]),
        stored(Family::Amounts, "EUR", "gamma-gamma", &[6.25, 3.74, 1_544.0]),
    ];
    let policy = Policy::default();
    let now = at("2026-05-21");
    let found = predict(&facts, &fits, &policy, YEAR, now);
    assert_eq!(found.model, "pareto-nbd + gamma-gamma");
    assert_eq!(found.historic.value, Some(money("EUR", 8_000)));
    assert_eq!(found.historic_margin, Measured::none(NullReason::NoMargin));
    assert_eq!(found.total_margin.measured, Measured::none(NullReason::NoMargin));
    // x = 1, tx = 4 weeks, T = 20 weeks: P(alive) is 1 / (1 + odds), the odds by Simpson's rule.
    let (r, alpha, s, beta): (f64, f64, f64, f64) = (0.55, 10.58, 0.61, 11.67);
    let (x, tx, t) = (1.0, 4.0, 20.0);
    let left = |u: f64| {
        s * (alpha + t).powf(r + x) * (beta + t).powf(s)
            / ((alpha + u).powf(r + x) * (beta + u).powf(s + 1.0))
    };
    let steps = 2_000;
    let h = (t - tx) / f64::from(steps);
    let odds: f64 = (0..=steps)
        .map(|i| {
            let weight = if i == 0 || i == steps {
                1.0
            } else if i % 2 == 1 {
                4.0
            } else {
                2.0
            };
            weight * left(tx + h * f64::from(i))
        })
        .sum::<f64>()
        * h
        / 3.0;
    let alive = 1.0 / (1.0 + odds);
    assert!((found.p_alive.measured.value.unwrap() - alive).abs() < 1e-9, "{alive}");
    // Expected purchases of the survivors, by the formula of Schmittlein, Morrison and Colombo.
    let weeks = 365.0 / 7.0;
    let ahead = (r + x) * (beta + t) / ((alpha + t) * (s - 1.0))
        * (1.0 - ((beta + t) / (beta + t + weeks)).powf(s - 1.0));
    assert!((found.expected.measured.value.unwrap() - alive * ahead).abs() < 1e-9);
    // Undiscounted, each at the expected mean amount.
    let mean = 6.25 * (1_544.0 + 5_000.0) / (6.25 + 3.74 - 1.0);
    let residual = found.residual.measured.value.unwrap().amount_minor as f64;
    assert!((residual - alive * ahead * mean).abs() <= 0.5, "{residual}");
    let later = predict(&facts, &fits, &policy, Horizon { months: 12, discount: 0.2 }, now);
    assert!((later.residual.measured.value.unwrap().amount_minor as f64) < residual);
    // Without a fit, with two currencies, without a purchase: null, each with its reason.
    let none = predict(&facts, &[], &policy, YEAR, now);
    assert_eq!(none.residual.measured, Measured::none(NullReason::TooLittleData));
    assert_eq!(none.historic.value, Some(money("EUR", 8_000)), "what was paid is known");
    let mut two = facts.clone();
    two.facts.push(payment(9, "2026-02-01", money("USD", 1)));
    let two = predict(&two, &fits, &policy, YEAR, now);
    assert_eq!(two.total.measured, Measured::none(NullReason::MixedCurrency));
    let nobody = predict(&profile(Vec::new()), &fits, &policy, YEAR, now);
    assert_eq!(nobody.p_alive.measured, Measured::none(NullReason::NoData));
}

#[test]
fn populations_are_fitted_when_their_data_changed_and_suffice() {
    let build = |customers: i64, more: i64| {
        let mut population = Population::new(TimeZone::UTC, at("2026-06-01"));
        let mut seed = 7_u64;
        let mut exponential = |mean: f64| {
            seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            -mean * (1.0 - ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64).ln()
        };
        for _ in 0..customers {
            // Paces and rates of leaving spread as the model has them, with shapes of 1.
            let (pace, leaves) = (exponential(1.0 / 25.0), exponential(1.0 / 120.0));
            let (stays, spends) = (exponential(1.0) / leaves, exponential(3_000.0));
            let (first, mut day) = (exponential(40.0).min(200.0), 0.0);
            let mut facts = Vec::new();
            while day <= stays && first + day < 360.0 {
                let amount = 1_000 + more + (spends * (1.0 + exponential(0.2))) as i64;
                let mut one = payment(facts.len() as i64, "2025-06-01", money("EUR", amount));
                if let Canonical::Payment(paid) = &mut one.body {
                    paid.paid_at = Some(at("2025-06-01").plus_days((first + day) as i64));
                }
                facts.push(one);
                day += 1.0 + exponential(1.0) / pace;
            }
            population.add_customer(&purchase_lines(&profile(facts)));
        }
        population
    };
    let fits = build(120, 0).fits(|_, _, _| false);
    assert_eq!(fits.len(), 2, "{fits:?}");
    for fit in &fits {
        assert_eq!(fit.fitted.failure, None, "{fit:?}");
        assert!(fit.fitted.standard_errors.is_some() && fit.fitted.params.iter().all(|p| *p > 0.0));
    }
    // A stored fit reads back as it was.
    let text = serde_json::to_string(&fits[0].fitted).unwrap();
    assert!(serde_json::from_str::<FittedModel>(&text).unwrap().purchases().is_ok());
    // Only what changed is fitted again: amounts, not times.
    let known = |family: Family, part: &str, hash: &str| {
        fits.iter().any(|fit| fit.family == family && fit.part == part && fit.data_hash == hash)
    };
    assert!(build(120, 0).fits(known).is_empty());
    let again = build(120, 1).fits(known);
    assert_eq!(again.iter().map(|fit| fit.family).collect::<Vec<_>>(), [Family::Amounts]);
    // Too few customers are told so.
    for fit in build(12, 0).fits(|_, _, _| false) {
        assert_eq!(fit.fitted.failure, Some(crate::clv::Reason::NoData));
        assert!(fit.fitted.params.is_empty());
    }
}
