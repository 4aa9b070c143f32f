//! The issuer's published keys (RFC 7517): fetched, bounded, cached.
//!
//! Owns when they are fetched: at the start, every so often, and when a token names an unknown key,
//! then at most once per cooldown, so that garbage tokens cannot make us hammer the issuer. Refuses
//! symmetric keys, keys without id, keys for encryption and short RSA keys. Knows no tokens.

use crate::config::Algorithm;
use crate::http::auth::Refusal;
use async_trait::async_trait;
use domain::{Clock, Timestamp};
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse,
};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Mutex;

/// Largest key set, in bytes.
const BODY_MAX: usize = 256 * 1024;
/// Most keys that are kept.
const KEYS_MAX: usize = 100;
/// Shortest RSA modulus, in base64url characters of 2048 bits.
const RSA_MODULUS_MIN: usize = 341;
/// Least time between two fetches that unknown key ids cause, in milliseconds.
const COOLDOWN_MS: i64 = 30_000;
/// The same while no key was ever fetched.
const FIRST_COOLDOWN_MS: i64 = 2_000;
/// Keys older than this are no longer trusted when the issuer cannot be reached.
const STALE_MS: i64 = 24 * 3_600_000;
/// Longest fetch.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// Gets the text of a key set.
#[async_trait]
pub trait FetchKeys: Send + Sync {
    /// The body, at most 256 KiB.
    ///
    /// # Errors
    /// Why not, for the log.
    async fn fetch(&self) -> Result<Vec<u8>, String>;
}

/// Whether keys from this address can be believed: TLS, or this very machine.
#[must_use]
pub fn is_trustworthy(url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else { return false };
    match url.scheme() {
        "https" => url.has_host(),
        "http" => matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")),
        _ => false,
    }
}

/// Fetches over HTTP.
#[derive(Debug)]
pub struct HttpFetch {
    client: reqwest::Client,
    url: String,
}

impl HttpFetch {
    /// For an address.
    #[must_use]
    pub fn new(client: reqwest::Client, url: &str) -> Self {
        Self { client, url: url.to_owned() }
    }
}

#[async_trait]
impl FetchKeys for HttpFetch {
    async fn fetch(&self) -> Result<Vec<u8>, String> {
        let request = self.client.get(&self.url).timeout(FETCH_TIMEOUT);
        let mut response = request.send().await.map_err(|error| error.without_url().to_string())?;
        if !response.status().is_success() {
            return Err(format!("the issuer answered {}", response.status()));
        }
        let mut body = Vec::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| error.without_url().to_string())?
        {
            if body.len() + chunk.len() > BODY_MAX {
                return Err("the key set is larger than 256 KiB".to_owned());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

type Keys = HashMap<String, (Algorithm, DecodingKey)>;

#[derive(Default)]
struct State {
    keys: Keys,
    fetched_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
}

/// The cache.
pub struct Jwks {
    fetch: Arc<dyn FetchKeys>,
    clock: Arc<dyn Clock>,
    allowed: Vec<Algorithm>,
    refresh: Duration,
    state: RwLock<State>,
    /// Held by whoever fetches.
    turn: Mutex<()>,
}

impl Jwks {
    /// An empty cache.
    #[must_use]
    pub fn new(
        fetch: Arc<dyn FetchKeys>,
        clock: Arc<dyn Clock>,
        allowed: Vec<Algorithm>,
        refresh_s: u64,
    ) -> Self {
        Self {
            fetch,
            clock,
            allowed,
            refresh: Duration::from_secs(refresh_s),
            state: RwLock::default(),
            turn: Mutex::new(()),
        }
    }

    /// Whether there are keys to verify with.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        !state.keys.is_empty() && self.is_trusted(&state)
    }

    fn is_trusted(&self, state: &State) -> bool {
        state.fetched_at.is_some_and(|at| self.clock.now().as_millis() - at.as_millis() <= STALE_MS)
    }

    /// The key of an id, if it is one for `algorithm`.
    ///
    /// # Errors
    /// [`Refusal::KeyId`], [`Refusal::Algorithm`], [`Refusal::KeysUnavailable`].
    pub async fn key(&self, kid: &str, algorithm: Algorithm) -> Result<DecodingKey, Refusal> {
        if let Some(found) = self.look_up(kid) {
            return for_algorithm(found, algorithm);
        }
        {
            let _turn = self.turn.lock().await;
            // Whoever held the turn before may have brought it.
            if self.look_up(kid).is_none() && self.may_fetch() {
                self.fetch_now().await;
            }
        }
        match self.look_up(kid) {
            Some(found) => for_algorithm(found, algorithm),
            None if self.is_loaded() => Err(Refusal::KeyId),
            None => Err(Refusal::KeysUnavailable),
        }
    }

    fn look_up(&self, kid: &str) -> Option<(Algorithm, DecodingKey)> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if !self.is_trusted(&state) {
            return None;
        }
        state.keys.get(kid).cloned()
    }

    fn may_fetch(&self) -> bool {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let pause = if state.fetched_at.is_some() { COOLDOWN_MS } else { FIRST_COOLDOWN_MS };
        state.tried_at.is_none_or(|at| self.clock.now().as_millis() - at.as_millis() >= pause)
    }

    /// Fetches now; keeps the old keys when that fails.
    pub async fn refresh(&self) {
        let _turn = self.turn.lock().await;
        self.fetch_now().await;
    }

    /// Fetches now and then for ever; drop the future to stop it.
    pub async fn keep_fresh(&self) {
        loop {
            self.refresh().await;
            let pause = if self.is_loaded() { self.refresh } else { Duration::from_secs(5) };
            tokio::time::sleep(pause).await;
        }
    }

    async fn fetch_now(&self) {
        let read = match self.fetch.fetch().await {
            Ok(body) => read_keys(&body, &self.allowed),
            Err(error) => Err(error),
        };
        let now = self.clock.now();
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.tried_at = Some(now);
        match read {
            Ok(keys) => {
                tracing::debug!(keys = keys.len(), "fetched the issuer's keys");
                state.keys = keys;
                state.fetched_at = Some(now);
            }
            Err(error) => tracing::warn!(
                %error,
                known = state.keys.len(),
                "the issuer's keys could not be fetched; is auth.jwks_url right and reachable?"
            ),
        }
    }
}

impl std::fmt::Debug for Jwks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jwks").field("loaded", &self.is_loaded()).finish_non_exhaustive()
    }
}

