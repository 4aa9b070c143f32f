//! Pulling records: for every stream, fetch a page, hand it to the connector, commit it with the
//! cursor, until the stream is done.
//!
//! A stream that fails does not stop the others; a page that fails leaves the cursor where it was.

use crate::budget::Budgets;
use crate::progress::Event;
use crate::{JobError, Jobs};
use connectors::{Connector, Fetch, FetchError, Page, Response, Step, StreamState};
use domain::{
    Canonical, Identifier, IdentifierKind, ProfileKind, RecordKey, SourceRecord, Timestamp,
};
use futures_util::future::join_all;
use serde::Serialize;
use std::time::Duration;
use store::{EntityIdentifiers, Lease, Outcome, PageCommit, StoreError};
use tokio::time::Instant;

/// What a sync of one stream did.
#[derive(Clone, Debug, Serialize)]
pub struct StreamReport {
    /// Source.
    pub source: String,
    /// Stream.
    pub stream: String,
    /// `done`, `stopped`, `failed`, `disabled` or `skipped` (another process is at it).
    pub outcome: &'static str,
    /// Records read.
    pub read: u64,
    /// Records new or changed.
    pub written: u64,
    /// Records the same as before.
    pub unchanged: u64,
    /// Records deleted or merged away.
    pub removed: u64,
    /// Records put into quarantine.
    pub rejected: u64,
    /// Requests sent, retries included.
    pub requests: u64,
    /// Pages committed.
    pub pages: u64,
    /// Milliseconds it took.
    pub elapsed_ms: u64,
    /// What went wrong and what to do.
    pub error: Option<String>,
}

/// What a sync did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SyncReport {
    /// One entry a stream.
    pub streams: Vec<StreamReport>,
}

impl SyncReport {
    /// Records new or changed, removed, and rejected, over all streams.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.streams.iter().map(|s| s.written + s.removed).sum()
    }

    /// Streams that failed or are disabled.
    #[must_use]
    pub fn failures(&self) -> usize {
        self.streams.iter().filter(|s| matches!(s.outcome, "failed" | "disabled")).count()
    }
}

/// Times in a row that a page may leave the state as it was before the stream is failed: a vendor
/// that serves the same page for ever must not hold us for ever.
const STALLS_MAX: u32 = 3;

/// Cursor restarts in one sync of one stream.
const RESTARTS_MAX: u32 = 3;

impl Jobs {
    /// Pulls what changed from the named sources, or from all: sources side by side, the streams
    /// of one source one after the other. With `full`, streams start from the beginning.
    ///
    /// # Errors
    /// [`JobError::UnknownSource`], [`JobError::DiskFull`]. Any other failure of a stream is in the
    /// report instead.
    pub async fn sync(&self, names: &[String], full: bool) -> Result<SyncReport, JobError> {
        let chosen = self.choose(names)?;
        let reports =
            join_all(chosen.into_iter().map(|connector| self.sync_source(connector, full))).await;
        let report = SyncReport { streams: reports.into_iter().flatten().collect() };
        if report.streams.iter().any(|s| is_full_disk(s.error.as_deref())) {
            return Err(JobError::DiskFull);
        }
        Ok(report)
    }

    fn choose(&self, names: &[String]) -> Result<Vec<&dyn Connector>, JobError> {
        let known = || self.connectors.iter().map(|c| c.source()).collect::<Vec<_>>().join(", ");
        for name in names {
            if !self.connectors.iter().any(|c| c.source() == name) {
                return Err(JobError::UnknownSource { name: name.clone(), known: known() });
            }
        }
        let wanted = |c: &&std::sync::Arc<dyn Connector>| {
            names.is_empty() || names.iter().any(|n| n == c.source())
        };
        Ok(self.connectors.iter().filter(wanted).map(AsRef::as_ref).collect())
    }

