//! Models of purchases without a contract, held to published figures and to the oracles.

use super::data::{close, number, prints, rows, text};
use crate::clv::{
    BgBb, BgNbd, Correlation, Fit, GammaGamma, Histories, History, Model, Outlook, ParetoNbd,
    Purchasing, Reason, Scorer, Spend, worth,
};

/// Where CLVTools 0.12.1 stopped on CDNOW, solved from the figures of its rows. Of Gamma-Gamma they tell
/// the third parameter and the ratio `(q - 1) / p` only, so other pairs do as well.
const CLVTOOLS_BG: [f64; 4] = [
    0.242_594_541_510_906_5,
    4.413_601_883_944_585,
    0.792_919_914_604_945_2,
    2.425_888_062_299_769,
];
const CLVTOOLS_PARETO: [f64; 4] = [0.553_270_34, 10.577_796_61, 0.606_019_94, 11.663_894_75];
const CLVTOOLS_GG: [f64; 3] =
    [6.196_234_407_261_544, 3.720_932_216_804_224_3, 15.444_306_681_697_807];

fn history(x: u32, tx: f64, t: f64) -> History {
    History { x, tx, t }
}

fn bg(params: [f64; 4]) -> BgNbd {
    BgNbd::of(params).unwrap()
}

/// Number, purchases, amounts.
type Customer = (u32, History, Spend);

/// CDNOW, a tenth, 39 weeks: numbers of days are exact, weeks are a seventh of them.
fn cdnow() -> Option<(Histories, Vec<Customer>)> {
    let rows = rows("cdnow_cbs_39w_exact.csv")?;
    let spends = super::data::rows("cdnow_spending_exact.csv")?;
    let all: Vec<Customer> = rows
        .iter()
        .zip(&spends)
        .map(|(row, spend)| {
            assert_eq!(row[0], spend[0]);
            let weeks = |text: &str| (number(text) * 7.0).round() / 7.0;
            let x = row[1].parse().unwrap();
            let h = history(x, weeks(&row[2]), weeks(&row[3]));
            (row[0].parse().unwrap(), h, Spend { x, mean: number(&spend[2]) })
        })
        .collect();
    assert_eq!(all.len(), 2357);
    let histories: Vec<History> = all.iter().map(|row| row.1).collect();
    Some((Histories::new(&histories).unwrap(), all))
}

#[track_caller]
fn meets<M: Model<N>, const N: usize>(
    fit: &Fit<M, N>,
    oracle: &serde_json::Value,
    names: [&str; N],
) {
    assert!(fit.converged(), "{} {:?}", M::NAME, fit.failure);
    let figure = |group: &str, name: &str| number(oracle[group][name].as_str().unwrap());
    let errors = fit.standard_errors.unwrap();
    for ((value, error), name) in fit.model.params().into_iter().zip(errors).zip(names) {
        close(value, figure("params", name), 1e-6);
        close(error, figure("se", name), 1e-5);
        // What the optimiser reaches beyond what is asked.
        close(value, figure("params", name), 1e-9);
    }
    let ln = number(oracle["ll"].as_str().unwrap());
    assert!((fit.log_likelihood - ln).abs() < 1e-8, "{} {ln}", fit.log_likelihood);
}

#[test]
fn fits_of_cdnow_meet_forty_digit_maxima() {
    let (Some((data, all)), Some(text)) = (cdnow(), text("oracle_mp.json")) else { return };
    let oracle: serde_json::Value = serde_json::from_str(&text).unwrap();
    let bg = BgNbd::fit(&data).unwrap();
    meets(&bg, &oracle["bgnbd"], ["r", "alpha", "a", "b"]);
    let pareto = ParetoNbd::fit(&data).unwrap();
    meets(&pareto, &oracle["pareto_nbd"], ["r", "alpha", "s", "beta"]);
    let spends: Vec<Spend> = all.iter().map(|row| row.2).collect();
    let gg = GammaGamma::fit(&spends).unwrap();
    meets(&gg, &oracle["gamma_gamma"], ["p", "q", "v"]);
    assert_eq!(gg.n, 946.0);
    prints(gg.model.population_mean().unwrap(), "35.17037");
    let correlation = Correlation::of(&spends);
    assert!(correlation.coefficient.unwrap().abs() < 0.2 && !correlation.doubtful);
    eprintln!("evaluations {} {} {}", bg.evaluations, pareto.evaluations, gg.evaluations);
    // The likelihoods of single histories add up to that of all.
    let sum: f64 = all.iter().map(|row| bg.model.ln_likelihood(&row.1).unwrap()).sum();
    close(sum, bg.log_likelihood, 1e-12);
    close(bg.model.log_likelihood(&data).unwrap(), bg.log_likelihood, 1e-15);
    let sum: f64 = all.iter().map(|row| pareto.model.ln_likelihood(&row.1).unwrap()).sum();
    close(sum, pareto.log_likelihood, 1e-12);
}

