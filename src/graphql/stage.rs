//! Lifecycle: the present stage and the stage history.

use crate::asked::asked;
use crate::connection::{Page, connection, cursor, place};
use crate::enums::{CustomerStatus, Stage, TransitionDirection, Vocabulary};
use crate::errors::Refusal;
use crate::known::{Then, then};
use crate::loaders::{StagesOf, Told, ToldOf};
use crate::scalars::DateTime;
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use store::read::{Profile, Slice, StageStep};

/// Where a customer stands in its life.
pub(crate) struct LifecycleStage {
    stage: domain::Stage,
    since: domain::Timestamp,
    status: domain::Status,
    told: TimesOf,
}

/// Where the two times of an answer come from.
pub(crate) enum TimesOf {
    /// The stored row of a customer.
    Stored(i64),
    /// A derivation for this answer.
    Derived(Told),
}

impl TimesOf {
    /// The times; null for what was never derived.
    pub(crate) async fn told(&self, ctx: &Context<'_>) -> Result<Option<Told>> {
        match self {
            Self::Derived(told) => Ok(Some(told.clone())),
            Self::Stored(customer) => {
                Ok(asked(ctx)?.loaders.told.load(*customer, ToldOf {}).await?.first().cloned())
            }
        }
    }
}

impl From<&Profile> for LifecycleStage {
    fn from(profile: &Profile) -> Self {
        Self {
            stage: profile.stage,
            since: profile.stage_since,
            status: profile.status,
            told: TimesOf::Stored(profile.id.0),
        }
    }
}

impl LifecycleStage {
    /// As of a moment and as known at one.
    pub(crate) fn then(then: &Then) -> Result<Self, Refusal> {
        let life = then.lifecycle()?;
        Ok(Self {
            stage: life.stage,
            since: life.stage_since,
            status: life.status,
            told: TimesOf::Derived(then.told()),
        })
    }
}

/// Where a customer stands in its life.
#[Object]
impl LifecycleStage {
    /// The stage.
    async fn stage(&self) -> Stage {
        self.stage.into()
    }

    /// Its position, from 1 to 5.
    async fn position(&self) -> i32 {
        self.stage.position() as i32
    }

    /// The position's name.
    async fn label(
        &self,
        #[graphql(desc = "The words to use.", default_with = "Vocabulary::AwarenessToAdvocacy")]
        vocabulary: Vocabulary,
    ) -> &'static str {
        self.stage.position().label(vocabulary.into())
    }

    /// Since when.
    async fn since(&self) -> DateTime {
        DateTime(self.since)
    }

    /// The commercial standing, which is separate: a customer that goes back to Consideration may
    /// still pay.
    async fn status(&self) -> CustomerStatus {
        self.status.into()
    }

    /// The moment in the customer's life as of which this holds.
    async fn as_of(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        Ok(self.told.told(ctx).await?.map(|told| DateTime(told.as_of)))
    }

    /// When this was known: asked for again with both times, the answer is the same, whatever was
    /// learnt since. Null while the derivation that gave it is not finished.
    async fn known_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        Ok(self.told.told(ctx).await?.and_then(|told| told.known_at).map(DateTime))
    }

    /// The version of the lifecycle rules.
    async fn rules(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.told.told(ctx).await?.and_then(|told| told.rules))
    }
}

/// One step of a stage history.
#[derive(SimpleObject)]
pub(crate) struct StageTransition {
    /// The stage left; null for the first.
    from: Option<Stage>,
    /// The stage entered.
    to: Stage,
    /// Which way.
    direction: TransitionDirection,
    /// The rule that fired, or `override`.
    rule: String,
    /// Why, in a sentence.
    reason: String,
    /// When it happened.
    occurred_at: DateTime,
    /// The records that prove it, the deciding one first.
    evidence: Vec<ID>,
}

impl From<&StageStep> for StageTransition {
    fn from(step: &StageStep) -> Self {
        let transition = &step.transition;
        Self {
            from: transition.from.map(Into::into),
            to: transition.to.into(),
            direction: transition.direction.into(),
            rule: transition.rule_id.clone(),
            reason: transition.reason.clone(),
            occurred_at: DateTime(transition.occurred_at),
            evidence: transition.evidence.iter().map(|id| ID(id.to_string())).collect(),
        }
    }
}

connection!(
    /// Stage transitions of a customer, the latest first.
    StageTransitionConnection, StageTransitionEdge, StageTransition
);

/// A page of a customer's stage history.
pub(crate) async fn stage_history(
    ctx: &Context<'_>,
    customer: i64,
    first: Option<i32>,
    after: Option<String>,
    as_of: Option<DateTime>,
    known_at: Option<DateTime>,
) -> Result<StageTransitionConnection> {
    let asked = asked(ctx)?;
    let first = asked.size("first", first)?;
    let after: Option<i64> = after.map(|text| place("after", "stages", &text)).transpose()?;
    if as_of.is_some() || known_at.is_some() {
        let steps = then(ctx, customer, as_of, known_at).await?.steps()?;
        let rest = steps.iter().rev().filter(|step| after.is_none_or(|seq| step.seq < seq));
        let rows = rest.take(first as usize + 1);
        let rows = rows.map(|step| (cursor("stages", &step.seq), step.into()));
        return Ok(Page::forward(rows, first, after.is_some()).into());
    }
    let of = StagesOf { slice: Slice { limit: first + 1, after } };
    let rows = asked.loaders.stages.load(customer, of).await?;
    let rows = rows.iter().map(|step| (cursor("stages", &step.seq), step.into()));
    Ok(Page::forward(rows, first, after.is_some()).into())
}
