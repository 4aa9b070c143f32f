//! The lifetime value of one customer: what it brought, and what a stored fit expects of it.
//!
//! Owns which of a customer's facts count (those that count for it and nobody else), which model
//! concerns it (who has or had a contract is judged by contracts, everybody else by purchases), and
//! the way from a fit to money. Refuses a number without a fit that converged, and to add
//! currencies. Estimates are rounded to minor units at the end.

use super::population::{ContractState, PurchaseLine, WEEK, summaries};
use super::stored::{Family, FittedModel, StoredFit, Tenure};
use super::{
    Chosen, Fit, GammaGamma, History, Model, Purchasing, Reason, Spend, Summary, interval,
    ln_variance,
};
use crate::revenue::{Billing, monthly};
use crate::{Margin, Measured, NullReason, Policy, Ratio};
use domain::{
    Canonical, Currency, Interval, LinkRole, Money, PaymentStatus, ProfileFacts, Subscription,
    SubscriptionStatus, Timestamp,
};
use jiff::tz::TimeZone;

/// Average days of a month.
const MONTH_DAYS: f64 = 365.0 / 12.0;

/// How far ahead, and at which discount.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Horizon {
    /// Months, 1 to 600.
    pub months: u32,
    /// Discount per year, 0 or more: 0.1 is 10 %.
    pub discount: f64,
}

/// A number or why there is none: the reason as everywhere, and what the model says.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate<T> {
    /// The value, or why there is none.
    pub measured: Measured<T>,
    /// What is wrong and what to do, in words.
    pub detail: Option<&'static str>,
}

impl<T> From<Result<T, Reason>> for Estimate<T> {
    fn from(result: Result<T, Reason>) -> Self {
        match result {
            Ok(value) => Self { measured: Measured::some(value), detail: None },
            Err(reason) => Self {
                measured: Measured::none(null_reason(reason)),
                detail: Some(reason.message()),
            },
        }
    }
}

impl<T> From<NullReason> for Estimate<T> {
    fn from(reason: NullReason) -> Self {
        Self { measured: Measured::none(reason), detail: None }
    }
}

fn null_reason(reason: Reason) -> NullReason {
    match reason {
        Reason::NoData | Reason::NoRepeatPurchases | Reason::NoSpend => NullReason::TooLittleData,
        Reason::NotConverged
        | Reason::NoMaximum
        | Reason::NotIdentified
        | Reason::NoCovariance
        | Reason::MeanInfinite => NullReason::NotConverged,
        Reason::OutOfRange => NullReason::Overflow,
        Reason::NoMargin => NullReason::NoMargin,
        _ => NullReason::InvalidData,
    }
}

/// What is expected of a customer.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// `contract` or `purchases`: how its relation ends.
    pub contractual: bool,
    /// The models, `pareto-nbd + gamma-gamma`.
    pub model: String,
    /// The fits, as they are named: `purchases/EUR`.
    pub fits: Vec<(Family, String)>,
    /// The currency of all amounts.
    pub currency: Option<Currency>,
    /// Net revenue so far, of what counts for this customer alone.
    pub historic: Measured<Money>,
    /// The same times the gross margin.
    pub historic_margin: Measured<Money>,
    /// Chance that it is still a customer.
    pub p_alive: Estimate<f64>,
    /// Purchases or renewals within the horizon.
    pub expected: Estimate<f64>,
    /// Revenue within the horizon, discounted.
    pub residual: Estimate<Money>,
    /// The same times the gross margin.
    pub residual_margin: Estimate<Money>,
    /// The 10th and 90th percentile of the expected revenue: how uncertain it is because the
    /// parameters were estimated.
    pub interval: Estimate<(Money, Money)>,
    /// `historic + residual`.
    pub total: Estimate<Money>,
    /// The same as margin.
    pub total_margin: Estimate<Money>,
}

