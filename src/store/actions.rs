//! What people change: decisions on identity, stages and golden fields set by hand, and the audit of
//! all of it.

use crate::known::open_epoch;
use crate::rows::json;
use crate::sql::{insert, map, run};
use crate::sync::mark_records;
use crate::{Store, StoreError};
use domain::{
    Ability, Decision, Pii, Principal, ProfileId, ProfileKind, RecordId, Stage, Timestamp,
};
use entity::{decision, field_override};
use sea_orm::sea_query::OnConflict;

/// A decision as the audit log has it, and where the history of identities stood before it.
#[derive(Clone, Copy, Debug)]
pub struct Recorded {
    audit: i64,
    last_event: i64,
}

/// A stage set by hand.
#[derive(Clone, Debug)]
pub struct NewOverride {
    /// The stage; `None` lifts an earlier one.
    pub stage: Option<Stage>,
    /// Why.
    pub reason: String,
    /// From.
    pub from: Timestamp,
    /// Until.
    pub until: Option<Timestamp>,
}

/// A golden field set by hand, or cleared.
#[derive(Clone, Debug)]
pub struct NewFieldOverride {
    /// Field name.
    pub field: String,
    /// The value; `None` clears what was set.
    pub value: Option<Pii>,
    /// Why.
    pub reason: String,
}

impl Store {
    /// Follows redirects to the living profile, with its kind and its members, oldest record id
    /// first; `None` when there is no such profile.
    ///
    /// # Errors
    /// Database errors.
    pub async fn find_members(
        &self,
        profile: ProfileId,
    ) -> Result<Option<(ProfileId, ProfileKind, Vec<RecordId>)>, StoreError> {
        let statement = self.statement(
            "SELECT profile_id, kind, record_id FROM profile_member WHERE profile_id = \
             COALESCE((SELECT to_id FROM profile_redirect WHERE from_id = $1), $1) ORDER BY record_id",
            vec![profile.0.into()],
        );
        let rows = map(self.reader(), statement, |r| {
            Ok((
                ProfileId(r.try_get("", "profile_id")?),
                r.try_get::<String>("", "kind")?,
                RecordId(r.try_get("", "record_id")?),
            ))
        })
        .await?;
        let Some((id, kind, _)) = rows.first() else { return Ok(None) };
        let kind =
            ProfileKind::parse(kind).ok_or(StoreError::Corrupt { what: "profile_member.kind" })?;
        Ok(Some((*id, kind, rows.iter().map(|(_, _, record)| *record).collect())))
    }

    /// Records decisions, marks their records, and writes the audit entry, all or nothing.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the principal may not decide, and database errors.
    pub async fn record_decisions(
        &self,
        by: &Principal,
        kind: ProfileKind,
        decisions: &[Decision],
        action: &str,
        detail: &str,
        now: Timestamp,
    ) -> Result<Recorded, StoreError> {
        if !by.scope().may(Ability::Resolve) {
            return Err(StoreError::Conflict("the role may not decide on identity".into()));
        }
        let tx = self.begin().await?;
        let last = "SELECT COALESCE(MAX(id), 0) AS n FROM identity_event";
        let last = map(&tx, self.statement(last, vec![]), |r| r.try_get::<i64>("", "n")).await?;
        let last_event = last.first().copied().unwrap_or(0);
        let rows = decisions
            .iter()
            .map(|d| decision::Model {
                kind: kind.as_str().to_owned(),
                left_id: d.left.0,
                right_id: d.right.0,
                verdict: d.verdict.as_str().to_owned(),
                decided_by: d.decided_by.clone(),
                decided_at_ms: d.decided_at.as_millis(),
            })
            .collect();
        let conflict = OnConflict::columns([
            decision::Column::Kind,
            decision::Column::LeftId,
            decision::Column::RightId,
        ])
        .update_columns([
            decision::Column::Verdict,
            decision::Column::DecidedBy,
            decision::Column::DecidedAtMs,
        ])
        .to_owned();
        insert::<decision::Entity, _>(&tx, rows, Some(conflict)).await?;
        let ids: Vec<i64> = decisions.iter().flat_map(|d| [d.left.0, d.right.0]).collect();
        mark_records(self, &tx, &ids).await?;
        let audit = self.audit(&tx, by, action, detail, now).await?;
        tx.commit().await?;
        Ok(Recorded { audit, last_event })
    }

