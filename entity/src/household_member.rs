//! Table `household_member`: which household a person belongs to. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// Which household a person belongs to.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "household_member")]
pub struct Model {
    /// The person.
    #[sea_orm(primary_key, auto_increment = false)]
    pub profile_id: i64,
    /// The household.
    pub household_id: i64,
    /// When we first found the person in it.
    pub since_ms: i64,
    /// The other member that the person fits best.
    pub with_id: i64,
    /// Log2 odds that the two live together.
    pub weight: f64,
    /// JSON list of comparisons.
    pub evidence: String,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
