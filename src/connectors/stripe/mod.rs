//! Stripe: customers, subscriptions, invoices, charges and refunds.
//!
//! Owns Stripe's requests and cursor semantics; `walk` holds the state, `map` and `customer` the
//! records, `amount` Stripe's notion of minor units.
//!
//! A stream is a snapshot followed by a log. The first sync asks for the newest event (the log's
//! end), then lists everything. Later syncs read the events since. Objects carry no modification
//! time, so an object's version is the time of the event that brought it; a listed object has the
//! version of the log's end before the listing, so every event that may be newer wins over it, and
//! our own clock plays no part.
//!
//! * Lists and events come newest first: the mark moves only when a walk has ended.
//! * Events are kept for 30 days. After 24 days without a completed sync everything is listed anew.
//!   Deletions that fall into such a gap are not noticed (a deleted object is in no list); a
//!   reconciliation of ids would be needed for that.
//! * A position (`starting_after`) whose object was deleted meanwhile is refused: the walk begins
//!   again, the mark stays.
//! * Lists inside objects hold at most ten entries. Subscription items beyond that are read apart,
//!   because recurring revenue depends on them; invoice lines are not used.

mod amount;
mod customer;
mod kind;
mod map;
mod walk;

#[cfg(test)]
mod tests;

use crate::collect::{Collector, rejected};
use crate::field::Field;
use crate::params::Params;
use crate::text::encode;
use crate::wire::{Http, get};
use crate::{
    Budget, ConfigProblem, Connector, Fetch, FetchError, HeaderValue, HttpRequest, Page, PlanError,
    Response, Step, StreamSpec, StreamState,
};
use domain::{Payload, Reject, Secret, SourceRecord, Timestamp};
use kind::Kind;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use walk::{Pending, State, Step as Next, Walk, event_version};

const BASE_URL: &str = "https://api.stripe.com";
/// The version of the interface that this connector is written for; events may carry older shapes.
const API_VERSION: &str = "2026-05-27.dahlia";
/// Objects per page (the vendor's limit).
const LIMIT: usize = 100;

/// 25 requests per second is what test accounts and single endpoints allow.
const BUDGETS: [Budget; 1] =
    [Budget { name: "general", requests: 25, per_ms: 1_000, concurrency: 4 }];

pub(crate) const EXAMPLE: &str = r#"[sources.stripe]
connector = "stripe"
# A restricted key that may read customers, subscriptions, invoices, charges, refunds and events.
key = { env = "STRIPE_KEY" }
# Prefix of this source's ids in cross references ("stripe.customers:cus_123").
# namespace = "stripe"
# Metadata of customers that holds another system's id, and whose it is. These are the defaults.
# references = { "metadata.hubspot_contact_id" = "hubspot.contacts", "metadata.hubspot_company_id" = "hubspot.companies" }
# Requests per second that the account may send (25 in test mode, 100 live).
# budgets = { general = 25 }
# api_version = "2026-05-27.dahlia"
# base_url = "https://api.stripe.com"
"#;

/// Metadata understood without configuration.
const REFERENCES: [(&str, &str); 2] = [
    ("metadata.hubspot_contact_id", "hubspot.contacts"),
    ("metadata.hubspot_company_id", "hubspot.companies"),
];

/// A Stripe account.
struct Stripe {
    source: String,
    base_url: String,
    api_version: String,
    secret: Secret,
    auth: HeaderValue,
    budgets: Vec<Budget>,
    streams: Vec<StreamSpec>,
    mapper: map::Mapper,
}

