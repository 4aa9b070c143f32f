//! Survivorship rules and overrides: tables and properties.

use super::*;
use crate::GoldenFieldName as F;
use crate::SurvivorshipRule::{Earliest, Longest, MostFrequent, MostRecent, MostTrusted};
use domain::ProfileKind::{Company as Firm, Person};
use proptest::prelude::*;

/// A record with its source, when it changed, and what it says.
#[derive(Debug)]
struct Row {
    id: i64,
    source: &'static str,
    updated: i64,
    contact: Contact,
}

/// `id source updated created | given family | email,email | phone | company | street | code`.
fn row(text: &str) -> Row {
    let (head, rest) = text.split_once('|').unwrap();
    let head: Vec<&str> = head.split_whitespace().collect();
    let source = ["crm", "billing", "help"].into_iter().find(|s| *s == head[1]).unwrap();
    let created_at = Some(Timestamp::from_millis(head[3].parse().unwrap()));
    let contact = Contact { created_at, ..contact(rest) };
    Row { id: head[0].parse().unwrap(), source, updated: head[2].parse().unwrap(), contact }
}

fn inputs(rows: &[Row]) -> Vec<GoldenInput<'_>> {
    rows.iter()
        .map(|row| GoldenInput {
            record: RecordId(row.id),
            source: row.source,
            updated: row.updated,
            contact: Some(&row.contact),
            company: None,
        })
        .collect()
}

fn rules(key: SurvivorshipKey, order: &[SurvivorshipRule], never_from: &[&str]) -> Rules {
    let own = FieldRules {
        rules: Some(order.to_vec()),
        never_from: Some(never_from.iter().map(|s| (*s).to_owned()).collect()),
    };
    Rules {
        source_priority: vec!["crm".into(), "billing".into()],
        survivorship: Survivorship::default().with(key, own),
        ..Rules::default()
    }
}

fn chosen(rows: &[Row], field: F, rules: &Rules) -> Option<(String, i64, &'static str)> {
    let golden = crate::golden(Person, &inputs(rows), rules);
    golden.get(field).map(|f| (f.value.expose().to_owned(), f.record.0, f.rule))
}

#[test]
fn each_rule_chooses_what_it_says_and_is_named() {
    let rows = [
        row("1 crm 10 300|||| Acme"),
        row("2 billing 30 200|||| ACME Incorporated"),
        row("3 help 20 100|||| Globex"),
        row("4 help 25 400|||| acme"),
    ];
    let key = SurvivorshipKey::Field(F::CompanyName);
    for (order, value, record, rule) in [
        (&[MostTrusted][..], "Acme", 1, "most_trusted"),
        (&[MostRecent], "ACME Incorporated", 2, "most_recent"),
        (&[Earliest], "Globex", 3, "earliest"),
        (&[Longest], "ACME Incorporated", 2, "longest"),
        // Two spell the most frequent one: the next rule takes one of them.
        (&[MostFrequent, MostRecent], "acme", 4, "most_frequent"),
        (&[MostFrequent, MostTrusted], "Acme", 1, "most_frequent"),
        // Two are of one source: ties go to the next rule, in the end to the lowest id.
        (&[MostTrusted, MostRecent], "Acme", 1, "most_trusted"),
    ] {
        assert_eq!(
            chosen(&rows, F::CompanyName, &rules(key, order, &[])),
            Some((value.to_owned(), record, rule)),
            "{order:?}"
        );
    }
    let rows = &rows[2..];
    let of = |order| chosen(rows, F::CompanyName, &rules(key, order, &[])).unwrap();
    assert_eq!(of(&[MostTrusted, MostRecent]), ("acme".to_owned(), 4, "most_recent"));
    assert_eq!(of(&[MostTrusted, MostFrequent]), ("Globex".to_owned(), 3, "lowest_id"));
}

#[test]
fn sources_that_are_never_taken_lose_even_alone() {
    let rows = [row("1 crm 10 1|||| Acme"), row("2 billing 30 1|||| Globex")];
    let key = SurvivorshipKey::Field(F::CompanyName);
    let of = |never: &[&str]| chosen(&rows, F::CompanyName, &rules(key, &[MostRecent], never));
    assert_eq!(of(&["billing"]), Some(("Acme".to_owned(), 1, "only")));
    assert_eq!(of(&["help"]), Some(("Globex".to_owned(), 2, "most_recent")));
    assert_eq!(of(&["billing", "crm"]), None);
    // What stands under `default` holds for every field without a list of its own.
    let all = rules(SurvivorshipKey::Default, &[MostRecent], &["billing"]);
    assert_eq!(chosen(&rows, F::CompanyName, &all), Some(("Acme".to_owned(), 1, "only")));
    // What was never taken is still found by search.
    let rows = [row("1 crm 10 1||a@acme.com"), row("2 billing 30 1||b@acme.com")];
    let rules = rules(SurvivorshipKey::Field(F::Email), &[MostRecent], &["billing"]);
    let golden = crate::golden(Person, &inputs(&rows), &rules);
    assert_eq!(golden.get(F::Email).unwrap().value.expose(), "a@acme.com");
    assert_eq!(golden.all_emails.len(), 2);
}

