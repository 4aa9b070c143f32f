//! Which pairs join, which go to review, which stay apart.

use super::*;

fn outcome(a: &str, b: &str) -> (bool, Option<ReviewReason>, Option<RuleId>) {
    let (x, y) = (person("crm", "1", a), person("billing", "2", b));
    let r = run(&[x.clone(), y.clone()]);
    let rule = r.clusters.iter().flat_map(|c| &c.joins).map(|j| j.rule).next();
    (together(&r, x.id, y.id), r.reviews.first().map(|p| p.reason), rule)
}

#[test]
fn people_join_by_the_rules_and_by_nothing_else() {
    use ReviewReason as Why;
    use RuleId as By;
    for (a, b, expected) in [
        // E-mail.
        ("Ann Smith|ann@acme.com", "Ann Smith|ANN@acme.com", Ok(By::EmailName)),
        ("Robert Jones|rj@gmail.com", "Bob Jones|r.j@gmail.com", Ok(By::EmailName)),
        ("A. Smith|ann@acme.com", "Ann Smith|ann@acme.com", Ok(By::EmailName)),
        ("|ann@acme.com", "Ann Smith|ann@acme.com", Ok(By::EmailName)),
        ("Ann Smith|ann@acme.com", "Ann Jones|ann@acme.com", Ok(By::EmailName)),
        ("Smith Walter|w@acme.com", "Walter Smith|w@acme.com", Ok(By::EmailName)),
        ("Ann Smith|home@acme.com", "Bob Smith|home@acme.com", Err(Some(Why::SharedContact))),
        ("John Smith Jr|js@acme.com", "John Smith Sr|js@acme.com", Err(Some(Why::SharedContact))),
        ("Ann Smith|info@acme.com", "Bob Jones|info@acme.com", Err(None)),
        ("Ann Smith|info@acme.com", "|info@acme.com", Err(None)),
        ("Thompson Oliver|o@acme.com", "Ollie Thompson|o@acme.com", Ok(By::EmailName)),
        ("Cooper Z.|zc@acme.com", "Zachary Cooper|zc@acme.com", Ok(By::EmailName)),
        ("Freddiie Jones|f@acme.com", "Frederick Jones|f@acme.com", Ok(By::EmailName)),
        // A mailbox spelt after one of them: the other is a short form that no table has.
        ("Kiku Cruz|ludovika.cruz@web.de", "Ludovika Cruz|ludovika.cruz@web.de", Ok(By::EmailName)),
        ("Kiku Cruz|cats@web.de", "Ludovika Cruz|cats@web.de", Err(Some(Why::SharedContact))),
        ("Ann Lee|ann.lee@web.de", "Bob Lee|ann.lee@web.de", Err(Some(Why::SharedContact))),
        // A family's mailbox says no more than the family.
        ("Ann Smith|family.smith@web.de", "Annie Smith|family.smith@web.de", Ok(By::EmailName)),
        ("Ann Smith|family.smith@web.de", "|family.smith@web.de", Err(Some(Why::Ambiguous))),
        (
            "Ann Smith|family.smith@web.de",
            "Ann Jones|family.smith@web.de",
            Err(Some(Why::SharedContact)),
        ),
        // The address typed into the name field is no name.
        ("lwinslow|lwinslow@acme.com", "Laura Winslow|lwinslow@acme.com", Ok(By::EmailName)),
        // Phone.
        ("|f.baker@web.de|+14155550123", "Freya Baker||+14155550123", Ok(By::PhoneName)),
        ("|kim@web.de|+14155550123", "Freya Baker||+14155550123", Err(Some(Why::Ambiguous))),
        (
            "Ann Smith|ann.smith@acme.com|+14155550123",
            "Ann Smith|ann.smith2@acme.com|+14155550123",
            Err(Some(Why::Grey)),
        ),
        ("Ann Smith||+14155550123 x1", "Ann Smith||+14155550123", Ok(By::PhoneName)),
        ("A. Smith||+14155550123 x1", "Ann Smith||+14155550123", Err(None)),
        ("Ann Smith||+14155550123", "Ann Smith||+1 415 555 0123", Ok(By::PhoneName)),
        ("A Smith||+14155550123", "Ann Smith||+1 415 555 0123", Ok(By::PhoneName)),
        ("Maria Smith||+14155550123", "Mario Smith||+14155550123", Err(Some(Why::SharedContact))),
        ("Ann Smith||+14155550123", "Ann Jones||+14155550123", Err(Some(Why::Grey))),
        ("Ann Smith||+14155550123", "Bob Jones||+14155550123", Err(None)),
        ("Ann Smith||+14155550123 x1", "Bob Smith||+14155550123 x2", Err(None)),
        // Name with domain, employer, address.
        ("Ann Smith|ann@acme.com", "Ann Smith|asmith@acme.com", Ok(By::NameDomain)),
        ("Bob Smith|bob@acme.com", "Robert Smith|rsmith@acme.com", Ok(By::NameDomain)),
        ("|ann.smith@acme.com", "Ann Smith|asmith@acme.com", Ok(By::NameDomain)),
        ("Ann Smith|ann.smith@acme.com", "Ann Smith|ann.smith2@acme.com", Err(Some(Why::Grey))),
        ("Ann Smith|ann@gmail.com", "Ann Smith|asmith@gmail.com", Err(None)),
        ("Ann Smith|a@gmail.com||Acme GmbH", "Ann Smith|b@web.de||ACME Inc", Ok(By::NameCompany)),
        // One employer: by name here, by domain there; abbreviated or misspelt names.
        ("Ann Smith|a@web.de||Acme Tools GmbH", "Ann Smith|as@acme-tools.de", Ok(By::NameCompany)),
        ("Ann Smith|as@müller.de", "Ann Smith|a@web.de||Mueller KG", Ok(By::NameCompany)),
        ("Ann Smith|ann@acme.com", "Ann Smith|ann@acme.io", Ok(By::NameCompany)),
        ("A. Smith|as@acme.com", "Ann Smith|ann@acme.com", Ok(By::NameCompany)),
        ("Ann Schmitz|as@acme.com", "Ann Schmits|ann@acme.com", Ok(By::NameCompany)),
        ("Ann Smith|as@acme.com", "Ann Stone|ann@acme.com", Err(None)),
        ("A. Smith|a@web.de", "Ann Smith|ann@gmail.com", Err(None)),
        // Father and son share an address, not their private mailboxes.
        (
            "Jan Smith|jan1@gmail.com|||1 High St|SW1A 1AA",
            "Jan Smith|js@web.de|||1 High St|SW1A 1AA",
            Err(Some(Why::Grey)),
        ),
        (
            "Jan Smith|js@acme.com|||1 High St|SW1A 1AA",
            "Jan Smith|js@web.de|||1 High St|SW1A 1AA",
            Ok(By::NameAddress),
        ),
        (
            "Ann Smith||||1 High St|SW1A 1AA",
            "Ann Smith||||1, High Street|sw1a1aa",
            Ok(By::NameAddress),
        ),
        ("John Smith Jr||||1 High St|SW1A 1AA", "John Smith Sr||||1 High St|SW1A 1AA", Err(None)),
        ("Ann Smith", "Ann Smith", Err(None)),
    ] {
        let (joined, why, by) = outcome(a, b);
        match expected {
            Ok(rule) => assert!(joined && by == Some(rule), "{a} / {b}: {by:?} {why:?}"),
            Err(reason) => assert!(!joined && why == reason, "{a} / {b}: {by:?} {why:?}"),
        }
    }
}

