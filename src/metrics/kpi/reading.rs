//! Company-wide numbers by name: what each is made of, and its reading in a window.
//!
//! Owns the names, the inputs that each needs, and one shape for all readings. Refuses to read what
//! no source delivers: `NO_SOURCE`, never 0.

use super::{
    Contract, Hours, Window, active_customers, answers, average_order_value, csat, first_response,
    lead_qualification, nps, orders, referred_revenue_share, renewals, repeat_rate, sales_cycle,
    tickets, tickets_per_100_active, won_deals,
};
use crate::acquisition::REFERRAL_CHANNEL;
use crate::exact::over;
use crate::{Measured, NullReason, Policy, Ratio, Share, Sources, Unit};
use domain::{CompanyFacts, Currency, Money, ProfileId, SurveyKind, Timestamp};
use std::collections::{BTreeMap, HashMap};

/// A company-wide number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kpi {
    /// Net revenue per order.
    AverageOrderValue,
    /// Customers with two orders or more.
    RepeatRate,
    /// From opening a deal to winning it.
    SalesCycle,
    /// Contracts renewed, by number.
    RenewalRate,
    /// Contracts renewed, by value, each at most at its old one.
    RenewalRateGrossValue,
    /// Contracts renewed, by value.
    RenewalRateNetValue,
    /// Leads that became qualified.
    LeadQualificationRate,
    /// Net promoter score.
    Nps,
    /// Good answers.
    CsatShare,
    /// Mean satisfaction.
    CsatMean,
    /// Tickets opened.
    TicketVolume,
    /// Tickets opened per 100 active customers.
    TicketsPer100Active,
    /// Time to the first answer.
    FirstResponse,
    /// Active customers who referred someone.
    ReferralRate,
    /// Revenue of referred customers.
    ReferredRevenueShare,
    /// Times that advertisements were shown.
    Impressions,
    /// Clicks on them.
    Clicks,
    /// Clicks per impression.
    ClickThroughRate,
    /// People reached.
    Reach,
}

/// What a number is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// Payments and refunds.
    Payments,
    /// Deals.
    Deals,
    /// Tickets.
    Tickets,
    /// Answers to surveys.
    Surveys,
    /// Subscriptions as they are now.
    Subscriptions,
    /// Subscriptions with what they said before.
    Contracts,
    /// When people became leads and qualified.
    Leads,
    /// By which channel customers came.
    Channels,
}

impl Kpi {
    /// Every number.
    pub const ALL: [Self; 19] = [
        Self::AverageOrderValue,
        Self::RepeatRate,
        Self::SalesCycle,
        Self::RenewalRate,
        Self::RenewalRateGrossValue,
        Self::RenewalRateNetValue,
        Self::LeadQualificationRate,
        Self::Nps,
        Self::CsatShare,
        Self::CsatMean,
        Self::TicketVolume,
        Self::TicketsPer100Active,
        Self::FirstResponse,
        Self::ReferralRate,
        Self::ReferredRevenueShare,
        Self::Impressions,
        Self::Clicks,
        Self::ClickThroughRate,
        Self::Reach,
    ];

    /// As the catalogue names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AverageOrderValue => "average_order_value",
            Self::RepeatRate => "repeat_rate",
            Self::SalesCycle => "sales_cycle",
            Self::RenewalRate => "renewal_rate",
            Self::RenewalRateGrossValue => "renewal_rate_gross_value",
            Self::RenewalRateNetValue => "renewal_rate_net_value",
            Self::LeadQualificationRate => "lead_qualification_rate",
            Self::Nps => "nps",
            Self::CsatShare => "csat_share",
            Self::CsatMean => "csat_mean",
            Self::TicketVolume => "ticket_volume",
            Self::TicketsPer100Active => "tickets_per_100_active",
            Self::FirstResponse => "first_response",
            Self::ReferralRate => "referral_rate",
            Self::ReferredRevenueShare => "referred_revenue_share",
            Self::Impressions => "impressions",
            Self::Clicks => "clicks",
            Self::ClickThroughRate => "click_through_rate",
            Self::Reach => "reach",
        }
    }

    /// The inverse of [`Kpi::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }

    /// What it is counted in.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::AverageOrderValue => Unit::Money,
            Self::SalesCycle | Self::FirstResponse => Unit::Duration,
            Self::Nps | Self::CsatMean => Unit::Score,
            Self::TicketVolume | Self::Impressions | Self::Clicks | Self::Reach => Unit::Count,
            _ => Unit::Ratio,
        }
    }

    /// Whether it is about support, which is open to other roles than money.
    #[must_use]
    pub const fn of_support(self) -> bool {
        matches!(
            self,
            Self::Nps
                | Self::CsatShare
                | Self::CsatMean
                | Self::TicketVolume
                | Self::TicketsPer100Active
                | Self::FirstResponse
        )
    }

    /// What it is made of.
    #[must_use]
    pub const fn needs(self) -> &'static [Need] {
        match self {
            Self::AverageOrderValue | Self::RepeatRate => &[Need::Payments],
            Self::SalesCycle => &[Need::Deals],
            Self::RenewalRate | Self::RenewalRateGrossValue | Self::RenewalRateNetValue => {
                &[Need::Contracts]
            }
            Self::LeadQualificationRate => &[Need::Leads],
            Self::Nps | Self::CsatShare | Self::CsatMean => &[Need::Surveys],
            Self::TicketVolume | Self::FirstResponse => &[Need::Tickets],
            Self::TicketsPer100Active => &[Need::Tickets, Need::Payments, Need::Subscriptions],
            Self::ReferredRevenueShare => &[Need::Payments, Need::Channels],
            Self::ReferralRate
            | Self::Impressions
            | Self::Clicks
            | Self::ClickThroughRate
            | Self::Reach => &[],
        }
    }
}

