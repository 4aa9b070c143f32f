//! Schema steps, one file each, applied in order and never edited after a release.
//!
//! Owns how the schema changes. Refuses data logic; a step that must move data says why.

use sea_orm_migration::prelude::*;

mod m0001_initial;
mod m0002_field_override;
mod m0003_block_keys;
mod m0004_household;
mod m0005_identity_cause;
mod m0006_known_time;
mod m0007_epoch_scores;
mod m0008_past_version;
mod m0009_rates_usage;
mod m0010_order_amounts;
mod m0011_model_fit;
mod m0012_spend_kind;
mod m0013_segmentation;
mod m0014_alert;
mod m0015_linked_records;

pub use sea_orm_migration::MigratorTrait;

/// Every step, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_initial::Migration),
            Box::new(m0002_field_override::Migration),
            Box::new(m0003_block_keys::Migration),
            Box::new(m0004_household::Migration),
            Box::new(m0005_identity_cause::Migration),
            Box::new(m0006_known_time::Migration),
            Box::new(m0007_epoch_scores::Migration),
            Box::new(m0008_past_version::Migration),
            Box::new(m0009_rates_usage::Migration),
            Box::new(m0010_order_amounts::Migration),
            Box::new(m0011_model_fit::Migration),
            Box::new(m0012_spend_kind::Migration),
            Box::new(m0013_segmentation::Migration),
            Box::new(m0014_alert::Migration),
            Box::new(m0015_linked_records::Migration),
        ]
    }
}
