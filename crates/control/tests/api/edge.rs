//! The edge: signatures, unbuilt and unknown operations, bodies that can't be read, health.

use std::sync::Arc;
use std::time::Duration;

use crate::bench::{ACCESS_KEY_ID, Bench, READER, SECRET, text};
use axum::body::Body;
use serde_json::json;
use tower::ServiceExt;

#[tokio::test]
async fn nobody_is_answered_without_a_valid_signature() {
    let bench = Bench::new().await;
    let bare = http::Request::get("/apikeys").body(Body::empty()).expect("a request");
    bench.send(bare).await.refused(403, "MissingAuthenticationTokenException", "Missing Authentication Token");
    let unknown = bench.signed_by("AKIDNOBODY", SECRET, "GET", "/apikeys", "");
    let invalid = "The security token included in the request is invalid.";
    bench.send(unknown).await.refused(403, "UnrecognizedClientException", invalid);
    let forged = bench.send(bench.signed_by(ACCESS_KEY_ID, "guessed", "GET", "/apikeys", "")).await;
    assert_eq!((forged.status, forged.error.as_deref()), (403, Some("InvalidSignatureException")));
    assert!(text(&forged.body, "message").starts_with("The request signature we calculated does not match"));
    let old = bench.signed("GET", "/apikeys", "");
    bench.clock.advance(Duration::from_secs(301));
    let old = bench.send(old).await;
    assert!(text(&old.body, "message").starts_with("Signature expired: 20261122T120000Z is now earlier than"));
}

#[tokio::test]
async fn a_reader_reads_and_changes_nothing() {
    let bench = Bench::new().await;
    bench.send(bench.signed_by(READER, SECRET, "GET", "/apikeys", "")).await.expect(200);
    let refused = bench.send(bench.signed_by(READER, SECRET, "POST", "/apikeys", "{}")).await;
    assert_eq!((refused.status, refused.error.as_deref()), (403, Some("AccessDeniedException")));
}

#[tokio::test]
async fn what_no_operation_has_is_not_found() {
    let bench = Bench::new().await;
    assert_eq!(bench.get("/nowhere").await.status, 404);
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_refused() {
    let bench = Bench::new().await;
    let code = async |body: &str| bench.send(bench.signed("POST", "/apikeys", body)).await.error;
    assert_eq!(code("{").await.as_deref(), Some("SerializationException"));
    assert_eq!(code("[]").await.as_deref(), Some("SerializationException"));
    assert_eq!(code(&"[".repeat(100_000)).await.as_deref(), Some("SerializationException"));
    let long = bench.send(bench.signed("POST", "/apikeys", &" ".repeat((10 << 20) + 1))).await;
    long.refused(413, "RequestEntityTooLargeException", "Request Too Long");
    bench.post("/apikeys", json!({"unknown": {"member": 1}})).await.expect(201);
    let patch = bench.patch("/apikeys/abc", &[("invalid", "/name", "x")]).await;
    patch.refused(
        400,
        "ValidationException",
        "1 validation error detected: Value 'invalid' at 'updateApiKeyInput.patchOperations.1.member.op' failed to \
         satisfy constraint: Member must satisfy enum value set: [add, remove, move, test, replace, copy]",
    );
}

#[tokio::test]
async fn every_answer_has_a_request_id() {
    let bench = Bench::new().await;
    let (good, bad) = (bench.get("/apikeys").await, bench.get("/nowhere").await);
    let (good, bad) = (good.request_id.expect("an id"), bad.request_id.expect("an id"));
    assert_eq!((good.len(), good.split('-').count()), (36, 5));
    assert_ne!(good, bad);
}

#[tokio::test]
async fn health_needs_no_signature() {
    let bench = Bench::new().await;
    let status = async |path: &str| {
        let request = http::Request::get(path).body(Body::empty()).expect("a request");
        bench.control.clone().router().oneshot(request).await.expect("an answer").status().as_u16()
    };
    assert_eq!((status("/healthz").await, status("/readyz").await), (200, 200));
    bench.control.set_ready(false);
    assert_eq!((status("/healthz").await, status("/readyz").await), (200, 503));
}

#[tokio::test]
async fn a_stale_change_is_decided_anew() {
    let bench = Bench::new().await;
    // Another node commits behind this one's back.
    let catalog = bench.control.catalog();
    let account = tollgate_domain::Account { cloudwatch_role_arn: Some("arn:aws:iam::1:role/other".to_owned()) };
    let edit = tollgate_domain::Edit::put(tollgate_domain::Record::Account(account));
    bench.store.commit(catalog.revision, vec![edit]).await.expect("a commit");
    bench.post("/usageplans", json!({"name": "gold"})).await.expect(201);
    let role = bench.get("/account").await.expect(200);
    assert_eq!(role["cloudwatchRoleArn"], json!("arn:aws:iam::1:role/other"));
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_changes_are_all_made() {
    let bench = Arc::new(Bench::new().await);
    let plan = text(&bench.post("/usageplans", json!({"name": "gold"})).await.expect(201), "id");
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..20 {
        let (bench, plan) = (Arc::clone(&bench), plan.clone());
        tasks.spawn(async move {
            let key = bench.key(&format!("key-{n}")).await;
            bench.attach(&plan, &key).await.expect(201);
            bench.post("/restapis", json!({"name": format!("api-{n}")})).await.expect(201);
        });
    }
    tasks.join_all().await;
    let keys = bench.get(&format!("/usageplans/{plan}/keys?limit=500")).await.expect(200);
    assert_eq!(keys["item"].as_array().map(Vec::len), Some(20));
    let apis = bench.get("/restapis?limit=500").await.expect(200);
    assert_eq!(apis["item"].as_array().map(Vec::len), Some(20));
}

#[tokio::test]
async fn a_session_token_is_known_to_nobody() {
    let bench = Bench::new().await;
    let mut request = bench.signed("GET", "/apikeys", "");
    request.headers_mut().insert("x-amz-security-token", http::HeaderValue::from_static("token"));
    let unknown = "The security token included in the request is invalid.";
    bench.send(request).await.refused(403, "UnrecognizedClientException", unknown);
}
