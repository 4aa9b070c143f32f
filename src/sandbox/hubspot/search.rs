//! HubSpot's search: filter groups, one sort, ten thousand results at most, archived objects
//! never, recent changes only after the index has caught up.

use super::api::{error, paging, properties};
use super::{Kind, Object};
use crate::calendar::{iso_millis, parse};
use crate::json::Json;
use crate::wire::{Reply, Request};
use crate::world::World;
use serde_json::Value;
use std::cmp::Ordering;

const RESULTS_MAX: usize = 10_000;
const PAGE_MAX: usize = 200;
const GROUPS_MAX: usize = 5;
const FILTERS_MAX: usize = 6;
const ALL_FILTERS_MAX: usize = 18;

/// A value as search compares it.
#[derive(Debug, Clone, PartialEq)]
enum Comparable {
    Number(f64),
    Text(String),
}

impl Comparable {
    fn of(property: &str, text: &str) -> Self {
        let number = if is_time(property) {
            parse(text).map(|ms| ms as f64)
        } else if is_number(property) {
            text.parse().ok()
        } else {
            None
        };
        number.map_or_else(|| Self::Text(text.to_lowercase()), Self::Number)
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        }
    }
}

fn is_time(property: &str) -> bool {
    matches!(property, "createdate" | "closedate")
        || property.ends_with("modifieddate")
        || (property.starts_with("hs_lifecyclestage_") && property.ends_with("_date"))
}

fn is_number(property: &str) -> bool {
    matches!(
        property,
        "hs_object_id"
            | "amount"
            | "numberofemployees"
            | "annualrevenue"
            | "associatedcompanyid"
            | "hs_deal_stage_probability"
    )
}

#[derive(Debug)]
enum Operator {
    Equal(bool, Comparable),
    Compared(Ordering, bool, Comparable),
    Between(Comparable, Comparable),
    In(bool, Vec<Comparable>),
    Has(bool),
    Contains(bool, String),
}

#[derive(Debug)]
struct Filter {
    property: String,
    operator: Operator,
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

impl Filter {
    fn parse(kind: Kind, filter: &Value) -> Result<Self, String> {
        let property =
            filter.get("propertyName").and_then(Value::as_str).ok_or("propertyName is required")?;
        if !kind.properties().contains(&property) {
            return Err(format!(
                "There was a problem with the request: property {property} does not exist"
            ));
        }
        let one = |name: &str| {
            let value = filter
                .get(name)
                .and_then(text)
                .ok_or(format!("{name} is required for this operator"))?;
            Ok::<_, String>(Comparable::of(property, &value))
        };
        let name = filter.get("operator").and_then(Value::as_str).ok_or("operator is required")?;
        let operator = match name {
            "EQ" => Operator::Equal(true, one("value")?),
            "NEQ" => Operator::Equal(false, one("value")?),
            "LT" => Operator::Compared(Ordering::Less, false, one("value")?),
            "LTE" => Operator::Compared(Ordering::Less, true, one("value")?),
            "GT" => Operator::Compared(Ordering::Greater, false, one("value")?),
            "GTE" => Operator::Compared(Ordering::Greater, true, one("value")?),
            "BETWEEN" => Operator::Between(one("value")?, one("highValue")?),
            "IN" | "NOT_IN" => {
                let values = filter
                    .get("values")
                    .and_then(Value::as_array)
                    .ok_or("values is required for this operator")?;
                Operator::In(
                    name == "IN",
                    values.iter().filter_map(text).map(|v| Comparable::of(property, &v)).collect(),
                )
            }
            "HAS_PROPERTY" => Operator::Has(true),
            "NOT_HAS_PROPERTY" => Operator::Has(false),
            "CONTAINS_TOKEN" | "NOT_CONTAINS_TOKEN" => {
                let token = filter
                    .get("value")
                    .and_then(text)
                    .ok_or("value is required for this operator")?;
                Operator::Contains(name == "CONTAINS_TOKEN", token.to_lowercase().replace('*', ""))
            }
            other => return Err(format!("{other} is not a valid operator")),
        };
        Ok(Self { property: property.to_owned(), operator })
    }

