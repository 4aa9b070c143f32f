//! Identity resolution: which records are the same person or the same company.
//!
//! Owns normalisation, the keys under which candidates are found, the comparison of two records,
//! the parameters learnt from them, the constrained clustering, the ids that clusters keep from one
//! run to the next, and the golden fields of a cluster. Refuses I/O, clocks and SQL: whoever calls
//! it loads the records and stores the outcome.
//!
//! # Promises
//! - **Order does not matter**: [`resolve`] gives the same clusters for any order of records and
//!   decisions.
//! - **Locality**: records that share no blocking key, no vendor id and no decision, directly or
//!   through others, never influence each other under one [`Knowledge`]. Resolving a connected
//!   component alone gives what resolving everything gives, which is what lets an incremental run
//!   load only what it touches.
//! - **Explained**: a cluster of n records carries exactly n-1 joins that connect all of them.
//! - **Reversible**: see [`assign()`] for what happens to ids when a merge is taken apart.
//!
//! Weights are log2 odds, estimated from the data by the [`engine`] (Fellegi and Sunter's model);
//! what is certain (decisions, vendors' merges, trusted ids) comes before them.

mod age;
pub mod assign;
pub mod columns;
pub mod employment;
pub mod engine;
mod explain;
mod field_override;
pub mod golden;
pub mod household;
mod join_tree;
mod mixed;
pub mod normal;
pub mod quality;
mod record;
mod resolution;
mod resolve;
pub mod role;
mod rules;
pub mod similar;
pub mod survivorship;
pub mod weights;

#[cfg(test)]
mod tests;

pub use age::Age;
pub use assign::{Assignment, Event, IdState, assign};
pub use engine::Knowledge;
pub use explain::{Apart, Obstacle, why_not};
pub use field_override::{FieldOverride, OVERRIDE};
pub use golden::{Golden, GoldenField, GoldenFieldName, GoldenInput, golden};
pub use join_tree::{JoinSide, join_tree};
pub use mixed::{Intake, Mixed};
pub use record::{Form, IdentityRecord, company_record, person_record};
pub use resolution::{Cluster, Evidence, Join, Resolution, ReviewPair, ReviewReason};
pub use resolve::{Workbench, block_keys, block_keys_of, resolve};
pub use rules::{RuleId, Rules, Switches};
pub use survivorship::{FieldRules, Survivorship, SurvivorshipKey, SurvivorshipRule};
