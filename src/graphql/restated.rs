//! What a rollup cell is made of, and what was restated between two times, with the reasons.
//!
//! Owns the naming of causes, from the facts of both times. Refuses to define what counts: a fact's
//! amount in a cell is what `metrics` makes of that fact alone.

use crate::as_of::{self, Contributors};
use crate::asked::{Asked, asked};
use crate::connection::{Page, connection, cursor, place};
use crate::customer::{self, Customer};
use crate::enums::{RestatementCause, RollupComponent, Stage};
use crate::known::KnownEpoch;
use crate::rollups;
use crate::scalars::{CurrencyCode, DateTime, Decimal, YearMonth};
use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use domain::{Area, Canonical, Fact, Money, ProfileFacts, ProfileId, RecordId, Timestamp};
use metrics::revenue::{KnownSubscription, recurring_cells};
use metrics::{Cell, CellKey, Component, Dims, Policy, UNDATED};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use store::read::{Absence, RecordFates, RollupCell, RollupRange, Share};

/// A cell: what is added up, and where.
#[derive(InputObject)]
pub(crate) struct RollupCellKey {
    /// What is added up.
    component: RollupComponent,
    /// The month; null for what no source dates.
    month: Option<YearMonth>,
    /// The channel; null for none.
    channel: Option<String>,
    /// The segment; null for none.
    segment: Option<String>,
    /// The stage; null for none.
    stage: Option<Stage>,
    /// The currency; null for tickets.
    currency: Option<CurrencyCode>,
}

impl From<RollupCellKey> for CellKey {
    fn from(key: RollupCellKey) -> Self {
        Self {
            component: key.component.into(),
            month: key.month.map_or(UNDATED, |month| month.0),
            channel: key.channel,
            segment: key.segment,
            stage: key.stage.map(Into::into),
            currency: key.currency.map(|code| code.0),
        }
    }
}

/// A value of a cell: an amount in the currency's major unit, or a count.
fn value(key: &CellKey, value: i128) -> Decimal {
    let money = !key.component.is_count();
    let minor = i64::try_from(value).ok();
    Decimal(match (key.currency.filter(|_| money), minor) {
        (Some(currency), Some(minor)) => Money::from_minor(minor, currency).to_major_string(),
        _ => value.to_string(),
    })
}

/// A cell whose value changed. Amounts are in the major unit of its currency.
#[derive(SimpleObject)]
pub(crate) struct CellChange {
    /// What is added up.
    component: RollupComponent,
    /// The month; null for what no source dates.
    month: Option<YearMonth>,
    /// The channel; null for none.
    channel: Option<String>,
    /// The segment; null for none.
    segment: Option<String>,
    /// The stage; null for none.
    stage: Option<Stage>,
    /// The currency; null for tickets.
    currency: Option<CurrencyCode>,
    /// Its value as known at the earlier time.
    before: Decimal,
    /// Its value as known at the later time.
    after: Decimal,
    /// The later less the earlier one.
    difference: Decimal,
}

/// The cells of two times, as changes in the order of their keys; equal ones left out.
fn changes(before: Vec<Cell>, after: Vec<Cell>) -> Vec<(CellKey, CellChange)> {
    let mut cells: BTreeMap<CellKey, (i128, i128)> = BTreeMap::new();
    for cell in before {
        cells.entry(cell.key).or_default().0 += i128::from(cell.value);
    }
    for cell in after {
        cells.entry(cell.key).or_default().1 += i128::from(cell.value);
    }
    let changed = cells.into_iter().filter(|(_, (before, after))| before != after);
    changed
        .map(|(key, (before, after))| {
            let change = CellChange {
                component: key.component.into(),
                month: Some(key.month).filter(|month| *month != UNDATED).map(YearMonth),
                channel: key.channel.clone(),
                segment: key.segment.clone(),
                stage: key.stage.map(Into::into),
                currency: key.currency.map(CurrencyCode),
                before: value(&key, before),
                after: value(&key, after),
                difference: value(&key, after - before),
            };
            (key, change)
        })
        .collect()
}

