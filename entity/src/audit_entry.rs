//! Table `audit_entry`: who changed what. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// Who changed what.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_entry")]
pub struct Model {
    /// Sequence.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// When.
    pub at_ms: i64,
    /// Subject of the token.
    pub subject: String,
    /// Role.
    pub role: String,
    /// What was done.
    pub action: String,
    /// JSON with ids.
    pub detail: String,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