/// What readings are taken from, as known at one time. What no number asked for needs may be empty.
pub struct KpiInputs {
    /// Facts.
    pub facts: CompanyFacts,
    /// Contracts at the ends of their billing periods.
    pub contracts: Vec<Contract>,
    /// Times in which the price of a contract is assumed: `[from, until)`.
    pub assumed: Vec<Window>,
    /// When people became leads, and when they qualified.
    pub leads: Vec<(Timestamp, Option<Timestamp>)>,
    /// By which channel customers came.
    pub channels: HashMap<ProfileId, Option<String>>,
    /// Which kinds of source have delivered.
    pub sources: Sources,
}

/// When, and within how many days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The window.
    pub window: Window,
    /// The moment asked about.
    pub as_of: Timestamp,
    /// Days within which a lead must qualify.
    pub lead_days: i64,
    /// Days after its end within which a contract may be renewed.
    pub grace_days: i64,
}

/// A reading.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Which number.
    pub kpi: Kpi,
    /// The currency, of amounts and of rates by value.
    pub currency: Option<Currency>,
    /// The value: amounts in minor units, durations in milliseconds (their median).
    pub value: Measured<Ratio>,
    /// The mean, of durations.
    pub mean: Option<Ratio>,
    /// What is divided, where it is a whole number.
    pub numerator: Option<i64>,
    /// What it is divided by.
    pub denominator: Option<i64>,
    /// Things behind it.
    pub n: Option<i64>,
    /// 95 % interval, in the unit of the value.
    pub interval: Option<(f64, f64)>,
    /// Things that contradict themselves and do not count.
    pub left_out: i64,
    /// Things that are not decided yet and do not count.
    pub pending: i64,
}

impl Reading {
    fn of(kpi: Kpi, value: Measured<Ratio>) -> Self {
        Self {
            kpi,
            currency: None,
            value,
            mean: None,
            numerator: None,
            denominator: None,
            n: None,
            interval: None,
            left_out: 0,
            pending: 0,
        }
    }

    fn none(kpi: Kpi, reason: NullReason) -> Self {
        Self::of(kpi, Measured::none(reason))
    }

    fn share(kpi: Kpi, share: &Measured<Share>) -> Self {
        let Some(found) = share.value else {
            return Self::none(kpi, share.null_reason.unwrap_or(NullReason::NoData));
        };
        Self {
            numerator: Some(found.good),
            denominator: Some(found.total),
            n: Some(found.total),
            ..Self::of(kpi, found.ratio().ok_or(NullReason::ZeroDenominator).into())
        }
    }
}

fn none_of<T>(measured: &Measured<T>) -> NullReason {
    measured.null_reason.unwrap_or(NullReason::NoData)
}

