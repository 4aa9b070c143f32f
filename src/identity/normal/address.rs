//! Postal addresses as far as keys need them.

use super::text;
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
    let folded = text::fold(raw);
    if let Some((zip, plus)) = folded.split_once(' ')
        && zip.len() == 5
        && plus.len() == 4
        && folded.bytes().all(|b| b.is_ascii_digit() || b == b' ')
    {
        return zip.to_owned();
    }
    folded.replace(' ', "")
}
