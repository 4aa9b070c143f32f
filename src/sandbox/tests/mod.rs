//! The sandbox tested from outside: a bare HTTP client against the running vendors.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod faults;
mod hubspot;
mod stripe;
mod time;
mod world;
mod zendesk;

use crate::{Limits, Sandbox, SandboxCredentials, SandboxOptions, World, WorldConfig};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A world of a size that tests can walk through many times.
pub(crate) fn small(seed: u64) -> WorldConfig {
    WorldConfig { seed, people: 420, companies: 70, ..WorldConfig::default() }
}

/// A sandbox over the small world.
pub(crate) async fn start() -> Sandbox {
    start_with(SandboxOptions::default()).await
}

pub(crate) async fn start_with(options: SandboxOptions) -> Sandbox {
    Sandbox::start(World::new(small(7)), options).await.unwrap()
}

pub(crate) fn no_limits() -> Limits {
    Limits {
        hubspot_per_10s: None,
        hubspot_search_per_second: None,
        zendesk_incremental_per_minute: None,
        zendesk_per_minute: None,
        stripe_per_second: None,
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// False when the connection closed before the announced length.
    pub(crate) whole: bool,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {} {}", self.status, self.body))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

/// One request on a connection of its own. `url` is absolute.
pub(crate) fn send(method: &str, url: &str, authorization: &str, body: Option<&Value>) -> Answer {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_at(rest.find('/').unwrap());
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let body = body.map(Value::to_string).unwrap_or_default();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {authorization}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut bytes = Vec::new();
    // a cut body may also end in a reset
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let status =
        lines.next().and_then(|l| l.split(' ').nth(1)).and_then(|s| s.parse().ok()).unwrap_or(0);
    let headers: Vec<(String, String)> = lines
        .filter_map(|l| l.split_once(": "))
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect();
    let announced = headers
        .iter()
        .find(|(k, _)| k.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, v)| v.parse::<usize>().ok());
    let got = bytes.windows(4).position(|w| w == b"\r\n\r\n").map_or(0, |at| bytes.len() - at - 4);
    Answer { status, headers, whole: announced.is_none_or(|n| n == got), body: body.to_owned() }
}

/// The header a vendor wants.
pub(crate) fn authorization(sandbox: &Sandbox, url: &str) -> String {
    let SandboxCredentials { hubspot_token, zendesk_email, zendesk_token, stripe_key } =
        sandbox.credentials();
    if url.starts_with(sandbox.hubspot_url()) {
        format!("Bearer {hubspot_token}")
    } else if url.starts_with(sandbox.zendesk_url()) {
        format!(
            "Basic {}",
            crate::text::base64(format!("{zendesk_email}/token:{zendesk_token}").as_bytes())
        )
    } else {
        format!("Bearer {stripe_key}")
    }
}

pub(crate) fn get(sandbox: &Sandbox, url: &str) -> Answer {
    send("GET", url, &authorization(sandbox, url), None)
}

pub(crate) fn post(sandbox: &Sandbox, url: &str, body: &Value) -> Answer {
    send("POST", url, &authorization(sandbox, url), Some(body))
}

/// The text of an id, whether it is a number or a string.
pub(crate) fn id(record: &Value) -> String {
    match &record["id"] {
        Value::String(s) => s.clone(),
        other => other.to_string(),
    }
}

/// Walks a Stripe list to its end.
pub(crate) fn stripe_all(sandbox: &Sandbox, path: &str) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    let mut after = String::new();
    for _ in 0..2_000 {
        let mark = if path.contains('?') { '&' } else { '?' };
        let page =
            get(sandbox, &format!("{}{path}{mark}limit=100{after}", sandbox.stripe_url())).json();
        let data = page["data"].as_array().unwrap_or_else(|| panic!("{page}"));
        all.extend(data.iter().cloned());
        if page["has_more"] == false {
            return all;
        }
        after = format!("&starting_after={}", data.last().unwrap()["id"].as_str().unwrap());
    }
    panic!("the list never ends");
}

/// Walks a HubSpot list to its end.
pub(crate) fn hubspot_all(sandbox: &Sandbox, kind: &str, query: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut after = String::new();
    for _ in 0..2_000 {
        let page = get(
            sandbox,
            &format!(
                "{}/crm/objects/2026-03/{kind}?limit=100{query}{after}",
                sandbox.hubspot_url()
            ),
        )
        .json();
        all.extend(page["results"].as_array().unwrap_or_else(|| panic!("{page}")).iter().cloned());
        match page["paging"]["next"]["after"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return all,
        }
    }
    panic!("the list never ends");
}

/// Walks a Zendesk cursor export to its end; gives the rows and the last cursor.
pub(crate) fn zendesk_all(
    sandbox: &Sandbox,
    name: &str,
    from: &str,
    per_page: usize,
) -> (Vec<Value>, Option<String>) {
    let mut all = Vec::new();
    let mut query = from.to_owned();
    for _ in 0..2_000 {
        let page = get(
            sandbox,
            &format!(
                "{}/api/v2/incremental/{name}/cursor.json?{query}&per_page={per_page}",
                sandbox.zendesk_url()
            ),
        )
        .json();
        all.extend(page[name].as_array().unwrap_or_else(|| panic!("{page}")).iter().cloned());
        let cursor = page["after_cursor"].as_str().map(str::to_owned);
        if page["end_of_stream"] == true {
            return (all, cursor);
        }
        query = format!("cursor={}", cursor.unwrap());
    }
    panic!("the export never ends");
}
