//! Numbers of the whole company over HTTP, on both databases, held to sums by hand over a small company:
//! attribution, acquisition, funnels, cohorts, the other numbers, targets.

use crate::database::TestDb;
use crate::identity_flow::{Item, feed, feed_version, jobs, settle};
use crate::served::{Served, codes};
use domain::{
    Canonical, Company, Contact, Currency, Date, Deal, DealStatus, Interval, Link, LinkRole, Money,
    Payment, PaymentStatus, Pii, RecordKey, Refund, Role, Spend, SpendKind, Subscription,
    SubscriptionItem, SubscriptionStatus, SurveyKind, SurveyResponse, Ticket, TicketStatus,
    Timestamp, Touchpoint, VendorStay,
};
use jobs::Jobs;
use metrics::kpi::TargetConfig;
use metrics::{Margin, Policy};
use serde_json::{Value, json};
use std::sync::Arc;

fn at(day: &str) -> Timestamp {
    Timestamp::parse(day).unwrap()
}

fn eur(minor: i64) -> Money {
    Money::from_minor(minor, Currency::parse("EUR").unwrap())
}

fn of(person: &str) -> Vec<Link> {
    let (role, stream) = match person {
        "c1" => (LinkRole::Company, "companies"),
        _ => (LinkRole::Contact, "contacts"),
    };
    vec![Link { role, target: RecordKey::new("hubspot", stream, person) }]
}

fn item(stream: &'static str, id: impl Into<String>, body: Canonical) -> Item {
    Item { source: "hubspot", stream, id: id.into(), body }
}

fn person(id: &str, name: &str, channel: Option<&str>, company: bool) -> Item {
    let (given, family) = name.split_once(' ').unwrap();
    let contact = Contact {
        given_name: Some(Pii::new(given)),
        family_name: Some(Pii::new(family)),
        emails: vec![Pii::new(format!("{given}.{family}@{family}.example").to_lowercase())],
        created_at: Some(at("2026-01-15")),
        acquisition_channel: channel.map(str::to_owned),
        links: if company { of("c1") } else { Vec::new() },
        ..Contact::default()
    };
    item("contacts", id, Canonical::Contact(contact))
}

/// The same, marketing's since a day.
fn qualified(mut person: Item, since: &str) -> Item {
    if let Canonical::Contact(contact) = &mut person.body {
        contact.vendor_stage = Some("marketing_qualified_lead".to_owned());
        contact.vendor_stays = vec![VendorStay {
            stage: "marketing_qualified_lead".to_owned(),
            entered_at: at(since),
            exited_at: None,
        }];
    }
    person
}

fn touch(person: &str, day: &str, channel: Option<&str>) -> Item {
    let body = Touchpoint {
        action: "form_submission".to_owned(),
        channel: channel.map(str::to_owned),
        campaign: channel.map(|channel| format!("{channel} spring")),
        touched_at: Some(at(day)),
        links: of(person),
    };
    item("touches", format!("{person} {day}"), Canonical::Touchpoint(body))
}

fn payment(id: &str, person: &str, day: &str, minor: i64) -> Item {
    let body = Payment {
        status: PaymentStatus::Succeeded,
        amount: eur(minor),
        method: None,
        failure_code: None,
        paid_at: Some(at(day)),
        links: of(person),
    };
    item("charges", id, Canonical::Payment(body))
}

fn refund(payment: &str, day: &str, minor: i64) -> Item {
    let target = RecordKey::new("hubspot", "charges", payment);
    let body = Refund {
        status: PaymentStatus::Succeeded,
        amount: eur(minor),
        reason: None,
        refunded_at: Some(at(day)),
        links: vec![Link { role: LinkRole::Payment, target }],
    };
    item("refunds", format!("r {payment}"), Canonical::Refund(body))
}

fn spend(day: &str, channel: Option<&str>, kind: SpendKind, minor: i64) -> Item {
    let body = Spend {
        day: Date::parse(day).unwrap(),
        channel: channel.map(str::to_owned),
        campaign: None,
        kind,
        amount: eur(minor),
    };
    item(
        "spend",
        format!("{day} {}", kind.as_str()) + channel.unwrap_or("-"),
        Canonical::Spend(body),
    )
}

fn won(person: &str, opened: &str, won: &str) -> Item {
    let body = Deal {
        name: None,
        pipeline: None,
        deal_stage: None,
        status: DealStatus::Won,
        amount: None,
        created_at: Some(at(opened)),
        closed_at: Some(at(won)),
        links: of(person),
    };
    item("deals", format!("{person} {opened}"), Canonical::Deal(body))
}

