//! Rollups: business numbers over all customers, as typed points and as flat rows.

use crate::as_of::Contributors;
use crate::asked::{Asked, asked};
use crate::enums::{MetricUnit, NullReason, RollupDimension, Stage};
use crate::known::KnownEpoch;
use crate::rates::{self, MissingRate};
use crate::scalars::{CurrencyCode, DateTime, Decimal, YearMonth, int};
use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use domain::{Area, Currency, Money, Month, Timestamp};
use metrics::{
    Cell, CellKey, Component, Dimension, Exchange, Measured, RollupRow, Span, UNATTRIBUTED, UNDATED,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::StoreError;
use store::read::{RollupCell, RollupRange};

/// Which cells a rollup is made of. All that are given must fit.
#[derive(InputObject)]
pub(crate) struct RollupFilter {
    /// One of these channels; `unattributed` is what no channel is known for.
    channel: Option<Vec<String>>,
    /// One of these segments. Spend has none and is left out then.
    segment: Option<Vec<String>>,
    /// One of these stages. Spend has none and is left out then.
    stage: Option<Vec<Stage>>,
}

impl RollupFilter {
    fn fits(&self, key: &CellKey) -> bool {
        let channel = key.channel.as_deref().unwrap_or(UNATTRIBUTED);
        let named = |all: &Option<Vec<String>>, word: Option<&str>| {
            all.as_ref().is_none_or(|all| word.is_some_and(|w| all.iter().any(|one| one == w)))
        };
        let staged = self
            .stage
            .as_ref()
            .is_none_or(|all| key.stage.is_some_and(|stage| all.contains(&stage.into())));
        named(&self.channel, Some(channel))
            && named(&self.segment, key.segment.as_deref())
            && staged
    }
}

/// A number of a rollup; or the reason why it is unknown.
#[derive(SimpleObject)]
pub(crate) struct DecimalMeasure {
    /// The value, exact; amounts of money in the row's currency.
    value: Option<Decimal>,
    /// Why it is unknown.
    null_reason: Option<NullReason>,
}

/// A count of a rollup; or the reason why it is unknown.
#[derive(SimpleObject)]
pub(crate) struct RollupCount {
    /// The count.
    value: Option<i32>,
    /// Why it is unknown.
    null_reason: Option<NullReason>,
}

pub(crate) fn decimal<T>(measured: &Measured<T>, text: impl Fn(&T) -> String) -> DecimalMeasure {
    DecimalMeasure {
        value: measured.value.as_ref().map(|value| Decimal(text(value))),
        null_reason: measured.null_reason.map(Into::into),
    }
}

fn amount(measured: &Measured<Money>) -> DecimalMeasure {
    decimal(measured, Money::to_major_string)
}

fn count(measured: &Measured<i64>) -> RollupCount {
    RollupCount {
        value: measured.value.map(int),
        null_reason: measured.null_reason.map(Into::into),
    }
}

/// One row of a rollup: the dimensions asked for, and the numbers, all in one currency.
#[derive(Clone)]
pub(crate) struct RollupPoint(RollupRow);

/// One row of a rollup: the dimensions asked for, and the numbers, all in one currency.
#[Object]
impl RollupPoint {
    /// The month; null unless split by month, and for what no source dates.
    async fn month(&self) -> Option<YearMonth> {
        self.0.month.filter(|month| *month != UNDATED).map(YearMonth)
    }

    /// The channel of acquisition, `unattributed` if unknown; null unless split by channel.
    async fn channel(&self) -> Option<&str> {
        self.0.channel.as_deref()
    }

    /// The segment, `unknown` if unknown; null unless split by segment.
    async fn segment(&self) -> Option<&str> {
        self.0.segment.as_deref()
    }

    /// The present stage; null unless split by stage.
    async fn stage(&self) -> Option<Stage> {
        self.0.stage.map(Into::into)
    }

    /// The currency of every amount of the row.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.currency)
    }

    /// Customers whose first payment was made in this currency; in any, if amounts are converted.
    async fn new_customers(&self) -> RollupCount {
        count(&self.0.new_customers)
    }

    /// Succeeded payments less succeeded refunds.
    async fn revenue(&self) -> DecimalMeasure {
        amount(&self.0.revenue)
    }

    /// Marketing and sales expense.
    async fn spend(&self) -> DecimalMeasure {
        amount(&self.0.spend)
    }

    /// Historic revenue CLV: revenue to date of the customers acquired, per customer.
    async fn clv_revenue(&self) -> DecimalMeasure {
        amount(&self.0.clv_revenue)
    }

    /// Historic margin CLV: the same times the gross margin.
    async fn clv_margin(&self) -> DecimalMeasure {
        amount(&self.0.clv_margin)
    }

    /// Expense per new customer.
    async fn cac(&self) -> DecimalMeasure {
        amount(&self.0.cac)
    }

    /// Margin CLV over CAC.
    async fn ltv_to_cac(&self) -> DecimalMeasure {
        decimal(&self.0.ltv_to_cac, Clone::clone)
    }

    /// Recurring revenue per month at the start of the row's months:
    /// `mrrStart + netNewMrr + fxMrr = mrrEnd`. Each customer's is rounded to whole minor units after each
    /// change, so that parts sum.
    async fn mrr_start(&self) -> DecimalMeasure {
        amount(&self.0.recurring.start)
    }

    /// Recurring revenue of customers who pay for the first time.
    async fn new_mrr(&self) -> DecimalMeasure {
        amount(&self.0.recurring.new)
    }

    /// Recurring revenue of customers who had left.
    async fn reactivation_mrr(&self) -> DecimalMeasure {
        amount(&self.0.recurring.reactivation)
    }

    /// More recurring revenue from customers who stayed; unknown where `assumedSubscriptions` is not 0.
    async fn expansion_mrr(&self) -> DecimalMeasure {
        amount(&self.0.recurring.expansion)
    }

    /// Less recurring revenue from customers who stayed, positive; unknown where `assumedSubscriptions`
    /// is not 0.
    async fn contraction_mrr(&self) -> DecimalMeasure {
        amount(&self.0.recurring.contraction)
    }

    /// Recurring revenue lost with customers who left, positive.
    async fn churned_mrr(&self) -> DecimalMeasure {
        amount(&self.0.recurring.churn)
    }

    /// New, reactivation and expansion less contraction and churn.
    async fn net_new_mrr(&self) -> DecimalMeasure {
        amount(&self.0.recurring.net_new)
    }

    /// What exchange rates changed in recurring revenue; nothing unless amounts are converted.
    async fn fx_mrr(&self) -> DecimalMeasure {
        amount(&self.0.recurring.fx)
    }

    /// Recurring revenue per month at the end of the row's months, so far as they have begun.
    async fn mrr_end(&self) -> DecimalMeasure {
        amount(&self.0.recurring.end)
    }

    /// Customers who pay recurring revenue for the first time.
    async fn new_subscribers(&self) -> RollupCount {
        count(&self.0.recurring.subscribers_new)
    }

    /// Customers who had left and pay recurring revenue again.
    async fn reactivated_subscribers(&self) -> RollupCount {
        count(&self.0.recurring.subscribers_reactivated)
    }

    /// Customers who left.
    async fn churned_subscribers(&self) -> RollupCount {
        count(&self.0.recurring.subscribers_churned)
    }

    /// Subscriptions that began before we saw them first and whose price in the row's months is taken to
    /// be the one first seen. Where there are any, `expansionMrr` and `contractionMrr` are unknown.
    async fn assumed_subscriptions(&self) -> i32 {
        int(self.0.recurring.assumed_subscriptions)
    }
}

