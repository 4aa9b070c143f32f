//! Tests of the schema over a real store.
//!
//! Rows are written through the entities, answers are read through [`Gateway::execute`]. By default
//! each test has its own SQLite file; with `C360_TEST_DATABASE_URL` (a PostgreSQL server's database
//! that may create databases) each has its own database there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, clippy::indexing_slicing)]

mod access;
mod answers;
mod documents;
mod households;
mod identities;
mod mutations;
mod pages;
mod schema;
mod seed;
mod statements;

use crate::{ActionError, Actions, FieldChange, Gateway, Limits, Numbering, WhyNot};
use async_graphql::{Request, Variables};
use async_trait::async_trait;
use domain::{
    Code, Identifier, IdentifierKind, Principal, ProfileId, ProfileKind, RecordId, Role, Stage,
    Timestamp, Verdict,
};
use identity::{Apart, Evidence, Obstacle};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use store::{Store, StoreOptions};

/// What actions were asked for, as text.
#[derive(Default)]
pub(crate) struct Recorder(pub Mutex<Vec<String>>);

#[async_trait]
impl Actions for Recorder {
    async fn acknowledge_alert(
        &self,
        by: &Principal,
        alert: i64,
        _note: Option<String>,
    ) -> Result<(), ActionError> {
        if alert == 404 {
            return Err(ActionError::Store(store::StoreError::NotFound { what: "alert" }));
        }
        self.0.lock().unwrap().push(format!("{} takes note of {alert}", by.subject));
        Ok(())
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(seed::DAY_ZERO)
    }

    async fn merge(
        &self,
        by: &Principal,
        survivor: ProfileId,
        others: Vec<ProfileId>,
    ) -> Result<ProfileId, ActionError> {
        self.0.lock().unwrap().push(format!(
            "{} merges {} into {survivor}",
            by.subject,
            others.len()
        ));
        Ok(survivor)
    }

    async fn split(
        &self,
        _by: &Principal,
        profile: ProfileId,
        records: Vec<RecordId>,
    ) -> Result<Vec<ProfileId>, ActionError> {
        if records.is_empty() {
            let message = "no record is named: name those that belong to somebody else";
            return Err(ActionError::refused(Code::BadUserInput, message, Some("records")));
        }
        Ok(vec![profile])
    }

    async fn review(
        &self,
        _by: &Principal,
        _left: RecordId,
        _right: RecordId,
        _kind: ProfileKind,
        verdict: Verdict,
    ) -> Result<Vec<ProfileId>, ActionError> {
        self.0.lock().unwrap().push(verdict.as_str().to_owned());
        Ok(vec![ProfileId(1)])
    }

    async fn override_stage(
        &self,
        _by: &Principal,
        _profile: ProfileId,
        _stage: Option<Stage>,
        _reason: String,
        _until: Option<Timestamp>,
    ) -> Result<(), ActionError> {
        Err(ActionError::Store(store::StoreError::Conflict("it changed meanwhile".to_owned())))
    }

    async fn override_field(
        &self,
        by: &Principal,
        profile: ProfileId,
        set: FieldChange,
    ) -> Result<ProfileId, ActionError> {
        if set.field == "shoe_size" {
            let message = "there is no such field";
            return Err(ActionError::refused(Code::BadUserInput, message, Some("field")));
        }
        let value = set.value.as_ref().map_or("nothing", |value| value.expose());
        let told = format!("{} sets {} to {value}: {}", by.subject, set.field, set.reason);
        self.0.lock().unwrap().push(told);
        Ok(profile)
    }

