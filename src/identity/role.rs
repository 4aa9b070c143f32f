//! What a column or field holds, as matching understands it.
//!
//! Owns the closed list of roles. Everything that is compared has one; a field that fits none is
//! [`Role::Text`] or [`Role::Category`]; one that says nothing about who the record is (a row
//! number, a load time) is [`Role::Ignored`].

use serde::{Deserialize, Serialize};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Role {
    /// A person's given name or names.
    GivenName,
    /// A person's middle name or initial.
    MiddleName,
    /// A person's family name.
    FamilyName,
    /// A person's whole name in any order and with titles.
    FullName,
    /// Jr, Sr, III.
    NameSuffix,
    /// A company's name: the entity's own in a table of companies, the employer in one of people.
    OrgName,
    /// An e-mail address.
    Email,
    /// A phone or fax number.
    Phone,
    /// A web address or domain.
    Web,
    /// A date of birth or of founding.
    Date,
    /// A house number alone.
    HouseNumber,
    /// A street, with or without its house number; a first address line.
    Street,
    /// A flat, suite or second address line.
    Unit,
    /// A whole postal address in one field.
    FullAddress,
    /// A town or suburb.
    City,
    /// A postal code.
    PostalCode,
    /// A state or province.
    Region,
    /// A country.
    Country,
    /// A number that an authority gives to one person or company: social security, passport, tax.
    TrustedId,
    /// One of few values: gender, kind, industry.
    Category,
    /// Any other text.
    Text,
    /// Says nothing about who it is.
    Ignored,
    /// A number like [`Role::TrustedId`] of which everybody has one only, as the caller declares:
    /// records with clearly different ones are never put together.
    UniqueId,
}

impl Role {
    /// Whether it is a number that stands for one person or company.
    pub(crate) const fn is_id(self) -> bool {
        matches!(self, Self::TrustedId | Self::UniqueId)
    }
}
