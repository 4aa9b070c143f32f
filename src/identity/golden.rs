//! Survivorship: one value per field out of a profile's records.
//!
//! Owns which record's value wins and says so for each field. Refuses to change values: what is
//! answered is what some record holds, save for the country, which is answered as a code.

use crate::Rules;
use crate::normal::{country, email, phone, text, web};
use domain::{Company, Contact, Pii, ProfileKind, RecordId};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;

/// One record's part in a profile. `contact` for people, `company` for companies.
#[derive(Clone, Copy, Debug)]
pub struct GoldenInput<'a> {
    /// The record.
    pub record: RecordId,
    /// Its source's name.
    pub source: &'a str,
    /// When it last changed, in milliseconds since 1970 (or the source's sequence number).
    pub updated: i64,
    /// The record as a person.
    pub contact: Option<&'a Contact>,
    /// The record as a company.
    pub company: Option<&'a Company>,
}

/// Declares the golden fields once.
macro_rules! fields {
    ($($(#[$meta:meta])* $variant:ident = $text:literal,)*) => {
        /// A field of a profile.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum GoldenFieldName { $($(#[$meta])* $variant,)* }

        impl GoldenFieldName {
            /// Every field, in stored order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// As stored.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The inverse of [`GoldenFieldName::as_str`].
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|field| field.as_str() == text)
            }
        }
    };
}

fields! {
    /// What to call the person or company.
    DisplayName = "display_name",
    /// Given name.
    GivenName = "given_name",
    /// Family name.
    FamilyName = "family_name",
    /// Primary e-mail address.
    Email = "email",
    /// Primary phone number, in E.164 where it can be read.
    Phone = "phone",
    /// Job title.
    JobTitle = "job_title",
    /// Employer's name.
    CompanyName = "company_name",
    /// Street and number.
    Street = "street",
    /// Town.
    City = "city",
    /// State or region.
    Region = "region",
    /// Postal code.
    PostalCode = "postal_code",
    /// Country: two letters if recognised, else as received.
    Country = "country",
    /// Channel of the earliest record that names one.
    AcquisitionChannel = "acquisition_channel",
    /// The vendor's lifecycle stage, verbatim.
    VendorStage = "vendor_stage",
    /// Industry.
    Industry = "industry",
    /// Number of employees, in digits.
    EmployeeCount = "employee_count",
    /// Primary web domain.
    Domain = "domain",
}

/// A field's value and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoldenField {
    /// The field.
    pub name: GoldenFieldName,
    /// The value.
    pub value: Pii,
    /// The record that holds it.
    pub record: RecordId,
    /// Why this one: `only`, `most_frequent`, `source_priority`, `most_recent`, `earliest`.
    pub rule: &'static str,
}

/// A profile's fields.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Golden {
    /// Fields that some record knows, in the order of [`GoldenFieldName::ALL`].
    pub fields: Vec<GoldenField>,
    /// All e-mail addresses in canonical form, the primary one first.
    pub all_emails: Vec<Pii>,
    /// All phone numbers in E.164, the primary one first.
    pub all_phones: Vec<Pii>,
}

impl Golden {
    /// The value of a field.
    #[must_use]
    pub fn get(&self, name: GoldenFieldName) -> Option<&GoldenField> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// A value that a record offers for a field.
struct Offer<'a> {
    input: &'a GoldenInput<'a>,
    value: String,
    /// Equal for spellings of one value.
    key: String,
}

