//! Ties of people on both databases: households and employments, through syncs, decisions,
//! increments and rebuilds.

use crate::database::{TestDb, on_both};
use crate::dump::{assert_same, dump_tables};
use crate::identity_flow::{Still, jobs, noon, steward};
use domain::{
    Address, Canonical, Company, Contact, HouseholdId, Identifier, IdentifierKind, Link, LinkRole,
    Payload, Pii, Principal, ProfileId, ProfileKind, RecordKey, Role, Scope, SourceRecord,
    Timestamp, Tombstone,
};
use identity::normal;
use jobs::{JobError, Jobs};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{EntityIdentifiers, Outcome, PageCommit};

/// One record to feed.
#[derive(Clone)]
struct Item {
    source: &'static str,
    id: String,
    version: i64,
    body: Canonical,
}

impl Item {
    const fn stream(&self) -> &'static str {
        match self.body {
            Canonical::Company(_) => "companies",
            _ => "contacts",
        }
    }

    fn key(&self) -> RecordKey {
        RecordKey::new(self.source, self.stream(), &self.id)
    }
}

fn day(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn list(text: &str) -> Vec<Pii> {
    Pii::non_empty(text).into_iter().collect()
}

/// `street, code town`.
fn place(text: &str) -> Address {
    let Some((street, rest)) = text.split_once(", ") else { return Address::default() };
    let (code, town) = rest.split_once(' ').unwrap();
    Address {
        street: Some(Pii::new(street)),
        postal_code: Some(Pii::new(code)),
        city: Some(Pii::new(town)),
        country: Some("US".to_owned()),
        ..Address::default()
    }
}

fn person(id: &str, name: &str, address: &str, phone: &str) -> Item {
    let (given, family) = name.split_once(' ').unwrap();
    let mailbox = format!("{}.{}@mail{id}.org", given.to_lowercase(), family.to_lowercase());
    let contact = Contact {
        given_name: Some(Pii::new(given)),
        family_name: Some(Pii::new(family)),
        emails: list(&mailbox),
        phones: list(phone),
        address: place(address),
        created_at: Some(day("2024-01-01").plus_millis(i64::from(id.as_bytes()[0]) * 1_000)),
        ..Contact::default()
    };
    Item { source: "hubspot", id: id.to_owned(), version: 1, body: Canonical::Contact(contact) }
}

fn company(id: &str, name: &str, address: &str) -> Item {
    let company = Company {
        name: Some(name.to_owned()),
        address: place(address),
        created_at: Some(day("2020-01-01")),
        ..Company::default()
    };
    Item { source: "hubspot", id: id.to_owned(), version: 1, body: Canonical::Company(company) }
}

/// The contact with another employer: a company's record, or a name.
fn employed(item: &Item, version: i64, company: Option<&str>, name: Option<&str>) -> Item {
    let Canonical::Contact(contact) = &item.body else { panic!("no contact") };
    let link = |id: &str| Link {
        role: LinkRole::Company,
        target: RecordKey::new("hubspot", "companies", id),
    };
    let contact = Contact {
        links: company.map(link).into_iter().collect(),
        company_name: name.map(str::to_owned),
        ..contact.clone()
    };
    Item { version, body: Canonical::Contact(contact), ..item.clone() }
}

fn identifiers(item: &Item) -> EntityIdentifiers {
    let mut identifiers = Vec::new();
    let (entity, emails, phones) = match &item.body {
        Canonical::Contact(c) => (ProfileKind::Person, &c.emails, &c.phones),
        Canonical::Company(c) => {
            let name = c.name.as_deref().and_then(normal::company::core).unwrap();
            identifiers.push(Identifier::new(IdentifierKind::CompanyName, name.core));
            (ProfileKind::Company, &c.emails, &c.phones)
        }
        _ => panic!("neither person nor company"),
    };
    for email in emails {
        let mailbox = normal::email::normalize(email.expose()).unwrap();
        identifiers.push(Identifier::new(IdentifierKind::Email, mailbox.address));
    }
    for phone in phones {
        let number = normal::phone::normalize(phone.expose(), &[]).unwrap();
        identifiers.push(Identifier::new(IdentifierKind::Phone, number));
    }
    EntityIdentifiers { entity, identifiers }
}

async fn feed_at(jobs: &Jobs, items: &[Item], now: Timestamp) {
    for item in items {
        let (lease, _) =
            jobs.store.acquire(item.source, item.stream(), "test:0:0", now).await.unwrap();
        let record = SourceRecord {
            external_id: item.id.clone(),
            version: item.version,
            occurred_at: None,
            payload: Payload::new(format!("{{\"id\":\"{}\",\"v\":{}}}", item.id, item.version)),
            canonical: vec![item.body.clone()],
            identifiers: Vec::new(),
        };
        let records = [(record, vec![identifiers(item)])];
        let page = PageCommit { records: &records, observed_at: now, ..empty() };
        jobs.store.commit_page(&lease, &page).await.unwrap();
        jobs.store.release(&lease, Outcome::Done, now).await.unwrap();
    }
}

fn empty() -> PageCommit<'static> {
    PageCommit {
        records: &[],
        rejects: &[],
        tombstones: &[],
        merges: &[],
        next_state: "1",
        requests: 1,
        observed_at: Timestamp::from_millis(0),
    }
}