    /// Notes that what happened since to the given profiles, and between them, was brought about by
    /// a decision. Events of other profiles are left alone, and an event keeps its first cause.
    ///
    /// # Errors
    /// Database errors.
    pub async fn record_cause(
        &self,
        recorded: &Recorded,
        profiles: &[ProfileId],
    ) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO identity_cause (event_id, audit_id) \
             SELECT id, $1 FROM identity_event WHERE id > $2 AND {} \
             AND (other_id IS NULL OR {}) ON CONFLICT (event_id) DO NOTHING",
            self.backend.id_in("profile_id", 3),
            self.backend.id_in("other_id", 3)
        );
        let profiles = self.backend.ids(profiles.iter().map(|id| id.0));
        let values = vec![recorded.audit.into(), recorded.last_event.into(), profiles];
        let tx = self.begin().await?;
        run(&tx, self.statement(sql, values)).await?;
        tx.commit().await.map_err(StoreError::from)
    }

    /// Sets a stage by hand, anchored to a record of the profile, and writes the audit entry.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the principal may not, and database errors.
    pub async fn record_override(
        &self,
        by: &Principal,
        kind: ProfileKind,
        profile: ProfileId,
        anchor: RecordId,
        set: &NewOverride,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if !by.scope().may(Ability::OverrideStage) {
            return Err(StoreError::Conflict("the role may not set stages".into()));
        }
        let tx = self.begin().await?;
        let epoch = open_epoch(self, &tx).await?;
        run(
            &tx,
            self.statement(
                "INSERT INTO stage_override (record_id, kind, stage, reason, from_ms, until_ms, \
                 set_by, known_from) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                vec![
                    anchor.0.into(),
                    kind.as_str().into(),
                    set.stage.map(|s| s.as_str().to_owned()).into(),
                    set.reason.as_str().into(),
                    set.from.as_millis().into(),
                    set.until.map(Timestamp::as_millis).into(),
                    by.subject.as_str().into(),
                    epoch.into(),
                ],
            ),
        )
        .await?;
        run(
            &tx,
            self.statement(
                "INSERT INTO dirty_contributor (id, kind, mark) VALUES ($1, 'profile', 1) \
                 ON CONFLICT (id) DO UPDATE SET mark = dirty_contributor.mark + 1",
                vec![profile.0.into()],
            ),
        )
        .await?;
        let detail = format!(
            "{{\"profile\":\"{profile}\",\"stage\":{}}}",
            set.stage.map_or("null".to_owned(), |s| format!("\"{}\"", s.as_str()))
        );
        self.audit(&tx, by, "override_stage", &detail, now).await?;
        tx.commit().await.map_err(StoreError::from)
    }

    /// The record that a golden field of a profile is taken from; `None` when the profile has no
    /// value there.
    ///
    /// # Errors
    /// Database errors.
    pub async fn find_field_record(
        &self,
        profile: ProfileId,
        field: &str,
    ) -> Result<Option<RecordId>, StoreError> {
        let statement = self.statement(
            "SELECT record_id FROM profile_field WHERE profile_id = $1 AND field = $2",
            vec![profile.0.into(), field.into()],
        );
        let rows = map(self.reader(), statement, |r| r.try_get::<i64>("", "record_id")).await?;
        Ok(rows.first().copied().map(RecordId))
    }

    /// Sets a golden field by hand, attached to `anchor`, or clears what is set on any of the
    /// profile's `members` and on records merged into them by the vendor; marks the profile that
    /// holds the anchor now, and of a company its people; writes the audit entry.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the principal may not, and database errors.
    pub async fn record_field_override(
        &self,
        by: &Principal,
        kind: ProfileKind,
        anchor: RecordId,
        members: &[RecordId],
        set: &NewFieldOverride,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if !by.scope().may(Ability::Resolve) {
            return Err(StoreError::Conflict("the role may not set golden fields".into()));
        }
        let tx = self.begin().await?;
        if let Some(value) = &set.value {
            let row = field_override::Model {
                record_id: anchor.0,
                kind: kind.as_str().to_owned(),
                field: set.field.clone(),
                value: value.expose().to_owned(),
                reason: set.reason.clone(),
                set_by: by.subject.clone(),
                set_at_ms: now.as_millis(),
            };
            let conflict = OnConflict::columns([
                field_override::Column::RecordId,
                field_override::Column::Kind,
                field_override::Column::Field,
            ])
            .update_columns([
                field_override::Column::Value,
                field_override::Column::Reason,
                field_override::Column::SetBy,
                field_override::Column::SetAtMs,
            ])
            .to_owned();
            insert::<field_override::Entity, _>(&tx, vec![row], Some(conflict)).await?;
        } else {
            let id_in = |column: &str| self.backend.id_in(column, 1);
            let sql = format!(
                "DELETE FROM field_override WHERE kind = $2 AND field = $3 AND ({} OR record_id IN \
                 (SELECT id FROM source_record WHERE {}))",
                id_in("record_id"),
                id_in("merged_into_id"),
            );
            let ids = self.backend.ids(members.iter().map(|record| record.0));
            let values = vec![ids, kind.as_str().into(), set.field.as_str().into()];
            run(&tx, self.statement(sql, values)).await?;
        }
        run(
            &tx,
            self.statement(
                "INSERT INTO dirty_contributor (id, kind, mark) SELECT id, 'profile', 1 FROM ( \
                 SELECT profile_id AS id FROM profile_member WHERE record_id = $1 AND kind = $2 \
                 UNION SELECT l.person_id FROM profile_link l JOIN profile_member m \
                   ON m.profile_id = l.company_id WHERE m.record_id = $1 AND m.kind = $2) touched \
                 WHERE true ON CONFLICT (id) DO UPDATE SET mark = dirty_contributor.mark + 1",
                vec![anchor.0.into(), kind.as_str().into()],
            ),
        )
        .await?;
        // The value is personal data: the audit says which field, not what.
        let detail = json(&serde_json::json!({
            "record": anchor.to_string(),
            "field": set.field,
            "set": set.value.is_some(),
            "reason": set.reason,
        }));
        self.audit(&tx, by, "override_field", &detail, now).await?;
        tx.commit().await.map_err(StoreError::from)
    }

    /// Notes an action that changes nothing in the store itself (a sync asked for).
    ///
    /// # Errors
    /// Database errors.
    pub async fn record_action(
        &self,
        by: &Principal,
        action: &str,
        detail: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        self.audit(&tx, by, action, detail, now).await?;
        tx.commit().await.map_err(StoreError::from)
    }

    pub(crate) async fn audit(
        &self,
        tx: &sea_orm::DatabaseTransaction,
        by: &Principal,
        action: &str,
        detail: &str,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        let values = vec![
            now.as_millis().into(),
            by.subject.as_str().into(),
            by.role.as_str().into(),
            action.into(),
            detail.into(),
        ];
        let sql = "INSERT INTO audit_entry (at_ms, subject, role, action, detail) \
                   VALUES ($1, $2, $3, $4, $5) RETURNING id";
        let rows = map(tx, self.statement(sql, values), |r| r.try_get::<i64>("", "id")).await?;
        rows.first().copied().ok_or(StoreError::Corrupt { what: "audit_entry.id" })
    }
}
