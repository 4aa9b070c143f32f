//! From the facts of a profile to its stage history, its stage and its commercial status.
//!
//! Owns the rules (typed, from the configuration) and their evaluation. Refuses I/O, clocks, and
//! any memory of what it derived before: the history is a function of the facts, the rules and
//! `now`, so facts may arrive in any order, and a rebuild gives the same history.
//!
//! How a fact is dated: by its own field (a deal's `closed_at`, a payment's `paid_at`), else by
//! [`domain::Fact::occurred_at`], else by the earliest creation of a contact or company of the
//! profile, else by the earliest time known of the profile, else by `now`. An undated fact thus
//! counts, and its time is a guess that no later evidence contradicts; the reason says so. Facts
//! later than `now` do not exist yet.

mod defaults;
mod dwell;
mod machine;
mod moments;
mod overlay;
mod rules;
mod status;
#[cfg(test)]
mod tests;

pub use defaults::DEFAULT_RULES_TOML;
pub use dwell::{Dwell, dwell};
pub use rules::{Event, Move, OnlyIf, Problem, Rule, Rules, When};

use domain::{ProfileFacts, Stage, Status, Timestamp, Transition};

/// The rule id of transitions caused by a stage set by hand.
pub const OVERRIDE_RULE: &str = "override";

/// The rule id of the entry of a profile for which no rule holds.
pub const DEFAULT_RULE: &str = "default";

/// What the rules make of a profile at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifecycle {
    /// The whole history, oldest first; never empty. Each `from` is the `to` before it, times do
    /// not decrease, none is later than `now`.
    pub transitions: Vec<Transition>,
    /// The stage at `now`: the `to` of the last transition.
    pub stage: Stage,
    /// Since when.
    pub stage_since: Timestamp,
    /// The commercial standing at `now`; independent of the stage.
    pub status: Status,
    /// Since when; `None` when the sources do not say (a vendor's `past_due` carries no date).
    pub status_since: Option<Timestamp>,
    /// Whether a stage set by hand is in force at `now`.
    pub overridden: bool,
}

/// Derives the stage history and the status of one profile as of `now`.
///
/// A person's facts count whether the person or their company owns them: ownership matters only in
/// sums over profiles. Never fails: rules that [`Rules::problems`] objects to simply do not fire.
#[must_use]
pub fn derive(facts: &ProfileFacts, rules: &Rules, now: Timestamp) -> Lifecycle {
    let moments = moments::moments(facts, now);
    let steps = machine::run(&moments, rules, now);
    let overlaid = overlay::overlay(steps, &facts.overrides, now);
    let entered = overlaid.transitions.first().map(|t| t.occurred_at);
    let (status, status_since) = status::status(facts, &moments, rules, now, entered);
    let (stage, stage_since) = overlaid
        .transitions
        .last()
        .map_or((Stage::Awareness, now), |last| (last.to, last.occurred_at));
    Lifecycle {
        transitions: overlaid.transitions,
        stage,
        stage_since,
        status,
        status_since,
        overridden: overlaid.overridden,
    }
}
