//! Table `record_block`: what resolution keeps of a record, and the block keys that it stands under. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// What resolution keeps of a record.
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
    /// The record as matching sees it, JSON as `identity` writes it.
    pub form: String,
    /// Ids of the records that it is linked to by weight, a JSON array; they are linked to it.
    pub links: String,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
