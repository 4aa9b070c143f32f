//! Table `record_block`: the block keys that a record stands under. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// The block keys of a record.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "record_block")]
pub struct Model {
    /// The record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// person or company.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// The keys, ascending, eight bytes each, least significant first.
    pub block_keys: Vec<u8>,
    /// Of a company: the hash of its name, which is part of its people's keys.
    pub name_hash: Option<i64>,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
