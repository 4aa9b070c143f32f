//! HubSpot: companies, contacts and deals.
//!
//! Owns HubSpot's requests and cursor semantics; `walk` holds the state, `map` the records.
//!
//! The first sync lists everything (properties and associations inline), then lists what is
//! archived. Later syncs search a fixed window of modification time, keyed by object id:
//!
//! * A time keyset would loop for ever when a bulk edit gives more records than fit on a page the
//!   same time; paging a search stops at 10,000 results. An id keyset inside a fixed window has
//!   neither problem: each request is the first page of a smaller search.
//! * The search index lags behind writes, so windows overlap ([`OVERLAP_MS`]).
//! * Searches return no associations and the newest properties may be missing from the index, so a
//!   search only yields ids; associations and properties are then read in batches, and a record is
//!   emitted only with both.
//! * Searches omit archived records; the archived list is read after each walk.

mod map;
mod walk;

#[cfg(test)]
mod tests;

use crate::collect::{Collector, earlier, rejected};
use crate::field::Field;
use crate::params::Params;
use crate::text::encode;
use crate::wire::{Http, get, http_date, post};
use crate::{
    Budget, ConfigProblem, Connector, Fetch, FetchError, HeaderValue, HttpRequest, Page, PlanError,
    Response, Step, StreamSpec, StreamState,
};
use domain::{Currency, Payload, Reject, Secret, SourceRecord, Timestamp};
use map::Kind;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use walk::{Batch, State, Walk};

const BASE_URL: &str = "https://api.hubapi.com";
/// The dated version of the object interface that this connector is written for.
const OBJECTS: &str = "/crm/objects/2026-03";
/// Associations in batches.
const ASSOCIATIONS: &str = "/crm/v4/associations";
/// Search results are indexed some time after the write, and our clock is not HubSpot's: each
/// window begins this much before the end of the last one.
const OVERLAP_MS: i64 = 10 * 60 * 1000;
/// Objects per page of a list and of a batch read (the vendor's limit).
const LIST_LIMIT: usize = 100;
/// Objects per page of a search (the vendor's limit).
const SEARCH_LIMIT: usize = 200;
/// Pages of the archived list that one sync reads; the next sync goes on from there.
const ARCHIVED_PAGES_MAX: u32 = 50;

/// 100 requests per 10 s is the lowest limit of any plan; searches have one of their own.
const BUDGETS: [Budget; 2] = [
    Budget { name: "general", requests: 100, per_ms: 10_000, concurrency: 4 },
    Budget { name: "search", requests: 5, per_ms: 1_000, concurrency: 1 },
];

pub(crate) const EXAMPLE: &str = r#"[sources.hubspot]
connector = "hubspot"
# A private app's access token with the scopes crm.objects.contacts.read,
# crm.objects.companies.read and crm.objects.deals.read.
token = { env = "HUBSPOT_TOKEN" }
# The currency of deals that do not name one: the account's currency.
# currency = "EUR"
# Prefix of this source's ids in cross references ("hubspot.contacts:123").
# namespace = "hubspot"
# Properties that hold another system's id, and whose it is.
# references = { stripe_customer_id = "stripe.customers" }
# Requests per 10 s (general) and per second (search) that the account may send.
# budgets = { general = 190, search = 5 }
# base_url = "https://api.hubapi.com"
"#;

/// A HubSpot account.
struct HubSpot {
    source: String,
    base_url: String,
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
    let token = params.secret("token", "a private app's access token");
    let base_url = params.base_url("base_url").unwrap_or_else(|| BASE_URL.to_owned());
    let namespace = params.namespace("hubspot");
    let references = params.references(&[]);
    let budgets = params.budgets(&BUDGETS);
    let currency = params.text("currency").and_then(|code| {
        let currency = Currency::parse(code);
        if currency.is_none() {
            params.problem("currency", "is not an ISO 4217 code such as \"EUR\"");
        }
        currency
    });
    params.finish()?;
    Ok(Box::new(HubSpot {
        source: source.to_owned(),
        base_url,
        auth: HeaderValue::Secret(Secret::new(format!("Bearer {}", token.expose()))),
        secret: token,
        budgets,
        streams: vec![
            StreamSpec::new("companies", "HubSpot companies", &[]),
            StreamSpec::new("contacts", "HubSpot contacts", &["companies"]),
            StreamSpec::new("deals", "HubSpot deals", &["companies", "contacts"]),
        ],
        mapper: map::Mapper { source: source.to_owned(), namespace, references, currency },
    }))
}

