//! Resolving identities: load what the changed records could touch, let `identity` decide, commit.
//!
//! Owns when everything is looked at and when only the surroundings of what changed, and that both
//! use the same knowledge. Refuses to compare records.

mod batch;
mod gather;
mod knowledge;
mod outcome;
mod whole;

pub use knowledge::KnowledgeCache;

use crate::progress::Event;
use crate::{JobError, Jobs, lease};
use domain::{ProfileKind, RecordId};
use identity::{IdentityRecord, Rules};
use knowledge::Known;
use serde::Serialize;
use store::identity::{DirtyRecord, IdentityBody, IdentityInput, ModelHead};
use store::{Lease, Outcome};
use tokio::time::Instant;

/// What a resolution did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ResolveReport {
    /// Records that had changed; one that is both a person and a company counts twice.
    pub dirty: u64,
    /// Records looked at.
    pub records: u64,
    /// Profiles that they form.
    pub profiles: u64,
    /// Records that went to another profile or are new in one.
    pub moved: u64,
    /// Pairs to review among them.
    pub reviews: u64,
    /// Kinds of which everything was looked at, and the parameters learnt anew.
    pub whole: u64,
    /// Block keys with more records than are looked at.
    pub blocks_cut: u64,
    /// Neighbourhoods that were followed no further because they reached the limit.
    pub neighbourhoods_cut: u64,
    /// Milliseconds it took.
    pub elapsed_ms: u64,
    /// Microseconds of each incremental batch, from its first read to its commit.
    #[serde(skip)]
    pub batches_us: Vec<u64>,
}

const LEASE: &str = "resolve";
/// Companies first: their names are part of their people's keys.
const KINDS: [ProfileKind; 2] = [ProfileKind::Company, ProfileKind::Person];

/// A stored record as matching sees it.
#[must_use]
pub fn identity_record(input: &IdentityInput, rules: &Rules) -> IdentityRecord {
    let IdentityInput { id, key, version, body, stated, employers } = input;
    match body {
        IdentityBody::Contact(contact) => {
            identity::person_record(*id, key, contact, stated, *version, rules, employers)
        }
        IdentityBody::Company(company) => {
            identity::company_record(*id, key, company, stated, *version, rules)
        }
    }
}

impl Jobs {
    /// Resolves what changed since the last resolution; with `full`, everything, learning the
    /// parameters anew.
    ///
    /// # Errors
    /// Database errors; another process resolving.
    pub async fn resolve(&self, full: bool) -> Result<ResolveReport, JobError> {
        if let Some(report) = self.resolve_simply(full).await? {
            return Ok(report);
        }
        let (lease, _) = self.lease(lease::ALL, LEASE).await?;
        self.resolve_under(&lease, full).await
    }

    pub(crate) async fn resolve_patiently(&self) -> Result<ResolveReport, JobError> {
        if let Some(report) = self.resolve_simply(false).await? {
            return Ok(report);
        }
        let lease = self.lease_patiently(LEASE, 30_000).await?;
        self.resolve_under(&lease, false).await
    }

    /// See [`Jobs::resolve_at_once`]. What goes wrong there is left to the run under a lease, which
    /// meets it again and notes it with the lease.
    async fn resolve_simply(&self, full: bool) -> Result<Option<ResolveReport>, JobError> {
        if full {
            return Ok(None);
        }
        match self.resolve_at_once().await {
            Err(JobError::Store(error)) => {
                tracing::debug!(%error, "a small resolution is done again under a lease");
                Ok(None)
            }
            result => result,
        }
    }

    async fn resolve_under(&self, lease: &Lease, full: bool) -> Result<ResolveReport, JobError> {
        // A large future, held by every caller otherwise.
        let result = self.keeping(lease, Box::pin(self.resolve_leased(lease, full))).await;
        let message = result.as_ref().err().map(ToString::to_string).unwrap_or_default();
        let outcome = match &result {
            Ok(_) => Outcome::Done,
            Err(JobError::Stopped) => Outcome::Stopped,
            Err(_) => Outcome::Failed { code: "resolve", message: &message },
        };
        self.store.release(lease, outcome, lease::now(self)).await?;
        result
    }

