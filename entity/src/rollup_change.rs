//! Table `rollup_change`: a contributor whose shares of rollup cells changed in an epoch. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A contributor whose shares of rollup cells changed in an epoch.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "rollup_change")]
pub struct Model {
    /// The epoch.
    #[sea_orm(primary_key, auto_increment = false)]
    pub epoch: i64,
    /// Profile, or spend record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub contributor_id: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
