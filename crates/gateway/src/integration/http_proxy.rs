//! HTTP_PROXY: the call goes to the upstream as it came, and the answer comes back as it is.

use std::pin::{Pin, pin};
use std::time::Duration;

use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use tollgate_domain::Ticks;

use super::headers::{API_ID, MappedHeader, forward_request, forward_response};
use super::parameters::{self, Parameters};
use super::source::Source;
use super::target::Target;
use super::{Site, report};
use crate::body::{AnswerBody, RequestBody};
use crate::call::Call;
use crate::clients::within;
use crate::head_text::put_line;
use crate::refusal::Refusal;
use crate::trace::TRACEPARENT;
use crate::upstream::{Exchange, Received};
use crate::worker::Worker;

/// An HTTP_PROXY integration.
#[derive(Debug)]
pub(crate) struct HttpProxy {
    pub(super) upstream: Upstream,
    /// Whether a parameter is mapped from the body, which is then held whole.
    pub(super) read_body: bool,
}

/// What HTTP and HTTP_PROXY have in common: where a call goes, and how it is put.
#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) target: Target,
    /// The verb sent; `None` is the caller's.
    pub(super) verb: Option<Method>,
    pub(super) headers: Vec<MappedHeader>,
    pub(super) api_id: HeaderValue,
    pub(super) user_agent: HeaderValue,
    /// The lines of `Host` and of the API's id, as they are written.
    pub(super) own_lines: Vec<u8>,
    timeout: Duration,
}

impl Upstream {
    /// `own_variables`: whether a variable that is not mapped is the path's variable of the same name.
    pub(super) fn compile(
        given: &tollgate_domain::Integration,
        site: &Site<'_>,
        mapped: Parameters,
        own_variables: bool,
    ) -> Result<Self, String> {
        let uri = given.uri.as_deref().ok_or("the integration has no URI")?;
        let mut path = mapped.path;
        let target =
            Target::compile(uri, given.insecure_skip_verification != Some(true), site, mapped.query, |name| {
                let own = || own_variables.then(|| Source::path_variable(name, site)).flatten();
                path.remove(name).or_else(own).ok_or_else(|| format!("nothing is mapped to {{{name}}} in {uri:?}"))
            })?;
        let mut own_lines = Vec::new();
        put_line(&mut own_lines, header::HOST.as_str(), target.host.as_bytes());
        put_line(&mut own_lines, API_ID.as_str(), site.api.as_str().as_bytes());
        Ok(Self {
            target,
            verb: verb(given.http_method.as_deref())?,
            headers: mapped.headers,
            api_id: value(site.api.as_str())?,
            user_agent: value(&format!("AmazonAPIGateway_{}", site.api))?,
            own_lines,
            timeout: Duration::from_millis(u64::from(given.timeout_millis)),
        })
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn send(
        &self,
        worker: &Worker,
        call: &Call<'_>,
        request: Request<RequestBody>,
    ) -> Result<Response<AnswerBody>, Refusal> {
        self.exchange(worker, call, &mut self.begin(call, request)).await
    }

    /// Puts a request as it is sent. Nothing of its headers is held while the answer is waited for.
    fn begin(&self, call: &Call<'_>, mut request: Request<RequestBody>) -> Exchange {
        if let Some(span) = &call.span {
            request.headers_mut().insert(TRACEPARENT, span.for_integration());
        }
        report::request(call, &self.target.endpoint, &request);
        Exchange::new(request)
    }

    /// Sends what was put, and waits for the head of its answer.
    async fn exchange(
        &self,
        worker: &Worker,
        call: &Call<'_>,
        exchange: &mut Exchange,
    ) -> Result<Response<AnswerBody>, Refusal> {
        let began = worker.shared.clock.ticks();
        let answer = self.receive(worker, call, exchange, began).await.and_then(into_response);
        report::answer(worker, call, began, &answer);
        answer
    }

    /// Sends what was put, now that it `began`, and waits for the head of its answer as it came.
    pub(super) async fn receive(
        &self,
        worker: &Worker,
        call: &Call<'_>,
        exchange: &mut Exchange,
        began: Ticks,
    ) -> Result<Received, Refusal> {
        let sending = pin!(worker.upstreams.send(&self.target.endpoint, exchange));
        match self.within_timeout(worker, call, began, sending).await {
            // Only the gateway sends this in answer to `Upgrade`, and the gateway passes no `Upgrade` on.
            Some(Ok(received)) if received.head.status == StatusCode::SWITCHING_PROTOCOLS => {
                Err(Refusal::Misconfigured("the upstream switches protocols".to_owned()))
            }
            Some(Ok(received)) => Ok(received),
            _ if call.client.sent_too_much() => Err(Refusal::RequestTooLong),
            Some(Err(error)) => Err(Refusal::IntegrationFailure(error)),
            None => Err(Refusal::IntegrationTimeout),
        }
    }
}

impl Upstream {
    /// Waits for the integration's timeout. While the caller's body passes, the time begins anew: AWS has the whole
    /// body before it begins to wait, so that a caller with a slow line does not use up the upstream's time.
    async fn within_timeout<T>(
        &self,
        worker: &Worker,
        call: &Call<'_>,
        mut began: Ticks,
        mut sending: Pin<&mut impl Future<Output = T>>,
    ) -> Option<T> {
        loop {
            let passed = call.client.body_bytes();
            let clock = &*worker.shared.clock;
            let sent = within(call.client, self.timeout, began, clock, sending.as_mut()).await;
            if sent.is_some() || call.client.body_bytes() == passed {
                return sent;
            }
            began = clock.ticks();
        }
    }
}

fn into_response(received: Received) -> Result<Response<AnswerBody>, Refusal> {
    let response = received.into_response().map_err(Refusal::IntegrationFailure)?;
    Ok(response.map(AnswerBody::upstream))
}

impl HttpProxy {
    pub(super) fn compile(given: &tollgate_domain::Integration, site: &Site<'_>) -> Result<Self, String> {
        let mapped = parameters::compile(&given.request_parameters, site)?;
        Ok(Self { read_body: mapped.read_body, upstream: Upstream::compile(given, site, mapped, true)? })
    }

