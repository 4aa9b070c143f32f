//! Exact fractions.

use crate::{Margin, Ratio, allocate};
use proptest::prelude::*;

fn r(num: i128, den: i128) -> Ratio {
    Ratio::new(num, den).unwrap()
}

#[test]
fn halves_round_to_even_on_both_sides_of_zero() {
    for (num, den, rounded) in [
        (5, 2, 2),
        (7, 2, 4),
        (-5, 2, -2),
        (-7, 2, -4),
        (1, 3, 0),
        (2, 3, 1),
        (-2, 3, -1),
        (1, 2, 0),
    ] {
        assert_eq!(r(num, den).round(), rounded, "{num}/{den}");
    }
}

#[test]
fn decimals_are_exact_to_the_last_place() {
    assert_eq!(r(1, 3).to_decimal(4).unwrap(), "0.3333");
    assert_eq!(r(-1, 8).to_decimal(2).unwrap(), "-0.12");
    assert_eq!(r(4, 1).to_decimal(4).unwrap(), "4.0000");
    assert_eq!(r(-1, 100_000).to_decimal(4).unwrap(), "0.0000");
    assert_eq!(r(7, 2).to_decimal(0).unwrap(), "4");
}

#[test]
fn what_does_not_fit_is_no_number() {
    assert_eq!(Ratio::new(1, 0), None);
    assert_eq!(r(i128::MAX, 1).checked_add(r(1, 1)), None);
    assert_eq!(r(i128::MAX, 1).checked_mul(r(2, 1)), None);
    assert_eq!(r(i128::MAX, 1).round_i64(), None);
    assert_eq!(Ratio::new(i128::MIN, -1), None);
}

#[test]
fn margins_are_read_exactly_or_refused() {
    for (text, ppm) in [
        ("0.8", 800_000),
        ("1", 1_000_000),
        ("0", 0),
        ("0.123456", 123_456),
        ("1.000000000", 1_000_000),
    ] {
        assert_eq!(Margin::parse(text).map(Margin::ppm), Some(ppm), "{text}");
    }
    for text in ["", "80%", "1.1", "-0.1", "0.1234567", ".5", "1e-1", "0,8", "0.8.1"] {
        assert_eq!(Margin::parse(text), None, "{text}");
    }
    assert_eq!(Margin::parse("0.80").unwrap().to_string(), "0.8");
    assert_eq!(Margin::parse("1").unwrap().to_string(), "1.0");
}

proptest! {
    #[test]
    fn shown_parts_sum_to_the_shown_total(parts in prop::collection::vec((-1_000_000_i128..1_000_000, 1_i128..400), 0..20)) {
        let parts: Vec<Ratio> = parts.into_iter().map(|(n, d)| r(n, d)).collect();
        let total = parts.iter().try_fold(Ratio::ZERO, |sum, part| sum.checked_add(*part));
        prop_assume!(total.is_some());
        let shown = allocate(&parts).unwrap();
        prop_assert_eq!(shown.len(), parts.len());
        if !parts.is_empty() {
            prop_assert_eq!(shown.iter().sum::<i64>(), total.unwrap().round_i64().unwrap());
        }
    }

    #[test]
    fn sums_do_not_depend_on_order(a in (-1000_i128..1000, 1_i128..99), b in (-1000_i128..1000, 1_i128..99), c in (-1000_i128..1000, 1_i128..99)) {
        let (a, b, c) = (r(a.0, a.1), r(b.0, b.1), r(c.0, c.1));
        let left = a.checked_add(b).unwrap().checked_add(c).unwrap();
        let right = c.checked_add(a).unwrap().checked_add(b).unwrap();
        prop_assert_eq!(left, right);
    }
}
