//! One value of a vendor's record, read when it is needed.
//!
//! Owns tolerant reading: a value is kept as the JSON text it came as, and asked for a meaning
//! later. A wrong type is then an error where it matters (ids, versions, amounts, currencies) and
//! an absent value everywhere else. Refuses floats: a number is text until money or an integer is
//! made of it.

use domain::{Payload, Pii, Reject, SourceRecord, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A value of unknown type; absent and `null` are the same.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Field<'a>(#[serde(borrow)] Option<&'a RawValue>);

/// A value is there but cannot mean what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wrong(pub(crate) &'static str);

impl<'a> Field<'a> {
    pub(crate) const fn of(raw: &'a RawValue) -> Self {
        Self(Some(raw))
    }

    /// The JSON text; `None` when absent or `null`.
    pub(crate) fn json(self) -> Option<&'a str> {
        self.0.map(RawValue::get).filter(|text| *text != "null")
    }

    /// The text of a string, number or boolean, trimmed; `None` when absent or empty.
    pub(crate) fn scalar(self) -> Result<Option<Cow<'a, str>>, Wrong> {
        let Some(json) = self.json() else { return Ok(None) };
        let text = match json.as_bytes().first() {
            Some(b'"') => {
                let inner = json.get(1..json.len().saturating_sub(1)).unwrap_or_default();
                if inner.contains('\\') {
                    let text: String = serde_json::from_str(json)
                        .map_err(|_| Wrong("is not a valid JSON string"))?;
                    Cow::Owned(text.trim().to_owned())
                } else {
                    Cow::Borrowed(inner.trim())
                }
            }
            Some(b'{' | b'[') | None => return Err(Wrong("is not a plain value")),
            Some(_) => Cow::Borrowed(json),
        };
        Ok((!text.is_empty()).then_some(text))
    }

    /// The text, or `None` when there is none that can be used.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        self.scalar().ok().flatten()
    }

    pub(crate) fn string(self) -> Option<String> {
        self.text().map(Cow::into_owned)
    }

    pub(crate) fn pii(self) -> Option<Pii> {
        self.text().map(|t| Pii::new(t.into_owned()))
    }

    /// An integer, written as a number or as text.
    pub(crate) fn integer(self) -> Result<Option<i64>, Wrong> {
        match self.scalar()? {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| Wrong("is not an integer")),
        }
    }

    pub(crate) fn int(self) -> Option<i64> {
        self.integer().ok().flatten()
    }

    /// `true` only for a true value, written as a boolean or as text.
    pub(crate) fn is_true(self) -> bool {
        self.text().is_some_and(|t| t == "true")
    }

    /// `true` only for a false value, written as a boolean or as text.
    pub(crate) fn is_false(self) -> bool {
        self.text().is_some_and(|t| t == "false")
    }

    /// An RFC 3339 time or a date.
    pub(crate) fn instant(self) -> Result<Option<Timestamp>, Wrong> {
        match self.scalar()? {
            None => Ok(None),
            Some(text) => Timestamp::parse(&text).map(Some).ok_or(Wrong("is not a date and time")),
        }
    }

    pub(crate) fn time(self) -> Option<Timestamp> {
        self.instant().ok().flatten()
    }

    /// A time in whole seconds since 1970.
    pub(crate) fn seconds(self) -> Option<Timestamp> {
        self.int().and_then(Timestamp::from_seconds)
    }

    /// The id of a record: text or an integer, without control characters.
    pub(crate) fn id(self, path: &str) -> Result<String, String> {
        match self.scalar() {
            Ok(Some(text)) if text.chars().any(char::is_control) || text.len() > 512 => {
                Err(format!("{path}: is not an id (too long or with control characters)"))
            }
            Ok(Some(text)) => Ok(text.into_owned()),
            Ok(None) => Err(format!("{path}: is missing; without it the record has no name")),
            Err(Wrong(why)) => Err(format!("{path}: {why}")),
        }
    }

    /// The id of another record; `None` when absent or unusable.
    pub(crate) fn reference(self) -> Option<String> {
        self.id("").ok()
    }
}

