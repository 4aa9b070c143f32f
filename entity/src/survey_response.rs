//! Table `survey_response`: an answer to a survey. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// An answer to a survey.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "survey_response")]
pub struct Model {
    /// The source record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// nps or csat.
    pub kind: String,
    /// NPS 0 to 10, CSAT 1 to 5.
    pub score: i64,
    /// Comment.
    pub comment: Option<String>,
    /// When.
    pub responded_at_ms: Option<i64>,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