fn for_algorithm(
    (of_key, key): (Algorithm, DecodingKey),
    algorithm: Algorithm,
) -> Result<DecodingKey, Refusal> {
    if of_key == algorithm { Ok(key) } else { Err(Refusal::Algorithm) }
}

#[derive(serde::Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

/// The usable keys of a set. One that cannot be read does not spoil the others.
fn read_keys(body: &[u8], allowed: &[Algorithm]) -> Result<Keys, String> {
    let set: KeySet =
        serde_json::from_slice(body).map_err(|_| "the answer is not a JSON Web Key Set")?;
    let keys: Keys = set
        .keys
        .into_iter()
        .take(KEYS_MAX)
        .filter_map(|value| serde_json::from_value::<Jwk>(value).ok())
        .filter_map(|jwk| {
            let algorithm = usable(&jwk).filter(|algorithm| allowed.contains(algorithm))?;
            let kid = jwk.common.key_id.clone().filter(|kid| !kid.is_empty())?;
            Some((kid, (algorithm, DecodingKey::from_jwk(&jwk).ok()?)))
        })
        .collect();
    if keys.is_empty() {
        return Err("the key set holds no key that fits auth.algorithms".to_owned());
    }
    Ok(keys)
}

/// The algorithm a key is for, by its kind; `None` for keys that must not verify tokens.
fn usable(jwk: &Jwk) -> Option<Algorithm> {
    let common = &jwk.common;
    let for_signatures =
        common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
    let verifies = common
        .key_operations
        .as_ref()
        .is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    if !for_signatures || !verifies {
        return None;
    }
    let (algorithm, named) = match &jwk.algorithm {
        AlgorithmParameters::RSA(rsa) if rsa.n.len() >= RSA_MODULUS_MIN => {
            (Algorithm::Rs256, KeyAlgorithm::RS256)
        }
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => {
            (Algorithm::Es256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(ed) if ed.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDsa, KeyAlgorithm::EdDSA)
        }
        _ => return None,
    };
    common.key_algorithm.is_none_or(|given| given == named).then_some(algorithm)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use actix_web::{App, HttpResponse, HttpServer, web};

    #[test]
    fn keys_are_believed_over_tls_or_from_this_machine() {
        for (url, fits) in [
            ("https://id.example/jwks", true),
            ("http://127.0.0.1:8080/jwks", true),
            ("http://localhost/jwks", true),
            ("http://[::1]:1/jwks", true),
            ("http://id.example/jwks", false),
            ("http://localhost.evil.example/jwks", false),
            ("file:///etc/passwd", false),
            ("jwks", false),
        ] {
            assert_eq!(is_trustworthy(url), fits, "{url}");
        }
    }

    #[actix_web::test]
    async fn a_key_set_is_fetched_within_bounds() {
        let server = HttpServer::new(|| {
            App::new()
                .route("/good", web::get().to(|| async { HttpResponse::Ok().body("{}") }))
                .route(
                    "/huge",
                    web::get().to(|| async { HttpResponse::Ok().body(vec![b' '; BODY_MAX + 1]) }),
                )
                .route(
                    "/moved",
                    web::get().to(|| async {
                        HttpResponse::Found().insert_header(("location", "/good")).finish()
                    }),
                )
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let address = *server.addrs().first().unwrap();
        let server = server.run();
        let handle = server.handle();
        let running = actix_web::rt::spawn(server);
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        let fetch = |path: &str| {
            let fetch = HttpFetch::new(client.clone(), &format!("http://{address}{path}"));
            async move { fetch.fetch().await }
        };
        assert_eq!(fetch("/good").await.unwrap(), b"{}");
        for (path, why) in [("/huge", "larger"), ("/moved", "302"), ("/none", "404")] {
            let error = fetch(path).await.unwrap_err();
            assert!(error.contains(why) && !error.contains("127.0.0.1"), "{path}: {error}");
        }
        handle.stop(false).await;
        running.await.unwrap().unwrap();
    }
}
