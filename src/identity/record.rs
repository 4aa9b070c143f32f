//! A record as matching sees it.
//!
//! Owns how a contact or company becomes comparable traits and the keys under which candidates are
//! found. Refuses to compare.

use crate::normal::company::CompanyCore;
use crate::normal::name::PersonName;
use crate::normal::{address, company, country, email, name, phone, text, web};
use crate::{Age, Rules};
use domain::{Company, Contact, Identifier, IdentifierKind, Pii, ProfileKind, RecordId, RecordKey};

/// A record's normalised traits and keys.
#[derive(Clone, Debug, PartialEq)]
pub struct IdentityRecord {
    /// The record.
    pub id: RecordId,
    /// Person or company; records of different kinds are never compared.
    pub kind: ProfileKind,
    /// The source's name.
    pub source: String,
    /// The stream within the source.
    pub stream: String,
    /// When the source first knew the entity, in milliseconds since 1970.
    pub created_at: Option<i64>,
    /// The record's version.
    pub version: i64,
    /// Every key under which candidates are found, sorted, without repeats: what the store indexes.
    pub identifiers: Vec<Identifier>,
    /// The name by which distinct carriers of a value are counted ([`crate::SharedValues`]);
    /// `None` for a nameless record. Personal data: wrapped.
    pub name_key: Option<Pii>,
    pub(crate) own: Identifier,
    pub(crate) traits: Traits,
}

impl IdentityRecord {
    /// The record's age for ties: see [`Age`].
    #[must_use]
    pub fn age(&self) -> Age {
        (self.created_at.unwrap_or(i64::MAX), self.id)
    }
}

/// What is compared, by kind.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Traits {
    Person(PersonName),
    Company(CompanyTraits),
}

impl std::fmt::Debug for Traits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Person(_) => "Person(***)",
            Self::Company(_) => "Company(***)",
        })
    }
}

/// A company's comparable traits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub(crate) struct CompanyTraits {
    pub name: Option<CompanyCore>,
    /// Registrable web domains, sorted.
    pub domains: Vec<String>,
    pub country: Option<&'static str>,
    pub city: String,
    pub postal_code: String,
}

/// The key under which records refer to a record: `source.stream:id`.
#[must_use]
pub(crate) fn own_identifier(key: &RecordKey) -> Identifier {
    Identifier::new(
        IdentifierKind::ExternalId,
        format!("{}.{}:{}", key.source, key.stream, key.external_id),
    )
}

/// Most values of one kind that a record may carry; the rest is ignored. Bounds what one hostile
/// record can cost.
const MOST_VALUES: usize = 20;

/// Makes a contact comparable. `stated` are the references that the record itself states; its own
/// id is added.
#[must_use]
pub fn person_record(
    id: RecordId,
    key: &RecordKey,
    contact: &Contact,
    stated: &[Identifier],
    version: i64,
    rules: &Rules,
) -> IdentityRecord {
    let mailboxes: Vec<email::Mailbox> = contact
        .emails
        .iter()
        .take(MOST_VALUES)
        .filter_map(|e| email::normalize(e.expose()))
        .collect();
    let local = mailboxes.iter().find(|m| !m.role).map(email::Mailbox::local);
    let exposed = |field: &Option<Pii>| field.as_ref().map(|p| p.expose().to_owned());
    let (full, given, family) =
        (exposed(&contact.full_name), exposed(&contact.given_name), exposed(&contact.family_name));
    let name = name::parse(full.as_deref(), given.as_deref(), family.as_deref(), local);

    let mut keys = stated_keys(stated, key);
    for mailbox in mailboxes.iter().filter(|m| !m.role) {
        keys.push(Identifier::new(IdentifierKind::Email, mailbox.address.as_str()));
    }
    let domains: Vec<String> = mailboxes.iter().filter_map(|m| web::of_host(m.domain())).collect();
    let hint = mailboxes.iter().find_map(|m| web::country_hint(m.domain()));
    push_phones(&mut keys, &contact.phones, contact.address.country.as_deref(), hint, rules);
    let names = name.keys();
    let employers = employers(contact, &domains);
    let lines = lines(&keys);
    let place = address::key(&contact.address);
    for (name, loose) in names
        .iter()
        .map(|name| (name, false))
        .chain(name.loose_keys().iter().map(|name| (name, true)))
    {
        for employer in &employers {
            keys.push(Identifier::new(IdentifierKind::NameCompany, format!("{name}|{employer}")));
        }
        if !loose {
            for domain in &domains {
                keys.push(Identifier::new(IdentifierKind::NameDomain, format!("{name}|{domain}")));
            }
            for line in &lines {
                keys.push(Identifier::new(IdentifierKind::NameCompany, format!("{name}|{line}")));
            }
            if let Some(place) = &place {
                keys.push(Identifier::new(IdentifierKind::NameAddress, format!("{name}|{place}")));
            }
        }
    }
    keys.sort_unstable();
    keys.dedup();
    let counted = names.into_iter().next_back().or_else(|| {
        (!name.is_empty()).then(|| format!("{} {}", name.given.join(" "), name.family.join(" ")))
    });
    IdentityRecord {
        id,
        kind: ProfileKind::Person,
        source: key.source.clone(),
        stream: key.stream.clone(),
        created_at: contact.created_at.map(domain::Timestamp::as_millis),
        version,
        identifiers: keys,
        name_key: counted.map(Pii::new),
        own: own_identifier(key),
        traits: Traits::Person(name),
    }
}

