//! Time: a tick changes records coherently, deltas show what changed, credentials rotate, the
//! log counts, and the servers end.

use super::{get, hubspot_all, id, post, small, start, start_with, stripe_all, zendesk_all};
use crate::{Sandbox, SandboxCredentials, SandboxOptions, Vendor, World};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

fn by_id(rows: Vec<Value>) -> HashMap<String, Value> {
    rows.into_iter().map(|r| (id(&r), r)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tick_changes_is_what_the_deltas_show() {
    let sandbox = start().await;
    sandbox.advance_ms(120_000);
    let then = sandbox.now_ms();
    let iso = crate::calendar::iso_millis(then);
    let contacts = by_id(hubspot_all(
        &sandbox,
        "contacts",
        "&properties=email,phone,firstname,lastname,lifecyclestage,hs_lead_status,jobtitle,mobilephone,company",
    ));
    let (_, users) = zendesk_all(&sandbox, "users", "start_time=0", 1_000);
    let (_, tickets) = zendesk_all(&sandbox, "tickets", "start_time=0", 1_000);
    let invoices = by_id(stripe_all(&sandbox, "/v1/invoices"));
    sandbox.tick(14);
    assert_eq!(sandbox.now_ms(), then + 14 * 86_400_000);

    let after = by_id(hubspot_all(
        &sandbox,
        "contacts",
        "&properties=email,phone,firstname,lastname,lifecyclestage,hs_lead_status,jobtitle,mobilephone,company",
    ));
    let changed: HashSet<&String> =
        after.iter().filter(|(id, row)| contacts.get(*id) != Some(row)).map(|(id, _)| id).collect();
    assert!(changed.len() > 10, "{}", changed.len());
    let body = json!({"filterGroups": [{"filters": [{"propertyName": "lastmodifieddate", "operator": "GTE", "value": iso}]}], "limit": 200});
    let found = post(
        &sandbox,
        &format!("{}/crm/objects/2026-03/contacts/search", sandbox.hubspot_url()),
        &body,
    )
    .json();
    let found: HashSet<String> = found["results"].as_array().unwrap().iter().map(id).collect();
    assert!(changed.iter().all(|c| found.contains(*c)), "search by time finds every change");
    assert!(after.keys().any(|id| !contacts.contains_key(id)), "new leads");

    let (new_users, _) = zendesk_all(&sandbox, "users", &format!("cursor={}", users.unwrap()), 100);
    let (new_tickets, _) =
        zendesk_all(&sandbox, "tickets", &format!("cursor={}", tickets.unwrap()), 100);
    assert!(!new_users.is_empty() && new_tickets.len() > 10);
    assert!(
        new_tickets.iter().any(|t| t["created_at"].as_str().unwrap() < iso.as_str()),
        "an old ticket changed"
    );
    assert!(
        new_tickets.iter().any(|t| t["created_at"].as_str().unwrap() >= iso.as_str()),
        "a new ticket came"
    );

    // the journal is enough to bring the invoices up to date
    let mut rebuilt = invoices;
    let events = stripe_all(&sandbox, &format!("/v1/events?created[gte]={}", then / 1_000));
    for event in events.iter().rev().filter(|e| e["type"].as_str().unwrap().starts_with("invoice."))
    {
        let object = event["data"]["object"].clone();
        rebuilt.insert(id(&object), object);
    }
    let now = by_id(stripe_all(&sandbox, "/v1/invoices"));
    assert_eq!(rebuilt.keys().collect::<HashSet<_>>(), now.keys().collect::<HashSet<_>>());
    for (id, invoice) in &now {
        assert_eq!(
            (&rebuilt[id]["status"], &rebuilt[id]["amount_paid"], &rebuilt[id]["total"]),
            (&invoice["status"], &invoice["amount_paid"], &invoice["total"])
        );
    }
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_won_deal_is_followed_by_a_customer_with_a_subscription() {
    let sandbox = start().await;
    let deals = hubspot_all(
        &sandbox,
        "deals",
        "&properties=hs_is_closed_won,closedate,dealstage&associations=companies,contacts",
    );
    let subscriptions = stripe_all(&sandbox, "/v1/subscriptions?status=all");
    let won: HashMap<String, &Value> = deals
        .iter()
        .filter(|d| d["properties"]["hs_is_closed_won"] == "true")
        .map(|d| (id(d), d))
        .collect();
    let sold: Vec<&Value> =
        subscriptions.iter().filter(|s| s["metadata"]["hubspot_deal_id"].is_string()).collect();
    assert!(won.len() > 10 && sold.len() > 8, "{} {}", won.len(), sold.len());
    for subscription in sold {
        let deal = won[subscription["metadata"]["hubspot_deal_id"].as_str().unwrap()];
        let closed =
            crate::calendar::parse(deal["properties"]["closedate"].as_str().unwrap()).unwrap();
        let began = subscription["created"].as_i64().unwrap() * 1_000;
        assert!((closed - 1_000..closed + 60 * 86_400_000).contains(&began));
        assert_eq!(deal["properties"]["dealstage"], "closedwon");
    }
    let contacts = by_id(hubspot_all(&sandbox, "contacts", "&properties=lifecyclestage"));
    for deal in won.values() {
        for contact in deal["associations"]["contacts"]["results"].as_array().into_iter().flatten()
        {
            if let Some(row) = contacts.get(&id(contact)) {
                let stage = row["properties"]["lifecyclestage"].as_str().unwrap();
                assert!(["customer", "evangelist", "opportunity"].contains(&stage), "{stage}");
            }
        }
    }
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_follows_real_time_when_asked() {
    let sandbox =
        start_with(SandboxOptions { follow_real_clock: true, ..SandboxOptions::default() }).await;
    let (before, began) = (sandbox.now_ms(), std::time::Instant::now());
    while began.elapsed().as_millis() < 30 {
        get(&sandbox, &format!("{}/v1/account", sandbox.stripe_url()));
    }
    let ran = sandbox.now_ms() - before;
    assert!(ran >= 30 && ran <= i64::try_from(began.elapsed().as_millis()).unwrap() + 5, "{ran}");
    let now = sandbox.now_ms();
    sandbox.tick(1);
    assert!(sandbox.now_ms() >= now + 86_400_000);
    sandbox.stop().await;

    let still = start().await;
    assert_eq!(still.now_ms(), small(7).now_ms);
    still.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_rotate_and_requests_are_counted() {
    let sandbox = start().await;
    let url = format!("{}/v1/charges?limit=1", sandbox.stripe_url());
    assert_eq!(get(&sandbox, &url).status, 200);
    let old = super::authorization(&sandbox, &url);
    sandbox.set_credentials(SandboxCredentials {
        stripe_key: "rk_test_rotated".into(),
        ..sandbox.credentials()
    });
    assert_eq!(super::send("GET", &url, &old, None).status, 401);
    assert_eq!(get(&sandbox, &url).status, 200);
    assert_eq!(sandbox.requests(Vendor::Stripe), 3);
    assert_eq!(sandbox.requests(Vendor::Hubspot), 0);
    assert_eq!(sandbox.peak_concurrency(Vendor::Stripe), 1);
    let log = sandbox.log();
    assert_eq!(log.iter().map(|r| r.status).collect::<Vec<_>>(), [200, 401, 200]);
    assert_eq!((log[0].path.as_str(), log[0].query.as_str()), ("/v1/charges", "limit=1"));
    sandbox.clear_log();
    assert!(sandbox.log().is_empty() && sandbox.requests(Vendor::Stripe) == 0);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_a_clear_error_and_stopping_frees_it() {
    let sandbox = start().await;
    let port: u16 = sandbox.stripe_url().rsplit(':').next().unwrap().parse().unwrap();
    let options = SandboxOptions { ports: [0, 0, port], ..SandboxOptions::default() };
    let error = Sandbox::start(World::new(small(7)), options.clone()).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&port.to_string()) && text.contains("choose another port"), "{text}");
    sandbox.stop().await;
    let again = Sandbox::start(World::new(small(7)), options).await.unwrap();
    assert!(again.stripe_url().ends_with(&port.to_string()));
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_vendor_serves_the_truth() {
    let sandbox = start().await;
    let mut text = String::new();
    text.push_str(&json!(hubspot_all(&sandbox, "contacts", "")).to_string());
    text.push_str(&json!(stripe_all(&sandbox, "/v1/customers")).to_string());
    text.push_str(&json!(zendesk_all(&sandbox, "users", "start_time=0", 1_000).0).to_string());
    for word in ["\"person\"", "\"truth\"", "true_id"] {
        assert!(!text.contains(word), "{word}");
    }
    sandbox.stop().await;
}
