//! From pair weights to clusters: agglomeration by mean weight, under constraints.
//!
//! Owns the joining order. Two clusters join by a mean over all pairs between them, pairs that no
//! blocking rule found included: those are scored when needed. One strong pair between two groups
//! that otherwise disagree is therefore not enough, which is what keeps chains and blobs apart.
//!
//! The mean is a generalised one: `log2(mean(2^(b w))) / b` with a small `b`. With `b = 0` it would
//! be the average of the weights, with `b = 1` the average of the odds; in between, records of
//! which a few copies are badly damaged still come together.

use rustc_hash::FxHashMap;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Two clusters put together, named by a record of each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TableJoin {
    /// A record of the one: with `b` the strongest pair between the two.
    pub a: u32,
    /// A record of the other.
    pub b: u32,
    /// Mean weight of all pairs between the two clusters, in log2 odds.
    pub weight: f32,
}

/// Sums are whole numbers: they do not depend on the order in which they are made.
type Fixed = i64;
const ONE: f64 = (1_u64 << 32) as f64;
/// The `b` of the generalised mean.
pub(crate) const GENEROSITY: f32 = 0.2;

fn lift(weight: f32) -> Fixed {
    (f64::from(weight * GENEROSITY).exp2() * ONE) as Fixed
}

fn sink(sum: Fixed, pairs: usize) -> f32 {
    let mean = sum as f64 / ONE / pairs.max(1) as f64;
    (mean.max(1e-9).log2() / f64::from(GENEROSITY)) as f32
}

/// Pair weights beyond these count as these: no single pair decides alone.
pub(crate) const LEAST: f32 = -8.0;
/// See [`LEAST`].
pub(crate) const MOST: f32 = 14.0;

/// How two groups of records meet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meeting {
    /// Mean weight of all pairs between them.
    pub weight: f32,
    /// The strongest pair.
    pub best: (u32, u32),
    /// Share of the pairs that are likelier one than two by themselves.
    pub support: f32,
}

/// Two groups of records and how they meet: may they be one?
pub(crate) type MayJoin<'a> = dyn FnMut(&[u32], &[u32], Meeting) -> bool + 'a;

/// What agglomeration may not do.
pub(crate) struct Limits<'a> {
    /// Clusters stop joining below this mean weight.
    pub floor: f32,
    /// Whether two groups of records may be one, whatever the weights.
    pub may_join: &'a mut MayJoin<'a>,
    /// Breaks ties between records the same way in any input order.
    pub rank: &'a dyn Fn(u32) -> u64,
    /// Pairs that are together from the start, whatever anything else says.
    pub forced: &'a [(u32, u32)],
}

/// Between two clusters: the sum over the pairs, the best pair, and how many are likelier one than
/// two.
#[derive(Clone, Copy)]
struct Link {
    sum: Fixed,
    best: (Fixed, u32, u32),
    likely: u32,
    version: u32,
}

const NO_LINK: Link = Link { sum: 0, best: (Fixed::MIN, 0, 0), likely: 0, version: 0 };

/// [`lift`] of even odds.
const EVEN: Fixed = 1 << 32;

impl Link {
    fn of(value: Fixed, a: u32, b: u32) -> Self {
        Self { sum: value, best: (value, a, b), likely: u32::from(value >= EVEN), version: 0 }
    }

    fn add(&mut self, other: Self) {
        self.sum += other.sum;
        self.likely += other.likely;
        if other.best.0 > self.best.0 {
            self.best = other.best;
        }
    }
}

struct Entry {
    weight: f32,
    tie: (u64, u64),
    x: u32,
    y: u32,
    version: u32,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.weight
            .total_cmp(&other.weight)
            .then_with(|| other.tie.cmp(&self.tie))
            .then_with(|| (other.x, other.y).cmp(&(self.x, self.y)))
    }
}

