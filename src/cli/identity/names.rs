//! `c360 identity names`: the comparators of names by themselves, at their one fixed cut.
//!
//! Owns counting how often they are right, by schema. Refuses to choose a cut by the answers.

use crate::cli::table::{Table, decode};
use crate::cli::{Done, Failure, Json, Outcome, output};
use clap::Args;
use csv::ByteRecord;
use identity::columns::position;
use identity::quality::Scores;
use identity::similar::{SAME, company_names, person_names};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct NamesArgs {
    /// CSV with the columns name1, name2, is_match and perhaps schema.
    file: PathBuf,
    /// Also list the pairs that were judged wrongly.
    #[arg(long)]
    wrong: bool,
    #[command(flatten)]
    json: Json,
}

/// How pairs of one schema were judged.
#[derive(Debug, Default)]
struct Tally {
    right: u64,
    /// Judged the same and are.
    both: u64,
    judged: u64,
    same: u64,
    pairs: u64,
}

#[derive(Debug, Serialize)]
struct Line {
    pairs: u64,
    accuracy: f64,
    #[serde(flatten)]
    scores: Scores,
}

#[derive(Debug, Serialize)]
struct Wrong {
    line: u64,
    schema: String,
    name1: String,
    name2: String,
    similarity: f64,
    is_match: bool,
}

#[derive(Debug, Serialize)]
struct Answer {
    cut: f64,
    all: Line,
    schemas: BTreeMap<String, Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wrong: Option<Vec<Wrong>>,
}

impl Tally {
    fn add(&mut self, judged: bool, same: bool) {
        self.pairs += 1;
        self.judged += u64::from(judged);
        self.same += u64::from(same);
        self.both += u64::from(judged && same);
        self.right += u64::from(judged == same);
    }

    fn line(&self) -> Line {
        #[allow(clippy::cast_precision_loss, reason = "counts of lines stay far below 2^53")]
        let accuracy = if self.pairs == 0 { 1.0 } else { self.right as f64 / self.pairs as f64 };
        Line {
            pairs: self.pairs,
            accuracy,
            scores: Scores::of_counts(self.both, self.judged, self.same),
        }
    }
}

fn is_company(schema: &str) -> bool {
    matches!(
        schema.to_ascii_lowercase().as_str(),
        "company" | "organization" | "organisation" | "org" | "legalentity" | "publicbody" | "firm"
    )
}

pub fn run(args: &NamesArgs) -> Outcome {
    let mut table = Table::open(&args.file)?;
    let column = |name: &str| {
        position(&table.headers, name).ok_or_else(|| {
            Failure::Usage(format!(
                "there is no column {name}; the table has: {}",
                table.headers.join(", ")
            ))
        })
    };
    let (first, second, truth) = (column("name1")?, column("name2")?, column("is_match")?);
    let schema = position(&table.headers, "schema");
    let (mut all, mut schemas) = (Tally::default(), BTreeMap::<String, Tally>::new());
    let mut wrong = Vec::new();
    let (mut row, mut foreign) = (ByteRecord::new(), 0);
    while table.next(&mut row)? {
        let line = row.position().map_or(0, csv::Position::line);
        let mut cell = |at: usize| decode(row.get(at).unwrap_or_default(), &mut foreign);
        let same = match &*cell(truth).trim().to_ascii_lowercase() {
            "true" | "1" | "yes" | "t" | "y" => true,
            "false" | "0" | "no" | "f" | "n" => false,
            _ => {
                return Err(Failure::Failed(anyhow::anyhow!(
                    "line {line}: is_match is neither true nor false"
                )));
            }
        };
        let (a, b) = (cell(first), cell(second));
        let of = schema.map_or("Person".into(), cell);
        let similarity = if is_company(&of) { company_names(&a, &b) } else { person_names(&a, &b) };
        let judged = similarity >= SAME;
        all.add(judged, same);
        schemas.entry(of.to_string()).or_default().add(judged, same);
        if args.wrong && judged != same {
            wrong.push(Wrong {
                line,
                schema: of.into_owned(),
                name1: a.into_owned(),
                name2: b.into_owned(),
                similarity,
                is_match: same,
            });
        }
    }
    let schemas = schemas.iter().map(|(name, tally)| (name.clone(), tally.line())).collect();
    let answer = Answer { cut: SAME, all: all.line(), schemas, wrong: args.wrong.then_some(wrong) };
    if args.json.json {
        output::say_json(&answer)?;
    } else {
        output::say(&text(&answer))?;
    }
    Ok(Done::Whole)
}

fn text(answer: &Answer) -> String {
    let mut out = format!("names are the same from a similarity of {}\n\n", answer.cut);
    let columns = ["pairs", "accuracy", "precision", "recall", "F1"];
    // Writing to a string cannot fail.
    let _ = write!(out, "{:<20}", "");
    for name in columns {
        let _ = write!(out, "{name:>10}");
    }
    for (name, line) in
        answer.schemas.iter().map(|(n, l)| (n.as_str(), l)).chain([("all", &answer.all)])
    {
        let s = line.scores;
        let _ = write!(
            out,
            "\n{name:<20}{:>10}{:>10.4}{:>10.4}{:>10.4}{:>10.4}",
            line.pairs, line.accuracy, s.precision, s.recall, s.f1
        );
    }
    out.push('\n');
    for pair in answer.wrong.iter().flatten() {
        let verb = if pair.is_match { "missed" } else { "taken for the same" };
        let _ = write!(
            out,
            "\nline {}: {verb} ({:.2}): {} | {}",
            pair.line, pair.similarity, pair.name1, pair.name2
        );
    }
    out
}
