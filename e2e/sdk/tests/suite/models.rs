//! Models.

use aws_sdk_apigateway::Client;

use crate::arrange::{an_api, replace, unknown_api};
use crate::case::cases;
use crate::refusal::{answered, bad_request, conflict, not_found, refused};

const UNKNOWN: &str = "Invalid model name specified: Pet";

cases![
    a_model_lives_from_creation_to_deletion,
    a_model_shows_a_template,
    a_model_is_checked_as_aws_does,
    a_model_in_use_stays,
    models_of_an_unknown_api_are_refused,
];

async fn a_model_lives_from_creation_to_deletion(client: Client) {
    let api = an_api(&client).await.id;
    let create = || client.create_model().rest_api_id(&api).name("Pet").content_type("application/json");
    answered(create().schema(r#"{"type": "object"}"#).send()).await;
    let again = refused(create().schema(r#"{"type": "object"}"#).send()).await;
    assert_eq!(again, conflict("Model name already exists for this REST API"));
    let get = || client.get_model().rest_api_id(&api).model_name("Pet");
    assert_eq!(answered(get().send()).await.schema(), Some(r#"{"type": "object"}"#));
    let list = answered(client.get_models().rest_api_id(&api).send()).await;
    let names: Vec<_> = list.items().iter().filter_map(|model| model.name()).collect();
    assert_eq!(names, ["Empty", "Error", "Pet"]);
    let update = || client.update_model().rest_api_id(&api).model_name("Pet");
    let changed = answered(update().patch_operations(replace("/description", "A pet")).send()).await;
    assert_eq!(changed.description(), Some("A pet"));
    let delete = || client.delete_model().rest_api_id(&api).model_name("Pet");
    answered(delete().send()).await;
    assert_eq!(refused(get().send()).await, not_found(UNKNOWN));
    assert_eq!(refused(update().patch_operations(replace("/description", "x")).send()).await, not_found(UNKNOWN));
    assert_eq!(refused(delete().send()).await, not_found(UNKNOWN));
}

async fn a_model_shows_a_template(client: Client) {
    let api = an_api(&client).await.id;
    let template = |name: &str| client.get_model_template().rest_api_id(&api).model_name(name).send();
    let expected = "#set($inputRoot = $input.path('$'))\n{\n  \"message\" : \"foo\"\n}";
    assert_eq!(answered(template("Error")).await.value(), Some(expected));
    assert_eq!(refused(template("Pet")).await, not_found(UNKNOWN));
}

async fn a_model_is_checked_as_aws_does(client: Client) {
    let api = an_api(&client).await.id;
    let create = |name: &str| client.create_model().rest_api_id(&api).name(name).content_type("application/json");
    let message = "Model schema must have at least 1 property or array items defined";
    assert_eq!(refused(create("Pet").schema("").send()).await, bad_request(message));
    let name = refused(create("no-name").schema("{}").send()).await;
    assert_eq!(name, bad_request("Model name must be alphanumeric: no-name"));
}

async fn a_model_in_use_stays(client: Client) {
    let api = an_api(&client).await;
    let method = client.put_method().rest_api_id(&api.id).resource_id(&api.root).http_method("ANY");
    answered(method.authorization_type("NONE").request_models("application/json", "Empty").send()).await;
    let delete = client.delete_model().rest_api_id(&api.id).model_name("Empty");
    let message = "Cannot delete model 'Empty', is referenced in method request: //ANY";
    assert_eq!(refused(delete.send()).await, conflict(message));
}

async fn models_of_an_unknown_api_are_refused(client: Client) {
    let create = client.create_model().rest_api_id("nope").name("Pet").content_type("application/json").schema("{}");
    assert_eq!(refused(create.send()).await, unknown_api("nope"));
    assert_eq!(refused(client.get_models().rest_api_id("nope").send()).await, unknown_api("nope"));
}
