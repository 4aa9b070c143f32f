//! Every fault, one by one, as a client sees it.

use super::{get, hubspot_all, id, start, stripe_all, zendesk_all};
use crate::{BadRecord, Fault, FaultRule, Times, Vendor};
use std::collections::HashSet;
use std::time::Instant;

#[tokio::test(flavor = "multi_thread")]
async fn refusals_and_errors_strike_as_often_as_asked() {
    let sandbox = start().await;
    let hubspot = format!("{}/crm/objects/2026-03/contacts?limit=2", sandbox.hubspot_url());
    let zendesk =
        format!("{}/api/v2/incremental/users/cursor.json?start_time=0", sandbox.zendesk_url());
    let stripe = format!("{}/v1/charges?limit=2", sandbox.stripe_url());
    for (vendor, url) in
        [(Vendor::Hubspot, &hubspot), (Vendor::Zendesk, &zendesk), (Vendor::Stripe, &stripe)]
    {
        for (fault, status) in [
            (Fault::TooManyRequests { retry_after: Some(2) }, 429),
            (Fault::TooManyRequests { retry_after: None }, 429),
            (Fault::ServerError(500), 500),
            (Fault::ServerError(502), 502),
            (Fault::ServerError(503), 503),
            (Fault::Unauthorized, 401),
            (Fault::Forbidden, 403),
        ] {
            let rule = sandbox.faults().add(FaultRule::next(vendor, "", fault, 2).after(1));
            let statuses: Vec<u16> = (0..4).map(|_| get(&sandbox, url).status).collect();
            assert_eq!(statuses, [200, status, status, 200], "{vendor:?} {fault:?}");
            assert_eq!(sandbox.faults().struck(rule), Some(2));
            assert!(sandbox.faults().remove(rule));
        }
        sandbox.faults().add(FaultRule::next(
            vendor,
            "",
            Fault::TooManyRequests { retry_after: Some(7) },
            1,
        ));
        assert_eq!(get(&sandbox, url).header("Retry-After"), Some("7"));
        sandbox.faults().add(FaultRule::next(
            vendor,
            "",
            Fault::TooManyRequests { retry_after: None },
            1,
        ));
        assert_eq!(get(&sandbox, url).header("Retry-After"), None);
        sandbox.faults().add(FaultRule::next(vendor, "", Fault::HtmlBody, 1));
        let page = get(&sandbox, url);
        assert!(page.status == 200 && page.body.starts_with("<!doctype html>"));
        sandbox.faults().clear();
        // one vendor's fault is not another's
        sandbox.faults().add(FaultRule {
            vendor,
            path: String::new(),
            fault: Fault::ServerError(500),
            times: Times::Always,
            skip: 0,
        });
        let failing = [&hubspot, &zendesk, &stripe]
            .iter()
            .filter(|url| get(&sandbox, url).status == 500)
            .count();
        assert_eq!(failing, 1);
        sandbox.faults().clear();
    }
    assert!(sandbox.log().iter().any(|r| r.fault == Some(Fault::HtmlBody) && r.status == 200));
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_body_ends_before_its_announced_length() {
    let sandbox = start().await;
    let url = format!("{}/v1/charges?limit=50", sandbox.stripe_url());
    sandbox.faults().add(FaultRule::next(Vendor::Stripe, "charges", Fault::CutBody, 1));
    let cut = get(&sandbox, &url);
    assert!(!cut.whole && cut.status == 200);
    assert!(serde_json::from_str::<serde_json::Value>(&cut.body).is_err());
    let whole = get(&sandbox, &url);
    assert!(whole.whole);
    assert_eq!(whole.json()["data"].as_array().unwrap().len(), 50);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_answer_is_slow_and_right() {
    let sandbox = start().await;
    sandbox.faults().add(FaultRule::next(Vendor::Hubspot, "contacts", Fault::Slow(120), 1));
    let began = Instant::now();
    let url = format!("{}/crm/objects/2026-03/contacts", sandbox.hubspot_url());
    assert_eq!(get(&sandbox, &url).json()["results"].as_array().unwrap().len(), 10);
    assert!(began.elapsed().as_millis() >= 120);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_page_repeats_rows_and_loses_none() {
    let sandbox = start().await;
    let clean: HashSet<String> = hubspot_all(&sandbox, "contacts", "").iter().map(id).collect();
    sandbox
        .faults()
        .add(FaultRule::next(Vendor::Hubspot, "contacts", Fault::DuplicatePage, 1).after(1));
    let dirty = hubspot_all(&sandbox, "contacts", "");
    let ids: HashSet<String> = dirty.iter().map(id).collect();
    assert_eq!(ids, clean);
    assert_eq!(dirty.len(), clean.len() + 100);
    sandbox
        .faults()
        .add(FaultRule::next(Vendor::Stripe, "invoices", Fault::DuplicatePage, 1).after(1));
    let invoices = stripe_all(&sandbox, "/v1/invoices");
    let ids: HashSet<String> = invoices.iter().map(id).collect();
    assert_eq!(invoices.len(), ids.len() + 100);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_cursor_strikes_only_requests_that_have_one() {
    let sandbox = start().await;
    for vendor in Vendor::ALL {
        sandbox.faults().add(FaultRule::next(vendor, "", Fault::ExpiredCursor, 1));
    }
    let (h, z, s) = (sandbox.hubspot_url(), sandbox.zendesk_url(), sandbox.stripe_url());
    let page = get(&sandbox, &format!("{h}/crm/objects/2026-03/contacts?limit=2")).json();
    let after = page["paging"]["next"]["after"].as_str().unwrap();
    let users =
        get(&sandbox, &format!("{z}/api/v2/incremental/users/cursor.json?start_time=0&per_page=2"))
            .json();
    let cursor = users["after_cursor"].as_str().unwrap();
    let charges = get(&sandbox, &format!("{s}/v1/charges?limit=2")).json();
    let last = charges["data"][1]["id"].as_str().unwrap();
    for (url, status) in [
        (format!("{h}/crm/objects/2026-03/contacts?limit=2&after={after}"), 400),
        (format!("{z}/api/v2/incremental/users/cursor.json?cursor={cursor}&per_page=2"), 422),
        (format!("{s}/v1/charges?limit=2&starting_after={last}"), 400),
    ] {
        assert_eq!(get(&sandbox, &url).status, status);
        assert_eq!(get(&sandbox, &url).status, 200, "the next time it works");
    }
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_record_spoils_one_record_of_the_page() {
    let sandbox = start().await;
    let contacts =
        format!("{}/crm/objects/2026-03/contacts?limit=20&properties=email", sandbox.hubspot_url());
    let good = get(&sandbox, &contacts).json();
    for (bad, check) in [
        (
            BadRecord::WrongType,
            (|r: &serde_json::Value| r["properties"]["email"] == 12_345)
                as fn(&serde_json::Value) -> bool,
        ),
        (BadRecord::MissingId, |r| r.get("id").is_none() && r.is_object()),
        (BadRecord::NotAnObject, |r| r.is_string()),
    ] {
        sandbox.faults().add(FaultRule::next(
            Vendor::Hubspot,
            "contacts",
            Fault::BadRecord(bad),
            1,
        ));
        let page = get(&sandbox, &contacts).json();
        let rows = page["results"].as_array().unwrap();
        assert_eq!(rows.iter().filter(|r| check(r)).count(), 1, "{bad:?}");
        let same =
            rows.iter().zip(good["results"].as_array().unwrap()).filter(|(a, b)| a == b).count();
        assert_eq!(same, 19, "{bad:?}");
        assert_eq!(page["paging"], good["paging"]);
    }
    sandbox.faults().add(FaultRule::next(
        Vendor::Zendesk,
        "users",
        Fault::BadRecord(BadRecord::WrongType),
        1,
    ));
    let users = get(
        &sandbox,
        &format!("{}/api/v2/incremental/users/cursor.json?start_time=0", sandbox.zendesk_url()),
    )
    .json();
    assert_eq!(
        users["users"].as_array().unwrap().iter().filter(|u| u["email"].is_number()).count(),
        1
    );
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_page_says_that_there_is_more() {
    let sandbox = start().await;
    let (clean, _) = zendesk_all(&sandbox, "users", "start_time=0", 50);
    sandbox
        .faults()
        .add(FaultRule::next(Vendor::Zendesk, "users/cursor", Fault::EmptyPage, 1).after(2));
    let url = format!(
        "{}/api/v2/incremental/users/cursor.json?start_time=0&per_page=50",
        sandbox.zendesk_url()
    );
    let second = format!("cursor={}", get(&sandbox, &url).json()["after_cursor"].as_str().unwrap());
    get(
        &sandbox,
        &format!(
            "{}/api/v2/incremental/users/cursor.json?{second}&per_page=50",
            sandbox.zendesk_url()
        ),
    );
    let empty = get(
        &sandbox,
        &format!(
            "{}/api/v2/incremental/users/cursor.json?{second}&per_page=50",
            sandbox.zendesk_url()
        ),
    )
    .json();
    assert_eq!(
        (empty["users"].as_array().unwrap().len(), &empty["end_of_stream"]),
        (0, &serde_json::json!(false))
    );
    assert_eq!(format!("cursor={}", empty["after_cursor"].as_str().unwrap()), second);
    sandbox.faults().add(FaultRule::next(Vendor::Zendesk, "users/cursor", Fault::EmptyPage, 2));
    let (rows, _) = zendesk_all(&sandbox, "users", "start_time=0", 50);
    assert_eq!(rows, clean);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chance_is_seeded() {
    let run = async || {
        let sandbox = start().await;
        sandbox.faults().add(FaultRule {
            vendor: Vendor::Stripe,
            path: "charges".into(),
            fault: Fault::ServerError(500),
            times: Times::Probability(0.4),
            skip: 0,
        });
        let url = format!("{}/v1/charges?limit=1", sandbox.stripe_url());
        let statuses: Vec<u16> = (0..40).map(|_| get(&sandbox, &url).status).collect();
        sandbox.stop().await;
        statuses
    };
    let (a, b) = (run().await, run().await);
    assert_eq!(a, b);
    let struck = a.iter().filter(|s| **s == 500).count();
    assert!((6..=26).contains(&struck), "{struck}");
}
