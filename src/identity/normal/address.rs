//! Postal addresses in comparable parts.
//!
//! Owns house numbers, street names, units, postal codes, states and towns in one spelling each.
//! Refuses to look places up: only what is written is used.

use super::address_words::{self, Word};
use super::{address_region, text};
use domain::Address;

/// House number or first number of the street line, with the postal code or else the street's
/// first word and the town: enough to tell households apart, and the same for most spellings.
/// `None` when the address says too little.
#[must_use]
pub fn key(address: &Address) -> Option<String> {
    let street = address.street.as_ref().map(|s| text::fold(s.expose()))?;
    let number = street.split(' ').find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let code = address.postal_code.as_ref().map(|c| postal_code(c.expose())).unwrap_or_default();
    if code.len() >= 3 {
        return Some(format!("{number}@{code}"));
    }
    let town = address.city.as_ref().map(|c| text::fold(c.expose())).unwrap_or_default();
    let word = street
        .split(' ')
        .find(|word| word.len() > 3 && word.bytes().all(|b| b.is_ascii_lowercase()))?;
    (!town.is_empty()).then(|| format!("{number} {word}@{town}"))
}

/// A postal code without signs; of a US ZIP+4 the first five digits.
#[must_use]
pub fn postal_code(raw: &str) -> String {
    let mut folded = text::fold(raw);
    if let Some((zip, plus)) = folded.split_once(' ')
        && zip.len() == 5
        && plus.len() == 4
        && folded.bytes().all(|b| b.is_ascii_digit() || b == b' ')
    {
        folded.truncate(5);
        return folded;
    }
    folded.retain(|c| c != ' ');
    folded
}

/// A state or province in one form (`illinois` is `il`); other regions folded.
#[must_use]
pub fn region(raw: &str) -> String {
    let folded = text::fold(raw);
    match address_region::short(&folded) {
        Some(short) => short.to_owned(),
        None => folded,
    }
}

/// A town folded, with `saint`, `fort` and `mount` in their short forms.
#[must_use]
pub fn city(raw: &str) -> String {
    let folded = text::fold(raw);
    let long = |word: &str| {
        matches!(
            word,
            "saint"
                | "sainte"
                | "sankt"
                | "santa"
                | "fort"
                | "mount"
                | "north"
                | "south"
                | "east"
                | "west"
                | "township"
                | "twp"
                | "city"
                | "heights"
                | "springs"
        )
    };
    if !folded.split(' ').any(long) {
        return folded;
    }
    let count = folded.split(' ').count();
    let mut out = String::with_capacity(folded.len());
    for (place, word) in folded.split(' ').enumerate() {
        let short = match word {
            "saint" | "sankt" | "sainte" => "st",
            "fort" => "ft",
            "mount" => "mt",
            "north" => "n",
            "south" => "s",
            "east" => "e",
            "west" => "w",
            "heights" => "hts",
            "springs" => "spgs",
            // "Derby City" and "Salem Township" are Derby and Salem; New York City is New York.
            "city" | "township" | "twp" if place > 0 && place + 1 == count => continue,
            word => word,
        };
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(short);
    }
    out
}

/// A street line in parts, each folded.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct StreetParts {
    /// House number, with its letter: `12a`. Of a post box its number.
    pub number: String,
    /// Street in short forms, its kind at the end: `n kimball ave`, `daleham str`, `mayor calle`.
    /// Of a post box `po box`.
    pub street: String,
    /// The street without its kind and without points of the compass (`kimball`); the whole street
    /// when that leaves nothing.
    pub street_core: String,
    /// Flat, suite or floor without the word for it: `4`, `01 11`.
    pub unit: String,
    /// What is none of these, such as the town in a full address.
    pub rest: String,
}

/// Longest of each part, in bytes.
const LONGEST_PART: usize = 200;

