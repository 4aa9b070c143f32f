//! Committing pages: idempotence, versions, deletions, merges, quarantine, leases; on both databases.

use crate::database::{TestDb, on_both};
use crate::dump::{assert_same, dump};
use domain::{
    Canonical, Contact, Link, LinkRole, Merge, Money, Payload, Payment, PaymentStatus, Pii,
    RecordKey, Reject, SourceRecord, Timestamp, Tombstone,
};
use store::{CommitOutcome, EntityIdentifiers, Lease, Outcome, PageCommit, StoreError};

type Row = (SourceRecord, Vec<EntityIdentifiers>);

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + ms)
}

pub fn contact(id: &str, version: i64, name: &str) -> Row {
    let contact = Contact {
        full_name: Some(Pii::new(name)),
        emails: vec![Pii::new(format!("{id}@example.org"))],
        ..Contact::default()
    };
    let record = SourceRecord {
        external_id: id.to_owned(),
        version,
        occurred_at: None,
        payload: Payload::new(format!("{{\"id\":\"{id}\",\"name\":\"{name}\"}}")),
        canonical: vec![Canonical::Contact(contact)],
        identifiers: Vec::new(),
    };
    (record, Vec::new())
}

pub fn payment(id: &str, payer: &str, minor: i64) -> Row {
    let payment = Payment {
        status: PaymentStatus::Succeeded,
        amount: Money::from_minor(minor, domain::Currency::parse("EUR").unwrap()),
        method: None,
        failure_code: None,
        paid_at: Some(at(0)),
        links: vec![Link {
            role: LinkRole::Contact,
            target: RecordKey::new("crm", "contacts", payer),
        }],
    };
    let record = SourceRecord {
        external_id: id.to_owned(),
        version: 1,
        occurred_at: Some(at(0)),
        payload: Payload::new(format!("{{\"id\":\"{id}\",\"minor\":{minor}}}")),
        canonical: vec![Canonical::Payment(payment)],
        identifiers: Vec::new(),
    };
    (record, Vec::new())
}

async fn lease(db: &TestDb, stream: &str) -> Lease {
    db.store.acquire("crm", stream, "me", at(0)).await.unwrap().0
}

async fn commit(db: &TestDb, lease: &Lease, rows: &[Row]) -> CommitOutcome {
    commit_page(db, lease, rows, &[], &[], &[]).await
}

async fn commit_page(
    db: &TestDb,
    lease: &Lease,
    records: &[Row],
    rejects: &[Reject],
    tombstones: &[Tombstone],
    merges: &[Merge],
) -> CommitOutcome {
    let page = PageCommit {
        records,
        rejects,
        tombstones,
        merges,
        next_state: "{\"at\":1}",
        requests: 1,
        observed_at: at(1),
    };
    db.store.commit_page(lease, &page).await.unwrap()
}

on_both!(a_page_committed_twice_leaves_what_one_commit_leaves, async |db: &TestDb| {
    let lease = lease(db, "contacts").await;
    let rows = [contact("1", 5, "Ann"), contact("2", 5, "Bob"), contact("1", 6, "Anne")];
    let first = commit(db, &lease, &rows).await;
    assert_eq!((first.written, first.unchanged), (2, 0), "the newer version of a page counts");
    let before = dump(&db.url).await;
    let second = commit(db, &lease, &rows).await;
    assert_eq!((second.written, second.unchanged), (0, 2));
    assert_same("one commit and two", &before, &dump(&db.url).await);
    assert_eq!(before["contact"].len(), 2);
});

on_both!(an_older_version_never_overwrites_a_newer_one, async |db: &TestDb| {
    let lease = lease(db, "contacts").await;
    commit(db, &lease, &[contact("1", 9, "New")]).await;
    let outcome = commit(db, &lease, &[contact("1", 3, "Old")]).await;
    assert_eq!((outcome.written, outcome.stale), (0, 1));
    let rows = dump(&db.url).await;
    assert!(rows["contact"][0].contains("New"));
    assert!(rows["source_record_version"].is_empty());
});

on_both!(every_revision_is_kept_as_received, async |db: &TestDb| {
    let lease = lease(db, "contacts").await;
    for (version, name) in [(1, "A"), (2, "B"), (3, "C")] {
        commit(db, &lease, &[contact("1", version, name)]).await;
    }
    let rows = dump(&db.url).await;
    assert_eq!(rows["source_record_version"].len(), 2);
    assert!(rows["source_record"][0].contains("\"name\":\"C\""));
});

