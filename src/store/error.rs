//! Why the store could not do something, by what the caller can do about it.

use sea_orm::DbErr;

/// A failed store operation.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL is of no supported database.
    #[error("unsupported database url: expected sqlite:PATH or postgres://USER@HOST/NAME")]
    UnsupportedUrl,
    /// The database cannot be reached or opened; try again once it can.
    #[error("cannot open the database: {reason}")]
    Unavailable {
        /// What to look at, without credentials.
        reason: String,
        /// The driver's error.
        #[source]
        source: DbErr,
    },
    /// No space is left: free some and start again; what was committed is safe.
    #[error(
        "the disk of the database is full: free some space, then run the command again (nothing committed is lost)"
    )]
    DiskFull(#[source] DbErr),
    /// Steps of the schema are missing.
    #[error("the database schema lacks {count} step(s): run `c360 migrate`")]
    SchemaOutdated {
        /// How many.
        count: usize,
    },
    /// Another process holds the lease; it is doing the same work.
    #[error(
        "{what} is already under way by {owner}, whose lease ends in {remaining_s} s at the latest"
    )]
    Leased {
        /// What is leased.
        what: String,
        /// Who holds it.
        owner: String,
        /// Seconds until it lapses.
        remaining_s: i64,
    },
    /// The lease was lost to another process: nothing was written.
    #[error("lost the lease on {what} to another process: nothing of this page was written")]
    LeaseLost {
        /// What was leased.
        what: String,
    },
    /// Two records hash to one id. Never overwrites; the record goes to quarantine.
    #[error("record id collision in {source_name}/{stream}")]
    IdCollision {
        /// Source of the refused record.
        source_name: String,
        /// Its stream.
        stream: String,
    },
    /// The row to change is not there or not in the expected state.
    #[error("{what} not found")]
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// The request contradicts what is stored.
    #[error("{0}")]
    Conflict(String),
    /// A stored value cannot be read: a bug, or somebody edited the database.
    #[error("stored {what} cannot be read")]
    Corrupt {
        /// Which column.
        what: &'static str,
    },
    /// The statement ran into its time limit.
    #[error("the database took too long")]
    Timeout(#[source] DbErr),
    /// Anything else the database says.
    #[error("database statement failed")]
    Database(#[source] DbErr),
}

impl StoreError {
    /// Whether the database ended the transaction because two waited for each other: nothing was
    /// written, and the same again is likely to work.
    pub(crate) fn is_deadlock(&self) -> bool {
        matches!(self, Self::Database(error) if error.to_string().contains("deadlock detected"))
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        let text = error.to_string();
        if text.contains("database or disk is full")
            || text.contains("No space left")
            || text.contains("(code: 13)")
        {
            return Self::DiskFull(error);
        }
        if text.contains("canceling statement due to statement timeout")
            || text.contains("interrupted")
        {
            return Self::Timeout(error);
        }
        if matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) {
            return Self::Unavailable { reason: "no connection".to_owned(), source: error };
        }
        Self::Database(error)
    }
}