/// Parts an address given in fields, in whole, or both; `full` is read when `street` is empty.
#[must_use]
pub fn parts(house_number: &str, street: &str, unit: &str, full: &str) -> StreetParts {
    let mut parts = StreetParts::default();
    let (line, whole) = if street.trim().is_empty() { (full, true) } else { (street, false) };
    let line = text::cut(line.trim());
    if line.contains([',', ';', '\n', '|']) {
        by_segment(&mut parts, line, whole);
    } else {
        segment(&mut parts, line, &marked(line), whole);
    }
    let stated = text::fold(house_number);
    if stated.bytes().any(|b| b.is_ascii_digit()) {
        let stated = stated.replace(' ', "");
        // A second number in the street field belongs to the street or repeats this one.
        if !parts.number.is_empty() && parts.number != stated && parts.unit.is_empty() {
            parts.unit = std::mem::take(&mut parts.number);
        }
        parts.number = stated;
    }
    let unit = text::cut(unit.trim());
    if !unit.is_empty() {
        let folded = marked(unit);
        // A second address line also holds names of buildings and estates.
        if folded.len() <= 3 || folded.bytes().any(|b| b.is_ascii_digit()) {
            push_unit(&mut parts.unit, &folded);
        } else {
            push_words(&mut parts.rest, &folded);
        }
    }
    for part in [&mut parts.street, &mut parts.street_core, &mut parts.unit, &mut parts.rest] {
        part.truncate(LONGEST_PART);
        part.truncate(part.trim_end().len());
    }
    parts.number.truncate(16);
    parts
}

/// Folds a text, with `#` and ordinal signs in words.
fn marked(raw: &str) -> String {
    let signs = if raw.is_ascii() {
        raw.bytes().any(|b| b == b'#')
    } else {
        raw.contains(['#', 'º', 'ª', '°', '№', '½'])
    };
    if signs {
        let spelt =
            raw.replace(['#', '№'], " unit ").replace(['º', 'ª', '°'], " ").replace('½', " ");
        text::fold(&spelt)
    } else {
        text::fold(raw)
    }
}

/// Parts a line with commas: the segment most like a street is the street, units and bare house
/// numbers beside it are taken, the rest is rest.
fn by_segment(parts: &mut StreetParts, line: &str, whole: bool) {
    let segments: Vec<(&str, String)> = line
        .split([',', ';', '\n', '|'])
        .map(str::trim)
        .filter(|s| !s.is_empty())
        .take(12)
        .map(|raw| (raw, marked(raw)))
        .collect();
    let mut best = (0, i32::MIN);
    for (place, (_, folded)) in segments.iter().enumerate() {
        let score = street_score(folded);
        if score > best.1 {
            best = (place, score);
        }
    }
    for (place, (raw, folded)) in segments.iter().enumerate() {
        if place == best.0 {
            let before = std::mem::take(&mut parts.unit);
            segment(parts, raw, folded, whole);
            if !before.is_empty() {
                let after = std::mem::replace(&mut parts.unit, before);
                push_words(&mut parts.unit, &after);
            }
            continue;
        }
        let mut words = folded.split(' ');
        let mut first = words.next().unwrap_or_default();
        if matches!(first, "d" | "dom" | "no" | "nr" | "num" | "numero" | "house") {
            // "ulitsa Lenina, d. 5": the word only announces the number.
            first = words.next().unwrap_or(first);
        }
        let single = words.next().is_none();
        let numeric = first.starts_with(|c: char| c.is_ascii_digit());
        let is_unit = matches!(address_words::word(first), Some(Word::Unit))
            && folded.bytes().any(|b| b.is_ascii_digit() || folded.len() < 8);
        let floor =
            folded.ends_with(" floor") || folded.ends_with(" fl") || folded.ends_with(" og");
        if single && numeric && place == best.0 + 1 && parts.number.is_empty() && first.len() <= 5 {
            first.clone_into(&mut parts.number);
        } else if is_unit
            || (numeric && floor)
            || (single && numeric && first.len() <= 3 && place == best.0 + 1)
        {
            push_unit(&mut parts.unit, folded);
        } else {
            push_words(&mut parts.rest, folded);
        }
    }
}

