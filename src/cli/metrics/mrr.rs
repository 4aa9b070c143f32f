//! `c360 metrics mrr`: a table of subscription periods in, movements of recurring revenue out.
//!
//! Owns the arguments and the order of the steps. Refuses to drop silently: a row that cannot be
//! read or contradicts itself is left out and listed with its line under `findings`, and a row
//! without a customer counts as a customer of its own.

mod answer;
mod read;

use super::columns::Map;
use crate::cli::{Done, Failure, Json, Outcome, output};
use answer::{Answer, Detail};
use clap::{Args, ValueEnum};
use domain::{Clock as _, Currency, SystemClock, Timestamp};
use jiff::tz::TimeZone;
use metrics::revenue::{
    Book, Cohorts, Conversion, Extent, Grain, PERIODS_MAX, Question, RevenuePolicy, RevenueRow,
    Slicing, extent, ledger, periods, rounding_rows,
};
use read::{Customer, Reading};
use std::path::{Path, PathBuf};

pub const AFTER_HELP: &str = "One row of the file is one state of one subscription item over a span of time. Columns, recognised by
usual names (customer_id, start_date, monthly_amount, ...) or mapped; * is needed:
  customer, subscription, item, product, segment
  start*, end          first instant and first instant after it; dates are midnights in --timezone
  amount*              price of one unit per interval, in major units (12.50); or one of
                       total (for the whole quantity), monthly (total per month), amount_minor (cents)
  quantity, currency, interval (day, week, month, quarter, year), interval_count
  discount             20% or an amount per interval; discount_duration (once, repeating, forever),
                       discount_start, discount_end
  trial_end, anchor    end of the trial; from where billing periods count
  cancelled_at, cancel_reason, cancel_at_period_end, cancel_at_once
  paused_at, resumed_at, past_due_at, recovered_at, refunded_at, refund_amount
Periods of one subscription and item follow each other: the later replaces the earlier. Without a
subscription column every row is a subscription of its own.

--rates is a table of date, base, quote, rate: one unit of base is worth rate units of quote.

Rows go from the first change to the last period that is over today, if anyone subscribes without an
end; else to the last end. --from and --until say otherwise. A period that is not over is shown only if
something changes in it, and marked partial.

Every row satisfies start + new + reactivation + expansion - contraction - churn + fx = end. Numbers
that cannot be formed are null, with the reason beside them.

Examples:
  c360 metrics mrr --subscriptions subs.csv --policy chartmogul --by month
  c360 metrics mrr --subscriptions subs.csv --by quarter --currency EUR --rates rates.csv --json
  c360 metrics mrr --subscriptions subs.csv --map customer=account,amount=price --by-customer";

/// The name of the slice that takes what rounding each customer by themselves leaves over.
const ROUNDING: &str = "(rounding)";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    Day,
    Month,
    Quarter,
    Year,
}

