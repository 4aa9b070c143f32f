//! The other numbers of the company by name, and how they stand against their targets.
//!
//! Owns how they are asked for and shown. Refuses a number whose area is hidden.

use crate::asked::{Asked, asked};
use crate::company::{Asking, Company};
use crate::enums::{Kpi, MetricUnit, NullReason, TargetPace};
use crate::errors::Refusal;
use crate::lives::Lives;
use crate::scalars::{CurrencyCode, DateTime, Decimal, int};
use async_graphql::{Context, Result, SimpleObject};
use domain::{Area, CanonicalKind, ProfileKind, Stage, Timestamp};
use metrics::kpi::{
    self, KpiInputs, Milestone, Need, Reading, Span, TargetConfig, Window, contracts, in_major,
    progress, readings,
};
use metrics::{Measured, NullReason as Reason, Ratio, Unit};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Between what a number lies.
#[derive(SimpleObject)]
pub(crate) struct KpiInterval {
    /// The lower end.
    low: f64,
    /// The upper end.
    high: f64,
}

/// A number of the whole company in a span; or the reason why there is none.
#[derive(SimpleObject)]
pub(crate) struct KpiReading {
    /// Which number.
    name: Kpi,
    /// The value: amounts in the currency's major unit, durations in milliseconds (their median).
    value: Option<Decimal>,
    /// What it is counted in.
    unit: MetricUnit,
    /// The currency, of amounts and of rates by value: each stands in a row of its own, and nothing is
    /// converted.
    currency: Option<CurrencyCode>,
    /// The mean, of durations.
    mean: Option<Decimal>,
    /// What is divided, where it is a whole number; amounts in the smallest unit of the currency.
    numerator: Option<Decimal>,
    /// What it is divided by.
    denominator: Option<Decimal>,
    /// Orders, deals, contracts, leads, answers or tickets behind it.
    n: Option<i32>,
    /// The 95 % interval, of surveys.
    interval: Option<KpiInterval>,
    /// Things that contradict themselves and do not count.
    left_out: i32,
    /// Things that are not decided yet and do not count: contracts within their days of grace, tickets
    /// without an answer.
    pending: i32,
    /// Why there is no value.
    null_reason: Option<NullReason>,
    /// Whether the span goes on after `asOf`.
    partial: bool,
}

/// Numbers of the whole company.
#[derive(SimpleObject)]
pub(crate) struct KpiResult {
    /// The readings in the order asked for; one for each currency where there are several.
    rows: Vec<KpiReading>,
    /// The metric policy, name and version.
    policy: String,
    /// The moment as of which they hold.
    as_of: DateTime,
    /// When this was known: asked for again with both times, the answer is the same.
    known_at: DateTime,
}

fn shown(kpi: kpi::Kpi, value: Ratio, currency: Option<domain::Currency>) -> Option<Decimal> {
    let places = match kpi.unit() {
        Unit::Money => currency.map_or(2, |code| u32::from(code.exponent())),
        Unit::Duration | Unit::Count => 0,
        _ => 6,
    };
    value.to_decimal(places).map(Decimal)
}

fn whole(number: Option<i64>) -> Option<Decimal> {
    number.map(|number| Decimal(number.to_string()))
}

impl KpiReading {
    fn of(reading: &Reading, partial: bool) -> Self {
        let value = in_major(reading);
        let (kpi, currency) = (reading.kpi, reading.currency);
        Self {
            name: kpi.into(),
            value: value.value.and_then(|value| shown(kpi, value, currency)),
            unit: kpi.unit().into(),
            currency: currency.map(CurrencyCode),
            mean: reading.mean.and_then(|mean| shown(kpi, mean, currency)),
            numerator: whole(reading.numerator),
            denominator: whole(reading.denominator),
            n: reading.n.map(int),
            interval: reading.interval.map(|(low, high)| KpiInterval { low, high }),
            left_out: int(reading.left_out),
            pending: int(reading.pending),
            null_reason: value.null_reason.map(Into::into),
            partial,
        }
    }
}

/// Days within which a lead must qualify and a contract may be renewed.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    pub lead_days: i32,
    pub grace_days: i32,
}

