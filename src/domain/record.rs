//! What a connector makes of one vendor record.
//!
//! Owns the shape in which records, rejects, deletions and merges go from a connector to the store.

use crate::{Canonical, Identifier, Payload, Timestamp};

/// A record as received, with everything derived from it alone.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceRecord {
    /// The vendor's id within the stream.
    pub external_id: String,
    /// What orders versions of the record: the vendor's modification time in milliseconds, or its
    /// sequence number. An older version never overwrites a newer one.
    pub version: i64,
    /// When the vendor says it was created or happened; drives ordering in timelines.
    pub occurred_at: Option<Timestamp>,
    /// The record as received.
    pub payload: Payload,
    /// Canonical records mapped from it; at most one of each kind.
    pub canonical: Vec<Canonical>,
    /// References to the same person or company elsewhere that the record itself states
    /// (vendor ids that point at each other). Contact values are derived by `identity`.
    pub identifiers: Vec<Identifier>,
}

/// A record that could not be read. Waits in quarantine with its reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Reject {
    /// The vendor's id, if it could be read.
    pub external_id: Option<String>,
    /// Where in the record (a JSON path or a column) and what is wrong, without the value.
    pub reason: String,
    /// The record as received, possibly cut to the quarantine's size limit.
    pub payload: Payload,
}

/// A record that the vendor says is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// The vendor's id within the stream.
    pub external_id: String,
    /// Version of the deletion, comparable with [`SourceRecord::version`].
    pub version: i64,
}

/// The vendor merged one record into another: the old id is an alias from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    /// The id that disappeared.
    pub from_external_id: String,
    /// The id that lives on.
    pub into_external_id: String,
}
