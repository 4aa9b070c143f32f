//! The best pairing of the words of two names, and what it leaves.
//!
//! Owns the search for the pairing and the weights that make a similarity of its measures. Refuses
//! to read raw text.

use super::letters::{Word, distance};

/// Most words of a name that are paired; the rest of a longer one is ignored.
pub(super) const MOST: usize = 10;

/// What the best pairing of two names' words shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measures {
    /// Letters changed over all pairs, weighted by what each change costs in sound.
    pub changed: f64,
    /// Letters changed over all pairs as typed (optimal string alignment).
    pub typed: f64,
    /// `changed` as a share of the letters of the shorter name.
    pub share: f64,
    /// Share of changed letters of the worst pair.
    pub worst: f64,
    /// Words of the longer name without a partner that are telling.
    pub extra: f64,
    /// Words of the longer name without a partner that are of a trade or a place.
    pub common: f64,
    /// Telling words of the shorter name.
    pub few: f64,
    /// Pairs of an initial and a name that it may stand for.
    pub initials: f64,
    /// Pairs of an initial and something else.
    pub clashes: f64,
    /// Pairs of given names that are both known and are forms of different names.
    pub apart: f64,
    /// Numbers without a partner.
    pub numbers: f64,
    /// Pairs that agree but for small changes and are not initials.
    pub agree: f64,
    /// Two patronymics the other way round.
    pub turned: bool,
    /// Legal forms of two classes.
    pub legal: bool,
    /// One name is the other's first letters.
    pub acronym: bool,
}

/// A pair of words: its letters changed, its share, its kind.
#[derive(Clone, Copy)]
struct Pair {
    cost: f64,
    changed: f64,
    typed: f64,
    share: f64,
    initial: bool,
    clash: bool,
    apart: bool,
}

fn pair(a: &Word, b: &Word) -> Pair {
    let mut found = Pair {
        cost: 0.0,
        changed: 0.0,
        typed: 0.0,
        share: 0.0,
        initial: false,
        clash: false,
        apart: false,
    };
    if a.text == b.text {
        return found;
    }
    if a.is_initial() || b.is_initial() {
        found.initial = a.text.as_bytes().first() == b.text.as_bytes().first();
        found.clash = !found.initial;
        found.cost = if found.initial { 0.3 } else { 1.0 };
        return found;
    }
    found.typed = strsim::osa_distance(&a.text, &b.text) as f64;
    if a.roots.iter().any(|root| b.roots.contains(root)) {
        found.cost = 0.08;
        found.changed = 0.4;
        found.typed = found.typed.min(1.0);
        found.share = 0.08;
        return found;
    }
    found.apart = !a.roots.is_empty() && !b.roots.is_empty() && a.plain != b.plain;
    let longest = a.plain.len().max(b.plain.len()).max(1) as f64;
    found.changed = distance(&a.plain, &b.plain);
    if a.is_number() || b.is_number() {
        found.changed = found.changed.max(1.0);
    }
    // Letters that another spelling of the same sound needs are no typing errors, and vowels that
    // a script leaves out are none either.
    let most = match (a.bare || b.bare, a.person) {
        (true, _) => 1.0,
        (false, true) => 2.0,
        (false, false) => f64::INFINITY,
    };
    if found.changed > 0.0 {
        found.typed = found.typed.min(found.changed * most);
    } else {
        found.typed = 0.0;
    }
    found.share = (found.changed / longest).min(1.0);
    found.cost = found.share;
    found
}

impl Measures {
    /// Pairs the words at the least cost; `None` when a name has no words.
    #[must_use]
    pub(super) fn of(a: Vec<Word>, b: Vec<Word>) -> Option<Self> {
        if a.is_empty() || b.is_empty() {
            return None;
        }
        // Words are joined towards one name first: which, must not depend on who is asked first.
        let first = a.iter().map(|w| &w.text).le(b.iter().map(|w| &w.text));
        let (a, b) = if first { (a, b) } else { (b, a) };
        let (a, b) = spelt_out(a, b);
        let (a, b) = (join_towards(&a, &b), b);
        let (b, a) = (join_towards(&b, &a), a);
        let (few, many) = if a.len() <= b.len() { (a, b) } else { (b, a) };
        let many = said_once(many, few.len());
        let plain = Self::paired(&few, &many);
        if few.len() != many.len() || plain.changed > 1.0 {
            // "SergeiLavrov", "Good Will": the spaces may be what differs.
            let one = Self::paired(&[solid(&few)?], &[solid(&many)?]);
            let glued = few.len() != many.len() && plain.changed > 1.0 && one.share < 0.15;
            if glued || (one.changed < plain.changed && one.share < 0.25) {
                return Some(Self { few: few.len().max(2) as f64, ..one });
            }
        }
        Some(plain)
    }