fn answer(person: &str, day: &str, kind: SurveyKind, score: i64) -> Item {
    let body = SurveyResponse {
        kind,
        score,
        comment: None,
        responded_at: Some(at(day)),
        links: of(person),
    };
    let id = format!("{person} {day} {}", kind.as_str());
    item("surveys", id, Canonical::SurveyResponse(body))
}

fn ticket(person: &str, day: &str, answered: Option<&str>) -> Item {
    let body = Ticket {
        subject: None,
        status: TicketStatus::Open,
        priority: None,
        channel: None,
        comment_count: None,
        created_at: Some(at(day)),
        solved_at: None,
        first_replied_at: answered.map(at),
        links: of(person),
    };
    item("tickets", format!("{person} {day}"), Canonical::Ticket(body))
}

fn subscription(person: &str, start: &str, minor: i64, ended: Option<&str>) -> Item {
    let body = Subscription {
        status: match ended {
            Some(_) => SubscriptionStatus::Canceled,
            None => SubscriptionStatus::Active,
        },
        currency: Currency::parse("EUR").unwrap(),
        items: vec![SubscriptionItem {
            product: Some("seat".to_owned()),
            amount_minor: minor,
            interval: Interval::Month,
            interval_count: 1,
        }],
        started_at: Some(at(start)),
        trial_end: None,
        current_period_end: None,
        canceled_at: None,
        ended_at: ended.map(at),
        cancellation_reason: None,
        links: of(person),
    };
    item("subscriptions", person, Canonical::Subscription(body))
}

/// A small company whose every number can be told by hand.
fn scene() -> Vec<Item> {
    use SpendKind::{PaidMedia, People, ReferralCredit};
    let company = Company {
        name: Some("Hollerbach GmbH".to_owned()),
        domains: vec!["hollerbach.example".to_owned()],
        acquisition_channel: Some("ads".to_owned()),
        created_at: Some(at("2026-01-15")),
        ..Company::default()
    };
    vec![
        item("companies", "c1", Canonical::Company(company)),
        person("a1", "Adela Ahlgren", Some("ads"), false),
        qualified(person("a2", "Bruno Bertolini", Some("email"), false), "2026-02-04"),
        person("a3", "Celine Charpentier", Some("referral"), false),
        person("a4", "Dagmar Hollerbach", None, true),
        person("a5", "Emil Engstrom", None, false),
        person("a6", "Farida Fathi", None, false),
        touch("a1", "2026-02-01", Some("ads")),
        touch("a1", "2026-02-10", Some("email")),
        touch("a1", "2026-03-01", Some("ads")),
        touch("a1", "2026-03-10", Some("email")),
        touch("a2", "2026-03-02", Some("email")),
        touch("a4", "2026-04-01", Some("ads")),
        touch("a4", "2026-04-10", None),
        touch("a5", "2026-03-15", Some("ads")),
        payment("1", "a1", "2026-03-05", 10_000),
        payment("2", "a1", "2026-04-05", 5_000),
        payment("3", "a2", "2026-03-20", 6_000),
        refund("3", "2026-03-21", 6_000),
        payment("4", "a2", "2026-04-02", 8_000),
        payment("5", "a3", "2026-03-30", 4_000),
        payment("6", "c1", "2026-04-28", 100_000),
        spend("2026-03-03", Some("ads"), PaidMedia, 15_000),
        spend("2026-03-04", Some("email"), PaidMedia, 2_000),
        spend("2026-03-31", None, People, 30_000),
        spend("2026-03-31", Some("referral"), ReferralCredit, 1_000),
        spend("2026-04-03", Some("ads"), PaidMedia, 10_000),
        spend("2026-05-03", Some("ads"), PaidMedia, 7_000),
        won("a1", "2026-03-01", "2026-03-03"),
        won("a3", "2026-03-01", "2026-03-11"),
        won("c1", "2026-04-05", "2026-04-25"),
        answer("a1", "2026-03-01", SurveyKind::Nps, 3),
        answer("a1", "2026-04-10", SurveyKind::Nps, 10),
        answer("a2", "2026-04-11", SurveyKind::Nps, 9),
        answer("a3", "2026-04-12", SurveyKind::Nps, 5),
        answer("a4", "2026-04-13", SurveyKind::Nps, 8),
        answer("a1", "2026-04-01", SurveyKind::Csat, 5),
        answer("a2", "2026-04-02", SurveyKind::Csat, 4),
        answer("a3", "2026-04-03", SurveyKind::Csat, 2),
        ticket("a1", "2026-03-07", Some("2026-03-07T03:00:00Z")),
        ticket("a1", "2026-04-07", Some("2026-04-08T02:00:00Z")),
        ticket("a4", "2026-04-08", Some("2026-04-08T01:30:00Z")),
        ticket("a4", "2026-05-08", None),
    ]
}

