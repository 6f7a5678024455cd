use proptest::prelude::*;
use serde_json::json;
use tollgate_domain::rest_api::ApiKeySource;
use tollgate_domain::{GatewayResponseType, HttpMethod};

use super::*;
use crate::openapi::samples::{
    MERGE, OAS30, OVERWRITE, SWAGGER, empty, imported, method, mutated, odd_value, swagger_with,
};

fn paths(tree: &RestApiTree) -> Vec<&str> {
    let mut paths: Vec<_> = tree.resources.values().map(|resource| resource.path.as_str()).collect();
    paths.sort_unstable();
    paths
}

fn swagger() -> RestApiTree {
    let (tree, warnings) = imported(&empty("api1"), SWAGGER, MERGE).expect("an import");
    assert_eq!(warnings, [""; 0]);
    tree
}

#[test]
fn the_settings_of_a_document_are_those_of_the_api() {
    let api = swagger().api;
    assert_eq!(
        (api.name.as_str(), api.description.as_deref(), api.version.as_deref()),
        ("Pets", Some("All pets"), Some("1.2.3"))
    );
    assert_eq!((api.api_key_source, api.minimum_compression_size), (ApiKeySource::Authorizer, Some(1024)));
    assert_eq!(api.binary_media_types, ["image/png"]);
    assert_eq!(api.policy.as_deref(), Some(r#"{"Version":"2012-10-17","Statement":[]}"#));
    assert!(api.disable_execute_api_endpoint);
    assert_eq!(api.endpoint_configuration.vpc_endpoint_ids, ["vpce-1"]);
    assert_eq!(api.tags["team"], "pets");
}

#[test]
fn paths_become_resources_and_operations_methods() {
    let tree = swagger();
    assert_eq!(paths(&tree), ["/", "/pets", "/pets/{id}", "/{proxy+}"]);
    let list = method(&tree, "/pets", HttpMethod::Get);
    assert_eq!(list.operation_name.as_deref(), Some("listPets"));
    assert_eq!(list.request_parameters, [("method.request.querystring.limit".to_owned(), true)].into());
    assert_eq!(list.responses["200"].response_models.as_ref().expect("models")["application/json"], "Pets");
    assert_eq!(
        list.responses["200"].response_parameters,
        Some([("method.response.header.X-Total".to_owned(), false)].into())
    );
    let one = method(&tree, "/pets/{id}", HttpMethod::Get);
    assert_eq!(one.request_parameters, [("method.request.path.id".to_owned(), true)].into());
    assert_eq!(one.responses["404"].response_models.as_ref().expect("models")["application/json"], "Error");
    assert_eq!(method(&tree, "/pets", HttpMethod::Post).request_models["application/json"], "Pet");
    assert!(method(&tree, "/{proxy+}", HttpMethod::Any).integration.is_some());
}

#[test]
fn integrations_are_as_if_put_by_hand() {
    let tree = swagger();
    let integration = method(&tree, "/pets", HttpMethod::Get).integration.as_ref().expect("an integration");
    assert_eq!((integration.timeout_millis, integration.insecure_skip_verification), (1000, Some(true)));
    assert_eq!(integration.connection_type.as_deref(), Some("INTERNET"));
    assert_eq!(integration.responses["200"].selection_pattern, None);
    let mock = method(&tree, "/pets/{id}", HttpMethod::Get).integration.as_ref().expect("an integration");
    assert_eq!(mock.responses["404"].selection_pattern.as_deref(), Some(r"4\d{2}"));
    assert_eq!(mock.responses["404"].content_handling.as_deref(), Some("CONVERT_TO_TEXT"));
}

#[test]
fn security_says_who_may_call() {
    let tree = swagger();
    let asks = |path, verb| {
        let method = method(&tree, path, verb);
        let authorizer = method.authorizer_id.as_ref().map(|id| tree.authorizers[id].name.as_str());
        (method.authorization_type.as_str(), authorizer, method.api_key_required)
    };
    assert_eq!(asks("/pets", HttpMethod::Get), ("NONE", None, true), "the root's security holds");
    assert_eq!(asks("/pets", HttpMethod::Post), ("COGNITO_USER_POOLS", Some("pool"), false));
    assert_eq!(method(&tree, "/pets", HttpMethod::Post).authorization_scopes, ["pets/write"]);
    assert_eq!(asks("/pets/{id}", HttpMethod::Get), ("CUSTOM", Some("checked"), true));
    assert_eq!(asks("/pets/{id}", HttpMethod::Delete), ("AWS_IAM", None, false));
    assert_eq!(asks("/pets/{id}", HttpMethod::Patch), ("NONE", None, false), "an empty list asks for nothing");
    assert_eq!(asks("/{proxy+}", HttpMethod::Any), ("AWS_IAM", None, true));
    let checked = tree.authorizers.values().find(|one| one.name == "checked").expect("an authorizer");
    assert_eq!(checked.identity_source.as_deref(), Some("method.request.header.X-Api-Key"));
    assert_eq!((checked.auth_type.as_deref(), checked.result_ttl_in_seconds), (Some("custom"), Some(300)));
}

#[test]
fn validators_gateway_responses_and_documentation_come_along() {
    let tree = swagger();
    let validator = |path, verb| {
        let id = method(&tree, path, verb).request_validator_id.clone().expect("a validator");
        tree.request_validators[&id].name.clone().expect("a name")
    };
    assert_eq!(validator("/pets", HttpMethod::Get), "params");
    assert_eq!(validator("/pets", HttpMethod::Post), "all");
    let response = &tree.gateway_responses[&GatewayResponseType::QuotaExceeded];
    assert_eq!(response.status_code.as_deref(), Some("429"));
    assert_eq!(response.response_parameters["gatewayresponse.header.Retry-After"], "'3600'");
    assert_eq!(tree.documentation_parts.len(), 2);
    let quiet = Options { ignore_documentation: true, ..MERGE };
    let (tree, _) = imported(&empty("api1"), SWAGGER, quiet).expect("an import");
    assert!(tree.documentation_parts.is_empty());
}

#[test]
fn openapi_3_in_yaml_is_read_alike() {
    let (tree, warnings) = imported(&empty("api1"), OAS30, MERGE).expect("an import");
    assert_eq!(
        warnings,
        ["Response 'default' on 'GET' for resource at path '/pets' ignored: a method response has one status code"]
    );
    assert_eq!(paths(&tree), ["/", "/pets", "/pets/{id}", "/pets/{id}/photos"]);
    assert_eq!(tree.api.endpoint_configuration.types, ["REGIONAL"]);
    let list = method(&tree, "/pets", HttpMethod::Get);
    assert!(list.api_key_required);
    assert_eq!(list.responses["200"].response_models.as_ref().expect("models")["application/json"], "Pets");
    let total = [("method.response.header.X-Total".to_owned(), true)];
    assert_eq!(list.responses["200"].response_parameters, Some(total.into()));
    let inline = &list.responses["200"].response_models.as_ref().expect("models")["text/csv"];
    assert_eq!((inline.starts_with("MODEL"), tree.models[inline].schema.as_str()), (true, r#"{"type":"string"}"#));
    assert_eq!(
        tree.models["Pets"].schema,
        r#"{"type":"array","items":{"$ref":"https://apigateway.amazonaws.com/restapis/api1/models/Pet"}}"#
    );
    let integration = list.integration.as_ref().expect("an integration");
    assert_eq!(integration.request_templates["application/json"].as_deref(), Some(r#"{"statusCode": 200}"#));
    assert_eq!(method(&tree, "/pets", HttpMethod::Post).request_models.len(), 2);
}

#[test]
fn the_base_path_is_ignored_prepended_or_split() {
    for (base_path, path) in
        [(BasePath::Ignore, "/pets"), (BasePath::Prepend, "/v1/shop/pets"), (BasePath::Split, "/shop/pets")]
    {
        for text in [SWAGGER, OAS30] {
            let (tree, _) = imported(&empty("api1"), text, Options { base_path, ..MERGE }).expect("an import");
            assert!(method(&tree, path, HttpMethod::Get).integration.is_some(), "{path}");
        }
    }
}

const SMALL: &str = r#"{
    "swagger": "2.0", "info": {"title": "Small"}, "x-amazon-apigateway-binary-media-types": ["image/gif"],
    "paths": {"/pets": {"put": {"responses": {}, "x-amazon-apigateway-integration": {"type": "mock"}}}}
}"#;

#[test]
fn a_merge_keeps_what_is_not_mentioned() {
    let before = swagger();
    let (after, _) = imported(&before, SMALL, MERGE).expect("an import");
    assert_eq!((paths(&after), after.authorizers.len(), after.models.len()), (paths(&before), 2, 3));
    assert_eq!(after.api.binary_media_types, ["image/png", "image/gif"]);
    assert_eq!((after.api.name.as_str(), after.api.description.as_deref()), ("Small", Some("All pets")));
    let pets = after.resources.values().find(|resource| resource.path == "/pets").expect("a resource");
    assert_eq!(pets.methods.keys().map(|verb| verb.as_str()).collect::<Vec<_>>(), ["GET", "POST", "PUT"]);
}

#[test]
fn an_overwrite_deletes_what_is_not_mentioned_and_keeps_ids() {
    let before = swagger();
    let (after, _) = imported(&before, SMALL, OVERWRITE).expect("an import");
    assert_eq!(paths(&after), ["/", "/pets"]);
    let id = |tree: &RestApiTree| tree.resources.values().find(|one| one.path == "/pets").expect("it").id.clone();
    assert_eq!(id(&after), id(&before));
    assert!(after.authorizers.is_empty() && after.request_validators.is_empty() && after.gateway_responses.is_empty());
    assert_eq!(after.models.keys().collect::<Vec<_>>(), ["Error"], "a model that every API has");
    assert_eq!((after.api.policy.as_ref(), after.api.binary_media_types.len()), (None, 1));
    let (again, _) = imported(&before, SWAGGER, OVERWRITE).expect("an import");
    assert_eq!(again, before, "the same document changes nothing");
}

#[test]
fn a_variable_can_be_renamed_by_an_overwrite() {
    let renamed = SWAGGER.replace("{id}", "{pet}");
    assert!(imported(&swagger(), &renamed, OVERWRITE).is_ok());
    let refused = imported(&swagger(), &renamed, MERGE).expect_err("a refusal");
    assert!(refused.contains("A sibling ({id}) of this resource already has a variable path part"), "{refused}");
}

#[test]
fn a_document_that_is_none_is_refused() {
    for bad in [
        "",
        "{}",
        "[]",
        "swagger: '2.0'\npaths: []",
        "openapi: 3.0.0\npaths: {/a: 1}",
        "swagger: '2.0'\npaths: {/a: {get: 1}}",
    ] {
        assert_eq!(imported(&empty("api1"), bad, MERGE).expect_err(bad), "Invalid OpenAPI input.");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once_in_the_words_of_the_operations_by_hand() {
    let bad = swagger_with(json!({
        "/paths/~1a b": {},
        "/paths/~1pets/get/x-amazon-apigateway-integration/uri": "ftp://x",
        "/paths/~1pets/post/x-amazon-apigateway-request-validator": "nope",
        "/paths/~1pets~1{id}/get/responses": {},
        "/definitions/Bad-Name": {"type": "object"},
    }));
    let told = imported(&empty("api1"), &bad, MERGE).expect_err("a refusal");
    for line in [
        "Errors found during import:\n\t",
        "\n\tUnable to create model for 'Bad-Name': Model name must be alphanumeric: Bad-Name",
        "\n\tUnable to create resource at path '/a b': Resource's path part only allow a-zA-Z0-9._-: or",
        "\n\tUnable to put integration on 'GET' for resource at path '/pets': Invalid HTTP endpoint specified for URI",
        "\n\tUnable to put method 'POST' for resource at path '/pets': Invalid Request Validator identifier specified",
        "\n\tUnable to put integration response on 'GET' for resource at path '/pets/{id}': Invalid Response status code",
    ] {
        assert!(told.contains(line.trim_start_matches('\n')), "{line} in {told}");
    }
}

#[test]
fn warnings_refuse_only_when_asked_to() {
    let strict = Options { fail_on_warnings: true, ..MERGE };
    let doubtful = "swagger: '2.0'\ninfo: {title: x}\nsecurityDefinitions: {o: {type: oauth2}}";
    let (_, warnings) = imported(&empty("api1"), doubtful, MERGE).expect("an import");
    assert_eq!(warnings.len(), 2);
    let told = imported(&empty("api1"), doubtful, strict).expect_err("a refusal");
    assert!(told.starts_with("Warnings found during import:\n\tSecurity scheme 'o'"), "{told}");
    assert!(imported(&empty("api1"), SWAGGER, strict).is_ok());
}

#[test]
fn an_api_cannot_be_made_too_large_to_serve() {
    let path = "/a".repeat(RESOURCE_LIMIT + 1);
    let deep = json!({"swagger": "2.0", "info": {"title": "x"}, "paths": {path: {}}}).to_string();
    let told = imported(&empty("api1"), &deep, MERGE).expect_err("a refusal");
    assert_eq!(told, "An import may leave an API with at most 5000 resources");
}

proptest! {
    #[test]
    fn no_mutation_of_a_document_is_suffered(
        place in 0usize..400,
        value in odd_value(),
    ) {
        let _ = imported(&swagger(), &mutated(place, value), OVERWRITE);
    }

    #[test]
    fn no_cut_of_a_document_is_suffered(from in 0usize..2_000, len in 0usize..200) {
        for text in [SWAGGER, OAS30] {
            let bytes = text.as_bytes();
            let from = from.min(bytes.len());
            let cut = [&bytes[..from], &bytes[(from + len).min(bytes.len())..]].concat();
            let _ = imported(&empty("api1"), &String::from_utf8_lossy(&cut), MERGE);
        }
    }

    #[test]
    fn no_bytes_are_suffered(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = crate::openapi::document::Document::read(&bytes);
    }
}
