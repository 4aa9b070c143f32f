//! Tables of layouts that connectors do not make: people and companies in one, names in any
//! spelling, order and script.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use crate::Intake;
use crate::engine::{EngineOptions, TableOutcome};
use domain::ProfileKind::{self, Company, Person};

/// Resolves rows of text: fields parted by `|`, the header first.
fn resolved(kind: ProfileKind, rows: &[String]) -> TableOutcome {
    let cells = |row: &String| -> Vec<String> { row.split('|').map(str::to_owned).collect() };
    let headers = cells(&rows[0]);
    let rows: Vec<Vec<String>> = rows.iter().skip(1).map(cells).collect();
    let mut intake = Intake::new(kind, &headers, &rows, &[]).unwrap();
    for row in &rows {
        intake.push(row.len(), |at| row[at].as_str());
    }
    intake.finish().resolve(None, &EngineOptions::default(), &mut |_| {})
}

const GIVEN: [&str; 12] = [
    "Anna", "Boris", "Clara", "David", "Elena", "Frank", "Greta", "Henry", "Irene", "Jonas",
    "Karin", "Lukas",
];
const FAMILY: [&str; 15] = [
    "Adler", "Berg", "Castell", "Dorn", "Engel", "Falk", "Graf", "Huber", "Iversen", "Jansen",
    "Keller", "Lorenz", "Moser", "Novak", "Ortner",
];

/// People who have nothing to do with each other, two records each.
fn people(count: usize, row: impl Fn(usize, &str, &str, &str) -> String) -> Vec<String> {
    let mut rows = Vec::new();
    for n in 0..count {
        let (given, family) = (GIVEN[n % 12], FAMILY[n / 12 % 15]);
        let born = format!("{}-{:02}-{:02}", 1940 + n % 59, 1 + n % 11, 1 + n % 27);
        rows.push(row(n, given, family, &born));
        rows.push(row(n, given, family, &born));
    }
    rows
}

#[test]
fn people_and_companies_of_one_table_are_compared_with_their_own_kind() {
    let header = "first_name|last_name|company_name|dob|street|city".to_owned();
    let mut rows = vec![header];
    rows.extend(people(90, |n, given, family, born| {
        format!("{given}|{family}||{born}|{n} Mill Lane|Graz")
    }));
    let firms = rows.len() - 1;
    for n in 0..20 {
        let name = format!("{} {} Works", FAMILY[n % 15], GIVEN[n % 12]);
        rows.push(format!("||{name} GmbH||{n} Harbour Road|Linz"));
        rows.push(format!("||{name} Ltd.||{n} Harbour Road|Linz"));
    }
    let (as_people, as_companies) = (resolved(Person, &rows), resolved(Company, &rows));
    assert_eq!(as_people.clusters, as_companies.clusters, "whatever most rows are said to be");
    for n in 0..20 {
        let (one, other) = (firms + 2 * n, firms + 2 * n + 1);
        assert_eq!(as_people.clusters[one], as_people.clusters[other], "legal forms, {n}");
    }
    let mixed = as_people
        .joins
        .iter()
        .any(|join| ((join.a as usize) < firms) != ((join.b as usize) < firms));
    assert!(!mixed, "no person with a company");
    assert!(as_people.notes.iter().any(|note| note.starts_with("40 rows are companies")));
    assert!(as_companies.notes.iter().any(|note| note.starts_with("180 rows are people")));
}

#[test]
fn employers_and_contacts_make_no_table_of_both() {
    let mut rows = vec!["first_name|last_name|company_name|email".to_owned()];
    rows.extend(people(60, |n, given, family, _| {
        format!("{given}|{family}|{} Trading|{given}.{family}{n}@example.org", FAMILY[n % 15])
    }));
    for kind in [Person, Company] {
        let outcome = resolved(kind, &rows);
        assert!(!outcome.notes.iter().any(|note| note.contains("compared with each other only")));
    }
}

#[test]
fn a_column_of_types_parts_a_table_with_one_column_of_names() {
    let mut rows = vec!["name|record type|date_of_birth|city".to_owned()];
    rows.extend(people(60, |_, given, family, born| {
        format!("{given} {family}|Individual|{born}|Graz")
    }));
    rows.extend((0..10).map(|n| format!("{} Holding AG|Organisation||Linz", FAMILY[n])));
    let outcome = resolved(Person, &rows);
    assert!(outcome.notes.iter().any(|note| note.starts_with("10 rows are companies")));
}

/// Whether the last two rows are one, after people who tell the engine what is usual.
fn last_are_one(one: &str, other: &str) -> bool {
    let mut rows = vec!["first_name|last_name|dob|city".to_owned()];
    rows.extend(people(170, |n, given, family, born| {
        format!("{given}|{family}|{born}|{}", ["Graz", "Linz", "Wels", "Steyr"][n % 4])
    }));
    rows.extend([one.to_owned(), other.to_owned()]);
    let outcome = resolved(Person, &rows);
    let last = outcome.clusters.len() - 1;
    outcome.clusters[last] == outcome.clusters[last - 1]
}

