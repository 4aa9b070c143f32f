//! The data audit finds what is wrong, names it by id, and says nothing of what is well.

use crate::served::{Served, codes, on_both_served};
use domain::Role;
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const AUDIT: &str = "{ dataAudit(samples: 3) { checkedAt findings { code severity count samples message action } \
                     completeness { source kind field filled total } } }";

async fn findings(gateway: &Served) -> BTreeMap<String, Value> {
    let data = gateway.all(AUDIT, json!({})).await;
    let list = data["dataAudit"]["findings"].as_array().unwrap().clone();
    list.into_iter().map(|one| (one["code"].as_str().unwrap().to_owned(), one)).collect()
}

/// Statements that spoil a record each, and the finding that each must raise by one.
const SPOILS: [(&str, &str); 13] = [
    (
        "spend_without_channel",
        "INSERT INTO spend (record_id, day, channel, campaign, amount_minor, currency) VALUES (9001, '2026-01-01', NULL, 'x', 100, 'EUR')",
    ),
    (
        "spend_channel_unknown",
        "INSERT INTO spend (record_id, day, channel, campaign, amount_minor, currency) VALUES (9002, '2026-01-01', 'sky_writing', 'x', 100, 'EUR')",
    ),
    ("orphan_facts", "INSERT INTO touchpoint (record_id, action) VALUES (9003, 'demo')"),
    (
        "refund_without_payment",
        "DELETE FROM record_link WHERE role = 'payment' AND record_id = (SELECT MIN(r.record_id) FROM refund r JOIN record_link l ON l.record_id = r.record_id AND l.role = 'payment' WHERE r.status = 'succeeded')",
    ),
    (
        "refunds_exceed_payment",
        "UPDATE refund SET amount_minor = 999999999 WHERE record_id = (SELECT MAX(r.record_id) FROM refund r JOIN record_link l ON l.record_id = r.record_id AND l.role = 'payment' JOIN payment p ON p.record_id = l.target_id AND p.currency = r.currency WHERE r.status = 'succeeded')",
    ),
    (
        "credit_note_unmatched",
        "INSERT INTO invoice (record_id, status, total_minor, currency, amount_paid_minor) VALUES (9004, 'paid', -500, 'EUR', 0)",
    ),
    (
        "amount_not_positive",
        "UPDATE payment SET amount_minor = 0 WHERE record_id = (SELECT MIN(record_id) FROM payment p WHERE p.status = 'succeeded' AND NOT EXISTS (SELECT 1 FROM record_link l WHERE l.target_id = p.record_id))",
    ),
    (
        "currency_unknown",
        "INSERT INTO quarantine (id, source, stream, reason, payload, first_seen_at_ms, last_seen_at_ms, seen_count) VALUES (9005, 'stripe', 'charges', 'currency: is not an ISO 4217 code', '{}', 0, 0, 1)",
    ),
    (
        "ended_before_start",
        "UPDATE subscription SET ended_at_ms = started_at_ms - 1 WHERE record_id = (SELECT MIN(record_id) FROM subscription WHERE ended_at_ms > started_at_ms AND canceled_at_ms >= started_at_ms)",
    ),
    (
        "date_out_of_range",
        "UPDATE payment SET paid_at_ms = 253370764800000 WHERE record_id = (SELECT MAX(record_id) FROM payment)",
    ),
    (
        "survey_out_of_scale",
        "INSERT INTO survey_response (record_id, kind, score) VALUES (9006, 'nps', 11)",
    ),
    (
        "source_failing",
        "UPDATE sync_state SET status = 'failed' WHERE source = 'stripe' AND stream = (SELECT MIN(stream) FROM sync_state WHERE source = 'stripe')",
    ),
    (
        "rollups_unreconciled",
        "UPDATE rollup_cell SET value = value + 1 WHERE component = 'tickets' AND month = (SELECT MAX(month) FROM rollup_cell WHERE component = 'tickets')",
    ),
];

