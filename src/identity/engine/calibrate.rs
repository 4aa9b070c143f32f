//! The cut-off, chosen from the data without labels.
//!
//! Owns one question: from which mean weight on are two clusters taken for one entity? Weights are
//! log2 odds, so 0 would be right if the model's assumptions held. They do not: errors come
//! together within a record (true pairs weigh too little), agreements come together within a
//! household, an office or a data set (false pairs weigh too much). Both shift the scale by several
//! bits, in either direction, and no data set tells by how much except in the joins themselves.
//!
//! The method. Joins of different entities get rarer as the weight rises, joins of one entity get
//! more frequent. Near the place where they meet both are close to exponential in the weight, so
//! the histogram of join weights is fitted by the sum of a falling and a rising exponential
//! (penalised maximum likelihood of Poisson counts, by damped Fisher scoring). Such a sum is convex
//! on the log scale: it has exactly one valley, however ragged the histogram, and the valley is the
//! cut-off. A join counts as the pairs of records that it puts together, up to [`MOST_PAIRS`]: what
//! is lost by a wrong join grows with them. Weak priors keep small tables near 0.
//!
//! Refuses to score and to join: it reads weights, and follows the joins below what was agglomerated
//! only as far as the known pairs tell.

use super::cluster::{self, LEAST, TableJoin};
use rustc_hash::FxHashMap;

/// Agglomeration for the calibration may stop here; what lies below is followed by
/// [`cutoff`] itself where it must.
pub(crate) const REACH: f32 = -2.0;
/// How far down the histogram is read: a step further each time the valley lies at its edge.
const DEPTHS: [f64; 3] = [-2.0, -5.0, -8.0];
/// Weight units of falling histogram that must be seen below a valley for it to count as one.
const MARGIN: f64 = 3.0;
/// Pairs as which a join counts at most.
const MOST_PAIRS: f64 = 8.0;
/// Above this, joins of one entity pile up at the ceiling of pair weights.
const TOP: f64 = 9.0;
/// The part of the histogram that is fitted ends at this share of the median positive weight.
const OF_MEDIAN: f64 = 0.8;
/// Least width of the part that is fitted.
const WIDTH: f64 = 6.0;
const BIN: f64 = 0.25;
/// Typical slope of either side in bits per bit: calibrated weights would have slopes that add up
/// to 1, measured sums lie around 0.8.
const SLOPE: f64 = 0.4;
/// Precision of the prior of the slopes' logarithm: a standard deviation of 0.35.
const SLOPE_PRECISION: f64 = 8.0;
/// Standard deviation of the prior of the valley around 0: that of the shifts that were measured.
const SPREAD: f64 = 2.5;
/// No cut-off lies further from 0 than this; one that would is none.
pub(crate) const FURTHEST: f64 = 6.0;
/// Rounds of joining below [`REACH`].
const ROUNDS: usize = 4;
/// The `b` of the generalised mean that joins are weighed by.
const GENEROSITY: f64 = cluster::GENEROSITY as f64;

/// A join as calibration sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Join {
    /// Mean weight in log2 odds.
    pub weight: f64,
    /// Pairs of records that it puts together.
    pub pairs: f64,
}

/// The mean weight from which clusters join, in log2 odds, between -6 and 6.
///
/// `edges` are the scored candidate pairs, `joins` the agglomeration (heaviest first) down to
/// [`REACH`] or lower. `may_join` says whether two groups of records may be one at all. The outcome
/// depends on no order of records or edges, up to ties between equal weights; 0 without joins.
pub(crate) fn cutoff(
    records: usize,
    edges: &[(u32, u32, f32)],
    joins: &[TableJoin],
    may_join: &mut dyn FnMut(&[u32], &[u32]) -> bool,
) -> f32 {
    let mut parent: Vec<u32> = (0..records as u32).collect();
    let mut size: Vec<f64> = vec![1.0; records];
    let mut seen: Vec<Join> = Vec::with_capacity(joins.len());
    for join in joins.iter().filter(|j| j.weight >= REACH) {
        let (x, y) = (cluster::root(&mut parent, join.a), cluster::root(&mut parent, join.b));
        if x == y {
            continue;
        }
        let of = |at: u32| size.get(at as usize).copied().unwrap_or(1.0);
        let (p, q) = (of(x), of(y));
        seen.push(Join { weight: f64::from(join.weight), pairs: p * q });
        cluster::set(&mut parent, x.max(y), x.min(y));
        if let Some(slot) = size.get_mut(x.min(y) as usize) {
            *slot = p + q;
        }
    }
    let mut found = 0.0;
    for (at, depth) in DEPTHS.into_iter().enumerate() {
        if at == 1 {
            follow(&mut parent, edges, may_join, &mut seen);
        }
        found = valley(&seen, depth);
        if found >= depth + MARGIN {
            break;
        }
    }
    found.clamp(-FURTHEST, FURTHEST) as f32
}

