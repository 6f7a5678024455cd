//! DocumentationPart: what an API's documentation says of one of its parts.

use serde::Serialize;
use serde_json::Value;
use tollgate_domain::{
    Catalog, DocumentationPart, DocumentationPartLocation, Record, RecordKey, RestApiId, RestApiTree,
};

use crate::Control;
use crate::answer::{Answer, Reply, text};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::json::Members;
use crate::page::PageQuery;
use crate::patch::{self, Op, PatchOperation, Paths};
use crate::request::Request;
use crate::resources::documentation_location as location;
use crate::resources::rest_api;
use crate::resources::validation::{Validation, Violations};
use crate::write::Change;

const PATHS: Paths = Paths { add: &[], replace: &["/properties"], remove: &[] };

/// A documentation part on the wire.
#[derive(Serialize)]
struct DocumentationPartWire<'a> {
    id: &'a str,
    location: LocationWire<'a>,
    properties: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LocationWire<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct DocumentationPartsWire<'a> {
    item: Vec<DocumentationPartWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

impl<'a> DocumentationPartWire<'a> {
    fn new(part: &'a DocumentationPart) -> Self {
        Self { id: &part.id, location: LocationWire::new(&part.location), properties: &part.properties }
    }
}

impl<'a> LocationWire<'a> {
    fn new(location: &'a DocumentationPartLocation) -> Self {
        Self {
            kind: &location.kind,
            path: text(&location.path),
            method: text(&location.method),
            status_code: text(&location.status_code),
            name: text(&location.name),
        }
    }
}

pub(crate) async fn create(control: &Control, request: &Request) -> Reply {
    let part = read(control.ids().part_id(), &request.body()?)?;
    let api = request.rest_api_id();
    let decide = |catalog: &Catalog| decide_create(&*rest_api::find(control, catalog, &api)?, part.clone());
    let part = control.writer().write(decide).await?;
    Answer::json(&DocumentationPartWire::new(&part))
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let catalog = control.catalog();
    Answer::json(&DocumentationPartWire::new(find(&catalog, &request.rest_api_id(), request.label("part_id"))?))
}

pub(crate) async fn list(control: &Control, request: &Request) -> Reply {
    let query = PageQuery::of(request, "documentationparts")?;
    let filter = Filter::read(request)?;
    let tree = rest_api::find(control, &control.catalog(), &request.rest_api_id())?;
    let parts = tree.documentation_parts.values().filter(|part| filter.takes(part));
    let page = query.page(parts.map(|part| (part.id.clone(), DocumentationPartWire::new(part))));
    Answer::json(&DocumentationPartsWire { item: page.items, position: page.position })
}

pub(crate) async fn update(control: &Control, request: &Request) -> Reply {
    let operations = patch::operations(request, "updateDocumentationPartInput")?;
    let (api, id) = (request.rest_api_id(), request.label("part_id"));
    let decide = |catalog: &Catalog| {
        let part = patch::apply(find(catalog, &api, id)?, &operations, run)?;
        check_properties(&part.properties)?;
        Ok(Change::answering(part.clone()).put(Record::DocumentationPart(api.clone(), part)))
    };
    let part = control.writer().write(decide).await?;
    Answer::json(&DocumentationPartWire::new(&part))
}

pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let (api, id) = (request.rest_api_id(), request.label("part_id"));
    let decide = |catalog: &Catalog| {
        rest_api::find(control, catalog, &api)?;
        let part = find(catalog, &api, id)?;
        Ok(Change::answering(()).delete(RecordKey::DocumentationPart(api.clone(), part.id.clone())))
    };
    control.writer().write(decide).await?;
    Ok(Answer::Empty)
}

/// The part with this id. An unknown API is an unknown part here, as on AWS.
fn find<'a>(catalog: &'a Catalog, api: &RestApiId, id: &str) -> Result<&'a DocumentationPart, Conflict> {
    let part = catalog.rest_apis.get(api).and_then(|tree| tree.documentation_parts.get(id));
    part.map(AsRef::as_ref).ok_or(Conflict::UnknownDocumentationPart)
}

fn read(id: String, body: &Members) -> Result<DocumentationPart, Failure> {
    let mut validation = Validation::default();
    let members = validation.required(body.object("location")?, "createDocumentationPartInput.location");
    let location = match body.has("location") {
        true => location::read(&members, "createDocumentationPartInput.location", &mut validation)?,
        false => DocumentationPartLocation::default(),
    };
    let properties = validation.required(body.string("properties")?, "createDocumentationPartInput.properties");
    validation.finish()?;
    location::check(&location)?;
    check_properties(&properties)?;
    Ok(DocumentationPart { id, location, properties })
}

