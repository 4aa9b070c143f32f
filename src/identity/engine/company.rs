//! Comparing the names of companies.
//!
//! Owns the similarity of two company names: rare words count more than frequent ones, misspelt
//! words count in part, acronyms meet what they stand for, and a number that differs is another
//! branch of the name.

use super::compare::Comparer;
use super::fields::similarity;
use super::frequency::of;
use super::level::{self, MISSING};
use super::table::{OrgParts, Row};

/// Most words of a name that are paired.
const WORDS: usize = 24;

/// What two names have in common, each as a share of the words' weight.
#[derive(Clone, Copy, Default)]
struct Shared {
    /// Of both names.
    whole: f32,
    /// Of the shorter one.
    part: f32,
    /// Weight of the heaviest word that both have.
    telling: f32,
    /// How many names have the rarest word that both have.
    count: u32,
    /// Both have numbers and they differ.
    numbers: bool,
    /// Both have words that the other one lacks.
    apart: bool,
}

impl Comparer<'_> {
    pub(super) fn org(&mut self, x: &Row, y: &Row) -> (u8, u32) {
        if x.org == 0 || y.org == 0 {
            return (MISSING, 0);
        }
        let mut best = (level::org::DIFFERENT, 0);
        let table = self.table;
        for a in table.values(&x.org) {
            for b in table.values(&y.org) {
                let found = self.org_pair(*a, *b);
                if (org_rank(found.0), found.1) < (org_rank(best.0), best.1) {
                    best = found;
                }
            }
        }
        best
    }

    fn org_pair(&mut self, a: u32, b: u32) -> (u8, u32) {
        if a == b {
            let count = of(&self.frequency.org, a);
            return (self.share(count), count);
        }
        let key = (a.min(b), a.max(b));
        if let Some(known) = self.memo.get(&key) {
            return *known;
        }
        let table = self.table;
        let (Some(p), Some(q)) = (table.org_parts(a), table.org_parts(b)) else {
            return (MISSING, 0);
        };
        // Words are paired from the first name's side: the same one in any table.
        let hash = |org: u32| table.orgs.hash(org);
        let (p, q) = if hash(a) <= hash(b) { (p, q) } else { (q, p) };
        let shared = self.org_shared(&p.words, &q.words);
        let found = (self.org_level(p, q, &shared), shared.count);
        self.memo.insert(key, found);
        found
    }

    fn org_level(&self, p: &OrgParts, q: &OrgParts, found: &Shared) -> u8 {
        use level::org as l;
        if p.solid == q.solid {
            return l::VERY_SIMILAR;
        }
        if found.numbers {
            return if found.whole >= 0.4 { l::NUMBER } else { l::DIFFERENT };
        }
        let words = &self.table.org_words;
        let (s, t) = (words.text(p.solid), words.text(q.solid));
        let longest = s.len().max(t.len());
        let slips = if longest >= 8
            && s.len().abs_diff(t.len()) <= 2
            && (words.mask(p.solid) ^ words.mask(q.solid)).count_ones() <= 4
        {
            strsim::osa_distance(s, t)
        } else {
            usize::MAX
        };
        if slips <= longest / 8 && slips <= 2 {
            l::VERY_SIMILAR
        } else if found.apart && found.whole >= 0.75 {
            l::EACH_OWN
        } else if found.whole >= 0.9 {
            l::VERY_SIMILAR
        } else if found.whole >= 0.75 {
            l::SIMILAR
        } else if found.part >= 0.95 && found.telling >= 0.5 {
            l::PART
        } else if (p.acronym != 0 && (p.acronym == q.solid || q.words.contains(&p.acronym)))
            || (q.acronym != 0 && (q.acronym == p.solid || p.words.contains(&q.acronym)))
        {
            l::ACRONYM
        } else if found.whole >= 0.5 {
            l::SOMEWHAT
        } else if found.whole >= 0.25 {
            l::SLIGHTLY
        } else {
            l::DIFFERENT
        }
    }

    /// What the words of two names have in common, misspelt and shortened words counted in part.
    fn org_shared(&self, a: &[u32], b: &[u32]) -> Shared {
        let weight = |w: u32| self.frequency.word_weight.get(w as usize).copied().unwrap_or(1.0);
        let words = &self.table.org_words;
        let sum = |list: &[u32]| list.iter().map(|w| weight(*w)).sum::<f32>();
        let (of_a, of_b) = (sum(a), sum(b));
        let mut taken = [false; WORDS];
        let (mut from_a, mut from_b) = (0.0, 0.0);
        let mut shared = Shared::default();
        let (mut unpaired, mut lacking) = (0, false);
        for one in a {
            let mut best = (0.0, usize::MAX, 0.0);
            for (at, other) in b.iter().enumerate() {
                if taken.get(at).copied().unwrap_or(true) {
                    continue;
                }
                let alike = if one == other {
                    1.0
                } else {
                    word_alike(
                        words.text(*one),
                        words.text(*other),
                        words.mask(*one),
                        words.mask(*other),
                    )
                };
                let gain = alike * (weight(*one) + weight(*other));
                if gain > best.0 {
                    best = (gain, at, alike);
                }
            }
            if let (Some(slot), Some(other)) = (taken.get_mut(best.1), b.get(best.1)) {
                *slot = true;
                from_a += best.2 * weight(*one);
                from_b += best.2 * weight(*other);
                let telling = best.2 * weight(*one).min(weight(*other));
                if telling > shared.telling {
                    shared.telling = telling;
                    let count = |word: u32| of(&self.frequency.org_word, word);
                    shared.count = count(*one).max(count(*other));
                }
            } else {
                lacking = true;
                unpaired += usize::from(is_number(words.text(*one)));
            }
        }
        let left = |(at, w): (usize, &u32)| {
            !taken.get(at).copied().unwrap_or(true) && is_number(words.text(*w))
        };
        shared.numbers = unpaired > 0 && b.iter().enumerate().any(left);
        shared.apart = lacking && taken.iter().take(b.len()).any(|taken| !taken);
        shared.whole = (from_a + from_b) / (of_a + of_b).max(1e-6);
        shared.part = if of_a <= of_b { from_a / of_a.max(1e-6) } else { from_b / of_b.max(1e-6) };
        shared
    }
}

