//! The port to the gateway: what a change has to reach before it is answered.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use tollgate_domain::{
    Adjustment, ApiKeyId, AuthorizerAnswer, AuthorizerTest, Catalog, KeyDigest, RefusedCall, RestApiId, StageName,
    TestAnswer, TestInvocation, TestRefusal, Traffic, UsageImport, UsagePlanId,
};
use tollgate_store::{CallerRow, NodeBuckets, Unspent};

/// The gateway could not write what it had counted; trying again helps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the gateway could not settle its counts: {0}")]
pub struct GateError(pub String);

/// What the slow calls of a [`Gate`] return.
pub type GateFuture<'a> = Pin<Box<dyn Future<Output = Result<(), GateError>> + Send + 'a>>;

/// Getting what a node lacks.
pub type ObtainFuture<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// What a test invocation returns.
pub type TestFuture<'a> = Pin<Box<dyn Future<Output = Result<TestAnswer, TestRefusal>> + Send + 'a>>;

/// What an authorizer said, in time.
pub type AuthorizerTestFuture<'a> = Pin<Box<dyn Future<Output = Result<AuthorizerAnswer, TestRefusal>> + Send + 'a>>;

/// What a call sent through the gateway was answered.
pub type CallFuture<'a> = Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, GateError>> + Send + 'a>>;

/// The gateway, as changes see it. `publish`, `put_key` and `remove_key` return when the very next call sees the change.
pub trait Gate: Send + Sync + 'static {
    /// Serves this catalog from now on.
    fn publish(&self, catalog: &Arc<Catalog>);

    /// Gets what serving this catalog takes and is not here, such as code that was uploaded to another node. `None` when
    /// all is here. What cannot be had is logged; the rest of the catalog can be served.
    fn obtain(&self, _catalog: &Arc<Catalog>) -> Option<ObtainFuture<'_>> {
        None
    }

    /// Knows this key from now on, or knows it anew.
    fn put_key(&self, caller: &CallerRow);

    /// Refuses this key from now on.
    fn remove_key(&self, digest: KeyDigest);

    /// Calls back the quota leases of a plan, or of one of its keys, and writes all usage counted so far. When it
    /// returns, the ledger is exact and new limits hold.
    fn recall(&self, plan: UsagePlanId, key: Option<ApiKeyId>) -> GateFuture<'_>;

    /// Sets what is left of a key's quota, in one step with calling back its lease: no call comes between.
    fn adjust(&self, adjustment: Adjustment) -> GateFuture<'_>;

    /// Counts here what a key used elsewhere, in one step with calling back its lease: no call comes between.
    fn import_usage(&self, import: UsageImport) -> GateFuture<'_>;

    /// Tells the unspent units of a plan's keys, which the ledger has given out and usage must not count as used.
    fn unspent(&self, plan: UsagePlanId) -> Unspent;

    /// Forgets what authorizers of a stage said of callers.
    fn flush_authorizers(&self, api: &RestApiId, stage: &StageName);

    /// Asks an authorizer about a caller, as its API stands.
    fn test_authorizer(&self, test: AuthorizerTest) -> AuthorizerTestFuture<'_>;

    /// Runs a method as its API stands, without key, throttle or quota.
    fn test_invoke(&self, test: TestInvocation) -> TestFuture<'_>;

    /// Where this node has the buckets of throttles.
    fn buckets(&self) -> NodeBuckets {
        NodeBuckets::Own
    }

    /// What became of calls since the start.
    fn traffic(&self) -> Traffic;

    /// Calls that were refused of late, the latest first.
    fn recent_refusals(&self) -> Vec<RefusedCall>;

    /// Sends a call through the gateway as a caller would, by its address and port. The host is the call's own.
    fn call(&self, call: http::Request<Bytes>) -> CallFuture<'_>;

    /// Writes all usage counted so far.
    fn settle(&self) -> GateFuture<'_>;
}
