//! How much speaks for two people living together.
//!
//! Owns the comparisons, their levels and weights. Weights are log2 odds in the manner of Fellegi
//! and Sunter: of how often a level is seen among people of one household, over how often among
//! other people who share a key. An address, a number or a mailbox counts for less by the log2 of
//! the family names that carry it (the term frequency that matters here: a rare street is no more
//! a home than a common one), and for nothing beyond the limits of [`super::HouseholdRules`].

use super::facts::{Home, HouseholdMember};
use super::{Crowds, HouseholdRules};
use serde::Serialize;

/// Which version of the model, for knowing when everything must be looked at again.
pub const MODEL: u32 = 1;

/// Weights are held in thousandths of a bit, so that sums do not depend on the order of adding.
const BIT: i64 = 1_000;

/// Two people who share a key, before anything else is known.
const PRIOR: i64 = -10 * BIT;

/// What a pair counts for more when both have other members to speak for them: somebody whom one
/// of two people fits is half way to fitting the other.
pub(super) const COMPANY: i64 = 5 * BIT;

const OTHER_HOUSE: &str = "different";

mod weight {
    use super::BIT;
    pub(super) const SAME_FLAT: i64 = 15 * BIT;
    pub(super) const SAME_HOUSE: i64 = 10 * BIT;
    pub(super) const SIMILAR_STREET: i64 = 8 * BIT;
    pub(super) const OTHER_CODE: i64 = 7 * BIT;
    /// One states the postal code and the other the town.
    pub(super) const UNKNOWN_PLACE: i64 = 7 * BIT;
    /// People move, and not all their records know.
    pub(super) const OTHER_HOUSE: i64 = -4 * BIT;
    pub(super) const SAME_NAME: i64 = 6 * BIT;
    pub(super) const PART_OF_NAME: i64 = 5 * BIT;
    pub(super) const SIMILAR_NAME: i64 = 4 * BIT;
    /// Many couples keep their names.
    pub(super) const OTHER_NAME: i64 = -2 * BIT;
    pub(super) const PHONE: i64 = 7 * BIT;
    pub(super) const EMAIL: i64 = 8 * BIT;
    /// An address or number in common is then rather that of the work.
    pub(super) const COLLEAGUES: i64 = -4 * BIT;
}

/// A comparison of two members.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HouseholdEvidence {
    /// `prior`, `address`, `family_name`, `phone`, `email`, `employer`.
    pub comparison: &'static str,
    /// What was found.
    pub level: &'static str,
    /// Log2 odds.
    pub weight: f64,
}

/// What a comparison comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Thousandths of a bit; above zero for the same household.
    Weight {
        /// What all comparisons come to.
        weight: i64,
        /// Whether the two are known to live in different houses.
        elsewhere: bool,
    },
    /// Different flats of one house: never one household.
    Apart,
}

pub(super) fn bits(weight: i64) -> f64 {
    weight as f64 / BIT as f64
}

type Level = (&'static str, &'static str, i64);

pub(super) fn compare(
    left: &HouseholdMember,
    right: &HouseholdMember,
    crowds: &Crowds,
    rules: &HouseholdRules,
) -> Outcome {
    match levels(left, right, crowds, rules) {
        Some(levels) => Outcome::Weight {
            weight: levels.iter().flatten().map(|(_, _, weight)| weight).sum(),
            elsewhere: levels.iter().flatten().any(|(_, level, _)| *level == OTHER_HOUSE),
        },
        None => Outcome::Apart,
    }
}

/// The comparisons that said something, strongest first.
pub(super) fn evidence(
    left: &HouseholdMember,
    right: &HouseholdMember,
    crowds: &Crowds,
    rules: &HouseholdRules,
) -> Vec<HouseholdEvidence> {
    levels(left, right, crowds, rules)
        .into_iter()
        .flatten()
        .flatten()
        .map(|(comparison, level, weight)| HouseholdEvidence {
            comparison,
            level,
            weight: bits(weight),
        })
        .collect()
}

fn levels(
    left: &HouseholdMember,
    right: &HouseholdMember,
    crowds: &Crowds,
    rules: &HouseholdRules,
) -> Option<[Option<Level>; 6]> {
    let home = match (&left.home, &right.home) {
        (Some(left), Some(right)) => Some(homes(left, right, crowds, rules)?),
        _ => None,
    };
    let shared = |comparison, ours: &[i64], theirs: &[i64], weight| -> Option<Level> {
        let both = ours.iter().filter(|key| theirs.contains(key)).map(|key| crowds.get(*key));
        let names = both.filter(|crowd| crowd.is_small(rules)).map(|crowd| crowd.names).min()?;
        Some((comparison, "shared", weight - spread(names)))
    };
    let colleagues = left.employers.iter().any(|key| right.employers.contains(key));
    Some([
        Some(("prior", "share a key", PRIOR)),
        home.map(|(level, weight)| ("address", level, weight)),
        names(&left.family, &right.family).map(|(level, weight)| ("family_name", level, weight)),
        shared("phone", &left.phones, &right.phones, weight::PHONE),
        shared("email", &left.emails, &right.emails, weight::EMAIL),
        colleagues.then_some(("employer", "shared", weight::COLLEAGUES)),
    ])
}

