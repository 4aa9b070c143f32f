//! Movements of recurring revenue as columns of rollups: from cells, over HTTP, on both databases.

use crate::identity_flow::{feed_version, jobs, person, settle};
use crate::movements::subscription;
use crate::served::{Served, nodes, on_both_served};
use domain::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const COLUMNS: &str = "month channel currency mrrStart { value } newMrr { value } \
    reactivationMrr { value } expansionMrr { value nullReason } contractionMrr { value nullReason } \
    churnedMrr { value } netNewMrr { value } fxMrr { value } mrrEnd { value nullReason } \
    newSubscribers { value } reactivatedSubscribers { value } churnedSubscribers { value } \
    assumedSubscriptions";

fn query(by: &str) -> String {
    format!(
        "query($from: YearMonth, $to: YearMonth, $currency: CurrencyCode, $asOf: DateTime, \
         $knownAt: DateTime, $convertTo: CurrencyCode) {{ rollups(by: [{by}], from: $from, to: $to, \
         currency: $currency, asOf: $asOf, knownAt: $knownAt, convertTo: $convertTo) {{ \
         rows {{ {COLUMNS} }} meta {{ knownAt checksum }} }} }}"
    )
}

/// Minor units of an amount with as many decimals as its currency has; `None` if unknown.
fn minor(measure: &Value) -> Option<i64> {
    measure["value"].as_str().map(|text| text.replace('.', "").parse().unwrap())
}

fn amount(row: &Value, column: &str) -> i64 {
    minor(&row[column]).unwrap_or_else(|| panic!("{column} is known: {row}"))
}

/// Start + movements + what rates did = end; and the five movements where all are known.
fn balances(row: &Value) {
    let of = |column| amount(row, column);
    assert_eq!(of("mrrStart") + of("netNewMrr") + of("fxMrr"), of("mrrEnd"), "{row}");
    match (minor(&row["expansionMrr"]), minor(&row["contractionMrr"])) {
        (Some(more), Some(less)) => {
            let net = of("newMrr") + of("reactivationMrr") + more - less - of("churnedMrr");
            assert_eq!(net, of("netNewMrr"), "{row}");
            assert_eq!(row["assumedSubscriptions"], json!(0));
        }
        _ => {
            assert_eq!(row["expansionMrr"]["nullReason"], json!("NO_DATA"), "{row}");
            assert!(row["assumedSubscriptions"].as_i64().unwrap() > 0, "{row}");
        }
    }
}

async fn rows(gateway: &Served, by: &str, asked: Value) -> Vec<Value> {
    let data = gateway.all(&query(by), asked).await;
    data["rollups"]["rows"].as_array().unwrap().clone()
}

fn key(row: &Value) -> (String, String) {
    let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    (text("month"), text("currency"))
}

