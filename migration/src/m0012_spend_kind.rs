//! Expenses say what they are for, which decides whether they count in a cost of paid acquisition. Rows of
//! before this step are paid media, as they were taken to be.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = "ALTER TABLE spend ADD COLUMN kind TEXT";
        manager.get_connection().execute_unprepared(sql).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = "ALTER TABLE spend DROP COLUMN kind";
        manager.get_connection().execute_unprepared(sql).await?;
        Ok(())
    }
}
