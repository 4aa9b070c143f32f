//! Table `source_record_version`: an earlier revision of a source record. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// An earlier revision of a source record.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "source_record_version")]
pub struct Model {
    /// The record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// Which revision.
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i64,
    /// The vendor's version.
    pub version: i64,
    /// XXH3 of the payload.
    pub hash: i64,
    /// As received.
    pub payload: String,
    /// When we saw it.
    pub observed_at_ms: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
