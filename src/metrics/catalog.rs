//! The catalogue: what every number means, in one sentence, a formula and a unit.

use std::sync::LazyLock;

/// What a number is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// An amount of money in minor units of a currency.
    Money,
    /// A number of things.
    Count,
    /// A share or ratio without a unit.
    Ratio,
    /// A point in time.
    Time,
    /// A point on a scale; the definition says which.
    Score,
    /// A length of time in milliseconds.
    Duration,
}

impl Unit {
    /// As clients see it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Money => "MONEY",
            Self::Count => "COUNT",
            Self::Ratio => "RATIO",
            Self::Time => "TIME",
            Self::Score => "SCORE",
            Self::Duration => "DURATION",
        }
    }
}

/// The definition of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its name, as fields of `Numbers` and `RollupRow` are called.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub definition: &'static str,
    /// How it is computed.
    pub formula: &'static str,
    /// What it is counted in.
    pub unit: Unit,
    /// Which keys of the metric policy change it; empty if none does.
    pub policy: &'static [&'static str],
    /// Whether it is a number of one customer.
    pub per_customer: bool,
    /// Whether it is a column of rollups.
    pub in_rollups: bool,
}

/// A number of one customer.
pub(crate) const fn one(
    name: &'static str,
    unit: Unit,
    definition: &'static str,
    formula: &'static str,
) -> Definition {
    Definition {
        name,
        definition,
        formula,
        unit,
        policy: &[],
        per_customer: true,
        in_rollups: false,
    }
}

const fn row(
    name: &'static str,
    unit: Unit,
    definition: &'static str,
    formula: &'static str,
    policy: &'static [&'static str],
) -> Definition {
    Definition { name, definition, formula, unit, policy, per_customer: false, in_rollups: true }
}

/// A number of the company that is no column of rollups.
pub(crate) const fn company(
    name: &'static str,
    unit: Unit,
    definition: &'static str,
    formula: &'static str,
) -> Definition {
    Definition { per_customer: false, ..one(name, unit, definition, formula) }
}

