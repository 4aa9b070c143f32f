//! Orders: their average value and how many customers come back.
//!
//! Owns what an order is: its net revenue is above zero. An order given back in full is none.

use super::Window;
use crate::exact::{quotient, rounded};
use crate::{Measured, NullReason, Share};
use domain::{Currency, Money, ProfileId, Timestamp};
use std::collections::BTreeMap;

/// An order, net of what was given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustomerOrder {
    /// Whose; `None` when not identified. It counts in the average and in no repeat rate.
    pub customer: Option<ProfileId>,
    /// When.
    pub at: Timestamp,
    /// Net revenue.
    pub net: Money,
}

fn of_window(orders: &[CustomerOrder], window: Window) -> impl Iterator<Item = &CustomerOrder> {
    orders.iter().filter(move |order| window.contains(order.at) && order.net.amount_minor > 0)
}

/// Net revenue of orders over their number, per currency, rounded half to even; `NO_DATA` without
/// an order.
#[must_use]
pub fn average_order_value(orders: &[CustomerOrder], window: Window) -> Measured<Vec<Money>> {
    let mut sums: BTreeMap<Currency, (i128, i128)> = BTreeMap::new();
    for order in of_window(orders, window) {
        let (sum, count) = sums.entry(order.net.currency).or_default();
        *sum += i128::from(order.net.amount_minor);
        *count += 1;
    }
    if sums.is_empty() {
        return Measured::none(NullReason::NoData);
    }
    let average = |(currency, (sum, count))| rounded(quotient(sum, count)?, currency);
    sums.into_iter().map(average).collect::<Result<_, _>>().into()
}

/// Customers with two orders or more in the window, of those with one or more.
#[must_use]
pub fn repeat_rate(orders: &[CustomerOrder], window: Window) -> Measured<Share> {
    let mut counts: BTreeMap<ProfileId, i64> = BTreeMap::new();
    for customer in of_window(orders, window).filter_map(|order| order.customer) {
        *counts.entry(customer).or_default() += 1;
    }
    let repeats = counts.values().filter(|count| **count > 1).count();
    let whole = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    Share::of(whole(repeats), whole(counts.len())).into()
}
