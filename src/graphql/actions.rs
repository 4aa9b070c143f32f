//! What mutations ask for.
//!
//! Owns the seam between the schema and the jobs that change something. Each action records who
//! asked, and is checked again by whoever implements it.

use async_trait::async_trait;
use domain::{Code, Principal, ProfileId, ProfileKind, RecordId, Stage, Timestamp, Verdict};
use store::StoreError;

/// The changes that a principal can ask for.
#[async_trait]
pub trait Actions: Send + Sync {
    /// Puts `others` and `survivor` into one profile, now and after every later resolution; the
    /// profile's id. The ids of the others redirect to it.
    ///
    /// # Errors
    /// [`ActionError`].
    async fn merge(
        &self,
        by: &Principal,
        survivor: ProfileId,
        others: Vec<ProfileId>,
    ) -> Result<ProfileId, ActionError>;

    /// Takes `records` out of a profile, for good; all profiles that hold records of it now, the
    /// one that keeps the id first.
    ///
    /// # Errors
    /// [`ActionError`].
    async fn split(
        &self,
        by: &Principal,
        profile: ProfileId,
        records: Vec<RecordId>,
    ) -> Result<Vec<ProfileId>, ActionError>;

    /// Decides on a pair of records; the profiles that hold them now.
    ///
    /// # Errors
    /// [`ActionError`].
    async fn review(
        &self,
        by: &Principal,
        left: RecordId,
        right: RecordId,
        kind: ProfileKind,
        verdict: Verdict,
    ) -> Result<Vec<ProfileId>, ActionError>;

    /// Sets a stage by hand, until a time or until lifted (`stage` is `None`).
    ///
    /// # Errors
    /// [`ActionError`].
    async fn override_stage(
        &self,
        by: &Principal,
        profile: ProfileId,
        stage: Option<Stage>,
        reason: String,
        until: Option<Timestamp>,
    ) -> Result<(), ActionError>;

    /// Starts a sync of one source, or of all; the names of those that start.
    ///
    /// # Errors
    /// [`ActionError`].
    async fn sync_now(
        &self,
        by: &Principal,
        source: Option<String>,
    ) -> Result<Vec<String>, ActionError>;
}

/// Why an action was not done.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// Not as asked: what was named is not there, contradicts what is stored, or is busy. Answered
    /// as a user error of the mutation.
    #[error("{message}")]
    Refused {
        /// `NotFound`, `Conflict`, `Unavailable`, or `BadUserInput` for the rest.
        code: Code,
        /// What is wrong and what to do, without personal data.
        message: String,
        /// Which field of the input.
        field: Option<&'static str>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ActionError {
    /// A refusal that is about one field of the input, or about the whole of it.
    pub fn refused(code: Code, message: impl Into<String>, field: Option<&'static str>) -> Self {
        Self::Refused { code, message: message.into(), field }
    }
}
