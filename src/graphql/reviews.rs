//! The review queue: pairs that wait for a decision.

use crate::asked::{asked, shown};
use crate::connection::{Page, connection, cursor, place};
use crate::customer::{self, Customer};
use crate::enums::{CustomerKind, ReviewReason};
use crate::errors::Refusal;
use crate::identity_types::{IdentityDecision, WaterfallBar, bars, decisions_between, record};
use crate::loaders::{RecordCountOf, Total};
use crate::records::SourceRecord;
use crate::scalars::{DateTime, Json, int};
use async_graphql::{Context, ID, Object, Result};
use domain::{Area, ProfileId, RecordId};
use store::StoreError;
use store::read::{Review as Pair, ReviewFilter};

/// A pair of records that rules neither join nor part: a person decides, by `decideReview`.
pub(crate) struct Review(Pair);

impl Review {
    /// Why it is uncertain.
    fn why(&self) -> Result<identity::ReviewReason> {
        let reason = identity::ReviewReason::parse(&self.0.reason);
        Ok(reason.ok_or(StoreError::Corrupt { what: "review.reason" })?)
    }
}

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

    /// Match probability, 0 to 1. Where the records belong to customers of several, that of the two
    /// customers as a whole; the waterfall is that of the pair.
    async fn score(&self) -> f64 {
        self.0.score
    }

    /// How much a decision would change: how unsure the pair is, times the records it would move.
    /// The queue is ordered by it, the largest first.
    async fn priority(&self) -> f64 {
        self.0.priority
    }

    /// Why it is uncertain.
    async fn reason(&self) -> Result<ReviewReason> {
        Ok(self.why()?.into())
    }

    /// Why it is uncertain, in a sentence.
    async fn reason_text(&self) -> Result<&str> {
        Ok(self.why()?.sentence())
    }

    /// Match weight of the pair in log2 odds: the sum of the waterfall.
    async fn weight(&self) -> f64 {
        self.0.waterfall.iter().map(|bar| bar.weight).sum()
    }

    /// What speaks for the pair and what against it: the prior, then each comparison.
    async fn waterfall(&self) -> Vec<WaterfallBar> {
        bars(&self.0.waterfall)
    }

    /// The waterfall as JSON.
    #[graphql(deprecation = "Read `waterfall`.")]
    async fn evidence(&self) -> Json {
        Json::of(&self.0.waterfall)
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

    /// How many records the left record's customer has: so many a decision would move.
    async fn left_record_count(&self, ctx: &Context<'_>) -> Result<i32> {
        record_count(ctx, self.0.left_profile).await
    }

    /// How many records the right record's customer has.
    async fn right_record_count(&self, ctx: &Context<'_>) -> Result<i32> {
        record_count(ctx, self.0.right_profile).await
    }

    /// What people decided between the records of the two customers, the latest first.
    async fn decisions(&self, ctx: &Context<'_>) -> Result<Vec<IdentityDecision>> {
        decisions_between(ctx, self.0.left_profile, self.0.right_profile).await
    }
}

async fn record_count(ctx: &Context<'_>, customer: Option<ProfileId>) -> Result<i32> {
    let Some(id) = customer else { return Ok(0) };
    let rows = asked(ctx)?.loaders.record_counts.load(id.0, RecordCountOf {}).await?;
    Ok(int(rows.first().copied().unwrap_or(0)))
}

connection!(
    /// Pairs that wait for a decision, those first that change most.
    ReviewConnection, ReviewEdge, Review, total
);

/// A page of the review queue.
pub(crate) async fn reviews(
    ctx: &Context<'_>,
    kind: Option<CustomerKind>,
    reasons: Option<Vec<ReviewReason>>,
    score_min: Option<f64>,
    first: Option<i32>,
    after: Option<String>,
) -> Option<Result<ReviewConnection>> {
    shown(async {
        let asked = asked(ctx)?;
        asked.see(Area::Identity)?;
        if score_min.is_some_and(|score| !(0.0..=1.0).contains(&score)) {
            return Err(Refusal::bad_input("'minScore' must be from 0 to 1").into());
        }
        let mut reasons: Vec<identity::ReviewReason> =
            reasons.unwrap_or_default().into_iter().map(Into::into).collect();
        reasons.sort_unstable();
        reasons.dedup();
        let filter = ReviewFilter {
            kind: kind.map(Into::into),
            reasons: reasons.into_iter().map(|reason| reason.as_str().to_owned()).collect(),
            score_min,
        };
        let first = asked.size("first", first)?;
        let after: Option<(u64, i64)> =
            after.map(|text| place("after", "reviews", &text)).transpose()?;
        // The priority travels as its bits: text would round it, and the page would skip or repeat.
        let start = after.map(|(bits, id)| (f64::from_bits(bits), id));
        let rows = asked.store.reviews(&asked.scope, &filter, first + 1, start).await?;
        let rows = rows
            .into_iter()
            .map(|pair| (cursor("reviews", &(pair.priority.to_bits(), pair.id)), Review(pair)));
        let page = Page::forward(rows, first, after.is_some());
        Ok(Some(ReviewConnection::new(page, Total::Reviews(filter))))
    })
    .await
}
