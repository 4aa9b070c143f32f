//! How similar two whole names are, as written: any script, order and spelling.
//!
//! Owns the alignment of the words of two names and the weights of what is left over. Built on the
//! normal forms; refuses to know anything but the two texts. Not for the inner loop over millions of
//! pairs: a call costs some microseconds.

mod align;
mod letters;

use crate::normal::{company, name_words, text};
pub use align::Measures;

/// At or above this similarity two names are the same name.
pub const SAME: f64 = 0.5;

/// Similarity of two personal names, 0 to 1; compare with [`SAME`].
#[must_use]
pub fn person_names(a: &str, b: &str) -> f64 {
    if equal(a, b) {
        return 1.0;
    }
    person_measures(a, b).map_or(0.0, |m| m.person())
}

/// Similarity of two names of companies, other organisations or things, 0 to 1; compare with
/// [`SAME`].
#[must_use]
pub fn company_names(a: &str, b: &str) -> f64 {
    if equal(a, b) {
        return 1.0;
    }
    company_measures(a, b).map_or(0.0, |m| m.company())
}

/// A folded name in letters that the spellings of many languages share: `wladimir` and `vladimir`
/// are one. For comparing only: not a spelling that anybody writes.
pub(crate) fn plain(folded: &str) -> String {
    String::from_utf8(letters::plain(folded, false)).unwrap_or_default()
}

/// Whether two names are one but for case and signs.
fn equal(a: &str, b: &str) -> bool {
    // Different characters may share a transliteration: those are compared as they are written.
    if letters::ideographic(a) || letters::ideographic(b) {
        return a == b;
    }
    let folded = text::fold(a);
    !folded.is_empty() && folded == text::fold(b)
}

/// What is measured of two personal names; `None` when one of them has no words.
#[must_use]
pub fn person_measures(a: &str, b: &str) -> Option<Measures> {
    if letters::ideographic(a) && letters::ideographic(b) {
        return Measures::of_ideographs(a, b);
    }
    let bare = letters::unvowelled(a) || letters::unvowelled(b);
    let turned = patronymics_turned(a, b);
    let mut measures = Measures::of(person_words(a, bare), person_words(b, bare))?;
    measures.turned = turned;
    Some(measures)
}

/// What is measured of two company names; `None` when one of them has no words.
#[must_use]
pub fn company_measures(a: &str, b: &str) -> Option<Measures> {
    let bare = letters::unvowelled(a) || letters::unvowelled(b);
    let (a_core, b_core) = (core(a), core(b));
    let words = |core: &company::CompanyCore| -> Vec<letters::Word> {
        let telling = |w: &&str| !matches!(*w, "the" | "of" | "for" | "in" | "and" | "de" | "la");
        let mut kept: Vec<&str> = core.core.split(' ').filter(telling).take(MOST_WORDS).collect();
        if kept.is_empty() {
            kept.push(&core.core);
        }
        let mut words: Vec<letters::Word> = Vec::with_capacity(kept.len());
        let mut at = 0;
        while let Some(word) = kept.get(at) {
            at += 1;
            let sum = kept.get(at).and_then(|next| letters::tens_and_ones(word, next));
            at += usize::from(sum.is_some());
            words.push(letters::Word::company(sum.as_deref().unwrap_or(word), bare));
        }
        words
    };
    let mut measures = Measures::of(words(&a_core), words(&b_core))?;
    measures.legal =
        !a_core.legal.is_empty() && !b_core.legal.is_empty() && a_core.legal != b_core.legal;
    measures.acronym = acronym_of(&a_core, &b_core) || acronym_of(&b_core, &a_core);
    Some(measures)
}

/// The core of a name; of a name without one, its folded text.
fn core(raw: &str) -> company::CompanyCore {
    company::core(raw).unwrap_or_else(|| company::CompanyCore {
        core: text::fold(raw),
        ..company::CompanyCore::default()
    })
}

fn acronym_of(short: &company::CompanyCore, long: &company::CompanyCore) -> bool {
    long.acronym.len() >= 3 && short.core.split(' ').any(|w| w == long.acronym)
}

/// The words of a personal name that tell people apart.
fn person_words(raw: &str, bare: bool) -> Vec<letters::Word> {
    let folded = text::fold(raw);
    let all: Vec<&str> = folded.split(' ').filter(|w| !w.is_empty()).take(24).collect();
    let telling = |w: &&str| !name_words::is_particle(w) && !name_words::is_title(w);
    let legal = |w: &str| matches!(w, "sa" | "llc" | "ltd" | "inc" | "gmbh");
    let mut kept: Vec<&str> = all.iter().copied().filter(telling).collect();
    while kept.len() > 2 && kept.last().is_some_and(|w| name_words::is_credential(w) || legal(w)) {
        kept.pop();
    }
    if kept.is_empty() {
        kept = all;
    }
    kept.into_iter().take(MOST_WORDS).map(|w| letters::Word::person(w, bare)).collect()
}

/// Most words of a name that are looked at.
const MOST_WORDS: usize = 24;

/// Whether both names are chains of fathers and the first two persons change places: Salman son of
/// Muhammad, Muhammad son of Salman.
fn patronymics_turned(a: &str, b: &str) -> bool {
    let chain = |raw: &str| -> Option<Vec<String>> {
        let folded = text::fold(raw);
        let son = |w: &str| matches!(w, "bin" | "ibn" | "ben" | "bint");
        if raw.contains(',') || !folded.split(' ').skip(1).any(son) {
            return None;
        }
        Some(
            folded
                .split(' ')
                .filter(|w| !name_words::is_particle(w) && !name_words::is_title(w) && !son(w))
                .map(str::to_owned)
                .collect(),
        )
    };
    let (Some(a), Some(b)) = (chain(a), chain(b)) else { return false };
    a.len() > 2
        && b.len() > 2
        && a.first() != b.first()
        && a.first() == b.get(1)
        && a.get(1) == b.first()
}
