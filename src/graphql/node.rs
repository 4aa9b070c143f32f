//! Relay's `Node`: everything with a globally unique id, and how ids are read.

use crate::asked::asked;
use crate::customer::{self, Customer};
use crate::errors::Refusal;
use crate::facts::{
    Deal, FromFact, Invoice, Payment, Refund, Subscription, SurveyResponse, Ticket, Touchpoint,
    UsageEvent,
};
use crate::household::{self, Household};
use crate::loaders::{FactOf, RecordOf};
use crate::records::SourceRecord;
use async_graphql::{Context, ID, Interface, Result};
use domain::{ProfileId, RecordId};
use futures_util::future::join_all;
use store::StoreError;
use store::read::{Fact, FactKind};

/// Something with a globally unique id.
#[derive(Interface)]
#[graphql(field(
    name = "id",
    method = "node_id",
    ty = "ID",
    desc = "Globally unique; see `Query.node`."
))]
pub(crate) enum Node {
    /// A customer.
    Customer(Customer),
    /// A household.
    Household(Household),
    /// A source record.
    SourceRecord(SourceRecord),
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
    /// A touchpoint.
    Touchpoint(Touchpoint),
    /// A survey response.
    SurveyResponse(SurveyResponse),
    /// A use of the product.
    UsageEvent(UsageEvent),
}

/// A customer's id.
pub(crate) fn profile_id(id: &str) -> Result<ProfileId, Refusal> {
    id.parse().map_err(|_| {
        Refusal::bad_input("not the id of a customer: expected c_ and 13 letters or digits")
    })
}

/// A record's id.
pub(crate) fn record_id(id: &str) -> Result<RecordId, Refusal> {
    id.parse().map_err(|_| {
        Refusal::bad_input("not the id of a record: expected r_ and 13 letters or digits")
    })
}

/// One node.
pub(crate) async fn node(ctx: &Context<'_>, id: &str) -> Result<Option<Node>> {
    if id.starts_with("c_") {
        return Ok(customer::by_id(ctx, Some(profile_id(id)?)).await?.map(Node::Customer));
    }
    if id.starts_with("h_") {
        return Ok(household::by_id(ctx, id).await?.map(Node::Household));
    }
    let asked = asked(ctx)?;
    let Some((kind, record)) = id.split_once(':') else {
        let rows = asked.loaders.record.load(record_id(id)?.0, RecordOf {}).await?;
        return Ok(rows.first().cloned().map(|record| Node::SourceRecord(SourceRecord(record))));
    };
    let kind = FactKind::parse(kind)
        .ok_or_else(|| Refusal::bad_input("not an id that this gateway gave"))?;
    if let Some(area) = kind.area() {
        asked.see(area)?;
    }
    let rows = asked.loaders.fact.load(record_id(record)?.0, FactOf { kind }).await?;
    Ok(rows.first().map(|fact| of_fact(kind, fact)).transpose()?)
}

fn of_fact(kind: FactKind, fact: &Fact) -> Result<Node, StoreError> {
    Ok(match kind {
        FactKind::Deal => Node::Deal(Deal::from_fact(fact)?),
        FactKind::Ticket => Node::Ticket(Ticket::from_fact(fact)?),
        FactKind::Subscription => Node::Subscription(Subscription::from_fact(fact)?),
        FactKind::Invoice => Node::Invoice(Invoice::from_fact(fact)?),
        FactKind::Payment => Node::Payment(Payment::from_fact(fact)?),
        FactKind::Refund => Node::Refund(Refund::from_fact(fact)?),
        FactKind::Touchpoint => Node::Touchpoint(Touchpoint::from_fact(fact)?),
        FactKind::SurveyResponse => Node::SurveyResponse(SurveyResponse::from_fact(fact)?),
        FactKind::UsageEvent => Node::UsageEvent(UsageEvent::from_fact(fact)?),
    })
}

/// Several nodes; those of one type share a statement.
pub(crate) async fn nodes(ctx: &Context<'_>, ids: &[ID]) -> Result<Vec<Option<Node>>> {
    let asked = asked(ctx)?;
    if ids.len() > asked.shared.limits.page_max as usize {
        return Err(Refusal::bad_input(format!(
            "too many ids: at most {} in one request",
            asked.shared.limits.page_max
        ))
        .into());
    }
    join_all(ids.iter().map(|id| node(ctx, id))).await.into_iter().collect()
}
