//! `Mutation`: what can be changed. Each answers what changed, or why it could not be.

use crate::actions::{ActionError, FieldChange};
use crate::alerts::{Alert, alert_id};
use crate::asked::{Asked, asked, shown};
use crate::customer::Customer;
use crate::enums::{CustomerKind, ReviewVerdict, Stage};
use crate::node::{profile_id, record_id};
use crate::scalars::DateTime;
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::{Ability, Code, Pii, ProfileId};
use store::StoreError;

/// What kept a mutation from being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum UserErrorCode {
    /// What was named does not exist.
    NotFound,
    /// It contradicts what is stored, or the state changed meanwhile: read again.
    Conflict,
    /// A value is wrong: the message says what is expected.
    Invalid,
    /// The same work is under way already, or a part is not available: try again later.
    Busy,
}

/// Why a mutation was not done as asked.
#[derive(SimpleObject)]
pub(crate) struct UserError {
    /// What sort of reason.
    code: UserErrorCode,
    /// What is wrong and what to do.
    message: String,
    /// The field of the input that it is about; null if it is about the whole.
    field: Option<String>,
}

/// The answer of an action, its refusals as user errors; other failures are errors of the field.
fn refused<T>(result: Result<T, ActionError>) -> Result<Result<T, UserError>> {
    let (code, message, field) = match result {
        Ok(done) => return Ok(Ok(done)),
        Err(ActionError::Refused { code, message, field }) => (code, message, field),
        Err(ActionError::Store(error)) => match &error {
            StoreError::NotFound { .. } => (Code::NotFound, error.to_string(), None),
            StoreError::Conflict(_) => (Code::Conflict, error.to_string(), None),
            StoreError::Leased { .. } => (Code::Unavailable, error.to_string(), None),
            _ => return Err(error.into()),
        },
    };
    let code = match code {
        Code::NotFound => UserErrorCode::NotFound,
        Code::Conflict => UserErrorCode::Conflict,
        Code::Unavailable | Code::Timeout => UserErrorCode::Busy,
        _ => UserErrorCode::Invalid,
    };
    Ok(Err(UserError { code, message, field: field.map(str::to_owned) }))
}

/// Customers as they stand after a change; read anew, in the order given.
async fn changed(asked: &Asked, ids: &[ProfileId]) -> Result<Vec<Customer>> {
    // An earlier mutation of the same request may have answered what is no longer so.
    asked.loaders.forget().await;
    let mut found = asked.store.profiles(&asked.scope, ids).await?;
    Ok(ids.iter().filter_map(|id| found.remove(id)).map(Into::into).collect())
}

/// Customers to put together.
#[derive(InputObject)]
pub(crate) struct MergeCustomersInput {
    /// The first of them. The id that lives on is that of the one with most records (the oldest on a
    /// tie); the others redirect to it.
    survivor: ID,
    /// The customers to merge into it; of the same kind. Their ids lead to it afterwards.
    others: Vec<ID>,
}

/// The answer of `mergeCustomers`.
#[derive(SimpleObject)]
pub(crate) struct MergeCustomersPayload {
    /// The customer that holds all records now; null if nothing was done.
    customer: Option<Customer>,
    /// Why nothing was done; empty if it was.
    user_errors: Vec<UserError>,
}

/// Records to take out of a customer.
#[derive(InputObject)]
pub(crate) struct SplitCustomerInput {
    /// The customer.
    customer: ID,
    /// The records that belong to somebody else; not all of the customer's.
    records: Vec<ID>,
}

/// The answer of `splitCustomer`.
#[derive(SimpleObject)]
pub(crate) struct SplitCustomerPayload {
    /// The customers that hold the records now, the one that keeps the id first.
    customers: Vec<Customer>,
    /// Why nothing was done; empty if it was.
    user_errors: Vec<UserError>,
}

/// A decision on a pair of records.
#[derive(InputObject)]
pub(crate) struct DecideReviewInput {
    /// Persons or companies.
    kind: CustomerKind,
    /// One record.
    left: ID,
    /// The other.
    right: ID,
    /// What was decided.
    verdict: ReviewVerdict,
}

/// The answer of `decideReview`.
#[derive(SimpleObject)]
pub(crate) struct DecideReviewPayload {
    /// The customers as they stand now: those that hold the two records first, then those that hold
    /// what else belonged to their customers.
    customers: Vec<Customer>,
    /// Why nothing was done; empty if it was.
    user_errors: Vec<UserError>,
}

