//! How often values occur, over everything that was learnt from.
//!
//! Owns the counts behind term frequencies, and their stored form: an incremental run weighs a
//! value by how often it occurs among all records, not among the few it looks at.

use super::pool::{Pool, mix};
use super::table::{Row, Table};
use domain::ProfileKind;
use rustc_hash::FxHashMap;

/// How often values occur and how many distinct carriers they have.
#[derive(Default)]
pub(crate) struct Frequencies {
    /// Records.
    pub records: f64,
    pub given: Vec<u32>,
    pub family: Vec<u32>,
    pub email: Vec<u32>,
    pub email_carriers: Vec<u32>,
    pub phone: Vec<u32>,
    pub phone_carriers: Vec<u32>,
    pub date: FxHashMap<u32, u32>,
    pub street: FxHashMap<(u32, u32), u32>,
    pub postal: Vec<u32>,
    pub org: Vec<u32>,
    pub org_word: Vec<u32>,
    pub web: Vec<u32>,
    pub others: Vec<FxHashMap<u32, u32>>,
    /// Rarity of a company word: 0 for one in every name, 1 for one in a single name.
    pub word_weight: Vec<f32>,
}

fn count(counts: &mut [u32], id: u32) {
    if let Some(slot) = counts.get_mut(id as usize) {
        *slot += 1;
    }
}

pub(super) fn of(counts: &[u32], id: u32) -> u32 {
    counts.get(id as usize).copied().unwrap_or_default()
}

impl Frequencies {
    pub fn new(table: &Table) -> Self {
        let mut f = Self {
            records: table.rows.len() as f64,
            given: vec![0; table.names.len()],
            family: vec![0; table.names.len()],
            email: vec![0; table.emails.len()],
            email_carriers: Vec::new(),
            phone: vec![0; table.phones.len()],
            phone_carriers: Vec::new(),
            date: FxHashMap::default(),
            street: FxHashMap::default(),
            postal: vec![0; table.places.len()],
            org: vec![0; table.orgs.len()],
            org_word: vec![0; table.org_words.len()],
            web: vec![0; table.domains.len()],
            others: vec![FxHashMap::default(); table.extra.len()],
            word_weight: Vec::new(),
        };
        let mut email_names = Vec::new();
        let mut phone_names = Vec::new();
        for (at, row) in table.rows.iter().enumerate() {
            count(&mut f.given, row.given);
            count(&mut f.family, row.family);
            count(&mut f.postal, row.postal);
            let carrier = carrier(table, row);
            for email in table.values(&row.email) {
                count(&mut f.email, *email);
                email_names.push((u64::from(*email) << 32) | carrier);
            }
            for phone in table.values(&row.phone) {
                count(&mut f.phone, *phone);
                phone_names.push((u64::from(*phone) << 32) | carrier);
            }
            for org in table.values(&row.org) {
                count(&mut f.org, *org);
            }
            for web in table.values(&row.web) {
                count(&mut f.web, *web);
            }
            if row.date != 0 {
                *f.date.entry(row.date).or_default() += 1;
            }
            if row.street != 0 {
                *f.street.entry((row.number, row.street)).or_default() += 1;
            }
            for (value, counts) in table.others(at as u32).iter().zip(&mut f.others) {
                if *value != 0 {
                    *counts.entry(*value).or_default() += 1;
                }
            }
        }
        f.email_carriers = carriers(email_names, table.emails.len());
        f.phone_carriers = carriers(phone_names, table.phones.len());
        for parts in table.org.iter().skip(1) {
            for word in &parts.words {
                count(&mut f.org_word, *word);
            }
        }
        f.word_weight = word_weights(&f.org_word, table.org.len() as f32);
        f
    }
}

impl Frequencies {
    /// Reads the counts of the values that some pairs may agree on, see [`Table::touch`].
    pub fn touch(&self, table: &Table, pairs: &[(u32, u32)]) {
        let mut seen = 0;
        for (a, _) in pairs {
            let row = table.row(*a);
            seen ^= of(&self.given, row.given) ^ of(&self.family, row.family);
            seen ^= of(&self.email, row.email) ^ of(&self.email_carriers, row.email);
            seen ^= of(&self.phone, row.phone) ^ of(&self.phone_carriers, row.phone);
            seen ^= of(&self.postal, row.postal) ^ of(&self.org, row.org);
            seen ^= self.street.get(&(row.number, row.street)).copied().unwrap_or_default();
        }
        std::hint::black_box(seen);
    }
}

