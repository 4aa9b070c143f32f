//! Cursors: pages cover a list exactly once, in either direction, under ties and missing values.

use super::{World, codes, seed::customer, seed::person};
use domain::Role;
use serde_json::{Value, json};

async fn world(count: i64) -> World {
    let world = World::new().await;
    for id in 1..=count {
        let mut row = person(id, &format!("p{id}@nordwind.io"), "");
        // Ties and missing values in every key.
        row.display_name = (id % 4 != 0).then(|| format!("Name {}", id % 3));
        row.revenue_minor = (id % 3 != 0).then_some(100 * (id % 5));
        row.mrr_minor = None;
        row.revenue_order_minor = row.revenue_minor;
        row.mrr_order_minor = None;
        row.first_seen_at_ms = super::seed::DAY_ZERO + id % 6;
        row.updated_at_ms = super::seed::DAY_ZERO;
        row.stage_position = 1 + id % 5;
        row.stage = ["awareness", "lead", "purchase", "retention", "advocacy"]
            [usize::try_from(id % 5).unwrap()]
        .to_owned();
        world.profile(row).await;
    }
    world
}

/// All ids of the list, walked page by page.
async fn walk(world: &World, order: &str, size: usize, backwards: bool) -> Vec<String> {
    let (number, place) = if backwards { ("last", "before") } else { ("first", "after") };
    let document = format!(
        "query($c: String) {{ customers({number}: {size}, {place}: $c, orderBy: [{order}]) {{ \
         edges {{ cursor node {{ id }} }} \
         pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
    );
    let mut ids: Vec<String> = Vec::new();
    let mut at = Value::Null;
    for _ in 0..200 {
        let answer = world.ask_with(Role::Admin, &document, json!({ "c": at })).await;
        assert_eq!(answer.get("errors"), None);
        let list = &answer["data"]["customers"];
        let edges = list["edges"].as_array().unwrap();
        assert!(edges.len() <= size);
        let page: Vec<String> =
            edges.iter().map(|e| e["node"]["id"].as_str().unwrap().to_owned()).collect();
        let info = &list["pageInfo"];
        let (more, next) = if backwards {
            ids = [page, ids].concat();
            (&info["hasPreviousPage"], info["startCursor"].clone())
        } else {
            ids.extend(page);
            (&info["hasNextPage"], info["endCursor"].clone())
        };
        if more == &json!(false) {
            return ids;
        }
        at = next;
    }
    panic!("the list does not end");
}

#[tokio::test]
async fn pages_cover_the_list_once_in_both_directions_whatever_the_order() {
    let world = world(47).await;
    for order in [
        "",
        "{field: NAME}",
        "{field: NAME, direction: DESC}",
        "{field: REVENUE}",
        "{field: REVENUE, direction: DESC}",
        "{field: MRR}",
        "{field: UPDATED, direction: DESC}",
        "{field: FIRST_SEEN}",
        "{field: POSITION, direction: DESC}, {field: NAME}",
        "{field: REVENUE, direction: DESC}, {field: NAME, direction: ASC}, {field: FIRST_SEEN, direction: DESC}",
    ] {
        let whole = walk(&world, order, 500, false).await;
        assert_eq!(whole.len(), 47, "{order}");
        let mut sorted = whole.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), 47, "{order}");
        for size in [1, 4, 46, 47] {
            assert_eq!(walk(&world, order, size, false).await, whole, "{order} by {size}");
            assert_eq!(walk(&world, order, size, true).await, whole, "{order} by {size} back");
        }
    }
}

#[tokio::test]
async fn missing_values_come_last_in_either_direction() {
    let world = world(12).await;
    for direction in ["ASC", "DESC"] {
        let document = format!(
            "{{ customers(first: 12, orderBy: [{{field: REVENUE, direction: {direction}}}]) {{ \
             edges {{ node {{ id }} }} }} }}"
        );
        let answer = world.data(Role::Admin, &document).await;
        let ids: Vec<&str> = answer["customers"]["edges"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["node"]["id"].as_str().unwrap())
            .collect();
        let missing: Vec<String> = [3, 6, 9, 12].map(customer).to_vec();
        assert!(ids[8..].iter().all(|id| missing.contains(&(*id).to_owned())), "{direction}");
    }
}

#[tokio::test]
async fn a_range_between_two_cursors_holds_what_lies_between() {
    let world = world(10).await;
    let whole =
        world.data(Role::Admin, "{ customers(first: 10) { edges { cursor node { id } } } }").await;
    let cursor = |n: usize| whole["customers"]["edges"][n]["cursor"].clone();
    let document = "query($a: String, $b: String) { customers(last: 10, after: $a, before: $b) {
        edges { node { id } } pageInfo { hasNextPage hasPreviousPage } } }";
    let answer =
        world.ask_with(Role::Admin, document, json!({"a": cursor(2), "b": cursor(6)})).await;
    let found = answer["data"]["customers"]["edges"].as_array().unwrap().len();
    assert_eq!(found, 3);
}

#[tokio::test]
async fn a_page_of_nothing_still_tells_whether_there_is_more() {
    let world = world(2).await;
    let document =
        "{ customers(first: 0) { edges { cursor } pageInfo { hasNextPage endCursor } } }";
    let answer = world.data(Role::Admin, document).await;
    assert_eq!(
        answer["customers"],
        json!({"edges": [], "pageInfo": {"hasNextPage": true, "endCursor": null}})
    );
}

