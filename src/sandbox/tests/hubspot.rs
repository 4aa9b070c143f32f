//! HubSpot: paging, properties, associations, search and its cap, merges, archive.

use super::{get, hubspot_all, id, no_limits, post, start, start_with};
use crate::{Limits, SandboxOptions, Stream};
use serde_json::{Value, json};
use std::collections::HashSet;

#[tokio::test(flavor = "multi_thread")]
async fn a_list_gives_every_object_once_in_both_versions() {
    let sandbox = start().await;
    let counts = sandbox.with_world(|w| w.counts());
    for kind in ["contacts", "companies", "deals"] {
        let all = hubspot_all(&sandbox, kind, "");
        let ids: HashSet<String> = all.iter().map(id).collect();
        assert_eq!(ids.len(), all.len());
        assert_eq!(ids.len(), counts[&("hubspot", kind)], "{kind}");
        assert!(all.iter().all(|o| o["archived"] == false && o["createdAt"].is_string()));
    }
    let old =
        get(&sandbox, &format!("{}/crm/v3/objects/contacts?limit=3", sandbox.hubspot_url())).json();
    let new =
        get(&sandbox, &format!("{}/crm/objects/2026-03/contacts?limit=3", sandbox.hubspot_url()))
            .json();
    assert_eq!(old["results"], new["results"]);
    assert!(new["paging"]["next"]["link"].as_str().unwrap().starts_with(sandbox.hubspot_url()));
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_requested_properties_come_and_all_are_texts_or_null() {
    let sandbox = start().await;
    let rows = hubspot_all(
        &sandbox,
        "contacts",
        "&properties=email,phone,hs_merged_object_ids,no_such_property&associations=companies,deals",
    );
    let keys: HashSet<&str> =
        rows[0]["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        HashSet::from([
            "createdate",
            "email",
            "hs_merged_object_ids",
            "hs_object_id",
            "lastmodifieddate",
            "phone"
        ])
    );
    for row in &rows {
        assert!(
            row["properties"].as_object().unwrap().values().all(|v| v.is_string() || v.is_null())
        );
        assert_eq!(row["properties"]["hs_object_id"], row["id"]);
    }
    let linked = rows.iter().find(|r| r["associations"]["companies"].is_object()).unwrap();
    let kinds: Vec<&str> = linked["associations"]["companies"]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["contact_to_company", "contact_to_company_unlabeled"]);
    let default = hubspot_all(&sandbox, "companies", "");
    assert!(
        default[0]["properties"].get("domain").is_some()
            && default[0]["properties"].get("phone").is_none()
    );
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn property_history_tells_how_a_deal_moved() {
    let sandbox = start().await;
    let page = get(
        &sandbox,
        &format!(
            "{}/crm/objects/2026-03/deals?limit=50&propertiesWithHistory=dealstage",
            sandbox.hubspot_url()
        ),
    )
    .json();
    let moved = page["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|d| d["propertiesWithHistory"]["dealstage"].as_array().unwrap().len() > 1);
    assert!(moved.count() > 5);
    for deal in page["results"].as_array().unwrap() {
        let times: Vec<&str> = deal["propertiesWithHistory"]["dealstage"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["timestamp"].as_str().unwrap())
            .collect();
        assert!(times.windows(2).all(|w| w[0] >= w[1]), "newest first");
    }
    let refused = get(
        &sandbox,
        &format!(
            "{}/crm/objects/2026-03/deals?limit=100&propertiesWithHistory=dealstage",
            sandbox.hubspot_url()
        ),
    );
    assert_eq!(refused.status, 400);
    sandbox.stop().await;
}

fn search(sandbox: &crate::Sandbox, kind: &str, body: &Value) -> super::Answer {
    post(sandbox, &format!("{}/crm/objects/2026-03/{kind}/search", sandbox.hubspot_url()), body)
}

#[tokio::test(flavor = "multi_thread")]
async fn search_filters_sorts_and_pages() {
    let sandbox = start().await;
    let all = hubspot_all(&sandbox, "contacts", "&properties=email,lifecyclestage");
    let pivot = all[all.len() / 2]["updatedAt"].as_str().unwrap().to_owned();
    let expected =
        all.iter().filter(|c| c["updatedAt"].as_str().unwrap() >= pivot.as_str()).count();
    let filter = json!({"filters": [{"propertyName": "lastmodifieddate", "operator": "GTE", "value": pivot}]});
    let mut seen: Vec<Value> = Vec::new();
    let mut after = json!(0);
    for _ in 0..100 {
        let page = search(
            &sandbox,
            "contacts",
            &json!({"filterGroups": [filter], "sorts": [{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}], "limit": 37, "after": after}),
        )
        .json();
        assert_eq!(page["total"], expected);
        seen.extend(page["results"].as_array().unwrap().iter().cloned());
        match page["paging"]["next"]["after"].as_str() {
            Some(next) => after = json!(next),
            None => break,
        }
    }
    assert_eq!(seen.len(), expected);
    assert!(seen.windows(2).all(|w| w[0]["updatedAt"].as_str() <= w[1]["updatedAt"].as_str()));
    assert!(seen.iter().all(|c| c.get("associations").is_none()), "search carries no associations");

    // milliseconds mean the same as the ISO form
    let ms = crate::calendar::parse(&pivot).unwrap().to_string();
    let by_ms = search(
        &sandbox,
        "contacts",
        &json!({"filterGroups": [{"filters": [{"propertyName": "lastmodifieddate", "operator": "GTE", "value": ms}]}]}),
    );
    assert_eq!(by_ms.json()["total"], expected);

    let count = |operator: &str, rest: Value| {
        let mut filter = json!({"propertyName": "lifecyclestage", "operator": operator});
        filter.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        search(&sandbox, "contacts", &json!({"filterGroups": [{"filters": [filter]}]})).json()["total"].as_u64().unwrap()
    };
    let total = all.len() as u64;
    assert_eq!(count("HAS_PROPERTY", json!({})) + count("NOT_HAS_PROPERTY", json!({})), total);
    assert_eq!(
        count("EQ", json!({"value": "lead"})) + count("NEQ", json!({"value": "lead"})),
        total
    );
    assert_eq!(
        count("IN", json!({"values": ["lead", "customer"]})),
        count("EQ", json!({"value": "lead"})) + count("EQ", json!({"value": "customer"}))
    );
    let between = search(
        &sandbox,
        "contacts",
        &json!({"filterGroups": [{"filters": [{"propertyName": "hs_object_id", "operator": "BETWEEN", "value": all[3]["id"], "highValue": all[9]["id"]}]}]}),
    );
    assert_eq!(between.json()["total"], 7);

    for (body, why) in [
        (json!({"limit": 201}), "limit"),
        (json!({"sorts": ["a", "b"]}), "two sorts"),
        (
            json!({"filterGroups": [{"filters": [{"propertyName": "nope", "operator": "EQ", "value": "1"}]}]}),
            "property",
        ),
        (
            json!({"filterGroups": [{"filters": [{"propertyName": "email", "operator": "LIKE", "value": "1"}]}]}),
            "operator",
        ),
        (json!({"filterGroups": vec![json!({"filters": []}); 6]}), "groups"),
    ] {
        let answer = search(&sandbox, "contacts", &body);
        assert_eq!(
            (answer.status, answer.json()["category"].as_str()),
            (400, Some("VALIDATION_ERROR")),
            "{why}"
        );
    }
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn search_stops_at_ten_thousand_results() {
    let sandbox =
        start_with(SandboxOptions { limits: no_limits(), ..SandboxOptions::default() }).await;
    let imported = sandbox.with_world(|w| w.import_contacts(10_300));
    assert_eq!(imported.len(), 10_300);
    let all: Vec<Value> = hubspot_all(&sandbox, "contacts", "");
    let ties: HashSet<&str> = all
        .iter()
        .filter(|c| c["properties"]["email"].as_str().is_some_and(|m| m.starts_with("import")))
        .map(|c| c["updatedAt"].as_str().unwrap())
        .collect();
    assert_eq!(ties.len(), 1, "an import has one timestamp");
    let ask = |after: u64| {
        search(
            &sandbox,
            "contacts",
            &json!({"filterGroups": [], "limit": 200, "after": after.to_string(), "sorts": ["hs_object_id"]}),
        )
    };
    let last = ask(9_800);
    assert_eq!(last.status, 200);
    assert!(last.json()["total"].as_u64().unwrap() > 10_300);
    assert_eq!(last.json()["paging"]["next"]["after"], "10000");
    let beyond = ask(10_000);
    assert_eq!(beyond.status, 400);
    assert_eq!(beyond.json()["status"], "error");
    assert_eq!(ask(9_900).status, 400, "the page would reach past the cap");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn search_lags_behind_and_never_shows_the_archived() {
    let sandbox =
        start_with(SandboxOptions { hubspot_search_lag_ms: 30_000, ..SandboxOptions::default() })
            .await;
    sandbox.advance_ms(60_000);
    let first = hubspot_all(&sandbox, "contacts", "")[0]["id"].as_str().unwrap().to_owned();
    let found = |sandbox: &crate::Sandbox| {
        let body = json!({"filterGroups": [{"filters": [{"propertyName": "hs_object_id", "operator": "EQ", "value": first}]}]});
        search(sandbox, "contacts", &body).json()["total"].as_u64().unwrap()
    };
    assert_eq!(found(&sandbox), 1);
    sandbox.with_world(|w| {
        assert!(w.set_contact_property(first.parse().unwrap(), "jobtitle", "Astronaut"))
    });
    assert_eq!(found(&sandbox), 0, "not indexed yet");
    sandbox.advance_ms(31_000);
    assert_eq!(found(&sandbox), 1);
    assert!(sandbox.archive_contact(first.parse().unwrap()));
    sandbox.advance_ms(31_000);
    assert_eq!(found(&sandbox), 0);
    assert!(hubspot_all(&sandbox, "contacts", "").iter().all(|c| c["id"] != first.as_str()));
    let archived = hubspot_all(&sandbox, "contacts", "&archived=true");
    let row = archived.iter().find(|c| c["id"] == first.as_str()).unwrap();
    assert!(row["archivedAt"].is_string() && row["archived"] == true);
    assert_eq!(
        get(&sandbox, &format!("{}/crm/v3/objects/contacts/{first}", sandbox.hubspot_url())).status,
        404
    );
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_leaves_one_record_that_the_old_ids_lead_to() {
    let sandbox = start().await;
    let all = hubspot_all(&sandbox, "contacts", "&properties=email&associations=companies");
    let (a, b) = (all[5]["id"].as_str().unwrap(), all[8]["id"].as_str().unwrap());
    let url = format!("{}/crm/objects/2026-03/contacts/merge", sandbox.hubspot_url());
    let merged = post(&sandbox, &url, &json!({"primaryObjectId": a, "objectIdToMerge": b}));
    assert_eq!(merged.status, 200, "{}", merged.body);
    let winner = merged.json()["id"].as_str().unwrap().to_owned();
    assert!(winner != a && winner != b, "the result has a new id");
    let read = format!("{}/crm/objects/2026-03/contacts/batch/read", sandbox.hubspot_url());
    let answer = post(
        &sandbox,
        &read,
        &json!({"properties": ["hs_merged_object_ids", "hs_calculated_merged_vids", "email"], "inputs": [{"id": a}, {"id": b}, {"id": "1"}]}),
    );
    assert_eq!(answer.status, 207, "one id is missing");
    let body = answer.json();
    assert_eq!(body["results"].as_array().unwrap().len(), 1);
    assert_eq!(body["results"][0]["id"], winner.as_str());
    let ids: HashSet<&str> = body["results"][0]["properties"]["hs_merged_object_ids"]
        .as_str()
        .unwrap()
        .split(';')
        .collect();
    assert!(ids.contains(a) && ids.contains(b));
    assert_eq!(body["errors"][0]["context"]["ids"][0], "1");
    let after = hubspot_all(&sandbox, "contacts", "");
    assert_eq!(after.len(), all.len() - 1);
    assert!(after.iter().all(|c| c["id"] != a && c["id"] != b));
    assert!(
        hubspot_all(&sandbox, "contacts", "&archived=true").iter().all(|c| c["id"] != b),
        "a merged contact is not archived, it is gone"
    );
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn associations_are_read_in_batches_and_agree_both_ways() {
    let sandbox = start().await;
    let deals = hubspot_all(&sandbox, "deals", "&associations=contacts,companies");
    let ids: Vec<Value> = deals.iter().take(90).map(|d| json!({"id": d["id"]})).collect();
    for path in [
        "/crm/v4/associations/deals/contacts/batch/read",
        "/crm/associations/2026-03/deals/contacts/batch/read",
    ] {
        let answer =
            post(&sandbox, &format!("{}{path}", sandbox.hubspot_url()), &json!({"inputs": ids}));
        for row in answer.json()["results"].as_array().unwrap() {
            let listed = deals.iter().find(|d| d["id"] == row["from"]["id"]).unwrap();
            let from_list: HashSet<String> = listed["associations"]["contacts"]["results"]
                .as_array()
                .unwrap()
                .iter()
                .map(id)
                .collect();
            let from_batch: HashSet<String> = row["to"]
                .as_array()
                .unwrap()
                .iter()
                .map(|t| t["toObjectId"].to_string().replace('"', ""))
                .collect();
            assert_eq!(from_list, from_batch);
            assert_eq!(row["to"][0]["associationTypes"][0]["typeId"], 3);
        }
    }
    let one = &deals[0];
    let path = format!("/crm/v4/objects/deals/{}/associations/contacts", id(one));
    let answer = get(&sandbox, &format!("{}{path}", sandbox.hubspot_url())).json();
    let listed = one["associations"]["contacts"]["results"].as_array().map_or(0, Vec::len);
    assert_eq!(answer["results"].as_array().unwrap().len(), listed);
    let contacts = hubspot_all(&sandbox, "contacts", "&associations=deals");
    let forth: HashSet<(String, String)> = deals
        .iter()
        .flat_map(|d| {
            d["associations"]["contacts"]["results"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|c| (id(d), id(c)))
                .collect::<Vec<_>>()
        })
        .collect();
    let back: HashSet<(String, String)> = contacts
        .iter()
        .flat_map(|c| {
            c["associations"]["deals"]["results"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|d| (id(d), id(c)))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(back, forth);
    assert!(back.len() > 20);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_name_their_policy_and_errors_have_hubspots_shape() {
    let limits =
        Limits { hubspot_per_10s: Some(4), hubspot_search_per_second: Some(1), ..no_limits() };
    let sandbox = start_with(SandboxOptions { limits, ..SandboxOptions::default() }).await;
    let url = format!("{}/crm/objects/2026-03/contacts?limit=1", sandbox.hubspot_url());
    let first = get(&sandbox, &url);
    assert_eq!(first.header("X-HubSpot-RateLimit-Max"), Some("4"));
    assert_eq!(first.header("X-HubSpot-RateLimit-Remaining"), Some("3"));
    let mut searches = (0..2).map(|_| search(&sandbox, "contacts", &json!({})));
    assert_eq!(searches.next().unwrap().status, 200);
    let refused = searches.next().unwrap();
    assert_eq!(
        (refused.status, refused.json()["policyName"].as_str().map(str::to_owned)),
        (429, Some("SECONDLY".to_owned()))
    );
    get(&sandbox, &url);
    get(&sandbox, &url);
    let refused = get(&sandbox, &url);
    assert_eq!(refused.status, 429);
    assert_eq!(refused.json()["policyName"], "TEN_SECONDLY_ROLLING");
    assert_eq!(refused.header("Retry-After"), None);
    let wrong = super::send("GET", &url, "Bearer wrong", None);
    assert_eq!(
        (wrong.status, wrong.json()["category"].as_str()),
        (401, Some("INVALID_AUTHENTICATION"))
    );
    sandbox.stop().await;
    let sandbox = start().await;
    for (path, status) in [
        ("/crm/objects/2026-03/unicorns", 400),
        ("/nothing", 404),
        ("/crm/objects/2026-03/contacts?limit=500", 400),
        ("/crm/objects/2026-03/contacts?after=x", 400),
    ] {
        let answer = get(&sandbox, &format!("{}{path}", sandbox.hubspot_url()));
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.json()["correlationId"].is_string());
    }
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tie_storm_gives_many_objects_one_time() {
    let sandbox = start().await;
    sandbox.advance_ms(5_000);
    assert_eq!(sandbox.tie_storm(Stream::HubspotContacts, 150), 150);
    let at = crate::calendar::iso_millis(sandbox.now_ms());
    let tied = search(&sandbox, "contacts", &json!({"filterGroups": [{"filters": [{"propertyName": "lastmodifieddate", "operator": "EQ", "value": at}]}]})).json();
    assert!(tied["total"].as_u64().unwrap() >= 150);
    sandbox.stop().await;
}