/// Payments and refunds that count for this customer.
#[must_use]
pub fn purchase_lines(facts: &ProfileFacts) -> Vec<PurchaseLine> {
    let owned = facts.facts.iter().filter(|fact| fact.owned);
    let line = |fact: &domain::Fact| match &fact.body {
        Canonical::Payment(paid) if paid.status == PaymentStatus::Succeeded => Some(PurchaseLine {
            payment: Some(fact.record),
            at: paid.paid_at.or(fact.occurred_at)?,
            amount: paid.amount,
        }),
        Canonical::Refund(refund) if refund.status == PaymentStatus::Succeeded => {
            let of = refund.links.iter().find(|link| link.role == LinkRole::Payment);
            let minor = refund.amount.amount_minor.saturating_neg();
            Some(PurchaseLine {
                payment: of.map(|link| link.target.id()),
                at: refund.refunded_at.or(fact.occurred_at)?,
                amount: Money::from_minor(minor, refund.amount.currency),
            })
        }
        _ => None,
    };
    owned.filter_map(line).collect()
}

struct Running<'a> {
    billing: Billing<'a>,
    interval: Interval,
    count: u32,
    ended: Option<Timestamp>,
    price: Ratio,
}

/// The contract that a subscription is, if it is one by then: paid, begun, with items.
fn running<'a>(sub: &Subscription, tz: &'a TimeZone, as_of: Timestamp) -> Option<Running<'a>> {
    let begun = match (sub.started_at, sub.trial_end) {
        (Some(start), Some(trial)) => start.max(trial),
        (start, trial) => start.or(trial)?,
    };
    let ended = match sub.status {
        SubscriptionStatus::Canceled => Some(sub.ended_at.or(sub.canceled_at)?),
        SubscriptionStatus::Incomplete => return None,
        _ => sub.ended_at,
    };
    if begun > as_of || ended.is_some_and(|end| end <= begun) {
        return None;
    }
    let main = sub.items.iter().max_by_key(|item| item.amount_minor)?;
    let (interval, count) = (main.interval, main.interval_count);
    let per_month = |minor, interval, count| monthly(Ratio::whole(minor), interval, count).ok();
    let mut price = Ratio::ZERO;
    for item in &sub.items {
        let part = per_month(item.amount_minor, item.interval, item.interval_count)?;
        price = price.checked_add(part)?;
    }
    let price = price.checked_div(per_month(1, interval, count)?)?;
    let ended = ended.filter(|end| *end <= as_of);
    Some(Running {
        billing: Billing::new(begun, interval, count, tz)?,
        interval,
        count,
        ended,
        price,
    })
}

impl Running<'_> {
    fn period(&self) -> String {
        format!("{} {}", self.count, self.interval.as_str())
    }

    /// Renewals made up to a moment: starts of periods before it, the first not counted.
    fn renewals(&self, until: Timestamp, inclusive: bool) -> Option<usize> {
        let index = self.billing.index_at(until)?;
        let on_it = !inclusive && self.billing.start(index)? == until;
        usize::try_from(index - i64::from(on_it)).ok()
    }
}

/// A subscription as a contract at a moment; `None` before it is one, and if it says too little.
#[must_use]
pub fn contract_of(sub: &Subscription, tz: &TimeZone, as_of: Timestamp) -> Option<ContractState> {
    let contract = running(sub, tz, as_of)?;
    // A contract that ends with a period was not renewed into the next.
    let renewals = match contract.ended {
        Some(end) => contract.renewals(end, false)?,
        None => contract.renewals(as_of, true)?,
    };
    Some(ContractState { period: contract.period(), renewals, ended: contract.ended.is_some() })
}

fn minor(amount: Money) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "an estimate begins here")]
    let amount = amount.amount_minor as f64;
    amount
}

#[allow(clippy::cast_possible_truncation, reason = "checked")]
fn rounded(minor: f64, currency: Currency) -> Result<Money, Reason> {
    let whole = minor.round_ties_even();
    if whole.abs() < 9.0e15 {
        Ok(Money::from_minor(whole as i64, currency))
    } else {
        Err(Reason::OutOfRange)
    }
}

