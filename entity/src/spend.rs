//! Table `spend`: marketing or sales expense of one day. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// Marketing or sales expense of one day.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "spend")]
pub struct Model {
    /// The source record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// YYYY-MM-DD.
    pub day: String,
    /// Channel.
    pub channel: Option<String>,
    /// Campaign.
    pub campaign: Option<String>,
    /// paid_media, referral_credit, people or overhead; null in rows of before it was kept.
    pub kind: Option<String>,
    /// Minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