#[tokio::test]
async fn wrong_cursors_and_sizes_are_refused_with_what_to_do() {
    let world = world(5).await;
    let list = "{ customers(first: 1, orderBy: [{field: NAME}]) { edges { cursor } } }";
    let answer = world.data(Role::Admin, list).await;
    let foreign = answer["customers"]["edges"][0]["cursor"].as_str().unwrap().to_owned();
    for arguments in [
        "after: \"nonsense\"".to_owned(),
        "after: \"\"".to_owned(),
        "before: \"bm9uc2Vuc2U\"".to_owned(),
        format!("after: \"{foreign}\""),
        format!("first: 2, after: \"{foreign}\", orderBy: [{{field: NAME, direction: DESC}}]"),
        "first: 501".to_owned(),
        "first: -1".to_owned(),
        "last: 501".to_owned(),
        "first: 1, last: 1".to_owned(),
        "orderBy: [{field: NAME}, {field: NAME}]".to_owned(),
    ] {
        let document = format!("{{ customers({arguments}) {{ edges {{ cursor }} }} }}");
        let answer = world.ask(Role::Admin, &document).await;
        assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{arguments}: {answer}");
    }
    let document = format!("{{ customers(after: \"{foreign}\") {{ edges {{ cursor }} }} }}");
    let message = world.ask(Role::Admin, &document).await["errors"][0]["message"].to_string();
    assert!(message.contains("pass a cursor that the same field gave"), "{message}");
}

/// Ids of a nested list, walked by pages of `size`.
async fn nested(world: &World, field: &str, node: &str, size: usize) -> Vec<String> {
    let document = format!(
        "query($c: String) {{ customer(by: {{id: \"{}\"}}) {{ list: {field}(first: {size}, after: $c) {{ \
         edges {{ cursor node {{ {node} }} }} pageInfo {{ hasNextPage endCursor }} }} }} }}",
        customer(1)
    );
    let (mut found, mut at) = (Vec::new(), Value::Null);
    for _ in 0..200 {
        let answer = world.ask_with(Role::Admin, &document, json!({ "c": at })).await;
        assert_eq!(answer.get("errors"), None, "{field}");
        let list = &answer["data"]["customer"]["list"];
        found.extend(list["edges"].as_array().unwrap().iter().map(|e| e["node"].to_string()));
        if list["pageInfo"]["hasNextPage"] == json!(false) {
            return found;
        }
        at = list["pageInfo"]["endCursor"].clone();
    }
    panic!("{field} does not end");
}

#[tokio::test]
async fn nested_lists_are_covered_once_newest_first() {
    let world = World::new().await;
    world.person(1, 9).await;
    world.facts(1, 0).await;
    for company in 10..=16 {
        world.company(company, &[1]).await;
    }
    let every = "... on Deal { id } ... on Ticket { id } ... on Subscription { id } \
        ... on Invoice { id } ... on Payment { id } ... on Refund { id } ... on Touchpoint { id } \
        ... on SurveyResponse { id } ... on UsageEvent { id } ... on StageTransition { to }";
    for (field, node, count) in [
        ("deals", "id", 9),
        ("surveyResponses", "id", 9),
        ("companies", "id", 7),
        ("stageHistory", "to", 2),
        ("sourceRecords", "id", 1),
        ("timeline", every, 9 * 9 + 2),
    ] {
        let whole = nested(&world, field, node, 100).await;
        assert_eq!(whole.len(), count, "{field}");
        for size in [1, 2, 5] {
            assert_eq!(nested(&world, field, node, size).await, whole, "{field} by {size}");
        }
    }
    let document = format!(
        "{{ customer(by: {{id: \"{}\"}}) {{ timeline(first: 100) {{ edges {{ node {{ \
         ... on Deal {{ occurredAt }} ... on StageTransition {{ occurredAt }} }} }} }} }} }}",
        customer(1)
    );
    let answer = world.data(Role::Admin, &document).await;
    let times: Vec<String> = answer["customer"]["timeline"]["edges"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|e| e["node"]["occurredAt"].as_str().map(str::to_owned))
        .collect();
    assert!(times.windows(2).all(|pair| pair[0] >= pair[1]), "{times:?}");
}

#[tokio::test]
async fn queues_are_covered_once_by_their_order() {
    let world = World::new().await;
    world.person(1, 0).await;
    world.person(2, 0).await;
    world.operations().await;
    for (field, total, node) in
        [("reviews", 4, "id score"), ("quarantine", 5, "id lastSeenAt"), ("auditLog", 0, "action")]
    {
        let (mut found, mut at) = (Vec::new(), Value::Null);
        for _ in 0..10 {
            let document = format!(
                "query($c: String) {{ {field}(first: 1, after: $c) {{ edges {{ node {{ {node} }} }} \
                 pageInfo {{ hasNextPage endCursor }} }} }}"
            );
            let answer = world.ask_with(Role::Admin, &document, json!({ "c": at })).await;
            assert_eq!(answer.get("errors"), None, "{field}");
            let list = &answer["data"][field];
            found.extend(list["edges"].as_array().unwrap().iter().map(Value::to_string));
            at = list["pageInfo"]["endCursor"].clone();
            if list["pageInfo"]["hasNextPage"] == json!(false) {
                break;
            }
        }
        let mut distinct = found.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!((found.len(), distinct.len()), (total, total), "{field}: {found:?}");
    }
    let answer = world
        .data(
            Role::Admin,
            "{ reviews { edges { node { score leftCustomer { displayName } } } totalCount } }",
        )
        .await;
    assert_eq!(answer["reviews"]["edges"][0]["node"]["score"], json!(0.9));
    assert_eq!(
        answer["reviews"]["edges"][0]["node"]["leftCustomer"]["displayName"],
        json!("Ann 1")
    );
}
