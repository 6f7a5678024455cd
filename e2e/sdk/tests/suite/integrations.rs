//! Integrations and their responses.

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::operation::put_integration::builders::PutIntegrationFluentBuilder;
use aws_sdk_apigateway::types::{ConnectionType, IntegrationType};

use crate::arrange::{Api, an_api_with_a_method, replace};
use crate::case::cases;
use crate::refusal::{answered, bad_request, constraint, not_found, refused};

const UNKNOWN: &str = "Invalid Integration identifier specified";
const UNKNOWN_RESPONSE: &str = "Invalid Response status code specified";

cases![
    an_integration_lives_from_its_making_to_its_deletion,
    an_integration_is_checked_as_aws_does,
    a_response_lives_from_its_making_to_its_deletion,
    a_status_code_has_three_digits,
];

fn put(client: &Client, api: &Api) -> PutIntegrationFluentBuilder {
    client.put_integration().rest_api_id(&api.id).resource_id(&api.root).http_method("GET")
}

async fn an_integration_lives_from_its_making_to_its_deletion(client: Client) {
    let api = an_api_with_a_method(&client).await;
    let proxy = put(&client, &api).r#type(IntegrationType::HttpProxy).integration_http_method("POST");
    let made = answered(proxy.uri("http://127.0.0.1:1/").send()).await;
    assert_eq!((made.connection_type(), made.timeout_in_millis()), (Some(&ConnectionType::Internet), 29_000));
    let get = || client.get_integration().rest_api_id(&api.id).resource_id(&api.root).http_method("GET");
    let shown = answered(get().send()).await;
    assert_eq!((shown.http_method(), shown.uri()), (Some("POST"), Some("http://127.0.0.1:1/")));
    let update = || client.update_integration().rest_api_id(&api.id).resource_id(&api.root).http_method("GET");
    let changed = answered(update().patch_operations(replace("/timeoutInMillis", "50")).send()).await;
    assert_eq!(changed.timeout_in_millis(), 50);
    let delete = || client.delete_integration().rest_api_id(&api.id).resource_id(&api.root).http_method("GET");
    answered(delete().send()).await;
    assert_eq!(refused(get().send()).await, not_found(UNKNOWN));
    assert_eq!(refused(update().patch_operations(replace("/uri", "x")).send()).await, not_found(UNKNOWN));
    assert_eq!(refused(delete().send()).await, not_found(UNKNOWN));
}

async fn an_integration_is_checked_as_aws_does(client: Client) {
    let api = an_api_with_a_method(&client).await;
    let proxy = || put(&client, &api).r#type(IntegrationType::HttpProxy);
    let methodless = refused(proxy().uri("http://127.0.0.1:1/").send()).await;
    assert_eq!(methodless, bad_request("Enumeration value for HttpMethod must be non-empty"));
    let nowhere = refused(proxy().integration_http_method("GET").uri("nonsense").send()).await;
    assert_eq!(nowhere, bad_request("Invalid HTTP endpoint specified for URI"));
    let slow = proxy().integration_http_method("GET").uri("http://127.0.0.1:1/").timeout_in_millis(29_001);
    assert_eq!(refused(slow.send()).await, bad_request("Timeout should be between 50 ms and 29000 ms"));
    let lambda = put(&client, &api).r#type(IntegrationType::AwsProxy).integration_http_method("POST");
    assert_eq!(refused(lambda.uri("nonsense").send()).await, bad_request("Invalid ARN specified in the request"));
    let unknown = refused(put(&client, &api).r#type(IntegrationType::from("HTTPS_PROXY")).send()).await;
    let message = "Value 'HTTPS_PROXY' at 'putIntegrationInput.type' failed to satisfy constraint: Member must \
                   satisfy enum value set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]";
    assert_eq!(unknown, constraint(message));
}

async fn a_response_lives_from_its_making_to_its_deletion(client: Client) {
    let api = an_api_with_a_method(&client).await;
    let put = || {
        let put = client.put_integration_response().rest_api_id(&api.id).resource_id(&api.root);
        put.http_method("GET").status_code("200").selection_pattern("2..")
    };
    assert_eq!(refused(put().send()).await, not_found(UNKNOWN_RESPONSE), "the method has none such");
    let method = client.put_method_response().rest_api_id(&api.id).resource_id(&api.root).http_method("GET");
    answered(method.status_code("200").send()).await;
    answered(put().send()).await;
    let get = || {
        let get = client.get_integration_response().rest_api_id(&api.id).resource_id(&api.root);
        get.http_method("GET").status_code("200")
    };
    assert_eq!(answered(get().send()).await.selection_pattern(), Some("2.."));
    let update = || {
        let update = client.update_integration_response().rest_api_id(&api.id).resource_id(&api.root);
        update.http_method("GET").status_code("200").patch_operations(replace("/selectionPattern", "20."))
    };
    assert_eq!(answered(update().send()).await.selection_pattern(), Some("20."));
    let delete = || {
        let delete = client.delete_integration_response().rest_api_id(&api.id).resource_id(&api.root);
        delete.http_method("GET").status_code("200")
    };
    answered(delete().send()).await;
    assert_eq!(refused(get().send()).await, not_found(UNKNOWN_RESPONSE));
    assert_eq!(refused(update().send()).await, not_found(UNKNOWN_RESPONSE));
    assert_eq!(refused(delete().send()).await, not_found(UNKNOWN_RESPONSE));
}

async fn a_status_code_has_three_digits(client: Client) {
    let api = an_api_with_a_method(&client).await;
    let put = client.put_integration_response().rest_api_id(&api.id).resource_id(&api.root).http_method("GET");
    let message = "Value 'wrong' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression \
                   pattern: [1-5]\\d\\d";
    assert_eq!(refused(put.status_code("wrong").send()).await, constraint(message));
}
