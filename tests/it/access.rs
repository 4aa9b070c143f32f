//! Who sees what and who may do what, over HTTP with signed tokens, held to the one table in
//! `domain::Scope` and to what the README prints of it.

use crate::served::{SECRET, Served, codes, nodes, synced_sqlite, token, token_with};
use crate::support::root;
use domain::{Ability, Access, Area, Principal, Role, Scope};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn scope(role: Role) -> Scope {
    Principal { subject: "t".into(), role }.scope()
}

/// How something of an area is asked for, and where it stands in the answer.
const QUESTIONS: [(Area, &str, &[&str]); 10] = [
    (Area::ContactDetails, "email phone", &["email", "phone"]),
    (Area::Deals, "deals(first: 1) { totalCount }", &["deals"]),
    (
        Area::Support,
        "tickets(first: 1) { totalCount } surveyResponses(first: 1) { totalCount }",
        &["tickets", "surveyResponses"],
    ),
    (Area::Subscriptions, "subscriptions(first: 1) { totalCount }", &["subscriptions"]),
    (
        Area::Billing,
        "invoices(first: 1) { totalCount } payments(first: 1) { totalCount } refunds(first: 1) { totalCount }",
        &["invoices", "payments", "refunds"],
    ),
    (
        Area::CustomerNumbers,
        "numbers { revenue { nullReason } mrr { amounts { amount } } }",
        &["numbers/revenue", "numbers/mrr"],
    ),
    (Area::Identity, "identity { joins { rule } }", &["identity"]),
    (
        Area::Payloads,
        "sourceRecords(first: 1) { edges { node { payload } } }",
        &["sourceRecords/edges/0/node/payload"],
    ),
    (Area::Rollups, "rollups { flat { columns } }", &["rollups"]),
    (
        Area::Operations,
        "sources { name } quarantine(first: 1) { totalCount }",
        &["sources", "quarantine"],
    ),
];

/// Somebody with an address, a number and everything else.
async fn somebody(gateway: &Served) -> Value {
    let query = "{ customers(first: 100, filter: { kind: PERSON }, orderBy: [{ field: REVENUE, direction: DESC }]) { \
        edges { node { id email phone deals(first: 1) { totalCount } tickets(first: 1) { totalCount } } } } }";
    let all = gateway.all(query, json!({})).await;
    let has = |one: &Value, what: &str| {
        one[what].is_string() || one[what]["totalCount"].as_i64() > Some(0)
    };
    let fit = |one: &&&Value| ["email", "phone", "tickets"].iter().all(|what| has(one, what));
    nodes(&all["customers"]).iter().find(fit).copied().cloned().expect("somebody with everything")
}

