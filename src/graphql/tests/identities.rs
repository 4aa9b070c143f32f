//! Why customers are one, why they are two, and the queue of pairs in between.

use super::{World, codes, seed};
use domain::{RecordId, Role};
use entity::{audit_entry, decision, explanation, identity_cause, identity_event, review};
use sea_orm::{ActiveValue, EntityTrait};
use seed::{DAY_ZERO, contact_record, customer};
use serde_json::{Value, json};

impl World {
    /// What somebody decided on the contacts of two people.
    pub(crate) async fn decided(&self, one: i64, other: i64, verdict: &str, by: &str) {
        let (one, other) = (contact_record(one), contact_record(other));
        self.put::<decision::Entity, _>(vec![decision::Model {
            kind: "person".to_owned(),
            left_id: one.min(other).0,
            right_id: one.max(other).0,
            verdict: verdict.to_owned(),
            decided_by: by.to_owned(),
            decided_at_ms: DAY_ZERO + one.0.rem_euclid(1_000),
        }])
        .await;
    }

    /// Further records of a person, joined in this order.
    async fn joined(&self, id: i64, joins: &[(i64, i64, f64)]) {
        explanation::Entity::delete_many().exec(&self.db).await.unwrap();
        let row = |(left, right, weight): &(i64, i64, f64)| explanation::Model {
            profile_id: id,
            left_id: *left,
            right_id: *right,
            rule_id: "match_weight".to_owned(),
            weight: *weight,
            evidence: seed::evidence(id),
        };
        self.put::<explanation::Entity, _>(joins.iter().map(row).collect()).await;
    }

    /// An event in the history of ids, and the entry of the audit log that caused it.
    async fn happened(&self, action: &str, profile: i64, other: Option<i64>, cause: Option<i64>) {
        let event = identity_event::ActiveModel {
            id: ActiveValue::NotSet,
            at_ms: ActiveValue::Set(DAY_ZERO + 5),
            action: ActiveValue::Set(action.to_owned()),
            profile_id: ActiveValue::Set(profile),
            other_id: ActiveValue::Set(other),
            record_id: ActiveValue::Set(None),
        };
        let event = identity_event::Entity::insert(event).exec(&self.db).await.unwrap();
        let rows = cause
            .map(|audit_id| identity_cause::Model { event_id: event.last_insert_id, audit_id });
        self.put::<identity_cause::Entity, _>(rows.into_iter().collect()).await;
    }
}

fn identity(fields: &str) -> String {
    format!("{{ customer(by: {{id: \"{}\"}}) {{ identity {{ {fields} }} }} }}", customer(1))
}

#[tokio::test]
async fn joins_are_a_tree_with_waterfalls_that_add_up() {
    let world = World::new().await;
    world.person(1, 0).await;
    world.joined(1, &[(10, 11, 8.0), (12, 13, 40.0), (11, 12, 2.5), (9, 10, 1.0)]).await;
    let fields = "joins { step leftStep rightStep leftCount rightCount rule weight probability \
        waterfall { comparison level weight total termFrequency identifier { kind value } } }";
    let data = world.data(Role::Steward, &identity(fields)).await;
    let joins = data["customer"]["identity"]["joins"].as_array().unwrap();
    let tree: Vec<Value> = joins
        .iter()
        .map(|j| {
            json!([
                j["step"],
                j["weight"],
                j["leftStep"],
                j["leftCount"],
                j["rightStep"],
                j["rightCount"]
            ])
        })
        .collect();
    assert_eq!(
        tree,
        [
            json!([1, 40.0, null, 1, null, 1]),
            json!([2, 8.0, null, 1, null, 1]),
            json!([3, 2.5, 2, 2, 1, 2]),
            json!([4, 1.0, null, 1, 3, 4]),
        ]
    );
    assert!((joins[2]["probability"].as_f64().unwrap() - 0.849_778).abs() < 1e-6);
    assert_eq!(
        joins[0]["waterfall"],
        json!([
            {"comparison": "prior", "level": "two random records", "weight": -12.25,
             "total": -12.25, "termFrequency": null, "identifier": null},
            {"comparison": "email", "level": "exact", "weight": 21.75, "total": 9.5,
             "termFrequency": 0.0005,
             "identifier": {"kind": "EMAIL", "value": "ann.1@nordwind.io"}},
        ])
    );
}

