//! Quality held to examples worked by hand and to a version that looks at every pair.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::cast_precision_loss)]

use super::*;
use proptest::prelude::*;

fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-12, "{a} is not {b}");
}

fn every_pair(truth: &Truth<'_>) -> Vec<(u32, u32)> {
    let rows = u32::try_from(truth.labels.len()).unwrap();
    (0..rows)
        .flat_map(|a| (a + 1..rows).map(move |b| (a, b)))
        .filter(|(a, b)| {
            let known = |row: &u32| truth.labels[*row as usize] != UNKNOWN;
            let crosses = truth.sets.is_none_or(|s| s[*a as usize] != s[*b as usize]);
            known(a) && known(b) && crosses
        })
        .collect()
}

/// The definitions, word for word.
fn slow(truth: &Truth<'_>, clusters: &[u32]) -> ClusterQuality {
    let together = |a: u32, b: u32| clusters[a as usize] == clusters[b as usize];
    let one = |a: u32, b: u32| truth.labels[a as usize] == truth.labels[b as usize];
    let all = every_pair(truth);
    let found = all.iter().filter(|p| together(p.0, p.1)).count() as u64;
    let right = all.iter().filter(|p| one(p.0, p.1)).count() as u64;
    let both = all.iter().filter(|p| together(p.0, p.1) && one(p.0, p.1)).count() as u64;
    let rows: Vec<u32> = (0..u32::try_from(clusters.len()).unwrap())
        .filter(|r| truth.labels[*r as usize] != UNKNOWN)
        .collect();
    let (mut precision, mut recall) = (0.0, 0.0);
    for a in &rows {
        let others = || {
            rows.iter()
                .filter(|b| a == *b || truth.sets.is_none_or(|s| s[*a as usize] != s[**b as usize]))
        };
        let same = others().filter(|b| together(*a, **b) && one(*a, **b)).count() as f64;
        precision += same / others().filter(|b| together(*a, **b)).count() as f64;
        recall += same / others().filter(|b| one(*a, **b)).count() as f64;
    }
    let count = rows.len() as f64;
    let b_cubed = if rows.is_empty() {
        Scores { precision: 1.0, recall: 1.0, f1: 1.0 }
    } else {
        let (p, r) = (precision / count, recall / count);
        Scores { precision: p, recall: r, f1: 2.0 * p * r / (p + r) }
    };
    ClusterQuality { pairwise: Scores::of_counts(both, found, right), b_cubed }
}

#[test]
fn an_example_worked_by_hand() {
    // Entities {0 1 2} {3 4}; clusters {0 1} {2 3 4}; row 5 is nobody's.
    let labels = [7, 7, 7, 9, 9, UNKNOWN];
    let truth = Truth { labels: &labels, sets: None };
    let q = clusters(&truth, &[0, 0, 1, 1, 1, 1]);
    // Found: 01 23 24 34; right: 01 02 12 34; both: 01 34.
    close(q.pairwise.precision, 0.5);
    close(q.pairwise.recall, 0.5);
    close(q.pairwise.f1, 0.5);
    // Precision of rows: 1 1 1/3 2/3 2/3; recall: 2/3 2/3 1/3 1 1.
    close(q.b_cubed.precision, 11.0 / 15.0);
    close(q.b_cubed.recall, 11.0 / 15.0);
    assert_eq!(largest_cluster(&[0, 0, 1, 1, 1, 1]), 4);
    let p = pairs(&truth, [(0, 1), (2, 3), (4, 5), (1, 2)]);
    close(p.precision, 2.0 / 3.0);
    close(p.recall, 0.5);
    close(p.f1, 4.0 / 7.0);
}

#[test]
fn linking_counts_only_pairs_of_two_sets() {
    // Rows 0 1 of set 0, rows 2 3 of set 1; entities {0 2} {1 3}; clusters {0 1 2} {3}.
    let truth = Truth { labels: &[1, 2, 1, 2], sets: Some(&[0, 0, 1, 1]) };
    let q = clusters(&truth, &[5, 5, 5, 6]);
    // Found: 02 12; right: 02 13; both: 02.
    close(q.pairwise.precision, 0.5);
    close(q.pairwise.recall, 0.5);
    // Row 0 sees {0 2}: 1; row 1 sees {1 2}: 1/2; row 2 sees {0 1 2}: 2/3; row 3 itself: 1.
    close(q.b_cubed.precision, (1.0 + 0.5 + 2.0 / 3.0 + 1.0) / 4.0);
    // Row 0: {0 2} found: 1; row 1: 1 of {1 3}; row 2: 1; row 3: 1 of 2.
    close(q.b_cubed.recall, 0.75);
}

#[test]
fn nothing_found_and_nothing_to_find() {
    let none = Truth { labels: &[1, 2, 3], sets: None };
    let q = clusters(&none, &[0, 1, 2]);
    assert_eq!(q.pairwise, Scores { precision: 1.0, recall: 1.0, f1: 1.0 });
    assert_eq!(q.b_cubed, Scores { precision: 1.0, recall: 1.0, f1: 1.0 });
    let missed = Truth { labels: &[1, 1], sets: None };
    assert_eq!(pairs(&missed, []), Scores { precision: 1.0, recall: 0.0, f1: 0.0 });
    let empty = Truth { labels: &[], sets: None };
    assert_eq!(clusters(&empty, &[]).b_cubed.f1, 1.0);
    assert_eq!(best_cutoff([], &empty), BestCutoff { cutoff: None, f1: 1.0 });
    assert_eq!(largest_cluster(&[]), 0);
}

