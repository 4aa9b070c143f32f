//! Table `review`: a pair of records for a person to decide on. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A pair of records for a person to decide on.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "review")]
pub struct Model {
    /// Hash of kind and pair.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// person or company.
    pub kind: String,
    /// Smaller record id.
    pub left_id: i64,
    /// Larger record id.
    pub right_id: i64,
    /// 0 to 1.
    pub score: f64,
    /// Why it is uncertain.
    pub reason: String,
    /// JSON list of comparisons.
    pub evidence: String,
    /// When raised.
    pub created_at_ms: i64,
    /// How much a decision would change; orders the queue.
    pub priority: f64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
