//! Committing a resolution: everything it changes, all or nothing.
//!
//! Owns the writes. Marks of what was resolved go in the same transaction as its outcome, so that a
//! run killed anywhere neither loses a change nor counts one twice. Refuses to compute anything.

use super::blocks::{write_blocks, write_links};
use super::dirty::clear_marks;
use super::model::set_applied;
use super::{ResolutionCommit, review_id};
use crate::known::open_epoch;
use crate::lease::{Lease, extend};
use crate::sql::{insert, map, run};
use crate::{Store, StoreError};
use domain::{ProfileKind, RecordId, Timestamp};
use entity::{explanation, identity_event, profile_member, profile_redirect, review};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue, DatabaseTransaction, EntityTrait};
use std::collections::{HashMap, HashSet};

impl Store {
    /// Commits a resolution: membership, redirects, explanations, reviews, history, block keys, and
    /// the marks: off what was resolved, onto the profiles to derive again.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] and database errors; nothing was written then.
    pub async fn commit_resolution(
        &self,
        lease: &Lease,
        kind: ProfileKind,
        commit: &ResolutionCommit,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        write_resolution(self, &tx, lease, kind, commit, now).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Writes a resolution inside a transaction.
pub(super) async fn write_resolution(
    store: &Store,
    tx: &DatabaseTransaction,
    lease: &Lease,
    kind: ProfileKind,
    commit: &ResolutionCommit,
    now: Timestamp,
) -> Result<(), StoreError> {
    let epoch = open_epoch(store, tx).await?;
    extend(store, tx, lease, now).await?;
    let write = Write { store, tx, kind, now, epoch };
    write.membership(commit).await?;
    write.mark_touched(commit).await?;
    write.redirects(commit).await?;
    write.explanations(commit).await?;
    write.reviews(commit).await?;
    let events = commit
        .events
        .iter()
        .map(|e| identity_event::ActiveModel {
            id: ActiveValue::NotSet,
            at_ms: ActiveValue::Set(now.as_millis()),
            action: ActiveValue::Set(e.action.to_owned()),
            profile_id: ActiveValue::Set(e.profile.0),
            other_id: ActiveValue::Set(e.other.map(|id| id.0)),
            record_id: ActiveValue::Set(e.record.map(|id| id.0)),
        })
        .collect::<Vec<_>>();
    for chunk in events.chunks(1_000) {
        identity_event::Entity::insert_many(chunk.to_vec()).exec_without_returning(tx).await?;
    }
    write_blocks(store, tx, kind, &commit.blocks).await?;
    write_links(store, tx, kind, &commit.links).await?;
    clear_marks(store, tx, &commit.settled).await?;
    write.mark_people_of(&commit.renamed).await?;
    if commit.whole {
        set_applied(store, tx, kind).await?;
    }
    Ok(())
}

struct Write<'a> {
    store: &'a Store,
    tx: &'a DatabaseTransaction,
    kind: ProfileKind,
    now: Timestamp,
    epoch: i64,
}

impl Write<'_> {
    fn keys(&self, ids: impl IntoIterator<Item = i64>) -> sea_orm::Value {
        self.store.backend.ids(ids)
    }

    /// Marks the profiles that changed records belong and belonged to, those of the people and
    /// companies that share a fact with them, and those of the people who name them as employer.
    async fn mark_touched(&self, commit: &ResolutionCommit) -> Result<(), StoreError> {
        let backend = self.store.backend;
        let sql = format!(
            "INSERT INTO dirty_contributor (id, kind, mark) SELECT touched.id, 'profile', 1 FROM ( \
             SELECT m.profile_id AS id FROM profile_member m WHERE {} \
             UNION SELECT m.profile_id FROM record_link l JOIN profile_member m ON m.record_id = l.record_id WHERE {} \
             UNION SELECT m.profile_id FROM record_link l1 JOIN record_link l2 ON l2.record_id = l1.record_id \
               JOIN profile_member m ON m.record_id = l2.target_id WHERE {} \
             UNION SELECT k.id FROM {}) touched WHERE true ORDER BY 1 \
             ON CONFLICT (id) DO UPDATE SET mark = dirty_contributor.mark + 1",
            backend.id_in("m.record_id", 1),
            backend.id_in("l.target_id", 1),
            backend.id_in("l1.target_id", 1),
            backend.id_rows(2),
        );
        // Those that they belonged to do not show in the tables any more; the commit names them.
        let mut left = self.keys(commit.left.iter().map(|id| id.0));
        for chunk in commit.changed.chunks(5_000) {
            let keys = self.keys(chunk.iter().map(|id| id.0));
            let left = std::mem::replace(&mut left, self.keys([]));
            run(self.tx, self.store.statement(sql.as_str(), vec![keys, left])).await?;
        }
        Ok(())
    }

