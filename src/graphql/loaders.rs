//! Data loaders: what many resolvers ask one by one is read by one statement.
//!
//! One set per request, so nothing outlives a request's scope. A key carries the parent, the page
//! and the filter; the keys of a batch that differ only in the parent share a statement. Every key
//! gets an answer, an empty one if there are no rows.

use crate::asked::asked;
use crate::clv::Fits;
use crate::known::{KnownEpoch, KnownProfile};
use crate::round::{Round, Ticket, Turn, WeakRound};
use crate::scalars::int;
use async_graphql::Context;
use dataloader::BatchFn;
use dataloader::cached::Loader;
use domain::{RecordId, Scope, Timestamp};
use futures_util::future::{FutureExt, join_all};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use store::Store;
pub(crate) use store::read::Told;
use store::read::{
    AlertFilter, AlertRow, ByParent, CustomerQuery, DecisionRow, EmploymentRow, Fact, FactKind,
    GoldenValue, GroupRow, HouseholdMemberRow, HouseholdRow, IdentifierRow, IdentityChange,
    JoinRow, Profile, ReadError, RecordVersion, ReviewFilter, Slice, StageStep, StoredNumbers,
    StoredRecord, SubscriptionHistory, TimelineEntry, TimelineKey, TimelineKind,
};

/// A failed batch; every key of it gets the same one.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct LoadError(pub Arc<ReadError>);

/// A nested list, but for its parent: which rows, how many, from where.
pub(crate) trait Listing: Clone + Eq + Hash + Send + Sync + 'static {
    /// A row.
    type Item: Send + Sync + 'static;
    /// The rows of all parents, by one statement.
    fn load(
        &self,
        store: &Store,
        scope: &Scope,
        parents: &[i64],
    ) -> impl Future<Output = Result<ByParent<Self::Item>, ReadError>> + Send;
}

/// A parent's list.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Ask<L> {
    parent: i64,
    of: L,
}

impl<L> fmt::Debug for Ask<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rows of {}", self.parent)
    }
}

type Rows<T> = Result<Arc<[T]>, LoadError>;

pub(crate) struct Batch<L> {
    store: Store,
    scope: Scope,
    of: std::marker::PhantomData<fn() -> L>,
}

impl<L: Listing> BatchFn<Ask<L>, Rows<L::Item>> for Batch<L> {
    async fn load(&mut self, keys: &[Ask<L>]) -> HashMap<Ask<L>, Rows<L::Item>> {
        let mut groups: HashMap<&L, Vec<i64>> = HashMap::new();
        for key in keys {
            groups.entry(&key.of).or_default().push(key.parent);
        }
        let (store, scope) = (&self.store, &self.scope);
        let answers = join_all(groups.into_iter().map(|(of, parents)| async move {
            let rows = of.load(store, scope, &parents).await;
            (of, parents, rows.map_err(|error| LoadError(Arc::new(error))))
        }))
        .await;
        let mut filled = HashMap::with_capacity(keys.len());
        for (of, parents, mut rows) in answers {
            for parent in parents {
                let found = match &mut rows {
                    Ok(rows) => Ok(Arc::from(rows.remove(&parent).unwrap_or_default())),
                    Err(error) => Err(error.clone()),
                };
                filled.insert(Ask { parent, of: of.clone() }, found);
            }
        }
        filled
    }
}

/// The answers of a round, for all who asked in it.
type Answers<L> = Result<Arc<HashMap<Ask<L>, Rows<<L as Listing>::Item>>>, Arc<std::io::Error>>;

/// Keys that are gathered for the next batch, and where its answers will be.
struct Gathering<L: Listing> {
    keys: Vec<Ask<L>>,
    answers: WeakRound<Answers<L>>,
}

/// Turns of the executor after which every sibling has asked. One would do if lists of futures
/// were polled through in one turn; long ones take a few.
const TURNS: usize = 2;

