//! From what `identity` answers to what the store writes.
//!
//! Owns the plan of a commit: who moved, what is explained anew, and evidence as JSON. Refuses I/O.

use super::ResolveReport;
use crate::JobError;
use domain::{Identifier, ProfileId, ProfileKind, RecordId};
use identity::{Cluster, Evidence, IdState, Resolution};
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use store::Store;
use store::identity::{IdentitySnapshot, ResolutionCommit, StoredEvent, StoredJoin, StoredReview};

/// What is known before a commit.
pub(super) struct Plan<'a> {
    /// Person or company.
    pub kind: ProfileKind,
    /// Every record looked at, also those that are gone.
    pub scope: Vec<RecordId>,
    /// The ages of those that live.
    pub ages: &'a HashMap<RecordId, identity::Age>,
    /// Where they belonged.
    pub previous: &'a HashMap<RecordId, ProfileId>,
    /// What the ids are that they could take.
    pub states: &'a HashMap<ProfileId, IdState>,
}

/// What the ids are that a cluster could take: those of its records' profiles, and those that its
/// records could have founded.
pub(super) async fn id_states(
    store: &Store,
    snapshot: Option<&IdentitySnapshot>,
    kind: ProfileKind,
    ages: &HashMap<RecordId, identity::Age>,
    previous: &HashMap<RecordId, ProfileId>,
) -> Result<HashMap<ProfileId, IdState>, JobError> {
    let mut states = HashMap::new();
    let mut asked: HashSet<ProfileId> = previous.values().copied().collect();
    let mut founders: Vec<RecordId> = ages.keys().copied().collect();
    // Two attempts at a time: most founders have founded one profile, and the second id is free.
    for attempt in (0..).step_by(2) {
        for attempt in [attempt, attempt + 1] {
            asked.extend(founders.iter().map(|r| ProfileId::founded_by(kind, *r, attempt)));
        }
        let mut asking: Vec<ProfileId> = asked.drain().collect();
        asking.sort_unstable();
        let (live, retired) = match snapshot {
            Some(snapshot) => snapshot.id_states(&asking).await?,
            None => store.load_id_states(&asking).await?,
        };
        states.extend(retired.into_iter().map(|id| (id, IdState::Retired)));
        states.extend(live.into_iter().map(|id| (id, IdState::Live)));
        founders.retain(|r| states.contains_key(&ProfileId::founded_by(kind, *r, attempt + 1)));
        if founders.is_empty() {
            break;
        }
    }
    Ok(states)
}

/// What to write for a resolution; `changed` are the records whose content did.
pub(super) fn plan_commit(
    plan: Plan<'_>,
    resolution: &Resolution,
    changed: &HashSet<RecordId>,
) -> ResolutionCommit {
    let Plan { kind, scope, ages, previous, states } = plan;
    let assignment = identity::assign(
        &resolution.clusters,
        previous,
        |record| ages.get(&record).copied().unwrap_or((i64::MAX, record)),
        |id| states.get(&id).copied().unwrap_or(IdState::Free),
        kind,
    );
    let member: HashMap<RecordId, ProfileId> = assignment.members.iter().copied().collect();
    let is_changed = |id: &&RecordId| changed.contains(*id) || member.get(*id) != previous.get(*id);
    let mut changed: Vec<RecordId> = scope.iter().filter(is_changed).copied().collect();
    changed.sort_unstable();
    let profiles: HashSet<ProfileId> = changed
        .iter()
        .flat_map(|id| [member.get(id), previous.get(id)])
        .flatten()
        .copied()
        .collect();
    let mut left: Vec<ProfileId> = changed
        .iter()
        .filter_map(|id| previous.get(id).filter(|profile| member.get(id) != Some(*profile)))
        .copied()
        .collect();
    left.sort_unstable();
    left.dedup();
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
            priority: r.priority,
            reason: r.reason.as_str().to_owned(),
            evidence: evidence_json(None, &r.evidence),
        })
        .collect();
    let mut explained: Vec<ProfileId> = profiles.into_iter().collect();
    explained.sort_unstable();
    ResolutionCommit {
        scope,
        members: assignment.members,
        changed,
        left,
        explained,
        joins,
        reviews,
        redirects: assignment.redirects,
        revived: assignment.revived,
        events: assignment.events.iter().map(stored_event).collect(),
        ..ResolutionCommit::default()
    }
}

impl ResolveReport {
    /// Counts a commit.
    pub(super) fn take(
        &mut self,
        commit: &ResolutionCommit,
        resolution: &Resolution,
        previous: &HashMap<RecordId, ProfileId>,
        records: usize,
    ) {
        self.records += records as u64;
        self.profiles += resolution.clusters.len() as u64;
        self.reviews += commit.reviews.len() as u64;
        let moved =
            |(record, profile): &&(RecordId, ProfileId)| previous.get(record) != Some(profile);
        self.moved += commit.members.iter().filter(moved).count() as u64;
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
        evidence: evidence_json(Some(join.weight), &join.evidence),
    })
}

#[derive(Serialize)]
struct EvidenceJson<'a> {
    comparison: &'a str,
    level: &'a str,
    weight: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    term_frequency: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identifier: Option<&'a Identifier>,
}

/// Evidence as stored: a JSON list that begins with the prior, so that it adds up to the weight.
fn evidence_json(weight: Option<f64>, evidence: &[Evidence]) -> String {
    let stated = evidence.first().is_some_and(|e| e.comparison == "prior");
    let prior = weight
        .filter(|_| !stated)
        .map(|total| total - evidence.iter().map(|e| e.weight).sum::<f64>())
        .filter(|prior| prior.abs() > 1e-9)
        .map(|weight| EvidenceJson {
            comparison: "prior",
            level: "two random records",
            weight,
            term_frequency: None,
            identifier: None,
        });
    let list: Vec<EvidenceJson<'_>> = prior
        .into_iter()
        .chain(evidence.iter().map(|e| EvidenceJson {
            comparison: e.comparison,
            level: e.level,
            weight: e.weight,
            term_frequency: e.term_frequency,
            identifier: e.identifier.as_ref(),
        }))
        .collect();
    serde_json::to_string(&list).unwrap_or_else(|_| "[]".to_owned())
}
