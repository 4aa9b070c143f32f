//! What people change: joins, splits, reviews, stages and golden fields by hand. Each is recorded
//! first, with who and when, and takes effect before the answer.

use crate::{JobError, Jobs, lease};
use domain::{Decision, Principal, ProfileId, ProfileKind, RecordId, Stage, Timestamp, Verdict};
use identity::GoldenFieldName;
use std::collections::HashSet;
use store::{NewFieldOverride, NewOverride, Recorded, StoreError};

/// Most pairs that one split may part; larger ones are done in several.
const PAIRS_MAX: usize = 100_000;
/// Longest reason for what is set by hand, in bytes.
const REASON_MAX: usize = 500;

impl Jobs {
    /// Joins profiles of one kind, with every record that they hold. The id of the one with most
    /// records lives on; the others redirect to it.
    ///
    /// # Errors
    /// [`JobError::UnknownProfile`], [`JobError::Invalid`] when they are fewer than two or of two
    /// kinds, and database errors.
    pub async fn merge(&self, by: &Principal, ids: &[ProfileId]) -> Result<ProfileId, JobError> {
        let mut profiles: Vec<(ProfileId, ProfileKind, Vec<RecordId>)> = Vec::new();
        for id in ids {
            let found = self.members_of(*id).await?;
            if !profiles.iter().any(|p| p.0 == found.0) {
                profiles.push(found);
            }
        }
        let Some(((first, kind, members), others)) = profiles.split_first() else {
            return Err(JobError::Invalid("name at least two customers to merge".into()));
        };
        if others.is_empty() {
            return Err(JobError::Invalid("the ids name one and the same customer already".into()));
        }
        if others.iter().any(|other| other.1 != *kind) {
            return Err(JobError::Invalid("a person and a company cannot be merged".into()));
        }
        let now = self.clock.now();
        let all: Vec<RecordId> = profiles.iter().flat_map(|p| p.2.iter().copied()).collect();
        let profile_of = |record: RecordId| profiles.iter().position(|p| p.2.contains(&record));
        // Earlier decisions that part them are overruled, not forgotten: the audit keeps them.
        let mut decisions: Vec<Decision> = self
            .store
            .load_decisions(*kind, &all)
            .await?
            .into_iter()
            .filter(|d| d.verdict == Verdict::Different)
            .filter(|d| match (profile_of(d.left), profile_of(d.right)) {
                (Some(left), Some(right)) => left != right,
                _ => false,
            })
            .map(|d| Decision::new(d.left, d.right, Verdict::Same, by.subject.clone(), now))
            .collect();
        let Some(anchor) = members.first() else {
            return Err(JobError::UnknownProfile { id: first.to_string() });
        };
        for (_, _, records) in others {
            if let Some(record) = records.first() {
                decisions.push(Decision::new(
                    *anchor,
                    *record,
                    Verdict::Same,
                    by.subject.clone(),
                    now,
                ));
            }
        }
        // A pair that was parted may be the one that joins two profiles: it is decided once.
        let mut pairs = HashSet::new();
        decisions.retain(|d| pairs.insert((d.left, d.right)));
        let before: Vec<ProfileId> = profiles.iter().map(|p| p.0).collect();
        let detail = serde_json::json!({ "profiles": before.iter().map(ToString::to_string).collect::<Vec<_>>() });
        let recorded = self
            .store
            .record_decisions(by, *kind, &decisions, "merge", &detail.to_string(), now)
            .await?;
        self.settle(&recorded, *kind, &before, &all).await?;
        // Boxed, as it settles once more: what a merge holds at once stays small.
        Box::pin(self.keep_whole(by, *kind, *anchor, &all)).await?;
        Ok(self.members_of(*first).await?.0)
    }

    /// Decides for every one of `records` that is not in the anchor's profile that it belongs there.
    /// A merge decides one record of each profile; where the weights were learnt anew since a profile
    /// was formed, its weakest record would fall off when it is resolved with the other, though the
    /// steward, who saw the profile whole, merged all of it.
    async fn keep_whole(
        &self,
        by: &Principal,
        kind: ProfileKind,
        anchor: RecordId,
        records: &[RecordId],
    ) -> Result<(), JobError> {
        let membership = self.store.load_membership(kind, records).await?;
        let home = membership.get(&anchor).copied();
        let strays: Vec<RecordId> = records
            .iter()
            .filter(|record| membership.get(record).is_some_and(|at| Some(*at) != home))
            .copied()
            .collect();
        if strays.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let decisions: Vec<Decision> = strays
            .iter()
            .map(|stray| Decision::new(anchor, *stray, Verdict::Same, by.subject.clone(), now))
            .collect();
        let mut before: Vec<ProfileId> = membership.into_values().collect();
        before.sort_unstable();
        before.dedup();
        let detail = serde_json::json!({
            "profiles": before.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "kept": strays.iter().map(ToString::to_string).collect::<Vec<_>>(),
        });
        let recorded = self
            .store
            .record_decisions(by, kind, &decisions, "merge", &detail.to_string(), now)
            .await?;
        self.settle(&recorded, kind, &before, records).await
    }

