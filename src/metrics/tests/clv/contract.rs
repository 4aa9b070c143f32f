//! Survival of contracts.

use super::data::{close, prints, rows, text};
use crate::clv::{Bdw, Fit, Model, Reason, Sbg, Survival};

/// Percent surviving after years 0 to 12 (Fader and Hardie 2007).
const REGULAR: [f64; 13] =
    [100.0, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1, 22.3, 20.7, 19.4, 18.3, 17.3];
const HIGH_END: [f64; 13] =
    [100.0, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1, 46.8, 44.5, 42.7, 40.9, 39.4];

/// A thousand customers over the first seven years.
fn seven_years(percent: &[f64]) -> Survival {
    Survival::new(percent[..8].iter().map(|p| p * 10.0).collect()).unwrap()
}

#[track_caller]
fn fitted<M: Model<N>, const N: usize>(fit: &Fit<M, N>, truth: [f64; N], ln: f64) {
    assert!(fit.converged(), "{:?}", fit.failure);
    for (value, truth) in fit.model.params().into_iter().zip(truth) {
        close(value, truth, 1e-5);
    }
    close(fit.log_likelihood, ln, 1e-11);
    assert!(fit.standard_errors.unwrap().iter().all(|se| *se > 0.0 && se.is_finite()));
}

#[test]
fn published_cohorts_are_fitted_and_projected() {
    let regular = Sbg::fit(&seven_years(&REGULAR)).unwrap();
    fitted(&regular, [0.704_077, 1.182_043], -1_680.265_188_463);
    let high = Sbg::fit(&seven_years(&HIGH_END)).unwrap();
    fitted(&high, [0.668_088, 3.806_095], -1_611.158_147_391);
    for (model, years) in [
        (regular.model, ["22.0085", "20.4411", "19.1190", "17.9865", "17.0037"]),
        (high.model, ["46.0440", "43.5780", "41.4172", "39.5055", "37.7999"]),
    ] {
        for (year, percent) in (8..).zip(years) {
            prints(100.0 * model.survival(year), percent);
        }
    }
    prints(high.model.derl(7, 0.1).unwrap(), "7.529628");
    let bdw = Bdw::fit(&seven_years(&HIGH_END)).unwrap();
    fitted(&bdw, [0.214_253_4, 1.426_575, 1.723_564_7], -1_605.314_213_214);
    prints(100.0 * bdw.model.survival(12), "40.3930");
}

#[test]
fn every_figure_of_the_oracle_is_met() {
    let (Some(text), Some(rows)) = (text("oracle.json"), rows("sbg_fader_hardie_2007.csv")) else {
        return;
    };
    let oracle: serde_json::Value = serde_json::from_str(&text).unwrap();
    let figure = |key: &str, name: &str| oracle[key]["params"][name].as_f64().unwrap();
    for (column, name) in [(1, "regular"), (2, "high_end")] {
        let percent: Vec<f64> = rows.iter().map(|row| row[column].parse().unwrap()).collect();
        let data = seven_years(&percent);
        let (sbg, bdw) = (format!("sbg_{name}"), format!("bdw_{name}"));
        let fit = Sbg::fit(&data).unwrap();
        let truth = [figure(&sbg, "alpha"), figure(&sbg, "beta")];
        fitted(&fit, truth, oracle[&sbg]["ll_per1000"].as_f64().unwrap());
        let three = Bdw::fit(&data).unwrap();
        let truth = [figure(&bdw, "alpha"), figure(&bdw, "beta"), figure(&bdw, "c")];
        fitted(&three, truth, oracle[&bdw]["ll_per1000"].as_f64().unwrap());
        for year in 0..13 {
            let at = |key: &str| oracle[key]["survival_0_12"][year as usize].as_f64().unwrap();
            close(100.0 * fit.model.survival(year), at(&sbg), 1e-5);
            close(100.0 * three.model.survival(year), at(&bdw), 1e-5);
        }
        let derl = oracle[&sbg]["derl_d10pct_after_n_renewals"].as_array().unwrap();
        for (renewals, truth) in (0..).zip(derl) {
            close(fit.model.derl(renewals, 0.1).unwrap(), truth.as_f64().unwrap(), 1e-6);
        }
    }
}

#[test]
fn the_weibull_with_exponent_one_is_the_geometric() {
    for (alpha, beta) in [(0.7, 1.2), (1.0, 1.0), (3e-3, 40.0), (900.0, 20_000.0), (25.0, 0.01)] {
        let sbg = Sbg::of([alpha, beta]).unwrap();
        let bdw = Bdw::of([alpha, beta, 1.0]).unwrap();
        for (renewals, discount) in [(0, 0.1), (7, 0.1), (300, 0.5), (3, 0.01)] {
            close(bdw.survival(renewals), sbg.survival(renewals), 1e-12);
            close(bdw.retention(renewals + 1), sbg.retention(renewals + 1), 1e-12);
            let (sum, integral) = (bdw.derl(renewals, discount), sbg.derl(renewals, discount));
            close(sum.unwrap(), integral.unwrap(), 1e-10);
        }
    }
}

#[test]
fn survival_is_the_product_of_retention() {
    let model = Bdw::of([0.2, 1.4, 1.7]).unwrap();
    let mut kept = 1.0;
    for t in 1..60 {
        kept *= model.retention(t);
        close(model.survival(t), kept, 1e-12);
    }
}

#[test]
fn what_cannot_be_fitted_says_why() {
    let new = |s: &[f64]| Survival::new(s.to_vec());
    assert_eq!(new(&[]), Err(Reason::NoData));
    assert_eq!(new(&[100.0]), Err(Reason::NoData));
    assert_eq!(new(&[0.0, 0.0]), Err(Reason::NoData));
    assert_eq!(new(&[100.0, 101.0]), Err(Reason::BadHistory));
    assert_eq!(new(&[100.0, f64::NAN]), Err(Reason::BadHistory));
    assert_eq!(new(&[100.0, -1.0]), Err(Reason::BadHistory));
    let nobody_left = new(&[100.0; 5]).unwrap();
    assert_eq!(Sbg::fit(&nobody_left).unwrap_err(), Reason::NoMaximum);
    let short = new(&[100.0, 60.0]).unwrap();
    assert_eq!(Sbg::fit(&short).unwrap_err(), Reason::NotIdentified);
    // One and the same chance to leave for all, at every renewal: no variety to be fitted.
    let same: Vec<f64> = (0..9).map(|t| 1000.0 * 0.8_f64.powi(t)).collect();
    let fit = Sbg::fit(&Survival::new(same).unwrap()).unwrap();
    assert!(!fit.converged());
    assert!(fit.log_likelihood.is_finite());
    assert_eq!(Sbg::of([0.0, 1.0]), Err(Reason::BadParameter));
    assert_eq!(Sbg::of([f64::NAN, 1.0]), Err(Reason::BadParameter));
    let model = Sbg::of([0.7, 1.2]).unwrap();
    assert_eq!(model.derl(0, 0.0), Err(Reason::NoDiscount));
    assert_eq!(model.derl(0, -0.1), Err(Reason::BadArgument));
    close(Sbg::of([3.0, 1.0]).unwrap().derl(0, 0.0).unwrap(), 0.5, 1e-15);
}
