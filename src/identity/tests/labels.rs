//! What stewards decide teaches the parameters, and a few mistakes do no harm.

use super::table::Dice;
use super::*;

/// People of a shop whose customers often have two mailboxes and move house; families and namesakes
/// among them. With each record the person it is of.
fn shop(seed: u64, people: usize) -> Vec<(usize, IdentityRecord)> {
    let mut dice = Dice(seed);
    let mut records = Vec::new();
    let givens: Vec<String> = (0..25).map(|_| dice.word(2)).collect();
    let families: Vec<String> = (0..40).map(|_| dice.word(2)).collect();
    for who in 0..people {
        let given = &givens[dice.below(givens.len())];
        let family = &families[dice.below(families.len())];
        let phone = format!("+1 415 555 {:04}", dice.below(10_000));
        for copy in 0..2 {
            let mail = format!("{}{}@mail{}.example", dice.word(2), dice.below(90), dice.below(9));
            let number = if dice.below(3) > 0 { phone.as_str() } else { "" };
            let home = format!("{} {} Street | {}", dice.below(90), dice.word(2), 60_600 + who % 9);
            let text = format!("{given} {family} | {mail} | {number} | | {home}");
            records.push((who, person("crm", &format!("{who}.{copy}"), &text)));
        }
    }
    records
}

/// Mean of what the weights cost in bits over the pairs that look alike at all, held to the truth.
fn cost(world: &[(usize, IdentityRecord)], knowledge: &Knowledge) -> f64 {
    let all: Vec<&IdentityRecord> = world.iter().map(|(_, r)| r).collect();
    let table = knowledge.table(&all);
    let mut view = knowledge.view(&table);
    let pairs = view.candidates();
    let bits = |a: u32, b: u32, view: &mut crate::engine::View<'_>| {
        let weight = f64::from(view.weight(a, b)).clamp(-12.0, 12.0);
        let same = world[a as usize].0 == world[b as usize].0;
        (1.0 + (if same { -weight } else { weight }).exp2()).log2()
    };
    pairs.iter().map(|(a, b)| bits(*a, *b, &mut view)).sum::<f64>() / pairs.len() as f64
}

fn decided(world: &[(usize, IdentityRecord)], every: usize, right: bool) -> Vec<Decision> {
    let knowledge = Knowledge::unlearned(ProfileKind::Person);
    let all: Vec<&IdentityRecord> = world.iter().map(|(_, r)| r).collect();
    let table = knowledge.table(&all);
    let pairs = knowledge.view(&table).candidates();
    let verdict = |same: bool| if same == right { Verdict::Same } else { Verdict::Different };
    pairs
        .iter()
        .step_by(every)
        .map(|(a, b)| {
            let ((p, x), (q, y)) = (&world[*a as usize], &world[*b as usize]);
            decide(x, y, verdict(p == q), 1)
        })
        .collect()
}

#[test]
fn decisions_improve_the_weights_of_records_nobody_decided_on() {
    let (taught, other) = (shop(5, 300), shop(77, 300));
    let records: Vec<IdentityRecord> = taught.iter().map(|(_, r)| r.clone()).collect();
    let alone = Knowledge::learn(ProfileKind::Person, &records, &[]);
    let decisions = decided(&taught, 150, true);
    let with = Knowledge::learn(ProfileKind::Person, &records, &decisions);
    let (before, after) = (cost(&other, &alone), cost(&other, &with));
    println!("{} decisions: {before:.3} bits a pair before, {after:.3} after", decisions.len());
    assert!(after < before, "{before:.3} {after:.3}");

    // A handful of wrong ones changes next to nothing.
    let wrong: Vec<Decision> = decided(&taught, 40, false).into_iter().take(5).collect();
    let misled = Knowledge::learn(ProfileKind::Person, &records, &wrong);
    let after = cost(&other, &misled);
    println!("five wrong ones: {after:.3}");
    assert!(after < before * 1.25, "{before:.3} {after:.3}");
}
