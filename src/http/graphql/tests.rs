//! The transport over a tiny schema: methods, media types, status codes, limits.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::*;
use crate::config::{Algorithm, Auth, KeySource};
use crate::http::request::REQUEST_ID;
use crate::http::{Surface, configure, operations};
use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, web};
use async_graphql::{EmptySubscription, ErrorExtensions as _, Object, Schema};
use domain::{Secret, SystemClock};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const SECRET: &str = "a secret of at least thirty-two bytes";
const JSON: &str = "application/json";
const MODERN: &str = "application/graphql-response+json";

struct Query;

#[Object]
impl Query {
    async fn me(&self, ctx: &async_graphql::Context<'_>) -> String {
        ctx.data_unchecked::<Principal>().subject.clone()
    }

    async fn fails(&self) -> async_graphql::Result<i32> {
        Err(async_graphql::Error::new("no").extend_with(|_, e| e.set("code", "NOT_FOUND")))
    }

    async fn hangs(&self) -> i32 {
        std::future::pending().await
    }

    async fn echo(&self, text: String) -> String {
        text
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn add(&self, ctx: &async_graphql::Context<'_>) -> i32 {
        let count = ctx.data_unchecked::<Arc<AtomicUsize>>();
        i32::try_from(count.fetch_add(1, Ordering::SeqCst)).unwrap() + 1
    }
}

struct Tiny(Schema<Query, Mutation, EmptySubscription>);

#[async_trait]
impl Execute for Tiny {
    async fn execute(&self, principal: Principal, request: Request) -> Response {
        self.0.execute(request.data(principal)).await
    }
}

struct Up;

#[async_trait]
impl operations::Probe for Up {
    async fn probe(&self) -> Result<(), &'static str> {
        Ok(())
    }

    fn statement_count(&self) -> u64 {
        3
    }
}

struct World {
    surface: Surface,
    added: Arc<AtomicUsize>,
    stopping: Arc<AtomicBool>,
}

fn world() -> World {
    let auth = Auth {
        algorithms: vec![Algorithm::Hs256],
        key: Some(KeySource::Secret(Secret::new(SECRET))),
        issuer: None,
        audience: Vec::new(),
        leeway_s: 0,
        role_claim: "role".to_owned(),
        demo: false,
    };
    let added = Arc::new(AtomicUsize::new(0));
    let schema =
        Schema::build(Query, Mutation, EmptySubscription).data(Arc::clone(&added)).finish();
    let meter = Arc::new(Meter::default());
    let verifier = Verifier::new(&auth, Arc::new(SystemClock), |_| panic!("no fetch")).unwrap();
    let stopping = Arc::new(AtomicBool::new(false));
    let endpoint = Endpoint {
        execute: Arc::new(Tiny(schema)),
        verifier: Arc::new(verifier),
        meter: Arc::clone(&meter),
        timeout: Duration::from_millis(200),
        body_max: 2000,
        document_max: 1000,
    };
    let operations = operations::Operations {
        probe: Arc::new(Up),
        jwks: None,
        meter,
        stopping: Arc::clone(&stopping),
    };
    let surface = Surface {
        endpoint: web::Data::new(endpoint),
        operations: web::Data::new(operations),
        explorer: Arc::default(),
    };
    World { surface, added, stopping }
}

fn token() -> String {
    let claims = serde_json::json!({ "sub": "ann", "role": "sales", "exp": 4_000_000_000_u64 });
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap()
}

struct Answer {
    status: u16,
    headers: header::HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn code(&self) -> String {
        self.json()["errors"][0]["extensions"]["code"].as_str().unwrap_or("").to_owned()
    }
}

async fn send(world: &World, request: TestRequest) -> Answer {
    let surface = world.surface.clone();
    let app = init_service(App::new().configure(move |cfg| configure(cfg, &surface))).await;
    let response: ServiceResponse<_> = call_service(&app, request.to_request()).await;
    into_answer(response).await
}

async fn into_answer(response: ServiceResponse<impl MessageBody>) -> Answer {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let text = String::from_utf8(read_body(response).await.to_vec()).unwrap();
    Answer { status, headers, text }
}

fn authorised(request: TestRequest) -> TestRequest {
    request.insert_header(("authorization", format!("Bearer {}", token())))
}

fn post(accept: &str, body: impl Into<String>) -> TestRequest {
    authorised(TestRequest::post().uri("/graphql"))
        .insert_header(("content-type", JSON))
        .insert_header(("accept", accept))
        .set_payload(body.into())
}

fn get(accept: &str, query: &str) -> TestRequest {
    authorised(TestRequest::get().uri(&format!("/graphql?{query}")))
        .insert_header(("accept", accept))
}

