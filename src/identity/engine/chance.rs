//! How often records agree without a reason, and how often the same ones disagree by experience.
//!
//! Owns what training starts from: chance agreement measured on the table's own frequencies and on
//! random pairs, what is usual anywhere, and typical error rates of matches. Refuses to fit.

use super::compare::Comparer;
use super::level::{Comparison, LEVELS, MISSING};
use super::model::{Class, Levels, at_most, is_exact, normalise};
use crate::role::Role;
use domain::ProfileKind;

/// Random pairs on which agreement by chance is measured.
pub(crate) const RANDOM_PAIRS: usize = 300_000;

/// Starting point and weak prior of the match class, in pseudo-counts summing to one.
pub(super) fn typical(
    kind: ProfileKind,
    comparison: Comparison,
    u: &Levels,
    share: &Levels,
) -> Levels {
    if kind == ProfileKind::Company && comparison == Comparison::Org {
        return typical_company(share);
    }
    // Dates of birth and numbers of authorities are mistyped, seldom others.
    let (other, seldom) = match comparison {
        Comparison::Date => (super::level::date::DIFFERENT, 0.03),
        Comparison::Extra(_, Role::TrustedId) => (super::level::id::DIFFERENT, 0.02),
        _ => (MISSING, 0.0),
    };
    let mut m = [0.0; LEVELS];
    let levels = comparison.levels();
    let agree = match comparison {
        Comparison::Given | Comparison::Family => 0.75,
        Comparison::Date => 0.8,
        Comparison::Extra(_, role) if role.is_id() => 0.93,
        Comparison::Email | Comparison::Phone => 0.6,
        Comparison::Extra(..) => 0.5,
        _ => 0.6,
    };
    let exact_u: f64 = (1..=3).map(|l| u.get(l).copied().unwrap_or_default()).sum();
    let rest_u: f64 = 1.0 - exact_u;
    let shares: f64 = share.iter().sum();
    for (level, slot) in m.iter_mut().enumerate().take(levels).skip(1) {
        let chance = u.get(level).copied().unwrap_or_default();
        *slot = if is_exact(level) {
            // Whether a value is rare does not change how often it is mistyped.
            agree * (share.get(level).copied().unwrap_or_default() + 0.01) / (shares + 0.03)
        } else {
            // Half as by chance, half spread evenly over the levels of partial agreement.
            (1.0 - agree) * (0.5 * chance / rest_u.max(1e-9) + 0.5 / (levels - 4).max(1) as f64)
        };
    }
    normalise(&mut m);
    if other != MISSING {
        at_most(&mut m, other, seldom);
    }
    m
}

/// How often names of one company, and of two at one site, are alike but for a word of each.
const EACH_OWN: f64 = 0.005;
pub(super) const EACH_OWN_APART: f64 = 0.01;

/// Names of one company: other spellings are frequent, other names are not.
pub(super) fn typical_company(share: &Levels) -> Levels {
    use super::level::org as l;
    let mut m = [0.0; LEVELS];
    let exact: f64 = share.iter().sum();
    for (level, slot) in m.iter_mut().enumerate().filter(|(level, _)| is_exact(*level)) {
        *slot = 0.6 * (share.get(level).copied().unwrap_or_default() + 0.01) / (exact + 0.03);
    }
    for (level, share) in [
        (l::VERY_SIMILAR, 0.15),
        (l::SIMILAR, 0.07),
        (l::PART, 0.06),
        (l::ACRONYM, 0.03),
        (l::SOMEWHAT, 0.04),
        (l::EACH_OWN, EACH_OWN),
        (l::SLIGHTLY, 0.02),
        (l::DIFFERENT, 0.02),
        (l::NUMBER, 0.002),
    ] {
        if let Some(slot) = m.get_mut(usize::from(level)) {
            *slot = share;
        }
    }
    normalise(&mut m);
    m
}

/// Chance agreement of company names that nobody has measured: two companies seldom have one name.
pub(super) fn cap(kind: ProfileKind, comparisons: &[Comparison], u: &mut [Levels]) {
    use super::level::org as l;
    for (levels, comparison) in u.iter_mut().zip(comparisons) {
        if kind != ProfileKind::Company || *comparison != Comparison::Org {
            continue;
        }
        for (level, most) in
            [(1, 1e-6), (2, 1e-5), (3, 1e-4), (l::VERY_SIMILAR, 1e-5), (l::SIMILAR, 1e-4)]
        {
            if let Some(slot) = levels.get_mut(usize::from(level)) {
                *slot = slot.min(most);
            }
        }
        normalise(levels);
    }
}

