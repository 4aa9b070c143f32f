//! Gathering a closed neighbourhood: everything that the changed records could touch.
//!
//! Owns the order: compare the changed records with those under their block keys, then follow links,
//! which are kept for all others. Whole profiles and both ends of decisions come along. Refuses to go
//! beyond the limit: what is nearest to the change was found first and stays. Every other record is
//! what it was when it was last looked at; one that has changed since is marked, and has its turn.

use super::{identity_record, name_hash};
use crate::JobError;
use domain::{Pii, ProfileKind, RecordId};
use identity::{Form, IdentityRecord, Knowledge, Rules, Workbench};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use store::identity::{IdentitySnapshot, KeptEntry, KeptKeys, RecordBlocks};

/// What was gathered.
pub(super) struct Neighbourhood {
    /// Every record, also those that are gone; ascending.
    pub scope: Vec<RecordId>,
    /// Those that live, and others that they were compared with.
    pub bench: Workbench,
    /// What is to be kept of the changed records.
    pub kept: Vec<RecordBlocks>,
    /// The links of others, where they changed.
    pub links: Vec<(RecordId, Vec<RecordId>)>,
    /// Companies among the changed records whose name is another.
    pub renamed: Vec<RecordId>,
    /// Keys under which not all records were looked at.
    pub blocks_cut: u64,
    /// Neighbours were followed no further.
    pub is_cut: bool,
}

/// Where the records of a search come from.
pub(super) struct Search<'a> {
    pub snapshot: &'a mut IdentitySnapshot,
    pub kind: ProfileKind,
    pub knowledge: &'a Arc<Knowledge>,
    pub rules: &'a Rules,
    /// Most records to gather.
    pub most: usize,
    /// With more records than this the writing connection is given back: it would take long.
    pub small: usize,
}

/// Links by record.
type Links = HashMap<RecordId, BTreeSet<RecordId>>;

