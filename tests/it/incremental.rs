//! Incremental resolution: any order of arrival ends where a run over everything ends; deletions,
//! decisions, new names and interruptions on the way change nothing in that. On both databases.

use crate::database::{TestDb, on_both};
use crate::dump::{assert_same, dump_tables};
use crate::identity_flow::{noon, steward};
use crate::vendors;
use domain::{
    Canonical, Clock, Company, Contact, ProfileId, ProfileKind, RecordId, RecordKey, SourceRecord,
    Timestamp, Tombstone,
};
use jobs::{CancellationToken, JobError, Jobs, Options, ResolveReport};
use sea_orm::{ConnectionTrait, Database};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::identity::{IdentityBody, IdentityInput, ResolutionCommit};
use store::{Backend, EntityIdentifiers, Outcome, PageCommit, StoreError};

const KINDS: [ProfileKind; 2] = [ProfileKind::Company, ProfileKind::Person];

/// Jobs that look at everything only when they must.
fn incremental(db: &TestDb, sandbox: &sandbox::Sandbox) -> Jobs {
    let jobs = vendors::jobs(db, sandbox);
    Jobs {
        options: Options { whole_below: 0, resolve_batch: 7, ..jobs.options.clone() },
        knowledge: jobs::KnowledgeCache::default(),
        ..jobs
    }
}

async fn sql(db: &TestDb, statement: &str) {
    let connection = Database::connect(&db.url).await.unwrap();
    connection.execute_unprepared(statement).await.unwrap();
    connection.close().await.unwrap();
}

async fn another(db: &TestDb) -> TestDb {
    match db.store.backend() {
        Backend::Sqlite => TestDb::sqlite().await,
        Backend::Postgres => TestDb::postgres().await.unwrap(),
    }
}

/// A store with everything that the sandbox has, resolved as a whole.
async fn resolved(db: &TestDb, seed: u64) -> (sandbox::Sandbox, Jobs) {
    let sandbox = vendors::start(seed).await;
    let jobs = incremental(db, &sandbox);
    for stream in &jobs.sync(&[], false).await.unwrap().streams {
        assert_eq!(stream.outcome, "done", "{stream:?}");
    }
    let report = jobs.resolve(false).await.unwrap();
    assert_eq!(report.whole, 2, "nothing was learnt before: {report:?}");
    (sandbox, jobs)
}

async fn increment(jobs: &Jobs) -> ResolveReport {
    let report = jobs.resolve(false).await.unwrap();
    assert_eq!(report.whole, 0, "only the surroundings of what changed: {report:?}");
    report
}

type Membership = HashMap<RecordId, ProfileId>;

/// How much two groupings agree: B-cubed F1, 1 when they are the same.
fn b_cubed(one: &Membership, other: &Membership) -> f64 {
    let sizes = |grouping: &Membership| {
        let mut sizes: HashMap<ProfileId, f64> = HashMap::new();
        for profile in grouping.values() {
            *sizes.entry(*profile).or_default() += 1.0;
        }
        sizes
    };
    let mut both: HashMap<(ProfileId, ProfileId), f64> = HashMap::new();
    for (record, profile) in one {
        *both.entry((*profile, other[record])).or_default() += 1.0;
    }
    let (ones, others) = (sizes(one), sizes(other));
    let (mut precision, mut recall) = (0.0, 0.0);
    for ((left, right), n) in both {
        precision += n * n / others[&right];
        recall += n * n / ones[&left];
    }
    let n = one.len() as f64;
    let (precision, recall) = (precision / n, recall / n);
    2.0 * precision * recall / (precision + recall)
}

#[test]
fn b_cubed_is_one_for_equal_groupings_and_falls_with_every_difference() {
    let grouping = |profiles: &[i64]| -> Membership {
        (1..).map(RecordId).zip(profiles.iter().map(|p| ProfileId(*p))).collect()
    };
    let one = grouping(&[1, 1, 2, 2]);
    assert!((b_cubed(&one, &grouping(&[7, 7, 9, 9])) - 1.0).abs() < 1e-12);
    // Precision 1/2 (two records in a group of four), recall 1.
    assert!((b_cubed(&one, &grouping(&[5, 5, 5, 5])) - 2.0 / 3.0).abs() < 1e-12);
}

