//! Who asks: from an `Authorization` header to a verified [`Principal`].
//!
//! Owns which tokens are accepted. The algorithm is one of the configured ones and is bound to the
//! kind of key, never chosen by the token; time comes from a [`Clock`]. Refuses everything else and
//! tells the client no reason: the reason is for the log and for the counters.

use crate::config::{Algorithm, Auth, KeySource};
use crate::http::jwks::{FetchKeys, Jwks};
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use domain::{Clock, Principal, Role};
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::{Map, Value};
use std::fmt;
use std::sync::Arc;

/// Longest accepted token, in bytes: it is decoded before it is known to be genuine.
const TOKEN_MAX: usize = 8 * 1024;
/// Longest accepted subject, in bytes: it is stored with every decision.
const SUBJECT_MAX: usize = 256;

/// Why a request is refused. For the log and the counters only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No `Authorization` header.
    Missing,
    /// More than one.
    Several,
    /// Another scheme, or no text.
    NotBearer,
    /// Longer than any token we accept.
    TooLong,
    /// Not three parts of base64url JSON.
    Malformed,
    /// An algorithm that is not allowed, or not that of the key.
    Algorithm,
    /// The issuer's keys are published under ids and the token names none, or an unknown one.
    KeyId,
    /// The signature does not fit.
    Signature,
    /// No `exp`, or it has passed.
    Expired,
    /// `nbf` is in the future.
    NotYetValid,
    /// `aud` does not name us.
    Audience,
    /// `iss` is another one.
    Issuer,
    /// No usable `sub`.
    Subject,
    /// No role, or none we know.
    Role,
    /// The issuer's keys could not be fetched: not the caller's fault.
    KeysUnavailable,
}

impl Refusal {
    /// For counters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Several => "several",
            Self::NotBearer => "not_bearer",
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::Algorithm => "algorithm",
            Self::KeyId => "key_id",
            Self::Signature => "signature",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Audience => "audience",
            Self::Issuer => "issuer",
            Self::Subject => "subject",
            Self::Role => "role",
            Self::KeysUnavailable => "keys_unavailable",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for Refusal {}

/// A PEM public key as one for `algorithm`; `None` when it is none.
#[must_use]
pub fn public_key(algorithm: Algorithm, pem: &str) -> Option<DecodingKey> {
    let pem = pem.as_bytes();
    match algorithm {
        Algorithm::Hs256 => None,
        Algorithm::Rs256 => DecodingKey::from_rsa_pem(pem).ok(),
        Algorithm::Es256 => DecodingKey::from_ec_pem(pem).ok(),
        Algorithm::EdDsa => DecodingKey::from_ed_pem(pem).ok(),
    }
}

/// The library's name of an algorithm.
#[must_use]
pub const fn jwt_algorithm(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::Hs256 => jsonwebtoken::Algorithm::HS256,
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
    }
}

enum Keys {
    /// One key for each allowed algorithm.
    Fixed(Vec<(Algorithm, DecodingKey)>),
    /// Keys by id.
    Published(Arc<Jwks>),
}

/// Verifies tokens.
pub struct Verifier {
    keys: Keys,
    rules: Auth,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl Verifier {
    /// From the configuration; `fetch` is used only where keys are published at a URL. `None` when
    /// no key is configured.
    #[must_use]
    pub fn new(
        rules: &Auth,
        clock: Arc<dyn Clock>,
        fetch: impl FnOnce(&str) -> Arc<dyn FetchKeys>,
    ) -> Option<Self> {
        let keys = match rules.key.as_ref()? {
            KeySource::Secret(secret) => Keys::Fixed(vec![(
                Algorithm::Hs256,
                DecodingKey::from_secret(secret.expose().as_bytes()),
            )]),
            KeySource::PublicKey(pem) => Keys::Fixed(
                rules
                    .algorithms
                    .iter()
                    .filter_map(|algorithm| Some((*algorithm, public_key(*algorithm, pem)?)))
                    .collect(),
            ),
            KeySource::Jwks { url, refresh_s } => Keys::Published(Arc::new(Jwks::new(
                fetch(url),
                Arc::clone(&clock),
                rules.algorithms.clone(),
                *refresh_s,
            ))),
        };
        Some(Self { keys, rules: rules.clone(), clock })
    }

    /// The published keys, where there are any: to be refreshed and watched.
    #[must_use]
    pub const fn jwks(&self) -> Option<&Arc<Jwks>> {
        match &self.keys {
            Keys::Fixed(_) => None,
            Keys::Published(jwks) => Some(jwks),
        }
    }

    /// The caller of a request.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn verify(&self, headers: &HeaderMap) -> Result<Principal, Refusal> {
        self.verify_token(bearer(headers)?).await
    }