/// How much a segment looks like a street with a number.
fn street_score(folded: &str) -> i32 {
    let (mut score, mut words, mut numbers, mut units) = (0, 0, 0, 0);
    let mut kind = false;
    for (place, word) in folded.split(' ').enumerate() {
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            numbers += 1;
            if place == 0 && word.len() >= 5 && word.bytes().all(|b| b.is_ascii_digit()) {
                score -= 1;
            }
            continue;
        }
        words += 1;
        match address_words::word(word) {
            Some(Word::Unit) if place == 0 => return -5,
            Some(Word::Unit) => units += 1,
            Some(Word::Kind(_)) if place > 0 => kind = true,
            Some(Word::Front(_)) => kind = true,
            _ if word == "box" || word == "postfach" => kind = true,
            _ => kind |= address_words::compound(word).is_some(),
        }
    }
    if words == units {
        return -4;
    }
    score += i32::from(kind) * 3 + i32::from(numbers > 0) * 2;
    score
}

fn push_words(to: &mut String, words: &str) {
    if !to.is_empty() && !words.is_empty() {
        to.push(' ');
    }
    to.push_str(words);
}

/// Adds a unit without the words for it.
fn push_unit(to: &mut String, folded: &str) {
    let mut kept = false;
    for word in folded.split(' ').filter(|w| !w.is_empty()) {
        if matches!(address_words::word(word), Some(Word::Unit)) || word == "no" || word == "nr" {
            continue;
        }
        push_words(to, ordinal(word));
        kept = true;
    }
    if !kept {
        push_words(to, folded);
    }
}

/// An ordinal of digits without its ending: `54th` is `54`.
fn ordinal(word: &str) -> &str {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_lowercase());
    match word.get(digits.len()..) {
        Some("st" | "nd" | "rd" | "th" | "ste" | "er" | "eme") if !digits.is_empty() => digits,
        _ => word,
    }
}

/// Parts one segment: number, street, unit.
fn segment(parts: &mut StreetParts, raw: &str, folded: &str, whole: bool) {
    let words: Vec<&str> = folded.split(' ').filter(|w| !w.is_empty()).take(24).collect();
    if post_box(parts, &words) {
        return;
    }
    let mut at = leading_number(parts, &words, raw);
    let mut street: Vec<&str> = Vec::with_capacity(words.len());
    let mut count: Option<u8> = None;
    let mut counts: Vec<(usize, u8)> = Vec::new();
    while let Some(word) = words.get(at).copied() {
        at += 1;
        let known = address_words::word(word);
        if let Some(Word::Count(value, is_ordinal)) = known
            && (is_ordinal || value >= 20)
        {
            let tens = count.take().unwrap_or(0);
            if value >= 20 && !is_ordinal && ordinal_follows(&words, at) {
                count = Some(value);
                continue;
            }
            counts.push((street.len(), tens.saturating_add(value)));
            street.push("");
            continue;
        }
        match known {
            Some(Word::Unit) if takes_number(word, words.get(at).copied(), street.len()) => {
                let value = words.get(at).copied().unwrap_or_default();
                push_words(&mut parts.unit, ordinal(value));
                at += 1;
                while let Some(more) =
                    words.get(at).filter(|w| w.bytes().all(|b| b.is_ascii_digit()))
                    && more.len() <= 3
                {
                    push_words(&mut parts.unit, more);
                    at += 1;
                }
            }
            Some(Word::Unit)
                if matches!(word, "floor" | "fl" | "flr" | "og" | "etage" | "piso")
                    && street.len() > 1
                    && street
                        .last()
                        .is_some_and(|w| ordinal(w).bytes().all(|b| b.is_ascii_digit())) =>
            {
                push_words(&mut parts.unit, ordinal(street.pop().unwrap_or_default()));
            }
            Some(Word::Aside) if !street.is_empty() && at < words.len() => {
                push_words(&mut parts.rest, word);
                for rest in words.get(at..).unwrap_or_default() {
                    push_words(&mut parts.rest, rest);
                }
                break;
            }
            _ => street.push(word),
        }
    }
    trailing_number(parts, &mut street);
    let spelt: Vec<String> = counts.iter().map(|(_, value)| value.to_string()).collect();
    for ((place, _), value) in counts.iter().zip(&spelt) {
        if let Some(slot) = street.get_mut(*place) {
            *slot = value;
        }
    }
    write_street(parts, &street, whole);
}

