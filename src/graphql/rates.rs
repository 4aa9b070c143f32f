//! Exchange rates for answers that are converted.
//!
//! Owns the rates of an epoch, read once: what was known in a closed epoch never changes. Refuses to
//! convert: `metrics` does.

use crate::asked::Asked;
use crate::scalars::CurrencyCode;
use async_graphql::{Result, SimpleObject};
use domain::Currency;
use metrics::revenue::Rates;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use tokio::sync::Mutex;

/// Epochs whose rates are held: the present one, and a few that are compared with it.
const HELD: usize = 4;

/// Rates by epoch, the one read last first. Whoever asks waits for who is reading, so that many
/// fields asked at once read them once.
#[derive(Debug, Default)]
pub(crate) struct RatesCache(Mutex<VecDeque<(i64, Arc<Rates>)>>);

impl Asked {
    /// The rates as known in a closed epoch.
    pub(crate) async fn rates(&self, epoch: i64) -> Result<Arc<Rates>> {
        let mut held = self.shared.rates.0.lock().await;
        if let Some((_, rates)) = held.iter().find(|(number, _)| *number == epoch) {
            return Ok(Arc::clone(rates));
        }
        let stored = self.store.exchange_rates_known(&self.scope, epoch).await?;
        let rates = Arc::new(Rates::of(&stored));
        held.push_front((epoch, Arc::clone(&rates)));
        held.truncate(HELD);
        Ok(rates)
    }
}

/// An exchange rate that a converted answer needed and that was not known, nor any of the days before
/// that the metric policy lets stand in for it (`fx_gap_days`).
#[derive(SimpleObject)]
pub(crate) struct MissingRate {
    /// The currency of the amount.
    from: CurrencyCode,
    /// The currency it was to be converted to.
    to: CurrencyCode,
    /// The day, as `2026-01-31`; null for amounts that no source dates.
    day: Option<String>,
}

/// The missing rates in order, at most `most` of them.
pub(crate) fn missing(
    rates: &BTreeSet<metrics::MissingRate>,
    to: Currency,
    most: u32,
) -> Vec<MissingRate> {
    let one = |rate: &metrics::MissingRate| MissingRate {
        from: CurrencyCode(rate.from),
        to: CurrencyCode(to),
        day: rate.day.map(|day| day.to_string()),
    };
    rates.iter().take(most as usize).map(one).collect()
}
