//! Personal names in comparable parts.
//!
//! Owns how a name as typed is parted: titles off, generation (Jr, III) kept aside, particles
//! skipped, `Last, First` turned round. Nothing here decides whether two names agree.

use super::{company, email, name_words, nicknames, text};

pub use super::sound::sound;

/// A name's comparable parts; equal parts mean equal names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct PersonName {
    /// Given and middle names or initials, folded.
    pub given: Vec<String>,
    /// Words of the family name without particles, folded.
    pub family: Vec<String>,
    /// 0 none, 1 Sr, 2 Jr or II, 3 III, 4 IV.
    pub generation: u8,
    /// Read from the e-mail address, because the record states no name.
    pub derived: bool,
    /// Other names that the text states, folded: a nickname in quotes or parentheses, the name at
    /// birth, what stands behind `aka`.
    pub aliases: Vec<String>,
    /// The names that the first given name may stand for.
    pub(crate) roots: &'static [u16],
}

impl PersonName {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.given.is_empty() && self.family.is_empty()
    }

    /// The first given name, unless it is missing.
    #[must_use]
    pub fn first(&self) -> Option<&str> {
        self.given.first().map(String::as_str)
    }

    /// Whether given and family name are both known in full.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.first().is_some_and(|g| g.len() > 1)
            && self.family.first().is_some_and(|f| f.len() > 1)
    }

    /// Forms under which abbreviated and misspelt names meet, for keys that name an employer as
    /// well: `a. smith` and `ann s.`.
    #[must_use]
    pub fn loose_keys(&self) -> Vec<String> {
        let (Some(given), Some(family)) = (self.first(), self.family.last()) else {
            return Vec::new();
        };
        let (given, family) = (key_form(given), key_form(family));
        let initial = |word: &str| word.chars().next().unwrap_or_default();
        let mut keys = Vec::new();
        if family.len() > 1 {
            keys.push(format!("{}. {family}", initial(&given)));
        }
        if given.len() > 1 {
            keys.push(format!("{given} {}.", initial(&family)));
        }
        keys
    }

    /// Normal forms under which equal or nicknamed names meet: one for each name that the given
    /// name may stand for (at most five). Family and given name are put in alphabetical order, so
    /// that swapped fields meet too. Empty unless the name is full.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        let (Some(first), true) = (self.first(), self.is_full()) else { return Vec::new() };
        let Some(family) = self.family.last() else { return Vec::new() };
        let (first, family) = (key_form(first), key_form(family));
        let pair = |given: &str| {
            if given <= family.as_str() {
                format!("{given} {family}")
            } else {
                format!("{family} {given}")
            }
        };
        // The plain form always, for swapped fields; the roots for nicknames.
        let mut keys = vec![pair(&first)];
        keys.extend(self.roots.iter().take(4).map(|root| pair(&format!("#{root}"))));
        keys
    }
}

/// The forms `ae`, `oe`, `ue` of umlauts reduced, so that `mueller` meets `muller`.
#[must_use]
pub fn key_form(folded: &str) -> String {
    if !folded.contains('e') {
        return folded.to_owned();
    }
    folded.replace("ae", "a").replace("oe", "o").replace("ue", "u")
}

/// Parts a name given in fields, in whole, or both; falls back to what the e-mail's local part
/// spells out.
#[must_use]
pub fn parse(
    full: Option<&str>,
    given: Option<&str>,
    family: Option<&str>,
    local: Option<&str>,
) -> PersonName {
    let field = |raw: Option<&str>| -> Option<String> {
        let raw = raw?;
        if raw.contains('@') {
            return None;
        }
        let folded = text::fold(raw);
        (!name_words::is_placeholder(&folded) && folded.bytes().any(|b| b.is_ascii_lowercase()))
            .then_some(folded)
    };
    let mut name = match (field(given), field(family)) {
        (Some(given), Some(family)) => from_fields(&given, &family),
        (given_only, family_only) => {
            let whole = full.and_then(|raw| field(Some(raw)).map(|folded| (raw, folded)));
            match (whole, given_only, family_only) {
                (Some((raw, folded)), _, _) => from_whole(raw, &folded),
                (None, Some(only), None) if only.contains(' ') => {
                    from_whole(given.unwrap_or_default(), &only)
                }
                (None, None, Some(only)) if only.contains(' ') => {
                    from_whole(family.unwrap_or_default(), &only)
                }
                (None, Some(only), None) => from_fields(&only, ""),
                (None, None, Some(only)) => from_fields("", &only),
                _ => PersonName::default(),
            }
        }
    };
    let local_name = |local: &str| {
        let (given, family) = email::spelt_name(local)?;
        Some(from_fields(&field(Some(&given))?, &field(Some(&family))?))
    };
    if name.is_empty()
        && let Some(spelt) = local.and_then(local_name)
    {
        name = spelt;
        name.derived = true;
    }
    // A web form without a name field fills in the address: `lwinslow`, `olivia.foster+news`.
    if family.is_none()
        && let (Some(whole), Some(local)) = (full.or(given), local)
        && repeats(whole, local)
    {
        name = local_name(local).unwrap_or(name);
        name.derived = true;
    }
    name.roots = name.first().map_or(&[], nicknames::roots);
    name
}

