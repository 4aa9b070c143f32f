//! Records as rows of numbers.
//!
//! Owns how raw fields become comparable: every value is normalised once, interned, and from then
//! on a number in a row of fixed width. Refuses to compare.

use super::dates::Dates;
use super::pool::{Pool, hash, mix};
pub(crate) use super::row::Row;
use super::row::{About, NO_ROW};
use crate::normal::{address, company, email, name, nicknames, text, web};
use crate::role::Role;
use crate::similar;
use arrayvec::ArrayString;
use domain::ProfileKind;
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use std::hash::Hasher as _;
use std::sync::LazyLock;

/// A field of the records to resolve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, for explanations.
    pub name: String,
    /// What it holds.
    pub role: Role,
}

/// Set in a value that is a list of values.
const LIST: u32 = 1 << 31;
/// Most values of one kind that a record may carry; bounds what one hostile record can cost.
const MOST_VALUES: usize = 20;

/// Records ready to be compared.
pub struct Table {
    pub(crate) kind: ProfileKind,
    pub(crate) rows: Vec<Row>,
    pub(super) about: Vec<About>,
    /// Values of the columns without a place in [`Row`], `extra.len()` per row.
    pub(crate) others: Vec<u32>,
    pub(crate) extra: Vec<Extra>,
    pub(crate) lists: Vec<Box<[u32]>>,
    pub(crate) names: Pool,
    pub(crate) emails: Pool,
    pub(crate) email: Vec<EmailParts>,
    pub(crate) domains: Pool,
    pub(crate) phones: Pool,
    pub(crate) places: Pool,
    pub(crate) orgs: Pool,
    pub(crate) org: Vec<OrgParts>,
    pub(crate) org_words: Pool,
    pub(crate) others_pool: Pool,
    /// By number in `names`.
    pub(crate) name_sound: Vec<u64>,
    /// Names in the letters that spellings share.
    pub(crate) plain_names: Pool,
    /// Numbers in `plain_names`, by number in `names`.
    name_plain: Vec<u32>,
    /// The names that a name may stand for, by number in `names`.
    name_roots: Vec<&'static [u16]>,
    /// By row: which of the records that were added it is. Empty where rows stand as added.
    added: Vec<u32>,
}

/// A column that is compared by itself.
#[derive(Clone, Debug)]
pub(crate) struct Extra {
    pub name: String,
    pub role: Role,
}

/// What of an address is compared beside the whole.
#[derive(Clone, Copy, Default)]
pub(crate) struct EmailParts {
    /// Length of the local part in bytes.
    pub local: u8,
    /// Number in `domains`.
    pub domain: u32,
    /// Anybody can have an address at the domain.
    pub public: bool,
    /// The mailbox names a function.
    pub role: bool,
}

/// What of a company name is compared beside the whole.
#[derive(Clone, Default)]
pub(crate) struct OrgParts {
    /// Numbers in `org_words`, in order.
    pub words: Box<[u32]>,
    /// The first letters, as a number in `org_words`.
    pub acronym: u32,
    /// The words without spaces, as a number in `org_words`.
    pub solid: u32,
}

impl Table {
    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Which of the records that were added a row is.
    pub(crate) fn added(&self, at: u32) -> u32 {
        self.added.get(at as usize).copied().unwrap_or(at)
    }

    pub(crate) fn row(&self, at: u32) -> &Row {
        self.rows.get(at as usize).unwrap_or(&NO_ROW)
    }

    pub(crate) fn others(&self, at: u32) -> &[u32] {
        let width = self.extra.len();
        self.others.get(at as usize * width..(at as usize + 1) * width).unwrap_or_default()
    }

    /// The values behind one that may be a list.
    pub(crate) fn values<'a>(&'a self, value: &'a u32) -> &'a [u32] {
        if *value == 0 {
            &[]
        } else if *value & LIST == 0 {
            std::slice::from_ref(value)
        } else {
            self.lists.get((*value & !LIST) as usize).map_or(&[], |list| list)
        }
    }

