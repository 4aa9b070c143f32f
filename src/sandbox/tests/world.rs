//! The world: determinism, sizes, mixes, and a truth that scores right.

use super::small;
use crate::hubspot::Kind;
use crate::{RecordRef, TruthKind, World, WorldConfig};
use std::collections::{BTreeMap, HashSet};

fn fingerprint(world: &World) -> String {
    let mut out = String::new();
    for kind in Kind::ALL {
        for row in world.crm.table(kind).rows() {
            out.push_str(&format!("{row:?}\n"));
        }
    }
    out.push_str(&format!("{:?}{:?}{:?}", world.desk, world.books, world.counts()));
    out
}

#[test]
fn the_same_seed_gives_the_same_world_and_another_seed_another() {
    let (a, b, c) = (World::new(small(3)), World::new(small(3)), World::new(small(4)));
    assert!(books_equal(&a, &b));
    assert_ne!(a.counts(), c.counts());
}

/// Hash maps print in no order, so the parts are compared one by one.
fn books_equal(a: &World, b: &World) -> bool {
    let rows = |w: &World| {
        Kind::ALL.map(|k| w.crm.table(k).rows().map(|r| format!("{r:?}")).collect::<Vec<_>>())
    };
    rows(a) == rows(b)
        && format!("{:?}", a.desk) == format!("{:?}", b.desk)
        && format!("{:?}", a.books.invoices) == format!("{:?}", b.books.invoices)
        && format!("{:?}", a.books.charges) == format!("{:?}", b.books.charges)
        && format!("{:?}", a.books.customers) == format!("{:?}", b.books.customers)
        && format!("{:?}", a.books.subscriptions) == format!("{:?}", b.books.subscriptions)
        && format!("{:?}", a.books.events) == format!("{:?}", b.books.events)
        && a.spend_csv() == b.spend_csv()
}

#[test]
fn time_passes_the_same_in_one_step_or_in_many() {
    let (mut a, mut b) = (World::new(small(3)), World::new(small(3)));
    let now = a.now_ms();
    a.advance_to(now + 20 * 86_400_000);
    for day in 1..=40 {
        b.advance_to(now + day * 43_200_000);
    }
    assert!(books_equal(&a, &b));
    assert_ne!(fingerprint(&a), fingerprint(&World::new(small(3))));
}

#[test]
fn the_default_world_has_the_promised_size_and_mix() {
    let world = World::new(WorldConfig::default());
    let counts = world.counts();
    let n = |vendor, stream| counts.get(&(vendor, stream)).copied().unwrap_or(0);
    assert!((3_500..4_700).contains(&n("hubspot", "contacts")), "{counts:?}");
    assert!((760..900).contains(&n("hubspot", "companies")), "{counts:?}");
    assert!((1_200..3_500).contains(&n("hubspot", "deals")), "{counts:?}");
    assert!((1_900..2_800).contains(&n("zendesk", "users")), "{counts:?}");
    assert!((5_000..14_000).contains(&n("zendesk", "tickets")), "{counts:?}");
    assert!((1_700..2_900).contains(&n("stripe", "customers")), "{counts:?}");
    assert!((8_000..40_000).contains(&n("stripe", "invoices")), "{counts:?}");
    assert!(n("stripe", "refunds") > 150, "{counts:?}");

    let truth = world.truth();
    let people = truth.clusters(TruthKind::Person);
    assert!((4_700..=5_000).contains(&people.len()), "{}", people.len());
    assert!(people.iter().filter(|c| c.len() > 1).count() > 2_000);
    let companies = truth.clusters(TruthKind::Company);
    assert!((700..=800).contains(&companies.len()), "{}", companies.len());
    assert!(companies.iter().filter(|c| c.len() > 1).count() > 350);
    // role mailboxes are nobody
    assert!(truth.iter().filter(|(_, t)| t.person.is_none() && t.company.is_none()).count() > 50);

    let share = |part: usize, whole: usize| part as f64 / whole as f64;
    let pointing = world
        .books
        .customers
        .iter()
        .filter(|c| c.metadata.iter().any(|(k, _)| *k == "hubspot_contact_id"))
        .count();
    assert!((0.08..0.30).contains(&share(pointing, world.books.customers.len())), "{pointing}");
    let known = world.desk.users.rows().filter(|u| u.external_id.is_some()).count();
    assert!((0.10..0.30).contains(&share(known, world.desk.users.len())), "{known}");
    let currencies: HashSet<&str> = world.books.invoices.iter().map(|i| i.currency).collect();
    assert_eq!(currencies, HashSet::from(["usd", "eur", "gbp", "jpy", "pln", "inr", "sek"]));
    let merged = world.crm.table(Kind::Contacts).rows().filter(|c| !c.merged.is_empty()).count();
    assert!(merged > 30, "{merged}");
    let sources: BTreeMap<_, _> =
        world.crm.table(Kind::Contacts).rows().filter_map(|c| c.get("hs_analytics_source")).fold(
            BTreeMap::new(),
            |mut m, s| {
                *m.entry(s.to_owned()).or_insert(0) += 1;
                m
            },
        );
    assert!(sources.len() >= 7, "{sources:?}");
}

