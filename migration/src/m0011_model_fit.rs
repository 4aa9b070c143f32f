//! Models of lifetime value as they were fitted. A fit holds from its epoch until a later one of the
//! same population, so that an answer of then is computed with the fit of then.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = "CREATE TABLE model_fit (
            family TEXT NOT NULL,
            part TEXT NOT NULL,
            known_from BIGINT NOT NULL,
            model TEXT NOT NULL,
            policy TEXT NOT NULL,
            data_hash TEXT NOT NULL,
            n BIGINT NOT NULL,
            log_likelihood DOUBLE PRECISION,
            fit TEXT NOT NULL,
            fitted_at_ms BIGINT NOT NULL,
            PRIMARY KEY (family, part, known_from)
        )";
        manager.get_connection().execute_unprepared(sql).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP TABLE model_fit").await?;
        Ok(())
    }
}
