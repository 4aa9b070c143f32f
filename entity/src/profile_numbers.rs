//! Table `profile_numbers`: metrics of a profile. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// Metrics of a profile.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "profile_numbers")]
pub struct Model {
    /// The profile.
    #[sea_orm(primary_key, auto_increment = false)]
    pub profile_id: i64,
    /// JSON: every measure with value or reason.
    pub numbers: String,
    /// Metric policy name and version.
    pub policy: String,
    /// When.
    pub computed_at_ms: i64,
    /// Epoch from which on it holds.
    pub known_from: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
