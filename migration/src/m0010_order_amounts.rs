//! The amounts by which customers are ordered have columns of their own: in the reporting currency
//! where there is one, else in each customer's. Until everything is derived again they are as before.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const UP: [&str; 7] = [
    "ALTER TABLE profile ADD COLUMN revenue_order_minor BIGINT",
    "ALTER TABLE profile ADD COLUMN mrr_order_minor BIGINT",
    "UPDATE profile SET revenue_order_minor = revenue_minor, mrr_order_minor = mrr_minor",
    "DROP INDEX profile_revenue",
    "DROP INDEX profile_mrr",
    "CREATE INDEX profile_revenue_order ON profile (revenue_order_minor, id)",
    "CREATE INDEX profile_mrr_order ON profile (mrr_order_minor, id)",
];

const DOWN: [&str; 6] = [
    "DROP INDEX profile_mrr_order",
    "DROP INDEX profile_revenue_order",
    "CREATE INDEX profile_mrr ON profile (mrr_minor, id)",
    "CREATE INDEX profile_revenue ON profile (revenue_minor, id)",
    "ALTER TABLE profile DROP COLUMN mrr_order_minor",
    "ALTER TABLE profile DROP COLUMN revenue_order_minor",
];

async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &UP).await
    }

    /// On SQLite too: an interrupted step leaves nothing behind and can be taken again.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &DOWN).await
    }
}
