//! Resolving identities: load what the changed records could touch, let `identity` decide, commit.

use crate::progress::Event;
use crate::{JobError, Jobs, lease};
use domain::{Identifier, ProfileId, ProfileKind, RecordId};
use identity::{Cluster, Evidence, IdState, IdentityRecord, Resolution, Rules, SharedValues};
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use store::identity::{
    IdentityBody, IdentityInput, ResolutionCommit, StoredEvent, StoredJoin, StoredReview,
};
use store::{Lease, Outcome};
use tokio::time::Instant;

/// What a resolution did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ResolveReport {
    /// Records that had changed.
    pub dirty: u64,
    /// Records looked at.
    pub records: u64,
    /// Profiles that they form.
    pub profiles: u64,
    /// Records that went to another profile or are new in one.
    pub moved: u64,
    /// Pairs to review among them.
    pub reviews: u64,
    /// Values demoted because too many carry them, in all.
    pub demoted: u64,
    /// Milliseconds it took.
    pub elapsed_ms: u64,
}

const LEASE: &str = "resolve";
/// Companies first: people only use them as context.
const KINDS: [ProfileKind; 2] = [ProfileKind::Company, ProfileKind::Person];
/// Dirty records taken at once; more than that is resolved in one go over everything anyway.
const DIRTY_MAX: u64 = 10_000_000;

/// A stored record as matching sees it.
#[must_use]
pub fn identity_record(input: &IdentityInput, rules: &Rules) -> IdentityRecord {
    match &input.body {
        IdentityBody::Contact(contact) => identity::person_record(
            input.id,
            &input.key,
            contact,
            &input.stated,
            input.version,
            rules,
        ),
        IdentityBody::Company(company) => identity::company_record(
            input.id,
            &input.key,
            company,
            &input.stated,
            input.version,
            rules,
        ),
    }
}

impl Jobs {
    /// Resolves what changed since the last resolution; with `full`, everything. The outcome is the
    /// same.
    ///
    /// # Errors
    /// Database errors; another process resolving.
    pub async fn resolve(&self, full: bool) -> Result<ResolveReport, JobError> {
        let (lease, _) = self.lease(lease::ALL, LEASE).await?;
        self.resolve_under(&lease, full).await
    }

    pub(crate) async fn resolve_patiently(&self) -> Result<ResolveReport, JobError> {
        let lease = self.lease_patiently(LEASE, 30_000).await?;
        self.resolve_under(&lease, false).await
    }

    async fn resolve_under(&self, lease: &Lease, full: bool) -> Result<ResolveReport, JobError> {
        let result = self.keeping(lease, self.resolve_leased(lease, full)).await;
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
        // Demoting a value marks all its carriers: go round until the marks that were read are those
        // of records whose values were judged, so that clearing them forgets nothing.
        let (dirty, shared) = loop {
            let dirty = self.store.load_dirty_records(DIRTY_MAX).await?;
            if dirty.is_empty() && !full {
                return Ok(report);
            }
            let seeds: Vec<RecordId> = dirty.iter().map(|(id, _)| *id).collect();
            let mut shared = Vec::new();
            let mut changed = 0;
            for kind in KINDS {
                let whole = self.is_whole(kind, seeds.len(), full).await?;
                let (values, carriers) = self.demote(lease, kind, whole, &seeds).await?;
                changed += carriers;
                shared.push(values);
            }
            if changed == 0 {
                break (dirty, shared);
            }
        };
        report.dirty = dirty.len() as u64;
        for (kind, shared) in KINDS.into_iter().zip(shared) {
            if self.cancel.is_cancelled() {
                return Err(JobError::Stopped);
            }
            report.demoted += shared.len() as u64;
            self.resolve_kind(lease, kind, &dirty, full, shared, &mut report).await?;
        }
        self.store.clear_dirty_records(&dirty).await?;
        report.elapsed_ms = millis(started);
        Ok(report)
    }

    /// Whether to look at everything: following neighbours record by record costs more once a good
    /// part of it changed.
    async fn is_whole(
        &self,
        kind: ProfileKind,
        seeds: usize,
        full: bool,
    ) -> Result<bool, JobError> {
        Ok(full || seeds as u64 * 4 > self.store.count_identities(kind).await?)
    }

