//! Tokens that are accepted, and every way to be refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::*;
use actix_web::http::header::HeaderValue;
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Secret, Timestamp};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

const RSA: &[u8] = include_bytes!("../../../tests/fixtures/keys/rsa.pem");
const RSA_PUBLIC: &str = include_str!("../../../tests/fixtures/keys/rsa.pub.pem");
const EC: &[u8] = include_bytes!("../../../tests/fixtures/keys/ec.pem");
const EC_PUBLIC: &str = include_str!("../../../tests/fixtures/keys/ec.pub.pem");
const ED: &[u8] = include_bytes!("../../../tests/fixtures/keys/ed.pem");
const ED_PUBLIC: &str = include_str!("../../../tests/fixtures/keys/ed.pub.pem");
const SECRET: &str = "a secret of at least thirty-two bytes";
const NOW_S: i64 = 1_800_000_000;

struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

fn clock() -> Arc<Hands> {
    Arc::new(Hands(AtomicI64::new(NOW_S * 1000)))
}

fn rules(algorithm: Algorithm, key: KeySource) -> Auth {
    Auth {
        algorithms: vec![algorithm],
        key: Some(key),
        issuer: None,
        audience: Vec::new(),
        leeway_s: 30,
        role_claim: "role".to_owned(),
        demo: false,
    }
}

fn verifier(rules: &Auth) -> Verifier {
    Verifier::new(rules, clock(), |_| panic!("nothing to fetch")).unwrap()
}

fn hs256() -> Auth {
    rules(Algorithm::Hs256, KeySource::Secret(Secret::new(SECRET)))
}

fn claims() -> Value {
    json!({ "sub": "ann", "role": "sales", "exp": NOW_S + 60 })
}

fn sign(algorithm: jsonwebtoken::Algorithm, key: &EncodingKey, claims: &Value) -> String {
    encode(&Header::new(algorithm), claims, key).unwrap()
}

fn signed(claims: &Value) -> String {
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    sign(jsonwebtoken::Algorithm::HS256, &key, claims)
}

fn header(values: &[&str]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for value in values {
        map.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
    }
    map
}

async fn refusal(rules: &Auth, token: &str) -> Refusal {
    verifier(rules).verify_token(token).await.unwrap_err()
}

async fn refusal_of(change: impl FnOnce(&mut Value)) -> Refusal {
    let mut claims = claims();
    change(&mut claims);
    refusal(&hs256(), &signed(&claims)).await
}

#[actix_web::test]
async fn every_allowed_algorithm_is_accepted_with_its_key() {
    let pem = |text: &str| KeySource::PublicKey(text.to_owned());
    let rs = EncodingKey::from_rsa_pem(RSA).unwrap();
    let es = EncodingKey::from_ec_pem(EC).unwrap();
    let ed = EncodingKey::from_ed_pem(ED).unwrap();
    let hs = EncodingKey::from_secret(SECRET.as_bytes());
    use jsonwebtoken::Algorithm as Jwt;
    for (rules, token) in [
        (hs256(), sign(Jwt::HS256, &hs, &claims())),
        (rules(Algorithm::Rs256, pem(RSA_PUBLIC)), sign(Jwt::RS256, &rs, &claims())),
        (rules(Algorithm::Es256, pem(EC_PUBLIC)), sign(Jwt::ES256, &es, &claims())),
        (rules(Algorithm::EdDsa, pem(ED_PUBLIC)), sign(Jwt::EdDSA, &ed, &claims())),
    ] {
        let principal = verifier(&rules).verify_token(&token).await.unwrap();
        assert_eq!(principal, Principal { subject: "ann".into(), role: Role::Sales });
        // One changed byte of the signature, and it is nobody's.
        let (body, signature) = token.rsplit_once('.').unwrap();
        let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
        bytes[7] ^= 1;
        let forged = format!("{body}.{}", URL_SAFE_NO_PAD.encode(bytes));
        assert_eq!(refusal(&rules, &forged).await, Refusal::Signature);
    }
}

#[actix_web::test]
async fn no_algorithm_and_foreign_algorithms_are_refused() {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    for alg in ["none", "None", "NONE", "nOnE", "HS1"] {
        for signature in ["", "AAAA"] {
            let head = part(json!({ "alg": alg, "typ": "JWT" }));
            let token = format!("{head}.{}.{signature}", part(claims()));
            assert_eq!(refusal(&hs256(), &token).await, Refusal::Algorithm, "{alg}");
        }
    }
    // Genuine, with the right secret, but not on the list.
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let token = sign(jsonwebtoken::Algorithm::HS512, &key, &claims());
    assert_eq!(refusal(&hs256(), &token).await, Refusal::Algorithm);
}