#[test]
fn fitting_does_not_depend_on_the_order_of_customers() {
    let Some((data, all)) = cdnow() else { return };
    let backwards: Vec<History> = all.iter().rev().map(|row| row.1).collect();
    let backwards = Histories::new(&backwards).unwrap();
    assert_eq!(data.data_hash(), backwards.data_hash());
    assert_eq!(BgNbd::fit(&data).unwrap(), BgNbd::fit(&backwards).unwrap());
    let fewer: Vec<History> = all.iter().skip(1).map(|row| row.1).collect();
    assert_ne!(Histories::new(&fewer).unwrap().data_hash(), data.data_hash());
}

#[test]
fn the_spreadsheet_of_the_authors_is_reproduced() {
    let model = bg([0.242_594_522, 4.413_602_019, 0.792_922_017, 2.425_906_777]);
    for (t, expected) in [
        (0.1429, 0.0078),
        (1.0, 0.0532),
        (3.0, 0.1506),
        (31.8571, 1.0405),
        (32.0, 1.0437),
        (78.0, 1.8576),
    ] {
        let value = model.population_mean(t).unwrap();
        // The sheet's solver stops a little before the maximum.
        assert!((value - expected).abs() < 5e-5 + 3e-4 * expected, "{value} {expected}");
    }
    let customer = history(2, 30.43, 38.86);
    prints(model.expected(&customer, 39.0).unwrap(), "1.226");
    prints(bg([0.243, 4.414, 0.793, 2.426]).pmf(0, 39.0).unwrap(), "0.5737864");
    // What customers 1 to 10 are expected to spend, from the exact means of their repeat purchases.
    let amounts = GammaGamma::of([6.249_572_271, 3.744_224_667, 15.443_520_963]).unwrap();
    let Some((_, all)) = cdnow() else { return };
    for (id, amount) in (1..).zip([
        "24.65", "18.91", "35.17", "35.17", "35.17", "71.46", "18.91", "35.17", "27.28", "35.17",
    ]) {
        let (_, _, spend) = all.iter().find(|row| row.0 == id).unwrap();
        prints(amounts.expected_mean(spend).unwrap(), amount);
    }
}

#[test]
fn more_purchases_with_one_recency_mean_less_hope() {
    // "Increasing frequency paradox".
    let Some((data, _)) = cdnow() else { return };
    let model = ParetoNbd::fit(&data).unwrap().model;
    for (x, expected) in [(10, 0.705_967), (15, 0.144_188), (20, 0.022_499), (25, 0.003_092)] {
        // The published parameters are those of an optimiser that stops early.
        close(model.expected(&history(x, 20.0, 39.0), 52.0).unwrap(), expected, 1e-3);
    }
}

#[test]
fn customers_of_pareto_and_gamma_gamma_are_as_published() {
    let Some((_, all)) = cdnow() else { return };
    let model = ParetoNbd::of(CLVTOOLS_PARETO).unwrap();
    let amounts = GammaGamma::of(CLVTOOLS_GG).unwrap();
    let rate = 1.15_f64.ln() / 52.0;
    // P(alive), purchases in 39 weeks, DERT, amount, value.
    for (id, figures) in [
        (1, [0.869_165, 1.455_321, 6.502_228, 24.654_0, 160.306]),
        (6, [0.749_505, 3.712_523, 16.587_183, 71.464_6, 1185.397]),
        (157, [0.996_188, 19.596_826, 87.192_790, 26.394_3, 2301.390]),
        (1000, [0.791_528, 2.601_514, 11.316_234, 18.130_7, 205.171]),
        (1516, [0.997_874, 20.115_889, 86.280_661, 39.890_3, 3441.760]),
    ] {
        let (_, h, spend) = all.iter().find(|row| row.0 == id).unwrap();
        let dert = model.dert(h, rate).unwrap();
        let amount = amounts.expected_mean(spend).unwrap();
        let ours = [
            model.p_alive(h).unwrap(),
            model.expected(h, 39.0).unwrap(),
            dert,
            amount,
            worth(dert, amount, 1.0).unwrap(),
        ];
        for (value, figure) in ours.into_iter().zip(figures) {
            close(value, figure, 4e-6);
        }
    }
    let (_, h, _) = all.iter().find(|row| row.0 == 1516).unwrap();
    // By yet another one, which stops elsewhere.
    close(model.expected(h, 52.0).unwrap(), 25.454, 2e-4);
    close(model.p_alive(h).unwrap(), 0.997_873, 2e-6);
}

