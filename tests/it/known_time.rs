//! Answers as known at a time: whatever happens later, a saved answer asked again is the same to the
//! byte; merging and splitting leaves nothing behind; increments equal a rebuild. On both databases.

use crate::database::{TestDb, on_both};
use crate::dump::{assert_same, dump_tables};
use crate::identity_flow::{company, feed_version, jobs, noon, person, settle};
use crate::journey::Journey;
use domain::Clock;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use store::Outcome;
use store::known::Epoch;

/// How much is done: enough to see every kind of change by default, ten thousand on demand.
fn steps() -> usize {
    #[allow(clippy::disallowed_methods)] // the tests' own switch
    if std::env::var("C360_LONG").is_ok_and(|v| v == "1") { 10_000 } else { 220 }
}

on_both!(saved_answers_asked_again_are_the_same_to_the_byte, async |db: &TestDb| {
    let mut journey = Journey::new(db, 5);
    for n in 0..24 {
        let contact = journey.contact(n);
        journey.write(contact).await;
    }
    for n in 0..4 {
        let name = format!("Company{n} GmbH");
        journey.write(company(&format!("c{n}"), &name, &format!("company{n}.example"))).await;
    }
    assert!(journey.jobs.store.find_epoch(None).await.unwrap().is_none());
    journey.settle().await;
    let past = ["record_past", "record_link_past", "profile_member_past", "rollup_part_past"];
    for table in past.iter().chain(&["rollup_cell_past", "rollup_change"]) {
        assert_eq!(count(journey.db, table).await, 0, "{table} after first syncs");
    }
    journey.save().await;
    for n in 0..steps() {
        journey.step(n).await;
        if journey.dice.below(3) == 0 {
            journey.settle().await;
            if journey.dice.below(2) == 0 {
                journey.save().await;
            }
        }
        if journey.dice.below(30) == 0 {
            Box::pin(journey.merge_and_split()).await;
        }
    }
    journey.settle().await;
    journey.save().await;
    journey.ask_again().await;
    eprintln!("{} saved answers; {:?}", journey.saved.len(), journey.counts);
    for what in ["late facts", "corrections", "deletions", "returns", "merges", "splits", "rates"] {
        assert!(journey.counts.get(what).is_some_and(|n| *n > 2), "{what}: {:?}", journey.counts);
    }
    for table in past {
        assert!(count(journey.db, table).await > 0, "{table} after all this");
    }
    for component in ["mrr_new", "mrr_expansion"] {
        let cells = format!("rollup_cell_past WHERE component = '{component}'");
        assert!(count(journey.db, &cells).await > 0, "{component} was never restated");
    }
    // Time stands still now: what increments give is what a rebuild gives.
    journey.jobs.derive(true).await.unwrap();
    let frozen = journey.clock.now();
    for n in 0..40 {
        journey.step(1_000_000 + n).await;
        journey.clock.0.store(frozen.as_millis(), Ordering::SeqCst);
    }
    journey.settle().await;
    let derived = |table: &str| {
        ["profile", "profile_fact", "profile_numbers", "stage_transition"].contains(&table)
            || table.starts_with("rollup")
    };
    let increments = dump_tables(&db.url, derived).await;
    journey.jobs.derive(true).await.unwrap();
    assert_same("increments and a rebuild", &increments, &dump_tables(&db.url, derived).await);
    journey.save().await;
    journey.ask_again().await;
});

async fn count(db: &TestDb, table: &str) -> i64 {
    use sea_orm::{ConnectionTrait, Database, Statement};
    let connection = Database::connect(&db.url).await.unwrap();
    let sql = format!("SELECT COUNT(*) AS n FROM {table}");
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    let row = connection.query_one_raw(statement).await.unwrap().unwrap();
    connection.close().await.unwrap();
    row.try_get("", "n").unwrap()
}

on_both!(an_epoch_stays_open_while_something_waits, async |db: &TestDb| {
    let jobs = jobs(db);
    feed_version(&jobs, &[person("hubspot", "k1", "Ada Byron", "ada@mail.example", "")], 1).await;
    settle(&jobs).await;
    let first = jobs.store.find_epoch(None).await.unwrap().unwrap();
    // Nothing new: the same epoch answers.
    assert_eq!(jobs.derive(false).await.unwrap().known_at_ms, None);
    assert_eq!(jobs.store.find_epoch(None).await.unwrap().unwrap(), first);
    // Something waits: a close is refused.
    jobs.store.mark_all_contributors().await.unwrap();
    let (lease, _) = jobs.store.acquire("*", "derive", "test:0:0", noon()).await.unwrap();
    assert_eq!(jobs.store.close_epoch(&lease, &first.note, noon()).await.unwrap(), None);
    jobs.store.release(&lease, Outcome::Done, noon()).await.unwrap();
    // The clock stands still, known time does not.
    let closed = jobs.derive(false).await.unwrap().known_at_ms;
    assert_eq!(closed, Some(first.closed.as_millis() + 1));
    let second = jobs.store.find_epoch(None).await.unwrap().unwrap();
    assert_eq!(second.number, first.number + 1);
    assert_eq!(jobs.store.find_epoch(Some(first.closed)).await.unwrap().unwrap(), first);
    let before = first.closed.plus_millis(-1);
    assert!(jobs.store.find_epoch(Some(before)).await.unwrap().is_none());
    assert_eq!(jobs.store.find_first_epoch(None).await.unwrap().unwrap(), first);
});

on_both!(an_epoch_keeps_the_rules_of_the_scores_told_in_it, async |db: &TestDb| {
    let mut jobs = jobs(db);
    feed_version(&jobs, &[person("hubspot", "k1", "Ada Byron", "ada@mail.example", "")], 1).await;
    settle(&jobs).await;
    let first = jobs.store.find_epoch(None).await.unwrap().unwrap();
    // Other rules, nothing to derive: a new epoch from which on they hold.
    let mut scores = metrics::score::ScoreConfig::default();
    scores.lead.version = "2".to_owned();
    scores.lead.qualified_from = 1;
    jobs.scores = Arc::new(scores.clone());
    let report = jobs.derive(false).await.unwrap();
    assert_eq!((report.contributors, report.known_at_ms.is_some()), (0, true));
    let second = jobs.store.find_epoch(None).await.unwrap().unwrap();
    let rules = |epoch: &Epoch| -> metrics::score::ScoreConfig {
        serde_json::from_str(&epoch.note.scores.as_ref().unwrap().body).unwrap()
    };
    assert_eq!(rules(&second), scores);
    let then = jobs.store.find_epoch(Some(first.closed)).await.unwrap().unwrap();
    assert_eq!(rules(&then), metrics::score::ScoreConfig::default());
    // Epochs of before there were scores have none.
    let none = store::known::EpochNote { scores: None, ..second.note };
    let (lease, _) = jobs.store.acquire("*", "derive", "test:0:0", noon()).await.unwrap();
    assert!(jobs.store.close_epoch(&lease, &none, noon()).await.unwrap().is_some());
    assert_eq!(jobs.store.find_epoch(None).await.unwrap().unwrap().note, none);
});
