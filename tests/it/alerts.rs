//! Alerts by rule: raised once for a cause, resolved when it is gone, acknowledged, followed.

use crate::identity_flow::Still;
use crate::served::{Served, codes, nodes, on_both_served, present};
use domain::Role;
use jobs::Jobs;
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

const ALERTS: &str = "query($filter: AlertFilter, $after: String) { \
    alerts(first: 100, after: $after, filter: $filter) { totalCount pageInfo { hasNextPage endCursor } edges { node { \
      id rule rulesVersion preset severity customerId customer { id } detail evidence occurredAt openedAt \
      resolvedAt acknowledgedAt acknowledgedBy note } } } }";

async fn all_alerts(gateway: &Served, filter: Value) -> Vec<Value> {
    let (mut found, mut after) = (Vec::new(), Value::Null);
    loop {
        let data = gateway.all(ALERTS, json!({ "filter": filter, "after": after })).await;
        let page = &data["alerts"];
        found.extend(nodes(page).into_iter().cloned());
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            assert_eq!(page["totalCount"], json!(found.len()));
            return found;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// What happened after a cursor: (kind, alert) in order, and the last cursor.
async fn events(gateway: &Served, mut after: Value) -> (Vec<(String, String)>, Value) {
    let query = "query($after: String) { alertEvents(first: 100, after: $after) { \
                 pageInfo { hasNextPage } edges { cursor node { kind at alert { id } } } } }";
    let mut found = Vec::new();
    loop {
        let data = gateway.all(query, json!({ "after": after })).await;
        for edge in data["alertEvents"]["edges"].as_array().unwrap() {
            let word = |value: &Value| value.as_str().unwrap().to_owned();
            found.push((word(&edge["node"]["kind"]), word(&edge["node"]["alert"]["id"])));
            after = edge["cursor"].clone();
        }
        if data["alertEvents"]["pageInfo"]["hasNextPage"] == json!(false) {
            return (found, after);
        }
    }
}

fn at(jobs: &Jobs, days: i64) -> Jobs {
    Jobs { clock: Arc::new(Still(present().plus_days(days))), ..jobs.clone() }
}

fn ids(alerts: &[Value]) -> BTreeSet<String> {
    alerts.iter().map(|alert| alert["id"].as_str().unwrap().to_owned()).collect()
}

on_both_served!(a_cause_is_raised_once_and_resolved_when_it_is_gone, async |gateway: &Served| {
    let jobs = &gateway.running.app().jobs;
    let first = all_alerts(gateway, json!({})).await;
    assert!(first.len() > 5, "{}", first.len());
    let presets: BTreeSet<&str> = first.iter().filter_map(|a| a["preset"].as_str()).collect();
    for preset in ["CHURN_RISK", "STAGE_MOVED_BACK"] {
        assert!(presets.contains(preset), "{preset} is not in {presets:?}");
    }
    for alert in &first {
        assert_eq!(alert["customerId"], alert["customer"]["id"], "{alert}");
        assert!(alert["resolvedAt"].is_null() && alert["acknowledgedAt"].is_null(), "{alert}");
        assert_eq!(alert["rulesVersion"], json!("1"));
    }
    let proven = first.iter().filter(|alert| alert["evidence"][0].is_string()).count();
    assert!(proven * 2 > first.len(), "{proven} of {}", first.len());
    let (happened, cursor) = events(gateway, Value::Null).await;
    let opened: BTreeSet<String> = happened.iter().map(|(_, id)| id.clone()).collect();
    assert!(happened.iter().all(|(kind, _)| kind == "OPENED"));
    assert_eq!((happened.len(), opened), (first.len(), ids(&first)));
    // Again, everything: nothing new.
    at(jobs, 0).derive(true).await.unwrap();
    at(jobs, 0).derive(true).await.unwrap();
    let again = all_alerts(gateway, json!({})).await;
    assert_eq!(again, first);
    let (happened, cursor) = events(gateway, cursor).await;
    assert_eq!(happened, []);
    // Years later nothing is near and nothing is recent: those told by what happened are resolved.
    at(jobs, 3_000).derive(false).await.unwrap();
    let open = all_alerts(gateway, json!({ "open": true })).await;
    assert!(open.iter().all(|a| a["preset"] != json!("STAGE_MOVED_BACK")), "{open:?}");
    let resolved = all_alerts(gateway, json!({ "open": false })).await;
    assert!(resolved.iter().all(|alert| alert["resolvedAt"].is_string()));
    let moved = |alert: &&Value| alert["preset"] == json!("STAGE_MOVED_BACK");
    let was: BTreeSet<String> = ids(&first.iter().filter(moved).cloned().collect::<Vec<_>>());
    assert!(was.is_subset(&ids(&resolved)));
    let (happened, cursor) = events(gateway, cursor).await;
    assert!(happened.iter().any(|(kind, _)| kind == "RESOLVED"));
    // The same causes again are the same alerts.
    at(jobs, 0).derive(true).await.unwrap();
    let (happened, _) = events(gateway, cursor).await;
    for id in &was {
        let reopened = ("REOPENED".to_owned(), id.clone());
        assert_eq!(happened.iter().filter(|one| **one == reopened).count(), 1, "{id}");
    }
    // Without rules nothing stays open.
    let none = metrics::alerts::AlertConfig { version: "2".to_owned(), rules: Vec::new() };
    let silent = Jobs { alerts: Arc::new(none), ..at(jobs, 0) };
    silent.derive(false).await.unwrap();
    assert_eq!(all_alerts(gateway, json!({ "open": true })).await, Vec::<Value>::new());
});

on_both_served!(an_alert_is_acknowledged_in_a_name_and_seen_by_area, async |gateway: &Served| {
    let alerts = all_alerts(gateway, json!({ "severity": ["CRITICAL"], "open": true })).await;
    let alert = &alerts[0];
    let acknowledge = "mutation($id: ID!, $note: String) { acknowledgeAlert(input: { alert: $id, note: $note }) { \
        alert { id acknowledgedAt acknowledgedBy note resolvedAt } userErrors { code field } } }";
    let input = json!({ "id": alert["id"], "note": " called them " });
    let data = gateway.data(Role::Support, acknowledge, input.clone()).await;
    let done = &data["acknowledgeAlert"];
    assert_eq!(done["userErrors"], json!([]));
    assert_eq!(done["alert"]["acknowledgedBy"], json!("test-support"));
    assert_eq!(done["alert"]["note"], json!("called them"));
    assert!(done["alert"]["acknowledgedAt"].is_string() && done["alert"]["resolvedAt"].is_null());
    let noted = all_alerts(gateway, json!({ "acknowledged": true })).await;
    assert_eq!(ids(&noted), BTreeSet::from([alert["id"].as_str().unwrap().to_owned()]));
    let log = "{ auditLog(first: 1) { edges { node { subject role action detail } } } }";
    let log = gateway.all(log, json!({})).await;
    let entry = nodes(&log["auditLog"])[0].clone();
    assert_eq!(
        (&entry["subject"], &entry["action"]),
        (&json!("test-support"), &json!("acknowledge_alert"))
    );
    let (happened, _) = events(gateway, Value::Null).await;
    assert_eq!(happened.last().map(|(kind, _)| kind.as_str()), Some("ACKNOWLEDGED"));
    // Too long, unknown, malformed, not allowed.
    let long = json!({ "id": alert["id"], "note": "x".repeat(1_001) });
    let data = gateway.all(acknowledge, long).await;
    assert_eq!(data["acknowledgeAlert"]["userErrors"][0]["field"], json!("note"));
    let unknown = json!({ "id": format!("alert:{}", domain::RecordId(7)) });
    let data = gateway.all(acknowledge, unknown).await;
    assert_eq!(data["acknowledgeAlert"]["userErrors"][0]["code"], json!("NOT_FOUND"));
    let answer = gateway.ask(Role::Admin, acknowledge, json!({ "id": "7" })).await;
    assert_eq!(codes(&answer), ["BAD_USER_INPUT"]);
    let answer = gateway.ask(Role::Service, acknowledge, input).await;
    assert_eq!(codes(&answer), ["FORBIDDEN"]);
    let answer = gateway.ask(Role::Steward, ALERTS, json!({})).await;
    assert_eq!(codes(&answer), ["FORBIDDEN"]);
    // A customer's own, with one statement for all.
    let own = "query($id: ID!) { customer(by: { id: $id }) { alerts { totalCount edges { node { id } } } } }";
    let data = gateway.all(own, json!({ "id": alert["customerId"] })).await;
    let listed = &data["customer"]["alerts"];
    assert!(nodes(listed).iter().any(|one| one["id"] == alert["id"]), "{listed}");
    assert_eq!(listed["totalCount"], json!(nodes(listed).len()));
    let mut counts = Vec::new();
    for first in [1, 100] {
        let query = format!(
            "{{ customers(first: {first}) {{ edges {{ node {{ alerts(open: false) {{ totalCount edges {{ node {{ id }} }} }} }} }} }} }}"
        );
        counts.push(gateway.statements(gateway.all(&query, json!({}))).await.0);
    }
    assert_eq!(counts[0], counts[1]);
});

on_both_served!(a_person_who_leaves_a_customer_is_told, async |gateway: &Served| {
    let query = "{ customers(first: 100, filter: { kind: COMPANY, position: { gte: 3 } }) { edges { node { id \
                 people(first: 1) { edges { node { id } } } } } } }";
    let data = gateway.all(query, json!({})).await;
    let company = nodes(&data["customers"])
        .into_iter()
        .find(|one| one["people"]["edges"][0].is_object())
        .unwrap()
        .clone();
    let id = |value: &Value| value.as_str().unwrap().parse::<domain::ProfileId>().unwrap().0;
    let (firm, person) = (id(&company["id"]), id(&company["people"]["edges"][0]["node"]["id"]));
    let left = present().plus_days(-5).as_millis();
    let connection = Database::connect(&gateway.db.url).await.unwrap();
    let sql = format!(
        "UPDATE employment SET to_ms = {left} WHERE person_id = {person} AND company_id = {firm}"
    );
    let changed = connection.execute_unprepared(&sql).await.unwrap().rows_affected();
    connection.close().await.unwrap();
    assert_eq!(changed, 1);
    let jobs = &gateway.running.app().jobs;
    let filter = json!({ "preset": ["CHAMPION_LEFT"], "customer": company["id"], "open": true });
    let before = all_alerts(gateway, filter.clone()).await.len();
    for _ in 0..2 {
        at(jobs, 0).derive(false).await.unwrap();
        let told = all_alerts(gateway, filter.clone()).await;
        assert_eq!(told.len(), before + 1, "{told:?}");
        let one =
            told.iter().find(|a| a["occurredAt"] == json!(present().plus_days(-5).to_string()));
        assert!(one.unwrap()["evidence"][0].is_string(), "{told:?}");
    }
    // Long ago is no news.
    at(jobs, 200).derive(false).await.unwrap();
    assert_eq!(all_alerts(gateway, filter).await, Vec::<Value>::new());
});