impl Patience {
    fn span(self, window: Window, as_of: Timestamp) -> Result<Span, Refusal> {
        let days = |name: &str, days: i32| {
            if (0..=3_660).contains(&days) {
                Ok(i64::from(days))
            } else {
                Err(Refusal::bad_input(format!("'{name}' must be from 0 to 3660")))
            }
        };
        let lead_days = days("leadDays", self.lead_days)?;
        let grace_days = days("graceDays", self.grace_days)?;
        Ok(Span { window, as_of, lead_days, grace_days })
    }
}

impl Asked {
    fn see_kpi(&self, kpi: kpi::Kpi) -> Result<(), Refusal> {
        self.see(if kpi.of_support() { Area::Support } else { Area::Rollups })
    }
}

/// Everything that some numbers are made of.
async fn inputs(asked: &Asked, company: &Company, names: &[kpi::Kpi]) -> Result<KpiInputs> {
    let needs: BTreeSet<Need> = names.iter().flat_map(|kpi| kpi.needs()).copied().collect();
    let mut kinds = Vec::new();
    for need in &needs {
        kinds.extend(match need {
            Need::Payments => &[CanonicalKind::Payment, CanonicalKind::Refund][..],
            Need::Deals => &[CanonicalKind::Deal],
            Need::Tickets => &[CanonicalKind::Ticket],
            Need::Surveys => &[CanonicalKind::SurveyResponse],
            Need::Subscriptions => &[CanonicalKind::Subscription],
            Need::Contracts | Need::Leads | Need::Channels => &[],
        });
    }
    let facts = match kinds.is_empty() {
        true => BTreeMap::new(),
        false => company.facts(asked, &kinds).await?,
    };
    let (mut periods, mut assumed) = (Vec::new(), Vec::new());
    if needs.contains(&Need::Contracts) {
        for holder in company.holders(asked).await?.of.into_values() {
            periods.extend(holder.items);
            assumed.extend(holder.assumed.iter().map(|(_, stretch)| Window {
                from: stretch.from,
                until: stretch.until.unwrap_or(Timestamp::from_millis(i64::MAX)),
            }));
        }
    }
    let mut leads = Vec::new();
    if needs.contains(&Need::Leads) {
        let lives = Lives::of(asked, company, Some(ProfileKind::Person)).await?;
        let wanted = [Milestone::Stage(Stage::Lead), Milestone::Stage(Stage::Mql)];
        for life in lives.events(asked, company, &wanted).await? {
            let first = |step: usize| {
                life.iter().filter(|event| event.step == step).map(|event| event.at).min()
            };
            leads.extend(first(0).map(|lead| (lead, first(1))));
        }
    }
    let mut channels = HashMap::new();
    if needs.contains(&Need::Channels) {
        let known = asked.store.new_customers_known(&asked.scope, company.epoch.number).await?;
        channels = known.into_iter().map(|(id, (_, channel))| (id, channel)).collect();
    }
    Ok(KpiInputs {
        facts,
        contracts: contracts(&periods, &company.zone, company.as_of),
        assumed,
        leads,
        channels,
        sources: company.epoch.sources,
    })
}

/// Numbers of the whole company.
pub(crate) async fn kpis(
    ctx: &Context<'_>,
    names: Vec<Kpi>,
    patience: Patience,
    asking: Asking,
) -> Result<Option<KpiResult>> {
    let asked = asked(ctx)?;
    let names: Vec<kpi::Kpi> = names.into_iter().map(Into::into).collect();
    for name in &names {
        asked.see_kpi(*name)?;
    }
    if names.is_empty() || names.len() > kpi::Kpi::ALL.len() {
        return Err(Refusal::bad_input("'names' must name each number once".to_owned()).into());
    }
    let company = Company::of(asked, asking).await?;
    let span = patience.span(company.window, company.as_of)?;
    let inputs = inputs(asked, &company, &names).await?;
    let policy = &company.epoch.policy;
    let rows = names
        .iter()
        .flat_map(|name| readings(*name, &inputs, policy, span))
        .map(|reading| KpiReading::of(&reading, company.partial))
        .collect();
    Ok(Some(KpiResult {
        rows,
        policy: policy.label(),
        as_of: DateTime(company.as_of),
        known_at: DateTime(company.epoch.closed),
    }))
}

