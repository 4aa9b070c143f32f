//! Stages that a vendor keeps the dates of.

use super::build::*;
use crate::{Lifecycle, Rules, derive};
use domain::*;

fn stay(stage: &str, entered: &str, exited: Option<&str>) -> VendorStay {
    VendorStay { stage: stage.to_owned(), entered_at: at(entered), exited_at: exited.map(at) }
}

fn dated(id: i64, present: Option<&str>, stays: Vec<VendorStay>) -> Fact {
    let mut fact = contact(id, "2025-01-01", present);
    if let Canonical::Contact(contact) = &mut fact.body {
        contact.vendor_stays = stays;
    }
    fact
}

fn life(facts: Vec<Fact>) -> Lifecycle {
    let life = derive(&profile(facts), &Rules::default(), at("2026-01-01"));
    assert_sound(&life, at("2026-01-01"));
    life
}

#[test]
fn a_stage_is_entered_when_the_vendor_says_and_the_record_proves_it() {
    let stays = vec![
        stay("marketingqualifiedlead", "2025-03-01", Some("2025-04-01")),
        stay("lead", "2025-02-01", Some("2025-03-01")),
        stay("salesqualifiedlead", "2025-04-01", None),
    ];
    let life = life(vec![dated(1, Some("salesqualifiedlead"), stays)]);
    assert_eq!(
        lines(&life),
        [
            "2025-01-01 lead lead.contact_data",
            "2025-03-01 mql mql.vendor",
            "2025-04-01 sql sql.vendor",
        ]
    );
    assert!(life.transitions.iter().all(|t| t.evidence == [key("contacts", 1).id()]));
    assert!(life.transitions.iter().skip(1).all(|t| t.direction == Direction::Forward));
}

#[test]
fn a_stage_left_for_an_earlier_one_moves_backward_and_one_left_for_a_later_one_does_not() {
    let stays = vec![
        stay("lead", "2025-05-01", None),
        stay("salesqualifiedlead", "2025-02-01", Some("2025-05-01")),
    ];
    let fell = life(vec![dated(1, Some("lead"), stays)]);
    assert_eq!(
        lines(&fell),
        [
            "2025-01-01 lead lead.contact_data",
            "2025-02-01 sql sql.vendor",
            "2025-05-01 lead sql.vendor",
        ]
    );
    let step = &fell.transitions[2];
    assert_eq!((step.direction, step.from), (Direction::Backward, Some(Stage::Sql)));
    assert!(step.reason.contains("no more"), "{}", step.reason);
    // The vendor calls it a customer; that it paid nothing does not take the lead back.
    let stays = vec![
        stay("salesqualifiedlead", "2025-02-01", Some("2025-05-01")),
        stay("customer", "2025-05-01", None),
    ];
    let rose = life(vec![dated(1, Some("customer"), stays)]);
    assert_eq!(rose.stage, Stage::Sql);
    // Cleared altogether.
    let stays = vec![stay("marketingqualifiedlead", "2025-02-01", Some("2025-05-01"))];
    assert_eq!(life(vec![dated(1, None, stays)]).stage, Stage::Lead);
}

#[test]
fn what_another_record_claims_still_holds() {
    let left = vec![
        stay("lead", "2025-05-01", None),
        stay("salesqualifiedlead", "2025-02-01", Some("2025-05-01")),
    ];
    let stays = vec![stay("salesqualifiedlead", "2025-03-01", None)];
    let both =
        life(vec![dated(1, Some("lead"), left), dated(2, Some("salesqualifiedlead"), stays)]);
    assert_eq!(both.stage, Stage::Sql);
}

#[test]
fn a_subscriber_is_a_lead_from_when_it_was_one() {
    let stays = vec![
        stay("subscriber", "2025-01-01", Some("2025-06-01")),
        stay("lead", "2025-06-01", None),
    ];
    let life = life(vec![dated(1, Some("lead"), stays)]);
    assert_eq!(
        lines(&life),
        ["2025-01-01 awareness awareness.known", "2025-06-01 lead lead.contact_data"]
    );
}

#[test]
fn the_history_is_one_in_any_order_of_stays_and_records() {
    let mut stays = vec![
        stay("lead", "2025-02-01", Some("2025-03-01")),
        stay("marketingqualifiedlead", "2025-03-01", Some("2025-07-01")),
        stay("subscriber", "2025-07-01", None),
    ];
    let facts = |stays: &[VendorStay]| {
        vec![
            dated(1, Some("subscriber"), stays.to_vec()),
            payment(3, "2025-08-01"),
            contact(2, "2025-04-01", Some("lead")),
        ]
    };
    let first = life(facts(&stays));
    for _ in 0..3 {
        stays.rotate_left(1);
        let mut turned = facts(&stays);
        turned.reverse();
        assert_eq!(life(turned), first);
    }
}
