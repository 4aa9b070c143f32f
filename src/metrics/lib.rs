//! Business numbers: their definitions and their arithmetic.
//!
//! Owns the metric policy, the numbers of one profile, the additive cells that rollups are made of,
//! the catalogue of definitions, recurring revenue, attribution, acquisition, scores and lifetime
//! value. Refuses I/O and clocks. What is counted is exact: money in minor units and per currency,
//! converted only by a table of rates that the caller hands in, ratios formed when read. What is
//! estimated ([`clv`], the Markov credits of [`attribution`], the intervals of surveys) is `f64`.
//! What no source supports, and what cannot be estimated, is null with a reason, never 0.

pub mod acquisition;
pub mod alerts;
pub mod attribution;
mod catalog;
mod cells;
pub mod clv;
mod company;
mod exact;
mod exchange;
pub mod kpi;
mod measured;
mod mrr;
mod numbers;
mod policy;
mod ratio;
pub mod revenue;
mod rollup;
pub mod score;
pub mod segmentation;
#[cfg(test)]
mod tests;
mod words;

pub use catalog::{Definition, Unit, catalog};
pub use cells::{
    Cell, CellKey, Component, Dims, UNDATED, cells, delta, facts_until, merge, spend_cells,
};
pub use company::month_window;
pub use exchange::{Exchange, MissingRate};
pub use measured::{Measured, NullReason, Share, Sources};
pub use mrr::{allocate, subscription_mrr};
pub use numbers::{Numbers, numbers, numbers_in};
pub use policy::{DEFAULT_POLICY_TOML, Policy, Problem, Segment, segment_of};
pub use ratio::{Margin, Ratio};
pub use rollup::{
    CountRow, Dimension, Recurring, RollupRow, Span, UNATTRIBUTED, counts, rollup, rollup_in,
};
