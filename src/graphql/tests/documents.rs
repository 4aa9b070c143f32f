//! Hostile and broken documents: refused quickly, with a code and the way out.

use super::{World, codes};
use crate::is_mutation;
use domain::Role;
use std::fmt::Write as _;
use std::time::Instant;

/// Fragments that each spread the next one twice.
fn bomb(levels: usize) -> String {
    let mut text = String::from("query { ...f0 }");
    for level in 0..levels {
        write!(text, " fragment f{level} on Query {{ ...f{n} ...f{n} }}", n = level + 1).unwrap();
    }
    write!(text, " fragment f{levels} on Query {{ __typename }}").unwrap();
    text
}

#[tokio::test]
async fn a_fragment_bomb_is_refused_before_it_costs_anything() {
    let world = World::new().await;
    let begun = Instant::now();
    for levels in [12, 16, 20, 25, 60, 120] {
        let answer = world.ask(Role::Admin, &bomb(levels)).await;
        assert_eq!(codes(&answer), ["LIMIT_EXCEEDED"], "{levels} levels");
    }
    // Each level would double the work; 120 levels would never end.
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn each_limit_refuses_with_its_name_and_the_way_out() {
    let world = World::new().await;
    let aliases: String = (0..101).map(|n| format!("a{n}: __typename ")).collect();
    let roots: String = "metricCatalog { name } ".repeat(21);
    let directives: String = (0..51).map(|_| "@skip(if: false) ").collect();
    let fields: String = "name ".repeat(2_001);
    let deep = "company { ".repeat(16) + "id" + &" }".repeat(16);
    let introspection = "fields { type { ".repeat(4) + "name" + &" } }".repeat(4);
    let brackets = "[".repeat(500);
    for (document, word) in [
        (format!("{{ metricCatalog {{ {aliases} }} }}"), "aliases"),
        (format!("{{ {roots} }}"), "fields of the root"),
        (format!("{{ __typename {directives} }}"), "directives"),
        (format!("{{ metricCatalog {{ {fields} }} }}"), "fields"),
        (format!("{{ customer(by: {{id: \"c_1\"}}) {{ {deep} }} }}"), "levels of fields"),
        (format!("{{ __schema {{ types {{ {introspection} }} }} }}"), "introspection"),
        (format!("{{ customer(by: {brackets}"), "levels of brackets"),
        ("{ a ".repeat(20_000), "bytes"),
        ("a ".repeat(5_000), "tokens"),
        (
            "{ customers(first: 500) { edges { node { deals(first: 500) { edges { cursor } } } } } }"
                .to_owned(),
            "cost",
        ),
        (
            "query($n: Int = 3) { customers(first: 500) { edges { node { deals(first: 100) { edges { node { \
             name status occurredAt } } } } } } }"
                .to_owned(),
            "cost",
        ),
    ] {
        let begun = Instant::now();
        let answer = world.ask(Role::Admin, &document).await;
        let message = answer["errors"][0]["message"].as_str().unwrap().to_owned();
        assert_eq!(codes(&answer), ["LIMIT_EXCEEDED"], "{word}: {message}");
        assert!(message.contains(word) && message.contains("are allowed: "), "{message}");
        assert!(begun.elapsed().as_millis() < 1_000, "{word}: {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_page_size_in_a_variable_counts_like_one_in_the_document() {
    let world = World::new().await;
    let document = "query($n: Int!) { customers(first: $n) { edges { node { \
        deals(first: $n) { edges { node { name } } } } } } }";
    let big = world.ask_with(Role::Admin, document, serde_json::json!({"n": 400})).await;
    assert_eq!(codes(&big), ["LIMIT_EXCEEDED"]);
    let small = world.ask_with(Role::Admin, document, serde_json::json!({"n": 10})).await;
    assert_eq!(small.get("errors"), None);
    assert!(small["extensions"]["cost"].as_u64().unwrap() > 100);
}

#[tokio::test]
async fn documents_that_are_wrong_say_so_with_the_right_code() {
    let world = World::new().await;
    for (document, code) in [
        ("", "GRAPHQL_PARSE_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("hello", "GRAPHQL_PARSE_FAILED"),
        ("{ \"unclosed }", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ customer { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ customer(by: {}) { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ customers(first: \"x\") { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { __typename } query B { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ ...f } fragment f on Query { ...f }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ ...gone }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ customer(by: {id: \"c_1\"}) { id } }", "BAD_USER_INPUT"),
        ("{ customer(by: {email: \"nobody\"}) { id } }", "BAD_USER_INPUT"),
        ("{ customer(by: {phone: \"1\"}) { id } }", "BAD_USER_INPUT"),
        ("{ node(id: \"x:r_0000000000000\") { id } }", "BAD_USER_INPUT"),
        ("{ node(id: \"\") { id } }", "BAD_USER_INPUT"),
    ] {
        let answer = world.ask(Role::Admin, document).await;
        assert_eq!(codes(&answer).first().map(String::as_str), Some(code), "{document}: {answer}");
    }
    for (variables, document) in [
        (serde_json::json!({"n": "x"}), "query($n: Int) { customers(first: $n) { totalCount } }"),
        (serde_json::json!({}), "query($n: ID!) { node(id: $n) { id } }"),
    ] {
        let answer = world.ask_with(Role::Admin, document, variables).await;
        let code = codes(&answer).concat();
        assert!(code == "GRAPHQL_VALIDATION_FAILED" || code == "BAD_USER_INPUT", "{answer}");
        assert!(answer["data"].is_null());
    }
}

#[tokio::test]
async fn a_flood_of_errors_is_cut_and_counted() {
    let world = World::new().await;
    let fields: String = (0..300).map(|n| format!("nothing{n} ")).collect();
    let answer = world.ask(Role::Admin, &format!("{{ metricCatalog {{ {fields} }} }}")).await;
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 51);
    assert_eq!(errors[50]["message"], "250 more errors are left out");
    assert!(!answer.to_string().contains("Did you mean"));
}

#[tokio::test]
async fn introspection_as_tools_ask_it_is_answered() {
    let world = World::new().await;
    let answer = world.data(Role::Support, include_str!("introspection.graphql")).await;
    assert_eq!(answer["__schema"]["queryType"]["name"], "Query");
}

#[test]
fn mutations_are_told_apart_before_they_run() {
    assert!(is_mutation("mutation { syncNow { sources } }", None));
    assert!(is_mutation("query A { __typename } mutation B { syncNow { sources } }", Some("B")));
    assert!(!is_mutation("query A { __typename } mutation B { syncNow { sources } }", Some("A")));
    assert!(is_mutation("subscription { x }", None));
    assert!(!is_mutation("# mutation\n{ __typename }", None));
    assert!(!is_mutation("mutation {", None));
}
