//! Blocking rules and the keys that they give a record.
//!
//! Owns which rules there are for which fields. Refuses to form pairs.

use super::level::Comparison;
use super::pool::{hash, mix};
use super::table::{Row, Table};
use crate::role::Role;
use domain::ProfileKind;

/// One way to find candidates.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub name: String,
    /// The comparisons whose agreement the key implies: training leaves them out for pairs that
    /// this rule found.
    pub implies: Vec<Comparison>,
    pub(super) key: Key,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Key {
    Email,
    Local,
    Phone,
    PhoneTail,
    Web,
    Id(u8),
    Name,
    Given,
    Family,
    FamilyDate,
    GivenDate,
    DateDigits,
    Date,
    FamilyPostal,
    GivenPostal,
    Address,
    GivenStreet,
    NameCity,
    NamePlace,
    FamilyOrg,
    GivenOrg,
    NameDomain,
    LocalName,
    Org,
    OrgPair,
    OrgWord,
    OrgAcronym,
    Street,
    Text(u8),
}

impl Key {
    /// Whether most of the pairs that it brings are no matches in a table of many records.
    pub(super) fn is_broad(self) -> bool {
        matches!(
            self,
            Self::Date
                | Self::DateDigits
                | Self::LocalName
                | Self::PhoneTail
                | Self::NamePlace
                | Self::Given
                | Self::Family
        )
    }
}

/// The rules for what a table holds.
pub(crate) fn rules(table: &Table, comparisons: &[Comparison]) -> Vec<Rule> {
    use Comparison as C;
    let has = |c: C| comparisons.contains(&c);
    let mut found: Vec<Rule> = Vec::new();
    let mut add = |present: bool, name: &str, implies: &[C], key: Key| {
        if present && found.len() < 30 {
            found.push(Rule { name: name.to_owned(), implies: implies.to_vec(), key });
        }
    };
    add(has(C::Email), "email", &[C::Email], Key::Email);
    add(has(C::Phone), "phone", &[C::Phone], Key::Phone);
    for comparison in comparisons {
        if let C::Extra(place, role) = comparison
            && role.is_id()
        {
            let name = table.extra.get(usize::from(*place)).map_or("", |e| e.name.as_str());
            add(true, name, &[*comparison], Key::Id(*place));
        }
    }
    if table.kind == ProfileKind::Person {
        let (g, f) = (has(C::Given), has(C::Family));
        add(g && f, "given and family name", &[C::Given, C::Family], Key::Name);
        add(f && has(C::Date), "family name and date", &[C::Family, C::Date], Key::FamilyDate);
        add(g && has(C::Date), "given name and date", &[C::Given, C::Date], Key::GivenDate);
        add(has(C::Date), "date", &[C::Date], Key::Date);
        add(has(C::Date), "digits of the date and initials", &[], Key::DateDigits);
        add(
            f && has(C::Place),
            "family name and postal code",
            &[C::Family, C::Place],
            Key::FamilyPostal,
        );
        add(
            g && has(C::Place),
            "given name and postal code",
            &[C::Given, C::Place],
            Key::GivenPostal,
        );
        add(has(C::Address), "address", &[C::Address], Key::Address);
        add(
            g && has(C::Address),
            "given name and street",
            &[C::Given, C::Address],
            Key::GivenStreet,
        );
        add(
            g && f && has(C::Place),
            "names and town",
            &[C::Given, C::Family, C::Place],
            Key::NameCity,
        );
        add(f && has(C::Org), "family name and employer", &[C::Family, C::Org], Key::FamilyOrg);
        add(g && has(C::Org), "given name and employer", &[C::Given, C::Org], Key::GivenOrg);
        add(g && has(C::Email), "given name and mail domain", &[C::Given], Key::NameDomain);
        add(has(C::Email), "mailbox name", &[], Key::Local);
        add(f && has(C::Email), "name spelt by the mailbox", &[], Key::LocalName);
        add(g && has(C::Phone), "given name and end of phone", &[], Key::PhoneTail);
        add(g && has(C::Place), "given name and town", &[C::Given, C::Place], Key::NamePlace);
        if !(has(C::Place) || has(C::Date) || has(C::Email) || has(C::Phone)) {
            add(f, "family name", &[C::Family], Key::Family);
            add(g, "given name", &[C::Given], Key::Given);
        }
    } else {
        add(has(C::Web), "web domain", &[C::Web], Key::Web);
        add(has(C::Org), "company name", &[C::Org], Key::Org);
        add(has(C::Org), "two telling words", &[], Key::OrgPair);
        add(has(C::Org), "telling word", &[], Key::OrgWord);
        add(has(C::Org), "acronym", &[], Key::OrgAcronym);
        add(has(C::Address), "address", &[C::Address], Key::Address);
        add(has(C::Address), "street and place", &[], Key::Street);
        add(has(C::Phone), "end of phone", &[], Key::PhoneTail);
    }
    for comparison in comparisons {
        if let C::Extra(place, Role::Text) = comparison {
            let name = table.extra.get(usize::from(*place)).map_or("", |e| e.name.as_str());
            add(true, name, &[*comparison], Key::Text(*place));
        }
    }
    found
}

