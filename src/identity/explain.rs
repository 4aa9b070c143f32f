//! Why two profiles stayed apart.
//!
//! Owns the answer to "why not?": every pair across the two that shares anything, what it weighs
//! and what stood in the way. Refuses to look at third records: a value's other owners show only in
//! the full run.

use crate::compare::{self, Outcome, Shared};
use crate::{Evidence, IdentityRecord, ReviewReason, Rules, SharedValues, weights};
use domain::{Decision, Identifier, RecordId, Verdict};

/// One reason why two groups of records are two profiles.
#[derive(Clone, Debug, PartialEq)]
pub struct Obstacle {
    /// A record of the first group.
    pub left: RecordId,
    /// A record of the second group.
    pub right: RecordId,
    /// What stood in the way.
    pub apart: Apart,
    /// Total match weight of the pair in log2 odds.
    pub weight: f64,
    /// The waterfall.
    pub evidence: Vec<Evidence>,
}

/// What keeps two records apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Apart {
    /// A steward decided that they are different.
    Decided,
    /// They are of different kinds, or share no value at all.
    NothingShared,
    /// All they share are values that too many carry.
    OnlySharedValues,
    /// The evidence calls for a human.
    Undecided(ReviewReason),
    /// They share something, and the rest speaks against it.
    Contradicted,
    /// A rule joins this pair, so their clusters' other members (names, decisions, unique sources)
    /// refused, or the records changed since.
    ClusterRefused,
}

impl Apart {
    /// A sentence for whoever asked.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Decided => "A steward decided that they are different.",
            Self::NothingShared => "They share no e-mail address, phone number, id or name key.",
            Self::OnlySharedValues => {
                "They share only values that too many records carry to identify anybody."
            }
            Self::Undecided(reason) => reason.sentence(),
            Self::Contradicted => "They share a value, but the names contradict each other.",
            Self::ClusterRefused => {
                "This pair matches, but other members of the two profiles contradict each other."
            }
        }
    }
}

/// Most pairs that are compared for one answer.
const MOST_PAIRS: usize = 400;
/// Most obstacles in one answer.
const MOST_OBSTACLES: usize = 20;

/// Why the records of `a` and of `b` are two profiles: the strongest pairs first, decisions before
/// all. At least one obstacle whenever both groups have a record.
#[must_use]
pub fn why_not(
    a: &[IdentityRecord],
    b: &[IdentityRecord],
    decisions: &[Decision],
    rules: &Rules,
    shared: &SharedValues,
) -> Vec<Obstacle> {
    let mut found: Vec<Obstacle> = Vec::new();
    for (x, y) in a.iter().flat_map(|x| b.iter().map(move |y| (x, y))).take(MOST_PAIRS) {
        let (left, right) = (x.id.min(y.id), x.id.max(y.id));
        let verdict = decisions
            .iter()
            .filter(|d| d.left == left && d.right == right)
            .max_by_key(|d| d.decided_at)
            .map(|d| d.verdict);
        let common = || x.identifiers.iter().filter(|i| y.identifiers.binary_search(i).is_ok());
        let values: Vec<&Identifier> = common().filter(|i| !shared.contains(i)).collect();
        let held = Shared::collect(x, y, values.iter().copied());
        let (outcome, fall) = compare::compare(x, y, &held, rules, true);
        let apart = if verdict == Some(Verdict::Different) {
            Apart::Decided
        } else if x.kind != y.kind {
            Apart::NothingShared
        } else if values.is_empty() {
            if common().next().is_some() { Apart::OnlySharedValues } else { Apart::NothingShared }
        } else {
            match outcome {
                Outcome::Join(_) | Outcome::JoinDespiteName(_) => Apart::ClusterRefused,
                Outcome::Review(reason) => Apart::Undecided(reason),
                Outcome::Nothing => Apart::Contradicted,
            }
        };
        let weight = fall.weight;
        let evidence = fall.into_evidence();
        found.push(Obstacle { left, right, apart, weight, evidence });
    }
    found.sort_by(|p, q| {
        let rank = |o: &Obstacle| match o.apart {
            Apart::Decided => 0,
            Apart::NothingShared => 2,
            _ => 1,
        };
        rank(p)
            .cmp(&rank(q))
            .then_with(|| q.weight.total_cmp(&p.weight))
            .then_with(|| (p.left, p.right).cmp(&(q.left, q.right)))
    });
    // Pairs that share nothing matter only if no pair shares anything.
    if found.first().is_some_and(|o| o.apart != Apart::NothingShared) {
        found.retain(|o| o.apart != Apart::NothingShared);
    } else {
        found.truncate(1);
    }
    found.truncate(MOST_OBSTACLES);
    debug_assert!(found.iter().all(|o| weights::probability(o.weight) <= 1.0));
    found
}
