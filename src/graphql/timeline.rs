//! The timeline: everything that happened to a customer in one ordered feed.

use crate::asked::asked;
use crate::connection::{Page, connection, cursor, place};
use crate::enums::TimelineKind;
use crate::errors::Refusal;
use crate::facts::{
    Deal, FromFact, Invoice, Payment, Refund, Subscription, SurveyResponse, Ticket, Touchpoint,
    UsageEvent,
};
use crate::loaders::TimelineOf;
use crate::stage::StageTransition;
use async_graphql::{Context, Result, Union};
use domain::Timestamp;
use store::StoreError;
use store::read::{self, FactKind, Slice, TimelineEntry, TimelineKey};

/// Something that happened to a customer.
#[derive(Union)]
pub(crate) enum TimelineItem {
    /// A deal.
    Deal(Deal),
    /// A ticket.
    Ticket(Ticket),
    /// A subscription.
    Subscription(Subscription),
    /// An invoice.
    Invoice(Invoice),
    /// A payment.
    Payment(Payment),
    /// A refund.
    Refund(Refund),
    /// A contact with the marketing.
    Touchpoint(Touchpoint),
    /// An answer to a survey.
    SurveyResponse(SurveyResponse),
    /// A use of the product.
    UsageEvent(UsageEvent),
    /// A stage transition.
    StageTransition(StageTransition),
}

impl TimelineItem {
    fn from_entry(entry: &TimelineEntry) -> Result<Self, StoreError> {
        Ok(match entry {
            TimelineEntry::Stage(step) => Self::StageTransition(step.into()),
            TimelineEntry::Fact(kind, fact) => match kind {
                FactKind::Deal => Self::Deal(Deal::from_fact(fact)?),
                FactKind::Ticket => Self::Ticket(Ticket::from_fact(fact)?),
                FactKind::Subscription => Self::Subscription(Subscription::from_fact(fact)?),
                FactKind::Invoice => Self::Invoice(Invoice::from_fact(fact)?),
                FactKind::Payment => Self::Payment(Payment::from_fact(fact)?),
                FactKind::Refund => Self::Refund(Refund::from_fact(fact)?),
                FactKind::Touchpoint => Self::Touchpoint(Touchpoint::from_fact(fact)?),
                FactKind::SurveyResponse => Self::SurveyResponse(SurveyResponse::from_fact(fact)?),
                FactKind::UsageEvent => Self::UsageEvent(UsageEvent::from_fact(fact)?),
            },
        })
    }
}

connection!(
    /// What happened to a customer, the newest first.
    TimelineConnection, TimelineEdge, TimelineItem
);

/// The kinds to read: those asked for, or all that the role sees.
fn kinds(ctx: &Context<'_>, wanted: Option<Vec<TimelineKind>>) -> Result<Vec<read::TimelineKind>> {
    let asked = asked(ctx)?;
    let Some(wanted) = wanted else {
        let all = read::TimelineKind::all();
        return Ok(all.into_iter().filter(|kind| kind.shown_to(&asked.scope)).collect());
    };
    let mut kinds: Vec<read::TimelineKind> = Vec::new();
    for kind in wanted.into_iter().map(read::TimelineKind::from) {
        if let read::TimelineKind::Fact(fact) = kind
            && let Some(area) = fact.area()
        {
            asked.see(area)?;
        }
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    if kinds.is_empty() {
        let message = "'kinds' is empty: name at least one kind, or leave it out for all";
        return Err(Refusal::bad_input(message).into());
    }
    Ok(kinds)
}

/// A page of a customer's timeline.
pub(crate) async fn timeline(
    ctx: &Context<'_>,
    customer: i64,
    first: Option<i32>,
    after: Option<String>,
    wanted: Option<Vec<TimelineKind>>,
) -> Result<TimelineConnection> {
    let asked = asked(ctx)?;
    let kinds = kinds(ctx, wanted)?;
    let first = asked.size("first", first)?;
    let after = after.map(|text| timeline_place(&text)).transpose()?;
    let of = TimelineOf { kinds, slice: Slice { limit: first + 1, after } };
    let rows = asked.loaders.timeline.load(customer, of).await?;
    let rows = rows
        .iter()
        .map(|(key, entry)| {
            let place = (key.occurred.as_millis(), key.kind.as_str(), key.id);
            Ok((cursor("timeline", &place), TimelineItem::from_entry(entry)?))
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    Ok(Page::forward(rows, first, after.is_some()).into())
}

fn timeline_place(text: &str) -> Result<TimelineKey, Refusal> {
    let (at, kind, id): (i64, String, i64) = place("after", "timeline", text)?;
    let kind = read::TimelineKind::parse(&kind)
        .ok_or_else(|| Refusal::bad_input("'after' is not a cursor of a timeline"))?;
    Ok(TimelineKey { occurred: Timestamp::from_millis(at), kind, id })
}
