//! Why a request of Lambda's API is refused, in AWS's words where they are known.

use http::StatusCode;

use super::host::InvokeRefusal;

/// Why a request of Lambda's API is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FunctionConflict {
    /// By its ARN.
    #[error("Function not found: {0}")]
    NotFound(String),
    #[error("Function already exist: {0}")]
    Exists(String),
    /// Ours.
    #[error("Function {0} is defined in the configuration of this node and cannot be changed by the API.")]
    Configured(String),
    /// A member does not satisfy the constraints of AWS's model.
    #[error("1 validation error detected: Value '{value}' at '{at}' failed to satisfy constraint: {constraint}")]
    Constraint { value: String, at: &'static str, constraint: &'static str },
    /// The text says what is wrong.
    #[error("{0}")]
    Invalid(String),
    #[error("Could not unzip uploaded file. Please check your file, then try to upload again.")]
    NotAnArchive,
    #[error("Unzipped size must be smaller than {0} bytes")]
    ArchiveTooLarge(u64),
    /// Ours.
    #[error("The archive has a file that does not belong in a folder of code: {0}")]
    BadArchiveEntry(String),
    #[error(
        "The revision id provided does not match the latest revision id. Call the GetFunction API to retrieve the latest revision id for your resource."
    )]
    StaleRevision,
    #[error(
        "The statement id ({0}) provided already exists. Please provide a new statement id, or remove the existing statement."
    )]
    StatementExists(String),
    #[error("Statement {0} is not found in resource policy.")]
    NoSuchStatement(String),
    #[error("The resource you requested does not exist.")]
    NoPolicy,
    #[error(transparent)]
    Invoke(#[from] InvokeRefusal),
}

impl FunctionConflict {
    /// AWS's status and error code for this.
    pub(crate) fn code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NotFound(_) | Self::NoSuchStatement(_) | Self::NoPolicy => {
                (StatusCode::NOT_FOUND, "ResourceNotFoundException")
            }
            Self::Exists(_) | Self::Configured(_) | Self::StatementExists(_) => {
                (StatusCode::CONFLICT, "ResourceConflictException")
            }
            Self::Constraint { .. } => (StatusCode::BAD_REQUEST, "ValidationException"),
            Self::Invalid(_) | Self::NotAnArchive | Self::ArchiveTooLarge(_) | Self::BadArchiveEntry(_) => {
                (StatusCode::BAD_REQUEST, "InvalidParameterValueException")
            }
            Self::StaleRevision => (StatusCode::PRECONDITION_FAILED, "PreconditionFailedException"),
            Self::Invoke(refusal) => invoke_code(refusal),
        }
    }
}

fn invoke_code(refusal: &InvokeRefusal) -> (StatusCode, &'static str) {
    match refusal {
        InvokeRefusal::Unknown => (StatusCode::NOT_FOUND, "ResourceNotFoundException"),
        InvokeRefusal::Throttled => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException"),
        InvokeRefusal::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException"),
        InvokeRefusal::CannotStart(_) => (StatusCode::BAD_GATEWAY, "InvalidRuntimeException"),
        InvokeRefusal::Endpoint(_) => (StatusCode::INTERNAL_SERVER_ERROR, "ServiceException"),
        InvokeRefusal::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "ServiceException"),
    }
}