    /// Takes records out of a profile. They form a profile of their own (several, when nothing but
    /// the rest held them together); the ids of all resulting profiles are answered, the one that
    /// kept the id first.
    ///
    /// # Errors
    /// [`JobError::UnknownProfile`], [`JobError::Invalid`] when the records are not a proper part
    /// of it, and database errors.
    pub async fn split(
        &self,
        by: &Principal,
        id: ProfileId,
        records: &[RecordId],
    ) -> Result<Vec<ProfileId>, JobError> {
        let (profile, kind, members) = self.members_of(id).await?;
        if let Some(stranger) = records.iter().find(|r| !members.contains(r)) {
            return Err(JobError::Invalid(format!(
                "record {stranger} does not belong to {profile}"
            )));
        }
        let rest: Vec<RecordId> =
            members.iter().filter(|m| !records.contains(m)).copied().collect();
        if records.is_empty() || rest.is_empty() {
            return Err(JobError::Invalid(
                "name some of the customer's records, but not all of them".into(),
            ));
        }
        if records.len().saturating_mul(rest.len()) > PAIRS_MAX {
            return Err(JobError::Invalid(format!(
                "this split parts more than {PAIRS_MAX} pairs of records: split off fewer at a time"
            )));
        }
        let now = self.clock.now();
        let decisions: Vec<Decision> = records
            .iter()
            .flat_map(|a| rest.iter().map(move |b| (*a, *b)))
            .map(|(a, b)| Decision::new(a, b, Verdict::Different, by.subject.clone(), now))
            .collect();
        let detail = serde_json::json!({
            "profile": profile.to_string(),
            "records": records.iter().map(ToString::to_string).collect::<Vec<_>>(),
        });
        let recorded = self
            .store
            .record_decisions(by, kind, &decisions, "split", &detail.to_string(), now)
            .await?;
        self.settle(&recorded, kind, &[profile], &members).await?;
        self.profiles_of(kind, &members, profile).await
    }

    /// Records a decision on a pair and answers the profiles that it concerns now: those that hold
    /// the two records, and those that hold what else belonged to their profiles.
    ///
    /// # Errors
    /// [`JobError::Invalid`] when the pair is one record or not of that kind, database errors.
    pub async fn review(
        &self,
        by: &Principal,
        kind: ProfileKind,
        left: RecordId,
        right: RecordId,
        verdict: Verdict,
    ) -> Result<Vec<ProfileId>, JobError> {
        if left == right {
            return Err(JobError::Invalid("a pair needs two different records".into()));
        }
        let known = self.store.load_membership(kind, &[left, right]).await?;
        if known.len() != 2 {
            return Err(JobError::Invalid(format!(
                "both records must belong to a {} profile",
                kind.as_str()
            )));
        }
        let mut before: Vec<ProfileId> = known.into_values().collect();
        before.sort_unstable();
        before.dedup();
        let mut records = vec![left, right];
        for profile in &before {
            records.extend(self.members_of(*profile).await?.2);
        }
        let now = self.clock.now();
        let decision = Decision::new(left, right, verdict, by.subject.clone(), now);
        let detail = serde_json::json!({
            "left": left.to_string(), "right": right.to_string(), "verdict": verdict.as_str(),
        });
        let recorded = self
            .store
            .record_decisions(by, kind, &[decision], "review", &detail.to_string(), now)
            .await?;
        self.settle(&recorded, kind, &before, &records).await?;
        let membership = self.store.load_membership(kind, &records).await?;
        let foremost: Vec<ProfileId> =
            [left, right].iter().filter_map(|record| membership.get(record)).copied().collect();
        let mut profiles: Vec<ProfileId> = membership.into_values().collect();
        profiles.sort_unstable_by_key(|id| (!foremost.contains(id), *id));
        profiles.dedup();
        Ok(profiles)
    }

