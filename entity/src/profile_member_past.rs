//! Table `profile_member_past`: which profile a record belonged to. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// Which profile a record belonged to.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "profile_member_past")]
pub struct Model {
    /// The record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// person or company.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// The profile.
    pub profile_id: i64,
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
