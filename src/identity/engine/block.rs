//! Candidate pairs: records that share a blocking key.
//!
//! Owns how blocks become pairs and what happens to blocks that grew too large: they are parted by
//! further keys, never skipped in silence. Refuses to compare; which keys there are is `keys`'.

use super::keys::{Context, Rule, keys, telling};
use super::pool::{hash, mix};
use domain::ProfileKind;
use rustc_hash::FxHashSet;

/// Two records and the rules that brought them together, a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub a: u32,
    pub b: u32,
    pub rules: u32,
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

/// Candidate pairs by stored keys, named by their places among `rows`: what an incremental run sees is
/// what a run over everything sees.
pub(crate) fn stored_candidates(
    context: &Context<'_>,
    rules: &[Rule],
    oversized: &FxHashSet<u64>,
    rows: impl Iterator<Item = u32>,
) -> Vec<(u32, u32)> {
    let mut entries: Vec<(u64, u32)> = Vec::new();
    for (at, row) in (0..).zip(rows) {
        let keys = stored_keys(context, rules, oversized, row);
        entries.extend(keys.into_iter().map(|key| (key, at)));
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
        for group in entries.chunk_by_mut(|x, y| x.0 == y.0) {
            let key = group.first().map_or(0, |(key, _)| mix(&[tag, *key]));
            block.take(group, key, 0);
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
    /// Forms the pairs of a block, of one that is too large those of its parts. What stands beside
    /// a record is the key by which it was parted last.
    fn take(&mut self, block: &mut [(u64, u32)], key: u64, step: usize) {
        let whole = block.len() <= self.limit;
        if whole || step >= PARTERS {
            let reach = if whole { block.len() } else { WINDOW };
            if !whole {
                self.report.windowed += block.len() as u64;
            }
            for (at, (_, a)) in block.iter().enumerate() {
                for (_, b) in block.get(at + 1..).unwrap_or_default().iter().take(reach) {
                    self.add(*a, *b);
                }
            }
            return;
        }
        if step == 0 {
            self.report.oversized += 1;
        }
        self.oversized.insert(key);
        for (part, at) in block.iter_mut() {
            *part = parter(self.context, step, *at);
        }
        block.sort_unstable();
        // Without a value there is nothing that could part them further down the line either
        // way: the next key gets its chance.
        for group in block.chunk_by_mut(|x, y| x.0 == y.0) {
            let part = group.first().map_or(0, |(part, _)| *part);
            self.take(group, part_key(key, step, part), step + 1);
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
