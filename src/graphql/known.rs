//! Answers as of a date and as known on a date.
//!
//! Owns the two times of an answer: `asOf`, the moment in the customers' life, and `knownAt`, what
//! we knew. An answer as known earlier is derived again, by the same functions, from the facts of
//! then; there is no second definition of a stage or a number. Refuses a moment before anything was
//! known, with the reason.

use crate::asked::{Asked, asked, shown};
use crate::enums::{CustomerKind, Stage};
use crate::errors::Refusal;
use crate::loaders::{KnownOf, Told, ToldOf};
use crate::numbers::CustomerNumbers;
use crate::scalars::{DateTime, int};
use crate::score::{CustomerHealth, CustomerLeadScore};
use crate::stage::{LifecycleStage, StageTransition};
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use domain::{Area, Code, ProfileFacts, ProfileId, Timestamp};
use lifecycle::Lifecycle;
use metrics::score::ScoreConfig;
use metrics::segmentation::Segmentation;
use metrics::{Policy, Sources};
use std::sync::Arc;
use store::StoreError;
use store::known::{Epoch, EpochNote};
use store::read::{Absence, StageStep};

/// A closed epoch with its rules read.
#[derive(Debug)]
pub(crate) struct KnownEpoch {
    pub number: i64,
    pub closed: Timestamp,
    pub policy: Policy,
    pub rules: lifecycle::Rules,
    /// `None` before there were scores.
    pub scores: Option<ScoreConfig>,
    /// `None` before there were rules of segments.
    pub segmentation: Option<Segmentation>,
    pub sources: Sources,
}

impl TryFrom<Epoch> for KnownEpoch {
    type Error = StoreError;

    fn try_from(epoch: Epoch) -> Result<Self, StoreError> {
        let EpochNote { policy, rules, scores, segmentation, sources } = epoch.note;
        let corrupt = |what| move |_| StoreError::Corrupt { what };
        let scores = scores.map(|text| serde_json::from_str(&text.body)).transpose();
        let segmentation = segmentation.map(|text| serde_json::from_str(&text.body)).transpose();
        Ok(Self {
            number: epoch.number,
            closed: epoch.closed,
            policy: serde_json::from_str(&policy.body).map_err(corrupt("metric policy of then"))?,
            rules: serde_json::from_str(&rules.body).map_err(corrupt("lifecycle rules of then"))?,
            scores: scores.map_err(corrupt("score rules of then"))?,
            segmentation: segmentation.map_err(corrupt("rules of segments of then"))?,
            sources: Sources {
                has_payments: sources.payments,
                has_tickets: sources.tickets,
                has_surveys: sources.surveys,
                has_subscriptions: sources.subscriptions,
                has_spend: sources.spend,
                has_usage: sources.usage,
            },
        })
    }
}

/// What was known of a customer in an epoch, or why nothing was.
#[derive(Debug)]
pub(crate) struct KnownProfile {
    pub epoch: Arc<KnownEpoch>,
    pub facts: Result<ProfileFacts, Absence>,
}

impl Asked {
    /// The epoch in which an answer is known; the last one without `known_at`.
    ///
    /// Moments before the first one are refused.
    pub(crate) async fn epoch(&self, known_at: Option<Timestamp>) -> Result<KnownEpoch> {
        match self.store.find_epoch(known_at).await? {
            Some(epoch) => Ok(epoch.try_into()?),
            None => Err(self.nothing_known(known_at).await?.into()),
        }
    }

    async fn nothing_known(&self, known_at: Option<Timestamp>) -> Result<Refusal> {
        let first = self.store.find_first_epoch(None).await?;
        let asked = known_at.map_or_else(|| "now".to_owned(), |at| at.to_string());
        Ok(Refusal::new(
            Code::NotFound,
            match first {
                Some(first) => format!(
                    "no answer was known on {asked}: the first derivation was finished on {}",
                    first.closed
                ),
                None => "no answer is known yet: no derivation was finished".to_owned(),
            },
        ))
    }
}

