//! `c360 metrics retention`: a survival table in, a fitted model and its projection out.
//!
//! Owns reading survivors by period and the shape of the answer. With `--json` the keys are:
//! `model`; `params` and `standard_errors` by name; `log_likelihood`; `n` (customers at the start);
//! `data_hash`; `converged` with `failure` (`code`, `message`) when not; `fitted_periods`; `periods`, a
//! list of `period`, `observed` and `survival` (shares of the start), `retention` (of those left one
//! period before) and `derl` (see `--discount`; null with `derl_null_reason`). Keys that rest on a fit are
//! null when it did not converge. Refuses tables in which customers come back: that is no contract.

use super::columns::{Map, Role, cell, number};
use crate::cli::table::Table;
use crate::cli::{Done, Failure, Json, Outcome, output};
use clap::{Args, ValueEnum};
use csv::ByteRecord;
use metrics::clv::{Bdw, Fit, Model, Reason, Sbg, Survival};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

pub const AFTER_HELP: &str = "Columns: period (0, 1, 2, ... from the start) and survivors (how many, or which share or percentage,
were still customers), recognised by usual names or mapped. With shares, say of how many customers
with --customers: the fit needs to know.

Examples:
  c360 metrics retention --survival cohort.csv --model sbg
  c360 metrics retention --survival years.csv --model bdw --map period=year,survivors=high_end_pct \\
      --customers 1000 --fit-periods 7 --project 12 --json
  c360 metrics retention --survival cohort.csv --model sbg --params alpha=0.668,beta=3.806";

/// Periods of a projection at most.
const MAX_PERIODS: u32 = 100_000;

