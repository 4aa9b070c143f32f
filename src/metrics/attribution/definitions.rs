//! What the numbers of attribution mean.

use crate::Unit;
use crate::catalog::{Definition, company};

pub(crate) static DEFINITIONS: &[Definition] = &[
    company(
        "attributed_conversions",
        Unit::Count,
        "Conversions credited to a channel by a named model; channels and unattributed sum to all conversions exactly.",
        "sum over paths of conversions * weight of the channel's touches; weights: first 1, last 1, linear 1/n, time decay 2^(-age/half-life), U 40/20/40, W 30/30/30/10, Markov removal effect / sum of removal effects",
    ),
    company(
        "attributed_value",
        Unit::Money,
        "Value of conversions credited to a channel by a named model; channels and unattributed sum to all value exactly.",
        "sum over paths of value * weight of the channel's touches, rounded half to even, residual to the largest channel",
    ),
    company(
        "removal_effect",
        Unit::Ratio,
        "Share of conversions that would be lost without a channel, in the Markov model of journeys.",
        "1 - P(conversion, channel removed) / P(conversion)",
    ),
];
