//! Why a response could not be used.
//!
//! Owns the cases by what the caller can do about them. Messages carry the vendor's own words, cut
//! and scrubbed, and what to do; never a value of a record and never a credential.

use crate::{PlanError, StreamState};

/// Why a response could not be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FetchError {
    /// The credentials are refused: stop the source and tell a person.
    #[error("not authorised: {message}")]
    Unauthorized {
        /// What the vendor said and what to do.
        message: String,
    },
    /// The credentials do not cover this stream: skip the stream, go on with the others.
    #[error("not permitted: {message}")]
    Forbidden {
        /// What the vendor said and what to do.
        message: String,
    },
    /// Too many requests: wait, then send the same fetch again.
    #[error("rate limited: {message}")]
    RateLimited {
        /// How long the vendor asks to wait; `None` when it does not say.
        retry_after_ms: Option<u64>,
        /// What the vendor said.
        message: String,
    },
    /// A passing fault: send the same fetch again after a back-off.
    #[error("temporary fault (status {status}): {message}")]
    Transient {
        /// The HTTP status; 0 for a file.
        status: u16,
        /// What happened.
        message: String,
    },
    /// The cursor is no longer valid: commit `restart` and go on from there.
    #[error("cursor expired: {message}")]
    CursorExpired {
        /// The state to go on with; keeps the high-water mark.
        restart: StreamState,
        /// What the vendor said.
        message: String,
    },
    /// The response is not what the vendor's interface promises: repeating will not help.
    #[error("unreadable response: {message}")]
    Malformed {
        /// What is wrong and what to do.
        message: String,
    },
    /// The vendor refuses the request as such: repeating will not help.
    #[error("refused with status {status}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the vendor said.
        message: String,
    },
}

impl From<PlanError> for FetchError {
    fn from(error: PlanError) -> Self {
        Self::Malformed { message: error.to_string() }
    }
}
