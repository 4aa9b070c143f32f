//! Figures of the numbers at size: how long everything takes to be derived anew, how soon one late
//! fact is in its cells, and how long a rollup takes to answer.
//!
//! Fills a store with invented customers of 36 months, each with payments, subscriptions that grow,
//! shrink, end and return, touches, tickets and an answer to a survey, and with daily spend of ten
//! channels; straight into the tables, with the ids that a sync would give, for what is measured comes
//! after. Then `derive --full`, single payments from long ago through the store's own writer, and
//! the rollup of all months, movements and channels over HTTP.
//!
//! `cargo bench --bench scale -- --profiles 100000 --facts 50 --late 30 --only sqlite`
//! (`--only postgres`; `--keep FILE` keeps the SQLite store and uses it again).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::panic,
    clippy::disallowed_methods
)]

#[path = "../tests/it/postgres.rs"]
#[allow(dead_code)]
mod postgres;
#[path = "../tests/it/support.rs"]
#[allow(dead_code)]
mod support;

use domain::{
    Canonical, Clock, Currency, Link, LinkRole, Money, Payload, Payment, PaymentStatus, RecordKey,
    SourceRecord, Timestamp,
};
use jobs::{CancellationToken, Jobs, KnowledgeCache, NetFetcher, NoProgress, Options};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{Backend, Outcome, PageCommit, Store, StoreOptions};

/// Months that the customers' lives span.
const MONTHS: i64 = 36;
const DAY_MS: i64 = 86_400_000;
const MONTH_MS: i64 = 30 * DAY_MS;
const CHANNELS: [&str; 10] = [
    "organic_search",
    "paid_search",
    "paid_social",
    "email",
    "referral",
    "direct",
    "events",
    "partners",
    "display",
    "outbound",
];
/// Rows of one statement.
const ROWS: usize = 2_000;
const SECRET: &str = "0123456789abcdef0123456789abcdef";

struct Now;

impl Clock for Now {
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Timestamp::from_millis(since.as_millis() as i64)
    }
}

fn argument(name: &str) -> Option<String> {
    let arguments: Vec<String> = std::env::args().collect();
    let at = arguments.iter().position(|a| a == name)?;
    arguments.get(at + 1).cloned()
}

fn number(name: &str, default: u64) -> u64 {
    argument(name).map_or(default, |text| text.parse().expect("a whole number"))
}

/// A number for a purpose, the same whenever it is asked for (SplitMix64).
fn dice(of: u64, purpose: u64) -> u64 {
    let mut z =
        of.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ purpose.wrapping_mul(0xd1b5_4a32_d192_ed03);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// CPU seconds of this process, and on PostgreSQL not of the server.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let (_, rest) = stat.rsplit_once(')').unwrap_or_default();
    let fields: Vec<f64> = rest.split_whitespace().map(|f| f.parse().unwrap_or(0.0)).collect();
    fields.get(11..13).map_or(0.0, |two| two.iter().sum::<f64>() / 100.0)
}

/// Rows on their way into one table.
struct Table {
    name: &'static str,
    columns: &'static str,
    rows: Vec<String>,
}

impl Table {
    fn new(name: &'static str, columns: &'static str) -> Self {
        Self { name, columns, rows: Vec::new() }
    }

    async fn flush(&mut self, db: &impl ConnectionTrait) {
        for rows in self.rows.chunks(ROWS) {
            let sql =
                format!("INSERT INTO {} ({}) VALUES {}", self.name, self.columns, rows.join(","));
            db.execute_unprepared(&sql).await.unwrap();
        }
        self.rows.clear();
    }
}

/// What is written of one kind of fact, and how.
struct Writer {
    records: Table,
    links: Table,
    members: Table,
    contacts: Table,
    payments: Table,
    subscriptions: Table,
    touches: Table,
    tickets: Table,
    surveys: Table,
    spends: Table,
    facts: u64,
}

