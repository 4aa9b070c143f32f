//! The source records of profiles, their versions, identifiers and golden fields.

use super::{
    ByParent, Newest, ReadError, RecordRef, Slice, at, group, see, shown_email, shown_phone,
};
use crate::identity::BLOCK_MAX;
use crate::{Store, sql};
use domain::{Access, Area, IdentifierKind, Payload, RecordId, Scope, Timestamp};
use sea_orm::{DbErr, QueryResult};
use std::collections::HashMap;

/// A source record without its payload.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRecord {
    /// Id and key.
    pub record: RecordRef,
    /// The vendor's version.
    pub version: i64,
    /// When the vendor says it was created or happened.
    pub occurred: Option<Timestamp>,
    /// Number of versions that we saw.
    pub revision: i64,
    /// When we first saw it.
    pub first_observed: Timestamp,
    /// When we saw its present version.
    pub observed: Timestamp,
    /// When the vendor deleted it.
    pub deleted: Option<Timestamp>,
    /// The record into which the vendor merged it.
    pub merged_into: Option<RecordId>,
}

/// An earlier or the present version of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordVersion {
    /// Counted from 1.
    pub revision: i64,
    /// The vendor's version.
    pub version: i64,
    /// When we saw it.
    pub observed: Timestamp,
    /// As received.
    pub payload: Payload,
}

/// A golden field with where it came from.
#[derive(Clone, PartialEq)]
pub struct GoldenValue {
    /// Which field.
    pub field: String,
    /// Its value; masked or absent where contact details are.
    pub value: Option<String>,
    /// The record it was taken from.
    pub record: RecordRef,
    /// The survivorship rule that chose it; `override` if a person set it.
    pub rule: String,
    /// Who set it and why, if a person did.
    pub set: Option<FieldSetting>,
}

/// Who set a golden field by hand, when and why.
#[derive(Clone, PartialEq, Eq)]
pub struct FieldSetting {
    /// The subject of the token.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why. People quote what they correct, so it is hidden where contact details are not shown in
    /// full.
    pub reason: Option<String>,
}

/// An identifier of a profile.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentifierRow {
    /// Its kind.
    pub kind: IdentifierKind,
    /// Its normalised value, full or masked.
    pub value: String,
    /// How many of the profile's records carry it.
    pub records: i64,
    /// Whether so many records carry it that it identifies nobody.
    pub demoted: bool,
}

const COLUMNS: &str = "s.id AS record_id, s.source, s.stream, s.external_id, s.version, \
    s.occurred_at_ms, s.revision, s.first_observed_at_ms, s.observed_at_ms, s.deleted_at_ms, \
    s.merged_into_id";

fn record(row: &QueryResult) -> Result<StoredRecord, DbErr> {
    let time = |column: &str| row.try_get::<Option<i64>>("", column).map(|ms| ms.map(at));
    Ok(StoredRecord {
        record: RecordRef::from_row(row)?,
        version: row.try_get("", "version")?,
        occurred: time("occurred_at_ms")?,
        revision: row.try_get("", "revision")?,
        first_observed: at(row.try_get("", "first_observed_at_ms")?),
        observed: at(row.try_get("", "observed_at_ms")?),
        deleted: time("deleted_at_ms")?,
        merged_into: row.try_get::<Option<i64>>("", "merged_into_id")?.map(RecordId),
    })
}

/// What a scope sees of a golden field.
fn shown_field(access: Access, field: &str, value: String) -> Option<String> {
    match field {
        "email" => shown_email(access, Some(value)),
        "phone" => shown_phone(access, Some(value)),
        "street" | "city" | "postal_code" => (access == Access::Full).then_some(value),
        _ => Some(value),
    }
}

