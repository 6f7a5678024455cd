//! What the SDK makes of an answer: the value, or a refusal with its type, status and message.

use std::error::Error;
use std::fmt::Debug;
use std::future::Future;

use aws_sdk_apigateway::config::http::HttpResponse;
use aws_sdk_apigateway::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_apigateway::types::error::{BadRequestException, ConflictException, NotFoundException};

/// An operation's "no".
#[derive(Debug, PartialEq)]
pub struct Refusal {
    kind: Kind,
    status: u16,
    message: String,
}

/// The type that the SDK gives an error.
#[derive(Debug, PartialEq)]
enum Kind {
    BadRequest,
    NotFound,
    Conflict,
    /// A code that AWS's model does not have for the operation.
    Unmodelled(String),
}

/// The answer of a call that has to succeed.
pub async fn answered<T, E: Error + 'static>(call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>) -> T {
    match call.await {
        Ok(answer) => answer,
        Err(error) => panic!("{}", DisplayErrorContext(error)),
    }
}

/// The refusal of a call that has to fail.
pub async fn refused<T, E>(call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>) -> Refusal
where
    T: Debug,
    E: Error + ProvideErrorMetadata + 'static,
{
    let error = call.await.expect_err("a refusal");
    let status = error.raw_response().map(|response| response.status().as_u16());
    let error = error.as_service_error().expect("an error of the operation");
    let message = error.message().unwrap_or_default().to_owned();
    Refusal { kind: kind(error), status: status.expect("a response"), message }
}

/// The variant that an error is: its source is the exception that it holds.
fn kind<E: Error + ProvideErrorMetadata>(error: &E) -> Kind {
    match error.source() {
        Some(source) if source.is::<BadRequestException>() => Kind::BadRequest,
        Some(source) if source.is::<NotFoundException>() => Kind::NotFound,
        Some(source) if source.is::<ConflictException>() => Kind::Conflict,
        _ => Kind::Unmodelled(error.code().unwrap_or_default().to_owned()),
    }
}

pub fn bad_request(message: impl Into<String>) -> Refusal {
    Refusal { kind: Kind::BadRequest, status: 400, message: message.into() }
}

pub fn not_found(message: impl Into<String>) -> Refusal {
    Refusal { kind: Kind::NotFound, status: 404, message: message.into() }
}

pub fn conflict(message: impl Into<String>) -> Refusal {
    Refusal { kind: Kind::Conflict, status: 409, message: message.into() }
}

/// One constraint of AWS's framework that a member does not satisfy.
pub fn constraint(problem: &str) -> Refusal {
    let message = format!("1 validation error detected: {problem}");
    unmodelled(400, "ValidationException", message)
}

/// An error whose code AWS's model does not have for the operation.
pub fn unmodelled(status: u16, code: &str, message: impl Into<String>) -> Refusal {
    Refusal { kind: Kind::Unmodelled(code.to_owned()), status, message: message.into() }
}
