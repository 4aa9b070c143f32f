//! The words for roles that people write in maps and reports.

use crate::role::Role;

/// Every role with its words; the first is the one that is written.
const WORDS: &[(Role, &[&str])] = &[
    (Role::GivenName, &["given_name", "first_name", "forename"]),
    (Role::MiddleName, &["middle_name"]),
    (Role::FamilyName, &["family_name", "last_name", "surname"]),
    (Role::FullName, &["full_name", "person_name"]),
    (Role::NameSuffix, &["name_suffix", "suffix"]),
    (
        Role::OrgName,
        &["org_name", "company", "company_name", "organisation", "organization", "employer"],
    ),
    (Role::Email, &["email"]),
    (Role::Phone, &["phone", "fax"]),
    (Role::Web, &["web", "website", "url", "domain"]),
    (Role::Date, &["date", "dob", "date_of_birth", "birth_date"]),
    (Role::HouseNumber, &["house_number", "street_number"]),
    (Role::Street, &["street", "address_1", "address_line_1"]),
    (Role::Unit, &["unit", "address_2", "address_line_2"]),
    (Role::FullAddress, &["full_address", "address"]),
    (Role::City, &["city", "town", "suburb"]),
    (Role::PostalCode, &["postal_code", "postcode", "zip", "zip_code"]),
    (Role::Region, &["region", "state", "province", "county"]),
    (Role::Country, &["country"]),
    (Role::TrustedId, &["trusted_id", "national_id", "tax_id"]),
    (Role::UniqueId, &["unique_id"]),
    (Role::Category, &["category"]),
    (Role::Text, &["text"]),
    (Role::Ignored, &["ignored", "ignore", "none"]),
];

impl Role {
    /// The role of a word such as `given_name`; case and separators do not matter.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let plain = |word: &str| -> String {
            word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
        };
        let word = plain(word);
        WORDS
            .iter()
            .find(|(_, words)| words.iter().any(|w| plain(w) == word))
            .map(|(role, _)| *role)
    }

    /// The word for a role, as [`Role::parse`] reads it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        WORDS
            .iter()
            .find(|(role, _)| *role == self)
            .and_then(|(_, words)| words.first())
            .copied()
            .unwrap_or("ignored")
    }

    /// The words for all roles.
    pub(super) fn known() -> String {
        WORDS.iter().filter_map(|(_, words)| words.first().copied()).collect::<Vec<_>>().join(", ")
    }
}
