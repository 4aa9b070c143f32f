//! A running sandbox: starts the vendors' servers, hands out their addresses and credentials,
//! moves time, and stops them.

use crate::faults::Faults;
use crate::limits::Limits;
use crate::server::{LoggedRequest, Shared, lock, serve};
use crate::wire::Vendor;
use crate::world::{Stream, Truth, World};
use actix_web::dev::{Server, ServerHandle};
use actix_web::web::{Data, Payload, to};
use actix_web::{App, HttpRequest, HttpServer};
use serde::Serialize;
use std::sync::PoisonError;
use tokio::time::Instant;

const DAY_MS: i64 = 86_400_000;

/// What clients authenticate with. They are no secrets: the sandbox holds invented people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SandboxCredentials {
    /// HubSpot's private-app token, sent as `Authorization: Bearer`.
    pub hubspot_token: String,
    /// The agent of Zendesk's basic authentication (`email/token:key`).
    pub zendesk_email: String,
    /// Zendesk's API token.
    pub zendesk_token: String,
    /// Stripe's restricted key, sent as `Authorization: Bearer` or as basic user name.
    pub stripe_key: String,
}

impl Default for SandboxCredentials {
    fn default() -> Self {
        Self {
            hubspot_token: "pat-na1-sandbox".to_owned(),
            zendesk_email: "supportbot@sandbox.example".to_owned(),
            zendesk_token: "sandbox-zendesk-token".to_owned(),
            stripe_key: "rk_test_sandbox".to_owned(),
        }
    }
}

/// Where the vendors are and how to authenticate: all a client needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SandboxAccess {
    /// HubSpot's base URL.
    pub hubspot_url: String,
    /// Zendesk's base URL.
    pub zendesk_url: String,
    /// Stripe's base URL.
    pub stripe_url: String,
    /// What clients authenticate with.
    pub credentials: SandboxCredentials,
    /// The sandbox's present, in milliseconds since 1970 UTC.
    pub now_ms: i64,
}

/// How a sandbox is run.
#[derive(Debug, Clone, Default)]
pub struct SandboxOptions {
    /// Ports for HubSpot, Zendesk and Stripe on 127.0.0.1; 0 takes any free one.
    pub ports: [u16; 3],
    /// What clients authenticate with.
    pub credentials: SandboxCredentials,
    /// The vendors' limits; the default ones do not slow a demonstration.
    pub limits: Limits,
    /// How far HubSpot's search index is behind, in milliseconds.
    pub hubspot_search_lag_ms: i64,
    /// Whether the sandbox's clock runs on with real time from the world's present. The world
    /// itself moves only by [`Sandbox::tick`] and [`Sandbox::advance_ms`].
    pub follow_real_clock: bool,
}

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A port cannot be used; choose another, or 0 for any free one.
    #[error(
        "the sandbox cannot listen on 127.0.0.1:{port} for {vendor}; choose another port, or 0 for any free one"
    )]
    Listen {
        /// The vendor.
        vendor: &'static str,
        /// The port asked for.
        port: u16,
        /// The system's reason.
        source: std::io::Error,
    },
}

/// The running vendors. They end with [`Sandbox::stop`].
#[derive(Debug)]
pub struct Sandbox {
    shared: Data<Shared>,
    urls: [String; 3],
    handles: Vec<ServerHandle>,
    tasks: Vec<tokio::task::JoinHandle<std::io::Result<()>>>,
}

impl Sandbox {
    /// Starts one server a vendor on the loopback interface, each with one worker thread.
    ///
    /// # Errors
    /// When a port cannot be listened on.
    pub async fn start(world: World, options: SandboxOptions) -> Result<Self, SandboxError> {
        let shared = Data::new(Shared::new(
            world,
            options.credentials,
            options.limits,
            options.hubspot_search_lag_ms,
            options.follow_real_clock,
        ));
        let mut sandbox =
            Self { shared, urls: Default::default(), handles: Vec::new(), tasks: Vec::new() };
        for (i, vendor) in Vendor::ALL.into_iter().enumerate() {
            let port = options.ports.get(i).copied().unwrap_or(0);
            let listen = |source| SandboxError::Listen { vendor: vendor.name(), port, source };
            match listen_for(vendor, &sandbox.shared, port) {
                Ok((server, bound)) => {
                    if let Some(url) = sandbox.urls.get_mut(i) {
                        *url = format!("http://127.0.0.1:{bound}");
                    }
                    sandbox.handles.push(server.handle());
                    sandbox.tasks.push(tokio::spawn(server));
                }
                Err(source) => {
                    sandbox.stop().await;
                    return Err(listen(source));
                }
            }
        }
        tracing::debug!(
            hubspot = sandbox.hubspot_url(),
            zendesk = sandbox.zendesk_url(),
            stripe = sandbox.stripe_url(),
            "sandbox started"
        );
        Ok(sandbox)
    }

    /// The base URL of a vendor, without a trailing slash.
    #[must_use]
    pub fn url(&self, vendor: Vendor) -> &str {
        self.urls.get(vendor as usize).map_or("", String::as_str)
    }

    /// HubSpot's base URL.
    #[must_use]
    pub fn hubspot_url(&self) -> &str {
        self.url(Vendor::Hubspot)
    }

