//! Human decisions about identity. They are the only data besides source records that cannot be
//! rebuilt, so they name records, which do not change, and never profiles, which do.

use crate::canonical::words;
use crate::{RecordId, Timestamp};
use serde::{Deserialize, Serialize};

words! {
    /// What a person decided about a pair of records.
    Verdict {
        /// The same person or company: they end in one profile.
        Same = "same",
        /// Not the same: they never end in one profile.
        Different = "different",
        /// Looked at, left open: the pair leaves the queue until its evidence changes.
        Unsure = "unsure",
    }
}

/// A decision on a pair of records; the latest one on a pair counts. `left < right`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The smaller record id.
    pub left: RecordId,
    /// The larger record id.
    pub right: RecordId,
    /// What was decided.
    pub verdict: Verdict,
    /// Who decided (the token's subject).
    pub decided_by: String,
    /// When.
    pub decided_at: Timestamp,
}

impl Decision {
    /// A decision on a pair, in either order.
    #[must_use]
    pub fn new(a: RecordId, b: RecordId, verdict: Verdict, by: String, at: Timestamp) -> Self {
        Self { left: a.min(b), right: a.max(b), verdict, decided_by: by, decided_at: at }
    }
}
