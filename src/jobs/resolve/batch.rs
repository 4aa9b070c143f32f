//! Incremental resolution: a batch of changed records, their neighbourhood, one commit.
//!
//! The marks of a batch go in the transaction that stores its outcome: a run killed anywhere takes up
//! again with the batches that are not committed.

use super::gather::{Neighbourhood, Search};
use super::outcome::{Plan, id_states, plan_commit};
use super::{ResolveReport, settled};
use crate::{JobError, Jobs, lease};
use domain::{ProfileKind, RecordId};
use identity::Knowledge;
use std::collections::HashSet;
use std::sync::Arc;
use store::Lease;
use store::identity::{DirtyRecord, RecordBlocks, StoredAround};
use tokio::time::Instant;

/// Up to so many records are gathered and compared on the spot, while the writing connection waits;
/// more, without it and on a thread for long work.
const SMALL: usize = 500;

impl Jobs {
    pub(super) async fn resolve_batch(
        &self,
        lease: &Lease,
        kind: ProfileKind,
        dirty: &[&DirtyRecord],
        knowledge: &Arc<Knowledge>,
        report: &mut ResolveReport,
    ) -> Result<(), JobError> {
        let started = Instant::now();
        let ids: Vec<RecordId> = dirty.iter().map(|d| d.id).collect();
        let mut snapshot = self.store.identity_snapshot().await?;
        let mut search = Search {
            snapshot: &mut snapshot,
            kind,
            knowledge,
            rules: &self.identity,
            most: self.options.neighbourhood_max,
            small: SMALL,
        };
        let found = search.gather(&ids).await?;
        let StoredAround { blocks: old, decisions, membership: previous } =
            snapshot.around(kind, &found.scope, &ids).await?;
        let states =
            id_states(&self.store, Some(&snapshot), kind, &found.records, &previous).await?;
        let Neighbourhood { scope, records, mut keys, hashes, blocks_cut, is_cut } = found;
        let (resolution, records) = if records.len() <= SMALL {
            (identity::resolve(&records, &decisions, &self.identity, knowledge), records)
        } else {
            snapshot.step_back().await?;
            let (rules, knowledge) = (Arc::clone(&self.identity), Arc::clone(knowledge));
            let work = tokio::task::spawn_blocking(move || {
                (identity::resolve(&records, &decisions, &rules, &knowledge), records)
            });
            work.await.map_err(|_| JobError::Invalid("resolution was interrupted".into()))?
        };
        let mut blocks = Vec::with_capacity(ids.len());
        let mut renamed = Vec::new();
        for id in &ids {
            let (old, old_hash) = old.get(id).cloned().unwrap_or_default();
            let new = keys.remove(id);
            let hash = hashes.get(id).copied();
            if hash != old_hash {
                renamed.push(*id);
            }
            let is_gone = new.is_none();
            blocks.push(RecordBlocks::change(*id, old, new.unwrap_or_default(), hash, is_gone));
        }
        let changed: HashSet<RecordId> = ids.into_iter().collect();
        let plan = Plan { kind, scope, records: &records, previous: &previous, states: &states };
        let mut commit = plan_commit(plan, &resolution, &changed);
        commit.blocks = blocks;
        commit.renamed = renamed;
        commit.settled = settled(kind, dirty);
        report.take(&commit, &resolution, &previous, records.len());
        report.blocks_cut += blocks_cut;
        report.neighbourhoods_cut += u64::from(is_cut);
        snapshot.commit(lease, kind, &commit, lease::now(self)).await?;
        report.batches_us.push(u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX));
        Ok(())
    }
}
