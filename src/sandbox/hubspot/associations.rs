//! HubSpot's associations: their types, and reading them for one object or for many.

use super::Kind;
use super::api::{errors, not_found, paging, times};
use crate::json::Json;
use crate::wire::{Reply, Request};
use crate::world::World;
use serde_json::Value;

const ASSOCIATIONS_READ: usize = 500;

/// The association types between two kinds, as (type id, name). A company of a contact or a
/// deal is listed once as plain and, when it is the first, once as primary.
pub(super) fn association_types(from: Kind, to: Kind, primary: bool) -> Vec<(u32, String)> {
    let plain = format!("{}_to_{}", from.singular(), to.singular());
    let (primary_id, id) = match (from, to) {
        (Kind::Contacts, Kind::Companies) => (Some(1), 279),
        (Kind::Companies, Kind::Contacts) => (Some(2), 280),
        (Kind::Deals, Kind::Companies) => (Some(5), 341),
        (Kind::Companies, Kind::Deals) => (Some(6), 342),
        (Kind::Deals, Kind::Contacts) => (None, 3),
        (Kind::Contacts, Kind::Deals) => (None, 4),
        _ => (None, 450),
    };
    match primary_id {
        Some(first) if primary => vec![(first, plain.clone()), (id, format!("{plain}_unlabeled"))],
        Some(_) => vec![(id, format!("{plain}_unlabeled"))],
        None => vec![(id, plain)],
    }
}

/// The association types of the `i`th linked object, as version 4 gives them.
fn linked_object(j: &mut Json, from: Kind, to: Kind, i: usize, id: u64, text: bool) {
    j.open();
    if text {
        j.text("toObjectId", &id.to_string());
    } else {
        j.int("toObjectId", i64::try_from(id).unwrap_or(i64::MAX));
    }
    j.key("associationTypes");
    j.open_list();
    for (type_id, label) in association_types(from, to, i == 0) {
        let primary = i == 0 && to == Kind::Companies && !label.ends_with("_unlabeled");
        j.open();
        j.text("category", "HUBSPOT_DEFINED");
        j.int("typeId", i64::from(type_id));
        j.text_or_null("label", primary.then_some("Primary"));
        j.close();
    }
    j.close_list();
    j.close();
}

/// One page of one object's associations.
pub(super) fn associations_of(
    world: &World,
    from: Kind,
    to: Kind,
    id: u64,
    request: &Request,
) -> Reply {
    let Some(row) = world.crm.table(from).resolve(id).filter(|o| o.archived_ms.is_none()) else {
        return not_found(request);
    };
    let pairs = request.pairs();
    let after = pairs.iter().find(|(k, _)| k == "after").and_then(|(_, v)| v.parse::<u64>().ok());
    let ids = row.linked(to);
    let start = after.and_then(|after| ids.iter().position(|x| *x == after)).map_or(0, |at| at + 1);
    let mut j = Json::with_capacity(2_000);
    j.open();
    j.key("results");
    j.open_list();
    for (i, other) in ids.iter().enumerate().skip(start).take(ASSOCIATIONS_READ) {
        linked_object(&mut j, from, to, i, *other, false);
    }
    j.close_list();
    let last = start + ASSOCIATIONS_READ;
    if let Some(last) = ids.get(last - 1).filter(|_| ids.len() > last) {
        let link = format!("{}{}?after={last}", request.base_url, request.path);
        paging(&mut j, &last.to_string(), &link);
    }
    j.close();
    Reply::json(200, j.into_string())
}

/// The associations of many objects at once; `text` says how ids are written.
pub(super) fn associations(
    world: &World,
    from: Kind,
    to: Kind,
    body: &Value,
    now_ms: i64,
    text: bool,
) -> Reply {
    let inputs: Vec<(String, u64)> = body
        .get("inputs")
        .and_then(Value::as_array)
        .map(|list| {
            list.iter()
                .filter_map(|i| {
                    let id_of = |v: &Value| {
                        v.as_str().map(str::to_owned).or_else(|| v.as_u64().map(|n| n.to_string()))
                    };
                    let after =
                        i.get("after").and_then(id_of).and_then(|a| a.parse().ok()).unwrap_or(0);
                    Some((id_of(i.get("id")?)?, after))
                })
                .collect()
        })
        .unwrap_or_default();
    let mut missing = Vec::new();
    let mut j = Json::with_capacity(inputs.len() * 300);
    j.open();
    j.text("status", "COMPLETE");
    j.key("results");
    j.open_list();
    for (id, after) in &inputs {
        let row = id
            .parse()
            .ok()
            .and_then(|id| world.crm.table(from).find(id))
            .filter(|o| !o.linked(to).is_empty());
        let Some(row) = row else {
            missing.push(id.as_str());
            continue;
        };
        j.open();
        j.key("from");
        j.open();
        j.text("id", id);
        j.close();
        j.key("to");
        j.open_list();
        let ids = row.linked(to);
        // `after` is the last id given; the list keeps its order
        let start = ids.iter().position(|x| x == after).map_or(0, |at| at + 1);
        for (i, other) in ids.iter().enumerate().skip(start).take(ASSOCIATIONS_READ) {
            linked_object(&mut j, from, to, i, *other, text);
        }
        j.close_list();
        if let Some(last) =
            ids.get(start + ASSOCIATIONS_READ - 1).filter(|_| ids.len() > start + ASSOCIATIONS_READ)
        {
            paging(&mut j, &last.to_string(), "");
        }
        j.close();
    }
    j.close_list();
    if !missing.is_empty() {
        errors(&mut j, &missing);
    }
    times(&mut j, now_ms);
    j.close();
    Reply::json(if missing.is_empty() { 200 } else { 207 }, j.into_string())
}
