//! Predicted lifetime value over HTTP, on both databases: fitted to what is stored, held to the formulas.

use crate::identity_flow::{Item, feed, jobs, noon, person, settle};
use crate::served::{Served, codes, nodes, on_both_served};
use domain::{
    Canonical, Currency, Link, LinkRole, Money, Payment, PaymentStatus, RecordKey, Role, Timestamp,
};
use serde_json::{Value, json};

const MONEY: &str = "{ value { amount currency } nullReason detail }";

fn query() -> String {
    format!(
        "query($id: String!, $asOf: DateTime, $knownAt: DateTime, $months: Int! = 12) {{ \
         customer(by: {{ externalId: {{ source: \"stripe\", stream: \"contacts\", id: $id }} }}) {{ \
         clv(horizonMonths: $months, discount: \"0\", asOf: $asOf, knownAt: $knownAt) {{ \
         contractual model currency horizonMonths policy asOf knownAt \
         fits {{ id family population model why parameters standardErrors logLikelihood n fittedAt }} \
         historicRevenue {MONEY} historicMargin {MONEY} pAlive {{ value nullReason detail }} \
         expectedTransactions {{ value nullReason }} expectedResidual {MONEY} \
         expectedResidualMargin {MONEY} total {MONEY} totalMargin {MONEY} \
         interval {{ p10 {{ amount }} p90 {{ amount }} nullReason }} }} }} }}"
    )
}

/// SplitMix64 as a number from 0 to 1.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.roll()).ln()
    }
}

fn payment(customer: &str, id: String, at: Timestamp, minor: i64, currency: &str) -> Item {
    let target = RecordKey::new("stripe", "contacts", customer);
    let body = Payment {
        status: PaymentStatus::Succeeded,
        amount: Money::from_minor(minor, Currency::parse(currency).unwrap()),
        method: None,
        failure_code: None,
        paid_at: Some(at),
        links: vec![Link { role: LinkRole::Contact, target }],
    };
    Item { source: "stripe", stream: "charges", id, body: Canonical::Payment(body) }
}

/// People who buy at their own pace, leave at their own time and spend their own amounts, in a
/// currency of their own.
fn buyers(count: usize) -> Vec<Item> {
    let mut dice = Dice(11);
    let mut items = Vec::new();
    let begin = noon().plus_days(-350);
    for n in 0..count {
        let id = format!("b{n}");
        let name = format!("Given{n}ia Family{n}ov");
        items.push(person("stripe", &id, &name, &format!("given{n}@family{n}.example"), ""));
        // Paces and rates of leaving spread as Pareto/NBD has them, with shapes of 1.
        let (pace, leaves) = (dice.exponential(1.0 / 25.0), dice.exponential(1.0 / 120.0));
        let stays = dice.exponential(1.0) / leaves;
        // Amounts as Gamma-Gamma has them, with shapes of 3 and 4.
        let scale: f64 = 4_000.0 / (0..4).map(|_| dice.exponential(1.0)).sum::<f64>();
        let (first, mut day) = (dice.exponential(40.0).min(200.0), 0.0);
        for nth in 0..30 {
            let amount = scale * (0..3).map(|_| dice.exponential(1.0)).sum::<f64>();
            let minor = 100 + amount as i64;
            let at = begin.plus_millis(((first + day) * 86_400_000.0) as i64);
            items.push(payment(&id, format!("{id}-{nth}"), at, minor, "NOK"));
            day += 1.0 + dice.exponential(1.0) / pace;
            if day > stays || first + day > 349.0 {
                break;
            }
        }
    }
    items
}

async fn ask(gateway: &Served, variables: Value) -> Value {
    gateway.all(&query(), variables).await["customer"]["clv"].clone()
}

fn decimal(measure: &Value) -> f64 {
    measure["value"]["amount"].as_str().unwrap().parse().unwrap()
}

fn parameters(answer: &Value, family: &str) -> Vec<f64> {
    let fits = answer["fits"].as_array().unwrap();
    let fit = fits.iter().find(|fit| fit["family"] == json!(family)).unwrap();
    fit["parameters"].as_array().unwrap().iter().map(|p| p.as_f64().unwrap()).collect()
}

