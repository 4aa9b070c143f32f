//! What is answered: look-ups, filters, values, rollups, and failures.

use super::{World, codes, seed::contact_record, seed::customer};
use domain::Role;
use serde_json::{Value, json};

#[tokio::test]
async fn a_customer_is_found_by_id_address_number_and_external_id() {
    let world = World::new().await;
    world.person(1, 0).await;
    world.person(2, 0).await;
    world.company(9, &[1]).await;
    world.operations().await;
    for (by, found) in [
        (format!("id: \"{}\"", customer(1)), Some("Ann 1")),
        (format!("id: \"{}\"", customer(1_000_002)), Some("Ann 2")),
        (format!("id: \"{}\"", customer(77)), None),
        ("email: \" Ann.2@NORDWIND.io \"".to_owned(), Some("Ann 2")),
        ("email: \"mailto:ann.1@nordwind.io\"".to_owned(), Some("Ann 1")),
        ("email: \"who@nordwind.io\"".to_owned(), None),
        ("phone: \"+49 (30) 9018 2002\"".to_owned(), Some("Ann 2")),
        ("phone: \"030 90182001\"".to_owned(), Some("Ann 1")),
        (
            "externalId: {source: \"hubspot\", stream: \"contacts\", id: \"2\"}".to_owned(),
            Some("Ann 2"),
        ),
        ("externalId: {source: \"hubspot\", id: \"1\"}".to_owned(), Some("Ann 1")),
        ("externalId: {source: \"hubspot\", stream: \"deals\", id: \"1\"}".to_owned(), None),
        ("externalId: {source: \"zendesk\", id: \"1\"}".to_owned(), None),
    ] {
        let answer = world
            .data(Role::Service, &format!("{{ customer(by: {{{by}}}) {{ displayName }} }}"))
            .await;
        let name = answer["customer"]["displayName"].as_str();
        assert_eq!(name, found, "{by}");
    }
}

#[tokio::test]
async fn chains_of_redirects_resolve_and_a_cycle_ends() {
    let world = World::new().await;
    world.person(1, 0).await;
    world
        .sql("INSERT INTO profile_redirect VALUES (5, 6, 0), (6, 1000001, 0), (7, 8, 0), (8, 7, 0)")
        .await;
    let by = |id| format!("{{ customer(by: {{id: \"{}\"}}) {{ id }} }}", customer(id));
    let answer = world.data(Role::Admin, &by(5)).await;
    assert_eq!(answer["customer"]["id"], json!(customer(1)));
    assert_eq!(world.data(Role::Admin, &by(7)).await["customer"], json!(null));
}

#[tokio::test]
async fn nodes_are_answered_in_order_with_their_types() {
    let world = World::new().await;
    world.person(1, 1).await;
    let answer = world
        .data(
            Role::Admin,
            &format!(
                "{{ customer(by: {{id: \"{}\"}}) {{ deals {{ edges {{ node {{ id }} }} }} }} }}",
                customer(1)
            ),
        )
        .await;
    let deal = answer["customer"]["deals"]["edges"][0]["node"]["id"].as_str().unwrap().to_owned();
    let document = format!(
        "{{ nodes(ids: [\"{}\", \"{}\", \"{deal}\", \"{}\"]) {{ __typename id \
         ... on Deal {{ name amount {{ amount currency }} record {{ source stream externalId }} }} }} \
         node(id: \"{deal}\") {{ id }} }}",
        contact_record(1),
        customer(99),
        customer(1)
    );
    let answer = world.data(Role::Admin, &document).await;
    let types: Vec<&Value> =
        answer["nodes"].as_array().unwrap().iter().map(|n| &n["__typename"]).collect();
    assert_eq!(types, [&json!("SourceRecord"), &json!(null), &json!("Deal"), &json!("Customer")]);
    assert_eq!(answer["nodes"][2]["amount"], json!({"amount": "123.45", "currency": "EUR"}));
    assert_eq!(
        answer["nodes"][2]["record"],
        json!({"source": "hubspot", "stream": "deal", "externalId": "1-0"})
    );
    assert_eq!(answer["node"]["id"], json!(deal));
    let hidden = world.ask(Role::Support, &format!("{{ node(id: \"{deal}\") {{ id }} }}")).await;
    assert_eq!(codes(&hidden), ["FORBIDDEN"]);
}

