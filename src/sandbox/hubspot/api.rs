//! HubSpot's HTTP interface: list, get, batch read, merge, search, associations. Answers and
//! errors have the shapes of its published API; versions `2026-03` and `v3`/`v4` are served.

use super::associations::{association_types, associations, associations_of};
use super::{Kind, Object, search};
use crate::calendar::iso_millis;
use crate::json::Json;
use crate::text::uuid;
use crate::wire::{Reply, Request};
use crate::world::World;
use serde_json::Value;

/// How many associations of one kind a listed object carries before they must be paged.
const ASSOCIATIONS_LISTED: usize = 100;
const LIST_MAX: usize = 100;

/// An error in HubSpot's shape.
pub(crate) fn error(request: &Request, status: u16, category: &str, message: &str) -> Reply {
    let mut j = Json::new();
    j.open();
    j.text("status", "error");
    j.text("message", message);
    j.text("correlationId", &uuid(0x4b5, request.number));
    j.text("category", category);
    j.close();
    Reply::json(status, j.into_string())
}

/// The answer to too many requests, which names the policy.
pub(crate) fn too_many(request: &Request, search: bool) -> Reply {
    let (policy, message, group) = if search {
        ("SECONDLY", "You have reached your secondly limit.", "search:secondly")
    } else {
        (
            "TEN_SECONDLY_ROLLING",
            "You have reached your ten_secondly_rolling limit.",
            "publicapi:private-apps-ten-secondly",
        )
    };
    let mut j = Json::new();
    j.open();
    j.text("status", "error");
    j.text("message", message);
    j.text("errorType", "RATE_LIMIT");
    j.text("correlationId", &uuid(0x4b5, request.number));
    j.text("policyName", policy);
    j.text("groupName", group);
    j.close();
    Reply::json(429, j.into_string())
}

/// What an options list asks of the objects.
struct Wanted {
    properties: Vec<String>,
    history: Vec<String>,
    associations: Vec<Kind>,
}

impl Wanted {
    fn of(pairs: &[(String, String)]) -> Self {
        let list = |name: &str| -> Vec<String> {
            pairs
                .iter()
                .filter(|(k, _)| k == name)
                .flat_map(|(_, v)| {
                    v.split(',')
                        .map(str::trim)
                        .filter(|p| !p.is_empty())
                        .map(str::to_owned)
                        .collect::<Vec<_>>()
                })
                .collect()
        };
        Self {
            properties: list("properties"),
            history: list("propertiesWithHistory"),
            associations: list("associations")
                .iter()
                .filter_map(|name| Kind::parse(name))
                .collect(),
        }
    }

    fn of_json(body: &Value) -> Self {
        let list = |name: &str| -> Vec<String> {
            body.get(name)
                .and_then(Value::as_array)
                .map(|l| l.iter().filter_map(Value::as_str).map(str::to_owned).collect())
                .unwrap_or_default()
        };
        Self {
            properties: list("properties"),
            history: list("propertiesWithHistory"),
            associations: Vec::new(),
        }
    }

