//! What an operator asks of a node: who uses most, what is wrong, why a call was refused.

use axum::body::Body;
use serde_json::{Value, json};
use tollgate_domain::{ApiKeyId, BucketState, RefusalLevel, RefusedCall, Settlement, Traffic, UsageDelta, UsagePlanId};

use crate::bench::{ACCESS_KEY_ID, Bench, NOW, Told, text};

impl Bench {
    /// Counts calls of today, as the gateway does.
    async fn used(&self, plan: &str, key: &str, calls: u64) {
        let plan = UsagePlanId::parse(plan).expect("an id");
        let key = ApiKeyId::parse(key).expect("an id");
        let usage = vec![UsageDelta { plan, key, day: NOW.day(), calls }];
        let round = Settlement { usage, source: self.next_source(), ..Settlement::default() };
        self.store.settle(round).await.expect("settled");
    }
}

fn refused(request_id: &str, level: RefusalLevel) -> RefusedCall {
    RefusedCall {
        request_id: request_id.to_owned(),
        at: NOW,
        status: 429,
        level,
        reason: "throttled".to_owned(),
        api: None,
        stage: None,
        verb: "GET".to_owned(),
        path: "/pets".to_owned(),
        resource_path: None,
        key: None,
        unknown_value: None,
        plan: None,
        retry_after_secs: Some(2),
        bucket: Some(BucketState { burst: 20, left: 0, full_in_millis: 2000 }),
        quota: None,
    }
}

#[tokio::test]
async fn the_busiest_are_told_with_their_names() {
    let bench = Bench::new().await;
    let api = bench.deployed_api("dev").await;
    let plan = bench.plan(&api, "dev").await;
    let (quiet, busy) = (bench.key("quiet").await, bench.key("busy").await);
    bench.used(&plan, &quiet, 3).await;
    bench.used(&plan, &busy, 7).await;
    let busiest = bench.get("/tollgate/v1/busiest").await.expect(200);
    assert_eq!(busiest["day"], json!("2026-11-22"));
    assert_eq!(busiest["plans"], json!([{"usagePlanId": plan, "name": "gold", "calls": 10, "keys": 2}]));
    let names: Vec<&Value> = busiest["keys"].as_array().expect("keys").iter().map(|key| &key["name"]).collect();
    assert_eq!(names, [&json!("busy"), &json!("quiet")]);
}

#[tokio::test]
async fn keys_near_their_quota_are_told_by_what_they_may_use() {
    let bench = Bench::new().await;
    let quota = json!({"name": "small", "quota": {"limit": 10, "period": "DAY"}});
    let plan = text(&bench.post("/usageplans", quota).await.expect(201), "id");
    let (near, far) = (bench.key("near").await, bench.key("far").await);
    for key in [&near, &far] {
        bench.attach(&plan, key).await.expect(201);
    }
    bench.used(&plan, &near, 8).await;
    bench.used(&plan, &far, 7).await;
    let told = async || bench.get("/tollgate/v1/near-quota").await.expect(200)["item"].clone();
    let item = told().await;
    assert_eq!(item.as_array().map(Vec::len), Some(1), "{item}");
    assert_eq!((&item[0]["name"], &item[0]["used"], &item[0]["limit"]), (&json!("near"), &json!(8), &json!(10)));
    assert_eq!(item[0]["resetsOn"], json!("2026-11-23"));
    // An extended quota is not near its end.
    bench
        .patch(&format!("/usageplans/{plan}/keys/{near}/usage"), &[("replace", "/remaining", "100")])
        .await
        .expect(200);
    assert_eq!(told().await, json!([]));
}

#[tokio::test]
async fn an_extension_is_kept_with_its_reason() {
    let bench = Bench::new().await;
    let quota = json!({"name": "small", "quota": {"limit": 10, "period": "DAY"}});
    let plan = text(&bench.post("/usageplans", quota).await.expect(201), "id");
    let key = bench.key("joe").await;
    bench.attach(&plan, &key).await.expect(201);
    let body = json!({"patchOperations": [{"op": "replace", "path": "/remaining", "value": "50"}]}).to_string();
    let mut request = bench.signed("PATCH", &format!("/usageplans/{plan}/keys/{key}/usage"), &body);
    request.headers_mut().insert("x-tollgate-reason", "Gr%C3%B6%C3%9Fer".parse().expect("a header"));
    bench.send(request).await.expect(200);
    let kept = bench.get(&format!("/tollgate/v1/usageplans/{plan}/extensions")).await.expect(200);
    let expected = json!([{
        "keyId": key, "keyName": "joe", "at": NOW.0, "remaining": 50, "author": ACCESS_KEY_ID, "reason": "Größer"
    }]);
    assert_eq!(kept["item"], expected);
}

