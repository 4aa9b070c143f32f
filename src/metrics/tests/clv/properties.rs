//! What must hold at any parameters, held to integrals and series that share nothing with the crate's.

use super::data::close;
use crate::clv::{BgBb, BgNbd, History, MbgNbd, Model, ParetoNbd, Purchasing, Reason};
use proptest::prelude::*;

/// The integral over the unit interval of a function of `p` and `1 - p` by the tanh-sinh rule.
fn unit_interval(f: impl Fn(f64, f64) -> f64) -> f64 {
    let step = 1.0 / 256.0;
    (-1700..=1700)
        .map(|k| {
            let u = f64::from(k) * step;
            let v = std::f64::consts::FRAC_PI_2 * u.sinh();
            let (p, q) = (1.0 / (1.0 + (-2.0 * v).exp()), 1.0 / (1.0 + (2.0 * v).exp()));
            let value = f(p, q) * 2.0 * p * q * std::f64::consts::FRAC_PI_2 * u.cosh() * step;
            if value.is_finite() { value } else { 0.0 }
        })
        .sum()
}

/// Expected purchases of one who is a customer, by integration over the chance to leave.
fn by_integration(k: f64, a: f64, b: f64, y: f64) -> f64 {
    let weight = |p: f64, q: f64| p.powf(a - 1.0) * q.powf(b - 1.0);
    let made = |p: f64| -(-k * (p * y).ln_1p()).exp_m1() / p;
    unit_interval(|p, q| weight(p, q) * made(p)) / unit_interval(weight)
}

#[test]
fn expected_purchases_are_the_mean_over_the_chance_to_leave() {
    for (r, alpha, a, b) in
        [(0.24, 4.4, 0.8, 2.4), (0.24, 4.4, 0.3, 0.5), (1.0, 1.0, 1.0, 1.0), (9.0, 2.0, 1.5, 0.7)]
    {
        for (x, tx, t) in [(0, 0.0, 38.0), (1, 38.0, 38.0), (3, 5.0, 38.0), (180, 30.0, 31.0)] {
            for horizon in [1e-6, 0.5, 52.0, 4e3, 1e8] {
                let h = History { x, tx, t };
                let (k, y) = (r + f64::from(x), horizon / (alpha + t));
                let bg = BgNbd::of([r, alpha, a, b]).unwrap();
                let truth = by_integration(k, a, b + f64::from(x), y);
                close(bg.expected_if_alive(x, t, horizon).unwrap(), truth, 1e-9);
                let alive = bg.p_alive(&h).unwrap();
                close(bg.expected(&h, horizon).unwrap(), alive * truth, 1e-9);
                let mbg = MbgNbd::of([r, alpha, a, b]).unwrap();
                let truth = by_integration(k, a, b + f64::from(x) + 1.0, y);
                close(mbg.expected_if_alive(x, t, horizon).unwrap(), truth, 1e-9);
            }
        }
    }
}

#[test]
fn nothing_happens_at_a_equal_one() {
    let at = |a: f64| {
        let model = BgNbd::of([0.24, 4.4, a, 2.5]).unwrap();
        model.expected(&History { x: 2, tx: 30.0, t: 38.0 }, 52.0).unwrap()
    };
    close(at(1.0), 0.5 * (at(1.0 - 1e-6) + at(1.0 + 1e-6)), 1e-11);
}

/// Gauss's series.
fn hyp2f1(a: f64, b: f64, c: f64, z: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 0..100_000 {
        let n = f64::from(n);
        term *= (a + n) * (b + n) / (c + n) / (n + 1.0) * z;
        sum += term;
        if term.abs() < 1e-18 * sum {
            break;
        }
    }
    sum
}

#[test]
fn pareto_agrees_with_its_two_published_forms() {
    // Fader and Hardie (2005), "A note on deriving the Pareto/NBD model", equations for both signs.
    for (r, alpha, s, beta) in [
        (0.55, 10.6, 0.61, 11.7),
        (0.55, 11.7, 0.61, 10.6),
        (2.0, 3.0, 4.0, 3.0),
        (0.1, 9.0, 1.0, 30.0),
    ] {
        let model = ParetoNbd::of([r, alpha, s, beta]).unwrap();
        for (x, tx, t) in [(0, 0.0, 38.0), (1, 38.0, 38.0), (3, 5.0, 38.0), (40, 30.0, 31.0)] {
            let (n, large): (f64, f64) = (f64::from(x), f64::max(alpha, beta));
            let b = if alpha >= beta { s + 1.0 } else { r + n };
            let sum = r + s + n;
            let at = |time: f64| {
                hyp2f1(sum, b, sum + 1.0, (alpha - beta).abs() / (large + time))
                    * ((large + t) / (large + time)).powf(sum)
            };
            let a0 = (at(tx) - at(t)) / (large + t).powf(sum);
            let left = s / sum * (alpha + t).powf(r + n) * (beta + t).powf(s) * a0;
            let h = History { x, tx, t };
            close(model.p_alive(&h).unwrap(), 1.0 / (1.0 + left), 1e-9);
        }
    }
}