/// What the models say: chance, number, worth in minor units, and the variance of its logarithm.
struct Outcome {
    p_alive: Result<f64, Reason>,
    expected: Result<f64, Reason>,
    residual: Result<f64, Reason>,
    ln_variance: Result<f64, Reason>,
}

impl Outcome {
    fn none(reason: Reason) -> Self {
        let none = Err(reason);
        Self { p_alive: none, expected: none, residual: none, ln_variance: none }
    }

    fn certain(p_alive: f64) -> Self {
        Self { p_alive: Ok(p_alive), expected: Ok(0.0), residual: Ok(0.0), ln_variance: Ok(0.0) }
    }
}

fn find<'a>(fits: &'a [StoredFit], family: Family, part: &str) -> Result<&'a FittedModel, Reason> {
    let found = fits.iter().find(|fit| fit.family == family && fit.part == part);
    found.map(|fit| &fit.fitted).ok_or(Reason::NoData)
}

fn bought<M: Model<N> + Purchasing, const N: usize>(
    fit: &Fit<M, N>,
    amounts: &Result<Fit<GammaGamma, 3>, Reason>,
    summary: &Summary,
    horizon: Horizon,
) -> Outcome {
    let weeks = f64::from(horizon.months) * MONTH_DAYS / WEEK;
    let (step, rate) = (MONTH_DAYS / WEEK, horizon.discount.ln_1p() * WEEK / 365.0);
    let history: History = summary.history;
    let ahead = |model: &M| -> Result<(f64, f64), Reason> {
        let alive = model.p_alive(&history)?;
        let (expected, discounted) =
            model.ahead_if_alive(history.x, history.t, weeks, step, rate)?;
        Ok((alive * expected, alive * discounted))
    };
    let spend = Spend { x: summary.spend.x, mean: summary.spend.mean };
    let now = ahead(&fit.model);
    let mean =
        amounts.as_ref().map_err(|reason| *reason).and_then(|fit| fit.model.expected_mean(&spend));
    let of_amounts = amounts
        .as_ref()
        .map_err(|reason| *reason)
        .and_then(|fit| ln_variance(fit, |model| model.expected_mean(&spend)));
    let of_purchases = ln_variance(fit, |model| ahead(model).map(|(_, discounted)| discounted));
    Outcome {
        p_alive: fit.model.p_alive(&history),
        expected: now.map(|(expected, _)| expected),
        residual: now.and_then(|(_, discounted)| Ok(discounted * mean?)),
        ln_variance: of_purchases.and_then(|purchases| Ok(purchases + of_amounts?)),
    }
}

/// Renewals of a running contract within the horizon: for each how often the model expects the
/// contract to get there, and what a payment then is worth now.
fn renewed(contract: &Running<'_>, tenure: &Tenure, horizon: Horizon, as_of: Timestamp) -> Outcome {
    let Some(made) = contract.renewals(as_of, true).and_then(|made| u32::try_from(made).ok())
    else {
        return Outcome::none(Reason::OutOfRange);
    };
    let end_days = f64::from(horizon.months) * MONTH_DAYS;
    let mut payments: Vec<(u32, f64)> = Vec::new();
    for ahead in 1.. {
        let Some(at) = contract.billing.start(i64::from(made) + i64::from(ahead)) else { break };
        #[allow(clippy::cast_precision_loss, reason = "a span of at most 50 years")]
        let days = (at.as_millis() - as_of.as_millis()) as f64 / 86_400_000.0;
        if days > end_days {
            break;
        }
        payments.push((ahead, (-horizon.discount.ln_1p() * days / 365.0).exp()));
    }
    if payments.is_empty() {
        return Outcome { p_alive: Ok(1.0), ..Outcome::certain(1.0) };
    }
    let sum = |survival: &dyn Fn(u32) -> f64, discounted: bool| -> Result<f64, Reason> {
        let now = survival(made);
        let total: f64 = payments
            .iter()
            .map(|(ahead, worth)| {
                survival(made + ahead) / now * if discounted { *worth } else { 1.0 }
            })
            .sum();
        super::reason::finite(total)
    };
    let (expected, discounted, variance) = match tenure {
        Tenure::Sbg(fit) => {
            let of = |discounted| sum(&|t| fit.model.survival(t), discounted);
            let by = |model: &super::Sbg| sum(&|t| model.survival(t), true);
            (of(false), of(true), ln_variance(fit, by))
        }
        Tenure::Bdw(fit) => {
            let of = |discounted| sum(&|t| fit.model.survival(t), discounted);
            let by = |model: &super::Bdw| sum(&|t| model.survival(t), true);
            (of(false), of(true), ln_variance(fit, by))
        }
    };
    #[allow(clippy::cast_precision_loss, reason = "an estimate begins here")]
    let price = contract.price.numerator() as f64 / contract.price.denominator() as f64;
    Outcome {
        p_alive: Ok(1.0),
        expected,
        residual: discounted.map(|number| number * price),
        ln_variance: variance,
    }
}

