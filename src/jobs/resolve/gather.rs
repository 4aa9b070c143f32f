//! Gathering a closed neighbourhood: everything that the changed records could touch.
//!
//! Owns the rounds: look up candidates by block keys, let `identity` say whom to follow, go on from
//! those. Whole profiles and both ends of decisions come along. Refuses to go beyond the limit: what is
//! nearest to the change was found first and stays.

use super::{identity_record, name_hash};
use crate::JobError;
use domain::{ProfileKind, RecordId};
use identity::{IdentityRecord, Knowledge, Rules};
use std::collections::{HashMap, HashSet};
use store::identity::IdentitySnapshot;

/// What was gathered.
pub(super) struct Neighbourhood {
    /// Every record, also those that are gone; ascending.
    pub scope: Vec<RecordId>,
    /// Those that live, ascending.
    pub records: Vec<IdentityRecord>,
    /// Block keys of the changed records that live.
    pub keys: HashMap<RecordId, Vec<i64>>,
    /// Hashes of the names of the changed companies that have one.
    pub hashes: HashMap<RecordId, i64>,
    /// Keys under which not all records were looked at.
    pub blocks_cut: u64,
    /// Neighbours were followed no further.
    pub is_cut: bool,
}

/// Where the records of a search come from.
pub(super) struct Search<'a> {
    pub snapshot: &'a IdentitySnapshot,
    pub kind: ProfileKind,
    pub knowledge: &'a Knowledge,
    pub rules: &'a Rules,
    /// Most records to gather.
    pub most: usize,
}

impl Search<'_> {
    /// Gathers what the changed records could touch.
    pub(super) async fn gather(&self, changed: &[RecordId]) -> Result<Neighbourhood, JobError> {
        let mut scope: HashSet<RecordId> = changed.iter().copied().collect();
        let mut frontier: Vec<RecordId> = changed.to_vec();
        // Loaded, but not (or not yet) part of the neighbourhood.
        let mut waiting: HashMap<RecordId, IdentityRecord> = HashMap::new();
        let mut found = Neighbourhood {
            scope: Vec::new(),
            records: Vec::new(),
            keys: HashMap::new(),
            hashes: HashMap::new(),
            blocks_cut: 0,
            is_cut: false,
        };
        let mut is_first = true;
        while !frontier.is_empty() {
            let hashes = is_first.then_some(&mut found.hashes);
            self.load(&frontier, &mut waiting, hashes).await?;
            let mut round: Vec<IdentityRecord> =
                frontier.iter().filter_map(|id| waiting.remove(id)).collect();
            let mut wanted: Vec<i64> = Vec::new();
            for (record, keys) in round.iter().zip(identity::block_keys_of(&round, self.knowledge))
            {
                wanted.extend_from_slice(&keys);
                if is_first {
                    found.keys.insert(record.id, keys);
                }
            }
            wanted.sort_unstable();
            wanted.dedup();
            let candidates = self.snapshot.candidates(self.kind, &wanted).await?;
            found.blocks_cut += candidates.cut;
            let mut bound = self.snapshot.neighbours(self.kind, &frontier).await?;
            bound.retain(|id| !scope.contains(id));
            let mut near = candidates.records;
            near.retain(|id| !scope.contains(id));
            self.load(&near, &mut waiting, None).await?;
            let own = round.len();
            round.extend(near.iter().filter_map(|id| waiting.remove(id)));
            let linked = if round.len() > own {
                let front: HashSet<RecordId> = frontier.iter().copied().collect();
                identity::linked(&round, &front, &[], self.rules, self.knowledge)
            } else {
                Vec::new()
            };
            waiting.extend(round.drain(own..).map(|record| (record.id, record)));
            found.records.append(&mut round);

            let mut next: Vec<RecordId> =
                bound.into_iter().filter(|id| scope.insert(*id)).collect();
            let room = self.most.saturating_sub(scope.len());
            let linked: Vec<RecordId> =
                linked.into_iter().filter(|id| !scope.contains(id)).collect();
            found.is_cut = linked.len() > room;
            next.extend(linked.into_iter().take(room).filter(|id| scope.insert(*id)));
            is_first = false;
            frontier = next;
            if found.is_cut || scope.len() >= self.most {
                found.is_cut |= !frontier.is_empty();
                break;
            }
        }
        // Profiles are taken whole, also at the edge of what was followed.
        if !frontier.is_empty() {
            let mut edge = self.snapshot.co_members(self.kind, &frontier).await?;
            edge.retain(|id| scope.insert(*id));
            edge.append(&mut frontier);
            self.load(&edge, &mut waiting, None).await?;
            found.records.extend(edge.iter().filter_map(|id| waiting.remove(id)));
        }
        found.records.sort_unstable_by_key(|record| record.id);
        found.scope = scope.into_iter().collect();
        found.scope.sort_unstable();
        Ok(found)
    }

    /// Loads those of the records that are not there yet.
    async fn load(
        &self,
        ids: &[RecordId],
        waiting: &mut HashMap<RecordId, IdentityRecord>,
        mut hashes: Option<&mut HashMap<RecordId, i64>>,
    ) -> Result<(), JobError> {
        let missing: Vec<RecordId> =
            ids.iter().filter(|id| !waiting.contains_key(id)).copied().collect();
        for chunk in missing.chunks(5_000) {
            for input in self.snapshot.inputs(self.kind, chunk).await? {
                if let Some((hashes, hash)) = hashes.as_deref_mut().zip(name_hash(&input)) {
                    hashes.insert(input.id, hash);
                }
                waiting.insert(input.id, identity_record(&input, self.rules));
            }
        }
        Ok(())
    }
}
