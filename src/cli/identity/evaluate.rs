//! `c360 identity evaluate`: a table in, clusters and their quality out.
//!
//! Owns loading: which columns are compared, which tell the truth, and that rows go to the engine
//! as they are read.

use super::meter::{Meter, peak_rss_bytes};
use super::report::{Quality, Report};
use crate::cli::table::{Table, decode};
use crate::cli::{Done, Failure, Json, Outcome, output};
use clap::{Args, ValueEnum};
use csv::ByteRecord;
use domain::ProfileKind;
use identity::Intake;
use identity::columns::{self, SAMPLE_ROWS};
use identity::engine::{Column, EngineOptions, Phase, TableOutcome};
use identity::quality::{self, Step, Truth, UNKNOWN};
use std::collections::HashMap;
use std::hash::{BuildHasher as _, DefaultHasher, Hash as _, Hasher as _, RandomState};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Rows from which the sample is taken that columns are recognised by.
const LOOKED_AT: usize = 20_000;
/// Rows that are read before they are normalised, so that the two can be timed apart.
const BATCH: usize = 4_096;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Person,
    Company,
}

#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// The table: CSV with a header, plain or gzipped.
    file: PathBuf,
    /// What a row describes.
    #[arg(long, value_enum, default_value = "person")]
    kind: Kind,
    /// The column that says which rows are one: equal values are, empty ones are left out. It is
    /// compared with the outcome and never seen by the engine.
    #[arg(long, value_name = "COLUMN")]
    truth: Option<String>,
    /// The column of the data set: rows of one set never match, and only pairs of two sets count.
    #[arg(long, value_name = "COLUMN")]
    link_only: Option<String>,
    /// What columns hold, where it is not recognised.
    #[arg(long, value_name = "ROLE=COLUMN,...", value_delimiter = ',')]
    map: Vec<String>,
    /// Write each row's cluster to a CSV file: row (from 0), cluster.
    #[arg(long, value_name = "FILE")]
    clusters: Option<PathBuf>,
    #[command(flatten)]
    json: Json,
}

/// Small numbers for the values of a column. Only their hashes are kept: two of a billion values
/// are mistaken for each other with a chance below one in thirty.
#[derive(Default)]
struct Labels {
    hasher: RandomState,
    known: HashMap<u64, u32>,
    rows: Vec<u32>,
}

impl Labels {
    fn push(&mut self, value: &[u8], empty: Option<u32>) {
        let value = value.trim_ascii();
        let number = match empty {
            Some(number) if value.is_empty() => number,
            _ => {
                let next = u32::try_from(self.known.len()).unwrap_or(UNKNOWN - 1);
                *self.known.entry(self.hasher.hash_one(value)).or_insert(next)
            }
        };
        self.rows.push(number);
    }
}

/// Where the columns stand that are not compared.
struct Asides {
    truth: Option<usize>,
    set: Option<usize>,
}

/// A table on its way to the engine.
struct Load {
    asides: Asides,
    intake: Intake,
    truth: Labels,
    sets: Labels,
    foreign: u64,
}

impl Load {
    fn push(&mut self, row: &ByteRecord) {
        let cell = |at: usize| row.get(at).unwrap_or_default();
        if let Some(at) = self.asides.truth {
            self.truth.push(cell(at), Some(UNKNOWN));
        }
        if let Some(at) = self.asides.set {
            self.sets.push(cell(at), None);
        }
        if let Ok(text) = std::str::from_utf8(row.as_slice()) {
            // The ordinary row, without a copy of anything. Fields end where characters do, since
            // a delimiter is one byte that stands inside no character.
            let hidden = self.asides.truth;
            let field = |at: usize| row.range(at).and_then(|range| text.get(range));
            self.intake.push(row.len(), |at| {
                if hidden == Some(at) { "" } else { field(at).unwrap_or_default() }
            });
            return;
        }
        let mut fields: Vec<_> = row.iter().map(|field| decode(field, &mut self.foreign)).collect();
        if let Some(truth) = self.asides.truth.and_then(|at| fields.get_mut(at)) {
            *truth = "".into();
        }
        self.intake.push(fields.len(), |at| fields.get(at).map_or("", |field| &**field));
    }
}

pub fn run(args: &EvaluateArgs) -> Outcome {
    let mut meter = Meter::start();
    let mut load = read(args, &mut meter)?;
    let mut notes = std::mem::take(&mut load.1);
    let Load { asides, intake, truth, sets, .. } = load.0;
    let (labels, sets) = (truth.rows, sets.rows);
    let columns: Vec<Column> = intake.columns().to_vec();
    let table = intake.finish();
    let rows = table.len();
    meter.end("normalise");
    let link_only = asides.set.map(|_| sets.as_slice());
    // How far below the cut-off the best one is looked for.
    let options = EngineOptions { below: if asides.truth.is_some() { EXPLORED } else { 0.0 } };
    let outcome = table.resolve(link_only, &options, &mut |phase| {
        meter.end(match phase {
            Phase::Normalise => "normalise",
            Phase::Block => "block",
            Phase::Compare => "compare",
            Phase::Train => "train",
            Phase::Score => "score",
            Phase::Cluster => "cluster",
            Phase::Calibrate => "calibrate",
            Phase::Explore => "explore",
        });
    });
    drop(table);
    if let Some(path) = &args.clusters {
        write_clusters(path, &outcome.clusters)?;
    }
    meter.end("write");
    let quality = asides.truth.map(|_| {
        let truth = Truth { labels: &labels, sets: link_only };
        held_to(&truth, &outcome)
    });
    meter.end("evaluate");
    if rows == 0 {
        notes.push("the file has a header and no rows".to_owned());
    }
    if asides.truth.is_some() && labels.iter().all(|label| *label == UNKNOWN) && rows > 0 {
        notes.push(
            "the column of the truth is empty: there is nothing to hold the outcome to".to_owned(),
        );
    }
    let report = Report::new(outcome, quality, columns, &meter, peak_rss_bytes(), notes);
    if args.json.json {
        output::say_json(&report)?;
    } else {
        output::say(&report.to_text())?;
    }
    Ok(Done::Whole)
}

