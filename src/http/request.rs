//! What every request gets: an id, a span, a log line, a count, and headers that keep browsers
//! honest.
//!
//! Refuses to log anything the caller wrote except a well-formed request id: no path parameters, no
//! query string, no token, no document.

use crate::http::graphql::Outcome;
use crate::telemetry::Meter;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage as _, web};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tracing::Instrument as _;

/// The header that carries the id, in and out.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

static NEXT: AtomicU64 = AtomicU64::new(0);
/// Tells this process's ids from another's. Not a secret.
static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().build_hasher().finish());

fn request_id(request: &ServiceRequest) -> String {
    let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match given {
        Some(id) if (1..=64).contains(&id.len()) && id.chars().all(fits) => id.to_owned(),
        _ => format!("{:016x}-{:x}", *PROCESS, NEXT.fetch_add(1, Ordering::Relaxed)),
    }
}

/// The middleware.
///
/// # Errors
/// Those of the service inside.
pub async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let id = request_id(&request);
    let method = request.method().clone();
    let meter = request.app_data::<web::Data<Meter>>().cloned();
    request.extensions_mut().insert(RequestId(id.clone()));
    let span = tracing::info_span!("request", request_id = %id);
    let started = Instant::now();
    let mut response = next.call(request).instrument(span.clone()).await?;
    let took = started.elapsed();
    let status = response.status().as_u16();
    // The pattern, not the path: a path may hold what should not be logged, and has no bound.
    let route = response.request().match_pattern().unwrap_or_else(|| "unmatched".to_owned());
    let code = response.request().extensions().get::<Outcome>().map_or("", |outcome| outcome.0);
    span.in_scope(|| {
        let ms = took.as_millis() as u64;
        tracing::info!(method = %method, route, status, code, ms, "request answered");
    });
    if let Some(meter) = meter {
        meter.request(&route, method.as_str(), status, took);
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    for (name, value) in SECURITY {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    Ok(response)
}

/// For answers that a browser has no business to run, frame or keep. The explorer sets its own.
const SECURITY: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
];
