//! Canonical records to rows and back.
//!
//! Owns the column-by-column translation. Lists are JSON text, so both databases read them alike.

use crate::StoreError;
use domain::{
    Address, Canonical, Company, Contact, Currency, Date, Deal, DealStatus, ExchangeRate, Invoice,
    InvoiceStatus, Money, Payment, PaymentStatus, Pii, Rate, RecordId, Refund, Spend, SpendKind,
    Subscription, SubscriptionStatus, SurveyKind, SurveyResponse, Ticket, TicketStatus, Timestamp,
    Touchpoint, UsageEvent, VendorStay,
};
use entity::{
    company, contact, deal, exchange_rate, invoice, payment, refund, spend, subscription,
    survey_response, ticket, touchpoint, usage_event,
};

/// Canonical rows of a page, by table.
#[derive(Default)]
pub(crate) struct CanonicalRows {
    pub contacts: Vec<contact::Model>,
    pub companies: Vec<company::Model>,
    pub deals: Vec<deal::Model>,
    pub tickets: Vec<ticket::Model>,
    pub subscriptions: Vec<subscription::Model>,
    pub invoices: Vec<invoice::Model>,
    pub payments: Vec<payment::Model>,
    pub refunds: Vec<refund::Model>,
    pub spends: Vec<spend::Model>,
    pub touchpoints: Vec<touchpoint::Model>,
    pub survey_responses: Vec<survey_response::Model>,
    pub usage_events: Vec<usage_event::Model>,
    pub exchange_rates: Vec<exchange_rate::Model>,
}

fn ms(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::as_millis)
}

fn at(ms: Option<i64>) -> Option<Timestamp> {
    ms.map(Timestamp::from_millis)
}

fn text(value: Option<&Pii>) -> Option<String> {
    value.map(|v| v.expose().to_owned())
}

fn pii(value: Option<String>) -> Option<Pii> {
    value.map(Pii::new)
}

pub(crate) fn json<T: serde::Serialize>(value: &T) -> String {
    // Strings, numbers and structs of them cannot fail to serialise.
    serde_json::to_string(value).unwrap_or_else(|_| "[]".to_owned())
}

pub(crate) fn from_json<T: serde::de::DeserializeOwned>(
    text: &str,
    what: &'static str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt { what })
}

pub(crate) fn currency(code: &str) -> Result<Currency, StoreError> {
    Currency::parse(code).ok_or(StoreError::Corrupt { what: "currency" })
}

fn address(
    street: Option<String>,
    city: Option<String>,
    region: Option<String>,
    postal_code: Option<String>,
    country: Option<String>,
) -> Address {
    Address { street: pii(street), city: pii(city), region, postal_code: pii(postal_code), country }
}