#[test]
fn twelve_months_are_worth_what_another_tool_says() {
    let (Some((data, all)), Some(rows)) = (cdnow(), rows("lifetimes_reference_customers.csv"))
    else {
        return;
    };
    let (bg, pareto) = (BgNbd::fit(&data).unwrap().model, ParetoNbd::fit(&data).unwrap().model);
    let spends: Vec<Spend> = all.iter().map(|row| row.2).collect();
    let amounts = GammaGamma::fit(&spends).unwrap().model;
    // Its months are 4.345 weeks, at 1 % each.
    let step = 4.345;
    let outlook = Outlook { horizon: 12.0 * step, step, rate: 1.01_f64.ln() / step };
    for row in &rows {
        let n: Vec<f64> = row.iter().map(|cell| number(cell)).collect();
        let h = history(n[1] as u32, n[2], n[3]);
        let mean = amounts.expected_mean(&Spend { x: h.x, mean: n[4] }).unwrap();
        // It was fitted to rounded numbers.
        for (model, at) in [(&bg as &dyn Purchasing, 5), (&pareto, 8)] {
            close(model.expected(&h, 39.0).unwrap(), n[at], 1e-3);
            close(model.expected(&h, 52.0).unwrap(), n[at + 1], 1e-3);
            close(model.p_alive(&h).unwrap(), n[at + 2], 1e-3);
            let (alive, ahead) = Scorer::new(model, outlook, false).score(&h).unwrap();
            let truth = if at == 5 { n[12] } else { n[13] };
            close(worth(alive * ahead.discounted, mean, 1.0).unwrap(), truth, 2e-3);
        }
    }
    let mut scorer = Scorer::new(&bg, outlook, false);
    let mut total = 0.0;
    for (_, h, spend) in &all {
        let (alive, ahead) = scorer.score(h).unwrap();
        total += alive * ahead.discounted * amounts.expected_mean(spend).unwrap();
    }
    close(total, 71_509.898, 1e-3);
}

#[test]
fn two_hundred_vectors_of_fifty_digits_are_met() {
    let Some(rows) = rows("bgnbd_vectors_mpmath_200.csv") else { return };
    assert_eq!(rows.len(), 200);
    let mut worst = (0.0_f64, 0.0_f64);
    for row in &rows {
        let n: Vec<f64> = row.iter().map(|cell| number(cell)).collect();
        let model = bg([n[0], n[1], n[2], n[3]]);
        let h = history(n[4] as u32, n[5], n[6]);
        let (expected, alive) = (model.expected(&h, n[7]).unwrap(), model.p_alive(&h).unwrap());
        close(expected, n[9], 1e-9);
        close(alive, n[10], 1e-9);
        worst.0 = worst.0.max((expected / n[9] - 1.0).abs());
        worst.1 = worst.1.max((alive / n[10] - 1.0).abs());
    }
    eprintln!("largest relative error: expected {:.1e}, alive {:.1e}", worst.0, worst.1);
    assert!(worst.0 < 1e-12 && worst.1 < 1e-12);
}

#[test]
fn cases_that_other_tools_answer_with_nan_or_infinity_have_numbers() {
    let nan = bg([0.24, 4.4, 0.3, 0.5]).expected(&history(0, 0.0, 10.0), 52.0);
    close(nan.unwrap(), 0.585_523_384_303, 1e-11);
    let infinite = bg([0.24, 4.4, 1.0, 2.5]).expected(&history(2, 30.0, 38.0), 52.0);
    close(infinite.unwrap(), 1.430_467_457_04, 1e-11);
}

