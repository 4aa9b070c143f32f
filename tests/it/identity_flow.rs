//! Records in, profiles out: order, increments, decisions and their undoing; on both databases.

use crate::database::{TestDb, on_both};
use crate::dump::{assert_same, dump_tables};
use domain::{
    Canonical, Clock, Company, Contact, Currency, Link, LinkRole, Money, Payload, Payment,
    PaymentStatus, Pii, Principal, ProfileId, ProfileKind, RecordKey, Refund, Role, SourceRecord,
    Stage, Timestamp, Tombstone, Verdict,
};
use jobs::{CancellationToken, Jobs, NetFetcher, NoProgress, Options};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{EntityIdentifiers, Outcome, PageCommit};

/// A clock that stands still, so that two runs derive the same.
pub struct Still(pub Timestamp);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0
    }
}

pub fn noon() -> Timestamp {
    Timestamp::parse("2026-06-01T12:00:00Z").unwrap()
}

pub fn jobs(db: &TestDb) -> Jobs {
    Jobs {
        store: db.store.clone(),
        connectors: Arc::new([]),
        fetcher: Arc::new(NetFetcher::new().unwrap()),
        identity: Arc::new(identity::Rules::default()),
        knowledge: jobs::KnowledgeCache::default(),
        lifecycle: Arc::new(lifecycle::Rules::default()),
        metrics: Arc::new(metrics::Policy::default()),
        scores: Arc::default(),
        segmentation: Arc::default(),
        alerts: Arc::default(),
        clock: Arc::new(Still(noon())),
        progress: Arc::new(NoProgress),
        options: Options::default(),
        owner: "test:0:0".into(),
        cancel: CancellationToken::new(),
    }
}

pub fn steward() -> Principal {
    Principal { subject: "sam".into(), role: Role::Steward }
}

/// One record to feed: source, stream, id, what it is.
#[derive(Clone)]
pub struct Item {
    pub source: &'static str,
    pub stream: &'static str,
    pub id: String,
    pub body: Canonical,
}

pub fn person(source: &'static str, id: &str, name: &str, email: &str, phone: &str) -> Item {
    let (given, family) = name.split_once(' ').unwrap();
    let list = |text: &str| if text.is_empty() { vec![] } else { vec![Pii::new(text)] };
    let contact = Contact {
        given_name: Some(Pii::new(given)),
        family_name: Some(Pii::new(family)),
        emails: list(email),
        phones: list(phone),
        created_at: Timestamp::parse(&format!("2025-01-{:02}", id.len().clamp(1, 28))),
        acquisition_channel: (source == "hubspot").then(|| "paid_search".to_owned()),
        ..Contact::default()
    };
    Item { source, stream: "contacts", id: id.to_owned(), body: Canonical::Contact(contact) }
}

pub fn company(id: &str, name: &str, domain: &str) -> Item {
    let company = Company {
        name: Some(name.to_owned()),
        domains: vec![domain.to_owned()],
        employee_count: Some(120),
        created_at: Timestamp::parse("2025-01-01"),
        ..Company::default()
    };
    Item {
        source: "hubspot",
        stream: "companies",
        id: id.to_owned(),
        body: Canonical::Company(company),
    }
}

fn paid(id: &str, payer: (&str, &str), minor: i64) -> Item {
    let target = RecordKey::new(payer.0, "contacts", payer.1);
    let payment = Payment {
        status: PaymentStatus::Succeeded,
        amount: Money::from_minor(minor, Currency::parse("EUR").unwrap()),
        method: None,
        failure_code: None,
        paid_at: Timestamp::parse("2025-03-05"),
        links: vec![Link { role: LinkRole::Contact, target }],
    };
    Item {
        source: "stripe",
        stream: "charges",
        id: id.to_owned(),
        body: Canonical::Payment(payment),
    }
}