/// Joins below [`REACH`], by rounds in which clusters that are each other's best partner join. Pairs
/// that no rule found weigh the least that pairs weigh; to compare them all would cost more than
/// the whole run and moves the outcome by a tenth of a bit.
fn follow(
    parent: &mut [u32],
    edges: &[(u32, u32, f32)],
    may_join: &mut dyn FnMut(&[u32], &[u32]) -> bool,
    seen: &mut Vec<Join>,
) {
    let lift = |weight: f64| (weight * GENEROSITY).exp2();
    let least = lift(f64::from(LEAST));
    // By pair of clusters: what its known pairs weigh above the least.
    let mut open: Vec<(u32, u32, f64)> = edges
        .iter()
        .filter(|e| e.2 > LEAST)
        .map(|(a, b, weight)| {
            let weight = weight.min(cluster::MOST);
            (*a, *b, lift(f64::from(weight)) - least)
        })
        .collect();
    for _ in 0..ROUNDS {
        for (a, b, _) in &mut open {
            let (x, y) = (cluster::root(parent, *a), cluster::root(parent, *b));
            (*a, *b) = (x.min(y), x.max(y));
        }
        open.retain(|(a, b, _)| a != b);
        // By value too: sums of floats must not depend on the order of the edges.
        open.sort_unstable_by(|x, y| (x.0, x.1).cmp(&(y.0, y.1)).then(x.2.total_cmp(&y.2)));
        open.dedup_by(|next, kept| {
            let same = (next.0, next.1) == (kept.0, kept.1);
            if same {
                kept.2 += next.2;
            }
            same
        });
        let members = members(parent, &open);
        let none: &[u32] = &[];
        let of = |at: u32| members.get(&at).map_or(none, Vec::as_slice);
        let mut best: FxHashMap<u32, (f64, u32)> = FxHashMap::default();
        let weigh = |(a, b, above): &(u32, u32, f64)| {
            let pairs = (of(*a).len() * of(*b).len()).max(1) as f64;
            ((above / pairs + least).log2() / GENEROSITY, pairs)
        };
        for pair in &open {
            let (weight, _) = weigh(pair);
            for (own, other) in [(pair.0, pair.1), (pair.1, pair.0)] {
                let slot = best.entry(own).or_insert((f64::NEG_INFINITY, other));
                if weight > slot.0 {
                    *slot = (weight, other);
                }
            }
        }
        let mut any = false;
        for pair in &open {
            let (a, b, _) = *pair;
            let partner = |own: u32| best.get(&own).map(|found| found.1);
            let (weight, pairs) = weigh(pair);
            if weight < f64::from(LEAST)
                || partner(a) != Some(b)
                || partner(b) != Some(a)
                || !may_join(of(a), of(b))
            {
                continue;
            }
            any = true;
            seen.push(Join { weight, pairs });
            cluster::set(parent, a.max(b), a.min(b));
        }
        if !any {
            break;
        }
    }
}

/// The records of the clusters that occur.
fn members(parent: &mut [u32], open: &[(u32, u32, f64)]) -> FxHashMap<u32, Vec<u32>> {
    let mut members: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    for (a, b, _) in open {
        members.entry(*a).or_default();
        members.entry(*b).or_default();
    }
    for record in 0..parent.len() as u32 {
        let root = cluster::root(parent, record);
        if let Some(own) = members.get_mut(&root) {
            own.push(record);
        }
    }
    members
}

