//! The request in one file: every call goes through these steps, in this order.
//!
//! listen → route → authorize → key → plan → throttle → quota → validate → integration → response → meter
//!
//! A step returns what the next one needs, or a [`Refusal`].

use std::cell::OnceCell;
use std::convert::Infallible;
use std::rc::Rc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, EXPECT, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response, Version};
use hyper::body::Incoming;

use crate::admission::{Caller, Standing};
use crate::body::{AnswerBody, RequestBody};
use crate::call::Call;
use crate::clients::Client;
use crate::meter::Counted;
use crate::plan::Covered;
use crate::refusal::Refusal;
use crate::route::{Destination, Routed, Staged};
use crate::snapshot::Coverage;
use crate::trace::Span;
use crate::worker::Worker;
use crate::{authorize, compression, gateway_response, key, limit_headers, listen, narration, plan, route, throttle};

pub(crate) const X_AMZN_REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
pub(crate) const X_AMZ_APIGW_ID: HeaderName = HeaderName::from_static("x-amz-apigw-id");

/// What a custom domain name says of itself.
const HEALTHY: Bytes = Bytes::from_static(b"healthy");

/// Where a metered caller stands, for the headers of its answer.
#[derive(Default)]
pub(crate) struct Limits {
    pub(crate) policy: Option<HeaderValue>,
    pub(crate) standing: Standing,
}

/// Answers one request of a connection.
pub(crate) async fn serve(
    worker: Rc<Worker>,
    client: Rc<Client>,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Infallible> {
    let serving = client.serve();
    let (ids, snapshot) = (worker.call_ids.next(), worker.snapshot());
    let (mut head, incoming) = request.into_parts();
    let (version, headers) = (head.version, std::mem::take(&mut head.headers));
    let config = &worker.shared.config;
    let host = OnceCell::new();
    let call = Call::new(&ids, worker.shared.clock.now(), &client, &config.account_id, (&head).into());
    let mut call = Counted::new(&worker, call);
    call.span = Span::begin(&worker, &headers).map(Box::new);
    let mut limits = Limits::default();
    let (awaits_leave, mut unread) = (headers.contains_key(EXPECT), None);
    let outcome = async {
        let named = listen::listen(&head, &headers, &incoming, &client.raw_head, config.max_body_bytes)?;
        call.host = host.get_or_init(|| named).to_str().unwrap_or_default();
        let mut body;
        (body, unread) = RequestBody::streamed(incoming, config.max_body_bytes, &client);
        let staged = match route::stage(&snapshot, call.host, call.sent_path())? {
            Destination::Stage(staged) => staged,
            Destination::Health => return Ok(Response::new(AnswerBody::whole(HEALTHY))),
        };
        pass(&worker, staged, &mut call, &headers, &mut body, &mut limits).await?;
        client.admitted();
        narration::starts(&call, &headers);
        perform(&worker, &call, headers, body).await
    }
    .await;
    let (refused, answered) = (outcome.is_err(), worker.shared.clock.now());
    let mut response = outcome.unwrap_or_else(|refusal| {
        let response = refuse(&mut call, &refusal, config.ratelimit_headers);
        worker.refusals.record(&call, &refusal, &limits.standing, response.status(), answered.wall);
        response
    });
    match response.body().known() {
        _ if refused => narration::words(&call),
        Some(body) => narration::answers(&call, body),
        None => {}
    }
    narration::ends(&call, response.status(), response.headers(), refused);
    worker.execution_lines.write(&mut call);
    let line = call.answers(response.status(), answered.ticks);
    drop(call);
    let headers = response.headers_mut();
    if config.ratelimit_headers {
        limit_headers::add(headers, limits.policy.as_ref(), &limits.standing);
    }
    headers.insert(X_AMZN_REQUEST_ID, ids.request_id.to_header());
    headers.insert(X_AMZ_APIGW_ID, ids.extended_id.to_header());
    // Who asked for leave and was answered sends no body, and a stream of HTTP/2 is told that it need not.
    if let Some(unread) = unread.filter(|_| !(awaits_leave && client.body_bytes() == 0) && version < Version::HTTP_2) {
        unread.discard(&serving);
    }
    Ok(response.map(|body| body.hold(serving, line)))
}

/// The steps that decide whether a call may pass. Authorization comes before the key, so that nobody who may not call
/// uses up a key's quota.
async fn pass<'a>(
    worker: &'a Worker,
    staged: Staged<'a>,
    call: &mut Call<'a>,
    headers: &HeaderMap,
    body: &mut RequestBody,
    limits: &mut Limits,
) -> Result<(), Refusal> {
    let shared = &worker.shared;
    let staged = Staged { stage: worker.dice.choose(staged.stage), ..staged };
    (call.stage, call.base_path, call.path) = (Some(staged.stage), staged.base_path, staged.path);
    if staged.stage.asks_for_headers() {
        call.sent = Some(Box::new(headers.clone()));
    }
    let (routed, captures) = route::method(staged, call.verb)?;
    (call.method, call.captures) = (Some(routed.method), captures);
    call.log = staged.stage.verbosity.log(routed.method, &shared.clock).map(Box::new);
    call.principal = authorize::authorize(worker, call, headers, body).await?.into();
    narration::verifies_plan(call, headers);
    let sent = || key::sent(&routed, &call.principal, headers).map(|value| worker.callers.expect(value));
    let caller = key::identify(&worker.callers, &routed, sent)?;
    limit(worker, &routed, call, caller.as_ref(), headers, limits).await
}

