//! Employers that records name, now and in earlier revisions.
//!
//! Owns what is kept of an employer when a record is rewritten: payloads are kept too, but they
//! speak each vendor's language. Refuses to say who works where: `identity` does.

use crate::sql::{map, run};
use crate::{Store, StoreError};
use domain::{ProfileId, RecordId, Timestamp};
use sea_orm::DatabaseTransaction;
use std::collections::{BTreeMap, HashMap};

/// An employer as a record names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedEmployer {
    /// Whether the record points at a company's record; else it only writes a name.
    pub linked: bool,
    /// The profile of that company.
    pub company: Option<ProfileId>,
    /// The company's name, as far as it is known.
    pub name: Option<String>,
}

/// A revision of a person's record.
#[derive(Clone, Debug)]
pub struct StatedRevision {
    /// The vendor's version.
    pub version: i64,
    /// When we saw it.
    pub observed: Timestamp,
    /// The employers that it names.
    pub employers: Vec<StatedEmployer>,
}

/// A person's record with its revisions, the oldest known first.
#[derive(Clone, Debug)]
pub struct StatedHistory {
    /// The record.
    pub record: RecordId,
    /// Its source.
    pub source: String,
    /// Created, by the vendor; else when we first saw it.
    pub created: Timestamp,
    /// Its revisions; the last is the present one.
    pub revisions: Vec<StatedRevision>,
}

/// An employment to store.
#[derive(Clone, Debug)]
pub struct EmploymentRow {
    /// The company, where one is known.
    pub company: Option<ProfileId>,
    /// The name as written.
    pub name: Option<String>,
    /// Hash of the normalised name, if it was looked up by it.
    pub name_key: Option<i64>,
    /// Since.
    pub from: Timestamp,
    /// Until.
    pub to: Option<Timestamp>,
    /// The records that state it.
    pub records: Vec<RecordId>,
}

/// Keeps the employers that records named, before what was derived from them is removed.
pub(crate) async fn archive(
    store: &Store,
    tx: &DatabaseTransaction,
    records: &[i64],
) -> Result<(), StoreError> {
    if records.is_empty() {
        return Ok(());
    }
    // A row without target for every revision of a person, so that one without employers is told
    // from one of before this table.
    let sql = format!(
        "INSERT INTO employer_version (record_id, revision, target_id, name) \
         SELECT s.id, s.revision, 0, c.company_name FROM source_record s \
           JOIN contact c ON c.record_id = s.id WHERE {a} \
         UNION ALL SELECT s.id, s.revision, l.target_id, o.name FROM source_record s \
           JOIN contact c ON c.record_id = s.id \
           JOIN record_link l ON l.record_id = s.id AND l.role = 'company' \
           LEFT JOIN company o ON o.record_id = l.target_id WHERE {a} AND l.target_id <> s.id \
         UNION ALL SELECT s.id, s.revision, s.id, o.name FROM source_record s \
           JOIN contact c ON c.record_id = s.id JOIN company o ON o.record_id = s.id WHERE {a} \
         ON CONFLICT (record_id, revision, target_id) DO NOTHING",
        a = store.backend.id_in("s.id", 1)
    );
    let values = vec![store.backend.ids(records.iter().copied())];
    run(tx, store.statement(sql, values)).await?;
    Ok(())
}

/// A record's present state, before its history is added.
struct Present {
    profile: ProfileId,
    record: i64,
    source: String,
    version: i64,
    revision: i64,
    observed: i64,
    created: i64,
    company_name: Option<String>,
}

