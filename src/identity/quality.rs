//! How good a clustering is, held to a known truth.
//!
//! Owns precision, recall and F1 of pairs and of clusters (pairwise and B-cubed) and the search for
//! the cut-off that the truth would have chosen. Refuses to read tables and to decide matches.
//!
//! # What is counted
//! - A row whose truth is [`UNKNOWN`] is left out of every measure, as if it were not in the table.
//! - **Pairwise**: of all pairs of rows in one cluster, the share that are one entity (precision);
//!   of all pairs of rows that are one entity, the share that are in one cluster (recall).
//! - **B-cubed** (Bagga and Baldwin, 1998): for each row, the share of its cluster that is its
//!   entity (precision) and the share of its entity that is in its cluster (recall), the row itself
//!   counted in both; then the mean over rows. F1 is that of the two means.
//! - **Linking two or more sets** ([`Truth::sets`] given): only pairs of rows of different sets
//!   exist. B-cubed of a row then looks at the row itself and at the rows of *other* sets in its
//!   cluster and in its entity, so neither joining nor separating two rows of one set counts.
//! - Nothing predicted has precision 1, nothing to find has recall 1; F1 is
//!   `2 tp / (2 tp + fp + fn)` for pairs, and 1 when there is neither.

use rustc_hash::FxHashMap;

/// The label of a row whose entity is not known.
pub const UNKNOWN: u32 = u32::MAX;

/// What is known to be so.
#[derive(Clone, Copy, Debug)]
pub struct Truth<'a> {
    /// The entity of each row, any number; [`UNKNOWN`] where nobody knows.
    pub labels: &'a [u32],
    /// The data set of each row when sets are linked and rows of one set never match.
    pub sets: Option<&'a [u32]>,
}

/// Precision, recall and their harmonic mean, each from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Scores {
    /// The share of what was found that is right.
    pub precision: f64,
    /// The share of what is right that was found.
    pub recall: f64,
    /// The harmonic mean of both.
    pub f1: f64,
}

/// How good a clustering is.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct ClusterQuality {
    /// Over pairs of rows.
    pub pairwise: Scores,
    /// Over rows.
    pub b_cubed: Scores,
}

/// One step of an agglomeration: the clusters of two rows become one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// A row of the one cluster.
    pub a: u32,
    /// A row of the other.
    pub b: u32,
    /// Log2 odds at which they were joined.
    pub weight: f64,
}

/// The cut that the truth would have chosen.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct BestCutoff {
    /// Joins of at least this weight are made; `None` when making no join at all is best.
    pub cutoff: Option<f64>,
    /// Pairwise F1 after clustering at that cut.
    pub f1: f64,
}

impl Truth<'_> {
    fn label(&self, row: u32) -> Option<u32> {
        self.labels.get(row as usize).copied().filter(|label| *label != UNKNOWN)
    }

    fn set(&self, row: u32) -> u32 {
        self.sets.and_then(|sets| sets.get(row as usize)).copied().unwrap_or(0)
    }

    /// How many pairs of rows are one entity.
    #[must_use]
    pub fn pairs(&self) -> u64 {
        let mut rows: Vec<(u32, u32)> =
            self.known().map(|(row, label)| (label, self.set(row))).collect();
        rows.sort_unstable();
        rows.chunk_by(|x, y| x.0 == y.0)
            .map(|entity| {
                let inside = if self.sets.is_some() {
                    entity.chunk_by(|x, y| x.1 == y.1).map(|set| pairs_of(set.len())).sum()
                } else {
                    0
                };
                pairs_of(entity.len()) - inside
            })
            .sum()
    }

    /// Rows with a label.
    fn known(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        (0u32..).zip(self.labels).filter(|(_, l)| **l != UNKNOWN).map(|(row, l)| (row, *l))
    }
}

fn pairs_of(rows: usize) -> u64 {
    let rows = rows as u64;
    rows * rows.saturating_sub(1) / 2
}

#[allow(clippy::cast_precision_loss, reason = "counts of pairs stay far below 2^53")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

impl Scores {
    /// From counts of pairs: right and found, found, right.
    #[must_use]
    pub fn of_counts(both: u64, found: u64, right: u64) -> Self {
        Self {
            precision: share(both, found),
            recall: share(both, right),
            f1: share(2 * both, found + right),
        }
    }

    fn of_means(precision: f64, recall: f64) -> Self {
        let sum = precision + recall;
        Self { precision, recall, f1: if sum > 0.0 { 2.0 * precision * recall / sum } else { 0.0 } }
    }
}