    async fn resolve_kind(
        &self,
        lease: &Lease,
        kind: ProfileKind,
        dirty: &[(RecordId, i64)],
        full: bool,
        shared: SharedValues,
        report: &mut ResolveReport,
    ) -> Result<(), JobError> {
        let started = Instant::now();
        let seeds: Vec<RecordId> = dirty.iter().map(|(id, _)| *id).collect();
        let mut whole = self.is_whole(kind, seeds.len(), full).await?;
        let scope = if whole {
            None
        } else {
            self.store.load_neighbourhood(kind, &seeds, self.options.neighbourhood_max).await?
        };
        let scope = match scope {
            Some(scope) => scope,
            None => {
                whole = true;
                let mut ids = self.store.load_all_identity_ids(kind).await?;
                ids.sort_unstable();
                ids
            }
        };
        let inputs = self.store.load_identity_inputs(kind, &scope).await?;
        if inputs.is_empty() && scope.is_empty() {
            return Ok(());
        }
        self.progress.report(&Event::ResolveStarted { kind, records: inputs.len() as u64 });
        let decisions = self.store.load_decisions(kind, &scope).await?;
        let previous = self.store.load_membership(kind, &scope).await?;
        let records: Vec<IdentityRecord> =
            inputs.iter().map(|input| identity_record(input, &self.identity)).collect();
        let rules = std::sync::Arc::clone(&self.identity);
        // Pure and long: off the threads that answer requests.
        let work = tokio::task::spawn_blocking(move || {
            let resolution = identity::resolve(&records, &decisions, &rules, &shared);
            (resolution, records)
        });
        let (resolution, records) =
            work.await.map_err(|_| JobError::Invalid("resolution was interrupted".into()))?;
        let states = self.id_states(kind, &records, &previous).await?;
        let commit = plan_commit(kind, scope, &records, &resolution, &previous, &states, dirty);
        report.records += records.len() as u64;
        report.profiles += resolution.clusters.len() as u64;
        report.reviews += commit.reviews.len() as u64;
        report.moved += commit
            .members
            .iter()
            .filter(|(record, profile)| previous.get(record) != Some(profile))
            .count() as u64;
        self.store.commit_resolution(lease, kind, &commit, lease::now(self)).await?;
        tracing::info!(
            kind = kind.as_str(),
            records = records.len(),
            profiles = resolution.clusters.len(),
            whole,
            "identities resolved"
        );
        self.progress.report(&Event::Resolved {
            kind,
            records: records.len() as u64,
            profiles: resolution.clusters.len() as u64,
            reviews: commit.reviews.len() as u64,
            elapsed_ms: millis(started),
        });
        Ok(())
    }

    /// Brings the demoted values up to date; gives those that are demoted among what the seeds
    /// carry (among all values, with `whole`), and how many records were marked because a value
    /// that they carry changed sides.
    async fn demote(
        &self,
        lease: &Lease,
        kind: ProfileKind,
        whole: bool,
        seeds: &[RecordId],
    ) -> Result<(SharedValues, usize), JobError> {
        let rules = &self.identity;
        let floor = rules.shared_limit.min(rules.shared_phone_limit).min(rules.common_limit);
        let of = (!whole).then_some(seeds);
        let counts = self.store.count_shared(kind, of, floor).await?;
        let (mut demote, mut lift, mut shared) = (Vec::new(), Vec::new(), Vec::new());
        for count in counts {
            let is_shared =
                SharedValues::is_shared(count.identifier.kind, count.names, count.records, rules);
            match (is_shared, count.demoted) {
                (true, false) => demote.push(count.identifier.clone()),
                (false, true) => lift.push(count.identifier.clone()),
                _ => {}
            }
            if is_shared {
                shared.push(count.identifier);
            }
        }
        let now = lease::now(self);
        let carriers = self.store.set_demoted(lease, kind, &demote, &lift, now).await?;
        // A value that nobody carries any more is lifted without carriers.
        Ok((SharedValues::from_iter(shared), carriers.len()))
    }

    /// What the ids are that a cluster could take: those of its records' profiles, and those that
    /// its records could have founded.
    async fn id_states(
        &self,
        kind: ProfileKind,
        records: &[IdentityRecord],
        previous: &HashMap<RecordId, ProfileId>,
    ) -> Result<HashMap<ProfileId, IdState>, JobError> {
        let mut states = HashMap::new();
        let mut asked: HashSet<ProfileId> = previous.values().copied().collect();
        let mut founders: Vec<RecordId> = records.iter().map(|r| r.id).collect();
        for attempt in 0.. {
            let ids: Vec<ProfileId> =
                founders.iter().map(|r| ProfileId::founded_by(kind, *r, attempt)).collect();
            asked.extend(&ids);
            let asking: Vec<ProfileId> = asked.drain().collect();
            let (live, retired) = self.store.load_id_states(&asking).await?;
            states.extend(retired.into_iter().map(|id| (id, IdState::Retired)));
            states.extend(live.into_iter().map(|id| (id, IdState::Live)));
            founders.retain(|r| states.contains_key(&ProfileId::founded_by(kind, *r, attempt)));
            if founders.is_empty() {
                break;
            }
        }
        Ok(states)
    }
}