on_both_served!(what_is_spoilt_is_found_by_its_code_and_id, async |gateway: &Served| {
    let clean = findings(gateway).await;
    for code in
        ["rollups_unreconciled", "source_failing", "date_out_of_range", "ended_before_start"]
    {
        assert!(!clean.contains_key(code), "{code} in sound data: {}", clean[code]);
    }
    let count = |found: &BTreeMap<String, Value>, code: &str| {
        found.get(code).map_or(0, |one| one["count"].as_i64().unwrap())
    };
    let connection = Database::connect(&gateway.db.url).await.unwrap();
    for (code, statement) in SPOILS {
        let before = findings(gateway).await;
        let rows = connection.execute_unprepared(statement).await.unwrap().rows_affected();
        assert!(rows > 0, "{code}: nothing to spoil");
        let after = findings(gateway).await;
        assert_eq!(
            count(&after, code),
            count(&before, code) + rows as i64,
            "{code}: {:?}",
            after.get(code)
        );
        let finding = &after[code];
        let samples = finding["samples"].as_array().unwrap();
        assert!(!samples.is_empty() && samples.len() <= 3, "{finding}");
        let plain = |sample: &Value| {
            let text = sample.as_str().unwrap();
            text.starts_with("r_") || text.contains('/')
        };
        assert!(samples.iter().all(plain), "{finding}");
        for field in ["message", "action"] {
            assert!(finding[field].as_str().unwrap().len() > 10, "{finding}");
        }
    }
    // The overlap needs two subscriptions of one customer to the same product.
    let before = count(&findings(gateway).await, "subscriptions_overlap");
    for statement in [
        "INSERT INTO subscription (record_id, status, currency, items, started_at_ms) SELECT 9007, 'active', \
         currency, items, started_at_ms + 1 FROM subscription WHERE record_id = (SELECT MIN(record_id) FROM subscription \
         WHERE status = 'active' AND ended_at_ms IS NULL)",
        "INSERT INTO record_link (record_id, role, target_id, known_from) SELECT 9007, role, target_id, 0 FROM record_link \
         WHERE record_id = (SELECT MIN(record_id) FROM subscription WHERE status = 'active' AND ended_at_ms IS NULL \
         AND record_id <> 9007) AND role IN ('contact', 'company')",
    ] {
        assert!(connection.execute_unprepared(statement).await.unwrap().rows_affected() > 0);
    }
    assert_eq!(count(&findings(gateway).await, "subscriptions_overlap"), before + 1);
    connection.close().await.unwrap();
    // How complete the sources are.
    let data = gateway.all(AUDIT, json!({})).await;
    let rows = data["dataAudit"]["completeness"].as_array().unwrap();
    let one = |source: &str, kind: &str, field: &str| {
        let fits = |row: &&Value| {
            (&row["source"], &row["kind"], &row["field"])
                == (&json!(source), &json!(kind), &json!(field))
        };
        rows.iter().find(fits).unwrap_or_else(|| panic!("{source} {kind} {field}")).clone()
    };
    for row in rows {
        assert!(row["filled"].as_i64().unwrap() <= row["total"].as_i64().unwrap(), "{row}");
    }
    let email = one("hubspot", "contact", "email");
    assert!(email["filled"].as_i64().unwrap() > 100, "{email}");
    assert_eq!(one("zendesk", "contact", "vendor_stage")["filled"], json!(0));
    // The severest first; who may not see operations sees none of it.
    let order = ["SEVERE", "WARNING", "NOTICE"];
    let told = data["dataAudit"]["findings"].as_array().unwrap();
    let places: Vec<usize> = told
        .iter()
        .map(|f| order.iter().position(|s| f["severity"] == json!(s)).unwrap())
        .collect();
    assert!(places.is_sorted(), "{places:?}");
    let answer = gateway.ask(Role::Sales, AUDIT, json!({})).await;
    assert_eq!(codes(&answer), ["FORBIDDEN"]);
    let answer =
        gateway.ask(Role::Admin, "{ dataAudit(staleDays: -1) { checkedAt } }", json!({})).await;
    assert_eq!(codes(&answer), ["BAD_USER_INPUT"]);
});
