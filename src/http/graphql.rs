//! GraphQL over HTTP: from a request to an executed operation to a response.
//!
//! Owns the transport as the GraphQL-over-HTTP specification describes it: methods, media types,
//! status codes, parameters, limits on the body and on time. Refuses, before it reads anything, who
//! has no token; mutations by GET; bodies that are not JSON; batches. Knows no schema: it drives an
//! [`Execute`].

use crate::http::accept::{Media, is_json_body, negotiate};
use crate::http::auth::{Refusal, Verifier};
use crate::telemetry::Meter;
use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, HttpResponseBuilder, web};
use async_graphql::parser::types::{DocumentOperations, OperationType};
use async_graphql::{
    ErrorExtensionValues, Name, Pos, Request, Response, ServerError, Value, Variables,
};
use async_trait::async_trait;
use domain::{Code, Principal};
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Runs operations.
#[async_trait]
pub trait Execute: Send + Sync {
    /// Runs one operation for a caller. Dropping the future cancels it.
    async fn execute(&self, principal: Principal, request: Request) -> Response;
}

/// What the handler needs.
pub struct Endpoint {
    /// Runs operations.
    pub execute: Arc<dyn Execute>,
    /// Knows callers.
    pub verifier: Arc<Verifier>,
    /// Counts.
    pub meter: Arc<Meter>,
    /// Longest request.
    pub timeout: Duration,
    /// Largest body, in bytes.
    pub body_max: usize,
    /// Longest document that is looked into before it is handed on, in bytes. A longer one is
    /// handed on unread, to be refused by the limits of whoever executes.
    pub document_max: usize,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// The code of the first error of a response, for the request's log line.
#[derive(Clone, Copy, Debug)]
pub struct Outcome(pub &'static str);

/// Answers `/graphql`, whatever the method.
pub async fn serve(
    endpoint: web::Data<Endpoint>,
    request: HttpRequest,
    body: web::Payload,
) -> HttpResponse {
    let principal = match endpoint.verifier.verify(request.headers()).await {
        Ok(principal) => principal,
        Err(refusal) => return refuse(&endpoint, &request, refusal),
    };
    let Some(media) = negotiate(request.headers()) else {
        let message = "the answer is application/graphql-response+json or application/json: \
                       name one of them in the Accept header";
        return fail(
            &request,
            StatusCode::NOT_ACCEPTABLE,
            Media::Json,
            Code::BadUserInput,
            message,
        );
    };
    let deadline = tokio::time::Instant::now() + endpoint.timeout;
    let parsed = match *request.method() {
        Method::GET => by_get(&request, endpoint.document_max),
        Method::POST => {
            let reading = by_post(&request, body, &endpoint);
            match tokio::time::timeout_at(deadline, reading).await {
                Ok(parsed) => parsed,
                Err(_) => Err(Bad::new(
                    StatusCode::REQUEST_TIMEOUT,
                    Code::Timeout,
                    "the request body did not arrive in time",
                )),
            }
        }
        _ => Err(Bad {
            allow: Some("GET, POST"),
            ..Bad::new(
                StatusCode::METHOD_NOT_ALLOWED,
                Code::BadUserInput,
                "queries come by GET or POST, mutations by POST",
            )
        }),
    };
    let operation = match parsed {
        Ok(operation) => operation,
        Err(bad) => {
            endpoint.meter.operation("unread", bad.code.as_str(), Duration::ZERO);
            return bad.respond(&request, media);
        }
    };
    let kind = operation.kind;
    if let Some(response) = operation.missing_variable() {
        endpoint.meter.operation(kind, Code::BadUserInput.as_str(), Duration::ZERO);
        return respond(&request, media, &response);
    }
    let operation = operation.request;
    let started = Instant::now();
    let running = endpoint.execute.execute(principal, operation);
    let response = tokio::time::timeout_at(deadline, running).await;
    let took = started.elapsed();
    match response {
        Ok(response) => {
            let code = first_code(&response.errors);
            endpoint.meter.operation(kind, code.map_or("OK", Code::as_str), took);
            respond(&request, media, &response)
        }
        Err(_) => {
            endpoint.meter.operation(kind, Code::Timeout.as_str(), took);
            fail(
                &request,
                StatusCode::GATEWAY_TIMEOUT,
                media,
                Code::Timeout,
                "the request took too long and was cancelled: ask for less, or in several requests",
            )
        }
    }
}

/// 401 with the challenge and nothing that tells of the schema or of what was wrong.
fn refuse(endpoint: &Endpoint, request: &HttpRequest, refusal: Refusal) -> HttpResponse {
    endpoint.meter.refused(refusal.as_str());
    tracing::debug!(reason = refusal.as_str(), "request without a valid token refused");
    let media = negotiate(request.headers()).unwrap_or(Media::Json);
    if refusal == Refusal::KeysUnavailable {
        return fail(
            request,
            StatusCode::SERVICE_UNAVAILABLE,
            media,
            Code::Unavailable,
            "tokens cannot be verified now: try again later",
        );
    }
    let mut response = fail(
        request,
        StatusCode::UNAUTHORIZED,
        media,
        Code::Unauthenticated,
        "a valid bearer token is required",
    );
    let challenge = header::HeaderValue::from_static("Bearer");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    response
}

/// A request that cannot be run.
struct Bad {
    status: StatusCode,
    code: Code,
    message: &'static str,
    allow: Option<&'static str>,
}

impl Bad {
    const fn new(status: StatusCode, code: Code, message: &'static str) -> Self {
        Self { status, code, message, allow: None }
    }

    const fn input(message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::BadUserInput, message)
    }

    fn respond(&self, request: &HttpRequest, media: Media) -> HttpResponse {
        let mut response = fail(request, self.status, media, self.code, self.message);
        if let Some(allow) = self.allow {
            let allow = header::HeaderValue::from_static(allow);
            response.headers_mut().insert(header::ALLOW, allow);
        }
        response
    }
}

/// The four parameters, in either encoding. Unknown ones are ignored, as the specification asks.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: Option<serde_json::Value>,
    operation_name: Option<serde_json::Value>,
    variables: Option<serde_json::Value>,
    extensions: Option<serde_json::Value>,
}

