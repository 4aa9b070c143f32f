//! The rules of both scores, as written in the configuration.
//!
//! Owns the types and their check. Refuses anything that cannot be decided from facts and time.

use crate::Problem;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Both scores. `Default` is the embedded table ([`super::DEFAULT_SCORE_TOML`]).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScoreConfig {
    /// Before the purchase.
    pub lead: LeadRules,
    /// After it.
    pub health: HealthModel,
}

/// How leads are scored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LeadRules {
    /// Names this set of rules; change it with the rules, it is shown beside every score.
    pub version: String,
    /// From this score on (0 to 100) a lead counts as qualified.
    pub qualified_from: i64,
    /// Days in which the points of an action halve.
    pub half_life_days: u32,
    /// Who they are; each counts once and does not fade.
    #[serde(default)]
    pub fit: Vec<Fit>,
    /// What they did; each occurrence counts and fades.
    #[serde(default)]
    pub behaviour: Vec<Behaviour>,
}

/// Points for who a lead is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fit {
    /// Names the rule in breakdowns; unique.
    pub id: String,
    /// Points, -100 to 100.
    pub points: i64,
    /// What is looked at.
    pub field: FitField,
    /// Texts of which one must be there; compared in lower case. A job title needs to contain one
    /// as whole words, the other fields to be one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<String>,
    /// `employee_count`: at least so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// `employee_count`: at most so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
}

/// What a fit rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FitField {
    /// Industry of the company.
    Industry,
    /// Number of employees of the company.
    EmployeeCount,
    /// Country of the person or the company.
    Country,
    /// Job title of the person.
    JobTitle,
    /// Channel that brought them.
    AcquisitionChannel,
}

/// Points for what a lead did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// Names the rule in breakdowns; unique.
    pub id: String,
    /// Points per occurrence, -100 to 100.
    pub points: i64,
    /// What happened.
    pub event: BehaviourEvent,
    /// `touchpoint`: any of these actions; compared in lower case, spaces and hyphens as `_`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
    /// Instead of the common half-life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_life_days: Option<u32>,
    /// At most so many points, above or below zero, from this rule; 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_points: Option<i64>,
}

/// What a behaviour rule waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BehaviourEvent {
    /// A contact with the marketing.
    Touchpoint,
    /// A support request.
    Ticket,
    /// A deal was opened.
    DealOpened,
}

/// How health is scored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HealthModel {
    /// Names this model; change it with the model, it is shown beside every score.
    pub version: String,
    /// What a missing input does.
    pub missing: Missing,
    /// Points of a missing input under `missing = "neutral"`, 0 to 100.
    #[serde(default = "fifty")]
    pub neutral: i64,
    /// One per segment; the one named `default` is for all others.
    pub segments: Vec<SegmentModel>,
}

fn fifty() -> i64 {
    50
}

/// What a missing input does to a health score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// It is left out, and the other weights count for more.
    Skip,
    /// It counts as the neutral points.
    Neutral,
    /// There is no score.
    Null,
}

/// Weights and bands of a segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentModel {
    /// The segment, or `default`.
    pub segment: String,
    /// Bands, the lowest first, the first from 0.
    pub bands: Vec<Band>,
    /// Points of the three steps of `scale = "steps"`.
    #[serde(default)]
    pub points: Points,
    /// What is looked at.
    pub dimensions: Vec<Dimension>,
}

/// A band of scores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Its name.
    pub name: String,
    /// The lowest score in it.
    pub from: i64,
}

/// Points of good, average and poor. The default is Totango's 100, 60 and 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Points {
    /// Points of good.
    pub good: i64,
    /// Points of average.
    pub average: i64,
    /// Points of poor.
    pub poor: i64,
}

impl Default for Points {
    fn default() -> Self {
        Self { good: 100, average: 60, poor: 0 }
    }
}

/// One dimension of health. Whether more is better follows from `good` and `poor`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dimension {
    /// What is measured.
    pub input: HealthInput,
    /// How much it counts, 1 to 1000.
    pub weight: i64,
    /// Days looked back; ignored by `open_tickets`.
    #[serde(default = "thirty")]
    pub window_days: u32,
    /// How a value becomes points.
    pub scale: Scale,
    /// This value or better is good.
    pub good: i64,
    /// `steps`: this value or better is average.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average: Option<i64>,
    /// This value or worse is poor.
    pub poor: i64,
}