#[test]
fn the_discount_of_all_the_future_is_the_limit_of_short_steps() {
    let models: [Box<dyn Purchasing>; 3] = [
        Box::new(BgNbd::of([0.24, 4.4, 0.8, 2.4]).unwrap()),
        Box::new(MbgNbd::of([0.5, 6.2, 0.9, 1.6]).unwrap()),
        Box::new(ParetoNbd::of([0.55, 10.6, 0.61, 11.7]).unwrap()),
    ];
    for model in models {
        for (x, t, rate) in [(0, 38.0, 0.05), (4, 20.0, 0.2), (60, 100.0, 1.0)] {
            let ahead = |steps: f64| {
                let horizon = 45.0 / rate;
                model.ahead_if_alive(x, t, horizon, horizon / steps, rate).unwrap().1
            };
            // Ends of steps come too late by half a step: the error is even, odd terms cancel.
            let (coarse, fine) = (ahead(4e3), ahead(8e3));
            let limit = 2.0 * fine - coarse;
            close(model.dert_if_alive(x, t, rate).unwrap(), limit, 1e-4);
        }
    }
    let model = BgBb::of([1.2, 0.75, 0.66, 2.8]).unwrap();
    for (x, n, rate) in [(0, 6.0, 0.1), (3, 6.0, 0.01), (6, 60.0, 0.5)] {
        let sum = model.ahead_if_alive(x, n, 5e3, 1.0, rate).unwrap().1;
        close(model.dert_if_alive(x, n, rate).unwrap(), sum, 1e-11);
    }
}

#[test]
fn chances_of_counts_sum_to_one_and_to_the_mean() {
    let models: [(Box<dyn Purchasing>, f64); 6] = [
        (Box::new(BgNbd::of([0.24, 4.4, 0.8, 2.4]).unwrap()), 39.0),
        (Box::new(BgNbd::of([3.0, 1.0, 0.1, 0.4]).unwrap()), 9.0),
        (Box::new(MbgNbd::of([0.5, 6.2, 0.9, 1.6]).unwrap()), 39.0),
        (Box::new(ParetoNbd::of([0.55, 10.6, 0.61, 11.7]).unwrap()), 39.0),
        (Box::new(ParetoNbd::of([2.0, 1.0, 1.0, 40.0]).unwrap()), 12.0),
        (Box::new(BgBb::of([1.2, 0.75, 0.66, 2.8]).unwrap()), 40.0),
    ];
    for (model, t) in models {
        let (mut sum, mut mean) = (0.0, 0.0);
        for n in 0..3_000 {
            let chance = model.pmf(n, t).unwrap();
            assert!((0.0..=1.0).contains(&chance));
            sum += chance;
            mean += f64::from(n) * chance;
        }
        close(sum, 1.0, 1e-11);
        close(mean, model.population_mean(t).unwrap(), 1e-10);
    }
}

#[test]
fn single_histories_of_donors_sum_to_one() {
    // Of all patterns with x purchases the last of which is at tx there are (tx - 1 over x - 1).
    let model = BgBb::of([1.2, 0.75, 0.66, 2.8]).unwrap();
    let n = 9_u32;
    let mut sum = 0.0;
    for x in 0..=n {
        for tx in x..=n {
            let ways = match (x, tx) {
                (0, 0) => 1.0,
                (0, _) => continue,
                _ => (1..x).map(|i| f64::from(tx - i) / f64::from(x - i)).product(),
            };
            let h = History { x, tx: f64::from(tx), t: f64::from(n) };
            sum += ways * model.ln_likelihood(&h).unwrap().exp();
        }
    }
    close(sum, 1.0, 1e-13);
}

fn any_size(from: f64, to: f64) -> impl Strategy<Value = f64> {
    (from.ln()..to.ln()).prop_map(f64::exp)
}

