//! Segments and personas of profiles, now and as known in an epoch.

use super::{ByParent, ReadError, group};
use crate::groups::{PERSONA, SEGMENT};
use crate::{Store, sql};
use domain::Scope;

/// A group that a profile is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupRow {
    /// A segment; they come in order, the one by size last.
    Segment(String),
    /// The persona.
    Persona(String),
}

impl Store {
    /// The groups of profiles, segments in order and then the persona; with `epoch` as known then.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub async fn groups(
        &self,
        _scope: &Scope,
        profiles: &[i64],
        epoch: Option<i64>,
    ) -> Result<ByParent<GroupRow>, ReadError> {
        let backend = self.backend();
        let of = |table: &str| {
            format!(
                "SELECT profile_id, kind, place, name FROM {table} WHERE {}",
                backend.id_in("profile_id", 1)
            )
        };
        let mut values = vec![backend.ids(profiles.iter().copied())];
        let mut text = of("profile_group");
        if let Some(epoch) = epoch {
            values.push(epoch.into());
            text = format!(
                "{text} AND known_from <= $2 UNION ALL {} AND known_from <= $2 AND known_to > $2",
                of("profile_group_past")
            );
        }
        text.push_str(" ORDER BY 1, 2 DESC, 3");
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            let name: String = row.try_get("", "name")?;
            let one = match row.try_get::<String>("", "kind")?.as_str() {
                SEGMENT => GroupRow::Segment(name),
                PERSONA => GroupRow::Persona(name),
                _ => return Err(sea_orm::DbErr::Type("profile_group.kind".into())),
            };
            Ok((row.try_get("", "profile_id")?, one))
        })
        .await?;
        Ok(group(rows))
    }
}
