//! Which people live together: households over person profiles, with a model of their own.
//!
//! Owns candidates, comparison and clustering of people into households. Refuses to merge anybody:
//! people are compared by their golden fields after resolution, and resolution never sees a
//! household.
//!
//! # Promises
//! - **Order does not matter**: the same people give the same households in any order.
//! - **Locality**: people who share no key (see [`HouseholdMember::keys`]), directly or through
//!   others, never influence each other. How many carry a key is counted by the caller over
//!   everybody ([`Crowds`]), so that a part can be computed alone.
//! - **Bounded**: a key with many carriers gives nothing, so the pairs compared grow with the
//!   people.

mod assign;
mod compare;
mod facts;
#[cfg(test)]
mod tests;

pub use compare::{HouseholdEvidence, MODEL};
pub use facts::{CompanyFacts, HouseholdKey, HouseholdMember, KeyRole, PersonFacts, name_key};

use compare::{COMPANY, Outcome, compare};
use domain::{Address, HouseholdId, Pii, ProfileId};
use facts::Home;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// Settings of households: `[identity.household]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HouseholdRules {
    /// More people than this are no household: a dormitory, a home, an office.
    pub size_max: usize,
    /// An address, phone number or mailbox under more family names than this says nothing.
    pub names_max: usize,
}

impl Default for HouseholdRules {
    fn default() -> Self {
        Self { size_max: 12, names_max: 6 }
    }
}

impl HouseholdRules {
    /// Everything wrong with the settings, each with its key.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        if !(2..=100).contains(&self.size_max) {
            found.push("household.size_max: must be from 2 to 100".to_owned());
        }
        if !(1..=1000).contains(&self.names_max) {
            found.push("household.names_max: must be from 1 to 1000".to_owned());
        }
        found
    }

    /// A key carried by more people than this gives nothing, whatever their names: it bounds the
    /// pairs that are compared.
    #[must_use]
    pub const fn people_max(&self) -> usize {
        self.size_max.saturating_mul(4)
    }
}

/// Who carries a key, counted over everybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crowd {
    /// Distinct family names among the people. Beyond `names_max` any larger number will do.
    pub names: usize,
    /// People. Beyond `people_max` any larger number will do.
    pub people: usize,
    /// Whether it is a company's own address, phone number or mailbox.
    pub office: bool,
    /// Whether a company has a suite or floor of the house.
    pub suite: bool,
}

impl Crowd {
    /// Whether few enough carry the key for it to say something about people.
    #[must_use]
    pub const fn is_small(&self, rules: &HouseholdRules) -> bool {
        !self.office && self.names <= rules.names_max && self.people <= rules.people_max()
    }
}

/// How many carry each key.
#[derive(Clone, Debug, Default)]
pub struct Crowds(FxHashMap<i64, Crowd>);

impl Crowds {
    /// Counts over everybody at hand.
    #[must_use]
    pub fn count<'a>(
        people: &[HouseholdMember],
        companies: impl IntoIterator<Item = &'a CompanyFacts>,
    ) -> Self {
        let mut names: FxHashMap<i64, FxHashSet<i64>> = FxHashMap::default();
        let mut crowds: FxHashMap<i64, Crowd> = FxHashMap::default();
        for key in people.iter().flat_map(HouseholdMember::keys) {
            crowds.entry(key.key).or_default().people += 1;
            names.entry(key.key).or_default().insert(key.name);
        }
        for (key, names) in names {
            crowds.entry(key).or_default().names = names.len();
        }
        for key in companies.into_iter().flat_map(CompanyFacts::keys) {
            let crowd = crowds.entry(key.key).or_default();
            match key.role {
                KeyRole::Office => crowd.office = true,
                KeyRole::Suite => crowd.suite = true,
                KeyRole::Person | KeyRole::Name => {}
            }
        }
        Self(crowds)
    }

    /// What is known of a key; nobody carries an unknown one.
    #[must_use]
    pub fn get(&self, key: i64) -> Crowd {
        self.0.get(&key).copied().unwrap_or_default()
    }
}

impl FromIterator<(i64, Crowd)> for Crowds {
    fn from_iter<I: IntoIterator<Item = (i64, Crowd)>>(counted: I) -> Self {
        Self(counted.into_iter().collect())
    }
}

/// A person's place in a household.
#[derive(Clone, Debug, PartialEq)]
pub struct HouseholdMembership {
    /// The person.
    pub person: ProfileId,
    /// The other member that the person fits best.
    pub with: ProfileId,
    /// Log2 odds that the two live together.
    pub weight: f64,
    /// What speaks for and against it.
    pub evidence: Vec<HouseholdEvidence>,
}

