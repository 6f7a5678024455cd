//! What another gateway has is taken in under the ids that it has there.

use serde_json::{Value, json};
use tollgate_domain::{ApiKeyId, UsagePlanId};

use crate::bench::{Bench, Told, text};

const VALUE: &str = "the value of a key of elsewhere";

/// An API of elsewhere: one method, deployed as the stage `prod`.
fn api(name: &str, deployment: &str, paths: &[&str]) -> Value {
    let method = json!({"get": {
        "responses": {"200": {"description": ""}},
        "security": [{"api_key": []}],
        "x-amazon-apigateway-integration": {"type": "http_proxy", "httpMethod": "GET", "uri": "http://127.0.0.1:1/"},
    }});
    let paths: Value =
        paths.iter().map(|path| ((*path).to_owned(), method.clone())).collect::<serde_json::Map<_, _>>().into();
    let key = json!({"type": "apiKey", "name": "x-api-key", "in": "header"});
    let document = json!({
        "openapi": "3.0.1", "info": {"title": name, "version": "1"}, "paths": paths,
        "components": {"securitySchemes": {"api_key": key}},
    });
    json!({
        "restApi": {
            "id": "moved12345", "name": name, "createdDate": 1_600_000_000, "rootResourceId": "rootabc123",
            "policy": r#"{\"Version\":\"2012-10-17\",\"Statement\":[]}"#, "tags": {"team": "pets"},
        },
        "deployments": [{"id": deployment, "createdDate": 1_600_000_100, "document": document}],
        "stages": [{
            "stageName": "prod", "deploymentId": deployment, "variables": {"a": "b"}, "createdDate": 1_600_000_200,
            "methodSettings": {"*/*": {"throttlingRateLimit": 5.0, "throttlingBurstLimit": 2}},
        }],
    })
}

fn plan() -> Value {
    json!({
        "id": "plan12", "name": "gold", "apiStages": [{"apiId": "moved12345", "stage": "prod"}],
        "quota": {"limit": 100, "offset": 0, "period": "MONTH"}, "throttle": {"rateLimit": 10.0, "burstLimit": 5},
    })
}

fn keys(value: &str) -> Value {
    json!({"apiKeys": [{
        "id": "keyabc1234", "value": value, "name": "joe", "enabled": true, "createdDate": 1_600_000_000,
        "stageKeys": ["moved12345/prod"], "customerId": "c1", "tags": {"a": "b"}, "usagePlanIds": ["plan12"],
    }]})
}

impl Bench {
    /// Imports something, and returns what was done about it: a word, and the members that it is about.
    async fn import(&self, path: &str, body: Value) -> (String, Vec<String>) {
        let answer = self.put(&format!("/tollgate/v1/import{path}"), body).await.expect(200);
        let change = &answer["changes"][0];
        let members = change["members"].as_array().cloned().unwrap_or_default();
        (text(change, "change"), members.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect())
    }

    async fn imported(&self) {
        self.import("/restapis/moved12345", api("pets", "dep001", &["/pets"])).await;
        self.import("/usageplans/plan12", plan()).await;
        self.import("/apikeys", keys(VALUE)).await;
    }
}

fn did(word: &str, members: &[&str]) -> (String, Vec<String>) {
    (word.to_owned(), members.iter().map(ToString::to_string).collect())
}