    async fn sync_source(&self, connector: &dyn Connector, full: bool) -> Vec<StreamReport> {
        let budgets = Budgets::new(connector.budgets());
        let mut reports = Vec::new();
        for spec in connector.streams() {
            if self.cancel.is_cancelled() {
                break;
            }
            let stream = Stream {
                jobs: self,
                connector,
                budgets: &budgets,
                name: &spec.name,
                started: Instant::now(),
                began_at: self.clock.now(),
            };
            let report = stream.run(full).await;
            self.progress.report(&Event::StreamFinished { report: &report });
            let unauthorised = report.outcome == "failed"
                && report.error.as_deref().is_some_and(|e| e.starts_with("not authorised"));
            let full_disk = is_full_disk(report.error.as_deref());
            reports.push(report);
            if unauthorised || full_disk {
                // The other streams use the same credentials, and should not get the account
                // locked; or they have nowhere to write to.
                break;
            }
        }
        reports
    }
}

struct Stream<'a> {
    jobs: &'a Jobs,
    connector: &'a dyn Connector,
    budgets: &'a Budgets,
    name: &'a str,
    started: Instant,
    /// When this sync of the stream began: the present that the connector reckons with.
    began_at: Timestamp,
}

enum Ended {
    Done,
    Stopped,
}

enum Failed {
    Fetch(FetchError),
    Job(JobError),
}

impl From<JobError> for Failed {
    fn from(error: JobError) -> Self {
        Self::Job(error)
    }
}
impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Job(error.into())
    }
}

