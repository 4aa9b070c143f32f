//! Where a Stripe stream stands.
//!
//! Owns the state's shape, its two levels (the walk under way; the position in the log of events
//! that only a finished walk moves) and the versions that events give to objects.

use domain::Timestamp;
use serde::{Deserialize, Serialize};

/// Events are kept for 30 days; everything is listed anew when a stream was not synced for 80 % of
/// that, before anything can be missing.
const RELIST_AFTER_MS: i64 = 24 * 24 * 3600 * 1000;
/// Events may be listed some time after they happened: this much is read again.
const OVERLAP_S: i64 = 300;
/// Without any event in the log, its end is taken to be this long ago: later than anything that
/// happened in the log's 30 days, earlier than any difference between the clocks.
const EMPTY_LOG_S: i64 = 24 * 3600;

/// All that is remembered of a stream.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    /// Time of the newest event known when the last completed walk began (Stripe's clock).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position_s: Option<i64>,
    /// When that walk began (our clock).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_ms: Option<i64>,
    /// The newest event when the last listing began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub walk: Option<Walk>,
    /// The end of a walk that waits for `pending`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// Subscriptions with more items than were shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<Pending>,
}

/// The walk under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Walk {
    /// Asks for the end of the log, before everything is listed.
    Mark { began_ms: i64 },
    /// Lists everything, newest first.
    List { began_ms: i64, position_s: i64, after: Option<String> },
    /// Reads events, newest first, back to `since_s`.
    Events { began_ms: i64, since_s: i64, after: Option<String>, seen: Events },
}

/// How far a walk through events has come.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Events {
    /// The newest event: the position once the walk has ended.
    pub newest_s: i64,
    /// The last event read.
    pub last_s: Option<i64>,
    /// How many events of the last one's second came before it.
    pub rank: i64,
}

/// A finished walk.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ended {
    pub began_ms: i64,
    pub position_s: i64,
}

/// A subscription whose items are being read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pending {
    pub id: String,
    pub version: i64,
    /// The items so far, as received.
    #[serde(default)]
    pub items: Vec<String>,
    #[serde(default)]
    pub after: Option<String>,
    /// Whether all items are there.
    #[serde(default)]
    pub complete: bool,
}

/// What is to be fetched.
pub(super) enum Step {
    Items(Pending),
    Walk(Walk),
}

/// The version that an event gives its object: the event's second, and within it the order of the
/// log, which is newest first. Ascends with the age of events as long as 1,000 events of one stream
/// do not fall into one second.
pub(super) fn event_version(seen: &mut Events, created_s: i64) -> i64 {
    seen.newest_s = seen.newest_s.max(created_s);
    seen.rank = if seen.last_s == Some(created_s) { seen.rank + 1 } else { 0 };
    seen.last_s = Some(created_s);
    created_s.saturating_mul(1000).saturating_add(999 - seen.rank.min(998))
}

/// The version of a listed object: that of the newest event when the listing began. Older events of
/// that second rank below it, newer ones are later or rank the same and come later.
pub(super) fn listed_version(position_s: i64) -> i64 {
    position_s.saturating_mul(1000).saturating_add(999)
}

impl Walk {
    /// The listing that follows the question for the log's end.
    pub(super) fn after_mark(began_ms: i64, newest_s: Option<i64>) -> Self {
        let position_s = newest_s.unwrap_or(began_ms.div_euclid(1000) - EMPTY_LOG_S);
        Self::List { began_ms, position_s, after: None }
    }

    /// Whether it stands behind an object that may be deleted.
    pub(super) const fn has_position(&self) -> bool {
        matches!(self, Self::List { after: Some(_), .. } | Self::Events { after: Some(_), .. })
    }

    /// The same walk from its start. Events seen before are read again under the same versions.
    pub(super) fn restarted(&self) -> Self {
        match self {
            Self::Mark { began_ms } => Self::Mark { began_ms: *began_ms },
            Self::List { began_ms, position_s, .. } => {
                Self::List { began_ms: *began_ms, position_s: *position_s, after: None }
            }
            Self::Events { began_ms, since_s, .. } => Self::Events {
                began_ms: *began_ms,
                since_s: *since_s,
                after: None,
                seen: Events { newest_s: *since_s, ..Events::default() },
            },
        }
    }
}

impl State {
    /// What to fetch now.
    pub(super) fn step(&self, now: Timestamp) -> Step {
        if let Some(pending) = self.pending.first() {
            return Step::Items(pending.clone());
        }
        let now_ms = now.as_millis();
        Step::Walk(match (&self.walk, self.position_s, self.checked_ms) {
            (Some(walk), _, _) => walk.clone(),
            (None, Some(position_s), Some(checked))
                if now_ms.saturating_sub(checked) <= RELIST_AFTER_MS =>
            {
                let seen = Events { newest_s: position_s, ..Events::default() };
                let since_s = position_s.saturating_sub(OVERLAP_S).max(0);
                Walk::Events { began_ms: now_ms, since_s, after: None, seen }
            }
            _ => Walk::Mark { began_ms: now_ms },
        })
    }

    pub(super) fn end_walk(&mut self, began_ms: i64, position_s: i64) {
        self.walk = None;
        // A log that is empty now says nothing against an earlier position.
        let position_s = self.position_s.map_or(position_s, |p| p.max(position_s));
        self.ended = Some(Ended { began_ms, position_s });
    }

    /// Moves the marks when everything of the walk is in; says whether the sync is over.
    pub(super) fn settle(&mut self) -> bool {
        if !self.pending.is_empty() {
            return false;
        }
        let Some(ended) = self.ended.take() else { return false };
        self.position_s = Some(ended.position_s);
        self.checked_ms = Some(ended.began_ms);
        true
    }

    pub(super) fn put_aside(&mut self, id: String, version: i64) {
        match self.pending.iter_mut().find(|p| p.id == id) {
            Some(known) => known.version = known.version.max(version),
            None => self.pending.push(Pending {
                id,
                version,
                items: Vec::new(),
                after: None,
                complete: false,
            }),
        }
    }

    pub(super) fn replace_first(&mut self, pending: Pending) {
        if let Some(first) = self.pending.first_mut() {
            *first = pending;
        }
    }

    pub(super) fn drop_first(&mut self) {
        if !self.pending.is_empty() {
            self.pending.remove(0);
        }
    }
}
