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
    pub snapshot: &'a mut IdentitySnapshot,
    pub kind: ProfileKind,
    pub knowledge: &'a Knowledge,
    pub rules: &'a Rules,
    /// Most records to gather.
    pub most: usize,
    /// With more records than this the writing connection is given back: it would take long.
    pub small: usize,
}

/// Records that were loaded, by id; `None` for those that are not there.
type Loaded = HashMap<RecordId, Option<IdentityRecord>>;

impl Search<'_> {
    /// Gathers what the changed records could touch.
    pub(super) async fn gather(&mut self, changed: &[RecordId]) -> Result<Neighbourhood, JobError> {
        let mut scope: HashSet<RecordId> = changed.iter().copied().collect();
        let mut frontier: Vec<RecordId> = changed.to_vec();
        // Not (or not yet) part of the neighbourhood.
        let mut waiting = Loaded::new();
        let mut found = Neighbourhood {
            scope: Vec::new(),
            records: Vec::new(),
            keys: HashMap::new(),
            hashes: HashMap::new(),
            blocks_cut: 0,
            is_cut: false,
        };
        self.load(&frontier, &mut waiting, Some(&mut found.hashes)).await?;
        // The keys of all that were looked at, so that nobody's are made twice.
        let mut keys: HashMap<RecordId, Vec<i64>> = HashMap::new();
        while !frontier.is_empty() {
            let mut round: Vec<IdentityRecord> =
                frontier.iter().filter_map(|id| waiting.remove(id).flatten()).collect();
            let unknown: Vec<IdentityRecord> =
                round.extract_if(.., |record| !keys.contains_key(&record.id)).collect();
            let made = identity::block_keys_of(&unknown, self.knowledge);
            keys.extend(unknown.iter().map(|record| record.id).zip(made));
            round.extend(unknown);
            let of_round = round.iter().filter_map(|record| keys.get(&record.id)).flatten();
            let mut wanted: Vec<i64> = of_round.copied().collect();
            wanted.sort_unstable();
            wanted.dedup();
            let candidates = self.snapshot.candidates(self.kind, &wanted).await?;
            found.blocks_cut += candidates.cut;
            let mut bound = self.snapshot.neighbours(self.kind, &frontier).await?;
            bound.retain(|id| !scope.contains(id));
            let mut near = candidates.records;
            near.extend_from_slice(&bound);
            near.retain(|id| !scope.contains(id));
            near.sort_unstable();
            near.dedup();
            self.load(&near, &mut waiting, None).await?;
            let own = round.len();
            round.extend(near.iter().filter_map(|id| waiting.remove(id).flatten()));
            let mut linked = Vec::new();
            if round.len() > own {
                let front: HashSet<RecordId> = frontier.iter().copied().collect();
                let seen = identity::surroundings(&round, &front, self.rules, self.knowledge);
                keys.extend(seen.keys);
                linked = seen.linked;
            }
            waiting.extend(round.drain(own..).map(|record| (record.id, Some(record))));
            found.records.append(&mut round);

            let mut next: Vec<RecordId> =
                bound.into_iter().filter(|id| scope.insert(*id)).collect();
            let room = self.most.saturating_sub(scope.len());
            linked.retain(|id| !scope.contains(id));
            found.is_cut = linked.len() > room;
            next.extend(linked.into_iter().take(room).filter(|id| scope.insert(*id)));
            frontier = next;
            if found.records.len() + waiting.len() > self.small {
                self.snapshot.step_back().await?;
            }
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
            found.records.extend(edge.iter().filter_map(|id| waiting.remove(id).flatten()));
        }
        found.keys = changed.iter().filter_map(|id| keys.remove_entry(id)).collect();
        found.records.sort_unstable_by_key(|record| record.id);
        found.scope = scope.into_iter().collect();
        found.scope.sort_unstable();
        Ok(found)
    }

    /// Loads those of the records that are not there yet.
    async fn load(
        &self,
        ids: &[RecordId],
        waiting: &mut Loaded,
        mut hashes: Option<&mut HashMap<RecordId, i64>>,
    ) -> Result<(), JobError> {
        let missing: Vec<RecordId> =
            ids.iter().filter(|id| !waiting.contains_key(id)).copied().collect();
        for chunk in missing.chunks(5_000) {
            waiting.extend(chunk.iter().map(|id| (*id, None)));
            for input in self.snapshot.inputs(self.kind, chunk).await? {
                if let Some((hashes, hash)) = hashes.as_deref_mut().zip(name_hash(&input)) {
                    hashes.insert(input.id, hash);
                }
                waiting.insert(input.id, Some(identity_record(&input, self.rules)));
            }
        }
        Ok(())
    }
}
