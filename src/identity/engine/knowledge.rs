//! What was learnt from all records of a kind, and what it says about a few of them.
//!
//! Owns the frozen parameters: an incremental run weighs its records exactly as the run over
//! everything did that learnt them. Refuses to know where they are stored.

use super::block;
use super::compare::{Compared, Comparer};
use super::frequency::{Counts, Frequencies};
use super::keys::{self, Context, Rule};
use super::level::{self, Comparison};
use super::model::Model;
use super::table::{Table, TableBuilder};
use crate::IdentityRecord;
use crate::record;
use crate::resolve::{in_order, latest_verdicts};
use domain::{Decision, ProfileKind, Verdict};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

/// What was learnt from all records of a kind: parameters, how often values occur, which blocks
/// are too large, from which weight records join. Frozen between trainings.
#[derive(Clone, Debug)]
pub struct Knowledge {
    kind: ProfileKind,
    body: Body,
    counts: Counts,
    oversized: FxHashSet<u64>,
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Body {
    /// Version of this form, and of [`record::Form`]; another one is learnt anew.
    version: u32,
    records: u64,
    org_names: f32,
    present: Vec<f64>,
    cutoff: f32,
    usual_size: u32,
    model: Model,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    body: Body,
    counts: Vec<(u64, u32, u32)>,
    oversized: Vec<u64>,
}

const VERSION: u32 = 6;
/// How far below the cut-off pairs are still looked at: what lies between is a reviewer's.
pub(crate) const GREY: f32 = 4.0;

impl Knowledge {
    /// What is known before there are records: usual frequencies and error rates.
    #[must_use]
    pub fn unlearned(kind: ProfileKind) -> Self {
        Self::learn_table(kind, &[], &[])
    }

    /// Learns from all records of a kind. What stewards decided counts as known where it is known;
    /// everything else is estimated without labels.
    #[must_use]
    pub fn learn(kind: ProfileKind, records: &[IdentityRecord], decisions: &[Decision]) -> Self {
        let of_kind = in_order(records.iter().filter(|r| r.kind == kind).collect());
        let labels: Vec<(u32, u32, bool)> = latest_verdicts(&of_kind, decisions)
            .into_iter()
            .filter(|(.., verdict)| *verdict != Verdict::Unsure)
            .map(|(a, b, _, verdict)| (a, b, verdict == Verdict::Same))
            .collect();
        Self::learn_table(kind, &of_kind, &labels)
    }

    fn learn_table(
        kind: ProfileKind,
        records: &[&IdentityRecord],
        labels: &[(u32, u32, bool)],
    ) -> Self {
        let table = table_of(kind, records);
        let comparisons = standing(kind);
        let learnt = super::learn(&table, Some(comparisons), labels);
        Self {
            kind,
            body: Body {
                version: VERSION,
                records: table.len() as u64,
                org_names: table.org.len() as f32,
                present: learnt.present,
                cutoff: learnt.cutoff,
                usual_size: learnt.usual_size,
                model: learnt.model,
            },
            counts: learnt.counts,
            oversized: learnt.oversized,
            rules: learnt.rules,
        }
    }

    /// The stored form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut counts: Vec<(u64, u32, u32)> =
            self.counts.iter().map(|(key, (n, carriers))| (*key, *n, *carriers)).collect();
        counts.sort_unstable();
        let mut oversized: Vec<u64> = self.oversized.iter().copied().collect();
        oversized.sort_unstable();
        let stored = Stored { body: self.body.clone(), counts, oversized };
        postcard::to_allocvec(&stored).unwrap_or_default()
    }

    /// The inverse of [`Knowledge::to_bytes`]; `None` for another version's form or damaged bytes:
    /// learn anew then.
    #[must_use]
    pub fn from_bytes(kind: ProfileKind, bytes: &[u8]) -> Option<Self> {
        let stored: Stored = postcard::from_bytes(bytes).ok()?;
        let mut body = stored.body;
        if body.version != VERSION || body.model.comparisons != standing(kind) {
            return None;
        }
        body.model.finish();
        let empty = table_of(kind, &[]);
        Some(Self {
            kind,
            rules: keys::rules(&empty, &body.model.comparisons),
            body,
            counts: stored.counts.into_iter().map(|(key, n, c)| (key, (n, c))).collect(),
            oversized: stored.oversized.into_iter().collect(),
        })
    }

    /// Person or company.
    #[must_use]
    pub fn kind(&self) -> ProfileKind {
        self.kind
    }

    /// How many records it was learnt from.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.body.records
    }

    /// Mean weight from which clusters join, in log2 odds.
    #[must_use]
    pub fn cutoff(&self) -> f64 {
        f64::from(self.body.cutoff)
    }

    /// The largest size that is usual for a cluster, in records.
    #[must_use]
    pub fn usual_size(&self) -> u32 {
        self.body.usual_size
    }

    /// Weight from which a pair is worth following or showing to a reviewer, in log2 odds.
    #[must_use]
    pub fn floor(&self) -> f64 {
        f64::from(self.body.cutoff - GREY)
    }

    /// A table of records, ready to be weighed as everything was.
    pub(crate) fn table(&self, records: &[&IdentityRecord]) -> Table {
        table_of(self.kind, records)
    }

    /// A table to which records are added as they come.
    pub(crate) fn builder(&self) -> TableBuilder {
        TableBuilder::new(self.kind, record::columns(self.kind))
    }

    /// The frequencies before there are any records in the table.
    pub(crate) fn frequencies(&self) -> Frequencies {
        Frequencies::stored(self.body.records as f64)
    }

    /// Adds the frequencies of what a table has gained, see [`Frequencies::import`].
    pub(crate) fn count(&self, table: &Table, known: usize, frequencies: &mut Frequencies) {
        frequencies.import(table, known, &self.counts, self.body.org_names);
    }

    pub(crate) fn view<'t>(&'t self, table: &'t Table) -> View<'t> {
        let mut frequencies = self.frequencies();
        self.count(table, 0, &mut frequencies);
        self.view_of(table, frequencies, (0..table.len() as u32).collect())
    }

    /// Of a table whose values are counted the given rows.
    pub(crate) fn view_of<'t>(
        &'t self,
        table: &'t Table,
        frequencies: Frequencies,
        rows: Vec<u32>,
    ) -> View<'t> {
        let model = &self.body.model;
        let (comparisons, present) = (model.comparisons.clone(), self.body.present.clone());
        let comparer = Comparer::learnt(table, frequencies, comparisons, present);
        View { knowledge: self, comparer, rows, weights: FxHashMap::default() }
    }
}

