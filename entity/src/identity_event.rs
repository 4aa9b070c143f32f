//! Table `identity_event`: what happened to profile ids. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// What happened to profile ids.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "identity_event")]
pub struct Model {
    /// Sequence.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// When.
    pub at_ms: i64,
    /// created, merged, split or moved.
    pub action: String,
    /// The profile concerned.
    pub profile_id: i64,
    /// The other profile.
    pub other_id: Option<i64>,
    /// The record that moved.
    pub record_id: Option<i64>,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
