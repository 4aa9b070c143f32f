//! Additive cells: the integers that rollups are sums of.
//!
//! Owns what is counted, and what a profile's facts contribute to which cell; what its subscriptions do is
//! [`crate::revenue::recurring_cells`]'s. Refuses ratios (formed when read, by
//! [`crate::rollup`]) and anything that depends on `now`, so that re-deriving a profile whose facts
//! did not change changes no cell. Only facts that the profile owns count here, so that a fact
//! counts once over all profiles.

use crate::Policy;
use crate::score::dated;
use domain::{
    Canonical, Currency, Fact, LinkRole, Money, Month, PaymentStatus, ProfileFacts, RecordId,
    Spend, Stage, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The month of facts that no source dates. They stay in every total that is not cut by month.
pub const UNDATED: Month = Month(0);

/// What a cell counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    /// Customers, in the month and currency of their first payment that was not given back in full.
    NewCustomers,
    /// Succeeded payments, minor units, in the month of the payment.
    GrossPayments,
    /// Succeeded refunds, minor units, positive, in the month of the refund.
    Refunds,
    /// Marketing and sales expense, minor units, in the month of the day.
    Spend,
    /// Net revenue to date of the customers acquired in the month, minor units, by the currency
    /// in which it was paid.
    CohortRevenue,
    /// Tickets, in the month in which they were opened; no currency.
    Tickets,
    /// MRR of customers who pay for the first time, minor units per month, in the month of the
    /// movement. This and what follows comes from [`crate::revenue::recurring_cells`].
    MrrNew,
    /// MRR of customers who had left and pay again.
    MrrReactivation,
    /// More MRR from customers who stayed.
    MrrExpansion,
    /// Less MRR from customers who stayed, positive.
    MrrContraction,
    /// MRR lost with customers who left, positive.
    MrrChurn,
    /// Customers who pay recurring revenue for the first time.
    SubscribersNew,
    /// Customers who had left and pay again.
    SubscribersReactivated,
    /// Customers who left.
    SubscribersChurned,
    /// Subscriptions whose first price is assumed to have held before anybody saw it, in the month
    /// from which on it is.
    AssumedFrom,
    /// The same ones, in the first month that was seen from its beginning.
    AssumedUntil,
}

impl Component {
    /// Every component.
    pub const ALL: [Self; 16] = [
        Self::NewCustomers,
        Self::GrossPayments,
        Self::Refunds,
        Self::Spend,
        Self::CohortRevenue,
        Self::Tickets,
        Self::MrrNew,
        Self::MrrReactivation,
        Self::MrrExpansion,
        Self::MrrContraction,
        Self::MrrChurn,
        Self::SubscribersNew,
        Self::SubscribersReactivated,
        Self::SubscribersChurned,
        Self::AssumedFrom,
        Self::AssumedUntil,
    ];

    /// Those of recurring revenue. What a customer pays at a time is the sum of all movements before
    /// it, so their cells are wanted from the first month on, wherever an answer begins.
    pub const RECURRING: [Self; 10] = [
        Self::MrrNew,
        Self::MrrReactivation,
        Self::MrrExpansion,
        Self::MrrContraction,
        Self::MrrChurn,
        Self::SubscribersNew,
        Self::SubscribersReactivated,
        Self::SubscribersChurned,
        Self::AssumedFrom,
        Self::AssumedUntil,
    ];

    /// Whether it is one of [`Component::RECURRING`].
    #[must_use]
    pub fn is_recurring(self) -> bool {
        Self::RECURRING.contains(&self)
    }