    fn accepts(&self, kind: Kind, row: &Object) -> bool {
        let value = row.value(kind, &self.property);
        let comparable = || value.as_deref().map(|v| Comparable::of(&self.property, v));
        match &self.operator {
            Operator::Has(wanted) => value.is_some() == *wanted,
            Operator::Equal(wanted, other) => comparable().is_some_and(|v| v == *other) == *wanted,
            Operator::Compared(order, or_equal, other) => comparable().is_some_and(|v| {
                let found = v.compare(other);
                found == *order || (*or_equal && found == Ordering::Equal)
            }),
            Operator::Between(low, high) => comparable().is_some_and(|v| {
                v.compare(low) != Ordering::Less && v.compare(high) != Ordering::Greater
            }),
            Operator::In(wanted, others) => {
                comparable().is_some_and(|v| others.contains(&v) == *wanted)
            }
            Operator::Contains(wanted, token) => {
                value.is_some_and(|v| v.to_lowercase().contains(token)) == *wanted
            }
        }
    }
}

/// What the body asks.
struct Search {
    groups: Vec<Vec<Filter>>,
    query: Option<String>,
    sort: Option<(String, bool)>,
    names: Vec<&'static str>,
    limit: usize,
    after: usize,
}

impl Search {
    fn parse(kind: Kind, body: &Value) -> Result<Self, String> {
        let empty = Vec::new();
        let list = |name: &str| body.get(name).and_then(Value::as_array).unwrap_or(&empty);
        let mut groups = Vec::new();
        for group in list("filterGroups") {
            let filters = group
                .get("filters")
                .and_then(Value::as_array)
                .ok_or("a filter group needs filters")?;
            if filters.len() > FILTERS_MAX {
                return Err(format!("a filter group may have at most {FILTERS_MAX} filters"));
            }
            groups.push(
                filters.iter().map(|f| Filter::parse(kind, f)).collect::<Result<Vec<_>, _>>()?,
            );
        }
        // filters outside a group are one group
        let loose = list("filters")
            .iter()
            .map(|f| Filter::parse(kind, f))
            .collect::<Result<Vec<_>, _>>()?;
        if !loose.is_empty() {
            groups.push(loose);
        }
        if groups.len() > GROUPS_MAX || groups.iter().map(Vec::len).sum::<usize>() > ALL_FILTERS_MAX
        {
            return Err(format!(
                "at most {GROUPS_MAX} filter groups and {ALL_FILTERS_MAX} filters in all"
            ));
        }
        let sorts = list("sorts");
        if sorts.len() > 1 {
            return Err("only one sort is supported".to_owned());
        }
        let sort = match sorts.first() {
            None => None,
            Some(Value::String(name)) => {
                Some((name.trim_start_matches('-').to_owned(), name.starts_with('-')))
            }
            Some(sort) => {
                let name = sort
                    .get("propertyName")
                    .and_then(Value::as_str)
                    .ok_or("a sort needs a propertyName")?;
                Some((
                    name.to_owned(),
                    sort.get("direction").and_then(Value::as_str) == Some("DESCENDING"),
                ))
            }
        };
        let number = |name: &str, default: usize| match body.get(name) {
            None | Some(Value::Null) => Ok(default),
            Some(value) => text(value)
                .and_then(|t| t.parse().ok())
                .ok_or(format!("{name} is not a valid number")),
        };
        let limit = number("limit", 10)?;
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err(format!("limit must be from 1 to {PAGE_MAX}"));
        }
        let asked: Vec<&str> = list("properties").iter().filter_map(Value::as_str).collect();
        let mut names: Vec<&'static str> = if asked.is_empty() {
            kind.default_properties().to_vec()
        } else {
            let known = kind.properties().iter().filter(|p| asked.contains(*p)).copied();
            known.chain(["createdate", "hs_object_id", kind.modified_property()]).collect()
        };
        names.sort_unstable();
        names.dedup();
        let query = body
            .get("query")
            .and_then(Value::as_str)
            .map(str::to_lowercase)
            .filter(|q| !q.is_empty());
        Ok(Self { groups, query, sort, names, limit, after: number("after", 0)? })
    }

    fn accepts(&self, kind: Kind, row: &Object) -> bool {
        let grouped = self.groups.is_empty()
            || self.groups.iter().any(|group| group.iter().all(|f| f.accepts(kind, row)));
        grouped && self.query.as_ref().is_none_or(|q| matches_text(kind, row, q))
    }
}

