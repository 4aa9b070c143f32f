//! The populations that models are fitted to: purchases by currency, contracts by billing period.
//!
//! Owns who is in which population, what each is hashed by, how little is too little to fit, and
//! the choice between two models that fit. Refuses customers who buy in several currencies: there
//! is no population to which they belong.

use super::stored::{Family, FittedModel, StoredFit};
use super::{
    Bdw, Chosen, GammaGamma, Histories, Line, MbgNbd, Model, ParetoNbd, Reason, Sbg, Spend,
    Summary, Survival, Timing, likelier, purchases,
};
use domain::{Currency, Money, RecordId, Timestamp};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Days in the unit of time of the models of purchases.
pub(super) const WEEK: f64 = 7.0;
/// Customers who bought again, below which a model of purchases is not fitted.
const REPEATERS_MIN: usize = 20;
/// Contracts given up, below which a model of contracts is not fitted.
const ENDED_MIN: u64 = 10;

/// A payment of a customer, or a refund of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PurchaseLine {
    /// The record of the payment: of a refund the one that it gives back, if it says so.
    pub payment: Option<RecordId>,
    /// When.
    pub at: Timestamp,
    /// How much; negative when given back.
    pub amount: Money,
}

/// A contract at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractState {
    /// Its billing period, as populations are named: `1 month`.
    pub period: String,
    /// Renewals made so far.
    pub renewals: usize,
    /// Whether it was given up by then.
    pub ended: bool,
}

/// What the lines of one customer up to a moment come to, by currency.
pub(super) fn summaries(
    lines: &[PurchaseLine],
    tz: &TimeZone,
    as_of: Timestamp,
) -> BTreeMap<Currency, Option<Summary>> {
    let day = |at: Timestamp| {
        let days = at.date_in(tz).start_utc().as_millis().div_euclid(86_400_000);
        i32::try_from(days).unwrap_or(i32::MAX)
    };
    let mut orders: Vec<RecordId> = lines.iter().filter_map(|line| line.payment).collect();
    orders.sort_unstable();
    orders.dedup();
    let number =
        |order: RecordId| orders.binary_search(&order).ok().and_then(|at| u32::try_from(at).ok());
    let mut by_currency: BTreeMap<Currency, Vec<Line>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.at <= as_of) {
        by_currency.entry(line.amount.currency).or_default().push(Line {
            customer: 0,
            day: day(line.at),
            order: line.payment.and_then(number),
            amount_minor: line.amount.amount_minor,
        });
    }
    let end = day(as_of);
    let one = |lines: Vec<Line>| {
        let (all, _) = purchases(lines);
        all.first().and_then(|one| one.summary(end, Timing::Continuous(WEEK)))
    };
    by_currency.into_iter().map(|(currency, lines)| (currency, one(lines))).collect()
}

#[derive(Default)]
struct Contracts {
    ended: Vec<u64>,
    running: Vec<u64>,
}

/// Everything that models are fitted to, as of a moment.
pub struct Population {
    tz: TimeZone,
    as_of: Timestamp,
    purchases: BTreeMap<Currency, Vec<Summary>>,
    contracts: BTreeMap<String, Contracts>,
}

impl Population {
    /// Nobody yet.
    #[must_use]
    pub fn new(tz: TimeZone, as_of: Timestamp) -> Self {
        Self { tz, as_of, purchases: BTreeMap::new(), contracts: BTreeMap::new() }
    }

    /// Adds the payments and refunds of one customer, in any order.
    pub fn add_customer(&mut self, lines: &[PurchaseLine]) {
        let found = summaries(lines, &self.tz, self.as_of);
        let mut bought = found.into_iter().filter_map(|(code, one)| Some((code, one?)));
        if let (Some((currency, summary)), None) = (bought.next(), bought.next()) {
            self.purchases.entry(currency).or_default().push(summary);
        }
    }

    /// Adds a contract.
    pub fn add_contract(&mut self, contract: ContractState) {
        let counts = self.contracts.entry(contract.period).or_default();
        let list = if contract.ended { &mut counts.ended } else { &mut counts.running };
        if list.len() <= contract.renewals {
            list.resize(contract.renewals + 1, 0);
        }
        if let Some(slot) = list.get_mut(contract.renewals) {
            *slot += 1;
        }
    }

