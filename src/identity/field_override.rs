//! Golden fields set by hand: what may be set, and how it lies over what the rules chose.
//!
//! Owns the checks of a value that a person gives and which of several overrides holds. Refuses to
//! know who may set one and where it is kept.

use crate::normal::{country, email, phone, web};
use crate::{Golden, GoldenField, GoldenFieldName, Rules};
use domain::{Pii, ProfileKind, RecordId, Timestamp};

/// The rule that a golden field set by hand carries.
pub const OVERRIDE: &str = "override";

/// Longest value, in bytes.
const VALUE_MAX: usize = 1000;

/// A golden field set by hand. It is attached to a record, because profiles change: it goes with
/// the record through merges and splits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldOverride {
    /// The field.
    pub field: GoldenFieldName,
    /// The value.
    pub value: Pii,
    /// The record that it is attached to.
    pub record: RecordId,
    /// When it was set.
    pub at: Timestamp,
}

impl GoldenFieldName {
    /// The fields that a profile of a kind has.
    pub fn of(kind: ProfileKind) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |field| {
            use ProfileKind::{Company, Person};
            match field {
                Self::GivenName | Self::FamilyName | Self::JobTitle | Self::CompanyName => {
                    kind == Person
                }
                Self::Industry | Self::EmployeeCount | Self::Domain => kind == Company,
                _ => true,
            }
        })
    }

    /// Reads the name of a field that a profile of a kind has.
    ///
    /// # Errors
    /// A text that names the fields there are.
    pub fn parse_of(kind: ProfileKind, text: &str) -> Result<Self, String> {
        Self::of(kind).find(|field| field.as_str() == text).ok_or_else(|| {
            let known: Vec<&str> = Self::of(kind).map(Self::as_str).collect();
            let kind = kind.as_str();
            format!("a {kind} has no such golden field; there are: {}", known.join(", "))
        })
    }

    /// Reads a value that a person gives for this field, in the form in which golden fields are
    /// answered.
    ///
    /// # Errors
    /// A text that says what is expected, without the value.
    pub fn parse_value(self, text: &str, rules: &Rules) -> Result<Pii, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("give a value, or null to clear the override".to_owned());
        }
        if text.len() > VALUE_MAX {
            return Err(format!("give at most {VALUE_MAX} bytes"));
        }
        if text.chars().any(char::is_control) {
            return Err("give one line of text, without control characters".to_owned());
        }
        let read = match self {
            Self::Email => email::normalize(text)
                .map(|_| text.to_owned())
                .ok_or("expected an e-mail address, as ann@example.com"),
            Self::Phone => {
                phone::normalize(text, &Vec::from_iter(rules.default_country.as_deref()))
                    .ok_or("expected a phone number with its country code, as +49 30 901820")
            }
            Self::Country => country::iso2(text)
                .map(str::to_owned)
                .ok_or("expected a country by name or by its two-letter code, as DE"),
            Self::EmployeeCount => match text.parse::<i64>() {
                Ok(count) if count >= 0 => Ok(count.to_string()),
                _ => Err("expected a whole number of employees, as 250"),
            },
            Self::Domain => web::company_domain(text)
                .ok_or("expected the web domain of a company, as example.com"),
            _ => Ok(text.to_owned()),
        };
        read.map(Pii::new).map_err(str::to_owned)
    }
}

impl Golden {
    /// Lays overrides over what the rules chose; the latest of a field holds (of the highest record
    /// id, if two are of the same time). Does not depend on their order.
    pub fn override_with<'a>(&mut self, overrides: impl IntoIterator<Item = &'a FieldOverride>) {
        let mut all: Vec<&FieldOverride> = overrides.into_iter().collect();
        all.sort_by_key(|o| (o.field, o.at, o.record));
        for (place, set) in all.iter().enumerate() {
            if all.get(place + 1).is_some_and(|next| next.field == set.field) {
                continue;
            }
            self.fields.retain(|field| field.name != set.field);
            self.fields.push(GoldenField {
                name: set.field,
                value: set.value.clone(),
                record: set.record,
                rule: OVERRIDE,
            });
            // What is set by hand is found by search like what a record says.
            let (list, value) = match set.field {
                GoldenFieldName::Email => (
                    &mut self.all_emails,
                    email::normalize(set.value.expose()).map(|mailbox| Pii::new(mailbox.address)),
                ),
                GoldenFieldName::Phone => (&mut self.all_phones, Some(set.value.clone())),
                _ => continue,
            };
            if let Some(value) = value {
                list.retain(|known| *known != value);
                list.insert(0, value);
            }
        }
        self.fields.sort_by_key(|field| field.name);
    }
}
