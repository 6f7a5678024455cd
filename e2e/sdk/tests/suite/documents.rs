//! APIs out of documents, and documents and clients out of APIs.

use aws_sdk_apigateway::Client;
use aws_sdk_apigateway::primitives::Blob;
use aws_sdk_apigateway::types::PutMode;

use crate::arrange::{STAGE, a_deployed_api, an_api, unknown_api};
use crate::case::cases;
use crate::refusal::{answered, bad_request, not_found, refused};

const PETS: &str = r#"{
    "openapi": "3.0.1", "info": {"title": "pets", "version": "7"},
    "paths": {"/pets": {"get": {"responses": {}, "x-amazon-apigateway-integration": {"type": "mock"}}}}
}"#;

cases![
    a_document_becomes_an_api,
    a_document_is_put_upon_an_api,
    what_is_no_document_is_refused,
    a_stage_is_exported,
    an_unknown_form_of_export_is_refused,
    a_client_is_made_for_a_stage,
    a_client_in_another_language_is_refused,
];

async fn paths(client: &Client, api: &str) -> Vec<String> {
    let list = answered(client.get_resources().rest_api_id(api).send()).await;
    let mut paths: Vec<_> = list.items().iter().filter_map(|item| item.path().map(str::to_owned)).collect();
    paths.sort();
    paths
}

async fn a_document_becomes_an_api(client: Client) {
    let import = client.import_rest_api().body(Blob::new(PETS)).parameters("endpointConfigurationTypes", "REGIONAL");
    let made = answered(import.send()).await;
    assert_eq!((made.name(), made.version()), (Some("pets"), Some("7")));
    assert_eq!(paths(&client, made.id().expect("an id")).await, ["/", "/pets"]);
}

async fn a_document_is_put_upon_an_api(client: Client) {
    let api = an_api(&client).await.id;
    let put = client.put_rest_api().rest_api_id(&api).mode(PutMode::Merge).body(Blob::new(PETS));
    assert_eq!(answered(put.send()).await.name(), Some("pets"));
    assert_eq!(paths(&client, &api).await, ["/", "/pets"]);
}

async fn what_is_no_document_is_refused(client: Client) {
    let import = client.import_rest_api().body(Blob::new("not: [a document"));
    assert_eq!(refused(import.send()).await, bad_request("Invalid OpenAPI input."));
    let put = client.put_rest_api().rest_api_id("nope").body(Blob::new(PETS));
    assert_eq!(refused(put.send()).await, unknown_api("nope"));
}

async fn a_stage_is_exported(client: Client) {
    let api = a_deployed_api(&client).await.id;
    let export = client.get_export().rest_api_id(&api).stage_name(STAGE).export_type("oas30");
    let file = answered(export.accepts("application/json").send()).await;
    assert_eq!(file.content_type(), Some("application/json"));
    let document: serde_json::Value =
        serde_json::from_slice(file.body().expect("a document").as_ref()).expect("a document");
    assert!(document["paths"]["/"]["get"].is_object(), "{document}");
}

async fn an_unknown_form_of_export_is_refused(client: Client) {
    let api = a_deployed_api(&client).await.id;
    let export =
        |stage: &str, form: &str| client.get_export().rest_api_id(&api).stage_name(stage).export_type(form).send();
    let message = "Invalid export type specified: raml. Valid options are swagger,oas30";
    assert_eq!(refused(export(STAGE, "raml")).await, bad_request(message));
    assert_eq!(refused(export("nope", "swagger")).await, not_found("Invalid stage identifier specified"));
}

async fn a_client_is_made_for_a_stage(client: Client) {
    let api = a_deployed_api(&client).await.id;
    let sdk = client.get_sdk().rest_api_id(&api).stage_name(STAGE).sdk_type("javascript");
    let file = answered(sdk.send()).await;
    assert_eq!(file.content_type(), Some("application/zip"));
    assert!(file.body().expect("an archive").as_ref().starts_with(b"PK"));
}

async fn a_client_in_another_language_is_refused(client: Client) {
    let api = a_deployed_api(&client).await.id;
    let sdk = client.get_sdk().rest_api_id(&api).stage_name(STAGE).sdk_type("ruby");
    let message = "Invalid SDK type specified: ruby. Only javascript is built";
    assert_eq!(refused(sdk.send()).await, bad_request(message));
}
