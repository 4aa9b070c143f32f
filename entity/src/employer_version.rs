//! Table `employer_version`: an employer that an earlier revision of a record named. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// An employer that an earlier revision of a record named.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "employer_version")]
pub struct Model {
    /// The record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// Which revision.
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i64,
    /// The record of the company; 0 for one that is only named.
    #[sea_orm(primary_key, auto_increment = false)]
    pub target_id: i64,
    /// Its name at that time.
    pub name: Option<String>,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
