//! Ids over several runs.

use super::*;
use domain::{ProfileId, ProfileKind};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What a store would keep between runs.
#[derive(Default)]
pub struct Store {
    previous: HashMap<RecordId, ProfileId>,
    pub redirects: BTreeMap<ProfileId, ProfileId>,
}

impl Store {
    pub fn apply(&mut self, resolution: &Resolution, records: &[IdentityRecord]) -> Assignment {
        let ages: HashMap<RecordId, Age> = records.iter().map(|r| (r.id, r.age())).collect();
        let live: HashSet<ProfileId> = self.previous.values().copied().collect();
        let state = |id: ProfileId| {
            if live.contains(&id) {
                IdState::Live
            } else if self.redirects.contains_key(&id) {
                IdState::Retired
            } else {
                IdState::Free
            }
        };
        let age = |r: RecordId| ages.get(&r).copied().unwrap_or((i64::MAX, r));
        let out = assign(&resolution.clusters, &self.previous, age, state, ProfileKind::Person);
        self.previous = out.members.iter().copied().collect();
        self.redirects.extend(out.redirects.iter().copied());
        for id in &out.revived {
            self.redirects.remove(id);
        }
        out
    }

    pub fn members(&self) -> BTreeMap<RecordId, ProfileId> {
        self.previous.iter().map(|(r, p)| (*r, *p)).collect()
    }
}

fn clusters(groups: &[&[i64]]) -> Resolution {
    let clusters = groups
        .iter()
        .map(|g| Cluster { members: g.iter().map(|i| RecordId(*i)).collect(), joins: vec![] })
        .collect();
    Resolution { clusters, ..Resolution::default() }
}

fn id(store: &Store, record: i64) -> ProfileId {
    store.members()[&RecordId(record)]
}

#[test]
fn the_larger_part_keeps_the_id_and_the_other_redirects() {
    let mut store = Store::default();
    store.apply(&clusters(&[&[1], &[2, 3]]), &[]);
    let (small, large) = (id(&store, 1), id(&store, 2));
    let out = store.apply(&clusters(&[&[1, 2, 3]]), &[]);
    assert_eq!(id(&store, 1), large);
    assert_eq!(out.redirects, [(small, large)]);
    assert_eq!(out.events, [Event::Merged { from: small, into: large }]);
}

#[test]
fn a_merge_taken_apart_gives_both_ids_back_whatever_came_meanwhile() {
    let mut store = Store::default();
    store.apply(&clusters(&[&[1], &[2, 3]]), &[]);
    let (small, large) = (id(&store, 1), id(&store, 2));
    store.apply(&clusters(&[&[1, 2, 3]]), &[]);
    // Four more records of the smaller one arrive while merged, one of them older.
    store.apply(&clusters(&[&[0, 1, 2, 3, 11, 12, 13]]), &[]);
    let out = store.apply(&clusters(&[&[0, 1, 11, 12, 13], &[2, 3]]), &[]);
    assert_eq!((id(&store, 1), id(&store, 2)), (small, large));
    assert_eq!(out.revived, [small]);
    assert!(store.redirects.is_empty());
}

#[test]
fn a_record_that_leaves_founds_a_profile_and_the_rest_keep_theirs() {
    let mut store = Store::default();
    store.apply(&clusters(&[&[1, 2, 3]]), &[]);
    let kept = id(&store, 2);
    // The founder itself leaves: the id stays with the majority, and the founder's next id differs.
    let out = store.apply(&clusters(&[&[1], &[2, 3]]), &[]);
    assert_eq!(id(&store, 2), kept);
    assert_ne!(id(&store, 1), kept);
    assert!(out.events.contains(&Event::Split { from: kept, into: id(&store, 1) }));
    // It comes back, then leaves again: the same second id.
    let second = id(&store, 1);
    store.apply(&clusters(&[&[1, 2, 3]]), &[]);
    store.apply(&clusters(&[&[1], &[2, 3]]), &[]);
    assert_eq!((id(&store, 1), id(&store, 2)), (second, kept));
}

#[test]
fn a_record_may_move_between_profiles_and_a_profile_may_empty() {
    let mut store = Store::default();
    store.apply(&clusters(&[&[1, 2, 3], &[4, 5], &[9]]), &[]);
    let (a, b, gone) = (id(&store, 1), id(&store, 4), id(&store, 9));
    let out = store.apply(&clusters(&[&[1, 2], &[3, 4, 5]]), &[]);
    assert_eq!((id(&store, 1), id(&store, 3)), (a, b));
    assert!(out.redirects.is_empty());
    assert!(out.events.contains(&Event::Moved { record: RecordId(3), from: a, to: b }));
    assert!(out.events.contains(&Event::Emptied { profile: gone }));
}

#[test]
fn running_twice_changes_nothing() {
    let mut store = Store::default();
    let groups = clusters(&[&[1, 2], &[3]]);
    store.apply(&groups, &[]);
    let members = store.members();
    let out = store.apply(&groups, &[]);
    assert_eq!(members, store.members());
    assert!(out.events.is_empty() && out.redirects.is_empty());
}