/// Builds the connector from its configuration.
pub(crate) fn build(source: &str, value: &Value) -> Result<Box<dyn Connector>, Vec<ConfigProblem>> {
    let mut params = Params::new("", value);
    params.value("connector");
    let key = params.secret("key", "a restricted API key (rk_...)");
    let base_url = params.base_url("base_url").unwrap_or_else(|| BASE_URL.to_owned());
    let api_version = params.text("api_version").unwrap_or(API_VERSION).to_owned();
    if !api_version.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c)) {
        params.problem("api_version", "is not of the form \"2026-05-27.dahlia\"");
    }
    let namespace = params.namespace("stripe");
    let references = params.references(&REFERENCES);
    for (field, _) in &references {
        if !field.starts_with("metadata.") {
            let message = "does not begin with \"metadata.\"";
            params.problem(&format!("references.{field}"), message);
        }
    }
    let budgets = params.budgets(&BUDGETS);
    params.finish()?;
    let spec = |kind: Kind, depends: &[&str]| {
        StreamSpec::new(kind.name(), &format!("Stripe {}", kind.name()), depends)
    };
    Ok(Box::new(Stripe {
        source: source.to_owned(),
        base_url,
        api_version,
        auth: HeaderValue::Secret(Secret::new(format!("Bearer {}", key.expose()))),
        secret: key,
        budgets,
        streams: vec![
            spec(Kind::Customers, &[]),
            spec(Kind::Subscriptions, &["customers"]),
            spec(Kind::Invoices, &["customers", "subscriptions"]),
            spec(Kind::Charges, &["customers", "invoices"]),
            spec(Kind::Refunds, &["charges"]),
        ],
        mapper: map::Mapper { source: source.to_owned(), namespace, references },
    }))
}

/// A page of a list.
#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    has_more: Field<'a>,
}

/// The part of an object that walks need.
#[derive(Deserialize)]
struct Stub<'a> {
    #[serde(borrow, default)]
    id: Field<'a>,
    #[serde(borrow, default)]
    object: Field<'a>,
    #[serde(borrow, default)]
    deleted: Field<'a>,
    #[serde(borrow, default)]
    items: Option<Items<'a>>,
}

#[derive(Deserialize)]
struct Items<'a> {
    #[serde(borrow, default)]
    has_more: Field<'a>,
}

/// An event.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, default)]
    id: Field<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Field<'a>,
    #[serde(borrow, default)]
    created: Field<'a>,
    #[serde(borrow)]
    data: EventData<'a>,
}

#[derive(Deserialize)]
struct EventData<'a> {
    #[serde(borrow)]
    object: &'a RawValue,
}

/// The last id of a page: where the next one begins.
fn last_id(page: &List<'_>) -> Option<String> {
    let last = page.data.last()?;
    crate::field::read::<Stub<'_>>(last.get()).ok()?.id.reference()
}

/// Where a list goes on: nowhere when it has ended, never where it began.
fn next_after(
    page: &List<'_>,
    after: Option<&String>,
    status: u16,
) -> Result<Option<String>, FetchError> {
    if !page.has_more.is_true() {
        return Ok(None);
    }
    match last_id(page) {
        Some(next) if Some(&next) != after => Ok(Some(next)),
        _ => Err(FetchError::Transient {
            status,
            message: "the list says that there is more but does not move on".into(),
        }),
    }
}

impl Stripe {
    fn kind_of(&self, stream: &str) -> Result<Kind, PlanError> {
        Kind::parse(stream).ok_or_else(|| PlanError::UnknownStream {
            known: "customers, subscriptions, invoices, charges, refunds".into(),
        })
    }

    fn get(&self, path_and_query: &str) -> HttpRequest {
        let url = format!("{}/v1/{path_and_query}", self.base_url);
        let mut request = get(url, &self.auth, "general");
        let version = HeaderValue::Plain(self.api_version.clone());
        request.headers.push(("stripe-version".to_owned(), version));
        request
    }

    fn events(
        &self,
        kind: Kind,
        limit: usize,
        since_s: Option<i64>,
        after: Option<&str>,
    ) -> HttpRequest {
        let mut query = format!("events?limit={limit}");
        if let Some(since) = since_s {
            query.push_str(&format!("&created[gte]={since}"));
        }
        for name in kind.events() {
            query.push_str("&types[]=");
            query.push_str(name);
        }
        if let Some(after) = after {
            query.push_str("&starting_after=");
            query.push_str(&encode(after));
        }
        self.get(&query)
    }

