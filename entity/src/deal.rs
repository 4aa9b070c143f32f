//! Table `deal`: a sales opportunity. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A sales opportunity.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "deal")]
pub struct Model {
    /// The source record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// Name.
    pub name: Option<String>,
    /// Pipeline.
    pub pipeline: Option<String>,
    /// The vendor's stage.
    pub deal_stage: Option<String>,
    /// open, won or lost.
    pub status: String,
    /// Amount in minor units.
    pub amount_minor: Option<i64>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// Opened.
    pub created_at_ms: Option<i64>,
    /// Won or lost at.
    pub closed_at_ms: Option<i64>,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
