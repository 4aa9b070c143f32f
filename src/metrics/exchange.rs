//! Amounts of money in a reporting currency.
//!
//! Owns the day whose rate converts an amount, and the list of the rates that were missing. Each
//! amount is converted by itself and exactly; callers round what they show. Refuses to leave out
//! what cannot be converted: a sum that holds such an amount is null.

use crate::exact::times;
use crate::revenue::{FxDate, Rates, RevenuePolicy};
use crate::{NullReason, Policy, Ratio, UNDATED};
use domain::{Currency, Date, Month, Timestamp};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// A rate that was asked for and is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MissingRate {
    /// The currency of the amount.
    pub from: Currency,
    /// The day; `None` for amounts that no source dates.
    pub day: Option<Date>,
}

/// Conversion into one currency.
#[derive(Clone, Debug)]
pub struct Exchange<'a> {
    to: Currency,
    rates: &'a Rates,
    policy: &'a RevenuePolicy,
    tz: TimeZone,
    missing: BTreeSet<MissingRate>,
}

impl<'a> Exchange<'a> {
    /// Conversion into `to` by the rate-date choices of the policy.
    #[must_use]
    pub fn new(to: Currency, rates: &'a Rates, policy: &'a Policy) -> Self {
        let (policy, tz) = (&policy.revenue, policy.time_zone());
        Self { to, rates, policy, tz, missing: BTreeSet::new() }
    }

    /// The currency of the results.
    #[must_use]
    pub const fn target(&self) -> Currency {
        self.to
    }

    /// The rates that were missing so far.
    #[must_use]
    pub const fn missing(&self) -> &BTreeSet<MissingRate> {
        &self.missing
    }

    /// What minor units of a currency are worth in minor units of the target on the day of an
    /// instant: on the day itself, on the first of its month (`month_start`), or on the day of a
    /// fixed rate.
    ///
    /// # Errors
    /// [`NullReason::MissingRate`], which is noted; [`NullReason::Overflow`].
    pub fn at(
        &mut self,
        minor: Ratio,
        from: Currency,
        at: Option<Timestamp>,
    ) -> Result<Ratio, NullReason> {
        let day = at.map(|at| at.date_in(&self.tz));
        self.on(minor, from, day)
    }

    /// The same for a sum of a month: at the rate of its first day, or the fixed one. A sum does not
    /// say on which days its parts fell.
    ///
    /// # Errors
    /// As [`Exchange::at`].
    pub fn in_month(
        &mut self,
        minor: Ratio,
        from: Currency,
        month: Month,
    ) -> Result<Ratio, NullReason> {
        let day = (month != UNDATED).then(|| month.first_day()).flatten();
        self.on(minor, from, day)
    }

    fn on(&mut self, minor: Ratio, from: Currency, day: Option<Date>) -> Result<Ratio, NullReason> {
        // Nothing is worth nothing at any rate.
        if from == self.to || minor.is_zero() {
            return Ok(minor);
        }
        let day = match self.policy.fx_date {
            FxDate::Fixed => self.policy.fixed_day(),
            FxDate::MonthStart => day.map(Date::first_of_month),
            FxDate::ServicePeriodStart | FxDate::Transaction => day,
        };
        let rate = day.ok_or(NullReason::MissingRate);
        let rate = rate.and_then(|day| self.rates.minor_rate(from, self.to, day, self.policy));
        if rate == Err(NullReason::MissingRate) {
            self.missing.insert(MissingRate { from, day });
        }
        times(minor, rate?)
    }
}
