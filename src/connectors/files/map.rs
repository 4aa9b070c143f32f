//! Rows of files as canonical records.
//!
//! Owns how a row's cells become the fields that the mapping names. What a row must have (key,
//! version, amounts, currencies, days, scores) rejects it when it cannot be read; other unreadable
//! cells are left out; an unknown status keeps the row without a canonical part, with a complaint.

use super::config::{Key, Source, StreamConfig};
use crate::collect::payload;
use crate::field::{Field, Mapped, Wrong};
use crate::text::split_list;
use domain::{
    Address, Canonical, CanonicalKind, Company, Contact, Currency, Date, Deal, DealStatus,
    ExchangeRate, Identifier, IdentifierKind, Interval, Invoice, InvoiceStatus, Link, LinkRole,
    Money, Payment, PaymentStatus, Pii, Rate, RecordKey, Refund, SourceRecord, Spend, SpendKind,
    Subscription, SubscriptionItem, SubscriptionStatus, SurveyKind, SurveyResponse, Ticket,
    TicketStatus, Timestamp, Touchpoint, UsageEvent,
};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// A row, whatever its format.
pub(super) enum Row<'a> {
    /// A CSV record with the positions of its columns.
    Cells { columns: &'a HashMap<String, usize>, cells: &'a [String] },
    /// A JSON object.
    Json(BTreeMap<String, &'a RawValue>),
}

impl<'a> Row<'a> {
    pub(super) fn of_json(json: &'a str) -> Result<Self, String> {
        serde_json::from_str(json).map(Self::Json).map_err(|e| crate::field::json_reason(&e))
    }

    /// The text in a column; of a JSON object also at a dotted path.
    fn cell(&self, column: &str) -> Result<Option<Cow<'a, str>>, String> {
        let why = |Wrong(why)| format!("column \"{column}\": {why}");
        match self {
            Self::Cells { columns, cells } => {
                let text = columns.get(column).and_then(|at| cells.get(*at));
                Ok(text.map(|t| t.trim()).filter(|t| !t.is_empty()).map(Cow::Borrowed))
            }
            Self::Json(object) => {
                if let Some(raw) = object.get(column) {
                    return Field::of(raw).scalar().map_err(why);
                }
                let mut parts = column.split('.');
                let first = parts.next().and_then(|part| object.get(part)).copied();
                let found = parts.try_fold(first, |at, part| {
                    let inner: BTreeMap<String, &RawValue> =
                        serde_json::from_str(at?.get()).ok()?;
                    Some(inner.get(part).copied())
                });
                match found.flatten().filter(|_| column.contains('.')) {
                    Some(raw) => Field::of(raw).scalar().map_err(why),
                    None => Ok(None),
                }
            }
        }
    }
}

/// What a row is called when it has no key of its own.
pub(super) struct Place<'a> {
    pub path: &'a str,
    /// The row's number among the file's rows, from 1.
    pub ordinal: u64,
    /// The file's age.
    pub modified_ms: i64,
}

/// The name of a row by its place.
pub(super) fn line_id(path: &str, ordinal: u64) -> String {
    format!("{path}#{ordinal}")
}

/// Longest key made of column values.
const KEY_BYTES_MAX: usize = 512;

/// How rows of one stream are mapped.
pub(super) struct Mapper<'a> {
    pub namespace: &'a str,
    pub config: &'a StreamConfig,
}

