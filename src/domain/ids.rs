//! Ids: of a record as a source names it, of a record in the store, and of a profile.
//!
//! Owns how the two integer ids are derived and written. Both are hashes, so the same input gives
//! the same id on every node and after every crash; the store detects the (astronomically rare)
//! collision and refuses it instead of overwriting.

use serde::{Deserialize, Serialize};
use std::fmt;
use xxhash_rust::xxh3::xxh3_64;

/// How a source names a record: source instance, stream, and the vendor's id in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordKey {
    /// The configured source's name (`hubspot`, `stripe-eu`).
    pub source: String,
    /// The stream's name within the source (`contacts`, `invoices`).
    pub stream: String,
    /// The vendor's id of the record in that stream.
    pub external_id: String,
}

impl RecordKey {
    /// A key from its three parts.
    pub fn new(
        source: impl Into<String>,
        stream: impl Into<String>,
        external_id: impl Into<String>,
    ) -> Self {
        Self { source: source.into(), stream: stream.into(), external_id: external_id.into() }
    }

    /// The store's id for this key: 63 bits of XXH3 over the three parts, parted by NUL.
    #[must_use]
    pub fn id(&self) -> RecordId {
        let mut bytes =
            Vec::with_capacity(self.source.len() + self.stream.len() + self.external_id.len() + 2);
        bytes.extend_from_slice(self.source.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(self.stream.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(self.external_id.as_bytes());
        RecordId((xxh3_64(&bytes) >> 1) as i64)
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.source, self.stream, self.external_id)
    }
}

/// A record's id in the store; a non-negative integer. See [`RecordKey::id`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(pub i64);

/// A profile's id: stable for ever, a merged one redirects. A non-negative integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProfileId(pub i64);

impl ProfileId {
    /// The id that a profile founded by `record` takes; `attempt` counts up while an id is taken
    /// by another profile (a record that founded one, was split off and founds a second).
    #[must_use]
    pub fn founded_by(kind: ProfileKind, record: RecordId, attempt: u32) -> Self {
        let mut bytes = [0u8; 13];
        bytes[0] = kind as u8;
        bytes[1..9].copy_from_slice(&record.0.to_le_bytes());
        bytes[9..13].copy_from_slice(&attempt.to_le_bytes());
        Self((xxh3_64(&bytes) >> 1) as i64)
    }
}

/// A household's id: stable while a household lives on. A non-negative integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HouseholdId(pub i64);

impl HouseholdId {
    /// The id that a household founded by a person takes; `attempt` counts up while an id is taken
    /// by another household (a person who founded one, moved out and founds a second).
    #[must_use]
    pub fn founded_by(person: ProfileId, attempt: u32) -> Self {
        let mut bytes = [0u8; 13];
        bytes[0] = b'h';
        bytes[1..9].copy_from_slice(&person.0.to_le_bytes());
        bytes[9..13].copy_from_slice(&attempt.to_le_bytes());
        Self((xxh3_64(&bytes) >> 1) as i64)
    }
}

/// What a profile unifies. Resolving one kind never merges the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum ProfileKind {
    /// A human being.
    Person = 0,
    /// An organisation.
    Company = 1,
}

impl ProfileKind {
    /// `person` or `company`, as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Company => "company",
        }
    }

    /// The inverse of [`ProfileKind::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "person" => Some(Self::Person),
            "company" => Some(Self::Company),
            _ => None,
        }
    }
}

/// Crockford's alphabet: no I, L, O, U, so an id survives being read aloud.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

fn write_base32(f: &mut fmt::Formatter<'_>, prefix: &str, value: i64) -> fmt::Result {
    f.write_str(prefix)?;
    let value = value as u64;
    for shift in (0..13).rev() {
        let digit = (value >> (shift * 5)) & 31;
        write!(f, "{}", ALPHABET[digit as usize] as char)?;
    }
    Ok(())
}

fn parse_base32(text: &str, prefix: &str) -> Option<i64> {
    let digits = text.strip_prefix(prefix)?;
    if digits.len() != 13 {
        return None;
    }
    let mut value: u64 = 0;
    for byte in digits.bytes() {
        let byte = byte.to_ascii_lowercase();
        let digit = ALPHABET.iter().position(|a| *a == byte)? as u64;
        value = value.checked_mul(32)?.checked_add(digit)?;
    }
    i64::try_from(value).ok()
}

impl fmt::Display for ProfileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_base32(f, "c_", self.0)
    }
}

impl std::str::FromStr for ProfileId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        parse_base32(text, "c_")
            .map(Self)
            .ok_or(InvalidId { expected: "c_ and 13 letters or digits" })
    }
}

impl fmt::Display for HouseholdId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_base32(f, "h_", self.0)
    }
}

impl std::str::FromStr for HouseholdId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        parse_base32(text, "h_")
            .map(Self)
            .ok_or(InvalidId { expected: "h_ and 13 letters or digits" })
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_base32(f, "r_", self.0)
    }
}

impl std::str::FromStr for RecordId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        parse_base32(text, "r_")
            .map(Self)
            .ok_or(InvalidId { expected: "r_ and 13 letters or digits" })
    }
}

/// A text that is not an id of the expected form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id: expected {expected}")]
pub struct InvalidId {
    expected: &'static str,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ids_are_the_same_on_every_machine_and_for_ever() {
        // Frozen: a change here would orphan every stored record.
        let key = RecordKey::new("hubspot", "contacts", "101");
        assert_eq!(key.id().to_string(), "r_31wjeh82y6q9j");
        let founded = ProfileId::founded_by(ProfileKind::Company, RecordId(7), 1);
        assert_eq!(founded.to_string(), "c_1m6ptjrtva45e");
        assert_eq!(key.id(), RecordKey::new("hubspot", "contacts", "101").id());
        assert_ne!(key.id(), RecordKey::new("hubspot", "contact", "s101").id());
        assert!(key.id().0 >= 0);
    }

    #[test]
    fn ids_survive_being_written_and_read() {
        for value in [0, 1, 31, 32, i64::MAX] {
            let id = ProfileId(value);
            assert_eq!(id.to_string().parse::<ProfileId>(), Ok(id));
            assert_eq!(RecordId(value).to_string().parse::<RecordId>(), Ok(RecordId(value)));
            let home = HouseholdId(value);
            assert_eq!(home.to_string().parse::<HouseholdId>(), Ok(home));
        }
        for bad in ["", "c_", "c_123", "r_0000000000000", "c_zzzzzzzzzzzzz", "c_00000000000é"] {
            assert!(bad.parse::<ProfileId>().is_err(), "{bad}");
        }
    }
}