fn given_back(id: &str, payment: &str, minor: i64) -> Item {
    let refund = Refund {
        status: PaymentStatus::Succeeded,
        amount: Money::from_minor(minor, Currency::parse("EUR").unwrap()),
        reason: None,
        refunded_at: Timestamp::parse("2025-04-01"),
        links: vec![Link {
            role: LinkRole::Payment,
            target: RecordKey::new("stripe", "charges", payment),
        }],
    };
    Item { source: "stripe", stream: "refunds", id: id.to_owned(), body: Canonical::Refund(refund) }
}

/// Commits items, one page per run of the same stream.
pub async fn feed(jobs: &Jobs, items: &[Item]) {
    feed_version(jobs, items, 1).await;
}

/// The same, as a later version of the records.
pub async fn feed_version(jobs: &Jobs, items: &[Item], version: i64) {
    for item in items {
        let (lease, _) =
            jobs.store.acquire(item.source, item.stream, "test:0:0", noon()).await.unwrap();
        let key = RecordKey::new(item.source, item.stream, &item.id);
        let record = match &item.body {
            Canonical::Contact(c) => {
                Some(identity::person_record(key.id(), &key, c, &[], version, &jobs.identity, &[]))
            }
            Canonical::Company(c) => {
                Some(identity::company_record(key.id(), &key, c, &[], version, &jobs.identity))
            }
            _ => None,
        };
        let identifiers = record
            .map(|r| EntityIdentifiers { entity: r.kind, identifiers: r.identifiers })
            .into_iter()
            .collect();
        let source = SourceRecord {
            external_id: item.id.clone(),
            version,
            occurred_at: None,
            payload: Payload::new(format!("{{\"id\":\"{}\",\"version\":{version}}}", item.id)),
            canonical: vec![item.body.clone()],
            identifiers: Vec::new(),
        };
        let records = [(source, identifiers)];
        let page = PageCommit {
            records: &records,
            rejects: &[],
            tombstones: &[],
            merges: &[],
            next_state: "1",
            requests: 1,
            observed_at: noon(),
        };
        jobs.store.commit_page(&lease, &page).await.unwrap();
        jobs.store.release(&lease, Outcome::Done, noon()).await.unwrap();
    }
}

async fn forget(jobs: &Jobs, item: &Item) {
    let (lease, _) =
        jobs.store.acquire(item.source, item.stream, "test:0:0", noon()).await.unwrap();
    let page = PageCommit {
        records: &[],
        rejects: &[],
        tombstones: &[Tombstone { external_id: item.id.clone(), version: 1 }],
        merges: &[],
        next_state: "1",
        requests: 1,
        observed_at: noon(),
    };
    assert_eq!(jobs.store.commit_page(&lease, &page).await.unwrap().removed, 1);
    jobs.store.release(&lease, Outcome::Done, noon()).await.unwrap();
}

pub async fn settle(jobs: &Jobs) {
    jobs.resolve(false).await.unwrap();
    jobs.derive(false).await.unwrap();
}

/// What the outside sees; histories of decisions and retired ids are left out.
async fn outcome(db: &TestDb) -> BTreeMap<&'static str, Vec<String>> {
    dump_tables(&db.url, |table| {
        !matches!(
            table,
            "sync_state" | "review" | "profile_redirect" | "source_record_version" | "explanation"
        ) && !table.starts_with("dirty")
    })
    .await
}

fn scene() -> Vec<Item> {
    vec![
        company("c1", "Acme GmbH", "acme.example"),
        person("hubspot", "h1", "Robert Miller", "bob@gmail.com", "+1 415 555 0100"),
        person("zendesk", "z1", "Bob Miller", "b.ob+shop@gmail.com", ""),
        person("stripe", "s1", "Robert Miller", "", "+14155550100"),
        person("hubspot", "h22", "Carla Gomez", "carla@acme.example", ""),
        person("zendesk", "z22", "Carla Gomez", "cgomez@acme.example", ""),
        person("hubspot", "h333", "Ian Novak", "ian@novak.example.org", ""),
        paid("p1", ("stripe", "s1"), 10_00),
        paid("p2", ("hubspot", "h22"), 99_00),
        given_back("r1", "p1", 4_00),
    ]
}