fn matches_text(kind: Kind, row: &Object, query: &str) -> bool {
    let searched: &[&str] = match kind {
        Kind::Contacts => {
            &["firstname", "lastname", "email", "hs_additional_emails", "phone", "company"]
        }
        Kind::Companies => &["name", "domain", "phone", "website"],
        Kind::Deals => &["dealname", "pipeline", "dealstage", "description"],
    };
    let all: Vec<String> =
        searched.iter().filter_map(|p| row.get(p)).map(str::to_lowercase).collect();
    query.split_whitespace().all(|word| all.iter().any(|value| value.contains(word)))
}

/// Answers a search over what the index knew at `indexed_ms`.
pub(super) fn respond(
    world: &World,
    kind: Kind,
    body: &Value,
    request: &Request,
    indexed_ms: i64,
) -> Reply {
    let search = match Search::parse(kind, body) {
        Ok(search) => search,
        Err(message) => return error(request, 400, "VALIDATION_ERROR", &message),
    };
    if search.after + search.limit > RESULTS_MAX {
        return error(
            request,
            400,
            "VALIDATION_ERROR",
            "Paging past 10,000 results is not supported; narrow the search",
        );
    }
    let mut found: Vec<&Object> = world
        .crm
        .table(kind)
        .rows()
        .filter(|o| {
            o.archived_ms.is_none() && o.updated_ms <= indexed_ms && search.accepts(kind, o)
        })
        .collect();
    if let Some((property, descending)) = &search.sort {
        let mut keyed: Vec<(Option<Comparable>, &Object)> = found
            .iter()
            .map(|o| {
                let key = match property.as_str() {
                    // the usual sorts need no text
                    "hs_object_id" => Some(Comparable::Number(o.id as f64)),
                    "createdate" => Some(Comparable::Number(o.created_ms as f64)),
                    name if name == kind.modified_property() => {
                        Some(Comparable::Number(o.updated_ms as f64))
                    }
                    name => o.value(kind, name).map(|v| Comparable::of(name, &v)),
                };
                (key, *o)
            })
            .collect();
        keyed.sort_by(|(a, _), (b, _)| {
            let order = match (a, b) {
                (Some(a), Some(b)) => a.compare(b),
                (None, Some(_)) => Ordering::Less,
                (Some(_), None) => Ordering::Greater,
                (None, None) => Ordering::Equal,
            };
            if *descending { order.reverse() } else { order }
        });
        found = keyed.into_iter().map(|(_, o)| o).collect();
    }
    let total = found.len();
    let page =
        found.get(search.after.min(total)..(search.after + search.limit).min(total)).unwrap_or(&[]);
    let mut j = Json::with_capacity(page.len() * 900 + 100);
    j.open();
    j.int("total", total as i64);
    j.key("results");
    j.open_list();
    for row in page {
        j.open();
        j.text("id", &row.id.to_string());
        properties(&mut j, kind, row, &search.names);
        j.text("createdAt", &iso_millis(row.created_ms));
        j.text("updatedAt", &iso_millis(row.updated_ms));
        j.flag("archived", false);
        j.close();
    }
    j.close_list();
    if search.after + page.len() < total {
        let after = (search.after + page.len()).to_string();
        paging(&mut j, &after, &format!("{}{}?after={after}", request.base_url, request.path));
    }
    j.close();
    Reply::json(200, j.into_string())
}
