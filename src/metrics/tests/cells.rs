//! What a profile contributes, and that contributions can be replaced.

use super::build::*;
use crate::{Cell, Component, Policy, UNDATED, cells, delta, merge, spend_cells};
use domain::*;

fn of(cells: &[Cell], component: Component) -> Vec<(String, String, i64)> {
    let chosen = cells.iter().filter(|cell| cell.key.component == component);
    let code = |c: Option<Currency>| c.map(|c| c.to_string()).unwrap_or_default();
    chosen.map(|c| (c.key.month.to_string(), code(c.key.currency), c.value)).collect()
}

fn row(month: &str, code: &str, value: i64) -> (String, String, i64) {
    (month.to_owned(), code.to_owned(), value)
}

#[test]
fn a_customer_is_new_with_the_first_payment_that_was_not_given_back() {
    let facts = profile(vec![
        payment(2, "2025-02-10", money("USD", 300)),
        payment(1, "2025-01-10", money("EUR", 100)),
        refund(1, 1, "2025-01-20", money("EUR", 60)),
        refund(2, 1, "2025-03-20", money("EUR", 40)),
        payment(3, "2025-03-01", money("JPY", 500)),
        ticket(1, "2025-03-01", TicketStatus::Open),
    ]);
    let list =
        cells(&facts, &dims("small", Some(" Paid_Search "), Stage::Purchase), &Policy::default());
    assert_eq!(of(&list, Component::NewCustomers), [row("2025-02", "USD", 1)]);
    assert_eq!(
        of(&list, Component::GrossPayments),
        [row("2025-01", "EUR", 100), row("2025-02", "USD", 300), row("2025-03", "JPY", 500)]
    );
    assert_eq!(
        of(&list, Component::Refunds),
        [row("2025-01", "EUR", 60), row("2025-03", "EUR", 40)]
    );
    // Net zero in EUR leaves no cell.
    assert_eq!(
        of(&list, Component::CohortRevenue),
        [row("2025-02", "JPY", 500), row("2025-02", "USD", 300)]
    );
    assert_eq!(of(&list, Component::Tickets), [row("2025-03", "", 1)]);
    assert!(list.iter().all(|cell| cell.key.channel.as_deref() == Some("paid_search")));
}

#[test]
fn the_first_payment_is_the_earliest_whatever_its_record() {
    let dated = (1..=9).map(|id| payment(id, &format!("2025-0{}-01", 10 - id), money("EUR", 1)));
    let facts = profile(dated.chain([payment(10, "", money("EUR", 1))]).collect());
    let list = cells(&facts, &dims("small", None, Stage::Lead), &Policy::default());
    assert_eq!(of(&list, Component::NewCustomers), [row("2025-01", "EUR", 1)]);
    assert_eq!(of(&list, Component::CohortRevenue), [row("2025-01", "EUR", 10)]);
}

#[test]
fn everything_given_back_makes_no_customer() {
    let facts = profile(vec![
        payment(1, "2025-01-10", money("EUR", 100)),
        refund(1, 1, "2025-01-20", money("EUR", 150)),
    ]);
    let list = cells(&facts, &dims("small", None, Stage::Lead), &Policy::default());
    assert_eq!(of(&list, Component::NewCustomers), []);
    assert_eq!(of(&list, Component::CohortRevenue), []);
    assert_eq!(of(&list, Component::Refunds), [row("2025-01", "EUR", 150)]);
}

#[test]
fn only_owned_facts_count_and_failed_payments_do_not() {
    let mut seen = payment(1, "2025-01-10", money("EUR", 100));
    seen.owned = false;
    let failed = paid(2, "2025-01-10", money("EUR", 100), PaymentStatus::Failed);
    let facts = profile(vec![seen, failed]);
    assert_eq!(cells(&facts, &dims("small", None, Stage::Lead), &Policy::default()), []);
}

#[test]
fn months_begin_in_the_policys_time_zone() {
    let facts = profile(vec![payment(1, "2025-01-31T23:30:00Z", money("EUR", 1))]);
    for (timezone, month) in
        [("UTC", "2025-01"), ("Europe/Paris", "2025-02"), ("America/New_York", "2025-01")]
    {
        let policy = Policy { timezone: timezone.to_owned(), ..Policy::default() };
        let list = cells(&facts, &dims("small", None, Stage::Lead), &policy);
        assert_eq!(of(&list, Component::GrossPayments), [row(month, "EUR", 1)], "{timezone}");
    }
}

#[test]
fn money_without_a_date_is_kept() {
    let facts = profile(vec![payment(1, "", money("EUR", 100))]);
    let list = cells(&facts, &dims("small", None, Stage::Lead), &Policy::default());
    assert_eq!(list.len(), 3);
    assert!(list.iter().all(|cell| cell.key.month == UNDATED));
}

#[test]
fn spend_has_a_month_and_a_channel() {
    let channels = [Some("Paid_Search"), Some(" "), Some("unattributed"), None];
    let list =
        channels.map(|c| spend_cells(RecordId(1), &spend("2025-02-28", c, money("EUR", 10))));
    let list = merge(list.into_iter().flatten());
    assert_eq!(of(&list, Component::Spend), [row("2025-02", "EUR", 30), row("2025-02", "EUR", 10)]);
    assert_eq!(spend_cells(RecordId(1), &spend("2025-02-28", None, money("EUR", 0))), []);
}

#[test]
fn deltas_turn_the_old_into_the_new() {
    let was = profile(vec![payment(1, "2025-01-10", money("EUR", 100))]);
    let mut facts = was.facts.clone();
    facts.push(refund(1, 1, "2025-02-01", money("EUR", 100)));
    let is = profile(facts);
    let old = cells(&was, &dims("small", None, Stage::Purchase), &Policy::default());
    let new = cells(&is, &dims("large", Some("seo"), Stage::Lead), &Policy::default());
    let step = delta(&old, &new);
    assert_eq!(merge(old.iter().cloned().chain(step)), new);
    assert_eq!(delta(&new, &new), []);
    assert_eq!(delta(&[], &new), new);
}
