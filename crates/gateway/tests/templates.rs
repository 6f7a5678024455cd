//! Templates and mappings: what they read of a call and an answer, and what they override.

mod support;

use std::collections::BTreeMap;

use support::{Served, Upstream, catalog, catalog_with, config, integration, method, ok};
use tollgate_domain::{HttpMethod, Integration, IntegrationResponse, IntegrationType};

const JSON: &str = "application/json";

fn http(upstream: &Upstream, path: &str, request: Option<&str>, response: Option<&str>) -> Integration {
    let template = |text: Option<&str>| text.map(|text| (JSON.to_owned(), Some(text.to_owned()))).into_iter().collect();
    let reply = IntegrationResponse { response_templates: Some(template(response)), ..IntegrationResponse::default() };
    let mut http = integration(IntegrationType::Http, Some(upstream.uri(path)));
    http.request_templates = template(request);
    http.responses = BTreeMap::from([("200".to_owned(), reply)]);
    http
}

fn serve(integration: Integration) -> Served {
    let methods = vec![("/pets/{id}", HttpMethod::Any, method(integration))];
    let variables = BTreeMap::from([("tier".to_owned(), "gold".to_owned())]);
    Served::start(config(), &catalog_with(methods, |stage| stage.variables = variables))
}

fn body_of(request: &str) -> &str {
    request.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

#[tokio::test]
async fn a_template_sees_the_call_as_it_came() {
    let upstream = Upstream::answering(&ok("")).await;
    let template = "$input.params('id') $input.params('q') $input.params('X-MiXed') $context.httpMethod \
                    $context.stage $stageVariables.tier $input.path('$.a') $input.json('$.b')";
    let served = serve(http(&upstream, "/", Some(template), None));
    let answer = served.call("POST", "/pets/7?q=x+y", "X-MiXed: h\r\n", r#"{"a": "A", "b": [1]}"#).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(body_of(&upstream.requests()[0]), "7 x y h POST prod gold A [1]");
}

#[tokio::test]
async fn an_empty_body_reads_as_an_empty_object() {
    let upstream = Upstream::answering(&ok("")).await;
    let served = serve(http(&upstream, "/", Some("$input.body"), None));
    assert_eq!(served.call("POST", "/pets/7", "", "").await.status(), 200);
    assert_eq!(body_of(&upstream.requests()[0]), "{}");
}

#[tokio::test]
async fn an_answer_is_transformed_and_overridden() {
    let upstream = Upstream::answering(&ok(r#"{"n": 1}"#)).await;
    let template = "#set($context.responseOverride.status = 418)\
                    #set($context.responseOverride.header.X-Set = 'yes')n=$input.path('$.n')";
    let answer = serve(http(&upstream, "/", None, Some(template))).get("/pets/7").await;
    assert_eq!((answer.status(), answer.body(), answer.header("x-set")), (418, "n=1", Some("yes")));
}

#[tokio::test]
async fn what_a_request_overrides_is_seen_by_the_template_of_its_answer() {
    let mut mock = integration(IntegrationType::Mock, None);
    let request = "#set($context.requestOverride.path.body = $input.body){\"statusCode\": 200}";
    mock.request_templates.insert("application/json".to_owned(), Some(request.to_owned()));
    let reply = "#set($sent = $context.requestOverride.path.body)$sent|$util.parseJson($sent).a";
    let templates = BTreeMap::from([("application/json".to_owned(), Some(reply.to_owned()))]);
    let reply = IntegrationResponse { response_templates: Some(templates), ..IntegrationResponse::default() };
    mock.responses.insert("200".to_owned(), reply);
    let served = Served::start(config(), &catalog(vec![("/a", HttpMethod::Post, method(mock))]));
    let answer = served.call("POST", "/a", "Content-Type: application/json\r\n", r#"{"a":"b"}"#).await;
    assert_eq!((answer.status(), answer.body()), (200, r#"{"a":"b"}|b"#));
}

#[tokio::test]
async fn a_template_overrides_the_request_it_builds() {
    let upstream = Upstream::answering(&ok("")).await;
    let template = "#set($context.requestOverride.path.id = 'a/b')#set($context.requestOverride.querystring.q = '1&2')\
                    #set($context.requestOverride.header.X-Set = 'yes')";
    let mut overriding = http(&upstream, "/to/{id}", Some(template), None);
    for (place, from) in
        [("path.id", "path.id"), ("querystring.q", "querystring.q"), ("querystring.r", "querystring.r")]
    {
        overriding.request_parameters.insert(format!("integration.request.{place}"), format!("method.request.{from}"));
    }
    assert_eq!(serve(overriding).get("/pets/7?q=0&r=5").await.status(), 200);
    let request = &upstream.requests()[0];
    assert!(request.starts_with("GET /to/a%2Fb?r=5&q=1%262 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("\r\nx-set: yes\r\n"), "{request}");
}

#[tokio::test]
async fn parameters_are_mapped_from_bodies() {
    let upstream = Upstream::answering(&ok(r#"{"next": "p2"}"#)).await;
    let mut mapped = http(&upstream, "/", None, None);
    mapped
        .request_parameters
        .insert("integration.request.querystring.name".to_owned(), "method.request.body.$.pet.name".to_owned());
    mapped
        .request_parameters
        .insert("integration.request.querystring.t".to_owned(), "method.request.multivaluequerystring.tag".to_owned());
    let reply = mapped.responses.get_mut("200").expect("a reply");
    reply
        .response_parameters
        .get_or_insert_default()
        .insert("method.response.header.X-Next".to_owned(), "integration.response.body.$.next".to_owned());
    let answer = serve(mapped).call("POST", "/pets/7?tag=a&tag=b", "", r#"{"pet": {"name": "Rex"}}"#).await;
    assert_eq!((answer.header("x-next"), answer.body()), (Some("p2"), r#"{"next": "p2"}"#));
    let request = &upstream.requests()[0];
    assert!(request.starts_with("POST /?name=Rex&t=a&t=b HTTP/1.1\r\n"), "{request}");
    assert_eq!(body_of(request), r#"{"pet": {"name": "Rex"}}"#);
}

#[tokio::test]
async fn a_template_that_fails_is_a_500_and_tells_the_caller_nothing() {
    let upstream = Upstream::answering(&ok("")).await;
    for template in ["#if(", "#set($context.responseOverride.status = 99)x"] {
        let answer = serve(http(&upstream, "/", Some(template), None)).get("/pets/7").await;
        assert_eq!((answer.status(), answer.body()), (500, r#"{"message":"Internal server error"}"#), "{template}");
    }
}

#[tokio::test]
async fn a_private_integration_is_plain_http_to_its_uri() {
    let upstream = Upstream::answering(&ok("hi")).await;
    let mut private = http(&upstream, "/", None, None);
    private.kind = IntegrationType::HttpProxy;
    private.connection_type = Some("VPC_LINK".to_owned());
    assert_eq!(serve(private).get("/pets/7").await.body(), "hi");
}
