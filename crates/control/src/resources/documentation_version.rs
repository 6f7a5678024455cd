//! DocumentationVersion: all documentation parts of an API as they stood at one moment.

use serde::Serialize;
use tollgate_domain::{
    Catalog, DocumentationPart, DocumentationVersion, Record, RecordKey, RestApiId, RestApiTree, Stage, StageName,
    UnixMillis,
};

use crate::Control;
use crate::answer::{Answer, Reply, text};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::json::Members;
use crate::page::PageQuery;
use crate::patch::{self, Op, PatchOperation, Paths};
use crate::request::Request;
use crate::resources::rest_api;
use crate::resources::validation::Validation;
use crate::write::Change;

const PATHS: Paths = Paths { add: &[], replace: &["/description"], remove: &[] };

/// A version on the wire. Its parts are seen in exports only.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DocumentationVersionWire<'a> {
    version: &'a str,
    created_date: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
}

#[derive(Serialize)]
struct DocumentationVersionsWire<'a> {
    item: Vec<DocumentationVersionWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

impl<'a> DocumentationVersionWire<'a> {
    fn new(version: &'a DocumentationVersion) -> Self {
        Self {
            version: &version.version,
            created_date: version.created.seconds(),
            description: text(&version.description),
        }
    }
}

pub(crate) async fn create(control: &Control, request: &Request) -> Reply {
    let wanted = Wanted::read(&request.body()?, request.now())?;
    let api = request.rest_api_id();
    let decide = |catalog: &Catalog| decide_create(&*rest_api::find(control, catalog, &api)?, &wanted);
    let version = control.writer().write(decide).await?;
    Answer::json(&DocumentationVersionWire::new(&version))
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let catalog = control.catalog();
    let version = find(&catalog, &request.rest_api_id(), request.label("doc_version"))?;
    Answer::json(&DocumentationVersionWire::new(version))
}

pub(crate) async fn list(control: &Control, request: &Request) -> Reply {
    let query = PageQuery::of(request, "documentationversions")?;
    let tree = rest_api::find(control, &control.catalog(), &request.rest_api_id())?;
    let versions = tree.documentation_versions.values();
    let page = query.page(versions.map(|one| (one.version.clone(), DocumentationVersionWire::new(one))));
    Answer::json(&DocumentationVersionsWire { item: page.items, position: page.position })
}

pub(crate) async fn update(control: &Control, request: &Request) -> Reply {
    let operations = patch::operations(request, "updateDocumentationVersionInput")?;
    let (api, name) = (request.rest_api_id(), request.label("doc_version"));
    let decide = |catalog: &Catalog| {
        let version = patch::apply(find(catalog, &api, name)?, &operations, run)?;
        rest_api::check_description(version.description.as_deref())?;
        Ok(Change::answering(version.clone()).put(Record::DocumentationVersion(api.clone(), version)))
    };
    let version = control.writer().write(decide).await?;
    Answer::json(&DocumentationVersionWire::new(&version))
}

/// Deletes a version. A stage that names it goes on naming it, so that it can be made again.
pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let (api, name) = (request.rest_api_id(), request.label("doc_version"));
    let decide = |catalog: &Catalog| {
        rest_api::find(control, catalog, &api)?;
        let version = find(catalog, &api, name)?;
        Ok(Change::answering(()).delete(RecordKey::DocumentationVersion(api.clone(), version.version.clone())))
    };
    control.writer().write(decide).await?;
    Ok(Answer::Empty)
}

fn find<'a>(catalog: &'a Catalog, api: &RestApiId, name: &str) -> Result<&'a DocumentationVersion, Conflict> {
    let version = catalog.rest_apis.get(api).and_then(|tree| tree.documentation_versions.get(name));
    version.map(AsRef::as_ref).ok_or(Conflict::UnknownDocumentationVersion)
}

/// A version that is asked for, with the stage that is to show it.
#[derive(Clone, Debug)]
struct Wanted {
    version: String,
    stage: Option<StageName>,
    description: Option<String>,
    now: UnixMillis,
}

