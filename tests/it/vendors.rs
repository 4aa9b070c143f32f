//! The gateway's jobs wired to a sandbox.

use crate::database::TestDb;
use crate::identity_flow::Still;
use connectors::Connector;
use domain::Timestamp;
use jobs::{CancellationToken, Jobs, NetFetcher, NoProgress, Options, RetryPolicy};
use sandbox::{Limits, Sandbox, SandboxOptions, World, WorldConfig};
use serde_json::json;
use std::sync::Arc;

/// A small company: enough for several pages of every stream.
pub fn small_world(seed: u64) -> World {
    World::new(WorldConfig { seed, people: 400, companies: 60, ..WorldConfig::default() })
}

pub async fn start(seed: u64) -> Sandbox {
    let limits = Limits {
        hubspot_per_10s: None,
        hubspot_search_per_second: None,
        zendesk_incremental_per_minute: None,
        zendesk_per_minute: None,
        stripe_per_second: None,
    };
    let options = SandboxOptions { limits, ..SandboxOptions::default() };
    Sandbox::start(small_world(seed), options).await.unwrap()
}

/// The settings of the three sources, as a configuration file would give them.
pub fn settings(sandbox: &Sandbox) -> [(&'static str, serde_json::Value); 3] {
    let access = sandbox.access();
    let c = &access.credentials;
    [
        (
            "hubspot",
            json!({ "base_url": access.hubspot_url, "token": c.hubspot_token,
                    "budgets": { "general": 100_000, "search": 100_000 } }),
        ),
        (
            "zendesk",
            json!({ "base_url": access.zendesk_url, "email": c.zendesk_email,
                    "token": c.zendesk_token, "budgets": { "incremental": 100_000 } }),
        ),
        (
            "stripe",
            json!({ "base_url": access.stripe_url, "key": c.stripe_key,
                    "budgets": { "general": 100_000 } }),
        ),
    ]
}

pub fn connectors(sandbox: &Sandbox) -> Vec<Arc<dyn Connector>> {
    settings(sandbox)
        .iter()
        .map(|(name, settings)| Arc::from(connectors::build(name, name, settings).unwrap()))
        .collect()
}

/// Jobs whose present is the sandbox's.
pub fn jobs(db: &TestDb, sandbox: &Sandbox) -> Jobs {
    Jobs {
        store: db.store.clone(),
        connectors: connectors(sandbox).into(),
        fetcher: Arc::new(NetFetcher::new().unwrap()),
        identity: Arc::new(identity::Rules::default()),
        knowledge: jobs::KnowledgeCache::default(),
        lifecycle: Arc::new(lifecycle::Rules::default()),
        metrics: Arc::new(metrics::Policy::default()),
        scores: Arc::default(),
        segmentation: Arc::default(),
        alerts: Arc::default(),
        clock: Arc::new(Still(Timestamp::from_millis(sandbox.now_ms()))),
        progress: Arc::new(NoProgress),
        options: Options {
            retry: RetryPolicy { attempts: 8, base_ms: 2, max_ms: 20, hint_max_ms: 5_000 },
            ..Options::default()
        },
        owner: "test:0:0".into(),
        cancel: CancellationToken::new(),
    }
}
