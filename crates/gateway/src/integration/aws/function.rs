//! A function as an integration calls it: with a bound on its payload and its time.

use std::time::Duration;

use bytes::Bytes;

use super::super::report;
use crate::call::Call;
use crate::execution_log::LogLevel;
use crate::peers::{Answering, FunctionFault, FunctionResult, Functions};
use crate::refusal::Refusal;
use crate::worker::Worker;

/// Bytes that a function takes or returns: Lambda's own limit for calls that are waited for.
const MAX_PAYLOAD_BYTES: usize = 6 * 1024 * 1024;

/// A function, and how long it may take.
#[derive(Debug)]
pub(super) struct Function {
    /// A name or an ARN.
    name: String,
    timeout: Duration,
}

impl Function {
    /// The function of an integration. AWS invokes functions by POST alone.
    pub(super) fn compile(given: &tollgate_domain::Integration, name: &str) -> Result<Self, String> {
        match given.http_method.as_deref() {
            Some("POST") => {}
            other => return Err(format!("functions are invoked by POST, not by {}", other.unwrap_or("nothing"))),
        }
        Ok(Self { name: name.to_owned(), timeout: Duration::from_millis(u64::from(given.timeout_millis)) })
    }

    /// Calls the function and waits for what it returns.
    pub(super) async fn invoke(
        &self,
        worker: &Worker,
        call: &Call<'_>,
        payload: Bytes,
    ) -> Result<FunctionResult, Refusal> {
        let result =
            self.run(worker, call, payload, |functions, payload| functions.invoke(&self.name, payload)).await?;
        call.trace(|| {
            let body = String::from_utf8_lossy(&result.payload);
            format!("Endpoint response body before transformations: {body}")
        });
        if result.payload.len() > MAX_PAYLOAD_BYTES {
            return Err(Refusal::BadAnswer("the function returned more than 6 MB".to_owned()));
        }
        Ok(result)
    }

    /// Hands the function a payload, and does not wait for what becomes of it.
    pub(super) async fn send(&self, worker: &Worker, call: &Call<'_>, payload: Bytes) -> Result<(), Refusal> {
        self.run(worker, call, payload, |functions, payload| functions.send(&self.name, payload)).await
    }

    async fn run<T>(
        &self,
        worker: &Worker,
        call: &Call<'_>,
        payload: Bytes,
        begin: impl FnOnce(&dyn Functions, Bytes) -> Answering<Result<T, FunctionFault>>,
    ) -> Result<T, Refusal> {
        if payload.len() > MAX_PAYLOAD_BYTES {
            return Err(Refusal::RequestTooLong);
        }
        let functions = worker.shared.functions().ok_or_else(|| {
            Refusal::Misconfigured(format!("nothing here runs functions, so that {} cannot be called", self.name))
        })?;
        call.note(LogLevel::Info, || format!("Sending request to function {}", self.name));
        let began = worker.shared.clock.ticks();
        let outcome = tokio::time::timeout(self.timeout, begin(functions, payload)).await;
        let result = match outcome {
            Ok(result) => result.map_err(refusal),
            Err(_elapsed) => Err(Refusal::IntegrationTimeout),
        };
        let answered = worker.shared.clock.ticks();
        match &result {
            Ok(_) => report::ended(call, began, answered, 200),
            Err(refusal) => report::failed(call, began, answered, refusal),
        }
        result
    }
}

/// AWS answers 500 for each of these, a function without free instances among them.
fn refusal(fault: FunctionFault) -> Refusal {
    match fault {
        FunctionFault::Unknown(_) | FunctionFault::Busy(_) | FunctionFault::Unavailable(_) => {
            Refusal::Misconfigured(fault.to_string())
        }
    }
}
