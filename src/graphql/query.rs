//! `Query`: the ways in.

use crate::alerts::{self, AlertConnection, AlertEventConnection, AlertFilter};
use crate::asked::{Asked, asked, shown};
use crate::attribution::{self, AcquisitionResult, AttributionResult, Costing, Crediting};
use crate::audit::{self, DataAudit};
use crate::checksums::{self, RollupChecksum};
use crate::cohorts::{self, CohortResult};
use crate::company::Asking;
use crate::customer::Customer;
use crate::customers::{self, CustomerConnection, CustomerFilter, CustomerOrder, PageArguments};
use crate::enums::{
    AttributionGrouping, AttributionModel, CohortBasis, CustomerKind, FunnelOrder, Kpi,
    MovementGrain, MovementPolicy, ReviewReason, RollupDimension, SpendLoading,
};
use crate::errors::Refusal;
use crate::household::{self, Household};
use crate::known::{self, CustomerThen};
use crate::kpis::{self, KpiResult, Patience, TargetResult};
use crate::lives::{self, Following, FunnelMilestone, FunnelResult};
use crate::movements::{self, RevenueMovements, Wanted};
use crate::node::{self, Node};
use crate::operations::{self, AuditConnection, QuarantineConnection, Source};
use crate::restated::{self, CellContributorConnection, Restatement, RollupCellKey};
use crate::reviews::{self, ReviewConnection};
use crate::rollups::{self, Metric, RollupFilter, RollupResult};
use crate::scalars::{CurrencyCode, DateTime, YearMonth};
use crate::why_not::{self, WhyNot};
use async_graphql::{Context, ID, InputObject, Object, OneofObject, Result};
use domain::{IdentifierKind, RecordKey};
use identity::normal;
use store::read::Lookup;

/// A record by the names its source gives it.
#[derive(InputObject)]
pub(crate) struct ExternalId {
    /// The configured source.
    source: String,
    /// The stream within the source; any if not given.
    stream: Option<String>,
    /// The source's own id of the record.
    id: String,
}

/// What to look a customer up by: exactly one of these.
#[derive(OneofObject)]
pub(crate) enum CustomerBy {
    /// Its id. The id of a customer that was merged leads to the one it was merged into.
    Id(ID),
    /// An e-mail address of any of its records, in any spelling of it.
    Email(String),
    /// A phone number of any of its records; with country code, or in a national form of the
    /// countries that this deployment is configured for.
    Phone(String),
    /// The id that a source gives one of its records.
    ExternalId(ExternalId),
}

/// The words of a search, as stored text is folded: at most eight.
pub(crate) fn search_words(text: &str) -> Vec<String> {
    text.to_lowercase().split_whitespace().take(8).map(str::to_owned).collect()
}

impl Asked {
    /// A phone number in normal form, if the text is one.
    pub(crate) fn phone(&self, text: &str) -> Option<String> {
        let countries: Vec<&str> = self.shared.phone_countries.iter().map(String::as_str).collect();
        normal::phone::normalize(text, &countries)
    }

    fn lookup(&self, by: CustomerBy) -> Result<Lookup, Refusal> {
        Ok(match by {
            CustomerBy::Id(id) => Lookup::Id(node::profile_id(&id)?),
            CustomerBy::Email(text) => {
                let mailbox = normal::email::normalize(&text).ok_or_else(|| {
                    Refusal::bad_input(
                        "'email' is no address that could identify anybody: expected \
                         name@domain, and no placeholder",
                    )
                })?;
                Lookup::Identifier(IdentifierKind::Email, mailbox.address)
            }
            CustomerBy::Phone(text) => {
                let number = self.phone(&text).ok_or_else(|| {
                    Refusal::bad_input(
                        "'phone' is not a phone number: give it with its country code, as \
                         +49 30 901820",
                    )
                })?;
                Lookup::Identifier(IdentifierKind::Phone, number)
            }
            CustomerBy::ExternalId(ExternalId { source, stream: Some(stream), id }) => {
                Lookup::Record(RecordKey::new(source, stream, id))
            }
            CustomerBy::ExternalId(ExternalId { source, stream: None, id }) => {
                Lookup::External { source, external_id: id }
            }
        })
    }
}

/// What can be read.
pub(crate) struct Query;

