//! Table `quarantine`: a record that could not be read. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A record that could not be read.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "quarantine")]
pub struct Model {
    /// Hash of source, stream, external id and payload.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Source.
    pub source: String,
    /// Stream.
    pub stream: String,
    /// The vendor's id.
    pub external_id: Option<String>,
    /// Where and what is wrong.
    pub reason: String,
    /// As received, maybe cut.
    pub payload: String,
    /// First seen.
    pub first_seen_at_ms: i64,
    /// Last seen.
    pub last_seen_at_ms: i64,
    /// How often.
    pub seen_count: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
