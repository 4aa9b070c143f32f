//! Journeys of the unified customers: touches that led to the first purchase of each.
//!
//! Owns what a conversion is (the first payment of a customer that was not given back in full, and
//! no later one), which touches led to it (those of the customer and, of a company, of its people,
//! up to then), and the opportunity among them. Refuses to count a touch that no source dates. A
//! merge makes one journey of two, and one conversion.

use super::{
    Attribution, AttributionError, ConversionEvent, Milestone, Model, TouchEvent, attribute,
    journeys,
};
use crate::cells::{channel_word, first_purchase};
use crate::kpi::Window;
use domain::{Canonical, CompanyFacts, Currency, Fact, Money, ProfileId, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Whose journey the touches of a person belong to.
pub type Account = HashMap<ProfileId, ProfileId>;

/// What is credited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// Channels, in lower case.
    Channel,
    /// Campaigns, verbatim.
    Campaign,
}

struct TouchOf {
    account: String,
    at: Timestamp,
    channel: Option<String>,
    milestone: Option<Milestone>,
}

/// Everything that is credited.
pub struct Journeys {
    touches: Vec<TouchOf>,
    conversions: Vec<(String, Timestamp, Money)>,
    /// Touches that no source dates.
    pub undated: i64,
    /// Customers whose first purchase no source dates.
    pub undated_conversions: i64,
}

/// What a channel is credited with.
#[derive(Clone, Debug, PartialEq)]
pub struct CompanyCredit {
    /// The channel or campaign, [`crate::UNATTRIBUTED`] for none.
    pub name: String,
    /// Conversions in billionths; all credits sum to the total exactly.
    pub billionths: i64,
    /// Value by currency; all credits sum to the total exactly.
    pub value: Vec<Money>,
    /// Markov: share of conversions lost without it.
    pub removal_effect: Option<f64>,
}

/// Conversions and value by channel.
#[derive(Clone, Debug, PartialEq)]
pub struct CompanyAttribution {
    /// By name.
    pub credits: Vec<CompanyCredit>,
    /// What no touch explains.
    pub unattributed: CompanyCredit,
    /// All conversions.
    pub conversions: u64,
    /// All value by currency.
    pub value: Vec<Money>,
    /// Whether conversions are exact fractions, shown to nine decimals.
    pub exact: bool,
    /// Markov: the chance that a journey converts.
    pub base_conversion: Option<f64>,
}

fn touched(fact: &Fact) -> Option<(Option<Timestamp>, Option<&str>, Option<&str>)> {
    match &fact.body {
        Canonical::Touchpoint(touch) => Some((
            touch.touched_at.or(fact.occurred_at),
            touch.channel.as_deref(),
            touch.campaign.as_deref(),
        )),
        _ => None,
    }
}

impl Journeys {
    /// The journeys that converted in a window, and those of nobody's first purchase whose last touch
    /// lies in it. Needs payments, refunds, touches and deals.
    #[must_use]
    pub fn new(facts: &CompanyFacts, accounts: &Account, by: Grouping, window: Window) -> Self {
        let mut found = Self {
            touches: Vec::new(),
            conversions: Vec::new(),
            undated: 0,
            undated_conversions: 0,
        };
        let mut converted: BTreeMap<ProfileId, Option<Timestamp>> = BTreeMap::new();
        for (owner, facts) in facts {
            let Some((owner, first)) = owner.zip(first_purchase(facts)) else { continue };
            converted.insert(owner, first.at);
            let Some(at) = first.at else {
                found.undated_conversions += 1;
                continue;
            };
            if window.contains(at) {
                let minor = i64::try_from(first.net()).unwrap_or(i64::MAX);
                let value = Money::from_minor(minor, first.amount.currency);
                found.conversions.push((owner.to_string(), at, value));
            }
        }
        let account = |owner: ProfileId| match accounts.get(&owner) {
            // Who bought for himself has a journey of his own.
            Some(company) if !converted.contains_key(&owner) => *company,
            _ => owner,
        };
        // The first deal of each account.
        let mut opened: BTreeMap<ProfileId, Timestamp> = BTreeMap::new();
        let mut by_account: BTreeMap<ProfileId, Vec<(Timestamp, Option<String>)>> = BTreeMap::new();
        for (owner, facts) in facts {
            let Some(owner) = owner.map(account) else { continue };
            for fact in facts {
                if let Canonical::Deal(deal) = &fact.body
                    && let Some(at) = deal.created_at.or(fact.occurred_at)
                {
                    let first = opened.entry(owner).or_insert(at);
                    *first = (*first).min(at);
                }
                let Some((at, channel, campaign)) = touched(fact) else { continue };
                let Some(at) = at else {
                    found.undated += 1;
                    continue;
                };
                let name = match by {
                    Grouping::Channel => channel_word(channel),
                    Grouping::Campaign => campaign.map(|text| text.trim().to_owned()),
                };
                by_account.entry(owner).or_default().push((at, name));
            }
        }
        for (owner, mut touches) in by_account {
            touches.sort_unstable();
            let end = match converted.get(&owner) {
                Some(Some(end)) => Some(*end),
                // A first purchase without a date: nobody knows which touches led to it.
                Some(None) => continue,
                None => None,
            };
            let counts = match end {
                Some(end) => window.contains(end),
                None => touches.last().is_some_and(|(at, _)| window.contains(*at)),
            };
            if !counts {
                continue;
            }
            touches.retain(|(at, _)| end.is_none_or(|end| *at <= end));
            let opening = opened
                .get(&owner)
                .and_then(|opened| touches.iter().rposition(|(at, _)| at <= opened));
            for (place, (at, channel)) in touches.into_iter().enumerate() {
                let milestone = (Some(place) == opening).then_some(Milestone::Opportunity);
                let account = owner.to_string();
                found.touches.push(TouchOf { account, at, channel, milestone });
            }
        }
        found
    }