#[test]
fn nothing_is_dated_in_the_future() {
    let mut world = World::new(small(11));
    world.advance_to(world.now_ms() + 3 * 86_400_000);
    let now = world.now_ms();
    for kind in Kind::ALL {
        assert!(
            world
                .crm
                .table(kind)
                .rows()
                .all(|o| o.updated_ms <= now && o.created_ms <= o.updated_ms)
        );
    }
    assert!(world.desk.tickets.rows().all(|t| t.updated_ms <= now && t.created_ms <= t.updated_ms));
    assert!(world.books.events.iter().all(|e| e.created_ms <= now));
    let mut last = 0;
    for invoice in &world.books.invoices {
        assert!(invoice.created_ms >= last && invoice.created_ms <= now);
        last = invoice.created_ms;
    }
}

#[test]
fn addresses_are_unique_where_the_vendor_says_so() {
    let world = World::new(WorldConfig { people: 1_500, companies: 200, ..WorldConfig::default() });
    let mut seen = HashSet::new();
    for contact in world.crm.table(Kind::Contacts).rows().filter(|c| c.archived_ms.is_none()) {
        if let Some(mail) = contact.get("email") {
            assert!(seen.insert(mail.to_lowercase()), "two contacts have one address");
        }
    }
    let mut seen = HashSet::new();
    for mail in world.desk.users.rows().filter_map(|u| u.mail.as_ref()) {
        assert!(seen.insert(mail.to_lowercase()), "two users have one address");
    }
}

#[test]
fn the_score_counts_pairs() {
    let world = World::new(small(5));
    let truth = world.truth();
    let perfect = truth.score(TruthKind::Person, &truth.clusters(TruthKind::Person));
    assert_eq!((perfect.precision, perfect.recall, perfect.f1), (1.0, 1.0, 1.0));
    assert!(perfect.pairs_true > 100 && perfect.records_missing == 0);
    assert_eq!(perfect.entities, perfect.clusters);

    let alone: Vec<Vec<RecordRef>> = truth.iter().map(|(r, _)| vec![r.clone()]).collect();
    let split = truth.score(TruthKind::Person, &alone);
    assert_eq!((split.precision, split.recall, split.pairs_found), (1.0, 0.0, 0));

    let all: Vec<RecordRef> = truth.iter().map(|(r, _)| r.clone()).collect();
    let lumped = truth.score(TruthKind::Company, &[all]);
    assert_eq!(lumped.recall, 1.0);
    assert!(lumped.precision < 0.1);

    let mut clusters = truth.clusters(TruthKind::Company);
    let (a, b) = (clusters.pop().unwrap(), clusters.pop().unwrap());
    let wrong = (a.len() * b.len()) as u64;
    clusters.push(
        a.into_iter()
            .chain(b)
            .chain([RecordRef::new("stripe", "customers", "cus_unknown")])
            .collect(),
    );
    let joined = truth.score(TruthKind::Company, &clusters);
    assert_eq!(joined.pairs_found - joined.pairs_right, wrong);
    assert_eq!(truth.score(TruthKind::Person, &[]).records_missing, perfect.records);
}

#[test]
fn merged_and_deleted_records_have_no_truth() {
    let mut world = World::new(small(5));
    let ids: Vec<u64> = world
        .crm
        .table(Kind::Contacts)
        .rows()
        .filter(|c| c.archived_ms.is_none())
        .map(|c| c.id)
        .take(4)
        .collect();
    let reference = |id: u64| RecordRef::new("hubspot", "contacts", id.to_string());
    assert!(world.truth().find(&reference(ids[1])).is_some());
    let kept = world.merge_contacts(ids[0], ids[1], false).unwrap();
    assert_eq!(kept, ids[0]);
    assert!(world.archive_contact(ids[2]));
    let truth = world.truth();
    assert!(truth.find(&reference(ids[1])).is_none() && truth.find(&reference(ids[2])).is_none());
    assert!(truth.find(&reference(kept)).is_some());
    assert_eq!(
        world.merge_contacts(ids[0], ids[2], false),
        None,
        "an archived contact cannot be merged"
    );
    assert_eq!(world.merge_contacts(ids[0], ids[0], false), None);
}

#[test]
fn spend_covers_the_paid_channels_and_does_not_change_with_time() {
    let mut world = World::new(small(5));
    let before = world.spend_csv();
    assert!(
        before.starts_with(
            "date,channel,campaign,currency,amount\n2024-09-01,PAID_SEARCH,brand,USD,"
        )
    );
    assert!(before.lines().count() > 730 * 4);
    world.advance_to(world.now_ms() + 5 * 86_400_000);
    let after = world.spend_csv();
    assert!(after.starts_with(&before) && after.len() > before.len());
    for line in before.lines().skip(1) {
        let amount = line.rsplit(',').next().unwrap();
        assert!(amount.split_once('.').is_some_and(|(_, cents)| cents.len() == 2), "{line}");
    }
}
