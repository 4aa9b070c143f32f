//! Golden fields set by hand: one table, and an index by which what is attached to a record follows
//! it when the vendor merges it into another.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        // The table is stored once, in the order of its key: by record, as derivation asks.
        let clustered = match connection.get_database_backend() {
            DbBackend::Sqlite => " WITHOUT ROWID",
            _ => "",
        };
        let sql = format!(
            "CREATE TABLE field_override (
                record_id BIGINT NOT NULL,
                kind TEXT NOT NULL,
                field TEXT NOT NULL,
                value TEXT NOT NULL,
                reason TEXT NOT NULL,
                set_by TEXT NOT NULL,
                set_at_ms BIGINT NOT NULL,
                PRIMARY KEY (record_id, kind, field)
            ){clustered}"
        );
        connection.execute_unprepared(&sql).await?;
        let sql = "CREATE INDEX source_record_merged_into ON source_record (merged_into_id) \
                   WHERE merged_into_id IS NOT NULL";
        connection.execute_unprepared(sql).await?;
        Ok(())
    }

    /// On SQLite too: an interrupted step leaves nothing behind and can be taken again.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection.execute_unprepared("DROP INDEX source_record_merged_into").await?;
        connection.execute_unprepared("DROP TABLE field_override").await?;
        Ok(())
    }
}
