//! Table `rule_text`: a metric policy or a set of lifecycle rules that was in force. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A metric policy or a set of lifecycle rules that was in force.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "rule_text")]
pub struct Model {
    /// XXH3 of the body.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: i64,
    /// Its name and version.
    pub label: String,
    /// JSON.
    pub body: String,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
