//! Folding of any script to plain lower-case letters and digits.

use super::script;

/// Longest text that is looked at; the rest of a longer one is ignored. No name or street is longer,
/// and one hostile field must not cost more than a thousand honest ones.
pub const LONGEST: usize = 400;

/// Folds to lower-case ASCII words parted by single spaces: transliterates other scripts, drops
/// diacritics and apostrophes, turns all other signs into spaces. At most [`LONGEST`] bytes;
/// folding twice is folding once.
#[must_use]
pub fn fold(text: &str) -> String {
    let text = cut(text.trim());
    let mut out = String::with_capacity(text.len());
    if text.is_ascii() {
        push_folded(&mut out, text);
    } else {
        fold_letters(&mut out, text);
    }
    if out.len() > LONGEST {
        out.truncate(LONGEST);
    }
    while out.ends_with(' ') {
        out.pop();
    }
    out
}

fn fold_letters(out: &mut String, text: &str) {
    let mut before = ' ';
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            'ä' | 'Ä' => out.push('a'),
            'ö' | 'Ö' | 'ø' | 'Ø' => out.push('o'),
            'ü' | 'Ü' => out.push('u'),
            'å' | 'Å' => out.push('a'),
            'æ' | 'Æ' => out.push('a'),
            'œ' | 'Œ' => out.push('o'),
            '’' | '‘' | 'ʼ' | '´' | 'ʹ' | 'ʻ' | 'ʿ' | 'ʾ' => {}
            c if c.is_ascii() => push_byte(out, c as u8),
            // Combining marks of decomposed text belong to the letter before them.
            '\u{300}'..='\u{36f}' => continue,
            c => {
                let ascii = script::latin(before, c, letters.peek().copied());
                push_folded(out, ascii.or_else(|| deunicode::deunicode_char(c)).unwrap_or(" "));
            }
        }
        before = c;
    }
}

/// The text, at most [`LONGEST`] bytes of it, cut at a character.
#[must_use]
pub fn cut(text: &str) -> &str {
    if text.len() <= LONGEST {
        return text;
    }
    let mut end = LONGEST;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

fn push_folded(out: &mut String, ascii: &str) {
    for b in ascii.bytes() {
        push_byte(out, b);
    }
}

fn push_byte(out: &mut String, b: u8) {
    match b {
        b'a'..=b'z' | b'0'..=b'9' => out.push(b as char),
        b'A'..=b'Z' => out.push(b.to_ascii_lowercase() as char),
        b'\'' | b'`' => {}
        _ if !out.is_empty() && !out.ends_with(' ') => out.push(' '),
        _ => {}
    }
}