    /// Marks the contacts that name the given companies as employer: its name is part of their keys.
    async fn mark_people_of(&self, companies: &[RecordId]) -> Result<(), StoreError> {
        for chunk in companies.chunks(5_000) {
            let sql = format!(
                "INSERT INTO dirty_record (record_id, mark) SELECT DISTINCT l.record_id, 1 \
                 FROM record_link l JOIN contact c ON c.record_id = l.record_id WHERE {} \
                 ON CONFLICT (record_id) DO UPDATE SET mark = dirty_record.mark + 1",
                self.store.backend.id_in("l.target_id", 1)
            );
            let keys = self.keys(chunk.iter().map(|id| id.0));
            run(self.tx, self.store.statement(sql, vec![keys])).await?;
        }
        Ok(())
    }

    async fn membership(&self, commit: &ResolutionCommit) -> Result<(), StoreError> {
        let living: HashSet<RecordId> = commit.members.iter().map(|(id, _)| *id).collect();
        let gone: Vec<i64> =
            commit.scope.iter().filter(|id| !living.contains(id)).map(|id| id.0).collect();
        for chunk in gone.chunks(5_000) {
            self.keep_membership(chunk).await?;
            let sql = format!(
                "DELETE FROM profile_member WHERE kind = $1 AND {}",
                self.store.backend.id_in("record_id", 2)
            );
            let values = vec![self.kind.as_str().into(), self.keys(chunk.iter().copied())];
            run(self.tx, self.store.statement(sql, values)).await?;
        }
        // A record whose content changed is among them too, though it stays where it is.
        let changed: Vec<i64> = commit.changed.iter().map(|id| id.0).collect();
        let before = self.belong(&changed).await?;
        let asked: HashSet<i64> = changed.into_iter().collect();
        let moved: Vec<(i64, i64)> = commit
            .members
            .iter()
            .map(|(id, profile)| (id.0, profile.0))
            .filter(|(id, profile)| asked.contains(id) && before.get(id) != Some(profile))
            .collect();
        let left: Vec<i64> =
            moved.iter().map(|(id, _)| *id).filter(|id| before.contains_key(id)).collect();
        for chunk in left.chunks(5_000) {
            self.keep_membership(chunk).await?;
        }
        let rows = moved
            .into_iter()
            .map(|(record_id, profile_id)| profile_member::Model {
                record_id,
                kind: self.kind.as_str().to_owned(),
                profile_id,
                known_from: self.epoch,
            })
            .collect();
        let conflict =
            OnConflict::columns([profile_member::Column::RecordId, profile_member::Column::Kind])
                .update_columns([
                    profile_member::Column::ProfileId,
                    profile_member::Column::KnownFrom,
                ])
                .to_owned();
        insert::<profile_member::Entity, _>(self.tx, rows, Some(conflict)).await
    }

    /// The profiles that records belong to as yet.
    async fn belong(&self, records: &[i64]) -> Result<HashMap<i64, i64>, StoreError> {
        let mut found = HashMap::new();
        for chunk in records.chunks(5_000) {
            let sql = format!(
                "SELECT record_id, profile_id FROM profile_member WHERE kind = $1 AND {}",
                self.store.backend.id_in("record_id", 2)
            );
            let values = vec![self.kind.as_str().into(), self.keys(chunk.iter().copied())];
            let rows: Vec<(i64, i64)> = map(self.tx, self.store.statement(sql, values), |r| {
                Ok((r.try_get("", "record_id")?, r.try_get("", "profile_id")?))
            })
            .await?;
            found.extend(rows);
        }
        Ok(found)
    }