impl Parameters {
    fn into_request(self) -> Result<Request, Bad> {
        use serde_json::Value as Json;
        let Some(Json::String(query)) = self.query else {
            return Err(Bad::input("\"query\" is missing or not a string"));
        };
        let mut request = Request::new(query);
        match self.operation_name {
            None | Some(Json::Null) => {}
            Some(Json::String(name)) => request = request.operation_name(name),
            Some(_) => return Err(Bad::input("\"operationName\" is not a string")),
        }
        match self.variables {
            None | Some(Json::Null) => {}
            Some(variables @ Json::Object(_)) => {
                request = request.variables(Variables::from_json(variables));
            }
            Some(_) => return Err(Bad::input("\"variables\" is not an object")),
        }
        match self.extensions {
            None | Some(Json::Null) => {}
            Some(Json::Object(extensions)) => {
                for (name, value) in extensions {
                    let value = Value::from_json(value)
                        .map_err(|_| Bad::input("\"extensions\" cannot be read"))?;
                    request.extensions.insert(name, value);
                }
            }
            Some(_) => return Err(Bad::input("\"extensions\" is not an object")),
        }
        Ok(request)
    }
}

fn by_get(request: &HttpRequest, document_max: usize) -> Result<Operation, Bad> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string())
        .map_err(|_| Bad::input("the query string is not URL-encoded"))?
        .into_inner();
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in pairs {
        if texts.insert(name, value).is_some() {
            return Err(Bad::input("a parameter stands twice in the query string"));
        }
    }
    let mut json = |name: &str| match texts.remove(name).filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => serde_json::from_str(&text)
            .map(Some)
            .map_err(|_| Bad::input("\"variables\" or \"extensions\" is not JSON")),
    };
    let (variables, extensions) = (json("variables")?, json("extensions")?);
    let parameters = Parameters {
        query: texts.remove("query").map(serde_json::Value::String),
        operation_name: texts
            .remove("operationName")
            .filter(|name| !name.is_empty())
            .map(serde_json::Value::String),
        variables,
        extensions,
    };
    let request = parameters.into_request()?;
    if request.query.len() > document_max {
        return Err(Bad::new(
            StatusCode::URI_TOO_LONG,
            Code::LimitExceeded,
            "the document is too long for a GET: send it by POST",
        ));
    }
    let operation = Operation::of(request, document_max);
    if operation.kind == "mutation" {
        return Err(Bad {
            allow: Some("POST"),
            ..Bad::new(StatusCode::METHOD_NOT_ALLOWED, Code::BadUserInput, "mutations come by POST")
        });
    }
    Ok(operation)
}

async fn by_post(
    request: &HttpRequest,
    mut payload: web::Payload,
    endpoint: &Endpoint,
) -> Result<Operation, Bad> {
    const TOO_LARGE: Bad = Bad::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        Code::LimitExceeded,
        "the request body is too large",
    );
    let body_max = endpoint.body_max;
    if !is_json_body(request.headers()) {
        return Err(Bad::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::BadUserInput,
            "the body of a POST is application/json in UTF-8: say so in the Content-Type header",
        ));
    }
    let encoded = request
        .headers()
        .get_all(header::CONTENT_ENCODING)
        .any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if encoded {
        return Err(Bad::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::BadUserInput,
            "a compressed body is not accepted",
        ));
    }
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > body_max as u64) {
        return Err(TOO_LARGE);
    }
    let mut body = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Bad::input("the request body broke off"))?;
        if body.len() + chunk.len() > body_max {
            return Err(TOO_LARGE);
        }
        body.extend_from_slice(&chunk);
    }
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'[') {
        return Err(Bad::input("batches are not accepted: send one request at a time"));
    }
    if first != Some(&b'{') {
        return Err(Bad::input("the request body is not a JSON object"));
    }
    let parameters: Parameters = serde_json::from_slice(&body)
        .map_err(|_| Bad::input("the request body is not JSON, or names a parameter twice"))?;
    Ok(Operation::of(parameters.into_request()?, endpoint.document_max))
}