fn thirty() -> u32 {
    30
}

/// How a value becomes points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// 0 at poor, 100 at good, straight between.
    Linear,
    /// The points of good, average or poor.
    Steps,
}

/// What a dimension measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthInput {
    /// Days with usage in the window.
    ActiveDays,
    /// Tickets neither solved nor closed.
    OpenTickets,
    /// Tickets opened in the window.
    TicketsOpened,
    /// Minutes until tickets opened in the window were answered first, median; those that nobody
    /// answered so far do not count.
    FirstReplyMinutes,
    /// The latest recommendation answer in the window, 0 to 10.
    Nps,
    /// Failed attempts to pay in the window.
    FailedPayments,
}

impl HealthInput {
    /// As written in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ActiveDays => "active_days",
            Self::OpenTickets => "open_tickets",
            Self::TicketsOpened => "tickets_opened",
            Self::FirstReplyMinutes => "first_reply_minutes",
            Self::Nps => "nps",
            Self::FailedPayments => "failed_payments",
        }
    }
}

/// Most rules of a kind.
const RULES_MAX: usize = 200;
/// Longest period a rule may name, in days: ten years.
const DAYS_MAX: u32 = 3_660;

impl ScoreConfig {
    /// The versions of both: `lead@1 health@1`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("lead@{} health@{}", self.lead.version, self.health.version)
    }

    /// Every mistake, in the order of the file; empty when the configuration is sound.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut say = |wrong: bool, key: String, message: &str| {
            if wrong {
                found.push(Problem { key, message: message.to_owned() });
            }
        };
        self.lead.problems(&mut say);
        self.health.problems(&mut say);
        found
    }
}

type Say<'a> = dyn FnMut(bool, String, &str) + 'a;

const SCORE: &str = "must be from 0 to 100";

fn is_score(points: i64) -> bool {
    (0..=100).contains(&points)
}

impl LeadRules {
    fn problems(&self, say: &mut Say<'_>) {
        let key = |part: &str| format!("lead.{part}");
        say(self.version.trim().is_empty(), key("version"), "is empty; name the rules, e.g. \"1\"");
        say(!is_score(self.qualified_from), key("qualified_from"), SCORE);
        let days = |days: u32| (1..=DAYS_MAX).contains(&days);
        let range = "must be between 1 and 3660 days";
        say(!days(self.half_life_days), key("half_life_days"), range);
        say(
            self.fit.is_empty() && self.behaviour.is_empty(),
            key("fit"),
            "no rule; give fit or behaviour",
        );
        say(self.fit.len() > RULES_MAX, key("fit"), "more than 200 rules");
        say(self.behaviour.len() > RULES_MAX, key("behaviour"), "more than 200 rules");
        let mut ids = BTreeSet::new();
        let mut common =
            |say: &mut Say<'_>, key: &dyn Fn(&str) -> String, id: &str, points: i64| {
                say(id.trim().is_empty(), key("id"), "is empty");
                let taken = !ids.insert(id.to_owned());
                say(taken, key("id"), "is used by an earlier rule; ids must be unique");
                let wrong = points == 0 || !(-100..=100).contains(&points);
                say(wrong, key("points"), "must be from -100 to 100 and not 0");
            };
        for (at, rule) in self.fit.iter().enumerate() {
            let key = |part: &str| format!("lead.fit[{at}].{part}");
            common(say, &key, &rule.id, rule.points);
            if rule.field == FitField::EmployeeCount {
                say(
                    !rule.any_of.is_empty(),
                    key("any_of"),
                    "does not apply to employee_count; use min and max",
                );
                say(
                    rule.min.is_none() && rule.max.is_none(),
                    key("min"),
                    "is missing; give min, max or both",
                );
                let turned = rule.min.zip(rule.max).is_some_and(|(min, max)| min > max);
                say(turned, key("max"), "must not be below min");
            } else {
                let empty =
                    rule.any_of.is_empty() || rule.any_of.iter().any(|w| w.trim().is_empty());
                say(empty, key("any_of"), "give at least one word and no empty one");
                let bounds = rule.min.is_some() || rule.max.is_some();
                say(bounds, key("min"), "min and max apply to employee_count only");
            }
        }
        for (at, rule) in self.behaviour.iter().enumerate() {
            let key = |part: &str| format!("lead.behaviour[{at}].{part}");
            common(say, &key, &rule.id, rule.points);
            let touch = rule.event == BehaviourEvent::Touchpoint;
            let empty = rule.actions.iter().any(|word| word.trim().is_empty());
            say(
                touch && (rule.actions.is_empty() || empty),
                key("actions"),
                "give at least one action and no empty one",
            );
            say(
                !touch && !rule.actions.is_empty(),
                key("actions"),
                "applies to event \"touchpoint\" only",
            );
            say(rule.half_life_days.is_some_and(|n| !days(n)), key("half_life_days"), range);
            let cap = rule.max_points.is_some_and(|max| !(1..=100).contains(&max));
            say(cap, key("max_points"), "must be from 1 to 100");
        }
    }
}

