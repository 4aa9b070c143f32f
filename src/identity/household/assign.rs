//! Which id a household takes.
//!
//! Owns the rule by which household ids survive: an id stays with the group that holds most of its
//! previous members, and a new household is named by its oldest member.

use super::HouseholdMember;
use domain::{HouseholdId, ProfileId};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::BuildHasher;

/// A household's previous members within one group.
struct Claim {
    count: usize,
    /// The oldest of them.
    oldest: (i64, ProfileId),
    id: HouseholdId,
    group: usize,
}

/// One id per group.
pub(super) fn ids<S: BuildHasher>(
    groups: &[Vec<&HouseholdMember>],
    previous: &HashMap<ProfileId, HouseholdId, S>,
    taken: impl Fn(HouseholdId) -> bool,
) -> Vec<HouseholdId> {
    let mut claims = Vec::new();
    for (group, members) in groups.iter().enumerate() {
        let mut parts: BTreeMap<HouseholdId, (usize, (i64, ProfileId))> = BTreeMap::new();
        for member in members {
            if let Some(id) = previous.get(&member.profile) {
                let part = parts.entry(*id).or_insert((0, member.age()));
                *part = (part.0 + 1, part.1.min(member.age()));
            }
        }
        claims.extend(parts.into_iter().map(|(id, (count, oldest))| Claim {
            count,
            oldest,
            id,
            group,
        }));
    }
    // A profile is in one group and had one household, so no two claims have the same oldest.
    claims.sort_by_key(|claim| (Reverse(claim.count), claim.oldest));
    let mut given: Vec<Option<HouseholdId>> = vec![None; groups.len()];
    let mut used: HashSet<HouseholdId> = HashSet::new();
    for claim in claims {
        if let Some(slot) = given.get_mut(claim.group)
            && slot.is_none()
            && used.insert(claim.id)
        {
            *slot = Some(claim.id);
        }
    }
    // All members of a previous household are here, so its id is free once no group kept it.
    let here: HashSet<HouseholdId> = previous.values().copied().collect();
    let mut founding: Vec<((i64, ProfileId), usize)> = groups
        .iter()
        .enumerate()
        .filter(|(at, _)| given.get(*at).is_some_and(Option::is_none))
        .filter_map(|(at, members)| Some((members.iter().map(|m| m.age()).min()?, at)))
        .collect();
    founding.sort_unstable();
    for ((_, founder), at) in founding {
        let mut ids = (0..=u32::MAX).map(|attempt| HouseholdId::founded_by(founder, attempt));
        let id = ids.find(|id| !used.contains(id) && (here.contains(id) || !taken(*id)));
        if let (Some(slot), Some(id)) = (given.get_mut(at), id) {
            used.insert(id);
            *slot = Some(id);
        }
    }
    // Every group has members, so every slot is filled.
    given.into_iter().map(|id| id.unwrap_or(HouseholdId(0))).collect()
}
