//! Serves the GraphQL explorer that `build.rs` embedded: the page at `/`, its files under `/explorer/`, its settings at
//! `/explorer/config.json`. It owns the page's security headers and caching. It refuses any file that is not in the
//! embedded table (no disk is read), makes no token, and hands out ready tokens only when told that this is the demo.

use std::fmt;
use std::io::Read as _;

use actix_web::http::header::{
    self, AcceptEncoding, ContentEncoding, Encoding, EntityTag, Header as _, IfNoneMatch,
};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, guard, web};
use flate2::read::GzDecoder;
use serde::Serialize;

/// The content-security policy of the explorer. Everything is forbidden, then as little as the page needs is allowed.
///
/// - `script-src 'self'`, `worker-src 'self'`: the bundled scripts and Monaco's workers, as files of this origin. No inline
///   script, no `eval`, no `blob:` worker.
/// - `style-src 'self' 'unsafe-inline'`: Monaco positions its lines by generated `<style>` elements and has no way to take
///   a nonce for them.
/// - `img-src 'self' data:`: the page's icon; and `data:` for the squiggles under a mistake, which Monaco draws that way.
/// - `font-src 'self'`: Monaco's icon font.
/// - `connect-src 'self'`: `/graphql` and the page's settings.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; \
     style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page shown when no explorer is embedded has one inline style and nothing else.
const ABSENT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const ABSENT_PAGE: &str = include_str!("explorer/absent.html");

const GRAPHQL_ENDPOINT: &str = "/graphql";
const INDEX: &str = "index.html";

/// Vite puts a hash of the content into the name of each file under `assets/`, so those never change.
const HASHED_PREFIX: &str = "assets/";
const CACHE_FOREVER: &str = "public, max-age=31536000, immutable";
const CACHE_REVALIDATE: &str = "no-cache";
const CACHE_NEVER: &str = "no-store";

/// One file of the built explorer.
struct Asset {
    /// Relative to `/explorer/`, with `/` between the parts.
    path: &'static str,
    content_type: &'static str,
    /// The content, compressed.
    gzip: &'static [u8],
    /// A hash of the content, without quotes.
    etag: &'static str,
}

/// Sorted by path; empty when the explorer was not built before the gateway.
static EMBEDDED: &[Asset] = include!(concat!(env!("OUT_DIR"), "/explorer.rs"));

/// What the page is told at `/explorer/config.json`.
#[derive(Clone, Debug, Default)]
pub struct ExplorerConfig {
    /// Whether this is the demo. Only then are `tokens` handed to whoever opens the page.
    pub demo: bool,
    /// Ready tokens, one per role, in the order to offer them; the page starts with the first.
    pub tokens: Vec<RoleToken>,
    /// Queries to open as tabs. When empty, the page shows one of its own.
    pub examples: Vec<Example>,
}

/// A token that acts as `role`.
#[derive(Clone, Serialize)]
pub struct RoleToken {
    /// The role's name as in the access policy, e.g. `sales`.
    pub role: String,
    /// The signed token, without `Bearer`.
    pub token: String,
}

impl fmt::Debug for RoleToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoleToken").field("role", &self.role).field("token", &"***").finish()
    }
}

/// A query that the page offers in a tab. The tab's title is the operation's name, so give the operation one.
#[derive(Clone, Debug, Serialize)]
pub struct Example {
    /// A short sentence, shown as a comment above the query.
    pub name: String,
    /// The GraphQL document.
    pub query: String,
    /// The variables as JSON text, e.g. `{}`.
    pub variables: String,
}

/// The JSON of `/explorer/config.json`.
#[derive(Serialize)]
struct Settings<'a> {
    demo: bool,
    endpoint: &'static str,
    tokens: &'a [RoleToken],
    examples: &'a [Example],
}

struct Explorer {
    assets: &'static [Asset],
    config: ExplorerConfig,
}

/// Whether this binary has the explorer built in.
pub fn is_embedded() -> bool {
    !EMBEDDED.is_empty()
}

