//! Test invocations: calls that the owner of an API makes to see how a method answers before anything is deployed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalog::RestApiTree;
use crate::id::ResourceId;
use crate::method::HttpMethod;

/// The stage that a test invocation is told it runs in.
pub const TEST_STAGE: &str = "test-invoke-stage";

/// The stage that an authorizer under test is told the caller calls.
pub const AUTHORIZER_TEST_STAGE: &str = "ESTestInvoke-stage";

/// One test invocation. No key, throttle or quota applies to it.
#[derive(Clone, Debug, PartialEq)]
pub struct TestInvocation {
    /// The API as it stands, deployed or not.
    pub api: Arc<RestApiTree>,
    /// The resource under test.
    pub resource: ResourceId,
    /// The verb that the call is made with.
    pub verb: HttpMethod,
    /// The path below the stage, with its query, wherever it leads. `None` is the resource's own path, whose variables
    /// stand for themselves.
    pub path_and_query: Option<String>,
    /// Headers of the call, names and values.
    pub headers: Vec<(String, String)>,
    /// The body of the call.
    pub body: String,
    /// Stage variables.
    pub stage_variables: BTreeMap<String, String>,
}

/// One test of an authorizer: it is asked about a caller who sends this.
#[derive(Clone, Debug, PartialEq)]
pub struct AuthorizerTest {
    /// The API as it stands, deployed or not.
    pub api: Arc<RestApiTree>,
    /// The authorizer under test.
    pub authorizer: String,
    /// The path below the stage, with its query; `/` if it is not given.
    pub path_and_query: Option<String>,
    /// Headers of the call, names and values.
    pub headers: Vec<(String, String)>,
    /// Stage variables.
    pub stage_variables: BTreeMap<String, String>,
}

/// What the authorizer said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizerAnswer {
    /// The HTTP status that the caller would have got, or 0 if the authorizer knows the caller.
    pub client_status: u16,
    /// The caller's name.
    pub principal_id: Option<String>,
    /// The policy that the authorizer's function returned, as JSON text.
    pub policy: Option<String>,
    /// What the caller's token says of it, for user pools.
    pub claims: BTreeMap<String, String>,
    /// From the first step to the last, in milliseconds.
    pub latency_millis: u64,
    /// What happened, line by line, in the words of AWS's execution logs.
    pub log: String,
}

/// How the method answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Headers in order, names and values.
    pub headers: Vec<(String, String)>,
    /// The body; bytes that are no text are replaced.
    pub body: String,
    /// From the first step to the last byte, in milliseconds.
    pub latency_millis: u64,
    /// What happened, line by line, in the words of AWS's execution logs.
    pub log: String,
}

/// Why a test invocation was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TestRefusal {
    /// The path or a header cannot be sent.
    #[error("the path or a header has characters that none may have")]
    Unsendable,
    /// The gateway has no thread for it right now.
    #[error("the gateway cannot run tests right now")]
    Unavailable,
}
