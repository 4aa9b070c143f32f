//! Company names without what does not tell companies apart.
//!
//! Owns how legal forms and filler words are taken off. The core of a name is what is left; two
//! legal entities of one name and country are one company here, and the class of the legal form is
//! kept beside it for callers that see it otherwise.

use super::{company_words, text};

/// A name's normal form.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct CompanyCore {
    /// Telling words, in order, parted by spaces.
    pub core: String,
    /// First letters of all words but legal forms and `and`.
    pub acronym: String,
    /// Class of the legal form: `limited`, `stock`, `partnership`, `nonprofit`; empty for a name
    /// without one.
    pub legal: &'static str,
}

/// The core of a company name; `None` when nothing telling is left.
#[must_use]
pub fn core(raw: &str) -> Option<CompanyCore> {
    let folded = fold(raw);
    if company_words::is_placeholder(&folded) {
        return None;
    }
    let joined = joined_letters(folded);
    let words: Vec<&str> = joined.split(' ').filter(|w| !w.is_empty()).collect();
    let (kept, legal) = without_forms(&words);
    let mut core = String::with_capacity(joined.len() + 8);
    let mut acronym = String::with_capacity(kept.len());
    for word in kept {
        let word = company_words::same(word).unwrap_or(word).trim_end_matches('_');
        if word == "and" {
            continue;
        }
        if !core.is_empty() {
            core.push(' ');
        }
        core.push_str(word);
        acronym.extend(word.chars().next());
    }
    if core.len() < 2 {
        // "E Corp" and "A&A": single letters are all there is.
        core = words.join(" ");
        acronym = words.iter().filter_map(|w| w.chars().next()).collect();
    }
    if core.len() < 2 || company_words::is_placeholder(&core) {
        return None;
    }
    core.truncate(text::LONGEST);
    core.truncate(core.trim_end().len());
    Some(CompanyCore { core, acronym, legal })
}

/// Whether the name's last words are a legal form that no person bears.
#[must_use]
pub fn is_company_name(folded: &str) -> bool {
    folded.split(' ').skip(1).any(|w| {
        matches!(w.len(), 2..=12)
            && matches!(
                w,
                "gmbh"
                    | "inc"
                    | "llc"
                    | "ltd"
                    | "limited"
                    | "corp"
                    | "corporation"
                    | "plc"
                    | "sarl"
                    | "srl"
                    | "bv"
                    | "llp"
                    | "incorporated"
                    | "gbr"
                    | "ohg"
                    | "kg"
                    | "oyj"
                    | "aps"
                    | "pty"
                    | "sas"
            )
    })
}

/// Folds a name: `&` and `+` are `and`, a web ending is dropped (`amazon.com`), a legal form that
/// is stuck to the name by its capitals is parted (`SiemensAG`).
fn fold(raw: &str) -> String {
    let raw = text::cut(raw.trim());
    if !raw.contains(['&', '+', '.', '@']) && !stuck(raw) {
        return text::fold(raw);
    }
    let mut spaced = String::with_capacity(raw.len() + 16);
    let mut before = ' ';
    for (at, c) in raw.char_indices() {
        match c {
            '&' | '+' => spaced.push_str(" and "),
            '.' if before.is_alphanumeric() && web_ending(raw.get(at..).unwrap_or_default()) => {
                spaced.push_str(" \u{1}");
            }
            c => spaced.push(c),
        }
        before = c;
    }
    // The marker stands where a web ending follows: the ending goes.
    while let Some(at) = spaced.find('\u{1}') {
        let end = spaced
            .get(at + 1..)
            .and_then(|rest| rest.find(|c: char| !c.is_ascii_alphabetic()))
            .map_or(spaced.len(), |len| at + 1 + len);
        spaced.replace_range(at..end, " ");
    }
    if let Some(at) = stuck_at(&spaced) {
        spaced.insert(at, ' ');
    }
    text::fold(&spaced)
}

