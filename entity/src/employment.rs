//! Table `employment`: for whom a person works or worked. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// For whom a person works or worked.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "employment")]
pub struct Model {
    /// The person.
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_id: i64,
    /// Counted from 1, the latest first.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// The company, where one is known.
    pub company_id: Option<i64>,
    /// The name as the record writes it.
    pub company_name: Option<String>,
    /// Hash of the normalised name, where no company is known or was found by it.
    pub name_hash: Option<i64>,
    /// Since when it is known.
    pub from_ms: i64,
    /// When it ended; none while it lasts.
    pub to_ms: Option<i64>,
    /// JSON list of the records that state it.
    pub records: String,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
