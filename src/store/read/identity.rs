//! Why records are together: joins, events, redirects; and the pairs that wait for a decision.

use super::profile::word;
use super::{ByParent, ReadError, at, group, see};
use crate::{Store, sql};
use domain::{Area, ProfileId, ProfileKind, RecordId, Scope, Timestamp};

/// Why two records of a profile were put together.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinRow {
    /// One record.
    pub left: RecordId,
    /// The other.
    pub right: RecordId,
    /// The rule.
    pub rule: String,
    /// Match weight, log2 odds.
    pub weight: f64,
    /// JSON list of comparisons.
    pub evidence: String,
}

/// Something that happened to a profile's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityChange {
    /// Its place in the history.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// `created`, `merged`, `split` or `moved`.
    pub action: String,
    /// The other profile concerned.
    pub other: Option<ProfileId>,
    /// The record that moved.
    pub record: Option<RecordId>,
}

/// A pair of records for a person to decide on.
#[derive(Clone, Debug, PartialEq)]
pub struct Review {
    /// Its id.
    pub id: i64,
    /// Persons or companies.
    pub kind: ProfileKind,
    /// One record.
    pub left: RecordId,
    /// The other.
    pub right: RecordId,
    /// 0 to 1.
    pub score: f64,
    /// Why it is uncertain.
    pub reason: String,
    /// JSON list of comparisons.
    pub evidence: String,
    /// When it was raised.
    pub raised: Timestamp,
    /// The profile of the left record.
    pub left_profile: Option<ProfileId>,
    /// The profile of the right record.
    pub right_profile: Option<ProfileId>,
}

impl Store {
    /// The joins of each profile, at most `limit`, by records.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn joins(
        &self,
        scope: &Scope,
        limit: u32,
        profiles: &[i64],
    ) -> Result<ByParent<JoinRow>, ReadError> {
        see(scope, Area::Identity)?;
        let backend = self.backend();
        let newest = super::Newest {
            table: "explanation",
            parent: "profile_id",
            fixed: None,
            keys: &["left_id", "right_id"],
        };
        let text =
            format!("SELECT k.id AS parent, f.* FROM {} {}", newest.from(backend), newest.order());
        let values = super::Newest::values::<2>(backend, profiles, limit, None);
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            Ok((
                row.try_get("", "parent")?,
                JoinRow {
                    left: RecordId(row.try_get("", "left_id")?),
                    right: RecordId(row.try_get("", "right_id")?),
                    rule: row.try_get("", "rule_id")?,
                    weight: row.try_get("", "weight")?,
                    evidence: row.try_get("", "evidence")?,
                },
            ))
        })
        .await?;
        Ok(group(rows))
    }

    /// What happened to each profile's id, at most `limit`, the latest first.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn identity_changes(
        &self,
        scope: &Scope,
        limit: u32,
        profiles: &[i64],
    ) -> Result<ByParent<IdentityChange>, ReadError> {
        see(scope, Area::Identity)?;
        let backend = self.backend();
        let newest = super::Newest {
            table: "identity_event",
            parent: "profile_id",
            fixed: None,
            keys: &["id"],
        };
        let text = format!(
            "SELECT k.id AS parent, f.id AS event_id, f.at_ms, f.action, f.other_id, f.record_id \
             FROM {} {}",
            newest.from(backend),
            newest.order()
        );
        let values = super::Newest::values::<1>(backend, profiles, limit, None);
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            let other: Option<i64> = row.try_get("", "other_id")?;
            let record: Option<i64> = row.try_get("", "record_id")?;
            Ok((
                row.try_get("", "parent")?,
                IdentityChange {
                    id: row.try_get("", "event_id")?,
                    at: at(row.try_get("", "at_ms")?),
                    action: row.try_get("", "action")?,
                    other: other.map(ProfileId),
                    record: record.map(RecordId),
                },
            ))
        })
        .await?;
        Ok(group(rows))
    }

    /// The ids that lead to each profile, at most `limit`, with when they were merged into it.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn redirects_to(
        &self,
        scope: &Scope,
        limit: u32,
        profiles: &[i64],
    ) -> Result<ByParent<(ProfileId, Timestamp)>, ReadError> {
        see(scope, Area::Identity)?;
        let backend = self.backend();
        let newest = super::Newest {
            table: "profile_redirect",
            parent: "to_id",
            fixed: None,
            keys: &["from_id"],
        };
        let text = format!(
            "SELECT k.id AS parent, f.from_id, f.redirected_at_ms FROM {} {}",
            newest.from(backend),
            newest.order()
        );
        let values = super::Newest::values::<1>(backend, profiles, limit, None);
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            let from = ProfileId(row.try_get("", "from_id")?);
            Ok((row.try_get("", "parent")?, (from, at(row.try_get("", "redirected_at_ms")?))))
        })
        .await?;
        Ok(group(rows))
    }

    /// Pairs that wait for a decision, the highest score first; the key is (score, id).
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn reviews(
        &self,
        scope: &Scope,
        kind: Option<ProfileKind>,
        limit: u32,
        after: Option<(f64, i64)>,
    ) -> Result<Vec<Review>, ReadError> {
        see(scope, Area::Identity)?;
        let (score, id) = after.unwrap_or((f64::MAX, i64::MAX));
        let mut values = vec![i64::from(limit).into(), score.into(), id.into()];
        let mut filter = String::new();
        if let Some(kind) = kind {
            values.push(kind.as_str().into());
            filter.push_str(" AND r.kind = $4");
        }
        let text = format!(
            "SELECT r.*, l.profile_id AS left_profile, m.profile_id AS right_profile \
             FROM (SELECT * FROM review r WHERE (r.score, r.id) < ($2, $3){filter} \
                   ORDER BY r.score DESC, r.id DESC LIMIT $1) r \
             LEFT JOIN profile_member l ON l.record_id = r.left_id AND l.kind = r.kind \
             LEFT JOIN profile_member m ON m.record_id = r.right_id AND m.kind = r.kind \
             ORDER BY r.score DESC, r.id DESC"
        );
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            let left: Option<i64> = row.try_get("", "left_profile")?;
            let right: Option<i64> = row.try_get("", "right_profile")?;
            Ok(Review {
                id: row.try_get("", "id")?,
                kind: word(row, "kind", ProfileKind::parse)?,
                left: RecordId(row.try_get("", "left_id")?),
                right: RecordId(row.try_get("", "right_id")?),
                score: row.try_get("", "score")?,
                reason: row.try_get("", "reason")?,
                evidence: row.try_get("", "evidence")?,
                raised: at(row.try_get("", "created_at_ms")?),
                left_profile: left.map(ProfileId),
                right_profile: right.map(ProfileId),
            })
        })
        .await?;
        Ok(rows)
    }

    /// How many pairs wait for a decision.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn review_count(
        &self,
        scope: &Scope,
        kind: Option<ProfileKind>,
    ) -> Result<i64, ReadError> {
        see(scope, Area::Identity)?;
        let (filter, values) = match kind {
            Some(kind) => (" WHERE kind = $1", vec![kind.as_str().into()]),
            None => ("", vec![]),
        };
        let text = format!("SELECT COUNT(*) AS n FROM review{filter}");
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            row.try_get::<i64>("", "n")
        })
        .await?;
        Ok(rows.first().copied().unwrap_or(0))
    }
}