#[actix_web::test]
async fn a_public_key_is_never_taken_for_a_secret() {
    let rsa = rules(Algorithm::Rs256, KeySource::PublicKey(RSA_PUBLIC.to_owned()));
    for bait in [RSA_PUBLIC, RSA_PUBLIC.trim_end()] {
        let key = EncodingKey::from_secret(bait.as_bytes());
        let token = sign(jsonwebtoken::Algorithm::HS256, &key, &claims());
        assert_eq!(refusal(&rsa, &token).await, Refusal::Algorithm);
    }
    // Even a configuration that allows both (which the check refuses) holds no key for HS256.
    let both = Auth { algorithms: vec![Algorithm::Hs256, Algorithm::Rs256], ..rsa };
    let key = EncodingKey::from_secret(RSA_PUBLIC.as_bytes());
    let token = sign(jsonwebtoken::Algorithm::HS256, &key, &claims());
    assert_eq!(refusal(&both, &token).await, Refusal::Algorithm);
}

#[actix_web::test]
async fn times_are_judged_with_a_little_leeway() {
    for (exp, fits) in [(NOW_S + 1, true), (NOW_S - 29, true), (NOW_S - 30, false), (0, false)] {
        let mut claims = claims();
        claims["exp"] = json!(exp);
        let got = verifier(&hs256()).verify_token(&signed(&claims)).await;
        assert_eq!(got.is_ok(), fits, "{exp}");
        assert!(fits || got == Err(Refusal::Expired));
    }
    for (nbf, fits) in [(NOW_S + 30, true), (NOW_S + 31, false)] {
        let mut claims = claims();
        claims["nbf"] = json!(nbf);
        let got = verifier(&hs256()).verify_token(&signed(&claims)).await;
        assert_eq!(got.is_ok(), fits, "{nbf}");
        assert!(fits || got == Err(Refusal::NotYetValid));
    }
    let without = refusal_of(|c| drop(c.as_object_mut().unwrap().remove("exp"))).await;
    assert_eq!(without, Refusal::Expired);
    assert_eq!(refusal_of(|c| c["exp"] = json!("never")).await, Refusal::Expired);
    assert_eq!(refusal_of(|c| c["nbf"] = json!("soon")).await, Refusal::NotYetValid);
}

#[actix_web::test]
async fn audience_and_issuer_are_required_when_configured() {
    let strict = Auth {
        audience: vec!["c360".to_owned(), "crm".to_owned()],
        issuer: Some("https://id".to_owned()),
        ..hs256()
    };
    let mut good = claims();
    good["aud"] = json!(["other", "crm"]);
    good["iss"] = json!("https://id");
    assert!(verifier(&strict).verify_token(&signed(&good)).await.is_ok());
    for aud in [json!("other"), json!(["other"]), json!([]), json!(null), json!("C360")] {
        let mut bad = good.clone();
        bad["aud"] = aud;
        assert_eq!(refusal(&strict, &signed(&bad)).await, Refusal::Audience);
    }
    for iss in [json!("https://evil"), json!(null), json!(["https://id"])] {
        let mut bad = good.clone();
        bad["iss"] = iss;
        assert_eq!(refusal(&strict, &signed(&bad)).await, Refusal::Issuer);
    }
}

#[actix_web::test]
async fn role_and_subject_are_required() {
    let missing = refusal_of(|c| drop(c.as_object_mut().unwrap().remove("role"))).await;
    assert_eq!(missing, Refusal::Role);
    for role in [json!("root"), json!("Admin"), json!(""), json!(["x"]), json!(1), json!(null)] {
        assert_eq!(refusal_of(|c| c["role"] = role).await, Refusal::Role);
    }
    for sub in [json!(""), json!(" "), json!(1), json!("a\nb"), json!("x".repeat(300))] {
        assert_eq!(refusal_of(|c| c["sub"] = sub).await, Refusal::Subject);
    }
    let nested = Auth { role_claim: "realm.roles".to_owned(), ..hs256() };
    let mut claims = claims();
    claims["realm"] = json!({ "roles": ["offline", "finance", "admin"] });
    let principal = verifier(&nested).verify_token(&signed(&claims)).await.unwrap();
    assert_eq!(principal.role, Role::Finance);
    let dotted = Auth { role_claim: "https://x.org/role".to_owned(), ..hs256() };
    claims["https://x.org/role"] = json!("steward");
    let principal = verifier(&dotted).verify_token(&signed(&claims)).await.unwrap();
    assert_eq!(principal.role, Role::Steward);
}