/// A loader of one listing.
///
/// Left alone, the loader hands its answers to those who wait one after the other, over many turns
/// of the executor; what they ask next then comes in several batches. Here all keys of a round are
/// asked by one future that everybody waits for, so all go on at the same moment and their own
/// questions meet in one batch again.
pub(crate) struct Many<L: Listing> {
    loader: Loader<Ask<L>, Rows<L::Item>, Batch<L>>,
    open: Arc<Mutex<Option<Gathering<L>>>>,
}

impl<L: Listing> Many<L> {
    fn new(store: &Store, scope: &Scope) -> Self {
        let batch = Batch { store: store.clone(), scope: *scope, of: std::marker::PhantomData };
        // The limits on pages and cost bound a batch before its own limit does.
        let loader = Loader::new(batch).with_yield_count(0).with_max_batch_size(1_000_000);
        Self { loader, open: Arc::default() }
    }

    /// The rows of a parent.
    pub(crate) async fn load(&self, parent: i64, of: L) -> async_graphql::Result<Arc<[L::Item]>> {
        let key = Ask { parent, of };
        let answers = self.join(key.clone()).await?;
        // The loader fills every key; an absent one would be its fault, and has no rows.
        answers.get(&key).cloned().unwrap_or_else(|| Ok(Arc::from([]))).map_err(Into::into)
    }

    /// Forgets all answers.
    async fn forget(&self) {
        self.loader.clear_all().await;
    }

    /// Adds a key to the open round, or opens one.
    fn join(&self, key: Ask<L>) -> Ticket<Answers<L>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gathering) = &mut *open
            && let Some(ticket) = gathering.answers.wait()
        {
            gathering.keys.push(key);
            return ticket;
        }
        let (loader, gathered) = (self.loader.clone(), Arc::clone(&self.open));
        let work = async move {
            for _ in 0..TURNS {
                Turn::new().await;
            }
            let round = gathered.lock().unwrap_or_else(PoisonError::into_inner).take();
            let keys = round.map(|round| round.keys).unwrap_or_default();
            loader.try_load_many(keys).await.map(Arc::new).map_err(Arc::new)
        };
        let round = Round::new(work.boxed());
        *open = Some(Gathering { keys: vec![key], answers: round.downgrade() });
        round.wait()
    }
}

/// Declares a listing: a key type and the store function behind it.
macro_rules! listing {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $ty:ty),* } -> $item:ty,
     |$this:ident, $store:ident, $scope:ident, $parents:ident| $call:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub(crate) struct $name { $(pub $field: $ty),* }
        impl Listing for $name {
            type Item = $item;
            async fn load(
                &self,
                $store: &Store,
                $scope: &Scope,
                $parents: &[i64],
            ) -> Result<ByParent<$item>, ReadError> {
                let $this = self;
                $call
            }
        }
    };
}

/// One row per parent as a list of one.
fn ones<T>(rows: HashMap<i64, T>) -> ByParent<T> {
    rows.into_iter().map(|(parent, row)| (parent, vec![row])).collect()
}