connection!(
    /// Cells that were restated, in the order of component, month, channel, segment, stage and
    /// currency.
    CellChangeConnection, CellChangeEdge, CellChange
);

/// A customer, or an expense, whose share of a rollup was restated.
pub(crate) struct RestatedContributor {
    id: i64,
    is_customer: bool,
    causes: BTreeSet<RestatementCause>,
    records: BTreeSet<RecordId>,
    changes: Vec<CellChange>,
}

/// A customer, or an expense, whose share of a rollup was restated.
#[Object]
impl RestatedContributor {
    /// The id of the customer, as it was at one of the two times at least; null for an expense.
    async fn customer_id(&self) -> Option<ID> {
        self.is_customer.then(|| ID(ProfileId(self.id).to_string()))
    }

    /// The customer that it is now; null for an expense, and if it is gone.
    async fn customer(&self, ctx: &Context<'_>) -> Option<Result<Customer>> {
        let id = self.is_customer.then_some(ProfileId(self.id));
        customer::by_id(ctx, id).await.transpose()
    }

    /// Why.
    async fn causes(&self) -> Vec<RestatementCause> {
        self.causes.iter().copied().collect()
    }

    /// The records that came, changed or went.
    async fn records(&self) -> Vec<ID> {
        self.records.iter().map(|id| ID(id.to_string())).collect()
    }

    /// What its shares were and are.
    async fn changes(&self) -> &[CellChange] {
        &self.changes
    }
}

connection!(
    /// Customers and expenses whose shares were restated, by id.
    RestatedContributorConnection, RestatedContributorEdge, RestatedContributor
);

/// What became another answer between two times at which it was known.
pub(crate) struct Restatement {
    before: KnownEpoch,
    after: KnownEpoch,
    range: RollupRange,
}

/// What became another answer between two times at which it was known.
#[Object]
impl Restatement {
    /// The earlier time: that of the last derivation finished by then.
    async fn before(&self) -> DateTime {
        DateTime(self.before.closed)
    }

    /// The later time, likewise.
    async fn after(&self) -> DateTime {
        DateTime(self.after.closed)
    }

    /// The metric policy at the later time.
    async fn policy(&self) -> String {
        self.after.policy.label()
    }

    /// The cells whose value changed.
    async fn cells(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list to go on behind.")] after: Option<String>,
    ) -> Result<CellChangeConnection> {
        let asked = asked(ctx)?;
        let first = asked.size("first", first)?;
        let after: Option<usize> = after.map(|text| place("after", "cells", &text)).transpose()?;
        let before = self.cells_of(asked, &self.before).await?;
        let changed = changes(before, self.cells_of(asked, &self.after).await?);
        let from = after.map_or(0, |place| place.saturating_add(1));
        let rows = changed.into_iter().enumerate().skip(from).take(first as usize + 1);
        let rows = rows.map(|(place, (_, change))| (cursor("cells", &place), change));
        Ok(Page::forward(rows, first, after.is_some()).into())
    }

    /// Whose shares changed, and why. Needs the area `customer_numbers`.
    async fn contributors(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list to go on behind.")] after: Option<String>,
    ) -> Result<RestatedContributorConnection> {
        let asked = asked(ctx)?;
        asked.see(Area::CustomerNumbers)?;
        let first = asked.size("first", first)?;
        let after: Option<i64> = after.map(|text| place("after", "restated", &text)).transpose()?;
        let epochs = (self.before.number, self.after.number);
        let (store, scope) = (&asked.store, &asked.scope);
        let ids = store.changed_contributors(scope, epochs, after, first + 1).await?;
        let rows = self.restated(asked, &ids).await?;
        let rows = rows.into_iter().map(|row| (cursor("restated", &row.id), row));
        Ok(Page::forward(rows, first, after.is_some()).into())
    }
}

