//! Resolution of everything: learn, write all block keys, resolve, commit.
//!
//! The model is stored as not applied first and becomes applied in the transaction of the outcome, so
//! that a run cut short in between is done again from the start.

use super::gather::form_text;
use super::outcome::{Plan, id_states, plan_commit};
use super::{ResolveReport, identity_record, name_hash, settled};
use crate::{JobError, Jobs, lease};
use domain::{ProfileKind, RecordId};
use identity::{IdentityRecord, Knowledge};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use store::Lease;
use store::identity::{DirtyRecord, ModelHead, NewModel, RecordBlocks};

/// Records loaded at once; their rows are let go of before the next ones are read.
const LOADED: usize = 20_000;

impl Jobs {
    pub(super) async fn resolve_whole(
        &self,
        lease: &Lease,
        kind: ProfileKind,
        head: Option<ModelHead>,
        dirty: &[&DirtyRecord],
        report: &mut ResolveReport,
    ) -> Result<(), JobError> {
        let mut scope = self.store.load_all_identity_ids(kind).await?;
        // What was deleted before it ever belonged to a profile is settled too.
        scope.extend(dirty.iter().map(|d| d.id));
        scope.sort_unstable();
        scope.dedup();
        let mut records: Vec<IdentityRecord> = Vec::with_capacity(scope.len());
        let mut hashes = Vec::with_capacity(scope.len());
        for ids in scope.chunks(LOADED) {
            self.stop_if_asked()?;
            for input in self.store.load_identity_inputs(kind, ids).await? {
                hashes.push(name_hash(&input));
                records.push(identity_record(&input, &self.identity));
            }
        }
        let decisions = self.store.load_all_decisions(kind).await?;
        let previous = self.store.load_all_membership(kind).await?;
        let rules = Arc::clone(&self.identity);
        // Pure and long: off the threads that answer requests.
        let work = tokio::task::spawn_blocking(move || {
            let knowledge = Knowledge::learn(kind, &records, &decisions);
            let blocks: Vec<RecordBlocks> = records
                .iter()
                .zip(identity::block_keys_of(&records, &knowledge))
                .zip(hashes)
                .map(|((record, keys), hash)| {
                    RecordBlocks::change(record.id, Vec::new(), keys, hash, false)
                })
                .collect();
            let resolution = identity::resolve(&records, &decisions, &rules, &knowledge);
            (knowledge, blocks, resolution, records)
        });
        let (knowledge, mut blocks, mut resolution, records) =
            work.await.map_err(|_| JobError::Invalid("resolution was interrupted".into()))?;
        link(&mut blocks, std::mem::take(&mut resolution.links));
        self.stop_if_asked()?;
        // Two models never share a time, even on a clock that stands still: caches go by it.
        let now = lease::now(self);
        let trained_at = head.map_or(now, |head| now.max(head.trained_at.plus_millis(1)));
        let count = records.len() as u64;
        let model = NewModel { records: count, trained_at, body: knowledge.to_bytes() };
        self.store.save_model(lease, kind, model, now).await?;
        // Employers are part of people's keys, and people come next: those of every company that is
        // new, gone or named differently.
        let renamed = if kind == ProfileKind::Company {
            dirty.iter().map(|d| d.id).collect()
        } else {
            Vec::new()
        };
        let form = |id: RecordId| {
            let at = records.binary_search_by_key(&id, |record| record.id).ok();
            at.and_then(|at| records.get(at)).map(form_text).unwrap_or_default()
        };
        self.store.replace_blocks(lease, kind, &blocks, form, || lease::now(self)).await?;
        drop(blocks);
        let ages: HashMap<RecordId, identity::Age> =
            records.iter().map(|record| (record.id, record.age())).collect();
        let states = id_states(&self.store, None, kind, &ages, &previous).await?;
        let changed: HashSet<RecordId> = dirty.iter().map(|d| d.id).collect();
        let plan = Plan { kind, scope, ages: &ages, previous: &previous, states: &states };
        let mut commit = plan_commit(plan, &resolution, &changed);
        commit.renamed = renamed;
        commit.settled = settled(kind, dirty);
        commit.whole = true;
        report.take(&commit, &resolution, &previous, records.len());
        report.whole += 1;
        self.store.commit_resolution(lease, kind, &commit, lease::now(self)).await?;
        self.store.count_for_plans().await?;
        self.knowledge.keep(kind, trained_at, Arc::new(knowledge), count);
        Ok(())
    }
}

/// Gives every record what it is linked to, in both directions. `blocks` are in order of their records.
fn link(blocks: &mut [RecordBlocks], links: Vec<(RecordId, RecordId)>) {
    for (a, b) in links {
        for (from, to) in [(a, b), (b, a)] {
            let at = blocks.binary_search_by_key(&from, |block| block.record).ok();
            if let Some(block) = at.and_then(|at| blocks.get_mut(at)) {
                block.links.push(to);
            }
        }
    }
    for block in blocks {
        block.links.sort_unstable();
    }
}
