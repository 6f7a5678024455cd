//! AWS with a Lambda function: the payload is mapped, and what the function returns chooses one of the integration's
//! responses, by the message of its error.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Response};
use tollgate_velocity::RequestOverride;

use super::super::headers::{MappedHeader, override_headers};
use super::super::reply::{Replies, Returned};
use super::super::requests::Requests;
use super::super::{Site, parameters};
use super::function::Function;
use crate::body::{AnswerBody, RequestBody};
use crate::call::{Call, X_AMZN_TRACE_ID, last_value};
use crate::peers::FunctionResult;
use crate::refusal::Refusal;
use crate::worker::Worker;

/// `Event` hands the payload over without waiting for the function.
const INVOCATION_TYPE: HeaderName = HeaderName::from_static("x-amz-invocation-type");

/// An integration with a function.
#[derive(Debug)]
pub(crate) struct Lambda {
    function: Function,
    headers: Vec<MappedHeader>,
    requests: Requests,
    replies: Replies,
}

impl Lambda {
    pub(super) fn compile(
        given: &tollgate_domain::Integration,
        function: &str,
        site: &Site<'_>,
    ) -> Result<Self, String> {
        let mapped = parameters::compile(&given.request_parameters, site)?;
        Ok(Self {
            function: Function::compile(given, function)?,
            requests: Requests::compile(given, &mapped)?,
            headers: mapped.headers,
            replies: Replies::compile(&given.responses, site)?,
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
        let prepared = self.requests.prepare(call, sent, body, max_body_bytes).await?;
        let payload = payload(prepared.body.whole().await?)?;
        let waits = self.waits(call, sent, &prepared.overrides.request)?;
        let result = match waits {
            true => self.function.invoke(worker, call, payload).await?,
            false => {
                self.function.send(worker, call, payload).await?;
                FunctionResult { payload: Bytes::new(), failed: false }
            }
        };
        let message = result.failed.then(|| error_message(&result.payload));
        if let Some(message) = &message {
            call.integration.error.replace(Some(message.clone()));
        }
        let reply = self.replies.select_by_error(message.as_deref())?;
        let headers = &HeaderMap::new();
        let (body, overrides) = (AnswerBody::whole(result.payload), prepared.overrides);
        let mut answer = reply.answer(call, sent, Returned { headers, body, overrides, max_body_bytes }).await?;
        answer.headers_mut().insert(X_AMZN_TRACE_ID, call.trace_id(sent));
        Ok(answer)
    }

    /// Whether the function is waited for.
    fn waits(&self, call: &Call<'_>, sent: &HeaderMap, overrides: &RequestOverride) -> Result<bool, Refusal> {
        let mut headers = HeaderMap::new();
        for mapped in &self.headers {
            mapped.set(call, sent, &mut headers)?;
        }
        override_headers(&mut headers, &overrides.header)?;
        Ok(last_value(&headers, &INVOCATION_TYPE).is_none_or(|kind| kind != "Event"))
    }
}

/// A function takes JSON; a call without a body gives it an empty object.
fn payload(body: Bytes) -> Result<Bytes, Refusal> {
    if body.trim_ascii().is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    let json: Result<serde::de::IgnoredAny, _> = serde_json::from_slice(&body);
    json.map_err(|error| Refusal::Misconfigured(format!("the function's payload is no JSON: {error}")))?;
    Ok(body)
}

/// The message of an error that a function threw.
fn error_message(payload: &[u8]) -> String {
    let payload: serde_json::Value = serde_json::from_slice(payload).unwrap_or_default();
    payload["errorMessage"].as_str().unwrap_or_default().to_owned()
}
