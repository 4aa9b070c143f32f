//! `c360 metrics clv`: purchases or histories in, a fitted model and every customer's prospects out.
//!
//! Owns the order of the steps. With `--json` the keys are: `model`, `params`, `standard_errors`,
//! `log_likelihood`, `n`, `data_hash`, `converged`, `failure` (`code`, `message`), `model_reason`;
//! `calibration_end`, `observed_until`; `assumptions` (`time_unit`, `horizon`, `discount_step`,
//! `discount_rate`, `margin`, `interval_level`, `currency`); `spend`, the model of amounts with the same keys
//! and `population_mean`, `correlation`; `expected_of_new_customer`; `findings` and `rejected`, what was
//! found in the table; `holdout` (`n`, `actual`, `expected`, errors, `bins`) when the calibration ends
//! before the observation; `totals`; `customers`, a list of `customer`, `x`, `t_x`, `T`,
//! `historic_revenue`, `mean_spend`, `p_alive`, `expected_transactions`, `dert`, `expected_spend`, `clv`
//! (`horizon_revenue`, `residual_revenue`, `horizon_margin`, `residual_margin`), `interval`,
//! `null_reasons` by key. Amounts are in major units; estimates are numbers, `historic_revenue` is exact
//! and text. Refuses to write NaN or infinity: what is not a number is null with its reason.

mod answer;
mod args;
mod input;
mod model;
#[cfg(test)]
mod tests;

pub use args::{AFTER_HELP, ClvArgs};

use crate::cli::{Done, Failure, Outcome, output};
use answer::{Answer, Assumptions, CustomerAnswer, SpendReport, Totals};
use args::ModelName;
use domain::{Currency, Money};
use input::SummaryRow;
use metrics::clv::{
    self, Histories, History, Outlook, Reason, Relation, Scorer, Spend, Summary, Timing,
};
use model::{Amounts, Purchases};

/// Days of the longest opportunity.
const LONGEST: i32 = 366;

fn answer(args: &ClvArgs) -> Result<Answer, Failure> {
    args.check()?;
    match (&args.transactions, &args.summary) {
        (Some(path), _) => of_transactions(args, input::transactions(args, path)?),
        (None, Some(path)) => of_summary(args, path),
        (None, None) => Err(Failure::Usage("--transactions or --summary is needed".to_owned())),
    }
}

pub fn run(args: &ClvArgs) -> Outcome {
    let answer = answer(args)?;
    if args.json.json {
        output::say_json(&answer)?;
    } else {
        output::say(&answer::text(&answer))?;
    }
    Ok(Done::Whole)
}

/// What holds for all customers of one answer.
struct Setting<'a> {
    args: &'a ClvArgs,
    outlook: Outlook,
    unit_name: &'static str,
}

impl<'a> Setting<'a> {
    /// With `gap`, opportunities of so many days.
    fn new(args: &'a ClvArgs, discrete: bool, gap: Option<i32>) -> Result<Self, Failure> {
        let unit = gap.map_or_else(|| args.unit_days(discrete), f64::from);
        let step = ClvArgs::length("--discount-step", &args.discount_step, unit)?;
        let outlook = Outlook {
            horizon: ClvArgs::length("--horizon", &args.horizon, unit)?,
            // Nothing happens within an opportunity.
            step: if discrete { step.max(1.0) } else { step },
            rate: args.rate(unit),
        };
        if outlook.step <= 0.0 {
            return Err(Failure::Usage("--discount-step must be above 0".to_owned()));
        }
        let unit = if discrete { args.opportunity } else { args.time_unit };
        let unit_name = if gap.is_some() { "opportunity" } else { unit.name() };
        Ok(Self { args, outlook, unit_name })
    }

    fn assumptions(&self) -> Assumptions {
        Assumptions {
            time_unit: self.unit_name,
            horizon: self.outlook.horizon,
            discount_step: self.outlook.step,
            discount_rate: self.outlook.rate,
            margin: self.args.margin,
            interval_level: self.args.interval,
            currency: self.args.currency.clone(),
        }
    }
}

/// Expectations of many customers, with both models.
struct Valuer<'a> {
    setting: &'a Setting<'a>,
    models: (&'a Purchases, &'a Amounts),
    scorer: Result<Scorer<'a>, Reason>,
}

impl<'a> Valuer<'a> {
    fn new(setting: &'a Setting<'a>, purchases: &'a Purchases, amounts: &'a Amounts) -> Self {
        let scorer = match &purchases.model {
            Ok(model) => Ok(Scorer::new(model.as_ref(), setting.outlook, true)),
            Err(reason) => Err(*reason),
        };
        Self { setting, models: (purchases, amounts), scorer }
    }