async fn feed(jobs: &Jobs, items: &[Item]) {
    feed_at(jobs, items, noon()).await;
}

async fn forget(jobs: &Jobs, item: &Item) {
    let (lease, _) =
        jobs.store.acquire(item.source, item.stream(), "test:0:0", noon()).await.unwrap();
    let gone = [Tombstone { external_id: item.id.clone(), version: item.version }];
    let page = PageCommit { tombstones: &gone, observed_at: noon(), ..empty() };
    assert_eq!(jobs.store.commit_page(&lease, &page).await.unwrap().removed, 1);
    jobs.store.release(&lease, Outcome::Done, noon()).await.unwrap();
}

async fn settle(jobs: &Jobs) {
    jobs.resolve(false).await.unwrap();
    jobs.derive(false).await.unwrap();
}

async fn profile_of(jobs: &Jobs, item: &Item) -> ProfileId {
    let kind = match item.body {
        Canonical::Company(_) => ProfileKind::Company,
        _ => ProfileKind::Person,
    };
    let record = item.key().id();
    let found = jobs.store.load_membership(kind, &[record]).await.unwrap();
    *found.get(&record).expect("the record has a profile")
}

async fn household_of(jobs: &Jobs, item: &Item) -> Option<HouseholdId> {
    let id = profile_of(jobs, item).await.0;
    let found = jobs.store.households_of(&Scope::system(), &[id]).await.unwrap();
    found.get(&id).map(|household| household.id)
}

/// Who lives together, by the ids of the items.
async fn together(jobs: &Jobs, items: &[Item]) -> BTreeSet<BTreeSet<String>> {
    let mut sets: BTreeMap<HouseholdId, BTreeSet<String>> = BTreeMap::new();
    for item in items.iter().filter(|i| matches!(i.body, Canonical::Contact(_))) {
        if let Some(id) = household_of(jobs, item).await {
            sets.entry(id).or_default().insert(item.id.clone());
        }
    }
    sets.into_values().collect()
}

fn sets(of: &[&[&str]]) -> BTreeSet<BTreeSet<String>> {
    of.iter().map(|set| set.iter().map(|id| (*id).to_owned()).collect()).collect()
}

async fn ties(db: &TestDb) -> BTreeMap<&'static str, Vec<String>> {
    dump_tables(&db.url, |table| table.starts_with("household") || table == "employment").await
}

const ELM: &str = "12 Elm Street, 60614 Chicago";
const OAK: &str = "7 Oak Avenue, 60614 Chicago";
const TOWER: &str = "500 Main Street, 60601 Chicago";

fn family() -> Vec<Item> {
    vec![
        person("a", "Ann Miller", ELM, "+1 312 555 0142"),
        person("b", "Robert Miller", "12 Elm St., 60614 Chicago", ""),
        person("c", "Grace Miller", ELM, "+1 312 555 0143"),
        person("d", "Oliver Miller", ELM, ""),
        person("e", "Zoe Fischer", OAK, ""),
    ]
}

fn office() -> Vec<Item> {
    vec![
        company("w", "Acme GmbH", TOWER),
        person("p", "Paul Smith", TOWER, ""),
        person("q", "Quentin Smith", TOWER, ""),
        person("r", "Rosa Keller", TOWER, ""),
    ]
}

