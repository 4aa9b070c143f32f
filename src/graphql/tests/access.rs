//! Who sees what: hidden fields answer null with a code and run no statement, masked ones are
//! masked before they leave the store.

use super::{World, codes, seed::customer};
use domain::{Area, Principal, Role};
use serde_json::json;

async fn world() -> World {
    let world = World::new().await;
    world.person(1, 2).await;
    world.person(2, 2).await;
    world.operations().await;
    world
}

/// Fields of a customer with the area each needs.
const FIELDS: &[(&str, Area)] = &[
    ("deals { edges { cursor } }", Area::Deals),
    ("tickets { edges { cursor } }", Area::Support),
    ("surveyResponses { edges { cursor } }", Area::Support),
    ("subscriptions { edges { cursor } }", Area::Subscriptions),
    ("invoices { edges { cursor } totalCount }", Area::Billing),
    ("payments { edges { cursor } }", Area::Billing),
    ("refunds { edges { cursor } }", Area::Billing),
    ("timeline(kinds: [INVOICE]) { edges { cursor } }", Area::Billing),
    ("identity { joins { rule } }", Area::Identity),
];

/// Root fields with the area each needs.
const ROOTS: &[(&str, Area)] = &[
    ("rollups { rows { currency } }", Area::Rollups),
    ("sources { name }", Area::Operations),
    ("quarantine { edges { cursor } totalCount }", Area::Operations),
    ("reviews { edges { cursor } totalCount }", Area::Identity),
    ("auditLog { edges { cursor } }", Area::Identity),
];

fn sees(role: Role, area: Area) -> bool {
    Principal { subject: String::new(), role }.scope().sees(area)
}

#[tokio::test]
async fn every_role_sees_exactly_its_areas_and_hidden_ones_run_no_statement() {
    let world = world().await;
    for role in Role::ALL.iter().copied() {
        for (field, area) in FIELDS {
            let document = format!(
                "{{ customer(by: {{id: \"{}\"}}) {{ displayName {field} }} }}",
                customer(1)
            );
            let before = world.store.statement_count();
            let answer = world.ask(role, &document).await;
            let ran = world.store.statement_count() - before;
            let name = field.split([' ', '(']).next().unwrap();
            let value = &answer["data"]["customer"][name];
            assert_eq!(answer["data"]["customer"]["displayName"], json!("Ann 1"), "{field}");
            if sees(role, *area) {
                assert_eq!(codes(&answer), Vec::<String>::new(), "{role:?} {field}");
                assert!(!value.is_null(), "{role:?} {field}");
            } else {
                assert_eq!(codes(&answer), ["FORBIDDEN"], "{role:?} {field}");
                assert!(value.is_null(), "{role:?} {field}");
                assert_eq!(ran, 1, "{role:?} {field}: only the customer may be read");
            }
        }
        for (field, area) in ROOTS {
            let before = world.store.statement_count();
            let answer = world.ask(role, &format!("{{ {field} }}")).await;
            if sees(role, *area) {
                assert_eq!(codes(&answer), Vec::<String>::new(), "{role:?} {field}");
            } else {
                assert_eq!(codes(&answer), ["FORBIDDEN"], "{role:?} {field}");
                assert_eq!(world.store.statement_count(), before, "{role:?} {field}");
            }
        }
    }
}

#[tokio::test]
async fn a_refusal_says_which_roles_see_the_area() {
    let world = world().await;
    let document =
        format!("{{ customer(by: {{id: \"{}\"}}) {{ invoices {{ totalCount }} }} }}", customer(1));
    let answer = world.ask(Role::Support, &document).await;
    assert_eq!(
        answer["errors"][0]["message"],
        json!(
            "this role does not see the area 'billing': leave the field out, or ask with one of \
             the roles finance, admin, service"
        )
    );
    assert_eq!(answer["errors"][0]["path"], json!(["customer", "invoices"]));
}

#[tokio::test]
async fn roles_that_see_contact_details_masked_never_get_them_in_full() {
    let world = world().await;
    let document = format!(
        "{{ customer(by: {{id: \"{}\"}}) {{ email phone address {{ street region }} \
         golden {{ name value }} identifiers {{ kind value }} }} }}",
        customer(1)
    );
    for role in [Role::Finance, Role::Service] {
        let answer = world.data(role, &document).await;
        let one = &answer["customer"];
        assert_eq!(one["email"], json!("a***@nordwind.io"));
        assert_eq!(one["phone"], json!("+4930…01"));
        assert_eq!(one["address"], json!({"street": null, "region": "Berlin"}));
        let text = answer.to_string();
        for secret in ["ann.1@", "Hauptstr", "90182001"] {
            assert!(!text.contains(secret), "{role:?} got {secret}: {text}");
        }
    }
    let one = &world.data(Role::Sales, &document).await["customer"];
    assert_eq!(
        (&one["email"], &one["phone"]),
        (&json!("ann.1@nordwind.io"), &json!("+493090182001"))
    );
}

