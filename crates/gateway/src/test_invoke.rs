//! Test invocations: a method answers as its API stands, without a deployment, a key or a limit.
//!
//! A test runs the very step that calls run, on a thread and connections of its own, and is in no count.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use http_body::Body as _;
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tollgate_domain::clock::TICKS_PER_SECOND;
use tollgate_domain::test_invocation::TEST_STAGE;
use tollgate_domain::{
    Clock, DeploymentId, HttpMethod, StageName, TestAnswer, TestInvocation, TestRefusal, UnixMillis,
};

use crate::body::{AnswerBody, RequestBody};
use crate::call::Call;
use crate::clients::Client;
use crate::execution_log::{ExecutionLog, Line, LogLevel};
use crate::gateway::{Gateway, Shared};
use crate::narration;
use crate::path::is_treacherous;
use crate::pipeline;
use crate::routes::{Captures, Routes};
use crate::snapshot::{Method, Stage};
use crate::time_format::unix_date;
use crate::worker::Worker;

/// What AWS tells methods under test about their caller.
pub(crate) const HOST: &str = "testPrefix.testDomainName";
const SOURCE_IP: HeaderValue = HeaderValue::from_static("test-invoke-source-ip");

impl Gateway {
    /// Runs one test invocation to its end. Blocks the thread: for as long as the integration may take.
    pub fn test_invoke(&self, test: &TestInvocation) -> Result<TestAnswer, TestRefusal> {
        let shared = &self.0;
        let settings = stage(TEST_STAGE, &test.stage_variables);
        let stage = shared.compiler(shared.clock.now().ticks).test_stage(&test.api, Some(&test.resource), &settings);
        let (head, headers) = request(test.verb.as_str(), path(test)?, &test.headers)?;
        let (runtime, worker) = bench(shared)?;
        runtime.block_on(run(&worker, &stage, test, &head, headers))
    }
}

/// A thread's runtime and worker of its own, for one test.
pub(crate) fn bench(shared: &Arc<Shared>) -> Result<(LocalRuntime, Worker), TestRefusal> {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
    let runtime = runtime.map_err(|error: io::Error| {
        tracing::error!(target: "tollgate::gateway", %error, "a test cannot run");
        TestRefusal::Unavailable
    })?;
    Ok((runtime, Worker::unmetered(Arc::clone(shared))))
}

/// Who calls in a test.
pub(crate) fn client() -> Client {
    let mut client = Client::new(([0, 0, 0, 0], 0).into(), 443);
    client.address = SOURCE_IP;
    client
}

async fn run(
    worker: &Worker,
    stage: &Stage,
    test: &TestInvocation,
    head: &Parts,
    headers: HeaderMap,
) -> Result<TestAnswer, TestRefusal> {
    let (shared, ids) = (&worker.shared, worker.call_ids.next());
    let client = client();
    let mut call = Call::new(&ids, shared.clock.now(), &client, &shared.config.account_id, head.into());
    let (method, captures) = find(stage, test, head.uri.path())?;
    (call.host, call.stage, call.path, call.method) = (HOST, Some(stage), head.uri.path(), Some(method));
    call.captures = captures;
    call.log = Some(Box::new(ExecutionLog::new(LogLevel::Info, true, Arc::clone(&shared.clock))));
    narration::starts(&call, &headers);
    let sent = Bytes::from(test.body.clone());
    narration::receives(&call, &sent);
    let body = RequestBody::Whole(call.payload.get_or_init(|| sent).clone());
    let outcome = pipeline::perform(worker, &call, headers, body).await;
    let refused = outcome.is_err();
    let response =
        outcome.unwrap_or_else(|refusal| pipeline::refuse(&mut call, &refusal, shared.config.ratelimit_headers));
    let (mut answered, body) = read(response, shared.config.max_body_bytes).await;
    if refused {
        // Of the gateway's own answers, AWS shows tests the headers that it does not give to every answer.
        answered.headers.remove(header::CONTENT_TYPE);
    } else {
        narration::answers(&call, body.as_bytes());
    }
    narration::ends(&call, answered.status, &answered.headers, refused);
    let latency = millis_since(&call, &*shared.clock);
    let log = call.log.take().map(|log| log.into_lines()).unwrap_or_default();
    Ok(TestAnswer {
        status: answered.status.as_u16(),
        headers: answered
            .headers
            .iter()
            .map(|(name, value)| (narration::spelt(name), text(value.as_bytes())))
            .collect(),
        body,
        latency_millis: latency,
        log: written(ids.request_id.as_str(), &log),
    })
}

