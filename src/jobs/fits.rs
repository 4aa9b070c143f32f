//! Fitting the models of lifetime value anew when what they are fitted to has changed.
//!
//! Owns when that is done and how many customers are taken. Refuses more customers than
//! [`crate::Options::fit_customers_max`]: of more an arbitrary share is taken, for a fit of so many is as
//! good and the time for it is bounded.

use crate::{JobError, Jobs, lease};
use metrics::clv::{Family, Population, PurchaseLine, StoredFit, contract_of};
use store::Lease;
use store::fits::FitRow;

impl Jobs {
    /// Fits every population whose data changed since its last fit; the number of fits.
    pub(crate) async fn refit(&self, lease: &Lease) -> Result<u64, JobError> {
        let most = self.options.fit_customers_max.max(1);
        let every = self.store.count_profiles().await?.div_ceil(most).max(1);
        let rows = self.store.load_purchases(every).await?;
        let subscriptions = self.store.load_subscriptions(every).await?;
        let known = self.store.load_fits(None).await?;
        let (now, tz) = (lease::now(self), self.metrics.time_zone());
        // The likelihoods of many customers take seconds of computing.
        let work = move || {
            let mut population = Population::new(tz.clone(), now);
            for of_one in rows.chunk_by(|a, b| a.profile == b.profile) {
                let line = |row: &store::fits::PurchaseRow| PurchaseLine {
                    payment: row.payment,
                    at: row.at,
                    amount: row.amount,
                };
                population.add_customer(&of_one.iter().map(line).collect::<Vec<_>>());
            }
            for contract in subscriptions.iter().filter_map(|one| contract_of(one, &tz, now)) {
                population.add_contract(contract);
            }
            population.fits(|family: Family, part: &str, hash: &str| {
                let same = |row: &FitRow| {
                    row.family == family.as_str() && row.part == part && row.data_hash == hash
                };
                known.iter().any(same)
            })
        };
        let fits = tokio::task::spawn_blocking(work).await.map_err(|_| JobError::Stopped)?;
        let count = fits.len() as u64;
        let row = |fit: StoredFit| FitRow {
            family: fit.family.as_str().to_owned(),
            part: fit.part,
            model: fit.fitted.model.clone(),
            policy: self.metrics.label(),
            data_hash: fit.data_hash,
            n: i64::try_from(fit.fitted.n).unwrap_or(i64::MAX),
            log_likelihood: fit.fitted.log_likelihood,
            // Finite numbers and texts: writing them as JSON cannot fail.
            fit: serde_json::to_string(&fit.fitted).unwrap_or_default(),
            fitted: now,
        };
        if count > 0 {
            self.store.keep_fits(lease, fits.into_iter().map(row).collect(), now).await?;
        }
        Ok(count)
    }
}