#[test]
fn spellings_of_many_languages_are_one_name() {
    for (one, other) in [
        ("Сергей|Воробьёв|1971-05-23|Graz", "Sergej|Worobjow|1971-05-23|Graz"),
        ("Sergei|Vorobyov|1971-05-23|Graz", "Sergueï|Vorobiov|1971-05-23|Graz"),
        ("Ксения|Журавлёва|1971-05-23|Graz", "Ksenia|Zhuravlyova|1971-05-23|Graz"),
        ("Γεώργιος|Παπαδόπουλος|1971-05-23|Graz", "Georgios|Papadopoulos|1971-05-23|Graz"),
        ("Youssef|Al-Khouri|1971-05-23|Graz", "Yusuf|Khoury|1971-05-23|Graz"),
        ("Jürgen|Schäfer|1971-05-23|Graz", "Juergen|Schaefer|1971-05-23|Graz"),
        // Day and month, and the names, in the other order.
        ("Łukasz|Wójcik|1971-05-03|Graz", "Lukasz|Wojcik|1971-03-05|Graz"),
        ("Worobjow|Sergej|1971-05-23|Graz", "Sergey|Vorobyev|1971-05-23|Graz"),
    ] {
        assert!(last_are_one(one, other), "{one} and {other}");
    }
}

#[test]
fn names_in_the_wrong_order_say_no_more_than_names() {
    assert!(last_are_one("Marta|Quast|1971-05-23|Graz", "Quast|Marta|1971-05-23|Graz"));
    assert!(!last_are_one("Anna|Berg|1971-05-23|Graz", "Berg|Anna|1988-11-02|Linz"));
}

#[test]
fn the_first_of_a_name_is_not_the_second() {
    let mut rows = vec!["first_name|last_name|street|city".to_owned()];
    rows.extend(people(90, |n, given, family, _| {
        format!("{given}|{family}|{} Mill Lane|Graz", n % 80)
    }));
    rows.extend(
        ["Otto I|Zander|4 Hill Road|Linz", "Otto II|Zander|4 Hill Road|Linz"].map(str::to_owned),
    );
    let outcome = resolved(Person, &rows);
    let last = outcome.clusters.len() - 1;
    assert_ne!(outcome.clusters[last], outcome.clusters[last - 1]);
}

#[test]
fn a_date_in_three_columns_and_a_single_column_of_company_names_are_read() {
    let mut rows = vec!["fname_c1|lname_c1|by|bm|bd".to_owned()];
    rows.extend(people(120, |_, given, family, born| {
        format!("{given}|{family}|{}", born.replace('-', "|"))
    }));
    let outcome = resolved(Person, &rows);
    let right = (0..120).filter(|n| outcome.clusters[2 * n] == outcome.clusters[2 * n + 1]);
    assert!(right.count() >= 118);

    let mut rows = vec!["applicant".to_owned()];
    for n in 0..90 {
        let core = format!(
            "{} {}",
            FAMILY[n % 15],
            ["Optics", "Chemicals", "Motors", "Foods", "Energy", "Paper"][n / 15]
        );
        rows.push(format!("{core} GmbH"));
        rows.push(format!("{} AG", core.to_uppercase()));
    }
    let outcome = resolved(Company, &rows);
    let right = (0..90).filter(|n| outcome.clusters[2 * n] == outcome.clusters[2 * n + 1]);
    assert!(right.count() >= 88);
    let clusters: std::collections::BTreeSet<u32> = outcome.clusters.iter().copied().collect();
    assert!(clusters.len() >= 88, "one telling word in common is not enough: {}", clusters.len());
}

#[test]
fn other_passports_speak_against_a_match_though_a_few_relatives_pass_for_matches() {
    let mut rows = vec!["first_name|last_name|dob|passport_number|street|city".to_owned()];
    rows.extend(people(100, |n, given, family, born| {
        let passport =
            if n % 12 == 0 { (30_100_200 + n * 7_919).to_string() } else { String::new() };
        format!("{given}|{family}|{born}|{passport}|{n} Mill Lane|Graz")
    }));
    let first = rows.len() - 1;
    // Namesakes at one address with other passports, and two of whom one has none.
    for n in 0..7 {
        let name = format!("{}|{}", GIVEN[n + 3], FAMILY[14 - n]);
        let passport = if n < 6 { (81_702_000 + n * 977).to_string() } else { String::new() };
        rows.push(format!("{name}||{}|{n} Harbour Road|Linz", 55_010_000 + n * 1_371));
        rows.push(format!("{name}||{passport}|{n} Harbour Road|Linz"));
    }
    let outcome = resolved(Person, &rows);
    let weight = |n: usize| {
        let (a, b) = ((first + 2 * n) as u32, (first + 2 * n + 1) as u32);
        outcome.pairs.iter().find(|pair| (pair.a, pair.b) == (a, b)).unwrap().weight
    };
    let without = weight(6);
    for n in 0..6 {
        assert!(weight(n) < without - 0.5, "{n}: {} and {without} without", weight(n));
    }
}