static CATALOG: &[Definition] = &[
    Definition {
        policy: &["timezone"],
        in_rollups: true,
        ..one(
            "revenue",
            Unit::Money,
            "Money received less money given back, per currency, tax included; in rollups each in its own month.",
            "sum(succeeded payments) - sum(succeeded refunds)",
        )
    },
    one(
        "gross_payments",
        Unit::Money,
        "Money received, per currency, before refunds.",
        "sum(succeeded payments)",
    ),
    one("refunded", Unit::Money, "Money given back, per currency.", "sum(succeeded refunds)"),
    one(
        "revenue_clv",
        Unit::Money,
        "Historic customer lifetime value as revenue: net revenue of the whole relationship to date, without prediction or discount.",
        "revenue",
    ),
    Definition {
        policy: &["gross_margin"],
        ..one(
            "margin_clv",
            Unit::Money,
            "Historic customer lifetime value as margin; null without a gross margin.",
            "revenue_clv * gross_margin, rounded half to even",
        )
    },
    Definition {
        policy: &["dunning_days"],
        ..one(
            "mrr",
            Unit::Money,
            "Monthly recurring revenue of the subscriptions running now, per currency; trials, paused, unpaid and incomplete ones count zero.",
            "sum(item amount * intervals per month / interval count), day 365/12, week 52/12, month 1, year 1/12; the exact sum rounded half to even",
        )
    },
    one(
        "first_payment_at",
        Unit::Time,
        "When the first payment succeeded, refunded or not.",
        "min(time of succeeded payments)",
    ),
    one(
        "last_payment_at",
        Unit::Time,
        "When the last payment succeeded.",
        "max(time of succeeded payments)",
    ),
    one("payment_count", Unit::Count, "Payments that succeeded.", "count(succeeded payments)"),
    one(
        "failed_payment_count",
        Unit::Count,
        "Attempts to pay that failed.",
        "count(failed payments)",
    ),
    one("ticket_count", Unit::Count, "Support tickets.", "count(tickets)"),
    one(
        "open_ticket_count",
        Unit::Count,
        "Support tickets neither solved nor closed.",
        "count(tickets not solved or closed)",
    ),
    Definition {
        policy: &["csat_good_from"],
        ..one(
            "csat",
            Unit::Ratio,
            "Share of good answers among satisfaction answers, with their number; answers outside 1 to 5 are left out.",
            "count(score >= csat_good_from) / count(answers)",
        )
    },
    one(
        "nps_latest",
        Unit::Score,
        "The latest answer to how likely the customer is to recommend us.",
        "score of the latest recommendation answer",
    ),
    row(
        "new_customers",
        Unit::Count,
        "Customers in the month and currency of their first payment that was not given back in full.",
        "count(profiles by first net payment)",
        &["timezone"],
    ),
    row(
        "spend",
        Unit::Money,
        "Marketing and sales expense by day and channel; has no segment and no stage.",
        "sum(spend)",
        &[],
    ),
    row(
        "clv_revenue",
        Unit::Money,
        "Historic revenue CLV of a cohort: net revenue to date of the customers acquired, per customer acquired.",
        "cohort revenue / new_customers, rounded half to even",
        &["timezone"],
    ),
    row(
        "clv_margin",
        Unit::Money,
        "Historic margin CLV of a cohort; null without a gross margin.",
        "cohort revenue * gross_margin / new_customers, rounded half to even",
        &["timezone", "gross_margin"],
    ),
    row(
        "cac",
        Unit::Money,
        "Cost to acquire a customer: expense of a period and channel per customer acquired in it, within one currency; customers who first paid in another currency are not counted.",
        "spend / new_customers, rounded half to even",
        &["timezone"],
    ),
    row(
        "ltv_to_cac",
        Unit::Ratio,
        "Historic margin CLV over CAC, four decimals.",
        "cohort revenue * gross_margin / spend, rounded half to even",
        &["timezone", "gross_margin"],
    ),
    row(
        "new_mrr",
        Unit::Money,
        "Recurring revenue per month of customers who pay for the first time, in the month of the movement.",
        "sum(rounded level after - rounded level before)",
        &["timezone", "reactivation_days", "trials"],
    ),
    row(
        "reactivation_mrr",
        Unit::Money,
        "Recurring revenue per month of customers who had left and pay again.",
        "sum(rounded level after - rounded level before)",
        &["timezone", "reactivation_days"],
    ),
    row(
        "expansion_mrr",
        Unit::Money,
        "More recurring revenue per month from customers who stayed; null where prices are assumed that nobody saw.",
        "sum(rounded level after - rounded level before)",
        &["timezone", "coupons", "same_period"],
    ),
    row(
        "contraction_mrr",
        Unit::Money,
        "Less recurring revenue per month from customers who stayed, positive; null where prices are assumed that nobody saw.",
        "sum(rounded level before - rounded level after)",
        &["timezone", "coupons", "same_period"],
    ),
    row(
        "churned_mrr",
        Unit::Money,
        "Recurring revenue per month lost with customers who left, positive; scheduled ends count once their month has begun.",
        "sum(rounded level before - rounded level after)",
        &["timezone", "churn_date", "dunning_days", "pause_churn_days", "free_plan"],
    ),
    row(
        "net_new_mrr",
        Unit::Money,
        "All movements of recurring revenue.",
        "new_mrr + reactivation_mrr + expansion_mrr - contraction_mrr - churned_mrr",
        &["timezone"],
    ),
    row(
        "fx_mrr",
        Unit::Money,
        "What exchange rates changed in recurring revenue; 0 unless amounts are converted.",
        "mrr_end - mrr_start - net_new_mrr",
        &["timezone", "fx_date", "fx_gap_days"],
    ),
    row(
        "new_subscribers",
        Unit::Count,
        "Customers who pay recurring revenue for the first time, by the currency they pay in.",
        "count(customers by first paid moment)",
        &["timezone", "reactivation_days", "trials"],
    ),
    row(
        "reactivated_subscribers",
        Unit::Count,
        "Customers who had left and pay recurring revenue again.",
        "count(returns)",
        &["timezone", "reactivation_days"],
    ),
    row(
        "churned_subscribers",
        Unit::Count,
        "Customers who left.",
        "count(departures)",
        &["timezone", "churn_date", "dunning_days"],
    ),
    row(
        "assumed_subscriptions",
        Unit::Count,
        "Subscriptions first seen after they began, whose price in the row's months is taken to be the first one seen.",
        "count(subscriptions first seen in or after the row's months and begun by their end)",
        &["timezone"],
    ),
];

/// Every definition; names are unique.
#[must_use]
pub fn catalog() -> &'static [Definition] {
    static ALL: LazyLock<Vec<Definition>> = LazyLock::new(|| {
        [
            CATALOG,
            crate::attribution::DEFINITIONS,
            crate::acquisition::DEFINITIONS,
            crate::clv::DEFINITIONS,
            crate::kpi::DEFINITIONS,
            crate::revenue::DEFINITIONS,
            crate::score::DEFINITIONS,
        ]
        .concat()
    });
    &ALL
}