/// Gives a store the knowledge of another one.
async fn teach(from: &TestDb, to: &Jobs, to_db: &TestDb) {
    let (lease, _) = to.store.acquire("*", "resolve", "test:0:0", noon()).await.unwrap();
    for head in from.store.load_model_heads().await.unwrap() {
        let body = from.store.load_model(head.kind).await.unwrap().unwrap();
        let model =
            store::identity::NewModel { records: head.records, trained_at: head.trained_at, body };
        to.store.save_model(&lease, head.kind, model, noon()).await.unwrap();
    }
    to.store.release(&lease, Outcome::Done, noon()).await.unwrap();
    sql(to_db, "UPDATE identity_model SET applied = TRUE").await;
}

/// Marks records as a page that wrote them would.
async fn mark(db: &TestDb, ids: &[RecordId]) {
    let rows: Vec<String> = ids.iter().map(|id| format!("({}, 1)", id.0)).collect();
    let rows = rows.join(",");
    sql(db, &format!("INSERT INTO dirty_record (record_id, mark) VALUES {rows} ON CONFLICT (record_id) DO UPDATE SET mark = dirty_record.mark + 1")).await;
}

on_both!(any_order_of_arrival_ends_where_the_whole_ends, async |db: &TestDb| {
    let (sandbox, whole) = resolved(db, 31).await;
    let mut ids: Vec<RecordId> = Vec::new();
    for kind in KINDS {
        ids.extend(whole.store.load_all_identity_ids(kind).await.unwrap());
    }
    ids.sort_unstable();
    ids.dedup();
    assert!(ids.len() > 500, "{}", ids.len());
    for round in 0..3_usize {
        let other = another(db).await;
        let jobs = incremental(&other, &sandbox);
        jobs.sync(&[], false).await.unwrap();
        teach(db, &jobs, &other).await;
        // Records without block keys are not there yet for anybody else.
        sql(&other, "DELETE FROM dirty_record").await;
        let mut order = ids.clone();
        match round {
            0 => {}
            1 => order.reverse(),
            _ => {
                order.sort_unstable_by_key(|id| id.0.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as i64))
            }
        }
        for arrived in order.chunks(11 + 5 * round) {
            mark(&other, arrived).await;
            increment(&jobs).await;
        }
        for kind in KINDS {
            let expected = whole.store.load_all_membership(kind).await.unwrap();
            let found = jobs.store.load_all_membership(kind).await.unwrap();
            assert_eq!(expected.len(), found.len());
            let agreement = b_cubed(&expected, &found);
            eprintln!("round {round}, {}: B-cubed {agreement:.5}", kind.as_str());
            assert!(agreement >= 0.995, "round {round}, {}: {agreement}", kind.as_str());
        }
        let keys = ["person_block_key", "company_block_key", "record_block"];
        assert_same(
            "block keys of the whole and of increments",
            &dump_tables(&db.url, |t| keys.contains(&t)).await,
            &dump_tables(&other.url, |t| keys.contains(&t)).await,
        );
        let (expected, found) = (links(db).await, links(&other).await);
        assert!(expected.len() > 200, "{}", expected.len());
        assert_eq!(expected, found, "links of the whole and of increments, round {round}");
    }
    sandbox.stop().await;
});

/// The kept links that there are, each in both directions.
async fn links(db: &TestDb) -> BTreeSet<(i64, i64)> {
    let connection = Database::connect(&db.url).await.unwrap();
    let statement = sea_orm::Statement::from_string(
        connection.get_database_backend(),
        "SELECT record_id, links FROM record_block WHERE links <> '[]'",
    );
    let mut found = BTreeSet::new();
    for row in connection.query_all_raw(statement).await.unwrap() {
        let record = row.try_get::<i64>("", "record_id").unwrap();
        let links = row.try_get::<String>("", "links").unwrap();
        let links: Vec<i64> = serde_json::from_str(&links).unwrap();
        found.extend(links.into_iter().map(|other| (record, other)));
    }
    connection.close().await.unwrap();
    assert!(found.iter().all(|(a, b)| found.contains(&(*b, *a))), "links go both ways");
    found
}

