//! Whatever is sent is answered: in time, with an answer that blames the sender, and in bounded memory.

use std::fmt::Write;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use serde_json::{Value, json};

use crate::bench::{Answered, Bench, text};
use crate::mutate::Corpus;

/// How long one answer may take. They take milliseconds; a hang takes for ever.
const PATIENCE: Duration = Duration::from_secs(20);
/// The most memory that this process may ever have needed, in kilobytes.
const MEMORY: usize = 768 << 10;

const DOCUMENT_PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    ": ",
    ",",
    "\n",
    "- ",
    "? ",
    "&a ",
    "*a",
    "<<: ",
    "!!binary ",
    "|\n",
    ">-\n",
    "---\n",
    "null",
    "true",
    "-0",
    "1e999",
    "99999999999999999999",
    "0x1f",
    ".inf",
    "\u{feff}",
    "\\ud800",
    "{\"$ref\": \"#\"}",
    "{\"$ref\": \"#/paths\"}",
    "allOf: [",
    "$default",
    "/{a}/{a}",
    "/{proxy+}/x",
    "//",
    "%00",
];
const PATH_PIECES: &[&str] = &[
    "/",
    "//",
    "~",
    "~0",
    "~1",
    "~01",
    "~2",
    "\t",
    "\n",
    "add\t",
    "remove\t",
    "replace\t",
    "copy\t",
    "move\t",
    "test\t",
    "/*/*",
    "/-",
    "/0",
    "{proxy+}",
    "-1",
    "1e999",
    "NaN",
    "99999999999999999999",
    "null",
    "[]",
    "{}",
    "é",
    "\u{0}",
    "(((((((((",
    "a{99999}",
    "${stageVariables.x}",
];
const CELL_PIECES: &[&str] =
    &["\"", "'", ",", "\n", "\r", "\r\n", "\"\"", "' ,", ", \"", "Name", "Key", "true", "\u{0}", "\u{feff}", "é", ";"];
const ARN_PIECES: &[&str] =
    &[":", "/", "::", "arn:", "+", "%", "%2F", "restapis", "stages", "apikeys", "tags", "\u{0}", "é", "..", " "];

/// Asserts that a case is answered.
async fn is_answered(what: &str, number: usize, case: &[u8], answer: impl Future<Output = Answered>) -> u16 {
    let shown = || String::from_utf8_lossy(&case[..case.len().min(2000)]).into_owned();
    let Ok(answer) = tokio::time::timeout(PATIENCE, answer).await else {
        panic!("{what} {number} hangs: {}", shown());
    };
    assert!(answer.status < 500, "{what} {number} is answered {} {}: {}", answer.status, answer.body, shown());
    answer.status
}

