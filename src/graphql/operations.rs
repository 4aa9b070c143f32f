//! For operators and auditors: sources, quarantine, audit log.

use crate::asked::asked;
use crate::connection::{Page, connection, cursor, place};
use crate::loaders::Total;
use crate::scalars::{DateTime, Json, int};
use async_graphql::{Context, ID, Result, SimpleObject};
use domain::{Area, RecordId, Timestamp};
use store::read::{AuditEntry as Entry, QuarantinedRecord as Quarantined, Slice, StreamStatus};

/// A configured instance of a connector.
#[derive(SimpleObject)]
pub(crate) struct Source {
    /// Its name in the configuration.
    name: String,
    /// Its streams.
    streams: Vec<SourceStream>,
}

/// One kind of record in a source, and how its last sync went.
#[derive(SimpleObject)]
pub(crate) struct SourceStream {
    /// Its name.
    name: String,
    /// How it stands, as `idle`, `running` or `failed`.
    status: String,
    /// When the last sync began.
    started_at: Option<DateTime>,
    /// When it ended.
    finished_at: Option<DateTime>,
    /// Records read.
    record_count: i32,
    /// Records refused; they wait in quarantine.
    reject_count: i32,
    /// Requests made.
    request_count: i32,
    /// What failed last.
    last_error: Option<String>,
    /// The code of what failed last.
    last_error_code: Option<String>,
}

impl From<StreamStatus> for SourceStream {
    fn from(status: StreamStatus) -> Self {
        Self {
            name: status.stream,
            status: status.status,
            started_at: status.started.map(DateTime),
            finished_at: status.finished.map(DateTime),
            record_count: int(status.records),
            reject_count: int(status.rejects),
            request_count: int(status.requests),
            last_error: status.last_error,
            last_error_code: status.last_error_code,
        }
    }
}

/// The sources with their streams.
pub(crate) async fn sources(ctx: &Context<'_>) -> Result<Vec<Source>> {
    let asked = asked(ctx)?;
    asked.see(Area::Operations)?;
    let mut sources: Vec<Source> = Vec::new();
    for state in asked.store.stream_states(&asked.scope).await? {
        let name = state.source.clone();
        match sources.last_mut().filter(|last| last.name == name) {
            Some(source) => source.streams.push(state.into()),
            None => sources.push(Source { name, streams: vec![state.into()] }),
        }
    }
    Ok(sources)
}

/// A record that could not be read.
#[derive(SimpleObject)]
pub(crate) struct QuarantinedRecord {
    /// Its id.
    id: ID,
    /// The source it came from.
    source: String,
    /// The stream within the source.
    stream: String,
    /// The source's own id of it, if that could be read.
    external_id: Option<String>,
    /// Where in the record and what is wrong, without the value.
    reason: String,
    /// The record as received, possibly cut; null for roles that do not see payloads.
    payload: Option<Json>,
    /// When it came first.
    first_seen_at: DateTime,
    /// When it came last.
    last_seen_at: DateTime,
    /// How often it came.
    seen_count: i32,
}

impl From<Quarantined> for QuarantinedRecord {
    fn from(record: Quarantined) -> Self {
        Self {
            id: ID(format!("quarantine:{}", RecordId(record.id))),
            source: record.source,
            stream: record.stream,
            external_id: record.external_id,
            reason: record.reason,
            payload: record.payload.map(|payload| Json::read(payload.expose())),
            first_seen_at: DateTime(record.first_seen),
            last_seen_at: DateTime(record.last_seen),
            seen_count: int(record.seen),
        }
    }
}

connection!(
    /// Records that could not be read, the one seen last first.
    QuarantineConnection, QuarantineEdge, QuarantinedRecord, total
);

/// A page of the quarantine.
pub(crate) async fn quarantine(
    ctx: &Context<'_>,
    source: Option<String>,
    first: Option<i32>,
    after: Option<String>,
) -> Result<QuarantineConnection> {
    let asked = asked(ctx)?;
    asked.see(Area::Operations)?;
    let first = asked.size("first", first)?;
    let after: Option<(i64, i64)> =
        after.map(|text| place("after", "quarantine", &text)).transpose()?;
    let start = after.map(|(at, id)| (Timestamp::from_millis(at), id));
    let slice = Slice { limit: first + 1, after: start };
    let rows = asked.store.quarantine(&asked.scope, source.as_deref(), &slice).await?;
    let rows = rows
        .into_iter()
        .map(|r| (cursor("quarantine", &(r.last_seen.as_millis(), r.id)), r.into()));
    let page = Page::forward(rows, first, after.is_some());
    Ok(QuarantineConnection::new(page, Total::Quarantine(source)))
}

/// Who changed what.
#[derive(SimpleObject)]
pub(crate) struct AuditEntry {
    /// When.
    at: DateTime,
    /// The subject of the token that asked.
    subject: String,
    /// Its role.
    role: String,
    /// What was done.
    action: String,
    /// The ids concerned.
    detail: Json,
}

impl From<Entry> for AuditEntry {
    fn from(entry: Entry) -> Self {
        Self {
            at: DateTime(entry.at),
            subject: entry.subject,
            role: entry.role,
            action: entry.action,
            detail: Json::read(&entry.detail),
        }
    }
}

connection!(
    /// Who changed what, the latest first.
    AuditConnection, AuditEdge, AuditEntry
);

/// A page of the audit log.
pub(crate) async fn audit_log(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
) -> Result<AuditConnection> {
    let asked = asked(ctx)?;
    asked.see(Area::Identity)?;
    let first = asked.size("first", first)?;
    let after = after.map(|text| place("after", "audit", &text)).transpose()?;
    let slice = Slice { limit: first + 1, after };
    let rows = asked.store.audit_log(&asked.scope, &slice).await?;
    let rows = rows.into_iter().map(|entry| (cursor("audit", &entry.id), entry.into()));
    Ok(Page::forward(rows, first, after.is_some()).into())
}
