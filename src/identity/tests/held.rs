//! Joins that are held back for a steward, and what a decision does to them.

use super::*;

/// Two Ann Smiths with four records each; a mailbox ties one of the second to two of the first,
/// everything else tells them apart.
fn two_smiths() -> Vec<IdentityRecord> {
    let one = "+1 415 555 0100 | | 12 Elm Street | 60614";
    let moved = "+1 415 555 0100 | | 9 Bay Road | 10001";
    let other = "+1 713 555 0122";
    let texts = [
        format!("Ann Smith | ann@first.example,ann.s@third.example | {one}"),
        format!("Ann Smith | ann@first.example,ann.s@third.example | {one}"),
        format!("Ann Smith | ann@first.example | {moved}"),
        format!("Ann Smith | ann@first.example | {moved}"),
        format!("Ann Smith | smith77@second.example,ann.s@third.example | {other} | | | 60614"),
        format!("Ann Smith | smith77@second.example | {other} | | 3 Oak Court | 77002"),
        format!("Ann Smith | smith77@second.example | {other} | | 3 Oak Court | 77002"),
        format!("Ann Smith | smith77@second.example | {other} | | 3 Oak Court | 77002"),
    ];
    texts.iter().enumerate().map(|(at, t)| person("hubspot", &format!("r{at}"), t)).collect()
}

fn go(records: &[IdentityRecord], decisions: &[Decision]) -> Resolution {
    let knowledge = Knowledge::unlearned(ProfileKind::Person);
    resolve(records, decisions, &Rules::default(), &knowledge)
}

fn sizes(resolution: &Resolution) -> Vec<usize> {
    let mut sizes: Vec<usize> = resolution.clusters.iter().map(|c| c.members.len()).collect();
    sizes.sort_unstable();
    sizes
}

#[test]
fn a_bridge_is_asked_about_and_a_decision_settles_it() {
    let records = two_smiths();
    let held = go(&records, &[]);
    assert_eq!(sizes(&held), [4, 4], "{:#?}", held.reviews);
    assert_eq!(held.reviews.len(), 1);
    let review = held.reviews[0].clone();
    assert_eq!(review.reason, ReviewReason::WeakBridge);
    let mut turned = records.clone();
    turned.reverse();
    assert_eq!(held, go(&turned, &[]));

    let find = |id: RecordId| records.iter().find(|r| r.id == id).unwrap();
    let (a, b) = (find(review.left), find(review.right));
    let same = decide(a, b, Verdict::Same, 1);
    let released = go(&records, std::slice::from_ref(&same));
    assert_eq!(sizes(&released), [8], "whole profiles are put together");
    assert_eq!(released.reviews, []);
    let joins = &released.clusters[0].joins;
    assert_eq!(joins.iter().filter(|j| j.rule == RuleId::Steward).count(), 1);
    assert_eq!(joins.len(), 7);

    let unsure = go(&records, &[decide(a, b, Verdict::Unsure, 1)]);
    assert_eq!(unsure.clusters, held.clusters, "unsure leaves things as they are");
    assert_eq!(unsure.reviews, [], "and is not asked again");

    let again = go(&records, &[same, decide(a, b, Verdict::Different, 2)]);
    assert_eq!(again.clusters, held.clusters);
}

#[test]
fn decisions_in_a_circle_are_reported_whatever_their_order() {
    let records = [
        person("hubspot", "a", "Ann Miller | ann@one.example"),
        person("zendesk", "b", "Robert Novak | rob@two.example"),
        person("stripe", "c", "Zoe Fischer | zoe@three.example"),
    ];
    let [a, b, c] = &records;
    // The newest `same` holds; the older one would join what a `different` parts, and waits.
    for (first, second, kept) in [(1, 2, [b, c]), (2, 1, [a, b])] {
        let decisions = [
            decide(a, b, Verdict::Same, first),
            decide(b, c, Verdict::Same, second),
            decide(a, c, Verdict::Different, 0),
        ];
        let mut turned = decisions.clone();
        turned.reverse();
        let outcome = go(&records, &decisions);
        assert_eq!(outcome, go(&records, &turned));
        assert!(together(&outcome, kept[0].id, kept[1].id));
        assert!(!together(&outcome, a.id, c.id), "what a steward parts stays apart");
        let told: Vec<_> = outcome.reviews.iter().map(|r| r.reason).collect();
        assert_eq!(told, [ReviewReason::DecisionsContradict]);
        let review = &outcome.reviews[0];
        let refused = if first < second { [a, b] } else { [b, c] };
        let mut ids = [refused[0].id, refused[1].id];
        ids.sort_unstable();
        assert_eq!([review.left, review.right], ids, "the decision that was not followed");
    }
    // Of two on one pair the later holds, and of one instant the careful one.
    for (same, different, joined) in [(2, 1, true), (1, 2, false), (1, 1, false)] {
        let decisions =
            [decide(a, b, Verdict::Same, same), decide(a, b, Verdict::Different, different)];
        let turned = [decisions[1].clone(), decisions[0].clone()];
        assert_eq!(go(&records, &decisions), go(&records, &turned));
        assert_eq!(together(&go(&records, &decisions), a.id, b.id), joined);
    }
}
