//! Records, decisions and membership, read for resolution.
//!
//! Owns the statements; every one is set-based. Refuses to follow anything: `search` does.

use super::{IdentityBody, IdentityInput, parse_identifier, table_of};
use crate::rows::FromRow;
use crate::sql::map;
use crate::{Store, StoreError};
use domain::{
    Company, Contact, Decision, Identifier, ProfileId, ProfileKind, RecordId, RecordKey, Timestamp,
    Verdict,
};
use entity::{company, contact};
use sea_orm::{ConnectionTrait, FromQueryResult, QueryResult};
use std::collections::{HashMap, HashSet};

impl Store {
    /// Number of records that are a contact (or company).
    ///
    /// # Errors
    /// Database errors.
    pub async fn count_identities(&self, kind: ProfileKind) -> Result<u64, StoreError> {
        let table = table_of(kind);
        let statement = self.statement(format!("SELECT COUNT(*) AS n FROM {table}"), vec![]);
        let rows = map(self.reader(), statement, |r| r.try_get::<i64>("", "n")).await?;
        Ok(rows.first().copied().unwrap_or(0).max(0) as u64)
    }

    /// Every record that is a contact (or company) or still belongs to a profile of that kind.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_all_identity_ids(
        &self,
        kind: ProfileKind,
    ) -> Result<Vec<RecordId>, StoreError> {
        let statement = self.statement(
            format!(
                "SELECT record_id FROM {} UNION SELECT record_id FROM profile_member WHERE kind = $1 \
                 ORDER BY record_id",
                table_of(kind)
            ),
            vec![kind.as_str().into()],
        );
        map(self.reader(), statement, |r| Ok(RecordId(r.try_get("", "record_id")?))).await
    }

    /// The records among `ids` that are contacts (or companies), with what resolution needs; by id.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_identity_inputs(
        &self,
        kind: ProfileKind,
        ids: &[RecordId],
    ) -> Result<Vec<IdentityInput>, StoreError> {
        let mut inputs = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(5_000) {
            inputs.extend(inputs_of(self, self.reader(), kind, chunk).await?);
        }
        inputs.sort_unstable_by_key(|input| input.id);
        Ok(inputs)
    }

    /// Decisions between records of the given ones.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_decisions(
        &self,
        kind: ProfileKind,
        ids: &[RecordId],
    ) -> Result<Vec<Decision>, StoreError> {
        decisions_of(self, self.reader(), kind, Some(ids)).await
    }

    /// Every decision between records of the kind.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_all_decisions(&self, kind: ProfileKind) -> Result<Vec<Decision>, StoreError> {
        decisions_of(self, self.reader(), kind, None).await
    }

    /// The profile of each of the given records that has one.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_membership(
        &self,
        kind: ProfileKind,
        ids: &[RecordId],
    ) -> Result<HashMap<RecordId, ProfileId>, StoreError> {
        membership_of(self, self.reader(), kind, Some(ids)).await
    }

    /// The profile of every record of the kind that has one.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_all_membership(
        &self,
        kind: ProfileKind,
    ) -> Result<HashMap<RecordId, ProfileId>, StoreError> {
        membership_of(self, self.reader(), kind, None).await
    }

    /// Which of the given ids are profiles with members, and which redirect.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_id_states(
        &self,
        ids: &[ProfileId],
    ) -> Result<(HashSet<ProfileId>, HashSet<ProfileId>), StoreError> {
        id_states_of(self, self.reader(), ids).await
    }
}

pub(super) async fn inputs_of(
    store: &Store,
    on: &impl ConnectionTrait,
    kind: ProfileKind,
    ids: &[RecordId],
) -> Result<Vec<IdentityInput>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let keys = store.backend.ids(ids.iter().map(|id| id.0));
    let sql = format!(
        "SELECT record_id, kind, value FROM identifier WHERE {} AND entity = $2 \
         AND kind = 'external_id'",
        store.backend.id_in("record_id", 1)
    );
    let values = vec![keys.clone(), kind.as_str().into()];
    let mut stated: HashMap<i64, Vec<Identifier>> = HashMap::new();
    for (id, identifier) in map(on, store.statement(sql, values), |r| {
        Ok((r.try_get::<i64>("", "record_id")?, parse_identifier(r)?))
    })
    .await?
    {
        stated.entry(id).or_default().extend(identifier);
    }
    let mut employers = employers_of(store, on, kind, &keys).await?;
    let sql = format!(
        "SELECT t.*, s.source AS key_source, s.stream AS key_stream, \
         s.external_id AS key_external_id, s.version AS key_version \
         FROM {} t JOIN source_record s ON s.id = t.record_id WHERE {}",
        table_of(kind),
        store.backend.id_in("t.record_id", 1)
    );
    let rows = on.query_all_raw(store.statement(sql, vec![keys])).await?;
    rows.iter()
        .map(|row| {
            let (id, body) = match kind {
                ProfileKind::Person => {
                    let row = contact::Model::from_query_result(row, "")?;
                    (row.record_id, IdentityBody::Contact(Box::new(Contact::from_row(row)?)))
                }
                ProfileKind::Company => {
                    let row = company::Model::from_query_result(row, "")?;
                    (row.record_id, IdentityBody::Company(Box::new(Company::from_row(row)?)))
                }
            };
            Ok(IdentityInput {
                id: RecordId(id),
                key: RecordKey::new(
                    row.try_get::<String>("", "key_source")?,
                    row.try_get::<String>("", "key_stream")?,
                    row.try_get::<String>("", "key_external_id")?,
                ),
                version: row.try_get("", "key_version")?,
                body,
                stated: stated.remove(&id).unwrap_or_default(),
                employers: employers.remove(&id).unwrap_or_default(),
            })
        })
        .collect()
}

