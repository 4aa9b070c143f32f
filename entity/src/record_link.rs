//! Table `record_link`: a pointer from a record to another. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A pointer from a record to another.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "record_link")]
pub struct Model {
    /// The record that states it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// What the target is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub role: String,
    /// The target, which may not have arrived.
    #[sea_orm(primary_key, auto_increment = false)]
    pub target_id: i64,
    /// Epoch from which on it holds.
    pub known_from: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