type Known = HashMap<i64, Result<ProfileFacts, Absence>>;

impl Restatement {
    async fn cells_of(&self, asked: &Asked, epoch: &KnownEpoch) -> Result<Vec<Cell>> {
        let range = RollupRange { epoch: Some(epoch.number), ..self.range.clone() };
        rollups::cells(asked.store.rollup_cells(&asked.scope, &range).await?)
    }

    async fn restated(&self, asked: &Asked, ids: &[i64]) -> Result<Vec<RestatedContributor>> {
        let (store, scope) = (&asked.store, &asked.scope);
        let (from, to) = (self.before.number, self.after.number);
        let mut shares = [
            by_contributor(store.shares_known(scope, ids, from).await?),
            by_contributor(store.shares_known(scope, ids, to).await?),
        ];
        let known = [
            store.profiles_known(scope, ids, from).await?,
            store.profiles_known(scope, ids, to).await?,
        ];
        let spends = [
            store.spends_known(scope, ids, from).await?,
            store.spends_known(scope, ids, to).await?,
        ];
        let records: BTreeSet<i64> = known
            .iter()
            .flat_map(HashMap::values)
            .flatten()
            .flat_map(|profile| profile.facts.iter().map(|fact| fact.record.0))
            .chain(ids.iter().copied())
            .collect();
        let records: Vec<i64> = records.into_iter().collect();
        let fates = store.record_fates(scope, &records, (from, to)).await?;
        let mut rows = Vec::with_capacity(ids.len());
        for id in ids {
            let mut of = |at: usize| shares.get_mut(at).and_then(|s| s.remove(id));
            let (before, after) = (of(0).unwrap_or_default(), of(1).unwrap_or_default());
            let is_spend = spends.iter().any(|all| all.contains_key(id));
            let (causes, changed) = if is_spend {
                spend_causes(*id, &spends.each_ref().map(|all| all.contains_key(id)), &fates)
            } else {
                causes(*id, &known, &fates)
            };
            rows.push(RestatedContributor {
                id: *id,
                is_customer: !is_spend,
                causes,
                records: changed,
                changes: changes(rollups::cells(before)?, rollups::cells(after)?)
                    .into_iter()
                    .map(|(_, change)| change)
                    .collect(),
            });
        }
        Ok(rows)
    }
}

fn by_contributor(shares: Vec<Share>) -> HashMap<i64, Vec<RollupCell>> {
    let mut of: HashMap<i64, Vec<RollupCell>> = HashMap::new();
    for share in shares {
        of.entry(share.contributor).or_default().push(share.cell);
    }
    of
}

type Causes = (BTreeSet<RestatementCause>, BTreeSet<RecordId>);

fn spend_causes(id: i64, known: &[bool; 2], fates: &RecordFates) -> Causes {
    let record = RecordId(id);
    let cause = match known {
        [false, true] if !fates.old.contains(&record) => RestatementCause::LateRecord,
        [true, false] => RestatementCause::Deletion,
        _ => RestatementCause::Correction,
    };
    (BTreeSet::from([cause]), BTreeSet::from([record]))
}

