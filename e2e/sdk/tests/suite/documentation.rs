//! Documentation parts and versions.

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::primitives::Blob;
use aws_sdk_apigateway::types::{DocumentationPartLocation, DocumentationPartType, PutMode};

use crate::arrange::{an_api, replace, unknown_api};
use crate::case::cases;
use crate::refusal::{answered, bad_request, conflict, not_found, refused};

const UNKNOWN_PART: &str = "Invalid Documentation part identifier specified";
const UNKNOWN_VERSION: &str = "Invalid Documentation version specified";

cases![
    a_part_lives_from_creation_to_deletion,
    a_place_has_one_part,
    parts_are_imported,
    a_version_lives_from_creation_to_deletion,
    a_version_exists_once,
    documentation_of_an_unknown_api_is_refused,
];

/// What speaks of the whole API.
fn whole() -> DocumentationPartLocation {
    DocumentationPartLocation::builder().r#type(DocumentationPartType::Api).build().expect("a location")
}

async fn a_part_lives_from_creation_to_deletion(client: Client) {
    let api = an_api(&client).await.id;
    let create = client.create_documentation_part().rest_api_id(&api).location(whole());
    let made = answered(create.properties(r#"{"description": "all"}"#).send()).await;
    let id = made.id().expect("an id");
    let get = || client.get_documentation_part().rest_api_id(&api).documentation_part_id(id);
    let shown = answered(get().send()).await;
    assert_eq!(shown.properties(), Some(r#"{"description": "all"}"#));
    assert_eq!(shown.location().map(|location| location.r#type()), Some(&DocumentationPartType::Api));
    let list = client.get_documentation_parts().rest_api_id(&api).r#type(DocumentationPartType::Api);
    assert_eq!(answered(list.send()).await.items().len(), 1);
    let update = || client.update_documentation_part().rest_api_id(&api).documentation_part_id(id);
    let changed = answered(update().patch_operations(replace("/properties", "{}")).send()).await;
    assert_eq!(changed.properties(), Some("{}"));
    let message = "Invalid patch path  '/location' specified for op 'replace'. Must be one of: [/properties]";
    assert_eq!(refused(update().patch_operations(replace("/location", "x")).send()).await, bad_request(message));
    let delete = || client.delete_documentation_part().rest_api_id(&api).documentation_part_id(id);
    answered(delete().send()).await;
    assert_eq!(refused(get().send()).await, not_found(UNKNOWN_PART));
    assert_eq!(refused(delete().send()).await, not_found(UNKNOWN_PART));
}

async fn a_place_has_one_part(client: Client) {
    let api = an_api(&client).await.id;
    let create = || client.create_documentation_part().rest_api_id(&api).location(whole()).properties("{}");
    answered(create().send()).await;
    let message = "Documentation part already exists for the specified location: type 'API'";
    assert_eq!(refused(create().send()).await, conflict(message));
}

async fn parts_are_imported(client: Client) {
    let api = an_api(&client).await.id;
    let import = |file: &str| {
        let import = client.import_documentation_parts().rest_api_id(&api).mode(PutMode::Merge);
        import.body(Blob::new(file)).send()
    };
    let file = r#"{"documentationParts": [{"location": {"type": "API"}, "properties": {"description": "all"}}]}"#;
    assert_eq!(answered(import(file)).await.ids().len(), 1);
    let message = "Unable to build importer with provided input.";
    assert_eq!(refused(import("no document")).await, bad_request(message));
}

async fn a_version_lives_from_creation_to_deletion(client: Client) {
    let api = an_api(&client).await.id;
    let create = client.create_documentation_version().rest_api_id(&api).documentation_version("1");
    answered(create.description("first").send()).await;
    let get = || client.get_documentation_version().rest_api_id(&api).documentation_version("1");
    assert_eq!(answered(get().send()).await.description(), Some("first"));
    let list = answered(client.get_documentation_versions().rest_api_id(&api).send()).await;
    assert_eq!(list.items().iter().map(|item| item.version()).collect::<Vec<_>>(), [Some("1")]);
    let update = || client.update_documentation_version().rest_api_id(&api).documentation_version("1");
    let changed = answered(update().patch_operations(replace("/description", "second")).send()).await;
    assert_eq!(changed.description(), Some("second"));
    let delete = || client.delete_documentation_version().rest_api_id(&api).documentation_version("1");
    answered(delete().send()).await;
    assert_eq!(refused(get().send()).await, not_found(UNKNOWN_VERSION));
    let update = update().patch_operations(replace("/description", "x"));
    assert_eq!(refused(update.send()).await, not_found(UNKNOWN_VERSION));
    assert_eq!(refused(delete().send()).await, not_found(UNKNOWN_VERSION));
}

async fn a_version_exists_once(client: Client) {
    let api = an_api(&client).await.id;
    let create = || client.create_documentation_version().rest_api_id(&api).documentation_version("1");
    answered(create().send()).await;
    assert_eq!(refused(create().send()).await, conflict("Documentation version already exists: 1"));
}

async fn documentation_of_an_unknown_api_is_refused(client: Client) {
    assert_eq!(refused(client.get_documentation_parts().rest_api_id("nope").send()).await, unknown_api("nope"));
    assert_eq!(refused(client.get_documentation_versions().rest_api_id("nope").send()).await, unknown_api("nope"));
}