listing!(
    /// Facts of a kind.
    FactsOf { kind: FactKind, slice: Slice<(Timestamp, RecordId)> } -> Fact,
    |this, store, scope, parents| store.facts(scope, this.kind, &this.slice, parents).await
);
listing!(
    /// The number of facts of a kind.
    FactCountOf { kind: FactKind } -> i64,
    |this, store, scope, parents| Ok(ones(store.fact_counts(scope, this.kind, parents).await?))
);
listing!(
    /// A fact by its record.
    FactOf { kind: FactKind } -> Fact,
    |this, store, scope, parents| store.facts_by_record(scope, this.kind, parents).await
);
listing!(
    /// Timeline entries.
    TimelineOf { kinds: Vec<TimelineKind>, slice: Slice<TimelineKey> } -> (TimelineKey, TimelineEntry),
    |this, store, scope, parents| store.timeline(scope, &this.kinds, &this.slice, parents).await
);
listing!(
    /// Stage transitions.
    StagesOf { slice: Slice<i64> } -> StageStep,
    |this, store, scope, parents| store.stage_history(scope, &this.slice, parents).await
);
listing!(
    /// Companies of people.
    CompaniesOf { slice: Slice<(Timestamp, i64)> } -> (Timestamp, Profile),
    |this, store, scope, parents| store.companies_of(scope, &this.slice, parents).await
);
listing!(
    /// People of companies.
    PeopleOf { slice: Slice<i64> } -> (Timestamp, Profile),
    |this, store, scope, parents| store.people_of(scope, &this.slice, parents).await
);
listing!(
    /// The number of companies of people, or of people of companies.
    LinkCountOf { of_people: bool } -> i64,
    |this, store, scope, parents| {
        Ok(ones(store.link_counts(scope, this.of_people, parents).await?))
    }
);
listing!(
    /// Source records of profiles.
    RecordsOf { slice: Slice<RecordId> } -> StoredRecord,
    |this, store, scope, parents| store.records_of(scope, &this.slice, parents).await
);
listing!(
    /// The number of source records of profiles.
    RecordCountOf {} -> i64,
    |_this, store, scope, parents| Ok(ones(store.record_counts(scope, parents).await?))
);
listing!(
    /// Source records by id.
    RecordOf {} -> StoredRecord,
    |_this, store, scope, parents| store.records(scope, parents).await
);
listing!(
    /// Payloads of records.
    PayloadOf {} -> domain::Payload,
    |_this, store, scope, parents| store.payloads(scope, parents).await
);
listing!(
    /// Versions of records.
    VersionsOf { slice: Slice<i64> } -> RecordVersion,
    |this, store, scope, parents| store.record_versions(scope, &this.slice, parents).await
);
listing!(
    /// Golden fields.
    GoldenOf {} -> GoldenValue,
    |_this, store, scope, parents| store.golden_fields(scope, parents).await
);
listing!(
    /// Identifiers.
    IdentifiersOf { limit: u32 } -> IdentifierRow,
    |this, store, scope, parents| store.identifiers(scope, this.limit, parents).await
);
listing!(
    /// Joins.
    JoinsOf { limit: u32 } -> JoinRow,
    |this, store, scope, parents| store.joins(scope, this.limit, parents).await
);
listing!(
    /// Identity events.
    ChangesOf { limit: u32 } -> IdentityChange,
    |this, store, scope, parents| store.identity_changes(scope, this.limit, parents).await
);
listing!(
    /// Decisions on records of profiles.
    DecisionsOf { limit: u32 } -> DecisionRow,
    |this, store, scope, parents| store.decisions(scope, this.limit, parents).await
);
listing!(
    /// Redirects to a profile.
    RedirectsOf { limit: u32 } -> (domain::ProfileId, Timestamp),
    |this, store, scope, parents| store.redirects_to(scope, this.limit, parents).await
);
listing!(
    /// Numbers.
    NumbersOf {} -> StoredNumbers,
    |_this, store, scope, parents| Ok(ones(store.numbers(scope, parents).await?))
);
listing!(
    /// Alerts of customers.
    AlertsOf { open: bool, slice: Slice<(Timestamp, i64)> } -> AlertRow,
    |this, store, scope, parents| store.alerts_of(scope, this.open, &this.slice, parents).await
);
listing!(
    /// The number of alerts of customers.
    AlertCountOf { open: bool } -> i64,
    |this, store, scope, parents| {
        Ok(ones(store.alert_counts(scope, this.open, parents).await?))
    }
);
listing!(
    /// Segments and personas, as known in an epoch if one is given.
    GroupsOf { epoch: Option<i64> } -> GroupRow,
    |this, store, scope, parents| store.groups(scope, parents, this.epoch).await
);
listing!(
    /// As of when stages and numbers hold.
    ToldOf {} -> Told,
    |_this, store, scope, parents| Ok(ones(store.told(scope, parents).await?))
);
listing!(
    /// Customers as known then; nobody before the first derivation was finished.
    KnownOf { at: Option<Timestamp> } -> Arc<KnownProfile>,
    |this, store, scope, parents| {
        let Some(epoch) = store.find_epoch(this.at).await? else { return Ok(HashMap::new()) };
        let epoch = Arc::new(KnownEpoch::try_from(epoch)?);
        let known = store.profiles_known(scope, parents, epoch.number).await?;
        let one = |facts| Arc::new(KnownProfile { epoch: Arc::clone(&epoch), facts });
        Ok(ones(known.into_iter().map(|(id, facts)| (id, one(facts))).collect()))
    }
);
listing!(
    /// Subscriptions with their versions known in an epoch, by record.
    VersionsKnownOf { epoch: i64 } -> SubscriptionHistory,
    |this, store, scope, parents| {
        Ok(ones(store.subscription_histories(scope, parents, this.epoch).await?))
    }
);
listing!(
    /// The models of lifetime value of an epoch, whoever asks.
    FitsOf { epoch: i64 } -> Arc<Fits>,
    |this, store, _scope, parents| {
        let fits = Arc::new(Fits::read(store.load_fits(Some(this.epoch)).await?)?);
        Ok(parents.iter().map(|parent| (*parent, vec![Arc::clone(&fits)])).collect())
    }
);
listing!(
    /// Households of people.
    HouseholdOf {} -> HouseholdRow,
    |_this, store, scope, parents| Ok(ones(store.households_of(scope, parents).await?))
);
listing!(
    /// Households by id.
    HouseholdById {} -> HouseholdRow,
    |_this, store, scope, parents| Ok(ones(store.households(scope, parents).await?))
);
listing!(
    /// Members of households.
    HouseholdMembersOf {} -> HouseholdMemberRow,
    |_this, store, scope, parents| store.household_members(scope, parents).await
);
listing!(
    /// Employments of people.
    EmploymentsOf { limit: u32 } -> EmploymentRow,
    |this, store, scope, parents| store.employments_of(scope, this.limit, parents).await
);
listing!(
    /// Profiles by id, redirects followed.
    ProfileOf {} -> Arc<Profile>,
    |_this, store, scope, parents| {
        let ids: Vec<_> = parents.iter().map(|id| domain::ProfileId(*id)).collect();
        let found = store.profiles(scope, &ids).await?;
        Ok(found.into_iter().map(|(id, profile)| (id.0, vec![Arc::new(profile)])).collect())
    }
);

