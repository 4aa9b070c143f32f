//! Whether a condition holds of a profile at a moment.

use super::config::{Condition, Field};
use crate::score::{DAY_MS, dated};
use crate::words::{action, has_words, lower};
use crate::{Numbers, Policy, Ratio, Segment, Sources, subscription_mrr};
use domain::{
    Canonical, Contact, Currency, DealStatus, Fact, PaymentStatus, ProfileFacts, Stage, Status,
    Timestamp,
};

/// What conditions look at.
#[derive(Clone, Copy, Debug)]
pub struct Traits<'a> {
    /// Its facts.
    pub facts: &'a ProfileFacts,
    /// Its numbers at the moment.
    pub numbers: &'a Numbers,
    /// The metric policy, by which recurring revenue is counted.
    pub policy: &'a Policy,
    /// Which kinds of source there are: what none delivers is not known.
    pub sources: &'a Sources,
    /// The segment by size.
    pub size: Segment,
    /// The stage at the moment.
    pub stage: Stage,
    /// The standing at the moment.
    pub status: Status,
    /// The moment; later facts do not exist yet.
    pub as_of: Timestamp,
}

impl Condition {
    /// Whether it holds; what is not known fails it.
    #[must_use]
    pub fn holds(&self, of: &Traits<'_>) -> bool {
        if let Some(parts) = &self.all {
            return parts.iter().all(|part| part.holds(of));
        }
        if let Some(parts) = &self.any {
            return parts.iter().any(|part| part.holds(of));
        }
        if let Some(part) = &self.not {
            return !part.holds(of);
        }
        self.field.is_some_and(|field| self.field_holds(field, of))
    }

    fn field_holds(&self, field: Field, of: &Traits<'_>) -> bool {
        if !of.delivers(field) {
            return false;
        }
        let since = |at: Timestamp| (of.as_of.as_millis() - at.as_millis()).div_euclid(DAY_MS);
        match field {
            Field::Kind => self.names(of.facts.kind.as_str()),
            Field::BusinessModel => {
                self.names(if of.size == Segment::Consumer { "b2c" } else { "b2b" })
            }
            Field::Size => self.names(of.size.as_str()),
            Field::Stage => self.names(of.stage.as_str()),
            Field::Status => self.names(of.status.as_str()),
            Field::Source => of.facts.sources.iter().any(|source| self.names(source)),
            Field::Country | Field::Industry | Field::Channel | Field::JobTitle => {
                of.seen().any(|fact| self.states(field, fact))
            }
            Field::Product => of.seen().any(|fact| self.runs(fact, of)),
            Field::EmployeeCount => self.within(of.employees().map(i128::from)),
            Field::TenureDays => {
                let first = of.numbers.first_payment_at.value;
                self.within(first.map(since).map(i128::from))
            }
            Field::Nps => self.within(of.numbers.nps_latest.value.map(i128::from)),
            Field::Arr => self.amount(of.arr(self.currency)),
            Field::Revenue => {
                let minor = of.numbers.revenue.value.as_ref().map(|list| {
                    let own = list.iter().find(|money| Some(money.currency) == self.currency);
                    own.map_or(0, |money| money.amount_minor)
                });
                self.amount(minor.map(Ratio::whole))
            }
            Field::DaysSinceUse => {
                let used = of.seen().filter(|fact| self.counts(field, fact)).filter_map(when);
                self.within(used.max().map(since).map(i128::from))
            }
            Field::Payments
            | Field::FailedPayments
            | Field::Tickets
            | Field::DealsWon
            | Field::Touchpoints
            | Field::Uses => {
                let begin = self.within_days.map(|days| of.as_of.plus_days(-days));
                let recent = |fact: &&Fact| {
                    begin.is_none_or(|begin| when(fact).is_some_and(|at| at > begin))
                };
                let count = of.seen().filter(recent).filter(|fact| self.counts(field, fact));
                self.within(Some(count.count() as i128))
            }
        }
    }

    fn names(&self, word: &str) -> bool {
        self.any_of.iter().any(|wanted| lower(wanted) == lower(word))
    }

    fn within(&self, value: Option<i128>) -> bool {
        value.is_some_and(|value| {
            self.min.is_none_or(|min| value >= i128::from(min))
                && self.max.is_none_or(|max| value <= i128::from(max))
        })
    }

