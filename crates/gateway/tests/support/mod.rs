//! A gateway on a free port, an upstream that does as it is told, and a caller that writes bytes.
#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod secured;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tollgate_domain::clock::ManualClock;
use tollgate_domain::integration::PassthroughBehavior;
use tollgate_domain::rest_api::{ApiKeySource, EndpointConfiguration};
use tollgate_domain::{
    ApiKeyId, ApiStage, Catalog, Clock, DeployedApi, Deployment, DeploymentId, Edit, HttpMethod, IdSource, Integration,
    IntegrationType, KeyDigester, Method, Record, Resource, ResourceId, RestApi, RestApiId, RestApiTree, Stage,
    StageName, UnixMillis, UsagePlan, UsagePlanId,
};
use tollgate_gateway::admission::testing::MemoryLedger;
use tollgate_gateway::admission::{Admission, testing};
use tollgate_gateway::{
    Answering, BoundGateway, FunctionFault, FunctionResult, Functions, Gateway, GatewayConfig, Peers, RunningGateway,
};

/// 2026-11-22T00:00:00Z, a Sunday.
pub(crate) const MIDNIGHT: UnixMillis = UnixMillis(1_795_305_600_000);

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it comes soon")
}

/// A gateway that serves API `api1`, stage `prod`.
pub(crate) struct Served {
    pub(crate) addr: SocketAddr,
    pub(crate) gateway: Gateway,
    pub(crate) admission: Arc<Admission>,
    pub(crate) ledger: Arc<MemoryLedger>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) running: RunningGateway,
    pub(crate) digester: KeyDigester,
}

pub(crate) fn config() -> GatewayConfig {
    GatewayConfig { threads: 1, ..GatewayConfig::default() }
}

impl Served {
    /// Must be called on a runtime, which runs the keeper.
    pub(crate) fn start(config: GatewayConfig, catalog: &Catalog) -> Self {
        Self::start_with(config, catalog, Peers::default())
    }

    /// Starts beside functions or a management API.
    pub(crate) fn start_with(config: GatewayConfig, catalog: &Catalog, peers: Peers) -> Self {
        Self::open(config, catalog, peers, |bound| bound)
    }

    /// Starts with what `more` opens beside the plain port.
    pub(crate) fn start_on(
        config: GatewayConfig,
        catalog: &Catalog,
        more: impl FnOnce(BoundGateway) -> BoundGateway,
    ) -> Self {
        Self::open(config, catalog, Peers::default(), more)
    }

    fn open(
        config: GatewayConfig,
        catalog: &Catalog,
        peers: Peers,
        more: impl FnOnce(BoundGateway) -> BoundGateway,
    ) -> Self {
        let clock = Arc::new(ManualClock::at(MIDNIGHT));
        let digester = KeyDigester::new([7; 32]);
        let (admission, ledger) = testing::admission(digester.clone(), Arc::clone(&clock) as Arc<dyn Clock>);
        let ids = Arc::new(IdSource::seeded(1));
        let gateway = Gateway::new(config, Arc::clone(&clock) as Arc<dyn Clock>, ids, Arc::clone(&admission));
        gateway.connect(peers);
        let bound = more(gateway.bind(([127, 0, 0, 1], 0).into()).expect("a free port"));
        let addr = bound.local_addr();
        let served =
            Self { addr, gateway, admission, ledger, clock, running: bound.start().expect("threads"), digester };
        served.publish(catalog);
        served
    }

    pub(crate) fn publish(&self, catalog: &Catalog) {
        self.admission.publish(catalog, self.clock.now());
        self.gateway.publish(catalog);
    }

    pub(crate) fn put_key(&self, value: &str, id: &str, plans: &[UsagePlanId]) {
        let id = ApiKeyId::parse(id).expect("an id");
        let (digest, hint) = (self.digester.digest(value.as_bytes()), self.digester.hint(value.as_bytes()));
        self.admission.put_key(digest, hint, id, true, plans);
    }

    /// Sends bytes and reads all that comes back until the connection is closed.
    pub(crate) async fn exchange(&self, bytes: impl AsRef<[u8]>) -> Answer {
        soon(async {
            let mut stream = TcpStream::connect(self.addr).await.expect("a connection");
            // The gateway may close before it has read everything.
            let _ = stream.write_all(bytes.as_ref()).await;
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            Answer(String::from_utf8_lossy(&answer).into_owned())
        })
        .await
    }

    /// Sends one request to stage `prod` of `api1`.
    pub(crate) async fn call(&self, verb: &str, path: &str, headers: &str, body: &str) -> Answer {
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        self.exchange(format!(
            "{verb} /prod{path} HTTP/1.1\r\nHost: api1.execute-api.localhost\r\nConnection: close\r\n{length}{headers}\r\n{body}"
        ))
        .await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, "", "").await
    }
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer(pub(crate) String);

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.0.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let head = self.0.split("\r\n\r\n").next()?;
        head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    pub(crate) fn body(&self) -> &str {
        self.0.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}

