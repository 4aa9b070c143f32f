//! Clusters that grow one join at a time, under constraints that hold for every member.
//!
//! Owns the union-find and what must never be in one cluster: pairs that a steward parted, two
//! records of a unique source, contradicting traits.

use crate::compare::{self, Guard};
use crate::record::Traits;
use rustc_hash::FxHashSet;

/// Most distinct traits of a cluster that a join is checked against; a cluster of more has long
/// been reported as too large.
const MOST_FORMS: usize = 64;

/// Why a join was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Parted,
    Unique,
    Conflict,
}

/// A namespace of a unique source and the entity id that a cluster holds in it.
pub(crate) type Slot = (u64, u64);

pub(crate) struct Clusters<'a> {
    parent: Vec<u32>,
    size: Vec<u32>,
    /// Distinct traits per root, as numbers into `traits`.
    forms: Vec<Vec<u32>>,
    slots: Vec<Vec<Slot>>,
    /// Records that a member of this root must not be with.
    parted: Vec<Vec<u32>>,
    traits: &'a [&'a Traits],
}

impl<'a> Clusters<'a> {
    /// Every record alone. `form[i]` numbers the traits of record i.
    pub fn new(form: &[u32], slots: Vec<Vec<Slot>>, traits: &'a [&'a Traits]) -> Self {
        let n = form.len();
        Self {
            parent: (0..n as u32).collect(),
            size: vec![1; n],
            forms: form.iter().map(|f| vec![*f]).collect(),
            slots,
            parted: vec![Vec::new(); n],
            traits,
        }
    }

    /// Records that a steward parted the two.
    pub fn part(&mut self, a: u32, b: u32) {
        for (x, y) in [(a, b), (b, a)] {
            if let Some(list) = self.parted.get_mut(x as usize) {
                list.push(y);
            }
        }
    }

    /// The cluster's representative.
    pub fn root(&mut self, record: u32) -> u32 {
        let mut at = record;
        while let Some(up) = self.parent.get(at as usize).copied()
            && up != at
        {
            let above = self.parent.get(up as usize).copied().unwrap_or(up);
            if let Some(slot) = self.parent.get_mut(at as usize) {
                *slot = above;
            }
            at = above;
        }
        at
    }

    /// How many records the root's cluster has.
    pub fn size(&self, root: u32) -> u32 {
        self.size.get(root as usize).copied().unwrap_or(1)
    }

    /// Joins the clusters of two records. `Ok(false)` when they are one already.
    pub fn join(
        &mut self,
        a: u32,
        b: u32,
        guard: Guard,
        ignore_unique: bool,
    ) -> Result<bool, Refusal> {
        let (ra, rb) = (self.root(a), self.root(b));
        if ra == rb {
            return Ok(false);
        }
        let (small, large) =
            if (self.size(ra), rb) < (self.size(rb), ra) { (ra, rb) } else { (rb, ra) };
        if self.are_parted(ra, rb) {
            return Err(Refusal::Parted);
        }
        if !ignore_unique && self.slots_clash(ra, rb) {
            return Err(Refusal::Unique);
        }
        if guard != Guard::Off && self.contradict(ra, rb, guard) {
            return Err(Refusal::Conflict);
        }
        if let Some(slot) = self.parent.get_mut(small as usize) {
            *slot = large;
        }
        let size = self.size(small);
        if let Some(total) = self.size.get_mut(large as usize) {
            *total += size;
        }
        let forms = take(&mut self.forms, small);
        if let Some(list) = self.forms.get_mut(large as usize) {
            for form in forms {
                if list.len() < MOST_FORMS && !list.contains(&form) {
                    list.push(form);
                }
            }
        }
        let slots = take(&mut self.slots, small);
        if let Some(list) = self.slots.get_mut(large as usize) {
            for (space, id) in slots {
                match list.iter_mut().find(|(s, _)| *s == space) {
                    // One entity under two ids from now on: either stands for it.
                    Some(mine) => mine.1 = mine.1.min(id),
                    None => list.push((space, id)),
                }
            }
        }
        let parted = take(&mut self.parted, small);
        if let Some(list) = self.parted.get_mut(large as usize) {
            list.extend(parted);
        }
        Ok(true)
    }

    fn are_parted(&mut self, ra: u32, rb: u32) -> bool {
        let len = |c: &Self, r: u32| c.parted.get(r as usize).map_or(0, Vec::len);
        let (from, to) = if len(self, ra) <= len(self, rb) { (ra, rb) } else { (rb, ra) };
        (0..len(self, from)).any(|at| {
            let other = self.parted.get(from as usize).and_then(|list| list.get(at)).copied();
            other.is_some_and(|other| self.root(other) == to)
        })
    }

    fn slots_clash(&self, ra: u32, rb: u32) -> bool {
        let (Some(a), Some(b)) = (self.slots.get(ra as usize), self.slots.get(rb as usize)) else {
            return false;
        };
        a.iter().any(|(space, id)| b.iter().any(|(s, other)| s == space && other != id))
    }

    /// Whether some member of one contradicts some member of the other. A contradiction that a
    /// cluster already holds (a steward or a vendor id put it there) does not count again.
    fn contradict(&self, ra: u32, rb: u32, guard: Guard) -> bool {
        let (Some(a), Some(b)) = (self.forms.get(ra as usize), self.forms.get(rb as usize)) else {
            return false;
        };
        let of = |form: u32| self.traits.get(form as usize).copied();
        let alike = |list: &[u32], form: u32| {
            list.iter().any(|mine| {
                *mine == form
                    || matches!((of(*mine), of(form)), (Some(x), Some(y)) if compare::alike(x, y))
            })
        };
        a.iter().any(|x| {
            b.iter().any(|y| {
                x != y
                    && matches!((of(*x), of(*y)), (Some(p), Some(q)) if compare::conflict(p, q, guard))
                    && !alike(a, *y)
                    && !alike(b, *x)
            })
        })
    }

    /// Records, grouped by cluster: for each record its root.
    pub fn roots(&mut self) -> Vec<u32> {
        (0..self.parent.len() as u32).map(|record| self.root(record)).collect()
    }
}

fn take<T>(lists: &mut [Vec<T>], at: u32) -> Vec<T> {
    lists.get_mut(at as usize).map(std::mem::take).unwrap_or_default()
}

/// Pairs of records under a decision, for quick look-up.
pub(crate) type PairSet = FxHashSet<(u32, u32)>;
