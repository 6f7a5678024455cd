//! The "no" of an operator's call.

use http::StatusCode;

/// Why an operator's call was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OperatorRefusal {
    #[error("Invalid role specified. Must be one of [admin, read-only, key-issuer]")]
    BadRole,
    #[error("A key-issuer needs at least one usage plan")]
    NoPlans,
    #[error("Invalid Usage Plan ID specified: {0}")]
    NoSuchPlan(String),
    #[error("No credential has this access key id")]
    NoSuchCredential,
    #[error("No refused call with this request id is remembered")]
    NoSuchRefusal,
    #[error("Invalid path specified. Must begin with '/'")]
    BadPath,
    #[error("Invalid {0} specified")]
    BadCall(&'static str),
    #[error("Invalid stage identifier specified")]
    NoSuchStage,
    #[error("The value of a key that is issued cannot be chosen")]
    ValueChosen,
    #[error("{0}")]
    BadImport(String),
    #[error("This is here already, as something else: {0}")]
    ImportClash(String),
}

impl OperatorRefusal {
    /// Status and code, as AWS words such things.
    pub(crate) fn code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NoSuchCredential | Self::NoSuchRefusal | Self::NoSuchStage => {
                (StatusCode::NOT_FOUND, "NotFoundException")
            }
            Self::ImportClash(_) => (StatusCode::CONFLICT, "ConflictException"),
            Self::BadImport(_)
            | Self::BadRole
            | Self::NoPlans
            | Self::NoSuchPlan(_)
            | Self::BadPath
            | Self::BadCall(_)
            | Self::ValueChosen => (StatusCode::BAD_REQUEST, "BadRequestException"),
        }
    }
}
