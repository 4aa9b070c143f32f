//! Rows of the canonical tables as canonical records.
//!
//! Links are left out: answers point at records by id, and nested reads follow them.

use super::at;
use super::profile::json;
use crate::StoreError;
use domain::{
    Canonical, CanonicalKind, Currency, Deal, DealStatus, Invoice, InvoiceStatus, Money, Payment,
    PaymentStatus, Pii, Refund, Subscription, SubscriptionStatus, SurveyKind, SurveyResponse,
    Ticket, TicketStatus, Touchpoint,
};
use entity::{
    deal, invoice, payment, refund, subscription, survey_response, ticket, touchpoint,
};
use sea_orm::{EntityTrait, FromQueryResult, IdenStatic, Iterable, QueryResult};

/// `alias.column AS prefix_column, ...` for every column of an entity.
fn columns_of<E: EntityTrait>(alias: &str, prefix: &str) -> String {
    E::Column::iter()
        .map(|column| format!("{alias}.{c} AS {prefix}{c}", c = column.as_str()))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The columns that [`read`] needs, of the kind's table under `alias`.
pub(super) fn columns(kind: CanonicalKind, alias: &str, prefix: &str) -> String {
    match kind {
        CanonicalKind::Deal => columns_of::<deal::Entity>(alias, prefix),
        CanonicalKind::Ticket => columns_of::<ticket::Entity>(alias, prefix),
        CanonicalKind::Subscription => columns_of::<subscription::Entity>(alias, prefix),
        CanonicalKind::Invoice => columns_of::<invoice::Entity>(alias, prefix),
        CanonicalKind::Payment => columns_of::<payment::Entity>(alias, prefix),
        CanonicalKind::Refund => columns_of::<refund::Entity>(alias, prefix),
        CanonicalKind::Touchpoint => columns_of::<touchpoint::Entity>(alias, prefix),
        CanonicalKind::SurveyResponse => columns_of::<survey_response::Entity>(alias, prefix),
        CanonicalKind::Contact | CanonicalKind::Company | CanonicalKind::Spend => String::new(),
    }
}

/// The record of a kind in a row's prefixed columns.
pub(super) fn read(
    kind: CanonicalKind,
    row: &QueryResult,
    prefix: &str,
) -> Result<Canonical, StoreError> {
    match kind {
        CanonicalKind::Deal => deal_of(deal::Model::from_query_result(row, prefix)?),
        CanonicalKind::Ticket => ticket_of(ticket::Model::from_query_result(row, prefix)?),
        CanonicalKind::Subscription => {
            subscription_of(subscription::Model::from_query_result(row, prefix)?)
        }
        CanonicalKind::Invoice => invoice_of(invoice::Model::from_query_result(row, prefix)?),
        CanonicalKind::Payment => payment_of(payment::Model::from_query_result(row, prefix)?),
        CanonicalKind::Refund => refund_of(refund::Model::from_query_result(row, prefix)?),
        CanonicalKind::Touchpoint => {
            Ok(touchpoint_of(touchpoint::Model::from_query_result(row, prefix)?))
        }
        CanonicalKind::SurveyResponse => {
            survey_of(survey_response::Model::from_query_result(row, prefix)?)
        }
        CanonicalKind::Contact | CanonicalKind::Company | CanonicalKind::Spend => {
            Err(StoreError::Corrupt { what: "profile_fact.kind" })
        }
    }
}

fn money(minor: i64, currency: &str) -> Result<Money, StoreError> {
    let currency = Currency::parse(currency).ok_or(StoreError::Corrupt { what: "currency" })?;
    Ok(Money::from_minor(minor, currency))
}

fn status<T>(parsed: Option<T>) -> Result<T, StoreError> {
    parsed.ok_or(StoreError::Corrupt { what: "status" })
}

fn deal_of(m: deal::Model) -> Result<Canonical, StoreError> {
    let amount = m.amount_minor.zip(m.currency).map(|(minor, c)| money(minor, &c)).transpose()?;
    Ok(Canonical::Deal(Deal {
        name: m.name,
        pipeline: m.pipeline,
        deal_stage: m.deal_stage,
        status: status(DealStatus::parse(&m.status))?,
        amount,
        created_at: m.created_at_ms.map(at),
        closed_at: m.closed_at_ms.map(at),
        links: Vec::new(),
    }))
}

fn ticket_of(m: ticket::Model) -> Result<Canonical, StoreError> {
    Ok(Canonical::Ticket(Ticket {
        subject: m.subject.map(Pii::new),
        status: status(TicketStatus::parse(&m.status))?,
        priority: m.priority,
        channel: m.channel,
        comment_count: m.comment_count,
        created_at: m.created_at_ms.map(at),
        solved_at: m.solved_at_ms.map(at),
        links: Vec::new(),
    }))
}

fn subscription_of(m: subscription::Model) -> Result<Canonical, StoreError> {
    Ok(Canonical::Subscription(Subscription {
        status: status(SubscriptionStatus::parse(&m.status))?,
        currency: money(0, &m.currency)?.currency,
        items: json(&m.items, "subscription.items")?,
        started_at: m.started_at_ms.map(at),
        trial_end: m.trial_end_ms.map(at),
        current_period_end: m.current_period_end_ms.map(at),
        canceled_at: m.canceled_at_ms.map(at),
        ended_at: m.ended_at_ms.map(at),
        cancellation_reason: m.cancellation_reason,
        links: Vec::new(),
    }))
}

fn invoice_of(m: invoice::Model) -> Result<Canonical, StoreError> {
    Ok(Canonical::Invoice(Invoice {
        number: m.number,
        status: status(InvoiceStatus::parse(&m.status))?,
        total: money(m.total_minor, &m.currency)?,
        tax_minor: m.tax_minor,
        amount_paid_minor: m.amount_paid_minor,
        issued_at: m.issued_at_ms.map(at),
        due_at: m.due_at_ms.map(at),
        paid_at: m.paid_at_ms.map(at),
        links: Vec::new(),
    }))
}

fn payment_of(m: payment::Model) -> Result<Canonical, StoreError> {
    Ok(Canonical::Payment(Payment {
        status: status(PaymentStatus::parse(&m.status))?,
        amount: money(m.amount_minor, &m.currency)?,
        method: m.method,
        failure_code: m.failure_code,
        paid_at: m.paid_at_ms.map(at),
        links: Vec::new(),
    }))
}

fn refund_of(m: refund::Model) -> Result<Canonical, StoreError> {
    Ok(Canonical::Refund(Refund {
        status: status(PaymentStatus::parse(&m.status))?,
        amount: money(m.amount_minor, &m.currency)?,
        reason: m.reason,
        refunded_at: m.refunded_at_ms.map(at),
        links: Vec::new(),
    }))
}

fn touchpoint_of(m: touchpoint::Model) -> Canonical {
    Canonical::Touchpoint(Touchpoint {
        action: m.action,
        channel: m.channel,
        campaign: m.campaign,
        touched_at: m.touched_at_ms.map(at),
        links: Vec::new(),
    })
}

fn survey_of(m: survey_response::Model) -> Result<Canonical, StoreError> {
    Ok(Canonical::SurveyResponse(SurveyResponse {
        kind: status(SurveyKind::parse(&m.kind))?,
        score: m.score,
        comment: m.comment.map(Pii::new),
        responded_at: m.responded_at_ms.map(at),
        links: Vec::new(),
    }))
}
