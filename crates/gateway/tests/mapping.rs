//! HTTP and MOCK: what is mapped, chosen and refused.

mod support;

use std::collections::BTreeMap;

use support::{Served, Upstream, catalog, config, integration, method};
use tollgate_domain::integration::PassthroughBehavior;
use tollgate_domain::{HttpMethod, Integration, IntegrationResponse, IntegrationType};

fn reply(pattern: Option<&str>, headers: &[(&str, &str)], template: Option<&str>) -> IntegrationResponse {
    let strings = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| (format!("method.response.header.{name}"), (*value).to_owned())).collect()
    };
    IntegrationResponse {
        selection_pattern: pattern.map(str::to_owned),
        response_parameters: Some(strings(headers)),
        response_templates: template
            .map(|text| BTreeMap::from([("application/json".to_owned(), Some(text.to_owned()))])),
        content_handling: None,
    }
}

fn mock(template: Option<&str>, replies: Vec<(&str, IntegrationResponse)>) -> Integration {
    let mut mock = integration(IntegrationType::Mock, None);
    if let Some(template) = template {
        mock.request_templates.insert("application/json".to_owned(), Some(template.to_owned()));
    }
    mock.responses = replies.into_iter().map(|(status, reply)| (status.to_owned(), reply)).collect();
    mock
}

fn serve(integration: Integration) -> Served {
    Served::start(config(), &catalog(vec![("/a", HttpMethod::Any, method(integration))]))
}

#[tokio::test]
async fn a_mock_answers_by_itself() {
    let cors = [("Access-Control-Allow-Origin", "'*'"), ("X-Request", "context.requestId")];
    let served = serve(mock(Some("{statusCode:200}"), vec![("200", reply(None, &cors, Some("{\"ok\":true}")))]));
    let answer = served.call("OPTIONS", "/a", "", "").await;
    assert_eq!((answer.status(), answer.body()), (200, r#"{"ok":true}"#));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-request"), answer.header("x-amzn-requestid"));
}

#[tokio::test]
async fn a_mock_chooses_its_answer_by_the_status_it_names() {
    let replies = || vec![("200", reply(None, &[], None)), ("404", reply(Some("4\\d{2}"), &[], Some("no")))];
    assert_eq!(serve(mock(Some(r#"{"statusCode": 418}"#), replies())).get("/a").await.status(), 404);
    assert_eq!(serve(mock(Some(r#"{"statusCode": 500}"#), replies())).get("/a").await.status(), 200);
}

#[tokio::test]
async fn a_mock_without_an_answer_is_an_error() {
    let broken = [
        mock(None, vec![("200", reply(None, &[], None))]),
        mock(Some("{}"), vec![("200", reply(None, &[], None))]),
        mock(Some("{statusCode:200}"), vec![]),
        mock(Some("{statusCode:200}"), vec![("500", reply(Some("500"), &[], None))]),
        mock(Some("{\"statusCode\": $input.params('x')}"), vec![("200", reply(None, &[], None))]),
        mock(Some("{statusCode:200}"), vec![("200", reply(None, &[], Some("#if($context.requestId)")))]),
    ];
    for integration in broken {
        let answer = serve(integration.clone()).get("/a").await;
        assert_eq!(answer.status(), 500, "{integration:?}");
        assert_eq!(answer.body(), r#"{"message":"Internal server error"}"#);
    }
}

#[tokio::test]
async fn an_http_integration_sends_only_what_is_mapped() {
    let upstream =
        Upstream::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-From: up\r\nX-Own: no\r\n\r\nhi").await;
    let mut http = integration(IntegrationType::Http, Some(upstream.uri("/x")));
    http.request_parameters
        .insert("integration.request.querystring.q".to_owned(), "method.request.querystring.q".to_owned());
    let mapped = [("X-To", "integration.response.header.X-From"), ("X-Fixed", "'1'")];
    http.responses.insert("200".to_owned(), reply(None, &mapped, None));
    let served = serve(http);
    let answer = served.call("POST", "/a?q=1&r=2", "X-Own: v\r\nUser-Agent: me\r\n", "body").await;
    assert_eq!((answer.status(), answer.body()), (200, "hi"));
    assert_eq!((answer.header("x-to"), answer.header("x-fixed")), (Some("up"), Some("1")));
    assert_eq!((answer.header("x-own"), answer.header("x-from")), (None, None));
    let requests = upstream.requests();
    let request = requests.first().expect("a request");
    assert!(request.starts_with("POST /x?q=1 HTTP/1.1\r\n") && request.ends_with("\r\n\r\nbody"), "{request}");
    assert!(request.contains("\r\nuser-agent: AmazonAPIGateway_api1\r\n"), "{request}");
    assert!(!request.contains("x-own"), "{request}");
}

#[tokio::test]
async fn an_upstreams_status_chooses_the_answer() {
    let upstream = Upstream::answering("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n").await;
    let http = |replies: Vec<(&str, IntegrationResponse)>| {
        let mut http = integration(IntegrationType::Http, Some(upstream.uri("/")));
        http.responses = replies.into_iter().map(|(status, reply)| (status.to_owned(), reply)).collect();
        http
    };
    let chosen = http(vec![("200", reply(None, &[], None)), ("502", reply(Some("5\\d\\d"), &[], Some("sorry")))]);
    let answer = serve(chosen).get("/a").await;
    assert_eq!((answer.status(), answer.body()), (502, "sorry"));
    assert_eq!(serve(http(vec![("200", reply(Some("200"), &[], None))])).get("/a").await.status(), 500);
}

#[tokio::test]
async fn a_body_passes_only_where_it_may() {
    let upstream = Upstream::answering(&support::ok("")).await;
    let post = async |behavior, template: Option<&str>, content_type: &str| {
        let mut http = integration(IntegrationType::Http, Some(upstream.uri("/")));
        http.passthrough_behavior = behavior;
        if let Some(template) = template {
            http.request_templates.insert("application/json".to_owned(), Some(template.to_owned()));
        }
        http.responses.insert("200".to_owned(), reply(None, &[], None));
        serve(http).call("POST", "/a", &format!("Content-Type: {content_type}\r\n"), "body").await.status()
    };
    use PassthroughBehavior::{Never, WhenNoMatch, WhenNoTemplates};
    assert_eq!(post(WhenNoMatch, Some("{}"), "text/plain").await, 200);
    assert_eq!(post(WhenNoTemplates, None, "text/plain").await, 200);
    assert_eq!(post(WhenNoTemplates, Some("{}"), "text/plain").await, 415);
    assert_eq!(post(Never, None, "text/plain").await, 415);
    assert_eq!(post(Never, Some("{}"), "application/json").await, 200);
    assert_eq!(post(Never, Some("<$input.body>"), "application/json").await, 200);
    let bodies: Vec<String> =
        upstream.requests().iter().map(|r| r.rsplit("\r\n\r\n").next().unwrap_or_default().to_owned()).collect();
    assert_eq!(bodies, ["body", "body", "{}", "<body>"]);
}
