//! The lives of all customers as known in an epoch, and funnels over their milestones.
//!
//! Owns how many lives one answer follows. Refuses a second definition of a stage: every life is derived
//! again by the rules of the epoch.

use crate::asked::{Asked, asked};
use crate::attribution::ratio;
use crate::company::{Asking, Company};
use crate::enums::{CustomerKind, FunnelOrder, LifeEvent, NullReason, Stage};
use crate::errors::Refusal;
use crate::rollups::DecimalMeasure;
use crate::scalars::{DateTime, Decimal, int};
use async_graphql::{Context, OneofObject, Result, SimpleObject};
use domain::{Area, ProfileKind};
use metrics::kpi::{
    self, Funnel, FunnelEvent, FunnelOptions, Milestone, drop_off, funnel as funnel_of,
};
use metrics::{Measured, Share};

/// Profiles derived at once.
const BATCH: usize = 500;

/// The customers whose lives are followed.
pub(crate) struct Lives {
    ids: Vec<i64>,
    kind: Option<ProfileKind>,
}

impl Lives {
    pub(crate) async fn of(
        asked: &Asked,
        company: &Company,
        kind: Option<ProfileKind>,
    ) -> Result<Self> {
        let most = asked.shared.limits.funnel_max;
        let number = company.epoch.number;
        let store = &asked.store;
        let ids = store.profile_ids_known(&asked.scope, number, most.saturating_add(1)).await?;
        if ids.len() > most as usize {
            let message = format!(
                "the answer follows more than {most} customers: raise 'limits.funnel_max' in the \
                 configuration"
            );
            return Err(Refusal::bad_input(message).into());
        }
        Ok(Self { ids, kind })
    }

    /// When each customer reached which milestone; the first is the entry.
    pub(crate) async fn events(
        &self,
        asked: &Asked,
        company: &Company,
        milestones: &[Milestone],
    ) -> Result<Vec<Vec<FunnelEvent>>> {
        let (epoch, as_of) = (&company.epoch, company.as_of);
        let mut lives = Vec::new();
        for ids in self.ids.chunks(BATCH) {
            let known = asked.store.profiles_known(&asked.scope, ids, epoch.number).await?;
            for facts in known.into_values().flatten() {
                if self.kind.is_some_and(|kind| kind != facts.kind) {
                    continue;
                }
                let life = lifecycle::derive(&facts, &epoch.rules, as_of);
                let mut events = Vec::new();
                for (step, milestone) in milestones.iter().enumerate() {
                    let moments = milestone.moments(&facts, &life.transitions, step == 0);
                    events.extend(moments.into_iter().map(|at| FunnelEvent { step, at }));
                }
                if !events.is_empty() {
                    lives.push(events);
                }
            }
        }
        Ok(lives)
    }
}

/// A milestone in the life of a customer: exactly one of these.
#[derive(OneofObject)]
pub(crate) enum FunnelMilestone {
    /// It enters a lifecycle stage; as a later milestone, that stage or one beyond it.
    Stage(Stage),
    /// Something happens.
    Event(LifeEvent),
    /// It does something that the marketing sees, as its source names it: `form_submission`.
    Action(String),
}

impl FunnelMilestone {
    fn name(&self) -> String {
        match self {
            Self::Stage(stage) => domain::Stage::from(*stage).as_str().to_owned(),
            Self::Event(event) => event.word().to_owned(),
            Self::Action(action) => action.clone(),
        }
    }

    fn milestone(&self) -> Milestone {
        match self {
            Self::Stage(stage) => Milestone::Stage((*stage).into()),
            Self::Action(action) => Milestone::Action(action.clone()),
            Self::Event(event) => match event {
                LifeEvent::Touch => Milestone::Touch,
                LifeEvent::DealOpened => Milestone::DealOpened,
                LifeEvent::DealWon => Milestone::DealWon,
                LifeEvent::TrialStarted => Milestone::TrialStarted,
                LifeEvent::SubscriptionStarted => Milestone::SubscriptionStarted,
                LifeEvent::FirstPayment => Milestone::FirstPayment,
                LifeEvent::SecondPayment => Milestone::SecondPayment,
                LifeEvent::TicketOpened => Milestone::TicketOpened,
            },
        }
    }
}

