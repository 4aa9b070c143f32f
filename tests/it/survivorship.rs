//! Golden fields: which record's value survives, and what people set by hand; on both databases.

use crate::database::{TestDb, on_both};
use crate::dump::{assert_same, dump, dump_tables};
use crate::identity_flow::{
    Item, Still, company, feed, feed_version, jobs, noon, person, profile_of, settle, steward,
};
use crate::served::{Served, codes, nodes, on_both_served};
use domain::{
    Canonical, Link, LinkRole, Principal, ProfileId, ProfileKind, RecordKey, Role, Tombstone,
};
use identity::{FieldRules, GoldenFieldName, Rules, SurvivorshipKey, SurvivorshipRule};
use jobs::{JobError, Jobs};
use serde_json::{Value, json};
use std::sync::Arc;
use store::{Outcome, PageCommit};

/// The same jobs, some minutes later.
fn later(jobs: &Jobs, minutes: i64) -> Jobs {
    Jobs { clock: Arc::new(Still(noon().plus_millis(minutes * 60_000))), ..jobs.clone() }
}

/// The same jobs with other rules for one field.
fn with_rules(jobs: &Jobs, order: &[SurvivorshipRule], never_from: &[&str]) -> Jobs {
    let own = FieldRules {
        rules: Some(order.to_vec()),
        never_from: Some(never_from.iter().map(|s| (*s).to_owned()).collect()),
    };
    let rules = Rules::default();
    let key = SurvivorshipKey::Field(GoldenFieldName::JobTitle);
    let rules = Rules {
        source_priority: vec!["stripe".into(), "hubspot".into()],
        survivorship: rules.survivorship.with(key, own),
        ..rules
    };
    assert_eq!(rules.problems(), Vec::<String>::new());
    Jobs { identity: Arc::new(rules), ..jobs.clone() }
}

fn titled(item: Item, title: &str) -> Item {
    let Canonical::Contact(mut contact) = item.body else { panic!("a person") };
    contact.job_title = (!title.is_empty()).then(|| title.to_owned());
    Item { body: Canonical::Contact(contact), ..item }
}

/// One person in three sources, each with another job title.
fn ann() -> [Item; 3] {
    let of = |source, id, title| {
        titled(person(source, id, "Ann Larsen", "ann@larsen.example", "+4930901820"), title)
    };
    [
        of("hubspot", "h1", "Buyer"),
        of("zendesk", "z1", "Head of Purchasing"),
        of("stripe", "s1", "buyer"),
    ]
}

/// A golden field: value, record, rule.
async fn field(db: &TestDb, profile: ProfileId, name: &str) -> Option<(String, i64, String)> {
    let rows = dump_tables(&db.url, |table| table == "profile_field").await;
    let start = format!("{}|{name}|", profile.0);
    let row = rows["profile_field"].iter().find_map(|row| row.strip_prefix(&start))?;
    let parts: Vec<&str> = row.split('|').collect();
    Some((parts[0].to_owned(), parts[1].parse().unwrap(), parts[2].to_owned()))
}

async fn value(db: &TestDb, profile: ProfileId, name: &str) -> Option<String> {
    field(db, profile, name).await.map(|(value, _, _)| value)
}

fn record(source: &str, id: &str) -> i64 {
    RecordKey::new(source, "contacts", id).id().0
}

on_both!(the_configured_rule_chooses_and_a_change_of_it_takes_effect, async |db: &TestDb| {
    use SurvivorshipRule::{Longest, MostFrequent, MostRecent, MostTrusted};
    let jobs = jobs(db);
    let [hubspot, zendesk, stripe] = ann();
    feed_version(&jobs, &[hubspot], 30).await;
    feed_version(&jobs, &[zendesk], 20).await;
    feed_version(&jobs, &[stripe], 10).await;
    jobs.resolve(false).await.unwrap();
    let profile = profile_of(&jobs, "hubspot", "h1").await;
    for (order, never, expected) in [
        (&[MostRecent][..], &[][..], Some(("Buyer", "hubspot", "h1", "most_recent"))),
        (&[MostTrusted], &[], Some(("buyer", "stripe", "s1", "most_trusted"))),
        (&[Longest], &[], Some(("Head of Purchasing", "zendesk", "z1", "longest"))),
        (&[MostFrequent, MostTrusted], &[], Some(("buyer", "stripe", "s1", "most_frequent"))),
        (&[MostRecent], &["hubspot"], Some(("Head of Purchasing", "zendesk", "z1", "most_recent"))),
        (
            &[MostRecent],
            &["hubspot", "stripe"],
            Some(("Head of Purchasing", "zendesk", "z1", "only")),
        ),
        (&[MostRecent], &["hubspot", "stripe", "zendesk"], None),
    ] {
        let jobs = with_rules(&jobs, order, never);
        // Not a full derivation: that the rules are others is noticed.
        jobs.derive(false).await.unwrap();
        let expected = expected.map(|(value, source, id, rule)| {
            (value.to_owned(), record(source, id), rule.to_owned())
        });
        assert_eq!(field(db, profile, "job_title").await, expected, "{order:?} {never:?}");
    }
});

