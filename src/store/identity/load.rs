//! Records, decisions and membership, read for resolution.
//!
//! Owns the statements; every one is set-based. Refuses to follow anything: `search` does.

use super::{IdentityBody, IdentityInput, table_of};
use crate::sql::{document, map};
use crate::{Backend, Store, StoreError};
use domain::{
    Address, Company, Contact, Decision, Identifier, IdentifierKind, Pii, ProfileId, ProfileKind,
    RecordId, RecordKey, Timestamp, Verdict,
};
use sea_orm::{ConnectionTrait, QueryResult};
use serde::Deserialize;
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

/// A record as the statement of [`inputs_of`] writes it: a JSON array of these.
#[derive(Deserialize)]
struct InputRow<B> {
    id: i64,
    source: String,
    stream: String,
    external_id: String,
    version: i64,
    stated: Vec<Pii>,
    employers: Vec<String>,
    body: B,
}

/// Street, city, region, postal code, country.
type AddressRow = (Option<Pii>, Option<Pii>, Option<String>, Option<Pii>, Option<String>);

fn address((street, city, region, postal_code, country): AddressRow) -> Address {
    Address { street, city, region, postal_code, country }
}

/// The columns of [`AddressRow`].
const ADDRESS: [&str; 5] = ["t.street", "t.city", "t.region", "t.postal_code", "t.country"];

#[derive(Deserialize)]
struct ContactRow {
    full_name: Option<Pii>,
    given_name: Option<Pii>,
    family_name: Option<Pii>,
    emails: Vec<Pii>,
    phones: Vec<Pii>,
    job_title: Option<String>,
    company_name: Option<String>,
    vendor_stage: Option<String>,
    acquisition_channel: Option<String>,
    created_at_ms: Option<i64>,
    address: AddressRow,
}

impl From<ContactRow> for IdentityBody {
    fn from(r: ContactRow) -> Self {
        Self::Contact(Box::new(Contact {
            full_name: r.full_name,
            given_name: r.given_name,
            family_name: r.family_name,
            emails: r.emails,
            phones: r.phones,
            job_title: r.job_title,
            company_name: r.company_name,
            address: address(r.address),
            vendor_stage: r.vendor_stage,
            // Nobody is told from another by when stages were entered.
            vendor_stays: Vec::new(),
            acquisition_channel: r.acquisition_channel,
            created_at: r.created_at_ms.map(Timestamp::from_millis),
            links: Vec::new(),
        }))
    }
}

#[derive(Deserialize)]
struct CompanyRow {
    name: Option<String>,
    domains: Vec<String>,
    phones: Vec<Pii>,
    emails: Vec<Pii>,
    industry: Option<String>,
    employee_count: Option<i64>,
    vendor_stage: Option<String>,
    acquisition_channel: Option<String>,
    created_at_ms: Option<i64>,
    address: AddressRow,
}

impl From<CompanyRow> for IdentityBody {
    fn from(r: CompanyRow) -> Self {
        Self::Company(Box::new(Company {
            name: r.name,
            domains: r.domains,
            phones: r.phones,
            emails: r.emails,
            industry: r.industry,
            employee_count: r.employee_count,
            address: address(r.address),
            vendor_stage: r.vendor_stage,
            // Nobody is told from another by when stages were entered.
            vendor_stays: Vec::new(),
            acquisition_channel: r.acquisition_channel,
            created_at: r.created_at_ms.map(Timestamp::from_millis),
        }))
    }
}

/// The columns of [`ContactRow`] or [`CompanyRow`] but the address.
fn body_columns(backend: Backend, kind: ProfileKind) -> Vec<String> {
    let columns: &[&str] = match kind {
        ProfileKind::Person => &[
            "full_name",
            "given_name",
            "family_name",
            "emails",
            "phones",
            "job_title",
            "company_name",
            "vendor_stage",
            "acquisition_channel",
            "created_at_ms",
        ],
        ProfileKind::Company => &[
            "name",
            "domains",
            "phones",
            "emails",
            "industry",
            "employee_count",
            "vendor_stage",
            "acquisition_channel",
            "created_at_ms",
        ],
    };
    let one = |column: &&str| match *column {
        "emails" | "phones" | "domains" => backend.json_of(&format!("t.{column}")),
        _ => format!("t.{column}"),
    };
    columns.iter().map(one).collect()
}

/// One statement, one document: of all that resolution does, it reads most here.
pub(super) async fn inputs_of(
    store: &Store,
    on: &impl ConnectionTrait,
    kind: ProfileKind,
    ids: &[RecordId],
) -> Result<Vec<IdentityInput>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let backend = store.backend;
    let list = |each: &str, of: &str| {
        backend.json_of(&format!("(SELECT {} {of})", backend.json_list(each)))
    };
    let stated = list(
        "i.value",
        &format!(
            "FROM identifier i WHERE i.record_id = t.record_id AND i.entity = '{}' \
             AND i.kind = 'external_id'",
            kind.as_str()
        ),
    );
    let employers = match kind {
        ProfileKind::Person => list(
            "e.name ORDER BY e.target_id",
            "FROM (SELECT DISTINCT l.target_id, c.name FROM record_link l \
             JOIN company c ON c.record_id = l.target_id \
             WHERE l.record_id = t.record_id AND c.name IS NOT NULL) e",
        ),
        ProfileKind::Company => backend.json_of("'[]'"),
    };
    let mut body = body_columns(backend, kind);
    body.push(backend.json_row(&ADDRESS));
    let body: Vec<&str> = body.iter().map(String::as_str).collect();
    let record = backend.json_row(&[
        "t.record_id",
        "s.source",
        "s.stream",
        "s.external_id",
        "s.version",
        &stated,
        &employers,
        &backend.json_row(&body),
    ]);
    let sql = format!(
        "SELECT CAST({} AS TEXT) AS doc FROM {} t JOIN source_record s ON s.id = t.record_id WHERE {}",
        backend.json_list(&record),
        table_of(kind),
        backend.id_in("t.record_id", 1)
    );
    let statement = store.statement(sql, vec![backend.ids(ids.iter().map(|id| id.0))]);
    Ok(match kind {
        ProfileKind::Person => inputs::<ContactRow>(document(on, statement).await?),
        ProfileKind::Company => inputs::<CompanyRow>(document(on, statement).await?),
    })
}

fn inputs<B: Into<IdentityBody>>(rows: Vec<InputRow<B>>) -> Vec<IdentityInput> {
    let vendor_id = |value| Identifier { kind: IdentifierKind::ExternalId, value };
    rows.into_iter()
        .map(|r| IdentityInput {
            id: RecordId(r.id),
            key: RecordKey::new(r.source, r.stream, r.external_id),
            version: r.version,
            body: r.body.into(),
            stated: r.stated.into_iter().map(vendor_id).collect(),
            employers: r.employers,
        })
        .collect()
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
