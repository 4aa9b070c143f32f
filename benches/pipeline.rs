//! Figures of the whole path: records per CPU second of a first sync and of one without changes,
//! what resolution and derivation cost, and the memory of a server over the result.
//!
//! The sandbox runs in a process of its own and is not counted. CPU time is that of the `c360`
//! process as the system accounts for it when it ends; on PostgreSQL the server's is shown beside it.
//!
//! `cargo bench --bench pipeline` (options: `-- --people 5000 --companies 800 --runs 3`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::panic,
    clippy::print_stderr
)]

#[path = "../tests/it/postgres.rs"]
#[allow(dead_code)]
mod postgres;
#[path = "../tests/it/support.rs"]
#[allow(dead_code)]
mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Clock ticks per second of /proc; 100 on every Linux that Rust runs on.
const TICKS: f64 = 100.0;

fn option(name: &str, default: u32) -> u32 {
    let arguments: Vec<String> = std::env::args().collect();
    let at = arguments.iter().position(|a| a == name);
    at.and_then(|at| arguments.get(at + 1)).and_then(|v| v.parse().ok()).unwrap_or(default)
}

/// CPU seconds of children that have ended, as the system accounts for them.
fn children_cpu_s() -> f64 {
    cpu_of("self", 13)
}

/// Two fields of a process's stat line, added up, in seconds.
fn cpu_of(pid: &str, first: usize) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let (_, rest) = stat.rsplit_once(')').unwrap_or_default();
    let fields: Vec<f64> = rest.split_whitespace().map(|f| f.parse().unwrap_or(0.0)).collect();
    fields.get(first..first + 2).map_or(0.0, |two| two.iter().sum::<f64>() / TICKS)
}

fn c360() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_c360"));
    command.stdin(Stdio::null());
    command
}

struct Vendors(Child);

impl Drop for Vendors {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The sandbox in a process of its own, and the configuration of its sources.
fn vendors(people: u32, companies: u32) -> (Vendors, String) {
    let mut child = c360()
        .args(["sandbox", "--port", "0", "--people", &people.to_string()])
        .args(["--companies", &companies.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the sandbox starts");
    let mut tables = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        tables.push_str(&line);
        tables.push('\n');
        // The last table's last line.
        if tables.contains("[sources.stripe]") && line.starts_with("budgets") {
            break;
        }
    }
    // Budgets are for vendors' sake; here the pipeline is measured.
    let tables = tables
        .lines()
        .map(|l| match l {
            l if l.starts_with("budgets") && l.contains("search") => {
                "budgets = { general = 1000000, search = 1000000 }"
            }
            l if l.starts_with("budgets") && l.contains("incremental") => {
                "budgets = { incremental = 1000000 }"
            }
            l if l.starts_with("budgets") => "budgets = { general = 1000000 }",
            l => l,
        })
        .collect::<Vec<_>>()
        .join("\n");
    (Vendors(child), tables)
}

/// Runs a command to the end: (CPU seconds, wall seconds, standard output).
fn timed(config: &Path, arguments: &[&str]) -> (f64, f64, String) {
    let (cpu, wall) = (children_cpu_s(), Instant::now());
    let output = c360().arg("--config").arg(config).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (children_cpu_s() - cpu, wall.elapsed().as_secs_f64(), text)
}

/// The sum of a field over the streams of a sync's JSON report.
fn total(json: &str, field: &str) -> u64 {
    let key = format!("\"{field}\":");
    json.match_indices(&key)
        .filter_map(|(at, _)| {
            let rest = json[at + key.len()..].trim_start();
            rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u64>().ok()
        })
        .sum()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn measure(name: &str, runs: u32, tables: &str, url: impl Fn(&Path, u32) -> Option<String>) {
    let (mut first, mut again, mut resolve, mut derive) = (vec![], vec![], vec![], vec![]);
    let (mut records, mut memory) = (0, 0);
    for run in 0..runs {
        let folder = tempfile::tempdir().unwrap();
        let Some(url) = url(folder.path(), run) else { return };
        let config = folder.path().join("customer360.toml");
        let secret = "0123456789abcdef0123456789abcdef";
        let text = format!(
            "[store]\nurl = \"{url}\"\n[log]\nlevel = \"error\"\n[auth]\nsecret = \"{secret}\"\n\
             [server]\nlisten = \"127.0.0.1:0\"\n[sync]\ninterval_s = 0\n{tables}"
        );
        std::fs::write(&config, text).unwrap();
        let (cpu, _, json) = timed(&config, &["sync", "--pull-only", "--json"]);
        records = total(&json, "read");
        first.push(cpu);
        resolve.push(timed(&config, &["resolve"]).0);
        derive.push(timed(&config, &["derive"]).0);
        again.push(timed(&config, &["sync", "--pull-only", "--json"]).0);
        memory = serve_rss_kib(&config);
    }
    let first = median(first);
    println!(
        "{name:<9} records {records}  first sync {first:.2} CPU s = {:.0} records/CPU s  \
         no-change sync {:.2} CPU s = {:.0} records covered/CPU s  resolve {:.2} s  derive {:.2} s  \
         idle server {} MiB",
        records as f64 / first,
        median(again.clone()),
        records as f64 / median(again).max(0.01),
        median(resolve),
        median(derive),
        memory / 1024,
    );
}

/// Resident memory of a server over the store, after it is up.
fn serve_rss_kib(config: &Path) -> u64 {
    let mut child = c360()
        .arg("--config")
        .arg(config)
        .arg("serve")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_secs(2));
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let rss = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    let kib = rss.and_then(|r| r.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0);
    let _ = child.kill();
    let _ = child.wait();
    kib
}

fn main() {
    // `cargo test --benches` and friends pass flags of their own; there is nothing to test here.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    let (people, companies) = (option("--people", 5_000), option("--companies", 800));
    let runs = option("--runs", 3).max(1);
    println!(
        "{people} people, {companies} companies, median of {runs} runs; CPU s of the c360 process"
    );
    let (_vendors, tables) = vendors(people, companies);
    measure("SQLite", runs, &tables, |folder, _| {
        Some(format!("sqlite:{}", folder.join("bench.db").display()))
    });
    measure("PostgreSQL", runs, &tables, |_, _| postgres::new_database());
}
