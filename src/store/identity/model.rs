//! What was learnt from all records of a kind, kept between runs.
//!
//! Owns one row per kind. Refuses to look inside: the body is `identity`'s.

use crate::lease::{Lease, extend};
use crate::sql::{map, run};
use crate::{Store, StoreError};
use domain::{ProfileKind, Timestamp};
use entity::identity_model;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait};

/// What is known about a kind's model without loading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelHead {
    /// Person or company.
    pub kind: ProfileKind,
    /// From how many records it was learnt.
    pub records: u64,
    /// When. Two models of a kind never share a time.
    pub trained_at: Timestamp,
    /// Whether every record was resolved by it: false after a run that was cut short.
    pub applied: bool,
}

/// A model to store.
#[derive(Clone, Debug)]
pub struct NewModel {
    /// From how many records it was learnt.
    pub records: u64,
    /// When.
    pub trained_at: Timestamp,
    /// As `identity` writes it.
    pub body: Vec<u8>,
}

impl Store {
    /// The heads of the stored models.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_model_heads(&self) -> Result<Vec<ModelHead>, StoreError> {
        heads_of(self, self.reader()).await
    }

    /// The body of a kind's model.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_model(&self, kind: ProfileKind) -> Result<Option<Vec<u8>>, StoreError> {
        let found =
            identity_model::Entity::find_by_id(kind.as_str().to_owned()).one(self.reader()).await?;
        Ok(found.map(|row| row.body))
    }

    /// Replaces a kind's model. It counts as not applied until a whole resolution is committed.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] and database errors; nothing was written then.
    pub async fn save_model(
        &self,
        lease: &Lease,
        kind: ProfileKind,
        model: NewModel,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        extend(self, &tx, lease, now).await?;
        let row = identity_model::Model {
            kind: kind.as_str().to_owned(),
            records: i64::try_from(model.records).unwrap_or(i64::MAX),
            trained_at_ms: model.trained_at.as_millis(),
            applied: false,
            body: model.body,
        };
        let conflict = OnConflict::column(identity_model::Column::Kind)
            .update_columns([
                identity_model::Column::Records,
                identity_model::Column::TrainedAtMs,
                identity_model::Column::Applied,
                identity_model::Column::Body,
            ])
            .to_owned();
        crate::sql::insert::<identity_model::Entity, _>(&tx, vec![row], Some(conflict)).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Notes inside a commit that every record was resolved by the stored model.
pub(super) async fn set_applied(
    store: &Store,
    tx: &sea_orm::DatabaseTransaction,
    kind: ProfileKind,
) -> Result<(), StoreError> {
    let sql = "UPDATE identity_model SET applied = TRUE WHERE kind = $1";
    run(tx, store.statement(sql, vec![kind.as_str().into()])).await?;
    Ok(())
}

/// See [`Store::load_model_heads`].
pub(super) async fn heads_of(
    store: &Store,
    on: &impl ConnectionTrait,
) -> Result<Vec<ModelHead>, StoreError> {
    let sql = "SELECT kind, records, trained_at_ms, applied FROM identity_model";
    let rows = map(on, store.statement(sql, vec![]), |r| {
        let kind: String = r.try_get("", "kind")?;
        Ok(ProfileKind::parse(&kind).map(|kind| ModelHead {
            kind,
            records: r.try_get::<i64>("", "records").unwrap_or_default().max(0) as u64,
            trained_at: Timestamp::from_millis(r.try_get("", "trained_at_ms").unwrap_or_default()),
            applied: r.try_get("", "applied").unwrap_or_default(),
        }))
    })
    .await?;
    rows.into_iter()
        .map(|row| row.ok_or(StoreError::Corrupt { what: "identity_model.kind" }))
        .collect()
}
