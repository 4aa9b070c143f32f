//! A running gateway on a free port over a database that a sandbox was pulled into once.
//!
//! The pull is done once for each kind of database; every test gets a copy of its own.

use crate::database::TestDb;
use crate::{postgres, vendors};
use customer360::app::{App, Parts, server};
use customer360::config::Config;
use customer360::http::explorer::ExplorerConfig;
use domain::{Clock, Role, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;

/// Signs the tokens of the tests.
pub const SECRET: &str = "a secret of the tests, 32 bytes or more";

/// The present of a sandbox that no time was added to.
pub fn present() -> Timestamp {
    Timestamp::from_millis(sandbox::WorldConfig::default().now_ms)
}

const SEED: u64 = 31;

/// A clock that goes on by a second whenever it is read, so that nothing happens at once.
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.fetch_add(1_000, Ordering::Relaxed))
    }
}

/// Runs asynchronous work to its end from anywhere, on a runtime that ends with it.
fn aside<T: Send>(work: impl Future<Output = T> + Send) -> T {
    std::thread::scope(|scope| {
        let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        scope.spawn(move || runtime().block_on(work)).join().unwrap()
    })
}

async fn pull(url: &str) {
    let db = TestDb::at(url.to_owned(), None).await;
    let sandbox = vendors::start(SEED).await;
    let jobs = vendors::jobs(&db, &sandbox);
    let report = jobs.sync(&[], false).await.unwrap();
    assert!(report.streams.iter().all(|stream| stream.outcome == "done"), "{report:?}");
    jobs.resolve(false).await.unwrap();
    jobs.derive(false).await.unwrap();
    sandbox.stop().await;
    db.store.close().await;
}

/// A SQLite database with a small company in it.
pub async fn synced_sqlite() -> TestDb {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    let bytes = BYTES.get_or_init(|| {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("test.db");
        aside(pull(&format!("sqlite:{}", file.display())));
        let left =
            std::fs::metadata(folder.path().join("test.db-wal")).map_or(0, |meta| meta.len());
        assert_eq!(left, 0, "a closed database has everything in its one file");
        std::fs::read(file).unwrap()
    });
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("test.db");
    std::fs::write(&file, bytes).unwrap();
    TestDb::at(format!("sqlite:{}", file.display()), Some(folder)).await
}

/// A PostgreSQL database with the same company in it.
pub async fn synced_postgres() -> Option<TestDb> {
    static TEMPLATE: OnceLock<Option<String>> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| {
        let url = postgres::new_database()?;
        aside(pull(&url));
        Some(url)
    });
    Some(TestDb::at(postgres::copy_of(template.as_ref()?), None).await)
}

/// Runs a test against a gateway over SQLite and over PostgreSQL.
macro_rules! on_both_served {
    ($name:ident, $body:expr) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            #[tokio::test(flavor = "multi_thread")]
            async fn on_sqlite() {
                let gateway = Served::start(crate::served::synced_sqlite().await).await;
                ($body)(&gateway).await;
                gateway.stop().await;
            }
            #[tokio::test(flavor = "multi_thread")]
            async fn on_postgres() {
                if let Some(db) = crate::served::synced_postgres().await {
                    let gateway = Served::start(db).await;
                    ($body)(&gateway).await;
                    gateway.stop().await;
                }
            }
        }
    };
}
pub(crate) use on_both_served;

/// The configuration of a gateway over a database.
pub fn config(url: &str, more: &str) -> Config {
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\nworkers = 2\n\n[store]\nurl = \"{url}\"\n\n\
         [auth]\nsecret = {{ env = \"SECRET\" }}\n{more}\n[sync]\ninterval_s = 0\n"
    );
    let env = BTreeMap::from([("SECRET".to_owned(), SECRET.to_owned())]);
    Config::from_text("test", &text, &env).unwrap()
}

/// A token with these claims beside subject and role.
pub fn token_with(role: &str, secret: &str, expires_in_s: i64) -> String {
    let now_s = domain::SystemClock.now().as_millis().div_euclid(1000);
    let claims =
        json!({ "sub": format!("test-{role}"), "role": role, "exp": now_s + expires_in_s });
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap()
}

pub fn token(role: Role) -> String {
    token_with(role.as_str(), SECRET, 600)
}

/// A client that follows nothing and knows no proxy.
pub fn client() -> reqwest::Client {
    // Another test of this process may have chosen it before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // The server closes what is idle for five seconds; a request must not meet it doing so.
    let idle = std::time::Duration::from_secs(1);
    reqwest::Client::builder().no_proxy().pool_idle_timeout(idle).build().unwrap()
}

/// A gateway that runs.
pub struct Served {
    pub running: server::Running,
    pub url: String,
    pub client: reqwest::Client,
    pub db: TestDb,
}

impl Served {
    pub async fn start(db: TestDb) -> Self {
        Self::start_with(db, "", |_| ExplorerConfig::default()).await
    }

    pub async fn start_with(
        db: TestDb,
        more: &str,
        explorer: impl FnOnce(&Config) -> ExplorerConfig,
    ) -> Self {
        let config = config(&db.url, more);
        let explorer = explorer(&config);
        let parts =
            Parts { clock: Arc::new(Ticking(present().as_millis().into())), ..Parts::default() };
        let app = App::open(config, parts).await.unwrap();
        let running = server::start(app, explorer, false).await.unwrap();
        let url = format!("http://{}", running.address);
        Self { running, url, client: client(), db }
    }

    pub async fn stop(self) {
        self.running.stop().await.unwrap();
        self.db.store.close().await;
    }

    /// The whole answer to an operation.
    pub async fn ask(&self, role: Role, query: &str, variables: Value) -> Value {
        let response = self
            .client
            .post(format!("{}/graphql", self.url))
            .bearer_auth(token(role))
            .json(&json!({ "query": query, "variables": variables }))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200, "{query}");
        response.json().await.unwrap()
    }

    /// The data of an operation that must have no error.
    pub async fn data(&self, role: Role, query: &str, variables: Value) -> Value {
        let mut answer = self.ask(role, query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}\n{:#}", answer["errors"]);
        answer["data"].take()
    }

    /// The data of an administrator's operation without errors.
    pub async fn all(&self, query: &str, variables: Value) -> Value {
        self.data(Role::Admin, query, variables).await
    }

    /// How many SQL statements some work takes on this otherwise idle gateway.
    pub async fn statements(&self, work: impl Future<Output = Value>) -> (u64, Value) {
        let before = self.running.app().store.statement_count();
        let answer = work.await;
        (self.running.app().store.statement_count() - before, answer)
    }
}

/// The nodes of a connection.
pub fn nodes(connection: &Value) -> Vec<&Value> {
    let edges = connection["edges"].as_array().unwrap_or_else(|| panic!("no edges: {connection}"));
    edges.iter().map(|edge| &edge["node"]).collect()
}

/// The codes of an answer's errors.
pub fn codes(answer: &Value) -> Vec<&str> {
    let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors.iter().map(|error| error["extensions"]["code"].as_str().unwrap_or("no code")).collect()
}
