//! Cohorts: customers by the period in which they became ones, and what is left of them.
//!
//! Owns the retention triangle in customers (logos), gross and net revenue. A cell whose period has
//! not come is null and never 0; one above 100 % or below 0 is shown as it is.

use super::ledger::{Change, Ledger, LineKind};
use super::state::Question;
use super::sum::Sum;
use crate::{Measured, NullReason, Ratio, exact};
use domain::{Currency, Timestamp};
use std::collections::BTreeMap;

/// One cell of the triangle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CohortCell {
    /// The period in which the customers were new.
    pub cohort: String,
    /// Currency of the amounts.
    pub currency: Currency,
    /// Periods since; 0 is the cohort's own, at its end.
    pub age: usize,
    /// Customers who joined.
    pub joined: i64,
    /// Of them, customers at the end of the period; who returned counts again.
    pub customers: Measured<i64>,
    /// `customers / joined`.
    pub retention: Measured<Ratio>,
    /// Their MRR at the end of the period over what they joined with.
    pub nrr: Measured<Ratio>,
    /// The same, nobody counted with more than they joined with.
    pub grr: Measured<Ratio>,
}

#[derive(Clone, Debug, Default)]
struct Cell {
    customers: i64,
    level: Sum,
    kept: Sum,
    lost: Option<NullReason>,
}

#[derive(Clone, Debug, Default)]
struct Cohort {
    joined: i64,
    base: Sum,
    lost: Option<NullReason>,
    cells: Vec<Cell>,
}

/// Cohorts as ledgers are added.
#[derive(Clone, Debug)]
pub struct Cohorts<'a> {
    question: &'a Question<'a>,
    cohorts: BTreeMap<(Currency, usize), Cohort>,
}

type Value = Result<Ratio, NullReason>;

fn plus(a: Value, b: Value) -> Value {
    a?.checked_add(b?).ok_or(NullReason::Overflow)
}

impl<'a> Cohorts<'a> {
    /// No cohorts yet.
    #[must_use]
    pub const fn new(question: &'a Question<'a>) -> Self {
        Self { question, cohorts: BTreeMap::new() }
    }

    fn index(&self, at: Timestamp) -> Option<usize> {
        let periods = self.question.periods;
        let index = periods.partition_point(|period| period.end <= at);
        periods.get(index).filter(|period| period.start <= at).map(|_| index)
    }

    /// Adds one customer: to the cohort of the first period in which they were new, per currency
    /// that they began with. Who was a customer before the first period is in no cohort.
    pub fn add(&mut self, ledger: &Ledger) {
        let is_new = |one: &(Currency, Change)| one.1 == Change::New;
        let Some(first) = ledger.steps.iter().position(|step| step.changes.iter().any(is_new))
        else {
            return;
        };
        let Some(joining) = ledger.steps.get(first) else { return };
        let Some(cohort) = self.index(joining.at) else { return };
        let target = self.question.conversion.map(|to| to.target);
        let mut bases: BTreeMap<Currency, Value> = BTreeMap::new();
        for line in joining.lines.iter().filter(|line| line.kind == LineKind::New) {
            let base = bases.entry(target.unwrap_or(line.currency)).or_insert(Ok(Ratio::ZERO));
            *base = plus(*base, Ok(line.value));
        }
        for lost in &joining.lost {
            bases.insert(target.unwrap_or(lost.currency), Err(lost.reason));
        }
        for (currency, base) in bases {
            self.add_member((currency, cohort), base, ledger, first);
        }
    }

    fn add_member(&mut self, key: (Currency, usize), base: Value, ledger: &Ledger, first: usize) {
        let question = self.question;
        let entry = self.cohorts.entry(key).or_default();
        entry.joined += 1;
        match base {
            Ok(base) => entry.base.add(base),
            Err(reason) => entry.lost = Some(reason),
        }
        let mut next = first;
        for (age, period) in question.periods.iter().skip(key.1).enumerate() {
            while ledger.steps.get(next).is_some_and(|step| step.at < period.end) {
                next += 1;
            }
            let mut value: Value = Ok(Ratio::ZERO);
            let mut live = false;
            let after = next.checked_sub(1).and_then(|last| ledger.steps.get(last));
            for one in after.into_iter().flat_map(|step| &step.after) {
                if question.conversion.is_some() || one.currency == key.0 {
                    value = plus(value, one.value);
                    live |= one.live;
                }
            }
            if entry.cells.len() <= age {
                entry.cells.resize_with(age + 1, Cell::default);
            }
            let Some(cell) = entry.cells.get_mut(age) else { continue };
            cell.customers += i64::from(live);
            match (value, base) {
                (Ok(value), Ok(base)) => {
                    cell.level.add(value);
                    cell.kept.add(value.min(base));
                }
                (value, base) => cell.lost = value.and(base).err(),
            }
        }
    }

    /// The cells, by currency, cohort and age; as many ages for each cohort as for the oldest, so
    /// that the answer is a rectangle whose lower right is null with `IMMATURE`.
    #[must_use]
    pub fn cells(&self) -> Vec<CohortCell> {
        let mut list = Vec::new();
        let mut ages: BTreeMap<Currency, usize> = BTreeMap::new();
        for ((currency, _), cohort) in &self.cohorts {
            let most = ages.entry(*currency).or_default();
            *most = (*most).max(cohort.cells.len());
        }
        for ((currency, index), cohort) in &self.cohorts {
            let Some(period) = self.question.periods.get(*index) else { continue };
            let base = match cohort.lost {
                Some(reason) => Err(reason),
                None => cohort.base.total(),
            };
            for age in 0..ages.get(currency).copied().unwrap_or_default() {
                let cell = cohort.cells.get(age).ok_or(NullReason::Immature);
                let over = |num: Value, den: Value| -> Measured<Ratio> {
                    num.and_then(|num| exact::over(num, den?)).into()
                };
                let sum = |pick: fn(&Cell) -> Sum| {
                    let cell = cell?;
                    cell.lost.map_or_else(|| pick(cell).total(), Err)
                };
                let customers = cell.map(|cell| cell.customers);
                list.push(CohortCell {
                    cohort: period.name.clone(),
                    currency: *currency,
                    age,
                    joined: cohort.joined,
                    customers: customers.into(),
                    retention: over(customers.map(Ratio::whole), Ok(Ratio::whole(cohort.joined))),
                    nrr: over(sum(|cell| cell.level), base),
                    grr: over(sum(|cell| cell.kept), base),
                });
            }
        }
        list
    }
}
