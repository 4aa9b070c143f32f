//! What operators and auditors read: sync state, quarantine, the audit log.

use super::{ReadError, Slice, at, see};
use crate::{Store, sql};
use domain::{Access, Area, Payload, Scope, Timestamp};

/// How a stream's last sync went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamStatus {
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// As stored by the sync job (`idle`, `running`, `failed`...).
    pub status: String,
    /// When the last sync began.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// Records read since the beginning.
    pub records: i64,
    /// Records refused since the beginning.
    pub rejects: i64,
    /// Requests made since the beginning.
    pub requests: i64,
    /// What failed last, without personal data.
    pub last_error: Option<String>,
    /// Its code.
    pub last_error_code: Option<String>,
}

/// A record that could not be read.
#[derive(Clone, Debug, PartialEq)]
pub struct QuarantinedRecord {
    /// Its id.
    pub id: i64,
    /// The source.
    pub source: String,
    /// The stream.
    pub stream: String,
    /// The vendor's id, if it could be read.
    pub external_id: Option<String>,
    /// What is wrong with it and where.
    pub reason: String,
    /// As received, for scopes that see payloads; `None` for others, and then not fetched.
    pub payload: Option<Payload>,
    /// When it came first.
    pub first_seen: Timestamp,
    /// When it came last.
    pub last_seen: Timestamp,
    /// How often it came.
    pub seen: i64,
}

/// Who changed what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place in the log.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// The token's subject.
    pub subject: String,
    /// The role.
    pub role: String,
    /// What was done.
    pub action: String,
    /// JSON with the ids concerned.
    pub detail: String,
}

impl Store {
    /// The state of every stream of every source, by name.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn stream_states(&self, scope: &Scope) -> Result<Vec<StreamStatus>, ReadError> {
        see(scope, Area::Operations)?;
        let text = "SELECT source, stream, status, started_at_ms, finished_at_ms, record_count, \
                    reject_count, request_count, last_error, last_error_code \
                    FROM sync_state WHERE source <> '*' ORDER BY source, stream";
        let rows = sql::map(self.reader(), self.statement(text, vec![]), |row| {
            Ok(StreamStatus {
                source: row.try_get("", "source")?,
                stream: row.try_get("", "stream")?,
                status: row.try_get("", "status")?,
                started: row.try_get::<Option<i64>>("", "started_at_ms")?.map(at),
                finished: row.try_get::<Option<i64>>("", "finished_at_ms")?.map(at),
                records: row.try_get("", "record_count")?,
                rejects: row.try_get("", "reject_count")?,
                requests: row.try_get("", "request_count")?,
                last_error: row.try_get("", "last_error")?,
                last_error_code: row.try_get("", "last_error_code")?,
            })
        })
        .await?;
        Ok(rows)
    }

    /// Records in quarantine, the one seen last first; the key is (last seen, id).
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn quarantine(
        &self,
        scope: &Scope,
        source: Option<&str>,
        slice: &Slice<(Timestamp, i64)>,
    ) -> Result<Vec<QuarantinedRecord>, ReadError> {
        see(scope, Area::Operations)?;
        let payload = scope.access(Area::Payloads) == Access::Full
            && scope.access(Area::ContactDetails) == Access::Full;
        let column = if payload { "payload" } else { "NULL AS payload" };
        let (since, id) =
            slice.after.map_or((i64::MAX, i64::MAX), |(since, id)| (since.as_millis(), id));
        let mut values = vec![i64::from(slice.limit).into(), since.into(), id.into()];
        let mut filter = String::new();
        if let Some(source) = source {
            values.push(source.into());
            filter.push_str(" AND source = $4");
        }
        let text = format!(
            "SELECT id, source, stream, external_id, reason, {column}, first_seen_at_ms, \
             last_seen_at_ms, seen_count FROM quarantine \
             WHERE (last_seen_at_ms, id) < ($2, $3){filter} \
             ORDER BY last_seen_at_ms DESC, id DESC LIMIT $1"
        );
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            Ok(QuarantinedRecord {
                id: row.try_get("", "id")?,
                source: row.try_get("", "source")?,
                stream: row.try_get("", "stream")?,
                external_id: row.try_get("", "external_id")?,
                reason: row.try_get("", "reason")?,
                payload: row.try_get::<Option<String>>("", "payload")?.map(Payload::new),
                first_seen: at(row.try_get("", "first_seen_at_ms")?),
                last_seen: at(row.try_get("", "last_seen_at_ms")?),
                seen: row.try_get("", "seen_count")?,
            })
        })
        .await?;
        Ok(rows)
    }

    /// How many records are in quarantine.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn quarantine_count(
        &self,
        scope: &Scope,
        source: Option<&str>,
    ) -> Result<i64, ReadError> {
        see(scope, Area::Operations)?;
        let (filter, values) = match source {
            Some(source) => (" WHERE source = $1", vec![source.into()]),
            None => ("", vec![]),
        };
        let text = format!("SELECT COUNT(*) AS n FROM quarantine{filter}");
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            row.try_get::<i64>("", "n")
        })
        .await?;
        Ok(rows.first().copied().unwrap_or(0))
    }

    /// The audit log, the latest entry first; the key is the entry's id.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`] unless the scope sees identity, [`ReadError::Store`].
    pub async fn audit_log(
        &self,
        scope: &Scope,
        slice: &Slice<i64>,
    ) -> Result<Vec<AuditEntry>, ReadError> {
        see(scope, Area::Identity)?;
        let text = "SELECT id, at_ms, subject, role, action, detail FROM audit_entry \
                    WHERE id < $2 ORDER BY id DESC LIMIT $1";
        let values = vec![i64::from(slice.limit).into(), slice.after.unwrap_or(i64::MAX).into()];
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            Ok(AuditEntry {
                id: row.try_get("", "id")?,
                at: at(row.try_get("", "at_ms")?),
                subject: row.try_get("", "subject")?,
                role: row.try_get("", "role")?,
                action: row.try_get("", "action")?,
                detail: row.try_get("", "detail")?,
            })
        })
        .await?;
        Ok(rows)
    }
}