    /// Reads what comparing some pairs will read, to no end but that it is at hand then: loads that
    /// do not wait for each other cost a tenth of the same loads one after the other.
    pub(crate) fn touch(&self, pairs: &[(u32, u32)]) {
        let rows = || pairs.iter().flat_map(|(a, b)| [self.row(*a), self.row(*b)]);
        let mut seen = 0;
        for row in rows() {
            seen ^= row.given;
        }
        let texts = |row: &Row| {
            [
                (&self.names, row.given),
                (&self.names, row.family),
                (&self.emails, row.email),
                (&self.phones, row.phone),
                (&self.places, row.number),
                (&self.places, row.street),
                (&self.places, row.city),
                (&self.places, row.postal),
            ]
        };
        for row in rows() {
            for (pool, id) in texts(row) {
                seen ^= pool.touch(id);
            }
            seen ^= self.email_parts(row.email).domain;
            seen ^= self.sound(row.given) as u32 ^ self.sound(row.family) as u32;
            seen ^= self.roots(row.given).len() as u32;
        }
        std::hint::black_box(seen);
    }

    pub(crate) fn email_parts(&self, id: u32) -> EmailParts {
        self.email.get(id as usize).copied().unwrap_or_default()
    }

    pub(crate) fn local(&self, id: u32) -> &str {
        self.emails.text(id).get(..self.email_parts(id).local as usize).unwrap_or_default()
    }

    pub(crate) fn org_parts(&self, id: u32) -> Option<&OrgParts> {
        self.org.get(id as usize).filter(|_| id != 0)
    }

    /// The names that a name may stand for.
    pub(crate) fn roots(&self, name: u32) -> &'static [u16] {
        self.name_roots.get(name as usize).copied().unwrap_or_default()
    }

    /// The number in `plain_names` of a name.
    pub(crate) fn plain(&self, name: u32) -> u32 {
        self.name_plain.get(name as usize).copied().unwrap_or_default()
    }

    pub(crate) fn sound(&self, name: u32) -> u64 {
        self.name_sound.get(name as usize).copied().unwrap_or_default()
    }
}

fn in_order<T: Copy>(list: &[T], order: &[u32]) -> Vec<T> {
    order.iter().filter_map(|at| list.get(*at as usize).copied()).collect()
}

/// Fills a [`Table`], one record after the other.
pub struct TableBuilder {
    table: Table,
    columns: Vec<Column>,
    /// Place among the extra columns, by column.
    extra_of: Vec<usize>,
    dates: Dates,
    /// By record: of what is compared, and of everything.
    content: Vec<(u64, u64)>,
    raw_orgs: FxHashMap<u64, u32>,
    raw_emails: FxHashMap<u64, u32>,
    raw_streets: FxHashMap<u64, [u32; 3]>,
    raw_places: FxHashMap<u64, u32>,
    parts: Parts,
}

/// One record's raw texts by role, reused from record to record.
#[derive(Default)]
struct Parts {
    given: String,
    middle: String,
    family: String,
    full: String,
    suffix: String,
    number: String,
    street: String,
    unit: String,
    address: String,
    emails: Vec<u32>,
    phones: Vec<u32>,
    orgs: Vec<u32>,
    webs: Vec<u32>,
}

impl TableBuilder {
    /// A table for records of one kind.
    #[must_use]
    pub fn new(kind: ProfileKind, columns: Vec<Column>) -> Self {
        let mut extra = Vec::new();
        let mut extra_of = Vec::with_capacity(columns.len());
        for column in &columns {
            extra_of.push(extra.len());
            if column.role.is_id() || matches!(column.role, Role::Text | Role::Category) {
                extra.push(Extra { name: column.name.clone(), role: column.role });
            }
        }
        let pool = Pool::new;
        let table = Table {
            kind,
            rows: Vec::new(),
            about: Vec::new(),
            others: Vec::new(),
            extra,
            lists: Vec::new(),
            names: pool(),
            emails: pool(),
            email: vec![EmailParts::default()],
            domains: pool(),
            phones: pool(),
            places: pool(),
            orgs: pool(),
            org: vec![OrgParts::default()],
            org_words: pool(),
            others_pool: pool(),
            name_sound: vec![0],
            plain_names: pool(),
            name_plain: vec![0],
            name_roots: vec![&[]],
            added: Vec::new(),
        };
        let dates = Dates::new(columns.len());
        Self {
            table,
            columns,
            extra_of,
            dates,
            content: Vec::new(),
            raw_orgs: FxHashMap::default(),
            raw_emails: FxHashMap::default(),
            raw_streets: FxHashMap::default(),
            raw_places: FxHashMap::default(),
            parts: Parts::default(),
        }
    }

