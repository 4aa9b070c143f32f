//! Table `profile_group`: the segments and the persona of a profile. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A segment or the persona of a profile.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "profile_group")]
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
    pub known_from: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
