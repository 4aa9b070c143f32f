//! Tables resolved in memory: the order of their rows says nothing, and bad ones do no harm.

use super::similar::fields;
use crate::columns::{SAMPLE_ROWS, recognise};
use crate::engine::{Column, EngineOptions, TableBuilder, TableOutcome, resolve_table};
use crate::role::Role;
use domain::ProfileKind;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

type Rows = Vec<Vec<String>>;

pub(super) fn columns(roles: &[Role]) -> Vec<Column> {
    roles.iter().map(|role| Column { name: role.as_str().to_owned(), role: *role }).collect()
}

pub(super) fn resolved(kind: ProfileKind, columns: &[Column], rows: &Rows) -> TableOutcome {
    let mut builder = TableBuilder::new(kind, columns.to_vec());
    for row in rows {
        builder.push(row.iter().map(String::as_str));
    }
    resolve_table(&builder.finish(), None, &EngineOptions::default(), &mut |_| ())
}

/// The clusters as sets of what their records say.
fn partition(rows: &Rows, outcome: &TableOutcome) -> BTreeSet<Vec<String>> {
    let mut clusters: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for (row, cluster) in rows.iter().zip(&outcome.clusters) {
        clusters.entry(*cluster).or_default().push(row.join("|"));
    }
    clusters
        .into_values()
        .map(|mut members| {
            members.sort_unstable();
            members
        })
        .collect()
}

/// Numbers that look random and are the same in every run.
pub(super) struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end.max(1)
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.below(at + 1));
        }
    }

    pub fn word(&mut self, syllables: usize) -> String {
        const SYLLABLES: [&str; 16] = [
            "ba", "ren", "mi", "tor", "lan", "de", "sou", "kel", "va", "nis", "po", "gar", "hu",
            "fel", "zo", "wit",
        ];
        (0..syllables).map(|_| SYLLABLES[self.below(SYLLABLES.len())]).collect()
    }

    /// A slip of the keyboard, once in a while.
    fn slip(&mut self, text: &str) -> String {
        let mut letters: Vec<char> = text.chars().collect();
        if self.below(4) == 0 && letters.len() > 3 {
            let at = self.below(letters.len() - 1);
            if self.below(2) == 0 {
                letters.swap(at, at + 1);
            } else {
                letters.remove(at);
            }
        }
        letters.into_iter().collect()
    }

    /// Missing, once in a while.
    fn some(&mut self, text: String) -> String {
        if self.below(4) == 0 { String::new() } else { text }
    }
}

/// People with copies and families; dates in which the day comes first, which not every one says.
fn people(seed: u64) -> (Vec<Column>, Rows) {
    use Role as R;
    let columns = columns(&[
        R::GivenName,
        R::FamilyName,
        R::Date,
        R::Email,
        R::Phone,
        R::Street,
        R::City,
        R::PostalCode,
        R::OrgName,
        R::Text,
    ]);
    let mut dice = Dice(seed | 1);
    let mut rows = Rows::new();
    let firms: Vec<String> =
        (0..6).map(|_| format!("{} {} Ltd", dice.word(3), dice.word(2))).collect();
    while rows.len() < 260 {
        let family = dice.word(2);
        let street = format!("{} {} Street", dice.below(90), dice.word(2));
        let (city, postal) = (dice.word(3), format!("{}", 10_000 + dice.below(60)));
        for _ in 0..=dice.below(3) {
            let given = dice.word(2);
            let date =
                format!("{}/{}/19{}", 1 + dice.below(28), 1 + dice.below(12), 50 + dice.below(40));
            let email = format!("{given}.{family}@{}.example", dice.word(2));
            let phone = format!("+1415555{:04}", dice.below(10_000));
            let firm = firms[dice.below(firms.len())].clone();
            for _ in 0..=dice.below(3) {
                let (given, family) = (dice.slip(&given), dice.slip(&family));
                let (email, street) = (dice.slip(&email), dice.slip(&street));
                rows.push(vec![
                    given,
                    family,
                    dice.some(date.clone()),
                    dice.some(email),
                    dice.some(phone.clone()),
                    dice.some(street),
                    dice.some(city.clone()),
                    dice.some(postal.clone()),
                    dice.some(firm.clone()),
                    dice.some(firm.clone()),
                ]);
            }
        }
    }
    (columns, rows)
}

