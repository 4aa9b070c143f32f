//! What households are made of: homes, family names, phones and mailboxes in one form each, and
//! the keys under which people meet.
//!
//! Owns normalisation for households and the hashing of keys. Keys are hashes, so the index of
//! them holds no personal data.

use crate::normal::{address, country, email, name, phone, text, web};
use domain::{Address, Pii, ProfileId};
use std::fmt;
use xxhash_rust::xxh3::xxh3_64;

/// Most phones, and most mailboxes, of one profile that are looked at.
const MOST_VALUES: usize = 20;

/// A person's golden fields, as far as they tell where and with whom the person lives.
#[derive(Clone, Debug, Default)]
pub struct PersonFacts {
    /// First known, in milliseconds since 1970.
    pub first_seen_ms: i64,
    /// Whole name.
    pub display_name: Option<Pii>,
    /// Family name.
    pub family_name: Option<Pii>,
    /// Home address.
    pub address: Address,
    /// Phone numbers of all its records, in E.164.
    pub phones: Vec<Pii>,
    /// E-mail addresses of all its records, in normal form.
    pub emails: Vec<Pii>,
    /// Companies that the person belongs to.
    pub employers: Vec<ProfileId>,
}

/// A company's addresses and lines, which make no households.
#[derive(Clone, Debug, Default)]
pub struct CompanyFacts {
    /// Addresses of all its records.
    pub addresses: Vec<Address>,
    /// Phone numbers of all its records, in E.164.
    pub phones: Vec<Pii>,
    /// E-mail addresses of all its records, in normal form.
    pub emails: Vec<Pii>,
    /// Normalised names of all its records.
    pub names: Vec<Pii>,
}

/// What the carrier of a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum KeyRole {
    /// A person who may live there.
    Person = 0,
    /// A company: the address, phone number or mailbox is its own.
    Office = 1,
    /// A company that has a suite or floor of the house.
    Suite = 2,
    /// A company of that name. No key of people: employers written by name are found by it.
    Name = 3,
}

/// A key of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HouseholdKey {
    /// Hash of the kind of value and the value.
    pub key: i64,
    /// What the profile is there.
    pub role: KeyRole,
    /// Hash of the person's family name; 0 where unknown, and for companies.
    pub name: i64,
}

/// 63 bits, never negative.
fn hash(kind: &str, parts: &[&str]) -> i64 {
    let mut bytes = kind.as_bytes().to_vec();
    for part in parts {
        bytes.push(0);
        bytes.extend_from_slice(part.as_bytes());
    }
    (xxh3_64(&bytes) >> 1) as i64
}

/// The key under which companies of a name and people who name them as employer meet; `None` when
/// nothing is left of the name without its legal form.
#[must_use]
pub fn name_key(company: &str) -> Option<i64> {
    let core = crate::normal::company::core(company)?;
    Some(hash("name", &[core.core.as_str()]))
}

/// A house and, where known, the flat in it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Home {
    pub number: String,
    /// Street without its kind.
    pub street: String,
    pub code: String,
    pub town: String,
    pub unit: String,
    /// Two letters, or empty.
    pub country: &'static str,
}

impl Home {
    /// The home that an address names; `None` when it says too little to tell houses apart.
    pub(super) fn read(address: &Address) -> Option<Self> {
        let plain = |value: Option<&Pii>| value.map(|v| v.expose().to_owned()).unwrap_or_default();
        let line = plain(address.street.as_ref());
        let parts = address::parts("", &line, "", "");
        let code = address::postal_code(&plain(address.postal_code.as_ref()));
        let code = if code.len() < 3 { String::new() } else { code };
        let town = address::city(&plain(address.city.as_ref()));
        let named = !parts.number.is_empty() && !parts.street_core.is_empty();
        if !named || (code.is_empty() && town.is_empty()) {
            return None;
        }
        let unit = parts.unit.split(' ').map(|w| w.trim_start_matches('0')).collect::<Vec<_>>();
        Some(Self {
            number: parts.number,
            street: parts.street_core,
            code,
            town,
            unit: unit.join(" ").trim().to_owned(),
            country: address.country.as_deref().and_then(country::iso2).unwrap_or_default(),
        })
    }

