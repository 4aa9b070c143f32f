//! How many SQL statements an operation runs: the same for one parent and for a hundred.

use super::{World, seed::customer};
use domain::Role;

/// Every nested field once, with the statements it takes.
const NESTED: &[(&str, u64)] = &[
    ("givenName familyName address { street } golden { name value }", 1),
    ("identifiers { kind value }", 1),
    ("sourceRecords(first: 3) { edges { node { id } } }", 1),
    ("sourceRecords(first: 3) { totalCount }", 2),
    (
        "sourceRecords(first: 3) { edges { node { payload versions(first: 1) { edges { node { revision } } } } } }",
        3,
    ),
    ("companies { edges { node { displayName } } } company { displayName }", 2),
    ("people(first: 2) { edges { node { displayName email } } }", 1),
    ("deals(first: 2) { edges { node { name amount { amount } } } }", 1),
    ("deals(first: 2) { totalCount }", 2),
    (
        "tickets(first: 2) { edges { node { subject } } } invoices(first: 2) { edges { node { status } } }",
        2,
    ),
    ("subscriptions { edges { node { items { product } } } }", 1),
    ("payments { edges { node { status } } } refunds { edges { node { status } } }", 2),
    ("touchpoints { edges { node { action } } } surveyResponses { edges { node { score } } }", 2),
    ("timeline(first: 5) { edges { node { __typename } } }", 1),
    ("stage { label } stageHistory(first: 1) { edges { node { to } } }", 1),
    ("numbers { clv { historicRevenue { amounts { amount } } } csat { share } }", 1),
    ("identity { joins { rule left { externalId } } events { action } redirectsFrom { id } }", 4),
    (
        "identity { joins { step waterfall { total } left { id } right { id } } \
         events { action cause { subject } } }",
        3,
    ),
    ("identity { decisions { verdict by left { id } right { id } } }", 2),
];

#[tokio::test]
async fn a_nested_field_takes_one_statement_for_one_parent_and_for_a_hundred() {
    let world = World::new().await;
    for id in 1..=100 {
        world.person(id, 3).await;
    }
    world.company(500, &(1..=100).collect::<Vec<_>>()).await;
    for id in 1..100 {
        world.decided(id, id + 1, "different", "sam").await;
    }
    for (fields, expected) in NESTED {
        let one = format!("{{ customer(by: {{id: \"{}\"}}) {{ {fields} }} }}", customer(1));
        let many = format!(
            "{{ customers(first: 100, filter: {{kind: PERSON}}) {{ edges {{ node {{ {fields} }} }} }} }}"
        );
        assert_eq!(world.statements(Role::Admin, &one).await, 1 + expected, "{fields}");
        assert_eq!(world.statements(Role::Admin, &many).await, 1 + expected, "{fields}");
    }
}

#[tokio::test]
async fn nested_lists_within_nested_lists_stay_at_one_statement_each() {
    let world = World::new().await;
    for id in 1..=300 {
        world.profile(super::seed::person(id, &format!("p{id}@x.org"), "")).await;
    }
    for company in 0..10_i64 {
        let people: Vec<i64> = (1..=30).map(|n| company * 30 + n).collect();
        world.company(1_000 + company, &people).await;
    }
    let document = "{ customers(first: 10, filter: {kind: COMPANY}) { edges { node {
        people(first: 30) { edges { node { displayName companies(first: 1) { edges { node {
            displayName stageHistory(first: 1) { edges { cursor } } } } } } } } } } } }";
    assert_eq!(world.statements(Role::Admin, document).await, 4);
    let answer = world.data(Role::Admin, document).await;
    let people = &answer["customers"]["edges"][0]["node"]["people"]["edges"];
    assert_eq!(people.as_array().unwrap().len(), 30);
    assert!(people[0]["node"]["companies"]["edges"][0]["node"]["displayName"].is_string());
}

#[tokio::test]
async fn counting_runs_only_when_asked_and_nodes_share_statements() {
    let world = World::new().await;
    for id in 1..=20 {
        world.person(id, 1).await;
    }
    let list = |total: &str| format!("{{ customers(first: 2) {{ {total} edges {{ cursor }} }} }}");
    assert_eq!(world.statements(Role::Admin, &list("")).await, 1);
    assert_eq!(world.statements(Role::Admin, &list("totalCount")).await, 2);
    let ids: Vec<String> = (1..=20).map(|id| format!("\"{}\"", customer(id))).collect();
    let nodes = format!("{{ nodes(ids: [{}]) {{ id }} }}", ids.join(","));
    assert_eq!(world.statements(Role::Admin, &nodes).await, 1);
    let aliases: String = (1..=15)
        .map(|id| format!("a{id}: customer(by: {{id: \"{}\"}}) {{ id }} ", customer(id)))
        .collect();
    assert_eq!(world.statements(Role::Admin, &format!("{{ {aliases} }}")).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_five_hundred_parents_ask_next_still_meets_in_one_batch() {
    let world = World::new().await;
    for id in 1..=500 {
        world.person(id, 0).await;
    }
    let document = "{ customers(first: 500, filter: {kind: PERSON}) { edges { node {
        sourceRecords(first: 1) { edges { node { payload versions(first: 1) { edges { cursor } } } } }
        identity { joins { left { externalId } right { id } } } } } } }";
    for _ in 0..5 {
        assert_eq!(world.statements(Role::Admin, document).await, 6);
    }
}
