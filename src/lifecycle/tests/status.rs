//! The commercial standing.

use super::build::*;
use domain::*;

#[test]
fn the_standing_follows_the_subscriptions() {
    use SubscriptionStatus as S;
    let sub = |status| subscription(status, "2025-01-01");
    let trial = Subscription { trial_end: Some(at("2025-02-01")), ..sub(S::Active) };
    for (sub, now, status, since) in [
        (sub(S::Active), "2025-03-01", Status::Active, Some("2025-01-01")),
        (sub(S::PastDue), "2025-03-01", Status::PastDue, None),
        (sub(S::Unpaid), "2025-03-01", Status::PastDue, None),
        (sub(S::Paused), "2025-03-01", Status::Paused, None),
        (sub(S::Trialing), "2025-03-01", Status::Trialing, Some("2025-01-01")),
        (trial.clone(), "2025-01-31", Status::Trialing, Some("2025-01-01")),
        (trial, "2025-02-01", Status::Active, Some("2025-02-01")),
        (sub(S::Incomplete), "2025-03-01", Status::Prospect, Some("2024-01-01")),
        (sub(S::Active), "2024-06-01", Status::Prospect, Some("2024-01-01")),
    ] {
        let facts = vec![contact(1, "2024-01-01", None), subscribed(1, sub)];
        let life = life(facts, now);
        assert_eq!((life.status, life.status_since), (status, since.map(at)), "{now}");
    }
}

#[test]
fn churn_is_voluntary_involuntary_or_unknown_by_the_last_contracts_reason() {
    for (reason, status) in [
        (Some("cancellation_requested"), Status::ChurnedVoluntary),
        (Some("payment_failed"), Status::ChurnedInvoluntary),
        (Some("payment_disputed"), Status::ChurnedInvoluntary),
        (Some("something_else"), Status::ChurnedUnknown),
        (None, Status::ChurnedUnknown),
    ] {
        let facts = vec![
            payment(1, "2025-01-01"),
            canceled(1, "2024-01-01", "2025-02-01", Some("payment_failed")),
            canceled(2, "2025-01-01", "2025-03-01", reason),
        ];
        let life = life(facts.clone(), "2025-04-01");
        assert_eq!((life.status, life.status_since), (status, Some(at("2025-03-01"))));
        // A day before its end the contract still ran.
        assert_eq!(super::build::life(facts, "2025-02-28").status, Status::Active);
    }
}

#[test]
fn only_a_purchase_after_the_end_undoes_the_churn() {
    let facts = vec![canceled(1, "2025-01-01", "2025-02-01", None), payment(1, "2025-02-01")];
    assert_eq!(life(facts.clone(), "2025-02-10").status, Status::ChurnedUnknown);
    let again = facts.into_iter().chain([payment(2, "2025-02-05")]).collect();
    assert_eq!(life(again, "2025-02-10").status, Status::Active);
}

#[test]
fn a_trial_that_ended_unpaid_is_no_churn() {
    let Canonical::Subscription(sub) = canceled(1, "2025-01-01", "2025-01-15", None).body else {
        panic!("a subscription")
    };
    let trial = Subscription { trial_end: Some(at("2025-01-15")), ..sub };
    let facts = vec![contact(1, "2025-01-01", None), subscribed(1, trial)];
    assert_eq!(life(facts, "2025-02-01").status, Status::Prospect);
}

#[test]
fn buyers_without_a_contract_are_active_and_then_lapsed() {
    let facts = vec![payment(1, "2025-01-01"), payment(2, "2025-02-01")];
    let active = life(facts.clone(), "2025-05-01");
    assert_eq!((active.status, active.status_since), (Status::Active, Some(at("2025-01-01"))));
    let lapsed = life(facts, "2025-05-02");
    assert_eq!((lapsed.status, lapsed.status_since), (Status::Lapsed, Some(at("2025-05-02"))));
}

#[test]
fn a_customer_sent_back_to_consideration_stays_active() {
    let facts = vec![
        payment(1, "2025-01-01"),
        subscribed(1, subscription(SubscriptionStatus::Active, "2025-01-01")),
        touch(1, "2025-02-01", "pricing_view"),
    ];
    let life = life(facts, "2025-02-02");
    assert_eq!((life.stage, life.status), (Stage::Consideration, Status::Active));
}