/// Writes a contact or company as its source would.
async fn put(jobs: &Jobs, key: &RecordKey, version: i64, body: Canonical) {
    let (kind, identifiers) = match &body {
        Canonical::Contact(c) => (
            ProfileKind::Person,
            identity::person_record(key.id(), key, c, &[], version, &jobs.identity, &[])
                .identifiers,
        ),
        Canonical::Company(c) => (
            ProfileKind::Company,
            identity::company_record(key.id(), key, c, &[], version, &jobs.identity).identifiers,
        ),
        other => panic!("neither a contact nor a company: {other:?}"),
    };
    let record = SourceRecord {
        external_id: key.external_id.clone(),
        version,
        occurred_at: None,
        payload: domain::Payload::new(format!("{{\"version\":{version}}}")),
        canonical: vec![body],
        identifiers: Vec::new(),
    };
    let records = [(record, vec![EntityIdentifiers { entity: kind, identifiers }])];
    page(jobs, key, &records, &[]).await;
}

async fn page(
    jobs: &Jobs,
    key: &RecordKey,
    records: &[(SourceRecord, Vec<EntityIdentifiers>)],
    tombstones: &[Tombstone],
) {
    let (lease, state) =
        jobs.store.acquire(&key.source, &key.stream, "test:0:0", noon()).await.unwrap();
    let page = PageCommit {
        records,
        rejects: &[],
        tombstones,
        merges: &[],
        next_state: &state,
        requests: 1,
        observed_at: noon(),
    };
    jobs.store.commit_page(&lease, &page).await.unwrap();
    jobs.store.release(&lease, Outcome::Done, noon()).await.unwrap();
}

/// A profile of several people's records, none of which has an employer or a vendor's references: a
/// record of it can be taken away and put back as it was.
async fn plain_profile(jobs: &Jobs) -> (ProfileId, Vec<IdentityInput>) {
    let membership = jobs.store.load_all_membership(ProfileKind::Person).await.unwrap();
    let mut profiles: BTreeMap<ProfileId, Vec<RecordId>> = BTreeMap::new();
    for (record, profile) in membership {
        profiles.entry(profile).or_default().push(record);
    }
    for (profile, records) in profiles {
        if records.len() < 3 {
            continue;
        }
        let inputs = jobs.store.load_identity_inputs(ProfileKind::Person, &records).await.unwrap();
        if inputs.iter().all(|i| i.employers.is_empty() && i.stated.len() < 2) {
            return (profile, inputs);
        }
    }
    panic!("no profile of three plain records");
}

fn contact(input: &IdentityInput) -> Contact {
    match &input.body {
        IdentityBody::Contact(contact) => (**contact).clone(),
        IdentityBody::Company(_) => panic!("a company"),
    }
}

on_both!(a_record_that_comes_back_is_where_it_was, async |db: &TestDb| {
    let (sandbox, jobs) = resolved(db, 32).await;
    let (profile, inputs) = plain_profile(&jobs).await;
    let before = jobs.store.load_all_membership(ProfileKind::Person).await.unwrap();
    for input in &inputs {
        let gone = Tombstone { external_id: input.key.external_id.clone(), version: input.version };
        page(&jobs, &input.key, &[], &[gone]).await;
        increment(&jobs).await;
        let without = jobs.store.load_all_membership(ProfileKind::Person).await.unwrap();
        assert!(!without.contains_key(&input.id));
        let line = format!("{}|person|", input.id.0);
        let blocks = dump_tables(&db.url, |t| t == "record_block").await;
        assert!(!blocks["record_block"].iter().any(|l| l.starts_with(&line)));
        put(&jobs, &input.key, input.version, Canonical::Contact(contact(input))).await;
        increment(&jobs).await;
        let after = jobs.store.load_all_membership(ProfileKind::Person).await.unwrap();
        assert!((b_cubed(&before, &after) - 1.0).abs() < 1e-12, "the same records are together");
        assert_eq!(jobs.store.find_members(profile).await.unwrap().unwrap().2.len(), inputs.len());
    }
    sandbox.stop().await;
});

