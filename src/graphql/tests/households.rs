//! Households and employments: what they answer, to whom, and in how many statements.

use super::seed::{DAY_ZERO, contact_record, customer};
use super::{World, codes};
use domain::{Code, HouseholdId, Role};
use entity::{employment, household, household_member};

fn home(id: i64) -> String {
    HouseholdId(id).to_string()
}

impl World {
    /// A household of these people, and a job of each at the company 500 and one before.
    async fn household(&self, id: i64, people: &[i64]) {
        self.put::<household::Entity, _>(vec![household::Model {
            id,
            name: Some(format!("Miller {id}")),
            street: Some("12 Elm Street".to_owned()),
            city: Some("Chicago".to_owned()),
            region: Some("IL".to_owned()),
            postal_code: Some("60614".to_owned()),
            country: Some("US".to_owned()),
            size: people.len() as i64,
            founded_at_ms: DAY_ZERO,
        }])
        .await;
        let with = |one: i64| people.iter().copied().find(|other| *other != one).unwrap_or(one);
        let member = |one: &i64| household_member::Model {
            profile_id: *one,
            household_id: id,
            since_ms: DAY_ZERO + one,
            with_id: with(*one),
            weight: 6.5,
            evidence: r#"[{"comparison":"address","level":"same house","weight":10.0}]"#.to_owned(),
        };
        self.put::<household_member::Entity, _>(people.iter().map(member).collect()).await;
        let job = |one: &i64, seq, company_id: Option<i64>, to_ms| employment::Model {
            person_id: *one,
            seq,
            company_id,
            company_name: Some("Acme".to_owned()),
            name_hash: None,
            from_ms: DAY_ZERO,
            to_ms,
            records: format!("[{}]", contact_record(*one).0),
        };
        let jobs = people
            .iter()
            .flat_map(|one| [job(one, 1, Some(500), None), job(one, 2, None, Some(DAY_ZERO + 1))]);
        self.put::<employment::Entity, _>(jobs.collect()).await;
    }
}

const ALL: &str =
    "household { id name size foundedAt address { street city postalCode region country }
    members { since weight with evidence customer { id displayName } } }
    employments { companyName from to current company { displayName } records { externalId } }";

#[tokio::test]
async fn a_person_has_a_household_and_employments_and_a_company_has_neither() {
    let world = World::new().await;
    for id in 1..=2 {
        world.person(id, 0).await;
    }
    world.company(500, &[1, 2]).await;
    world.household(7, &[1, 2]).await;
    let ask = |id: i64| format!("{{ customer(by: {{id: \"{}\"}}) {{ {ALL} }} }}", customer(id));
    let answer = world.data(Role::Support, &ask(1)).await;
    let one = &answer["customer"];
    assert_eq!(one["household"]["id"], home(7));
    assert_eq!(one["household"]["address"]["street"], "12 Elm Street");
    let members = one["household"]["members"].as_array().unwrap();
    assert_eq!(members.len(), 2);
    assert_eq!(members[0]["customer"]["id"], customer(1));
    assert_eq!(members[0]["with"], customer(2));
    assert_eq!(members[0]["evidence"][0]["level"], "same house");
    let jobs = one["employments"].as_array().unwrap();
    assert_eq!(jobs.len(), 2);
    assert_eq!((&jobs[0]["current"], &jobs[0]["to"]), (&true.into(), &serde_json::Value::Null));
    assert!(jobs[0]["company"]["displayName"].is_string());
    assert_eq!(jobs[0]["records"][0]["externalId"], "1");
    assert_eq!((&jobs[1]["current"], &jobs[1]["companyName"]), (&false.into(), &"Acme".into()));
    assert!(jobs[1]["company"].is_null() && jobs[1]["to"].is_string());
    let company = &world.data(Role::Support, &ask(500)).await["customer"];
    assert!(company["household"].is_null());
    assert_eq!(company["employments"], serde_json::json!([]));
}

#[tokio::test]
async fn roles_that_see_contact_details_masked_see_where_a_household_lives_but_not_the_street() {
    let world = World::new().await;
    world.person(1, 0).await;
    world.person(2, 0).await;
    world.household(7, &[1, 2]).await;
    let ask = format!(
        "{{ household(id: \"{}\") {{ name size address {{ street city postalCode region country }} }} }}",
        home(7)
    );
    for (role, full) in [
        (Role::Sales, true),
        (Role::Support, true),
        (Role::Steward, true),
        (Role::Admin, true),
        (Role::Finance, false),
        (Role::Service, false),
    ] {
        let answer = world.data(role, &ask).await;
        let address = &answer["household"]["address"];
        for field in ["street", "city", "postalCode"] {
            assert_eq!(address[field].is_string(), full, "{role:?} {field}");
        }
        assert_eq!((&address["region"], &address["country"]), (&"IL".into(), &"US".into()));
        assert_eq!(answer["household"]["name"], "Miller 7");
    }
}

#[tokio::test]
async fn a_household_is_found_by_its_id_and_as_a_node() {
    let world = World::new().await;
    world.person(1, 0).await;
    world.household(7, &[1]).await;
    let ask = format!(
        "{{ household(id: \"{id}\") {{ name }} gone: household(id: \"{}\") {{ name }} \
         node(id: \"{id}\") {{ id ... on Household {{ name }} }} }}",
        home(8),
        id = home(7),
    );
    let answer = world.data(Role::Sales, &ask).await;
    assert_eq!(answer["household"]["name"], "Miller 7");
    assert!(answer["gone"].is_null());
    assert_eq!(answer["node"]["name"], "Miller 7");
    let answer = world.ask(Role::Sales, "{ household(id: \"c_1\") { name } }").await;
    assert_eq!(codes(&answer), [Code::BadUserInput.as_str()]);
}

#[tokio::test]
async fn households_and_employments_take_as_many_statements_for_a_hundred_as_for_one() {
    let world = World::new().await;
    for id in 1..=100 {
        world.person(id, 0).await;
    }
    world.company(500, &(1..=100).collect::<Vec<_>>()).await;
    for house in 0..25 {
        world.household(1_000 + house, &(1..=4).map(|n| house * 4 + n).collect::<Vec<_>>()).await;
    }
    for (fields, expected) in [
        ("household { name }", 1),
        ("household { members { customer { displayName } } }", 2),
        ("employments { companyName }", 1),
        ("employments { company { displayName } records { id } }", 3),
        (ALL, 5),
    ] {
        let one = format!("{{ customer(by: {{id: \"{}\"}}) {{ {fields} }} }}", customer(1));
        let many = format!(
            "{{ customers(first: 100, filter: {{kind: PERSON}}) {{ edges {{ node {{ {fields} }} }} }} }}"
        );
        assert_eq!(world.statements(Role::Admin, &one).await, 1 + expected, "{fields}");
        assert_eq!(world.statements(Role::Admin, &many).await, 1 + expected, "{fields}");
    }
}
