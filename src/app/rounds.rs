//! Rounds: pull, resolve, derive; at intervals and when asked.
//!
//! Owns their order and the loop of a serving gateway. Refuses to run two rounds of this process at
//! once; other processes are kept out by the jobs' leases.

use crate::app::Served;
use jobs::{DeriveReport, JobError, Jobs, ResolveReport, SyncReport};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Most syncs that wait.
const WAITING_MAX: usize = 32;

/// What a round did.
#[derive(Debug, Default, Serialize)]
pub struct Round {
    /// The pull.
    pub sync: Option<SyncReport>,
    /// Records that had changed, were looked at, moved.
    pub resolved: Option<Resolved>,
    /// Profiles and spend records derived.
    pub derived: Option<u64>,
    /// Milliseconds of resolving and deriving.
    pub elapsed_ms: u64,
}

/// What a resolution did.
#[derive(Debug, Serialize)]
pub struct Resolved {
    /// Records that had changed.
    pub changed: u64,
    /// Records looked at.
    pub looked_at: u64,
    /// Profiles that they form.
    pub profiles: u64,
    /// Records that went to another profile, or are new in one.
    pub moved: u64,
    /// Pairs to review among them.
    pub reviews: u64,
}

impl From<&ResolveReport> for Resolved {
    fn from(report: &ResolveReport) -> Self {
        Self {
            changed: report.dirty,
            looked_at: report.records,
            profiles: report.profiles,
            moved: report.moved,
            reviews: report.reviews,
        }
    }
}

/// Which parts of a round to do.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Pull from these sources, or from all when empty; `None` pulls nothing.
    pub sync: Option<Vec<String>>,
    /// Resolve.
    pub resolve: bool,
    /// Derive.
    pub derive: bool,
    /// From the beginning instead of what changed.
    pub full: bool,
}

impl Plan {
    /// Pull, resolve and derive what changed.
    #[must_use]
    pub const fn all(sources: Vec<String>) -> Self {
        Self { sync: Some(sources), resolve: true, derive: true, full: false }
    }
}

/// Does a round.
///
/// # Errors
/// The first job that could not be done. Streams that fail stand in the report instead.
pub async fn round(jobs: &Jobs, plan: &Plan) -> Result<Round, JobError> {
    let mut round = Round::default();
    if let Some(sources) = &plan.sync {
        round.sync = Some(jobs.sync(sources, plan.full).await?);
    }
    if plan.resolve {
        if jobs.cancel.is_cancelled() {
            return Err(JobError::Stopped);
        }
        let report = jobs.resolve(plan.full && plan.sync.is_none()).await?;
        round.elapsed_ms += report.elapsed_ms;
        round.resolved = Some((&report).into());
    }
    if plan.derive {
        if jobs.cancel.is_cancelled() {
            return Err(JobError::Stopped);
        }
        let DeriveReport { contributors, elapsed_ms, .. } =
            jobs.derive(plan.full && plan.sync.is_none()).await?;
        round.elapsed_ms += elapsed_ms;
        round.derived = Some(contributors);
    }
    Ok(round)
}

/// Where syncs are asked for.
#[derive(Clone, Debug)]
pub struct Requests(mpsc::Sender<Vec<String>>);

impl Requests {
    /// Asks for a sync of these sources; `false` when too many wait.
    #[must_use]
    pub fn ask(&self, sources: Vec<String>) -> bool {
        self.0.try_send(sources).is_ok()
    }
}

/// The other end: what was asked for.
#[derive(Debug)]
pub struct Asked(mpsc::Receiver<Vec<String>>);

/// A place to ask, and its other end.
#[must_use]
pub fn requests() -> (Requests, Asked) {
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    (Requests(sender), Asked(receiver))
}

/// Runs rounds until the jobs are cancelled: one at once, then every `interval_s` seconds (never by
/// itself for 0), and whenever somebody asks. A failed round is logged; the next one goes on.
pub async fn keep_running(
    jobs: Jobs,
    served: Arc<Served>,
    mut asked: Asked,
    interval_s: u64,
    at_once: bool,
) {
    let mut due = at_once && interval_s > 0;
    loop {
        let sources = if due {
            Vec::new()
        } else {
            tokio::select! {
                () = jobs.cancel.cancelled() => return,
                () = pause(interval_s) => Vec::new(),
                sources = asked.0.recv() => match sources {
                    Some(sources) => sources,
                    None => return,
                },
            }
        };
        due = false;
        match round(&jobs, &Plan::all(sources)).await {
            Ok(done) => {
                let (changes, failures) =
                    done.sync.as_ref().map_or((0, 0), |sync| (sync.changes(), sync.failures()));
                tracing::info!(changes, failures, derived = done.derived, "round done");
            }
            Err(JobError::Stopped) => return,
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(%error, cause, "round failed; the next one goes on from there");
            }
        }
        if jobs.cancel.is_cancelled() {
            return;
        }
        if let Err(error) = served.refresh().await {
            tracing::warn!(%error, "cannot see which kinds of source there are");
        }
    }
}

async fn pause(interval_s: u64) {
    if interval_s == 0 {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(Duration::from_secs(interval_s)).await;
}
