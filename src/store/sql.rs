//! The few places where the two databases spell things differently, and small statement helpers.
//!
//! Lists travel as one parameter (a JSON array on SQLite, a `bigint[]` literal on PostgreSQL), so
//! the text of a statement never depends on how many keys are asked for and stays prepared.

use crate::connect::Backend;
use crate::{Store, StoreError};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, Iterable,
    ModelTrait, PrimaryKeyToColumn, QueryResult, Statement, Value,
};

impl Backend {
    /// A row source of the keys in parameter `$n`, for `FROM`; its column is `k.id`.
    pub(crate) fn id_rows(self, n: usize) -> String {
        match self {
            Self::Sqlite => format!("(SELECT value AS id FROM json_each(${n})) k"),
            Self::Postgres => format!("unnest(${n}::text::bigint[]) AS k(id)"),
        }
    }

    /// A condition that `column` is among the keys in parameter `$n`.
    pub(crate) fn id_in(self, column: &str, n: usize) -> String {
        match self {
            Self::Sqlite => format!("{column} IN (SELECT value FROM json_each(${n}))"),
            // Not `= ANY(...)`: in a sequential scan the list would be parsed again for every row.
            Self::Postgres => format!("{column} IN (SELECT unnest(${n}::text::bigint[]))"),
        }
    }

    /// A JSON array of the given expressions.
    pub(crate) fn json_row(self, columns: &[&str]) -> String {
        let function = match self {
            Self::Sqlite => "json_array",
            Self::Postgres => "json_build_array",
        };
        format!("{function}({})", columns.join(", "))
    }

    /// An aggregate: all rows' values of an expression as one JSON array, for [`document`].
    pub(crate) fn json_list(self, each: &str) -> String {
        match self {
            Self::Sqlite => format!("json_group_array({each})"),
            Self::Postgres => format!("coalesce(json_agg({each}), '[]'::json)"),
        }
    }

    /// An expression whose text is JSON, as JSON.
    pub(crate) fn json_of(self, text: &str) -> String {
        match self {
            Self::Sqlite => format!("json({text})"),
            Self::Postgres => format!("({text})::json"),
        }
    }

    /// A list of keys as the parameter that [`Backend::id_rows`] and [`Backend::id_in`] read.
    pub(crate) fn ids(self, ids: impl IntoIterator<Item = i64>) -> Value {
        let (open, close) = match self {
            Self::Sqlite => ('[', ']'),
            Self::Postgres => ('{', '}'),
        };
        let mut text = String::from(open);
        for (i, id) in ids.into_iter().enumerate() {
            if i > 0 {
                text.push(',');
            }
            text.push_str(&id.to_string());
        }
        text.push(close);
        Value::from(text)
    }
}

impl Store {
    pub(crate) fn statement(&self, sql: impl Into<String>, values: Vec<Value>) -> Statement {
        Statement::from_sql_and_values(self.db_backend(), sql, values)
    }
}

/// All rows of a statement as `T`.
pub(crate) async fn all<T: FromQueryResult>(
    on: &impl ConnectionTrait,
    statement: Statement,
) -> Result<Vec<T>, StoreError> {
    let rows = on.query_all_raw(statement).await?;
    rows.iter().map(|row| T::from_query_result(row, "").map_err(StoreError::from)).collect()
}

/// All rows of a statement, mapped by hand.
pub(crate) async fn map<T>(
    on: &impl ConnectionTrait,
    statement: Statement,
    row: impl Fn(&QueryResult) -> Result<T, sea_orm::DbErr>,
) -> Result<Vec<T>, StoreError> {
    let rows = on.query_all_raw(statement).await?;
    rows.iter().map(|r| row(r).map_err(StoreError::from)).collect()
}

/// The answer to a statement of one row and one column `doc`, JSON. Where very many rows are read, a
/// document costs a fraction of what the driver spends on the rows and their columns.
pub(crate) async fn document<T: serde::de::DeserializeOwned>(
    on: &impl ConnectionTrait,
    statement: Statement,
) -> Result<T, StoreError> {
    let row = on.query_one_raw(statement).await?;
    let text: String = row.ok_or(StoreError::Corrupt { what: "document" })?.try_get("", "doc")?;
    serde_json::from_str(&text).map_err(|_| StoreError::Corrupt { what: "document" })
}

/// Runs a statement; the number of rows it touched.
pub(crate) async fn run(
    on: &impl ConnectionTrait,
    statement: Statement,
) -> Result<u64, StoreError> {
    Ok(on.execute_raw(statement).await?.rows_affected())
}

/// Rows per statement: SQLite takes at most 32,766 parameters, PostgreSQL 65,535.
const PARAMETERS_MAX: usize = 16_000;

/// Inserts rows, many per statement.
pub(crate) async fn insert<E, M>(
    on: &impl ConnectionTrait,
    rows: Vec<M>,
    conflict: Option<OnConflict>,
) -> Result<(), StoreError>
where
    E: EntityTrait<Model = M>,
    M: ModelTrait<Entity = E> + IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    let per_statement = PARAMETERS_MAX / E::Column::iter().count().max(1);
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        // Every column is set, so that an insert never leaves one to a default.
        let models = rows.by_ref().take(per_statement).map(|m| m.into_active_model().reset_all());
        let mut statement = E::insert_many(models);
        if let Some(conflict) = &conflict {
            statement = statement.on_conflict(conflict.clone());
        }
        statement.exec_without_returning(on).await?;
    }
    Ok(())
}

/// Inserts rows, leaving those alone whose key is there.
pub(crate) async fn insert_or_ignore<E, M>(
    on: &impl ConnectionTrait,
    rows: Vec<M>,
) -> Result<(), StoreError>
where
    E: EntityTrait<Model = M>,
    M: ModelTrait<Entity = E> + IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    let keys = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
    insert::<E, M>(on, rows, Some(OnConflict::columns(keys).do_nothing().to_owned())).await
}