on_both!(a_family_at_one_address_is_one_household_and_four_customers, async |db: &TestDb| {
    let jobs = jobs(db);
    let family = family();
    feed(&jobs, &family).await;
    settle(&jobs).await;
    let mut customers = BTreeSet::new();
    for item in &family {
        customers.insert(profile_of(&jobs, item).await);
    }
    assert_eq!(customers.len(), 5, "nobody was merged");
    assert_eq!(together(&jobs, &family).await, sets(&[&["a", "b", "c", "d"]]));
    let ann = profile_of(&jobs, &family[0]).await;
    let id = household_of(&jobs, &family[0]).await.unwrap();
    assert_eq!(id, HouseholdId::founded_by(ann, 0), "the profile known longest founds it");
    for (role, full) in [(Role::Support, true), (Role::Finance, false)] {
        let scope = Principal { subject: "t".into(), role }.scope();
        let found = jobs.store.households(&scope, &[id.0]).await.unwrap();
        let household = &found[&id.0];
        assert_eq!((household.name.as_deref(), household.size), (Some("Miller"), 4));
        assert_eq!(household.street.is_some(), full, "{role:?}");
    }
    let members = jobs.store.household_members(&Scope::system(), &[id.0]).await.unwrap();
    assert!(members[&id.0].iter().all(|m| m.weight > 0.0 && m.evidence.contains("address")));
    let report = jobs.derive(false).await.unwrap();
    assert_eq!(report.households.people, 0, "nothing changed, nothing is looked at");
});

on_both!(
    colleagues_at_the_office_are_no_household_until_the_company_leaves,
    async |db: &TestDb| {
        let jobs = jobs(db);
        let office = office();
        feed(&jobs, &office).await;
        settle(&jobs).await;
        assert!(together(&jobs, &office).await.is_empty());
        forget(&jobs, &office[0]).await;
        settle(&jobs).await;
        assert_eq!(together(&jobs, &office).await, sets(&[&["p", "q"]]), "a house like any other");
        feed(&jobs, &[Item { version: 2, ..office[0].clone() }]).await;
        settle(&jobs).await;
        assert!(together(&jobs, &office).await.is_empty());
    }
);

on_both!(merging_and_splitting_customers_leaves_households_right, async |db: &TestDb| {
    let jobs = jobs(db);
    let family = family();
    feed(&jobs, &family).await;
    settle(&jobs).await;
    let before = ties(db).await;
    let id = household_of(&jobs, &family[2]).await.unwrap();
    let (ann, robert) = (profile_of(&jobs, &family[0]).await, profile_of(&jobs, &family[1]).await);
    let living = jobs.merge(&steward(), &[ann, robert]).await.unwrap();
    let members = jobs.store.household_members(&Scope::system(), &[id.0]).await.unwrap();
    assert_eq!(members[&id.0].len(), 3, "one of them is two records now");
    assert_eq!(household_of(&jobs, &family[1]).await, Some(id), "the id stays");
    jobs.split(&steward(), living, &[family[1].key().id()]).await.unwrap();
    assert_same("before the merge and after the split", &before, &ties(db).await);
    assert_eq!(household_of(&jobs, &family[0]).await, Some(id));
    // Splitting for good: customers who were one person never end in two households.
    jobs.resolve(true).await.unwrap();
    jobs.derive(true).await.unwrap();
    assert_same("after the split and after a rebuild", &before, &ties(db).await);
});

on_both!(who_moves_changes_household_and_increments_equal_a_rebuild, async |db: &TestDb| {
    let jobs = jobs(db);
    let mut people = family();
    people.extend(office());
    feed(&jobs, &people).await;
    settle(&jobs).await;
    let first = household_of(&jobs, &people[1]).await.unwrap();
    // Ann, who founded the household, moves away and Max moves in with her.
    let moved = Item { version: 2, ..person("a", "Ann Miller", OAK, "+1 312 555 0142") };
    let max = person("m", "Max Miller", OAK, "");
    feed(&jobs, &[moved.clone(), max.clone()]).await;
    settle(&jobs).await;
    people[0] = moved;
    people.push(max);
    let expected = sets(&[&["b", "c", "d"], &["a", "m"]]);
    assert_eq!(together(&jobs, &people).await, expected);
    assert_eq!(household_of(&jobs, &people[1]).await, Some(first), "it stays with the majority");
    let ann = profile_of(&jobs, &people[0]).await;
    let second = household_of(&jobs, &people[0]).await;
    assert_eq!(second, Some(HouseholdId::founded_by(ann, 1)));
    let found = ties(db).await;
    jobs.derive(true).await.unwrap();
    assert_same("increments and a rebuild", &found, &ties(db).await);
    // Another database that never saw the old address, in another order.
    for reverse in [false, true] {
        let other = match db.store.backend() {
            store::Backend::Sqlite => TestDb::sqlite().await,
            store::Backend::Postgres => TestDb::postgres().await.unwrap(),
        };
        let fresh = crate::identity_flow::jobs(&other);
        let mut items = people.clone();
        if reverse {
            items.reverse();
        }
        for chunk in items.chunks(3) {
            feed(&fresh, chunk).await;
            settle(&fresh).await;
        }
        assert_eq!(together(&fresh, &items).await, expected);
    }
    // Gone and back again.
    forget(&jobs, &people[2]).await;
    settle(&jobs).await;
    feed(&jobs, &[Item { version: 3, ..people[2].clone() }]).await;
    settle(&jobs).await;
    assert_eq!(together(&jobs, &people).await, expected);
    assert_eq!(household_of(&jobs, &people[2]).await, Some(first));
});