pub async fn profile_of(jobs: &Jobs, source: &str, id: &str) -> ProfileId {
    let record = RecordKey::new(source, "contacts", id).id();
    let found = jobs.store.load_membership(ProfileKind::Person, &[record]).await.unwrap();
    *found.get(&record).expect("the record has a profile")
}

on_both!(records_of_one_person_become_one_profile_with_its_money, async |db: &TestDb| {
    let jobs = jobs(db);
    feed(&jobs, &scene()).await;
    settle(&jobs).await;
    let bob = profile_of(&jobs, "stripe", "s1").await;
    assert_eq!(profile_of(&jobs, "hubspot", "h1").await, bob);
    assert_eq!(profile_of(&jobs, "zendesk", "z1").await, bob);
    assert_ne!(profile_of(&jobs, "hubspot", "h333").await, bob);
    let rows = outcome(db).await;
    let row = rows["profile"].iter().find(|r| r.starts_with(&format!("{}|", bob.0))).unwrap();
    assert!(row.contains("|600|"), "10.00 less 4.00 given back: {row}");
});

on_both!(any_order_of_arrival_and_any_increments_give_the_same_outcome, async |db: &TestDb| {
    let whole = jobs(db);
    feed(&whole, &scene()).await;
    settle(&whole).await;
    let expected = outcome(db).await;
    assert!(expected["profile"].len() >= 4);
    for round in 0..4_usize {
        let other = match db.store.backend() {
            store::Backend::Sqlite => TestDb::sqlite().await,
            store::Backend::Postgres => TestDb::postgres().await.unwrap(),
        };
        let jobs = jobs_like(&other);
        let mut items = scene();
        items.rotate_left(round * 3);
        if round % 2 == 1 {
            items.reverse();
        }
        for chunk in items.chunks(1 + round) {
            feed(&jobs, chunk).await;
            settle(&jobs).await;
        }
        let found = outcome(&other).await;
        // Ids depend on which record came first; who is together does not.
        assert_eq!(partition(&expected), partition(&found), "round {round}");
        assert_same(
            "cells of two orders",
            &only(&expected, "rollup_cell"),
            &only(&found, "rollup_cell"),
        );
        jobs.resolve(true).await.unwrap();
        jobs.derive(true).await.unwrap();
        assert_same("increments and a full rebuild", &found, &outcome(&other).await);
    }
});

fn jobs_like(db: &TestDb) -> Jobs {
    jobs(db)
}

fn only(
    tables: &BTreeMap<&'static str, Vec<String>>,
    table: &'static str,
) -> BTreeMap<&'static str, Vec<String>> {
    BTreeMap::from([(table, tables[table].clone())])
}

/// The sets of records that are together.
fn partition(tables: &BTreeMap<&'static str, Vec<String>>) -> BTreeSet<BTreeSet<String>> {
    let mut sets: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in &tables["profile_member"] {
        let mut parts = line.split('|');
        let (record, kind, profile) = (parts.next(), parts.next(), parts.next());
        sets.entry(profile.unwrap().to_owned()).or_default().insert(format!(
            "{}/{}",
            kind.unwrap(),
            record.unwrap()
        ));
    }
    sets.into_values().collect()
}

on_both!(merge_then_split_equals_never_merged, async |db: &TestDb| {
    let jobs = jobs(db);
    feed(&jobs, &scene()).await;
    settle(&jobs).await;
    let before = outcome(db).await;
    let carla = profile_of(&jobs, "hubspot", "h22").await;
    let ian = profile_of(&jobs, "hubspot", "h333").await;
    let living = jobs.merge(&steward(), &[carla, ian]).await.unwrap();
    assert_eq!(profile_of(&jobs, "hubspot", "h333").await, living);
    assert_eq!(profile_of(&jobs, "hubspot", "h22").await, living);
    let retired = if living == carla { ian } else { carla };
    assert_eq!(
        jobs.store.find_members(retired).await.unwrap().unwrap().0,
        living,
        "the old id redirects"
    );
    assert_ne!(partition(&before), partition(&outcome(db).await));
    let record = RecordKey::new("hubspot", "contacts", "h333").id();
    let parts = jobs.split(&steward(), living, &[record]).await.unwrap();
    assert_eq!(parts.len(), 2, "{parts:?}");
    assert_same("before the merge and after the split", &before, &outcome(db).await);
});