impl CanonicalRows {
    pub(crate) fn push(&mut self, id: RecordId, canonical: &Canonical) {
        let record_id = id.0;
        match canonical {
            Canonical::Contact(c) => self.contacts.push(contact::Model {
                record_id,
                full_name: text(c.full_name.as_ref()),
                given_name: text(c.given_name.as_ref()),
                family_name: text(c.family_name.as_ref()),
                emails: json(&c.emails),
                phones: json(&c.phones),
                job_title: c.job_title.clone(),
                company_name: c.company_name.clone(),
                street: text(c.address.street.as_ref()),
                city: text(c.address.city.as_ref()),
                region: c.address.region.clone(),
                postal_code: text(c.address.postal_code.as_ref()),
                country: c.address.country.clone(),
                vendor_stage: c.vendor_stage.clone(),
                vendor_stays: (!c.vendor_stays.is_empty()).then(|| json(&c.vendor_stays)),
                acquisition_channel: c.acquisition_channel.clone(),
                created_at_ms: ms(c.created_at),
            }),
            Canonical::Company(c) => self.companies.push(company::Model {
                record_id,
                name: c.name.clone(),
                domains: json(&c.domains),
                phones: json(&c.phones),
                emails: json(&c.emails),
                industry: c.industry.clone(),
                employee_count: c.employee_count,
                street: text(c.address.street.as_ref()),
                city: text(c.address.city.as_ref()),
                region: c.address.region.clone(),
                postal_code: text(c.address.postal_code.as_ref()),
                country: c.address.country.clone(),
                vendor_stage: c.vendor_stage.clone(),
                vendor_stays: (!c.vendor_stays.is_empty()).then(|| json(&c.vendor_stays)),
                acquisition_channel: c.acquisition_channel.clone(),
                created_at_ms: ms(c.created_at),
            }),
            Canonical::Deal(d) => self.deals.push(deal::Model {
                record_id,
                name: d.name.clone(),
                pipeline: d.pipeline.clone(),
                deal_stage: d.deal_stage.clone(),
                status: d.status.as_str().to_owned(),
                amount_minor: d.amount.map(|m| m.amount_minor),
                currency: d.amount.map(|m| m.currency.code().to_owned()),
                created_at_ms: ms(d.created_at),
                closed_at_ms: ms(d.closed_at),
            }),
            Canonical::Ticket(t) => self.tickets.push(ticket::Model {
                record_id,
                subject: text(t.subject.as_ref()),
                status: t.status.as_str().to_owned(),
                priority: t.priority.clone(),
                channel: t.channel.clone(),
                comment_count: t.comment_count,
                created_at_ms: ms(t.created_at),
                first_replied_at_ms: ms(t.first_replied_at),
                solved_at_ms: ms(t.solved_at),
            }),
            Canonical::Subscription(s) => self.subscriptions.push(subscription::Model {
                record_id,
                status: s.status.as_str().to_owned(),
                currency: s.currency.code().to_owned(),
                items: json(&s.items),
                started_at_ms: ms(s.started_at),
                trial_end_ms: ms(s.trial_end),
                current_period_end_ms: ms(s.current_period_end),
                canceled_at_ms: ms(s.canceled_at),
                ended_at_ms: ms(s.ended_at),
                cancellation_reason: s.cancellation_reason.clone(),
            }),
            Canonical::Invoice(i) => self.invoices.push(invoice::Model {
                record_id,
                number: i.number.clone(),
                status: i.status.as_str().to_owned(),
                total_minor: i.total.amount_minor,
                currency: i.total.currency.code().to_owned(),
                tax_minor: i.tax_minor,
                amount_paid_minor: i.amount_paid_minor,
                issued_at_ms: ms(i.issued_at),
                due_at_ms: ms(i.due_at),
                paid_at_ms: ms(i.paid_at),
            }),
            Canonical::Payment(p) => self.payments.push(payment::Model {
                record_id,
                status: p.status.as_str().to_owned(),
                amount_minor: p.amount.amount_minor,
                currency: p.amount.currency.code().to_owned(),
                method: p.method.clone(),
                failure_code: p.failure_code.clone(),
                paid_at_ms: ms(p.paid_at),
            }),
            Canonical::Refund(r) => self.refunds.push(refund::Model {
                record_id,
                status: r.status.as_str().to_owned(),
                amount_minor: r.amount.amount_minor,
                currency: r.amount.currency.code().to_owned(),
                reason: r.reason.clone(),
                refunded_at_ms: ms(r.refunded_at),
            }),
            Canonical::Spend(s) => self.spends.push(spend::Model {
                record_id,
                day: s.day.to_string(),
                channel: s.channel.clone(),
                campaign: s.campaign.clone(),
                kind: Some(s.kind.as_str().to_owned()),
                amount_minor: s.amount.amount_minor,
                currency: s.amount.currency.code().to_owned(),
            }),
            Canonical::Touchpoint(t) => self.touchpoints.push(touchpoint::Model {
                record_id,
                action: t.action.clone(),
                channel: t.channel.clone(),
                campaign: t.campaign.clone(),
                touched_at_ms: ms(t.touched_at),
            }),
            Canonical::SurveyResponse(s) => self.survey_responses.push(survey_response::Model {
                record_id,
                kind: s.kind.as_str().to_owned(),
                score: s.score,
                comment: text(s.comment.as_ref()),
                responded_at_ms: ms(s.responded_at),
            }),
            Canonical::UsageEvent(u) => self.usage_events.push(usage_event::Model {
                record_id,
                action: u.action.clone(),
                quantity: u.quantity,
                used_at_ms: ms(u.used_at),
            }),
            Canonical::ExchangeRate(e) => self.exchange_rates.push(exchange_rate::Model {
                record_id,
                day: e.day.to_string(),
                base: e.base.code().to_owned(),
                quote: e.quote.code().to_owned(),
                rate: e.rate.to_string(),
            }),
        }
    }
}