fn firms(seed: u64) -> (Vec<Column>, Rows) {
    use Role as R;
    let columns =
        columns(&[R::OrgName, R::OrgName, R::Web, R::Phone, R::Street, R::City, R::PostalCode]);
    let mut dice = Dice(seed | 1);
    let trades: Vec<String> = (0..8).map(|_| dice.word(3)).collect();
    let mut rows = Rows::new();
    while rows.len() < 220 {
        let words = [dice.word(2), trades[dice.below(trades.len())].clone(), dice.word(1)];
        let web = format!("{}.example", words[0]);
        let phone = format!("+1312555{:04}", dice.below(10_000));
        let street = format!("{} {} Road", dice.below(90), dice.word(2));
        let (city, postal) = (dice.word(3), format!("{}", 60_000 + dice.below(40)));
        for _ in 0..=dice.below(4) {
            let mut words = words.to_vec();
            if dice.below(3) == 0 {
                words.pop();
            }
            if dice.below(5) == 0 {
                dice.shuffle(&mut words);
            }
            let (name, other) = (dice.slip(&words.join(" ")), words.join(" ") + " Inc");
            let street = dice.slip(&street);
            rows.push(vec![
                name,
                dice.some(other),
                dice.some(web.clone()),
                dice.some(phone.clone()),
                dice.some(street),
                dice.some(city.clone()),
                dice.some(postal.clone()),
            ]);
        }
    }
    (columns, rows)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_in_any_order_give_the_same_clusters(seed in 1..u64::MAX, turn in 1..u64::MAX) {
        for (kind, (columns, rows)) in
            [(ProfileKind::Person, people(seed)), (ProfileKind::Company, firms(seed))]
        {
            let first = resolved(kind, &columns, &rows);
            prop_assert!(first.joins.len() > 20, "{} joins", first.joins.len());
            let mut shuffled = rows.clone();
            Dice(turn).shuffle(&mut shuffled);
            let second = resolved(kind, &columns, &shuffled);
            prop_assert_eq!(first.cutoff, second.cutoff);
            prop_assert_eq!(&first.report, &second.report);
            prop_assert_eq!(partition(&rows, &first), partition(&shuffled, &second));
            let joins = |rows: &Rows, outcome: &TableOutcome| -> Vec<(String, String, u32)> {
                let said = |at: u32| rows[at as usize].join("|");
                let mut joins: Vec<_> = outcome
                    .joins
                    .iter()
                    .map(|j| (said(j.a).min(said(j.b)), said(j.a).max(said(j.b)), j.weight.to_bits()))
                    .collect();
                joins.sort_unstable();
                joins
            };
            prop_assert_eq!(joins(&rows, &first), joins(&shuffled, &second));
        }
    }
}

#[test]
fn real_tables_shuffled_give_the_same_clusters() {
    for (name, kind) in [
        ("fake_1000", ProfileKind::Person),
        ("restaurants", ProfileKind::Company),
        ("early_childhood_orgs_half", ProfileKind::Company),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../../../shared/data/er/{name}.csv"));
        let Ok(text) = std::fs::read_to_string(&path) else {
            #[allow(clippy::disallowed_methods)]
            let required = std::env::var_os("C360_REQUIRE_ALL").is_some();
            assert!(!required, "{name}.csv is missing");
            println!("skipped: no {name}.csv beside the project");
            continue;
        };
        let mut lines = text.lines();
        let headers = fields(lines.next().unwrap());
        let rows: Rows = lines.map(fields).collect();
        let step = rows.len().div_ceil(SAMPLE_ROWS);
        let samples: Rows = rows.iter().step_by(step).cloned().collect();
        let truth = [("ignored".to_owned(), "true_id".to_owned())];
        let layout = recognise(kind, &headers, &samples, &truth).unwrap();
        let first = resolved(kind, &layout.columns, &rows);
        let mut shuffled = rows.clone();
        Dice(99).shuffle(&mut shuffled);
        let second = resolved(kind, &layout.columns, &shuffled);
        assert_eq!(first.cutoff, second.cutoff, "{name}");
        assert!(partition(&rows, &first) == partition(&shuffled, &second), "{name}");
    }
}