    /// Fits every population that has no fit for its present data: `known` says so of a family, a
    /// part and a data hash.
    #[must_use]
    pub fn fits(&self, known: impl Fn(Family, &str, &str) -> bool) -> Vec<StoredFit> {
        let mut list = Vec::new();
        let mut add = |family, part: &str, data_hash: String, fit: &dyn Fn() -> FittedModel| {
            if !known(family, part, &data_hash) {
                list.push(StoredFit { family, part: part.to_owned(), data_hash, fitted: fit() });
            }
        };
        for (currency, customers) in &self.purchases {
            let histories: Vec<_> = customers.iter().map(|one| one.history).collect();
            let spends: Vec<Spend> = customers.iter().map(|one| one.spend).collect();
            // Summaries are made of days in their order: none of them contradicts itself.
            let histories = Histories::new(&histories).unwrap_or_default();
            let hash = histories.data_hash();
            add(Family::Purchases, currency.code(), hash, &|| fit_purchases(&histories, &spends));
            let hash = GammaGamma::data_hash(&spends);
            add(Family::Amounts, currency.code(), hash, &|| fit_amounts(&spends));
        }
        for (period, contracts) in &self.contracts {
            let data = Survival::of_contracts(&contracts.ended, &contracts.running);
            let n = contracts.ended.iter().chain(&contracts.running).sum();
            let ended: u64 = contracts.ended.iter().sum();
            let data = data
                .and_then(|data| if ended < ENDED_MIN { Err(Reason::NoData) } else { Ok(data) });
            let hash = match &data {
                Ok(data) => data.data_hash(),
                Err(_) => format!("{n} {ended}"),
            };
            add(Family::Contracts, period, hash, &|| match &data {
                Ok(data) => fit_contracts(data, n),
                Err(reason) => FittedModel::none(Sbg::NAME, *reason, n),
            });
        }
        list
    }
}

fn repeaters(spends: &[Spend]) -> usize {
    spends.iter().filter(|spend| spend.x > 0).count()
}

fn fit_purchases(histories: &Histories, spends: &[Spend]) -> FittedModel {
    if repeaters(spends) < REPEATERS_MIN {
        return FittedModel::none(ParetoNbd::NAME, Reason::NoData, histories.n());
    }
    match likelier(ParetoNbd::fit(histories), MbgNbd::fit(histories)) {
        Ok((Chosen::Pareto(fit), why)) => FittedModel::of(&fit, why),
        Ok((Chosen::Mbg(fit), why)) => FittedModel::of(&fit, why),
        Err(reason) => FittedModel::none(ParetoNbd::NAME, reason, histories.n()),
    }
}

fn fit_amounts(spends: &[Spend]) -> FittedModel {
    let n = repeaters(spends);
    let none = |reason| FittedModel::none(GammaGamma::NAME, reason, n as u64);
    if n < REPEATERS_MIN {
        return none(Reason::NoData);
    }
    match GammaGamma::fit(spends) {
        Ok(fit) => FittedModel::of(&fit, "amounts above zero".to_owned()),
        Err(reason) => none(reason),
    }
}

/// The model with a chance to leave that changes with tenure, if what it adds to the likelihood is
/// worth its parameter (Akaike's criterion), else the simpler one.
fn fit_contracts(data: &Survival, n: u64) -> FittedModel {
    let (sbg, bdw) = (Sbg::fit(data), Bdw::fit(data));
    let bdw = bdw.ok().filter(super::Fit::converged);
    match (sbg, bdw) {
        (Ok(sbg), Some(bdw)) if sbg.converged() => {
            let more = bdw.log_likelihood - sbg.log_likelihood;
            let why = format!("bdw adds {more:.3} to the log-likelihood of sbg");
            if more > 1.0 { FittedModel::of(&bdw, why) } else { FittedModel::of(&sbg, why) }
        }
        (Ok(_) | Err(_), Some(bdw)) => FittedModel::of(&bdw, "sbg has no maximum here".to_owned()),
        (Ok(sbg), None) => FittedModel::of(&sbg, "bdw has no maximum here".to_owned()),
        (Err(reason), None) => FittedModel::none(Sbg::NAME, reason, n),
    }
}
