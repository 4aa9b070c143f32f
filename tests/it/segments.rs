//! Segments and personas of the configuration: lists, filters, rollups, and answers of then.

use crate::database::TestDb;
use crate::served::{Served, nodes, synced_postgres, synced_sqlite};
use customer360::http::explorer::ExplorerConfig;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const RULES: &str = "[segmentation]\nversion = \"7\"\n\
    [[segmentation.segments]]\nname = \"paying\"\n\
    when = { all = [{ field = \"payments\", min = 1 }, { field = \"business_model\", any_of = [\"b2b\"] }] }\n\
    [[segmentation.segments]]\nname = \"in_billing\"\nwhen = { field = \"source\", any_of = [\"stripe\"] }\n\
    [[segmentation.personas]]\nname = \"known_by_support\"\nwhen = { field = \"tickets\", min = 1 }\n";

const GROUPS: &str = "query($asOf: DateTime, $knownAt: DateTime, $after: String) { \
    customers(first: 200, after: $after) { pageInfo { hasNextPage endCursor } edges { node { id kind segment \
      segments(asOf: $asOf, knownAt: $knownAt) persona(asOf: $asOf, knownAt: $knownAt) \
      numbers { paymentCount { value } ticketCount { value } } } } } }";

async fn all_of(gateway: &Served, variables: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let mut variables = variables.clone();
    loop {
        let data = gateway.all(GROUPS, variables.clone()).await;
        let page = &data["customers"];
        for one in nodes(page) {
            found.insert(one["id"].as_str().unwrap().to_owned(), one.clone());
        }
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            return found;
        }
        variables["after"] = page["pageInfo"]["endCursor"].clone();
    }
}

async fn segments_are_told(db: TestDb) {
    let gateway = Served::start_with(db, RULES, |_| ExplorerConfig::default()).await;
    let before = gateway.all("{ rollups { meta { knownAt } } }", json!({})).await;
    let before = &before["rollups"]["meta"]["knownAt"];
    gateway.running.app().jobs.derive(false).await.unwrap();
    let plain = all_of(&gateway, &json!({})).await;
    let (mut paying, mut known) = (0, 0);
    for one in plain.values() {
        let segments: Vec<&str> =
            one["segments"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert_eq!(one["segment"].as_str(), segments.first().copied(), "{one}");
        let size = *segments.last().unwrap();
        assert!(["consumer", "small", "medium", "large", "unknown"].contains(&size), "{one}");
        let pays = one["numbers"]["paymentCount"]["value"].as_i64().unwrap() > 0;
        assert_eq!(segments.contains(&"paying"), pays && size != "consumer", "{one}");
        let tickets = one["numbers"]["ticketCount"]["value"].as_i64().unwrap() > 0;
        let named = one["persona"] == json!("known_by_support");
        assert_eq!(named, tickets && one["kind"] == json!("PERSON"), "{one}");
        paying += usize::from(segments.contains(&"paying"));
        known += usize::from(named);
    }
    assert!(paying > 10 && known > 10, "{paying} {known}");
    // The filter finds every member, also those whose main segment is another one.
    let count =
        "query($filter: CustomerFilter) { customers(first: 1, filter: $filter) { totalCount } }";
    for (filter, name) in [
        (json!({ "segment": ["in_billing"] }), "in_billing"),
        (json!({ "segment": ["small"] }), "small"),
    ] {
        let counted = gateway.all(count, json!({ "filter": filter })).await;
        let has = |one: &&Value| one["segments"].as_array().unwrap().contains(&json!(name));
        assert_eq!(counted["customers"]["totalCount"], json!(plain.values().filter(has).count()));
    }
    let counted =
        gateway.all(count, json!({ "filter": { "persona": ["known_by_support"] } })).await;
    assert_eq!(counted["customers"]["totalCount"], json!(known));
    // Rollups split by the main segment; the parts sum to the total.
    let rollup = "{ rollups(by: [SEGMENT], currency: \"EUR\") { rows { segment newCustomers { value } } } \
                  total: rollups(currency: \"EUR\") { rows { newCustomers { value } } } }";
    let data = gateway.all(rollup, json!({})).await;
    let rows = data["rollups"]["rows"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["segment"] == json!("paying")), "{data:#}");
    let of = |row: &Value| row["newCustomers"]["value"].as_i64().unwrap();
    assert_eq!(rows.iter().map(of).sum::<i64>(), of(&data["total"]["rows"][0]));
    // Asked again as of the times of the answer, it is the same, whatever the rules are later.
    let id = plain.keys().next().unwrap();
    let times = "query($id: ID!) { customer(by: { id: $id }) { stage { asOf knownAt } } }";
    let told = gateway.all(times, json!({ "id": id })).await;
    let told = &told["customer"]["stage"];
    let again = json!({ "asOf": told["asOf"], "knownAt": told["knownAt"] });
    let same = |a: &BTreeMap<String, Value>, b: &BTreeMap<String, Value>| {
        for (id, one) in a {
            for field in ["segments", "persona"] {
                assert_eq!(one[field], b[id][field], "{id} {field}");
            }
        }
    };
    same(&plain, &all_of(&gateway, &again).await);
    let db = gateway.running.app().store.clone();
    let mut jobs = gateway.running.app().jobs.clone();
    jobs.segmentation = std::sync::Arc::default();
    jobs.derive(false).await.unwrap();
    let none = all_of(&gateway, &json!({})).await;
    assert!(none.values().all(|one| one["segments"].as_array().unwrap().len() == 1));
    assert!(none.values().all(|one| one["persona"].is_null()));
    same(&plain, &all_of(&gateway, &again).await);
    let sized = all_of(&gateway, &json!({ "knownAt": before })).await;
    same(&none, &sized);
    // As many statements for a hundred as for one, now and then.
    for variables in [json!({}), again] {
        let mut counts = Vec::new();
        for first in [1, 100] {
            let query = format!(
                "query($asOf: DateTime, $knownAt: DateTime) {{ customers(first: {first}) {{ edges {{ node {{ \
                 segments(asOf: $asOf, knownAt: $knownAt) persona(asOf: $asOf, knownAt: $knownAt) }} }} }} }}"
            );
            let before = db.statement_count();
            gateway.all(&query, variables.clone()).await;
            counts.push(db.statement_count() - before);
        }
        assert_eq!(counts[0], counts[1], "{variables}");
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_are_told_on_sqlite() {
    segments_are_told(synced_sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_are_told_on_postgres() {
    if let Some(db) = synced_postgres().await {
        segments_are_told(db).await;
    }
}