/// How often names stand in each other's place, before anything is known of a table.
const SWAPPED: f64 = 0.01;

/// Names are put down in the wrong order whoever bears them: that two records agree in swapped
/// names says as much as that they agree. So by chance it is as rare, beside agreement, as among
/// matches, though it is too rare to be counted on random pairs.
pub(super) fn hold_swaps(comparisons: &[Comparison], u: &mut [Levels], matches: Option<&Class>) {
    use super::level::given as l;
    let Some(at) = comparisons.iter().position(|c| *c == Comparison::Given) else { return };
    let Some(u) = u.get_mut(at) else { return };
    let exact = |levels: &Levels| -> f64 { levels.get(1..4).unwrap_or_default().iter().sum() };
    let agree = exact(u);
    let matched = matches.and_then(|class| class.levels.get(at));
    for level in [l::SWAPPED, l::SWAPPED_SIMILAR] {
        let often = matched.map_or(SWAPPED, |m| {
            m.get(usize::from(level)).copied().unwrap_or_default() / exact(m).max(1e-9)
        });
        if let Some(slot) = u.get_mut(usize::from(level)) {
            *slot = slot.max(often.min(1.0) * agree);
        }
    }
    normalise(u);
}

/// Records whose own values are looked at for the frequencies of exact levels.
pub(super) const SELF_SAMPLE: usize = 100_000;

/// Share of records per exact level, and the probability that two records agree in it by chance.
pub(super) fn exact(comparer: &mut Comparer<'_>) -> (Vec<Levels>, Vec<Levels>) {
    let n = comparer.table.len();
    let width = comparer.comparisons.len();
    let mut share = vec![[0.0; LEVELS]; width];
    let mut chance = vec![[0.0; LEVELS]; width];
    let mut present = vec![0.0; width];
    let step = (n / SELF_SAMPLE).max(1);
    for at in (0..n).step_by(step) {
        let own = comparer.own(at as u32);
        for (c, (level, frequency)) in own.iter().enumerate() {
            if *level == MISSING {
                continue;
            }
            if let (Some(total), Some(s), Some(u)) =
                (present.get_mut(c), share.get_mut(c), chance.get_mut(c))
            {
                *total += 1.0;
                if let (Some(s), Some(u)) =
                    (s.get_mut(usize::from(*level)), u.get_mut(usize::from(*level)))
                {
                    *s += 1.0;
                    *u += f64::from(*frequency);
                }
            }
        }
    }
    for ((share, chance), total) in share.iter_mut().zip(&mut chance).zip(&present) {
        for (s, u) in share.iter_mut().zip(chance.iter_mut()) {
            *s /= f64::max(*total, 1.0);
            *u /= f64::max(*total, 1.0);
        }
    }
    (share, chance)
}

/// How many random pairs the usual chances stand for.
pub(super) const USUAL_PAIRS: f64 = 300.0;

/// How often two records that have nothing to do with each other agree in part, by experience.
pub(super) fn usual(comparison: Comparison) -> Levels {
    use super::level::{
        address, date, email, family, given, id, middle, org, phone, place, text, web,
    };
    let (rest, parts): (u8, &[(u8, f64)]) = match comparison {
        Comparison::Given => (
            given::DIFFERENT,
            &[
                (given::NICKNAME, 0.004),
                (given::INITIAL, 0.01),
                (given::TYPO, 0.002),
                (given::SIMILAR, 0.005),
                (given::PART, 0.002),
            ],
        ),
        Comparison::Family => (
            family::DIFFERENT,
            &[(family::TYPO, 0.001), (family::SIMILAR, 0.003), (family::PART, 0.001)],
        ),
        Comparison::Middle => (middle::DIFFERENT, &[(middle::INITIAL, 0.06)]),
        Comparison::Email => (
            email::DIFFERENT,
            &[(email::LOCAL, 0.0005), (email::LOCAL_SIMILAR, 0.001), (email::DOMAIN, 0.005)],
        ),
        Comparison::Phone => (phone::DIFFERENT, &[(phone::RANGE, 0.001)]),
        Comparison::Date => (
            date::DIFFERENT,
            &[
                (date::ONE_DIGIT, 0.002),
                (date::TWO_DIGITS, 0.01),
                (date::YEAR, 0.015),
                (date::NEAR_YEAR, 0.03),
            ],
        ),
        Comparison::Address => (
            address::DIFFERENT,
            &[(address::STREET, 0.001), (address::NUMBER, 0.01), (address::SIMILAR, 0.002)],
        ),
        Comparison::Place => (
            place::DIFFERENT,
            &[(place::CITY, 0.01), (place::CITY_ONLY, 0.01), (place::REGION, 0.05)],
        ),
        Comparison::Org => {
            (org::DIFFERENT, &[(org::SIMILAR, 0.002), (org::SOMEWHAT, 0.01), (org::SLIGHTLY, 0.03)])
        }
        Comparison::Web => (web::DIFFERENT, &[]),
        Comparison::Extra(_, role) if role.is_id() => (id::DIFFERENT, &[]),
        Comparison::Extra(..) => (text::DIFFERENT, &[(text::SIMILAR, 0.02)]),
    };
    let mut out = [0.0; LEVELS];
    let sum: f64 = parts.iter().map(|(_, p)| p).sum();
    for (level, p) in parts.iter().chain(&[(rest, 1.0 - sum)]) {
        if let Some(slot) = out.get_mut(usize::from(*level)) {
            *slot = *p;
        }
    }
    out
}