/// What to write for a resolution.
fn plan_commit(
    kind: ProfileKind,
    scope: Vec<RecordId>,
    records: &[IdentityRecord],
    resolution: &Resolution,
    previous: &HashMap<RecordId, ProfileId>,
    states: &HashMap<ProfileId, IdState>,
    dirty: &[(RecordId, i64)],
) -> ResolutionCommit {
    let ages: HashMap<RecordId, identity::Age> = records.iter().map(|r| (r.id, r.age())).collect();
    let assignment = identity::assign(
        &resolution.clusters,
        previous,
        |record| ages.get(&record).copied().unwrap_or((i64::MAX, record)),
        |id| states.get(&id).copied().unwrap_or(IdState::Free),
        kind,
    );
    let member: HashMap<RecordId, ProfileId> = assignment.members.iter().copied().collect();
    let in_scope: HashSet<RecordId> = scope.iter().copied().collect();
    let mut changed: HashSet<RecordId> =
        dirty.iter().map(|(id, _)| *id).filter(|id| in_scope.contains(id)).collect();
    changed.extend(scope.iter().filter(|id| member.get(id) != previous.get(id)));
    let profiles: HashSet<ProfileId> = changed
        .iter()
        .flat_map(|id| [member.get(id), previous.get(id)])
        .flatten()
        .copied()
        .collect();
    let joins = resolution
        .clusters
        .iter()
        .filter_map(|cluster| Some((cluster, *member.get(cluster.members.first()?)?)))
        .filter(|(_, profile)| profiles.contains(profile))
        .flat_map(|(cluster, profile)| stored_joins(cluster, profile))
        .collect();
    let reviews = resolution
        .reviews
        .iter()
        .map(|r| StoredReview {
            left: r.left,
            right: r.right,
            score: r.score,
            reason: r.reason.as_str().to_owned(),
            evidence: evidence_json(&r.evidence),
        })
        .collect();
    let mut changed: Vec<RecordId> = changed.into_iter().collect();
    changed.sort_unstable();
    let mut explained: Vec<ProfileId> = profiles.into_iter().collect();
    explained.sort_unstable();
    ResolutionCommit {
        scope,
        members: assignment.members,
        changed,
        explained,
        joins,
        reviews,
        redirects: assignment.redirects,
        revived: assignment.revived,
        events: assignment.events.iter().map(stored_event).collect(),
    }
}

fn stored_event(event: &identity::Event) -> StoredEvent {
    use identity::Event as E;
    let (action, profile, other, record) = match *event {
        E::Created { profile } => ("created", profile, None, None),
        E::Merged { from, into } => ("merged", from, Some(into), None),
        E::Split { from, into } => ("split", from, Some(into), None),
        E::Moved { record, from, to } => ("moved", from, Some(to), Some(record)),
        E::Emptied { profile } => ("emptied", profile, None, None),
    };
    StoredEvent { action, profile, other, record }
}

fn stored_joins(cluster: &Cluster, profile: ProfileId) -> impl Iterator<Item = StoredJoin> + '_ {
    cluster.joins.iter().map(move |join| StoredJoin {
        profile,
        left: join.left,
        right: join.right,
        rule_id: join.rule.as_str().to_owned(),
        weight: join.weight,
        evidence: evidence_json(&join.evidence),
    })
}

#[derive(Serialize)]
struct EvidenceJson<'a> {
    comparison: &'a str,
    level: &'a str,
    weight: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    identifier: &'a Option<Identifier>,
}

/// Evidence as stored: a JSON list.
fn evidence_json(evidence: &[Evidence]) -> String {
    let list: Vec<EvidenceJson<'_>> = evidence
        .iter()
        .map(|e| EvidenceJson {
            comparison: e.comparison,
            level: e.level,
            weight: e.weight,
            identifier: &e.identifier,
        })
        .collect();
    serde_json::to_string(&list).unwrap_or_else(|_| "[]".to_owned())
}

pub(crate) fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
