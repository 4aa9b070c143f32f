//! Movements of recurring revenue: over all customers and of one.
//!
//! Owns how stored subscriptions become rows: versions of records with their times, a ledger per
//! customer, one book. Refuses what the store cannot support: where a subscription was first seen after
//! it began, what would have changed before is null, not 0, and so is an amount without a rate that
//! was to be converted.

use crate::asked::{Asked, asked};
use crate::enums::{MovementGrain, MovementPolicy, NullReason};
use crate::errors::Refusal;
use crate::holders::Holders;
use crate::known::{KnownEpoch, then};
use crate::loaders::VersionsKnownOf;
use crate::rates::{self, MissingRate};
use crate::rollups::{DecimalMeasure, decimal};
use crate::scalars::{CurrencyCode, DateTime, YearMonth, int};
use async_graphql::{Context, Object, Result, SimpleObject};
use domain::{Area, Canonical, Currency, Money, Timestamp};
use futures_util::future::join_all;
use metrics::revenue::{
    Book, Conversion, PERIODS_MAX, Question, RevenuePolicy, RevenueRow, Slicing, Stretch, extent,
    ledger, periods,
};
use metrics::{Measured, NullReason as Reason, Ratio};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::read::SubscriptionHistory;

/// How movements are asked for.
pub(crate) struct Wanted {
    pub by: MovementGrain,
    pub from: Option<YearMonth>,
    pub to: Option<YearMonth>,
    pub currency: Option<CurrencyCode>,
    pub convert_to: Option<CurrencyCode>,
    pub policy: Option<MovementPolicy>,
    pub as_of: Option<DateTime>,
    pub known_at: Option<DateTime>,
}

/// Customers counted in a period.
#[derive(SimpleObject)]
pub(crate) struct MovementCounts {
    /// At the start.
    start: i32,
    /// Became customers.
    new: i32,
    /// Returned.
    reactivated: i32,
    /// Pay more.
    expanded: i32,
    /// Pay less.
    contracted: i32,
    /// Left.
    churned: i32,
    /// Left by their own decision.
    churned_voluntary: i32,
    /// Left by failed payments.
    churned_involuntary: i32,
    /// Left, reason unknown.
    churned_unknown: i32,
    /// At the end.
    end: i32,
}

/// Recurring revenue of a period in one currency, in amounts per month:
/// `start + new + reactivation + expansion - contraction - churn + fx = end`.
pub(crate) struct RevenueMovement {
    row: RevenueRow,
    assumed: i64,
}

/// Recurring revenue of a period in one currency, in amounts per month:
/// `start + new + reactivation + expansion - contraction - churn + fx = end`.
#[Object]
impl RevenueMovement {
    /// `2026-03`, `2026-Q1` or `2026`.
    async fn period(&self) -> &str {
        &self.row.period.name
    }

    /// Its first instant, in the time zone of the metric policy.
    async fn period_start(&self) -> DateTime {
        DateTime(self.row.period.start)
    }

    /// The first instant after it.
    async fn period_end(&self) -> DateTime {
        DateTime(self.row.period.end)
    }

    /// Whether it was not over when this was known.
    async fn partial(&self) -> bool {
        self.row.partial
    }

    /// The currency of every amount of the row: the one that customers pay in, or that of
    /// `convertTo`.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.row.currency)
    }

    /// Subscriptions that began before we saw them first and ran in this period: what they cost
    /// then is taken to be what they cost when first seen. Where there are any, `expansion`,
    /// `contraction`, `nrr` and `grr` are unknown.
    async fn assumed_subscriptions(&self) -> i32 {
        int(self.assumed)
    }

    /// At the start of the period.
    async fn start(&self) -> DecimalMeasure {
        self.amount(&self.row.start)
    }

    /// Of customers who pay for the first time.
    async fn new(&self) -> DecimalMeasure {
        self.amount(&self.row.new)
    }

    /// Of customers who had left.
    async fn reactivation(&self) -> DecimalMeasure {
        self.amount(&self.row.reactivation)
    }

    /// More from customers who stayed.
    async fn expansion(&self) -> DecimalMeasure {
        self.seen(&self.row.expansion, |row| self.amount(row))
    }

    /// Less from customers who stayed; positive.
    async fn contraction(&self) -> DecimalMeasure {
        self.seen(&self.row.contraction, |row| self.amount(row))
    }

    /// Lost with customers who left; positive.
    async fn churn(&self) -> DecimalMeasure {
        self.amount(&self.row.churn)
    }

    /// Of that, by their own decision.
    async fn churn_voluntary(&self) -> DecimalMeasure {
        self.amount(&self.row.churn_voluntary)
    }

    /// Of that, by failed payments.
    async fn churn_involuntary(&self) -> DecimalMeasure {
        self.amount(&self.row.churn_involuntary)
    }

    /// Of that, reason unknown.
    async fn churn_unknown(&self) -> DecimalMeasure {
        self.amount(&self.row.churn_unknown)
    }

    /// What exchange rates changed; nothing unless amounts are converted.
    async fn fx(&self) -> DecimalMeasure {
        self.amount(&self.row.fx)
    }

    /// At the end of the period.
    async fn end(&self) -> DecimalMeasure {
        self.amount(&self.row.end)
    }

    /// Customers.
    async fn customers(&self) -> MovementCounts {
        let counts = &self.row.customers;
        MovementCounts {
            start: int(counts.start),
            new: int(counts.new),
            reactivated: int(counts.reactivated),
            expanded: int(counts.expanded),
            contracted: int(counts.contracted),
            churned: int(counts.churned()),
            churned_voluntary: int(counts.churned_voluntary),
            churned_involuntary: int(counts.churned_involuntary),
            churned_unknown: int(counts.churned_unknown),
            end: int(counts.end),
        }
    }

    /// Net revenue retention: what the customers at the start pay at the end, over what they paid.
    async fn nrr(&self) -> DecimalMeasure {
        self.seen(&self.row.nrr, share)
    }

    /// Gross revenue retention: the same, nobody counted with more than at the start.
    async fn grr(&self) -> DecimalMeasure {
        self.seen(&self.row.grr, share)
    }
}