on_both!(
    a_merge_takes_every_record_along_also_one_that_would_not_join_today,
    async |db: &TestDb| {
        let mut jobs = jobs(db);
        feed(&jobs, &scene()).await;
        settle(&jobs).await;
        let bob = profile_of(&jobs, "stripe", "s1").await;
        let ian = profile_of(&jobs, "hubspot", "h333").await;
        let all = ["h1", "z1", "s1", "h333"];
        let source = |id: &str| match &id[..1] {
            "h" => "hubspot",
            "z" => "zendesk",
            _ => "stripe",
        };
        // What held Bob's records together does so no more, as after weights were learnt anew.
        let rules = identity::Rules {
            enabled: identity::Switches { match_weight: false, ..identity::Switches::default() },
            ..identity::Rules::default()
        };
        jobs.identity = Arc::new(rules);
        jobs.knowledge = jobs::KnowledgeCache::default();
        let living = jobs.merge(&steward(), &[ian, bob]).await.unwrap();
        for id in all {
            assert_eq!(profile_of(&jobs, source(id), id).await, living, "{id} is left behind");
        }
        jobs.resolve(true).await.unwrap();
        for id in all {
            assert_eq!(profile_of(&jobs, source(id), id).await, living, "{id} falls off later");
        }
    }
);

on_both!(a_split_survives_every_later_resolution, async |db: &TestDb| {
    let jobs = jobs(db);
    feed(&jobs, &scene()).await;
    settle(&jobs).await;
    let bob = profile_of(&jobs, "stripe", "s1").await;
    let record = RecordKey::new("stripe", "contacts", "s1").id();
    jobs.split(&steward(), bob, &[record]).await.unwrap();
    let apart = profile_of(&jobs, "stripe", "s1").await;
    assert_ne!(apart, profile_of(&jobs, "hubspot", "h1").await);
    jobs.resolve(true).await.unwrap();
    feed(&jobs, &[person("zendesk", "z9", "Robert Miller", "bob@gmail.com", "+14155550100")]).await;
    settle(&jobs).await;
    assert_ne!(
        profile_of(&jobs, "stripe", "s1").await,
        profile_of(&jobs, "hubspot", "h1").await,
        "a record that matches both does not bring them together again"
    );
});

on_both!(deleting_a_record_and_adding_it_again_restores_everything, async |db: &TestDb| {
    let jobs = jobs(db);
    feed(&jobs, &scene()).await;
    settle(&jobs).await;
    let before = outcome(db).await;
    for victim in scene() {
        if !matches!(victim.body, Canonical::Contact(_) | Canonical::Payment(_)) {
            continue;
        }
        forget(&jobs, &victim).await;
        settle(&jobs).await;
        feed(&jobs, std::slice::from_ref(&victim)).await;
        settle(&jobs).await;
        let mut after = outcome(db).await;
        // The revision number tells that it was away; the rest does not.
        let strip = |rows: &mut BTreeMap<&'static str, Vec<String>>| rows.remove("source_record");
        let mut expected = before.clone();
        strip(&mut expected);
        strip(&mut after);
        assert_eq!(partition(&expected), partition(&after));
        assert_same(
            &format!("before and after {}", victim.id),
            &only(&expected, "rollup_cell"),
            &only(&after, "rollup_cell"),
        );
    }
});

