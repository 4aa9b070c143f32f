//! Retention cohorts: how many of those who began in a month are active so many months later.
//!
//! Owns the triangle. Refuses to fill its other half: a month that has not ended is null, not 0.

use crate::{Measured, NullReason, Share};
use domain::Month;
use std::collections::{BTreeMap, BTreeSet};

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The month in which it began.
    pub start: Month,
    /// Months in which it was active (paid, ordered, used: the caller's definition).
    pub active: BTreeSet<Month>,
}

/// The cohort of one month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CohortRow {
    /// The month.
    pub month: Month,
    /// How many began.
    pub size: i64,
    /// Share active at age 0, 1, 2... months.
    pub cells: Vec<Measured<Share>>,
}

/// Most ages of a triangle.
const AGES_MAX: u32 = 600;

/// The cohorts of `members`, by month, with `ages` cells each (at most 600). Months from `open` on
/// have not ended. A member may be inactive in between and active again.
#[must_use]
pub fn retention_cohorts(members: &[Member], ages: u32, open: Month) -> Vec<CohortRow> {
    let mut cohorts: BTreeMap<Month, (i64, BTreeMap<Month, i64>)> = BTreeMap::new();
    for member in members {
        let (size, active) = cohorts.entry(member.start).or_default();
        *size += 1;
        for month in &member.active {
            *active.entry(*month).or_default() += 1;
        }
    }
    let row = |(month, (size, active)): (Month, (i64, BTreeMap<Month, i64>))| {
        let cell = |age: u32| {
            let at = Month(month.0.saturating_add(i32::try_from(age).unwrap_or(i32::MAX)));
            if at >= open {
                return Measured::none(NullReason::Immature);
            }
            Share::of(active.get(&at).copied().unwrap_or(0), size).into()
        };
        CohortRow { month, size, cells: (0..ages.min(AGES_MAX)).map(cell).collect() }
    };
    cohorts.into_iter().map(row).collect()
}