on_both!(what_is_set_by_hand_holds_over_syncs_and_rebuilds_until_cleared, async |db: &TestDb| {
    let jobs = jobs(db);
    feed(&jobs, &ann()).await;
    settle(&jobs).await;
    let before = dump(&db.url).await;
    let profile = profile_of(&jobs, "hubspot", "h1").await;
    let by = steward();
    let set = |value| jobs.override_field(&by, profile, "job_title", value, "by phone");
    assert_eq!(set(Some(" Chief Buyer ")).await.unwrap(), profile);
    let (text, anchor, rule) = field(db, profile, "job_title").await.unwrap();
    assert_eq!((text.as_str(), rule.as_str()), ("Chief Buyer", "override"));
    assert!(ann().iter().any(|item| record(item.source, &item.id) == anchor), "a member");
    // Later syncs say something else, the record that it is attached to among them.
    for version in 2..4 {
        let items = ann().map(|item| titled(item, &format!("Assistant {version}")));
        feed_version(&jobs, &items, version).await;
        settle(&jobs).await;
        assert_eq!(value(db, profile, "job_title").await.as_deref(), Some("Chief Buyer"));
    }
    let kept = dump(&db.url).await;
    jobs.resolve(true).await.unwrap();
    jobs.derive(true).await.unwrap();
    assert_same("increments and a full rebuild", &kept, &dump(&db.url).await);
    // Another one replaces it; a field that no record knows can be set, and is found by search.
    set(Some("Owner")).await.unwrap();
    jobs.override_field(&steward(), profile, "city", Some("Malmö"), "by post").await.unwrap();
    jobs.override_field(&steward(), profile, "email", Some("Ann@New.example"), "mail")
        .await
        .unwrap();
    assert_eq!(value(db, profile, "job_title").await.as_deref(), Some("Owner"));
    assert_eq!(value(db, profile, "city").await.as_deref(), Some("Malmö"));
    let rows = dump_tables(&db.url, |table| table == "profile").await;
    let row = rows["profile"].iter().find(|r| r.starts_with(&format!("{}|", profile.0))).unwrap();
    assert!(row.contains("Ann@New.example") && row.contains("malmo"), "{row}");
    for name in ["job_title", "city", "email"] {
        jobs.override_field(&steward(), profile, name, None, "was wrong").await.unwrap();
    }
    assert_eq!(value(db, profile, "city").await, None);
    assert_eq!(value(db, profile, "job_title").await.as_deref(), Some("Assistant 3"));
    feed_version(&jobs, &ann(), 1_000).await;
    settle(&jobs).await;
    let after = dump(&db.url).await;
    for table in ["profile", "profile_field", "profile_numbers", "rollup_cell", "field_override"] {
        assert_eq!(before[table], after[table], "{table}: as if nothing had ever been set");
    }
});

