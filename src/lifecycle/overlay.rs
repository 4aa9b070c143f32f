//! Stages set by hand, laid over the history that the rules give.
//!
//! Owns when an override holds and what happens at its ends. Refuses to change the rules' history.

use crate::OVERRIDE_RULE;
use domain::{Direction, Stage, StageOverride, Timestamp, Transition};
use std::collections::BTreeSet;

/// A history with overrides applied.
pub(crate) struct Overlaid {
    pub transitions: Vec<Transition>,
    pub overridden: bool,
}

/// The override in force at `at`: the latest one begun, unless it was lifted or has ended.
fn in_force<'a>(sorted: &[&'a StageOverride], at: Timestamp) -> Option<(Stage, &'a StageOverride)> {
    let latest = sorted.iter().rev().find(|one| one.from <= at)?;
    let running = latest.until.is_none_or(|until| at < until);
    latest.stage.filter(|_| running).map(|stage| (stage, *latest))
}

/// Lays `overrides` over `steps` (oldest first, not empty).
pub(crate) fn overlay(
    steps: Vec<Transition>,
    overrides: &[StageOverride],
    now: Timestamp,
) -> Overlaid {
    let mut sorted: Vec<&StageOverride> = overrides
        .iter()
        .filter(|one| one.from <= now && one.until.is_none_or(|until| until > one.from))
        .collect();
    if sorted.is_empty() {
        return Overlaid { transitions: steps, overridden: false };
    }
    // Two begun in the same instant: any fixed order will do, the stored one is not known here.
    sorted.sort_by(|a, b| {
        (a.from, a.stage, a.until, &a.reason).cmp(&(b.from, b.stage, b.until, &b.reason))
    });
    let ends = sorted.iter().filter_map(|one| one.until).filter(|until| *until <= now);
    let times: BTreeSet<Timestamp> = steps
        .iter()
        .map(|step| step.occurred_at)
        .chain(sorted.iter().map(|one| one.from))
        .chain(ends)
        .collect();
    let mut transitions: Vec<Transition> = Vec::with_capacity(steps.len() + sorted.len());
    for at in times {
        let ruled = steps.iter().rev().find(|step| step.occurred_at <= at);
        let from = transitions.last().map(|step| step.to);
        let forced = in_force(&sorted, at);
        let Some(to) = forced.map(|(stage, _)| stage).or(ruled.map(|step| step.to)) else {
            continue;
        };
        if from == Some(to) {
            continue;
        }
        let direction = match from {
            None => Direction::Entry,
            Some(from) if to > from => Direction::Forward,
            Some(_) => Direction::Backward,
        };
        let natural = ruled.filter(|step| forced.is_none() && step.occurred_at == at);
        let (rule_id, reason) = match (forced, natural) {
            (Some((_, by)), _) => (OVERRIDE_RULE.to_owned(), format!("set by hand: {}", by.reason)),
            (None, Some(step)) => (step.rule_id.clone(), step.reason.clone()),
            (None, None) => (
                OVERRIDE_RULE.to_owned(),
                "the stage set by hand ended; the rules decide again".to_owned(),
            ),
        };
        let evidence = match forced {
            Some(_) => Vec::new(),
            None => ruled.map(|step| step.evidence.clone()).unwrap_or_default(),
        };
        transitions.push(Transition {
            from,
            to,
            direction,
            rule_id,
            reason,
            occurred_at: at,
            evidence,
        });
    }
    Overlaid { transitions, overridden: in_force(&sorted, now).is_some() }
}
