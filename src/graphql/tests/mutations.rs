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