fn any_history() -> impl Strategy<Value = History> {
    let recency = prop_oneof![Just(1.0), Just(1e-9), 0.0001..1.0_f64];
    (prop_oneof![Just(0), 1..20_u32, 100..1000_u32], recency, any_size(1e-3, 1e7))
        .prop_map(|(x, recency, t)| History { x, tx: if x == 0 { 0.0 } else { recency * t }, t })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_number_is_one_at_any_parameters(
        p in [any_size(1e-4, 1e5), any_size(1e-4, 1e5), any_size(1e-4, 1e5), any_size(1e-4, 1e5)],
        h in any_history(),
        horizon in any_size(1e-6, 1e7),
        rate in any_size(1e-8, 10.0),
    ) {
        let bg = BgNbd::of(p).unwrap();
        let mbg = MbgNbd::of(p).unwrap();
        let pareto = ParetoNbd::of(p).unwrap();
        for (model, scale) in [(&bg as &dyn Purchasing, p[1]), (&mbg, p[1]), (&pareto, p[1])] {
            let alive = model.p_alive(&h).unwrap();
            prop_assert!((0.0..=1.0).contains(&alive));
            prop_assert!(model.ln_likelihood(&h).is_ok());
            let expected = model.expected_if_alive(h.x, h.t, horizon).unwrap();
            // Nobody is expected to buy more than who never leaves, nor less in more time.
            let most = (p[0] + f64::from(h.x)) / (scale + h.t) * horizon;
            prop_assert!(expected >= 0.0 && expected <= most * (1.0 + 1e-9), "{expected} {most}");
            let more = model.expected_if_alive(h.x, h.t, 2.0 * horizon).unwrap();
            prop_assert!(more >= expected * (1.0 - 1e-12) && more <= 2.0 * expected * (1.0 + 1e-9));
            let dert = model.dert_if_alive(h.x, h.t, rate).unwrap();
            let most = (p[0] + f64::from(h.x)) / (scale + h.t) / rate;
            prop_assert!(dert > 0.0 && dert <= most * (1.0 + 1e-9), "{dert} {most}");
            prop_assert!(model.population_mean(horizon).unwrap() >= 0.0);
            let chance = model.pmf(h.x.min(50), horizon).unwrap();
            prop_assert!((0.0..=1.0 + 1e-9).contains(&chance), "{chance}");
        }
    }

    #[test]
    fn discrete_numbers_are_ones_at_any_parameters(
        p in [any_size(1e-4, 1e5), any_size(1e-4, 1e5), any_size(1e-4, 1e5), any_size(1e-4, 1e5)],
        n in 0..400_u32, share in 0.0..1.0_f64, buys in 0.0..1.0_f64, horizon in 0..2_000_u32,
    ) {
        let tx = (f64::from(n) * share).floor();
        let x = if tx == 0.0 { 0 } else { 1 + ((tx - 1.0) * buys) as u32 };
        let h = History { x, tx: if x == 0 { 0.0 } else { tx }, t: f64::from(n) };
        let model = BgBb::of(p).unwrap();
        prop_assert!((0.0..=1.0).contains(&model.p_alive(&h).unwrap()));
        prop_assert!(model.ln_likelihood(&h).unwrap() <= 1e-9);
        let expected = model.expected(&h, f64::from(horizon)).unwrap();
        prop_assert!((0.0..=f64::from(horizon)).contains(&expected));
        prop_assert!(model.dert(&h, 0.01).unwrap() >= 0.0);
        prop_assert!((0.0..=1.0 + 1e-9).contains(&model.pmf(x, f64::from(n)).unwrap()));
    }
}

#[test]
fn recency_at_the_end_means_alive_as_likely_as_can_be() {
    let h = |tx| History { x: 3, tx, t: 40.0 };
    let bg = BgNbd::of([0.24, 4.4, 0.8, 2.4]).unwrap();
    close(bg.p_alive(&h(40.0)).unwrap(), (2.4 + 2.0) / (0.8 + 2.4 + 2.0), 1e-15);
    let pareto = ParetoNbd::of([0.55, 10.6, 0.61, 11.7]).unwrap();
    assert_eq!(pareto.p_alive(&h(40.0)), Ok(1.0));
    assert!(pareto.p_alive(&h(39.0)).unwrap() < 1.0);
    assert_eq!(pareto.dert(&h(39.0), 0.0), Err(Reason::NoDiscount));
}
