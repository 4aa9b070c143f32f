//! The rules: a small closed language of events and conditions, as written in the configuration.
//!
//! Owns the types and their check. Refuses anything that cannot be decided from facts and time.

use domain::Stage;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The rules of a deployment. `Default` is the embedded table ([`crate::DEFAULT_RULES_TOML`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Names this set of rules; change it with the rules, it is shown beside what they derive.
    pub version: String,
    /// Days after the last purchase without a contract until a customer counts as lapsed.
    pub lapse_days: i64,
    /// The rules. Of several that hold for the same stage, the first one is named.
    pub rules: Vec<Rule>,
}

/// One rule: while `when` holds, the profile is at least in `stage` (or, for a backward rule, when
/// it happens the profile falls to `stage`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Names the rule in every transition it causes (`purchase.first_payment`); unique.
    pub id: String,
    /// The stage it leads to.
    pub stage: Stage,
    /// Whether it lifts to the stage or lowers to it.
    #[serde(rename = "move", default)]
    pub direction: Move,
    /// What must happen.
    pub when: When,
    /// The rule counts only while other rules hold this stage or a later one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requires: Option<Stage>,
    /// The rule holds for so many days after the event; without it, until something lowers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts_days: Option<i64>,
    /// Backward rules: begin a new customer life, in which purchases and tenure count from zero.
    #[serde(default, skip_serializing_if = "is_false")]
    pub restart: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde passes a reference
fn is_false(value: &bool) -> bool {
    !*value
}

/// Which way a rule moves a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Move {
    /// To its stage if that is later than the present one.
    #[default]
    Forward,
    /// To its stage if that is earlier than the present one.
    Backward,
}

/// What must happen for a rule, with the conditions that its event understands.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The event.
    pub event: Event,
    /// From the nth occurrence on (`deal_won`, `paid`, `ticket_created`, `touchpoint`, `nps`);
    /// 1 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u32>,
    /// `touchpoint`: any of these actions; compared in lower case, spaces and hyphens as `_`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
    /// `vendor_stage`: any of these; compared in lower case without spaces, `_` and `-`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<String>,
    /// `contact_data`: not for contacts whose vendor stage is one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except_stages: Vec<String>,
    /// `nps`: this score or better, 0 to 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_score: Option<i64>,
    /// `tenure`: this many days after the first purchase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<i64>,
    /// Only for profiles that stand so when it happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_if: Option<OnlyIf>,
}

/// The events that rules can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The profile exists: any record of it.
    #[default]
    Known,
    /// A person gave contact data: a contact with an e-mail address or a phone number.
    ContactData,
    /// A source claims a stage.
    VendorStage,
    /// A marketing contact.
    Touchpoint,
    /// A support request.
    TicketCreated,
    /// A deal is open: holds while at least one is.
    DealOpen,
    /// A deal was won.
    DealWon,
    /// A deal was lost and none is open any more.
    DealsAllLost,
    /// A succeeded payment or a paid invoice above zero. The nth is the nth payment or the nth
    /// invoice, whichever comes first (an invoice and its payment are one purchase). Ceases to
    /// hold when full refunds leave fewer than n.
    Paid,
    /// A subscription began.
    SubscriptionStarted,
    /// The last running subscription ended.
    SubscriptionsEnded,
    /// An answer to a recommendation survey.
    Nps,
    /// Time passed since the first purchase, the customer not having left meanwhile.
    Tenure,
}

impl Event {
    /// As written in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::ContactData => "contact_data",
            Self::VendorStage => "vendor_stage",
            Self::Touchpoint => "touchpoint",
            Self::TicketCreated => "ticket_created",
            Self::DealOpen => "deal_open",
            Self::DealWon => "deal_won",
            Self::DealsAllLost => "deals_all_lost",
            Self::Paid => "paid",
            Self::SubscriptionStarted => "subscription_started",
            Self::SubscriptionsEnded => "subscriptions_ended",
            Self::Nps => "nps",
            Self::Tenure => "tenure",
        }
    }

    const fn counts(self) -> bool {
        matches!(
            self,
            Self::DealWon | Self::Paid | Self::TicketCreated | Self::Touchpoint | Self::Nps
        )
    }
}

/// How a profile must stand when the event happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnlyIf {
    /// In Purchase or later.
    Customer,
    /// Before Purchase.
    NotCustomer,
    /// In Purchase or later, with every subscription ended.
    Churned,
}

/// A mistake in the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key, relative to the rules' table (`rules[3].when.nth`).
    pub key: String,
    /// What is wrong and what is expected.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)
    }
}

