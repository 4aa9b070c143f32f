//! Table `profile_group_past`: segments and personas that do not hold any more. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A segment or persona that does not hold any more.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "profile_group_past")]
pub struct Model {
    /// The profile.
    #[sea_orm(primary_key, auto_increment = false)]
    pub profile_id: i64,
    /// `segment` or `persona`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// Place in the list, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub place: i64,
    /// Its name.
    pub name: String,
    /// The epoch in which it was written.
    #[sea_orm(primary_key, auto_increment = false)]
    pub known_from: i64,
    /// The epoch in which it was replaced.
    pub known_to: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