/// What a value is worth less because people of several family names carry it.
fn spread(names: usize) -> i64 {
    ((names.max(1) as f64).log2() * BIT as f64).round() as i64
}

/// `None` for different flats of one house.
fn homes(
    left: &Home,
    right: &Home,
    crowds: &Crowds,
    rules: &HouseholdRules,
) -> Option<(&'static str, i64)> {
    let different = Some((OTHER_HOUSE, weight::OTHER_HOUSE));
    let abroad =
        !left.country.is_empty() && !right.country.is_empty() && left.country != right.country;
    if left.number != right.number || abroad {
        return different;
    }
    let both = |a: &str, b: &str| !a.is_empty() && !b.is_empty();
    let same_street = left.street == right.street;
    let same_code = both(&left.code, &right.code) && left.code == right.code;
    let same_town = both(&left.town, &right.town) && left.town == right.town;
    let other_code = both(&left.code, &right.code) && !same_code;
    let other_town = both(&left.town, &right.town) && !same_town;
    let (level, weight) = match (same_street, same_code, same_town) {
        (true, true, _) => ("same house", weight::SAME_HOUSE),
        (true, false, true) if other_code => ("other postal code", weight::OTHER_CODE),
        (true, false, true) => ("same house", weight::SAME_HOUSE),
        (true, false, false) if !other_code && !other_town => {
            ("same street and number", weight::UNKNOWN_PLACE)
        }
        (false, true, _) if similar(&left.street, &right.street) => {
            ("similar street", weight::SIMILAR_STREET)
        }
        _ => return different,
    };
    if left.has_unit() && right.has_unit() && left.unit != right.unit {
        return None;
    }
    let house = crowd_of(left.house_keys(), right.house_keys(), crowds);
    if same_street && left.has_unit() && right.has_unit() {
        // A tower of flats is no crowd in each of them, and a company next door does not matter.
        let flat = crowd_of(left.flat_keys(), right.flat_keys(), crowds);
        if house.office || !flat.is_small(rules) {
            return Some(("crowded", 0));
        }
        let weight = if weight == weight::SAME_HOUSE { weight::SAME_FLAT } else { weight };
        return Some(("same flat", weight - spread(flat.names)));
    }
    // Of a misspelt street the keys differ, and each spelling counts its own carriers.
    if house.suite || !house.is_small(rules) {
        return Some(("crowded", 0));
    }
    Some((level, weight - spread(house.names)))
}

/// The largest crowd at any of the keys that either has.
fn crowd_of(
    left: impl Iterator<Item = i64>,
    right: impl Iterator<Item = i64>,
    crowds: &Crowds,
) -> super::Crowd {
    left.chain(right).fold(super::Crowd::default(), |most, key| {
        let crowd = crowds.get(key);
        super::Crowd {
            names: most.names.max(crowd.names),
            people: most.people.max(crowd.people),
            office: most.office || crowd.office,
            suite: most.suite || crowd.suite,
        }
    })
}

/// Misspelt: one letter in short words, two in long ones; or one is the beginning of the other.
fn similar(left: &str, right: &str) -> bool {
    let shorter = left.len().min(right.len());
    let most = match shorter {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    };
    let begins = |long: &str, short: &str| {
        short.len() > 3 && long.strip_prefix(short).is_some_and(|rest| rest.starts_with(' '))
    };
    left == right
        || begins(left, right)
        || begins(right, left)
        || (left.len().abs_diff(right.len()) <= most && strsim::osa_distance(left, right) <= most)
}

/// How two family names compare; `None` where one is unknown.
fn names(left: &[String], right: &[String]) -> Option<(&'static str, i64)> {
    if left.is_empty() || right.is_empty() {
        return None;
    }
    let (ours, theirs) = (left.concat(), right.concat());
    if ours == theirs {
        return Some(("same", weight::SAME_NAME));
    }
    if inflected(&ours, &theirs) || inflected(&theirs, &ours) {
        return Some(("same but for gender", weight::SAME_NAME));
    }
    let several = left.len() > 1 || right.len() > 1;
    if several && left.iter().any(|word| word.len() > 2 && right.contains(word)) {
        return Some(("part of a double name", weight::PART_OF_NAME));
    }
    if ours.len().min(theirs.len()) > 4 && similar(&ours, &theirs) {
        return Some(("similar", weight::SIMILAR_NAME));
    }
    Some(("different", weight::OTHER_NAME))
}

/// Whether `long` is the feminine of `short` in a Slavic language: Ivanova, Kowalska, Nováková.
fn inflected(short: &str, long: &str) -> bool {
    let stem = |text: &'_ str, endings: &[&str]| -> Option<usize> {
        let ending = endings.iter().find(|e| text.ends_with(**e))?;
        Some(text.len() - ending.len())
    };
    let ov = |text: &str| stem(text, &["ov", "ev", "in"]).is_some();
    if long.strip_suffix('a') == Some(short) && ov(short) {
        return true;
    }
    if long.strip_suffix("ova") == Some(short) && short.len() > 3 {
        return true;
    }
    let he = stem(short, &["ski", "sky", "skiy", "skij", "cki", "cky"]);
    let she = stem(long, &["ska", "skaya", "skaia", "cka"]);
    matches!((he, she), (Some(a), Some(b)) if a > 1 && short.get(..a) == long.get(..b))
}
