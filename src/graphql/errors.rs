//! From failures to what clients see: a code on every error, causes in the log only.
//!
//! Owns the one place where an error is classified. Refuses to let an unclassified message out.

use crate::loaders::LoadError;
use async_graphql::{ErrorExtensionValues, Response, ServerError, Value};
use domain::{Area, Code, Principal, Role};
use store::StoreError;
use store::read::ReadError;

/// A refusal with its code; becomes a GraphQL error by `?`.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Refusal {
    pub code: Code,
    pub message: String,
}

impl Refusal {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(crate) fn bad_input(message: impl Into<String>) -> Self {
        Self::new(Code::BadUserInput, message)
    }

    pub(crate) fn hidden(area: Area) -> Self {
        let roles: Vec<&str> = Role::ALL
            .iter()
            .filter(|role| Principal { subject: String::new(), role: **role }.scope().sees(area))
            .map(|role| role.as_str())
            .collect();
        Self::new(
            Code::Forbidden,
            format!(
                "this role does not see the area '{}': leave the field out, or ask with one of \
                 the roles {}",
                area.as_str(),
                roles.join(", ")
            ),
        )
    }
}

impl From<Refusal> for ServerError {
    fn from(refusal: Refusal) -> Self {
        let mut error = Self::new(refusal.message, None);
        set_code(&mut error, refusal.code);
        error
    }
}

fn set_code(error: &mut ServerError, code: Code) {
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code.as_str());
}

/// What clients learn of a failure: a code, and a message unless it is internal.
fn of_store(error: &StoreError) -> (Code, Option<String>) {
    match error {
        StoreError::Timeout(_) => (
            Code::Timeout,
            Some("the database took too long: ask for less, or try again later".to_owned()),
        ),
        StoreError::Unavailable { .. } => (
            Code::Unavailable,
            Some("the database is not available now: try again later".to_owned()),
        ),
        StoreError::Leased { .. } | StoreError::LeaseLost { .. } => {
            (Code::Unavailable, Some(error.to_string()))
        }
        StoreError::NotFound { .. } => (Code::NotFound, Some(error.to_string())),
        StoreError::Conflict(_) => (Code::Conflict, Some(error.to_string())),
        _ => (Code::Internal, None),
    }
}

fn of_read(error: &ReadError) -> (Code, Option<String>) {
    match error {
        ReadError::Forbidden(area) => (Code::Forbidden, Some(Refusal::hidden(*area).message)),
        ReadError::Revealing(text) => (Code::Forbidden, Some((*text).to_owned())),
        ReadError::Invalid(text) => (Code::BadUserInput, Some(text.clone())),
        ReadError::Store(store) => of_store(store),
    }
}

/// The cause of an internal error with all that caused it, for the log.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// Gives every error of a response its code, hides what is internal, and cuts the list.
pub(crate) fn finish(
    mut response: Response,
    errors_max: usize,
    error_id: impl Fn() -> String,
) -> Response {
    let total = response.errors.len();
    response.errors.truncate(errors_max);
    for error in &mut response.errors {
        classify(error, &error_id);
    }
    if total > errors_max {
        let mut note =
            ServerError::new(format!("{} more errors are left out", total - errors_max), None);
        set_code(&mut note, Code::LimitExceeded);
        response.errors.push(note);
    }
    response
}

fn classify(error: &mut ServerError, error_id: &impl Fn() -> String) {
    if error.extensions.as_ref().is_some_and(|e| e.get("code").is_some()) {
        return;
    }
    let (code, message, cause) = if let Some(refusal) = error.source::<Refusal>() {
        (refusal.code, Some(refusal.message.clone()), None)
    } else if let Some(load) = error.source::<LoadError>() {
        let (code, message) = of_read(&load.0);
        (code, message, Some(chain(load.0.as_ref())))
    } else if let Some(read) = error.source::<ReadError>() {
        let (code, message) = of_read(read);
        (code, message, Some(chain(read)))
    } else if let Some(store) = error.source::<StoreError>() {
        let (code, message) = of_store(store);
        (code, message, Some(chain(store)))
    } else if error.source.is_some() {
        (Code::Internal, None, Some(error.message.clone()))
    } else if error.path.is_empty() {
        // Nothing was resolved: the document or its variables do not fit the schema.
        (Code::GraphqlValidationFailed, Some(error.message.clone()), None)
    } else {
        // Resolvers fail with typed sources only, so this is an argument that could not be read.
        (Code::BadUserInput, Some(error.message.clone()), None)
    };
    set_code(error, code);
    match message {
        Some(message) => error.message = message,
        None => {
            let id = error_id();
            tracing::error!(
                error_id = %id,
                cause = cause.as_deref().unwrap_or("unknown"),
                path = ?error.path,
                "an operation failed"
            );
            "internal error: give the errorId to whoever runs this gateway"
                .clone_into(&mut error.message);
            if let Some(extensions) = &mut error.extensions {
                extensions.set("errorId", Value::from(id));
            }
        }
    }
}