    /// Keeps where records belonged, before that changes.
    async fn keep_membership(&self, records: &[i64]) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO profile_member_past (record_id, kind, profile_id, known_from, known_to) \
             SELECT record_id, kind, profile_id, known_from, CAST($3 AS BIGINT) \
             FROM profile_member WHERE kind = $1 AND known_from < $3 AND {}",
            self.store.backend.id_in("record_id", 2)
        );
        let values =
            vec![self.kind.as_str().into(), self.keys(records.iter().copied()), self.epoch.into()];
        run(self.tx, self.store.statement(sql, values)).await?;
        Ok(())
    }

    async fn redirects(&self, commit: &ResolutionCommit) -> Result<(), StoreError> {
        if !commit.revived.is_empty() {
            let sql = format!(
                "DELETE FROM profile_redirect WHERE {}",
                self.store.backend.id_in("from_id", 1)
            );
            let keys = self.keys(commit.revived.iter().map(|id| id.0));
            run(self.tx, self.store.statement(sql, vec![keys])).await?;
        }
        for (from, to) in &commit.redirects {
            // Ids that redirected to the one retiring now follow it, so that a redirect is one step.
            run(
                self.tx,
                self.store.statement(
                    "UPDATE profile_redirect SET to_id = $2 WHERE to_id = $1",
                    vec![from.0.into(), to.0.into()],
                ),
            )
            .await?;
        }
        let rows = commit
            .redirects
            .iter()
            .map(|(from, to)| profile_redirect::Model {
                from_id: from.0,
                to_id: to.0,
                redirected_at_ms: self.now.as_millis(),
            })
            .collect();
        let conflict = OnConflict::column(profile_redirect::Column::FromId)
            .update_columns([
                profile_redirect::Column::ToId,
                profile_redirect::Column::RedirectedAtMs,
            ])
            .to_owned();
        insert::<profile_redirect::Entity, _>(self.tx, rows, Some(conflict)).await
    }

    async fn explanations(&self, commit: &ResolutionCommit) -> Result<(), StoreError> {
        for chunk in commit.explained.chunks(5_000) {
            let sql = format!(
                "DELETE FROM explanation WHERE {}",
                self.store.backend.id_in("profile_id", 1)
            );
            let keys = self.keys(chunk.iter().map(|id| id.0));
            run(self.tx, self.store.statement(sql, vec![keys])).await?;
        }
        let rows = commit
            .joins
            .iter()
            .map(|j| explanation::Model {
                profile_id: j.profile.0,
                left_id: j.left.0,
                right_id: j.right.0,
                rule_id: j.rule_id.clone(),
                weight: j.weight,
                evidence: j.evidence.clone(),
            })
            .collect();
        insert::<explanation::Entity, _>(self.tx, rows, None).await
    }

    async fn reviews(&self, commit: &ResolutionCommit) -> Result<(), StoreError> {
        let rows: Vec<review::Model> = commit
            .reviews
            .iter()
            .map(|r| review::Model {
                id: review_id(self.kind, r.left, r.right),
                kind: self.kind.as_str().to_owned(),
                left_id: r.left.0,
                right_id: r.right.0,
                score: r.score,
                priority: r.priority,
                reason: r.reason.clone(),
                evidence: r.evidence.clone(),
                created_at_ms: self.now.as_millis(),
            })
            .collect();
        let keep: Vec<i64> = rows.iter().map(|r| r.id).collect();
        for chunk in commit.scope.chunks(5_000) {
            let sql = format!(
                "DELETE FROM review WHERE kind = $1 AND ({} OR {}) AND NOT ({})",
                self.store.backend.id_in("left_id", 2),
                self.store.backend.id_in("right_id", 2),
                self.store.backend.id_in("id", 3),
            );
            let values = vec![
                self.kind.as_str().into(),
                self.keys(chunk.iter().map(|id| id.0)),
                self.keys(keep.iter().copied()),
            ];
            run(self.tx, self.store.statement(sql, values)).await?;
        }
        let conflict = OnConflict::column(review::Column::Id)
            .update_columns([
                review::Column::Score,
                review::Column::Priority,
                review::Column::Reason,
                review::Column::Evidence,
            ])
            .to_owned();
        insert::<review::Entity, _>(self.tx, rows, Some(conflict)).await
    }
}