impl Search<'_> {
    /// Gathers what the changed records could touch.
    pub(super) async fn gather(&mut self, changed: &[RecordId]) -> Result<Neighbourhood, JobError> {
        let mut bench = Workbench::new(Arc::clone(self.knowledge));
        let mut hashes: HashMap<RecordId, i64> = HashMap::new();
        for chunk in changed.chunks(5_000) {
            for input in self.snapshot.inputs(self.kind, chunk).await? {
                hashes.extend(name_hash(&input).map(|hash| (input.id, hash)));
                bench.add(identity_record(&input, self.rules));
            }
        }
        let was = self.snapshot.kept_keys(self.kind, changed).await?;
        let living: Vec<RecordId> = changed.iter().filter(|id| bench.has(**id)).copied().collect();
        let keys: HashMap<RecordId, Vec<i64>> =
            living.iter().copied().zip(bench.keys(&living)).collect();

        // What the changed records are linked to now.
        let mut links = Links::new();
        let (mut pairs, blocks_cut) = self.pairs(changed, &living, &keys).await?;
        let others: BTreeSet<RecordId> =
            pairs.iter().map(|(_, other)| *other).filter(|id| !bench.has(*id)).collect();
        self.load(others, &mut bench, &mut links).await?;
        pairs.retain(|(_, other)| bench.has(*other));
        let mut now: Links = changed.iter().map(|id| (*id, BTreeSet::new())).collect();
        for (a, b) in bench.links(&pairs) {
            now.entry(a).or_default().insert(b);
            if let Some(links) = now.get_mut(&b) {
                links.insert(a);
            }
        }
        let kept_before = |id: &RecordId| was.get(id).map(|kept| kept.links.as_slice());
        let before: Links = changed
            .iter()
            .map(|id| (*id, kept_before(id).unwrap_or_default().iter().copied().collect()))
            .collect();

        let changed_set: HashSet<RecordId> = changed.iter().copied().collect();
        let mut scope = changed_set.clone();
        // Those that it was linked to are looked at too: they may have been apart because of it.
        let parted = before.values().flatten().filter(|id| !scope.contains(id)).copied();
        let mut frontier: Vec<RecordId> = parted.collect();
        self.load(frontier.iter().copied(), &mut bench, &mut links).await?;
        frontier.retain(|id| bench.has(*id) && scope.insert(*id));
        let mut is_cut = false;
        follow(&now, changed, &mut scope, &mut frontier, self.most, &mut is_cut);
        frontier.extend_from_slice(changed);
        while !frontier.is_empty() {
            let mut bound = self.snapshot.neighbours(self.kind, &frontier).await?;
            bound.retain(|id| !scope.contains(id));
            let near = frontier.iter().filter(|id| !changed_set.contains(id));
            let near: Vec<RecordId> = near.copied().collect();
            let mut next = Vec::new();
            follow(&links, &near, &mut scope, &mut next, self.most, &mut is_cut);
            self.load(bound.iter().chain(&next).copied(), &mut bench, &mut links).await?;
            // One that was never looked at has its turn when its mark has.
            next.retain(|id| bench.has(*id) || !scope.remove(id));
            next.extend(bound.into_iter().filter(|id| bench.has(*id) && scope.insert(*id)));
            if bench.len() > self.small {
                self.snapshot.step_back().await?;
            }
            frontier = next;
            if is_cut || scope.len() >= self.most {
                is_cut |= !frontier.is_empty();
                break;
            }
        }
        // Profiles are taken whole, also at the edge of what was followed.
        if !frontier.is_empty() {
            let mut edge = self.snapshot.co_members(self.kind, &frontier).await?;
            edge.retain(|id| !scope.contains(id));
            self.load(edge.iter().copied(), &mut bench, &mut links).await?;
            scope.extend(edge.into_iter().filter(|id| bench.has(*id)));
        }
        let mut renamed = Vec::new();
        let mut kept = Vec::with_capacity(changed.len());
        for id in changed {
            let KeptKeys { keys: old, name_hash: old_hash, .. } =
                was.get(id).cloned().unwrap_or_default();
            let hash = hashes.get(id).copied();
            if hash != old_hash {
                renamed.push(*id);
            }
            let new = keys.get(id).cloned();
            let is_gone = new.is_none();
            let mut entry = RecordBlocks::change(*id, old, new.unwrap_or_default(), hash, is_gone);
            entry.form = bench.get(*id).map(form_text).unwrap_or_default();
            entry.links = now.get(id).into_iter().flatten().copied().collect();
            kept.push(entry);
        }
        let mut scope: Vec<RecordId> = scope.into_iter().collect();
        scope.sort_unstable();
        let links = relinked(&before, &now, links);
        Ok(Neighbourhood { scope, bench, kept, links, renamed, blocks_cut, is_cut })
    }

    /// Pairs of a changed record and one that shares a block key with it, each once, and how many
    /// keys had more records than are looked at.
    async fn pairs(
        &self,
        changed: &[RecordId],
        living: &[RecordId],
        keys: &HashMap<RecordId, Vec<i64>>,
    ) -> Result<(Vec<(RecordId, RecordId)>, u64), JobError> {
        let mut under: HashMap<i64, Vec<RecordId>> = HashMap::new();
        for id in living {
            for key in keys.get(id).into_iter().flatten() {
                under.entry(*key).or_default().push(*id);
            }
        }
        let mut wanted: Vec<i64> = under.keys().copied().collect();
        wanted.sort_unstable();
        let candidates = self.snapshot.candidates(self.kind, &wanted).await?;
        let mut pairs: Vec<(RecordId, RecordId)> = Vec::new();
        for (key, block) in candidates.blocks {
            let own = under.get(&key).map_or(&[][..], Vec::as_slice);
            // What stands in the index of a changed record is what it was.
            let others = block.into_iter().filter(|id| changed.binary_search(id).is_err());
            pairs.extend(others.flat_map(|other| own.iter().map(move |id| (*id, other))));
        }
        for own in under.values() {
            for (at, a) in own.iter().enumerate() {
                pairs.extend(own.iter().skip(at + 1).map(|b| (*a, *b)));
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        Ok((pairs, candidates.cut))
    }

    /// Loads those of the records that are not there yet, and their links.
    async fn load(
        &self,
        ids: impl IntoIterator<Item = RecordId>,
        bench: &mut Workbench,
        links: &mut Links,
    ) -> Result<(), JobError> {
        let mut missing: Vec<RecordId> = ids.into_iter().filter(|id| !bench.has(*id)).collect();
        missing.sort_unstable();
        missing.dedup();
        for chunk in missing.chunks(5_000) {
            for kept in self.snapshot.kept::<Option<Form<'static>>>(self.kind, chunk).await? {
                let KeptEntry { id, form, links: linked } = kept;
                let Some(form) = form else { continue };
                bench.add(IdentityRecord::from_form(id, self.kind, form));
                links.insert(id, linked.into_iter().collect());
            }
        }
        Ok(())
    }
}

/// Adds what the given records are linked to, as far as there is room.
fn follow(
    links: &Links,
    from: &[RecordId],
    scope: &mut HashSet<RecordId>,
    next: &mut Vec<RecordId>,
    most: usize,
    is_cut: &mut bool,
) {
    for id in from.iter().filter_map(|id| links.get(id)).flatten() {
        if scope.contains(id) {
            continue;
        }
        if scope.len() >= most {
            *is_cut = true;
            return;
        }
        scope.insert(*id);
        next.push(*id);
    }
}

/// The links of records that did not change, with those that the changed ones gained and lost.
fn relinked(before: &Links, now: &Links, mut links: Links) -> Vec<(RecordId, Vec<RecordId>)> {
    let none = BTreeSet::new();
    let mut touched: BTreeSet<RecordId> = BTreeSet::new();
    for (id, new) in now {
        let old = before.get(id).unwrap_or(&none);
        for other in old.symmetric_difference(new).filter(|other| !now.contains_key(other)) {
            if let Some(theirs) = links.get_mut(other) {
                let is_other =
                    if new.contains(other) { theirs.insert(*id) } else { theirs.remove(id) };
                if is_other {
                    touched.insert(*other);
                }
            }
        }
    }
    let of = |id: RecordId| links.remove(&id).map(|set| (id, set.into_iter().collect()));
    touched.into_iter().filter_map(of).collect()
}

/// A record as it is kept, JSON.
pub(super) fn form_text(record: &IdentityRecord) -> Pii {
    // Strings and numbers cannot fail to serialise.
    Pii::new(serde_json::to_string(&record.to_form()).unwrap_or_else(|_| "null".to_owned()))
}
