use std::sync::Arc;

use tollgate_domain::{Catalog, HttpMethod, RestApiId};

use super::*;
use crate::resources::rest_api::{sample_api, sample_catalog};

const IDS: u64 = 5;

/// An API with a method that refers to a validator and an authorizer.
fn source() -> RestApiTree {
    let catalog = sample_catalog("abc", &["dev"]);
    let mut tree = RestApiTree::clone(catalog.rest_apis.values().next().expect("an API"));
    let method = Method {
        authorization_type: "CUSTOM".to_owned(),
        authorizer_id: Some("auth01".to_owned()),
        authorization_scopes: Vec::new(),
        api_key_required: true,
        operation_name: None,
        request_parameters: BTreeMap::new(),
        request_models: BTreeMap::new(),
        request_validator_id: Some("valid1".to_owned()),
        responses: BTreeMap::new(),
        integration: None,
    };
    let child = Resource {
        id: ResourceId::new("child1"),
        parent_id: Some(tree.api.root_resource_id.clone()),
        path_part: "pets".to_owned(),
        path: "/pets".to_owned(),
        methods: [(HttpMethod::Get, method)].into(),
    };
    tree.resources.insert(child.id.clone(), Arc::new(child));
    let validator = RequestValidator {
        id: "valid1".to_owned(),
        name: None,
        validate_request_body: true,
        validate_request_parameters: false,
    };
    tree.request_validators.insert(validator.id.clone(), Arc::new(validator));
    tree
}

fn cloned() -> (RestApiTree, Catalog) {
    let source = source();
    let api = RestApi { root_resource_id: ResourceId::new("newroot"), ..sample_api("new") };
    let change = decide(&source, api, &IdSource::seeded(IDS));
    (source, Catalog::default().apply(change.edits()))
}

#[test]
fn a_clone_has_the_tree_under_ids_of_its_own() {
    let (source, catalog) = cloned();
    let tree = &catalog.rest_apis[&RestApiId::new("new")];
    assert_eq!(tree.resources.len(), source.resources.len());
    let pets = tree.resources.values().find(|resource| resource.path == "/pets").expect("a resource");
    assert_eq!(pets.parent_id, Some(ResourceId::new("newroot")));
    assert_ne!(pets.id.as_str(), "child1");
    assert!(tree.stages.is_empty() && tree.deployments.is_empty());
}

#[test]
fn what_a_clone_refers_to_is_its_own() {
    let (_, catalog) = cloned();
    let tree = &catalog.rest_apis[&RestApiId::new("new")];
    let pets = tree.resources.values().find(|resource| resource.path == "/pets").expect("a resource");
    let method = &pets.methods[&HttpMethod::Get];
    let validator = method.request_validator_id.as_ref().expect("a validator");
    assert_ne!(validator, "valid1");
    assert!(tree.request_validators.contains_key(validator));
    assert_eq!(method.authorizer_id.as_deref(), Some("auth01"), "an authorizer that is not there has no new id");
}

#[test]
fn a_clone_inherits_what_its_request_leaves_out() {
    let source =
        RestApi { description: Some("old".to_owned()), minimum_compression_size: Some(7), ..sample_api("abc") };
    let body = Members::parse(br#"{"name":"new"}"#).expect("an object");
    let api = inherit(sample_api("new"), &source, &body);
    assert_eq!((api.description.as_deref(), api.minimum_compression_size), (Some("old"), Some(7)));
    let body = Members::parse(br#"{"name":"new","description":"mine"}"#).expect("an object");
    let api = inherit(RestApi { description: Some("mine".to_owned()), ..sample_api("new") }, &source, &body);
    assert_eq!(api.description.as_deref(), Some("mine"));
}
