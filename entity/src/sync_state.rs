//! Table `sync_state`: where a stream stands. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// Where a stream stands.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sync_state")]
pub struct Model {
    /// Source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source: String,
    /// Stream.
    #[sea_orm(primary_key, auto_increment = false)]
    pub stream: String,
    /// The connector's cursor, JSON.
    pub state: String,
    /// idle, running, failed or disabled.
    pub status: String,
    /// Last start.
    pub started_at_ms: Option<i64>,
    /// Last success.
    pub finished_at_ms: Option<i64>,
    /// Records written since the first sync.
    pub record_count: i64,
    /// Records quarantined since the first sync.
    pub reject_count: i64,
    /// Requests since the first sync.
    pub request_count: i64,
    /// Last error.
    pub last_error: Option<String>,
    /// Its kind.
    pub last_error_code: Option<String>,
    /// Who syncs now.
    pub lease_owner: Option<String>,
    /// Until when.
    pub lease_until_ms: i64,
    /// Counts lease holders up.
    pub fence: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