/// Reads a row of one of the canonical tables. Links are not in the row and stay empty.
pub(crate) trait FromRow: Sized {
    type Row;
    fn from_row(row: Self::Row) -> Result<Self, StoreError>;
}

fn word<T>(parsed: Option<T>, what: &'static str) -> Result<T, StoreError> {
    parsed.ok_or(StoreError::Corrupt { what })
}

fn stays(text: Option<&str>, what: &'static str) -> Result<Vec<VendorStay>, StoreError> {
    text.map_or_else(|| Ok(Vec::new()), |text| from_json(text, what))
}

impl FromRow for Contact {
    type Row = contact::Model;
    fn from_row(r: contact::Model) -> Result<Self, StoreError> {
        Ok(Self {
            full_name: pii(r.full_name),
            given_name: pii(r.given_name),
            family_name: pii(r.family_name),
            emails: from_json(&r.emails, "contact.emails")?,
            phones: from_json(&r.phones, "contact.phones")?,
            job_title: r.job_title,
            company_name: r.company_name,
            address: address(r.street, r.city, r.region, r.postal_code, r.country),
            vendor_stage: r.vendor_stage,
            vendor_stays: stays(r.vendor_stays.as_deref(), "contact.vendor_stays")?,
            acquisition_channel: r.acquisition_channel,
            created_at: at(r.created_at_ms),
            links: Vec::new(),
        })
    }
}

impl FromRow for Company {
    type Row = company::Model;
    fn from_row(r: company::Model) -> Result<Self, StoreError> {
        Ok(Self {
            name: r.name,
            domains: from_json(&r.domains, "company.domains")?,
            phones: from_json(&r.phones, "company.phones")?,
            emails: from_json(&r.emails, "company.emails")?,
            industry: r.industry,
            employee_count: r.employee_count,
            address: address(r.street, r.city, r.region, r.postal_code, r.country),
            vendor_stage: r.vendor_stage,
            vendor_stays: stays(r.vendor_stays.as_deref(), "company.vendor_stays")?,
            acquisition_channel: r.acquisition_channel,
            created_at: at(r.created_at_ms),
        })
    }
}

impl FromRow for Deal {
    type Row = deal::Model;
    fn from_row(r: deal::Model) -> Result<Self, StoreError> {
        let amount = match (r.amount_minor, r.currency) {
            (Some(minor), Some(code)) => Some(Money::from_minor(minor, currency(&code)?)),
            _ => None,
        };
        Ok(Self {
            name: r.name,
            pipeline: r.pipeline,
            deal_stage: r.deal_stage,
            status: word(DealStatus::parse(&r.status), "deal.status")?,
            amount,
            created_at: at(r.created_at_ms),
            closed_at: at(r.closed_at_ms),
            links: Vec::new(),
        })
    }
}

impl FromRow for Ticket {
    type Row = ticket::Model;
    fn from_row(r: ticket::Model) -> Result<Self, StoreError> {
        Ok(Self {
            subject: pii(r.subject),
            status: word(TicketStatus::parse(&r.status), "ticket.status")?,
            priority: r.priority,
            channel: r.channel,
            comment_count: r.comment_count,
            created_at: at(r.created_at_ms),
            first_replied_at: at(r.first_replied_at_ms),
            solved_at: at(r.solved_at_ms),
            links: Vec::new(),
        })
    }
}

