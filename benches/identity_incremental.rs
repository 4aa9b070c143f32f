//! Figures of incremental resolution against a large store: records per second, latency of a commit,
//! and the room that its indexes take; on SQLite and on PostgreSQL.
//!
//! Fills a store with invented people (`identity_generate`), learns from all of them once, then feeds
//! new and changed records one by one and in batches. CPU seconds are this process's: on PostgreSQL the
//! server's come on top, in processes of its own.
//!
//! `cargo bench --bench identity_incremental -- --records 1000000` (`--fed 6400`, `--only sqlite`).
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
use std::sync::Arc;
use std::time::Instant;
use store::{Backend, EntityIdentifiers, Outcome, PageCommit, Store, StoreOptions};

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
        clock: Arc::new(Now),
        progress: Arc::new(NoProgress),
        options: Options { resolve_batch: batch, ..Options::default() },
        owner: "bench:0:0".into(),
        cancel: CancellationToken::new(),
    }
}

/// Commits rows of one source as one page.
async fn feed(jobs: &Jobs, source: &str, rows: &[&Row], version: i64) {
    let now = jobs.clock.now();
    let (lease, _) = jobs.store.acquire(source, "contacts", "bench:0:0", now).await.unwrap();
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
    jobs.store.commit_page(&lease, &page).await.unwrap();
    jobs.store.release(&lease, Outcome::Done, now).await.unwrap();
}

/// Commits rows of any sources.
async fn feed_all(jobs: &Jobs, rows: &[&Row], version: i64) {
    let mut sources: Vec<&str> = rows.iter().map(|row| row.0.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    for source in sources {
        let of: Vec<&Row> = rows.iter().filter(|row| row.0 == source).copied().collect();
        feed(jobs, source, &of, version).await;
    }
}

fn quantile(sorted: &[u64], share: f64) -> f64 {
    let at = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or(0.0, |us| *us as f64 / 1000.0)
}

/// Feeds new rows, every fourth of them together with a change of a stored one, `size` at a time.
async fn measure(jobs: &Jobs, name: &str, stored: &[Row], fresh: &[Row], size: usize) {
    let (mut fed, mut sync_s, mut resolve_s, mut cpu) = (0, 0.0, 0.0, 0.0);
    let (mut times, mut looked_at, mut cut) = (Vec::new(), 0, 0);
    for (at, chunk) in fresh.chunks(size).enumerate() {
        let begun = Instant::now();
        let changed: Option<Row> = (at % 4 == 3).then(|| {
            let mut row = stored[at * 7_919 % stored.len()].clone();
            row.2.phones = vec![Pii::new(format!("+1 212 555 {:04}", at % 10_000))];
            row
        });
        let rows: Vec<&Row> = match &changed {
            Some(row) => std::iter::once(row).chain(chunk.iter().skip(1)).collect(),
            None => chunk.iter().collect(),
        };
        feed_all(jobs, &rows, 2).await;
        sync_s += begun.elapsed().as_secs_f64();
        let (begun, before) = (Instant::now(), cpu_s());
        let report = jobs.resolve(false).await.unwrap();
        resolve_s += begun.elapsed().as_secs_f64();
        cpu += cpu_s() - before;
        assert_eq!(report.whole, 0, "an increment looked at everything");
        times.extend(report.batches_us);
        looked_at += report.records;
        cut += report.blocks_cut;
        fed += rows.len();
    }
    times.sort_unstable();
    println!(
        "{name:<11} batches of {size:>3}: {:>6.0} records/s, {:>6.0} records/CPU s; commit p50 {:.2} ms, \
         p99 {:.2} ms, most {:.2} ms; {:.1} records looked at per record, {cut} blocks cut; \
         writing the pages before that: {:.0} records/s",
        fed as f64 / resolve_s,
        fed as f64 / cpu.max(0.001),
        quantile(&times, 0.5),
        quantile(&times, 0.99),
        quantile(&times, 1.0),
        looked_at as f64 / fed as f64,
        fed as f64 / sync_s,
    );
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
    let begun = Instant::now();
    for page in stored.chunks(PAGE) {
        feed_all(&filler, &page.iter().collect::<Vec<_>>(), 1).await;
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
    let keys = ["person_block_key", "company_block_key", "record_block", "identity_model"];
    let index = bytes(url, store.backend(), &keys).await / records as f64;
    let values = bytes(url, store.backend(), &["identifier"]).await / records as f64;
    println!(
        "{name:<11} bytes a record: {index:.0} of block keys and model, {values:.0} of identifiers, {:.0} \
         in all",
        index + values
    );
    let (singly, together) = fresh.split_at(fresh.len() / 8);
    measure(&jobs(&store, 1), name, stored, singly, 1).await;
    measure(&jobs(&store, 32), name, stored, together, 32).await;
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
    let only = text_option("--only");
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    if wanted("sqlite") {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("bench.db").display());
        run("SQLite", &url, &all, records).await;
    }
    if wanted("postgres")
        && let Some(url) = postgres::new_database()
    {
        run("PostgreSQL", &url, &all, records).await;
    }
}