/// A customer derived again, as of a moment and as known at one.
pub(crate) struct Then {
    pub known: Arc<KnownProfile>,
    pub as_of: Timestamp,
}

/// Loads a customer as known then; without `as_of` as of the moment in which it was known.
pub(crate) async fn then(
    ctx: &Context<'_>,
    customer: i64,
    as_of: Option<DateTime>,
    known_at: Option<DateTime>,
) -> Result<Then> {
    let asked = asked(ctx)?;
    let at = known_at.map(|at| at.0);
    let rows = asked.loaders.known.load(customer, KnownOf { at }).await?;
    let Some(known) = rows.first().cloned() else {
        return Err(asked.nothing_known(at).await?.into());
    };
    let as_of = as_of.map_or(known.epoch.closed, |at| at.0);
    Ok(Then { known, as_of })
}

/// The same, without both times as of when the customer's stored numbers hold.
pub(crate) async fn then_as_told(
    ctx: &Context<'_>,
    customer: i64,
    as_of: Option<DateTime>,
    known_at: Option<DateTime>,
) -> Result<Then> {
    let as_of = match (as_of, known_at) {
        (None, None) => {
            let told = asked(ctx)?.loaders.told.load(customer, ToldOf {}).await?;
            told.first().map(|told| DateTime(told.as_of))
        }
        _ => as_of,
    };
    then(ctx, customer, as_of, known_at).await
}

impl Then {
    /// The facts, or a refusal that says why there were none.
    pub(crate) fn facts(&self) -> Result<&ProfileFacts, Refusal> {
        self.known.facts.as_ref().map_err(|absence| {
            Refusal::new(Code::NotFound, reason(*absence, self.known.epoch.closed))
        })
    }

    pub(crate) fn lifecycle(&self) -> Result<Lifecycle, Refusal> {
        Ok(lifecycle::derive(self.facts()?, &self.known.epoch.rules, self.as_of))
    }

    pub(crate) fn numbers(&self) -> Result<metrics::Numbers, Refusal> {
        let epoch = &self.known.epoch;
        Ok(metrics::numbers(self.facts()?, &epoch.policy, &epoch.sources, self.as_of))
    }

    /// The two times of the answer.
    pub(crate) fn told(&self) -> Told {
        Told {
            as_of: self.as_of,
            known_at: Some(self.known.epoch.closed),
            rules: Some(self.known.epoch.rules.version.clone()),
        }
    }
}

fn reason(absence: Absence, known_at: Timestamp) -> String {
    match absence {
        Absence::NotYet(Some(since)) => {
            format!("this customer was not known on {known_at}: it was first on {since}")
        }
        Absence::NotYet(None) => format!("this customer was not known on {known_at}"),
        Absence::Within(other) => {
            format!("on {known_at} this customer was known as a part of customer {other}")
        }
        Absence::Gone => format!("no record of this customer was known on {known_at}"),
    }
}

/// How long a customer was in a stage, and when it came and left.
#[derive(SimpleObject)]
pub(crate) struct TimeInStage {
    /// The stage.
    stage: Stage,
    /// How often it was entered.
    entries: i32,
    /// When it was entered first.
    first_entered_at: DateTime,
    /// When it was entered last.
    last_entered_at: DateTime,
    /// When it was left last; null if it never was.
    last_exited_at: Option<DateTime>,
    /// Whole seconds in it, all stays together.
    seconds: i32,
}

impl Then {
    pub(crate) fn time_in_stage(&self) -> Result<Vec<TimeInStage>, Refusal> {
        let life = self.lifecycle()?;
        let stages = lifecycle::dwell(&life.transitions, self.as_of);
        let one = |dwell: lifecycle::Dwell| TimeInStage {
            stage: dwell.stage.into(),
            entries: int(i64::from(dwell.entries)),
            first_entered_at: DateTime(dwell.first_entered),
            last_entered_at: DateTime(dwell.last_entered),
            last_exited_at: dwell.last_exited.map(DateTime),
            seconds: int(dwell.total_ms / 1000),
        };
        Ok(stages.into_iter().map(one).collect())
    }

