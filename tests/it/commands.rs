//! The commands as a person meets them: what they say about mistakes, and their exit codes.

use crate::database::TestDb;
use crate::dump::dump_tables;
use crate::gateway_process::{Place, c360, place, run, stderr, stdout};
use crate::identity_flow;
use crate::served::{SECRET, Served, synced_sqlite};
use crate::support::root;
use crate::vendors;
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tempfile::TempDir;

/// A configuration file with this text.
fn written(text: &str) -> Place {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("customer360.toml");
    std::fs::write(&config, text).unwrap();
    Place { folder, config }
}

#[test]
fn every_mistake_of_a_configuration_is_reported_at_once() {
    let place = written(
        "[server]\nlisten = \"nowhere\"\nlisten_on = \"127.0.0.1:1\"\n[serve]\nx = 1\n[store]\nurl = \"mysql://x\"\n\
         connections = 0\n[sources.crm]\nconnector = \"hubspott\"\n[sources.pay]\nconnector = \"stripe\"\n\
         key = { env = \"STRIPE_KEY_THAT_IS_NOT_SET\" }\n[auth]\nsecret = \"short\"\n",
    );
    for command in [
        &["sync"][..],
        &["serve"],
        &["config", "check"],
        &["token", "--role", "sales", "--subject", "x"],
    ] {
        let output = run(&place.config, command);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{command:?}: {said}");
        for key in [
            "server.listen ",
            "server.listen_on",
            "serve ",
            "store.url",
            "store.connections",
            "sources.crm.connector",
            "sources.pay.key",
            "STRIPE_KEY_THAT_IS_NOT_SET",
            "auth.secret",
        ] {
            assert!(said.contains(key), "{command:?} names {key}: {said}");
        }
        assert!(
            said.contains("did you mean") && said.contains("customer360.toml:"),
            "with a hint and a line: {said}"
        );
        assert!(!said.contains("short\"") && !said.contains("mysql://x"), "no values: {said}");
        assert!(stdout(&output).is_empty());
    }
    let output = run(&place.config, &["config", "check", "--json"]);
    assert_eq!(output.status.code(), Some(2));
    let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(listed["ok"], false);
    assert!(listed["mistakes"].as_array().unwrap().len() >= 8, "{listed:#}");
}

