//! A private PostgreSQL server for the tests, from the installed binaries.
//!
//! It lives in a temporary folder, listens on a port of its own, and ends with the test process,
//! however that ends: a shell holds it and waits for the other end of a pipe to close.

use crate::support::{find_program, skip};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

struct Server {
    port: u16,
    bin: PathBuf,
    _holder: Child,
}

static SERVER: OnceLock<Option<Server>> = OnceLock::new();
static NEXT: AtomicU32 = AtomicU32::new(0);

/// The folder of the server's programs: the newest installed version.
fn bin() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| e.path().join("bin"))
        .filter(|p| p.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().or_else(|| find_program(&["initdb"])?.parent().map(PathBuf::from))
}

fn start() -> Option<Server> {
    let bin = bin()?;
    let port = std::net::TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
    // PostgreSQL refuses to run as root; Debian's package brings a user for it.
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout == b"0\n");
    let script = format!(
        "set -e; dir=$(mktemp -d); {own} \
         {run} '{bin}/initdb' -D \"$dir/db\" -U c360 -A trust -E UTF8 --locale=C.UTF-8 -N >/dev/null; \
         {run} '{bin}/postgres' -D \"$dir/db\" -p {port} -k \"$dir\" -c listen_addresses=127.0.0.1 \
           -c fsync=off -c full_page_writes=off -c max_connections=200 >\"$dir/log\" 2>&1 & pid=$!; \
         for i in $(seq 200); do '{bin}/pg_isready' -q -h 127.0.0.1 -p {port} -U c360 -d postgres && break; sleep 0.05; done; \
         echo ready; read -r _ || true; kill -INT $pid; wait $pid || true; rm -rf \"$dir\"",
        own = if is_root { "chown postgres \"$dir\";" } else { "" },
        run = if is_root { "setpriv --reuid postgres --regid postgres --clear-groups" } else { "" },
        bin = bin.display(),
    );
    let mut holder = Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let mut line = String::new();
    BufReader::new(holder.stdout.take()?).read_line(&mut line).ok()?;
    (line.trim() == "ready").then_some(Server { port, bin, _holder: holder })
}

/// The URL of a new, empty database; `None`, with a message, where PostgreSQL is not installed.
pub fn new_database() -> Option<String> {
    let Some(server) = SERVER.get_or_init(start) else {
        skip("PostgreSQL's server programs are not installed (Debian: postgresql)");
        return None;
    };
    Some(server.create(&[]))
}

/// The URL of a copy of a database of this server that nobody is connected to.
pub fn copy_of(url: &str) -> String {
    let server = SERVER.get_or_init(start).as_ref().expect("the server that made the original");
    let (_, name) = url.rsplit_once('/').unwrap();
    server.create(&["-T", name])
}

impl Server {
    fn create(&self, more: &[&str]) -> String {
        let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let port = self.port.to_string();
        let made = Command::new(self.bin.join("createdb"))
            .args(["-h", "127.0.0.1", "-U", "c360", "-p", &port])
            .args(more)
            .arg(&name)
            .status()
            .expect("createdb runs");
        assert!(made.success(), "createdb {name} failed");
        format!("postgres://c360@127.0.0.1:{port}/{name}")
    }
}