/// Everything derived by a policy with a margin and a target.
async fn seeded(gateway: &Served) -> Jobs {
    let target = |metric: &str, reach: &str| TargetConfig {
        metric: metric.to_owned(),
        quarter: "2026-Q2".to_owned(),
        baseline: "0".to_owned(),
        reach: Some(reach.to_owned()),
        reduce_by: None,
        raise_by: None,
    };
    let policy = Policy {
        gross_margin: Margin::parse("0.5"),
        targets: vec![target("nps", "50"), target("ticket_volume", "3"), target("reach", "9")],
        ..Policy::default()
    };
    assert_eq!(policy.problems(), []);
    let jobs = Jobs { metrics: Arc::new(policy), ..jobs(&gateway.db) };
    feed(&jobs, &scene()).await;
    let begun = |day: &str| at(day).as_millis();
    feed_version(&jobs, &[subscription("a6", "2026-04-01", 2_000, None)], begun("2026-04-01"))
        .await;
    feed_version(&jobs, &[subscription("a5", "2026-04-10", 3_000, None)], begun("2026-04-10"))
        .await;
    settle(&jobs).await;
    let over = subscription("a6", "2026-04-01", 2_000, Some("2026-05-01"));
    feed_version(&jobs, &[over], begun("2026-05-01")).await;
    settle(&jobs).await;
    jobs
}

const ATTRIBUTION: &str = "query($model: AttributionModel!, $by: AttributionGrouping! = CHANNEL, \
    $from: YearMonth, $to: YearMonth, $days: Int, $half: Int! = 7, $asOf: DateTime, \
    $knownAt: DateTime) { attribution(model: $model, by: $by, from: $from, to: $to, \
    lookBackDays: $days, halfLifeDays: $half, asOf: $asOf, knownAt: $knownAt) { rows { name conversions value { amount currency } removalEffect } \
    unattributed { name conversions value { amount } } conversions value { amount } exact touches \
    leftOut nullReason baseConversion policy asOf knownAt } }";

fn minor(amount: &Value) -> i64 {
    amount["amount"].as_str().unwrap().replace('.', "").parse().unwrap()
}

/// Name, conversions, value in minor units; what is unattributed last.
fn credits(answer: &Value) -> Vec<(String, String, i64)> {
    let rows = answer["rows"].as_array().unwrap();
    rows.iter()
        .chain([&answer["unattributed"]])
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            (
                text("name"),
                text("conversions"),
                row["value"].as_array().unwrap().iter().map(minor).sum(),
            )
        })
        .collect()
}

fn credit(name: &str, conversions: &str, minor: i64) -> (String, String, i64) {
    (name.to_owned(), conversions.to_owned(), minor)
}

