//! The gateway of this process, as changes of the management API see it.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tollgate_control::{AuthorizerTestFuture, CallFuture, Gate, GateError, GateFuture, ObtainFuture, TestFuture};
use tollgate_domain::{
    Adjustment, ApiKeyId, AuthorizerTest, Catalog, Clock, KeyDigest, RefusedCall, RestApiId, StageName, TestInvocation,
    TestRefusal, Traffic, UsageImport, UsagePlanId,
};
use tollgate_gateway::Gateway;
use tollgate_gateway::admission::{Admission, LedgerUnavailable};
use tollgate_store::{CallerRow, NodeBuckets, Unspent};

use crate::buckets::Buckets;
use crate::functions::LocalFunctions;
use crate::plain_http;

/// Test invocations that run at once.
pub(crate) const TESTS_AT_ONCE: usize = 8;

/// The gateway in this process.
pub(crate) struct LocalGate {
    pub(crate) admission: Arc<Admission>,
    pub(crate) gateway: Gateway,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) functions: Arc<LocalFunctions>,
    pub(crate) buckets: Buckets,
    /// Where calls come in.
    pub(crate) address: SocketAddr,
    /// Lets a few test invocations run at once: each takes a thread for as long as its integration takes.
    pub(crate) tests: Semaphore,
}

impl LocalGate {
    /// Runs a test on a thread of its own, with few others.
    async fn test<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Gateway) -> Result<T, TestRefusal> + Send + 'static,
    ) -> Result<T, TestRefusal> {
        let _permit = self.tests.acquire().await.map_err(|_| TestRefusal::Unavailable)?;
        let gateway = self.gateway.clone();
        let ran = tokio::task::spawn_blocking(move || run(&gateway));
        ran.await.unwrap_or(Err(TestRefusal::Unavailable))
    }
}

impl Gate for LocalGate {
    fn publish(&self, catalog: &Arc<Catalog>) {
        // Limits first: a call that sees the new snapshot must not open a lease under the old quota.
        self.admission.publish(catalog, self.clock.now());
        // Functions before the calls that need them.
        self.functions.publish(catalog);
        self.gateway.publish(catalog);
    }

    fn obtain(&self, catalog: &Arc<Catalog>) -> Option<ObtainFuture<'_>> {
        let (code, catalog) = (self.functions.code(), Arc::clone(catalog));
        code.lacks_some(&catalog).then(|| Box::pin(async move { code.obtain(&catalog).await }) as ObtainFuture<'_>)
    }

    fn put_key(&self, caller: &CallerRow) {
        self.admission.put_key(caller.digest, caller.hint, caller.id, caller.enabled, &caller.plans);
    }

    fn remove_key(&self, digest: KeyDigest) {
        self.admission.remove_key(&digest);
    }

    fn recall(&self, plan: UsagePlanId, key: Option<ApiKeyId>) -> GateFuture<'_> {
        Box::pin(async move { self.admission.recall(plan, key).await.map_err(unsettled) })
    }

    fn adjust(&self, adjustment: Adjustment) -> GateFuture<'_> {
        Box::pin(async move { self.admission.adjust(adjustment).await.map_err(unsettled) })
    }

    fn import_usage(&self, import: UsageImport) -> GateFuture<'_> {
        Box::pin(async move { self.admission.import_usage(import).await.map_err(unsettled) })
    }

    fn flush_authorizers(&self, api: &RestApiId, stage: &StageName) {
        self.gateway.flush_authorizers(api, stage);
    }

    fn test_authorizer(&self, test: AuthorizerTest) -> AuthorizerTestFuture<'_> {
        Box::pin(self.test(move |gateway| gateway.test_authorizer(&test)))
    }

    fn test_invoke(&self, test: TestInvocation) -> TestFuture<'_> {
        Box::pin(self.test(move |gateway| gateway.test_invoke(&test)))
    }

    fn buckets(&self) -> NodeBuckets {
        self.buckets.state()
    }

    fn traffic(&self) -> Traffic {
        self.gateway.traffic()
    }

    fn recent_refusals(&self) -> Vec<RefusedCall> {
        self.gateway.recent_refusals()
    }

    fn call(&self, call: http::Request<Bytes>) -> CallFuture<'_> {
        Box::pin(async move {
            let answered = plain_http::exchange(self.address, call).await;
            answered.map_err(|error| GateError(format!("{error:#}")))
        })
    }

    fn settle(&self) -> GateFuture<'_> {
        Box::pin(async move { self.admission.settle().await.map_err(unsettled) })
    }

    fn unspent(&self, plan: UsagePlanId) -> Unspent {
        let admission = Arc::clone(&self.admission);
        Arc::new(move |key| admission.unspent(plan, key))
    }
}

fn unsettled(error: LedgerUnavailable) -> GateError {
    GateError(error.0)
}
