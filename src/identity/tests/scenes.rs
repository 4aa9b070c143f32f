//! Small scenes: what a store of a few records does, before much could be learnt and after.

use super::*;

/// What was learnt from the records themselves.
fn learnt(records: &[IdentityRecord]) -> Knowledge {
    Knowledge::learn(records[0].kind, records, &[])
}

/// The waterfall of a pair, for the message of a failing test.
fn shown(records: &[IdentityRecord], a: usize, b: usize, knowledge: &Knowledge) -> String {
    let refs: Vec<&IdentityRecord> = vec![&records[a], &records[b]];
    let table = knowledge.table(&refs);
    let mut view = knowledge.view(&table);
    let weight = view.weight(0, 1);
    let bars: Vec<String> = view
        .bars(0, 1)
        .into_iter()
        .map(|bar| format!("{} ({}) {:+.1}", bar.comparison, bar.level, bar.weight))
        .collect();
    format!("{weight:.1} against a cut-off of {:.1}: {}", knowledge.cutoff(), bars.join(", "))
}

/// Holds the partition, by what is known beforehand and by what the records teach.
fn groups_are(records: &[IdentityRecord], expected: &[usize]) {
    let kind = records[0].kind;
    for (when, knowledge) in
        [("unlearned", Knowledge::unlearned(kind)), ("learnt", learnt(records))]
    {
        let resolution = resolve(records, &[], &Rules::default(), &knowledge);
        for a in 0..records.len() {
            for b in a + 1..records.len() {
                assert_eq!(
                    together(&resolution, records[a].id, records[b].id),
                    expected[a] == expected[b],
                    "{when}, records {a} and {b}: {}",
                    shown(records, a, b, &knowledge)
                );
            }
        }
    }
}

#[test]
fn a_name_with_a_private_phone_or_mailbox_is_one_person() {
    groups_are(
        &[
            person("hubspot", "h1", "Robert Miller | bob@gmail.com | +1 415 555 0100"),
            person("zendesk", "z1", "Bob Miller | b.ob+shop@gmail.com"),
            person("stripe", "s1", "Robert Miller | | +14155550100"),
            person("hubspot", "h2", "Ian Novak | ian@novak.example.org"),
        ],
        &[0, 0, 0, 1],
    );
}

#[test]
fn a_family_at_one_address_is_several_people() {
    groups_are(
        &[
            person(
                "hubspot",
                "a",
                "Ann Miller | ann.miller@maila.org | +1 312 555 0142 | | 12 Elm Street | 60614",
            ),
            person(
                "hubspot",
                "b",
                "Robert Miller | robert.miller@mailb.org | | | 12 Elm St. | 60614",
            ),
            person(
                "hubspot",
                "c",
                "Grace Miller | grace.miller@mailc.org | +1 312 555 0143 | | 12 Elm Street | 60614",
            ),
            person(
                "hubspot",
                "d",
                "Oliver Miller | oliver.miller@maild.org | | | 12 Elm Street | 60614",
            ),
            person(
                "hubspot",
                "e",
                "Zoe Fischer | zoe.fischer@maile.org | | | 7 Oak Avenue | 60614",
            ),
        ],
        &[0, 1, 2, 3, 4],
    );
}

#[test]
fn companies_go_by_name_and_domain() {
    groups_are(
        &[
            company("hubspot", "1", "Acme GmbH | acme.example"),
            company("zendesk", "2", "ACME | acme.example"),
            company("stripe", "3", "Borealis Trading Ltd | borealis.example"),
            company("stripe", "4", "Cinder Works Inc | cinder.example"),
        ],
        &[0, 0, 1, 2],
    );
}

#[test]
fn nobody_is_joined_for_a_name_alone() {
    let records = [
        person("hubspot", "1", "Robert Miller"),
        person("stripe", "2", "Robert Miller"),
        person("zendesk", "3", "Ian Novak"),
    ];
    assert_eq!(run(&records).clusters.len(), 3);
}
