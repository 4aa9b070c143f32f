//! The rules of segments and personas as written in the configuration, and their check.

use crate::{Problem, Segment};
use domain::{Currency, Stage, Status};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Every rule. `Default` has none: segments are those by size, and nobody has a persona.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Segmentation {
    /// Names this set of rules; change it with the rules.
    pub version: String,
    /// Segments in order; the first that holds is the main one.
    pub segments: Vec<GroupRule>,
    /// Personas in order; a person has the first that holds.
    pub personas: Vec<GroupRule>,
}

impl Default for Segmentation {
    fn default() -> Self {
        Self { version: "1".to_owned(), segments: Vec::new(), personas: Vec::new() }
    }
}

/// A group and who is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRule {
    /// Its name; unique among its kind.
    pub name: String,
    /// What must hold.
    pub when: Condition,
}

/// A condition: exactly one of `all`, `any`, `not` and `field`, the last with what it is held to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// All of these hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all: Option<Vec<Condition>>,
    /// At least one of these holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub any: Option<Vec<Condition>>,
    /// This does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not: Option<Box<Condition>>,
    /// What is looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Field>,
    /// Fields of text: one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<String>,
    /// Fields of numbers: at least so much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// Fields of numbers: at most so much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// Amounts: the currency of `min` and `max`, which are whole units of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Counts: only over so many last days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_days: Option<i64>,
    /// `touchpoints`, `uses`, `days_since_use`: any of these actions; compared in lower case, spaces and hyphens as `_`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
}

/// What a condition looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// `person` or `company`.
    Kind,
    /// `b2c` for consumers, `b2b` for all others.
    BusinessModel,
    /// The segment by size.
    Size,
    /// The lifecycle stage.
    Stage,
    /// The commercial standing.
    Status,
    /// A source that knows the customer.
    Source,
    /// A country that one of its records states.
    Country,
    /// An industry that one of its records states.
    Industry,
    /// A channel of acquisition that one of its records states.
    Channel,
    /// A product of a subscription that counts.
    Product,
    /// A job title that contains these words.
    JobTitle,
    /// The largest number of employees that one of its records states.
    EmployeeCount,
    /// Days since the first payment.
    TenureDays,
    /// The latest answer to a recommendation survey, 0 to 10.
    Nps,
    /// Twelve times the monthly recurring revenue.
    Arr,
    /// Net revenue over the whole relationship.
    Revenue,
    /// Succeeded payments.
    Payments,
    /// Failed attempts to pay.
    FailedPayments,
    /// Tickets opened.
    Tickets,
    /// Deals won.
    DealsWon,
    /// Contacts with the marketing.
    Touchpoints,
    /// Uses of the product.
    Uses,
    /// Whole days since the last use of the product; not known of who never used it.
    DaysSinceUse,
}

/// How a field is held against something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Text,
    Number,
    Amount,
    Count,
}

impl Field {
    /// As written in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::BusinessModel => "business_model",
            Self::Size => "size",
            Self::Stage => "stage",
            Self::Status => "status",
            Self::Source => "source",
            Self::Country => "country",
            Self::Industry => "industry",
            Self::Channel => "channel",
            Self::Product => "product",
            Self::JobTitle => "job_title",
            Self::EmployeeCount => "employee_count",
            Self::TenureDays => "tenure_days",
            Self::Nps => "nps",
            Self::Arr => "arr",
            Self::Revenue => "revenue",
            Self::Payments => "payments",
            Self::FailedPayments => "failed_payments",
            Self::Tickets => "tickets",
            Self::DealsWon => "deals_won",
            Self::Touchpoints => "touchpoints",
            Self::Uses => "uses",
            Self::DaysSinceUse => "days_since_use",
        }
    }

    const fn sort(self) -> Sort {
        match self {
            Self::EmployeeCount | Self::TenureDays | Self::Nps | Self::DaysSinceUse => Sort::Number,
            Self::Arr | Self::Revenue => Sort::Amount,
            Self::Payments
            | Self::FailedPayments
            | Self::Tickets
            | Self::DealsWon
            | Self::Touchpoints
            | Self::Uses => Sort::Count,
            _ => Sort::Text,
        }
    }

    /// The only words that make sense, where they are few.
    fn words(self) -> Option<Vec<&'static str>> {
        Some(match self {
            Self::Kind => vec!["person", "company"],
            Self::BusinessModel => vec!["b2b", "b2c"],
            Self::Size => Segment::ALL.iter().map(|one| one.as_str()).collect(),
            Self::Stage => Stage::ALL.iter().map(|one| one.as_str()).collect(),
            Self::Status => Status::ALL.iter().map(|one| one.as_str()).collect(),
            _ => return None,
        })
    }
}

/// Most rules of a kind: derivation looks at every rule for every profile.
const RULES_MAX: usize = 200;
/// Conditions within conditions.
const DEPTH_MAX: usize = 8;
/// Most conditions of one rule.
const CONDITIONS_MAX: usize = 100;
/// Longest span, in days: ten years.
const DAYS_MAX: i64 = 3_660;

impl Segmentation {
    /// As epochs note it.
    #[must_use]
    pub fn label(&self) -> String {
        format!("segmentation@{}", self.version)
    }