/// Milliseconds since a call arrived.
pub(crate) fn millis_since(call: &Call<'_>, clock: &dyn Clock) -> u64 {
    clock.now().ticks.0.saturating_sub(call.at.ticks.0) / (TICKS_PER_SECOND / 1000)
}

/// The stage of a test: no settings, and the variables given.
pub(crate) fn stage(name: &str, variables: &BTreeMap<String, String>) -> tollgate_domain::Stage {
    tollgate_domain::Stage {
        name: StageName::new(name),
        deployment_id: DeploymentId::new(""),
        description: None,
        created: UnixMillis::default(),
        updated: UnixMillis::default(),
        variables: variables.clone(),
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

/// The path that a test is for: the one given, or else the resource's own, with its variables as they stand there.
fn path(test: &TestInvocation) -> Result<String, TestRefusal> {
    let own_path = || test.api.resources.get(&test.resource).map_or("/", |resource| resource.path.as_str());
    let path = test.path_and_query.as_deref().filter(|path| !path.is_empty()).unwrap_or_else(own_path);
    let bare = path.split_once('?').map_or(path, |(bare, _)| bare);
    if path.starts_with('/') && !is_treacherous(bare) { Ok(path.to_owned()) } else { Err(TestRefusal::Unsendable) }
}

/// The head of a test's request.
pub(crate) fn request(verb: &str, path: String, given: &[(String, String)]) -> Result<(Parts, HeaderMap), TestRefusal> {
    let request = Request::builder().method(verb).uri(path).body(());
    let (head, ()) = request.map_err(|_| TestRefusal::Unsendable)?.into_parts();
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| TestRefusal::Unsendable)?;
        headers.append(name, HeaderValue::from_str(value).map_err(|_| TestRefusal::Unsendable)?);
    }
    Ok((head, headers))
}

/// The method under test, and where the variables of the path lie. A path that leads elsewhere has none, and the method
/// runs all the same, as on AWS.
fn find<'a>(stage: &'a Stage, test: &TestInvocation, path: &str) -> Result<(&'a Method, Captures), TestRefusal> {
    let fits = |verb| stage.program.methods.iter().find(|method| method.verb == verb);
    let method = fits(test.verb).or_else(|| fits(HttpMethod::Any)).ok_or(TestRefusal::Unavailable)?;
    let mut routes = Routes::new();
    routes.insert(&method.resource_path, test.verb, 0);
    let captures = routes.find(path, test.verb).map(|found| found.captures).unwrap_or_default();
    Ok((method, captures))
}

/// Reads an answer, of which `max` bytes are shown.
async fn read(response: Response<AnswerBody>, max: u64) -> (http::response::Parts, String) {
    let (head, mut body) = response.into_parts();
    let (mut bytes, max) = (Vec::new(), usize::try_from(max).unwrap_or(usize::MAX));
    while let Some(Ok(frame)) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        bytes.extend_from_slice(&frame.into_data().unwrap_or_default());
        if bytes.len() > max {
            bytes.truncate(max);
            break;
        }
    }
    (head, text(&bytes))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn trace(call: &Call<'_>, line: impl FnOnce() -> String) {
    if let Some(log) = &call.log {
        log.trace(line);
    }
}

/// The log as AWS shows it.
pub(crate) fn written(request_id: &str, lines: &[Line]) -> String {
    let lines = lines.iter().map(|line| format!("{} : {}\n", unix_date(line.at), line.text));
    std::iter::once(format!("Execution log for request {request_id}\n")).chain(lines).collect()
}
