//! Authorizers of type TOKEN and REQUEST: a function says who may call what.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use support::{Answer, ScriptedFunctions, Served, Upstream, config, deployed_with, http_proxy, method, returned};
use tollgate_domain::authorizer::AuthorizerType;
use tollgate_domain::rest_api::ApiKeySource;
use tollgate_domain::{
    Authorizer, AuthorizerAnswer, AuthorizerTest, HttpMethod, Method, RestApi, RestApiId, RestApiTree, StageName,
};
use tollgate_gateway::{FunctionFault, FunctionResult, Functions, Peers};

const TOKEN: &str = "method.request.header.Authorization";

fn authorizer(kind: AuthorizerType, identity_source: &str, ttl: i32) -> Authorizer {
    Authorizer {
        id: "a".to_owned(),
        name: "a".to_owned(),
        kind,
        provider_arns: Vec::new(),
        auth_type: None,
        authorizer_uri: Some(
            "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/judge/invocations".to_owned(),
        ),
        authorizer_credentials: None,
        identity_source: Some(identity_source.to_owned()),
        identity_validation_expression: Some("Bearer .+".to_owned()),
        result_ttl_in_seconds: Some(ttl),
    }
}

/// A function's word: the caller may call what fits `resource`.
fn grant(effect: &str, resource: &str) -> Value {
    json!({
        "principalId": "joe",
        "policyDocument": {"Version": "2012-10-17", "Statement": [
            {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource},
        ]},
        "context": {"level": 7},
        "usageIdentifierKey": "a key that the caller does not know",
    })
}

struct Guarded<F> {
    served: Served,
    upstream: Upstream,
    functions: Arc<ScriptedFunctions<F>>,
    api: Arc<RestApiTree>,
}

impl<F> Guarded<F>
where
    F: Fn(&str, &Value) -> Result<FunctionResult, FunctionFault> + Send + Sync + 'static,
{
    async fn start(authorizer: Authorizer, policy: Option<Value>, key_required: bool, script: F) -> Self {
        let upstream = Upstream::answering(&support::ok("in")).await;
        let mut proxy = http_proxy(upstream.uri("/"));
        let told = "context.authorizer.level".to_owned();
        proxy.request_parameters.insert("integration.request.header.X-Level".to_owned(), told);
        let guarded = || Method {
            authorization_type: "CUSTOM".to_owned(),
            authorizer_id: Some("a".to_owned()),
            api_key_required: key_required,
            ..method(proxy.clone())
        };
        let methods = vec![("/pets/{id}", HttpMethod::Get, guarded()), ("/toys", HttpMethod::Get, guarded())];
        let mut api = None;
        let catalog = deployed_with(methods, |tree| {
            tree.authorizers.insert("a".to_owned(), Arc::new(authorizer));
            let api_key_source = if key_required { ApiKeySource::Authorizer } else { ApiKeySource::Header };
            let policy = policy.map(|policy| policy.to_string());
            tree.api = Arc::new(RestApi { api_key_source, policy, ..RestApi::clone(&tree.api) });
            api = Some(Arc::new(tree.clone()));
        });
        let functions = ScriptedFunctions::new(script);
        let peers = Peers { functions: Some(Arc::clone(&functions) as Arc<dyn Functions>), ..Peers::default() };
        let served = Served::start_with(config(), &catalog, peers);
        Self { served, upstream, functions, api: api.expect("it was deployed") }
    }

    async fn get(&self, path: &str, token: &str) -> Answer {
        self.served.call("GET", path, &format!("Authorization: {token}\r\n"), "").await
    }

    async fn test(&self, token: &str) -> AuthorizerAnswer {
        let test = AuthorizerTest {
            api: Arc::clone(&self.api),
            authorizer: "a".to_owned(),
            path_and_query: None,
            headers: vec![("Authorization".to_owned(), token.to_owned())],
            stage_variables: BTreeMap::new(),
        };
        let gateway = self.served.gateway.clone();
        let tested = tokio::task::spawn_blocking(move || gateway.test_authorizer(&test));
        support::soon(tested).await.expect("a thread").expect("an answer")
    }

    fn asked(&self) -> usize {
        self.functions.payloads.lock().expect("unpoisoned").len()
    }

    fn event(&self) -> Value {
        self.functions.payloads.lock().expect("unpoisoned")[0].1.clone()
    }
}

#[tokio::test]
async fn a_caller_whom_the_function_knows_gets_in_with_what_it_said() {
    let token = authorizer(AuthorizerType::Token, TOKEN, 0);
    let guarded = Guarded::start(token, None, false, |name, _| {
        assert_eq!(name, "judge");
        returned(grant("Allow", "arn:aws:execute-api:*:*:api1/prod/GET/pets/*"))
    })
    .await;
    assert_eq!(guarded.get("/pets/7", "Bearer x").await.status(), 200);
    let arn = "arn:aws:execute-api:us-east-1:000000000000:api1/prod/GET/pets/7";
    assert_eq!(guarded.event(), json!({"type": "TOKEN", "authorizationToken": "Bearer x", "methodArn": arn}));
    assert!(guarded.upstream.requests()[0].contains("x-level: 7\r\n"), "{:?}", guarded.upstream.requests());
}

