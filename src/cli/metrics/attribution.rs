//! `c360 metrics attribution`: journeys in, credit of channels out.
//!
//! Owns the arguments and the shape of the answer. With `--json` the keys are: `model`;
//! `half_life_s` and `look_back_s`, null where they do not apply; `exact` (whether conversions are
//! exact fractions, see `conversions_exact`); `channels`, by name, and `unattributed`, each with
//! `channel`, `conversions` and `share` (nine decimals; parts sum to the total and to 1),
//! `conversions_exact` (a fraction as text), `value` (null with `value_null_reason` without a column
//! of values) and, for Markov, `removal_effect`; `total` with `conversions`, `value` and `journeys`;
//! `base_conversion` for Markov; `notes`. A share of no conversions is null.

use super::journeys::{Journeys, read};
use crate::cli::duration::parse_seconds;
use crate::cli::table::Table;
use crate::cli::{Done, Failure, Json, Outcome, output};
use clap::{Args, ValueEnum};
use metrics::attribution::{Attribution, Credit, Model, attribute};
use metrics::{NullReason, Ratio, allocate};
use serde::Serialize;
use serde_json::value::RawValue;
use std::fmt::Write as _;
use std::path::PathBuf;

pub const AFTER_HELP: &str = "A table of paths has the columns path (\"ads > mail > ads\"), conversions and, where known, value and
nulls (journeys that did not convert; Markov needs them). A table of touches has customer, channel,
time, and converted_at (the time of the conversion that the touch came before) or converted (1 where
the touch converted), and perhaps value and milestone (lead or opportunity, for w). Columns are
recognised by usual names or mapped. A customer's touches belong to the first conversion after them.

Times without an offset are UTC. Touches without a channel and conversions without a touch are
unattributed; channels and unattributed sum to the total exactly.

Examples:
  c360 metrics attribution --paths paths.csv --model markov
  c360 metrics attribution --paths touches.csv --model time-decay --half-life 7d --look-back 90d
  c360 metrics attribution --paths p.csv --model u --map path=journey,conversions=orders --json";

/// Longest half-life and look-back window, in days.
const DAYS_MAX: i64 = 3_660;
/// Decimals of conversions and shares.
const PLACES: u32 = 9;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ModelName {
    /// All credit to the first touch.
    First,
    /// All credit to the last touch.
    Last,
    /// The same to every touch.
    Linear,
    /// Half as much for every half-life before the conversion.
    TimeDecay,
    /// 40 % first, 40 % last, 20 % between.
    U,
    /// 30 % first, 30 % lead, 30 % opportunity, 10 % the others.
    W,
    /// By what would be lost without the channel.
    Markov,
}

fn period(text: &str) -> Result<i64, String> {
    parse_seconds(text, DAYS_MAX)
}

#[derive(Debug, Args)]
pub struct AttributionArgs {
    /// The table of paths or of touches: CSV with a header, plain or gzipped.
    #[arg(long, value_name = "FILE")]
    paths: PathBuf,
    /// How credit is given.
    #[arg(long, value_enum)]
    model: ModelName,
    /// Half-life of time-decay: a number with s, m, h, d or w.
    #[arg(long, value_name = "PERIOD", default_value = "7d", value_parser = period)]
    half_life: i64,
    /// Count only touches so long before the conversion.
    #[arg(long, value_name = "PERIOD", value_parser = period)]
    look_back: Option<i64>,
    /// What stands between the channels of a path.
    #[arg(long, default_value = ">")]
    separator: String,
    /// What columns hold, where it is not recognised: path, conversions, value, nulls, customer,
    /// channel, time, converted_at, converted, milestone.
    #[arg(long, value_name = "ROLE=COLUMN,...", value_delimiter = ',')]
    map: Vec<String>,
    #[command(flatten)]
    json: Json,
}

/// A decimal number written with all its digits.
type Decimal = Box<RawValue>;

