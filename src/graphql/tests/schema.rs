//! The schema as clients read it: described, specified, and parsed by a GraphQL parser.

use super::World;
use crate::sdl;
use async_graphql::parser::parse_schema;
use domain::Role;
use serde_json::Value;

#[test]
fn the_sdl_is_the_same_every_time_and_parses() {
    let text = sdl();
    assert_eq!(text, sdl());
    parse_schema(&text).unwrap();
    for scalar in ["DateTime", "YearMonth", "Decimal", "CurrencyCode", "JSON"] {
        assert!(text.contains(&format!("scalar {scalar} @specifiedBy(url: ")), "{scalar}");
    }
    assert!(text.contains("input CustomerBy @oneOf"));
    assert!(text.contains("type Customer implements Node"));
}

fn list<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    of[name].as_array().map_or(&[], Vec::as_slice)
}

#[tokio::test]
async fn everything_is_described() {
    let world = World::new().await;
    let answer = world.data(Role::Support, include_str!("introspection.graphql")).await;
    let mut bare = Vec::new();
    let mut note = |what: String, of: &Value| {
        if of["description"].as_str().is_none_or(|text| text.trim().is_empty()) {
            bare.push(what);
        }
    };
    for one in list(&answer["__schema"], "types") {
        let name = one["name"].as_str().unwrap();
        let built_in = ["String", "Int", "Float", "Boolean", "ID"].contains(&name);
        if name.starts_with("__") || built_in {
            continue;
        }
        note(name.to_owned(), one);
        for field in list(one, "fields") {
            note(format!("{name}.{}", field["name"]), field);
            for argument in list(field, "args") {
                note(format!("{name}.{}({})", field["name"], argument["name"]), argument);
            }
        }
        for field in list(one, "inputFields") {
            note(format!("{name}.{}", field["name"]), field);
        }
        for value in list(one, "enumValues") {
            note(format!("{name}.{}", value["name"]), value);
        }
        if one["kind"] == "SCALAR" {
            assert!(one["specifiedByURL"].is_string(), "{name}");
        }
    }
    assert!(bare.is_empty(), "without description: {bare:#?}");
}

#[tokio::test]
async fn connections_have_the_form_that_relay_expects() {
    let world = World::new().await;
    let answer = world.data(Role::Support, include_str!("introspection.graphql")).await;
    let mut connections = 0;
    for one in list(&answer["__schema"], "types") {
        let name = one["name"].as_str().unwrap();
        if !name.ends_with("Connection") {
            continue;
        }
        connections += 1;
        let fields: Vec<&str> =
            list(one, "fields").iter().map(|f| f["name"].as_str().unwrap()).collect();
        assert!(fields.contains(&"edges") && fields.contains(&"pageInfo"), "{name}");
        let info = list(one, "fields").iter().find(|f| f["name"] == "pageInfo").unwrap();
        assert_eq!(info["type"]["ofType"]["name"], "PageInfo", "{name}");
    }
    assert!(connections > 10);
    let info = list(&answer["__schema"], "types").iter().find(|t| t["name"] == "PageInfo").unwrap();
    let mut fields: Vec<&str> =
        list(info, "fields").iter().map(|f| f["name"].as_str().unwrap()).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["endCursor", "hasNextPage", "hasPreviousPage", "startCursor"]);
}