/// Whether a name of one word is nothing but a mailbox's local part.
fn repeats(whole: &str, local: &str) -> bool {
    let plain = |text: &str| -> String {
        let untagged = text.split('+').next().unwrap_or_default();
        untagged.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    !whole.trim().contains(char::is_whitespace) && !local.is_empty() && plain(whole) == plain(local)
}

fn words(folded: &str) -> Vec<String> {
    folded
        .split(' ')
        .filter(|w| w.bytes().any(|b| b.is_ascii_lowercase()))
        .take(12)
        .map(str::to_owned)
        .collect()
}

/// Takes generation and credentials off the end and titles off the front, as long as words remain.
fn strip(words: &mut Vec<String>, keep: usize) -> u8 {
    let mut found = 0;
    while words.len() > keep
        && let Some(last) = words.last()
    {
        let rank = name_words::generation(last);
        if rank == 0 && !name_words::is_credential(last) {
            break;
        }
        found = found.max(rank);
        words.pop();
    }
    let titles = words.iter().take_while(|w| name_words::is_title(w)).count();
    words.drain(..titles.min(words.len().saturating_sub(keep)));
    found
}

fn drop_particles(words: &mut Vec<String>) {
    if words.iter().any(|w| !name_words::is_particle(w)) {
        words.retain(|w| !name_words::is_particle(w));
    }
}

fn from_fields(given: &str, family: &str) -> PersonName {
    let mut given = words(given);
    let mut family = words(family);
    let in_given = strip(&mut given, 1);
    let in_family = strip(&mut family, 1);
    // A field of nothing but a title ("general") states no given name.
    if !family.is_empty() && given.iter().all(|w| name_words::is_only_title(w)) {
        given.clear();
    }
    drop_particles(&mut family);
    PersonName { given, family, generation: in_given.max(in_family), ..PersonName::default() }
}

/// The text without nicknames in quotes and parentheses and without what follows `née` or `aka`;
/// those are put aside, folded.
fn without_aliases(raw: &str, folded: &str, aliases: &mut Vec<String>) -> Option<String> {
    let raw = text::cut(raw);
    let quoted = raw.bytes().any(|b| matches!(b, b'"' | b'(' | b'['))
        || (!raw.is_ascii() && raw.contains(['“', '”', '„', '«']));
    let marked = folded.split(' ').skip(1).any(name_words::is_alias_mark);
    if !quoted && !marked {
        return None;
    }
    let mut kept = String::with_capacity(raw.len());
    let mut inside: Option<(char, usize)> = None;
    for (at, c) in raw.char_indices() {
        match (inside, c) {
            (None, '"' | '“' | '„' | '«' | '(' | '[') => inside = Some((c, at + c.len_utf8())),
            (Some((open, from)), '"' | '”' | '“' | '»' | ')' | ']') if closes(open, c) => {
                push_alias(aliases, raw.get(from..at).unwrap_or_default());
                inside = None;
                kept.push(' ');
            }
            (None, c) => kept.push(c),
            (Some(_), _) => {}
        }
    }
    // A sign that never closes is a typing error: what follows it stays.
    if let Some((_, from)) = inside {
        kept.push(' ');
        kept.push_str(raw.get(from..).unwrap_or_default());
    }
    let mut before: Vec<&str> = Vec::new();
    let mut behind: Vec<&str> = Vec::new();
    let mut aside = false;
    for word in kept.split_whitespace() {
        let folded = text::fold(word);
        if !before.is_empty() && name_words::is_alias_mark(folded.replace(' ', "").as_str()) {
            if aside {
                push_alias(aliases, &behind.join(" "));
                behind.clear();
            }
            aside = true;
        } else if aside {
            behind.push(word);
        } else {
            before.push(word);
        }
    }
    push_alias(aliases, &behind.join(" "));
    Some(before.join(" ").trim_end_matches([',', ' ']).to_owned())
}

fn closes(open: char, c: char) -> bool {
    match open {
        '(' => c == ')',
        '[' => c == ']',
        '«' => c == '»',
        _ => matches!(c, '"' | '”' | '“'),
    }
}

fn push_alias(aliases: &mut Vec<String>, raw: &str) {
    let mut alias = text::fold(raw);
    if let Some((mark, rest)) = alias.split_once(' ')
        && name_words::is_alias_mark(mark)
    {
        alias = rest.to_owned();
    }
    let name = alias.bytes().any(|b| b.is_ascii_lowercase())
        && matches!(alias.len(), 2..=60)
        && !name_words::is_title(&alias)
        && !name_words::is_credential(&alias);
    if name && aliases.len() < 4 && !aliases.contains(&alias) && name_words::generation(&alias) == 0
    {
        aliases.push(alias);
    }
}

/// Parts `John Strutt, 3rd Baron Rayleigh` into the words before the rank and those of the title.
/// `None` without a rank.
fn peerage(words: &[String]) -> Option<(Vec<String>, Vec<String>)> {
    let at = words.iter().enumerate().position(|(place, word)| {
        let next = words.get(place + 1).map(String::as_str);
        let of = next == Some("of");
        if name_words::is_ordinal(word) {
            return next.is_none_or(name_words::is_rank) || place < 2;
        }
        (name_words::is_rank(word) && of)
            || (name_words::is_peerage(word)
                && place > 0
                && (next.is_some() || matches!(word.as_str(), "baronet" | "bt")))
    })?;
    let (head, tail) = words.split_at(at);
    let part = |words: &[String], keep: fn(&str) -> bool| -> Vec<String> {
        words.iter().filter(|w| keep(w)).cloned().collect()
    };
    let head = part(head, |w| !name_words::is_title(w));
    let tail = part(tail, |w| {
        !name_words::is_ordinal(w)
            && !name_words::is_rank(w)
            && !name_words::is_credential(w)
            && !matches!(w, "of" | "the" | "and")
    });
    Some((head, tail))
}

/// A peer's name: the title's name is the family name where no other is stated.
fn from_peerage(mut given: Vec<String>, mut title: Vec<String>) -> PersonName {
    drop_particles(&mut title);
    if given.is_empty() && title.len() > 1 {
        // "1st jacob corrie baronet": the rank stands around the name.
        let family = title.pop().into_iter().collect();
        return PersonName { given: title, family, ..PersonName::default() };
    }
    if given.is_empty() && title.first().is_some_and(|w| !nicknames::roots(w).is_empty()) {
        return PersonName { given: title, ..PersonName::default() };
    }
    if given.len() < 2 {
        return PersonName { given, family: title, ..PersonName::default() };
    }
    let family = given.pop().into_iter().collect();
    let aliases = if title.is_empty() { Vec::new() } else { vec![title.join(" ")] };
    PersonName { given, family, aliases, ..PersonName::default() }
}

fn from_whole(raw: &str, folded: &str) -> PersonName {
    if company::is_company_name(folded) {
        return PersonName::default();
    }
    if !raw.is_ascii() && is_ideographic(raw) {
        // Family name first; the syllables of the given name are one name.
        let mut words = words(folded).into_iter();
        let family = words.next().into_iter().collect();
        let rest: String = words.collect();
        let given = if rest.is_empty() { Vec::new() } else { vec![rest] };
        return PersonName { given, family, ..PersonName::default() };
    }
    let mut aliases = Vec::new();
    if let Some(kept) = without_aliases(raw, folded, &mut aliases) {
        let refolded = text::fold(&kept);
        if refolded.bytes().any(|b| b.is_ascii_lowercase()) {
            let mut name = from_plain(&kept, &refolded);
            name.aliases.append(&mut aliases);
            return name;
        }
    }
    from_plain(raw, folded)
}

/// Whether a name is written in Chinese characters or Hangul alone.
fn is_ideographic(raw: &str) -> bool {
    let sign = |c: char| matches!(c, '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}');
    raw.chars().any(sign) && raw.chars().all(|c| sign(c) || !c.is_alphabetic())
}

fn from_plain(raw: &str, folded: &str) -> PersonName {
    if let Some((before, behind)) = text::cut(raw).split_once(',') {
        let behind_words = words(&text::fold(behind));
        let only_suffix = behind_words.iter().all(|w| {
            name_words::generation(w) > 0 || name_words::is_credential(w) || name_words::is_title(w)
        });
        let peer = behind_words.iter().take(2).any(|w| name_words::is_rank(w));
        if peer && before.trim().contains(' ') {
            let mut all = words(&text::fold(before));
            all.extend(behind_words);
            return from_words(all);
        }
        if !only_suffix {
            return from_fields(&behind_words.join(" "), &text::fold(before));
        }
    }
    from_words(words(folded))
}

fn from_words(mut all: Vec<String>) -> PersonName {
    if let Some((head, tail)) = peerage(&all) {
        return from_peerage(head, tail);
    }
    // A title before a single name ("general haking") leaves the family name; "Sir" stands before
    // the given name, where that is one.
    let titles = all.iter().take_while(|w| name_words::is_only_title(w)).count();
    if titles > 0 && titles + 1 >= all.len() {
        let single = all.split_off(titles);
        let honours = all.iter().any(|w| matches!(w.as_str(), "sir" | "dame" | "lady" | "saint"));
        let known = single.first().is_some_and(|w| !nicknames::roots(w).is_empty());
        if honours && known {
            return PersonName { given: single, ..PersonName::default() };
        }
        return PersonName { family: single, ..PersonName::default() };
    }
    let generation = strip(&mut all, 2);
    // The family name is the last word, with the particles before it.
    let mut cut = all.len().saturating_sub(1);
    while cut > 1
        && let Some(before) = all.get(cut - 1)
        && name_words::is_particle(before)
    {
        cut -= 1;
    }
    if all.len() == 1 {
        cut = 1;
    }
    let mut family = all.split_off(cut.min(all.len()));
    drop_particles(&mut family);
    PersonName { given: all, family, generation, ..PersonName::default() }
}
