//! Operational counters in Prometheus' text format.
//!
//! Owns the names, labels and buckets. Refuses unbounded labels: routes are patterns, sources and
//! streams are configured, codes are a closed set. A small registry of our own: what the usual
//! crates add (push gateways, protobuf, custom collectors) is not used here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the duration buckets, in seconds.
const BUCKETS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];
/// Most label combinations of one counter; more are counted together under `other`.
const SERIES_MAX: usize = 500;
/// Clock ticks per second in `/proc/self/stat`: 100 on every Linux that Rust runs on.
const TICKS_PER_SECOND: f64 = 100.0;
/// Bytes per page in `/proc/self/statm`.
const PAGE_BYTES: u64 = 4096;

#[derive(Default)]
struct Histogram {
    counts: [u64; BUCKETS.len()],
    count: u64,
    sum: f64,
}

impl Histogram {
    fn add(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        for (bound, count) in BUCKETS.iter().zip(&mut self.counts) {
            if seconds <= *bound {
                *count += 1;
            }
        }
        self.count += 1;
        self.sum += seconds;
    }
}

#[derive(Default)]
struct Series {
    counters: BTreeMap<&'static str, BTreeMap<String, u64>>,
    histograms: BTreeMap<&'static str, BTreeMap<String, Histogram>>,
}

/// The counters of this process.
#[derive(Default)]
pub struct Meter {
    series: Mutex<Series>,
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meter").finish_non_exhaustive()
    }
}

const HTTP_REQUESTS: &str = "c360_http_requests_total";
const HTTP_SECONDS: &str = "c360_http_request_duration_seconds";
const OPERATIONS: &str = "c360_graphql_operations_total";
const OPERATION_SECONDS: &str = "c360_graphql_operation_duration_seconds";
const REFUSED: &str = "c360_auth_refused_total";
const SYNC_RECORDS: &str = "c360_sync_records_total";
const SYNC_REJECTS: &str = "c360_sync_rejects_total";
const SYNC_PAGES: &str = "c360_sync_pages_total";
const SYNC_RUNS: &str = "c360_sync_runs_total";

/// Every counter and histogram with its help line, in the order of the text.
const HELP: [(&str, &str, &str); 9] = [
    (REFUSED, "counter", "Requests without a valid token, by reason."),
    (OPERATION_SECONDS, "histogram", "Time of a GraphQL operation, by kind."),
    (OPERATIONS, "counter", "GraphQL operations by kind and code of the first error."),
    (HTTP_SECONDS, "histogram", "Time to answer an HTTP request, by route."),
    (HTTP_REQUESTS, "counter", "HTTP requests by route, method and status."),
    (SYNC_PAGES, "counter", "Pages committed, by source and stream."),
    (SYNC_RECORDS, "counter", "Records committed, by source and stream."),
    (SYNC_REJECTS, "counter", "Records sent to quarantine, by source and stream."),
    (SYNC_RUNS, "counter", "Stream runs by source, stream and outcome."),
];

impl Meter {
    fn with(&self, work: impl FnOnce(&mut Series)) {
        work(&mut self.series.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn count(&self, name: &'static str, labels: &[(&str, &str)], by: u64) {
        let labels = written(labels);
        self.with(|series| *bounded(series.counters.entry(name).or_default(), labels) += by);
    }

    fn time(&self, name: &'static str, labels: &[(&str, &str)], took: Duration) {
        let labels = written(labels);
        self.with(|series| {
            bounded(series.histograms.entry(name).or_default(), labels).add(took);
        });
    }

    /// An HTTP request was answered.
    pub fn request(&self, route: &str, method: &str, status: u16, took: Duration) {
        let status = status.to_string();
        let labels = [("route", route), ("method", method), ("status", status.as_str())];
        self.count(HTTP_REQUESTS, &labels, 1);
        self.time(HTTP_SECONDS, &[("route", route)], took);
    }

    /// A GraphQL operation ended; `code` is `OK` or that of its first error.
    pub fn operation(&self, kind: &str, code: &str, took: Duration) {
        self.count(OPERATIONS, &[("kind", kind), ("code", code)], 1);
        self.time(OPERATION_SECONDS, &[("kind", kind)], took);
    }

    /// A request had no valid token.
    pub fn refused(&self, reason: &str) {
        self.count(REFUSED, &[("reason", reason)], 1);
    }

    /// A page of a stream was committed.
    pub fn page(&self, source: &str, stream: &str, records: u64, rejects: u64) {
        let labels = [("source", source), ("stream", stream)];
        self.count(SYNC_PAGES, &labels, 1);
        self.count(SYNC_RECORDS, &labels, records);
        self.count(SYNC_REJECTS, &labels, rejects);
    }

    /// A stream's run ended: `ok`, `failed`, `cancelled`.
    pub fn stream_ended(&self, source: &str, stream: &str, outcome: &str) {
        self.count(SYNC_RUNS, &[("source", source), ("stream", stream), ("outcome", outcome)], 1);
    }

    /// All of it as text; `statements` are the SQL statements run so far.
    #[must_use]
    pub fn text(&self, statements: u64) -> String {
        let mut out = String::with_capacity(8192);
        self.with(|series| {
            for (name, kind, help) in HELP {
                head(&mut out, name, kind, help);
                for (labels, value) in series.counters.get(name).into_iter().flatten() {
                    line(&mut out, name, labels, &value.to_string());
                }
                for (labels, histogram) in series.histograms.get(name).into_iter().flatten() {
                    write_histogram(&mut out, name, labels, histogram);
                }
            }
        });
        head(&mut out, "c360_sql_statements_total", "counter", "SQL statements run.");
        line(&mut out, "c360_sql_statements_total", "", &statements.to_string());
        head(&mut out, "c360_build_info", "gauge", "The version that runs; always 1.");
        line(
            &mut out,
            "c360_build_info",
            concat!("version=\"", env!("CARGO_PKG_VERSION"), "\""),
            "1",
        );
        write_process(&mut out);
        out
    }
}

/// The place of a label combination; `other` once there are too many.
fn bounded<T: Default>(series: &mut BTreeMap<String, T>, labels: String) -> &mut T {
    let full = series.len() >= SERIES_MAX && !series.contains_key(&labels);
    series.entry(if full { "other=\"true\"".to_owned() } else { labels }).or_default()
}

fn written(labels: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, value) in labels {
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(name);
        out.push_str("=\"");
        for c in value.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                c => out.push(c),
            }
        }
        out.push('"');
    }
    out
}

