//! `/healthz`, `/readyz`, `/metrics`: what whoever runs the gateway asks it.
//!
//! Owns the three answers. Refuses details that only the log should hold: no addresses, no errors of
//! the database.

use crate::http::jwks::Jwks;
use crate::telemetry::Meter;
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use async_trait::async_trait;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Longest wait for the store when asked whether we are ready.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// Whether the store can answer.
#[async_trait]
pub trait Probe: Send + Sync {
    /// `Ok` when it answers and its schema is current.
    ///
    /// # Errors
    /// `unreachable` or `schema_outdated`.
    async fn probe(&self) -> Result<(), &'static str>;

    /// SQL statements run so far.
    fn statement_count(&self) -> u64;
}

/// What the three routes look at.
pub struct Operations {
    /// The store.
    pub probe: Arc<dyn Probe>,
    /// Published keys, where tokens are verified by such.
    pub jwks: Option<Arc<Jwks>>,
    /// Counters.
    pub meter: Arc<Meter>,
    /// Set when the gateway begins to stop.
    pub stopping: Arc<AtomicBool>,
}

impl std::fmt::Debug for Operations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operations").field("stopping", &self.stopping).finish_non_exhaustive()
    }
}

/// The process runs.
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(json!({ "status": "alive" }))
}

/// The process can serve: 200, or 503 with what is missing.
pub async fn readyz(operations: web::Data<Operations>) -> HttpResponse {
    let store = match tokio::time::timeout(PROBE_TIMEOUT, operations.probe.probe()).await {
        Ok(Ok(())) => "ok",
        Ok(Err(reason)) => reason,
        Err(_) => "unreachable",
    };
    let keys = match &operations.jwks {
        Some(jwks) if !jwks.is_loaded() => "not_loaded",
        _ => "ok",
    };
    let stopping = operations.stopping.load(Ordering::Relaxed);
    let ready = store == "ok" && keys == "ok" && !stopping;
    let mut response = if ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.insert_header((header::CACHE_CONTROL, "no-store")).json(json!({
        "status": if ready { "ready" } else { "not_ready" },
        "checks": {
            "store": store,
            "keys": keys,
            "running": if stopping { "stopping" } else { "ok" },
        },
    }))
}

/// Counters in Prometheus' text format, version 0.0.4.
pub async fn metrics(operations: web::Data<Operations>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"))
        .body(operations.meter.text(operations.probe.statement_count()))
}

/// Any other path.
pub async fn not_found() -> HttpResponse {
    HttpResponse::NotFound().insert_header((header::CACHE_CONTROL, "no-store")).json(json!({
        "errors": [{
            "message": "nothing is served here: GraphQL is at /graphql, the explorer at /",
            "extensions": { "code": "NOT_FOUND" }
        }]
    }))
}