#[test]
fn the_best_cut_lies_between_the_last_good_join_and_the_first_bad_one() {
    let labels = [1, 1, 1, 2, 2];
    let truth = Truth { labels: &labels, sets: None };
    let step = |a, b, weight| Step { a, b, weight };
    let steps = [step(0, 1, 9.0), step(3, 4, 7.0), step(2, 1, 4.0), step(0, 4, -2.0)];
    assert_eq!(best_cutoff(steps, &truth), BestCutoff { cutoff: Some(1.0), f1: 1.0 });
    assert_eq!(best_cutoff(steps[..3].to_vec(), &truth), BestCutoff { cutoff: Some(4.0), f1: 1.0 });
    // A heavy join made after a light one is cut with the light one.
    let steps = [step(0, 3, 5.0), step(0, 1, 8.0), step(1, 2, 4.5)];
    let best = best_cutoff(steps, &truth);
    // Both first: 0 1 3 together, 1 of 3 pairs right of 4; all: {0 1 2 3}: 3 of 6, 2*3/(6+4).
    assert_eq!(best, BestCutoff { cutoff: Some(4.5), f1: 0.6 });
    // All joins wrong: none is best.
    let apart = Truth { labels: &[1, 2], sets: None };
    assert_eq!(best_cutoff([step(0, 1, 3.0)], &apart), BestCutoff { cutoff: None, f1: 1.0 });
    // Rows that are not there do nothing.
    assert_eq!(best_cutoff([step(0, 9, 3.0)], &apart).cutoff, None);
}

/// The clusters that a cut leaves, by relabelling.
fn cut(rows: usize, steps: &[Step], at: f64) -> Vec<u32> {
    let mut clusters: Vec<u32> = (0..u32::try_from(rows).unwrap()).collect();
    for step in steps.iter().take_while(|s| s.weight >= at) {
        let (a, b) = (clusters[step.a as usize], clusters[step.b as usize]);
        clusters.iter_mut().filter(|c| **c == b).for_each(|c| *c = a);
    }
    clusters
}

#[derive(Debug, Clone)]
struct Case {
    labels: Vec<u32>,
    sets: Option<Vec<u32>>,
    clusters: Vec<u32>,
    steps: Vec<Step>,
}

fn case() -> impl Strategy<Value = Case> {
    (1_usize..24).prop_flat_map(|rows| {
        let label = prop_oneof![6 => 0_u32..6, 1 => Just(UNKNOWN)];
        let row = 0..u32::try_from(rows).unwrap();
        (
            proptest::collection::vec(label, rows),
            proptest::option::of(proptest::collection::vec(0_u32..3, rows)),
            proptest::collection::vec(0_u32..6, rows),
            proptest::collection::vec((row.clone(), row, -6_i32..6), 0..30),
        )
            .prop_map(|(labels, sets, clusters, steps)| Case {
                labels,
                sets,
                clusters,
                steps: steps
                    .into_iter()
                    .map(|(a, b, w)| Step { a, b, weight: f64::from(w) })
                    .collect(),
            })
    })
}

proptest! {
    #[test]
    fn clusters_score_as_when_every_pair_is_looked_at(case in case()) {
        let truth = Truth { labels: &case.labels, sets: case.sets.as_deref() };
        let (fast, slow) = (clusters(&truth, &case.clusters), slow(&truth, &case.clusters));
        prop_assert_eq!(fast.pairwise, slow.pairwise);
        prop_assert!((fast.b_cubed.precision - slow.b_cubed.precision).abs() < 1e-9);
        prop_assert!((fast.b_cubed.recall - slow.b_cubed.recall).abs() < 1e-9);
        prop_assert!((fast.b_cubed.f1 - slow.b_cubed.f1).abs() < 1e-9);
        // A clustering is its own list of pairs.
        let found: Vec<_> = every_pair(&truth)
            .into_iter()
            .filter(|(a, b)| case.clusters[*a as usize] == case.clusters[*b as usize])
            .collect();
        prop_assert_eq!(pairs(&truth, found), fast.pairwise);
    }

    #[test]
    fn the_best_cut_is_the_best_of_all_cuts(case in case()) {
        let truth = Truth { labels: &case.labels, sets: case.sets.as_deref() };
        let rows = case.labels.len();
        let best = best_cutoff(case.steps.iter().copied(), &truth);
        let at = |w: f64| slow(&truth, &cut(rows, &case.steps, w)).pairwise.f1;
        let of_all = case.steps.iter().map(|s| at(s.weight)).fold(at(f64::INFINITY), f64::max);
        prop_assert!((best.f1 - of_all).abs() < 1e-12, "{} of {}", best.f1, of_all);
        let there = at(best.cutoff.unwrap_or(f64::INFINITY));
        prop_assert!((best.f1 - there).abs() < 1e-12, "{} at its cut-off {}", best.f1, there);
    }
}