    /// What was added as yet. Dates, which are read by what all of them look like, are not in it.
    pub(crate) fn so_far(&self) -> &Table {
        &self.table
    }

    /// Adds a record: one value per column, an empty one where there is none.
    pub fn push<'a>(&mut self, values: impl IntoIterator<Item = &'a str>) {
        self.push_fields(values.into_iter().enumerate());
    }

    /// The table, its rows in an order that depends on what the records say and not on the order
    /// in which they were added: what follows gives the same answer for any.
    #[must_use]
    pub fn finish(mut self) -> Table {
        let content = std::mem::take(&mut self.content);
        let mut table = self.finish_as_added();
        // Names of one sound stand side by side, since they are the ones that are compared. Records
        // that say the same may stand for each other, so that their order says nothing.
        let mut order: Vec<_> = (0_u32..)
            .zip(table.rows.iter().zip(&content))
            .map(|(at, (row, said))| (table.sound(row.family), table.sound(row.given), *said, at))
            .collect();
        order.sort_unstable();
        let order: Vec<u32> = order.into_iter().map(|(.., at)| at).collect();
        table.rows = in_order(&table.rows, &order);
        table.about = in_order(&table.about, &order);
        table.others = order.iter().flat_map(|at| table.others(*at)).copied().collect();
        table.added = order;
        table
    }

    /// The table, its rows in the order in which they were added.
    #[must_use]
    pub(crate) fn finish_as_added(mut self) -> Table {
        for row in &mut self.table.rows {
            row.date = self.dates.packed(row.date);
        }
        let mut table = self.table;
        for pool in [
            &mut table.names,
            &mut table.plain_names,
            &mut table.emails,
            &mut table.domains,
            &mut table.phones,
            &mut table.places,
            &mut table.orgs,
            &mut table.org_words,
            &mut table.others_pool,
        ] {
            pool.seal();
        }
        table
    }

    /// Adds a record by (column, value); a column may come several times.
    pub fn push_fields<'a>(&mut self, fields: impl IntoIterator<Item = (usize, &'a str)>) {
        let mut row = Row::default();
        let width = self.table.extra.len();
        let start = self.table.others.len();
        self.table.others.resize(start + width, 0);
        let mut parts = std::mem::take(&mut self.parts);
        parts.clear();
        let (mut compared, mut all) = (FxHasher::default(), FxHasher::default());
        for (at, value) in fields {
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            let Some(role) = self.columns.get(at).map(|c| c.role) else { continue };
            let hasher = if role == Role::Ignored { &mut all } else { &mut compared };
            hasher.write_usize(at);
            hasher.write(value.as_bytes());
            let value = text::cut(value);
            match role {
                Role::GivenName => join(&mut parts.given, value),
                Role::MiddleName => join(&mut parts.middle, value),
                Role::FamilyName => join(&mut parts.family, value),
                Role::FullName => {
                    if parts.full.is_empty() {
                        parts.full.push_str(value);
                    }
                }
                Role::NameSuffix => join(&mut parts.suffix, value),
                Role::OrgName => {
                    let id = self.org(value);
                    add_value(&mut parts.orgs, id);
                }
                Role::Email => {
                    let id = self.email(value);
                    add_value(&mut parts.emails, id);
                }
                Role::Phone => {
                    let id = self.phone(value);
                    add_value(&mut parts.phones, id);
                }
                Role::Web => {
                    if let Some(domain) = web::company_domain(value) {
                        let id = self.table.domains.intern(&domain);
                        add_value(&mut parts.webs, id);
                    }
                }
                Role::Date => {
                    let found = self.dates.add(at, value);
                    if row.date == 0 {
                        row.date = found;
                    }
                }
                Role::HouseNumber => join(&mut parts.number, value),
                Role::Street => join(&mut parts.street, value),
                Role::Unit => join(&mut parts.unit, value),
                Role::FullAddress => join(&mut parts.address, value),
                Role::City => row.city = self.place(0, value),
                Role::PostalCode => row.postal = self.place(1, value),
                Role::Region => row.region = self.place(2, value),
                Role::Country => row.country = self.place(3, value),
                Role::TrustedId | Role::UniqueId | Role::Category | Role::Text => {
                    let id = self.other(role, value);
                    if let Some(place) = self.extra_of.get(at)
                        && let Some(slot) = self.table.others.get_mut(start + place)
                    {
                        *slot = id;
                    }
                }
                Role::Ignored => {}
            }
        }
        self.add_name(&mut row, &parts);
        if !(parts.number.is_empty()
            && parts.street.is_empty()
            && parts.unit.is_empty()
            && parts.address.is_empty())
        {
            let key = mix(&[
                hash(parts.number.as_bytes()),
                hash(parts.street.as_bytes()),
                hash(parts.unit.as_bytes()),
                hash(parts.address.as_bytes()),
            ]);
            let places = &mut self.table.places;
            let found = *self.raw_streets.entry(key).or_insert_with(|| {
                let found =
                    address::parts(&parts.number, &parts.street, &parts.unit, &parts.address);
                [&found.number, &found.street, &found.unit].map(|text| places.intern(text))
            });
            [row.number, row.street, row.unit] = found;
        }
        row.email = self.list(&mut parts.emails);
        row.phone = self.list(&mut parts.phones);
        row.org = self.list(&mut parts.orgs);
        row.web = self.list(&mut parts.webs);
        self.parts = parts;
        let compared = compared.finish();
        self.content.push((compared, compared ^ all.finish()));
        self.table.about.push(About::of(self.table.kind, &row));
        self.table.rows.push(row);
    }

    fn add_name(&mut self, row: &mut Row, parts: &Parts) {
        if parts.given.is_empty() && parts.family.is_empty() && parts.full.is_empty() {
            return;
        }
        let some =
            |text: &'_ str| -> Option<String> { (!text.is_empty()).then(|| text.to_owned()) };
        if parts.suffix.is_empty()
            && parts.middle.is_empty()
            && let (Some(given), Some(family)) = (plain(&parts.given), plain(&parts.family))
        {
            // One plain word each, by far the most frequent case: nothing to part.
            row.given = self.name(&given);
            row.family = self.name(&family);
            return;
        }
        let (given, family, full) = (some(&parts.given), some(&parts.family), some(&parts.full));
        let found = name::parse(full.as_deref(), given.as_deref(), family.as_deref(), None);
        let mut middle: Vec<String> = found.given.iter().skip(1).cloned().collect();
        if !parts.middle.is_empty() {
            middle.extend(text::fold(&parts.middle).split(' ').map(str::to_owned));
        }
        row.given = found.given.first().map_or(0, |first| self.name(first));
        row.family = self.name(&found.family.join(" "));
        row.middle = self.name(&middle.join(" "));
        row.generation = u32::from(found.generation);
    }

    fn name(&mut self, folded: &str) -> u32 {
        let id = self.table.names.intern(folded);
        if id as usize == self.table.name_sound.len() {
            self.table.name_sound.push(name::sound(folded));
            let plain = similar::plain(folded);
            self.table.name_plain.push(self.table.plain_names.intern(&plain));
            self.table.name_roots.push(nicknames::roots(folded));
        }
        id
    }

    fn email(&mut self, raw: &str) -> u32 {
        let key = hash(raw.as_bytes());
        if let Some(id) = self.raw_emails.get(&key) {
            return *id;
        }
        let id = self.new_email(raw);
        self.raw_emails.insert(key, id);
        id
    }

    fn new_email(&mut self, raw: &str) -> u32 {
        let Some(mailbox) = email::normalize(raw) else { return 0 };
        let id = self.table.emails.intern(&mailbox.address);
        if id as usize == self.table.email.len() {
            let domain = mailbox.domain();
            let public = web::is_public_mail(domain);
            let parts = EmailParts {
                local: u8::try_from(mailbox.local().len()).unwrap_or(u8::MAX),
                domain: self.table.domains.intern(domain),
                public,
                role: mailbox.role,
            };
            self.table.email.push(parts);
        }
        id
    }

    /// The last nine digits: country and trunk prefixes are written in too many ways to compare.
    fn phone(&mut self, raw: &str) -> u32 {
        let cut = raw.find(['x', 'X', ';', ',']);
        let number = cut.and_then(|at| raw.get(..at)).unwrap_or(raw);
        let mut digits = [0u8; 24];
        let mut len = 0;
        for digit in number.bytes().filter(u8::is_ascii_digit) {
            if let Some(slot) = digits.get_mut(len) {
                *slot = digit;
                len += 1;
            }
        }
        if len < 5 {
            return 0;
        }
        let tail = digits.get(len.saturating_sub(9)..len).unwrap_or_default();
        let tail = std::str::from_utf8(tail).unwrap_or_default();
        self.table.phones.intern(tail)
    }

    fn org(&mut self, raw: &str) -> u32 {
        let key = hash(raw.as_bytes());
        if let Some(id) = self.raw_orgs.get(&key) {
            return *id;
        }
        let id = match company::core(raw) {
            None => 0,
            Some(found) => {
                let id = self.table.orgs.intern(&found.core);
                if id as usize == self.table.org.len() {
                    let words = &mut self.table.org_words;
                    let parts = OrgParts {
                        words: found.core.split(' ').take(24).map(|w| words.intern(w)).collect(),
                        acronym: if found.acronym.len() > 1 {
                            words.intern(&found.acronym)
                        } else {
                            0
                        },
                        solid: words.intern(&found.core.replace(' ', "")),
                    };
                    self.table.org.push(parts);
                }
                id
            }
        };
        self.raw_orgs.insert(key, id);
        id
    }

    fn place(&mut self, kind: u64, raw: &str) -> u32 {
        let key = mix(&[hash(raw.as_bytes()), kind]);
        if let Some(id) = self.raw_places.get(&key) {
            return *id;
        }
        let form = match kind {
            0 => address::city(raw),
            1 => address::postal_code(raw),
            2 => address::region(raw),
            _ => crate::normal::country::iso2(raw).map_or_else(|| text::fold(raw), str::to_owned),
        };
        let id = self.table.places.intern(&form);
        self.raw_places.insert(key, id);
        id
    }

    fn other(&mut self, role: Role, raw: &str) -> u32 {
        let mut form = text::fold(raw);
        if role.is_id() {
            form.retain(|c| c != ' ');
        }
        self.table.others_pool.intern(&form)
    }

    fn list(&mut self, values: &mut Vec<u32>) -> u32 {
        match values.as_slice() {
            [] => 0,
            [one] => *one,
            _ => {
                values.sort_unstable();
                let at = u32::try_from(self.table.lists.len()).unwrap_or(LIST - 1);
                self.table.lists.push(values.as_slice().into());
                at | LIST
            }
        }
    }
}