#[derive(Debug, Serialize)]
struct Line {
    channel: String,
    conversions: Decimal,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversions_exact: Option<String>,
    share: Option<Decimal>,
    value: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_null_reason: Option<NullReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    removal_effect: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Total {
    conversions: u64,
    value: Option<Decimal>,
    /// Journeys that converted and that did not.
    journeys: u64,
}

#[derive(Debug, Serialize)]
struct Answer {
    model: &'static str,
    half_life_s: Option<i64>,
    look_back_s: Option<i64>,
    exact: bool,
    channels: Vec<Line>,
    unattributed: Line,
    total: Total,
    base_conversion: Option<f64>,
    notes: Vec<String>,
}

/// `units` of 10 to the minus `places`, in full.
fn decimal(units: i64, places: u32) -> anyhow::Result<Decimal> {
    let scale = 10_i128.checked_pow(places).and_then(|den| Ratio::new(i128::from(units), den));
    let text = scale.and_then(|exact| exact.to_decimal(places)).unwrap_or_default();
    Ok(RawValue::from_string(text)?)
}

/// Shares in billionths that sum to one, from conversions in billionths; `None` without any.
fn shares(conversions: &[i64], total: u64) -> Option<Vec<i64>> {
    let share = |part: &i64| Ratio::new(i128::from(*part), i128::from(total));
    allocate(&conversions.iter().map(share).collect::<Option<Vec<_>>>()?)
}

fn answer(args: &AttributionArgs) -> Result<Answer, Failure> {
    if args.separator.trim().is_empty() {
        return Err(Failure::Usage("--separator: give what stands between channels".to_owned()));
    }
    let read = read(Table::open(&args.paths)?, &args.map, args.separator.trim())?;
    let half_life_ms = args.half_life.saturating_mul(1_000);
    let model = match args.model {
        ModelName::First => Model::First,
        ModelName::Last => Model::Last,
        ModelName::Linear => Model::Linear,
        ModelName::TimeDecay => Model::TimeDecay { half_life_ms },
        ModelName::U => Model::UShaped,
        ModelName::W => Model::WShaped,
        ModelName::Markov => Model::Markov,
    };
    let decays = args.model == ModelName::TimeDecay;
    if !read.timed && (decays || args.look_back.is_some()) {
        return Err(Failure::Usage(
            "time-decay and --look-back need the time of every touch, which a table of paths does \
             not have; give a table of touches"
                .to_owned(),
        ));
    }
    let unfit = |error| {
        Failure::Failed(anyhow::Error::new(error).context("the journeys cannot be attributed"))
    };
    let cut = match args.look_back {
        Some(seconds) => {
            Some(read.paths.looked_back(seconds.saturating_mul(1_000)).map_err(unfit)?)
        }
        None => None,
    };
    let found = attribute(cut.as_ref().unwrap_or(&read.paths), model).map_err(unfit)?;
    shape(args, &read, &found)
}

fn shape(args: &AttributionArgs, read: &Journeys, found: &Attribution) -> Result<Answer, Failure> {
    let shown = found.shown().unwrap_or_default();
    let shares = shares(&shown, found.conversions);
    let line = |at: usize, credit: &Credit| -> Result<Line, Failure> {
        let of = |list: &[i64]| list.get(at).copied().unwrap_or_default();
        let fraction =
            || format!("{}/{}", credit.conversions.numerator(), credit.conversions.denominator());
        Ok(Line {
            channel: credit.channel.clone(),
            conversions: decimal(of(&shown), PLACES)?,
            conversions_exact: found.exact.then(fraction),
            share: shares.as_deref().map(|all| decimal(of(all), PLACES)).transpose()?,
            value: value(read, credit.value_minor)?,
            value_null_reason: (!read.has_value).then_some(NullReason::NoSource),
            removal_effect: credit.removal_effect,
        })
    };
    let mut channels = Vec::with_capacity(found.credits.len());
    for (at, credit) in found.credits.iter().enumerate() {
        channels.push(line(at, credit)?);
    }
    let nulls = read.paths.paths().iter().fold(0_u64, |sum, path| sum.saturating_add(path.nulls));
    let mut notes = read.notes.clone();
    if found.model == Model::Markov && !read.has_nulls {
        notes.push(
            "there is no column of journeys that did not convert: to the chain every journey converts"
                .to_owned(),
        );
    }
    let decays = args.model == ModelName::TimeDecay;
    Ok(Answer {
        model: found.model.as_str(),
        half_life_s: decays.then_some(args.half_life),
        look_back_s: args.look_back,
        exact: found.exact,
        unattributed: line(found.credits.len(), &found.unattributed)?,
        channels,
        total: Total {
            conversions: found.conversions,
            value: value(read, found.value_minor)?,
            journeys: found.conversions.saturating_add(nulls),
        },
        base_conversion: found.base_conversion,
        notes,
    })
}

fn value(read: &Journeys, units: i64) -> Result<Option<Decimal>, Failure> {
    Ok(if read.has_value { Some(decimal(units, read.places)?) } else { None })
}

fn text(answer: &Answer) -> String {
    let number = |decimal: &Option<Decimal>| {
        decimal.as_ref().map_or("-".to_owned(), |decimal| decimal.get().to_owned())
    };
    let whole = answer.total.conversions;
    let mut rows: Vec<[String; 4]> =
        vec![["channel", "conversions", "value", "share"].map(str::to_owned)];
    for line in answer.channels.iter().chain([&answer.unattributed]) {
        let conversions = line.conversions.get().to_owned();
        rows.push([line.channel.clone(), conversions, number(&line.value), number(&line.share)]);
    }
    let all = if whole > 0 { "1.000000000" } else { "-" };
    let total = ["total".to_owned(), format!("{whole}.000000000")];
    let [name, conversions] = total;
    rows.push([name, conversions, number(&answer.total.value), all.to_owned()]);
    let width =
        |at: usize| rows.iter().map(|row| row.get(at).map_or(0, |c| c.chars().count())).max();
    let widths: Vec<usize> = (0..4).map(|at| width(at).unwrap_or(0)).collect();
    let mut out = String::new();
    for row in &rows {
        for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let _ = if at == 0 {
                write!(out, "{cell:<width$}")
            } else {
                write!(out, "  {cell:>width$}")
            };
        }
        out.push('\n');
    }
    if let Some(base) = answer.base_conversion {
        let _ = writeln!(out, "of {} journeys, {base:.10} convert", answer.total.journeys);
    }
    out
}

