//! Stage histories.

use super::profile::word;
use super::{ByParent, Newest, ReadError, Slice, group};
use crate::rows::from_json;
use crate::{Store, StoreError, sql};
use domain::{Direction, RecordId, Scope, Stage, Timestamp, Transition};
use sea_orm::{DbErr, QueryResult};

/// One step of a stage history with its place in it.
#[derive(Clone, Debug, PartialEq)]
pub struct StageStep {
    /// Place, counted from the first.
    pub seq: i64,
    /// What happened.
    pub transition: Transition,
}

/// A step from columns of `stage_transition` under a prefix.
pub(super) fn step(row: &QueryResult, prefix: &str) -> Result<StageStep, DbErr> {
    let name = |column: &str| format!("{prefix}{column}");
    let from: Option<String> = row.try_get(prefix, "from_stage")?;
    let evidence: String = row.try_get(prefix, "evidence")?;
    let evidence: Vec<RecordId> = from_json(&evidence, "stage_transition.evidence")
        .map_err(|e: StoreError| DbErr::Type(e.to_string()))?;
    Ok(StageStep {
        seq: row.try_get(prefix, "seq")?,
        transition: Transition {
            from: from.as_deref().and_then(Stage::parse),
            to: word(row, &name("to_stage"), Stage::parse)?,
            direction: word(row, &name("direction"), Direction::parse)?,
            rule_id: row.try_get(prefix, "rule_id")?,
            reason: row.try_get(prefix, "reason")?,
            occurred_at: Timestamp::from_millis(row.try_get(prefix, "occurred_at_ms")?),
            evidence,
        },
    })
}

impl Store {
    /// The latest stage transitions of each profile, the latest first.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub async fn stage_history(
        &self,
        _scope: &Scope,
        slice: &Slice<i64>,
        profiles: &[i64],
    ) -> Result<ByParent<StageStep>, ReadError> {
        let backend = self.backend();
        let newest =
            Newest { table: "stage_transition", parent: "profile_id", fixed: None, keys: &["seq"] };
        let text =
            format!("SELECT k.id AS parent, f.* FROM {} {}", newest.from(backend), newest.order());
        let values = Newest::values(backend, profiles, slice.limit, slice.after.map(|seq| [seq]));
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            Ok((row.try_get("", "parent")?, step(row, "")?))
        })
        .await?;
        Ok(group(rows))
    }
}
