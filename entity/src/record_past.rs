//! Table `record_past`: what a record said before it was replaced or removed. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// What a record said before it was replaced or removed.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "record_past")]
pub struct Model {
    /// The record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// Kind of canonical record: the table it stood in.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// Epoch from which on it held.
    #[sea_orm(primary_key, auto_increment = false)]
    pub known_from: i64,
    /// First epoch in which it did not hold any more.
    pub known_to: i64,
    /// Created or happened, by the vendor.
    pub occurred_at_ms: Option<i64>,
    /// The vendor's version of it; null in rows that were kept before it was.
    pub version: Option<i64>,
    /// The row of that table, JSON.
    pub body: String,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
