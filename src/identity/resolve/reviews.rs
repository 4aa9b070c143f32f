//! What a steward is asked, in the order in which an answer is worth most.
//!
//! Owns the queue's order: how unsure a pair is, times how many records an answer would move.

use super::{Doubt, Scene};
use crate::engine::View;
use crate::{ReviewPair, ReviewReason, weights};
use rustc_hash::{FxHashMap, FxHashSet};

/// Most reviews that one cluster raises; the most valuable ones.
const MOST_REVIEWS: u32 = 10;
/// A pair of two clusters that is this much likelier than not, though the clusters as a whole are
/// kept apart, in log2 odds.
const OUTVOTED: f32 = 3.0;

pub(super) fn rank(
    scene: &Scene<'_>,
    mut doubts: Vec<Doubt>,
    edges: &[(u32, u32, f32)],
    roots: &[u32],
    view: &mut View<'_>,
) -> Vec<ReviewPair> {
    let root = |at: u32| roots.get(at as usize).copied().unwrap_or(at);
    let mut size: FxHashMap<u32, u32> = FxHashMap::default();
    for root in roots {
        *size.entry(*root).or_default() += 1;
    }
    for (a, b, weight) in edges {
        if root(*a) != root(*b) && f64::from(*weight) >= scene.cutoff + f64::from(OUTVOTED) {
            let reason = ReviewReason::NamesConflict;
            doubts.push(Doubt { a: *a, b: *b, reason, weight: f64::from(*weight) });
        }
    }
    let clusters = |a: u32, b: u32| (root(a).min(root(b)), root(a).max(root(b)));
    // What was left open about two clusters is not asked again through other records of theirs.
    let unsure: FxHashSet<(u32, u32)> =
        scene.unsure.iter().map(|(a, b)| clusters(*a, *b)).collect();
    // One question per pair of clusters: the one worth most.
    let mut best: FxHashMap<(u32, u32), (f64, Doubt)> = FxHashMap::default();
    for doubt in doubts {
        let (x, y) = (root(doubt.a), root(doubt.b));
        let contradiction = doubt.reason == ReviewReason::DecisionsContradict;
        let pair = (doubt.a.min(doubt.b), doubt.a.max(doubt.b));
        if (x == y && doubt.reason != ReviewReason::LargeCluster)
            || (!contradiction
                && (scene.decided.contains(&pair) || unsure.contains(&clusters(x, y))))
        {
            continue;
        }
        let of = |root: u32| f64::from(size.get(&root).copied().unwrap_or(1));
        // Uncertainty is largest at the cut-off; a refused join keeps some however sure it looked.
        // What stewards contradict each other about is open however sure the weights are, and so is
        // what looks wrong whatever it weighs.
        let odds = weights::probability(doubt.weight - scene.cutoff);
        let held = matches!(doubt.reason, ReviewReason::WeakBridge | ReviewReason::Outgrown);
        let unsure =
            if contradiction || held { 1.0 } else { (4.0 * odds * (1.0 - odds)).max(0.05) };
        let urgent = match doubt.reason {
            ReviewReason::DecisionsContradict => 4.0,
            ReviewReason::LargeCluster | ReviewReason::TrustedIdNamesDiffer => 2.0,
            _ => 1.0,
        };
        // Joining (or parting) two clusters decides about as many pairs as lie between them.
        let moved = (of(x) * of(y)).sqrt();
        let priority = urgent * unsure * moved;
        let better = best.get(&(x.min(y), x.max(y))).is_none_or(|(held, other)| {
            priority
                .total_cmp(held)
                .then_with(|| doubt.weight.total_cmp(&other.weight))
                .then_with(|| {
                    (other.a, other.b, other.reason).cmp(&(doubt.a, doubt.b, doubt.reason))
                })
                .is_gt()
        });
        if better {
            best.insert((x.min(y), x.max(y)), (priority, doubt));
        }
    }
    let mut ranked: Vec<(f64, Doubt)> = best.into_values().collect();
    ranked.sort_unstable_by(|(p, x), (q, y)| {
        q.total_cmp(p).then_with(|| (x.a, x.b).cmp(&(y.a, y.b)))
    });
    let mut raised: FxHashMap<u32, u32> = FxHashMap::default();
    let mut out = Vec::new();
    for (priority, doubt) in ranked {
        let (x, y) = (root(doubt.a), root(doubt.b));
        let count = |root: u32| raised.get(&root).copied().unwrap_or_default();
        let contradiction = doubt.reason == ReviewReason::DecisionsContradict;
        if !contradiction && (count(x) >= MOST_REVIEWS || count(y) >= MOST_REVIEWS) {
            continue;
        }
        for root in [x, y] {
            *raised.entry(root).or_default() += 1;
        }
        let (a, b) = (doubt.a.min(doubt.b), doubt.a.max(doubt.b));
        let (Some(left), Some(right)) = (scene.id(a), scene.id(b)) else { continue };
        out.push(ReviewPair {
            left,
            right,
            score: weights::probability(doubt.weight),
            priority,
            reason: doubt.reason,
            evidence: scene.waterfall(a, b, view),
        });
    }
    out
}
