//! What a resolver knows of the request: who asks, and through what to answer.

use crate::errors::Refusal;
use crate::gateway::Shared;
use crate::loaders::Loaders;
use async_graphql::Context;
use domain::{Ability, Area, Code, Principal, Scope};
use std::sync::Arc;
use store::Store;

/// One request.
pub(crate) struct Asked {
    pub principal: Principal,
    pub scope: Scope,
    pub store: Store,
    pub loaders: Loaders,
    pub shared: Arc<Shared>,
}

/// The request that a resolver answers.
pub(crate) fn asked<'a>(ctx: &Context<'a>) -> async_graphql::Result<&'a Asked> {
    ctx.data::<Asked>()
}

/// The answer of a nullable field: a failure leaves it null and its parent standing. (A resolver
/// that returns the failure itself would take the parent with it.)
pub(crate) async fn shown<T>(
    answer: impl Future<Output = async_graphql::Result<Option<T>>>,
) -> Option<async_graphql::Result<T>> {
    answer.await.transpose()
}

impl Asked {
    /// Refuses a hidden area, with who may see it. Nothing is fetched then.
    pub(crate) fn see(&self, area: Area) -> Result<(), Refusal> {
        if self.scope.sees(area) { Ok(()) } else { Err(Refusal::hidden(area)) }
    }

    /// Refuses what the role may not do.
    pub(crate) fn may(&self, ability: Ability) -> Result<(), Refusal> {
        if self.scope.may(ability) {
            return Ok(());
        }
        Err(Refusal::new(
            Code::Forbidden,
            format!("this role may not do this: it needs the ability '{}'", ability.as_str()),
        ))
    }

    /// The size of a page.
    pub(crate) fn size(&self, argument: &str, asked: Option<i32>) -> Result<u32, Refusal> {
        let limits = &self.shared.limits;
        let Some(asked) = asked else { return Ok(limits.page_default) };
        match u32::try_from(asked) {
            Ok(size) if size <= limits.page_max => Ok(size),
            _ => Err(Refusal::bad_input(format!(
                "'{argument}' must be from 0 to {}: ask for a smaller page and go on with 'after'",
                limits.page_max
            ))),
        }
    }
}