/// People who live together.
#[derive(Clone, Debug, PartialEq)]
pub struct Household {
    /// Its id.
    pub id: HouseholdId,
    /// Two or more, by profile.
    pub members: Vec<HouseholdMembership>,
    /// The family name that most of them bear, as the oldest profile writes it.
    pub name: Option<Pii>,
    /// The address that most of them have.
    pub address: Address,
}

/// The households of some people.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Households {
    /// Those of two or more, by id.
    pub formed: Vec<Household>,
    /// Groups of more than `size_max`, which are no households.
    pub oversized: usize,
}

/// Finds the households among `people`.
///
/// `previous` tells the household of each person that had one; it must name all members of every
/// household it names. `taken` tells whether an id is that of a living household of other people.
#[must_use]
pub fn households<S: std::hash::BuildHasher>(
    people: &[HouseholdMember],
    crowds: &Crowds,
    previous: &HashMap<ProfileId, HouseholdId, S>,
    taken: impl Fn(HouseholdId) -> bool,
    rules: &HouseholdRules,
) -> Households {
    let mut people: Vec<&HouseholdMember> = people.iter().collect();
    people.sort_by_key(|p| p.profile);
    people.dedup_by_key(|p| p.profile);
    let mut clusters = Clusters::new(people, crowds, rules);
    clusters.join();
    let (groups, oversized) = clusters.groups();
    let members: Vec<Vec<&HouseholdMember>> = groups
        .iter()
        .map(|group| group.iter().filter_map(|at| clusters.people.get(*at).copied()).collect())
        .collect();
    let ids = assign::ids(&members, previous, taken);
    let mut formed: Vec<Household> = groups
        .iter()
        .zip(&members)
        .zip(ids)
        .map(|((group, members), id)| Household {
            id,
            members: clusters.memberships(group),
            name: family_name(members),
            address: address(members),
        })
        .collect();
    formed.sort_by_key(|household| household.id);
    Households { formed, oversized }
}

/// Agglomeration by linkage over all pairs: two groups join when what speaks for their pairs
/// together outweighs what speaks against, the strongest pair first. A pair of different flats
/// keeps two groups apart whatever the others say.
struct Clusters<'a> {
    people: Vec<&'a HouseholdMember>,
    crowds: &'a Crowds,
    rules: &'a HouseholdRules,
    /// Where the members of each person's group stand; groups are merged into the smaller index.
    group_of: Vec<usize>,
    groups: Vec<Vec<usize>>,
    /// Groups that grew beyond all bounds.
    burst: FxHashSet<usize>,
}

impl<'a> Clusters<'a> {
    fn new(
        people: Vec<&'a HouseholdMember>,
        crowds: &'a Crowds,
        rules: &'a HouseholdRules,
    ) -> Self {
        let group_of = (0..people.len()).collect();
        let groups = (0..people.len()).map(|at| vec![at]).collect();
        Self { people, crowds, rules, group_of, groups, burst: FxHashSet::default() }
    }

    fn weigh(&self, left: usize, right: usize) -> Outcome {
        match (self.people.get(left), self.people.get(right)) {
            (Some(left), Some(right)) => compare(left, right, self.crowds, self.rules),
            _ => Outcome::Apart,
        }
    }

    /// Pairs worth comparing, each once: those that share a key that few carry.
    fn candidates(&self) -> Vec<(usize, usize)> {
        let mut carriers: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        for (at, person) in self.people.iter().enumerate() {
            for key in person.keys() {
                carriers.entry(key.key).or_default().push(at);
            }
        }
        let mut pairs: FxHashSet<(usize, usize)> = FxHashSet::default();
        for (key, carriers) in carriers {
            if carriers.len() < 2 || !self.crowds.get(key).is_small(self.rules) {
                continue;
            }
            for (place, left) in carriers.iter().enumerate() {
                pairs.extend(carriers.iter().skip(place + 1).map(|right| (*left, *right)));
            }
        }
        pairs.into_iter().filter(|(left, right)| left != right).collect()
    }

    fn join(&mut self) {
        let mut pairs: Vec<(i64, usize, usize)> = self
            .candidates()
            .into_iter()
            .filter_map(|(left, right)| match self.weigh(left, right) {
                Outcome::Weight { weight, .. } if weight > 0 => Some((weight, left, right)),
                _ => None,
            })
            .collect();
        // People stand in the order of their ids, so ties are broken alike in every run.
        pairs.sort_unstable_by_key(|(weight, left, right)| (Reverse(*weight), *left, *right));
        for (_, left, right) in pairs {
            self.join_groups(left, right);
        }
    }

