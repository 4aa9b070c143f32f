//! Table `invoice`: a bill. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A bill.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "invoice")]
pub struct Model {
    /// The source record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// Number.
    pub number: Option<String>,
    /// draft to uncollectible.
    pub status: String,
    /// Total with tax in minor units.
    pub total_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// Tax within the total.
    pub tax_minor: Option<i64>,
    /// Paid so far.
    pub amount_paid_minor: i64,
    /// Issued.
    pub issued_at_ms: Option<i64>,
    /// Due.
    pub due_at_ms: Option<i64>,
    /// Paid in full.
    pub paid_at_ms: Option<i64>,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
