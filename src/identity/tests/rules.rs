//! What holds for two people whatever was learnt: a table of pairs, by what is known before there
//! are records.

use super::*;

/// What becomes of a pair.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Joined,
    /// Two profiles, and a question for a reviewer.
    Asked,
    /// Two profiles.
    Apart,
}
use Fate::{Apart, Asked, Joined};

/// The pairs and what must become of them.
const PAIRS: &[(&str, &str, &str, Fate)] = &[
    (
        "the same mailbox and name",
        "Rosa Lindqvist | rosa@lindqvist.example | |",
        "Rosa Lindqvist | ROSA@lindqvist.example",
        Joined,
    ),
    (
        "a short form of the name",
        "Robert Miller | rm77@gmail.com",
        "Bob Miller | r.m77+shop@gmail.com",
        Joined,
    ),
    (
        "a private phone",
        "Robert Miller | | +1 415 555 0100",
        "Robert Miller | | +14155550100",
        Joined,
    ),
    (
        "a couple's mailbox",
        "Magnus Berglund | family.berglund@telia.com",
        "Karin Berglund | family.berglund@telia.com",
        Asked,
    ),
    (
        "father and son",
        "Peter Novak Sr. | novak@example.org",
        "Peter Novak Jr. | novak@example.org",
        Asked,
    ),
    ("the same name", "Catherine Whitfield", "Catherine Whitfield", Apart),
    (
        "mailboxes spelt by the name",
        "William Young | william.young@moss.example",
        "William Young | william.young@ellis.example",
        Apart,
    ),
    (
        "mailboxes that a number tells apart",
        "Sharon Myers | sharon.myers@baker.example",
        "Sharon Myers | sharon.myers2@baker.example",
        Apart,
    ),
    (
        "a function's mailbox",
        "Anna Larsson | info@larsson.example",
        "Jonas Korhonen | info@larsson.example",
        Apart,
    ),
    ("nothing", "Ian Novak | ian@novak.example", "Ruth Murphy | ruth@murphy.example", Apart),
];

#[test]
fn pairs_of_people_meet_their_fate_in_an_empty_store() {
    for (case, left, right, fate) in PAIRS {
        let records = [person("hubspot", "1", left), person("zendesk", "2", right)];
        let resolution = run(&records);
        let joined = together(&resolution, records[0].id, records[1].id);
        assert_eq!(joined, *fate == Joined, "{case}");
        if *fate == Asked {
            assert_eq!(resolution.reviews.len(), 1, "{case}");
        }
    }
}