#[tokio::test]
async fn shared_values_are_masked_as_contact_details_are() {
    let world = World::new().await;
    world.person(1, 0).await;
    // Every role that sees identity today sees contact details in full; the rule is the store's.
    let finance = domain::Principal { subject: "f".to_owned(), role: Role::Finance }.scope();
    let email = domain::Identifier::new(domain::IdentifierKind::Email, "ann@nordwind.io");
    let bar = store::read::EvidenceBar {
        comparison: "email".to_owned(),
        level: "exact".to_owned(),
        weight: 1.0,
        term_frequency: None,
        identifier: Some(email.clone()),
    };
    let shown = |scope| bar.clone().shown(scope).identifier.unwrap().value.expose().to_owned();
    assert_eq!(shown(&finance), "a***@nordwind.io");
    assert_eq!(shown(&domain::Scope::system()), "ann@nordwind.io");
    assert!(!format!("{bar:?}").contains("nordwind"), "values do not print");
    for role in Role::ALL.iter().copied() {
        let before = world.store.statement_count();
        let answer =
            world.ask(role, &identity("joins { waterfall { identifier { value } } }")).await;
        let value = answer.pointer("/data/customer/identity/joins/0/waterfall/1/identifier/value");
        if [Role::Steward, Role::Admin].contains(&role) {
            assert_eq!(value, Some(&json!("ann.1@nordwind.io")));
        } else {
            assert_eq!((codes(&answer), value), (vec!["FORBIDDEN".to_owned()], None), "{role:?}");
            assert_eq!(world.store.statement_count() - before, 1, "nothing of it is fetched");
        }
    }
}