// Writing into a `String` cannot fail.
fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn line(out: &mut String, name: &str, labels: &str, value: &str) {
    if labels.is_empty() {
        let _ = writeln!(out, "{name} {value}");
    } else {
        let _ = writeln!(out, "{name}{{{labels}}} {value}");
    }
}

fn write_histogram(out: &mut String, name: &str, labels: &str, histogram: &Histogram) {
    let comma = if labels.is_empty() { "" } else { "," };
    for (bound, count) in BUCKETS.iter().zip(histogram.counts) {
        let _ = writeln!(out, "{name}_bucket{{{labels}{comma}le=\"{bound}\"}} {count}");
    }
    let count = histogram.count;
    let _ = writeln!(out, "{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {count}");
    line(out, &format!("{name}_sum"), labels, &histogram.sum.to_string());
    line(out, &format!("{name}_count"), labels, &count.to_string());
}

/// Memory and processor time of this process, where `/proc` tells.
fn write_process(out: &mut String) {
    let resident = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split_whitespace().nth(1)?.parse::<u64>().ok());
    if let Some(pages) = resident {
        let name = "process_resident_memory_bytes";
        head(out, name, "gauge", "Resident memory.");
        line(out, name, "", &(pages * PAGE_BYTES).to_string());
    }
    let ticks = std::fs::read_to_string("/proc/self/stat").ok().and_then(|text| cpu_ticks(&text));
    if let Some(ticks) = ticks {
        let name = "process_cpu_seconds_total";
        head(out, name, "counter", "User and system time.");
        line(out, name, "", &(ticks as f64 / TICKS_PER_SECOND).to_string());
    }
}

/// `utime + stime` of a `stat` line, whose second field may hold spaces and parentheses.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_holds_what_was_counted() {
        let meter = Meter::default();
        meter.request("/graphql", "POST", 200, Duration::from_millis(3));
        meter.request("/graphql", "POST", 200, Duration::from_millis(30));
        meter.operation("query", "OK", Duration::from_millis(2));
        meter.page("hub\"spot", "contacts", 100, 2);
        let text = meter.text(7);
        for expected in [
            "c360_http_requests_total{route=\"/graphql\",method=\"POST\",status=\"200\"} 2\n",
            "c360_http_request_duration_seconds_bucket{route=\"/graphql\",le=\"0.0025\"} 0\n",
            "c360_http_request_duration_seconds_bucket{route=\"/graphql\",le=\"0.005\"} 1\n",
            "c360_http_request_duration_seconds_bucket{route=\"/graphql\",le=\"+Inf\"} 2\n",
            "c360_http_request_duration_seconds_count{route=\"/graphql\"} 2\n",
            "c360_graphql_operations_total{kind=\"query\",code=\"OK\"} 1\n",
            "c360_sync_records_total{source=\"hub\\\"spot\",stream=\"contacts\"} 100\n",
            "c360_sql_statements_total 7\n",
        ] {
            assert!(text.contains(expected), "{expected} is not in\n{text}");
        }
    }

    #[test]
    fn labels_are_bounded() {
        let meter = Meter::default();
        for n in 0..SERIES_MAX + 50 {
            meter.refused(&n.to_string());
        }
        assert!(meter.text(0).contains("c360_auth_refused_total{other=\"true\"} 50\n"));
    }

    #[test]
    fn processor_time_is_read_past_a_strange_process_name() {
        let line = "1 (a) b) S 1 1 1 0 -1 4194560 1 2 3 4 70 30 0 0 20 0 1 0 5 6 7";
        assert_eq!(cpu_ticks(line), Some(100));
        assert_eq!(cpu_ticks("x"), None);
    }
}
