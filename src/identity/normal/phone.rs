//! Phone numbers in E.164.
//!
//! Owns how a number as typed is read: international forms anywhere, national forms with the
//! country from the context. Refuses to guess: a national number without a country, or of an
//! impossible length, is no identifier. A table of its own instead of a port of libphonenumber,
//! whose regular expressions cost more time per number than the rest of a record together.

use super::phone_plan::{self, Plan};
use super::text;

/// Reads a number as typed. `countries` are two-letter codes to try for a national form, the most
/// likely first. The answer is `+` and digits, with `;ext=` for an extension (a line behind a
/// switchboard is not the switchboard). `None` when it is no possible number, a placeholder, or a
/// national form that fits none of the countries.
#[must_use]
pub fn normalize(raw: &str, countries: &[&str]) -> Option<String> {
    let raw = text::cut(raw.trim());
    let raw = raw.strip_prefix("tel:").unwrap_or(raw);
    let (number, extension) = part_extension(raw);
    let mut international = false;
    let mut digits = String::with_capacity(16);
    // `+44 (0)20 ...`: the bracketed zero is for callers inside the country.
    let number = number.replace("(0)", " ");
    for c in number.chars() {
        match c {
            '+' | '＋' if digits.is_empty() => international = true,
            ' '
            | '-'
            | '.'
            | '('
            | ')'
            | '/'
            | '['
            | ']'
            | '\u{a0}'
            | '\u{2010}'..='\u{2015}'
            | '\u{200e}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2009}'
            | '\u{202f}'
            | '\t'
            | '_' => {}
            c => match c.to_digit(10).or_else(|| wide_digit(c)) {
                Some(digit) => digits.push(char::from(b'0' + digit as u8)),
                None => return None,
            },
        }
        if digits.len() > 20 {
            return None;
        }
    }
    let found = if international {
        read_international(&digits)
    } else if let Some(rest) = digits.strip_prefix("00").filter(|rest| !rest.starts_with('0')) {
        read_international(rest)
    } else {
        read_national(&digits, countries)
    }?;
    Some(match extension {
        Some(extension) => format!("+{found};ext={extension}"),
        None => format!("+{found}"),
    })
}

fn wide_digit(c: char) -> Option<u32> {
    ('\u{ff10}'..='\u{ff19}').contains(&c).then(|| c as u32 - 0xff10)
}

/// Parts `... x123`, `ext. 123`, `#123`, `Durchwahl 12` from the number.
fn part_extension(raw: &str) -> (&str, Option<String>) {
    let Some(at) = raw.find(|c: char| c.is_alphabetic() || c == '#' || c == ';' || c == ',') else {
        return (raw, None);
    };
    if at == 0 {
        return (raw, None);
    }
    let (number, rest) = raw.split_at(at);
    let word: String =
        rest.chars().take_while(|c| !c.is_ascii_digit()).filter(|c| c.is_alphabetic()).collect();
    let known = matches!(
        word.to_lowercase().as_str(),
        "" | "x"
            | "ext"
            | "extn"
            | "extension"
            | "durchwahl"
            | "dw"
            | "poste"
            | "int"
            | "interno"
            | "anexo"
            | "ramal"
            | "tel"
            | "доб"
            | "wew"
    );
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    if !known || digits.len() > 7 {
        return (raw, None);
    }
    (number, (!digits.is_empty()).then_some(digits))
}

fn read_international(digits: &str) -> Option<String> {
    let Some((plan, rest)) = phone_plan::of_international(digits) else {
        // A country that the table does not know: E.164 allows 15 digits and no leading zero.
        return ((8..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && !is_placeholder(digits))
        .then(|| digits.to_owned());
    };
    let rest = match plan.code {
        // The mobile digit that Mexico abolished in 2019.
        "52" if rest.len() == 11 && rest.starts_with('1') => rest.get(1..)?,
        _ => rest,
    };
    // `+49 0170 ...`: the trunk prefix does not belong there.
    let rest = match rest.strip_prefix(plan.trunk) {
        Some(bare) if plan.trunk == "0" => bare,
        _ => rest,
    };
    complete(plan, rest)
}

fn read_national(digits: &str, countries: &[&str]) -> Option<String> {
    for country in countries {
        let Some(plan) = phone_plan::of_country(country) else { continue };
        if let Some(found) = read_in(plan, digits) {
            return Some(found);
        }
    }
    // The one national form that is told by its shape: eleven digits of North America.
    if countries.is_empty() && digits.len() == 11 && digits.starts_with('1') {
        return read_international(digits);
    }
    None
}

fn read_in(plan: &Plan, digits: &str) -> Option<String> {
    if plan.code == "1"
        && let Some(rest) = digits.strip_prefix("011")
    {
        return read_international(rest);
    }
    if plan.code == "52" {
        for prefix in ["045", "044", "01"] {
            if let Some(found) = digits.strip_prefix(prefix).and_then(|rest| complete(plan, rest)) {
                return Some(found);
            }
        }
    }
    if !plan.trunk.is_empty()
        && let Some(found) = digits.strip_prefix(plan.trunk).and_then(|rest| complete(plan, rest))
    {
        return Some(found);
    }
    // Written with the calling code but without the plus.
    let (_, longest) = plan.digits;
    if (digits.len() > longest || plan.trunk == "0")
        && let Some(found) = digits
            .strip_prefix(plan.code)
            .filter(|rest| rest.len() + 2 >= longest)
            .and_then(|rest| complete(plan, rest))
    {
        return Some(found);
    }
    // Where national numbers are always written with a trunk zero, one without it is likely a
    // number whose zero a spreadsheet ate; its length still has to fit.
    complete(plan, digits)
}

fn complete(plan: &Plan, national: &str) -> Option<String> {
    let (shortest, longest) = plan.digits;
    if !(shortest..=longest).contains(&national.len()) {
        return None;
    }
    if plan.trunk == "0" && national.starts_with('0') {
        return None;
    }
    if plan.code == "1" {
        let digit = |at: usize| national.as_bytes().get(at).copied().unwrap_or(b'0');
        if digit(0) < b'2' || digit(3) < b'2' {
            return None;
        }
    }
    if is_placeholder(national) {
        return None;
    }
    Some(format!("{}{national}", plan.code))
}

/// `0000000000`, `1234567`, `9999999`: typed to get past a form.
fn is_placeholder(national: &str) -> bool {
    let digits = national.as_bytes();
    let Some(last) = digits.last() else { return true };
    let repeated = digits.iter().rev().take_while(|d| *d == last).count();
    let rising = digits
        .windows(2)
        .rev()
        .take_while(|pair| matches!(pair, [a, b] if *b == a + 1 || (*a == b'9' && *b == b'0')))
        .count();
    repeated >= 7 || rising + 1 >= 7
}
