//! Columns that only repeat what others say.
//!
//! Owns finding names, addresses and whole columns that are put together from other columns, so
//! that one piece of evidence is not counted twice. Refuses to look at more than the sample.

use super::shapes::mostly;
use crate::role::Role;

/// Least rows to judge by.
const ENOUGH: usize = 5;

/// The words of a value as they are compared here.
fn words(value: &str) -> impl Iterator<Item = String> + '_ {
    value.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase)
}

/// Gives [`Role::Ignored`] to columns whose content stands in others.
pub(super) fn drop_repeated(roles: &mut [Role], given: &[bool], samples: &[Vec<String>]) {
    copies(roles, given, samples);
    let names = |role: Role| {
        matches!(role, Role::GivenName | Role::MiddleName | Role::FamilyName | Role::FullName)
    };
    let places = |role: Role| {
        matches!(
            role,
            Role::HouseNumber
                | Role::Street
                | Role::Unit
                | Role::City
                | Role::PostalCode
                | Role::Region
        )
    };
    composites(roles, given, samples, Role::FullName, names);
    composites(roles, given, samples, Role::Text, names);
    composites(roles, given, samples, Role::FullAddress, places);
    composites(roles, given, samples, Role::Text, places);
}

fn value(row: &[String], column: usize) -> &str {
    row.get(column).map_or("", |value| value.trim())
}

/// A column equal to an earlier one of its role.
fn copies(roles: &mut [Role], given: &[bool], samples: &[Vec<String>]) {
    for later in 1..roles.len() {
        let role = role_at(roles, later);
        if role == Role::Ignored || given.get(later) == Some(&true) {
            continue;
        }
        let copied = (0..later).filter(|earlier| role_at(roles, *earlier) == role).any(|earlier| {
            let mut filled = 0;
            let mut same = 0;
            for row in samples {
                let (a, b) = (value(row, earlier), value(row, later));
                if !b.is_empty() {
                    filled += 1;
                    same += usize::from(a == b);
                }
            }
            filled >= ENOUGH && mostly(same, filled, 98)
        });
        if copied {
            set(roles, later, Role::Ignored);
        }
    }
}

/// A column whose words all stand in the other columns `of` the same matter, put together from at
/// least two of them. The shortest goes first, so of two such columns the fuller one stays.
fn composites(
    roles: &mut [Role],
    given: &[bool],
    samples: &[Vec<String>],
    role: Role,
    of: impl Fn(Role) -> bool,
) {
    let length =
        |column: usize| samples.iter().map(|row| words(value(row, column)).count()).sum::<usize>();
    let mut candidates: Vec<(usize, usize)> = (0..roles.len())
        .filter(|c| role_at(roles, *c) == role && given.get(*c) != Some(&true))
        .map(|c| (length(c), c))
        .collect();
    candidates.sort_unstable();
    for (_, column) in candidates {
        let others: Vec<usize> =
            (0..roles.len()).filter(|c| *c != column && of(role_at(roles, *c))).collect();
        let (mut filled, mut inside, mut several) = (0, 0, 0);
        for row in samples {
            let own: Vec<String> = words(value(row, column)).collect();
            if own.is_empty() {
                continue;
            }
            filled += 1;
            let theirs: Vec<Vec<String>> =
                others.iter().map(|c| words(value(row, *c)).collect()).collect();
            let within = own.iter().all(|word| theirs.iter().any(|t| t.contains(word)));
            inside += usize::from(within);
            several += usize::from(within && own.len() >= 2);
        }
        if filled >= ENOUGH && mostly(inside, filled, 95) && mostly(several, filled, 50) {
            set(roles, column, Role::Ignored);
        }
    }
}

fn role_at(roles: &[Role], column: usize) -> Role {
    roles.get(column).copied().unwrap_or(Role::Ignored)
}

fn set(roles: &mut [Role], column: usize, role: Role) {
    if let Some(slot) = roles.get_mut(column) {
        *slot = role;
    }
}