    /// An exact amount in minor units against bounds in whole units.
    fn amount(&self, minor: Option<Ratio>) -> bool {
        let (Some(minor), Some(currency)) = (minor, self.currency) else { return false };
        let unit = 10_i128.pow(u32::from(currency.exponent()));
        let bound = |whole: i64| Ratio::new(i128::from(whole) * unit, 1);
        let less = |a: Ratio, b: Ratio| a.checked_sub(b).is_some_and(|d| d.is_negative());
        self.min.and_then(bound).is_none_or(|min| !less(minor, min))
            && self.max.and_then(bound).is_none_or(|max| !less(max, minor))
    }

    fn states(&self, field: Field, fact: &Fact) -> bool {
        let named = |text: Option<&String>| text.is_some_and(|text| self.names(text));
        match (field, &fact.body) {
            (Field::Industry, Canonical::Company(company)) => named(company.industry.as_ref()),
            (Field::Country, Canonical::Company(company)) => {
                named(company.address.country.as_ref())
            }
            (Field::Country, Canonical::Contact(contact)) => {
                named(contact.address.country.as_ref())
            }
            (Field::Channel, Canonical::Company(company)) => {
                named(company.acquisition_channel.as_ref())
            }
            (Field::Channel, Canonical::Contact(contact)) => {
                named(contact.acquisition_channel.as_ref())
            }
            (Field::JobTitle, Canonical::Contact(Contact { job_title: Some(title), .. })) => {
                let title = lower(title);
                self.any_of.iter().any(|words| has_words(&title, &lower(words)))
            }
            _ => false,
        }
    }

    fn runs(&self, fact: &Fact, of: &Traits<'_>) -> bool {
        let Canonical::Subscription(subscription) = &fact.body else { return false };
        let counts = subscription_mrr(subscription, of.policy, of.as_of);
        counts.is_ok_and(|mrr| !mrr.is_zero())
            && subscription
                .items
                .iter()
                .any(|item| item.product.as_ref().is_some_and(|product| self.names(product)))
    }

    fn counts(&self, field: Field, fact: &Fact) -> bool {
        let acts = |done: Option<&str>| {
            let done = done.map(action);
            self.actions.is_empty() || self.actions.iter().any(|word| Some(action(word)) == done)
        };
        match (field, &fact.body) {
            (Field::Payments, Canonical::Payment(payment)) => {
                payment.status == PaymentStatus::Succeeded
            }
            (Field::FailedPayments, Canonical::Payment(payment)) => {
                payment.status == PaymentStatus::Failed
            }
            (Field::Tickets, Canonical::Ticket(_)) => true,
            (Field::DealsWon, Canonical::Deal(deal)) => deal.status == DealStatus::Won,
            (Field::Touchpoints, Canonical::Touchpoint(touch)) => acts(Some(&touch.action)),
            (Field::Uses | Field::DaysSinceUse, Canonical::UsageEvent(usage)) => {
                acts(usage.action.as_deref())
            }
            _ => false,
        }
    }
}

/// When a fact happened that is counted; a won deal when it was won.
fn when(fact: &Fact) -> Option<Timestamp> {
    match &fact.body {
        Canonical::Deal(deal) if deal.status == DealStatus::Won => deal.closed_at.or(dated(fact)),
        _ => dated(fact),
    }
}

impl<'a> Traits<'a> {
    /// The facts up to the moment; undated ones count.
    fn seen(&self) -> impl Iterator<Item = &'a Fact> {
        let as_of = self.as_of;
        self.facts.facts.iter().filter(move |fact| when(fact).is_none_or(|at| at <= as_of))
    }

    /// Whether a source delivers what a field looks at, of those that facts alone answer.
    fn delivers(&self, field: Field) -> bool {
        match field {
            Field::Payments | Field::FailedPayments => self.sources.has_payments,
            Field::Tickets => self.sources.has_tickets,
            Field::Uses | Field::DaysSinceUse => self.sources.has_usage,
            _ => true,
        }
    }

    fn employees(&self) -> Option<i64> {
        let sizes = self.seen().filter_map(|fact| match &fact.body {
            Canonical::Company(company) => company.employee_count.filter(|count| *count >= 0),
            _ => None,
        });
        sizes.max()
    }

    /// Annual recurring revenue in a currency, exact, in minor units; `None` when it is not known.
    fn arr(&self, currency: Option<Currency>) -> Option<Ratio> {
        self.numbers.mrr.value.as_ref()?;
        let monthly = self.facts.facts.iter().try_fold(Ratio::ZERO, |sum, fact| {
            let Canonical::Subscription(one) = &fact.body else { return Some(sum) };
            if Some(one.currency) != currency {
                return Some(sum);
            }
            sum.checked_add(subscription_mrr(one, self.policy, self.as_of).ok()?)
        });
        monthly?.checked_mul(Ratio::whole(12))
    }
}