on_both!(a_split_holds_in_increments_and_in_a_run_over_everything, async |db: &TestDb| {
    let (sandbox, jobs) = resolved(db, 33).await;
    let (profile, inputs) = plain_profile(&jobs).await;
    let apart = inputs[0].id;
    let parts = jobs.split(&steward(), profile, &[apart]).await.unwrap();
    assert!(parts.len() >= 2, "{parts:?}");
    let is_apart = async || {
        let membership = jobs.store.load_all_membership(ProfileKind::Person).await.unwrap();
        inputs[1..].iter().all(|other| membership[&other.id] != membership[&apart])
    };
    assert!(is_apart().await, "visible at once");
    for input in &inputs {
        mark(db, &[input.id]).await;
        increment(&jobs).await;
        assert!(is_apart().await, "after a look at {}", input.id);
    }
    jobs.resolve(true).await.unwrap();
    assert!(is_apart().await, "after a look at everything");
    // Without the record that held them, the others may have come apart too.
    let membership = jobs.store.load_all_membership(ProfileKind::Person).await.unwrap();
    let parts: BTreeSet<ProfileId> = inputs.iter().map(|i| membership[&i.id]).collect();
    let joined = jobs.merge(&steward(), &Vec::from_iter(parts)).await.unwrap();
    let members = jobs.store.find_members(joined).await.unwrap().unwrap().2;
    assert!(inputs.iter().all(|i| members.contains(&i.id)), "all are together again");
    sandbox.stop().await;
});

on_both!(ids_survive_increments, async |db: &TestDb| {
    let (sandbox, jobs) = resolved(db, 34).await;
    let before = jobs.store.load_all_membership(ProfileKind::Person).await.unwrap();
    let mut ids: Vec<RecordId> = before.keys().copied().collect();
    ids.sort_unstable();
    for some in ids.chunks(60).take(6) {
        mark(db, some).await;
        let report = increment(&jobs).await;
        assert_eq!(report.moved, 0, "{report:?}");
        // A record that is a person and a company counts for both.
        assert!(report.dirty >= some.len() as u64, "{report:?}");
    }
    assert_eq!(before, jobs.store.load_all_membership(ProfileKind::Person).await.unwrap());
    sandbox.stop().await;
});

on_both!(people_are_looked_at_again_when_their_employer_changes_its_name, async |db: &TestDb| {
    let (sandbox, jobs) = resolved(db, 35).await;
    let rows = dump_tables(&db.url, |t| matches!(t, "record_link" | "contact" | "company")).await;
    let first = |line: &str| line.split('|').next().unwrap().to_owned();
    let contacts: HashSet<String> = rows["contact"].iter().map(|l| first(l)).collect();
    let mut people: BTreeMap<&str, HashSet<String>> = BTreeMap::new();
    for line in &rows["record_link"] {
        let (from, target) = (first(line), line.rsplit('|').next().unwrap());
        if contacts.contains(&from) {
            people.entry(target).or_default().insert(from);
        }
    }
    let ids: Vec<RecordId> = people.keys().map(|id| RecordId(id.parse().unwrap())).collect();
    let inputs = jobs.store.load_identity_inputs(ProfileKind::Company, &ids).await.unwrap();
    let input = inputs.first().expect("a company that people are linked to");
    let IdentityBody::Company(company) = &input.body else { panic!("a contact") };
    let count = people[input.id.0.to_string().as_str()].len() as u64;
    // The same name again wakes nobody.
    put(&jobs, &input.key, input.version + 1, Canonical::Company((**company).clone())).await;
    assert_eq!(increment(&jobs).await.dirty, 1);
    let renamed =
        Company { name: Some("Entirely Different Works".to_owned()), ..(**company).clone() };
    put(&jobs, &input.key, input.version + 2, Canonical::Company(renamed)).await;
    assert_eq!(increment(&jobs).await.dirty, 1 + count, "the company and its people");
    let id = &people[input.id.0.to_string().as_str()];
    let one = RecordId(id.iter().next().unwrap().parse().unwrap());
    let found = jobs.store.load_identity_inputs(ProfileKind::Person, &[one]).await.unwrap();
    assert!(found[0].employers.iter().any(|name| name == "Entirely Different Works"));
    assert_eq!(increment(&jobs).await.dirty, 0);
    sandbox.stop().await;
});