/// What happened to a customer, by comparing what was known of it.
fn causes(id: i64, [before, after]: &[Known; 2], fates: &RecordFates) -> Causes {
    let facts = |known: &Known| match known.get(&id) {
        Some(Ok(profile)) => Some(profile.clone()),
        _ => None,
    };
    let (before, after) = (facts(before), facts(after));
    let by_record = |profile: &Option<ProfileFacts>| -> BTreeMap<RecordId, Vec<Fact>> {
        let mut of: BTreeMap<RecordId, Vec<Fact>> = BTreeMap::new();
        for fact in profile.iter().flat_map(|profile| &profile.facts) {
            of.entry(fact.record).or_default().push(fact.clone());
        }
        of
    };
    let (had, has) = (by_record(&before), by_record(&after));
    let mut causes = BTreeSet::new();
    let mut records = BTreeSet::new();
    let member = |facts: &[Fact]| {
        facts.iter().any(|f| matches!(f.body, Canonical::Contact(_) | Canonical::Company(_)))
    };
    for (record, facts) in &has {
        let cause = match had.get(record) {
            Some(same) if same == facts => continue,
            Some(other) => {
                let content = |facts: &[Fact]| -> Vec<_> {
                    facts.iter().map(|f| (f.occurred_at, f.body.clone())).collect()
                };
                if content(other) == content(facts) {
                    // It counts for another one now: who is a company changed, or whose it is.
                    RestatementCause::Ownership
                } else {
                    RestatementCause::Correction
                }
            }
            None if !fates.old.contains(record) => RestatementCause::LateRecord,
            // Known before, elsewhere: with its person's record, or it names another one now.
            None if member(facts) && before.is_none() => RestatementCause::Split,
            None if member(facts) => RestatementCause::Merge,
            None => continue,
        };
        causes.insert(cause);
        records.insert(*record);
    }
    for (record, facts) in had.iter().filter(|(record, _)| !has.contains_key(record)) {
        let cause = match after {
            _ if fates.gone.contains(record) => RestatementCause::Deletion,
            None if member(facts) => RestatementCause::Merge,
            Some(_) if member(facts) => RestatementCause::Split,
            _ => continue,
        };
        causes.insert(cause);
        records.insert(*record);
    }
    let overrides = |profile: &Option<ProfileFacts>| {
        profile.as_ref().map_or(0, |profile| profile.overrides.len())
    };
    if overrides(&before) != overrides(&after) && before.is_some() && after.is_some() {
        causes.insert(RestatementCause::Override);
    }
    if causes.is_empty() {
        // Facts that moved alone were linked anew; with none moved, time or rules moved the
        // customer to another stage, segment or channel.
        let moved = had.keys().ne(has.keys());
        causes.insert(if moved {
            RestatementCause::Correction
        } else {
            RestatementCause::Reclassification
        });
    }
    (causes, records)
}

/// What was restated between two times.
pub(crate) async fn compare_known_at(
    ctx: &Context<'_>,
    before: DateTime,
    after: DateTime,
    from: Option<YearMonth>,
    to: Option<YearMonth>,
) -> Result<Restatement> {
    let asked = asked(ctx)?;
    asked.see(Area::Rollups)?;
    if before.0 > after.0 {
        return Err(crate::errors::Refusal::bad_input(
            "'before' must not be later than 'after': swap the two",
        )
        .into());
    }
    let number = |month: YearMonth| i64::from(month.0.0);
    let range =
        RollupRange { from: from.map(number), to: to.map(number), ..RollupRange::default() };
    let (before, after) = (asked.epoch(Some(before.0)).await?, asked.epoch(Some(after.0)).await?);
    Ok(Restatement { before, after, range })
}

/// A record behind a number.
#[derive(SimpleObject)]
pub(crate) struct CellRecord {
    /// The record.
    record: ID,
    /// When it happened, if a source says so.
    occurred_at: Option<DateTime>,
    /// What it brings: an amount in the cell's currency, refunds below zero in cohort revenue; 1
    /// for a ticket and where subscriptions are counted. Of a movement: by how much its own MRR changed
    /// in the month, below zero if it fell; a customer's movement is what all of them make together.
    amount: Decimal,
}

/// A customer, or an expense, with its share of a cell.
pub(crate) struct CellContributor {
    id: i64,
    is_customer: bool,
    share: Decimal,
    records: Vec<CellRecord>,
}

/// A customer, or an expense, with its share of a cell.
#[Object]
impl CellContributor {
    /// The id of the customer, as it was then; null for an expense.
    async fn customer_id(&self) -> Option<ID> {
        self.is_customer.then(|| ID(ProfileId(self.id).to_string()))
    }