/// Picks the golden fields. By source priority, then the most recent record, then the smallest
/// record id; names by how many records spell them so, then completeness, then the same order; the
/// acquisition channel from the earliest record. Does not depend on the order of `members`.
#[must_use]
pub fn golden(kind: ProfileKind, members: &[GoldenInput<'_>], rules: &Rules) -> Golden {
    let mut inputs: Vec<&GoldenInput<'_>> = members.iter().collect();
    inputs.sort_by_key(|i| (rules.rank(i.source), Reverse(i.updated), i.record));
    let mut out = Golden::default();
    match kind {
        ProfileKind::Person => person(&inputs, rules, &mut out),
        ProfileKind::Company => company(&inputs, rules, &mut out),
    }
    out.fields.sort_by_key(|field| field.name);
    out
}

fn person(inputs: &[&GoldenInput<'_>], rules: &Rules, out: &mut Golden) {
    use GoldenFieldName as F;
    let contacts: Vec<(&GoldenInput<'_>, &Contact)> =
        inputs.iter().filter_map(|i| Some((*i, i.contact?))).collect();
    names(&contacts, out);
    let emails: Vec<(&GoldenInput<'_>, &[Pii])> =
        contacts.iter().map(|(i, c)| (*i, c.emails.as_slice())).collect();
    put_emails(&emails, false, rules, out);
    let phones: Vec<(&GoldenInput<'_>, &[Pii], Option<&str>)> = contacts
        .iter()
        .map(|(i, c)| (*i, c.phones.as_slice(), c.address.country.as_deref()))
        .collect();
    put_phones(&phones, rules, out);
    let text = |get: fn(&Contact) -> Option<&str>| -> Vec<(&GoldenInput<'_>, &str)> {
        contacts.iter().filter_map(|(i, c)| Some((*i, get(c)?))).collect()
    };
    put(F::JobTitle, &text(|c| c.job_title.as_deref()), rules, out);
    put(F::CompanyName, &text(|c| c.company_name.as_deref()), rules, out);
    put(F::VendorStage, &text(|c| c.vendor_stage.as_deref()), rules, out);
    let addresses: Vec<_> = contacts.iter().map(|(i, c)| (*i, &c.address)).collect();
    put_address(&addresses, rules, out);
    earliest(
        contacts.iter().filter_map(|(i, c)| {
            Some((
                *i,
                c.created_at.map_or(i64::MAX, domain::Timestamp::as_millis),
                c.acquisition_channel.as_deref()?,
            ))
        }),
        out,
    );
}

fn company(inputs: &[&GoldenInput<'_>], rules: &Rules, out: &mut Golden) {
    use GoldenFieldName as F;
    let companies: Vec<(&GoldenInput<'_>, &Company)> =
        inputs.iter().filter_map(|i| Some((*i, i.company?))).collect();
    let named: Vec<Offer<'_>> = companies
        .iter()
        .filter_map(|(i, c)| {
            let value = c.name.as_deref()?.trim();
            let key = crate::normal::company::core(value)?.core;
            Some(Offer { input: i, value: value.to_owned(), key })
        })
        .collect();
    if let Some((at, rule)) = most_frequent(&named)
        && let Some(best) = named.get(at)
    {
        push(out, F::DisplayName, best.value.clone(), best.input.record, rule);
    } else {
        put(
            F::DisplayName,
            &companies
                .iter()
                .filter_map(|(i, c)| Some((*i, c.name.as_deref()?)))
                .collect::<Vec<_>>(),
            rules,
            out,
        );
    }
    let emails: Vec<(&GoldenInput<'_>, &[Pii])> =
        companies.iter().map(|(i, c)| (*i, c.emails.as_slice())).collect();
    put_emails(&emails, true, rules, out);
    let phones: Vec<(&GoldenInput<'_>, &[Pii], Option<&str>)> = companies
        .iter()
        .map(|(i, c)| (*i, c.phones.as_slice(), c.address.country.as_deref()))
        .collect();
    put_phones(&phones, rules, out);
    let text = |get: fn(&Company) -> Option<&str>| -> Vec<(&GoldenInput<'_>, &str)> {
        companies.iter().filter_map(|(i, c)| Some((*i, get(c)?))).collect()
    };
    put(F::Industry, &text(|c| c.industry.as_deref()), rules, out);
    put(F::VendorStage, &text(|c| c.vendor_stage.as_deref()), rules, out);
    let counts: Vec<(&GoldenInput<'_>, String)> = companies
        .iter()
        .filter_map(|(i, c)| Some((*i, c.employee_count.filter(|n| *n >= 0)?.to_string())))
        .collect();
    let counts: Vec<(&GoldenInput<'_>, &str)> =
        counts.iter().map(|(i, n)| (*i, n.as_str())).collect();
    put(F::EmployeeCount, &counts, rules, out);
    let domains: Vec<(&GoldenInput<'_>, String)> = companies
        .iter()
        .flat_map(|(i, c)| {
            let stated = c.domains.iter().filter_map(|d| web::company_domain(d));
            stated.filter(|d| !web::is_public_mail(d)).map(|d| (*i, d)).take(1)
        })
        .chain(companies.iter().flat_map(|(i, c)| {
            let mails = c.emails.iter().filter_map(|e| email::normalize(e.expose()));
            mails.filter_map(|m| web::of_host(m.domain())).map(|d| (*i, d)).take(1)
        }))
        .collect();
    let domains: Vec<(&GoldenInput<'_>, &str)> =
        domains.iter().map(|(i, d)| (*i, d.as_str())).collect();
    put(F::Domain, &domains, rules, out);
    let addresses: Vec<_> = companies.iter().map(|(i, c)| (*i, &c.address)).collect();
    put_address(&addresses, rules, out);
    earliest(
        companies.iter().filter_map(|(i, c)| {
            Some((
                *i,
                c.created_at.map_or(i64::MAX, domain::Timestamp::as_millis),
                c.acquisition_channel.as_deref()?,
            ))
        }),
        out,
    );
}

fn push(
    out: &mut Golden,
    name: GoldenFieldName,
    value: String,
    record: RecordId,
    rule: &'static str,
) {
    out.fields.push(GoldenField { name, value: Pii::new(value), record, rule });
}

/// Takes the first offer: `offers` are in the order of source priority, then recency.
fn put(
    name: GoldenFieldName,
    offers: &[(&GoldenInput<'_>, &str)],
    rules: &Rules,
    out: &mut Golden,
) {
    let known: Vec<_> = offers.iter().filter(|(_, value)| !value.trim().is_empty()).collect();
    if let Some((input, value)) = known.first() {
        let others = known.iter().map(|(i, _)| *i);
        push(out, name, value.trim().to_owned(), input.record, why(input, others, rules));
    }
}

/// Why the first of the offers won.
fn why<'a>(
    winner: &GoldenInput<'_>,
    offers: impl Iterator<Item = &'a GoldenInput<'a>>,
    rules: &Rules,
) -> &'static str {
    let mut others = offers.filter(|i| i.record != winner.record).peekable();
    if others.peek().is_none() {
        "only"
    } else if others.any(|i| rules.rank(i.source) != rules.rank(winner.source)) {
        "source_priority"
    } else {
        "most_recent"
    }
}

/// The offer whose key most records share, the longest spelling of it; earlier offers win ties.
fn most_frequent(offers: &[Offer<'_>]) -> Option<(usize, &'static str)> {
    let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
    for offer in offers {
        *counts.entry(&offer.key).or_default() += 1;
    }
    let count = |offer: &Offer<'_>| counts.get(offer.key.as_str()).copied().unwrap_or_default();
    let (at, best) = offers
        .iter()
        .enumerate()
        .min_by_key(|(at, offer)| (Reverse(count(offer)), Reverse(written(&offer.value)), *at))?;
    let rule = if offers.len() == 1 {
        "only"
    } else if offers.iter().any(|o| count(o) < count(best)) || counts.len() == 1 {
        "most_frequent"
    } else {
        "most_complete"
    };
    Some((at, rule))
}

/// How well a name is written: mixed case before all capitals or all small, then its length.
fn written(value: &str) -> (bool, usize) {
    let upper = value.chars().any(char::is_uppercase);
    let lower = value.chars().any(char::is_lowercase);
    (upper && lower, value.chars().count())
}

fn names(contacts: &[(&GoldenInput<'_>, &Contact)], out: &mut Golden) {
    use GoldenFieldName as F;
    let field = |value: &Option<Pii>| {
        value.as_ref().map(|v| v.expose().trim().to_owned()).filter(|v| !v.is_empty())
    };
    // A name is taken whole from one record, so that no mixture of two arises: records with given
    // and family name before those with a whole name before those with one part.
    let mut offers: Vec<(u8, Offer<'_>, Option<String>, Option<String>)> = Vec::new();
    for (input, contact) in contacts {
        let (given, family) = (field(&contact.given_name), field(&contact.family_name));
        let full = field(&contact.full_name);
        let (rank, value) = match (&given, &family, &full) {
            (Some(g), Some(f), _) => {
                let initial = g.trim_end_matches('.').chars().count() < 2;
                (u8::from(initial) * 2, format!("{g} {f}"))
            }
            (_, _, Some(whole)) => (if whole.contains(' ') { 1 } else { 3 }, whole.clone()),
            (Some(one), None, None) | (None, Some(one), None) => (3, one.clone()),
            (None, None, None) => continue,
        };
        let parsed =
            crate::normal::name::parse(full.as_deref(), given.as_deref(), family.as_deref(), None);
        if parsed.is_empty() {
            continue;
        }
        let key = format!("{} {}", parsed.given.join(" "), parsed.family.join(" "));
        offers.push((rank, Offer { input, value, key }, given, family));
    }
    let Some(best_rank) = offers.iter().map(|o| o.0).min() else { return };
    let total = offers.len();
    offers.retain(|o| o.0 == best_rank);
    let (keys, parts): (Vec<Offer<'_>>, Vec<_>) =
        offers.into_iter().map(|(_, offer, given, family)| (offer, (given, family))).unzip();
    let Some((at, mut rule)) = most_frequent(&keys) else { return };
    if rule == "only" && total > 1 {
        rule = "most_complete";
    }
    let (Some(best), Some((given, family))) = (keys.get(at), parts.get(at)) else { return };
    let record = best.input.record;
    push(out, F::DisplayName, best.value.clone(), record, rule);
    if let Some(given) = given {
        push(out, F::GivenName, given.clone(), record, rule);
    }
    if let Some(family) = family {
        push(out, F::FamilyName, family.clone(), record, rule);
    }
}

fn put_emails(
    offers: &[(&GoldenInput<'_>, &[Pii])],
    role_first: bool,
    rules: &Rules,
    out: &mut Golden,
) {
    struct Found<'a> {
        // Role mailbox where a person's is wanted, not the primary one, order of the record.
        rank: (bool, bool, usize),
        input: &'a GoldenInput<'a>,
        address: String,
        raw: &'a str,
    }
    let mut found: Vec<Found<'_>> = Vec::new();
    for (order, (input, emails)) in offers.iter().enumerate() {
        for (place, raw) in emails.iter().enumerate() {
            if let Some(mailbox) = email::normalize(raw.expose()) {
                let against = mailbox.role != role_first && !role_first;
                found.push(Found {
                    rank: (against, place > 0, order),
                    input,
                    address: mailbox.address,
                    raw: raw.expose(),
                });
            }
        }
    }
    found.sort_by_key(|f| f.rank);
    if let Some(best) = found.first() {
        let rule = why(best.input, found.iter().map(|f| f.input), rules);
        push(out, GoldenFieldName::Email, best.raw.trim().to_owned(), best.input.record, rule);
    }
    for one in found {
        let address = Pii::new(one.address);
        if !out.all_emails.contains(&address) {
            out.all_emails.push(address);
        }
    }
}

fn put_phones(
    offers: &[(&GoldenInput<'_>, &[Pii], Option<&str>)],
    rules: &Rules,
    out: &mut Golden,
) {
    let mut raws: Vec<(&GoldenInput<'_>, &str)> = Vec::new();
    let mut read: Vec<(&GoldenInput<'_>, String)> = Vec::new();
    for (input, phones, land) in offers {
        let countries: Vec<&str> = land
            .and_then(country::iso2)
            .into_iter()
            .chain(rules.default_country.as_deref())
            .collect();
        for raw in *phones {
            raws.push((input, raw.expose()));
            if let Some(number) = phone::normalize(raw.expose(), &countries) {
                read.push((input, number));
            }
        }
    }
    if read.is_empty() {
        put(GoldenFieldName::Phone, &raws, rules, out);
        return;
    }
    let texts: Vec<(&GoldenInput<'_>, &str)> = read.iter().map(|(i, n)| (*i, n.as_str())).collect();
    put(GoldenFieldName::Phone, &texts, rules, out);
    for (_, number) in read {
        let number = Pii::new(number);
        if !out.all_phones.contains(&number) {
            out.all_phones.push(number);
        }
    }
}

/// An address is taken whole from one record: the most complete one; earlier offers win ties.
fn put_address(offers: &[(&GoldenInput<'_>, &domain::Address)], rules: &Rules, out: &mut Golden) {
    use GoldenFieldName as F;
    let parts = |a: &domain::Address| -> Vec<(GoldenFieldName, String)> {
        let exposed = |p: &Option<Pii>| p.as_ref().map(|p| p.expose().to_owned());
        [
            (F::Street, exposed(&a.street)),
            (F::City, exposed(&a.city)),
            (F::Region, a.region.clone()),
            (F::PostalCode, exposed(&a.postal_code)),
            (F::Country, a.country.as_deref().map(|c| country::iso2(c).unwrap_or(c).to_owned())),
        ]
        .into_iter()
        .filter_map(|(name, value)| {
            let value = value?.trim().to_owned();
            (!value.is_empty()).then_some((name, value))
        })
        .collect()
    };
    let rated: Vec<(usize, &GoldenInput<'_>, Vec<_>)> = offers
        .iter()
        .enumerate()
        .map(|(at, (input, address))| (at, *input, parts(address)))
        .filter(|(_, _, parts)| !parts.is_empty())
        .collect();
    let Some((_, input, parts)) = rated.iter().min_by_key(|(at, input, parts)| {
        // A country alone must not beat a full address of a less trusted source.
        (Reverse(parts.len() >= 3), rules.rank(input.source), Reverse(parts.len().min(3)), *at)
    }) else {
        return;
    };
    let rule = why(input, rated.iter().map(|r| r.1), rules);
    for (name, value) in parts {
        push(out, *name, value.clone(), input.record, rule);
    }
}

fn earliest<'a>(
    offers: impl Iterator<Item = (&'a GoldenInput<'a>, i64, &'a str)>,
    out: &mut Golden,
) {
    let known: Vec<_> = offers.filter(|(_, _, value)| !text::fold(value).is_empty()).collect();
    if let Some((input, _, value)) = known.iter().min_by_key(|(i, at, _)| (*at, i.record)) {
        let rule = if known.len() == 1 { "only" } else { "earliest" };
        push(out, GoldenFieldName::AcquisitionChannel, value.trim().to_owned(), input.record, rule);
    }
}
