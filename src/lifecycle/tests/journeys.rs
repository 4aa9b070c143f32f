//! Whole lives, fact by fact.

use super::build::*;
use crate::{Lifecycle, Rules, derive};
use domain::*;

fn check(facts: Vec<Fact>, now: &str, expected: &[&str]) -> Lifecycle {
    let life = life(facts, now);
    assert_sound(&life, at(now));
    assert_eq!(lines(&life), expected);
    life
}

#[test]
fn a_life_from_subscriber_to_advocate() {
    let facts = vec![
        contact(1, "2025-01-01", Some("subscriber")),
        touch(1, "2025-01-05", "Form submission"),
        touch(2, "2025-01-10", "demo-held"),
        deal(1, "2025-01-15", Some(("2025-02-01", DealStatus::Won))),
        payment(1, "2025-02-03"),
        payment(2, "2025-03-03"),
        nps(1, "2025-03-10", 9),
    ];
    let life = check(
        facts,
        "2025-06-01",
        &[
            "2025-01-01 awareness awareness.known",
            "2025-01-05 consideration consideration.engaged",
            "2025-01-10 sql sql.intent",
            "2025-01-15 opportunity opportunity.open_deal",
            "2025-02-01 purchase purchase.deal_won",
            "2025-03-03 retention retention.second_payment",
            "2025-03-10 advocacy advocacy.nps",
        ],
    );
    assert_eq!(life.transitions[5].evidence[0], key("payments", 2).id());
    assert_eq!(life.transitions[5].evidence[1], key("payments", 1).id());
    assert_eq!(life.transitions[6].evidence, [key("surveys", 1).id()]);
    assert!(!life.overridden);
}

#[test]
fn entry_is_possible_at_any_stage() {
    for (facts, entry) in [
        (vec![company(1, "2025-01-01")], "2025-01-01 awareness awareness.known"),
        (vec![contact(1, "2025-01-01", None)], "2025-01-01 lead lead.contact_data"),
        (
            vec![contact(1, "2025-01-01", Some("Marketing Qualified Lead"))],
            "2025-01-01 mql mql.vendor",
        ),
        (vec![deal(1, "2025-01-01", None)], "2025-01-01 opportunity opportunity.open_deal"),
        (vec![payment(1, "2025-01-01")], "2025-01-01 purchase purchase.first_payment"),
        (
            vec![payment(1, "2025-01-01"), payment(2, "2025-01-01")],
            "2025-01-01 retention retention.second_payment",
        ),
    ] {
        check(facts, "2025-01-02", &[entry]);
    }
}

#[test]
fn tenure_is_dated_when_it_became_true_and_only_then() {
    let facts = vec![payment(1, "2025-01-01T12:00:00Z")];
    let early = life(facts.clone(), "2025-04-01T11:59:59.999Z");
    assert_eq!(early.stage, Stage::Purchase);
    let late = life(facts, "2026-11-22");
    assert_eq!((late.stage, late.stage_since), (Stage::Retention, at("2025-04-01T12:00:00Z")));
    assert_eq!(late.transitions[1].evidence, [key("payments", 1).id()]);
}

#[test]
fn tenure_does_not_pass_for_a_customer_who_left_and_goes_on_after_the_return() {
    let left = canceled(1, "2025-01-01", "2025-02-01", None);
    let facts = vec![payment(1, "2025-01-01"), left];
    assert_eq!(life(facts.clone(), "2025-12-01").stage, Stage::Purchase);
    let mut back = facts;
    back.push(subscribed(2, subscription(SubscriptionStatus::Active, "2025-10-01")));
    let life = life(back, "2025-12-01");
    assert_eq!((life.stage, life.stage_since), (Stage::Retention, at("2025-10-01")));
}

#[test]
fn a_trial_that_came_to_nothing_is_no_departure() {
    let Canonical::Subscription(sub) = canceled(1, "2025-01-01", "2025-01-15", None).body else {
        panic!("a subscription")
    };
    let trial = Subscription { trial_end: Some(at("2025-01-15")), ..sub };
    let facts = vec![subscribed(1, trial), payment(1, "2025-02-01"), deal(1, "2025-03-01", None)];
    let life = life(facts, "2025-06-01");
    assert_eq!((life.stage, life.stage_since), (Stage::Retention, at("2025-05-02")));
}

