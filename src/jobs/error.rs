//! Why a job could not be done.

use connectors::PlanError;
use store::StoreError;

/// A failed job.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The database said no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stored cursor cannot be read.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// There is no such source.
    #[error("no source named {name:?}; configured are: {known}")]
    UnknownSource {
        /// What was asked for.
        name: String,
        /// Configured names, joined with commas.
        known: String,
    },
    /// There is no such profile, or not of the kind expected.
    #[error("no customer with id {id}")]
    UnknownProfile {
        /// The id asked for.
        id: String,
    },
    /// The request makes no sense; the text says what is expected.
    #[error("{0}")]
    Invalid(String),
    /// One field of the request is wrong; the text says what is expected.
    #[error("{message}")]
    InvalidInput {
        /// The field.
        field: &'static str,
        /// What is expected, without the value.
        message: String,
    },
    /// Streams failed for want of space; trying the rest would fail too.
    #[error(
        "the disk of the database is full: free some space, then run the command again (nothing committed is lost)"
    )]
    DiskFull,
    /// Stopped by request, between two commits.
    #[error("stopped; what was committed is kept, and the next run goes on from there")]
    Stopped,
}