    /// Zendesk's base URL.
    #[must_use]
    pub fn zendesk_url(&self) -> &str {
        self.url(Vendor::Zendesk)
    }

    /// Stripe's base URL.
    #[must_use]
    pub fn stripe_url(&self) -> &str {
        self.url(Vendor::Stripe)
    }

    /// Addresses and credentials together.
    #[must_use]
    pub fn access(&self) -> SandboxAccess {
        SandboxAccess {
            hubspot_url: self.hubspot_url().to_owned(),
            zendesk_url: self.zendesk_url().to_owned(),
            stripe_url: self.stripe_url().to_owned(),
            credentials: self.credentials(),
            now_ms: self.now_ms(),
        }
    }

    /// What clients authenticate with now.
    #[must_use]
    pub fn credentials(&self) -> SandboxCredentials {
        lock(&self.shared.credentials).clone()
    }

    /// Changes what clients authenticate with, as a rotation of tokens does.
    pub fn set_credentials(&self, credentials: SandboxCredentials) {
        *lock(&self.shared.credentials) = credentials;
    }

    /// The switches for what goes wrong.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// The sandbox's present, in milliseconds since 1970 UTC.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.shared.now_ms()
    }

    /// Lets days pass: people arrive, deals move, tickets are opened and answered, invoices
    /// are made and paid or not, some are refunded, some customers leave, a few records are
    /// merged or deleted. The same seed and the same days give the same changes.
    pub fn tick(&self, days: u32) {
        self.advance_ms(i64::from(days) * DAY_MS);
    }

    /// Lets milliseconds pass; see [`Sandbox::tick`].
    pub fn advance_ms(&self, ms: i64) {
        self.with_world(|world| {
            let now_ms = world.now_ms();
            world.advance_to(now_ms + ms.max(0));
        });
    }

    /// Reads or changes the world, with its present brought up to the sandbox's.
    pub fn with_world<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.shared.world.write().unwrap_or_else(PoisonError::into_inner);
        if self.shared.follows {
            let now_ms = world.now_ms() + self.shared.elapsed_ms();
            world.advance_to(now_ms);
            *lock(&self.shared.since) = Instant::now();
        }
        change(&mut world)
    }

    /// The truth about the records that are live now.
    #[must_use]
    pub fn truth(&self) -> Truth {
        self.shared.world.read().unwrap_or_else(PoisonError::into_inner).truth()
    }

    /// The daily spend file; see [`World::spend_csv`].
    #[must_use]
    pub fn spend_csv(&self) -> String {
        self.shared.world.read().unwrap_or_else(PoisonError::into_inner).spend_csv()
    }

    /// See [`World::merge_contacts`].
    pub fn merge_contacts(&self, winner: u64, loser: u64, new_id: bool) -> Option<u64> {
        self.with_world(|w| w.merge_contacts(winner, loser, new_id))
    }

    /// See [`World::archive_contact`].
    pub fn archive_contact(&self, id: u64) -> bool {
        self.with_world(|w| w.archive_contact(id))
    }

    /// See [`World::delete_ticket`].
    pub fn delete_ticket(&self, id: u64) -> bool {
        self.with_world(|w| w.delete_ticket(id))
    }

    /// See [`World::delete_customer`].
    pub fn delete_customer(&self, id: &str) -> bool {
        self.with_world(|w| w.delete_customer(id))
    }

    /// See [`World::tie_storm`].
    pub fn tie_storm(&self, stream: Stream, n: usize) -> usize {
        self.with_world(|w| w.tie_storm(stream, n))
    }

    /// How many requests a vendor has been sent since the start or the last
    /// [`Sandbox::clear_log`].
    #[must_use]
    pub fn requests(&self, vendor: Vendor) -> u64 {
        self.shared.requests(vendor)
    }

    /// The most requests a vendor was answering at one time.
    #[must_use]
    pub fn peak_concurrency(&self, vendor: Vendor) -> usize {
        self.shared.peak(vendor)
    }

    /// The requests in the order of their answers, at most the last 100,000.
    #[must_use]
    pub fn log(&self) -> Vec<LoggedRequest> {
        self.shared.log()
    }

    /// Empties the log and the counters.
    pub fn clear_log(&self) {
        self.shared.clear_log();
    }

    /// Stops the servers after they have finished the requests under way.
    pub async fn stop(self) {
        for handle in self.handles {
            handle.stop(true).await;
        }
        for task in self.tasks {
            if let Ok(Err(error)) = task.await {
                tracing::warn!(%error, "a sandbox server ended badly");
            }
        }
    }
}

fn listen_for(vendor: Vendor, shared: &Data<Shared>, port: u16) -> std::io::Result<(Server, u16)> {
    let shared = shared.clone();
    let server = HttpServer::new(move || {
        App::new().app_data(shared.clone()).default_service(to(
            move |shared: Data<Shared>, http: HttpRequest, payload: Payload| {
                serve(vendor, shared, http, payload)
            },
        ))
    })
    .workers(1)
    .disable_signals()
    .shutdown_timeout(2)
    .bind(("127.0.0.1", port))?;
    let bound = server.addrs().first().map_or(port, std::net::SocketAddr::port);
    Ok((server.run(), bound))
}
