//! An in-memory driver, and tests that concern every connector.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use crate::{
    Connector, Fetch, FetchError, HttpRequest, Response, Step, StreamState, build, example_config,
    kinds,
};
use domain::{Canonical, Merge, Reject, SourceRecord, Timestamp, Tombstone};
use serde_json::{Value, json};

/// Everything that one sync of a stream brought.
#[derive(Debug, Default)]
pub(crate) struct Synced {
    pub records: Vec<SourceRecord>,
    pub rejects: Vec<Reject>,
    pub tombstones: Vec<Tombstone>,
    pub merges: Vec<Merge>,
    pub state: StreamState,
    pub fetches: Vec<Fetch>,
    /// The state after every page.
    pub states: Vec<StreamState>,
    pub expired: u32,
}

impl Synced {
    pub fn ids(&self) -> Vec<&str> {
        self.records.iter().map(|r| r.external_id.as_str()).collect()
    }
    pub fn urls(&self) -> Vec<&str> {
        let mut urls = Vec::new();
        for fetch in &self.fetches {
            if let Fetch::Http(request) = fetch {
                urls.push(request.url.as_str());
            }
        }
        urls
    }
    pub fn record(&self, id: &str) -> &SourceRecord {
        self.records.iter().rev().find(|r| r.external_id == id).unwrap()
    }
    /// What a store that keeps the newest version would hold, deletions applied.
    pub fn stored(&self) -> std::collections::BTreeMap<String, SourceRecord> {
        let mut stored = std::collections::BTreeMap::<String, SourceRecord>::new();
        for record in &self.records {
            match stored.get(&record.external_id) {
                Some(known) if known.version > record.version => {}
                _ => {
                    stored.insert(record.external_id.clone(), record.clone());
                }
            }
        }
        for gone in &self.tombstones {
            if stored.get(&gone.external_id).is_some_and(|r| r.version <= gone.version) {
                stored.remove(&gone.external_id);
            }
        }
        stored
    }
}

/// Syncs a stream as the job does: plan, fetch, parse, keep the state; until done.
pub(crate) fn sync(
    connector: &dyn Connector,
    stream: &str,
    state: &StreamState,
    now: Timestamp,
    answer: &mut dyn FnMut(&Fetch) -> Response,
) -> Result<Synced, FetchError> {
    let mut synced = Synced { state: state.clone(), ..Synced::default() };
    for _ in 0..20_000 {
        // The state survives being stored as text.
        let text = serde_json::to_string(&synced.state).unwrap();
        synced.state = serde_json::from_str(&text).unwrap();
        let Step::Fetch(fetch) = connector.plan(stream, &synced.state, now).unwrap() else {
            return Ok(synced);
        };
        if let Fetch::Http(request) = &fetch {
            assert!(connector.budgets().iter().any(|b| b.name == request.budget));
        }
        let response = answer(&fetch);
        synced.fetches.push(fetch);
        match connector.parse(stream, &synced.state, &response, now) {
            Ok(page) => {
                synced.records.extend(page.records);
                synced.rejects.extend(page.rejects);
                synced.tombstones.extend(page.tombstones);
                synced.merges.extend(page.merges);
                synced.state = page.next.clone();
                synced.states.push(page.next);
                if page.done {
                    return Ok(synced);
                }
            }
            Err(FetchError::CursorExpired { restart, .. }) => {
                synced.expired += 1;
                assert!(synced.expired < 5, "restarts for ever");
                synced.state = restart;
            }
            Err(error) => return Err(error),
        }
    }
    panic!("the sync does not end");
}

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub(crate) fn ok(body: impl Into<String>) -> Response {
    status(200, body)
}

pub(crate) fn status(status: u16, body: impl Into<String>) -> Response {
    Response::Http { status, headers: Vec::new(), body: body.into().into_bytes() }
}

pub(crate) fn http(fetch: &Fetch) -> &HttpRequest {
    match fetch {
        Fetch::Http(request) => request,
        other => panic!("not an HTTP fetch: {other:?}"),
    }
}

pub(crate) fn connector(kind: &str, params: Value) -> Box<dyn Connector> {
    build(kind, kind, &params).unwrap()
}

pub(crate) fn contact(record: &SourceRecord) -> &domain::Contact {
    record
        .canonical
        .iter()
        .find_map(|c| match c {
            Canonical::Contact(contact) => Some(contact),
            _ => None,
        })
        .unwrap()
}

fn problems(kind: &str, params: Value) -> Vec<String> {
    let problems = build("s", kind, &params).err().unwrap_or_default();
    problems.into_iter().map(|p| format!("{}: {}", p.key, p.message)).collect()
}

