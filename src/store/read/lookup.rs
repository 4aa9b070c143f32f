//! Finding a profile by something other than its id.

use super::{ReadError, profile};
use crate::{Store, sql};
use domain::{IdentifierKind, ProfileId, ProfileKind, RecordKey, Scope};

/// What a profile is looked up by.
#[derive(Clone, PartialEq, Eq)]
pub enum Lookup {
    /// Its id, or one merged into it.
    Id(ProfileId),
    /// A normalised identifier of one of its records. If several profiles carry the value, people
    /// come before companies and the one with most records carrying it first.
    Identifier(IdentifierKind, String),
    /// A record by its full key.
    Record(RecordKey),
    /// A record by source and the vendor's id, in whichever stream of the source.
    External {
        /// The source's name.
        source: String,
        /// The vendor's id.
        external_id: String,
    },
}

impl Store {
    /// The profile that fits, if one does. Exact values only, so it is open to roles that see
    /// contact details masked: whoever knows an address may learn whose it is.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub async fn find_profile(
        &self,
        scope: &Scope,
        lookup: &Lookup,
    ) -> Result<Option<profile::Profile>, ReadError> {
        let (text, values) = match lookup {
            Lookup::Id(id) => return self.profile(scope, *id).await,
            Lookup::Identifier(kind, value) => (
                format!(
                    "SELECT {} FROM profile p JOIN (\
                       SELECT m.profile_id, COUNT(*) AS n FROM identifier i \
                       JOIN profile_member m ON m.record_id = i.record_id AND m.kind = i.entity \
                       WHERE i.entity IN ('{}', '{}') AND i.kind = $1 AND i.value = $2 \
                       GROUP BY m.profile_id) hit ON hit.profile_id = p.id \
                     ORDER BY p.kind DESC, hit.n DESC, p.id LIMIT 1",
                    profile::COLUMNS,
                    ProfileKind::Person.as_str(),
                    ProfileKind::Company.as_str(),
                ),
                vec![kind.as_str().into(), value.as_str().into()],
            ),
            Lookup::Record(key) => (
                format!(
                    "SELECT {} FROM source_record s \
                     JOIN profile_member m ON m.record_id = COALESCE(s.merged_into_id, s.id) \
                     JOIN profile p ON p.id = m.profile_id \
                     WHERE s.source = $1 AND s.stream = $2 AND s.external_id = $3 \
                     ORDER BY p.kind DESC LIMIT 1",
                    profile::COLUMNS
                ),
                vec![
                    key.source.as_str().into(),
                    key.stream.as_str().into(),
                    key.external_id.as_str().into(),
                ],
            ),
            // The streams come from the sync state, so that the index on the full key serves.
            Lookup::External { source, external_id } => (
                format!(
                    "SELECT {} FROM sync_state y \
                     JOIN source_record s ON s.source = y.source AND s.stream = y.stream \
                       AND s.external_id = $2 \
                     JOIN profile_member m ON m.record_id = COALESCE(s.merged_into_id, s.id) \
                     JOIN profile p ON p.id = m.profile_id \
                     WHERE y.source = $1 ORDER BY p.kind DESC, s.stream, p.id LIMIT 1",
                    profile::COLUMNS
                ),
                vec![source.as_str().into(), external_id.as_str().into()],
            ),
        };
        let rows =
            sql::map(self.reader(), self.statement(text, values), |r| profile::row(scope, r))
                .await?;
        Ok(rows.into_iter().next())
    }
}
