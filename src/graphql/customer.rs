//! `Customer`: the unified person or company.

use crate::alerts::{self, AlertConnection};
use crate::asked::{asked, shown};
use crate::clv::{self, PredictedLifetimeValue};
use crate::connection::{Page, cursor, place};
use crate::customers::CustomerConnection;
use crate::enums::{CustomerKind, MovementGrain, MovementPolicy, TimelineKind};
use crate::facts::{
    DealConnection, InvoiceConnection, PaymentConnection, RefundConnection, SubscriptionConnection,
    SurveyResponseConnection, TicketConnection, TouchpointConnection, UsageEventConnection, facts,
};
use crate::groups;
use crate::household::{self, Employment, Household};
use crate::identity_types::Identity;
use crate::known::{self, TimeInStage};
use crate::loaders::{CompaniesOf, GoldenOf, IdentifiersOf, PeopleOf, ProfileOf, Total};
use crate::movements::{self, RevenueMovements, Wanted};
use crate::numbers::{self, CustomerNumbers};
use crate::records::{self, CustomerIdentifier, GoldenField, SourceRecordConnection};
use crate::scalars::{CurrencyCode, DateTime, Decimal, YearMonth, int};
use crate::score::{self, CustomerHealth, CustomerLeadScore, HealthMoment};
use crate::stage::{self, LifecycleStage, StageTransitionConnection};
use crate::timeline::{self, TimelineConnection};
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use domain::{Area, ProfileId, ProfileKind, Timestamp};
use std::sync::Arc;
use store::read::{Profile, Slice};

/// A person or company, unified from the records that all sources hold of it.
#[derive(Clone)]
pub(crate) struct Customer(pub Arc<Profile>);

impl From<Profile> for Customer {
    fn from(profile: Profile) -> Self {
        Self(Arc::new(profile))
    }
}

/// A postal address. Roles that see contact details masked see region and country only.
#[derive(SimpleObject)]
pub(crate) struct PostalAddress {
    /// Street and number.
    pub(crate) street: Option<String>,
    /// Town.
    pub(crate) city: Option<String>,
    /// State or region.
    pub(crate) region: Option<String>,
    /// Postal code.
    pub(crate) postal_code: Option<String>,
    /// Country.
    pub(crate) country: Option<String>,
}

impl Customer {
    /// The id, as the interface `Node` asks for it.
    pub(crate) async fn node_id(&self, _ctx: &Context<'_>) -> Result<ID> {
        Ok(ID(self.0.id.to_string()))
    }

    fn key(&self) -> i64 {
        self.0.id.0
    }

    /// The value of a golden field.
    async fn field(&self, ctx: &Context<'_>, name: &str) -> Result<Option<String>> {
        let rows = asked(ctx)?.loaders.golden.load(self.key(), GoldenOf {}).await?;
        Ok(rows.iter().find(|row| row.field == name).and_then(|row| row.value.clone()))
    }
}

/// A person or company, unified from the records that all sources hold of it.
#[Object]
impl Customer {
    /// Globally unique and stable for ever: after a merge the old ids lead to the new customer.
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Person or company.
    async fn kind(&self) -> CustomerKind {
        self.0.kind.into()
    }

    /// What to call it. Every role sees names.
    async fn display_name(&self) -> Option<&str> {
        self.0.display_name.as_deref()
    }

    /// Given name of a person.
    async fn given_name(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        self.field(ctx, "given_name").await.transpose()
    }

    /// Family name of a person.
    async fn family_name(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        self.field(ctx, "family_name").await.transpose()
    }

    /// Job title of a person.
    async fn job_title(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        self.field(ctx, "job_title").await.transpose()
    }

    /// Industry of a company.
    async fn industry(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        self.field(ctx, "industry").await.transpose()
    }

    /// Number of employees of a company.
    async fn employee_count(&self, ctx: &Context<'_>) -> Option<Result<i32>> {
        shown(async {
            let text = self.field(ctx, "employee_count").await?;
            Ok(text.and_then(|digits| digits.parse::<i64>().ok()).map(int))
        })
        .await
    }

    /// Primary e-mail address; masked (`a***@example.com`) for roles that do not see contact
    /// details in full.
    async fn email(&self, ctx: &Context<'_>) -> Option<Result<&str>> {
        shown(async {
            asked(ctx)?.see(Area::ContactDetails)?;
            Ok(self.0.email.as_deref())
        })
        .await
    }