/// Similarity of two words that are not equal; 0 below what spelling explains.
fn word_alike(s: &str, t: &str, mask_s: u64, mask_t: u64) -> f32 {
    if is_number(s) || is_number(t) {
        return 0.0;
    }
    let (short, long) = if s.len() <= t.len() { (s, t) } else { (t, s) };
    if short.len() >= 3 && (long.starts_with(short) || shortened(short, long)) {
        return ABBREVIATED;
    }
    let found = similarity(s, t, mask_s, mask_t);
    if found >= 0.9 && short.len() >= 4 { found } else { 0.0 }
}

/// What a shortened word counts of the whole one.
const ABBREVIATED: f32 = 0.85;

/// Whether a word is another one without vowels, or with its middle left out: `pkg`, `bldg`.
fn shortened(short: &str, long: &str) -> bool {
    let vowel = |b: u8| matches!(b, b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
    if short.len() > 5 || short.len() + 2 > long.len() || short.bytes().skip(1).any(vowel) {
        return false;
    }
    let mut rest = long.bytes();
    rest.next() == short.bytes().next() && short.bytes().skip(1).all(|b| rest.any(|c| c == b))
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit())
        || matches!(word, "i" | "ii" | "iii" | "iv" | "vi" | "vii" | "viii" | "ix")
}

const fn org_rank(level: u8) -> u8 {
    use level::org as l;
    match level {
        MISSING => 20,
        l::DIFFERENT => 19,
        l::NUMBER => 18,
        l::SLIGHTLY => 17,
        l::SOMEWHAT => 16,
        l::ACRONYM => 15,
        l::PART => 14,
        l::EACH_OWN => 13,
        other => other,
    }
}
