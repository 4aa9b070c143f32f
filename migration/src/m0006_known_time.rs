//! When we knew what: the epochs that derivations close, from which epoch on a row holds, and what
//! rows said before they were replaced.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// {INT} is SQLite's own row id; {CLUSTERED} stores a table once, in the order of its key.
const TABLES: &str = "
CREATE TABLE known_epoch (
    epoch {INT} NOT NULL PRIMARY KEY,
    closed_at_ms BIGINT NOT NULL,
    policy_hash BIGINT NOT NULL,
    rules_hash BIGINT NOT NULL,
    sources TEXT NOT NULL
);
CREATE UNIQUE INDEX known_epoch_closed ON known_epoch (closed_at_ms);
CREATE TABLE rule_text (
    hash {INT} NOT NULL PRIMARY KEY,
    label TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE record_past (
    record_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    known_from BIGINT NOT NULL,
    known_to BIGINT NOT NULL,
    occurred_at_ms BIGINT,
    body TEXT NOT NULL,
    PRIMARY KEY (record_id, kind, known_from)
){CLUSTERED};
CREATE TABLE record_link_past (
    record_id BIGINT NOT NULL,
    role TEXT NOT NULL,
    target_id BIGINT NOT NULL,
    known_from BIGINT NOT NULL,
    known_to BIGINT NOT NULL,
    PRIMARY KEY (record_id, role, target_id, known_from)
){CLUSTERED};
CREATE INDEX record_link_past_target ON record_link_past (target_id, record_id);
CREATE TABLE profile_member_past (
    record_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    profile_id BIGINT NOT NULL,
    known_from BIGINT NOT NULL,
    known_to BIGINT NOT NULL,
    PRIMARY KEY (record_id, kind, known_from)
){CLUSTERED};
CREATE INDEX profile_member_past_profile ON profile_member_past (profile_id, record_id);
CREATE TABLE rollup_part_past (
    contributor_id BIGINT NOT NULL,
    component TEXT NOT NULL,
    month BIGINT NOT NULL,
    channel TEXT NOT NULL,
    segment TEXT NOT NULL,
    stage TEXT NOT NULL,
    currency TEXT NOT NULL,
    known_from BIGINT NOT NULL,
    known_to BIGINT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (contributor_id, component, month, channel, segment, stage, currency, known_from)
){CLUSTERED};
CREATE TABLE rollup_cell_past (
    component TEXT NOT NULL,
    month BIGINT NOT NULL,
    channel TEXT NOT NULL,
    segment TEXT NOT NULL,
    stage TEXT NOT NULL,
    currency TEXT NOT NULL,
    known_from BIGINT NOT NULL,
    known_to BIGINT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (component, month, channel, segment, stage, currency, known_from)
){CLUSTERED};
CREATE INDEX rollup_cell_past_to ON rollup_cell_past (known_to);
CREATE TABLE rollup_change (
    epoch BIGINT NOT NULL,
    contributor_id BIGINT NOT NULL,
    PRIMARY KEY (epoch, contributor_id)
){CLUSTERED}
";

/// Rows that were there before this step hold since before all epochs.
const DATED: [&str; 7] = [
    "source_record",
    "record_link",
    "profile_member",
    "stage_override",
    "profile_numbers",
    "rollup_part",
    "rollup_cell",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let (int, clustered) = match connection.get_database_backend() {
            DbBackend::Sqlite => ("INTEGER", " WITHOUT ROWID"),
            _ => ("BIGINT", ""),
        };
        let sql = TABLES.replace("{INT}", int).replace("{CLUSTERED}", clustered);
        for statement in sql.split(';') {
            connection.execute_unprepared(statement).await?;
        }
        for table in DATED {
            let sql =
                format!("ALTER TABLE {table} ADD COLUMN known_from BIGINT NOT NULL DEFAULT 0");
            connection.execute_unprepared(&sql).await?;
        }
        Ok(())
    }

    /// On SQLite too: an interrupted step leaves nothing behind and can be taken again.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for table in DATED {
            let sql = format!("ALTER TABLE {table} DROP COLUMN known_from");
            connection.execute_unprepared(&sql).await?;
        }
        for table in [
            "known_epoch",
            "rule_text",
            "record_past",
            "record_link_past",
            "profile_member_past",
            "rollup_part_past",
            "rollup_cell_past",
            "rollup_change",
        ] {
            connection.execute_unprepared(&format!("DROP TABLE {table}")).await?;
        }
        Ok(())
    }
}