/// P(alive) of Pareto/NBD by integration over the moment of leaving, or of MBG/NBD by its formula.
fn p_alive(model: &str, p: &[f64], x: f64, tx: f64, t: f64) -> f64 {
    if model == "mbg-nbd" {
        let (r, alpha, a, b) = (p[0], p[1], p[2], p[3]);
        return 1.0 / (1.0 + a / (b + x) * ((alpha + t) / (alpha + tx)).powf(r + x));
    }
    let (r, alpha, s, beta) = (p[0], p[1], p[2], p[3]);
    let left = |u: f64| {
        s * ((alpha + t) / (alpha + u)).powf(r + x) * ((beta + t) / (beta + u)).powf(s) / (beta + u)
    };
    let steps = 20_000;
    let h = (t - tx) / f64::from(steps);
    let mid = (0..steps).map(|i| left(tx + h * (f64::from(i) + 0.5))).sum::<f64>();
    1.0 / (1.0 + h * mid)
}

on_both_served!(predicted_value_follows_the_stored_fit, async |gateway: &Served| {
    let jobs = jobs(&gateway.db);
    let items = buyers(120);
    feed(&jobs, &items).await;
    // One who paid in a currency of which there are no others, and one in two.
    let day = |n: i64| noon().plus_days(-n);
    let alone = [
        person("stripe", "c1", "Solveig Ensomsen", "solveig@ensom.example", ""),
        payment("c1", "c1-0".into(), day(90), 5_000, "ISK"),
        person("stripe", "c2", "Tove Tosidig", "tove@tosidig.example", ""),
        payment("c2", "c2-0".into(), day(90), 5_000, "NOK"),
        payment("c2", "c2-1".into(), day(60), 5_000, "SEK"),
    ];
    feed(&jobs, &alone).await;
    settle(&jobs).await;
    let (mut seen, mut again_later) = (0, Vec::new());
    for n in (0..120).step_by(5) {
        let id = format!("b{n}");
        let answer = ask(gateway, json!({ "id": id })).await;
        assert_eq!(answer["currency"], json!("NOK"), "{answer}");
        // The history by hand: one purchase per day, weeks since the first.
        let mut days: Vec<(i64, i64)> = Vec::new();
        let mut revenue = 0;
        for item in items.iter().filter(|item| item.id.starts_with(&format!("{id}-"))) {
            let Canonical::Payment(paid) = &item.body else { continue };
            let number = paid.paid_at.unwrap().as_millis().div_euclid(86_400_000);
            revenue += paid.amount.amount_minor;
            match days.iter_mut().find(|(day, _)| *day == number) {
                Some((_, sum)) => *sum += paid.amount.amount_minor,
                None => days.push((number, paid.amount.amount_minor)),
            }
        }
        let as_of = Timestamp::parse(answer["asOf"].as_str().unwrap()).unwrap();
        let end = as_of.as_millis().div_euclid(86_400_000);
        let (first, last) = (days[0].0, days[days.len() - 1].0);
        let x = (days.len() - 1) as f64;
        let (tx, t) = ((last - first) as f64 / 7.0, (end - first) as f64 / 7.0);
        let model = answer["model"].as_str().unwrap().split(" + ").next().unwrap();
        let alive = p_alive(model, &parameters(&answer, "PURCHASES"), x, tx, t);
        let told = answer["pAlive"]["value"].as_f64().unwrap();
        assert!((told - alive).abs() < 1e-6, "{id} {model}: {told} {alive}");
        // Without a discount, money is expected purchases times the expected mean amount.
        let amounts = parameters(&answer, "AMOUNTS");
        let (p, q, gamma) = (amounts[0], amounts[1], amounts[2]);
        let repeat: i64 = days[1..].iter().map(|(_, minor)| minor).sum();
        let mean = p * (gamma + repeat as f64) / (p * x + q - 1.0);
        let expected = answer["expectedTransactions"]["value"].as_f64().unwrap();
        let residual = decimal(&answer["expectedResidual"]);
        assert!((residual - expected * mean / 100.0).abs() < 0.0051, "{id}: {answer}");
        assert!((decimal(&answer["historicRevenue"]) * 100.0 - revenue as f64).abs() < 1e-6);
        let total = decimal(&answer["total"]);
        assert!((total - residual - revenue as f64 / 100.0).abs() < 0.0051, "{answer}");
        for key in ["historicMargin", "expectedResidualMargin", "totalMargin"] {
            assert_eq!(answer[key]["nullReason"], json!("NO_MARGIN"));
        }
        let end = |key: &str| -> f64 {
            answer["interval"][key]["amount"].as_str().unwrap().parse().unwrap()
        };
        assert!(end("p10") <= residual && residual <= end("p90"), "{answer}");
        seen += 1;
        again_later.push((id, answer));
    }
    assert!(seen > 20);
    // Too little, and too much at once: no number, and why; what is known is there.
    let answer = ask(gateway, json!({ "id": "c1" })).await;
    assert_eq!(answer["pAlive"]["nullReason"], json!("TOO_LITTLE_DATA"), "{answer}");
    assert_eq!(answer["total"]["value"], Value::Null);
    assert_eq!(answer["historicRevenue"]["value"]["amount"], json!("5000"), "no minor unit");
    let answer = ask(gateway, json!({ "id": "c2" })).await;
    for key in ["pAlive", "expectedTransactions", "expectedResidual", "total", "interval"] {
        assert_eq!(answer[key]["nullReason"], json!("MIXED_CURRENCY"), "{key}");
    }
    // A later purchase, and everything fitted again: what was told stays as it was known.
    let (id, before) = again_later[0].clone();
    feed(&jobs, &[payment(&id, "late".into(), day(1), 123_400, "NOK")]).await;
    jobs.resolve(false).await.unwrap();
    let report = jobs.derive(true).await.unwrap();
    assert!(report.fits > 0);
    assert_eq!(jobs.derive(true).await.unwrap().fits, 0, "nothing changed since");
    let after = ask(gateway, json!({ "id": id })).await;
    assert_ne!(after["total"], before["total"]);
    assert_ne!(after["fits"][0]["id"], before["fits"][0]["id"], "fitted again");
    for (id, answer) in &again_later {
        let times = json!({ "id": id, "asOf": answer["asOf"], "knownAt": answer["knownAt"] });
        assert_eq!(&ask(gateway, times).await, answer);
    }
    let sales = gateway.ask(Role::Support, &query(), json!({ "id": id })).await;
    assert_eq!(codes(&sales), ["FORBIDDEN"]);
    let wrong = gateway.ask(Role::Admin, &query(), json!({ "id": id, "months": 0 })).await;
    assert_eq!(codes(&wrong), ["BAD_USER_INPUT"]);
});

