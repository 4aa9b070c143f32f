//! Tables and properties over the whole crate, and the builders they share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod cutoff;
mod golden;
mod held;
mod ids;
mod labels;
mod layouts;
mod normal;
mod normal_fuzz;
mod properties;
mod rules;
mod scenes;
mod similar;
mod survivorship;
mod table;

use crate::*;
use domain::{
    Address, Company, Contact, Decision, Identifier, IdentifierKind, Pii, ProfileKind, RecordId,
    RecordKey, Timestamp, Verdict,
};

/// A person record in fields: `given family | email | phone | company`.
fn person(source: &str, id: &str, text: &str) -> IdentityRecord {
    person_with(source, id, text, &[], &Rules::default())
}

fn contact(text: &str) -> Contact {
    let mut fields = text.split('|').map(str::trim);
    let mut next = || fields.next().filter(|f| !f.is_empty());
    let name = next();
    let (given, family) = match name.map(|n| n.split_once(' ')) {
        Some(Some((given, family))) => (Some(given), Some(family)),
        Some(None) => (name, None),
        None => (None, None),
    };
    Contact {
        given_name: given.map(Pii::new),
        family_name: family.map(Pii::new),
        emails: next().into_iter().flat_map(|e| e.split(',')).map(Pii::new).collect(),
        phones: next().into_iter().map(Pii::new).collect(),
        company_name: next().map(str::to_owned),
        address: Address {
            street: next().map(Pii::new),
            postal_code: next().map(Pii::new),
            ..Address::default()
        },
        ..Contact::default()
    }
}

fn person_with(
    source: &str,
    id: &str,
    text: &str,
    stated: &[&str],
    rules: &Rules,
) -> IdentityRecord {
    let key = RecordKey::new(source, "contacts", id);
    let stated: Vec<Identifier> =
        stated.iter().map(|s| Identifier::new(IdentifierKind::ExternalId, *s)).collect();
    person_record(key.id(), &key, &contact(text), &stated, 1, rules, &[])
}

/// A company record: `name | domain | country | phone | city | email`.
fn company(source: &str, id: &str, text: &str) -> IdentityRecord {
    let mut fields = text.split('|').map(str::trim);
    let mut next = || fields.next().filter(|f| !f.is_empty());
    let company = Company {
        name: next().map(str::to_owned),
        domains: next().into_iter().flat_map(|d| d.split(',')).map(str::to_owned).collect(),
        address: Address { country: next().map(str::to_owned), ..Address::default() },
        phones: next().into_iter().map(Pii::new).collect(),
        ..Company::default()
    };
    let company = Company {
        address: Address { city: next().map(Pii::new), ..company.address },
        emails: next().into_iter().map(Pii::new).collect(),
        ..company
    };
    let key = RecordKey::new(source, "companies", id);
    company_record(key.id(), &key, &company, &[], 1, &Rules::default())
}

fn decide(a: &IdentityRecord, b: &IdentityRecord, verdict: Verdict, at: i64) -> Decision {
    Decision::new(a.id, b.id, verdict, "steward".to_owned(), Timestamp::from_millis(at))
}

/// Resolves people by what is known before anything was learnt.
fn run(records: &[IdentityRecord]) -> Resolution {
    let kind = records.first().map_or(ProfileKind::Person, |r| r.kind);
    resolve(records, &[], &Rules::default(), &Knowledge::unlearned(kind))
}

fn together(resolution: &Resolution, a: RecordId, b: RecordId) -> bool {
    resolution.clusters.iter().any(|c| c.members.contains(&a) && c.members.contains(&b))
}