#[test]
fn the_most_frequent_address_may_be_a_second_one_of_each_record() {
    let rows = [
        row("1 crm 10 1||a@acme.com,annie@acme.com"),
        row("2 billing 30 1||b@acme.com,annie@acme.com"),
        row("3 help 20 1||Annie@acme.com"),
    ];
    let by = |order| rules(SurvivorshipKey::Field(F::Email), order, &[]);
    let (value, record, _) = chosen(&rows, F::Email, &by(&[MostFrequent, MostTrusted])).unwrap();
    assert_eq!((value.as_str(), record), ("annie@acme.com", 1));
    // Without a rule that tells them apart the first of the record is its primary one.
    let (value, record, rule) = chosen(&rows, F::Email, &by(&[MostTrusted])).unwrap();
    assert_eq!((value.as_str(), record, rule), ("a@acme.com", 1, "most_trusted"));
    let golden = crate::golden(Person, &inputs(&rows), &by(&[MostFrequent, MostTrusted]));
    assert_eq!(golden.all_emails[0].expose(), "annie@acme.com");
    assert_eq!(golden.all_emails.len(), 3);
}

#[test]
fn names_and_addresses_stay_whole_unless_a_part_has_rules_of_its_own() {
    let rows = [
        row("1 crm 10 1| Ann Smith |||| Main St 1 | 10115"),
        row("2 billing 30 1| Annabel Smythe |||| Side St 2 | 20095"),
    ];
    let golden =
        crate::golden(Person, &inputs(&rows), &rules(SurvivorshipKey::Name, &[MostTrusted], &[]));
    let records = |golden: &Golden, fields: &[F]| -> Vec<i64> {
        fields.iter().map(|f| golden.get(*f).unwrap().record.0).collect()
    };
    let names = [F::DisplayName, F::GivenName, F::FamilyName];
    assert_eq!(records(&golden, &names), [1, 1, 1]);
    assert_eq!(records(&golden, &[F::Street, F::PostalCode]), [1, 1]);
    let family = rules(SurvivorshipKey::Field(F::FamilyName), &[MostRecent], &[]);
    let golden = crate::golden(Person, &inputs(&rows), &family);
    assert_eq!(golden.get(F::FamilyName).unwrap().value.expose(), "Smythe");
    assert_eq!(golden.get(F::GivenName).unwrap().value.expose(), "Annabel", "the longest name");
    let code = rules(SurvivorshipKey::Field(F::PostalCode), &[MostRecent], &["billing"]);
    let golden = crate::golden(Person, &inputs(&rows), &code);
    assert_eq!(records(&golden, &[F::PostalCode]), [1]);
    let street = rules(SurvivorshipKey::Address, &[MostRecent], &[]);
    let golden = crate::golden(Person, &inputs(&rows), &street);
    assert_eq!(records(&golden, &[F::Street, F::PostalCode]), [2, 2]);
}

#[test]
fn agreement_is_said_and_the_record_named_is_still_the_preferred_one() {
    let rows = [row("1 help 40 1|||| Acme"), row("2 crm 30 1|||| Acme")];
    let key = SurvivorshipKey::Field(F::CompanyName);
    let found = chosen(&rows, F::CompanyName, &rules(key, &[MostTrusted], &[]));
    assert_eq!(found, Some(("Acme".to_owned(), 2, "unanimous")));
}

