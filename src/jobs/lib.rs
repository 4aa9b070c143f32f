//! The work between the parts: sync, resolve, derive, and what people change.
//!
//! Owns the loops "read a batch, call a pure function, commit once", retries, budgets and leases.
//! Refuses vendor knowledge, matching, arithmetic and SQL: it calls the crates that own them. Every
//! loop may be stopped or killed between two commits and goes on from there.

mod actions;
mod alerts;
mod budget;
mod derive;
mod error;
mod explain;
mod fetch;
mod fits;
mod households;
mod lease;
mod progress;
mod resolve;
mod retry;
mod sync;

pub use derive::DeriveReport;
pub use error::JobError;
pub use explain::{WhyNot, why_not};
pub use fetch::{Fetcher, NetFetcher, TransportError};
pub use households::HouseholdReport;
pub use lease::{process_start, this_owner};
pub use progress::{Event, NoProgress, Progress};
pub use resolve::{KnowledgeCache, ResolveReport, identity_record};
pub use retry::RetryPolicy;
pub use sync::{StreamReport, SyncReport};
pub use tokio_util::sync::CancellationToken;

use connectors::Connector;
use domain::Clock;
use std::sync::Arc;
use store::Store;

/// Everything the jobs need. Cheap to clone.
#[derive(Clone)]
pub struct Jobs {
    /// The database.
    pub store: Store,
    /// The configured sources, in the order of the configuration.
    pub connectors: Arc<[Arc<dyn Connector>]>,
    /// How fetches are carried out.
    pub fetcher: Arc<dyn Fetcher>,
    /// Identity rules.
    pub identity: Arc<identity::Rules>,
    /// What was learnt about identities, kept between runs.
    pub knowledge: KnowledgeCache,
    /// Lifecycle rules.
    pub lifecycle: Arc<lifecycle::Rules>,
    /// Metric policy.
    pub metrics: Arc<metrics::Policy>,
    /// Rules of the lead and health scores.
    pub scores: Arc<metrics::score::ScoreConfig>,
    /// Rules of segments and personas.
    pub segmentation: Arc<metrics::segmentation::Segmentation>,
    /// Rules of alerts.
    pub alerts: Arc<metrics::alerts::AlertConfig>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Who listens to progress.
    pub progress: Arc<dyn Progress>,
    /// Limits.
    pub options: Options,
    /// This process, as leases name it: `host:pid:start`.
    pub owner: Arc<str>,
    /// Ends long work between two commits.
    pub cancel: CancellationToken,
}

/// Limits of the jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Retries of one fetch.
    pub retry: RetryPolicy,
    /// Most pages of one stream in one sync; what is left is read by the next one.
    pub pages_max: u64,
    /// Records that a resolution gathers around what changed before it follows neighbours no
    /// further.
    pub neighbourhood_max: usize,
    /// Changed records resolved per commit.
    pub resolve_batch: usize,
    /// With fewer records of a kind than this, everything is resolved at every change.
    pub whole_below: u64,
    /// Profiles derived per commit.
    pub derive_batch: usize,
    /// About how many profiles a model of lifetime value is fitted to.
    pub fit_customers_max: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            retry: RetryPolicy::default(),
            pages_max: 1_000_000,
            neighbourhood_max: 50_000,
            resolve_batch: 32,
            whole_below: 2_000,
            derive_batch: 500,
            fit_customers_max: 10_000,
        }
    }
}
