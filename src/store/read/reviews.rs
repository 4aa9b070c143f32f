//! The review queue: pairs that wait for a decision.

use super::identity::waterfall;
use super::profile::word;
use super::{EvidenceBar, ReadError, at, see};
use crate::{Store, StoreError, sql};
use domain::{Area, ProfileId, ProfileKind, RecordId, Scope, Timestamp};
use sea_orm::Value;

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
    /// How much a decision would change; orders the queue.
    pub priority: f64,
    /// Why it is uncertain.
    pub reason: String,
    /// What speaks for the pair and what against it.
    pub waterfall: Vec<EvidenceBar>,
    /// When it was raised.
    pub raised: Timestamp,
    /// The profile of the left record.
    pub left_profile: Option<ProfileId>,
    /// The profile of the right record.
    pub right_profile: Option<ProfileId>,
}

/// Which part of the queue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReviewFilter {
    /// Only of this kind.
    pub kind: Option<ProfileKind>,
    /// Only for one of these reasons, as stored; any if empty.
    pub reasons: Vec<String>,
    /// Only with at least this score.
    pub score_min: Option<f64>,
}

impl ReviewFilter {
    /// Conditions on `review` as `r`, each with `AND` in front; their values join `values`.
    fn conditions(&self, values: &mut Vec<Value>) -> String {
        let mut text = String::new();
        let mut place = |value: Value| {
            values.push(value);
            format!("${}", values.len())
        };
        if let Some(kind) = self.kind {
            text.push_str(&format!(" AND r.kind = {}", place(kind.as_str().into())));
        }
        if !self.reasons.is_empty() {
            let places: Vec<String> =
                self.reasons.iter().map(|reason| place(reason.as_str().into())).collect();
            text.push_str(&format!(" AND r.reason IN ({})", places.join(", ")));
        }
        if let Some(score) = self.score_min {
            text.push_str(&format!(" AND r.score >= {}", place(score.into())));
        }
        text
    }
}

impl Store {
    /// Pairs that wait for a decision, those first that change most; the key is (priority, id).
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn reviews(
        &self,
        scope: &Scope,
        filter: &ReviewFilter,
        limit: u32,
        after: Option<(f64, i64)>,
    ) -> Result<Vec<Review>, ReadError> {
        see(scope, Area::Identity)?;
        let (priority, id) = after.unwrap_or((f64::MAX, i64::MAX));
        let mut values = vec![i64::from(limit).into(), priority.into(), id.into()];
        let filter = filter.conditions(&mut values);
        let text = format!(
            "SELECT r.*, l.profile_id AS left_profile, m.profile_id AS right_profile \
             FROM (SELECT * FROM review r WHERE (r.priority, r.id) < ($2, $3){filter} \
                   ORDER BY r.priority DESC, r.id DESC LIMIT $1) r \
             LEFT JOIN profile_member l ON l.record_id = r.left_id AND l.kind = r.kind \
             LEFT JOIN profile_member m ON m.record_id = r.right_id AND m.kind = r.kind \
             ORDER BY r.priority DESC, r.id DESC"
        );
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            let left: Option<i64> = row.try_get("", "left_profile")?;
            let right: Option<i64> = row.try_get("", "right_profile")?;
            let review = Review {
                id: row.try_get("", "id")?,
                kind: word(row, "kind", ProfileKind::parse)?,
                left: RecordId(row.try_get("", "left_id")?),
                right: RecordId(row.try_get("", "right_id")?),
                score: row.try_get("", "score")?,
                priority: row.try_get("", "priority")?,
                reason: row.try_get("", "reason")?,
                waterfall: Vec::new(),
                raised: at(row.try_get("", "created_at_ms")?),
                left_profile: left.map(ProfileId),
                right_profile: right.map(ProfileId),
            };
            Ok((review, row.try_get::<String>("", "evidence")?))
        })
        .await?;
        let rows = rows
            .into_iter()
            .map(|(mut review, evidence)| {
                review.waterfall = waterfall(scope, &evidence, "review.evidence")?;
                Ok(review)
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        Ok(rows)
    }

    /// How many pairs wait for a decision.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn review_count(
        &self,
        scope: &Scope,
        filter: &ReviewFilter,
    ) -> Result<i64, ReadError> {
        see(scope, Area::Identity)?;
        let mut values = Vec::new();
        let filter = filter.conditions(&mut values);
        let text = format!("SELECT COUNT(*) AS n FROM review r WHERE true{filter}");
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            row.try_get::<i64>("", "n")
        })
        .await?;
        Ok(rows.first().copied().unwrap_or(0))
    }
}