/// Longest period a rule may name: a century.
const DAYS_MAX: i64 = 36_525;
/// Most rules: derivation looks at every rule for every fact.
const RULES_MAX: usize = 200;

impl Rules {
    /// Every mistake, in the order of the file; empty when the rules are sound.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut say = |key: String, message: &str| {
            found.push(Problem { key, message: message.to_owned() });
        };
        if self.version.trim().is_empty() {
            say("version".into(), "is empty; name the set of rules, e.g. \"1\"");
        }
        if !(0..=DAYS_MAX).contains(&self.lapse_days) {
            say("lapse_days".into(), "must be between 0 and 36525 days");
        }
        if self.rules.is_empty() {
            say("rules".into(), "no rule; leave the key out to use the defaults");
        }
        if self.rules.len() > RULES_MAX {
            say("rules".into(), "more than 200 rules");
        }
        let mut ids = BTreeSet::new();
        for (index, rule) in self.rules.iter().enumerate() {
            let key = |part: &str| format!("rules[{index}].{part}");
            if rule.id.trim().is_empty() {
                say(key("id"), "is empty");
            } else if rule.id == crate::OVERRIDE_RULE || rule.id == crate::DEFAULT_RULE {
                say(key("id"), "is reserved; choose another one");
            } else if !ids.insert(rule.id.as_str()) {
                say(key("id"), "is used by an earlier rule; ids must be unique");
            }
            if rule.requires.is_some_and(|needed| needed >= rule.stage) {
                say(key("requires"), "must be an earlier stage than the rule's own");
            }
            if rule.lasts_days.is_some_and(|days| !(1..=DAYS_MAX).contains(&days)) {
                say(key("lasts_days"), "must be between 1 and 36525 days");
            }
            if rule.restart && rule.direction == Move::Forward {
                say(key("restart"), "is for backward rules; add move = \"backward\"");
            }
            rule.when.problems(&key("when"), &mut say);
        }
        found
    }
}

impl When {
    fn problems(&self, key: &str, say: &mut impl FnMut(String, &str)) {
        let event = self.event;
        let mut check = |part: &str, given: bool, fits: bool, needed: bool, what: &str| {
            if given && !fits {
                let message =
                    format!("does not apply to event \"{}\"; remove it ({what})", event.as_str());
                say(format!("{key}.{part}"), &message);
            } else if !given && needed {
                let message = format!("is missing; event \"{}\" needs {what}", event.as_str());
                say(format!("{key}.{part}"), &message);
            }
        };
        let touch = event == Event::Touchpoint;
        check("actions", !self.actions.is_empty(), touch, touch, "a list of actions");
        let vendor = event == Event::VendorStage;
        check("stages", !self.stages.is_empty(), vendor, vendor, "a list of the vendor's stages");
        let data = event == Event::ContactData;
        let except = !self.except_stages.is_empty();
        check("except_stages", except, data, false, "it belongs to \"contact_data\"");
        let nps = event == Event::Nps;
        check("min_score", self.min_score.is_some(), nps, nps, "a score from 0 to 10");
        let tenure = event == Event::Tenure;
        check("days", self.days.is_some(), tenure, tenure, "a number of days");
        check("nth", self.nth.is_some(), event.counts(), false, "it belongs to counted events");
        if self.nth == Some(0) {
            say(format!("{key}.nth"), "must be at least 1");
        }
        if event.counts() && self.nth.is_some_and(|n| n > 1_000_000) {
            say(format!("{key}.nth"), "must be at most 1000000");
        }
        if nps && self.min_score.is_some_and(|score| !(0..=10).contains(&score)) {
            say(format!("{key}.min_score"), "must be between 0 and 10");
        }
        if tenure && self.days.is_some_and(|days| !(0..=DAYS_MAX).contains(&days)) {
            say(format!("{key}.days"), "must be between 0 and 36525 days");
        }
        let empty = |words: &[String]| words.iter().any(|word| word.trim().is_empty());
        for (part, words) in [
            ("actions", &self.actions),
            ("stages", &self.stages),
            ("except_stages", &self.except_stages),
        ] {
            if empty(words) {
                say(format!("{key}.{part}"), "contains an empty word");
            }
        }
    }
}

/// A touchpoint's action as it is compared: lower case, spaces and hyphens as `_`.
pub(crate) fn action_word(text: &str) -> String {
    text.trim().to_lowercase().replace([' ', '-'], "_")
}

/// A vendor's stage as it is compared: lower case, only letters and digits.
pub(crate) fn stage_word(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
