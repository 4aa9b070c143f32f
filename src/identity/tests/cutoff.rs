//! The cut-off of tables whose joins leave no valley between those of one and of two entities.

use super::table::{Dice, columns};
use crate::engine::{EngineOptions, TableBuilder, TableOutcome, resolve_table};
use crate::quality::{Step, Truth, best_cutoff, clusters};
use crate::role::Role;
use domain::ProfileKind;

/// People of frequent names and their dates of birth, one in ten with a copy that has one error.
fn births(seed: u64) -> (Vec<u32>, Vec<[String; 3]>) {
    let mut dice = Dice(seed);
    let names = |dice: &mut Dice, count: usize| -> Vec<String> {
        (0..count).map(|_| dice.word(2) + &dice.word(1)).collect()
    };
    let (given, family) = (names(&mut dice, 40), names(&mut dice, 90));
    // The smaller of two numbers: some names are far more frequent than others.
    let often = |dice: &mut Dice, list: &[String]| {
        list[dice.below(list.len()).min(dice.below(list.len()))].clone()
    };
    let (mut labels, mut rows) = (Vec::new(), Vec::new());
    for person in 0..5_000 {
        let mut date = [1920 + dice.below(85), 1 + dice.below(12), 1 + dice.below(28)];
        let mut names = [often(&mut dice, &given), often(&mut dice, &family)];
        let mut add = |names: &[String; 2], [y, m, d]: [usize; 3]| {
            labels.push(person);
            let [given, family] = names.clone();
            rows.push([given, family, format!("{y}-{m:02}-{d:02}")]);
        };
        add(&names, date);
        if dice.below(10) == 0 {
            match dice.below(10) {
                at @ 0..6 => drop(names[at % 2].remove(2)),
                6 => date[0] += 10,
                7 => date[1] = 1 + dice.below(12),
                _ => date[2] = 1 + dice.below(28),
            }
            add(&names, date);
        }
    }
    (labels, rows)
}

fn resolved(rows: &[[String; 3]]) -> TableOutcome {
    let columns = columns(&[Role::GivenName, Role::FamilyName, Role::Date]);
    let mut builder = TableBuilder::new(ProfileKind::Person, columns);
    for row in rows {
        builder.push(row.iter().map(String::as_str));
    }
    resolve_table(&builder.finish(), None, &EngineOptions { below: 4.0 }, &mut |_| ())
}

#[test]
fn two_kinds_of_errors_are_no_two_kinds_of_joins() {
    for seed in [7, 1_000_003] {
        let (labels, rows) = births(seed);
        let outcome = resolved(&rows);
        let truth = Truth { labels: &labels, sets: None };
        let steps = outcome.joins.iter().map(|join| Step {
            a: join.a,
            b: join.b,
            weight: f64::from(join.weight),
        });
        let best = best_cutoff(steps, &truth).f1;
        let found = clusters(&truth, &outcome.clusters).pairwise.f1;
        assert!(outcome.cutoff <= 0.0, "copies with another date lie above {}", outcome.cutoff);
        assert!(found > best - 0.02 && found > 0.8, "{found} of {best} at {}", outcome.cutoff);
    }
}
