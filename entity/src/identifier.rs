//! Table `identifier`: a normalised value by which a record can be recognised. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A normalised value by which a record can be recognised.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "identifier")]
pub struct Model {
    /// The record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
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