/// The lines behind the phone numbers: `+` and digits, no extension. A name at the number of an
/// office identifies like a name at an employer, also where the number alone is shared by too many.
fn lines(keys: &[Identifier]) -> Vec<String> {
    let phones = keys.iter().filter(|k| k.kind == IdentifierKind::Phone);
    let mut found: Vec<String> =
        phones.filter_map(|k| k.value.expose().split(';').next().map(str::to_owned)).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether a name and employer key holds a phone line in the employer's place.
pub(crate) fn names_line(key: &Identifier) -> bool {
    key.value.expose().contains("|+")
}

/// The employer as one word, by which its name in one system meets its web domain in another: the
/// name as written in the contact, and the word of each of its mail domains.
fn employers(contact: &Contact, domains: &[String]) -> Vec<String> {
    let solid = |text: &str| {
        let folded = text::fold(text);
        name::key_form(&folded.chars().filter(|c| c.is_alphanumeric()).collect::<String>())
    };
    let written = contact.company_name.as_deref().and_then(company::core).map(|c| solid(&c.core));
    let mut found: Vec<String> =
        domains.iter().map(|d| solid(web::label(d))).chain(written).collect();
    found.retain(|word| word.len() > 2);
    found.sort_unstable();
    found.dedup();
    found
}

/// Makes a company comparable. `stated` are the references that the record itself states; its own
/// id is added.
#[must_use]
pub fn company_record(
    id: RecordId,
    key: &RecordKey,
    company: &Company,
    stated: &[Identifier],
    version: i64,
    rules: &Rules,
) -> IdentityRecord {
    let mailboxes: Vec<email::Mailbox> = company
        .emails
        .iter()
        .take(MOST_VALUES)
        .filter_map(|e| email::normalize(e.expose()))
        .collect();
    let mut domains: Vec<String> = company
        .domains
        .iter()
        .take(MOST_VALUES)
        .filter_map(|d| web::company_domain(d).filter(|d| !web::is_public_mail(d)))
        .chain(mailboxes.iter().filter_map(|m| web::of_host(m.domain())))
        .collect();
    domains.sort_unstable();
    domains.dedup();
    let land = company.address.country.as_deref().and_then(country::iso2);
    let traits = CompanyTraits {
        name: company.name.as_deref().and_then(company::core),
        country: land,
        city: company.address.city.as_ref().map(|c| text::fold(c.expose())).unwrap_or_default(),
        postal_code: company
            .address
            .postal_code
            .as_ref()
            .map(|c| address::postal_code(c.expose()))
            .unwrap_or_default(),
        domains,
    };
    let mut keys = stated_keys(stated, key);
    for mailbox in &mailboxes {
        keys.push(Identifier::new(IdentifierKind::Email, mailbox.address.as_str()));
    }
    for domain in &traits.domains {
        keys.push(Identifier::new(IdentifierKind::Domain, domain.as_str()));
    }
    let hint = traits.domains.iter().find_map(|d| web::country_hint(d));
    push_phones(&mut keys, &company.phones, company.address.country.as_deref(), hint, rules);
    if let Some(name) = &traits.name {
        keys.push(Identifier::new(IdentifierKind::CompanyName, name.core.as_str()));
    }
    keys.sort_unstable();
    keys.dedup();
    IdentityRecord {
        id,
        kind: ProfileKind::Company,
        source: key.source.clone(),
        stream: key.stream.clone(),
        created_at: company.created_at.map(domain::Timestamp::as_millis),
        version,
        identifiers: keys,
        name_key: traits.name.as_ref().map(|n| Pii::new(n.core.as_str())),
        own: own_identifier(key),
        traits: Traits::Company(traits),
    }
}

/// Stated references with a value, and the record's own id. Only vendor ids are taken over as
/// stated: contact values are derived here, in one normal form.
fn stated_keys(stated: &[Identifier], key: &RecordKey) -> Vec<Identifier> {
    let mut keys: Vec<Identifier> = stated
        .iter()
        .filter(|i| i.kind == IdentifierKind::ExternalId)
        .take(MOST_VALUES * 5)
        .map(|i| Identifier::new(i.kind, i.value.expose().trim()))
        .filter(|i| !i.value.expose().is_empty() && !i.value.expose().ends_with(':'))
        .collect();
    keys.push(own_identifier(key));
    keys
}

fn push_phones(
    keys: &mut Vec<Identifier>,
    phones: &[Pii],
    stated: Option<&str>,
    hint: Option<&'static str>,
    rules: &Rules,
) {
    if phones.is_empty() {
        return;
    }
    let land = stated.and_then(country::iso2);
    let mut countries: Vec<&str> = Vec::with_capacity(3);
    for code in [land, hint, rules.default_country.as_deref()].into_iter().flatten() {
        if !countries.contains(&code) {
            countries.push(code);
        }
    }
    for raw in phones.iter().take(MOST_VALUES) {
        if let Some(number) = phone::normalize(raw.expose(), &countries) {
            keys.push(Identifier::new(IdentifierKind::Phone, number));
        }
    }
}
