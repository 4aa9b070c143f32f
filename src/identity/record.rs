//! A record as matching sees it.
//!
//! Owns which of a contact's or company's fields are compared, and the plain values by which a
//! record can be looked up. Refuses to normalise for comparison (the engine does) and to compare.

use crate::engine::Column;
use crate::normal::{company, country, email, phone, web};
use crate::role::Role;
use crate::{Age, Rules};
use domain::{
    Address, Company, Contact, Identifier, IdentifierKind, Pii, ProfileKind, RecordId, RecordKey,
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A record's fields and identifiers.
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
    /// Plain values for look-ups (e-mail addresses, phone numbers, vendor ids, web domains, company
    /// name), sorted, without repeats: what the store indexes.
    pub identifiers: Vec<Identifier>,
    pub(crate) own: Identifier,
    /// What is compared: place among [`columns`], value as received.
    pub(crate) fields: Vec<(u8, Pii)>,
}

impl IdentityRecord {
    /// The record's age for ties: see [`Age`].
    #[must_use]
    pub fn age(&self) -> Age {
        (self.created_at.unwrap_or(i64::MAX), self.id)
    }

    /// The record as it may be stored, to be compared with others later without being read and
    /// normalised again.
    #[must_use]
    pub fn to_form(&self) -> Form<'_> {
        let others = self.identifiers.iter().filter(|i| **i != self.own);
        Form(
            self.source.as_str().into(),
            self.stream.as_str().into(),
            Cow::Borrowed(self.own.value.expose()),
            self.created_at,
            self.version,
            Cow::Borrowed(&self.fields),
            others.map(|i| (i.kind, i.value.clone())).collect(),
        )
    }

    /// The inverse of [`IdentityRecord::to_form`].
    #[must_use]
    pub fn from_form(id: RecordId, kind: ProfileKind, form: Form<'_>) -> Self {
        let Form(source, stream, own, created_at, version, fields, others) = form;
        let own = Identifier::new(IdentifierKind::ExternalId, own);
        let others = others.into_iter().map(|(kind, value)| Identifier { kind, value });
        let mut identifiers: Vec<Identifier> = others.chain([own.clone()]).collect();
        identifiers.sort_unstable();
        Self {
            id,
            kind,
            source: source.into_owned(),
            stream: stream.into_owned(),
            created_at,
            version,
            identifiers,
            own,
            fields: fields.into_owned(),
        }
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = (usize, &str)> {
        self.fields.iter().map(|(column, value)| (usize::from(*column), value.expose()))
    }
}

/// A record as it is stored for matching: source, stream, own id, when the source first knew it,
/// version, fields by their place among `columns`, identifiers but its own. Whoever changes what a
/// field or a column is raises the version of what is learnt: all forms are written anew then.
#[derive(Clone, Serialize, Deserialize)]
pub struct Form<'a>(
    Cow<'a, str>,
    Cow<'a, str>,
    Cow<'a, str>,
    Option<i64>,
    i64,
    Cow<'a, [(u8, Pii)]>,
    Vec<(IdentifierKind, Pii)>,
);

impl std::fmt::Debug for Form<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Form").finish_non_exhaustive()
    }
}

/// What is compared of a kind's records, in the order of [`IdentityRecord::fields`].
pub(crate) fn columns(kind: ProfileKind) -> Vec<Column> {
    const PERSON: &[Role] = &[
        Role::GivenName,
        Role::FamilyName,
        Role::FullName,
        Role::OrgName,
        Role::Email,
        Role::Phone,
        Role::Street,
        Role::City,
        Role::PostalCode,
        Role::Region,
        Role::Country,
    ];
    const COMPANY: &[Role] = &[
        Role::OrgName,
        Role::Web,
        Role::Email,
        Role::Phone,
        Role::Street,
        Role::City,
        Role::PostalCode,
        Role::Region,
        Role::Country,
    ];
    let roles = match kind {
        ProfileKind::Person => PERSON,
        ProfileKind::Company => COMPANY,
    };
    roles.iter().map(|role| Column { name: role.as_str().to_owned(), role: *role }).collect()
}

/// Collects fields by role.
struct Fields {
    columns: Vec<Column>,
    found: Vec<(u8, Pii)>,
}

impl Fields {
    fn new(kind: ProfileKind) -> Self {
        Self { columns: columns(kind), found: Vec::new() }
    }

