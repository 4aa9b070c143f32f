//! The vendors as HTTP servers on the loopback interface: authentication, limits, faults, the
//! request log. What a vendor answers is decided in its own module.

use crate::faults::{BadRecord, Fault, Faults};
use crate::limits::{Limits, Window};
use crate::wire::{Reply, Request, Vendor};
use crate::world::World;
use crate::{SandboxCredentials, hubspot, stripe, zendesk};
use actix_web::body::{BodySize, MessageBody};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;

/// Bodies beyond this are refused.
const BODY_MAX: usize = 4 << 20;
/// The log forgets its oldest entries beyond this.
const LOG_MAX: usize = 100_000;

/// One request as the log keeps it: nothing of its credentials or body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedRequest {
    /// The vendor asked.
    pub vendor: Vendor,
    /// The method.
    pub method: String,
    /// The path without its query.
    pub path: String,
    /// The query as received.
    pub query: String,
    /// The status answered.
    pub status: u16,
    /// The fault applied, if any.
    pub fault: Option<Fault>,
}

/// What all servers of a sandbox share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) world: RwLock<World>,
    pub(crate) faults: Faults,
    pub(crate) credentials: Mutex<SandboxCredentials>,
    pub(crate) search_lag_ms: i64,
    /// When set, the clock runs: the sandbox's present is the world's plus what has passed.
    pub(crate) follows: bool,
    pub(crate) since: Mutex<Instant>,
    limits: Limits,
    windows: Mutex<HashMap<&'static str, Window>>,
    last_pages: Mutex<HashMap<(Vendor, String), Reply>>,
    log: Mutex<VecDeque<LoggedRequest>>,
    counts: [AtomicU64; 3],
    running: [AtomicUsize; 3],
    peak: [AtomicUsize; 3],
    seed: u64,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn new(
        world: World,
        credentials: SandboxCredentials,
        limits: Limits,
        search_lag_ms: i64,
        follows: bool,
    ) -> Self {
        let seed = world.config().seed;
        Self {
            world: RwLock::new(world),
            faults: Faults::new(seed),
            credentials: Mutex::new(credentials),
            search_lag_ms,
            follows,
            since: Mutex::new(Instant::now()),
            limits,
            windows: Mutex::new(HashMap::new()),
            last_pages: Mutex::new(HashMap::new()),
            log: Mutex::new(VecDeque::new()),
            counts: Default::default(),
            running: Default::default(),
            peak: Default::default(),
            seed,
        }
    }

    /// How far the clock has run beyond the world's present.
    pub(crate) fn elapsed_ms(&self) -> i64 {
        if self.follows {
            i64::try_from(lock(&self.since).elapsed().as_millis()).unwrap_or(0)
        } else {
            0
        }
    }

    pub(crate) fn now_ms(&self) -> i64 {
        let world = self.world.read().unwrap_or_else(PoisonError::into_inner);
        world.now_ms() + self.elapsed_ms()
    }

    pub(crate) fn requests(&self, vendor: Vendor) -> u64 {
        self.counts.get(vendor as usize).map_or(0, |c| c.load(Ordering::Relaxed))
    }

    pub(crate) fn peak(&self, vendor: Vendor) -> usize {
        self.peak.get(vendor as usize).map_or(0, |c| c.load(Ordering::Relaxed))
    }

    pub(crate) fn log(&self) -> Vec<LoggedRequest> {
        lock(&self.log).iter().cloned().collect()
    }

    pub(crate) fn clear_log(&self) {
        lock(&self.log).clear();
        for counter in &self.counts {
            counter.store(0, Ordering::Relaxed);
        }
        for peak in &self.peak {
            peak.store(0, Ordering::Relaxed);
        }
    }

    fn take(
        &self,
        name: &'static str,
        limit: Option<u32>,
        length: Duration,
    ) -> Result<u32, Duration> {
        let mut windows = lock(&self.windows);
        windows.entry(name).or_insert_with(|| Window::new(limit, length)).take(Instant::now())
    }

    fn authorized(&self, vendor: Vendor, request: &Request) -> bool {
        let credentials = lock(&self.credentials);
        let given = request.authorization.as_deref().unwrap_or("");
        match vendor {
            Vendor::Hubspot => {
                given.strip_prefix("Bearer ").is_some_and(|t| t == credentials.hubspot_token)
            }
            Vendor::Zendesk => basic(given).is_some_and(|pair| {
                pair == format!("{}/token:{}", credentials.zendesk_email, credentials.zendesk_token)
            }),
            Vendor::Stripe => {
                given.strip_prefix("Bearer ").is_some_and(|t| t == credentials.stripe_key)
                    || basic(given)
                        .is_some_and(|pair| pair.trim_end_matches(':') == credentials.stripe_key)
            }
        }
    }

    /// The answer to a request, with the fault that struck it.
    fn answer(&self, vendor: Vendor, request: &Request) -> (Reply, Option<Fault>) {
        let fault = self.faults.strike(vendor, request);
        let early = fault.and_then(|fault| early(vendor, request, fault));
        if let Some(reply) = early {
            return (reply, fault);
        }
        if !self.authorized(vendor, request) {
            return (unauthorized(vendor, request), fault);
        }
        let headers = match self.admit(vendor, request) {
            Ok(headers) => headers,
            Err(reply) => return (reply, fault),
        };
        let page = (vendor, request.path.clone());
        if fault == Some(Fault::DuplicatePage)
            && let Some(last) = lock(&self.last_pages).get(&page).cloned()
        {
            return (last, fault);
        }
        let mut reply = self.ask(vendor, request, fault == Some(Fault::EmptyPage));
        reply.headers.extend(headers);
        if reply.status == 200 {
            lock(&self.last_pages).insert(page, reply.clone());
        }
        if let Some(Fault::BadRecord(bad)) = fault {
            spoil(&mut reply, bad, self.seed ^ request.number);
        }
        (reply, fault)
    }

    fn ask(&self, vendor: Vendor, request: &Request, empty_page: bool) -> Reply {
        // merging is the only thing the vendors let a client change
        if vendor == Vendor::Hubspot && request.path.ends_with("/merge") {
            let mut world = self.world.write().unwrap_or_else(PoisonError::into_inner);
            let now_ms = world.now_ms() + self.elapsed_ms();
            world.advance_to(now_ms);
            if self.follows {
                *lock(&self.since) = Instant::now();
            }
            return hubspot::merge(&mut world, request);
        }
        let world = self.world.read().unwrap_or_else(PoisonError::into_inner);
        let now_ms = world.now_ms() + self.elapsed_ms();
        match vendor {
            Vendor::Hubspot => hubspot::respond(&world, request, self.search_lag_ms, now_ms),
            Vendor::Zendesk => zendesk::respond(&world, request, now_ms, empty_page),
            Vendor::Stripe => stripe::respond(&world.books, request, now_ms),
        }
    }

    /// Takes a place under the vendor's limits: the headers that say so, or a 429.
    fn admit(
        &self,
        vendor: Vendor,
        request: &Request,
    ) -> Result<Vec<(&'static str, String)>, Reply> {
        let limits = self.limits;
        match vendor {
            Vendor::Hubspot => {
                let search = request.path.ends_with("/search");
                if search
                    && self
                        .take(
                            "hubspot-search",
                            limits.hubspot_search_per_second,
                            Duration::from_secs(1),
                        )
                        .is_err()
                {
                    return Err(hubspot::too_many(request, true));
                }
                let taken = self.take("hubspot", limits.hubspot_per_10s, Duration::from_secs(10));
                let mut headers = Vec::new();
                // searches do not carry the headers of the general limit
                if let Some(limit) = limits.hubspot_per_10s.filter(|_| !search) {
                    headers.push(("X-HubSpot-RateLimit-Max", limit.to_string()));
                    headers.push((
                        "X-HubSpot-RateLimit-Remaining",
                        taken.as_ref().copied().unwrap_or(0).to_string(),
                    ));
                    headers.push(("X-HubSpot-RateLimit-Interval-Milliseconds", "10000".to_owned()));
                    headers.push(("X-HubSpot-RateLimit-Daily", "1000000".to_owned()));
                    headers.push((
                        "X-HubSpot-RateLimit-Daily-Remaining",
                        1_000_000_u64.saturating_sub(self.requests(vendor)).to_string(),
                    ));
                }
                match taken {
                    Ok(_) => Ok(headers),
                    Err(_) => {
                        let mut reply = hubspot::too_many(request, false);
                        reply.headers.extend(headers);
                        Err(reply)
                    }
                }
            }
            Vendor::Zendesk => {
                let (name, limit) = if zendesk::is_incremental(&request.path) {
                    ("zendesk-incremental", limits.zendesk_incremental_per_minute)
                } else {
                    ("zendesk", limits.zendesk_per_minute)
                };
                match self.take(name, limit, Duration::from_secs(60)) {
                    Ok(left) => Ok(limit
                        .map(|limit| {
                            vec![
                                ("X-Rate-Limit", limit.to_string()),
                                ("X-Rate-Limit-Remaining", left.to_string()),
                            ]
                        })
                        .unwrap_or_default()),
                    Err(wait) => Err(too_many(vendor, request, Some(whole_seconds(wait)))),
                }
            }
            Vendor::Stripe => {
                match self.take("stripe", limits.stripe_per_second, Duration::from_secs(1)) {
                    Ok(_) => Ok(Vec::new()),
                    Err(_) => Err(too_many(vendor, request, None)),
                }
            }
        }
    }
}