on_both_served!(contracts_are_judged_by_their_period_and_number, async |gateway: &Served| {
    let query = "{ customers(first: 100, orderBy: [{ field: MRR, direction: DESC }]) { edges { node { \
                 clv { contractual model currency pAlive { value } expectedTransactions { value \
                 nullReason detail } expectedResidual { value { amount } nullReason } \
                 total { value { amount } nullReason } historicRevenue { value { amount } } \
                 fits { family population n } } } } } }";
    let data = gateway.all(query, json!({})).await;
    let mut contractual = 0;
    for node in nodes(&data["customers"]) {
        let clv = &node["clv"];
        if clv["contractual"] != json!(true) {
            continue;
        }
        contractual += 1;
        let alive = clv["pAlive"]["value"].as_f64();
        assert!(alive == Some(1.0) || alive == Some(0.0) || alive.is_none(), "{clv}");
        for fit in clv["fits"].as_array().unwrap() {
            assert_eq!(fit["family"], json!("CONTRACTS"), "{clv}");
        }
        // Either a number, or why there is none.
        let (value, reason) = (&clv["total"]["value"], &clv["total"]["nullReason"]);
        assert_ne!(value.is_null(), reason.is_null(), "{clv}");
    }
    assert!(contractual > 10, "{contractual}");
    let mut counts = Vec::new();
    for parents in [1, 100] {
        let query = query.replace("first: 100", &format!("first: {parents}"));
        let (count, data) = gateway.statements(gateway.all(&query, json!({}))).await;
        assert_eq!(nodes(&data["customers"]).len(), parents);
        counts.push(count);
    }
    eprintln!("statements of lifetime values: {counts:?}");
    assert_eq!(counts[0], counts[1]);
});