/// A stage set by hand.
#[derive(InputObject)]
pub(crate) struct OverrideStageInput {
    /// The customer.
    customer: ID,
    /// The stage; null lifts an earlier override.
    stage: Option<Stage>,
    /// Why; it stands in the stage history.
    reason: String,
    /// Until when it holds; until lifted if not given.
    until: Option<DateTime>,
}

/// The answer of `overrideStage`.
#[derive(SimpleObject)]
pub(crate) struct OverrideStagePayload {
    /// The customer as it stands now; null if nothing was done.
    customer: Option<Customer>,
    /// Why nothing was done; empty if it was.
    user_errors: Vec<UserError>,
}

/// A golden field set by hand.
#[derive(InputObject)]
pub(crate) struct OverrideFieldInput {
    /// The customer.
    customer: ID,
    /// The field's name, as `Customer.golden` answers it: `job_title`.
    field: String,
    /// The value; null clears what was set.
    value: Option<String>,
    /// Why; it stands beside the field.
    reason: String,
}

/// The answer of `overrideField`.
#[derive(SimpleObject)]
pub(crate) struct OverrideFieldPayload {
    /// The customer as it stands now; null if nothing was done.
    customer: Option<Customer>,
    /// Why nothing was done; empty if it was.
    user_errors: Vec<UserError>,
}

/// The answer of `syncNow`.
#[derive(SimpleObject)]
pub(crate) struct SyncNowPayload {
    /// The sources whose sync was started; see `Query.sources` for how it goes.
    sources: Vec<String>,
    /// Why none was started; empty if one was.
    user_errors: Vec<UserError>,
}

/// An alert to take note of.
#[derive(InputObject)]
pub(crate) struct AcknowledgeAlertInput {
    /// The alert.
    alert: ID,
    /// What was done about it; it stands beside the alert.
    note: Option<String>,
}

/// The answer of `acknowledgeAlert`.
#[derive(SimpleObject)]
pub(crate) struct AcknowledgeAlertPayload {
    /// The alert as it stands now; null if nothing was done.
    alert: Option<Alert>,
    /// Why nothing was done; empty if it was.
    user_errors: Vec<UserError>,
}

/// What can be changed.
pub(crate) struct Mutation;

