//! Table `identity_cause`: which decision brought an identity event about. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// Which decision brought an identity event about.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "identity_cause")]
pub struct Model {
    /// The event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: i64,
    /// The entry of the audit log that says who decided what.
    pub audit_id: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
