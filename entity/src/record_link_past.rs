//! Table `record_link_past`: a pointer that a record does not state any more. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A pointer that a record does not state any more.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "record_link_past")]
pub struct Model {
    /// The record that stated it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// What the target is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub role: String,
    /// The target.
    #[sea_orm(primary_key, auto_increment = false)]
    pub target_id: i64,
    /// Epoch from which on it held.
    #[sea_orm(primary_key, auto_increment = false)]
    pub known_from: i64,
    /// First epoch in which it did not hold any more.
    pub known_to: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