    fn request(&self, kind: Kind, step: &Next) -> HttpRequest {
        let more = |after: &Option<String>| {
            after.as_ref().map_or_else(String::new, |a| format!("&starting_after={}", encode(a)))
        };
        match step {
            Next::Items(pending) if pending.complete => {
                self.get(&format!("subscriptions/{}", encode(&pending.id)))
            }
            Next::Items(pending) => self.get(&format!(
                "subscription_items?subscription={}&limit={LIMIT}{}",
                encode(&pending.id),
                more(&pending.after)
            )),
            Next::Walk(Walk::Mark { .. }) => self.events(kind, 1, None, None),
            Next::Walk(Walk::List { after, .. }) => {
                let all = if kind == Kind::Subscriptions { "&status=all" } else { "" };
                self.get(&format!("{}?limit={LIMIT}{all}{}", kind.name(), more(after)))
            }
            Next::Walk(Walk::Events { since_s, after, .. }) => {
                self.events(kind, LIMIT, Some(*since_s), after.as_deref())
            }
        }
    }

    /// Maps an object that a list or an event brought, or puts it aside if it is incomplete.
    fn take(&self, out: &mut Collector, state: &mut State, kind: Kind, json: &str, version: i64) {
        match rejected(crate::field::read::<Stub<'_>>(json), None, json) {
            Err(reject) => out.reject(reject),
            Ok(stub) => {
                let id = stub.id.reference();
                match id {
                    Some(id) if stub.deleted.is_true() => out.tombstone(id, version),
                    Some(id)
                        if kind == Kind::Subscriptions
                            && stub.items.as_ref().is_some_and(|i| i.has_more.is_true()) =>
                    {
                        state.put_aside(id, version);
                    }
                    _ => out.add(self.mapper.map(kind, json, version)),
                }
            }
        }
    }

    fn parse_events(
        &self,
        out: &mut Collector,
        state: &mut State,
        kind: Kind,
        page: &List<'_>,
        walk: &mut walk::Events,
    ) {
        for raw in &page.data {
            let event = match rejected(crate::field::read::<Event<'_>>(raw.get()), None, raw.get())
            {
                Ok(event) => event,
                Err(reject) => {
                    out.reject(reject);
                    continue;
                }
            };
            let Some(created) = event.created.int() else {
                let why = "created: is missing or not an integer".to_owned();
                out.reject(crate::field::reject(None, why, raw.get()));
                continue;
            };
            let version = event_version(walk, created);
            if state.mark.is_some() && event.id.reference() == state.mark {
                // It was there before the listing began, which therefore holds what it says.
                continue;
            }
            let json = event.data.object.get();
            let name = event.kind.text();
            let stub = crate::field::read::<Stub<'_>>(json).ok();
            // Some families carry objects of another kind; those belong to another stream.
            if stub.as_ref().and_then(|s| s.object.text()).is_some_and(|o| o != kind.object()) {
                continue;
            }
            let gone = name.as_deref().is_some_and(|n| kind.deletion() == Some(n));
            match stub.and_then(|s| s.id.reference()).filter(|_| gone) {
                Some(id) => out.tombstone(id, version),
                None => self.take(out, state, kind, json, version),
            }
        }
    }

    fn parse_items(
        &self,
        out: &mut Collector,
        state: &mut State,
        http: &Http<'_>,
        mut pending: Pending,
    ) -> Result<(), FetchError> {
        if !pending.complete {
            let page: List<'_> = http.json(&self.secret)?;
            pending.items.extend(page.data.iter().map(|raw| raw.get().to_owned()));
            pending.after = next_after(&page, pending.after.as_ref(), http.status)?;
            pending.complete = pending.after.is_none();
            state.replace_first(pending);
            return Ok(());
        }
        let whole: &RawValue = http.json(&self.secret)?;
        let json = map::with_items(whole.get(), &pending.items);
        out.add(self.mapper.map(Kind::Subscriptions, &json, pending.version));
        state.drop_first();
        Ok(())
    }
}

impl Connector for Stripe {
    fn kind(&self) -> &'static str {
        "stripe"
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
        ["customers", "subscriptions", "invoices", "charges", "refunds", "events"]
            .into_iter()
            .map(|path| Fetch::Http(self.get(&format!("{path}?limit=1"))))
            .collect()
    }

