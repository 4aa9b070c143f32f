//! Why records are together: joins, decisions, events, redirects.

use super::profile::word;
use super::records::shown_identifier;
use super::{AuditEntry, ByParent, Newest, ReadError, at, group, see};
use crate::rows::from_json;
use crate::{Store, StoreError, sql};
use domain::{Area, Identifier, ProfileId, RecordId, Scope, Timestamp, Verdict};
use serde::{Deserialize, Serialize};

/// One bar of a waterfall: what a comparison adds to the weight of a pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvidenceBar {
    /// What was compared; `prior` comes first, before anything is.
    #[serde(default)]
    pub comparison: String,
    /// How well it agreed.
    #[serde(default)]
    pub level: String,
    /// Contribution in log2 odds.
    #[serde(default)]
    pub weight: f64,
    /// Share of the records that carry the value agreed on, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term_frequency: Option<f64>,
    /// The value shared, masked where contact details are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifier: Option<Identifier>,
}

impl EvidenceBar {
    /// The bar as a scope may see it.
    #[must_use]
    pub fn shown(mut self, scope: &Scope) -> Self {
        self.identifier = self.identifier.map(|Identifier { kind, value }| {
            let access = scope.access(Area::ContactDetails);
            Identifier::new(kind, shown_identifier(access, kind, value.expose().to_owned()))
        });
        self
    }
}

/// A stored waterfall as a scope may see it.
pub(super) fn waterfall(
    scope: &Scope,
    text: &str,
    what: &'static str,
) -> Result<Vec<EvidenceBar>, StoreError> {
    let bars: Vec<EvidenceBar> = from_json(text, what)?;
    Ok(bars.into_iter().map(|bar| bar.shown(scope)).collect())
}

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
    /// What adds up to the weight.
    pub waterfall: Vec<EvidenceBar>,
}

/// Something that happened to a profile's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityChange {
    /// Its place in the history.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// `created`, `merged`, `split`, `moved` or `emptied`.
    pub action: String,
    /// The profile that it happened to: what retired, was split, or lost the record.
    pub profile: ProfileId,
    /// The other profile concerned: what it went into.
    pub other: Option<ProfileId>,
    /// The record that moved.
    pub record: Option<RecordId>,
    /// The decision that brought it about; `None` if the records themselves did.
    pub cause: Option<AuditEntry>,
}

/// What a person decided on a pair of records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRow {
    /// One record.
    pub left: RecordId,
    /// The other.
    pub right: RecordId,
    /// The verdict that counts: the last one.
    pub verdict: Verdict,
    /// The token's subject.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The profile of the left record.
    pub left_profile: Option<ProfileId>,
    /// The profile of the right record.
    pub right_profile: Option<ProfileId>,
}