on_both!(an_override_goes_with_its_record_through_merge_and_split, async |db: &TestDb| {
    let jobs = jobs(db);
    let bob = person("hubspot", "h22", "Bob Stone", "bob@stone.example", "");
    feed(&jobs, &[ann().to_vec(), vec![bob]].concat()).await;
    settle(&jobs).await;
    let (ann, bob) =
        (profile_of(&jobs, "hubspot", "h1").await, profile_of(&jobs, "hubspot", "h22").await);
    let title = async |source, id| {
        value(db, profile_of(&jobs, source, id).await, "job_title").await.unwrap_or_default()
    };
    later(&jobs, 1).override_field(&steward(), bob, "job_title", Some("Baker"), "x").await.unwrap();
    later(&jobs, 2).override_field(&steward(), ann, "job_title", Some("Smith"), "x").await.unwrap();
    let untouched = dump(&db.url).await;
    let living = jobs.merge(&steward(), &[ann, bob]).await.unwrap();
    assert_eq!(value(db, living, "job_title").await.as_deref(), Some("Smith"), "the later one");
    let bobs = RecordKey::new("hubspot", "contacts", "h22").id();
    assert_eq!(jobs.split(&steward(), living, &[bobs]).await.unwrap().len(), 2);
    assert_eq!(
        (title("hubspot", "h1").await, title("hubspot", "h22").await),
        ("Smith".into(), "Baker".into())
    );
    let apart = dump(&db.url).await;
    for table in ["profile", "profile_field", "field_override", "rollup_cell"] {
        assert_eq!(untouched[table], apart[table], "{table}: merge then split is never merged");
    }
    // Set while they are one: it belongs to the part that holds the record it is attached to.
    let living = jobs.merge(&steward(), &[ann, bob]).await.unwrap();
    let set = later(&jobs, 3);
    set.override_field(&steward(), living, "job_title", Some("Sailor"), "x").await.unwrap();
    let (_, anchor, _) = field(db, living, "job_title").await.unwrap();
    jobs.split(&steward(), living, &[bobs]).await.unwrap();
    let (anns, bobs_title) = (title("zendesk", "z1").await, title("hubspot", "h22").await);
    assert_ne!(anchor, bobs.0, "Smith was hers, and what replaces it is too");
    assert_eq!((anns.as_str(), bobs_title.as_str()), ("Sailor", "Baker"));
    // The record that it is attached to leaves: it goes along, and the rest has none.
    let hers = jobs.store.find_members(profile_of(&jobs, "hubspot", "h1").await).await.unwrap();
    let (profile, _, members) = hers.unwrap();
    let moved = *members.iter().find(|record| record.0 == anchor).unwrap();
    jobs.split(&steward(), profile, &[moved]).await.unwrap();
    for member in members {
        let of = jobs.store.load_membership(ProfileKind::Person, &[member]).await.unwrap()[&member];
        let (_, _, rule) = field(db, of, "job_title").await.unwrap();
        assert_eq!(rule == "override", member == moved, "{member}");
    }
    // Cleared while they are one, it is cleared for good.
    let mut parts = vec![profile_of(&jobs, "hubspot", "h22").await];
    for (source, id) in [("hubspot", "h1"), ("zendesk", "z1"), ("stripe", "s1")] {
        parts.push(profile_of(&jobs, source, id).await);
    }
    let living = jobs.merge(&steward(), &parts).await.unwrap();
    jobs.override_field(&steward(), living, "job_title", None, "neither").await.unwrap();
    jobs.split(&steward(), living, &[bobs]).await.unwrap();
    assert_eq!(title("hubspot", "h22").await, "");
    assert_eq!(dump(&db.url).await["field_override"], Vec::<String>::new());
});

on_both!(an_override_survives_that_the_vendor_merges_its_record_away, async |db: &TestDb| {
    let jobs = jobs(db);
    let [hubspot, ..] = ann();
    let twin = Item { id: "h333".into(), ..hubspot.clone() };
    feed(&jobs, &[hubspot]).await;
    settle(&jobs).await;
    let profile = profile_of(&jobs, "hubspot", "h1").await;
    jobs.override_field(&steward(), profile, "job_title", Some("Owner"), "x").await.unwrap();
    feed(&jobs, &[twin]).await;
    let (lease, _) = jobs.store.acquire("hubspot", "contacts", "test:0:0", noon()).await.unwrap();
    let merges = [domain::Merge { from_external_id: "h1".into(), into_external_id: "h333".into() }];
    let page = PageCommit {
        records: &[],
        rejects: &[],
        tombstones: &[] as &[Tombstone],
        merges: &merges,
        next_state: "2",
        requests: 1,
        observed_at: noon(),
    };
    jobs.store.commit_page(&lease, &page).await.unwrap();
    jobs.store.release(&lease, Outcome::Done, noon()).await.unwrap();
    settle(&jobs).await;
    let living = profile_of(&jobs, "hubspot", "h333").await;
    assert_eq!(value(db, living, "job_title").await.as_deref(), Some("Owner"));
    later(&jobs, 1).override_field(&steward(), living, "job_title", None, "x").await.unwrap();
    assert_eq!(value(db, living, "job_title").await.as_deref(), Some("Buyer"));
});

