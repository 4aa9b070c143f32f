//! The score of a lead: points for who it is and what it did, before the purchase.
//!
//! Formula: sum of the points of fit rules that hold, plus for every action of a behaviour rule its
//! points times 2^(-age / half-life), each rule held to its `max_points`; the sum held to 0 to 100
//! and rounded half to even. Points are summed in millionths, so the order of facts plays no role.

use super::config::{Behaviour, BehaviourEvent, Fit, FitField, LeadRules};
use super::{DAY_MS, bought, dated};
use crate::words::{action, has_words, lower};
use crate::{Measured, NullReason, Ratio};
use domain::{Canonical, Fact, ProfileFacts, RecordId, Timestamp};

/// Points are summed in this many parts of one.
const MILLION: i64 = 1_000_000;
/// Records named as evidence of a rule.
const EVIDENCE_MAX: usize = 5;

/// What one rule contributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadPart {
    /// The rule's id.
    pub rule: String,
    /// Points, faded and held to the rule's limit.
    pub points: Ratio,
    /// Facts that count towards it.
    pub count: i64,
    /// The latest of them, at most five.
    pub evidence: Vec<RecordId>,
}

/// A lead's score at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadScore {
    /// 0 to 100. `NOT_APPLICABLE` once bought, `NO_DATA` while nothing was known of it.
    pub score: Measured<i64>,
    /// Whether the score reaches the rules' `qualified_from`.
    pub qualified: bool,
    /// The rules that count, in the order of the configuration.
    pub parts: Vec<LeadPart>,
    /// Actions that match a rule and carry no time; they cannot fade and do not count.
    pub undated: i64,
    /// The version of the rules.
    pub version: String,
}

impl Fit {
    fn holds(&self, fact: &Fact) -> bool {
        let is_one = |text: Option<&String>| {
            text.is_some_and(|text| self.any_of.iter().any(|word| lower(word) == lower(text)))
        };
        match (self.field, &fact.body) {
            (FitField::Industry, Canonical::Company(company)) => is_one(company.industry.as_ref()),
            (FitField::Country, Canonical::Company(company)) => {
                is_one(company.address.country.as_ref())
            }
            (FitField::Country, Canonical::Contact(contact)) => {
                is_one(contact.address.country.as_ref())
            }
            (FitField::AcquisitionChannel, Canonical::Company(company)) => {
                is_one(company.acquisition_channel.as_ref())
            }
            (FitField::AcquisitionChannel, Canonical::Contact(contact)) => {
                is_one(contact.acquisition_channel.as_ref())
            }
            (FitField::JobTitle, Canonical::Contact(contact)) => {
                let title = contact.job_title.as_ref().map(|title| lower(title));
                title.is_some_and(|title| {
                    self.any_of.iter().any(|word| has_words(&title, &lower(word)))
                })
            }
            (FitField::EmployeeCount, Canonical::Company(company)) => {
                company.employee_count.is_some_and(|count| {
                    count >= 0
                        && self.min.is_none_or(|min| count >= min)
                        && self.max.is_none_or(|max| count <= max)
                })
            }
            _ => false,
        }
    }
}

impl Behaviour {
    fn matches(&self, fact: &Fact) -> bool {
        match (self.event, &fact.body) {
            (BehaviourEvent::Touchpoint, Canonical::Touchpoint(touch)) => {
                let done = action(&touch.action);
                self.actions.iter().any(|wanted| action(wanted) == done)
            }
            (BehaviourEvent::Ticket, Canonical::Ticket(_))
            | (BehaviourEvent::DealOpened, Canonical::Deal(_)) => true,
            _ => false,
        }
    }
}

/// The score of a profile at `as_of`, from every fact linked to it, owned or not. Later facts do not
/// exist yet; records of who they are count from their creation, or always where they carry no time.
#[must_use]
pub fn lead_score(facts: &ProfileFacts, rules: &LeadRules, as_of: Timestamp) -> LeadScore {
    let known: Vec<(&Fact, Option<Timestamp>)> = facts
        .facts
        .iter()
        .map(|fact| (fact, dated(fact)))
        .filter(|(_, at)| at.is_none_or(|at| at <= as_of))
        .collect();
    let reason = if known.is_empty() {
        Some(NullReason::NoData)
    } else if bought(&facts.facts, as_of) {
        Some(NullReason::NotApplicable)
    } else {
        None
    };
    let version = rules.version.clone();
    if let Some(reason) = reason {
        let score = Measured::none(reason);
        return LeadScore { score, qualified: false, parts: Vec::new(), undated: 0, version };
    }
    let (mut parts, mut sum, mut undated) = (Vec::new(), 0_i64, 0);
    let mut add = |id: &str, millionths: i64, mut found: Vec<(Option<Timestamp>, RecordId)>| {
        found.sort_unstable();
        let latest = found.iter().rev().take(EVIDENCE_MAX);
        sum = sum.saturating_add(millionths);
        parts.push(LeadPart {
            rule: id.to_owned(),
            points: Ratio::new(i128::from(millionths), i128::from(MILLION)).unwrap_or(Ratio::ZERO),
            count: i64::try_from(found.len()).unwrap_or(i64::MAX),
            evidence: latest.map(|(_, record)| *record).collect(),
        });
    };
    for rule in &rules.fit {
        let found = known.iter().filter(|(fact, _)| rule.holds(fact));
        let found: Vec<_> = found.map(|(fact, at)| (*at, fact.record)).collect();
        if !found.is_empty() {
            add(&rule.id, rule.points.saturating_mul(MILLION), found);
        }
    }
    for rule in &rules.behaviour {
        let days = rule.half_life_days.unwrap_or(rules.half_life_days).max(1);
        let half_life = f64::from(days) * DAY_MS as f64;
        let (mut total, mut found) = (0_i64, Vec::new());
        for (fact, at) in known.iter().filter(|(fact, _)| rule.matches(fact)) {
            let Some(at) = at else {
                undated += 1;
                continue;
            };
            let age = (as_of.as_millis() - at.as_millis()) as f64;
            let faded =
                (rule.points.saturating_mul(MILLION) as f64 * (-age / half_life).exp2()).round();
            total = total.saturating_add(faded as i64);
            found.push((Some(*at), fact.record));
        }
        if !found.is_empty() {
            let limit = rule.max_points.map_or(i64::MAX, |max| max.saturating_mul(MILLION));
            add(&rule.id, total.clamp(-limit, limit), found);
        }
    }
    let exact = Ratio::new(i128::from(sum), i128::from(MILLION)).unwrap_or(Ratio::ZERO);
    let score = i64::try_from(exact.round().clamp(0, 100)).unwrap_or(0);
    let qualified = score >= rules.qualified_from;
    LeadScore { score: Measured::some(score), qualified, parts, undated, version }
}
