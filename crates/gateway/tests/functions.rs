//! AWS_PROXY and AWS with functions: what they are given, and what becomes of what they return.

mod support;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use support::{ScriptedFunctions, Served, catalog, catalog_with, config, integration, method, plan, returned};
use tollgate_domain::{
    Edit, HttpMethod, Integration, IntegrationResponse, IntegrationType, Method, QuotaPeriod, QuotaSettings, Record,
    UsagePlan,
};
use tollgate_gateway::{FunctionFault, FunctionResult, Functions, Peers};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:${stageVariables.fn}";

fn lambda(kind: IntegrationType) -> Integration {
    let uri = format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations");
    Integration { http_method: Some("POST".to_owned()), ..integration(kind, Some(uri)) }
}

fn beside(functions: std::sync::Arc<dyn Functions>) -> Peers {
    Peers { functions: Some(functions), ..Peers::default() }
}

fn serve(integration: Integration, functions: std::sync::Arc<dyn Functions>) -> Served {
    let methods = vec![("/pets/{id}", HttpMethod::Any, method(integration))];
    let catalog = catalog_with(methods, |stage| {
        stage.variables = BTreeMap::from([("fn".to_owned(), "hello".to_owned())]);
    });
    Served::start_with(config(), &catalog, beside(functions))
}

fn reply(pattern: Option<&str>, template: Option<&str>) -> IntegrationResponse {
    let template = template.map(|text| ("application/json".to_owned(), Some(text.to_owned())));
    IntegrationResponse {
        selection_pattern: pattern.map(str::to_owned),
        response_templates: Some(template.into_iter().collect()),
        ..IntegrationResponse::default()
    }
}

fn thrown(message: &str) -> Result<FunctionResult, FunctionFault> {
    Ok(FunctionResult { payload: json!({"errorMessage": message}).to_string().into(), failed: true })
}

#[tokio::test]
async fn on_a_custom_domain_name_the_path_has_the_base_path() {
    let functions = ScriptedFunctions::new(|_, _| returned(json!({"statusCode": 200})));
    let methods = vec![("/pets/{id}", HttpMethod::Any, method(lambda(IntegrationType::AwsProxy)))];
    let catalog = catalog_with(methods, |stage| {
        stage.variables = BTreeMap::from([("fn".to_owned(), "hello".to_owned())]);
    });
    let domain = json!({
        "name": "api.example.com", "tags": {},
        "mappings": {"v1": {"rest_api_id": "api1", "stage": "prod"}},
        "endpoint_configuration": {"types": [], "ip_address_type": "ipv4", "vpc_endpoint_ids": []},
    });
    let domain = Record::DomainName(serde_json::from_value(domain).expect("a record"));
    let served = Served::start_with(config(), &catalog.apply(&[Edit::put(domain)]), beside(functions.clone()));
    let request = "GET /v1/pets/7?q=1 HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n";
    assert_eq!(served.exchange(request).await.status(), 200);
    let payloads = functions.payloads.lock().expect("unpoisoned");
    let (_, event) = payloads.first().expect("a payload");
    assert_eq!((&event["path"], &event["pathParameters"]), (&json!("/v1/pets/7"), &json!({"id": "7"})));
    assert_eq!(event["requestContext"]["path"], json!("/v1/pets/7"));
}