pub fn run(args: &AttributionArgs) -> Outcome {
    let answer = answer(args)?;
    if args.json.json {
        output::say_json(&answer)?;
    } else {
        output::say(&text(&answer))?;
        for note in &answer.notes {
            output::note(&format!("note: {note}"));
        }
    }
    Ok(Done::Whole)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use clap::Parser;
    use std::io::Write as _;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: AttributionArgs,
    }

    /// The answer to a table, or what is said instead.
    fn ask(table: &str, options: &str) -> Result<serde_json::Value, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(table.as_bytes()).unwrap();
        let path = file.path().display().to_string();
        let words = ["c360", "--paths", path.as_str()].into_iter().chain(options.split(' '));
        let line = Line::try_parse_from(words).map_err(|error| error.to_string())?;
        let answer = answer(&line.args).map_err(|failure| match failure {
            Failure::Usage(message) => message,
            Failure::Failed(error) => crate::cli::with_causes(&error),
        })?;
        // What is written for people holds together for every table that is answered.
        assert!(text(&answer).contains("unattributed"));
        Ok(serde_json::from_str(&serde_json::to_string(&answer).unwrap()).unwrap())
    }

    fn credit(answer: &serde_json::Value, channel: &str, key: &str) -> String {
        let lines = answer["channels"].as_array().unwrap();
        let line = lines.iter().find(|line| line["channel"] == channel).unwrap();
        line[key].to_string()
    }

    const PATHS: &str = "path;total_conversions;total_conversion_value;total_null
google ads;2;20.5;1
mailing;1;1.125;0
google ads > mailing;1;10;0
;1;3;5
";

    #[test]
    fn a_table_of_paths_is_credited_by_removal_effect() {
        let answer = ask(PATHS, "--model markov").unwrap();
        assert_eq!(credit(&answer, "google ads", "conversions"), "2.4");
        assert_eq!(credit(&answer, "mailing", "conversions"), "1.6");
        assert!(credit(&answer, "mailing", "removal_effect").starts_with("0.5"));
        assert_eq!(answer["unattributed"]["conversions"].to_string(), "1.0");
        assert_eq!(answer["unattributed"]["value"].to_string(), "3.0");
        assert_eq!(answer["total"]["value"].to_string(), "34.625");
        assert_eq!(answer["total"]["journeys"].to_string(), "11");
        assert!((answer["base_conversion"].as_f64().unwrap() - 0.8).abs() < 1e-12);
    }

    #[test]
    fn exact_models_show_their_fractions_and_shares() {
        let answer = ask(PATHS, "--model linear").unwrap();
        assert_eq!(credit(&answer, "google ads", "conversions_exact"), "\"5/2\"");
        assert_eq!(credit(&answer, "google ads", "share"), "0.5");
        assert_eq!(credit(&answer, "google ads", "value"), "25.5");
        let renamed = PATHS.replace("path;total_conversions", "way;won").replace(" > ", "|");
        let mapped = "--model linear --separator | --map path=way,conversions=won";
        assert_eq!(ask(&renamed, mapped).unwrap()["channels"], answer["channels"]);
    }

    #[test]
    fn without_a_column_of_values_there_are_none() {
        let answer = ask("path,conversions\na > b,3\n", "--model markov").unwrap();
        assert!(answer["total"]["value"].is_null());
        assert_eq!(credit(&answer, "a", "value_null_reason"), "\"NO_SOURCE\"");
        assert_eq!(answer["notes"].as_array().unwrap().len(), 1);
        let nothing = ask("path,conversions\n", "--model first").unwrap();
        assert!(nothing["unattributed"]["share"].is_null());
    }

    const TOUCHES: &str = "customer,channel,time,converted_at,value