/// A clock that asks the jobs to stop when it has been read so often.
struct Fuse {
    at: Timestamp,
    left: AtomicUsize,
    cancel: CancellationToken,
}

impl Clock for Fuse {
    fn now(&self) -> Timestamp {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.cancel.cancel();
        }
        self.at
    }
}

on_both!(a_run_cut_short_goes_on_where_it_committed_last, async |db: &TestDb| {
    let (sandbox, jobs) = resolved(db, 36).await;
    let ids = jobs.store.load_all_identity_ids(ProfileKind::Person).await.unwrap();
    let some = &ids[..ids.len().min(70)];
    let names = ["profile_member", "person_block_key", "record_block", "explanation"];
    let before = dump_tables(&db.url, |t| names.contains(&t)).await;
    mark(db, some).await;
    let mut cut_short = 0;
    for reads in 2..40 {
        let cancel = CancellationToken::new();
        let at = Timestamp::from_millis(sandbox.now_ms());
        let left = AtomicUsize::new(reads);
        let fuse = Fuse { at, left, cancel: cancel.clone() };
        let other = Jobs { clock: Arc::new(fuse), cancel, ..jobs.clone() };
        let left = jobs.store.load_dirty_records().await.unwrap().len();
        match other.resolve(false).await {
            Err(JobError::Stopped) => cut_short += 1,
            Ok(_) => break,
            Err(error) => panic!("{error}"),
        }
        let now = jobs.store.load_dirty_records().await.unwrap().len();
        assert!(now <= left, "what was committed is not done again");
        assert!((left - now).is_multiple_of(7), "marks go with their batch: {left} to {now}");
    }
    assert!(cut_short > 1, "{cut_short}");
    increment(&jobs).await;
    assert!(jobs.store.load_dirty_records().await.unwrap().is_empty());
    assert_same("before and after", &before, &dump_tables(&db.url, |t| names.contains(&t)).await);
    sandbox.stop().await;
});

on_both!(marks_and_outcome_commit_together, async |db: &TestDb| {
    let (sandbox, jobs) = resolved(db, 37).await;
    let ids = jobs.store.load_all_identity_ids(ProfileKind::Person).await.unwrap();
    mark(db, &ids[..1]).await;
    let (old, _) = jobs.store.acquire("*", "resolve", "test:0:0", noon()).await.unwrap();
    let (new, _) = jobs.store.acquire("*", "resolve", "test:0:0", noon()).await.unwrap();
    let dirty = jobs.store.load_dirty_records().await.unwrap();
    let commit = ResolutionCommit {
        scope: vec![ids[0]],
        settled: dirty.iter().map(|d| (d.id, d.mark)).collect(),
        ..ResolutionCommit::default()
    };
    let lost = jobs.store.commit_resolution(&old, ProfileKind::Person, &commit, noon()).await;
    assert!(matches!(lost, Err(StoreError::LeaseLost { .. })), "{lost:?}");
    assert_eq!(jobs.store.load_dirty_records().await.unwrap(), dirty);
    let member = jobs.store.load_membership(ProfileKind::Person, &ids[..1]).await.unwrap();
    assert_eq!(member.len(), 1);
    // Marked again between reading and committing: the mark stays.
    mark(db, &ids[..1]).await;
    jobs.store.commit_resolution(&new, ProfileKind::Person, &commit, noon()).await.unwrap();
    assert_eq!(jobs.store.load_dirty_records().await.unwrap().len(), 1);
    let member = jobs.store.load_membership(ProfileKind::Person, &ids[..1]).await.unwrap();
    assert!(member.is_empty(), "a record of the scope without a profile has none");
    jobs.store.release(&new, Outcome::Done, noon()).await.unwrap();
    increment(&jobs).await;
    let member = jobs.store.load_membership(ProfileKind::Person, &ids[..1]).await.unwrap();
    assert_eq!(member.len(), 1);
    sandbox.stop().await;
});

