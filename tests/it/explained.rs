//! Why customers are one and why they are two, who decided so, and that a decision takes effect at
//! once: over HTTP, on both databases.

use crate::database::TestDb;
use crate::served::{Served, codes, nodes, on_both_served};
use domain::Role;
use serde_json::{Value, json};

const WATERFALL: &str = "weight waterfall { comparison level weight total termFrequency }";

/// Bars that add up to the weight beside them, the prior first.
fn adds_up(told: &Value) {
    let bars = told["waterfall"].as_array().unwrap();
    let number = |value: &Value| value.as_f64().unwrap();
    let sum: f64 = bars.iter().map(|bar| number(&bar["weight"])).sum();
    assert!((sum - number(&told["weight"])).abs() < 0.1, "{told:#}");
    assert!((number(&bars.last().unwrap()["total"]) - sum).abs() < 1e-6, "{told:#}");
    assert!(bars.iter().all(|bar| bar["level"].as_str().is_some_and(|l| !l.is_empty())));
    let shares = bars.iter().filter_map(|bar| bar["termFrequency"].as_f64());
    assert!(shares.clone().all(|share| share > 0.0 && share <= 1.0), "{told:#}");
}

on_both_served!(
    every_join_has_its_waterfall_and_its_place_in_the_tree,
    async |gateway: &Served| {
        let query = format!(
            "{{ customers(first: 200) {{ edges {{ node {{ sourceRecords {{ totalCount }} identity {{ joins {{ \
         step rule probability leftStep rightStep leftCount rightCount left {{ id }} right {{ id }} {WATERFALL} }} }} }} }} }} }}"
        );
        let customers = gateway.data(Role::Steward, &query, json!({})).await;
        let (mut weighed, mut frequent) = (0, 0);
        for customer in nodes(&customers["customers"]) {
            let joins = customer["identity"]["joins"].as_array().unwrap();
            let records = customer["sourceRecords"]["totalCount"].as_i64().unwrap();
            assert_eq!(joins.len() as i64, records - 1, "{customer:#}");
            for (at, join) in joins.iter().enumerate() {
                assert_eq!(join["step"], at as i64 + 1);
                for side in ["leftStep", "rightStep"] {
                    assert!(join[side].as_i64().is_none_or(|step| step <= at as i64), "{join}");
                }
                if join["rule"] == "match_weight" {
                    weighed += 1;
                    assert_eq!(join["waterfall"][0]["comparison"], "prior", "{join:#}");
                    let shown = |bar: &Value| bar["termFrequency"].is_number();
                    frequent +=
                        usize::from(join["waterfall"].as_array().unwrap().iter().any(shown));
                }
                adds_up(join);
                let probability = join["probability"].as_f64().unwrap();
                assert!((0.0..=1.0).contains(&probability), "{join}");
            }
            if let Some(last) = joins.last() {
                let count = |side: &str| last[side].as_i64().unwrap();
                assert_eq!(count("leftCount") + count("rightCount"), records, "{customer:#}");
            }
        }
        assert!(weighed > 10 && frequent > 10, "{weighed} weighed, {frequent} with a frequency");
    }
);

