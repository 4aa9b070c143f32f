//! Why two profiles stayed apart.
//!
//! Owns the answer to "why not?": every pair across the two that shares anything, what it weighs
//! and what stood in the way. Refuses to look at third records: a value's other owners show only in
//! the full run.

use crate::resolve::compare_pair;
use crate::{Evidence, IdentityRecord, Knowledge};
use domain::{Decision, RecordId, Verdict};

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
    /// They are of different kinds, or nothing of them agrees.
    NothingShared,
    /// What agrees does not weigh enough against what differs or what others share too.
    TooLittle,
    /// This pair alone would match, so the other records of the two profiles outvoted it, a
    /// decision or a unique source stands between them, or the records changed since.
    ClusterRefused,
}

impl Apart {
    /// A sentence for whoever asked.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Decided => "A steward decided that they are different.",
            Self::NothingShared => "Nothing of the two agrees.",
            Self::TooLittle => {
                "What agrees weighs too little against what differs, or too many others share it."
            }
            Self::ClusterRefused => {
                "This pair alone would match; the rest of the two profiles, a decision or a unique \
                 source speaks against it."
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
    knowledge: &Knowledge,
) -> Vec<Obstacle> {
    let mut found: Vec<Obstacle> = Vec::new();
    for (x, y) in a.iter().flat_map(|x| b.iter().map(move |y| (x, y))).take(MOST_PAIRS) {
        let (left, right) = (x.id.min(y.id), x.id.max(y.id));
        let verdict = decisions
            .iter()
            .filter(|d| d.left == left && d.right == right)
            .max_by_key(|d| d.decided_at)
            .map(|d| d.verdict);
        let (weight, evidence) =
            if x.kind == y.kind { compare_pair(x, y, knowledge) } else { (0.0, Vec::new()) };
        let agrees = evidence.iter().any(|e| e.weight > 0.0);
        let apart = if verdict == Some(Verdict::Different) {
            Apart::Decided
        } else if x.kind != y.kind || !agrees {
            Apart::NothingShared
        } else if weight >= knowledge.cutoff() {
            Apart::ClusterRefused
        } else {
            Apart::TooLittle
        };
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
    found
}
