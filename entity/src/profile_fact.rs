//! Table `profile_fact`: index of the records that concern a profile. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// Index of the records that concern a profile.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "profile_fact")]
pub struct Model {
    /// The profile.
    #[sea_orm(primary_key, auto_increment = false)]
    pub profile_id: i64,
    /// Kind of canonical record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// When; 0 if unknown.
    #[sea_orm(primary_key, auto_increment = false)]
    pub occurred_at_ms: i64,
    /// The record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// Counts for this profile in sums over profiles.
    pub owned: bool,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