on_both_served!(rollups_tell_the_movements_of_all_customers, async |gateway: &Served| {
    let months = rows(gateway, "MONTH", json!({})).await;
    let mut before: BTreeMap<String, i64> = BTreeMap::new();
    for row in &months {
        balances(row);
        let last = before.insert(key(row).1, amount(row, "mrrEnd")).unwrap_or(0);
        if !row["month"].is_null() {
            assert_eq!(last, amount(row, "mrrStart"), "{row}");
        }
    }
    // Every slice is part of the whole.
    for by in ["MONTH, CHANNEL", "MONTH, SEGMENT", "MONTH, STAGE, SEGMENT, CHANNEL"] {
        let mut sums: BTreeMap<(String, String), [i64; 3]> = BTreeMap::new();
        for row in rows(gateway, by, json!({})).await {
            balances(&row);
            let sum = sums.entry(key(&row)).or_default();
            for (sum, column) in sum.iter_mut().zip(["mrrStart", "netNewMrr", "mrrEnd"]) {
                *sum += amount(&row, column);
            }
        }
        for row in &months {
            let whole = ["mrrStart", "netNewMrr", "mrrEnd"].map(|column| amount(row, column));
            assert_eq!(sums.get(&key(row)).copied().unwrap_or_default(), whole, "{by} {row}");
        }
    }
    // What the ledger says exactly, rounded once: each customer's amount is rounded here.
    let asked = "{ revenueMovements { knownAt subscriptions rows { period currency assumedSubscriptions \
        partial start { value } new { value } reactivation { value } expansion { value } \
        contraction { value } churn { value } end { value } customers { new reactivated churned } } } }";
    let exact = gateway.all(asked, json!({})).await["revenueMovements"].clone();
    let most = exact["subscriptions"].as_i64().unwrap();
    assert!(most > 10, "{exact}");
    let (mut compared, mut moved) = (0, 0);
    for one in exact["rows"].as_array().unwrap() {
        if one["partial"] == json!(true) {
            continue;
        }
        let of = (one["period"].as_str().unwrap(), one["currency"].as_str().unwrap());
        let row = months.iter().find(|row| key(row) == (of.0.to_owned(), of.1.to_owned()));
        let Some(row) = row else {
            assert!(minor(&one["end"]).unwrap().abs() <= most, "{one}");
            continue;
        };
        let pairs = [
            ("mrrStart", "start"),
            ("newMrr", "new"),
            ("reactivationMrr", "reactivation"),
            ("expansionMrr", "expansion"),
            ("contractionMrr", "contraction"),
            ("churnedMrr", "churn"),
            ("mrrEnd", "end"),
        ];
        for (ours, theirs) in pairs {
            match (minor(&row[ours]), minor(&one[theirs])) {
                (Some(a), Some(b)) => assert!((a - b).abs() <= most, "{ours}: {row} {one}"),
                (a, b) => assert_eq!(a, b, "{ours}: {row} {one}"),
            }
        }
        let counts = [
            ("newSubscribers", "new"),
            ("reactivatedSubscribers", "reactivated"),
            ("churnedSubscribers", "churned"),
        ];
        for (ours, theirs) in counts {
            assert_eq!(row[ours]["value"], one["customers"][theirs], "{ours}: {row} {one}");
        }
        assert_eq!(row["assumedSubscriptions"], one["assumedSubscriptions"], "{row} {one}");
        compared += 1;
        moved += i64::from(amount(row, "netNewMrr") != 0);
    }
    assert!(compared > 6 && moved > 3, "{compared} rows compared, {moved} with movements");
    // Increments are what a rebuild makes.
    let sums = "{ rollupChecksums { component agrees } }";
    let sums = gateway.all(sums, json!({})).await["rollupChecksums"].clone();
    let sums = sums.as_array().unwrap();
    assert!(sums.iter().any(|one| one["component"] == json!("MRR_NEW")), "{sums:?}");
    assert!(sums.iter().all(|one| one["agrees"] == json!(true)), "{sums:?}");
    // One statement whatever the number of customers.
    let (count, _) = gateway.statements(gateway.all(&query("MONTH, CHANNEL"), json!({}))).await;
    assert!(count <= 2, "{count}");
});

