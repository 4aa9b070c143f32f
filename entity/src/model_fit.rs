//! Table `model_fit`: a model of lifetime value fitted to a population. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A model of lifetime value fitted to a population.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "model_fit")]
pub struct Model {
    /// purchases, amounts or contracts.
    #[sea_orm(primary_key, auto_increment = false)]
    pub family: String,
    /// A currency, or a billing period.
    #[sea_orm(primary_key, auto_increment = false)]
    pub part: String,
    /// The epoch since which it holds.
    #[sea_orm(primary_key, auto_increment = false)]
    pub known_from: i64,
    /// The model's name.
    pub model: String,
    /// The metric policy in force, name and version.
    pub policy: String,
    /// Hash of what was fitted.
    pub data_hash: String,
    /// Customers or contracts fitted.
    pub n: i64,
    /// The log-likelihood; null where there is no fit.
    pub log_likelihood: Option<f64>,
    /// Parameters, standard errors, covariance, or the reason why there are none: JSON.
    pub fit: String,
    /// When.
    pub fitted_at_ms: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
