//! The edge of the management API: reads a request, verifies it, runs its operation, writes the answer.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use percent_encoding::percent_decode_str;
use tollgate_sigv4::{Claim, Payload, SignatureRefusal, Subject};

use crate::Control;
use crate::answer::Answer;
use crate::error::{ApiError, Failure};
use crate::request::Request;
use crate::router::{self, Operation};

/// The service that credentials have to be scoped to.
const SERVICE: &str = "apigateway";
/// The largest body; AWS's limit for payloads.
const BODY_LIMIT: usize = 10 << 20;
/// The largest file of keys; AWS takes 6 MB, which 100,000 keys outgrow. An import holds the store's one writer, so it
/// has to end well within the time that a call waits for the ledger.
const IMPORT_LIMIT: usize = 16 << 20;
/// How many times its limit a body that is too long is read before the connection closes.
const DISCARDED_LIMITS: usize = 4;
/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) fn router(control: Control) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .fallback(answer)
        .with_state(control)
}

async fn ready(State(control): State<Control>) -> Response {
    match control.is_ready() {
        true => "ready".into_response(),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not ready").into_response(),
    }
}

/// Answers one request of the AWS API. The work runs in a task of its own, so that a client who hangs up cannot cut
/// a change in two.
async fn answer(State(control): State<Control>, request: http::Request<Body>) -> Response {
    let request_id = control.ids().uuid();
    let outcome = tokio::spawn(async move { serve(&control, request).await }).await;
    let outcome = outcome.unwrap_or(Err(Failure::Panicked));
    if let Err(failure @ (Failure::Store(_) | Failure::Gate(_) | Failure::Panicked | Failure::KeyPair(_))) = &outcome {
        tracing::error!(%request_id, cause = %failure, "a management request failed");
    }
    let mut response = match outcome {
        Ok((status, Answer::Json(body))) => json(status, body),
        Ok((status, Answer::File { media_type, name, bytes })) => file(status, media_type, &name, bytes),
        Ok((status, Answer::Empty)) => status.into_response(),
        Err(failure) => refusal(failure.answer()),
    };
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

async fn serve(control: &Control, request: http::Request<Body>) -> Result<(StatusCode, Answer), Failure> {
    let (parts, body) = request.into_parts();
    let now = control.clock().now().wall;
    let claim = Claim::of_headers(&parts.headers)?;
    let pair = control.credentials().find(&claim.access_key_id).ok_or(SignatureRefusal::UnknownAccessKey)?;
    if claim.has_session() {
        return Err(SignatureRefusal::UnknownAccessKey.into());
    }
    claim.check_scope(SERVICE, now)?;
    let query = read_query(parts.uri.query().unwrap_or_default());
    let found = router::find(&parts.method, parts.uri.path(), &query);
    let limit = found.as_ref().map_or(BODY_LIMIT, |(operation, _)| body_limit(operation));
    let body = read_body(body, limit).await?;
    claim.verify(&pair.secret, &Subject::of(&parts), Payload::Bytes(&body))?;
    if !pair.role.may(&parts.method) {
        return Err(Failure::Denied(parts.method));
    }
    let (operation, labels) = found.ok_or(Failure::UnknownOperation)?;
    let accept = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let answer = (operation.run)(control, &Request::new(labels, query, body, now).accepting(accept)).await?;
    Ok((operation.status, answer))
}

fn body_limit(operation: &Operation) -> usize {
    if operation.name == "ImportApiKeys" { IMPORT_LIMIT } else { BODY_LIMIT }
}

pub(crate) async fn read_body(body: Body, limit: usize) -> Result<Bytes, Failure> {
    tokio::time::timeout(BODY_TIMEOUT, collect(body, limit)).await.unwrap_or(Err(Failure::BrokenBody))
}

/// Reads a body of at most `limit` bytes. What is longer is read on for a while and thrown away: a client that is still
/// sending would not see the answer if the connection closed under it.
async fn collect(mut body: Body, limit: usize) -> Result<Bytes, Failure> {
    let (mut bytes, mut length) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let data = frame.map_err(|_| Failure::BrokenBody)?.into_data().unwrap_or_default();
        length += data.len();
        if length <= limit {
            bytes.extend_from_slice(&data);
        } else {
            bytes = Vec::new();
        }
        if length > limit.saturating_mul(DISCARDED_LIMITS) {
            break;
        }
    }
    if length > limit { Err(Failure::TooLong) } else { Ok(bytes.into()) }
}

/// Decodes a query into its pairs, in order.
pub(crate) fn read_query(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

fn refusal(error: ApiError) -> Response {
    let body = serde_json::json!({ "message": error.message }).to_string();
    let mut response = json(error.status, body.into_bytes());
    response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(error.code));
    response
}

fn json(status: StatusCode, body: Vec<u8>) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn file(status: StatusCode, media_type: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [(header::CONTENT_TYPE, media_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    (status, headers, bytes).into_response()
}