impl HubSpot {
    fn kind_of(&self, stream: &str) -> Result<Kind, PlanError> {
        Kind::parse(stream)
            .ok_or_else(|| PlanError::UnknownStream { known: "companies, contacts, deals".into() })
    }

    fn list(&self, kind: Kind, after: Option<&str>, archived: bool) -> HttpRequest {
        let name = kind.name();
        let mut url = format!("{}{OBJECTS}/{name}?limit={LIST_LIMIT}", self.base_url);
        if archived {
            url.push_str("&archived=true&properties=hs_object_id");
        } else {
            url.push_str("&properties=");
            url.push_str(&encode(&self.mapper.properties(kind).join(",")));
            if !kind.associated().is_empty() {
                url.push_str("&associations=");
                url.push_str(&encode(&kind.associated().join(",")));
            }
        }
        if let Some(after) = after {
            url.push_str("&after=");
            url.push_str(&encode(after));
        }
        get(url, &self.auth, "general")
    }

    fn search(&self, kind: Kind, from_ms: i64, to_ms: i64, last_id: Option<u64>) -> HttpRequest {
        let filter = |property: &str, operator: &str, value: String| json!({ "propertyName": property, "operator": operator, "value": value });
        let mut filters = vec![
            filter(kind.modified(), "GTE", from_ms.to_string()),
            filter(kind.modified(), "LT", to_ms.to_string()),
        ];
        if let Some(last) = last_id {
            filters.push(filter("hs_object_id", "GT", last.to_string()));
        }
        let body = json!({
            "filterGroups": [{ "filters": filters }],
            "sorts": [{ "propertyName": "hs_object_id", "direction": "ASCENDING" }],
            "properties": ["hs_object_id"],
            "limit": SEARCH_LIMIT,
        });
        let url = format!("{}{OBJECTS}/{}/search", self.base_url, kind.name());
        post(url, &self.auth, body, "search")
    }

    fn batch(&self, kind: Kind, batch: &Batch) -> HttpRequest {
        let name = kind.name();
        match kind.associated().get(batch.associations.len()) {
            Some(target) => {
                let url = format!("{}{ASSOCIATIONS}/{name}/{target}/batch/read", self.base_url);
                let inputs: Vec<Value> = if batch.continued.is_empty() {
                    batch.ids.iter().map(|id| json!({ "id": id })).collect()
                } else {
                    let more =
                        |(id, after): (&String, &String)| json!({ "id": id, "after": after });
                    batch.continued.iter().map(more).collect()
                };
                post(url, &self.auth, json!({ "inputs": inputs }), "general")
            }
            None => {
                let url = format!("{}{OBJECTS}/{name}/batch/read", self.base_url);
                let inputs: Vec<Value> =
                    batch.ids.iter().take(LIST_LIMIT).map(|id| json!({ "id": id })).collect();
                let body = json!({ "inputs": inputs, "properties": self.mapper.properties(kind) });
                post(url, &self.auth, body, "general")
            }
        }
    }

    /// Maps one object and notes what was merged into it.
    fn take(&self, out: &mut Collector, kind: Kind, json: &str) {
        match self.mapper.map(kind, json, None) {
            Ok((mapped, merged)) => {
                for from in &merged {
                    out.merge(from, &mapped.record.external_id);
                }
                out.add(Ok(mapped));
            }
            Err(reject) => out.reject(reject),
        }
    }
}

/// A page of a list, a search or a batch read.
#[derive(Deserialize)]
struct Objects<'a> {
    #[serde(borrow)]
    results: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    paging: Option<Paging<'a>>,
    #[serde(default)]
    total: Option<u64>,
}

#[derive(Deserialize, Default)]
struct Paging<'a> {
    #[serde(borrow, default)]
    next: Option<Next<'a>>,
}

#[derive(Deserialize)]
struct Next<'a> {
    #[serde(borrow, default)]
    after: Field<'a>,
}

impl<'a> Paging<'a> {
    fn after(paging: &Option<Paging<'a>>) -> Option<String> {
        paging.as_ref()?.next.as_ref()?.after.string()
    }
}

/// What tombstones and keysets need of an object.
#[derive(Deserialize)]
struct Stub<'a> {
    #[serde(borrow, default)]
    id: Field<'a>,
    #[serde(borrow, default, rename = "archivedAt")]
    archived_at: Field<'a>,
    #[serde(borrow, default, rename = "updatedAt")]
    updated_at: Field<'a>,
}