/// Where the histogram of join weights above `depth` has its valley, in log2 odds.
///
/// The counts are modelled as `exp(h0 - a d) + exp(h1 + b d)` per bin, `d` being the distance from
/// the middle in nats. The minimum of that lies where `a exp(h0 - a d) = b exp(h1 + b d)`.
pub(crate) fn valley(joins: &[Join], depth: f64) -> f64 {
    let lowest = joins.iter().map(|j| j.weight).fold(f64::INFINITY, f64::min);
    if joins.is_empty() || !lowest.is_finite() {
        return 0.0;
    }
    let low = depth.max(lowest.floor());
    let mut above: Vec<f64> = joins.iter().map(|j| j.weight).filter(|w| *w > 0.0).collect();
    above.sort_unstable_by(f64::total_cmp);
    let median = above.get(above.len() / 2).copied().unwrap_or(TOP);
    let high = TOP.min((low + WIDTH).max(OF_MEDIAN * median)).max(low + BIN);
    let bins = (((high - low) / BIN).floor() as usize).max(1);
    let counts = histogram(joins, low, bins);
    let middle = low + bins as f64 * BIN / 2.0;
    let places: Vec<f64> = (0..bins)
        .map(|at| (low + (at as f64 + 0.5) * BIN - middle) * std::f64::consts::LN_2)
        .collect();
    Fit { counts: &counts, places: &places, middle }.run()
}

/// Counts per bin. Pairs of one join come and go together, so the counts are divided by what that
/// adds to their variance.
fn histogram(joins: &[Join], low: f64, bins: usize) -> Vec<f64> {
    let count = |join: &Join| join.pairs.clamp(1.0, MOST_PAIRS);
    let (mut sum, mut squares) = (0.0, 0.0);
    let mut counts = vec![0.0; bins];
    // In order of weight, so that no sum depends on the order of the joins.
    let mut sorted: Vec<&Join> = joins.iter().collect();
    sorted.sort_unstable_by(|x, y| x.weight.total_cmp(&y.weight).then(x.pairs.total_cmp(&y.pairs)));
    for join in sorted {
        if join.weight < TOP - 1.0 {
            sum += count(join);
            squares += count(join) * count(join);
        }
        if join.weight >= low
            && let Some(slot) = counts.get_mut(((join.weight - low) / BIN) as usize)
        {
            *slot += count(join);
        }
    }
    let excess = if sum > 0.0 { f64::max(squares / sum, 1.0) } else { 1.0 };
    for slot in &mut counts {
        *slot /= excess;
    }
    counts
}

/// Logarithms of: height of the falling and of the rising side in the middle, their slopes.
type Shape = [f64; 4];

struct Fit<'a> {
    counts: &'a [f64],
    places: &'a [f64],
    middle: f64,
}

/// Value of the penalised negative log likelihood, its gradient, and its expected curvature.
struct Point {
    value: f64,
    gradient: Shape,
    curvature: [Shape; 4],
}

