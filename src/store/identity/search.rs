//! The search for what a changed record could touch, on one connection and one state of the data.
//!
//! Owns the look-up by block keys and by profile, decision and vendor id. Refuses to judge: whom to
//! follow is said by `identity`.

use super::blocks::keys_from_bytes;
use super::load::{decisions_of, id_states_of, inputs_of, membership_of};
use super::{IdentityInput, block_table_of};
use crate::sql::map;
use crate::{Backend, Store, StoreError};
use domain::{Decision, ProfileId, ProfileKind, RecordId};
use sea_orm::{DatabaseTransaction, TransactionTrait};
use std::collections::{HashMap, HashSet};

/// Most records looked at under one block key or vendor id. A block that grew beyond it since the
/// keys were learnt is cut, and counted as cut.
pub const BLOCK_MAX: usize = 200;

/// What was found under block keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    /// The records, in the order of their ids.
    pub records: Vec<RecordId>,
    /// Keys with more records than are looked at.
    pub cut: u64,
}

/// Reads for one batch of resolution: one connection, one transaction. Dropping it ends it.
pub struct IdentitySnapshot {
    store: Store,
    tx: DatabaseTransaction,
}

impl std::fmt::Debug for IdentitySnapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdentitySnapshot").finish_non_exhaustive()
    }
}

impl Store {
    /// Begins reading for a batch.
    ///
    /// # Errors
    /// Database errors.
    pub async fn identity_snapshot(&self) -> Result<IdentitySnapshot, StoreError> {
        let tx = self.reader().begin().await?;
        Ok(IdentitySnapshot { store: self.clone(), tx })
    }
}

impl IdentitySnapshot {
    /// See [`Store::load_identity_inputs`]; in no order.
    ///
    /// # Errors
    /// Database errors.
    pub async fn inputs(
        &self,
        kind: ProfileKind,
        ids: &[RecordId],
    ) -> Result<Vec<IdentityInput>, StoreError> {
        inputs_of(&self.store, &self.tx, kind, ids).await
    }

    /// See [`Store::load_decisions`].
    ///
    /// # Errors
    /// Database errors.
    pub async fn decisions(
        &self,
        kind: ProfileKind,
        ids: &[RecordId],
    ) -> Result<Vec<Decision>, StoreError> {
        decisions_of(&self.store, &self.tx, kind, Some(ids)).await
    }

    /// See [`Store::load_membership`].
    ///
    /// # Errors
    /// Database errors.
    pub async fn membership(
        &self,
        kind: ProfileKind,
        ids: &[RecordId],
    ) -> Result<HashMap<RecordId, ProfileId>, StoreError> {
        membership_of(&self.store, &self.tx, kind, Some(ids)).await
    }

    /// See [`Store::load_id_states`].
    ///
    /// # Errors
    /// Database errors.
    pub async fn id_states(
        &self,
        ids: &[ProfileId],
    ) -> Result<(HashSet<ProfileId>, HashSet<ProfileId>), StoreError> {
        id_states_of(&self.store, &self.tx, ids).await
    }

    /// The stored block keys of the given records, and of companies the hash of the name.
    ///
    /// # Errors
    /// Database errors.
    pub async fn blocks(
        &self,
        kind: ProfileKind,
        ids: &[RecordId],
    ) -> Result<HashMap<RecordId, (Vec<i64>, Option<i64>)>, StoreError> {
        let sql = format!(
            "SELECT record_id, block_keys, name_hash FROM record_block WHERE {} AND kind = $2",
            self.store.backend.id_in("record_id", 1)
        );
        let keys = self.store.backend.ids(ids.iter().map(|id| id.0));
        let statement = self.store.statement(sql, vec![keys, kind.as_str().into()]);
        let rows = map(&self.tx, statement, |r| {
            let bytes: Vec<u8> = r.try_get("", "block_keys")?;
            let hash: Option<i64> = r.try_get("", "name_hash")?;
            Ok((RecordId(r.try_get("", "record_id")?), bytes, hash))
        })
        .await?;
        rows.into_iter()
            .map(|(id, bytes, hash)| Ok((id, (keys_from_bytes(&bytes)?, hash))))
            .collect()
    }

