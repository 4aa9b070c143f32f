//! Real connectors against the sandbox over HTTP: whole walks, increments, faults, bad records.

use crate::database::{TestDb, on_both};
use crate::dump::{assert_same, dump_tables};
use crate::vendors;
use jobs::{Jobs, SyncReport};
use sandbox::{BadRecord, Fault, FaultRule, Times, Vendor};
use std::collections::{BTreeMap, HashSet};

type Tables = BTreeMap<&'static str, Vec<String>>;

const FACTS: &[&str] = &[
    "contact",
    "company",
    "deal",
    "ticket",
    "subscription",
    "invoice",
    "payment",
    "refund",
    "survey_response",
    "record_link",
    "identifier",
];

/// Facts, without links to records that are gone: a vendor drops an association silently when one
/// end is deleted.
async fn facts(db: &TestDb) -> Tables {
    let mut tables = dump_tables(&db.url, |t| FACTS.contains(&t)).await;
    let living: HashSet<String> = tables
        .iter()
        .filter(|(table, _)| !matches!(**table, "record_link" | "identifier"))
        .flat_map(|(_, rows)| rows.iter().filter_map(|r| r.split('|').next().map(str::to_owned)))
        .collect();
    if let Some(links) = tables.get_mut("record_link") {
        links.retain(|l| l.rsplit('|').next().is_some_and(|target| living.contains(target)));
    }
    tables
}

async fn derived(db: &TestDb) -> Tables {
    dump_tables(&db.url, |t| matches!(t, "rollup_cell" | "profile_link" | "profile_fact")).await
}

async fn sync(jobs: &Jobs) -> SyncReport {
    let report = jobs.sync(&[], false).await.unwrap();
    for stream in &report.streams {
        assert_eq!(stream.outcome, "done", "{stream:?}");
    }
    report
}

async fn everything(jobs: &Jobs) -> SyncReport {
    let report = sync(jobs).await;
    jobs.resolve(false).await.unwrap();
    jobs.derive(false).await.unwrap();
    report
}

on_both!(a_first_sync_reads_every_record_that_the_vendors_list, async |db: &TestDb| {
    let sandbox = vendors::start(11).await;
    let jobs = vendors::jobs(db, &sandbox);
    let report = everything(&jobs).await;
    let counts = sandbox.with_world(|w| w.counts());
    let rows = dump_tables(&db.url, |t| t == "source_record" || t == "quarantine").await;
    assert!(rows["quarantine"].is_empty(), "{:?}", rows["quarantine"].first());
    for ((vendor, stream), expected) in counts {
        if stream == "events" {
            continue;
        }
        let found = rows["source_record"]
            .iter()
            .filter(|r| r.contains(&format!("|{vendor}|{stream}|")) && !r.contains("|null|0|"))
            .count();
        assert!(found >= expected, "{vendor}/{stream}: {found} of {expected}");
    }
    assert!(report.changes() > 1_000, "{report:?}");
    let again = sync(&jobs).await;
    let changed: Vec<_> = again.streams.iter().filter(|s| s.written + s.removed > 0).collect();
    assert!(changed.is_empty(), "a second sync finds nothing new: {changed:?}");
    sandbox.stop().await;
});

on_both!(increments_over_a_month_end_where_a_fresh_sync_ends, async |db: &TestDb| {
    let sandbox = vendors::start(12).await;
    everything(&vendors::jobs(db, &sandbox)).await;
    for days in [1, 1, 3, 7, 14] {
        sandbox.tick(days);
        let report = everything(&vendors::jobs(db, &sandbox)).await;
        assert!(report.changes() > 0, "something happens within {days} days");
    }
    let fresh = match db.store.backend() {
        store::Backend::Sqlite => TestDb::sqlite().await,
        store::Backend::Postgres => TestDb::postgres().await.unwrap(),
    };
    everything(&vendors::jobs(&fresh, &sandbox)).await;
    assert_same("facts of increments and of a fresh sync", &facts(&fresh).await, &facts(db).await);
    let jobs = vendors::jobs(db, &sandbox);
    let before = derived(db).await;
    jobs.resolve(true).await.unwrap();
    jobs.derive(true).await.unwrap();
    assert_same("increments and a full rebuild", &before, &derived(db).await);
    sandbox.stop().await;
});

