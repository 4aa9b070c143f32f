//! How far a model fitted to one period held in the next.
//!
//! Owns the comparison of expected with actual purchases, in all and by how often customers had bought
//! before.

use serde::Serialize;

/// Bins by repeat purchases before: 0, 1, ..., and this many or more.
const LAST_BIN: u32 = 7;

/// Customers who had bought equally often.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// Repeat purchases in the calibration period; in the last bin, or more.
    pub x: u32,
    /// Whether it is "or more".
    pub or_more: bool,
    /// Customers.
    pub n: u64,
    /// Their purchases in the hold-out period.
    pub actual: u64,
    /// What was expected.
    pub expected: f64,
}

/// See the head of the file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Holdout {
    /// Customers.
    pub n: u64,
    /// Their purchases in the hold-out period.
    pub actual: u64,
    /// What was expected.
    pub expected: f64,
    /// The mean over customers of the difference, taken as positive; none without customers.
    pub mean_absolute_error: Option<f64>,
    /// The root of the mean of its square.
    pub root_mean_square_error: Option<f64>,
    /// By repeat purchases before.
    pub bins: Vec<Bin>,
}

/// Compares customers' repeat purchases before (`x`), expected and actual purchases after.
pub fn holdout(customers: impl IntoIterator<Item = (u32, f64, u32)>) -> Holdout {
    let bin = |x| Bin { x, or_more: x == LAST_BIN, n: 0, actual: 0, expected: 0.0 };
    let mut bins: Vec<Bin> = (0..=LAST_BIN).map(bin).collect();
    let (mut absolute, mut square) = (0.0, 0.0);
    for (x, expected, actual) in customers {
        let error = expected - f64::from(actual);
        absolute += error.abs();
        square += error * error;
        if let Some(bin) = bins.get_mut(x.min(LAST_BIN) as usize) {
            bin.n += 1;
            bin.actual += u64::from(actual);
            bin.expected += expected;
        }
    }
    let n: u64 = bins.iter().map(|bin| bin.n).sum();
    let mean = |sum: f64| (n > 0).then_some(sum / n as f64);
    Holdout {
        n,
        actual: bins.iter().map(|bin| bin.actual).sum(),
        expected: bins.iter().map(|bin| bin.expected).sum(),
        mean_absolute_error: mean(absolute),
        root_mean_square_error: mean(square).map(f64::sqrt),
        bins,
    }
}
