//! The schema put together, and the way of a request through it.

use crate::actions::Actions;
use crate::asked::Asked;
use crate::errors::{self, Refusal};
use crate::guard;
use crate::limits::Limits;
use crate::loaders::Loaders;
use crate::mutations::Mutation;
use crate::query::Query;
use crate::rates::RatesCache;
use async_graphql::{EmptySubscription, Request, Response, SDLExportOptions, Schema, Value};
use domain::Principal;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::Store;

/// What numbers are computed with when read.
#[derive(Clone, Debug)]
pub struct Numbering {
    /// The metric policy.
    pub policy: metrics::Policy,
    /// Which kinds of source the deployment has.
    pub sources: metrics::Sources,
}

/// What all requests share.
pub(crate) struct Shared {
    pub actions: Arc<dyn Actions>,
    pub limits: Limits,
    pub numbering: Numbering,
    pub phone_countries: Vec<String>,
    pub rates: RatesCache,
}

type Gate = Schema<Query, Mutation, EmptySubscription>;

/// The gateway: answers GraphQL requests of verified principals.
#[derive(Clone)]
pub struct Gateway {
    schema: Gate,
    store: Store,
    shared: Arc<Shared>,
    errors: Arc<(RandomState, AtomicU64)>,
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").finish_non_exhaustive()
    }
}

fn schema() -> Gate {
    // Depth, aliases, directives and cost are counted by the guard, which knows fragments. The
    // library's own recursion limit stays as the second line, above the guard's.
    Schema::build(Query, Mutation, EmptySubscription)
        .disable_suggestions()
        .limit_recursive_depth(64)
        .finish()
}

/// The schema as SDL text: the contents of `schema.graphql`.
#[must_use]
pub fn sdl() -> String {
    schema().sdl_with_options(SDLExportOptions::new().include_specified_by())
}

/// Whether a request would do more than read, so that it must not come by GET; `false` for what
/// cannot be parsed.
#[must_use]
pub fn is_mutation(document: &str, operation_name: Option<&str>) -> bool {
    guard::is_mutation(document, operation_name, &Limits::default())
}

impl Gateway {
    /// A gateway over a store. `phone_countries` are two-letter codes for phone numbers asked for
    /// in a national form, the most likely first.
    #[must_use]
    pub fn new(
        store: Store,
        actions: Arc<dyn Actions>,
        limits: Limits,
        numbering: Numbering,
        phone_countries: Vec<String>,
    ) -> Self {
        let rates = RatesCache::default();
        let shared = Arc::new(Shared { actions, limits, numbering, phone_countries, rates });
        let errors = Arc::new((RandomState::new(), AtomicU64::new(0)));
        Self { schema: schema(), store, shared, errors }
    }

    /// Answers a request. Never fails: what goes wrong stands in the response, with a code.
    pub async fn execute(&self, principal: Principal, request: Request) -> Response {
        let response = match self.prepare(principal, request) {
            Ok((request, cost)) => {
                // Outside the scheduler's budget: a batch is complete when all siblings have
                // asked, and an executor that pauses half of them would split it.
                let answer = tokio::task::unconstrained(self.schema.execute(request));
                Box::pin(answer).await.extension("cost", Value::from(cost))
            }
            Err(refusal) => Response::from_errors(vec![refusal.into()]),
        };
        errors::finish(response, self.shared.limits.errors_max, || self.error_id())
    }

    fn prepare(
        &self,
        principal: Principal,
        mut request: Request,
    ) -> Result<(Request, u64), Refusal> {
        let limits = &self.shared.limits;
        let document = guard::parse(&request.query, limits)?;
        let cost = guard::cost(&document, &request.variables, limits)?;
        if guard::operation(&document, request.operation_name.as_deref()).is_none() {
            return Err(Refusal::new(
                domain::Code::GraphqlValidationFailed,
                "the document does not hold exactly one operation of that name: give the name of \
                 one of its operations as operationName, or none if it holds only one",
            ));
        }
        request.set_parsed_query(document);
        let scope = principal.scope();
        let loaders = Loaders::new(&self.store, &scope);
        let (store, shared) = (self.store.clone(), Arc::clone(&self.shared));
        Ok((request.data(Asked { principal, scope, store, loaders, shared }), cost))
    }

    /// A new id for an internal error: not guessable, and not the time.
    fn error_id(&self) -> String {
        let (state, counter) = &*self.errors;
        format!("{:016x}", state.hash_one(counter.fetch_add(1, Ordering::Relaxed)))
    }

    /// The limits in force.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }
}
