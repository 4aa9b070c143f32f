//! Table `decision`: a human decision on a pair of records. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A human decision on a pair of records.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "decision")]
pub struct Model {
    /// person or company.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// Smaller record id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub left_id: i64,
    /// Larger record id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub right_id: i64,
    /// same, different or unsure.
    pub verdict: String,
    /// Subject of the token.
    pub decided_by: String,
    /// When.
    pub decided_at_ms: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
