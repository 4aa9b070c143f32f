//! What tells rows of a table apart, or not at all, before anything is weighed.
//!
//! Owns the constraints that a table itself holds: people and companies, numbers of which everybody
//! has one; and which records say the same. Refuses to weigh.

use super::fields::id_level;
use super::level::id;
use super::row::About;
use super::table::{Row, Table};
use crate::role::Role;

impl Table {
    /// Whether one record is of a person and the other of a company.
    pub(crate) fn other_kind(&self, a: u32, b: u32) -> bool {
        let about = |at: u32| self.about.get(at as usize).copied().unwrap_or(About::Anybody);
        matches!(
            (about(a), about(b)),
            (About::Person, About::Company) | (About::Company, About::Person)
        )
    }

    /// Whether two records say the same in everything that is compared.
    pub(crate) fn say_the_same(&self, a: u32, b: u32) -> bool {
        let lists = |row: &Row| [row.email, row.phone, row.org, row.web];
        let (mut x, mut y) = (*self.row(a), *self.row(b));
        let same = lists(&x).iter().zip(&lists(&y)).all(|(p, q)| self.values(p) == self.values(q));
        for row in [&mut x, &mut y] {
            (row.email, row.phone, row.org, row.web) = (0, 0, 0, 0);
        }
        same && x == y && self.others(a) == self.others(b)
    }

    /// Whether two groups of records hold clearly different numbers of a kind of which everybody has
    /// one. A typing error is no other number, and groups that have any in common are not told apart
    /// by the others.
    pub(crate) fn other_ids(&self, p: &[u32], q: &[u32]) -> bool {
        let pool = &self.others_pool;
        let mut unique = self.extra.iter().enumerate().filter(|(_, e)| e.role == Role::UniqueId);
        unique.any(|(place, _)| {
            let of = |group: &[u32]| -> Vec<u32> {
                let value = |at: &u32| self.others(*at).get(place).copied().filter(|v| *v != 0);
                let mut values: Vec<u32> = group.iter().filter_map(value).collect();
                values.sort_unstable();
                values.dedup();
                values
            };
            let (x, y) = (of(p), of(q));
            let other =
                |a: u32, b: u32| a != b && id_level(pool.text(a), pool.text(b)) == id::DIFFERENT;
            !x.is_empty() && !y.is_empty() && x.iter().all(|a| y.iter().all(|b| other(*a, *b)))
        })
    }
}