impl Stream<'_> {
    async fn run(&self, full: bool) -> StreamReport {
        let source = self.connector.source();
        let mut report = StreamReport {
            source: source.to_owned(),
            stream: self.name.to_owned(),
            outcome: "done",
            read: 0,
            written: 0,
            unchanged: 0,
            removed: 0,
            rejected: 0,
            requests: 0,
            pages: 0,
            elapsed_ms: 0,
            error: None,
        };
        self.jobs.progress.report(&Event::StreamStarted { source, stream: self.name });
        let (lease, state) = match self.jobs.lease(source, self.name).await {
            Ok(held) => held,
            Err(error) => {
                report.outcome = if matches!(error, JobError::Store(StoreError::Leased { .. })) {
                    "skipped"
                } else {
                    "failed"
                };
                report.error = Some(error.to_string());
                return report;
            }
        };
        let state = if full { StreamState::default() } else { read_state(&state) };
        let ended = self.jobs.keeping(&lease, self.walk(&lease, state, &mut report)).await;
        let (outcome, code) = match &ended {
            Ok(Ended::Done) => ("done", None),
            Ok(Ended::Stopped) => ("stopped", None),
            Err(Failed::Fetch(FetchError::Forbidden { .. })) => ("disabled", Some("forbidden")),
            Err(Failed::Fetch(error)) => ("failed", Some(kind_of(error))),
            Err(Failed::Job(_)) => ("failed", Some("store")),
        };
        report.outcome = outcome;
        report.error = match &ended {
            Ok(_) => None,
            Err(Failed::Fetch(error)) => Some(error.to_string()),
            Err(Failed::Job(error)) => Some(error.to_string()),
        };
        report.elapsed_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let message = report.error.clone().unwrap_or_default();
        let outcome = match (&ended, code) {
            (Ok(Ended::Done), _) => Outcome::Done,
            (Ok(Ended::Stopped), _) => Outcome::Stopped,
            (_, Some("forbidden")) => Outcome::Disabled { code: "forbidden", message: &message },
            (_, code) => Outcome::Failed { code: code.unwrap_or("store"), message: &message },
        };
        if report.outcome == "failed" || report.outcome == "disabled" {
            tracing::warn!(
                source,
                stream = self.name,
                error = message,
                "the stream could not be synced"
            );
        }
        if let Err(error) = self.jobs.store.release(&lease, outcome, self.jobs.clock.now()).await {
            tracing::warn!(source, stream = self.name, %error, "the lease could not be given back");
        }
        report
    }

    async fn walk(
        &self,
        lease: &Lease,
        mut state: StreamState,
        report: &mut StreamReport,
    ) -> Result<Ended, Failed> {
        let (mut stalls, mut restarts, mut requests) = (0, 0, 0);
        loop {
            if self.jobs.cancel.is_cancelled() {
                return Ok(Ended::Stopped);
            }
            if report.pages >= self.jobs.options.pages_max {
                return Ok(Ended::Stopped);
            }
            let step =
                self.connector.plan(self.name, &state, self.began_at).map_err(JobError::from)?;
            let Step::Fetch(fetch) = step else { return Ok(Ended::Done) };
            let page = match self.attempt(&fetch, &state, &mut requests).await {
                Ok(Some(page)) => page,
                Ok(None) => return Ok(Ended::Stopped),
                Err(FetchError::CursorExpired { restart, message }) => {
                    restarts += 1;
                    if restarts > RESTARTS_MAX {
                        let message = format!("the vendor keeps rejecting the cursor: {message}");
                        return Err(Failed::Fetch(FetchError::Malformed { message }));
                    }
                    tracing::info!(
                        source = self.connector.source(),
                        stream = self.name,
                        message,
                        "the cursor expired; starting the walk again"
                    );
                    Page { next: restart, ..Page::default() }
                }
                Err(error) => return Err(Failed::Fetch(error)),
            };
            report.requests += requests;
            stalls = if page.next == state && !page.done { stalls + 1 } else { 0 };
            if stalls >= STALLS_MAX {
                let message = "the vendor serves the same page again and again".to_owned();
                return Err(Failed::Fetch(FetchError::Malformed { message }));
            }
            let done = page.done;
            self.commit(lease, &page, requests, report).await?;
            requests = 0;
            state = page.next;
            if done {
                return Ok(Ended::Done);
            }
        }
    }

    async fn commit(
        &self,
        lease: &Lease,
        page: &Page,
        requests: u64,
        report: &mut StreamReport,
    ) -> Result<(), Failed> {
        let records: Vec<_> =
            page.records.iter().map(|record| (record.clone(), self.identifiers(record))).collect();
        let next_state = page.next.0.to_string();
        let commit = PageCommit {
            records: &records,
            rejects: &page.rejects,
            tombstones: &page.tombstones,
            merges: &page.merges,
            next_state: &next_state,
            requests,
            observed_at: self.jobs.clock.now(),
        };
        let outcome = self.jobs.store.commit_page(lease, &commit).await?;
        report.pages += 1;
        report.read += page.records.len() as u64;
        report.written += outcome.written;
        report.unchanged += outcome.unchanged + outcome.stale;
        report.removed += outcome.removed;
        report.rejected += outcome.rejected;
        let elapsed = self.started.elapsed().as_millis();
        self.jobs.progress.report(&Event::Page {
            source: self.connector.source(),
            stream: self.name,
            read: report.read,
            written: report.written,
            rejected: report.rejected,
            elapsed_ms: u64::try_from(elapsed).unwrap_or(u64::MAX),
        });
        Ok(())
    }

    fn identifiers(&self, record: &SourceRecord) -> Vec<EntityIdentifiers> {
        let key = RecordKey::new(self.connector.source(), self.name, &record.external_id);
        let rules = &self.jobs.identity;
        let stated = |kind| stated_of(kind, &record.identifiers);
        record
            .canonical
            .iter()
            .filter_map(|canonical| match canonical {
                // Employers matter to matching only, not to the plain values kept here.
                Canonical::Contact(contact) => Some(identity::person_record(
                    key.id(),
                    &key,
                    contact,
                    &stated(ProfileKind::Person),
                    record.version,
                    rules,
                    &[],
                )),
                Canonical::Company(company) => Some(identity::company_record(
                    key.id(),
                    &key,
                    company,
                    &stated(ProfileKind::Company),
                    record.version,
                    rules,
                )),
                _ => None,
            })
            .map(|r| EntityIdentifiers { entity: r.kind, identifiers: r.identifiers })
            .collect()
    }

    /// Carries out a fetch until it gives a page; `None` when asked to stop.
    async fn attempt(
        &self,
        fetch: &Fetch,
        state: &StreamState,
        requests: &mut u64,
    ) -> Result<Option<Page>, FetchError> {
        let policy = self.jobs.options.retry;
        let mut attempt = 0;
        loop {
            attempt += 1;
            if let Fetch::Http(request) = fetch {
                loop {
                    let wait = self.budgets.take(request.budget, Instant::now());
                    if wait.is_zero() {
                        break;
                    }
                    if !self.pause(wait, "the request budget is spent").await {
                        return Ok(None);
                    }
                }
            }
            *requests += 1;
            let error = match self.jobs.fetcher.fetch(fetch).await {
                Ok(response) => match self.parse(state, &response) {
                    Ok(page) => return Ok(Some(page)),
                    Err(error) => error,
                },
                Err(e) if e.passing => FetchError::Transient { status: 0, message: e.message },
                Err(e) => return Err(FetchError::Malformed { message: e.message }),
            };
            let pause_ms = match &error {
                FetchError::RateLimited { retry_after_ms: Some(hint), .. } => {
                    if *hint > policy.hint_max_ms {
                        return Err(error);
                    }
                    // The vendor's word, and a little more so as not to be early.
                    hint + policy.pause_ms(1, seed(self.name)) / 10
                }
                FetchError::RateLimited { retry_after_ms: None, .. }
                | FetchError::Transient { .. } => policy.pause_ms(attempt, seed(self.name)),
                _ => return Err(error),
            };
            if attempt >= policy.attempts {
                return Err(error);
            }
            if !self.pause(Duration::from_millis(pause_ms), &error.to_string()).await {
                return Ok(None);
            }
        }
    }

    fn parse(&self, state: &StreamState, response: &Response) -> Result<Page, FetchError> {
        self.connector.parse(self.name, state, response, self.began_at)
    }

    /// Waits; `false` when asked to stop meanwhile.
    async fn pause(&self, wait: Duration, reason: &str) -> bool {
        if wait > Duration::from_secs(1) {
            self.jobs.progress.report(&Event::Waiting {
                source: self.connector.source(),
                stream: self.name,
                wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                reason,
            });
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => true,
            () = self.jobs.cancel.cancelled() => false,
        }
    }
}

