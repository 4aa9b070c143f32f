//! Table `dirty_profile`: a profile whose derived state must be computed again. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A profile whose derived state must be computed again.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "dirty_profile")]
pub struct Model {
    /// Profile, or spend record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub profile_id: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