    async fn why_not(&self, a: ProfileId, b: ProfileId) -> Result<WhyNot, ActionError> {
        if b.0 == 404 {
            return Err(ActionError::refused(Code::NotFound, "there is no such customer", None));
        }
        let evidence = |comparison, level, weight, identifier| Evidence {
            comparison,
            level,
            weight,
            term_frequency: None,
            identifier,
        };
        let email = Identifier::new(IdentifierKind::Email, "ann@nordwind.io");
        let obstacle = Obstacle {
            left: seed::contact_record(1),
            right: seed::contact_record(2),
            apart: Apart::TooLittle,
            weight: 1.5,
            evidence: vec![
                evidence("prior", "two random records", -8.5, None),
                evidence("email", "exact", 10.0, Some(email)),
            ],
        };
        let obstacles = if a == b { Vec::new() } else { vec![obstacle] };
        Ok(WhyNot { a, b, kinds_differ: false, cutoff: 6.0, obstacles })
    }

    async fn sync_now(
        &self,
        _by: &Principal,
        source: Option<String>,
    ) -> Result<Vec<String>, ActionError> {
        Ok(source.into_iter().collect())
    }
}

/// A gateway over a fresh database.
pub(crate) struct World {
    pub gateway: Gateway,
    pub store: Store,
    pub db: DatabaseConnection,
    pub actions: Arc<Recorder>,
    _dir: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = match std::env::var("C360_TEST_DATABASE_URL") {
            Ok(server) => fresh_database(&server, dir.path()).await,
            Err(_) => format!("sqlite:{}/store.db", dir.path().display()),
        };
        let options = StoreOptions {
            url: url.clone(),
            connections: 4,
            acquire_ms: 20_000,
            statement_ms: 20_000,
        };
        let store = Store::connect(&options).await.unwrap();
        store.migrate().await.unwrap();
        let db = Database::connect(&url).await.unwrap();
        let actions = Arc::new(Recorder::default());
        let numbering = Numbering {
            policy: metrics::Policy {
                gross_margin: metrics::Margin::parse("0.8"),
                ..metrics::Policy::default()
            },
            sources: metrics::Sources {
                has_payments: true,
                has_spend: true,
                has_usage: true,
                ..metrics::Sources::default()
            },
        };
        let gateway = Gateway::new(
            store.clone(),
            Arc::<Recorder>::clone(&actions),
            Limits::default(),
            numbering,
            vec!["DE".to_owned()],
        );
        Self { gateway, store, db, actions, _dir: dir }
    }

    /// The answer to a document with variables.
    pub(crate) async fn ask_with(&self, role: Role, document: &str, variables: Value) -> Value {
        let principal = Principal { subject: "ann".to_owned(), role };
        let request = Request::new(document).variables(Variables::from_json(variables));
        serde_json::to_value(self.gateway.execute(principal, request).await).unwrap()
    }

    /// The answer to a document.
    pub(crate) async fn ask(&self, role: Role, document: &str) -> Value {
        self.ask_with(role, document, json!({})).await
    }

    /// The data of an answer without errors.
    pub(crate) async fn data(&self, role: Role, document: &str) -> Value {
        let mut answer = self.ask(role, document).await;
        assert_eq!(answer.get("errors"), None, "{document}");
        answer["data"].take()
    }

    /// How many statements a document runs.
    pub(crate) async fn statements(&self, role: Role, document: &str) -> u64 {
        let before = self.store.statement_count();
        self.ask(role, document).await;
        self.store.statement_count() - before
    }

    pub(crate) async fn sql(&self, statement: &str) {
        self.db.execute_unprepared(statement).await.unwrap();
    }
}

/// A database of its own, named after the test's folder.
async fn fresh_database(server: &str, dir: &std::path::Path) -> String {
    let name = dir.file_name().unwrap().to_string_lossy().replace(['.', '-'], "x").to_lowercase();
    let admin = Database::connect(server).await.unwrap();
    admin.execute_unprepared(&format!("CREATE DATABASE \"c{name}\"")).await.unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/c{name}")
}

/// The codes of an answer's errors.
pub(crate) fn codes(answer: &Value) -> Vec<String> {
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|e| e["extensions"]["code"].as_str().unwrap_or("none").to_owned()).collect()
}