#[actix_web::test]
async fn garbage_is_refused() {
    for token in ["x", "a.b", "a.b.c", "...", "e30.e30.e30", "....", "\u{7f}", "null"] {
        let refused = refusal(&hs256(), token).await;
        assert!(
            matches!(refused, Refusal::Malformed | Refusal::Algorithm | Refusal::Signature),
            "{token}: {refused}"
        );
    }
    let long = format!("{}.{}", signed(&claims()), "x".repeat(TOKEN_MAX));
    assert_eq!(refusal(&hs256(), &long).await, Refusal::TooLong);
    assert_eq!(refusal(&hs256(), &signed(&json!("text"))).await, Refusal::Malformed);
}

#[actix_web::test]
async fn there_is_one_header_of_one_scheme() {
    let token = signed(&claims());
    let verifier = verifier(&hs256());
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let headers = header(&[&format!("{scheme} {token}")]);
        assert!(verifier.verify(&headers).await.is_ok(), "{scheme}");
    }
    let twice = format!("Bearer {token}");
    for (headers, expected) in [
        (header(&[]), Refusal::Missing),
        (header(&[&twice, &twice]), Refusal::Several),
        (header(&[&twice, "Basic eDp5"]), Refusal::Several),
        (header(&["Basic eDp5"]), Refusal::NotBearer),
        (header(&["Bearer"]), Refusal::NotBearer),
        (header(&["Bearer  "]), Refusal::NotBearer),
        (header(&[&token]), Refusal::NotBearer),
    ] {
        assert_eq!(verifier.verify(&headers).await, Err(expected));
    }
}

/// Serves a key set and counts how often it was asked for it.
#[derive(Default)]
struct Issuer {
    set: Mutex<Option<Value>>,
    asked: AtomicUsize,
}

#[async_trait]
impl FetchKeys for Issuer {
    async fn fetch(&self) -> Result<Vec<u8>, String> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let set = self.set.lock().unwrap().clone();
        set.map(|set| set.to_string().into_bytes()).ok_or_else(|| "down".to_owned())
    }
}

fn jwk(kid: &str, private: &EncodingKey, algorithm: jsonwebtoken::Algorithm) -> Value {
    let mut jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(private, algorithm).unwrap();
    jwk.common.key_id = Some(kid.to_owned());
    serde_json::to_value(jwk).unwrap()
}

fn with_kid(algorithm: jsonwebtoken::Algorithm, key: &EncodingKey, kid: Option<&str>) -> String {
    let mut head = Header::new(algorithm);
    head.kid = kid.map(str::to_owned);
    encode(&head, &claims(), key).unwrap()
}

fn published(issuer: &Arc<Issuer>, clock: &Arc<Hands>) -> Verifier {
    let rules = Auth {
        algorithms: vec![Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa],
        ..rules(
            Algorithm::Rs256,
            KeySource::Jwks { url: "https://id/jwks".to_owned(), refresh_s: 600 },
        )
    };
    let issuer = Arc::clone(issuer);
    Verifier::new(&rules, Arc::clone(clock) as Arc<dyn Clock>, move |_| issuer).unwrap()
}

#[actix_web::test]
async fn published_keys_are_found_by_id_and_bound_to_their_algorithm() {
    use jsonwebtoken::Algorithm as Jwt;
    let rs = EncodingKey::from_rsa_pem(RSA).unwrap();
    let es = EncodingKey::from_ec_pem(EC).unwrap();
    let ed = EncodingKey::from_ed_pem(ED).unwrap();
    let issuer = Arc::new(Issuer::default());
    let mut for_encryption = jwk("e2", &es, Jwt::ES256);
    for_encryption["use"] = json!("enc");
    *issuer.set.lock().unwrap() = Some(json!({ "keys": [
        jwk("r1", &rs, Jwt::RS256), jwk("e1", &es, Jwt::ES256), jwk("d1", &ed, Jwt::EdDSA),
        for_encryption,
        { "kty": "oct", "kid": "o1", "k": URL_SAFE_NO_PAD.encode(SECRET) },
        { "kty": "strange", "kid": "s1" }, "nonsense",
    ] }));
    let clock = clock();
    let verifier = published(&issuer, &clock);
    for (algorithm, key, kid) in
        [(Jwt::RS256, &rs, "r1"), (Jwt::ES256, &es, "e1"), (Jwt::EdDSA, &ed, "d1")]
    {
        let token = with_kid(algorithm, key, Some(kid));
        assert!(verifier.verify_token(&token).await.is_ok(), "{kid}");
    }
    assert_eq!(issuer.asked.load(Ordering::SeqCst), 1);
    for (token, expected) in [
        (with_kid(Jwt::RS256, &rs, None), Refusal::KeyId),
        (with_kid(Jwt::RS256, &rs, Some("")), Refusal::KeyId),
        (with_kid(Jwt::RS256, &rs, Some("r2")), Refusal::KeyId),
        (with_kid(Jwt::ES256, &es, Some("e2")), Refusal::KeyId),
        (with_kid(Jwt::ES256, &es, Some("r1")), Refusal::Algorithm),
        (
            with_kid(Jwt::HS256, &EncodingKey::from_secret(SECRET.as_bytes()), Some("o1")),
            Refusal::Algorithm,
        ),
    ] {
        assert_eq!(verifier.verify_token(&token).await, Err(expected));
    }
}

