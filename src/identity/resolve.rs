//! Records and decisions in, clusters and reviews out.
//!
//! Owns the walk: index values, form candidate pairs, compare each once, join in descending weight
//! under constraints, explain. Near-linear in records times values; a pair is looked at only if the
//! two share a value that is not demoted, or a decision names them.

use crate::bucket;
use crate::compare::{self, Guard, Outcome, Shared};
use crate::constraint::{Clusters, PairSet, Refusal, Slot};
use crate::record::Traits;
use crate::{
    Cluster, Evidence, IdentityRecord, Join, Resolution, ReviewPair, ReviewReason, RuleId, Rules,
    SharedValues, weights,
};
use domain::{Decision, Identifier, IdentifierKind, ProfileKind, RecordId, Verdict};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use std::hash::Hasher;

/// A pair that a rule would join.
#[derive(Clone, Copy)]
struct Edge {
    a: u32,
    b: u32,
    rule: RuleId,
    guard: Guard,
    weight: f64,
}

/// A pair for the queue.
#[derive(Clone, Copy)]
struct Doubt {
    a: u32,
    b: u32,
    reason: ReviewReason,
    weight: f64,
}

/// Resolves records into clusters. Deterministic, the same for any order of `records` and
/// `decisions`. A record id that comes twice counts once, in its highest version; decisions about
/// records that are not there are ignored.
#[must_use]
pub fn resolve(
    records: &[IdentityRecord],
    decisions: &[Decision],
    rules: &Rules,
    shared: &SharedValues,
) -> Resolution {
    let mut sorted: Vec<&IdentityRecord> = records.iter().collect();
    sorted.sort_by(|x, y| {
        (x.id, y.version).cmp(&(y.id, x.version)).then_with(|| x.identifiers.cmp(&y.identifiers))
    });
    sorted.dedup_by_key(|r| r.id);
    let records = sorted;

    let index = Index::new(&records, shared);
    let (same, parted, decided) = read_decisions(&records, decisions);
    let constrained: FxHashSet<u32> = parted.iter().flat_map(|(a, b)| [*a, *b]).collect();
    let slots: Vec<Vec<Slot>> = records.iter().map(|r| slots(r, rules)).collect();

    let (mut edges, mut doubts) = index.compare_all(&records, rules, |r| {
        constrained.contains(&r) || slots.get(r as usize).is_some_and(|s| !s.is_empty())
    });
    edges.sort_unstable_by(|x, y| {
        y.weight.total_cmp(&x.weight).then(x.a.cmp(&y.a)).then(x.b.cmp(&y.b))
    });

    let mut clusters = Clusters::new(&index.form, slots, &index.traits);
    for (a, b) in &parted {
        clusters.part(*a, *b);
    }
    let mut made: Vec<Edge> = Vec::new();
    for (a, b) in same {
        let rule = RuleId::Steward;
        let guard = compare::guard_of(rule);
        let edge = Edge { a, b, rule, guard, weight: weights::STEWARD };
        match clusters.join(a, b, guard, true) {
            Ok(true) => made.push(edge),
            Ok(false) => {}
            Err(_) => doubts.push(Doubt {
                a,
                b,
                reason: ReviewReason::DecisionsContradict,
                weight: weights::STEWARD,
            }),
        }
    }
    for edge in edges {
        let merged_by_vendor = edge.rule == RuleId::VendorMerge;
        match clusters.join(edge.a, edge.b, edge.guard, merged_by_vendor) {
            Ok(true) => made.push(edge),
            Ok(false) => {}
            Err(refusal) => {
                let reason = match refusal {
                    Refusal::Parted => ReviewReason::BridgeRefused,
                    Refusal::Unique => ReviewReason::UniqueSource,
                    Refusal::Conflict => ReviewReason::NamesConflict,
                };
                doubts.push(Doubt { a: edge.a, b: edge.b, reason, weight: edge.weight });
            }
        }
    }

    let roots = clusters.roots();
    let mut out = Resolution::default();
    let mut place: FxHashMap<u32, usize> = FxHashMap::default();
    for (record, root) in records.iter().zip(&roots) {
        let at = *place.entry(*root).or_insert_with(|| {
            out.clusters.push(Cluster { members: Vec::new(), joins: Vec::new() });
            out.clusters.len() - 1
        });
        if let Some(cluster) = out.clusters.get_mut(at) {
            cluster.members.push(record.id);
        }
    }
    let mut weakest: FxHashMap<u32, Edge> = FxHashMap::default();
    for edge in &made {
        let Some(root) = roots.get(edge.a as usize) else { continue };
        if clusters.size(*root) as usize > rules.large_cluster && edge.rule != RuleId::Steward {
            weakest.insert(*root, *edge);
        }
        let (Some(at), Some(join)) = (place.get(root), index.explain(&records, *edge, rules))
        else {
            continue;
        };
        if let Some(cluster) = out.clusters.get_mut(*at) {
            cluster.joins.push(join);
        }
    }
    // The last join made is the weakest one.
    for edge in weakest.into_values() {
        doubts.push(Doubt {
            a: edge.a,
            b: edge.b,
            reason: ReviewReason::LargeCluster,
            weight: edge.weight,
        });
    }
    out.reviews = reviews(&records, &index, rules, doubts, &decided, &roots, &clusters);
    out
}