#[tokio::test]
async fn masked_values_can_be_matched_whole_but_not_spelt_out() {
    let world = world().await;
    let count =
        |arguments: &str| format!("{{ customers({arguments}) {{ edges {{ node {{ id }} }} }} }}");
    for (role, arguments, expected) in [
        (Role::Finance, r#"filter: {email: {eq: "Ann.1@nordwind.io"}}"#, Some(1)),
        (Role::Finance, r#"filter: {email: {startsWith: "ann.1"}}"#, None),
        (Role::Finance, r#"filter: {not: {or: [{email: {startsWith: "ann.1"}}]}}"#, None),
        (Role::Sales, r#"filter: {email: {startsWith: "ann.1"}}"#, Some(1)),
        (Role::Finance, r#"search: "ann.1@nordwind.io""#, Some(1)),
        (Role::Finance, r#"search: "@nordwind""#, Some(0)),
        (Role::Finance, r#"search: "+49 30 9018 2001""#, Some(1)),
        (Role::Finance, r#"search: "0182001""#, Some(0)),
        (Role::Sales, r#"search: "@nordwind""#, Some(2)),
        (Role::Finance, r#"search: "ann acme""#, Some(2)),
    ] {
        let before = world.store.statement_count();
        let answer = world.ask(role, &count(arguments)).await;
        match expected {
            Some(expected) => {
                assert_eq!(answer.get("errors"), None, "{arguments}");
                let found = answer["data"]["customers"]["edges"].as_array().unwrap().len();
                assert_eq!(found, expected, "{role:?} {arguments}");
            }
            None => {
                assert_eq!(codes(&answer), ["FORBIDDEN"], "{role:?} {arguments}");
                assert_eq!(world.store.statement_count(), before, "{role:?} {arguments}");
            }
        }
    }
}

#[tokio::test]
async fn orders_and_filters_over_hidden_numbers_are_refused() {
    let world = world().await;
    for arguments in [
        "orderBy: [{field: REVENUE}]",
        "orderBy: [{field: NAME}, {field: MRR}]",
        "filter: {revenue: {currency: \"EUR\", gte: \"1\"}}",
        "filter: {or: [{mrr: {currency: \"EUR\", lte: \"1\"}}]}",
    ] {
        let document = format!("{{ customers({arguments}) {{ edges {{ cursor }} }} }}");
        let before = world.store.statement_count();
        assert_eq!(codes(&world.ask(Role::Support, &document).await), ["FORBIDDEN"], "{arguments}");
        assert_eq!(world.store.statement_count(), before);
        assert_eq!(world.ask(Role::Finance, &document).await.get("errors"), None, "{arguments}");
    }
}

#[tokio::test]
async fn the_timeline_leaves_hidden_kinds_out() {
    let world = world().await;
    let document = format!(
        "{{ customer(by: {{id: \"{}\"}}) {{ timeline(first: 50) {{ edges {{ node {{ __typename }} }} }} }} }}",
        customer(1)
    );
    let kinds = |answer: serde_json::Value| {
        let mut kinds: Vec<String> = answer["customer"]["timeline"]["edges"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["node"]["__typename"].as_str().unwrap().to_owned())
            .collect();
        kinds.sort();
        kinds.dedup();
        kinds
    };
    assert_eq!(
        kinds(world.data(Role::Support, &document).await),
        ["StageTransition", "Subscription", "SurveyResponse", "Ticket", "Touchpoint"]
    );
    assert_eq!(
        kinds(world.data(Role::Steward, &document).await),
        ["StageTransition", "Touchpoint"]
    );
    assert_eq!(kinds(world.data(Role::Admin, &document).await).len(), 10);
}

#[tokio::test]
async fn numbers_follow_the_area_of_each_measure() {
    let world = world().await;
    let document = format!(
        "{{ customer(by: {{id: \"{}\"}}) {{ numbers {{ revenue {{ amounts {{ amount }} }} \
         ticketCount {{ value }} }} }} }}",
        customer(1)
    );
    let answer = world.ask(Role::Finance, &document).await;
    assert_eq!(answer["data"]["customer"]["numbers"]["revenue"]["amounts"][0]["amount"], "123.45");
    assert_eq!(codes(&answer), ["FORBIDDEN"]);
    let answer = world.ask(Role::Support, &document).await;
    assert_eq!(answer["data"]["customer"]["numbers"]["ticketCount"]["value"], 2);
    assert_eq!(codes(&answer), ["FORBIDDEN"]);
    let answer = world.ask(Role::Steward, &document).await;
    assert_eq!(
        (codes(&answer), &answer["data"]["customer"]["numbers"]),
        (vec!["FORBIDDEN".to_owned()], &json!(null))
    );
}

#[tokio::test]
async fn payloads_are_for_those_who_see_them_only() {
    let world = world().await;
    let document = format!(
        "{{ customer(by: {{id: \"{}\"}}) {{ sourceRecords {{ edges {{ node {{ externalId payload }} }} }} }} }}",
        customer(1)
    );
    let answer = world.ask(Role::Steward, &document).await;
    let node = &answer["data"]["customer"]["sourceRecords"]["edges"][0]["node"];
    assert_eq!(node, &json!({"externalId": "1", "payload": {"secret": "payload"}}));
    let answer = world.ask(Role::Sales, &document).await;
    let node = &answer["data"]["customer"]["sourceRecords"]["edges"][0]["node"];
    assert_eq!(
        (codes(&answer), node),
        (vec!["FORBIDDEN".to_owned()], &json!({"externalId": "1", "payload": null}))
    );
    let quarantine = "{ quarantine(first: 1) { edges { node { reason payload } } } }";
    let held =
        |answer: serde_json::Value| answer["quarantine"]["edges"][0]["node"]["payload"].clone();
    assert_eq!(held(world.data(Role::Steward, quarantine).await), json!({"total": "x"}));
    assert_eq!(held(world.data(Role::Service, quarantine).await), json!(null));
}
