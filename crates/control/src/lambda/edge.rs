//! The edge of Lambda's API: reads a request, verifies it, runs its operation, writes the answer.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use percent_encoding::percent_decode_str;
use tollgate_sigv4::{Claim, Payload, SignatureRefusal, Subject};

use super::routes::{self, Labels, Operation};
use super::{Lambda, function, invoke, permission};
use crate::access::{Asked, Caller};
use crate::error::Failure;
use crate::json::Members;
use crate::server::{read_body, read_query};

/// The service that credentials have to be scoped to.
const SERVICE: &str = "lambda";
const ROOT: &str = "/2015-03-31/functions";
/// Bytes of a body with code: AWS takes archives of 50 MB, as base64 within JSON.
const CODE_LIMIT: usize = 70_167_211;
/// Bytes of any other body; what is passed to a function is the largest.
const BODY_LIMIT: usize = 6 << 20;

/// One request, verified and routed.
pub(super) struct Request {
    pub(super) labels: Labels,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: http::HeaderMap,
    pub(super) body: Bytes,
}

impl Request {
    pub(super) fn members(&self) -> Result<Members, Failure> {
        Ok(Members::parse(&self.body)?)
    }

    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A success.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn json(status: StatusCode, document: &serde_json::Value) -> Self {
        Self { status, body: document.to_string().into(), ..Self::default() }
    }

    pub(super) fn empty(status: StatusCode) -> Self {
        Self { status, ..Self::default() }
    }
}

pub(super) fn router(lambda: Lambda) -> Router {
    Router::new()
        .route(ROOT, any(answer))
        .route(&format!("{ROOT}/"), any(answer))
        .route(&format!("{ROOT}/{{*rest}}"), any(answer))
        .with_state(lambda)
}

/// Answers one request. The work runs in a task of its own, so that a client who hangs up cannot cut a change in two.
async fn answer(State(lambda): State<Lambda>, request: http::Request<Body>) -> Response {
    let request_id = lambda.control.ids().uuid();
    let outcome = tokio::spawn(async move { serve(&lambda, request).await }).await;
    let mut response = match outcome.unwrap_or(Err(Failure::Panicked)) {
        Ok(answer) => success(answer),
        Err(failure) => refusal(&failure, &request_id),
    };
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

async fn serve(lambda: &Lambda, request: http::Request<Body>) -> Result<Answer, Failure> {
    let (parts, body) = request.into_parts();
    let claim = Claim::of_headers(&parts.headers)?;
    let pair = lambda.control.credentials().find(&claim.access_key_id).ok_or(SignatureRefusal::UnknownAccessKey)?;
    if claim.has_session() {
        return Err(SignatureRefusal::UnknownAccessKey.into());
    }
    claim.check_scope(SERVICE, lambda.control.clock().now().wall)?;
    let found = segments(parts.uri.path()).and_then(|segments| routes::find(&parts.method, &segments));
    let body = read_body(body, found.as_ref().map_or(BODY_LIMIT, |(operation, _)| body_limit(*operation))).await?;
    claim.verify(&pair.secret, &Subject::of(&parts), Payload::Bytes(&body))?;
    let caller = Caller { access_key_id: claim.access_key_id, role: pair.role };
    let asked = Asked { method: &parts.method, operation: None, usage_plan: None, with_values: false };
    if !caller.may(&asked) {
        return Err(lambda.control.deny(&caller, SERVICE, &parts).into());
    }
    let (operation, labels) = found.ok_or(Failure::UnknownOperation)?;
    let query = read_query(parts.uri.query().unwrap_or_default());
    run(lambda, operation, Request { labels, query, headers: parts.headers, body }).await
}

async fn run(lambda: &Lambda, operation: Operation, request: Request) -> Result<Answer, Failure> {
    match operation {
        Operation::AddPermission => permission::add(lambda, &request).await,
        Operation::CreateFunction => function::create(lambda, &request).await,
        Operation::DeleteFunction => function::delete(lambda, &request).await,
        Operation::GetFunction => function::get(lambda, &request),
        Operation::GetFunctionConfiguration => function::get_configuration(lambda, &request),
        Operation::GetPolicy => permission::get(lambda, &request),
        Operation::Invoke => invoke::invoke(lambda, &request).await,
        Operation::ListFunctions => function::list(lambda, &request),
        Operation::RemovePermission => permission::remove(lambda, &request).await,
        Operation::UpdateFunctionCode => function::update_code(lambda, &request).await,
        Operation::UpdateFunctionConfiguration => function::update_configuration(lambda, &request).await,
    }
}

fn body_limit(operation: Operation) -> usize {
    match operation {
        Operation::CreateFunction | Operation::UpdateFunctionCode => CODE_LIMIT,
        _ => BODY_LIMIT,
    }
}

/// The segments of a path after the root, each decoded by itself: an ARN may hold an encoded slash.
fn segments(path: &str) -> Option<Vec<String>> {
    let decode = |segment: &str| percent_decode_str(segment).decode_utf8().ok().map(std::borrow::Cow::into_owned);
    path.strip_prefix(ROOT)?.split('/').skip(1).map(decode).collect()
}

fn success(answer: Answer) -> Response {
    let mut response = (answer.status, [(header::CONTENT_TYPE, "application/json")], answer.body).into_response();
    response.headers_mut().extend(answer.headers);
    response
}

/// A "no", in the form of Lambda: with whose fault it is.
fn refusal(failure: &Failure, request_id: &str) -> Response {
    let error = failure.answer();
    let ours = error.status.is_server_error();
    if ours {
        tracing::error!(%request_id, cause = %failure, "a request of Lambda's API failed");
    }
    let kind = if ours { "Service" } else { "User" };
    let body = serde_json::json!({ "Type": kind, "Message": error.message, "message": error.message }).to_string();
    let mut response = (error.status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
    response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(error.code));
    response
}
