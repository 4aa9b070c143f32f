//! Table `explanation`: why two records are in one profile. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// Why two records are in one profile.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "explanation")]
pub struct Model {
    /// The profile.
    #[sea_orm(primary_key, auto_increment = false)]
    pub profile_id: i64,
    /// One record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub left_id: i64,
    /// The other.
    #[sea_orm(primary_key, auto_increment = false)]
    pub right_id: i64,
    /// Rule.
    pub rule_id: String,
    /// Match weight (log2 odds).
    pub weight: f64,
    /// JSON list of comparisons.
    pub evidence: String,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
