//! The parts put together: configuration, store, jobs, GraphQL.
//!
//! Owns the order in which things are opened and closed. Refuses decisions of its own.

pub mod actions;
pub mod rounds;
pub mod server;

use crate::config::Config;
use crate::http::explorer::ExplorerConfig;
use crate::http::graphql::{Endpoint, Execute};
use crate::http::jwks::HttpFetch;
use crate::http::operations::{Operations, Probe};
use crate::http::{Surface, auth::Verifier};
use crate::telemetry::Meter;
use actions::JobActions;
use actix_web::web;
use anyhow::Context as _;
use async_graphql::{Request, Response};
use async_trait::async_trait;
use connectors::Connector;
use domain::{Clock, Principal, SystemClock};
use graphql::{Gateway, Numbering};
use jobs::{CancellationToken, Fetcher, Jobs, NetFetcher, Progress};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use store::{Store, StoreError};

/// An opened gateway: everything but the HTTP server.
pub struct App {
    /// What was configured.
    pub config: Config,
    /// The database, its schema current.
    pub store: Store,
    /// The jobs over it.
    pub jobs: Jobs,
    /// Counters.
    pub meter: Arc<Meter>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("config", &self.config).finish_non_exhaustive()
    }
}

/// What may be put in the place of the usual parts.
pub struct Parts {
    /// Who watches the jobs.
    pub progress: Arc<dyn Progress>,
    /// The time the jobs go by.
    pub clock: Arc<dyn Clock>,
    /// Counters.
    pub meter: Arc<Meter>,
    /// Ends long work.
    pub cancel: CancellationToken,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            progress: Arc::new(jobs::NoProgress),
            clock: Arc::new(SystemClock),
            meter: Arc::default(),
            cancel: CancellationToken::new(),
        }
    }
}

/// Opens the configured database, with its folder if it is a file.
///
/// # Errors
/// When the folder cannot be made or the database not be opened.
pub async fn open_store(config: &Config) -> anyhow::Result<Store> {
    if let Some(path) = config.store.url.strip_prefix("sqlite:") {
        let path = path.trim_start_matches("//");
        let path = Path::new(path.split('?').next().unwrap_or(path));
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).with_context(|| {
                format!("cannot make the folder {} of the database", folder.display())
            })?;
        }
    }
    Ok(Store::connect(&config.store).await?)
}

impl App {
    /// Opens everything and, where configured, applies missing schema steps.
    ///
    /// # Errors
    /// When the database cannot be opened or its schema is not current.
    pub async fn open(config: Config, parts: Parts) -> anyhow::Result<Self> {
        let store = open_store(&config).await?;
        if config.migrate {
            let steps = store.migrate().await?;
            if steps > 0 {
                tracing::info!(steps, "applied schema steps");
            }
        }
        store.check_schema().await?;
        let fetcher: Arc<dyn Fetcher> = Arc::new(NetFetcher::new()?);
        let jobs = Jobs {
            store: store.unhurried(),
            connectors: connectors_of(&config)?,
            fetcher,
            identity: Arc::new(config.identity.clone()),
            knowledge: jobs::KnowledgeCache::default(),
            lifecycle: Arc::new(config.lifecycle.clone()),
            metrics: Arc::new(config.metrics.clone()),
            scores: Arc::new(config.score.clone()),
            segmentation: Arc::new(config.segmentation.clone()),
            alerts: Arc::new(config.alerts.clone()),
            clock: parts.clock,
            progress: parts.progress,
            options: config.sync.options.clone(),
            owner: jobs::this_owner().into(),
            cancel: parts.cancel,
        };
        Ok(Self { config, store, jobs, meter: parts.meter })
    }

    /// Closes the database.
    pub async fn close(self) {
        self.store.close().await;
    }

    /// The GraphQL gateway over it; `rounds` takes the syncs that clients ask for.
    ///
    /// # Errors
    /// When the database does not say which kinds of source there are.
    pub async fn served(&self, rounds: rounds::Requests) -> anyhow::Result<Arc<Served>> {
        let sources = available_sources(&self.store).await?;
        let parts = GatewayParts {
            store: self.store.clone(),
            actions: Arc::new(JobActions::new(self.jobs.clone(), rounds)),
            limits: self.config.limits.clone(),
            policy: self.config.metrics.clone(),
            countries: self.config.identity.default_country.clone().into_iter().collect(),
        };
        let current = RwLock::new((sources, parts.build(sources)));
        Ok(Arc::new(Served { parts, current }))
    }

