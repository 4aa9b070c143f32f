//! Exchange rates by day, and conversion by them.
//!
//! Owns the table and the order in which a rate is looked for: the pair itself, its inverse, then
//! through one other currency. A day without a rate takes the last one known, if it is not older
//! than the policy allows; there is no rate from later days and none that is invented.

use super::policy::RevenuePolicy;
use crate::{NullReason, Ratio};
use domain::{Currency, Date, ExchangeRate};
use std::collections::{BTreeMap, BTreeSet};

/// Decimal places of a rate that is not in the table but follows from it: enough that no amount of
/// 64 bits differs by a minor unit for it, and few enough that sums over many days stay exact.
const DERIVED_PLACES: u32 = 15;

const DAY_MS: i64 = 86_400_000;

/// Why a rate was not taken into the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateError {
    /// It is zero or below.
    NotPositive,
    /// The pair has another rate on that day.
    Conflict,
    /// Both currencies are the same, and the rate is not 1.
    SameCurrency,
}

/// Exchange rates: one unit of the base is worth so many units of the quote, on a day.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    pairs: BTreeMap<(Currency, Currency), BTreeMap<Date, Ratio>>,
    currencies: BTreeSet<Currency>,
}

impl Rates {
    /// The table of stored rates. Of several that say something else of a pair and day the first
    /// counts, so hand them in with the latest word first.
    #[must_use]
    pub fn of(stored: &[ExchangeRate]) -> Self {
        let mut rates = Self::default();
        for one in stored {
            let (num, den) = one.rate.fraction();
            if let Some(rate) = Ratio::new(num, den) {
                // A second word is no mistake here, and a stored rate is above zero.
                let _ = rates.add(one.day, one.base, one.quote, rate);
            }
        }
        rates
    }

    /// Adds a rate of one day.
    ///
    /// # Errors
    /// See [`RateError`]; the table is as before.
    pub fn add(
        &mut self,
        day: Date,
        base: Currency,
        quote: Currency,
        rate: Ratio,
    ) -> Result<(), RateError> {
        if !rate.is_positive() {
            return Err(RateError::NotPositive);
        }
        if base == quote {
            let one = rate == Ratio::whole(1);
            return if one { Ok(()) } else { Err(RateError::SameCurrency) };
        }
        let days = self.pairs.entry((base, quote)).or_default();
        if days.get(&day).is_some_and(|known| *known != rate) {
            return Err(RateError::Conflict);
        }
        days.insert(day, rate);
        self.currencies.extend([base, quote]);
        Ok(())
    }

    /// How many rates the table holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pairs.values().map(BTreeMap::len).sum()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The last rate of a pair on or before `day`, not older than `gap_days`.
    fn known(&self, pair: (Currency, Currency), day: Date, gap_days: u32) -> Option<Ratio> {
        let (at, rate) = self.pairs.get(&pair)?.range(..=day).next_back()?;
        let age = (day.start_utc().as_millis() - at.start_utc().as_millis()) / DAY_MS;
        (age <= i64::from(gap_days)).then_some(*rate)
    }

    /// Directly or by the inverse; exact if direct.
    fn leg(&self, from: Currency, to: Currency, day: Date, gap_days: u32) -> Option<Ratio> {
        if from == to {
            return Some(Ratio::whole(1));
        }
        self.known((from, to), day, gap_days).or_else(|| {
            let inverse = self.known((to, from), day, gap_days)?;
            Ratio::whole(1).checked_div(inverse)
        })
    }

    /// What one unit of `from` is worth in `to` on `day`, in major units.
    ///
    /// # Errors
    /// [`NullReason::MissingRate`], [`NullReason::Overflow`].
    pub fn rate(
        &self,
        from: Currency,
        to: Currency,
        day: Date,
        policy: &RevenuePolicy,
    ) -> Result<Ratio, NullReason> {
        let gap = policy.fx_gap_days;
        if from == to {
            return Ok(Ratio::whole(1));
        }
        if let Some(rate) = self.known((from, to), day, gap) {
            return Ok(rate);
        }
        let through = |pivot: Currency| {
            let legs = (self.leg(from, pivot, day, gap)?, self.leg(pivot, to, day, gap)?);
            Some(legs.0.checked_mul(legs.1).ok_or(NullReason::Overflow))
        };
        let derived = self
            .leg(from, to, day, gap)
            .map(Ok)
            .or_else(|| match policy.fx_pivot {
                Some(pivot) => through(pivot),
                None => self.currencies.iter().find_map(|pivot| through(*pivot)),
            })
            .ok_or(NullReason::MissingRate)??;
        let rate = derived.rounded_to(DERIVED_PLACES).ok_or(NullReason::Overflow)?;
        if rate.is_positive() { Ok(rate) } else { Err(NullReason::Overflow) }
    }

    /// What one minor unit of `from` is worth in minor units of `to` on `day`: the rate, shifted
    /// by the difference of the two currencies' exponents.
    ///
    /// # Errors
    /// As [`Rates::rate`].
    pub fn minor_rate(
        &self,
        from: Currency,
        to: Currency,
        day: Date,
        policy: &RevenuePolicy,
    ) -> Result<Ratio, NullReason> {
        let rate = self.rate(from, to, day, policy)?;
        let scale = |currency: Currency| 10_i128.pow(u32::from(currency.exponent()));
        Ratio::new(scale(to), scale(from))
            .and_then(|shift| rate.checked_mul(shift))
            .ok_or(NullReason::Overflow)
    }
}