    /// Sets a stage by hand, or lifts one with `None`.
    ///
    /// # Errors
    /// [`JobError::UnknownProfile`], [`JobError::Invalid`] for a missing or overlong reason or an
    /// end in the past, database errors.
    pub async fn override_stage(
        &self,
        by: &Principal,
        id: ProfileId,
        stage: Option<Stage>,
        reason: &str,
        until: Option<Timestamp>,
    ) -> Result<ProfileId, JobError> {
        let (profile, kind, members) = self.members_of(id).await?;
        let reason = reason.trim();
        if reason.is_empty() || reason.len() > REASON_MAX {
            return Err(JobError::Invalid(format!("give a reason of 1 to {REASON_MAX} bytes")));
        }
        let now = self.clock.now();
        if until.is_some_and(|until| until <= now) {
            return Err(JobError::Invalid("the end of an override must lie in the future".into()));
        }
        let Some(anchor) = members.first() else {
            return Err(JobError::UnknownProfile { id: id.to_string() });
        };
        let set = NewOverride { stage, reason: reason.to_owned(), from: now, until };
        self.store.record_override(by, kind, profile, *anchor, &set, now).await?;
        self.derive_patiently().await?;
        Ok(profile)
    }

    /// Sets a golden field by hand, or clears what was set with `None`. What is set goes with the
    /// record that the field's value came from: a later sync does not touch it, a merge takes it
    /// along, and after a split it stays with the part that holds the record. Clearing clears
    /// whatever was set for the field on any record of the profile; clearing nothing is no error.
    ///
    /// # Errors
    /// [`JobError::UnknownProfile`]; [`JobError::InvalidInput`] for a field that the profile's kind
    /// does not have, a value that is not of the field's form, and a missing or overlong reason;
    /// database errors.
    pub async fn override_field(
        &self,
        by: &Principal,
        id: ProfileId,
        field: &str,
        value: Option<&str>,
        reason: &str,
    ) -> Result<ProfileId, JobError> {
        let (profile, kind, members) = self.members_of(id).await?;
        let wrong = |field| move |message| JobError::InvalidInput { field, message };
        let name = GoldenFieldName::parse_of(kind, field).map_err(wrong("field"))?;
        let value = value.map(|text| name.parse_value(text, &self.identity)).transpose();
        let value = value.map_err(wrong("value"))?;
        let reason = reason.trim();
        if reason.is_empty() || reason.len() > REASON_MAX {
            return Err(wrong("reason")(format!("give a reason of 1 to {REASON_MAX} bytes")));
        }
        let source = self.store.find_field_record(profile, name.as_str()).await?;
        let Some(anchor) = source.filter(|r| members.contains(r)).or(members.first().copied())
        else {
            return Err(JobError::UnknownProfile { id: id.to_string() });
        };
        let set =
            NewFieldOverride { field: name.as_str().to_owned(), value, reason: reason.to_owned() };
        let now = self.clock.now();
        self.store.record_field_override(by, kind, anchor, &members, &set, now).await?;
        self.derive_patiently().await?;
        Ok(self.members_of(profile).await?.0)
    }

    /// Resolves and derives what is marked, waiting for whoever is at it; notes in the history of
    /// the profiles concerned what the decision brought about. `before` are the profiles of the
    /// records as they were.
    async fn settle(
        &self,
        recorded: &Recorded,
        kind: ProfileKind,
        before: &[ProfileId],
        records: &[RecordId],
    ) -> Result<(), JobError> {
        self.resolve_patiently().await?;
        let mut concerned: Vec<ProfileId> =
            self.store.load_membership(kind, records).await?.into_values().collect();
        concerned.extend(before);
        concerned.sort_unstable();
        concerned.dedup();
        self.store.record_cause(recorded, &concerned).await?;
        self.derive_patiently().await?;
        Ok(())
    }

    async fn members_of(
        &self,
        id: ProfileId,
    ) -> Result<(ProfileId, ProfileKind, Vec<RecordId>), JobError> {
        self.store
            .find_members(id)
            .await?
            .ok_or_else(|| JobError::UnknownProfile { id: id.to_string() })
    }

    /// The profiles of records, `first` in front if it is among them.
    async fn profiles_of(
        &self,
        kind: ProfileKind,
        records: &[RecordId],
        first: ProfileId,
    ) -> Result<Vec<ProfileId>, JobError> {
        let membership = self.store.load_membership(kind, records).await?;
        let mut profiles: Vec<ProfileId> = membership.into_values().collect();
        profiles.sort_unstable_by_key(|id| (*id != first, *id));
        profiles.dedup();
        Ok(profiles)
    }
}

impl Jobs {
    /// Notes in the audit log that somebody asked for a sync.
    ///
    /// # Errors
    /// Database errors.
    pub async fn note_sync(&self, by: &Principal, sources: &[String]) -> Result<(), StoreError> {
        let detail = serde_json::json!({ "sources": sources }).to_string();
        self.store.record_action(by, "sync", &detail, lease::now(self)).await
    }
}