/// A rollup as a table, ready for a BI tool.
#[derive(SimpleObject)]
pub(crate) struct RollupTable {
    /// Names of the columns.
    columns: Vec<String>,
    /// Rows: one text or null for each column. Numbers are written as decimals.
    rows: Vec<Vec<Option<String>>>,
}

/// What a rollup was computed with.
#[derive(SimpleObject)]
pub(crate) struct RollupMeta {
    /// The metric policy, name and version.
    policy: String,
    /// The time zone in which months begin.
    time_zone: String,
    /// When numbers were derived last; null before the first time.
    computed_at: Option<DateTime>,
    /// When this was known: asked for again with it, the answer is the same, whatever was learnt
    /// since. Null before the first derivation was finished.
    known_at: Option<DateTime>,
    /// The moment as of which it holds, later facts left out; null if all that was known counts.
    as_of: Option<DateTime>,
    /// The version of the lifecycle rules behind the stages; null before the first derivation was
    /// finished.
    rules: Option<String>,
    /// Checksum of the rows: equal answers have equal ones.
    checksum: String,
    /// Exchange rates that were needed and are not known: why amounts are null with `MISSING_RATE`.
    /// The first ones by currency and day, up to the limit of lists.
    missing_rates: Vec<MissingRate>,
}

/// A rollup.
pub(crate) struct RollupResult {
    by: Vec<Dimension>,
    rows: Vec<RollupRow>,
    known: Option<KnownEpoch>,
    /// The currency that amounts were converted to, and the rates that were missing.
    converted: Option<(Currency, BTreeSet<metrics::MissingRate>)>,
    as_of: Option<DateTime>,
}

