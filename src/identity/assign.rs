//! Which profile id a cluster takes.
//!
//! Owns the rule by which ids survive, retire and come back. Refuses to know how ids are stored.
//!
//! - A profile's id stays with the cluster that holds most of its previous members (tie: the
//!   oldest record).
//! - Exception, a merge taken apart: if that cluster holds the founding record of another id (one
//!   that an earlier merge retired, say), and the profile's own founding record is in another
//!   cluster, each part goes back to its own id, however many records arrived meanwhile.
//! - A cluster claimed by several ids takes the one with most members there (tie: the oldest
//!   record). An id that loses lives on in another part of its profile that no id claims; without
//!   one it redirects to the winner.
//! - A cluster claimed by none takes back the retired id that its oldest possible member founded,
//!   else an id founded by its oldest record.

use crate::{Age, Cluster};
use domain::{ProfileId, ProfileKind, RecordId};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::BuildHasher;

/// What the store knows about an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdState {
    /// Never used.
    Free,
    /// The id of a profile that exists.
    Live,
    /// It redirects to another profile.
    Retired,
}

/// Who belongs to which profile from now on.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Assignment {
    /// Every record of every cluster with its profile, by record.
    pub members: Vec<(RecordId, ProfileId)>,
    /// Redirects to write (from, to), replacing any older redirect of `from`.
    pub redirects: Vec<(ProfileId, ProfileId)>,
    /// Ids that live again: their redirect is to be removed.
    pub revived: Vec<ProfileId>,
    /// What happened, for the history and for whoever follows changes.
    pub events: Vec<Event>,
}

/// What happened to a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// A profile came to be, or came back.
    Created {
        /// Its id.
        profile: ProfileId,
    },
    /// All that was `from` is in `into` now, and `from` redirects there.
    Merged {
        /// The id that retired.
        from: ProfileId,
        /// The id that lives on.
        into: ProfileId,
    },
    /// Part of `from` is a profile of its own now.
    Split {
        /// Where the records were.
        from: ProfileId,
        /// Where they are.
        into: ProfileId,
    },
    /// One record went from one surviving profile to another.
    Moved {
        /// The record.
        record: RecordId,
        /// Where it was.
        from: ProfileId,
        /// Where it is.
        to: ProfileId,
    },
    /// None of its records is left.
    Emptied {
        /// The profile.
        profile: ProfileId,
    },
}

/// How often a record may have founded a profile of its own; bounds the search for its id.
const ATTEMPTS: u32 = 16;

/// One profile's records within one cluster.
#[derive(Clone, Copy)]
struct Part {
    profile: ProfileId,
    cluster: usize,
    count: usize,
    oldest: Age,
}