fn ordinal_follows(words: &[&str], at: usize) -> bool {
    matches!(
        words.get(at).and_then(|w| address_words::word(w)),
        Some(Word::Count(value, true)) if value < 10
    )
}

/// Whether a word for a unit is followed by its number or letter.
fn takes_number(word: &str, next: Option<&str>, streets: usize) -> bool {
    let Some(next) = next else { return false };
    let numbered = next.bytes().any(|b| b.is_ascii_digit());
    let letter = next.len() == 1 && !matches!(next, "n" | "s" | "e" | "w");
    // "Villa Road" and "Local Street" are streets; "Ste" may be a saint.
    numbered || (letter && streets > 0) || (next.len() <= 2 && word == "unit")
}

/// A post box in several languages.
fn post_box(parts: &mut StreetParts, words: &[&str]) -> bool {
    let used = match words {
        ["po" | "pob", "box", ..]
        | ["post", "box", ..]
        | ["apartado" | "casella", "postal" | "postale" | "correos", ..] => 2,
        ["p", "o", "box", ..]
        | ["post", "office", "box", ..]
        | ["apartado", "de", "correos", ..] => 3,
        ["postfach" | "postbus" | "pobox" | "postboks" | "skrytka" | "apartado", ..] => 1,
        ["box", number, ..] if number.starts_with(|c: char| c.is_ascii_digit()) => 1,
        _ => return false,
    };
    let Some(number) = words.get(used).filter(|w| w.bytes().any(|b| b.is_ascii_digit())) else {
        return false;
    };
    parts.number = (*number).to_owned();
    "po box".clone_into(&mut parts.street);
    "po box".clone_into(&mut parts.street_core);
    for word in words.get(used + 1..).unwrap_or_default() {
        push_words(&mut parts.rest, word);
    }
    true
}

/// Takes the house number off the front; says how many words it used.
fn leading_number(parts: &mut StreetParts, words: &[&str], raw: &str) -> usize {
    let is_digits = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_digit());
    let Some(first) = words.first().copied() else { return 0 };
    if !first.starts_with(|c: char| c.is_ascii_digit()) || ordinal(first) != first {
        return 0;
    }
    // A number and a kind of street ("54 St") is a numbered street.
    if words.len() == 2
        && matches!(words.get(1).and_then(|w| address_words::word(w)), Some(Word::Kind(_)))
    {
        return 0;
    }
    let second = words.get(1).copied().unwrap_or_default();
    let sign = raw.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).chars().next();
    if is_digits(first) && is_digits(second) && words.len() > 2 && matches!(sign, Some('/' | '-')) {
        let (low, high) = (first.parse::<u32>().unwrap_or(0), second.parse::<u32>().unwrap_or(0));
        // "12-14 Main St" is a range, "3/12 Smith St" and "101-55 King St" a unit and a house.
        if sign == Some('-') && high > low && high - low < 50 {
            first.clone_into(&mut parts.number);
        } else {
            push_words(&mut parts.unit, first);
            second.clone_into(&mut parts.number);
        }
        return 2;
    }
    first.clone_into(&mut parts.number);
    let letter = second.len() == 1
        && second.bytes().all(|b| b.is_ascii_lowercase())
        && words.len() > 2
        && !matches!(second, "n" | "s" | "e" | "w");
    if letter && is_digits(first) {
        parts.number.push_str(second);
        return 2;
    }
    1
}

