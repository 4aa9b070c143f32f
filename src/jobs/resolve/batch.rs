//! Incremental resolution: a batch of changed records, their neighbourhood, one commit.
//!
//! The marks of a batch go in the transaction that stores its outcome: a run killed anywhere takes up
//! again with the batches that are not committed.

use super::gather::{Neighbourhood, Search};
use super::outcome::{Plan, id_states, plan_commit};
use super::{LEASE, ResolveReport, millis, settled};
use crate::progress::Event;
use crate::{JobError, Jobs, lease};
use domain::{ProfileKind, RecordId};
use identity::Knowledge;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use store::Lease;
use store::identity::{DirtyRecord, IdentitySnapshot, StoredAround};
use tokio::time::Instant;

/// With more records than this under way the writing connection is given back meanwhile.
const SMALL: usize = 4_000;
/// More records than this are resolved on a thread for long work.
const SHORT: usize = 500;

impl Jobs {
    pub(super) async fn resolve_batch(
        &self,
        lease: &Lease,
        kind: ProfileKind,
        dirty: &[&DirtyRecord],
        knowledge: &Arc<Knowledge>,
        report: &mut ResolveReport,
    ) -> Result<(), JobError> {
        let snapshot = self.store.identity_snapshot().await?;
        Box::pin(self.resolve_in(snapshot, lease, kind, dirty, knowledge, report)).await
    }

    /// Resolves what changed in one transaction, lease and all, where it is one batch of people that
    /// what is in memory suffices for: a stream of small changes pays for one commit each. `None`
    /// where it is not; nothing was done then.
    ///
    /// # Errors
    /// Somebody else resolving, a neighbourhood too large for it, and database errors.
    pub(super) async fn resolve_at_once(&self) -> Result<Option<ResolveReport>, JobError> {
        let started = Instant::now();
        self.stop_if_asked()?;
        let kind = ProfileKind::Person;
        let most = self.options.resolve_batch.max(1);
        let mut snapshot = self.store.identity_snapshot().await?;
        let dirty = snapshot.dirty_records(most + 1).await?;
        let is_one = !dirty.is_empty() && dirty.len() <= most;
        let heads = snapshot.model_heads().await?;
        let head = heads.iter().find(|head| head.kind == kind).copied();
        let is_fit = is_one
            && dirty.iter().all(|d| d.person && !d.company)
            && heads.iter().all(|head| head.applied);
        let known = head.filter(|_| is_fit);
        let known = known.and_then(|head| self.known_at_hand(kind, head, dirty.len() as u64));
        let Some(knowledge) = known else {
            snapshot.end().await?;
            return Ok(None);
        };
        let now = lease::now(self);
        let lease = snapshot.acquire(lease::ALL, LEASE, &self.owner, now).await?;
        let dirty: Vec<&DirtyRecord> = dirty.iter().collect();
        let mut report = ResolveReport { dirty: dirty.len() as u64, ..ResolveReport::default() };
        self.progress.report(&Event::ResolveStarted { kind, records: report.dirty });
        Box::pin(self.resolve_in(snapshot, &lease, kind, &dirty, &knowledge, &mut report)).await?;
        self.tell(kind, &ResolveReport::default(), &report, started);
        report.elapsed_ms = millis(started);
        Ok(Some(report))
    }

    async fn resolve_in(
        &self,
        mut snapshot: IdentitySnapshot,
        lease: &Lease,
        kind: ProfileKind,
        dirty: &[&DirtyRecord],
        knowledge: &Arc<Knowledge>,
        report: &mut ResolveReport,
    ) -> Result<(), JobError> {
        let started = Instant::now();
        let ids: Vec<RecordId> = dirty.iter().map(|d| d.id).collect();
        let mut search = Search {
            snapshot: &mut snapshot,
            kind,
            knowledge,
            rules: &self.identity,
            most: self.options.neighbourhood_max,
            small: SMALL,
        };
        let found = search.gather(&ids).await?;
        let Neighbourhood { scope, mut bench, kept, links, renamed, blocks_cut, is_cut } = found;
        let StoredAround { decisions, membership: previous } =
            snapshot.around(kind, &scope).await?;
        let ages: HashMap<RecordId, identity::Age> =
            scope.iter().filter_map(|id| bench.get(*id)).map(|r| (r.id, r.age())).collect();
        let states = id_states(&self.store, Some(&snapshot), kind, &ages, &previous).await?;
        let (resolution, scope) = if scope.len() <= SHORT {
            (bench.resolve(&scope, &decisions, &self.identity), scope)
        } else {
            let rules = Arc::clone(&self.identity);
            let work = tokio::task::spawn_blocking(move || {
                (bench.resolve(&scope, &decisions, &rules), scope)
            });
            work.await.map_err(|_| JobError::Invalid("resolution was interrupted".into()))?
        };
        let changed: HashSet<RecordId> = ids.into_iter().collect();
        let plan = Plan { kind, scope, ages: &ages, previous: &previous, states: &states };
        let mut commit = plan_commit(plan, &resolution, &changed);
        commit.blocks = kept;
        commit.links = links;
        commit.renamed = renamed;
        commit.settled = settled(kind, dirty);
        report.take(&commit, &resolution, &previous, ages.len());
        report.blocks_cut += blocks_cut;
        report.neighbourhoods_cut += u64::from(is_cut);
        snapshot.commit(lease, kind, &commit, lease::now(self)).await?;
        report.batches_us.push(u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX));
        Ok(())
    }
}
