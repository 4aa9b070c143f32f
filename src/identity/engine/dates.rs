//! Dates of a table while it is filled.
//!
//! Owns that all of a column are read in one order, whichever row says which. Refuses to compare.

use super::pool::{hash, mix};
use crate::normal::date::{self, DateOrder, OrderVotes};
use rustc_hash::FxHashMap;

/// Dates as they are met, each spelling once. Whether they start with the day or the month shows
/// when all of a column are known.
#[derive(Default)]
pub(super) struct Dates {
    /// By column.
    votes: Vec<OrderVotes>,
    known: FxHashMap<u64, u32>,
    /// By number less one: the column and the date in each order, packed; 0 where it is none.
    found: Vec<(usize, [u32; 3])>,
    /// What each says about the order.
    said: Vec<Option<DateOrder>>,
}

impl Dates {
    const ORDERS: [DateOrder; 3] =
        [DateOrder::YearFirst, DateOrder::DayFirst, DateOrder::MonthFirst];

    pub fn new(columns: usize) -> Self {
        Self { votes: vec![OrderVotes::default(); columns], ..Self::default() }
    }

    /// The number of a date; 0 when it is none.
    pub fn add(&mut self, column: usize, raw: &str) -> u32 {
        let next = u32::try_from(self.found.len() + 1).unwrap_or(u32::MAX);
        let number = *self.known.entry(mix(&[hash(raw.as_bytes()), column as u64])).or_insert(next);
        if number == next {
            let packed = |order| date::parse(raw, order).map_or(0, date::DateDigits::packed);
            self.found.push((column, Self::ORDERS.map(packed)));
            self.said.push(date::vote(raw));
        }
        let at = number as usize - 1;
        if let (Some(votes), Some(vote)) = (self.votes.get_mut(column), self.said.get(at)) {
            votes.add(*vote);
        }
        let is_date = self.found.get(at).is_some_and(|(_, packed)| *packed != [0; 3]);
        if is_date { number } else { 0 }
    }

    /// A date in the order of its column.
    pub fn packed(&self, number: u32) -> u32 {
        let found = (number as usize).checked_sub(1).and_then(|at| self.found.get(at));
        found.map_or(0, |(column, packed)| {
            let order = self.votes.get(*column).copied().unwrap_or_default().order();
            let place = Self::ORDERS.iter().position(|o| *o == order).unwrap_or_default();
            packed.get(place).copied().unwrap_or_default()
        })
    }
}
