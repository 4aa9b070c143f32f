//! Table `dirty_contributor`: a profile or spend record whose derived state must be computed again. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A profile or spend record whose derived state must be computed again.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "dirty_contributor")]
pub struct Model {
    /// Profile, or spend record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// profile or spend.
    pub kind: String,
    /// Counts up when marked again, so that a mark set meanwhile is not lost.
    pub mark: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
