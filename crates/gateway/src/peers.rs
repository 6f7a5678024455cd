//! The gateway's ports to what stands beside it in the process: functions, the management API, who may sign calls, and
//! logs.

use std::fmt::{self, Debug};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};

use crate::shared_buckets::SharedBuckets;
use crate::trace::Tracer;

/// A future that may be awaited on any thread.
pub type Answering<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What stands beside the gateway in the process. A gateway that has none of it answers 500 where it is needed.
#[derive(Clone, Debug, Default)]
pub struct Peers {
    /// Runs functions.
    pub functions: Option<Arc<dyn Functions>>,
    /// Answers for the service `apigateway`.
    pub management: Option<Arc<dyn Management>>,
    /// Knows who may sign calls.
    pub access_keys: Option<Arc<dyn AccessKeys>>,
    /// Takes the lines of access logs.
    pub access_logs: Option<Arc<dyn AccessLogs>>,
    /// Keeps the spans of calls.
    pub tracer: Option<Arc<dyn Tracer>>,
    /// The buckets that it shares with other nodes. Without, its buckets are its own.
    pub shared_buckets: Option<Arc<SharedBuckets>>,
}

/// Knows the pairs of keys that calls may be signed with, for methods with `AWS_IAM`.
pub trait AccessKeys: Send + Sync + Debug {
    /// The pair of this name, if it is there and in force. Asked for each signed call: it must not wait.
    fn find(&self, access_key_id: &str) -> Option<AccessKey>;
}

/// One half of a pair of keys, and whose it is.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// The secret half.
    pub secret_access_key: String,
    /// `$context.identity.userArn`: the owner's ARN.
    pub user_arn: String,
    /// `$context.identity.user` and `.caller`: the owner's id.
    pub user_id: String,
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The other half is a secret.
        f.debug_struct("AccessKey").field("user_arn", &self.user_arn).finish_non_exhaustive()
    }
}

/// Takes the lines of access logs.
pub trait AccessLogs: Send + Sync + Debug {
    /// Takes one line, without its end, for a log group or a delivery stream, named by its ARN. Never waits: a line for
    /// which there is no room is dropped.
    fn write(&self, destination: &str, line: String);
}

/// Runs functions.
pub trait Functions: Send + Sync + Debug {
    /// Calls a function and waits for what it returns. `function` is a name or an ARN, with or without a qualifier.
    fn invoke(&self, function: &str, payload: Bytes) -> Answering<Result<FunctionResult, FunctionFault>>;

    /// Hands a payload to a function without waiting for what becomes of it, as AWS does for calls with
    /// `X-Amz-Invocation-Type: Event`.
    fn send(&self, function: &str, payload: Bytes) -> Answering<Result<(), FunctionFault>>;
}

/// What a function returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionResult {
    /// JSON, if the function keeps to its contract.
    pub payload: Bytes,
    /// Whether the payload is an error that the function threw, or died of.
    pub failed: bool,
}

/// Why a function returned nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FunctionFault {
    /// There is no function of this name.
    #[error("there is no function {0}")]
    Unknown(String),
    /// All its instances are busy.
    #[error("the function {0} takes no more calls right now")]
    Busy(String),
    /// It cannot be run or reached.
    #[error("the function cannot be run: {0}")]
    Unavailable(String),
}

/// Answers requests of the management API from within the process, for integrations with the service `apigateway`.
pub trait Management: Send + Sync + Debug {
    /// Runs one operation with the rights of the account's owner. The request has a path and a query, a body, and no
    /// signature.
    fn answer(&self, request: Request<Bytes>) -> Answering<Response<Bytes>>;
}
