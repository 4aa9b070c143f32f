//! The numbers of a customer. What no source supports is null with a reason, never 0.

use crate::asked::{Asked, asked, shown};
use crate::enums::NullReason;
use crate::errors::Refusal;
use crate::known::{Then, then, then_as_told};
use crate::loaders::NumbersOf;
use crate::rates::{self, MissingRate};
use crate::scalars::{CurrencyCode, DateTime, Decimal, MoneyValue, int};
use crate::stage::TimesOf;
use async_graphql::{Context, Object, Result, SimpleObject};
use domain::{Area, Currency, Money, Timestamp};
use metrics::revenue::Rates;
use metrics::{Exchange, Measured, Numbers, numbers_in};
use std::collections::BTreeSet;
use store::StoreError;
use store::read::StoredNumbers;

/// Amounts of money, one for each currency; or the reason why they are unknown.
#[derive(SimpleObject)]
pub(crate) struct MoneyMeasure {
    /// One amount for each currency; empty is a known zero, null is unknown.
    amounts: Option<Vec<MoneyValue>>,
    /// Why they are unknown.
    null_reason: Option<NullReason>,
}

/// A count; or the reason why it is unknown.
#[derive(SimpleObject)]
pub(crate) struct CountMeasure {
    /// The count.
    value: Option<i32>,
    /// Why it is unknown.
    null_reason: Option<NullReason>,
}

/// A point in time; or the reason why it is unknown.
#[derive(SimpleObject)]
pub(crate) struct TimeMeasure {
    /// The time.
    value: Option<DateTime>,
    /// Why it is unknown.
    null_reason: Option<NullReason>,
}

/// A share of answers; or the reason why it is unknown.
#[derive(SimpleObject)]
pub(crate) struct ShareMeasure {
    /// `good / total`, four decimals.
    share: Option<Decimal>,
    /// Answers that count.
    good: Option<i32>,
    /// All answers.
    total: Option<i32>,
    /// Why it is unknown.
    null_reason: Option<NullReason>,
}

pub(crate) fn money(measured: &Measured<Vec<Money>>) -> MoneyMeasure {
    MoneyMeasure {
        amounts: measured.value.as_ref().map(|all| all.iter().map(|m| (*m).into()).collect()),
        null_reason: measured.null_reason.map(Into::into),
    }
}

pub(crate) fn count(measured: &Measured<i64>) -> CountMeasure {
    CountMeasure {
        value: measured.value.map(int),
        null_reason: measured.null_reason.map(Into::into),
    }
}

fn time(measured: &Measured<Timestamp>) -> TimeMeasure {
    TimeMeasure {
        value: measured.value.map(DateTime),
        null_reason: measured.null_reason.map(Into::into),
    }
}

/// Historic customer lifetime value: what the customer has brought so far.
pub(crate) struct CustomerLifetimeValue(Numbers);

/// Historic customer lifetime value: what the customer has brought so far.
#[Object]
impl CustomerLifetimeValue {
    /// Revenue over the whole relationship so far: succeeded payments less refunds.
    async fn historic_revenue(&self) -> MoneyMeasure {
        money(&self.0.revenue_clv)
    }

    /// The same times the gross margin of the metric policy.
    async fn historic_margin(&self) -> MoneyMeasure {
        money(&self.0.margin_clv)
    }
}

/// The numbers of a customer, by the metric policy that the answer names.
pub(crate) struct CustomerNumbers {
    numbers: Numbers,
    policy: String,
    computed: Timestamp,
    told: TimesOf,
    /// What a conversion was into, and the rates that it missed.
    missing_rates: Option<(Currency, BTreeSet<metrics::MissingRate>)>,
}

impl CustomerNumbers {
    /// As of a moment and as known at one.
    pub(crate) fn then(then: &Then) -> Result<Self, Refusal> {
        Ok(Self::told(then, then.numbers()?, None))
    }

    /// The same with every amount converted by the rates known then.
    fn converted(then: &Then, to: Currency, rates: &Rates) -> Result<Self, Refusal> {
        let epoch = &then.known.epoch;
        let mut exchange = Exchange::new(to, rates, &epoch.policy);
        let facts = then.facts()?;
        let numbers = numbers_in(&mut exchange, facts, &epoch.policy, &epoch.sources, then.as_of);
        Ok(Self::told(then, numbers, Some((to, exchange.missing().clone()))))
    }

