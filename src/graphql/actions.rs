//! What the schema asks of the jobs: changes, and answers for which records are matched anew.
//!
//! Owns the seam between the two. Each change records who asked, and is checked again by whoever
//! implements it.

use async_trait::async_trait;
use domain::{Code, Pii, Principal, ProfileId, ProfileKind, RecordId, Stage, Timestamp, Verdict};
use identity::Obstacle;
use store::StoreError;

/// What a principal can ask of the jobs.
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

    /// Decides on a pair of records; the profiles that it concerns now, those that hold the two
    /// first.
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

    /// Sets a golden field by hand, or clears what was set; the profile's id.
    ///
    /// # Errors
    /// [`ActionError`].
    async fn override_field(
        &self,
        by: &Principal,
        profile: ProfileId,
        set: FieldChange,
    ) -> Result<ProfileId, ActionError>;

    /// Why two profiles are two: changes nothing. The caller has checked that the principal sees
    /// identity, and masks what the principal may not see of it.
    ///
    /// # Errors
    /// [`ActionError`]; refused as `NotFound` if there is no such profile.
    async fn why_not(&self, a: ProfileId, b: ProfileId) -> Result<WhyNot, ActionError>;

    /// Takes note of an alert.
    ///
    /// # Errors
    /// [`ActionError`]; `NotFound` if there is no such alert.
    async fn acknowledge_alert(
        &self,
        by: &Principal,
        alert: i64,
        note: Option<String>,
    ) -> Result<(), ActionError>;

    /// The present, by the clock that the jobs go by.
    fn now(&self) -> Timestamp;

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

impl WhyNot {
    /// The answer in a sentence.
    #[must_use]
    pub fn text(&self) -> String {
        if self.a == self.b {
            return "Both ids lead to one customer.".to_owned();
        }
        if self.kinds_differ {
            return "One is a person, the other a company.".to_owned();
        }
        let first = self.obstacles.first().map_or("", |obstacle| obstacle.apart.sentence());
        first.to_owned()
    }
}

/// A golden field to set by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// The field's name.
    pub field: String,
    /// The value; `None` clears what was set.
    pub value: Option<Pii>,
    /// Why.
    pub reason: String,
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
