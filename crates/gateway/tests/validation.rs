//! Request validators: what a call lacks is told before its integration is asked, and after it was counted.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use support::{Answer, Served, Upstream, config, deployed_with, http_proxy, method};
use tollgate_domain::{GatewayResponse, GatewayResponseType, HttpMethod, Method, Model, RequestValidator};

const SCHEMA: &str = r#"{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","required":["name"]}"#;

struct Guarded {
    served: Served,
    upstream: Upstream,
}

impl Guarded {
    async fn start(body: bool, parameters: bool, media_type: &str) -> Self {
        let upstream = Upstream::answering(&support::ok("in")).await;
        let places = ["querystring.q", "header.X-Must", "path.id", "querystring.may"];
        let guarded = Method {
            request_validator_id: Some("v".to_owned()),
            request_parameters: places
                .iter()
                .map(|place| (format!("method.request.{place}"), !place.ends_with("may")))
                .collect(),
            request_models: BTreeMap::from([(media_type.to_owned(), "Pet".to_owned())]),
            ..method(http_proxy(upstream.uri("/")))
        };
        let model = Model {
            id: "m".to_owned(),
            name: "Pet".to_owned(),
            description: None,
            schema: SCHEMA.to_owned(),
            content_type: "application/json".to_owned(),
        };
        let validator = RequestValidator {
            id: "v".to_owned(),
            name: None,
            validate_request_body: body,
            validate_request_parameters: parameters,
        };
        let wording = GatewayResponse {
            kind: GatewayResponseType::BadRequestBody,
            status_code: None,
            response_parameters: BTreeMap::new(),
            response_templates: BTreeMap::from([(
                "application/json".to_owned(),
                "$context.error.message: $context.error.validationErrorString".to_owned(),
            )]),
        };
        let catalog = deployed_with(vec![("/pets/{id}", HttpMethod::Post, guarded)], |tree| {
            tree.models.insert("Pet".to_owned(), Arc::new(model));
            tree.request_validators.insert("v".to_owned(), Arc::new(validator));
            tree.gateway_responses.insert(wording.kind, Arc::new(wording));
        });
        Self { served: Served::start(config(), &catalog), upstream }
    }

    async fn post(&self, query: &str, headers: &str, body: &str) -> Answer {
        self.served.call("POST", &format!("/pets/7{query}"), headers, body).await
    }
}

#[tokio::test]
async fn required_parameters_that_are_missing_are_named_in_aws_order() {
    let guarded = Guarded::start(false, true, "application/json").await;
    let answer = guarded.post("?q=", "", "{}").await;
    let message = "Missing required request parameters: [X-Must, q]";
    assert_eq!((answer.status(), answer.body()), (400, &*json!({"message": message}).to_string()));
    assert_eq!(answer.header("x-amzn-errortype"), Some("BadRequestException"));
    assert_eq!(guarded.upstream.requests().len(), 0);
    assert_eq!(guarded.post("?q=1", "x-must: 1\r\n", "no pet").await.status(), 200);
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_told_why() {
    let guarded = Guarded::start(true, false, "application/json").await;
    let lacks = r#"Invalid request body: [object has missing required properties (["name"])]"#;
    let answer = guarded.post("", "", "{}").await;
    assert_eq!((answer.status(), answer.body()), (400, lacks));
    for no_pet in ["", "{", "[]", "\"name\""] {
        assert_eq!(guarded.post("", "Content-Type: application/json\r\n", no_pet).await.status(), 400, "{no_pet:?}");
    }
    assert_eq!(guarded.upstream.requests().len(), 0);
    let pet = r#"{"name":"Rex"}"#;
    assert_eq!(guarded.post("", "Content-Type: Application/JSON; charset=utf-8\r\n", pet).await.status(), 200);
    assert!(guarded.upstream.requests()[0].ends_with(pet), "the body arrives whole");
}

#[tokio::test]
async fn a_type_without_a_model_is_not_checked_unless_there_is_a_default() {
    let guarded = Guarded::start(true, false, "application/json").await;
    assert_eq!(guarded.post("", "Content-Type: text/plain\r\n", "Rex").await.status(), 200);
    let guarded = Guarded::start(true, false, "$default").await;
    assert_eq!(guarded.post("", "Content-Type: text/plain\r\n", "Rex").await.status(), 400);
}