    fn told(
        then: &Then,
        numbers: Numbers,
        missing_rates: Option<(Currency, BTreeSet<metrics::MissingRate>)>,
    ) -> Self {
        let policy = then.known.epoch.policy.label();
        let told = TimesOf::Derived(then.told());
        Self { numbers, policy, computed: then.as_of, told, missing_rates }
    }
}

/// Refuses whom neither kind of number is open to.
pub(crate) fn may_see(asked: &Asked) -> Result<(), Refusal> {
    if asked.scope.sees(Area::Support) { Ok(()) } else { asked.see(Area::CustomerNumbers) }
}

/// Refuses a number whose area is hidden.
fn see(ctx: &Context<'_>, area: Area) -> Result<()> {
    Ok(asked(ctx)?.see(area)?)
}

/// The numbers of a customer, by the metric policy that the answer names.
#[Object]
impl CustomerNumbers {
    /// The metric policy, name and version.
    async fn policy(&self) -> &str {
        &self.policy
    }

    /// When the numbers were derived; of an answer as of another moment, that moment.
    async fn computed_at(&self) -> DateTime {
        DateTime(self.computed)
    }

    /// The moment in the customer's life as of which they hold.
    async fn as_of(&self) -> DateTime {
        DateTime(self.computed)
    }

    /// When they were known: asked for again with both times, the answer is the same, whatever was
    /// learnt since. Null while the derivation that gave them is not finished.
    async fn known_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        Ok(self.told.told(ctx).await?.and_then(|told| told.known_at).map(DateTime))
    }

    /// Exchange rates that a conversion needed and that are not known: why amounts are null with
    /// `MISSING_RATE`. The first ones by currency and day, up to the limit of lists. Needs the area
    /// `customer_numbers`.
    async fn missing_rates(&self, ctx: &Context<'_>) -> Option<Result<Vec<MissingRate>>> {
        shown(async {
            see(ctx, Area::CustomerNumbers)?;
            let most = asked(ctx)?.shared.limits.list_max;
            Ok(Some(
                self.missing_rates
                    .as_ref()
                    .map_or_else(Vec::new, |(to, missing)| rates::missing(missing, *to, most)),
            ))
        })
        .await
    }

    /// Lifetime value. Needs the area `customer_numbers`.
    async fn clv(&self, ctx: &Context<'_>) -> Option<Result<CustomerLifetimeValue>> {
        shown(async {
            see(ctx, Area::CustomerNumbers)?;
            Ok(Some(CustomerLifetimeValue(self.numbers.clone())))
        })
        .await
    }

    /// Succeeded payments less succeeded refunds. Needs the area `customer_numbers`.
    async fn revenue(&self, ctx: &Context<'_>) -> Option<Result<MoneyMeasure>> {
        shown(async {
            see(ctx, Area::CustomerNumbers)?;
            Ok(Some(money(&self.numbers.revenue)))
        })
        .await
    }

    /// Succeeded payments. Needs the area `customer_numbers`.
    async fn gross_payments(&self, ctx: &Context<'_>) -> Option<Result<MoneyMeasure>> {
        shown(async {
            see(ctx, Area::CustomerNumbers)?;
            Ok(Some(money(&self.numbers.gross_payments)))
        })
        .await
    }

    /// Succeeded refunds, positive. Needs the area `customer_numbers`.
    async fn refunded(&self, ctx: &Context<'_>) -> Option<Result<MoneyMeasure>> {
        shown(async {
            see(ctx, Area::CustomerNumbers)?;
            Ok(Some(money(&self.numbers.refunded)))
        })
        .await
    }

    /// Monthly recurring revenue. Needs the area `customer_numbers`.
    async fn mrr(&self, ctx: &Context<'_>) -> Option<Result<MoneyMeasure>> {
        shown(async {
            see(ctx, Area::CustomerNumbers)?;
            Ok(Some(money(&self.numbers.mrr)))
        })
        .await
    }

    /// The first succeeded payment. Needs the area `customer_numbers`.
    async fn first_payment_at(&self, ctx: &Context<'_>) -> Option<Result<TimeMeasure>> {
        shown(async {
            see(ctx, Area::CustomerNumbers)?;
            Ok(Some(time(&self.numbers.first_payment_at)))
        })
        .await
    }

    /// The last succeeded payment. Needs the area `customer_numbers`.
    async fn last_payment_at(&self, ctx: &Context<'_>) -> Option<Result<TimeMeasure>> {
        shown(async {
            see(ctx, Area::CustomerNumbers)?;
            Ok(Some(time(&self.numbers.last_payment_at)))
        })
        .await
    }

    /// Number of succeeded payments. Needs the area `customer_numbers`.
    async fn payment_count(&self, ctx: &Context<'_>) -> Option<Result<CountMeasure>> {
        shown(async {
            see(ctx, Area::CustomerNumbers)?;
            Ok(Some(count(&self.numbers.payment_count)))
        })
        .await
    }

    /// Number of failed attempts to pay. Needs the area `customer_numbers`.
    async fn failed_payment_count(&self, ctx: &Context<'_>) -> Option<Result<CountMeasure>> {
        shown(async {
            see(ctx, Area::CustomerNumbers)?;
            Ok(Some(count(&self.numbers.failed_payment_count)))
        })
        .await
    }

    /// Number of tickets. Needs the area `support`.
    async fn ticket_count(&self, ctx: &Context<'_>) -> Option<Result<CountMeasure>> {
        shown(async {
            see(ctx, Area::Support)?;
            Ok(Some(count(&self.numbers.ticket_count)))
        })
        .await
    }

    /// Number of tickets neither solved nor closed. Needs the area `support`.
    async fn open_ticket_count(&self, ctx: &Context<'_>) -> Option<Result<CountMeasure>> {
        shown(async {
            see(ctx, Area::Support)?;
            Ok(Some(count(&self.numbers.open_ticket_count)))
        })
        .await
    }

    /// Satisfaction: the share of good answers. Needs the area `support`.
    async fn csat(&self, ctx: &Context<'_>) -> Option<Result<ShareMeasure>> {
        shown(async {
            see(ctx, Area::Support)?;
            let csat = &self.numbers.csat;
            Ok(Some(ShareMeasure {
                share: csat
                    .value
                    .and_then(|s| s.ratio())
                    .and_then(|r| r.to_decimal(4))
                    .map(Decimal),
                good: csat.value.map(|s| int(s.good)),
                total: csat.value.map(|s| int(s.total)),
                null_reason: csat.null_reason.map(Into::into),
            }))
        })
        .await
    }

    /// The latest answer to how likely they are to recommend, 0 to 10. Needs the area `support`.
    async fn nps_latest(&self, ctx: &Context<'_>) -> Option<Result<CountMeasure>> {
        shown(async {
            see(ctx, Area::Support)?;
            Ok(Some(count(&self.numbers.nps_latest)))
        })
        .await
    }
}

