//! Authorizers.

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::operation::create_authorizer::builders::CreateAuthorizerFluentBuilder;
use aws_sdk_apigateway::types::AuthorizerType;

use crate::arrange::{an_api, replace, unknown_api};
use crate::case::cases;
use crate::refusal::{answered, bad_request, conflict, not_found, refused};

const UNKNOWN: &str = "Invalid Authorizer identifier specified";
const URI: &str = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations";

cases![
    an_authorizer_lives_from_creation_to_deletion,
    an_authorizer_is_checked_as_aws_does,
    an_authorizer_in_use_stays,
    authorizers_of_an_unknown_api_are_refused,
];

fn token(client: &Client, api: &str) -> CreateAuthorizerFluentBuilder {
    let create = client.create_authorizer().rest_api_id(api).name("auth").r#type(AuthorizerType::Token);
    create.authorizer_uri(URI).identity_source("method.request.header.Auth")
}

async fn an_authorizer_lives_from_creation_to_deletion(client: Client) {
    let api = an_api(&client).await.id;
    let made = answered(token(&client, &api).send()).await;
    let id = made.id().expect("an id");
    assert_eq!((made.authorizer_result_ttl_in_seconds(), made.auth_type()), (Some(300), Some("custom")));
    let get = || client.get_authorizer().rest_api_id(&api).authorizer_id(id);
    assert_eq!(answered(get().send()).await.identity_source(), Some("method.request.header.Auth"));
    let list = answered(client.get_authorizers().rest_api_id(&api).send()).await;
    assert_eq!(list.items().iter().map(|item| item.id()).collect::<Vec<_>>(), [Some(id)]);
    let update = || client.update_authorizer().rest_api_id(&api).authorizer_id(id);
    let changed = update().patch_operations(replace("/authorizerResultTtlInSeconds", "0"));
    assert_eq!(answered(changed.send()).await.authorizer_result_ttl_in_seconds(), Some(0));
    let delete = || client.delete_authorizer().rest_api_id(&api).authorizer_id(id);
    answered(delete().send()).await;
    assert_eq!(refused(get().send()).await, not_found(UNKNOWN));
    assert_eq!(refused(update().patch_operations(replace("/name", "x")).send()).await, not_found(UNKNOWN));
    assert_eq!(refused(delete().send()).await, not_found(UNKNOWN));
}

async fn an_authorizer_is_checked_as_aws_does(client: Client) {
    let api = an_api(&client).await.id;
    let slow = refused(token(&client, &api).authorizer_result_ttl_in_seconds(3601).send()).await;
    let message = "Authorizer result TTL outside allowable range. TTL must be between 0 and 3600 seconds.";
    assert_eq!(slow, bad_request(message));
    answered(token(&client, &api).send()).await;
    let message = "Authorizer name must be unique. Authorizer auth already exists in this RestApi.";
    assert_eq!(refused(token(&client, &api).send()).await, bad_request(message));
}

async fn an_authorizer_in_use_stays(client: Client) {
    let api = an_api(&client).await;
    let id = answered(token(&client, &api.id).send()).await.id.expect("an id");
    let method = client.put_method().rest_api_id(&api.id).resource_id(&api.root).http_method("GET");
    answered(method.authorization_type("CUSTOM").authorizer_id(&id).send()).await;
    let delete = client.delete_authorizer().rest_api_id(&api.id).authorizer_id(&id);
    let message = "Cannot delete authorizer 'auth', is referenced in method: GET//";
    assert_eq!(refused(delete.send()).await, conflict(message));
}

async fn authorizers_of_an_unknown_api_are_refused(client: Client) {
    assert_eq!(refused(token(&client, "nope").send()).await, unknown_api("nope"));
    assert_eq!(refused(client.get_authorizers().rest_api_id("nope").send()).await, unknown_api("nope"));
}