    pub(super) const fn has_unit(&self) -> bool {
        !self.unit.is_empty()
    }

    /// Whether two homes are the same but for spelling: same keys.
    pub(super) fn same_door(&self, other: &Self) -> bool {
        self.number == other.number && self.street == other.street && self.unit == other.unit
    }

    /// The house, by its code and by its town.
    pub(super) fn house_keys(&self) -> impl Iterator<Item = i64> + '_ {
        let by = |kind, place: &str| {
            (!place.is_empty()).then(|| hash(kind, &[&self.number, &self.street, place]))
        };
        by("house-code", &self.code).into_iter().chain(by("house-town", &self.town))
    }

    /// The flat, likewise; none where the flat is unknown.
    pub(super) fn flat_keys(&self) -> impl Iterator<Item = i64> + '_ {
        let by = |kind, place: &str| {
            (!place.is_empty() && self.has_unit())
                .then(|| hash(kind, &[&self.number, &self.street, &self.unit, place]))
        };
        by("flat-code", &self.code).into_iter().chain(by("flat-town", &self.town))
    }
}

/// A person as households see them.
#[derive(Clone)]
pub struct HouseholdMember {
    /// The profile.
    pub profile: ProfileId,
    pub(super) first_seen_ms: i64,
    pub(super) family_name: Option<Pii>,
    /// Words of the family name, folded, particles left out.
    pub(super) family: Vec<String>,
    /// Hash of the family name; 0 where unknown.
    pub(super) name: i64,
    pub(super) address: Address,
    pub(super) home: Option<Home>,
    pub(super) phones: Vec<i64>,
    pub(super) emails: Vec<i64>,
    /// Hashes of companies and of web domains at which the person has a mailbox of their own.
    pub(super) employers: Vec<i64>,
}

impl fmt::Debug for HouseholdMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HouseholdMember").field("profile", &self.profile).finish_non_exhaustive()
    }
}

impl HouseholdMember {
    /// Normalises a person's golden fields.
    #[must_use]
    pub fn new(profile: ProfileId, facts: &PersonFacts) -> Self {
        let text = |value: &Option<Pii>| value.as_ref().map(|v| v.expose().to_owned());
        let (whole, stated) = (text(&facts.display_name), text(&facts.family_name));
        let parsed = match &stated {
            // A family name of two words is read as a whole name unless a given name goes before.
            Some(family) => name::parse(None, Some("a"), Some(family), None),
            None => name::parse(whole.as_deref(), None, None, None),
        };
        let family: Vec<String> = parsed.family.iter().map(|w| name::key_form(w)).collect();
        // As written: the field, else the last word of the whole name.
        let family_name = facts.family_name.clone().or_else(|| {
            let whole = whole.as_deref()?;
            let last = whole
                .split_whitespace()
                .rfind(|w| family.contains(&name::key_form(&text::fold(w))))?;
            Some(Pii::new(last))
        });
        let mailboxes: Vec<email::Mailbox> = facts
            .emails
            .iter()
            .take(MOST_VALUES)
            .filter_map(|e| email::normalize(e.expose()))
            .collect();
        let mut employers: Vec<i64> = facts.employers.iter().map(|id| id.0).collect();
        employers.extend(
            mailboxes
                .iter()
                .filter_map(|m| web::of_host(m.domain()))
                .map(|domain| hash("domain", &[&domain])),
        );
        let name = match family.concat() {
            whole if whole.is_empty() => 0,
            whole => hash("family", &[&whole]),
        };
        Self {
            profile,
            first_seen_ms: facts.first_seen_ms,
            family_name,
            family,
            name,
            home: Home::read(&facts.address),
            address: facts.address.clone(),
            phones: phone_keys(&facts.phones),
            emails: sorted(
                mailboxes.iter().filter(|m| !m.role).map(|m| hash("email", &[&m.address])),
            ),
            employers: sorted(employers),
        }
    }

    /// Decides who founds a household: the profile known longest.
    pub(super) const fn age(&self) -> (i64, ProfileId) {
        (self.first_seen_ms, self.profile)
    }

