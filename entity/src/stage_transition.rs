//! Table `stage_transition`: one step of a stage history. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// One step of a stage history.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "stage_transition")]
pub struct Model {
    /// The profile.
    #[sea_orm(primary_key, auto_increment = false)]
    pub profile_id: i64,
    /// Order, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// Stage left.
    pub from_stage: Option<String>,
    /// Stage entered.
    pub to_stage: String,
    /// entry, forward or backward.
    pub direction: String,
    /// Rule.
    pub rule_id: String,
    /// Why.
    pub reason: String,
    /// When in the world.
    pub occurred_at_ms: i64,
    /// JSON list of record ids.
    pub evidence: String,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
