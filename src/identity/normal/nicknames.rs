//! Given names and the forms by which they go.
//!
//! Owns the look-up over `nicknames.txt`. A form may belong to several names (`alex`, `chris`).

use rustc_hash::FxHashMap;
use std::sync::LazyLock;

static TABLE: &str = include_str!("nicknames.txt");

/// Form -> the names it may stand for, the line that it heads first; a name is its line number.
static ROOTS: LazyLock<FxHashMap<&'static str, Vec<u16>>> = LazyLock::new(|| {
    let mut roots: FxHashMap<&'static str, Vec<u16>> = FxHashMap::default();
    for (line, text) in TABLE.lines().enumerate() {
        if text.starts_with('#') {
            continue;
        }
        let Ok(root) = u16::try_from(line) else { break };
        for (place, form) in text.split_ascii_whitespace().enumerate() {
            let list = roots.entry(form).or_default();
            if list.contains(&root) {
                continue;
            }
            // The line that a form heads comes first: callers may look at the first few only.
            if place == 0 {
                list.insert(0, root);
            } else {
                list.push(root);
            }
        }
    }
    roots
});

/// The same under each form without doubled letters, for `Hannna` and `Freddiie`. A spelling that
/// two forms share stands for the names of both.
static UNDOUBLED: LazyLock<FxHashMap<String, Vec<u16>>> = LazyLock::new(|| {
    let mut roots: FxHashMap<String, Vec<u16>> = FxHashMap::default();
    for (form, names) in ROOTS.iter() {
        roots.entry(undoubled(form)).or_default().extend(names);
    }
    for names in roots.values_mut() {
        names.sort_unstable();
        names.dedup();
    }
    roots
});

fn undoubled(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.chars() {
        if !out.ends_with(c) {
            out.push(c);
        }
    }
    out
}

/// Longest form in the table, with room for doubled letters.
const LONGEST: usize = 24;

/// The names that a folded given name may stand for, a letter typed twice forgiven; empty for a
/// name that the table lacks.
#[must_use]
pub fn roots(folded: &str) -> &'static [u16] {
    if folded.len() > LONGEST {
        return &[];
    }
    if let Some(names) = ROOTS.get(folded) {
        return names.as_slice();
    }
    if folded.len() < 4 {
        return &[];
    }
    // On the stack: most names that are looked up here are not in the table.
    let mut plain = [0u8; LONGEST];
    let mut len = 0;
    let mut last = 0;
    for b in folded.bytes() {
        if b != last
            && let Some(slot) = plain.get_mut(len)
        {
            *slot = b;
            len += 1;
        }
        last = b;
    }
    let plain = plain.get(..len).and_then(|bytes| std::str::from_utf8(bytes).ok());
    plain.and_then(|plain| UNDOUBLED.get(plain)).map_or(&[], Vec::as_slice)
}

/// Whether two folded given names may stand for one name.
#[must_use]
pub fn related(a: &str, b: &str) -> bool {
    let (a, b) = (roots(a), roots(b));
    a.iter().any(|root| b.contains(root))
}
