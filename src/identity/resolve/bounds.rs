//! What must never be in one cluster.
//!
//! Owns the constraints: pairs that a steward parted, two records of a source that keeps one per
//! entity, ids that contradict each other.

use super::{Forced, Scene};
use crate::engine::{Suspicion, View};
use crate::{IdentityRecord, ReviewReason, RuleId, Rules};
use domain::IdentifierKind;
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher;

/// Why two clusters were not joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A steward parted two of their records.
    Parted,
    /// A source that keeps one record per entity has one in each.
    Unique,
    /// The names speak too clearly against what an id says.
    Names,
    /// The weight is below the cut-off.
    Grey,
    /// The join looks wrong whatever it weighs.
    Suspicious(Suspicion),
}

impl Refusal {
    pub fn reason_of(self, rule: RuleId) -> ReviewReason {
        match self {
            Self::Parted if rule == RuleId::Steward => ReviewReason::DecisionsContradict,
            Self::Parted => ReviewReason::BridgeRefused,
            Self::Unique => ReviewReason::UniqueSource,
            Self::Names => ReviewReason::TrustedIdNamesDiffer,
            Self::Grey => ReviewReason::Grey,
            Self::Suspicious(Suspicion::Bridge) => ReviewReason::WeakBridge,
            Self::Suspicious(Suspicion::Outgrown) => ReviewReason::Outgrown,
        }
    }
}

/// A weight so low that an id which says otherwise is more likely to be a mistake.
const CONTRADICTED: f32 = -12.0;

/// A namespace of a unique source and the entity id that a record holds in it.
type Slot = (u64, u64);

pub(super) struct Bounds {
    forest: Forest,
    /// Members of each group that is one by now, by its root: forced, or joined.
    groups: FxHashMap<u32, Vec<u32>>,
    parted: FxHashMap<u32, Vec<u32>>,
    slots: FxHashMap<u32, Vec<Slot>>,
    kinds: Vec<domain::ProfileKind>,
}

impl Bounds {
    pub fn new(scene: &Scene<'_>, rules: &Rules) -> Self {
        let mut parted: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (a, b) in &scene.parted {
            parted.entry(*a).or_default().push(*b);
            parted.entry(*b).or_default().push(*a);
        }
        let mut held: FxHashMap<u32, Vec<Slot>> = FxHashMap::default();
        for (at, record) in scene.records.iter().enumerate() {
            let own = slots(record, rules);
            if !own.is_empty() {
                held.insert(at as u32, own);
            }
        }
        Self {
            forest: Forest::new(scene.records.len()),
            groups: FxHashMap::default(),
            parted,
            slots: held,
            kinds: scene.records.iter().map(|r| r.kind).collect(),
        }
    }

    /// Puts two records together, whatever the weights say. `Ok(false)` when they are already.
    pub fn force(&mut self, step: &Forced, view: &mut View<'_>) -> Result<bool, Refusal> {
        let (x, y) = (self.forest.root(step.a), self.forest.root(step.b));
        if x == y {
            return Ok(false);
        }
        match self.check(self.group(&x), self.group(&y)) {
            // A vendor that merged two of its records, and a steward, know better than a rule about
            // the source.
            Err(Refusal::Unique) if matches!(step.rule, RuleId::Steward | RuleId::VendorMerge) => {}
            Err(refusal) => return Err(refusal),
            Ok(()) => {}
        }
        if step.rule == RuleId::TrustedId && view.weight(step.a, step.b) < CONTRADICTED {
            return Err(Refusal::Names);
        }
        self.unite(x, y);
        Ok(true)
    }

    /// Whether two clusters may be one, with everything that is already one with either: `Ok(true)`
    /// when a certain pair has put them together before.
    pub fn meet(&mut self, a: u32, b: u32) -> Result<bool, Refusal> {
        let (x, y) = (self.forest.root(a), self.forest.root(b));
        if x == y {
            return Ok(true);
        }
        self.check(self.group(&x), self.group(&y)).map(|()| false)
    }

    /// Puts the clusters of two records together.
    pub fn unite(&mut self, a: u32, b: u32) {
        let (x, y) = (self.forest.root(a), self.forest.root(b));
        if x == y {
            return;
        }
        let mut take = |root: u32| self.groups.remove(&root).unwrap_or_else(|| vec![root]);
        let (mut all, mut more) = (take(x), take(y));
        if all.len() < more.len() {
            std::mem::swap(&mut all, &mut more);
        }
        all.append(&mut more);
        self.forest.join(x, y);
        self.groups.insert(self.forest.root(x), all);
    }

    fn group<'a>(&'a self, root: &'a u32) -> &'a [u32] {
        self.groups.get(root).map_or(std::slice::from_ref(root), Vec::as_slice)
    }

    fn check(&self, p: &[u32], q: &[u32]) -> Result<(), Refusal> {
        let kind = |list: &[u32]| list.first().and_then(|at| self.kinds.get(*at as usize)).copied();
        if kind(p) != kind(q) {
            return Err(Refusal::Parted);
        }
        if !self.parted.is_empty() {
            let (short, long) = if p.len() <= q.len() { (p, q) } else { (q, p) };
            for at in short {
                if let Some(others) = self.parted.get(at)
                    && others.iter().any(|other| long.contains(other))
                {
                    return Err(Refusal::Parted);
                }
            }
        }
        if !self.slots.is_empty() {
            let of = |list: &[u32]| -> Vec<Slot> {
                list.iter().filter_map(|at| self.slots.get(at)).flatten().copied().collect()
            };
            let (a, b) = (of(p), of(q));
            // Clusters that already hold two ids of a namespace (a vendor merged them) are one
            // entity under two ids: either stands for it.
            let clash = a.iter().any(|(space, id)| {
                let theirs: Vec<u64> =
                    b.iter().filter(|(s, _)| s == space).map(|(_, other)| *other).collect();
                let mine: Vec<u64> =
                    a.iter().filter(|(s, _)| s == space).map(|(_, other)| *other).collect();
                !theirs.is_empty()
                    && !theirs.contains(id)
                    && !mine.iter().any(|m| theirs.contains(m))
            });
            if clash {
                return Err(Refusal::Unique);
            }
        }
        Ok(())
    }
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

/// Sets of records that only grow.
pub(super) struct Forest(Vec<u32>);

impl Forest {
    pub fn new(records: usize) -> Self {
        Self((0..records as u32).collect())
    }

    pub fn root(&mut self, of: u32) -> u32 {
        crate::engine::root(&mut self.0, of)
    }

    /// Puts two sets together; `false` when they were one.
    pub fn join(&mut self, a: u32, b: u32) -> bool {
        let (x, y) = (self.root(a), self.root(b));
        if let Some(slot) = self.0.get_mut(x.max(y) as usize) {
            *slot = x.min(y);
        }
        x != y
    }
}
