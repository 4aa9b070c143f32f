//! `kill -9` at random points of a sync: the store ends as without it, on both databases.

use crate::database::TestDb;
use crate::dump::{assert_same, dump};
use crate::gateway_process::{c360, place, run, stderr};
use crate::vendors;
use sandbox::{Fault, FaultRule, Times, Vendor};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Stages that do not move with the hour, so that two runs a minute apart derive the same.
pub const TIMELESS: &str = r#"
[lifecycle]
version = "timeless@1"
lapse_days = 36525
[[lifecycle.rules]]
id = "known"
stage = "awareness"
when = { event = "known" }
[[lifecycle.rules]]
id = "deal"
stage = "opportunity"
when = { event = "deal_open" }
[[lifecycle.rules]]
id = "paid"
stage = "purchase"
when = { event = "paid", nth = 1 }
"#;

/// Kills of each database; the points are spread over the whole run.
const KILLS: u32 = 50;

/// Numbers without a pattern, the same in every run.
fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

async fn killed_and_whole_end_alike(whole: TestDb, next: impl AsyncFn() -> TestDb) {
    let sandbox = vendors::start(21).await;
    let calm = place(&whole.url, Some(&sandbox), TIMELESS);
    let started = Instant::now();
    let output = run(&calm.config, &["sync"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let mut span_ms = started.elapsed().as_millis() as u64 * 11 / 10;
    let expected = dump(&whole.url).await;
    assert!(expected["profile"].len() > 300);
    // From here on the vendors stumble too.
    for (vendor, fault) in [
        (Vendor::Hubspot, Fault::ServerError(502)),
        (Vendor::Stripe, Fault::TooManyRequests { retry_after: None }),
        (Vendor::Zendesk, Fault::CutBody),
    ] {
        let times = Times::Probability(0.02);
        sandbox.faults().add(FaultRule { vendor, path: String::new(), fault, times, skip: 0 });
    }
    let mut seed = 2_026;
    let (mut kills, mut rounds) = (0, 0);
    while kills < KILLS {
        let db = next().await;
        let killed = place(&db.url, Some(&sandbox), TIMELESS);
        rounds += 1;
        loop {
            let mut child = c360(&killed.config)
                .arg("sync")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            // Anywhere from the first statement to about the end. How long a sync takes depends on what
            // else the machine does: one that was not killed says that the span is too long now.
            let until = Instant::now() + Duration::from_millis(random(&mut seed) % span_ms.max(1));
            let finished = loop {
                if let Some(status) = child.try_wait().unwrap() {
                    break Some(status);
                }
                if Instant::now() >= until {
                    break None;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            };
            match finished {
                Some(status) if status.success() => {
                    span_ms = (span_ms * 3 / 4).max(200);
                    break;
                }
                Some(status) => panic!("a sync that was not killed ended with {status}"),
                None => {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    kills += 1;
                }
            }
            if kills >= KILLS {
                let output = run(&killed.config, &["sync"]);
                assert!(output.status.success(), "{}", stderr(&output));
                break;
            }
        }
        assert_same(
            &format!("an uninterrupted sync and one killed (round {rounds}, {kills} kills so far)"),
            &expected,
            &dump(&db.url).await,
        );
    }
    eprintln!("{kills} kills in {rounds} stores");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_killed_at_fifty_points_ends_like_an_uninterrupted_one_on_sqlite() {
    killed_and_whole_end_alike(TestDb::sqlite().await, TestDb::sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_killed_at_fifty_points_ends_like_an_uninterrupted_one_on_postgres() {
    let Some(whole) = TestDb::postgres().await else { return };
    killed_and_whole_end_alike(whole, async || TestDb::postgres().await.unwrap()).await;
}