    /// Whether it counts things and not money.
    #[must_use]
    pub const fn is_count(self) -> bool {
        match self {
            Self::NewCustomers
            | Self::Tickets
            | Self::SubscribersNew
            | Self::SubscribersReactivated
            | Self::SubscribersChurned
            | Self::AssumedFrom
            | Self::AssumedUntil => true,
            Self::GrossPayments
            | Self::Refunds
            | Self::Spend
            | Self::CohortRevenue
            | Self::MrrNew
            | Self::MrrReactivation
            | Self::MrrExpansion
            | Self::MrrContraction
            | Self::MrrChurn => false,
        }
    }

    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NewCustomers => "new_customers",
            Self::GrossPayments => "gross_payments",
            Self::Refunds => "refunds",
            Self::Spend => "spend",
            Self::CohortRevenue => "cohort_revenue",
            Self::Tickets => "tickets",
            Self::MrrNew => "mrr_new",
            Self::MrrReactivation => "mrr_reactivation",
            Self::MrrExpansion => "mrr_expansion",
            Self::MrrContraction => "mrr_contraction",
            Self::MrrChurn => "mrr_churn",
            Self::SubscribersNew => "subscribers_new",
            Self::SubscribersReactivated => "subscribers_reactivated",
            Self::SubscribersChurned => "subscribers_churned",
            Self::AssumedFrom => "assumed_from",
            Self::AssumedUntil => "assumed_until",
        }
    }

    /// The inverse of [`Component::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// Which cell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellKey {
    /// What is counted.
    pub component: Component,
    /// The month in the policy's time zone, or [`UNDATED`].
    pub month: Month,
    /// Acquisition channel, or the channel of a spend; `None` is unattributed.
    pub channel: Option<String>,
    /// Segment of the profile; `None` for spend.
    pub segment: Option<String>,
    /// Present stage of the profile; `None` for spend.
    pub stage: Option<Stage>,
    /// Currency; `None` for tickets.
    pub currency: Option<Currency>,
}

/// An additive integer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// Which cell.
    pub key: CellKey,
    /// A count or minor units. Saturates at the ends of 64 bits; a rollup that meets a saturated
    /// cell answers null with reason `OVERFLOW`.
    pub value: i64,
}

/// The dimensions of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dims {
    /// Segment ([`crate::segment_of`] or the deployment's own).
    pub segment: String,
    /// Acquisition channel from the golden field; `None` is unattributed.
    pub channel: Option<String>,
    /// Present stage.
    pub stage: Stage,
}

/// A channel as cells hold it: trimmed, lower case; nothing and `unattributed` are `None`.
pub(crate) fn channel_word(channel: Option<&str>) -> Option<String> {
    let word = channel?.trim().to_lowercase();
    (!word.is_empty() && word != crate::UNATTRIBUTED).then_some(word)
}

