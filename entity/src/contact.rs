//! Table `contact`: a person as one system knows them. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// A person as one system knows them.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "contact")]
pub struct Model {
    /// The source record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// Whole name.
    pub full_name: Option<String>,
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub family_name: Option<String>,
    /// JSON list, primary first.
    pub emails: String,
    /// JSON list, primary first.
    pub phones: String,
    /// Job title.
    pub job_title: Option<String>,
    /// Employer as written.
    pub company_name: Option<String>,
    /// Street and number.
    pub street: Option<String>,
    /// Town.
    pub city: Option<String>,
    /// State or region.
    pub region: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country as received.
    pub country: Option<String>,
    /// The vendor's lifecycle stage.
    pub vendor_stage: Option<String>,
    /// JSON list of stays in stages by the vendor's dates; null for none.
    pub vendor_stays: Option<String>,
    /// Origin.
    pub acquisition_channel: Option<String>,
    /// First known to the system.
    pub created_at_ms: Option<i64>,
}

/// No relations: joins are written in `store`, set-based.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