    /// The customer that it is now; null for an expense, and if it is gone.
    async fn customer(&self, ctx: &Context<'_>) -> Option<Result<Customer>> {
        let id = self.is_customer.then_some(ProfileId(self.id));
        customer::by_id(ctx, id).await.transpose()
    }

    /// Its share of the cell's value.
    async fn share(&self) -> &Decimal {
        &self.share
    }

    /// The records that it is made of, as known then. For new customers: all payments and refunds,
    /// of which the first one not given back in full decides. For recurring revenue: the subscriptions
    /// that changed in the month.
    async fn records(&self) -> &[CellRecord] {
        &self.records
    }
}

connection!(
    /// The contributors of a cell, by id; their shares add up to its value.
    CellContributorConnection, CellContributorEdge, CellContributor
);

/// Dimensions that do not matter.
fn nobody() -> Dims {
    Dims { segment: String::new(), channel: None, stage: domain::Stage::Awareness }
}

/// What a fact alone brings to a cell.
fn brings(profile: &ProfileFacts, fact: &Fact, key: &CellKey, policy: &Policy) -> Option<i128> {
    let alone = ProfileFacts {
        facts: vec![fact.clone()],
        overrides: Vec::new(),
        sources: BTreeSet::new(),
        ..*profile
    };
    let cells = metrics::cells(&alone, &nobody(), policy);
    let cohort = matches!(key.component, Component::NewCustomers | Component::CohortRevenue);
    let fits = |cell: &&Cell| match cell.key.component {
        Component::GrossPayments | Component::Refunds if cohort => true,
        _ if cohort => false,
        component => component == key.component && cell.key.month == key.month,
    };
    let cell = cells.iter().filter(|cell| cell.key.currency == key.currency).find(fits)?;
    let value = i128::from(cell.value);
    Some(if cohort && cell.key.component == Component::Refunds { -value } else { value })
}

/// The contributors of a cell and the records behind them.
pub(crate) async fn explain(
    ctx: &Context<'_>,
    cell: RollupCellKey,
    (as_of, known_at): (Option<DateTime>, Option<DateTime>),
    first: Option<i32>,
    after: Option<String>,
) -> Result<CellContributorConnection> {
    let asked = asked(ctx)?;
    asked.see(Area::Rollups)?;
    asked.see(Area::CustomerNumbers)?;
    let first = asked.size("first", first)?;
    let after: Option<i64> = after.map(|text| place("after", "shares", &text)).transpose()?;
    let epoch = asked.epoch(known_at.map(|at| at.0)).await?;
    let key = CellKey::from(cell);
    if let Some(as_of) = as_of {
        let rows = explained_as_of(asked, &epoch, &key, as_of.0, (after, first)).await?;
        let rows = rows.into_iter().map(|row| (cursor("shares", &row.id), row));
        return Ok(Page::forward(rows, first, after.is_some()).into());
    }
    let stored = rollups::stored(&key);
    let (store, scope) = (&asked.store, &asked.scope);
    let shares = store.cell_shares(scope, &stored, epoch.number, after, first + 1).await?;
    let ids: Vec<i64> = shares.iter().map(|share| share.contributor).collect();
    let is_spend = key.component == Component::Spend;
    let known = if is_spend || ids.is_empty() {
        HashMap::new()
    } else {
        store.profiles_known(scope, &ids, epoch.number).await?
    };
    let versions = match key.component.is_recurring() {
        true => as_of::versions(asked, &epoch, known.values().flatten()).await?,
        false => HashMap::new(),
    };
    let rows = shares.into_iter().map(|share| {
        let amount = value(&key, i128::from(share.cell.value));
        let records = match known.get(&share.contributor) {
            Some(Ok(profile)) => {
                let subscriptions = as_of::subscriptions(profile, &versions, None);
                records(profile, &subscriptions, &key, &epoch.policy)
            }
            _ if is_spend => vec![CellRecord {
                record: ID(RecordId(share.contributor).to_string()),
                occurred_at: None,
                amount: amount.clone(),
            }],
            _ => Vec::new(),
        };
        let row = CellContributor {
            id: share.contributor,
            is_customer: !is_spend,
            share: amount,
            records,
        };
        (cursor("shares", &row.id), row)
    });
    Ok(Page::forward(rows, first, after.is_some()).into())
}

