//! The gateway's answers as of a date and as known on a date, over HTTP, on both databases.

use crate::served::{Served, codes, nodes, on_both_served};
use domain::Role;
use serde_json::{Value, json};

/// Everything that has two times, with arguments for both.
const ANSWER: &str = "query($id: ID!, $asOf: DateTime, $knownAt: DateTime) { customer(by: { id: $id }) { \
    stage(asOf: $asOf, knownAt: $knownAt) { stage position label since status asOf knownAt rules } \
    numbers(asOf: $asOf, knownAt: $knownAt) { policy computedAt asOf knownAt \
      revenue { amounts { amount currency } nullReason } mrr { amounts { amount currency } nullReason } \
      clv { historicRevenue { amounts { amount currency } } } paymentCount { value nullReason } \
      ticketCount { value nullReason } npsLatest { value nullReason } } \
    health(asOf: $asOf, knownAt: $knownAt) { score band nullReason segment version asOf knownAt \
      dimensions { input weight value { value nullReason } points { value nullReason } } } \
    leadScore(asOf: $asOf, knownAt: $knownAt) { score qualified nullReason undated version asOf knownAt \
      parts { rule points count evidence } } \
    stageHistory(first: 50, asOf: $asOf, knownAt: $knownAt) { edges { cursor node { from to direction rule \
      reason occurredAt evidence } } pageInfo { hasNextPage } } } }";

const ROLLUPS: &str = "query($knownAt: DateTime) { rollups(by: [MONTH, CHANNEL, STAGE], knownAt: $knownAt) { \
    flat { columns rows } meta { policy timeZone computedAt knownAt rules checksum } } }";

const THEN: &str = "query($id: ID!, $asOf: DateTime, $knownAt: DateTime) { \
    customerThen(id: $id, asOf: $asOf, knownAt: $knownAt) { id asOf knownAt absentBecause partOf kind \
      stage { stage since status } stageHistory { to occurredAt } timeInStage { stage entries seconds } \
      numbers { revenue { amounts { amount currency } } } } }";

