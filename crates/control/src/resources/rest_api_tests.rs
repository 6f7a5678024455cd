use super::*;
use crate::patch::{Op, operation};
use crate::resources::usage_plan::sample;

fn created(body: &str) -> Result<RestApi, String> {
    let body = Members::parse(body.as_bytes()).expect("an object");
    read(RestApiId::new("new"), ResourceId::new("root"), UnixMillis(0), &body).map_err(|failure| failure.to_string())
}

fn patched(operations: &[PatchOperation]) -> Result<RestApi, String> {
    let change = decide_update(&sample_api("api1"), operations);
    change.map(|change| change.answer).map_err(|failure| failure.to_string())
}

#[test]
fn a_policy_comes_back_escaped_twice() {
    let api = created(r#"{"name":"a","policy":"{ \"Version\": \"2012-10-17\" }"}"#).expect("an API");
    let wire = serde_json::to_value(RestApiWire::new(&api, None)).expect("json");
    assert_eq!(wire["policy"], r#"{\"Version\":\"2012-10-17\"}"#);
    assert_eq!(created(r#"{"name":"a","policy":""}"#).expect("an API").policy, None);
    assert!(created(r#"{"name":"a","policy":"[]"}"#).is_err());
}

#[test]
fn creation_is_refused_in_the_words_of_aws() {
    let refused = |body: &str| created(body).expect_err("a refusal");
    assert_eq!(refused(r#"{"name":"a","description":""}"#), "Description cannot be an empty string");
    assert_eq!(
        refused(r#"{"name":"a","minimumCompressionSize":-1}"#),
        "Invalid minimum compression size, must be between 0 and 10485760"
    );
    let endpoint = |value: &str| refused(&format!(r#"{{"name":"a","endpointConfiguration":{value}}}"#));
    assert_eq!(
        endpoint(r#"{"types":["wrong"]}"#),
        "1 validation error detected: Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed \
         to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, \
         EDGE, REGIONAL]]"
    );
    assert_eq!(endpoint(r#"{"types":[]}"#), "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.");
    assert_eq!(endpoint(r#"{"types":["EDGE","REGIONAL"]}"#), "Cannot create an api with multiple Endpoint Types.");
    assert_eq!(
        endpoint(r#"{"types":["PRIVATE"],"ipAddressType":"ipv4"}"#),
        "Only dualstack ipAddressType is supported for Private APIs."
    );
}

#[test]
fn a_custom_id_is_taken_once() {
    let api = created(r#"{"name":"a","tags":{"_custom_id_":"My-Api_1"}}"#).expect("an API");
    assert_eq!(api.id.as_str(), "My-Api_1");
    let catalog = sample_catalog("My-Api_1", &[]);
    assert!(matches!(decide_create(&catalog, api, &[]), Err(Failure::Conflict(Conflict::RestApiExists(_)))));
    assert!(created(r#"{"name":"a","tags":{"_custom_id_":"a/b"}}"#).is_err());
}

#[test]
fn deleting_an_api_takes_the_associations_of_plans_with_it() {
    let mut catalog = sample_catalog("api1", &["dev"]);
    let mut plan = sample("plan1");
    plan.api_stages.push(tollgate_domain::ApiStage {
        api_id: RestApiId::new("api1"),
        stage: tollgate_domain::StageName::new("dev"),
        throttle: Default::default(),
    });
    let id = plan.id;
    catalog.put(Record::UsagePlan(plan));
    let after = catalog.apply(decide_delete(&catalog, &RestApiId::new("api1")).expect("a change").edits());
    assert!(after.rest_apis.is_empty());
    assert!(after.usage_plans[&id].api_stages.is_empty());
}

#[test]
fn patches_are_refused_in_the_words_of_aws() {
    let refused = |op, path, value| patched(&[operation(op, path, value)]).expect_err("a refusal");
    assert_eq!(refused(Op::Add, "/name", "x"), "Invalid patch operation specified. Must be one of: [replace]");
    assert_eq!(refused(Op::Add, "/binaryMediaTypes", "x"), "Invalid patch path /binaryMediaTypes");
    assert_eq!(
        refused(Op::Copy, "/endpointConfiguration/types/EDGE", "PRIVATE"),
        "Invalid patch operation specified. Must be 'add'|'remove'|'replace'"
    );
    assert_eq!(
        refused(Op::Replace, "/endpointConfiguration/types/0", "x"),
        "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE"
    );
    assert_eq!(
        refused(Op::Replace, "/minimumCompressionSize", "x"),
        "Invalid minimum compression size, must be between 0 and 10485760"
    );
    assert_eq!(
        refused(Op::Replace, "/endpointConfiguration/ipAddressType", "x"),
        "ipAddressType must be either ipv4 or dualstack."
    );
}

#[test]
fn an_api_that_becomes_private_gets_the_addresses_of_one() {
    let private = operation(Op::Replace, "/endpointConfiguration/types/EDGE", "PRIVATE");
    let ipv4 = operation(Op::Replace, "/endpointConfiguration/ipAddressType", "ipv4");
    let api = patched(std::slice::from_ref(&private)).expect("an API");
    assert_eq!(
        (api.endpoint_configuration.types.as_slice(), api.endpoint_configuration.ip_address_type.as_str()),
        (&["PRIVATE".to_owned()][..], "dualstack")
    );
    let refused = patched(&[private, ipv4]).expect_err("a refusal");
    assert_eq!(refused, "Only dualstack ipAddressType is supported for Private APIs.");
}

#[test]
fn a_media_type_that_replaces_another_comes_last() {
    let types = |operations: &[PatchOperation]| patched(operations).expect("an API").binary_media_types;
    let add = |name: &str| operation(Op::Add, &format!("/binaryMediaTypes/image~1{name}"), None);
    let replace = |value| operation(Op::Replace, "/binaryMediaTypes/image~1png", value);
    assert_eq!(types(&[add("png"), add("jpeg"), replace("image/gif")]), ["image/jpeg", "image/gif"]);
    assert_eq!(types(&[add("png"), add("jpeg"), replace("image/jpeg")]), ["image/jpeg"]);
}

#[test]
fn patches_change_what_they_name() {
    let api = patched(&[
        operation(Op::Add, "/binaryMediaTypes/image~1png", None),
        operation(Op::Replace, "/minimumCompressionSize", "0"),
        operation(Op::Replace, "/endpointConfiguration/types/0", "REGIONAL"),
        operation(Op::Replace, "/apiKeySource", "AUTHORIZER"),
        operation(Op::Replace, "/disableExecuteApiEndpoint", "true"),
    ])
    .expect("an API");
    assert_eq!(api.binary_media_types, ["image/png"]);
    assert_eq!((api.minimum_compression_size, api.disable_execute_api_endpoint), (Some(0), true));
    assert_eq!(api.endpoint_configuration.types, ["REGIONAL"]);
    assert_eq!(api.api_key_source, ApiKeySource::Authorizer);
}