/// Whether a text starts with the ending of a web address and no more letters.
fn web_ending(dotted: &str) -> bool {
    let bytes = dotted.as_bytes();
    [".com", ".net", ".org", ".de", ".co.uk"].iter().any(|ending| {
        bytes.get(..ending.len()).is_some_and(|head| head.eq_ignore_ascii_case(ending.as_bytes()))
            && !bytes.get(ending.len()).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'.')
    })
}

fn stuck(raw: &str) -> bool {
    stuck_at(raw).is_some()
}

/// Where a legal form starts that is stuck to the name by its capitals: `SiemensAG`, `AcmeGmbH`.
fn stuck_at(raw: &str) -> Option<usize> {
    let end = raw.as_bytes().get(raw.len().saturating_sub(6)..)?;
    let turns =
        |pair: &[u8]| matches!(pair, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase());
    if !end.windows(2).any(turns) {
        return None;
    }
    ["AG", "GmbH", "Inc", "Ltd", "LLC", "SA", "BV", "NV", "AB", "SE", "KG", "PLC"].iter().find_map(
        |form| {
            let head = raw.trim_end_matches(['.', ' ']).strip_suffix(form)?;
            let last = head.as_bytes().last()?;
            (head.len() >= 3 && last.is_ascii_lowercase()).then_some(head.len())
        },
    )
}

/// The words without legal forms, and the class of the form.
fn without_forms<'a>(words: &[&'a str]) -> (Vec<&'a str>, &'static str) {
    let mut legal = "";
    let mut kept: Vec<&'a str> = words.to_vec();
    // Forms of several words, wherever they stand with a name beside them.
    let mut at = 0;
    while at < kept.len() {
        if let Some((len, class)) = kept.get(at..).and_then(company_words::phrase)
            && len < kept.len()
        {
            kept.drain(at..at + len);
            if legal.is_empty() {
                legal = class;
            }
        } else {
            at += 1;
        }
    }
    if kept.first() == Some(&"the") && kept.len() > 1 {
        kept.remove(0);
    }
    // Legal forms stand at the end ("Acme Holding GmbH and Co KG"), some in front ("OOO Romashka").
    let (mut from, mut to) = (0, kept.len());
    while to > 1
        && let Some(last) = kept.get(to - 1).copied()
    {
        match company_words::form(last) {
            Some(form) => {
                if legal.is_empty() || (form.class == PARTNER && legal == LIMITED) {
                    legal = form.class;
                }
            }
            None if matches!(last, "and" | "z" | "o" | "de" | "the") => {}
            None => break,
        }
        to -= 1;
    }
    while to - from > 1
        && let Some(form) = kept.get(from).and_then(|w| company_words::form(w)).filter(|f| f.front)
    {
        if legal.is_empty() {
            legal = form.class;
        }
        from += 1;
    }
    let alone = kept.get(from).filter(|_| to - from == 1);
    if alone.is_some_and(|w| w.len() < 4 && company_words::form(w).is_some()) {
        (from, to) = (0, kept.len());
    }
    kept.truncate(to);
    kept.drain(..from);
    (kept, legal)
}

const PARTNER: &str = company_words::PARTNERSHIP;
const LIMITED: &str = company_words::LIMITED;

/// Joins runs of single letters: `i b m` to `ibm`, `s p a` to `spa`; `at and t` stays.
fn joined_letters(folded: String) -> String {
    let bytes = folded.as_bytes();
    let single = |pair: &[u8]| matches!(pair, [b' ', b, b' ', c] if b.is_ascii_lowercase() && c.is_ascii_lowercase());
    let starts = matches!(bytes, [a, b' ', ..] if a.is_ascii_lowercase());
    if !starts && !bytes.windows(4).any(single) {
        return folded;
    }
    let mut out = String::with_capacity(folded.len());
    let mut in_run = false;
    for word in folded.split(' ') {
        let single = word.len() == 1 && word.bytes().all(|b| b.is_ascii_lowercase());
        if !out.is_empty() && (!single || !in_run) {
            out.push(' ');
        }
        out.push_str(word);
        in_run = single;
    }
    out
}
