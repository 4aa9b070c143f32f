//! Schema steps, one file each, applied in order and never edited after a release.
//!
//! Owns how the schema changes. Refuses data logic; a step that must move data says why.

use sea_orm_migration::prelude::*;

mod m0001_initial;

pub use sea_orm_migration::MigratorTrait;

/// Every step, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m0001_initial::Migration)]
    }
}
