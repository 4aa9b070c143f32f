//! Stripe's minor units.
//!
//! Owns the difference between Stripe's and ISO 4217's number of decimals. Stripe counts most
//! currencies in hundredths, some in whole units, some in thousandths; a few historical exceptions
//! disagree with ISO 4217 (MGA has no decimals at Stripe and two in ISO; ISK and UGX have two at
//! Stripe, always 00, and none in ISO).

use domain::{Currency, Money};

/// Currencies that Stripe counts in whole units.
const WHOLE: [&str; 15] = [
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF",
    "XOF", "XPF",
];
/// Currencies that Stripe counts in thousandths.
const THOUSANDTHS: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];

fn stripe_exponent(currency: Currency) -> u8 {
    match currency.code() {
        code if WHOLE.contains(&code) => 0,
        code if THOUSANDTHS.contains(&code) => 3,
        _ => 2,
    }
}

/// Converts an amount in Stripe's minor units to ISO 4217's.
///
/// Fails when the currency has fewer decimals in ISO than the amount needs (an ISK amount from
/// before 2023 that is no whole króna), and when it does not fit.
pub(super) fn money(amount: i64, currency: Currency) -> Result<Money, &'static str> {
    let (from, to) = (u32::from(stripe_exponent(currency)), u32::from(currency.exponent()));
    let minor = if to >= from {
        amount.checked_mul(10_i64.pow(to - from)).ok_or("is too large")?
    } else {
        let factor = 10_i64.pow(from - to);
        if amount % factor != 0 {
            return Err("has a fraction that its currency does not have");
        }
        amount / factor
    };
    Ok(Money::from_minor(minor, currency))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn amounts_are_converted_from_stripes_decimals_to_iso_4217() {
        for (code, stripe, major) in [
            ("usd", 1234, "12.34"),
            ("jpy", 500, "500"),
            ("krw", 500, "500"),
            ("isk", 500, "5"),
            ("ugx", 500, "5"),
            ("kwd", 5120, "5.120"),
            ("mga", 500, "500.00"),
            ("huf", 1045, "10.45"),
            ("xof", 700, "700"),
        ] {
            let money = money(stripe, Currency::parse(code).unwrap()).unwrap();
            assert_eq!(money.to_major_string(), major, "{code}");
        }
        assert!(money(4010, Currency::parse("isk").unwrap()).is_err());
        assert!(money(i64::MAX, Currency::parse("mga").unwrap()).is_err());
    }
}
