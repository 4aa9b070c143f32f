//! The numbers of one customer.

use super::build::*;
use crate::{Measured, NullReason, Share, Sources, numbers};
use domain::*;

#[test]
fn money_is_net_per_currency_and_never_mixed() {
    let facts = profile(vec![
        payment(2, "2025-02-01", money("EUR", 5_000)),
        payment(3, "2025-03-01", money("JPY", 1_200)),
        payment(1, "2025-01-01", money("USD", 10_000)),
        refund(1, 1, "2025-02-01", money("USD", 2_501)),
        paid(4, "2025-03-02", money("USD", 99), PaymentStatus::Failed),
        paid(5, "2025-03-03", money("USD", 99), PaymentStatus::Pending),
        payment(6, "2026-01-01", money("USD", 7)),
    ]);
    let n = numbers(&facts, &policy(Some("0.333333")), &ALL, at("2025-12-01"));
    let list = |eur, jpy, usd| {
        Measured::some(vec![money("EUR", eur), money("JPY", jpy), money("USD", usd)])
    };
    assert_eq!(n.revenue, list(5_000, 1_200, 7_499));
    assert_eq!(n.revenue_clv, n.revenue);
    assert_eq!(n.gross_payments, list(5_000, 1_200, 10_000));
    assert_eq!(n.refunded, Measured::some(vec![money("USD", 2_501)]));
    // 5000, 1200 and 7499 times 0.333333: 1666.665, 399.9996, 2499.664...
    assert_eq!(n.margin_clv, list(1_667, 400, 2_500));
    assert_eq!(n.payment_count, Measured::some(3));
    assert_eq!(n.failed_payment_count, Measured::some(1));
    assert_eq!(n.first_payment_at, Measured::some(at("2025-01-01")));
    assert_eq!(n.last_payment_at, Measured::some(at("2025-03-01")));
}

#[test]
fn a_missing_source_is_null_and_never_zero() {
    let n =
        numbers(&profile(Vec::new()), &policy(Some("0.5")), &Sources::default(), at("2025-01-01"));
    let none = NullReason::NoSource;
    assert_eq!(n.revenue, Measured::none(none));
    assert_eq!(n.margin_clv, Measured::none(none));
    assert_eq!(n.mrr, Measured::none(none));
    assert_eq!(n.payment_count, Measured::none(none));
    assert_eq!(n.first_payment_at, Measured::none(none));
    assert_eq!(n.ticket_count, Measured::none(none));
    assert_eq!(n.csat, Measured::none(none));
    assert_eq!(n.nps_latest, Measured::none(none));
}

#[test]
fn nothing_in_a_source_is_a_known_zero_or_no_data() {
    let n = numbers(&profile(Vec::new()), &policy(None), &ALL, at("2025-01-01"));
    assert_eq!(n.revenue, Measured::some(Vec::new()));
    assert_eq!(n.margin_clv, Measured::none(NullReason::NoMargin));
    assert_eq!(n.payment_count, Measured::some(0));
    assert_eq!(n.first_payment_at, Measured::none(NullReason::NoData));
    assert_eq!(n.csat, Measured::none(NullReason::NoData));
}

#[test]
fn tickets_and_answers_are_counted_as_they_stand() {
    let facts = profile(vec![
        ticket(1, "2025-01-01", TicketStatus::Open),
        ticket(2, "2025-01-01", TicketStatus::Solved),
        ticket(3, "2025-01-01", TicketStatus::Pending),
        ticket(4, "2025-12-01", TicketStatus::Open),
        answer(1, "2025-01-02", SurveyKind::Csat, 5),
        answer(2, "2025-01-02", SurveyKind::Csat, 4),
        answer(3, "2025-01-02", SurveyKind::Csat, 1),
        answer(4, "2025-01-02", SurveyKind::Csat, 9),
        answer(5, "2025-01-05", SurveyKind::Nps, 3),
        answer(6, "2025-01-03", SurveyKind::Nps, 10),
        answer(7, "2025-01-09", SurveyKind::Nps, 11),
    ]);
    let n = numbers(&facts, &policy(None), &ALL, at("2025-02-01"));
    assert_eq!((n.ticket_count, n.open_ticket_count), (Measured::some(3), Measured::some(2)));
    assert_eq!(n.csat, Measured::some(Share { good: 2, total: 3 }));
    assert_eq!(n.nps_latest, Measured::some(3));
}

#[test]
fn what_does_not_fit_is_null_and_does_not_wrap() {
    let big = |id| payment(id, "2025-01-01", money("USD", i64::MAX));
    let n = numbers(&profile(vec![big(1), big(2)]), &policy(None), &ALL, at("2025-02-01"));
    assert_eq!(n.revenue, Measured::none(NullReason::Overflow));
    assert_eq!(n.payment_count, Measured::some(2));
}

#[test]
fn a_linked_fact_counts_for_the_person_though_the_company_owns_it() {
    let mut seen = payment(1, "2025-01-01", money("USD", 5));
    seen.owned = false;
    let n = numbers(&profile(vec![seen]), &policy(None), &ALL, at("2025-02-01"));
    assert_eq!(n.revenue, Measured::some(vec![money("USD", 5)]));
}
