//! Scores of a customer: of a lead before the purchase, of its health after it.
//!
//! Owns how scores are asked for and shown. They are derived for the answer, from the facts and by
//! the rules of an epoch; there is no stored score. Refuses an epoch that was closed before there
//! were scores.

use crate::asked::{Asked, asked, shown};
use crate::enums::{HealthInput, NullReason};
use crate::errors::Refusal;
use crate::known::{Then, then_as_told};
use crate::numbers::{CountMeasure, count, may_see};
use crate::scalars::{DateTime, Decimal, int};
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use domain::{Area, Code, ProfileFacts, Timestamp};
use metrics::score::{self, HealthFacts, ScoreConfig};
use metrics::segmentation::Traits;

/// The health of a customer: a weighted mean of dimensions, by weights and bands of its segment.
pub(crate) struct CustomerHealth {
    health: score::HealthScore,
    as_of: Timestamp,
    known_at: Timestamp,
}

/// The health of a customer: a weighted mean of dimensions, by weights and bands of its segment.
#[Object]
impl CustomerHealth {
    /// 0 to 100; null before the purchase, or when what it is made of is missing.
    async fn score(&self) -> Option<i32> {
        self.health.score.value.map(int)
    }

    /// The band that the score lies in.
    async fn band(&self) -> Option<&str> {
        self.health.band.as_deref()
    }

    /// Why there is no score.
    async fn null_reason(&self) -> Option<NullReason> {
        self.health.score.null_reason.map(Into::into)
    }

    /// What it is made of, in the order of the model; empty before the purchase.
    async fn dimensions(&self) -> Vec<HealthDimension> {
        self.health.dimensions.iter().cloned().map(HealthDimension).collect()
    }

    /// The segment whose weights and bands were used: the first of the customer's that the model has
    /// its own for, else `default`. A company's segment by size goes by the largest number of employees that one of its
    /// records states; of a company's people, it is `unknown`.
    async fn segment(&self) -> &str {
        &self.health.segment
    }

    /// Version of the model.
    async fn version(&self) -> &str {
        &self.health.version
    }

    /// The moment in the customer's life as of which it holds.
    async fn as_of(&self) -> DateTime {
        DateTime(self.as_of)
    }

    /// When it was known: asked for again with both times, the answer is the same.
    async fn known_at(&self) -> DateTime {
        DateTime(self.known_at)
    }
}

/// One dimension of a health score.
pub(crate) struct HealthDimension(score::DimensionScore);

impl HealthDimension {
    /// Refuses a measure whose area is hidden.
    fn see(&self, ctx: &Context<'_>) -> Result<()> {
        let area = match self.0.input {
            score::HealthInput::OpenTickets
            | score::HealthInput::TicketsOpened
            | score::HealthInput::FirstReplyMinutes
            | score::HealthInput::Nps => Area::Support,
            score::HealthInput::ActiveDays | score::HealthInput::FailedPayments => {
                Area::CustomerNumbers
            }
        };
        Ok(asked(ctx)?.see(area)?)
    }
}

/// One dimension of a health score.
#[Object]
impl HealthDimension {
    /// What is measured.
    async fn input(&self) -> HealthInput {
        self.0.input.into()
    }

    /// How much it counts, beside the other weights.
    async fn weight(&self) -> i32 {
        int(self.0.weight)
    }

    /// What was measured. Needs the area `support` for tickets and surveys, `customer_numbers` for
    /// usage and payments.
    async fn value(&self, ctx: &Context<'_>) -> Option<Result<CountMeasure>> {
        shown(async {
            self.see(ctx)?;
            Ok(Some(count(&self.0.value)))
        })
        .await
    }

    /// Its points, 0 to 100; those of a missing input if the model gives any. Needs the same area.
    async fn points(&self, ctx: &Context<'_>) -> Option<Result<CountMeasure>> {
        shown(async {
            self.see(ctx)?;
            Ok(Some(count(&self.0.points)))
        })
        .await
    }
}

/// A health score at one of several moments.
#[derive(SimpleObject)]
pub(crate) struct HealthMoment {
    /// The moment in the customer's life.
    as_of: DateTime,
    /// 0 to 100.
    score: Option<i32>,
    /// The band that the score lies in.
    band: Option<String>,
    /// Why there is no score.
    null_reason: Option<NullReason>,
}

/// The score of a lead: points for who it is and what it did.
#[derive(SimpleObject)]
pub(crate) struct CustomerLeadScore {
    /// 0 to 100; null once it bought, and while nothing was known of it.
    score: Option<i32>,
    /// Whether the score reaches what the rules ask of a qualified lead.
    qualified: bool,
    /// Why there is no score.
    null_reason: Option<NullReason>,
    /// The rules that count, in the order of the configuration.
    parts: Vec<LeadScorePart>,
    /// Actions that match a rule and carry no time; they do not count.
    undated: i32,
    /// Version of the rules.
    version: String,
    /// The moment in the customer's life as of which it holds.
    as_of: DateTime,
    /// When it was known: asked for again with both times, the answer is the same.
    known_at: DateTime,
}

/// What one rule contributes to a lead score.
#[derive(SimpleObject)]
pub(crate) struct LeadScorePart {
    /// The rule's id.
    rule: String,
    /// Points, faded and held to the rule's limit; two decimals.
    points: Option<Decimal>,
    /// Records that count towards it.
    count: i32,
    /// The latest of these records, at most five.
    evidence: Vec<ID>,
}

