//! The connectors there are, by name.
//!
//! Owns the list. Refuses to know what is in any of them.

use crate::text::did_you_mean;
use crate::{ConfigProblem, Connector, files, hubspot, stripe, zendesk};
use domain::{Payload, Reject, SourceRecord};
use serde_json::Value;

/// The kinds of connector, as `connector = "..."` names them.
#[must_use]
pub const fn kinds() -> &'static [&'static str] {
    &["files", "hubspot", "stripe", "zendesk"]
}

/// An example of a source of this kind in TOML, with comments; empty for an unknown kind.
#[must_use]
pub fn example_config(kind: &str) -> &'static str {
    match kind {
        "files" => files::EXAMPLE,
        "hubspot" => hubspot::EXAMPLE,
        "stripe" => stripe::EXAMPLE,
        "zendesk" => zendesk::EXAMPLE,
        _ => "",
    }
}

/// Builds the connector of a source. `params` is the source's configuration table as JSON, with
/// secrets already resolved to texts; a `connector` key in it is ignored.
///
/// # Errors
/// Every mistake in the table at once: unknown keys (with the nearest known one), missing keys,
/// wrong types, unusable values. No message repeats a value.
pub fn build(
    source: &str,
    kind: &str,
    params: &Value,
) -> Result<Box<dyn Connector>, Vec<ConfigProblem>> {
    match kind {
        "files" => files::build(source, params),
        "hubspot" => hubspot::build(source, params),
        "stripe" => stripe::build(source, params),
        "zendesk" => zendesk::build(source, params),
        other => Err(vec![ConfigProblem {
            key: "connector".into(),
            message: format!(
                "is not a known connector (known: {}){}",
                kinds().join(", "),
                did_you_mean(other, kinds().iter().copied())
            ),
        }]),
    }
}

/// Maps a stored payload again; see [`Connector::map_payload`].
///
/// # Errors
/// The reason why it cannot be mapped.
pub fn remap(
    connector: &dyn Connector,
    stream: &str,
    external_id: &str,
    payload: &Payload,
    version: i64,
) -> Result<SourceRecord, Reject> {
    connector.map_payload(stream, external_id, payload, version)
}
