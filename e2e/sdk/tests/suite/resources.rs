//! Resources.

use aws_sdk_apigateway::Client;

use crate::arrange::{Api, an_api, an_api_with_a_method, replace, unknown_api};
use crate::case::cases;
use crate::refusal::{answered, bad_request, conflict, not_found, refused};

const UNKNOWN: &str = "Invalid Resource identifier specified";

cases![
    a_resource_lives_from_creation_to_deletion,
    resources_embed_their_methods,
    a_resource_obeys_the_rules_of_aws,
    the_root_stays_where_it_is,
    resources_of_an_unknown_api_are_refused,
];

async fn child(client: &Client, api: &Api, parent: &str, part: &str) -> String {
    let create = client.create_resource().rest_api_id(&api.id).parent_id(parent).path_part(part);
    answered(create.send()).await.id.expect("an id")
}

async fn a_resource_lives_from_creation_to_deletion(client: Client) {
    let api = an_api(&client).await;
    let pets = child(&client, &api, &api.root, "pets").await;
    let one = child(&client, &api, &pets, "{id}").await;
    let get = |id: &str| client.get_resource().rest_api_id(&api.id).resource_id(id).send();
    assert_eq!(answered(get(&one)).await.path(), Some("/pets/{id}"));
    let update = || {
        let update = client.update_resource().rest_api_id(&api.id).resource_id(&pets);
        update.patch_operations(replace("/pathPart", "dogs")).send()
    };
    assert_eq!(answered(update()).await.path(), Some("/dogs"));
    assert_eq!(answered(get(&one)).await.path(), Some("/dogs/{id}"));
    let delete = || client.delete_resource().rest_api_id(&api.id).resource_id(&pets).send();
    answered(delete()).await;
    assert_eq!(refused(get(&one)).await, not_found(UNKNOWN));
    assert_eq!(refused(update()).await, not_found(UNKNOWN));
    assert_eq!(refused(delete()).await, not_found(UNKNOWN));
}

async fn resources_embed_their_methods(client: Client) {
    let api = an_api_with_a_method(&client).await;
    let list = answered(client.get_resources().rest_api_id(&api.id).embed("methods").send()).await;
    let [root] = list.items() else { panic!("the root alone, not {:?}", list.items()) };
    let methods = root.resource_methods().expect("methods");
    assert_eq!(methods["GET"].authorization_type(), Some("NONE"));
}

async fn a_resource_obeys_the_rules_of_aws(client: Client) {
    let api = an_api(&client).await;
    child(&client, &api, &api.root, "pets").await;
    let greedy = child(&client, &api, &api.root, "{proxy+}").await;
    let create =
        |parent: &str, part: &str| client.create_resource().rest_api_id(&api.id).parent_id(parent).path_part(part);
    let twice = refused(create(&api.root, "pets").send()).await;
    assert_eq!(twice, conflict("Another resource with the same parent already has this name: pets"));
    let sibling = refused(create(&api.root, "{id}").send()).await;
    let message = "A sibling ({proxy+}) of this resource already has a variable path part -- only one is allowed";
    assert_eq!(sibling, bad_request(message));
    let below = refused(create(&greedy, "x").send()).await;
    let message = "Cannot create a child of a resource with a greedy path variable: {proxy+}";
    assert_eq!(below, bad_request(message));
    assert_eq!(refused(create("nope", "x").send()).await, not_found(UNKNOWN));
}

async fn the_root_stays_where_it_is(client: Client) {
    let api = an_api(&client).await;
    let update = client.update_resource().rest_api_id(&api.id).resource_id(&api.root);
    let update = update.patch_operations(replace("/pathPart", "x"));
    assert_eq!(refused(update.send()).await, bad_request("Root resource cannot update its pathPart."));
}

async fn resources_of_an_unknown_api_are_refused(client: Client) {
    assert_eq!(refused(client.get_resources().rest_api_id("nope").send()).await, unknown_api("nope"));
}
