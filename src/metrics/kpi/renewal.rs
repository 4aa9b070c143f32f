//! Renewal rate: contracts renewed of those up for renewal, by number and by value.
//!
//! Owns when a contract counts as renewed or lost. Refuses to decide before the days of grace have
//! passed: until then a contract that has not renewed is pending and in no rate.

use super::Window;
use crate::exact::quotient;
use crate::{Measured, NullReason, Ratio, Share};
use domain::{Currency, Money, Timestamp};
use std::collections::BTreeMap;

/// A contract at the end of its term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contract {
    /// When it is up for renewal.
    pub due_at: Timestamp,
    /// Its value in the term that ends, above zero.
    pub value: Money,
    /// When it was renewed and for what value, if it was.
    pub renewed: Option<(Timestamp, Money)>,
}

/// Renewals of one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewalRow {
    /// The currency.
    pub currency: Currency,
    /// Contracts renewed, of those decided.
    pub count: Measured<Share>,
    /// Value renewed, at most the old value of each, over value up for renewal.
    pub gross_value: Measured<Ratio>,
    /// Value renewed, expansion included, over value up for renewal: can exceed 1.
    pub net_value: Measured<Ratio>,
    /// Contracts due whose days of grace have not passed.
    pub pending: i64,
    /// Contracts that contradict themselves (no value, renewed in another currency); in no rate.
    pub left_out: i64,
}

#[derive(Default)]
struct Tally {
    due: i128,
    gross: i128,
    net: i128,
    decided: i64,
    renewed: i64,
    pending: i64,
    left_out: i64,
}

/// The renewals of contracts due in the window, per currency. A renewal counts if it was made by
/// `as_of` and before `grace_days` after the due date; an earlier one counts too.
#[must_use]
pub fn renewals(
    contracts: &[Contract],
    due: Window,
    grace_days: i64,
    as_of: Timestamp,
) -> Vec<RenewalRow> {
    let mut tallies: BTreeMap<Currency, Tally> = BTreeMap::new();
    for contract in contracts.iter().filter(|c| due.contains(c.due_at)) {
        let tally = tallies.entry(contract.value.currency).or_default();
        let end = contract.due_at.plus_days(grace_days.max(0));
        let renewed = contract.renewed.filter(|(at, _)| *at <= as_of && *at < end);
        let foreign = renewed.is_some_and(|(_, value)| value.currency != contract.value.currency);
        if contract.value.amount_minor <= 0 || foreign {
            tally.left_out += 1;
        } else if let Some((_, value)) = renewed {
            let (old, new) = (contract.value.amount_minor, value.amount_minor);
            tally.due += i128::from(old);
            tally.gross += i128::from(new.min(old));
            tally.net += i128::from(new);
            tally.decided += 1;
            tally.renewed += 1;
        } else if as_of < end {
            tally.pending += 1;
        } else {
            tally.due += i128::from(contract.value.amount_minor);
            tally.decided += 1;
        }
    }
    let row = |(currency, tally): (Currency, Tally)| {
        let none = if tally.pending > 0 { NullReason::Immature } else { NullReason::NoData };
        let some = if tally.decided > 0 { Ok(()) } else { Err(none) };
        RenewalRow {
            currency,
            count: some.and_then(|()| Share::of(tally.renewed, tally.decided)).into(),
            gross_value: some.and_then(|()| quotient(tally.gross, tally.due)).into(),
            net_value: some.and_then(|()| quotient(tally.net, tally.due)).into(),
            pending: tally.pending,
            left_out: tally.left_out,
        }
    };
    tallies.into_iter().map(row).collect()
}