    fn join_groups(&mut self, left: usize, right: usize) {
        let (Some(a), Some(b)) = (self.group_of.get(left), self.group_of.get(right)) else {
            return;
        };
        let (a, b) = (*a.min(b), *a.max(b));
        if a == b {
            return;
        }
        let (ours, theirs) = (self.members(a), self.members(b));
        if ours.len() + theirs.len() > self.rules.people_max() {
            self.burst.extend([a, b]);
            return;
        }
        let mut sum = 0;
        for one in &ours {
            for other in &theirs {
                match self.weigh(*one, *other) {
                    Outcome::Weight { weight, elsewhere: true } => sum += weight,
                    Outcome::Weight { weight, elsewhere: false } => sum += weight + COMPANY,
                    Outcome::Apart => return,
                }
            }
        }
        if sum <= 0 {
            return;
        }
        for at in &theirs {
            if let Some(slot) = self.group_of.get_mut(*at) {
                *slot = a;
            }
        }
        if let Some(slot) = self.groups.get_mut(b) {
            slot.clear();
        }
        if let Some(slot) = self.groups.get_mut(a) {
            slot.extend(theirs);
        }
        if self.burst.remove(&b) {
            self.burst.insert(a);
        }
    }

    fn members(&self, group: usize) -> Vec<usize> {
        self.groups.get(group).cloned().unwrap_or_default()
    }

    /// The groups that are households, and how many are too large to be one.
    fn groups(&self) -> (Vec<Vec<usize>>, usize) {
        let mut fine = Vec::new();
        let mut oversized = 0;
        for (at, group) in self.groups.iter().enumerate() {
            if group.len() > self.rules.size_max || self.burst.contains(&at) {
                oversized += 1;
            } else if group.len() > 1 {
                let mut group = group.clone();
                group.sort_unstable();
                fine.push(group);
            }
        }
        (fine, oversized)
    }

    fn memberships(&self, group: &[usize]) -> Vec<HouseholdMembership> {
        let mut members = Vec::with_capacity(group.len());
        for at in group {
            let others = group.iter().filter(|other| *other != at);
            let best = others
                .filter_map(|other| {
                    let person = self.people.get(*other)?;
                    match self.weigh(*at, *other) {
                        Outcome::Weight { weight, .. } => {
                            Some((weight, Reverse(person.profile), *person))
                        }
                        Outcome::Apart => None,
                    }
                })
                .max_by_key(|(weight, id, _)| (*weight, *id));
            if let (Some(person), Some((weight, _, with))) = (self.people.get(*at), best) {
                members.push(HouseholdMembership {
                    person: person.profile,
                    with: with.profile,
                    weight: compare::bits(weight),
                    evidence: compare::evidence(person, with, self.crowds, self.rules),
                });
            }
        }
        members
    }
}

/// The family name that most bear. Ties go by the profile's id here and everywhere but in founding:
/// what a household looks like must not change when an older fact of a member turns up.
fn family_name(members: &[&HouseholdMember]) -> Option<Pii> {
    let mut bearers: BTreeMap<i64, Vec<&HouseholdMember>> = BTreeMap::new();
    for member in members.iter().filter(|m| m.family_name.is_some()) {
        bearers.entry(member.name).or_default().push(member);
    }
    let first = |of: &[&HouseholdMember]| of.iter().map(|m| m.profile).min();
    let most = bearers.into_values().max_by_key(|of| (of.len(), Reverse(first(of))))?;
    most.into_iter().min_by_key(|m| m.profile)?.family_name.clone()
}

/// The address at the house that most live in, as fully as one of them states it.
fn address(members: &[&HouseholdMember]) -> Address {
    let at_home = |member: &HouseholdMember| -> usize {
        let homes = members.iter().filter_map(|m| m.home.as_ref());
        member.home.as_ref().map_or(0, |home| homes.filter(|other| home.same_door(other)).count())
    };
    let best = members.iter().max_by_key(|member| {
        let unit = member.home.as_ref().is_some_and(Home::has_unit);
        let parts = facts::parts_known(&member.address);
        (at_home(member), unit, parts, Reverse(member.profile))
    });
    best.map(|member| member.address.clone()).unwrap_or_default()
}