/// A rollup.
#[Object]
impl RollupResult {
    /// The rows as typed points, by month, channel, segment, stage and currency.
    async fn rows(&self) -> Vec<RollupPoint> {
        self.rows.iter().cloned().map(RollupPoint).collect()
    }

    /// The same rows as a table.
    async fn flat(&self) -> RollupTable {
        let (columns, rows) = self.table();
        RollupTable { columns, rows }
    }

    /// What it was computed with.
    async fn meta(&self, ctx: &Context<'_>) -> Result<RollupMeta> {
        let asked = asked(ctx)?;
        let known = self.known.as_ref();
        let policy = known.map_or(&asked.shared.numbering.policy, |epoch| &epoch.policy);
        let computed = match known {
            Some(epoch) => Some(epoch.closed),
            None => asked.store.numbers_computed(&asked.scope).await?,
        };
        Ok(RollupMeta {
            policy: policy.label(),
            time_zone: policy.timezone.clone(),
            computed_at: computed.map(DateTime),
            known_at: known.map(|epoch| DateTime(epoch.closed)),
            as_of: self.as_of,
            rules: known.map(|epoch| epoch.rules.version.clone()),
            checksum: self.checksum(),
            missing_rates: self.converted.as_ref().map_or_else(Vec::new, |(to, missing)| {
                rates::missing(missing, *to, asked.shared.limits.list_max)
            }),
        })
    }
}

impl RollupResult {
    fn table(&self) -> (Vec<String>, Vec<Vec<Option<String>>>) {
        let has = |dimension| self.by.contains(&dimension);
        let dimensions = [
            ("month", Dimension::Month),
            ("channel", Dimension::Channel),
            ("segment", Dimension::Segment),
            ("stage", Dimension::Stage),
        ];
        let measures = [
            "new_customers",
            "revenue",
            "spend",
            "clv_revenue",
            "clv_margin",
            "cac",
            "ltv_to_cac",
            "mrr_start",
            "new_mrr",
            "reactivation_mrr",
            "expansion_mrr",
            "contraction_mrr",
            "churned_mrr",
            "net_new_mrr",
            "fx_mrr",
            "mrr_end",
            "new_subscribers",
            "reactivated_subscribers",
            "churned_subscribers",
            "assumed_subscriptions",
        ];
        let mut columns: Vec<String> = dimensions
            .iter()
            .filter(|(_, d)| has(*d))
            .map(|(name, _)| (*name).to_owned())
            .collect();
        columns.push("currency".to_owned());
        columns.extend(measures.iter().map(|name| (*name).to_owned()));
        let money = |measured: &Measured<Money>| measured.value.map(|m| m.to_major_string());
        let row = |row: &RollupRow| {
            let mut cells = Vec::with_capacity(columns.len());
            for (_, dimension) in dimensions.iter().filter(|(_, d)| has(*d)) {
                cells.push(match dimension {
                    Dimension::Month => row.month.filter(|m| *m != UNDATED).map(|m| m.to_string()),
                    Dimension::Channel => row.channel.clone(),
                    Dimension::Segment => row.segment.clone(),
                    Dimension::Stage => row.stage.map(|stage| stage.as_str().to_owned()),
                });
            }
            cells.push(Some(row.currency.code().to_owned()));
            cells.push(row.new_customers.value.map(|n| n.to_string()));
            for measured in [&row.revenue, &row.spend, &row.clv_revenue, &row.clv_margin, &row.cac]
            {
                cells.push(money(measured));
            }
            cells.push(row.ltv_to_cac.value.clone());
            let r = &row.recurring;
            let moved = [&r.new, &r.reactivation, &r.expansion, &r.contraction, &r.churn];
            cells.push(money(&r.start));
            cells.extend(moved.map(money));
            cells.extend([&r.net_new, &r.fx, &r.end].map(money));
            for one in [&r.subscribers_new, &r.subscribers_reactivated, &r.subscribers_churned] {
                cells.push(one.value.map(|n| n.to_string()));
            }
            cells.push(Some(r.assumed_subscriptions.to_string()));
            cells
        };
        let rows = self.rows.iter().map(row).collect();
        (columns, rows)
    }