fn whole_seconds(wait: Duration) -> u32 {
    u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(60).max(1)
}

fn basic(header: &str) -> Option<String> {
    String::from_utf8(crate::text::unbase64(header.strip_prefix("Basic ")?)?).ok()
}

fn too_many(vendor: Vendor, request: &Request, retry_after: Option<u32>) -> Reply {
    let reply = match vendor {
        Vendor::Hubspot => hubspot::too_many(request, request.path.ends_with("/search")),
        Vendor::Zendesk => zendesk::error(
            429,
            "APIRateLimitExceeded",
            "Number of allowed API requests per minute exceeded",
        ),
        Vendor::Stripe => {
            stripe::error(429, Some("rate_limit"), "Request rate limit exceeded.", None)
                .with("Stripe-Rate-Limited-Reason", "global-rate")
        }
    };
    match retry_after {
        Some(seconds) => reply.with("Retry-After", seconds.to_string()),
        None => reply,
    }
}

fn unauthorized(vendor: Vendor, request: &Request) -> Reply {
    match vendor {
        Vendor::Hubspot => hubspot::error(
            request,
            401,
            "INVALID_AUTHENTICATION",
            "Authentication credentials not found or not valid",
        ),
        Vendor::Zendesk => Reply::json(401, r#"{"error":"Couldn't authenticate you"}"#.to_owned())
            .with("WWW-Authenticate", "Basic realm=\"Web Password\""),
        Vendor::Stripe => stripe::error(401, None, "Invalid API Key provided", None)
            .with("WWW-Authenticate", "Bearer realm=\"Stripe\""),
    }
}

fn forbidden(vendor: Vendor, request: &Request) -> Reply {
    match vendor {
        Vendor::Hubspot => hubspot::error(
            request,
            403,
            "MISSING_SCOPES",
            "This app hasn't been granted all required scopes to make this call.",
        ),
        Vendor::Zendesk => zendesk::error(
            403,
            "Forbidden",
            "You do not have access to this page. Please contact the account owner of this help desk for further help.",
        ),
        Vendor::Stripe => stripe::error(
            403,
            None,
            "The provided key does not have the required permissions for this endpoint.",
            None,
        ),
    }
}

fn expired(vendor: Vendor, request: &Request) -> Reply {
    match vendor {
        Vendor::Hubspot => {
            hubspot::error(request, 400, "VALIDATION_ERROR", "after is not a valid paging cursor")
        }
        Vendor::Zendesk => {
            zendesk::error(422, "InvalidPaginationParameter", "cursor is invalid or has expired")
        }
        Vendor::Stripe => stripe::error(
            400,
            Some("resource_missing"),
            "No such object in starting_after",
            Some("starting_after"),
        ),
    }
}

/// The faults that need no answer of the vendor.
fn early(vendor: Vendor, request: &Request, fault: Fault) -> Option<Reply> {
    match fault {
        Fault::TooManyRequests { retry_after } => Some(too_many(vendor, request, retry_after)),
        Fault::ServerError(status) => Some(match (vendor, status) {
            (_, 502..=504) => Reply {
                status,
                content_type: "text/html",
                headers: Vec::new(),
                body: format!("<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center></body></html>"),
            },
            (Vendor::Hubspot, _) => hubspot::error(request, status, "INTERNAL_ERROR", "internal error"),
            (Vendor::Zendesk, _) => zendesk::error(status, "InternalError", "Something went wrong"),
            (Vendor::Stripe, _) => stripe::error(status, None, "Something went wrong on Stripe's end.", None),
        }),
        Fault::HtmlBody => Some(Reply {
            status: 200,
            content_type: "text/html; charset=utf-8",
            headers: Vec::new(),
            body: "<!doctype html><html><head><title>Scheduled maintenance</title></head><body>Please come back later.</body></html>".to_owned(),
        }),
        Fault::ExpiredCursor => Some(expired(vendor, request)),
        Fault::Unauthorized => Some(unauthorized(vendor, request)),
        Fault::Forbidden => Some(forbidden(vendor, request)),
        Fault::CutBody | Fault::Slow(_) | Fault::DuplicatePage | Fault::BadRecord(_) | Fault::EmptyPage => None,
    }
}

/// Makes one record of a page bad.
fn spoil(reply: &mut Reply, bad: BadRecord, choice: u64) {
    let Ok(mut body) = serde_json::from_str::<Value>(&reply.body) else { return };
    let Some(list) = body
        .as_object_mut()
        .and_then(|o| o.values_mut().find(|v| v.as_array().is_some_and(|l| !l.is_empty())))
        .and_then(Value::as_array_mut)
    else {
        return;
    };
    let at = (choice % list.len() as u64) as usize;
    let Some(record) = list.get_mut(at) else { return };
    match bad {
        BadRecord::NotAnObject => *record = Value::String("not a record".to_owned()),
        BadRecord::MissingId => {
            if let Some(object) = record.as_object_mut() {
                object.remove("id");
            }
        }
        BadRecord::WrongType => {
            let nested = record.get("properties").is_some();
            let fields = if nested { record.get_mut("properties") } else { Some(record) };
            if let Some(object) = fields.and_then(Value::as_object_mut) {
                let name = ["email", "createdate", "created_at", "created"]
                    .into_iter()
                    .find(|n| object.contains_key(*n))
                    .unwrap_or("email");
                let wrong = if object.get(name).is_some_and(Value::is_number) {
                    Value::String("yesterday".to_owned())
                } else {
                    Value::from(12_345)
                };
                object.insert(name.to_owned(), wrong);
            }
        }
    }
    reply.body = body.to_string();
}

/// A body that announces more than it gives.
struct Cut(Option<Bytes>, u64);

impl MessageBody for Cut {
    type Error = std::io::Error;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.1)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Poll::Ready(Some(self.0.take().ok_or_else(|| std::io::Error::other("cut off by a fault"))))
    }
}

