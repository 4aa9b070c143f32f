//! Folding of any script to plain lower-case letters and digits.

/// Longest text that is looked at; the rest of a longer one is ignored. No name or street is longer,
/// and one hostile field must not cost more than a thousand honest ones.
pub const LONGEST: usize = 400;

/// Folds to lower-case ASCII words parted by single spaces: transliterates other scripts, drops
/// diacritics and apostrophes, turns all other signs into spaces.
#[must_use]
pub fn fold(text: &str) -> String {
    let text = cut(text.trim());
    let mut out = String::with_capacity(text.len());
    if text.is_ascii() {
        push_folded(&mut out, text);
    } else {
        for c in text.chars() {
            match c {
                'ä' | 'Ä' => out.push('a'),
                'ö' | 'Ö' | 'ø' | 'Ø' => out.push('o'),
                'ü' | 'Ü' => out.push('u'),
                'å' | 'Å' => out.push('a'),
                'æ' | 'Æ' => out.push('a'),
                'œ' | 'Œ' => out.push('o'),
                'ь' | 'Ь' | 'ъ' | 'Ъ' | '’' | '‘' | 'ʼ' | '´' => {}
                c if c.is_ascii() => {
                    let mut one = [0u8; 4];
                    push_folded(&mut out, c.encode_utf8(&mut one));
                }
                // Combining marks of decomposed text belong to the letter before them.
                '\u{300}'..='\u{36f}' => {}
                c => match deunicode::deunicode_char(c) {
                    Some(ascii) => push_folded(&mut out, ascii),
                    None => push_folded(&mut out, " "),
                },
            }
        }
    }
    while out.ends_with(' ') {
        out.pop();
    }
    out
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
        match b {
            b'a'..=b'z' | b'0'..=b'9' => out.push(b as char),
            b'A'..=b'Z' => out.push(b.to_ascii_lowercase() as char),
            b'\'' | b'`' => {}
            _ if !out.is_empty() && !out.ends_with(' ') => out.push(' '),
            _ => {}
        }
    }
}
