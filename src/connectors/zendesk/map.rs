//! Zendesk records as canonical ones.
//!
//! Owns what users, organisations and tickets mean. Agents and administrators are the company's own
//! staff, not customers: their records are kept without a canonical part, so that links to them
//! lead nowhere. A ticket with an unknown status is kept the same way, with a complaint.

use crate::collect::payload;
use crate::field::{Field, Mapped, Wrong, read, reject};
use domain::{
    Address, Canonical, Company, Contact, Identifier, IdentifierKind, Link, LinkRole, RecordKey,
    Reject, SourceRecord, SurveyKind, SurveyResponse, Ticket, TicketStatus, Timestamp,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;

/// What sort of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Organizations,
    Users,
    Tickets,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Organizations => "organizations",
            Self::Users => "users",
            Self::Tickets => "tickets",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::Organizations, Self::Users, Self::Tickets].into_iter().find(|k| k.name() == name)
    }
}

/// What a record of an export turned out to be.
pub(super) enum Outcome {
    Record(Mapped),
    Deleted { id: String, version: i64 },
}

/// The fields of all three kinds; a record has those of its own.
#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow, default)]
    id: Field<'a>,
    #[serde(borrow, default)]
    created_at: Field<'a>,
    #[serde(borrow, default)]
    updated_at: Field<'a>,
    #[serde(borrow, default)]
    generated_timestamp: Field<'a>,
    #[serde(borrow, default)]
    external_id: Field<'a>,
    #[serde(borrow, default)]
    deleted_at: Field<'a>,
    #[serde(borrow, default)]
    name: Field<'a>,
    #[serde(borrow, default)]
    organization_id: Field<'a>,
    // organisations
    #[serde(borrow, default)]
    domain_names: Option<Vec<Field<'a>>>,
    // users
    #[serde(borrow, default)]
    email: Field<'a>,
    #[serde(borrow, default)]
    phone: Field<'a>,
    #[serde(borrow, default)]
    role: Field<'a>,
    #[serde(borrow, default)]
    active: Field<'a>,
    // tickets
    #[serde(borrow, default)]
    subject: Field<'a>,
    #[serde(borrow, default)]
    status: Field<'a>,
    #[serde(borrow, default)]
    priority: Field<'a>,
    #[serde(borrow, default)]
    requester_id: Field<'a>,
    #[serde(borrow, default)]
    comment_count: Field<'a>,
    #[serde(borrow, default)]
    via: Option<Via<'a>>,
    #[serde(borrow, default)]
    satisfaction_rating: Option<Rating<'a>>,
    #[serde(borrow, default)]
    metric_set: Option<Times<'a>>,
    #[serde(borrow, default)]
    dates: Option<Times<'a>>,
}

#[derive(Deserialize)]
struct Via<'a> {
    #[serde(borrow, default)]
    channel: Field<'a>,
}

#[derive(Deserialize)]
struct Rating<'a> {
    #[serde(borrow, default)]
    score: Field<'a>,
    #[serde(borrow, default)]
    comment: Field<'a>,
    #[serde(borrow, default)]
    updated_at: Field<'a>,
    #[serde(borrow, default)]
    created_at: Field<'a>,
}

/// A sideloaded set of times.
#[derive(Deserialize)]
struct Times<'a> {
    #[serde(borrow, default)]
    solved_at: Field<'a>,
    #[serde(borrow, default)]
    reply_time_in_seconds: Option<Spell<'a>>,
    #[serde(borrow, default)]
    reply_time_in_minutes: Option<Spell<'a>>,
}

/// How long something took, by the clock and by opening hours.
#[derive(Deserialize)]
struct Spell<'a> {
    #[serde(borrow, default)]
    calendar: Field<'a>,
}

impl Times<'_> {
    /// How long the first reply took, in milliseconds: to the second where Zendesk says so, else to
    /// the minute.
    fn first_reply_ms(&self) -> Option<i64> {
        let of = |spell: &Option<Spell<'_>>, unit_ms: i64| {
            spell.as_ref()?.calendar.int().filter(|n| *n >= 0)?.checked_mul(unit_ms)
        };
        of(&self.reply_time_in_seconds, 1_000).or_else(|| of(&self.reply_time_in_minutes, 60_000))
    }
}

/// Sideloaded metric sets by the ticket they belong to.
pub(super) fn metrics_by_ticket<'a>(sets: &[&'a RawValue]) -> HashMap<String, &'a str> {
    #[derive(Deserialize)]
    struct Set<'a> {
        #[serde(borrow, default)]
        ticket_id: Field<'a>,
    }
    let of = |raw: &&'a RawValue| {
        let set: Set<'a> = read(raw.get()).ok()?;
        Some((set.ticket_id.reference()?, raw.get()))
    };
    sets.iter().filter_map(of).collect()
}

