//! Which people belong to which companies.

use super::{ByParent, Newest, ReadError, Slice, group, profile};
use crate::{Store, sql};
use domain::{Scope, Timestamp};
use std::collections::HashMap;

impl Store {
    /// The companies of each person, the latest link first; the key is (since, company).
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub async fn companies_of(
        &self,
        scope: &Scope,
        slice: &Slice<(Timestamp, i64)>,
        people: &[i64],
    ) -> Result<ByParent<(Timestamp, profile::Profile)>, ReadError> {
        let newest = Newest {
            table: "profile_link",
            parent: "person_id",
            fixed: None,
            keys: &["since_ms", "company_id"],
        };
        let after = slice.after.map(|(since, id)| [since.as_millis(), id]);
        let values = Newest::values(self.backend(), people, slice.limit, after);
        self.linked(scope, &newest, "company_id", values).await
    }

    /// The people of each company, in descending order of their ids; the key is the person.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub async fn people_of(
        &self,
        scope: &Scope,
        slice: &Slice<i64>,
        companies: &[i64],
    ) -> Result<ByParent<(Timestamp, profile::Profile)>, ReadError> {
        // By id, because the index has that order: a company of ten thousand people costs what a
        // company of ten does.
        let newest = Newest {
            table: "profile_link",
            parent: "company_id",
            fixed: None,
            keys: &["person_id"],
        };
        let values =
            Newest::values(self.backend(), companies, slice.limit, slice.after.map(|id| [id]));
        self.linked(scope, &newest, "person_id", values).await
    }

    async fn linked(
        &self,
        scope: &Scope,
        newest: &Newest<'_>,
        target: &str,
        values: Vec<sea_orm::Value>,
    ) -> Result<ByParent<(Timestamp, profile::Profile)>, ReadError> {
        let text = format!(
            "SELECT k.id AS parent, f.since_ms, {columns} FROM {from} \
             JOIN profile p ON p.id = f.{target} {order}",
            columns = profile::COLUMNS,
            from = newest.from(self.backend()),
            order = newest.order(),
        );
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            let since = Timestamp::from_millis(row.try_get("", "since_ms")?);
            Ok((row.try_get("", "parent")?, (since, profile::row(scope, row)?)))
        })
        .await?;
        Ok(group(rows))
    }

    /// How many companies each person (`of_people`) or people each company has; absent is none.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub async fn link_counts(
        &self,
        _scope: &Scope,
        of_people: bool,
        profiles: &[i64],
    ) -> Result<HashMap<i64, i64>, ReadError> {
        let column = if of_people { "person_id" } else { "company_id" };
        let text = format!(
            "SELECT {column} AS id, COUNT(*) AS n FROM profile_link WHERE {} GROUP BY {column}",
            self.backend().id_in(column, 1)
        );
        let values = vec![self.backend().ids(profiles.iter().copied())];
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            Ok((row.try_get("", "id")?, row.try_get("", "n")?))
        })
        .await?;
        Ok(rows.into_iter().collect())
    }
}