/// How good a list of pairs is. Each pair is to be named once; a pair of a row with itself, of an
/// unlabelled row, or of two rows of one set while sets are linked, is left out.
pub fn pairs(truth: &Truth<'_>, found: impl IntoIterator<Item = (u32, u32)>) -> Scores {
    let (mut both, mut all) = (0, 0);
    for (a, b) in found {
        let (Some(x), Some(y)) = (truth.label(a), truth.label(b)) else { continue };
        if a == b || (truth.sets.is_some() && truth.set(a) == truth.set(b)) {
            continue;
        }
        all += 1;
        both += u64::from(x == y);
    }
    Scores::of_counts(both, all, truth.pairs())
}

/// How good a clustering is: `clusters` has the cluster's number of each row.
#[must_use]
pub fn clusters(truth: &Truth<'_>, clusters: &[u32]) -> ClusterQuality {
    // (cluster, label, set) of every labelled row; then the same by label.
    let mut rows: Vec<(u32, u32, u32)> = truth
        .known()
        .filter_map(|(row, label)| Some((*clusters.get(row as usize)?, label, truth.set(row))))
        .collect();
    let linked = truth.sets.is_some();
    let found = grouped(&mut rows, linked);
    for row in &mut rows {
        *row = (row.1, row.0, row.2);
    }
    let right = grouped(&mut rows, linked);
    #[allow(clippy::cast_precision_loss, reason = "counts of rows stay far below 2^53")]
    let count = rows.len().max(1) as f64;
    let b_cubed = if rows.is_empty() {
        Scores { precision: 1.0, recall: 1.0, f1: 1.0 }
    } else {
        Scores::of_means(found.shares / count, right.shares / count)
    };
    ClusterQuality { pairwise: Scores::of_counts(found.both, found.pairs, right.pairs), b_cubed }
}

/// Sums over groups of rows that share their first number.
struct Grouped {
    /// Pairs in one group.
    pairs: u64,
    /// Of these, pairs that share the second number too.
    both: u64,
    /// For each row, the share of its group that has its second number; summed over rows.
    shares: f64,
}

#[allow(clippy::cast_precision_loss, reason = "counts of rows stay far below 2^53")]
fn grouped(rows: &mut [(u32, u32, u32)], linked: bool) -> Grouped {
    rows.sort_unstable();
    let mut sums = Grouped { pairs: 0, both: 0, shares: 0.0 };
    let mut of_set: FxHashMap<u32, usize> = FxHashMap::default();
    for group in rows.chunk_by(|x, y| x.0 == y.0) {
        of_set.clear();
        if linked {
            for row in group {
                *of_set.entry(row.2).or_default() += 1;
            }
        }
        sums.pairs += pairs_of(group.len()) - of_set.values().map(|n| pairs_of(*n)).sum::<u64>();
        for cell in group.chunk_by(|x, y| x.1 == y.1) {
            sums.both += pairs_of(cell.len());
            if !linked {
                sums.shares += (cell.len() * cell.len()) as f64 / group.len() as f64;
                continue;
            }
            for part in cell.chunk_by(|x, y| x.2 == y.2) {
                sums.both -= pairs_of(part.len());
                let own = part.first().and_then(|row| of_set.get(&row.2)).copied().unwrap_or(0);
                let same = 1 + cell.len() - part.len();
                let all = 1 + group.len() - own;
                sums.shares += part.len() as f64 * same as f64 / all as f64;
            }
        }
    }
    sums
}

/// How many rows the largest cluster has, unlabelled ones included; 0 for none.
#[must_use]
pub fn largest_cluster(clusters: &[u32]) -> u32 {
    let mut sizes: FxHashMap<u32, u32> = FxHashMap::default();
    for cluster in clusters {
        *sizes.entry(*cluster).or_default() += 1;
    }
    sizes.values().copied().max().unwrap_or(0)
}