    /// XXH3 of the table, columns and rows parted by signs that no value contains.
    fn checksum(&self) -> String {
        let (columns, rows) = self.table();
        let mut text = columns.join("\u{1f}");
        for row in rows {
            text.push('\u{1e}');
            for cell in row {
                text.push_str(cell.as_deref().unwrap_or("\u{0}"));
                text.push('\u{1f}');
            }
        }
        format!("{:016x}", domain::Payload::new(text).hash())
    }
}

fn cell(stored: RollupCell) -> Result<Cell, StoreError> {
    let corrupt = |what| StoreError::Corrupt { what };
    let component =
        Component::parse(&stored.component).ok_or_else(|| corrupt("rollup_cell.component"))?;
    let month = i32::try_from(stored.month).map_err(|_| corrupt("rollup_cell.month"))?;
    let stage = stored
        .stage
        .map(|word| domain::Stage::parse(&word).ok_or_else(|| corrupt("rollup_cell.stage")))
        .transpose()?;
    let currency = stored
        .currency
        .map(|code| Currency::parse(&code).ok_or_else(|| corrupt("rollup_cell.currency")))
        .transpose()?;
    let key = CellKey {
        component,
        month: Month(month),
        channel: stored.channel,
        segment: stored.segment,
        stage,
        currency,
    };
    Ok(Cell { key, value: stored.value })
}

/// Cells as `metrics` has them.
pub(crate) fn cells(stored: Vec<RollupCell>) -> Result<Vec<Cell>> {
    Ok(stored.into_iter().map(cell).collect::<Result<_, _>>()?)
}

/// A cell's key as it is stored; the value is 0.
pub(crate) fn stored(key: &CellKey) -> RollupCell {
    RollupCell {
        component: key.component.as_str().to_owned(),
        month: i64::from(key.month.0),
        channel: key.channel.clone(),
        segment: key.segment.clone(),
        stage: key.stage.map(|stage| stage.as_str().to_owned()),
        currency: key.currency.map(|currency| currency.code().to_owned()),
        value: 0,
    }
}

/// The cells of the months wanted as of a moment, made again from the facts of everybody.
async fn cells_as_of(
    asked: &Asked,
    epoch: &KnownEpoch,
    as_of: Timestamp,
    within: impl Fn(&CellKey) -> bool,
) -> Result<Vec<Cell>> {
    let mut contributors = Contributors::find(asked, epoch, as_of, None).await?;
    let mut sums: Vec<Cell> = Vec::new();
    loop {
        let page = contributors.next(asked, epoch).await?;
        if page.is_empty() {
            return Ok(sums);
        }
        let fresh = page.into_iter().flat_map(|one| one.cells);
        sums = metrics::merge(sums.into_iter().chain(fresh.filter(|cell| within(&cell.key))));
    }
}