impl Writer {
    fn new() -> Self {
        Self {
            records: Table::new(
                "source_record",
                "id, source, stream, external_id, version, occurred_at_ms, hash, payload, revision, \
                 first_observed_at_ms, observed_at_ms",
            ),
            links: Table::new("record_link", "record_id, role, target_id"),
            members: Table::new("profile_member", "record_id, kind, profile_id"),
            contacts: Table::new(
                "contact",
                "record_id, full_name, emails, phones, acquisition_channel, created_at_ms",
            ),
            payments: Table::new(
                "payment",
                "record_id, status, amount_minor, currency, paid_at_ms",
            ),
            subscriptions: Table::new(
                "subscription",
                "record_id, status, currency, items, started_at_ms, canceled_at_ms, ended_at_ms",
            ),
            touches: Table::new(
                "touchpoint",
                "record_id, action, channel, campaign, touched_at_ms",
            ),
            tickets: Table::new(
                "ticket",
                "record_id, subject, status, created_at_ms, solved_at_ms",
            ),
            surveys: Table::new("survey_response", "record_id, kind, score, responded_at_ms"),
            spends: Table::new("spend", "record_id, day, channel, amount_minor, currency"),
            facts: 0,
        }
    }

    fn record(&mut self, stream: &str, external: &str, at: i64) -> i64 {
        let id = RecordKey::new("bench", stream, external).id().0;
        let payload = format!("{{\"id\":\"{external}\"}}");
        let hash = Payload::new(payload.clone()).hash();
        self.records.rows.push(format!(
            "({id},'bench','{stream}','{external}',{at},{at},{hash},'{payload}',1,{at},{at})"
        ));
        id
    }

    fn fact(&mut self, stream: &str, external: &str, at: i64, contact: i64) -> i64 {
        let id = self.record(stream, external, at);
        self.links.rows.push(format!("({id},'contact',{contact})"));
        self.facts += 1;
        id
    }

    fn subscription(
        &mut self,
        (n, nth): (u64, u32),
        contact: i64,
        amount: u64,
        (from, to): (i64, Option<i64>),
    ) {
        let id = self.fact("subscriptions", &format!("{n}-{nth}"), from, contact);
        let end = to.map_or("NULL".to_owned(), |at| at.to_string());
        let status = if to.is_some() { "canceled" } else { "active" };
        let interval = if dice(n, 40).is_multiple_of(5) { "year" } else { "month" };
        let items = format!(
            "[{{\"product\":\"plan\",\"amount_minor\":{amount},\"interval\":\"{interval}\",\"interval_count\":1}}]"
        );
        self.subscriptions
            .rows
            .push(format!("({id},'{status}','EUR','{items}',{from},{end},{end})"));
    }

    /// Everything of one customer.
    fn customer(&mut self, n: u64, facts: u64, start: i64) {
        let external = n.to_string();
        let begun = start + (dice(n, 1) % (MONTHS as u64 - 6)) as i64 * MONTH_MS;
        let contact = self.record("contacts", &external, begun);
        self.members.rows.push(format!("({contact},'person',{contact})"));
        let channel = CHANNELS[(dice(n, 2) % 10) as usize];
        self.contacts.rows.push(format!(
            "({contact},'Customer {n}','[\"c{n}@shop{}.example\"]','[]','{channel}',{begun})",
            n % 50_000
        ));
        let last = start + MONTHS * MONTH_MS - DAY_MS;
        let until = |share: u64| begun + ((last - begun) as u64 * share / 100) as i64;
        // One plan; a third buy a second one, of whom some give it up; a third leave, and some return.
        let amount = 1_000 + dice(n, 3) % 9_000;
        let leaves = dice(n, 4).is_multiple_of(3);
        self.subscription((n, 0), contact, amount, (begun, leaves.then(|| until(50))));
        let mut own = 1;
        if dice(n, 5).is_multiple_of(3) {
            let ends = dice(n, 6).is_multiple_of(2).then(|| until(45));
            self.subscription((n, 1), contact, amount / 2, (until(20), ends));
            own += 1;
        }
        if leaves && dice(n, 7).is_multiple_of(4) {
            self.subscription((n, 2), contact, amount, (until(80), None));
            own += 1;
        }
        for k in own..facts {
            let at = begun + (dice(n, 100 + k) % ((last - begun) as u64)) as i64;
            let name = format!("{n}-{k}");
            match k * 50 / facts.max(1) {
                0..=24 => {
                    let id = self.fact("charges", &name, at, contact);
                    self.payments.rows.push(format!("({id},'succeeded',{amount},'EUR',{at})"));
                }
                25..=45 => {
                    let id = self.fact("touches", &name, at, contact);
                    let by = CHANNELS[(dice(n, 300 + k) % 10) as usize];
                    self.touches.rows.push(format!("({id},'email_click','{by}','spring',{at})"));
                }
                46..=48 => {
                    let id = self.fact("tickets", &name, at, contact);
                    let solved = at + DAY_MS;
                    self.tickets.rows.push(format!("({id},'Question','solved',{at},{solved})"));
                }
                _ => {
                    let id = self.fact("answers", &name, at, contact);
                    let score = dice(n, 8) % 11;
                    self.surveys.rows.push(format!("({id},'nps',{score},{at})"));
                }
            }
        }
    }