#[test]
fn the_latest_override_of_a_field_holds_and_is_found_by_search() {
    let rows = [row("1 crm 10 1| Ann Smith | a@acme.com | +14155550101 | Acme")];
    let set = |field, value: &str, record, at| FieldOverride {
        field,
        value: Pii::new(value),
        record: RecordId(record),
        at: Timestamp::from_millis(at),
    };
    let mut all = vec![
        set(F::CompanyName, "Globex", 1, 10),
        set(F::CompanyName, "Initech", 2, 20),
        set(F::Email, "Ann.New@acme.com", 1, 5),
        set(F::JobTitle, "Chief", 1, 5),
    ];
    let rules = Rules::default();
    let mut golden = crate::golden(Person, &inputs(&rows), &rules);
    golden.override_with(&all);
    let of = |field| golden.get(field).map(|f| (f.value.expose(), f.record.0, f.rule)).unwrap();
    assert_eq!(of(F::CompanyName), ("Initech", 2, OVERRIDE));
    assert_eq!(of(F::JobTitle), ("Chief", 1, OVERRIDE));
    assert_eq!(of(F::Email).0, "Ann.New@acme.com");
    assert_eq!(of(F::GivenName).2, "only");
    assert_eq!(golden.all_emails[0].expose(), "ann.new@acme.com");
    assert_eq!(golden.all_emails.len(), 2);
    let order: Vec<F> = golden.fields.iter().map(|f| f.name).collect();
    assert!(order.is_sorted(), "{order:?}");
    all.reverse();
    let mut other = crate::golden(Person, &inputs(&rows), &rules);
    other.override_with(&all);
    assert_eq!(golden, other);
}

#[test]
fn values_set_by_hand_are_checked_by_field_and_kind() {
    let rules = Rules { default_country: Some("DE".into()), ..Rules::default() };
    for (field, text, expected) in [
        (F::Email, " ann@acme.com ", Some("ann@acme.com")),
        (F::Email, "ann at acme", None),
        (F::Phone, "030 901820", Some("+4930901820")),
        (F::Phone, "+1 (415) 555-0101", Some("+14155550101")),
        (F::Phone, "call me", None),
        (F::Country, "Germany", Some("DE")),
        (F::Country, "Atlantis", None),
        (F::EmployeeCount, "0250", Some("250")),
        (F::EmployeeCount, "-1", None),
        (F::EmployeeCount, "many", None),
        (F::Domain, "https://www.Acme.com/about", Some("acme.com")),
        (F::Domain, "no domain", None),
        (F::JobTitle, " Chief  Officer ", Some("Chief  Officer")),
        (F::JobTitle, "two\nlines", None),
        (F::JobTitle, "", None),
        (F::DisplayName, "  ", None),
    ] {
        let found = field.parse_value(text, &rules);
        assert_eq!(found.as_ref().ok().map(|v| v.expose()), expected, "{field:?} {text:?}");
        if let Err(message) = found {
            assert!(text.trim().is_empty() || !message.contains(text), "no value: {message}");
        }
    }
    assert!(F::JobTitle.parse_value(&"x".repeat(1001), &rules).is_err());
    let error = F::parse_of(Firm, "job_title").unwrap_err();
    assert!(error.contains("a company has no such") && error.contains("employee_count"), "{error}");
    assert_eq!(F::parse_of(Person, "job_title"), Ok(F::JobTitle));
    for kind in [Person, Firm] {
        assert!(F::of(kind).count() >= 10);
    }
}

