//! Functions behind Lambda's Invoke API.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;
use tollgate_functions::signature::EndpointCredentials;
use tollgate_functions::{EndpointSettings, FunctionSettings, InvokeError, Source};

use crate::bench::{Bench, text};

type Seen = Arc<Mutex<Vec<Request<Bytes>>>>;

/// An endpoint that answers everything with `response`, and what it was asked.
async fn endpoint(response: fn() -> Response<Full<Bytes>>) -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let seen = Seen::default();
    let told = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let told = Arc::clone(&told);
            let service = service_fn(move |request: Request<Incoming>| {
                let told = Arc::clone(&told);
                async move {
                    let (parts, body) = request.into_parts();
                    let body = body.collect().await.expect("a body").to_bytes();
                    told.lock().expect("a lock").push(Request::from_parts(parts, body));
                    Ok::<_, Infallible>(response())
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    (url, seen)
}

fn publish(bench: &Bench, url: &str) {
    bench.publish(FunctionSettings {
        name: "pets".to_owned(),
        arn: "arn:aws:lambda:eu-central-1:000000000000:function:pets".to_owned(),
        timeout: Duration::from_secs(5),
        source: Source::Endpoint(EndpointSettings {
            url: url.parse().expect("an address"),
            function: "there:$LATEST".to_owned(),
            region: "eu-west-1".to_owned(),
        }),
    });
}

fn bench() -> Bench {
    Bench::with(|config| {
        config.endpoint_credentials = Some(EndpointCredentials {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: None,
        });
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_signed_and_passed_on_and_its_answer_returned() {
    let (url, seen) = endpoint(|| {
        Response::builder()
            .header("x-amz-function-error", "Handled")
            .header("x-amz-executed-version", "7")
            .header("x-amz-log-result", "bG9n")
            .body(Full::new("{\"errorMessage\":\"no\"}".into()))
            .expect("a response")
    })
    .await;
    let bench = bench();
    publish(&bench, &url);
    let invocation = bench.try_call(&json!({"n": 1})).await.expect("called");
    assert_eq!(invocation.function_error.as_deref(), Some("Handled"));
    assert_eq!((invocation.executed_version.as_str(), text(&invocation.log_tail).as_str()), ("7", "log"));
    let asked = seen.lock().expect("a lock").pop().expect("asked");
    assert_eq!(asked.uri().path(), "/2015-03-31/functions/there%3A%24LATEST/invocations");
    assert_eq!(
        (text(asked.body()).as_str(), &asked.headers()["x-amz-invocation-type"]),
        ("{\"n\":1}", &"RequestResponse".parse().expect("text"))
    );
    let signed = asked.headers()["authorization"].to_str().expect("text");
    assert!(signed.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/") && signed.contains("/eu-west-1/lambda/"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoints_no_is_told_with_its_own_words() {
    let (url, _) = endpoint(|| {
        Response::builder()
            .status(404)
            .header("x-amzn-errortype", "ResourceNotFoundException:http://x/")
            .body(Full::new("{\"Message\":\"Function not found\"}".into()))
            .expect("a response")
    })
    .await;
    let bench = bench();
    publish(&bench, &url);
    let refused = InvokeError::EndpointRefused {
        name: "pets".to_owned(),
        status: 404,
        code: "ResourceNotFoundException".to_owned(),
        message: "Function not found".to_owned(),
    };
    assert_eq!(bench.try_call(&json!({})).await, Err(refused));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_not_there_or_throttles_is_told_apart() {
    let bench = bench();
    publish(&bench, "http://127.0.0.1:1");
    assert!(matches!(bench.try_call(&json!({})).await, Err(InvokeError::Unreachable { .. })));
    let (url, _) = endpoint(|| Response::builder().status(429).body(Full::default()).expect("a response")).await;
    publish(&bench, &url);
    assert_eq!(bench.try_call(&json!({})).await, Err(InvokeError::Throttled("pets".to_owned())));
}