    async fn flush(&mut self, db: &DatabaseConnection) {
        let mut tables = [
            &mut self.records,
            &mut self.links,
            &mut self.members,
            &mut self.contacts,
            &mut self.payments,
            &mut self.subscriptions,
            &mut self.touches,
            &mut self.tickets,
            &mut self.surveys,
            &mut self.spends,
        ];
        db.execute_unprepared("BEGIN").await.unwrap();
        for table in &mut tables {
            table.flush(db).await;
        }
        db.execute_unprepared("COMMIT").await.unwrap();
    }
}

async fn fill(url: &str, profiles: u64, facts: u64, start: i64) -> u64 {
    let mut options = sea_orm::ConnectOptions::new(url.to_owned());
    // One connection: what is between BEGIN and COMMIT stays on it.
    options.max_connections(1).sqlx_logging(false);
    let db = Database::connect(options).await.unwrap();
    let mut writer = Writer::new();
    for day in 0..MONTHS * 30 {
        let at = start + day * DAY_MS;
        let date = Timestamp::from_millis(at).date_in(&jiff::tz::TimeZone::UTC);
        for channel in CHANNELS {
            let id = writer.record("spend", &format!("{date}-{channel}"), at);
            let amount = 5_000 + dice(day as u64, 9) % 20_000;
            writer.spends.rows.push(format!("({id},'{date}','{channel}',{amount},'EUR')"));
        }
    }
    for n in 0..profiles {
        writer.customer(n, facts, start);
        if writer.records.rows.len() > 50_000 {
            writer.flush(&db).await;
        }
    }
    writer.flush(&db).await;
    if url.starts_with("postgres") {
        db.execute_unprepared("ANALYZE").await.unwrap();
    }
    db.close().await.unwrap();
    writer.facts
}

fn jobs(store: &Store) -> Jobs {
    Jobs {
        store: store.unhurried(),
        connectors: Arc::new([]),
        fetcher: Arc::new(NetFetcher::new().unwrap()),
        identity: Arc::default(),
        knowledge: KnowledgeCache::default(),
        lifecycle: Arc::default(),
        metrics: Arc::default(),
        scores: Arc::default(),
        segmentation: Arc::default(),
        alerts: Arc::default(),
        clock: Arc::new(Now),
        progress: Arc::new(NoProgress),
        options: Options::default(),
        owner: "bench:0:0".into(),
        cancel: CancellationToken::new(),
    }
}

