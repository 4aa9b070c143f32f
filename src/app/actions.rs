//! What the schema asks of the jobs: mutations, and why two customers are two.
//!
//! Owns how a job's error becomes what a client is told. Refuses to decide anything.

use crate::app::rounds::Requests;
use async_trait::async_trait;
use domain::{Code, Principal, ProfileId, ProfileKind, RecordId, Stage, Timestamp, Verdict};
use graphql::{ActionError, Actions, FieldChange, WhyNot};
use jobs::{JobError, Jobs};
use store::StoreError;

/// The jobs as the schema sees them.
pub struct JobActions {
    jobs: Jobs,
    rounds: Requests,
}

impl std::fmt::Debug for JobActions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JobActions").finish_non_exhaustive()
    }
}

impl JobActions {
    /// Over the jobs; syncs are handed to `rounds`.
    #[must_use]
    pub const fn new(jobs: Jobs, rounds: Requests) -> Self {
        Self { jobs, rounds }
    }
}

fn told(error: JobError) -> ActionError {
    let refused = |code, error: JobError| ActionError::refused(code, error.to_string(), None);
    match error {
        JobError::UnknownProfile { .. } | JobError::UnknownSource { .. } => {
            refused(Code::NotFound, error)
        }
        JobError::Invalid(_) => refused(Code::BadUserInput, error),
        JobError::InvalidInput { field, message } => {
            ActionError::refused(Code::BadUserInput, message, Some(field))
        }
        JobError::Stopped | JobError::DiskFull | JobError::Store(StoreError::Leased { .. }) => {
            refused(Code::Unavailable, error)
        }
        JobError::Store(StoreError::Conflict(_) | StoreError::LeaseLost { .. }) => {
            refused(Code::Conflict, error)
        }
        JobError::Store(error) => ActionError::Store(error),
        JobError::Plan(_) => refused(Code::Internal, error),
    }
}

#[async_trait]
impl Actions for JobActions {
    async fn acknowledge_alert(
        &self,
        by: &Principal,
        alert: i64,
        note: Option<String>,
    ) -> Result<(), ActionError> {
        self.jobs.acknowledge_alert(by, alert, note).await.map_err(told)
    }

    fn now(&self) -> Timestamp {
        self.jobs.clock.now()
    }

    async fn merge(
        &self,
        by: &Principal,
        survivor: ProfileId,
        others: Vec<ProfileId>,
    ) -> Result<ProfileId, ActionError> {
        let ids: Vec<ProfileId> = std::iter::once(survivor).chain(others).collect();
        self.jobs.merge(by, &ids).await.map_err(told)
    }

    async fn split(
        &self,
        by: &Principal,
        profile: ProfileId,
        records: Vec<RecordId>,
    ) -> Result<Vec<ProfileId>, ActionError> {
        self.jobs.split(by, profile, &records).await.map_err(told)
    }

    async fn review(
        &self,
        by: &Principal,
        left: RecordId,
        right: RecordId,
        kind: ProfileKind,
        verdict: Verdict,
    ) -> Result<Vec<ProfileId>, ActionError> {
        self.jobs.review(by, kind, left, right, verdict).await.map_err(told)
    }

    async fn override_stage(
        &self,
        by: &Principal,
        profile: ProfileId,
        stage: Option<Stage>,
        reason: String,
        until: Option<Timestamp>,
    ) -> Result<(), ActionError> {
        self.jobs.override_stage(by, profile, stage, &reason, until).await.map_err(told)?;
        Ok(())
    }

    async fn override_field(
        &self,
        by: &Principal,
        profile: ProfileId,
        set: FieldChange,
    ) -> Result<ProfileId, ActionError> {
        let value = set.value.as_ref().map(domain::Pii::expose);
        self.jobs.override_field(by, profile, &set.field, value, &set.reason).await.map_err(told)
    }

    async fn why_not(&self, a: ProfileId, b: ProfileId) -> Result<WhyNot, ActionError> {
        let jobs::WhyNot { a, b, kinds_differ, cutoff, obstacles } =
            self.jobs.why_not(a, b).await.map_err(told)?;
        Ok(WhyNot { a, b, kinds_differ, cutoff, obstacles })
    }

    async fn sync_now(
        &self,
        by: &Principal,
        source: Option<String>,
    ) -> Result<Vec<String>, ActionError> {
        let known: Vec<String> =
            self.jobs.connectors.iter().map(|c| c.source().to_owned()).collect();
        let names = match source {
            None => known,
            Some(name) if known.contains(&name) => vec![name],
            Some(name) => {
                let error = JobError::UnknownSource { name, known: known.join(", ") };
                return Err(ActionError::refused(
                    Code::NotFound,
                    error.to_string(),
                    Some("source"),
                ));
            }
        };
        if names.is_empty() {
            return Ok(names);
        }
        self.jobs.note_sync(by, &names).await?;
        if !self.rounds.ask(names.clone()) {
            return Err(ActionError::refused(
                Code::Unavailable,
                "too many syncs wait already: try again when they are done",
                None,
            ));
        }
        Ok(names)
    }
}