#[test]
fn an_invoice_and_its_payment_are_one_purchase() {
    let facts = vec![invoice(1, "2025-01-01", 1000), payment(1, "2025-01-01")];
    assert_eq!(life(facts, "2025-02-01").stage, Stage::Purchase);
    let trial = vec![contact(1, "2025-01-01", None), invoice(1, "2025-01-02", 0)];
    assert_eq!(life(trial, "2026-02-01").stage, Stage::Lead);
}

#[test]
fn losing_the_last_open_deal_goes_back_to_lead() {
    let lost = |id, created, closed| deal(id, created, Some((closed, DealStatus::Lost)));
    let facts = vec![
        contact(1, "2025-01-01", Some("salesqualifiedlead")),
        lost(1, "2025-02-01", "2025-03-01"),
        lost(2, "2025-02-10", "2025-04-01"),
    ];
    let life = check(
        facts,
        "2025-05-01",
        &[
            "2025-01-01 sql sql.vendor",
            "2025-02-01 opportunity opportunity.open_deal",
            "2025-04-01 lead back.deals_lost",
        ],
    );
    assert_eq!(life.transitions[2].direction, Direction::Backward);
    assert_eq!(life.transitions[2].evidence[0], key("deals", 2).id());
}

#[test]
fn a_deal_lost_by_a_customer_changes_nothing() {
    let facts = vec![
        payment(1, "2025-01-01"),
        deal(1, "2025-01-10", Some(("2025-01-20", DealStatus::Lost))),
    ];
    check(facts, "2025-02-01", &["2025-01-01 purchase purchase.first_payment"]);
}

#[test]
fn a_recommendation_counts_for_a_year_from_the_latest_one() {
    let facts = vec![
        payment(1, "2024-01-01"),
        payment(2, "2024-02-01"),
        nps(1, "2024-03-01", 10),
        touch(1, "2024-09-01", "referral"),
        nps(2, "2024-06-01", 9),
    ];
    let life = check(
        facts,
        "2026-01-01",
        &[
            "2024-01-01 purchase purchase.first_payment",
            "2024-02-01 retention retention.second_payment",
            "2024-03-01 advocacy advocacy.nps",
            "2025-09-01 retention advocacy.referral",
        ],
    );
    assert!(life.transitions[3].reason.contains("365 days"));
}

#[test]
fn a_recommendation_before_retention_counts_once_retained() {
    let facts = vec![payment(1, "2025-01-01"), nps(1, "2025-02-01", 10), nps(2, "2025-02-02", 8)];
    let life = check(
        facts,
        "2025-05-01",
        &["2025-01-01 purchase purchase.first_payment", "2025-04-01 advocacy advocacy.nps"],
    );
    assert_eq!(life.transitions[1].evidence[0], key("payments", 1).id());
    assert_eq!(life.transitions[1].evidence[1], key("surveys", 1).id());
}

#[test]
fn a_customer_who_compares_prices_considers_again_until_the_next_payment() {
    let facts = vec![
        payment(1, "2025-01-01"),
        payment(2, "2025-02-01"),
        touch(1, "2025-02-15", "pricing_page_view"),
        payment(3, "2025-03-01"),
    ];
    let life = check(
        facts,
        "2025-03-15",
        &[
            "2025-01-01 purchase purchase.first_payment",
            "2025-02-01 retention retention.second_payment",
            "2025-02-15 consideration back.pricing_revisit",
            "2025-03-01 retention retention.second_payment",
        ],
    );
    assert_eq!(life.transitions[3].evidence[0], key("payments", 3).id());
    let lead = vec![contact(1, "2025-01-01", None), touch(1, "2025-02-15", "pricing_page_view")];
    assert_eq!(life_stage(lead), Stage::Lead);
}

#[test]
fn a_recommendation_sleeps_while_the_customer_considers_again() {
    let facts = vec![
        payment(1, "2025-01-01"),
        payment(2, "2025-02-01"),
        nps(1, "2025-02-10", 9),
        touch(1, "2025-02-15", "pricing_page_view"),
        payment(3, "2025-03-01"),
    ];
    let life = check(
        facts,
        "2025-03-15",
        &[
            "2025-01-01 purchase purchase.first_payment",
            "2025-02-01 retention retention.second_payment",
            "2025-02-10 advocacy advocacy.nps",
            "2025-02-15 consideration back.pricing_revisit",
            "2025-03-01 advocacy advocacy.nps",
        ],
    );
    assert_eq!(life.transitions[4].evidence[0], key("payments", 3).id());
}