/// A payment from long ago, as a sync would bring it.
async fn late(jobs: &Jobs, nth: u64, customer: u64, at: i64) {
    let now = jobs.clock.now();
    let (lease, _) = jobs.store.acquire("bench", "charges", "bench:0:0", now).await.unwrap();
    let target = RecordKey::new("bench", "contacts", customer.to_string());
    let payment = Payment {
        status: PaymentStatus::Succeeded,
        amount: Money::from_minor(12_34, Currency::parse("EUR").unwrap()),
        method: None,
        failure_code: None,
        paid_at: Some(Timestamp::from_millis(at)),
        links: vec![Link { role: LinkRole::Contact, target }],
    };
    let external = format!("late-{nth}-{}", now.as_millis());
    let record = SourceRecord {
        payload: Payload::new(format!("{{\"id\":\"{external}\"}}")),
        external_id: external,
        version: 1,
        occurred_at: None,
        canonical: vec![Canonical::Payment(payment)],
        identifiers: Vec::new(),
    };
    let page = PageCommit {
        records: &[(record, Vec::new())],
        rejects: &[],
        tombstones: &[],
        merges: &[],
        next_state: "1",
        requests: 1,
        observed_at: now,
    };
    jobs.store.commit_page(&lease, &page).await.unwrap();
    jobs.store.release(&lease, Outcome::Done, now).await.unwrap();
}

