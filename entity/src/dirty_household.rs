//! Table `dirty_household`: a person whose household must be formed again. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A person whose household must be formed again.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "dirty_household")]
pub struct Model {
    /// The person.
    #[sea_orm(primary_key, auto_increment = false)]
    pub profile_id: i64,
    /// Counts up when marked again, so that a mark set meanwhile is not lost.
    pub mark: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
