//! Invoke: calls a function.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderName, HeaderValue, StatusCode};

use super::Lambda;
use super::conflict::FunctionConflict;
use super::edge::{Answer, Request};
use super::host::{InvokeKind, InvokeRefusal, Invoked};
use super::input;
use crate::error::Failure;

/// Calls a function and answers with what it returned, as bytes.
pub(super) async fn invoke(lambda: &Lambda, request: &Request) -> Result<Answer, Failure> {
    let named = input::function_ref(request)?;
    let kind = kind(request)?;
    let function = match &named.qualifier {
        Some(qualifier) => format!("{}:{qualifier}", named.name),
        None => named.name.clone(),
    };
    let invoked = lambda.host.invoke(function, request.body.clone(), kind).await.map_err(|refusal| match refusal {
        InvokeRefusal::Unknown => lambda.not_found(&named),
        other => FunctionConflict::Invoke(other),
    })?;
    let with_log = request.header("x-amz-log-type") == Some("Tail") && kind == InvokeKind::RequestResponse;
    Ok(answer(invoked, with_log))
}

fn kind(request: &Request) -> Result<InvokeKind, FunctionConflict> {
    match request.header("x-amz-invocation-type") {
        None | Some("" | "RequestResponse") => Ok(InvokeKind::RequestResponse),
        Some("Event") => Ok(InvokeKind::Event),
        Some("DryRun") => Ok(InvokeKind::DryRun),
        Some(other) => Err(FunctionConflict::Constraint {
            value: other.to_owned(),
            at: "invocationType",
            constraint: "Member must satisfy enum value set: [RequestResponse, Event, DryRun]",
        }),
    }
}

fn answer(invoked: Invoked, with_log: bool) -> Answer {
    let log = with_log.then(|| BASE64_STANDARD.encode(&invoked.log_tail));
    let headers = [
        ("x-amz-executed-version", Some(invoked.executed_version)),
        ("x-amz-function-error", invoked.function_error),
        ("x-amz-log-result", log),
    ];
    let header = |(name, value): (&'static str, Option<String>)| {
        Some((HeaderName::from_static(name), HeaderValue::try_from(value?).ok()?))
    };
    Answer {
        status: StatusCode::from_u16(invoked.status).unwrap_or(StatusCode::OK),
        headers: headers.into_iter().filter_map(header).collect(),
        body: invoked.payload,
    }
}