async fn attributed(gateway: &Served) {
    let ask =
        async |variables: Value| gateway.all(ATTRIBUTION, variables).await["attribution"].clone();
    let linear = ask(json!({ "model": "LINEAR" })).await;
    assert_eq!(
        credits(&linear),
        [
            credit("ads", "1.166666667", 56_667),
            credit("email", "1.333333333", 11_333),
            credit("unattributed", "1.500000000", 54_000),
        ]
    );
    assert_eq!((&linear["conversions"], &linear["leftOut"]), (&json!(4), &json!(0)));
    assert_eq!(minor(&linear["value"][0]), 122_000);
    let first = ask(json!({ "model": "FIRST" })).await;
    assert_eq!(
        credits(&first),
        [
            credit("ads", "2.000000000", 110_000),
            credit("email", "1.000000000", 8_000),
            credit("unattributed", "1.000000000", 4_000),
        ]
    );
    let last = ask(json!({ "model": "LAST" })).await;
    assert_eq!(
        credits(&last),
        [
            credit("ads", "1.000000000", 10_000),
            credit("email", "1.000000000", 8_000),
            credit("unattributed", "2.000000000", 104_000),
        ]
    );
    let march = ask(json!({ "model": "LINEAR", "from": "2026-03", "to": "2026-03" })).await;
    assert_eq!(
        credits(&march),
        [
            credit("ads", "0.666666667", 6_667),
            credit("email", "0.333333333", 3_333),
            credit("unattributed", "1.000000000", 4_000),
        ]
    );
    // Only the touch four days before, and that without a channel 18 days before.
    let near = ask(json!({ "model": "LINEAR", "days": 20 })).await;
    assert_eq!(credits(&near).last().unwrap(), &credit("unattributed", "3.000000000", 112_000));
    let campaigns = ask(json!({ "model": "FIRST", "by": "CAMPAIGN" })).await;
    assert_eq!(campaigns["rows"][0]["name"], json!("ads spring"));
    // All models credit all that there is, exactly.
    for model in ["FIRST", "LAST", "LINEAR", "TIME_DECAY", "U_SHAPED", "W_SHAPED", "MARKOV"] {
        let answer = ask(json!({ "model": model })).await;
        let (mut conversions, mut value) = (0, 0);
        for (_, count, minor) in credits(&answer) {
            conversions += count.replace('.', "").parse::<i64>().unwrap();
            value += minor;
        }
        assert_eq!((conversions, value), (4_000_000_000, 122_000), "{model}: {answer}");
    }
    let early = ask(json!({ "model": "LINEAR", "asOf": "2026-04-01T00:00:00Z" })).await;
    assert_eq!(early["conversions"], json!(2), "what was later does not exist");
    let hidden = gateway.ask(Role::Support, ATTRIBUTION, json!({ "model": "LAST" })).await;
    assert_eq!(codes(&hidden), ["FORBIDDEN"]);
}

/// The models that are no simple shares, against what is computed here from the journeys of the scene:
/// a1 ads, email, ads, then 100; a2 email, then 80; c1 ads, without a channel, then 1000; a3 nothing,
/// then 40; a5 ads, then nothing.
async fn modelled(gateway: &Served) {
    let ask =
        async |variables: Value| gateway.all(ATTRIBUTION, variables).await["attribution"].clone();
    let near = |answer: &Value, expected: [(&str, f64, f64); 3]| {
        let found = credits(answer);
        assert_eq!(found.len(), expected.len(), "{answer}");
        for ((name, conversions, minor), (wanted, count, value)) in found.into_iter().zip(expected)
        {
            let conversions: f64 = conversions.parse().unwrap();
            assert_eq!(name, wanted);
            assert!((conversions - count).abs() < 2e-9, "{name}: {conversions}, not {count}");
            assert!((minor as f64 - 100.0 * value).abs() <= 1.0, "{name}: {minor}, not {value}");
        }
    };
    for half in [7_i32, 30] {
        let weight = |days: i32| (-f64::from(days) / f64::from(half)).exp2();
        // Days from the touches to the purchase.
        let (first, second, third) = (weight(32), weight(23), weight(4));
        let a1 = (first + third) / (first + second + third);
        let c1 = weight(27) / (weight(27) + weight(18));
        let decayed = ask(json!({ "model": "TIME_DECAY", "half": half })).await;
        near(
            &decayed,
            [
                ("ads", a1 + c1, 100.0 * a1 + 1_000.0 * c1),
                ("email", 2.0 - a1, 100.0 * (1.0 - a1) + 80.0),
                ("unattributed", 2.0 - c1, 1_000.0 * (1.0 - c1) + 40.0),
            ],
        );
    }
    let refused =
        gateway.ask(Role::Admin, ATTRIBUTION, json!({ "model": "TIME_DECAY", "half": 0 })).await;
    assert_eq!(codes(&refused), ["BAD_USER_INPUT"]);
    // The chain: from where to where, how many; each goes on until it converts, brings so much, or ends.
    // States: 0 ads, 1 email, 2 without a channel.
    let starts = [3.0, 1.0, 0.0];
    let steps = [[0.0, 1.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]];
    let (converts, brings) = ([1.0, 1.0, 1.0], [100.0, 80.0, 1_000.0]);
    let leaves = [4.0, 2.0, 1.0];
    // What is reached in many steps when nobody passes through `without`.
    let reached = |ends: [f64; 3], without: Option<usize>| {
        let mut here = starts.map(|n: f64| n / 4.0);
        let mut sum = 0.0;
        for _ in 0..200 {
            if let Some(gone) = without {
                here[gone] = 0.0;
            }
            sum += (0..3).map(|from| here[from] * ends[from] / leaves[from]).sum::<f64>();
            here = std::array::from_fn(|to| {
                (0..3).map(|from| here[from] * steps[from][to] / leaves[from]).sum()
            });
        }
        sum
    };
    let lost = |ends| -> [f64; 3] {
        std::array::from_fn(|k| 1.0 - reached(ends, Some(k)) / reached(ends, None))
    };
    let share = |lost: [f64; 3], total: f64| lost.map(|one| total * one / lost.iter().sum::<f64>());
    let effects = lost(converts);
    assert!((effects[0] - 5.0 / 6.0).abs() < 1e-12, "by hand: five of six need advertising");
    let (counts, values) = (share(effects, 3.0), share(lost(brings), 1_180.0));
    let markov = ask(json!({ "model": "MARKOV" })).await;
    near(
        &markov,
        [
            ("ads", counts[0], values[0]),
            ("email", counts[1], values[1]),
            ("unattributed", counts[2] + 1.0, values[2] + 40.0),
        ],
    );
    let base = markov["baseConversion"].as_f64().unwrap();
    assert!((base - 0.75).abs() < 1e-12 && markov["exact"] == json!(false), "{markov}");
    for (row, effect) in markov["rows"].as_array().unwrap().iter().zip(effects) {
        assert!((row["removalEffect"].as_f64().unwrap() - effect).abs() < 1e-9, "{row}");
    }
}