/// Rows of given and family name, birth date, phone, number.
fn with_numbers(role: Role, rows: &[[&str; 5]]) -> TableOutcome {
    use Role as R;
    let columns = columns(&[R::GivenName, R::FamilyName, R::Date, R::Phone, role]);
    let mut all: Rows = rows.iter().map(|row| row.map(str::to_owned).to_vec()).collect();
    let mut dice = Dice(7);
    while all.len() < 120 {
        let date = format!("19{}-0{}-1{}", 50 + dice.below(40), 1 + dice.below(9), dice.below(9));
        let number = format!("{:09}", dice.below(1_000_000_000));
        let phone = format!("+1415{:07}", dice.below(10_000_000));
        all.push(vec![dice.word(2), dice.word(3), date, phone, number]);
    }
    resolved(ProfileKind::Person, &columns, &all)
}

#[test]
fn a_number_declared_unique_parts_what_everything_else_puts_together() {
    let rows = [
        ["Ann", "Keller", "1970-03-05", "+41791234567", "756111122223"],
        ["Ann", "Keller", "1970-03-05", "+41791234567", "756999988887"],
        ["Bea", "Huber", "1981-11-30", "+41797654321", "756333344445"],
        ["Bea", "Huber", "1981-11-30", "+41797654321", "756333344454"],
        ["Eva", "Graf", "1990-01-17", "+41790001122", "756555566667"],
        ["Eva", "Graf", "1990-01-17", "+41790001122", ""],
    ];
    let unique = with_numbers(Role::UniqueId, &rows);
    assert_ne!(unique.clusters[0], unique.clusters[1], "two numbers are two people");
    assert_eq!(unique.clusters[2], unique.clusters[3], "a typing error is no other number");
    assert_eq!(unique.clusters[4], unique.clusters[5], "a missing number says nothing");
    // Not declared, it is evidence among other evidence.
    let ignored = with_numbers(Role::Ignored, &rows);
    assert_eq!(ignored.clusters[0], ignored.clusters[1]);
    assert_eq!(with_numbers(Role::TrustedId, &rows).clusters[2], 2);
}

#[test]
fn bad_tables_are_answered_in_bounds() {
    use Role as R;
    let columns = columns(&[R::GivenName, R::FamilyName, R::Email, R::Phone, R::Street, R::Text]);
    let of = |value: &str, rows: usize| -> Rows {
        (0..rows).map(|_| vec![value.to_owned(); columns.len()]).collect()
    };
    for kind in [ProfileKind::Person, ProfileKind::Company] {
        for rows in [
            Rows::new(),
            of("", 1),
            of("", 500),
            of("x", 500),
            of("ann@example.org", 3_000),
            of(&"ab ".repeat(4_000), 40),
            of("\u{202e}\u{301}🙂", 40),
            vec![vec!["a".to_owned()]; 30],
        ] {
            let outcome = resolved(kind, &columns, &rows);
            assert_eq!(outcome.clusters.len(), rows.len());
            assert!(outcome.pairs.len() <= rows.len() * 64, "{} pairs", outcome.pairs.len());
            assert!(outcome.cutoff.is_finite());
            assert!(outcome.pairs.iter().all(|pair| pair.weight.is_finite()));
        }
    }
}

#[test]
fn records_that_all_say_the_same_are_answered_with_a_note() {
    use Role as R;
    let columns = columns(&[R::GivenName, R::FamilyName, R::Email]);
    let rows: Rows =
        vec![["Ann", "Smith", "ann.smith@example.org"].map(str::to_owned).to_vec(); 20_000];
    let outcome = resolved(ProfileKind::Person, &columns, &rows);
    assert!(outcome.pairs.len() < 200_000, "{} pairs", outcome.pairs.len());
    assert!(outcome.notes.iter().any(|note| note.contains("say the same")), "{:?}", outcome.notes);
}
