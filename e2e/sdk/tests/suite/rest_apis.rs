//! REST APIs.

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::types::{ApiKeySourceType, EndpointConfiguration, EndpointType};

use crate::arrange::{BAD_POSITION, a_deployed_api, add, an_api, replace, unique, unknown_api};
use crate::case::cases;
use crate::refusal::{answered, bad_request, constraint, refused};

cases![
    an_api_lives_from_creation_to_deletion,
    an_api_is_cloned,
    an_api_is_checked_as_aws_does,
    an_api_is_changed_where_it_can_be,
    apis_are_listed_in_pages,
];

async fn an_api_lives_from_creation_to_deletion(client: Client) {
    let name = unique("api");
    let create = client.create_rest_api().name(&name).binary_media_types("image/png").tags("team", "pets");
    let made = answered(create.send()).await;
    let id = made.id().expect("an id");
    assert_eq!(made.api_key_source(), Some(&ApiKeySourceType::Header));
    let get = || client.get_rest_api().rest_api_id(id);
    let shown = answered(get().send()).await;
    assert_eq!((shown.name(), shown.tags().map(|tags| tags["team"].as_str())), (Some(name.as_str()), Some("pets")));
    let types = shown.endpoint_configuration().map(EndpointConfiguration::types);
    assert_eq!(types, Some(&[EndpointType::Edge][..]));
    let update = || client.update_rest_api().rest_api_id(id).patch_operations(replace("/description", "all"));
    assert_eq!(answered(update().send()).await.description(), Some("all"));
    let delete = || client.delete_rest_api().rest_api_id(id);
    answered(delete().send()).await;
    assert_eq!(refused(get().send()).await, unknown_api(id));
    assert_eq!(refused(update().send()).await, unknown_api(id));
    assert_eq!(refused(delete().send()).await, unknown_api(id));
}

async fn an_api_is_cloned(client: Client) {
    let source = a_deployed_api(&client).await.id;
    let clone = answered(client.create_rest_api().name("clone").clone_from(source).send()).await;
    let (api, root) = (clone.id().expect("an id"), clone.root_resource_id().expect("a root"));
    let method = client.get_method().rest_api_id(api).resource_id(root).http_method("GET");
    assert_eq!(answered(method.send()).await.authorization_type(), Some("NONE"));
}

async fn an_api_is_checked_as_aws_does(client: Client) {
    let create = || client.create_rest_api().name("x");
    let empty = refused(create().description("").send()).await;
    assert_eq!(empty, bad_request("Description cannot be an empty string"));
    let size = refused(create().minimum_compression_size(10_485_761).send()).await;
    assert_eq!(size, bad_request("Invalid minimum compression size, must be between 0 and 10485760"));
    let wrong = EndpointConfiguration::builder().types(EndpointType::from("wrong")).build();
    let message = "Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy constraint: \
                   Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]";
    assert_eq!(refused(create().endpoint_configuration(wrong).send()).await, constraint(message));
}

async fn an_api_is_changed_where_it_can_be(client: Client) {
    let api = an_api(&client).await.id;
    let update = || client.update_rest_api().rest_api_id(&api);
    let message = "Invalid patch operation specified. Must be one of: [replace]";
    assert_eq!(refused(update().patch_operations(add("/name", "x")).send()).await, bad_request(message));
    let bare = update().patch_operations(add("/binaryMediaTypes", "x/y"));
    assert_eq!(refused(bare.send()).await, bad_request("Invalid patch path /binaryMediaTypes"));
}

async fn apis_are_listed_in_pages(client: Client) {
    an_api(&client).await;
    an_api(&client).await;
    let first = answered(client.get_rest_apis().limit(1).send()).await;
    assert_eq!(first.items().len(), 1);
    let second = answered(client.get_rest_apis().limit(1).set_position(first.position().map(str::to_owned)).send());
    assert_ne!(first.items()[0].id(), second.await.items()[0].id());
    assert_eq!(refused(client.get_rest_apis().position("x").send()).await, bad_request(BAD_POSITION));
}
