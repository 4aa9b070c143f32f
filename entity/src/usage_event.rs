//! Table `usage_event`: a use of the product. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A use of the product.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "usage_event")]
pub struct Model {
    /// The source record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// What was used.
    pub action: Option<String>,
    /// How often or how much.
    pub quantity: Option<i64>,
    /// When.
    pub used_at_ms: Option<i64>,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