/// Values by number, buckets by value, traits by number.
struct Index<'a> {
    /// Value numbers of each record that at least one other record carries, ascending.
    values: Vec<Vec<u32>>,
    names: Vec<&'a Identifier>,
    buckets: Vec<Vec<u32>>,
    form: Vec<u32>,
    traits: Vec<&'a Traits>,
    /// (value, traits) that say nothing, because the traits fit several owners of the value.
    ambiguous: FxHashSet<(u32, u32)>,
}

impl<'a> Index<'a> {
    fn new(records: &[&'a IdentityRecord], shared: &SharedValues) -> Self {
        let mut numbers: FxHashMap<(ProfileKind, &Identifier), u32> = FxHashMap::default();
        let mut names: Vec<&Identifier> = Vec::new();
        let mut buckets: Vec<Vec<u32>> = Vec::new();
        for (at, record) in records.iter().enumerate() {
            for identifier in &record.identifiers {
                let number = *numbers.entry((record.kind, identifier)).or_insert_with(|| {
                    names.push(identifier);
                    buckets.push(Vec::new());
                    (names.len() - 1) as u32
                });
                if let Some(bucket) = buckets.get_mut(number as usize)
                    && bucket.last() != Some(&(at as u32))
                {
                    bucket.push(at as u32);
                }
            }
        }
        drop(numbers);
        let mut values: Vec<Vec<u32>> = vec![Vec::new(); records.len()];
        for (number, (bucket, name)) in buckets.iter_mut().zip(&names).enumerate() {
            if bucket.len() < 2 || shared.contains(name) {
                *bucket = Vec::new();
                continue;
            }
            for record in bucket.iter() {
                if let Some(list) = values.get_mut(*record as usize) {
                    list.push(number as u32);
                }
            }
        }
        let mut forms: FxHashMap<&Traits, u32> = FxHashMap::default();
        let mut traits: Vec<&Traits> = Vec::new();
        let form = records
            .iter()
            .map(|record| {
                *forms.entry(&record.traits).or_insert_with(|| {
                    traits.push(&record.traits);
                    (traits.len() - 1) as u32
                })
            })
            .collect();
        let mut index =
            Self { values, names, buckets, form, traits, ambiguous: FxHashSet::default() };
        index.find_ambiguous();
        index
    }

    fn find_ambiguous(&mut self) {
        for (number, bucket) in self.buckets.iter().enumerate() {
            if bucket.len() < 3
                || self.names.get(number).is_some_and(|i| i.kind == IdentifierKind::ExternalId)
            {
                continue;
            }
            let mut forms: Vec<u32> =
                bucket.iter().filter_map(|r| self.form.get(*r as usize).copied()).collect();
            forms.sort_unstable();
            forms.dedup();
            let conflict = |x: u32, y: u32| {
                matches!(
                    (self.traits.get(x as usize), self.traits.get(y as usize)),
                    (Some(p), Some(q)) if compare::conflict(p, q, Guard::Full)
                )
            };
            for form in bucket::ambiguous(&forms, conflict) {
                self.ambiguous.insert((number as u32, form));
            }
        }
    }

    fn form(&self, record: u32) -> u32 {
        self.form.get(record as usize).copied().unwrap_or_default()
    }

    /// What two records share, and whether an ambiguous value was left out.
    fn shared(
        &self,
        (a, ra): (u32, &IdentityRecord),
        (b, rb): (u32, &IdentityRecord),
    ) -> (Shared<'a>, bool) {
        let empty: &[u32] = &[];
        let of = |r: u32| self.values.get(r as usize).map_or(empty, Vec::as_slice);
        let (fa, fb) = (self.form(a), self.form(b));
        let mut dropped = false;
        let common = Common { left: of(a), right: of(b) }
            .filter(|value| {
                let vague = fa != fb
                    && !self.ambiguous.is_empty()
                    && (self.ambiguous.contains(&(*value, fa))
                        || self.ambiguous.contains(&(*value, fb)));
                dropped |= vague;
                !vague
            })
            .filter_map(|value| self.names.get(value as usize).copied());
        let shared = Shared::collect(ra, rb, common);
        (shared, dropped)
    }

    fn compare_all(
        &self,
        records: &[&IdentityRecord],
        rules: &Rules,
        constrained: impl Fn(u32) -> bool,
    ) -> (Vec<Edge>, Vec<Doubt>) {
        let mut pairs: Vec<u64> = Vec::new();
        for bucket in &self.buckets {
            bucket::pairs(
                bucket,
                |r| self.form(r),
                &constrained,
                |a, b| {
                    pairs.push((u64::from(a) << 32) | u64::from(b));
                },
            );
        }
        pairs.sort_unstable();
        pairs.dedup();
        let (mut edges, mut doubts) = (Vec::new(), Vec::new());
        for pair in pairs {
            let (a, b) = ((pair >> 32) as u32, pair as u32);
            let (Some(ra), Some(rb)) = (records.get(a as usize), records.get(b as usize)) else {
                continue;
            };
            let (shared, vague) = self.shared((a, ra), (b, rb));
            let (outcome, fall) = compare::compare(ra, rb, &shared, rules, false);
            let weight = fall.weight;
            match outcome {
                Outcome::Join(rule) => {
                    edges.push(Edge { a, b, rule, guard: compare::guard_of(rule), weight });
                }
                Outcome::JoinDespiteName(rule) => {
                    edges.push(Edge { a, b, rule, guard: Guard::Hard, weight });
                }
                Outcome::Review(reason) => doubts.push(Doubt { a, b, reason, weight }),
                Outcome::Nothing if vague => {
                    doubts.push(Doubt { a, b, reason: ReviewReason::Ambiguous, weight });
                }
                Outcome::Nothing => {}
            }
        }
        (edges, doubts)
    }

    fn evidence(
        &self,
        records: &[&IdentityRecord],
        a: u32,
        b: u32,
        rules: &Rules,
    ) -> Vec<Evidence> {
        let (Some(ra), Some(rb)) = (records.get(a as usize), records.get(b as usize)) else {
            return Vec::new();
        };
        let (shared, _) = self.shared((a, ra), (b, rb));
        compare::compare(ra, rb, &shared, rules, true).1.into_evidence()
    }

    fn explain(&self, records: &[&IdentityRecord], edge: Edge, rules: &Rules) -> Option<Join> {
        let (left, right) = (records.get(edge.a as usize)?.id, records.get(edge.b as usize)?.id);
        let evidence = if edge.rule == RuleId::Steward {
            vec![Evidence {
                comparison: "steward",
                level: "same",
                weight: weights::STEWARD,
                identifier: None,
            }]
        } else {
            self.evidence(records, edge.a, edge.b, rules)
        };
        Some(Join { left, right, rule: edge.rule, weight: edge.weight, evidence })
    }
}

/// The values common to two ascending lists.
struct Common<'v> {
    left: &'v [u32],
    right: &'v [u32],
}

