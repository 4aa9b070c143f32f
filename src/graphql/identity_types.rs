//! Why a customer is one: joins, events, redirects; and the pairs that wait for a decision.

use crate::asked::asked;
use crate::connection::{Page, connection, cursor, place};
use crate::customer::{self, Customer};
use crate::enums::CustomerKind;
use crate::loaders::{ChangesOf, JoinsOf, RecordOf, RedirectsOf, Total};
use crate::records::SourceRecord;
use crate::scalars::{DateTime, Json};
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use domain::{Area, RecordId};
use store::read::{JoinRow, Review as Pair};

/// Why a customer's records are together, and what happened to its id.
pub(crate) struct Identity {
    pub customer: i64,
}

/// Why a customer's records are together, and what happened to its id.
#[Object]
impl Identity {
    /// The joins that connect all records; one fewer than there are records.
    async fn joins(&self, ctx: &Context<'_>) -> Result<Vec<IdentityJoin>> {
        let asked = asked(ctx)?;
        let of = JoinsOf { limit: asked.shared.limits.list_max };
        let rows = asked.loaders.joins.load(self.customer, of).await?;
        Ok(rows.iter().cloned().map(IdentityJoin).collect())
    }

    /// What happened to the customer's id, the latest first.
    async fn events(&self, ctx: &Context<'_>) -> Result<Vec<IdentityEvent>> {
        let asked = asked(ctx)?;
        let of = ChangesOf { limit: asked.shared.limits.list_max };
        let rows = asked.loaders.changes.load(self.customer, of).await?;
        let event = |change: &store::read::IdentityChange| IdentityEvent {
            at: DateTime(change.at),
            action: change.action.clone(),
            other: change.other.map(|id| ID(id.to_string())),
            record: change.record.map(|id| ID(id.to_string())),
        };
        Ok(rows.iter().map(event).collect())
    }

    /// Ids of customers that were merged into this one. They lead here for ever.
    async fn redirects_from(&self, ctx: &Context<'_>) -> Result<Vec<Redirect>> {
        let asked = asked(ctx)?;
        let of = RedirectsOf { limit: asked.shared.limits.list_max };
        let rows = asked.loaders.redirects.load(self.customer, of).await?;
        let redirect = |(id, at): &(domain::ProfileId, domain::Timestamp)| Redirect {
            id: ID(id.to_string()),
            redirected_at: DateTime(*at),
        };
        Ok(rows.iter().map(redirect).collect())
    }
}

/// Why two records were put together.
pub(crate) struct IdentityJoin(JoinRow);

/// Why two records were put together.
#[Object]
impl IdentityJoin {
    /// One record.
    async fn left(&self, ctx: &Context<'_>) -> Option<Result<SourceRecord>> {
        record(ctx, self.0.left).await.transpose()
    }

    /// The other.
    async fn right(&self, ctx: &Context<'_>) -> Option<Result<SourceRecord>> {
        record(ctx, self.0.right).await.transpose()
    }

    /// The rule that joined them.
    async fn rule(&self) -> &str {
        &self.0.rule
    }

    /// Match weight in log2 odds: the sum of the evidence.
    async fn weight(&self) -> f64 {
        self.0.weight
    }

    /// The comparisons behind the weight: each with its level, its weight and, where it is of a
    /// shared value, the value.
    async fn evidence(&self) -> Json {
        Json::read(&self.0.evidence)
    }
}

async fn record(ctx: &Context<'_>, id: RecordId) -> Result<Option<SourceRecord>> {
    let rows = asked(ctx)?.loaders.record.load(id.0, RecordOf {}).await?;
    Ok(rows.first().cloned().map(SourceRecord))
}

/// Something that happened to a customer's id.
#[derive(SimpleObject)]
pub(crate) struct IdentityEvent {
    /// When.
    at: DateTime,
    /// `created`, `merged`, `split` or `moved`.
    action: String,
    /// The other customer concerned.
    other: Option<ID>,
    /// The record that moved.
    record: Option<ID>,
}

/// An id that leads to a customer.
#[derive(SimpleObject)]
pub(crate) struct Redirect {
    /// The id.
    id: ID,
    /// Since when.
    redirected_at: DateTime,
}

/// A pair of records that rules neither join nor part: a person decides, by `decideReview`.
pub(crate) struct Review(Pair);

/// A pair of records that rules neither join nor part: a person decides, by `decideReview`.
#[Object]
impl Review {
    /// Its id.
    async fn id(&self) -> ID {
        ID(format!("review:{}", RecordId(self.0.id)))
    }

    /// Persons or companies.
    async fn kind(&self) -> CustomerKind {
        self.0.kind.into()
    }

    /// Match probability that the weights give, 0 to 1.
    async fn score(&self) -> f64 {
        self.0.score
    }

    /// Why it is uncertain.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// The comparisons behind the score.
    async fn evidence(&self) -> Json {
        Json::read(&self.0.evidence)
    }

    /// When the pair was raised.
    async fn raised_at(&self) -> DateTime {
        DateTime(self.0.raised)
    }

    /// One record.
    async fn left(&self, ctx: &Context<'_>) -> Option<Result<SourceRecord>> {
        record(ctx, self.0.left).await.transpose()
    }

    /// The other record.
    async fn right(&self, ctx: &Context<'_>) -> Option<Result<SourceRecord>> {
        record(ctx, self.0.right).await.transpose()
    }

    /// The customer that holds the left record.
    async fn left_customer(&self, ctx: &Context<'_>) -> Option<Result<Customer>> {
        customer::by_id(ctx, self.0.left_profile).await.transpose()
    }

    /// The customer that holds the right record.
    async fn right_customer(&self, ctx: &Context<'_>) -> Option<Result<Customer>> {
        customer::by_id(ctx, self.0.right_profile).await.transpose()
    }
}

connection!(
    /// Pairs that wait for a decision, the highest score first.
    ReviewConnection, ReviewEdge, Review, total
);

/// A page of the review queue.
pub(crate) async fn reviews(
    ctx: &Context<'_>,
    kind: Option<CustomerKind>,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Option<ReviewConnection>> {
    let asked = asked(ctx)?;
    asked.see(Area::Identity)?;
    let first = asked.size("first", first)?;
    let after: Option<(u64, i64)> =
        after.map(|text| place("after", "reviews", &text)).transpose()?;
    // The score travels as its bits: text would round it, and the page would skip or repeat.
    let start = after.map(|(bits, id)| (f64::from_bits(bits), id));
    let kind = kind.map(Into::into);
    let rows = asked.store.reviews(&asked.scope, kind, first + 1, start).await?;
    let rows = rows
        .into_iter()
        .map(|pair| (cursor("reviews", &(pair.score.to_bits(), pair.id)), Review(pair)));
    let page = Page::forward(rows, first, after.is_some());
    Ok(Some(ReviewConnection::new(page, Total::Reviews(kind))))
}