#[tokio::test]
async fn filters_join_and_negate_with_missing_values_failing_every_test() {
    let world = World::new().await;
    for id in 1..=10 {
        let mut row = super::seed::person(id, &format!("p{id}@nordwind.io"), "");
        row.country =
            [Some("DE"), Some("FR"), None][usize::try_from(id % 3).unwrap()].map(str::to_owned);
        row.display_name = Some(format!("50%_{id}"));
        row.status = if id > 5 { "active" } else { "prospect" }.to_owned();
        world.profile(row).await;
    }
    world.company(50, &[]).await;
    for (filter, expected) in [
        ("{}", 11),
        ("{kind: COMPANY}", 1),
        ("{country: [\"DE\"], kind: PERSON}", 3),
        ("{not: {country: [\"DE\"]}, kind: PERSON}", 7),
        ("{not: {not: {country: [\"DE\"]}}, kind: PERSON}", 3),
        ("{or: [{country: [\"FR\"]}, {status: [PROSPECT]}], kind: PERSON}", 7),
        ("{and: [{status: [ACTIVE]}, {country: [\"FR\", \"DE\"]}], kind: PERSON}", 4),
        ("{or: []}", 0),
        ("{country: []}", 0),
        ("{name: {startsWith: \"50%_1\"}}", 2),
        ("{name: {contains: \"%_\"}}", 10),
        ("{name: {contains: \"0_\"}}", 0),
        ("{name: {eq: \"50%_3\"}}", 1),
        ("{email: {eq: \"P3@nordwind.io\"}}", 1),
        (
            "{position: {gte: 3, lte: 3}, stage: [PURCHASE], segment: [\"small\"], channel: [\"paid_search\"]}",
            11,
        ),
        ("{position: {gte: 4}}", 0),
        ("{revenue: {currency: \"EUR\", gte: \"2.00\", lte: \"3\"}, kind: PERSON}", 4),
        ("{revenue: {currency: \"USD\", gte: \"0\"}}", 0),
        ("{mrr: {currency: \"EUR\"}}", 11),
        ("{firstSeen: {gte: \"2026-01-01T00:00:00.009Z\"}, kind: PERSON}", 2),
        ("{updated: {lt: \"2026-01-01T01:00:00+01:00\"}}", 0),
    ] {
        let document =
            format!("{{ customers(filter: {filter}) {{ totalCount edges {{ cursor }} }} }}");
        let answer = world.data(Role::Admin, &document).await;
        assert_eq!(answer["customers"]["totalCount"], json!(expected), "{filter}");
        assert_eq!(answer["customers"]["edges"].as_array().unwrap().len(), expected, "{filter}");
    }
    for filter in
        ["{name: {eq: \"a\", contains: \"b\"}}", "{revenue: {currency: \"EUR\", gte: \"1.234\"}}"]
    {
        let answer = world
            .ask(Role::Admin, &format!("{{ customers(filter: {filter}) {{ totalCount }} }}"))
            .await;
        assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{filter}");
    }
}

#[tokio::test]
async fn a_customer_is_shown_with_stage_history_numbers_and_identity() {
    let world = World::new().await;
    world.person(1, 1).await;
    world.company(9, &[1]).await;
    let document = format!(
        "{{ customer(by: {{id: \"{}\"}}) {{
            kind givenName segment company {{ displayName people {{ totalCount edges {{ node {{ displayName }} }} }} }}
            stage {{ stage position label other: label(vocabulary: REACH_TO_LOYALTY) status since }}
            stageHistory {{ edges {{ node {{ from to direction evidence }} }} }}
            numbers {{ policy clv {{ historicRevenue {{ amounts {{ amount currency }} }} historicMargin {{ amounts {{ amount }} nullReason }} }}
                csat {{ share good total nullReason }} lastPaymentAt {{ value nullReason }} firstPaymentAt {{ value }} npsLatest {{ value nullReason }} }}
            identity {{ joins {{ rule weight evidence left {{ externalId }} right {{ id }} }} redirectsFrom {{ id }} events {{ action }} }}
            subscriptions {{ edges {{ node {{ items {{ amount {{ amount }} interval intervalCount }} }} }} }}
        }} }}",
        customer(1)
    );
    let answer = world.data(Role::Admin, &document).await;
    let one = &answer["customer"];
    assert_eq!(one["company"]["displayName"], "Acme 9");
    assert_eq!(one["company"]["people"]["totalCount"], 1);
    assert_eq!(
        one["stage"],
        json!({"stage": "PURCHASE", "position": 3, "label": "Purchase", "other": "Conversion",
               "status": "ACTIVE", "since": "2026-01-01T00:00:00Z"})
    );
    assert_eq!(
        one["stageHistory"]["edges"][0]["node"],
        json!({"from": "LEAD", "to": "PURCHASE", "direction": "FORWARD",
               "evidence": [contact_record(1).to_string()]})
    );
    let numbers = &one["numbers"];
    assert_eq!(
        numbers["clv"]["historicRevenue"]["amounts"],
        json!([{"amount": "123.45", "currency": "EUR"}])
    );
    assert_eq!(
        numbers["clv"]["historicMargin"],
        json!({"amounts": null, "nullReason": "NO_MARGIN"})
    );
    assert_eq!(
        numbers["csat"],
        json!({"share": "0.6667", "good": 2, "total": 3, "nullReason": null})
    );
    assert_eq!(numbers["lastPaymentAt"], json!({"value": null, "nullReason": "NO_DATA"}));
    assert_eq!(numbers["npsLatest"], json!({"value": null, "nullReason": "NO_SOURCE"}));
    let join = &one["identity"]["joins"][0];
    assert_eq!((&join["rule"], &join["left"]["externalId"]), (&json!("email"), &json!("1")));
    assert_eq!(join["right"], json!(null));
    assert_eq!(one["identity"]["redirectsFrom"][0]["id"], json!(customer(1_000_001)));
    assert_eq!(
        one["subscriptions"]["edges"][0]["node"]["items"][0],
        json!({"amount": {"amount": "49.00"}, "interval": "MONTH", "intervalCount": 1})
    );
}