impl Iterator for Common<'_> {
    type Item = u32;
    fn next(&mut self) -> Option<u32> {
        loop {
            let (x, y) = (*self.left.first()?, *self.right.first()?);
            if x <= y {
                self.left = self.left.get(1..)?;
            }
            if y <= x {
                self.right = self.right.get(1..)?;
            }
            if x == y {
                return Some(x);
            }
        }
    }
}

/// Pairs of record indices, the smaller first.
type PairList = Vec<(u32, u32)>;

/// The latest verdict per pair: pairs decided the same (the newest first), pairs parted, and all
/// pairs decided in any way.
fn read_decisions(
    records: &[&IdentityRecord],
    decisions: &[Decision],
) -> (PairList, PairList, PairSet) {
    let find = |id: RecordId| records.binary_search_by_key(&id, |r| r.id).ok().map(|at| at as u32);
    let mut latest: FxHashMap<(u32, u32), (i64, u8)> = FxHashMap::default();
    for decision in decisions {
        let (Some(a), Some(b)) = (find(decision.left), find(decision.right)) else { continue };
        let kind = |at: u32| records.get(at as usize).map(|r| r.kind);
        if a == b || kind(a) != kind(b) {
            continue;
        }
        // Of two verdicts of one instant the more careful one counts.
        let care = match decision.verdict {
            Verdict::Same => 0,
            Verdict::Unsure => 1,
            Verdict::Different => 2,
        };
        let entry = (decision.decided_at.as_millis(), care);
        let slot = latest.entry((a.min(b), a.max(b))).or_insert(entry);
        *slot = (*slot).max(entry);
    }
    let mut same: Vec<(i64, u32, u32)> = Vec::new();
    let mut parted: Vec<(u32, u32)> = Vec::new();
    let mut decided = PairSet::default();
    for ((a, b), (at, care)) in latest {
        decided.insert((a, b));
        match care {
            0 => same.push((-at, a, b)),
            2 => parted.push((a, b)),
            _ => {}
        }
    }
    same.sort_unstable();
    parted.sort_unstable();
    (same.into_iter().map(|(_, a, b)| (a, b)).collect(), parted, decided)
}