#[test]
fn settings_lie_over_the_defaults_and_mistakes_are_named() {
    let read = |json: &str| serde_json::from_str::<Survivorship>(json);
    assert_eq!(read("{}").unwrap(), Survivorship::default());
    let own = FieldRules { rules: Some(vec![Earliest]), never_from: Some(vec!["x".into()]) };
    let key = SurvivorshipKey::Field(F::AcquisitionChannel);
    assert_eq!(
        read(r#"{"acquisition_channel":{"never_from":["x"]}}"#).unwrap(),
        Survivorship::default().with(key, own)
    );
    let error = read(r#"{"emial":{}}"#).unwrap_err().to_string();
    assert!(error.contains("`default`, `name`, `address`, `display_name`"), "{error}");
    assert!(read(r#"{"email":{"rules":["best"]}}"#).unwrap_err().to_string().contains("`longest`"));
    let rules = rules(SurvivorshipKey::Name, &[], &["", "crm", "crm"]);
    assert_eq!(
        rules.problems(),
        [
            "survivorship.name.rules: must name at least one rule",
            "survivorship.name.never_from[0]: a source name must not be empty",
            "survivorship.name.never_from[2]: the source is named twice",
        ]
    );
}

const WORDS: [&str; 6] = ["", "Acme", "ACME", "Acme Inc", "Globex", "globex"];
const EMAILS: [&str; 5] = ["", "a@acme.com", "A@acme.com", "info@acme.com,a@acme.com", "b@x.org"];
const NAMES: [&str; 6] = ["", "Ann Smith", "ANN SMITH", "A Smith", "Bob Jones", "Smith"];
const STREETS: [&str; 4] = ["", "Main St 1", "main st 1", "Side St 2"];
const ORDER: [SurvivorshipRule; 5] = [MostTrusted, MostRecent, Earliest, MostFrequent, Longest];

prop_compose! {
    fn any_row()(source in 0..3usize, updated in 0..3i64, created in prop::option::of(0..3i64),
                 name in 0..NAMES.len(), email in 0..EMAILS.len(), word in 0..WORDS.len(),
                 street in 0..STREETS.len(), title in 0..WORDS.len()) -> Row {
        let text = format!("{}|{}||{}|{}|", NAMES[name], EMAILS[email], WORDS[word], STREETS[street]);
        let contact = Contact {
            created_at: created.map(Timestamp::from_millis),
            job_title: Some(WORDS[title].to_owned()),
            acquisition_channel: Some(WORDS[title].to_owned()),
            ..contact(&text)
        };
        Row { id: 0, source: ["crm", "billing", "help"][source], updated, contact }
    }
}

fn any_rules() -> impl Strategy<Value = Rules> {
    let key = prop::sample::select(vec![
        SurvivorshipKey::Default,
        SurvivorshipKey::Name,
        SurvivorshipKey::Address,
        SurvivorshipKey::Field(F::Email),
        SurvivorshipKey::Field(F::GivenName),
        SurvivorshipKey::Field(F::Street),
    ]);
    let order = prop::sample::subsequence(ORDER.to_vec(), 1..=5).prop_shuffle();
    let never = prop::sample::subsequence(vec!["crm", "billing", "help"], 0..=2);
    (key, order, never).prop_map(|(key, order, never)| rules(key, &order, &never))
}

fn firms(rows: &[Row]) -> Vec<Company> {
    rows.iter()
        .map(|row| Company {
            name: row.contact.company_name.clone(),
            emails: row.contact.emails.clone(),
            industry: row.contact.job_title.clone(),
            employee_count: Some(row.updated),
            created_at: row.contact.created_at,
            ..Company::default()
        })
        .collect()
}

proptest! {
    #[test]
    fn what_is_never_taken_is_never_taken(
        rows in prop::collection::vec(any_row(), 0..8),
        order in prop::sample::subsequence(ORDER.to_vec(), 1..=5).prop_shuffle(),
        never in prop::sample::subsequence(vec!["crm", "billing", "help"], 1..=3),
    ) {
        let rows: Vec<Row> = rows.into_iter().zip(1..).map(|(row, id)| Row { id, ..row }).collect();
        let rules = rules(SurvivorshipKey::Default, &order, &never);
        for field in crate::golden(Person, &inputs(&rows), &rules).fields {
            let row = rows.iter().find(|r| r.id == field.record.0).unwrap();
            prop_assert!(!never.contains(&row.source), "{:?} from {}", field.name, row.source);
        }
    }

    #[test]
    fn the_order_of_members_never_matters(
        rows in prop::collection::vec(any_row(), 0..8),
        rules in any_rules(),
        swaps in prop::collection::vec((0..8usize, 0..8usize), 0..16),
    ) {
        let rows: Vec<Row> = rows.into_iter().enumerate()
            .map(|(at, row)| Row { id: 100 - at as i64, ..row }).collect();
        let firms = firms(&rows);
        let mut people = inputs(&rows);
        let mut companies: Vec<GoldenInput<'_>> = people.iter().zip(&firms)
            .map(|(i, firm)| GoldenInput { contact: None, company: Some(firm), ..*i }).collect();
        let of = |kind, members: &[GoldenInput<'_>]| crate::golden(kind, members, &rules);
        let (person, firm) = (of(Person, &people), of(Firm, &companies));
        for (a, b) in swaps {
            if a < people.len() && b < people.len() {
                people.swap(a, b);
                companies.swap(a, b);
            }
        }
        prop_assert_eq!(&person, &of(Person, &people));
        prop_assert_eq!(&firm, &of(Firm, &companies));
        // Each field says what the record that it names says.
        for field in &person.fields {
            let row = rows.iter().find(|r| r.id == field.record.0).unwrap();
            match field.name {
                F::JobTitle => prop_assert_eq!(row.contact.job_title.as_deref(), Some(field.value.expose())),
                F::CompanyName => prop_assert_eq!(row.contact.company_name.as_deref(), Some(field.value.expose())),
                F::Email => prop_assert!(row.contact.emails.contains(&field.value)),
                _ => {}
            }
        }
        let mut names: Vec<F> = person.fields.iter().map(|f| f.name).collect();
        prop_assert!(names.is_sorted());
        names.dedup();
        prop_assert_eq!(names.len(), person.fields.len(), "each field once");
    }
}
