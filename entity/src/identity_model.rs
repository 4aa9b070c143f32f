//! Table `identity_model`: what was learnt from all records of a kind. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// What was learnt from all records of a kind.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "identity_model")]
pub struct Model {
    /// person or company.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// From how many records.
    pub records: i64,
    /// When. Two trainings of a kind never share a time.
    pub trained_at_ms: i64,
    /// Whether all records were resolved by it.
    pub applied: bool,
    /// As `identity` writes it.
    pub body: Vec<u8>,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