/// The entity ids that a record holds in the namespaces of unique sources: its own, and those it
/// refers to. A record that names two ids of one namespace holds none there: it does not say which.
fn slots(record: &IdentityRecord, rules: &Rules) -> Vec<Slot> {
    if rules.unique_sources.is_empty() {
        return Vec::new();
    }
    let hash = |text: &str| {
        let mut hasher = FxHasher::default();
        hasher.write(text.as_bytes());
        hasher.finish()
    };
    let own_space = record.own.value.expose().split_once(':').map_or("", |(space, _)| space);
    let mut found: Vec<Slot> = Vec::new();
    let mut doubtful: Vec<u64> = Vec::new();
    for identifier in record.identifiers.iter().filter(|i| i.kind == IdentifierKind::ExternalId) {
        let Some((space, id)) = identifier.value.expose().split_once(':') else { continue };
        let Some((source, _)) = space.rsplit_once('.') else { continue };
        if !rules.unique_sources.iter().any(|name| name == source)
            || (space == own_space && *identifier != record.own)
        {
            continue;
        }
        let slot = (hash(space), hash(id));
        if found.iter().any(|(s, _)| *s == slot.0) {
            doubtful.push(slot.0);
        } else {
            found.push(slot);
        }
    }
    found.retain(|(space, _)| !doubtful.contains(space));
    found
}

/// Most reviews that one cluster raises; the most valuable ones.
const MOST_REVIEWS: u32 = 10;

fn reviews(
    records: &[&IdentityRecord],
    index: &Index<'_>,
    rules: &Rules,
    doubts: Vec<Doubt>,
    decided: &PairSet,
    roots: &[u32],
    clusters: &Clusters<'_>,
) -> Vec<ReviewPair> {
    let mut best: FxHashMap<(u32, u32), (f64, Doubt)> = FxHashMap::default();
    for doubt in doubts {
        let (Some(x), Some(y)) = (roots.get(doubt.a as usize), roots.get(doubt.b as usize)) else {
            continue;
        };
        let inside = x == y;
        let contradiction = doubt.reason == ReviewReason::DecisionsContradict;
        if (inside && doubt.reason != ReviewReason::LargeCluster)
            || (!contradiction && decided.contains(&(doubt.a, doubt.b)))
        {
            continue;
        }
        let score = weights::probability(doubt.weight);
        let moved = clusters.size(*x).min(clusters.size(*y));
        let urgent = match doubt.reason {
            ReviewReason::DecisionsContradict => 4.0,
            ReviewReason::LargeCluster | ReviewReason::TrustedIdNamesDiffer => 2.0,
            _ => 1.0,
        };
        // Uncertainty is largest at one half; a refused join keeps some however sure it looked.
        // What stewards contradict each other about is open however sure the weights are.
        let unsure = if contradiction { 1.0 } else { (4.0 * score * (1.0 - score)).max(0.05) };
        let priority = urgent * unsure * f64::from(moved).sqrt();
        let key = (*x.min(y), *x.max(y));
        let better = best.get(&key).is_none_or(|(held, other)| {
            priority
                .total_cmp(held)
                .then_with(|| doubt.weight.total_cmp(&other.weight))
                .then_with(|| {
                    (other.a, other.b, other.reason).cmp(&(doubt.a, doubt.b, doubt.reason))
                })
                .is_gt()
        });
        if better {
            best.insert(key, (priority, doubt));
        }
    }
    let mut ranked: Vec<(f64, Doubt)> = best.into_values().collect();
    ranked.sort_unstable_by(|(p, x), (q, y)| {
        q.total_cmp(p).then_with(|| (x.a, x.b).cmp(&(y.a, y.b)))
    });
    let mut raised: FxHashMap<u32, u32> = FxHashMap::default();
    let mut out = Vec::new();
    for (priority, doubt) in ranked {
        let (Some(x), Some(y)) = (roots.get(doubt.a as usize), roots.get(doubt.b as usize)) else {
            continue;
        };
        let count = |root: &u32| raised.get(root).copied().unwrap_or_default();
        let contradiction = doubt.reason == ReviewReason::DecisionsContradict;
        if !contradiction && (count(x) >= MOST_REVIEWS || count(y) >= MOST_REVIEWS) {
            continue;
        }
        for root in [x, y] {
            *raised.entry(*root).or_default() += 1;
        }
        let (Some(ra), Some(rb)) = (records.get(doubt.a as usize), records.get(doubt.b as usize))
        else {
            continue;
        };
        out.push(ReviewPair {
            left: ra.id,
            right: rb.id,
            score: weights::probability(doubt.weight),
            priority,
            reason: doubt.reason,
            evidence: index.evidence(records, doubt.a, doubt.b, rules),
        });
    }
    out
}
