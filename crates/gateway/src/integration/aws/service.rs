//! AWS with a service other than Lambda: the request is signed and sent to the endpoint that the operator set for the
//! service, or, for `apigateway`, answered by the management API in this process.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{HeaderName, Request, Response};

use super::super::headers::override_headers;
use super::super::http_proxy::Upstream;
use super::super::reply::{Replies, Returned};
use super::super::requests::{Prepared, Requests};
use super::super::{Site, parameters, report};
use super::signature::{Signing, sign_request};
use super::uri::{AwsTarget, AwsUri};
use crate::body::{AnswerBody, RequestBody};
use crate::call::{Call, X_AMZN_TRACE_ID};
use crate::refusal::Refusal;
use crate::worker::Worker;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const X_AMZ_TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const X_AMZN_REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// The service that the management API is.
const MANAGEMENT: &str = "apigateway";

/// Services whose actions are named by a header: the prefix of its value, and the version of their JSON.
const ACTIONS_BY_HEADER: [(&str, &str, &str); 6] = [
    ("dynamodb", "DynamoDB_20120810.", "application/x-amz-json-1.0"),
    ("states", "AWSStepFunctions.", "application/x-amz-json-1.0"),
    ("kinesis", "Kinesis_20131202.", "application/x-amz-json-1.1"),
    ("firehose", "Firehose_20150804.", "application/x-amz-json-1.1"),
    ("events", "AWSEvents.", "application/x-amz-json-1.1"),
    ("logs", "Logs_20140328.", "application/x-amz-json-1.1"),
];

/// An integration with a service.
#[derive(Debug)]
pub(crate) struct Service {
    upstream: Upstream,
    service: String,
    region: String,
    /// The headers that name the action, for services that want them.
    action: Option<(HeaderValue, HeaderValue)>,
    requests: Requests,
    replies: Replies,
}

impl Service {
    pub(super) fn compile(given: &tollgate_domain::Integration, uri: AwsUri, site: &Site<'_>) -> Result<Self, String> {
        let endpoint = match site.config.service_endpoints.get(&uri.service) {
            Some(endpoint) => endpoint.trim_end_matches('/'),
            // Nobody connects there: the management API is asked within the process.
            None if uri.service == MANAGEMENT => "http://management.invalid",
            None => return Err(format!("no endpoint is set for the service {} (service_endpoints)", uri.service)),
        };
        let (path, action) = addressed(&uri)?;
        let mut given = given.clone();
        given.uri = Some(format!("{endpoint}{path}"));
        let mapped = parameters::compile(&given.request_parameters, site)?;
        Ok(Self {
            requests: Requests::compile(&given, &mapped)?,
            upstream: Upstream::compile(&given, site, mapped, false)?,
            replies: Replies::compile(&given.responses, site)?,
            service: uri.service,
            region: uri.region,
            action,
        })
    }

    pub(in super::super) async fn answer(
        &self,
        worker: &Worker,
        call: &Call<'_>,
        sent: &HeaderMap,
        body: RequestBody,
    ) -> Result<Response<AnswerBody>, Refusal> {
        let max_body_bytes = worker.shared.config.max_body_bytes;
        let Prepared { body, overrides } = self.requests.prepare(call, sent, body, max_body_bytes).await?;
        let mut request = Request::new(body.whole().await?);
        *request.uri_mut() = self.upstream.target.overridden_uri(call, sent, &overrides.request)?;
        *request.method_mut() = self.upstream.verb.as_ref().unwrap_or(call.verb).clone();
        *request.headers_mut() = self.headers(call, sent)?;
        override_headers(request.headers_mut(), &overrides.request.header)?;
        let answer = match worker.shared.config.service_endpoints.contains_key(&self.service) {
            true => self.send(worker, call, request).await?,
            false => manage(worker, call, request).await?,
        };
        let (head, body) = answer.into_parts();
        let request_id = head.headers.get(X_AMZN_REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
        call.integration.request_id.replace(request_id);
        let reply = self.replies.select(head.status.as_u16())?;
        let returned = Returned { headers: &head.headers, body, overrides, max_body_bytes };
        let mut answer = reply.answer(call, sent, returned).await?;
        answer.headers_mut().insert(X_AMZN_TRACE_ID, call.trace_id(sent));
        Ok(answer)
    }

    fn headers(&self, call: &Call<'_>, sent: &HeaderMap) -> Result<HeaderMap, Refusal> {
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(header::HOST, self.upstream.target.host.clone());
        headers.insert(header::USER_AGENT, self.upstream.user_agent.clone());
        headers.insert(header::CONTENT_TYPE, sent.get(header::CONTENT_TYPE).cloned().unwrap_or(JSON));
        if let Some((target, media_type)) = &self.action {
            headers.insert(X_AMZ_TARGET, target.clone());
            headers.insert(header::CONTENT_TYPE, media_type.clone());
        }
        for mapped in &self.upstream.headers {
            mapped.set(call, sent, &mut headers)?;
        }
        Ok(headers)
    }

    /// Signs a request and sends it to the service's endpoint.
    async fn send(
        &self,
        worker: &Worker,
        call: &Call<'_>,
        mut request: Request<Bytes>,
    ) -> Result<Response<AnswerBody>, Refusal> {
        if let Some(credentials) = &worker.shared.config.service_credentials {
            let signing = Signing { credentials, region: &self.region, service: &self.service, at: call.at.wall };
            sign_request(&mut request, &signing).map_err(Refusal::Misconfigured)?;
        }
        self.upstream.send(worker, call, request.map(RequestBody::Whole)).await
    }
}

/// Has the management API answer a request, with the rights of the account's owner.
async fn manage(worker: &Worker, call: &Call<'_>, request: Request<Bytes>) -> Result<Response<AnswerBody>, Refusal> {
    let management = worker.shared.management();
    let management =
        management.ok_or_else(|| Refusal::Misconfigured("no management API is beside this gateway".to_owned()))?;
    let began = worker.shared.clock.ticks();
    let answer = Ok(management.answer(request).await.map(AnswerBody::whole));
    report::answer(worker, call, began, &answer);
    answer
}

/// The path and query that stand for what a URI names, and the headers that name its action.
fn addressed(uri: &AwsUri) -> Result<(String, Option<(HeaderValue, HeaderValue)>), String> {
    match &uri.target {
        AwsTarget::Path(path) => Ok((path.clone(), None)),
        AwsTarget::Action { name, .. } if uri.service == MANAGEMENT => {
            Err(format!("the service apigateway is called by path, not by action ({name})"))
        }
        AwsTarget::Action { name, parameters } => {
            match ACTIONS_BY_HEADER.iter().find(|(service, _, _)| *service == uri.service) {
                Some((_, prefix, media_type)) => {
                    let target = HeaderValue::from_str(&format!("{prefix}{name}"))
                        .map_err(|_| format!("{name:?} is no action"))?;
                    Ok(("/".to_owned(), Some((target, HeaderValue::from_static(media_type)))))
                }
                None if parameters.is_empty() => Ok((format!("/?Action={name}"), None)),
                None => Ok((format!("/?Action={name}&{parameters}"), None)),
            }
        }
    }
}
