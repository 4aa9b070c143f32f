//! Comparing two rows: a pattern of levels, and how rare the values are on which they agree.
//!
//! Owns the walk over the comparisons and the frequencies that they need. Each pair is compared
//! once; training and scoring read the pattern. What a level means is the comparators' (`fields`,
//! `company`).

use super::frequency::Frequencies;
use super::level::{self, Comparison, EXACT, EXACT_MANY, EXACT_SOME, MISSING};
use super::table::{Row, Table};
use rustc_hash::FxHashMap;

/// What a comparison of two records found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Compared {
    /// Four bits per comparison.
    pub pattern: u64,
    /// Log2 of how much rarer (positive) or more frequent the values agreed on are than the
    /// average value of their level: what the unrelated class is divided by.
    pub rarity: f32,
}

/// Comparators over a table, with the frequencies that they need.
pub(crate) struct Comparer<'t> {
    pub table: &'t Table,
    pub comparisons: Vec<Comparison>,
    pub frequency: Frequencies,
    /// Records that have a value, by comparison.
    pub present: Vec<f64>,
    /// What company names already compared have in common, by their numbers.
    pub memo: FxHashMap<(u32, u32), (u8, u32)>,
}

/// Pairs whose values are fetched together.
const BATCH: usize = 32;

/// Records that a table is taken to be short of the whole it is a part of.
const BEYOND: f64 = 200.0;

impl<'t> Comparer<'t> {
    /// Comparators for what the table holds.
    pub fn new(table: &'t Table, frequency: Frequencies) -> Self {
        Self::of(table, frequency, comparisons(table))
    }

    /// Comparators that were learnt from other records.
    pub fn learnt(
        table: &'t Table,
        frequency: Frequencies,
        comparisons: Vec<Comparison>,
        present: Vec<f64>,
    ) -> Self {
        Self { table, comparisons, frequency, present, memo: FxHashMap::default() }
    }

    /// Comparators for given comparisons.
    pub fn of(table: &'t Table, frequency: Frequencies, comparisons: Vec<Comparison>) -> Self {
        let mut comparer =
            Self { table, comparisons, frequency, present: Vec::new(), memo: FxHashMap::default() };
        let mut present = vec![0.0; comparer.comparisons.len()];
        for at in 0..table.len() as u32 {
            for (slot, comparison) in present.iter_mut().zip(&comparer.comparisons) {
                if comparer.is_present(*comparison, at) {
                    *slot += 1.0;
                }
            }
        }
        comparer.present = present;
        comparer
    }

    fn is_present(&self, comparison: Comparison, at: u32) -> bool {
        let row = self.table.row(at);
        let value = match comparison {
            Comparison::Given => row.given,
            Comparison::Family => row.family,
            Comparison::Middle => row.middle,
            Comparison::Email => row.email,
            Comparison::Phone => row.phone,
            Comparison::Date => row.date,
            Comparison::Address => row.street,
            Comparison::Place => row.postal,
            Comparison::Org => row.org,
            Comparison::Web => row.web,
            Comparison::Extra(place, _) => {
                self.table.others(at).get(usize::from(place)).copied().unwrap_or_default()
            }
        };
        value != 0
    }

    /// Level and frequency of a record's own values, by comparison: what it would agree with
    /// another record on, and how often that happens by chance.
    pub fn own(&mut self, at: u32) -> Vec<(u8, f32)> {
        (0..self.comparisons.len())
            .map(|c| {
                let (level, count) = self.level(c, at, at, &mut false);
                let exact = (EXACT..=EXACT_MANY).contains(&level);
                if exact {
                    (level, self.log_frequency(c, count.max(1)).exp2())
                } else {
                    (MISSING, 0.0)
                }
            })
            .collect()
    }