on_both_served!(a_decision_is_in_force_told_and_attributed_at_once, async |gateway: &Served| {
    let list = format!(
        "{{ reviews(first: 100, kind: PERSON) {{ edges {{ node {{ id reason reasonText score priority \
         leftRecordCount rightRecordCount {WATERFALL} left {{ id }} right {{ id }} \
         leftCustomer {{ id sourceRecords {{ totalCount }} }} rightCustomer {{ id sourceRecords {{ totalCount }} }} }} }} }} }}"
    );
    let waiting = gateway.data(Role::Steward, &list, json!({})).await["reviews"].take();
    let pairs = nodes(&waiting);
    let priorities: Vec<f64> = pairs.iter().map(|p| p["priority"].as_f64().unwrap()).collect();
    assert!(priorities.is_sorted_by(|a, b| a >= b), "{priorities:?}");
    for pair in &pairs {
        adds_up(pair);
        assert!(pair["reasonText"].as_str().unwrap().len() > 10);
        for side in ["left", "right"] {
            let count = &pair[format!("{side}Customer")]["sourceRecords"]["totalCount"];
            assert_eq!(&pair[format!("{side}RecordCount")], count, "{pair:#}");
        }
    }
    let apart = |pair: &&&Value| pair["leftCustomer"]["id"] != pair["rightCustomer"]["id"];
    let pair = *pairs.iter().find(apart).expect("a pair of two customers waits");
    let (one, other) = (&pair["leftCustomer"]["id"], &pair["rightCustomer"]["id"]);
    let decide = "mutation($input: DecideReviewInput!) { decideReview(input: $input) { \
        customers { id } userErrors { message } } }";
    let input = |verdict: &str| {
        json!({ "input": { "kind": "PERSON", "left": pair["left"]["id"],
                           "right": pair["right"]["id"], "verdict": verdict } })
    };
    let why = "query($a: ID!, $b: ID!) { whyNot(a: $a, b: $b) { same text cutoff a { id } b { id } \
        obstacles { reason probability weight waterfall { comparison level weight total termFrequency } } \
        decisions { verdict by } } }";
    let ids = json!({ "a": one, "b": other });
    let told = gateway.data(Role::Steward, why, ids.clone()).await["whyNot"].take();
    assert_eq!((&told["same"], &told["decisions"]), (&json!(false), &json!([])));
    assert!(!told["obstacles"].as_array().unwrap().is_empty(), "{told:#}");
    for obstacle in told["obstacles"].as_array().unwrap() {
        assert_ne!(obstacle["reason"], "DECIDED");
        if !obstacle["waterfall"].as_array().unwrap().is_empty() {
            adds_up(obstacle);
        }
    }

    // Unsure: it leaves the queue, and nothing else changes.
    let done = gateway.data(Role::Steward, decide, input("UNSURE")).await["decideReview"].take();
    assert_eq!(done["userErrors"], json!([]), "{done}");
    assert_eq!(done["customers"].as_array().unwrap().len(), 2, "{done}");
    let after = gateway.data(Role::Steward, &list, json!({})).await["reviews"].take();
    assert!(nodes(&after).iter().all(|left| left["id"] != pair["id"]), "it waits no more");
    let told = gateway.data(Role::Steward, why, ids.clone()).await["whyNot"].take();
    assert_eq!(told["decisions"], json!([{ "verdict": "UNSURE", "by": "test-steward" }]));

    // The same: one customer now, by that decision and nobody else's.
    let done = gateway.data(Role::Steward, decide, input("SAME")).await["decideReview"].take();
    let survivor = done["customers"][0]["id"].clone();
    assert_eq!(done["customers"].as_array().unwrap().len(), 1, "{done}");
    let told = gateway.data(Role::Steward, why, ids.clone()).await["whyNot"].take();
    assert_eq!((&told["same"], &told["obstacles"]), (&json!(true), &json!([])), "{told:#}");
    let history = "query($id: ID!) { customer(by: { id: $id }) { identity { \
        events { action from into other cause { subject role action detail } } \
        decisions { verdict by at left { id } right { id } } joins { rule probability } } } }";
    let identity = async || {
        let id = json!({ "id": survivor });
        let mut data = gateway.data(Role::Steward, history, id).await;
        data["customer"]["identity"].take()
    };
    let told = identity().await;
    let merged = &told["events"][0];
    assert_eq!((&merged["action"], &merged["into"]), (&json!("merged"), &survivor), "{told:#}");
    assert_eq!(merged["cause"]["subject"], "test-steward");
    assert_eq!(merged["cause"]["detail"]["verdict"], "same");
    let pair_of = |decision: &Value| {
        [&pair["left"]["id"], &pair["right"]["id"]]
            .iter()
            .all(|id| [&decision["left"]["id"], &decision["right"]["id"]].contains(id))
    };
    let decisions = told["decisions"].as_array().unwrap();
    assert_eq!(decisions.len(), 1, "the last verdict counts: {decisions:?}");
    assert!(pair_of(&decisions[0]) && decisions[0]["verdict"] == "SAME", "{decisions:?}");
    assert!(told["joins"].as_array().unwrap().iter().any(|join| join["rule"] == "steward"));
    let founded = told["events"].as_array().unwrap().iter().filter(|e| e["action"] == "created");
    assert!(founded.clone().all(|event| event["cause"].is_null()), "records found themselves");

    // Different: two again, each with its id.
    let done = gateway.data(Role::Steward, decide, input("DIFFERENT")).await["decideReview"].take();
    let mut now: Vec<&Value> =
        done["customers"].as_array().unwrap().iter().map(|c| &c["id"]).collect();
    let mut before = vec![one, other];
    now.sort_by_key(|id| id.to_string());
    before.sort_by_key(|id| id.to_string());
    assert_eq!(now, before);
    let told = gateway.data(Role::Steward, why, ids).await["whyNot"].take();
    assert_eq!(told["obstacles"][0]["reason"], "DECIDED", "{told:#}");
    assert_eq!(told["decisions"], json!([{ "verdict": "DIFFERENT", "by": "test-steward" }]));
    let told = identity().await;
    let parted = &told["events"][0];
    assert_ne!(parted["action"], "merged", "{told:#}");
    assert_eq!(parted["cause"]["detail"]["verdict"], "different", "{told:#}");
});

