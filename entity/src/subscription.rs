//! Table `subscription`: a recurring contract. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A recurring contract.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "subscription")]
pub struct Model {
    /// The source record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// trialing to canceled.
    pub status: String,
    /// ISO 4217.
    pub currency: String,
    /// JSON list of items.
    pub items: String,
    /// Began.
    pub started_at_ms: Option<i64>,
    /// End of trial.
    pub trial_end_ms: Option<i64>,
    /// Paid until.
    pub current_period_end_ms: Option<i64>,
    /// Cancellation asked for.
    pub canceled_at_ms: Option<i64>,
    /// Ended.
    pub ended_at_ms: Option<i64>,
    /// The vendor's reason.
    pub cancellation_reason: Option<String>,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
