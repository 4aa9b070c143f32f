//! Which decision brought an identity event about; and events found by either profile concerned.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let int = match connection.get_database_backend() {
            DbBackend::Sqlite => "INTEGER",
            _ => "BIGINT",
        };
        for sql in [
            format!(
                "CREATE TABLE identity_cause (
                    event_id {int} NOT NULL PRIMARY KEY,
                    audit_id BIGINT NOT NULL
                )"
            ),
            "CREATE INDEX identity_event_other ON identity_event (other_id, id) \
             WHERE other_id IS NOT NULL"
                .to_owned(),
        ] {
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
        connection.execute_unprepared("DROP INDEX identity_event_other").await?;
        connection.execute_unprepared("DROP TABLE identity_cause").await?;
        Ok(())
    }
}