    /// Compares pairs that come one after the other.
    pub fn compare_all(
        &mut self,
        mut pairs: impl Iterator<Item = (u32, u32)>,
        mut each: impl FnMut(Compared),
    ) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            batch.clear();
            batch.extend(pairs.by_ref().take(BATCH));
            if batch.is_empty() {
                return;
            }
            self.table.touch(&batch);
            self.frequency.touch(self.table, &batch);
            for (a, b) in &batch {
                each(self.compare(*a, *b));
            }
        }
    }

    /// Compares two rows.
    pub fn compare(&mut self, a: u32, b: u32) -> Compared {
        let mut pattern = 0;
        let mut rarity = 0.0;
        let mut swapped = false;
        for at in 0..self.comparisons.len() {
            let (level, count) = self.level(at, a, b, &mut swapped);
            pattern |= u64::from(level) << (at * 4);
            let counts = self.by_frequency(at, level);
            if counts > 0.0 {
                rarity -= counts * self.log_frequency(at, count.max(1));
            }
        }
        Compared { pattern, rarity }
    }

    fn by_frequency(&self, at: usize, level: u8) -> f32 {
        self.comparisons.get(at).map_or(0.0, |comparison| comparison.by_frequency(level))
    }

    /// The level of each comparison, and the frequency of the value that two records agree on, of
    /// the more frequent one where they agree in part; `None` where no frequency counts.
    pub fn levels(&mut self, a: u32, b: u32) -> Vec<(u8, Option<f64>)> {
        let mut swapped = false;
        (0..self.comparisons.len())
            .map(|at| {
                let (level, count) = self.level(at, a, b, &mut swapped);
                let counts = self.by_frequency(at, level) > 0.0;
                let frequency =
                    counts.then(|| f64::from(self.log_frequency(at, count.max(1))).exp2());
                (level, frequency)
            })
            .collect()
    }

    /// Level of one comparison, and how many records carry the value, of two that agree in part the
    /// more frequent one; 0 where the frequency says nothing.
    fn level(&mut self, at: usize, a: u32, b: u32, swapped: &mut bool) -> (u8, u32) {
        let (x, y) = (self.table.row(a), self.table.row(b));
        let Some(comparison) = self.comparisons.get(at).copied() else { return (MISSING, 0) };
        match comparison {
            Comparison::Given => {
                let (level, count) = self.given(x, y);
                *swapped = level >= level::given::SWAPPED;
                (level, count)
            }
            Comparison::Family => self.family(x, y, *swapped),
            Comparison::Middle => (self.middle(x, y), 0),
            Comparison::Email => self.email(x, y),
            Comparison::Phone => self.phone(x, y),
            Comparison::Date => self.date(x.date, y.date),
            Comparison::Address => self.address(x, y),
            Comparison::Place => self.place(x, y),
            Comparison::Org => self.org(x, y),
            Comparison::Web => self.web(x, y),
            Comparison::Extra(place, role) => {
                let place = usize::from(place);
                let value = |r: u32| self.table.others(r).get(place).copied().unwrap_or_default();
                self.other(place, role, value(a), value(b))
            }
        }
    }

    /// Share of the records that have a value, by comparison.
    pub fn both_present(&self) -> Vec<f64> {
        self.present.iter().map(|n| n / self.frequency.records.max(1.0)).collect()
    }

    /// Log2 of the share of the records with a value that carry this one, the record itself left
    /// out. A table is taken as part of a somewhat larger one, so that in a small table a value of
    /// two records is not a frequent one.
    fn log_frequency(&self, at: usize, count: u32) -> f32 {
        let present = self.present.get(at).copied().unwrap_or(1.0);
        (f64::from(count.max(2) - 1) / (present + BEYOND)).log2() as f32
    }

    /// The frequency of a value that only one other record has.
    pub fn least_frequency(&self, at: usize) -> f64 {
        f64::from(self.log_frequency(at, 1)).exp2()
    }

    pub(super) fn share(&self, count: u32) -> u8 {
        let share = f64::from(count) / self.frequency.records;
        if share >= 0.005 {
            EXACT_MANY
        } else if share >= 0.0005 && count > 3 {
            EXACT_SOME
        } else {
            EXACT
        }
    }
}

/// Records that must have a value before a column of unknown meaning is compared: of fewer nobody
/// can tell what its agreement is worth.
const ENOUGH: usize = 200;

/// What is compared, from what the table holds.
fn comparisons(table: &Table) -> Vec<Comparison> {
    let any = |of: &dyn Fn(&Row) -> u32| table.rows.iter().any(|row| of(row) != 0);
    let mut found = Vec::new();
    let mut add = |present: bool, comparison| {
        if present && found.len() < level::MOST {
            found.push(comparison);
        }
    };
    add(any(&|r| r.given), Comparison::Given);
    add(any(&|r| r.family), Comparison::Family);
    add(any(&|r| r.middle | r.generation), Comparison::Middle);
    add(any(&|r| r.email), Comparison::Email);
    add(any(&|r| r.phone), Comparison::Phone);
    add(any(&|r| r.date), Comparison::Date);
    add(any(&|r| r.street), Comparison::Address);
    add(any(&|r| r.postal | r.city | r.region), Comparison::Place);
    add(any(&|r| r.org), Comparison::Org);
    add(any(&|r| r.web), Comparison::Web);
    // The columns most records have come first: there is room for sixteen comparisons.
    let mut extra: Vec<(usize, usize)> = (0..table.extra.len())
        .map(|at| {
            let filled = (0..table.len() as u32)
                .filter(|r| table.others(*r).get(at).is_some_and(|v| *v != 0));
            (filled.count(), at)
        })
        .collect();
    extra.sort_by_key(|(filled, at)| (std::cmp::Reverse(*filled), *at));
    for (filled, at) in extra {
        if let (Some(column), Ok(place)) = (table.extra.get(at), u8::try_from(at)) {
            let enough = if column.role.is_id() { 1 } else { ENOUGH };
            add(filled >= enough, Comparison::Extra(place, column.role));
        }
    }
    found
}
