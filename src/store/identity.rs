//! What resolution reads and writes: dirty records, candidates, decisions, clusters, redirects.
//!
//! Owns the search for everything that a changed record could touch. Refuses to decide what
//! belongs together: `identity` does.

use crate::lease::{Lease, extend};
use crate::rows::{FromRow, json};
use crate::sql::{all, insert, insert_or_ignore, map, run};
use crate::sync::mark_records;
use crate::{Store, StoreError};
use domain::{
    Company, Contact, Decision, Identifier, IdentifierKind, Pii, ProfileId, ProfileKind, RecordId,
    RecordKey, Timestamp, Verdict,
};
use entity::{
    company, contact, demoted_identifier, explanation, identity_event, profile_member,
    profile_redirect, review,
};
use sea_orm::sea_query::OnConflict;
use sea_orm::{DatabaseTransaction, QueryResult};
use std::collections::{HashMap, HashSet};

/// A record with what resolution needs of it.
#[derive(Clone, Debug)]
pub struct IdentityInput {
    /// The record.
    pub id: RecordId,
    /// Its key.
    pub key: RecordKey,
    /// Its version, for survivorship.
    pub version: i64,
    /// As a contact, or as a company.
    pub body: IdentityBody,
    /// Vendor ids that it carries: its own, and those it refers to.
    pub stated: Vec<Identifier>,
}

/// A contact or a company.
#[derive(Clone, Debug)]
pub enum IdentityBody {
    /// A person.
    Contact(Box<Contact>),
    /// An organisation.
    Company(Box<Company>),
}

/// How widely a value is shared.
#[derive(Clone, Debug)]
pub struct SharedCount {
    /// The value.
    pub identifier: Identifier,
    /// Distinct names of the records that carry it.
    pub names: usize,
    /// Records that carry it.
    pub records: usize,
    /// Whether it is demoted now.
    pub demoted: bool,
}

/// How a join is stored.
#[derive(Clone, Debug)]
pub struct StoredJoin {
    /// The profile it holds together.
    pub profile: ProfileId,
    /// One record.
    pub left: RecordId,
    /// The other.
    pub right: RecordId,
    /// Rule id.
    pub rule_id: String,
    /// Match weight, log2 odds.
    pub weight: f64,
    /// Evidence as JSON.
    pub evidence: String,
}

/// How a pair to review is stored.
#[derive(Clone, Debug)]
pub struct StoredReview {
    /// Smaller record id.
    pub left: RecordId,
    /// Larger record id.
    pub right: RecordId,
    /// Orders the queue; larger first.
    pub score: f64,
    /// Reason id.
    pub reason: String,
    /// Evidence as JSON.
    pub evidence: String,
}

/// Something that happened to a profile id.
#[derive(Clone, Debug)]
pub struct StoredEvent {
    /// `created`, `merged`, `split`, `moved`.
    pub action: &'static str,
    /// The profile concerned.
    pub profile: ProfileId,
    /// The other profile.
    pub other: Option<ProfileId>,
    /// The record concerned.
    pub record: Option<RecordId>,
}

/// A resolution to commit. It replaces all that was known of the records in `scope`.
#[derive(Clone, Debug, Default)]
pub struct ResolutionCommit {
    /// Every record that was looked at, also those that are gone.
    pub scope: Vec<RecordId>,
    /// Membership of those that live.
    pub members: Vec<(RecordId, ProfileId)>,
    /// Records whose membership or content changed; decides what is derived again.
    pub changed: Vec<RecordId>,
    /// Profiles whose explanation changed: their stored joins are replaced by `joins`.
    pub explained: Vec<ProfileId>,
    /// Joins of the profiles in `explained`.
    pub joins: Vec<StoredJoin>,
    /// Pairs to review among the records in `scope`.
    pub reviews: Vec<StoredReview>,
    /// Redirects (from, to).
    pub redirects: Vec<(ProfileId, ProfileId)>,
    /// Ids that live again.
    pub revived: Vec<ProfileId>,
    /// History.
    pub events: Vec<StoredEvent>,
}

fn parse_identifier(row: &QueryResult) -> Result<Option<Identifier>, sea_orm::DbErr> {
    let kind: String = row.try_get("", "kind")?;
    let value: String = row.try_get("", "value")?;
    Ok(IdentifierKind::parse(&kind).map(|kind| Identifier { kind, value: Pii::new(value) }))
}

