//! What the rules raise for one profile, and for people who left a company.

use super::config::{AlertConfig, AlertRule, AlertSeverity, Preset};
use crate::score::{HealthFacts, HealthModel, HealthScore, dated, health_score};
use crate::segmentation::Traits;
use crate::words::{has_words, lower};
use domain::{
    Canonical, Direction, Fact, Interval, PaymentStatus, ProfileId, RecordId, Status, Subscription,
    SubscriptionStatus, Timestamp, Transition,
};

/// Most evidence records kept with an alert.
const EVIDENCE_MAX: usize = 5;

/// What is raised about a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raised {
    /// The rule's id.
    pub rule: String,
    /// What was watched.
    pub preset: Preset,
    /// How much it matters.
    pub severity: AlertSeverity,
    /// Tells one cause from another within rule and profile.
    pub cause: String,
    /// Whether the same cause may come again, as another alert, once it was gone.
    pub recurs: bool,
    /// When it came about in the world.
    pub occurred_at: Timestamp,
    /// Readable, without personal data.
    pub detail: String,
    /// The records that prove it, the latest first; at most five.
    pub evidence: Vec<RecordId>,
}

/// What is watched of a profile.
#[derive(Clone, Copy, Debug)]
pub struct Watched<'a> {
    /// Who it is, and when.
    pub traits: Traits<'a>,
    /// Its stage history.
    pub transitions: &'a [Transition],
    /// How health is scored.
    pub health: &'a HealthModel,
    /// The segment by whose weights.
    pub segment: &'a str,
}

/// A person who left a company, or has another job title there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// The company.
    pub company: ProfileId,
    /// The person.
    pub person: ProfileId,
    /// When.
    pub at: Timestamp,
    /// Whether the person is still there, with another title.
    pub stays: bool,
    /// The title that the person had.
    pub job_title: Option<String>,
    /// The person's persona.
    pub persona: Option<String>,
    /// The records that say so.
    pub records: Vec<RecordId>,
}

/// Everything that the rules raise for a profile at `watched.traits.as_of`. People who left are
/// [`departures`]'s.
#[must_use]
pub fn raised(config: &AlertConfig, watched: &Watched<'_>) -> Vec<Raised> {
    let mut found = Vec::new();
    for rule in &config.rules {
        if rule.when.as_ref().is_some_and(|when| !when.holds(&watched.traits)) {
            continue;
        }
        match rule.preset {
            Preset::HealthFalls => found.extend(watched.health_falls(rule)),
            Preset::RenewalNear => found.extend(watched.renewals(rule)),
            Preset::StageMovedBack => found.extend(watched.moved_back(rule)),
            Preset::ChurnRisk => found.extend(watched.churn_risk(rule)),
            Preset::ChampionLeft => {}
        }
    }
    found
}

/// What the rules raise about people who left companies, by company. The caller gives those of the
/// longest span that a rule looks back.
#[must_use]
pub fn departures(
    config: &AlertConfig,
    left: &[Departure],
    now: Timestamp,
) -> Vec<(ProfileId, Raised)> {
    let mut found = Vec::new();
    for rule in config.rules.iter().filter(|rule| rule.preset == Preset::ChampionLeft) {
        let begin = rule.since(now);
        for one in left.iter().filter(|one| begin < one.at && one.at <= now) {
            let titled = one.job_title.as_deref().map(lower).is_some_and(|title| {
                rule.job_titles.iter().any(|words| has_words(&title, &lower(words)))
            });
            let named = one.persona.as_ref().is_some_and(|name| rule.personas.contains(name));
            let anybody = rule.job_titles.is_empty() && rule.personas.is_empty();
            if !(anybody || titled || named) {
                continue;
            }
            let (word, what) = if one.stays {
                ("title", "a person of the company has another job title")
            } else {
                ("left", "a person left the company")
            };
            let cause = format!("{word}:{}:{}", one.person, one.at.as_millis());
            let mut evidence = one.records.clone();
            evidence.truncate(EVIDENCE_MAX);
            let one_more = rule.raise(cause, false, one.at, what.to_owned(), evidence);
            found.push((one.company, one_more));
        }
    }
    found
}

