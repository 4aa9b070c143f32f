//! Canonical records out of joined rows whose columns carry a prefix.
//!
//! Links are left out: answers point at records by id, and nested reads follow them.

use crate::StoreError;
use crate::rows::FromRow;
use domain::{Canonical, CanonicalKind};
use entity::{
    deal, invoice, payment, refund, subscription, survey_response, ticket, touchpoint, usage_event,
};
use sea_orm::{EntityTrait, FromQueryResult, IdenStatic, Iterable, QueryResult};

/// `alias.column AS prefix_column, ...` for every column of an entity.
fn columns_of<E: EntityTrait>(alias: &str, prefix: &str) -> String {
    E::Column::iter()
        .map(|column| format!("{alias}.{c} AS {prefix}{c}", c = column.as_str()))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The columns that [`read`] needs, of the kind's table under `alias`.
pub(super) fn columns(kind: CanonicalKind, alias: &str, prefix: &str) -> String {
    match kind {
        CanonicalKind::Deal => columns_of::<deal::Entity>(alias, prefix),
        CanonicalKind::Ticket => columns_of::<ticket::Entity>(alias, prefix),
        CanonicalKind::Subscription => columns_of::<subscription::Entity>(alias, prefix),
        CanonicalKind::Invoice => columns_of::<invoice::Entity>(alias, prefix),
        CanonicalKind::Payment => columns_of::<payment::Entity>(alias, prefix),
        CanonicalKind::Refund => columns_of::<refund::Entity>(alias, prefix),
        CanonicalKind::Touchpoint => columns_of::<touchpoint::Entity>(alias, prefix),
        CanonicalKind::SurveyResponse => columns_of::<survey_response::Entity>(alias, prefix),
        CanonicalKind::UsageEvent => columns_of::<usage_event::Entity>(alias, prefix),
        CanonicalKind::Contact
        | CanonicalKind::Company
        | CanonicalKind::Spend
        | CanonicalKind::ExchangeRate => String::new(),
    }
}

/// The record of a kind in a row's prefixed columns.
pub(super) fn read(
    kind: CanonicalKind,
    row: &QueryResult,
    prefix: &str,
) -> Result<Canonical, StoreError> {
    match kind {
        CanonicalKind::Deal => body(row, prefix, Canonical::Deal),
        CanonicalKind::Ticket => body(row, prefix, Canonical::Ticket),
        CanonicalKind::Subscription => body(row, prefix, Canonical::Subscription),
        CanonicalKind::Invoice => body(row, prefix, Canonical::Invoice),
        CanonicalKind::Payment => body(row, prefix, Canonical::Payment),
        CanonicalKind::Refund => body(row, prefix, Canonical::Refund),
        CanonicalKind::Touchpoint => body(row, prefix, Canonical::Touchpoint),
        CanonicalKind::SurveyResponse => body(row, prefix, Canonical::SurveyResponse),
        CanonicalKind::UsageEvent => body(row, prefix, Canonical::UsageEvent),
        CanonicalKind::Contact
        | CanonicalKind::Company
        | CanonicalKind::Spend
        | CanonicalKind::ExchangeRate => Err(StoreError::Corrupt { what: "profile_fact.kind" }),
    }
}

fn body<T>(
    row: &QueryResult,
    prefix: &str,
    wrap: fn(T) -> Canonical,
) -> Result<Canonical, StoreError>
where
    T: FromRow,
    T::Row: FromQueryResult,
{
    Ok(wrap(T::from_row(T::Row::from_query_result(row, prefix)?)?))
}