const ACQUISITION: &str = "query($loading: SpendLoading! = FULLY_LOADED, $lag: Int! = 0, $knownAt: DateTime) { \
    acquisition(from: \"2026-03\", loading: $loading, lagMonths: $lag, ages: 4, knownAt: $knownAt) { \
    nullReason policy rows { month channel currency spend { value } newCustomers { value } \
    cac { value nullReason } carriedSpend { value } cumulativeCac { value } cpa { value nullReason } \
    ltv { value nullReason } ltvToCac { value nullReason } payback { age cumulativeMargin { value nullReason } \
    recovered { value nullReason } } paybackMonths { value nullReason } } } }";

async fn acquired(gateway: &Served) {
    let ask = async |variables: Value| {
        gateway.all(ACQUISITION, variables).await["acquisition"]["rows"].clone()
    };
    let find = |rows: &Value, month: &str, channel: Option<&str>| -> Value {
        let wanted =
            |row: &&Value| row["month"] == json!(month) && row["channel"] == json!(channel);
        rows.as_array().unwrap().iter().find(wanted).unwrap().clone()
    };
    let rows = ask(json!({})).await;
    let cac = |month, channel| {
        let row = find(&rows, month, channel);
        let text = |key: &str| row[key]["value"].as_str().map(str::to_owned);
        let customers = row["newCustomers"]["value"].as_i64().unwrap();
        (text("spend").unwrap(), customers, text("cac"), row["cac"]["nullReason"].clone())
    };
    let is = |spend: &str, customers, cac: &str| {
        (spend.to_owned(), customers, Some(cac.to_owned()), Value::Null)
    };
    let nobody = |spend: &str| (spend.to_owned(), 0, None, json!("NO_NEW_CUSTOMERS"));
    assert_eq!(cac("2026-03", None), is("480.00", 2, "240.00"));
    assert_eq!(cac("2026-03", Some("ads")), is("150.00", 1, "150.00"));
    assert_eq!(cac("2026-03", Some("email")), nobody("20.00"));
    assert_eq!(cac("2026-03", Some("referral")), is("10.00", 1, "10.00"));
    assert_eq!(cac("2026-03", Some("unattributed")), nobody("300.00"));
    assert_eq!(cac("2026-04", None), is("100.00", 2, "50.00"));
    assert_eq!(cac("2026-05", None), nobody("70.00"));
    assert_eq!(find(&rows, "2026-05", None)["carriedSpend"]["value"], json!("70.00"));
    assert_eq!(find(&rows, "2026-05", None)["cumulativeCac"]["value"], json!("162.50"));
    let march = find(&rows, "2026-03", None);
    assert_eq!(march["cpa"]["value"], json!("85.00"));
    assert_eq!(march["ltv"]["value"], json!("47.50"));
    assert_eq!(march["ltvToCac"]["value"], json!("0.197917"));
    let curve = |row: &Value| -> Vec<Value> {
        let points = row["payback"].as_array().unwrap();
        points.iter().map(|point| point["cumulativeMargin"]["value"].clone()).collect()
    };
    assert_eq!(curve(&march), [json!("70.00"), json!("95.00"), json!("95.00"), Value::Null]);
    assert_eq!(march["payback"][3]["recovered"]["nullReason"], json!("IMMATURE"));
    assert_eq!(march["payback"][0]["recovered"]["value"], json!("0.145833"));
    assert_eq!(march["paybackMonths"], json!({ "value": null, "nullReason": "NOT_REACHED" }));
    let april = find(&rows, "2026-04", None);
    assert_eq!(april["ltvToCac"]["value"], json!("5.400000"));
    assert_eq!(april["paybackMonths"]["value"], json!(1));
    let paid = ask(json!({ "loading": "PAID" })).await;
    assert_eq!(find(&paid, "2026-03", None)["cac"]["value"], json!("90.00"));
    // March's expense for April's customers.
    let lagged = ask(json!({ "lag": 1 })).await;
    assert_eq!(find(&lagged, "2026-04", None)["cac"]["value"], json!("240.00"));
}

