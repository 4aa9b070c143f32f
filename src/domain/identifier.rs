//! Identifiers: normalised values by which records can be recognised as the same.

use crate::Pii;
use serde::{Deserialize, Serialize};

/// What sort of value identifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierKind {
    /// An e-mail address in canonical form.
    Email,
    /// A phone number in E.164.
    Phone,
    /// An id in some vendor's namespace: `hubspot.contacts:101`. Records carry their own and
    /// those they refer to.
    ExternalId,
    /// A person's normalised name together with a company's web domain.
    NameDomain,
    /// A person's normalised name together with what stands for the employer: its normalised name, or
    /// the phone line without extension.
    NameCompany,
    /// A person's normalised name together with a postal address.
    NameAddress,
    /// A company's web domain.
    Domain,
    /// A company's normalised name.
    CompanyName,
}

impl IdentifierKind {
    /// Every kind, in stored order.
    pub const ALL: [Self; 8] = [
        Self::Email,
        Self::Phone,
        Self::ExternalId,
        Self::NameDomain,
        Self::NameCompany,
        Self::NameAddress,
        Self::Domain,
        Self::CompanyName,
    ];

    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::ExternalId => "external_id",
            Self::NameDomain => "name_domain",
            Self::NameCompany => "name_company",
            Self::NameAddress => "name_address",
            Self::Domain => "domain",
            Self::CompanyName => "company_name",
        }
    }

    /// The inverse of [`IdentifierKind::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A kind and a normalised value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Identifier {
    /// What sort of value.
    pub kind: IdentifierKind,
    /// The normalised value.
    pub value: Pii,
}

impl Identifier {
    /// An identifier of `kind` with an already normalised `value`.
    pub fn new(kind: IdentifierKind, value: impl Into<String>) -> Self {
        Self { kind, value: Pii::new(value) }
    }
}
