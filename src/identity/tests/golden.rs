//! Survivorship.

use super::*;
use crate::GoldenFieldName as F;
use domain::ProfileKind;

fn value(golden: &Golden, field: F) -> (&str, i64, &'static str) {
    let f = golden.get(field).unwrap();
    (f.value.expose(), f.record.0, f.rule)
}

#[test]
fn priority_then_recency_decide_and_names_go_by_frequency() {
    let mut a = contact("ANN SMITH|ann@acme.com|+14155550101");
    let mut b = contact("Ann Smith|ann.s@acme.com|(415) 555-0102|Acme");
    let mut c = contact("Annie Smith|info@acme.com||Acme Inc");
    b.address.country = Some("United States".into());
    a.acquisition_channel = Some("referral".into());
    c.acquisition_channel = Some("paid_search".into());
    a.created_at = Some(Timestamp::from_millis(500));
    c.created_at = Some(Timestamp::from_millis(100));
    let input = |id, source, updated, c| GoldenInput {
        record: RecordId(id),
        source,
        updated,
        contact: Some(c),
        company: None,
    };
    let mut members =
        vec![input(1, "billing", 30, &a), input(2, "crm", 10, &b), input(3, "help", 20, &c)];
    let rules = Rules { source_priority: vec!["crm".into()], ..Rules::default() };
    let golden = crate::golden(ProfileKind::Person, &members, &rules);
    assert_eq!(value(&golden, F::DisplayName), ("Ann Smith", 2, "most_frequent"));
    assert_eq!(value(&golden, F::Email), ("ann.s@acme.com", 2, "most_trusted"));
    assert_eq!(value(&golden, F::Phone), ("+14155550102", 2, "most_trusted"));
    assert_eq!(value(&golden, F::Country), ("US", 2, "only"));
    assert_eq!(value(&golden, F::AcquisitionChannel), ("paid_search", 3, "earliest"));
    assert_eq!(golden.all_emails.len(), 3);
    assert_eq!(golden.all_phones.len(), 2);
    members.reverse();
    assert_eq!(golden, crate::golden(ProfileKind::Person, &members, &rules));
    // Without priorities the most recent wins; a role mailbox is never first while there is another.
    let golden = crate::golden(ProfileKind::Person, &members, &Rules::default());
    assert_eq!(value(&golden, F::Email), ("ann@acme.com", 1, "most_recent"));
    assert_eq!(value(&golden, F::CompanyName), ("Acme Inc", 3, "most_recent"));
}

#[test]
fn a_company_shows_its_domain_and_best_name() {
    let a = Company {
        name: Some("acme".into()),
        domains: vec!["https://www.acme.com".into()],
        employee_count: Some(12),
        ..Company::default()
    };
    let b = Company {
        name: Some("Acme GmbH".into()),
        industry: Some("Tools".into()),
        ..Company::default()
    };
    let input = |id, c| GoldenInput {
        record: RecordId(id),
        source: "s",
        updated: id,
        contact: None,
        company: Some(c),
    };
    let golden =
        crate::golden(ProfileKind::Company, &[input(1, &a), input(2, &b)], &Rules::default());
    assert_eq!(value(&golden, F::DisplayName).0, "Acme GmbH");
    assert_eq!(value(&golden, F::Domain), ("acme.com", 1, "only"));
    assert_eq!(value(&golden, F::EmployeeCount).0, "12");
    assert_eq!(value(&golden, F::Industry).1, 2);
}

#[test]
fn nothing_known_gives_no_fields() {
    let golden = crate::golden(ProfileKind::Person, &[], &Rules::default());
    assert_eq!(golden, Golden::default());
}