/// One step of a funnel.
#[derive(SimpleObject)]
pub(crate) struct FunnelStep {
    /// The milestone.
    milestone: String,
    /// Entrants who reached it.
    reached: i32,
    /// Of those who reached the step before; null for the first.
    conversion: Option<DecimalMeasure>,
    /// `1 - conversion`; null for the first.
    drop_off: Option<DecimalMeasure>,
    /// Of all entrants.
    overall: DecimalMeasure,
    /// Median time from the entry to it, in milliseconds.
    median_ms: Option<Decimal>,
    /// Mean time from the entry to it, in milliseconds.
    mean_ms: Option<Decimal>,
}

/// How far customers come.
#[derive(SimpleObject)]
pub(crate) struct FunnelResult {
    /// Customers who entered in the span and whose time has passed.
    entrants: i32,
    /// Customers who entered and whose time has not passed; in no step.
    immature: i32,
    /// The steps, the entry first.
    steps: Vec<FunnelStep>,
    /// Why there is nobody.
    null_reason: Option<NullReason>,
    /// Whether the span goes on after `asOf`.
    partial: bool,
    /// Version of the lifecycle rules.
    rules: String,
    /// The moment as of which it holds.
    as_of: DateTime,
    /// When this was known: asked for again with both times, the answer is the same.
    known_at: DateTime,
}

fn share(measured: &Measured<Share>) -> DecimalMeasure {
    let exact = match measured.value.map(|share| share.ratio()) {
        Some(Some(exact)) => Measured::some(exact),
        Some(None) => Measured::none(metrics::NullReason::ZeroDenominator),
        None => Measured { value: None, null_reason: measured.null_reason },
    };
    ratio(&exact)
}

fn step(milestone: &FunnelMilestone, found: &kpi::FunnelStep) -> FunnelStep {
    let ms = |ratio: metrics::Ratio| ratio.to_decimal(0).map(Decimal);
    FunnelStep {
        milestone: milestone.name(),
        reached: int(found.reached),
        conversion: found.conversion.as_ref().map(share),
        drop_off: found.conversion.as_ref().map(|found| ratio(&drop_off(found))),
        overall: share(&found.overall),
        median_ms: found.time.value.and_then(|time| ms(time.median)),
        mean_ms: found.time.value.and_then(|time| ms(time.mean)),
    }
}

/// How a funnel is asked for.
pub(crate) struct Following {
    pub milestones: Vec<FunnelMilestone>,
    pub kind: Option<CustomerKind>,
    pub within_days: Option<i32>,
    pub order: FunnelOrder,
}

/// How far customers come.
pub(crate) async fn funnel(
    ctx: &Context<'_>,
    following: Following,
    asking: Asking,
) -> Result<Option<FunnelResult>> {
    let asked = asked(ctx)?;
    asked.see(Area::Rollups)?;
    let Following { milestones, kind, within_days, order } = following;
    if !(2..=12).contains(&milestones.len()) {
        let message = "'milestones' must be from 2 to 12, in their order".to_owned();
        return Err(Refusal::bad_input(message).into());
    }
    if within_days.is_some_and(|days| !(1..=3_660).contains(&days)) {
        return Err(Refusal::bad_input("'withinDays' must be from 1 to 3660".to_owned()).into());
    }
    let company = Company::of(asked, asking).await?;
    let steps: Vec<Milestone> = milestones.iter().map(FunnelMilestone::milestone).collect();
    let lives = Lives::of(asked, &company, kind.map(Into::into)).await?;
    let events = lives.events(asked, &company, &steps).await?;
    let options = FunnelOptions {
        entered: company.window,
        within_ms: within_days.map(|days| i64::from(days) * 86_400_000),
        order: order.into(),
        as_of: company.as_of,
    };
    let found: Funnel = funnel_of(&events, steps.len(), options);
    let reason = match (found.entrants, found.immature) {
        (0, 0) => Some(metrics::NullReason::NoData),
        (0, _) => Some(metrics::NullReason::Immature),
        _ => None,
    };
    Ok(Some(FunnelResult {
        entrants: int(found.entrants),
        immature: int(found.immature),
        steps: milestones.iter().zip(&found.steps).map(|(name, one)| step(name, one)).collect(),
        null_reason: reason.map(Into::into),
        partial: company.partial,
        rules: company.epoch.rules.version.clone(),
        as_of: DateTime(company.as_of),
        known_at: DateTime(company.epoch.closed),
    }))
}