#[test]
fn every_example_configuration_is_valid() {
    fn resolve(value: &mut Value) {
        if value.get("env").is_some() {
            *value = json!("secret");
        }
        if let Some(table) = value.as_object_mut() {
            table.values_mut().for_each(resolve);
        }
    }
    for kind in kinds() {
        // Also with every commented-out setting switched on.
        let plain = example_config(kind).to_owned();
        let mut all = String::new();
        for line in plain.lines() {
            let setting = line.strip_prefix("# ").filter(|rest| {
                rest.split_once(" = ")
                    .is_some_and(|(key, _)| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
            });
            all.push_str(setting.unwrap_or(line).split("  (").next().unwrap());
            all.push('\n');
        }
        for text in [plain, all] {
            let mut config: Value =
                serde_json::to_value(toml::from_str::<toml::Value>(&text).unwrap()).unwrap();
            resolve(&mut config);
            let sources = config["sources"].as_object().unwrap();
            let (name, table) = sources.iter().next().unwrap();
            assert_eq!(table["connector"], *kind);
            let built = build(name, kind, table);
            assert!(built.is_ok(), "{kind}: {:?}\n{text}", built.err());
        }
    }
    assert_eq!(example_config("nope"), "");
}

#[test]
fn every_mistake_in_a_configuration_is_reported_at_once_and_no_value_is_repeated() {
    let found = problems(
        "hubspot",
        json!({ "tokn": "s3cret", "base_url": "ftp://s3cret", "currency": "EURO",
                "budgets": { "serch": 1, "general": 0 }, "references": { "a": "b" } }),
    );
    for part in [
        "token: is missing",
        "tokn: is not a known key; did you mean \"token\"?",
        "base_url: is not a URL",
        "currency: is not an ISO 4217",
        "budgets.serch: is not a known budget; did you mean \"search\"?",
        "budgets.general: is not a positive",
        "references.a: is not of the form",
    ] {
        assert!(found.iter().any(|p| p.starts_with(part)), "{part} in {found:#?}");
    }
    assert_eq!(found.len(), 7, "{found:#?}");
    assert!(found.iter().all(|p| !p.contains("s3cret")));
    let found = problems("zendesk", json!({ "email": 5 }));
    assert_eq!(found.len(), 3, "{found:#?}");
    let found = problems("hubspott", json!({}));
    assert!(found[0].contains("did you mean \"hubspot\""), "{found:?}");
    assert!(problems("stripe", json!([]))[0].contains("is not a table"));
}

#[test]
fn credentials_are_in_no_url_and_do_not_print() {
    for (kind, params) in [
        ("hubspot", json!({ "token": "s3cret" })),
        ("stripe", json!({ "key": "s3cret" })),
        ("zendesk", json!({ "token": "s3cret", "email": "a@b.example", "subdomain": "x" })),
    ] {
        let connector = connector(kind, params);
        let encoded = "czNjcmV0"; // base64 of the secret's start, as Basic would show it
        for fetch in connector.check() {
            let shown = format!("{fetch:?}");
            assert!(!shown.contains("s3cret") && !shown.contains(encoded), "{shown}");
            let secret = http(&fetch).headers.iter().find(|(n, _)| n == "authorization").unwrap();
            assert!(!secret.1.expose().is_empty());
        }
    }
}

#[test]
fn a_refused_credential_names_the_setting_to_check_and_never_the_credential() {
    let stripe = connector("stripe", json!({ "key": "sk_s3cret" }));
    let answer = status(401, r#"{"error":{"message":"Invalid API Key provided: sk_s3cret"}}"#);
    let error = stripe.judge(&answer, at("2026-01-01")).unwrap_err();
    assert!(matches!(error, FetchError::Unauthorized { .. }));
    let text = error.to_string();
    assert!(
        text.contains("`key`") && text.contains("Invalid API Key") && !text.contains("s3cret"),
        "{text}"
    );
}

#[test]
fn an_unknown_stream_and_a_foreign_state_are_errors_that_say_what_to_do() {
    let hubspot = connector("hubspot", json!({ "token": "t" }));
    let state = StreamState::default();
    let error = hubspot.plan("leads", &state, at("2026-01-01")).unwrap_err();
    assert!(error.to_string().contains("contacts"), "{error}");
    let state = StreamState(json!({ "cursor": "of another connector" }));
    let error = hubspot.plan("contacts", &state, at("2026-01-01")).unwrap_err();
    assert!(error.to_string().contains("reset"), "{error}");
}
