//! Functions in Python.

use serde_json::json;

use crate::bench::{Bench, text};
use tollgate_functions::InvocationType;

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_is_given_the_event_and_the_context_of_aws() {
    let bench = Bench::new();
    bench.publish(bench.function(
        "python3.12",
        "app.handler",
        "app.py",
        r#"
import os
def handler(event, context):
    print("seen", event["n"])
    left = context.get_remaining_time_in_millis()
    return {"n": event["n"] + 1, "name": context.function_name, "arn": context.invoked_function_arn,
            "memory": context.memory_limit_in_mb, "id": len(context.aws_request_id), "left": 0 < left <= 30000,
            "colour": os.environ["COLOUR"], "env": os.environ["AWS_EXECUTION_ENV"], "names": sorted(os.environ)}
"#,
    ));
    let answer = bench.call(json!({"n": 1})).await;
    assert_eq!(answer["n"], 2);
    assert_eq!(answer["arn"], "arn:aws:lambda:eu-central-1:000000000000:function:pets");
    assert_eq!((&answer["name"], &answer["memory"], &answer["id"]), (&json!("pets"), &json!("256"), &json!(36)));
    assert_eq!((&answer["left"], &answer["colour"]), (&json!(true), &json!("red")));
    assert_eq!(answer["env"], "AWS_Lambda_python3.12");
    let names = answer["names"].as_array().expect("a list");
    assert!(!names.iter().any(|name| name.as_str().is_some_and(|name| name.starts_with("CARGO"))), "{names:?}");
    bench.functions.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_handler_raises_is_told_as_lambda_tells_it() {
    let bench = Bench::new();
    bench.publish(bench.function(
        "python3.12",
        "app.handler",
        "app.py",
        "def handler(event, context):\n    if event == 1:\n        return {1, 2}\n    raise ValueError('no such pet')\n",
    ));
    let fault = bench.fault(json!({})).await;
    assert_eq!((&fault["errorType"], &fault["errorMessage"]), (&json!("ValueError"), &json!("no such pet")));
    assert!(fault["stackTrace"][0].as_str().is_some_and(|frame| frame.contains("app.py")), "{fault}");
    assert_eq!(bench.fault(json!(1)).await["errorType"], "Runtime.MarshalError");
    bench.functions.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tail_of_the_log_has_what_the_call_printed() {
    let bench = Bench::new();
    bench.publish(bench.function(
        "python3.12",
        "nested/app.handler",
        "nested/app.py",
        "import sys\ndef handler(event, context):\n    print('out', event)\n    print('err', event, file=sys.stderr)\n",
    ));
    for round in 0..3 {
        let invocation = bench.try_call(&json!(round)).await.expect("called");
        let log = text(&invocation.log_tail);
        for part in ["START RequestId", &format!("out {round}"), &format!("err {round}"), "REPORT RequestId"] {
            assert!(log.contains(part), "{part} is missing in {log}");
        }
        assert_eq!(log.matches("out").count(), 1, "{log}");
    }
    bench.functions.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_cannot_be_loaded_says_why() {
    let bench = Bench::new();
    for (handler, code, kind) in [
        ("app.handler", "import no_such_module\n", "Runtime.ImportModuleError"),
        ("app.handler", "def (", "Runtime.UserCodeSyntaxError"),
        ("app.other", "def handler(event, context): pass\n", "Runtime.HandlerNotFound"),
        ("app", "", "Runtime.MalformedHandlerName"),
        ("app.handler", "raise KeyError('pets')\n", "KeyError"),
    ] {
        // Another handler or another folder is another function; here the code changes alone.
        bench.functions.publish(&[]);
        bench.publish(bench.function("python3.12", handler, "app.py", code));
        assert_eq!(bench.fault(json!({})).await["errorType"], kind, "{code}");
    }
    bench.functions.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_answered_before_it_is_handled_and_a_dry_run_is_not_handled() {
    let bench = Bench::new();
    let done = bench.path("done");
    let code = format!("def handler(event, context):\n    open({:?}, 'a').write(event)\n", done.display().to_string());
    bench.publish(bench.function("python3.12", "app.handler", "app.py", &code));
    let status = async |kind, payload: &'static str| {
        let payload = payload.as_bytes().into();
        bench.functions.invoke("pets", payload, kind).await.expect("taken").status
    };
    assert_eq!(status(InvocationType::DryRun, "\"dry\"").await, 204);
    assert_eq!(status(InvocationType::Event, "\"event\"").await, 202);
    bench.functions.drain().await;
    assert_eq!(std::fs::read_to_string(done).expect("handled"), "event");
}