const KPIS: &str = "query($names: [Kpi!]!, $from: YearMonth, $to: YearMonth, $grace: Int! = 0, \
    $lead: Int! = 30, $asOf: DateTime) { kpis(names: $names, from: $from, to: $to, graceDays: $grace, \
    leadDays: $lead, asOf: $asOf) { policy rows { name value unit currency \
    mean numerator denominator n interval { low high } leftOut pending nullReason partial } } }";

async fn measured(gateway: &Served) {
    let ask = async |name: &str, from: &str, to: &str| {
        let variables = json!({ "names": [name], "from": from, "to": to });
        gateway.all(KPIS, variables).await["kpis"]["rows"][0].clone()
    };
    let spring = async |name: &str| ask(name, "2026-03", "2026-04").await;
    let order = spring("AVERAGE_ORDER_VALUE").await;
    assert_eq!((&order["value"], &order["n"]), (&json!("254.00"), &json!(5)));
    assert_eq!(order["currency"], json!("EUR"));
    let repeat = spring("REPEAT_RATE").await;
    assert_eq!((&repeat["value"], &repeat["numerator"]), (&json!("0.250000"), &json!("1")));
    let cycle = spring("SALES_CYCLE").await;
    assert_eq!((&cycle["value"], &cycle["mean"]), (&json!("864000000"), &json!("921600000")));
    let nps = spring("NPS").await;
    assert_eq!((&nps["value"], &nps["n"]), (&json!("25.000000"), &json!(4)));
    let (p, d) = (2.75 / 7.0, 1.75 / 7.0);
    let half = 1.959_963_984_540_054 * ((p + d - (p - d) * (p - d)) / 7.0_f64).sqrt();
    let low = nps["interval"]["low"].as_f64().unwrap();
    assert!((low - 100.0 * (p - d - half)).abs() < 1e-9, "{nps}");
    let good = spring("CSAT_SHARE").await;
    assert_eq!((&good["value"], &good["denominator"]), (&json!("0.666667"), &json!("3")));
    assert_eq!(spring("CSAT_MEAN").await["value"], json!("3.666667"));
    assert_eq!(spring("TICKET_VOLUME").await["value"], json!("3"));
    let tickets = spring("TICKETS_PER_100_ACTIVE").await;
    // With an order: three people and the company; with a contract at the end of April: two people.
    assert_eq!((&tickets["value"], &tickets["denominator"]), (&json!("50.000000"), &json!("6")));
    let referred = spring("REFERRED_REVENUE_SHARE").await;
    assert_eq!(referred["value"], json!("0.031496"), "40 of 1270");
    // 3, 26 and 1.5 hours; the median and the mean of 30.5 / 3.
    let response = spring("FIRST_RESPONSE").await;
    assert_eq!((&response["value"], &response["mean"]), (&json!("10800000"), &json!("36600000")));
    assert_eq!((&response["n"], &response["pending"]), (&json!(3), &json!(0)));
    let may = ask("FIRST_RESPONSE", "2026-05", "2026-05").await;
    assert_eq!((&may["nullReason"], &may["pending"]), (&json!("NOT_REACHED"), &json!(1)));
    for name in ["REFERRAL_RATE", "IMPRESSIONS", "CLICK_THROUGH_RATE"] {
        let none = spring(name).await;
        assert_eq!((&none["value"], &none["nullReason"]), (&Value::Null, &json!("NO_SOURCE")));
    }
    let renewed = ask("RENEWAL_RATE", "2026-05", "2026-05").await;
    assert_eq!((&renewed["value"], &renewed["denominator"]), (&json!("0.500000"), &json!("2")));
    let value = ask("RENEWAL_RATE_NET_VALUE", "2026-05", "2026-05").await;
    assert_eq!(value["value"], json!("0.600000"), "30 of 50");
    assert_eq!(spring("RENEWAL_RATE").await["nullReason"], json!("NO_DATA"));
    // Six leads of January; one is marketing's 20 days later, two have a deal 45 days later.
    let qualified = async |days: i32, as_of: &str| {
        let variables = json!({ "names": ["LEAD_QUALIFICATION_RATE"], "from": "2026-01",
            "to": "2026-01", "lead": days, "asOf": format!("{as_of}T00:00:00Z") });
        let row = gateway.all(KPIS, variables).await["kpis"]["rows"][0].clone();
        (
            row["value"].clone(),
            row["numerator"].clone(),
            row["denominator"].clone(),
            row["nullReason"].clone(),
        )
    };
    let share = |value: &str, good: &str| (json!(value), json!(good), json!("6"), Value::Null);
    assert_eq!(qualified(30, "2026-06-01").await, share("0.166667", "1"));
    assert_eq!(qualified(20, "2026-06-01").await, share("0.000000", "0"));
    assert_eq!(qualified(46, "2026-06-01").await, share("0.500000", "3"));
    // Before their days have passed nobody is counted.
    let young = qualified(46, "2026-02-10").await;
    assert_eq!((young.0, young.3), (Value::Null, json!("IMMATURE")));
    assert_eq!(ask("NPS", "2026-06", "2026-06").await["partial"], json!(true));
    assert_eq!(nps["partial"], json!(false));
    // Support sees its own numbers, and no others.
    let own = json!({ "names": ["NPS", "TICKET_VOLUME"] });
    gateway.data(Role::Support, KPIS, own).await;
    let other = gateway.ask(Role::Support, KPIS, json!({ "names": ["REPEAT_RATE"] })).await;
    assert_eq!(codes(&other), ["FORBIDDEN"]);
    let query = "{ targets { policy rows { metric quarter target actual { value nullReason partial } \
                 progress elapsed pace nullReason } } }";
    let rows = gateway.all(query, json!({})).await["targets"]["rows"].clone();
    assert_eq!(
        rows[0]["actual"],
        json!({ "value": "25.000000", "nullReason": null, "partial": true })
    );
    assert_eq!((&rows[0]["progress"], &rows[0]["pace"]), (&json!("0.500000"), &json!("BEHIND")));
    let elapsed: f64 = rows[0]["elapsed"].as_str().unwrap().parse().unwrap();
    assert!((elapsed - 61.5 / 91.0).abs() < 1e-4, "{elapsed}");
    assert_eq!((&rows[1]["actual"]["value"], &rows[1]["pace"]), (&json!("3"), &json!("MET")));
    assert_eq!((&rows[2]["progress"], &rows[2]["nullReason"]), (&Value::Null, &json!("NO_SOURCE")));
}

