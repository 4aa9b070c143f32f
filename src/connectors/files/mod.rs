//! Files: CSV and JSON lines with a mapping in the configuration.
//!
//! Owns which files are read, from where, and what happens when they change; `split` cuts bytes into
//! records, `config` and `map` give them a meaning.
//!
//! * Files are read in pieces; only whole records are used, and the position behind the last one is
//!   kept, so a crash costs one piece.
//! * An unchanged file (size and time of writing) is not read. A file that grew goes on where it was
//!   left, after a check that what was read is still the same; any other change reads it anew.
//! * The last line may lack its line break because it is still being written: it is used once the
//!   file has rested for [`SETTLE_MS`], and replaced if it turns out longer later.
//! * A broken row goes to quarantine with its line; so does a record larger than
//!   [`RECORD_BYTES_MAX`], which is skipped without being held in memory.

mod config;
mod map;
mod split;
mod walk;

#[cfg(test)]
mod tests;

use crate::collect::{Collector, rejected};
use crate::params::Params;
use crate::{
    Budget, ConfigProblem, Connector, Fetch, FetchError, Page, PlanError, Response, Step,
    StreamSpec, StreamState,
};
use config::StreamConfig;
use domain::{Payload, Reject, SourceRecord, Timestamp};
use map::{Mapper, Row};
use serde_json::Value;
use walk::{Chunk, State, Walk};

/// Bytes asked for at once.
const CHUNK_BYTES: usize = 1024 * 1024;
/// Largest record; longer ones are quarantined.
const RECORD_BYTES_MAX: usize = 1024 * 1024;
/// A file that was not written for this long is taken to be complete.
const SETTLE_MS: i64 = 10_000;

pub(crate) const EXAMPLE: &str = r#"[sources.ads]
connector = "files"
# Prefix of this source's ids in cross references; the source's name if left out.
# namespace = "ads"

[[sources.ads.streams]]
name = "spend"
# A file or a glob pattern.
path = "spend/*.csv"
# What a row is: spend, contact, company, deal, ticket, subscription, invoice, payment, refund,
# touchpoint, survey_response, usage_event or exchange_rate (day, base, quote, rate: one unit of the
# base is worth so many of the quote; a table with a column per currency is a stream per column).
kind = "spend"
# "csv" (the default) or "jsonl" (the default for *.jsonl and *.ndjson).
# format = "csv"
# delimiter = ";"
# What names a row: a column, a list of columns, "row" (equal rows are one record) or "line" (the
# file and the row's number: a restated file replaces its rows; the default for spend).
# key = ["day", "campaign"]
# A column with a version (a number or a time); without it newer files win.
# version = "updated_at"
# Columns that hold another system's id, and whose it is (contacts and companies only).
# references = { crm_id = "hubspot.contacts" }

# Our field = the file's column (in JSON lines also a path: "user.email"), or a table with
#   column or value (a constant); default (for an empty cell); values (their words = ours);
#   separator (for lists: emails, phones, domains); to (for links: "source.stream").
# Amounts are decimal numbers of the major unit (amount) or integers of the minor (amount_minor).
[sources.ads.streams.mapping]
day = "date"
channel = { column = "channel", values = { "Google Ads" = "paid_search", "Meta" = "paid_social" } }
campaign = "campaign"
amount = "cost"
currency = { value = "EUR" }
"#;

/// A set of files.
struct Files {
    source: String,
    namespace: String,
    configs: Vec<StreamConfig>,
    streams: Vec<StreamSpec>,
    chunk_bytes: usize,
}

/// Builds the connector from its configuration.
pub(crate) fn build(source: &str, value: &Value) -> Result<Box<dyn Connector>, Vec<ConfigProblem>> {
    files(source, value, CHUNK_BYTES).map(|files| Box::new(files) as Box<dyn Connector>)
}

