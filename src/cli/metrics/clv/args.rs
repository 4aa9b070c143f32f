//! The arguments of `c360 metrics clv`, and what they mean in days and rates.

use crate::cli::{Failure, Json};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

pub const AFTER_HELP: &str = "Columns, recognised by usual names or mapped with --map ROLE=COLUMN,...:
  --transactions  customer, date, amount and perhaps order. One row per purchase; negative amounts are
                  refunds, taken off the order they name, else off the customer's latest purchases
                  before. Purchases of one day count as one.
  --summary       x (repeat purchases), t_x (time of the last since the first), T (time since the first),
                  and perhaps customer, spend (mean amount of repeat purchases), weight (customers that
                  the row stands for). With --params columns the parameters too, and perhaps horizon.

Examples:
  c360 metrics clv --transactions orders.csv --model auto --json
  c360 metrics clv --transactions orders.csv --model bg-nbd --calibration-end 1997-09-30 --horizon 39w
  c360 metrics clv --summary rfm.csv --model pareto-nbd --params r=0.55,alpha=10.6,s=0.61,beta=11.7
  c360 metrics clv --transactions gifts.csv --model bg-bb --opportunity year --horizon 5y --margin 0.4

P(alive) and expected purchases are estimates; nothing is given as a number that is not one: it is
null, with a reason.";

/// Days of a year and of a month, on average.
const YEAR: f64 = 365.25;
const MONTH: f64 = YEAR / 12.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ModelName {
    /// The likelier of pareto-nbd and mbg-nbd; bg-bb if purchases stand at set intervals.
    Auto,
    /// Leaving after a purchase, never after the first.
    BgNbd,
    /// Leaving after a purchase, also after the first.
    MbgNbd,
    /// Leaving at any moment.
    ParetoNbd,
    /// Purchases at set opportunities only.
    BgBb,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Unit {
    /// A day.
    Day,
    /// Seven days.
    Week,
    /// A twelfth of a year.
    Month,
    /// 365.25 days.
    Year,
}

impl Unit {
    /// Days, on average.
    pub fn days(self) -> f64 {
        match self {
            Self::Day => 1.0,
            Self::Week => 7.0,
            Self::Month => MONTH,
            Self::Year => YEAR,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("input").required(true))]
pub struct ClvArgs {
    /// A table of purchases: CSV with a header, plain or gzipped.
    #[arg(long, value_name = "FILE", group = "input")]
    pub transactions: Option<PathBuf>,
    /// A table of histories instead, in the unit of time of the parameters.
    #[arg(long, value_name = "FILE", group = "input")]
    pub summary: Option<PathBuf>,
    /// The model of purchases.
    #[arg(long, value_enum, default_value = "auto")]
    pub model: ModelName,
    /// Parameters to use instead of fitting, or the word columns: each row brings its own.
    #[arg(long, value_name = "NAME=NUMBER,...", value_delimiter = ',')]
    pub params: Vec<String>,
    /// Parameters of Gamma-Gamma to use instead of fitting: p, q, gamma.
    #[arg(long, value_name = "NAME=NUMBER,...", value_delimiter = ',')]
    pub spend_params: Vec<String>,
    /// The unit of time of parameters, histories and horizon.
    #[arg(long, value_enum, default_value = "week")]
    pub time_unit: Unit,
    /// For bg-bb: the calendar period in which a customer buys or does not.
    #[arg(long, value_enum, default_value = "month")]
    pub opportunity: Unit,
    /// The last day that is fitted; what follows is held out.
    #[arg(long, value_name = "DATE")]
    pub calibration_end: Option<String>,
    /// The last day of the observation; that of the last purchase unless given.
    #[arg(long, value_name = "DATE")]
    pub observed_until: Option<String>,
    /// How far ahead to look: a number of units of time, or with d, w, m or y for its own unit.
    #[arg(long, default_value = "1y")]
    pub horizon: String,
    /// Discount rate, per the unit that --discount-per names.
    #[arg(long, default_value_t = 0.1)]
    pub discount: f64,
    /// The time over which the discount rate counts once.
    #[arg(long, value_enum, default_value = "year")]
    pub discount_per: Unit,
    /// Purchases within the horizon are discounted as at the end of steps of this length.
    #[arg(long, default_value = "1m")]
    pub discount_step: String,
    /// Gross margin, as a share of revenue; without it values are revenue only.
    #[arg(long)]
    pub margin: Option<f64>,
    /// The level of intervals by the delta method, such as 0.95; costs time.
    #[arg(long, value_name = "LEVEL")]
    pub interval: Option<f64>,
    /// The currency of the amounts: it says how many decimals are exact.
    #[arg(long, default_value = "USD")]
    pub currency: String,
    /// How dates are written, as in %d.%m.%Y; 2026-01-31, with or without a time, and 20260131 unless
    /// given.
    #[arg(long, value_name = "FORMAT")]
    pub date_format: Option<String>,
    /// What columns hold, where it is not recognised.
    #[arg(long, value_name = "ROLE=COLUMN,...", value_delimiter = ',')]
    pub map: Vec<String>,
    #[command(flatten)]
    pub json: Json,
}

impl ClvArgs {
    /// The unit of time of a model, in days.
    pub fn unit_days(&self, discrete: bool) -> f64 {
        if discrete { self.opportunity.days() } else { self.time_unit.days() }
    }

    /// The continuous discount rate per unit of time.
    pub fn rate(&self, unit_days: f64) -> f64 {
        self.discount.ln_1p() / self.discount_per.days() * unit_days
    }

    /// A length of time in units of so many days.
    pub fn length(option: &str, text: &str, unit_days: f64) -> Result<f64, Failure> {
        let text = text.trim();
        let (digits, days) = match text.char_indices().last() {
            Some((at, 'd')) => (text.get(..at), Unit::Day.days()),
            Some((at, 'w')) => (text.get(..at), Unit::Week.days()),
            Some((at, 'm')) => (text.get(..at), MONTH),
            Some((at, 'y')) => (text.get(..at), YEAR),
            _ => (Some(text), unit_days),
        };
        let number = digits.and_then(|digits| digits.trim().parse::<f64>().ok());
        match number {
            Some(number) if number >= 0.0 && number.is_finite() => Ok(number * days / unit_days),
            _ => Err(Failure::Usage(format!(
                "{option} {text:?}: expected a number, or one with d, w, m or y behind it"
            ))),
        }
    }

    /// Refuses numbers that no answer can come of.
    pub fn check(&self) -> Result<(), Failure> {
        let wrong = |text: &str| Err(Failure::Usage(text.to_owned()));
        if !(self.discount >= 0.0 && self.discount.is_finite()) {
            return wrong("--discount must not be negative");
        }
        if self.margin.is_some_and(|margin| !(0.0..=1.0).contains(&margin)) {
            return wrong("--margin is a share of revenue, from 0 to 1");
        }
        if self.interval.is_some_and(|level| !(level > 0.0 && level < 1.0)) {
            return wrong("--interval is a level between 0 and 1, such as 0.95");
        }
        let by_row = self.params.iter().any(|entry| entry == "columns");
        if by_row && self.summary.is_none() {
            return wrong("--params columns needs --summary: transactions have no such columns");
        }
        if self.model == ModelName::Auto && !self.params.is_empty() {
            return wrong("--params needs a --model that they are of");
        }
        Ok(())
    }
}
