//! The running server: listens, works in the background, and stops in good order.
//!
//! Owns signals. The first one stops accepting, finishes the requests under way and lets the sync
//! page under way commit or roll back; a second one ends the process at once, which is safe too:
//! every commit is whole.

use crate::app::{App, rounds};
use crate::http::explorer::ExplorerConfig;
use crate::http::{Surface, configure};
use actix_web::dev::{Server, ServerHandle};
use actix_web::{App as HttpApp, HttpServer};
use anyhow::Context as _;
use jobs::CancellationToken;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

/// A server that listens.
pub struct Running {
    /// Where it listens; the port is the real one where 0 was configured.
    pub address: SocketAddr,
    app: App,
    handle: ServerHandle,
    server: JoinHandle<std::io::Result<()>>,
    background: Vec<JoinHandle<()>>,
    rounds: JoinHandle<()>,
    stopping: Arc<AtomicBool>,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Starts serving. `at_once` begins with a round instead of waiting for the first interval.
///
/// # Errors
/// When the address cannot be listened on, or nothing can verify tokens.
pub async fn start(app: App, explorer: ExplorerConfig, at_once: bool) -> anyhow::Result<Running> {
    let stopping = Arc::new(AtomicBool::new(false));
    let (requests, asked) = rounds::requests();
    let served = app.served(requests).await?;
    let surface = app.surface(Arc::clone(&served), explorer, Arc::clone(&stopping))?;
    let (server, address) = listen(&app, surface.clone())?;
    let handle = server.handle();
    let server = tokio::spawn(server);
    let interval_s = app.config.sync.interval_s;
    let rounds =
        tokio::spawn(rounds::keep_running(app.jobs.clone(), served, asked, interval_s, at_once));
    let mut background = Vec::new();
    if let Some(jwks) = surface.operations.jwks.clone() {
        background.push(tokio::spawn(async move { jwks.keep_fresh().await }));
    }
    tracing::info!(%address, "serving");
    Ok(Running { address, app, handle, server, background, rounds, stopping })
}

fn listen(app: &App, surface: Surface) -> anyhow::Result<(Server, SocketAddr)> {
    let settings = &app.config.server;
    let mut server = HttpServer::new(move || {
        let surface = surface.clone();
        HttpApp::new().configure(move |cfg| configure(cfg, &surface))
    })
    .disable_signals()
    .shutdown_timeout(settings.shutdown_ms.div_ceil(1000))
    .client_request_timeout(Duration::from_secs(10))
    .server_hostname("customer360");
    if settings.workers > 0 {
        server = server.workers(settings.workers);
    }
    let server = server.bind(settings.listen).with_context(|| {
        format!(
            "cannot listen on {}: is another program using the port? (server.listen)",
            settings.listen
        )
    })?;
    let address = server.addrs().first().copied().unwrap_or(settings.listen);
    Ok((server.run(), address))
}

impl Running {
    /// The application behind it.
    #[must_use]
    pub const fn app(&self) -> &App {
        &self.app
    }

    /// Serves until a signal or until `cancel`, then stops in good order.
    ///
    /// # Errors
    /// When the server itself fails.
    pub async fn until_stopped(self, cancel: &CancellationToken) -> anyhow::Result<()> {
        cancel.cancelled().await;
        self.stop().await
    }

    /// Stops in good order.
    ///
    /// # Errors
    /// When the server itself failed.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stopping.store(true, Ordering::Relaxed);
        self.app.jobs.cancel.cancel();
        tracing::info!("stopping: requests and the page under way are finished");
        self.handle.stop(true).await;
        let patience = Duration::from_millis(self.app.config.server.shutdown_ms);
        if tokio::time::timeout(patience, self.rounds).await.is_err() {
            tracing::warn!("a round did not end in time; what it had committed is safe");
        }
        for task in self.background {
            task.abort();
        }
        let served = self.server.await;
        self.app.close().await;
        served.context("the server ended unexpectedly")?.context("the server failed")?;
        tracing::info!("stopped");
        Ok(())
    }
}

/// Cancels on the first SIGTERM or SIGINT; ends the process on the second.
///
/// # Errors
/// When signals cannot be received.
pub fn stop_on_signals() -> anyhow::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let cancel = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate()).context("cannot receive SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot receive SIGINT")?;
    let told = cancel.clone();
    tokio::spawn(async move {
        for last in [false, true] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if last {
                std::process::exit(130);
            }
            told.cancel();
        }
    });
    Ok(cancel)
}
