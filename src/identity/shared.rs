//! Values that too many carry to identify anybody.
//!
//! Owns the rule by which a value is demoted. Refuses to count: the store counts over everything
//! it holds, since a run over a few records cannot know.

use crate::Rules;
use domain::{Identifier, IdentifierKind};
use rustc_hash::FxHashSet;

/// Demoted values. They find no candidates and support no join.
#[derive(Clone, Debug, Default)]
pub struct SharedValues(FxHashSet<Identifier>);

impl SharedValues {
    /// Whether a value is to be demoted, from how many distinct names
    /// ([`crate::IdentityRecord::name_key`], nameless records not counted) and how many records
    /// carry it.
    #[must_use]
    pub fn is_shared(
        kind: IdentifierKind,
        distinct_names: usize,
        records: usize,
        rules: &Rules,
    ) -> bool {
        match kind {
            IdentifierKind::Email | IdentifierKind::Domain | IdentifierKind::ExternalId => {
                distinct_names > rules.shared_limit
            }
            IdentifierKind::Phone => distinct_names > rules.shared_phone_limit,
            IdentifierKind::NameDomain
            | IdentifierKind::NameCompany
            | IdentifierKind::NameAddress
            | IdentifierKind::CompanyName => records > rules.common_limit,
        }
    }

    /// Adds a demoted value.
    pub fn insert(&mut self, identifier: Identifier) {
        self.0.insert(identifier);
    }

    /// Whether the value is demoted.
    #[must_use]
    pub fn contains(&self, identifier: &Identifier) -> bool {
        !self.0.is_empty() && self.0.contains(identifier)
    }

    /// How many values are demoted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no value is demoted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Identifier> for SharedValues {
    fn from_iter<I: IntoIterator<Item = Identifier>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}