/// The readings of a number in a window: one, or one per currency.
#[must_use]
pub fn readings(kpi: Kpi, inputs: &KpiInputs, policy: &Policy, span: Span) -> Vec<Reading> {
    let Span { window, as_of, lead_days, grace_days } = span;
    let (facts, sources) = (&inputs.facts, &inputs.sources);
    let has = match kpi {
        Kpi::AverageOrderValue | Kpi::RepeatRate | Kpi::ReferredRevenueShare => {
            sources.has_payments
        }
        Kpi::RenewalRate | Kpi::RenewalRateGrossValue | Kpi::RenewalRateNetValue => {
            sources.has_subscriptions
        }
        Kpi::Nps | Kpi::CsatShare | Kpi::CsatMean => sources.has_surveys,
        Kpi::TicketVolume | Kpi::TicketsPer100Active | Kpi::FirstResponse => sources.has_tickets,
        // No kind of source reports who referred whom.
        Kpi::ReferralRate => false,
        _ => true,
    };
    if !has {
        return vec![Reading::none(kpi, NullReason::NoSource)];
    }
    let one = |reading: Reading| vec![reading];
    match kpi {
        Kpi::AverageOrderValue => order_values(facts, window),
        Kpi::RepeatRate => one(Reading::share(kpi, &repeat_rate(&orders(facts), window))),
        Kpi::SalesCycle => {
            let cycle = sales_cycle(&won_deals(facts), window);
            one(duration(kpi, &cycle, 0))
        }
        Kpi::RenewalRate | Kpi::RenewalRateGrossValue | Kpi::RenewalRateNetValue => {
            renewal_rates(kpi, inputs, window, grace_days, as_of)
        }
        Kpi::LeadQualificationRate => {
            let found = lead_qualification(&inputs.leads, window, lead_days, as_of);
            one(Reading::share(kpi, &found))
        }
        Kpi::Nps => {
            let found = nps(&answers(facts, SurveyKind::Nps), window);
            one(match &found.value {
                None => Reading::none(kpi, none_of(&found)),
                Some(nps) => Reading {
                    n: Some(nps.n),
                    numerator: Some(nps.promoters - nps.detractors),
                    denominator: Some(nps.n),
                    interval: Some(nps.interval),
                    left_out: nps.left_out,
                    ..Reading::of(kpi, Measured::some(nps.score))
                },
            })
        }
        Kpi::CsatShare | Kpi::CsatMean => {
            let found = csat(&answers(facts, SurveyKind::Csat), window, policy.csat_good_from);
            one(match &found.value {
                None => Reading::none(kpi, none_of(&found)),
                Some(csat) if kpi == Kpi::CsatMean => Reading {
                    n: Some(csat.share.total),
                    left_out: csat.left_out,
                    ..Reading::of(kpi, Measured::some(csat.mean))
                },
                Some(csat) => Reading {
                    interval: Some(csat.interval),
                    left_out: csat.left_out,
                    ..Reading::share(kpi, &Measured::some(csat.share))
                },
            })
        }
        Kpi::TicketVolume | Kpi::TicketsPer100Active => {
            let opened = tickets(facts);
            let opened = opened.iter().filter(|one| window.contains(one.created_at)).count();
            let opened = i64::try_from(opened).unwrap_or(i64::MAX);
            if kpi == Kpi::TicketVolume {
                let value = Measured::some(Ratio::whole(opened));
                return one(Reading { n: Some(opened), ..Reading::of(kpi, value) });
            }
            let active = active_customers(facts, window, as_of).len();
            let active = i64::try_from(active).unwrap_or(i64::MAX);
            one(Reading {
                numerator: Some(opened),
                denominator: Some(active),
                n: Some(opened),
                ..Reading::of(kpi, tickets_per_100_active(opened, active))
            })
        }
        Kpi::FirstResponse => {
            let tickets = tickets(facts);
            // Without a single answer known, the sources do not say when they answer.
            if tickets.iter().all(|ticket| ticket.first_reply_at.is_none()) {
                return one(Reading::none(kpi, NullReason::NoSource));
            }
            let calendar = policy.working_calendar();
            let hours = calendar.as_ref().map_or(Hours::Calendar, Hours::Business);
            let found = first_response(&tickets, window, hours, as_of);
            one(duration(kpi, &found.time, found.unanswered))
        }
        Kpi::ReferredRevenueShare => referred(inputs, window),
        Kpi::ReferralRate => one(Reading::none(kpi, NullReason::NoSource)),
        // No kind of source reports how often advertisements are seen.
        Kpi::Impressions | Kpi::Clicks | Kpi::ClickThroughRate | Kpi::Reach => {
            one(Reading::none(kpi, NullReason::NoSource))
        }
    }
}

fn duration(kpi: Kpi, found: &Measured<super::Spread>, pending: i64) -> Reading {
    match &found.value {
        None => Reading { pending, ..Reading::none(kpi, none_of(found)) },
        Some(spread) => Reading {
            mean: Some(spread.mean),
            n: Some(spread.n),
            left_out: spread.left_out,
            pending,
            ..Reading::of(kpi, Measured::some(spread.median))
        },
    }
}