/// What [`keys`] needs beside the table.
pub(crate) struct Context<'t> {
    pub table: &'t Table,
    /// Rarity of company words.
    pub word_weight: &'t [f32],
}

fn initial(text: &str) -> u64 {
    u64::from(text.as_bytes().first().copied().unwrap_or_default())
}

/// The keys of a record under a rule.
pub(super) fn keys(context: &Context<'_>, rule: &Rule, at: u32, out: &mut Vec<u64>) {
    let table = context.table;
    let row = table.row(at);
    let mut push = |present: bool, parts: &[u64]| {
        if present {
            out.push(mix(parts));
        }
    };
    let (g, f) = (table.sound(row.given), table.sound(row.family));
    let name = |id: u32| table.names.text(id);
    let place = |id: u32| table.places.hash(id);
    match rule.key {
        Key::Email => {
            for email in table.values(&row.email) {
                push(true, &[table.emails.hash(*email)]);
            }
        }
        Key::Local => {
            for email in table.values(&row.email) {
                let local = table.local(*email);
                let bare = local.trim_end_matches(|c: char| c.is_ascii_digit());
                push(
                    local.len() >= 5 && !table.email_parts(*email).role,
                    &[2, hash(if bare.len() >= 6 { bare } else { local }.as_bytes())],
                );
            }
        }
        Key::Phone => {
            for phone in table.values(&row.phone) {
                let text = table.phones.text(*phone);
                push(
                    true,
                    &[hash(
                        text.get(text.len().saturating_sub(7)..).unwrap_or_default().as_bytes(),
                    )],
                );
            }
        }
        Key::PhoneTail => {
            for phone in table.values(&row.phone) {
                let text = table.phones.text(*phone);
                let tail =
                    hash(text.get(text.len().saturating_sub(4)..).unwrap_or_default().as_bytes());
                if table.kind == ProfileKind::Person {
                    push(g != 0, &[3, tail, g]);
                } else {
                    push(row.street != 0, &[3, tail, place(row.number)]);
                }
            }
        }
        Key::Web => {
            for web in table.values(&row.web) {
                push(true, &[table.domains.hash(*web)]);
            }
            for email in table.values(&row.email) {
                let parts = table.email_parts(*email);
                push(!parts.public, &[table.domains.hash(parts.domain)]);
            }
        }
        Key::Id(slot) | Key::Text(slot) => {
            let id = table.others(at).get(usize::from(slot)).copied().unwrap_or_default();
            push(id != 0, &[u64::from(slot), table.others_pool.hash(id)]);
        }
        // Names in either order, and under every name that a short form may stand for.
        Key::Name => {
            let both = |x: u64, y: u64| [x.min(y), x.max(y)];
            push(g != 0 && f != 0, &both(g, f));
            if f != 0 {
                for root in table.roots(row.given).iter().take(3) {
                    push(true, &[4, u64::from(*root), f]);
                }
            }
        }
        Key::Given => push(g != 0, &[g]),
        Key::Family => push(f != 0, &[f]),
        Key::FamilyDate => {
            push(f != 0 && row.date != 0, &[f, u64::from(row.date)]);
            push(g != 0 && row.date != 0, &[g, u64::from(row.date)]);
        }
        Key::GivenDate => {
            for root in table.roots(row.given).iter().take(3) {
                push(row.date != 0, &[u64::from(*root), u64::from(row.date)]);
            }
        }
        Key::Date => push(row.date != 0, &[u64::from(row.date)]),
        Key::DateDigits => {
            let mut sorted = row.date.to_string().into_bytes();
            sorted.sort_unstable();
            let (p, q) = (initial(name(row.given)), initial(name(row.family)));
            push(row.date != 0 && p + q != 0, &[hash(&sorted), p.min(q), p.max(q)]);
        }
        Key::FamilyPostal => push(f != 0 && row.postal != 0, &[f, place(row.postal)]),
        Key::GivenPostal => {
            push(g != 0 && row.postal != 0, &[g, place(row.postal)]);
            for root in table.roots(row.given).iter().take(2) {
                push(row.postal != 0, &[5, u64::from(*root), place(row.postal)]);
            }
        }
        Key::Address => {
            push(row.street != 0 && row.number != 0, &[place(row.street), place(row.number)])
        }
        Key::GivenStreet => push(g != 0 && row.street != 0, &[g, place(row.street)]),
        Key::NameCity => {
            let (p, q) = (initial(name(row.given)), initial(name(row.family)));
            push(f != 0 && p != 0 && row.city != 0, &[f, p, place(row.city)]);
            push(g != 0 && q != 0 && row.city != 0, &[g, q, place(row.city)]);
        }
        Key::NamePlace => push(g != 0 && row.city != 0, &[g, place(row.city)]),
        Key::FamilyOrg => org_keys(context, row, f, &mut push),
        Key::GivenOrg => org_keys(context, row, g, &mut push),
        Key::NameDomain => {
            for email in table.values(&row.email) {
                let parts = table.email_parts(*email);
                let domain = table.domains.hash(parts.domain);
                push(g != 0 && !parts.public, &[g, domain]);
                push(f != 0 && !parts.public, &[f, domain]);
            }
        }
        // The mailbox of one meets the name of another.
        Key::LocalName => {
            let (given, family) = (name(row.given), name(row.family));
            if given.len() > 1 && family.len() > 2 {
                let mut form = String::with_capacity(48);
                for (first, second) in
                    [(given, family), (given.get(..1).unwrap_or_default(), family), (family, given)]
                {
                    form.clear();
                    form.push_str(first);
                    form.push_str(second);
                    push(true, &[6, hash(form.as_bytes())]);
                }
            }
            for email in table.values(&row.email) {
                let letters: String =
                    table.local(*email).chars().filter(char::is_ascii_alphabetic).collect();
                push(letters.len() >= 5, &[6, hash(letters.as_bytes())]);
            }
        }
        Key::Org => {
            for org in table.values(&row.org) {
                if let Some(parts) = table.org_parts(*org) {
                    push(true, &[table.org_words.hash(parts.solid)]);
                }
            }
        }
        Key::OrgPair => {
            for org in table.values(&row.org) {
                let words = telling(context, *org, 3);
                for (at, one) in words.iter().enumerate() {
                    for other in words.iter().skip(at + 1) {
                        push(true, &[(*one).min(*other), (*one).max(*other)]);
                    }
                }
            }
        }
        Key::OrgWord => {
            for org in table.values(&row.org) {
                for word in telling(context, *org, 2) {
                    push(true, &[7, word]);
                }
            }
        }
        Key::OrgAcronym => {
            for org in table.values(&row.org) {
                if let Some(parts) = table.org_parts(*org) {
                    let acronym = table.org_words.text(parts.acronym);
                    push(acronym.len() >= 3, &[8, hash(acronym.as_bytes())]);
                    let short = table.org_words.text(parts.solid);
                    push((3..=6).contains(&short.len()), &[8, hash(short.as_bytes())]);
                }
            }
        }
        Key::Street => {
            let spot = if row.postal != 0 { row.postal } else { row.city };
            push(row.street != 0 && spot != 0, &[place(row.street), place(spot)]);
            push(row.number != 0 && spot != 0, &[9, place(row.number), place(spot)]);
        }
    }
    out.sort_unstable();
    out.dedup();
}