/// Serves one request of a vendor.
pub(crate) async fn serve(
    vendor: Vendor,
    shared: Data<Shared>,
    http: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    let slot = vendor as usize;
    if let (Some(running), Some(peak)) = (shared.running.get(slot), shared.peak.get(slot)) {
        peak.fetch_max(running.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
    }
    let number = shared.counts.get(slot).map_or(0, |c| c.fetch_add(1, Ordering::Relaxed) + 1);
    let header =
        |name: &str| http.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let body = payload.to_bytes_limited(BODY_MAX).await.ok().and_then(Result::ok);
    let request = Request {
        method: http.method().as_str().to_owned(),
        path: http.path().to_owned(),
        query: http.query_string().to_owned(),
        authorization: header("authorization"),
        version: header("stripe-version"),
        body: body.unwrap_or_default().to_vec(),
        base_url: format!("http://{}", http.connection_info().host()),
        number,
    };
    let (reply, fault) = shared.answer(vendor, &request);
    if let Some(delay) = fault.and_then(Fault::delay) {
        tokio::time::sleep(delay).await;
    }
    {
        let mut log = lock(&shared.log);
        if log.len() >= LOG_MAX {
            log.pop_front();
        }
        let (method, path, query) = (request.method, request.path, request.query);
        log.push_back(LoggedRequest { vendor, method, path, query, status: reply.status, fault });
    }
    if let Some(running) = shared.running.get(slot) {
        running.fetch_sub(1, Ordering::Relaxed);
    }
    into_http(reply, fault)
}

fn into_http(reply: Reply, fault: Option<Fault>) -> HttpResponse {
    let mut builder = HttpResponse::build(
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
    );
    builder.content_type(reply.content_type);
    for (name, value) in &reply.headers {
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value))
        {
            builder.insert_header((name, value));
        }
    }
    if fault == Some(Fault::CutBody) {
        let whole = reply.body.len() as u64;
        let half = Bytes::from(
            reply
                .body
                .get(..reply.body.floor_char_boundary(reply.body.len() / 2))
                .unwrap_or("")
                .to_owned(),
        );
        return builder.body(Cut(Some(half), whole.max(1)));
    }
    builder.body(reply.body)
}
