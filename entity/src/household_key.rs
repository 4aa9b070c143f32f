//! Table `household_key`: a key under which people who may live together meet. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A key under which people who may live together meet.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "household_key")]
pub struct Model {
    /// Hash of the kind of value and the value.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_hash: i64,
    /// 0 a person, 1 an office, 2 a suite of the house, 3 the name of a company.
    #[sea_orm(primary_key, auto_increment = false)]
    pub role: i64,
    /// Hash of the family name; 0 if unknown, and for companies.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name_hash: i64,
    /// The profile.
    #[sea_orm(primary_key, auto_increment = false)]
    pub profile_id: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