fn quantiles(mut ms: Vec<f64>) -> String {
    ms.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| {
        ms.get(((ms.len() as f64 * share) as usize).min(ms.len().saturating_sub(1))).copied()
    };
    format!(
        "p50 {:.1}, p95 {:.1}, most {:.1} ms",
        at(0.5).unwrap_or_default(),
        at(0.95).unwrap_or_default(),
        at(1.0).unwrap_or_default()
    )
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// CPU seconds of a process so far.
fn cpu_of(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let (_, rest) = stat.rsplit_once(')').unwrap_or_default();
    let fields: Vec<f64> = rest.split_whitespace().map(|f| f.parse().unwrap_or(0.0)).collect();
    fields.get(11..13).map_or(0.0, |two| two.iter().sum::<f64>() / 100.0)
}

/// Asks a server over the store for the rollups, again and again.
async fn ask(name: &str, url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("customer360.toml");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = format!(
        "[store]\nurl = \"{url}\"\n[log]\nlevel = \"error\"\n[auth]\nsecret = \"{SECRET}\"\n\
         [server]\nlisten = \"127.0.0.1:{port}\"\n[sync]\ninterval_s = 0\n"
    );
    std::fs::write(&config, text).unwrap();
    let c360 = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_c360"));
        command.arg("--config").arg(&config).args(arguments).stdin(Stdio::null());
        command
    };
    let token = c360(&["token", "--role", "finance", "--subject", "bench"]).output().unwrap();
    assert!(token.status.success(), "{}", String::from_utf8_lossy(&token.stderr));
    let token = String::from_utf8(token.stdout).unwrap().trim().to_owned();
    let server = c360(&["serve"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let server = Server(server);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let endpoint = format!("http://127.0.0.1:{port}/graphql");
    for (what, query) in QUERIES {
        let body = serde_json::json!({ "query": query });
        let mut times = Vec::new();
        let mut cpu = 0.0;
        let mut rows = 0;
        for round in 0..220 {
            if round == 20 {
                times.clear();
                cpu = cpu_of(server.0.id());
            }
            let begun = Instant::now();
            let request = client.post(&endpoint).bearer_auth(&token).json(&body);
            let answer = match request.send().await {
                Ok(answer) => answer.bytes().await.unwrap(),
                Err(_) if round == 0 && times.len() < 200 => {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                    let again = client.post(&endpoint).bearer_auth(&token).json(&body);
                    again.send().await.expect("the server answers").bytes().await.unwrap()
                }
                Err(error) => panic!("{error}"),
            };
            times.push(begun.elapsed().as_secs_f64() * 1000.0);
            if round == 0 {
                let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
                assert!(answer.get("errors").is_none(), "{answer}");
                rows = answer
                    .pointer("/data/rollups/rows")
                    .and_then(|p| p.as_array())
                    .map_or(0, Vec::len);
            }
        }
        let cpu = (cpu_of(server.0.id()) - cpu) * 1000.0 / 200.0;
        println!(
            "{name:<11} {what}, {rows} rows: {}; {cpu:.2} CPU ms of the gateway each",
            quantiles(times)
        );
    }
}

const QUERIES: [(&str, &str); 2] = [
    (
        "rollup of all months and channels",
        "{ rollups(by: [MONTH, CHANNEL]) { rows { month channel newCustomers { value } \
         revenue { value } spend { value } cac { value } } } }",
    ),
    (
        "five movements by month and channel",
        "{ rollups(by: [MONTH, CHANNEL]) { rows { month channel mrrStart { value } newMrr { value } \
         reactivationMrr { value } expansionMrr { value } contractionMrr { value } churnedMrr { value } \
         netNewMrr { value } mrrEnd { value } } } }",
    ),
];

async fn run(name: &str, url: &str, fresh: bool) {
    let (profiles, facts) = (number("--profiles", 100_000), number("--facts", 50));
    let options =
        StoreOptions { url: url.to_owned(), connections: 4, acquire_ms: 10_000, statement_ms: 0 };
    let store = Store::connect(&options).await.unwrap();
    store.migrate().await.unwrap();
    let jobs = jobs(&store);
    // The last month is the one that has just begun.
    let start = jobs.clock.now().as_millis() - MONTHS * MONTH_MS;
    if fresh {
        let begun = Instant::now();
        let made = fill(url, profiles, facts, start).await;
        println!(
            "{name:<11} {profiles} customers, {made} facts put in in {:.0} s",
            begun.elapsed().as_secs_f64()
        );
    }
    let (begun, cpu) = (Instant::now(), cpu_s());
    let report = jobs.derive(true).await.unwrap();
    let (took, used) = (begun.elapsed().as_secs_f64(), cpu_s() - cpu);
    println!(
        "{name:<11} all derived anew: {} contributors in {took:.0} s, {used:.0} CPU s of this process, {:.0} facts/s",
        report.contributors,
        (profiles * facts) as f64 / took
    );
    let (mut written, mut derived) = (Vec::new(), Vec::new());
    let before = store.statement_count();
    let count = number("--late", 30);
    for nth in 0..count {
        let customer = dice(nth, 77) % profiles;
        let at = start + 10 * MONTH_MS + (dice(nth, 78) % (20 * MONTH_MS) as u64) as i64;
        let begun = Instant::now();
        late(&jobs, nth, customer, at).await;
        written.push(begun.elapsed().as_secs_f64() * 1000.0);
        let begun = Instant::now();
        let report = jobs.derive(false).await.unwrap();
        derived.push(begun.elapsed().as_secs_f64() * 1000.0);
        assert!(report.contributors >= 1, "a late fact wakes its customer");
    }
    let statements = (store.statement_count() - before) / count.max(1);
    println!("{name:<11} one late fact: stored {}", quantiles(written));
    println!("{name:<11} and in its cells {}, {statements} statements", quantiles(derived));
    ask(name, url).await;
}

fn main() {
    // `cargo test --benches` and friends pass flags of their own; there is nothing to test here.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let only = argument("--only");
    let wanted = |backend: &str| only.as_deref().is_none_or(|only| only == backend);
    if wanted("sqlite") {
        let folder = tempfile::tempdir().unwrap();
        let file = argument("--keep").map_or_else(|| folder.path().join("scale.db"), PathBuf::from);
        let fresh = !file.exists();
        let name = format!("{:?}", Backend::Sqlite);
        runtime.block_on(run(&name, &format!("sqlite:{}", file.display()), fresh));
        if let Ok(about) = std::fs::metadata(&file) {
            let mut size = String::new();
            let _ = write!(size, "{:.2}", about.len() as f64 / 1e9);
            println!("{name:<11} {size} GB of store");
        }
    }
    if wanted("postgres")
        && let Some(url) = postgres::new_database()
    {
        runtime.block_on(run(&format!("{:?}", Backend::Postgres), &url, true));
    }
}
