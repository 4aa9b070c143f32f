//! Subscriptions with what they said before, as known in an epoch.
//!
//! Owns which versions of a record were known and to whom it belonged. Refuses to say from when to
//! when a version holds: `metrics` does that.

use super::{ReadError, see};
use crate::facts::{Loader, owner_of};
use crate::known::CanonicalTable;
use crate::rows::FromRow;
use crate::{Store, StoreError, sql};
use domain::{Area, ProfileId, Scope, Subscription};
use entity::subscription;
use sea_orm::FromQueryResult;
use std::collections::HashMap;

/// The versions of a subscription, the last one last, each with the vendor's version if that was kept.
pub type SubscriptionVersions = Vec<(Option<i64>, Subscription)>;

/// A subscription as known in an epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct SubscriptionHistory {
    /// The profile that it counts for: the company if it concerns one, else the person; `None` if
    /// neither was known.
    pub owner: Option<ProfileId>,
    /// What it said, the last version last, each with the vendor's version if that was kept. A
    /// version that came and was replaced within one epoch is not among them.
    pub versions: SubscriptionVersions,
}

impl Store {
    /// The records that were subscriptions in an epoch, by id, at most `limit`.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn subscriptions_known(
        &self,
        scope: &Scope,
        epoch: i64,
        limit: u32,
    ) -> Result<Vec<i64>, ReadError> {
        see(scope, Area::Rollups)?;
        let text = "SELECT t.record_id FROM subscription t JOIN source_record s \
                    ON s.id = t.record_id WHERE s.known_from <= $1 \
                    UNION SELECT p.record_id FROM record_past p WHERE p.kind = 'subscription' \
                    AND p.known_from <= $1 AND p.known_to > $1 ORDER BY 1 LIMIT $2";
        let values = vec![epoch.into(), i64::from(limit).into()];
        let statement = self.statement(text, values);
        Ok(sql::map(self.reader(), statement, |r| r.try_get("", "record_id")).await?)
    }

    /// Subscriptions with their versions known in an epoch, by record. A fixed number of statements.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub async fn subscription_histories(
        &self,
        _scope: &Scope,
        records: &[i64],
        epoch: i64,
    ) -> Result<HashMap<i64, SubscriptionHistory>, ReadError> {
        let links = Loader { store: self, at: Some(epoch) }.links(records).await?;
        let versions = self.subscription_versions(records, epoch).await?;
        let history = |(record, versions)| {
            let owner = links.get(&record).and_then(|of| owner_of(of)).map(ProfileId);
            (record, SubscriptionHistory { owner, versions })
        };
        Ok(versions.into_iter().map(history).collect())
    }

    /// What subscriptions said that was known in an epoch, by record. One statement.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn subscription_versions_known(
        &self,
        scope: &Scope,
        records: &[i64],
        epoch: i64,
    ) -> Result<HashMap<i64, SubscriptionVersions>, ReadError> {
        see(scope, Area::Rollups)?;
        Ok(self.subscription_versions(records, epoch).await?)
    }

    /// What subscriptions said that was known in an epoch, by record, as in
    /// [`SubscriptionHistory::versions`]. One statement.
    pub(crate) async fn subscription_versions(
        &self,
        records: &[i64],
        epoch: i64,
    ) -> Result<HashMap<i64, SubscriptionVersions>, StoreError> {
        if records.is_empty() {
            return Ok(HashMap::new());
        }
        let backend = self.backend();
        let table = CanonicalTable::of::<subscription::Entity>();
        let (past, from) = table.past(backend);
        let text = format!(
            "SELECT {}, s.version AS told_version, s.known_from AS told_from FROM subscription t \
             JOIN source_record s ON s.id = t.record_id WHERE {} AND s.known_from <= $2 \
             UNION ALL SELECT {past}, p.version, p.known_from FROM {from} \
             WHERE p.kind = 'subscription' AND {} AND p.known_from <= $2",
            table.list(),
            backend.id_in("t.record_id", 1),
            backend.id_in("p.record_id", 1)
        );
        let values = vec![backend.ids(records.iter().copied()), epoch.into()];
        let mut rows = sql::map(self.reader(), self.statement(text, values), |r| {
            let model = subscription::Model::from_query_result(r, "")?;
            let version: Option<i64> = r.try_get("", "told_version")?;
            Ok((model.record_id, r.try_get::<i64>("", "told_from")?, version, model))
        })
        .await?;
        rows.sort_by_key(|(record, from, ..)| (*record, *from));
        let mut versions: HashMap<i64, SubscriptionVersions> = HashMap::new();
        for (record, _, version, model) in rows {
            versions.entry(record).or_default().push((version, Subscription::from_row(model)?));
        }
        Ok(versions)
    }
}
