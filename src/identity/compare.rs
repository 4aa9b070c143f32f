//! One comparison of two records: what they share, what it weighs, what follows.
//!
//! Owns the common part of both kinds: collecting shared values, the waterfall, references between
//! vendor ids. The kinds' own rules are in `compare_person` and `compare_company`.

use crate::record::{self, Traits};
use crate::{Evidence, IdentityRecord, ReviewReason, RuleId, Rules, weights};
use domain::{Identifier, IdentifierKind};

/// Values that two records share and that identify.
#[derive(Default)]
pub(crate) struct Shared<'a> {
    pub trusted: Option<&'a Identifier>,
    pub vendor_merge: bool,
    pub email: Option<&'a Identifier>,
    pub phone: Option<&'a Identifier>,
    pub name_domain: Option<&'a Identifier>,
    pub name_company: Option<&'a Identifier>,
    pub name_line: Option<&'a Identifier>,
    pub name_address: Option<&'a Identifier>,
    pub domain: Option<&'a Identifier>,
    pub company_name: Option<&'a Identifier>,
}

impl<'a> Shared<'a> {
    /// Sorts the shared values by kind; of several of one kind the first counts.
    pub fn collect(
        a: &IdentityRecord,
        b: &IdentityRecord,
        common: impl Iterator<Item = &'a Identifier>,
    ) -> Self {
        let mut shared = Self::default();
        for identifier in common {
            let slot = match identifier.kind {
                IdentifierKind::ExternalId => {
                    let points = *identifier == a.own || *identifier == b.own;
                    shared.vendor_merge |= points && a.source == b.source && a.stream == b.stream;
                    &mut shared.trusted
                }
                IdentifierKind::Email => &mut shared.email,
                IdentifierKind::Phone => &mut shared.phone,
                IdentifierKind::NameDomain => &mut shared.name_domain,
                IdentifierKind::NameCompany if record::names_line(identifier) => {
                    &mut shared.name_line
                }
                IdentifierKind::NameCompany => &mut shared.name_company,
                IdentifierKind::NameAddress => &mut shared.name_address,
                IdentifierKind::Domain => &mut shared.domain,
                IdentifierKind::CompanyName => &mut shared.company_name,
            };
            slot.get_or_insert(identifier);
        }
        shared
    }
}

/// What follows from a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Join(RuleId),
    /// As `Join`, where the evidence itself explains why the given names differ.
    JoinDespiteName(RuleId),
    Review(ReviewReason),
    Nothing,
}

/// Adds up weights, and keeps the steps when they are asked for.
pub(crate) struct Waterfall {
    pub weight: f64,
    steps: Option<Vec<Evidence>>,
}

impl Waterfall {
    pub fn new(explain: bool) -> Self {
        Self { weight: 0.0, steps: explain.then(Vec::new) }
    }

    pub fn add(
        &mut self,
        comparison: &'static str,
        level: &'static str,
        weight: f64,
        identifier: Option<&Identifier>,
    ) {
        self.weight += weight;
        if let Some(steps) = &mut self.steps {
            steps.push(Evidence { comparison, level, weight, identifier: identifier.cloned() });
        }
    }

    pub fn into_evidence(self) -> Vec<Evidence> {
        self.steps.unwrap_or_default()
    }
}

/// Compares two records of one kind.
pub(crate) fn compare(
    a: &IdentityRecord,
    b: &IdentityRecord,
    shared: &Shared<'_>,
    rules: &Rules,
    explain: bool,
) -> (Outcome, Waterfall) {
    let mut fall = Waterfall::new(explain);
    if let Some(id) = shared.trusted {
        if shared.vendor_merge {
            fall.add("vendor_id", "merged_by_vendor", weights::VENDOR_MERGE, Some(id));
        } else if *id == a.own || *id == b.own {
            fall.add("vendor_id", "refers_to", weights::TRUSTED_ID, Some(id));
        } else {
            fall.add("vendor_id", "same_reference", weights::TRUSTED_ID, Some(id));
        }
    }
    let outcome = match (&a.traits, &b.traits) {
        (Traits::Person(x), Traits::Person(y)) => {
            crate::compare_person::decide((a, x), (b, y), shared, rules, &mut fall)
        }
        (Traits::Company(x), Traits::Company(y)) => {
            crate::compare_company::decide(x, y, shared, rules, &mut fall)
        }
        _ => Outcome::Nothing,
    };
    (outcome, fall)
}

/// How strict the look at a whole cluster is before a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// Any clear contradiction between any two members refuses.
    Full,
    /// Only names that have nothing in common refuse.
    Hard,
    /// Nothing but decisions and unique sources.
    Off,
}

/// The guard that a rule's joins pass.
pub(crate) const fn guard_of(rule: RuleId) -> Guard {
    match rule {
        RuleId::Steward | RuleId::VendorMerge | RuleId::CompanyDomain => Guard::Off,
        RuleId::TrustedId => Guard::Hard,
        _ => Guard::Full,
    }
}

/// Whether two members' traits cannot stand in one cluster.
pub(crate) fn conflict(a: &Traits, b: &Traits, guard: Guard) -> bool {
    match (a, b) {
        (Traits::Person(x), Traits::Person(y)) => crate::compare_person::conflict(x, y, guard),
        (Traits::Company(x), Traits::Company(y)) => crate::compare_company::conflict(x, y, guard),
        _ => true,
    }
}

/// Whether two members' traits are one and the same but for spelling.
pub(crate) fn alike(a: &Traits, b: &Traits) -> bool {
    match (a, b) {
        (Traits::Person(x), Traits::Person(y)) => crate::compare_person::alike(x, y),
        (Traits::Company(x), Traits::Company(y)) => crate::compare_company::alike(x, y),
        _ => false,
    }
}
