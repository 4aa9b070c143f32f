//! Carrying out a fetch: HTTP with limits on time and size, and reading files.
//!
//! Owns the network and the file system of the sources. Refuses to judge what came back: that is
//! the connector's.

use connectors::{Fetch, FileMeta, HttpRequest, Method, Response};
use futures_util::future::BoxFuture;
use std::io::SeekFrom;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

/// Why nothing came back. Passing, unless it says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TransportError {
    /// What happened and what to look at; no credentials.
    pub message: String,
    /// Whether trying again may help.
    pub passing: bool,
}

/// Somebody who carries out fetches.
pub trait Fetcher: Send + Sync {
    /// Carries out one fetch, within its own limits of time and size.
    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> BoxFuture<'a, Result<Response, TransportError>>;
}

/// The real network and file system.
#[derive(Clone, Debug)]
pub struct NetFetcher {
    client: reqwest::Client,
}

/// Most files of one pattern.
const FILES_MAX: usize = 100_000;

impl NetFetcher {
    /// A client with connection reuse, no redirects (a vendor's API does not redirect, and following
    /// one would carry credentials elsewhere) and no proxy from the environment.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> Result<Self, TransportError> {
        // One provider for the whole process; a second installation changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .user_agent(concat!("customer360/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(10))
            .pool_idle_timeout(Duration::from_secs(30))
            .build()
            .map_err(|e| TransportError {
                message: format!("cannot set up TLS: {e}"),
                passing: false,
            })?;
        Ok(Self { client })
    }

    async fn http(&self, request: &HttpRequest) -> Result<Response, TransportError> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let mut builder = self
            .client
            .request(method, &request.url)
            .timeout(Duration::from_millis(request.timeout_ms));
        for (name, value) in &request.headers {
            builder = builder.header(name, value.expose());
        }
        if let Some(body) = &request.body {
            builder = builder.body(body.to_string());
        }
        let mut response = builder.send().await.map_err(|e| transport(&e))?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
            .collect();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| transport(&e))? {
            if body.len() + chunk.len() > request.max_bytes {
                return Err(TransportError {
                    message: format!(
                        "the vendor's answer is longer than {} bytes: is base_url right?",
                        request.max_bytes
                    ),
                    passing: false,
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response::Http { status, headers, body })
    }
}

/// An error without the URL (its query may name a person).
fn transport(error: &reqwest::Error) -> TransportError {
    let what = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "cannot connect: is the address right and the vendor reachable?"
    } else if error.is_body() || error.is_decode() {
        "the answer was cut off"
    } else {
        "the request failed"
    };
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    let mut last = String::new();
    while let Some(inner) = cause {
        last = inner.to_string();
        cause = inner.source();
    }
    let message = if last.is_empty() { what.to_owned() } else { format!("{what} ({last})") };
    TransportError { message, passing: !error.is_builder() }
}

impl Fetcher for NetFetcher {
    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move {
            match fetch {
                Fetch::Http(request) => self.http(request).await,
                Fetch::ListFiles { pattern } => list(pattern.clone()).await,
                Fetch::ReadFile { path, offset, max_bytes } => {
                    read(path, *offset, *max_bytes).await
                }
            }
        })
    }
}

async fn list(pattern: String) -> Result<Response, TransportError> {
    let fail = |message: String| TransportError { message, passing: false };
    let listed = tokio::task::spawn_blocking(move || {
        let paths = glob::glob(&pattern)
            .map_err(|e| format!("{pattern:?} is not a file pattern: {}", e.msg))?;
        let mut files = Vec::new();
        for path in paths {
            let path =
                path.map_err(|e| format!("cannot list {}: {}", e.path().display(), e.error()))?;
            let meta = std::fs::metadata(&path)
                .map_err(|e| format!("cannot read {}: {e}", path.display()))?;
            if !meta.is_file() {
                continue;
            }
            if files.len() == FILES_MAX {
                return Err(format!("{pattern:?} matches more than {FILES_MAX} files: narrow it"));
            }
            let modified_ms = meta
                .modified()
                .ok()
                .and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok())
                .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
            let path = path.to_string_lossy().into_owned();
            files.push(FileMeta { path, size: meta.len(), modified_ms });
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    })
    .await;
    match listed {
        Ok(Ok(files)) => Ok(Response::Files(files)),
        Ok(Err(message)) => Err(fail(message)),
        Err(_) => Err(fail("listing files was interrupted".to_owned())),
    }
}

async fn read(path: &str, offset: u64, max_bytes: usize) -> Result<Response, TransportError> {
    let fail = |e: std::io::Error| TransportError {
        message: format!("cannot read {path}: {e}"),
        passing: e.kind() == std::io::ErrorKind::Interrupted,
    };
    let mut file = match tokio::fs::File::open(path).await {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Response::Missing { path: path.to_owned() });
        }
        Err(e) => return Err(fail(e)),
    };
    let size = file.metadata().await.map_err(fail)?.len();
    file.seek(SeekFrom::Start(offset)).await.map_err(fail)?;
    let mut bytes = Vec::new();
    file.take(max_bytes as u64).read_to_end(&mut bytes).await.map_err(fail)?;
    Ok(Response::Chunk { bytes, size })
}
