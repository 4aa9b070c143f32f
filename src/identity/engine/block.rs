//! Candidate pairs: records that share a blocking key.
//!
//! Owns the blocking rules of every entity type and what happens to blocks that grew too large:
//! they are parted by further keys, never skipped in silence. Refuses to compare.

use super::level::Comparison;
use super::pool::{hash, mix};
use super::table::{Row, Table};
use crate::role::Role;
use domain::ProfileKind;
use rustc_hash::FxHashSet;

/// Two records and the rules that brought them together, a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub a: u32,
    pub b: u32,
    pub rules: u32,
}

/// One way to find candidates.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub name: String,
    /// The comparisons whose agreement the key implies: training leaves them out for pairs that
    /// this rule found.
    pub implies: Vec<Comparison>,
    key: Key,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Key {
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
    fn is_broad(self) -> bool {
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

/// What a blocking rule did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleReport {
    /// The rule.
    pub name: String,
    /// Pairs that it found.
    pub pairs: u64,
    /// Pairs that no earlier rule had found.
    pub new_pairs: u64,
    /// Blocks that were too large and were parted by further keys.
    pub oversized: u64,
    /// Records in blocks that stayed too large after all keys, where only neighbours in sorted
    /// order were compared.
    pub windowed: u64,
    /// Expected matches among the pairs that only this rule found: what would be lost without it.
    pub only_matches: f64,
}

/// What all rules did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BlockingReport {
    /// By rule.
    pub rules: Vec<RuleReport>,
}

