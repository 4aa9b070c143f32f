//! HubSpot's traps, on hand-written responses.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use crate::testing::{Synced, at, connector, contact, http, ok, status, sync};
use crate::{Connector, Fetch, FetchError, Method, Response, StreamState};
use domain::{Canonical, DealStatus, IdentifierKind, LinkRole};
use serde_json::{Value, json};

const NOW: &str = "2026-06-01T12:00:00Z";

fn hubspot() -> Box<dyn Connector> {
    connector("hubspot", json!({ "token": "t", "currency": "EUR" }))
}

fn object(id: u64, modified: &str) -> String {
    format!(
        r#"{{"id":"{id}","properties":{{"createdate":"2025-01-01T00:00:00Z","lastmodifieddate":"{modified}","hs_lastmodifieddate":"{modified}","email":"p{id}@x.example"}},"createdAt":"2025-01-01T00:00:00Z","updatedAt":"{modified}","archived":false}}"#
    )
}

fn page(objects: &[String], after: Option<&str>) -> String {
    let paging =
        after.map_or(String::new(), |a| format!(r#","paging":{{"next":{{"after":"{a}"}}}}"#));
    format!(r#"{{"results":[{}]{paging}}}"#, objects.join(","))
}

fn is_archived(fetch: &Fetch) -> bool {
    http(fetch).url.contains("archived=true")
}

/// A state after a full sync at a time.
fn synced_at(ms: i64) -> StreamState {
    StreamState(json!({ "high_water_ms": ms, "archived": { "since_ms": ms } }))
}

fn body(fetch: &Fetch) -> &Value {
    http(fetch).body.as_ref().unwrap()
}

/// Answers a whole incremental sync of contacts from ids and their modification times.
struct Account {
    contacts: Vec<(u64, i64)>,
    companies_of: fn(u64) -> Vec<u64>,
}

impl Account {
    fn answer(&self, fetch: &Fetch) -> Response {
        let url = &http(fetch).url;
        if is_archived(fetch) {
            return ok(page(&[], None));
        }
        let inputs = || -> Vec<u64> {
            let list = body(fetch)["inputs"].as_array().unwrap();
            list.iter().map(|i| i["id"].as_str().unwrap().parse().unwrap()).collect()
        };
        if url.ends_with("/search") {
            let filters = body(fetch)["filterGroups"][0]["filters"].as_array().unwrap();
            let bound = |property: &str, op: &str| -> Option<i64> {
                let filter = filters
                    .iter()
                    .find(|f| f["propertyName"] == property && f["operator"] == op)?;
                filter["value"].as_str().unwrap().parse().ok()
            };
            let from = bound("lastmodifieddate", "GTE").unwrap();
            let to = bound("lastmodifieddate", "LT").unwrap();
            let last = bound("hs_object_id", "GT").unwrap_or(0) as u64;
            assert!(body(fetch).get("after").is_none(), "a search is never paged");
            let found: Vec<u64> = self
                .contacts
                .iter()
                .filter(|(id, ms)| *id > last && (from..to).contains(ms))
                .map(|(id, _)| *id)
                .collect();
            let limit = body(fetch)["limit"].as_u64().unwrap() as usize;
            let shown: Vec<String> =
                found.iter().take(limit).map(|id| format!(r#"{{"id":"{id}"}}"#)).collect();
            let paging =
                if found.len() > limit { r#","paging":{"next":{"after":"200"}}"# } else { "" };
            return ok(format!(
                r#"{{"total":{},"results":[{}]{paging}}}"#,
                found.len(),
                shown.join(",")
            ));
        }
        if url.contains("/associations/") {
            let mut results = Vec::new();
            for id in inputs() {
                let to: Vec<String> = (self.companies_of)(id)
                    .iter()
                    .map(|c| format!(r#"{{"toObjectId":{c},"associationTypes":[{{"category":"HUBSPOT_DEFINED","typeId":1,"label":null}}]}}"#))
                    .collect();
                if !to.is_empty() {
                    results.push(format!(r#"{{"from":{{"id":"{id}"}},"to":[{}]}}"#, to.join(",")));
                }
            }
            let missing = r#""numErrors":1,"errors":[{"status":"error","category":"OBJECT_NOT_FOUND","subCategory":"crm.associations.NO_ASSOCIATIONS_FOUND","message":"No company is associated"}]"#;
            return status(
                207,
                format!(r#"{{"status":"COMPLETE","results":[{}],{missing}}}"#, results.join(",")),
            );
        }
        assert!(url.ends_with("/contacts/batch/read"), "{url}");
        assert!(inputs().len() <= 100);
        let objects: Vec<String> =
            inputs().iter().map(|id| object(*id, "2026-05-31T00:00:00Z")).collect();
        ok(page(&objects, None))
    }

    fn sync(&self, state: &StreamState) -> Synced {
        sync(&*hubspot(), "contacts", state, at(NOW), &mut |fetch| self.answer(fetch)).unwrap()
    }
}

#[test]
fn the_first_sync_lists_everything_then_the_archived_and_moves_the_mark_only_at_the_end() {
    let synced = sync(&*hubspot(), "contacts", &StreamState::default(), at(NOW), &mut |fetch| {
        let url = &http(fetch).url;
        assert!(url.starts_with("https://api.hubapi.com/crm/objects/2026-03/contacts?limit=100"));
        match (is_archived(fetch), url.contains("after=a1")) {
            (false, false) => {
                assert!(
                    url.contains("associations=companies") && url.contains("hs_merged_object_ids")
                );
                ok(page(&[object(1, "2026-05-01T00:00:00Z")], Some("a1")))
            }
            (false, true) => ok(page(&[object(2, "2026-05-02T00:00:00Z")], None)),
            (true, _) => ok(page(&[], None)),
        }
    })
    .unwrap();
    assert_eq!(synced.ids(), ["1", "2"]);
    assert!(synced.states[..2].iter().all(|s| s.0.get("high_water_ms").is_none()));
    assert_eq!(synced.state.0["high_water_ms"], at(NOW).as_millis());
    // the payload is the text as received
    assert_eq!(synced.record("1").payload.expose(), object(1, "2026-05-01T00:00:00Z"));
    assert_eq!(synced.record("1").version, at("2026-05-01").as_millis());
}

#[test]
fn more_than_ten_thousand_records_of_one_timestamp_all_come_and_the_walk_ends() {
    let same = at("2026-05-31T10:00:00Z").as_millis();
    let account = Account {
        contacts: (1..=10_450).map(|id| (id, same)).collect(),
        companies_of: |_| Vec::new(),
    };
    let synced = account.sync(&synced_at(at("2026-05-31").as_millis()));
    assert_eq!(synced.records.len(), 10_450);
    let searches = synced.urls().iter().filter(|u| u.ends_with("/search")).count();
    assert_eq!(searches, 53);
}

#[test]
fn windows_overlap_because_the_search_index_lags() {
    let mark = at("2026-05-31T10:00:00Z").as_millis();
    // modified before the mark, but indexed after the last sync had looked
    let account = Account {
        contacts: vec![(1, mark - 5 * 60_000), (2, mark - 3_600_000), (3, at(NOW).as_millis())],
        companies_of: |_| Vec::new(),
    };
    let synced = account.sync(&synced_at(mark));
    assert_eq!(synced.ids(), ["1"]);
    assert_eq!(synced.state.0["high_water_ms"], at(NOW).as_millis());
}

#[test]
fn a_clock_that_runs_ahead_does_not_move_the_mark_past_the_vendors_time() {
    let account = Account { contacts: vec![], companies_of: |_| Vec::new() };
    let vendor = at("2026-06-01T11:00:00Z");
    let synced = sync(
        &*hubspot(),
        "contacts",
        &synced_at(at("2026-05-31").as_millis()),
        at(NOW),
        &mut |fetch| match account.answer(fetch) {
            Response::Http { status, body, .. } => Response::Http {
                status,
                headers: vec![("Date".into(), "Mon, 01 Jun 2026 11:00:00 GMT".into())],
                body,
            },
            other => other,
        },
    )
    .unwrap();
    assert_eq!(synced.state.0["high_water_ms"], vendor.as_millis());
}

#[test]
fn what_a_search_finds_is_emitted_with_its_associations_as_a_list_would_show_them() {
    let account = Account {
        contacts: (1..=150).map(|id| (id, at("2026-05-31T10:00:00Z").as_millis())).collect(),
        companies_of: |id| if id % 2 == 0 { vec![900 + id, 7] } else { vec![] },
    };
    let synced = account.sync(&synced_at(at("2026-05-31").as_millis()));
    assert_eq!(synced.records.len(), 150);
    let links = &contact(synced.record("2")).links;
    let ids: Vec<&str> = links.iter().map(|l| l.target.external_id.as_str()).collect();
    assert_eq!(ids, ["902", "7"]);
    assert!(links.iter().all(|l| l.role == LinkRole::Company && l.target.stream == "companies"));
    let stored: Value = serde_json::from_str(synced.record("2").payload.expose()).unwrap();
    assert_eq!(
        stored["associations"]["companies"]["results"][0],
        json!({ "id": "902", "type": "contact_to_company" })
    );
    assert!(contact(synced.record("1")).links.is_empty());
    // the remembered state holds ids, never people
    assert!(synced.states.iter().all(|s| !s.0.to_string().contains('@')));
}

#[test]
fn a_record_with_more_associations_than_fit_is_read_on() {
    let mut continued = false;
    let synced = sync(
        &*hubspot(),
        "deals",
        &synced_at(at("2026-05-31").as_millis()),
        at(NOW),
        &mut |fetch| {
            let url = &http(fetch).url;
            if is_archived(fetch) {
                return ok(page(&[], None));
            }
            if url.ends_with("/search") {
                return ok(r#"{"total":1,"results":[{"id":"5"}]}"#);
            }
            if url.ends_with("/deals/contacts/batch/read") {
                let input = &body(fetch)["inputs"][0];
                if input.get("after").is_none() {
                    return ok(r#"{"results":[{"from":{"id":"5"},"to":[{"toObjectId":1}],"paging":{"next":{"after":"500"}}}]}"#);
                }
                continued = true;
                assert_eq!(input, &json!({ "id": "5", "after": "500" }));
                return ok(r#"{"results":[{"from":{"id":"5"},"to":[{"toObjectId":"2"}]}]}"#);
            }
            if url.ends_with("/deals/companies/batch/read") {
                return ok(r#"{"results":[{"from":{"id":"5"},"to":[{"toObjectId":3}]}]}"#);
            }
            ok(r#"{"results":[{"id":"5","properties":{"dealname":"D","amount":"12.5","deal_currency_code":"USD","hs_is_closed_won":"true","hs_is_closed":"true","closedate":"2026-05-30T00:00:00Z","hs_lastmodifieddate":"2026-05-31T09:00:00Z"}}]}"#)
        },
    )
    .unwrap();
    assert!(continued);
    let Canonical::Deal(deal) = &synced.record("5").canonical[0] else { panic!() };
    let links: Vec<(LinkRole, &str)> =
        deal.links.iter().map(|l| (l.role, l.target.external_id.as_str())).collect();
    assert_eq!(
        links,
        [(LinkRole::Contact, "1"), (LinkRole::Contact, "2"), (LinkRole::Company, "3")]
    );
    assert_eq!(deal.status, DealStatus::Won);
    assert_eq!(deal.amount.unwrap().to_string(), "12.50 USD");
    assert_eq!(deal.closed_at, Some(at("2026-05-30")));
}

#[test]
fn the_old_id_of_a_merged_record_does_not_overwrite_the_winner_without_its_associations() {
    let synced = sync(
        &*hubspot(),
        "contacts",
        &synced_at(at("2026-05-31").as_millis()),
        at(NOW),
        &mut |fetch| {
            let url = &http(fetch).url;
            if is_archived(fetch) {
                ok(page(&[], None))
            } else if url.ends_with("/search") {
                ok(r#"{"total":1,"results":[{"id":"5"}]}"#)
            } else if url.contains("associations") {
                ok(r#"{"results":[]}"#)
            } else {
                ok(page(&[object(77, "2026-05-31T10:00:00Z")], None))
            }
        },
    )
    .unwrap();
    assert!(synced.records.is_empty() && synced.rejects.is_empty());
}

#[test]
fn merged_records_become_aliases_of_the_one_that_lives_on() {
    let merged = object(9, "2026-05-01T00:00:00Z")
        .replace(r#""email""#, r#""hs_merged_object_ids":"4;5;9","email""#);
    let synced = sync(&*hubspot(), "contacts", &StreamState::default(), at(NOW), &mut |fetch| {
        ok(page(if is_archived(fetch) { &[] } else { std::slice::from_ref(&merged) }, None))
    })
    .unwrap();
    let merges: Vec<(&str, &str)> = synced
        .merges
        .iter()
        .map(|m| (m.from_external_id.as_str(), m.into_external_id.as_str()))
        .collect();
    assert_eq!(merges, [("4", "9"), ("5", "9")]);
}

#[test]
fn archived_records_become_tombstones_and_known_ones_are_not_repeated() {
    let old = r#"{"id":"1","archived":true,"archivedAt":"2026-05-01T00:00:00Z","updatedAt":"2026-05-01T00:00:00Z","properties":{}}"#;
    let new = r#"{"id":"2","archived":true,"archivedAt":"2026-05-31T18:00:00Z","updatedAt":"2026-04-01T00:00:00Z","properties":{}}"#;
    let answer = &mut |fetch: &Fetch| {
        if is_archived(fetch) {
            ok(page(&[old.into(), new.into()], None))
        } else {
            ok(r#"{"total":0,"results":[]}"#)
        }
    };
    let first = sync(&*hubspot(), "deals", &StreamState::default(), at(NOW), answer).unwrap();
    assert_eq!(first.tombstones.len(), 2);
    assert_eq!(first.tombstones[1].version, at("2026-05-31T18:00:00Z").as_millis());
    let again =
        sync(&*hubspot(), "deals", &synced_at(at("2026-05-31").as_millis()), at(NOW), answer)
            .unwrap();
    assert_eq!(again.tombstones.len(), 1);
    assert_eq!(again.tombstones[0].external_id, "2");
}

#[test]
fn a_long_archived_list_is_read_in_parts_over_several_syncs() {
    let mut pages = 0;
    let answer = &mut |fetch: &Fetch| {
        if !is_archived(fetch) {
            return ok(r#"{"total":0,"results":[]}"#);
        }
        pages += 1;
        let at: u32 = http(fetch).url.split("after=").nth(1).map_or(0, |a| a.parse().unwrap());
        ok(page(&[], (at < 119).then(|| (at + 1).to_string()).as_deref()))
    };
    let mut state = StreamState::default();
    for _ in 0..3 {
        state = sync(&*hubspot(), "companies", &state, at(NOW), answer).unwrap().state;
    }
    assert_eq!(pages, 120);
    assert_eq!(state.0["archived"], json!({ "since_ms": at(NOW).as_millis() }));
}

#[test]
fn a_broken_record_waits_in_quarantine_and_the_others_go_on() {
    let records = [
        object(1, "2026-05-01T00:00:00Z"),
        r#"{"properties":{"lastmodifieddate":"2026-05-01T00:00:00Z","email":"ann@x.example"}}"#.into(),
        r#"{"id":"3","properties":{"lastmodifieddate":"yesterday","email":"ann@x.example"}}"#.into(),
        r#"{"id":"4","properties":"ann@x.example"}"#.into(),
        r#"{"id":5,"properties":{"lastmodifieddate":"2026-05-01T00:00:00Z","email":{"odd":1},"firstname":7,"lifecyclestage":"lead","hs_analytics_source":"ORGANIC_SEARCH"}}"#.into(),
    ];
    let synced = sync(&*hubspot(), "contacts", &StreamState::default(), at(NOW), &mut |fetch| {
        ok(page(if is_archived(fetch) { &[] } else { &records }, None))
    })
    .unwrap();
    assert_eq!(synced.ids(), ["1", "5"]);
    let reasons: Vec<&str> = synced.rejects.iter().map(|r| r.reason.as_str()).collect();
    assert!(reasons[0].starts_with("id: is missing"), "{reasons:?}");
    assert!(reasons[1].starts_with("properties.lastmodifieddate: is not a date"), "{reasons:?}");
    assert!(reasons[2].starts_with("record: not of the expected shape"), "{reasons:?}");
    assert!(reasons.iter().all(|r| !r.contains("ann@")));
    assert_eq!(synced.rejects[1].external_id.as_deref(), Some("3"));
    // a field that is not essential and has a wrong type is left out, the row stays
    let odd = contact(synced.record("5"));
    assert!(odd.emails.is_empty());
    assert_eq!(odd.given_name.as_ref().unwrap().expose(), "7");
    assert_eq!(odd.vendor_stage.as_deref(), Some("lead"));
    assert_eq!(odd.acquisition_channel.as_deref(), Some("organic_search"));
}

#[test]
fn the_dates_of_stages_become_stays_the_calculated_ones_before_the_older_ones() {
    let records = [
        r#"{"id":"7","properties":{"lastmodifieddate":"2026-05-01T00:00:00Z","lifecyclestage":"lead","hs_lifecyclestage_subscriber_date":"2026-01-01T00:00:00Z","hs_lifecyclestage_lead_date":"2026-01-09T00:00:00Z","hs_v2_date_entered_lead":"2026-02-01T00:00:00Z","hs_v2_date_entered_marketingqualifiedlead":"2026-01-20T00:00:00Z","hs_v2_date_exited_marketingqualifiedlead":"2026-02-01T00:00:00Z","hs_v2_date_exited_opportunity":"2026-02-01T00:00:00Z","hs_v2_date_exited_lead":"2026-01-02T00:00:00Z"}}"#.to_owned(),
    ];
    let synced = sync(&*hubspot(), "contacts", &StreamState::default(), at(NOW), &mut |fetch| {
        ok(page(if is_archived(fetch) { &[] } else { &records }, None))
    })
    .unwrap();
    let stays: Vec<(&str, String, Option<String>)> = contact(synced.record("7"))
        .vendor_stays
        .iter()
        .map(|stay| {
            let day = |at: domain::Timestamp| at.to_string()[..10].to_owned();
            (stay.stage.as_str(), day(stay.entered_at), stay.exited_at.map(day))
        })
        .collect();
    assert_eq!(
        stays,
        [
            ("subscriber", "2026-01-01".to_owned(), None),
            ("marketingqualifiedlead", "2026-01-20".to_owned(), Some("2026-02-01".to_owned())),
            ("lead", "2026-02-01".to_owned(), None),
        ]
    );
}

#[test]
fn a_deal_whose_amount_cannot_be_read_is_quarantined_and_one_without_currency_has_no_amount() {
    let deal = |id: u8, amount: &str| {
        format!(
            r#"{{"id":"{id}","properties":{{{amount},"hs_lastmodifieddate":"2026-05-01T00:00:00Z","dealstage":"closedlost"}}}}"#
        )
    };
    let deals = [
        deal(1, r#""amount":"12,5""#),
        deal(2, r#""amount":"5","deal_currency_code":"XXL""#),
        deal(3, r#""amount":"5""#),
        deal(4, r#""amount":"""#),
    ];
    let answer = &mut |fetch: &Fetch| ok(page(if is_archived(fetch) { &[] } else { &deals }, None));
    let amount = |s: &Synced, id: &str| match &s.record(id).canonical[0] {
        Canonical::Deal(deal) => deal.amount.map(|a| a.to_string()),
        _ => panic!(),
    };
    let synced = sync(&*hubspot(), "deals", &StreamState::default(), at(NOW), answer).unwrap();
    assert_eq!(synced.ids(), ["3", "4"]);
    assert_eq!(amount(&synced, "3").as_deref(), Some("5.00 EUR"));
    assert_eq!(amount(&synced, "4"), None);
    let plain = connector("hubspot", json!({ "token": "t" }));
    let synced = sync(&*plain, "deals", &StreamState::default(), at(NOW), answer).unwrap();
    assert_eq!(amount(&synced, "3"), None);
    assert!(
        matches!(&synced.record("3").canonical[0], Canonical::Deal(d) if d.status == DealStatus::Lost)
    );
}

#[test]
fn a_page_that_points_at_itself_is_a_passing_fault_not_an_endless_walk() {
    let looping = |stream: &str, state: &StreamState| {
        let mut first = true;
        sync(&*hubspot(), stream, state, at(NOW), &mut |fetch| {
            if http(fetch).method == Method::Post {
                let keyed = body(fetch)["filterGroups"][0]["filters"].as_array();
                return match keyed {
                    // the first page of the search again, whatever the key
                    Some(_) => {
                        ok(r#"{"total":9,"results":[{"id":"5"}],"paging":{"next":{"after":"1"}}}"#)
                    }
                    None => ok(r#"{"results":[]}"#),
                };
            }
            let _ = std::mem::take(&mut first);
            ok(page(&[object(1, "2026-05-01T00:00:00Z")], Some("same")))
        })
        .unwrap_err()
    };
    assert!(matches!(looping("contacts", &StreamState::default()), FetchError::Transient { .. }));
    assert!(matches!(looping("contacts", &synced_at(0)), FetchError::Transient { .. }));
}

#[test]
fn a_refused_position_restarts_the_walk_and_keeps_the_mark() {
    let mut refused = false;
    let synced = sync(&*hubspot(), "contacts", &StreamState::default(), at(NOW), &mut |fetch| {
        if is_archived(fetch) {
            ok(page(&[], None))
        } else if http(fetch).url.contains("after=") && !refused {
            refused = true;
            status(400, r#"{"status":"error","message":"Invalid paging token","category":"VALIDATION_ERROR"}"#)
        } else if http(fetch).url.contains("after=") {
            ok(page(&[object(2, "2026-05-01T00:00:00Z")], None))
        } else {
            ok(page(&[object(1, "2026-05-01T00:00:00Z")], Some("x")))
        }
    })
    .unwrap();
    assert_eq!(synced.expired, 1);
    assert_eq!(synced.ids(), ["1", "1", "2"]);
    assert_eq!(synced.state.0["high_water_ms"], at(NOW).as_millis());
    // a first page that is refused is no lost position
    let error = sync(&*hubspot(), "contacts", &StreamState::default(), at(NOW), &mut |_| {
        status(400, r#"{"message":"bad property"}"#)
    })
    .unwrap_err();
    assert!(
        matches!(error, FetchError::Refused { status: 400, message } if message == "bad property")
    );
}

#[test]
fn a_missing_permission_concerns_one_stream_and_says_which_setting() {
    let error = sync(&*hubspot(), "deals", &StreamState::default(), at(NOW), &mut |_| {
        status(403, r#"{"status":"error","message":"requires all of [crm.objects.deals.read]","category":"MISSING_SCOPES"}"#)
    })
    .unwrap_err();
    assert!(
        matches!(&error, FetchError::Forbidden { message } if message.contains("deals.read") && message.contains("`token`"))
    );
}

#[test]
fn ids_of_other_systems_become_identifiers_beside_the_own_one() {
    let hubspot = connector(
        "hubspot",
        json!({ "token": "t", "namespace": "crm", "references": { "stripe_id": "stripe.customers" } }),
    );
    let one =
        object(1, "2026-05-01T00:00:00Z").replace(r#""email""#, r#""stripe_id":"cus_7","email""#);
    let synced = sync(&*hubspot, "contacts", &StreamState::default(), at(NOW), &mut |fetch| {
        assert!(is_archived(fetch) || http(fetch).url.contains("%2Cstripe_id"));
        ok(page(if is_archived(fetch) { &[] } else { std::slice::from_ref(&one) }, None))
    })
    .unwrap();
    let identifiers = &synced.record("1").identifiers;
    assert!(identifiers.iter().all(|i| i.kind == IdentifierKind::ExternalId));
    let values: Vec<&str> = identifiers.iter().map(|i| i.value.expose()).collect();
    assert_eq!(values, ["crm.contacts:1", "stripe.customers:cus_7"]);
    // the same comes of the stored payload
    let record = synced.record("1");
    let again = hubspot.map_payload("contacts", "1", &record.payload, record.version).unwrap();
    assert_eq!(&again, record);
}
