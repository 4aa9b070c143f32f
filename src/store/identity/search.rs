//! The search for what a changed record could touch, on one connection, up to the commit.
//!
//! Owns the look-up by block keys and by profile, decision and vendor id. Refuses to judge: whom to
//! follow is said by `identity`.

use super::blocks::keys_from_hex;
use super::commit::write_resolution;
use super::dirty::dirty_of;
use super::load::{id_states_of, inputs_of};
use super::model::heads_of;
use super::{DirtyRecord, IdentityInput, ModelHead, ResolutionCommit, block_table_of};
use crate::lease::{acquire_on, release_on};
use crate::sql::{document, map};
use crate::{Backend, Lease, Outcome, Store, StoreError};
use domain::{Decision, ProfileId, ProfileKind, RecordId, Timestamp, Verdict};
use sea_orm::{DatabaseTransaction, TransactionTrait};
use serde::de::DeserializeOwned;
use std::collections::{HashMap, HashSet};

/// Most records looked at under one block key or vendor id. A block that grew beyond it since the
/// keys were learnt is cut, and counted as cut.
pub const BLOCK_MAX: usize = 200;

/// What was found under block keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    /// The records under each key that has any.
    pub blocks: Vec<(i64, Vec<RecordId>)>,
    /// Keys with more records than are looked at.
    pub cut: u64,
}

/// What is kept of a record that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptKeys {
    /// Its block keys.
    pub keys: Vec<i64>,
    /// Of a company: the hash of its name.
    pub name_hash: Option<i64>,
    /// The records that it was linked to.
    pub links: Vec<RecordId>,
}

/// What is kept of a record for others to be compared with.
#[derive(Clone, Debug)]
pub struct KeptEntry<F> {
    /// The record.
    pub id: RecordId,
    /// Its form.
    pub form: F,
    /// The records that it is linked to.
    pub links: Vec<RecordId>,
}

/// What is stored about the records around a batch.
#[derive(Clone, Debug, Default)]
pub struct StoredAround {
    /// Decisions between the records.
    pub decisions: Vec<Decision>,
    /// The profile of each of the records that has one.
    pub membership: HashMap<RecordId, ProfileId>,
}

/// One batch of resolution: one connection, one transaction, from the first read to the commit.
/// Dropping it ends it; nothing is written then.
///
/// It is the writing connection, also for reading: SQLite voids the cache of any other one at every
/// commit.
pub struct IdentitySnapshot {
    store: Store,
    tx: DatabaseTransaction,
    /// Whether the transaction is the one that will write.
    writes: bool,
    /// Whether the lease was taken in the transaction, and ends with it.
    leased: bool,
}

impl std::fmt::Debug for IdentitySnapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdentitySnapshot").finish_non_exhaustive()
    }
}

impl Store {
    /// Begins a batch.
    ///
    /// # Errors
    /// Database errors.
    pub async fn identity_snapshot(&self) -> Result<IdentitySnapshot, StoreError> {
        let tx = self.begin().await?;
        Ok(IdentitySnapshot { store: self.clone(), tx, writes: true, leased: false })
    }
}

impl IdentitySnapshot {
    /// Takes a lease for this batch alone: it is given back in the commit that stores the outcome, so
    /// that both cost no commit of their own. Such a batch cannot step back.
    ///
    /// # Errors
    /// [`StoreError::Leased`] while somebody else holds it, and database errors.
    pub async fn acquire(
        &mut self,
        source: &str,
        stream: &str,
        owner: &str,
        now: Timestamp,
    ) -> Result<Lease, StoreError> {
        let (lease, _) = acquire_on(&self.store, &self.tx, source, stream, owner, now).await?;
        self.leased = true;
        Ok(lease)
    }

    /// Ends the batch; nothing was written.
    ///
    /// # Errors
    /// Database errors.
    pub async fn end(self) -> Result<(), StoreError> {
        Ok(self.tx.rollback().await?)
    }