    /// The names to serve, in HubSpot's (alphabetical) order.
    fn names(&self, kind: Kind) -> Vec<&'static str> {
        let mut names: Vec<&'static str> = if self.properties.is_empty() {
            kind.default_properties().to_vec()
        } else {
            let known = kind.properties();
            let asked = self
                .properties
                .iter()
                .filter_map(|p| known.iter().find(|k| **k == p.as_str()))
                .copied();
            asked.chain(["createdate", "hs_object_id", kind.modified_property()]).collect()
        };
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// Answers a request.
pub(crate) fn respond(world: &World, request: &Request, search_lag_ms: i64, now_ms: i64) -> Reply {
    let segments = request.segments();
    let method = request.method.as_str();
    match segments.as_slice() {
        ["crm", "objects", "2026-03", rest @ ..] | ["crm", "v3", "objects", rest @ ..] => {
            let Some(kind) = rest.first().and_then(|name| Kind::parse(name)) else {
                return error(request, 400, "VALIDATION_ERROR", "Unable to infer object type from the path");
            };
            match (method, rest) {
                ("GET", [_]) => list(world, kind, request),
                ("POST", [_, "search"]) => with_body(request, |body| search::respond(world, kind, body, request, now_ms - search_lag_ms)),
                ("POST", [_, "batch", "read"]) => with_body(request, |body| batch_read(world, kind, body, request, now_ms)),
                ("GET", [_, id]) => get(world, kind, id, request),
                (_, [_] | [_, _] | [_, "batch", "read"]) => method_not_allowed(request),
                _ => not_found(request),
            }
        }
        ["crm", "v4", "associations", from, to, "batch", "read"] | ["crm", "associations", "2026-03", from, to, "batch", "read"]
            if method == "POST" =>
        {
            match (Kind::parse(from), Kind::parse(to)) {
                (Some(from), Some(to)) => with_body(request, |body| {
                    // the dated version gives ids as text, version 4 as numbers
                    let text = segments.get(1) == Some(&"associations");
                    associations(world, from, to, body, now_ms, text)
                }),
                _ => error(request, 400, "VALIDATION_ERROR", "Unable to infer object type from the path"),
            }
        }
        ["crm", "v4", "objects", from, id, "associations", to] if method == "GET" => {
            match (Kind::parse(from), Kind::parse(to), id.parse::<u64>()) {
                (Some(from), Some(to), Ok(id)) => associations_of(world, from, to, id, request),
                _ => not_found(request),
            }
        }
        ["account-info", "v3", "details"] => Reply::json(
            200,
            r#"{"portalId":3606060,"accountType":"STANDARD","timeZone":"US/Eastern","companyCurrency":"USD","additionalCurrencies":["EUR","GBP","JPY","PLN","INR","SEK"],"utcOffset":"-04:00","utcOffsetMilliseconds":-14400000,"uiDomain":"app.hubspot.com","dataHostingLocation":"na1"}"#.to_owned(),
        ),
        _ => not_found(request),
    }
}

pub(super) fn not_found(request: &Request) -> Reply {
    error(request, 404, "OBJECT_NOT_FOUND", "No resource is served at this path")
}

fn method_not_allowed(request: &Request) -> Reply {
    error(request, 405, "VALIDATION_ERROR", "HTTP method not allowed here")
}

fn with_body(request: &Request, answer: impl FnOnce(&Value) -> Reply) -> Reply {
    match serde_json::from_slice::<Value>(&request.body) {
        Ok(body) if body.is_object() => answer(&body),
        _ => error(request, 400, "VALIDATION_ERROR", "Invalid input JSON"),
    }
}

fn list(world: &World, kind: Kind, request: &Request) -> Reply {
    let pairs = request.pairs();
    let find = |name: &str| pairs.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str());
    let limit = match find("limit").map(str::parse::<usize>) {
        None => 10,
        Some(Ok(n)) if (1..=LIST_MAX).contains(&n) => n,
        Some(_) => {
            return error(request, 400, "VALIDATION_ERROR", "limit must be a number from 1 to 100");
        }
    };
    let after = match find("after").map(str::parse::<u64>) {
        None => 0,
        Some(Ok(id)) => id,
        Some(Err(_)) => {
            return error(request, 400, "VALIDATION_ERROR", "after is not a valid paging cursor");
        }
    };
    let archived = match find("archived") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            return error(request, 400, "VALIDATION_ERROR", "archived must be true or false");
        }
    };
    let wanted = Wanted::of(&pairs);
    if !wanted.history.is_empty() && limit > 50 {
        return error(
            request,
            400,
            "VALIDATION_ERROR",
            "limit must be at most 50 when property history is requested",
        );
    }
    let names = wanted.names(kind);
    let mut rows =
        world.crm.table(kind).after(after).filter(|o| o.archived_ms.is_some() == archived);
    let page: Vec<&Object> = rows.by_ref().take(limit).collect();
    let more = rows.next().is_some();
    let mut j = Json::with_capacity(page.len() * 1_200 + 200);
    j.open();
    j.key("results");
    j.open_list();
    for row in &page {
        object(&mut j, kind, row, &names, &wanted);
    }
    j.close_list();
    if let Some(last) = page.last().filter(|_| more) {
        let after = last.id.to_string();
        paging(
            &mut j,
            &after,
            &format!(
                "{}{}?limit={limit}&archived={archived}&after={after}",
                request.base_url, request.path
            ),
        );
    }
    j.close();
    Reply::json(200, j.into_string())
}