/// The loaders of one request.
pub(crate) struct Loaders {
    pub facts: Many<FactsOf>,
    pub fact_counts: Many<FactCountOf>,
    pub fact: Many<FactOf>,
    pub timeline: Many<TimelineOf>,
    pub stages: Many<StagesOf>,
    pub companies: Many<CompaniesOf>,
    pub people: Many<PeopleOf>,
    pub link_counts: Many<LinkCountOf>,
    pub records: Many<RecordsOf>,
    pub record_counts: Many<RecordCountOf>,
    pub record: Many<RecordOf>,
    pub payload: Many<PayloadOf>,
    pub versions: Many<VersionsOf>,
    pub golden: Many<GoldenOf>,
    pub identifiers: Many<IdentifiersOf>,
    pub joins: Many<JoinsOf>,
    pub changes: Many<ChangesOf>,
    pub decisions: Many<DecisionsOf>,
    pub redirects: Many<RedirectsOf>,
    pub numbers: Many<NumbersOf>,
    pub alerts: Many<AlertsOf>,
    pub alert_counts: Many<AlertCountOf>,
    pub groups: Many<GroupsOf>,
    pub told: Many<ToldOf>,
    pub known: Many<KnownOf>,
    pub versions_known: Many<VersionsKnownOf>,
    pub fits: Many<FitsOf>,
    pub profile: Many<ProfileOf>,
    pub household_of: Many<HouseholdOf>,
    pub household: Many<HouseholdById>,
    pub household_members: Many<HouseholdMembersOf>,
    pub employments: Many<EmploymentsOf>,
}