#[tokio::test]
async fn rollups_answer_points_and_a_table_that_agree() {
    let world = World::new().await;
    world.operations().await;
    let document = "{ rollups(by: [MONTH, CHANNEL], from: \"2026-03\", to: \"2026-04\", currency: \"EUR\") {
        rows { month channel segment currency newCustomers { value nullReason } revenue { value } spend { value }
               clvRevenue { value } clvMargin { value } cac { value nullReason } ltvToCac { value nullReason } }
        flat { columns rows } meta { policy timeZone computedAt checksum } } }";
    let answer = world.data(Role::Finance, document).await;
    let rollup = &answer["rollups"];
    let first = &rollup["rows"][0];
    assert_eq!((&first["month"], &first["channel"]), (&json!("2026-03"), &json!("paid_search")));
    assert_eq!(first["revenue"]["value"], "1000.50");
    assert_eq!(
        (&first["cac"]["value"], &first["ltvToCac"]["value"]),
        (&json!("50.00"), &json!("4.0000"))
    );
    assert_eq!(first["clvMargin"]["value"], "200.00");
    assert_eq!(rollup["rows"][1]["channel"], "paid_search");
    assert_eq!(rollup["rows"][1]["cac"], json!({"value": null, "nullReason": "NO_NEW_CUSTOMERS"}));
    let columns = rollup["flat"]["columns"].as_array().unwrap();
    let named: Vec<&str> = columns.iter().map(|column| column.as_str().unwrap()).collect();
    let fixed = [
        "month",
        "channel",
        "currency",
        "new_customers",
        "revenue",
        "spend",
        "clv_revenue",
        "clv_margin",
        "cac",
        "ltv_to_cac",
    ];
    assert_eq!(named[..10], fixed, "what was there keeps its place");
    assert!(named[10..].contains(&"new_mrr"), "{named:?}");
    let rows = rollup["flat"]["rows"].as_array().unwrap();
    assert!(rows.iter().all(|row| row.as_array().unwrap().len() == named.len()));
    assert_eq!(rows.len(), rollup["rows"].as_array().unwrap().len());
    assert_eq!(rows[0][4], "1000.50");
    assert_eq!(rollup["meta"]["policy"], "default@1");
    let again = world.data(Role::Finance, document).await;
    assert_eq!(again["rollups"]["meta"]["checksum"], rollup["meta"]["checksum"]);
    let only = "{ rollups(filter: {channel: [\"unattributed\"]}) { rows { newCustomers { value } spend { value } } } }";
    let answer = world.data(Role::Finance, only).await;
    assert_eq!(answer["rollups"]["rows"][0]["newCustomers"]["value"], 2);
    let catalog = world.data(Role::Support, "{ metricCatalog { name unit formula } }").await;
    assert!(catalog["metricCatalog"].as_array().unwrap().len() > 5);
}

#[tokio::test]
async fn sources_are_grouped_with_their_streams() {
    let world = World::new().await;
    world.operations().await;
    let answer = world
        .data(
            Role::Steward,
            "{ sources { name streams { name status recordCount startedAt finishedAt } } }",
        )
        .await;
    assert_eq!(answer["sources"].as_array().unwrap().len(), 2);
    assert_eq!(answer["sources"][0]["streams"][1]["name"], "deals");
}

#[tokio::test]
async fn an_internal_failure_is_masked_and_carries_an_id() {
    let world = World::new().await;
    world.person(1, 1).await;
    world.sql("DROP TABLE deal").await;
    let document = format!(
        "{{ customer(by: {{id: \"{}\"}}) {{ displayName deals {{ totalCount }} tickets {{ edges {{ cursor }} }} }} }}",
        customer(1)
    );
    let answer = world.ask(Role::Admin, &document).await;
    assert_eq!(codes(&answer), ["INTERNAL_SERVER_ERROR"]);
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["errorId"].as_str().unwrap().len(), 16);
    assert!(!error.to_string().to_lowercase().contains("table"), "{error}");
    // The rest of the answer stands.
    assert_eq!(answer["data"]["customer"]["displayName"], "Ann 1");
    assert!(answer["data"]["customer"]["deals"].is_null());
    assert!(!answer["data"]["customer"]["tickets"].is_null());
    let other = world.ask(Role::Admin, &document).await;
    assert_ne!(other["errors"][0]["extensions"]["errorId"], error["extensions"]["errorId"]);
}