fn saturate(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

/// One cell per key, sums of the given ones, zeros dropped, sorted by key.
#[must_use]
pub fn merge(cells: impl IntoIterator<Item = Cell>) -> Vec<Cell> {
    merge_wide(cells.into_iter().map(|cell| (cell.key, i128::from(cell.value))))
}

pub(crate) fn merge_wide(cells: impl IntoIterator<Item = (CellKey, i128)>) -> Vec<Cell> {
    let mut sums: BTreeMap<CellKey, i128> = BTreeMap::new();
    for (key, value) in cells {
        *sums.entry(key).or_default() += value;
    }
    sums.into_iter()
        .filter(|(_, value)| *value != 0)
        .map(|(key, value)| Cell { key, value: saturate(value) })
        .collect()
}

/// What to add to stored cells in which `old` is contained so that they contain `new` instead.
#[must_use]
pub fn delta(old: &[Cell], new: &[Cell]) -> Vec<Cell> {
    let minus = old.iter().map(|cell| (cell.key.clone(), -i128::from(cell.value)));
    let plus = new.iter().map(|cell| (cell.key.clone(), i128::from(cell.value)));
    merge_wide(minus.chain(plus))
}

/// The facts that had occurred by a moment. Undated ones had: they count in totals at any time.
#[must_use]
pub fn facts_until(mut facts: ProfileFacts, as_of: Timestamp) -> ProfileFacts {
    facts.facts.retain(|fact| dated(fact).is_none_or(|at| at <= as_of));
    facts
}

/// The cells of one expense.
#[must_use]
pub fn spend_cells(_record: RecordId, spend: &Spend) -> Vec<Cell> {
    let key = CellKey {
        component: Component::Spend,
        month: spend.day.month(),
        channel: channel_word(spend.channel.as_deref()),
        segment: None,
        stage: None,
        currency: Some(spend.amount.currency),
    };
    merge([Cell { key, value: spend.amount.amount_minor }])
}

/// A succeeded payment.
pub(crate) struct Paid {
    pub(crate) at: Option<Timestamp>,
    record: RecordId,
    pub(crate) amount: Money,
    given_back: i128,
}

impl Paid {
    /// What was not given back, in minor units; below zero when more was given back than paid.
    pub(crate) fn net(&self) -> i128 {
        i128::from(self.amount.amount_minor) - self.given_back
    }
}

/// The payment that makes a new customer: the first that was not given back in full.
pub(crate) fn first_purchase(facts: &[Fact]) -> Option<Paid> {
    payments(facts).into_iter().find(|paid| paid.net() > 0)
}

/// Succeeded payments above zero with what was given back of each, oldest first, undated ones last.
pub(crate) fn payments(facts: &[Fact]) -> Vec<Paid> {
    let mut given_back: BTreeMap<RecordId, i128> = BTreeMap::new();
    for fact in facts {
        let Canonical::Refund(refund) = &fact.body else { continue };
        if refund.status != PaymentStatus::Succeeded {
            continue;
        }
        for link in refund.links.iter().filter(|link| link.role == LinkRole::Payment) {
            *given_back.entry(link.target.id()).or_default() +=
                i128::from(refund.amount.amount_minor);
        }
    }
    let mut list: Vec<Paid> = facts
        .iter()
        .filter(|fact| fact.owned)
        .filter_map(|fact| {
            let Canonical::Payment(payment) = &fact.body else { return None };
            let counts =
                payment.status == PaymentStatus::Succeeded && payment.amount.amount_minor > 0;
            counts.then(|| Paid {
                at: payment.paid_at.or(fact.occurred_at),
                record: fact.record,
                amount: payment.amount,
                given_back: given_back.get(&fact.record).copied().unwrap_or_default(),
            })
        })
        .collect();
    list.sort_by_key(|paid| (paid.at.is_none(), paid.at, paid.record));
    list
}

/// What this profile contributes: its owned facts only, by its present dimensions. Sorted, one
/// cell per key, no zeros; independent of the order of the facts. Recurring revenue is not among it:
/// it takes what subscriptions said before ([`crate::revenue::recurring_cells`]).
///
/// A customer is new in the month of the first payment that was not given back in full: a purchase
/// undone is none. Money without a date goes to [`UNDATED`], so it is missing from no total.
#[must_use]
pub fn cells(facts: &ProfileFacts, dims: &Dims, policy: &Policy) -> Vec<Cell> {
    let tz = policy.time_zone();
    let month = |at: Option<Timestamp>| at.map_or(UNDATED, |at| at.month_in(&tz));
    let channel = channel_word(dims.channel.as_deref());
    let key = |component: Component, month: Month, currency: Option<Currency>| CellKey {
        component,
        month,
        channel: channel.clone(),
        segment: Some(dims.segment.clone()),
        stage: Some(dims.stage),
        currency,
    };
    let mut list: Vec<(CellKey, i128)> = Vec::new();
    let mut net: BTreeMap<Currency, i128> = BTreeMap::new();
    for fact in facts.facts.iter().filter(|fact| fact.owned) {
        let (component, at, amount) = match &fact.body {
            Canonical::Payment(p) if p.status == PaymentStatus::Succeeded => {
                (Component::GrossPayments, p.paid_at, p.amount)
            }
            Canonical::Refund(r) if r.status == PaymentStatus::Succeeded => {
                (Component::Refunds, r.refunded_at, r.amount)
            }
            Canonical::Ticket(ticket) => {
                let at = ticket.created_at.or(fact.occurred_at);
                list.push((key(Component::Tickets, month(at), None), 1));
                continue;
            }
            _ => continue,
        };
        let (currency, minor) = (amount.currency, i128::from(amount.amount_minor));
        list.push((key(component, month(at.or(fact.occurred_at)), Some(currency)), minor));
        let signed = if component == Component::Refunds { -minor } else { minor };
        *net.entry(currency).or_default() += signed;
    }
    if let Some(first) = first_purchase(&facts.facts) {
        let cohort = month(first.at);
        list.push((key(Component::NewCustomers, cohort, Some(first.amount.currency)), 1));
        for (currency, minor) in net {
            list.push((key(Component::CohortRevenue, cohort, Some(currency)), minor));
        }
    }
    merge_wide(list)
}
