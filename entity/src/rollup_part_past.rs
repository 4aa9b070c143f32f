//! Table `rollup_part_past`: what a contributor's share of a rollup cell was. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// What a contributor's share of a rollup cell was.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "rollup_part_past")]
pub struct Model {
    /// Profile, or spend record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub contributor_id: i64,
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
    /// Epoch from which on it held.
    #[sea_orm(primary_key, auto_increment = false)]
    pub known_from: i64,
    /// First epoch in which it did not hold any more.
    pub known_to: i64,
    /// Minor units or a count.
    pub value: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