impl Parts {
    fn clear(&mut self) {
        for text in [
            &mut self.given,
            &mut self.middle,
            &mut self.family,
            &mut self.full,
            &mut self.suffix,
            &mut self.number,
            &mut self.street,
            &mut self.unit,
            &mut self.address,
        ] {
            text.clear();
        }
        for list in [&mut self.emails, &mut self.phones, &mut self.orgs, &mut self.webs] {
            list.clear();
        }
    }
}

fn join(text: &mut String, more: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(more);
}

fn add_value(values: &mut Vec<u32>, value: u32) {
    if value != 0 && values.len() < MOST_VALUES && !values.contains(&value) {
        values.push(value);
    }
}

/// A name field in small letters, if it is one plain word that is no title, suffix or placeholder.
fn plain(text: &str) -> Option<ArrayString<24>> {
    let mut word = ArrayString::from(text).ok()?;
    word.make_ascii_lowercase();
    let letters = word.len() >= 2 && word.bytes().all(|b| b.is_ascii_lowercase());
    (letters && !SPECIAL.contains(word.as_str())).then_some(word)
}

/// Words that need a closer look: titles, generations, words that stand for no name.
static SPECIAL: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| {
    "mr mrs ms miss mx dr prof sir lady lord rev hon herr frau sr jr junior senior ii iii iv phd md \
     unknown none null na test user customer guest admin name firstname lastname undefined anonymous \
     anonym unbekannt nobody contact info sales support billing office owner team lead webform \
     visitor reception noname xx xxx asdf de van von der den di da del la le"
        .split_ascii_whitespace()
        .collect()
});
