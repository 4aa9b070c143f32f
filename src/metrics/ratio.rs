//! Exact fractions of 128-bit integers, and the one place where they are rounded.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A fraction in lowest terms with a positive denominator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    num: i128,
    den: i128,
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Ratio {
    /// Zero.
    pub const ZERO: Self = Self { num: 0, den: 1 };

    /// `num / den` in lowest terms; `None` when `den` is zero or a part does not fit.
    #[must_use]
    pub fn new(num: i128, den: i128) -> Option<Self> {
        if den == 0 {
            return None;
        }
        let (num, den) =
            if den < 0 { (num.checked_neg()?, den.checked_neg()?) } else { (num, den) };
        let divisor = i128::try_from(gcd(num.unsigned_abs(), den.unsigned_abs())).ok()?;
        Some(Self { num: num / divisor, den: den / divisor })
    }

    /// A whole number.
    #[must_use]
    pub const fn whole(value: i64) -> Self {
        Self { num: value as i128, den: 1 }
    }

    /// The numerator; carries the sign.
    #[must_use]
    pub const fn numerator(&self) -> i128 {
        self.num
    }

    /// The denominator; positive.
    #[must_use]
    pub const fn denominator(&self) -> i128 {
        self.den
    }

    /// The exact sum; `None` when it does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let shared = i128::try_from(gcd(self.den.unsigned_abs(), other.den.unsigned_abs())).ok()?;
        let left = self.num.checked_mul(other.den / shared)?;
        let right = other.num.checked_mul(self.den / shared)?;
        Self::new(left.checked_add(right)?, (self.den / shared).checked_mul(other.den)?)
    }

    /// The exact product; `None` when it does not fit.
    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        // Crosswise reduction first: the product is then in lowest terms and as small as can be.
        let a = Self::new(self.num, other.den)?;
        let b = Self::new(other.num, self.den)?;
        Self::new(a.num.checked_mul(b.num)?, a.den.checked_mul(b.den)?)
    }

    /// The exact difference; `None` when it does not fit.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(Self { num: other.num.checked_neg()?, den: other.den })
    }

    /// The exact quotient; `None` when `other` is zero or it does not fit.
    #[must_use]
    pub fn checked_div(self, other: Self) -> Option<Self> {
        self.checked_mul(Self::new(other.den, other.num)?)
    }

    /// Whether it is zero.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.num == 0
    }

    /// Whether it is above zero.
    #[must_use]
    pub const fn is_positive(&self) -> bool {
        self.num > 0
    }

    /// Whether it is below zero.
    #[must_use]
    pub const fn is_negative(&self) -> bool {
        self.num < 0
    }

    /// Parses plain decimal text (`-12.345`), exactly; `None` when it is no decimal or has more
    /// digits than fit.
    #[must_use]
    pub fn parse_decimal(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let fraction = fraction.trim_end_matches('0');
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        // "5." and ".5" are decimals, "." is none.
        if digits.len() == usize::from(digits.contains('.'))
            || !all_digits(whole)
            || !all_digits(fraction)
            || fraction.len() > 30
        {
            return None;
        }
        let mut num: i128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            num = num.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
        }
        let den = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        Self::new(if negative { -num } else { num }, den)
    }

    /// The same rounded to `places` (at most 30) decimal places, halves to the even one; `None`
    /// when it does not fit.
    #[must_use]
    pub fn rounded_to(self, places: u32) -> Option<Self> {
        let scale = 10_i128.checked_pow(places.min(30))?;
        Self::new(self.checked_mul(Self { num: scale, den: 1 })?.round(), scale)
    }

    /// The nearest whole number, halves to the even one.
    #[must_use]
    pub fn round(self) -> i128 {
        let (floor, rest) = (self.num.div_euclid(self.den), self.num.rem_euclid(self.den));
        // rest < den, so the difference cannot overflow where doubling could.
        match rest.cmp(&(self.den - rest)) {
            std::cmp::Ordering::Less => floor,
            std::cmp::Ordering::Greater => floor + 1,
            std::cmp::Ordering::Equal => floor + (floor & 1),
        }
    }

    /// The nearest whole number in 64 bits; `None` when it does not fit.
    #[must_use]
    pub fn round_i64(self) -> Option<i64> {
        i64::try_from(self.round()).ok()
    }

    /// Decimal text with exactly `places` (at most 18) digits after the point, rounded half to
    /// even; `None` when it does not fit.
    #[must_use]
    pub fn to_decimal(self, places: u32) -> Option<String> {
        let scale = 10_i128.pow(places.min(18));
        let scaled = self.checked_mul(Self { num: scale, den: 1 })?.round();
        let sign = if scaled < 0 { "-" } else { "" };
        let (whole, rest) = (
            scaled.unsigned_abs() / scale.unsigned_abs(),
            scaled.unsigned_abs() % scale.unsigned_abs(),
        );
        if places == 0 {
            return Some(format!("{sign}{whole}"));
        }
        let width = places.min(18) as usize;
        Some(format!("{sign}{whole}.{rest:0>width$}"))
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ratio {
    /// Exactly, without products that could overflow: by whole parts, then by the inverses of the
    /// rests, as continued fractions are compared.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let (mut a, mut b) = (*self, *other);
        let mut flipped = false;
        loop {
            let whole = a.num.div_euclid(a.den).cmp(&b.num.div_euclid(b.den));
            let rests = (a.num.rem_euclid(a.den), b.num.rem_euclid(b.den));
            let order = match (whole, rests) {
                (std::cmp::Ordering::Equal, (0, _) | (_, 0)) => rests.0.cmp(&rests.1),
                (std::cmp::Ordering::Equal, (left, right)) => {
                    (a, b) = (Self { num: a.den, den: left }, Self { num: b.den, den: right });
                    flipped = !flipped;
                    continue;
                }
                (order, _) => order,
            };
            return if flipped { order.reverse() } else { order };
        }
    }
}

/// A gross margin: a share between 0 and 1 with at most six decimals, kept in parts per million.
/// Written as decimal text (`"0.8"`), never as a float.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Margin(u32);

const PPM: u32 = 1_000_000;

impl Margin {
    /// Parses decimal text; `None` when it is no decimal, outside 0 to 1, or has more than six
    /// significant decimals.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
        let fraction = fraction.trim_end_matches('0');
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || whole.len() > 3 || !digits(whole) || !digits(fraction) {
            return None;
        }
        if fraction.len() > 6 {
            return None;
        }
        let whole: u32 = whole.parse().ok()?;
        let parts: u32 = format!("{fraction:0<6}").parse().ok()?;
        let ppm = whole.checked_mul(PPM)?.checked_add(parts)?;
        (ppm <= PPM).then_some(Self(ppm))
    }

    /// Parts per million.
    #[must_use]
    pub const fn ppm(self) -> u32 {
        self.0
    }

    /// As an exact fraction.
    #[must_use]
    pub fn ratio(self) -> Ratio {
        Ratio::new(i128::from(self.0), i128::from(PPM)).unwrap_or(Ratio::ZERO)
    }
}

impl fmt::Display for Margin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = format!("{:06}", self.0 % PPM);
        let fraction = fraction.trim_end_matches('0');
        write!(f, "{}.{}", self.0 / PPM, if fraction.is_empty() { "0" } else { fraction })
    }
}

impl Serialize for Margin {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Margin {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(
                "expected a share from 0 to 1 as text with at most six decimals, e.g. \"0.8\"",
            )
        })
    }
}
