//! Movements of recurring revenue from stored subscriptions and what they said before, over HTTP, on
//! both databases.

use crate::identity_flow::{Item, feed_version, jobs, person, settle};
use crate::served::{Served, codes, nodes, on_both_served};
use customer360::http::explorer::ExplorerConfig;
use domain::{
    Canonical, Currency, Interval, Link, LinkRole, RecordKey, Role, Subscription, SubscriptionItem,
    SubscriptionStatus, Timestamp,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const ROWS: &str = "rows { period periodStart partial currency assumedSubscriptions \
    start { value nullReason } new { value nullReason } reactivation { value } \
    expansion { value nullReason } contraction { value nullReason } churn { value } \
    churnVoluntary { value } churnInvoluntary { value } churnUnknown { value } fx { value } end { value } \
    customers { start new reactivated expanded contracted churned end } \
    nrr { value nullReason } grr { value nullReason } } \
    nullReason policy timeZone knownAt subscriptions leftOut";

fn all() -> String {
    format!(
        "query($by: MovementGrain! = MONTH, $currency: CurrencyCode, $policy: MovementPolicy, \
         $knownAt: DateTime) {{ revenueMovements(by: $by, currency: $currency, policy: $policy, \
         knownAt: $knownAt) {{ {ROWS} }} }}"
    )
}

/// Minor units of an amount with two decimals.
fn minor(measure: &Value) -> i64 {
    measure["value"].as_str().unwrap().replace('.', "").parse().unwrap()
}

/// Rows by currency, in the order of time.
fn by_currency(answer: &Value) -> BTreeMap<String, Vec<Value>> {
    let mut rows: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for row in answer["rows"].as_array().unwrap() {
        rows.entry(row["currency"].as_str().unwrap().to_owned()).or_default().push(row.clone());
    }
    rows
}

on_both_served!(movements_add_up_over_time_and_over_customers, async |gateway: &Served| {
    let answer = gateway.all(&all(), json!({})).await["revenueMovements"].clone();
    assert!(answer["subscriptions"].as_i64().unwrap() > 10, "{answer}");
    assert_eq!(answer["policy"], json!("default@1"));
    let totals = by_currency(&answer);
    let mut known = 0;
    for rows in totals.values() {
        for pair in rows.windows(2) {
            assert_eq!(pair[0]["end"]["value"], pair[1]["start"]["value"], "{pair:?}");
        }
        for row in rows {
            let causes = ["churnVoluntary", "churnInvoluntary", "churnUnknown"];
            let of_causes: i64 = causes.iter().map(|cause| minor(&row[*cause])).sum();
            assert_eq!(of_causes, minor(&row["churn"]), "{row}");
            if row["assumedSubscriptions"] == json!(0) {
                known += 1;
                let amount = |column: &str| minor(&row[column]);
                let more = amount("new") + amount("reactivation") + amount("expansion");
                let less = amount("contraction") + amount("churn");
                assert_eq!(amount("start") + more - less + amount("fx"), amount("end"), "{row}");
            } else {
                for column in ["expansion", "contraction", "nrr", "grr"] {
                    assert_eq!(row[column], json!({ "value": null, "nullReason": "NO_DATA" }));
                }
            }
        }
    }
    eprintln!(
        "rows in which every change was seen: {known} of {}",
        answer["rows"].as_array().unwrap().len()
    );
    // What counts for customers one by one is what counts for all.
    let query = format!(
        "query($after: String, $knownAt: DateTime) {{ customers(first: 200, after: $after) {{ \
         pageInfo {{ hasNextPage endCursor }} edges {{ node {{ id \
         mrrHistory(knownAt: $knownAt) {{ {ROWS} }} }} }} }} }}"
    );
    let (mut ends, mut owned): (BTreeMap<(String, String), i64>, i64) = (BTreeMap::new(), 0);
    let mut after = Value::Null;
    loop {
        let data =
            gateway.all(&query, json!({ "after": after, "knownAt": answer["knownAt"] })).await;
        for one in nodes(&data["customers"]) {
            let history = &one["mrrHistory"];
            owned += history["subscriptions"].as_i64().unwrap();
            for row in history["rows"].as_array().unwrap() {
                let text = |key: &str| row[key].as_str().unwrap().to_owned();
                *ends.entry((text("currency"), text("period"))).or_default() += minor(&row["end"]);
            }
        }
        let page = &data["customers"]["pageInfo"];
        if page["hasNextPage"] == json!(false) {
            break;
        }
        after = page["endCursor"].clone();
    }
    assert_eq!(json!(owned), answer["subscriptions"], "every subscription counts for one customer");
    for (currency, rows) in &totals {
        for row in rows {
            let key = (currency.clone(), row["period"].as_str().unwrap().to_owned());
            let apart = (ends.get(&key).copied().unwrap_or(0) - minor(&row["end"])).abs();
            // Each customer's amount is rounded by itself.
            assert!(apart <= owned, "{key:?}: {apart}");
        }
    }
    let answer = gateway.ask(Role::Support, &all(), json!({})).await;
    assert_eq!(codes(&answer), ["FORBIDDEN"]);
    let early =
        gateway.ask(Role::Admin, &all(), json!({ "knownAt": "1999-01-01T00:00:00Z" })).await;
    assert_eq!(codes(&early), ["NOT_FOUND"]);
});

/// A subscription of the person `m1` at a price.
pub fn subscription(minor: i64, ended: Option<&str>) -> Item {
    let status =
        if ended.is_some() { SubscriptionStatus::Canceled } else { SubscriptionStatus::Active };
    let contract = Subscription {
        status,
        currency: Currency::parse("NOK").unwrap(),
        items: vec![SubscriptionItem {
            product: Some("seat".to_owned()),
            amount_minor: minor,
            interval: Interval::Month,
            interval_count: 1,
        }],
        started_at: Timestamp::parse("2026-02-01T00:00:00Z"),
        trial_end: None,
        current_period_end: None,
        canceled_at: ended.and_then(Timestamp::parse),
        ended_at: ended.and_then(Timestamp::parse),
        cancellation_reason: ended.map(|_| "payment_failed".to_owned()),
        links: vec![Link {
            role: LinkRole::Contact,
            target: RecordKey::new("stripe", "contacts", "m1"),
        }],
    };
    Item {
        source: "stripe",
        stream: "subscriptions",
        id: "s1".to_owned(),
        body: Canonical::Subscription(contract),
    }
}

on_both_served!(
    earlier_versions_show_as_movements_and_stay_as_they_were_known,
    async |gateway: &Served| {
        let jobs = jobs(&gateway.db);
        let at = |day: &str| Timestamp::parse(&format!("{day}T00:00:00Z")).unwrap().as_millis();
        feed_version(&jobs, &[person("stripe", "m1", "Mona Krohn", "mona@krohn.example", "")], 1)
            .await;
        let mut told = Vec::new();
        for (version, item) in [
            ("2026-02-01", subscription(2_000, None)),
            ("2026-03-10", subscription(3_500, None)),
            ("2026-04-20", subscription(3_000, None)),
            ("2026-05-05", subscription(3_000, Some("2026-05-05T00:00:00Z"))),
        ] {
            feed_version(&jobs, &[item], at(version)).await;
            settle(&jobs).await;
            let asked = json!({ "currency": "NOK" });
            let data = gateway.all(&all(), asked).await["revenueMovements"].clone();
            told.push((data["knownAt"].clone(), data));
        }
        // As of a moment, what came later had not happened, whatever is known of it.
        let then = "query($asOf: DateTime) { revenueMovements(currency: \"NOK\", asOf: $asOf) { asOf \
                    rows { period partial contraction { value } churn { value } end { value } } } }";
        for (moment, period, end) in [
            ("2026-04-10T00:00:00Z", "2026-04", "35.00"),
            ("2026-05-01T00:00:00Z", "2026-05", "30.00"),
            ("2026-03-01T00:00:00Z", "2026-03", "20.00"),
        ] {
            let data = gateway.all(then, json!({ "asOf": moment })).await;
            let answer = &data["revenueMovements"];
            assert_eq!(answer["asOf"], json!(moment));
            let row = answer["rows"].as_array().unwrap().last().unwrap();
            assert_eq!(
                (&row["period"], &row["end"]["value"]),
                (&json!(period), &json!(end)),
                "{row}"
            );
            assert_eq!(row["partial"], json!(true), "{row}");
            for none in ["churn", "contraction"] {
                assert!(row[none]["value"].as_str().unwrap().starts_with("0"), "{row}");
            }
        }
        let data = gateway.all(then, json!({ "asOf": "2026-01-31T00:00:00Z" })).await;
        assert_eq!(data["revenueMovements"]["rows"], json!([]));
        let last = &told[3].1;
        let rows = last["rows"].as_array().unwrap();
        let columns = ["start", "new", "expansion", "contraction", "churnInvoluntary", "end"];
        let expected = [
            ("2026-02", [0, 2_000, 0, 0, 0, 2_000]),
            ("2026-03", [2_000, 0, 1_500, 0, 0, 3_500]),
            ("2026-04", [3_500, 0, 0, 500, 0, 3_000]),
            ("2026-05", [3_000, 0, 0, 0, 3_000, 0]),
        ];
        for (period, amounts) in expected {
            let row = rows.iter().find(|row| row["period"] == json!(period)).unwrap();
            assert_eq!(row["assumedSubscriptions"], json!(0), "{row}");
            assert_eq!(columns.map(|column| minor(&row[column])), amounts, "{row}");
        }
        let march = rows.iter().find(|row| row["period"] == json!("2026-03")).unwrap();
        assert_eq!(march["nrr"]["value"], json!("1.750000"));
        assert_eq!(march["grr"]["value"], json!("1.000000"));
        // The same per customer.
        let query = format!(
            "query($knownAt: DateTime) {{ customer(by: {{ externalId: {{ source: \"stripe\", stream: \
             \"contacts\", id: \"m1\" }} }}) {{ mrrHistory(knownAt: $knownAt) {{ {ROWS} }} }} }}"
        );
        let own = gateway.all(&query, json!({})).await["customer"]["mrrHistory"].clone();
        // Only the rows of all begin with the first subscription of anyone.
        let own_rows = own["rows"].as_array().unwrap();
        assert_eq!(own_rows[..], rows[rows.len() - own_rows.len()..]);
        assert_eq!(own_rows[0]["period"], json!("2026-02"));
        assert_eq!(own["subscriptions"], json!(1));
        // What was told before is told again to the byte; the first answer knew of one price.
        for (known_at, data) in &told {
            let again = json!({ "currency": "NOK", "knownAt": known_at });
            assert_eq!(&gateway.all(&all(), again).await["revenueMovements"], data);
        }
        let first = told[0].1["rows"].as_array().unwrap();
        assert!(first.iter().all(|row| minor(&row["expansion"]) == 0), "{first:?}");
        // By other periods and policies, each named.
        let asked = json!({ "currency": "NOK", "by": "QUARTER", "policy": "CHARTMOGUL" });
        let data = gateway.all(&all(), asked).await["revenueMovements"].clone();
        assert_eq!(data["rows"][0]["period"].as_str().unwrap().len(), "2026-Q1".len());
        assert!(data["policy"].as_str().unwrap().starts_with("chartmogul@"), "{data}");
        // A gateway of before a record was seen says that it assumes.
        let mut late = subscription(9_900, None);
        late.id = "s2".to_owned();
        feed_version(&jobs, &[late], at("2026-04-15")).await;
        settle(&jobs).await;
        let data = gateway.all(&all(), json!({ "currency": "NOK" })).await;
        let rows = data["revenueMovements"]["rows"].as_array().unwrap();
        for (period, assumed) in [("2026-03", 1), ("2026-04", 1), ("2026-05", 0)] {
            let row = rows.iter().find(|row| row["period"] == json!(period)).unwrap();
            assert_eq!(row["assumedSubscriptions"], json!(assumed), "{row}");
            assert_eq!(row["expansion"]["value"].is_null(), assumed > 0, "{row}");
        }
    }
);

on_both_served!(
    movements_take_as_many_statements_for_a_hundred_as_for_one,
    async |gateway: &Served| {
        let mut counts = Vec::new();
        for parents in [1, 100] {
            let query = format!(
                "{{ customers(first: {parents}, orderBy: [{{ field: REVENUE, direction: DESC }}]) {{ \
                 edges {{ node {{ mrrHistory {{ rows {{ end {{ value }} }} }} }} }} }} }}"
            );
            let (count, data) = gateway.statements(gateway.all(&query, json!({}))).await;
            assert_eq!(nodes(&data["customers"]).len(), parents);
            counts.push(count);
        }
        let (of_all, _) = gateway.statements(gateway.all(&all(), json!({}))).await;
        eprintln!("statements of movements: {counts:?} for customers, {of_all} for all");
        assert_eq!(counts[0], counts[1]);
        assert!(of_all <= 6, "{of_all}");
    }
);

#[tokio::test(flavor = "multi_thread")]
async fn more_subscriptions_than_the_limit_are_refused_with_the_way_out() {
    let db = crate::served::synced_sqlite().await;
    let limits = "[limits]\nmovements_max = 3\n";
    let gateway = Served::start_with(db, limits, |_| ExplorerConfig::default()).await;
    let answer = gateway.ask(Role::Admin, &all(), json!({})).await;
    assert_eq!(codes(&answer), ["BAD_USER_INPUT"]);
    let message = answer["errors"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("more than 3") && message.contains("limits.movements_max"),
        "{message}"
    );
    gateway.stop().await;
}