    /// The first `most` of the records whose identity must be looked at again, by id.
    ///
    /// # Errors
    /// Database errors.
    pub async fn dirty_records(&self, most: usize) -> Result<Vec<DirtyRecord>, StoreError> {
        dirty_of(&self.store, &self.tx, Some(most)).await
    }

    /// See [`Store::load_model_heads`].
    ///
    /// # Errors
    /// Database errors.
    pub async fn model_heads(&self) -> Result<Vec<ModelHead>, StoreError> {
        heads_of(&self.store, &self.tx).await
    }

    /// Gives the writing connection back and goes on reading by another one: what is under way turned
    /// out to take long, and others want to write.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] if the lease was taken in this batch, and database errors.
    pub async fn step_back(&mut self) -> Result<(), StoreError> {
        if self.leased {
            return Err(StoreError::LeaseLost {
                what: "a batch that outgrew its lease".to_owned(),
            });
        }
        if self.writes {
            let reading = self.store.reader().begin().await?;
            std::mem::replace(&mut self.tx, reading).rollback().await?;
            self.writes = false;
        }
        Ok(())
    }

    /// Commits what the batch came to, as [`Store::commit_resolution`] does.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] and database errors; nothing was written then.
    pub async fn commit(
        self,
        lease: &Lease,
        kind: ProfileKind,
        commit: &ResolutionCommit,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Self { store, tx, writes, leased } = self;
        if writes {
            write_resolution(&store, &tx, lease, kind, commit, now).await?;
            if leased {
                release_on(&store, &tx, lease, Outcome::Done, now).await?;
            }
            return Ok(tx.commit().await?);
        }
        tx.rollback().await?;
        store.commit_resolution(lease, kind, commit, now).await
    }

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

    /// What is kept of the given records; nothing of those that are new.
    ///
    /// # Errors
    /// Database errors.
    pub async fn kept_keys(
        &self,
        kind: ProfileKind,
        ids: &[RecordId],
    ) -> Result<HashMap<RecordId, KeptKeys>, StoreError> {
        let backend = self.store.backend;
        let hex = match backend {
            Backend::Sqlite => "hex(block_keys)",
            Backend::Postgres => "encode(block_keys, 'hex')",
        };
        let sql = format!(
            "SELECT record_id, {hex} AS keys, name_hash, links FROM record_block \
             WHERE kind = $1 AND {}",
            backend.id_in("record_id", 2)
        );
        let values = vec![kind.as_str().into(), backend.ids(ids.iter().map(|id| id.0))];
        let rows: Vec<(i64, String, Option<i64>, String)> =
            map(&self.tx, self.store.statement(sql, values), |r| {
                Ok((
                    r.try_get("", "record_id")?,
                    r.try_get("", "keys")?,
                    r.try_get("", "name_hash")?,
                    r.try_get("", "links")?,
                ))
            })
            .await?;
        let rows = rows.into_iter().map(|(id, keys, name_hash, links)| {
            let links: Vec<i64> = serde_json::from_str(&links)
                .map_err(|_| StoreError::Corrupt { what: "record_block.links" })?;
            let links = links.into_iter().map(RecordId).collect();
            Ok((RecordId(id), KeptKeys { keys: keys_from_hex(&keys)?, name_hash, links }))
        });
        rows.collect()
    }

