//! Exchange rates as known.

use super::ReadError;
use crate::known::CanonicalTable;
use crate::rows::FromRow;
use crate::{Store, StoreError, sql};
use domain::{ExchangeRate, Scope};
use entity::exchange_rate;
use sea_orm::FromQueryResult;

impl Store {
    /// The exchange rates known in a closed epoch, by day and pair; of several records about one, the
    /// vendor's latest version comes first. Open to every role: rates say nothing of anybody.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub async fn exchange_rates_known(
        &self,
        _scope: &Scope,
        epoch: i64,
    ) -> Result<Vec<ExchangeRate>, ReadError> {
        Ok(self.rates(Some(epoch)).await?)
    }

    /// The exchange rates as stored now, in the same order.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_exchange_rates(&self) -> Result<Vec<ExchangeRate>, StoreError> {
        self.rates(None).await
    }

    async fn rates(&self, epoch: Option<i64>) -> Result<Vec<ExchangeRate>, StoreError> {
        let table = CanonicalTable::of::<exchange_rate::Entity>();
        let present = format!(
            "SELECT {}, s.version AS told_version FROM exchange_rate t \
             JOIN source_record s ON s.id = t.record_id",
            table.list()
        );
        let (text, values) = match epoch {
            None => (present, vec![]),
            Some(epoch) => {
                let (past, from) = table.past(self.backend());
                let text = format!(
                    "{present} WHERE s.known_from <= $1 UNION ALL SELECT {past}, p.version \
                     FROM {from} WHERE p.kind = 'exchange_rate' AND p.known_from <= $1 \
                     AND p.known_to > $1"
                );
                (text, vec![epoch.into()])
            }
        };
        let mut rows = sql::map(self.reader(), self.statement(text, values), |r| {
            let version: Option<i64> = r.try_get("", "told_version")?;
            Ok((version, exchange_rate::Model::from_query_result(r, "")?))
        })
        .await?;
        rows.sort_by(|(v, a), (w, b)| {
            let key = |m: &exchange_rate::Model| (m.day.clone(), m.base.clone(), m.quote.clone());
            key(a).cmp(&key(b)).then(w.cmp(v)).then(a.record_id.cmp(&b.record_id))
        });
        rows.into_iter().map(|(_, row)| ExchangeRate::from_row(row)).collect()
    }
}