    fn judge(&self, response: &Response, now: Timestamp) -> Result<(), FetchError> {
        let http = Http::of(response)?;
        http.accepted(now, &self.secret, "key")?;
        http.json::<List<'_>>(&self.secret).map(|_| ())
    }

    fn plan(&self, stream: &str, state: &StreamState, now: Timestamp) -> Result<Step, PlanError> {
        let kind = self.kind_of(stream)?;
        let state: State = state.read()?;
        Ok(Step::Fetch(Fetch::Http(self.request(kind, &state.step(now)))))
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
        let step = state.step(now);
        let mut out = Collector::default();
        if let Err(error) = http.accepted(now, &self.secret, "key") {
            let missing =
                http.error_field(&["error", "code"]).is_some_and(|c| c == "resource_missing");
            let FetchError::Refused { status: 400 | 404, message } = &error else {
                return Err(error);
            };
            return match &step {
                // The subscription is gone (a deleted test clock): nothing is left to complete.
                Next::Items(_) if missing => {
                    state.drop_first();
                    let done = state.settle();
                    out.finish(&state, done)
                }
                Next::Walk(walk) if missing && walk.has_position() => {
                    state.walk = Some(walk.restarted());
                    let restart = StreamState::write(&state)?;
                    Err(FetchError::CursorExpired { restart, message: message.clone() })
                }
                _ => Err(error),
            };
        }
        match step {
            Next::Items(pending) => self.parse_items(&mut out, &mut state, &http, pending)?,
            Next::Walk(Walk::Mark { began_ms }) => {
                let page: List<'_> = http.json(&self.secret)?;
                let newest = page
                    .data
                    .first()
                    .and_then(|raw| crate::field::read::<Event<'_>>(raw.get()).ok());
                state.mark = newest.as_ref().and_then(|event| event.id.reference());
                let newest_s = newest.and_then(|event| event.created.int());
                state.walk = Some(Walk::after_mark(began_ms, newest_s));
            }
            Next::Walk(Walk::List { began_ms, position_s, after }) => {
                let page: List<'_> = http.json(&self.secret)?;
                for raw in &page.data {
                    let version = walk::listed_version(position_s);
                    self.take(&mut out, &mut state, kind, raw.get(), version);
                }
                match next_after(&page, after.as_ref(), http.status)? {
                    Some(next) => {
                        state.walk = Some(Walk::List { began_ms, position_s, after: Some(next) });
                    }
                    None => state.end_walk(began_ms, position_s),
                }
            }
            Next::Walk(Walk::Events { began_ms, since_s, after, mut seen }) => {
                let page: List<'_> = http.json(&self.secret)?;
                self.parse_events(&mut out, &mut state, kind, &page, &mut seen);
                match next_after(&page, after.as_ref(), http.status)? {
                    Some(next) if seen.last_s.is_none_or(|last| last >= since_s) => {
                        state.walk =
                            Some(Walk::Events { began_ms, since_s, after: Some(next), seen });
                    }
                    _ => state.end_walk(began_ms, seen.newest_s),
                }
            }
        }
        let done = state.settle();
        out.finish(&state, done)
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
        self.mapper.map(kind, json, version)?.again(external_id)
    }
}