/// Pairs that one rule may bring, per record: beyond it, blocks are parted at a lower size.
const PAIRS_PER_RECORD: f64 = 0.6;
/// The same of a rule that brings many pairs for few matches.
const BROAD_PAIRS: f64 = 0.15;
/// Pairs that one rule may bring whatever the number of records.
const PAIRS: u64 = 250_000;
/// Blocks of at most this size are compared in full.
const BLOCK: usize = 60;
/// The same among companies, whose names come in many spellings: as far as the pairs allow.
const COMPANY_BLOCK: usize = 300;
/// Neighbours compared in a block that no key can part.
const WINDOW: usize = 4;

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
        if let C::Extra(place, Role::TrustedId) = comparison {
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
fn keys(context: &Context<'_>, rule: &Rule, at: u32, out: &mut Vec<u64>) {
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
        Key::FamilyOrg => org_keys(context, &row, f, &mut push),
        Key::GivenOrg => org_keys(context, &row, g, &mut push),
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
fn telling(context: &Context<'_>, org: u32, most: usize) -> Vec<u64> {
    let Some(parts) = context.table.org_parts(org) else { return Vec::new() };
    let weight = |w: u32| context.word_weight.get(w as usize).copied().unwrap_or(1.0);
    let text = |w: u32| context.table.org_words.text(w);
    let mut words: Vec<u32> = parts.words.to_vec();
    // Of words as rare as each other the first by its letters: numbers differ from table to table.
    words.sort_by(|x, y| weight(*y).total_cmp(&weight(*x)).then_with(|| text(*x).cmp(text(*y))));
    words.truncate(most);
    words.iter().map(|w| hash(text(*w).get(..4).unwrap_or(text(*w)).as_bytes())).collect()
}

/// Further keys by which a block that is too large is parted, one after the other.
const PARTERS: usize = 8;

/// A key that says the same of a record in whatever table it stands: numbers differ from table to
/// table, so of several values the one with the least hash counts.
fn parter(context: &Context<'_>, step: usize, at: u32) -> u64 {
    let table = context.table;
    let row = table.row(at);
    let place = |id: u32| table.places.hash(id);
    let least = |hashes: &mut dyn Iterator<Item = u64>| hashes.min().unwrap_or_default();
    if table.kind == ProfileKind::Company {
        let names = table.values(&row.org).iter().copied();
        let org = names.min_by_key(|org| table.orgs.hash(*org)).unwrap_or_default();
        let word =
            |nth: usize| telling(context, org, nth + 1).get(nth).copied().unwrap_or_default();
        return match step {
            0 => word(0),
            1 => place(row.postal),
            2 => place(row.city),
            3 => word(1),
            4 => least(&mut table.values(&row.web).iter().map(|web| table.domains.hash(*web))),
            5 => place(row.street),
            _ => 0,
        };
    }
    match step {
        0 => table.sound(row.family),
        1 => table.sound(row.given),
        2 => u64::from(row.date),
        3 => place(row.postal),
        4 => place(row.city),
        5 => {
            let domain = |email: &u32| table.domains.hash(table.email_parts(*email).domain);
            least(&mut table.values(&row.email).iter().map(domain))
        }
        6 => least(&mut table.values(&row.org).iter().map(|org| table.orgs.hash(*org))),
        _ => place(row.street),
    }
}

/// The key of the part of a block that a record belongs to.
fn part_key(key: u64, step: usize, part: u64) -> u64 {
    mix(&[key, step as u64 + 1, part])
}

/// The keys of a record under all rules, blocks known to be too large parted.
pub(crate) fn stored_keys(
    context: &Context<'_>,
    rules: &[Rule],
    oversized: &FxHashSet<u64>,
    at: u32,
) -> Vec<u64> {
    let mut out = Vec::new();
    let mut own = Vec::new();
    for rule in rules {
        own.clear();
        keys(context, rule, at, &mut own);
        let tag = hash(rule.name.as_bytes());
        for key in &own {
            let mut key = mix(&[tag, *key]);
            for step in 0..PARTERS {
                if !oversized.contains(&key) {
                    break;
                }
                key = part_key(key, step, parter(context, step, at));
            }
            out.push(key);
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// Candidate pairs by stored keys: what an incremental run sees is what a run over everything sees.
pub(crate) fn stored_candidates(
    context: &Context<'_>,
    rules: &[Rule],
    oversized: &FxHashSet<u64>,
    records: usize,
) -> Vec<(u32, u32)> {
    let mut entries: Vec<(u64, u32)> = Vec::new();
    for at in 0..records as u32 {
        entries.extend(stored_keys(context, rules, oversized, at).into_iter().map(|key| (key, at)));
    }
    entries.sort_unstable();
    let mut pairs = Vec::new();
    for block in entries.chunk_by(|x, y| x.0 == y.0) {
        let reach = if block.len() <= WHOLE { block.len() } else { WINDOW };
        for (at, (_, a)) in block.iter().enumerate() {
            let others = block.get(at + 1..).unwrap_or_default();
            pairs.extend(others.iter().take(reach).map(|(_, b)| (*a.min(b), *a.max(b))));
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// A stored block of more records than this has outgrown what was learnt: only neighbours are
/// compared until the next training parts it.
const WHOLE: usize = 250;

/// All candidate pairs, each once, ordered.
pub(crate) fn candidates(
    context: &Context<'_>,
    rules: &[Rule],
    rows: &[u32],
    link: Option<&[u32]>,
) -> (Vec<Candidate>, BlockingReport, FxHashSet<u64>) {
    let mut oversized = FxHashSet::default();
    let mut report = BlockingReport::default();
    let mut pairs: Vec<Candidate> = Vec::new();
    let mut entries: Vec<(u64, u32)> = Vec::new();
    let mut own = Vec::new();
    let mut seen = Vec::new();
    for (bit, rule) in rules.iter().enumerate() {
        entries.clear();
        for at in rows {
            own.clear();
            keys(context, rule, *at, &mut own);
            entries.extend(own.iter().map(|key| (*key, *at)));
        }
        drop_singles(&mut entries, &mut seen);
        entries.sort_unstable();
        let most = if context.table.kind == ProfileKind::Company { COMPANY_BLOCK } else { BLOCK };
        let limit = limit(&entries, rows.len(), most, rule.key.is_broad());
        let mut block = Blocks {
            context,
            link,
            limit,
            bit: 1 << bit,
            out: &mut pairs,
            report: RuleReport { name: rule.name.clone(), ..RuleReport::default() },
            oversized: &mut oversized,
        };
        let tag = hash(rule.name.as_bytes());
        for group in entries.chunk_by(|x, y| x.0 == y.0) {
            if group.len() > 1 {
                if group.len() <= limit {
                    for (at, (_, a)) in group.iter().enumerate() {
                        for (_, b) in group.get(at + 1..).unwrap_or_default() {
                            block.add(*a, *b);
                        }
                    }
                    continue;
                }
                let mut members: Vec<u32> = group.iter().map(|(_, at)| *at).collect();
                let key = group.first().map_or(0, |(key, _)| mix(&[tag, *key]));
                block.take(&mut members, key, 0);
            }
        }
        report.rules.push(block.report);
    }
    pairs.sort_unstable_by_key(|p| (u64::from(p.a) << 32) | u64::from(p.b));
    let mut kept: Vec<Candidate> = Vec::with_capacity(pairs.len() / 2);
    for pair in pairs {
        match kept.last_mut() {
            Some(last) if last.a == pair.a && last.b == pair.b => last.rules |= pair.rules,
            _ => kept.push(pair),
        }
    }
    for pair in &kept {
        let first = pair.rules.trailing_zeros() as usize;
        for (bit, rule) in report.rules.iter_mut().enumerate() {
            if pair.rules & (1 << bit) != 0 {
                rule.pairs += 1;
                rule.new_pairs += u64::from(bit == first);
            }
        }
    }
    (kept, report, oversized)
}

/// Drops most keys that only one record has, which need no sorting: a key stays when another entry
/// has set its bit before.
fn drop_singles(entries: &mut Vec<(u64, u32)>, seen: &mut Vec<[u64; 2]>) {
    let bits = (entries.len() * 8).next_power_of_two().max(1 << 10);
    seen.clear();
    seen.resize(bits / 64, [0; 2]);
    let place = |key: u64| ((key >> 20) as usize & (bits / 64 - 1), 1_u64 << (key & 63));
    for (key, _) in entries.iter() {
        let (word, bit) = place(*key);
        if let Some([once, twice]) = seen.get_mut(word) {
            *twice |= *once & bit;
            *once |= bit;
        }
    }
    entries.retain(|(key, _)| {
        let (word, bit) = place(*key);
        seen.get(word).is_some_and(|[_, twice]| twice & bit != 0)
    });
}

/// The size up to which blocks are compared in full, so that a rule stays within its pairs. Blocks
/// as small as an entity's own records are never parted.
fn limit(entries: &[(u64, u32)], records: usize, largest: usize, broad: bool) -> usize {
    let mut by_size = vec![0_u64; largest + 1];
    for group in entries.chunk_by(|x, y| x.0 == y.0) {
        if let Some(slot) = by_size.get_mut(group.len()) {
            *slot += (group.len() * (group.len() - 1) / 2) as u64;
        }
    }
    let (share, least) = if broad { (BROAD_PAIRS, 3) } else { (PAIRS_PER_RECORD, 9) };
    let most = ((records as f64 * share) as u64).max(PAIRS);
    let mut total = 0;
    for (size, pairs) in by_size.iter().enumerate() {
        total += pairs;
        if total > most {
            return size.max(least);
        }
    }
    largest
}

struct Blocks<'a> {
    context: &'a Context<'a>,
    link: Option<&'a [u32]>,
    limit: usize,
    bit: u32,
    out: &'a mut Vec<Candidate>,
    report: RuleReport,
    oversized: &'a mut FxHashSet<u64>,
}

impl Blocks<'_> {
    fn take(&mut self, members: &mut [u32], key: u64, step: usize) {
        if members.len() < 2 {
            return;
        }
        if members.len() <= self.limit {
            for (at, a) in members.iter().enumerate() {
                for b in members.get(at + 1..).unwrap_or_default() {
                    self.add(*a, *b);
                }
            }
            return;
        }
        if step == 0 {
            self.report.oversized += 1;
        }
        if step >= PARTERS {
            self.report.windowed += members.len() as u64;
            for (at, a) in members.iter().enumerate() {
                for b in members.get(at + 1..).unwrap_or_default().iter().take(WINDOW) {
                    self.add(*a, *b);
                }
            }
            return;
        }
        let context = self.context;
        self.oversized.insert(key);
        members.sort_unstable_by_key(|at| (parter(context, step, *at), *at));
        let mut rest = members;
        while let Some(first) = rest.first().copied() {
            let part = parter(context, step, first);
            let end =
                rest.iter().position(|at| parter(context, step, *at) != part).unwrap_or(rest.len());
            let (group, more) = rest.split_at_mut(end);
            // Without a value there is nothing that could part them further down the line either
            // way: the next key gets its chance.
            self.take(group, part_key(key, step, part), step + 1);
            rest = more;
        }
    }

    fn add(&mut self, a: u32, b: u32) {
        if let Some(link) = self.link
            && link.get(a as usize) == link.get(b as usize)
        {
            return;
        }
        if a != b && !self.context.table.other_kind(a, b) {
            self.out.push(Candidate { a: a.min(b), b: a.max(b), rules: self.bit });
        }
    }
}

/// Random pairs of records, the same ones in every run: what agreement by chance is measured on.
pub(crate) fn random_pairs(rows: &[u32], most: usize) -> Vec<(u32, u32)> {
    let n = rows.len() as u64;
    if n < 2 {
        return Vec::new();
    }
    let all = n * (n - 1) / 2;
    if all <= most as u64 {
        let mut out = Vec::with_capacity(all as usize);
        for (at, a) in rows.iter().enumerate() {
            out.extend(rows.get(at + 1..).unwrap_or_default().iter().map(|b| (*a, *b)));
        }
        return out;
    }
    let mut seen = FxHashSet::default();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut out = Vec::with_capacity(most);
    while out.len() < most {
        let (x, y) = (next() % n, next() % n);
        if x != y
            && seen.insert((x.min(y), x.max(y)))
            && let (Some(a), Some(b)) = (rows.get(x as usize), rows.get(y as usize))
        {
            out.push((*a, *b));
        }
    }
    out
}