/// Probabilities of every level for two random records: exact levels from the frequencies, the
/// others counted.
pub(super) fn chance(
    comparer: &mut Comparer<'_>,
    random: &[(u32, u32)],
    exact_u: &[Levels],
) -> (Vec<Levels>, Vec<[f32; LEVELS]>) {
    let width = comparer.comparisons.len();
    let mut counts = vec![[0.0; LEVELS]; width];
    let mut sums = vec![[0.0; LEVELS]; width];
    for (a, b) in random {
        for (at, (level, frequency)) in comparer.levels(*a, *b).into_iter().enumerate() {
            if let (Some(counts), Some(sums)) = (counts.get_mut(at), sums.get_mut(at))
                && let (Some(count), Some(sum)) =
                    (counts.get_mut(usize::from(level)), sums.get_mut(usize::from(level)))
            {
                *count += 1.0;
                *sum += frequency.unwrap_or_default();
            }
        }
    }
    let mean = counts
        .iter()
        .zip(&sums)
        .zip(exact_u)
        .enumerate()
        .map(|(at, ((counts, sums), exact))| {
            // No value is rarer than one that a single other record has.
            let equal = exact.iter().sum::<f64>().max(comparer.least_frequency(at));
            mean(counts, sums, equal)
        })
        .collect();
    let mut out = Vec::with_capacity(width);
    for ((levels, exact), comparison) in counts.iter().zip(exact_u).zip(&comparer.comparisons) {
        let mut u = [0.0; LEVELS];
        // A few pairs of what is usual anywhere: small tables have too few to count.
        let usual = usual(*comparison);
        let of = |level: usize, n: f64| {
            n + 0.3 + USUAL_PAIRS * usual.get(level).copied().unwrap_or_default()
        };
        let counted: f64 = levels
            .iter()
            .enumerate()
            .take(comparison.levels())
            .skip(1)
            .filter(|(l, _)| !is_exact(*l))
            .map(|(l, n)| of(l, *n))
            .sum();
        let agreed: f64 = exact.iter().sum();
        for (level, slot) in u.iter_mut().enumerate().take(comparison.levels()).skip(1) {
            *slot = if is_exact(level) {
                exact.get(level).copied().unwrap_or_default().max(1e-9)
            } else {
                of(level, levels.get(level).copied().unwrap_or_default()) / counted
                    * (1.0 - agreed).max(0.01)
            };
        }
        out.push(u);
    }
    (out, mean)
}

/// Pairs that agree in part for which the values that agree stand, see [`mean`].
const FEW_PARTLY: f64 = 10.0;

/// Log2 of the mean frequency of values that agree in part, from its sums over random pairs; of
/// levels with few such pairs closer to that of equal values.
fn mean(counts: &Levels, sums: &Levels, equal: f64) -> [f32; LEVELS] {
    let mut out = [0.0; LEVELS];
    for (level, (slot, (count, sum))) in
        out.iter_mut().zip(counts.iter().zip(sums)).enumerate().skip(1)
    {
        if !is_exact(level) {
            *slot = ((sum + FEW_PARTLY * equal) / (count + FEW_PARTLY)).log2() as f32;
        }
    }
    out
}

/// Log2 of how much rarer chance agreement is than measured.
pub(super) fn decrease(measured: &[Levels], u: &[Levels]) -> Vec<[f32; LEVELS]> {
    measured
        .iter()
        .zip(u)
        .map(|(before, now)| {
            let mut out = [0.0; LEVELS];
            for ((slot, before), now) in out.iter_mut().zip(before).zip(now) {
                *slot =
                    if *before > 0.0 && *now > 0.0 { (now / before).log2() as f32 } else { 0.0 };
            }
            out
        })
        .collect()
}
