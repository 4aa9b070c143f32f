//! Table `setting`: a value the gateway keeps for itself. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A value the gateway keeps for itself.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "setting")]
pub struct Model {
    /// Name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// Value.
    pub value: String,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
