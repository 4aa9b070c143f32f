//! Progress of long work: a compact live table on a terminal, plain lines otherwise, counters
//! always.
//!
//! A small writer of our own: it draws at most ten times a second and knows nothing but "move up,
//! clear, write".

use super::output;
use crate::telemetry::Meter;
use domain::ProfileKind;
use jobs::{Event, Progress, StreamReport};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Least time between two drawings.
const FRAME: Duration = Duration::from_millis(100);
/// Least time between two plain lines about one stream.
const LINE: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Redrawn in place.
    Live,
    /// One line per event that matters.
    Lines,
    /// Only the log and the counters.
    Quiet,
}

#[derive(Default)]
struct Row {
    read: u64,
    written: u64,
    rejected: u64,
    elapsed_ms: u64,
    note: String,
    /// What was counted of it already.
    counted: (u64, u64),
    lined: Option<Instant>,
}

#[derive(Default)]
struct Table {
    /// In the order of their start.
    order: Vec<(String, String)>,
    rows: BTreeMap<(String, String), Row>,
    /// Resolution and derivation.
    steps: Vec<(String, String)>,
    drawn: usize,
    drawn_at: Option<Instant>,
}

/// Watches the jobs.
pub struct Watcher {
    look: Look,
    meter: Arc<Meter>,
    table: Mutex<Table>,
}

impl Watcher {
    /// A live table on a terminal, lines elsewhere; on standard error, so that results stay clean.
    pub fn new(meter: Arc<Meter>) -> Self {
        let look = if std::io::stderr().is_terminal() { Look::Live } else { Look::Lines };
        Self { look, meter, table: Mutex::default() }
    }

    /// Log lines and counters only.
    pub fn quiet(meter: Arc<Meter>) -> Self {
        Self { look: Look::Quiet, meter, table: Mutex::default() }
    }

    /// Leaves the table as it is; what follows is written below it.
    pub fn finish(&self) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        self.draw(&mut table, true);
        *table = Table::default();
    }

    fn draw(&self, table: &mut Table, now: bool) {
        if self.look != Look::Live {
            return;
        }
        if !now && table.drawn_at.is_some_and(|at| at.elapsed() < FRAME) {
            return;
        }
        let mut out = String::new();
        if table.drawn > 0 {
            let _ = write!(out, "\x1b[{}A", table.drawn);
        }
        let mut lines = 0;
        for key in &table.order {
            let Some(row) = table.rows.get(key) else { continue };
            let _ = writeln!(out, "\r\x1b[2K{}", row_text(key, row));
            lines += 1;
        }
        for (name, text) in &table.steps {
            let _ = writeln!(out, "\r\x1b[2K{name:<26}{text}");
            lines += 1;
        }
        table.drawn = lines;
        table.drawn_at = Some(Instant::now());
        let _ = std::io::stderr().lock().write_all(out.as_bytes());
    }

    fn step(&self, table: &mut Table, name: String, text: String, ended: bool) {
        if self.look == Look::Lines && ended {
            output::note(&format!("{name:<26}{text}"));
        }
        match table.steps.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = text,
            None => table.steps.push((name, text)),
        }
        self.draw(table, ended);
    }

    fn finished(&self, table: &mut Table, report: &StreamReport) {
        self.meter.stream_ended(&report.source, &report.stream, report.outcome);
        let key = (report.source.clone(), report.stream.clone());
        if !table.rows.contains_key(&key) {
            table.order.push(key.clone());
        }
        let row = table.rows.entry(key.clone()).or_default();
        row.read = report.read;
        row.written = report.written;
        row.rejected = report.rejected;
        row.elapsed_ms = report.elapsed_ms;
        row.note = match (report.outcome, &report.error) {
            ("done", _) => format!("done, {} changed", report.written + report.removed),
            (outcome, Some(error)) => format!("{outcome}: {error}"),
            (outcome, None) => outcome.to_owned(),
        };
        match report.outcome {
            "done" => tracing::debug!(
                source = report.source,
                stream = report.stream,
                read = report.read,
                written = report.written,
                "stream done"
            ),
            "stopped" => {
                tracing::info!(source = report.source, stream = report.stream, "stream stopped")
            }
            outcome => tracing::warn!(
                source = report.source,
                stream = report.stream,
                outcome,
                error = report.error,
                "stream not done"
            ),
        }
        if self.look == Look::Lines {
            output::note(&row_text(&key, row));
        }
        self.draw(table, true);
    }
}

