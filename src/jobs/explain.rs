//! Why two profiles are two: their records, what was decided, what was learnt; then `identity`.
//!
//! Owns what is loaded for the answer and how much of it. Refuses to compare.

use crate::{JobError, Jobs, identity_record};
use domain::{Decision, ProfileId, ProfileKind, RecordId, Verdict};
use identity::{IdentityRecord, Knowledge, Obstacle, Rules};
use std::collections::HashSet;
use store::Store;

/// Records of one profile that are compared with those of the other.
const RECORDS_MAX: usize = 20;

/// Why two profiles are two.
#[derive(Clone, Debug)]
pub struct WhyNot {
    /// The first profile, redirects followed.
    pub a: ProfileId,
    /// The second one.
    pub b: ProfileId,
    /// One is a person, the other a company: nothing was compared.
    pub kinds_differ: bool,
    /// Weight from which records join, in log2 odds.
    pub cutoff: f64,
    /// What stands between them; empty if they are one and the same profile or of two kinds.
    pub obstacles: Vec<Obstacle>,
}

/// Why two profiles are two. Of large profiles up to 20 records each are compared, those first on
/// which somebody decided.
///
/// # Errors
/// [`JobError::UnknownProfile`] and database errors.
pub async fn why_not(
    store: &Store,
    rules: &Rules,
    a: ProfileId,
    b: ProfileId,
) -> Result<WhyNot, JobError> {
    let (a, kind, left) = find(store, a).await?;
    let (b, other, right) = find(store, b).await?;
    let kinds_differ = kind != other;
    let knowledge = load_knowledge(store, kind).await?;
    let mut answer =
        WhyNot { a, b, kinds_differ, cutoff: knowledge.cutoff(), obstacles: Vec::new() };
    if a == b || kinds_differ {
        return Ok(answer);
    }
    let all: Vec<RecordId> = left.iter().chain(&right).copied().collect();
    let decisions = store.load_decisions(kind, &all).await?;
    let left = load_records(store, rules, kind, foremost(left, &decisions)).await?;
    let right = load_records(store, rules, kind, foremost(right, &decisions)).await?;
    // Pure, but not short: off the threads that answer requests.
    let work = tokio::task::spawn_blocking(move || {
        identity::why_not(&left, &right, &decisions, &knowledge)
    });
    answer.obstacles =
        work.await.map_err(|_| JobError::Invalid("the comparison was interrupted".into()))?;
    Ok(answer)
}

impl Jobs {
    /// See [`why_not`].
    ///
    /// # Errors
    /// [`JobError::UnknownProfile`] and database errors.
    pub async fn why_not(&self, a: ProfileId, b: ProfileId) -> Result<WhyNot, JobError> {
        why_not(&self.store, &self.identity, a, b).await
    }
}

async fn find(
    store: &Store,
    id: ProfileId,
) -> Result<(ProfileId, ProfileKind, Vec<RecordId>), JobError> {
    let found = store.find_members(id).await?;
    found.ok_or_else(|| JobError::UnknownProfile { id: id.to_string() })
}

/// What was learnt about a kind; before anything was, or when another version wrote it, what is
/// usual.
async fn load_knowledge(store: &Store, kind: ProfileKind) -> Result<Knowledge, JobError> {
    let body = store.load_model(kind).await?;
    let known = body.and_then(|body| Knowledge::from_bytes(kind, &body));
    Ok(known.unwrap_or_else(|| Knowledge::unlearned(kind)))
}

/// The records to compare: those that somebody parted from another one come first.
fn foremost(mut records: Vec<RecordId>, decisions: &[Decision]) -> Vec<RecordId> {
    let parted: HashSet<RecordId> = decisions
        .iter()
        .filter(|decision| decision.verdict == Verdict::Different)
        .flat_map(|decision| [decision.left, decision.right])
        .collect();
    records.sort_unstable_by_key(|record| (!parted.contains(record), *record));
    records.truncate(RECORDS_MAX);
    records
}

async fn load_records(
    store: &Store,
    rules: &Rules,
    kind: ProfileKind,
    ids: Vec<RecordId>,
) -> Result<Vec<IdentityRecord>, JobError> {
    let inputs = store.load_identity_inputs(kind, &ids).await?;
    Ok(inputs.iter().map(|input| identity_record(input, rules)).collect())
}
