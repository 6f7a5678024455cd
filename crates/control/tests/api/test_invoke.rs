//! Test invocations, up to what the gateway is handed.

use serde_json::json;
use tollgate_domain::HttpMethod;

use crate::bench::{Bench, text};

async fn method_of(bench: &Bench) -> (String, String) {
    let id = bench.deployed_api("prod").await;
    let resources = bench.get(&format!("/restapis/{id}/resources")).await.expect(200);
    let items = resources["item"].as_array().expect("items").clone();
    let pets = items.iter().find(|item| item["path"] == "/pets").expect("the resource");
    let resource = format!("/restapis/{id}/resources/{}/methods", text(pets, "id"));
    (resource, id)
}

#[tokio::test]
async fn a_test_hands_the_gateway_what_was_given_and_shows_what_came_back() {
    let bench = Bench::new().await;
    let (methods, _) = method_of(&bench).await;
    let body = json!({
        "pathWithQueryString": "/pets?a=1", "body": "text", "stageVariables": {"v": "1"},
        "headers": {"X-One": "1", "X-Two": "lost"}, "multiValueHeaders": {"x-two": ["a", "b"]},
    });
    let answer = bench.post(&format!("{methods}/GET"), body).await.expect(200);
    assert_eq!((&answer["status"], &answer["latency"], &answer["log"]), (&json!(418), &json!(7), &json!("a line\n")));
    assert_eq!((&answer["body"], &answer["headers"]), (&json!("text"), &json!({"set-cookie": "b"})));
    assert_eq!(answer["multiValueHeaders"], json!({"set-cookie": ["a", "b"]}));
    let tests = bench.gate.tests.lock().expect("a lock");
    let test = tests.first().expect("a test");
    assert_eq!((test.verb, test.path_and_query.as_deref()), (HttpMethod::Get, Some("/pets?a=1")));
    let headers = [("X-One", "1"), ("x-two", "a"), ("x-two", "b")].map(|(n, v)| (n.to_owned(), v.to_owned()));
    assert_eq!(test.headers, headers);
    assert_eq!(test.stage_variables["v"], "1");
}

#[tokio::test]
async fn an_authorizer_is_tested_as_its_api_stands() {
    let bench = Bench::new().await;
    let api = bench.deployed_api("prod").await;
    let made = json!({
        "name": "a", "type": "TOKEN", "identitySource": "method.request.header.A",
        "authorizerUri": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations",
    });
    let authorizers = format!("/restapis/{api}/authorizers");
    let id = text(&bench.post(&authorizers, made).await.expect(201), "id");
    let answer = bench.post(&format!("{authorizers}/{id}"), json!({"headers": {"A": "t"}})).await.expect(200);
    assert_eq!(answer, json!({"clientStatus": 0, "principalId": "joe", "policy": "{}", "log": id, "latency": 7}));
    let elsewhere = bench.post(&format!("{authorizers}/nosuch"), json!({})).await;
    elsewhere.refused(404, "NotFoundException", "Invalid Authorizer identifier specified");
    let unsendable = bench.post(&format!("{authorizers}/{id}"), json!({"pathWithQueryString": "no slash"})).await;
    assert_eq!(unsendable.status, 400);
}

#[tokio::test]
async fn what_is_not_there_cannot_be_tested() {
    let bench = Bench::new().await;
    let (methods, id) = method_of(&bench).await;
    let missing = bench.post(&format!("{methods}/POST"), json!({})).await;
    missing.refused(404, "NotFoundException", "Invalid Method identifier specified");
    let nowhere = bench.post(&format!("/restapis/{id}/resources/none/methods/GET"), json!({})).await;
    nowhere.refused(404, "NotFoundException", "Invalid Resource identifier specified");
    assert!(bench.gate.tests.lock().expect("a lock").is_empty());
}