#[test]
fn an_initial_at_an_employer_joins_nobody_where_it_fits_two() {
    let a = person("crm", "1", "Ann Smith|ann@acme.com");
    let b = person("crm", "2", "Adam Smith|adam@acme.com");
    let vague = person("help", "3", "A. Smith|as@acme.com");
    assert_eq!(run(&[a.clone(), b, vague.clone()]).clusters.len(), 3);
    assert!(together(&run(&[a.clone(), vague.clone()]), a.id, vague.id));
}

#[test]
fn a_family_name_at_a_phone_joins_whom_the_mailbox_names() {
    let rules = Rules::default();
    let make = |id: &str, given: Option<&str>, mail: &str| {
        let contact = Contact {
            given_name: given.map(Pii::new),
            family_name: Some(Pii::new("Morton")),
            emails: vec![Pii::new(mail)],
            phones: vec![Pii::new("+14155550123")],
            ..Contact::default()
        };
        let key = RecordKey::new("crm", "contacts", id);
        person_record(key.id(), &key, &contact, &[], 1, &rules)
    };
    let sam = make("1", Some("Samuel"), "sm@web.de");
    for (mail, joined) in [("samuelmorton@gmail.com", true), ("cats@gmail.com", false)] {
        let other = make("2", None, mail);
        assert_eq!(together(&run(&[sam.clone(), other.clone()]), sam.id, other.id), joined);
    }
}