#[tokio::test]
async fn a_function_gets_the_call_as_an_event() {
    let functions = ScriptedFunctions::new(|_, _| returned(json!({"statusCode": "201", "body": "made"})));
    let served = serve(lambda(IntegrationType::AwsProxy), functions.clone());
    let answer = served.call("POST", "/pets/a%2Bb?q=1&q=x+y&e", "tEsT-HEADeR: 1\r\nTest-header: 2\r\n", "hi").await;
    assert_eq!((answer.status(), answer.body()), (201, "made"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(answer.header("x-amzn-trace-id").is_some());
    let payloads = functions.payloads.lock().expect("unpoisoned");
    let (name, event) = payloads.first().expect("a payload");
    assert_eq!(name, "arn:aws:lambda:us-east-1:000000000000:function:hello");
    let mut names: Vec<&str> = event.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected = [
        "body",
        "headers",
        "httpMethod",
        "isBase64Encoded",
        "multiValueHeaders",
        "multiValueQueryStringParameters",
        "path",
        "pathParameters",
        "queryStringParameters",
        "requestContext",
        "resource",
        "stageVariables",
    ];
    assert_eq!(names, expected);
    assert_eq!((&event["resource"], &event["path"]), (&json!("/pets/{id}"), &json!("/pets/a%2Bb")));
    assert_eq!((&event["httpMethod"], &event["body"]), (&json!("POST"), &json!("hi")));
    assert_eq!(event["isBase64Encoded"], json!(false));
    assert_eq!(event["headers"]["tEsT-HEADeR"], json!("2"));
    assert_eq!(event["multiValueHeaders"]["tEsT-HEADeR"], json!(["1", "2"]));
    assert_eq!(event["headers"]["Host"], json!("api1.execute-api.localhost"));
    assert_eq!(event["headers"]["X-Forwarded-For"], json!("127.0.0.1"));
    assert_eq!(event["headers"]["Connection"], Value::Null);
    assert_eq!(event["queryStringParameters"], json!({"q": "x y", "e": ""}));
    assert_eq!(event["multiValueQueryStringParameters"], json!({"q": ["1", "x y"], "e": [""]}));
    assert_eq!(event["pathParameters"], json!({"id": "a%2Bb"}));
    assert_eq!(event["stageVariables"], json!({"fn": "hello"}));
    request_context_is_that_of_aws(&event["requestContext"]);
}

/// Ids that differ from call to call are taken out before the rest is compared.
fn request_context_is_that_of_aws(context: &Value) {
    let mut context = context.clone();
    for name in ["requestId", "extendedRequestId"] {
        assert!(context[name].take().as_str().is_some_and(|id| !id.is_empty()), "{name}");
    }
    let expected = json!({
        "accountId": "000000000000", "apiId": "api1", "deploymentId": "d1", "domainName": "api1.execute-api.localhost",
        "domainPrefix": "api1", "extendedRequestId": null, "httpMethod": "POST", "path": "/prod/pets/a%2Bb",
        "protocol": "HTTP/1.1", "requestId": null, "requestTime": "22/Nov/2026:00:00:00 +0000",
        "requestTimeEpoch": 1_795_305_600_000_i64, "resourceId": "/pets/{id}", "resourcePath": "/pets/{id}",
        "stage": "prod",
        "identity": {
            "accessKey": null, "accountId": null, "caller": null, "cognitoAuthenticationProvider": null,
            "cognitoAuthenticationType": null, "cognitoIdentityId": null, "cognitoIdentityPoolId": null,
            "principalOrgId": null, "sourceIp": "127.0.0.1", "user": null, "userAgent": null, "userArn": null,
        },
    });
    assert_eq!(context, expected);
}

#[tokio::test]
async fn what_is_empty_is_null_in_an_event() {
    let functions = ScriptedFunctions::new(|_, _| returned(json!({"statusCode": 200})));
    let uri = lambda(IntegrationType::AwsProxy).uri.map(|uri| uri.replace("${stageVariables.fn}", "hello"));
    let bare = Integration { uri, ..lambda(IntegrationType::AwsProxy) };
    let catalog = catalog(vec![("/", HttpMethod::Get, method(bare))]);
    let served = Served::start_with(config(), &catalog, beside(functions.clone()));
    assert_eq!(served.get("/").await.status(), 200);
    let payloads = functions.payloads.lock().expect("unpoisoned");
    let event = &payloads[0].1;
    for name in ["body", "queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables"]
    {
        assert_eq!(event[name], Value::Null, "{name}");
    }
    assert_eq!(event["path"], "/");
}

#[tokio::test]
async fn a_function_that_fails_is_a_502_and_one_that_cannot_be_called_a_500() {
    let status = async |script: fn() -> Result<FunctionResult, FunctionFault>| {
        let functions = ScriptedFunctions::new(move |_, _| script());
        let answer = serve(lambda(IntegrationType::AwsProxy), functions).get("/pets/1").await;
        assert_eq!(answer.body(), r#"{"message":"Internal server error"}"#);
        answer.status()
    };
    assert_eq!(status(|| thrown("boom")).await, 502);
    assert_eq!(status(|| returned(json!({}))).await, 502);
    assert_eq!(status(|| returned(json!("hi"))).await, 502);
    assert_eq!(status(|| Err(FunctionFault::Unknown("hello".to_owned()))).await, 500);
    assert_eq!(status(|| Err(FunctionFault::Busy("hello".to_owned()))).await, 500);
    let alone =
        Served::start(config(), &catalog(vec![("/a", HttpMethod::Get, method(lambda(IntegrationType::AwsProxy)))]));
    assert_eq!(alone.get("/a").await.status(), 500);
}

#[tokio::test]
async fn functions_are_called_by_post_alone() {
    let functions = ScriptedFunctions::new(|_, _| returned(json!({"statusCode": 200})));
    let get = Integration { http_method: Some("GET".to_owned()), ..lambda(IntegrationType::AwsProxy) };
    assert_eq!(serve(get, functions.clone()).get("/pets/1").await.status(), 500);
    assert!(functions.payloads.lock().expect("unpoisoned").is_empty());
}

#[tokio::test]
async fn more_than_a_function_takes_is_a_413() {
    let functions = ScriptedFunctions::new(|_, _| returned(json!({"statusCode": 200})));
    let served = serve(lambda(IntegrationType::AwsProxy), functions.clone());
    let body = "x".repeat(6 * 1024 * 1024);
    assert_eq!(served.call("POST", "/pets/1", "", &body).await.status(), 413);
    assert!(functions.payloads.lock().expect("unpoisoned").is_empty());
}

#[tokio::test]
async fn the_message_of_an_error_chooses_the_answer_of_a_mapped_function() {
    let functions = ScriptedFunctions::new(|_, payload| match payload["fail"].as_str() {
        Some(message) => thrown(message),
        None => returned(json!({"got": payload})),
    });
    let mut mapped = lambda(IntegrationType::Aws);
    let template = r#"{"id": "$input.params('id')", "fail": $input.json('$.fail')}"#.to_owned();
    mapped.request_templates.insert("application/json".to_owned(), Some(template));
    mapped.responses = BTreeMap::from([
        ("200".to_owned(), reply(None, Some("$input.json('$')"))),
        ("400".to_owned(), reply(Some(".*bad.*"), Some("why: $input.path('$.errorMessage')"))),
    ]);
    mapped.request_templates.insert("text/plain".to_owned(), Some("{\"id\": 1}".to_owned()));
    let served = serve(mapped, functions);
    let answer = served.call("POST", "/pets/7", "", r#"{"fail": "so bad"}"#).await;
    assert_eq!((answer.status(), answer.body()), (400, "why: so bad"));
    let answer = served.call("POST", "/pets/7", "", r#"{"fail": "other"}"#).await;
    assert_eq!((answer.status(), answer.body()), (200, r#"{"errorMessage":"other"}"#));
    let answer = served.call("POST", "/pets/7", "Content-Type: text/plain\r\n", "ignored").await;
    assert_eq!((answer.status(), answer.body()), (200, r#"{"got":{"id":1}}"#));
}

#[tokio::test]
async fn a_function_that_is_sent_an_event_is_not_waited_for() {
    let functions = ScriptedFunctions::new(|_, _| returned(json!("never seen")));
    let mut mapped = lambda(IntegrationType::Aws);
    mapped
        .request_parameters
        .insert("integration.request.header.X-Amz-Invocation-Type".to_owned(), "'Event'".to_owned());
    mapped.responses = BTreeMap::from([("202".to_owned(), reply(None, None))]);
    let served = serve(mapped, functions.clone());
    let answer = served.call("POST", "/pets/7", "", "").await;
    assert_eq!((answer.status(), answer.body()), (202, ""));
    assert_eq!(functions.payloads.lock().expect("unpoisoned")[0].1, json!({}));
}

#[tokio::test]
async fn sixty_four_callers_get_exactly_the_quota_whatever_answers_them() {
    let functions = ScriptedFunctions::new(|_, _| returned(json!({"statusCode": 200})));
    let mut mock = integration(IntegrationType::Mock, None);
    let template = "{\"statusCode\": #if($context.stage == 'prod')200#{else}500#end}".to_owned();
    mock.request_templates.insert("application/json".to_owned(), Some(template));
    mock.responses = BTreeMap::from([("200".to_owned(), reply(None, None))]);
    let mut mapped = lambda(IntegrationType::Aws);
    mapped.responses = BTreeMap::from([("200".to_owned(), reply(None, None))]);
    for integration in [mock, mapped, lambda(IntegrationType::AwsProxy)] {
        let kind = integration.kind;
        let keyed = Method { api_key_required: true, ..method(integration) };
        let catalog = catalog_with(vec![("/a", HttpMethod::Get, keyed)], |stage| {
            stage.variables = BTreeMap::from([("fn".to_owned(), "hello".to_owned())]);
        });
        let quota = Some(QuotaSettings { limit: 500, offset: 0, period: QuotaPeriod::Day });
        let limited = UsagePlan { quota, ..plan("gold") };
        let catalog = catalog.apply(&[tollgate_domain::Edit::put(tollgate_domain::Record::UsagePlan(limited.clone()))]);
        let served = Served::start_with(config(), &catalog, beside(functions.clone()));
        served.put_key("secret", "key1", &[limited.id]);
        let caller = async || {
            let mut admitted = 0;
            for _ in 0..10 {
                let answer = served.call("GET", "/a", "X-API-Key: secret\r\n", "").await;
                assert!(matches!(answer.status(), 200 | 429), "{answer:?}");
                admitted += usize::from(answer.status() == 200);
            }
            admitted
        };
        let admitted: Vec<usize> = futures_util::future::join_all((0..64).map(|_| caller())).await;
        assert_eq!(admitted.iter().sum::<usize>(), 500, "{kind:?}");
    }
}
