//! Resource: a node of an API's tree of paths.

use std::collections::BTreeMap;

use serde::Serialize;
use tollgate_domain::RecordKey;
use tollgate_domain::{Catalog, Record, Resource, ResourceId, RestApiId, RestApiTree};

use crate::Control;
use crate::answer::{Answer, Reply};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::page::PageQuery;
use crate::patch::{self, Op, PatchOperation, Paths};
use crate::request::Request;
use crate::resources::method::MethodWire;
use crate::resources::resource_rules::{self, Move};
use crate::resources::rest_api;
use crate::resources::validation::Validation;
use crate::write::Change;

const PATHS: Paths = Paths { add: &[], replace: &["/parentId", "/pathPart"], remove: &[] };

/// A resource on the wire. Methods are named, and shown in full only when asked for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceWire<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_part: Option<&'a str>,
    path: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    resource_methods: BTreeMap<&'static str, Embedded<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Embedded<'a> {
    Named {},
    Full(Box<MethodWire<'a>>),
}

#[derive(Serialize)]
struct ResourcesWire<'a> {
    item: Vec<ResourceWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

impl<'a> ResourceWire<'a> {
    fn new(resource: &'a Resource, with_methods: bool) -> Self {
        let embed = |(verb, method)| match with_methods {
            true => Embedded::Full(Box::new(MethodWire::new(verb, method))),
            false => Embedded::Named {},
        };
        let methods = resource.methods.iter();
        Self {
            id: resource.id.as_str(),
            parent_id: resource.parent_id.as_ref().map(ResourceId::as_str),
            path_part: resource.parent_id.as_ref().map(|_| resource.path_part.as_str()),
            path: &resource.path,
            resource_methods: methods.map(|(verb, method)| (verb.as_str(), embed((*verb, method)))).collect(),
        }
    }
}

pub(crate) async fn create(control: &Control, request: &Request) -> Reply {
    let mut validation = Validation::default();
    let part = validation.required(request.body()?.string("pathPart")?, "createResourceInput.pathPart");
    validation.finish()?;
    let (api, parent) = (request.rest_api_id(), ResourceId::new(request.label("parent_id")));
    let id = control.ids().resource_id();
    let decide = |catalog: &Catalog| decide_create(tree(catalog, &api)?, &parent, id.clone(), &part);
    let resource = control.writer().write(decide).await?;
    Answer::json(&ResourceWire::new(&resource, false))
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let catalog = control.catalog();
    let resource = find(&catalog, &request.rest_api_id(), &request.resource_id())?;
    Answer::json(&ResourceWire::new(resource, embeds_methods(request)))
}

pub(crate) async fn list(control: &Control, request: &Request) -> Reply {
    let query = PageQuery::of(request, "resources")?;
    let tree = rest_api::find(control, &control.catalog(), &request.rest_api_id())?;
    let resources = tree.resources.values();
    let with_methods = embeds_methods(request);
    let page = query.page(resources.map(|one| (one.id.to_string(), ResourceWire::new(one, with_methods))));
    Answer::json(&ResourcesWire { item: page.items, position: page.position })
}

pub(crate) async fn update(control: &Control, request: &Request) -> Reply {
    let operations = patch::operations(request, "updateResourceInput")?;
    let (api, id) = (request.rest_api_id(), request.resource_id());
    let decide = |catalog: &Catalog| {
        let before = find(catalog, &api, &id)?;
        decide_update(tree(catalog, &api)?, before, &operations)
    };
    let resource = control.writer().write(decide).await?;
    Answer::json(&ResourceWire::new(&resource, false))
}

pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let (api, id) = (request.rest_api_id(), request.resource_id());
    let decide = |catalog: &Catalog| {
        let resource = find(catalog, &api, &id)?;
        decide_delete(tree(catalog, &api)?, resource)
    };
    control.writer().write(decide).await?;
    Ok(Answer::Empty)
}

/// The resource with this id. An unknown API is an unknown resource here, as on AWS.
pub(crate) fn find<'a>(catalog: &'a Catalog, api: &RestApiId, id: &ResourceId) -> Result<&'a Resource, Conflict> {
    tree(catalog, api)?.resources.get(id).map(AsRef::as_ref).ok_or(Conflict::NoSuchResource)
}

/// The API with this id, under the same rule.
pub(crate) fn tree<'a>(catalog: &'a Catalog, api: &RestApiId) -> Result<&'a RestApiTree, Conflict> {
    catalog.rest_apis.get(api).map(AsRef::as_ref).ok_or(Conflict::NoSuchResource)
}

fn embeds_methods(request: &Request) -> bool {
    request.query_all("embed").flat_map(|value| value.split(',')).any(|value| value == "methods")
}

fn decide_create(
    tree: &RestApiTree,
    parent: &ResourceId,
    id: ResourceId,
    part: &str,
) -> Result<Change<Resource>, Failure> {
    let parent = tree.resources.get(parent).ok_or(Conflict::NoSuchResource)?;
    resource_rules::check_place(tree, &id, parent, part)?;
    let resource = Resource {
        id,
        parent_id: Some(parent.id.clone()),
        path_part: part.to_owned(),
        path: resource_rules::join(&parent.path, part),
        methods: BTreeMap::new(),
    };
    Ok(Change::answering(resource.clone()).put(Record::Resource(tree.api.id.clone(), resource)))
}

fn decide_update(
    tree: &RestApiTree,
    before: &Resource,
    operations: &[PatchOperation],
) -> Result<Change<Resource>, Failure> {
    let wanted = patch::apply(&Move::default(), operations, |wanted, operation| run(before, wanted, operation))?;
    let moved = resource_rules::moved(tree, before, &wanted)?;
    let resource = moved.first().cloned().unwrap_or_else(|| before.clone());
    let records = moved.into_iter().map(|resource| Record::Resource(tree.api.id.clone(), resource));
    Ok(Change::answering(resource).put_all(records))
}

fn run(resource: &Resource, wanted: &mut Move, operation: &PatchOperation) -> Result<(), Failure> {
    let is_root = resource.parent_id.is_none();
    match (operation.op, operation.path()) {
        (Op::Replace, "/pathPart") if is_root => return Err(Conflict::RootPathPart.into()),
        (Op::Replace, "/parentId") if is_root => return Err(Conflict::RootParent.into()),
        (Op::Replace, "/pathPart") => wanted.path_part = Some(operation.value().to_owned()),
        (Op::Replace, "/parentId") => wanted.parent = Some(ResourceId::new(operation.value())),
        _ => return Err(PATHS.refuse(operation).into()),
    }
    Ok(())
}

/// Deletes a resource with all below it.
fn decide_delete(tree: &RestApiTree, resource: &Resource) -> Result<Change<()>, Failure> {
    if resource.parent_id.is_none() {
        return Err(Conflict::RootDeleted(resource.id.clone()).into());
    }
    let gone = std::iter::once(resource).chain(resource_rules::below(tree, &resource.id));
    let key = |one: &Resource| RecordKey::Resource(tree.api.id.clone(), one.id.clone());
    Ok(gone.fold(Change::answering(()), |change, one| change.delete(key(one))))
}

#[cfg(test)]
#[path = "resource_tests.rs"]
mod tests;
