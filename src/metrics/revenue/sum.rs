//! Sums of many fractions without reducing each.

use crate::{NullReason, Ratio};

/// A running sum: one numerator over the least common denominator met so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    num: i128,
    den: i128,
    lost: bool,
}

impl Default for Sum {
    fn default() -> Self {
        Self { num: 0, den: 1, lost: false }
    }
}

impl Sum {
    /// Adds a fraction. What does not fit makes the whole sum unknown.
    pub fn add(&mut self, value: Ratio) {
        let (num, den) = (value.numerator(), value.denominator());
        if num == 0 || self.lost {
            return;
        }
        let scaled = if self.den % den == 0 {
            num.checked_mul(self.den / den).and_then(|num| self.num.checked_add(num))
        } else {
            None
        };
        match scaled {
            Some(num) => self.num = num,
            None => match self.total().ok().and_then(|sum| sum.checked_add(value)) {
                // The denominator may have shrunk; it only costs the next sum a reduction.
                Some(sum) => (self.num, self.den) = (sum.numerator(), sum.denominator()),
                None => self.lost = true,
            },
        }
    }

    /// Adds another sum.
    pub fn add_sum(&mut self, other: Self) {
        match other.total() {
            Ok(value) => self.add(value),
            Err(_) => self.lost = true,
        }
    }

    /// The sum in lowest terms.
    pub fn total(self) -> Result<Ratio, NullReason> {
        if self.lost {
            return Err(NullReason::Overflow);
        }
        Ratio::new(self.num, self.den).ok_or(NullReason::Overflow)
    }
}