/// The contributors of a cell made again as of a moment: those after `after`, one more than `first`.
async fn explained_as_of(
    asked: &Asked,
    epoch: &KnownEpoch,
    key: &CellKey,
    as_of: Timestamp,
    (after, first): (Option<i64>, u32),
) -> Result<Vec<CellContributor>> {
    let mut contributors = Contributors::find(asked, epoch, as_of, after).await?;
    let mut found = Vec::new();
    loop {
        let page = contributors.next(asked, epoch).await?;
        if page.is_empty() {
            return Ok(found);
        }
        for one in page {
            let Some(cell) = one.cells.iter().find(|cell| cell.key == *key) else { continue };
            let share = value(key, i128::from(cell.value));
            let records = match &one.facts {
                Some(facts) => records(facts, &one.subscriptions, key, &epoch.policy),
                None => vec![CellRecord {
                    record: ID(RecordId(one.id).to_string()),
                    occurred_at: None,
                    amount: share.clone(),
                }],
            };
            let is_customer = one.facts.is_some();
            found.push(CellContributor { id: one.id, is_customer, share, records });
            if found.len() > first as usize {
                return Ok(found);
            }
        }
    }
}

/// What a subscription alone brings to a cell of recurring revenue: by how much its own MRR changed in
/// the month, or 1 where subscriptions are counted.
fn moves(one: &KnownSubscription, key: &CellKey, policy: &Policy) -> Option<i128> {
    let cells = recurring_cells(std::slice::from_ref(one), &nobody(), policy);
    let assumed = matches!(key.component, Component::AssumedFrom | Component::AssumedUntil);
    let here = |cell: &&Cell| {
        (cell.key.month, cell.key.currency) == (key.month, key.currency)
            && if assumed {
                cell.key.component == key.component
            } else {
                !cell.key.component.is_count()
            }
    };
    let signed = |cell: &Cell| match cell.key.component {
        Component::MrrContraction | Component::MrrChurn => -i128::from(cell.value),
        _ => i128::from(cell.value),
    };
    let sum: i128 = cells.iter().filter(here).map(signed).sum();
    (sum != 0).then_some(sum)
}

fn records(
    profile: &ProfileFacts,
    subscriptions: &[KnownSubscription],
    key: &CellKey,
    policy: &Policy,
) -> Vec<CellRecord> {
    let money = CellKey { component: Component::GrossPayments, ..key.clone() };
    let mut found: Vec<(Option<Timestamp>, RecordId, i128)> = if key.component.is_recurring() {
        let when: HashMap<RecordId, Option<Timestamp>> =
            profile.facts.iter().map(|fact| (fact.record, fact.occurred_at)).collect();
        let at = |record| when.get(&record).copied().flatten();
        let moved =
            |one: &KnownSubscription| Some((at(one.record), one.record, moves(one, key, policy)?));
        subscriptions.iter().filter_map(moved).collect()
    } else {
        let brought = |f: &Fact| Some((f.occurred_at, f.record, brings(profile, f, key, policy)?));
        profile.facts.iter().filter_map(brought).collect()
    };
    found.sort_by_key(|(at, record, _)| (at.is_none(), *at, *record));
    let of = |key: &CellKey, amount| match key.component {
        // The records of a count of customers are amounts.
        Component::NewCustomers
        | Component::SubscribersNew
        | Component::SubscribersReactivated
        | Component::SubscribersChurned => value(&money, amount),
        _ => value(key, amount),
    };
    let row = |(at, record, amount): (Option<Timestamp>, RecordId, i128)| CellRecord {
        record: ID(record.to_string()),
        occurred_at: at.map(DateTime),
        amount: of(key, amount),
    };
    found.into_iter().map(row).collect()
}
