//! The explorer in a real browser, over a gateway as `c360 demo` sets it up.

use crate::served::{Served, synced_sqlite, token};
use crate::support::{find_program, root, skip};
use customer360::http::explorer::{Example, ExplorerConfig, RoleToken, is_embedded};
use domain::Role;
use serde_json::Value;
use std::process::{Command, Stdio};

/// Node.js and Chromium, or why the test cannot run.
fn programs() -> Result<(std::path::PathBuf, std::path::PathBuf), &'static str> {
    let node = find_program(&["node"]).ok_or("Node.js is not installed")?;
    let chromium = find_program(&["chromium", "chromium-browser", "google-chrome"])
        .ok_or("Chromium is not installed")?;
    if !root().join("tests/browser/node_modules/playwright-core").exists() {
        return Err("run `npm ci` in tests/browser");
    }
    if !is_embedded() {
        return Err("built without the explorer: run `make explorer`, then build again");
    }
    Ok((node, chromium))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_typed_its_answer_and_its_table_seen_and_its_csv_saved() {
    let (node, chromium) = match programs() {
        Ok(found) => found,
        Err(why) => return skip(why),
    };
    let gateway = Served::start_with(synced_sqlite().await, "demo = true\n", |_| ExplorerConfig {
        demo: true,
        tokens: Role::ALL
            .iter()
            .map(|role| RoleToken { role: role.as_str().to_owned(), token: token(*role) })
            .collect(),
        examples: vec![Example {
            name: "Customers".to_owned(),
            query: include_str!("../../src/cli/demo/customers.graphql").to_owned(),
            variables: "{}".to_owned(),
        }],
    })
    .await;
    let folder = tempfile::TempDir::new().unwrap();
    let picture = folder.path().join("explorer.png");
    // Once with the token that a demonstration brings, once with one that is entered.
    for entered in [None, Some(token(Role::Sales))] {
        let mut command = Command::new(&node);
        command
            .arg("explorer.mjs")
            .current_dir(root().join("tests/browser"))
            .env("C360_URL", &gateway.url)
            .env("C360_SCREENSHOT", &picture)
            .env("CHROMIUM", &chromium)
            .stdin(Stdio::null());
        if let Some(token) = &entered {
            command.env("C360_TOKEN", token);
        }
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let seen: Value = serde_json::from_str(text.trim()).unwrap_or_else(|_| {
            panic!("no report: {text}\n{}", String::from_utf8_lossy(&output.stderr))
        });
        assert!(output.status.success() && seen["ok"] == true, "{seen:#}");
        assert!(seen["rows"].as_u64() > Some(0), "{seen:#}");
        for nothing in ["external", "violations", "consoleErrors"] {
            assert_eq!(seen[nothing], serde_json::json!([]), "{nothing}");
        }
        assert!(seen["csvBytes"].as_u64() > Some(20), "{seen:#}");
        let size = std::fs::metadata(&picture).unwrap().len();
        assert!(size > 10_000, "a picture of {size} bytes shows nothing");
        std::fs::remove_file(&picture).unwrap();
    }
    gateway.stop().await;
}
