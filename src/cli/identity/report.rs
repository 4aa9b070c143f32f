//! What `c360 identity evaluate` answers, as JSON and as text.

use super::meter::Meter;
use identity::engine::{Column, TableOutcome};
use identity::quality::{BestCutoff, ClusterQuality, Scores, largest_cluster};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How good the outcome is.
pub struct Quality {
    pub true_pairs: u64,
    pub pairs: Scores,
    pub clusters: ClusterQuality,
    pub best: BestCutoff,
}

#[derive(Debug, Serialize)]
struct ColumnLine {
    name: String,
    role: &'static str,
}

#[derive(Debug, Serialize)]
struct RuleLine {
    rule: String,
    pairs: u64,
    new_pairs: u64,
    oversized: u64,
    windowed: u64,
    /// Expected matches that no other rule found.
    only_matches: f64,
}

/// The whole answer. What is unknown is `null`.
#[derive(Debug, Serialize)]
pub struct Report {
    rows: usize,
    clusters: usize,
    /// Clusters by size: (size, how many).
    sizes: Vec<(u32, u32)>,
    largest_cluster: u32,
    true_pairs: Option<u64>,
    pairs: Option<Scores>,
    pairwise: Option<Scores>,
    b_cubed: Option<Scores>,
    cutoff: f64,
    best_cutoff: Option<f64>,
    best_f1: Option<f64>,
    candidate_pairs: usize,
    cpu_seconds: Option<BTreeMap<&'static str, f64>>,
    peak_rss_bytes: Option<u64>,
    columns: Vec<ColumnLine>,
    blocking: Vec<RuleLine>,
    notes: Vec<String>,
}

/// The phases in their order; all are in the total but the last three.
const PHASES: [&str; 11] = [
    "load",
    "normalise",
    "block",
    "compare",
    "train",
    "score",
    "cluster",
    "calibrate",
    "explore",
    "write",
    "evaluate",
];
const IN_TOTAL: usize = 8;

impl Report {
    pub fn new(
        outcome: TableOutcome,
        quality: Option<Quality>,
        columns: Vec<Column>,
        meter: &Meter,
        peak_rss_bytes: Option<u64>,
        mut notes: Vec<String>,
    ) -> Self {
        let mut of_cluster: BTreeMap<u32, u32> = BTreeMap::new();
        let mut sorted = outcome.clusters.clone();
        sorted.sort_unstable();
        for cluster in sorted.chunk_by(|a, b| a == b) {
            *of_cluster.entry(u32::try_from(cluster.len()).unwrap_or(u32::MAX)).or_default() += 1;
        }
        let cpu_seconds = meter.seconds().map(|mut seconds| {
            for phase in PHASES {
                seconds.entry(phase).or_default();
            }
            let total = PHASES.iter().take(IN_TOTAL).filter_map(|p| seconds.get(p)).sum();
            seconds.insert("total", total);
            seconds
        });
        notes.extend(outcome.notes);
        let column = |c: Column| ColumnLine { name: c.name, role: c.role.as_str() };
        Self {
            rows: outcome.clusters.len(),
            clusters: of_cluster.values().map(|n| *n as usize).sum(),
            sizes: of_cluster.into_iter().collect(),
            largest_cluster: largest_cluster(&outcome.clusters),
            true_pairs: quality.as_ref().map(|q| q.true_pairs),
            pairs: quality.as_ref().map(|q| q.pairs),
            pairwise: quality.as_ref().map(|q| q.clusters.pairwise),
            b_cubed: quality.as_ref().map(|q| q.clusters.b_cubed),
            cutoff: outcome.cutoff,
            best_cutoff: quality.as_ref().and_then(|q| q.best.cutoff),
            best_f1: quality.as_ref().map(|q| q.best.f1),
            candidate_pairs: outcome.pairs.len(),
            cpu_seconds,
            peak_rss_bytes,
            columns: columns.into_iter().map(column).collect(),
            blocking: outcome
                .report
                .rules
                .into_iter()
                .map(|rule| RuleLine {
                    rule: rule.name,
                    pairs: rule.pairs,
                    new_pairs: rule.new_pairs,
                    oversized: rule.oversized,
                    windowed: rule.windowed,
                    only_matches: rule.only_matches,
                })
                .collect(),
            notes,
        }
    }

    /// The answer for people.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "{} rows in {} clusters, the largest of {}",
            self.rows, self.clusters, self.largest_cluster
        )?;
        let measures = [
            ("pairs", self.pairs),
            ("pairwise after clustering", self.pairwise),
            ("B-cubed", self.b_cubed),
        ];
        if self.pairs.is_some() {
            writeln!(out, "\n{:<27}{:>10}{:>10}{:>10}", "", "precision", "recall", "F1")?;
        }
        for (name, scores) in measures {
            let Some(s) = scores else { continue };
            writeln!(out, "{name:<27}{:>10.4}{:>10.4}{:>10.4}", s.precision, s.recall, s.f1)?;
        }
        writeln!(out, "\ncut-off {:.2} (log2 odds), chosen without the truth", self.cutoff)?;
        if let Some(f1) = self.best_f1 {
            match self.best_cutoff {
                Some(best) => writeln!(
                    out,
                    "best cut-off {best:.2}, which the truth would choose: F1 {f1:.4}"
                )?,
                None => writeln!(out, "best would be no join at all: F1 {f1:.4}")?,
            }
        } else {
            writeln!(out, "\nclusters by size:")?;
            for (size, count) in &self.sizes {
                writeln!(out, "{size:>8}  {count}")?;
            }
        }
        if let Some(seconds) = &self.cpu_seconds {
            let of = |phase: &str| seconds.get(phase).copied().unwrap_or(0.0);
            writeln!(out, "\nCPU seconds: {:.2}", of("total"))?;
            for phase in PHASES {
                let aside = if PHASES.iter().take(IN_TOTAL).any(|p| *p == phase) {
                    ""
                } else {
                    "  (not in the total)"
                };
                writeln!(out, "  {phase:<12}{:>8.2}{aside}", of(phase))?;
            }
        }
        if let Some(bytes) = self.peak_rss_bytes {
            writeln!(out, "most memory: {} MB", bytes / 1_000_000)?;
        }
        writeln!(out, "\ncolumns:")?;
        for column in &self.columns {
            writeln!(out, "  {:<32}{}", column.name, column.role)?;
        }
        writeln!(out, "\n{} candidate pairs, by blocking rule:", self.candidate_pairs)?;
        writeln!(
            out,
            "  {:<40}{:>12}{:>12}{:>12}{:>12}{:>14}",
            "rule", "pairs", "new", "oversized", "windowed", "only matches"
        )?;
        for rule in &self.blocking {
            writeln!(
                out,
                "  {:<40}{:>12}{:>12}{:>12}{:>12}{:>14.1}",
                rule.rule,
                rule.pairs,
                rule.new_pairs,
                rule.oversized,
                rule.windowed,
                rule.only_matches
            )?;
        }
        for note in &self.notes {
            writeln!(out, "note: {note}")?;
        }
        Ok(())
    }
}