impl AlertConfig {
    /// The longest span that rules about people who left look back, in days; `None` without any.
    #[must_use]
    pub fn departure_days(&self) -> Option<i64> {
        let rules = self.rules.iter().filter(|rule| rule.preset == Preset::ChampionLeft);
        rules.map(|rule| rule.within_days.unwrap_or(30)).max()
    }
}

impl AlertRule {
    fn since(&self, now: Timestamp) -> Timestamp {
        now.plus_days(-self.within_days.unwrap_or(30))
    }

    fn raise(
        &self,
        cause: String,
        recurs: bool,
        occurred_at: Timestamp,
        detail: String,
        evidence: Vec<RecordId>,
    ) -> Raised {
        Raised {
            rule: self.id.clone(),
            preset: self.preset,
            severity: self.severity,
            cause,
            recurs,
            occurred_at,
            detail,
            evidence,
        }
    }
}

impl<'a> Watched<'a> {
    fn now(&self) -> Timestamp {
        self.traits.as_of
    }

    fn health_at(&self, at: Timestamp) -> HealthScore {
        let zone = self.traits.policy.time_zone();
        let from =
            HealthFacts { facts: self.traits.facts, sources: self.traits.sources, zone: &zone };
        health_score(&from, self.health, self.segment, at)
    }

    /// The latest records since a moment that `counts`.
    fn latest(&self, since: Timestamp, counts: impl Fn(&Fact) -> bool) -> Vec<RecordId> {
        let within = |fact: &&Fact| dated(fact).is_some_and(|at| since < at && at <= self.now());
        let mut found: Vec<(Option<Timestamp>, RecordId)> = self
            .traits
            .facts
            .facts
            .iter()
            .filter(within)
            .filter(|fact| counts(fact))
            .map(|fact| (dated(fact), fact.record))
            .collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.dedup();
        found.into_iter().take(EVIDENCE_MAX).map(|(_, record)| record).collect()
    }

    fn health_falls(&self, rule: &AlertRule) -> Option<Raised> {
        let since = rule.since(self.now());
        let (now, before) = (self.health_at(self.now()), self.health_at(since));
        let (score, was) = (now.score.value?, before.score.value?);
        let by_points = rule.points.is_some_and(|points| was - score >= points);
        let into = |band: &Option<String>| band.as_ref().is_some_and(|b| rule.bands.contains(b));
        if !(by_points || (into(&now.band) && !into(&before.band))) {
            return None;
        }
        let band = |band: Option<String>| band.map(|b| format!(" ({b})")).unwrap_or_default();
        let days = rule.within_days.unwrap_or(30);
        let detail = format!(
            "health fell from {was}{} to {score}{} within {days} days",
            band(before.band),
            band(now.band)
        );
        let evidence = self.latest(since, |fact| match &fact.body {
            Canonical::Payment(payment) => payment.status == PaymentStatus::Failed,
            Canonical::Ticket(_) | Canonical::SurveyResponse(_) => true,
            _ => false,
        });
        Some(rule.raise("health".to_owned(), true, self.now(), detail, evidence))
    }

    fn subscriptions(&self) -> impl Iterator<Item = (RecordId, &'a Subscription)> {
        self.traits.facts.facts.iter().filter_map(|fact| match &fact.body {
            Canonical::Subscription(subscription) => Some((fact.record, subscription)),
            _ => None,
        })
    }

    fn renewals(&self, rule: &AlertRule) -> Vec<Raised> {
        let (now, days) = (self.now(), rule.within_days.unwrap_or(30));
        let least = rule.min_interval_months.unwrap_or(1);
        let due = |subscription: &Subscription| {
            let runs = matches!(
                subscription.status,
                SubscriptionStatus::Active | SubscriptionStatus::PastDue
            );
            let goes_on = subscription.canceled_at.is_none() && subscription.ended_at.is_none();
            let end = subscription.current_period_end?;
            let near = now < end && end <= now.plus_days(days);
            (runs && goes_on && near && months(subscription) >= least).then_some(end)
        };
        let raise = |(record, end): (RecordId, Timestamp)| {
            let cause = format!("renewal:{record}:{}", end.as_millis());
            let detail = format!("a contract is due for renewal on {end}");
            rule.raise(cause, false, end.plus_days(-days), detail, vec![record])
        };
        self.subscriptions()
            .filter_map(|(record, one)| Some((record, due(one)?)))
            .map(raise)
            .collect()
    }

