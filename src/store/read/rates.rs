//! Exchange rates as known.

use super::ReadError;
use crate::known::CanonicalTable;
use crate::rows::FromRow;
use crate::{Store, StoreError, sql};
use domain::{ExchangeRate, Scope};
use entity::exchange_rate;
use sea_orm::FromQueryResult;

/// Most rates that are read: thirty currencies on every day of a hundred and eighty years.
const RATES_MAX: usize = 2_000_000;

impl Store {
    /// The exchange rates known in a closed epoch, by day and pair; of several records about one, the
    /// vendor's latest version comes first. Open to every role: rates say nothing of anybody.
    ///
    /// # Errors
    /// [`ReadError::Invalid`] beyond two million of them, [`ReadError::Store`].
    pub async fn exchange_rates_known(
        &self,
        _scope: &Scope,
        epoch: i64,
    ) -> Result<Vec<ExchangeRate>, ReadError> {
        let rates = self.rates(Some(epoch)).await?;
        if rates.len() > RATES_MAX {
            let message = format!("more than {RATES_MAX} exchange rates are stored: deliver fewer");
            return Err(ReadError::Invalid(message));
        }
        Ok(rates)
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
        let limit = format!("LIMIT {}", RATES_MAX + 1);
        let (text, values) = match epoch {
            None => (format!("{present} {limit}"), vec![]),
            Some(epoch) => {
                let (past, from) = table.past(self.backend());
                let text = format!(
                    "{present} WHERE s.known_from <= $1 UNION ALL SELECT {past}, p.version \
                     FROM {from} WHERE p.kind = 'exchange_rate' AND p.known_from <= $1 \
                     AND p.known_to > $1 {limit}"
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