on_both_served!(why_not_is_for_those_who_see_identity, async |gateway: &Served| {
    let list = "{ customers(first: 1, filter: { kind: PERSON }) { edges { node { id } } } \
        companies: customers(first: 1, filter: { kind: COMPANY }) { edges { node { id } } } }";
    let data = gateway.data(Role::Steward, list, json!({})).await;
    let id = |list: &str| nodes(&data[list])[0]["id"].clone();
    let why = "query($a: ID!, $b: ID!) { whyNot(a: $a, b: $b) { same text obstacles { reason } } }";
    let both = json!({ "a": id("customers"), "b": id("companies") });
    for role in Role::ALL.iter().copied() {
        let answer = gateway.ask(role, why, both.clone()).await;
        if [Role::Steward, Role::Admin].contains(&role) {
            let told = &answer["data"]["whyNot"];
            assert_eq!(told["text"], "One is a person, the other a company.", "{answer}");
            assert_eq!((&told["same"], &told["obstacles"]), (&json!(false), &json!([])));
        } else {
            assert_eq!(codes(&answer), ["FORBIDDEN"], "{role:?}: {answer}");
        }
    }
    let nobody = json!({ "a": id("customers"), "b": "c_0000000000000" });
    assert!(gateway.data(Role::Steward, why, nobody).await["whyNot"].is_null());
});

#[tokio::test(flavor = "multi_thread")]
async fn before_anything_was_learnt_two_customers_are_still_compared() {
    let db = crate::served::synced_sqlite().await;
    let people = crate::dump::dump_tables(&db.url, |table| table == "profile").await;
    let people: Vec<domain::ProfileId> = people["profile"]
        .iter()
        .filter(|row| row.split('|').nth(1) == Some("person"))
        .take(2)
        .map(|row| domain::ProfileId(row.split('|').next().unwrap().parse().unwrap()))
        .collect();
    let rules = identity::Rules::default();
    let learnt = jobs::why_not(&db.store, &rules, people[0], people[1]).await.unwrap();
    forget_models(&db).await;
    let usual = jobs::why_not(&db.store, &rules, people[0], people[1]).await.unwrap();
    assert_eq!((learnt.a, learnt.b), (usual.a, usual.b));
    assert!(!learnt.obstacles.is_empty() && !usual.obstacles.is_empty());
}

async fn forget_models(db: &TestDb) {
    use sea_orm::{ConnectionTrait, Database};
    let connection = Database::connect(&db.url).await.unwrap();
    connection.execute_unprepared("DELETE FROM identity_model").await.unwrap();
    connection.close().await.unwrap();
}
