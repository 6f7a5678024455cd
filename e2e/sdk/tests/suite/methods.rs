//! Methods and their responses.

use aws_sdk_apigateway::Client;

use crate::arrange::{add, an_api, an_api_with_a_method, replace};
use crate::case::cases;
use crate::refusal::{answered, bad_request, conflict, not_found, refused};

const UNKNOWN: &str = "Invalid Method identifier specified";
const UNKNOWN_RESPONSE: &str = "Invalid Response status code specified";

cases![
    a_method_lives_from_its_making_to_its_deletion,
    a_method_is_checked_as_aws_does,
    a_method_exists_once,
    a_response_lives_from_its_making_to_its_deletion,
    a_response_exists_once,
];

async fn a_method_lives_from_its_making_to_its_deletion(client: Client) {
    let api = an_api(&client).await;
    let put = client.put_method().rest_api_id(&api.id).resource_id(&api.root).http_method("GET");
    let made = answered(put.authorization_type("NONE").api_key_required(true).send()).await;
    assert_eq!((made.authorization_type(), made.api_key_required()), (Some("NONE"), Some(true)));
    let get = || client.get_method().rest_api_id(&api.id).resource_id(&api.root).http_method("GET");
    assert_eq!(answered(get().send()).await.api_key_required(), Some(true));
    let update = || client.update_method().rest_api_id(&api.id).resource_id(&api.root).http_method("GET");
    let header = add("/requestParameters/method.request.header.h", "true");
    let changed = update().patch_operations(replace("/apiKeyRequired", "false")).patch_operations(header);
    let changed = answered(changed.send()).await;
    assert_eq!(changed.api_key_required(), Some(false));
    assert_eq!(changed.request_parameters().map(|all| all["method.request.header.h"]), Some(true));
    let delete = || client.delete_method().rest_api_id(&api.id).resource_id(&api.root).http_method("GET");
    answered(delete().send()).await;
    assert_eq!(refused(get().send()).await, not_found(UNKNOWN));
    assert_eq!(refused(update().patch_operations(replace("/operationName", "x")).send()).await, not_found(UNKNOWN));
    assert_eq!(refused(delete().send()).await, not_found(UNKNOWN));
}

async fn a_method_is_checked_as_aws_does(client: Client) {
    let api = an_api(&client).await;
    let put = |verb: &str| client.put_method().rest_api_id(&api.id).resource_id(&api.root).http_method(verb);
    let verb = refused(put("WRONG").authorization_type("NONE").send()).await;
    let message = "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY";
    assert_eq!(verb, bad_request(message));
    let guard = refused(put("GET").authorization_type("CUSTOM").send()).await;
    let message = "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS \
                   requires a valid authorizer.";
    assert_eq!(guard, bad_request(message));
    let names = put("GET").authorization_type("NONE").request_parameters("method.request.path.a", true);
    let names = refused(names.request_parameters("method.request.header.a", true).send()).await;
    assert_eq!(names, bad_request("Parameter names must be unique across querystring, header and path"));
}

async fn a_method_exists_once(client: Client) {
    let api = an_api_with_a_method(&client).await;
    let again = client.put_method().rest_api_id(&api.id).resource_id(&api.root).http_method("GET");
    let message = "Method already exists for this resource";
    assert_eq!(refused(again.authorization_type("NONE").send()).await, conflict(message));
}

async fn a_response_lives_from_its_making_to_its_deletion(client: Client) {
    let api = an_api_with_a_method(&client).await;
    let put = client.put_method_response().rest_api_id(&api.id).resource_id(&api.root).http_method("GET");
    answered(put.status_code("200").response_models("application/json", "Empty").send()).await;
    let get = || {
        let get = client.get_method_response().rest_api_id(&api.id).resource_id(&api.root);
        get.http_method("GET").status_code("200")
    };
    let shown = answered(get().send()).await;
    assert_eq!(shown.response_models().map(|all| all["application/json"].as_str()), Some("Empty"));
    let update = || {
        let update = client.update_method_response().rest_api_id(&api.id).resource_id(&api.root);
        let header = add("/responseParameters/method.response.header.x", "false");
        update.http_method("GET").status_code("200").patch_operations(header)
    };
    let changed = answered(update().send()).await;
    assert_eq!(changed.response_parameters().map(|all| all["method.response.header.x"]), Some(false));
    let delete = || {
        let delete = client.delete_method_response().rest_api_id(&api.id).resource_id(&api.root);
        delete.http_method("GET").status_code("200")
    };
    answered(delete().send()).await;
    assert_eq!(refused(get().send()).await, not_found(UNKNOWN_RESPONSE));
    assert_eq!(refused(update().send()).await, not_found(UNKNOWN_RESPONSE));
    assert_eq!(refused(delete().send()).await, not_found(UNKNOWN_RESPONSE));
}

async fn a_response_exists_once(client: Client) {
    let api = an_api_with_a_method(&client).await;
    let put = || {
        let put = client.put_method_response().rest_api_id(&api.id).resource_id(&api.root);
        put.http_method("GET").status_code("200")
    };
    answered(put().send()).await;
    assert_eq!(refused(put().send()).await, conflict("Response already exists for this resource"));
}
