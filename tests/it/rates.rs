//! Amounts in a reporting currency by exchange rates that come as records, as known at a time, over HTTP,
//! on both databases; uses of the product and first replies as inputs of health.

use crate::identity_flow::{Item, feed_version, jobs, noon, person, settle};
use crate::movements::subscription;
use crate::served::{Served, codes, nodes, on_both_served};
use domain::{
    Canonical, Currency, ExchangeRate, Link, LinkRole, Money, Payload, Rate, RecordKey, Role,
    SourceRecord, Spend, Ticket, TicketStatus, Timestamp, UsageEvent,
};
use jobs::Jobs;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::{Outcome, PageCommit};

const MOVEMENTS: &str = "query($to: CurrencyCode, $only: CurrencyCode, $knownAt: DateTime) { \
    revenueMovements(convertTo: $to, currency: $only, knownAt: $knownAt) { knownAt subscriptions nullReason \
      missingRates { from to day } rows { period currency assumedSubscriptions \
      start { value nullReason } new { value nullReason } reactivation { value nullReason } \
      expansion { value nullReason } contraction { value nullReason } churn { value nullReason } \
      fx { value nullReason } end { value nullReason } \
      customers { start new reactivated expanded contracted churned end } } } }";

const ROLLUPS: &str = "query($by: [RollupDimension!]! = [], $to: CurrencyCode, $knownAt: DateTime) { \
    rollups(by: $by, convertTo: $to, knownAt: $knownAt) { meta { checksum knownAt missingRates { from to day } } \
      rows { month channel currency newCustomers { value } revenue { value nullReason } \
        spend { value nullReason } cac { value nullReason } ltvToCac { value nullReason } } } }";

const NUMBERS: &str = "query($to: CurrencyCode, $after: String, $knownAt: DateTime, $asOf: DateTime) { \
    customers(first: 200, after: $after, orderBy: [{ field: REVENUE, direction: DESC }]) { \
      pageInfo { hasNextPage endCursor } edges { node { id \
        numbers(convertTo: $to, knownAt: $knownAt, asOf: $asOf) { knownAt asOf missingRates { from to day } \
          revenue { amounts { amount currency } nullReason } \
          mrr { amounts { amount currency } nullReason } paymentCount { value } } } } } }";

/// A rate of a day against the euro.
fn rate(day: &str, quote: &str, value: &str) -> Item {
    let rate = ExchangeRate {
        day: domain::Date::parse(day).unwrap(),
        base: Currency::parse("EUR").unwrap(),
        quote: Currency::parse(quote).unwrap(),
        rate: Rate::parse(value).unwrap(),
    };
    Item {
        source: "treasury",
        stream: "rates",
        id: format!("{day}|{quote}"),
        body: Canonical::ExchangeRate(rate),
    }
}

/// Rates of every fifth day of the years in which anything happens, never twice the same.
fn table(quotes: &BTreeSet<String>) -> Vec<Item> {
    let begin = Timestamp::parse("2018-01-01").unwrap();
    let mut items = Vec::new();
    for quote in quotes.iter().filter(|code| *code != "EUR") {
        let base: i64 = if quote == "JPY" { 1_600_000 } else { 10_800 };
        for n in 0..700 {
            let day = begin.plus_days(n * 5).to_string();
            let value = base + (n * 7_919 % 1_000) * base / 10_000;
            let value = format!("{}.{:04}", value / 10_000, value % 10_000);
            items.push(rate(&day[..10], quote, &value));
        }
    }
    items
}

async fn deliver(jobs: &Jobs, items: &[Item], version: i64) {
    feed_version(jobs, items, version).await;
    settle(jobs).await;
}

/// Rates as one page of a stream.
async fn deliver_rates(jobs: &Jobs, items: &[Item], version: i64) {
    let (lease, _) = jobs.store.acquire("treasury", "rates", "test:0:0", noon()).await.unwrap();
    let record = |item: &Item| {
        let record = SourceRecord {
            external_id: item.id.clone(),
            version,
            occurred_at: None,
            payload: Payload::new(format!("{:?}", item.body)),
            canonical: vec![item.body.clone()],
            identifiers: Vec::new(),
        };
        (record, Vec::new())
    };
    let page = PageCommit {
        records: &items.iter().map(record).collect::<Vec<_>>(),
        rejects: &[],
        tombstones: &[],
        merges: &[],
        next_state: "1",
        requests: 1,
        observed_at: noon(),
    };
    jobs.store.commit_page(&lease, &page).await.unwrap();
    jobs.store.release(&lease, Outcome::Done, noon()).await.unwrap();
    settle(jobs).await;
}

