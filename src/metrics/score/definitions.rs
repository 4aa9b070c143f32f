//! What the scores mean.

use crate::Unit;
use crate::catalog::{Definition, company};

pub(crate) static DEFINITIONS: &[Definition] = &[
    Definition {
        per_customer: true,
        ..company(
            "lead_score",
            Unit::Score,
            "Points of a lead for who it is and what it did, 0 to 100, with breakdown; null once it bought.",
            "sum(fit points) + sum(action points * 2^(-age / half-life)), each rule held to its limit, the sum to 0 to 100",
        )
    },
    Definition {
        per_customer: true,
        ..company(
            "health_score",
            Unit::Score,
            "Health of a customer, 0 to 100, with band and breakdown; null before the purchase.",
            "sum(weight * points) / sum(weight) over usage, tickets, first replies, NPS and payments, weights and bands by segment; a missing input is skipped, neutral or makes it null, as the model says",
        )
    },
];