/// A record mapped, perhaps with something in it that must be looked at.
#[derive(Debug)]
pub(crate) struct Mapped {
    /// The record; without the canonical part that the complaint is about.
    pub(crate) record: SourceRecord,
    /// Why part of the record could not be mapped.
    pub(crate) complaint: Option<String>,
}

impl Mapped {
    pub(crate) const fn whole(record: SourceRecord) -> Self {
        Self { record, complaint: None }
    }

    /// The outcome of mapping a stored payload again, under the id by which it is stored.
    pub(crate) fn again(self, external_id: &str) -> Result<SourceRecord, Reject> {
        let mut record = self.record;
        record.external_id = external_id.to_owned();
        match self.complaint {
            None => Ok(record),
            Some(why) => Err(reject(Some(record.external_id), why, record.payload.expose())),
        }
    }
}

/// Largest payload that is kept of a rejected record, in bytes.
const REJECT_BYTES_MAX: usize = 64 * 1024;

/// A reject; its payload is cut to the quarantine's limit and kept as valid JSON.
pub(crate) fn reject(external_id: Option<String>, reason: String, payload: &str) -> Reject {
    let payload = if payload.len() <= REJECT_BYTES_MAX {
        Payload::new(payload)
    } else {
        let mut end = REJECT_BYTES_MAX;
        while !payload.is_char_boundary(end) {
            end -= 1;
        }
        let head = payload.get(..end).unwrap_or_default();
        Payload::new(serde_json::json!({ "cut": head, "bytes": payload.len() }).to_string())
    };
    Reject { external_id, reason, payload }
}

/// A JSON error as a reason for quarantine: the place, never the value.
pub(crate) fn json_reason(error: &serde_json::Error) -> String {
    let what = if error.is_data() { "not of the expected shape" } else { "not valid JSON" };
    format!("record: {what} near line {} column {}", error.line(), error.column())
}

/// Reads a record's text into the vendor's type.
pub(crate) fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|e| json_reason(&e))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[derive(Deserialize)]
    struct One<'a> {
        #[serde(borrow, default)]
        v: Field<'a>,
    }

    fn field(json: &str) -> Field<'_> {
        serde_json::from_str::<One>(json).unwrap().v
    }

    #[test]
    fn a_value_is_read_whatever_type_the_vendor_chose_for_it() {
        assert_eq!(field(r#"{"v":" 12 "}"#).int(), Some(12));
        assert_eq!(field(r#"{"v":12}"#).string().as_deref(), Some("12"));
        assert_eq!(field(r#"{"v":"M\u00fcller"}"#).string().as_deref(), Some("Müller"));
        assert_eq!(field(r#"{"v":null}"#).scalar(), Ok(None));
        assert_eq!(field(r"{}").scalar(), Ok(None));
        assert_eq!(field(r#"{"v":{}}"#).scalar(), Err(Wrong("is not a plain value")));
        assert_eq!(field(r#"{"v":1.5}"#).integer(), Err(Wrong("is not an integer")));
        assert!(field(r#"{"v":"true"}"#).is_true() && field(r#"{"v":false}"#).is_false());
        // half of a surrogate pair is no text
        assert!(field(r#"{"v":"\ud800"}"#).scalar().is_err());
    }

    #[test]
    fn a_cut_reject_is_still_json_and_says_how_long_the_record_was() {
        let long = format!("\"{}\"", "é".repeat(REJECT_BYTES_MAX));
        let cut = reject(None, "r".into(), &long);
        let value: serde_json::Value = serde_json::from_str(cut.payload.expose()).unwrap();
        assert_eq!(value.get("bytes").and_then(|b| b.as_u64()), Some(long.len() as u64));
    }
}