#[test]
fn a_demoted_line_still_joins_equal_names_and_only_those() {
    let phone = "+14155550123";
    let shared: SharedValues =
        [Identifier::new(IdentifierKind::Phone, phone)].into_iter().collect();
    let ann = person("a", "1", &format!("Ann Smith||{phone}"));
    for (name, joined) in [("Annie Smith", true), ("A. Smith", false), ("Bob Smith", false)] {
        let other = person("b", "2", &format!("{name}||{phone}"));
        let records = [ann.clone(), other.clone()];
        let r = resolve(&records, &[], &Rules::default(), &shared);
        assert_eq!(together(&r, ann.id, other.id), joined, "{name}");
    }
}

#[test]
fn ids_that_point_at_each_other_join_unless_the_names_have_nothing_in_common() {
    let rules = Rules::default();
    let crm = person("crm", "7", "Ann Smith");
    let bill = person_with("billing", "c1", "Annie Jones", &["crm.contacts:7"], &rules);
    let other = person_with("billing", "c2", "Zoltan Kovacs", &["crm.contacts:7"], &rules);
    let r = run(&[crm.clone(), bill.clone()]);
    assert!(together(&r, crm.id, bill.id));
    let r = run(&[crm.clone(), other.clone()]);
    assert!(!together(&r, crm.id, other.id));
    assert_eq!(r.reviews[0].reason, ReviewReason::TrustedIdNamesDiffer);
}

#[test]
fn a_chain_does_not_put_two_given_names_into_one_cluster() {
    let ann = person("crm", "1", "Ann Smith|ann@acme.com|+14155550123");
    let bob = person("crm", "2", "Bob Smith|bob@acme.com|+14155550123");
    let vague = person("web", "3", "Smith|ann@acme.com,bob@acme.com");
    let r = run(&[ann.clone(), bob.clone(), vague]);
    assert!(!together(&r, ann.id, bob.id));
    assert!(!r.reviews.is_empty());
}

#[test]
fn a_nameless_record_of_a_household_mailbox_joins_nobody() {
    let ann = person("crm", "1", "Ann Smith|family@smiths.net");
    let bob = person("crm", "2", "Bob Smith|family@smiths.net");
    let none = person("help", "3", "|family@smiths.net");
    let r = run(&[ann, bob, none]);
    assert_eq!(r.clusters.len(), 3);
}

#[test]
fn a_demoted_value_joins_nobody() {
    let (a, b) =
        (person("a", "1", "Ann Smith|xena@acme.com"), person("b", "2", "Ann Smith|xena@acme.com"));
    let mut shared: SharedValues =
        [Identifier::new(IdentifierKind::Email, "xena@acme.com")].into_iter().collect();
    let with = |shared: &SharedValues| {
        let r = resolve(&[a.clone(), b.clone()], &[], &Rules::default(), shared);
        r.clusters.iter().flat_map(|c| &c.joins).map(|j| j.rule).next()
    };
    assert_eq!(with(&shared), Some(RuleId::NameDomain));
    let of = |kind: IdentifierKind| a.identifiers.iter().filter(move |i| i.kind == kind).cloned();
    for i in of(IdentifierKind::NameDomain) {
        shared.insert(i);
    }
    assert_eq!(with(&shared), Some(RuleId::NameCompany));
    for i in of(IdentifierKind::NameCompany) {
        shared.insert(i);
    }
    assert_eq!(with(&shared), None);
    let rules = Rules::default();
    assert!(!SharedValues::is_shared(IdentifierKind::Email, 3, 1_000, &rules));
    assert!(SharedValues::is_shared(IdentifierKind::Email, 100, 100, &rules));
    assert!(SharedValues::is_shared(IdentifierKind::NameCompany, 1, 1_000, &rules));
}

