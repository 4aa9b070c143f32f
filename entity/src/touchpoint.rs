//! Table `touchpoint`: a contact with the company's marketing. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A contact with the company's marketing.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "touchpoint")]
pub struct Model {
    /// The source record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// What happened.
    pub action: String,
    /// Channel.
    pub channel: Option<String>,
    /// Campaign.
    pub campaign: Option<String>,
    /// When.
    pub touched_at_ms: Option<i64>,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