on_both!(
    a_small_batch_yields_to_whoever_resolves_and_leaves_the_lease_free,
    async |db: &TestDb| {
        let (sandbox, jobs) = resolved(db, 39).await;
        let now = Timestamp::from_millis(sandbox.now_ms());
        let ids = jobs.store.load_all_identity_ids(ProfileKind::Person).await.unwrap();
        let contacts = jobs.store.load_identity_inputs(ProfileKind::Person, &ids).await.unwrap();
        mark(db, &[contacts[0].id]).await;
        let (held, _) = jobs.store.acquire("*", "resolve", "other:0:0", now).await.unwrap();
        let refused = jobs.resolve(false).await;
        assert!(matches!(refused, Err(JobError::Store(StoreError::Leased { .. }))), "{refused:?}");
        assert_eq!(jobs.store.load_dirty_records().await.unwrap().len(), 1, "nothing was lost");
        jobs.store.keep(&held, now).await.unwrap();
        jobs.store.release(&held, Outcome::Done, now).await.unwrap();
        let report = jobs.resolve(false).await.unwrap();
        assert_eq!((report.dirty, report.whole), (1, 0), "{report:?}");
        assert!(jobs.store.load_dirty_records().await.unwrap().is_empty());
        // Taken and given back with the batch: it is free, and whoever held it before is fenced off.
        let (next, _) = jobs.store.acquire("*", "resolve", "other:0:0", now).await.unwrap();
        assert_eq!(next.fence, held.fence + 2);
        let late = jobs.store.keep(&held, now).await;
        assert!(matches!(late, Err(StoreError::LeaseLost { .. })), "{late:?}");
        sandbox.stop().await;
    }
);

on_both!(the_index_takes_less_than_two_kilobytes_a_record, async |db: &TestDb| {
    let (sandbox, jobs) = resolved(db, 38).await;
    let mut records = 0;
    for kind in KINDS {
        records += jobs.store.load_all_identity_ids(kind).await.unwrap().len();
    }
    let connection = Database::connect(&db.url).await.unwrap();
    let mut bytes = 0;
    for table in ["person_block_key", "company_block_key", "record_block", "identifier"] {
        let text = match db.store.backend() {
            Backend::Sqlite => format!(
                "SELECT CAST(SUM(pgsize) AS INTEGER) AS n FROM dbstat WHERE aggregate = TRUE AND name IN \
                 (SELECT name FROM sqlite_schema WHERE tbl_name = '{table}')"
            ),
            Backend::Postgres => format!("SELECT pg_total_relation_size('{table}') AS n"),
        };
        let statement = sea_orm::Statement::from_string(connection.get_database_backend(), text);
        let row = connection.query_one_raw(statement).await.unwrap().unwrap();
        let size = row.try_get::<i64>("", "n").unwrap();
        eprintln!("{table}: {} bytes a record", size / records as i64);
        // Identifiers are what customers are looked up by, with or without resolution.
        bytes += if table == "identifier" { 0 } else { size };
    }
    connection.close().await.unwrap();
    assert!(bytes / (records as i64) < 2_000, "{bytes} bytes of {records} records");
    sandbox.stop().await;
});