    /// Names in characters that each stand for a syllable: one that differs is a changed word.
    #[must_use]
    pub(super) fn of_ideographs(a: &str, b: &str) -> Option<Self> {
        let signs = |text: &str| -> Vec<char> {
            text.chars().filter(|c| c.is_alphabetic()).take(40).collect()
        };
        let (a, b) = (signs(a), signs(b));
        let longest = a.len().max(b.len());
        if a.is_empty() || b.is_empty() {
            return None;
        }
        let differ = strsim::generic_levenshtein(&a, &b) as f64;
        Some(Self {
            changed: differ * 2.0,
            typed: differ * 3.0,
            share: differ / longest as f64,
            worst: if differ > 0.0 { 1.0 } else { 0.0 },
            few: 2.0,
            agree: longest as f64 - differ,
            ..Self::default()
        })
    }

    fn paired(few: &[Word], many: &[Word]) -> Self {
        let mut m = Self::default();
        let mut letters = 0.0;
        for word in few {
            // A change in the telling word is not hidden by the words of a trade beside it.
            letters += word.plain.len() as f64 * if word.weight > 0.9 { 1.0 } else { 0.3 };
            m.few += f64::from(u8::from(word.weight > 0.9));
        }
        let (few, many) = different(few, many, &mut m);
        let pairs: Vec<Vec<Pair>> =
            few.iter().map(|a| many.iter().map(|b| pair(a, b)).collect()).collect();
        let chosen = cheapest(&pairs, many.len());
        let mut used = [false; MOST];
        for (row, place) in pairs.iter().zip(&chosen) {
            let Some(pair) = row.get(*place) else { continue };
            if let Some(slot) = used.get_mut(*place) {
                *slot = true;
            }
            m.changed += pair.changed;
            m.typed += pair.typed;
            m.worst = m.worst.max(pair.share);
            m.initials += f64::from(u8::from(pair.initial));
            m.clashes += f64::from(u8::from(pair.clash));
            m.apart += f64::from(u8::from(pair.apart));
            m.agree += f64::from(u8::from(!pair.initial && !pair.clash && pair.share < 0.34));
        }
        for (word, _) in many.iter().zip(used).filter(|(_, used)| !used) {
            if word.is_number() {
                m.numbers += 1.0;
            } else if word.weight > 0.9 {
                m.extra += 1.0;
            } else {
                m.common += 1.0;
            }
        }
        m.share = (m.changed / f64::max(letters, 1.0)).min(1.0);
        m
    }

    /// Similarity of two personal names. The weights are those of a logistic regression over
    /// labelled pairs of names, rounded; none of them rewards a difference.
    #[must_use]
    pub fn person(&self) -> f64 {
        let alone = self.few < 2.0 && self.extra > 0.0;
        let unsupported = self.agree < 1.0 && self.initials > 0.0;
        logistic(
            3.9 - 0.55 * self.changed
                - 0.7 * self.typed
                - 3.3 * self.worst
                - 0.4 * self.extra
                - 2.0 * (self.extra - 2.0).max(0.0)
                - 2.5 * flag(alone)
                - 0.2 * self.initials
                - 1.8 * self.apart
                - 5.0 * self.clashes
                - 5.0 * flag(unsupported)
                - 5.0 * flag(self.turned),
        )
    }

    /// Similarity of two company names; weights as for [`Self::person`].
    #[must_use]
    pub fn company(&self) -> f64 {
        if self.acronym {
            return 0.75;
        }
        let nothing_telling = self.few < 1.0 && self.extra + self.common + self.numbers > 0.0;
        logistic(
            3.3 - 0.2 * self.typed
                - 0.5 * self.worst
                - 9.6 * self.share
                - 2.1 * self.extra
                - 3.4 * self.common
                - 3.3 * self.numbers
                - 4.0 * flag(nothing_telling)
                - 3.5 * flag(self.legal),
        )
    }
}

fn flag(set: bool) -> f64 {
    f64::from(u8::from(set))
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The words that are not the same in both names, at most [`MOST`] of each; counts those that are.
fn different<'a>(
    few: &'a [Word],
    many: &'a [Word],
    m: &mut Measures,
) -> (Vec<&'a Word>, Vec<&'a Word>) {
    let mut taken = vec![false; many.len()];
    let mut left = Vec::new();
    for word in few {
        let same = many.iter().zip(&mut taken).find(|(o, taken)| !**taken && o.text == word.text);
        match same {
            Some((_, taken)) => {
                *taken = true;
                m.agree += f64::from(u8::from(!word.is_initial()));
            }
            None => left.push(word),
        }
    }
    let mut right: Vec<&Word> =
        many.iter().zip(&taken).filter(|(_, taken)| !**taken).map(|(word, _)| word).collect();
    left.truncate(MOST);
    right.truncate(MOST);
    (left, right)
}