#[tokio::test]
async fn decisions_say_who_decided_what_when() {
    let world = World::new().await;
    for id in 1..=3 {
        world.person(id, 0).await;
    }
    world.decided(1, 2, "different", "sam").await;
    world.decided(1, 3, "unsure", "kim").await;
    world.decided(2, 3, "same", "ann").await;
    let fields = "decisions { verdict by at left { externalId } right { externalId } \
        leftCustomer { id } rightCustomer { id } }";
    let data = world.data(Role::Steward, &identity(fields)).await;
    let decisions = data["customer"]["identity"]["decisions"].as_array().unwrap();
    let mut told: Vec<(&str, &str)> = decisions
        .iter()
        .map(|d| (d["by"].as_str().unwrap(), d["verdict"].as_str().unwrap()))
        .collect();
    told.sort_unstable();
    assert_eq!(told, [("kim", "UNSURE"), ("sam", "DIFFERENT")]);
    let times: Vec<&str> = decisions.iter().map(|d| d["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "the latest first: {times:?}");
    for decision in decisions {
        let sides = [&decision["leftCustomer"]["id"], &decision["rightCustomer"]["id"]];
        assert!(sides.contains(&&json!(customer(1))), "{decision}");
        assert_ne!(sides[0], sides[1]);
    }
}

#[tokio::test]
async fn the_history_shows_both_sides_of_a_merge_and_who_caused_it() {
    let world = World::new().await;
    world.person(1, 0).await;
    let audit = audit_entry::ActiveModel {
        id: ActiveValue::NotSet,
        at_ms: ActiveValue::Set(DAY_ZERO + 4),
        subject: ActiveValue::Set("sam".to_owned()),
        role: ActiveValue::Set("steward".to_owned()),
        action: ActiveValue::Set("merge".to_owned()),
        detail: ActiveValue::Set("{\"profiles\":[]}".to_owned()),
    };
    let audit = audit_entry::Entity::insert(audit).exec(&world.db).await.unwrap().last_insert_id;
    world.happened("merged", 7, Some(1), Some(audit)).await;
    world.happened("split", 1, Some(8), None).await;
    world.happened("merged", 5, Some(6), None).await;
    let fields = "events { action from into other at cause { subject action role } }";
    let data = world.data(Role::Steward, &identity(fields)).await;
    let id = |id: i64| json!(customer(id));
    let events = &data["customer"]["identity"]["events"];
    let brief: Vec<Value> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|e| json!([e["action"], e["from"], e["into"], e["other"], e["cause"]]))
        .collect();
    let cause = json!({"subject": "sam", "action": "merge", "role": "steward"});
    assert_eq!(
        brief,
        [
            json!(["split", id(1), id(8), id(8), null]),
            json!(["merged", id(7), id(1), id(7), cause]),
            json!(["created", null, id(1), null, null]),
        ]
    );
}

#[tokio::test]
async fn the_queue_is_ordered_by_priority_filtered_and_walked_page_by_page() {
    let world = World::new().await;
    for id in 1..=4 {
        world.person(id, 0).await;
    }
    let row = |id: i64, reason: &str, kind: &str, score: f64, priority: f64| review::Model {
        id,
        kind: kind.to_owned(),
        left_id: contact_record(1).0,
        right_id: contact_record(2).0,
        score,
        reason: reason.to_owned(),
        evidence: seed::evidence(1),
        created_at_ms: DAY_ZERO,
        priority,
    };
    world
        .put::<review::Entity, _>(vec![
            row(1, "grey", "person", 0.5, 1.0),
            row(2, "names_conflict", "person", 0.99, 2.5),
            row(3, "grey", "company", 0.9, 0.1 + 0.2),
            row(4, "unique_source", "person", 0.2, 1.0),
        ])
        .await;
    let found = async |arguments: &str| -> Vec<String> {
        let document =
            format!("{{ reviews{arguments} {{ totalCount edges {{ node {{ id }} }} }} }}");
        let data = world.data(Role::Steward, &document).await;
        let edges = data["reviews"]["edges"].as_array().unwrap().clone();
        assert_eq!(data["reviews"]["totalCount"], edges.len(), "{arguments}");
        edges.iter().map(|e| e["node"]["id"].as_str().unwrap().to_owned()).collect()
    };
    let ids = |ids: &[i64]| -> Vec<String> {
        ids.iter().map(|id| format!("review:{}", RecordId(*id))).collect()
    };
    assert_eq!(found("").await, ids(&[2, 4, 1, 3]));
    assert_eq!(found("(kind: PERSON)").await, ids(&[2, 4, 1]));
    assert_eq!(found("(reason: GREY)").await, ids(&[1, 3]));
    assert_eq!(found("(reason: [GREY, UNIQUE_SOURCE, GREY])").await, ids(&[4, 1, 3]));
    assert_eq!(found("(minScore: 0.9)").await, ids(&[2, 3]));
    assert_eq!(found("(minScore: 0.5, reason: [GREY], kind: COMPANY)").await, ids(&[3]));
    assert_eq!(found("(reason: [])").await, ids(&[2, 4, 1, 3]));
    let answer = world.ask(Role::Steward, "{ reviews(minScore: 1.5) { totalCount } }").await;
    assert_eq!(codes(&answer), ["BAD_USER_INPUT"]);
    let mut walked = Vec::new();
    let mut after = String::new();
    loop {
        let document = format!(
            "{{ reviews(first: 1, reason: [GREY, NAMES_CONFLICT]{after}) {{ \
             pageInfo {{ hasNextPage endCursor }} edges {{ node {{ id }} }} }} }}"
        );
        let mut data = world.data(Role::Steward, &document).await;
        let page = data["reviews"].take();
        walked.push(page["edges"][0]["node"]["id"].as_str().unwrap().to_owned());
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = format!(", after: \"{}\"", page["pageInfo"]["endCursor"].as_str().unwrap());
    }
    assert_eq!(walked, ids(&[2, 1, 3]));
}

#[tokio::test]
async fn a_review_says_what_it_is_about() {
    let world = World::new().await;
    for id in 1..=3 {
        world.person(id, 0).await;
    }
    world.operations().await;
    world.decided(1, 2, "unsure", "kim").await;
    world.decided(1, 3, "different", "kim").await;
    let fields = "reason reasonText score priority weight leftRecordCount rightRecordCount \
        waterfall { comparison total } left { externalId } right { externalId } \
        leftCustomer { id sourceRecords { edges { node { id } } } } rightCustomer { id } \
        decisions { by verdict }";
    let document =
        |first: u32| format!("{{ reviews(first: {first}) {{ edges {{ node {{ {fields} }} }} }} }}");
    let data = world.data(Role::Steward, &document(1)).await;
    let review = &data["reviews"]["edges"][0]["node"];
    assert_eq!(review["reason"], "GREY");
    assert_eq!(review["reasonText"], identity::ReviewReason::Grey.sentence());
    assert_eq!(review["score"], 0.9);
    assert_eq!(review["weight"], 9.5);
    assert_eq!((&review["leftRecordCount"], &review["rightRecordCount"]), (&json!(1), &json!(1)));
    assert_eq!(review["waterfall"][1], json!({"comparison": "email", "total": 9.5}));
    // The other decision is none between these two.
    assert_eq!(review["decisions"], json!([{"by": "kim", "verdict": "UNSURE"}]));
    let one = world.statements(Role::Steward, &document(1)).await;
    assert_eq!(one, 6, "queue, records, customers, their records, counts, decisions");
    assert_eq!(world.statements(Role::Steward, &document(4)).await, one);
}

#[tokio::test]
async fn why_not_answers_stewards_and_nobody_else() {
    let world = World::new().await;
    world.person(1, 0).await;
    world.person(2, 0).await;
    world.decided(1, 2, "unsure", "kim").await;
    let document = |a: i64, b: i64| {
        format!(
            "{{ whyNot(a: \"{}\", b: \"{}\") {{ a {{ displayName }} b {{ displayName }} same text cutoff \
             obstacles {{ reason reasonText weight probability left {{ externalId }} right {{ externalId }} \
             waterfall {{ comparison weight total identifier {{ kind value }} }} }} \
             decisions {{ by verdict }} }} }}",
            customer(a),
            customer(b)
        )
    };
    let mut data = world.data(Role::Steward, &document(1, 2)).await;
    let answer = data["whyNot"].take();
    assert_eq!(
        (&answer["a"]["displayName"], &answer["b"]["displayName"]),
        (&json!("Ann 1"), &json!("Ann 2"))
    );
    assert_eq!((&answer["same"], &answer["cutoff"]), (&json!(false), &json!(6.0)));
    let obstacle = &answer["obstacles"][0];
    assert_eq!(obstacle["reason"], "TOO_LITTLE");
    assert_eq!(obstacle["reasonText"], identity::Apart::TooLittle.sentence());
    assert_eq!(answer["text"], obstacle["reasonText"]);
    assert_eq!(
        obstacle["waterfall"][1],
        json!({"comparison": "email", "weight": 10.0, "total": 1.5,
               "identifier": {"kind": "EMAIL", "value": "ann@nordwind.io"}})
    );
    assert_eq!(
        (&obstacle["left"]["externalId"], &obstacle["right"]["externalId"]),
        (&json!("1"), &json!("2"))
    );
    assert_eq!(answer["decisions"], json!([{"by": "kim", "verdict": "UNSURE"}]));
    let data = world.data(Role::Steward, &document(1, 1)).await;
    assert_eq!((&data["whyNot"]["same"], &data["whyNot"]["obstacles"]), (&json!(true), &json!([])));
    assert!(world.data(Role::Steward, &document(1, 404)).await["whyNot"].is_null());
    for role in [Role::Sales, Role::Support, Role::Finance, Role::Service] {
        assert_eq!(world.statements(role, &document(1, 2)).await, 0);
        assert_eq!(codes(&world.ask(role, &document(1, 2)).await), ["FORBIDDEN"]);
    }
    let wrong = document(1, 2).replace(&customer(2), "r_0000000000001");
    assert_eq!(codes(&world.ask(Role::Steward, &wrong).await), ["BAD_USER_INPUT"]);
}