#[actix_web::test]
async fn queries_are_answered_by_post_and_by_get() {
    let world = world();
    for request in [
        post(MODERN, r#"{"query":"{ me }"}"#),
        get(MODERN, "query=%7Bme%7D"),
        get(MODERN, "query=query+A%7Bme%7D+query+B%7Bfails%7D&operationName=A"),
        get(
            MODERN,
            "query=query(%24t%3AString!)%7Bme%3Aecho(text%3A%24t)%7D&variables=%7B%22t%22%3A%22ann%22%7D",
        ),
        post(
            MODERN,
            r#"{"query":"{ me }","variables":null,"operationName":null,"extensions":null}"#,
        ),
    ] {
        let answer = send(&world, request).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json(), serde_json::json!({ "data": { "me": "ann" } }));
        assert_eq!(answer.header("content-type"), Media::GraphqlResponse.content_type());
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[actix_web::test]
async fn without_a_valid_token_there_is_401_and_nothing_else() {
    let world = world();
    let bare = || TestRequest::post().uri("/graphql");
    for request in [
        bare(),
        bare().insert_header(("content-type", JSON)).set_payload(r#"{"query":"{ nope }"}"#),
        bare().insert_header(("authorization", "Bearer x")),
        bare().insert_header(("authorization", "Bearer x")).insert_header(("accept", MODERN)),
        TestRequest::get().uri("/graphql?query=%7B__schema%7Btypes%7Bname%7D%7D%7D"),
        TestRequest::delete().uri("/graphql"),
        bare().insert_header(("accept", "text/html")),
    ] {
        let answer = send(&world, request).await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        let expected = serde_json::json!({ "errors": [{
            "message": "a valid bearer token is required",
            "extensions": { "code": "UNAUTHENTICATED" }
        }] });
        assert_eq!(answer.json(), expected);
    }
}

#[actix_web::test]
async fn mutations_come_by_post_only() {
    let world = world();
    let answer = send(&world, get(JSON, "query=mutation%7Badd%7D")).await;
    assert_eq!((answer.status, answer.header("allow")), (405, "POST"));
    let answer = send(&world, get(JSON, "query=mutation+M%7Badd%7D")).await;
    assert_eq!((answer.status, answer.header("allow")), (405, "POST"));
    let long = format!("query=mutation%7Badd%7D%23{}", "x".repeat(1100));
    assert_eq!(send(&world, get(JSON, &long)).await.status, 414);
    let named = "query=query+A%7Bme%7D+mutation+B%7Badd%7D&operationName=B";
    assert_eq!(send(&world, get(JSON, named)).await.status, 405);
    assert_eq!(world.added.load(Ordering::SeqCst), 0);
    let answer = send(&world, post(JSON, r#"{"query":"mutation { add }"}"#)).await;
    assert_eq!(answer.json(), serde_json::json!({ "data": { "add": 1 } }));
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS, Method::HEAD] {
        let request = authorised(TestRequest::with_uri("/graphql").method(method.clone()));
        let answer = send(&world, request).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "GET, POST"), "{method}");
    }
}

#[actix_web::test]
async fn a_page_of_another_origin_cannot_post() {
    let world = world();
    let body = r#"{"query":"mutation { add }"}"#;
    for content_type in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
    {
        let mut request = authorised(TestRequest::post().uri("/graphql")).set_payload(body);
        if !content_type.is_empty() {
            request = request.insert_header(("content-type", content_type));
        }
        assert_eq!(send(&world, request).await.status, 415, "{content_type}");
    }
    let compressed = post(JSON, body).insert_header(("content-encoding", "gzip"));
    assert_eq!(send(&world, compressed).await.status, 415);
    let foreign =
        post(JSON, body).insert_header(("content-type", "application/json; charset=latin1"));
    assert_eq!(send(&world, foreign).await.status, 415);
    assert_eq!(world.added.load(Ordering::SeqCst), 0);
}

#[actix_web::test]
async fn status_codes_follow_the_media_type() {
    let world = world();
    for (body, modern, has_data) in [
        (r#"{"query":"{"}"#, 400, false),
        (r#"{"query":"{ nope }"}"#, 400, false),
        (r#"{"query":"query($t: String!) { echo(text: $t) }","variables":{"t":null}}"#, 400, false),
        (r#"{"query":"query($t: String!) { echo(text: $t) }"}"#, 400, false),
        (r#"{"query":"query($t: String!) { me }","variables":{"t":null}}"#, 400, false),
        (r#"{"query":"query A { me } query B { me }"}"#, 400, false),
        (r#"{"query":"query A { me }","operationName":"C"}"#, 400, false),
        (r#"{"query":"{ fails }"}"#, 200, true),
        (r#"{"query":"{ me }"}"#, 200, true),
    ] {
        let answer = send(&world, post(MODERN, body)).await;
        assert_eq!(answer.status, modern, "{body}: {}", answer.text);
        assert_eq!(answer.json().get("data").is_some(), has_data, "{body}: {}", answer.text);
        let answer = send(&world, post(JSON, body)).await;
        assert_eq!(answer.status, 200, "{body}: {}", answer.text);
        assert_eq!(answer.json().get("data").is_some(), has_data, "{body}: {}", answer.text);
    }
}

#[actix_web::test]
async fn malformed_requests_are_400_with_a_reason() {
    let world = world();
    for body in [
        "",
        "{ \"not a JSON",
        "[{\"query\":\"{ me }\"}]",
        " [",
        "\"{ me }\"",
        "null",
        "{}",
        r#"{"qeury":"{ me }"}"#,
        r#"{"query":null}"#,
        r#"{"query":{"a":1}}"#,
        r#"{"query":["{ me }"]}"#,
        r#"{"query":"{ me }","operationName":0}"#,
        r#"{"query":"{ me }","variables":[]}"#,
        r#"{"query":"{ me }","variables":"{}"}"#,
        r#"{"query":"{ me }","extensions":false}"#,
        r#"{"query":"{ me }","query":"mutation { add }"}"#,
        "\u{feff}{\"query\":\"{ me }\"}",
    ] {
        for accept in [JSON, MODERN] {
            let answer = send(&world, post(accept, body)).await;
            assert_eq!((answer.status, answer.code().as_str()), (400, "BAD_USER_INPUT"), "{body}");
        }
    }
    for query in [
        "",
        "query=%7Bme%7D&query=%7Bme%7D",
        "query=%7Bme%7D&variables=x",
        "query=%7Bme%7D&variables=%5B%5D",
    ] {
        assert_eq!(send(&world, get(JSON, query)).await.status, 400, "{query}");
    }
    let nested = format!(r#"{{"query":"{{ me }}","variables":{{"a":{}}}}}"#, "[".repeat(500));
    assert_eq!(send(&world, post(JSON, nested)).await.status, 400);
}

#[actix_web::test]
async fn an_unacceptable_answer_is_406() {
    let world = world();
    for accept in ["text/html", "application/xml", "application/json;q=0"] {
        assert_eq!(send(&world, post(accept, r#"{"query":"{ me }"}"#)).await.status, 406);
    }
}

#[actix_web::test]
async fn bodies_and_time_are_limited() {
    let world = world();
    let long = format!(r#"{{"query":"{{ me }}","extensions":{{"x":"{}"}}}}"#, "y".repeat(3000));
    let answer = send(&world, post(JSON, long)).await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "LIMIT_EXCEEDED"));
    let announced = post(JSON, "{}").insert_header(("content-length", "999999"));
    assert_eq!(send(&world, announced).await.status, 413);
    for accept in [JSON, MODERN] {
        let answer = send(&world, post(accept, r#"{"query":"{ hangs }"}"#)).await;
        assert_eq!((answer.status, answer.code().as_str()), (504, "TIMEOUT"));
    }
}

#[actix_web::test]
async fn every_answer_has_an_id_and_security_headers() {
    let world = world();
    for path in ["/graphql", "/healthz", "/readyz", "/metrics", "/nowhere"] {
        let answer = send(&world, TestRequest::get().uri(path)).await;
        assert!(!answer.header(REQUEST_ID.as_str()).is_empty(), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(answer.header("content-security-policy").contains("default-src 'none'"));
    }
    let given = TestRequest::get().uri("/healthz").insert_header((REQUEST_ID, "abc-1.2"));
    assert_eq!(send(&world, given).await.header("x-request-id"), "abc-1.2");
    let evil = TestRequest::get().uri("/healthz").insert_header((REQUEST_ID, "a b\"c"));
    assert_ne!(send(&world, evil).await.header("x-request-id"), "a b\"c");
    assert_eq!(send(&world, TestRequest::get().uri("/nowhere")).await.status, 404);
}

#[actix_web::test]
async fn readiness_ends_when_the_gateway_stops_and_counters_are_shown() {
    let world = world();
    assert_eq!(send(&world, TestRequest::get().uri("/readyz")).await.status, 200);
    world.stopping.store(true, Ordering::Relaxed);
    let answer = send(&world, TestRequest::get().uri("/readyz")).await;
    assert_eq!(
        (answer.status, answer.json()["checks"]["running"].as_str()),
        (503, Some("stopping"))
    );
    assert_eq!(send(&world, TestRequest::get().uri("/healthz")).await.status, 200);
    send(&world, post(JSON, r#"{"query":"mutation { add }"}"#)).await;
    send(&world, TestRequest::get().uri("/secret-path?token=x")).await;
    let text = send(&world, TestRequest::get().uri("/metrics")).await.text;
    for expected in [
        "c360_graphql_operations_total{kind=\"mutation\",code=\"OK\"} 1\n",
        "c360_http_requests_total{route=\"/graphql\",method=\"POST\",status=\"200\"} 1\n",
        "c360_http_requests_total{route=\"unmatched\",method=\"GET\",status=\"404\"} 1\n",
        "c360_sql_statements_total 3\n",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert!(!text.contains("secret-path"));
}
