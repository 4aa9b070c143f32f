//! Table `profile`: a unified person or company. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A unified person or company.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "profile")]
pub struct Model {
    /// Stable id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// person or company.
    pub kind: String,
    /// Golden name.
    pub display_name: Option<String>,
    /// Golden e-mail address.
    pub email: Option<String>,
    /// Golden phone number.
    pub phone: Option<String>,
    /// Golden employer.
    pub company_name: Option<String>,
    /// ISO 3166-1 alpha-2 where recognised.
    pub country: Option<String>,
    /// Golden web domain.
    pub domain: Option<String>,
    /// Names, addresses, numbers, domains; lower case, folded.
    pub search_text: String,
    /// Segment.
    pub segment: String,
    /// Origin.
    pub acquisition_channel: Option<String>,
    /// Lifecycle stage.
    pub stage: String,
    /// 1 to 5.
    pub stage_position: i64,
    /// Entered.
    pub stage_since_ms: i64,
    /// Commercial standing.
    pub status: String,
    /// Historic net revenue in the main currency.
    pub revenue_minor: Option<i64>,
    /// MRR in the main currency.
    pub mrr_minor: Option<i64>,
    /// What customers are ordered by: revenue in the reporting currency, else in the main one.
    pub revenue_order_minor: Option<i64>,
    /// Monthly recurring revenue, likewise.
    pub mrr_order_minor: Option<i64>,
    /// Main currency: that of the first payment, else of the first subscription.
    pub currency: Option<String>,
    /// Member records.
    pub record_count: i64,
    /// Earliest known.
    pub first_seen_at_ms: i64,
    /// Last change of the derived profile.
    pub updated_at_ms: i64,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