    /// Every mistake, in the order of the file; empty when the rules are sound.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut say = |key: String, message: String| found.push(Problem { key, message });
        if self.version.trim().is_empty() {
            say("version".into(), "is empty; name the set of rules, e.g. \"1\"".into());
        }
        for (kind, rules) in [("segments", &self.segments), ("personas", &self.personas)] {
            if rules.len() > RULES_MAX {
                say(kind.into(), format!("more than {RULES_MAX} rules"));
            }
            let mut names = BTreeSet::new();
            for (at, rule) in rules.iter().enumerate() {
                let key = format!("{kind}[{at}]");
                let name = rule.name.as_str();
                let reserved = name == "default" || Segment::ALL.iter().any(|s| s.as_str() == name);
                if name.trim().is_empty() {
                    say(format!("{key}.name"), "is empty".into());
                } else if kind == "segments" && reserved {
                    let message = "is reserved for the segments by size; choose another one";
                    say(format!("{key}.name"), message.into());
                } else if !names.insert(name) {
                    let message = "is used by an earlier one; names must be unique";
                    say(format!("{key}.name"), message.into());
                }
                if rule.when.count() > CONDITIONS_MAX {
                    say(format!("{key}.when"), format!("more than {CONDITIONS_MAX} conditions"));
                }
                rule.when.problems(&format!("{key}.when"), DEPTH_MAX, &mut say);
            }
        }
        found
    }

    /// The names of all segments that a customer may be in, those by size last.
    pub fn segment_names(&self) -> impl Iterator<Item = &str> {
        let own = self.segments.iter().map(|rule| rule.name.as_str());
        own.chain(Segment::ALL.iter().map(|one| one.as_str()))
    }
}

impl Condition {
    fn parts(&self) -> impl Iterator<Item = &Self> {
        self.all.iter().chain(&self.any).flatten().chain(self.not.as_deref())
    }

    fn count(&self) -> usize {
        1 + self.parts().map(Self::count).sum::<usize>()
    }

    /// Every mistake in it, keys below `key`.
    pub(crate) fn problems(&self, key: &str, depth: usize, say: &mut impl FnMut(String, String)) {
        let Some(depth) = depth.checked_sub(1) else {
            return say(key.to_owned(), format!("is nested more than {DEPTH_MAX} deep"));
        };
        let given = [self.all.is_some(), self.any.is_some(), self.not.is_some()];
        let given =
            given.into_iter().filter(|one| *one).count() + usize::from(self.field.is_some());
        if given != 1 {
            say(
                key.to_owned(),
                "must hold exactly one of \"field\", \"all\", \"any\", \"not\"".into(),
            );
        }
        for (word, list) in [("all", &self.all), ("any", &self.any)] {
            let Some(list) = list else { continue };
            if list.is_empty() {
                say(format!("{key}.{word}"), "is empty; give at least one condition".into());
            }
            for (at, part) in list.iter().enumerate() {
                part.problems(&format!("{key}.{word}[{at}]"), depth, say);
            }
        }
        if let Some(part) = &self.not {
            part.problems(&format!("{key}.not"), depth, say);
        }
        self.held_to(key, say);
    }

    /// Mistakes in what the field is held to.
    fn held_to(&self, key: &str, say: &mut impl FnMut(String, String)) {
        let sort = self.field.map(Field::sort);
        let name = self.field.map_or("all, any and not", Field::as_str);
        let mut only = |part: &str, given: bool, fits: bool, needed: bool| {
            if given && !fits {
                say(format!("{key}.{part}"), format!("does not apply to {name}; remove it"));
            } else if !given && needed {
                say(format!("{key}.{part}"), format!("is missing; {name} needs it"));
            }
        };
        let text = sort == Some(Sort::Text);
        let number = sort.is_some() && !text;
        only("any_of", !self.any_of.is_empty(), text, text);
        only("min", self.min.is_some(), number, number && self.max.is_none());
        only("max", self.max.is_some(), number, false);
        let amount = sort == Some(Sort::Amount);
        only("currency", self.currency.is_some(), amount, amount);
        only("within_days", self.within_days.is_some(), sort == Some(Sort::Count), false);
        let acts =
            matches!(self.field, Some(Field::Touchpoints | Field::Uses | Field::DaysSinceUse));
        only("actions", !self.actions.is_empty(), acts, false);
        if self.min.zip(self.max).is_some_and(|(min, max)| min > max) {
            say(format!("{key}.max"), "must not be below min".into());
        }
        if self.within_days.is_some_and(|days| !(1..=DAYS_MAX).contains(&days)) {
            say(format!("{key}.within_days"), format!("must be between 1 and {DAYS_MAX} days"));
        }
        for (part, words) in [("any_of", &self.any_of), ("actions", &self.actions)] {
            if words.iter().any(|word| word.trim().is_empty()) {
                say(format!("{key}.{part}"), "contains an empty word".into());
            }
        }
        let Some(known) = self.field.and_then(Field::words) else { return };
        for (at, word) in self.any_of.iter().enumerate() {
            if !known.contains(&word.trim().to_lowercase().as_str()) {
                let message = format!("is none of {}", known.join(", "));
                say(format!("{key}.any_of[{at}]"), message);
            }
        }
    }

    /// The sources that it names, with their keys below `key`.
    pub fn sources(&self, key: &str) -> Vec<(String, &str)> {
        let mut found = Vec::new();
        if self.field == Some(Field::Source) {
            for (at, word) in self.any_of.iter().enumerate() {
                found.push((format!("{key}.any_of[{at}]"), word.as_str()));
            }
        }
        for (word, list) in [("all", &self.all), ("any", &self.any)] {
            for (at, part) in list.iter().flatten().enumerate() {
                found.extend(part.sources(&format!("{key}.{word}[{at}]")));
            }
        }
        if let Some(part) = &self.not {
            found.extend(part.sources(&format!("{key}.not")));
        }
        found
    }
}
