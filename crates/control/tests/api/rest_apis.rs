//! APIs, their trees, deployments and stages, through the signed API.

use crate::bench::{Bench, text};
use serde_json::json;

const BAD: &str = "BadRequestException";
const MISSING: &str = "NotFoundException";

#[tokio::test]
async fn an_api_lives_from_creation_to_deletion() {
    let bench = Bench::new().await;
    let made = bench.post("/restapis", json!({"name": "pets", "version": "1"})).await.expect(201);
    let (id, root) = (text(&made, "id"), text(&made, "rootResourceId"));
    assert_eq!(
        made,
        json!({
            "id": id, "name": "pets", "version": "1", "createdDate": 1_795_348_800, "apiKeySource": "HEADER",
            "disableExecuteApiEndpoint": false, "endpointConfiguration": {"types": ["EDGE"], "ipAddressType": "ipv4"},
            "rootResourceId": root
        })
    );
    let path = format!("/restapis/{id}");
    assert_eq!(bench.get(&path).await.expect(200)["tags"], json!({}));
    assert_eq!(bench.get("/restapis").await.expect(200)["item"][0]["id"], json!(id));
    assert_eq!(bench.patch(&path, &[("replace", "/name", "cats")]).await.expect(200)["name"], json!("cats"));
    bench.delete(&path).await.expect(202);
    let gone = format!("Invalid API identifier specified 000000000000:{id}");
    bench.get(&path).await.refused(404, MISSING, &gone);
    bench.get(&path.to_uppercase().replace("RESTAPIS", "restapis")).await.error.expect("an error");
    bench.get(&format!("{path}/resources/{root}")).await.refused(404, MISSING, "Invalid Resource identifier specified");
}

#[tokio::test]
async fn a_tree_is_built_shown_and_moved() {
    let bench = Bench::new().await;
    let api = bench.post("/restapis", json!({"name": "pets"})).await.expect(201);
    let (id, root) = (text(&api, "id"), text(&api, "rootResourceId"));
    let resources = format!("/restapis/{id}/resources");
    let pets = bench.post(&format!("{resources}/{root}"), json!({"pathPart": "pets"})).await.expect(201);
    let one = bench.post(&format!("{resources}/{}", text(&pets, "id")), json!({"pathPart": "{id}"})).await.expect(201);
    assert_eq!((&one["path"], &one["parentId"]), (&json!("/pets/{id}"), &pets["id"]));
    assert_eq!(bench.get(&format!("{resources}/{root}")).await.expect(200), json!({"id": root, "path": "/"}));
    let method = format!("{resources}/{}/methods/GET", text(&one, "id"));
    bench.put(&method, json!({"authorizationType": "NONE"})).await.expect(201);
    let plain = bench.get(&format!("{resources}/{}", text(&one, "id"))).await.expect(200);
    assert_eq!(plain["resourceMethods"], json!({"GET": {}}));
    let full = bench.get(&format!("{resources}?embed=methods")).await.expect(200);
    let full = full["item"].as_array().expect("a list").iter().find(|it| it["id"] == one["id"]).expect("it").clone();
    assert_eq!(full["resourceMethods"]["GET"]["authorizationType"], json!("NONE"));
    let renamed = format!("{resources}/{}", text(&pets, "id"));
    assert_eq!(bench.patch(&renamed, &[("replace", "/pathPart", "cats")]).await.expect(200)["path"], json!("/cats"));
    assert_eq!(bench.get(&format!("{resources}/{}", text(&one, "id"))).await.expect(200)["path"], json!("/cats/{id}"));
    let clash = "Another resource with the same parent already has this name: cats";
    let twice = bench.post(&format!("{resources}/{root}"), json!({"pathPart": "cats"})).await;
    twice.refused(409, "ConflictException", clash);
    bench.delete(&renamed).await.expect(202);
    bench.get(&method).await.refused(404, MISSING, "Invalid Resource identifier specified");
}