#[test]
fn decisions_override_rules_and_the_latest_counts() {
    let a = person("a", "1", "Ann Smith|ann@acme.com");
    let b = person("b", "2", "Ann Smith|ann@acme.com");
    let c = person("c", "3", "Zoltan Kovacs|zk@other.org");
    let all = [a.clone(), b.clone(), c.clone()];
    let with = |d: &[Decision]| resolve(&all, d, &Rules::default(), &SharedValues::default());
    let parted = with(&[decide(&a, &b, Verdict::Different, 1)]);
    assert!(!together(&parted, a.id, b.id));
    assert!(parted.reviews.is_empty(), "a decided pair is out of the queue");
    let again = with(&[decide(&a, &b, Verdict::Different, 1), decide(&a, &b, Verdict::Same, 2)]);
    assert!(together(&again, a.id, b.id));
    let steward = with(&[decide(&b, &c, Verdict::Same, 1)]);
    assert!(together(&steward, a.id, c.id), "a steward's join does not push others out");
    let join = steward.clusters[0].joins.iter().find(|j| j.rule == RuleId::Steward).unwrap();
    assert_eq!(join.evidence[0].comparison, "steward");
}

#[test]
fn a_chain_of_same_never_crosses_a_different() {
    let a = person("a", "1", "Ann Smith");
    let b = person("b", "2", "Ann Smith");
    let c = person("c", "3", "Ann Smith");
    let decisions = [
        decide(&a, &b, Verdict::Same, 1),
        decide(&b, &c, Verdict::Same, 2),
        decide(&a, &c, Verdict::Different, 3),
    ];
    let all = [a.clone(), b.clone(), c.clone()];
    let r = resolve(&all, &decisions, &Rules::default(), &SharedValues::default());
    assert!(!together(&r, a.id, c.id));
    assert!(together(&r, b.id, c.id), "the newer 'same' holds");
    assert_eq!(r.reviews[0].reason, ReviewReason::DecisionsContradict);
}

#[test]
fn a_unique_source_keeps_its_records_apart_unless_the_vendor_or_a_steward_joins_them() {
    let rules = Rules { unique_sources: vec!["erp".into()], ..Rules::default() };
    let make = |id: &str, stated: &[&str]| {
        person_with("erp", id, "Ann Smith|ann@acme.com", stated, &rules)
    };
    let (a, b) = (make("1", &[]), make("2", &[]));
    let go = |records: &[IdentityRecord], d: &[Decision]| {
        resolve(records, d, &rules, &SharedValues::default())
    };
    let r = go(&[a.clone(), b.clone()], &[]);
    assert!(!together(&r, a.id, b.id));
    assert_eq!(r.reviews[0].reason, ReviewReason::UniqueSource);
    let r = go(&[a.clone(), b.clone()], &[decide(&a, &b, Verdict::Same, 1)]);
    assert!(together(&r, a.id, b.id));
    let merged = make("2", &["erp.contacts:1"]);
    let r = go(&[a.clone(), merged.clone()], &[]);
    assert!(together(&r, a.id, merged.id));
    assert_eq!(r.clusters[0].joins[0].rule, RuleId::VendorMerge);
}