/// Cents.
fn minor(measure: &Value) -> i64 {
    measure["value"]
        .as_str()
        .unwrap_or_else(|| panic!("{measure}"))
        .replace('.', "")
        .parse()
        .unwrap()
}

fn rows(answer: &Value) -> &Vec<Value> {
    answer["rows"].as_array().unwrap()
}

/// Currencies that the company is paid in.
async fn currencies(gateway: &Served) -> BTreeSet<String> {
    let data = gateway.all(ROLLUPS, json!({})).await;
    let data =
        rows(&data["rollups"]).iter().map(|row| row["currency"].as_str().unwrap().to_owned());
    data.collect()
}

on_both_served!(movements_are_converted_with_fx_as_a_row_of_its_own, async |gateway: &Served| {
    let jobs = jobs(&gateway.db);
    let codes_paid = currencies(gateway).await;
    assert!(codes_paid.len() > 1, "{codes_paid:?}");
    let all =
        |args: Value| async move { gateway.all(MOVEMENTS, args).await["revenueMovements"].clone() };
    // Without rates what cannot be converted is null and says which rate it wants; nothing is left out.
    let before = all(json!({ "to": "EUR" })).await;
    let missing = before["missingRates"].as_array().unwrap();
    assert!(!missing.is_empty(), "{before}");
    for one in missing {
        assert!(codes_paid.contains(one["from"].as_str().unwrap()) && one["from"] != "EUR");
        assert!(one["to"] == "EUR" && one["day"].as_str().unwrap().len() == 10, "{one}");
    }
    let last = rows(&before).last().unwrap();
    assert_eq!(last["end"], json!({ "value": null, "nullReason": "MISSING_RATE" }));
    // Beside the company's own, a contract of which every price was seen.
    let own = person("stripe", "m1", "Mona Krohn", "mona@krohn.example", "");
    deliver(&jobs, &[own], 1).await;
    for (version, item) in [
        ("2026-02-01", subscription(2_000, None)),
        ("2026-03-10", subscription(3_500, None)),
        ("2026-04-20", subscription(3_001, None)),
        ("2026-05-05", subscription(3_001, Some("2026-05-05T00:00:00Z"))),
    ] {
        let version = Timestamp::parse(version).unwrap().as_millis();
        deliver(&jobs, &[item], version).await;
    }
    let mut quotes = codes_paid.clone();
    quotes.insert("NOK".to_owned());
    deliver_rates(&jobs, &table(&quotes), 1).await;
    let known = all(json!({ "to": "EUR" })).await;
    assert_ne!(known["knownAt"], before["knownAt"], "rates alone close an epoch");
    assert_eq!(known["missingRates"], json!([]));
    let (mut moved, mut checked) = (0, 0);
    for pair in rows(&known).windows(2) {
        assert_eq!(pair[0]["end"]["value"], pair[1]["start"]["value"], "{pair:?}");
    }
    let crowns = all(json!({ "to": "EUR", "only": "NOK" })).await;
    assert!(rows(&crowns).iter().filter(|row| minor(&row["fx"]) != 0).count() > 1, "{crowns}");
    for row in rows(&known).iter().chain(rows(&crowns)) {
        assert_eq!(row["currency"], "EUR");
        moved += i64::from(minor(&row["fx"]) != 0);
        if row["assumedSubscriptions"] == 0 {
            checked += 1;
            let of = |column: &str| minor(&row[column]);
            let more = of("new") + of("reactivation") + of("expansion") + of("fx");
            let less = of("contraction") + of("churn");
            assert_eq!(of("start") + more - less, of("end"), "{row}");
        }
    }
    eprintln!("converted rows: {}, {moved} moved by rates, {checked} added up", rows(&known).len());
    assert!(moved > 3 && checked > 3);
    // Only what is paid in one currency, converted or not: customers move alike.
    let other = codes_paid.iter().find(|code| *code != "EUR").unwrap();
    let own = all(json!({ "only": other })).await;
    let converted = all(json!({ "only": other, "to": "EUR" })).await;
    assert_eq!(rows(&own).len(), rows(&converted).len());
    for (own, converted) in rows(&own).iter().zip(rows(&converted)) {
        assert_eq!(own["customers"], converted["customers"]);
        assert_eq!(minor(&own["fx"]), 0);
        assert_eq!((&own["currency"], &converted["currency"]), (&json!(other), &json!("EUR")));
    }
    // A restated rate changes what is known now, and nothing of what was known before.
    let restated: Vec<Item> = table(&codes_paid)
        .into_iter()
        .filter_map(|item| match item.body {
            Canonical::ExchangeRate(was) if was.quote.code() == other.as_str() => {
                Some(rate(&was.day.to_string(), other, "3.25"))
            }
            _ => None,
        })
        .collect();
    deliver_rates(&jobs, &restated, 2).await;
    let now = all(json!({ "to": "EUR" })).await;
    assert_ne!(rows(&now), rows(&known));
    let again = all(json!({ "to": "EUR", "knownAt": known["knownAt"] })).await;
    assert_eq!(again, known);
    let again = all(json!({ "to": "EUR", "knownAt": before["knownAt"] })).await;
    assert_eq!(again, before);
});

