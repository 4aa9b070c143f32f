//! Table `profile_link`: which people belong to which company. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// Which people belong to which company.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "profile_link")]
pub struct Model {
    /// Person.
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_id: i64,
    /// Company.
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: i64,
    /// First known.
    pub since_ms: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
