//! Records that come one after the other and are looked at together.
//!
//! Owns that each of them is normalised and counted once, however often it is looked at: its keys, its
//! weights with others, its clusters. Refuses to find records.

use super::Scene;
use crate::engine::TableBuilder;
use crate::engine::{Frequencies, View};
use crate::{IdentityRecord, Knowledge, Resolution, Rules};
use domain::{Decision, RecordId};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// What an incremental run has on its table.
pub struct Workbench {
    knowledge: Arc<Knowledge>,
    builder: TableBuilder,
    frequencies: Frequencies,
    /// Rows whose values are counted.
    counted: usize,
    records: Vec<IdentityRecord>,
    places: FxHashMap<RecordId, u32>,
}

impl std::fmt::Debug for Workbench {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workbench").field("records", &self.records.len()).finish_non_exhaustive()
    }
}

impl Workbench {
    /// An empty one.
    #[must_use]
    pub fn new(knowledge: Arc<Knowledge>) -> Self {
        Self {
            builder: knowledge.builder(),
            frequencies: knowledge.frequencies(),
            counted: 0,
            records: Vec::new(),
            places: FxHashMap::default(),
            knowledge,
        }
    }

    /// Adds a record, unless it is there already.
    pub fn add(&mut self, record: IdentityRecord) {
        let place = self.records.len() as u32;
        if let std::collections::hash_map::Entry::Vacant(slot) = self.places.entry(record.id) {
            slot.insert(place);
            self.builder.push_fields(record.fields());
            self.records.push(record);
        }
    }

    /// Whether a record is there.
    #[must_use]
    pub fn has(&self, id: RecordId) -> bool {
        self.places.contains_key(&id)
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// A record that is there.
    #[must_use]
    pub fn get(&self, id: RecordId) -> Option<&IdentityRecord> {
        self.places.get(&id).and_then(|at| self.records.get(*at as usize))
    }

    /// The keys under which candidates for each of the given records are found, in their order; none
    /// of a record that is not there.
    #[must_use]
    pub fn keys(&mut self, ids: &[RecordId]) -> Vec<Vec<i64>> {
        let rows = self.rows(ids.iter());
        self.look(rows, |view| {
            let keys = |at| view.keys(at).into_iter().map(u64::cast_signed).collect();
            (0..ids.len() as u32).map(keys).collect()
        })
    }

    /// Those of the pairs that weigh enough to be followed, see [`Knowledge::floor`].
    #[must_use]
    pub fn links(&mut self, pairs: &[(RecordId, RecordId)]) -> Vec<(RecordId, RecordId)> {
        let floor = self.knowledge.floor() as f32;
        let rows = self.rows(pairs.iter().flat_map(|(a, b)| [a.min(b), a.max(b)]));
        self.look(rows, |view| {
            let places = (0..).step_by(2).zip(pairs);
            let linked = places.filter(|(at, _)| view.weight(*at, *at + 1) >= floor);
            linked.map(|(_, pair)| *pair).collect()
        })
    }

    /// Resolves those of the records that are there, as [`crate::resolve`] does.
    #[must_use]
    pub fn resolve(
        &mut self,
        ids: &[RecordId],
        decisions: &[Decision],
        rules: &Rules,
    ) -> Resolution {
        self.count();
        let place = |id: &RecordId| self.places.get(id).copied();
        let record = |at: u32| self.records.get(at as usize);
        let records = ids.iter().filter_map(place).filter_map(record).collect();
        let scene = Scene::new(records, decisions, rules, &self.knowledge);
        let rows = scene.records.iter().filter_map(|record| place(&record.id)).collect();
        let frequencies = std::mem::take(&mut self.frequencies);
        let mut view = self.knowledge.view_of(self.builder.so_far(), frequencies, rows);
        let resolution = scene.resolve(rules, &mut view);
        self.frequencies = view.into_frequencies();
        resolution
    }

    fn rows<'a>(&self, ids: impl Iterator<Item = &'a RecordId>) -> Vec<u32> {
        ids.map(|id| self.places.get(id).copied().unwrap_or(u32::MAX)).collect()
    }

    fn count(&mut self) {
        let table = self.builder.so_far();
        self.knowledge.count(table, self.counted, &mut self.frequencies);
        self.counted = self.records.len();
    }

    fn look<T>(&mut self, rows: Vec<u32>, look: impl FnOnce(&mut View<'_>) -> T) -> T {
        self.count();
        let frequencies = std::mem::take(&mut self.frequencies);
        let mut view = self.knowledge.view_of(self.builder.so_far(), frequencies, rows);
        let seen = look(&mut view);
        self.frequencies = view.into_frequencies();
        seen
    }
}
