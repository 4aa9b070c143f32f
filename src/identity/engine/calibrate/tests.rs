//! Histograms with a known valley, and tables that have none.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

/// Joins whose weights follow `falling 2^(-a w) + rising 2^(b w)` per unit, meeting at `cross`.
fn two_sided(height: f64, cross: f64, a: f64, b: f64) -> Vec<Join> {
    let mut out = Vec::new();
    let mut carried = 0.0;
    let mut weight = -8.0;
    while weight < 12.0 {
        let off: f64 = weight - cross;
        carried += 0.01 * height * ((-a * off).exp2() + (b * off).exp2());
        while carried >= 1.0 {
            carried -= 1.0;
            out.push(Join { weight, pairs: 1.0 });
        }
        weight += 0.01;
    }
    out
}

#[test]
fn the_valley_is_found_wherever_it_lies() {
    for cross in [-4.0, -1.0, 2.0, 3.5] {
        for (a, b) in [(0.4, 0.4), (0.5, 0.3), (0.35, 0.5)] {
            let joins = two_sided(100.0, cross, a, b);
            let expected = cross + f64::log2(a / b) / (a + b);
            let found = valley(&joins, -8.0);
            assert!((found - expected).abs() < 0.3, "{cross} {a} {b}: {found} for {expected}");
        }
    }
}

#[test]
fn few_joins_stay_near_zero() {
    assert_eq!(valley(&[], -2.0), 0.0);
    for weight in [-7.0, -1.0, 0.0, 3.0, 13.0] {
        let found = valley(&[Join { weight, pairs: 1.0 }], -8.0);
        assert!(found.abs() < 3.0, "{weight}: {found}");
    }
}

#[test]
fn many_equal_joins_are_no_trouble() {
    for weight in [-8.0, -2.0, 0.0, 8.99, 14.0] {
        for depth in DEPTHS {
            let joins = vec![Join { weight, pairs: 1e9 }; 5000];
            assert!(valley(&joins, depth).is_finite());
        }
    }
}

#[test]
fn the_order_of_joins_and_edges_does_not_matter() {
    let mut joins = two_sided(7.0, 1.0, 0.5, 0.3);
    let forward = valley(&joins, -5.0);
    joins.reverse();
    assert_eq!(forward, valley(&joins, -5.0));

    let mut edges = pairs_at(&two_sided(5.0, -4.0, 0.5, 0.4));
    let records = edges.len() * 2;
    let first = cutoff(records, &edges, &above(&edges), &mut |_, _| true);
    edges.reverse();
    assert_eq!(first, cutoff(records, &edges, &above(&edges), &mut |_, _| true));
}

/// Two records of their own for every join.
fn pairs_at(joins: &[Join]) -> Vec<(u32, u32, f32)> {
    joins
        .iter()
        .enumerate()
        .map(|(at, j)| (2 * at as u32, 2 * at as u32 + 1, j.weight as f32))
        .collect()
}

/// What agglomeration would give down to [`REACH`].
fn above(edges: &[(u32, u32, f32)]) -> Vec<TableJoin> {
    let mut joins: Vec<TableJoin> = edges
        .iter()
        .filter(|e| e.2 >= REACH)
        .map(|(a, b, weight)| TableJoin { a: *a, b: *b, weight: *weight })
        .collect();
    joins.sort_by(|x, y| y.weight.total_cmp(&x.weight));
    joins
}

#[test]
fn a_valley_below_the_agglomeration_is_followed() {
    let edges = pairs_at(&two_sided(60.0, -4.0, 0.5, 0.4));
    let found = cutoff(edges.len() * 2, &edges, &above(&edges), &mut |_, _| true);
    let expected = -4.0 + f32::log2(0.5 / 0.4) / 0.9;
    assert!((found - expected).abs() < 0.6, "{found} for {expected}");
}

#[test]
fn joins_that_may_not_be_are_not_followed() {
    let edges = pairs_at(&two_sided(60.0, -4.0, 0.5, 0.4));
    let joins = above(&edges);
    let free = cutoff(edges.len() * 2, &edges, &joins, &mut |_, _| true);
    let bound = cutoff(edges.len() * 2, &edges, &joins, &mut |_, _| false);
    assert_eq!(bound, cutoff(edges.len() * 2, &[], &joins, &mut |_, _| true));
    assert_ne!(bound, free);
}

#[test]
fn tables_without_candidates_or_with_nothing_but_duplicates_are_answered() {
    assert_eq!(cutoff(0, &[], &[], &mut |_, _| true), 0.0);
    assert_eq!(cutoff(3, &[], &[], &mut |_, _| true), 0.0);
    let edges: Vec<(u32, u32, f32)> = (1..500).map(|at| (0, at, 14.0)).collect();
    let joins: Vec<TableJoin> =
        edges.iter().map(|(a, b, weight)| TableJoin { a: *a, b: *b, weight: *weight }).collect();
    let found = cutoff(500, &edges, &joins, &mut |_, _| true);
    assert!(found.abs() <= FURTHEST as f32, "{found}");
}
