//! `c360 sync`, `c360 resolve`, `c360 derive`: the jobs, once.

use super::progress::Watcher;
use super::{Done, Failure, Json, Outcome, block_on, output};
use crate::app::rounds::{Plan, Round, round};
use crate::app::{App, Parts, server};
use crate::config::Config;
use crate::telemetry::Meter;
use clap::Args;
use jobs::JobError;
use std::sync::Arc;

#[derive(Debug, Args)]
pub struct SyncArgs {
    /// Sources to pull from; all enabled ones when none is named.
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
    /// Read from the beginning instead of what changed. Nothing is lost or doubled by it.
    #[arg(long)]
    full: bool,
    /// Only pull; leave resolving and deriving to `c360 resolve` and `c360 derive`.
    #[arg(long)]
    pull_only: bool,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, Args)]
pub struct StepArgs {
    /// Everything instead of what changed; the outcome is the same.
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    json: Json,
}

pub fn sync(args: SyncArgs, config: Config) -> Outcome {
    if !config.sources.iter().any(|source| source.enabled) {
        return Err(Failure::Usage(
            "no source is configured and enabled: see `c360 config example hubspot`".to_owned(),
        ));
    }
    let plan = Plan {
        sync: Some(args.sources),
        resolve: !args.pull_only,
        derive: !args.pull_only,
        full: args.full,
    };
    once(config, plan, args.json.json)
}

pub fn resolve(args: StepArgs, config: Config) -> Outcome {
    let plan = Plan { resolve: true, full: args.full, ..Plan::default() };
    once(config, plan, args.json.json)
}

pub fn derive(args: StepArgs, config: Config) -> Outcome {
    let plan = Plan { derive: true, full: args.full, ..Plan::default() };
    once(config, plan, args.json.json)
}

fn once(config: Config, plan: Plan, json: bool) -> Outcome {
    block_on(async {
        let cancel = server::stop_on_signals()?;
        let meter = Arc::new(Meter::default());
        let watcher = Arc::new(Watcher::new(Arc::clone(&meter)));
        let progress = Arc::clone(&watcher) as Arc<dyn jobs::Progress>;
        let parts = Parts { progress, meter, cancel, ..Parts::default() };
        let app = App::open(config, parts).await?;
        let done = round(&app.jobs, &plan).await;
        app.close().await;
        watcher.finish();
        let done = match done {
            Err(error @ JobError::UnknownSource { .. }) => {
                return Err(Failure::Usage(error.to_string()));
            }
            Err(error @ JobError::Stopped) => {
                output::note(&error.to_string());
                return Ok(Done::Partly);
            }
            other => other?,
        };
        if json {
            output::say_json(&done)?;
        } else {
            output::say(&summary(&done))?;
        }
        Ok(ending(&done))
    })
}

fn ending(round: &Round) -> Done {
    let unfinished = round.sync.as_ref().is_some_and(|sync| {
        sync.streams
            .iter()
            .any(|stream| matches!(stream.outcome, "failed" | "disabled" | "stopped"))
    });
    if unfinished { Done::Partly } else { Done::Whole }
}

/// One sentence for each part of a round.
pub fn summary(round: &Round) -> String {
    let mut sentences = Vec::new();
    if let Some(sync) = &round.sync {
        let read: u64 = sync.streams.iter().map(|s| s.read).sum();
        let rejected: u64 = sync.streams.iter().map(|s| s.rejected).sum();
        let changes = sync.changes();
        sentences.push(format!(
            "{read} records read from {} streams, {changes} changed, {rejected} in quarantine",
            sync.streams.len()
        ));
        for stream in &sync.streams {
            if let Some(error) = &stream.error {
                sentences.push(format!(
                    "{} {} {}: {error}",
                    stream.source, stream.stream, stream.outcome
                ));
            }
        }
    }
    if let Some(resolved) = &round.resolved {
        sentences.push(format!(
            "{} changed records resolved, {} moved, {} pairs to review",
            resolved.changed, resolved.moved, resolved.reviews
        ));
    }
    if let Some(derived) = round.derived {
        sentences.push(format!("{derived} customers and spend records derived"));
    }
    sentences.join("\n")
}