#[tokio::test(flavor = "multi_thread")]
async fn passing_faults_change_nothing_in_the_outcome() {
    let calm = TestDb::sqlite().await;
    let sandbox = vendors::start(13).await;
    sync(&vendors::jobs(&calm, &sandbox)).await;
    sandbox.stop().await;
    let expected = facts(&calm).await;
    let faults = [
        Fault::TooManyRequests { retry_after: Some(1) },
        Fault::TooManyRequests { retry_after: None },
        Fault::ServerError(500),
        Fault::ServerError(503),
        Fault::CutBody,
        Fault::Slow(30),
        Fault::DuplicatePage,
        Fault::ExpiredCursor,
        Fault::EmptyPage,
    ];
    for fault in faults {
        // A vendor of its own: "the same page again" means one of this walk.
        let sandbox = vendors::start(13).await;
        for vendor in [Vendor::Hubspot, Vendor::Zendesk, Vendor::Stripe] {
            let path = if vendor == Vendor::Stripe { "/v1/" } else { "/" };
            let rule = FaultRule::next(vendor, path, fault, 2).after(3);
            sandbox.faults().add(rule);
        }
        let db = TestDb::sqlite().await;
        sync(&vendors::jobs(&db, &sandbox)).await;
        assert_same(&format!("a calm sync and one with {fault:?}"), &expected, &facts(&db).await);
        assert!(sandbox.faults().total() > 0, "{fault:?} never struck");
        sandbox.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_without_id_or_form_goes_to_quarantine_and_the_sync_goes_on() {
    for bad in [BadRecord::MissingId, BadRecord::NotAnObject] {
        let sandbox = vendors::start(14).await;
        let db = TestDb::sqlite().await;
        for (vendor, path) in [
            (Vendor::Hubspot, "/contacts"),
            (Vendor::Stripe, "/charges"),
            (Vendor::Zendesk, "/users"),
        ] {
            sandbox.faults().add(FaultRule::next(vendor, path, Fault::BadRecord(bad), 1));
        }
        let report = sync(&vendors::jobs(&db, &sandbox)).await;
        let rejected: u64 = report.streams.iter().map(|s| s.rejected).sum();
        let rows = dump_tables(&db.url, |t| t == "quarantine").await;
        assert_eq!((rows["quarantine"].len(), rejected), (3, 3), "{bad:?}: {report:?}");
        for row in &rows["quarantine"] {
            let reason = row.split('|').nth(4).unwrap();
            assert!(
                reason.contains("id") || reason.contains("shape"),
                "says what is wrong: {reason}"
            );
        }
        sandbox.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_of_the_wrong_type_costs_its_value_and_not_the_record() {
    let sandbox = vendors::start(14).await;
    let db = TestDb::sqlite().await;
    let rule =
        FaultRule::next(Vendor::Hubspot, "/contacts", Fault::BadRecord(BadRecord::WrongType), 1);
    let rule = sandbox.faults().add(rule);
    let report = sync(&vendors::jobs(&db, &sandbox)).await;
    assert_eq!(sandbox.faults().struck(rule), Some(1));
    let contacts = report.streams.iter().find(|s| s.stream == "contacts").unwrap();
    let rows = dump_tables(&db.url, |t| t == "contact").await;
    let hubspot = rows["contact"].len() as u64;
    assert!(hubspot >= contacts.written, "every contact is there: {contacts:?}");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_fails_its_source_at_once_and_the_others_go_on() {
    let sandbox = vendors::start(15).await;
    let db = TestDb::sqlite().await;
    let mut settings = vendors::settings(&sandbox);
    settings[0].1["token"] = "pat-wrong".into();
    let connectors: Vec<std::sync::Arc<dyn connectors::Connector>> = settings
        .iter()
        .map(|(name, s)| std::sync::Arc::from(connectors::build(name, name, s).unwrap()))
        .collect();
    let jobs = Jobs { connectors: connectors.into(), ..vendors::jobs(&db, &sandbox) };
    let report = jobs.sync(&[], false).await.unwrap();
    let of =
        |source: &str| report.streams.iter().filter(|s| s.source == source).collect::<Vec<_>>();
    assert_eq!(of("hubspot").len(), 1, "no second try with refused credentials");
    assert_eq!(of("hubspot")[0].outcome, "failed");
    let error = of("hubspot")[0].error.clone().unwrap();
    assert!(error.contains("not authorised") && !error.contains("pat-wrong"), "{error}");
    assert!(of("stripe").iter().chain(&of("zendesk")).all(|s| s.outcome == "done"));
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forbidden_stream_is_disabled_and_the_others_go_on() {
    let sandbox = vendors::start(16).await;
    let db = TestDb::sqlite().await;
    let rule = FaultRule {
        vendor: Vendor::Zendesk,
        path: "tickets".into(),
        fault: Fault::Forbidden,
        times: Times::Always,
        skip: 0,
    };
    sandbox.faults().add(rule);
    let report = vendors::jobs(&db, &sandbox).sync(&["zendesk".to_owned()], false).await.unwrap();
    let outcomes: BTreeMap<&str, &str> =
        report.streams.iter().map(|s| (s.stream.as_str(), s.outcome)).collect();
    assert_eq!(outcomes["tickets"], "disabled");
    assert_eq!((outcomes["users"], outcomes["organizations"]), ("done", "done"));
    sandbox.faults().clear();
    sync(&vendors::jobs(&db, &sandbox)).await;
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_vendor_fails_with_what_to_look_at() {
    let sandbox = vendors::start(17).await;
    let db = TestDb::sqlite().await;
    let jobs = vendors::jobs(&db, &sandbox);
    sandbox.stop().await;
    let report = jobs.sync(&["stripe".to_owned()], false).await.unwrap();
    for stream in &report.streams {
        assert_eq!(stream.outcome, "failed");
        let error = stream.error.as_deref().unwrap();
        assert!(error.contains("cannot connect"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_source_is_named_with_the_known_ones() {
    let sandbox = vendors::start(18).await;
    let db = TestDb::sqlite().await;
    let error = vendors::jobs(&db, &sandbox).sync(&["hubspt".to_owned()], false).await.unwrap_err();
    assert!(error.to_string().contains("hubspot, zendesk, stripe"), "{error}");
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn matching_is_scored_against_the_sandboxs_truth() {
    let sandbox = vendors::start(19).await;
    let db = TestDb::sqlite().await;
    everything(&vendors::jobs(&db, &sandbox)).await;
    let truth = sandbox.truth();
    let rows = dump_tables(&db.url, |t| t == "profile_member" || t == "source_record").await;
    let keys: BTreeMap<&str, sandbox::RecordRef> = rows["source_record"]
        .iter()
        .map(|line| {
            let p: Vec<&str> = line.split('|').collect();
            (p[0], sandbox::RecordRef::new(p[1], p[2], p[3]))
        })
        .collect();
    for (kind, word, precision, recall) in [
        (sandbox::TruthKind::Person, "person", 0.95, 0.88),
        (sandbox::TruthKind::Company, "company", 0.92, 0.94),
    ] {
        let mut clusters: BTreeMap<&str, Vec<sandbox::RecordRef>> = BTreeMap::new();
        for line in &rows["profile_member"] {
            let p: Vec<&str> = line.split('|').collect();
            if p[1] == word {
                clusters.entry(p[2]).or_default().push(keys[p[0]].clone());
            }
        }
        let clusters: Vec<_> = clusters.into_values().collect();
        let score = truth.score(kind, &clusters);
        eprintln!("{word}: {score:?}");
        assert!(score.precision >= precision && score.recall >= recall, "{word}: {score:?}");
    }
    sandbox.stop().await;
}