    fn value(&mut self, answer: &mut CustomerAnswer, history: &History, spend: Option<Spend>) {
        describe(answer, history, spend);
        let score = match &mut self.scorer {
            Ok(scorer) => scorer.score(history),
            Err(reason) => Err(*reason),
        };
        let amounts = self.models.1;
        let amount = match (spend, &amounts.model) {
            (Some(spend), Ok(model)) => model.expected_mean(&spend),
            (None, _) => Err(Reason::NoSpend),
            (_, Err(reason)) => Err(*reason),
        };
        answer.expect(score, amount, self.setting.args.margin);
        if let Some(level) = self.setting.args.interval {
            let spend = spend.unwrap_or(Spend { x: 0, mean: 0.0 });
            answer.bound(level, self.models, history, &spend, &self.setting.outlook);
        }
    }
}

fn describe(answer: &mut CustomerAnswer, history: &History, spend: Option<Spend>) {
    answer.x = Some(history.x);
    answer.t_x = Some(history.tx);
    answer.t = Some(history.t);
    answer.mean_spend = spend.map(|spend| spend.mean);
}

fn of_transactions(args: &ClvArgs, data: input::Transactions) -> Result<Answer, Failure> {
    let mut model = args.model;
    let mut why = None;
    let gap = if model == ModelName::Auto { clv::common_gap(&data.calibration) } else { None };
    if let Some(days) = gap {
        model = ModelName::BgBb;
        let (_, reason) = clv::models(Relation::Discrete);
        why = Some(format!("{reason}: every gap between purchases is a multiple of {days} days"));
    }
    let discrete = model == ModelName::BgBb;
    let setting = Setting::new(args, discrete, gap)?;
    let number = |day: i32| match gap {
        Some(days) => i64::from(day).div_euclid(i64::from(days)),
        None => input::opportunity(args.opportunity, day),
    };
    let timing = if discrete {
        Timing::Discrete(&number)
    } else {
        Timing::Continuous(args.time_unit.days())
    };
    // In discrete time only whole opportunities count: back to the last day that ends one.
    let whole = |day: i32| {
        let ends = |day: &i32| !discrete || number(day.saturating_add(1)) != number(*day);
        (day.saturating_sub(LONGEST)..=day).rev().find(ends).unwrap_or(day)
    };
    let (end, until) = (whole(data.calibration_end), whole(data.observed_until));
    let currency = Currency::parse(&args.currency);
    let major = 10_f64.powi(currency.map_or(2, |currency| i32::from(currency.exponent())));
    let summaries: Vec<Summary> = data
        .calibration
        .iter()
        .filter_map(|purchases| purchases.summary(end, timing))
        .map(|mut summary| {
            summary.spend.mean /= major;
            summary
        })
        .collect();
    let histories: Vec<History> = summaries.iter().map(|summary| summary.history).collect();
    let spends: Vec<Spend> = summaries.iter().map(|summary| summary.spend).collect();
    let aggregated = Histories::new(&histories).map_err(|(_, reason)| Failure::from(reason))?;
    let (purchases, reason) = model::purchases(args, model, &aggregated)?;
    let amounts = model::amounts(args, &spends)?;
    let holdout = match &purchases.model {
        Ok(model) if end < until && data.calibration_end < data.observed_until => {
            let after = days_after(&data.all, end, until, timing);
            let span = span(end, until, timing);
            let expected = |s: &Summary| model.expected(&s.history, span).ok();
            let compared = summaries.iter().filter_map(|s| {
                let actual = after.get(&s.customer).copied().unwrap_or_default();
                Some((s.history.x, expected(s)?, actual))
            });
            Some(clv::holdout(compared))
        }
        _ => None,
    };
    let mut valuer = Valuer::new(&setting, &purchases, &amounts);
    let (mut totals, mut customers) = (Totals::default(), Vec::with_capacity(summaries.len()));
    for summary in &summaries {
        let mut answer = CustomerAnswer {
            customer: data.names.get(summary.customer as usize).cloned().unwrap_or_default(),
            historic_revenue: currency
                .map(|c| Money::from_minor(summary.historic_minor, c).to_major_string()),
            ..CustomerAnswer::default()
        };
        valuer.value(&mut answer, &summary.history, Some(summary.spend));
        totals.add(&answer, 1);
        customers.push(answer);
    }
    for late in data.calibration.iter().filter(|p| p.summary(end, timing).is_none()) {
        let mut answer = CustomerAnswer {
            customer: data.names.get(late.customer as usize).cloned().unwrap_or_default(),
            ..CustomerAnswer::default()
        };
        let reason = Reason::NotYetObserved;
        answer.expect(Err(reason), Err(reason), args.margin);
        totals.add(&answer, 1);
        customers.push(answer);
    }
    let date = |day: i32| input::date_of(day).map(|date| date.to_string());
    Ok(Answer {
        expected_of_new_customer: new_customer(&purchases, &setting),
        model_reason: why.unwrap_or(reason),
        calibration_end: date(end),
        observed_until: date(until),
        assumptions: setting.assumptions(),
        spend: spend_report(amounts),
        findings: Some(data.findings),
        rejected: data.rejections,
        holdout,
        totals,
        customers,
        report: purchases.report,
    })
}

