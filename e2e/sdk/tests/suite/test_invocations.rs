//! Test invocations of methods and authorizers.

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::types::{AuthorizerType, IntegrationType};

use crate::arrange::{an_api, an_api_with_a_method};
use crate::case::cases;
use crate::refusal::{answered, not_found, refused};

cases![
    a_method_is_tried,
    a_method_that_is_not_there_is_not_tried,
    an_authorizer_is_tried,
    an_authorizer_that_is_not_there_is_not_tried,
];

async fn a_method_is_tried(client: Client) {
    let api = an_api_with_a_method(&client).await;
    let put = client.put_integration().rest_api_id(&api.id).resource_id(&api.root).http_method("GET");
    let mock = put.r#type(IntegrationType::Mock).request_templates("application/json", r#"{"statusCode": 200}"#);
    answered(mock.send()).await;
    let response = client.put_method_response().rest_api_id(&api.id).resource_id(&api.root).http_method("GET");
    answered(response.status_code("200").send()).await;
    let response = client.put_integration_response().rest_api_id(&api.id).resource_id(&api.root).http_method("GET");
    answered(response.status_code("200").response_templates("application/json", "tried").send()).await;
    let test = client.test_invoke_method().rest_api_id(&api.id).resource_id(&api.root).http_method("GET");
    let tried = answered(test.send()).await;
    assert_eq!((tried.status(), tried.body()), (200, Some("tried")));
    assert!(tried.log().is_some_and(|log| log.contains("Method completed with status: 200")));
}

async fn a_method_that_is_not_there_is_not_tried(client: Client) {
    let api = an_api(&client).await;
    let test = |api: &str, resource: &str| {
        client.test_invoke_method().rest_api_id(api).resource_id(resource).http_method("GET").send()
    };
    assert_eq!(refused(test(&api.id, &api.root)).await, not_found("Invalid Method identifier specified"));
    assert_eq!(refused(test(&api.id, "nope")).await, not_found("Invalid Resource identifier specified"));
    assert_eq!(refused(test("nope", "nope")).await, not_found("Invalid Resource identifier specified"));
}

async fn an_authorizer_is_tried(client: Client) {
    let api = an_api(&client).await;
    let put = client.create_authorizer().rest_api_id(&api.id).name("token").r#type(AuthorizerType::Token);
    let uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/none/invocations";
    let made = answered(put.identity_source("method.request.header.A").authorizer_uri(uri).send()).await;
    let test = client.test_invoke_authorizer().rest_api_id(&api.id).authorizer_id(made.id().expect("an id"));
    // Nobody is asked about a caller who shows no token.
    let tried = answered(test.send()).await;
    assert_eq!((tried.client_status(), tried.principal_id()), (401, None));
    assert!(tried.log().is_some_and(|log| log.contains("Starting authorizer: ")));
}

async fn an_authorizer_that_is_not_there_is_not_tried(client: Client) {
    let api = an_api(&client).await;
    let test = client.test_invoke_authorizer().rest_api_id(&api.id).authorizer_id("nope");
    assert_eq!(refused(test.send()).await, not_found("Invalid Authorizer identifier specified"));
}
