//! The request in one file: every call goes through these steps, in this order.
//!
//! listen → route → authorize → key → plan → throttle → quota → integration → response → meter
//!
//! A step returns what the next one needs, or a [`Refusal`].

use std::convert::Infallible;
use std::rc::Rc;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Request, Response};
use hyper::body::Incoming;
use tollgate_domain::{GatewayResponseType, Moment};

use crate::admission::Standing;
use crate::body::{AnswerBody, RequestBody};
use crate::call::{Call, CallIds};
use crate::clients::Client;
use crate::refusal::Refusal;
use crate::worker::Worker;
use crate::{authorize, key, limit_headers, listen, plan, route, throttle};

const X_AMZN_REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const X_AMZ_APIGW_ID: HeaderName = HeaderName::from_static("x-amz-apigw-id");
const X_AMZN_ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// Where a metered caller stands, for the headers of its answer.
#[derive(Default)]
struct Limits {
    policy: Option<HeaderValue>,
    standing: Standing,
}

/// Answers one request of a connection.
pub(crate) async fn serve(
    worker: Rc<Worker>,
    client: Rc<Client>,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Infallible> {
    let serving = client.serve();
    let ids = worker.call_ids.next();
    let mut limits = Limits::default();
    let (head, body) = request.into_parts();
    let outcome = answer(&worker, &client, &ids, head, body, &mut limits).await;
    let refused = outcome.is_err();
    let mut response = outcome.unwrap_or_else(|refusal| refuse(&worker, &ids, &refusal));
    let headers = response.headers_mut();
    if worker.shared.config.ratelimit_headers {
        limit_headers::add(headers, limits.policy.as_ref(), &limits.standing);
    }
    headers.insert(X_AMZN_REQUEST_ID, ids.request_id);
    headers.insert(X_AMZ_APIGW_ID, ids.extended_id);
    worker.meter.count(response.status(), refused);
    Ok(response.map(|body| body.hold(serving)))
}

/// The steps. Authorization comes before the key, so that nobody who may not call uses up a key's quota.
async fn answer(
    worker: &Worker,
    client: &Rc<Client>,
    ids: &CallIds,
    head: Parts,
    body: Incoming,
    limits: &mut Limits,
) -> Result<Response<AnswerBody>, Refusal> {
    let (shared, snapshot) = (&worker.shared, worker.snapshot());
    let now: Moment = shared.clock.now();

    let host = listen::listen(&head, &body, &client.raw_head, shared.config.max_body_bytes)?;
    let routed = route::route(&snapshot, host, head.uri.path(), &head.method)?;
    authorize::authorize(&routed)?;
    let caller = key::identify(&shared.admission, &routed, &head.headers)?;
    let covered = caller.as_ref().map(|caller| plan::choose(&routed, caller)).transpose()?;
    let keyed = caller.as_ref().map(|caller| caller.id).zip(covered);
    let (standing, admitted) = throttle::admit(&shared.admission, &routed, keyed, shared.account(), now).await;
    *limits = Limits { policy: covered.and_then(|covered| covered.policy().cloned()), standing };
    admitted?;
    client.admitted();

    let call = Call {
        ids,
        at: now,
        routed: &routed,
        verb: &head.method,
        query: head.uri.query(),
        client,
        key: caller.as_ref().map(|caller| caller.id),
    };
    let body = RequestBody::streamed(body, shared.config.max_body_bytes, client);
    routed.method.integration.answer(&call, head.headers, body, &worker.upstreams).await
}

/// Turns a refusal into an answer, and tells the operator what only the operator can mend.
fn refuse(worker: &Worker, ids: &CallIds, refusal: &Refusal) -> Response<AnswerBody> {
    let answer = refusal.gateway_response();
    log(ids, refusal, answer.kind);
    let mut response = Response::new(AnswerBody::whole(Bytes::from_static(answer.body.as_bytes())));
    *response.status_mut() = answer.status;
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(X_AMZN_ERROR_TYPE, HeaderValue::from_static(answer.error_type));
    if matches!(refusal, Refusal::Malformed(_)) {
        // Whatever follows on this connection cannot be trusted to begin where we think it does.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(seconds) = refusal.retry_after_secs().filter(|_| worker.shared.config.ratelimit_headers) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn log(ids: &CallIds, refusal: &Refusal, kind: GatewayResponseType) {
    let (request_id, kind) = (ids.request_id.to_str().unwrap_or_default(), kind.as_str());
    if refusal.is_ours() {
        tracing::warn!(target: "tollgate::gateway", request_id, kind, cause = %refusal, "a call was refused");
    } else {
        tracing::debug!(target: "tollgate::gateway", request_id, kind, cause = %refusal, "a call was refused");
    }
}