/// What a scope sees of an identifier. Values that contain an address are hidden as a whole.
pub(super) fn shown_identifier(access: Access, kind: IdentifierKind, value: String) -> String {
    let masked = match kind {
        IdentifierKind::Email => shown_email(access, Some(value)),
        IdentifierKind::Phone => shown_phone(access, Some(value)),
        // Both hold contact details behind the name: an address, a phone line.
        IdentifierKind::NameAddress | IdentifierKind::NameCompany => {
            (access == Access::Full).then_some(value)
        }
        IdentifierKind::ExternalId
        | IdentifierKind::NameDomain
        | IdentifierKind::Domain
        | IdentifierKind::CompanyName => Some(value),
    };
    masked.unwrap_or_else(|| "***".to_owned())
}

/// Payloads hold everything, so they need both the area and full contact details.
fn see_payloads(scope: &Scope) -> Result<(), ReadError> {
    see(scope, Area::Payloads)?;
    match scope.access(Area::ContactDetails) {
        Access::Full => Ok(()),
        _ => Err(ReadError::Forbidden(Area::ContactDetails)),
    }
}

impl Store {
    /// The records of each profile, in descending order of their ids; the key is the record.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub async fn records_of(
        &self,
        _scope: &Scope,
        slice: &Slice<RecordId>,
        profiles: &[i64],
    ) -> Result<ByParent<StoredRecord>, ReadError> {
        let backend = self.backend();
        let newest = Newest {
            table: "profile_member",
            parent: "profile_id",
            fixed: None,
            keys: &["record_id"],
        };
        let text = format!(
            "SELECT k.id AS parent, {COLUMNS} FROM {} JOIN source_record s ON s.id = f.record_id {}",
            newest.from(backend),
            newest.order()
        );
        let values = Newest::values(backend, profiles, slice.limit, slice.after.map(|id| [id.0]));
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            Ok((row.try_get("", "parent")?, record(row)?))
        })
        .await?;
        Ok(group(rows))
    }

    /// Records by id; absent ones do not exist.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub async fn records(
        &self,
        _scope: &Scope,
        ids: &[i64],
    ) -> Result<ByParent<StoredRecord>, ReadError> {
        let backend = self.backend();
        let text =
            format!("SELECT {COLUMNS} FROM source_record s WHERE {}", backend.id_in("s.id", 1));
        let values = vec![backend.ids(ids.iter().copied())];
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            let record = record(row)?;
            Ok((record.record.id.0, record))
        })
        .await?;
        Ok(group(rows))
    }

    /// The payload of each record as received last.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn payloads(
        &self,
        scope: &Scope,
        records: &[i64],
    ) -> Result<ByParent<Payload>, ReadError> {
        see_payloads(scope)?;
        let backend = self.backend();
        let text =
            format!("SELECT id, payload FROM source_record WHERE {}", backend.id_in("id", 1));
        let values = vec![backend.ids(records.iter().copied())];
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            Ok((row.try_get("", "id")?, Payload::new(row.try_get::<String>("", "payload")?)))
        })
        .await?;
        Ok(group(rows))
    }

    /// Earlier versions of each record, the latest first; the key is the revision.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn record_versions(
        &self,
        scope: &Scope,
        slice: &Slice<i64>,
        records: &[i64],
    ) -> Result<ByParent<RecordVersion>, ReadError> {
        see_payloads(scope)?;
        let backend = self.backend();
        let newest = Newest {
            table: "source_record_version",
            parent: "record_id",
            fixed: None,
            keys: &["revision"],
        };
        let text = format!(
            "SELECT k.id AS parent, f.revision, f.version, f.observed_at_ms, f.payload \
             FROM {} {}",
            newest.from(backend),
            newest.order()
        );
        let values = Newest::values(backend, records, slice.limit, slice.after.map(|r| [r]));
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            Ok((
                row.try_get("", "parent")?,
                RecordVersion {
                    revision: row.try_get("", "revision")?,
                    version: row.try_get("", "version")?,
                    observed: at(row.try_get("", "observed_at_ms")?),
                    payload: Payload::new(row.try_get::<String>("", "payload")?),
                },
            ))
        })
        .await?;
        Ok(group(rows))
    }

    /// How many records each profile has; absent is none.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub async fn record_counts(
        &self,
        _scope: &Scope,
        profiles: &[i64],
    ) -> Result<HashMap<i64, i64>, ReadError> {
        let backend = self.backend();
        let text = format!(
            "SELECT profile_id, COUNT(*) AS n FROM profile_member WHERE {} GROUP BY profile_id",
            backend.id_in("profile_id", 1)
        );
        let values = vec![backend.ids(profiles.iter().copied())];
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            Ok((row.try_get("", "profile_id")?, row.try_get("", "n")?))
        })
        .await?;
        Ok(rows.into_iter().collect())
    }

    /// The golden fields of each profile, by name.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub async fn golden_fields(
        &self,
        scope: &Scope,
        profiles: &[i64],
    ) -> Result<ByParent<GoldenValue>, ReadError> {
        let backend = self.backend();
        let contact = scope.access(Area::ContactDetails);
        let text = format!(
            "SELECT g.profile_id, g.field, g.value, g.rule, g.record_id, s.source, s.stream, \
             s.external_id, o.set_by, o.set_at_ms, o.reason \
             FROM profile_field g JOIN source_record s ON s.id = g.record_id \
             JOIN profile p ON p.id = g.profile_id \
             LEFT JOIN field_override o ON g.rule = 'override' AND o.record_id = g.record_id \
               AND o.kind = p.kind AND o.field = g.field \
             WHERE {} ORDER BY g.profile_id, g.field",
            backend.id_in("g.profile_id", 1)
        );
        let values = vec![backend.ids(profiles.iter().copied())];
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            let field: String = row.try_get("", "field")?;
            let value = shown_field(contact, &field, row.try_get("", "value")?);
            let record = RecordRef::from_row(row)?;
            let rule = row.try_get("", "rule")?;
            let by: Option<String> = row.try_get("", "set_by")?;
            let time: Option<i64> = row.try_get("", "set_at_ms")?;
            let reason: Option<String> = row.try_get("", "reason")?;
            let set = by.zip(time).map(|(by, time)| FieldSetting {
                by,
                at: at(time),
                reason: reason.filter(|_| contact == Access::Full),
            });
            Ok((row.try_get("", "profile_id")?, GoldenValue { field, value, record, rule, set }))
        })
        .await?;
        Ok(group(rows))
    }

    /// The identifiers of each profile, at most `limit`, by kind and value.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub async fn identifiers(
        &self,
        scope: &Scope,
        limit: u32,
        profiles: &[i64],
    ) -> Result<ByParent<IdentifierRow>, ReadError> {
        let backend = self.backend();
        let contact = scope.access(Area::ContactDetails);
        let text = format!(
            "SELECT m.profile_id, i.kind, i.value, COUNT(DISTINCT i.record_id) AS n, \
             (SELECT COUNT(*) FROM (SELECT 1 FROM identifier x WHERE x.entity = i.entity \
               AND x.kind = i.kind AND x.value = i.value LIMIT {}) carriers) AS carriers \
             FROM profile_member m \
             JOIN identifier i ON i.record_id = m.record_id AND i.entity = m.kind \
             WHERE {} GROUP BY m.profile_id, i.entity, i.kind, i.value \
             ORDER BY m.profile_id, i.kind, i.value",
            BLOCK_MAX + 1,
            backend.id_in("m.profile_id", 1)
        );
        let values = vec![backend.ids(profiles.iter().copied())];
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            let kind = super::profile::word(row, "kind", IdentifierKind::parse)?;
            let value = shown_identifier(contact, kind, row.try_get("", "value")?);
            let demoted = row.try_get::<i64>("", "carriers")? > BLOCK_MAX as i64;
            let records = row.try_get("", "n")?;
            Ok((row.try_get("", "profile_id")?, IdentifierRow { kind, value, records, demoted }))
        })
        .await?;
        let mut found = group(rows);
        for list in found.values_mut() {
            list.truncate(limit as usize);
        }
        Ok(found)
    }
}