/// Adds the explorer's routes: `/`, `/explorer/config.json` and `/explorer/{file}`. None of them asks for a token.
pub fn configure(cfg: &mut web::ServiceConfig, config: ExplorerConfig) {
    configure_with(cfg, config, EMBEDDED);
}

fn configure_with(cfg: &mut web::ServiceConfig, config: ExplorerConfig, assets: &'static [Asset]) {
    let read = || web::route().guard(guard::Any(guard::Get()).or(guard::Head()));
    cfg.app_data(web::Data::new(Explorer { assets, config }))
        .service(web::resource("/").route(read().to(serve_index)))
        .service(web::resource("/explorer/config.json").route(read().to(serve_settings)))
        .service(web::resource("/explorer/{path:.*}").route(read().to(serve_asset)));
}

async fn serve_index(explorer: web::Data<Explorer>, request: HttpRequest) -> HttpResponse {
    match find_asset(explorer.assets, INDEX) {
        Some(asset) => respond(asset, &request),
        None => secured(HttpResponse::Ok(), ABSENT_POLICY)
            .insert_header((header::CACHE_CONTROL, CACHE_NEVER))
            .content_type("text/html; charset=utf-8")
            .body(ABSENT_PAGE),
    }
}

async fn serve_asset(
    explorer: web::Data<Explorer>,
    path: web::Path<String>,
    request: HttpRequest,
) -> HttpResponse {
    match find_asset(explorer.assets, &path) {
        Some(asset) => respond(asset, &request),
        None => secured(HttpResponse::NotFound(), CONTENT_SECURITY_POLICY)
            .insert_header((header::CACHE_CONTROL, CACHE_NEVER))
            .content_type("text/plain; charset=utf-8")
            .body("no such file in the explorer; the page itself is at /\n"),
    }
}

async fn serve_settings(explorer: web::Data<Explorer>) -> HttpResponse {
    let ExplorerConfig { demo, ref tokens, ref examples } = explorer.config;
    let tokens = if demo { tokens.as_slice() } else { &[] };
    secured(HttpResponse::Ok(), CONTENT_SECURITY_POLICY)
        .insert_header((header::CACHE_CONTROL, CACHE_NEVER))
        .json(Settings { demo, endpoint: GRAPHQL_ENDPOINT, tokens, examples })
}

fn find_asset(assets: &'static [Asset], path: &str) -> Option<&'static Asset> {
    let at = assets.binary_search_by(|asset| asset.path.cmp(path)).ok()?;
    assets.get(at)
}

fn respond(asset: &Asset, request: &HttpRequest) -> HttpResponse {
    // Weak: the compressed and the plain form share it.
    let etag = EntityTag::new_weak(asset.etag.to_owned());
    let cache =
        if asset.path.starts_with(HASHED_PREFIX) { CACHE_FOREVER } else { CACHE_REVALIDATE };
    let unchanged = is_unchanged(request, &etag);
    let mut response = secured(
        if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() },
        CONTENT_SECURITY_POLICY,
    );
    response
        .insert_header(header::ETag(etag))
        .insert_header((header::CACHE_CONTROL, cache))
        .insert_header((header::VARY, "accept-encoding"));
    if unchanged {
        return response.finish();
    }
    response.content_type(asset.content_type);
    if accepts_gzip(request) {
        return response
            .insert_header(ContentEncoding::Gzip)
            .body(web::Bytes::from_static(asset.gzip));
    }
    let mut plain = Vec::new();
    match GzDecoder::new(asset.gzip).read_to_end(&mut plain) {
        Ok(_) => response.body(plain),
        Err(error) => {
            tracing::error!(path = asset.path, %error, "an embedded explorer file does not decompress; build the gateway again");
            HttpResponse::InternalServerError().finish()
        }
    }
}

fn secured(mut response: HttpResponseBuilder, policy: &'static str) -> HttpResponseBuilder {
    response
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"));
    response
}

fn is_unchanged(request: &HttpRequest, etag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(etag)),
        Err(_) => false, // a header that cannot be read asks for the full answer
    }
}

