//! Time in stage: how long a history stayed where, and when it came and left.
//!
//! Owns the sums over a history. Refuses to form the history: [`crate::derive`] does.

use domain::{Stage, Timestamp, Transition};
use std::collections::BTreeMap;

/// A stage in a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dwell {
    /// The stage.
    pub stage: Stage,
    /// How often it was entered.
    pub entries: u32,
    /// When it was entered first.
    pub first_entered: Timestamp,
    /// When it was entered last.
    pub last_entered: Timestamp,
    /// When it was left last; `None` if it never was.
    pub last_exited: Option<Timestamp>,
    /// Milliseconds in it, all stays together; the present one up to `now`.
    pub total_ms: i64,
}

/// The stages that a history went through, in the order of the stages. The sums of all stages are
/// the time from the first transition to `now`.
#[must_use]
pub fn dwell(transitions: &[Transition], now: Timestamp) -> Vec<Dwell> {
    let mut stages: BTreeMap<Stage, Dwell> = BTreeMap::new();
    let ends = transitions.iter().skip(1).map(|next| Some(next.occurred_at));
    for (step, exited) in transitions.iter().zip(ends.chain([None])) {
        let entered = step.occurred_at;
        let one = stages.entry(step.to).or_insert(Dwell {
            stage: step.to,
            entries: 0,
            first_entered: entered,
            last_entered: entered,
            last_exited: None,
            total_ms: 0,
        });
        one.entries += 1;
        one.last_entered = entered;
        one.last_exited = exited.or(one.last_exited);
        let stay = exited.unwrap_or(now).as_millis().saturating_sub(entered.as_millis());
        one.total_ms = one.total_ms.saturating_add(stay.max(0));
    }
    stages.into_values().collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use domain::Direction;

    fn at(day: &str) -> Timestamp {
        Timestamp::parse(day).unwrap()
    }

    fn step(to: Stage, day: &str) -> Transition {
        Transition {
            from: None,
            to,
            direction: Direction::Forward,
            rule_id: "rule".to_owned(),
            reason: String::new(),
            occurred_at: at(day),
            evidence: Vec::new(),
        }
    }

    #[test]
    fn stays_add_up_and_the_last_entry_and_exit_are_told() {
        let history = [
            step(Stage::Awareness, "2026-01-01"),
            step(Stage::Lead, "2026-01-11"),
            step(Stage::Awareness, "2026-01-12"),
            step(Stage::Purchase, "2026-01-15"),
        ];
        let now = at("2026-02-01");
        let day = 86_400_000;
        let stages = dwell(&history, now);
        let [awareness, lead, purchase] = stages.as_slice() else { panic!("{stages:?}") };
        assert_eq!((awareness.stage, awareness.entries), (Stage::Awareness, 2));
        assert_eq!(awareness.total_ms, 13 * day);
        assert_eq!(awareness.first_entered, at("2026-01-01"));
        assert_eq!(awareness.last_entered, at("2026-01-12"));
        assert_eq!(awareness.last_exited, Some(at("2026-01-15")));
        assert_eq!((lead.total_ms, lead.last_exited), (day, Some(at("2026-01-12"))));
        assert_eq!((purchase.total_ms, purchase.last_exited), (17 * day, None));
        let all: i64 = stages.iter().map(|dwell| dwell.total_ms).sum();
        assert_eq!(all, now.as_millis() - at("2026-01-01").as_millis());
        assert!(dwell(&[], now).is_empty());
    }
}