impl Progress for Watcher {
    fn report(&self, event: &Event<'_>) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let table = &mut *table;
        match event {
            Event::StreamStarted { source, stream } => {
                let key = ((*source).to_owned(), (*stream).to_owned());
                if table.rows.insert(key.clone(), Row::default()).is_none() {
                    table.order.push(key);
                }
                self.draw(table, false);
            }
            Event::Page { source, stream, read, written, rejected, elapsed_ms } => {
                let key = ((*source).to_owned(), (*stream).to_owned());
                let row = table.rows.entry(key.clone()).or_default();
                // Totals come; counters take the difference.
                let (read_before, rejected_before) = row.counted;
                row.counted = (*read, *rejected);
                self.meter.page(
                    source,
                    stream,
                    read.saturating_sub(read_before),
                    rejected.saturating_sub(rejected_before),
                );
                row.read = *read;
                row.written = *written;
                row.rejected = *rejected;
                row.elapsed_ms = *elapsed_ms;
                row.note.clear();
                if self.look == Look::Lines {
                    let started = *row.lined.get_or_insert_with(Instant::now);
                    if started.elapsed() >= LINE {
                        row.lined = Some(Instant::now());
                        output::note(&row_text(&key, row));
                    }
                }
                self.draw(table, false);
            }
            Event::Waiting { source, stream, wait_ms, reason } => {
                let key = ((*source).to_owned(), (*stream).to_owned());
                let row = table.rows.entry(key).or_default();
                row.note = format!("waits {:.1} s: {reason}", *wait_ms as f64 / 1000.0);
                self.draw(table, false);
            }
            Event::StreamFinished { report } => self.finished(table, report),
            Event::ResolveStarted { kind, records } => {
                let text = format!("{} records", grouped(*records));
                self.step(table, format!("resolve {}", plural(*kind)), text, false);
            }
            Event::Resolved { kind, records, profiles, reviews, elapsed_ms } => {
                let text = format!(
                    "{} records are {} {}, {} pairs to review  {}",
                    grouped(*records),
                    grouped(*profiles),
                    plural(*kind),
                    grouped(*reviews),
                    seconds(*elapsed_ms)
                );
                self.step(table, format!("resolve {}", plural(*kind)), text, true);
            }
            Event::Deriving { done, total } => {
                let text = format!("{} of {}", grouped(*done), grouped(*total));
                self.step(table, DERIVE.to_owned(), text, false);
            }
            Event::Derived { contributors, elapsed_ms } => {
                let text = format!("{} derived  {}", grouped(*contributors), seconds(*elapsed_ms));
                self.step(table, DERIVE.to_owned(), text, true);
            }
        }
    }
}

const DERIVE: &str = "stages, numbers, rollups";

const fn plural(kind: ProfileKind) -> &'static str {
    match kind {
        ProfileKind::Person => "people",
        ProfileKind::Company => "companies",
    }
}

fn row_text((source, stream): &(String, String), row: &Row) -> String {
    let rate = (row.read * 1000).checked_div(row.elapsed_ms).unwrap_or(0);
    let name = format!("{source} {stream}");
    let mut text = format!(
        "{name:<26}{:>10} records {:>8}/s {:>6} rejected",
        grouped(row.read),
        grouped(rate),
        grouped(row.rejected)
    );
    if !row.note.is_empty() {
        text.push_str("  ");
        text.extend(row.note.chars().take(120));
    }
    text
}

/// A number with its thousands apart: `12 345`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1 000"), (1_234_567, "1 234 567")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn pages_are_counted_once_although_totals_come() {
        let meter = Arc::new(Meter::default());
        let watcher = Watcher::quiet(Arc::clone(&meter));
        watcher.report(&Event::StreamStarted { source: "crm", stream: "contacts" });
        for (read, rejected) in [(100, 1), (150, 1), (250, 4)] {
            watcher.report(&Event::Page {
                source: "crm",
                stream: "contacts",
                read,
                written: read,
                rejected,
                elapsed_ms: 10,
            });
        }
        // The next sync of the stream begins at zero again.
        watcher.report(&Event::StreamStarted { source: "crm", stream: "contacts" });
        watcher.report(&Event::Page {
            source: "crm",
            stream: "contacts",
            read: 7,
            written: 0,
            rejected: 0,
            elapsed_ms: 1,
        });
        let text = meter.text(0);
        for expected in [
            "c360_sync_records_total{source=\"crm\",stream=\"contacts\"} 257\n",
            "c360_sync_rejects_total{source=\"crm\",stream=\"contacts\"} 4\n",
            "c360_sync_pages_total{source=\"crm\",stream=\"contacts\"} 4\n",
        ] {
            assert!(text.contains(expected), "{expected}\n{text}");
        }
    }
}