fn solid(words: &[Word]) -> Option<Word> {
    let (first, rest) = words.split_first()?;
    Some(rest.iter().fold(first.clone(), |all, word| all.joined(word)))
}

/// A name said twice is said once, where the other name is shorter.
fn said_once(mut words: Vec<Word>, others: usize) -> Vec<Word> {
    let mut at = 1;
    while at < words.len() && words.len() > others {
        let (head, tail) = words.split_at(at);
        if tail.first().is_some_and(|word| head.iter().any(|w| w.text == word.text)) {
            words.remove(at);
        } else {
            at += 1;
        }
    }
    words
}

/// Writes out words that are the first letters of neighbouring words of the other name: `JC` for
/// Jean Claude becomes two initials, `US` for United States one word on both sides.
fn spelt_out(a: Vec<Word>, b: Vec<Word>) -> (Vec<Word>, Vec<Word>) {
    let (a, b) = spelt_out_one(a, b);
    let (b, a) = spelt_out_one(b, a);
    (a, b)
}

fn spelt_out_one(mut short: Vec<Word>, mut long: Vec<Word>) -> (Vec<Word>, Vec<Word>) {
    let mut at = 0;
    while let Some(word) = short.get(at) {
        let len = word.text.len();
        if !(2..=4).contains(&len) || long.len() < len || long.iter().any(|w| w.text == word.text) {
            at += 1;
            continue;
        }
        let fits = |run: &[Word]| {
            run.iter()
                .zip(word.text.bytes())
                .all(|(w, b)| w.text.len() > 1 && w.text.bytes().next() == Some(b))
        };
        let Some(from) = long.windows(len).position(fits) else {
            at += 1;
            continue;
        };
        if word.person {
            let initials: Vec<Word> =
                word.text.chars().map(|c| Word::person(&c.to_string(), false)).collect();
            short.splice(at..=at, initials);
            at += len;
        } else {
            let word = word.clone();
            long.splice(from..from + len, [word]);
            at += 1;
        }
    }
    (short, long)
}

/// Joins neighbouring words that the other name writes as one.
fn join_towards(words: &[Word], others: &[Word]) -> Vec<Word> {
    let mut out: Vec<Word> = Vec::with_capacity(words.len());
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let mut best: Option<(usize, Word)> = None;
        let mut all = word.clone();
        for (len, next) in (2..=4).zip(words.iter().skip(at + 1)) {
            all = all.joined(next);
            let parts = words.get(at..at + len).unwrap_or_default();
            let fits = others.iter().any(|other| {
                let near = other.text.len() >= 5
                    && all.text.len().abs_diff(other.text.len()) <= 1
                    && distance(&all.plain, &other.plain) <= 1.0;
                // "A. Khamenei" is no misspelt Khamenei.
                near && parts.iter().all(|part| distance(&part.plain, &other.plain) > 1.0)
            });
            if fits {
                best = Some((len, all.clone()));
            }
        }
        match best {
            Some((len, word)) => {
                out.push(word);
                at += len;
            }
            None => {
                out.push(word.clone());
                at += 1;
            }
        }
    }
    out
}

/// For each row the column that makes the whole cheapest; every column is used once at most. Exact:
/// a table over the sets of used columns.
fn cheapest(pairs: &[Vec<Pair>], columns: usize) -> Vec<usize> {
    let sets = 1usize << columns.min(MOST);
    let mut cost = vec![f64::MAX; sets];
    let mut choice: Vec<Vec<u8>> = Vec::with_capacity(pairs.len());
    if let Some(empty) = cost.first_mut() {
        *empty = 0.0;
    }
    for row in pairs {
        let mut next = vec![f64::MAX; sets];
        let mut chosen = vec![u8::MAX; sets];
        for (set, so_far) in cost.iter().enumerate().filter(|(_, c)| **c < f64::MAX) {
            for (column, pair) in row.iter().enumerate().filter(|(c, _)| set & (1 << c) == 0) {
                let with = set | 1 << column;
                let total = so_far + pair.cost;
                if let (Some(slot), Some(by)) = (next.get_mut(with), chosen.get_mut(with))
                    && total < *slot
                {
                    *slot = total;
                    *by = u8::try_from(column).unwrap_or(u8::MAX);
                }
            }
        }
        cost = next;
        choice.push(chosen);
    }
    let mut set = (0..sets).min_by(|x, y| {
        let of = |s: &usize| cost.get(*s).copied().unwrap_or(f64::MAX);
        of(x).total_cmp(&of(y))
    });
    let mut out = vec![usize::MAX; pairs.len()];
    for (place, chosen) in choice.iter().enumerate().rev() {
        let Some(column) = set.and_then(|s| chosen.get(s)).filter(|c| **c != u8::MAX) else {
            break;
        };
        if let Some(slot) = out.get_mut(place) {
            *slot = usize::from(*column);
        }
        set = set.map(|s| s & !(1 << column));
    }
    out
}
