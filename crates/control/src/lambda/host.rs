//! The port to what runs functions.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use tollgate_domain::Function;

/// What a caller waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvokeKind {
    /// For the answer.
    RequestResponse,
    /// For nothing.
    Event,
    /// For nothing; the call is not made.
    DryRun,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoked {
    /// The status that Lambda answers with: 200, 202 or 204.
    pub status: u16,
    /// What the function returned, or its error.
    pub payload: Bytes,
    /// Set when the function failed.
    pub function_error: Option<String>,
    /// The version that ran.
    pub executed_version: String,
    /// The end of the call's log.
    pub log_tail: Bytes,
}

/// Why a call did not reach its function.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvokeRefusal {
    /// There is no such function.
    #[error("the function is not there")]
    Unknown,
    /// All instances are busy.
    #[error("Rate Exceeded.")]
    Throttled,
    /// The payload has more than this many bytes.
    #[error("Request must be smaller than {0} bytes for the InvokeFunction operation")]
    TooLarge(usize),
    /// No process can be started; the text says what is missing.
    #[error("{0}")]
    CannotStart(String),
    /// The function's endpoint is not there, or answers otherwise than it should; the text says how.
    #[error("{0}")]
    Endpoint(String),
    /// This node is being stopped.
    #[error("functions are being stopped")]
    Stopping,
}

/// What a call of a [`FunctionHost`] returns.
pub type FunctionFuture<'a> = Pin<Box<dyn Future<Output = Result<Invoked, InvokeRefusal>> + Send + 'a>>;

/// What runs functions. It learns of those in the catalog as the gate does.
pub trait FunctionHost: Send + Sync + 'static {
    /// The functions that the operator configured, by name. They cannot be changed by the API.
    fn configured(&self) -> &BTreeMap<String, Arc<Function>>;

    /// Whether processes can have a runtime, by AWS's identifier; if not, the text says which they can have.
    fn check_runtime(&self, runtime: &str) -> Result<(), String>;

    /// Calls a function by name or ARN.
    fn invoke(&self, function: String, payload: Bytes, kind: InvokeKind) -> FunctionFuture<'_>;
}