/// The rollup of stored cells, as known at a time if one is given.
pub(crate) async fn rollups(
    ctx: &Context<'_>,
    by: Vec<RollupDimension>,
    (from, to): (Option<YearMonth>, Option<YearMonth>),
    (as_of, known_at): (Option<DateTime>, Option<DateTime>),
    (currency, convert_to): (Option<CurrencyCode>, Option<CurrencyCode>),
    filter: Option<RollupFilter>,
) -> Result<Option<RollupResult>> {
    let asked = asked(ctx)?;
    asked.see(Area::Rollups)?;
    let number = |month: YearMonth| i64::from(month.0.0);
    let at = known_at.map(|at| at.0);
    let known = match (known_at.or(as_of), asked.store.find_epoch(at).await?) {
        (_, Some(epoch)) => Some(KnownEpoch::try_from(epoch)?),
        (Some(_), None) => Some(asked.epoch(at).await?),
        (None, None) => None,
    };
    let cells = match (as_of, &known) {
        (Some(as_of), Some(epoch)) => {
            let within = |key: &CellKey| {
                let begun = from.is_none_or(|from| from.0 <= key.month);
                (begun || key.component.is_recurring()) && to.is_none_or(|to| key.month <= to.0)
            };
            cells_as_of(asked, epoch, as_of.0, within).await?
        }
        (_, known) => {
            let epoch = known.as_ref().map(|epoch| epoch.number);
            let running = Component::RECURRING.iter().map(|one| one.as_str()).collect();
            let (from, to) = (from.map(number), to.map(number));
            let range = RollupRange { from, to, epoch, running };
            cells(asked.store.rollup_cells(&asked.scope, &range).await?)?
        }
    };
    let fits = |cell: &Cell| filter.as_ref().is_none_or(|filter| filter.fits(&cell.key));
    let cells: Vec<Cell> = cells.into_iter().filter(fits).collect();
    let by: Vec<Dimension> = by.into_iter().map(Into::into).collect();
    let numbering = &asked.shared.numbering;
    let (policy, sources) = known
        .as_ref()
        .map_or((&numbering.policy, &numbering.sources), |epoch| (&epoch.policy, &epoch.sources));
    let moment = match (as_of, &known) {
        (Some(as_of), _) => as_of.0,
        (None, Some(epoch)) => epoch.closed,
        (None, None) => {
            let computed = asked.store.numbers_computed(&asked.scope).await?;
            computed.unwrap_or(Timestamp::from_millis(0))
        }
    };
    let span = Span {
        from: from.map(|from| from.0),
        to: to.map(|to| to.0),
        now: moment.month_in(&policy.time_zone()),
    };
    let only = currency.map(|code| code.0);
    let (rows, converted) = match convert_to {
        None => (metrics::rollup(&cells, &by, span, only, policy, sources), None),
        Some(CurrencyCode(to)) => {
            let rates = match &known {
                Some(epoch) => asked.rates(epoch.number).await?,
                None => Arc::default(),
            };
            let mut exchange = Exchange::new(to, &rates, policy);
            let paid_in = |cell: &Cell| only.is_none_or(|only| cell.key.currency == Some(only));
            let cells: Vec<Cell> = cells.into_iter().filter(paid_in).collect();
            let rows = metrics::rollup_in(&mut exchange, &cells, &by, span, policy, sources);
            (rows, Some((to, exchange.missing().clone())))
        }
    };
    Ok(Some(RollupResult { by, rows, known, as_of, converted }))
}

/// What a number means.
#[derive(SimpleObject)]
pub(crate) struct Metric {
    /// Its name.
    name: String,
    /// What it is.
    definition: String,
    /// How it is computed.
    formula: String,
    /// What it is counted in.
    unit: MetricUnit,
    /// The keys of the metric policy that change it.
    policy: Vec<String>,
    /// Whether it is a number of one customer.
    per_customer: bool,
    /// Whether it is a column of rollups.
    in_rollups: bool,
}

/// All definitions.
pub(crate) fn catalog() -> Vec<Metric> {
    metrics::catalog()
        .iter()
        .map(|definition| Metric {
            name: definition.name.to_owned(),
            definition: definition.definition.to_owned(),
            formula: definition.formula.to_owned(),
            unit: definition.unit.into(),
            policy: definition.policy.iter().map(|key| (*key).to_owned()).collect(),
            per_customer: definition.per_customer,
            in_rollups: definition.in_rollups,
        })
        .collect()
}