/// A request whose document has been looked at. The parsed document stays in the request.
struct Operation {
    request: Request,
    /// `query`, `mutation`, `subscription`, or `invalid` where the document cannot be read or names
    /// no single operation: execution will say what is wrong.
    kind: &'static str,
    /// The first variable that must have a value and has none.
    missing: Option<(Name, Pos)>,
}

impl Operation {
    fn of(mut request: Request, document_max: usize) -> Self {
        let seen = if request.query.len() > document_max { None } else { look(&mut request) };
        let (kind, required) = seen.unwrap_or(("invalid", Vec::new()));
        let given = &request.variables;
        let missing = required
            .into_iter()
            .find(|(name, _)| given.get(name).is_none_or(|value| *value == Value::Null));
        Self { request, kind, missing }
    }

    /// Coercing the variables comes before executing (specification, section 6.1), so a value that
    /// is missing is an error of the request, not of the field that uses it. The library finds it
    /// only at the field.
    fn missing_variable(&self) -> Option<Response> {
        let (name, pos) = self.missing.as_ref()?;
        let message = format!("variable \"${name}\" must have a value that is not null");
        let mut error = ServerError::new(message, Some(*pos));
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", Code::BadUserInput.as_str());
        error.extensions = Some(extensions);
        Some(Response::from_errors(vec![error]))
    }
}

/// The kind of the operation that the request asks for, and the variables that must have a value.
fn look(request: &mut Request) -> Option<(&'static str, Vec<(Name, Pos)>)> {
    let name = request.operation_name.clone();
    let document = request.parsed_query().ok()?;
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), _) => operation,
        (DocumentOperations::Multiple(operations), Some(name)) => {
            operations.get(&Name::new(name))?
        }
        // One operation that has a name is chosen without naming it.
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
            operations.values().next()?
        }
        (DocumentOperations::Multiple(_), None) => return None,
    };
    let kind = match operation.node.ty {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    };
    let required = operation
        .node
        .variable_definitions
        .iter()
        .filter(|v| !v.node.var_type.node.nullable && v.node.default_value.is_none())
        .map(|v| (v.node.name.node.clone(), v.pos))
        .collect();
    Some((kind, required))
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extensions: &'a BTreeMap<String, Value>,
}

fn respond(request: &HttpRequest, media: Media, response: &Response) -> HttpResponse {
    // Nothing was executed when there is no data and no error has a place in the answer: then the
    // entry `data` must be absent.
    let executed =
        response.data != Value::Null || response.errors.iter().any(|error| !error.path.is_empty());
    let status = match (executed, media) {
        (true, _) | (false, Media::Json) => StatusCode::OK,
        (false, Media::GraphqlResponse) => status_of(first_code(&response.errors)),
    };
    if let Some(code) = first_code(&response.errors) {
        request.extensions_mut().insert(Outcome(code.as_str()));
    }
    let body = Body {
        errors: &response.errors,
        data: executed.then_some(&response.data),
        extensions: &response.extensions,
    };
    write(status, media, &body)
}

/// The status of a request that was not executed.
const fn status_of(code: Option<Code>) -> StatusCode {
    match code {
        Some(Code::Unauthenticated) => StatusCode::UNAUTHORIZED,
        Some(Code::Forbidden) => StatusCode::FORBIDDEN,
        Some(Code::Timeout) => StatusCode::GATEWAY_TIMEOUT,
        Some(Code::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
        Some(Code::Internal) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn first_code(errors: &[ServerError]) -> Option<Code> {
    let error = errors.first()?;
    let written = match error.extensions.as_ref().and_then(|extensions| extensions.get("code")) {
        Some(Value::String(text)) => text.as_str(),
        _ => return Some(Code::GraphqlValidationFailed),
    };
    Some(Code::ALL.into_iter().find(|code| code.as_str() == written).unwrap_or(Code::Internal))
}

fn fail(
    request: &HttpRequest,
    status: StatusCode,
    media: Media,
    code: Code,
    message: &'static str,
) -> HttpResponse {
    request.extensions_mut().insert(Outcome(code.as_str()));
    let body = serde_json::json!({
        "errors": [{ "message": message, "extensions": { "code": code.as_str() } }]
    });
    write(status, media, &body)
}

fn write(status: StatusCode, media: Media, body: &impl Serialize) -> HttpResponse {
    match serde_json::to_vec(body) {
        Ok(bytes) => HttpResponseBuilder::new(status)
            .insert_header((header::CONTENT_TYPE, media.content_type()))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::VARY, "accept, authorization"))
            .body(bytes),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            HttpResponse::InternalServerError().finish()
        }
    }
}

#[cfg(test)]
mod tests;