fn life_stage(facts: Vec<Fact>) -> Stage {
    life(facts, "2025-03-15").stage
}

#[test]
fn a_new_deal_after_churn_begins_a_new_life() {
    let facts = vec![
        payment(1, "2025-01-01"),
        payment(2, "2025-02-01"),
        canceled(1, "2025-01-01", "2025-03-01", Some("cancellation_requested")),
        deal(1, "2025-08-01", Some(("2025-09-01", DealStatus::Won))),
        subscribed(2, subscription(SubscriptionStatus::Active, "2025-09-01")),
        payment(3, "2025-09-02"),
        payment(4, "2025-10-02"),
    ];
    let life = check(
        facts,
        "2025-11-01",
        &[
            "2025-01-01 purchase purchase.first_payment",
            "2025-02-01 retention retention.second_payment",
            "2025-08-01 opportunity back.reengaged_after_churn",
            "2025-09-01 purchase purchase.deal_won",
            "2025-10-02 retention retention.second_payment",
        ],
    );
    assert_eq!(life.status, Status::Active);
}

#[test]
fn a_re_engagement_that_is_lost_goes_back_to_lead() {
    let facts = vec![
        payment(1, "2025-01-01"),
        canceled(1, "2025-01-01", "2025-03-01", None),
        deal(1, "2025-08-01", Some(("2025-09-01", DealStatus::Lost))),
    ];
    let life = life(facts, "2026-11-01");
    assert_eq!((life.stage, life.status), (Stage::Lead, Status::ChurnedUnknown));
}

#[test]
fn a_purchase_given_back_in_full_is_undone_from_then_on() {
    let facts = vec![
        contact(1, "2025-01-01", None),
        payment(1, "2025-01-10"),
        invoice(1, "2025-01-10", 1000),
        refund(1, 1, "2025-01-12", 400),
        refund(2, 1, "2025-01-20", 600),
    ];
    let life = check(
        facts,
        "2025-12-01",
        &[
            "2025-01-01 lead lead.contact_data",
            "2025-01-10 purchase purchase.first_payment",
            "2025-01-20 lead purchase.first_payment",
        ],
    );
    assert_eq!(life.status, Status::Prospect);
    assert_eq!(life.transitions[2].evidence[0], key("refunds", 2).id());
}

#[test]
fn a_partial_refund_undoes_nothing() {
    let facts = vec![payment(1, "2025-01-10"), refund(1, 1, "2025-01-12", 999)];
    assert_eq!(life(facts, "2025-02-01").stage, Stage::Purchase);
}

#[test]
fn facts_without_a_time_count_from_the_contacts_creation_and_say_so() {
    let mut undated = payment(1, "2025-01-10");
    let Canonical::Payment(body) = &mut undated.body else { panic!("a payment") };
    body.paid_at = None;
    let facts = vec![contact(1, "2025-01-01", None), undated.clone(), payment(2, "2025-02-01")];
    let both = check(
        facts,
        "2025-02-02",
        &[
            "2025-01-01 purchase purchase.first_payment",
            "2025-02-01 retention retention.second_payment",
        ],
    );
    assert!(both.transitions[0].reason.contains("no date"));
    // Nothing dated at all: known now.
    check(vec![undated], "2025-02-02", &["2025-02-02 purchase purchase.first_payment"]);
    check(vec![], "2025-02-02", &["2025-02-02 awareness default"]);
}

#[test]
fn facts_of_the_future_do_not_exist_yet() {
    let facts = vec![contact(1, "2025-01-01", None), payment(1, "2025-06-01")];
    assert_eq!(life(facts.clone(), "2025-05-31").stage, Stage::Lead);
    assert_eq!(life(facts, "2025-06-01").stage, Stage::Purchase);
}

#[test]
fn times_at_the_ends_of_the_calendar_end() {
    let facts = vec![
        contact(1, "0001-01-01", None),
        payment(1, "9999-12-30"),
        nps(1, "9999-12-30", 10),
        payment(2, "9999-12-30"),
    ];
    let now = Timestamp::from_millis(i64::MAX);
    let life = derive(&profile(facts), &Rules::default(), now);
    assert_sound(&life, now);
}
