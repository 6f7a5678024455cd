//! Model: a JSON Schema that names the shape of a body.

use std::borrow::Cow;

use serde::Serialize;
use tollgate_domain::{
    Catalog, HttpMethod, IdSource, Method, MethodResponse, Model, Record, RecordKey, RestApiId, RestApiTree,
};

use crate::Control;
use crate::answer::{Answer, Reply, text};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::json::Members;
use crate::page::PageQuery;
use crate::patch::{self, Op, PatchOperation, Paths};
use crate::request::Request;
use crate::resources::validation::Validation;
use crate::resources::{method, model_schema, model_template, rest_api};
use crate::write::Change;

const PATHS: Paths = Paths { add: &[], replace: &["/description", "/schema"], remove: &[] };

/// Models that every API has from the start: name, description and schema, as AWS words them.
const DEFAULTS: [(&str, &str, &str); 2] = [
    (
        "Empty",
        "This is a default empty schema model",
        r#"{
  "$schema": "http://json-schema.org/draft-04/schema#",
  "title" : "Empty Schema",
  "type" : "object"
}"#,
    ),
    (
        "Error",
        "This is a default error schema model",
        r#"{
  "$schema" : "http://json-schema.org/draft-04/schema#",
  "title" : "Error Schema",
  "type" : "object",
  "properties" : {
    "message" : { "type" : "string" }
  }
}"#,
    ),
];

/// A model on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ModelWire<'a> {
    id: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    schema: Cow<'a, str>,
    content_type: &'a str,
}

#[derive(Serialize)]
struct ModelsWire<'a> {
    item: Vec<ModelWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

#[derive(Serialize)]
struct TemplateWire {
    value: String,
}

impl<'a> ModelWire<'a> {
    fn new(model: &'a Model) -> Self {
        Self {
            id: &model.id,
            name: &model.name,
            description: text(&model.description),
            schema: Cow::Borrowed(&model.schema),
            content_type: &model.content_type,
        }
    }
}

pub(crate) async fn create(control: &Control, request: &Request) -> Reply {
    let model = read(control.ids().part_id(), &request.body()?)?;
    let api = request.rest_api_id();
    let decide = |catalog: &Catalog| decide_create(&*rest_api::find(control, catalog, &api)?, model.clone());
    let model = control.writer().write(decide).await?;
    Answer::json(&ModelWire::new(&model))
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let catalog = control.catalog();
    let (tree, model) = find(&catalog, &request.rest_api_id(), request.label("model_name"))?;
    let mut wire = ModelWire::new(model);
    if request.flag("flatten") {
        wire.schema = Cow::Owned(model_schema::flatten(&tree.models, &model.schema));
    }
    Answer::json(&wire)
}

pub(crate) async fn list(control: &Control, request: &Request) -> Reply {
    let query = PageQuery::of(request, "models")?;
    let tree = rest_api::find(control, &control.catalog(), &request.rest_api_id())?;
    let models = tree.models.values();
    let page = query.page(models.map(|model| (model.name.clone(), ModelWire::new(model))));
    Answer::json(&ModelsWire { item: page.items, position: page.position })
}

/// Answers GetModelTemplate: a mapping template that makes what the model describes.
pub(crate) async fn template(control: &Control, request: &Request) -> Reply {
    let catalog = control.catalog();
    let (tree, model) = find(&catalog, &request.rest_api_id(), request.label("model_name"))?;
    let value = model_template::sample(&model_schema::flatten(&tree.models, &model.schema));
    Answer::json(&TemplateWire { value })
}

pub(crate) async fn update(control: &Control, request: &Request) -> Reply {
    let operations = patch::operations(request, "updateModelInput")?;
    let (api, name) = (request.rest_api_id(), request.label("model_name"));
    let decide = |catalog: &Catalog| {
        let (_, before) = find(catalog, &api, name)?;
        let model = patch::apply(before, &operations, run)?;
        check(&model)?;
        Ok(Change::answering(model.clone()).put(Record::Model(api.clone(), model)))
    };
    let model = control.writer().write(decide).await?;
    Answer::json(&ModelWire::new(&model))
}

pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let (api, name) = (request.rest_api_id(), request.label("model_name"));
    let decide = |catalog: &Catalog| {
        let (tree, model) = find(catalog, &api, name)?;
        check_unused(tree, &model.name)?;
        Ok(Change::answering(()).delete(RecordKey::Model(api.clone(), model.name.clone())))
    };
    control.writer().write(decide).await?;
    Ok(Answer::Empty)
}

/// The models of a new API.
pub(crate) fn defaults(ids: &IdSource) -> Vec<Model> {
    let make = |(name, description, schema): (&str, &str, &str)| Model {
        id: ids.part_id(),
        name: name.to_owned(),
        description: Some(description.to_owned()),
        schema: schema.to_owned(),
        content_type: "application/json".to_owned(),
    };
    DEFAULTS.into_iter().map(make).collect()
}

/// Whether every new API has a model of this name.
pub(crate) fn is_default(name: &str) -> bool {
    DEFAULTS.iter().any(|(default, ..)| *default == name)
}

/// Whether methods may name this model. An API that was made before models were kept has none, and its methods name
/// the two that every API starts with.
pub(crate) fn is_known(tree: &RestApiTree, name: &str) -> bool {
    tree.models.contains_key(name) || (tree.models.is_empty() && is_default(name))
}