fn order_values(facts: &CompanyFacts, window: Window) -> Vec<Reading> {
    let kpi = Kpi::AverageOrderValue;
    let orders = orders(facts);
    let found = average_order_value(&orders, window);
    let Some(amounts) = &found.value else { return vec![Reading::none(kpi, none_of(&found))] };
    let row = |amount: &Money| {
        let counted = orders.iter().filter(|order| {
            window.contains(order.at)
                && order.net.amount_minor > 0
                && order.net.currency == amount.currency
        });
        let (sum, n) = counted.fold((0_i128, 0_i64), |(sum, n), order| {
            (sum + i128::from(order.net.amount_minor), n + 1)
        });
        Reading {
            currency: Some(amount.currency),
            numerator: i64::try_from(sum).ok(),
            denominator: Some(n),
            n: Some(n),
            ..Reading::of(kpi, Measured::some(Ratio::whole(amount.amount_minor)))
        }
    };
    amounts.iter().map(row).collect()
}

fn renewal_rates(
    kpi: Kpi,
    inputs: &KpiInputs,
    window: Window,
    grace_days: i64,
    as_of: Timestamp,
) -> Vec<Reading> {
    let rows = renewals(&inputs.contracts, window, grace_days, as_of);
    if rows.is_empty() {
        return vec![Reading::none(kpi, NullReason::NoData)];
    }
    // Prices that nobody saw change make values unknown; how many renewed is known.
    let unseen =
        inputs.assumed.iter().any(|one| one.from < window.until && window.from < one.until);
    let row = |row: super::RenewalRow| {
        let reading = match kpi {
            Kpi::RenewalRate => Reading::share(kpi, &row.count),
            _ if unseen => Reading::none(kpi, NullReason::NoData),
            Kpi::RenewalRateGrossValue => Reading::of(kpi, row.gross_value),
            _ => Reading::of(kpi, row.net_value),
        };
        let n = reading.n.or(row.count.value.map(|share| share.total));
        Reading {
            currency: Some(row.currency),
            n,
            pending: row.pending,
            left_out: row.left_out,
            ..reading
        }
    };
    rows.into_iter().map(row).collect()
}

/// The share of referred customers in net revenue, by currency: customers who came by the channel of
/// referrals.
fn referred(inputs: &KpiInputs, window: Window) -> Vec<Reading> {
    let kpi = Kpi::ReferredRevenueShare;
    if inputs.channels.values().all(Option::is_none) {
        return vec![Reading::none(kpi, NullReason::NoSource)];
    }
    let mut sums: BTreeMap<Currency, (i128, i128)> = BTreeMap::new();
    for order in orders(&inputs.facts).iter().filter(|order| window.contains(order.at)) {
        let channel = order.customer.and_then(|customer| inputs.channels.get(&customer));
        let came = channel.and_then(Option::as_deref) == Some(REFERRAL_CHANNEL);
        let (referred, all) = sums.entry(order.net.currency).or_default();
        *all += i128::from(order.net.amount_minor);
        *referred += if came { i128::from(order.net.amount_minor) } else { 0 };
    }
    if sums.is_empty() {
        return vec![Reading::none(kpi, NullReason::NoData)];
    }
    let row = |(currency, (referred, all)): (Currency, (i128, i128))| {
        let money = |minor: i128| crate::exact::amount(minor, currency);
        let value = match (money(referred), money(all)) {
            (Ok(referred), Ok(all)) => referred_revenue_share(referred, all),
            (Err(reason), _) | (_, Err(reason)) => Measured::none(reason),
        };
        Reading {
            currency: Some(currency),
            numerator: i64::try_from(referred).ok(),
            denominator: i64::try_from(all).ok(),
            ..Reading::of(kpi, value)
        }
    };
    sums.into_iter().map(row).collect()
}

/// A reading in the unit in which targets are written: amounts in the major unit.
#[must_use]
pub fn in_major(reading: &Reading) -> Measured<Ratio> {
    let (Unit::Money, Some(currency)) = (reading.kpi.unit(), reading.currency) else {
        return reading.value.clone();
    };
    let scale = Ratio::whole(10_i64.pow(u32::from(currency.exponent())));
    match reading.value.value {
        Some(minor) => over(minor, scale).into(),
        None => reading.value.clone(),
    }
}
