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

/// The names that a folded given name may stand for; empty for a name that the table lacks.
pub(crate) fn roots(folded: &str) -> &'static [u16] {
    ROOTS.get(folded).map_or(&[], Vec::as_slice)
}
