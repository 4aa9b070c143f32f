//! What the models need to know of a customer without a contract.
//!
//! Owns the sufficient statistics, their checks, and their aggregation: equal histories are one row with
//! a weight, and the distinct numbers in them are kept once, so that a likelihood computes the
//! logarithm of each but once.

use super::{Reason, hash_of};

/// Purchases of one customer, in any unit of time. For BG/BB times are counted in opportunities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct History {
    /// Repeat purchases: the first is not counted. Purchases of one day are one.
    pub x: u32,
    /// Time of the last purchase since the first; 0 without a repeat purchase.
    pub tx: f64,
    /// Time from the first purchase to the end of the observation.
    pub t: f64,
}

impl History {
    /// Checks that the history can have happened.
    ///
    /// # Errors
    /// [`Reason::BadHistory`], [`Reason::RecencyZero`], [`Reason::RecencyWithoutRepeat`],
    /// [`Reason::RecencyAfterEnd`].
    pub fn check(&self) -> Result<(), Reason> {
        if !(self.tx >= 0.0 && self.t >= 0.0 && self.t.is_finite() && self.tx.is_finite()) {
            Err(Reason::BadHistory)
        } else if self.x > 0 && self.tx == 0.0 {
            Err(Reason::RecencyZero)
        } else if self.x == 0 && self.tx > 0.0 {
            Err(Reason::RecencyWithoutRepeat)
        } else if self.tx > self.t {
            Err(Reason::RecencyAfterEnd)
        } else {
            Ok(())
        }
    }
}

/// Customers with the same history. Numbers are places in the lists of [`Histories`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub tx: u32,
    pub t: u32,
    pub weight: f64,
}

/// Histories with the same number of purchases.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub x: u32,
    pub rows: Vec<Row>,
}

/// Histories of many customers, aggregated.
#[derive(Clone, Debug, Default)]
pub struct Histories {
    pub(super) groups: Vec<Group>,
    pub(super) txs: Vec<f64>,
    pub(super) ts: Vec<f64>,
    n: u64,
    distinct: usize,
}

/// Numbers that are not negative order as their bits do.
fn places(sorted: &[u64], bits: u64) -> u32 {
    let at = sorted.binary_search(&bits).unwrap_or_else(|at| at);
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn distinct(numbers: impl Iterator<Item = f64>) -> Vec<u64> {
    let mut seen = std::collections::HashSet::new();
    // Adding 0 makes a negative zero a positive one.
    seen.extend(numbers.map(|number| (number + 0.0).to_bits()));
    let mut sorted: Vec<u64> = seen.into_iter().collect();
    sorted.sort_unstable();
    sorted
}

impl Histories {
    /// Aggregates histories.
    ///
    /// # Errors
    /// The first history that cannot have happened, with its place and why.
    pub fn new(histories: &[History]) -> Result<Self, (usize, Reason)> {
        Self::gather(histories.iter().map(|history| (*history, 1)))
    }

    /// Aggregates histories that so many customers have.
    ///
    /// # Errors
    /// As [`Histories::new`].
    pub fn of_counts(counts: &[(History, u32)]) -> Result<Self, (usize, Reason)> {
        Self::gather(counts.iter().copied())
    }

    fn gather(
        histories: impl Iterator<Item = (History, u32)> + Clone,
    ) -> Result<Self, (usize, Reason)> {
        for (at, (history, _)) in histories.clone().enumerate() {
            history.check().map_err(|reason| (at, reason))?;
        }
        let txs = distinct(histories.clone().map(|(h, _)| h.tx));
        let ts = distinct(histories.clone().map(|(h, _)| h.t));
        let place = |h: History| {
            (h.x, places(&txs, (h.tx + 0.0).to_bits()), places(&ts, (h.t + 0.0).to_bits()))
        };
        let mut keys: Vec<((u32, u32, u32), u32)> = histories
            .filter(|(_, count)| *count > 0)
            .map(|(history, count)| (place(history), count))
            .collect();
        keys.sort_unstable();
        let mut groups: Vec<Group> = Vec::new();
        let (mut rows, mut n) = (0, 0);
        for same in keys.chunk_by(|a, b| a.0 == b.0) {
            let Some(((x, tx, t), _)) = same.first().copied() else { continue };
            let count: u64 = same.iter().map(|(_, count)| u64::from(*count)).sum();
            let row = Row { tx, t, weight: count as f64 };
            rows += 1;
            n += count;
            match groups.last_mut() {
                Some(group) if group.x == x => group.rows.push(row),
                _ => groups.push(Group { x, rows: vec![row] }),
            }
        }
        let numbers = |bits: Vec<u64>| bits.into_iter().map(f64::from_bits).collect();
        Ok(Self { groups, txs: numbers(txs), ts: numbers(ts), n, distinct: rows })
    }

    /// Customers.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Different histories.
    pub fn distinct(&self) -> usize {
        self.distinct
    }

    /// The different histories with how many customers have each, in order.
    pub fn iter(&self) -> impl Iterator<Item = (History, f64)> + '_ {
        let number = |list: &[f64], at: u32| list.get(at as usize).copied().unwrap_or_default();
        self.groups.iter().flat_map(move |group| {
            group.rows.iter().map(move |row| {
                let (tx, t) = (number(&self.txs, row.tx), number(&self.ts, row.t));
                (History { x: group.x, tx, t }, row.weight)
            })
        })
    }

    /// A hash of the histories that does not depend on their order.
    pub fn data_hash(&self) -> String {
        hash_of(self.iter().flat_map(|(h, weight)| {
            [u64::from(h.x), h.tx.to_bits(), h.t.to_bits(), weight.to_bits()]
        }))
    }

    /// Repeat purchases of all, and the mean time of observation.
    pub(super) fn totals(&self) -> (f64, f64) {
        let (mut purchases, mut time) = (0.0, 0.0);
        for (h, weight) in self.iter() {
            purchases += weight * f64::from(h.x);
            time += weight * h.t;
        }
        (purchases, time / self.n as f64)
    }

    /// Whether there is something to learn the pace of purchases from.
    pub(super) fn check(&self) -> Result<(), Reason> {
        if self.n == 0 {
            Err(Reason::NoData)
        } else if self.groups.iter().all(|group| group.x == 0) {
            Err(Reason::NoRepeatPurchases)
        } else {
            Ok(())
        }
    }
}
