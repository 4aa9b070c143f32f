//! Zendesk: organisations, users and tickets.
//!
//! Owns Zendesk's requests and cursor semantics; `map` holds the records.
//!
//! * Users and tickets come by the cursor export. Its order is the time at which Zendesk last wrote
//!   the record, not `updated_at`, so nothing is filtered by `updated_at`. The order is proven, so
//!   each page's cursor is kept at once, and after the end of the stream it is where the next sync
//!   goes on. An empty page before the end is legal.
//! * Organisations only have the time-based export. It repeats records at page boundaries (told
//!   apart by id and `updated_at`) and refuses a start within the last minute.
//! * An export needs an administrator's token; a plan may lack one of the streams. A 403 therefore
//!   concerns one stream.

mod map;

#[cfg(test)]
mod tests;

use crate::collect::{Collector, rejected};
use crate::field::Field;
use crate::params::Params;
use crate::text::encode;
use crate::wire::{Http, get};
use crate::{
    Budget, ConfigProblem, Connector, Fetch, FetchError, HeaderValue, Page, PlanError, Response,
    Step, StreamSpec, StreamState,
};
use base64::Engine as _;
use domain::{Payload, Reject, Secret, SourceRecord, Timestamp};
use map::{Kind, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashSet;

/// Exports leave out the last minute and refuse to begin in it; one second more for safety.
const TOO_RECENT_S: i64 = 61;
/// Records per page of a cursor export (the vendor's limit).
const PAGE_LIMIT: usize = 1000;
/// How many records of the end of a time-based page are remembered, to tell repeated ones.
const TAIL_MAX: usize = 200;
/// When a cursor is lost, the export begins this long before the last completed sync: long enough
/// for any difference between the clocks.
const LOST_CURSOR_S: i64 = 24 * 3600;

const BUDGETS: [Budget; 1] =
    [Budget { name: "incremental", requests: 10, per_ms: 60_000, concurrency: 1 }];

pub(crate) const EXAMPLE: &str = r#"[sources.zendesk]
connector = "zendesk"
# https://<subdomain>.zendesk.com
subdomain = "acme"
# An administrator's e-mail address and an API token (exports are for administrators only).
email = "admin@acme.example"
token = { env = "ZENDESK_TOKEN" }
# Prefix of this source's ids in cross references ("zendesk.users:123").
# namespace = "zendesk"
# Whose id an `external_id` holds, by stream and prefix: "hubspot:123" on a user means
# hubspot.contacts:123. A prefix without a colon belongs to the id ("cus_123"). These are the defaults.
# references = { "users.hubspot:" = "hubspot.contacts", "users.stripe:" = "stripe.customers", "users.cus_" = "stripe.customers", "organizations.hubspot:" = "hubspot.companies", "organizations.stripe:" = "stripe.customers", "organizations.cus_" = "stripe.customers" }
# Requests per minute; more than 10 needs Zendesk's high volume add-on.
# budgets = { incremental = 10 }
# base_url = "https://acme.zendesk.com"  (instead of subdomain)
"#;

/// `external_id` prefixes understood without configuration.
const REFERENCES: [(&str, &str); 6] = [
    ("users.hubspot:", "hubspot.contacts"),
    ("users.cus_", "stripe.customers"),
    ("users.stripe:", "stripe.customers"),
    ("organizations.hubspot:", "hubspot.companies"),
    ("organizations.stripe:", "stripe.customers"),
    ("organizations.cus_", "stripe.customers"),
];

/// A Zendesk account.
struct Zendesk {
    source: String,
    base_url: String,
    secret: Secret,
    auth: HeaderValue,
    budgets: Vec<Budget>,
    streams: Vec<StreamSpec>,
    mapper: map::Mapper,
}

/// All that is remembered of a stream. The order of the exports is proven, so the position is the
/// high-water mark.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    /// Position of a cursor export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    /// Start of the next page of a time-based export, or of a cursor export without a cursor.
    #[serde(default)]
    start_s: i64,
    /// The end of the last time-based page: `id:updated_ms`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tail: Vec<String>,
    /// When the sync under way began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    began_s: Option<i64>,
    /// When the last completed sync began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    completed_s: Option<i64>,
}

