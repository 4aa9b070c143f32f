//! Zendesk's traps, on hand-written responses.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use crate::testing::{Synced, at, connector, contact, http, ok, status, sync};
use crate::{Connector, FetchError, StreamState};
use domain::{Canonical, LinkRole, SurveyKind, TicketStatus};
use serde_json::json;

const NOW: &str = "2026-06-01T12:00:00Z";

fn zendesk() -> Box<dyn Connector> {
    connector("zendesk", json!({ "subdomain": "acme", "email": "a@x.example", "token": "t" }))
}

fn one_page(stream: &str, records: &str) -> Synced {
    let body = format!(
        r#"{{"{stream}":[{records}],"after_cursor":"c1","end_of_stream":true,"end_time":1}}"#
    );
    sync(&*zendesk(), stream, &StreamState::default(), at(NOW), &mut |_| ok(body.clone())).unwrap()
}

#[test]
fn an_empty_page_before_the_end_is_legal_and_the_cursor_outlives_the_end() {
    let user = |id: u8| {
        format!(
            r#"{{"id":{id},"role":"end-user","active":true,"updated_at":"2026-05-01T00:00:00Z"}}"#
        )
    };
    let first = sync(&*zendesk(), "users", &StreamState::default(), at(NOW), &mut |fetch| {
        let url = &http(fetch).url;
        assert!(url.starts_with("https://acme.zendesk.com/api/v2/incremental/users/cursor.json?"));
        assert!(!url.contains("updated"), "nothing is filtered by updated_at");
        if url.contains("start_time=0") {
            ok(format!(r#"{{"users":[{}],"after_cursor":"c1","end_of_stream":false}}"#, user(1)))
        } else if url.contains("cursor=c1") {
            ok(r#"{"users":[],"after_cursor":"c2","end_of_stream":false}"#)
        } else {
            assert!(url.contains("cursor=c2"));
            ok(format!(r#"{{"users":[{}],"after_cursor":"c3","end_of_stream":true}}"#, user(2)))
        }
    })
    .unwrap();
    assert_eq!(first.ids(), ["1", "2"]);
    let second = sync(&*zendesk(), "users", &first.state, at(NOW), &mut |fetch| {
        assert!(http(fetch).url.contains("cursor=c3"));
        // at the end of the stream there may be no new cursor
        ok(r#"{"users":[],"after_cursor":null,"end_of_stream":true}"#)
    })
    .unwrap();
    assert_eq!(second.state.0["cursor"], "c3");
}

#[test]
fn a_cursor_that_does_not_move_is_a_passing_fault_not_an_endless_walk() {
    for cursor in ["\"c1\"", "null"] {
        let error = sync(&*zendesk(), "tickets", &StreamState::default(), at(NOW), &mut |_| {
            ok(format!(r#"{{"tickets":[],"after_cursor":{cursor},"end_of_stream":false}}"#))
        });
        assert!(matches!(error.unwrap_err(), FetchError::Transient { .. }));
    }
    let error = sync(&*zendesk(), "organizations", &StreamState::default(), at(NOW), &mut |_| {
        ok(r#"{"organizations":[],"end_time":50,"end_of_stream":false}"#)
    });
    assert!(matches!(error.unwrap_err(), FetchError::Transient { .. }));
}

#[test]
fn organisations_repeated_at_a_page_boundary_come_once_unless_they_changed() {
    let org = |id: u8, at: &str| {
        format!(
            r#"{{"id":{id},"name":"O{id}","updated_at":"2026-05-01T00:00:{at}Z","domain_names":["x.example"]}}"#
        )
    };
    let synced =
        sync(&*zendesk(), "organizations", &StreamState::default(), at(NOW), &mut |fetch| {
            if http(fetch).url.ends_with("organizations.json?start_time=0") {
                ok(format!(
                    r#"{{"organizations":[{},{}],"end_time":100,"end_of_stream":false}}"#,
                    org(1, "01"),
                    org(2, "02")
                ))
            } else {
                assert!(http(fetch).url.ends_with("start_time=100"));
                ok(format!(
                    r#"{{"organizations":[{},{},{}],"end_time":100,"end_of_stream":true}}"#,
                    org(1, "09"),
                    org(2, "02"),
                    org(3, "03")
                ))
            }
        })
        .unwrap();
    assert_eq!(synced.ids(), ["1", "2", "1", "3"]);
    assert!(
        matches!(&synced.record("3").canonical[0], Canonical::Company(c) if c.domains == ["x.example"])
    );
}

#[test]
fn a_time_based_export_never_starts_within_the_last_minute() {
    let now_s = at(NOW).as_millis() / 1000;
    let state = StreamState(json!({ "start_s": now_s - 5, "completed_s": now_s - 5 }));
    let mut started = None;
    sync(&*zendesk(), "organizations", &state, at(NOW), &mut |fetch| {
        started = http(fetch).url.split("start_time=").nth(1).and_then(|s| s.parse().ok());
        ok(r#"{"organizations":[],"end_time":null,"end_of_stream":true}"#)
    })
    .unwrap();
    assert_eq!(started, Some(now_s - 61));
    // by Zendesk's clock it may still be too recent: then there is nothing new
    let synced = sync(&*zendesk(), "organizations", &state, at(NOW), &mut |_| {
        status(422, r#"{"error":"InvalidValue","description":"Too recent start_time. Use a start_time older than 60 seconds"}"#)
    })
    .unwrap();
    assert_eq!(synced.state, state);
}

#[test]
fn deleted_tickets_users_and_organisations_become_tombstones_and_suspended_users_stay() {
    let tickets = one_page(
        "tickets",
        r#"{"id":1,"status":"deleted","updated_at":"2026-05-01T00:00:00Z","generated_timestamp":1777600000}"#,
    );
    assert_eq!(tickets.tombstones[0].version, at("2026-05-01T01:46:40Z").as_millis());
    let users = one_page(
        "users",
        r#"{"id":1,"role":"end-user","active":false,"updated_at":"2026-05-01T00:00:00Z"},
           {"id":2,"role":"end-user","active":true,"suspended":true,"updated_at":"2026-05-01T00:00:00Z"}"#,
    );
    assert_eq!(users.tombstones[0].external_id, "1");
    assert_eq!(users.ids(), ["2"]);
    let organizations = one_page(
        "organizations",
        r#"{"id":1,"updated_at":"2026-05-01T00:00:00Z","deleted_at":"2026-05-02T00:00:00Z"}"#,
    );
    assert_eq!(organizations.tombstones[0].version, at("2026-05-02").as_millis());
}

#[test]
fn a_record_that_zendesk_rewrote_without_touching_updated_at_is_a_newer_version() {
    let ticket = |generated: u32| {
        one_page(
            "tickets",
            &format!(
                r#"{{"id":1,"status":"open","updated_at":"2026-05-01T00:00:00Z","generated_timestamp":{generated}}}"#
            ),
        )
    };
    assert!(ticket(1_777_700_000).records[0].version > ticket(1_777_600_000).records[0].version);
}

#[test]
fn the_companys_own_staff_is_kept_but_is_no_contact() {
    let users = one_page(
        "users",
        r#"{"id":1,"role":"agent","active":true,"email":"me@x.example","updated_at":"2026-05-01T00:00:00Z"},
           {"id":2,"role":"admin","active":true,"updated_at":"2026-05-01T00:00:00Z"},
           {"id":3,"role":"end-user","active":true,"name":"Ann","email":"ann@x.example","phone":"+1","organization_id":9,"external_id":"hubspot:101","updated_at":"2026-05-01T00:00:00Z"}"#,
    );
    assert_eq!(users.ids(), ["1", "2", "3"]);
    assert!(users.record("1").canonical.is_empty() && users.record("1").identifiers.is_empty());
    assert!(users.record("2").canonical.is_empty());
    let ann = contact(users.record("3"));
    assert_eq!(ann.links[0].target.stream, "organizations");
    let values: Vec<&str> =
        users.record("3").identifiers.iter().map(|i| i.value.expose()).collect();
    assert_eq!(values, ["zendesk.users:3", "hubspot.contacts:101"]);
    let other =
        one_page("users", r#"{"id":4,"external_id":"cus_9","updated_at":"2026-05-01T00:00:00Z"}"#);
    assert_eq!(other.record("4").identifiers[1].value.expose(), "stripe.customers:cus_9");
}

#[test]
fn a_rating_becomes_a_survey_response_beside_its_ticket_and_an_offer_does_not() {
    let ticket = |id: u8, score: &str| {
        format!(
            r#"{{"id":{id},"status":"solved","subject":"S","priority":"high","via":{{"channel":"web"}},"requester_id":7,"organization_id":8,"comment_count":3,"metric_set":{{"solved_at":"2026-05-03T00:00:00Z"}},"satisfaction_rating":{{"score":"{score}","comment":"fine"}},"created_at":"2026-05-01T00:00:00Z","updated_at":"2026-05-04T00:00:00Z"}}"#
        )
    };
    let synced =
        one_page("tickets", &[ticket(1, "good"), ticket(2, "bad"), ticket(3, "offered")].join(","));
    let score = |id: &str| match synced.record(id).canonical.get(1) {
        Some(Canonical::SurveyResponse(s)) => {
            assert_eq!(s.kind, SurveyKind::Csat);
            let roles: Vec<LinkRole> = s.links.iter().map(|l| l.role).collect();
            assert_eq!(roles, [LinkRole::Ticket, LinkRole::Contact, LinkRole::Company]);
            Some(s.score)
        }
        _ => None,
    };
    assert_eq!((score("1"), score("2"), score("3")), (Some(5), Some(1), None));
    let Canonical::Ticket(t) = &synced.record("1").canonical[0] else { panic!() };
    assert_eq!((t.status, t.comment_count), (TicketStatus::Solved, Some(3)));
    assert_eq!((t.channel.as_deref(), t.solved_at), (Some("web"), Some(at("2026-05-03"))));
}

#[test]
fn a_ticket_with_an_unknown_status_is_kept_as_received_and_waits_in_quarantine() {
    let synced =
        one_page("tickets", r#"{"id":1,"status":"limbo","updated_at":"2026-05-04T00:00:00Z"}"#);
    assert!(synced.record("1").canonical.is_empty());
    assert_eq!(synced.rejects[0].external_id.as_deref(), Some("1"));
    assert!(synced.rejects[0].reason.starts_with("status: is not one of new"));
    let again = zendesk().map_payload("tickets", "1", &synced.record("1").payload, 5);
    assert_eq!(again.unwrap_err().reason, synced.rejects[0].reason);
}

#[test]
fn a_lost_cursor_restarts_a_day_before_the_last_completed_sync() {
    let now_s = at(NOW).as_millis() / 1000;
    let state = StreamState(json!({ "cursor": "old", "completed_s": now_s - 1000, "start_s": 0 }));
    let synced = sync(&*zendesk(), "tickets", &state, at(NOW), &mut |fetch| {
        if http(fetch).url.contains("cursor=old") {
            status(400, r#"{"error":{"title":"Invalid cursor","message":"cursor is not valid"}}"#)
        } else {
            assert!(http(fetch).url.contains(&format!("start_time={}", now_s - 1000 - 86_400)));
            ok(r#"{"tickets":[],"after_cursor":"new","end_of_stream":true}"#)
        }
    })
    .unwrap();
    assert_eq!((synced.expired, &synced.state.0["cursor"]), (1, &json!("new")));
}

#[test]
fn a_plan_without_a_stream_and_a_page_without_its_flag_are_told_apart() {
    let answer = |code: u16, body: &'static str| {
        sync(&*zendesk(), "users", &StreamState::default(), at(NOW), &mut |_| status(code, body))
            .unwrap_err()
    };
    assert!(matches!(answer(403, r#"{"error":"Forbidden"}"#), FetchError::Forbidden { .. }));
    assert!(matches!(answer(200, r#"{"users":[]}"#), FetchError::Malformed { .. }));
    assert!(matches!(answer(200, r#"{"end_of_stream":true}"#), FetchError::Malformed { .. }));
    assert!(matches!(answer(503, "<html>"), FetchError::Transient { status: 503, .. }));
}

#[test]
fn times_sent_beside_the_tickets_become_part_of_them() {
    let body = r#"{"tickets":[{"id":1,"status":"closed","updated_at":"2026-05-04T00:00:00Z"}],"metric_sets":[{"ticket_id":1,"solved_at":"2026-05-03T00:00:00Z"}],"after_cursor":"c","end_of_stream":true}"#;
    let synced =
        sync(&*zendesk(), "tickets", &StreamState::default(), at(NOW), &mut |_| ok(body)).unwrap();
    let Canonical::Ticket(t) = &synced.record("1").canonical[0] else { panic!() };
    assert_eq!(t.solved_at, Some(at("2026-05-03")));
    let again = zendesk().map_payload("tickets", "1", &synced.record("1").payload, 1).unwrap();
    assert_eq!(again.canonical, synced.record("1").canonical);
}

#[test]
fn the_first_reply_is_dated_by_how_long_it_took() {
    let replied = |metrics: &str| {
        let page = one_page(
            "tickets",
            &format!(
                r#"{{"id":1,"status":"open","created_at":"2026-05-01T10:00:00Z","updated_at":"2026-05-02T00:00:00Z","metric_set":{metrics}}}"#
            ),
        );
        match &page.records[0].canonical[0] {
            Canonical::Ticket(ticket) => ticket.first_replied_at,
            other => panic!("{other:?}"),
        }
    };
    let minutes = r#""reply_time_in_minutes":{"calendar":95,"business":30}"#;
    let seconds = r#""reply_time_in_seconds":{"calendar":5701}"#;
    assert_eq!(replied(&format!("{{{minutes}}}")), Some(at("2026-05-01T11:35:00Z")));
    assert_eq!(replied(&format!("{{{minutes},{seconds}}}")), Some(at("2026-05-01T11:35:01Z")));
    let unanswered = r#"{"reply_time_in_minutes":{"calendar":null,"business":null}}"#;
    assert_eq!(replied(unanswered), None);
    assert_eq!(replied("{}"), None);
}