on_both!(the_size_of_a_company_set_by_hand_reaches_its_people, async |db: &TestDb| {
    let jobs = jobs(db);
    let mut clerk = person("hubspot", "h1", "Ann Larsen", "ann@acme.example", "");
    if let Canonical::Contact(contact) = &mut clerk.body {
        let target = RecordKey::new("hubspot", "companies", "c1");
        contact.links = vec![Link { role: LinkRole::Company, target }];
    }
    feed(&jobs, &[company("c1", "Acme GmbH", "acme.example"), clerk]).await;
    settle(&jobs).await;
    let firm = RecordKey::new("hubspot", "companies", "c1").id();
    let firm = jobs.store.load_membership(ProfileKind::Company, &[firm]).await.unwrap()[&firm];
    let segments = async || {
        let rows = dump_tables(&db.url, |table| table == "profile").await;
        rows["profile"].iter().map(|r| r.split('|').nth(9).unwrap().to_owned()).collect::<Vec<_>>()
    };
    let before = segments().await;
    assert_eq!((before.len(), &before[0]), (2, &before[1]), "the clerk counts as the company does");
    jobs.override_field(&steward(), firm, "employee_count", Some("90000"), "x").await.unwrap();
    let after = segments().await;
    assert_eq!(after[0], after[1]);
    assert_ne!(before, after);
    let kept = dump(&db.url).await;
    jobs.derive(true).await.unwrap();
    assert_same("the change and a full rebuild", &kept, &dump(&db.url).await);
});

on_both!(wrong_requests_are_refused_by_field_and_change_nothing, async |db: &TestDb| {
    let jobs = jobs(db);
    feed(&jobs, &ann()).await;
    settle(&jobs).await;
    let profile = profile_of(&jobs, "hubspot", "h1").await;
    let before = dump(&db.url).await;
    let long = "x".repeat(501);
    for (name, text, reason, wrong) in [
        ("shoe_size", Some("44"), "x", "field"),
        ("employee_count", Some("44"), "x", "field"),
        ("email", Some("not an address"), "x", "value"),
        ("job_title", Some("  "), "x", "value"),
        ("job_title", Some("Chief"), "  ", "reason"),
        ("job_title", None, "", "reason"),
        ("job_title", Some("Chief"), &long, "reason"),
    ] {
        let error = jobs.override_field(&steward(), profile, name, text, reason).await.unwrap_err();
        let JobError::InvalidInput { field, message } = error else { panic!("{error}") };
        assert_eq!(field, wrong, "{message}");
        assert!(text.is_none_or(|t| t.trim().is_empty() || !message.contains(t)), "{message}");
    }
    let nobody = jobs.override_field(&steward(), ProfileId(7), "city", Some("Rome"), "x").await;
    assert!(matches!(nobody, Err(JobError::UnknownProfile { .. })), "{nobody:?}");
    let sales = Principal { subject: "sue".into(), role: Role::Sales };
    let refused = jobs.override_field(&sales, profile, "city", Some("Rome"), "x").await;
    assert!(matches!(refused, Err(JobError::Store(store::StoreError::Conflict(_)))), "{refused:?}");
    assert_same("before and after", &before, &dump(&db.url).await);
});

const SET: &str = "mutation($input: OverrideFieldInput!) { overrideField(input: $input) { customer { id jobTitle \
    golden(fields: [\"job_title\"]) { value rule record { id } override { by at reason } } } \
    userErrors { code message field } } }";

async fn somebody(gateway: &Served) -> Value {
    let query = "{ customers(first: 100, filter: { kind: PERSON }) { edges { node { id jobTitle \
        golden(fields: [\"job_title\"]) { value rule record { id } override { by } } } } } }";
    let all = gateway.all(query, json!({})).await;
    let titled = |one: &&&Value| one["jobTitle"].is_string();
    nodes(&all["customers"]).iter().find(titled).copied().cloned().expect("somebody with a title")
}

