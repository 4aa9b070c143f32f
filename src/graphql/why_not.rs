//! Why two customers are two.

use crate::actions::{ActionError, WhyNot as Answer};
use crate::asked::{Asked, asked};
use crate::customer::{self, Customer};
use crate::enums::ObstacleReason;
use crate::errors::Refusal;
use crate::identity_types::{IdentityDecision, WaterfallBar, bars, decisions_between, record};
use crate::node::profile_id;
use crate::records::SourceRecord;
use async_graphql::{Context, ID, Object, Result};
use domain::{Area, Code};
use identity::{Obstacle, weights};
use store::read::EvidenceBar;

/// Why two customers are two.
pub(crate) struct WhyNot(Answer);

/// Why two customers are two.
#[Object]
impl WhyNot {
    /// The first customer, redirects followed.
    async fn a(&self, ctx: &Context<'_>) -> Option<Result<Customer>> {
        customer::by_id(ctx, Some(self.0.a)).await.transpose()
    }

    /// The second one.
    async fn b(&self, ctx: &Context<'_>) -> Option<Result<Customer>> {
        customer::by_id(ctx, Some(self.0.b)).await.transpose()
    }

    /// Whether both ids lead to one customer: nothing stands between them then, and
    /// `Customer.identity` says why.
    async fn same(&self) -> bool {
        self.0.a == self.0.b
    }

    /// In a sentence.
    async fn text(&self) -> String {
        self.0.text()
    }

    /// Weight in log2 odds from which two groups of records join.
    async fn cutoff(&self) -> f64 {
        self.0.cutoff
    }

    /// What stands between their records, pair by pair: decisions first, then the pair that comes
    /// closest to a match. Up to 20 records of each customer are compared.
    async fn obstacles(&self, ctx: &Context<'_>) -> Result<Vec<PairObstacle>> {
        let scope = asked(ctx)?.scope;
        let obstacle = |obstacle: &Obstacle| PairObstacle {
            obstacle: obstacle.clone(),
            waterfall: obstacle
                .evidence
                .iter()
                .map(|evidence| {
                    EvidenceBar {
                        comparison: evidence.comparison.to_owned(),
                        level: evidence.level.to_owned(),
                        weight: evidence.weight,
                        term_frequency: evidence.term_frequency,
                        identifier: evidence.identifier.clone(),
                    }
                    .shown(&scope)
                })
                .collect(),
        };
        Ok(self.0.obstacles.iter().map(obstacle).collect())
    }

    /// What people decided between their records, the latest first.
    async fn decisions(&self, ctx: &Context<'_>) -> Result<Vec<IdentityDecision>> {
        if self.0.a == self.0.b {
            return Ok(Vec::new());
        }
        decisions_between(ctx, Some(self.0.a), Some(self.0.b)).await
    }
}

/// What stands between two records.
pub(crate) struct PairObstacle {
    obstacle: Obstacle,
    waterfall: Vec<EvidenceBar>,
}

/// What stands between two records.
#[Object]
impl PairObstacle {
    /// One record.
    async fn left(&self, ctx: &Context<'_>) -> Option<Result<SourceRecord>> {
        record(ctx, self.obstacle.left).await.transpose()
    }

    /// The other record.
    async fn right(&self, ctx: &Context<'_>) -> Option<Result<SourceRecord>> {
        record(ctx, self.obstacle.right).await.transpose()
    }

    /// What keeps them apart.
    async fn reason(&self) -> ObstacleReason {
        self.obstacle.apart.into()
    }

    /// What keeps them apart, in a sentence.
    async fn reason_text(&self) -> &str {
        self.obstacle.apart.sentence()
    }

    /// Match weight of the pair in log2 odds: the sum of the waterfall.
    async fn weight(&self) -> f64 {
        self.obstacle.weight
    }

    /// Match probability that the weight gives, 0 to 1.
    async fn probability(&self) -> f64 {
        weights::probability(self.obstacle.weight)
    }

    /// What speaks for the pair and what against it: the prior, then each comparison.
    async fn waterfall(&self) -> Vec<WaterfallBar> {
        bars(&self.waterfall)
    }
}

/// Why two customers are two; nothing if one of them does not exist.
pub(crate) async fn why_not(ctx: &Context<'_>, a: &ID, b: &ID) -> Result<Option<WhyNot>> {
    let asked: &Asked = asked(ctx)?;
    asked.see(Area::Identity)?;
    let (a, b) = (profile_id(a)?, profile_id(b)?);
    match asked.shared.actions.why_not(a, b).await {
        Ok(answer) => Ok(Some(WhyNot(answer))),
        Err(ActionError::Refused { code: Code::NotFound, .. }) => Ok(None),
        Err(ActionError::Refused { code, message, .. }) => Err(Refusal::new(code, message).into()),
        Err(ActionError::Store(error)) => Err(error.into()),
    }
}