#[tokio::test]
async fn methods_integrations_and_their_responses_live_together() {
    let bench = Bench::new().await;
    let api = bench.post("/restapis", json!({"name": "pets"})).await.expect(201);
    let (id, root) = (text(&api, "id"), text(&api, "rootResourceId"));
    let method = format!("/restapis/{id}/resources/{root}/methods/GET");
    let made = bench.put(&method, json!({"authorizationType": "NONE", "apiKeyRequired": true})).await.expect(201);
    assert_eq!(made, json!({"httpMethod": "GET", "authorizationType": "NONE", "apiKeyRequired": true}));
    let again = bench.put(&method, json!({"authorizationType": "NONE"})).await;
    again.refused(409, "ConflictException", "Method already exists for this resource");
    let patched = bench.patch(&method, &[("replace", "/apiKeyRequired", "false")]).await.expect(200);
    assert_eq!(patched["apiKeyRequired"], json!(false));

    let response = format!("{method}/responses/200");
    let models = json!({"responseModels": {"application/json": "Empty"}});
    bench.put(&response, models).await.expect(201);
    assert_eq!(bench.get(&response).await.expect(200)["statusCode"], json!("200"));
    let header = ("add", "/responseParameters/method.response.header.x", "true");
    bench.patch(&response, &[header]).await.expect(201);
    bench.get(&format!("{method}/responses/404")).await.refused(404, MISSING, "Invalid Response status code specified");
    let constraint = "1 validation error detected: Value 'wrong' at 'statusCode' failed to satisfy constraint: Member \
                      must satisfy regular expression pattern: [1-5]\\d\\d";
    bench.get(&format!("{method}/responses/wrong")).await.refused(400, "ValidationException", constraint);

    let integration = format!("{method}/integration");
    bench.get(&integration).await.refused(404, MISSING, "Invalid Integration identifier specified");
    let put = json!({"type": "HTTP_PROXY", "httpMethod": "GET", "uri": "http://localhost:9000/{proxy}"});
    let made = bench.put(&integration, put).await.expect(201);
    assert_eq!((&made["timeoutInMillis"], &made["cacheNamespace"]), (&json!(29_000), &json!(root)));
    let patched = bench.patch(&integration, &[("replace", "/timeoutInMillis", "500")]).await.expect(200);
    assert_eq!(patched["timeoutInMillis"], json!(500));
    let mapped = format!("{integration}/responses/200");
    bench.put(&mapped, json!({"selectionPattern": "2\\d{2}"})).await.expect(201);
    bench.patch(&mapped, &[("replace", "/selectionPattern", "")]).await.expect(200);
    assert_eq!(bench.get(&mapped).await.expect(200), json!({"statusCode": "200"}));
    let whole = bench.get(&method).await.expect(200);
    assert_eq!(whole["methodIntegration"]["integrationResponses"], json!({"200": {"statusCode": "200"}}));
    assert!(
        whole["methodResponses"]["200"]["responseParameters"]["method.response.header.x"].as_bool().expect("a flag")
    );

    bench.delete(&mapped).await.expect(204);
    bench.delete(&integration).await.expect(204);
    bench.delete(&response).await.expect(204);
    bench.delete(&method).await.expect(204);
    bench.get(&integration).await.refused(404, MISSING, "Invalid Method identifier specified");
    bench.put(&method.replace("GET", "GOT"), json!({"authorizationType": "NONE"})).await.refused(
        400,
        BAD,
        "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY",
    );
}

#[tokio::test]
async fn a_deployment_is_a_snapshot_under_a_stage() {
    let bench = Bench::new().await;
    let api = bench.deployed_api("dev").await;
    let stage = bench.get(&format!("/restapis/{api}/stages/dev")).await.expect(200);
    let deployments = format!("/restapis/{api}/deployments");
    let first = text(&stage, "deploymentId");
    let summary = bench.get(&format!("{deployments}/{first}?embed=apisummary")).await.expect(200);
    let expected = json!({"/pets": {"GET": {"authorizationType": "NONE", "apiKeyRequired": true}}});
    assert_eq!(summary["apiSummary"], expected);
    let tree = bench.get(&format!("/restapis/{api}/resources")).await.expect(200);
    let pets = tree["item"].as_array().expect("a list").iter().find(|it| it["path"] == "/pets").expect("it").clone();
    let method = format!("/restapis/{api}/resources/{}/methods/GET", text(&pets, "id"));
    bench.patch(&method, &[("replace", "/apiKeyRequired", "false")]).await.expect(200);
    let after = bench.get(&format!("{deployments}/{first}?embed=apisummary")).await.expect(200);
    assert_eq!(after["apiSummary"], expected, "a later edit does not reach a deployment");
    let second = bench.post(&deployments, json!({"stageName": "dev", "description": "two"})).await.expect(201);
    assert_eq!(bench.get(&format!("/restapis/{api}/stages/dev")).await.expect(200)["deploymentId"], second["id"]);
    assert_eq!(bench.get(&deployments).await.expect(200)["item"].as_array().map(Vec::len), Some(2));
    let path = format!("{deployments}/{}", text(&second, "id"));
    bench.delete(&path).await.refused(400, BAD, "Active stages pointing to this deployment must be moved or deleted");
    let described = bench.patch(&path, &[("replace", "/description", "zwei")]).await.expect(200);
    assert_eq!(described["description"], json!("zwei"));
    bench.delete(&format!("{deployments}/{first}")).await.expect(202);
}

