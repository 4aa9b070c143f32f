//! Weights that are certain rather than estimated, in log2 odds.

/// A steward's decision.
pub const STEWARD: f64 = 100.0;
/// The vendor merged the two.
pub const VENDOR_MERGE: f64 = 60.0;
/// An id that points at the other record, or the same id stated by both.
pub const TRUSTED_ID: f64 = 40.0;

/// Match probability of a total weight, 0 to 1.
#[must_use]
pub fn probability(weight: f64) -> f64 {
    let odds = weight.clamp(-60.0, 60.0).exp2();
    odds / (1.0 + odds)
}