#[tokio::test]
async fn what_is_wrong_is_told_until_it_is_mended() {
    let bench = Bench::new().await;
    let kinds = async || {
        let found = bench.get("/tollgate/v1/findings").await.expect(200);
        let items = found["item"].as_array().expect("items").clone();
        items.iter().map(|item| text(item, "kind")).collect::<Vec<_>>()
    };
    assert!(kinds().await.is_empty());
    let api = bench.deployed_api("dev").await;
    let plan = bench.plan(&api, "dev").await;
    let key = bench.key("loose").await;
    assert_eq!(kinds().await, ["UnlimitedPlan", "KeyInNoPlan"]);
    bench.attach(&plan, &key).await.expect(201);
    bench
        .patch(&format!("/usageplans/{plan}"), &[("replace", "/quota/limit", "5"), ("replace", "/quota/period", "DAY")])
        .await
        .expect(200);
    assert!(kinds().await.is_empty());
    let resources = bench.get(&format!("/restapis/{api}/resources")).await.expect(200);
    let pets = resources["item"].as_array().expect("items").iter().find(|item| item["path"] == "/pets").cloned();
    let method = format!("/restapis/{api}/resources/{}/methods/GET", text(&pets.expect("a resource"), "id"));
    bench.patch(&method, &[("replace", "/apiKeyRequired", "false")]).await.expect(200);
    assert_eq!(kinds().await, ["UndeployedKeyRequirement"]);
    bench.post(&format!("/restapis/{api}/deployments"), json!({"stageName": "dev"})).await.expect(201);
    let found = bench.get("/tollgate/v1/findings").await.expect(200);
    let expected = json!([{
        "kind": "StageWithOpenMethods", "apiId": api, "apiName": "pets", "stage": "dev", "methods": ["GET /pets"],
        "all": true, "plans": [plan]
    }]);
    assert_eq!(found["item"], expected);
}

#[tokio::test]
async fn a_refusal_is_explained_and_a_disabled_key_named() {
    let bench = Bench::new().await;
    let created = bench.post("/apikeys", json!({"name": "joe", "enabled": false})).await.expect(201);
    let digest = bench.store.secrets().digester().digest(text(&created, "value").as_bytes());
    let disabled =
        RefusedCall { unknown_value: Some(digest), retry_after_secs: None, ..refused("r-2", RefusalLevel::Key) };
    *bench.gate.refusals.lock().expect("a lock") = vec![refused("r-1", RefusalLevel::PlanThrottle), disabled];
    let one = bench.get("/tollgate/v1/refusals/r-1").await.expect(200);
    assert_eq!((&one["level"], &one["clearsAt"]), (&json!("plan-throttle"), &json!(NOW.0 + 2000)));
    assert_eq!(one["bucket"], json!({"burstLimit": 20, "tokens": 0, "fullInMillis": 2000}));
    let other = bench.get("/tollgate/v1/refusals/r-2").await.expect(200);
    let named = (&other["reason"], &other["keyName"], &other["keyEnabled"]);
    assert_eq!(named, (&json!("the key is disabled"), &json!("joe"), &json!(false)));
    let listed = bench.get("/tollgate/v1/refusals?level=key").await.expect(200);
    assert_eq!(listed["item"].as_array().map(Vec::len), Some(1));
    assert_eq!(bench.get("/tollgate/v1/refusals/r-9").await.status, 404);
}