impl Then {
    fn scores(&self) -> Result<(&ProfileFacts, &ScoreConfig), Refusal> {
        let epoch = &self.known.epoch;
        let none = || {
            let message = format!(
                "no score was known on {}: the gateway kept none then; ask for a later 'knownAt'",
                epoch.closed
            );
            Refusal::new(Code::NotFound, message)
        };
        let facts = self.facts()?;
        Ok((facts, epoch.scores.as_ref().ok_or_else(none)?))
    }

    /// The health at `as_of`.
    fn health_at(&self, as_of: Timestamp) -> Result<score::HealthScore, Refusal> {
        let (facts, rules) = self.scores()?;
        let epoch = &self.known.epoch;
        let zone = epoch.policy.time_zone();
        let from = HealthFacts { facts, sources: &epoch.sources, zone: &zone };
        let segment = self.weights_of(facts, &rules.health, as_of);
        Ok(score::health_score(&from, &rules.health, &segment, as_of))
    }

    /// The first of the segments at `as_of` that the model has weights for; the one by size if it has
    /// none.
    fn weights_of(
        &self,
        facts: &ProfileFacts,
        model: &score::HealthModel,
        as_of: Timestamp,
    ) -> String {
        let epoch = &self.known.epoch;
        let size = score::score_segment(facts, &epoch.policy);
        let own = |name: &String| model.segments.iter().any(|one| one.segment == *name);
        let rules = epoch.segmentation.as_ref().filter(|rules| !rules.segments.is_empty());
        let groups = rules.map(|rules| {
            let life = lifecycle::derive(facts, &epoch.rules, as_of);
            let numbers = metrics::numbers(facts, &epoch.policy, &epoch.sources, as_of);
            rules.groups(&Traits {
                facts,
                numbers: &numbers,
                policy: &epoch.policy,
                sources: &epoch.sources,
                size,
                stage: life.stage,
                status: life.status,
                as_of,
            })
        });
        let named = groups.and_then(|groups| groups.segments.into_iter().find(own));
        named.unwrap_or_else(|| size.as_str().to_owned())
    }

    pub(crate) fn health(&self) -> Result<CustomerHealth, Refusal> {
        let health = self.health_at(self.as_of)?;
        Ok(CustomerHealth { health, as_of: self.as_of, known_at: self.known.epoch.closed })
    }

    pub(crate) fn lead_score(&self) -> Result<CustomerLeadScore, Refusal> {
        let (facts, rules) = self.scores()?;
        let lead = score::lead_score(facts, &rules.lead, self.as_of);
        let part = |part: score::LeadPart| LeadScorePart {
            points: part.points.to_decimal(2).map(Decimal),
            count: int(part.count),
            evidence: part.evidence.iter().map(|record| ID(record.to_string())).collect(),
            rule: part.rule,
        };
        Ok(CustomerLeadScore {
            score: lead.score.value.map(int),
            null_reason: lead.score.null_reason.map(Into::into),
            qualified: lead.qualified,
            parts: lead.parts.into_iter().map(part).collect(),
            undated: int(lead.undated),
            version: lead.version,
            as_of: DateTime(self.as_of),
            known_at: DateTime(self.known.epoch.closed),
        })
    }
}

/// The health of a customer.
pub(crate) async fn health(
    ctx: &Context<'_>,
    customer: i64,
    as_of: Option<DateTime>,
    known_at: Option<DateTime>,
) -> Result<Option<CustomerHealth>> {
    may_see(asked(ctx)?)?;
    Ok(Some(then_as_told(ctx, customer, as_of, known_at).await?.health()?))
}

/// The health of a customer every so many days.
pub(crate) async fn health_history(
    ctx: &Context<'_>,
    customer: i64,
    (from, every_days): (DateTime, i32),
    as_of: Option<DateTime>,
    known_at: Option<DateTime>,
) -> Result<Option<Vec<HealthMoment>>> {
    let asked = asked(ctx)?;
    may_see(asked)?;
    let every = u32::try_from(every_days).ok().filter(|days| *days > 0);
    let every =
        every.ok_or_else(|| Refusal::bad_input("'everyDays' must be 1 or more".to_owned()))?;
    let then = then_as_told(ctx, customer, as_of, known_at).await?;
    let moments = score::history_moments(from.0, then.as_of, every);
    check_count(asked, moments.len())?;
    let mut history = Vec::with_capacity(moments.len());
    for at in moments {
        let health = then.health_at(at)?;
        history.push(HealthMoment {
            as_of: DateTime(at),
            score: health.score.value.map(int),
            band: health.band,
            null_reason: health.score.null_reason.map(Into::into),
        });
    }
    Ok(Some(history))
}

fn check_count(asked: &Asked, moments: usize) -> Result<(), Refusal> {
    let most = asked.shared.limits.list_max;
    if moments <= most as usize {
        return Ok(());
    }
    Err(Refusal::bad_input(format!(
        "'from' and 'everyDays' ask for more than {most} moments: begin later or take longer steps"
    )))
}

/// The score of a lead.
pub(crate) async fn lead_score(
    ctx: &Context<'_>,
    customer: i64,
    as_of: Option<DateTime>,
    known_at: Option<DateTime>,
) -> Result<Option<CustomerLeadScore>> {
    asked(ctx)?.see(Area::CustomerNumbers)?;
    Ok(Some(then_as_told(ctx, customer, as_of, known_at).await?.lead_score()?))
}
