//! What probabilistic resolution stores: block keys by which candidates are found, each record's own
//! keys, and what was learnt. Demoted values and composed keys go: both follow from what was learnt.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        // Stored once, in the order of the key. One table of keys per kind: a kind's column would
        // take eight bytes of every entry on PostgreSQL, for its alignment.
        let (clustered, bytes) = match connection.get_database_backend() {
            DbBackend::Sqlite => (" WITHOUT ROWID", "BLOB"),
            _ => ("", "BYTEA"),
        };
        for kind in ["person", "company"] {
            let sql = format!(
                "CREATE TABLE {kind}_block_key (
                    block_key BIGINT NOT NULL,
                    record_id BIGINT NOT NULL,
                    PRIMARY KEY (block_key, record_id)
                ){clustered}"
            );
            connection.execute_unprepared(&sql).await?;
        }
        // A record's keys in one value: an index by record would take four times the room.
        let sql = format!(
            "CREATE TABLE record_block (
                record_id BIGINT NOT NULL,
                kind TEXT NOT NULL,
                block_keys {bytes} NOT NULL,
                name_hash BIGINT,
                PRIMARY KEY (record_id, kind)
            ){clustered}"
        );
        connection.execute_unprepared(&sql).await?;
        let sql = format!(
            "CREATE TABLE identity_model (
                kind TEXT NOT NULL PRIMARY KEY,
                records BIGINT NOT NULL,
                trained_at_ms BIGINT NOT NULL,
                applied BOOLEAN NOT NULL,
                body {bytes} NOT NULL
            )"
        );
        connection.execute_unprepared(&sql).await?;
        for sql in [
            "ALTER TABLE review ADD COLUMN priority DOUBLE PRECISION NOT NULL DEFAULT 0",
            "CREATE INDEX review_priority ON review (priority, id)",
            "DROP INDEX review_score",
            "DROP TABLE demoted_identifier",
            "ALTER TABLE identifier DROP COLUMN name_key",
            "DELETE FROM identifier WHERE kind IN ('name_domain', 'name_company', 'name_address')",
        ] {
            connection.execute_unprepared(sql).await?;
        }
        Ok(())
    }

    /// On SQLite too: an interrupted step leaves nothing behind and can be taken again.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration(
            "demoted values and composed keys are gone: restore a backup to go back".into(),
        ))
    }
}
