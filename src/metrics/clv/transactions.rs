//! From purchases and refunds to histories.
//!
//! Owns what counts as a purchase: those of one day are one; an order that was refunded in full is none;
//! a refund that names its order is taken off it, one that names none off the customer's latest
//! purchases before it. What finds nothing to be taken off is reported, never subtracted elsewhere.
//! Amounts are exact. Refuses currencies and clocks: lines are of one currency and come with the number
//! of their day.

use super::{History, Spend};
use serde::Serialize;

/// One line of a list of purchases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// A number that stands for the customer.
    pub customer: u32,
    /// Days since any fixed one.
    pub day: i32,
    /// A number that stands for the order, if the list names orders.
    pub order: Option<u32>,
    /// What was paid, in minor units; negative when it was paid back.
    pub amount_minor: i64,
}

/// Purchases of one customer, one per day at most, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purchases {
    /// As in [`Line`].
    pub customer: u32,
    /// Days, and what was paid on them after refunds.
    pub days: Vec<(i32, i64)>,
}

/// What was found on the way, for an audit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// Lines that were read.
    pub lines: u64,
    /// Orders, or purchases without one, that were refunded in full and are none.
    pub refunded_in_full: u64,
    /// Refunds of more than was left of what they refund, or without an earlier purchase.
    pub refunds_unmatched: u64,
    /// What of these found nothing to be taken off, in minor units.
    pub refunds_unmatched_minor: i64,
    /// Purchases of nothing: they count as purchases, but tell nothing about amounts.
    pub zero_amounts: u64,
    /// Customers of whom no purchase is left.
    pub customers_without_purchase: u64,
}

/// A purchase before refunds are settled.
struct Open {
    day: i32,
    order: Option<u32>,
    paid: i64,
    left: i64,
}

impl Open {
    /// Takes off what it can of a refund, and returns the rest.
    fn refund(&mut self, amount: i64) -> i64 {
        let taken = amount.min(self.left);
        self.left -= taken;
        amount - taken
    }
}

/// The purchases of each customer, by customer. Lines may come in any order.
pub fn purchases(mut lines: Vec<Line>) -> (Vec<Purchases>, Findings) {
    let mut findings = Findings { lines: lines.len() as u64, ..Findings::default() };
    // Refunds come after the purchases of their day.
    lines
        .sort_unstable_by_key(|l| (l.customer, l.day, l.amount_minor < 0, l.order, l.amount_minor));
    let mut all = Vec::new();
    for of_one in lines.chunk_by(|a, b| a.customer == b.customer) {
        let days = settle(of_one, &mut findings);
        match of_one.first() {
            Some(line) if !days.is_empty() => {
                all.push(Purchases { customer: line.customer, days });
            }
            _ => findings.customers_without_purchase += 1,
        }
    }
    (all, findings)
}

fn settle(lines: &[Line], findings: &mut Findings) -> Vec<(i32, i64)> {
    let mut open: Vec<Open> = Vec::new();
    for line in lines.iter().filter(|line| line.amount_minor >= 0) {
        let amount = line.amount_minor;
        // Lines of one order are one purchase, on its first day.
        let same = line
            .order
            .and_then(|order| open.iter_mut().rev().find(|purchase| purchase.order == Some(order)));
        match same {
            Some(purchase) => {
                purchase.paid = purchase.paid.saturating_add(amount);
                purchase.left = purchase.left.saturating_add(amount);
            }
            None => {
                open.push(Open { day: line.day, order: line.order, paid: amount, left: amount });
            }
        }
    }
    for line in lines.iter().filter(|line| line.amount_minor < 0) {
        let mut rest = line.amount_minor.saturating_neg();
        let named =
            line.order.is_some() && open.iter().any(|purchase| purchase.order == line.order);
        for purchase in open.iter_mut().rev() {
            let takes = if named { purchase.order == line.order } else { purchase.day <= line.day };
            if takes && rest > 0 {
                rest = purchase.refund(rest);
            }
        }
        if rest > 0 {
            findings.refunds_unmatched += 1;
            findings.refunds_unmatched_minor =
                findings.refunds_unmatched_minor.saturating_add(rest);
        }
    }
    let mut days: Vec<(i32, i64)> = Vec::new();
    for purchase in open {
        if purchase.paid > 0 && purchase.left == 0 {
            findings.refunded_in_full += 1;
            continue;
        }
        findings.zero_amounts += u64::from(purchase.paid == 0);
        match days.last_mut() {
            Some((day, amount)) if *day == purchase.day => {
                *amount = amount.saturating_add(purchase.left);
            }
            _ => days.push((purchase.day, purchase.left)),
        }
    }
    days
}

