//! Alerts about customers, and what happened to them in the order in which it was committed.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// {INT} is SQLite's own row id.
const TABLES: &str = "
CREATE TABLE alert (
    id {INT} NOT NULL PRIMARY KEY,
    rule_id TEXT NOT NULL,
    rules TEXT NOT NULL,
    preset TEXT NOT NULL,
    profile_id BIGINT NOT NULL,
    severity TEXT NOT NULL,
    cause TEXT NOT NULL,
    detail TEXT NOT NULL,
    evidence TEXT NOT NULL,
    state TEXT NOT NULL,
    occurred_at_ms BIGINT NOT NULL,
    opened_at_ms BIGINT NOT NULL,
    resolved_at_ms BIGINT,
    acknowledged_at_ms BIGINT,
    acknowledged_by TEXT,
    note TEXT
);
CREATE INDEX alert_profile ON alert (profile_id, opened_at_ms, id);
CREATE INDEX alert_open ON alert (state, opened_at_ms, id);
CREATE INDEX alert_opened ON alert (opened_at_ms, id);
CREATE TABLE alert_event (
    seq {INT} NOT NULL PRIMARY KEY,
    alert_id BIGINT NOT NULL,
    event TEXT NOT NULL,
    at_ms BIGINT NOT NULL
)
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let int = match connection.get_database_backend() {
            DbBackend::Sqlite => "INTEGER",
            _ => "BIGINT",
        };
        for statement in TABLES.replace("{INT}", int).split(';') {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }

    /// On SQLite too: an interrupted step leaves nothing behind and can be taken again.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["alert_event", "alert"] {
            let sql = format!("DROP TABLE {table}");
            manager.get_connection().execute_unprepared(&sql).await?;
        }
        Ok(())
    }
}