    /// Those of the given records that were looked at before, as they were then.
    ///
    /// # Errors
    /// Database errors, and forms that are none of the type asked for.
    pub async fn kept<F: DeserializeOwned>(
        &self,
        kind: ProfileKind,
        ids: &[RecordId],
    ) -> Result<Vec<KeptEntry<F>>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let backend = self.store.backend;
        // Put together as text: none of it is parsed before it is here.
        let list = match backend {
            Backend::Sqlite => "group_concat",
            Backend::Postgres => "string_agg",
        };
        let sql = format!(
            "SELECT '[' || coalesce({list}('[' || record_id || ',' || form || ',' || links || ']', \
             ','), '') || ']' AS doc FROM record_block WHERE kind = $1 AND {}",
            backend.id_in("record_id", 2)
        );
        let values = vec![kind.as_str().into(), backend.ids(ids.iter().map(|id| id.0))];
        let rows: Vec<(i64, F, Vec<i64>)> =
            document(&self.tx, self.store.statement(sql, values)).await?;
        let entry = |(id, form, links): (i64, F, Vec<i64>)| KeptEntry {
            id: RecordId(id),
            form,
            links: links.into_iter().map(RecordId).collect(),
        };
        Ok(rows.into_iter().map(entry).collect())
    }

    /// What is stored about the records in `scope`.
    ///
    /// # Errors
    /// Database errors.
    pub async fn around(
        &self,
        kind: ProfileKind,
        scope: &[RecordId],
    ) -> Result<StoredAround, StoreError> {
        let backend = self.store.backend;
        let part = |columns: &[&str], table: &str, ids: String| {
            let list = backend.json_list(&backend.json_row(columns));
            backend.json_of(&format!("(SELECT {list} FROM {table} WHERE kind = $1 AND {ids})"))
        };
        let membership =
            part(&["record_id", "profile_id"], "profile_member", backend.id_in("record_id", 2));
        let decisions = part(
            &["left_id", "right_id", "verdict", "decided_by", "decided_at_ms"],
            "decision",
            backend.id_in("left_id", 2),
        );
        let parts = backend.json_row(&[&membership, &decisions]);
        let statement = self.store.statement(
            format!("SELECT CAST({parts} AS TEXT) AS doc"),
            vec![kind.as_str().into(), backend.ids(scope.iter().map(|id| id.0))],
        );
        let (membership, decisions): AroundRow = document(&self.tx, statement).await?;
        Ok(StoredAround {
            decisions: decisions.into_iter().map(decision).collect::<Result<_, _>>()?,
            membership: membership
                .into_iter()
                .map(|(record, profile)| (RecordId(record), ProfileId(profile)))
                .collect(),
        })
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
        // A list per key: each key's part of the index is read no further than the limit.
        let backend = self.store.backend;
        let block = format!(
            "(SELECT {} FROM (SELECT record_id FROM {} WHERE block_key = k.id ORDER BY record_id \
             LIMIT {}) b)",
            backend.json_list("b.record_id"),
            block_table_of(kind),
            BLOCK_MAX + 1,
        );
        let sql = format!(
            "SELECT CAST({} AS TEXT) AS doc FROM {}",
            backend.json_list(&backend.json_row(&["k.id", &backend.json_of(&block)])),
            backend.id_rows(1)
        );
        let keys = backend.ids(keys.iter().copied());
        let blocks: Vec<(i64, Vec<i64>)> =
            document(&self.tx, self.store.statement(sql, vec![keys])).await?;
        let mut found = Candidates::default();
        for (key, mut block) in blocks {
            if block.len() > BLOCK_MAX {
                block.sort_unstable();
                block.truncate(BLOCK_MAX);
                found.cut += 1;
            }
            if !block.is_empty() {
                found.blocks.push((key, block.into_iter().map(RecordId).collect()));
            }
        }
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
}

/// A decision as [`IdentitySnapshot::around`] reads it.
type DecisionRow = (i64, i64, String, String, i64);
/// Membership, decisions.
type AroundRow = (Vec<(i64, i64)>, Vec<DecisionRow>);

fn decision(row: DecisionRow) -> Result<Decision, StoreError> {
    let (left, right, verdict, decided_by, at) = row;
    let verdict =
        Verdict::parse(&verdict).ok_or(StoreError::Corrupt { what: "decision.verdict" })?;
    Ok(Decision {
        left: RecordId(left),
        right: RecordId(right),
        verdict,
        decided_by,
        decided_at: Timestamp::from_millis(at),
    })
}

fn co_members(backend: Backend) -> String {
    format!(
        "SELECT m2.record_id AS id FROM profile_member m1 JOIN profile_member m2 \
         ON m2.profile_id = m1.profile_id WHERE m1.kind = $1 AND {}",
        backend.id_in("m1.record_id", 2)
    )
}