/// A ticket with its sideloaded metric set inside, so that the payload says all that is known.
pub(super) fn with_metrics<'a>(json: &'a str, metrics: &HashMap<String, &str>) -> Cow<'a, str> {
    #[derive(Deserialize)]
    struct Ticket<'a> {
        #[serde(borrow, default)]
        id: Field<'a>,
        #[serde(borrow, default)]
        metric_set: Field<'a>,
    }
    if metrics.is_empty() {
        return Cow::Borrowed(json);
    }
    let id = match read::<Ticket<'_>>(json) {
        Ok(Ticket { id, metric_set }) if metric_set.json().is_none() => id.reference(),
        _ => None,
    };
    let head = json.trim_end().strip_suffix('}').filter(|h| !h.contains("\"metric_set\":"));
    match (id.and_then(|id| metrics.get(&id)), head) {
        (Some(set), Some(head)) => Cow::Owned(format!("{head},\"metric_set\":{set}}}")),
        _ => Cow::Borrowed(json),
    }
}

/// How records of one source are mapped.
pub(super) struct Mapper {
    pub source: String,
    pub namespace: String,
    /// `stream.prefix` of an `external_id` -> whose id follows.
    pub references: Vec<(String, String)>,
}

/// `id:updated_ms`, by which a repeated record of a time-based export is recognised.
pub(super) fn mark(json: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Mark<'a> {
        #[serde(borrow, default)]
        id: Field<'a>,
        #[serde(borrow, default)]
        updated_at: Field<'a>,
        #[serde(borrow, default)]
        deleted_at: Field<'a>,
    }
    let mark: Mark<'_> = read(json).ok()?;
    let at = mark.updated_at.time().max(mark.deleted_at.time())?;
    Some(format!("{}:{}", mark.id.reference()?, at.as_millis()))
}

impl Mapper {
    /// Maps a record. Without a `version` the record's own is taken: the time at which Zendesk
    /// wrote it last, which is not always `updated_at`.
    pub(super) fn map(
        &self,
        kind: Kind,
        json: &str,
        version: Option<i64>,
    ) -> Result<Outcome, Reject> {
        let r: Record<'_> = read(json).map_err(|why| reject(None, why, json))?;
        let id = r.id.id("id").map_err(|why| reject(None, why, json))?;
        let version = match version {
            Some(version) => version,
            None => version_of(&r).map_err(|why| reject(Some(id.clone()), why, json))?,
        };
        let deleted = match kind {
            Kind::Organizations => r.deleted_at.json().is_some(),
            // A suspended user is still one; an inactive user was deleted.
            Kind::Users => r.active.is_false(),
            Kind::Tickets => r.status.text().is_some_and(|s| s == "deleted"),
        };
        if deleted {
            let at = r.deleted_at.time().map_or(version, Timestamp::as_millis).max(version);
            return Ok(Outcome::Deleted { id, version: at });
        }
        let mut complaint = None;
        let (canonical, identifiers) = match kind {
            Kind::Organizations => {
                (vec![Canonical::Company(company(&r))], self.identifiers(kind, &id, &r))
            }
            Kind::Users if is_staff(&r) => (Vec::new(), Vec::new()),
            Kind::Users => {
                (vec![Canonical::Contact(self.contact(&r))], self.identifiers(kind, &id, &r))
            }
            Kind::Tickets => match self.ticket(&id, &r) {
                Ok(canonical) => (canonical, Vec::new()),
                Err(why) => {
                    complaint = Some(why);
                    (Vec::new(), Vec::new())
                }
            },
        };
        let record = SourceRecord {
            external_id: id,
            version,
            occurred_at: r.created_at.time(),
            payload: payload(json),
            canonical,
            identifiers,
        };
        Ok(Outcome::Record(Mapped { record, complaint }))
    }

    fn identifiers(&self, kind: Kind, id: &str, r: &Record<'_>) -> Vec<Identifier> {
        let own = format!("{}.{}:{id}", self.namespace, kind.name());
        let mut found = vec![Identifier::new(IdentifierKind::ExternalId, own)];
        if let Some(external) = r.external_id.reference() {
            for (prefix, whose) in &self.references {
                let Some(prefix) =
                    prefix.strip_prefix(kind.name()).and_then(|rest| rest.strip_prefix('.'))
                else {
                    continue;
                };
                let Some(rest) = external.strip_prefix(prefix).filter(|rest| !rest.is_empty())
                else {
                    continue;
                };
                // A prefix with a colon names the system; one without is part of the id.
                let id = if prefix.ends_with(':') { rest } else { external.as_str() };
                let value = format!("{whose}:{id}");
                found.push(Identifier::new(IdentifierKind::ExternalId, value));
            }
        }
        found
    }