/// Finds the cut of an agglomeration with the best pairwise F1.
///
/// `steps` are in the order in which they were made; a cut at *w* makes the leading steps whose
/// weight is at least *w*, up to the first that is lighter. Of equally good cuts the one that joins
/// least is given. The cut-off lies halfway between the last step made and the first one left out.
/// Steps between rows that are together already, and steps with rows that do not exist, do nothing.
/// Takes O(n log n) for n rows.
#[must_use]
pub fn best_cutoff(steps: impl IntoIterator<Item = Step>, truth: &Truth<'_>) -> BestCutoff {
    let right = truth.pairs();
    let mut forest = Forest::new(truth);
    let mut best = BestCutoff { cutoff: None, f1: Scores::of_counts(0, 0, right).f1 };
    let mut lightest = f64::INFINITY;
    for step in steps {
        if step.weight < lightest {
            let f1 = Scores::of_counts(forest.both, forest.found, right).f1;
            if f1 > best.f1 && lightest.is_finite() {
                best = BestCutoff { cutoff: Some(f64::midpoint(lightest, step.weight)), f1 };
            }
            lightest = step.weight;
        }
        forest.join(step.a, step.b);
    }
    let f1 = Scores::of_counts(forest.both, forest.found, right).f1;
    if f1 > best.f1 && lightest.is_finite() {
        best = BestCutoff { cutoff: Some(lightest), f1 };
    }
    best
}

/// Clusters that grow, with the counts of pairs kept up.
struct Forest<'a> {
    truth: &'a Truth<'a>,
    parent: Vec<u32>,
    /// The rows of a cluster as a ring.
    next: Vec<u32>,
    size: Vec<u32>,
    /// Labelled rows by (root, label, set); [`ANY`] stands for all labels or all sets.
    counts: FxHashMap<(u32, u32, u32), u32>,
    found: u64,
    both: u64,
}

/// All labels, or all sets.
const ANY: u32 = u32::MAX;

impl<'a> Forest<'a> {
    fn new(truth: &'a Truth<'a>) -> Self {
        let rows = u32::try_from(truth.labels.len()).unwrap_or(u32::MAX);
        Self {
            truth,
            parent: (0..rows).collect(),
            next: (0..rows).collect(),
            size: vec![1; rows as usize],
            counts: FxHashMap::default(),
            found: 0,
            both: 0,
        }
    }

    fn root(&mut self, mut row: u32) -> Option<u32> {
        loop {
            let parent = *self.parent.get(row as usize)?;
            if parent == row {
                return Some(row);
            }
            let above = *self.parent.get(parent as usize)?;
            *self.parent.get_mut(row as usize)? = above;
            row = above;
        }
    }

    fn size_of(&self, root: u32) -> u32 {
        self.size.get(root as usize).copied().unwrap_or(0)
    }

    fn join(&mut self, a: u32, b: u32) {
        let (Some(a), Some(b)) = (self.root(a), self.root(b)) else { return };
        if a == b {
            return;
        }
        let (large, small) = if self.size_of(a) < self.size_of(b) { (b, a) } else { (a, b) };
        if self.size_of(large) == 1 {
            // Clusters of one keep no counts until they grow.
            self.count(large, large, 1);
        }
        let kept = self.size_of(small) > 1;
        let mut row = small;
        loop {
            self.meet(large, row);
            if kept {
                self.count(small, row, -1);
            }
            row = self.next.get(row as usize).copied().unwrap_or(small);
            if row == small {
                break;
            }
        }
        loop {
            self.count(large, row, 1);
            row = self.next.get(row as usize).copied().unwrap_or(small);
            if row == small {
                break;
            }
        }
        self.next.swap(large as usize, small as usize);
        let total = self.size_of(large) + self.size_of(small);
        if let Some(size) = self.size.get_mut(large as usize) {
            *size = total;
        }
        if let Some(parent) = self.parent.get_mut(small as usize) {
            *parent = large;
        }
    }

    /// Counts the pairs of one row with all rows of a cluster.
    fn meet(&mut self, root: u32, row: u32) {
        let Some(label) = self.truth.label(row) else { return };
        let get =
            |label, set| u64::from(self.counts.get(&(root, label, set)).copied().unwrap_or(0));
        let (mut found, mut both) = (get(ANY, ANY), get(label, ANY));
        if self.truth.sets.is_some() {
            let set = self.truth.set(row);
            found -= get(ANY, set);
            both -= get(label, set);
        }
        self.found += found;
        self.both += both;
    }

    /// Adds a row to the counts of a cluster, or takes it out.
    fn count(&mut self, root: u32, row: u32, by: i32) {
        let Some(label) = self.truth.label(row) else { return };
        let mut add = |label, set| {
            let slot = self.counts.entry((root, label, set)).or_default();
            *slot = slot.saturating_add_signed(by);
            if *slot == 0 {
                self.counts.remove(&(root, label, set));
            }
        };
        add(ANY, ANY);
        add(label, ANY);
        if self.truth.sets.is_some() {
            let set = self.truth.set(row);
            add(ANY, set);
            add(label, set);
        }
    }
}

#[cfg(test)]
mod tests;