    /// Primary phone number; masked (`+4917…12`) for roles that do not see contact details in full.
    async fn phone(&self, ctx: &Context<'_>) -> Option<Result<&str>> {
        shown(async {
            asked(ctx)?.see(Area::ContactDetails)?;
            Ok(self.0.phone.as_deref())
        })
        .await
    }

    /// Postal address; null when no part of it is known.
    async fn address(&self, ctx: &Context<'_>) -> Option<Result<PostalAddress>> {
        shown(async {
            let address = PostalAddress {
                street: self.field(ctx, "street").await?,
                city: self.field(ctx, "city").await?,
                region: self.field(ctx, "region").await?,
                postal_code: self.field(ctx, "postal_code").await?,
                country: self.0.country.clone(),
            };
            let parts = [&address.street, &address.city, &address.region, &address.postal_code];
            let known = address.country.is_some() || parts.iter().any(|part| part.is_some());
            Ok(known.then_some(address))
        })
        .await
    }

    /// The people that a person lives with. Null for companies, and for people who, as far as is
    /// known, share their home with no other customer.
    async fn household(&self, ctx: &Context<'_>) -> Option<Result<Household>> {
        if self.0.kind != ProfileKind::Person {
            return None;
        }
        household::of(ctx, self.key()).await
    }

    /// For whom a person works and worked, with dates; those that last first, then the latest.
    /// Empty for companies.
    async fn employments(&self, ctx: &Context<'_>) -> Result<Vec<Employment>> {
        if self.0.kind != ProfileKind::Person {
            return Ok(Vec::new());
        }
        household::employments(ctx, self.key()).await
    }

    /// Employer's name of a person, or a company's own name.
    async fn company_name(&self) -> Option<&str> {
        self.0.company_name.as_deref()
    }

    /// Country: two letters where it was recognised.
    async fn country(&self) -> Option<&str> {
        self.0.country.as_deref()
    }

    /// Web domain of a company.
    async fn domain(&self) -> Option<&str> {
        self.0.domain.as_deref()
    }

    /// Its main segment, which rollups split by: the first of `segments`.
    async fn segment(&self) -> &str {
        &self.0.segment
    }

