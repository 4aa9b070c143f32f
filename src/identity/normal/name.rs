//! Personal names in comparable parts.
//!
//! Owns how a name as typed is parted: titles off, generation (Jr, III) kept aside, particles
//! skipped, `Last, First` turned round. Nothing here decides whether two names agree.

use super::{company, email, nicknames, text};

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
    /// The names that the first given name may stand for.
    pub(crate) roots: &'static [u16],
}

const TITLES: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "prof",
    "professor",
    "herr",
    "frau",
    "hr",
    "mme",
    "mlle",
    "monsieur",
    "madame",
    "senor",
    "senora",
    "sra",
    "srta",
    "don",
    "dona",
    "ing",
    "mag",
    "dipl",
    "rev",
    "hon",
    "sir",
    "lady",
    "lord",
    "dott",
    "dottssa",
    "sig",
    "avv",
    "pan",
    "pani",
    "mgr",
    "mister",
    "capt",
    "lt",
    "col",
    "sgt",
    "dhr",
    "mevr",
    "lic",
    "eng",
    "arq",
    "shri",
    "smt",
];

const CREDENTIALS: &[&str] = &[
    "phd", "md", "esq", "mba", "cpa", "dds", "dvm", "rn", "msc", "bsc", "llm", "pe", "cfa", "jd",
    "pmp", "ba", "ma", "obe", "mbe",
];

const PARTICLES: &[&str] = &[
    "van", "von", "de", "der", "den", "del", "della", "di", "da", "dos", "das", "do", "du", "la",
    "le", "el", "al", "bin", "ibn", "ter", "ten", "zu", "zur", "zum", "af", "av", "vom", "y", "e",
    "dal", "los", "las", "op", "st", "bint", "degli", "dei", "vander", "vanden", "auf",
];

/// Whole (folded) names or name fields that stand for "no name".
const PLACEHOLDERS: &[&str] = &[
    "",
    "unknown",
    "na",
    "n a",
    "none",
    "null",
    "test",
    "test test",
    "test user",
    "anonymous",
    "customer",
    "guest",
    "user",
    "admin",
    "administrator",
    "no name",
    "noname",
    "first last",
    "first name",
    "last name",
    "firstname",
    "lastname",
    "name",
    "undefined",
    "not provided",
    "x",
    "xx",
    "xxx",
    "asdf",
    "visitor",
    "contact",
    "info",
    "sales",
    "support",
    "billing",
    "office",
    "accounting",
    "accounts payable",
    "unbekannt",
    "desconocido",
    "inconnu",
    "not available",
    "nobody",
    "owner",
    "reception",
    "front desk",
    "the team",
    "team",
    "webform",
    "web lead",
    "lead",
    "new lead",
    "john doe",
    "jane doe",
];

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
        (!PLACEHOLDERS.contains(&folded.as_str()) && folded.bytes().any(|b| b.is_ascii_lowercase()))
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
        .take(8)
        .map(str::to_owned)
        .collect()
}

fn generation(word: &str) -> u8 {
    match word {
        "sr" | "senior" | "snr" => 1,
        "jr" | "junior" | "jnr" | "ii" => 2,
        "iii" => 3,
        "iv" => 4,
        _ => 0,
    }
}

/// Takes generation and credentials off the end and titles off the front, as long as words remain.
fn strip(words: &mut Vec<String>, keep: usize) -> u8 {
    let mut found = 0;
    while words.len() > keep
        && let Some(last) = words.last()
    {
        let rank = generation(last);
        if rank == 0 && !CREDENTIALS.contains(&last.as_str()) {
            break;
        }
        found = found.max(rank);
        words.pop();
    }
    while words.len() > keep && words.first().is_some_and(|w| TITLES.contains(&w.as_str())) {
        words.remove(0);
    }
    found
}

fn drop_particles(words: &mut Vec<String>) {
    if words.iter().any(|w| !PARTICLES.contains(&w.as_str())) {
        words.retain(|w| !PARTICLES.contains(&w.as_str()));
    }
}

fn from_fields(given: &str, family: &str) -> PersonName {
    let mut given = words(given);
    let mut family = words(family);
    let in_given = strip(&mut given, 1);
    let in_family = strip(&mut family, 1);
    drop_particles(&mut family);
    PersonName { given, family, generation: in_given.max(in_family), derived: false, roots: &[] }
}

fn from_whole(raw: &str, folded: &str) -> PersonName {
    if company::is_company_name(folded) {
        return PersonName::default();
    }
    if let Some((before, behind)) = text::cut(raw).split_once(',') {
        let behind_words = words(&text::fold(behind));
        let only_suffix =
            behind_words.iter().all(|w| generation(w) > 0 || CREDENTIALS.contains(&w.as_str()));
        if !only_suffix {
            return from_fields(&behind_words.join(" "), &text::fold(before));
        }
    }
    let mut all = words(folded);
    let generation = strip(&mut all, 2);
    // The family name is the last word, with the particles before it.
    let mut cut = all.len().saturating_sub(1);
    while cut > 1
        && let Some(before) = all.get(cut - 1)
        && PARTICLES.contains(&before.as_str())
    {
        cut -= 1;
    }
    if all.len() == 1 {
        cut = 1;
    }
    let mut family = all.split_off(cut.min(all.len()));
    drop_particles(&mut family);
    PersonName { given: all, family, generation, derived: false, roots: &[] }
}
