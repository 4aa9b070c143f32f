//! Table `stage_override`: a stage set by hand. Anchored to a record, because profiles change. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A stage set by hand. Anchored to a record, because profiles change.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "stage_override")]
pub struct Model {
    /// Sequence.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Oldest member record of the profile it was set on.
    pub record_id: i64,
    /// person or company.
    pub kind: String,
    /// Stage; null lifts an earlier one.
    pub stage: Option<String>,
    /// Why.
    pub reason: String,
    /// From.
    pub from_ms: i64,
    /// Until.
    pub until_ms: Option<i64>,
    /// Subject of the token.
    pub set_by: String,
    /// Epoch from which on it holds.
    pub known_from: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
