//! Models of lifetime value: what they are fitted to, and the fits by epoch.
//!
//! Owns the statements. Refuses to know a model: `metrics` fits, and reads the text of a fit.

use crate::known::open_epoch;
use crate::lease::{Lease, extend};
use crate::rows::{FromRow, currency};
use crate::sql::{insert, map};
use crate::{Store, StoreError};
use domain::{Money, ProfileId, RecordId, Subscription, Timestamp};
use entity::model_fit;
use sea_orm::FromQueryResult;
use sea_orm::sea_query::OnConflict;

/// A payment or refund that counts for a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PurchaseRow {
    /// The profile.
    pub profile: ProfileId,
    /// The payment's record; of a refund that of the payment it gives back, if it says so.
    pub payment: Option<RecordId>,
    /// When.
    pub at: Timestamp,
    /// How much; negative when given back.
    pub amount: Money,
}

/// A stored fit.
#[derive(Clone, Debug, PartialEq)]
pub struct FitRow {
    /// What it was fitted for.
    pub family: String,
    /// Which population.
    pub part: String,
    /// The model's name.
    pub model: String,
    /// The metric policy in force.
    pub policy: String,
    /// Hash of what was fitted.
    pub data_hash: String,
    /// Customers or contracts fitted.
    pub n: i64,
    /// The log-likelihood; `None` where there is no fit.
    pub log_likelihood: Option<f64>,
    /// The fit as `metrics` writes it, JSON.
    pub fit: String,
    /// When.
    pub fitted: Timestamp,
}

impl Store {
    /// How many profiles there are.
    ///
    /// # Errors
    /// Database errors.
    pub async fn count_profiles(&self) -> Result<u64, StoreError> {
        let statement = self.statement("SELECT COUNT(*) AS n FROM profile", vec![]);
        let rows = map(self.reader(), statement, |r| r.try_get::<i64>("", "n")).await?;
        Ok(rows.first().copied().unwrap_or(0).unsigned_abs())
    }

    /// The dated, succeeded payments and refunds of the profiles whose id divides by `every`, by
    /// profile. Ids are hashes, so that these are an arbitrary share of all.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_purchases(&self, every: u64) -> Result<Vec<PurchaseRow>, StoreError> {
        let of = |kind: &str, payment: &str, sign: &str, link: &str| {
            format!(
                "SELECT f.profile_id, {payment} AS payment_id, f.occurred_at_ms, \
                 {sign}t.amount_minor AS amount_minor, t.currency \
                 FROM profile_fact f JOIN {kind} t ON t.record_id = f.record_id {link} \
                 WHERE f.kind = '{kind}' AND f.owned AND f.occurred_at_ms <> 0 \
                 AND t.status = 'succeeded' AND f.profile_id % $1 = 0"
            )
        };
        let link = "LEFT JOIN record_link l ON l.record_id = f.record_id AND l.role = 'payment'";
        let sql = format!(
            "{} UNION ALL {} ORDER BY 1",
            of("payment", "f.record_id", "", ""),
            of("refund", "l.target_id", "-", link)
        );
        let every = i64::try_from(every.max(1)).unwrap_or(i64::MAX);
        let rows = map(self.reader(), self.statement(sql, vec![every.into()]), |r| {
            Ok((
                ProfileId(r.try_get("", "profile_id")?),
                r.try_get::<Option<i64>>("", "payment_id")?.map(RecordId),
                Timestamp::from_millis(r.try_get("", "occurred_at_ms")?),
                r.try_get::<i64>("", "amount_minor")?,
                r.try_get::<String>("", "currency")?,
            ))
        })
        .await?;
        let row = |(profile, payment, at, minor, code): (_, _, _, i64, String)| {
            let amount = Money::from_minor(minor, currency(&code)?);
            Ok(PurchaseRow { profile, payment, at, amount })
        };
        rows.into_iter().map(row).collect()
    }

    /// The subscriptions whose record's id divides by `every`.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_subscriptions(&self, every: u64) -> Result<Vec<Subscription>, StoreError> {
        let every = i64::try_from(every.max(1)).unwrap_or(i64::MAX);
        let sql = "SELECT * FROM subscription WHERE record_id % $1 = 0 ORDER BY record_id";
        let rows = map(self.reader(), self.statement(sql, vec![every.into()]), |r| {
            entity::subscription::Model::from_query_result(r, "")
        })
        .await?;
        rows.into_iter().map(Subscription::from_row).collect()
    }

    /// The fits that hold in an epoch, or hold now, one per population. They name nobody.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_fits(&self, epoch: Option<i64>) -> Result<Vec<FitRow>, StoreError> {
        let sql = "SELECT f.* FROM model_fit f WHERE f.known_from = (\
                   SELECT MAX(g.known_from) FROM model_fit g WHERE g.family = f.family \
                   AND g.part = f.part AND g.known_from <= $1) ORDER BY f.family, f.part";
        let values = vec![epoch.unwrap_or(i64::MAX).into()];
        map(self.reader(), self.statement(sql, values), |r| {
            let row = model_fit::Model::from_query_result(r, "")?;
            Ok(FitRow {
                family: row.family,
                part: row.part,
                model: row.model,
                policy: row.policy,
                data_hash: row.data_hash,
                n: row.n,
                log_likelihood: row.log_likelihood,
                fit: row.fit,
                fitted: Timestamp::from_millis(row.fitted_at_ms),
            })
        })
        .await
    }

    /// Keeps fits from the open epoch on; those of earlier epochs stay for the answers of then.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] and database errors; nothing was written then.
    pub async fn keep_fits(
        &self,
        lease: &Lease,
        fits: Vec<FitRow>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        let known_from = open_epoch(self, &tx).await?;
        extend(self, &tx, lease, now).await?;
        let rows = fits.into_iter().map(|fit| model_fit::Model {
            family: fit.family,
            part: fit.part,
            known_from,
            model: fit.model,
            policy: fit.policy,
            data_hash: fit.data_hash,
            n: fit.n,
            log_likelihood: fit.log_likelihood,
            fit: fit.fit,
            fitted_at_ms: fit.fitted.as_millis(),
        });
        use model_fit::Column as C;
        let columns =
            [C::Model, C::Policy, C::DataHash, C::N, C::LogLikelihood, C::Fit, C::FittedAtMs];
        let replace = OnConflict::columns([C::Family, C::Part, C::KnownFrom])
            .update_columns(columns)
            .to_owned();
        insert::<model_fit::Entity, _>(&tx, rows.collect(), Some(replace)).await?;
        tx.commit().await?;
        Ok(())
    }
}