    async fn resolve_leased(&self, lease: &Lease, full: bool) -> Result<ResolveReport, JobError> {
        let started = Instant::now();
        let mut report = ResolveReport::default();
        let heads = self.store.load_model_heads().await?;
        let mut dirty = self.store.load_dirty_records().await?;
        for kind in KINDS {
            let head = heads.iter().find(|head| head.kind == kind).copied();
            let is_done = self.resolve_kind(lease, kind, head, &dirty, full, &mut report).await?;
            if is_done && kind == ProfileKind::Company {
                // Committing a company may mark those who work there.
                dirty = self.store.load_dirty_records().await?;
            }
        }
        // Marked, but neither: a record deleted before it was ever resolved. One that came back
        // since it was read has another mark.
        let other: Vec<(RecordId, i64)> =
            dirty.iter().filter(|d| !d.person && !d.company).map(|d| (d.id, d.mark)).collect();
        self.store.clear_dirty_records(&other).await?;
        report.elapsed_ms = millis(started);
        Ok(report)
    }

    /// Resolves what changed of a kind; whether there was anything to do.
    async fn resolve_kind(
        &self,
        lease: &Lease,
        kind: ProfileKind,
        head: Option<ModelHead>,
        dirty: &[DirtyRecord],
        full: bool,
        report: &mut ResolveReport,
    ) -> Result<bool, JobError> {
        let started = Instant::now();
        let before = report.clone();
        let dirty: Vec<&DirtyRecord> = dirty.iter().filter(|d| d.is(kind)).collect();
        let known = self.known(kind, head, dirty.len() as u64, full).await?;
        if matches!(known, Known::Nothing) {
            return Ok(false);
        }
        report.dirty += dirty.len() as u64;
        self.progress.report(&Event::ResolveStarted { kind, records: dirty.len() as u64 });
        match known {
            Known::Fresh(knowledge) => {
                for batch in dirty.chunks(self.options.resolve_batch.max(1)) {
                    self.stop_if_asked()?;
                    self.resolve_batch(lease, kind, batch, &knowledge, report).await?;
                }
            }
            _ => self.resolve_whole(lease, kind, head, &dirty, report).await?,
        }
        self.tell(kind, &before, report, started);
        Ok(true)
    }

    /// Tells what was resolved of a kind.
    fn tell(
        &self,
        kind: ProfileKind,
        before: &ResolveReport,
        after: &ResolveReport,
        started: Instant,
    ) {
        let (records, profiles, reviews) = (
            after.records - before.records,
            after.profiles - before.profiles,
            after.reviews - before.reviews,
        );
        let whole = after.whole > before.whole;
        tracing::info!(kind = kind.as_str(), records, profiles, whole, "identities resolved");
        let elapsed_ms = millis(started);
        self.progress.report(&Event::Resolved { kind, records, profiles, reviews, elapsed_ms });
    }

    fn stop_if_asked(&self) -> Result<(), JobError> {
        if self.cancel.is_cancelled() { Err(JobError::Stopped) } else { Ok(()) }
    }
}

/// The marks that a commit of one kind may take off. A record that is both a person and a company
/// keeps its mark until the people, who come last, are resolved.
fn settled(kind: ProfileKind, dirty: &[&DirtyRecord]) -> Vec<(RecordId, i64)> {
    let done = |d: &&&DirtyRecord| kind == ProfileKind::Person || !d.person;
    dirty.iter().filter(done).map(|d| (d.id, d.mark)).collect()
}

/// The hash of a company's name, by which a new name is noticed.
fn name_hash(input: &IdentityInput) -> Option<i64> {
    match &input.body {
        IdentityBody::Company(company) => {
            let name = company.name.as_deref()?;
            Some(domain::RecordKey::new("name", "", name).id().0)
        }
        IdentityBody::Contact(_) => None,
    }
}

pub(crate) fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