/// The steps from the plan to the quota: what limits the caller, and whether it may pass now.
pub(crate) async fn limit<'a>(
    worker: &Worker,
    routed: &Routed<'a>,
    call: &mut Call<'a>,
    caller: Option<&Caller>,
    headers: &HeaderMap,
    limits: &mut Limits,
) -> Result<(), Refusal> {
    let covered = cover(routed, call, caller)?;
    let decided = throttle::admit(&worker.shared, routed, call.key.zip(covered), call.at).await;
    note_decided(call, headers, covered, decided, limits)
}

/// The same, if it needs no waiting. Returns the plan under which the call may pass, too.
pub(crate) fn limit_at_once<'r: 'a, 'a>(
    worker: &Worker,
    routed: &Routed<'r>,
    call: &mut Call<'a>,
    caller: Option<&Caller>,
    headers: &HeaderMap,
    limits: &mut Limits,
) -> Option<Result<Option<&'r Coverage>, Refusal>> {
    let covered = match cover(routed, call, caller) {
        Ok(covered) => covered,
        Err(refusal) => return Some(Err(refusal)),
    };
    let decided = throttle::admit_at_once(&worker.shared, routed, call.key.zip(covered), call.at)?;
    let admitted = note_decided(call, headers, covered, decided, limits);
    Some(admitted.map(|()| covered.map(|covered| covered.coverage)))
}

/// Who calls, and under which plan.
fn cover<'r: 'a, 'a, 'c>(
    routed: &Routed<'r>,
    call: &mut Call<'a>,
    caller: Option<&'c Caller>,
) -> Result<Option<Covered<'r, 'c>>, Refusal> {
    call.key = caller.map(|caller| caller.id);
    let covered = caller.map(|caller| plan::choose(routed, caller)).transpose()?;
    call.plan = covered.map(|covered| covered.coverage);
    Ok(covered)
}

fn note_decided(
    call: &mut Call<'_>,
    headers: &HeaderMap,
    covered: Option<Covered<'_, '_>>,
    (standing, admitted): (Standing, Result<(), Refusal>),
    limits: &mut Limits,
) -> Result<(), Refusal> {
    call.admitted = admitted.is_ok();
    narration::decided(call, headers, covered, &admitted);
    *limits = Limits { policy: covered.and_then(|covered| covered.policy().cloned()), standing };
    admitted
}

/// The steps of a call that was let pass.
pub(crate) async fn perform(
    worker: &Worker,
    call: &Call<'_>,
    mut headers: HeaderMap,
    body: RequestBody,
) -> Result<Response<AnswerBody>, Refusal> {
    let method = call.method.ok_or(Refusal::UnknownRoute)?;
    let accepted = compression::accepted(call, &headers);
    let body = match &method.validation {
        // Boxed, so that calls of methods without a validator carry none of this along.
        Some(validation) => Box::pin(validation.check(call, &headers, body)).await?,
        None => body,
    };
    if call.principal.signer.is_some() {
        // Nor may a mapping pass it on: whoever got it could make the same call again while the signature holds.
        headers.remove(AUTHORIZATION);
    }
    let answer = method.integration.answer(worker, call, headers, body).await?;
    Ok(match accepted {
        None => answer,
        Some((coding, minimum)) => compression::compress(answer, coding, minimum),
    })
}

/// Turns a refusal into an answer, in the API's own words where it has any.
pub(crate) fn refuse(call: &mut Call<'_>, refusal: &Refusal, ratelimit_headers: bool) -> Response<AnswerBody> {
    narration::refuses(call, refusal);
    gateway_response::answer(call, refusal, ratelimit_headers)
}
