//! The edge of the management API: reads a request, verifies it, runs its operation, writes the answer.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use percent_encoding::percent_decode_str;
use tollgate_sigv4::{Claim, Payload, SignatureRefusal, Subject};

use crate::Control;
use crate::access::{AccessDenied, Asked, Caller};
use crate::answer::Answer;
use crate::console;
use crate::error::{ApiError, Failure};
use crate::operator::{import, stack};
use crate::request::Request;
use crate::router::{self, Operation, Routed};

/// The service that credentials have to be scoped to.
const SERVICE: &str = "apigateway";
/// The largest body; AWS's limit for payloads.
const BODY_LIMIT: usize = 10 << 20;
/// The largest file of keys; AWS takes 6 MB, which 100,000 keys outgrow. An import holds the store's one writer, so it
/// has to end well within the time that a call waits for the ledger.
const IMPORT_LIMIT: usize = 16 << 20;
/// How many times its limit a body that is too long is read before the connection closes.
const DISCARDED_LIMITS: usize = 4;
/// Says why a request is sent, percent-encoded. Kept with what it changed, where a history is kept.
const REASON: HeaderName = HeaderName::from_static("x-tollgate-reason");
/// Names nodes on which a change is not in force yet.
const NODES_BEHIND: HeaderName = HeaderName::from_static("x-tollgate-nodes-behind");
/// Operations that may take a key away from callers.
const TAKES_KEYS_AWAY: [&str; 4] = ["UpdateApiKey", "DeleteApiKey", "DeleteUsagePlanKey", "DeleteUsagePlan"];
/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) fn router(control: Control) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .merge(console::routes())
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
    respond(control.clone(), async move { serve(&control, request).await }).await
}

/// Writes what came of a request.
pub(crate) async fn respond(
    control: Control,
    work: impl Future<Output = Result<Answered, Failure>> + Send + 'static,
) -> Response {
    let request_id = control.ids().uuid();
    let outcome = tokio::spawn(work).await;
    let outcome = outcome.unwrap_or(Err(Failure::Panicked));
    if let Err(
        failure @ (Failure::Store(_)
        | Failure::Undecided(_)
        | Failure::Gate(_)
        | Failure::Panicked
        | Failure::KeyPair(_)),
    ) = &outcome
    {
        tracing::error!(%request_id, cause = %failure, "a management request failed");
    }
    let mut response = match outcome {
        Ok(answered) => answered.into_response(),
        Err(failure) => refusal(failure.answer()),
    };
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

/// What an operation came to, and where it is not in force yet.
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) answer: Answer,
    /// Names of nodes.
    pub(crate) behind: Vec<String>,
}

impl Answered {
    pub(crate) fn new(status: StatusCode, answer: Answer) -> Self {
        Self { status, answer, behind: Vec::new() }
    }

    fn into_response(self) -> Response {
        let mut response = match self.answer {
            Answer::Json(body) => json(self.status, body),
            Answer::File { media_type, name, bytes } => file(self.status, media_type, &name, bytes),
            Answer::Empty => self.status.into_response(),
        };
        if !self.behind.is_empty()
            && let Ok(names) = HeaderValue::from_str(&self.behind.join(","))
        {
            response.headers_mut().insert(NODES_BEHIND, names);
        }
        response
    }
}

async fn serve(control: &Control, request: http::Request<Body>) -> Result<Answered, Failure> {
    let (parts, body) = request.into_parts();
    let now = control.clock().now().wall;
    let claim = Claim::of_headers(&parts.headers)?;
    let pair = control.credentials().find(&claim.access_key_id).ok_or(SignatureRefusal::UnknownAccessKey)?;
    if claim.has_session() {
        return Err(SignatureRefusal::UnknownAccessKey.into());
    }
    claim.check_scope(SERVICE, now)?;
    let asked = Question::read(&parts);
    let body = read_body(body, asked.body_limit()).await?;
    claim.verify(&pair.secret, &Subject::of(&parts), Payload::Bytes(&body))?;
    let caller = Caller { access_key_id: claim.access_key_id, role: pair.role };
    asked.answer(control, caller, &parts, body).await
}

