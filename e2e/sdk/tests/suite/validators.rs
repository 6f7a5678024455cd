//! Request validators.

use aws_sdk_apigateway::Client;

use crate::arrange::{an_api, replace, unknown_api};
use crate::case::cases;
use crate::refusal::{answered, bad_request, conflict, not_found, refused};

const UNKNOWN: &str = "Invalid Request Validator identifier specified";

cases![
    a_validator_lives_from_creation_to_deletion,
    a_validator_has_a_name,
    a_validator_in_use_stays,
    validators_of_an_unknown_api_are_refused,
];

async fn a_validator(client: &Client, api: &str) -> String {
    let create = client.create_request_validator().rest_api_id(api).name("all").validate_request_body(true);
    answered(create.send()).await.id.expect("an id")
}

async fn a_validator_lives_from_creation_to_deletion(client: Client) {
    let api = an_api(&client).await.id;
    let id = a_validator(&client, &api).await;
    let get = || client.get_request_validator().rest_api_id(&api).request_validator_id(&id);
    let shown = answered(get().send()).await;
    assert_eq!((shown.validate_request_body(), shown.validate_request_parameters()), (true, false));
    let list = answered(client.get_request_validators().rest_api_id(&api).send()).await;
    assert_eq!(list.items().iter().map(|item| item.id()).collect::<Vec<_>>(), [Some(id.as_str())]);
    let update = || {
        let update = client.update_request_validator().rest_api_id(&api).request_validator_id(&id);
        update.patch_operations(replace("/validateRequestParameters", "true"))
    };
    assert!(answered(update().send()).await.validate_request_parameters());
    let delete = || client.delete_request_validator().rest_api_id(&api).request_validator_id(&id);
    answered(delete().send()).await;
    assert_eq!(refused(get().send()).await, not_found(UNKNOWN));
    assert_eq!(refused(update().send()).await, not_found(UNKNOWN));
    assert_eq!(refused(delete().send()).await, not_found(UNKNOWN));
}

async fn a_validator_has_a_name(client: Client) {
    let api = an_api(&client).await.id;
    let id = a_validator(&client, &api).await;
    let update = client.update_request_validator().rest_api_id(&api).request_validator_id(id);
    let update = update.patch_operations(replace("/name", ""));
    assert_eq!(refused(update.send()).await, bad_request("Request Validator name cannot be blank"));
}

async fn a_validator_in_use_stays(client: Client) {
    let api = an_api(&client).await;
    let id = a_validator(&client, &api.id).await;
    let method = client.put_method().rest_api_id(&api.id).resource_id(&api.root).http_method("GET");
    answered(method.authorization_type("NONE").request_validator_id(&id).send()).await;
    let delete = client.delete_request_validator().rest_api_id(&api.id).request_validator_id(&id);
    let message = "Cannot delete request validator 'all', is referenced in method: GET//";
    assert_eq!(refused(delete.send()).await, conflict(message));
}

async fn validators_of_an_unknown_api_are_refused(client: Client) {
    let create = client.create_request_validator().rest_api_id("nope").name("all");
    assert_eq!(refused(create.send()).await, bad_request("Invalid REST API identifier specified"));
    assert_eq!(refused(client.get_request_validators().rest_api_id("nope").send()).await, unknown_api("nope"));
}
