//! Small text tools: suggestions, percent-encoding, safe messages.
//!
//! Owns what every connector needs of text. Refuses anything a vendor could be told apart by.

/// Longest vendor message that is passed on, in characters.
const MESSAGE_CHARS_MAX: usize = 300;

/// Shorter credentials exist only in tests; taking them out would garble every message.
const SECRET_CHARS_MIN: usize = 6;

/// The known word nearest to a mistyped one, if one is near enough to be worth suggesting.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(word, k), k))
        .filter(|(distance, k)| *distance <= (k.len().max(word.len()) / 3).max(1))
        .min()
        .map(|(_, k)| k)
}

/// `; did you mean "x"?` or nothing.
pub(crate) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map_or_else(String::new, |k| format!("; did you mean \"{k}\"?"))
}

/// A vendor's message made fit for logs: one line, cut, without credentials or e-mail addresses.
pub(crate) fn scrub(message: &str, secret: &str) -> String {
    let mut safe = String::new();
    for word in message.split_whitespace() {
        if !safe.is_empty() {
            safe.push(' ');
        }
        if word.contains('@') || (secret.len() >= SECRET_CHARS_MIN && word.contains(secret)) {
            safe.push_str("***");
        } else {
            safe.extend(word.chars().filter(|c| !c.is_control()));
        }
        if safe.len() > MESSAGE_CHARS_MAX * 4 {
            break;
        }
    }
    cut(&safe, MESSAGE_CHARS_MAX)
}

/// The first `chars` characters, with an ellipsis when something is missing.
pub(crate) fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Percent-encodes a query value or a path segment (everything but RFC 3986 unreserved).
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The parts of a list written in one text, trimmed, empty ones dropped.
pub(crate) fn split_list(text: &str, separator: char) -> impl Iterator<Item = &str> {
    text.split(separator).map(str::trim).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_word_is_recognised_and_a_foreign_one_is_not() {
        let known = ["token", "base_url", "currency"];
        assert_eq!(nearest("tokn", known), Some("token"));
        assert_eq!(nearest("baseurl", known), Some("base_url"));
        assert_eq!(nearest("password", known), None);
    }

    #[test]
    fn messages_lose_credentials_and_addresses_and_are_cut() {
        assert_eq!(scrub("bad key sk_123\nfor ann@x.io", "sk_123"), "bad key *** for ***");
        assert_eq!(scrub(&"ä".repeat(400), "").chars().count(), 303);
    }

    #[test]
    fn query_values_are_percent_encoded() {
        assert_eq!(encode("a b/é?[]"), "a%20b%2F%C3%A9%3F%5B%5D");
    }
}
