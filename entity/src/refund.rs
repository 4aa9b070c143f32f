//! Table `refund`: money given back. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// Money given back.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "refund")]
pub struct Model {
    /// The source record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// succeeded, pending, failed or canceled.
    pub status: String,
    /// Minor units, positive.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// The vendor's reason.
    pub reason: Option<String>,
    /// When.
    pub refunded_at_ms: Option<i64>,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
