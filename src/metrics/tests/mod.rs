//! Worked examples, and the properties that sums must have.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod acquisition;
mod alerts;
mod attribution;
mod build;
mod cells;
mod clv;
mod examples;
mod exchange;
mod kpi;
mod numbers;
mod policy;
mod ratio;
mod recurring;
mod revenue;
mod rollup;
mod score;
mod segmentation;
