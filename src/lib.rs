//! Customer360: a GraphQL customer-360 data-unification gateway.
//!
//! Owns the composition: configuration, telemetry, HTTP, command line, and the order in which the
//! other crates are put together. Refuses vendor knowledge, matching, arithmetic and SQL: those are
//! crates of their own under `src/`.

pub mod app;
pub mod cli;
pub mod config;
pub mod http;
pub mod telemetry;