    fn add(&mut self, role: Role, value: &str) {
        let place = self.columns.iter().position(|column| column.role == role);
        if let Some(place) = place.and_then(|at| u8::try_from(at).ok())
            && !value.trim().is_empty()
        {
            self.found.push((place, Pii::new(value)));
        }
    }

    fn add_pii(&mut self, role: Role, value: Option<&Pii>) {
        if let Some(value) = value {
            self.add(role, value.expose());
        }
    }

    fn add_contact(&mut self, emails: &[Pii], phones: &[Pii], address: &Address) {
        for (role, values) in [(Role::Email, emails), (Role::Phone, phones)] {
            for value in values.iter().take(MOST_VALUES) {
                self.add(role, value.expose());
            }
        }
        self.add_pii(Role::Street, address.street.as_ref());
        self.add_pii(Role::City, address.city.as_ref());
        self.add_pii(Role::PostalCode, address.postal_code.as_ref());
        self.add(Role::Region, address.region.as_deref().unwrap_or_default());
        self.add(Role::Country, address.country.as_deref().unwrap_or_default());
    }
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
/// id is added. `employers` are the names of the companies that the contact is linked to, besides
/// the employer's name that it states itself.
#[must_use]
pub fn person_record(
    id: RecordId,
    key: &RecordKey,
    contact: &Contact,
    stated: &[Identifier],
    version: i64,
    rules: &Rules,
    employers: &[String],
) -> IdentityRecord {
    let mut fields = Fields::new(ProfileKind::Person);
    fields.add_pii(Role::GivenName, contact.given_name.as_ref());
    fields.add_pii(Role::FamilyName, contact.family_name.as_ref());
    fields.add_pii(Role::FullName, contact.full_name.as_ref());
    for employer in contact.company_name.iter().chain(employers).take(MOST_VALUES) {
        fields.add(Role::OrgName, employer);
    }
    fields.add_contact(&contact.emails, &contact.phones, &contact.address);
    let mailboxes = mailboxes(&contact.emails);
    let mut keys = stated_keys(stated, key);
    for mailbox in mailboxes.iter().filter(|m| !m.role) {
        keys.push(Identifier::new(IdentifierKind::Email, mailbox.address.as_str()));
    }
    let hint = mailboxes.iter().find_map(|m| web::country_hint(m.domain()));
    push_phones(&mut keys, &contact.phones, contact.address.country.as_deref(), hint, rules);
    keys.sort_unstable();
    keys.dedup();
    IdentityRecord {
        id,
        kind: ProfileKind::Person,
        source: key.source.clone(),
        stream: key.stream.clone(),
        created_at: contact.created_at.map(domain::Timestamp::as_millis),
        version,
        identifiers: keys,
        own: own_identifier(key),
        fields: fields.found,
    }
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
    let mut fields = Fields::new(ProfileKind::Company);
    fields.add(Role::OrgName, company.name.as_deref().unwrap_or_default());
    for value in company.domains.iter().take(MOST_VALUES) {
        fields.add(Role::Web, value);
    }
    fields.add_contact(&company.emails, &company.phones, &company.address);
    let mailboxes = mailboxes(&company.emails);
    let mut domains: Vec<String> = company
        .domains
        .iter()
        .take(MOST_VALUES)
        .filter_map(|d| web::company_domain(d).filter(|d| !web::is_public_mail(d)))
        .chain(mailboxes.iter().filter_map(|m| web::of_host(m.domain())))
        .collect();
    domains.sort_unstable();
    domains.dedup();
    let mut keys = stated_keys(stated, key);
    for mailbox in &mailboxes {
        keys.push(Identifier::new(IdentifierKind::Email, mailbox.address.as_str()));
    }
    for domain in &domains {
        keys.push(Identifier::new(IdentifierKind::Domain, domain.as_str()));
    }
    let hint = domains.iter().find_map(|d| web::country_hint(d));
    push_phones(&mut keys, &company.phones, company.address.country.as_deref(), hint, rules);
    if let Some(name) = company.name.as_deref().and_then(company::core) {
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
        own: own_identifier(key),
        fields: fields.found,
    }
}

fn mailboxes(emails: &[Pii]) -> Vec<email::Mailbox> {
    emails.iter().take(MOST_VALUES).filter_map(|e| email::normalize(e.expose())).collect()
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