#[tokio::test]
async fn an_identity_that_is_missing_or_misshapen_is_refused_without_a_question() {
    let token = authorizer(AuthorizerType::Token, TOKEN, 0);
    let guarded = Guarded::start(token, None, false, |_, _| returned(grant("Allow", "*"))).await;
    for (headers, why) in
        [("", "missing"), ("Authorization: Basic x\r\n", "misshapen"), ("Authorization:\r\n", "empty")]
    {
        let answer = guarded.served.call("GET", "/toys", headers, "").await;
        assert_eq!((answer.status(), answer.body()), (401, r#"{"message":"Unauthorized"}"#), "{why}");
        assert_eq!(answer.header("x-amzn-errortype"), Some("UnauthorizedException"));
    }
    assert_eq!((guarded.asked(), guarded.upstream.requests().len()), (0, 0));
}

#[tokio::test]
async fn a_request_is_shown_as_it_came() {
    let sources = format!("{TOKEN}, method.request.querystring.q");
    let request = authorizer(AuthorizerType::Request, &sources, 0);
    let guarded = Guarded::start(request, None, false, |_, _| returned(grant("Allow", "*"))).await;
    let sent = "Authorization: Bearer x\r\nX-Forwarded-For: 10.0.0.1\r\n";
    assert_eq!(guarded.served.call("GET", "/pets/7?q=1&q=2", sent, "").await.status(), 200);
    assert_eq!(guarded.get("/pets/7", "Bearer x").await.status(), 401);
    let event = guarded.event();
    assert_eq!(
        (&event["type"], &event["httpMethod"], &event["path"]),
        (&json!("REQUEST"), &json!("GET"), &json!("/pets/7"))
    );
    assert_eq!((&event["resource"], &event["pathParameters"]), (&json!("/pets/{id}"), &json!({"id": "7"})));
    assert_eq!(event["queryStringParameters"], json!({"q": "2"}));
    assert_eq!(event["multiValueQueryStringParameters"], json!({"q": ["1", "2"]}));
    assert_eq!(
        (&event["headers"]["Authorization"], &event["requestContext"]["stage"]),
        (&json!("Bearer x"), &json!("prod"))
    );
    // Who called is not what the caller says.
    assert_eq!(event["headers"]["X-Forwarded-For"], json!("10.0.0.1, 127.0.0.1"));
    assert!(event["headers"]["X-Forwarded-Proto"] == "http" && event["headers"]["Connection"] == "close", "{event}");
}

#[tokio::test]
async fn a_caller_whom_the_function_denies_is_refused() {
    let refused = async |said: Value| {
        let token = authorizer(AuthorizerType::Token, TOKEN, 0);
        let guarded = Guarded::start(token, None, false, move |_, _| returned(said.clone())).await;
        let answer = guarded.get("/toys", "Bearer x").await;
        assert_eq!(guarded.upstream.requests().len(), 0);
        (answer.status(), answer.body().to_owned())
    };
    let text = "User is not authorized to access this resource";
    let explicit = json!({"Message": format!("{text} with an explicit deny")}).to_string();
    assert_eq!(refused(grant("Deny", "*")).await, (403, explicit));
    assert_eq!(refused(grant("Allow", "*/POST/*")).await, (403, json!({"Message": text}).to_string()));
}

#[tokio::test]
async fn a_function_that_fails_lets_nobody_in() {
    type Said = fn() -> Result<FunctionResult, FunctionFault>;
    let thrown = |text: &str| {
        let payload = json!({"errorMessage": text}).to_string().into();
        Ok(FunctionResult { payload, failed: true })
    };
    let unauthorized: Said =
        || Ok(FunctionResult { payload: r#"{"errorMessage":"Unauthorized"}"#.into(), failed: true });
    assert_eq!(unauthorized(), thrown("Unauthorized"));
    let table: [(Said, u16, &str); 4] = [
        (unauthorized, 401, "UnauthorizedException"),
        (|| returned(json!("yes")), 500, "AuthorizerFailureException"),
        (|| Err(FunctionFault::Busy("judge".to_owned())), 500, "AuthorizerFailureException"),
        (|| Err(FunctionFault::Unknown("judge".to_owned())), 500, "AuthorizerConfigurationException"),
    ];
    for (said, status, error_type) in table {
        let token = authorizer(AuthorizerType::Token, TOKEN, 300);
        let guarded = Guarded::start(token, None, false, move |_, _| said()).await;
        for questions in 1..=2 {
            let answer = guarded.get("/toys", "Bearer x").await;
            assert_eq!((answer.status(), answer.header("x-amzn-errortype")), (status, Some(error_type)));
            assert_eq!(guarded.asked(), questions, "a failure is not kept");
            guarded.served.clock.advance(Duration::from_millis(1));
        }
    }
}

#[tokio::test]
async fn an_answer_is_kept_for_its_time_and_judged_anew_for_each_call() {
    let token = authorizer(AuthorizerType::Token, TOKEN, 300);
    let guarded = Guarded::start(token, None, false, |_, _| returned(grant("Allow", "*/GET/toys"))).await;
    assert_eq!(guarded.get("/toys", "Bearer x").await.status(), 200);
    assert_eq!(guarded.get("/pets/7", "Bearer x").await.status(), 403);
    assert_eq!(guarded.asked(), 1);
    assert_eq!(guarded.get("/toys", "Bearer y").await.status(), 200);
    assert_eq!(guarded.asked(), 2);
    guarded.served.clock.advance(Duration::from_secs(299));
    assert_eq!(guarded.get("/toys", "Bearer x").await.status(), 200);
    assert_eq!(guarded.asked(), 2);
    guarded.served.clock.advance(Duration::from_secs(1));
    assert_eq!(guarded.get("/toys", "Bearer x").await.status(), 200);
    assert_eq!(guarded.asked(), 3);
    guarded.served.gateway.flush_authorizers(&RestApiId::new("api1"), &StageName::new("prod"));
    assert_eq!(guarded.get("/toys", "Bearer x").await.status(), 200);
    assert_eq!(guarded.asked(), 4);
}

#[tokio::test]
async fn the_policy_of_the_api_and_that_of_the_caller_are_judged_together() {
    let called = async |policy: Value, said: Value| {
        let token = authorizer(AuthorizerType::Token, TOKEN, 0);
        let guarded = Guarded::start(token, Some(policy), false, move |_, _| returned(said.clone())).await;
        (guarded.get("/toys", "Bearer x").await.status(), guarded.asked())
    };
    let of_api = |effect: &str, resource: &str| {
        json!({"Statement": {
            "Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": resource}})
    };
    assert_eq!(called(of_api("Allow", "*/POST/*"), grant("Allow", "*")).await, (200, 1));
    assert_eq!(called(of_api("Allow", "*"), grant("Allow", "*/POST/*")).await, (200, 1));
    assert_eq!(called(of_api("Allow", "*/POST/*"), grant("Allow", "*/POST/*")).await, (403, 1));
    assert_eq!(called(of_api("Allow", "*"), grant("Deny", "*")).await, (403, 1));
    assert_eq!(called(of_api("Deny", "*"), grant("Allow", "*")).await, (403, 0));
}

#[tokio::test]
async fn the_key_that_the_function_names_is_the_one_that_counts() {
    let token = authorizer(AuthorizerType::Token, TOKEN, 0);
    let guarded = Guarded::start(token, None, true, |_, _| returned(grant("Allow", "*"))).await;
    let headers = "Authorization: Bearer x\r\nX-API-Key: the callers own key, of no use\r\n";
    guarded.served.put_key("the callers own key, of no use", "own0000000", &[]);
    assert_eq!(guarded.served.call("GET", "/toys", headers, "").await.body(), r#"{"message":"Forbidden"}"#);
}

#[tokio::test]
async fn a_name_that_is_too_long_is_judged_by_nobody() {
    let token = authorizer(AuthorizerType::Token, TOKEN, 0);
    let guarded = Guarded::start(token, None, false, |_, _| returned(grant("Allow", "*"))).await;
    let answer = guarded.get(&format!("/pets/{}", "7".repeat(1600)), "Bearer x").await;
    assert_eq!((answer.status(), answer.body()), (414, r#"{"message":"Request URI too long"}"#));
    assert_eq!(guarded.asked(), 0);
}

#[tokio::test]
async fn an_authorizer_is_tested_as_its_api_stands_and_keeps_nothing_of_it() {
    let guarded = Guarded::start(authorizer(AuthorizerType::Token, TOKEN, 300), None, false, |_, event| {
        match event["authorizationToken"].as_str() {
            Some("Bearer joe") => returned(grant("Allow", event["methodArn"].as_str().unwrap_or_default())),
            _ => Ok(FunctionResult { payload: r#"{"errorMessage":"Unauthorized"}"#.into(), failed: true }),
        }
    })
    .await;
    let said = guarded.test("Bearer joe").await;
    assert_eq!((said.client_status, said.principal_id.as_deref()), (0, Some("joe")));
    assert!(said.policy.is_some_and(|policy| policy.contains("/ESTestInvoke-stage/GET/")));
    assert!(!said.log.contains("joe\n"), "names are masked: {}", said.log);
    assert_eq!(guarded.test("Bearer eve").await.client_status, 401);
    assert_eq!(guarded.test("wrong form").await.client_status, 401);
    guarded.test("Bearer joe").await;
    assert_eq!(guarded.asked(), 3, "each test asks anew, but for tokens of the wrong form");
}