#[test]
fn a_checked_configuration_shows_no_secret() {
    let place = written(&format!(
        "[store]\nurl = \"postgres://c360:hunter2pass@db.internal/c360\"\n[auth]\nsecret = \"{SECRET}\"\n\
         [sources.crm]\nconnector = \"hubspot\"\ntoken = {{ env = \"CRM_TOKEN\" }}\n\
         [sources.pay]\nconnector = \"stripe\"\nkey = {{ file = \"key.txt\" }}\n"
    ));
    let key = place.folder.path().join("key.txt");
    std::fs::write(&key, "sk_test_from_a_file\n").unwrap();
    for arguments in [&["config", "check"][..], &["config", "check", "--json"]] {
        let output = c360(&place.config)
            .args(arguments)
            .env("CRM_TOKEN", "pat-from-the-environment")
            .output()
            .unwrap();
        let said = stdout(&output) + &stderr(&output);
        assert!(output.status.success(), "{said}");
        assert!(said.contains("***"), "{said}");
        for secret in ["hunter2pass", SECRET, "pat-from-the-environment", "sk_test_from_a_file"] {
            assert!(!said.contains(secret), "{arguments:?} shows {secret}: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_vendor_and_a_refused_token_are_named_and_the_rest_is_done() {
    let sandbox = vendors::start(51).await;
    let db = TestDb::sqlite().await;
    let base = place(&db.url, Some(&sandbox), "");
    let text = std::fs::read_to_string(&base.config).unwrap();
    let token = sandbox.credentials().hubspot_token;
    assert!(text.contains(&token) && text.contains(sandbox.stripe_url()));
    // A port that nobody listens on.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let text = text
        .replace(&token, "pat-wrong-token")
        .replace(sandbox.stripe_url(), &format!("http://{nobody}"))
        .replace("[sync]\n", "[sync]\nattempts = 2\n");
    std::fs::write(&base.config, text).unwrap();
    let output = run(&base.config, &["sync"]);
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(3), "done in part: {said}{}", stderr(&output));
    assert!(
        said.lines().any(|l| l.starts_with("hubspot ") && l.contains("not authorised")),
        "{said}"
    );
    assert!(
        said.lines().any(|l| l.starts_with("stripe ") && l.contains("cannot connect")),
        "{said}"
    );
    assert!(!said.lines().any(|l| l.starts_with("zendesk ")), "zendesk was pulled: {said}");
    assert!(!(said + &stderr(&output)).contains("pat-wrong-token"));
    let rows = dump_tables(&db.url, |t| t == "ticket" || t == "profile").await;
    assert!(!rows["ticket"].is_empty() && !rows["profile"].is_empty(), "what came was resolved");
    let output = run(&base.config, &["sync", "stripe", "--json"]);
    assert_eq!(output.status.code(), Some(3));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        report["sync"]["streams"].as_array().unwrap().iter().all(|s| s["outcome"] == "failed"),
        "{report:#}"
    );
    let output = run(&base.config, &["sync", "strip"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("stripe"), "{}", stderr(&output));
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_a_broken_row_and_a_huge_cell_loses_only_those() {
    let db = TestDb::sqlite().await;
    let place = place(
        &db.url,
        None,
        "[sources.old]\nconnector = \"files\"\n[[sources.old.streams]]\nname = \"people\"\nkind = \"contact\"\n\
         path = \"people.csv\"\nkey = \"id\"\n[sources.old.streams.mapping]\nfull_name = \"name\"\nemails = \"mail\"\n",
    );
    let file = place.folder.path().join("people.csv");
    let mut text = String::from(
        "id,name,mail\n1,Ann Archer,ann@archer.dev\n2,Bob\n3,Carla Cruz,carla@cruz.dev\n",
    );
    text.push_str(&format!("4,{},big@cell.dev\n", "x".repeat(40 << 20)));
    text.push_str(
        "5,\"Dora \"\"D\"\" Dean\",dora@dean.dev\n,Nobody,no@id.dev\n6,Eve Ek,eve@ek.dev\n",
    );
    std::fs::write(&file, text).unwrap();
    let output = run(&place.config, &["sync"]);
    let said = stdout(&output) + &stderr(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("3 in quarantine"), "{said}");
    let rows = dump_tables(&db.url, |t| t == "contact" || t == "quarantine").await;
    let names: Vec<&str> =
        rows["contact"].iter().map(|row| row.split('|').nth(1).unwrap()).collect();
    for name in ["Ann Archer", "Carla Cruz", "Dora \"D\" Dean", "Eve Ek"] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert_eq!((names.len(), rows["quarantine"].len()), (4, 3), "{names:?}");
    let output = run(&place.config, &["quarantine", "list", "--json"]);
    let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let reasons: Vec<&str> =
        listed.as_array().unwrap().iter().map(|r| r["reason"].as_str().unwrap()).collect();
    assert!(reasons.iter().any(|reason| reason.contains("larger than")), "{reasons:?}");
    // Mended, everything is in and nothing waits.
    let text = "id,name,mail\n1,Ann Archer,ann@archer.dev\n2,Bob Born,bob@born.dev\n3,Carla Cruz,carla@cruz.dev\n\
                4,Big Cell,big@cell.dev\n5,Dora Dean,dora@dean.dev\n6,Eve Ek,eve@ek.dev\n";
    std::fs::write(&file, text).unwrap();
    let output = run(&place.config, &["sync"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let rows = dump_tables(&db.url, |t| t == "contact").await;
    assert_eq!(rows["contact"].len(), 6);
}

#[test]
fn the_schema_is_printed_and_a_file_is_held_to_it() {
    let place = written("");
    let output = run(&place.config, &["schema"]);
    assert!(output.status.success());
    let stored = std::fs::read_to_string(root().join("schema.graphql")).unwrap();
    assert!(
        stdout(&output).trim_end() == stored.trim_end(),
        "schema.graphql is what the command prints"
    );
    let file = place.folder.path().join("schema.graphql");
    std::fs::write(&file, &stored).unwrap();
    let file = file.to_str().unwrap();
    assert_eq!(run(&place.config, &["schema", "--check", file]).status.code(), Some(0));
    std::fs::write(file, stored.replacen("displayName", "shownName", 1)).unwrap();
    let output = run(&place.config, &["schema", "--check", file]);
    assert_eq!(output.status.code(), Some(1));
    let line = stored.lines().position(|line| line.contains("displayName")).unwrap() + 1;
    assert!(stderr(&output).contains(&format!("line {line} differs")), "{}", stderr(&output));
    let output = run(&place.config, &["schema", "--check", "missing.graphql"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("missing.graphql"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_token_opens_the_gateway_and_its_health_is_told() {
    let gateway = Served::start(synced_sqlite().await).await;
    let place = written(&format!(
        "[auth]\nsecret = \"{SECRET}\"\n[server]\nlisten = \"{}\"\n",
        gateway.running.address
    ));
    let output =
        run(&place.config, &["token", "--role", "finance", "--subject", "fay", "--ttl", "5m"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let ask = async |token: &str| {
        let request = gateway.client.post(format!("{}/graphql", gateway.url)).bearer_auth(token);
        let body = json!({ "query": "{ customers(first: 1) { edges { node { invoices { totalCount } } } } }" });
        request.json(&body).send().await.unwrap()
    };
    let response = ask(stdout(&output).trim()).await;
    assert_eq!(response.status(), 200);
    let answer: Value = response.json().await.unwrap();
    assert!(answer["errors"].is_null(), "{answer}");
    let other = written("[auth]\nsecret = \"another secret of thirty-two bytes\"\n");
    let output = run(&other.config, &["token", "--role", "finance", "--subject", "fay"]);
    assert_eq!(ask(stdout(&output).trim()).await.status(), 401);
    for wrong in [
        &["token", "--role", "boss", "--subject", "x"][..],
        &["token", "--role", "sales"],
        &["token", "--role", "sales", "--subject", "x", "--ttl", "9y"],
    ] {
        assert_eq!(run(&place.config, wrong).status.code(), Some(2), "{wrong:?}");
    }
    let output = run(&written("").config, &["token", "--role", "sales", "--subject", "x"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("auth.secret"), "{}", stderr(&output));

    let output = run(&place.config, &["healthcheck"]);
    assert!(output.status.success(), "{}", stderr(&output));
    gateway.stop().await;
    let output = run(&place.config, &["healthcheck"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("does not answer"), "{}", stderr(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_explained_why_records_are_one_customer_and_why_others_are_not() {
    let db = synced_sqlite().await;
    let rows =
        dump_tables(&db.url, |t| t == "profile_member" || t == "source_record" || t == "profile")
            .await;
    let mut members: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in &rows["profile_member"] {
        let cells: Vec<&str> = row.split('|').collect();
        if cells[1] == "person" {
            members.entry(cells[2]).or_default().push(cells[0]);
        }
    }
    let key = |record: &str| -> String {
        let row =
            rows["source_record"].iter().find(|row| row.split('|').next() == Some(record)).unwrap();
        let cells: Vec<&str> = row.split('|').collect();
        format!("{}/{}/{}", cells[1], cells[2], cells[3])
    };
    let email = |profile: &str| -> Option<String> {
        let row = rows["profile"].iter().find(|row| row.split('|').next() == Some(profile))?;
        row.split('|').nth(3).filter(|text| text.contains('@')).map(str::to_owned)
    };
    let with_email = |profile: &&str| email(profile).is_some();
    let mut large: Vec<&str> = members.keys().copied().filter(with_email).collect();
    large.sort_by_key(|profile| std::cmp::Reverse(members[profile].len()));
    let (one, other) = (large[0], large[1]);
    assert!(members[one].len() >= 3);

    let place = place(&db.url, None, "");
    let output = run(&place.config, &["explain", &email(one).unwrap(), "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let id = told["customer"].as_str().unwrap().to_owned();
    assert_eq!(told["records"].as_array().unwrap().len(), members[one].len(), "{told:#}");
    let joins = told["joins"].as_array().unwrap();
    assert_eq!(
        joins.len(),
        members[one].len() - 1,
        "as many joins as hold the records together: {told:#}"
    );
    for join in joins {
        assert!(join["rule"].as_str().is_some_and(|rule| !rule.is_empty()), "{join}");
        assert!(!join["evidence"].as_array().unwrap().is_empty(), "{join}");
        assert!(join["weight"].as_f64().is_some(), "{join}");
        let last = join["evidence"].as_array().unwrap().last().unwrap();
        let (sum, weight) = (last["total"].as_f64().unwrap(), join["weight"].as_f64().unwrap());
        assert!((sum - weight).abs() < 0.1, "the bars add up: {join:#}");
    }
    let last = joins.last().unwrap();
    let counts = ["left_count", "right_count"].map(|side| last[side].as_u64().unwrap());
    assert_eq!(counts.iter().sum::<u64>(), members[one].len() as u64, "{last:#}");
    let output = run(&place.config, &["explain", &id]);
    let said = stdout(&output);
    assert!(output.status.success() && said.contains(&id), "{said}");
    for record in &members[one] {
        let key = key(record);
        let id = key.rsplit('/').next().unwrap();
        assert!(said.contains(id), "names record {key}: {said}");
    }
    assert!(!said.contains(&email(one).unwrap()), "values are not shown: {said}");
    for part in ["prior", "carried by", "1 in ", "total weight", "tree of joins", "└─ "] {
        assert!(said.contains(part), "{part}: {said}");
    }

    let output = run(
        &place.config,
        &["explain", &email(one).unwrap(), "--with", &email(other).unwrap(), "--json"],
    );
    assert!(output.status.success(), "{}", stderr(&output));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["customers"][0], id.as_str());
    assert!(
        told["obstacles"]
            .as_array()
            .unwrap()
            .iter()
            .all(|o| !o["why"].as_str().unwrap().is_empty()),
        "{told:#}"
    );
    assert!(!told["obstacles"].as_array().unwrap().is_empty(), "{told:#}");
    assert!(told["cutoff"].as_f64().is_some(), "{told:#}");
    let output = run(&place.config, &["explain", &id, "--with", &email(other).unwrap()]);
    let said = stdout(&output);
    assert!(said.contains("are two customers") && said.contains("total weight"), "{said}");
    let output = run(&place.config, &["explain", &id, "--with", &email(one).unwrap()]);
    assert!(stdout(&output).contains("both are the same customer"), "{}", stdout(&output));
    for (who, code) in [("c_0000000000000", 1), ("nobody.here@unheard-of.dev", 1), ("17", 2)] {
        let output = run(&place.config, &["explain", who]);
        assert_eq!(output.status.code(), Some(code), "{who}: {}", stderr(&output));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merged_customer_is_explained_by_either_id() {
    let db = synced_sqlite().await;
    let rows = dump_tables(&db.url, |t| t == "profile").await;
    let people: Vec<domain::ProfileId> = rows["profile"]
        .iter()
        .filter(|row| row.split('|').nth(1) == Some("person"))
        .take(2)
        .map(|row| domain::ProfileId(row.split('|').next().unwrap().parse().unwrap()))
        .collect();
    let place = place(&db.url, None, "");
    let told = |who: String| -> Value {
        let output = run(&place.config, &["explain", &who, "--json"]);
        assert!(output.status.success(), "{}", stderr(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let apart: Vec<Value> = people.iter().map(|id| told(id.to_string())).collect();
    let records: usize = apart.iter().map(|one| one["records"].as_array().unwrap().len()).sum();
    identity_flow::jobs(&db).merge(&identity_flow::steward(), &people).await.unwrap();
    let merged: Vec<Value> = people.iter().map(|id| told(id.to_string())).collect();
    assert_eq!(merged[0], merged[1]);
    assert_eq!(merged[0]["records"].as_array().unwrap().len(), records);
    let joins = merged[0]["joins"].as_array().unwrap();
    assert_eq!(joins.len(), records - 1);
    assert!(joins.iter().any(|join| join["rule"] == "steward"), "{joins:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_tells_what_it_finds_and_fails_where_it_is_told_to() {
    let db = synced_sqlite().await;
    let place = place(&db.url, None, "");
    let audit = |more: &[&str]| run(&place.config, &[&["audit"], more].concat());
    let listed = |more: &[&str]| -> (Option<i32>, Value) {
        let output = audit(&[&["--json"], more].concat());
        (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
    };
    let severities = |report: &Value| -> BTreeSet<String> {
        let found = report["findings"].as_array().unwrap().iter();
        found.map(|one| one["severity"].as_str().unwrap().to_owned()).collect()
    };
    let (code, before) = listed(&[]);
    assert_eq!(code, Some(0), "an audit alone does not fail");
    assert!(!before["completeness"].as_array().unwrap().is_empty(), "{before:#}");
    assert!(!severities(&before).contains("severe"), "{before:#}");
    assert_eq!(listed(&["--fail-on", "severe"]).0, Some(0));
    // Something severe: a cell that is not the sum of its parts.
    let connection = Database::connect(&db.url).await.unwrap();
    let spoil = "UPDATE rollup_cell SET value = value + 1 WHERE component = 'tickets' AND month = \
                 (SELECT MAX(month) FROM rollup_cell WHERE component = 'tickets')";
    assert!(connection.execute_unprepared(spoil).await.unwrap().rows_affected() > 0);
    connection.close().await.unwrap();
    let (code, after) = listed(&["--fail-on", "severe", "--samples", "1"]);
    assert_eq!(code, Some(1), "{after:#}");
    let mut found = after["findings"].as_array().unwrap().iter();
    let finding = found.find(|one| one["code"] == "rollups_unreconciled").unwrap();
    assert_eq!(finding["severity"], "severe");
    assert_eq!(finding["samples"].as_array().unwrap().len(), 1);
    // A lower bar is missed by what is worse, too; without one the report is only told.
    assert_eq!(audit(&["--fail-on", "notice"]).status.code(), Some(1));
    let told = audit(&[]);
    assert_eq!(told.status.code(), Some(0), "{}", stderr(&told));
    let text = stdout(&told);
    assert!(text.lines().any(|line| line.starts_with("severe rollups_unreconciled ")), "{text}");
    assert!(text.lines().any(|line| line.contains(" hubspot contact.email: ")), "{text}");
    let wrong = audit(&["--fail-on", "awful"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("expected notice, warning or severe"), "{}", stderr(&wrong));
}

#[test]
fn a_database_that_cannot_be_opened_is_said_without_its_password() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let place = written(&format!(
        "[store]\nurl = \"postgres://c360:hunter2pass@{nobody}/c360\"\nacquire_ms = 500\n[auth]\nsecret = \"{SECRET}\"\n"
    ));
    for command in [&["migrate"][..], &["serve"], &["resolve"], &["explain", "c_0000000000000"]] {
        let output = run(&place.config, command);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{command:?}: {said}");
        assert!(said.contains("cannot open the database"), "{command:?}: {said}");
        assert!(!said.contains("hunter2pass"), "{said}");
    }
}