/// Gives every cluster its profile id.
///
/// `clusters` must hold all surviving members of every profile named in `previous`. `state` tells
/// about ids as they were before this call.
#[must_use]
pub fn assign<S: BuildHasher>(
    clusters: &[Cluster],
    previous: &HashMap<RecordId, ProfileId, S>,
    age: impl Fn(RecordId) -> Age,
    state: impl Fn(ProfileId) -> IdState,
    kind: ProfileKind,
) -> Assignment {
    let parts = parts_by_profile(clusters, previous, &age);
    let known_founders = |cluster: &Cluster| -> Vec<(Age, ProfileId)> {
        let mut found: Vec<(Age, ProfileId)> = cluster
            .members
            .iter()
            .flat_map(|record| founded(kind, *record, &state).map(|id| (age(*record), id)))
            .collect();
        found.sort_unstable();
        found
    };
    let retired_founders = |cluster: &Cluster| -> Vec<(Age, ProfileId)> {
        let mut found = known_founders(cluster);
        found.retain(|(_, id)| state(*id) == IdState::Retired);
        found
    };

    // Each id's home, then each cluster's claims.
    let mut claims: Vec<Vec<Part>> = vec![Vec::new(); clusters.len()];
    for mine in &parts {
        let Some(mut home) = mine.iter().min_by_key(|p| (Reverse(p.count), p.oldest)) else {
            continue;
        };
        if mine.len() > 1
            && let Some(cluster) = clusters.get(home.cluster)
            && let Some(own) = mine.iter().find(|p| {
                p.cluster != home.cluster
                    && clusters.get(p.cluster).is_some_and(|c| {
                        c.members.iter().any(|record| {
                            previous.get(record) == Some(&p.profile)
                                && (0..ATTEMPTS).any(|attempt| {
                                    ProfileId::founded_by(kind, *record, attempt) == p.profile
                                })
                        })
                    })
            })
            && known_founders(cluster).iter().any(|(_, id)| *id != home.profile)
        {
            home = own;
        }
        if let Some(list) = claims.get_mut(home.cluster) {
            list.push(*home);
        }
    }

    let mut out = Assignment::default();
    let mut used: FxHashSet<ProfileId> = FxHashSet::default();
    let mut ids: Vec<Option<ProfileId>> = vec![None; clusters.len()];
    let mut merged: FxHashMap<ProfileId, ProfileId> = FxHashMap::default();
    let mut losers: Vec<(ProfileId, ProfileId)> = Vec::new();
    for (claims, id) in claims.iter().zip(ids.iter_mut()) {
        let Some(winner) = claims.iter().min_by_key(|p| (Reverse(p.count), p.oldest, p.profile))
        else {
            continue;
        };
        *id = Some(winner.profile);
        used.insert(winner.profile);
        let others = claims.iter().filter(|p| p.profile != winner.profile);
        losers.extend(others.map(|p| (p.profile, winner.profile)));
    }
    // An id that lost its home lives on in another part of its profile, if that has no id.
    let lost: FxHashSet<ProfileId> = losers.iter().map(|(id, _)| *id).collect();
    let mut second: Vec<&Part> =
        parts.iter().flatten().filter(|part| lost.contains(&part.profile)).collect();
    second.sort_unstable_by_key(|p| (Reverse(p.count), p.oldest, p.profile, p.cluster));
    for part in second {
        if let Some(slot @ None) = ids.get_mut(part.cluster)
            && used.insert(part.profile)
        {
            *slot = Some(part.profile);
        }
    }
    for (loser, winner) in losers {
        if !used.contains(&loser) {
            merged.insert(loser, winner);
            out.redirects.push((loser, winner));
            out.events.push(Event::Merged { from: loser, into: winner });
        }
    }

    // Clusters without a claim, the one with the oldest record first.
    let mut unclaimed: Vec<(Age, usize)> = ids
        .iter()
        .enumerate()
        .filter(|(_, id)| id.is_none())
        .filter_map(|(at, _)| {
            let oldest = clusters.get(at)?.members.iter().map(|record| age(*record)).min()?;
            Some((oldest, at))
        })
        .collect();
    unclaimed.sort_unstable();
    let mut created: FxHashSet<ProfileId> = FxHashSet::default();
    for ((_, oldest), at) in unclaimed {
        let Some(cluster) = clusters.get(at) else { continue };
        // Only records that were in a profile before can have founded a retired one.
        let retired = if cluster.members.iter().any(|record| previous.contains_key(record)) {
            retired_founders(cluster)
        } else {
            founded(kind, oldest, &state)
                .filter(|id| state(*id) == IdState::Retired)
                .map(|id| (age(oldest), id))
                .collect()
        };
        let back = retired.iter().map(|(_, id)| *id).find(|id| !used.contains(id));
        let id = back.unwrap_or_else(|| {
            (0..)
                .map(|attempt| ProfileId::founded_by(kind, oldest, attempt))
                .find(|id| state(*id) == IdState::Free && !used.contains(id))
                .unwrap_or_else(|| ProfileId::founded_by(kind, oldest, u32::MAX))
        });
        used.insert(id);
        created.insert(id);
        if back.is_some() {
            out.revived.push(id);
        }
        for (_, other) in retired.iter().filter(|(_, other)| *other != id) {
            if !used.contains(other) {
                out.redirects.push((*other, id));
            }
        }
        out.events.push(Event::Created { profile: id });
        if let Some(slot) = ids.get_mut(at) {
            *slot = Some(id);
        }
    }

    let mut splits: FxHashSet<(ProfileId, ProfileId)> = FxHashSet::default();
    for (cluster, id) in clusters.iter().zip(&ids) {
        let Some(id) = *id else { continue };
        for record in &cluster.members {
            out.members.push((*record, id));
            match previous.get(record) {
                Some(from) if *from != id && merged.get(from) != Some(&id) => {
                    if created.contains(&id) {
                        splits.insert((*from, id));
                    } else {
                        out.events.push(Event::Moved { record: *record, from: *from, to: id });
                    }
                }
                _ => {}
            }
        }
    }
    out.events.extend(splits.into_iter().map(|(from, into)| Event::Split { from, into }));
    let present: FxHashSet<ProfileId> =
        parts.iter().flat_map(|mine| mine.iter().map(|p| p.profile)).collect();
    let gone: FxHashSet<ProfileId> =
        previous.values().filter(|id| !present.contains(id)).copied().collect();
    out.events.extend(gone.into_iter().map(|profile| Event::Emptied { profile }));

    out.members.sort_unstable();
    out.redirects.sort_unstable();
    out.redirects.dedup();
    out.revived.sort_unstable();
    out.events.sort_unstable();
    out
}

/// The ids that a record has founded so far: attempts count up, so the first free one ends them.
fn founded<F: Fn(ProfileId) -> IdState>(
    kind: ProfileKind,
    record: RecordId,
    state: &F,
) -> impl Iterator<Item = ProfileId> + use<'_, F> {
    (0..ATTEMPTS)
        .map(move |attempt| ProfileId::founded_by(kind, record, attempt))
        .take_while(|id| state(*id) != IdState::Free)
}

/// Every previous profile that has members in the clusters, with its part in each of them; ordered
/// by profile.
fn parts_by_profile<S: BuildHasher>(
    clusters: &[Cluster],
    previous: &HashMap<RecordId, ProfileId, S>,
    age: &impl Fn(RecordId) -> Age,
) -> Vec<Vec<Part>> {
    let mut flat: Vec<Part> = Vec::new();
    for (at, cluster) in clusters.iter().enumerate() {
        for record in &cluster.members {
            if let Some(profile) = previous.get(record) {
                flat.push(Part { profile: *profile, cluster: at, count: 1, oldest: age(*record) });
            }
        }
    }
    flat.sort_unstable_by_key(|p| (p.profile, p.cluster));
    let mut out: Vec<Vec<Part>> = Vec::new();
    for part in flat {
        match out.last_mut().and_then(|mine| mine.last_mut()) {
            Some(last) if last.profile == part.profile && last.cluster == part.cluster => {
                last.count += 1;
                last.oldest = last.oldest.min(part.oldest);
            }
            Some(last) if last.profile == part.profile => {
                if let Some(mine) = out.last_mut() {
                    mine.push(part);
                }
            }
            _ => out.push(vec![part]),
        }
    }
    out
}
