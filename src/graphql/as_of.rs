//! Rollups as of a moment: cells made again of the facts that had occurred by then.
//!
//! A cell as of a moment is what it would have been had the facts ended there: later payments, refunds,
//! tickets and expenses do not count, so cohort revenue and new customers are those of then; the stage
//! is that of then. Channel and segment are those that were told: they carry no dates. Owns the pages in
//! which contributors are read; refuses more of them than the limits allow.

use crate::asked::Asked;
use crate::errors::Refusal;
use crate::known::KnownEpoch;
use async_graphql::Result;
use domain::{ProfileFacts, Timestamp};
use metrics::{Cell, Component, Dims};
use std::collections::HashMap;
use store::read::Share;

/// Contributors whose facts are held at once.
const PAGE: usize = 500;

/// What a contributor shares as of a moment.
pub(crate) struct Contribution {
    /// The profile, or the spend record.
    pub id: i64,
    /// Its cells.
    pub cells: Vec<Cell>,
    /// Its facts up to the moment; `None` for an expense.
    pub facts: Option<ProfileFacts>,
}

/// The contributors known in an epoch, by id.
pub(crate) struct Contributors {
    ids: std::vec::IntoIter<i64>,
    as_of: Timestamp,
}

impl Contributors {
    /// All of them; those after one if it is given.
    pub(crate) async fn find(
        asked: &Asked,
        epoch: &KnownEpoch,
        as_of: Timestamp,
        after: Option<i64>,
    ) -> Result<Self> {
        let most = asked.shared.limits.as_of_max;
        let limit = most.saturating_add(1);
        let ids = asked.store.contributors_known(&asked.scope, epoch.number, after, limit).await?;
        if ids.len() > most as usize {
            return Err(Refusal::bad_input(format!(
                "'asOf' makes the cells again from the facts of more than {most} customers: ask \
                 without it, cut by 'from' and 'to', or raise 'limits.as_of_max' in the configuration"
            ))
            .into());
        }
        Ok(Self { ids: ids.into_iter(), as_of })
    }

    /// The next of them; none at the end.
    pub(crate) async fn next(
        &mut self,
        asked: &Asked,
        epoch: &KnownEpoch,
    ) -> Result<Vec<Contribution>> {
        let ids: Vec<i64> = self.ids.by_ref().take(PAGE).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let (store, scope) = (&asked.store, &asked.scope);
        let mut told: HashMap<i64, Vec<Share>> = HashMap::new();
        for share in store.shares_known(scope, &ids, epoch.number).await? {
            told.entry(share.contributor).or_default().push(share);
        }
        let spent = |id: &i64| {
            told.get(id).is_some_and(|shares| {
                shares.iter().any(|share| share.cell.component == Component::Spend.as_str())
            })
        };
        let (expenses, profiles): (Vec<i64>, Vec<i64>) = ids.iter().copied().partition(spent);
        let spends = store.spends_known(scope, &expenses, epoch.number).await?;
        let mut known = store.profiles_known(scope, &profiles, epoch.number).await?;
        let today = self.as_of.date_in(&epoch.policy.time_zone());
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            if let Some(spend) = spends.get(&id) {
                let begun = spend.day <= today;
                let cells = metrics::spend_cells(domain::RecordId(id), spend);
                let cells = if begun { cells } else { Vec::new() };
                found.push(Contribution { id, cells, facts: None });
            } else if let Some(Ok(facts)) = known.remove(&id) {
                let facts = metrics::facts_until(facts, self.as_of);
                let shares = told.get(&id).map_or(&[][..], Vec::as_slice);
                let dims = dims(shares, &facts, epoch, self.as_of);
                let cells = metrics::cells(&facts, &dims, &epoch.policy);
                found.push(Contribution { id, cells, facts: Some(facts) });
            }
        }
        Ok(found)
    }
}

/// The dimensions of a profile: channel and segment as told, the stage of the moment.
fn dims(shares: &[Share], facts: &ProfileFacts, epoch: &KnownEpoch, as_of: Timestamp) -> Dims {
    let told = shares.first().map(|share| &share.cell);
    Dims {
        segment: told.and_then(|cell| cell.segment.clone()).unwrap_or_default(),
        channel: told.and_then(|cell| cell.channel.clone()),
        stage: lifecycle::derive(facts, &epoch.rules, as_of).stage,
    }
}