#[test]
fn predictions_of_other_tools_are_met_with_their_own_parameters() {
    let (Some((_, all)), Some(rows)) = (cdnow(), rows("clvtools_cdnow_bgnbd_gg_predict.csv"))
    else {
        return;
    };
    assert_eq!((rows.len(), all.len()), (2357, 2357));
    let truth: std::collections::HashMap<u32, &Vec<String>> =
        rows.iter().map(|row| (row[0].parse().unwrap(), row)).collect();
    let model = bg(CLVTOOLS_BG);
    let amounts = GammaGamma::of(CLVTOOLS_GG).unwrap();
    for (id, h, spend) in &all {
        let row = truth[id];
        close(amounts.expected_mean(spend).unwrap(), number(&row[6]), 1e-10);
        close(model.expected(h, 39.0).unwrap(), number(&row[8]), 1e-10);
        close(model.p_alive(h).unwrap(), number(&row[9]), 1e-10);
        let value =
            worth(model.expected(h, 39.0).unwrap(), amounts.expected_mean(spend).unwrap(), 1.0);
        close(value.unwrap(), number(&row[7]), 1e-10);
    }
}

#[test]
fn donors_at_yearly_opportunities_are_fitted_as_published() {
    let (Some(rows), Some(text)) = (rows("donations.csv"), text("oracle.json")) else { return };
    let mut all = Vec::new();
    for row in &rows {
        let [x, tx, n, weight] = [0, 1, 2, 3].map(|at| number(&row[at]));
        all.extend(vec![history(x as u32, tx, n); weight as usize]);
    }
    assert_eq!(all.len(), 11_104);
    let data = Histories::new(&all).unwrap();
    let fit = BgBb::fit(&data).unwrap();
    assert!(fit.converged());
    let oracle: serde_json::Value = serde_json::from_str(&text).unwrap();
    let oracle = &oracle["bgbb_donations"];
    for (value, name) in fit.model.params().into_iter().zip(BgBb::NAMES) {
        close(value, oracle["params"][name].as_f64().unwrap(), 1e-5);
    }
    close(fit.log_likelihood, oracle["ll"].as_f64().unwrap(), 1e-10);
    let model = fit.model;
    let five_years: f64 =
        data.iter().map(|(h, weight)| weight * model.expected(&h, 5.0).unwrap()).sum();
    prints(five_years, "12884.2");
    let donors = all.len() as f64;
    prints(donors * model.pmf(0, 6.0).unwrap(), "3454.9");
    prints(donors * model.pmf(6, 6.0).unwrap(), "1253.1");
    for (h, alive) in [((0, 0.0), "0.11"), ((2, 4.0), "0.59"), ((6, 6.0), "0.93")] {
        prints(model.p_alive(&history(h.0, h.1, 6.0)).unwrap(), alive);
    }
}

#[test]
fn histories_that_cannot_have_happened_are_refused() {
    let model = bg([0.24, 4.4, 0.8, 2.4]);
    for (x, tx, t, reason) in [
        (2, 0.0, 10.0, Reason::RecencyZero),
        (0, 3.0, 10.0, Reason::RecencyWithoutRepeat),
        (2, 11.0, 10.0, Reason::RecencyAfterEnd),
        (2, f64::NAN, 10.0, Reason::BadHistory),
        (2, 3.0, f64::INFINITY, Reason::BadHistory),
        (2, -3.0, 10.0, Reason::BadHistory),
    ] {
        let h = history(x, tx, t);
        assert_eq!(model.p_alive(&h), Err(reason));
        assert_eq!(model.expected(&h, 5.0), Err(reason));
        assert_eq!(model.ln_likelihood(&h), Err(reason));
        assert_eq!(Histories::new(&[history(0, 0.0, 1.0), h]).unwrap_err(), (1, reason));
    }
    let h = history(1, 3.0, 10.0);
    assert_eq!(model.expected(&h, -1.0), Err(Reason::BadArgument));
    assert_eq!(model.dert(&h, f64::NAN), Err(Reason::BadArgument));
    assert_eq!(model.dert(&h, 0.0), Err(Reason::NoDiscount));
    let bb = BgBb::of([1.2, 0.7, 0.6, 2.7]).unwrap();
    assert_eq!(bb.p_alive(&history(4, 3.0, 6.0)), Err(Reason::MoreThanOpportunities));
    assert_eq!(bb.p_alive(&history(2, 2.5, 6.0)), Err(Reason::BadHistory));
    let gg = GammaGamma::of([6.0, 0.9, 15.0]).unwrap();
    assert_eq!(gg.population_mean(), Err(Reason::MeanInfinite));
}
