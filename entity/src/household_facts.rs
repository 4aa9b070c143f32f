//! Table `household_facts`: what a profile looked like when its keys were written. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// What a profile looked like when its keys were written.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "household_facts")]
pub struct Model {
    /// The profile.
    #[sea_orm(primary_key, auto_increment = false)]
    pub profile_id: i64,
    /// Hash of everything that households depend on.
    pub hash: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
