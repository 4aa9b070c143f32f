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
use domain::{ProfileFacts, RecordId, Timestamp};
use metrics::revenue::{KnownSubscription, owned_subscriptions, recurring_cells};
use metrics::{Cell, Component, Dims};
use std::collections::HashMap;
use store::read::{Share, SubscriptionVersions};

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
    /// Its subscriptions, as they were at the moment.
    pub subscriptions: Vec<KnownSubscription>,
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
        let versions = versions(asked, epoch, known.values().flatten()).await?;
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            if let Some(spend) = spends.get(&id) {
                let begun = spend.day <= today;
                let cells = metrics::spend_cells(RecordId(id), spend);
                let cells = if begun { cells } else { Vec::new() };
                found.push(Contribution { id, cells, facts: None, subscriptions: Vec::new() });
            } else if let Some(Ok(facts)) = known.remove(&id) {
                let facts = metrics::facts_until(facts, self.as_of);
                let shares = told.get(&id).map_or(&[][..], Vec::as_slice);
                let dims = dims(shares, &facts, epoch, self.as_of);
                let subscriptions = subscriptions(&facts, &versions, Some(self.as_of));
                let mut cells = metrics::cells(&facts, &dims, &epoch.policy);
                cells.extend(recurring_cells(&subscriptions, &dims, &epoch.policy));
                found.push(Contribution { id, cells, facts: Some(facts), subscriptions });
            }
        }
        Ok(found)
    }
}

/// What the subscriptions of customers say and said, as known in an epoch.
pub(crate) async fn versions(
    asked: &Asked,
    epoch: &KnownEpoch,
    customers: impl Iterator<Item = &ProfileFacts>,
) -> Result<HashMap<i64, SubscriptionVersions>> {
    let records: Vec<i64> = customers.flat_map(owned_subscriptions).map(|one| one.0).collect();
    Ok(asked.store.subscription_versions_known(&asked.scope, &records, epoch.number).await?)
}

/// A customer's subscriptions; with `as_of` only what had happened by then.
pub(crate) fn subscriptions(
    facts: &ProfileFacts,
    versions: &HashMap<i64, SubscriptionVersions>,
    as_of: Option<Timestamp>,
) -> Vec<KnownSubscription> {
    let of =
        |record: RecordId| Some(KnownSubscription::of(record, versions.get(&record.0)?, as_of));
    owned_subscriptions(facts).filter_map(of).collect()
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