/// Functions that do as they are told, and keep what they were given.
pub(crate) struct ScriptedFunctions<F> {
    script: F,
    pub(crate) payloads: Mutex<Vec<(String, serde_json::Value)>>,
}

impl<F> std::fmt::Debug for ScriptedFunctions<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ScriptedFunctions")
    }
}

impl<F: Fn(&str, &serde_json::Value) -> Result<FunctionResult, FunctionFault>> ScriptedFunctions<F> {
    pub(crate) fn new(script: F) -> Arc<Self> {
        Arc::new(Self { script, payloads: Mutex::default() })
    }

    fn run(&self, function: &str, payload: &[u8]) -> Result<FunctionResult, FunctionFault> {
        let payload = serde_json::from_slice(payload).expect("a payload is JSON");
        let result = (self.script)(function, &payload);
        self.payloads.lock().expect("unpoisoned").push((function.to_owned(), payload));
        result
    }
}

impl<F> Functions for ScriptedFunctions<F>
where
    F: Fn(&str, &serde_json::Value) -> Result<FunctionResult, FunctionFault> + Send + Sync,
{
    fn invoke(&self, function: &str, payload: Bytes) -> Answering<Result<FunctionResult, FunctionFault>> {
        let result = self.run(function, &payload);
        Box::pin(async { result })
    }

    fn send(&self, function: &str, payload: Bytes) -> Answering<Result<(), FunctionFault>> {
        let result = self.run(function, &payload).map(|_| ());
        Box::pin(async { result })
    }
}

/// What a function returns.
pub(crate) fn returned(payload: serde_json::Value) -> Result<FunctionResult, FunctionFault> {
    Ok(FunctionResult { payload: payload.to_string().into(), failed: false })
}

/// What an upstream does with each connection.
#[derive(Clone)]
pub(crate) enum Script {
    /// Reads a request, answers it, and waits for the next.
    Answer(Vec<u8>),
    /// Reads a request, answers it, and closes.
    AnswerAndClose(Vec<u8>),
    /// Reads a request and says nothing.
    Hang,
    /// Reads the head of a request, answers it at once, and reads the rest.
    AnswerEarly(Vec<u8>),
}

/// An upstream.
pub(crate) struct Upstream {
    pub(crate) addr: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
}

impl Upstream {
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(Mutex::new(0));
        let (seen, counted) = (Arc::clone(&requests), Arc::clone(&connections));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *counted.lock().expect("a count") += 1;
                tokio::spawn(converse(stream, script.clone(), Arc::clone(&seen)));
            }
        });
        Self { addr, requests, connections }
    }

    pub(crate) async fn answering(answer: &str) -> Self {
        Self::start(Script::Answer(answer.as_bytes().to_vec())).await
    }

    pub(crate) fn uri(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// The requests so far, as they came.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("requests").clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().expect("a count")
    }
}

async fn converse(mut stream: TcpStream, script: Script, seen: Arc<Mutex<Vec<String>>>) {
    let mut buffer = Vec::new();
    loop {
        let Some(head) = read_until(&mut stream, &mut buffer, find_head_end).await else { return };
        if let Script::AnswerEarly(answer) = &script {
            let _ = stream.write_all(answer).await;
        }
        let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        let chunked = text.contains("transfer-encoding: chunked");
        let end = match (chunked, length) {
            (true, _) => read_until(&mut stream, &mut buffer, |b| find(b, b"0\r\n\r\n").map(|at| at + 5)).await,
            (false, length) => {
                let end = head + length.unwrap_or(0);
                read_until(&mut stream, &mut buffer, |b| (b.len() >= end).then_some(end)).await
            }
        };
        let Some(end) = end else { return };
        let request = buffer.drain(..end).collect::<Vec<u8>>();
        seen.lock().expect("requests").push(String::from_utf8_lossy(&request).into_owned());
        match &script {
            Script::Answer(answer) => stream.write_all(answer).await.expect("a reader"),
            Script::AnswerAndClose(answer) => {
                let _ = stream.write_all(answer).await;
                return;
            }
            Script::Hang => std::future::pending().await,
            Script::AnswerEarly(_) => {}
        }
    }
}