impl FromRow for Subscription {
    type Row = subscription::Model;
    fn from_row(r: subscription::Model) -> Result<Self, StoreError> {
        Ok(Self {
            status: word(SubscriptionStatus::parse(&r.status), "subscription.status")?,
            currency: currency(&r.currency)?,
            items: from_json(&r.items, "subscription.items")?,
            started_at: at(r.started_at_ms),
            trial_end: at(r.trial_end_ms),
            current_period_end: at(r.current_period_end_ms),
            canceled_at: at(r.canceled_at_ms),
            ended_at: at(r.ended_at_ms),
            cancellation_reason: r.cancellation_reason,
            links: Vec::new(),
        })
    }
}

impl FromRow for Invoice {
    type Row = invoice::Model;
    fn from_row(r: invoice::Model) -> Result<Self, StoreError> {
        Ok(Self {
            number: r.number,
            status: word(InvoiceStatus::parse(&r.status), "invoice.status")?,
            total: Money::from_minor(r.total_minor, currency(&r.currency)?),
            tax_minor: r.tax_minor,
            amount_paid_minor: r.amount_paid_minor,
            issued_at: at(r.issued_at_ms),
            due_at: at(r.due_at_ms),
            paid_at: at(r.paid_at_ms),
            links: Vec::new(),
        })
    }
}

impl FromRow for Payment {
    type Row = payment::Model;
    fn from_row(r: payment::Model) -> Result<Self, StoreError> {
        Ok(Self {
            status: word(PaymentStatus::parse(&r.status), "payment.status")?,
            amount: Money::from_minor(r.amount_minor, currency(&r.currency)?),
            method: r.method,
            failure_code: r.failure_code,
            paid_at: at(r.paid_at_ms),
            links: Vec::new(),
        })
    }
}

impl FromRow for Refund {
    type Row = refund::Model;
    fn from_row(r: refund::Model) -> Result<Self, StoreError> {
        Ok(Self {
            status: word(PaymentStatus::parse(&r.status), "refund.status")?,
            amount: Money::from_minor(r.amount_minor, currency(&r.currency)?),
            reason: r.reason,
            refunded_at: at(r.refunded_at_ms),
            links: Vec::new(),
        })
    }
}

impl FromRow for Spend {
    type Row = spend::Model;
    fn from_row(r: spend::Model) -> Result<Self, StoreError> {
        Ok(Self {
            day: word(Date::parse(&r.day), "spend.day")?,
            channel: r.channel,
            campaign: r.campaign,
            kind: r.kind.map_or(Ok(SpendKind::PaidMedia), |kind| {
                word(SpendKind::parse(&kind), "spend.kind")
            })?,
            amount: Money::from_minor(r.amount_minor, currency(&r.currency)?),
        })
    }
}

impl FromRow for Touchpoint {
    type Row = touchpoint::Model;
    fn from_row(r: touchpoint::Model) -> Result<Self, StoreError> {
        Ok(Self {
            action: r.action,
            channel: r.channel,
            campaign: r.campaign,
            touched_at: at(r.touched_at_ms),
            links: Vec::new(),
        })
    }
}

impl FromRow for SurveyResponse {
    type Row = survey_response::Model;
    fn from_row(r: survey_response::Model) -> Result<Self, StoreError> {
        Ok(Self {
            kind: word(SurveyKind::parse(&r.kind), "survey_response.kind")?,
            score: r.score,
            comment: pii(r.comment),
            responded_at: at(r.responded_at_ms),
            links: Vec::new(),
        })
    }
}

impl FromRow for UsageEvent {
    type Row = usage_event::Model;
    fn from_row(r: usage_event::Model) -> Result<Self, StoreError> {
        Ok(Self {
            action: r.action,
            quantity: r.quantity,
            used_at: at(r.used_at_ms),
            links: Vec::new(),
        })
    }
}

impl FromRow for ExchangeRate {
    type Row = exchange_rate::Model;
    fn from_row(r: exchange_rate::Model) -> Result<Self, StoreError> {
        Ok(Self {
            day: word(Date::parse(&r.day), "exchange_rate.day")?,
            base: currency(&r.base)?,
            quote: currency(&r.quote)?,
            rate: word(Rate::parse(&r.rate), "exchange_rate.rate")?,
        })
    }
}
