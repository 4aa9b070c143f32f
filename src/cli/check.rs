//! `c360 config`: check it, see the defaults, see an example of a source.

use super::{Done, Failure, Json, Outcome, output};
use crate::config::{self, Config, Places, Problem};
use clap::Subcommand;
use serde_json::json;

/// Look at the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Check everything and print the effective values, secrets as ***.
    Check(Json),
    /// Print every key with its default and what it means.
    Default,
    /// Print a commented example of a source.
    Example {
        /// The connector: hubspot, zendesk, stripe or files.
        connector: String,
    },
}

fn listed(problems: &[Problem]) -> Vec<serde_json::Value> {
    problems
        .iter()
        .map(|p| json!({ "key": p.key, "place": p.place, "message": p.message }))
        .collect()
}

pub fn run(command: &ConfigCommand, places: &Places) -> Outcome {
    match command {
        ConfigCommand::Default => {
            output::say(&config::reference())?;
            Ok(Done::Whole)
        }
        ConfigCommand::Example { connector } => match connectors::example_config(connector) {
            "" => Err(Failure::Usage(format!(
                "there is no connector of that name; known: {}",
                connectors::kinds().join(", ")
            ))),
            example => {
                output::say(example)?;
                Ok(Done::Whole)
            }
        },
        ConfigCommand::Check(Json { json }) => check(places, *json),
    }
}

fn check(places: &Places, as_json: bool) -> Outcome {
    let config = match Config::load(places) {
        Ok(config) => config,
        Err(error) if as_json => {
            output::say_json(&json!({ "ok": false, "mistakes": listed(&error.problems) }))?;
            return Err(Failure::Usage("the configuration cannot be used".to_owned()));
        }
        Err(error) => return Err(error.into()),
    };
    let shown = config::shown(&config);
    if as_json {
        output::say_json(&json!({
            "ok": true,
            "file": config.file,
            "warnings": listed(&config.warnings),
            "effective": shown,
        }))?;
        return Ok(Done::Whole);
    }
    output::say(&toml::to_string_pretty(&shown)?)?;
    for warning in &config.warnings {
        output::note(&format!("warning: {warning}"));
    }
    if config.auth.key.is_none() {
        output::note(&format!("warning: {}", crate::app::NO_KEY));
    }
    if config.sources.is_empty() {
        output::note("warning: no source is configured: see `c360 config example hubspot`");
    }
    match &config.file {
        Some(file) => output::note(&format!("the configuration in {} is sound", file.display())),
        None => output::note("no file was read; these are the defaults"),
    }
    Ok(Done::Whole)
}