/// Agglomerates the records that `edges` connect. Gives the joins, heaviest first; forced ones are
/// not among them.
pub(crate) fn agglomerate(
    records: usize,
    edges: &[(u32, u32, f32)],
    limits: &mut Limits<'_>,
    score: &mut dyn FnMut(u32, u32) -> f32,
) -> Vec<TableJoin> {
    let mut parent: Vec<u32> = (0..records as u32).collect();
    let strong = edges.iter().filter(|e| e.2 >= limits.floor).map(|e| (e.0, e.1));
    for (a, b) in strong.chain(limits.forced.iter().copied()) {
        let (x, y) = (root(&mut parent, a), root(&mut parent, b));
        if x != y {
            set(&mut parent, x.max(y), x.min(y));
        }
    }
    // Weak pairs inside a component count too: they need not be scored again.
    let mut by_component: Vec<(u32, u32)> = Vec::new();
    for (at, (a, b, weight)) in edges.iter().enumerate() {
        let own = root(&mut parent, *a);
        if *weight >= limits.floor || own == root(&mut parent, *b) {
            by_component.push((own, at as u32));
        }
    }
    by_component.sort_unstable();
    let mut forced: Vec<(u32, u32, u32)> =
        limits.forced.iter().map(|(a, b)| (root(&mut parent, *a), *a, *b)).collect();
    forced.sort_unstable();
    let mut joins = Vec::new();
    let mut own: Vec<(u32, u32, f32)> = Vec::new();
    for group in by_component.chunk_by(|x, y| x.0 == y.0) {
        own.clear();
        own.extend(group.iter().filter_map(|(_, at)| edges.get(*at as usize).copied()));
        let component = group.first().map_or(0, |(c, _)| *c);
        let from = forced.partition_point(|f| f.0 < component);
        let to = forced.partition_point(|f| f.0 <= component);
        let together = forced.get(from..to).unwrap_or_default();
        if let ([(a, b, weight)], []) = (own.as_slice(), together) {
            let weight = weight.clamp(LEAST, MOST);
            let support = if weight >= 0.0 { 1.0 } else { 0.0 };
            if (limits.may_join)(&[*a], &[*b], Meeting { weight, best: (*a, *b), support }) {
                joins.push(TableJoin { a: *a, b: *b, weight });
            }
            continue;
        }
        let mut component = Component::new(&own, together, limits);
        for (_, a, b) in together {
            let (x, y) = (component.cluster_of(*a), component.cluster_of(*b));
            if x != y {
                component.merge(x, y, limits.floor, score);
            }
        }
        component.run(limits, score, &mut joins);
    }
    // Components do not touch, so their joins may be put in one descending order.
    joins.sort_by(|x, y| y.weight.total_cmp(&x.weight));
    joins
}

struct Component {
    nodes: Vec<u32>,
    /// Cluster of each node.
    home: Vec<u32>,
    members: Vec<Vec<u32>>,
    ties: Vec<u64>,
    links: Vec<FxHashMap<u32, Link>>,
    heap: BinaryHeap<Entry>,
    version: u32,
}

impl Component {
    fn new(edges: &[(u32, u32, f32)], together: &[(u32, u32, u32)], limits: &Limits<'_>) -> Self {
        let mut nodes: Vec<u32> = edges
            .iter()
            .flat_map(|(a, b, _)| [*a, *b])
            .chain(together.iter().flat_map(|(_, a, b)| [*a, *b]))
            .collect();
        nodes.sort_unstable();
        nodes.dedup();
        let mut component = Self {
            home: (0..nodes.len() as u32).collect(),
            members: nodes.iter().map(|r| vec![*r]).collect(),
            ties: nodes.iter().map(|r| (limits.rank)(*r)).collect(),
            links: vec![FxHashMap::default(); nodes.len()],
            heap: BinaryHeap::with_capacity(edges.len()),
            version: 0,
            nodes,
        };
        for (a, b, weight) in edges {
            let (x, y) = (component.cluster_of(*a), component.cluster_of(*b));
            let value = lift(weight.clamp(LEAST, MOST));
            component.put(x, y, Link::of(value, *a, *b));
            if *weight >= limits.floor {
                component.push(x, y, weight.clamp(LEAST, MOST), 0);
            }
        }
        component
    }

    fn cluster_of(&self, record: u32) -> u32 {
        let node = self.nodes.binary_search(&record).unwrap_or_default();
        self.home.get(node).copied().unwrap_or_default()
    }

    fn members(&self, cluster: u32) -> &[u32] {
        self.members.get(cluster as usize).map_or(&[], Vec::as_slice)
    }

    fn run(
        &mut self,
        limits: &mut Limits<'_>,
        score: &mut dyn FnMut(u32, u32) -> f32,
        joins: &mut Vec<TableJoin>,
    ) {
        // A refused pair may leave room for a heavier one later: weights are reported as falling.
        let mut lowest = f32::INFINITY;
        while let Some(entry) = self.heap.pop() {
            let current = self.links.get(entry.x as usize).and_then(|l| l.get(&entry.y)).copied();
            let Some(link) = current.filter(|l| l.version == entry.version) else { continue };
            let (x, y) = (entry.x, entry.y);
            let best = (link.best.1, link.best.2);
            let (p, q) = (self.members(x), self.members(y));
            let support = link.likely as f32 / (p.len() * q.len()).max(1) as f32;
            if !(limits.may_join)(p, q, Meeting { weight: entry.weight, best, support }) {
                continue;
            }
            lowest = lowest.min(entry.weight);
            joins.push(TableJoin { a: best.0, b: best.1, weight: lowest });
            self.merge(x, y, limits.floor, score);
        }
    }

