//! Functions that misbehave.

use std::time::Duration;

use serde_json::json;
use tollgate_functions::{InvocationType, InvokeError};

use crate::bench::{Bench, is_alive, text};

/// Does what the event tells, if it is bad; else answers its process id.
const PYTHON: &str = r#"
import os, signal, subprocess, sys, time
def handler(event, context):
    kind = event.get("kind")
    if kind == "hang":
        child = subprocess.Popen(["sleep", "600"])
        open(event["file"], "w").write(f"[{os.getpid()},{child.pid}]")
        time.sleep(600)
    if kind == "exit": os._exit(event["code"])
    if kind == "signal": os.kill(os.getpid(), signal.SIGKILL)
    if kind == "print":
        for _ in range(10240): print("x" * 1023)
        print("the end")
    if kind == "large": return "x" * (7 << 20)
    return os.getpid()
"#;

fn publish(bench: &Bench, timeout: Duration) {
    let mut function = bench.function("python3.12", "app.handler", "app.py", PYTHON);
    function.timeout = timeout;
    bench.publish(function);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_takes_too_long_is_answered_and_all_it_started_is_killed() {
    let bench = Bench::new();
    publish(&bench, Duration::from_millis(1500));
    let file = bench.path("pids");
    let fault = bench.fault(json!({"kind": "hang", "file": file.display().to_string()})).await;
    let message = fault["errorMessage"].as_str().unwrap_or_default();
    assert!(message.ends_with(" Task timed out after 1.50 seconds"), "{fault}");
    bench.functions.drain().await;
    let pids: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).expect("written")).expect("JSON");
    for pid in pids.as_array().expect("two") {
        assert!(!is_alive(pid), "{pid} is left");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ends_fails_its_call_alone() {
    let bench = Bench::new();
    publish(&bench, Duration::from_secs(30));
    for (event, reason) in [
        (json!({"kind": "exit", "code": 3}), "Runtime exited with error: exit status 3"),
        (json!({"kind": "exit", "code": 0}), "Runtime exited without providing a reason"),
        (json!({"kind": "signal"}), "Runtime exited with error: signal: 9"),
    ] {
        let fault = bench.fault(event).await;
        assert_eq!(fault["errorType"], "Runtime.ExitError");
        assert!(fault["errorMessage"].as_str().is_some_and(|text| text.ends_with(reason)), "{fault}");
        assert!(bench.call(json!({})).await.is_number());
    }
    bench.functions.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_megabytes_of_log_cost_neither_the_call_nor_memory() {
    let bench = Bench::new();
    publish(&bench, Duration::from_secs(60));
    let invocation = bench.try_call(&json!({"kind": "print"})).await.expect("called");
    assert_eq!(invocation.function_error, None);
    let log = text(&invocation.log_tail);
    assert!(log.len() <= 4096 && log.contains("the end"), "{log}");
    bench.functions.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn payloads_are_as_large_as_on_lambda_and_no_larger() {
    let bench = Bench::new();
    publish(&bench, Duration::from_secs(30));
    assert_eq!(bench.fault(json!({"kind": "large"})).await["errorType"], "Function.ResponseSizeTooLarge");
    assert!(bench.call(json!({"padding": "x".repeat(6_000_000)})).await.is_number());
    let refused = bench.try_call(&json!({"padding": "x".repeat(6 << 20)})).await;
    assert!(matches!(refused, Err(InvokeError::RequestTooLarge { limit: 6_291_456, .. })), "{refused:?}");
    bench.functions.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_json_fails_in_the_function_and_not_here() {
    let bench = Bench::new();
    publish(&bench, Duration::from_secs(30));
    let called = bench.functions.invoke("pets", "{nonsense".into(), InvocationType::RequestResponse).await;
    let invocation = called.expect("called");
    assert_eq!(invocation.function_error.as_deref(), Some("Unhandled"));
    assert!(text(&invocation.payload).contains("JSONDecodeError"), "{}", text(&invocation.payload));
    assert!(bench.call(json!({})).await.is_number());
    bench.functions.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_ends_as_it_is_loaded_is_not_started_for_each_call() {
    let bench = Bench::new();
    let starts = bench.path("starts");
    let code = format!("import os\nopen({:?}, 'a').write('x')\nos._exit(7)\n", starts.display().to_string());
    bench.publish(bench.function("python3.12", "app.handler", "app.py", &code));
    for _ in 0..200 {
        let fault = bench.fault(json!({})).await;
        assert!(fault["errorMessage"].as_str().is_some_and(|text| text.contains("exit status 7")), "{fault}");
    }
    let starts = std::fs::read_to_string(starts).expect("started").len();
    assert!((2..20).contains(&starts), "started {starts} times");
    bench.functions.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_told_apart_from_what_fails() {
    let bench = Bench::new();
    publish(&bench, Duration::from_secs(30));
    let invoke = async |name: &str| {
        let called = bench.functions.invoke(name, "{}".into(), InvocationType::RequestResponse).await;
        called.map(|invocation| invocation.status)
    };
    assert_eq!(invoke("arn:aws:lambda:eu-central-1:000000000000:function:pets:$LATEST").await, Ok(200));
    assert_eq!(invoke("dogs").await, Err(InvokeError::UnknownFunction("dogs".to_owned())));
    assert_eq!(invoke("pets:prod").await, Err(InvokeError::UnknownFunction("pets:prod".to_owned())));
    assert!(matches!(invoke("../pets").await, Err(InvokeError::BadName(_))));
    assert_eq!(invoke("tollgate:echo").await, Ok(200));
    bench.functions.drain().await;
    assert_eq!(invoke("pets").await, Err(InvokeError::Stopping));
}