    /// The segments that it is in: those that the configuration describes, in its order, then one by
    /// size (`consumer`, `small`, `medium`, `large`, `unknown`). Null with a reason if it was not
    /// known then.
    async fn segments(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "As of this moment in its life; later facts do not count. Without it, as \
                          of `knownAt` if that is given."
        )]
        as_of: Option<DateTime>,
        #[graphql(desc = "As known at this moment: as the last derivation finished by then gave \
                          it.")]
        known_at: Option<DateTime>,
    ) -> Option<Result<Vec<String>>> {
        let groups = groups::of(ctx, self.key(), as_of, known_at).await;
        Some(groups.map(|groups| groups.segments))
    }

    /// The persona of a person, as the configuration describes it; null if none fits, and for
    /// companies. Null with a reason if it was not known then.
    async fn persona(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "As of this moment in its life; later facts do not count. Without it, as \
                          of `knownAt` if that is given."
        )]
        as_of: Option<DateTime>,
        #[graphql(desc = "As known at this moment: as the last derivation finished by then gave \
                          it.")]
        known_at: Option<DateTime>,
    ) -> Option<Result<String>> {
        groups::of(ctx, self.key(), as_of, known_at).await.map(|groups| groups.persona).transpose()
    }

    /// The channel by which it was acquired; null if no source names one.
    async fn acquisition_channel(&self) -> Option<&str> {
        self.0.acquisition_channel.as_deref()
    }

    /// When the earliest of its records was first known.
    async fn first_seen_at(&self) -> DateTime {
        DateTime(self.0.first_seen)
    }

    /// When the customer last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated)
    }

    /// The golden record: one value per field, each with the record it was taken from and the rule
    /// that chose it.
    async fn golden(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Names of the fields wanted, as `given_name`; all if not given.")]
        fields: Option<Vec<String>>,
    ) -> Result<Vec<GoldenField>> {
        let rows = asked(ctx)?.loaders.golden.load(self.key(), GoldenOf {}).await?;
        let wanted = |name: &String| fields.as_ref().is_none_or(|all| all.contains(name));
        Ok(rows.iter().filter(|row| wanted(&row.field)).map(Into::into).collect())
    }

    /// The normalised values by which its records were recognised.
    async fn identifiers(&self, ctx: &Context<'_>) -> Result<Vec<CustomerIdentifier>> {
        let asked = asked(ctx)?;
        let of = IdentifiersOf { limit: asked.shared.limits.list_max };
        let rows = asked.loaders.identifiers.load(self.key(), of).await?;
        Ok(rows.iter().map(Into::into).collect())
    }

    /// The source records unified in it.
    async fn source_records(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list to go on behind.")] after: Option<String>,
    ) -> Result<SourceRecordConnection> {
        records::source_records(ctx, self.key(), first, after).await
    }

    /// The company that a person belongs to: the one linked last. Null for companies.
    async fn company(&self, ctx: &Context<'_>) -> Option<Result<Customer>> {
        shown(async {
            if self.0.kind != ProfileKind::Person {
                return Ok(None);
            }
            let of = CompaniesOf { slice: Slice { limit: 1, after: None } };
            let rows = asked(ctx)?.loaders.companies.load(self.key(), of).await?;
            Ok(rows.first().map(|(_, company)| company.clone().into()))
        })
        .await
    }

    /// All companies that a person belongs to, the one linked last first. Empty for companies.
    async fn companies(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list to go on behind.")] after: Option<String>,
    ) -> Result<CustomerConnection> {
        let asked = asked(ctx)?;
        let first = asked.size("first", first)?;
        let after: Option<(i64, i64)> =
            after.map(|text| place("after", "companies", &text)).transpose()?;
        let start = after.map(|(since, id)| (Timestamp::from_millis(since), id));
        let of = CompaniesOf { slice: Slice { limit: first + 1, after: start } };
        let rows = asked.loaders.companies.load(self.key(), of).await?;
        let rows = rows.iter().map(|(since, company)| {
            (cursor("companies", &(since.as_millis(), company.id.0)), company.clone().into())
        });
        let page = Page::forward(rows, first, after.is_some());
        Ok(CustomerConnection::new(page, Total::Companies(self.key())))
    }

    /// The people of a company. Empty for people.
    async fn people(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list to go on behind.")] after: Option<String>,
    ) -> Result<CustomerConnection> {
        let asked = asked(ctx)?;
        let first = asked.size("first", first)?;
        let after = after.map(|text| place("after", "people", &text)).transpose()?;
        let of = PeopleOf { slice: Slice { limit: first + 1, after } };
        let rows = asked.loaders.people.load(self.key(), of).await?;
        let rows = rows.iter().map(|(_, one)| (cursor("people", &one.id.0), one.clone().into()));
        let page = Page::forward(rows, first, after.is_some());
        Ok(CustomerConnection::new(page, Total::People(self.key())))
    }

    /// Deals, the newest first. Needs the area `deals`.
    async fn deals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list to go on behind.")] after: Option<String>,
    ) -> Option<Result<DealConnection>> {
        facts(ctx, self.key(), first, after, DealConnection::new).await.transpose()
    }

    /// Tickets, the newest first. Needs the area `support`.
    async fn tickets(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list to go on behind.")] after: Option<String>,
    ) -> Option<Result<TicketConnection>> {
        facts(ctx, self.key(), first, after, TicketConnection::new).await.transpose()
    }

    /// Subscriptions, the newest first. Needs the area `subscriptions`.
    async fn subscriptions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list to go on behind.")] after: Option<String>,
    ) -> Option<Result<SubscriptionConnection>> {
        facts(ctx, self.key(), first, after, SubscriptionConnection::new).await.transpose()
    }

    /// Invoices, the newest first. Needs the area `billing`.
    async fn invoices(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list to go on behind.")] after: Option<String>,
    ) -> Option<Result<InvoiceConnection>> {
        facts(ctx, self.key(), first, after, InvoiceConnection::new).await.transpose()
    }

    /// Payments, the newest first. Needs the area `billing`.
    async fn payments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list to go on behind.")] after: Option<String>,
    ) -> Option<Result<PaymentConnection>> {
        facts(ctx, self.key(), first, after, PaymentConnection::new).await.transpose()
    }

    /// Refunds, the newest first. Needs the area `billing`.
    async fn refunds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list to go on behind.")] after: Option<String>,
    ) -> Option<Result<RefundConnection>> {
        facts(ctx, self.key(), first, after, RefundConnection::new).await.transpose()
    }

    /// Contacts with the marketing, the newest first.
    async fn touchpoints(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list to go on behind.")] after: Option<String>,
    ) -> Option<Result<TouchpointConnection>> {
        facts(ctx, self.key(), first, after, TouchpointConnection::new).await.transpose()
    }

    /// Answers to surveys, the newest first. Needs the area `support`.
    async fn survey_responses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list to go on behind.")] after: Option<String>,
    ) -> Option<Result<SurveyResponseConnection>> {
        facts(ctx, self.key(), first, after, SurveyResponseConnection::new).await.transpose()
    }

    /// Uses of the product, the newest first. Needs the area `customer_numbers`.
    async fn usage_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list to go on behind.")] after: Option<String>,
    ) -> Option<Result<UsageEventConnection>> {
        facts(ctx, self.key(), first, after, UsageEventConnection::new).await.transpose()
    }

    /// Everything that happened, in one feed, the newest first. Kinds that the role does not see
    /// are left out; asking for one by name is refused.
    async fn timeline(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list, with the same kinds, to go on behind.")]
        after: Option<String>,
        #[graphql(desc = "Only these kinds; all if not given.")] kinds: Option<Vec<TimelineKind>>,
    ) -> Option<Result<TimelineConnection>> {
        timeline::timeline(ctx, self.key(), first, after, kinds).await.map(Some).transpose()
    }

    /// Where it stands in its life, or stood. Null with a reason if it was not known then.
    async fn stage(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "As of this moment in its life; later facts do not count. Without it, as \
                          of `knownAt` if that is given."
        )]
        as_of: Option<DateTime>,
        #[graphql(desc = "As known at this moment: as the last derivation finished by then gave \
                          it.")]
        known_at: Option<DateTime>,
    ) -> Option<Result<LifecycleStage>> {
        shown(async {
            if as_of.is_none() && known_at.is_none() {
                return Ok(Some(self.0.as_ref().into()));
            }
            let then = known::then(ctx, self.key(), as_of, known_at).await?;
            Ok(Some(LifecycleStage::then(&then)?))
        })
        .await
    }

    /// How long it was in each stage, and when it came and left; in the order of the stages. Null
    /// with a reason if it was not known then.
    async fn time_in_stage(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "As of this moment in its life; later facts do not count. Without it, as \
                          of `knownAt` if that is given."
        )]
        as_of: Option<DateTime>,
        #[graphql(desc = "As known at this moment: as the last derivation finished by then gave \
                          it.")]
        known_at: Option<DateTime>,
    ) -> Option<Result<Vec<TimeInStage>>> {
        shown(async {
            let then = known::then(ctx, self.key(), as_of, known_at).await?;
            Ok(Some(then.time_in_stage()?))
        })
        .await
    }

    /// How it got there, the latest step first. Null with a reason if it was not known then.
    async fn stage_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list to go on behind.")] after: Option<String>,
        #[graphql(
            desc = "As of this moment in its life; later facts do not count. Without it, as \
                          of `knownAt` if that is given."
        )]
        as_of: Option<DateTime>,
        #[graphql(desc = "As known at this moment: as the last derivation finished by then gave \
                          it.")]
        known_at: Option<DateTime>,
    ) -> Option<Result<StageTransitionConnection>> {
        let answer = stage::stage_history(ctx, self.key(), first, after, as_of, known_at);
        answer.await.map(Some).transpose()
    }

    /// Revenue, lifetime value, MRR, tickets, satisfaction; null until derived for the first time.
    /// Needs one of the areas `customer_numbers` and `support`.
    async fn numbers(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "As of this moment in its life; later facts do not count. Without it, as \
                          of `knownAt` if that is given."
        )]
        as_of: Option<DateTime>,
        #[graphql(desc = "As known at this moment: as the last derivation finished by then gave \
                          it.")]
        known_at: Option<DateTime>,
        #[graphql(desc = "Convert every amount to this currency by the stored exchange rates: \
                          payments and refunds by the rate of their day, MRR by that of `asOf`.")]
        convert_to: Option<CurrencyCode>,
    ) -> Option<Result<CustomerNumbers>> {
        numbers::numbers(ctx, self.key(), (as_of, known_at), convert_to).await.transpose()
    }

    /// Lifetime value: what the customer brought so far, and what is expected of it. Needs the area
    /// `customer_numbers`.
    async fn clv(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many months ahead, 1 to 600.", default = 12)] horizon_months: i32,
        #[graphql(
            desc = "Discount per year, as \"0.1\" for 10 %.",
            default_with = "Decimal(\"0.1\".to_owned())"
        )]
        discount: Decimal,
        #[graphql(
            desc = "As of this moment in its life; later facts do not count. Without it, as \
                          of when it was known."
        )]
        as_of: Option<DateTime>,
        #[graphql(desc = "As known at this moment: as the last derivation finished by then gave \
                          it.")]
        known_at: Option<DateTime>,
    ) -> Option<Result<PredictedLifetimeValue>> {
        let ahead = (horizon_months, discount);
        clv::clv(ctx, self.key(), ahead, as_of, known_at).await.transpose()
    }

    /// The health of a customer that bought, with its parts; as the last derivation knew it if no
    /// time is given. Needs one of the areas `customer_numbers` and `support`.
    async fn health(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "As of this moment in its life; later facts do not count. Without it, as \
                          of `knownAt` if that is given."
        )]
        as_of: Option<DateTime>,
        #[graphql(desc = "As known at this moment: as the last derivation finished by then gave \
                          it.")]
        known_at: Option<DateTime>,
    ) -> Option<Result<CustomerHealth>> {
        score::health(ctx, self.key(), as_of, known_at).await.transpose()
    }

    /// The health at several moments, every so many days back from `asOf` to `from`, the earliest
    /// first. Needs one of the areas `customer_numbers` and
    /// `support`.
    async fn health_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "No moment before this one.")] from: DateTime,
        #[graphql(desc = "Days from one moment to the next.", default = 30)] every_days: i32,
        #[graphql(
            desc = "As of this moment in its life; later facts do not count. Without it, as \
                          of `knownAt` if that is given."
        )]
        as_of: Option<DateTime>,
        #[graphql(desc = "As known at this moment: as the last derivation finished by then gave \
                          it.")]
        known_at: Option<DateTime>,
    ) -> Option<Result<Vec<HealthMoment>>> {
        let every = (from, every_days);
        score::health_history(ctx, self.key(), every, as_of, known_at).await.transpose()
    }

    /// The score of a lead, with the rules and records behind it; as the last derivation knew it if
    /// no time is given. Needs the area `customer_numbers`.
    async fn lead_score(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "As of this moment in its life; later facts do not count. Without it, as \
                          of `knownAt` if that is given."
        )]
        as_of: Option<DateTime>,
        #[graphql(desc = "As known at this moment: as the last derivation finished by then gave \
                          it.")]
        known_at: Option<DateTime>,
    ) -> Option<Result<CustomerLeadScore>> {
        score::lead_score(ctx, self.key(), as_of, known_at).await.transpose()
    }

    /// Movements of the recurring revenue that counts for this customer. Needs the area
    /// `customer_numbers`.
    #[allow(clippy::too_many_arguments)] // each is an argument of the field
    async fn mrr_history(
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
        movements::mrr_history(ctx, self.key(), wanted).await.transpose()
    }

    /// What about it somebody should look at, the alert raised last first. Needs one of the areas
    /// `customer_numbers` and `support`.
    async fn alerts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, up to the page limit; 20 if not given.")] first: Option<
            i32,
        >,
        #[graphql(desc = "A cursor of this list to go on behind.")] after: Option<String>,
        #[graphql(desc = "Only those that are open.", default = true)] open: bool,
    ) -> Option<Result<AlertConnection>> {
        alerts::of(ctx, self.0.id, open, first, after).await.map(Some).transpose()
    }

    /// Why its records are together. Needs the area `identity`.
    async fn identity(&self, ctx: &Context<'_>) -> Option<Result<Identity>> {
        shown(async {
            asked(ctx)?.see(Area::Identity)?;
            Ok(Some(Identity { customer: self.key() }))
        })
        .await
    }
}

/// A customer by id, redirects followed, through the loader.
pub(crate) async fn by_id(ctx: &Context<'_>, id: Option<ProfileId>) -> Result<Option<Customer>> {
    let Some(id) = id else { return Ok(None) };
    let rows = asked(ctx)?.loaders.profile.load(id.0, ProfileOf {}).await?;
    Ok(rows.first().cloned().map(Customer))
}