    /// The history with places, the latest step last.
    pub(crate) fn steps(&self) -> Result<Vec<StageStep>, Refusal> {
        let transitions = self.lifecycle()?.transitions;
        Ok((1..).zip(transitions).map(|(seq, transition)| StageStep { seq, transition }).collect())
    }
}

/// A customer as it was known: also one that was merged or taken apart since.
pub(crate) struct CustomerThen {
    id: ProfileId,
    then: Then,
}

/// A customer as it was known: also one that was merged or taken apart since.
#[Object]
impl CustomerThen {
    /// Its id.
    async fn id(&self) -> ID {
        ID(self.id.to_string())
    }

    /// The moment in its life.
    async fn as_of(&self) -> DateTime {
        DateTime(self.then.as_of)
    }

    /// When it was known so.
    async fn known_at(&self) -> DateTime {
        DateTime(self.then.known.epoch.closed)
    }

    /// Why there was no such customer; null if there was.
    async fn absent_because(&self) -> Option<String> {
        let absence = self.then.known.facts.as_ref().err()?;
        Some(reason(*absence, self.then.known.epoch.closed))
    }

    /// The customer whose part it was then; null if it was one of its own.
    async fn part_of(&self) -> Option<ID> {
        match self.then.known.facts {
            Err(Absence::Within(other)) => Some(ID(other.to_string())),
            _ => None,
        }
    }

    /// Person or company; null if absent.
    async fn kind(&self) -> Option<CustomerKind> {
        self.then.known.facts.as_ref().ok().map(|facts| facts.kind.into())
    }

    /// Where it stood in its life; null if absent.
    async fn stage(&self) -> Option<LifecycleStage> {
        LifecycleStage::then(&self.then).ok()
    }

    /// How it had got there, the latest step first; null if absent.
    async fn stage_history(&self) -> Option<Vec<StageTransition>> {
        let steps = self.then.steps().ok()?;
        Some(steps.iter().rev().map(Into::into).collect())
    }

    /// How long it had been in each stage; null if absent.
    async fn time_in_stage(&self) -> Option<Vec<TimeInStage>> {
        self.then.time_in_stage().ok()
    }

    /// Its numbers; null if absent. Needs one of the areas `customer_numbers` and `support`.
    async fn numbers(&self, ctx: &Context<'_>) -> Option<Result<CustomerNumbers>> {
        shown(async {
            crate::numbers::may_see(asked(ctx)?)?;
            Ok(CustomerNumbers::then(&self.then).ok())
        })
        .await
    }

    /// Its health; null if absent. Needs one of the areas `customer_numbers` and `support`.
    async fn health(&self, ctx: &Context<'_>) -> Option<Result<CustomerHealth>> {
        shown(async {
            crate::numbers::may_see(asked(ctx)?)?;
            Ok(self.then.health().ok())
        })
        .await
    }

    /// Its score as a lead; null if absent. Needs the area `customer_numbers`.
    async fn lead_score(&self, ctx: &Context<'_>) -> Option<Result<CustomerLeadScore>> {
        shown(async {
            asked(ctx)?.see(Area::CustomerNumbers)?;
            Ok(self.then.lead_score().ok())
        })
        .await
    }
}

/// A customer as known then, by the id that it has or had.
pub(crate) async fn customer_then(
    ctx: &Context<'_>,
    id: &ID,
    as_of: Option<DateTime>,
    known_at: Option<DateTime>,
) -> Result<CustomerThen> {
    let id = crate::node::profile_id(id)?;
    Ok(CustomerThen { id, then: then(ctx, id.0, as_of, known_at).await? })
}
