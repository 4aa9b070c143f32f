//! The rules of alerts as written in the configuration, and their check.

use crate::Problem;
use crate::segmentation::Condition;
use domain::Stage;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Every rule. `Default` is the embedded table ([`super::DEFAULT_ALERTS_TOML`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlertConfig {
    /// Names this set of rules; change it with the rules.
    pub version: String,
    /// The rules.
    pub rules: Vec<AlertRule>,
}

/// When to raise an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertRule {
    /// Names the rule; unique.
    pub id: String,
    /// What is watched.
    pub preset: Preset,
    /// How much it matters.
    pub severity: AlertSeverity,
    /// Only for customers of which this holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    /// Days looked back, or for `renewal_near` ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_days: Option<i64>,
    /// `health_falls`: by so many points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<i64>,
    /// `health_falls`: into one of these bands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bands: Vec<String>,
    /// `renewal_near`: only contracts billed for at least so many months at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_interval_months: Option<i64>,
    /// `champion_left`: only people whose title contains one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub job_titles: Vec<String>,
    /// `champion_left`: only people of one of these personas.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub personas: Vec<String>,
    /// `stage_moved_back`: only from one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
    /// `churn_risk`: how many signals make a risk; 1 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signals_min: Option<i64>,
    /// `churn_risk`: so many failed payments are a signal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_payments: Option<i64>,
    /// `churn_risk`: health below this is a signal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_below: Option<i64>,
    /// `churn_risk`: nothing heard for so many days is a signal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_days: Option<i64>,
}

/// What a rule watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// The health score falls.
    HealthFalls,
    /// A contract is due for renewal.
    RenewalNear,
    /// A person of the company left it, or got another job title.
    ChampionLeft,
    /// The lifecycle stage moved backward.
    StageMovedBack,
    /// Signs that the customer may leave.
    ChurnRisk,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 5] = [
        Self::HealthFalls,
        Self::RenewalNear,
        Self::ChampionLeft,
        Self::StageMovedBack,
        Self::ChurnRisk,
    ];

    /// As written in the configuration and stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HealthFalls => "health_falls",
            Self::RenewalNear => "renewal_near",
            Self::ChampionLeft => "champion_left",
            Self::StageMovedBack => "stage_moved_back",
            Self::ChurnRisk => "churn_risk",
        }
    }

    /// The inverse of [`Preset::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// How much an alert matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertSeverity {
    /// Worth knowing.
    Notice,
    /// Somebody should look.
    Warning,
    /// Somebody should act.
    Critical,
}

impl AlertSeverity {
    /// Every severity, the least first.
    pub const ALL: [Self; 3] = [Self::Notice, Self::Warning, Self::Critical];