on_both!(
    decisions_are_recorded_with_who_and_when_and_undecided_roles_are_refused,
    async |db: &TestDb| {
        let jobs = jobs(db);
        feed(&jobs, &scene()).await;
        settle(&jobs).await;
        let (a, b) = (
            RecordKey::new("hubspot", "contacts", "h22").id(),
            RecordKey::new("hubspot", "contacts", "h333").id(),
        );
        let sales = Principal { subject: "sue".into(), role: Role::Sales };
        let refused = jobs.review(&sales, ProfileKind::Person, a, b, Verdict::Same).await;
        assert!(refused.is_err());
        let profiles =
            jobs.review(&steward(), ProfileKind::Person, a, b, Verdict::Same).await.unwrap();
        assert_eq!(profiles.len(), 1);
        let decisions = jobs.store.load_decisions(ProfileKind::Person, &[a.min(b)]).await.unwrap();
        assert_eq!(decisions.len(), 1);
        assert_eq!((decisions[0].decided_by.as_str(), decisions[0].decided_at), ("sam", noon()));
        let profiles =
            jobs.review(&steward(), ProfileKind::Person, a, b, Verdict::Different).await.unwrap();
        assert_eq!(profiles.len(), 2, "the later decision counts");
    }
);

on_both!(a_stage_set_by_hand_holds_until_it_is_lifted, async |db: &TestDb| {
    let jobs = jobs(db);
    feed(&jobs, &scene()).await;
    settle(&jobs).await;
    let ian = profile_of(&jobs, "hubspot", "h333").await;
    let before = outcome(db).await;
    let stage_of = async || {
        let rows = dump_tables(&db.url, |t| t == "stage_transition").await;
        let last = rows["stage_transition"]
            .iter()
            .filter(|r| r.starts_with(&format!("{}|", ian.0)))
            .max_by_key(|r| r.split('|').nth(1).unwrap().parse::<i64>().unwrap())
            .unwrap()
            .clone();
        last.split('|').nth(3).unwrap().to_owned()
    };
    jobs.override_stage(&steward(), ian, Some(Stage::Sql), "asked for a demo by phone", None)
        .await
        .unwrap();
    assert_eq!(stage_of().await, "sql");
    jobs.derive(true).await.unwrap();
    assert_eq!(stage_of().await, "sql", "a rebuild keeps it");
    assert!(jobs.override_stage(&steward(), ian, Some(Stage::Sql), " ", None).await.is_err());
    let later = Jobs { clock: Arc::new(Still(noon().plus_millis(60_000))), ..jobs.clone() };
    later.override_stage(&steward(), ian, None, "was a mistake", None).await.unwrap();
    let profile = |rows: &BTreeMap<&'static str, Vec<String>>| {
        let row = rows["profile"].iter().find(|r| r.starts_with(&format!("{}|", ian.0))).unwrap();
        row.split('|').nth(11).unwrap().to_owned()
    };
    assert_eq!(profile(&before), profile(&outcome(db).await));
});

on_both!(rollup_cells_are_the_sums_of_their_parts_after_any_change, async |db: &TestDb| {
    let jobs = jobs(db);
    let scene = scene();
    feed(&jobs, &scene).await;
    settle(&jobs).await;
    for step in 0..6 {
        match step {
            0 => forget(&jobs, &scene[7]).await,
            1 => feed(&jobs, &scene[7..8]).await,
            2 => feed(&jobs, &[paid("p3", ("zendesk", "z22"), 5_00)]).await,
            3 => forget(&jobs, &scene[4]).await,
            4 => feed(&jobs, &scene[4..5]).await,
            _ => {
                let bob = profile_of(&jobs, "stripe", "s1").await;
                let carla = profile_of(&jobs, "hubspot", "h22").await;
                jobs.merge(&steward(), &[bob, carla]).await.unwrap();
            }
        }
        settle(&jobs).await;
        let rows = outcome(db).await;
        let mut sums: BTreeMap<String, i64> = BTreeMap::new();
        for part in &rows["rollup_part"] {
            let (rest, value) = part.rsplit_once('|').unwrap();
            let (_, key) = rest.split_once('|').unwrap();
            *sums.entry(key.to_owned()).or_default() += value.parse::<i64>().unwrap();
        }
        let sums: Vec<String> =
            sums.into_iter().filter(|(_, v)| *v != 0).map(|(k, v)| format!("{k}|{v}")).collect();
        let mut cells = rows["rollup_cell"].clone();
        cells.sort();
        let mut sums_sorted = sums;
        sums_sorted.sort();
        assert_eq!(sums_sorted, cells, "step {step}");
    }
});