/// Money and numbers from what the models say.
fn told(
    outcome: &Outcome,
    historic: &Measured<Money>,
    currency: Currency,
    margin: Option<Margin>,
) -> [Estimate<Money>; 4] {
    #[allow(clippy::cast_precision_loss, reason = "an estimate begins here")]
    let share = margin.map(|margin| f64::from(margin.ppm()) / 1e6).ok_or(Reason::NoMargin);
    let total = outcome.residual.and_then(|residual| match historic.value {
        Some(historic) => Ok(minor(historic) + residual),
        None => Err(Reason::NoData),
    });
    let money =
        |amount: Result<f64, Reason>| amount.and_then(|minor| rounded(minor, currency)).into();
    let as_margin = |amount: Result<f64, Reason>| amount.and_then(|minor| Ok(minor * share?));
    [
        money(outcome.residual),
        money(as_margin(outcome.residual)),
        money(total),
        money(as_margin(total)),
    ]
}

/// What the stored fits expect of a customer at a moment.
#[must_use]
pub fn predict(
    facts: &ProfileFacts,
    fits: &[StoredFit],
    policy: &Policy,
    horizon: Horizon,
    as_of: Timestamp,
) -> Prediction {
    let tz = policy.time_zone();
    let lines = purchase_lines(facts);
    let found = summaries(&lines, &tz, as_of);
    let contracts: Vec<(Currency, Running<'_>)> = facts
        .facts
        .iter()
        .filter(|fact| fact.owned)
        .filter_map(|fact| match &fact.body {
            Canonical::Subscription(sub) => Some((sub.currency, running(sub, &tz, as_of)?)),
            _ => None,
        })
        .collect();
    let mut currencies: Vec<Currency> = lines
        .iter()
        .filter(|line| line.at <= as_of)
        .map(|line| line.amount.currency)
        .chain(contracts.iter().map(|(currency, _)| *currency))
        .collect();
    currencies.sort_unstable();
    currencies.dedup();
    let contractual = !contracts.is_empty();
    let nothing = |reason: NullReason| Prediction {
        contractual,
        model: String::new(),
        fits: Vec::new(),
        currency: None,
        historic: Measured::none(reason),
        historic_margin: Measured::none(reason),
        p_alive: reason.into(),
        expected: reason.into(),
        residual: reason.into(),
        residual_margin: reason.into(),
        interval: reason.into(),
        total: reason.into(),
        total_margin: reason.into(),
    };
    let currency = match currencies.as_slice() {
        [] => return nothing(NullReason::NoData),
        [currency] => *currency,
        _ => return nothing(NullReason::MixedCurrency),
    };
    let net: i128 = lines
        .iter()
        .filter(|line| line.at <= as_of)
        .map(|line| i128::from(line.amount.amount_minor))
        .sum();
    let historic: Measured<Money> = crate::exact::amount(net, currency).into();
    let margin = policy.gross_margin;
    let historic_margin = margin.ok_or(NullReason::NoMargin).and_then(|margin| {
        let exact = Ratio::new(net, 1).ok_or(NullReason::Overflow)?;
        crate::exact::rounded(crate::exact::times(exact, margin.ratio())?, currency)
    });
    let (outcome, model, named) = if contractual {
        contracted(&contracts, fits, horizon, as_of)
    } else {
        purchased(found.get(&currency).and_then(Option::as_ref), fits, currency, horizon)
    };
    let [residual, residual_margin, total, total_margin] =
        told(&outcome, &historic, currency, margin);
    let ends = outcome.residual.and_then(|residual| {
        if residual == 0.0 {
            return Ok((Money::from_minor(0, currency), Money::from_minor(0, currency)));
        }
        let (low, high) = interval(residual, outcome.ln_variance?, 0.8)?;
        Ok((rounded(low, currency)?, rounded(high, currency)?))
    });
    Prediction {
        contractual,
        model,
        fits: named,
        currency: Some(currency),
        historic,
        historic_margin: historic_margin.into(),
        p_alive: outcome.p_alive.into(),
        expected: outcome.expected.into(),
        residual,
        residual_margin,
        interval: ends.into(),
        total,
        total_margin,
    }
}

type Said = (Outcome, String, Vec<(Family, String)>);

fn purchased(
    summary: Option<&Summary>,
    fits: &[StoredFit],
    currency: Currency,
    horizon: Horizon,
) -> Said {
    let part = currency.code().to_owned();
    let named = vec![(Family::Purchases, part.clone()), (Family::Amounts, part.clone())];
    let purchases = find(fits, Family::Purchases, &part);
    let amounts = find(fits, Family::Amounts, &part);
    let model = match (purchases, amounts) {
        (Ok(purchases), Ok(amounts)) => format!("{} + {}", purchases.model, amounts.model),
        _ => String::new(),
    };
    let amounts = amounts.and_then(FittedModel::amounts);
    // Whose every purchase was given back is none of those who buy.
    let outcome = match (summary, purchases.and_then(FittedModel::purchases)) {
        (None, _) => Outcome::none(Reason::NoData),
        (_, Err(reason)) => Outcome::none(reason),
        (Some(summary), Ok(Chosen::Pareto(fit))) => bought(&fit, &amounts, summary, horizon),
        (Some(summary), Ok(Chosen::Mbg(fit))) => bought(&fit, &amounts, summary, horizon),
    };
    (outcome, model, named)
}

/// All running contracts together; what a customer who gave up its last contract may do later is
/// not expected.
fn contracted(
    contracts: &[(Currency, Running<'_>)],
    fits: &[StoredFit],
    horizon: Horizon,
    as_of: Timestamp,
) -> Said {
    let mut sum = Outcome::certain(0.0);
    let (mut models, mut named): (Vec<String>, Vec<(Family, String)>) = (Vec::new(), Vec::new());
    // Contracts are judged by one and the same model, so their errors add up.
    let mut spread: Result<f64, Reason> = Ok(0.0);
    for (_, contract) in contracts.iter().filter(|(_, one)| one.ended.is_none()) {
        let part = contract.period();
        let fitted = find(fits, Family::Contracts, &part);
        if let Ok(fitted) = fitted
            && !models.contains(&fitted.model)
        {
            models.push(fitted.model.clone());
        }
        if !named.iter().any(|(_, one)| *one == part) {
            named.push((Family::Contracts, part));
        }
        let one = match fitted.and_then(FittedModel::contracts) {
            Ok(tenure) => renewed(contract, &tenure, horizon, as_of),
            Err(reason) => Outcome { p_alive: Ok(1.0), ..Outcome::none(reason) },
        };
        let plus = |a: Result<f64, Reason>, b: Result<f64, Reason>| Ok(a? + b?);
        let deviation = one.residual.and_then(|residual| Ok(residual * one.ln_variance?.sqrt()));
        sum.p_alive = Ok(1.0);
        sum.expected = plus(sum.expected, one.expected);
        sum.residual = plus(sum.residual, one.residual);
        spread = plus(spread, deviation);
    }
    sum.ln_variance = sum
        .residual
        .and_then(|residual| Ok(if residual > 0.0 { (spread? / residual).powi(2) } else { 0.0 }));
    (sum, models.join(" + "), named)
}