fn accepts_gzip(request: &HttpRequest) -> bool {
    AcceptEncoding::parse(request)
        .ok()
        .and_then(|accepted| accepted.negotiate([Encoding::gzip(), Encoding::identity()].iter()))
        .is_some_and(|chosen| chosen == Encoding::gzip())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::io::Write as _;

    use actix_web::App;
    use actix_web::dev::ServiceResponse;
    use actix_web::http::StatusCode;
    use actix_web::test::{TestRequest, call_service, init_service, read_body, read_body_json};
    use flate2::{Compression, write::GzEncoder};

    use super::*;

    const SCRIPT: &str = "export const answer = 42;";

    fn gzip(text: &str) -> &'static [u8] {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        Box::leak(encoder.finish().unwrap().into_boxed_slice())
    }

    fn built() -> &'static [Asset] {
        let script = Asset {
            path: "assets/a-1.js",
            content_type: "text/javascript; charset=utf-8",
            gzip: gzip(SCRIPT),
            etag: "s1",
        };
        let page = Asset {
            path: INDEX,
            content_type: "text/html; charset=utf-8",
            gzip: gzip("<p>page"),
            etag: "p1",
        };
        Box::leak(Box::new([script, page]))
    }

    fn config(demo: bool) -> ExplorerConfig {
        ExplorerConfig {
            demo,
            tokens: vec![RoleToken { role: "sales".into(), token: "secret-1".into() }],
            examples: vec![Example {
                name: "One".into(),
                query: "query One { a }".into(),
                variables: "{}".into(),
            }],
        }
    }

    async fn ask(assets: &'static [Asset], demo: bool, request: TestRequest) -> ServiceResponse {
        let app =
            init_service(App::new().configure(|cfg| configure_with(cfg, config(demo), assets)))
                .await;
        call_service(&app, request.to_request()).await
    }

    async fn get(path: &str) -> ServiceResponse {
        ask(built(), false, TestRequest::get().uri(path)).await
    }

    fn header_of<'a>(response: &'a ServiceResponse, name: &str) -> &'a str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[actix_web::test]
    async fn the_page_is_revalidated_and_hashed_files_are_kept_for_ever() {
        let page = get("/").await;
        assert_eq!(page.status(), StatusCode::OK);
        assert_eq!(header_of(&page, "content-type"), "text/html; charset=utf-8");
        assert_eq!(header_of(&page, "cache-control"), "no-cache");
        let script = get("/explorer/assets/a-1.js").await;
        assert_eq!(header_of(&script, "content-type"), "text/javascript; charset=utf-8");
        assert_eq!(header_of(&script, "cache-control"), "public, max-age=31536000, immutable");
    }

    #[actix_web::test]
    async fn every_answer_carries_the_security_headers() {
        for path in ["/", "/explorer/assets/a-1.js", "/explorer/config.json", "/explorer/none"] {
            let response = get(path).await;
            assert_eq!(
                header_of(&response, "content-security-policy"),
                CONTENT_SECURITY_POLICY,
                "{path}"
            );
            assert_eq!(header_of(&response, "x-content-type-options"), "nosniff", "{path}");
            assert_eq!(header_of(&response, "referrer-policy"), "no-referrer", "{path}");
            assert_eq!(
                header_of(&response, "cross-origin-resource-policy"),
                "same-origin",
                "{path}"
            );
        }
    }

    #[actix_web::test]
    async fn gzip_is_sent_only_to_those_who_take_it() {
        for (accepted, compressed) in [
            ("gzip, deflate, br", true),
            ("br", false),
            ("gzip;q=0", false),
            ("identity", false),
            ("", false),
        ] {
            let mut request = TestRequest::get().uri("/explorer/assets/a-1.js");
            if !accepted.is_empty() {
                request = request.insert_header(("accept-encoding", accepted));
            }
            let response = ask(built(), false, request).await;
            assert_eq!(
                header_of(&response, "content-encoding") == "gzip",
                compressed,
                "{accepted:?}"
            );
            assert_eq!(header_of(&response, "vary"), "accept-encoding");
            let body = read_body(response).await;
            assert_eq!(body.starts_with(&[0x1f, 0x8b]), compressed, "{accepted:?}");
            assert_eq!(&*body == SCRIPT.as_bytes(), !compressed, "{accepted:?}");
        }
    }

    #[actix_web::test]
    async fn a_known_etag_gets_304_and_another_the_file() {
        let etag = header_of(&get("/").await, "etag").to_owned();
        assert_eq!(etag, "W/\"p1\"");
        for (known, status) in [
            (etag.as_str(), 304),
            ("\"x\", \"p1\"", 304),
            ("*", 304),
            ("\"x\"", 200),
            ("nonsense", 200),
        ] {
            let request = TestRequest::get().uri("/").insert_header(("if-none-match", known));
            let response = ask(built(), false, request).await;
            assert_eq!(response.status().as_u16(), status, "{known}");
            assert_eq!(header_of(&response, "etag"), etag, "{known}");
            assert_eq!(read_body(response).await.is_empty(), status == 304, "{known}");
        }
    }

    #[actix_web::test]
    async fn unknown_files_are_404_and_writing_is_405() {
        for path in [
            "/explorer/",
            "/explorer/../Cargo.toml",
            "/explorer/%2e%2e/Cargo.toml",
            "/explorer/assets/",
        ] {
            assert_eq!(get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
        let posted = ask(built(), false, TestRequest::post().uri("/")).await;
        assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
    }

    #[actix_web::test]
    async fn a_damaged_file_is_a_500_not_half_a_script() {
        let damaged = Asset {
            path: INDEX,
            content_type: "text/html; charset=utf-8",
            gzip: &[0x1f, 0x8b, 8, 0],
            etag: "d",
        };
        let response =
            ask(Box::leak(Box::new([damaged])), false, TestRequest::get().uri("/")).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[actix_web::test]
    async fn tokens_are_handed_out_in_the_demo_only() {
        for demo in [true, false] {
            let response =
                ask(built(), demo, TestRequest::get().uri("/explorer/config.json")).await;
            assert_eq!(header_of(&response, "cache-control"), "no-store");
            let settings: serde_json::Value = read_body_json(response).await;
            let tokens = if demo {
                serde_json::json!([{ "role": "sales", "token": "secret-1" }])
            } else {
                serde_json::json!([])
            };
            let examples = serde_json::json!([{ "name": "One", "query": "query One { a }", "variables": "{}" }]);
            let expected = serde_json::json!({ "demo": demo, "endpoint": "/graphql", "tokens": tokens, "examples": examples });
            assert_eq!(settings, expected);
        }
    }

    #[test]
    fn tokens_are_not_printed() {
        let printed = format!("{:?}", config(true));
        assert!(printed.contains("sales") && !printed.contains("secret-1"), "{printed}");
    }

    #[actix_web::test]
    async fn without_a_built_explorer_the_page_says_how_to_get_it() {
        let response = ask(&[], false, TestRequest::get().uri("/")).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header_of(&response, "content-security-policy"), ABSENT_POLICY);
        let page = String::from_utf8(read_body(response).await.to_vec()).unwrap();
        for said in
            ["make explorer", "npm ci", "npm run build", "/graphql", "c360 token --role sales"]
        {
            assert!(page.contains(said), "the page does not mention {said}");
        }
        assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("href="));
    }

    #[test]
    fn the_embedded_table_is_sorted_and_whole() {
        assert!(EMBEDDED.windows(2).all(|pair| pair[0].path < pair[1].path));
        assert_eq!(is_embedded(), find_asset(EMBEDDED, INDEX).is_some());
        for asset in EMBEDDED {
            assert!(!asset.path.ends_with(".map"), "{} is a source map", asset.path);
            let mut plain = Vec::new();
            GzDecoder::new(asset.gzip).read_to_end(&mut plain).unwrap();
            assert!(!plain.is_empty() && asset.etag.len() == 16, "{}", asset.path);
        }
    }
}