async fn followed(gateway: &Served) {
    let query = "query($milestones: [FunnelMilestone!]!, $days: Int, $order: FunnelOrder! = AT_LEAST) { \
        funnel(milestones: $milestones, kind: PERSON, from: \"2026-02\", to: \"2026-04\", withinDays: $days, \
        order: $order) { entrants immature steps { milestone reached conversion { value } dropOff { value } \
        overall { value } medianMs } nullReason partial rules } }";
    let ask = async |variables: Value| gateway.all(query, variables).await["funnel"].clone();
    let bought = json!([{ "event": "TOUCH" }, { "event": "FIRST_PAYMENT" }]);
    let found = ask(json!({ "milestones": bought })).await;
    assert_eq!((&found["entrants"], &found["immature"]), (&json!(4), &json!(0)));
    let last = &found["steps"][1];
    assert_eq!((&last["milestone"], &last["reached"]), (&json!("first_payment"), &json!(2)));
    assert_eq!(
        (&last["conversion"]["value"], &last["dropOff"]["value"]),
        (&json!("0.500000"), &json!("0.500000"))
    );
    assert_eq!(last["medianMs"], json!("2721600000"), "between 31 and 32 days");
    let soon = ask(json!({ "milestones": bought, "days": 31 })).await;
    assert_eq!(soon["steps"][1]["reached"], json!(0));
    let soon = ask(json!({ "milestones": bought, "days": 32 })).await;
    assert_eq!(soon["steps"][1]["reached"], json!(1));
    // Who touched in April has not had 90 days by June; nobody's time is counted before it has passed.
    let young = ask(json!({ "milestones": bought, "days": 90 })).await;
    assert_eq!((&young["entrants"], &young["immature"]), (&json!(2), &json!(2)));
    let stages = json!([{ "action": "form_submission" }, { "stage": "PURCHASE" }]);
    let found = ask(json!({ "milestones": stages })).await;
    assert_eq!(found["entrants"], json!(4));
    let one = json!([{ "event": "TOUCH" }]);
    let refused = gateway.ask(Role::Admin, query, json!({ "milestones": one })).await;
    assert_eq!(codes(&refused), ["BAD_USER_INPUT"]);
}