#[test]
fn companies_join_by_domain_name_and_contact() {
    for (a, b, joined) in [
        ("Acme GmbH|acme.com|DE", "Acme Inc|www.acme.com|US", true),
        ("Acme|acme.com", "|acme.com", true),
        ("International Business Machines|ibm.com", "IBM|ibm.com", true),
        ("Globex|shared-host.net", "Initech|shared-host.net", false),
        ("Forst & Tirado GmbH||DE", "Forst and Tirado||Germany", true),
        ("Forst & Tirado GmbH||DE", "Forst and Tirado||US", false),
        ("Forst Tirado|forst.de|DE", "Forst Tirado|tirado.de|DE", false),
        ("Forst Tirado|forst.de|DE", "Forst Tirado|forst.com|DE", true),
        ("Acme||US|+14155550123", "Acme Tools||US|+14155550123", true),
        ("Globex||US|+14155550123", "Initech||US|+14155550123", false),
        ("Acme|gmail.com", "Initech|gmail.com", false),
        ("Smith Consulting||US||Boston", "Smith Consulting||US||Denver", false),
        // Sisters abroad: the ending of the domain names the country where the record does not.
        ("Jade Insurance|jade.es", "Jade Insurance|jade.pl", false),
        ("Jade Insurance|jade.com", "Jade Insurance|jade.co.uk", false),
        ("Jade Insurance|jade.com|GB", "Jade Insurance|jade.co.uk", true),
        ("Jade Insurance|jade.es,jade.eu", "Jade Insurance", true),
        // A word of the trade in the domain makes no company of it.
        ("Lake Meridian Energy|pena-energy.es", "Peña Energy|pena-energy.es", false),
        ("Peña Power|pena-energy.es", "Peña Energy|pena-energy.es", true),
    ] {
        let (x, y) = (company("crm", "1", a), company("billing", "2", b));
        let r = run(&[x.clone(), y.clone()]);
        assert_eq!(together(&r, x.id, y.id), joined, "{a} / {b}: {:?}", r.reviews);
    }
}

#[test]
fn a_company_without_a_site_joins_neither_of_two_sisters() {
    let spain = company("crm", "1", "Jade Insurance|jade.es|ES");
    let poland = company("crm", "2", "Jade Insurance|jade.pl|PL");
    let bare = company("help", "3", "Jade Insurance");
    assert_eq!(run(&[spain.clone(), poland, bare.clone()]).clusters.len(), 3);
    assert!(together(&run(&[spain.clone(), bare.clone()]), spain.id, bare.id));
}

#[test]
fn a_disabled_rule_sends_its_pairs_to_review() {
    let (a, b) = (
        person("a", "1", "Ann Smith|xena@gmail.com"),
        person("b", "2", "Ann Smith|xena@gmail.com"),
    );
    let rules = Rules {
        enabled: Switches { email_name: false, ..Switches::default() },
        ..Rules::default()
    };
    let r = resolve(&[a, b], &[], &rules, &SharedValues::default());
    assert_eq!((r.clusters.len(), r.reviews[0].reason), (2, ReviewReason::Grey));
}

#[test]
fn why_not_names_the_obstacle() {
    let a = person("a", "1", "Ann Smith|home@acme.com");
    let b = person("b", "2", "Bob Smith|home@acme.com");
    let c = person("c", "3", "Carl Jung");
    let (rules, shared) = (Rules::default(), SharedValues::default());
    let ask = |x: &IdentityRecord, y: &IdentityRecord, d: &[Decision], s: &SharedValues| {
        why_not(std::slice::from_ref(x), std::slice::from_ref(y), d, &rules, s)[0].apart
    };
    assert_eq!(ask(&a, &b, &[], &shared), Apart::Undecided(ReviewReason::SharedContact));
    assert_eq!(ask(&a, &c, &[], &shared), Apart::NothingShared);
    let d = [decide(&a, &b, Verdict::Different, 1)];
    assert_eq!(ask(&a, &b, &d, &shared), Apart::Decided);
    let demoted = [Identifier::new(IdentifierKind::Email, "home@acme.com")].into_iter().collect();
    assert_eq!(ask(&a, &b, &[], &demoted), Apart::OnlySharedValues);
}

#[test]
fn settings_are_read_with_defaults_and_every_mistake_is_named() {
    let rules: Rules = serde_json::from_str(r#"{"enabled": {"phone_name": false}}"#).unwrap();
    assert!(!rules.enabled.phone_name && rules.enabled.email_name && rules.problems().is_empty());
    assert!(serde_json::from_str::<Rules>(r#"{"shared": 1}"#).is_err());
    let wrong = Rules {
        default_country: Some("Germany".into()),
        shared_limit: 0,
        unique_sources: vec!["a".into(), "a".into(), " ".into()],
        ..Rules::default()
    };
    assert_eq!(wrong.problems().len(), 4, "{:?}", wrong.problems());
}
