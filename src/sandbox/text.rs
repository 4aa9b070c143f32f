//! Small text forms: identifiers, base 64, query strings, and ASCII spellings of names.

use crate::rng::mix;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// `length` letters and digits that depend on the seed and the number only.
pub(crate) fn base62(seed: u64, number: u64, length: usize) -> String {
    let mut out = String::with_capacity(length);
    let mut word = mix(seed ^ mix(number));
    for i in 0..length {
        if i % 8 == 7 {
            word = mix(word ^ seed.rotate_left(17) ^ i as u64);
        }
        let digit = BASE62.get((word % 62) as usize).copied().unwrap_or(b'0');
        out.push(char::from(digit));
        word /= 62;
    }
    out
}

/// A UUID-shaped correlation id.
pub(crate) fn uuid(seed: u64, number: u64) -> String {
    let (a, b) = (mix(seed ^ number), mix(number.wrapping_mul(31) ^ !seed));
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        b >> 52,
        b & 0xffff_ffff_ffff
    )
}

/// Standard base 64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let word = (at(0) << 16) | (at(1) << 8) | at(2);
        for i in 0..4 {
            if i > chunk.len() {
                out.push('=');
            } else {
                let six = (word >> (18 - 6 * i)) & 63;
                out.push(char::from(BASE64.get(six as usize).copied().unwrap_or(b'A')));
            }
        }
    }
    out
}

/// Decodes base 64; `None` when a character is not of the alphabet.
pub(crate) fn unbase64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut word, mut bits) = (0_u32, 0_u32);
    for byte in text.trim_end_matches('=').bytes() {
        let six = BASE64.iter().position(|c| *c == byte)? as u32;
        word = (word << 6) | six;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push(((word >> bits) & 0xff) as u8);
        }
    }
    Some(out)
}

/// Decodes `%41` and `+`.
pub(crate) fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while let Some(&byte) = bytes.get(i) {
        let escaped = (byte == b'%')
            .then(|| text.get(i + 1..i + 3).and_then(|h| u8::from_str_radix(h, 16).ok()))
            .flatten();
        match (byte, escaped) {
            (_, Some(decoded)) => {
                out.push(decoded);
                i += 3;
            }
            (b'+', None) => {
                out.push(b' ');
                i += 1;
            }
            (other, None) => {
                out.push(other);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The pairs of a query string, decoded, in order.
pub(crate) fn query_pairs(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            (percent_decode(key), percent_decode(value))
        })
        .collect()
}

/// Lower-case ASCII letters and digits of a name, as a mail administrator would spell it.
pub(crate) fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let plain = match c {
            'ä' | 'Ä' => "ae",
            'ö' | 'Ö' | 'ø' | 'Ø' => "oe",
            'ü' | 'Ü' => "ue",
            'ß' => "ss",
            'å' | 'Å' => "a",
            'æ' | 'Æ' => "ae",
            'á' | 'à' | 'â' | 'ã' | 'ą' | 'Á' | 'À' | 'Â' | 'Ą' => "a",
            'é' | 'è' | 'ê' | 'ë' | 'ę' | 'É' | 'È' | 'Ê' | 'Ë' => "e",
            'í' | 'ì' | 'î' | 'ï' | 'Í' | 'Î' => "i",
            'ó' | 'ò' | 'ô' | 'õ' | 'Ó' => "o",
            'ú' | 'ù' | 'û' | 'Ú' => "u",
            'ñ' | 'ń' | 'Ñ' => "n",
            'ç' | 'ć' | 'Ç' => "c",
            'ł' | 'Ł' => "l",
            'ś' | 'š' | 'Ś' | 'Š' => "s",
            'ź' | 'ż' | 'ž' | 'Ż' | 'Ź' => "z",
            'ý' => "y",
            _ => "",
        };
        if plain.is_empty() {
            if c.is_ascii_alphanumeric() {
                out.push(c.to_ascii_lowercase());
            }
        } else {
            out.push_str(plain);
        }
    }
    out
}

/// The same name with its marks dropped ("Müller" to "Muller"), as an English keyboard gives it.
pub(crate) fn unaccented(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'ä' | 'å' | 'á' | 'à' | 'â' | 'ã' | 'ą' => 'a',
            'Ä' | 'Å' | 'Á' | 'À' => 'A',
            'ö' | 'ø' | 'ó' | 'ò' | 'ô' | 'õ' => 'o',
            'Ö' | 'Ø' | 'Ó' => 'O',
            'ü' | 'ú' | 'ù' | 'û' => 'u',
            'Ü' | 'Ú' => 'U',
            'é' | 'è' | 'ê' | 'ë' | 'ę' => 'e',
            'É' | 'È' => 'E',
            'í' | 'ì' | 'î' | 'ï' => 'i',
            'Í' => 'I',
            'ñ' | 'ń' => 'n',
            'ç' | 'ć' => 'c',
            'ł' => 'l',
            'Ł' => 'L',
            'ś' | 'š' => 's',
            'Ś' | 'Š' => 'S',
            'ź' | 'ż' | 'ž' => 'z',
            'Ż' | 'Ź' => 'Z',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_64_goes_back_and_forth() {
        for text in ["", "a", "ab", "abc", "1576613539.0||467|"] {
            assert_eq!(unbase64(&base64(text.as_bytes())), Some(text.as_bytes().to_vec()));
        }
        assert_eq!(base64(b"1576613539.0||467|"), "MTU3NjYxMzUzOS4wfHw0Njd8");
        assert_eq!(unbase64("not base 64!"), None);
    }

    #[test]
    fn queries_are_decoded() {
        let pairs = query_pairs("created%5Bgte%5D=12&name=a+b%26c&flag");
        assert_eq!(pairs.len(), 3);
        assert_eq!(pairs[0], ("created[gte]".to_owned(), "12".to_owned()));
        assert_eq!(pairs[1].1, "a b&c");
        assert_eq!(percent_decode("100%"), "100%");
    }

    #[test]
    fn ids_depend_on_seed_and_number() {
        assert_eq!(base62(1, 2, 14), base62(1, 2, 14));
        assert_ne!(base62(1, 2, 14), base62(1, 3, 14));
        assert_eq!(base62(1, 2, 24).len(), 24);
    }
}
