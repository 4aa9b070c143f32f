//! Reads that answer requests: every one takes a [`Scope`] first.
//!
//! Owns the statements behind the gateway, what a role's [`Scope`] leaves of their answers, and
//! the shapes in which they answer. Refuses hidden areas before any statement runs, and never
//! lets an unmasked value of a masked area out. Nested reads take all parents at once: one
//! statement whatever their number, the first N of each by LATERAL on PostgreSQL and a correlated
//! `IN` on SQLite (window functions read every row of a hot parent).

mod alerts;
mod audit;
mod bodies;
mod company;
mod facts;
mod groups;
mod household;
mod identity;
mod known;
mod links;
mod list;
mod lookup;
mod numbers;
mod operations;
mod profile;
mod rates;
mod records;
mod reviews;
mod stages;
mod subscriptions;
mod timeline;

pub use alerts::{AlertEventRow, AlertFilter, AlertRow};
pub use audit::{AuditOptions, AuditReport, Completeness, Finding, Severity};
pub use facts::{Fact, FactKind};
pub use groups::GroupRow;
pub use household::{EmploymentRow, HouseholdMemberRow, HouseholdRow};
pub use identity::{DecisionRow, EvidenceBar, IdentityChange, JoinRow};
pub use known::{Absence, RecordFates, Share, Told};
pub use list::{
    CustomerFilter, CustomerPage, CustomerQuery, CustomerTest, Direction, Key, OrderField, Range,
    TextTest,
};
pub use lookup::Lookup;
pub use numbers::{RollupCell, RollupRange, StoredNumbers};
pub use operations::{AuditEntry, QuarantinedRecord, StreamStatus};
pub use profile::Profile;
pub use records::{FieldSetting, GoldenValue, IdentifierRow, RecordVersion, StoredRecord};
pub use reviews::{Review, ReviewFilter};
pub use stages::StageStep;
pub use subscriptions::{SubscriptionHistory, SubscriptionVersions};
pub use timeline::{TimelineEntry, TimelineKey, TimelineKind};

use crate::StoreError;
use crate::connect::Backend;
use domain::{Access, Area, Pii, RecordId, RecordKey, Scope, Timestamp};
use sea_orm::{DbErr, QueryResult, Value};
use std::collections::HashMap;

/// Why a read did not answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The scope hides the area. No statement ran.
    #[error("area {} is hidden from this scope", .0.as_str())]
    Forbidden(Area),
    /// The question itself would reveal a masked value. No statement ran.
    #[error("{0}")]
    Revealing(&'static str),
    /// The question makes no sense; the text says what is expected.
    #[error("{0}")]
    Invalid(String),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<DbErr> for ReadError {
    fn from(error: DbErr) -> Self {
        Self::Store(error.into())
    }
}

/// What a nested read gives: the rows of each parent, in order. Parents without rows are absent.
pub type ByParent<T> = HashMap<i64, Vec<T>>;

/// How much of a list is asked for: up to `limit` rows after a position.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slice<K> {
    /// Number of rows per parent.
    pub limit: u32,
    /// Only rows after this one.
    pub after: Option<K>,
}

/// Which source record something was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRef {
    /// The record's id.
    pub id: RecordId,
    /// How its source names it.
    pub key: RecordKey,
}

impl RecordRef {
    /// From columns `record_id`, `source`, `stream`, `external_id`.
    fn from_row(row: &QueryResult) -> Result<Self, DbErr> {
        Ok(Self {
            id: RecordId(row.try_get("", "record_id")?),
            key: RecordKey {
                source: row.try_get("", "source")?,
                stream: row.try_get("", "stream")?,
                external_id: row.try_get("", "external_id")?,
            },
        })
    }
}

/// Refuses a hidden area.
fn see(scope: &Scope, area: Area) -> Result<Access, ReadError> {
    match scope.access(area) {
        Access::Hidden => Err(ReadError::Forbidden(area)),
        shown => Ok(shown),
    }
}

fn shown_email(access: Access, email: Option<String>) -> Option<String> {
    match access {
        Access::Full => email,
        Access::Masked => email.map(|e| Pii::new(e).masked_email()),
        Access::Hidden => None,
    }
}

fn shown_phone(access: Access, phone: Option<String>) -> Option<String> {
    match access {
        Access::Full => phone,
        Access::Masked => phone.map(|p| Pii::new(p).masked_phone()),
        Access::Hidden => None,
    }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

/// Puts rows, already in order, under their parents.
fn group<T>(rows: Vec<(i64, T)>) -> ByParent<T> {
    let mut groups: ByParent<T> = HashMap::new();
    for (parent, row) in rows {
        groups.entry(parent).or_default().push(row);
    }
    groups
}

/// The first rows of each parent, greatest key first.
struct Newest<'a> {
    table: &'a str,
    /// Column that holds the parent's id.
    parent: &'a str,
    /// Column and SQL literal that the rows must have, so that the index is entered by both.
    fixed: Option<(&'a str, &'a str)>,
    /// The order, descending; unique within a parent.
    keys: &'a [&'a str],
}

impl Newest<'_> {
    /// A `FROM` clause: the parents in `$1` as `k`, their rows as `f`. `$2` is the limit, `$3...`
    /// the key after which rows start (see [`Newest::after`]).
    fn from(&self, backend: Backend) -> String {
        let Self { table, parent, .. } = self;
        let keys = self.keys.join(", ");
        let order = self.keys.iter().map(|k| format!("{k} DESC")).collect::<Vec<_>>().join(", ");
        let bound =
            (3..3 + self.keys.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
        let fixed = |alias: &str| match self.fixed {
            Some((column, literal)) => format!(" AND {alias}{column} = {literal}"),
            None => String::new(),
        };
        let inner = |columns: &str| {
            format!(
                "SELECT {columns} FROM {table} WHERE {parent} = k.id{} AND ({keys}) < ({bound}) \
                 ORDER BY {order} LIMIT $2",
                fixed("")
            )
        };
        let parents = backend.id_rows(1);
        match backend {
            Backend::Postgres => format!("{parents} CROSS JOIN LATERAL ({}) f", inner("*")),
            Backend::Sqlite => {
                let tuple =
                    self.keys.iter().map(|k| format!("f.{k}")).collect::<Vec<_>>().join(", ");
                format!(
                    "{parents} CROSS JOIN {table} f ON f.{parent} = k.id{} AND ({tuple}) IN ({})",
                    fixed("f."),
                    inner(&keys)
                )
            }
        }
    }

    /// The order of the whole answer, so that each parent's rows come in order.
    fn order(&self) -> String {
        let keys = self.keys.iter().map(|k| format!("f.{k} DESC")).collect::<Vec<_>>().join(", ");
        format!("ORDER BY k.id, {keys}")
    }

    /// The parameters: parents, limit, start.
    fn values<const N: usize>(
        backend: Backend,
        parents: &[i64],
        limit: u32,
        after: Option<[i64; N]>,
    ) -> Vec<Value> {
        let mut values = vec![backend.ids(parents.iter().copied()), i64::from(limit).into()];
        values.extend(after.unwrap_or([i64::MAX; N]).map(Value::from));
        values
    }
}
