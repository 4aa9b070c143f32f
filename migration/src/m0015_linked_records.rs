//! What an incremental resolution reads of a record stands beside its block keys: the record as matching
//! sees it, and the records it is linked to. Filled when everything is resolved next, which a new form
//! of what is learnt brings about.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for sql in [
            "ALTER TABLE record_block ADD COLUMN form TEXT NOT NULL DEFAULT 'null'",
            "ALTER TABLE record_block ADD COLUMN links TEXT NOT NULL DEFAULT '[]'",
        ] {
            manager.get_connection().execute_unprepared(sql).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for sql in [
            "ALTER TABLE record_block DROP COLUMN form",
            "ALTER TABLE record_block DROP COLUMN links",
        ] {
            manager.get_connection().execute_unprepared(sql).await?;
        }
        Ok(())
    }
}