impl Store {
    /// The joins of each profile, at most `limit`, the most certain first: the order in which they
    /// hold the records together.
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
        let newest = Newest {
            table: "explanation",
            parent: "profile_id",
            fixed: None,
            keys: &["weight", "left_id", "right_id"],
        };
        let text =
            format!("SELECT k.id AS parent, f.* FROM {} {}", newest.from(backend), newest.order());
        let values = Newest::values::<3>(backend, profiles, limit, None);
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            let join = JoinRow {
                left: RecordId(row.try_get("", "left_id")?),
                right: RecordId(row.try_get("", "right_id")?),
                rule: row.try_get("", "rule_id")?,
                weight: row.try_get("", "weight")?,
                waterfall: Vec::new(),
            };
            Ok((row.try_get::<i64>("", "parent")?, join, row.try_get::<String>("", "evidence")?))
        })
        .await?;
        let rows = rows
            .into_iter()
            .map(|(parent, mut join, evidence)| {
                join.waterfall = waterfall(scope, &evidence, "explanation.evidence")?;
                Ok((parent, join))
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        Ok(group(rows))
    }

    /// What happened to each profile's id, and what other ids went into it, at most `limit`, the
    /// latest first.
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
        let by = |parent| {
            let newest = Newest { table: "identity_event", parent, fixed: None, keys: &["id"] };
            format!(
                "SELECT k.id AS parent, f.id AS event_id, f.at_ms, f.action, f.profile_id, \
                 f.other_id, f.record_id FROM {}",
                newest.from(backend)
            )
        };
        let text = format!(
            "SELECT e.*, a.id AS audit_id, a.at_ms AS decided_at_ms, a.subject, a.role, \
             a.action AS audit_action, a.detail FROM ({} UNION ALL {}) e \
             LEFT JOIN identity_cause c ON c.event_id = e.event_id \
             LEFT JOIN audit_entry a ON a.id = c.audit_id ORDER BY e.parent, e.event_id DESC",
            by("profile_id"),
            by("other_id")
        );
        let values = Newest::values::<1>(backend, profiles, limit, None);
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            let other: Option<i64> = row.try_get("", "other_id")?;
            let record: Option<i64> = row.try_get("", "record_id")?;
            let audit: Option<i64> = row.try_get("", "audit_id")?;
            let cause = match audit {
                Some(id) => Some(AuditEntry {
                    id,
                    at: at(row.try_get("", "decided_at_ms")?),
                    subject: row.try_get("", "subject")?,
                    role: row.try_get("", "role")?,
                    action: row.try_get("", "audit_action")?,
                    detail: row.try_get("", "detail")?,
                }),
                None => None,
            };
            Ok((
                row.try_get("", "parent")?,
                IdentityChange {
                    id: row.try_get("", "event_id")?,
                    at: at(row.try_get("", "at_ms")?),
                    action: row.try_get("", "action")?,
                    profile: ProfileId(row.try_get("", "profile_id")?),
                    other: other.map(ProfileId),
                    record: record.map(RecordId),
                    cause,
                },
            ))
        })
        .await?;
        let mut found = group(rows);
        for list in found.values_mut() {
            list.truncate(limit as usize);
        }
        Ok(found)
    }

    /// What people decided on pairs in which a record of each profile takes part, at most `limit`,
    /// the latest first.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn decisions(
        &self,
        scope: &Scope,
        limit: u32,
        profiles: &[i64],
    ) -> Result<ByParent<DecisionRow>, ReadError> {
        see(scope, Area::Identity)?;
        let by = |column: &str| {
            format!(
                "SELECT m.profile_id AS parent, d.kind, d.left_id, d.right_id, d.verdict, \
                 d.decided_by, d.decided_at_ms FROM profile_member m \
                 JOIN decision d ON d.kind = m.kind AND d.{column} = m.record_id WHERE {}",
                self.backend().id_in("m.profile_id", 1)
            )
        };
        // A split decides on very many pairs at once; their number is bounded where they are.
        let text = format!(
            "SELECT n.*, l.profile_id AS left_profile, r.profile_id AS right_profile FROM (\
             SELECT t.*, ROW_NUMBER() OVER (PARTITION BY t.parent \
             ORDER BY t.decided_at_ms DESC, t.left_id, t.right_id) AS place \
             FROM ({} UNION {}) t) n \
             LEFT JOIN profile_member l ON l.record_id = n.left_id AND l.kind = n.kind \
             LEFT JOIN profile_member r ON r.record_id = n.right_id AND r.kind = n.kind \
             WHERE n.place <= $2 ORDER BY n.parent, n.place",
            by("left_id"),
            by("right_id")
        );
        let values = vec![self.backend().ids(profiles.iter().copied()), i64::from(limit).into()];
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            let left: Option<i64> = row.try_get("", "left_profile")?;
            let right: Option<i64> = row.try_get("", "right_profile")?;
            Ok((
                row.try_get("", "parent")?,
                DecisionRow {
                    left: RecordId(row.try_get("", "left_id")?),
                    right: RecordId(row.try_get("", "right_id")?),
                    verdict: word(row, "verdict", Verdict::parse)?,
                    by: row.try_get("", "decided_by")?,
                    at: at(row.try_get("", "decided_at_ms")?),
                    left_profile: left.map(ProfileId),
                    right_profile: right.map(ProfileId),
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
        let newest =
            Newest { table: "profile_redirect", parent: "to_id", fixed: None, keys: &["from_id"] };
        let text = format!(
            "SELECT k.id AS parent, f.from_id, f.redirected_at_ms FROM {} {}",
            newest.from(backend),
            newest.order()
        );
        let values = Newest::values::<1>(backend, profiles, limit, None);
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            let from = ProfileId(row.try_get("", "from_id")?);
            Ok((row.try_get("", "parent")?, (from, at(row.try_get("", "redirected_at_ms")?))))
        })
        .await?;
        Ok(group(rows))
    }
}