impl Mapper<'_> {
    /// The id of a row.
    pub(super) fn id(
        &self,
        row: &Row<'_>,
        json: &str,
        place: &Place<'_>,
    ) -> Result<String, String> {
        match &self.config.key {
            Key::Line => Ok(line_id(place.path, place.ordinal)),
            Key::Row => Ok(format!("{:016x}", xxhash_rust::xxh3::xxh3_64(json.as_bytes()))),
            Key::Columns(columns) => {
                let mut parts = Vec::with_capacity(columns.len());
                for column in columns {
                    let part = row.cell(column)?;
                    let empty = || format!("column \"{column}\": is empty, but is part of the key");
                    // The separator must not be forgeable by a value.
                    parts.push(part.ok_or_else(empty)?.replace('\\', "\\\\").replace('|', "\\|"));
                }
                let id = parts.join("|");
                if id.len() > KEY_BYTES_MAX || id.chars().any(char::is_control) {
                    return Err(format!(
                        "column \"{}\": is too long or has control characters for a key",
                        columns.join("\", \"")
                    ));
                }
                Ok(id)
            }
        }
    }

    /// The version of a row.
    pub(super) fn version(&self, row: &Row<'_>, place: &Place<'_>) -> Result<i64, String> {
        let Some(column) = &self.config.version else { return Ok(place.modified_ms) };
        let text = row.cell(column)?.ok_or_else(|| format!("column \"{column}\": is empty"))?;
        text.parse::<i64>()
            .ok()
            .or_else(|| Timestamp::parse(&text).map(Timestamp::as_millis))
            .ok_or_else(|| format!("column \"{column}\": is neither an integer nor a time"))
    }

    /// Maps a row.
    pub(super) fn map(
        &self,
        row: &Row<'_>,
        json: &str,
        id: String,
        version: i64,
    ) -> Result<Mapped, String> {
        let get = Getter { row, mapping: &self.config.mapping };
        let (canonical, occurred_at, complaint) = match self.canonical(&get) {
            Ok((canonical, at)) => (vec![canonical], at, None),
            Err(Fault::Complaint(why)) => (Vec::new(), None, Some(why)),
            Err(Fault::Reject(why)) => return Err(why),
        };
        let mut identifiers = Vec::new();
        if matches!(self.config.kind, CanonicalKind::Contact | CanonicalKind::Company) {
            let own = format!("{}.{}:{id}", self.namespace, self.config.name);
            identifiers.push(Identifier::new(IdentifierKind::ExternalId, own));
            for (column, whose) in &self.config.references {
                if let Ok(Some(other)) = row.cell(column) {
                    let value = format!("{whose}:{other}");
                    identifiers.push(Identifier::new(IdentifierKind::ExternalId, value));
                }
            }
        }
        let record = SourceRecord {
            external_id: id,
            version,
            occurred_at,
            payload: payload(json),
            canonical,
            identifiers,
        };
        Ok(Mapped { record, complaint })
    }

    fn canonical(&self, get: &Getter<'_, '_>) -> Result<(Canonical, Option<Timestamp>), Fault> {
        let links = |roles: &[(LinkRole, &'static str)]| get.links(roles);
        const CONTACT: (LinkRole, &str) = (LinkRole::Contact, "contact");
        const COMPANY: (LinkRole, &str) = (LinkRole::Company, "company");
        Ok(match self.config.kind {
            CanonicalKind::Contact => {
                let created_at = get.time("created_at");
                let contact = Contact {
                    full_name: get.pii("full_name"),
                    given_name: get.pii("given_name"),
                    family_name: get.pii("family_name"),
                    emails: get.list("emails").map(Pii::new).collect(),
                    phones: get.list("phones").map(Pii::new).collect(),
                    job_title: get.string("job_title"),
                    company_name: get.string("company_name"),
                    address: get.address(),
                    vendor_stage: get.string("vendor_stage"),
                    vendor_stays: Vec::new(),
                    acquisition_channel: get.lower("acquisition_channel"),
                    created_at,
                    links: links(&[COMPANY]),
                };
                (Canonical::Contact(contact), created_at)
            }
            CanonicalKind::Company => {
                let created_at = get.time("created_at");
                let company = Company {
                    name: get.string("name"),
                    domains: get.list("domains").collect(),
                    phones: get.list("phones").map(Pii::new).collect(),
                    emails: get.list("emails").map(Pii::new).collect(),
                    industry: get.string("industry"),
                    employee_count: get.int("employee_count").filter(|n| *n >= 0),
                    address: get.address(),
                    vendor_stage: get.string("vendor_stage"),
                    vendor_stays: Vec::new(),
                    acquisition_channel: get.lower("acquisition_channel"),
                    created_at,
                };
                (Canonical::Company(company), created_at)
            }
            CanonicalKind::Deal => {
                let created_at = get.time("created_at");
                let status = get.word("status", DealStatus::parse)?;
                let deal = Deal {
                    name: get.string("name"),
                    pipeline: get.string("pipeline"),
                    deal_stage: get.string("deal_stage"),
                    status,
                    amount: get.money_if_any("amount", "amount_minor")?,
                    created_at,
                    closed_at: get.time("closed_at").filter(|_| status != DealStatus::Open),
                    links: links(&[CONTACT, COMPANY]),
                };
                (Canonical::Deal(deal), created_at)
            }
            CanonicalKind::Ticket => {
                let created_at = get.time("created_at");
                let ticket = Ticket {
                    subject: get.pii("subject"),
                    status: get.word("status", TicketStatus::parse)?,
                    priority: get.string("priority"),
                    channel: get.string("channel"),
                    comment_count: get.int("comment_count").filter(|n| *n >= 0),
                    created_at,
                    first_replied_at: get.time("first_replied_at"),
                    solved_at: get.time("solved_at"),
                    links: links(&[CONTACT, COMPANY]),
                };
                (Canonical::Ticket(ticket), created_at)
            }
            CanonicalKind::Subscription => {
                let started_at = get.time("started_at");
                let amount = get.money("amount", "amount_minor")?;
                let count = get.int("interval_count").and_then(|n| u32::try_from(n).ok());
                let item = SubscriptionItem {
                    product: get.string("product"),
                    amount_minor: amount.amount_minor,
                    interval: get.word("interval", Interval::parse)?,
                    interval_count: count.filter(|n| *n > 0).unwrap_or(1),
                };
                let subscription = Subscription {
                    status: get.word("status", SubscriptionStatus::parse)?,
                    currency: amount.currency,
                    items: vec![item],
                    started_at,
                    trial_end: get.time("trial_end"),
                    current_period_end: get.time("current_period_end"),
                    canceled_at: get.time("canceled_at"),
                    ended_at: get.time("ended_at"),
                    cancellation_reason: get.string("cancellation_reason"),
                    links: links(&[CONTACT, COMPANY]),
                };
                (Canonical::Subscription(subscription), started_at)
            }
            CanonicalKind::Invoice => {
                let issued_at = get.time("issued_at");
                let paid = get.money_if_any("amount_paid", "amount_paid_minor")?;
                let invoice = Invoice {
                    number: get.string("number"),
                    status: get.word("status", InvoiceStatus::parse)?,
                    total: get.money("total", "total_minor")?,
                    tax_minor: get.money_if_any("tax", "tax_minor")?.map(|m| m.amount_minor),
                    amount_paid_minor: paid.map_or(0, |m| m.amount_minor),
                    issued_at,
                    due_at: get.time("due_at"),
                    paid_at: get.time("paid_at"),
                    links: links(&[CONTACT, COMPANY, (LinkRole::Subscription, "subscription")]),
                };
                (Canonical::Invoice(invoice), issued_at)
            }
            CanonicalKind::Payment => {
                let paid_at = get.time("paid_at");
                let payment = Payment {
                    status: get.word_or(
                        "status",
                        PaymentStatus::parse,
                        PaymentStatus::Succeeded,
                    )?,
                    amount: get.money("amount", "amount_minor")?,
                    method: get.string("method"),
                    failure_code: get.string("failure_code"),
                    paid_at,
                    links: links(&[CONTACT, COMPANY, (LinkRole::Invoice, "invoice")]),
                };
                (Canonical::Payment(payment), paid_at)
            }
            CanonicalKind::Refund => {
                let refunded_at = get.time("refunded_at");
                let refund = Refund {
                    status: get.word_or(
                        "status",
                        PaymentStatus::parse,
                        PaymentStatus::Succeeded,
                    )?,
                    amount: get.money("amount", "amount_minor")?,
                    reason: get.string("reason"),
                    refunded_at,
                    links: links(&[(LinkRole::Payment, "payment"), CONTACT, COMPANY]),
                };
                (Canonical::Refund(refund), refunded_at)
            }
            CanonicalKind::Spend => {
                let day = get.day("day")?;
                let spend = Spend {
                    day,
                    channel: get.lower("channel"),
                    campaign: get.string("campaign"),
                    kind: get.word_or("spend_kind", SpendKind::parse, SpendKind::PaidMedia)?,
                    amount: get.money("amount", "amount_minor")?,
                };
                (Canonical::Spend(spend), Some(day.start_utc()))
            }
            CanonicalKind::Touchpoint => {
                let touched_at = get.time("touched_at");
                let touchpoint = Touchpoint {
                    action: get.needed("action")?,
                    channel: get.lower("channel"),
                    campaign: get.string("campaign"),
                    touched_at,
                    links: links(&[CONTACT]),
                };
                (Canonical::Touchpoint(touchpoint), touched_at)
            }
            CanonicalKind::SurveyResponse => {
                let responded_at = get.time("responded_at");
                let kind = get.word("survey", SurveyKind::parse)?;
                let range = if kind == SurveyKind::Nps { 0..=10 } else { 1..=5 };
                let score = get.needed("score")?;
                let score = score.parse().ok().filter(|s| range.contains(s));
                let response = SurveyResponse {
                    kind,
                    score: score.ok_or_else(|| {
                        get.reject("score", "is not a whole number (NPS 0 to 10, CSAT 1 to 5)")
                    })?,
                    comment: get.pii("comment"),
                    responded_at,
                    links: links(&[CONTACT, (LinkRole::Ticket, "ticket")]),
                };
                (Canonical::SurveyResponse(response), responded_at)
            }
            CanonicalKind::UsageEvent => {
                let used_at = get.time("used_at");
                if used_at.is_none() {
                    // Without its day a use counts nowhere.
                    return Err(get.reject("used_at", "is not a time such as 2026-01-31T12:00:00Z"));
                }
                let event = UsageEvent {
                    action: get.string("action"),
                    quantity: get.int("quantity"),
                    used_at,
                    links: links(&[CONTACT, COMPANY]),
                };
                (Canonical::UsageEvent(event), used_at)
            }
            CanonicalKind::ExchangeRate => {
                let day = get.day("day")?;
                let rate = get.needed("rate")?;
                let rate = ExchangeRate {
                    day,
                    base: get.currency("base")?,
                    quote: get.currency("quote")?,
                    rate: Rate::parse(&rate).ok_or_else(|| {
                        get.reject("rate", "is not a plain decimal above zero such as 1.0825")
                    })?,
                };
                if rate.base == rate.quote {
                    return Err(get.reject("quote", "is the base itself"));
                }
                (Canonical::ExchangeRate(rate), Some(day.start_utc()))
            }
        })
    }
}

/// Why a row has no canonical part.
enum Fault {
    /// Nothing of it can be used.
    Reject(String),
    /// It is kept, but means nothing yet.
    Complaint(String),
}

/// A row read through the mapping.
struct Getter<'r, 'a> {
    row: &'r Row<'a>,
    mapping: &'r BTreeMap<&'static str, Source>,
}

impl Getter<'_, '_> {
    /// A field's text; what cannot be read is an error that most callers ignore.
    fn read(&self, field: &'static str) -> Result<Option<String>, String> {
        let Some(from) = self.mapping.get(field) else { return Ok(None) };
        if let Some(value) = &from.value {
            return Ok(Some(value.clone()));
        }
        let Some(column) = &from.column else { return Ok(None) };
        let Some(text) = self.row.cell(column)? else { return Ok(from.default.clone()) };
        Ok(Some(from.values.get(text.as_ref()).cloned().unwrap_or_else(|| text.into_owned())))
    }

    fn string(&self, field: &'static str) -> Option<String> {
        self.read(field).ok().flatten()
    }

    fn lower(&self, field: &'static str) -> Option<String> {
        self.string(field).map(|t| t.to_lowercase())
    }

    fn pii(&self, field: &'static str) -> Option<Pii> {
        self.string(field).map(Pii::new)
    }

    fn time(&self, field: &'static str) -> Option<Timestamp> {
        self.string(field).and_then(|t| Timestamp::parse(&t))
    }

    fn int(&self, field: &'static str) -> Option<i64> {
        self.string(field).and_then(|t| t.parse().ok())
    }

    fn list(&self, field: &'static str) -> impl Iterator<Item = String> {
        let separator = self.mapping.get(field).and_then(|from| from.separator);
        let text = self.string(field).unwrap_or_default();
        let parts: Vec<String> = match separator {
            Some(separator) => split_list(&text, separator).map(str::to_owned).collect(),
            None => (!text.is_empty()).then_some(text).into_iter().collect(),
        };
        parts.into_iter()
    }

    fn address(&self) -> Address {
        Address {
            street: self.pii("street"),
            city: self.pii("city"),
            region: self.string("region"),
            postal_code: self.pii("postal_code"),
            country: self.string("country"),
        }
    }

    fn links(&self, roles: &[(LinkRole, &'static str)]) -> Vec<Link> {
        let link = |(role, field): &(LinkRole, &'static str)| {
            let (source, stream) = self.mapping.get(field)?.to.as_ref()?;
            let id = self.string(field)?;
            Some(Link { role: *role, target: RecordKey::new(source, stream, id) })
        };
        roles.iter().filter_map(link).collect()
    }

    /// Where a field comes from, for messages.
    fn place(&self, field: &str) -> String {
        match self.mapping.get(field).and_then(|from| from.column.as_deref()) {
            Some(column) => format!("column \"{column}\" ({field})"),
            None => field.to_owned(),
        }
    }

    fn reject(&self, field: &str, why: &str) -> Fault {
        Fault::Reject(format!("{}: {why}", self.place(field)))
    }

    /// A day; a time of day after it is cut off.
    fn day(&self, field: &'static str) -> Result<Date, Fault> {
        let day = self.needed(field)?;
        Date::parse(day.get(..10).unwrap_or(&day))
            .ok_or_else(|| self.reject(field, "is not a date such as 2026-01-31"))
    }

    fn currency(&self, field: &'static str) -> Result<Currency, Fault> {
        Currency::parse(&self.needed(field)?)
            .ok_or_else(|| self.reject(field, "is not an ISO 4217 code"))
    }

    fn needed(&self, field: &'static str) -> Result<String, Fault> {
        match self.read(field) {
            Ok(Some(text)) => Ok(text),
            Ok(None) => Err(self.reject(field, "is empty")),
            Err(why) => Err(Fault::Reject(why)),
        }
    }

    fn word<T>(&self, field: &'static str, parse: fn(&str) -> Option<T>) -> Result<T, Fault> {
        let text = self.needed(field)?.to_lowercase();
        parse(&text).ok_or_else(|| {
            Fault::Complaint(format!(
                "{}: is not a known word; add it to `values` of the mapping",
                self.place(field)
            ))
        })
    }

    fn word_or<T>(
        &self,
        field: &'static str,
        parse: fn(&str) -> Option<T>,
        otherwise: T,
    ) -> Result<T, Fault> {
        match self.read(field) {
            Ok(None) => Ok(otherwise),
            _ => self.word(field, parse),
        }
    }

    fn money(&self, major: &'static str, minor: &'static str) -> Result<Money, Fault> {
        let field = if self.mapping.contains_key(major) { major } else { minor };
        self.money_if_any(major, minor)?.ok_or_else(|| self.reject(field, "is empty"))
    }

    /// An amount from a column of major units, or of minor ones.
    fn money_if_any(
        &self,
        major: &'static str,
        minor: &'static str,
    ) -> Result<Option<Money>, Fault> {
        let field = if self.mapping.contains_key(major) { major } else { minor };
        let Some(text) = self.read(field).map_err(Fault::Reject)? else { return Ok(None) };
        let currency = self.currency("currency")?;
        if field == major {
            return Money::parse_major(&text, currency)
                .map(Some)
                .map_err(|e| self.reject(field, &e.to_string()));
        }
        let amount = text.parse().map_err(|_| self.reject(field, "is not an integer"))?;
        Ok(Some(Money::from_minor(amount, currency)))
    }
}