on_both_served!(rollups_and_numbers_are_converted_and_repeat, async |gateway: &Served| {
    let jobs = jobs(&gateway.db);
    let paid_in = currencies(gateway).await;
    let rollup = |args: Value| async move { gateway.all(ROLLUPS, args).await["rollups"].clone() };
    let without = rollup(json!({ "to": "EUR" })).await;
    assert_eq!(
        rows(&without)[0]["revenue"],
        json!({ "value": null, "nullReason": "MISSING_RATE" })
    );
    assert!(!without["meta"]["missingRates"].as_array().unwrap().is_empty());
    deliver_rates(&jobs, &table(&paid_in), 1).await;
    let expense = |n: i64, code: &str| Item {
        source: "ads",
        stream: "spend",
        id: format!("s{n}"),
        body: Canonical::Spend(Spend {
            day: domain::Date::parse("2026-02-10").unwrap(),
            channel: Some(["paid_search", "events"][n as usize % 2].to_owned()),
            campaign: None,
            kind: domain::SpendKind::PaidMedia,
            amount: Money::from_minor(77_701 + n, Currency::parse(code).unwrap()),
        }),
    };
    let expenses: Vec<Item> = (0..).zip(&paid_in).map(|(n, code)| expense(n, code)).collect();
    deliver(&jobs, &expenses, 1).await;
    let total = rollup(json!({ "to": "EUR" })).await;
    assert_eq!(rows(&total).len(), 1);
    assert!(rows(&total)[0]["cac"]["value"].is_string(), "{total}");
    for by in [json!(["MONTH"]), json!(["CHANNEL"]), json!(["MONTH", "CHANNEL"])] {
        let parts = rollup(json!({ "to": "EUR", "by": by })).await;
        for column in ["revenue", "spend"] {
            let sum: i64 = rows(&parts).iter().map(|row| minor(&row[column])).sum();
            assert_eq!(sum, minor(&rows(&total)[0][column]), "{column} by {by}");
        }
    }
    let plain = rollup(json!({})).await;
    let people = |answer: &Value| {
        rows(answer).iter().map(|r| r["newCustomers"]["value"].as_i64().unwrap()).sum::<i64>()
    };
    assert_eq!(people(&plain), people(&total));
    // Numbers of customers, and their order by a configured reporting currency.
    let mut reporting = jobs.clone();
    let euro = Currency::parse("EUR");
    reporting.metrics =
        Arc::new(metrics::Policy { reporting_currency: euro, ..metrics::Policy::default() });
    settle(&reporting).await;
    let data = gateway.all(NUMBERS, json!({ "to": "EUR" })).await;
    let customers = nodes(&data["customers"]);
    let amount = |one: &Value| -> Option<i64> {
        let revenue = &one["numbers"]["revenue"];
        let amounts = revenue["amounts"].as_array()?;
        assert!(amounts.len() < 2, "{revenue}");
        Some(amounts.first().map_or(0, |one| minor(&json!({ "value": one["amount"] }))))
    };
    let amounts: Vec<i64> = customers.iter().filter_map(|one| amount(one)).collect();
    assert_eq!(amounts.len(), customers.len(), "every rate is known");
    let paying = amounts.iter().take_while(|minor| **minor > 0).count();
    assert!(paying > 20 && amounts[..paying].is_sorted_by(|a, b| a >= b), "{amounts:?}");
    let own = gateway.all(NUMBERS, json!({})).await;
    let own: BTreeSet<String> = nodes(&own["customers"])
        .iter()
        .flat_map(|one| one["numbers"]["revenue"]["amounts"].as_array().unwrap().clone())
        .map(|one| one["currency"].as_str().unwrap().to_owned())
        .collect();
    assert!(own.len() > 1, "{own:?}");
    // Other rates, another order; and what was told is told again.
    let told = &customers[0]["numbers"];
    let other = own.iter().find(|code| *code != "EUR").unwrap();
    let cheap: Vec<Item> = table(&paid_in)
        .into_iter()
        .filter_map(|item| match item.body {
            Canonical::ExchangeRate(was) if was.quote.code() == other.as_str() => {
                Some(rate(&was.day.to_string(), other, "900"))
            }
            _ => None,
        })
        .collect();
    deliver_rates(&reporting, &cheap, 2).await;
    let later = gateway.all(NUMBERS, json!({ "to": "EUR" })).await;
    let later = nodes(&later["customers"]);
    let amounts: Vec<i64> = later.iter().filter_map(|one| amount(one)).collect();
    let paying = amounts.iter().take_while(|minor| **minor > 0).count();
    assert!(amounts[..paying].is_sorted_by(|a, b| a >= b), "{amounts:?}");
    assert_ne!(
        later[0]["id"].to_string() + &amounts[0].to_string(),
        customers[0]["id"].to_string()
    );
    let then = json!({ "to": "EUR", "knownAt": told["knownAt"], "asOf": told["asOf"] });
    let again = gateway.all(NUMBERS, then).await;
    let again = nodes(&again["customers"]);
    for one in &customers {
        let same = again.iter().find(|other| other["id"] == one["id"]).unwrap();
        assert_eq!(same["numbers"]["revenue"], one["numbers"]["revenue"]);
    }
    let repeated = rollup(json!({ "to": "EUR", "knownAt": total["meta"]["knownAt"] })).await;
    assert_eq!(repeated, total);
    // Who sees no numbers sees no rates that they were missing either.
    let answer = gateway.ask(Role::Support, NUMBERS, json!({ "to": "EUR" })).await;
    assert!(codes(&answer).iter().all(|code| *code == "FORBIDDEN"), "{answer}");
});