/// Takes a house number off the end, as most of Europe writes it, if none stood in front.
fn trailing_number(parts: &mut StreetParts, street: &mut Vec<&str>) {
    if !parts.number.is_empty() || street.len() < 2 {
        return;
    }
    let numeric = |w: &&str| w.starts_with(|c: char| c.is_ascii_digit()) && ordinal(w) == *w;
    let last = street.len() - 1;
    let letter =
        street.get(last).is_some_and(|w| w.len() == 1 && w.bytes().all(|b| b.is_ascii_lowercase()));
    if letter && last >= 2 && street.get(last - 1).is_some_and(numeric) {
        let suffix = street.pop().unwrap_or_default();
        let number = street.pop().unwrap_or_default();
        parts.number = format!("{number}{suffix}");
    } else if let Some(place) = street.iter().skip(1).position(numeric).map(|p| p + 1) {
        let mut rest = street.split_off(place).into_iter();
        parts.number = rest.next().unwrap_or_default().to_owned();
        // "Calle Mayor 5 2": what follows the house number is a unit, or the town.
        for word in rest {
            let to = if word.len() <= 3 && word.starts_with(|c: char| c.is_ascii_digit()) {
                &mut parts.unit
            } else {
                &mut parts.rest
            };
            push_words(to, word);
        }
        if matches!(street.last(), Some(&"no" | &"nr" | &"num" | &"numero" | &"d" | &"dom"))
            && street.len() > 1
        {
            street.pop();
        }
    }
}

/// Writes the street in short forms with its kind at the end, and its core.
fn write_street(parts: &mut StreetParts, street: &[&str], whole: bool) {
    let mut known: Vec<Option<Word>> = street.iter().map(|w| address_words::word(w)).collect();
    if street.len() > 1
        && !known.iter().any(|w| matches!(w, Some(Word::Kind(_) | Word::Front(_))))
        && let (Some(last), Some(slot @ None)) = (street.last(), known.last_mut())
    {
        *slot = address_words::misspelt(last);
    }
    let is_kind = |place: usize| matches!(known.get(place), Some(Some(Word::Kind(_))));
    // The kind is the last such word with a name before it, or a word for it in front.
    let mut kind_at = (1..street.len()).rev().find(|place| is_kind(*place));
    if let Some(Some(Word::Front(_))) = known.first()
        && street.len() > 1
    {
        kind_at = Some(0);
    } else if kind_at.is_none() && street.len() > 1 && is_kind(0) && street.first() != Some(&"st") {
        kind_at = Some(0);
    }
    // In a full address without commas the town follows the kind of street.
    let mut end = street.len();
    if whole
        && let Some(at) = (1..street.len()).find(|place| is_kind(*place))
        && kind_at != Some(0)
        && street.len() > at + 1
    {
        let after =
            if matches!(known.get(at + 1), Some(Some(Word::Way(_)))) { at + 2 } else { at + 1 };
        if !(after..street.len()).any(is_kind) {
            end = after;
            kind_at = Some(at);
        }
    }
    for word in street.get(end..).unwrap_or_default() {
        push_words(&mut parts.rest, word);
    }
    let mut kind = "";
    for (place, word) in street.iter().enumerate().take(end) {
        match known.get(place).copied().flatten() {
            Some(Word::Kind(short) | Word::Front(short)) if kind_at == Some(place) => kind = short,
            Some(Word::Way(short)) => push_words(&mut parts.street, short),
            Some(Word::Same(short) | Word::Kind(short)) => {
                push_words(&mut parts.street, short);
                push_words(&mut parts.street_core, short);
            }
            _ => {
                let word = ordinal(word);
                if kind_at.is_none()
                    && kind.is_empty()
                    && let Some((name, short)) = address_words::compound(word)
                {
                    push_words(&mut parts.street, name);
                    push_words(&mut parts.street_core, name);
                    kind = short;
                    continue;
                }
                push_words(&mut parts.street, word);
                push_words(&mut parts.street_core, word);
            }
        }
    }
    if !kind.is_empty() {
        push_words(&mut parts.street, kind);
    }
    if parts.street_core.is_empty() {
        parts.street_core.clone_from(&parts.street);
    }
}