#[tokio::test]
async fn traffic_is_told_reading_by_reading() {
    let bench = Bench::new().await;
    bench.control.sample_traffic();
    *bench.gate.traffic.lock().expect("a lock") =
        Traffic { by_class: [0, 7, 0, 3, 1], refused: 3, throttled: 2, quota_exceeded: 1, latency: [1; 18] };
    bench.clock.advance(std::time::Duration::from_secs(1));
    bench.control.sample_traffic();
    let traffic = bench.get("/tollgate/v1/traffic").await.expect(200);
    assert_eq!(traffic["readings"].as_array().map(Vec::len), Some(2));
    let last = json!({
        "at": NOW.0 + 1000, "answered": 11, "admitted": 8, "throttled": 2, "quotaExceeded": 1, "refused": 3,
        "clientErrors": 3, "serverErrors": 1, "latency": vec![1; 18]
    });
    assert_eq!(traffic["readings"][1], last);
    assert_eq!(traffic["latencyBoundsMicros"].as_array().map(Vec::len), Some(17));
    let since = bench.get(&format!("/tollgate/v1/traffic?since={}", NOW.0)).await.expect(200);
    assert_eq!(since["readings"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_stage_is_called_with_a_key_of_ones_choice() {
    let bench = Bench::new().await;
    let api = bench.deployed_api("dev").await;
    let key = bench.key("joe").await;
    let call = json!({"apiId": api, "stage": "dev", "method": "GET", "path": "/pets?x=1", "keyId": key});
    let answer = bench.post("/tollgate/v1/stage-calls", call.clone()).await.expect(200);
    let said = format!("GET /restapis/{api}/dev/_user_request_/pets?x=1 Some(\"a key\")");
    assert_eq!((&answer["status"], &answer["body"]), (&json!(200), &json!(said)));
    let with = |member: &str, value: Value| {
        let mut changed = call.clone();
        changed[member] = value;
        changed
    };
    for (body, status) in [
        (with("stage", json!("prod")), 404),
        (with("apiId", json!("../../x")), 404),
        (with("path", json!("pets")), 400),
        (with("method", json!("G ET")), 400),
        (with("path", json!("/pets\r\nx: y")), 400),
        (with("keyId", json!("nobody")), 404),
        (with("headers", json!({"host": "elsewhere"})), 400),
    ] {
        assert_eq!(bench.post("/tollgate/v1/stage-calls", body.clone()).await.status, status, "{body}");
    }
}

#[tokio::test]
async fn a_node_within_runs_the_operations_of_aws_alone() {
    let bench = Bench::new().await;
    let outcome = bench.control.perform(http::Method::POST, "/tollgate/v1/console-links", None).await;
    assert_eq!(outcome.expect_err("no operation").status, 404);
    let unsigned = http::Request::get("/tollgate/v1/findings").body(Body::empty()).expect("a request");
    assert_eq!(bench.send(unsigned).await.status, 403);
}

#[tokio::test]
async fn a_key_is_issued_in_a_plan_or_not_at_all() {
    let bench = Bench::new().await;
    let plan = text(&bench.post("/usageplans", json!({"name": "free"})).await.expect(201), "id");
    let path = format!("/tollgate/v1/usageplans/{plan}/keys");
    let made = bench.post(&path, json!({"name": "Zoë 🦊", "customerId": "c-1"})).await.expect(201);
    assert_eq!((&made["name"], &made["enabled"], &made["customerId"]), (&json!("Zoë 🦊"), &json!(true), &json!("c-1")));
    let joined = bench.get(&format!("/usageplans/{plan}/keys/{}", text(&made, "id"))).await.expect(200);
    assert_eq!(joined["value"], made["value"]);
    // The gate knows the key when it is answered.
    let id = ApiKeyId::parse(&text(&made, "id")).expect("an id");
    let plans = vec![UsagePlanId::parse(&plan).expect("an id")];
    assert!(bench.told().contains(&Told::PutKey { id, enabled: true, plans }));

    let missing = bench.post("/tollgate/v1/usageplans/nope/keys", json!({"name": "lost"})).await;
    missing.refused(404, "NotFoundException", "Invalid Usage Plan ID specified");
    let chosen = bench.post(&path, json!({"name": "lost", "value": "a-value-of-ones-own-choice"})).await;
    chosen.refused(400, "BadRequestException", "The value of a key that is issued cannot be chosen");
    let long = bench.post(&path, json!({"name": "n".repeat(1025)})).await;
    long.refused(400, "BadRequestException", "Invalid API Key name, can be at most 1024 characters.");
    let keys = bench.get("/apikeys").await.expect(200);
    assert_eq!(keys["item"].as_array().map(Vec::len), Some(1), "{keys}");
}