async fn read_until(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
    end: impl Fn(&[u8]) -> Option<usize>,
) -> Option<usize> {
    loop {
        if let Some(end) = end(buffer) {
            return Some(end);
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

fn find_head_end(bytes: &[u8]) -> Option<usize> {
    find(bytes, b"\r\n\r\n").map(|at| at + 4)
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

pub(crate) fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nContent-Type: text/plain\r\n\r\n{body}", body.len())
}

pub(crate) fn integration(kind: IntegrationType, uri: Option<String>) -> Integration {
    Integration {
        kind,
        http_method: uri.as_ref().map(|_| "ANY".to_owned()),
        uri,
        connection_type: None,
        connection_id: None,
        credentials: None,
        request_parameters: BTreeMap::new(),
        request_templates: BTreeMap::new(),
        passthrough_behavior: PassthroughBehavior::WhenNoMatch,
        cache_namespace: String::new(),
        cache_key_parameters: Vec::new(),
        content_handling: None,
        timeout_millis: 29_000,
        insecure_skip_verification: None,
        response_transfer_mode: None,
        integration_target: None,
        responses: BTreeMap::new(),
    }
}

pub(crate) fn http_proxy(uri: String) -> Integration {
    integration(IntegrationType::HttpProxy, Some(uri))
}

pub(crate) fn method(integration: Integration) -> Method {
    Method {
        authorization_type: "NONE".to_owned(),
        authorizer_id: None,
        authorization_scopes: Vec::new(),
        api_key_required: false,
        operation_name: None,
        request_parameters: BTreeMap::new(),
        request_models: BTreeMap::new(),
        request_validator_id: None,
        responses: BTreeMap::new(),
        integration: Some(integration),
    }
}

/// A method for each (path, verb), deployed as stage `prod` of `api1`.
pub(crate) fn catalog(methods: Vec<(&str, HttpMethod, Method)>) -> Catalog {
    catalog_with(methods, |_| {})
}

pub(crate) fn catalog_with(methods: Vec<(&str, HttpMethod, Method)>, edit: impl FnOnce(&mut Stage)) -> Catalog {
    build(methods, |_| {}, edit)
}

/// The same, of an API that is changed before it is deployed.
pub(crate) fn deployed_with(methods: Vec<(&str, HttpMethod, Method)>, edit: impl FnOnce(&mut RestApiTree)) -> Catalog {
    build(methods, edit, |_| {})
}

fn build(
    methods: Vec<(&str, HttpMethod, Method)>,
    edit_tree: impl FnOnce(&mut RestApiTree),
    edit_stage: impl FnOnce(&mut Stage),
) -> Catalog {
    let id = RestApiId::new("api1");
    let api = Arc::new(rest_api(&id));
    let mut resources: BTreeMap<ResourceId, Resource> = BTreeMap::new();
    for (path, verb, method) in methods {
        let resource = resources.entry(ResourceId::new(path)).or_insert_with(|| resource(path));
        resource.methods.insert(verb, method);
    }
    let resources = resources.into_iter().map(|(id, resource)| (id, Arc::new(resource))).collect();
    let mut tree = RestApiTree { resources, ..RestApiTree::new(Arc::clone(&api)) };
    edit_tree(&mut tree);
    let deployment = Deployment {
        id: DeploymentId::new("d1"),
        description: None,
        created: MIDNIGHT,
        snapshot: Arc::new(DeployedApi::freeze(&tree)),
    };
    let mut stage = stage();
    edit_stage(&mut stage);
    Catalog::default().apply(&[
        Edit::put(Record::RestApi(RestApi::clone(&api))),
        Edit::put(Record::Deployment(id.clone(), deployment)),
        Edit::put(Record::Stage(id, stage)),
    ])
}

fn rest_api(id: &RestApiId) -> RestApi {
    RestApi {
        id: id.clone(),
        name: "pets".to_owned(),
        description: None,
        created: MIDNIGHT,
        version: None,
        root_resource_id: ResourceId::new("/"),
        api_key_source: ApiKeySource::Header,
        binary_media_types: Vec::new(),
        minimum_compression_size: None,
        endpoint_configuration: EndpointConfiguration {
            types: Vec::new(),
            ip_address_type: "ipv4".to_owned(),
            vpc_endpoint_ids: Vec::new(),
        },
        policy: None,
        disable_execute_api_endpoint: false,
        security_policy: None,
        endpoint_access_mode: None,
        tags: BTreeMap::new(),
    }
}

fn resource(path: &str) -> Resource {
    let path_part = path.rsplit('/').next().unwrap_or_default().to_owned();
    Resource { id: ResourceId::new(path), parent_id: None, path_part, path: path.to_owned(), methods: BTreeMap::new() }
}

fn stage() -> Stage {
    Stage {
        name: StageName::new("prod"),
        deployment_id: DeploymentId::new("d1"),
        description: None,
        created: MIDNIGHT,
        updated: MIDNIGHT,
        variables: BTreeMap::new(),
        method_settings: BTreeMap::new(),
        cache_cluster_enabled: false,
        cache_cluster_size: None,
        client_certificate_id: None,
        documentation_version: None,
        access_log_settings: None,
        canary_settings: None,
        tracing_enabled: false,
        tags: BTreeMap::new(),
    }
}

/// A plan that covers stage `prod` of `api1`.
pub(crate) fn plan(id: &str) -> UsagePlan {
    UsagePlan {
        id: UsagePlanId::parse(id).expect("an id"),
        name: id.to_owned(),
        description: None,
        api_stages: vec![ApiStage {
            api_id: RestApiId::new("api1"),
            stage: StageName::new("prod"),
            throttle: BTreeMap::new(),
        }],
        throttle: None,
        quota: None,
        product_code: None,
        tags: BTreeMap::new(),
    }
}
