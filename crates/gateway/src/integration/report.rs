//! What integrations tell of themselves: the status and latency for access logs, and lines of the execution log in
//! AWS's words.

use http::{HeaderMap, Request, Response};
use tollgate_domain::Ticks;

use crate::body::{AnswerBody, RequestBody};
use crate::call::Call;
use crate::execution_log::LogLevel;
use crate::refusal::Refusal;
use crate::upstream::Endpoint;
use crate::worker::Worker;

/// Notes a request that is about to be sent.
pub(super) fn request(call: &Call<'_>, endpoint: &Endpoint, request: &Request<RequestBody>) {
    call.note(LogLevel::Info, || format!("Endpoint request URI: {}:{}{}", endpoint.host, endpoint.port, request.uri()));
    call.trace(|| format!("Endpoint request headers: {}", shown(request.headers())));
}

/// Notes what came of a request that was sent at `began`.
pub(super) fn answer(worker: &Worker, call: &Call<'_>, began: Ticks, answer: &Result<Response<AnswerBody>, Refusal>) {
    let answered = worker.shared.clock.ticks();
    match answer {
        Ok(response) => {
            ended(call, began, answered, response.status().as_u16());
            call.trace(|| format!("Endpoint response headers: {}", shown(response.headers())));
        }
        Err(refusal) => failed(call, began, answered, refusal),
    }
}

/// Notes the status of an answer.
pub(super) fn ended(call: &Call<'_>, began: Ticks, answered: Ticks, status: u16) {
    let latency = answered.since(began);
    call.integration.began.set(Some(began));
    call.integration.status.set(Some(status));
    call.integration.latency.set(Some(latency));
    call.note(LogLevel::Info, || {
        format!("Received response. Status: {status}, Integration latency: {} ms", latency.as_millis())
    });
}

/// Notes that there is no answer.
pub(super) fn failed(call: &Call<'_>, began: Ticks, answered: Ticks, refusal: &Refusal) {
    call.integration.latency.set(Some(answered.since(began)));
    call.integration.began.set(Some(began));
    call.integration.error.replace(Some(refusal.to_string()));
    call.note(LogLevel::Error, || format!("Execution failed: {refusal}"));
}

/// Headers as AWS's logs show them. What a caller proves itself with is left out.
fn shown(headers: &HeaderMap) -> String {
    const SECRET: [&str; 3] = ["authorization", "x-api-key", "cookie"];
    let shown = headers.iter().map(|(name, value)| match SECRET.contains(&name.as_str()) {
        true => format!("{name}=***"),
        false => format!("{name}={}", String::from_utf8_lossy(value.as_bytes())),
    });
    format!("{{{}}}", shown.collect::<Vec<_>>().join(", "))
}