#[actix_web::test]
async fn an_unknown_key_id_asks_the_issuer_once_per_cooldown() {
    use jsonwebtoken::Algorithm as Jwt;
    let rs = EncodingKey::from_rsa_pem(RSA).unwrap();
    let issuer = Arc::new(Issuer::default());
    *issuer.set.lock().unwrap() = Some(json!({ "keys": [jwk("old", &rs, Jwt::RS256)] }));
    let clock = clock();
    let verifier = published(&issuer, &clock);
    verifier.jwks().unwrap().refresh().await;
    assert!(verifier.jwks().unwrap().is_loaded());
    *issuer.set.lock().unwrap() =
        Some(json!({ "keys": [jwk("old", &rs, Jwt::RS256), jwk("new", &rs, Jwt::RS256)] }));
    let token = with_kid(Jwt::RS256, &rs, Some("new"));
    for _ in 0..20 {
        assert_eq!(verifier.verify_token(&token).await, Err(Refusal::KeyId));
    }
    assert_eq!(issuer.asked.load(Ordering::SeqCst), 1);
    clock.0.fetch_add(31_000, Ordering::SeqCst);
    assert!(verifier.verify_token(&token).await.is_ok());
    assert_eq!(issuer.asked.load(Ordering::SeqCst), 2);
}

#[actix_web::test]
async fn an_issuer_that_is_down_keeps_its_keys_for_a_day() {
    use jsonwebtoken::Algorithm as Jwt;
    let rs = EncodingKey::from_rsa_pem(RSA).unwrap();
    let issuer = Arc::new(Issuer::default());
    let clock = clock();
    let verifier = published(&issuer, &clock);
    let token = with_kid(Jwt::RS256, &rs, Some("r1"));
    assert_eq!(verifier.verify_token(&token).await, Err(Refusal::KeysUnavailable));
    assert!(!verifier.jwks().unwrap().is_loaded());
    *issuer.set.lock().unwrap() = Some(json!({ "keys": [jwk("r1", &rs, Jwt::RS256)] }));
    clock.0.fetch_add(3_000, Ordering::SeqCst);
    let lasting = {
        let mut head = Header::new(Jwt::RS256);
        head.kid = Some("r1".to_owned());
        let claims = json!({ "sub": "ann", "role": "sales", "exp": NOW_S + 1_000_000 });
        encode(&head, &claims, &rs).unwrap()
    };
    assert!(verifier.verify_token(&lasting).await.is_ok());
    *issuer.set.lock().unwrap() = None;
    verifier.jwks().unwrap().refresh().await;
    assert!(verifier.verify_token(&lasting).await.is_ok(), "a failed refresh forgot the keys");
    clock.0.fetch_add(25 * 3_600_000, Ordering::SeqCst);
    assert_eq!(verifier.verify_token(&lasting).await, Err(Refusal::KeysUnavailable));
}

#[actix_web::test]
async fn short_rsa_keys_and_empty_sets_are_not_used() {
    let issuer = Arc::new(Issuer::default());
    let clock = clock();
    let verifier = published(&issuer, &clock);
    for set in [
        json!({ "keys": [] }),
        json!({ "keys": [{ "kty": "RSA", "kid": "r", "n": "AQAB", "e": "AQAB" }] }),
        json!({ "keys": "none" }),
        json!([]),
    ] {
        *issuer.set.lock().unwrap() = Some(set);
        verifier.jwks().unwrap().refresh().await;
        assert!(!verifier.jwks().unwrap().is_loaded());
    }
}
