//! Why a call did not reach a function. A function that was reached and failed is an [`crate::Invocation`].

use tollgate_domain::NotAFunctionName;

/// Why a call did not reach a function.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// The caller's fault: text that names no function.
    #[error(transparent)]
    BadName(#[from] NotAFunctionName),
    /// The caller's fault: no function has this name, or it has no such version.
    #[error("there is no function {0}")]
    UnknownFunction(String),
    /// The caller's fault: Lambda takes no more than `limit` bytes.
    #[error("the payload has {size} bytes, and may have {limit}")]
    RequestTooLarge {
        /// Bytes that were given.
        size: usize,
        /// Bytes that may be.
        limit: usize,
    },
    /// Every instance stayed busy for as long as a call may queue. Trying again later helps.
    #[error("all instances of {0} are busy")]
    Throttled(String),
    /// Ours: the process could not be started, for want of the runtime or the code.
    #[error("{name} cannot be started: {cause}")]
    CannotStart {
        /// The function.
        name: String,
        /// What the operating system said.
        cause: String,
    },
    /// The endpoint's: it could not be reached, or broke off. Trying again may help.
    #[error("the endpoint of {name} cannot be reached: {cause}")]
    Unreachable {
        /// The function.
        name: String,
        /// What failed.
        cause: String,
    },
    /// The endpoint's: it gave no answer within the function's timeout.
    #[error("the endpoint of {0} gave no answer in time")]
    EndpointTimedOut(String),
    /// The endpoint's: it answered with an error of its own.
    #[error("the endpoint of {name} answered {status} {code}: {message}")]
    EndpointRefused {
        /// The function.
        name: String,
        /// The status of its answer.
        status: u16,
        /// The error's code.
        code: String,
        /// Its text.
        message: String,
    },
    /// The endpoint's: its answer is larger than Lambda's may be.
    #[error("the answer of the endpoint of {0} is too large")]
    AnswerTooLarge(String),
    /// This node is being stopped. Another one may take the call.
    #[error("functions are being stopped")]
    Stopping,
}