impl Store {
    /// Records whose identity must be looked at again, with their marks; at most `limit`.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_dirty_records(&self, limit: u64) -> Result<Vec<(RecordId, i64)>, StoreError> {
        let statement = self.statement(
            "SELECT record_id, mark FROM dirty_record ORDER BY record_id LIMIT $1",
            vec![(limit as i64).into()],
        );
        map(self.reader(), statement, |r| {
            Ok((RecordId(r.try_get("", "record_id")?), r.try_get("", "mark")?))
        })
        .await
    }

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
                "SELECT record_id FROM {} UNION SELECT record_id FROM profile_member WHERE kind = $1",
                table_of(kind)
            ),
            vec![kind.as_str().into()],
        );
        let ids =
            map(self.reader(), statement, |r| Ok(RecordId(r.try_get("", "record_id")?))).await?;
        Ok(ids)
    }

    /// Values carried by more than `floor` records: among all records, or among those that the
    /// given ones carry; and every value that is demoted now.
    ///
    /// # Errors
    /// Database errors.
    pub async fn count_shared(
        &self,
        kind: ProfileKind,
        of: Option<&[RecordId]>,
        floor: usize,
    ) -> Result<Vec<SharedCount>, StoreError> {
        let among = match of {
            Some(_) => format!(
                "JOIN (SELECT DISTINCT kind, value FROM identifier WHERE entity = $1 AND {} \
                 UNION SELECT kind, value FROM demoted_identifier WHERE entity = $1) t \
                 ON t.kind = i.kind AND t.value = i.value ",
                self.backend.id_in("record_id", 3)
            ),
            None => String::new(),
        };
        let sql = format!(
            "SELECT i.kind AS kind, i.value AS value, COUNT(*) AS records, \
             COUNT(DISTINCT i.name_key) AS names, MAX(CASE WHEN d.value IS NULL THEN 0 ELSE 1 END) AS demoted \
             FROM identifier i {among} LEFT JOIN demoted_identifier d \
             ON d.entity = i.entity AND d.kind = i.kind AND d.value = i.value \
             WHERE i.entity = $1 GROUP BY i.kind, i.value \
             HAVING COUNT(*) > $2 OR MAX(CASE WHEN d.value IS NULL THEN 0 ELSE 1 END) = 1"
        );
        let mut values = vec![kind.as_str().into(), (floor as i64).into()];
        if let Some(ids) = of {
            values.push(self.backend.ids(ids.iter().map(|id| id.0)));
        }
        let rows = map(self.reader(), self.statement(sql, values), |r| {
            let records: i64 = r.try_get("", "records")?;
            let names: i64 = r.try_get("", "names")?;
            // INTEGER in both databases; PostgreSQL gives 32 bits for the CASE.
            let demoted = r
                .try_get::<i64>("", "demoted")
                .or_else(|_| r.try_get::<i32>("", "demoted").map(i64::from))?;
            Ok(parse_identifier(r)?.map(|identifier| SharedCount {
                identifier,
                names: names.max(0) as usize,
                records: records.max(0) as usize,
                demoted: demoted == 1,
            }))
        })
        .await?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// Demotes values and lifts others, and marks all records that carry one of them.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] and database errors.
    pub async fn set_demoted(
        &self,
        lease: &Lease,
        kind: ProfileKind,
        demote: &[Identifier],
        lift: &[Identifier],
        now: Timestamp,
    ) -> Result<Vec<RecordId>, StoreError> {
        if demote.is_empty() && lift.is_empty() {
            return Ok(Vec::new());
        }
        let tx = self.begin().await?;
        extend(self, &tx, lease, now).await?;
        let rows = demote
            .iter()
            .map(|i| demoted_identifier::Model {
                entity: kind.as_str().to_owned(),
                kind: i.kind.as_str().to_owned(),
                value: i.value.expose().to_owned(),
            })
            .collect();
        insert_or_ignore::<demoted_identifier::Entity, _>(&tx, rows).await?;
        let mut carriers = HashSet::new();
        for (list, lifted) in [(demote, false), (lift, true)] {
            for one in list {
                let values = || {
                    vec![kind.as_str().into(), one.kind.as_str().into(), one.value.expose().into()]
                };
                let sql = "SELECT record_id FROM identifier WHERE entity = $1 AND kind = $2 AND value = $3";
                carriers.extend(
                    map(&tx, self.statement(sql, values()), |r| r.try_get::<i64>("", "record_id"))
                        .await?,
                );
                if lifted {
                    let sql = "DELETE FROM demoted_identifier WHERE entity = $1 AND kind = $2 AND value = $3";
                    run(&tx, self.statement(sql, values())).await?;
                }
            }
        }
        let mut carriers: Vec<i64> = carriers.into_iter().collect();
        carriers.sort_unstable();
        mark_records(self, &tx, &carriers).await?;
        tx.commit().await?;
        Ok(carriers.into_iter().map(RecordId).collect())
    }

    /// Every record that the given ones could touch: those that share an undemoted identifier,
    /// belong to the same profile or stand in a decision with them, and so on to the end. At most
    /// about `limit` records; `None` when there are more.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_neighbourhood(
        &self,
        kind: ProfileKind,
        seeds: &[RecordId],
        limit: usize,
    ) -> Result<Option<Vec<RecordId>>, StoreError> {
        let id_in = |column: &str| self.backend.id_in(column, 2);
        let sql = format!(
            "SELECT i2.record_id AS id FROM identifier i1 JOIN identifier i2 \
               ON i2.entity = i1.entity AND i2.kind = i1.kind AND i2.value = i1.value \
               WHERE i1.entity = $1 AND {} AND NOT EXISTS (SELECT 1 FROM demoted_identifier d \
               WHERE d.entity = i1.entity AND d.kind = i1.kind AND d.value = i1.value) \
             UNION SELECT m2.record_id FROM profile_member m1 JOIN profile_member m2 \
               ON m2.profile_id = m1.profile_id WHERE m1.kind = $1 AND {} \
             UNION SELECT right_id FROM decision WHERE kind = $1 AND {} \
             UNION SELECT left_id FROM decision WHERE kind = $1 AND {}",
            id_in("i1.record_id"),
            id_in("m1.record_id"),
            id_in("left_id"),
            id_in("right_id"),
        );
        let mut found: HashSet<i64> = seeds.iter().map(|id| id.0).collect();
        let mut frontier: Vec<i64> = found.iter().copied().collect();
        while !frontier.is_empty() {
            if found.len() > limit {
                return Ok(None);
            }
            let values = vec![kind.as_str().into(), self.backend.ids(frontier.iter().copied())];
            let next = map(self.reader(), self.statement(sql.as_str(), values), |r| {
                r.try_get::<i64>("", "id")
            })
            .await?;
            frontier = next.into_iter().filter(|id| found.insert(*id)).collect();
        }
        let mut ids: Vec<RecordId> = found.into_iter().map(RecordId).collect();
        ids.sort_unstable();
        Ok(Some(ids))
    }

    /// The records among `ids` that are contacts (or companies), with what resolution needs.
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
            let keys = self.backend.ids(chunk.iter().map(|id| id.0));
            let id_in = self.backend.id_in("record_id", 1);
            let sql = format!(
                "SELECT record_id, kind, value FROM identifier WHERE {id_in} AND kind = 'external_id' AND entity = $2"
            );
            let values = vec![keys.clone(), kind.as_str().into()];
            let mut stated: HashMap<i64, Vec<Identifier>> = HashMap::new();
            for (id, identifier) in map(self.reader(), self.statement(sql, values), |r| {
                Ok((r.try_get::<i64>("", "record_id")?, parse_identifier(r)?))
            })
            .await?
            {
                stated.entry(id).or_default().extend(identifier);
            }
            let sql = format!(
                "SELECT id, source, stream, external_id, version FROM source_record WHERE {}",
                self.backend.id_in("id", 1)
            );
            let mut records: HashMap<i64, (RecordKey, i64)> =
                map(self.reader(), self.statement(sql, vec![keys.clone()]), |r| {
                    let key = RecordKey::new(
                        r.try_get::<String>("", "source")?,
                        r.try_get::<String>("", "stream")?,
                        r.try_get::<String>("", "external_id")?,
                    );
                    Ok((r.try_get::<i64>("", "id")?, (key, r.try_get("", "version")?)))
                })
                .await?
                .into_iter()
                .collect();
            let sql = format!("SELECT * FROM {} WHERE {id_in}", table_of(kind));
            let statement = self.statement(sql, vec![keys]);
            let bodies: Vec<(i64, IdentityBody)> = match kind {
                ProfileKind::Person => all::<contact::Model>(self.reader(), statement)
                    .await?
                    .into_iter()
                    .map(|row| {
                        let id = row.record_id;
                        Contact::from_row(row).map(|c| (id, IdentityBody::Contact(Box::new(c))))
                    })
                    .collect::<Result<_, _>>()?,
                ProfileKind::Company => all::<company::Model>(self.reader(), statement)
                    .await?
                    .into_iter()
                    .map(|row| {
                        let id = row.record_id;
                        Company::from_row(row).map(|c| (id, IdentityBody::Company(Box::new(c))))
                    })
                    .collect::<Result<_, _>>()?,
            };
            for (id, body) in bodies {
                let Some((key, version)) = records.remove(&id) else { continue };
                let stated = stated.remove(&id).unwrap_or_default();
                inputs.push(IdentityInput { id: RecordId(id), key, version, body, stated });
            }
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
        let sql = format!(
            "SELECT left_id, right_id, verdict, decided_by, decided_at_ms FROM decision \
             WHERE kind = $1 AND {} ORDER BY left_id, right_id",
            self.backend.id_in("left_id", 2)
        );
        let values = vec![kind.as_str().into(), self.backend.ids(ids.iter().map(|id| id.0))];
        let rows = map(self.reader(), self.statement(sql, values), |r| {
            let verdict: String = r.try_get("", "verdict")?;
            Ok(Verdict::parse(&verdict).map(|verdict| Decision {
                left: RecordId(r.try_get("", "left_id").unwrap_or_default()),
                right: RecordId(r.try_get("", "right_id").unwrap_or_default()),
                verdict,
                decided_by: r.try_get("", "decided_by").unwrap_or_default(),
                decided_at: Timestamp::from_millis(
                    r.try_get("", "decided_at_ms").unwrap_or_default(),
                ),
            }))
        })
        .await?;
        rows.into_iter()
            .map(|row| row.ok_or(StoreError::Corrupt { what: "decision.verdict" }))
            .collect()
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
        let sql = format!(
            "SELECT record_id, profile_id FROM profile_member WHERE kind = $1 AND {}",
            self.backend.id_in("record_id", 2)
        );
        let values = vec![kind.as_str().into(), self.backend.ids(ids.iter().map(|id| id.0))];
        let rows = map(self.reader(), self.statement(sql, values), |r| {
            Ok((RecordId(r.try_get("", "record_id")?), ProfileId(r.try_get("", "profile_id")?)))
        })
        .await?;
        Ok(rows.into_iter().collect())
    }

    /// Which of the given ids are profiles with members, and which redirect.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_id_states(
        &self,
        ids: &[ProfileId],
    ) -> Result<(HashSet<ProfileId>, HashSet<ProfileId>), StoreError> {
        let keys = self.backend.ids(ids.iter().map(|id| id.0));
        let live = format!(
            "SELECT DISTINCT profile_id AS id FROM profile_member WHERE {}",
            self.backend.id_in("profile_id", 1)
        );
        let retired = format!(
            "SELECT from_id AS id FROM profile_redirect WHERE {}",
            self.backend.id_in("from_id", 1)
        );
        let id = |r: &QueryResult| Ok(ProfileId(r.try_get("", "id")?));
        let live = map(self.reader(), self.statement(live, vec![keys.clone()]), id).await?;
        let retired = map(self.reader(), self.statement(retired, vec![keys]), id).await?;
        Ok((live.into_iter().collect(), retired.into_iter().collect()))
    }

    /// Commits a resolution: membership, redirects, explanations, reviews, history, and the marks
    /// of the profiles to derive again.
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
        extend(self, &tx, lease, now).await?;
        let write = Write { store: self, tx: &tx, kind, now };
        write.mark_touched(&commit.changed).await?;
        write.membership(commit).await?;
        write.mark_touched(&commit.changed).await?;
        write.redirects(commit).await?;
        write.explanations(commit).await?;
        write.reviews(commit).await?;
        let events = commit
            .events
            .iter()
            .map(|e| identity_event::ActiveModel {
                id: sea_orm::ActiveValue::NotSet,
                at_ms: sea_orm::ActiveValue::Set(now.as_millis()),
                action: sea_orm::ActiveValue::Set(e.action.to_owned()),
                profile_id: sea_orm::ActiveValue::Set(e.profile.0),
                other_id: sea_orm::ActiveValue::Set(e.other.map(|id| id.0)),
                record_id: sea_orm::ActiveValue::Set(e.record.map(|id| id.0)),
            })
            .collect::<Vec<_>>();
        for chunk in events.chunks(1_000) {
            use sea_orm::EntityTrait;
            identity_event::Entity::insert_many(chunk.to_vec()).exec_without_returning(&tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Takes the marks off records that were resolved; a record marked again meanwhile stays.
    ///
    /// # Errors
    /// Database errors.
    pub async fn clear_dirty_records(&self, marks: &[(RecordId, i64)]) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        for chunk in marks.chunks(5_000) {
            let pairs: Vec<[i64; 2]> = chunk.iter().map(|(id, mark)| [id.0, *mark]).collect();
            let sql = match self.backend {
                crate::Backend::Sqlite => {
                    "DELETE FROM dirty_record WHERE (record_id, mark) IN (SELECT \
                     json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each($1))"
                }
                crate::Backend::Postgres => {
                    "DELETE FROM dirty_record WHERE (record_id, mark) IN (SELECT (value->>0)::bigint, \
                     (value->>1)::bigint FROM json_array_elements($1::text::json))"
                }
            };
            run(&tx, self.statement(sql, vec![json(&pairs).into()])).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

const fn table_of(kind: ProfileKind) -> &'static str {
    match kind {
        ProfileKind::Person => "contact",
        ProfileKind::Company => "company",
    }
}

struct Write<'a> {
    store: &'a Store,
    tx: &'a DatabaseTransaction,
    kind: ProfileKind,
    now: Timestamp,
}

impl Write<'_> {
    fn keys(&self, ids: impl IntoIterator<Item = i64>) -> sea_orm::Value {
        self.store.backend.ids(ids)
    }

    /// Marks the profiles of the given records, of the people and companies that share a fact with
    /// them, and of the people who name them as employer. Called before and after membership
    /// changes, so that both the old and the new profile are derived again.
    async fn mark_touched(&self, records: &[RecordId]) -> Result<(), StoreError> {
        let id_in = |column: &str| self.store.backend.id_in(column, 1);
        for chunk in records.chunks(5_000) {
            let sql = format!(
                "INSERT INTO dirty_contributor (id, kind, mark) \
                 SELECT profile_id, 'profile', 1 FROM ( \
                 SELECT m.profile_id FROM profile_member m WHERE {} \
                 UNION SELECT m.profile_id FROM record_link l JOIN profile_member m ON m.record_id = l.record_id WHERE {} \
                 UNION SELECT m.profile_id FROM record_link l1 JOIN record_link l2 ON l2.record_id = l1.record_id \
                   JOIN profile_member m ON m.record_id = l2.target_id WHERE {}) touched WHERE true \
                 ON CONFLICT (id) DO UPDATE SET mark = dirty_contributor.mark + 1",
                id_in("m.record_id"),
                id_in("l.target_id"),
                id_in("l1.target_id"),
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
            let sql = format!(
                "DELETE FROM profile_member WHERE kind = $1 AND {}",
                self.store.backend.id_in("record_id", 2)
            );
            let values = vec![self.kind.as_str().into(), self.keys(chunk.iter().copied())];
            run(self.tx, self.store.statement(sql, values)).await?;
        }
        let changed: HashSet<RecordId> = commit.changed.iter().copied().collect();
        let rows = commit
            .members
            .iter()
            .filter(|(id, _)| changed.contains(id))
            .map(|(id, profile)| profile_member::Model {
                record_id: id.0,
                kind: self.kind.as_str().to_owned(),
                profile_id: profile.0,
            })
            .collect();
        let conflict =
            OnConflict::columns([profile_member::Column::RecordId, profile_member::Column::Kind])
                .update_column(profile_member::Column::ProfileId)
                .to_owned();
        insert::<profile_member::Entity, _>(self.tx, rows, Some(conflict)).await
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
                review::Column::Reason,
                review::Column::Evidence,
            ])
            .to_owned();
        insert::<review::Entity, _>(self.tx, rows, Some(conflict)).await
    }
}

/// The id of the review of a pair.
#[must_use]
pub fn review_id(kind: ProfileKind, left: RecordId, right: RecordId) -> i64 {
    RecordKey::new(kind.as_str(), left.min(right).to_string(), left.max(right).to_string()).id().0
}
