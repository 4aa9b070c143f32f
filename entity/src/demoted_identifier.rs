//! Table `demoted_identifier`: a value so widely shared that it identifies nobody. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A value so widely shared that it identifies nobody.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "demoted_identifier")]
pub struct Model {
    /// person or company.
    #[sea_orm(primary_key, auto_increment = false)]
    pub entity: String,
    /// Kind of value.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// Normalised value.
    #[sea_orm(primary_key, auto_increment = false)]
    pub value: String,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
