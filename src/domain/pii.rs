//! Personal data that cannot print itself.
//!
//! Owns the two wrapper types through which names, addresses and payloads travel. Refuses to show
//! their content in `Debug` or `Display`: whoever needs it calls `expose`, which is easy to find.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A text that identifies a person: a name, an e-mail address, a phone number, a street.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Pii(String);

impl Pii {
    /// Wraps a text as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Wraps a trimmed text; `None` when nothing is left.
    #[must_use]
    pub fn non_empty(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The content, for matching, storing and answering; never for logs or errors.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The content, by value.
    #[must_use]
    pub fn into_exposed(self) -> String {
        self.0
    }
}

impl Pii {
    /// An e-mail address with its local part hidden but for the first letter: `a***@example.com`.
    /// A text without `@` shows its first letter only.
    #[must_use]
    pub fn masked_email(&self) -> String {
        let text = self.0.trim();
        let first = text.chars().next().filter(|c| *c != '@').map(String::from).unwrap_or_default();
        match text.rsplit_once('@') {
            Some((_, domain)) => format!("{first}***@{domain}"),
            None => format!("{first}***"),
        }
    }

    /// A phone number with its middle hidden: `+4917…12`. A number of fewer than nine characters
    /// shows its last two only.
    #[must_use]
    pub fn masked_phone(&self) -> String {
        let chars: Vec<char> = self.0.chars().filter(|c| !c.is_whitespace()).collect();
        let tail: String = chars.iter().skip(chars.len().saturating_sub(2)).collect();
        if chars.len() < 9 {
            return format!("…{tail}");
        }
        let head: String = chars.iter().take(5).collect();
        format!("{head}…{tail}")
    }
}

impl fmt::Debug for Pii {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pii(***)")
    }
}

/// A record exactly as a vendor sent it: JSON text.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Payload(Box<str>);

impl Payload {
    /// Wraps JSON text as received.
    pub fn new(json: impl Into<Box<str>>) -> Self {
        Self(json.into())
    }

    /// The JSON text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// XXH3 of the bytes, for telling whether a record changed.
    #[must_use]
    pub fn hash(&self) -> i64 {
        xxhash_rust::xxh3::xxh3_64(self.0.as_bytes()) as i64
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.0.len())
    }
}

/// A credential. Never printed, never serialised.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a credential.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The credential, for the one place that sends or checks it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_keep_what_tells_contacts_apart_and_hide_the_rest() {
        assert_eq!(Pii::new("ann@example.com").masked_email(), "a***@example.com");
        assert_eq!(Pii::new("@x.org").masked_email(), "***@x.org");
        assert_eq!(Pii::new("").masked_email(), "***");
        assert_eq!(Pii::new("+49170123412").masked_phone(), "+4917…12");
        assert_eq!(Pii::new("12345").masked_phone(), "…45");
    }

    #[test]
    fn personal_data_does_not_print() {
        let shown = format!("{:?} {:?}", Pii::new("ann@example.com"), Payload::new("{\"a\":1}"));
        assert_eq!(shown, "Pii(***) Payload(7 bytes)");
    }
}
