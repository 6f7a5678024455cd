//! One method as an operation of a document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use tollgate_domain::{DeployedApi, Method, MethodResponse, ResourceId};

use crate::openapi::export::{Export, ExportType, members};
use crate::openapi::export_security;
use crate::openapi::integration::{self, INTEGRATION};
use crate::openapi::validators::VALIDATOR;

pub(crate) fn operation(export: &Export<'_>, resource: &ResourceId, method: &Method) -> Value {
    let mut operation = members(json!({
        "operationId": method.operation_name,
        "security": export_security::requirements(export, method),
    }));
    let mut parameters = parameters(export.form, &method.request_parameters);
    let responses = method.responses.iter();
    let responses: Map<_, _> = responses.map(|(code, it)| (code.clone(), response(export.form, code, it))).collect();
    operation.insert("responses".to_owned(), responses.into());
    match export.form {
        ExportType::Swagger => {
            parameters.extend(body_parameter(&method.request_models));
            let produced =
                method.responses.values().flat_map(|response| response.models().map(|(media_type, _)| media_type));
            operation.extend(members(json!({
                "consumes": method.request_models.keys().collect::<Vec<_>>(),
                "produces": produced.collect::<BTreeSet<_>>(),
            })));
        }
        ExportType::Oas30 if !method.request_models.is_empty() => {
            let body = json!({ "content": contents(method.request_models.iter()), "required": true });
            operation.insert("requestBody".to_owned(), body);
        }
        ExportType::Oas30 => {}
    }
    operation.extend(members(json!({ "parameters": parameters })));
    add_extensions(export, resource, method, &mut operation);
    operation.into()
}

/// The models that methods refer to.
pub(crate) fn models_used(deployed: &DeployedApi) -> BTreeSet<String> {
    let methods = deployed.resources.values().flat_map(|resource| resource.methods.values());
    let models = methods.flat_map(|method| {
        let responses = method.responses.values().flat_map(MethodResponse::models).map(|(_, model)| model);
        method.request_models.values().chain(responses)
    });
    models.cloned().collect()
}

fn add_extensions(export: &Export<'_>, resource: &ResourceId, method: &Method, operation: &mut Map<String, Value>) {
    let validator = method.request_validator_id.as_ref().and_then(|id| export.deployed.request_validators.get(id));
    if let Some(validator) = validator.filter(|_| export.extensions.validators) {
        operation.extend(members(json!({ VALIDATOR: validator.name })));
    }
    if let Some(integration) = method.integration.as_ref().filter(|_| export.extensions.integrations) {
        operation.insert(INTEGRATION.to_owned(), integration::extension(integration, resource));
    }
}

/// `method.request.{place}.{name}` as parameters.
fn parameters(form: ExportType, parameters: &BTreeMap<String, bool>) -> Vec<Value> {
    let parameters = parameters.iter().filter_map(|(parameter, required)| {
        let (place, name) = parameter.strip_prefix("method.request.")?.split_once('.')?;
        let place = if place == "querystring" { "query" } else { place };
        let mut told = json!({ "name": name, "in": place, "required": place == "path" || *required });
        match form {
            ExportType::Swagger => told["type"] = "string".into(),
            ExportType::Oas30 => told["schema"] = json!({ "type": "string" }),
        }
        Some(told)
    });
    parameters.collect()
}

/// Swagger 2.0 knows one schema for the bodies of all media types.
fn body_parameter(models: &BTreeMap<String, String>) -> Option<Value> {
    let model = models.values().next()?;
    let schema = ExportType::Swagger.reference(model);
    Some(json!({ "in": "body", "name": model, "required": true, "schema": schema }))
}

fn response(form: ExportType, code: &str, response: &MethodResponse) -> Value {
    let headers = response.parameters().filter_map(|(parameter, required)| {
        Some((parameter.strip_prefix("method.response.header.")?.to_owned(), header(form, *required)))
    });
    let headers: Map<_, _> = headers.collect();
    let mut told = members(json!({ "description": format!("{code} response"), "headers": headers }));
    match form {
        ExportType::Swagger => {
            let schema = response.models().next().map(|(_, model)| form.reference(model));
            told.extend(members(json!({ "schema": schema })));
        }
        ExportType::Oas30 => told.extend(members(json!({ "content": contents(response.models()) }))),
    }
    told.into()
}

/// Only OpenAPI 3.0 can say that a header is required.
fn header(form: ExportType, required: bool) -> Value {
    match form {
        ExportType::Swagger => json!({ "type": "string" }),
        ExportType::Oas30 if required => json!({ "required": true, "schema": { "type": "string" } }),
        ExportType::Oas30 => json!({ "schema": { "type": "string" } }),
    }
}

fn contents<'a>(models: impl Iterator<Item = (&'a String, &'a String)>) -> Map<String, Value> {
    let content = |model: &String| json!({ "schema": ExportType::Oas30.reference(model) });
    models.map(|(media_type, model)| (media_type.clone(), content(model))).collect()
}