/// The model with this name. An unknown API is an unknown model here, as on AWS.
fn find<'a>(catalog: &'a Catalog, api: &RestApiId, name: &str) -> Result<(&'a RestApiTree, &'a Model), Conflict> {
    let unknown = || Conflict::UnknownModel(name.to_owned());
    let tree = catalog.rest_apis.get(api).ok_or_else(unknown)?;
    Ok((tree, tree.models.get(name).ok_or_else(unknown)?))
}

fn read(id: String, body: &Members) -> Result<Model, Failure> {
    let mut validation = Validation::default();
    let name = validation.required(body.string("name")?, "createModelInput.name");
    let content_type = validation.required(body.string("contentType")?, "createModelInput.contentType");
    validation.finish()?;
    let schema = body.string("schema")?.unwrap_or_default();
    let model = Model { id, name, description: body.string("description")?, schema, content_type };
    check(&model)?;
    Ok(model)
}

/// The rules for a model as a whole.
fn check(model: &Model) -> Result<(), Conflict> {
    check_name(&model.name)?;
    rest_api::check_description(model.description.as_deref())?;
    model_schema::check(&model.schema)
}

/// The rules for a model's name.
pub(crate) fn check_name(name: &str) -> Result<(), Conflict> {
    if name.is_empty() {
        return Err(Conflict::EmptyModelName);
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(Conflict::BadModelName(name.to_owned()));
    }
    Ok(())
}

/// No other model refers to the model, and no method names it for what it takes or for what it answers.
fn check_unused(tree: &RestApiTree, model: &str) -> Result<(), Conflict> {
    let in_use = |message, path: &str, verb: HttpMethod| {
        Err(Conflict::ModelInUse { model: model.to_owned(), message, path: path.to_owned(), verb })
    };
    let mut others = tree.models.values().filter(|other| other.name != model);
    if let Some(by) = others.find(|other| model_schema::refers_to(&other.schema, model)) {
        return Err(Conflict::ModelInUseByModel { model: model.to_owned(), by: by.name.clone() });
    }
    for (path, verb, method) in method::all(tree) {
        if method.request_models.values().any(|named| named == model) {
            return in_use("request", path, verb);
        }
        if answers_with(method, model) {
            return in_use("response", path, verb);
        }
    }
    Ok(())
}

fn answers_with(method: &Method, model: &str) -> bool {
    method.responses.values().flat_map(MethodResponse::models).any(|(_, named)| named == model)
}

fn decide_create(tree: &RestApiTree, model: Model) -> Result<Change<Model>, Failure> {
    if tree.models.contains_key(&model.name) {
        return Err(Conflict::ModelExists.into());
    }
    Ok(Change::answering(model.clone()).put(Record::Model(tree.api.id.clone(), model)))
}

/// Runs one operation.
fn run(model: &mut Model, operation: &PatchOperation) -> Result<(), Failure> {
    match (operation.op, operation.path()) {
        (Op::Replace, "/description") => model.description = operation.text(),
        (Op::Replace, "/schema") => model.schema = operation.value().to_owned(),
        _ => return Err(PATHS.refuse(operation).into()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::operation;
    use crate::resources::rest_api::sample_catalog;

    fn made(body: &str) -> Result<Model, String> {
        let body = Members::parse(body.as_bytes()).expect("an object");
        read("id".to_owned(), &body).map_err(|failure| failure.to_string())
    }

    #[test]
    fn models_are_refused_in_the_words_of_aws() {
        let refused = |name: &str, schema: &str| {
            made(&format!(r#"{{"name":"{name}","contentType":"application/json","schema":"{schema}"}}"#))
                .expect_err("a refusal")
        };
        assert_eq!(refused("", "{}"), "Model name must be non-empty");
        assert_eq!(refused("a-b", "{}"), "Model name must be alphanumeric: a-b");
        assert_eq!(refused("a", ""), "Model schema must have at least 1 property or array items defined");
        assert_eq!(
            refused("a", "[]"),
            "Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]"
        );
        assert!(made("{}").expect_err("a refusal").starts_with("2 validation errors detected: Value null at"));
    }

    #[test]
    fn patches_are_refused_in_the_words_of_aws() {
        let model = defaults(&IdSource::seeded(1)).remove(0);
        let refused =
            |op, path| patch::apply(&model, &[operation(op, path, "x")], run).expect_err("a refusal").to_string();
        assert_eq!(
            refused(Op::Replace, "/name"),
            "Invalid patch path  '/name' specified for op 'replace'. Must be one of: [/description, /schema]"
        );
        assert_eq!(
            refused(Op::Add, "/wrong-path"),
            "Invalid patch path  '/wrong-path' specified for op 'add'. Please choose supported operations"
        );
    }

    #[test]
    fn an_api_without_models_still_knows_the_default_ones() {
        let catalog = sample_catalog("api1", &[]);
        let mut tree = RestApiTree::clone(catalog.rest_apis.values().next().expect("an API"));
        assert!(is_known(&tree, "Error"));
        tree.models.remove("Error");
        assert!(!is_known(&tree, "Error"), "a default model that was deleted is gone");
        tree.models.clear();
        assert!(is_known(&tree, "Error") && !is_known(&tree, "Pet"));
    }
}
