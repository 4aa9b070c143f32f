//! Edit distance as far as it matters.
//!
//! Owns quick answers to what is asked for every pair: "is it one slip apart?", asked far more often
//! than a whole distance, and the Jaro-Winkler similarity of short texts.

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

/// Jaro-Winkler similarity, the same as strsim's. Folded texts are nearly always ASCII and short:
/// of those the letters that found a partner are bits of a number, and nothing is allocated.
pub(crate) fn jaro_winkler(s: &str, t: &str) -> f64 {
    let (a, b) = (s.as_bytes(), t.as_bytes());
    if a.is_empty() || b.is_empty() || a.len().max(b.len()) > 64 || !(s.is_ascii() && t.is_ascii())
    {
        return strsim::jaro_winkler(s, t);
    }
    let reach = (a.len().max(b.len()) / 2).saturating_sub(1);
    let (mut of_a, mut of_b) = (0_u64, 0_u64);
    for (at, x) in a.iter().enumerate() {
        let from = at.saturating_sub(reach);
        let near = b.iter().enumerate().take(at + reach + 1).skip(from);
        for (other, y) in near {
            if x == y && of_b & (1 << other) == 0 {
                of_a |= 1 << at;
                of_b |= 1 << other;
                break;
            }
        }
    }
    let matches = of_a.count_ones();
    if matches == 0 {
        return 0.0;
    }
    let mut apart = 0;
    while of_a != 0 {
        apart += u32::from(a.get(next_bit(&mut of_a)) != b.get(next_bit(&mut of_b)));
    }
    let (m, moved) = (f64::from(matches), apart / 2);
    let jaro = (m / a.len() as f64 + m / b.len() as f64 + f64::from(matches - moved) / m) / 3.0;
    if jaro > 0.7 {
        let prefix = a.iter().zip(b).take(4).take_while(|(x, y)| x == y).count();
        jaro + 0.1 * prefix as f64 * (1.0 - jaro)
    } else {
        jaro
    }
}

/// The place of the lowest bit, which is cleared.
fn next_bit(bits: &mut u64) -> usize {
    let at = bits.trailing_zeros() as usize;
    *bits &= bits.wrapping_sub(1);
    at
}

#[cfg(test)]
mod tests {
    use super::{jaro_winkler, one_slip};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_a_distance_of_one(a in "[ab1]{0,6}", b in "[ab1]{0,6}") {
            prop_assert_eq!(one_slip(&a, &b), strsim::osa_distance(&a, &b) == 1);
        }

        #[test]
        fn it_is_the_similarity_of_strsim(a in "[abc1\u{e9}]{0,9}|[ab ]{50,70}", b in "[abc1]{0,12}|[ab ]{50,70}") {
            prop_assert_eq!(jaro_winkler(&a, &b), strsim::jaro_winkler(&a, &b));
        }
    }
}