on_both!(
    a_deleted_record_leaves_no_trace_but_its_payload_and_may_come_back,
    async |db: &TestDb| {
        let lease = lease(db, "contacts").await;
        commit(db, &lease, &[contact("1", 1, "Ann")]).await;
        let gone = [Tombstone { external_id: "1".into(), version: 2 }];
        assert_eq!(commit_page(db, &lease, &[], &[], &gone, &[]).await.removed, 1);
        let rows = dump(&db.url).await;
        assert!(rows["contact"].is_empty() && rows["source_record"].len() == 1);
        assert_eq!(commit_page(db, &lease, &[], &[], &gone, &[]).await.removed, 0, "gone already");
        let stale = [Tombstone { external_id: "1".into(), version: 1 }];
        assert_eq!(commit(db, &lease, &[contact("1", 3, "Ann")]).await.written, 1);
        assert_eq!(
            commit_page(db, &lease, &[], &[], &stale, &[]).await.removed,
            0,
            "older than the record"
        );
        assert_eq!(dump(&db.url).await["contact"].len(), 1);
    }
);

on_both!(
    a_merge_turns_the_old_id_into_an_alias_even_for_facts_that_come_later,
    async |db: &TestDb| {
        let contacts = lease(db, "contacts").await;
        let payments = lease(db, "payments").await;
        commit(db, &contacts, &[contact("1", 1, "Ann"), contact("2", 1, "Ann B")]).await;
        commit(db, &payments, &[payment("p1", "1", 100)]).await;
        let merges = [
            Merge { from_external_id: "1".into(), into_external_id: "2".into() },
            Merge { from_external_id: "never seen".into(), into_external_id: "2".into() },
        ];
        commit_page(db, &contacts, &[], &[], &[], &merges).await;
        commit(db, &payments, &[payment("p2", "1", 200), payment("p3", "never seen", 300)]).await;
        let winner = RecordKey::new("crm", "contacts", "2").id().0.to_string();
        let rows = dump(&db.url).await;
        assert_eq!(rows["record_link"].len(), 3);
        assert!(
            rows["record_link"].iter().all(|l| l.ends_with(&winner)),
            "{:?}",
            rows["record_link"]
        );
        assert_eq!(rows["contact"].len(), 1);
        let before = dump(&db.url).await;
        commit_page(db, &contacts, &[], &[], &[], &merges).await;
        assert_same("a merge told twice", &before, &dump(&db.url).await);
    }
);

on_both!(a_bad_record_waits_in_quarantine_until_it_can_be_read, async |db: &TestDb| {
    let lease = lease(db, "contacts").await;
    let reject = |reason: &str| Reject {
        external_id: Some("1".into()),
        reason: reason.into(),
        payload: Payload::new("{\"id\":\"1\",\"email\":12}"),
    };
    let outcome =
        commit_page(db, &lease, &[contact("2", 1, "Bob")], &[reject("email: a number")], &[], &[])
            .await;
    assert_eq!((outcome.written, outcome.rejected), (1, 1));
    commit_page(db, &lease, &[], &[reject("email: still a number")], &[], &[]).await;
    let rows = dump(&db.url).await;
    assert_eq!(rows["quarantine"].len(), 1, "one entry a record");
    assert!(rows["quarantine"][0].contains("still"));
    commit(db, &lease, &[contact("1", 2, "Ann")]).await;
    assert!(dump(&db.url).await["quarantine"].is_empty());
});

on_both!(who_lost_the_lease_writes_nothing, async |db: &TestDb| {
    let (mine, _) = db.store.acquire("crm", "contacts", "me", at(0)).await.unwrap();
    let refused = db.store.acquire("crm", "contacts", "you", at(1_000)).await;
    assert!(matches!(refused, Err(StoreError::Leased { .. })), "{refused:?}");
    let later = at(store::LEASE_MS + 1_000);
    let (yours, _) = db.store.acquire("crm", "contacts", "you", later).await.unwrap();
    let rows = [contact("1", 1, "Ann")];
    let page = PageCommit {
        records: &rows,
        rejects: &[],
        tombstones: &[],
        merges: &[],
        next_state: "{}",
        requests: 1,
        observed_at: later,
    };
    let late = db.store.commit_page(&mine, &page).await;
    assert!(matches!(late, Err(StoreError::LeaseLost { .. })), "{late:?}");
    assert!(dump(&db.url).await["source_record"].is_empty());
    assert_eq!(db.store.commit_page(&yours, &page).await.unwrap().written, 1);
    db.store.release(&yours, Outcome::Done, later).await.unwrap();
    db.store.acquire("crm", "contacts", "me", later).await.unwrap();
});

on_both!(the_cursor_commits_with_the_records, async |db: &TestDb| {
    let lease = lease(db, "contacts").await;
    commit(db, &lease, &[contact("1", 1, "Ann")]).await;
    db.store.release(&lease, Outcome::Stopped, at(2)).await.unwrap();
    let (_, state) = db.store.acquire("crm", "contacts", "me", at(3)).await.unwrap();
    assert_eq!(state, "{\"at\":1}");
});