/// Builds the connector from its configuration.
pub(crate) fn build(source: &str, value: &Value) -> Result<Box<dyn Connector>, Vec<ConfigProblem>> {
    let mut params = Params::new("", value);
    params.value("connector");
    let email = params.required("email", "an administrator's e-mail address");
    let token = params.secret("token", "an API token of that administrator");
    let subdomain = params.text("subdomain");
    let given = params.base_url("base_url");
    let base_url = match (subdomain, given) {
        (_, Some(url)) => url,
        (Some(name), None) => {
            if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
                params.problem("subdomain", "is only the first part of <subdomain>.zendesk.com");
            }
            format!("https://{name}.zendesk.com")
        }
        (None, None) => {
            if value.get("base_url").is_none() && value.get("subdomain").is_none() {
                params
                    .problem("subdomain", "is missing: the first part of <subdomain>.zendesk.com");
            }
            String::new()
        }
    };
    let namespace = params.namespace("zendesk");
    let references = params.references(&REFERENCES);
    for (prefix, _) in &references {
        if !["users.", "organizations."].iter().any(|s| prefix.starts_with(s)) {
            let message = "does not begin with \"users.\" or \"organizations.\"";
            params.problem(&format!("references.{prefix}"), message);
        }
    }
    let budgets = params.budgets(&BUDGETS);
    params.finish()?;
    let basic = base64::engine::general_purpose::STANDARD
        .encode(format!("{email}/token:{}", token.expose()));
    Ok(Box::new(Zendesk {
        source: source.to_owned(),
        base_url,
        auth: HeaderValue::Secret(Secret::new(format!("Basic {basic}"))),
        secret: token,
        budgets,
        streams: vec![
            StreamSpec::new("organizations", "Zendesk organisations", &[]),
            StreamSpec::new("users", "Zendesk users", &["organizations"]),
            StreamSpec::new("tickets", "Zendesk tickets", &["organizations", "users"]),
        ],
        mapper: map::Mapper { source: source.to_owned(), namespace, references },
    }))
}

/// A page of either export.
#[derive(Deserialize)]
struct Export<'a> {
    #[serde(borrow, default)]
    organizations: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    users: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    tickets: Option<Vec<&'a RawValue>>,
    /// Times of the tickets, where they are not inside the tickets themselves.
    #[serde(borrow, default)]
    metric_sets: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    after_cursor: Field<'a>,
    #[serde(borrow, default)]
    end_time: Field<'a>,
    #[serde(borrow, default)]
    end_of_stream: Field<'a>,
    #[serde(borrow, default)]
    next_page: Field<'a>,
}

impl<'a> Export<'a> {
    fn records(&mut self, kind: Kind) -> Result<Vec<&'a RawValue>, FetchError> {
        let records = match kind {
            Kind::Organizations => self.organizations.take(),
            Kind::Users => self.users.take(),
            Kind::Tickets => self.tickets.take(),
        };
        records.ok_or_else(|| FetchError::Malformed {
            message: format!("the body has no list named `{}`", kind.name()),
        })
    }
}

impl Zendesk {
    fn kind_of(&self, stream: &str) -> Result<Kind, PlanError> {
        Kind::parse(stream).ok_or_else(|| PlanError::UnknownStream {
            known: "organizations, users, tickets".into(),
        })
    }

    /// The page's records: records, tombstones, rejects.
    fn take(&self, out: &mut Collector, kind: Kind, json: &str) {
        match self.mapper.map(kind, json, None) {
            Ok(Outcome::Deleted { id, version }) => out.tombstone(id, version),
            Ok(Outcome::Record(mapped)) => out.add(Ok(mapped)),
            Err(reject) => out.reject(reject),
        }
    }

    fn parse_cursor(
        &self,
        kind: Kind,
        mut state: State,
        http: &Http<'_>,
        now_s: i64,
    ) -> Result<Page, FetchError> {
        let mut export: Export<'_> = http.json(&self.secret)?;
        let records = export.records(kind)?;
        let metrics = map::metrics_by_ticket(export.metric_sets.as_deref().unwrap_or_default());
        let mut out = Collector::default();
        for raw in records {
            self.take(&mut out, kind, &map::with_metrics(raw.get(), &metrics));
        }
        let ended = end_of(export.end_of_stream)?;
        let next = export.after_cursor.string();
        if !ended && (next.is_none() || next == state.cursor) {
            return Err(FetchError::Transient {
                status: http.status,
                message: "the export says that there is more but does not move its cursor".into(),
            });
        }
        state.cursor = next.or(state.cursor);
        state.began_s.get_or_insert(now_s);
        if ended {
            state.completed_s = state.began_s.take();
        }
        out.finish(&state, ended)
    }

    fn parse_time_based(
        &self,
        kind: Kind,
        mut state: State,
        http: &Http<'_>,
        now_s: i64,
    ) -> Result<Page, FetchError> {
        let mut export: Export<'_> = http.json(&self.secret)?;
        let records = export.records(kind)?;
        let mut out = Collector::default();
        let before: HashSet<&str> = state.tail.iter().map(String::as_str).collect();
        let mut tail: Vec<String> = Vec::new();
        for raw in &records {
            let mark = map::mark(raw.get());
            if mark.as_deref().is_none_or(|m| !before.contains(m)) {
                self.take(&mut out, kind, raw.get());
            }
            tail.extend(mark);
        }
        let keep = tail.len().saturating_sub(TAIL_MAX);
        tail.drain(..keep);
        // Older accounts leave `end_of_stream` out; then a short page is the last one.
        let ended = match export.end_of_stream.json() {
            Some(_) => end_of(export.end_of_stream)?,
            None => records.len() < PAGE_LIMIT || export.next_page.json().is_none(),
        };
        let end_s = export.end_time.int();
        if !ended && end_s.is_none_or(|end| end <= state.start_s) {
            return Err(FetchError::Transient {
                status: http.status,
                message: "the export says that there is more but does not move its end time".into(),
            });
        }
        if !records.is_empty() {
            state.tail = tail;
        }
        state.start_s = end_s.unwrap_or(state.start_s).max(state.start_s);
        state.began_s.get_or_insert(now_s);
        if ended {
            state.completed_s = state.began_s.take();
        }
        out.finish(&state, ended)
    }
}