on_both_served!(
    each_change_of_a_subscription_is_in_its_month_and_stays_as_it_was_known,
    async |gateway: &Served| {
        let jobs = jobs(&gateway.db);
        let at = |day: &str| Timestamp::parse(&format!("{day}T00:00:00Z")).unwrap().as_millis();
        feed_version(&jobs, &[person("stripe", "m1", "Mona Krohn", "mona@krohn.example", "")], 1)
            .await;
        let asked = json!({ "currency": "NOK" });
        let mut told = Vec::new();
        for (version, item) in [
            ("2026-02-01", subscription(2_000, None)),
            ("2026-03-10", subscription(3_500, None)),
            ("2026-04-20", subscription(3_000, None)),
            ("2026-05-05", subscription(3_000, Some("2026-05-05T00:00:00Z"))),
        ] {
            feed_version(&jobs, &[item], at(version)).await;
            settle(&jobs).await;
            let data = gateway.all(&query("MONTH"), asked.clone()).await["rollups"].clone();
            told.push((data["meta"]["knownAt"].clone(), data));
        }
        let columns = [
            "mrrStart",
            "newMrr",
            "expansionMrr",
            "contractionMrr",
            "churnedMrr",
            "netNewMrr",
            "mrrEnd",
        ];
        let last = told[3].1["rows"].as_array().unwrap().clone();
        let shown: Vec<_> = last
            .iter()
            .map(|row| (row["month"].as_str().unwrap(), columns.map(|one| amount(row, one))))
            .collect();
        assert_eq!(
            shown,
            [
                ("2026-02", [0, 2_000, 0, 0, 0, 2_000, 2_000]),
                ("2026-03", [2_000, 0, 1_500, 0, 0, 1_500, 3_500]),
                ("2026-04", [3_500, 0, 0, 500, 0, -500, 3_000]),
                ("2026-05", [3_000, 0, 0, 0, 3_000, -3_000, 0]),
            ]
        );
        // What was told before is told again; the first answer knew of one price only.
        for (known_at, data) in &told {
            let again = json!({ "currency": "NOK", "knownAt": known_at });
            assert_eq!(&gateway.all(&query("MONTH"), again).await["rollups"], data);
        }
        let first = told[0].1["rows"].as_array().unwrap();
        assert!(first.iter().all(|row| amount(row, "expansionMrr") == 0), "{first:?}");
        // Of some months, split by nothing: the sum of what moved, from what was paid before.
        let span = json!({ "currency": "NOK", "from": "2026-03", "to": "2026-04" });
        let whole = rows(gateway, "", span).await;
        assert_eq!(
            columns.map(|one| amount(&whole[0], one)),
            [2_000, 0, 1_500, 500, 0, 1_000, 3_000]
        );
        // As of a moment, what came later had not happened.
        for (moment, end, lost) in
            [("2026-04-10T00:00:00Z", 3_500, 0), ("2026-05-31T00:00:00Z", 0, 3_000)]
        {
            let then = json!({ "currency": "NOK", "asOf": moment });
            let whole = rows(gateway, "", then).await;
            assert_eq!((amount(&whole[0], "mrrEnd"), amount(&whole[0], "churnedMrr")), (end, lost));
        }
        // A cell opens up to its customer and the subscription behind it.
        let explain = "query($cell: RollupCellKey!) { explainRollup(cell: $cell) { edges { node { \
            share records { amount } } } } }";
        let channel = &gateway
            .all(
                "{ rollups(by: [CHANNEL, SEGMENT, STAGE], currency: \"NOK\") { rows { \
            channel segment stage newMrr { value } } } }",
                json!({}),
            )
            .await["rollups"]["rows"][0];
        let named = |key: &str| channel[key].clone();
        let word =
            if named("channel") == json!("unattributed") { Value::Null } else { named("channel") };
        let cell = json!({ "component": "MRR_CONTRACTION", "month": "2026-04", "currency": "NOK",
            "channel": word, "segment": named("segment"), "stage": named("stage") });
        let told = gateway.all(explain, json!({ "cell": cell })).await;
        let behind = nodes(&told["explainRollup"]);
        assert_eq!(behind.len(), 1, "{told}");
        assert_eq!(behind[0]["share"], json!("5.00"));
        assert_eq!(behind[0]["records"][0]["amount"], json!("-5.00"));
        // An end that is scheduled counts when its month has begun.
        let mut ending = subscription(9_900, Some("2199-05-20T00:00:00Z"));
        ending.id = "s2".to_owned();
        feed_version(&jobs, &[ending], at("2026-02-01")).await;
        settle(&jobs).await;
        let open = rows(gateway, "", asked).await;
        assert_eq!(amount(&open[0], "mrrEnd"), 9_900, "{open:?}");
        let late = rows(gateway, "MONTH", json!({ "currency": "NOK" })).await;
        assert!(late.iter().all(|row| row["month"].as_str().unwrap() < "2199"), "{late:?}");
    }
);
