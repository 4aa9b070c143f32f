//! Exchange rates and uses of the product as records, and when tickets were answered first. What they
//! said before is kept as that of all records; an index finds the past of one kind.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// {INT} is SQLite's own row id.
const UP: [&str; 4] = [
    "CREATE TABLE exchange_rate (
        record_id {INT} NOT NULL PRIMARY KEY,
        day TEXT NOT NULL,
        base TEXT NOT NULL,
        quote TEXT NOT NULL,
        rate TEXT NOT NULL
    )",
    "CREATE TABLE usage_event (
        record_id {INT} NOT NULL PRIMARY KEY,
        action TEXT,
        quantity BIGINT,
        used_at_ms BIGINT
    )",
    "ALTER TABLE ticket ADD COLUMN first_replied_at_ms BIGINT",
    "CREATE INDEX record_past_kind ON record_past (kind, known_to)",
];

const DOWN: [&str; 4] = [
    "DROP INDEX record_past_kind",
    "ALTER TABLE ticket DROP COLUMN first_replied_at_ms",
    "DROP TABLE usage_event",
    "DROP TABLE exchange_rate",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let int = match connection.get_database_backend() {
            DbBackend::Sqlite => "INTEGER",
            _ => "BIGINT",
        };
        for statement in UP {
            connection.execute_unprepared(&statement.replace("{INT}", int)).await?;
        }
        Ok(())
    }

    /// On SQLite too: an interrupted step leaves nothing behind and can be taken again.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in DOWN {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