impl By {
    const fn grain(self) -> Grain {
        match self {
            Self::Day => Grain::Day,
            Self::Month => Grain::Month,
            Self::Quarter => Grain::Quarter,
            Self::Year => Grain::Year,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Slice {
    /// By product line.
    Product,
    /// By the column segment.
    Segment,
}

#[derive(Debug, Args)]
pub struct MrrArgs {
    /// The table of subscription periods: CSV with a header, plain or gzipped.
    #[arg(long, value_name = "FILE")]
    subscriptions: PathBuf,
    /// How it is counted: default, stripe, chartmogul, profitwell, or a TOML file with the keys of
    /// [metrics.revenue].
    #[arg(long, default_value = "default")]
    policy: String,
    /// How long the periods of the answer are.
    #[arg(long, value_enum, default_value = "month")]
    by: By,
    /// Convert to this currency; otherwise each is answered by itself.
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Exchange rates: CSV with date, base, quote, rate.
    #[arg(long, value_name = "FILE", requires = "currency")]
    rates: Option<PathBuf>,
    /// The currency of amounts where the table has no such column or an empty field.
    #[arg(long, value_name = "CODE", default_value = "USD")]
    amounts_in: String,
    /// The time zone in which days, months and billing periods begin.
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    timezone: String,
    /// First day of the answer; the first change unless given.
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// First day after the answer. Unless given, the answer goes to the last period that is over
    /// today where anything is subscribed to without an end, and at least to the last one in which
    /// anything changes or ends. What ends with that period is churn of the next one.
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    /// Take end dates as the last day, not as the first one after it.
    #[arg(long)]
    end_inclusive: bool,
    /// Split the rows.
    #[arg(long, value_enum)]
    slice: Option<Slice>,
    /// Add the rows of each customer.
    #[arg(long)]
    by_customer: bool,
    /// Add the triangle of cohorts.
    #[arg(long)]
    cohorts: bool,
    /// What columns hold, where it is not recognised.
    #[arg(long, value_name = "ROLE=COLUMN,...", value_delimiter = ',')]
    map: Vec<String>,
    #[command(flatten)]
    json: Json,
}

fn usage(message: impl Into<String>) -> Failure {
    Failure::Usage(message.into())
}

/// A preset by its name, or a policy from a file.
fn policy(name: &str) -> Result<RevenuePolicy, Failure> {
    if let Some(preset) = RevenuePolicy::preset(name) {
        return Ok(preset);
    }
    let path = Path::new(name);
    if !path.is_file() {
        return Err(usage(format!(
            "--policy {name}: neither a preset ({}) nor a file",
            RevenuePolicy::PRESETS.join(", ")
        )));
    }
    let text = std::fs::read_to_string(path)
        .map_err(|error| usage(format!("--policy {name}: cannot be read: {error}")))?;
    let policy: RevenuePolicy =
        toml::from_str(&text).map_err(|error| usage(format!("--policy {name}: {error}")))?;
    let problems = policy.problems();
    if problems.is_empty() {
        return Ok(policy);
    }
    let list: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Err(usage(format!("--policy {name}: {}", list.join("; "))))
}

fn currency(flag: &str, code: &str) -> Result<Currency, Failure> {
    Currency::parse(code)
        .ok_or_else(|| usage(format!("{flag} {code}: not a currency of ISO 4217, such as EUR")))
}

fn day(flag: &str, text: Option<&str>, tz: &TimeZone) -> Result<Option<Timestamp>, Failure> {
    let parsed = |text: &str| {
        read::instant(text, tz)
            .ok_or_else(|| usage(format!("{flag} {text}: not a date, such as 2026-01-31")))
    };
    text.map(parsed).transpose()
}

/// The time that all customers together are about, half-open.
fn span(customers: &[Customer], policy: &RevenuePolicy, tz: &TimeZone) -> Option<Extent> {
    customers.iter().filter_map(|one| extent(&one.items, policy, tz)).reduce(Extent::and)
}

/// Where the answer ends unless told: after the last end or change, and where anything goes on without
/// an end, after the last period that is over by `now`.
fn covered(span: Extent, grain: Grain, tz: &TimeZone, now: Timestamp) -> Timestamp {
    let running = periods(grain, tz, now, now.plus_millis(1));
    let begun = running.and_then(|list| list.first().map(|period| period.start));
    begun.filter(|_| span.open).map_or(span.until, |begun| span.until.max(begun))
}

pub fn run(args: &MrrArgs) -> Outcome {
    let policy = policy(&args.policy)?;
    let tz = TimeZone::get(&args.timezone).map_err(|_| {
        usage(format!("--timezone {}: not an IANA time zone, such as Europe/Paris", args.timezone))
    })?;
    let target = args.currency.as_deref().map(|code| currency("--currency", code)).transpose()?;
    let amounts_in = currency("--amounts-in", &args.amounts_in)?;
    let from = day("--from", args.from.as_deref(), &tz)?;
    let until = day("--until", args.until.as_deref(), &tz)?;
    let rates = args.rates.as_deref().map(read::rates).transpose()?.unwrap_or_default();
    let map = Map::parse(&args.map, &read::ROLES)?;
    let reading = Reading { tz: &tz, amounts_in, end_inclusive: args.end_inclusive, map: &map };
    let mut input = reading.read(&args.subscriptions)?;
    if args.slice == Some(Slice::Segment) && !input.has_segments {
        return Err(usage(
            "--slice segment: the table has no such column; name it with --map segment=COLUMN",
        ));
    }

    // What is not over cannot be complete.
    let now = SystemClock.now();
    let (first, last) = span(&input.customers, &policy, &tz)
        .map(|span| (span.from, covered(span, args.by.grain(), &tz, now)))
        .unwrap_or_default();
    let (shown_from, shown_until) = (from.unwrap_or(first), until.unwrap_or(last));
    if shown_until < shown_from {
        return Err(usage("--until is before --from, or before anything happened"));
    }
    // From the beginning of history, whatever is shown: what came before decides what a change is.
    let list =
        periods(args.by.grain(), &tz, first.min(shown_from), shown_until).ok_or_else(|| {
            usage(format!("more than {PERIODS_MAX} periods; take longer ones, or a later --from"))
        })?;
    let conversion = target.map(|target| Conversion { target, rates: &rates });
    let question = Question { policy: &policy, tz: &tz, periods: &list, conversion };
    let seen = (
        from.unwrap_or(Timestamp::from_millis(i64::MIN)),
        until.map_or(now, |until| until.min(now)),
    );

    let slicing = match args.slice {
        None => Slicing::Whole,
        Some(Slice::Product) => Slicing::Product,
        Some(Slice::Segment) => Slicing::Label,
    };
    let mut totals = Book::new(&question, Slicing::Whole);
    let mut slices = Book::new(&question, slicing);
    let mut cohorts = Cohorts::new(&question);
    let within = |row: &RevenueRow| row.period.end > shown_from;
    let mut detail: Vec<RevenueRow> = Vec::new();
    for customer in &input.customers {
        let ledger = ledger(&customer.items, &question);
        totals.add(&ledger, None);
        if args.slice.is_some() {
            slices.add(&ledger, Some(customer.segment()));
        }
        if args.cohorts {
            cohorts.add(&ledger);
        }
        if args.by_customer {
            let mut own = Book::new(&question, Slicing::Label);
            own.add(&ledger, Some(&customer.name));
            let rows = own.rows(seen).into_iter();
            detail.extend(rows.filter(|row| within(row) && row.says_something()));
        }
        input.findings.extend(ledger.findings.into_iter().map(Into::into));
    }
    let mut rows: Vec<RevenueRow> = totals.rows(seen).into_iter().filter(within).collect();
    if args.by_customer {
        let rest = rounding_rows(&rows, &detail, ROUNDING);
        detail.extend(rest);
    }
    if args.slice.is_some() {
        let mut parts: Vec<RevenueRow> = slices.rows(seen).into_iter().filter(within).collect();
        let rest = rounding_rows(&rows, &parts, ROUNDING);
        parts.extend(rest);
        rows = parts;
    }
    let answer = Answer::new(Detail {
        policy: policy.label(),
        timezone: args.timezone.clone(),
        by: args.by.grain().as_str(),
        currency: target,
        input,
        rows,
        by_customer: args.by_customer.then_some(detail),
        cohorts: args.cohorts.then(|| cohorts.cells()),
    });
    if args.json.json {
        output::say_json(&answer)?;
    } else {
        output::say(&answer.text())?;
    }
    Ok(Done::Whole)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_answer_ends_with_the_last_full_period_while_anything_goes_on() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let now = at("2026-11-22T12:00:00Z");
        let until = |last: &str, open, grain| {
            let span = Extent { from: at("2026-01-01"), until: at(last), open };
            covered(span, grain, &TimeZone::UTC, now)
        };
        // Nobody changed anything since March and they go on: through October.
        assert_eq!(until("2026-03-05", true, Grain::Month), at("2026-11-01"));
        assert_eq!(until("2026-03-05", true, Grain::Quarter), at("2026-10-01"));
        assert_eq!(until("2026-03-05", true, Grain::Day), at("2026-11-22"));
        // A change of this month is shown, and so is an end that is known ahead.
        assert_eq!(until("2026-11-05", true, Grain::Month), at("2026-11-05"));
        assert_eq!(until("2027-02-01", true, Grain::Month), at("2027-02-01"));
        // Where all is over there is nothing to go on with.
        assert_eq!(until("2026-03-05", false, Grain::Month), at("2026-03-05"));
    }
}