/// What can be changed.
#[Object]
impl Mutation {
    /// Puts customers together, for good: later syncs keep them together, and `splitCustomer`
    /// takes them apart again. Needs the ability `resolve`.
    async fn merge_customers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which customers.")] input: MergeCustomersInput,
    ) -> Option<Result<MergeCustomersPayload>> {
        shown(async {
            let asked = asked(ctx)?;
            asked.may(Ability::Resolve)?;
            let survivor = profile_id(&input.survivor)?;
            let others =
                input.others.iter().map(|id| profile_id(id)).collect::<Result<Vec<_>, _>>()?;
            let done = asked.shared.actions.merge(&asked.principal, survivor, others).await;
            Ok(Some(match refused(done)? {
                Ok(id) => MergeCustomersPayload {
                    customer: changed(asked, &[id]).await?.pop(),
                    user_errors: Vec::new(),
                },
                Err(error) => MergeCustomersPayload { customer: None, user_errors: vec![error] },
            }))
        })
        .await
    }

    /// Takes records out of a customer, for good: later syncs keep them apart. Needs the ability
    /// `resolve`.
    async fn split_customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which records of which customer.")] input: SplitCustomerInput,
    ) -> Option<Result<SplitCustomerPayload>> {
        shown(async {
            let asked = asked(ctx)?;
            asked.may(Ability::Resolve)?;
            let customer = profile_id(&input.customer)?;
            let records =
                input.records.iter().map(|id| record_id(id)).collect::<Result<Vec<_>, _>>()?;
            let done = asked.shared.actions.split(&asked.principal, customer, records).await;
            Ok(Some(match refused(done)? {
                Ok(ids) => SplitCustomerPayload {
                    customers: changed(asked, &ids).await?,
                    user_errors: Vec::new(),
                },
                Err(error) => {
                    SplitCustomerPayload { customers: Vec::new(), user_errors: vec![error] }
                }
            }))
        })
        .await
    }

    /// Decides whether two records are the same person or company: at once, and for good. Who and
    /// when is recorded; see `Identity.decisions`. A later decision on the pair replaces it. Needs
    /// the ability `resolve`.
    async fn decide_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The pair and what was decided.")] input: DecideReviewInput,
    ) -> Option<Result<DecideReviewPayload>> {
        shown(async {
            let asked = asked(ctx)?;
            asked.may(Ability::Resolve)?;
            let (left, right) = (record_id(&input.left)?, record_id(&input.right)?);
            let (kind, verdict) = (input.kind.into(), input.verdict.into());
            let done =
                asked.shared.actions.review(&asked.principal, left, right, kind, verdict).await;
            Ok(Some(match refused(done)? {
                Ok(ids) => DecideReviewPayload {
                    customers: changed(asked, &ids).await?,
                    user_errors: Vec::new(),
                },
                Err(error) => {
                    DecideReviewPayload { customers: Vec::new(), user_errors: vec![error] }
                }
            }))
        })
        .await
    }

    /// Sets a customer's lifecycle stage by hand, or lifts what was set. Needs the ability
    /// `override_stage`.
    async fn override_stage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which customer, which stage, why and until when.")]
        input: OverrideStageInput,
    ) -> Option<Result<OverrideStagePayload>> {
        shown(async {
            let asked = asked(ctx)?;
            asked.may(Ability::OverrideStage)?;
            let customer = profile_id(&input.customer)?;
            let (stage, until) = (input.stage.map(Into::into), input.until.map(|at| at.0));
            let actions = &asked.shared.actions;
            let done = actions
                .override_stage(&asked.principal, customer, stage, input.reason, until)
                .await;
            Ok(Some(match refused(done)? {
                Ok(()) => OverrideStagePayload {
                    customer: changed(asked, &[customer]).await?.pop(),
                    user_errors: Vec::new(),
                },
                Err(error) => OverrideStagePayload { customer: None, user_errors: vec![error] },
            }))
        })
        .await
    }

    /// Sets a field of a customer's golden record by hand, or clears what was set. It holds against
    /// every later sync; it goes with the record that the value came from, so a merge takes it along
    /// and a split leaves it with that record. The latest of two holds. Needs the ability `resolve`.
    async fn override_field(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which field of which customer, its value, and why.")]
        input: OverrideFieldInput,
    ) -> Option<Result<OverrideFieldPayload>> {
        shown(async {
            let asked = asked(ctx)?;
            asked.may(Ability::Resolve)?;
            let customer = profile_id(&input.customer)?;
            let OverrideFieldInput { field, value, reason, .. } = input;
            let set = FieldChange { field, value: value.map(Pii::new), reason };
            let done = asked.shared.actions.override_field(&asked.principal, customer, set).await;
            Ok(Some(match refused(done)? {
                Ok(id) => OverrideFieldPayload {
                    customer: changed(asked, &[id]).await?.pop(),
                    user_errors: Vec::new(),
                },
                Err(error) => OverrideFieldPayload { customer: None, user_errors: vec![error] },
            }))
        })
        .await
    }

    /// Takes note of an alert: who and when stands beside it and in the audit log. It stays open until
    /// its cause is gone; a later note replaces an earlier one. Needs the ability `acknowledge`.
    async fn acknowledge_alert(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which alert.")] input: AcknowledgeAlertInput,
    ) -> Option<Result<AcknowledgeAlertPayload>> {
        shown(async {
            let asked = asked(ctx)?;
            asked.may(Ability::Acknowledge)?;
            let alert = alert_id(&input.alert)?;
            let actions = &asked.shared.actions;
            let done = actions.acknowledge_alert(&asked.principal, alert, input.note).await;
            Ok(Some(match refused(done)? {
                Ok(()) => {
                    asked.loaders.forget().await;
                    let row = asked.store.find_alert(&asked.scope, alert).await?;
                    AcknowledgeAlertPayload { alert: row.map(Into::into), user_errors: Vec::new() }
                }
                Err(error) => AcknowledgeAlertPayload { alert: None, user_errors: vec![error] },
            }))
        })
        .await
    }

    /// Starts a sync now. Needs the ability `sync`.
    async fn sync_now(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this source; all if not given.")] source: Option<String>,
    ) -> Option<Result<SyncNowPayload>> {
        shown(async {
            let asked = asked(ctx)?;
            asked.may(Ability::Sync)?;
            let done = asked.shared.actions.sync_now(&asked.principal, source).await;
            Ok(Some(match refused(done)? {
                Ok(sources) => SyncNowPayload { sources, user_errors: Vec::new() },
                Err(error) => SyncNowPayload { sources: Vec::new(), user_errors: vec![error] },
            }))
        })
        .await
    }
}
