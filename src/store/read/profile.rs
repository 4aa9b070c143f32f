//! Profiles by id, redirects followed.

use super::{ReadError, at, shown_email, shown_phone};
use crate::{Store, sql};
use domain::{
    Access, Area, Currency, Money, ProfileId, ProfileKind, Scope, Stage, Status, Timestamp,
};
use sea_orm::{DbErr, QueryResult};
use std::collections::HashMap;

/// A profile as a scope may see it: masked values are masked here already, and money is `None`
/// where customer numbers are hidden.
#[derive(Clone, PartialEq)]
pub struct Profile {
    /// Its id.
    pub id: ProfileId,
    /// Person or company.
    pub kind: ProfileKind,
    /// Name to show. Every role may see names.
    pub display_name: Option<String>,
    /// Primary e-mail address, full or masked.
    pub email: Option<String>,
    /// Primary phone number, full or masked.
    pub phone: Option<String>,
    /// Employer's name, or the company's own.
    pub company_name: Option<String>,
    /// Country.
    pub country: Option<String>,
    /// Web domain.
    pub domain: Option<String>,
    /// Segment.
    pub segment: String,
    /// Channel of acquisition.
    pub acquisition_channel: Option<String>,
    /// Lifecycle stage.
    pub stage: Stage,
    /// Since when.
    pub stage_since: Timestamp,
    /// Commercial standing.
    pub status: Status,
    /// Revenue so far; the list's copy of the number, for ordering.
    pub revenue: Option<Money>,
    /// Monthly recurring revenue; likewise.
    pub mrr: Option<Money>,
    /// Number of source records unified in it.
    pub record_count: i64,
    /// When the earliest of them was first known.
    pub first_seen: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Profile").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The columns that [`row`] reads, of alias `p`.
pub(super) const COLUMNS: &str = "p.id, p.kind, p.display_name, p.email, p.phone, p.company_name, \
    p.country, p.domain, p.segment, p.acquisition_channel, p.stage, p.stage_position, p.stage_since_ms, p.status, \
    p.revenue_minor, p.mrr_minor, p.currency, p.record_count, p.first_seen_at_ms, p.updated_at_ms";

pub(super) fn row(scope: &Scope, row: &QueryResult) -> Result<Profile, DbErr> {
    let contact = scope.access(Area::ContactDetails);
    let money = scope.access(Area::CustomerNumbers) == Access::Full;
    let currency = row
        .try_get::<Option<String>>("", "currency")?
        .and_then(|code| Currency::parse(&code))
        .filter(|_| money);
    let amount = |column: &str| -> Result<Option<Money>, DbErr> {
        let minor: Option<i64> = row.try_get("", column)?;
        Ok(minor.zip(currency).map(|(minor, currency)| Money::from_minor(minor, currency)))
    };
    Ok(Profile {
        id: ProfileId(row.try_get("", "id")?),
        kind: word(row, "kind", ProfileKind::parse)?,
        display_name: row.try_get("", "display_name")?,
        email: shown_email(contact, row.try_get("", "email")?),
        phone: shown_phone(contact, row.try_get("", "phone")?),
        company_name: row.try_get("", "company_name")?,
        country: row.try_get("", "country")?,
        domain: row.try_get("", "domain")?,
        segment: row.try_get("", "segment")?,
        acquisition_channel: row.try_get("", "acquisition_channel")?,
        stage: word(row, "stage", Stage::parse)?,
        stage_since: at(row.try_get("", "stage_since_ms")?),
        status: word(row, "status", Status::parse)?,
        revenue: amount("revenue_minor")?,
        mrr: amount("mrr_minor")?,
        record_count: row.try_get("", "record_count")?,
        first_seen: at(row.try_get("", "first_seen_at_ms")?),
        updated: at(row.try_get("", "updated_at_ms")?),
    })
}

/// A stored word of a closed set.
pub(super) fn word<T>(
    row: &QueryResult,
    column: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, DbErr> {
    let text: String = row.try_get("", column)?;
    parse(&text).ok_or_else(|| DbErr::Type(format!("column {column} holds an unknown word")))
}

impl Store {
    /// Profiles by id. A merged id leads to the profile it was merged into; ids that never were
    /// one are absent from the answer.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub async fn profiles(
        &self,
        scope: &Scope,
        ids: &[ProfileId],
    ) -> Result<HashMap<ProfileId, Profile>, ReadError> {
        let backend = self.backend();
        // A chain of redirects is short (the writer points old ones at the newest), but an old
        // chain of any length resolves: the recursion stops at 64 steps, where only a cycle is.
        let text = format!(
            "WITH RECURSIVE asked(id, at, step) AS (\
                SELECT k.id, k.id, 0 FROM {ids} \
                UNION ALL \
                SELECT a.id, r.to_id, a.step + 1 FROM asked a \
                JOIN profile_redirect r ON r.from_id = a.at WHERE a.step < 64) \
             SELECT a.id AS asked, {COLUMNS} FROM asked a JOIN profile p ON p.id = a.at",
            ids = backend.id_rows(1),
        );
        let values = vec![backend.ids(ids.iter().map(|id| id.0))];
        let rows = sql::map(self.reader(), self.statement(text, values), |r| {
            Ok((ProfileId(r.try_get("", "asked")?), row(scope, r)?))
        })
        .await?;
        Ok(rows.into_iter().collect())
    }

    /// One profile by id, redirects followed.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub async fn profile(
        &self,
        scope: &Scope,
        id: ProfileId,
    ) -> Result<Option<Profile>, ReadError> {
        Ok(self.profiles(scope, &[id]).await?.remove(&id))
    }
}
