//! What was learnt, kept in memory between runs; and when it is time to learn anew.
//!
//! Owns the rule. Refuses to learn: `identity` does.

use crate::{JobError, Jobs};
use domain::{ProfileKind, Timestamp};
use identity::Knowledge;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use store::identity::ModelHead;

/// Knowledge by kind, as last loaded or learnt. Cheap to clone; clones share it.
#[derive(Clone, Default)]
pub struct KnowledgeCache(Arc<Mutex<HashMap<ProfileKind, Cached>>>);

#[derive(Clone)]
struct Cached {
    trained_at: Timestamp,
    knowledge: Arc<Knowledge>,
    /// At least as many records as there are.
    records_most: u64,
}

impl std::fmt::Debug for KnowledgeCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KnowledgeCache").finish_non_exhaustive()
    }
}

impl KnowledgeCache {
    fn get(&self, kind: ProfileKind, trained_at: Timestamp) -> Option<Cached> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&kind).filter(|cached| cached.trained_at == trained_at).cloned()
    }

    fn put(&self, kind: ProfileKind, cached: Cached) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(kind, cached);
    }

    /// Keeps what was just learnt from `records` records.
    pub(super) fn keep(
        &self,
        kind: ProfileKind,
        trained_at: Timestamp,
        knowledge: Arc<Knowledge>,
        records: u64,
    ) {
        self.put(kind, Cached { trained_at, knowledge, records_most: records });
    }
}

/// What a run can go by.
pub(super) enum Known {
    /// Nothing changed and nothing is missing: there is nothing to do.
    Nothing,
    /// Everything is to be looked at, and learnt from.
    Stale,
    /// What was learnt still holds.
    Fresh(Arc<Knowledge>),
}

impl Jobs {
    /// Everything is looked at when asked for, when nothing was learnt yet or a run over everything
    /// was cut short, when there are half as many records again as were learnt from, when a quarter
    /// of all changed, and in a store so small that it costs nothing.
    pub(super) async fn known(
        &self,
        kind: ProfileKind,
        head: Option<ModelHead>,
        dirty: u64,
        full: bool,
    ) -> Result<Known, JobError> {
        let started = head.is_some();
        let Some(head) = head.filter(|head| head.applied) else {
            // A store of before this version has profiles but no keys. Where there never was a
            // record of the kind, there is nothing to learn from, asked for or not.
            let some =
                dirty > 0 || (full && started) || self.store.count_identities(kind).await? > 0;
            return Ok(if some { Known::Stale } else { Known::Nothing });
        };
        if full {
            return Ok(Known::Stale);
        }
        if dirty == 0 {
            return Ok(Known::Nothing);
        }
        // Counting takes long in a large store, so it is done only when it could matter.
        if let Some(knowledge) = self.known_at_hand(kind, head, dirty) {
            return Ok(Known::Fresh(knowledge));
        }
        let records = self.store.count_identities(kind).await?;
        if self.is_outgrown(head, records, dirty) {
            return Ok(Known::Stale);
        }
        let knowledge = match self.knowledge.get(kind, head.trained_at) {
            Some(cached) => cached.knowledge,
            None => {
                let body = self.store.load_model(kind).await?.unwrap_or_default();
                // Written by another version: learn anew.
                let Some(knowledge) = Knowledge::from_bytes(kind, &body) else {
                    return Ok(Known::Stale);
                };
                Arc::new(knowledge)
            }
        };
        let kept = Arc::clone(&knowledge);
        self.knowledge.keep(kind, head.trained_at, kept, records);
        Ok(Known::Fresh(knowledge))
    }

    /// What was learnt, if it is in memory and certain to hold without a look at the store.
    pub(super) fn known_at_hand(
        &self,
        kind: ProfileKind,
        head: ModelHead,
        dirty: u64,
    ) -> Option<Arc<Knowledge>> {
        let cached = self.knowledge.get(kind, head.trained_at).filter(|_| head.applied)?;
        let records = cached.records_most + dirty;
        if self.is_outgrown(head, records, dirty) {
            return None;
        }
        let knowledge = cached.knowledge;
        self.knowledge.keep(kind, head.trained_at, Arc::clone(&knowledge), records);
        Some(knowledge)
    }

    fn is_outgrown(&self, head: ModelHead, records: u64, dirty: u64) -> bool {
        let all = records.max(head.records);
        let limit = head.records + head.records / 2;
        records > limit || dirty * 4 > all || all < self.options.whole_below
    }
}
