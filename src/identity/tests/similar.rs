//! The comparators of whole names, on tables and on labelled pairs beside the project.

use crate::similar::{SAME, company_names, person_names};
use std::collections::BTreeMap;
use std::path::Path;

#[test]
fn one_person_is_known_by_any_spelling_of_the_name() {
    for (a, b) in [
        ("John Smith", "Smith, John"),
        ("Dr. Ann Smith", "Ann Smith PhD"),
        ("Юрий Щербаков", "Yuri Shcherbakov"),
        ("Jurij Schtscherbakow", "Yuriy Shcherbakov"),
        ("Νίκος Παπαδόπουλος", "Nikos Papadopoulos"),
        ("Jürgen Müller", "Juergen Mueller"),
        ("Bill Gardner", "William Gardner"),
        ("William Henry Gardner", "William H. Gardner"),
        ("Muhammad al-Hassan", "Mohamed Al Hasan"),
        ("AnnaSchmidt", "Anna Schmidt"),
        ("Jonathon Smyth", "Jonathan Smith"),
        ("José García López", "Jose Garcia Lopez"),
        ("Thomas Lindqvist", "Tomas Lindkvist"),
        ("J.-P. Martineau", "Jean-Pierre Martineau"),
        ("Maria Theresa Okonkwo Eze", "Maria Okonkwo Eze"),
    ] {
        assert!(person_names(a, b) >= SAME, "{a} / {b}: {}", person_names(a, b));
    }
}

#[test]
fn other_people_stay_other_people() {
    for (a, b) in [
        ("John Smith", "Jane Smith"),
        ("John Smith", "John Jones"),
        ("Robert Miller", "Roger Miller"),
        ("Thomas A. Bergmann", "Thomas X. Bergmann"),
        ("Ivan Petrovich Sidorov", "Ivan Alexeyevich Sidorov"),
        ("Anna", "Peter Anna Marie Schmidt"),
        ("Karim bin Yusuf Hamdan", "Yusuf bin Karim Hamdan"),
        ("", "Ann Smith"),
        ("Ann Smith", "12"),
    ] {
        assert!(person_names(a, b) < SAME, "{a} / {b}: {}", person_names(a, b));
    }
}

#[test]
fn companies_are_known_without_their_legal_forms_and_told_apart_by_their_words() {
    for (a, b) in [
        ("Brandt Aktiengesellschaft", "Brandt AG"),
        ("OOO Lazurit", "Lazurit Limited Liability Company"),
        ("ООО «Лазурит»", "Lazurit LLC"),
        ("Intl Widget Mfg", "International Widget Manufacturing"),
        ("Good Will Traders", "Goodwill Traders"),
        ("The Harbour Trust", "Harbour Trust"),
        ("IBM", "International Business Machines"),
        ("Ferry & Sons", "Ferry and Sons"),
        ("Squadron Forty-Four", "Squadron 44"),
    ] {
        assert!(company_names(a, b) >= SAME, "{a} / {b}: {}", company_names(a, b));
    }
    for (a, b) in [
        ("Harbour Trust of Boston", "Harbour Trust of Dallas"),
        ("Lazurit Foods", "Lazurit Textiles"),
        ("Brandt Mexico", "Brandt Chile"),
        ("Marine Insurance", "Marine Equipment"),
        ("", "Brandt"),
    ] {
        assert!(company_names(a, b) < SAME, "{a} / {b}: {}", company_names(a, b));
    }
}

/// Splits one CSV line with quotes and doubled quotes.
pub(super) fn fields(line: &str) -> Vec<String> {
    let (mut out, mut quoted) = (vec![String::new()], false);
    let mut signs = line.chars().peekable();
    while let Some(c) = signs.next() {
        match c {
            '"' if quoted && signs.peek() == Some(&'"') => {
                signs.next();
                out.last_mut().unwrap().push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => out.push(String::new()),
            c => out.last_mut().unwrap().push(c),
        }
    }
    out
}

#[derive(Default)]
struct Counts {
    right: u32,
    said: u32,
    true_pairs: u32,
    pairs: u32,
    correct: u32,
}

#[test]
fn labelled_pairs_of_names_are_told_at_the_fixed_cut() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/er/opensanctions_name_bench_pairs.csv");
    let Ok(text) = std::fs::read_to_string(&path) else {
        #[allow(clippy::disallowed_methods)]
        let required = std::env::var_os("C360_REQUIRE_ALL").is_some();
        assert!(!required, "the labelled pairs of names are missing");
        println!("skipped: no labelled pairs of names beside the project");
        return;
    };
    let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let row = fields(line);
        let [_, schema, a, b, label, ..] = row.as_slice() else { panic!("a short line") };
        let truth = label == "true";
        let of = if schema == "Person" { person_names } else { company_names };
        let said = of(a, b) >= SAME;
        for key in [schema.as_str(), "all"] {
            let count = counts.entry(key.to_owned()).or_default();
            count.pairs += 1;
            count.said += u32::from(said);
            count.true_pairs += u32::from(truth);
            count.right += u32::from(said && truth);
            count.correct += u32::from(said == truth);
        }
    }
    let share = |part: u32, whole: u32| f64::from(part) / f64::from(whole.max(1));
    for (schema, c) in &counts {
        println!(
            "{schema}: {} pairs, accuracy {:.3}, precision {:.3}, recall {:.3}",
            c.pairs,
            share(c.correct, c.pairs),
            share(c.right, c.said),
            share(c.right, c.true_pairs)
        );
    }
    for (schema, floor) in [("all", 0.91), ("Person", 0.92), ("Company", 0.89)] {
        let accuracy = share(counts[schema].correct, counts[schema].pairs);
        assert!(accuracy >= floor, "{schema}: {accuracy:.3}");
    }
}
