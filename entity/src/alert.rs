//! Table `alert`: what about a customer somebody should look at. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// What about a customer somebody should look at.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "alert")]
pub struct Model {
    /// Hash of rule, profile and cause, and of the opening where a cause recurs.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// The rule.
    pub rule_id: String,
    /// Version of the rules.
    pub rules: String,
    /// What was watched.
    pub preset: String,
    /// The customer.
    pub profile_id: i64,
    /// notice, warning or critical.
    pub severity: String,
    /// Tells one cause from another.
    pub cause: String,
    /// Readable, without personal data.
    pub detail: String,
    /// JSON list of records.
    pub evidence: String,
    /// open or resolved.
    pub state: String,
    /// When it came about in the world.
    pub occurred_at_ms: i64,
    /// When it was raised.
    pub opened_at_ms: i64,
    /// When the cause was seen to be gone.
    pub resolved_at_ms: Option<i64>,
    /// When somebody took note of it.
    pub acknowledged_at_ms: Option<i64>,
    /// Who.
    pub acknowledged_by: Option<String>,
    /// What they wrote.
    pub note: Option<String>,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
