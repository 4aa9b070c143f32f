//! The golden record: one value per field out of a profile's records.
//!
//! Owns what each record offers for a field and how fit it is; the rules of [`crate::survivorship`]
//! choose. Refuses to change values: what is answered is what some record holds, save for the
//! country, which is answered as a code, and the phone number, which is answered in E.164.

use crate::Rules;
use crate::normal::{country, email, name, phone, web};
use crate::survivorship::{Offer, SurvivorshipKey, choose};
use domain::{Address, Company, Contact, Pii, ProfileKind, RecordId};
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

impl GoldenInput<'_> {
    /// When the source says that it was created, in milliseconds since 1970; the end of time if it
    /// does not say.
    pub(crate) fn created(&self) -> i64 {
        let contact = self.contact.and_then(|c| c.created_at);
        contact
            .or_else(|| self.company.and_then(|c| c.created_at))
            .map_or(i64::MAX, domain::Timestamp::as_millis)
    }
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

            /// What may stand below `[identity.survivorship]`.
            pub(crate) const KEYS: &'static [&'static str] =
                &["default", "name", "address", $($text,)*];

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
    /// The record that holds it; of an override the record that it is attached to.
    pub record: RecordId,
    /// What decided on the value, whatever its spelling: a survivorship rule (`most_trusted`, `most_recent`, `earliest`,
    /// `most_frequent`, `longest`); `only` this record knows a value; all records that know one are
    /// `unanimous`; `most_complete`, `personal_mailbox` or `stated` where that came before the
    /// rules; `lowest_id` where no rule told them apart; `override` where a person set it.
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

/// Picks the golden fields by the survivorship rules. Does not depend on the order of `members`.
///
/// What is fit comes before what the rules prefer: a whole name before a part of one, an address
/// with a street, a town and a code before a country alone, a person's own mailbox before a role's,
/// a web domain that a company states before one that its mailboxes suggest. Names and addresses
/// are taken whole from one record, so that no mixture of two arises, unless a part of them has
/// rules of its own.
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

/// A text of a record, where it has one.
type Text<T> = fn(&T) -> Option<&str>;

fn person<'a>(inputs: &[&'a GoldenInput<'a>], rules: &Rules, out: &mut Golden) {
    use GoldenFieldName as F;
    let contacts: Vec<(&'a GoldenInput<'a>, &'a Contact)> =
        inputs.iter().filter_map(|i| Some((*i, i.contact?))).collect();
    names(&contacts, rules, out);
    put_emails(contacts.iter().map(|(i, c)| (*i, c.emails.as_slice())), false, rules, out);
    put_phones(contacts.iter().map(|(i, c)| (*i, c.phones.as_slice(), &c.address)), rules, out);
    let texts: [(F, Text<Contact>); 4] = [
        (F::JobTitle, |c| c.job_title.as_deref()),
        (F::CompanyName, |c| c.company_name.as_deref()),
        (F::VendorStage, |c| c.vendor_stage.as_deref()),
        (F::AcquisitionChannel, |c| c.acquisition_channel.as_deref().filter(|v| is_word(v))),
    ];
    for (field, get) in texts {
        let offers = contacts.iter().filter_map(|(i, c)| Offer::text(i, get(c)?));
        put(field, offers.collect(), "", rules, out);
    }
    put_address(contacts.iter().map(|(i, c)| (*i, &c.address)), rules, out);
}

fn company<'a>(inputs: &[&'a GoldenInput<'a>], rules: &Rules, out: &mut Golden) {
    use GoldenFieldName as F;
    let companies: Vec<(&'a GoldenInput<'a>, &'a Company)> =
        inputs.iter().filter_map(|i| Some((*i, i.company?))).collect();
    let named = companies.iter().filter_map(|(i, c)| {
        let mut offer = Offer::text(i, c.name.as_deref()?)?;
        // A name of which nothing is left without its legal form names nobody.
        offer.key = crate::normal::company::core(&offer.value).map(|name| name.core);
        offer.flaw = offer.key.is_none().into();
        offer.length = written(&offer.value);
        Some(offer)
    });
    put(F::DisplayName, named.collect(), "most_complete", rules, out);
    put_emails(companies.iter().map(|(i, c)| (*i, c.emails.as_slice())), true, rules, out);
    put_phones(companies.iter().map(|(i, c)| (*i, c.phones.as_slice(), &c.address)), rules, out);
    let texts: [(F, Text<Company>); 3] = [
        (F::Industry, |c| c.industry.as_deref()),
        (F::VendorStage, |c| c.vendor_stage.as_deref()),
        (F::AcquisitionChannel, |c| c.acquisition_channel.as_deref().filter(|v| is_word(v))),
    ];
    for (field, get) in texts {
        let offers = companies.iter().filter_map(|(i, c)| Offer::text(i, get(c)?));
        put(field, offers.collect(), "", rules, out);
    }
    let counts = companies
        .iter()
        .filter_map(|(i, c)| Offer::text(i, &c.employee_count.filter(|n| *n >= 0)?.to_string()));
    put(F::EmployeeCount, counts.collect(), "", rules, out);
    let stated = companies.iter().filter_map(|(i, c)| {
        let mut known = c.domains.iter().filter_map(|d| web::company_domain(d));
        Offer::text(i, &known.find(|d| !web::is_public_mail(d))?)
    });
    let suggested = companies.iter().filter_map(|(i, c)| {
        let mut mails = c.emails.iter().filter_map(|e| email::normalize(e.expose()));
        let offer = Offer::text(i, &mails.find_map(|m| web::of_host(m.domain()))?)?;
        Some(Offer { flaw: 1, ..offer })
    });
    put(F::Domain, stated.chain(suggested).collect(), "stated", rules, out);
    put_address(companies.iter().map(|(i, c)| (*i, &c.address)), rules, out);
}

