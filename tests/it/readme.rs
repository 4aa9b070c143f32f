//! What the README says is so: its queries run, its commands exist.

use crate::gateway_process::run;
use crate::served::{Served, nodes, synced_sqlite};
use crate::support::root;
use domain::Role;
use serde_json::json;

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// The blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    readme()
        .split(&format!("```{language}\n"))
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queries_of_the_readme_answer_without_errors() {
    let gateway = Served::start(synced_sqlite().await).await;
    let known = gateway
        .all("{ customers(first: 1, orderBy: [{ field: REVENUE, direction: DESC }]) { edges { node { id sourceRecords(first: 1) { edges { node { id source stream externalId } } } } } } }", json!({}))
        .await;
    let customer = nodes(&known["customers"])[0];
    let record = nodes(&customer["sourceRecords"])[0];
    let graphql = blocks("graphql");
    assert_eq!(graphql.len(), 7);
    for document in graphql {
        // The README shows an id of its own; here one that is there.
        let document = document
            .replace("\"50000000101\"", &record["externalId"].to_string())
            .replace("\"hubspot\"", &record["source"].to_string())
            .replace("\"contacts\"", &record["stream"].to_string());
        let variables = json!({ "id": customer["id"], "records": [] });
        let variables = if document.contains("$id") { variables } else { json!({}) };
        let data = gateway.data(Role::Admin, &document, variables).await;
        assert!(data.as_object().unwrap().values().all(|v| !v.is_null()), "{document}\n{data}");
    }
    let curl = readme()
        .split("-d '{\"query\":\"")
        .nth(1)
        .unwrap()
        .split("\"}'")
        .next()
        .unwrap()
        .replace("\\\"", "\"");
    gateway.data(Role::Sales, &curl, json!({})).await;
    gateway.stop().await;
}

#[test]
fn the_commands_of_the_readme_exist() {
    let folder = tempfile::TempDir::new().unwrap();
    let config = folder.path().join("customer360.toml");
    std::fs::write(&config, "").unwrap();
    let mut seen = 0;
    for line in
        blocks("sh").iter().flat_map(|block| block.lines()).filter(|l| l.starts_with("c360 "))
    {
        let words: Vec<&str> =
            line.split_whitespace().skip(1).take_while(|w| *w != "#" && *w != ">>").collect();
        // The last word may be an argument: help is of the command before it.
        let command: Vec<&str> = words
            .iter()
            .copied()
            .take_while(|w| !w.starts_with('-'))
            .filter(|w| *w != "hubspot")
            .collect();
        let output = run(&config, &[command.as_slice(), &["--help"]].concat());
        assert!(output.status.success(), "c360 {} --help", command.join(" "));
        seen += 1;
    }
    assert!(seen >= 5);
}
