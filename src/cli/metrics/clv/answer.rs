//! The answer of `c360 metrics clv`, and what is said of each customer.

use super::input::Rejections;
use super::model::{Amounts, ModelReport, Purchases};
use metrics::clv::{
    Ahead, Correlation, Findings, GammaGamma, History, Holdout, Outlook, Purchasing, Reason, Spend,
    interval, worth,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What a customer is worth: expected purchases times expected amount. Estimates, in major units.
#[derive(Debug, Default, Serialize)]
pub struct Worth {
    /// Within the horizon, discounted.
    pub horizon_revenue: Option<f64>,
    /// In all the future, discounted: DERT times the amount.
    pub residual_revenue: Option<f64>,
    /// Times the margin; null without one.
    pub horizon_margin: Option<f64>,
    pub residual_margin: Option<f64>,
}

/// Bounds of what is expected, at the level asked for.
#[derive(Debug, Default, Serialize)]
pub struct Bounds {
    pub expected_transactions: Option<(f64, f64)>,
    pub horizon_revenue: Option<(f64, f64)>,
    pub residual_revenue: Option<(f64, f64)>,
}

#[derive(Debug, Default, Serialize)]
pub struct CustomerAnswer {
    pub customer: String,
    pub x: Option<u32>,
    pub t_x: Option<f64>,
    #[serde(rename = "T")]
    pub t: Option<f64>,
    /// What was paid so far, exactly; null for a table of histories.
    pub historic_revenue: Option<String>,
    /// The mean of the repeat purchases.
    pub mean_spend: Option<f64>,
    pub p_alive: Option<f64>,
    pub expected_transactions: Option<f64>,
    pub dert: Option<f64>,
    pub expected_spend: Option<f64>,
    pub clv: Worth,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Bounds>,
    /// Why a key above is null.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub null_reasons: BTreeMap<&'static str, Reason>,
}

impl CustomerAnswer {
    /// The number, or none with its reason noted.
    fn note(&mut self, key: &'static str, value: Result<f64, Reason>) -> Option<f64> {
        if let Err(reason) = value {
            self.null_reasons.insert(key, reason);
        }
        value.ok()
    }

    /// Fills in what is expected.
    pub fn expect(
        &mut self,
        score: Result<(f64, Ahead), Reason>,
        amount: Result<f64, Reason>,
        margin: Option<f64>,
    ) {
        let alive = score.map(|(alive, _)| alive);
        let ahead = |value: fn(&Ahead) -> Result<f64, Reason>| {
            score.and_then(|(alive, ahead)| Ok(alive * value(&ahead)?))
        };
        let discounted = ahead(|a| Ok(a.discounted));
        let dert = ahead(|a| a.residual);
        self.p_alive = self.note("p_alive", alive);
        self.expected_transactions = self.note("expected_transactions", ahead(|a| Ok(a.expected)));
        self.dert = self.note("dert", dert);
        self.expected_spend = self.note("expected_spend", amount);
        let revenue = |purchases: Result<f64, Reason>| worth(purchases?, amount?, 1.0);
        let (horizon, residual) = (revenue(discounted), revenue(dert));
        let net = |value: Result<f64, Reason>| match margin {
            Some(margin) => worth(value?, 1.0, margin),
            None => Err(Reason::NoMargin),
        };
        self.clv = Worth {
            horizon_revenue: self.note("horizon_revenue", horizon),
            residual_revenue: self.note("residual_revenue", residual),
            horizon_margin: self.note("horizon_margin", net(horizon)),
            residual_margin: self.note("residual_margin", net(residual)),
        };
    }

    /// Adds bounds by the delta method.
    pub fn bound(
        &mut self,
        level: f64,
        (purchases, amounts): (&Purchases, &Amounts),
        history: &History,
        spend: &Spend,
        outlook: &Outlook,
    ) {
        let o = *outlook;
        let ahead = |model: &dyn Purchasing| {
            let alive = model.p_alive(history)?;
            let discounted =
                model.ahead_if_alive(history.x, history.t, o.horizon, o.step, o.rate)?.1;
            Ok(alive * discounted)
        };
        let amount = (amounts.variance)(&|model: &GammaGamma| model.expected_mean(spend));
        let of = &purchases.variance;
        let around = |estimate: Option<f64>, variance: Result<f64, Reason>| {
            interval(estimate?, variance.ok()?, level).ok()
        };
        let expected = of(&|model| model.expected(history, o.horizon));
        let discounted = of(&ahead);
        let dert = of(&|model| model.dert(history, o.rate));
        // The two models are fitted apart: the variances of the logarithms add up.
        let both = |variance: Result<f64, Reason>| Ok(variance? + amount?);
        if let Some(reason) = expected.as_ref().err().or(amount.as_ref().err()) {
            self.null_reasons.insert("interval", *reason);
        }
        self.interval = Some(Bounds {
            expected_transactions: around(self.expected_transactions, expected),
            horizon_revenue: around(self.clv.horizon_revenue, both(discounted)),
            residual_revenue: around(self.clv.residual_revenue, both(dert)),
        });
    }
}

/// Sums over customers; of those only that have the number, and null when none has.
#[derive(Debug, Default, Serialize)]
pub struct Totals {
    pub customers: u64,
    pub scored: u64,
    pub expected_transactions: Option<f64>,
    pub horizon_revenue: Option<f64>,
    pub residual_revenue: Option<f64>,
}

impl Totals {
    pub fn add(&mut self, answer: &CustomerAnswer, weight: u32) {
        let n = f64::from(weight);
        self.customers += u64::from(weight);
        self.scored += if answer.p_alive.is_some() { u64::from(weight) } else { 0 };
        let add = |sum: &mut Option<f64>, value: Option<f64>| {
            if let Some(value) = value {
                *sum = Some(sum.unwrap_or_default() + n * value);
            }
        };
        add(&mut self.expected_transactions, answer.expected_transactions);
        add(&mut self.horizon_revenue, answer.clv.horizon_revenue);
        add(&mut self.residual_revenue, answer.clv.residual_revenue);
    }
}

#[derive(Debug, Serialize)]
pub struct SpendReport {
    #[serde(flatten)]
    pub report: ModelReport,
    pub population_mean: Option<f64>,
    pub correlation: Correlation,
}

/// Lengths in the unit of time, rates per unit.
#[derive(Debug, Serialize)]
pub struct Assumptions {
    pub time_unit: &'static str,
    pub horizon: f64,
    pub discount_step: f64,
    /// Continuous.
    pub discount_rate: f64,
    pub margin: Option<f64>,
    pub interval_level: Option<f64>,
    pub currency: String,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    #[serde(flatten)]
    pub report: ModelReport,
    pub model_reason: String,
    pub calibration_end: Option<String>,
    pub observed_until: Option<String>,
    pub assumptions: Assumptions,
    pub spend: SpendReport,
    /// Expected repeat purchases of a new customer within the horizon.
    pub expected_of_new_customer: Option<f64>,
    pub findings: Option<Findings>,
    pub rejected: Rejections,
    pub holdout: Option<Holdout>,
    pub totals: Totals,
    pub customers: Vec<CustomerAnswer>,
}

fn params(out: &mut String, report: &ModelReport) {
    let _ = write!(out, "{}", report.model);
    if let Some(n) = report.n {
        let _ = write!(out, " over {n} customers");
    }
    out.push('\n');
    for (name, value) in report.params.iter().flatten() {
        let _ = write!(out, "  {name:<8}{value:>14.6}");
        if let Some(se) = report.standard_errors.as_ref().and_then(|se| se.get(name)) {
            let _ = write!(out, "  (standard error {se:.6})");
        }
        out.push('\n');
    }
    if let Some(ln) = report.log_likelihood {
        let _ = writeln!(out, "  log-likelihood {ln:.6}");
    }
    if let Some(failure) = &report.failure {
        let _ = writeln!(out, "  no numbers: {}", failure.message);
    }
}

/// The answer to be read; customers are left to `--json`.
pub fn text(answer: &Answer) -> String {
    // Writing to a string cannot fail.
    let mut out = String::new();
    params(&mut out, &answer.report);
    let _ = writeln!(out, "  chosen because {}", answer.model_reason);
    params(&mut out, &answer.spend.report);
    if answer.spend.correlation.doubtful {
        let _ = writeln!(
            out,
            "  doubtful: those who buy often do not spend as others do (correlation {:.2})",
            answer.spend.correlation.coefficient.unwrap_or_default()
        );
    }
    for (reason, rejected) in &answer.rejected {
        let _ = writeln!(
            out,
            "left out: {} rows, {reason}, the first on line {}",
            rejected.rows,
            rejected.lines.first().copied().unwrap_or_default()
        );
    }
    if let Some(f) = answer.findings.as_ref().filter(|f| f.refunds_unmatched > 0) {
        let _ = writeln!(out, "{} refunds found too little to be taken off", f.refunds_unmatched);
    }
    if let Some(holdout) = &answer.holdout {
        let _ = writeln!(
            out,
            "\nhold-out: {} purchases, {:.1} expected\n{:>5}{:>10}{:>10}{:>12}",
            holdout.actual, holdout.expected, "x", "customers", "actual", "expected"
        );
        for bin in &holdout.bins {
            let x = format!("{}{}", bin.x, if bin.or_more { "+" } else { "" });
            let _ = writeln!(out, "{x:>5}{:>10}{:>10}{:>12.1}", bin.n, bin.actual, bin.expected);
        }
    }
    let (a, t) = (&answer.assumptions, &answer.totals);
    let _ = writeln!(
        out,
        "\nnext {:.2} {}s, {} of {} customers",
        a.horizon, a.time_unit, t.scored, t.customers
    );
    for (what, sum, unit) in [
        ("purchases", t.expected_transactions, ""),
        ("revenue, discounted", t.horizon_revenue, a.currency.as_str()),
        ("revenue of all the future, discounted", t.residual_revenue, a.currency.as_str()),
    ] {
        let sum = sum.map_or_else(|| "unknown".to_owned(), |sum| format!("{sum:.2} {unit}"));
        let _ = writeln!(out, "  {what}: {}", sum.trim_end());
    }
    out.push_str("--json lists every customer\n");
    out
}
