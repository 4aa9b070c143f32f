//! Table `field_override`: a golden field set by hand. Attached to a record, because profiles change. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A golden field set by hand. Attached to a record, because profiles change.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "field_override")]
pub struct Model {
    /// The member record that it goes with through merges and splits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// person or company.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// Field name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub field: String,
    /// Value.
    pub value: String,
    /// Why.
    pub reason: String,
    /// Subject of the token.
    pub set_by: String,
    /// When.
    pub set_at_ms: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
