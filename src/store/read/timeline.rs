//! One ordered feed of everything that happened to a profile.
//!
//! Facts and stage transitions in one order, newest first: by time, then kind, then id. One
//! statement for all parents, which reads exactly the rows it answers.

use super::{
    ByParent, Fact, FactKind, ReadError, RecordRef, Slice, StageStep, at, bodies, group, stages,
};
use crate::connect::Backend;
use crate::{Store, sql};
use domain::Scope;
use domain::Timestamp;

/// What a timeline may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimelineKind {
    /// A fact.
    Fact(FactKind),
    /// A stage transition.
    Stage,
}

impl TimelineKind {
    /// Every kind.
    #[must_use]
    pub fn all() -> Vec<Self> {
        FactKind::ALL.into_iter().map(Self::Fact).chain([Self::Stage]).collect()
    }

    /// As it stands in the feed's order.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fact(kind) => kind.as_str(),
            Self::Stage => "stage",
        }
    }

    /// The inverse of [`TimelineKind::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "stage" { Some(Self::Stage) } else { FactKind::parse(text).map(Self::Fact) }
    }

    /// Whether a scope sees it.
    #[must_use]
    pub fn shown_to(self, scope: &Scope) -> bool {
        match self {
            Self::Fact(kind) => kind.shown_to(scope),
            Self::Stage => true,
        }
    }
}

/// A place in a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimelineKey {
    /// When.
    pub occurred: Timestamp,
    /// What.
    pub kind: TimelineKind,
    /// The record, or the step's place in the stage history.
    pub id: i64,
}

/// One entry of a timeline.
#[derive(Clone, Debug, PartialEq)]
pub enum TimelineEntry {
    /// A fact.
    Fact(FactKind, Box<Fact>),
    /// A stage transition.
    Stage(StageStep),
}

impl Store {
    /// The newest entries of each profile's timeline, of `kinds` only.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`] when a kind is hidden, [`ReadError::Store`].
    pub async fn timeline(
        &self,
        scope: &Scope,
        kinds: &[TimelineKind],
        slice: &Slice<TimelineKey>,
        profiles: &[i64],
    ) -> Result<ByParent<(TimelineKey, TimelineEntry)>, ReadError> {
        for kind in kinds {
            if let TimelineKind::Fact(fact) = kind
                && let Some(area) = fact.area()
            {
                super::see(scope, area)?;
            }
        }
        let backend = self.backend();
        let text = statement(backend, kinds);
        let after = slice.after.map_or((i64::MAX, "~", i64::MAX), |key| {
            (key.occurred.as_millis(), key.kind.as_str(), key.id)
        });
        let values = vec![
            backend.ids(profiles.iter().copied()),
            i64::from(slice.limit).into(),
            after.0.into(),
            after.1.into(),
            after.2.into(),
        ];
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            let kind = super::profile::word(row, "kind", TimelineKind::parse)?;
            let occurred = at(row.try_get("", "at_ms")?);
            let key = TimelineKey { occurred, kind, id: row.try_get("", "item_id")? };
            let entry = match kind {
                TimelineKind::Stage => Ok(TimelineEntry::Stage(stages::step(row, "t_")?)),
                TimelineKind::Fact(fact) => {
                    let prefix = format!("{}_", fact.as_str());
                    let record = RecordRef::from_row(row)?;
                    bodies::read(fact.canonical(), row, &prefix).map(|body| {
                        TimelineEntry::Fact(fact, Box::new(Fact { occurred, record, body }))
                    })
                }
            };
            Ok((row.try_get("", "parent")?, key, entry))
        })
        .await?;
        let mut entries = Vec::with_capacity(rows.len());
        for (parent, key, entry) in rows {
            entries.push((parent, (key, entry?)));
        }
        Ok(group(entries))
    }
}

fn statement(backend: Backend, kinds: &[TimelineKind]) -> String {
    let facts: Vec<FactKind> = kinds
        .iter()
        .filter_map(|kind| match kind {
            TimelineKind::Fact(fact) => Some(*fact),
            TimelineKind::Stage => None,
        })
        .collect();
    let mut parts = Vec::new();
    if !facts.is_empty() {
        let words =
            facts.iter().map(|k| format!("'{}'", k.as_str())).collect::<Vec<_>>().join(", ");
        parts.push(format!(
            "SELECT * FROM (SELECT occurred_at_ms AS at_ms, kind, record_id AS item_id \
             FROM profile_fact WHERE profile_id = k.id AND kind IN ({words}) \
             AND (occurred_at_ms, kind, record_id) < ($3, $4, $5) \
             ORDER BY occurred_at_ms DESC, kind DESC, record_id DESC LIMIT $2) facts"
        ));
    }
    if facts.len() < kinds.len() {
        parts.push(
            "SELECT * FROM (SELECT occurred_at_ms AS at_ms, 'stage' AS kind, seq AS item_id \
             FROM stage_transition WHERE profile_id = k.id \
             AND (occurred_at_ms, 'stage', seq) < ($3, $4, $5) \
             ORDER BY occurred_at_ms DESC, seq DESC LIMIT $2) steps"
                .to_owned(),
        );
    }
    let inner = format!(
        "SELECT at_ms, kind, item_id FROM ({}) u \
         ORDER BY at_ms DESC, kind DESC, item_id DESC LIMIT $2",
        parts.join(" UNION ALL ")
    );
    // SQLite has no LATERAL, but a table-valued function may depend on the row before it.
    let (from, time, kind, id) = match backend {
        Backend::Postgres => (
            format!("{} CROSS JOIN LATERAL ({inner}) f", backend.id_rows(1)),
            "f.at_ms",
            "f.kind",
            "f.item_id",
        ),
        Backend::Sqlite => (
            format!(
                "{} CROSS JOIN json_each((SELECT json_group_array(json_array(at_ms, kind, item_id)) \
                 FROM ({inner}))) f",
                backend.id_rows(1)
            ),
            "json_extract(f.value, '$[0]')",
            "json_extract(f.value, '$[1]')",
            "json_extract(f.value, '$[2]')",
        ),
    };
    let mut columns = String::new();
    let mut joins = String::new();
    for fact in &facts {
        let word = fact.as_str();
        columns.push_str(", ");
        columns.push_str(&bodies::columns(fact.canonical(), word, &format!("{word}_")));
        joins.push_str(&format!(
            " LEFT JOIN {word} ON {kind} = '{word}' AND {word}.record_id = {id}"
        ));
    }
    if facts.len() < kinds.len() {
        columns.push_str(
            ", t.seq AS t_seq, t.from_stage AS t_from_stage, t.to_stage AS t_to_stage, \
             t.direction AS t_direction, t.rule_id AS t_rule_id, t.reason AS t_reason, \
             t.occurred_at_ms AS t_occurred_at_ms, t.evidence AS t_evidence",
        );
        joins.push_str(&format!(
            " LEFT JOIN stage_transition t ON {kind} = 'stage' AND t.profile_id = k.id \
             AND t.seq = {id}"
        ));
    }
    format!(
        "SELECT k.id AS parent, {time} AS at_ms, {kind} AS kind, {id} AS item_id, \
         s.id AS record_id, s.source, s.stream, s.external_id{columns} FROM {from} \
         LEFT JOIN source_record s ON {kind} <> 'stage' AND s.id = {id}{joins} \
         ORDER BY k.id, {time} DESC, {kind} DESC, {id} DESC"
    )
}
