//! AWS_PROXY: a function gets the call as an event, and what it returns is the answer.

use http::{HeaderMap, HeaderValue, Response, header};

use super::super::headers::{forward_request, forward_response};
use super::super::{Site, binary};
use super::event::event;
use super::function::Function;
use super::proxy_result::ProxyResult;
use super::uri::AwsUri;
use crate::body::{AnswerBody, RequestBody};
use crate::call::{Call, X_AMZN_TRACE_ID};
use crate::refusal::Refusal;
use crate::worker::Worker;

/// An AWS_PROXY integration.
#[derive(Debug)]
pub(crate) struct LambdaProxy {
    function: Function,
}

impl LambdaProxy {
    pub(in super::super) fn compile(given: &tollgate_domain::Integration, site: &Site<'_>) -> Result<Self, String> {
        let uri = AwsUri::parse(given.uri.as_deref().ok_or("the integration has no URI")?, site)?;
        let function = uri.function().ok_or("an AWS_PROXY integration has to name a function")?;
        Ok(Self { function: Function::compile(given, function)? })
    }

    pub(in super::super) async fn answer(
        &self,
        worker: &Worker,
        call: &Call<'_>,
        sent: HeaderMap,
        body: RequestBody,
    ) -> Result<Response<AnswerBody>, Refusal> {
        let payload = body.whole().await?;
        let types = binary::types(call);
        let is_binary = binary::is_body(types, &sent);
        let event = event(call, &sent, &seen_by_functions(call, &sent), &payload, is_binary);
        call.trace(|| format!("Endpoint request body after transformations: {event}"));
        let result = self.function.invoke(worker, call, event.to_string().into()).await?;
        if result.failed {
            let thrown = String::from_utf8_lossy(&result.payload).into_owned();
            call.integration.error.replace(Some(thrown.clone()));
            return Err(Refusal::BadAnswer(format!("the function failed: {thrown}")));
        }
        let result = ProxyResult::parse(&result.payload)
            .map_err(|malformed| Refusal::BadAnswer(format!("malformed Lambda proxy response: {malformed}")))?;
        let mut response = result.into_response(types, binary::is_accepted(types, &sent))?;
        forward_response(response.headers_mut(), false);
        response.headers_mut().insert(X_AMZN_TRACE_ID, call.trace_id(&sent));
        Ok(response)
    }
}

/// The headers that a function sees: those of the caller but what belongs to its connection, and the gateway's own.
fn seen_by_functions(call: &Call<'_>, sent: &HeaderMap) -> HeaderMap {
    let mut seen = sent.clone();
    forward_request(&mut seen, call);
    if let Ok(host) = HeaderValue::from_str(call.host) {
        seen.insert(header::HOST, host);
    }
    seen.insert(X_AMZN_TRACE_ID, call.trace_id(sent));
    seen
}
