//! Zendesk: cursor and time exports, their edges, plain lists, deletions, limits.

use super::{get, id, no_limits, start, start_with, zendesk_all};
use crate::{Limits, SandboxOptions, Stream};
use std::collections::{HashMap, HashSet};

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_export_gives_every_row_once_whatever_the_page_size() {
    let sandbox = start().await;
    // The export lists the deleted too.
    let all = sandbox.with_world(|w| [w.desk.users.len(), w.desk.tickets.len()]);
    for (name, count) in ["users", "tickets"].into_iter().zip(all) {
        let mut sets = Vec::new();
        for per_page in [1_000, 33] {
            let (rows, cursor) = zendesk_all(&sandbox, name, "start_time=0", per_page);
            let ids: HashSet<String> = rows.iter().map(id).collect();
            assert_eq!(ids.len(), rows.len());
            assert!(count - ids.len() <= 1, "only the last minute may be missing");
            sets.push(ids);
            // nothing new: the cursor stays where it is
            let (rows, again) =
                zendesk_all(&sandbox, name, &format!("cursor={}", cursor.clone().unwrap()), 100);
            assert_eq!((rows.len(), again), (0, cursor));
        }
        assert_eq!(sets[0], sets[1]);
    }
    let plain = get(
        &sandbox,
        &format!("{}/api/v2/incremental/users/cursor?start_time=0", sandbox.zendesk_url()),
    );
    assert_eq!(plain.status, 200, "the path works without .json");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_export_lists_by_generated_time_not_by_update() {
    let sandbox = start().await;
    let (users, cursor) = zendesk_all(&sandbox, "users", "start_time=0", 1_000);
    assert_eq!(sandbox.tie_storm(Stream::ZendeskUsers, 60), 60);
    let (none, _) =
        zendesk_all(&sandbox, "users", &format!("cursor={}", cursor.clone().unwrap()), 100);
    assert!(none.is_empty(), "the last minute is left out");
    sandbox.advance_ms(61_000);
    let (again, _) = zendesk_all(&sandbox, "users", &format!("cursor={}", cursor.unwrap()), 7);
    let ids: HashSet<String> = again.iter().map(id).collect();
    assert!(
        ids.len() >= 60 && ids.len() == again.len(),
        "ties are paged without loss or repetition"
    );
    for user in &again {
        let before = users.iter().find(|u| u["id"] == user["id"]);
        assert!(
            before.is_none_or(|b| b["updated_at"] == user["updated_at"]),
            "nobody updated them"
        );
    }
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_export_repeats_rows_at_the_edges_and_loses_none() {
    let sandbox =
        start_with(SandboxOptions { limits: no_limits(), ..SandboxOptions::default() }).await;
    sandbox.tie_storm(Stream::ZendeskOrganizations, 25);
    sandbox.advance_ms(120_000);
    let mut seen: HashMap<String, u32> = HashMap::new();
    let mut url = format!(
        "{}/api/v2/incremental/organizations.json?start_time=0&per_page=7",
        sandbox.zendesk_url()
    );
    for round in 0.. {
        assert!(round < 300, "the export never ends");
        let page = get(&sandbox, &url).json();
        for row in page["organizations"].as_array().unwrap() {
            *seen.entry(id(row)).or_default() += 1;
        }
        assert_eq!(
            page["count"].as_u64().unwrap() as usize,
            page["organizations"].as_array().unwrap().len()
        );
        if page["end_of_stream"] == true {
            assert!(page["end_time"].is_number());
            break;
        }
        url = page["next_page"].as_str().unwrap().to_owned();
    }
    assert_eq!(seen.len(), sandbox.with_world(|w| w.desk.organizations.len()));
    assert!(seen.values().any(|n| *n > 1), "page edges repeat");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn start_times_and_cursors_are_checked() {
    let sandbox = start().await;
    let now = sandbox.now_ms() / 1_000;
    let base = sandbox.zendesk_url();
    for (query, status) in [
        (format!("incremental/users/cursor.json?start_time={}", now - 30), 422),
        (format!("incremental/users/cursor.json?start_time={}", now + 999), 422),
        (format!("incremental/organizations.json?start_time={}", now - 30), 422),
        (format!("incremental/organizations.json?start_time={}", now - 61), 200),
        ("incremental/users/cursor.json?start_time=-5".to_owned(), 400),
        ("incremental/users/cursor.json?start_time=soon".to_owned(), 400),
        ("incremental/users/cursor.json".to_owned(), 400),
        ("incremental/users/cursor.json?cursor=nonsense".to_owned(), 422),
        ("incremental/organizations.json".to_owned(), 400),
        ("nothing.json".to_owned(), 404),
    ] {
        let answer = get(&sandbox, &format!("{base}/api/v2/{query}"));
        assert_eq!(answer.status, status, "{query}: {}", answer.body);
        assert!(status == 200 || answer.json()["error"].is_string());
    }
    let nothing = get(
        &sandbox,
        &format!("{base}/api/v2/incremental/users/cursor.json?start_time={}", now - 61),
    )
    .json();
    if nothing["users"].as_array().unwrap().is_empty() {
        assert!(nothing["after_cursor"].is_null(), "without rows there is no cursor");
    }
    let wrong = super::send("GET", &format!("{base}/api/v2/users/me.json"), "Basic bm8=", None);
    assert_eq!(wrong.status, 401);
    let me = get(&sandbox, &format!("{base}/api/v2/users/me.json")).json();
    assert_eq!(me["user"]["role"], "admin");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_carry_counts_ratings_and_metrics() {
    let sandbox = start().await;
    let page = get(
        &sandbox,
        &format!(
            "{}/api/v2/incremental/tickets/cursor.json?start_time=0&include=metric_sets",
            sandbox.zendesk_url()
        ),
    )
    .json();
    let tickets = page["tickets"].as_array().unwrap();
    let metrics = page["metric_sets"].as_array().unwrap();
    assert_eq!(tickets.len(), metrics.len());
    let mut scores: HashMap<&str, usize> = HashMap::new();
    let (users, _) = zendesk_all(&sandbox, "users", "start_time=0", 1_000);
    let known: HashSet<String> = users.iter().map(id).collect();
    for (ticket, metric) in tickets.iter().zip(metrics) {
        assert_eq!(ticket["id"], metric["ticket_id"]);
        assert!(
            ticket["comment_count"].as_i64().unwrap() >= 1
                && ticket["generated_timestamp"].is_number()
        );
        assert!(known.contains(&ticket["requester_id"].to_string()));
        *scores.entry(ticket["satisfaction_rating"]["score"].as_str().unwrap()).or_default() += 1;
    }
    for score in ["good", "bad", "offered", "unoffered"] {
        assert!(scores.get(score).is_some_and(|n| *n > 3), "{scores:?}");
    }
    assert!(scores["good"] > 2 * scores["bad"]);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deleted_stay_listed_and_say_so() {
    let sandbox = start().await;
    let (_, tickets) = zendesk_all(&sandbox, "tickets", "start_time=0", 1_000);
    let (_, users) = zendesk_all(&sandbox, "users", "start_time=0", 1_000);
    let user = sandbox.with_world(|w| w.desk.users.ids().last().unwrap());
    assert!(sandbox.delete_ticket(1) && sandbox.with_world(|w| w.delete_user(user)));
    assert!(!sandbox.delete_ticket(99_999_999));
    sandbox.advance_ms(62_000);
    let (rows, _) = zendesk_all(&sandbox, "tickets", &format!("cursor={}", tickets.unwrap()), 100);
    assert!(
        rows.iter().any(|t| t["id"] == 1 && t["status"] == "deleted" && t["subject"] == "SCRUBBED")
    );
    let (rows, _) = zendesk_all(&sandbox, "users", &format!("cursor={}", users.unwrap()), 100);
    assert!(rows.iter().any(|u| u["id"].as_u64() == Some(user) && u["active"] == false));
    assert_eq!(
        get(&sandbox, &format!("{}/api/v2/tickets/1.json", sandbox.zendesk_url())).status,
        404
    );
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_lists_page_by_number_and_by_cursor() {
    let sandbox = start().await;
    let base = sandbox.zendesk_url();
    let total = sandbox
        .with_world(|w| w.desk.organizations.rows().filter(|o| o.deleted_ms.is_none()).count());
    for first in ["organizations.json?per_page=9", "organizations?page%5Bsize%5D=9"] {
        let mut ids = HashSet::new();
        let mut url = format!("{base}/api/v2/{first}");
        for round in 0.. {
            assert!(round < 100);
            let page = get(&sandbox, &url).json();
            for row in page["organizations"].as_array().unwrap() {
                assert!(ids.insert(id(row)));
            }
            match page["next_page"].as_str().or(page["links"]["next"].as_str()) {
                Some(next) => url = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(ids.len(), total, "{first}");
    }
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_have_their_own_limit_with_a_retry_after() {
    let limits = Limits { zendesk_incremental_per_minute: Some(3), ..no_limits() };
    let sandbox = start_with(SandboxOptions { limits, ..SandboxOptions::default() }).await;
    let url = format!(
        "{}/api/v2/incremental/users/cursor.json?start_time=0&per_page=1",
        sandbox.zendesk_url()
    );
    for _ in 0..3 {
        assert_eq!(get(&sandbox, &url).status, 200);
    }
    let refused = get(&sandbox, &url);
    assert_eq!(refused.status, 429);
    let wait: u32 = refused.header("Retry-After").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
    assert_eq!(
        get(&sandbox, &format!("{}/api/v2/users.json", sandbox.zendesk_url())).status,
        200,
        "other paths go on"
    );
    sandbox.stop().await;
}