    /// Passes the call on. The key goes along in `X-API-Key`, as on AWS.
    pub(super) async fn answer(
        &self,
        worker: &Worker,
        call: &Call<'_>,
        headers: HeaderMap,
        mut body: RequestBody,
    ) -> Result<Response<AnswerBody>, Refusal> {
        if self.read_body {
            let payload = body.whole().await?;
            body = RequestBody::Whole(call.payload.get_or_init(|| payload).clone());
        }
        let request = self.request(call, headers, body)?;
        let mut exchange = self.upstream.begin(call, request);
        let mut response = self.upstream.exchange(worker, call, &mut exchange).await?;
        // What the caller asked for says it, and not what the upstream was.
        let keep_length = *call.verb == Method::HEAD || response.status() == StatusCode::NOT_MODIFIED;
        forward_response(response.headers_mut(), keep_length);
        Ok(response)
    }

    fn request(
        &self,
        call: &Call<'_>,
        mut headers: HeaderMap,
        body: RequestBody,
    ) -> Result<Request<RequestBody>, Refusal> {
        let upstream = &self.upstream;
        let uri = upstream.target.uri(call, &headers, call.query())?;
        // Of what the caller sent, and not of what becomes of it here.
        let mut mapped = HeaderMap::new();
        for header in &upstream.headers {
            header.set(call, &headers, &mut mapped)?;
        }
        forward_request(&mut headers, call);
        headers.insert(header::HOST, upstream.target.host.clone());
        headers.insert(API_ID, upstream.api_id.clone());
        headers.entry(header::USER_AGENT).or_insert_with(|| upstream.user_agent.clone());
        for (name, value) in &mapped {
            headers.insert(name, value.clone());
        }
        let mut request = Request::new(body);
        *request.uri_mut() = uri;
        *request.method_mut() = upstream.verb.as_ref().unwrap_or(call.verb).clone();
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// The verb sent to an upstream; `ANY` is the caller's.
fn verb(given: Option<&str>) -> Result<Option<Method>, String> {
    match given {
        None | Some("ANY") => Ok(None),
        Some(verb) => Method::from_bytes(verb.as_bytes()).map(Some).map_err(|_| format!("{verb:?} is no verb")),
    }
}

fn value(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|_| format!("{text:?} cannot stand in a header"))
}
