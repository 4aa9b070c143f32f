//! The metric policy: the choices on which vendors differ, named and versioned.
//!
//! Owns time zone, margin, what a good answer is, business hours, the segments by size, and the targets.
//! How recurring revenue is counted is a policy of its own, [`crate::revenue::RevenuePolicy`].

use crate::Margin;
use crate::kpi::{CalendarConfig, Kpi, TargetConfig, WorkingCalendar};
use crate::revenue::RevenuePolicy;
use domain::{Currency, ProfileKind};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The default policy as commented TOML, table `[metrics]`.
pub const DEFAULT_POLICY_TOML: &str = include_str!("policy.default.toml");

/// The choices behind every number; its name and version go with every answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Names the policy.
    pub name: String,
    /// Counts up with every change.
    pub version: u32,
    /// IANA name of the time zone in which months begin (`Europe/Paris`).
    pub timezone: String,
    /// Gross margin; without it margins and LTV:CAC are null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gross_margin: Option<Margin>,
    /// CSAT answers of this score or better (1 to 5) are good.
    pub csat_good_from: i64,
    /// The hours in which first answers to tickets are awaited; without it all hours count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business_hours: Option<CalendarConfig>,
    /// Companies with fewer employees are small.
    pub small_below: i64,
    /// Companies with fewer employees, and not small, are medium; the others are large.
    pub medium_below: i64,
    /// The currency in which customers are ordered by money; without it each counts in its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reporting_currency: Option<Currency>,
    /// How recurring revenue is counted.
    pub revenue: RevenuePolicy,
    /// What company-wide numbers are to be by the end of a quarter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetConfig>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            name: "default".to_owned(),
            version: 1,
            timezone: "UTC".to_owned(),
            gross_margin: None,
            csat_good_from: 4,
            business_hours: None,
            small_below: 50,
            medium_below: 250,
            reporting_currency: None,
            revenue: RevenuePolicy::default(),
            targets: Vec::new(),
        }
    }
}

/// A mistake in the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key, relative to the policy's table.
    pub key: String,
    /// What is wrong and what is expected.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)
    }
}

impl Policy {
    /// Every mistake; empty when the policy is sound.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut say = |wrong: bool, key: &str, message: &str| {
            if wrong {
                found.push(Problem { key: key.to_owned(), message: message.to_owned() });
            }
        };
        say(self.name.trim().is_empty(), "name", "is empty; name the policy");
        say(self.version == 0, "version", "must be at least 1");
        say(
            self.zone().is_none(),
            "timezone",
            "is not an IANA time zone; expected e.g. \"UTC\" or \"Europe/Paris\"",
        );
        say(!(1..=5).contains(&self.csat_good_from), "csat_good_from", "must be from 1 to 5");
        say(self.small_below < 1, "small_below", "must be at least 1");
        say(self.medium_below < self.small_below, "medium_below", "must not be below small_below");
        let calendar = self.business_hours.as_ref().map(WorkingCalendar::new);
        let mistakes = calendar.and_then(Result::err).unwrap_or_default();
        let below = |one: Problem| Problem { key: format!("business_hours.{}", one.key), ..one };
        found.extend(mistakes.into_iter().map(below));
        found.extend(
            self.revenue
                .problems()
                .into_iter()
                .map(|one| Problem { key: format!("revenue.{}", one.key), ..one }),
        );
        for (at, target) in self.targets.iter().enumerate() {
            let key = |key: &str| format!("targets[{at}].{key}");
            let mistakes = target.read().err().unwrap_or_default();
            found.extend(mistakes.into_iter().map(|one| Problem { key: key(&one.key), ..one }));
            if Kpi::parse(&target.metric).is_none() {
                let names: Vec<&str> = Kpi::ALL.iter().map(|kpi| kpi.as_str()).collect();
                let message = format!("has no readings; expected one of {}", names.join(", "));
                found.push(Problem { key: key("metric"), message });
            }
        }
        found
    }

    /// As answers name it: `default@1`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// The business hours; `None` when none are given, or wrong ones, which [`Policy::problems`] reports.
    #[must_use]
    pub fn working_calendar(&self) -> Option<WorkingCalendar> {
        WorkingCalendar::new(self.business_hours.as_ref()?).ok()
    }

    fn zone(&self) -> Option<jiff::tz::TimeZone> {
        jiff::tz::TimeZone::get(&self.timezone).ok()
    }

    /// The time zone; UTC when the name is unknown, which [`Policy::problems`] reports.
    #[must_use]
    pub fn time_zone(&self) -> jiff::tz::TimeZone {
        self.zone().unwrap_or(jiff::tz::TimeZone::UTC)
    }
}

/// A customer segment by size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Segment {
    /// A person without a company.
    Consumer,
    /// A small company, or a person of one.
    Small,
    /// A medium company, or a person of one.
    Medium,
    /// A large company, or a person of one.
    Large,
    /// A company of unknown size, or a person of one.
    Unknown,
}

impl Segment {
    /// Every segment.
    pub const ALL: [Self; 5] =
        [Self::Consumer, Self::Small, Self::Medium, Self::Large, Self::Unknown];

    /// As stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
            Self::Unknown => "unknown",
        }
    }

    /// The inverse of [`Segment::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// The default segment: by the number of employees of the company, or of the person's company.
/// `has_company` matters for persons only. A size below zero is unknown.
#[must_use]
pub fn segment_of(
    kind: ProfileKind,
    has_company: bool,
    employee_count: Option<i64>,
    policy: &Policy,
) -> Segment {
    if kind == ProfileKind::Person && !has_company {
        return Segment::Consumer;
    }
    match employee_count {
        Some(count) if count < 0 => Segment::Unknown,
        Some(count) if count < policy.small_below => Segment::Small,
        Some(count) if count < policy.medium_below => Segment::Medium,
        Some(_) => Segment::Large,
        None => Segment::Unknown,
    }
}
