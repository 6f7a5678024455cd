//! A management API over a store in a temporary directory and a gate that writes down what it is told. Requests are
//! signed by AWS's own signer and run in process.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::Value;
use tollgate_control::{
    AuthorizerTestFuture, CallFuture, Control, ControlConfig, Credentials, Gate, GateError, GateFuture, TestFuture,
};
use tollgate_domain::clock::ManualClock;
use tollgate_domain::{
    Adjustment, ApiKeyId, AuthorizerAnswer, AuthorizerTest, Catalog, Clock, IdSource, KeyDigest, RefusedCall,
    RestApiId, Role, Settlement, StageName, TestAnswer, TestInvocation, Traffic, UnixMillis, UsageImport, UsagePlanId,
};
use tollgate_store::{CallerRow, DataDir, Store, Unspent};
use tower::ServiceExt;

pub(crate) const ACCESS_KEY_ID: &str = "AKIDEXAMPLE";
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub(crate) const READER: &str = "AKIDREADER";
/// 2026-11-22T12:00:00Z.
pub(crate) const NOW: UnixMillis = UnixMillis(1_795_348_800_000);

/// What a gate was told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Told {
    Publish(u64),
    PutKey { id: ApiKeyId, enabled: bool, plans: Vec<UsagePlanId> },
    RemoveKey,
    Recall(UsagePlanId, Option<ApiKeyId>),
    Adjust(ApiKeyId, u64),
    Import(ApiKeyId),
    Settle,
    FlushAuthorizers(RestApiId, StageName),
}

pub(crate) struct RecordingGate {
    store: Store,
    told: Mutex<Vec<Told>>,
    broken: Mutex<bool>,
    pub(crate) tests: Mutex<Vec<TestInvocation>>,
    pub(crate) traffic: Mutex<Traffic>,
    pub(crate) refusals: Mutex<Vec<RefusedCall>>,
}

impl RecordingGate {
    fn new(store: Store) -> Arc<Self> {
        Arc::new(Self {
            store,
            told: Mutex::default(),
            broken: Mutex::default(),
            tests: Mutex::default(),
            traffic: Mutex::default(),
            refusals: Mutex::default(),
        })
    }

    fn tell(&self, told: Told) {
        self.told.lock().expect("a lock").push(told);
    }

    fn slow(&self, told: Told) -> GateFuture<'_> {
        self.tell(told);
        let broken = *self.broken.lock().expect("a lock");
        Box::pin(async move { if broken { Err(GateError("broken".to_owned())) } else { Ok(()) } })
    }
}

impl Gate for RecordingGate {
    fn publish(&self, catalog: &Arc<Catalog>) {
        self.tell(Told::Publish(catalog.revision));
    }

    fn put_key(&self, key: &CallerRow) {
        self.tell(Told::PutKey { id: key.id, enabled: key.enabled, plans: key.plans.clone() });
    }

    fn remove_key(&self, _: KeyDigest) {
        self.tell(Told::RemoveKey);
    }

    fn recall(&self, plan: UsagePlanId, key: Option<ApiKeyId>) -> GateFuture<'_> {
        self.slow(Told::Recall(plan, key))
    }

    fn adjust(&self, adjustment: Adjustment) -> GateFuture<'_> {
        let told = self.slow(Told::Adjust(adjustment.key, adjustment.remaining));
        let round = Settlement { adjustments: vec![adjustment], ..Settlement::default() };
        Box::pin(async move {
            told.await?;
            self.store.settle(round).await.map(|_| ()).map_err(|error| GateError(error.to_string()))
        })
    }

    fn import_usage(&self, import: UsageImport) -> GateFuture<'_> {
        let told = self.slow(Told::Import(import.key));
        let sequence = self.told.lock().expect("a lock").len() as u64;
        let round = Settlement { source: 1, sequence, imports: vec![import], ..Settlement::default() };
        Box::pin(async move {
            told.await?;
            self.store.settle(round).await.map(|_| ()).map_err(|error| GateError(error.to_string()))
        })
    }

    fn flush_authorizers(&self, api: &RestApiId, stage: &StageName) {
        self.tell(Told::FlushAuthorizers(api.clone(), stage.clone()));
    }

    fn test_authorizer(&self, test: AuthorizerTest) -> AuthorizerTestFuture<'_> {
        let answer = AuthorizerAnswer {
            client_status: 0,
            principal_id: Some("joe".to_owned()),
            policy: Some("{}".to_owned()),
            claims: std::collections::BTreeMap::new(),
            latency_millis: 7,
            log: test.authorizer,
        };
        Box::pin(async { Ok(answer) })
    }

    fn test_invoke(&self, test: TestInvocation) -> TestFuture<'_> {
        let answer = TestAnswer {
            status: 418,
            headers: vec![("set-cookie".to_owned(), "a".to_owned()), ("set-cookie".to_owned(), "b".to_owned())],
            body: test.body.clone(),
            latency_millis: 7,
            log: "a line\n".to_owned(),
        };
        self.tests.lock().expect("a lock").push(test);
        Box::pin(async { Ok(answer) })
    }

    fn traffic(&self) -> Traffic {
        *self.traffic.lock().expect("a lock")
    }

    fn recent_refusals(&self) -> Vec<RefusedCall> {
        self.refusals.lock().expect("a lock").clone()
    }

    fn call(&self, call: http::Request<bytes::Bytes>) -> CallFuture<'_> {
        let said = format!("{} {} {:?}", call.method(), call.uri(), call.headers().get("x-api-key").map(|_| "a key"));
        Box::pin(async move { Ok(http::Response::new(said.into())) })
    }

    fn settle(&self) -> GateFuture<'_> {
        self.slow(Told::Settle)
    }

    fn unspent(&self, _: UsagePlanId) -> Unspent {
        Arc::new(|_| None)
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) error: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) body: Value,
}