fn files(source: &str, value: &Value, chunk_bytes: usize) -> Result<Files, Vec<ConfigProblem>> {
    let mut params = Params::new("", value);
    params.value("connector");
    // Files of two sources are two namespaces, unlike two accounts of one vendor.
    let namespace = params.namespace(source);
    let mut configs: Vec<StreamConfig> = Vec::new();
    match params.value("streams") {
        Some(Value::Array(tables)) if !tables.is_empty() => {
            for (at, table) in tables.iter().enumerate() {
                match config::stream(at, table, source) {
                    Ok(stream) if configs.iter().any(|c| c.name == stream.name) => {
                        params.problem(&format!("streams[{at}].name"), "is used twice");
                    }
                    Ok(stream) => configs.push(stream),
                    Err(problems) => params.take_in(problems),
                }
            }
        }
        Some(Value::Array(_)) | None => {
            params.problem("streams", "is missing: at least one [[streams]] table");
        }
        Some(_) => params.problem("streams", "is not a list of tables ([[...streams]])"),
    }
    params.finish()?;
    let streams = configs
        .iter()
        .map(|c| StreamSpec::new(&c.name, &format!("{} from {}", c.kind.as_str(), c.path), &[]))
        .collect();
    Ok(Files { source: source.to_owned(), namespace, configs, streams, chunk_bytes })
}

impl Files {
    fn config(&self, stream: &str) -> Result<&StreamConfig, PlanError> {
        self.configs.iter().find(|c| c.name == stream).ok_or_else(|| {
            let known: Vec<&str> = self.configs.iter().map(|c| c.name.as_str()).collect();
            PlanError::UnknownStream { known: known.join(", ") }
        })
    }

    fn mapper<'a>(&'a self, config: &'a StreamConfig) -> Mapper<'a> {
        Mapper { namespace: &self.namespace, config }
    }
}

impl Connector for Files {
    fn kind(&self) -> &'static str {
        "files"
    }

    fn source(&self) -> &str {
        &self.source
    }

    fn streams(&self) -> &[StreamSpec] {
        &self.streams
    }

    fn budgets(&self) -> &[Budget] {
        &[]
    }

    fn check(&self) -> Vec<Fetch> {
        self.configs.iter().map(|c| Fetch::ListFiles { pattern: c.path.clone() }).collect()
    }

    fn judge(&self, response: &Response, _now: Timestamp) -> Result<(), FetchError> {
        match response {
            Response::Files(files) if files.is_empty() => Err(FetchError::Malformed {
                message: "no file matches `path` of a stream; is the path right, and relative to \
                          the directory the program runs in?"
                    .into(),
            }),
            Response::Files(_) => Ok(()),
            _ => Err(wrong_answer()),
        }
    }

    fn plan(&self, stream: &str, state: &StreamState, _now: Timestamp) -> Result<Step, PlanError> {
        let config = self.config(stream)?;
        let state: State = state.read()?;
        Ok(Step::Fetch(match state.read_next(self.chunk_bytes) {
            Some((path, offset, max_bytes)) => {
                Fetch::ReadFile { path: path.to_owned(), offset, max_bytes }
            }
            None => Fetch::ListFiles { pattern: config.path.clone() },
        }))
    }

    fn parse(
        &self,
        stream: &str,
        state: &StreamState,
        response: &Response,
        now: Timestamp,
    ) -> Result<Page, FetchError> {
        let config = self.config(stream)?;
        let mut state: State = state.read()?;
        let mut out = Collector::default();
        match (response, state.walk.is_some()) {
            (Response::Files(files), false) => {
                let queue = state.changed(files, now.as_millis());
                state.walk = (!queue.is_empty()).then(|| Walk::new(queue));
                state.open();
            }
            (Response::Missing { .. }, true) => {
                state.skip_file();
                state.open();
            }
            (Response::Chunk { bytes, size }, true) => {
                let chunk = Chunk { bytes, size: *size, now_ms: now.as_millis() };
                state.take(&chunk, config, &self.mapper(config), &mut out)?;
            }
            _ => return Err(wrong_answer()),
        }
        let done = state.walk.is_none();
        out.finish(&state, done)
    }

    fn map_payload(
        &self,
        stream: &str,
        external_id: &str,
        payload: &Payload,
        version: i64,
    ) -> Result<SourceRecord, Reject> {
        let json = payload.expose();
        let config = rejected(self.config(stream).map_err(|e| e.to_string()), None, json)?;
        let row = rejected(Row::of_json(json), None, json)?;
        let id = external_id.to_owned();
        let mapped = self.mapper(config).map(&row, json, id.clone(), version);
        rejected(mapped, Some(id), json)?.again(external_id)
    }
}

fn wrong_answer() -> FetchError {
    FetchError::Malformed {
        message: "the answer does not fit the fetch (a fault of the program)".into(),
    }
}
