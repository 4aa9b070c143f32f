//! Exchange rates as sources state them: exact decimals.
//!
//! Owns reading and writing one. Refuses arithmetic: `metrics` converts.

use std::fmt;

/// Most digits of a rate, on either side of the point together.
const DIGITS_MAX: usize = 18;

/// A number above zero, exact: so many units of the last decimal place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    digits: i64,
    places: u8,
}

impl Rate {
    /// Parses a plain decimal (`1.0825`) above zero with at most 18 digits; `None` for anything else.
    /// Equal numbers are equal rates, however many zeros they end in.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        if whole.len() + fraction.len() > DIGITS_MAX {
            return None;
        }
        let places = u8::try_from(fraction.len()).ok()?;
        let digits: i64 = format!("0{whole}{fraction}").parse().ok()?;
        (digits > 0).then_some(Self { digits, places })
    }

    /// As a fraction: numerator and denominator, both above zero.
    #[must_use]
    pub fn fraction(self) -> (i128, i128) {
        (i128::from(self.digits), 10_i128.pow(u32::from(self.places)))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (num, den) = self.fraction();
        if self.places == 0 {
            return write!(f, "{num}");
        }
        write!(f, "{}.{:0>width$}", num / den, num % den, width = usize::from(self.places))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn rates_are_read_exactly_and_written_as_they_are() {
        for (text, written, fraction) in [
            ("1.0825", "1.0825", (10_825, 10_000)),
            (" 160.50 ", "160.5", (1_605, 10)),
            ("0.00123", "0.00123", (123, 100_000)),
            ("007", "7", (7, 1)),
            ("0.000000000000000001", "0.000000000000000001", (1, 10_i128.pow(18))),
        ] {
            let rate = Rate::parse(text).unwrap();
            assert_eq!((rate.to_string(), rate.fraction()), (written.to_owned(), fraction));
            assert_eq!(Rate::parse(&rate.to_string()), Some(rate));
        }
        for text in ["", ".5", "0", "0.00", "-1", "+1", "1e3", "1,08", "N/A", "1234567890123456789"]
        {
            assert_eq!(Rate::parse(text), None, "{text}");
        }
        assert!(Rate::parse("9999999999.99999999").is_some());
    }
}