/// What a role sees of an area, by asking; and how many statements that took.
async fn observed(gateway: &Served, role: Role, area: Area, person: &Value) -> (Access, u64) {
    let (_, fields, paths) =
        QUESTIONS.iter().find(|(of, _, _)| *of == area).expect("a question for every area");
    let root = matches!(area, Area::Rollups | Area::Operations);
    let query = match root {
        true => format!("{{ {fields} }}"),
        false => format!("query($id: ID!) {{ customer(by: {{ id: $id }}) {{ {fields} }} }}"),
    };
    let (statements, answer) =
        gateway.statements(gateway.ask(role, &query, json!({ "id": person["id"] }))).await;
    let start = if root { "/data" } else { "/data/customer" };
    let mut seen = Vec::new();
    for path in *paths {
        let value = answer.pointer(&format!("{start}/{path}"));
        let refused = codes(&answer);
        assert!(refused.iter().all(|code| *code == "FORBIDDEN"), "{role:?} {area:?}: {answer}");
        seen.push(match value.filter(|value| !value.is_null()) {
            None => {
                assert!(!refused.is_empty(), "{role:?} {area:?}: nothing, and no reason: {answer}");
                Access::Hidden
            }
            Some(value) if area == Area::ContactDetails && *value != person[*path] => {
                let shown = value.as_str().unwrap();
                assert!(shown.contains('*') || shown.contains('…'), "{role:?} {path}: {shown}");
                Access::Masked
            }
            Some(_) => Access::Full,
        });
    }
    assert!(seen.iter().all(|one| *one == seen[0]), "{role:?} {area:?}: all of it alike: {seen:?}");
    (seen[0], statements)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_sees_of_every_area_what_the_table_says() {
    let gateway = Served::start(synced_sqlite().await).await;
    let person = somebody(&gateway).await;
    let mut wrong = Vec::new();
    for role in Role::ALL.iter().copied() {
        for area in Area::ALL.iter().copied() {
            let (seen, statements) = observed(&gateway, role, area, &person).await;
            let expected = scope(role).access(area);
            if seen != expected {
                wrong.push(format!(
                    "{} sees {} {seen:?} and should {expected:?}",
                    role.as_str(),
                    area.as_str()
                ));
            }
            // The customer itself, and the record that a payload hangs on.
            let needed = match area {
                Area::Rollups | Area::Operations => 0,
                Area::Payloads => 2,
                // Ticket counts stand in the same row.
                Area::CustomerNumbers if scope(role).sees(Area::Support) => 2,
                _ => 1,
            };
            if seen == Access::Hidden && statements > needed {
                wrong.push(format!(
                    "{} takes {statements} statements for hidden {}",
                    role.as_str(),
                    area.as_str()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_or_number_that_is_masked_stands_nowhere_in_an_answer() {
    let gateway = Served::start(synced_sqlite().await).await;
    let list = "{ customers(first: 500) { edges { node { id email phone golden { value } identifiers { kind value } } } } }";
    let all = gateway.all(list, json!({})).await;
    let mut secrets: Vec<String> = Vec::new();
    for customer in nodes(&all["customers"]) {
        for identifier in customer["identifiers"].as_array().unwrap() {
            if ["EMAIL", "PHONE"].contains(&identifier["kind"].as_str().unwrap()) {
                secrets.push(identifier["value"].as_str().unwrap().to_lowercase());
            }
        }
    }
    assert!(secrets.len() > 300, "{}", secrets.len());
    let everything = "{ customers(first: 100) { edges { node { id displayName givenName familyName jobTitle companyName \
        email phone address { street city postalCode } golden { name value rule } identifiers { kind value } \
        sourceRecords(first: 5) { edges { node { externalId } } } company { displayName email phone } \
        people(first: 3) { edges { node { displayName email phone } } } \
        timeline(first: 5) { edges { node { ... on Deal { name } ... on Payment { method } ... on StageTransition { reason } } } } } } } }";
    for role in Role::ALL.iter().copied() {
        let text = gateway.data(role, everything, json!({})).await.to_string().to_lowercase();
        let told = secrets.iter().filter(|secret| text.contains(secret.as_str())).count();
        if scope(role).access(Area::ContactDetails) == Access::Full {
            assert!(told > 50, "{role:?} sees addresses: {told}");
        } else {
            let first = secrets
                .iter()
                .find_map(|secret| text.find(secret.as_str()).map(|at| at.saturating_sub(60)));
            let place = first.map(|at| text.chars().skip(at).take(60).collect::<String>());
            assert_eq!(told, 0, "{role:?} sees addresses and numbers in full, behind {place:?}");
        }
    }
    gateway.stop().await;
}

/// A mutation for each ability, on what does not exist.
const DEEDS: [(Ability, &str); 7] = [
    (
        Ability::Resolve,
        "mutation { done: mergeCustomers(input: { survivor: \"c_0000000000000\", others: [\"c_0000000000001\"] }) { userErrors { code } } }",
    ),
    (
        Ability::Resolve,
        "mutation { done: splitCustomer(input: { customer: \"c_0000000000000\", records: [] }) { userErrors { code } } }",
    ),
    (
        Ability::Resolve,
        "mutation { done: decideReview(input: { kind: PERSON, left: \"RECORD\", right: \"RECORD\", verdict: SAME }) { userErrors { code } } }",
    ),
    (
        Ability::Resolve,
        "mutation { done: overrideField(input: { customer: \"c_0000000000000\", field: \"city\", value: \"Rome\", reason: \"moved\" }) { userErrors { code } } }",
    ),
    (
        Ability::OverrideStage,
        "mutation { done: overrideStage(input: { customer: \"c_0000000000000\", stage: MQL, reason: \"met\" }) { userErrors { code } } }",
    ),
    (
        Ability::Acknowledge,
        "mutation { done: acknowledgeAlert(input: { alert: \"alert:r_0000000000007\" }) { userErrors { code } } }",
    ),
    (Ability::Sync, "mutation { done: syncNow(source: \"nope\") { userErrors { code } } }"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_role_does_what_the_table_says_and_nothing_more() {
    let gateway = Served::start(synced_sqlite().await).await;
    let record = gateway.all("{ customers(first: 1) { edges { node { sourceRecords(first: 1) { edges { node { id } } } } } } }", json!({})).await;
    let record = record
        .pointer("/customers/edges/0/node/sourceRecords/edges/0/node/id")
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned();
    for ability in Ability::ALL {
        assert!(DEEDS.iter().any(|(of, _)| of == ability), "{ability:?} has a mutation here");
    }
    for role in Role::ALL.iter().copied() {
        for (ability, mutation) in DEEDS {
            let mutation = mutation.replace("RECORD", &record);
            let (statements, answer) =
                gateway.statements(gateway.ask(role, &mutation, json!({}))).await;
            if scope(role).may(ability) {
                assert_eq!(codes(&answer), Vec::<&str>::new(), "{role:?}: {answer}");
                assert_eq!(
                    answer["data"]["done"]["userErrors"].as_array().map(Vec::len),
                    Some(1),
                    "{role:?}: {answer}"
                );
            } else {
                assert_eq!(codes(&answer), ["FORBIDDEN"], "{role:?} {ability:?}: {answer}");
                assert!(answer["data"]["done"].is_null(), "{answer}");
                assert_eq!(statements, 0, "nothing is looked at for {role:?} {ability:?}");
            }
        }
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_valid_token_there_is_401_and_nothing_else() {
    let gateway = Served::start(synced_sqlite().await).await;
    let url = format!("{}/graphql", gateway.url);
    let good = token(Role::Admin);
    let (head, rest) = good.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    // {"alg":"none","typ":"JWT"}
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.");
    let mut forged = signature.to_owned();
    forged.replace_range(0..1, if signature.starts_with('A') { "B" } else { "A" });
    let headers = [
        ("no header", None),
        ("an empty token", Some("Bearer ".to_owned())),
        ("another scheme", Some("Basic YWRtaW46YWRtaW4=".to_owned())),
        ("no token at all", Some("Bearer nonsense".to_owned())),
        ("expired", Some(format!("Bearer {}", token_with("admin", SECRET, -3_600)))),
        (
            "signed by another",
            Some(format!(
                "Bearer {}",
                token_with("admin", "another secret of thirty-two bytes", 600)
            )),
        ),
        ("an unknown role", Some(format!("Bearer {}", token_with("root", SECRET, 600)))),
        ("no algorithm", Some(format!("Bearer {unsigned}"))),
        ("a forged signature", Some(format!("Bearer {head}.{claims}.{forged}"))),
        ("without a scheme", Some(good.clone())),
    ];
    let statements = gateway.running.app().store.statement_count();
    for (what, header) in headers {
        for query in [
            "{ customers { totalCount } }",
            "{ __schema { types { name } } }",
            "mutation { syncNow { sources } }",
            "not GraphQL",
        ] {
            let encoded: String = query.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let asked = [
                gateway.client.post(&url).json(&json!({ "query": query })),
                gateway.client.get(format!("{url}?query={encoded}")),
                gateway.client.post(&url).body("x".repeat(10)),
                gateway.client.delete(&url),
            ];
            for request in asked {
                let request = match &header {
                    Some(value) => request.header("authorization", value),
                    None => request,
                };
                let response = request.send().await.unwrap();
                assert_eq!(response.status(), 401, "{what}");
                assert_eq!(response.headers()["www-authenticate"], "Bearer", "{what}");
                let body: Value = response.json().await.unwrap();
                let expected = json!({ "errors": [{
                    "message": "a valid bearer token is required", "extensions": { "code": "UNAUTHENTICATED" } }] });
                assert_eq!(body, expected, "{what}: neither data nor the reason");
            }
        }
    }
    assert_eq!(gateway.running.app().store.statement_count(), statements, "nothing was read");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_counters_need_no_token_and_tell_nothing_about_customers() {
    let gateway = Served::start(synced_sqlite().await).await;
    let person = somebody(&gateway).await;
    for (path, content) in
        [("/healthz", ""), ("/readyz", "\"store\":\"ok\""), ("/metrics", "# TYPE"), ("/", "<html")]
    {
        let response = gateway.client.get(format!("{}{path}", gateway.url)).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let text = response.text().await.unwrap();
        assert!(text.contains(content), "{path}: {text:.300}");
        for secret in
            [person["email"].as_str().unwrap(), person["phone"].as_str().unwrap(), SECRET, "eyJ"]
        {
            assert!(!text.contains(secret), "{path} tells something");
        }
    }
    let metrics = gateway
        .client
        .get(format!("{}/metrics", gateway.url))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    for line in metrics.lines().filter(|line| !line.starts_with('#')) {
        let (_, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
    gateway.stop().await;
}

/// Rows by their first cell, each with its other cells by their column.
type Table = BTreeMap<String, BTreeMap<String, String>>;

/// The tables under a heading.
fn tables(page: &str, heading: &str) -> Vec<Table> {
    let section =
        page.split("\n## ").find_map(|part| part.strip_prefix(heading)).unwrap_or_default();
    let cells = |line: &str| -> Vec<String> {
        line.trim()
            .trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().trim_matches('`').to_owned())
            .collect()
    };
    let (mut found, mut columns): (Vec<Table>, Vec<String>) = (Vec::new(), Vec::new());
    for line in section.lines() {
        if !line.trim_start().starts_with('|') {
            columns.clear();
        } else if columns.is_empty() {
            columns = cells(line);
            found.push(BTreeMap::new());
        } else if !line.contains("---") {
            let row = cells(line);
            let values = columns.iter().cloned().zip(row.iter().cloned()).skip(1).collect();
            found.last_mut().unwrap().insert(row[0].clone(), values);
        }
    }
    found
}

#[test]
fn the_readme_prints_the_table_of_who_sees_what() {
    let page = std::fs::read_to_string(root().join("README.md")).unwrap_or_default();
    let found = tables(&page, "Who sees what");
    let areas: Table = Area::ALL
        .iter()
        .map(|area| {
            let cell = |role: &Role| match scope(*role).access(*area) {
                Access::Full => "full",
                Access::Masked => "masked",
                Access::Hidden => "-",
            };
            (
                area.as_str().to_owned(),
                Role::ALL
                    .iter()
                    .map(|role| (role.as_str().to_owned(), cell(role).to_owned()))
                    .collect(),
            )
        })
        .collect();
    let abilities: Table = Ability::ALL
        .iter()
        .map(|ability| {
            let cell = |role: &Role| if scope(*role).may(*ability) { "yes" } else { "-" };
            (
                ability.as_str().to_owned(),
                Role::ALL
                    .iter()
                    .map(|role| (role.as_str().to_owned(), cell(role).to_owned()))
                    .collect(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [areas, abilities],
        "README.md, \"## Who sees what\": a table of areas, then one of abilities"
    );
}