#[tokio::test]
async fn an_api_comes_with_its_id_its_deployments_and_its_stages() {
    let bench = Bench::new().await;
    let (path, first) = ("/restapis/moved12345", api("pets", "dep001", &["/pets"]));
    assert_eq!(bench.import(&format!("{path}?dryRun=true"), first.clone()).await, did("make", &[]));
    bench.get(path).await.refused(404, "NotFoundException", "Invalid API identifier specified 000000000000:moved12345");
    assert_eq!(bench.import(path, first.clone()).await, did("make", &[]));
    assert_eq!(bench.import(path, first).await, did("none", &[]));

    let api_here = bench.get(path).await.expect(200);
    assert_eq!((&api_here["rootResourceId"], &api_here["createdDate"]), (&json!("rootabc123"), &json!(1_600_000_000)));
    assert_eq!(api_here["policy"], json!(r#"{\"Version\":\"2012-10-17\",\"Statement\":[]}"#));
    let stage = bench.get("/restapis/moved12345/stages/prod").await.expect(200);
    assert_eq!((&stage["deploymentId"], &stage["variables"]), (&json!("dep001"), &json!({"a": "b"})));
    assert_eq!(stage["methodSettings"]["*/*"]["throttlingBurstLimit"], json!(2));

    let second = api("pets", "dep002", &["/pets", "/cats"]);
    let changed = ["methods", "deployment dep002", "stage prod"];
    assert_eq!(bench.import(&format!("{path}?dryRun=true"), second.clone()).await, did("change", &changed));
    assert_eq!(bench.import(path, second.clone()).await, did("change", &changed));
    assert_eq!(bench.import(path, second).await, did("none", &[]));
    let deployments = bench.get("/restapis/moved12345/deployments").await.expect(200);
    assert_eq!(deployments["item"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn an_api_that_cannot_be_served_changes_nothing() {
    let bench = Bench::new().await;
    let path = "/tollgate/v1/import/restapis/moved12345";
    bench.put(path, api("pets", "dep001", &[])).await.refused(
        400,
        "BadRequestException",
        "The REST API doesn't contain any methods",
    );
    let mut wrong = api("pets", "dep001", &["/pets"]);
    wrong["stages"][0]["deploymentId"] = json!("gone");
    assert_eq!(bench.put(path, wrong).await.status, 400);
    assert_eq!(bench.get("/restapis").await.expect(200)["item"], json!([]));
}

#[tokio::test]
async fn another_api_of_the_same_id_is_overwritten_only_on_request() {
    let bench = Bench::new().await;
    bench.imported().await;
    let other = api("shop", "dep009", &["/goods"]);
    assert_eq!(bench.import("/restapis/moved12345?dryRun=true", other.clone()).await.0, "clash");
    bench.put("/tollgate/v1/import/restapis/moved12345", other.clone()).await.refused(
        409,
        "ConflictException",
        r#"This is here already, as something else: moved12345: it is called "pets" here and "shop" there"#,
    );
    assert_eq!(bench.import("/restapis/moved12345?overwrite=true", other).await.0, "change");
    assert_eq!(bench.get("/restapis/moved12345").await.expect(200)["name"], json!("shop"));
}

#[tokio::test]
async fn a_plan_needs_its_stages_and_is_changed_where_it_differs() {
    let bench = Bench::new().await;
    assert_eq!(bench.import("/usageplans/plan12?dryRun=true", plan()).await, did("make", &[]));
    assert_eq!(bench.put("/tollgate/v1/import/usageplans/plan12", plan()).await.status, 404);
    bench.imported().await;
    assert_eq!(bench.import("/usageplans/plan12", plan()).await, did("none", &[]));
    bench.told();
    let mut larger = plan();
    larger["quota"]["limit"] = json!(200);
    larger["productCode"] = json!("prod-1");
    assert_eq!(bench.import("/usageplans/plan12", larger.clone()).await, did("change", &["quota", "productCode"]));
    let id = UsagePlanId::parse("plan12").expect("an id");
    assert!(bench.told().contains(&Told::Recall(id, None)), "new limits hold at once");
    assert_eq!(bench.import("/usageplans/plan12", larger).await, did("none", &[]));
}

#[tokio::test]
async fn keys_come_with_their_values_and_plans_and_callers_are_known_at_once() {
    let bench = Bench::new().await;
    bench.imported().await;
    let (id, plan) = (ApiKeyId::parse("keyabc1234").expect("an id"), UsagePlanId::parse("plan12").expect("an id"));
    assert!(bench.told().contains(&Told::PutKey { id, enabled: true, plans: vec![plan] }));
    let key = bench.get("/apikeys/keyabc1234?includeValue=true").await.expect(200);
    assert_eq!((&key["value"], &key["customerId"]), (&json!(VALUE), &json!("c1")));
    assert_eq!((&key["stageKeys"], &key["tags"]), (&json!(["moved12345/prod"]), &json!({"a": "b"})));
    assert_eq!(key["createdDate"], json!(1_600_000_000));
    assert_eq!(bench.import("/apikeys", keys(VALUE)).await, did("none", &[]));
    let mut off = keys(VALUE);
    off["apiKeys"][0]["enabled"] = json!(false);
    assert_eq!(bench.import("/apikeys", off).await, did("change", &["enabled"]));
}

#[tokio::test]
async fn keys_that_clash_are_told_and_none_is_put() {
    let bench = Bench::new().await;
    bench.imported().await;
    let mut both = keys("another value of this key");
    let other = json!({"id": "other12345", "value": VALUE, "enabled": true});
    let fine = json!({"id": "fine123456", "value": "a value that nobody has yet", "enabled": true});
    both["apiKeys"].as_array_mut().expect("keys").extend([other, fine]);
    let answer = bench.put("/tollgate/v1/import/apikeys?dryRun=true", both.clone()).await.expect(200);
    let told: Vec<_> = answer["changes"].as_array().expect("changes").iter().map(|one| text(one, "change")).collect();
    assert_eq!(told, ["clash", "clash", "make"]);
    bench.put("/tollgate/v1/import/apikeys", both).await.refused(
        409,
        "ConflictException",
        "This is here already, as something else: keyabc1234: the key of this id has another value here; other12345: \
         its value is that of the key keyabc1234 here",
    );
    assert_eq!(bench.get("/apikeys/fine123456").await.status, 404);
}

#[tokio::test]
async fn a_key_joins_no_second_plan_of_a_stage() {
    let bench = Bench::new().await;
    bench.imported().await;
    let silver = json!({"id": "plan34", "name": "silver", "apiStages": [{"apiId": "moved12345", "stage": "prod"}]});
    bench.import("/usageplans/plan34", silver).await;
    let mut two = keys(VALUE);
    two["apiKeys"][0]["usagePlanIds"] = json!(["plan34"]);
    bench.put("/tollgate/v1/import/apikeys", two).await.refused(
        409,
        "ConflictException",
        "This is here already, as something else: keyabc1234: it is in the plan plan12 here, which covers a stage of \
         the plan plan34: moved12345:prod",
    );
}

#[tokio::test]
async fn what_was_used_elsewhere_is_used_here_and_what_is_left_there_is_left_here() {
    let bench = Bench::new().await;
    bench.imported().await;
    let used = json!({"keys": {"keyabc1234": {"days": {"2026-11-03": 10, "2026-11-22": 5}, "remaining": 85}}});
    let path = "/usageplans/plan12/usage";
    assert_eq!(bench.import(&format!("{path}?dryRun=true"), used.clone()).await, did("change", &["usage"]));
    assert_eq!(bench.import(path, used.clone()).await, did("change", &["usage"]));
    assert_eq!(bench.import(path, used).await, did("none", &[]));
    let range = "keyId=keyabc1234&startDate=2026-11-21&endDate=2026-11-22";
    let usage = bench.get(&format!("/usageplans/plan12/usage?{range}")).await.expect(200);
    assert_eq!(usage["values"], json!({"keyabc1234": [[0, 90], [5, 85]]}));
}

#[tokio::test]
async fn a_reader_imports_nothing() {
    let bench = Bench::new().await;
    let request = bench.signed_by(
        crate::bench::READER,
        crate::bench::SECRET,
        "PUT",
        "/tollgate/v1/import/apikeys?dryRun=true",
        r#"{"apiKeys": []}"#,
    );
    assert_eq!(bench.send(request).await.status, 403);
}

#[tokio::test]
async fn what_does_not_read_is_refused_and_changes_nothing() {
    let bench = Bench::new().await;
    bench.imported().await;
    let before = bench.get("/apikeys?includeValues=true").await.expect(200);
    let usage = |told: Value| json!({"keys": {"keyabc1234": told}});
    let mut bad_root = api("pets", "dep002", &["/pets"]);
    bad_root["restApi"]["rootResourceId"] = json!("a/b");
    let mut no_document = api("pets", "dep002", &["/pets"]);
    no_document["deployments"][0]["document"] = Value::Null;
    let mut bad_stage = api("pets", "dep002", &["/pets"]);
    bad_stage["stages"][0]["methodSettings"]["*/*"]["throttlingRateLimit"] = json!("fast");
    for (path, body) in [
        ("apikeys", json!({"apiKeys": [1]})),
        ("apikeys", json!({"apiKeys": vec![json!({}); 1001]})),
        ("apikeys", json!({"apiKeys": [{"id": "keyabc1234", "tags": {"a": 1}}]})),
        ("usageplans/plan12/usage", usage(json!({"days": {"yesterday": 1}}))),
        ("usageplans/plan12/usage", usage(json!({"days": {"2026-11-22": -1}}))),
        ("usageplans/plan12/usage", usage(json!({"days": {"2026-11-22": 9e15}}))),
        ("usageplans/plan12/usage", usage(json!({"days": {}, "remaining": 8e15}))),
        ("usageplans/an-id-that-is-too-long", plan()),
        ("usageplans/plan12", json!({"name": "gold", "quota": {"limit": 0, "period": "DAY"}})),
        ("restapis/a.b", api("pets", "dep002", &["/pets"])),
        ("restapis/moved12345", api("pets", "", &["/pets"])),
        ("restapis/moved12345", bad_root),
        ("restapis/moved12345", no_document),
        ("restapis/moved12345", bad_stage),
        ("restapis/moved12345", json!([])),
    ] {
        let answer = bench.put(&format!("/tollgate/v1/import/{path}"), body.clone()).await;
        assert_eq!(answer.status, 400, "{path} {body}: {}", answer.body);
    }
    // A key without an id or a value is no key, and told as a clash.
    assert_eq!(bench.put("/tollgate/v1/import/apikeys", json!({"apiKeys": [{}]})).await.status, 409);
    assert_eq!(bench.get("/apikeys?includeValues=true").await.expect(200), before);
    assert_eq!(bench.import("/restapis/moved12345", api("pets", "dep001", &["/pets"])).await, did("none", &[]));
}
