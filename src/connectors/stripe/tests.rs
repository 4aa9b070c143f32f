//! Stripe's traps, on hand-written responses.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use crate::testing::{Synced, at, connector, contact, http, ok, status, sync};
use crate::{Connector, Fetch, FetchError, StreamState};
use domain::{
    Canonical, Interval, InvoiceStatus, LinkRole, PaymentStatus, SourceRecord, SubscriptionStatus,
};
use serde_json::{Value, json};

const NOW: &str = "2026-06-01T12:00:00Z";

fn stripe() -> Box<dyn Connector> {
    connector("stripe", json!({ "key": "rk_test" }))
}

fn seconds(text: &str) -> i64 {
    at(text).as_millis() / 1000
}

fn list(objects: &[String], more: bool) -> String {
    format!(r#"{{"object":"list","data":[{}],"has_more":{more}}}"#, objects.join(","))
}

fn customer(id: &str, name: &str) -> String {
    format!(
        r#"{{"id":"{id}","object":"customer","created":1700000000,"name":"{name}","metadata":{{}}}}"#
    )
}

fn event(id: u32, kind: &str, created: i64, object: &str) -> String {
    format!(
        r#"{{"id":"evt_{id}","object":"event","type":"{kind}","created":{created},"data":{{"object":{object}}}}}"#
    )
}

/// A state after a completed sync.
fn synced_at(position: &str, checked: &str) -> StreamState {
    StreamState(json!({ "position_s": seconds(position), "checked_ms": at(checked).as_millis() }))
}

fn name(record: &SourceRecord) -> String {
    contact(record).full_name.as_ref().unwrap().expose().to_owned()
}

fn snapshot(stream: &str, objects: &[String]) -> Synced {
    sync(&*stripe(), stream, &StreamState::default(), at(NOW), &mut |fetch| {
        let url = &http(fetch).url;
        ok(list(if url.contains("/v1/events") { &[] } else { objects }, false))
    })
    .unwrap()
}

#[test]
fn a_snapshot_is_taken_after_the_logs_end_is_noted_and_later_events_win_over_it() {
    let log_end = seconds("2026-06-01T11:59:00Z");
    let first = sync(&*stripe(), "customers", &StreamState::default(), at(NOW), &mut |fetch| {
        let request = http(fetch);
        assert!(
            request
                .headers
                .iter()
                .any(|(n, v)| n == "stripe-version" && v.expose().starts_with("2026-"))
        );
        let url = &request.url;
        if url.contains("/v1/events?limit=1&") {
            assert!(url.contains("types[]=customer.updated"));
            ok(list(&[event(1, "customer.updated", log_end, "{}")], true))
        } else if url.contains("starting_after=cus_2") {
            ok(list(&[customer("cus_1", "Ann")], false))
        } else {
            ok(list(&[customer("cus_3", "Cy"), customer("cus_2", "Bo")], true))
        }
    })
    .unwrap();
    assert_eq!(first.ids(), ["cus_3", "cus_2", "cus_1"]);
    // newest first: nothing is known until the walk has ended
    assert!(first.states[..2].iter().all(|s| s.0.get("position_s").is_none()));
    assert_eq!(first.state.0["position_s"], log_end);
    // an event between the noted end and the listing; our clock is an hour ahead and must not matter
    let ahead = at(NOW).plus_millis(3_600_000);
    let second = sync(&*stripe(), "customers", &first.state, ahead, &mut |fetch| {
        assert!(http(fetch).url.contains(&format!("created[gte]={}", log_end - 300)));
        ok(list(&[event(2, "customer.updated", log_end + 1, &customer("cus_1", "Anna"))], false))
    })
    .unwrap();
    assert!(second.record("cus_1").version > first.record("cus_1").version);
    assert_eq!(name(second.record("cus_1")), "Anna");
}

#[test]
fn of_several_states_of_an_object_the_newest_event_wins_even_within_one_second() {
    let t = seconds("2026-06-01T11:00:00Z");
    let events = [
        event(5, "customer.updated", t + 9, &customer("cus_1", "Newest")),
        event(4, "customer.updated", t, &customer("cus_2", "Second of its second")),
        event(3, "customer.created", t, &customer("cus_2", "First of its second")),
        event(2, "customer.updated", t - 5, &customer("cus_1", "Older")),
    ];
    for pages in
        [vec![&events[..]], vec![&events[..2], &events[2..]], vec![&events[..3], &events[3..]]]
    {
        let mut left = pages.into_iter().peekable();
        let state = synced_at("2026-06-01T10:00:00Z", NOW);
        let synced = sync(&*stripe(), "customers", &state, at(NOW), &mut |_| {
            let page = left.next().unwrap();
            ok(list(page, left.peek().is_some()))
        })
        .unwrap();
        let stored = synced.stored();
        assert_eq!(name(&stored["cus_1"]), "Newest");
        assert_eq!(name(&stored["cus_2"]), "Second of its second");
        assert_eq!(synced.state.0["position_s"], t + 9);
    }
}

#[test]
fn deleted_customers_become_tombstones_and_older_events_do_not_revive_them() {
    let t = seconds("2026-06-01T11:00:00Z");
    let state = synced_at("2026-06-01T10:00:00Z", NOW);
    let synced = sync(&*stripe(), "customers", &state, at(NOW), &mut |_| {
        ok(list(
            &[
                event(
                    2,
                    "customer.deleted",
                    t,
                    r#"{"id":"cus_1","object":"customer","deleted":true}"#,
                ),
                event(1, "customer.updated", t, &customer("cus_1", "Ann")),
            ],
            false,
        ))
    })
    .unwrap();
    assert_eq!(synced.tombstones[0].external_id, "cus_1");
    assert!(synced.stored().is_empty());
    // the end of a subscription is an event called deleted, but the subscription is not gone
    let ended = r#"{"id":"sub_1","object":"subscription","currency":"eur","status":"canceled","ended_at":1780311600,"cancellation_details":{"reason":"payment_failed","feedback":null},"items":{"data":[],"has_more":false}}"#;
    let synced = sync(&*stripe(), "subscriptions", &state, at(NOW), &mut |_| {
        ok(list(&[event(3, "customer.subscription.deleted", t, ended)], false))
    })
    .unwrap();
    assert!(synced.tombstones.is_empty());
    let Canonical::Subscription(s) = &synced.record("sub_1").canonical[0] else { panic!() };
    assert_eq!(s.status, SubscriptionStatus::Canceled);
    assert_eq!(s.cancellation_reason.as_deref(), Some("payment_failed"));
}

#[test]
fn a_stream_not_synced_for_most_of_the_events_retention_is_listed_anew() {
    let listed = |checked: &str| {
        let state = synced_at("2026-04-20", checked);
        let synced =
            sync(&*stripe(), "refunds", &state, at(NOW), &mut |_| ok(list(&[], false))).unwrap();
        assert_eq!(synced.state.0["checked_ms"], at(NOW).as_millis());
        synced.urls().iter().any(|u| u.contains("/v1/refunds"))
    };
    assert!(listed("2026-05-07"), "25 days");
    assert!(!listed("2026-05-10"), "22 days");
}

#[test]
fn without_any_event_in_the_log_later_events_still_win_over_the_listing() {
    let first = snapshot("customers", &[customer("cus_1", "Ann")]);
    let in_an_hour = seconds("2026-06-01T13:00:00Z");
    let second = sync(&*stripe(), "customers", &first.state, at("2026-06-02"), &mut |_| {
        ok(list(&[event(1, "customer.updated", in_an_hour, &customer("cus_1", "Anna"))], false))
    })
    .unwrap();
    assert!(second.records[0].version > first.records[0].version);
}

#[test]
fn a_position_whose_object_was_deleted_restarts_the_walk_and_keeps_the_mark() {
    let gone = r#"{"error":{"type":"invalid_request_error","code":"resource_missing","param":"starting_after","message":"No such customer: 'cus_2'"}}"#;
    let mut refused = false;
    let synced = sync(&*stripe(), "customers", &StreamState::default(), at(NOW), &mut |fetch| {
        let url = &http(fetch).url;
        if url.contains("/events") {
            ok(list(&[event(1, "customer.updated", 1_780_000_000, "{}")], false))
        } else if !url.contains("starting_after") {
            let first = if refused { "cus_3" } else { "cus_2" };
            ok(list(&[customer(first, "Bo")], true))
        } else if !refused {
            refused = true;
            status(400, gone)
        } else {
            ok(list(&[customer("cus_1", "Ann")], false))
        }
    })
    .unwrap();
    assert_eq!((synced.expired, synced.ids()), (1, vec!["cus_2", "cus_3", "cus_1"]));
    assert_eq!(synced.state.0["position_s"], 1_780_000_000);
    let error =
        sync(&*stripe(), "customers", &StreamState::default(), at(NOW), &mut |_| status(400, gone));
    assert!(matches!(error.unwrap_err(), FetchError::Refused { status: 400, .. }));
}

#[test]
fn a_list_that_does_not_move_on_is_a_passing_fault_not_an_endless_walk() {
    let error = sync(&*stripe(), "charges", &StreamState::default(), at(NOW), &mut |fetch| {
        let more = !http(fetch).url.contains("/events");
        ok(list(
            &[r#"{"id":"ch_1","object":"charge","amount":5,"currency":"eur","status":"failed"}"#
                .into()],
            more,
        ))
    });
    assert!(matches!(error.unwrap_err(), FetchError::Transient { .. }));
}

fn item(id: u32, amount: i64) -> String {
    format!(
        r#"{{"id":"si_{id}","quantity":2,"current_period_end":1790000000,"price":{{"id":"price_{id}","currency":"eur","unit_amount":{amount},"unit_amount_decimal":"{amount}","recurring":{{"interval":"month","interval_count":1,"usage_type":"licensed"}}}}}}"#
    )
}

fn subscription(items: &str, more: bool) -> String {
    format!(
        r#"{{"id":"sub_1","object":"subscription","created":1700000000,"currency":"eur","customer":"cus_1","items":{{"object":"list","data":[{items}],"has_more":{more}}},"status":"active"}}"#
    )
}

#[test]
fn a_subscription_with_more_than_ten_items_comes_with_all_of_them_or_not_yet() {
    let shown: Vec<String> = (1..=10).map(|i| item(i, 100)).collect();
    let whole = subscription(&shown.join(","), true);
    let synced =
        sync(&*stripe(), "subscriptions", &StreamState::default(), at(NOW), &mut |fetch| {
            let url = &http(fetch).url;
            if url.contains("/subscription_items?subscription=sub_1") {
                let second = url.contains("starting_after=si_8");
                let items: Vec<String> =
                    if second { 9..=12 } else { 1..=8 }.map(|i| item(i, 100)).collect();
                ok(list(&items, !second))
            } else if url.ends_with("/subscriptions/sub_1") {
                ok(whole.clone())
            } else if url.contains("/events") {
                ok(list(&[], false))
            } else {
                assert!(url.contains("status=all"), "cancelled subscriptions are wanted too");
                ok(list(std::slice::from_ref(&whole), false))
            }
        })
        .unwrap();
    assert_eq!(synced.ids(), ["sub_1"]);
    let Canonical::Subscription(s) = &synced.records[0].canonical[0] else { panic!() };
    assert_eq!(
        (s.items.len(), s.items[11].amount_minor, s.items[0].interval),
        (12, 200, Interval::Month)
    );
    assert_eq!(s.current_period_end.unwrap().as_millis(), 1_790_000_000_000);
    let stored: Value = serde_json::from_str(synced.records[0].payload.expose()).unwrap();
    assert_eq!(
        (stored["items"]["has_more"].as_bool(), &stored["status"]),
        (Some(false), &json!("active"))
    );
    // nothing is committed as done while items are outstanding
    assert!(synced.states.iter().rev().skip(1).all(|s| s.0.get("position_s").is_none()));
}

#[test]
fn prices_in_packages_fractions_and_old_shapes_are_counted_and_usage_is_reported() {
    let price = |more: &str, quantity: i64| {
        format!(
            r#"{{"id":"si_1","quantity":{quantity},"price":{{"id":"p","currency":"eur","recurring":{{"interval":"year","interval_count":2}},{more}}}}}"#
        )
    };
    let of = |items: &str| {
        let synced = snapshot("subscriptions", &[subscription(items, false)]);
        let Canonical::Subscription(s) = &synced.records[0].canonical[0] else { panic!() };
        let reason = synced.rejects.first().map(|r| r.reason.clone());
        (s.items.first().map(|i| (i.amount_minor, i.interval_count)), reason)
    };
    assert_eq!(of(&price(r#""unit_amount":null,"unit_amount_decimal":"0.5""#, 5)).0, Some((3, 2)));
    assert_eq!(
        of(&price(r#""unit_amount":100,"transform_quantity":{"divide_by":10,"round":"up"}"#, 11)).0,
        Some((200, 2))
    );
    let old = r#"{"id":"si_1","quantity":3,"plan":{"id":"p","amount":700,"currency":"eur","interval":"week","interval_count":1}}"#;
    assert_eq!(of(old).0, Some((2100, 1)));
    let (none, reason) = of(&price(r#""unit_amount":null,"billing_scheme":"tiered""#, 1));
    assert_eq!(none, None);
    assert!(reason.unwrap().contains("metered or tiered"));
}

#[test]
fn invoices_are_understood_in_the_new_shape_and_in_the_old_one() {
    let invoice = |more: &str| {
        format!(
            r#"{{"id":"in_1","object":"invoice","created":1700000000,"currency":"usd","customer":"cus_1","status":"paid","total":1190,"amount_paid":1190,"status_transitions":{{"finalized_at":1700000100,"paid_at":1700000200}},{more}}}"#
        )
    };
    for more in [
        r#""subscription":null,"parent":{"type":"subscription_details","subscription_details":{"subscription":"sub_1"}},"total_taxes":[{"amount":100},{"amount":90}]"#,
        r#""subscription":"sub_1","tax":190"#,
        r#""subscription":{"id":"sub_1","object":"subscription"},"total_excluding_tax":1000"#,
    ] {
        let synced = snapshot("invoices", &[invoice(more)]);
        let Canonical::Invoice(i) = &synced.record("in_1").canonical[0] else { panic!() };
        assert_eq!(
            (i.status, i.total.to_string().as_str(), i.tax_minor),
            (InvoiceStatus::Paid, "11.90 USD", Some(190)),
            "{more}"
        );
        let links: Vec<(LinkRole, &str)> =
            i.links.iter().map(|l| (l.role, l.target.external_id.as_str())).collect();
        assert_eq!(
            links,
            [
                (LinkRole::Contact, "cus_1"),
                (LinkRole::Company, "cus_1"),
                (LinkRole::Subscription, "sub_1")
            ],
            "{more}"
        );
    }
}

#[test]
fn money_that_did_not_move_is_no_payment_and_broken_amounts_are_quarantined() {
    let charge = |id: u8, more: &str| {
        format!(r#"{{"id":"ch_{id}","object":"charge","created":1700000000,{more}}}"#)
    };
    let synced = snapshot(
        "charges",
        &[
            charge(
                1,
                r#""amount":500,"currency":"jpy","status":"succeeded","captured":true,"amount_captured":300,"invoice":"in_1","payment_method_details":{"type":"card"}"#,
            ),
            charge(2, r#""amount":500,"currency":"eur","status":"succeeded","captured":false"#),
            charge(
                3,
                r#""amount":500,"currency":"eur","status":"failed","failure_code":"card_declined""#,
            ),
            charge(4, r#""amount":"lots","currency":"eur","status":"succeeded""#),
            charge(5, r#""amount":500,"currency":"usdc","status":"succeeded""#),
            charge(6, r#""amount":500,"currency":"eur","status":"odd""#),
        ],
    );
    let payment = |id: &str| match &synced.record(id).canonical[..] {
        [Canonical::Payment(p)] => p.clone(),
        _ => panic!(),
    };
    assert_eq!(payment("ch_1").amount.to_string(), "300 JPY");
    assert_eq!(payment("ch_1").links[0].role, LinkRole::Invoice);
    assert_eq!(payment("ch_2").status, PaymentStatus::Pending);
    assert_eq!(payment("ch_3").failure_code.as_deref(), Some("card_declined"));
    assert!(synced.record("ch_6").canonical.is_empty());
    let ids: Vec<&str> = synced.rejects.iter().filter_map(|r| r.external_id.as_deref()).collect();
    assert_eq!(ids, ["ch_4", "ch_5", "ch_6"]);
}

#[test]
fn an_event_that_carries_another_kind_of_object_is_left_to_its_own_stream() {
    let t = seconds("2026-06-01T11:00:00Z");
    let state = synced_at("2026-06-01T10:00:00Z", NOW);
    let synced = sync(&*stripe(), "charges", &state, at(NOW), &mut |_| {
        ok(list(&[event(1, "charge.updated", t, r#"{"id":"re_1","object":"refund"}"#)], false))
    })
    .unwrap();
    assert!(synced.records.is_empty() && synced.rejects.is_empty());
}

#[test]
fn one_customer_may_be_a_person_and_an_organisation_and_points_at_other_systems() {
    let both = r#"{"id":"cus_1","object":"customer","created":1700000000,"name":"Nordwind GmbH","email":"ann@nordwind.example","phone":"+49 1","address":{"line1":"Weg 1","line2":null,"city":"Kiel","country":"DE"},"metadata":{"hubspot_contact_id":"101","hubspot_company_id":202,"other":"x"}}"#;
    let synced = snapshot("customers", &[both.to_owned()]);
    let record = synced.record("cus_1");
    let [Canonical::Contact(person), Canonical::Company(company)] = &record.canonical[..] else {
        panic!()
    };
    assert_eq!(person.emails[0].expose(), "ann@nordwind.example");
    assert_eq!(
        (person.full_name.is_none(), person.company_name.as_deref()),
        (true, Some("Nordwind GmbH"))
    );
    assert_eq!(
        (person.links[0].role, person.links[0].target.external_id.as_str()),
        (LinkRole::Company, "cus_1")
    );
    assert_eq!(company.name.as_deref(), Some("Nordwind GmbH"));
    assert_eq!(company.address.city.as_ref().unwrap().expose(), "Kiel");
    let values: Vec<&str> = record.identifiers.iter().map(|i| i.value.expose()).collect();
    assert_eq!(values, ["stripe.customers:cus_1", "hubspot.contacts:101", "hubspot.companies:202"]);
}

#[test]
fn the_published_fixtures_of_every_stream_are_read() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/specs/stripe/fixtures3.2026-08.json");
    #[allow(clippy::disallowed_methods)]
    let required = std::env::var_os("C360_REQUIRE_ALL").is_some();
    let Ok(text) = std::fs::read_to_string(&path) else {
        assert!(!required, "the Stripe fixtures are not there");
        eprintln!("skipped: the Stripe fixtures are not there");
        return;
    };
    let fixtures: Value = serde_json::from_str(&text).unwrap();
    for (stream, name) in [
        ("customers", "customer"),
        ("subscriptions", "subscription"),
        ("invoices", "invoice"),
        ("charges", "charge"),
        ("refunds", "refund"),
    ] {
        let synced = snapshot(stream, &[fixtures["resources"][name].to_string()]);
        assert_eq!(synced.records.len(), 1, "{name}: {:?}", synced.rejects);
        assert_eq!(synced.records[0].canonical.len(), 1, "{name}");
        assert!(synced.rejects.is_empty(), "{name}: {:?}", synced.rejects);
    }
}

#[test]
fn a_stored_payload_maps_to_the_same_record_again() {
    let stripe = stripe();
    let synced = snapshot("customers", &[customer("cus_1", "Ann")]);
    let record = synced.record("cus_1");
    let again = stripe.map_payload("customers", "cus_1", &record.payload, record.version).unwrap();
    assert_eq!(&again, record);
    assert!(matches!(stripe.check()[0], Fetch::Http(_)));
}