fn check_properties(properties: &str) -> Result<(), Conflict> {
    match serde_json::from_str(properties) {
        Ok(Value::Object(_)) => Ok(()),
        Ok(_) | Err(_) => Err(Conflict::BadProperties),
    }
}

/// Adds a part. A location is spoken of once.
fn decide_create(tree: &RestApiTree, part: DocumentationPart) -> Result<Change<DocumentationPart>, Failure> {
    let place = location::whole(&part.location);
    if tree.documentation_parts.values().any(|other| location::whole(&other.location) == place) {
        return Err(Conflict::DocumentationPartExists(location::describe(&part.location)).into());
    }
    Ok(Change::answering(part.clone()).put(Record::DocumentationPart(tree.api.id.clone(), part)))
}

/// Runs one operation.
fn run(part: &mut DocumentationPart, operation: &PatchOperation) -> Result<(), Failure> {
    match (operation.op, operation.path()) {
        (Op::Replace, "/properties") => part.properties = operation.value().to_owned(),
        _ => return Err(PATHS.refuse(operation).into()),
    }
    Ok(())
}

/// Which parts are asked for. What is `None` does not matter.
struct Filter<'a> {
    kind: Option<&'a str>,
    name: Option<&'a str>,
    path: Option<&'a str>,
    /// Whether the part says anything.
    documented: Option<bool>,
}

impl<'a> Filter<'a> {
    fn read(request: &'a Request) -> Result<Self, Violations> {
        let mut validation = Validation::default();
        let kind = request.query("type");
        if let Some(word) = kind.filter(|word| !location::is_type(word)) {
            validation.not_in(word, "type", location::TYPES);
        }
        let documented = match request.query("locationStatus") {
            None => None,
            Some("DOCUMENTED") => Some(true),
            Some("UNDOCUMENTED") => Some(false),
            Some(word) => {
                validation.not_in(word, "locationStatus", "[DOCUMENTED, UNDOCUMENTED]");
                None
            }
        };
        validation.finish()?;
        Ok(Self { kind, name: request.query("name"), path: request.query("path"), documented })
    }

    fn takes(&self, part: &DocumentationPart) -> bool {
        let place = location::whole(&part.location);
        self.kind.is_none_or(|kind| kind == place.kind)
            && self.name.is_none_or(|name| Some(name) == place.name.as_deref())
            && self.path.is_none_or(|path| Some(path) == place.path.as_deref())
            && self.documented.is_none_or(|documented| documented == says_something(&part.properties))
    }
}

fn says_something(properties: &str) -> bool {
    let properties: Value = serde_json::from_str(properties).unwrap_or_default();
    properties.as_object().is_some_and(|members| !members.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::operation;

    fn made(body: &str) -> Result<DocumentationPart, String> {
        let body = Members::parse(body.as_bytes()).expect("an object");
        read("id".to_owned(), &body).map_err(|failure| failure.to_string())
    }

    #[test]
    fn parts_are_refused_in_the_words_of_aws() {
        assert_eq!(
            made(r#"{"location":{"type":"INVALID"},"properties":"{}"}"#).expect_err("a refusal"),
            "1 validation error detected: Value 'INVALID' at 'createDocumentationPartInput.location.type' failed to \
             satisfy constraint: Member must satisfy enum value set: [RESPONSE_BODY, RESPONSE, METHOD, MODEL, \
             AUTHORIZER, RESPONSE_HEADER, RESOURCE, PATH_PARAMETER, REQUEST_BODY, QUERY_PARAMETER, API, \
             REQUEST_HEADER]"
        );
        let missing = made("{}").expect_err("a refusal");
        assert!(missing.starts_with("2 validation errors detected: Value null at 'createDocumentationPartInput.loc"));
        assert!(made(r#"{"location":{"type":"API"},"properties":"[]"}"#).is_err());
    }

    #[test]
    fn patches_are_refused_in_the_words_of_aws() {
        let part = made(r#"{"location":{"type":"API"},"properties":"{}"}"#).expect("a part");
        let refused =
            |op, path| patch::apply(&part, &[operation(op, path, "{}")], run).expect_err("a refusal").to_string();
        assert_eq!(
            refused(Op::Replace, "/invalidPath"),
            "Invalid patch path  '/invalidPath' specified for op 'replace'. Must be one of: [/properties]"
        );
        assert_eq!(
            refused(Op::Add, "/properties"),
            "Invalid patch path  '/properties' specified for op 'add'. Please choose supported operations"
        );
    }
}