/// What a request asks for, before its body is read.
pub(crate) struct Question {
    query: Vec<(String, String)>,
    found: Option<Routed>,
}

impl Question {
    /// Finds the operation for a request.
    pub(crate) fn read(parts: &Parts) -> Self {
        let query = read_query(parts.uri.query().unwrap_or_default());
        let found = router::find_any(&parts.method, parts.uri.path(), &query);
        Self { query, found }
    }

    /// The bytes that its body may have.
    pub(crate) fn body_limit(&self) -> usize {
        self.found.as_ref().map_or(BODY_LIMIT, |(operation, _)| body_limit(operation))
    }

    /// Runs the operation, if the caller may.
    pub(crate) async fn answer(
        self,
        control: &Control,
        caller: Caller,
        parts: &Parts,
        body: Bytes,
    ) -> Result<Answered, Failure> {
        if !caller.may(&self.asked(parts)) {
            return Err(control.deny(&caller, SERVICE, parts).into());
        }
        let (operation, labels) = self.found.ok_or(Failure::UnknownOperation)?;
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let reason = text(REASON).map(|reason| percent_decode_str(reason).decode_utf8_lossy().into_owned());
        let request = Request::new(labels, self.query, body, control.clock().now().wall)
            .accepting(text(header::ACCEPT))
            .by(caller, reason);
        let answer = (operation.run)(control, &request).await?;
        let behind = match TAKES_KEYS_AWAY.contains(&operation.name) {
            true => control.nodes_behind_at_last().await,
            false => Vec::new(),
        };
        Ok(Answered { status: operation.status, answer, behind })
    }

    fn asked<'a>(&'a self, parts: &'a Parts) -> Asked<'a> {
        let labels = self.found.as_ref().map_or(&[][..], |(_, labels)| labels);
        let shows_values = |(name, value): &(String, String)| {
            name.starts_with("includeValue") && !value.is_empty() && !value.eq_ignore_ascii_case("false")
        };
        Asked {
            method: &parts.method,
            operation: self.found.as_ref().map(|(operation, _)| operation.name),
            usage_plan: labels.iter().find(|(label, _)| *label == "usageplanId").map(|(_, id)| id.as_str()),
            with_values: self.query.iter().any(shows_values),
        }
    }
}

impl Control {
    /// Waits for the other nodes as long as the operator wants, and names those that have not come along.
    async fn nodes_behind_at_last(&self) -> Vec<String> {
        let patience = self.config().wait_for_nodes;
        if patience.is_zero() || !self.store().is_shared() {
            return Vec::new();
        }
        let waited = async {
            let revision = self.store().last_change().await?;
            self.nodes_behind(revision, patience).await
        };
        waited.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "nobody knows whether a change is in force on the other nodes");
            vec!["unknown".to_owned()]
        })
    }

    /// The "no" to somebody whose role does not allow what a request asks for.
    pub(crate) fn deny(&self, caller: &Caller, service: &str, parts: &Parts) -> AccessDenied {
        let crate::ControlConfig { account_id, region, .. } = self.config();
        AccessDenied {
            user: format!("arn:aws:iam::{account_id}:user/{}", caller.access_key_id),
            action: format!("{service}:{}", parts.method),
            resource: format!("arn:aws:{service}:{region}::{}", parts.uri.path()),
        }
    }
}

fn body_limit(operation: &Operation) -> usize {
    match operation.name {
        "ImportApiKeys" | "ImportAccountKeys" => IMPORT_LIMIT,
        "ImportAccountApi" => import::BODY_LIMIT,
        "PutStack" => stack::BODY_LIMIT,
        _ => BODY_LIMIT,
    }
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
