//! Functions in JavaScript.

use serde_json::json;

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_may_be_a_module_of_either_kind_in_any_folder() {
    let bench = Bench::new();
    for (file, code) in [
        ("index.js", "exports.handler = async (event) => event.n + 1"),
        ("index.mjs", "export const handler = async (event) => event.n + 1"),
        ("index.cjs", "module.exports = { handler: async (event) => event.n + 1 }"),
        ("deep/er/index.js", "exports.handler = async (event) => event.n + 1"),
    ] {
        let handler = format!("{}index.handler", file.trim_end_matches(|c| c != '/'));
        bench.functions.publish(&[]);
        bench.publish(bench.function("nodejs20.x", &handler, file, code));
        assert_eq!(bench.call(json!({"n": 1})).await, 2, "{file}");
        std::fs::remove_file(bench.path("code").join(file)).expect("removed");
    }
    bench.functions.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_is_given_the_context_of_aws() {
    let bench = Bench::new();
    bench.publish(bench.function(
        "nodejs20.x",
        "index.handler",
        "index.js",
        "exports.handler = async (event, context) => ({ ...context, left: context.getRemainingTimeInMillis() > 0,
           names: Object.keys(process.env) })",
    ));
    let answer = bench.call(json!({})).await;
    for (name, value) in [
        ("functionName", json!("pets")),
        ("functionVersion", json!("$LATEST")),
        ("memoryLimitInMB", json!("256")),
        ("invokedFunctionArn", json!("arn:aws:lambda:eu-central-1:000000000000:function:pets")),
        ("callbackWaitsForEmptyEventLoop", json!(true)),
        ("left", json!(true)),
    ] {
        assert_eq!(answer[name], value, "{name}");
    }
    assert!(!answer["names"].as_array().expect("a list").iter().any(|name| name == "CARGO"));
    bench.functions.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_waits_for_the_event_loop_unless_told_otherwise() {
    let bench = Bench::new();
    bench.publish(bench.function(
        "nodejs20.x",
        "index.handler",
        "index.js",
        "let ticks = 0
         exports.handler = (event, context, callback) => {
           if (event.waits === false) context.callbackWaitsForEmptyEventLoop = false
           if (event.silent) return
           if (event.throws) throw new TypeError('thrown')
           const timer = setInterval(() => { if (++ticks % 3 === 0) clearInterval(timer) }, 5)
           event.fails ? callback(new RangeError('failed')) : callback(null, { get ticks() { return ticks } })
         }",
    ));
    assert_eq!(bench.call(json!({})).await["ticks"], 3);
    assert_eq!(bench.call(json!({"waits": false})).await["ticks"], 3);
    assert_eq!(bench.fault(json!({"fails": true})).await["errorType"], "RangeError");
    assert_eq!(bench.fault(json!({"throws": true})).await["errorMessage"], "thrown");
    assert_eq!(bench.call(json!({"silent": true})).await, json!(null));
    bench.functions.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_handler_throws_is_told_as_lambda_tells_it() {
    let bench = Bench::new();
    bench.publish(bench.function(
        "nodejs20.x",
        "index.handler",
        "index.js",
        "class NoSuchPet extends Error { constructor(m) { super(m); this.name = 'NoSuchPet' } }
         exports.handler = async (event) => {
           if (event.loose) { setTimeout(() => { throw new Error('loose') }, 0); return new Promise(() => {}) }
           if (event.circle) { const a = {}; a.a = a; return a }
           if (event.text) throw 'text'
           throw new NoSuchPet('no such pet')
         }",
    ));
    let fault = bench.fault(json!({})).await;
    assert_eq!((&fault["errorType"], &fault["errorMessage"]), (&json!("NoSuchPet"), &json!("no such pet")));
    assert!(fault["trace"][1].as_str().is_some_and(|frame| frame.contains("index.js")), "{fault}");
    assert_eq!(bench.fault(json!({"circle": true})).await["errorType"], "Runtime.MarshalError");
    assert_eq!(bench.fault(json!({"text": true})).await["errorMessage"], "text");
    assert_eq!(bench.fault(json!({"loose": true})).await["errorType"], "Runtime.UncaughtException");
    // The process that was thrown out of has ended; another one answers.
    assert_eq!(bench.fault(json!({})).await["errorType"], "NoSuchPet");
    bench.functions.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_cannot_be_loaded_says_why() {
    let bench = Bench::new();
    for (handler, code, kind) in [
        ("index.handler", "require('no-such-module')", "Runtime.ImportModuleError"),
        ("other.handler", "", "Runtime.ImportModuleError"),
        ("index.handler", "exports.handler = (", "Runtime.UserCodeSyntaxError"),
        ("index.other", "exports.handler = () => {}", "Runtime.HandlerNotFound"),
        ("index", "", "Runtime.MalformedHandlerName"),
        ("index.handler", "throw new RangeError('at load')", "RangeError"),
    ] {
        bench.functions.publish(&[]);
        bench.publish(bench.function("nodejs20.x", handler, "index.js", code));
        assert_eq!(bench.fault(json!({})).await["errorType"], kind, "{code}");
    }
    bench.functions.drain().await;
}
