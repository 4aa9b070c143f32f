//! Table `dirty_record`: a record whose identity must be looked at again. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A record whose identity must be looked at again.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "dirty_record")]
pub struct Model {
    /// The record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// Counts up when marked again, so that a mark set meanwhile is not lost.
    pub mark: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
