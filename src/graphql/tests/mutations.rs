//! Mutations: abilities, payloads, user errors.

use super::{World, codes, seed::contact_record, seed::customer};
use domain::Role;
use serde_json::json;

fn merge() -> String {
    format!(
        "mutation {{ mergeCustomers(input: {{survivor: \"{}\", others: [\"{}\"]}}) {{ \
         customer {{ displayName }} userErrors {{ code message field }} }} }}",
        customer(1),
        customer(2)
    )
}

#[tokio::test]
async fn only_roles_with_the_ability_change_anything() {
    let world = World::new().await;
    world.person(1, 0).await;
    for role in [Role::Sales, Role::Support, Role::Finance, Role::Service] {
        let answer = world.ask(role, &merge()).await;
        assert_eq!(codes(&answer), ["FORBIDDEN"], "{role:?}");
        assert!(answer["data"]["mergeCustomers"].is_null());
    }
    assert!(world.actions.0.lock().unwrap().is_empty());
    for role in [Role::Steward, Role::Admin] {
        let answer = world.data(role, &merge()).await;
        assert_eq!(
            answer["mergeCustomers"],
            json!({"customer": {"displayName": "Ann 1"}, "userErrors": []})
        );
    }
    let asked = world.actions.0.lock().unwrap();
    assert_eq!(*asked, vec![format!("ann merges 1 into {}", customer(1)); 2]);
}

#[tokio::test]
async fn refusals_are_user_errors_and_wrong_ids_are_errors() {
    let world = World::new().await;
    world.person(1, 0).await;
    let split = format!(
        "mutation {{ splitCustomer(input: {{customer: \"{}\", records: []}}) {{ \
         customers {{ id }} userErrors {{ code message field }} }} }}",
        customer(1)
    );
    let answer = world.data(Role::Steward, &split).await;
    let error = &answer["splitCustomer"]["userErrors"][0];
    assert_eq!((&error["code"], &error["field"]), (&json!("INVALID"), &json!("records")));
    let stage = format!(
        "mutation {{ overrideStage(input: {{customer: \"{}\", stage: ADVOCACY, reason: \"r\"}}) {{ \
         customer {{ id }} userErrors {{ code }} }} }}",
        customer(1)
    );
    let answer = world.data(Role::Sales, &stage).await;
    assert_eq!(
        answer["overrideStage"],
        json!({"customer": null, "userErrors": [{"code": "CONFLICT"}]})
    );
    let wrong = merge().replace(&customer(2), "r_0000000000001");
    assert_eq!(codes(&world.ask(Role::Steward, &wrong).await), ["BAD_USER_INPUT"]);
}

#[tokio::test]
async fn decisions_and_syncs_reach_the_jobs() {
    let world = World::new().await;
    world.person(1, 0).await;
    let decide = format!(
        "mutation {{ decideReview(input: {{kind: PERSON, left: \"{}\", right: \"{}\", \
         verdict: DIFFERENT}}) {{ customers {{ displayName }} userErrors {{ code }} }} }}",
        contact_record(1),
        contact_record(2)
    );
    let answer = world.data(Role::Steward, &decide).await;
    assert_eq!(answer["decideReview"]["customers"], json!([{"displayName": "Ann 1"}]));
    assert_eq!(*world.actions.0.lock().unwrap(), ["different"]);
    let sync = "mutation { syncNow(source: \"stripe\") { sources userErrors { code } } }";
    assert_eq!(codes(&world.ask(Role::Steward, sync).await), ["FORBIDDEN"]);
    let answer = world.data(Role::Admin, sync).await;
    assert_eq!(answer["syncNow"], json!({"sources": ["stripe"], "userErrors": []}));
}

fn set_field(field: &str, value: &str) -> String {
    format!(
        "mutation {{ overrideField(input: {{customer: \"{}\", field: \"{field}\", value: {value}, \
         reason: \"she said so\"}}) {{ customer {{ displayName golden(fields: [\"region\"]) {{ \
         value rule override {{ by at reason }} }} }} userErrors {{ code message field }} }} }}",
        customer(1)
    )
}

#[tokio::test]
async fn a_field_is_set_and_cleared_by_those_who_decide_on_identity() {
    let world = World::new().await;
    world.person(1, 0).await;
    for role in [Role::Sales, Role::Support, Role::Finance, Role::Service] {
        let answer = world.ask(role, &set_field("region", "\"Hessen\"")).await;
        assert_eq!(codes(&answer), ["FORBIDDEN"], "{role:?}");
        assert!(answer["data"]["overrideField"].is_null());
    }
    assert!(world.actions.0.lock().unwrap().is_empty());
    for role in [Role::Steward, Role::Admin] {
        for value in ["\"Hessen\"", "null"] {
            let answer = world.data(role, &set_field("region", value)).await;
            assert_eq!(answer["overrideField"]["userErrors"], json!([]));
            assert_eq!(answer["overrideField"]["customer"]["displayName"], "Ann 1");
        }
    }
    let told = [
        "ann sets region to Hessen: she said so".to_owned(),
        "ann sets region to nothing: she said so".to_owned(),
    ];
    assert_eq!(*world.actions.0.lock().unwrap(), [told.clone(), told].concat());
    let answer = world.data(Role::Steward, &set_field("shoe_size", "\"44\"")).await;
    assert_eq!(
        answer["overrideField"],
        json!({"customer": null, "userErrors": [
            {"code": "INVALID", "message": "there is no such field", "field": "field"}]})
    );
}

#[tokio::test]
async fn provenance_says_who_set_a_field_and_hides_the_reason_from_masked_roles() {
    let world = World::new().await;
    world.person(1, 0).await;
    world.set_by_hand(1, "region", "Hessen").await;
    let query = format!(
        "{{ customer(by: {{id: \"{}\"}}) {{ golden(fields: [\"region\", \"given_name\"]) {{ \
         name value rule override {{ by at reason }} }} }} }}",
        customer(1)
    );
    let given = json!({"name": "given_name", "value": "Ann", "rule": "only", "override": null});
    for (role, reason) in [
        (Role::Steward, json!("she moved")),
        (Role::Sales, json!("she moved")),
        (Role::Finance, json!(null)),
        (Role::Service, json!(null)),
    ] {
        let answer = world.data(role, &query).await;
        let region = json!({"name": "region", "value": "Hessen", "rule": "override",
            "override": {"by": "sam", "at": "2026-01-01T00:00:00Z", "reason": reason}});
        assert_eq!(answer["customer"]["golden"], json!([given, region]), "{role:?}");
    }
}