/// In log2 odds.
const EXPLORED: f32 = 4.0;

fn held_to(truth: &Truth<'_>, outcome: &TableOutcome) -> Quality {
    let matches = outcome.pairs.iter().filter(|pair| f64::from(pair.weight) >= outcome.cutoff);
    let steps = outcome.joins.iter().map(|join| Step {
        a: join.a,
        b: join.b,
        weight: f64::from(join.weight),
    });
    Quality {
        true_pairs: truth.pairs(),
        pairs: quality::pairs(truth, matches.map(|pair| (pair.a, pair.b))),
        clusters: quality::clusters(truth, &outcome.clusters),
        best: quality::best_cutoff(steps, truth),
    }
}

/// The roles that the command line gives, and the columns that are no evidence.
fn map_of(args: &EvaluateArgs) -> Result<Vec<(String, String)>, Failure> {
    let mut map = Vec::new();
    for entry in &args.map {
        let Some((role, column)) = entry.split_once('=') else {
            return Err(Failure::Usage(format!(
                "--map {entry:?}: expected ROLE=COLUMN, as in given_name=first_name"
            )));
        };
        map.push((role.trim().to_owned(), column.trim().to_owned()));
    }
    let asides = args.truth.iter().chain(&args.link_only);
    map.extend(asides.map(|column| ("ignored".to_owned(), column.clone())));
    Ok(map)
}

/// Reads the table into the engine's form; with it, what the reader should know.
fn read(args: &EvaluateArgs, meter: &mut Meter) -> Result<(Load, Vec<String>), Failure> {
    let map = map_of(args)?;
    let kind = match args.kind {
        Kind::Person => ProfileKind::Person,
        Kind::Company => ProfileKind::Company,
    };
    let mut table = Table::open(&args.file)?;
    let find = |option: &str, column: &Option<String>| match column {
        None => Ok(None),
        Some(name) => columns::position(&table.headers, name).map(Some).ok_or_else(|| {
            Failure::Usage(format!(
                "{option}: there is no column {name:?}; the table has: {}",
                table.headers.join(", ")
            ))
        }),
    };
    let asides =
        Asides { truth: find("--truth", &args.truth)?, set: find("--link-only", &args.link_only)? };
    let mut first = Vec::new();
    let mut row = ByteRecord::new();
    while first.len() < LOOKED_AT && table.next(&mut row)? {
        first.push(row.clone());
    }
    let mut foreign = 0;
    let samples: Vec<Vec<String>> = sample(&first)
        .map(|row| row.iter().map(|field| decode(field, &mut foreign).into_owned()).collect())
        .collect();
    let intake = Intake::new(kind, &table.headers, &samples, &map)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    drop(samples);
    let mut load =
        Load { asides, intake, truth: Labels::default(), sets: Labels::default(), foreign: 0 };
    meter.end("load");
    for row in &first {
        load.push(row);
    }
    drop(first);
    meter.end("normalise");
    let mut batch = vec![ByteRecord::new(); BATCH];
    loop {
        let mut count = 0;
        while let Some(row) = batch.get_mut(count)
            && table.next(row)?
        {
            count += 1;
        }
        meter.end("load");
        batch.iter().take(count).for_each(|row| load.push(row));
        meter.end("normalise");
        if count < BATCH {
            break;
        }
    }
    load.truth.known = HashMap::new();
    let mut notes = Vec::new();
    if load.foreign + table.foreign > 0 {
        notes.push(format!(
            "{} fields are not UTF-8 and were read as Windows-1252",
            load.foreign + table.foreign
        ));
    }
    if table.wide > 0 {
        notes.push(format!("{} rows have empty fields after the last column", table.wide));
    }
    Ok((load, notes))
}

/// Rows that stand for all: chosen by what they say, so that their order decides nothing.
fn sample(rows: &[ByteRecord]) -> impl Iterator<Item = &ByteRecord> {
    let hash = |row: &ByteRecord| {
        let mut hasher = DefaultHasher::new();
        row.iter().for_each(|field| field.hash(&mut hasher));
        hasher.finish()
    };
    let mut chosen: Vec<(u64, &ByteRecord)> = rows.iter().map(|row| (hash(row), row)).collect();
    chosen.sort_unstable_by_key(|(hash, _)| *hash);
    chosen.into_iter().take(SAMPLE_ROWS).map(|(_, row)| row)
}

fn write_clusters(path: &Path, clusters: &[u32]) -> Result<(), Failure> {
    let write = || -> std::io::Result<()> {
        let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
        writeln!(file, "row,cluster")?;
        for (row, cluster) in clusters.iter().enumerate() {
            writeln!(file, "{row},{cluster}")?;
        }
        file.flush()
    };
    write().map_err(|error| {
        Failure::Failed(
            anyhow::Error::new(error).context(format!("cannot write {}", path.display())),
        )
    })
}
