//! Table `rollup_cell`: an additive cell: the sum of its parts. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// An additive cell: the sum of its parts.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "rollup_cell")]
pub struct Model {
    /// What is added up.
    #[sea_orm(primary_key, auto_increment = false)]
    pub component: String,
    /// year * 12 + month - 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub month: i64,
    /// Acquisition channel; empty is none.
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel: String,
    /// Segment; empty is none.
    #[sea_orm(primary_key, auto_increment = false)]
    pub segment: String,
    /// Lifecycle stage; empty is none.
    #[sea_orm(primary_key, auto_increment = false)]
    pub stage: String,
    /// ISO 4217; empty for counts.
    #[sea_orm(primary_key, auto_increment = false)]
    pub currency: String,
    /// Minor units or a count.
    pub value: i64,
    /// Epoch from which on it holds.
    pub known_from: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
