//! What people change: decisions on identity, stages set by hand, and the audit of both.

use crate::sql::{insert, map, run};
use crate::sync::mark_records;
use crate::{Store, StoreError};
use domain::{Ability, Decision, Principal, ProfileId, ProfileKind, RecordId, Stage, Timestamp};
use entity::decision;
use sea_orm::sea_query::OnConflict;

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
    ) -> Result<(), StoreError> {
        if !by.scope().may(Ability::Resolve) {
            return Err(StoreError::Conflict("the role may not decide on identity".into()));
        }
        let tx = self.begin().await?;
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
        self.audit(&tx, by, action, detail, now).await?;
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
        run(
            &tx,
            self.statement(
                "INSERT INTO stage_override (record_id, kind, stage, reason, from_ms, until_ms, set_by) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                vec![
                    anchor.0.into(),
                    kind.as_str().into(),
                    set.stage.map(|s| s.as_str().to_owned()).into(),
                    set.reason.as_str().into(),
                    set.from.as_millis().into(),
                    set.until.map(Timestamp::as_millis).into(),
                    by.subject.as_str().into(),
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

    async fn audit(
        &self,
        tx: &sea_orm::DatabaseTransaction,
        by: &Principal,
        action: &str,
        detail: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let values = vec![
            now.as_millis().into(),
            by.subject.as_str().into(),
            by.role.as_str().into(),
            action.into(),
            detail.into(),
        ];
        let sql = "INSERT INTO audit_entry (at_ms, subject, role, action, detail) VALUES ($1, $2, $3, $4, $5)";
        run(tx, self.statement(sql, values)).await?;
        Ok(())
    }
}
