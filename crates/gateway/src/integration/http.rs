//! HTTP: the upstream gets what is mapped to it, and its answer chooses one of the integration's responses.

use http::header::{self, HeaderMap, HeaderValue};
use http::{Request, Response};

use super::headers::{API_ID, add_forwarded, override_headers};
use super::http_proxy::Upstream;
use super::reply::{Replies, Returned};
use super::requests::Requests;
use super::{Site, parameters};
use crate::body::{AnswerBody, RequestBody};
use crate::call::{Call, X_AMZN_TRACE_ID};
use crate::refusal::Refusal;
use crate::worker::Worker;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An HTTP integration.
#[derive(Debug)]
pub(crate) struct Http {
    upstream: Upstream,
    requests: Requests,
    replies: Replies,
}

impl Http {
    pub(super) fn compile(given: &tollgate_domain::Integration, site: &Site<'_>) -> Result<Self, String> {
        let mapped = parameters::compile(&given.request_parameters, site)?;
        Ok(Self {
            requests: Requests::compile(given, &mapped)?,
            upstream: Upstream::compile(given, site, mapped, false)?,
            replies: Replies::compile(&given.responses, site)?,
        })
    }

    pub(super) async fn answer(
        &self,
        worker: &Worker,
        call: &Call<'_>,
        sent: &HeaderMap,
        body: RequestBody,
    ) -> Result<Response<AnswerBody>, Refusal> {
        let (upstream, max_body_bytes) = (&self.upstream, worker.shared.config.max_body_bytes);
        let prepared = self.requests.prepare(call, sent, body, max_body_bytes).await?;
        let mut request = Request::new(prepared.body);
        *request.uri_mut() = upstream.target.overridden_uri(call, sent, &prepared.overrides.request)?;
        *request.method_mut() = upstream.verb.as_ref().unwrap_or(call.verb).clone();
        *request.headers_mut() = self.headers(call, sent)?;
        override_headers(request.headers_mut(), &prepared.overrides.request.header)?;
        let answer = upstream.send(worker, call, request).await?;
        let reply = self.replies.select(answer.status().as_u16())?;
        let (head, body) = answer.into_parts();
        let overrides = prepared.overrides;
        let returned = Returned { headers: &head.headers, body, overrides, max_body_bytes };
        let mut answer = reply.answer(call, sent, returned).await?;
        answer.headers_mut().insert(X_AMZN_TRACE_ID, call.trace_id(sent));
        Ok(answer)
    }

    /// The headers sent: the gateway's own, the type of the body, and what is mapped.
    fn headers(&self, call: &Call<'_>, sent: &HeaderMap) -> Result<HeaderMap, Refusal> {
        let upstream = &self.upstream;
        let mut headers = HeaderMap::with_capacity(12);
        headers.insert(header::HOST, upstream.target.host.clone());
        headers.insert(header::USER_AGENT, upstream.user_agent.clone());
        headers.insert(header::ACCEPT, JSON);
        headers.insert(API_ID, upstream.api_id.clone());
        headers.insert(X_AMZN_TRACE_ID, call.trace_id(sent));
        headers.insert(header::CONTENT_TYPE, sent.get(header::CONTENT_TYPE).cloned().unwrap_or(JSON));
        add_forwarded(&mut headers, call.client);
        for mapped in &upstream.headers {
            mapped.set(call, sent, &mut headers)?;
        }
        Ok(headers)
    }
}