#[derive(Deserialize)]
struct Associations<'a> {
    #[serde(borrow)]
    results: Vec<AssociatedTo<'a>>,
}

#[derive(Deserialize)]
struct AssociatedTo<'a> {
    #[serde(borrow)]
    from: Stub<'a>,
    #[serde(borrow, default)]
    to: Vec<Target<'a>>,
    #[serde(borrow, default)]
    paging: Option<Paging<'a>>,
}

#[derive(Deserialize)]
struct Target<'a> {
    #[serde(borrow, default, rename = "toObjectId")]
    id: Field<'a>,
}

impl Connector for HubSpot {
    fn kind(&self) -> &'static str {
        "hubspot"
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
        let one = |kind: Kind| {
            let url = format!("{}{OBJECTS}/{}?limit=1", self.base_url, kind.name());
            Fetch::Http(get(url, &self.auth, "general"))
        };
        Kind::ALL.into_iter().map(one).collect()
    }

    fn judge(&self, response: &Response, now: Timestamp) -> Result<(), FetchError> {
        let http = Http::of(response)?;
        http.accepted(now, &self.secret, "token")?;
        http.json::<Objects<'_>>(&self.secret).map(|_| ())
    }

    fn plan(&self, stream: &str, state: &StreamState, now: Timestamp) -> Result<Step, PlanError> {
        let kind = self.kind_of(stream)?;
        let state: State = state.read()?;
        let request = match state.walk_at(now) {
            Walk::List { after, .. } => self.list(kind, after.as_deref(), false),
            Walk::Search { from_ms, to_ms, last_id, .. } => {
                self.search(kind, from_ms, to_ms, last_id)
            }
            Walk::Batch(batch) => self.batch(kind, &batch),
            Walk::Archived { .. } => self.list(kind, state.archived.after.as_deref(), true),
        };
        Ok(Step::Fetch(Fetch::Http(request)))
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
        let walk = state.walk_at(now);
        if let Err(error) = http.accepted(now, &self.secret, "token") {
            return Err(state.restarted(&walk, error)?);
        }
        let mut out = Collector::default();
        let clock = earlier(now, http.header("date").and_then(http_date)).as_millis();
        match walk {
            Walk::List { started_ms, after } => {
                let page: Objects<'_> = http.json(&self.secret)?;
                for raw in &page.results {
                    self.take(&mut out, kind, raw.get());
                }
                let started_ms = if after.is_none() { started_ms.min(clock) } else { started_ms };
                let next = Paging::after(&page.paging);
                state.walk = Some(match next {
                    Some(next) if Some(&next) == after.as_ref() => return Err(stuck(http.status)),
                    Some(next) => Walk::List { started_ms, after: Some(next) },
                    None => Walk::Archived { reached_ms: started_ms, pages: 0 },
                });
                out.finish(&state, false)
            }
            Walk::Search { from_ms, to_ms, last_id, reached_ms } => {
                let page: Objects<'_> = http.json(&self.secret)?;
                let reached_ms = if last_id.is_none() { reached_ms.min(clock) } else { reached_ms };
                let ids = search_ids(&page, last_id, http.status)?;
                let listed = page.results.len() as u64;
                let more = Paging::after(&page.paging).is_some()
                    || page.total.is_some_and(|total| total > listed);
                state.walk = Some(match ids.last().copied() {
                    Some(last) => Walk::Batch(Batch {
                        from_ms,
                        to_ms,
                        reached_ms,
                        last_id: last,
                        more,
                        ids: ids.iter().map(u64::to_string).collect(),
                        associations: Vec::new(),
                        found: BTreeMap::new(),
                        continued: BTreeMap::new(),
                    }),
                    None => Walk::Archived { reached_ms, pages: 0 },
                });
                out.finish(&state, false)
            }
            Walk::Batch(mut batch) if batch.associations.len() < kind.associated().len() => {
                let page: Associations<'_> = http.json(&self.secret)?;
                let mut continued = BTreeMap::new();
                for one in &page.results {
                    let Some(from) = one.from.id.reference() else { continue };
                    if let Some(after) = Paging::after(&one.paging) {
                        if batch.continued.get(&from) == Some(&after) {
                            return Err(stuck(http.status));
                        }
                        continued.insert(from.clone(), after);
                    }
                    let found = batch.found.entry(from).or_default();
                    for id in one.to.iter().filter_map(|target| target.id.reference()) {
                        if !found.contains(&id) {
                            found.push(id);
                        }
                    }
                }
                batch.continued = continued;
                if batch.continued.is_empty() {
                    batch.associations.push(std::mem::take(&mut batch.found));
                }
                state.walk = Some(Walk::Batch(batch));
                out.finish(&state, false)
            }
            Walk::Batch(mut batch) => {
                let page: Objects<'_> = http.json(&self.secret)?;
                for raw in &page.results {
                    // The old id of a merged object answers with the object it was merged into,
                    // whose associations were not asked for; the search finds that one by itself.
                    let asked = |id: &String| batch.ids.iter().take(LIST_LIMIT).any(|i| i == id);
                    match rejected(stub_of(raw.get()), None, raw.get()) {
                        Ok((id, _)) if !asked(&id) => {}
                        _ => {
                            let json = map::with_associations(raw.get(), kind, &batch.associations);
                            self.take(&mut out, kind, &json);
                        }
                    }
                }
                // Ids that did not come back were archived meanwhile: the archived list has them.
                batch.ids.drain(..batch.ids.len().min(LIST_LIMIT));
                state.walk = Some(if !batch.ids.is_empty() {
                    Walk::Batch(batch)
                } else if batch.more {
                    batch.next_search()
                } else {
                    Walk::Archived { reached_ms: batch.reached_ms, pages: 0 }
                });
                out.finish(&state, false)
            }
            Walk::Archived { reached_ms, pages } => {
                let page: Objects<'_> = http.json(&self.secret)?;
                let since = state.archived.since_ms.map_or(i64::MIN, |ms| ms - OVERLAP_MS);
                for raw in &page.results {
                    match rejected(stub_of(raw.get()), None, raw.get()) {
                        Ok((id, at)) if at.is_none_or(|ms| ms >= since) => {
                            out.tombstone(id, at.unwrap_or(clock));
                        }
                        Ok(_) => {}
                        Err(reject) => out.reject(reject),
                    }
                }
                let archived = &mut state.archived;
                archived.started_ms.get_or_insert(clock);
                let next = Paging::after(&page.paging);
                if next.is_some() && next == archived.after {
                    return Err(stuck(http.status));
                }
                let ended = next.is_none();
                archived.after = next;
                if ended {
                    archived.since_ms = archived.started_ms.take();
                }
                let done = ended || pages + 1 >= ARCHIVED_PAGES_MAX;
                if done {
                    state.high_water_ms = Some(reached_ms);
                    state.walk = None;
                } else {
                    state.walk = Some(Walk::Archived { reached_ms, pages: pages + 1 });
                }
                out.finish(&state, done)
            }
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
        let (mapped, _) = self.mapper.map(kind, json, Some(version))?;
        mapped.again(external_id)
    }
}

