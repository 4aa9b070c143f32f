//! `c360 serve`.

use super::progress::Watcher;
use super::{Done, Failure, Outcome, block_on, output, token};
use crate::app::{App, NO_KEY, Parts, server};
use crate::config::Config;
use crate::http::explorer::{ExplorerConfig, RoleToken};
use crate::telemetry::Meter;
use domain::Role;
use std::sync::Arc;

/// Seconds that ready tokens are valid.
const DEMO_TTL_S: i64 = 30 * 86_400;

pub fn run(config: Config) -> Outcome {
    if config.auth.key.is_none() {
        return Err(Failure::Usage(NO_KEY.to_owned()));
    }
    for warning in &config.warnings {
        output::note(&format!("warning: {warning}"));
    }
    block_on(async {
        let cancel = server::stop_on_signals()?;
        let meter = Arc::new(Meter::default());
        let parts = Parts {
            progress: Arc::new(Watcher::quiet(Arc::clone(&meter))),
            meter,
            cancel: cancel.child_token(),
            ..Parts::default()
        };
        let explorer = explorer(&config)?;
        let app = App::open(config, parts).await?;
        let running = server::start(app, explorer, true).await?;
        output::note(&format!("serving http://{}", running.address));
        running.until_stopped(&cancel).await?;
        Ok(Done::Whole)
    })
}

fn explorer(config: &Config) -> anyhow::Result<ExplorerConfig> {
    if !config.auth.demo {
        return Ok(ExplorerConfig::default());
    }
    Ok(ExplorerConfig { demo: true, tokens: role_tokens(config)?, examples: Vec::new() })
}

/// A token for each role, for a demonstration.
pub fn role_tokens(config: &Config) -> anyhow::Result<Vec<RoleToken>> {
    Role::ALL
        .iter()
        .map(|role| {
            let subject = format!("demo-{}", role.as_str());
            let token = token::ready_made(&config.auth, *role, &subject, DEMO_TTL_S)?;
            Ok(RoleToken { role: role.as_str().to_owned(), token })
        })
        .collect()
}
