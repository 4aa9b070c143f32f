//! Households and employments: what ties people to each other and to companies, the keys under
//! which they are found, and the marks of what must be looked at again.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// {INT} is SQLite's own row id; {CLUSTERED} stores a table once, in the order of its key.
const TABLES: &str = "
CREATE TABLE household (
    id {INT} NOT NULL PRIMARY KEY,
    name TEXT,
    street TEXT,
    city TEXT,
    region TEXT,
    postal_code TEXT,
    country TEXT,
    size BIGINT NOT NULL,
    founded_at_ms BIGINT NOT NULL
);
CREATE TABLE household_member (
    profile_id {INT} NOT NULL PRIMARY KEY,
    household_id BIGINT NOT NULL,
    since_ms BIGINT NOT NULL,
    with_id BIGINT NOT NULL,
    weight DOUBLE PRECISION NOT NULL,
    evidence TEXT NOT NULL
);
CREATE INDEX household_member_household ON household_member (household_id, profile_id);
CREATE TABLE household_key (
    key_hash BIGINT NOT NULL,
    role BIGINT NOT NULL,
    name_hash BIGINT NOT NULL,
    profile_id BIGINT NOT NULL,
    PRIMARY KEY (key_hash, role, name_hash, profile_id)
){CLUSTERED};
CREATE INDEX household_key_profile ON household_key (profile_id);
CREATE TABLE household_facts (
    profile_id {INT} NOT NULL PRIMARY KEY,
    hash BIGINT NOT NULL
);
CREATE TABLE dirty_tie (
    profile_id {INT} NOT NULL PRIMARY KEY,
    mark BIGINT NOT NULL
);
CREATE TABLE dirty_household (
    profile_id {INT} NOT NULL PRIMARY KEY,
    mark BIGINT NOT NULL
);
CREATE TABLE employment (
    person_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    company_id BIGINT,
    company_name TEXT,
    name_hash BIGINT,
    from_ms BIGINT NOT NULL,
    to_ms BIGINT,
    records TEXT NOT NULL,
    PRIMARY KEY (person_id, seq)
){CLUSTERED};
CREATE INDEX employment_company ON employment (company_id) WHERE company_id IS NOT NULL;
CREATE INDEX employment_name ON employment (name_hash) WHERE name_hash IS NOT NULL;
CREATE TABLE employer_version (
    record_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    target_id BIGINT NOT NULL,
    name TEXT,
    PRIMARY KEY (record_id, revision, target_id)
){CLUSTERED};
";

const NAMES: [&str; 8] = [
    "household",
    "household_member",
    "household_key",
    "household_facts",
    "dirty_tie",
    "dirty_household",
    "employment",
    "employer_version",
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
        for statement in sql.split(';').map(str::trim).filter(|s| !s.is_empty()) {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }

    /// On SQLite too: an interrupted step leaves nothing behind and can be taken again.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in NAMES {
            manager.get_connection().execute_unprepared(&format!("DROP TABLE {table}")).await?;
        }
        Ok(())
    }
}
