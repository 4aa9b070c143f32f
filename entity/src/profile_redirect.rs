//! Table `profile_redirect`: a merged profile id and the one that lives on. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A merged profile id and the one that lives on.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "profile_redirect")]
pub struct Model {
    /// Retired id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub from_id: i64,
    /// Living id.
    pub to_id: i64,
    /// When.
    pub redirected_at_ms: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
