//! Every SQL statement of the gateway, on SQLite and PostgreSQL.
//!
//! Owns connections, transactions, rows and how they become domain values. Refuses decisions: what
//! to write is computed by the pure crates, who may read is said by the [`domain::Scope`] each read
//! takes. Nobody else knows SeaORM.

mod actions;
pub mod alerts;
mod connect;
pub mod derive;
pub mod employment;
mod error;
mod facts;
pub mod fits;
mod groups;
pub mod household;
pub mod identity;
pub mod known;
mod lease;
mod parts;
pub mod read;
mod rows;
mod sql;
mod sync;
pub mod ties;

pub use actions::{NewFieldOverride, NewOverride, Recorded};
pub use connect::{Backend, Store, StoreOptions};
pub use error::StoreError;
pub use lease::{LEASE_MS, Lease, Outcome};
pub use sync::{CommitOutcome, EntityIdentifiers, PageCommit};