/// Purchases of each customer after the end of the calibration.
fn days_after(
    all: &[clv::Purchases],
    end: i32,
    until: i32,
    timing: Timing<'_>,
) -> std::collections::HashMap<u32, u32> {
    all.iter()
        .map(|purchases| (purchases.customer, purchases.between(end, until, timing)))
        .collect()
}

/// The length of the hold-out period.
fn span(end: i32, until: i32, timing: Timing<'_>) -> f64 {
    match timing {
        Timing::Continuous(unit) => f64::from(until - end) / unit,
        #[allow(clippy::cast_precision_loss, reason = "numbers of opportunities are small")]
        Timing::Discrete(number) => (number(until) - number(end)) as f64,
    }
}

fn new_customer(purchases: &Purchases, setting: &Setting<'_>) -> Option<f64> {
    purchases.model.as_ref().ok()?.population_mean(setting.outlook.horizon).ok()
}

fn spend_report(amounts: Amounts) -> SpendReport {
    SpendReport {
        population_mean: amounts.model.ok().and_then(|model| model.population_mean().ok()),
        report: amounts.report,
        correlation: amounts.correlation,
    }
}

fn of_summary(args: &ClvArgs, path: &std::path::Path) -> Result<Answer, Failure> {
    let by_row = args.params.iter().any(|entry| entry == "columns");
    let discrete = args.model == ModelName::BgBb;
    let setting = Setting::new(args, discrete, None)?;
    let (name, names) = model::names(args.model);
    let rows = input::summary(args, path, by_row.then_some(names))?;
    let of = |row: &SummaryRow| row.history.ok().map(|history| (history, row.weight));
    let counts: Vec<(History, u32)> = rows.iter().filter_map(of).collect();
    let spends: Vec<Spend> = rows
        .iter()
        .filter(|row| row.history.is_ok())
        .flat_map(|row| row.spend.map(|spend| std::iter::repeat_n(spend, row.weight as usize)))
        .flatten()
        .collect();
    let amounts = model::amounts(args, &spends)?;
    let (purchases, reason) = if by_row {
        let report = model::ModelReport { model: name, ..model::ModelReport::default() };
        let purchases = Purchases {
            report,
            model: Err(Reason::BadParameter),
            variance: Box::new(model::unknown),
        };
        (purchases, "each row brings its own parameters".to_owned())
    } else {
        let aggregated =
            Histories::of_counts(&counts).map_err(|(_, reason)| Failure::from(reason))?;
        model::purchases(args, args.model, &aggregated)?
    };
    let mut valuer = Valuer::new(&setting, &purchases, &amounts);
    let (mut totals, mut customers) = (Totals::default(), Vec::with_capacity(rows.len()));
    for row in &rows {
        let mut answer =
            CustomerAnswer { customer: row.customer.clone(), ..CustomerAnswer::default() };
        match (row.history, row.params) {
            (Err(reason), _) => answer.expect(Err(reason), Err(reason), args.margin),
            (Ok(history), None) => valuer.value(&mut answer, &history, row.spend),
            (Ok(history), Some(params)) => {
                let horizon = row.horizon.unwrap_or(setting.outlook.horizon);
                let outlook = Outlook { horizon, ..setting.outlook };
                let score = model::by_row(args.model, params)
                    .and_then(|model| Scorer::new(model.as_ref(), outlook, true).score(&history));
                describe(&mut answer, &history, row.spend);
                let amount = match (row.spend, &amounts.model) {
                    (Some(spend), Ok(model)) => model.expected_mean(&spend),
                    (None, _) => Err(Reason::NoSpend),
                    (_, Err(reason)) => Err(*reason),
                };
                answer.expect(score, amount, args.margin);
            }
        }
        totals.add(&answer, row.weight);
        customers.push(answer);
    }
    Ok(Answer {
        expected_of_new_customer: new_customer(&purchases, &setting),
        model_reason: reason,
        calibration_end: None,
        observed_until: None,
        assumptions: setting.assumptions(),
        spend: spend_report(amounts),
        findings: None,
        rejected: input::rejected(&rows),
        holdout: None,
        totals,
        customers,
        report: purchases.report,
    })
}