    /// As written in the configuration and stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// The inverse of [`AlertSeverity::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

impl AlertRule {
    fn new(id: &str, preset: Preset, severity: AlertSeverity, within_days: i64) -> Self {
        Self {
            id: id.to_owned(),
            preset,
            severity,
            when: None,
            within_days: Some(within_days),
            points: None,
            bands: Vec::new(),
            min_interval_months: None,
            job_titles: Vec::new(),
            personas: Vec::new(),
            stages: Vec::new(),
            signals_min: None,
            failed_payments: None,
            health_below: None,
            quiet_days: None,
        }
    }
}

impl Default for AlertConfig {
    fn default() -> Self {
        use AlertSeverity::{Critical, Notice, Warning};
        let rule = AlertRule::new;
        Self {
            version: "1".to_owned(),
            rules: vec![
                AlertRule {
                    points: Some(20),
                    ..rule("health.fell", Preset::HealthFalls, Warning, 30)
                },
                AlertRule {
                    min_interval_months: Some(6),
                    ..rule("renewal.near", Preset::RenewalNear, Notice, 60)
                },
                rule("champion.left", Preset::ChampionLeft, Warning, 90),
                rule("stage.back", Preset::StageMovedBack, Warning, 30),
                AlertRule {
                    signals_min: Some(1),
                    failed_payments: Some(2),
                    health_below: Some(40),
                    ..rule("churn.risk", Preset::ChurnRisk, Critical, 30)
                },
            ],
        }
    }
}

/// Most rules: derivation looks at every rule for every profile.
const RULES_MAX: usize = 100;
/// Longest span, in days: ten years.
const DAYS_MAX: i64 = 3_660;
/// Conditions within conditions.
const DEPTH_MAX: usize = 8;

impl AlertConfig {
    /// Every mistake, in the order of the file; empty when the rules are sound.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut say = |key: String, message: String| found.push(Problem { key, message });
        if self.version.trim().is_empty() {
            say("version".into(), "is empty; name the set of rules, e.g. \"1\"".into());
        }
        if self.rules.len() > RULES_MAX {
            say("rules".into(), format!("more than {RULES_MAX} rules"));
        }
        let mut ids = BTreeSet::new();
        for (at, rule) in self.rules.iter().enumerate() {
            let key = format!("rules[{at}]");
            if rule.id.trim().is_empty() {
                say(format!("{key}.id"), "is empty".into());
            } else if !ids.insert(rule.id.as_str()) {
                say(format!("{key}.id"), "is used by an earlier rule; ids must be unique".into());
            }
            rule.problems(&key, &mut say);
        }
        found
    }
}

impl AlertRule {
    fn problems(&self, key: &str, say: &mut impl FnMut(String, String)) {
        let preset = self.preset;
        let name = preset.as_str();
        let is = |wanted: Preset| preset == wanted;
        let mut only = |part: &str, given: bool, fits: bool, needed: bool| {
            if given && !fits {
                say(format!("{key}.{part}"), format!("does not apply to {name}; remove it"));
            } else if !given && needed {
                say(format!("{key}.{part}"), format!("is missing; {name} needs it"));
            }
        };
        let health = is(Preset::HealthFalls);
        let churn = is(Preset::ChurnRisk);
        let champion = is(Preset::ChampionLeft);
        only("when", self.when.is_some(), !champion, false);
        let window = !churn || self.failed_payments.is_some();
        only("within_days", self.within_days.is_some(), window, window);
        only("points", self.points.is_some(), health, health && self.bands.is_empty());
        only("bands", !self.bands.is_empty(), health, false);
        let renewal = is(Preset::RenewalNear);
        only("min_interval_months", self.min_interval_months.is_some(), renewal, false);
        only("job_titles", !self.job_titles.is_empty(), champion, false);
        only("personas", !self.personas.is_empty(), champion, false);
        only("stages", !self.stages.is_empty(), is(Preset::StageMovedBack), false);
        only("signals_min", self.signals_min.is_some(), churn, false);
        only("failed_payments", self.failed_payments.is_some(), churn, false);
        only("health_below", self.health_below.is_some(), churn, false);
        only("quiet_days", self.quiet_days.is_some(), churn, false);
        for (part, value, most) in [
            ("within_days", self.within_days, DAYS_MAX),
            ("quiet_days", self.quiet_days, DAYS_MAX),
            ("points", self.points, 100),
            ("health_below", self.health_below, 100),
            ("min_interval_months", self.min_interval_months, 120),
            ("signals_min", self.signals_min, 5),
            ("failed_payments", self.failed_payments, 1_000),
        ] {
            if value.is_some_and(|value| !(1..=most).contains(&value)) {
                say(format!("{key}.{part}"), format!("must be between 1 and {most}"));
            }
        }
        for (part, words) in
            [("bands", &self.bands), ("job_titles", &self.job_titles), ("personas", &self.personas)]
        {
            if words.iter().any(|word| word.trim().is_empty()) {
                say(format!("{key}.{part}"), "contains an empty word".into());
            }
        }
        if let Some(when) = &self.when {
            when.problems(&format!("{key}.when"), DEPTH_MAX, say);
        }
    }
}
