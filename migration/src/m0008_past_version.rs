//! What a record said before keeps the vendor's version of it: the time from which on it held, where
//! versions are times. Rows of before this step do not know it.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = "ALTER TABLE record_past ADD COLUMN version BIGINT";
        manager.get_connection().execute_unprepared(sql).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = "ALTER TABLE record_past DROP COLUMN version";
        manager.get_connection().execute_unprepared(sql).await?;
        Ok(())
    }
}