impl Wanted {
    fn read(body: &Members, now: UnixMillis) -> Result<Self, Failure> {
        let mut validation = Validation::default();
        let at = "createDocumentationVersionInput.documentationVersion";
        let version = validation.required(body.string("documentationVersion")?, at);
        validation.finish()?;
        if version.is_empty() {
            return Err(Conflict::EmptyDocumentationVersion.into());
        }
        let description = body.string("description")?;
        rest_api::check_description(description.as_deref())?;
        let stage = body.string("stageName")?.filter(|name| !name.is_empty()).map(StageName::new);
        Ok(Self { version, stage, description, now })
    }
}

/// Takes down the parts as they stand, and shows the version in the stage if one is named.
fn decide_create(tree: &RestApiTree, wanted: &Wanted) -> Result<Change<DocumentationVersion>, Failure> {
    if tree.documentation_versions.contains_key(&wanted.version) {
        return Err(Conflict::DocumentationVersionExists(wanted.version.clone()).into());
    }
    let parts = tree.documentation_parts.iter();
    let version = DocumentationVersion {
        version: wanted.version.clone(),
        created: wanted.now,
        description: wanted.description.clone(),
        parts: parts.map(|(id, part)| (id.clone(), DocumentationPart::clone(part))).collect(),
    };
    let api = &tree.api.id;
    let stage = wanted.stage.as_ref().map(|name| showing(tree, name, &wanted.version, wanted.now)).transpose()?;
    Ok(Change::answering(version.clone())
        .put(Record::DocumentationVersion(api.clone(), version))
        .put_all(stage.map(|stage| Record::Stage(api.clone(), stage))))
}

/// The stage, showing this version.
fn showing(tree: &RestApiTree, stage: &StageName, version: &str, now: UnixMillis) -> Result<Stage, Conflict> {
    let before = tree.stages.get(stage).ok_or(Conflict::NoSuchStage)?;
    Ok(Stage { documentation_version: Some(version.to_owned()), updated: now, ..Stage::clone(before) })
}

/// Runs one operation.
fn run(version: &mut DocumentationVersion, operation: &PatchOperation) -> Result<(), Failure> {
    match (operation.op, operation.path()) {
        (Op::Replace, "/description") => version.description = operation.text(),
        _ => return Err(PATHS.refuse(operation).into()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::rest_api::sample_catalog;

    fn wanted(stage: Option<&str>) -> Wanted {
        let stage = stage.map(StageName::new);
        Wanted { version: "v1".to_owned(), stage, description: None, now: UnixMillis(2_000) }
    }

    #[test]
    fn a_version_keeps_the_parts_as_they_stood() {
        let mut catalog = sample_catalog("api1", &[]);
        let api = RestApiId::new("api1");
        let part = |properties: &str| DocumentationPart {
            id: "p".to_owned(),
            location: Default::default(),
            properties: properties.to_owned(),
        };
        catalog.put(Record::DocumentationPart(api.clone(), part("{}")));
        let change = decide_create(&catalog.rest_apis[&api], &wanted(None)).expect("a change");
        let mut after = catalog.apply(change.edits());
        after.put(Record::DocumentationPart(api.clone(), part(r#"{"a":1}"#)));
        assert_eq!(after.rest_apis[&api].documentation_versions["v1"].parts["p"].properties, "{}");
        assert!(decide_create(&after.rest_apis[&api], &wanted(None)).is_err(), "a version is made once");
    }

    #[test]
    fn the_stage_that_is_named_shows_the_version() {
        let catalog = sample_catalog("api1", &["dev"]);
        let tree = catalog.rest_apis.values().next().expect("an API");
        let after = catalog.apply(decide_create(tree, &wanted(Some("dev"))).expect("a change").edits());
        let stage = &after.rest_apis.values().next().expect("an API").stages[&StageName::new("dev")];
        assert_eq!(stage.documentation_version.as_deref(), Some("v1"));
        let unknown = decide_create(tree, &wanted(Some("prod"))).expect_err("a refusal");
        assert_eq!(unknown.to_string(), "Invalid stage identifier specified");
    }
}
