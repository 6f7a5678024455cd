//! Gateway responses: an API words what the gateway answers by itself.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use support::{Served, config, deployed_with, http_proxy, method};
use tollgate_domain::{Catalog, GatewayResponse, GatewayResponseType, HttpMethod, Method};

fn wording(kind: GatewayResponseType, headers: &[(&str, &str)], templates: &[(&str, &str)]) -> GatewayResponse {
    let header = |(name, value): &(&str, &str)| (format!("gatewayresponse.header.{name}"), (*value).to_owned());
    let template = |(media_type, text): &(&str, &str)| ((*media_type).to_owned(), (*text).to_owned());
    GatewayResponse {
        kind,
        status_code: None,
        response_parameters: headers.iter().map(header).collect::<BTreeMap<_, _>>(),
        response_templates: templates.iter().map(template).collect(),
    }
}

fn keyed() -> Method {
    Method { api_key_required: true, ..method(http_proxy("http://127.0.0.1:1/".to_owned())) }
}

fn catalog(wordings: Vec<GatewayResponse>) -> Catalog {
    deployed_with(vec![("/pets/{id}", HttpMethod::Get, keyed())], |tree| {
        tree.gateway_responses = wordings.into_iter().map(|one| (one.kind, Arc::new(one))).collect();
    })
}

fn serve(wordings: Vec<GatewayResponse>) -> Served {
    Served::start(config(), &catalog(wordings))
}

#[tokio::test]
async fn an_api_words_its_own_answers() {
    let template = r#"{"why":$context.error.messageString,"type":"$context.error.responseType","id":"$method.request.path.id","of":"$context.stage","from":"$method.request.header.origin"}"#;
    let headers = [("X-Origin", "method.request.header.origin"), ("X-Q", "method.request.querystring.q")];
    let mut worded = wording(GatewayResponseType::InvalidApiKey, &headers, &[("application/json", template)]);
    worded.status_code = Some("418".to_owned());
    let answer = serve(vec![worded]).call("GET", "/pets/7?q=1%262", "Origin: me\r\n", "").await;
    assert_eq!(answer.status(), 418);
    assert_eq!(answer.body(), r#"{"why":"Forbidden","type":"INVALID_API_KEY","id":"7","of":"prod","from":"me"}"#);
    assert_eq!((answer.header("x-origin"), answer.header("x-q")), (Some("me"), Some("1&2")));
    assert_eq!(answer.header("x-amzn-errortype"), Some("ForbiddenException"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn a_default_speaks_for_its_class_where_a_type_says_nothing() {
    let cors = [("Access-Control-Allow-Origin", "'*'")];
    let served = serve(vec![
        wording(GatewayResponseType::Default4xx, &cors, &[]),
        wording(GatewayResponseType::InvalidApiKey, &[("X-Own", "context.requestId")], &[]),
    ]);
    let unknown = served.get("/toys").await;
    assert_eq!((unknown.status(), unknown.body()), (403, r#"{"message":"Missing Authentication Token"}"#));
    assert_eq!(unknown.header("access-control-allow-origin"), Some("*"));
    let keyless = served.get("/pets/7").await;
    assert_eq!(keyless.header("access-control-allow-origin"), None);
    assert_eq!(keyless.header("x-own"), keyless.header("x-amzn-requestid"));
    let other_class = serve(vec![wording(GatewayResponseType::Default5xx, &cors, &[])]);
    assert_eq!(other_class.get("/toys").await.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn the_first_accepted_type_chooses_the_template() {
    let templates = [("application/json", "{}"), ("text/plain", "sorry: $context.error.message")];
    let served = serve(vec![wording(GatewayResponseType::InvalidApiKey, &[], &templates)]);
    let plain = served.call("GET", "/pets/7", "Accept: text/plain;q=1, application/json\r\n", "").await;
    assert_eq!((plain.body(), plain.header("content-type")), ("sorry: Forbidden", Some("text/plain")));
    assert_eq!(served.call("GET", "/pets/7", "Accept: image/png\r\n", "").await.body(), "{}");
    assert_eq!(served.get("/pets/7").await.body(), "{}");
}

#[tokio::test]
async fn a_body_that_is_too_long_is_told_in_no_words_but_those_of_aws() {
    let worded = [("application/json", "mine")];
    let served = Served::start(
        tollgate_gateway::GatewayConfig { max_body_bytes: 1, ..config() },
        &catalog(vec![
            wording(GatewayResponseType::RequestTooLarge, &[], &worded),
            wording(GatewayResponseType::Default4xx, &[], &worded),
        ]),
    );
    let answer = served.call("GET", "/pets/7", "", "too long").await;
    assert_eq!((answer.status(), answer.body()), (413, r#"{"message":"Request Too Long"}"#));
}