    fn link(&self, role: LinkRole, kind: Kind, id: Field<'_>) -> Option<Link> {
        let target = RecordKey::new(&self.source, kind.name(), id.reference()?);
        Some(Link { role, target })
    }

    fn contact(&self, r: &Record<'_>) -> Contact {
        Contact {
            full_name: r.name.pii(),
            emails: r.email.pii().into_iter().collect(),
            phones: r.phone.pii().into_iter().collect(),
            created_at: r.created_at.time(),
            links: self
                .link(LinkRole::Company, Kind::Organizations, r.organization_id)
                .into_iter()
                .collect(),
            ..Contact::default()
        }
    }

    fn ticket(&self, id: &str, r: &Record<'_>) -> Result<Vec<Canonical>, String> {
        let word = r.status.scalar().map_err(|Wrong(why)| format!("status: {why}"))?;
        let word = word.ok_or("status: is missing")?;
        let status = TicketStatus::parse(&word)
            .ok_or("status: is not one of new, open, pending, hold, solved, closed, deleted")?;
        let over = matches!(status, TicketStatus::Solved | TicketStatus::Closed);
        let times = r.metric_set.as_ref().or(r.dates.as_ref());
        let contact = self.link(LinkRole::Contact, Kind::Users, r.requester_id);
        let company = self.link(LinkRole::Company, Kind::Organizations, r.organization_id);
        let mut canonical = vec![Canonical::Ticket(Ticket {
            subject: r.subject.pii(),
            status,
            priority: r.priority.string(),
            channel: r.via.as_ref().and_then(|via| via.channel.string()),
            comment_count: r.comment_count.int().filter(|n| *n >= 0),
            created_at: r.created_at.time(),
            first_replied_at: r
                .created_at
                .time()
                .zip(times.and_then(Times::first_reply_ms))
                .map(|(opened, took)| opened.plus_millis(took)),
            solved_at: times.and_then(|t| t.solved_at.time()).filter(|_| over),
            links: contact.iter().chain(&company).cloned().collect(),
        })];
        if let Some(rating) = &r.satisfaction_rating {
            // "offered" and "unoffered" are no answers.
            let score = match rating.score.text().as_deref() {
                Some("good" | "good_with_comment") => Some(5),
                Some("bad" | "bad_with_comment") => Some(1),
                _ => None,
            };
            if let Some(score) = score {
                let ticket = RecordKey::new(&self.source, Kind::Tickets.name(), id);
                let about = Link { role: LinkRole::Ticket, target: ticket };
                canonical.push(Canonical::SurveyResponse(SurveyResponse {
                    kind: SurveyKind::Csat,
                    score,
                    comment: rating.comment.pii(),
                    // A ticket shows the answer without its time: its last change bounds it.
                    responded_at: rating
                        .updated_at
                        .time()
                        .or_else(|| rating.created_at.time())
                        .or_else(|| r.updated_at.time()),
                    links: std::iter::once(about).chain(contact).chain(company).collect(),
                }));
            }
        }
        Ok(canonical)
    }
}

fn is_staff(r: &Record<'_>) -> bool {
    r.role.text().is_some_and(|role| role == "agent" || role == "admin")
}

fn company(r: &Record<'_>) -> Company {
    let mut domains: Vec<String> = Vec::new();
    for domain in r.domain_names.iter().flatten().filter_map(|d| d.string()) {
        if !domains.contains(&domain) {
            domains.push(domain);
        }
    }
    Company {
        name: r.name.string(),
        domains,
        address: Address::default(),
        created_at: r.created_at.time(),
        ..Company::default()
    }
}

fn version_of(r: &Record<'_>) -> Result<i64, String> {
    let wrong = |path: &str, why: &str| format!("{path}: {why}, so versions cannot be told apart");
    let updated = r.updated_at.instant().map_err(|Wrong(why)| wrong("updated_at", why))?;
    let generated = r
        .generated_timestamp
        .integer()
        .map_err(|Wrong(why)| wrong("generated_timestamp", why))?
        .and_then(Timestamp::from_seconds);
    updated
        .max(generated)
        .map(Timestamp::as_millis)
        .ok_or_else(|| wrong("updated_at", "is missing"))
}