    /// How many touches count.
    #[must_use]
    pub fn touches(&self) -> usize {
        self.touches.len()
    }

    fn of_currency(
        &self,
        model: Model,
        look_back_ms: Option<i64>,
        currency: Option<Currency>,
    ) -> Result<Attribution, AttributionError> {
        let touches: Vec<TouchEvent<'_>> = self
            .touches
            .iter()
            .map(|touch| TouchEvent {
                customer: &touch.account,
                at: touch.at,
                channel: touch.channel.as_deref(),
                milestone: touch.milestone,
            })
            .collect();
        let conversions: Vec<ConversionEvent<'_>> = self
            .conversions
            .iter()
            .map(|(customer, at, value)| ConversionEvent {
                customer,
                at: *at,
                value_minor: if currency == Some(value.currency) {
                    value.amount_minor.unsigned_abs()
                } else {
                    0
                },
            })
            .collect();
        let paths = journeys(&touches, &conversions)?;
        match look_back_ms {
            Some(window) => attribute(&paths.looked_back(window)?, model),
            None => attribute(&paths, model),
        }
    }

    /// Credits conversions, and their value in each currency, to channels.
    ///
    /// # Errors
    /// [`AttributionError`].
    pub fn attribute(
        &self,
        model: Model,
        look_back_ms: Option<i64>,
    ) -> Result<CompanyAttribution, AttributionError> {
        let overflow = AttributionError::Overflow;
        let currencies: BTreeSet<Currency> =
            self.conversions.iter().map(|(_, _, value)| value.currency).collect();
        let counted = self.of_currency(model, look_back_ms, None)?;
        let shown = counted.shown().ok_or(overflow)?;
        let credit = |credit: &super::Credit, billionths: i64| CompanyCredit {
            name: credit.channel.clone(),
            billionths,
            value: Vec::new(),
            removal_effect: credit.removal_effect,
        };
        let mut list: Vec<CompanyCredit> = counted
            .credits
            .iter()
            .chain([&counted.unattributed])
            .zip(&shown)
            .map(|(one, billionths)| credit(one, *billionths))
            .collect();
        let mut value = Vec::new();
        for currency in currencies {
            let valued = self.of_currency(model, look_back_ms, Some(currency))?;
            let parts = valued.credits.iter().chain([&valued.unattributed]);
            for (slot, part) in list.iter_mut().zip(parts) {
                slot.value.push(Money::from_minor(part.value_minor, currency));
            }
            value.push(Money::from_minor(valued.value_minor, currency));
        }
        let unattributed = list.pop().ok_or(overflow)?;
        Ok(CompanyAttribution {
            credits: list,
            unattributed,
            conversions: counted.conversions,
            value,
            exact: counted.exact,
            base_conversion: counted.base_conversion,
        })
    }
}