impl Loaders {
    pub(crate) fn new(store: &Store, scope: &Scope) -> Self {
        Self {
            facts: Many::new(store, scope),
            fact_counts: Many::new(store, scope),
            fact: Many::new(store, scope),
            timeline: Many::new(store, scope),
            stages: Many::new(store, scope),
            companies: Many::new(store, scope),
            people: Many::new(store, scope),
            link_counts: Many::new(store, scope),
            records: Many::new(store, scope),
            record_counts: Many::new(store, scope),
            record: Many::new(store, scope),
            payload: Many::new(store, scope),
            versions: Many::new(store, scope),
            golden: Many::new(store, scope),
            identifiers: Many::new(store, scope),
            joins: Many::new(store, scope),
            changes: Many::new(store, scope),
            decisions: Many::new(store, scope),
            redirects: Many::new(store, scope),
            numbers: Many::new(store, scope),
            alerts: Many::new(store, scope),
            alert_counts: Many::new(store, scope),
            groups: Many::new(store, scope),
            told: Many::new(store, scope),
            known: Many::new(store, scope),
            versions_known: Many::new(store, scope),
            fits: Many::new(store, scope),
            profile: Many::new(store, scope),
            household_of: Many::new(store, scope),
            household: Many::new(store, scope),
            household_members: Many::new(store, scope),
            employments: Many::new(store, scope),
        }
    }

    /// Forgets every answer: after a mutation the next field reads what is there now. The fields of
    /// a mutation run one after the other, so no other field waits for an answer meanwhile.
    pub(crate) async fn forget(&self) {
        self.facts.forget().await;
        self.fact_counts.forget().await;
        self.fact.forget().await;
        self.timeline.forget().await;
        self.stages.forget().await;
        self.companies.forget().await;
        self.people.forget().await;
        self.link_counts.forget().await;
        self.records.forget().await;
        self.record_counts.forget().await;
        self.record.forget().await;
        self.payload.forget().await;
        self.versions.forget().await;
        self.golden.forget().await;
        self.identifiers.forget().await;
        self.joins.forget().await;
        self.changes.forget().await;
        self.decisions.forget().await;
        self.redirects.forget().await;
        self.numbers.forget().await;
        self.alerts.forget().await;
        self.alert_counts.forget().await;
        self.groups.forget().await;
        self.told.forget().await;
        self.known.forget().await;
        self.versions_known.forget().await;
        self.fits.forget().await;
        self.profile.forget().await;
        self.household_of.forget().await;
        self.household.forget().await;
        self.household_members.forget().await;
        self.employments.forget().await;
    }
}

/// What a `totalCount` counts.
pub(crate) enum Total {
    Facts(FactKind, i64),
    Companies(i64),
    People(i64),
    Records(i64),
    Customers(Arc<CustomerQuery>),
    Quarantine(Option<String>),
    Reviews(ReviewFilter),
    Alerts(AlertFilter),
    AlertsOf(i64, bool),
}

impl Total {
    pub(crate) async fn count(&self, ctx: &Context<'_>) -> async_graphql::Result<i32> {
        let asked = asked(ctx)?;
        let loaders = &asked.loaders;
        let (store, scope) = (&asked.store, &asked.scope);
        let counted = match self {
            Self::Facts(kind, of) => {
                loaders.fact_counts.load(*of, FactCountOf { kind: *kind }).await?
            }
            Self::Companies(of) => {
                loaders.link_counts.load(*of, LinkCountOf { of_people: true }).await?
            }
            Self::People(of) => {
                loaders.link_counts.load(*of, LinkCountOf { of_people: false }).await?
            }
            Self::Records(of) => loaders.record_counts.load(*of, RecordCountOf {}).await?,
            Self::Customers(query) => return Ok(int(store.customer_count(scope, query).await?)),
            Self::Quarantine(of) => {
                return Ok(int(store.quarantine_count(scope, of.as_deref()).await?));
            }
            Self::Alerts(of) => return Ok(int(store.alert_count(scope, of).await?)),
            Self::AlertsOf(of, open) => {
                loaders.alert_counts.load(*of, AlertCountOf { open: *open }).await?
            }
            Self::Reviews(of) => return Ok(int(store.review_count(scope, of).await?)),
        };
        Ok(int(counted.first().copied().unwrap_or(0)))
    }
}