ann,ads,2026-01-01,2026-01-09T00:00:00Z,80
ann,mail,2026-01-08 00:00:00,2026-01-09,
ann,ads,2026-02-01,,
bob,ads,2026-01-02T00:00:00+01:00,,
cid,,,2026-01-05,20
";

    #[test]
    fn a_table_of_touches_knows_ages_and_windows() {
        let answer = ask(TOUCHES, "--model time-decay --half-life 7d").unwrap();
        // Eight days and one day old: 1 to 2.
        assert_eq!(credit(&answer, "mail", "conversions"), "0.666666667");
        assert_eq!(credit(&answer, "mail", "value"), "53");
        assert_eq!(answer["total"]["conversions"].to_string(), "2");
        assert_eq!(answer["total"]["journeys"].to_string(), "4");
        assert_eq!(answer["unattributed"]["value"].to_string(), "20");
        let near = ask(TOUCHES, "--model first --look-back 7d").unwrap();
        assert_eq!(credit(&near, "mail", "conversions"), "1.0");
        assert_eq!(near["look_back_s"].to_string(), "604800");
        let flags = "user_id,timestamp,conversion,channel\n1,2026-01-01,0,a\n1,2026-01-02,1,b\n";
        assert_eq!(credit(&ask(flags, "--model u").unwrap(), "a", "conversions"), "0.5");
        let stones = "customer,channel,time,converted,milestone\n1,a,2026-01-01,0,\n1,b,2026-01-02,0,\n\
                      1,c,2026-01-03,0,lead\n1,d,2026-01-04,1,opportunity\n";
        assert_eq!(credit(&ask(stones, "--model w").unwrap(), "c", "conversions"), "0.3");
    }

    #[test]
    fn what_cannot_be_read_says_where_and_what_to_do() {
        for (table, options, words) in [
            ("path,conversions\na,x\n", "--model first", "line 2: the number of conversions"),
            ("path,conversions\na,-1\n", "--model first", "line 2"),
            ("path,conversions\na,1.5\n", "--model first", "line 2"),
            ("path,conversions,value\na,1,-3\n", "--model first", "line 2: the value"),
            ("path,conversions,value\na,0,3\n", "--model first", "without a conversion"),
            ("path,nulls\na,1\n", "--model first", "--map conversions=COLUMN"),
            ("x,y\na,1\n", "--model first", "--map path=COLUMN"),
            (
                "customer,channel,time\n1,a,2026-01-01\n",
                "--model first",
                "--map converted_at=COLUMN",
            ),
            (PATHS, "--model time-decay", "give a table of touches"),
            (PATHS, "--model first --look-back 7d", "give a table of touches"),
            (PATHS, "--model median", "markov"),
            (PATHS, "--model time-decay --half-life 0d", "half-life"),
            ("customer,channel,time,converted\n1,a,soon,1\n", "--model first", "line 2: a time"),
            ("customer,channel,time,converted\n1,a,,0\n", "--model first", "line 2: the time"),
            (
                "customer,channel,time,converted\n,a,2026-01-01,0\n",
                "--model first",
                "the customer is",
            ),
            (
                "customer,channel,time,converted\n1,a,2026-01-01,2\n",
                "--model first",
                "neither 0 nor 1",
            ),
        ] {
            let said = ask(table, options).unwrap_err();
            assert!(said.contains(words), "{options}: {said}");
        }
        let twice = TOUCHES.replace("2026-01-09,\n", "2026-01-09,81\n");
        assert!(ask(&twice, "--model last").unwrap_err().contains("line 3: two values"));
    }
}
