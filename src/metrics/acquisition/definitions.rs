//! What the numbers of acquisition mean.

use crate::Unit;
use crate::catalog::{Definition, company};

pub(crate) static DEFINITIONS: &[Definition] = &[
    company(
        "cumulative_cac",
        Unit::Money,
        "Expense over new customers from the first month asked for on; defined where a month has nobody.",
        "sum(spend to date) / sum(new customers to date), rounded half to even",
    ),
    company(
        "carried_spend",
        Unit::Money,
        "Expense of this month and the months directly before it that brought no new customer.",
        "sum(spend since the last month with new customers); 0 in a month with some",
    ),
    company(
        "cpa",
        Unit::Money,
        "Cost per action: paid-media cost per conversion.",
        "cost / conversions, rounded half to even",
    ),
    company(
        "payback_months",
        Unit::Count,
        "Months until the cumulative margin of a cohort covers what it cost, the month of acquisition being the first; 0 if it cost nothing.",
        "min(age + 1 : cumulative margin at age >= spend); null NOT_REACHED before",
    ),
    Definition {
        policy: &["gross_margin"],
        ..company(
            "cumulative_margin",
            Unit::Money,
            "Margin that a cohort has brought by the end of a month; months that have not ended are null.",
            "sum(net revenue to the end of the month) * gross_margin, rounded half to even",
        )
    },
    company(
        "payback_recovered",
        Unit::Ratio,
        "Share of a cohort's cost that its margin has paid back by an age; months that have not ended are null.",
        "cumulative margin / spend",
    ),
    company(
        "simple_ltv",
        Unit::Money,
        "Simple lifetime value of a steady customer; undefined at a churn of 0.",
        "ARPU * gross margin / churn, rounded half to even",
    ),
    company(
        "textbook_clv",
        Unit::Money,
        "Lifetime value at a constant margin m, retention r and discount d, by whether the first payment is included and when in a period it is made.",
        "first payment included, at the start of periods m(1+d)/(1+d-r), at their end m/(1+d-r); excluded mr/(1+d-r), mr/((1+d)(1+d-r))",
    ),
    company("return_on_cost", Unit::Ratio, "Return on what was spent.", "(margin - cost) / cost"),
];