fn share(measured: &Measured<Ratio>) -> DecimalMeasure {
    let shown = match measured.value.map(|ratio| ratio.to_decimal(6)) {
        Some(text) => text.ok_or(Reason::Overflow).into(),
        None => Measured { value: None, null_reason: measured.null_reason },
    };
    decimal(&shown, String::clone)
}

impl RevenueMovement {
    fn amount(&self, minor: &Measured<i64>) -> DecimalMeasure {
        decimal(minor, |minor| Money::from_minor(*minor, self.row.currency).to_major_string())
    }

    /// What needs every change of the period to have been seen.
    fn seen<T>(
        &self,
        measured: &Measured<T>,
        show: impl Fn(&Measured<T>) -> DecimalMeasure,
    ) -> DecimalMeasure {
        if self.assumed > 0 { show(&Measured::none(Reason::NoData)) } else { show(measured) }
    }
}

/// Movements of recurring revenue.
#[derive(SimpleObject)]
pub(crate) struct RevenueMovements {
    /// By currency and period; empty when no subscription was known, or with a reason.
    rows: Vec<RevenueMovement>,
    /// Why there are no rows.
    null_reason: Option<NullReason>,
    /// The policy of recurring revenue, name and version.
    policy: String,
    /// The time zone in which periods begin.
    time_zone: String,
    /// The moment as of which it holds.
    as_of: DateTime,
    /// When this was known: asked for again with both times and the same policy, the answer is the same.
    known_at: DateTime,
    /// Subscriptions that the rows are made of.
    subscriptions: i32,
    /// Subscriptions left out: nothing tells when they began, or to whom they belong.
    left_out: i32,
    /// Exchange rates that were needed and are not known: why amounts are null with `MISSING_RATE`.
    /// The first ones by currency and day, up to the limit of lists.
    missing_rates: Vec<MissingRate>,
}