/// How days make up the time of a model.
#[derive(Clone, Copy)]
pub enum Timing<'a> {
    /// Days are a unit of time; so many make one.
    Continuous(f64),
    /// Each day belongs to an opportunity, whose number does not fall from one day to the next.
    Discrete(&'a dyn Fn(i32) -> i64),
}

/// A customer as the models see them, up to the end of an observation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// As in [`Line`].
    pub customer: u32,
    /// What the models of purchases need.
    pub history: History,
    /// What the model of amounts needs, in minor units.
    pub spend: Spend,
    /// What all purchases were worth, the first included, in minor units.
    pub historic_minor: i64,
}

impl Purchases {
    /// The customer's history up to the end of `end`; none when the first purchase is later. With
    /// [`Timing::Discrete`] the opportunity of `end` counts as past.
    pub fn summary(&self, end: i32, timing: Timing<'_>) -> Option<Summary> {
        let mut known = self.days.iter().take_while(|(day, _)| *day <= end);
        let (first, first_amount) = *known.next()?;
        let at = |day: i32| match timing {
            Timing::Continuous(unit) => f64::from(day - first) / unit,
            #[allow(clippy::cast_precision_loss, reason = "numbers of opportunities are small")]
            Timing::Discrete(number) => (number(day) - number(first)) as f64,
        };
        let (mut x, mut tx, mut repeat, mut historic) = (0, 0.0, 0_i64, first_amount);
        for (day, amount) in known {
            let time = at(*day);
            historic = historic.saturating_add(*amount);
            if time > 0.0 {
                repeat = repeat.saturating_add(*amount);
                x += u32::from(time > tx);
                tx = time;
            }
        }
        #[allow(clippy::cast_precision_loss, reason = "an estimate begins here")]
        let mean = if x > 0 { repeat as f64 / f64::from(x) } else { 0.0 };
        Some(Summary {
            customer: self.customer,
            history: History { x, tx, t: at(end) },
            spend: Spend { x, mean },
            historic_minor: historic,
        })
    }

    /// Purchases after the end of `after` up to that of `until`, counted as in a [`Summary`].
    pub fn between(&self, after: i32, until: i32, timing: Timing<'_>) -> u32 {
        let days =
            self.days.iter().map(|(day, _)| *day).filter(|day| *day > after && *day <= until);
        match timing {
            Timing::Continuous(_) => u32::try_from(days.count()).unwrap_or(u32::MAX),
            Timing::Discrete(number) => {
                let mut numbers: Vec<i64> = days.map(number).collect();
                numbers.dedup();
                u32::try_from(numbers.len()).unwrap_or(u32::MAX)
            }
        }
    }
}

/// The greatest number of days that divides every gap between purchases of one customer, when it is a
/// week or more and a hundred gaps bear it out: then customers buy at set opportunities.
pub fn common_gap(all: &[Purchases]) -> Option<i32> {
    let (mut gap, mut gaps) = (0, 0_u32);
    for pair in all.iter().flat_map(|purchases| purchases.days.windows(2)) {
        if let [(earlier, _), (later, _)] = pair {
            let (mut a, mut b) = (later - earlier, gap);
            while b != 0 {
                (a, b) = (b, a % b);
            }
            gap = a;
            gaps += 1;
            if gap < 7 {
                return None;
            }
        }
    }
    (gaps >= 100).then_some(gap)
}
