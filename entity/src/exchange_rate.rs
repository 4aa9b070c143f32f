//! Table `exchange_rate`: what a currency was worth on a day. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// What one unit of a currency was worth in another one on a day.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "exchange_rate")]
pub struct Model {
    /// The source record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// YYYY-MM-DD.
    pub day: String,
    /// ISO 4217.
    pub base: String,
    /// ISO 4217.
    pub quote: String,
    /// Units of the quote, a plain decimal.
    pub rate: String,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
