//! The integration tests: one binary, real databases, real HTTP, in-process vendors.
//!
//! Owns how the parts work together. Refuses mocks of our own assumptions: what stands in for a
//! vendor is the sandbox, and it is judged by the vendors' published shapes in its own crate.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr
)]

mod access;
mod alerts;
mod audit;
mod browser;
mod clv;
mod commands;
mod contract;
mod database;
mod dump;
mod explained;
mod gateway;
mod gateway_process;
mod households;
mod identity_flow;
mod incremental;
mod journey;
mod kill;
mod known_answers;
mod known_time;
mod kpis;
mod movements;
mod postgres;
mod rates;
mod readme;
mod recurring;
mod segments;
mod served;
mod statements;
mod stops;
mod store_pages;
mod support;
mod survivorship;
mod sync;
mod tables;
mod tidy;
mod vendors;
