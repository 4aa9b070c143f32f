//! Every SQL statement of the gateway, on SQLite and PostgreSQL.
//!
//! Owns connections, transactions, rows and how they become domain values. Refuses decisions: what
//! to write is computed by the pure crates, who may read is said by the [`domain::Scope`] each read
//! takes. Nobody else knows SeaORM.

mod connect;
mod error;
pub mod read;
mod sql;

pub use connect::{Backend, Store, StoreOptions};
pub use error::StoreError;