pub(super) fn paging(j: &mut Json, after: &str, link: &str) {
    j.key("paging");
    j.open();
    j.key("next");
    j.open();
    j.text("after", after);
    j.text("link", link);
    j.close();
    j.close();
}

fn object(j: &mut Json, kind: Kind, row: &Object, names: &[&'static str], wanted: &Wanted) {
    j.open();
    j.text("id", &row.id.to_string());
    properties(j, kind, row, names);
    if !wanted.history.is_empty() {
        history(j, kind, row, &wanted.history);
    }
    j.text("createdAt", &iso_millis(row.created_ms));
    j.text("updatedAt", &iso_millis(row.updated_ms));
    j.flag("archived", row.archived_ms.is_some());
    if let Some(at) = row.archived_ms {
        j.text("archivedAt", &iso_millis(at));
    }
    let linked: Vec<Kind> =
        wanted.associations.iter().copied().filter(|k| !row.linked(*k).is_empty()).collect();
    if !linked.is_empty() {
        j.key("associations");
        j.open();
        for other in linked {
            j.key(other.name());
            j.open();
            j.key("results");
            j.open_list();
            let ids = row.linked(other);
            for (i, id) in ids.iter().take(ASSOCIATIONS_LISTED).enumerate() {
                for (_, label) in association_types(kind, other, i == 0) {
                    j.open();
                    j.text("id", &id.to_string());
                    j.text("type", &label);
                    j.close();
                }
            }
            j.close_list();
            if let Some(last) =
                ids.get(ASSOCIATIONS_LISTED - 1).filter(|_| ids.len() > ASSOCIATIONS_LISTED)
            {
                let path = format!(
                    "/crm/v4/objects/{}/{}/associations/{}?after={last}",
                    kind.name(),
                    row.id,
                    other.name()
                );
                paging(j, &last.to_string(), &path);
            }
            j.close();
        }
        j.close();
    }
    j.close();
}

pub(super) fn properties(j: &mut Json, kind: Kind, row: &Object, names: &[&'static str]) {
    j.key("properties");
    j.open();
    for name in names {
        j.text_or_null(name, row.value(kind, name).as_deref());
    }
    j.close();
}

fn history(j: &mut Json, kind: Kind, row: &Object, asked: &[String]) {
    j.key("propertiesWithHistory");
    j.open();
    for name in kind.properties().iter().filter(|n| asked.iter().any(|a| a == *n)) {
        j.key(name);
        j.open_list();
        let mut changes: Vec<(i64, String)> = row
            .history
            .iter()
            .filter(|c| c.property == *name)
            .map(|c| (c.at_ms, c.value.to_string()))
            .collect();
        if changes.is_empty() {
            changes.extend(row.value(kind, name).map(|v| (row.created_ms, v)));
        }
        // newest first
        for (at, value) in changes.iter().rev() {
            j.open();
            j.text("value", value);
            j.text("timestamp", &iso_millis(*at));
            j.text("sourceType", "CRM_UI");
            j.text("sourceId", "userId:1");
            j.close();
        }
        j.close_list();
    }
    j.close();
}

fn get(world: &World, kind: Kind, id: &str, request: &Request) -> Reply {
    let pairs = request.pairs();
    let archived = pairs.iter().any(|(k, v)| k == "archived" && v == "true");
    let wanted = Wanted::of(&pairs);
    // an id that was merged away leads to what it was merged into
    let row = id
        .parse()
        .ok()
        .and_then(|id| world.crm.table(kind).resolve(id))
        .filter(|o| o.archived_ms.is_some() == archived);
    match row {
        Some(row) => {
            let mut j = Json::with_capacity(1_200);
            object(&mut j, kind, row, &wanted.names(kind), &wanted);
            Reply::json(200, j.into_string())
        }
        None => error(
            request,
            404,
            "OBJECT_NOT_FOUND",
            "Object not found. objectId are usually numeric.",
        ),
    }
}

fn input_ids(body: &Value) -> Option<Vec<String>> {
    body.get("inputs")?
        .as_array()?
        .iter()
        .map(|i| match i.get("id")? {
            Value::String(id) => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        })
        .collect()
}

fn batch_read(world: &World, kind: Kind, body: &Value, request: &Request, now_ms: i64) -> Reply {
    let Some(ids) = input_ids(body) else {
        return error(
            request,
            400,
            "VALIDATION_ERROR",
            "inputs must be a list of objects with an id",
        );
    };
    if ids.is_empty() || ids.len() > LIST_MAX {
        return error(request, 400, "VALIDATION_ERROR", "inputs must hold 1 to 100 ids");
    }
    let wanted = Wanted::of_json(body);
    let archived = request.pairs().iter().any(|(k, v)| k == "archived" && v == "true");
    let names = wanted.names(kind);
    let mut missing = Vec::new();
    let mut j = Json::with_capacity(ids.len() * 900);
    j.open();
    j.text("status", "COMPLETE");
    j.key("results");
    j.open_list();
    let mut given = std::collections::HashSet::new();
    for id in &ids {
        let row = id
            .parse()
            .ok()
            .and_then(|id| world.crm.table(kind).resolve(id))
            .filter(|o| o.archived_ms.is_some() == archived);
        match row {
            Some(row) if given.insert(row.id) => object(&mut j, kind, row, &names, &wanted),
            Some(_) => {}
            None => missing.push(id.as_str()),
        }
    }
    j.close_list();
    if !missing.is_empty() {
        errors(&mut j, &missing);
    }
    times(&mut j, now_ms);
    j.close();
    Reply::json(if missing.is_empty() { 200 } else { 207 }, j.into_string())
}

pub(super) fn errors(j: &mut Json, missing: &[&str]) {
    j.int("numErrors", 1);
    j.key("errors");
    j.open_list();
    j.open();
    j.text("status", "error");
    j.text("category", "OBJECT_NOT_FOUND");
    j.text(
        "message",
        "Could not get some objects, they may be deleted or not exist. Check that ids are valid.",
    );
    j.key("context");
    j.open();
    j.key("ids");
    j.open_list();
    for id in missing {
        j.str(id);
    }
    j.close_list();
    j.close();
    j.close();
    j.close_list();
}

pub(super) fn times(j: &mut Json, now_ms: i64) {
    j.text("startedAt", &iso_millis(now_ms));
    j.text("completedAt", &iso_millis(now_ms));
}

/// Merges two objects, the only change a client may make here.
pub(crate) fn merge(world: &mut World, request: &Request) -> Reply {
    let kind = match request.segments().as_slice() {
        ["crm", "objects", "2026-03", kind, "merge"] | ["crm", "v3", "objects", kind, "merge"]
            if request.method == "POST" =>
        {
            Kind::parse(kind)
        }
        _ => None,
    };
    match kind {
        Some(kind) => with_body(request, |body| merge_objects(world, kind, body, request)),
        None => not_found(request),
    }
}

fn merge_objects(world: &mut World, kind: Kind, body: &Value, request: &Request) -> Reply {
    let id =
        |name: &str| body.get(name).and_then(Value::as_str).and_then(|id| id.parse::<u64>().ok());
    let (Some(winner), Some(loser)) = (id("primaryObjectId"), id("objectIdToMerge")) else {
        return error(
            request,
            400,
            "VALIDATION_ERROR",
            "primaryObjectId and objectIdToMerge are required",
        );
    };
    let result = match kind {
        Kind::Contacts => world.merge_contacts(winner, loser, true),
        Kind::Companies => world.merge_companies(winner, loser, true),
        Kind::Deals => None,
    };
    match result.and_then(|id| world.crm.table(kind).find(id)) {
        Some(row) => {
            let wanted =
                Wanted { properties: Vec::new(), history: Vec::new(), associations: Vec::new() };
            let mut j = Json::with_capacity(800);
            object(&mut j, kind, row, &wanted.names(kind), &wanted);
            Reply::json(200, j.into_string())
        }
        None => error(request, 400, "VALIDATION_ERROR", "These objects cannot be merged"),
    }
}