impl HealthModel {
    fn problems(&self, say: &mut Say<'_>) {
        let key = |part: &str| format!("health.{part}");
        say(self.version.trim().is_empty(), key("version"), "is empty; name the model, e.g. \"1\"");
        say(!is_score(self.neutral), key("neutral"), SCORE);
        let default = self.segments.iter().any(|model| model.segment == "default");
        say(!default, key("segments"), "none is named \"default\", for customers of no other one");
        say(self.segments.len() > RULES_MAX, key("segments"), "more than 200 segments");
        let mut names = BTreeSet::new();
        for (at, model) in self.segments.iter().enumerate() {
            let key = |part: &str| format!("health.segments[{at}].{part}");
            say(model.segment.trim().is_empty(), key("segment"), "is empty");
            say(!names.insert(&model.segment), key("segment"), "is used by an earlier one");
            model.problems(&key, say);
        }
    }

    /// The model of a segment: its own, else the default one; `None` if there is neither, which
    /// [`ScoreConfig::problems`] reports.
    #[must_use]
    pub fn of_segment(&self, segment: &str) -> Option<&SegmentModel> {
        let named = |name: &str| self.segments.iter().find(|model| model.segment == name);
        named(segment).or_else(|| named("default"))
    }
}

impl SegmentModel {
    fn problems(&self, key: &dyn Fn(&str) -> String, say: &mut Say<'_>) {
        let first = self.bands.first().map(|band| band.from);
        say(first != Some(0), key("bands"), "the first band must begin at 0");
        let rising = self.bands.windows(2).all(|pair| match pair {
            [low, high] => low.from < high.from,
            _ => true,
        });
        say(!rising, key("bands"), "must be listed from low to high, without equals");
        say(self.bands.iter().any(|band| !is_score(band.from)), key("bands"), SCORE);
        let names: BTreeSet<&str> = self.bands.iter().map(|band| band.name.trim()).collect();
        let unclear = names.len() != self.bands.len() || names.contains("");
        say(unclear, key("bands"), "every band needs a name of its own");
        let Points { good, average, poor } = self.points;
        let order = good > average && average > poor && is_score(good) && is_score(poor);
        say(!order, key("points"), "must fall from good over average to poor within 0 to 100");
        say(self.dimensions.is_empty(), key("dimensions"), "give at least one");
        let mut inputs = BTreeSet::new();
        for (at, dimension) in self.dimensions.iter().enumerate() {
            let key = |part: &str| key(&format!("dimensions[{at}].{part}"));
            say(!inputs.insert(dimension.input), key("input"), "is used by an earlier dimension");
            say(!(1..=1_000).contains(&dimension.weight), key("weight"), "must be from 1 to 1000");
            let days = (1..=DAYS_MAX).contains(&dimension.window_days);
            say(!days, key("window_days"), "must be between 1 and 3660 days");
            let (good, poor) = (dimension.good, dimension.poor);
            say(good == poor, key("good"), "must differ from poor");
            let huge = |value: i64| value.unsigned_abs() > 1_000_000_000;
            say(huge(good) || huge(poor), key("good"), "is too large");
            let between =
                |value: i64| (good.min(poor)..=good.max(poor)).contains(&value) && value != poor;
            match (dimension.scale, dimension.average) {
                (Scale::Steps, None) => {
                    say(true, key("average"), "is missing; scale = \"steps\" needs it");
                }
                (Scale::Steps, Some(value)) => {
                    say(!between(value), key("average"), "must lie between good and poor");
                }
                (Scale::Linear, given) => {
                    say(given.is_some(), key("average"), "applies to scale = \"steps\" only");
                }
            }
        }
    }
}
