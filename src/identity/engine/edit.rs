//! Edit distance as far as it matters.
//!
//! Owns quick answers to "is it one slip apart?", asked far more often than a whole distance.

/// Whether one letter inserted, left out or replaced, or two neighbours swapped, makes one text of
/// the other. Bytes, which is right for folded text.
pub(crate) fn one_slip(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len().abs_diff(b.len()) > 1 || a == b {
        return false;
    }
    let front = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (x, y) = (a.get(front..).unwrap_or_default(), b.get(front..).unwrap_or_default());
    match (x, y) {
        ([_, x @ ..], [_, y @ ..]) if x.len() == y.len() => {
            x == y
                || matches!((a.get(front..front + 2), b.get(front..front + 2)),
                    (Some([p, q]), Some([r, s])) if p == s && q == r && x.get(1..) == y.get(1..))
        }
        (x, [_, y @ ..]) if x.len() == y.len() => x == y,
        ([_, x @ ..], y) => x == y,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::one_slip;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_a_distance_of_one(a in "[ab1]{0,6}", b in "[ab1]{0,6}") {
            prop_assert_eq!(one_slip(&a, &b), strsim::osa_distance(&a, &b) == 1);
        }
    }
}