/// Chooses one field among offers.
fn put(
    field: GoldenFieldName,
    offers: Vec<Offer<'_>>,
    by_flaw: &'static str,
    rules: &Rules,
    out: &mut Golden,
) {
    if let Some((at, rule)) = choose(&offers, SurvivorshipKey::Field(field), by_flaw, rules)
        && let Some(best) = offers.get(at)
    {
        push(out, field, &best.value, best.input.record, rule);
    }
}

fn push(
    out: &mut Golden,
    name: GoldenFieldName,
    value: &str,
    record: RecordId,
    rule: &'static str,
) {
    out.fields.push(GoldenField { name, value: Pii::new(value), record, rule });
}

/// How well a name is written: mixed case before all capitals or all small, then its length.
fn written(value: &str) -> (usize, usize) {
    let upper = value.chars().any(char::is_uppercase);
    let lower = value.chars().any(char::is_lowercase);
    (usize::from(upper && lower), value.chars().count())
}

/// Whether a text says anything: some sources write a dash for nothing.
fn is_word(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

fn filled(value: Option<&Pii>) -> Option<String> {
    value.map(|v| v.expose().trim().to_owned()).filter(|v| !v.is_empty())
}

fn names<'a>(contacts: &[(&'a GoldenInput<'a>, &'a Contact)], rules: &Rules, out: &mut Golden) {
    use GoldenFieldName as F;
    let mut offers: Vec<Offer<'_>> = Vec::new();
    let mut parts: Vec<[(F, Option<String>); 3]> = Vec::new();
    for (input, contact) in contacts {
        let given = filled(contact.given_name.as_ref());
        let family = filled(contact.family_name.as_ref());
        let full = filled(contact.full_name.as_ref());
        // Given and family name before a whole name before an initial before one part.
        let (flaw, value) = match (&given, &family, &full) {
            (Some(g), Some(f), _) => {
                let initial = g.trim_end_matches('.').chars().count() < 2;
                (u8::from(initial) * 2, format!("{g} {f}"))
            }
            (_, _, Some(whole)) => (if whole.contains(' ') { 1 } else { 3 }, whole.clone()),
            (Some(one), None, None) | (None, Some(one), None) => (3, one.clone()),
            (None, None, None) => continue,
        };
        let parsed = name::parse(full.as_deref(), given.as_deref(), family.as_deref(), None);
        if parsed.is_empty() {
            continue;
        }
        let key = Some(format!("{} {}", parsed.given.join(" "), parsed.family.join(" ")));
        parts.push([
            (F::DisplayName, Some(value.clone())),
            (F::GivenName, given),
            (F::FamilyName, family),
        ]);
        offers.push(Offer { input, length: written(&value), value, key, flaw, place: 0 });
    }
    if let Some((at, rule)) = choose(&offers, SurvivorshipKey::Name, "most_complete", rules)
        && let (Some(best), Some(parts)) = (offers.get(at), parts.get(at))
    {
        for (field, value) in parts {
            if let (Some(value), false) = (value, rules.survivorship.apart(*field)) {
                push(out, *field, value, best.input.record, rule);
            }
        }
    }
    for (place, field) in [F::DisplayName, F::GivenName, F::FamilyName].into_iter().enumerate() {
        if rules.survivorship.apart(field) {
            let of_part = offers.iter().zip(&parts).filter_map(|(whole, parts)| {
                let value = parts.get(place)?.1.as_deref()?;
                let key = (field == F::DisplayName).then(|| whole.key.clone()).flatten();
                let length = written(value);
                Some(Offer { key, flaw: whole.flaw, length, ..Offer::text(whole.input, value)? })
            });
            put(field, of_part.collect(), "most_complete", rules, out);
        }
    }
}

