//! Exact money: integer minor units and an ISO 4217 currency.
//!
//! Owns currencies, their exponents, parsing and printing. Refuses floats and silent conversion:
//! sums of two currencies are an error.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An ISO 4217 currency, kept as its three-letter code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3], u8);

impl Currency {
    /// Finds a currency by its code in any case; `None` when ISO 4217 does not list it.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let upper = code.trim().to_ascii_uppercase();
        let known = iso_currency::Currency::from_code(&upper)?;
        let bytes: [u8; 3] = upper.as_bytes().try_into().ok()?;
        // Metals and funds have no minor unit in ISO 4217; they are counted in whole units.
        Some(Self(bytes, known.exponent().map_or(0, |e| e.min(4) as u8)))
    }

    /// The code in upper case.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Digits after the decimal point of the major unit: 2 for USD, 0 for JPY, 3 for KWD.
    #[must_use]
    pub const fn exponent(&self) -> u8 {
        self.1
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.code())
    }
}
impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let code = String::deserialize(d)?;
        Self::parse(&code).ok_or_else(|| {
            serde::de::Error::custom("not an ISO 4217 currency code (expected e.g. \"EUR\")")
        })
    }
}

/// An exact amount of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Amount in the currency's minor unit (cents for USD, yen for JPY); may be negative.
    pub amount_minor: i64,
    /// The currency.
    pub currency: Currency,
}

/// Why an amount could not be read or added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a decimal number.
    #[error("not a decimal amount")]
    NotANumber,
    /// More fractional digits than the currency has.
    #[error("more decimal places than the currency has")]
    TooPrecise,
    /// Does not fit into 64 bits of minor units.
    #[error("amount too large")]
    Overflow,
    /// Two currencies were added.
    #[error("amounts of different currencies cannot be added")]
    CurrencyMismatch,
}

impl Money {
    /// An amount in minor units.
    #[must_use]
    pub const fn from_minor(amount_minor: i64, currency: Currency) -> Self {
        Self { amount_minor, currency }
    }

    /// Parses a decimal text of major units (`"1234.5"`, `"-3"`), exactly. Trailing zeros beyond
    /// the currency's exponent are accepted; significant ones are [`MoneyError::TooPrecise`].
    ///
    /// # Errors
    /// See [`MoneyError`].
    pub fn parse_major(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let text = text.trim();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction)
        {
            return Err(MoneyError::NotANumber);
        }
        let exponent = usize::from(currency.exponent());
        let (kept, rest) = fraction.split_at(fraction.len().min(exponent));
        if rest.bytes().any(|b| b != b'0') {
            return Err(MoneyError::TooPrecise);
        }
        let mut minor: i64 = 0;
        let padding = std::iter::repeat_n(b'0', exponent - kept.len());
        for byte in whole.bytes().chain(kept.bytes()).chain(padding) {
            let digit = i64::from(byte - b'0');
            minor = minor
                .checked_mul(10)
                .and_then(|m| m.checked_add(digit))
                .ok_or(MoneyError::Overflow)?;
        }
        Ok(Self::from_minor(if negative { -minor } else { minor }, currency))
    }

    /// The amount in major units as a plain decimal text, with the currency's number of places.
    #[must_use]
    pub fn to_major_string(&self) -> String {
        let exponent = usize::from(self.currency.exponent());
        let sign = if self.amount_minor < 0 { "-" } else { "" };
        let digits = self.amount_minor.unsigned_abs().to_string();
        if exponent == 0 {
            return format!("{sign}{digits}");
        }
        let padded = format!("{digits:0>width$}", width = exponent + 1);
        let (whole, fraction) = padded.split_at(padded.len() - exponent);
        format!("{sign}{whole}.{fraction}")
    }

    /// The sum of two amounts of one currency.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::Overflow`].
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch);
        }
        let sum = self.amount_minor.checked_add(other.amount_minor).ok_or(MoneyError::Overflow)?;
        Ok(Self::from_minor(sum, self.currency))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_major_string(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn amounts_keep_the_exponent_of_their_currency() {
        for (code, text, minor, out) in [
            ("usd", "12.3", 1230, "12.30"),
            ("JPY", "1200", 1200, "1200"),
            ("JPY", "1200.00", 1200, "1200"),
            ("KWD", "-0.005", -5, "-0.005"),
            ("EUR", "-0.05", -5, "-0.05"),
            ("EUR", ".5", 50, "0.50"),
        ] {
            let money = Money::parse_major(text, Currency::parse(code).unwrap()).unwrap();
            assert_eq!((money.amount_minor, money.to_major_string().as_str()), (minor, out));
        }
    }

    #[test]
    fn bad_amounts_say_why() {
        let eur = Currency::parse("EUR").unwrap();
        for (text, why) in [
            ("", MoneyError::NotANumber),
            ("1,5", MoneyError::NotANumber),
            ("1e3", MoneyError::NotANumber),
            ("1.234", MoneyError::TooPrecise),
            ("99999999999999999999", MoneyError::Overflow),
        ] {
            assert_eq!(Money::parse_major(text, eur), Err(why), "{text}");
        }
        assert_eq!(Currency::parse("EURO"), None);
        assert_eq!(
            Money::from_minor(1, eur)
                .checked_add(Money::from_minor(1, Currency::parse("USD").unwrap())),
            Err(MoneyError::CurrencyMismatch)
        );
    }
}
