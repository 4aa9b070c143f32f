//! Recurring revenue: short ways to write histories, and the tests by subject.

mod money;
mod movements;
mod policies;
mod properties;
mod ratios;
mod stored;
mod time;
mod vendors;

use super::build::at;
use crate::revenue::{
    Book, Conversion, Grain, ItemPeriod, Ledger, Period, Question, RevenuePolicy, RevenueRow,
    Slicing, ledger, periods,
};
use crate::{Measured, Ratio};
use domain::{Currency, Timestamp};
use jiff::tz::TimeZone;

pub(super) static UTC: TimeZone = TimeZone::UTC;

pub(super) fn cur(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

pub(super) fn preset(name: &str) -> RevenuePolicy {
    RevenuePolicy::preset(name).unwrap()
}

/// A monthly item in USD from a day on, in major units.
pub(super) fn monthly(start: &str, end: Option<&str>, dollars: i64) -> ItemPeriod {
    ItemPeriod {
        end: end.map(at),
        ..ItemPeriod::monthly(at(start), Ratio::whole(dollars * 100), cur("USD"))
    }
}

/// The same as a named subscription with one item of a product.
pub(super) fn named(
    subscription: &str,
    product: &str,
    start: &str,
    end: Option<&str>,
    dollars: i64,
) -> ItemPeriod {
    ItemPeriod {
        subscription: subscription.to_owned(),
        product: Some(product.to_owned()),
        ..monthly(start, end, dollars)
    }
}

pub(super) fn cut(grain: Grain, from: &str, until: &str) -> Vec<Period> {
    periods(grain, &UTC, at(from), at(until)).unwrap()
}

pub(super) const EVER: (&str, &str) = ("1990-01-01", "2100-01-01");

/// Rows of customers by month in UTC.
pub(super) fn by_month(
    customers: &[Vec<ItemPeriod>],
    policy: &RevenuePolicy,
    from: &str,
    until: &str,
) -> Vec<RevenueRow> {
    let periods = cut(Grain::Month, from, until);
    let question = Question { policy, tz: &UTC, periods: &periods, conversion: None };
    rows(customers, &question)
}

pub(super) fn rows(customers: &[Vec<ItemPeriod>], question: &Question<'_>) -> Vec<RevenueRow> {
    let mut book = Book::new(question, Slicing::Whole);
    for items in customers {
        book.add(&ledger(items, question), None);
    }
    book.rows((at(EVER.0), at(EVER.1)))
}

pub(super) fn ledger_of(items: &[ItemPeriod], policy: &RevenuePolicy) -> Ledger {
    let periods = cut(Grain::Month, "2000-01-01", "2030-01-01");
    ledger(items, &Question { policy, tz: &UTC, periods: &periods, conversion: None })
}

/// A converting question over these periods.
pub(super) fn asked<'a>(
    policy: &'a RevenuePolicy,
    periods: &'a [Period],
    conversion: Option<Conversion<'a>>,
) -> Question<'a> {
    Question { policy, tz: &UTC, periods, conversion }
}

pub(super) fn val(measured: &Measured<i64>) -> i64 {
    measured.value.unwrap()
}

/// The row's movements in the order new, reactivation, expansion, contraction, churn, fx.
pub(super) fn moves(row: &RevenueRow) -> [i64; 6] {
    [&row.new, &row.reactivation, &row.expansion, &row.contraction, &row.churn, &row.fx].map(val)
}

/// Whether a row adds up.
pub(super) fn adds_up(row: &RevenueRow) -> bool {
    let [new, back, more, less, gone, fx] = moves(row);
    val(&row.start) + new + back + more - less - gone + fx == val(&row.end)
        && more == val(&row.upsell) + val(&row.cross_sell)
        && gone == val(&row.churn_voluntary) + val(&row.churn_involuntary) + val(&row.churn_unknown)
}

/// `2026-01-05 New 100.00` for every line.
pub(super) fn story(ledger: &Ledger) -> Vec<String> {
    let mut list = Vec::new();
    for step in &ledger.steps {
        for line in &step.lines {
            let day: Timestamp = step.at;
            let amount = Ratio::whole(1).checked_div(Ratio::whole(100)).unwrap();
            let amount = line.value.checked_mul(amount).unwrap().to_decimal(2).unwrap();
            list.push(format!("{} {:?} {amount}", &day.to_string()[..10], line.kind));
        }
    }
    list
}
