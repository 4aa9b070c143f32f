//! Table `payment`: money received, or an attempt to. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// Money received, or an attempt to.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "payment")]
pub struct Model {
    /// The source record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// succeeded, pending, failed or canceled.
    pub status: String,
    /// Minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// Method.
    pub method: Option<String>,
    /// The vendor's failure code.
    pub failure_code: Option<String>,
    /// When.
    pub paid_at_ms: Option<i64>,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
