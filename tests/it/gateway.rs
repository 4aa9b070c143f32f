//! The whole gateway over HTTP: looking up, listing, searching, changing; on both databases.

use crate::database::TestDb;
use crate::gateway_process::sources;
use crate::served::{Served, codes, nodes, on_both_served};
use crate::vendors;
use customer360::http::explorer::ExplorerConfig;
use domain::Role;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Every customer with what the tests compare by.
async fn everybody(gateway: &Served) -> Vec<Value> {
    let query = "query($after: String) { customers(first: 500, after: $after) { totalCount \
        pageInfo { hasNextPage endCursor } edges { node { id kind displayName email phone country \
        companyName segment acquisitionChannel firstSeenAt stage { stage position status } \
        numbers { revenue { amounts { amount currency } } } } } } }";
    let (mut all, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = gateway.all(query, json!({ "after": after })).await["customers"].take();
        all.extend(nodes(&page).into_iter().cloned());
        if page["pageInfo"]["hasNextPage"] == false {
            assert_eq!(page["totalCount"], all.len(), "the count and the list agree");
            return all;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

fn ids<'a>(customers: impl IntoIterator<Item = &'a Value>) -> Vec<String> {
    customers.into_iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

const LOOKUP: &str = "query($by: CustomerBy!) { customer(by: $by) { id } }";

/// Who is found by something.
async fn found(gateway: &Served, by: Value) -> Value {
    gateway.all(LOOKUP, json!({ "by": by })).await["customer"]["id"].clone()
}

on_both_served!(a_customer_is_found_by_id_email_phone_and_external_id, async |gateway: &Served| {
    let query = "{ customers(first: 60, filter: { kind: PERSON }, orderBy: [{ field: NAME }]) { edges { node { id \
        identifiers { kind value demoted } \
        sourceRecords(first: 20) { edges { node { source stream externalId } } } } } } }";
    let people = gateway.all(query, json!({})).await;
    let mut looked_up = BTreeMap::new();
    for person in nodes(&people["customers"]) {
        assert_eq!(found(gateway, json!({ "id": person["id"] })).await, person["id"]);
        for identifier in person["identifiers"].as_array().unwrap() {
            let by = match text(identifier, "kind") {
                // Written as people write it.
                "EMAIL" => {
                    json!({ "email": format!(" {} ", text(identifier, "value").to_uppercase()) })
                }
                "PHONE" => json!({ "phone": identifier["value"] }),
                _ => continue,
            };
            if identifier["demoted"] == false {
                // A household shares a number or a mailbox: then one of those that have it is found.
                let query = "query($by: CustomerBy!) { customer(by: $by) { id identifiers { kind value } } }";
                let found = gateway.all(query, json!({ "by": by })).await["customer"].take();
                let shared = json!({ "kind": identifier["kind"], "value": identifier["value"] });
                assert!(
                    found["identifiers"].as_array().is_some_and(|all| all.contains(&shared)),
                    "{by}: {found}"
                );
                let own = u32::from(found["id"] == person["id"]);
                *looked_up.entry(text(identifier, "kind").to_owned()).or_insert(0) += own;
            }
        }
        for record in nodes(&person["sourceRecords"]) {
            let mut by = json!({ "source": record["source"], "stream": record["stream"], "id": record["externalId"] });
            assert_eq!(found(gateway, json!({ "externalId": by })).await, person["id"], "{by}");
            *looked_up.entry(text(record, "source").to_owned()).or_insert(0) += 1;
            if text(record, "source") == "stripe" {
                by.as_object_mut().unwrap().remove("stream");
                assert_eq!(found(gateway, json!({ "externalId": by })).await, person["id"], "{by}");
            }
        }
    }
    for what in ["EMAIL", "PHONE", "hubspot", "zendesk", "stripe"] {
        assert!(looked_up.get(what).is_some_and(|n| *n >= 10), "{what}: {looked_up:?}");
    }
    for nobody in [
        json!({ "id": "c_0000000000000" }),
        json!({ "email": "nobody.at.all@unheard-of.dev" }),
        json!({ "phone": "+49 30 901820" }),
        json!({ "externalId": { "source": "hubspot", "id": "1" } }),
    ] {
        assert_eq!(found(gateway, nobody.clone()).await, Value::Null, "{nobody}");
    }
    for wrong in
        [json!({ "id": "17" }), json!({ "email": "ann" }), json!({ "phone": "no" }), json!({})]
    {
        let answer = gateway.ask(Role::Admin, LOOKUP, json!({ "by": wrong })).await;
        assert!(
            ["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"].contains(&codes(&answer)[0]),
            "{wrong}: {answer}"
        );
    }
});

on_both_served!(pages_walk_all_customers_once_in_either_direction, async |gateway: &Served| {
    let mut expected = ids(&everybody(gateway).await);
    expected.sort();
    assert!(expected.len() > 300, "{}", expected.len());
    for order in [
        json!(null),
        json!([{ "field": "NAME" }]),
        json!([{ "field": "REVENUE", "direction": "DESC" }]),
        json!([{ "field": "MRR" }, { "field": "NAME", "direction": "DESC" }]),
        json!([{ "field": "POSITION" }, { "field": "UPDATED" }]),
    ] {
        let query = "query($first: Int, $after: String, $last: Int, $before: String, $order: [CustomerOrder!]) { \
            customers(first: $first, after: $after, last: $last, before: $before, orderBy: $order) { \
            edges { node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
        let mut walks = Vec::new();
        for forward in [true, false] {
            let (mut all, mut cursor): (Vec<String>, _) = (Vec::new(), Value::Null);
            loop {
                let variables = if forward {
                    json!({ "first": 83, "after": cursor, "order": order })
                } else {
                    json!({ "last": 83, "before": cursor, "order": order })
                };
                let page = gateway.all(query, variables).await["customers"].take();
                let mut found = ids(nodes(&page));
                let info = &page["pageInfo"];
                let (more, back) = if forward {
                    all.append(&mut found);
                    cursor = info["endCursor"].clone();
                    (&info["hasNextPage"], &info["hasPreviousPage"])
                } else {
                    found.append(&mut all);
                    all = found;
                    cursor = info["startCursor"].clone();
                    (&info["hasPreviousPage"], &info["hasNextPage"])
                };
                assert_eq!(*back, Value::Bool(all.len() > 83), "{order}: {info}");
                if more == false {
                    break;
                }
                assert!(all.len() < 2 * expected.len(), "{order}: the walk does not end");
            }
            walks.push(all);
        }
        assert_eq!(walks[0], walks[1], "{order}: both directions are one order");
        walks[0].sort();
        assert_eq!(walks[0], expected, "{order}: everybody, once");
    }
    for bad in [json!({ "first": -1 }), json!({ "first": 501 }), json!({ "first": 1, "last": 1 })] {
        let query = "query($first: Int, $last: Int) { customers(first: $first, last: $last) { edges { cursor } } }";
        let answer = gateway.ask(Role::Admin, query, bad.clone()).await;
        assert!(
            ["BAD_USER_INPUT", "LIMIT_EXCEEDED"].contains(&codes(&answer)[0]),
            "{bad}: {answer}"
        );
    }
});

on_both_served!(search_and_filters_find_exactly_who_fits, async |gateway: &Served| {
    let all = everybody(gateway).await;
    let query = "query($search: String, $filter: CustomerFilter) { \
        customers(first: 500, search: $search, filter: $filter) { totalCount edges { node { id displayName } } } }";
    let find = async |role: Role, search: Value, filter: Value| -> Vec<String> {
        let data = gateway.data(role, query, json!({ "search": search, "filter": filter })).await;
        let mut found = ids(nodes(&data["customers"]));
        assert_eq!(data["customers"]["totalCount"], found.len());
        found.sort();
        found
    };
    let person = all
        .iter()
        .find(|one| {
            one["kind"] == "PERSON"
                && one["email"].is_string()
                && one["phone"].is_string()
                && text(one, "displayName").is_ascii()
        })
        .unwrap();
    let id = text(person, "id").to_owned();
    let name = text(person, "displayName").to_lowercase();
    let part: String = name.chars().take(name.len().min(5)).collect();
    for words in [part.trim(), &name.to_uppercase(), text(person, "email"), text(person, "phone")] {
        assert!(
            find(Role::Admin, json!(words), json!(null)).await.contains(&id),
            "not found by {words:?}"
        );
    }
    // Whole ones are found by every role, parts only by those that see them in full.
    for role in [Role::Finance, Role::Service] {
        assert!(find(role, person["email"].clone(), json!(null)).await.contains(&id));
        assert!(find(role, person["phone"].clone(), json!(null)).await.contains(&id));
        let (mailbox, _) = text(person, "email").split_once('@').unwrap();
        let part = format!("{mailbox}@");
        assert!(find(Role::Sales, json!(part), json!(null)).await.contains(&id));
        assert!(
            !find(role, json!(part), json!(null)).await.contains(&id),
            "{role:?} guesses addresses"
        );
        let guess = json!({ "email": { "startsWith": mailbox } });
        let answer = gateway.ask(role, query, json!({ "filter": guess })).await;
        assert_eq!(codes(&answer), ["FORBIDDEN"], "{answer}");
    }
    assert!(find(Role::Admin, json!("no such person anywhere"), json!(null)).await.is_empty());
    assert!(find(Role::Admin, json!("100%_"), json!(null)).await.is_empty(), "wildcards are text");

    let revenue = |one: &Value| -> Option<f64> {
        let amounts = one["numbers"]["revenue"]["amounts"].as_array()?;
        let euros = amounts.iter().find(|money| money["currency"] == "EUR")?;
        (amounts.len() == 1).then(|| euros["amount"].as_str().unwrap().parse().unwrap())
    };
    let in_euros: BTreeSet<String> = all
        .iter()
        .filter(|one| revenue(one).is_some_and(|r| r >= 100.0))
        .map(|one| text(one, "id").to_owned())
        .collect();
    assert!(!in_euros.is_empty());
    type Fits<'a> = &'a dyn Fn(&Value) -> bool;
    let country =
        text(all.iter().find(|one| one["country"].is_string()).unwrap(), "country").to_owned();
    let segment = text(person, "segment").to_owned();
    let seen = text(&all[all.len() / 2], "firstSeenAt").to_owned();
    let cases: [(Value, Fits<'_>); 11] = [
        (json!({ "kind": "COMPANY" }), &|one| one["kind"] == "COMPANY"),
        (json!({ "stage": ["PURCHASE", "RETENTION"] }), &|one| {
            ["PURCHASE", "RETENTION"].contains(&text(&one["stage"], "stage"))
        }),
        (json!({ "position": { "gte": 2, "lte": 3 } }), &|one| {
            (2..=3).contains(&one["stage"]["position"].as_i64().unwrap())
        }),
        (json!({ "status": ["ACTIVE"] }), &|one| one["stage"]["status"] == "ACTIVE"),
        (json!({ "country": [country] }), &|one| text(one, "country") == country),
        (json!({ "segment": [segment] }), &|one| text(one, "segment") == segment),
        (json!({ "not": { "kind": "PERSON" } }), &|one| one["kind"] != "PERSON"),
        (json!({ "or": [{ "kind": "COMPANY" }, { "status": ["PROSPECT"] }] }), &|one| {
            one["kind"] == "COMPANY" || one["stage"]["status"] == "PROSPECT"
        }),
        (json!({ "and": [{ "kind": "PERSON" }, { "country": [country] }] }), &|one| {
            one["kind"] == "PERSON" && text(one, "country") == country
        }),
        (json!({ "firstSeen": { "gte": seen } }), &|one| {
            domain::Timestamp::parse(text(one, "firstSeenAt")) >= domain::Timestamp::parse(&seen)
        }),
        (json!({ "name": { "contains": part } }), &|one| {
            text(one, "displayName").to_lowercase().contains(&part)
        }),
    ];
    for (filter, fits) in cases {
        let mut expected: Vec<String> = ids(all.iter().filter(|one| fits(one)));
        expected.sort();
        assert!(!expected.is_empty() && expected.len() < all.len(), "{filter} tells nothing apart");
        assert_eq!(find(Role::Admin, json!(null), filter.clone()).await, expected, "{filter}");
    }
    let rich =
        find(Role::Admin, json!(null), json!({ "revenue": { "currency": "EUR", "gte": "100" } }))
            .await;
    assert!(in_euros.iter().all(|id| rich.contains(id)), "revenue of at least 100 EUR");
});

const RECORDS: &str = "sourceRecords(first: 100) { edges { node { id } } }";

on_both_served!(a_merge_redirects_and_a_split_takes_it_apart_again, async |gateway: &Served| {
    let people = gateway
        .all(&format!("{{ customers(first: 30, filter: {{ kind: PERSON }}) {{ edges {{ node {{ id {RECORDS} }} }} }} }}"), json!({}))
        .await;
    let people = nodes(&people["customers"]);
    let (one, other) = (people[0], people[1]);
    let records = |customer: &Value| -> BTreeSet<String> {
        ids(nodes(&customer["sourceRecords"])).into_iter().collect()
    };
    let merge = format!(
        "mutation($input: MergeCustomersInput!) {{ mergeCustomers(input: $input) {{ \
         customer {{ id {RECORDS} identity {{ joins {{ rule }} redirectsFrom {{ id }} }} }} userErrors {{ code message field }} }} }}"
    );
    let input = json!({ "input": { "survivor": one["id"], "others": [other["id"]] } });
    let merged = gateway.data(Role::Steward, &merge, input).await["mergeCustomers"].take();
    assert_eq!(merged["userErrors"], json!([]), "{merged}");
    let customer = &merged["customer"];
    let (one, other) = if customer["id"] == one["id"] { (one, other) } else { (other, one) };
    assert_eq!(customer["id"], one["id"], "one of the two ids lives on");
    assert_eq!(records(customer), &records(one) | &records(other));
    assert!(
        customer["identity"]["redirectsFrom"]
            .as_array()
            .unwrap()
            .iter()
            .any(|r| r["id"] == other["id"]),
        "{customer}"
    );
    assert!(
        !customer["identity"]["joins"].as_array().unwrap().is_empty(),
        "the merge is explained"
    );
    for role in Role::ALL.iter().copied() {
        let answer = gateway.data(role, LOOKUP, json!({ "by": { "id": other["id"] } })).await;
        assert_eq!(
            answer["customer"]["id"], one["id"],
            "the merged id leads to the survivor for {role:?}"
        );
    }
    let node =
        gateway.all("query($id: ID!) { node(id: $id) { id } }", json!({ "id": other["id"] })).await;
    assert_eq!(node["node"]["id"], one["id"]);

    let split = format!(
        "mutation($input: SplitCustomerInput!) {{ splitCustomer(input: $input) {{ \
         customers {{ id {RECORDS} }} userErrors {{ code message field }} }} }}"
    );
    let taken: Vec<String> = records(other).into_iter().collect();
    let input = json!({ "input": { "customer": one["id"], "records": taken } });
    let parted = gateway.data(Role::Steward, &split, input).await["splitCustomer"].take();
    assert_eq!(parted["userErrors"], json!([]), "{parted}");
    let customers = parted["customers"].as_array().unwrap();
    assert_eq!(customers[0]["id"], one["id"], "the one that keeps the id comes first");
    assert_eq!((records(&customers[0]), records(&customers[1])), (records(one), records(other)));
    assert_eq!(customers.len(), 2);
    let back = found(gateway, json!({ "id": other["id"] })).await;
    assert_eq!(back, other["id"], "what was merged has its id again");

    // What cannot be done is said, and does nothing.
    let company = gateway
        .all(
            "{ customers(first: 1, filter: { kind: COMPANY }) { edges { node { id } } } }",
            json!({}),
        )
        .await;
    let company = nodes(&company["customers"])[0]["id"].clone();
    for (survivor, others, code) in [
        (one["id"].clone(), json!(["c_0000000000000"]), &["NOT_FOUND"][..]),
        (one["id"].clone(), json!([company]), &["INVALID", "CONFLICT"]),
        (one["id"].clone(), json!([]), &["INVALID"]),
        (one["id"].clone(), json!([one["id"]]), &["INVALID"]),
    ] {
        let input = json!({ "input": { "survivor": survivor, "others": others } });
        let answer = gateway.data(Role::Steward, &merge, input).await["mergeCustomers"].take();
        let errors = answer["userErrors"].as_array().unwrap();
        assert!(answer["customer"].is_null() && errors.len() == 1, "{others}: {answer}");
        assert!(code.contains(&text(&errors[0], "code")), "{others}: {answer}");
        assert!(!text(&errors[0], "message").is_empty());
    }
    let whole: Vec<String> = records(one).into_iter().collect();
    for records in [json!(whole), json!([]), json!([taken[0]])] {
        let input = json!({ "input": { "customer": one["id"], "records": records } });
        let answer = gateway.data(Role::Steward, &split, input).await["splitCustomer"].take();
        assert_eq!(answer["userErrors"].as_array().unwrap().len(), 1, "{records}: {answer}");
        assert_eq!(answer["customers"], json!([]));
    }
    let log = gateway
        .data(
            Role::Steward,
            "{ auditLog(first: 10) { edges { node { subject role action } } } }",
            json!({}),
        )
        .await;
    let log = nodes(&log["auditLog"]);
    assert_eq!(
        log.len(),
        2,
        "what was done stands in the audit log, what was refused does not: {log:?}"
    );
    assert!(
        log.iter().all(|entry| entry["subject"] == "test-steward" && entry["role"] == "steward")
    );
});

on_both_served!(a_review_is_decided_once_and_is_gone, async |gateway: &Served| {
    let list = "{ reviews(first: 500) { totalCount edges { node { id kind left { id } right { id } \
        leftCustomer { id } rightCustomer { id } } } } }";
    let waiting = gateway.data(Role::Steward, list, json!({})).await["reviews"].take();
    let pairs = nodes(&waiting);
    assert_eq!(waiting["totalCount"], pairs.len());
    assert!(pairs.len() >= 2, "the small company has uncertain pairs: {waiting}");
    let decide = "mutation($input: DecideReviewInput!) { decideReview(input: $input) { customers { id } userErrors { code message } } }";
    for (pair, verdict, customers) in [(pairs[0], "SAME", 1), (pairs[1], "DIFFERENT", 2)] {
        let input = json!({ "kind": pair["kind"], "left": pair["left"]["id"], "right": pair["right"]["id"], "verdict": verdict });
        let done =
            gateway.data(Role::Steward, decide, json!({ "input": input })).await["decideReview"]
                .take();
        assert_eq!(done["userErrors"], json!([]), "{verdict}: {done}");
        assert_eq!(done["customers"].as_array().unwrap().len(), customers, "{verdict}: {done}");
        let after = gateway.data(Role::Steward, list, json!({})).await["reviews"].take();
        assert!(
            nodes(&after).iter().all(|left| left["id"] != pair["id"]),
            "{verdict}: it waits no more"
        );
    }
    let record = &pairs[0]["left"]["id"];
    let input = json!({ "kind": "PERSON", "left": record, "right": record, "verdict": "SAME" });
    let refused = gateway.data(Role::Steward, decide, json!({ "input": input })).await;
    assert_eq!(refused["decideReview"]["userErrors"].as_array().unwrap().len(), 1, "{refused}");
});

on_both_served!(a_stage_set_by_hand_holds_until_lifted, async |gateway: &Served| {
    let query = "{ customers(first: 1, filter: { kind: PERSON, stage: [LEAD, AWARENESS] }) { edges { node { id stage { stage } \
        stageHistory(first: 50) { edges { node { to rule } } } } } } }";
    let before = gateway.all(query, json!({})).await;
    let before = nodes(&before["customers"])[0];
    let set = "mutation($input: OverrideStageInput!) { overrideStage(input: $input) { \
        customer { id stage { stage } stageHistory(first: 50) { edges { node { to rule reason } } } } userErrors { code message field } } }";
    let input =
        json!({ "customer": before["id"], "stage": "ADVOCACY", "reason": "speaks at our fair" });
    let done =
        gateway.data(Role::Sales, set, json!({ "input": input })).await["overrideStage"].take();
    assert_eq!(done["userErrors"], json!([]), "{done}");
    assert_eq!(done["customer"]["stage"]["stage"], "ADVOCACY");
    let latest = nodes(&done["customer"]["stageHistory"])[0].clone();
    assert_eq!((text(&latest, "to"), text(&latest, "rule")), ("ADVOCACY", "override"));
    assert!(text(&latest, "reason").contains("speaks at our fair"), "{latest}");
    let input = json!({ "customer": before["id"], "stage": null, "reason": "was another" });
    let lifted =
        gateway.data(Role::Sales, set, json!({ "input": input })).await["overrideStage"].take();
    assert_eq!(lifted["userErrors"], json!([]), "{lifted}");
    assert_eq!(lifted["customer"]["stage"], before["stage"], "as if it had never been set");
    for (customer, reason) in [("c_0000000000000", "why"), (text(before, "id"), "  ")] {
        let input = json!({ "customer": customer, "stage": "MQL", "reason": reason });
        let refused =
            gateway.data(Role::Sales, set, json!({ "input": input })).await["overrideStage"].take();
        assert_eq!(
            refused["userErrors"].as_array().unwrap().len(),
            1,
            "{customer} {reason}: {refused}"
        );
    }
});

on_both_served!(the_timeline_is_one_ordered_feed_of_everything, async |gateway: &Served| {
    let kinds = "deals(first: 500) { totalCount } tickets(first: 500) { totalCount } subscriptions(first: 500) { totalCount } \
        invoices(first: 500) { totalCount } payments(first: 500) { totalCount } refunds(first: 500) { totalCount } \
        touchpoints(first: 500) { totalCount } surveyResponses(first: 500) { totalCount } \
        usageEvents(first: 500) { totalCount }";
    let query = format!(
        "query($id: ID!, $after: String) {{ customer(by: {{ id: $id }}) {{ {kinds} stageHistory(first: 500) {{ edges {{ cursor }} }} \
         timeline(first: 7, after: $after) {{ pageInfo {{ hasNextPage endCursor }} edges {{ node {{ __typename \
         ... on Deal {{ id occurredAt }} ... on Ticket {{ id occurredAt }} ... on Subscription {{ id occurredAt }} \
         ... on Invoice {{ id occurredAt }} ... on Payment {{ id occurredAt }} ... on Refund {{ id occurredAt }} \
         ... on Touchpoint {{ id occurredAt }} ... on SurveyResponse {{ id occurredAt }} ... on UsageEvent {{ id occurredAt }} ... on StageTransition {{ to occurredAt }} }} }} }} }} }}"
    );
    let busy = gateway.all("{ customers(first: 8, orderBy: [{ field: REVENUE, direction: DESC }]) { edges { node { id } } } }", json!({})).await;
    let mut seen = BTreeSet::new();
    for id in ids(nodes(&busy["customers"])) {
        let (mut feed, mut after) = (Vec::new(), Value::Null);
        let customer = loop {
            let mut data = gateway.all(&query, json!({ "id": id, "after": after })).await;
            let customer = data["customer"].take();
            feed.extend(nodes(&customer["timeline"]).into_iter().cloned());
            after = customer["timeline"]["pageInfo"]["endCursor"].clone();
            if customer["timeline"]["pageInfo"]["hasNextPage"] == false {
                break customer;
            }
            assert!(feed.len() < 10_000, "the feed does not end");
        };
        let times: Vec<_> = feed
            .iter()
            .map(|item| domain::Timestamp::parse(text(item, "occurredAt")).unwrap())
            .collect();
        assert!(times.is_sorted_by(|a, b| a >= b), "the newest first: {times:?}");
        for (field, kind) in [
            ("deals", "Deal"),
            ("tickets", "Ticket"),
            ("subscriptions", "Subscription"),
            ("invoices", "Invoice"),
            ("payments", "Payment"),
            ("refunds", "Refund"),
            ("touchpoints", "Touchpoint"),
            ("surveyResponses", "SurveyResponse"),
            ("usageEvents", "UsageEvent"),
        ] {
            let of_kind: Vec<&str> = feed
                .iter()
                .filter(|item| item["__typename"] == kind)
                .map(|item| text(item, "id"))
                .collect();
            assert_eq!(customer[field]["totalCount"], of_kind.len(), "{kind}");
            assert_eq!(
                of_kind.iter().collect::<BTreeSet<_>>().len(),
                of_kind.len(),
                "each {kind} once"
            );
            seen.extend((!of_kind.is_empty()).then_some(kind));
        }
        let steps = feed.iter().filter(|item| item["__typename"] == "StageTransition").count();
        assert_eq!(customer["stageHistory"]["edges"].as_array().unwrap().len(), steps);
    }
    assert!(
        ["Ticket", "Subscription", "Invoice", "Payment"].iter().all(|kind| seen.contains(kind)),
        "{seen:?}"
    );
});

on_both_served!(a_wrong_cursor_is_refused_with_what_to_do, async |gateway: &Served| {
    let cursors = gateway
        .all("{ customers(first: 1) { edges { cursor } } named: customers(first: 1, orderBy: [{ field: NAME }]) { edges { cursor } } }", json!({}))
        .await;
    let other_order = cursors["named"]["edges"][0]["cursor"].as_str().unwrap();
    let mut cut = cursors["customers"]["edges"][0]["cursor"].as_str().unwrap().to_owned();
    cut.pop();
    cut.pop();
    let first = |cursor: &str| json!({ "after": cursor });
    let query = "query($after: String) { customers(first: 2, after: $after) { edges { cursor } } }";
    for wrong in [other_order, &cut, "", "x", "'; DROP TABLE profile; --", &"A".repeat(5_000)] {
        let answer = gateway.ask(Role::Admin, query, first(wrong)).await;
        assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{wrong:.60}: {answer}");
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(
            message.contains("'after'") && message.contains("cursor"),
            "says which argument and what is expected: {message}"
        );
        assert!(wrong.len() < 5 || !message.contains(wrong), "does not repeat it: {message}");
    }
    let nested = "query($after: String) { customers(first: 2) { edges { node { tickets(first: 1, after: $after) { edges { cursor } } } } } }";
    let answer = gateway.ask(Role::Admin, nested, first(other_order)).await;
    assert_eq!(codes(&answer), ["BAD_USER_INPUT"; 2], "{answer}");
});

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_asked_for_is_run_and_its_outcome_seen() {
    let sandbox = vendors::start(32).await;
    let tables = format!("\n{}", sources(&sandbox));
    let gateway =
        Served::start_with(TestDb::sqlite().await, &tables, |_| ExplorerConfig::default()).await;
    let count = "{ customers { totalCount } }";
    assert_eq!(gateway.all(count, json!({})).await["customers"]["totalCount"], 0);
    let sync = "mutation($source: String) { syncNow(source: $source) { sources userErrors { code message } } }";
    let started = gateway.all(sync, json!({ "source": "zendesk" })).await["syncNow"].take();
    assert_eq!(started, json!({ "sources": ["zendesk"], "userErrors": [] }));
    let status = "{ sources { name streams { name status recordCount rejectCount finishedAt lastError } } \
        customers(first: 1, filter: { kind: PERSON }) { edges { node { numbers { \
        ticketCount { value nullReason } revenue { nullReason } } } } } }";
    let begun = std::time::Instant::now();
    let data = loop {
        let data = gateway.all(status, json!({})).await;
        // The numbers come last, and say that tickets are known now.
        let numbers = data.pointer("/customers/edges/0/node/numbers/ticketCount/value");
        if numbers.is_some_and(|value| !value.is_null()) {
            break data;
        }
        assert!(begun.elapsed().as_secs() < 60, "the sync does not end: {data}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    let all = data["sources"].as_array().unwrap();
    let asked_for =
        all.iter().find(|source| source["name"] == "zendesk").expect("what was asked for");
    assert!(
        all.iter().all(|source| source["name"] != "hubspot" && source["name"] != "stripe"),
        "and no other: {data}"
    );
    for stream in asked_for["streams"].as_array().unwrap() {
        assert!(
            stream["recordCount"].as_i64() > Some(0) && stream["finishedAt"].is_string(),
            "{stream}"
        );
        assert!(stream["lastError"].is_null() && stream["rejectCount"] == 0, "{stream}");
    }
    let revenue = data.pointer("/customers/edges/0/node/numbers/revenue/nullReason");
    assert_eq!(revenue, Some(&json!("NO_SOURCE")), "nobody told of payments: not 0, and why");
    let unknown = gateway.all(sync, json!({ "source": "zendesc" })).await["syncNow"].take();
    assert_eq!(unknown["userErrors"][0]["code"], "NOT_FOUND");
    assert!(
        text(&unknown["userErrors"][0], "message").contains("zendesk"),
        "names the known ones: {unknown}"
    );
    gateway.stop().await;
    sandbox.stop().await;
}
