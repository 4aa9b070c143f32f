//! Table `company`: an organisation as one system knows it. Columns only, no logic.

use sea_orm::entity::prelude::*;

/// An organisation as one system knows it.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "company")]
pub struct Model {
    /// The source record.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: i64,
    /// Name.
    pub name: Option<String>,
    /// JSON list, primary first.
    pub domains: String,
    /// JSON list.
    pub phones: String,
    /// JSON list.
    pub emails: String,
    /// Industry.
    pub industry: Option<String>,
    /// Number of employees.
    pub employee_count: Option<i64>,
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
