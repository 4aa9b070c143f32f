//! `c360 quarantine`: records that could not be read, and why.

use super::{Done, Failure, Json, Outcome, block_on, output};
use crate::app;
use crate::config::Config;
use clap::Subcommand;
use domain::Scope;
use serde_json::json;
use store::read::Slice;

/// Records that could not be read.
#[derive(Debug, Subcommand)]
pub enum QuarantineCommand {
    /// List them, the one seen last first. Payloads are not shown: they may hold personal data.
    List {
        /// Of this source only.
        #[arg(long)]
        source: Option<String>,
        /// At most this many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
        #[command(flatten)]
        json: Json,
    },
}

pub fn run(command: QuarantineCommand, config: Config) -> Outcome {
    let QuarantineCommand::List { source, limit, json } = command;
    block_on(async {
        let store = app::open_store(&config).await?;
        store.check_schema().await?;
        let slice = Slice { limit, after: None };
        let found = store.quarantine(&Scope::system(), source.as_deref(), &slice).await;
        store.close().await;
        let found = found.map_err(|error| Failure::Failed(error.into()))?;
        if json.json {
            let listed: Vec<_> = found
                .iter()
                .map(|record| {
                    json!({
                        "id": record.id.to_string(),
                        "source": record.source,
                        "stream": record.stream,
                        "externalId": record.external_id,
                        "reason": record.reason,
                        "firstSeen": record.first_seen.to_string(),
                        "lastSeen": record.last_seen.to_string(),
                        "seen": record.seen,
                    })
                })
                .collect();
            output::say_json(&listed)?;
            return Ok(Done::Whole);
        }
        if found.is_empty() {
            output::say("nothing is in quarantine")?;
        }
        for record in found {
            output::say(&format!(
                "{} {} {}: {} (seen {} times, last {})",
                record.source,
                record.stream,
                record.external_id.as_deref().unwrap_or("without id"),
                record.reason,
                record.seen,
                record.last_seen
            ))?;
        }
        Ok(Done::Whole)
    })
}
