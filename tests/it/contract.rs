//! `schema.graphql` is the contract: it is the code's, and it explains itself.

use crate::support::root;
use serde_json::Value;

#[test]
fn the_stored_schema_is_that_of_the_code() {
    let stored = std::fs::read_to_string(root().join("schema.graphql")).unwrap();
    let current = graphql::sdl();
    let first = stored.lines().zip(current.lines()).position(|(a, b)| a != b);
    assert!(
        stored.trim_end() == current.trim_end(),
        "schema.graphql differs from line {:?}: `cargo run -q -- schema > schema.graphql`",
        first.map(|at| at + 1)
    );
}

const INTROSPECTION: &str = "{ __schema { types { name kind description \
    fields(includeDeprecated: true) { name description args { name description } } \
    inputFields { name description } enumValues(includeDeprecated: true) { name description } } } }";

#[tokio::test(flavor = "multi_thread")]
async fn everything_in_the_schema_is_described() {
    let gateway = crate::served::Served::start(crate::database::TestDb::sqlite().await).await;
    let data = gateway.all(INTROSPECTION, Value::Null).await;
    gateway.stop().await;
    let (mut bare, mut seen) = (Vec::new(), 0);
    let mut check = |path: String, item: &Value| {
        seen += 1;
        if item["description"].as_str().is_none_or(|text| text.trim().len() < 3) {
            bare.push(path);
        }
    };
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for kind in list(&data["__schema"]["types"]) {
        let name = kind["name"].as_str().unwrap();
        // GraphQL's own.
        if name.starts_with("__") || ["ID", "Int", "Float", "String", "Boolean"].contains(&name) {
            continue;
        }
        check(name.to_owned(), &kind);
        for part in ["fields", "inputFields", "enumValues"] {
            for member in list(&kind[part]) {
                let path = format!("{name}.{}", member["name"].as_str().unwrap());
                for argument in list(&member["args"]) {
                    check(format!("{path}({})", argument["name"].as_str().unwrap()), &argument);
                }
                check(path, &member);
            }
        }
    }
    assert!(seen > 500, "the introspection reaches everything: {seen}");
    assert!(bare.is_empty(), "without a description: {}", bare.join(", "));
}