impl Store {
    /// The records of people with the employers that they name and named, in a fixed number of
    /// statements.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_employers(
        &self,
        people: &[ProfileId],
    ) -> Result<HashMap<ProfileId, Vec<StatedHistory>>, StoreError> {
        if people.is_empty() {
            return Ok(HashMap::new());
        }
        let present = self.present_records(people).await?;
        let records: Vec<i64> = present.iter().map(|p| p.record).collect();
        let mut now = self.present_employers(&records).await?;
        let changed: Vec<i64> =
            present.iter().filter(|p| p.revision > 1).map(|p| p.record).collect();
        let mut past = self.past_revisions(&changed).await?;
        let mut found: HashMap<ProfileId, Vec<StatedHistory>> = HashMap::new();
        for p in present {
            let mut revisions: Vec<StatedRevision> = past
                .remove(&p.record)
                .unwrap_or_default()
                .into_iter()
                .filter(|(revision, _)| *revision < p.revision)
                .map(|(_, stated)| stated)
                .collect();
            let mut employers = now.remove(&p.record).unwrap_or_default();
            employers.extend(p.company_name.map(written));
            let observed = Timestamp::from_millis(p.observed);
            revisions.push(StatedRevision { version: p.version, observed, employers });
            found.entry(p.profile).or_default().push(StatedHistory {
                record: RecordId(p.record),
                source: p.source,
                created: Timestamp::from_millis(p.created),
                revisions,
            });
        }
        Ok(found)
    }

    async fn present_records(&self, people: &[ProfileId]) -> Result<Vec<Present>, StoreError> {
        let sql = format!(
            "SELECT m.profile_id, m.record_id, s.source, s.version, s.revision, s.observed_at_ms, \
             COALESCE(c.created_at_ms, s.occurred_at_ms, s.first_observed_at_ms) AS created_ms, c.company_name \
             FROM profile_member m JOIN source_record s ON s.id = m.record_id \
             JOIN contact c ON c.record_id = m.record_id \
             WHERE m.kind = 'person' AND {} ORDER BY m.profile_id, m.record_id",
            self.backend.id_in("m.profile_id", 1)
        );
        let values = vec![self.backend.ids(people.iter().map(|id| id.0))];
        map(self.reader(), self.statement(sql, values), |r| {
            Ok(Present {
                profile: ProfileId(r.try_get("", "profile_id")?),
                record: r.try_get("", "record_id")?,
                source: r.try_get("", "source")?,
                version: r.try_get("", "version")?,
                revision: r.try_get("", "revision")?,
                observed: r.try_get("", "observed_at_ms")?,
                created: r.try_get("", "created_ms")?,
                company_name: r.try_get("", "company_name")?,
            })
        })
        .await
    }

    /// Companies that records point at, and those that are the same record (a billing customer
    /// that is both).
    async fn present_employers(
        &self,
        records: &[i64],
    ) -> Result<HashMap<i64, Vec<StatedEmployer>>, StoreError> {
        let sql = format!(
            "SELECT l.record_id, l.target_id, m.profile_id, o.name FROM record_link l \
             LEFT JOIN profile_member m ON m.record_id = l.target_id AND m.kind = 'company' \
             LEFT JOIN company o ON o.record_id = l.target_id WHERE l.role = 'company' AND {} \
             UNION SELECT m.record_id, m.record_id, m.profile_id, o.name FROM profile_member m \
             JOIN company o ON o.record_id = m.record_id WHERE m.kind = 'company' AND {} \
             ORDER BY 1, 2",
            self.backend.id_in("l.record_id", 1),
            self.backend.id_in("m.record_id", 1)
        );
        let values = vec![self.backend.ids(records.iter().copied())];
        let rows = map(self.reader(), self.statement(sql, values), |r| {
            let company: Option<i64> = r.try_get("", "profile_id")?;
            let name = r.try_get("", "name")?;
            let employer = StatedEmployer { linked: true, company: company.map(ProfileId), name };
            Ok((r.try_get::<i64>("", "record_id")?, employer))
        })
        .await?;
        let mut found: HashMap<i64, Vec<StatedEmployer>> = HashMap::new();
        for (record, employer) in rows {
            found.entry(record).or_default().push(employer);
        }
        Ok(found)
    }

    /// Earlier revisions whose employers are known.
    async fn past_revisions(
        &self,
        records: &[i64],
    ) -> Result<HashMap<i64, BTreeMap<i64, StatedRevision>>, StoreError> {
        if records.is_empty() {
            return Ok(HashMap::new());
        }
        // A company that its vendor merged into another since is that other one.
        let sql = format!(
            "SELECT e.record_id, e.revision, e.target_id, e.name, v.version, v.observed_at_ms, m.profile_id \
             FROM employer_version e JOIN source_record_version v \
               ON v.record_id = e.record_id AND v.revision = e.revision \
             LEFT JOIN source_record t ON t.id = e.target_id \
             LEFT JOIN profile_member m ON m.record_id = COALESCE(t.merged_into_id, e.target_id) \
               AND m.kind = 'company' \
             WHERE {} ORDER BY e.record_id, e.revision, e.target_id",
            self.backend.id_in("e.record_id", 1)
        );
        let values = vec![self.backend.ids(records.iter().copied())];
        let rows = map(self.reader(), self.statement(sql, values), |r| {
            let company: Option<i64> = r.try_get("", "profile_id")?;
            Ok((
                r.try_get::<i64>("", "record_id")?,
                r.try_get::<i64>("", "revision")?,
                r.try_get::<i64>("", "version")?,
                Timestamp::from_millis(r.try_get("", "observed_at_ms")?),
                r.try_get::<i64>("", "target_id")?,
                company.map(ProfileId),
                r.try_get::<Option<String>>("", "name")?,
            ))
        })
        .await?;
        let mut found: HashMap<i64, BTreeMap<i64, StatedRevision>> = HashMap::new();
        for (record, revision, version, observed, target, company, name) in rows {
            let empty = || StatedRevision { version, observed, employers: Vec::new() };
            let slot = found.entry(record).or_default().entry(revision).or_insert_with(empty);
            match target {
                0 => slot.employers.extend(name.map(written)),
                _ => slot.employers.push(StatedEmployer { linked: true, company, name }),
            }
        }
        Ok(found)
    }

    /// The company of each name that exactly one company bears; names as hashed by `identity`.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_companies_named(
        &self,
        names: &[i64],
    ) -> Result<HashMap<i64, ProfileId>, StoreError> {
        if names.is_empty() {
            return Ok(HashMap::new());
        }
        let sql = format!(
            "SELECT key_hash, MIN(profile_id) AS id FROM household_key WHERE role = 3 AND {} \
             GROUP BY key_hash HAVING COUNT(DISTINCT profile_id) = 1",
            self.backend.id_in("key_hash", 1)
        );
        let values = vec![self.backend.ids(names.iter().copied())];
        let rows = map(self.reader(), self.statement(sql, values), |r| {
            Ok((r.try_get("", "key_hash")?, ProfileId(r.try_get("", "id")?)))
        })
        .await?;
        Ok(rows.into_iter().collect())
    }
}

fn written(name: String) -> StatedEmployer {
    StatedEmployer { linked: false, company: None, name: Some(name) }
}