/// Names of the companies that contacts are linked to.
async fn employers_of(
    store: &Store,
    on: &impl ConnectionTrait,
    kind: ProfileKind,
    keys: &sea_orm::Value,
) -> Result<HashMap<i64, Vec<String>>, StoreError> {
    let mut employers: HashMap<i64, Vec<String>> = HashMap::new();
    if kind == ProfileKind::Person {
        let sql = format!(
            "SELECT DISTINCT l.record_id, l.target_id, c.name FROM record_link l \
             JOIN company c ON c.record_id = l.target_id \
             WHERE {} AND c.name IS NOT NULL ORDER BY l.record_id, l.target_id",
            store.backend.id_in("l.record_id", 1)
        );
        for (id, name) in map(on, store.statement(sql, vec![keys.clone()]), |r| {
            Ok((r.try_get::<i64>("", "record_id")?, r.try_get::<String>("", "name")?))
        })
        .await?
        {
            employers.entry(id).or_default().push(name);
        }
    }
    Ok(employers)
}

pub(super) async fn decisions_of(
    store: &Store,
    on: &impl ConnectionTrait,
    kind: ProfileKind,
    ids: Option<&[RecordId]>,
) -> Result<Vec<Decision>, StoreError> {
    let mut values = vec![kind.as_str().into()];
    let mut among = String::new();
    if let Some(ids) = ids {
        among = format!(" AND {}", store.backend.id_in("left_id", 2));
        values.push(store.backend.ids(ids.iter().map(|id| id.0)));
    }
    let sql = format!(
        "SELECT left_id, right_id, verdict, decided_by, decided_at_ms FROM decision \
         WHERE kind = $1{among} ORDER BY left_id, right_id"
    );
    let decision = |r: &QueryResult| {
        let verdict: String = r.try_get("", "verdict")?;
        let left = RecordId(r.try_get("", "left_id")?);
        let right = RecordId(r.try_get("", "right_id")?);
        let decided_by: String = r.try_get("", "decided_by")?;
        let decided_at = Timestamp::from_millis(r.try_get("", "decided_at_ms")?);
        Ok(Verdict::parse(&verdict).map(|verdict| Decision {
            left,
            right,
            verdict,
            decided_by,
            decided_at,
        }))
    };
    map(on, store.statement(sql, values), decision)
        .await?
        .into_iter()
        .map(|row| row.ok_or(StoreError::Corrupt { what: "decision.verdict" }))
        .collect()
}

pub(super) async fn membership_of(
    store: &Store,
    on: &impl ConnectionTrait,
    kind: ProfileKind,
    ids: Option<&[RecordId]>,
) -> Result<HashMap<RecordId, ProfileId>, StoreError> {
    let mut values = vec![kind.as_str().into()];
    let mut among = String::new();
    if let Some(ids) = ids {
        among = format!(" AND {}", store.backend.id_in("record_id", 2));
        values.push(store.backend.ids(ids.iter().map(|id| id.0)));
    }
    let sql = format!("SELECT record_id, profile_id FROM profile_member WHERE kind = $1{among}");
    let rows = map(on, store.statement(sql, values), |r| {
        Ok((RecordId(r.try_get("", "record_id")?), ProfileId(r.try_get("", "profile_id")?)))
    })
    .await?;
    Ok(rows.into_iter().collect())
}

pub(super) async fn id_states_of(
    store: &Store,
    on: &impl ConnectionTrait,
    ids: &[ProfileId],
) -> Result<(HashSet<ProfileId>, HashSet<ProfileId>), StoreError> {
    let (mut live, mut retired) = (HashSet::new(), HashSet::new());
    let sql = format!(
        "SELECT DISTINCT profile_id AS id, 'live' AS state FROM profile_member WHERE {} \
         UNION ALL SELECT from_id, 'retired' FROM profile_redirect WHERE {}",
        store.backend.id_in("profile_id", 1),
        store.backend.id_in("from_id", 1)
    );
    for chunk in ids.chunks(50_000) {
        let keys = store.backend.ids(chunk.iter().map(|id| id.0));
        let statement = store.statement(sql.as_str(), vec![keys]);
        for (id, state) in map(on, statement, |r| {
            Ok((ProfileId(r.try_get("", "id")?), r.try_get::<String>("", "state")?))
        })
        .await?
        {
            if state == "live" {
                live.insert(id)
            } else {
                retired.insert(id)
            };
        }
    }
    Ok((live, retired))
}
