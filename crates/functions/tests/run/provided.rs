//! Functions that speak the Runtime API themselves: an executable made with the crate `lambda_runtime`.

use serde_json::json;
use tollgate_functions::{FunctionSettings, InvokeError};

use crate::bench::{Bench, example};

fn echo(bench: &Bench) -> FunctionSettings {
    let settings = bench.function("provided.al2023", "none", "readme.txt", "");
    std::fs::copy(example("echo"), bench.path("code").join("bootstrap")).expect("copied");
    settings
}

#[tokio::test(flavor = "multi_thread")]
async fn an_executable_of_lambdas_own_runtime_crate_runs_unchanged() {
    let bench = Bench::new();
    bench.publish(echo(&bench));
    let answer = bench.call(json!({"pet": "dog"})).await;
    assert_eq!(answer["echo"], json!({"pet": "dog"}));
    assert_eq!(answer["requestId"].as_str().map(str::len), Some(36));
    let fault = bench.fault(json!({"fail": true})).await;
    assert_eq!(fault["errorMessage"], "told to fail");
    assert_eq!(bench.call(json!({"n": 2})).await["echo"]["n"], 2);
    bench.functions.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn code_without_the_executable_cannot_be_started() {
    let bench = Bench::new();
    bench.publish(bench.function("provided.al2023", "none", "readme.txt", ""));
    let refused = bench.try_call(&json!({})).await;
    assert!(matches!(&refused, Err(InvokeError::CannotStart { .. })), "{refused:?}");
    bench.functions.drain().await;
}
