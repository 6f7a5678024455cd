//! Resource policies: whom an API lets call, before anything else is looked at.

mod support;

use std::sync::Arc;

use serde_json::{Value, json};
use support::{Served, Upstream, config, deployed_with, http_proxy, method};
use tollgate_domain::{Catalog, HttpMethod, RestApi};

fn catalog(upstream: &Upstream, policy: &str) -> Catalog {
    let proxy = || method(http_proxy(upstream.uri("/")));
    let methods = vec![("/pets", HttpMethod::Get, proxy()), ("/{proxy+}", HttpMethod::Any, proxy())];
    deployed_with(methods, |tree| {
        tree.api = Arc::new(RestApi { policy: Some(policy.to_owned()), ..RestApi::clone(&tree.api) });
    })
}

async fn called(policy: Value, path: &str) -> (u16, String, usize) {
    let upstream = Upstream::answering(&support::ok("in")).await;
    let served = Served::start(config(), &catalog(&upstream, &policy.to_string()));
    let answer = served.get(path).await;
    (answer.status(), answer.body().to_owned(), upstream.requests().len())
}

fn statement(effect: &str, resource: &str, condition: Value) -> Value {
    json!({
        "Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": resource,
        "Condition": condition,
    })
}

fn refusal(path: &str, explicit: bool) -> (u16, String, usize) {
    let tail = if explicit { " with an explicit deny" } else { "" };
    let text = format!(
        "User: anonymous is not authorized to perform: execute-api:Invoke on resource: \
         arn:aws:execute-api:us-east-1:********0000:api1/prod/GET/{path}{tail}"
    );
    (403, json!({"Message": text}).to_string(), 0)
}

#[tokio::test]
async fn whom_no_statement_allows_is_refused() {
    let elsewhere = json!({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}});
    let here = json!({"IpAddress": {"aws:SourceIp": ["127.0.0.0/8"]}});
    let policy = |condition| json!({"Statement": [statement("Allow", "execute-api:/*", condition)]});
    assert_eq!(called(policy(elsewhere), "/pets").await, refusal("pets", false));
    assert_eq!(called(policy(here), "/pets").await, (200, "in".to_owned(), 1));
}

#[tokio::test]
async fn no_spelling_of_a_path_slips_past_a_denial() {
    let policy = json!({"Statement": [
        statement("Allow", "*", json!({})),
        statement("Deny", "execute-api:/prod/GET/pets", json!({})),
    ]});
    for path in ["/pets", "/pets/", "/p%65ts"] {
        assert_eq!(called(policy.clone(), path).await, refusal("pets", true), "{path}");
    }
    assert_eq!(called(policy, "/toys").await.0, 200);
}

#[tokio::test]
async fn a_denial_beats_an_allowance_and_a_policy_that_cannot_be_read_lets_nobody_in() {
    let here = json!({"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}});
    let both = json!({"Statement": [statement("Allow", "*", json!({})), statement("Deny", "*", here)]});
    assert_eq!(called(both, "/pets").await, refusal("pets", true));
    assert_eq!(called(json!({"Statement": [{"Effect": "Allow"}]}), "/pets").await, refusal("pets", true));
}

#[tokio::test]
async fn an_unknown_route_is_told_before_the_policy_is_asked() {
    let upstream = Upstream::answering(&support::ok("in")).await;
    let served = Served::start(config(), &catalog(&upstream, "{}"));
    assert_eq!(served.call("TRACE", "/pets", "", "").await.body(), r#"{"message":"Missing Authentication Token"}"#);
}