#[tokio::test(flavor = "multi_thread")]
async fn any_document_is_imported_or_refused() {
    let bench = Bench::new().await;
    let api = bench.deployed_api("dev").await;
    let corpus = Corpus::read("openapi", DOCUMENT_PIECES);
    let (mut good, mut bad) = (0, 0);
    for number in 0..2_000 {
        let case = corpus.case(number);
        let mode = if number % 2 == 0 { "overwrite" } else { "merge" };
        let put = bench.signed("PUT", &format!("/restapis/{api}?mode={mode}"), &case);
        match is_answered("document", number, &case, bench.send(put)).await {
            200 => good += 1,
            _ => bad += 1,
        }
    }
    assert!(good > 100 && bad > 100, "the cases are neither all good ({good}) nor all bad ({bad})");
    let peak = peak_memory();
    assert!(peak < MEMORY, "the process has needed {peak} kB");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_file_of_keys_is_imported_or_refused() {
    let bench = Bench::new().await;
    let api = bench.deployed_api("dev").await;
    let plan = bench.plan(&api, "dev").await;
    let corpus = Corpus::read("csv", CELL_PIECES).naming("PLAN", &plan);
    for number in 0..1_500 {
        let case = corpus.case(number);
        let import = bench.signed("POST", "/apikeys?mode=import&format=csv", &case);
        is_answered("file of keys", number, &case, bench.send(import)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_arn_is_read_or_refused() {
    let bench = Bench::new().await;
    let api = bench.deployed_api("dev").await;
    let plan = bench.plan(&api, "dev").await;
    let corpus = Corpus::read("arn", ARN_PIECES).naming("API", &api).naming("PLAN", &plan);
    let body = json!({"tags": {"a": "1"}}).to_string();
    for number in 0..1_000 {
        let case = corpus.case(number);
        let path = format!("/tags/{}", percent_encode(&case[..case.len().min(4_000)], NON_ALPHANUMERIC));
        let tag = bench.signed("PUT", &path, &body);
        is_answered("ARN", number, &case, bench.send(tag)).await;
        is_answered("ARN", number, &case, bench.get(&path)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_patch_is_made_or_refused() {
    let bench = Bench::new().await;
    for noun in nouns(&bench).await {
        let corpus = Corpus::of(lines(noun.name), PATH_PIECES).naming("API", &noun.api);
        for number in 0..250 {
            let case = corpus.case(number);
            let patch = bench.signed("PATCH", &noun.path, &operations(&case));
            is_answered(noun.name, number, &case, bench.send(patch)).await;
        }
        let after = bench.get(noun.shown.as_deref().unwrap_or(&noun.path)).await;
        assert_eq!(after.status, 200, "{} is still there: {}", noun.name, after.body);
    }
}

/// Something that can be patched.
struct Noun {
    /// That of its file of operations.
    name: &'static str,
    path: String,
    /// Where it is read, if not where it is patched.
    shown: Option<String>,
    api: String,
}

/// The operations of a file: each alone, and all together.
fn lines(noun: &str) -> Vec<Vec<u8>> {
    let file = format!("{}/tests/corpus/patch/{noun}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(file).expect("a file of operations");
    text.lines().chain([text.as_str()]).map(|seed| seed.as_bytes().to_vec()).collect()
}

/// A PATCH of lines of op, path and value.
fn operations(case: &[u8]) -> String {
    let case = String::from_utf8_lossy(case);
    let operations: Vec<Value> = case
        .lines()
        .map(|line| {
            let mut cells = line.splitn(3, '\t');
            json!({"op": cells.next(), "path": cells.next(), "value": cells.next(), "from": "/canarySettings/x"})
        })
        .collect();
    json!({"patchOperations": operations}).to_string()
}

/// One of each that can be patched.
async fn nouns(bench: &Bench) -> Vec<Noun> {
    let api = bench.deployed_api("dev").await;
    let noun = |name, path: String| Noun { name, path, shown: None, api: api.clone() };
    let made = async |path: &str, body: Value| {
        let made = bench.post(path, body).await;
        assert!(made.status < 300, "{path}: {}", made.body);
        text(&made.body, "id")
    };
    let base = format!("/restapis/{api}");
    let resources = bench.get(&format!("{base}/resources")).await.expect(200);
    let pets = resources["item"].as_array().expect("a list").iter().find(|item| item["path"] == "/pets");
    let method = format!("{base}/resources/{}/methods/GET", text(pets.expect("a resource"), "id"));
    bench.put(&format!("{method}/responses/200"), json!({})).await.expect(201);
    bench.put(&format!("{method}/integration/responses/200"), json!({})).await.expect(201);
    let uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations";
    let source = "method.request.header.Auth";
    let authorizer = json!({"name": "auth", "type": "TOKEN", "authorizerUri": uri, "identitySource": source});
    let authorizer = made(&format!("{base}/authorizers"), authorizer).await;
    let part = json!({"location": {"type": "API"}, "properties": "{}"});
    let part = made(&format!("{base}/documentation/parts"), part).await;
    let quota = json!({"name": "metered", "quota": {"limit": 9, "period": "DAY"}});
    let (plan, metered, key) = (bench.plan(&api, "dev").await, made("/usageplans", quota).await, bench.key("k").await);
    bench.attach(&metered, &key).await.expect(201);
    let certificate = "arn:aws:acm:us-east-1:000000000000:certificate/one";
    let types = json!({"types": ["REGIONAL"]});
    let domain =
        json!({"domainName": "a.example.com", "regionalCertificateArn": certificate, "endpointConfiguration": types});
    bench.post("/domainnames", domain).await.expect(201);
    let mut usage = noun("usage", format!("/usageplans/{metered}/keys/{key}/usage"));
    usage.shown = Some(format!("/usageplans/{metered}/keys/{key}"));
    vec![
        usage,
        noun("account", "/account".to_owned()),
        noun("api-key", format!("/apikeys/{key}")),
        noun("authorizer", format!("{base}/authorizers/{authorizer}")),
        noun("documentation-part", format!("{base}/documentation/parts/{part}")),
        noun("domain-name", "/domainnames/a.example.com".to_owned()),
        noun("gateway-response", format!("{base}/gatewayresponses/THROTTLED")),
        noun("integration", format!("{method}/integration")),
        noun("integration-response", format!("{method}/integration/responses/200")),
        noun("method", method.clone()),
        noun("method-response", format!("{method}/responses/200")),
        noun("model", format!("{base}/models/Error")),
        noun("rest-api", base.clone()),
        noun("stage", format!("{base}/stages/dev")),
        noun("usage-plan", format!("/usageplans/{plan}")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_to_be_large_stays_small() {
    let bench = Bench::new().await;
    let api = bench.deployed_api("dev").await;
    for (number, document) in large_documents().into_iter().enumerate() {
        let put = bench.signed("PUT", &format!("/restapis/{api}?mode=merge"), &document);
        is_answered("large document", number, document.as_bytes(), bench.send(put)).await;
    }
    let peak = peak_memory();
    assert!(peak < MEMORY, "the process has needed {peak} kB");
}

/// Documents of kilobytes that a careless reader makes gigabytes of.
fn large_documents() -> Vec<String> {
    let mut bomb =
        "swagger: '2.0'\ninfo: {title: bomb, version: '1'}\nx0: &x0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = vec![format!("*x{}", level - 1); 10].join(", ");
        writeln!(bomb, "x{level}: &x{level} [{below}]").expect("memory");
    }
    let merges = format!("a: &a {{k: v}}\npaths: {{<<: [{}]}}\n", vec!["*a"; 20_000].join(", "));
    let deep = |open: &str, close: &str| {
        format!("{{\"swagger\": \"2.0\", \"paths\": {}1{}}}", open.repeat(20_000), close.repeat(20_000))
    };
    let path = "/x".repeat(30_000);
    let paths: Vec<_> = (0..5_000).map(|number| format!("\"/a{number}/{{b}}/c\": {{\"get\": {{}}}}")).collect();
    let paths = paths.join(",");
    let digits = "9".repeat(50_000);
    vec![
        bomb,
        merges,
        deep("[", "]"),
        deep("{\"a\":", "}"),
        format!("{{\"swagger\": \"2.0\", \"paths\": {{\"{path}\": {{\"get\": {{}}}}}}}}"),
        format!("{{\"swagger\": \"2.0\", \"paths\": {{{paths}}}}}"),
        format!("{{\"swagger\": \"2.0\", \"info\": {{\"version\": {digits}}}, \"paths\": {{}}}}"),
    ]
}

/// The most memory that this process has needed, in kilobytes; 0 where the system does not tell.
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}
