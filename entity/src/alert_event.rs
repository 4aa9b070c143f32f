//! Table `alert_event`: what happened to alerts, in the order of commits. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// Something that happened to an alert.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "alert_event")]
pub struct Model {
    /// Counts up without gaps; a later commit has a greater one.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// The alert.
    pub alert_id: i64,
    /// opened, reopened, resolved or acknowledged.
    pub event: String,
    /// When.
    pub at_ms: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
