//! The segments and personas of profiles, what they were before, and the rules behind them by epoch;
//! epochs closed before this step have none. The stays in stages that vendors keep the dates of.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// {CLUSTERED} stores a table once, in the order of its key.
const STEPS: &str = "
CREATE TABLE profile_group (
    profile_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    place BIGINT NOT NULL,
    name TEXT NOT NULL,
    known_from BIGINT NOT NULL,
    PRIMARY KEY (profile_id, kind, place)
){CLUSTERED};
CREATE INDEX profile_group_name ON profile_group (kind, name, profile_id);
CREATE TABLE profile_group_past (
    profile_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    place BIGINT NOT NULL,
    name TEXT NOT NULL,
    known_from BIGINT NOT NULL,
    known_to BIGINT NOT NULL,
    PRIMARY KEY (profile_id, kind, place, known_from)
){CLUSTERED};
ALTER TABLE known_epoch ADD COLUMN segmentation_hash BIGINT;
ALTER TABLE contact ADD COLUMN vendor_stays TEXT;
ALTER TABLE company ADD COLUMN vendor_stays TEXT
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let clustered = match connection.get_database_backend() {
            DbBackend::Sqlite => " WITHOUT ROWID",
            _ => "",
        };
        for statement in STEPS.replace("{CLUSTERED}", clustered).split(';') {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }

    /// On SQLite too: an interrupted step leaves nothing behind and can be taken again.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for statement in [
            "ALTER TABLE company DROP COLUMN vendor_stays",
            "ALTER TABLE contact DROP COLUMN vendor_stays",
            "ALTER TABLE known_epoch DROP COLUMN segmentation_hash",
            "DROP TABLE profile_group_past",
            "DROP TABLE profile_group",
        ] {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