async fn kept(gateway: &Served) {
    let query = "query($basis: CohortBasis!) { cohorts(basis: $basis, ages: 4) { nullReason rows { month \
        currency size cells { age customers { value nullReason } retention { value nullReason } \
        nrr { value nullReason } grr { value nullReason } } } } }";
    let ask = async |basis: &str| {
        gateway.all(query, json!({ "basis": basis })).await["cohorts"]["rows"].clone()
    };
    let orders = ask("ORDERS").await;
    let march = &orders[0];
    assert_eq!((&march["month"], &march["size"]), (&json!("2026-03"), &json!(2)));
    let values: Vec<&Value> =
        march["cells"].as_array().unwrap().iter().map(|cell| &cell["retention"]["value"]).collect();
    assert_eq!(values, [&json!("1.000000"), &json!("0.500000"), &json!("0.000000"), &Value::Null]);
    assert_eq!(march["cells"][3]["retention"]["nullReason"], json!("IMMATURE"));
    let contracts = ask("SUBSCRIPTIONS").await;
    assert_eq!((&contracts[0]["month"], &contracts[0]["size"]), (&json!("2026-04"), &json!(2)));
    let may = &contracts[0]["cells"][1];
    assert_eq!(
        (&may["customers"]["value"], &may["retention"]["value"]),
        (&json!(1), &json!("0.500000"))
    );
    assert_eq!(
        (&may["nrr"]["value"], &may["grr"]["value"]),
        (&json!("0.600000"), &json!("0.600000"))
    );
}

/// A merge makes one acquisition of two, and what was told before stays.
async fn merged(gateway: &Served) {
    let before =
        gateway.all(ATTRIBUTION, json!({ "model": "LINEAR" })).await["attribution"].clone();
    let cost = gateway.all(ACQUISITION, json!({})).await;
    let id = async |of: &str| {
        let query = format!(
            "{{ customer(by: {{ externalId: {{ source: \"hubspot\", stream: \"contacts\", id: \"{of}\" }} }}) \
             {{ id }} }}"
        );
        gateway.all(&query, json!({})).await["customer"]["id"].clone()
    };
    let ids = json!({ "one": id("a2").await, "other": id("a3").await });
    let merge = "mutation($one: ID!, $other: ID!) { mergeCustomers(input: { survivor: $one, \
                 others: [$other] }) { customer { id } userErrors { message } } }";
    gateway.all(merge, ids).await;
    let after = gateway.all(ATTRIBUTION, json!({ "model": "LINEAR" })).await["attribution"].clone();
    assert_eq!((&before["conversions"], &after["conversions"]), (&json!(4), &json!(3)));
    // The first purchase of the two is that of March.
    assert_eq!(minor(&after["value"][0]), 114_000);
    let times = json!({ "model": "LINEAR", "asOf": before["asOf"], "knownAt": before["knownAt"] });
    assert_eq!(gateway.all(ATTRIBUTION, times).await["attribution"], before);
    let told = gateway.all(ACQUISITION, json!({ "knownAt": before["knownAt"] })).await;
    assert_eq!(told, cost);
}

async fn whole_company(db: TestDb) {
    let gateway = Served::start(db).await;
    seeded(&gateway).await;
    attributed(&gateway).await;
    modelled(&gateway).await;
    acquired(&gateway).await;
    measured(&gateway).await;
    followed(&gateway).await;
    kept(&gateway).await;
    merged(&gateway).await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_of_a_small_company_are_those_told_by_hand_on_sqlite() {
    Box::pin(whole_company(TestDb::sqlite().await)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_of_a_small_company_are_those_told_by_hand_on_postgres() {
    if let Some(db) = TestDb::postgres().await {
        Box::pin(whole_company(db)).await;
    }
}
