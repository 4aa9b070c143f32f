//! Scores: of a lead before the purchase, and of a customer's health after it.
//!
//! Owns the rules (typed, from the configuration), their check, and the scores as functions of facts
//! and a moment, breakdown kept. Refuses any memory: the history of a score is the score at earlier
//! moments, so late facts and corrections change it as they should, whatever their order.

mod config;
mod defaults;
mod definitions;
mod health;
mod lead;
mod segment;

pub use config::{
    Band, Behaviour, BehaviourEvent, Dimension, Fit, FitField, HealthInput, HealthModel, LeadRules,
    Missing, Points, Scale, ScoreConfig, SegmentModel,
};
pub use defaults::DEFAULT_SCORE_TOML;
pub(crate) use definitions::DEFINITIONS;
pub use health::{DimensionScore, HealthFacts, HealthScore, health_score, quality_score};
pub use lead::{LeadPart, LeadScore, lead_score};
pub use segment::score_segment;

use domain::{Canonical, DealStatus, Fact, InvoiceStatus, PaymentStatus, Timestamp};

/// Milliseconds of a day of 24 hours.
pub(crate) const DAY_MS: i64 = 86_400_000;
/// Most moments of a history.
pub const HISTORY_MAX: usize = 1_000;

/// The moments at which a history is read: from `from` every so many days, the last one at `as_of`.
/// At most [`HISTORY_MAX`], the latest ones.
#[must_use]
pub fn history_moments(from: Timestamp, as_of: Timestamp, every_days: u32) -> Vec<Timestamp> {
    let step = i64::from(every_days.max(1));
    let back = |n: usize| as_of.plus_days(-step.saturating_mul(n as i64));
    let mut moments: Vec<Timestamp> =
        (0..HISTORY_MAX).map(back).take_while(|at| *at >= from).collect();
    moments.dedup();
    moments.reverse();
    moments
}

/// When a fact happened; `None` when nothing says.
pub(crate) fn dated(fact: &Fact) -> Option<Timestamp> {
    let own = match &fact.body {
        Canonical::Contact(contact) => contact.created_at,
        Canonical::Company(company) => company.created_at,
        Canonical::Deal(deal) => deal.created_at,
        Canonical::Ticket(ticket) => ticket.created_at,
        Canonical::Subscription(subscription) => subscription.started_at,
        Canonical::Invoice(invoice) => invoice.issued_at,
        Canonical::Payment(payment) => payment.paid_at,
        Canonical::Refund(refund) => refund.refunded_at,
        Canonical::Touchpoint(touchpoint) => touchpoint.touched_at,
        Canonical::SurveyResponse(answer) => answer.responded_at,
        Canonical::UsageEvent(usage) => usage.used_at,
        Canonical::Spend(_) | Canonical::ExchangeRate(_) => None,
    };
    own.or(fact.occurred_at)
}

/// Whether the profile had bought by `as_of`: a deal won, an invoice above zero paid, or a payment.
fn bought(facts: &[Fact], as_of: Timestamp) -> bool {
    facts.iter().any(|fact| {
        let at = match &fact.body {
            Canonical::Deal(deal) if deal.status == DealStatus::Won => deal.closed_at,
            Canonical::Invoice(invoice)
                if invoice.status == InvoiceStatus::Paid && invoice.total.amount_minor > 0 =>
            {
                invoice.paid_at
            }
            Canonical::Payment(payment)
                if payment.status == PaymentStatus::Succeeded
                    && payment.amount.amount_minor > 0 =>
            {
                payment.paid_at
            }
            _ => return false,
        };
        at.or(fact.occurred_at).is_none_or(|at| at <= as_of)
    })
}