    /// Records under any of the keys, at most [`BLOCK_MAX`] a key: those with the smallest ids.
    ///
    /// # Errors
    /// Database errors.
    pub async fn candidates(
        &self,
        kind: ProfileKind,
        keys: &[i64],
    ) -> Result<Candidates, StoreError> {
        if keys.is_empty() {
            return Ok(Candidates::default());
        }
        // One row per key, its records as text: fewer rows to carry than records, and each key's
        // part of the index is read no further than the limit.
        let sql = format!(
            "SELECT (SELECT string_agg(CAST(b.record_id AS TEXT), ',') FROM (SELECT record_id \
             FROM {} WHERE block_key = k.id ORDER BY record_id LIMIT {}) b) AS ids FROM {}",
            block_table_of(kind),
            BLOCK_MAX + 1,
            self.store.backend.id_rows(1)
        );
        let keys = self.store.backend.ids(keys.iter().copied());
        let lists = map(&self.tx, self.store.statement(sql, vec![keys]), |r| {
            r.try_get::<Option<String>>("", "ids")
        })
        .await?;
        let mut found = Candidates::default();
        for list in lists.into_iter().flatten() {
            let mut block = list
                .split(',')
                .map(|id| id.parse().map(RecordId))
                .collect::<Result<Vec<_>, _>>()
                .map_err(|_| StoreError::Corrupt { what: "block_key.record_id" })?;
            if block.len() > BLOCK_MAX {
                block.sort_unstable();
                block.truncate(BLOCK_MAX);
                found.cut += 1;
            }
            found.records.append(&mut block);
        }
        found.records.sort_unstable();
        found.records.dedup();
        Ok(found)
    }

    /// Records that belong to the same profiles as the given ones, stand in a decision with them, or
    /// carry the same vendor id; among them the given ones that do.
    ///
    /// # Errors
    /// Database errors.
    pub async fn neighbours(
        &self,
        kind: ProfileKind,
        ids: &[RecordId],
    ) -> Result<Vec<RecordId>, StoreError> {
        let id_in = |column: &str| self.store.backend.id_in(column, 2);
        // A vendor id that very many carry names nobody: a placeholder.
        let sql = format!(
            "{} \
             UNION SELECT right_id FROM decision WHERE kind = $1 AND {} \
             UNION SELECT left_id FROM decision WHERE kind = $1 AND {} \
             UNION SELECT i2.record_id FROM identifier i1 JOIN identifier i2 \
               ON i2.entity = i1.entity AND i2.kind = i1.kind AND i2.value = i1.value \
               WHERE i1.entity = $1 AND i1.kind = 'external_id' AND {} \
               AND (SELECT COUNT(*) FROM (SELECT 1 FROM identifier x WHERE x.entity = i1.entity \
                 AND x.kind = i1.kind AND x.value = i1.value LIMIT {}) n) <= {BLOCK_MAX}",
            co_members(self.store.backend),
            id_in("left_id"),
            id_in("right_id"),
            id_in("i1.record_id"),
            BLOCK_MAX + 1,
        );
        self.ids(sql, kind, ids).await
    }

    /// All members of the profiles that the given records belong to.
    ///
    /// # Errors
    /// Database errors.
    pub async fn co_members(
        &self,
        kind: ProfileKind,
        ids: &[RecordId],
    ) -> Result<Vec<RecordId>, StoreError> {
        self.ids(co_members(self.store.backend), kind, ids).await
    }

    async fn ids(
        &self,
        sql: String,
        kind: ProfileKind,
        ids: &[RecordId],
    ) -> Result<Vec<RecordId>, StoreError> {
        let keys = self.store.backend.ids(ids.iter().map(|id| id.0));
        let statement = self.store.statement(sql, vec![kind.as_str().into(), keys]);
        map(&self.tx, statement, |r| Ok(RecordId(r.try_get("", "id")?))).await
    }

    /// Ends reading.
    ///
    /// # Errors
    /// Database errors.
    pub async fn end(self) -> Result<(), StoreError> {
        Ok(self.tx.commit().await?)
    }
}

fn co_members(backend: Backend) -> String {
    format!(
        "SELECT m2.record_id AS id FROM profile_member m1 JOIN profile_member m2 \
         ON m2.profile_id = m1.profile_id WHERE m1.kind = $1 AND {}",
        backend.id_in("m1.record_id", 2)
    )
}
