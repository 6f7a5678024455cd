//! Models of a document: schemas with names, and schemas that stand where they are used.
//!
//! AWS keeps references between models in a form of its own, with the API's id in it.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};
use tollgate_domain::{Model, RestApiId};

use crate::conflict::Conflict;
use crate::openapi::dialect::Dialect;
use crate::openapi::document::Node;

const MODEL_MEDIA_TYPE: &str = "application/json";

/// The models that a document defines, in the API that they will be part of.
#[derive(Debug)]
pub(crate) struct Models {
    api: RestApiId,
    dialect: Dialect,
    by_name: BTreeMap<String, Model>,
}

impl Models {
    pub(crate) fn read(root: Node<'_>, dialect: Dialect, api: &RestApiId) -> Result<Self, Conflict> {
        let mut models = Self { api: api.clone(), dialect, by_name: BTreeMap::new() };
        for (name, schema) in dialect.schemas(root)? {
            if !schema.is_object() {
                return Err(Conflict::BadOpenApi);
            }
            models.add(name.to_owned(), schema.value());
        }
        Ok(models)
    }

    /// The name of the model for a schema. One that has no name gets one from what it says, so that the same document
    /// gives the same models.
    pub(crate) fn name_of(&mut self, schema: Node<'_>) -> Result<String, Conflict> {
        if let Some(reference) = schema.text("$ref")? {
            return model_of_reference(&reference).map(str::to_owned).ok_or(Conflict::BadOpenApi);
        }
        if !schema.is_object() {
            return Err(Conflict::BadOpenApi);
        }
        let digest = Sha256::digest(schema.value().to_string());
        let name = format!("MODEL{}", hex::encode(&digest[..4]));
        self.add(name.clone(), schema.value());
        Ok(name)
    }

    pub(crate) fn into_drafts(self) -> BTreeMap<String, Model> {
        self.by_name
    }

    fn add(&mut self, name: String, schema: &Value) {
        let prefix = self.dialect.schema_prefix();
        let to_model = |reference: &str| Some(reference_to(&self.api, reference.strip_prefix(prefix)?));
        // AWS shows what a schema says of itself as the model's description, too.
        let description = schema["description"].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let schema = with_references(schema, &to_model).to_string();
        let content_type = MODEL_MEDIA_TYPE.to_owned();
        let model = Model { id: String::new(), name: name.clone(), description, schema, content_type };
        self.by_name.insert(name, model);
    }
}

/// The reference to a model as AWS keeps it.
fn reference_to(api: &RestApiId, model: &str) -> String {
    format!("https://apigateway.amazonaws.com/restapis/{api}/models/{model}")
}

/// The model that a reference names, in a document's form or in AWS's.
pub(crate) fn model_of_reference(reference: &str) -> Option<&str> {
    let local = ["#/definitions/", "#/components/schemas/"];
    if let Some(name) = local.iter().find_map(|prefix| reference.strip_prefix(prefix)) {
        return Some(name);
    }
    reference.strip_prefix("https://apigateway.amazonaws.com/restapis/")?.split_once("/models/").map(|(_, name)| name)
}

/// A schema with each reference replaced by what `rewrite` makes of it, if anything.
pub(crate) fn with_references(schema: &Value, rewrite: &impl Fn(&str) -> Option<String>) -> Value {
    match schema {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| match (name.as_str(), value) {
                ("$ref", Value::String(reference)) => {
                    (name.clone(), rewrite(reference).unwrap_or_else(|| reference.clone()).into())
                }
                _ => (name.clone(), with_references(value, rewrite)),
            })
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(|item| with_references(item, rewrite)).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::document::Document;

    #[test]
    fn references_between_models_take_the_form_of_aws() {
        let text = r##"{"definitions": {"Pets": {"type": "array", "items": {"$ref": "#/definitions/Pet"}}}}"##;
        let document = Document::read(text.as_bytes()).expect("a document");
        let models = Models::read(document.root(), Dialect::Swagger2, &RestApiId::new("api1")).expect("models");
        assert_eq!(
            models.into_drafts()["Pets"].schema,
            r#"{"type":"array","items":{"$ref":"https://apigateway.amazonaws.com/restapis/api1/models/Pet"}}"#
        );
    }

    #[test]
    fn a_reference_names_a_model_in_each_form() {
        for reference in
            ["#/definitions/Pet", "#/components/schemas/Pet", "https://apigateway.amazonaws.com/restapis/x/models/Pet"]
        {
            assert_eq!(model_of_reference(reference), Some("Pet"));
        }
        assert_eq!(model_of_reference("other.json#/Pet"), None);
    }
}
