//! Business numbers: their definitions and their arithmetic.
//!
//! Owns the metric policy, the numbers of one profile, the additive cells that rollups are made of,
//! the catalogue of definitions, and recurring revenue. Refuses I/O, clocks and floats: money is
//! counted exactly and per currency, converted only by a table of rates that the caller hands in;
//! ratios are formed when read, and what no source supports is null with a reason, never 0.

pub mod acquisition;
pub mod attribution;
mod catalog;
mod cells;
mod exact;
pub mod kpi;
mod measured;
mod mrr;
mod numbers;
mod policy;
mod ratio;
pub mod revenue;
mod rollup;
pub mod score;
#[cfg(test)]
mod tests;

pub use catalog::{Definition, Unit, catalog};
pub use cells::{Cell, CellKey, Component, Dims, UNDATED, cells, delta, merge, spend_cells};
pub use measured::{Measured, NullReason, Share, Sources};
pub use mrr::{allocate, subscription_mrr};
pub use numbers::{Numbers, numbers};
pub use policy::{DEFAULT_POLICY_TOML, Policy, Problem, Segment, segment_of};
pub use ratio::{Margin, Ratio};
pub use rollup::{CountRow, Dimension, RollupRow, UNATTRIBUTED, counts, rollup};
