//! What the numbers of recurring revenue mean.

use crate::Unit;
use crate::catalog::{Definition, company};

/// The keys of the policy that decide what a subscription pays at a moment.
const STATE: &[&str] = &["coupons", "churn_date", "dunning_days", "refunds", "trials", "timezone"];
/// Those that decide what a change of it is called, too.
const CHANGE: &[&str] = &[
    "coupons",
    "churn_date",
    "dunning_days",
    "refunds",
    "trials",
    "timezone",
    "reactivation_days",
    "pause_churn_days",
    "free_plan",
    "same_period",
    "group_minutes",
];

const fn at(name: &'static str, definition: &'static str, formula: &'static str) -> Definition {
    Definition { policy: STATE, ..company(name, Unit::Money, definition, formula) }
}

const fn change(name: &'static str, definition: &'static str, formula: &'static str) -> Definition {
    Definition { policy: CHANGE, ..company(name, Unit::Money, definition, formula) }
}

const fn rate(name: &'static str, definition: &'static str, formula: &'static str) -> Definition {
    Definition { policy: CHANGE, ..company(name, Unit::Ratio, definition, formula) }
}

pub(crate) static DEFINITIONS: &[Definition] = &[
    Definition {
        in_rollups: true,
        ..at(
            "mrr_start",
            "Monthly recurring revenue at the start of a period; in rollups each customer's is rounded to whole minor units after each change, so it differs from the exact sum by at most half a minor unit a customer.",
            "sum(mrr at the first instant of the period)",
        )
    },
    Definition {
        in_rollups: true,
        ..at(
            "mrr_end",
            "Monthly recurring revenue at the end of a period; rounded in rollups as its start is.",
            "start + new + reactivation + expansion - contraction - churn + fx, to the cent",
        )
    },
    change(
        "mrr_new",
        "MRR of customers who pay for the first time in the period.",
        "sum(mrr from 0, never paid before)",
    ),
    change(
        "mrr_reactivation",
        "MRR of customers who had left and came back within the days of the policy.",
        "sum(mrr from 0, paid before)",
    ),
    change(
        "mrr_expansion",
        "MRR gained from customers who stayed: same product upsell, another one cross-sell.",
        "sum(increases of customers above 0 before and after)",
    ),
    change(
        "mrr_contraction",
        "MRR lost on customers who stayed; positive.",
        "sum(decreases of customers above 0 before and after)",
    ),
    change(
        "mrr_churn",
        "MRR lost with customers who left; positive; voluntary, involuntary and unknown sum to it.",
        "sum(mrr to 0)",
    ),
    change(
        "mrr_churn_voluntary",
        "Of churned MRR, that of customers who left by their own decision.",
        "sum(mrr to 0, cancelled on request)",
    ),
    change(
        "mrr_churn_involuntary",
        "Of churned MRR, that of customers who left since payments failed.",
        "sum(mrr to 0, payments failed or disputed)",
    ),
    change(
        "mrr_churn_unknown",
        "Of churned MRR, that of which no source says why.",
        "mrr_churn - mrr_churn_voluntary - mrr_churn_involuntary",
    ),
    Definition {
        policy: &["fx_date", "fx_gap_days"],
        ..company(
            "mrr_fx",
            Unit::Money,
            "What exchange rates changed in converted MRR; movements are classified in the customer's own currency.",
            "mrr_end - mrr_start - movements at their own rates",
        )
    },
    rate(
        "nrr",
        "Net revenue retention: what the customers at the start pay at the end, over what they paid; reactivations are not in it.",
        "sum(end of opening customers) / mrr_start; null at a start of 0",
    ),
    rate(
        "grr",
        "Gross revenue retention: the same, nobody counted with more than at the start.",
        "sum(min(end, start) of opening customers) / mrr_start; null at a start of 0",
    ),
];
