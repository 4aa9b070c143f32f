//! How many SQL statements an operation takes, at one parent and at a hundred.
//!
//! The numbers are written down, so that a statement per parent, or one more for all, shows as a
//! difference.

use crate::served::{Served, nodes, on_both_served};
use domain::Role;
use serde_json::json;

const CUSTOMERS: &str = include_str!("../../src/cli/demo/customers.graphql");
const CUSTOMER: &str = include_str!("../../src/cli/demo/customer.graphql");
const ROLLUPS: &str = include_str!("../../src/cli/demo/rollups.graphql");

/// Lists within a list.
const FIRST_FIVE: &str = "{ customers(first: 50) { edges { node { id \
    deals(first: 5) { edges { node { name status amount { amount } } } } \
    tickets(first: 5) { edges { node { subject status } } } \
    invoices(first: 5) { edges { node { number total { amount } } } } \
    payments(first: 5) { edges { node { status amount { amount } } } } } } } }";

/// Everything else that hangs on a customer.
const THE_REST: &str = "{ customers(first: 50, filter: { kind: PERSON }, orderBy: [{ field: REVENUE, direction: DESC }]) { edges { node { id \
    golden { name record { id } } identifiers { kind } company { id displayName stage { stage } } \
    companies(first: 2) { totalCount edges { node { id numbers { revenue { nullReason } } } } } \
    people(first: 2) { totalCount edges { node { id } } } \
    subscriptions(first: 2) { totalCount edges { node { id } } } refunds(first: 2) { totalCount edges { node { id } } } \
    touchpoints(first: 2) { edges { node { id } } } surveyResponses(first: 2) { edges { node { score } } } \
    sourceRecords(first: 2) { totalCount edges { node { payload versions(first: 1) { edges { node { revision } } } } } } \
    identity { joins { rule left { id } right { id } } events { action } redirectsFrom { id } } } } } }";

on_both_served!(
    an_operation_takes_as_many_statements_for_a_hundred_as_for_one,
    async |gateway: &Served| {
        let mut table = Vec::new();
        for (name, query, size) in [
            ("the demo's customers", CUSTOMERS, "first: 10,"),
            ("the demo's best customer", CUSTOMER, "customers(first: 1,"),
            ("deals, tickets, invoices, payments", FIRST_FIVE, "customers(first: 50)"),
            ("everything else of a customer", THE_REST, "customers(first: 50,"),
        ] {
            assert!(query.contains(size), "{name} asks for {size}");
            let number: String = size.chars().filter(char::is_ascii_digit).collect();
            let mut counts = Vec::new();
            for parents in [1, 100] {
                let query = query.replacen(size, &size.replace(&number, &parents.to_string()), 1);
                let (count, data) = gateway.statements(gateway.all(&query, json!({}))).await;
                let found = nodes(&data["customers"]).len();
                assert!(
                    found == parents || (30..parents).contains(&found),
                    "{name}: {found} of {parents}"
                );
                counts.push(count);
            }
            table.push((name, counts[0], counts[1]));
        }
        let (count, data) =
            gateway.statements(gateway.data(Role::Finance, ROLLUPS, json!({}))).await;
        assert!(data["rollups"]["flat"]["rows"].as_array().unwrap().len() > 20, "{data}");
        table.push(("the demo's rollups", count, count));
        eprintln!("statements on {:?}", gateway.db.store.backend());
        for (name, one, hundred) in &table {
            eprintln!("  {name:<36} {one:>3} for 1, {hundred:>3} for 100");
        }
        let expected = [
            ("the demo's customers", 2, 2),
            ("the demo's best customer", 6, 6),
            ("deals, tickets, invoices, payments", 5, 5),
            ("everything else of a customer", 23, 23),
            ("the demo's rollups", 2, 2),
        ];
        // A customer that lacks what others have (a join, a link) asks a statement less.
        let told: Vec<_> = table
            .iter()
            .map(|(name, one, hundred)| {
                let one = if *one + 1 == *hundred { *hundred } else { *one };
                (*name, one, *hundred)
            })
            .collect();
        assert_eq!(told, expected);
    }
);

#[tokio::test(flavor = "multi_thread")]
async fn the_demos_queries_answer_every_role_that_may_ask_them() {
    use Role::{Admin, Finance, Sales, Service, Support};
    let gateway = Served::start(crate::served::synced_sqlite().await).await;
    for (name, query, open_to) in [
        ("customers", CUSTOMERS, &[Sales, Support, Admin, Service][..]),
        ("customer", CUSTOMER, &[Sales, Finance, Admin, Service]),
        ("rollups", ROLLUPS, &[Sales, Finance, Admin, Service]),
    ] {
        for role in Role::ALL.iter().copied() {
            let answer = gateway.ask(role, query, json!({})).await;
            let codes = crate::served::codes(&answer);
            assert_eq!(codes.is_empty(), open_to.contains(&role), "{name} for {role:?}: {codes:?}");
            assert!(
                codes.iter().all(|code| *code == "FORBIDDEN"),
                "{name} for {role:?}: {codes:?}"
            );
        }
    }
    gateway.stop().await;
}