    /// The keys under which the person meets candidates: house and flat, house number with postal
    /// code and the beginning of the family name (for misspelt streets), phone numbers, mailboxes.
    #[must_use]
    pub fn keys(&self) -> Vec<HouseholdKey> {
        let mut keys: Vec<i64> = self.phones.iter().chain(&self.emails).copied().collect();
        if let Some(home) = &self.home {
            keys.extend(home.house_keys());
            keys.extend(home.flat_keys());
            if !home.code.is_empty() && !self.family.is_empty() {
                let start: String = self.family.concat().chars().take(3).collect();
                keys.push(hash("door", &[&home.number, &home.code, &start]));
            }
        }
        sorted(keys)
            .into_iter()
            .map(|key| HouseholdKey { key, role: KeyRole::Person, name: self.name })
            .collect()
    }

    /// A hash of everything that households depend on; equal hashes need no second look.
    #[must_use]
    pub fn fingerprint(&self) -> i64 {
        let mut words: Vec<String> = self.family.clone();
        if let Some(h) = &self.home {
            let parts = [&h.number, &h.street, &h.code, &h.town, &h.unit];
            words.extend(parts.map(Clone::clone));
            words.push(h.country.to_owned());
        }
        // What is shown of a household, not only what is compared.
        words.extend(self.family_name.iter().map(|n| n.expose().to_owned()));
        words.push(format!("{:?}", shown(&self.address)));
        let lists = [&self.phones, &self.emails, &self.employers];
        words.push(format!("{lists:?}"));
        let parts: Vec<&str> = words.iter().map(String::as_str).collect();
        hash("person", &parts)
    }
}

impl CompanyFacts {
    /// The keys that are the company's own.
    #[must_use]
    pub fn keys(&self) -> Vec<HouseholdKey> {
        let office = |key| HouseholdKey { key, role: KeyRole::Office, name: 0 };
        let mut keys: Vec<HouseholdKey> =
            phone_keys(&self.phones).into_iter().map(office).collect();
        let mailboxes = self.emails.iter().filter_map(|e| email::normalize(e.expose()));
        keys.extend(mailboxes.map(|m| office(hash("email", &[&m.address]))));
        for home in self.addresses.iter().filter_map(Home::read) {
            // A company with a suite leaves the other flats of the house alone.
            let role = if home.has_unit() { KeyRole::Suite } else { KeyRole::Office };
            keys.extend(home.house_keys().map(|key| HouseholdKey { role, ..office(key) }));
            keys.extend(home.flat_keys().map(office));
        }
        let names = self.names.iter().filter_map(|n| name_key(n.expose()));
        keys.extend(names.map(|key| HouseholdKey { role: KeyRole::Name, ..office(key) }));
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// A hash of everything that households and employments depend on.
    #[must_use]
    pub fn fingerprint(&self) -> i64 {
        let keys = self.keys();
        let words: Vec<String> =
            keys.iter().map(|k| format!("{}:{}", k.key, k.role as u8)).collect();
        let parts: Vec<&str> = words.iter().map(String::as_str).collect();
        hash("company", &parts)
    }
}

/// How many parts of an address are known.
pub(super) fn parts_known(address: &Address) -> usize {
    shown(address).iter().filter(|part| !part.is_empty()).count()
}

fn shown(address: &Address) -> [&str; 5] {
    [
        address.street.as_ref().map_or("", Pii::expose),
        address.city.as_ref().map_or("", Pii::expose),
        address.region.as_deref().unwrap_or_default(),
        address.postal_code.as_ref().map_or("", Pii::expose),
        address.country.as_deref().unwrap_or_default(),
    ]
}

fn phone_keys(phones: &[Pii]) -> Vec<i64> {
    let numbers = phones.iter().take(MOST_VALUES).filter_map(|p| {
        // The line without its extension.
        let number = phone::normalize(p.expose(), &[])?;
        Some(hash("phone", &[number.split(';').next().unwrap_or_default()]))
    });
    sorted(numbers)
}

fn sorted(keys: impl IntoIterator<Item = i64>) -> Vec<i64> {
    let mut keys: Vec<i64> = keys.into_iter().collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
