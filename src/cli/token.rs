//! `c360 token`: signs a token for this gateway.
//!
//! With a configured secret it needs nothing else; where the gateway holds only a public key, the
//! private one is named on the command line and never configured.

use super::duration::parse_seconds;
use super::{Done, Failure, Outcome, output};
use crate::config::{Algorithm, Auth, Config, KeySource};
use crate::http::auth::jwt_algorithm;
use anyhow::Context as _;
use clap::Args;
use domain::{Clock as _, Role, Secret, SystemClock, Timestamp};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Longest life of a token.
const TTL_MAX_DAYS: i64 = 366;

#[derive(Debug, Args)]
pub struct TokenArgs {
    /// sales, support, finance, steward, admin or service.
    #[arg(long, value_parser = parse_role)]
    role: Role,
    /// Who it is for; recorded with every decision.
    #[arg(long)]
    subject: String,
    /// How long it is valid: a number with s, m, h, d or w.
    #[arg(long, default_value = "8h", value_parser = parse_ttl)]
    ttl: i64,
    /// Private key in PEM form, where tokens are verified by a public one.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The key's id (`kid`), where keys are published at a URL.
    #[arg(long)]
    kid: Option<String>,
}

fn parse_role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| {
        let known: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
        format!("expected one of {}", known.join(", "))
    })
}

/// Seconds.
fn parse_ttl(text: &str) -> Result<i64, String> {
    parse_seconds(text, TTL_MAX_DAYS)
}

pub fn run(args: &TokenArgs, config: &Config) -> Outcome {
    let (algorithm, key) = match (&args.key, &config.auth.key) {
        (Some(file), _) => {
            let pem = std::fs::read(file)
                .with_context(|| format!("cannot read the key {}", file.display()))?;
            private_key(&config.auth, &pem).ok_or_else(|| {
                Failure::Usage(format!(
                    "{} is no private key for any of auth.algorithms",
                    file.display()
                ))
            })?
        }
        (None, Some(KeySource::Secret(secret))) => (Algorithm::Hs256, secret_key(secret)),
        (None, Some(_)) => {
            return Err(Failure::Usage(
                "tokens are verified by a public key: give the private one with --key FILE"
                    .to_owned(),
            ));
        }
        (None, None) => return Err(Failure::Usage(crate::app::NO_KEY.to_owned())),
    };
    let now = SystemClock.now();
    let claims = claims(&config.auth, args.role, &args.subject, now, args.ttl);
    let token = sign(algorithm, &key, args.kid.clone(), &claims)?;
    output::say(&token)?;
    Ok(Done::Whole)
}

fn secret_key(secret: &Secret) -> EncodingKey {
    EncodingKey::from_secret(secret.expose().as_bytes())
}

fn private_key(auth: &Auth, pem: &[u8]) -> Option<(Algorithm, EncodingKey)> {
    auth.algorithms.iter().find_map(|algorithm| {
        let key = match algorithm {
            Algorithm::Hs256 => return None,
            Algorithm::Rs256 => EncodingKey::from_rsa_pem(pem),
            Algorithm::Es256 => EncodingKey::from_ec_pem(pem),
            Algorithm::EdDsa => EncodingKey::from_ed_pem(pem),
        };
        Some((*algorithm, key.ok()?))
    })
}

/// A token that the configured verifier accepts: with its issuer, its first audience and its role
/// claim.
fn claims(auth: &Auth, role: Role, subject: &str, now: Timestamp, ttl_s: i64) -> Value {
    let now_s = now.as_millis().div_euclid(1000);
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), json!(subject));
    claims.insert("iat".to_owned(), json!(now_s));
    claims.insert("exp".to_owned(), json!(now_s.saturating_add(ttl_s)));
    if let Some(issuer) = &auth.issuer {
        claims.insert("iss".to_owned(), json!(issuer));
    }
    if let Some(audience) = auth.audience.first() {
        claims.insert("aud".to_owned(), json!(audience));
    }
    // A URL as claim name is one name although it holds dots.
    let mut parts: Vec<&str> = if auth.role_claim.contains("://") {
        vec![auth.role_claim.as_str()]
    } else {
        auth.role_claim.split('.').collect()
    };
    let mut value = json!(role.as_str());
    while parts.len() > 1 {
        if let Some(name) = parts.pop() {
            value = json!({ name: value });
        }
    }
    if let Some(name) = parts.pop() {
        claims.insert(name.to_owned(), value);
    }
    Value::Object(claims)
}

fn sign(
    algorithm: Algorithm,
    key: &EncodingKey,
    kid: Option<String>,
    claims: &Value,
) -> anyhow::Result<String> {
    let mut header = Header::new(jwt_algorithm(algorithm));
    header.kid = kid;
    jsonwebtoken::encode(&header, claims, key).context("the token cannot be signed with this key")
}

/// A token signed with the configured secret; for the explorer of a demonstration.
///
/// # Errors
/// When no secret is configured.
pub fn ready_made(auth: &Auth, role: Role, subject: &str, ttl_s: i64) -> anyhow::Result<String> {
    let Some(KeySource::Secret(secret)) = &auth.key else {
        anyhow::bail!("auth.demo needs auth.secret: ready tokens are signed with it");
    };
    let claims = claims(auth, role, subject, SystemClock.now(), ttl_s);
    sign(Algorithm::Hs256, &secret_key(secret), None, &claims)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::http::auth::Verifier;
    use std::sync::Arc;

    fn auth(algorithm: Algorithm, key: KeySource) -> Auth {
        Auth {
            algorithms: vec![algorithm],
            key: Some(key),
            issuer: Some("https://id".to_owned()),
            audience: vec!["c360".to_owned()],
            leeway_s: 0,
            role_claim: "realm.role".to_owned(),
            demo: false,
        }
    }

    #[test]
    fn lives_are_read_with_their_unit() {
        assert_eq!(parse_ttl("90m"), Ok(5400));
        assert_eq!(parse_ttl("2d"), Ok(172_800));
        for bad in ["", "h", "-1h", "0s", "367d", "53w", "9", "99999999999999999999d", "1é"] {
            assert!(parse_ttl(bad).is_err(), "{bad}");
        }
    }

    #[actix_web::test]
    async fn what_is_signed_is_accepted() {
        let secret = KeySource::Secret(Secret::new("0123456789abcdef0123456789abcdef"));
        let hs = auth(Algorithm::Hs256, secret);
        let pem = include_str!("../../tests/fixtures/keys/ec.pub.pem").to_owned();
        let es = auth(Algorithm::Es256, KeySource::PublicKey(pem));
        let private = include_bytes!("../../tests/fixtures/keys/ec.pem");
        let (algorithm, key) = private_key(&es, private).unwrap();
        let now = SystemClock.now();
        let es_token =
            sign(algorithm, &key, None, &claims(&es, Role::Admin, "ann", now, 60)).unwrap();
        for (rules, token, role) in [
            (&hs, ready_made(&hs, Role::Sales, "ann", 60).unwrap(), Role::Sales),
            (&es, es_token, Role::Admin),
        ] {
            let verifier = Verifier::new(rules, Arc::new(SystemClock), |_| panic!("no fetch"));
            let principal = verifier.unwrap().verify_token(&token).await.unwrap();
            assert_eq!((principal.subject.as_str(), principal.role), ("ann", role));
        }
        assert!(private_key(&hs, private).is_none());
    }
}