/// What a number is to be by the end of a quarter, and how far it has come.
#[derive(SimpleObject)]
pub(crate) struct TargetReading {
    /// Which number.
    metric: Kpi,
    /// The quarter, `2026-Q4`.
    quarter: String,
    /// Where it started.
    baseline: Decimal,
    /// The value asked for.
    target: Option<Decimal>,
    /// The number in the quarter so far.
    actual: KpiReading,
    /// How much of the way is done: 0 at the start, 1 when met, below 0 when it went the other way.
    progress: Option<Decimal>,
    /// How much of the quarter has passed, 0 to 1.
    elapsed: Option<Decimal>,
    /// How it stands.
    pace: Option<TargetPace>,
    /// Why there is no progress.
    null_reason: Option<NullReason>,
}

/// The targets of the metric policy.
#[derive(SimpleObject)]
pub(crate) struct TargetResult {
    /// In the order of the configuration.
    rows: Vec<TargetReading>,
    /// The metric policy, name and version.
    policy: String,
    /// The moment as of which they are read.
    as_of: DateTime,
    /// When this was known.
    known_at: DateTime,
}

fn target(
    config: &TargetConfig,
    name: kpi::Kpi,
    inputs: &KpiInputs,
    company: &mut Company,
) -> Result<Option<TargetReading>> {
    // The configuration was checked when it was loaded.
    let Ok(target) = config.read() else { return Ok(None) };
    let Some(whole) = target.quarter.window(&company.zone) else { return Ok(None) };
    company.set(whole);
    let patience = Patience { lead_days: 30, grace_days: 30 };
    let span = patience.span(company.window, company.as_of)?;
    let found = readings(name, inputs, &company.epoch.policy, span);
    let (actual, value) = match found.as_slice() {
        [one] => (one.clone(), in_major(one)),
        // A target names no currency.
        [one, ..] => {
            let none = Measured::none(Reason::MixedCurrency);
            (Reading { value: none.clone(), currency: None, ..one.clone() }, none)
        }
        [] => return Ok(None),
    };
    let read = progress(&target, &value, company.as_of, &company.zone);
    let six = |ratio: Ratio| ratio.to_decimal(6).map(Decimal);
    let currency = actual.currency;
    Ok(Some(TargetReading {
        metric: name.into(),
        quarter: target.quarter.to_string(),
        baseline: Decimal(config.baseline.trim().to_owned()),
        target: read.value.and_then(|read| shown(name, read.target, currency)),
        actual: KpiReading::of(&actual, company.partial),
        progress: read.value.and_then(|read| six(read.progress)),
        elapsed: read.value.and_then(|read| six(read.elapsed)),
        pace: read.value.map(|read| read.pace.into()),
        null_reason: read.null_reason.map(Into::into),
    }))
}

/// How the targets stand.
pub(crate) async fn targets(
    ctx: &Context<'_>,
    as_of: Option<DateTime>,
    known_at: Option<DateTime>,
) -> Result<Option<TargetResult>> {
    let asked = asked(ctx)?;
    asked.see(Area::Rollups)?;
    let asking = Asking { from: None, to: None, as_of, known_at };
    let mut company = Company::of(asked, asking).await?;
    let configs = company.epoch.policy.targets.clone();
    let named: Vec<(TargetConfig, kpi::Kpi)> = configs
        .into_iter()
        .filter_map(|config| kpi::Kpi::parse(&config.metric).map(|kpi| (config, kpi)))
        .collect();
    let names: Vec<kpi::Kpi> = named.iter().map(|(_, kpi)| *kpi).collect();
    for name in &names {
        asked.see_kpi(*name)?;
    }
    let inputs = inputs(asked, &company, &names).await?;
    let mut rows = Vec::with_capacity(named.len());
    for (config, name) in &named {
        rows.extend(target(config, *name, &inputs, &mut company)?);
    }
    Ok(Some(TargetResult {
        rows,
        policy: company.epoch.policy.label(),
        as_of: DateTime(company.as_of),
        known_at: DateTime(company.epoch.closed),
    }))
}
