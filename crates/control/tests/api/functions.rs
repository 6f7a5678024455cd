//! Lambda's API, over a host that answers as it is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tollgate_control::{CodeStore, FunctionFuture, FunctionHost, InvokeKind, InvokeRefusal, Invoked, Lambda};
use tollgate_domain::Function;
use tower::ServiceExt;

use crate::bench::{ACCESS_KEY_ID, Bench, READER, SECRET, Told};

const ROOT: &str = "/2015-03-31/functions";

/// Answers every call with the same outcome, and writes down what it was asked.
struct ToldHost {
    configured: BTreeMap<String, Arc<Function>>,
    outcome: Result<Invoked, InvokeRefusal>,
    asked: Mutex<Vec<(String, Bytes, InvokeKind)>>,
}

impl FunctionHost for ToldHost {
    fn configured(&self) -> &BTreeMap<String, Arc<Function>> {
        &self.configured
    }

    fn check_runtime(&self, runtime: &str) -> Result<(), String> {
        if runtime == "python3.12" { Ok(()) } else { Err(format!("no {runtime} here")) }
    }

    fn invoke(&self, function: String, payload: Bytes, kind: InvokeKind) -> FunctionFuture<'_> {
        self.asked.lock().expect("a lock").push((function, payload, kind));
        Box::pin(async { self.outcome.clone() })
    }
}

struct Functions {
    bench: Bench,
    host: Arc<ToldHost>,
    lambda: Lambda,
    folder: tempfile::TempDir,
}

impl Functions {
    async fn answering(outcome: Result<Invoked, InvokeRefusal>) -> Self {
        let bench = Bench::new().await;
        let host = Arc::new(ToldHost { configured: BTreeMap::new(), outcome, asked: Mutex::default() });
        let folder = tempfile::tempdir().expect("a folder");
        let code = CodeStore::new(folder.path().join("code"), bench.store.clone());
        let lambda = Lambda::new(bench.control.clone(), Arc::<ToldHost>::clone(&host), code);
        Self { bench, host, lambda, folder }
    }

    async fn new() -> Self {
        Self::answering(Err(InvokeRefusal::Stopping)).await
    }