/// Whether a stream's error is the store's word that its disk is full.
fn is_full_disk(error: Option<&str>) -> bool {
    error.is_some_and(|e| e == JobError::DiskFull.to_string())
}

/// The references that concern one kind of profile: a billing customer that is both a person and a
/// company names the person's id and the company's, and two payers of one firm are not one person.
fn stated_of(kind: ProfileKind, stated: &[Identifier]) -> Vec<Identifier> {
    let of_other = match kind {
        ProfileKind::Person => &["companies", "organizations", "accounts"][..],
        ProfileKind::Company => &["contacts", "users", "leads"][..],
    };
    let concerns = |identifier: &&Identifier| {
        let stream = identifier.value.expose().split([':', '.']).nth(1).unwrap_or_default();
        identifier.kind != IdentifierKind::ExternalId || !of_other.contains(&stream)
    };
    stated.iter().filter(concerns).cloned().collect()
}

fn read_state(text: &str) -> StreamState {
    // A state that is not JSON reads as "never synced" only if it is absent; anything else is kept
    // as text, and the connector says that it cannot read it.
    StreamState(serde_json::from_str(text).unwrap_or_else(|_| serde_json::Value::from(text)))
}

fn seed(name: &str) -> u64 {
    name.bytes()
        .fold(u64::from(std::process::id()), |h, b| h.wrapping_mul(31).wrapping_add(u64::from(b)))
}

const fn kind_of(error: &FetchError) -> &'static str {
    match error {
        FetchError::Unauthorized { .. } => "unauthorized",
        FetchError::Forbidden { .. } => "forbidden",
        FetchError::RateLimited { .. } => "rate_limited",
        FetchError::Transient { .. } => "transient",
        FetchError::CursorExpired { .. } => "cursor_expired",
        FetchError::Malformed { .. } => "malformed",
        FetchError::Refused { .. } => "refused",
    }
}