const PERIOD: Role = Role {
    name: "period",
    usual: &["period", "year", "month", "quarter", "renewal", "renewals", "tenure", "t"],
};
const SURVIVORS: Role = Role {
    name: "survivors",
    usual: &[
        "survivors",
        "customers",
        "active",
        "remaining",
        "retained",
        "survival",
        "survived",
        "n",
    ],
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ModelName {
    /// Shifted beta-geometric: each customer's chance to leave stays the same.
    Sbg,
    /// Beta-discrete-Weibull: it changes with tenure.
    Bdw,
}

#[derive(Debug, Args)]
pub struct RetentionArgs {
    /// The table: CSV with a header, plain or gzipped.
    #[arg(long, value_name = "FILE")]
    survival: PathBuf,
    /// The model.
    #[arg(long, value_enum, default_value = "sbg")]
    model: ModelName,
    /// Customers at the start; survivors are then shares of the first row's number.
    #[arg(long, value_name = "NUMBER")]
    customers: Option<f64>,
    /// Fit only the first periods, to hold the projection to the others.
    #[arg(long, value_name = "PERIODS")]
    fit_periods: Option<u32>,
    /// Project up to this period; the last of the table unless given.
    #[arg(long, value_name = "PERIOD")]
    project: Option<u32>,
    /// Discount rate per period for the expected residual lifetime (DERL).
    #[arg(long, default_value_t = 0.1)]
    discount: f64,
    /// Parameters to use instead of fitting.
    #[arg(long, value_name = "NAME=NUMBER,...", value_delimiter = ',')]
    params: Vec<String>,
    /// What columns hold, where it is not recognised: period, survivors.
    #[arg(long, value_name = "ROLE=COLUMN,...", value_delimiter = ',')]
    map: Vec<String>,
    #[command(flatten)]
    json: Json,
}

/// Why a fit gives no numbers.
#[derive(Debug, Serialize)]
pub struct Refusal {
    pub code: Reason,
    pub message: &'static str,
}

impl From<Reason> for Refusal {
    fn from(code: Reason) -> Self {
        Self { code, message: code.message() }
    }
}

#[derive(Debug, Serialize)]
struct Period {
    period: u32,
    observed: Option<f64>,
    survival: Option<f64>,
    retention: Option<f64>,
    derl: Option<f64>,
    derl_null_reason: Option<Reason>,
}

#[derive(Debug, Serialize)]
struct Answer {
    model: &'static str,
    params: BTreeMap<&'static str, f64>,
    standard_errors: Option<BTreeMap<&'static str, f64>>,
    log_likelihood: Option<f64>,
    n: f64,
    data_hash: Option<String>,
    converged: Option<bool>,
    failure: Option<Refusal>,
    fitted_periods: Option<usize>,
    discount: f64,
    periods: Vec<Period>,
}

/// The values of a model at one period: survival, retention, DERL.
type Projection = Box<dyn Fn(u32) -> (f64, f64, Result<f64, Reason>)>;

fn failed(reason: Reason) -> Failure {
    Failure::Failed(anyhow::Error::new(reason).context("the survival table cannot be used"))
}

/// Survivors by period, in order from period 0.
fn read(args: &RetentionArgs) -> Result<Vec<f64>, Failure> {
    let map = Map::parse(&args.map, &[PERIOD, SURVIVORS])?;
    let mut table = Table::open(&args.survival)?;
    let period = map.get(&table.headers, &PERIOD)?;
    let survivors = map.get(&table.headers, &SURVIVORS)?;
    let mut row = ByteRecord::new();
    let mut by_period = BTreeMap::new();
    while table.next(&mut row)? {
        let line = super::columns::line(&row);
        let Ok(at) = cell(&row, period).parse::<u32>() else {
            return Err(Failure::Failed(anyhow::anyhow!(
                "line {line}: the period is not a whole number from 0 up"
            )));
        };
        if by_period.insert(at, number(&table, &row, survivors)?).is_some() {
            return Err(Failure::Failed(anyhow::anyhow!(
                "line {line}: period {at} is there twice"
            )));
        }
    }
    for (expected, at) in (0..).zip(by_period.keys()) {
        if *at != expected {
            return Err(Failure::Failed(anyhow::anyhow!(
                "period {expected} is missing: every period from 0 on needs a row, the first with the \
                 customers at the start"
            )));
        }
    }
    let mut counts: Vec<f64> = by_period.into_values().collect();
    if let Some(customers) = args.customers {
        if !(customers > 0.0 && customers.is_finite()) {
            return Err(Failure::Usage("--customers must be above 0".to_owned()));
        }
        let first = counts.first().copied().unwrap_or_default();
        if first > 0.0 {
            counts.iter_mut().for_each(|count| *count *= customers / first);
        }
    }
    Ok(counts)
}

fn answer<M, const N: usize>(
    args: &RetentionArgs,
    counts: &[f64],
    fit: impl Fn(&Survival) -> Result<Fit<M, N>, Reason>,
    project: impl Fn(M) -> Projection,
) -> Result<Answer, Failure>
where
    M: Model<N>,
{
    let data = Survival::new(counts.to_vec()).map_err(failed)?;
    let named = |values: [f64; N]| M::NAMES.into_iter().zip(values).collect::<BTreeMap<_, _>>();
    let given = super::columns::params::<N>(&args.params, M::NAMES)?;
    let mut answer = Answer {
        model: M::NAME,
        params: BTreeMap::new(),
        standard_errors: None,
        log_likelihood: None,
        n: data.survivors().first().copied().unwrap_or_default(),
        data_hash: None,
        converged: None,
        failure: None,
        fitted_periods: None,
        discount: args.discount,
        periods: Vec::new(),
    };
    let model = if let Some(given) = given {
        let model = M::of(given).map_err(|reason| Failure::Usage(format!("--params: {reason}")))?;
        answer.params = named(given);
        Some(model)
    } else {
        let periods = args.fit_periods.map_or(counts.len(), |n| n as usize + 1);
        let fitted = counts.get(..periods).ok_or_else(|| {
            Failure::Usage(format!(
                "--fit-periods: the table has only {} periods after the start",
                counts.len().saturating_sub(1)
            ))
        })?;
        let fit = Survival::new(fitted.to_vec()).and_then(|data| fit(&data)).map_err(failed)?;
        answer.params = named(fit.model.params());
        answer.standard_errors = fit.standard_errors.map(named);
        answer.log_likelihood = Some(fit.log_likelihood);
        answer.converged = Some(fit.converged());
        answer.failure = fit.failure.map(Refusal::from);
        answer.fitted_periods = Some(fitted.len() - 1);
        answer.data_hash = Some(fit.data_hash.clone());
        fit.converged().then_some(fit.model)
    };
    let last = args.project.unwrap_or(u32::try_from(counts.len() - 1).unwrap_or(MAX_PERIODS));
    if last > MAX_PERIODS {
        return Err(Failure::Usage(format!("--project: {MAX_PERIODS} periods at most")));
    }
    let projection = model.map(project);
    for period in 0..=last {
        let observed = counts.get(period as usize).map(|count| count / answer.n);
        let (survival, retention, derl) = match &projection {
            Some(at) => {
                let (survival, retention, derl) = at(period);
                (Some(survival), (period > 0).then_some(retention), derl)
            }
            None => (None, None, Err(Reason::NotConverged)),
        };
        let derl_null_reason = derl.err();
        let derl = derl.ok();
        answer.periods.push(Period {
            period,
            observed,
            survival,
            retention,
            derl,
            derl_null_reason,
        });
    }
    Ok(answer)
}

pub fn run(args: &RetentionArgs) -> Outcome {
    let discount = args.discount;
    if !(discount >= 0.0 && discount.is_finite()) {
        return Err(Failure::Usage("--discount must not be negative".to_owned()));
    }
    let counts = read(args)?;
    let answer = match args.model {
        ModelName::Sbg => answer(args, &counts, Sbg::fit, |m: Sbg| {
            Box::new(move |t| (m.survival(t), m.retention(t), m.derl(t, discount)))
        }),
        ModelName::Bdw => answer(args, &counts, Bdw::fit, |m: Bdw| {
            Box::new(move |t| (m.survival(t), m.retention(t), m.derl(t, discount)))
        }),
    }?;
    if args.json.json {
        output::say_json(&answer)?;
    } else {
        output::say(&text(&answer))?;
    }
    Ok(Done::Whole)
}

fn text(answer: &Answer) -> String {
    let mut out = format!("{} over {} customers\n", answer.model, answer.n);
    // Writing to a string cannot fail.
    for (name, value) in &answer.params {
        let _ = write!(out, "  {name:<8}{value:>14.6}");
        if let Some(se) = answer.standard_errors.as_ref().and_then(|se| se.get(name)) {
            let _ = write!(out, "  (standard error {se:.6})");
        }
        out.push('\n');
    }
    if let Some(ln) = answer.log_likelihood {
        let _ = writeln!(out, "  log-likelihood {ln:.6}");
    }
    if let Some(failure) = &answer.failure {
        let _ = writeln!(out, "not converged: {}", failure.message);
    }
    let _ = writeln!(
        out,
        "\n{:>7}{:>10}{:>10}{:>11}{:>9}",
        "period", "observed", "survival", "retention", "DERL"
    );
    let shown = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.4}"));
    for p in &answer.periods {
        let [observed, survival, retention, derl] =
            [p.observed, p.survival, p.retention, p.derl].map(shown);
        let _ =
            writeln!(out, "{:>7}{observed:>10}{survival:>10}{retention:>11}{derl:>9}", p.period);
    }
    out
}
