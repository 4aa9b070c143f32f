//! What company-wide numbers have in common: the span that is asked about, as known at one time, and
//! the facts behind them.
//!
//! Owns their bounds. Refuses an answer that is made of more records than the limit.

use crate::asked::Asked;
use crate::errors::Refusal;
use crate::holders::Holders;
use crate::known::KnownEpoch;
use crate::scalars::{DateTime, YearMonth};
use async_graphql::Result;
use domain::{CanonicalKind, CompanyFacts, Month, Timestamp};
use jiff::tz::TimeZone;
use metrics::kpi::Window;
use metrics::month_window;

/// What is asked about.
#[derive(Clone, Copy)]
pub(crate) struct Asking {
    pub from: Option<YearMonth>,
    pub to: Option<YearMonth>,
    pub as_of: Option<DateTime>,
    pub known_at: Option<DateTime>,
}

/// A span as known at a time.
pub(crate) struct Company {
    pub epoch: KnownEpoch,
    pub as_of: Timestamp,
    pub zone: TimeZone,
    pub window: Window,
    /// Whether the span goes on after `as_of`.
    pub partial: bool,
}

impl Company {
    pub(crate) async fn of(asked: &Asked, asking: Asking) -> Result<Self> {
        let epoch = asked.epoch(asking.known_at.map(|at| at.0)).await?;
        let as_of = asking.as_of.map_or(epoch.closed, |at| at.0);
        let zone = epoch.policy.time_zone();
        let (from, to) = (asking.from.map(|month| month.0), asking.to.map(|month| month.0));
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(Refusal::bad_input("'from' is after 'to'".to_owned()).into());
        }
        let whole = month_window(from, to, &zone);
        let mut company = Self {
            epoch,
            as_of,
            window: Window { from: as_of, until: as_of },
            zone,
            partial: false,
        };
        company.set(whole);
        Ok(company)
    }

    /// Asks about another span. What is later than `as_of` does not exist yet.
    pub(crate) fn set(&mut self, whole: Window) {
        let end = self.as_of.plus_millis(1);
        self.partial = whole.until > end && whole.until.as_millis() != i64::MAX;
        self.window = Window { from: whole.from, until: whole.until.min(end) };
    }

    /// The first month that has not ended at `as_of`.
    pub(crate) fn open_month(&self) -> Month {
        self.as_of.month_in(&self.zone)
    }

    /// All facts of some kinds up to `as_of`.
    pub(crate) async fn facts(
        &self,
        asked: &Asked,
        kinds: &[CanonicalKind],
    ) -> Result<CompanyFacts> {
        let most = asked.shared.limits.facts_max;
        let number = self.epoch.number;
        let found = asked.store.facts_known(&asked.scope, kinds, number, most).await?;
        let mut facts = found.ok_or_else(|| too_many(most))?;
        for list in facts.values_mut() {
            list.retain(|fact| fact.occurred_at.is_none_or(|at| at <= self.as_of));
        }
        Ok(facts)
    }

    /// All subscriptions with what they said before, up to `as_of`.
    pub(crate) async fn holders(&self, asked: &Asked) -> Result<Holders> {
        let most = asked.shared.limits.movements_max;
        let (store, scope, number) = (&asked.store, &asked.scope, self.epoch.number);
        let records = store.subscriptions_known(scope, number, most.saturating_add(1)).await?;
        if records.len() > most as usize {
            return Err(too_many(most).into());
        }
        let found = store.subscription_histories(scope, &records, number).await?;
        let histories = records.iter().filter_map(|id| Some((*id, found.get(id)?)));
        Ok(Holders::gather(histories, self.as_of))
    }
}

pub(crate) fn too_many(most: u32) -> Refusal {
    Refusal::bad_input(format!(
        "the answer is made of more than {most} records: raise 'limits.facts_max' (or \
         'limits.movements_max' for subscriptions) in the configuration"
    ))
}
