//! Turns every "no" into AWS's answer: the one place that knows status codes and error codes.

use http::StatusCode;
use tollgate_domain::TestRefusal;
use tollgate_sigv4::SignatureRefusal;
use tollgate_store::StoreError;

use crate::access::AccessDenied;
use crate::conflict::{Conflict, Fault};
use crate::console::SessionRefusal;
use crate::gate::GateError;
use crate::json::BodyError;
use crate::lambda::FunctionConflict;
use crate::operator::OperatorRefusal;
use crate::operator::StackConflict;
use crate::page::PageError;
use crate::patch::PatchRefusal;
use crate::resources::validation::Violations;

/// Why an operation was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Signature(#[from] SignatureRefusal),
    #[error(transparent)]
    Denied(#[from] AccessDenied),
    #[error(transparent)]
    Session(#[from] SessionRefusal),
    #[error(transparent)]
    Operator(#[from] OperatorRefusal),
    #[error("Unable to determine the operation that was requested: no operation has this method and path")]
    UnknownOperation,
    #[error("Request Too Long")]
    TooLong,
    #[error("The request body could not be read")]
    BrokenBody,
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error(transparent)]
    Violations(#[from] Violations),
    #[error(transparent)]
    Page(#[from] PageError),
    #[error(transparent)]
    Patch(#[from] PatchRefusal),
    #[error(transparent)]
    Conflict(#[from] Conflict),
    #[error("Unable to complete operation due to concurrent modification. Please try again later.")]
    Busy,
    #[error("the store cannot be used right now: {0}")]
    Unavailable(#[source] StoreError),
    #[error("Invalid text specified: it has a character that cannot be stored")]
    UnstorableText,
    #[error("the store went away while it was written: {0}")]
    Undecided(#[source] StoreError),
    #[error("the store failed: {0}")]
    Store(#[source] StoreError),
    #[error(transparent)]
    Gate(#[from] GateError),
    #[error(transparent)]
    Function(#[from] FunctionConflict),
    #[error(transparent)]
    Stack(#[from] StackConflict),
    #[error("the code of a function could not be kept: {0}")]
    CodeStore(#[source] std::io::Error),
    #[error("the gateway cannot run tests right now")]
    NoTests,
    #[error("the operation panicked")]
    Panicked,
    #[error("no key pair could be made: {0}")]
    KeyPair(#[source] rcgen::Error),
}

impl From<TestRefusal> for Failure {
    fn from(refusal: TestRefusal) -> Self {
        match refusal {
            TestRefusal::Unsendable => Self::Conflict(Conflict::BadTestRequest),
            TestRefusal::Unavailable => Self::NoTests,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::DuplicateKeyValue { .. } => Self::Conflict(Conflict::ApiKeyExists),
            StoreError::Stale => Self::Busy,
            StoreError::Unavailable(_) => Self::Unavailable(error),
            StoreError::UnstorableText => Self::UnstorableText,
            StoreError::Undecided(_) => Self::Undecided(error),
            other => Self::Store(other),
        }
    }
}

/// An error as the client reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    /// Sent in the header `x-amzn-ErrorType`.
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Failure {
    /// AWS's answer to this failure. What is our own fault is not told in detail.
    pub(crate) fn answer(&self) -> ApiError {
        let (status, code) = match self {
            Self::Signature(refusal @ SignatureRefusal::Incomplete(_)) => (StatusCode::BAD_REQUEST, refusal.code()),
            Self::Signature(refusal) => (StatusCode::FORBIDDEN, refusal.code()),
            Self::Denied(_) => (StatusCode::FORBIDDEN, "AccessDeniedException"),
            Self::Session(refusal) => refusal.code(),
            Self::Operator(refusal) => refusal.code(),
            Self::UnknownOperation => (StatusCode::NOT_FOUND, "UnknownOperationException"),
            Self::TooLong => (StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLargeException"),
            Self::BrokenBody | Self::Body(_) => (StatusCode::BAD_REQUEST, "SerializationException"),
            Self::Violations(_) => (StatusCode::BAD_REQUEST, "ValidationException"),
            Self::Page(_) | Self::Patch(_) | Self::UnstorableText => (StatusCode::BAD_REQUEST, "BadRequestException"),
            Self::Conflict(conflict) => match conflict.fault() {
                Fault::Bad => (StatusCode::BAD_REQUEST, "BadRequestException"),
                Fault::Missing => (StatusCode::NOT_FOUND, "NotFoundException"),
                Fault::Clash => (StatusCode::CONFLICT, "ConflictException"),
            },
            Self::Function(conflict) => conflict.code(),
            Self::Stack(conflict) => conflict.code(),
            Self::Busy => (StatusCode::CONFLICT, "ConflictException"),
            Self::Unavailable(_) | Self::Undecided(_) | Self::Gate(_) | Self::NoTests => {
                (StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableException")
            }
            Self::Store(_) | Self::Panicked | Self::KeyPair(_) | Self::CodeStore(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure")
            }
        };
        let message = match self {
            // Whose disk it is knows more from the log.
            Self::Unavailable(_) => {
                "The service cannot store or read its data right now, and nothing was changed. Please try again later."
                    .to_owned()
            }
            Self::Undecided(_) => {
                "The service lost its database while it stored this: it may or may not have been done. Please look, and try again later.".to_owned()
            }
            Self::Store(_) | Self::Gate(_) | Self::Panicked | Self::KeyPair(_) | Self::CodeStore(_) => {
                "Internal server error".to_owned()
            }
            told => told.to_string(),
        };
        ApiError { status, code, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_faults_tell_the_client_nothing() {
        let answer = Failure::Gate(GateError("disk full at /var".to_owned())).answer();
        assert_eq!((answer.status.as_u16(), answer.message.as_str()), (503, "Internal server error"));
    }

    #[test]
    fn a_full_disk_asks_to_come_back_later() {
        let answer = Failure::from(StoreError::Unavailable("disk full at /var".to_owned())).answer();
        assert_eq!((answer.status.as_u16(), answer.code), (503, "ServiceUnavailableException"));
        assert!(answer.message.contains("nothing was changed") && !answer.message.contains("/var"));
    }

    #[test]
    fn conflicts_keep_the_kinds_of_aws() {
        let code = |conflict: Conflict| {
            let answer = Failure::from(conflict).answer();
            (answer.status.as_u16(), answer.code)
        };
        assert_eq!(code(Conflict::NoSuchApiKey), (404, "NotFoundException"));
        assert_eq!(code(Conflict::ApiKeyExists), (409, "ConflictException"));
        assert_eq!(code(Conflict::BadQuotaLimit), (400, "BadRequestException"));
    }
}