fn org_keys(context: &Context<'_>, row: &Row, name: u64, push: &mut impl FnMut(bool, &[u64])) {
    if name == 0 {
        return;
    }
    for org in context.table.values(&row.org) {
        for word in telling(context, *org, 1) {
            push(true, &[name, word]);
        }
    }
    for email in context.table.values(&row.email) {
        let parts = context.table.email_parts(*email);
        if !parts.public {
            let label = crate::normal::web::label(context.table.domains.text(parts.domain));
            push(true, &[name, hash(label.get(..4).unwrap_or(label).as_bytes())]);
        }
    }
}

/// The beginnings of a company name's rarest words.
pub(super) fn telling(context: &Context<'_>, org: u32, most: usize) -> Vec<u64> {
    let Some(parts) = context.table.org_parts(org) else { return Vec::new() };
    let weight = |w: u32| context.word_weight.get(w as usize).copied().unwrap_or(1.0);
    let text = |w: u32| context.table.org_words.text(w);
    let mut words: Vec<u32> = parts.words.to_vec();
    // Of words as rare as each other the first by its letters: numbers differ from table to table.
    words.sort_by(|x, y| weight(*y).total_cmp(&weight(*x)).then_with(|| text(*x).cmp(text(*y))));
    words.truncate(most);
    words.iter().map(|w| hash(text(*w).get(..4).unwrap_or(text(*w)).as_bytes())).collect()
}