/// Learnt parameters applied to records of a table, which are named by their places in `rows`.
pub(crate) struct View<'t> {
    pub knowledge: &'t Knowledge,
    comparer: Comparer<'t>,
    rows: Vec<u32>,
    weights: FxHashMap<(u32, u32), f32>,
}

/// One bar of the waterfall.
pub(crate) struct Bar {
    pub comparison: &'static str,
    pub level: &'static str,
    pub weight: f64,
    /// Share of the records that carry the value agreed on.
    pub term_frequency: Option<f64>,
}

impl View<'_> {
    fn model(&self) -> &Model {
        &self.knowledge.body.model
    }

    fn row(&self, at: u32) -> u32 {
        self.rows.get(at as usize).copied().unwrap_or(u32::MAX)
    }

    /// Ends the view; the frequencies are the table's, and may serve the next one.
    pub fn into_frequencies(self) -> Frequencies {
        self.comparer.frequency
    }

    /// The blocking keys of a record.
    pub fn keys(&self, at: u32) -> Vec<u64> {
        let (rules, oversized) = (&self.knowledge.rules, &self.knowledge.oversized);
        block::stored_keys(&self.context(), rules, oversized, self.row(at))
    }

    /// Pairs of records that share a blocking key.
    pub fn candidates(&self) -> Vec<(u32, u32)> {
        let (rules, oversized) = (&self.knowledge.rules, &self.knowledge.oversized);
        block::stored_candidates(&self.context(), rules, oversized, self.rows.iter().copied())
    }

    fn context(&self) -> Context<'_> {
        Context { table: self.comparer.table, word_weight: &self.comparer.frequency.word_weight }
    }

    /// Match weight of a pair in log2 odds.
    pub fn weight(&mut self, a: u32, b: u32) -> f32 {
        let key = (a.min(b), a.max(b));
        if let Some(known) = self.weights.get(&key) {
            return *known;
        }
        let compared = self.comparer.compare(self.row(key.0), self.row(key.1));
        let weight = self.careful(compared, self.model().weight(compared));
        self.weights.insert(key, weight);
        weight
    }

    /// See [`Model::is_doubtful`].
    fn careful(&self, compared: Compared, weight: f32) -> f32 {
        if self.is_doubtful(compared) {
            weight.min(self.knowledge.body.cutoff - 1.0)
        } else {
            weight
        }
    }

    fn is_doubtful(&self, compared: Compared) -> bool {
        self.knowledge.kind == ProfileKind::Person && self.model().is_doubtful(compared)
    }

    /// The waterfall of a pair: the prior, each comparison, and what relatedness takes off.
    pub fn bars(&mut self, a: u32, b: u32) -> Vec<Bar> {
        let (x, y) = (self.row(a.min(b)), self.row(a.max(b)));
        let compared = self.comparer.compare(x, y);
        let total = f64::from(self.weight(a, b));
        let mut bars = vec![Bar {
            comparison: "prior",
            level: "two random records",
            weight: self.model().prior_weight(),
            term_frequency: None,
        }];
        let levels = self.comparer.levels(x, y);
        for (at, (comparison, (level, frequency))) in
            self.model().comparisons.iter().zip(levels).enumerate()
        {
            if level == level::MISSING {
                continue;
            }
            bars.push(Bar {
                comparison: comparison.name(),
                level: comparison.names().get(usize::from(level)).copied().unwrap_or("other"),
                weight: self.model().level_weight(at, level, frequency),
                term_frequency: frequency,
            });
        }
        let rest = total - bars.iter().map(|bar| bar.weight).sum::<f64>();
        if rest.abs() > 0.05 {
            bars.push(Bar {
                comparison: "related",
                level: if self.is_doubtful(compared) { "asked first" } else { "may be related" },
                weight: rest,
                term_frequency: None,
            });
        }
        bars
    }
}

fn table_of(kind: ProfileKind, records: &[&IdentityRecord]) -> Table {
    let mut builder = TableBuilder::new(kind, record::columns(kind));
    for record in records {
        builder.push_fields(record.fields());
    }
    builder.finish_as_added()
}

/// What is compared in a store, whether or not anything of it is there yet.
fn standing(kind: ProfileKind) -> Vec<Comparison> {
    use Comparison as C;
    match kind {
        ProfileKind::Person => {
            vec![C::Given, C::Family, C::Middle, C::Email, C::Phone, C::Address, C::Place, C::Org]
        }
        ProfileKind::Company => vec![C::Email, C::Phone, C::Address, C::Place, C::Org, C::Web],
    }
}