on_both!(a_run_that_is_stopped_is_gone_on_with_by_the_next, async |db: &TestDb| {
    let jobs = jobs(db);
    let family = family();
    feed(&jobs, &family).await;
    jobs.resolve(false).await.unwrap();
    let stopped = Jobs { cancel: jobs::CancellationToken::new(), ..jobs.clone() };
    stopped.cancel.cancel();
    assert!(matches!(stopped.derive(false).await, Err(JobError::Stopped)));
    assert!(together(&jobs, &family).await.is_empty());
    let small = jobs::Options { derive_batch: 1, ..jobs.options.clone() };
    let slow = Jobs { options: small, ..jobs.clone() };
    slow.derive(false).await.unwrap();
    assert_eq!(together(&jobs, &family).await, sets(&[&["a", "b", "c", "d"]]));
    let marks = dump_tables(&db.url, |table| table.starts_with("dirty")).await;
    assert!(marks.values().all(Vec::is_empty), "{marks:?}");
});

/// Employments of a person: company's item, name, from, to.
async fn employments(jobs: &Jobs, item: &Item) -> Vec<(Option<ProfileId>, String, Option<String>)> {
    let id = profile_of(jobs, item).await.0;
    let found = jobs.store.employments_of(&Scope::system(), 10, &[id]).await.unwrap();
    let date = |at: Timestamp| at.to_string().chars().take(10).collect::<String>();
    let rows = found.get(&id).map_or(&[][..], Vec::as_slice);
    rows.iter().map(|e| (e.company, date(e.from), e.to.map(date))).collect()
}

on_both!(a_change_of_job_leaves_two_employments_with_dates, async |db: &TestDb| {
    let jobs = jobs(db);
    let acme = company("w", "Acme GmbH", TOWER);
    let globex = company("x", "Globex AG", OAK);
    let ann = person("a", "Ann Miller", ELM, "");
    feed_at(&jobs, &[acme.clone(), globex.clone()], day("2024-01-02")).await;
    feed_at(&jobs, &[employed(&ann, 1, Some("w"), None)], day("2024-01-02")).await;
    settle(&jobs).await;
    let first = profile_of(&jobs, &acme).await;
    assert_eq!(employments(&jobs, &ann).await, [(Some(first), "2024-01-01".into(), None)]);
    // The vendor's version is the time of the change; we saw it a month later.
    let changed = day("2025-03-01").as_millis();
    feed_at(&jobs, &[employed(&ann, changed, Some("x"), None)], day("2025-04-01")).await;
    settle(&jobs).await;
    let second = profile_of(&jobs, &globex).await;
    let expected = [
        (Some(second), "2025-03-01".to_owned(), None),
        (Some(first), "2024-01-01".to_owned(), Some("2025-03-01".to_owned())),
    ];
    assert_eq!(employments(&jobs, &ann).await, expected);
    let found = ties(db).await;
    jobs.derive(true).await.unwrap();
    assert_same("increments and a rebuild", &found, &ties(db).await);
    // A later day, another change of the record: the employment stays as it is.
    let later = Jobs { clock: Arc::new(Still(noon().plus_millis(86_400_000))), ..jobs.clone() };
    let again = day("2026-01-01").as_millis();
    feed_at(&later, &[employed(&ann, again, Some("x"), Some("ignored"))], noon()).await;
    settle(&later).await;
    assert_eq!(employments(&later, &ann).await, expected);
});

on_both!(
    an_employer_that_is_only_named_is_the_company_of_that_name_once_it_is_known,
    async |db: &TestDb| {
        let jobs = jobs(db);
        let ann = employed(&person("a", "Ann Miller", ELM, ""), 1, None, Some("ACME"));
        feed(&jobs, std::slice::from_ref(&ann)).await;
        settle(&jobs).await;
        assert_eq!(employments(&jobs, &ann).await, [(None, "2024-01-01".into(), None)]);
        let acme = company("w", "Acme GmbH", TOWER);
        feed(&jobs, std::slice::from_ref(&acme)).await;
        settle(&jobs).await;
        let id = profile_of(&jobs, &acme).await;
        assert_eq!(employments(&jobs, &ann).await, [(Some(id), "2024-01-01".into(), None)]);
        forget(&jobs, &acme).await;
        settle(&jobs).await;
        assert_eq!(employments(&jobs, &ann).await, [(None, "2024-01-01".into(), None)]);
    }
);
