//! What the further numbers mean.

use crate::Unit;
use crate::catalog::{Definition, company};

pub(crate) static DEFINITIONS: &[Definition] = &[
    company(
        "conversion_rate",
        Unit::Ratio,
        "Entrants to a milestone who reach a later one within the window, of those whose window has ended.",
        "reached / entrants; immature entrants in neither",
    ),
    company(
        "overall_conversion",
        Unit::Ratio,
        "Entrants to a funnel who reach a step within the window, of those whose window has ended.",
        "reached / entrants of the first step",
    ),
    company(
        "event_rate",
        Unit::Ratio,
        "Events of a later milestone per event of an earlier one in the same period, whoever they belong to; can exceed 1.",
        "later events / earlier events",
    ),
    company(
        "drop_off",
        Unit::Ratio,
        "Share of entrants lost between two milestones.",
        "1 - conversion_rate",
    ),
    company(
        "lift",
        Unit::Ratio,
        "Change of a rate between two periods or groups.",
        "after / before - 1",
    ),
    company(
        "lead_qualification_rate",
        Unit::Ratio,
        "Leads of a cohort that became MQL (or SQL) within so many days, of those whose days have passed.",
        "qualified within N days / leads",
    ),
    company(
        "sales_cycle",
        Unit::Duration,
        "Time from opening a deal to winning it, median and mean, of deals won in the period.",
        "median and mean of won_at - created_at; negative ones left out",
    ),
    company(
        "average_order_value",
        Unit::Money,
        "Net revenue per order, per currency; an order given back in full is none.",
        "net order revenue / orders, rounded half to even",
    ),
    company(
        "repeat_rate",
        Unit::Ratio,
        "Customers with two orders or more in the period, of those with one or more.",
        "customers with >= 2 orders / customers with >= 1",
    ),
    company(
        "renewal_rate",
        Unit::Ratio,
        "Contracts renewed before their days of grace ended, of those up for renewal and decided.",
        "renewed / decided",
    ),
    company(
        "renewal_rate_gross_value",
        Unit::Ratio,
        "Value renewed, each contract at most at its old value, of the value up for renewal.",
        "sum(min(new value, old value)) / sum(old value)",
    ),
    company(
        "renewal_rate_net_value",
        Unit::Ratio,
        "Value renewed, expansion included, of the value up for renewal; can exceed 1.",
        "sum(new value) / sum(old value)",
    ),
    company(
        "retention_rate",
        Unit::Ratio,
        "Customers of a cohort active so many months after they began; months that have not ended are null.",
        "active in month start + age / size of the cohort",
    ),
    company(
        "retained_customers",
        Unit::Count,
        "Customers of a cohort active so many months after they began; months that have not ended are null.",
        "count(customers of the cohort active in month start + age)",
    ),
    company(
        "cohort_nrr",
        Unit::Ratio,
        "MRR that a cohort pays so many months after it began, of what it began with; months that have not ended are null.",
        "MRR at the end of the month / MRR joined with",
    ),
    company(
        "cohort_grr",
        Unit::Ratio,
        "The same, nobody counted with more than what they began with.",
        "sum(min(MRR at the end of the month, MRR joined with)) / MRR joined with",
    ),
    company(
        "nps",
        Unit::Score,
        "Net promoter score, -100 to 100, of the latest answer of each respondent in the period, with n and a 95 % interval.",
        "100 * (answers 9-10 - answers 0-6) / answers; interval: adjusted Wald with three pseudo-answers",
    ),
    company(
        "csat_share",
        Unit::Ratio,
        "Good answers of the latest satisfaction answers in the period, with n and a 95 % interval.",
        "good / answers; interval: Wilson",
    ),
    company(
        "csat_mean",
        Unit::Score,
        "Mean satisfaction, 1 to 5, of the latest answer of each respondent in the period.",
        "sum(score) / answers",
    ),
    company("ticket_volume", Unit::Count, "Tickets opened in the period.", "count(tickets)"),
    company(
        "tickets_per_100_active",
        Unit::Ratio,
        "Tickets opened in the period per 100 active customers.",
        "100 * tickets / active customers",
    ),
    Definition {
        policy: &["business_hours"],
        ..company(
            "first_response",
            Unit::Duration,
            "Time to the first answer to a ticket opened in the period, median and mean: in the business hours of the metric policy, in all hours where it has none; unanswered tickets are counted beside it.",
            "median and mean of first_replied_at - created_at, within the business hours if there are any; negative ones left out",
        )
    },
    company(
        "referral_rate",
        Unit::Ratio,
        "Active customers who referred someone, of all active customers.",
        "referring active customers / active customers",
    ),
    company(
        "referred_revenue_share",
        Unit::Ratio,
        "Net revenue of referred customers of all net revenue, in one currency.",
        "referred revenue / revenue",
    ),
    company(
        "reviews",
        Unit::Score,
        "Product reviews, their number and mean stars.",
        "count(reviews); sum(stars) / count(reviews)",
    ),
    company("impressions", Unit::Count, "Times advertisements were shown.", "sum(impressions)"),
    company("clicks", Unit::Count, "Clicks on advertisements.", "sum(clicks)"),
    company(
        "reach",
        Unit::Count,
        "People reached, summed by day: someone reached on two days counts twice.",
        "sum(daily reach)",
    ),
    company("sessions", Unit::Count, "Visits to the site.", "sum(sessions)"),
    company("downloads", Unit::Count, "Leads that downloaded.", "sum(downloads)"),
    company(
        "click_through_rate",
        Unit::Ratio,
        "Clicks per impression, of the days on which both were reported.",
        "clicks / impressions",
    ),
    company(
        "impression_share",
        Unit::Ratio,
        "Times shown of the times an advertisement could have been.",
        "impressions / eligible impressions",
    ),
    company("open_rate", Unit::Ratio, "E-mails opened of those delivered.", "opens / delivered"),
    company(
        "seconds_per_session",
        Unit::Ratio,
        "Mean seconds of a visit to the site.",
        "seconds / sessions",
    ),
    company(
        "lead_magnet_conversion",
        Unit::Ratio,
        "Leads that downloaded of the visitors of the download page.",
        "downloads / download page visitors",
    ),
    company(
        "target_progress",
        Unit::Ratio,
        "How far a number has come from its baseline to its target for the quarter; 1 is met.",
        "(actual - baseline) / (target - baseline)",
    ),
];