    /// The bearer of a token.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn verify_token(&self, token: &str) -> Result<Principal, Refusal> {
        if token.len() > TOKEN_MAX {
            return Err(Refusal::TooLong);
        }
        // `none` and unknown algorithms do not even parse.
        let header = jsonwebtoken::decode_header(token).map_err(|error| match error.kind() {
            jsonwebtoken::errors::ErrorKind::Json(_) => Refusal::Algorithm,
            _ => Refusal::Malformed,
        })?;
        let algorithm = self
            .rules
            .algorithms
            .iter()
            .copied()
            .find(|allowed| jwt_algorithm(*allowed) == header.alg)
            .ok_or(Refusal::Algorithm)?;
        // Extensions we do not understand but the issuer calls critical (RFC 7515, 4.1.11).
        if header.crit.is_some() {
            return Err(Refusal::Malformed);
        }
        let key = match &self.keys {
            Keys::Fixed(keys) => keys
                .iter()
                .find(|(for_algorithm, _)| *for_algorithm == algorithm)
                .map(|(_, key)| key.clone())
                .ok_or(Refusal::Algorithm)?,
            Keys::Published(jwks) => {
                let kid = header.kid.as_deref().filter(|kid| !kid.is_empty());
                jwks.key(kid.ok_or(Refusal::KeyId)?, algorithm).await?
            }
        };
        let claims =
            jsonwebtoken::decode::<Map<String, Value>>(token, &key, &signature_only(algorithm))
                .map_err(|error| match error.kind() {
                    jsonwebtoken::errors::ErrorKind::InvalidAlgorithm => Refusal::Algorithm,
                    jsonwebtoken::errors::ErrorKind::Json(_) => Refusal::Malformed,
                    _ => Refusal::Signature,
                })?
                .claims;
        self.judge(&claims)
    }

    fn judge(&self, claims: &Map<String, Value>) -> Result<Principal, Refusal> {
        let now_ms = self.clock.now().as_millis() as f64;
        let leeway_ms = self.rules.leeway_s as f64 * 1000.0;
        // NumericDate may have a fraction (RFC 7519, section 2); a date that is none is refused.
        let date_ms = |claim: &Value| claim.as_f64().map(|seconds| seconds * 1000.0);
        let expires_ms = claims.get("exp").and_then(date_ms).ok_or(Refusal::Expired)?;
        if expires_ms + leeway_ms <= now_ms {
            return Err(Refusal::Expired);
        }
        if let Some(claim) = claims.get("nbf")
            && date_ms(claim).is_none_or(|from_ms| from_ms - leeway_ms > now_ms)
        {
            return Err(Refusal::NotYetValid);
        }
        if let Some(issuer) = &self.rules.issuer
            && claims.get("iss").and_then(Value::as_str) != Some(issuer)
        {
            return Err(Refusal::Issuer);
        }
        if !self.rules.audience.is_empty() {
            let ours = |name: &Value| {
                name.as_str().is_some_and(|name| self.rules.audience.iter().any(|a| a == name))
            };
            let named = match claims.get("aud") {
                Some(Value::Array(names)) => names.iter().any(ours),
                Some(name) => ours(name),
                None => false,
            };
            if !named {
                return Err(Refusal::Audience);
            }
        }
        let subject = claims
            .get("sub")
            .and_then(Value::as_str)
            .map(str::trim)
            .filter(|sub| !sub.is_empty() && sub.len() <= SUBJECT_MAX)
            .filter(|sub| !sub.chars().any(char::is_control))
            .ok_or(Refusal::Subject)?;
        let role = find_role(claims, &self.rules.role_claim).ok_or(Refusal::Role)?;
        Ok(Principal { subject: subject.to_owned(), role })
    }
}

/// Times and audience are judged by us, against our clock; the library checks the signature.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(jwt_algorithm(algorithm));
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}

fn find_role(claims: &Map<String, Value>, path: &str) -> Option<Role> {
    // A claim whose name itself holds dots (a URL) is found before the path is walked.
    let claim = claims.get(path).or_else(|| {
        let mut parts = path.split('.');
        let first = claims.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    })?;
    match claim {
        Value::String(name) => Role::parse(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).find_map(Role::parse),
        _ => None,
    }
}

/// The token of the one `Authorization: Bearer` header.
fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION);
    let value = values.next().ok_or(Refusal::Missing)?;
    if values.next().is_some() {
        return Err(Refusal::Several);
    }
    let text = value.to_str().map_err(|_| Refusal::NotBearer)?;
    let (scheme, token) = text.split_once(' ').ok_or(Refusal::NotBearer)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::NotBearer);
    }
    let token = token.trim();
    if token.is_empty() { Err(Refusal::NotBearer) } else { Ok(token) }
}

#[cfg(test)]
mod tests;