impl Answered {
    /// The answer, if it has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!((self.status, self.error.as_deref()), (status, None), "{}", self.body);
        self.body
    }

    /// Asserts that this is an error.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str, message: &str) {
        let said = self.body["message"].as_str().unwrap_or_default();
        assert_eq!((self.status, self.error.as_deref(), said), (status, Some(code), message));
    }
}

pub(crate) struct Bench {
    pub(crate) control: Control,
    pub(crate) gate: Arc<RecordingGate>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Store,
    sources: std::sync::atomic::AtomicU64,
    _dir: tempfile::TempDir,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let ids = Arc::new(IdSource::seeded(11));
        let data = DataDir::open(dir.path()).expect("a data directory");
        let secrets = data.secrets(None, &ids).expect("secrets");
        let store = Store::open(data, secrets, Arc::clone(&ids)).expect("a store");
        let (gate, clock) = (RecordingGate::new(store.clone()), Arc::new(ManualClock::at(NOW)));
        let credentials = Credentials::root(ACCESS_KEY_ID, SECRET).with(READER, SECRET, Role::ReadOnly);
        let control = Control::new(
            store.clone(),
            Arc::clone(&gate) as Arc<dyn Gate>,
            Arc::clone(&clock) as Arc<dyn Clock>,
            ids,
            credentials,
            ControlConfig::default(),
        );
        let sources = std::sync::atomic::AtomicU64::new(1);
        Self { control: control.await.expect("a control"), gate, clock, store, sources, _dir: dir }
    }

    /// Names a process that settles with the ledger.
    pub(crate) fn next_source(&self) -> u64 {
        self.sources.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
    }

    /// What the gate was told since the last time.
    pub(crate) fn told(&self) -> Vec<Told> {
        std::mem::take(&mut self.gate.told.lock().expect("a lock"))
    }

    pub(crate) fn break_gate(&self, broken: bool) {
        *self.gate.broken.lock().expect("a lock") = broken;
    }

    pub(crate) async fn get(&self, path: &str) -> Answered {
        self.send(self.signed("GET", path, "")).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answered {
        self.send(self.signed("DELETE", path, "")).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answered {
        self.send(self.signed("POST", path, &body.to_string())).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answered {
        self.send(self.signed("PUT", path, &body.to_string())).await
    }

    /// Sends a PATCH of `(op, path, value)`.
    pub(crate) async fn patch(&self, path: &str, operations: &[(&str, &str, &str)]) -> Answered {
        let operations: Vec<_> = operations
            .iter()
            .map(|(op, path, value)| serde_json::json!({"op": op, "path": path, "value": value}))
            .collect();
        let body = serde_json::json!({"patchOperations": operations}).to_string();
        self.send(self.signed("PATCH", path, &body)).await
    }

    pub(crate) fn signed(&self, method: &str, path: &str, body: &(impl AsRef<[u8]> + ?Sized)) -> http::Request<Body> {
        self.signed_by(ACCESS_KEY_ID, SECRET, method, path, body)
    }

    pub(crate) fn signed_by(
        &self,
        id: &str,
        secret: &str,
        method: &str,
        path: &str,
        body: &(impl AsRef<[u8]> + ?Sized),
    ) -> http::Request<Body> {
        self.signed_for(("apigateway", id, secret), method, path, body)
    }

    /// A request signed for a service, by a pair.
    pub(crate) fn signed_for(
        &self,
        (service, id, secret): (&str, &str, &str),
        method: &str,
        path: &str,
        body: &(impl AsRef<[u8]> + ?Sized),
    ) -> http::Request<Body> {
        let body = body.as_ref();
        let uri = format!("http://localhost:8081{path}");
        let identity = aws_credential_types::Credentials::new(id, secret, None, None, "test").into();
        let now = u64::try_from(self.clock.now().wall.0).expect("a time after 1970");
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region("eu-west-1")
            .name(service)
            .time(SystemTime::UNIX_EPOCH + Duration::from_millis(now))
            .settings(SigningSettings::default())
            .build()
            .expect("parameters");
        let headers = [("host", "localhost:8081")];
        let signable = SignableRequest::new(method, &uri, headers.into_iter(), SignableBody::Bytes(body));
        let (instructions, _) = sign(signable.expect("a request"), &params.into()).expect("a signature").into_parts();
        let mut request = http::Request::builder().method(method).uri(path).header("host", "localhost:8081");
        for (name, value) in instructions.headers() {
            request = request.header(name, value);
        }
        request.body(Body::from(body.to_vec())).expect("a request")
    }

    pub(crate) async fn send(&self, request: http::Request<Body>) -> Answered {
        let response = self.control.clone().router().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok().map(str::to_owned));
        let (status, error, request_id) =
            (parts.status.as_u16(), header("x-amzn-errortype"), header("x-amzn-requestid"));
        let bytes = body.collect().await.expect("a body").to_bytes();
        Answered { status, error, request_id, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    /// Sends a document as it is, as clients do that know no media type for it.
    pub(crate) async fn send_text(&self, method: &str, path: &str, text: &str) -> Answered {
        self.send(self.signed(method, path, text)).await
    }

    /// Gets a file: its media type, its disposition and its bytes.
    pub(crate) async fn file(&self, path: &str, accept: &str) -> (String, String, Vec<u8>) {
        let mut request = self.signed("GET", path, "");
        request.headers_mut().insert("accept", accept.parse().expect("a header"));
        let response = self.control.clone().router().oneshot(request).await.expect("an answer");
        assert_eq!(response.status().as_u16(), 200);
        let header = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
        let (media_type, disposition) = (header("content-type"), header("content-disposition"));
        let bytes = response.into_body().collect().await.expect("a body").to_bytes();
        (media_type, disposition, bytes.to_vec())
    }

    /// Makes an API with `GET /pets`, deployed as `stage`, and returns its id.
    pub(crate) async fn deployed_api(&self, stage: &str) -> String {
        let api = self.post("/restapis", serde_json::json!({"name": "pets"})).await.expect(201);
        let (id, root) = (text(&api, "id"), text(&api, "rootResourceId"));
        let part = serde_json::json!({"pathPart": "pets"});
        let resource = self.post(&format!("/restapis/{id}/resources/{root}"), part).await.expect(201);
        let method = format!("/restapis/{id}/resources/{}/methods/GET", text(&resource, "id"));
        self.put(&method, serde_json::json!({"authorizationType": "NONE", "apiKeyRequired": true})).await.expect(201);
        self.put(&format!("{method}/integration"), serde_json::json!({"type": "MOCK"})).await.expect(201);
        let stage = serde_json::json!({"stageName": stage});
        self.post(&format!("/restapis/{id}/deployments"), stage).await.expect(201);
        id
    }

    /// Makes a plan that covers a stage, and returns its id.
    pub(crate) async fn plan(&self, api: &str, stage: &str) -> String {
        let stages = serde_json::json!([{"apiId": api, "stage": stage}]);
        let plan = serde_json::json!({"name": "gold", "apiStages": stages});
        text(&self.post("/usageplans", plan).await.expect(201), "id")
    }

    /// Makes an enabled key and returns its id.
    pub(crate) async fn key(&self, name: &str) -> String {
        text(&self.post("/apikeys", serde_json::json!({"name": name, "enabled": true})).await.expect(201), "id")
    }

    pub(crate) async fn attach(&self, plan: &str, key: &str) -> Answered {
        let body = serde_json::json!({"keyId": key, "keyType": "API_KEY"});
        self.post(&format!("/usageplans/{plan}/keys"), body).await
    }
}

/// A member that is text.
#[track_caller]
pub(crate) fn text(document: &Value, member: &str) -> String {
    document[member].as_str().unwrap_or_else(|| panic!("{member} of {document}")).to_owned()
}