/// The flag must be there: without it a walk could neither end nor go on.
fn end_of(flag: Field<'_>) -> Result<bool, FetchError> {
    if flag.is_true() || flag.is_false() {
        return Ok(flag.is_true());
    }
    Err(FetchError::Malformed { message: "the body has no `end_of_stream`".into() })
}

impl Connector for Zendesk {
    fn kind(&self) -> &'static str {
        "zendesk"
    }

    fn source(&self) -> &str {
        &self.source
    }

    fn streams(&self) -> &[StreamSpec] {
        &self.streams
    }

    fn budgets(&self) -> &[Budget] {
        &self.budgets
    }

    fn check(&self) -> Vec<Fetch> {
        // Any user can read their own account; only an export proves the administrator.
        let path = "/api/v2/incremental/users/cursor.json?start_time=0&per_page=1";
        vec![Fetch::Http(get(format!("{}{path}", self.base_url), &self.auth, "incremental"))]
    }

    fn judge(&self, response: &Response, now: Timestamp) -> Result<(), FetchError> {
        let http = Http::of(response)?;
        http.accepted(now, &self.secret, "token")?;
        http.json::<Export<'_>>(&self.secret)?.records(Kind::Users).map(|_| ())
    }

    fn plan(&self, stream: &str, state: &StreamState, now: Timestamp) -> Result<Step, PlanError> {
        let kind = self.kind_of(stream)?;
        let state: State = state.read()?;
        let base = format!("{}/api/v2/incremental/{}", self.base_url, kind.name());
        let start = state.start_s.min(now.as_millis().div_euclid(1000) - TOO_RECENT_S).max(0);
        let url = match (kind, &state.cursor) {
            (Kind::Organizations, _) => format!("{base}.json?start_time={start}"),
            (_, cursor) => {
                let at = match cursor {
                    Some(cursor) => format!("cursor={}", encode(cursor)),
                    None => format!("start_time={start}"),
                };
                let include = match kind {
                    Kind::Tickets => "&include=comment_count,metric_sets",
                    _ => "",
                };
                format!("{base}/cursor.json?{at}&per_page={PAGE_LIMIT}{include}")
            }
        };
        Ok(Step::Fetch(Fetch::Http(get(url, &self.auth, "incremental"))))
    }

    fn parse(
        &self,
        stream: &str,
        state: &StreamState,
        response: &Response,
        now: Timestamp,
    ) -> Result<Page, FetchError> {
        let kind = self.kind_of(stream)?;
        let mut state: State = state.read()?;
        let http = Http::of(response)?;
        let now_s = now.as_millis().div_euclid(1000);
        match http.accepted(now, &self.secret, "token") {
            Ok(()) => {}
            // A cursor that is refused is expired or from another account.
            Err(FetchError::Refused { status: 400 | 404 | 410 | 422, message })
                if state.cursor.is_some() =>
            {
                state.cursor = None;
                state.start_s = state.completed_s.map_or(0, |s| (s - LOST_CURSOR_S).max(0));
                return Err(FetchError::CursorExpired {
                    restart: StreamState::write(&state)?,
                    message,
                });
            }
            // Our clock is ahead: by Zendesk's nothing can have happened since.
            Err(FetchError::Refused { status: 400 | 422, message })
                if state.start_s > 0 && message.to_ascii_lowercase().contains("too recent") =>
            {
                return Collector::default().finish(&state, true);
            }
            Err(error) => return Err(error),
        }
        match kind {
            Kind::Organizations => self.parse_time_based(kind, state, &http, now_s),
            Kind::Users | Kind::Tickets => self.parse_cursor(kind, state, &http, now_s),
        }
    }

    fn map_payload(
        &self,
        stream: &str,
        external_id: &str,
        payload: &Payload,
        version: i64,
    ) -> Result<SourceRecord, Reject> {
        let json = payload.expose();
        let kind = rejected(self.kind_of(stream).map_err(|e| e.to_string()), None, json)?;
        match self.mapper.map(kind, json, Some(version))? {
            Outcome::Record(mapped) => mapped.again(external_id),
            Outcome::Deleted { id, .. } => {
                Err(crate::field::reject(Some(id), "the payload is of a deletion".into(), json))
            }
        }
    }
}