fn put_emails<'a>(
    records: impl Iterator<Item = (&'a GoldenInput<'a>, &'a [Pii])>,
    role_is_fine: bool,
    rules: &Rules,
    out: &mut Golden,
) {
    let mut offers: Vec<Offer<'_>> = Vec::new();
    for (input, emails) in records {
        for (place, raw) in emails.iter().enumerate() {
            if let Some(mailbox) = email::normalize(raw.expose())
                && let Some(offer) = Offer::text(input, raw.expose())
            {
                let flaw = u8::from(mailbox.role && !role_is_fine);
                offers.push(Offer { key: Some(mailbox.address), flaw, place, ..offer });
            }
        }
    }
    offers.sort_by_key(|offer| (offer.flaw, offer.place > 0));
    let field = SurvivorshipKey::Field(GoldenFieldName::Email);
    let best = choose(&offers, field, "personal_mailbox", rules)
        .and_then(|(at, rule)| Some((offers.get(at)?, rule)));
    if let Some((best, rule)) = best {
        push(out, GoldenFieldName::Email, &best.value, best.input.record, rule);
    }
    let first = best.and_then(|(offer, _)| offer.key.as_deref());
    let all = first.into_iter().chain(offers.iter().filter_map(|o| o.key.as_deref()));
    out.all_emails = distinct(all);
}

fn put_phones<'a>(
    records: impl Iterator<Item = (&'a GoldenInput<'a>, &'a [Pii], &'a Address)>,
    rules: &Rules,
    out: &mut Golden,
) {
    let mut offers: Vec<Offer<'_>> = Vec::new();
    for (input, phones, address) in records {
        let land = address.country.as_deref().and_then(country::iso2);
        let countries: Vec<&str> =
            land.into_iter().chain(rules.default_country.as_deref()).collect();
        for (place, raw) in phones.iter().enumerate() {
            let number = phone::normalize(raw.expose(), &countries);
            let flaw = u8::from(number.is_none());
            let value = number.as_deref().unwrap_or_else(|| raw.expose());
            offers.extend(Offer::text(input, value).map(|offer| Offer {
                flaw,
                place,
                key: number.clone(),
                ..offer
            }));
        }
    }
    let field = SurvivorshipKey::Field(GoldenFieldName::Phone);
    let best = choose(&offers, field, "most_complete", rules)
        .and_then(|(at, rule)| Some((offers.get(at)?, rule)));
    if let Some((best, rule)) = best {
        push(out, GoldenFieldName::Phone, &best.value, best.input.record, rule);
    }
    let first = best.and_then(|(offer, _)| offer.key.as_deref());
    let all = first.into_iter().chain(offers.iter().filter_map(|o| o.key.as_deref()));
    out.all_phones = distinct(all);
}

/// Each value once, in order of appearance.
fn distinct<'a>(values: impl Iterator<Item = &'a str>) -> Vec<Pii> {
    let mut all: Vec<Pii> = Vec::new();
    for value in values {
        if all.iter().all(|known| known.expose() != value) {
            all.push(Pii::new(value));
        }
    }
    all
}

/// The parts of an address that are known, in the order of the fields.
fn address_parts(address: &Address) -> Vec<(GoldenFieldName, String)> {
    use GoldenFieldName as F;
    let text =
        |value: Option<&str>| value.map(str::trim).filter(|v| !v.is_empty()).map(str::to_owned);
    [
        (F::Street, filled(address.street.as_ref())),
        (F::City, filled(address.city.as_ref())),
        (F::Region, text(address.region.as_deref())),
        (F::PostalCode, filled(address.postal_code.as_ref())),
        (F::Country, text(address.country.as_deref().map(|c| country::iso2(c).unwrap_or(c)))),
    ]
    .into_iter()
    .filter_map(|(field, value)| Some((field, value?)))
    .collect()
}

fn put_address<'a>(
    records: impl Iterator<Item = (&'a GoldenInput<'a>, &'a Address)>,
    rules: &Rules,
    out: &mut Golden,
) {
    use GoldenFieldName as F;
    let mut offers: Vec<Offer<'_>> = Vec::new();
    let mut parts: Vec<Vec<(F, String)>> = Vec::new();
    for (input, address) in records {
        let known = address_parts(address);
        let whole: Vec<&str> = known.iter().map(|(_, value)| value.as_str()).collect();
        if let Some(offer) = Offer::text(input, &whole.join("\n")) {
            // A country alone must not beat a full address of a less trusted source; beyond three
            // parts the rules decide.
            let flaw = 3 - known.len().min(3) as u8;
            let length = (known.len(), offer.length.1);
            offers.push(Offer { flaw, length, ..offer });
            parts.push(known);
        }
    }
    if let Some((at, rule)) = choose(&offers, SurvivorshipKey::Address, "most_complete", rules)
        && let (Some(best), Some(parts)) = (offers.get(at), parts.get(at))
    {
        for (field, value) in parts {
            if !rules.survivorship.apart(*field) {
                push(out, *field, value, best.input.record, rule);
            }
        }
    }
    for field in [F::Street, F::City, F::Region, F::PostalCode, F::Country] {
        if rules.survivorship.apart(field) {
            let of_part = offers.iter().zip(&parts).filter_map(|(whole, parts)| {
                let (_, value) = parts.iter().find(|(name, _)| *name == field)?;
                Offer::text(whole.input, value)
            });
            put(field, of_part.collect(), "", rules, out);
        }
    }
}