/// The name under which carriers of a contact value are told apart: coarse, so that spellings of
/// one name count once.
fn carrier(table: &Table, row: &Row) -> u64 {
    if table.kind == ProfileKind::Company {
        // Numbers depend on the order in which names came.
        let names = table.values(&row.org).iter().copied();
        return u64::from(names.min_by_key(|org| table.orgs.hash(*org)).unwrap_or_default());
    }
    let given = table.sound(row.given);
    let family = table.sound(row.family);
    (given ^ family.rotate_left(17)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
}

fn carriers(mut pairs: Vec<u64>, values: usize) -> Vec<u32> {
    pairs.sort_unstable();
    pairs.dedup();
    let mut counts = vec![0; values];
    for pair in pairs {
        count(&mut counts, (pair >> 32) as u32);
    }
    counts
}

/// A stored count: of a value, by its hash, and how many distinct carriers it has.
pub(crate) type Counts = FxHashMap<u64, (u32, u32)>;

/// Values carried by fewer records than this are not stored: they are the rule, and what two
/// records agree on is carried by two.
const STORED_FROM: u32 = 3;

/// What a count is of.
#[derive(Clone, Copy)]
enum Of {
    Given = 1,
    Family,
    Email,
    Phone,
    Date,
    Street,
    Postal,
    Org,
    OrgWord,
    Web,
    Other,
}

fn value_key(of: Of, hash: u64) -> u64 {
    mix(&[of as u64, hash])
}

fn street_key(table: &Table, number: u32, street: u32) -> u64 {
    let place = |id: u32| table.places.hash(id);
    mix(&[Of::Street as u64, place(number), place(street)])
}

impl Frequencies {
    /// The counts that are worth keeping.
    pub fn export(&self, table: &Table) -> Counts {
        let mut out = Counts::default();
        let mut keep = |of: Of, pool: &Pool, counts: &[u32], carriers: &[u32]| {
            for (id, count) in counts.iter().enumerate().skip(1) {
                let carriers = carriers.get(id).copied().unwrap_or_default();
                if *count >= STORED_FROM {
                    out.insert(value_key(of, pool.hash(id as u32)), (*count, carriers));
                }
            }
        };
        keep(Of::Given, &table.names, &self.given, &[]);
        keep(Of::Family, &table.names, &self.family, &[]);
        keep(Of::Email, &table.emails, &self.email, &self.email_carriers);
        keep(Of::Phone, &table.phones, &self.phone, &self.phone_carriers);
        keep(Of::Postal, &table.places, &self.postal, &[]);
        keep(Of::Org, &table.orgs, &self.org, &[]);
        keep(Of::OrgWord, &table.org_words, &self.org_word, &[]);
        keep(Of::Web, &table.domains, &self.web, &[]);
        for (date, count) in self.date.iter().filter(|(_, n)| **n >= STORED_FROM) {
            out.insert(mix(&[Of::Date as u64, u64::from(*date)]), (*count, 0));
        }
        for ((number, street), count) in self.street.iter().filter(|(_, n)| **n >= STORED_FROM) {
            out.insert(street_key(table, *number, *street), (*count, 0));
        }
        for (column, counts) in self.others.iter().enumerate() {
            for (id, count) in counts.iter().filter(|(_, n)| **n >= STORED_FROM) {
                let text = table.others_pool.hash(*id);
                out.insert(mix(&[Of::Other as u64, column as u64, text]), (*count, 0));
            }
        }
        out
    }

    /// No counts yet, of values that are yet to come. `records` is how many were learnt from.
    pub fn stored(records: f64) -> Self {
        Self { records, ..Self::default() }
    }

    /// Adds the stored counts of the values that a table has gained, which has `known` rows already
    /// counted. `names` is how many distinct company names were learnt from.
    pub fn import(&mut self, table: &Table, known: usize, counts: &Counts, names: f32) {
        let lowest = STORED_FROM - 1;
        let get = |key: u64| counts.get(&key).copied();
        let gain = |of: Of, pool: &Pool, counts: &mut Vec<u32>, carriers: Option<&mut Vec<u32>>| {
            let from = counts.len() as u32;
            let found = (from..pool.len() as u32).map(|id| {
                if id == 0 {
                    return (0, 0);
                }
                get(value_key(of, pool.hash(id))).unwrap_or((lowest, 1))
            });
            match carriers {
                Some(carriers) => {
                    for (n, of) in found {
                        counts.push(n);
                        carriers.push(of);
                    }
                }
                None => counts.extend(found.map(|(n, _)| n)),
            }
        };
        gain(Of::Given, &table.names, &mut self.given, None);
        gain(Of::Family, &table.names, &mut self.family, None);
        gain(Of::Email, &table.emails, &mut self.email, Some(&mut self.email_carriers));
        gain(Of::Phone, &table.phones, &mut self.phone, Some(&mut self.phone_carriers));
        gain(Of::Postal, &table.places, &mut self.postal, None);
        gain(Of::Org, &table.orgs, &mut self.org, None);
        gain(Of::OrgWord, &table.org_words, &mut self.org_word, None);
        gain(Of::Web, &table.domains, &mut self.web, None);
        self.others.resize_with(table.extra.len(), FxHashMap::default);
        for (at, row) in table.rows.iter().enumerate().skip(known) {
            if row.date != 0 {
                let stored = get(mix(&[Of::Date as u64, u64::from(row.date)]));
                self.date.insert(row.date, stored.map_or(lowest, |(n, _)| n));
            }
            if row.street != 0 {
                let stored = get(street_key(table, row.number, row.street));
                self.street.insert((row.number, row.street), stored.map_or(lowest, |(n, _)| n));
            }
            for (column, (value, known)) in
                table.others(at as u32).iter().zip(&mut self.others).enumerate()
            {
                if *value != 0 {
                    let text = table.others_pool.hash(*value);
                    let stored = get(mix(&[Of::Other as u64, column as u64, text]));
                    known.insert(*value, stored.map_or(lowest, |(n, _)| n));
                }
            }
        }
        let gained = self.org_word.get(self.word_weight.len()..).unwrap_or_default();
        let gained = word_weights(gained, names);
        self.word_weight.extend(gained);
    }
}

fn word_weights(counts: &[u32], names: f32) -> Vec<f32> {
    let names = names.max(2.0);
    counts
        .iter()
        .map(|n| ((names / (*n as f32 + 0.5)).ln() / (names / 1.5).ln()).max(0.02))
        .collect()
}
