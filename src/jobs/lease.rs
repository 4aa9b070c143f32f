//! Taking a lease, also from a process of this machine that died with it.

use crate::{JobError, Jobs};
use domain::Timestamp;
use std::time::Duration;
use store::{LEASE_MS, Lease, StoreError};

/// Source name of leases on work that concerns all sources.
pub(crate) const ALL: &str = "*";

impl Jobs {
    /// Takes a lease and gives the state kept with it. A holder on this machine that no longer
    /// lives is not waited for.
    pub(crate) async fn lease(
        &self,
        source: &str,
        stream: &str,
    ) -> Result<(Lease, String), JobError> {
        let now = self.clock.now();
        match self.store.acquire(source, stream, &self.owner, now).await {
            Err(StoreError::Leased { owner, .. }) if self.is_dead(&owner) => {
                self.store.forget_owner(&owner).await?;
                Ok(self.store.acquire(source, stream, &self.owner, now).await?)
            }
            other => Ok(other?),
        }
    }

    /// Takes a lease, waiting for its holder up to `patience_ms`.
    pub(crate) async fn lease_patiently(
        &self,
        stream: &str,
        patience_ms: i64,
    ) -> Result<Lease, JobError> {
        let until = self.clock.now().plus_millis(patience_ms);
        loop {
            match self.lease(ALL, stream).await {
                Ok((lease, _)) => return Ok(lease),
                Err(JobError::Store(error @ StoreError::Leased { .. })) => {
                    if self.clock.now() >= until {
                        return Err(error.into());
                    }
                }
                Err(error) => return Err(error),
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(50)) => {}
                () = self.cancel.cancelled() => return Err(JobError::Stopped),
            }
        }
    }

    /// Does leased work and keeps the lease meanwhile: a vendor may ask to wait longer than a lease
    /// lasts, and a large resolution computes for long between two commits. The two run side by
    /// side, since the work may hold the only writing connection that keeping the lease needs.
    pub(crate) async fn keeping<T>(&self, lease: &Lease, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            let beat = async {
                tokio::time::sleep(Duration::from_millis(LEASE_MS as u64 / 3)).await;
                self.store.keep(lease, self.clock.now()).await
            };
            tokio::select! {
                outcome = &mut work => return outcome,
                kept = beat => {
                    if let Err(error) = kept {
                        // The next commit finds out whether the lease is really lost.
                        tracing::warn!(%error, "the lease could not be extended");
                    }
                }
            }
        }
    }

    /// Whether an owner `host:pid:start` is a process of this machine that is gone. Where the
    /// system cannot tell, it is taken to live.
    fn is_dead(&self, owner: &str) -> bool {
        let host = |owner: &str| owner.split(':').next().map(str::to_owned);
        let mut parts = owner.split(':').skip(1);
        let (Some(pid), Some(start)) = (parts.next(), parts.next()) else { return false };
        if host(owner) != host(&self.owner) || !std::path::Path::new("/proc/self/stat").exists() {
            return false;
        }
        process_start(pid).as_deref() != Some(start)
    }
}

/// When a process began, in the system's ticks since boot; `None` when there is no such process.
/// Together with the pid it names a process for ever, pids being used again.
#[must_use]
pub fn process_start(pid: &str) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command's name stands in parentheses and may hold anything; fields are counted behind it.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(19).map(str::to_owned)
}

/// This process as a lease owner: `host:pid:start`.
#[must_use]
pub fn this_owner() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim().replace(':', "_");
    let pid = std::process::id().to_string();
    let start = process_start(&pid).unwrap_or_default();
    format!("{}:{pid}:{start}", if host.is_empty() { "host" } else { &host })
}

/// Lease stays fresh only through commits; work that commits seldom asks for the present moment.
pub(crate) fn now(jobs: &Jobs) -> Timestamp {
    jobs.clock.now()
}
