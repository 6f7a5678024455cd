//! Schemas of models: JSON Schema, draft 4, which may refer to the API's other models and to nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use jsonschema::{Draft, Retrieve, Uri, Validator};
use serde_json::Value;
use tollgate_domain::Model;

use super::complaint;

/// The model that every API has and that fits every body.
const EMPTY: &str = "Empty";

/// What a body has to look like.
#[derive(Debug)]
pub(super) enum Schema {
    /// Anything will do.
    Anything,
    /// A JSON value that fits.
    Json(Box<Validator>),
    /// The model cannot be used; says why.
    Unusable(String),
}

impl Schema {
    /// The schema of a model of an API.
    pub(super) fn compile(name: &str, models: &BTreeMap<String, Arc<Model>>) -> Self {
        if name == EMPTY {
            return Self::Anything;
        }
        let Some(model) = models.get(name) else {
            return Self::Unusable(format!("the model {name:?} was not deployed"));
        };
        let compiled =
            serde_json::from_str(&model.schema).map_err(|error| error.to_string()).and_then(|schema: Value| {
                let mut options = jsonschema::options().with_draft(Draft::Draft4);
                options = options.with_retriever(OtherModels(models.clone()));
                options.build(&schema).map_err(|error| error.to_string())
            });
        match compiled {
            Ok(validator) => Self::Json(Box::new(validator)),
            Err(why) => Self::Unusable(format!("the model {name:?}: {why}")),
        }
    }

    /// Checks a body that is not empty; says what is wrong with it.
    pub(super) fn check(&self, body: &[u8]) -> Result<(), String> {
        match self {
            Self::Anything | Self::Unusable(_) => Ok(()),
            Self::Json(validator) => {
                let value: Value = serde_json::from_slice(body).map_err(|error| format!("[{error}]"))?;
                if validator.is_valid(&value) { Ok(()) } else { Err(complaint::all(validator.iter_errors(&value))) }
            }
        }
    }
}

/// Finds `https://apigateway.amazonaws.com/restapis/{api}/models/{name}` among the API's own models.
struct OtherModels(BTreeMap<String, Arc<Model>>);

impl Retrieve for OtherModels {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let unknown = || format!("{} is no model of this API", uri.as_str());
        let (_, name) = uri.as_str().rsplit_once("/models/").ok_or_else(unknown)?;
        let model = self.0.get(name).ok_or_else(unknown)?;
        Ok(serde_json::from_str(&model.schema)?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema(name: &str, models: &[(&str, Value)]) -> Schema {
        let model = |(name, schema): &(&str, Value)| {
            let model = Model {
                id: (*name).to_owned(),
                name: (*name).to_owned(),
                description: None,
                schema: schema.to_string(),
                content_type: "application/json".to_owned(),
            };
            ((*name).to_owned(), Arc::new(model))
        };
        Schema::compile(name, &models.iter().map(model).collect())
    }

    fn check(schema: &Schema, body: &Value) -> Result<(), String> {
        schema.check(body.to_string().as_bytes())
    }

    #[test]
    fn a_body_has_to_fit_and_is_told_what_it_lacks() {
        let pet = schema(
            "Pet",
            &[(
                "Pet",
                json!({"type": "object", "required": ["name"],
                                                 "properties": {"name": {"type": "string"}}}),
            )],
        );
        assert_eq!(check(&pet, &json!({"name": "Rex"})), Ok(()));
        let lacks = check(&pet, &json!({})).expect_err("no name");
        assert_eq!(lacks, r#"[object has missing required properties (["name"])]"#);
        let wrong = check(&pet, &json!({"name": 7})).expect_err("a number");
        let complaint = r#"instance type (integer) does not match any allowed primitive type (allowed: ["string"])"#;
        assert_eq!(wrong, format!("[{complaint}]"));
        assert!(pet.check(b"{").is_err());
    }

    #[test]
    fn a_schema_is_of_draft_4() {
        let age = schema("Age", &[("Age", json!({"type": "number", "minimum": 0, "exclusiveMinimum": true}))]);
        assert!(check(&age, &json!(0)).is_err());
        assert_eq!(check(&age, &json!(1)), Ok(()));
    }

    #[test]
    fn a_model_refers_to_the_other_models_and_to_itself() {
        let pets = json!({"type": "array", "items": {
            "$ref": "https://apigateway.amazonaws.com/restapis/api1/models/Pet"}});
        let pet = json!({"$ref": "#/definitions/named", "definitions": {"named": {"required": ["name"]}}});
        let pets = schema("Pets", &[("Pets", pets), ("Pet", pet)]);
        assert_eq!(check(&pets, &json!([{"name": "Rex"}])), Ok(()));
        assert!(check(&pets, &json!([{}])).is_err());
    }

    #[test]
    fn a_model_that_refers_elsewhere_cannot_be_used() {
        let elsewhere = json!({"$ref": "https://example.com/pet.json"});
        assert!(matches!(schema("Pet", &[("Pet", elsewhere)]), Schema::Unusable(_)));
        assert!(matches!(schema("Pet", &[]), Schema::Unusable(_)));
        assert!(matches!(schema("Empty", &[]), Schema::Anything));
    }
}
