//! Table `source_record`: a record as a source last sent it. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A record as a source last sent it.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "source_record")]
pub struct Model {
    /// Hash of source, stream and external id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Configured source.
    pub source: String,
    /// Stream within the source.
    pub stream: String,
    /// The vendor's id.
    pub external_id: String,
    /// What orders versions: the vendor's modification time or sequence.
    pub version: i64,
    /// Created or happened, by the vendor.
    pub occurred_at_ms: Option<i64>,
    /// XXH3 of the payload.
    pub hash: i64,
    /// As received.
    pub payload: String,
    /// 1 for the first payload seen, then counted up.
    pub revision: i64,
    /// When we first saw it.
    pub first_observed_at_ms: i64,
    /// When we saw this revision.
    pub observed_at_ms: i64,
    /// When we learned that it is gone.
    pub deleted_at_ms: Option<i64>,
    /// The record the vendor merged it into.
    pub merged_into_id: Option<i64>,
    /// Epoch from which on it holds.
    pub known_from: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
