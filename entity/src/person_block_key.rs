//! Table `person_block_key`: the keys under which candidates among people are found. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A record under one of its block keys.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "person_block_key")]
pub struct Model {
    /// The key: a hash.
    #[sea_orm(primary_key, auto_increment = false)]
    pub block_key: i64,
    /// The record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