    /// Status, error code and body.
    async fn send(&self, request: http::Request<Body>) -> (u16, String, Value) {
        let response = self.lambda.clone().router().oneshot(request).await.expect("an answer");
        let code = response.headers().get("x-amzn-errortype").and_then(|code| code.to_str().ok()).unwrap_or_default();
        let (status, code) = (response.status().as_u16(), code.to_owned());
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        (status, code, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> (u16, String, Value) {
        let signed = ("lambda", ACCESS_KEY_ID, SECRET);
        self.send(self.bench.signed_for(signed, method, &format!("{ROOT}{path}"), &body.to_string())).await
    }

    async fn make(&self, name: &str) {
        let made = self.ask("POST", "", self.request(name)).await;
        assert_eq!(made.0, 201, "{made:?}");
    }

    fn request(&self, name: &str) -> Value {
        let code = json!({"Folder": self.folder.path().display().to_string()});
        json!({"FunctionName": name, "Runtime": "python3.12", "Handler": "app.handler", "Role": "r", "Code": code})
    }
}

fn returned(payload: &'static str, function_error: Option<&str>) -> Invoked {
    Invoked {
        status: 200,
        payload: payload.into(),
        function_error: function_error.map(str::to_owned),
        executed_version: "$LATEST".to_owned(),
        log_tail: "log".into(),
    }
}

#[tokio::test]
async fn a_function_is_published_when_it_is_answered_and_refused_when_its_name_is_taken() {
    let functions = Functions::new().await;
    functions.bench.told();
    functions.make("pets").await;
    assert_eq!(functions.bench.told(), [Told::Publish(1)]);
    assert!(functions.bench.control.catalog().functions.contains_key("pets"));
    let (status, code, body) = functions.ask("POST", "", functions.request("pets")).await;
    assert_eq!((status, code.as_str()), (409, "ResourceConflictException"));
    assert_eq!((&body["Type"], &body["Message"]), (&json!("User"), &json!("Function already exist: pets")));
    assert_eq!(functions.ask("POST", "", functions.request("tollgate")).await.0, 409);
}

#[tokio::test]
async fn a_call_reaches_the_host_as_it_was_made() {
    let functions = Functions::answering(Ok(returned("{\"a\":1}", Some("Unhandled")))).await;
    let path = format!("{ROOT}/pets/invocations?Qualifier=%24LATEST");
    let mut request = functions.bench.signed_for(("lambda", ACCESS_KEY_ID, SECRET), "POST", &path, "not json");
    request.headers_mut().insert("x-amz-log-type", "Tail".parse().expect("a header"));
    let response = functions.lambda.clone().router().oneshot(request).await.expect("an answer");
    let header = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("x-amz-function-error"), "Unhandled");
    assert_eq!((header("x-amz-executed-version"), header("x-amz-log-result")), ("$LATEST".into(), "bG9n".into()));
    let asked = functions.host.asked.lock().expect("a lock").pop();
    assert_eq!(asked, Some(("pets:$LATEST".to_owned(), "not json".into(), InvokeKind::RequestResponse)));
}

#[tokio::test]
async fn every_refusal_of_the_host_has_its_code() {
    for (refusal, status, code) in [
        (InvokeRefusal::Unknown, 404, "ResourceNotFoundException"),
        (InvokeRefusal::Throttled, 429, "TooManyRequestsException"),
        (InvokeRefusal::TooLarge(6), 413, "RequestTooLargeException"),
        (InvokeRefusal::CannotStart("no node".to_owned()), 502, "InvalidRuntimeException"),
        (InvokeRefusal::Endpoint("gone".to_owned()), 500, "ServiceException"),
        (InvokeRefusal::Stopping, 503, "ServiceException"),
    ] {
        let functions = Functions::answering(Err(refusal.clone())).await;
        let answered = functions.ask("POST", "/pets/invocations", json!({})).await;
        assert_eq!((answered.0, answered.1.as_str()), (status, code), "{refusal:?}");
    }
}

#[tokio::test]
async fn a_reader_may_look_and_not_call() {
    let functions = Functions::answering(Ok(returned("1", None))).await;
    functions.make("pets").await;
    let as_reader = |method: &str, path: &str| {
        functions.bench.signed_for(("lambda", READER, SECRET), method, &format!("{ROOT}{path}"), "")
    };
    assert_eq!(functions.send(as_reader("GET", "/pets")).await.0, 200);
    assert_eq!(functions.send(as_reader("POST", "/pets/invocations")).await.1, "AccessDeniedException");
    assert!(functions.host.asked.lock().expect("a lock").is_empty());
}

#[tokio::test]
async fn a_signature_for_another_service_is_refused() {
    let functions = Functions::new().await;
    let signed = ("apigateway", ACCESS_KEY_ID, SECRET);
    let answered = functions.send(functions.bench.signed_for(signed, "GET", &format!("{ROOT}/"), "")).await;
    assert_eq!((answered.0, answered.1.as_str()), (403, "InvalidSignatureException"));
}

#[tokio::test]
async fn what_cannot_run_is_refused_before_it_is_made() {
    let functions = Functions::new().await;
    let with = |member: &str, value: Value| {
        let mut request = functions.request("pets");
        request[member] = value;
        request
    };
    for (request, code) in [
        (with("Runtime", json!("java21")), "InvalidParameterValueException"),
        (with("Runtime", Value::Null), "ValidationException"),
        (with("Handler", Value::Null), "ValidationException"),
        (with("FunctionName", json!("../pets")), "ValidationException"),
        (with("MemorySize", json!(1)), "ValidationException"),
        (with("Code", json!({})), "InvalidParameterValueException"),
        (with("Code", json!({"Folder": "relative"})), "InvalidParameterValueException"),
        (with("Code", json!({"Endpoint": "ftp://x"})), "InvalidParameterValueException"),
        (with("Code", json!({"ZipFile": "!"})), "InvalidParameterValueException"),
        (with("Timeout", json!("soon")), "SerializationException"),
    ] {
        let answered = functions.ask("POST", "", request.clone()).await;
        assert_eq!((answered.0, answered.1.as_str()), (400, code), "{request}");
    }
    assert!(functions.bench.control.catalog().functions.is_empty());
}
