//! Records whose identity must be looked at again.
//!
//! Owns the reading and clearing of their marks. Refuses to set marks for what a sync wrote: the
//! commit of the page does.

use crate::rows::json;
use crate::sql::{map, run};
use crate::{Backend, Store, StoreError};
use domain::{ProfileKind, RecordId};
use sea_orm::{ConnectionTrait, DatabaseTransaction};

/// A marked record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirtyRecord {
    /// The record.
    pub id: RecordId,
    /// Its mark, which counts up when it is marked again.
    pub mark: i64,
    /// It is a contact, or belongs to a person's profile still.
    pub person: bool,
    /// It is a company, or belongs to a company's profile still.
    pub company: bool,
}

impl DirtyRecord {
    /// Whether it concerns profiles of the kind.
    #[must_use]
    pub const fn is(&self, kind: ProfileKind) -> bool {
        match kind {
            ProfileKind::Person => self.person,
            ProfileKind::Company => self.company,
        }
    }
}

impl Store {
    /// Records whose identity must be looked at again, by id.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_dirty_records(&self) -> Result<Vec<DirtyRecord>, StoreError> {
        dirty_of(self, self.reader(), None).await
    }

    /// Takes the marks off records that need no resolution; a record marked again meanwhile stays.
    ///
    /// # Errors
    /// Database errors.
    pub async fn clear_dirty_records(&self, marks: &[(RecordId, i64)]) -> Result<(), StoreError> {
        if marks.is_empty() {
            return Ok(());
        }
        let tx = self.begin().await?;
        clear_marks(self, &tx, marks).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// The marked records, by id; the first `most` of them.
pub(super) async fn dirty_of(
    store: &Store,
    on: &impl ConnectionTrait,
    most: Option<usize>,
) -> Result<Vec<DirtyRecord>, StoreError> {
    // Looked up by key for each mark: `EXISTS` would make PostgreSQL read whole tables, whenever it
    // believes that there are still as many marks as at the first sync.
    let is = |table: &str, kind: &str| {
        format!(
            "CASE WHEN COALESCE((SELECT t.record_id FROM {table} t WHERE t.record_id = d.record_id), \
             (SELECT m.record_id FROM profile_member m WHERE m.record_id = d.record_id \
             AND m.kind = '{kind}')) IS NOT NULL THEN 1 ELSE 0 END AS {kind}"
        )
    };
    let sql = format!(
        "SELECT d.record_id, d.mark, {}, {} FROM dirty_record d ORDER BY d.record_id{}",
        is("contact", "person"),
        is("company", "company"),
        most.map(|most| format!(" LIMIT {most}")).unwrap_or_default(),
    );
    // PostgreSQL gives 32 bits for the CASE, SQLite 64.
    let flag = |r: &sea_orm::QueryResult, column: &str| {
        r.try_get::<i32>("", column).or_else(|_| r.try_get::<i64>("", column).map(|n| n as i32))
    };
    map(on, store.statement(sql, vec![]), |r| {
        Ok(DirtyRecord {
            id: RecordId(r.try_get("", "record_id")?),
            mark: r.try_get("", "mark")?,
            person: flag(r, "person")? == 1,
            company: flag(r, "company")? == 1,
        })
    })
    .await
}

/// Takes marks off inside a commit.
pub(super) async fn clear_marks(
    store: &Store,
    tx: &DatabaseTransaction,
    marks: &[(RecordId, i64)],
) -> Result<(), StoreError> {
    for chunk in marks.chunks(5_000) {
        let pairs: Vec<[i64; 2]> = chunk.iter().map(|(id, mark)| [id.0, *mark]).collect();
        let sql = match store.backend {
            Backend::Sqlite => {
                "DELETE FROM dirty_record WHERE (record_id, mark) IN (SELECT \
                 json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each($1))"
            }
            Backend::Postgres => {
                "DELETE FROM dirty_record WHERE (record_id, mark) IN (SELECT (value->>0)::bigint, \
                 (value->>1)::bigint FROM json_array_elements($1::text::json))"
            }
        };
        run(tx, store.statement(sql, vec![json(&pairs).into()])).await?;
    }
    Ok(())
}