    fn moved_back(&self, rule: &AlertRule) -> Vec<Raised> {
        let (since, now) = (rule.since(self.now()), self.now());
        let mut found = Vec::new();
        for (at, step) in self.transitions.iter().enumerate() {
            let recent = since < step.occurred_at && step.occurred_at <= now;
            let Some(from) = step.from.filter(|_| recent && step.direction == Direction::Backward)
            else {
                continue;
            };
            let named = rule.stages.is_empty() || rule.stages.contains(&from);
            let regained = self.transitions.iter().skip(at + 1).any(|later| later.to >= from);
            if !named || regained {
                continue;
            }
            let (from, to) = (from.as_str(), step.to.as_str());
            let cause = format!("back:{}:{from}:{to}", step.occurred_at.as_millis());
            let detail = format!("the stage moved back from {from} to {to}: {}", step.reason);
            found.push(rule.raise(cause, false, step.occurred_at, detail, step.evidence.clone()));
        }
        found
    }

    fn churn_risk(&self, rule: &AlertRule) -> Option<Raised> {
        let now = self.now();
        let may_leave = [Status::Active, Status::PastDue, Status::Paused];
        if !may_leave.contains(&self.traits.status) {
            return None;
        }
        let mut signals: Vec<String> = Vec::new();
        let mut evidence: Vec<RecordId> = Vec::new();
        if self.traits.status == Status::PastDue {
            signals.push("a payment is late".to_owned());
            let late = [SubscriptionStatus::PastDue, SubscriptionStatus::Unpaid];
            let late = self.subscriptions().filter(|(_, one)| late.contains(&one.status));
            evidence.extend(late.map(|(record, _)| record));
        }
        let asked = |one: &Subscription| {
            let runs = one.ended_at.or(one.current_period_end).is_some_and(|end| end > now);
            one.canceled_at.is_some_and(|at| at <= now) && runs
        };
        let leaving: Vec<RecordId> =
            self.subscriptions().filter(|(_, one)| asked(one)).map(|(record, _)| record).collect();
        if !leaving.is_empty() {
            signals.push("the end of a contract was asked for".to_owned());
            evidence.extend(leaving);
        }
        if let Some(least) = rule.failed_payments {
            let failed = |fact: &Fact| match &fact.body {
                Canonical::Payment(payment) => payment.status == PaymentStatus::Failed,
                _ => false,
            };
            let since = rule.since(now);
            let within = |fact: &&Fact| dated(fact).is_some_and(|at| since < at && at <= now);
            let facts = &self.traits.facts.facts;
            let count = facts.iter().filter(within).filter(|fact| failed(fact)).count();
            if i64::try_from(count).is_ok_and(|count| count >= least) {
                signals.push(format!("{count} payments failed"));
                evidence.extend(self.latest(since, failed));
            }
        }
        let health = rule
            .health_below
            .and_then(|below| self.health_at(now).score.value.filter(|score| *score < below));
        if let Some(score) = health {
            signals.push(format!("health is {score}"));
        }
        if let Some(days) = rule.quiet_days {
            let last =
                self.traits.facts.facts.iter().filter_map(dated).filter(|at| *at <= now).max();
            if last.is_some_and(|last| last <= now.plus_days(-days)) {
                signals.push(format!("nothing was heard for {days} days or more"));
            }
        }
        let enough = i64::try_from(signals.len()).is_ok_and(|n| n >= rule.signals_min.unwrap_or(1));
        if !enough {
            return None;
        }
        let mut seen = std::collections::BTreeSet::new();
        evidence.retain(|record| seen.insert(*record));
        evidence.truncate(EVIDENCE_MAX);
        let detail = format!("the customer may leave: {}", signals.join(", "));
        Some(rule.raise("churn".to_owned(), true, now, detail, evidence))
    }
}

/// For how many months at a time a subscription is billed; 0 for days and weeks.
fn months(subscription: &Subscription) -> i64 {
    let of = |item: &domain::SubscriptionItem| match item.interval {
        Interval::Day | Interval::Week => 0,
        Interval::Month => i64::from(item.interval_count),
        Interval::Year => 12 * i64::from(item.interval_count),
    };
    subscription.items.iter().map(of).max().unwrap_or(0)
}
