//! Table `profile_field`: where a golden field comes from. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// Where a golden field comes from.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "profile_field")]
pub struct Model {
    /// The profile.
    #[sea_orm(primary_key, auto_increment = false)]
    pub profile_id: i64,
    /// Field name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub field: String,
    /// Value.
    pub value: String,
    /// The record it is taken from.
    pub record_id: i64,
    /// Survivorship rule.
    pub rule: String,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