/// The numbers of a customer; null until they were derived for the first time.
pub(crate) async fn numbers(
    ctx: &Context<'_>,
    customer: i64,
    (as_of, known_at): (Option<DateTime>, Option<DateTime>),
    convert_to: Option<CurrencyCode>,
) -> Result<Option<CustomerNumbers>> {
    let asked = asked(ctx)?;
    may_see(asked)?;
    if let Some(CurrencyCode(to)) = convert_to {
        let then = then_as_told(ctx, customer, as_of, known_at).await?;
        let rates = asked.rates(then.known.epoch.number).await?;
        return Ok(Some(CustomerNumbers::converted(&then, to, &rates)?));
    }
    if as_of.is_some() || known_at.is_some() {
        let then = then(ctx, customer, as_of, known_at).await?;
        return Ok(Some(CustomerNumbers::then(&then)?));
    }
    let rows = asked.loaders.numbers.load(customer, NumbersOf {}).await?;
    let Some(stored) = rows.first().cloned() else { return Ok(None) };
    let numbers = serde_json::from_str(&stored.numbers)
        .map_err(|_| StoreError::Corrupt { what: "profile_numbers.numbers" })?;
    let StoredNumbers { policy, computed, .. } = stored;
    Ok(Some(CustomerNumbers {
        numbers,
        policy,
        computed,
        told: TimesOf::Stored(customer),
        missing_rates: None,
    }))
}
