//! What the numbers of predicted lifetime value mean.

use crate::Unit;
use crate::catalog::{Definition, one};

pub(crate) static DEFINITIONS: &[Definition] = &[
    one(
        "p_alive",
        Unit::Ratio,
        "Chance that the customer is still one: of a running contract 1, of an ended one 0, else by the model of purchases.",
        "P(alive | x, tx, T) of pareto-nbd or mbg-nbd, whichever is likelier",
    ),
    one(
        "expected_transactions",
        Unit::Count,
        "Purchases, or renewals of the contract, expected within the horizon.",
        "P(alive) * E[purchases within the horizon | alive]; contracts: sum of S(n + j) / S(n) over renewals j within it",
    ),
    one(
        "expected_residual",
        Unit::Money,
        "Revenue expected within the horizon, discounted.",
        "discounted expected purchases * expected mean amount (gamma-gamma); contracts: sum of S(n + j) / S(n) * price * (1 + discount)^-years",
    ),
    Definition {
        policy: &["gross_margin"],
        ..one(
            "expected_residual_margin",
            Unit::Money,
            "Margin expected within the horizon, discounted; null without a gross margin.",
            "expected_residual * gross_margin",
        )
    },
    one(
        "predicted_clv",
        Unit::Money,
        "Lifetime value as revenue: what the customer brought so far and what is expected of it within the horizon.",
        "historic revenue + expected_residual",
    ),
    Definition {
        policy: &["gross_margin"],
        ..one(
            "predicted_clv_margin",
            Unit::Money,
            "The same as margin; null without a gross margin.",
            "(historic revenue + expected_residual) * gross_margin",
        )
    },
];