/// Two people who paid for themselves, of one record each, by id.
async fn payers(gateway: &Served) -> Vec<String> {
    let query = "{ customers(first: 100, filter: { kind: PERSON }, orderBy: [{ field: REVENUE, \
                 direction: DESC }]) { edges { node { id sourceRecords(first: 1) { totalCount } \
                 companies(first: 1) { totalCount } } } } }";
    let data = gateway.all(query, json!({})).await;
    let mut people = nodes(&data["customers"]);
    people.retain(|node| {
        node["sourceRecords"]["totalCount"] == json!(1)
            && node["companies"]["totalCount"] == json!(0)
    });
    people.iter().take(2).map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

on_both_served!(a_plain_answer_is_given_again_after_a_merge, async |gateway: &Served| {
    let ids = payers(gateway).await;
    let mut saved: Vec<(Value, Value)> = Vec::new();
    for id in &ids {
        let data = gateway.all(ANSWER, json!({ "id": id })).await;
        let told = &data["customer"]["stage"];
        assert!(told["knownAt"].is_string() && told["asOf"].is_string(), "{told}");
        let again = json!({ "id": id, "asOf": told["asOf"], "knownAt": told["knownAt"] });
        assert_eq!(data, gateway.all(ANSWER, again.clone()).await, "at once");
        saved.push((again, data));
    }
    let known = &saved[0].0["knownAt"];
    let sums = gateway.all(ROLLUPS, json!({})).await;
    assert_eq!(&sums["rollups"]["meta"]["knownAt"], known);
    let merge = "mutation($one: ID!, $other: ID!) { mergeCustomers(input: { survivor: $one, \
                 others: [$other] }) { customer { id } userErrors { message } } }";
    let merged = gateway.all(merge, json!({ "one": ids[0], "other": ids[1] })).await;
    let living = merged["mergeCustomers"]["customer"]["id"].as_str().unwrap().to_owned();
    let retired = ids.iter().find(|id| **id != living).unwrap();
    let now = gateway.all(ROLLUPS, json!({})).await;
    assert_ne!(now, sums, "the merge shows");
    assert_eq!(gateway.all(ROLLUPS, json!({ "knownAt": known })).await, sums, "as known before");
    for (again, data) in &saved {
        if again["id"] == json!(living) {
            assert_eq!(&gateway.all(ANSWER, again.clone()).await, data, "the living one");
            assert_ne!(&gateway.all(ANSWER, json!({ "id": living })).await, data);
        }
        // The retired id leads to the living one; what it was then is asked for by its own id.
        let then = gateway.all(THEN, again.clone()).await;
        let then = &then["customerThen"];
        for field in ["stage", "since", "status"] {
            assert_eq!(then["stage"][field], data["customer"]["stage"][field]);
        }
        let revenue = &data["customer"]["numbers"]["revenue"]["amounts"];
        assert_eq!(&then["numbers"]["revenue"]["amounts"], revenue);
        assert_eq!(then["absentBecause"], Value::Null);
        let seconds: i64 = then["timeInStage"]
            .as_array()
            .unwrap()
            .iter()
            .map(|stage| stage["seconds"].as_i64().unwrap())
            .sum();
        assert!(seconds > 86_400, "{then}");
    }
    let then = gateway.all(THEN, json!({ "id": retired })).await;
    assert_eq!(then["customerThen"]["partOf"], json!(living));
    assert!(then["customerThen"]["absentBecause"].as_str().unwrap().contains(&living));
    assert_eq!(then["customerThen"]["stage"], Value::Null);
    // What was restated, and why.
    let compare = "query($before: DateTime!, $after: DateTime!) { \
        compareKnownAt(before: $before, after: $after) { before after policy \
          cells(first: 100) { edges { node { component month stage before after difference } } } \
          contributors(first: 10) { edges { node { customerId customer { id } causes records \
            changes { component difference } } } } } }";
    let times = json!({ "before": known, "after": now["rollups"]["meta"]["knownAt"] });
    let data = gateway.all(compare, times).await;
    let restated = &data["compareKnownAt"];
    assert_eq!(&restated["before"], known);
    let who = nodes(&restated["contributors"]);
    assert_eq!(who.len(), 2, "{restated:#}");
    for one in &who {
        assert_eq!(one["causes"], json!(["MERGE"]), "{one}");
        assert!(ids.iter().any(|id| one["customerId"] == json!(id)), "{one}");
        assert_eq!(one["customer"]["id"], json!(living));
        assert!(!one["records"].as_array().unwrap().is_empty());
    }
    let zero = nodes(&restated["cells"]).iter().all(|cell| cell["difference"] == json!("0"));
    assert!(!zero, "{restated:#}");
    let audit = "{ rollupChecksums { component month checksum rebuilt agrees } }";
    let audit = gateway.all(audit, json!({})).await;
    let audit = audit["rollupChecksums"].as_array().unwrap().clone();
    assert!(audit.len() > 20 && audit.iter().all(|row| row["agrees"] == json!(true)), "{audit:?}");
});

on_both_served!(a_cell_opens_up_to_its_customers_and_records, async |gateway: &Served| {
    let scope = domain::Principal { subject: "ada".into(), role: Role::Admin }.scope();
    let range = store::read::RollupRange::default();
    let rows = gateway.db.store.rollup_cells(&scope, &range).await.unwrap();
    for component in ["gross_payments", "refunds", "tickets", "cohort_revenue", "new_customers"] {
        let cell =
            rows.iter().filter(|c| c.component == component).max_by_key(|c| c.value).unwrap();
        let month = (cell.month > 0).then(|| {
            format!("{:04}-{:02}", cell.month.div_euclid(12), cell.month.rem_euclid(12) + 1)
        });
        let key = json!({
            "component": component.to_uppercase(),
            "month": month,
            "channel": cell.channel,
            "segment": cell.segment,
            "stage": cell.stage.as_ref().map(|stage| stage.to_uppercase()),
            "currency": cell.currency,
        });
        let query = "query($cell: RollupCellKey!, $after: String) { \
            explainRollup(cell: $cell, first: 7, after: $after) { pageInfo { hasNextPage endCursor } \
              edges { node { customerId share records { record amount occurredAt } } } } }";
        let decimal =
            |text: &Value| -> i64 { text.as_str().unwrap().replace('.', "").parse().unwrap() };
        let (mut sum, mut of_records, mut after) = (0, 0, Value::Null);
        loop {
            let data = gateway.all(query, json!({ "cell": key, "after": after })).await;
            let page = &data["explainRollup"];
            for one in nodes(page) {
                sum += decimal(&one["share"]);
                let records = one["records"].as_array().unwrap();
                assert!(!records.is_empty(), "{component}: {one}");
                of_records += records.iter().map(|r| decimal(&r["amount"])).sum::<i64>();
            }
            if page["pageInfo"]["hasNextPage"] == json!(false) {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        assert_eq!(sum, cell.value, "{component}: shares add up");
        if component != "new_customers" {
            assert_eq!(of_records, cell.value, "{component}: records add up");
        }
    }
});

on_both_served!(scores_open_up_to_what_they_are_made_of, async |gateway: &Served| {
    let query = "{ customers(first: 200) { edges { node { id segment \
        health { score band nullReason segment version dimensions { input weight \
          value { value nullReason } points { value nullReason } } } \
        leadScore { score qualified nullReason parts { rule points count evidence } } \
        healthHistory(from: \"2000-01-01T00:00:00Z\", everyDays: 365) { asOf score band nullReason } \
        } } } }";
    let data = gateway.all(query, json!({})).await;
    let (mut healthy, mut leads) = (0, 0);
    for one in nodes(&data["customers"]) {
        let (health, lead) = (&one["health"], &one["leadScore"]);
        // After the purchase there is health, before it a lead.
        if let Some(score) = health["score"].as_i64() {
            healthy += 1;
            let (mut sum, mut weights) = (0, 0);
            for dimension in health["dimensions"].as_array().unwrap() {
                let weight = dimension["weight"].as_i64().unwrap();
                match dimension["points"]["value"].as_i64() {
                    Some(points) => (sum, weights) = (sum + weight * points, weights + weight),
                    None => assert!(dimension["points"]["nullReason"].is_string()),
                }
            }
            assert!((score * weights - sum).abs() * 2 <= weights, "{health}");
            assert!(health["band"].is_string() && health["nullReason"].is_null(), "{health}");
            assert_eq!(lead["nullReason"], json!("NOT_APPLICABLE"), "{one}");
        } else {
            assert!(health["nullReason"].is_string() && health["band"].is_null(), "{health}");
        }
        if let Some(score) = lead["score"].as_i64() {
            leads += 1;
            assert_eq!(health["nullReason"], json!("NOT_APPLICABLE"), "{one}");
            let points = |part: &Value| part["points"].as_str().unwrap().parse::<f64>().unwrap();
            let parts = lead["parts"].as_array().unwrap();
            let sum: f64 = parts.iter().map(points).sum();
            assert!((score as f64 - sum.clamp(0.0, 100.0)).abs() < 0.6, "{lead}");
            assert!(parts.iter().all(|part| part["evidence"][0].is_string()), "{lead}");
        }
        let history = one["healthHistory"].as_array().unwrap();
        assert!(history.len() > 20 && history[0]["nullReason"] == json!("NOT_APPLICABLE"));
        let last = &history[history.len() - 1];
        assert_eq!((&last["score"], &last["band"]), (&health["score"], &health["band"]));
    }
    assert!(healthy > 20 && leads > 20, "{healthy} {leads}");
    // Each role sees the parts of its areas.
    let people = nodes(&data["customers"]);
    let bought = people.iter().find(|one| !one["health"]["score"].is_null()).unwrap();
    let query = "query($id: ID!) { customer(by: { id: $id }) { health { score dimensions { input \
                 value { value nullReason } } } leadScore { score } } }";
    let answer = gateway.ask(Role::Support, query, json!({ "id": bought["id"] })).await;
    let customer = &answer["data"]["customer"];
    assert_eq!(customer["health"]["score"], bought["health"]["score"]);
    assert!(customer["leadScore"].is_null());
    for dimension in customer["health"]["dimensions"].as_array().unwrap() {
        let hidden =
            matches!(dimension["input"].as_str().unwrap(), "FAILED_PAYMENTS" | "ACTIVE_DAYS");
        assert_eq!(dimension["value"].is_null(), hidden, "{dimension}");
    }
    assert!(codes(&answer).iter().all(|code| *code == "FORBIDDEN"), "{answer}");
    let answer = gateway.ask(Role::Steward, query, json!({ "id": bought["id"] })).await;
    assert!(answer["data"]["customer"]["health"].is_null(), "{answer}");
    let many = "query($id: ID!) { customer(by: { id: $id }) { healthHistory(from: \
                \"1990-01-01T00:00:00Z\", everyDays: 1) { score } } }";
    let answer = gateway.ask(Role::Admin, many, json!({ "id": bought["id"] })).await;
    assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{answer}");
});

on_both_served!(what_was_not_known_says_so, async |gateway: &Served| {
    let ids = payers(gateway).await;
    let early = json!({ "id": ids[0], "knownAt": "1999-01-01T00:00:00Z" });
    for query in [ANSWER, THEN] {
        let answer = gateway.ask(Role::Admin, query, early.clone()).await;
        assert!(codes(&answer).iter().all(|code| *code == "NOT_FOUND"), "{answer}");
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains("first derivation was finished on"), "{message}");
    }
    let answer = gateway.ask(Role::Admin, ROLLUPS, early).await;
    assert_eq!(codes(&answer), ["NOT_FOUND"]);
    let data = gateway.all(THEN, json!({ "id": domain::ProfileId(7).to_string() })).await;
    assert!(data["customerThen"]["absentBecause"].is_string(), "{data}");
    // Before its first fact a customer had bought nothing; the numbers know no later payment.
    let past = json!({ "id": ids[0], "asOf": "2001-01-01T00:00:00Z" });
    let data = gateway.all(ANSWER, past).await;
    assert_eq!(data["customer"]["numbers"]["paymentCount"]["value"], json!(0));
    assert_eq!(data["customer"]["numbers"]["asOf"], json!("2001-01-01T00:00:00Z"));
    // A role that sees no money sees none of then either.
    let answer =
        gateway.ask(Role::Support, ANSWER, json!({ "id": ids[0], "asOf": "2020-01-01T00:00:00Z" }));
    let answer = answer.await;
    assert!(codes(&answer).iter().all(|code| *code == "FORBIDDEN"), "{answer}");
    assert_eq!(answer["data"]["customer"]["numbers"]["revenue"], Value::Null);
});

on_both_served!(
    then_takes_as_many_statements_for_a_hundred_as_for_one,
    async |gateway: &Served| {
        let data = gateway.all(ROLLUPS, json!({})).await;
        let known = &data["rollups"]["meta"]["knownAt"];
        let mut counts = Vec::new();
        for parents in [1, 100] {
            let query = format!(
                "query($at: DateTime) {{ customers(first: {parents}, filter: {{ kind: PERSON }}, \
             orderBy: [{{ field: REVENUE, direction: DESC }}]) {{ edges {{ node {{ \
             stage(knownAt: $at) {{ stage knownAt }} timeInStage(knownAt: $at) {{ seconds }} \
             numbers(knownAt: $at) {{ revenue {{ amounts {{ amount }} }} }} \
             health(knownAt: $at) {{ score dimensions {{ input }} }} leadScore {{ score }} \
             }} }} }} }}"
            );
            let ask = gateway.all(&query, json!({ "at": known }));
            let (count, data) = gateway.statements(ask).await;
            assert_eq!(nodes(&data["customers"]).len(), parents);
            counts.push(count);
        }
        eprintln!("statements then: {counts:?}");
        assert_eq!(counts[0], counts[1]);
    }
);

const AS_OF: &str = "query($asOf: DateTime, $knownAt: DateTime, $to: YearMonth) { \
    rollups(by: [MONTH, CHANNEL, STAGE], asOf: $asOf, knownAt: $knownAt, to: $to) { flat { columns rows } \
      rows { month channel stage currency newCustomers { value } revenue { value } } meta { asOf knownAt checksum } } \
    months: rollups(by: [MONTH], asOf: $asOf, knownAt: $knownAt, to: $to) { rows { month currency revenue { value } \
      spend { value } newCustomers { value } } } }";

on_both_served!(a_rollup_as_of_a_moment_knows_no_later_fact, async |gateway: &Served| {
    let plain = gateway.all(AS_OF, json!({})).await;
    let known = &plain["rollups"]["meta"]["knownAt"];
    assert_eq!(plain["rollups"]["meta"]["asOf"], Value::Null);
    // As of when it was known, it is what was told.
    let now = gateway.all(AS_OF, json!({ "asOf": known, "knownAt": known })).await;
    assert_eq!(now["rollups"]["flat"], plain["rollups"]["flat"]);
    assert_eq!(now["rollups"]["meta"]["checksum"], plain["rollups"]["meta"]["checksum"]);
    assert_eq!(&now["rollups"]["meta"]["asOf"], known);
    // As of the end of a month: the months before are as they are, what is dated later is not there.
    let months = plain["months"]["rows"].as_array().unwrap();
    let dated: Vec<&str> = months.iter().filter_map(|row| row["month"].as_str()).collect();
    let middle = dated[dated.len() / 2];
    let (year, month) = middle.split_once('-').unwrap();
    let (year, month): (i32, u32) = (year.parse().unwrap(), month.parse().unwrap());
    let (next_year, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    let end = format!("{next_year:04}-{next:02}-01T00:00:00Z");
    let last = domain::Timestamp::parse(&end).unwrap().plus_millis(-1).to_string();
    let then = json!({ "asOf": last, "knownAt": known });
    let past = gateway.all(AS_OF, then.clone()).await;
    let cut = gateway.all(AS_OF, json!({ "to": middle, "knownAt": known })).await;
    let money = |answer: &Value| -> Vec<(Value, Value, Value, Value)> {
        let rows = answer["months"]["rows"].as_array().unwrap().iter();
        rows.filter(|row| row["month"].is_string())
            .map(|row| {
                let of = |name: &str| row[name]["value"].clone();
                (row["month"].clone(), row["currency"].clone(), of("revenue"), of("spend"))
            })
            .collect()
    };
    assert_eq!(money(&past), money(&cut));
    assert!(money(&past).len() < money(&plain).len());
    // A customer whose first payment was given back later was a customer then.
    let customers = |answer: &Value| -> i64 {
        let rows = answer["months"]["rows"].as_array().unwrap().iter();
        rows.filter_map(|row| row["newCustomers"]["value"].as_i64()).sum()
    };
    assert!(customers(&past) >= customers(&cut), "{} {}", customers(&past), customers(&cut));
    // The stage is that of then: some who bought later stood before the purchase.
    let rows = |answer: &Value| answer["rollups"]["rows"].as_array().unwrap().clone();
    let stages = |answer: &Value| -> std::collections::BTreeSet<String> {
        rows(answer).iter().filter_map(|row| row["stage"].as_str().map(str::to_owned)).collect()
    };
    assert!(stages(&past).contains("PURCHASE") || stages(&past).contains("RETENTION"));
    // Parts sum to totals.
    let sum: i64 = rows(&past).iter().filter_map(|row| row["newCustomers"]["value"].as_i64()).sum();
    assert_eq!(sum, customers(&past));
    // A cell of then opens up to the records of then.
    let cell = rows(&past)
        .into_iter()
        .find(|row| {
            row["newCustomers"]["value"].as_i64().unwrap_or(0) > 0 && row["stage"].is_string()
        })
        .unwrap();
    let explain = "query($cell: RollupCellKey!, $asOf: DateTime) { explainRollup(cell: $cell, asOf: $asOf, first: 100) { \
        edges { node { customerId share records { record occurredAt } } } } }";
    let segments = "query($asOf: DateTime, $to: YearMonth) { rollups(by: [MONTH, CHANNEL, STAGE, SEGMENT], asOf: $asOf, to: $to) { \
        rows { month channel stage segment currency newCustomers { value } } } }";
    let split = gateway.all(segments, json!({ "asOf": last })).await;
    let same = |row: &&Value| {
        ["month", "channel", "stage", "currency"].iter().all(|name| row[*name] == cell[*name])
            && row["newCustomers"]["value"].as_i64().unwrap_or(0) > 0
    };
    let one = split["rollups"]["rows"].as_array().unwrap().iter().find(same).unwrap();
    let channel =
        if one["channel"] == json!("unattributed") { Value::Null } else { one["channel"].clone() };
    let key = json!({ "component": "NEW_CUSTOMERS", "month": one["month"], "channel": channel,
        "segment": one["segment"], "stage": one["stage"], "currency": one["currency"] });
    let opened = gateway.all(explain, json!({ "cell": key, "asOf": last })).await;
    let who = nodes(&opened["explainRollup"]);
    assert_eq!(json!(who.len()), one["newCustomers"]["value"], "{opened:#}");
    for record in who.iter().flat_map(|one| one["records"].as_array().unwrap()) {
        assert!(record["occurredAt"].as_str().is_none_or(|at| at <= last.as_str()), "{record}");
    }
    // Whatever is learnt later, it is told again.
    let ids = payers(gateway).await;
    let merge = "mutation($one: ID!, $other: ID!) { mergeCustomers(input: { survivor: $one, \
                 others: [$other] }) { userErrors { message } } }";
    gateway.all(merge, json!({ "one": ids[0], "other": ids[1] })).await;
    assert_eq!(gateway.all(AS_OF, then).await, past);
    let answer = gateway.ask(Role::Support, AS_OF, json!({ "asOf": last })).await;
    assert!(codes(&answer).iter().all(|code| *code == "FORBIDDEN"), "{answer}");
});