impl Fit<'_> {
    fn run(&self) -> f64 {
        let mean = self.counts.iter().sum::<f64>() / self.counts.len().max(1) as f64;
        let height = (mean.max(0.05) / 2.0).ln();
        let mut best: Option<(f64, Shape)> = None;
        for tilt in [-0.5, 0.5] {
            let start = [height - tilt, height + tilt, SLOPE.ln(), SLOPE.ln()];
            let found = self.descend(start);
            if best.as_ref().is_none_or(|(value, _)| found.0 < *value) {
                best = Some(found);
            }
        }
        best.map_or(0.0, |(_, shape)| self.valley(&shape).0)
    }

    /// Fisher scoring with Levenberg's damping: never uphill.
    fn descend(&self, start: Shape) -> (f64, Shape) {
        let mut at = start;
        let mut point = self.point(&at);
        let mut damping = 1e-2;
        for _ in 0..200 {
            let mut matrix = point.curvature;
            for (k, row) in matrix.iter_mut().enumerate() {
                if let Some(slot) = row.get_mut(k) {
                    *slot += damping * (*slot + 1e-3);
                }
            }
            let step = solve(matrix, point.gradient);
            let mut next = at;
            for ((slot, by), bounds) in next.iter_mut().zip(step).zip(BOUNDS) {
                *slot = (*slot - by.clamp(-1.0, 1.0)).clamp(bounds.0, bounds.1);
            }
            let there = self.point(&next);
            if there.value < point.value {
                let gain = point.value - there.value;
                (at, point) = (next, there);
                damping = f64::max(damping * 0.3, 1e-9);
                if gain < 1e-9 {
                    break;
                }
            } else {
                damping *= 5.0;
                if damping > 1e9 {
                    break;
                }
            }
        }
        (point.value, at)
    }

    /// The valley and its derivatives.
    fn valley(&self, shape: &Shape) -> (f64, Shape) {
        let [h0, h1, s0, s1] = *shape;
        let (a, b) = (s0.exp(), s1.exp());
        let bits = std::f64::consts::LN_2 * (a + b);
        let off = (h0 - h1 + s0 - s1) / bits;
        (
            self.middle + off,
            [
                1.0 / bits,
                -1.0 / bits,
                1.0 / bits - off * a / (a + b),
                -1.0 / bits - off * b / (a + b),
            ],
        )
    }

    fn point(&self, shape: &Shape) -> Point {
        let [h0, h1, s0, s1] = *shape;
        let (a, b) = (s0.exp(), s1.exp());
        let mut point = Point { value: 0.0, gradient: [0.0; 4], curvature: [[0.0; 4]; 4] };
        for (count, d) in self.counts.iter().zip(self.places) {
            let (fall, rise) = ((h0 - a * d).exp(), (h1 + b * d).exp());
            let expected = fall + rise + 1e-12;
            point.value += expected - count * expected.ln();
            let change = [fall, rise, -fall * a * d, rise * b * d];
            point.add(1.0 - count / expected, &change, 1.0 / expected);
        }
        for (at, slope) in [(2, s0), (3, s1)] {
            let off = slope - SLOPE.ln();
            point.value += SLOPE_PRECISION / 2.0 * off * off;
            let mut change = [0.0; 4];
            if let Some(slot) = change.get_mut(at) {
                *slot = 1.0;
            }
            point.add(SLOPE_PRECISION * off, &change, SLOPE_PRECISION);
        }
        // Neither side vanishes for want of joins.
        for (at, height) in [(0, h0), (1, h1)] {
            let push = 0.02 * (-height - 2.0).exp();
            point.value += push;
            let mut change = [0.0; 4];
            if let Some(slot) = change.get_mut(at) {
                *slot = 1.0;
            }
            point.add(-push, &change, push);
        }
        let (valley, change) = self.valley(shape);
        let precision = 1.0 / (SPREAD * SPREAD);
        point.value += precision / 2.0 * valley * valley;
        point.add(precision * valley, &change, precision);
        point
    }
}

/// Limits of the parameters: far outside anything that data gives.
const BOUNDS: [(f64, f64); 4] = [(-8.0, 20.0), (-8.0, 20.0), (-3.0, 1.2), (-3.0, 1.2)];

impl Point {
    fn add(&mut self, by: f64, change: &Shape, curved: f64) {
        for ((slot, row), own) in self.gradient.iter_mut().zip(&mut self.curvature).zip(change) {
            *slot += by * own;
            for (cell, other) in row.iter_mut().zip(change) {
                *cell += curved * own * other;
            }
        }
    }
}

/// Solves a small positive definite system by elimination.
fn solve(mut matrix: [Shape; 4], mut right: Shape) -> Shape {
    for k in 0..4 {
        let row = matrix.get(k).copied().unwrap_or_default();
        let value = right.get(k).copied().unwrap_or_default();
        let pivot = row.get(k).copied().unwrap_or_default();
        if pivot.abs() < 1e-300 {
            continue;
        }
        for (at, (below, slot)) in matrix.iter_mut().zip(&mut right).enumerate() {
            let factor = below.get(k).copied().unwrap_or_default() / pivot;
            if at == k || factor == 0.0 {
                continue;
            }
            for (cell, own) in below.iter_mut().zip(row) {
                *cell -= factor * own;
            }
            *slot -= factor * value;
        }
    }
    for (k, slot) in right.iter_mut().enumerate() {
        let pivot = matrix.get(k).and_then(|row| row.get(k)).copied().unwrap_or_default();
        *slot = if pivot.abs() < 1e-300 { 0.0 } else { *slot / pivot };
    }
    right
}

#[cfg(test)]
mod tests;
