//! The `[sources.NAME]` tables.
//!
//! Owns what every source has (name, connector, `enabled`) and puts secrets in place. Refuses to
//! know the rest: the connector judges its own settings.

use super::Source;
use super::reader::{Context, PLAIN_SECRET, did_you_mean, secret_reference};
use super::show::is_secret_path;
use toml::{Table, Value};

/// Every `[sources.NAME]`, in the order of their names; mistakes go to the context.
pub(super) fn read(context: &mut Context<'_>) -> Vec<Source> {
    let tables = match context.layers.table.get("sources") {
        None => return Vec::new(),
        Some(Value::Table(tables)) => tables,
        Some(_) => {
            context.problem("sources", "is not a table: write [sources.NAME]");
            return Vec::new();
        }
    };
    let mut sources = Vec::new();
    for (name, value) in tables {
        let path = format!("sources.{name}");
        let Value::Table(table) = value else {
            context.problem(path, format!("is not a table: write [sources.{name}]"));
            continue;
        };
        if let Some(source) = read_source(context, name, &path, table) {
            sources.push(source);
        }
    }
    sources
}

fn read_source(context: &mut Context<'_>, name: &str, path: &str, table: &Table) -> Option<Source> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    if name.is_empty() || name.len() > 40 || !name.chars().all(fits) {
        context.problem(path, "the name of a source: up to 40 of a-z, 0-9, - and _");
    }
    let enabled = match table.get("enabled") {
        None => true,
        Some(Value::Boolean(enabled)) => *enabled,
        Some(_) => {
            context.problem(format!("{path}.enabled"), "expected true or false");
            true
        }
    };
    let kinds = connectors::kinds();
    let kind = match table.get("connector") {
        Some(Value::String(kind)) => kind.clone(),
        Some(_) => {
            context.problem(format!("{path}.connector"), "expected a text in quotes");
            return None;
        }
        None => {
            context.problem(
                format!("{path}.connector"),
                format!("is missing: expected one of {}", kinds.join(", ")),
            );
            return None;
        }
    };
    if !kinds.contains(&kind.as_str()) {
        let hint = did_you_mean(&kind, kinds.iter().copied());
        context.problem(
            format!("{path}.connector"),
            format!("expected one of {}{hint}", kinds.join(", ")),
        );
        return None;
    }
    let before = context.problems.len();
    let mut settings = serde_json::Map::new();
    for (key, value) in table {
        if key != "connector" && key != "enabled" {
            settings.insert(key.clone(), with_secrets(context, &format!("{path}.{key}"), value));
        }
    }
    let settings = serde_json::Value::Object(settings);
    // A secret that could not be had would only be reported a second time.
    if context.problems.len() == before
        && let Err(found) = connectors::build(name, &kind, &settings)
    {
        for problem in found {
            context.problem(format!("{path}.{}", problem.key), problem.message);
        }
    }
    Some(Source { name: name.to_owned(), kind, enabled, settings })
}

/// A source's value as JSON, with secret references replaced by what they stand for.
fn with_secrets(context: &mut Context<'_>, path: &str, value: &Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Value::Table(table) if secret_reference(table).is_some() => {
            context.resolve_secret(path, value).map_or(Json::Null, Json::String)
        }
        Value::Table(table) => Json::Object(
            table
                .iter()
                .map(|(name, inner)| {
                    let path = format!("{path}.{name}");
                    (name.clone(), with_secrets(context, &path, inner))
                })
                .collect(),
        ),
        Value::Array(items) => Json::Array(
            items
                .iter()
                .enumerate()
                .map(|(at, inner)| with_secrets(context, &format!("{path}[{at}]"), inner))
                .collect(),
        ),
        Value::String(text) => {
            if is_secret_path(path) && context.layers.env_text(path).is_none() {
                context.warning(path, PLAIN_SECRET);
            }
            Json::String(text.clone())
        }
        Value::Integer(number) => match context.layers.env_text(path) {
            // A token made of digits only stays a text.
            Some(raw) if is_secret_path(path) => Json::String(raw.to_owned()),
            _ => Json::from(*number),
        },
        Value::Float(number) => Json::from(*number),
        Value::Boolean(flag) => Json::Bool(*flag),
        Value::Datetime(at) => Json::String(at.to_string()),
    }
}
