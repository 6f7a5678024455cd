//! Schemas of models: what is taken as one, and how references to other models are brought inside.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use tollgate_domain::Model;

use crate::conflict::Conflict;

/// Checks that text is a schema, as far as its types, properties and items go.
pub(crate) fn check(schema: &str) -> Result<(), Conflict> {
    if schema.trim().is_empty() {
        return Err(Conflict::EmptySchema);
    }
    match serde_json::from_str(schema) {
        Ok(schema) if is_schema(&schema) => Ok(()),
        Ok(_) | Err(_) => Err(Conflict::BadSchema),
    }
}

fn is_schema(value: &Value) -> bool {
    let Value::Object(schema) = value else { return false };
    schema.get("type").is_none_or(is_type)
        && schema.get("properties").is_none_or(are_schemas)
        && schema.get("definitions").is_none_or(are_schemas)
        && schema.get("items").is_none_or(|items| match items {
            Value::Array(each) => each.iter().all(is_schema),
            every => is_schema(every),
        })
}

fn are_schemas(value: &Value) -> bool {
    value.as_object().is_some_and(|schemas| schemas.values().all(is_schema))
}

/// One of the types of JSON Schema, or a list of them.
fn is_type(value: &Value) -> bool {
    match value {
        Value::String(word) => {
            matches!(word.as_str(), "array" | "boolean" | "integer" | "null" | "number" | "object" | "string")
        }
        Value::Array(words) => words.iter().all(|word| word.is_string() && is_type(word)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// Whether the schema refers to the model of this name.
pub(crate) fn refers_to(schema: &str, model: &str) -> bool {
    serde_json::from_str(schema).is_ok_and(|schema: Value| value_refers_to(&schema, model))
}

fn value_refers_to(value: &Value, model: &str) -> bool {
    match value {
        Value::Object(members) => {
            members.get("$ref").and_then(Value::as_str).and_then(model_name) == Some(model)
                || members.values().any(|member| value_refers_to(member, model))
        }
        Value::Array(items) => items.iter().any(|item| value_refers_to(item, model)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// The name in a reference to a model.
fn model_name(reference: &str) -> Option<&str> {
    reference.rsplit_once("/models/").map(|(_, name)| name)
}

/// The schema with the models that it refers to as definitions of its own.
///
/// A reference to another model is `https://apigateway.amazonaws.com/restapis/{api}/models/{name}`. Each model comes in
/// once, so that models that refer to each other come to an end.
pub(crate) fn flatten(models: &BTreeMap<String, Arc<Model>>, schema: &str) -> String {
    let Ok(Value::Object(mut root)) = serde_json::from_str(schema) else { return schema.to_owned() };
    let mut wanted = Vec::new();
    root.values_mut().for_each(|value| point_inside(value, models, &mut wanted));
    point_reference_inside(&mut root, models, &mut wanted);
    if wanted.is_empty() {
        return schema.to_owned();
    }
    let mut definitions = take_definitions(&mut root);
    while let Some(name) = wanted.pop() {
        if definitions.contains_key(&name) {
            continue;
        }
        let mut definition = models.get(&name).and_then(|model| parse(&model.schema)).unwrap_or_default();
        // What a definition defines for itself is looked for at the root from now on.
        for (inner, value) in take_definitions(&mut definition) {
            definitions.entry(inner).or_insert(value);
        }
        let mut definition = Value::Object(definition);
        point_inside(&mut definition, models, &mut wanted);
        definitions.insert(name, definition);
    }
    root.insert("definitions".to_owned(), Value::Object(definitions));
    Value::Object(root).to_string()
}

fn parse(schema: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(schema).ok()
}

fn take_definitions(schema: &mut Map<String, Value>) -> Map<String, Value> {
    match schema.remove("definitions") {
        Some(Value::Object(definitions)) => definitions,
        Some(_) | None => Map::new(),
    }
}

/// Turns references to models into references to definitions, and notes which.
fn point_inside(schema: &mut Value, models: &BTreeMap<String, Arc<Model>>, wanted: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            point_reference_inside(members, models, wanted);
            members.values_mut().for_each(|value| point_inside(value, models, wanted));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| point_inside(item, models, wanted)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn point_reference_inside(
    schema: &mut Map<String, Value>,
    models: &BTreeMap<String, Arc<Model>>,
    wanted: &mut Vec<String>,
) {
    let Some(Value::String(reference)) = schema.get_mut("$ref") else { return };
    let Some(name) = model_name(reference) else { return };
    if models.contains_key(name) {
        wanted.push(name.to_owned());
        *reference = format!("#/definitions/{name}");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn models(schemas: &[(&str, Value)]) -> BTreeMap<String, Arc<Model>> {
        let make = |(name, schema): &(&str, Value)| {
            let model = Model {
                id: "id".to_owned(),
                name: (*name).to_owned(),
                description: None,
                schema: schema.to_string(),
                content_type: "application/json".to_owned(),
            };
            (model.name.clone(), Arc::new(model))
        };
        schemas.iter().map(make).collect()
    }

    fn reference(name: &str) -> Value {
        json!({"$ref": format!("https://apigateway.amazonaws.com/restapis/api1/models/{name}")})
    }

    fn flat(models: &BTreeMap<String, Arc<Model>>, schema: &Value) -> Value {
        serde_json::from_str(&flatten(models, &schema.to_string())).expect("json")
    }

    #[test]
    fn a_schema_is_an_object_with_types_that_there_are() {
        for good in [r#"{"type":["string","null"]}"#, "{}", r#"{"items":[{"type":"integer"},{}]}"#] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in ["[]", "{", r#"{"type":"text"}"#, r#"{"properties":{"a":{"type":1}}}"#, r#"{"items":true}"#] {
            assert_eq!(check(bad), Err(Conflict::BadSchema), "{bad}");
        }
        assert_eq!(check(" "), Err(Conflict::EmptySchema));
    }

    #[test]
    fn models_that_refer_to_each_other_come_in_once() {
        let pet = json!({"type": "object", "properties": {"friend": reference("Pet"), "owner": reference("Person")}});
        let person = json!({"type": "object", "properties": {"pets": {"items": reference("Pet")}}});
        let models = models(&[("Pet", pet), ("Person", person)]);
        let inner = |name: &str| json!({"$ref": format!("#/definitions/{name}")});
        let pet = json!({"type": "object", "properties": {"friend": inner("Pet"), "owner": inner("Person")}});
        let person = json!({"type": "object", "properties": {"pets": {"items": inner("Pet")}}});
        assert_eq!(
            flat(&models, &json!({"type": "array", "items": reference("Pet")})),
            json!({"type": "array", "items": inner("Pet"), "definitions": {"Pet": pet, "Person": person}})
        );
        assert_eq!(flat(&models, &reference("Person"))["$ref"], json!("#/definitions/Person"));
    }

    #[test]
    fn a_reference_to_a_model_is_found_wherever_it_stands() {
        let nested = json!({"allOf": [{"properties": {"pets": {"items": reference("Pet")}}}]}).to_string();
        assert!(refers_to(&nested, "Pet") && !refers_to(&nested, "Pe"));
        assert!(!refers_to(r#"{"description": "https://a/models/Pet"}"#, "Pet"));
    }

    #[test]
    fn what_a_model_defines_for_itself_comes_along() {
        let pet = json!({"$ref": "#/definitions/cat", "definitions": {"cat": {"type": "string"}}});
        let flat = flat(&models(&[("Pet", pet)]), &reference("Pet"));
        assert_eq!(flat["definitions"], json!({"Pet": {"$ref": "#/definitions/cat"}, "cat": {"type": "string"}}));
    }

    #[test]
    fn a_schema_without_references_stays_as_it_was_written() {
        let schema = "{ \"type\" : \"object\", \"a\": {\"$ref\": \"https://example.com/models/Nope\"} }";
        assert_eq!(flatten(&models(&[]), schema), schema);
    }
}
