//! One-off revenue: orders and what was given back, beside recurring revenue and never in it.
//!
//! Owns the sums by period. A refund is negative cash on its own day. Money whose customer nobody
//! knows is counted apart, in every total, and is never dropped.

use super::calendar::Period;
use super::sum::Sum;
use crate::{Measured, NullReason, Ratio};
use domain::{Currency, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// An order or a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Who; `None` where nobody knows.
    pub customer: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Minor units, which may be fractions; below zero for money given back.
    pub amount: Ratio,
    /// The currency.
    pub currency: Currency,
    /// Whether it takes an order back.
    pub refund: bool,
    /// Where it was read.
    pub origin: u64,
}

/// What needs a look; the money is counted all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderFinding {
    /// An order below zero: an adjustment, not a sale.
    NegativeSale,
    /// A refund above zero: it would bring money in.
    PositiveRefund,
    /// More was given back to a customer than they had paid.
    RefundExceedsPayments,
}

/// One-off revenue of a period in a currency. Amounts are minor units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRow {
    /// The period; `None` is all time, whatever period it lies in.
    pub period: Option<Period>,
    /// The currency.
    pub currency: Currency,
    /// Orders of known customers.
    pub identified_sales: Measured<Ratio>,
    /// Orders of unknown customers.
    pub unidentified_sales: Measured<Ratio>,
    /// Refunds to known customers; below zero.
    pub identified_refunds: Measured<Ratio>,
    /// Refunds to unknown customers; below zero.
    pub unidentified_refunds: Measured<Ratio>,
    /// The sum of the four.
    pub net: Measured<Ratio>,
    /// Number of orders.
    pub orders: i64,
    /// Number of refunds.
    pub refunds: i64,
    /// Known customers with an order or a refund.
    pub customers: i64,
    /// Average order value: net over the number of orders.
    pub average_order: Measured<Ratio>,
}

#[derive(Clone, Debug, Default)]
struct Cell {
    /// Sales and refunds, of known and of unknown customers.
    sums: [Sum; 4],
    orders: i64,
    refunds: i64,
    customers: BTreeSet<String>,
}

/// Orders, added up.
#[derive(Clone, Debug, Default)]
pub struct Orders {
    cells: BTreeMap<(Option<usize>, Currency), Cell>,
    findings: Vec<(u64, OrderFinding)>,
}

impl Orders {
    /// Adds up orders by period; those in none of the periods are in the totals. The order of
    /// `orders` does not matter.
    #[must_use]
    pub fn new(orders: &[Order], periods: &[Period]) -> Self {
        let mut book = Self::default();
        let mut paid: BTreeMap<(&str, Currency), Vec<&Order>> = BTreeMap::new();
        for order in orders {
            let index = periods.partition_point(|period| period.end <= order.at);
            let within = periods.get(index).is_some_and(|period| period.start <= order.at);
            if within {
                book.cells.entry((Some(index), order.currency)).or_default().add(order);
            }
            book.cells.entry((None, order.currency)).or_default().add(order);
            let finding = match (order.refund, order.amount) {
                (false, amount) if amount.is_negative() => Some(OrderFinding::NegativeSale),
                (true, amount) if amount.is_positive() => Some(OrderFinding::PositiveRefund),
                _ => None,
            };
            book.findings.extend(finding.map(|finding| (order.origin, finding)));
            if let Some(customer) = &order.customer {
                paid.entry((customer, order.currency)).or_default().push(order);
            }
        }
        for mut list in paid.into_values() {
            list.sort_by_key(|order| (order.at, order.refund, order.origin));
            let mut balance = Ratio::ZERO;
            for order in list {
                let Some(sum) = balance.checked_add(order.amount) else { break };
                balance = sum;
                if order.refund && balance.is_negative() {
                    book.findings.push((order.origin, OrderFinding::RefundExceedsPayments));
                }
            }
        }
        book.findings.sort_unstable();
        book
    }

    /// What needs a look, by origin.
    #[must_use]
    pub fn findings(&self) -> &[(u64, OrderFinding)] {
        &self.findings
    }

    /// The row of all time first, then the periods in which anything was ordered; per currency.
    #[must_use]
    pub fn rows(&self, periods: &[Period]) -> Vec<OrderRow> {
        let row = |((index, currency), cell): (&(Option<usize>, Currency), &Cell)| {
            cell.row(index.and_then(|index| periods.get(index)), *currency)
        };
        self.cells.iter().map(row).collect()
    }
}

impl Cell {
    fn add(&mut self, order: &Order) {
        let unknown = order.customer.is_none();
        let index = usize::from(unknown) + 2 * usize::from(order.refund);
        if let Some(sum) = self.sums.get_mut(index) {
            sum.add(order.amount);
        }
        self.orders += i64::from(!order.refund);
        self.refunds += i64::from(order.refund);
        if let Some(customer) = &order.customer
            && !self.customers.contains(customer)
        {
            self.customers.insert(customer.clone());
        }
    }

    fn row(&self, period: Option<&Period>, currency: Currency) -> OrderRow {
        let [sold, sold_unknown, back, back_unknown] = self.sums.map(Sum::total);
        let net = [sold, sold_unknown, back, back_unknown]
            .into_iter()
            .try_fold(Ratio::ZERO, |sum, part| sum.checked_add(part?).ok_or(NullReason::Overflow));
        let average = net.and_then(|net| {
            net.checked_div(Ratio::whole(self.orders)).ok_or(NullReason::ZeroDenominator)
        });
        OrderRow {
            period: period.cloned(),
            currency,
            identified_sales: sold.into(),
            unidentified_sales: sold_unknown.into(),
            identified_refunds: back.into(),
            unidentified_refunds: back_unknown.into(),
            net: net.into(),
            orders: self.orders,
            refunds: self.refunds,
            customers: i64::try_from(self.customers.len()).unwrap_or(i64::MAX),
            average_order: average.into(),
        }
    }
}
