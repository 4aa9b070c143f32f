//! What happens when the program is stopped or its disk fills: a clear end, and nothing lost.

use crate::database::TestDb;
use crate::dump::{assert_same, dump};
use crate::gateway_process::{c360, place, run, stderr};
use crate::kill::TIMELESS;
use crate::served::{SECRET, client, token};
use crate::vendors;
use domain::Role;
use sandbox::{Fault, FaultRule, Times, Vendor};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);

fn terminate(child: &Child) {
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Waits until something is so.
async fn until(what: &str, mut so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !so() {
        assert!(started.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn ended(child: &mut Child) -> ExitStatus {
    let mut status = None;
    until("the program ended", || {
        status = child.try_wait().unwrap();
        status.is_some()
    })
    .await;
    status.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_is_told_to_stop_says_so_and_the_next_one_goes_on() {
    let sandbox = vendors::start(41).await;
    let whole = TestDb::sqlite().await;
    let output = run(&place(&whole.url, Some(&sandbox), TIMELESS).config, &["sync"]);
    assert!(output.status.success(), "{}", stderr(&output));
    // From here on every answer takes a while, so that there is a middle to stop in.
    for vendor in [Vendor::Hubspot, Vendor::Zendesk, Vendor::Stripe] {
        let (fault, times) = (Fault::Slow(40), Times::Always);
        sandbox.faults().add(FaultRule { vendor, path: "/".into(), fault, times, skip: 0 });
    }
    let db = TestDb::sqlite().await;
    let place = place(&db.url, Some(&sandbox), TIMELESS);
    sandbox.clear_log();
    let mut child = c360(&place.config)
        .arg("sync")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until("some pages were asked for", || sandbox.log().len() >= 6).await;
    terminate(&child);
    let status = ended(&mut child).await;
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(status.code(), Some(3), "done in part: {said}");
    assert!(said.contains("stopped") && said.contains("goes on from there"), "{said}");
    sandbox.faults().clear();
    let output = run(&place.config, &["sync"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_same(
        "an uninterrupted sync and one stopped and continued",
        &dump(&whole.url).await,
        &dump(&db.url).await,
    );
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_told_to_stop_finishes_the_request_under_way_and_exits_with_0() {
    let db = TestDb::sqlite().await;
    let more = format!(
        "interval_s = 0\n[server]\nlisten = \"127.0.0.1:0\"\n[auth]\nsecret = \"{SECRET}\"\n"
    );
    let place = place(&db.url, None, "");
    let text = std::fs::read_to_string(&place.config).unwrap();
    std::fs::write(&place.config, text + &more).unwrap();
    let mut child = c360(&place.config)
        .arg("serve")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address: SocketAddr = lines
        .by_ref()
        .map(Result::unwrap)
        .find_map(|line| {
            line.strip_prefix("serving http://").map(|address| address.parse().unwrap())
        })
        .expect("says where it serves");
    // The rest of what it says is read, so that it can go on saying.
    let rest = std::thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>());
    let ready = client().get(format!("http://{address}/readyz")).send().await.unwrap();
    assert_eq!(ready.status(), 200);

    // A request whose body is still on its way.
    let body = "{\"query\":\"{ metricCatalog { name } }\"}";
    let (sent, later) = body.split_at(10);
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST /graphql HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{sent}",
        token(Role::Sales),
        body.len()
    )
    .unwrap();
    // One that came later is answered, so the first one is under way.
    let after = client().get(format!("http://{address}/healthz")).send().await.unwrap();
    assert_eq!(after.status(), 200);
    terminate(&child);
    until("nobody else is let in", || TcpStream::connect(address).is_err()).await;
    assert!(child.try_wait().unwrap().is_none(), "it waits for the request under way");
    stream.write_all(later.as_bytes()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("metricCatalog"), "{answer}");
    let status = ended(&mut child).await;
    let said = rest.join().unwrap();
    assert_eq!(status.code(), Some(0), "{said:?}");
}

/// A small disk of its own, taken away with the value.
struct Disk(tempfile::TempDir);

impl Disk {
    /// `None` where mounting is not permitted.
    fn of(size: &str) -> Option<Self> {
        let folder = tempfile::TempDir::new().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        mounted.then_some(Self(folder))
    }

    fn resize(&self, size: &str) {
        let status = Command::new("mount")
            .args(["-o", &format!("remount,size={size}")])
            .arg(self.0.path())
            .status()
            .unwrap();
        assert!(status.success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

/// A sync on a disk that is full at some point, then on one with space, against a calm one.
async fn fills_up(sizes: &[&str]) {
    let sandbox = vendors::start(42).await;
    let whole = TestDb::sqlite().await;
    let output = run(&place(&whole.url, Some(&sandbox), TIMELESS).config, &["sync"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let expected = dump(&whole.url).await;
    for size in sizes {
        let Some(disk) = Disk::of(size) else {
            eprintln!("not tested: a small disk cannot be mounted here");
            return;
        };
        let url = format!("sqlite:{}", disk.0.path().join("small.db").display());
        let place = place(&url, Some(&sandbox), TIMELESS);
        let output = run(&place.config, &["sync"]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{size}: {said}");
        assert!(
            said.contains("disk of the database is full") && said.contains("free some space"),
            "{size}: {said}"
        );
        disk.resize("200m");
        let output = run(&place.config, &["sync"]);
        assert!(output.status.success(), "{size}, with space again: {}", stderr(&output));
        assert_same(
            &format!("a calm sync and one on a full disk of {size}"),
            &expected,
            &dump(&url).await,
        );
    }
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_up_in_a_sync_is_said_and_with_space_nothing_is_missing() {
    fills_up(&["1m", "2m", "4m"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_too_small_for_the_schema_is_said_and_with_space_nothing_is_missing() {
    fills_up(&["400k"]).await;
}
