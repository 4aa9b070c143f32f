//! Table `known_epoch`: a span of our knowledge, closed by a derivation that left nothing to do. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A span of our knowledge, closed by a derivation that left nothing to do.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "known_epoch")]
pub struct Model {
    /// Counts up from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub epoch: i64,
    /// When it was closed; grows with the number.
    pub closed_at_ms: i64,
    /// The metric policy in force.
    pub policy_hash: i64,
    /// The lifecycle rules in force.
    pub rules_hash: i64,
    /// The rules of the scores in force; null for epochs closed before there were any.
    pub scores_hash: Option<i64>,
    /// The rules of segments and personas in force; null for epochs closed before there were any.
    pub segmentation_hash: Option<i64>,
    /// Which kinds of source had delivered anything, JSON.
    pub sources: String,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
