//! Epochs note the rules of the scores that their answers are computed with. Those closed before this
//! step have none: no score was told then.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = "ALTER TABLE known_epoch ADD COLUMN scores_hash BIGINT";
        manager.get_connection().execute_unprepared(sql).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = "ALTER TABLE known_epoch DROP COLUMN scores_hash";
        manager.get_connection().execute_unprepared(sql).await?;
        Ok(())
    }
}
