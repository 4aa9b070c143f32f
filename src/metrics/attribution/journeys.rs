//! From touches and conversions of customers to paths.
//!
//! Owns where a journey ends: a conversion takes the customer's touches since the one before it, up
//! to and including its own moment; what follows the last conversion is a journey that did not
//! convert. Refuses an order: the same events give the same paths however they are listed.

use super::{AttributionError, Milestone, Path, Paths, Touch};
use domain::Timestamp;
use std::collections::BTreeMap;

/// A touch of a customer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TouchEvent<'a> {
    /// Whose; any stable name.
    pub customer: &'a str,
    /// When.
    pub at: Timestamp,
    /// The channel; `None` is unattributed.
    pub channel: Option<&'a str>,
    /// What it brought about, if known.
    pub milestone: Option<Milestone>,
}

/// A conversion of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConversionEvent<'a> {
    /// Whose.
    pub customer: &'a str,
    /// When.
    pub at: Timestamp,
    /// What it is worth, in the caller's smallest unit.
    pub value_minor: u64,
}

/// The paths of all customers, one per conversion and one per journey that did not convert. Touches
/// of one moment are ordered by channel; conversions of one moment are one path.
///
/// # Errors
/// [`AttributionError::PathTooLong`], [`AttributionError::Overflow`].
pub fn journeys(
    touches: &[TouchEvent<'_>],
    conversions: &[ConversionEvent<'_>],
) -> Result<Paths, AttributionError> {
    type Events<'a> = (Vec<&'a TouchEvent<'a>>, BTreeMap<Timestamp, (u64, u64)>);
    let mut customers: BTreeMap<&str, Events<'_>> = BTreeMap::new();
    for touch in touches {
        customers.entry(touch.customer).or_default().0.push(touch);
    }
    for conversion in conversions {
        let ends = &mut customers.entry(conversion.customer).or_default().1;
        let (count, value) = ends.entry(conversion.at).or_default();
        let overflow = AttributionError::Overflow;
        *count = count.checked_add(1).ok_or(overflow)?;
        *value = value.checked_add(conversion.value_minor).ok_or(overflow)?;
    }
    let mut paths = Paths::new();
    for (mut touches, ends) in customers.into_values() {
        touches.sort_unstable();
        let mut rest = touches.into_iter().peekable();
        for (at, (conversions, value_minor)) in ends {
            let mut taken = Vec::new();
            while let Some(touch) = rest.next_if(|touch| touch.at <= at) {
                taken.push(step(&mut paths, touch));
            }
            let converted_at = Some(at);
            let path = Path { touches: taken, converted_at, conversions, value_minor, nulls: 0 };
            paths.push(path)?;
        }
        let left: Vec<Touch> = rest.map(|touch| step(&mut paths, touch)).collect();
        if !left.is_empty() {
            let (conversions, value_minor, nulls) = (0, 0, 1);
            let path = Path { touches: left, converted_at: None, conversions, value_minor, nulls };
            paths.push(path)?;
        }
    }
    Ok(paths)
}

fn step(paths: &mut Paths, touch: &TouchEvent<'_>) -> Touch {
    let channel = paths.channel(touch.channel.unwrap_or_default());
    Touch { channel, at: Some(touch.at), milestone: touch.milestone }
}
