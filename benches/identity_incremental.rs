//! Figures of incremental resolution against a large store: records per second, latency of a commit,
//! and the room that its indexes take; on SQLite and on PostgreSQL.
//!
//! Fills a store with invented people (`identity_generate`), learns from all of them once, then feeds
//! new and changed records one by one and in batches. CPU seconds are this process's: on PostgreSQL the
//! server's come on top, in processes of its own.
//!
//! A record is written through the store in two steps, which are timed apart and together: a page
//! with it is committed (under a lease that is held from page to page, as a sync holds it), and its
//! identity is resolved (candidates found and loaded, compared, the outcome committed). Profiles'
//! numbers are derived later, not here.
//!
//! `cargo bench --bench identity_incremental -- --records 1000000` (`--fed 6400`, `--only sqlite`,
//! `--batches 1,8,32`; `--url URL` for a database that is kept, and filled only if it is empty).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::panic,
    clippy::disallowed_methods
)]

#[path = "identity_generate.rs"]
#[allow(dead_code)]
mod generate;
#[path = "../tests/it/postgres.rs"]
#[allow(dead_code)]
mod postgres;
#[path = "../tests/it/support.rs"]
#[allow(dead_code)]
mod support;

use domain::{
    Address, Canonical, Clock, Contact, Payload, Pii, ProfileKind, RecordKey, SourceRecord,
    Timestamp,
};
use jobs::{CancellationToken, Jobs, KnowledgeCache, NetFetcher, NoProgress, Options};
use sea_orm::{ConnectionTrait, Database, Statement};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use store::{Backend, EntityIdentifiers, Lease, PageCommit, Store, StoreOptions};

/// Clock ticks per second of /proc; 100 on every Linux that Rust runs on.
const TICKS: f64 = 100.0;
/// Records per page while the store is filled.
const PAGE: usize = 2_000;

struct Now;

impl Clock for Now {
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
    }
}

fn option(name: &str, default: usize) -> usize {
    text_option(name).and_then(|v| v.parse().ok()).unwrap_or(default)
}

fn text_option(name: &str) -> Option<String> {
    std::env::args().skip_while(|a| a != name).nth(1)
}

fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let (_, rest) = stat.rsplit_once(')').unwrap_or_default();
    rest.split_whitespace().skip(11).take(2).map(|f| f.parse::<f64>().unwrap_or(0.0)).sum::<f64>()
        / TICKS
}

/// A row of the generator's table as a contact, with the version that it is fed as.
type Row = (String, String, Contact);

fn rows(records: usize) -> Vec<Row> {
    let mut text = Vec::new();
    generate::generate(&mut text, records as u64, 11).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_slice());
    reader
        .records()
        .map(|row| {
            let row = row.unwrap();
            let value =
                |at: usize| row.get(at).map(str::trim).filter(|v| !v.is_empty()).map(str::to_owned);
            let pii = |at: usize| value(at).map(Pii::new);
            let street = [pii(8), pii(9)].into_iter().flatten().map(|p| p.expose().to_owned());
            let street = street.collect::<Vec<_>>().join(", ");
            let contact = Contact {
                given_name: pii(3),
                family_name: pii(4),
                emails: pii(5).into_iter().collect(),
                phones: pii(6).into_iter().collect(),
                company_name: value(7),
                address: Address {
                    street: (!street.is_empty()).then(|| Pii::new(street)),
                    city: pii(10),
                    region: value(11),
                    postal_code: pii(12),
                    country: Some("US".to_owned()),
                },
                ..Contact::default()
            };
            (value(2).unwrap_or_default(), value(0).unwrap_or_default(), contact)
        })
        .collect()
}

fn jobs(store: &Store, batch: usize) -> Jobs {
    Jobs {
        store: store.unhurried(),
        connectors: Arc::new([]),
        fetcher: Arc::new(NetFetcher::new().unwrap()),
        identity: Arc::new(identity::Rules::default()),
        knowledge: KnowledgeCache::default(),
        lifecycle: Arc::new(lifecycle::Rules::default()),
        metrics: Arc::new(metrics::Policy::default()),
        scores: Arc::default(),
        segmentation: Arc::default(),
        alerts: Arc::default(),
        clock: Arc::new(Now),
        progress: Arc::new(NoProgress),
        options: Options { resolve_batch: batch, ..Options::default() },
        owner: "bench:0:0".into(),
        cancel: CancellationToken::new(),
    }
}

/// Leases on the sources' streams, held from page to page.
type Leases = BTreeMap<String, Lease>;

async fn leases(jobs: &Jobs, rows: &[Row]) -> Leases {
    let mut held = Leases::new();
    for (source, ..) in rows {
        if !held.contains_key(source) {
            let now = jobs.clock.now();
            let lease = jobs.store.acquire(source, "contacts", "bench:0:0", now).await.unwrap().0;
            held.insert(source.clone(), lease);
        }
    }
    held
}

