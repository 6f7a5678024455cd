//! HTTP: the upstream gets what is mapped to it, and its answer chooses one of the integration's responses.

use http::header::{self, HeaderMap, HeaderValue};
use http::{Request, Response};
use tollgate_domain::integration::PassthroughBehavior;

use super::headers::{API_ID, add_forwarded};
use super::http_proxy::Upstream;
use super::reply::Replies;
use super::template::{self, Template};
use super::{Site, media_type};
use crate::body::{AnswerBody, RequestBody};
use crate::call::{Call, X_AMZN_TRACE_ID};
use crate::refusal::Refusal;
use crate::upstream::Upstreams;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An HTTP integration.
#[derive(Debug)]
pub(crate) struct Http {
    upstream: Upstream,
    requests: Requests,
    replies: Replies,
}

/// What becomes of a request's body.
#[derive(Debug)]
pub(super) struct Requests {
    templates: Vec<(String, Template)>,
    passthrough: PassthroughBehavior,
}

impl Requests {
    pub(super) fn compile(given: &tollgate_domain::Integration) -> Self {
        Self { templates: template::compile(&given.request_templates), passthrough: given.passthrough_behavior }
    }

    /// The template for a request; `None` when its body passes as it is.
    pub(super) fn template(&self, headers: &HeaderMap) -> Result<Option<&Template>, Refusal> {
        let template = media_type::by_body(&self.templates, headers);
        let passes = match self.passthrough {
            PassthroughBehavior::WhenNoMatch => true,
            PassthroughBehavior::WhenNoTemplates => self.templates.is_empty(),
            PassthroughBehavior::Never => false,
        };
        if template.is_none() && !passes { Err(Refusal::UnsupportedMediaType) } else { Ok(template) }
    }

    fn body(&self, headers: &HeaderMap, body: RequestBody) -> Result<RequestBody, Refusal> {
        match self.template(headers)? {
            None => Ok(body),
            Some(Template::Plain(text)) => Ok(RequestBody::Whole(text.clone())),
            Some(Template::Dynamic) => Err(Refusal::Misconfigured(template::UNSUPPORTED.to_owned())),
        }
    }
}

impl Http {
    pub(super) fn compile(given: &tollgate_domain::Integration, site: &Site<'_>) -> Result<Self, String> {
        Ok(Self {
            upstream: Upstream::compile(given, site, false)?,
            requests: Requests::compile(given),
            replies: Replies::compile(&given.responses, site)?,
        })
    }

    pub(super) async fn answer(
        &self,
        call: &Call<'_>,
        sent: &HeaderMap,
        body: RequestBody,
        upstreams: &Upstreams,
    ) -> Result<Response<AnswerBody>, Refusal> {
        let upstream = &self.upstream;
        let mut request = Request::new(self.requests.body(sent, body)?);
        *request.uri_mut() = upstream.target.uri(call, sent, None)?;
        *request.method_mut() = upstream.verb.as_ref().unwrap_or(call.verb).clone();
        *request.headers_mut() = self.headers(call, sent)?;
        let answer = upstream.send(call, request, upstreams).await?;
        let status = answer.status();
        let reply = self
            .replies
            .select(status.as_u16())
            .ok_or_else(|| Refusal::Misconfigured(format!("no integration response is for status {status}")))?;
        let (head, body) = answer.into_parts();
        let mut answer = reply.answer(call, sent, &head.headers, body)?;
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
