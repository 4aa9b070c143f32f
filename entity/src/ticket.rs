//! Table `ticket`: a support request. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A support request.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ticket")]
pub struct Model {
    /// The source record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// Subject.
    pub subject: Option<String>,
    /// new to closed.
    pub status: String,
    /// Priority.
    pub priority: Option<String>,
    /// How it came in.
    pub channel: Option<String>,
    /// Comments.
    pub comment_count: Option<i64>,
    /// Opened.
    pub created_at_ms: Option<i64>,
    /// First answered.
    pub first_replied_at_ms: Option<i64>,
    /// Solved.
    pub solved_at_ms: Option<i64>,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