on_both_served!(a_steward_sets_a_field_and_everybody_sees_who_and_why, async |gateway: &Served| {
    let person = somebody(gateway).await;
    assert!(person["golden"][0]["override"].is_null());
    let input = |field: &str, value: Value, reason: &str| json!({ "input": { "customer": person["id"], "field": field, "value": value, "reason": reason } });
    let set = input("job_title", json!("Chief of everything"), "said so at the fair");
    let done = gateway.data(Role::Steward, SET, set.clone()).await["overrideField"].take();
    assert_eq!(done["userErrors"], json!([]), "{done}");
    let golden = &done["customer"]["golden"][0];
    assert_eq!(
        (&golden["value"], &golden["rule"]),
        (&json!("Chief of everything"), &json!("override"))
    );
    assert_eq!(done["customer"]["jobTitle"], "Chief of everything");
    assert_eq!(
        golden["record"], person["golden"][0]["record"],
        "it goes with the record it corrects"
    );
    assert_eq!(golden["override"]["by"], "test-steward");
    assert_eq!(golden["override"]["reason"], "said so at the fair");
    assert!(golden["override"]["at"].as_str().is_some_and(|at| at.ends_with('Z')), "{golden}");
    // Two in one request: each answers what is so after it.
    let both = "mutation($set: OverrideFieldInput!, $clear: OverrideFieldInput!) { \
        clear: overrideField(input: $clear) { customer { golden(fields: [\"job_title\"]) { value rule } } } \
        set: overrideField(input: $set) { customer { golden(fields: [\"job_title\"]) { value rule } } } }";
    let clear = input("job_title", Value::Null, "was a joke");
    let variables = json!({ "set": set["input"], "clear": clear["input"] });
    let done = gateway.data(Role::Admin, both, variables).await;
    assert_eq!(done["clear"]["customer"]["golden"][0]["value"], person["jobTitle"]);
    assert_eq!(done["set"]["customer"]["golden"][0]["rule"], "override");
    let done = gateway.data(Role::Admin, SET, clear).await["overrideField"].take();
    let mut golden = done["customer"]["golden"].clone();
    assert_eq!(golden[0]["override"].take(), Value::Null);
    let mut expected = person["golden"].clone();
    expected[0]["override"].take();
    assert_eq!(golden, expected, "as if it had never been set");
    // Who may not, and what is wrong.
    for role in [Role::Sales, Role::Support, Role::Finance, Role::Service] {
        let answer = gateway.ask(role, SET, set.clone()).await;
        assert_eq!(codes(&answer), ["FORBIDDEN"], "{role:?}");
    }
    for (bad, field) in [
        (input("shoe_size", json!("44"), "x"), "field"),
        (input("country", json!("Atlantis"), "x"), "value"),
        (input("job_title", json!("Chief"), " "), "reason"),
    ] {
        let refused = gateway.data(Role::Steward, SET, bad).await["overrideField"].take();
        assert!(refused["customer"].is_null());
        let error = &refused["userErrors"][0];
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!("INVALID"), &json!(field)),
            "{error}"
        );
    }
    let nobody = json!({ "input": { "customer": "c_0000000000000", "field": "city", "value": "Rome", "reason": "x" } });
    let refused = gateway.data(Role::Steward, SET, nobody).await["overrideField"].take();
    assert_eq!(refused["userErrors"][0]["code"], "NOT_FOUND", "{refused}");
    // The audit log names the field and not the value.
    let log = gateway
        .all("{ auditLog(first: 10) { edges { node { action subject detail } } } }", json!({}))
        .await;
    let entries: Vec<Value> = nodes(&log["auditLog"])
        .into_iter()
        .filter(|e| e["action"] == "override_field")
        .cloned()
        .collect();
    assert_eq!(entries.len(), 4, "{log}");
    assert_eq!(entries[3]["subject"], "test-steward");
    let told = entries[3]["detail"].to_string();
    assert!(
        told.contains("job_title") && told.contains("at the fair") && !told.contains("Chief"),
        "{told}"
    );
});