on_both_served!(
    conversion_takes_as_many_statements_for_a_hundred_as_for_one,
    async |gateway: &Served| {
        let jobs = jobs(&gateway.db);
        deliver_rates(&jobs, &table(&currencies(gateway).await), 1).await;
        let mut counts = Vec::new();
        for parents in [1, 100] {
            let query = format!(
                "{{ customers(first: {parents}, orderBy: [{{ field: REVENUE, direction: DESC }}]) {{ \
                 edges {{ node {{ numbers(convertTo: EUR) {{ revenue {{ amounts {{ amount }} }} }} \
                 mrrHistory(convertTo: EUR) {{ rows {{ end {{ value }} }} }} \
                 usageEvents(first: 3) {{ totalCount }} }} }} }} }}"
            )
            .replace("EUR", "\"EUR\"");
            // The rates of an epoch are read once.
            gateway.all(&query, json!({})).await;
            let (count, data) = gateway.statements(gateway.all(&query, json!({}))).await;
            assert_eq!(nodes(&data["customers"]).len(), parents);
            counts.push(count);
        }
        eprintln!("statements of converted numbers: {counts:?}");
        assert_eq!(counts[0], counts[1]);
    }
);

on_both_served!(usage_and_first_replies_are_inputs_of_health, async |gateway: &Served| {
    let jobs = jobs(&gateway.db);
    let health = "query($asOf: DateTime, $knownAt: DateTime) { customer(by: { externalId: { source: \"stripe\", \
        stream: \"contacts\", id: \"u1\" } }) { usageEvents(first: 2) { totalCount edges { node { action quantity \
          usedAt occurredAt } } } tickets(first: 5) { edges { node { firstRepliedAt } } } \
        health(asOf: $asOf, knownAt: $knownAt) { score asOf knownAt dimensions { input value { value nullReason } \
          points { value } } } } }";
    let links = || {
        let target = RecordKey::new("stripe", "contacts", "u1");
        vec![Link { role: LinkRole::Contact, target }]
    };
    let at = |text: &str| Timestamp::parse(text);
    let used = |n: usize, when: &str| Item {
        source: "product",
        stream: "usage",
        id: format!("u{n}"),
        body: Canonical::UsageEvent(UsageEvent {
            action: Some("report_opened".to_owned()),
            quantity: Some(2),
            used_at: at(when),
            links: links(),
        }),
    };
    let ticket = |reply: Option<&str>| Item {
        source: "helpdesk",
        stream: "tickets",
        id: "t1".to_owned(),
        body: Canonical::Ticket(Ticket {
            subject: None,
            status: TicketStatus::Open,
            priority: None,
            channel: None,
            comment_count: None,
            created_at: at("2026-05-20T08:00:00Z"),
            first_replied_at: reply.and_then(at),
            solved_at: None,
            links: links(),
        }),
    };
    let paid = {
        let payment = domain::Payment {
            status: domain::PaymentStatus::Succeeded,
            amount: domain::Money::from_minor(1_000, Currency::parse("EUR").unwrap()),
            method: None,
            failure_code: None,
            paid_at: at("2026-01-05"),
            links: links(),
        };
        let body = Canonical::Payment(payment);
        Item { source: "stripe", stream: "charges", id: "p1".to_owned(), body }
    };
    let dimension = |data: &Value, input: &str| -> Value {
        let all = data["customer"]["health"]["dimensions"].as_array().unwrap().clone();
        all.into_iter().find(|one| one["input"] == input).unwrap()
    };
    let someone = person("stripe", "u1", "Uma Brandt", "uma@brandt.example", "");
    deliver(&jobs, &[someone, paid, ticket(None)], 1).await;
    let before = gateway.all(health, json!({})).await;
    let days = dimension(&before, "ACTIVE_DAYS");
    assert_eq!(days["value"], json!({ "value": null, "nullReason": "NO_SOURCE" }));
    let reply = dimension(&before, "FIRST_REPLY_MINUTES");
    assert_eq!(reply["value"], json!({ "value": null, "nullReason": "NO_DATA" }));
    // Four uses on three days; a reply after three hours.
    let uses = [
        used(1, "2026-05-30T10:00:00Z"),
        used(2, "2026-05-30T11:00:00Z"),
        used(3, "2026-05-31T10:00:00Z"),
        used(4, "2026-05-12T10:00:00Z"),
        used(5, "2026-01-12T10:00:00Z"),
    ];
    deliver(&jobs, &uses, 1).await;
    deliver(&jobs, &[ticket(Some("2026-05-20T11:00:00Z"))], 2).await;
    let after = gateway.all(health, json!({})).await;
    assert_eq!(dimension(&after, "ACTIVE_DAYS")["value"]["value"], json!(3));
    assert_eq!(dimension(&after, "FIRST_REPLY_MINUTES")["value"]["value"], json!(180));
    assert_eq!(dimension(&after, "FIRST_REPLY_MINUTES")["points"]["value"], json!(100));
    let events = &after["customer"]["usageEvents"];
    assert_eq!(events["totalCount"], json!(5));
    let newest = &nodes(events)[0];
    assert_eq!((&newest["action"], &newest["quantity"]), (&json!("report_opened"), &json!(2)));
    assert_eq!(newest["usedAt"], json!("2026-05-31T10:00:00Z"));
    let tickets = nodes(&after["customer"]["tickets"]);
    assert_eq!(tickets[0]["firstRepliedAt"], json!("2026-05-20T11:00:00Z"));
    // As it was known before.
    let told = &before["customer"]["health"];
    let then = json!({ "asOf": told["asOf"], "knownAt": told["knownAt"] });
    assert_eq!(&gateway.all(health, then).await["customer"]["health"], told);
    // A use that is taken back is no use.
    let mut moved = used(4, "2025-05-12T10:00:00Z");
    moved.id = "u4".to_owned();
    deliver(&jobs, &[moved], 2).await;
    let last = gateway.all(health, json!({})).await;
    assert_eq!(dimension(&last, "ACTIVE_DAYS")["value"]["value"], json!(2));
    // Of the sandbox's own tickets replies are known by how long they took.
    let data = gateway
        .all(
            "{ customers(first: 200) { edges { node { tickets(first: 5) { edges { node { createdAt \
              firstRepliedAt } } } } } } }",
            json!({}),
        )
        .await;
    let (mut replied, mut silent) = (0, 0);
    for one in nodes(&data["customers"]) {
        for ticket in nodes(&one["tickets"]) {
            match ticket["firstRepliedAt"].as_str().and_then(Timestamp::parse) {
                Some(reply) => {
                    let opened = ticket["createdAt"].as_str().and_then(Timestamp::parse).unwrap();
                    assert!(reply >= opened, "{ticket}");
                    replied += 1;
                }
                None => silent += 1,
            }
        }
    }
    eprintln!("tickets with a first reply: {replied}, without: {silent}");
    assert!(replied > 20);
});