#[tokio::test]
async fn a_stage_lives_from_creation_to_deletion() {
    let bench = Bench::new().await;
    let api = bench.deployed_api("dev").await;
    let stages = format!("/restapis/{api}/stages");
    let deployment = text(&bench.get(&format!("{stages}/dev")).await.expect(200), "deploymentId");
    let body = json!({"stageName": "prod", "deploymentId": deployment, "variables": {"a": "b"}});
    let made = bench.post(&stages, body.clone()).await.expect(201);
    assert_eq!(
        made,
        json!({
            "stageName": "prod", "deploymentId": deployment, "variables": {"a": "b"}, "cacheClusterEnabled": false,
            "cacheClusterStatus": "NOT_AVAILABLE", "methodSettings": {}, "tracingEnabled": false,
            "createdDate": 1_795_348_800, "lastUpdatedDate": 1_795_348_800
        })
    );
    bench.post(&stages, body).await.refused(409, "ConflictException", "Stage already exists");
    let list = bench.get(&format!("{stages}?deploymentId={deployment}")).await.expect(200);
    assert_eq!(list["item"].as_array().map(Vec::len), Some(2));
    let patched = bench.patch(&format!("{stages}/prod"), &[("replace", "/pets/GET/throttling/rateLimit", "2")]).await;
    assert_eq!(patched.expect(200)["methodSettings"]["pets/GET"]["throttlingRateLimit"].to_string(), "2.0");
    let bad = bench.patch(&format!("{stages}/prod"), &[("replace", "/deploymentId", "nope")]).await;
    bad.refused(400, BAD, "Deployment id does not exist");
    let plan = bench.plan(&api, "prod").await;
    bench.delete(&format!("{stages}/prod")).await.expect(202);
    bench.get(&format!("{stages}/prod")).await.refused(404, MISSING, "Invalid stage identifier specified");
    let plan = bench.get(&format!("/usageplans/{plan}")).await.expect(200);
    assert_eq!(plan["apiStages"], json!([]), "the association goes with the stage");
}

#[tokio::test]
async fn the_account_shows_its_limits_and_keeps_a_role() {
    let bench = Bench::new().await;
    let account = bench.get("/account").await.expect(200);
    assert_eq!(account["throttleSettings"].to_string(), r#"{"burstLimit":5000,"rateLimit":10000.0}"#);
    assert_eq!(account["features"], json!(["UsagePlans"]));
    let role = "arn:aws:iam::123456789012:role/logs";
    let patched = bench.patch("/account", &[("replace", "/cloudwatchRoleArn", role)]).await.expect(200);
    assert_eq!(patched["cloudwatchRoleArn"], json!(role));
    let bad = bench.patch("/account", &[("replace", "/cloudwatchRoleArn", "x")]).await;
    bad.refused(400, BAD, "The role ARN is not well formed");
}

#[tokio::test]
async fn tags_are_changed_by_arn() {
    let bench = Bench::new().await;
    let api = bench.deployed_api("dev").await;
    let (plan, key) = (bench.plan(&api, "dev").await, bench.key("first").await);
    let carriers = [
        format!("restapis/{api}"),
        format!("restapis/{api}/stages/dev"),
        format!("usageplans/{plan}"),
        format!("apikeys/{key}"),
    ];
    for carrier in carriers {
        let arn = format!("arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2F{}", carrier.replace('/', "%2F"));
        let path = format!("/tags/{arn}");
        bench.put(&path, json!({"tags": {"a": "1", "b": "2", "c": "3"}})).await.expect(204);
        bench.delete(&format!("{path}?tagKeys=a&tagKeys=b")).await.expect(204);
        assert_eq!(bench.get(&path).await.expect(200), json!({"tags": {"c": "3"}}), "{carrier}");
    }
    assert_eq!(bench.get(&format!("/apikeys/{key}")).await.expect(200)["tags"], json!({"c": "3"}));
    let unknown = bench.get("/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Fnope").await;
    assert_eq!((unknown.status, unknown.error.as_deref()), (404, Some(MISSING)));
}