/// What can be read.
#[Object]
impl Query {
    /// One customer, or null if there is none. Looking up by a whole e-mail address or phone
    /// number is open to every role, also to those that see them masked.
    async fn customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to look it up by.")] by: CustomerBy,
    ) -> Option<Result<Customer>> {
        shown(async {
            let asked = asked(ctx)?;
            let lookup = asked.lookup(by)?;
            if let Lookup::Id(id) = lookup {
                return crate::customer::by_id(ctx, Some(id)).await;
            }
            Ok(asked.store.find_profile(&asked.scope, &lookup).await?.map(Into::into))
        })
        .await
    }

    /// A customer as it was known, by the id that it has or had then: also one that was merged or
    /// taken apart since. Null with a reason if no answer was known then at all.
    async fn customer_then(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id.")] id: ID,
        #[graphql(
            desc = "As of this moment in its life; later facts do not count. Without it, as \
                          of `knownAt` if that is given."
        )]
        as_of: Option<DateTime>,
        #[graphql(desc = "As known at this moment: as the last derivation finished by then gave \
                          it.")]
        known_at: Option<DateTime>,
    ) -> Option<Result<CustomerThen>> {
        known::customer_then(ctx, &id, as_of, known_at).await.map(Some).transpose()
    }

    /// Customers, page by page; the newest first if no order is given.
    #[allow(clippy::too_many_arguments)] // each is an argument of the field
    async fn customers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most from the beginning or behind `after`; 20 if neither \
                          `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "A cursor of this field in the same order: only customers behind it.")]
        after: Option<String>,
        #[graphql(desc = "How many at most from the end or before `before`.")] last: Option<i32>,
        #[graphql(desc = "A cursor of this field in the same order: only customers before it.")]
        before: Option<String>,
        #[graphql(desc = "Words that must all occur in name, company, web domain or town, and, \
                          for roles that see contact details in full, e-mail and phone. A whole \
                          e-mail address or phone number is found for every role.")]
        search: Option<String>,
        #[graphql(desc = "Conditions that must hold.")] filter: Option<CustomerFilter>,
        #[graphql(desc = "The order, most important key first; the id decides ties.")]
        order_by: Option<Vec<CustomerOrder>>,
    ) -> Result<CustomerConnection> {
        let page = PageArguments { first, after, last, before };
        customers::customers(ctx, page, search, filter, order_by).await
    }

    /// Anything with an id, or null if there is nothing.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id.")] id: ID,
    ) -> Option<Result<Node>> {
        node::node(ctx, &id).await.transpose()
    }

    /// Several things with ids, in the order asked for; null where there is nothing.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ids, at most as many as a page has.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        node::nodes(ctx, &ids).await
    }

    /// One household, or null if there is none.
    async fn household(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id.")] id: ID,
    ) -> Option<Result<Household>> {
        household::by_id(ctx, &id).await.transpose()
    }

    /// Business numbers over all customers. Needs the area `rollups`.
    #[allow(clippy::too_many_arguments)] // each is an argument of the field
    async fn rollups(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to split by; nothing gives the totals.", default)] by: Vec<
            RollupDimension,
        >,
        #[graphql(desc = "The first month.")] from: Option<YearMonth>,
        #[graphql(desc = "The last month.")] to: Option<YearMonth>,
        #[graphql(desc = "Only amounts of this currency.")] currency: Option<CurrencyCode>,
        #[graphql(
            desc = "Convert every amount to this currency by the stored exchange rates: what \
                          is of a month, by the rate of its first day."
        )]
        convert_to: Option<CurrencyCode>,
        #[graphql(desc = "Only what fits.")] filter: Option<RollupFilter>,
        #[graphql(
            desc = "As of this moment: made again from the facts that had occurred by then, for \
                          at most `limits.as_of_max` customers; without it, all that was known."
        )]
        as_of: Option<DateTime>,
        #[graphql(desc = "As known at this moment: as the last derivation finished by then gave \
                          it.")]
        known_at: Option<DateTime>,
    ) -> Option<Result<RollupResult>> {
        let (range, times) = ((from, to), (as_of, known_at));
        rollups::rollups(ctx, by, range, times, (currency, convert_to), filter).await.transpose()
    }

    /// Movements of recurring revenue over all customers, from the stored subscriptions and what they
    /// said before. Needs the area `rollups`.
    #[allow(clippy::too_many_arguments)] // each is an argument of the field
    async fn revenue_movements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How long a period is.", default_with = "MovementGrain::Month")]
        by: MovementGrain,
        #[graphql(desc = "The first month.")] from: Option<YearMonth>,
        #[graphql(desc = "The last month.")] to: Option<YearMonth>,
        #[graphql(desc = "Only what is paid in this currency.")] currency: Option<CurrencyCode>,
        #[graphql(desc = "Convert every amount to this currency by the stored exchange rates.")]
        convert_to: Option<CurrencyCode>,
        #[graphql(desc = "A preset by which it is counted; the metric policy's own if not given.")]
        policy: Option<MovementPolicy>,
        #[graphql(
            desc = "As of this moment: what began, changed or ended later had not happened. \
                          Without it, as of when it was known."
        )]
        as_of: Option<DateTime>,
        #[graphql(desc = "As known at this moment: as the last derivation finished by then gave \
                          it.")]
        known_at: Option<DateTime>,
    ) -> Option<Result<RevenueMovements>> {
        let wanted = Wanted { by, from, to, currency, convert_to, policy, as_of, known_at };
        movements::revenue_movements(ctx, wanted).await.transpose()
    }

    /// Which channels or campaigns brought the new customers of a span: their touches, up to the first
    /// purchase that was not given back in full. Touches of a company's people count for the company,
    /// unless they bought for themselves. Needs the area `rollups`.
    #[allow(clippy::too_many_arguments)] // each is an argument of the field
    async fn attribution(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How credit is given.")] model: AttributionModel,
        #[graphql(desc = "What it is given to.", default_with = "AttributionGrouping::Channel")]
        by: AttributionGrouping,
        #[graphql(desc = "The first month of purchases.")] from: Option<YearMonth>,
        #[graphql(desc = "The last month of purchases.")] to: Option<YearMonth>,
        #[graphql(desc = "Only touches at most so many days before the purchase.")]
        look_back_days: Option<i32>,
        #[graphql(
            desc = "Days in which the weight of a touch halves, of TIME_DECAY.",
            default = 7
        )]
        half_life_days: i32,
        #[graphql(desc = "As of this moment: later facts do not count.")] as_of: Option<DateTime>,
        #[graphql(desc = "As known at this moment: as the last derivation finished by then gave \
                          it.")]
        known_at: Option<DateTime>,
    ) -> Option<Result<AttributionResult>> {
        let crediting = Crediting { model, by, look_back_days, half_life_days };
        let asking = Asking { from, to, as_of, known_at };
        attribution::attribution(ctx, crediting, asking).await.transpose()
    }

    /// What the new customers of each month cost, blended and by channel, and when they have paid it
    /// back. Needs the area `rollups`.
    #[allow(clippy::too_many_arguments)] // each is an argument of the field
    async fn acquisition(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first month of customers.")] from: Option<YearMonth>,
        #[graphql(desc = "The last month of customers.")] to: Option<YearMonth>,
        #[graphql(desc = "Which expense counts.", default_with = "SpendLoading::FullyLoaded")]
        loading: SpendLoading,
        #[graphql(desc = "Months by which expense precedes the customers it brings.", default = 0)]
        lag_months: i32,
        #[graphql(desc = "Months of a payback curve, up to 60.", default = 12)] ages: i32,
        #[graphql(desc = "As of this moment: later facts do not count.")] as_of: Option<DateTime>,
        #[graphql(desc = "As known at this moment: as the last derivation finished by then gave \
                          it.")]
        known_at: Option<DateTime>,
    ) -> Option<Result<AcquisitionResult>> {
        let costing = Costing { loading, lag_months, ages };
        let asking = Asking { from, to, as_of, known_at };
        attribution::acquisition(ctx, costing, asking).await.transpose()
    }

    /// Numbers of the whole company in a span of months. Needs the area `rollups`, for surveys and
    /// tickets the area `support`.
    #[allow(clippy::too_many_arguments)] // each is an argument of the field
    async fn kpis(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which numbers.")] names: Vec<Kpi>,
        #[graphql(desc = "The first month.")] from: Option<YearMonth>,
        #[graphql(desc = "The last month.")] to: Option<YearMonth>,
        #[graphql(desc = "Days within which a lead must qualify.", default = 30)] lead_days: i32,
        #[graphql(
            desc = "Days after its end within which a contract may be renewed.",
            default = 0
        )]
        grace_days: i32,
        #[graphql(desc = "As of this moment: later facts do not count.")] as_of: Option<DateTime>,
        #[graphql(desc = "As known at this moment: as the last derivation finished by then gave \
                          it.")]
        known_at: Option<DateTime>,
    ) -> Option<Result<KpiResult>> {
        let patience = Patience { lead_days, grace_days };
        let asking = Asking { from, to, as_of, known_at };
        kpis::kpis(ctx, names, patience, asking).await.transpose()
    }

    /// How the targets of the metric policy stand. Needs the area `rollups`, for surveys and tickets the
    /// area `support`.
    async fn targets(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "As of this moment: later facts do not count.")] as_of: Option<DateTime>,
        #[graphql(desc = "As known at this moment: as the last derivation finished by then gave \
                          it.")]
        known_at: Option<DateTime>,
    ) -> Option<Result<TargetResult>> {
        kpis::targets(ctx, as_of, known_at).await.transpose()
    }

    /// How far the customers who reached a first milestone in a span come. Needs the area `rollups`.
    #[allow(clippy::too_many_arguments)] // each is an argument of the field
    async fn funnel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The milestones in their order, 2 to 12.")] milestones: Vec<
            FunnelMilestone,
        >,
        #[graphql(desc = "Only persons or only companies. Both know a deal that concerns both.")]
        kind: Option<CustomerKind>,
        #[graphql(desc = "The first month of entries.")] from: Option<YearMonth>,
        #[graphql(desc = "The last month of entries.")] to: Option<YearMonth>,
        #[graphql(
            desc = "Days from the entry within which a milestone counts; who entered later \
                          than that before `asOf` is in no step. For ever if not given."
        )]
        within_days: Option<i32>,
        #[graphql(
            desc = "What counts as having reached a milestone.",
            default_with = "FunnelOrder::AtLeast"
        )]
        order: FunnelOrder,
        #[graphql(desc = "As of this moment: later facts do not count.")] as_of: Option<DateTime>,
        #[graphql(desc = "As known at this moment: as the last derivation finished by then gave \
                          it.")]
        known_at: Option<DateTime>,
    ) -> Option<Result<FunnelResult>> {
        let following = Following { milestones, kind, within_days, order };
        let asking = Asking { from, to, as_of, known_at };
        lives::funnel(ctx, following, asking).await.transpose()
    }

    /// Retention: customers by the month in which they began, and what is left of them. Needs the area
    /// `rollups`.
    #[allow(clippy::too_many_arguments)] // each is an argument of the field
    async fn cohorts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What they are made of.", default_with = "CohortBasis::Subscriptions")]
        basis: CohortBasis,
        #[graphql(desc = "The first month of beginnings.")] from: Option<YearMonth>,
        #[graphql(desc = "The last month of beginnings.")] to: Option<YearMonth>,
        #[graphql(desc = "Months shown of each, up to 60.", default = 12)] ages: i32,
        #[graphql(desc = "As of this moment: later facts do not count.")] as_of: Option<DateTime>,
        #[graphql(desc = "As known at this moment: as the last derivation finished by then gave \
                          it.")]
        known_at: Option<DateTime>,
    ) -> Option<Result<CohortResult>> {
        cohorts::cohorts(ctx, basis, ages, Asking { from, to, as_of, known_at }).await.transpose()
    }

    /// What was restated in rollups between two times at which they were known, and why. It compares
    /// all that was known at each, so it has no moment as of which it holds. Null with a reason if
    /// nothing was known at the earlier one. Needs the area `rollups`.
    async fn compare_known_at(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The earlier time.")] before: DateTime,
        #[graphql(desc = "The later time.")] after: DateTime,
        #[graphql(desc = "The first month.")] from: Option<YearMonth>,
        #[graphql(desc = "The last month.")] to: Option<YearMonth>,
    ) -> Option<Result<Restatement>> {
        restated::compare_known_at(ctx, before, after, from, to).await.map(Some).transpose()
    }

    /// Audits the rollups: the cells as increments keep them beside what every share adds up to
    /// anew, by component and month. What is stored holds as of no moment, so neither does its audit.
    /// Reads all shares. Needs the areas `rollups` and `operations`.
    async fn rollup_checksums(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "As known at this moment; as known last if not given.")] known_at: Option<
            DateTime,
        >,
    ) -> Option<Result<Vec<RollupChecksum>>> {
        checksums::checksums(ctx, known_at).await.map(Some).transpose()
    }

    /// The contributors of a rollup cell and the records behind them. Needs the areas `rollups` and
    /// `customer_numbers`.
    async fn explain_rollup(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cell.")] cell: RollupCellKey,
        #[graphql(
            desc = "As of this moment: made again from the facts that had occurred by then; without \
                          it, all that was known."
        )]
        as_of: Option<DateTime>,
        #[graphql(desc = "As known at this moment; as known last if not given.")] known_at: Option<
            DateTime,
        >,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list to go on behind.")] after: Option<String>,
    ) -> Option<Result<CellContributorConnection>> {
        restated::explain(ctx, cell, (as_of, known_at), first, after).await.map(Some).transpose()
    }

    /// What every number means: definition, formula, unit.
    async fn metric_catalog(&self) -> Vec<Metric> {
        rollups::catalog()
    }

    /// The sources and how their last syncs went. Needs the area `operations`.
    async fn sources(&self, ctx: &Context<'_>) -> Option<Result<Vec<Source>>> {
        operations::sources(ctx).await.map(Some).transpose()
    }

    /// What about customers somebody should look at, the alert raised last first. Needs one of the areas
    /// `customer_numbers` and `support`.
    async fn alerts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only what fits; all if not given.")] filter: Option<AlertFilter>,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list to go on behind.")] after: Option<String>,
    ) -> Option<Result<AlertConnection>> {
        alerts::alerts(ctx, filter, first, after).await.map(Some).transpose()
    }

    /// What happened to alerts, the earliest first, in the order in which it was committed: keep the
    /// last cursor, and ask for what came after it. Needs one of the areas `customer_numbers` and
    /// `support`.
    async fn alert_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list to go on behind.")] after: Option<String>,
    ) -> Option<Result<AlertEventConnection>> {
        alerts::events(ctx, first, after).await.map(Some).transpose()
    }

    /// Audits what is stored: what is missing, doubled, linked to nothing, stale or contradicts itself.
    /// Reads whole tables. Needs the area `operations`.
    async fn data_audit(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "A stream without a finished sync for so many days is stale.",
            default = 7
        )]
        stale_days: i32,
        #[graphql(desc = "Ids named per finding.", default = 5)] samples: i32,
    ) -> Option<Result<DataAudit>> {
        audit::data_audit(ctx, (stale_days, samples)).await.map(Some).transpose()
    }

    /// Records that could not be read, the one seen last first. Needs the area `operations`.
    async fn quarantine(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of this source.")] source: Option<String>,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list to go on behind.")] after: Option<String>,
    ) -> Option<Result<QuarantineConnection>> {
        operations::quarantine(ctx, source, first, after).await.map(Some).transpose()
    }

    /// Pairs of records that wait for a decision, those first that change most. Needs the area
    /// `identity`.
    async fn reviews(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of persons or only of companies.")] kind: Option<CustomerKind>,
        #[graphql(desc = "Only for one of these reasons; any if not given.")] reason: Option<
            Vec<ReviewReason>,
        >,
        #[graphql(desc = "Only with at least this score, 0 to 1.")] min_score: Option<f64>,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list to go on behind.")] after: Option<String>,
    ) -> Option<Result<ReviewConnection>> {
        reviews::reviews(ctx, kind, reason, min_score, first, after).await
    }

    /// Why two customers are two and not one: what was decided, and for each pair of their records
    /// what speaks for it and what against it. Null if one of them does not exist. Needs the area
    /// `identity`.
    async fn why_not(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The one.")] a: ID,
        #[graphql(desc = "The other.")] b: ID,
    ) -> Option<Result<WhyNot>> {
        why_not::why_not(ctx, &a, &b).await.transpose()
    }

    /// Who changed what, the latest first. Needs the area `identity`.
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list to go on behind.")] after: Option<String>,
    ) -> Option<Result<AuditConnection>> {
        operations::audit_log(ctx, first, after).await.map(Some).transpose()
    }
}