    /// What the HTTP routes need.
    ///
    /// # Errors
    /// When no key is configured by which tokens could be verified.
    pub fn surface(
        &self,
        served: Arc<Served>,
        explorer: ExplorerConfig,
        stopping: Arc<AtomicBool>,
    ) -> anyhow::Result<Surface> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .context("cannot set up TLS")?;
        // Tokens are judged by the real time, also where the jobs go by another clock.
        let verifier = Verifier::new(&self.config.auth, Arc::new(SystemClock), |url| {
            Arc::new(HttpFetch::new(client, url))
        })
        .context(NO_KEY)?;
        let server = &self.config.server;
        let operations = Operations {
            probe: Arc::new(StoreProbe(self.store.clone())),
            jwks: verifier.jwks().cloned(),
            meter: Arc::clone(&self.meter),
            stopping,
        };
        let endpoint = Endpoint {
            execute: served,
            verifier: Arc::new(verifier),
            meter: Arc::clone(&self.meter),
            timeout: Duration::from_millis(server.request_timeout_ms),
            body_max: server.max_body_bytes,
            document_max: self.config.limits.document_bytes_max,
        };
        Ok(Surface {
            endpoint: web::Data::new(endpoint),
            operations: web::Data::new(operations),
            explorer: Arc::new(explorer),
        })
    }
}

/// Said when nothing can be served for want of a key.
pub const NO_KEY: &str = "no key to verify tokens with: set auth.secret, auth.public_key or \
     auth.jwks_url (to try the gateway out, `c360 demo` needs none)";

/// The enabled sources' connectors. Their settings were checked when the configuration was read.
fn connectors_of(config: &Config) -> anyhow::Result<Arc<[Arc<dyn Connector>]>> {
    config
        .sources
        .iter()
        .filter(|source| source.enabled)
        .map(|source| {
            connectors::build(&source.name, &source.kind, &source.settings)
                .map(Arc::from)
                .map_err(|_| anyhow::anyhow!("source {} cannot be built", source.name))
        })
        .collect()
}

async fn available_sources(store: &Store) -> Result<metrics::Sources, StoreError> {
    let available = store.load_available_sources().await?;
    Ok(metrics::Sources {
        has_payments: available.payments,
        has_tickets: available.tickets,
        has_surveys: available.surveys,
        has_subscriptions: available.subscriptions,
        has_spend: available.spend,
        has_usage: available.usage,
    })
}

struct GatewayParts {
    store: Store,
    actions: Arc<JobActions>,
    limits: graphql::Limits,
    policy: metrics::Policy,
    countries: Vec<String>,
}

impl GatewayParts {
    fn build(&self, sources: metrics::Sources) -> Gateway {
        Gateway::new(
            self.store.clone(),
            Arc::clone(&self.actions) as Arc<dyn graphql::Actions>,
            self.limits.clone(),
            Numbering { policy: self.policy.clone(), sources },
            self.countries.clone(),
        )
    }
}

/// The GraphQL gateway that is served. Which kinds of source have delivered decides between "0" and
/// "no source", and changes with the first sync: then the gateway is built anew.
pub struct Served {
    parts: GatewayParts,
    current: RwLock<(metrics::Sources, Gateway)>,
}

impl std::fmt::Debug for Served {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Served").finish_non_exhaustive()
    }
}

impl Served {
    /// Looks again at which kinds of source have delivered.
    ///
    /// # Errors
    /// Database errors.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let sources = available_sources(&self.parts.store).await?;
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.0 != sources {
            *current = (sources, self.parts.build(sources));
        }
        Ok(())
    }
}

#[async_trait]
impl Execute for Served {
    async fn execute(&self, principal: Principal, request: Request) -> Response {
        let gateway = self.current.read().unwrap_or_else(PoisonError::into_inner).1.clone();
        gateway.execute(principal, request).await
    }
}

struct StoreProbe(Store);

#[async_trait]
impl Probe for StoreProbe {
    async fn probe(&self) -> Result<(), &'static str> {
        self.0.ping().await.map_err(|_| "unreachable")?;
        match self.0.check_schema().await {
            Ok(()) => Ok(()),
            Err(StoreError::SchemaOutdated { .. }) => Err("schema_outdated"),
            Err(_) => Err("unreachable"),
        }
    }

    fn statement_count(&self) -> u64 {
        self.0.statement_count()
    }
}