/// Commits rows of one source as one page.
async fn feed(jobs: &Jobs, lease: &Lease, rows: &[&Row], version: i64) {
    let now = jobs.clock.now();
    let source = lease.source.as_str();
    let records: Vec<_> = rows
        .iter()
        .map(|(_, id, contact)| {
            let key = RecordKey::new(source, "contacts", id);
            let record =
                identity::person_record(key.id(), &key, contact, &[], version, &jobs.identity, &[]);
            let identifiers =
                EntityIdentifiers { entity: ProfileKind::Person, identifiers: record.identifiers };
            let source = SourceRecord {
                external_id: id.clone(),
                version,
                occurred_at: None,
                payload: Payload::new(format!("{{\"id\":\"{id}\",\"version\":{version}}}")),
                canonical: vec![Canonical::Contact(contact.clone())],
                identifiers: Vec::new(),
            };
            (source, vec![identifiers])
        })
        .collect();
    let page = PageCommit {
        records: &records,
        rejects: &[],
        tombstones: &[],
        merges: &[],
        next_state: "1",
        requests: 1,
        observed_at: now,
    };
    jobs.store.commit_page(lease, &page).await.unwrap();
}

/// Commits rows of any sources.
async fn feed_all(jobs: &Jobs, leases: &Leases, rows: &[&Row], version: i64) {
    let mut sources: Vec<&str> = rows.iter().map(|row| row.0.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    for source in sources {
        let of: Vec<&Row> = rows.iter().filter(|row| row.0 == source).copied().collect();
        feed(jobs, &leases[source], &of, version).await;
    }
}

/// Milliseconds of many like things.
#[derive(Default)]
struct Times(Vec<f64>);

impl Times {
    fn sum_s(&self) -> f64 {
        self.0.iter().sum::<f64>() / 1000.0
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut sorted = self.0.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let quantile = |share: f64| {
            let at = (sorted.len() as f64 * share) as usize;
            sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
        };
        write!(
            f,
            "p50 {:.2}, p99 {:.2}, most {:.2} ms",
            quantile(0.5),
            quantile(0.99),
            quantile(1.0)
        )
    }
}

/// Pages of `size` records of one source each, until `most` records are in them: new ones, every
/// fourth record a change of a stored one.
fn pages(stored: &[Row], fresh: &[Row], size: usize, most: usize) -> Vec<Vec<Row>> {
    let mut waiting: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    let mut full = Vec::new();
    for (at, row) in fresh.iter().enumerate() {
        let mut row = row.clone();
        if at % 4 == 3 {
            row = stored[(at + size) * 7_919 % stored.len()].clone();
            row.2.phones = vec![Pii::new(format!("+1 212 555 {:04}", at % 10_000))];
        }
        let page = waiting.entry(row.0.clone()).or_default();
        if page.iter().any(|other| other.1 == row.1) {
            continue;
        }
        page.push(row);
        if page.len() == size {
            full.push(std::mem::take(page));
        }
        if full.len() * size >= most {
            break;
        }
    }
    full
}

/// Commits pages and resolves after each of them.
async fn measure(jobs: &Jobs, leases: &Leases, name: &str, pages: &[Vec<Row>], version: i64) {
    let (mut page_ms, mut resolve_ms, mut both_ms) =
        (Times::default(), Times::default(), Times::default());
    let (mut page_cpu, mut resolve_cpu, mut looked_at, mut cut) = (0.0, 0.0, 0, 0);
    let (mut page_statements, mut resolve_statements) = (0, 0);
    let ms = |since: Instant| since.elapsed().as_secs_f64() * 1000.0;
    for page in pages {
        let (begun, cpu, count) = (Instant::now(), cpu_s(), jobs.store.statement_count());
        feed_all(jobs, leases, &page.iter().collect::<Vec<_>>(), version).await;
        page_ms.0.push(ms(begun));
        page_cpu += cpu_s() - cpu;
        page_statements += jobs.store.statement_count() - count;
        let (after, cpu, count) = (Instant::now(), cpu_s(), jobs.store.statement_count());
        let report = jobs.resolve(false).await.unwrap();
        resolve_ms.0.push(ms(after));
        both_ms.0.push(ms(begun));
        resolve_cpu += cpu_s() - cpu;
        resolve_statements += jobs.store.statement_count() - count;
        assert_eq!(report.whole, 0, "an increment looked at everything");
        looked_at += report.records;
        cut += report.blocks_cut;
    }
    let fed = pages.iter().map(Vec::len).sum::<usize>() as f64;
    let size = pages.first().map_or(0, Vec::len);
    let count = pages.len().max(1) as f64;
    println!(
        "{name:<11} batches of {size:>3}, {fed} records, {:.1} looked at per record, {cut} blocks cut",
        looked_at as f64 / fed
    );
    for (what, times, cpu, statements) in [
        ("resolved", &resolve_ms, resolve_cpu, resolve_statements),
        ("page", &page_ms, page_cpu, page_statements),
        ("both", &both_ms, page_cpu + resolve_cpu, page_statements + resolve_statements),
    ] {
        println!(
            "{name:<11} {what:>9}: {:>6.0} records/s; {:.3} CPU ms a record; a batch {times}, {:.1} statements",
            fed / times.sum_s(),
            cpu * 1000.0 / fed,
            statements as f64 / count,
        );
    }
}

/// Bytes of tables with their indexes.
async fn bytes(url: &str, backend: Backend, tables: &[&str]) -> f64 {
    let db = Database::connect(url).await.unwrap();
    let mut total = 0.0;
    for table in tables {
        let sql = match backend {
            Backend::Sqlite => format!(
                "SELECT CAST(SUM(pgsize) AS INTEGER) AS n FROM dbstat WHERE aggregate = TRUE AND name IN \
                 (SELECT name FROM sqlite_schema WHERE tbl_name = '{table}')"
            ),
            Backend::Postgres => format!("SELECT pg_total_relation_size('{table}') AS n"),
        };
        let statement = Statement::from_string(db.get_database_backend(), sql);
        let row = db.query_one_raw(statement).await.unwrap().unwrap();
        total += row.try_get::<i64>("", "n").unwrap_or(0) as f64;
    }
    db.close().await.unwrap();
    total
}

async fn run(name: &str, url: &str, all: &[Row], records: usize) {
    let options =
        StoreOptions { url: url.to_owned(), connections: 4, acquire_ms: 10_000, statement_ms: 0 };
    let store = Store::connect(&options).await.unwrap();
    store.migrate().await.unwrap();
    let (stored, fresh) = all.split_at(records);
    let filler = jobs(&store, 32);
    let held = leases(&filler, all).await;
    if store.count_identities(ProfileKind::Person).await.unwrap() == 0 {
        let begun = Instant::now();
        for page in stored.chunks(PAGE) {
            feed_all(&filler, &held, &page.iter().collect::<Vec<_>>(), 1).await;
        }
        let fill_s = begun.elapsed().as_secs_f64();
        let (begun, before) = (Instant::now(), cpu_s());
        let report = filler.resolve(true).await.unwrap();
        println!(
            "{name:<11} {records} records stored in {fill_s:.0} s; learnt and resolved in {:.0} s ({:.0} CPU s): \
             {} profiles, {} pairs to review",
            begun.elapsed().as_secs_f64(),
            cpu_s() - before,
            report.profiles,
            report.reviews,
        );
    }
    let keys = ["person_block_key", "company_block_key", "record_block", "identity_model"];
    let index = bytes(url, store.backend(), &keys).await / records as f64;
    let values = bytes(url, store.backend(), &["identifier"]).await / records as f64;
    println!(
        "{name:<11} bytes a record: {index:.0} of block keys and model, {values:.0} of identifiers, {:.0} \
         in all",
        index + values
    );
    // Fed before, in a database that is kept, the same records would be no change.
    let version = Now.now().as_millis();
    let (first, fresh) = fresh.split_at(fresh.len() / 64);
    // What was learnt is loaded once, and pages of the file once.
    feed_all(&filler, &held, &first.iter().collect::<Vec<_>>(), version).await;
    filler.resolve(false).await.unwrap();
    let sizes = text_option("--batches").unwrap_or_else(|| "1,8,32".to_owned());
    let sizes: Vec<usize> = sizes.split(',').map(|size| size.parse().unwrap()).collect();
    let most = fresh.len() / (sizes.len() + 1);
    for (at, size) in sizes.into_iter().enumerate() {
        let mut jobs = jobs(&store, size);
        jobs.knowledge = filler.knowledge.clone();
        measure(&jobs, &held, name, &pages(stored, &fresh[at * most..], size, most), version).await;
    }
    store.close().await;
}

#[tokio::main]
async fn main() {
    // `cargo test --benches` and friends pass flags of their own; there is nothing to test here.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    let records = option("--records", 1_000_000);
    let all = rows(records + option("--fed", 6_400));
    if let Some(url) = text_option("--url") {
        return Box::pin(run(url.split(':').next().unwrap_or_default(), &url, &all, records)).await;
    }
    let only = text_option("--only");
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    if wanted("sqlite") {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("bench.db").display());
        Box::pin(run("SQLite", &url, &all, records)).await;
    }
    if wanted("postgres")
        && let Some(url) = postgres::new_database()
    {
        Box::pin(run("PostgreSQL", &url, &all, records)).await;
    }
}