/// The vendor handed out the same position again: no progress, so no next page.
fn stuck(status: u16) -> FetchError {
    FetchError::Transient {
        status,
        message: "the same page came again (its next position is where it began)".into(),
    }
}

/// The ids of a search page, which must all lie behind the last one and ascend.
fn search_ids(
    page: &Objects<'_>,
    last_id: Option<u64>,
    status: u16,
) -> Result<Vec<u64>, FetchError> {
    let mut ids: Vec<u64> = Vec::with_capacity(page.results.len());
    let mut repeated = 0;
    for raw in &page.results {
        let id = crate::field::read::<Stub<'_>>(raw.get())
            .ok()
            .and_then(|stub| stub.id.text()?.parse::<u64>().ok())
            .ok_or_else(|| FetchError::Malformed {
                message: "a search result has no numeric id".into(),
            })?;
        if ids.last().copied().or(last_id).is_some_and(|before| id <= before) {
            repeated += 1;
        } else {
            ids.push(id);
        }
    }
    if repeated > 0 {
        return Err(FetchError::Transient {
            status,
            message: format!(
                "{repeated} of {} search results repeat or are out of order (an old page?)",
                page.results.len()
            ),
        });
    }
    Ok(ids)
}

/// Id and time of deletion of an archived object.
fn stub_of(json: &str) -> Result<(String, Option<i64>), String> {
    let stub: Stub<'_> = crate::field::read(json)?;
    let archived = stub.archived_at.time().map(Timestamp::as_millis);
    let updated = stub.updated_at.time().map(Timestamp::as_millis);
    Ok((stub.id.id("id")?, archived.max(updated)))
}
