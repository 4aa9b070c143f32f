//! What is known of one profile, or of the whole company, as the pure crates read it.

use crate::{Canonical, ProfileId, ProfileKind, RecordId, Stage, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// One canonical record of a profile.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// The source record it was mapped from.
    pub record: RecordId,
    /// When it happened; `None` if the source does not say.
    pub occurred_at: Option<Timestamp>,
    /// Whether this profile is the one that the fact counts for in sums over profiles: the company
    /// if the fact concerns one, else the person. A person sees the company's invoice that names
    /// them, but it is counted once.
    pub owned: bool,
    /// The record.
    pub body: Canonical,
}

/// A stage set by hand; holds from `from` until `until` or a later override.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageOverride {
    /// The stage; `None` lifts an earlier override.
    pub stage: Option<Stage>,
    /// Why, as the person wrote it.
    pub reason: String,
    /// From when.
    pub from: Timestamp,
    /// Until when; `None` is until lifted.
    pub until: Option<Timestamp>,
}

/// Everything known of one profile.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfileFacts {
    /// Which profile.
    pub profile: ProfileId,
    /// Person or company.
    pub kind: ProfileKind,
    /// The sources that know it: those of its contact and company records.
    pub sources: BTreeSet<String>,
    /// Its records, contacts and companies included, in no particular order.
    pub facts: Vec<Fact>,
    /// Stages set by hand, in no particular order.
    pub overrides: Vec<StageOverride>,
}

/// Facts of the whole company by the profile that they count for; `None` are those of nobody known.
/// Every fact is there once.
pub type CompanyFacts = BTreeMap<Option<ProfileId>, Vec<Fact>>;