/// Rows of subscriptions, by their records.
async fn movements<'a>(
    asked: &Asked,
    histories: impl IntoIterator<Item = (i64, &'a SubscriptionHistory)>,
    epoch: &KnownEpoch,
    wanted: &Wanted,
) -> Result<RevenueMovements> {
    let rates = match wanted.convert_to {
        Some(_) => asked.rates(epoch.number).await?,
        None => Arc::default(),
    };
    let conversion = wanted.convert_to.map(|to| Conversion { target: to.0, rates: &rates });
    let mut missing: BTreeSet<metrics::MissingRate> = BTreeSet::new();
    let named = wanted.policy.map(|preset| RevenuePolicy::preset(preset.name()));
    let named = match named {
        Some(None) => return Err(Refusal::bad_input("'policy' names no preset".to_owned()).into()),
        Some(Some(preset)) => Some(preset),
        None => None,
    };
    let policy = named.as_ref().unwrap_or(&epoch.policy.revenue);
    let tz = epoch.policy.time_zone();
    let as_of = wanted.as_of.map_or(epoch.closed, |at| at.0);
    let Holders { of: mut holders, subscriptions, left_out } = Holders::gather(histories, as_of);
    if let Some(to) = conversion {
        for holder in holders.values_mut() {
            if let Some(only) = wanted.currency {
                holder.items.retain(|item| item.currency == only.0);
                holder.assumed.retain(|(currency, _)| *currency == only.0);
            }
            holder.assumed.iter_mut().for_each(|(currency, _)| *currency = to.target);
        }
    }
    let first = holders.values().filter_map(|one| extent(&one.items, policy, &tz));
    let first = first.map(|extent| extent.from).min();
    let mut rows = Vec::new();
    if let Some(first) = first {
        let until = as_of.plus_millis(1);
        let list = periods(wanted.by.grain(), &tz, first, until).ok_or_else(|| {
            Refusal::bad_input(format!("more than {PERIODS_MAX} periods: ask by longer ones"))
        })?;
        let question = Question { policy, tz: &tz, periods: &list, conversion };
        let mut book = Book::new(&question, Slicing::Whole);
        for holder in holders.values() {
            let ledger = ledger(&holder.items, &question);
            book.add(&ledger, None);
            missing.extend(ledger.missing_rates);
        }
        for row in book.rows((Timestamp::from_millis(i64::MIN), as_of)) {
            let month = |at: Timestamp| at.date_in(&tz).month();
            let last = month(row.period.end.plus_millis(-1));
            if wanted.from.is_some_and(|from| last < from.0)
                || wanted.to.is_some_and(|to| month(row.period.start) > to.0)
                || (conversion.is_none()
                    && wanted.currency.is_some_and(|code| code.0 != row.currency))
            {
                continue;
            }
            let concerns = |(currency, stretch): &&(Currency, Stretch)| {
                *currency == row.currency
                    && stretch.from < row.period.end
                    && stretch.until.is_none_or(|until| until > row.period.start)
            };
            let assumed = holders.values().flat_map(|one| &one.assumed).filter(concerns).count();
            rows.push(RevenueMovement { assumed: i64::try_from(assumed).unwrap_or(i64::MAX), row });
        }
    }
    let reason = if !epoch.sources.has_subscriptions {
        Some(Reason::NoSource)
    } else {
        rows.is_empty().then_some(Reason::NoData)
    };
    Ok(RevenueMovements {
        rows,
        null_reason: reason.map(Into::into),
        policy: policy.label(),
        time_zone: epoch.policy.timezone.clone(),
        as_of: DateTime(as_of),
        known_at: DateTime(epoch.closed),
        subscriptions,
        left_out,
        missing_rates: wanted.convert_to.map_or_else(Vec::new, |to| {
            rates::missing(&missing, to.0, asked.shared.limits.list_max)
        }),
    })
}

/// Movements over all customers.
pub(crate) async fn revenue_movements(
    ctx: &Context<'_>,
    wanted: Wanted,
) -> Result<Option<RevenueMovements>> {
    let asked = asked(ctx)?;
    asked.see(Area::Rollups)?;
    let epoch = asked.epoch(wanted.known_at.map(|at| at.0)).await?;
    let most = asked.shared.limits.movements_max;
    let records =
        asked.store.subscriptions_known(&asked.scope, epoch.number, most.saturating_add(1)).await?;
    if records.len() > most as usize {
        return Err(too_many(most).into());
    }
    let histories =
        asked.store.subscription_histories(&asked.scope, &records, epoch.number).await?;
    let histories = records.iter().filter_map(|id| Some((*id, histories.get(id)?)));
    Ok(Some(movements(asked, histories, &epoch, &wanted).await?))
}

fn too_many(most: u32) -> Refusal {
    Refusal::bad_input(format!(
        "more than {most} subscriptions: raise 'limits.movements_max' in the configuration, or use \
         `c360 metrics mrr` on an export"
    ))
}

/// Movements of the subscriptions that one customer owns.
pub(crate) async fn mrr_history(
    ctx: &Context<'_>,
    customer: i64,
    wanted: Wanted,
) -> Result<Option<RevenueMovements>> {
    let asked: &Asked = asked(ctx)?;
    asked.see(Area::CustomerNumbers)?;
    let then = then(ctx, customer, None, wanted.known_at).await?;
    let epoch = &then.known.epoch;
    let owned = then
        .facts()?
        .facts
        .iter()
        .filter(|fact| fact.owned && matches!(fact.body, Canonical::Subscription(_)));
    let records: Vec<i64> = owned.map(|fact| fact.record.0).collect();
    let of = || VersionsKnownOf { epoch: epoch.number };
    let loads = records.iter().map(|record| asked.loaders.versions_known.load(*record, of()));
    let mut histories = Vec::with_capacity(records.len());
    for (record, rows) in records.iter().zip(join_all(loads).await) {
        histories.extend(rows?.first().map(|history| (*record, history.clone())));
    }
    let histories = histories.iter().map(|(record, history)| (*record, history));
    Ok(Some(movements(asked, histories, epoch, &wanted).await?))
}
