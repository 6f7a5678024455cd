//! Documents for tests, and what becomes of them.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use tollgate_domain::{HttpMethod, IdSource, Method, RestApiId, RestApiTree};

use crate::openapi::base_path::BasePath;
use crate::openapi::definition::Definition;
use crate::openapi::document::Document;
use crate::openapi::import::{Mode, Options, import};
use crate::resources::rest_api::{root_of, sample_api};

pub(crate) const SWAGGER: &str = include_str!("petstore.swagger.json");
pub(crate) const OAS30: &str = include_str!("petstore.oas30.yaml");

pub(crate) const OVERWRITE: Options = Options {
    mode: Mode::Overwrite,
    base_path: BasePath::Ignore,
    ignore_documentation: false,
    fail_on_warnings: false,
};
pub(crate) const MERGE: Options = Options { mode: Mode::Merge, ..OVERWRITE };

/// An API with nothing but its root.
pub(crate) fn empty(id: &str) -> RestApiTree {
    let api = sample_api(id);
    let root = root_of(&api);
    let mut tree = RestApiTree::new(Arc::new(api));
    tree.resources.insert(root.id.clone(), Arc::new(root));
    tree
}

/// What a document makes of an API, with the warnings; or the refusal.
pub(crate) fn imported(
    before: &RestApiTree,
    text: &str,
    options: Options,
) -> Result<(RestApiTree, Vec<String>), String> {
    let document = Document::read(text.as_bytes()).map_err(|conflict| conflict.to_string())?;
    let id: RestApiId = before.api.id.clone();
    let definition = Definition::read(&document, &id).map_err(|conflict| conflict.to_string())?;
    import(before, &definition, options, &IdSource::seeded(3)).map_err(|failure| failure.to_string())
}

/// The sample document with some members replaced.
pub(crate) fn swagger_with(members: Value) -> String {
    let mut document: Value = serde_json::from_str(SWAGGER).expect("a document");
    for (pointer, value) in members.as_object().expect("members") {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        let name = name.replace("~1", "/");
        document.pointer_mut(parent).expect("a place")[name.as_str()] = value.clone();
    }
    document.to_string()
}

#[track_caller]
pub(crate) fn method<'a>(tree: &'a RestApiTree, path: &str, verb: HttpMethod) -> &'a Method {
    let resource = tree.resources.values().find(|resource| resource.path == path).expect("a resource");
    &resource.methods[&verb]
}

/// The sample document with one value replaced by another.
pub(crate) fn mutated(place: usize, value: Value) -> String {
    fn replace(at: &mut Value, place: &mut usize, value: &Value) {
        if *place == 0 {
            *at = value.clone();
        }
        *place = place.wrapping_sub(1);
        match at {
            Value::Array(items) => items.iter_mut().for_each(|item| replace(item, place, value)),
            Value::Object(members) => members.values_mut().for_each(|member| replace(member, place, value)),
            _ => {}
        }
    }
    let mut document: Value = serde_json::from_str(SWAGGER).expect("a document");
    let mut place = place;
    replace(&mut document, &mut place, &value);
    document.to_string()
}

/// Values that are seldom what a place is for.
pub(crate) fn odd_value() -> impl Strategy<Value = Value> {
    let values = [
        json!(null),
        json!(-1),
        json!(""),
        json!("x"),
        json!([]),
        json!({}),
        json!("é/{"),
        json!({"$ref": "#"}),
        json!({"$ref": "#/paths"}),
        json!({"$ref": "#/definitions/Pet"}),
        json!([[[]]]),
        json!(1e300),
        json!(true),
    ];
    prop::sample::select(values.to_vec())
}
