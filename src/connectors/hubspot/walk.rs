//! Where a HubSpot stream stands.
//!
//! Owns the state's shape and its two levels: the walk under way, and the high-water mark that only
//! a finished walk moves.

use super::OVERLAP_MS;
use crate::{FetchError, PlanError, StreamState};
use domain::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All that is remembered of a stream.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    /// Everything modified before this time (HubSpot's clock or ours, whichever is earlier) has
    /// been read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high_water_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub walk: Option<Walk>,
    #[serde(default)]
    pub archived: Archived,
}

/// The list of archived records, which may take several syncs to read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Archived {
    /// Start of the last pass that was read to its end: older deletions are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<i64>,
    /// Start of the pass under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_ms: Option<i64>,
    /// Position of the pass under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The walk under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Walk {
    /// Lists everything.
    List { started_ms: i64, after: Option<String> },
    /// Searches for ids modified in `from_ms..to_ms`; the high-water mark becomes `reached_ms`.
    Search { from_ms: i64, to_ms: i64, reached_ms: i64, last_id: Option<u64> },
    /// Reads the objects that a search found.
    Batch(Batch),
    /// Lists what is archived.
    Archived { reached_ms: i64, pages: u32 },
}

/// The ids of one search page, and what is already known of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Batch {
    pub from_ms: i64,
    pub to_ms: i64,
    pub reached_ms: i64,
    /// Where the next search goes on.
    pub last_id: u64,
    /// Whether there is a next search.
    pub more: bool,
    /// Still to be read.
    pub ids: Vec<String>,
    /// Per associated type (in the kind's order): object id -> associated ids. Complete ones only.
    pub associations: Vec<BTreeMap<String, Vec<String>>>,
    /// The type being read.
    pub found: BTreeMap<String, Vec<String>>,
    /// Objects with more associations than fit in one answer -> position.
    pub continued: BTreeMap<String, String>,
}

impl Batch {
    pub(super) const fn next_search(&self) -> Walk {
        Walk::Search {
            from_ms: self.from_ms,
            to_ms: self.to_ms,
            reached_ms: self.reached_ms,
            last_id: Some(self.last_id),
        }
    }
}

impl State {
    /// The walk under way, or the one that begins now.
    pub(super) fn walk_at(&self, now: Timestamp) -> Walk {
        let now_ms = now.as_millis();
        match (&self.walk, self.high_water_ms) {
            (Some(walk), _) => walk.clone(),
            (None, None) => Walk::List { started_ms: now_ms, after: None },
            (None, Some(high_water_ms)) => Walk::Search {
                from_ms: high_water_ms.saturating_sub(OVERLAP_MS),
                to_ms: now_ms,
                reached_ms: now_ms,
                last_id: None,
            },
        }
    }

    /// A refusal of a request that carried a position means that the position is no longer valid.
    pub(super) fn restarted(
        mut self,
        walk: &Walk,
        error: FetchError,
    ) -> Result<FetchError, PlanError> {
        let FetchError::Refused { status: 400 | 404 | 410, message } = &error else {
            return Ok(error);
        };
        match walk {
            Walk::List { started_ms, after: Some(_) } => {
                self.walk = Some(Walk::List { started_ms: *started_ms, after: None });
            }
            Walk::Archived { .. } if self.archived.after.is_some() => {
                self.archived.after = None;
                self.archived.started_ms = None;
            }
            Walk::Batch(batch) if !batch.continued.is_empty() => {
                let mut batch = batch.clone();
                batch.continued.clear();
                batch.found.clear();
                self.walk = Some(Walk::Batch(batch));
            }
            _ => return Ok(error),
        }
        let message = message.clone();
        Ok(FetchError::CursorExpired { restart: StreamState::write(&self)?, message })
    }
}