    fn merge(&mut self, x: u32, y: u32, floor: f32, score: &mut dyn FnMut(u32, u32) -> f32) {
        let neighbours = |c: &Self, at: u32| c.links.get(at as usize).map_or(0, FxHashMap::len);
        // The cluster with more neighbours stays.
        let (keep, gone) = if neighbours(self, x) >= neighbours(self, y) { (x, y) } else { (y, x) };
        let theirs = self.links.get_mut(gone as usize).map(std::mem::take).unwrap_or_default();
        let ours = self.links.get_mut(keep as usize).map(std::mem::take).unwrap_or_default();
        let tie = [keep, gone].iter().filter_map(|at| self.ties.get(*at as usize)).copied().min();
        if let (Some(slot), Some(tie)) = (self.ties.get_mut(keep as usize), tie) {
            *slot = tie;
        }
        let mut near: Vec<u32> = ours
            .keys()
            .chain(theirs.keys())
            .copied()
            .filter(|n| *n != keep && *n != gone)
            .collect();
        near.sort_unstable();
        near.dedup();
        for near in near {
            if let Some(links) = self.links.get_mut(near as usize) {
                links.remove(&keep);
                links.remove(&gone);
            }
            let mut total = NO_LINK;
            let mut pairs = 0;
            for (part, known) in [(keep, ours.get(&near)), (gone, theirs.get(&near))] {
                let (p, q) = (self.members(part), self.members(near));
                pairs += p.len() * q.len();
                total.add(known.copied().unwrap_or_else(|| between(p, q, score)));
            }
            self.version += 1;
            total.version = self.version;
            self.put(keep, near, total);
            let weight = sink(total.sum, pairs);
            if weight >= floor {
                self.push(keep, near, weight, total.version);
            }
        }
        let moved = self.members.get_mut(gone as usize).map(std::mem::take).unwrap_or_default();
        for record in &moved {
            let node = self.nodes.binary_search(record).unwrap_or_default();
            if let Some(slot) = self.home.get_mut(node) {
                *slot = keep;
            }
        }
        if let Some(own) = self.members.get_mut(keep as usize) {
            own.extend(moved);
        }
    }

    fn put(&mut self, x: u32, y: u32, link: Link) {
        for (from, to) in [(x, y), (y, x)] {
            if let Some(links) = self.links.get_mut(from as usize) {
                links.insert(to, link);
            }
        }
    }

    fn push(&mut self, x: u32, y: u32, weight: f32, version: u32) {
        let tie = |at: u32| self.ties.get(at as usize).copied().unwrap_or_default();
        let (p, q) = (tie(x), tie(y));
        self.heap.push(Entry { weight, tie: (p.min(q), p.max(q)), x, y, version });
    }
}

/// Most pairs that are scored between two clusters; of larger ones an even sample stands for all.
const MOST_PAIRS: usize = 900;

/// Scores all pairs between two clusters.
fn between(p: &[u32], q: &[u32], score: &mut dyn FnMut(u32, u32) -> f32) -> Link {
    let mut link = NO_LINK;
    let all = p.len() * q.len();
    let step = all.div_ceil(MOST_PAIRS).max(1);
    for at in (0..all).step_by(step) {
        let (Some(a), Some(b)) = (p.get(at / q.len()), q.get(at % q.len())) else { continue };
        link.add(Link::of(lift(score(*a, *b).clamp(LEAST, MOST)), *a, *b));
    }
    if step > 1 {
        let scored = all.div_ceil(step) as i128;
        link.sum = (i128::from(link.sum) * all as i128 / scored.max(1)) as Fixed;
        link.likely = (u64::from(link.likely) * all as u64 / scored.max(1) as u64) as u32;
    }
    link
}

/// The representative of a record in a forest of parents.
pub(crate) fn root(parent: &mut [u32], of: u32) -> u32 {
    let mut at = of;
    loop {
        let above = parent.get(at as usize).copied().unwrap_or(at);
        if above == at {
            return at;
        }
        let grand = parent.get(above as usize).copied().unwrap_or(above);
        set(parent, at, grand);
        at = grand;
    }
}

pub(crate) fn set(parent: &mut [u32], at: u32, to: u32) {
    if let Some(slot) = parent.get_mut(at as usize) {
        *slot = to;
    }
}
